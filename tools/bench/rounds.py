# SPDX-License-Identifier: BSD-3-Clause
"""Interleaved rounds, and what is computed from them.

Each round starts every server afresh (so that address layout and hash seeds vary), fills them, and then runs each
workload on each server in turn, A B C A B C: the runs that a ratio compares are a second apart and see the same
machine. A round may repeat each workload's row in several slices, which costs no new fill. Ratios are paired by
slice; the table shows their median and, as the noise, their smallest and largest.
"""
import contextlib
import fcntl
import os
import statistics
import sys
import time

from servers import Problem, Server, free_port

KEY_BYTES = 16  # of the keys that a fill writes


class Plan:
    """What to measure: recipes, works, placements, and the options of the command line."""

    def __init__(self, recipes, works, placements, options):
        self.recipes, self.works, self.placements, self.options = recipes, works, placements, options
        self.absent = set()  # (workload, server) of commands that a server does not know
        self.versions = {}
        self.tolerant, self.broken = False, {}  # tolerant: a server that does not come up is noted in broken

    def names(self):
        return [recipe.name for recipe in self.recipes]

    def threads(self, recipe):
        return recipe.threads or self.options.threads

    def runs(self):
        return self.options.runs * self.options.slices * len(self.recipes) * len(self.works) * len(self.placements)


class Progress:
    """One line that is rewritten on a terminal, a line every few seconds elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.start, self.shown = total, 0, time.monotonic(), 0.0
        self.terminal = sys.stderr.isatty()

    def show(self, text):
        spent = time.monotonic() - self.start
        left = f', {spent / self.done * (self.total - self.done):.0f} s left' if self.done else ''
        line = f'[{self.done}/{self.total}{left}] {text}'
        if self.terminal:
            print('\r\033[K' + line[:110], end='', file=sys.stderr, flush=True)
        elif time.monotonic() - self.shown > 5 or self.done == self.total:
            self.shown = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print('\r\033[K', end='', file=sys.stderr, flush=True)


def placement_cpus(placement, options, server_threads):
    """(server's CPUs, load's CPUs)"""
    cpus = sorted(os.sched_getaffinity(0))
    if placement == 'same':
        return {options.cpu if options.cpu is not None else cpus[0]}, \
               {options.cpu if options.cpu is not None else cpus[0]}
    if placement == 'all':
        return set(cpus), set(cpus)
    if len(cpus) < 2:
        raise Problem('placement split needs two CPUs')
    first = min(server_threads, len(cpus) - 1)
    return set(cpus[:first]), set(cpus[first:])


def start_server(plan, recipe, value_bytes):
    options = plan.options
    values = {'threads': plan.threads(recipe), 'value': value_bytes}
    return Server(recipe, free_port(options.port), values)


def prepare(plan, load, servers, work):
    """Makes every server ready for the workload: keys of the right size, or a bare responder of that size."""
    for i, server in enumerate(servers):
        if not server.recipe.stores and server.value_bytes != work.v:
            server.stop()
            servers[i] = start_server(plan, server.recipe, work.v)
        elif server.recipe.stores:
            prepare_keys(plan, load, server, work)


def prepare_keys(plan, load, server, work):
    if work.fill:
        load.fill(server, plan.options.keys[0], work.v)
    if work.words(server.recipe) is None:
        return
    if work.needs and not server.knows(work.needs):
        plan.absent.add((work.label, server.name))
        return
    for count, words in work.setup:
        if (count, *words) not in server.prepared:
            server.prepared.add((count, *words))
            load.in_order(server, count, words, conns=1, depth=16)


def run_setup(plan, load, server):
    """--setup N COMMAND: sent once to each server that stores, {key} counting from 0 to N-1."""
    for text in plan.options.setup:
        count, *words = text.split()
        if server.recipe.stores and server.recipe.protocol == 'resp':
            load.in_order(server, int(count), words, conns=1, depth=32)


def beyond_payload(server, work, rss):
    """Resident bytes a key beyond key and value, or None where other things than the fill are stored. Client buffers
    count too."""
    if server.filled is None or work.command is not None:
        return None
    keys, value_bytes = server.filled
    return (rss - server.empty_bytes) / keys - KEY_BYTES - value_bytes


def measure_one(plan, load, server, work, placement):
    server_cpus, load_cpus = placement_cpus(placement, plan.options, plan.threads(server.recipe))
    server.pin(server_cpus)
    figures, (user, system, exact) = load.measure(server, work, plan.options.keys[0], load_cpus)
    ops, rss = max(1.0, figures['ops']), server.memory()
    user_part = user / max(1e-9, user + system)
    return {
        'server': server.name, 'work': work.label, 'place': placement, 'ops': ops, 'ops_s': figures['ops_s'],
        'cpu_us': exact * 1e6 / ops, 'user_us': exact * user_part * 1e6 / ops,
        'sys_us': exact * (1 - user_part) * 1e6 / ops, 'busy': exact / figures['secs'],
        'load_us': figures['cpu_s'] * 1e6 / ops, 'p50_us': figures['p50_us'], 'p99_us': figures['p99_us'],
        'p999_us': figures['p999_us'], 'max_us': figures['max_us'], 'errors': int(figures['errors']),
        'complaint': figures['complaint'], 'stray_bytes': int(figures['stray_bytes']), 'rss_bytes': rss,
        'rss_per_key': beyond_payload(server, work, rss),
    }


def measure_row(plan, load, servers, what, pair, samples, progress):
    """One workload on each server in turn; each is the first of a row once."""
    work, placement = what
    turn = pair % len(servers)
    for server in servers[turn:] + servers[:turn]:
        progress.done += 1
        if work.words(server.recipe) is None or (work.label, server.name) in plan.absent:
            continue
        sample = measure_one(plan, load, server, work, placement)
        samples.append(dict(sample, pair=pair))
        progress.show(f'{placement} {work.label} {server.name}: {sample["cpu_us"]:.3f} us/op, '
                      f'{sample["ops_s"] / 1e3:,.0f}k ops/s')


def run_round(plan, load, number, samples, progress):
    with contextlib.ExitStack() as stack:
        servers = []
        stack.callback(lambda: [server.stop() for server in servers])
        for recipe in plan.recipes:
            if recipe.name in plan.broken:
                continue
            progress.show(f'round {number + 1}: starting {recipe.name}')
            try:
                servers.append(start_server(plan, recipe, plan.works[0].v))
            except Problem as problem:
                if not plan.tolerant:
                    raise
                plan.broken[recipe.name] = str(problem)
                continue
            plan.versions[recipe.name] = plan.versions.get(recipe.name) or servers[-1].version()
            run_setup(plan, load, servers[-1])
        for work in plan.works:
            prepare(plan, load, servers, work)
            for placement in plan.placements:
                for slice_ in range(plan.options.slices):
                    measure_row(plan, load, servers, (work, placement), number * plan.options.slices + slice_, samples,
                                progress)


def run_plan(plan, load):
    """All rounds; returns the samples. Interrupted by the user, it returns what there is."""
    samples, progress = [], Progress(plan.runs())
    try:
        for number in range(plan.options.runs):
            with contextlib.ExitStack() as stack:
                if plan.options.lock:
                    fcntl.flock(stack.enter_context(open(plan.options.lock, 'a', encoding='utf-8')), fcntl.LOCK_EX)
                run_round(plan, load, number, samples, progress)
    except KeyboardInterrupt:
        print('\ninterrupted: the tables show the rounds so far', file=sys.stderr)
    finally:
        progress.end()
    return samples


def pick(samples, **wanted):
    return [s for s in samples if all(s[key] == value for key, value in wanted.items())]


def median(samples, field):
    return statistics.median(s[field] for s in samples)


def paired_ratios(ours, theirs, field):
    """Sorted ratios ours / theirs, pair by pair."""
    base = {s['pair']: s[field] for s in theirs}
    return sorted(s[field] / base[s['pair']] for s in ours if base.get(s['pair']))


def ratios(samples, row, name, baseline, field='cpu_us'):
    """The sorted paired ratios name / baseline of one row of the table, (workload, placement)."""
    work, place = row
    return paired_ratios(pick(samples, work=work, place=place, server=name),
                         pick(samples, work=work, place=place, server=baseline), field)
