# SPDX-License-Identifier: BSD-3-Clause
"""Measures a profile: sections of limits, each section a few servers and workloads, and every limit judged.

A verdict is a dict: figure, limit, measured, note, state. The states are pass, FAIL, even (a delay that is not above
the peer's in at least a quarter of the pairs: the noise decides), and absent: what the limit speaks of is not there (a
peer not given, a command the server does not know); an absent row is neither met nor missed.
"""
import argparse
import subprocess
import statistics
import sys

from memory import measure_memory
from report import print_tables, spread, summary
from rounds import Plan, median, pick, ratios, run_plan
from servers import Problem
from work import Work

UNITS = {'cpu_us': 'CPU/op', 'ops_s': 'ops/s', 'p50_us': 'p50', 'p99_us': 'p99', 'p999_us': 'p99.9'}


class Limit:
    """One server's figure over another's must be at most (or at least) so much, in the median of paired runs."""

    def __init__(self, work, server, baseline, limit, base_work=None, field='cpu_us', at_least=False):
        self.work, self.server, self.baseline, self.limit = work, server, baseline, limit
        self.base_work, self.field, self.at_least = base_work or work, field, at_least


class Asked:
    """A workload of words, with what must be in the keyspace first. needs: the command the server must know."""

    def __init__(self, head, words, setup=(), needs=None, fill=False):
        self.head, self.words, self.needs, self.fill = head, words.split(), needs, fill
        self.setup = [(count, text.split()) for count, text in setup]


class Variant:
    """A server of the command line under another name: threads, more arguments, a greeting, a TTL on every key."""

    def __init__(self, name, base=None, arguments='', **changes):
        self.name, self.base, self.arguments, self.changes = name, base or name, arguments, changes

    def recipe(self, known):
        """The recipe, or None when its server is not on this machine."""
        base = known.get(self.base)
        return None if base is None or base.missing() else base.variant(self.name, self.arguments, **self.changes)


def work_of(asked, options):
    if isinstance(asked, str):
        return Work(asked, options.seconds, options.client_threads)
    work = Work(asked.head, options.seconds, options.client_threads, asked.words)
    work.setup, work.needs, work.fill = asked.setup, asked.needs, asked.fill
    return work


def lower_quartile(samples, field):
    values = [sample[field] for sample in samples]
    return statistics.quantiles(values, n=4, method='inclusive')[0] if len(values) > 1 else values[0]


def verdict(figure, limit, measured, note, state):
    return {'figure': figure, 'limit': limit, 'measured': measured, 'note': note, 'state': state}


def judge(limit, place, samples, plan):
    figure = f'{limit.work} {place}: {UNITS[limit.field]} of {limit.server} / {limit.baseline}'
    for name in (limit.server, limit.baseline):
        if name in plan.broken:
            return verdict(figure, limit.limit, None, plan.broken[name], 'FAIL')
        if (limit.work, name) in plan.absent:
            return verdict(figure, limit.limit, None, f'{name} does not know the command', 'absent')
        if name not in plan.names():
            return verdict(figure, limit.limit, None, f'{name} is not given', 'absent')
    errors = sum(s['errors'] + s['stray_bytes'] for s in pick(samples, work=limit.work, server=limit.server))
    found = spread(ratios(samples, (limit.work, place), limit.server, limit.baseline, limit.field))
    if found is None or errors:
        return verdict(figure, limit.limit, None, f'{errors} error replies or stray bytes', 'FAIL')
    note = '{q1:.3f}..{q3:.3f} [{min:.3f}..{max:.3f}]'.format(**found)
    if found['q1'] <= limit.limit < found['q3']:
        note += ' too close to tell'
    met = found['median'] >= limit.limit if limit.at_least else found['median'] <= limit.limit
    figure += ', at least' if limit.at_least else ''
    return verdict(figure, limit.limit, found['median'], note, 'pass' if met else 'FAIL')


def with_defaults(options, **defaults):
    """The options with a section's own settings where the command line says nothing; --quick replaces them."""
    if options.quick:
        defaults = dict(defaults, **{'runs': 1, 'slices': 4, 'seconds': .1})
    values = dict(vars(options), threads=1)
    values.update((key, value) for key, value in defaults.items() if values.get(key) is None)
    values['client_threads'] = defaults.get('client_threads', 1)
    return argparse.Namespace(**values)


class Speed:
    """Workloads on servers in one placement, limits on their ratios."""

    def __init__(self, name, title, servers, works, limits, **settings):
        self.name, self.title, self.servers, self.works, self.limits = name, title, servers, works, limits
        self.settings = dict({'runs': 4, 'slices': 5, 'seconds': .15, 'client_threads': 1}, **settings)
        self.place = self.settings.pop('place', 'same')
        self.baseline = self.settings.pop('baseline', 'redis')

    def plan(self, known, options):
        variants = [v if isinstance(v, Variant) else Variant(v) for v in self.servers]
        recipes = [recipe for v in variants if (recipe := v.recipe(known)) is not None]
        options = with_defaults(options, **self.settings)
        plan = Plan(recipes, [work_of(asked, options) for asked in self.works], [self.place], options)
        plan.tolerant = True
        return plan

    def measure(self, known, options, load):
        plan = self.plan(known, options)
        samples = run_plan(plan, load)
        return plan, samples, [judge(limit, self.place, samples, plan) for limit in self.limits]

    def result(self, known, options, load):
        plan, samples, verdicts = self.measure(known, options, load)
        baseline = self.baseline if self.baseline in plan.names() else plan.names()[0]
        print_tables(samples, baseline)
        return {'baseline': baseline, 'verdicts': verdicts, 'summary': summary(samples, baseline),
                'versions': plan.versions, 'samples': samples}


class Delay(Speed):
    """Delays at saturation, at half of each server's own saturation, and at one rate for all, half of what the
    baseline can do. The limit: no quantile above that of any peer. A disturbance only ever adds to a delay, so a
    server's figure is the lower quartile of its runs."""

    QUANTILES = ('p50_us', 'p99_us', 'p999_us')

    def measure(self, known, options, load):
        plan = self.plan(known, options)
        samples = run_plan(plan, load)
        loaded = self.plan(known, options)
        loaded.works = [work for asked in self.works for work in self.paced(asked, loaded, samples)]
        samples += run_plan(loaded, load)
        loaded.versions.update(plan.versions)
        peers = [name for name in plan.names() if name not in ('sherd', 'null')]
        labels = [work.label for work in plan.works + loaded.works]
        return loaded, samples, [self.judge_quantile(label, field, peers, samples)
                                 for label in labels for field in self.QUANTILES]

    def paced(self, asked, plan, samples):
        top = {name: median(own, 'ops_s') for name in plan.names() if (own := pick(samples, work=asked, server=name))}
        half, same = work_of(asked, plan.options), work_of(asked, plan.options)
        half.label, half.rates = f'{asked} at half load', {name: ops / 2 for name, ops in top.items()}
        rate = top.get(self.baseline, min(top.values())) / 2
        same.label, same.R = f'{asked} at {rate / 1e3:.0f}k/s', rate
        plan.absent.update((same.label, name) for name, ops in top.items() if rate > .85 * ops)
        return half, same

    def judge_quantile(self, label, field, peers, samples):
        quiet = {name: lower_quartile(own, field) for name in ['sherd', *peers]
                 if (own := pick(samples, work=label, server=name))}
        figure = f'{label} {self.place}: {UNITS[field]} of sherd / of the best peer'
        best = min((name for name in quiet if name != 'sherd'), key=quiet.get, default=None)
        if best is None or 'sherd' not in quiet:
            return verdict(figure, 1, None, 'not measured', 'absent')
        found, ratio = spread(ratios(samples, (label, self.place), 'sherd', best, field)), quiet['sherd'] / quiet[best]
        note = '{:.0f} us, {} {:.0f} us; pairs {q1:.2f}..{q3:.2f} [{min:.2f}..{max:.2f}]'.format(
            quiet['sherd'], best, quiet[best], **found)
        return verdict(figure, 1, ratio, note, 'pass' if ratio <= 1 else 'even' if found['q1'] <= 1 else 'FAIL')


class Memory:
    """Resident bytes a key beyond payload, the mean over the key counts, and no count much above. ttl_limit: what a
    TTL on every key may add to that mean."""

    SLACK_BYTES = 4

    def __init__(self, name, title, keys, limits, ttl_limits):
        self.name, self.title, self.keys, self.limits, self.ttl_limits = name, title, keys, limits, ttl_limits

    def result(self, known, options, load):
        plan = Plan([known['sherd']], [], [], with_defaults(options))
        counts = self.keys[:1] if options.quick else self.keys
        samples, verdicts = [], []
        for size, limit in self.limits.items():
            plain = self.figures(plan, load, counts, size, samples, False)
            verdicts += self.judge_plain(size, limit, plain)
            if size in self.ttl_limits:
                extra = [a - b for a, b in zip(self.figures(plan, load, counts, size, samples, True), plain)]
                verdicts.append(self.judge_ttl(size, extra))
        return {'verdicts': verdicts, 'memory': samples, 'versions': {}}

    @staticmethod
    def figures(plan, load, counts, size, samples, ttl):
        own = []
        for keys in counts:
            print(f'{keys:,} keys, {size}-byte values{", TTL" * ttl}', file=sys.stderr, flush=True)
            own.append(measure_memory(plan, load, plan.recipes[0], keys, size, ttl))
        samples += own
        return [sample['rss_per_key'] for sample in own]

    def judge_plain(self, size, limit, figures):
        note = ' '.join(f'{figure:.1f}' for figure in figures)
        mean, top = statistics.mean(figures), limit + self.SLACK_BYTES
        what = f'bytes/key beyond payload, {size}-byte values'
        yield verdict(f'{what}: mean', limit, mean, note, 'pass' if mean <= limit else 'FAIL')
        yield verdict(f'{what}: largest', top, max(figures), note, 'pass' if max(figures) <= top else 'FAIL')

    def judge_ttl(self, size, extra):
        note, mean, limit = ' '.join(f'{figure:.1f}' for figure in extra), statistics.mean(extra), self.ttl_limits[size]
        what = f'bytes/key that a TTL adds, {size}-byte values: mean'
        return verdict(what, limit, mean, note, 'pass' if mean <= limit else 'FAIL')


class Hash:
    """Nanoseconds of the key hash, by a program that is built from the server's own header."""

    def __init__(self, name, title, limit_ns):
        self.name, self.title, self.limit_ns = name, title, limit_ns

    def result(self, _known, options, _load):
        program = options.tools['hash']
        cpu = str(options.cpu or 0)
        outputs = [subprocess.run(['taskset', '-c', cpu, program], capture_output=True, text=True, check=True).stdout
                   for _ in range(11)]
        found = [[float(word) for word in output.split()] for output in outputs]
        costs = [cost for cost, _ in found]
        mid, delay = statistics.median(costs), statistics.median(delay for _, delay in found)
        note = f'[{min(costs):.2f}..{max(costs):.2f}]; {delay:.2f} when each waits for the one before'
        row = verdict('ns for the keyed hash of 16 bytes', self.limit_ns, mid, note,
                      'pass' if mid <= self.limit_ns else 'FAIL')
        return {'verdicts': [row], 'versions': {}}


def run_profile(steps, known, options, load):
    """Measures the chosen sections, prints tables and verdicts; returns the sections with their results."""
    names = [step.name for step in steps]
    wanted = [name for name in options.only.split(',') if name]
    for name in wanted:
        if name not in names:
            raise Problem(f'--only: no section {name}; there are {" ".join(names)}')
    sections = []
    for step in steps:
        if wanted and step.name not in wanted:
            continue
        print(f'\n## {step.name}: {step.title}')
        section = dict(name=step.name, title=step.title, **step.result(known, options, load))
        print_verdicts(section['verdicts'])
        sections.append(section)
    return sections


def print_verdicts(verdicts):
    print('\n| figure | limit | measured | quartiles [min..max] | |\n|---|---:|---:|---|---|')
    for row in verdicts:
        measured = '-' if row['measured'] is None else f'{row["measured"]:.3f}'
        print(f'| {row["figure"]} | {row["limit"]:g} | {measured} | {row["note"]} | {row["state"]} |', flush=True)


def print_total(sections):
    """One line for all; true when no limit was missed."""
    states = [row['state'] for section in sections for row in section['verdicts']]
    met, failed, even, absent = (states.count(state) for state in ('pass', 'FAIL', 'even', 'absent'))
    print(f'\n{met} of {len(states) - absent} limits met, {even} even, {failed} missed; {absent} rows absent')
    return failed == 0
