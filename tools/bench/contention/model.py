# SPDX-License-Identifier: BSD-3-Clause
"""A model of cores that execute commands on locked shards: what waiting costs from 2 to 64 cores.

Each core runs commands in batches, one after the other: first the lines of the batch's shards are prefetched for
writing, so that several transfers overlap; then for each command work outside the lock, the lock of its shard, the
hold. A line that another core had last costs a transfer: the shard's line when the lock is taken (unless the prefetch
still holds), and the entry's line where commands write one hot key. While a lock is held others wait, by its kind:

  fas      the shards' own: a waiter looks again after a pause that grows from `first` to `most` ns, so a lock that is
           free again may stay so for a while, and its last holder may take it again for nothing. Each look takes the
           line from the holder, and the lock is free a transfer later than it was let go.
  ticket   first come, first served: the lock always changes cores, and each release is read by every waiter: the
           transfer to the next one comes behind half of theirs.
  mcs      first come, first served, one line per waiter: a transfer each time.

Work outside and pauses vary evenly by half to both sides, lest cores fall into step. Time is in nanoseconds; events
are simulated in order; everything random comes from one seed.
"""
import bisect
import heapq
import itertools
import random
from dataclasses import dataclass, field


@dataclass
class Setting:
    """What a simulation is given."""
    cores: int = 2
    shards: int = 1024
    keys: str = 'random'        # random, zipf (exponent 0.99 over a million keys) or hot
    lock: str = 'fas'
    outside: float = 100.0      # of a command, beside its hold
    hold: float = 40.0          # the lock is held, all lines being in the core's cache
    line: float = 90.0          # a line comes from another core
    batch: int = 50             # commands whose shards are prefetched together; 1: no prefetch
    overlap: float = 8.0        # transfers under way at once while prefetching
    writes: bool = False        # the command writes its entry's line
    seed: int = 1
    commands: int = 40000       # simulated, over all cores
    first: float = 480.0        # the shortest pause of fas
    most: float = 3840.0        # the longest


@dataclass
class Figures:
    """What comes out, per command unless said."""
    rate: float                 # commands a second, all cores
    ideal: float                # the same without waiting and without transfers
    wait: float                 # ns from wanting the lock to having it
    busiest: float              # part of the time that the busiest shard is held
    contended: float            # part of the commands that met a held lock


@dataclass
class Shard:
    """One lock and its line."""
    owner: int = -1             # core that had the line last
    held: bool = False
    waiting: list = field(default_factory=list)  # (since, core) of ticket and mcs; a count of lookers for fas
    looked: int = 0             # looks during this hold
    held_for: float = 0.0


class Draw:
    """Shards of commands: those of keys that are spread over the shards evenly at random."""

    def __init__(self, setting):
        self.rng = random.Random(setting.seed)
        self.shards, self.sums, self.keys = setting.shards, None, setting.keys
        if setting.keys == 'zipf':
            weights = [0.0] * setting.shards
            for rank in range(1, 1000001):
                weights[self.rng.randrange(setting.shards)] += rank ** -0.99
            self.sums = list(itertools.accumulate(weights))

    def shard(self):
        if self.keys == 'hot':
            return 0
        if self.sums is None:
            return self.rng.randrange(self.shards)
        return bisect.bisect_left(self.sums, self.rng.random() * self.sums[-1])


DRAWS = {}


def draw_of(setting):
    """Zipf's table takes a second: made once for each number of shards."""
    key = (setting.keys, setting.shards, setting.seed)
    if key not in DRAWS:
        DRAWS[key] = Draw(setting)
    draw = DRAWS[key]
    draw.rng.seed(setting.seed)
    return draw


class Simulation:
    """One run: events are (time, order, core or shard, what)."""

    def __init__(self, setting):
        self.setting, self.draw = setting, draw_of(setting)
        self.shards = [Shard() for _ in range(setting.shards)]
        self.events, self.order = [], itertools.count()
        self.target = [0] * setting.cores
        self.batches = [[] for _ in range(setting.cores)]
        self.since = [0.0] * setting.cores
        self.pause = [0.0] * setting.cores
        self.done = self.contended = 0
        self.wait = 0.0

    def at(self, time, core, what):
        heapq.heappush(self.events, (time, next(self.order), core, what))

    def about(self, nanoseconds):
        return nanoseconds * (0.5 + self.draw.rng.random())

    def prefetch(self, core):
        """Draws a batch and takes its lines; returns what that costs."""
        targets = [self.draw.shard() for _ in range(self.setting.batch)]
        self.batches[core] = targets
        moved = 0
        for target in set(targets) if self.setting.batch > 1 else ():
            shard = self.shards[target]
            moved += shard.owner != core
            shard.looked += shard.held and shard.owner != core
            if not shard.held:
                shard.owner = core
        return moved * self.setting.line / self.setting.overlap

    def want(self, now, core):
        if not self.batches[core]:
            self.at(now + self.prefetch(core), core, self.want)
            return
        self.target[core] = self.batches[core].pop()
        self.since[core], self.pause[core] = now, self.setting.first
        shard = self.shards[self.target[core]]
        if not shard.held:
            self.take(now, core, shard, self.setting.line if shard.owner != core else 0.0)
            return
        self.contended += 1
        shard.looked += 1
        if self.setting.lock == 'fas':
            self.at(now + self.about(self.pause[core]), core, self.look)
        else:
            shard.waiting.append(core)

    def look(self, now, core):
        shard = self.shards[self.target[core]]
        if not shard.held:
            self.take(now, core, shard, self.setting.line if shard.owner != core else 0.0)
            return
        shard.looked += 1
        self.pause[core] = min(self.pause[core] * 2, self.setting.most)
        self.at(now + self.about(self.pause[core]), core, self.look)

    def take(self, now, core, shard, transfer):
        setting = self.setting
        moved = shard.owner != core
        shard.held, shard.owner = True, core
        self.wait += now + transfer - self.since[core]
        hold = setting.hold + (setting.line if moved and setting.writes and setting.keys == 'hot' else 0.0)
        shard.held_for += transfer + hold
        self.at(now + transfer + hold, core, self.release)

    def release(self, now, core):
        """The core goes on at once; the store that frees the lock may have to fetch the line first."""
        setting = self.setting
        target = self.target[core]
        shard = self.shards[target]
        self.done += 1
        if shard.looked and setting.lock != 'mcs':
            shard.held_for += setting.line  # somebody's look took the line away
            self.at(now + setting.line, target, self.free)
        else:
            self.free(now, target)
        self.at(now + self.about(setting.outside), core, self.want)

    def free(self, now, target):
        setting = self.setting
        shard = self.shards[target]
        shard.held = False
        shard.looked = 0
        if shard.waiting:
            following = shard.waiting.pop(0)
            crowd = len(shard.waiting) / 2 if setting.lock == 'ticket' else 0
            self.take(now, following, shard, setting.line * (1 + crowd))
            shard.looked = len(shard.waiting)

    def run(self):
        setting = self.setting
        for core in range(setting.cores):
            self.at(core * setting.outside / setting.cores, core, self.want)
        now = 0.0
        while self.done < setting.commands:
            now, _, core, what = heapq.heappop(self.events)
            what(now, core)
        ideal = setting.cores * 1e9 / (setting.outside + setting.hold)
        return Figures(self.done * 1e9 / now, ideal, self.wait / self.done,
                       max(shard.held_for for shard in self.shards) / now, self.contended / self.done)


def simulate(**values):
    """Figures of one setting."""
    return Simulation(Setting(**values)).run()
