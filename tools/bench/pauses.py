# SPDX-License-Identifier: BSD-3-Clause
"""Probes: small requests sent one at a time on several connections, to see the longest a client waits.

On a machine with other work most of a long wait is the scheduler's. The kernel says how long each thread stood ready
without a CPU (/proc/PID/task/TID/schedstat); a probe reads that of the server's threads and its own before and after
each request, and `own_ms` is what remains of a wait without it. Time that a hypervisor takes away cannot be told apart.
"""
import math
import os
import select
import socket
import time

LONG_MS = 1  # a delay that counts
SIGNIFICANT = 2.5  # standard deviations
EPISODE_MS = 20  # long delays so near each other have one cause


def encode(words):
    return b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in map(str.encode, words))


class Link:
    """One connection; a reply is read to the end of its first line, or of its bulk."""

    def __init__(self, port, timeout=30):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *words):
        self.socket.sendall(encode(words))

    def receive(self):
        data = self.socket.recv(1 << 18)
        if data[:1] in b'$=' and b'\r\n' in data:
            head, _, _ = data.partition(b'\r\n')
            missing = len(head) + 2 + int(head[1:]) + 2 - len(data) if head[1:2] != b'-' else 0
            while missing > 0:
                part = self.socket.recv(1 << 18)
                missing -= len(part) if part else missing
        return data

    def receive_whole(self):
        """A bulk of several that were asked for at once."""
        head = b''
        while not head.endswith(b'\r\n'):
            head += self.socket.recv(1)
        missing = int(head[1:]) + 2 if head[:1] == b'$' and head[1:2] != b'-' else 0
        while missing > 0:
            missing -= len(self.socket.recv(missing))

    def has_reply(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def close(self):
        self.socket.close()


def waited_ns(pid, threads):
    """How long these threads have stood ready without running."""
    total = 0
    for thread in threads:
        try:
            with open(f'/proc/{pid}/task/{thread}/schedstat', 'rb') as stat:
                total += int(stat.read().split()[1])
        except OSError:
            pass
    return total


def workers_of(pid):
    """The threads that serve connections; of a server that does not name them, all."""
    found = []
    threads = os.listdir(f'/proc/{pid}/task')
    for thread in threads:
        with open(f'/proc/{pid}/task/{thread}/comm', encoding='ascii', errors='replace') as name:
            if name.read().startswith('worker-'):
                found.append(int(thread))
    return found or list(map(int, threads))


class Worst:
    """The longest waits for one request: as seen, and without what the scheduler took."""

    def __init__(self):
        self.count, self.seen_ms, self.own_ms, self.over = 0, 0.0, 0.0, 0

    def note(self, seen_ms, own_ms):
        self.count += 1
        self.seen_ms = max(self.seen_ms, seen_ms)
        self.own_ms = max(self.own_ms, own_ms)
        self.over += own_ms > LONG_MS


def probe(port, pid, requests, connections, going, found, pause=0.0005):
    """Asks the requests in turn on each connection while `going` (a multiprocessing Value) is set; sends the Worst of
    each request, by its words, through the pipe `found`. Meant to be the body of a process."""
    links = [Link(port) for _ in range(connections)]
    threads = workers_of(pid)
    worst = {' '.join(words): Worst() for words in requests}
    found.send('ready')
    while going.value:
        for link in links:
            for words in requests:
                before = waited_ns(pid, threads) + waited_ns('self', [os.getpid()])
                begin = time.monotonic_ns()
                link.ask(*words)
                seen = time.monotonic_ns() - begin
                lost = waited_ns(pid, threads) + waited_ns('self', [os.getpid()]) - before
                worst[' '.join(words)].note(seen / 1e6, max(seen - lost, 0) / 1e6)
        time.sleep(pause)
    for link in links:
        link.close()
    found.send(worst)


class Waits:
    """Every wait for one server in one state: as seen, and without what the scheduler took."""

    def __init__(self):
        self.seen_ms, self.own_ms, self.long_at_ms = [], [], []

    def note(self, at_ms, seen_ms, own_ms):
        self.seen_ms.append(seen_ms)
        self.own_ms.append(own_ms)
        if own_ms > LONG_MS:
            self.long_at_ms.append(at_ms)

    def episodes(self):
        """How many times there were long waits; many of one disturbance are one."""
        starts, last_ms = 0, float('-inf')
        for at_ms in self.long_at_ms:
            starts += at_ms - last_ms > EPISODE_MS
            last_ms = at_ms
        return starts


def quantile(values, share):
    """The smallest of the values that at least this share of them does not exceed; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def is_ours(server, others):
    """Whether the server has more episodes of long waits than the worst of the others explains."""
    asked, found = len(server.own_ms), server.episodes()
    for other in others:
        if other.own_ms:
            scale = asked / len(other.own_ms)
            expected = other.episodes() * scale
            if found - expected <= SIGNIFICANT * math.sqrt(found + expected * scale + 1):
                return False
    return True


class Beside:
    """Server and bare responder asked in turn by one process, so that both see the same machine.

    targets: [(name, port, pid)]; state: a multiprocessing Value, the index of the loaded target, below 0 to end.
    The body of a process: sends {(name, whether it is the loaded one): Waits} through the pipe `found`."""

    def __init__(self, targets, requests, connections):
        self.targets, self.requests, self.connections = targets, requests, connections

    def __call__(self, state, found, pause=0.0003):
        waits = {(name, loaded): Waits() for name, _, _ in self.targets for loaded in (False, True)}
        links = [[Link(port) for _ in range(self.connections)] for _, port, _ in self.targets]
        threads = [(pid, workers_of(pid)) for _, _, pid in self.targets]
        found.send('ready')
        turn = 0
        while state.value >= 0:
            which, turn = turn % len(links), turn + 1
            loaded = state.value == which
            for link in links[which]:
                for words in self.requests:
                    self.ask(link, words, threads[which], waits[self.targets[which][0], loaded])
            time.sleep(pause)
        found.send(waits)

    @staticmethod
    def ask(link, words, threads, waits):
        before = waited_ns(*threads) + waited_ns('self', [os.getpid()])
        begin = time.monotonic_ns()
        link.ask(*words)
        seen = time.monotonic_ns() - begin
        lost = waited_ns(*threads) + waited_ns('self', [os.getpid()]) - before
        waits.note(begin / 1e6, seen / 1e6, max(seen - lost, 0) / 1e6)


def blame(server, others):
    """'OURS', 'the machine's' or 'undecided'. The machine's is only what the others show as well: waits as long, and
    episodes as frequent."""
    others = [other for other in others if other.own_ms]
    if is_ours(server, others):
        return 'OURS'
    longest = max(max(other.own_ms) for other in others)
    rate = max(other.episodes() / len(other.own_ms) for other in others)
    if max(server.own_ms) <= max(longest, LONG_MS) and server.episodes() / len(server.own_ms) <= rate:
        return "the machine's"
    return 'undecided'
