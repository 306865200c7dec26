# SPDX-License-Identifier: BSD-3-Clause
"""Many clients that act at once, for the tests of what must hold whoever comes between.

Owner: an actor owns its connection; Actors their processes and threads. Locks: none; what an actor has found goes to
its parent through a pipe.
"""
import multiprocessing
import threading
import time

import resp
import servers

PATIENCE_SECONDS = 30  # for what comes at once unless it is lost; generous, for a loaded machine


class Gone(Exception):
    """The connection has ended."""


class Client:
    """Replies as Python values; errors as bytes that begin with '-'."""

    def __init__(self, port):
        self.connection = servers.Connection(port, PATIENCE_SECONDS)

    def send(self, *commands):
        self.connection.send(b"".join(resp.encode([word if isinstance(word, bytes) else str(word).encode()
                                                   for word in command]) for command in commands))

    def receive(self):
        reply = self.connection.receive()
        if reply is None:
            raise Gone("closed" if self.connection.closed else "no reply in %d s" % PATIENCE_SECONDS)
        return self.value(reply)

    def call(self, *words):
        self.send(words)
        return self.receive()

    def pipeline(self, *commands):
        self.send(*commands)
        return [self.receive() for _ in commands]

    def value(self, reply):
        kind, data = reply
        if kind == ":":
            return int(data)
        if kind == "*" and data is not None:
            return [self.value(item) for item in data]
        return b"-" + data if kind == "-" else data

    def close(self):
        self.connection.close()


class Actors:
    """Functions that run at once, some threads in each of several processes, until the time is over. Each is called
    with (port, going, number) and returns what it has found: a list of complaints and a result."""

    def __init__(self, port, seconds):
        self.port, self.seconds = port, seconds
        self.functions = []

    def add(self, function, count=1):
        self.functions += [(function, number) for number in range(count)]

    def run(self):
        """Results by function name; complaints under ''."""
        processes, found = [], {"": []}
        for group in range(3):
            mine = self.functions[group::3]
            if mine:
                here, there = multiprocessing.Pipe(False)
                process = multiprocessing.Process(target=self.run_some, args=(mine, there))
                process.start()
                processes.append((process, here))
        for process, here in processes:
            for name, complaint, result in here.recv():
                found.setdefault(name, []).append(result)
                found[""] += [name + ": " + complaint] if complaint else []
            process.join()
        return found

    def run_some(self, functions, pipe):
        until = time.monotonic() + self.seconds
        results = []

        def one(function, number):
            try:
                complaint, result = function(self.port, lambda: time.monotonic() < until, number)
            except Exception as error:  # whatever it is, it is what the check is to say
                complaint, result = "%s: %s" % (type(error).__name__, error), None
            results.append((function.__name__, complaint, result))

        threads = [threading.Thread(target=one, args=function, daemon=True) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pipe.send(results)
