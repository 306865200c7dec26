# SPDX-License-Identifier: BSD-3-Clause
"""Memory per key: resident bytes beyond the payload (key and value), after a load in order."""
import sys
import time

from rounds import KEY_BYTES, start_server
from work import Work


def settled(server):
    """Resident bytes once they have stopped moving (an incremental rehash, an allocator's purge)."""
    last = -1
    for _ in range(20):
        now = server.memory()
        if abs(now - last) < 64 * 1024:
            break
        last = now
        time.sleep(.15)
    return now


def measure_memory(plan, load, recipe, keys, value_bytes, ttl):
    """One figure: a fresh server, filled with so many keys."""
    recipe = recipe.variant(recipe.name, ttl=ttl)
    with start_server(plan, recipe, value_bytes) as server:
        before = settled(server)
        figures = load.in_order(server, keys, Work(f'set:v={value_bytes}', 1, 1).words(recipe))
        payload = KEY_BYTES + value_bytes
        return {'server': recipe.name, 'keys': keys, 'value_bytes': value_bytes, 'ttl': ttl,
                'rss_per_key': (settled(server) - before) / keys - payload,
                'peak_per_key': (server.memory('VmHWM') - before) / keys - payload,
                'fill_s': figures['secs'], 'worst_batch_ms': figures['max_us'] / 1e3}


def run_memory(plan, load):
    """Every server that stores, with every key count and value size of the options."""
    options, samples = plan.options, []
    recipes = [recipe for recipe in plan.recipes if recipe.stores]
    cases = [(keys, size, ttl) for keys in options.keys for size in options.values
             for ttl in ([False, True] if options.ttl else [False])]
    for i, (keys, size, ttl) in enumerate(cases):
        for recipe in recipes:
            print(f'[{i + 1}/{len(cases)}] {recipe.name}: {keys:,} keys, {size}-byte values{", TTL" * ttl}',
                  file=sys.stderr, flush=True)
            samples.append(measure_memory(plan, load, recipe, keys, size, ttl))
    return samples


def print_memory(samples):
    print('\n### resident bytes a key beyond payload (16-byte keys)\n')
    print('| keys | value bytes | TTL | server | bytes/key beyond payload | at the peak of the fill | fill s '
          '| slowest batch ms |\n|---:|---:|---|---|---:|---:|---:|---:|')
    for s in samples:
        print(f'| {s["keys"]:,} | {s["value_bytes"]} | {"yes" if s["ttl"] else "no"} | {s["server"]} '
              f'| {s["rss_per_key"]:.1f} | {s["peak_per_key"]:.1f} | {s["fill_s"]:.2f} | {s["worst_batch_ms"]:.1f} |')
