# SPDX-License-Identifier: BSD-3-Clause
"""Starting, pinning, reading and stopping the servers that are measured.

A Recipe says how a server is started; a Server is one that runs. A Server owns its process and its temporary
directory; both are gone after stop(), which also happens when the measurement fails.
"""
import copy
import getpass
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TICKS_PER_SECOND = os.sysconf('SC_CLK_TCK')
START_SECONDS = 60
STOP_SECONDS = 5
QUIET_REDIS = "--bind 127.0.0.1 --port {port} --dir {dir} --save '' --appendonly no --protected-mode no " \
              "--daemonize no --loglevel warning"


class Problem(Exception):
    """Something the user of the tool must be told in one line."""


class Recipe:
    """name, command with {port} {dir} {threads} {value}, protocol 'resp' or 'text', whether it stores keys; and what
    a variant changes: its threads (None: --threads), the words sent first on each connection, a TTL on every key, and
    words added to its environment, with {dir} as in the command"""

    def __init__(self, name, command, protocol='resp', stores=True):
        self.name, self.command, self.protocol, self.stores = name, command, protocol, stores
        self.threads, self.greeting, self.ttl, self.environment = None, '', False, {}

    def variant(self, name, arguments='', **changes):
        """The same server under another name, with more arguments and other settings."""
        other = copy.copy(self)
        other.name, other.command = name, f'{self.command} {arguments}'.strip()
        for key, value in changes.items():
            setattr(other, key, value)
        return other

    def argv(self, values):
        command = self.command
        for word, value in values.items():
            command = command.replace('{' + word + '}', str(value))
        return shlex.split(command)

    def missing(self):
        """The program that is not there, or None."""
        program = shlex.split(self.command)[0]
        return None if shutil.which(program) else program


def ours(program, extra=''):
    return Recipe('sherd', f"{shlex.quote(program)} --bind 127.0.0.1 --port {{port}} --threads {{threads}} "
                           f"--dir {{dir}} --save '' {extra}")


def standard_recipes(options, null_program):
    """The servers known by name, in the order of the tables."""
    known = [ours(options.server, options.server_args)]
    if options.ours:
        known = [Recipe('sherd', options.ours)]
    known += [
        Recipe('redis', 'redis-server ' + QUIET_REDIS),
        Recipe('memcached', f'memcached -l 127.0.0.1 -p {{port}} -U 0 -t {{threads}} -m 16384 -c 20000 '
                            f'-u {getpass.getuser()}', 'text'),
        Recipe('null', f'{shlex.quote(null_program)} -p {{port}} -t {{threads}} -v {{value}}', stores=False),
    ]
    return {recipe.name: recipe for recipe in known}


def peer_recipe(text, without_keys):
    """NAME=COMMAND or NAME/text=COMMAND as given to --peer."""
    match = re.fullmatch(r'([\w.-]+)(/text)?=(.+)', text, re.S)
    if not match:
        raise Problem(f'--peer {text}: want NAME=COMMAND or NAME/text=COMMAND')
    name = match[1]
    return Recipe(name, match[3], 'text' if match[2] else 'resp', name not in without_keys)


def free_port(first):
    for port in range(first, first + 1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    raise Problem(f'no free port from {first} on')


class Server:
    """One running server. Use it in a with statement."""

    def __init__(self, recipe, port, values):
        self.recipe, self.name, self.port = recipe, recipe.name, port
        self.value_bytes = values.get('value')
        self.filled = None  # what the keyspace holds: (keys, value bytes)
        self.prepared = set()  # what has been set up for single workloads
        self.directory = tempfile.mkdtemp(prefix='sherd-bench.')
        argv = recipe.argv(dict(values, port=port, dir=self.directory))
        added = {name: text.replace('{dir}', self.directory) for name, text in recipe.environment.items()}
        with open(os.path.join(self.directory, 'log'), 'wb') as log:
            try:
                self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                cwd=self.directory, env={**os.environ, **added})
            except OSError as error:
                shutil.rmtree(self.directory, ignore_errors=True)
                raise Problem(f'{self.name}: {error}') from error
        self.pid = self.process.pid
        try:
            self._wait_until_it_answers()
            self.empty_bytes = self.memory()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                answer = self.ask('version' if self.recipe.protocol == 'text' else 'PING')
                if answer and not answer.startswith(b'-LOADING'):
                    return
            except OSError:
                pass
            time.sleep(.02)
        raise Problem(f'{self.name} did not come up: {self.last_words()}')

    def last_words(self):
        with open(os.path.join(self.directory, 'log'), 'rb') as log:
            return log.read()[-300:].decode(errors='replace').strip() or '(it wrote nothing)'

    def ask(self, *words):
        """Sends one command, returns the first bytes of the answer."""
        line = ' '.join(words).encode() + b'\r\n'
        if self.recipe.protocol == 'resp':
            line = b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w.encode()) for w in words)
        with socket.create_connection(('127.0.0.1', self.port), 2) as link:
            link.settimeout(2)
            link.sendall(line)
            return link.recv(4096)

    def version(self):
        """What the server says it is, or nothing."""
        text = self.recipe.protocol == 'text'
        try:
            answer = self.ask('version') if text else self.ask('INFO', 'server')
        except OSError:
            return ''
        for name in ('VERSION ',) if text else ('sherd_version:', 'valkey_version:', 'redis_version:'):
            match = re.search(name.encode() + rb'([\w.-]+)', answer)
            if match:
                return match[1].decode()
        return ''

    def knows(self, command):
        """Whether the server has this command; a server that cannot say has not."""
        answer = self.ask('COMMAND', 'INFO', command)
        return answer.startswith(b'*1\r\n*') and not answer.startswith(b'*1\r\n*-1')

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def threads(self):
        return [int(name) for name in os.listdir(f'/proc/{self.pid}/task')]

    def pin(self, cpus):
        """Moves every thread the server has to these CPUs."""
        for thread in self.threads():
            try:
                os.sched_setaffinity(thread, cpus)
            except ProcessLookupError:
                pass

    def cpu(self):
        """(user, system, exact) seconds so far. The first two come in ticks and only give the proportion; the third
        is the scheduler's own run time in nanoseconds, summed over the threads."""
        with open(f'/proc/{self.pid}/stat', encoding='ascii', errors='replace') as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        exact = 0
        for thread in self.threads():
            try:
                with open(f'/proc/{self.pid}/task/{thread}/schedstat', encoding='ascii') as schedstat:
                    exact += int(schedstat.read().split()[0])
            except OSError:
                pass
        return int(fields[11]) / TICKS_PER_SECOND, int(fields[12]) / TICKS_PER_SECOND, exact / 1e9

    def memory(self, field='VmRSS'):
        """Bytes of a kB line of /proc/PID/status (VmRSS, VmHWM)."""
        with open(f'/proc/{self.pid}/status', encoding='utf-8') as status:
            for line in status:
                if line.startswith(field + ':'):
                    return int(line.split()[1]) * 1024
        return 0


def build_tools(here, directory):
    """Compiles what is older than its sources; returns the paths by name: programs, and turns, a library to preload."""
    os.makedirs(directory, exist_ok=True)
    include = os.path.join(here, '../../include')
    flags = ['-std=gnu17', '-O3', '-march=x86-64-v2', '-Wall', '-Wextra', '-I', include]
    if platform.machine() != 'x86_64':
        flags.remove('-march=x86-64-v2')
    wanted = {'load': (['load.c', 'load_wire.c', 'load_common.c', 'load.h'], ['-lpthread']),
              'relay': (['relay.c', 'load_common.c', 'load.h'], []),
              'null': (['null.c'], ['-levent_core', '-lpthread']),
              'witness': (['witness.c', 'turns.h'], ['-lpthread']),
              'turns': (['turns.c', 'turns.h'], ['-shared', '-fPIC', '-fvisibility=hidden', '-ldl']),
              'hash': (['hash.c', os.path.join(include, 'sherd/base/hash.h')], [])}
    for name, (sources, libraries) in wanted.items():
        program = os.path.join(directory, name)
        paths = [os.path.join(here, source) for source in sources]
        if os.path.exists(program) and os.path.getmtime(program) >= max(map(os.path.getmtime, paths)):
            continue
        units = [path for path in paths if path.endswith('.c')]
        done = subprocess.run(['gcc', *flags, '-o', program, *units, *libraries], check=False)
        if done.returncode:
            raise Problem(f'{name} does not compile (needs gcc, libevent-dev and libxxhash-dev)')
        print(f'built {os.path.relpath(program)}', file=sys.stderr)
    return {name: os.path.join(directory, name) for name in wanted}
