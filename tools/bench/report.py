# SPDX-License-Identifier: BSD-3-Clause
"""Tables of medians and ratios, and JSON."""
import json
import os
import platform
import re
import statistics
import time

from rounds import median, pick, ratios


def machine():
    model = 'unknown'
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return {'cpu': model, 'cpus': len(os.sched_getaffinity(0)), 'kernel': re.match(r'[\d.]*', platform.release())[0],
            'load_average': os.getloadavg()[0], 'time': time.strftime('%Y-%m-%d %H:%M:%S')}


def unique(values):
    return list(dict.fromkeys(values))


def show_ratios(found):
    return '%.3f [%.3f..%.3f]' % (statistics.median(found), found[0], found[-1]) if found else '-'


def spread(found):
    """Median, quartiles, smallest and largest of sorted ratios."""
    if not found:
        return None
    quartiles = statistics.quantiles(found, n=4, method='inclusive') if len(found) > 1 else found * 3
    return dict(zip(('min', 'q1', 'median', 'q3', 'max'),
                    (round(x, 4) for x in (found[0], *quartiles, found[-1]))))


def table_row(samples, work, place, name, baseline):
    own = pick(samples, work=work, place=place, server=name)
    if not own:
        return None
    def cell(field, form):
        return format(median(own, field), form)
    errors = sum(s['errors'] for s in own)
    cells = [work, name, cell('ops_s', ',.0f'), cell('cpu_us', '.3f'), cell('user_us', '.3f'), cell('sys_us', '.3f'),
             cell('busy', '.2f'), cell('p50_us', ',.0f'), cell('p99_us', ',.0f'), cell('p999_us', ',.0f'),
             '-' if own[0]['rss_per_key'] is None else cell('rss_per_key', '.0f'),
             show_ratios(ratios(samples, (work, place), name, baseline, 'ops_s')),
             show_ratios(ratios(samples, (work, place), name, baseline, 'cpu_us'))]
    text = '| ' + ' | '.join(cells) + ' |'
    if errors:
        text += f' {errors} error replies: {own[0]["complaint"]}'
    if any(s['stray_bytes'] for s in own):
        text += ' it sent bytes that answer nothing'
    return text


def print_tables(samples, baseline):
    head = ['workload', 'server', 'ops/s', 'CPU us/op', 'user', 'sys', 'busy cores', 'p50 us', 'p99 us', 'p99.9 us',
            'RSS B/key', 'ops/s ratio', 'CPU ratio']
    for place in unique(s['place'] for s in samples):
        runs = len({s['pair'] for s in samples})
        print(f'\n### placement {place}: medians of {runs} runs; ratios to {baseline}, paired run by run, '
              'median [min..max]\n')
        print('| ' + ' | '.join(head) + ' |')
        print('|---|---|' + '---:|' * 9 + '---|---|')
        for work in unique(s['work'] for s in samples):
            for name in unique(s['server'] for s in samples):
                row = table_row(samples, work, place, name, baseline)
                if row:
                    print(row)


def summary(samples, baseline):
    """One entry for each placement, workload and server: medians and ratios."""
    fields = ['ops_s', 'cpu_us', 'user_us', 'sys_us', 'busy', 'load_us', 'p50_us', 'p99_us', 'p999_us', 'rss_bytes']
    entries = []
    for place, work, name in unique((s['place'], s['work'], s['server']) for s in samples):
        own = pick(samples, place=place, work=work, server=name)
        entry = {'place': place, 'work': work, 'server': name, 'runs': len(own)}
        entry.update({field: round(median(own, field), 4) for field in fields})
        if own[0]['rss_per_key'] is not None:
            entry['rss_per_key'] = round(median(own, 'rss_per_key'), 1)
        entry['cpu_ratio'] = spread(ratios(samples, (work, place), name, baseline, 'cpu_us'))
        entry['ops_ratio'] = spread(ratios(samples, (work, place), name, baseline, 'ops_s'))
        entries.append(entry)
    return entries


def write_json(path, content):
    with open(path, 'w', encoding='utf-8') as out:
        json.dump(dict(machine=machine(), **content), out, indent=1)
        out.write('\n')
