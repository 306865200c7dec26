# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of limits: what the server must show, as rows, measured and judged in one go."""
import argparse
import statistics

from memory import measure_memory
from report import print_tables, spread
from rounds import Plan, ratios, run_plan
from servers import Problem, Recipe
from work import Work


class Ratios:
    """CPU per operation of one server over another's. limits: (workload, server, baseline, at most).
    A server named sherd-4 is sherd with four threads."""

    def __init__(self, place, client_threads, limits):
        self.place, self.client_threads, self.limits = place, client_threads, limits


class Memory:
    """Resident bytes a key beyond payload, the mean over the key counts. With ttl: what the TTL adds."""

    def __init__(self, keys, value_bytes, limit, ttl=False):
        self.keys, self.value_bytes, self.limit, self.ttl = keys, value_bytes, limit, ttl


def same_core(redis, null):
    """Limits for GET and SET: redis {pipeline: (get, set)}, null {pipeline: limit}."""
    rows = []
    for depth, limits in redis.items():
        rows += [(f'{op}:P={depth}', 'sherd', 'redis', limit) for op, limit in zip(('get', 'set'), limits)]
    for depth, limit in null.items():
        rows += [(f'{op}:P={depth}', 'sherd', 'null', limit) for op in ('get', 'set')]
    return rows


def scaling(threads, get, set_):
    """Limits against one thread of ours, at pipeline 1 and 50, for {threads: limit}."""
    return [(f'{op}:P={depth}', f'sherd-{n}', 'sherd-1', limit)
            for n in threads for op, limit in (('get', get), ('set', set_)) for depth in (1, 50)]


PROFILES = {
    # The first cut of the server: ahead of redis-server, near the bare responder.
    'foundation': [
        Ratios('same', 1, same_core({1: (.88, .88), 10: (.55, .55), 50: (.30, .30)}, {1: 1.12})),
        Ratios('all', 2, scaling([2], 1.12, 1.20) + scaling([4], 1.25, 1.25)),
        Memory([5_000_000], 32, 40),
    ],
    # The finished hot path.
    'hotpath': [
        Ratios('same', 1, same_core({10: (.44, .44), 50: (.21, .24)}, {1: 1.07}) +
               [('hot:P=50', 'sherd', 'redis', .5)]),
        Ratios('all', 2, scaling([2], 1.08, 1.12) + scaling([4, 8], 1.20, 1.20)),
        Memory([4_000_000, 5_000_000, 6_000_000, 8_000_000], 32, 28),
        Memory([4_000_000, 5_000_000, 6_000_000, 8_000_000], 8, 30),
        Memory([4_000_000, 5_000_000, 6_000_000, 8_000_000], 128, 34),
        Memory([5_000_000], 32, 16, ttl=True),
    ],
}


def threads_of(name):
    base, _, threads = name.partition('-')
    return base, int(threads or 1)


def plan_of(step, known, options):
    """The plan that yields every figure of a Ratios step."""
    names = list(dict.fromkeys(name for _, server, baseline, _ in step.limits for name in (baseline, server)))
    works = list(dict.fromkeys(work for work, *_ in step.limits))
    recipes, threads = [], {}
    for name in names:
        base, threads[name] = threads_of(name)
        if base not in known:
            raise Problem(f'the profile needs {base}')
        recipes.append(Recipe(name, known[base].command, known[base].protocol, known[base].stores))
    plan = Plan(recipes, [Work(head, options.seconds, step.client_threads) for head in works], [step.place], options)
    plan.threads = threads
    return plan


def judge_ratios(step, samples):
    """(what, limit, measured, spread, passed) of each row."""
    for work, server, baseline, limit in step.limits:
        found = spread(ratios(samples, (work, step.place), server, baseline))
        what = f'{work} {step.place}: CPU/op of {server} / {baseline}'
        errors = sum(s['errors'] + s['stray_bytes'] for s in samples if s['work'] == work and s['server'] == server)
        if found is None or errors:
            note = f'{errors} error replies or stray bytes' if errors else 'not measured'
            yield what, limit, float('nan'), note, False
            continue
        note = '{q1:.3f}..{q3:.3f} [{min:.3f}..{max:.3f}]'.format(**found)
        if found['q1'] <= limit < found['q3']:
            note += ' too close to tell: more runs'
        yield what, limit, found['median'], note, found['median'] <= limit


def judge_memory(step, plan, load):
    figures = []
    for keys in step.keys:
        plain = measure_memory(plan, load, plan.recipes[0], keys, step.value_bytes, False)['rss_per_key']
        if step.ttl:
            with_ttl = measure_memory(plan, load, plan.recipes[0], keys, step.value_bytes, True)['rss_per_key']
        figures.append(with_ttl - plain if step.ttl else plain)
    mean = statistics.mean(figures)
    what = 'bytes/key that a TTL adds' if step.ttl else 'bytes/key beyond payload'
    counts = '/'.join(f'{keys // 1_000_000}M' for keys in step.keys)
    note = ' '.join('%.1f' % figure for figure in figures)
    return f'{what}, {counts} keys, {step.value_bytes}-byte values', step.limit, mean, note, mean <= step.limit


def run_profile(name, known, options, load):
    """Measures and prints; returns (samples, verdicts)."""
    samples, verdicts = [], []
    options = argparse.Namespace(**dict(vars(options), threads=1))
    for step in PROFILES[name]:
        if isinstance(step, Ratios):
            found = run_plan(plan_of(step, known, options), load)
            print_tables(found, step.limits[0][2])
            samples += found
            verdicts += judge_ratios(step, found)
        else:
            verdicts.append(judge_memory(step, Plan([known['sherd']], [], [], options), load))
    return samples, verdicts


def print_verdicts(name, verdicts):
    print(f'\n### profile {name}\n')
    print('| figure | at most | measured | quartiles [min..max] | |\n|---|---:|---:|---|---|')
    for what, limit, measured, note, passed in verdicts:
        print(f'| {what} | {limit:g} | {measured:.3f} | {note} | {"pass" if passed else "FAIL"} |')
    failed = sum(not verdict[-1] for verdict in verdicts)
    print(f'\n{len(verdicts) - failed} of {len(verdicts)} limits met')
    return failed == 0
