# SPDX-License-Identifier: BSD-3-Clause
"""Probes: small requests sent one at a time on several connections, to see the longest a client waits.

On a machine with other work most of a long wait is the scheduler's. The kernel says how long each thread stood ready
without a CPU (/proc/PID/task/TID/schedstat); a probe reads that of the server's threads and its own before and after
each request, and `own_ms` is what remains of a wait without it. Time that a hypervisor takes away cannot be told apart.
"""
import os
import select
import socket
import time


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
        self.over += own_ms > 1


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
