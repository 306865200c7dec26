# SPDX-License-Identifier: BSD-3-Clause
"""The turns of a server's event loops as the preloaded turns.c has recorded them, and whether long ones are its own.

A turn is what a thread does between two calls of epoll_wait. Its own time is its thread's processor time: time in which
the scheduler ran somebody else is not in it, nor, where witness.c may run, time that a hypervisor took from its processor.
What is left of that, and interrupts, falls on every thread by the processor time it uses: long turns are compared by the
second of processor time, not by the turn.
"""
import ctypes
import math
import mmap
import os
import subprocess
import sys

from pauses import LONG_MS, SIGNIFICANT

THREADS, BUCKETS, WORST = 80, 256, 16  # as in turns.c
FILE = 'turns'


class Turn(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ('at_ns', 'wall_ns', 'cpu_ns', 'taken_ns')] + [
        (name, ctypes.c_uint32)
        for name in ('events', 'yields', 'voluntary', 'involuntary', 'minor_faults', 'major_faults')]

    def __str__(self):
        return ('own %.2f ms of %.2f, taken %.2f, %d events, faults %d minor %d major, switches %d voluntary %d not, %d yields' %
                (self.cpu_ns / 1e6, self.wall_ns / 1e6, self.taken_ns / 1e6, self.events, self.minor_faults, self.major_faults,
                 self.voluntary, self.involuntary, self.yields))


class Part(ctypes.Structure):
    COUNTS = ('turns', 'wall_ns', 'cpu_ns', 'long_wall', 'long_cpu', 'long_waited', 'episodes')
    _fields_ = [('thread', ctypes.c_uint32), ('phase', ctypes.c_uint32), ('name', ctypes.c_char * 16),
                *((name, ctypes.c_uint64) for name in COUNTS), ('last_long_ns', ctypes.c_uint64),
                ('cpu_buckets', ctypes.c_uint64 * BUCKETS), ('wall_buckets', ctypes.c_uint64 * BUCKETS),
                ('worst', Turn * WORST), ('worst_waited', Turn * WORST)]


class Record(ctypes.Structure):
    _fields_ = [('phase', ctypes.c_uint32), ('parts', ctypes.c_uint32), ('part', Part * THREADS)]


class Witness:
    """Runs the witness while it is open; without the privilege that it needs it says so, and nothing is subtracted."""

    def __init__(self, tools, directory):
        self.tools, self.file = tools, os.path.join(directory, 'taken')

    def __enter__(self):
        self.process = subprocess.Popen([self.tools['witness'], self.file], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.process.stdout.readline() != b'ready\n':
            print('no real-time priority: own time includes what a hypervisor takes', file=sys.stderr)
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=10)

    def environment(self):
        """What a server is started with so that its turns are recorded; {dir} is its directory."""
        return {'LD_PRELOAD': self.tools['turns'], 'TURNS_FILE': os.path.join('{dir}', FILE), 'TURNS_TAKEN': self.file}


def least_of(bucket):
    """The fewest nanoseconds that are counted in this bucket."""
    return min(bucket, 4) if bucket < 8 else (4 + bucket % 4) << (bucket // 4 - 2)


class Turns:
    """The turns of all workers of one server in one phase."""

    def __init__(self, parts=()):
        self.counts = {name: sum(getattr(part, name) for part in parts) for name in Part.COUNTS}
        self.cpu_buckets = [sum(part.cpu_buckets[i] for part in parts) for i in range(BUCKETS)]
        turns = [Turn.from_buffer_copy(turn) for part in parts for turn in part.worst]
        self.worst = sorted((turn for turn in turns if turn.wall_ns), key=lambda turn: -turn.cpu_ns)
        turns = [Turn.from_buffer_copy(turn) for part in parts for turn in part.worst_waited]
        self.worst_waited = sorted((turn for turn in turns if turn.wall_ns), key=lambda turn: -turn.wall_ns)

    def longest_ms(self):
        return self.worst[0].cpu_ns / 1e6 if self.worst else 0.0

    def quantile_ms(self, share):
        """The upper end of the bucket in which this share of the turns is reached."""
        left = share * self.counts['turns']
        for bucket, count in enumerate(self.cpu_buckets):
            left -= count
            if count and left <= 0:
                return min(least_of(bucket + 1) / 1e6, self.longest_ms())
        return 0.0

    def line(self):
        count = self.counts
        return ('%7d turns %6.2f s  own <= %5.2f ms, 50th %.3f, 99th %.3f, 99.99th %.3f  over %d ms: own %d in %d episodes, '
                'waited %d, wall %d' % (count['turns'], count['cpu_ns'] / 1e9, self.longest_ms(), self.quantile_ms(.5),
                                        self.quantile_ms(.99), self.quantile_ms(.9999), LONG_MS, count['long_cpu'],
                                        count['episodes'], count['long_waited'], count['long_wall']))


class Recorded:
    """The record of a process that was started with Witness.environment() in this directory."""

    def __init__(self, directory):
        with open(os.path.join(directory, FILE), 'r+b') as file:
            self.record = Record.from_buffer(mmap.mmap(file.fileno(), ctypes.sizeof(Record)))

    def begin(self):
        """Starts a phase: what was recorded before is forgotten."""
        self.record.phase += 1

    def turns(self):
        """Of the phase so far; of a server that does not name its workers, of all its loops."""
        parts = [part for part in self.record.part[:min(self.record.parts, THREADS)] if part.phase == self.record.phase]
        return Turns([part for part in parts if part.name.startswith(b'worker-')] or parts)


def blame_turns(server, responder):
    """'OURS', 'not ours', "the machine's" or 'undecided': whose the turns are that took over a millisecond of own time,
    counted in episodes. The machine's are those that the responder has as often in a second of processor time."""
    found = server.counts['episodes']
    if not found:
        return 'not ours'
    scale = server.counts['cpu_ns'] / max(responder.counts['cpu_ns'], 1)
    expected = responder.counts['episodes'] * scale
    if found - expected > SIGNIFICANT * math.sqrt(found + expected * scale + 1):
        return 'OURS'
    return "the machine's" if found <= expected else 'undecided'
