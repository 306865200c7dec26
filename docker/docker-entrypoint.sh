#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The image's entry point. Flags or a *.conf file alone are arguments of the server; the server, by any of its names,
# runs as the user redis and owns /data; any other command runs as it is given.
# Environment (docker/README.md): REDIS_PASSWORD, REDIS_PASSWORD_FILE, REDIS_PORT_NUMBER, REDIS_EXTRA_FLAGS.
set -euf

fail() {
    echo "docker-entrypoint.sh: $1" >&2
    exit 1
}

# The password as a word of the configuration's syntax.
quoted_password() {
    case $password in
    *'
'*) fail "a password has no line breaks" ;;
    esac
    printf '"%s"' "$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')"
}

case ${1:-} in
-* | *.conf) set -- server "$@" ;;
esac
case ${1:-} in
server | redis-server | valkey-server) ;;
*) exec "$@" ;;
esac
case ${2:-} in
--ping | --version | -v | --help | -h) exec "$@" ;;
esac

# The environment ranks above the file and below flags, its own extra flags last.
program=$1 file=
shift
case ${1:-} in
'' | -*) ;;
*)
    file=$1
    shift
    ;;
esac
if [ -n "${REDIS_PORT_NUMBER:-}" ]; then
    set -- --port "$REDIS_PORT_NUMBER" "$@"
fi
if [ -n "$file" ]; then
    set -- "$file" "$@"
fi
# shellcheck disable=SC2086 # several words
set -- "$program" "$@" ${REDIS_EXTRA_FLAGS:-}

password=${REDIS_PASSWORD:-}
if [ -z "$password" ] && [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
    password=$(cat "$REDIS_PASSWORD_FILE") || fail "cannot read REDIS_PASSWORD_FILE"
fi
if [ -n "$password" ]; then
    # It goes in on stdin, so that it stands neither in the list of processes nor in a file.
    eval "last=\${$#}"
    # shellcheck disable=SC2154 # eval sets it
    [ "$last" != - ] || fail "the configuration on stdin (-) has to hold requirepass itself; unset REDIS_PASSWORD"
    requirepass="requirepass $(quoted_password)"
    set -- "$@" -
fi

if [ "$(umask)" = 0022 ]; then
    umask 0077
fi
if [ "$(id -u)" = 0 ]; then
    # A file that cannot change hands (mounted read-only, say) may still be readable, which is for the server to find.
    find /data ! -user redis -exec chown -h redis '{}' + ||
        echo "docker-entrypoint.sh: some of /data does not belong to the user redis" >&2
    set -- setpriv --reuid redis --regid redis --init-groups --inh-caps=-all --no-new-privs "$@"
fi
if [ -z "$password" ]; then
    exec "$@"
fi
exec "$@" <<END
$requirepass
END
