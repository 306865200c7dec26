# SPDX-License-Identifier: BSD-3-Clause
"""Workloads: what is asked of the servers, and the load generator that asks it."""
import os
import re
import shlex
import subprocess
import threading
import time

from servers import Problem

RUN_MARGIN_SECONDS = 45  # a load that takes so much longer than asked is killed
FILL_SECONDS = 600
RELAYED = ('publish', 'blpop')  # workloads in which an operation is a delivery to another client: relay.c
TTL_SECONDS = '1000000'  # long enough that nothing expires while it is measured


class Work:
    """One workload. From a word such as get:P=50:c=50:v=64, or from NAME[:options]=COMMAND WORDS."""

    NUMBERS = {'P': int, 'c': int, 'v': int, 't': int, 'k': int, 'd': float, 'R': float, 'w': float}

    def __init__(self, head, seconds, client_threads, command=None):
        """command: the template's words, for a workload that is not in the table below. setup, set by the caller:
        (count, words) to send once to each server before; needs: the command that a server must know."""
        self.name, *settings = head.split(':')
        self.label, self.command, self.relayed = head, command, command is None and self.name in RELAYED
        self.P, self.c, self.v, self.t, self.k = 1, *((100, 16) if self.relayed else (50, 64)), client_threads, 0
        self.rates = {}  # of an open loop, by server, where they differ
        self.setup, self.needs, self.fill = [], None, command is None and self.name not in ('ping', 'incr', *RELAYED)
        self.d, self.R, self.w = seconds, 0.0, 0.0
        for setting in settings:
            key, _, value = setting.partition('=')
            if key not in self.NUMBERS:
                raise Problem(f'{head}: {key} is none of {" ".join(self.NUMBERS)}')
            setattr(self, key, self.NUMBERS[key](value))
        known = [*words_of_resp(self.v), *RELAYED]
        if command is None and self.name not in known:
            raise Problem(f'{head}: no workload {self.name}; there are {" ".join(known)}, or --command')

    def words(self, recipe):
        """The load generator's template words; None when the server's protocol has no such request."""
        if self.relayed:
            return [self.name] if recipe.protocol == 'resp' and recipe.stores else None
        if self.command is not None:
            return self.command if recipe.protocol == 'resp' else None
        table = words_of_resp if recipe.protocol == 'resp' else words_of_text
        return table(self.v, recipe.ttl).get(self.name)


def words_of_resp(value_bytes, ttl=False):
    key, hot, value = 'key:{key}', 'key:000000000001', '{data:%d}' % value_bytes
    end = ['EX', TTL_SECONDS] if ttl else []
    return {
        'get': ['GET', key], 'set': ['SET', key, value, *end], 'hot': ['GET', hot],
        'hotset': ['SET', hot, value, *end], 'mix': ['1x', 'SET', key, value, *end, ',', '10x', 'GET', key],
        'miss': ['GET', 'absent:{key}'], 'ping': ['PING'], 'incr': ['INCR', 'counter:{key}'],
        'mget': ['MGET'] + [key] * 10, 'mset': ['MSET'] + [key, value] * 10,
    }


def words_of_text(value_bytes, ttl=False):
    key, hot, value = 'key:{key}', 'key:000000000001', '{data:%d}' % value_bytes
    end = TTL_SECONDS if ttl else '0'
    return {
        'get': ['get', key], 'set': ['set', key, '0', end, value], 'hot': ['get', hot],
        'hotset': ['set', hot, '0', end, value], 'miss': ['get', 'absent:{key}'], 'mget': ['get'] + [key] * 10,
        'mix': ['1x', 'set', key, '0', end, value, ',', '10x', 'get', key], 'ping': ['version'],
    }


def parse_work(options):
    """The workloads of --work and --command."""
    def make(head, command=None):
        return Work(head, options.seconds, options.client_threads, command)
    works = [make(word) for word in re.split(r'[\s,]+', options.work.strip()) if word]
    for text in options.command:
        match = re.match(r'\s*(\w+(?::\w=[\d.]+)*)\s*=\s*(\S.*)', text, re.S)
        if not match:
            raise Problem(f'--command {text}: want NAME[:P=10:c=50...] = COMMAND WORDS')
        works.append(make(match[1], shlex.split(match[2])))
    return works


class Load:
    """Runs the load generators. greeting is sent first on each connection of RESP servers."""

    def __init__(self, tools, greeting=''):
        self.program, self.relay, self.greeting = tools['load'], tools['relay'], greeting

    def command_line(self, server, work, keys):
        """Of one measured run."""
        if work.relayed:
            return [self.relay, '-g', *map(str, ('-p', server.port, '-c', work.c, '-P', work.P, '-v', work.v, '-d', work.d)),
                    work.name]
        rate = work.rates.get(server.name, work.R)
        return self.arguments(server, '-g', '-c', work.c, '-P', work.P, '-t', work.t, '-d', work.d, '-k', work.k or keys,
                              '-w', work.w, *(['-r', rate] if rate else [])) + work.words(server.recipe)

    def arguments(self, server, *options):
        protocol = ['-m'] if server.recipe.protocol == 'text' else []
        words = server.recipe.greeting or self.greeting
        greeting = ['-x', words] if words and server.recipe.stores and not protocol else []
        return [self.program, '-p', str(server.port), *map(str, options), *protocol, *greeting, '--']

    def in_order(self, server, count, words, conns=8, depth=64):
        """Sends words once for each number below count; returns the generator's figures."""
        argv = self.arguments(server, '-c', conns, '-P', depth, '-S', '-k', count) + words
        done = subprocess.run(argv, capture_output=True, text=True, timeout=FILL_SECONDS, check=False)
        if done.returncode:
            raise Problem(f'{server.name}: {done.stderr.strip()}')
        figures = figures_of(done.stdout)
        if figures['errors']:
            raise Problem(f'{server.name}: {int(figures["errors"])} errors while filling; {done.stderr.strip()}')
        return figures

    def fill(self, server, keys, value_bytes):
        """Every key of the keyspace once, with values of this size; nothing when it is so already."""
        if not server.recipe.stores or server.filled == (keys, value_bytes):
            return
        work = Work(f'set:v={value_bytes}', 1, 1)
        self.in_order(server, keys, work.words(server.recipe))
        server.filled = (keys, value_bytes)

    def measure(self, server, work, keys, cpus):
        """One run. Returns the generator's figures and the server's CPU seconds between the first request and the
        last reply: the generator waits at its gate until the clock is read, and keeps its connections until after."""
        argv = self.command_line(server, work, keys)
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cpus)
        try:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
        finally:
            os.sched_setaffinity(0, everywhere)
        watchdog = threading.Timer(work.d * 2 + RUN_MARGIN_SECONDS, process.kill)
        watchdog.start()
        try:
            return self._through_the_gate(server, process)
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
            process.communicate()

    @staticmethod
    def _through_the_gate(server, process):
        if process.stdout.readline() != 'ready\n':
            raise Problem(f'{server.name}: {process.stderr.read().strip() or "the load generator died"}')
        wait_until_idle(server)
        before = server.cpu()
        process.stdin.write('go\n')
        process.stdin.flush()
        line = process.stdout.readline()
        after = server.cpu()
        if not line:
            raise Problem(f'{server.name}: {process.stderr.read().strip() or "the load generator died"}')
        figures = figures_of(line)
        process.stdin.close()
        process.stdin = None
        figures['complaint'] = process.stderr.read().strip()
        return figures, [b - a for a, b in zip(before, after)]


def wait_until_idle(server, limit_s=1.0):
    """Until the server has accepted everybody: its CPU clock stands (nearly) still."""
    deadline, last = time.monotonic() + limit_s, -1.0
    while time.monotonic() < deadline:
        exact = server.cpu()[2]
        if exact - last < 5e-5:
            return
        last = exact
        time.sleep(.01)


def figures_of(line):
    return {key: float(value) for key, value in (word.split('=') for word in line.split())}
