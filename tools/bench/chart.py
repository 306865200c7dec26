# SPDX-License-Identifier: BSD-3-Clause
"""SVG charts: panels of bars, readable on a light and on a dark page."""
import html
import math

from report import machine, unique
from rounds import median, pick

STYLE = """
text { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2933; }
.title { font-size: 19px; font-weight: 600; } .panel { font-size: 14px; font-weight: 600; }
.quiet { fill: #5f6c7b; font-size: 12px; } .tick { fill: #5f6c7b; font-size: 11px; } .ours { font-weight: 600; }
.page { fill: #ffffff; stroke: #d5dce3; } .axis { stroke: #c3ccd5; } .grid { stroke: #e6ebf0; }
.bar { fill: #a9b8c6; } .bar-ours { fill: #1b7f5c; } .bar-limit { fill: none; stroke: #8a97a5; stroke-dasharray: 3 2; }
.mark { stroke: #b3541e; stroke-width: 1.5; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
text { fill: #e3e9ef; } .quiet, .tick { fill: #9aa7b4; } .page { fill: #12181f; stroke: #2c3640; }
.axis { stroke: #3a4651; } .grid { stroke: #232d37; }
.bar { fill: #5d6d7c; } .bar-ours { fill: #3fbf91; } .bar-limit { stroke: #7f8d9b; } .mark { stroke: #e39a63; }
}"""
NAME_WIDTH, BAR_WIDTH, VALUE_WIDTH, ROW, MARGIN = 128, 250, 62, 21, 24
LONGEST_RATIO = 1.5  # longer bars are cut
PANEL_WIDTH = NAME_WIDTH + BAR_WIDTH + VALUE_WIDTH


class Drawing:
    """SVG by the line."""

    def __init__(self):
        self.parts = []

    def text(self, x, y, text, kind='', anchor='start'):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
                          f'{html.escape(text)}</text>')

    def bar(self, x, y, width, height, kind):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" rx="2" '
                          f'class="{kind}"/>')

    def line(self, ends, kind):
        self.parts.append('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>'.format(*ends, kind))

    def save(self, path, width, height, title):
        with open(path, 'w', encoding='utf-8') as out:
            out.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(title)}">\n'
                      f'<style>{STYLE}\n</style>\n<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" '
                      'class="page"/>\n')
            out.write('\n'.join(self.parts) + '\n</svg>\n')


def figure_text(value):
    return f'{value:.3f}' if value < 1 else f'{value:.2f}'


def bar_kind(name):
    return 'bar-ours' if name.startswith('sherd') else 'bar-limit' if name == 'null' else 'bar'


def tick_step(longest):
    """A round step that divides the longest bar into three to six."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(power * factor for factor in (.2, .5, 1, 2) if longest / (power * factor) <= 6)


def draw_scale(drawing, x, top, bottom, longest):
    """Lines and figures of the axis in microseconds, below the bars."""
    step = tick_step(longest)
    count = int(longest / step + 1e-9)
    for i in range(count + 1):
        at = x + BAR_WIDTH * step * i / longest
        drawing.line((at, top, at, bottom), 'grid' if i else 'axis')
        drawing.text(at, bottom + 13, f'{step * i:g}' + (' \u00b5s' if i == count else ''), 'tick', 'middle')


def draw_panel(drawing, left, top, title, bars, names):
    """One workload: a bar for each server as long as its share of the longest. Returns the height."""
    drawing.text(left + NAME_WIDTH, top + 13, title, 'panel')
    y, x = top + 24, left + NAME_WIDTH
    longest = max(value for _, value in bars)
    draw_scale(drawing, x, y - 2, y + ROW * len(bars), longest)
    for name, value in bars:
        ours = 'ours' if name.startswith('sherd') else ''
        drawing.text(x - 8, y + 13, names.get(name, name), ours, 'end')
        drawing.bar(x, y + 2, BAR_WIDTH * value / longest, ROW - 6, bar_kind(name))
        drawing.text(x + BAR_WIDTH * value / longest + 6, y + 13, figure_text(value), ours)
        y += ROW
    return y - top + 36


def draw_panels(path, title, subtitle, panels, names):
    """panels: (title, [(server, value)]), two in a row, every panel on its own scale."""
    drawing, y, width = Drawing(), 78, 2 * MARGIN + 2 * PANEL_WIDTH
    drawing.text(MARGIN, 36, title, 'title')
    drawing.text(MARGIN, 57, subtitle, 'quiet')
    for i in range(0, len(panels), 2):
        y += max(draw_panel(drawing, MARGIN + column * PANEL_WIDTH, y, *panel, names)
                 for column, panel in enumerate(panels[i:i + 2]))
    drawing.save(path, width, y + 6, title)


def draw_ratios(path, title, subtitle, rows, limit):
    """rows: (label, ratio), one bar each, cut at LONGEST_RATIO, with a mark at the limit and at 1."""
    drawing, y, x, width = Drawing(), 96, 150, 720
    scale = (width - x - 90) / LONGEST_RATIO
    drawing.text(MARGIN, 36, title, 'title')
    drawing.text(MARGIN, 57, subtitle, 'quiet')
    bottom = y + ROW * len(rows)
    for mark, name in ((limit, f'limit {limit:g}'), (1, 'the same cost')):
        drawing.line((x + scale * mark, y - 4, x + scale * mark, bottom), 'mark' if mark == limit else 'axis')
        drawing.text(x + scale * mark, y - 10, name, 'quiet', 'middle')
    for label, ratio in rows:
        drawing.text(x - 8, y + 13, label, '', 'end')
        drawing.bar(x, y + 2, scale * min(ratio, LONGEST_RATIO), ROW - 6, 'bar-ours')
        drawing.text(width - MARGIN, y + 13, f'{ratio:.2f}' + (' \u2192' if ratio > LONGEST_RATIO else ''), '', 'end')
        y += ROW
    drawing.line((x, 92, x, bottom), 'axis')
    drawing.save(path, width, bottom + 18, title)


def write_chart(path, samples):
    """Server CPU microseconds per operation of any samples; shorter is better."""
    names, here = unique(s['server'] for s in samples), machine()
    panels = []
    for place, work in unique((s['place'], s['work']) for s in samples):
        bars = [(name, median(own, 'cpu_us')) for name in names
                if (own := pick(samples, place=place, work=work, server=name))]
        panels.append((f'{work}  ({place})', bars))
    draw_panels(path, 'Server CPU microseconds per operation (shorter is better)',
                f'{here["cpu"]}, {here["cpus"]} CPUs, Linux {here["kernel"]}; every panel has its own scale',
                panels, {})
