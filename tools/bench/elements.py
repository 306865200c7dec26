# SPDX-License-Identifier: BSD-3-Clause
"""Memory per element: what one collection of a million elements costs, and ten thousand collections of a hundred, on each
server, as resident bytes beyond what the empty server holds."""
import itertools
import socket
import sys

from memory import settled
from profiles import verdict, with_defaults
from rounds import Plan, start_server

PIPELINE = 500  # commands sent before their answers are read
ELEMENTS = 1_000_000

# type: one command that adds element `i` to the collection `key`
TYPES = {
    'list': lambda key, i: ('RPUSH', key, f'element:{i:012d}'),
    'hash': lambda key, i: ('HSET', key, f'field:{i:010d}', f'value:{i:010d}'),
    'set': lambda key, i: ('SADD', key, f'member:{i:09d}'),
    'integer set': lambda key, i: ('SADD', key, str(i * 7)),
    'sorted set': lambda key, i: ('ZADD', key, str(i * 7919 % 1000003), f'member:{i:09d}'),
    'stream': lambda key, i: ('XADD', key, f'{i + 1}-1', 'field', f'value:{i:010d}'),
}
SHAPES = {'one of 1M': (1, 1_000_000), '10,000 of 100': (10_000, 100)}


def encode(words):
    return b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w.encode()) for w in words)


def fill(server, commands):
    """Sends the commands in pipelines; an error reply ends the measurement. Every answer is one line, or for XADD a
    bulk of one: the line ends are counted, two for a bulk."""
    with socket.create_connection(('127.0.0.1', server.port), 30) as link:
        while batch := list(itertools.islice(commands, PIPELINE)):
            link.sendall(b''.join(map(encode, batch)))
            lines, wanted = 0, len(batch) * (2 if batch[0][0] == 'XADD' else 1)
            while lines < wanted:
                data = link.recv(1 << 18)
                if not data or data.startswith(b'-'):
                    raise ValueError(f'{server.name}: {data[:80]!r}')
                lines += data.count(b'\n')


class Elements:
    """Each type in both shapes on each server; ours must not need more than the baseline."""

    def __init__(self, name, title, servers, baseline, limit):
        self.name, self.title, self.servers, self.baseline, self.limit = name, title, servers, baseline, limit

    def result(self, known, options, _load):
        recipes = [known[name] for name in self.servers if name in known and not known[name].missing()]
        plan = Plan(recipes, [], [], with_defaults(options))
        samples = []
        for (kind, make), (shape, (collections, elements)) in itertools.product(TYPES.items(), SHAPES.items()):
            for recipe in recipes:
                print(f'{recipe.name}: {kind}, {shape}', file=sys.stderr, flush=True)
                sample = self.measure(plan, recipe, make, collections, elements)
                if sample is not None:
                    samples.append({'server': recipe.name, 'type': kind, 'shape': shape, **sample})
        return {'verdicts': list(self.judge(samples)), 'elements': samples, 'versions': plan.versions}

    @staticmethod
    def measure(plan, recipe, make, collections, elements):
        with start_server(plan, recipe, 0) as server:
            plan.versions[recipe.name] = plan.versions.get(recipe.name) or server.version()
            if not server.knows(make('k', 0)[0]):
                return None
            before = settled(server)
            fill(server, (make(f'key:{c:012d}', i) for i in range(elements) for c in range(collections)))
            return {'bytes_per_element': (settled(server) - before) / (collections * elements)}

    def judge(self, samples):
        found = {(s['type'], s['shape'], s['server']): s['bytes_per_element'] for s in samples}
        for kind, shape in itertools.product(TYPES, SHAPES):
            ours, theirs = (found.get((kind, shape, name)) for name in ('sherd', self.baseline))
            figure = f'bytes/element, {kind}, {shape}: sherd / {self.baseline}'
            if ours is None or theirs is None:
                yield verdict(figure, self.limit, None, 'not there', 'absent')
                continue
            yield verdict(figure, self.limit, ours / theirs, f'{ours:.1f} / {theirs:.1f}',
                          'pass' if ours <= self.limit * theirs else 'FAIL')
