#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The image's health check: asks the server for a PING on the port or socket it was started with, whether that came
# as a flag, from a file or from the environment, by giving `--ping` the running server's own arguments.
for process in /proc/[0-9]*; do
    case $(cat "$process/comm" 2>/dev/null) in
    server | redis-server | valkey-server)
        tail -z -n +2 "$process/cmdline" | xargs -0 server --ping && exit 0
        exit 1
        ;;
    esac
done
echo "no server runs here" >&2
exit 1
