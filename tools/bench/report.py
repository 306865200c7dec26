# SPDX-License-Identifier: BSD-3-Clause
"""Tables, JSON and the chart."""
import html
import json
import os
import platform
import statistics
import time

from rounds import median, pick, ratios

COLORS = ['#2f6f4f', '#c8553d', '#e0a030', '#4a6fa5', '#8f5aa8', '#708090', '#3aa6a6', '#a08060']


def machine():
    model = 'unknown'
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return {'cpu': model, 'cpus': len(os.sched_getaffinity(0)), 'kernel': platform.release(),
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
            'ops/s ratio', 'CPU ratio']
    for place in unique(s['place'] for s in samples):
        runs = len({s['pair'] for s in samples})
        print(f'\n### placement {place}: medians of {runs} runs; ratios to {baseline}, paired run by run, '
              'median [min..max]\n')
        print('| ' + ' | '.join(head) + ' |')
        print('|---|---|' + '---:|' * 8 + '---|---|')
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
        entry['cpu_ratio'] = spread(ratios(samples, (work, place), name, baseline, 'cpu_us'))
        entry['ops_ratio'] = spread(ratios(samples, (work, place), name, baseline, 'ops_s'))
        entries.append(entry)
    return entries


def write_json(path, content):
    with open(path, 'w', encoding='utf-8') as out:
        json.dump(dict(machine=machine(), **content), out, indent=1)
        out.write('\n')


class Drawing:
    """SVG by the line."""

    def __init__(self):
        self.parts = []

    def text(self, x, y, text, extra=''):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" {extra}>{html.escape(text)}</text>')

    def bar(self, x, y, width, height, color):
        self.parts.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{max(width, 1):.1f}" height="{height}" rx="2" '
                          f'fill="{color}"/>')

    def save(self, path, width, height):
        with open(path, 'w', encoding='utf-8') as out:
            out.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#222">\n'
                      f'<rect width="{width}" height="{height}" fill="#fff"/>\n')
            out.write('\n'.join(self.parts) + '\n</svg>\n')


def draw_group(drawing, y, title, bars, colors):
    """One workload: a bar for each server, as long as its share of the group's longest. Returns the next y."""
    drawing.text(20, y + 12, title, 'font-weight="bold"')
    y += 20
    longest = max(value for _, value in bars)
    for name, value in bars:
        drawing.text(118, y + 12, name, 'text-anchor="end"')
        drawing.bar(126, y + 1, 460 * value / longest, 14, colors[name])
        drawing.text(132 + 460 * value / longest, y + 12, f'{value:.3f}' if value < 10 else f'{value:.1f}')
        y += 18
    return y + 10


def write_chart(path, samples):
    """Server CPU microseconds per operation; shorter is better. Every workload has its own scale."""
    drawing, y = Drawing(), 58
    names = unique(s['server'] for s in samples)
    colors = {name: COLORS[i % len(COLORS)] for i, name in enumerate(names)}
    here = machine()
    drawing.text(20, 24, 'Server CPU microseconds per operation (shorter is better)', 'font-size="16"')
    drawing.text(20, 42, f'{here["cpu"]}, {here["cpus"]} CPUs, Linux {here["kernel"]}, medians of '
                         f'{len({s["pair"] for s in samples})} interleaved runs', 'fill="#666"')
    for place, work in unique((s['place'], s['work']) for s in samples):
        bars = [(name, median(own, 'cpu_us')) for name in names
                if (own := pick(samples, place=place, work=work, server=name))]
        y = draw_group(drawing, y, f'{work}   ({place})', bars, colors)
    drawing.save(path, 680, y + 6)
