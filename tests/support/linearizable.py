# SPDX-License-Identifier: BSD-3-Clause
"""Is a recorded history of one register linearizable: is there an order of its operations, each at one moment between
its invocation and its reply, in which every reply is the one that a single client would have got?

Owner: the caller; nothing is kept. Locks: none.

The search (after Wing and Gong) goes along the recorded moments. It keeps all configurations that explain what was
replied so far: the register's value and, of the operations under way, those that have taken effect. An operation takes
effect at the latest when its reply comes: then the configurations in which it has not go on by every order of what is
under way, and those that cannot explain its reply are dropped. None left: not linearizable. Configurations are kept in
a set, so no way is tried twice; linearizability is local, so each register is searched alone.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """What was asked between two moments, and what came back."""
    invoked_ns: int
    replied_ns: int
    words: tuple   # (name, argument, ...), without the key
    reply: object  # int, bytes or None


def as_integer(value):
    """The number that INCRBY sees, or None."""
    try:
        return int(value or b"0")
    except ValueError:
        return None


def apply(value, words):
    """What a register of this value (None: no such key) replies, and its value afterwards."""
    name = words[0]
    if name == "GET":
        return value, value
    if name == "SET":
        return b"OK", words[1]
    if name == "SET NX":
        return (b"OK", words[1]) if value is None else (None, value)
    if name == "GETSET":
        return value, words[1]
    if name == "GETDEL":
        return value, None
    if name == "APPEND":
        whole = (value or b"") + words[1]
        return len(whole), whole
    if name == "INCRBY":
        number = as_integer(value)
        return ("not an integer", value) if number is None else (number + words[1], b"%d" % (number + words[1]))
    if name == "CAS":  # WATCH, MULTI, SET, EXEC that went through
        return ("changed", value) if value != words[1] else (b"OK", words[2])
    raise ValueError(name)


def explain(configurations, under_way, wanted):
    """The configurations in which the operation of slot `wanted` has taken effect, by any order of what is under way."""
    found, seen, left = set(), set(configurations), list(configurations)
    while left:
        value, done = left.pop()
        if done >> wanted & 1:
            found.add((value, done & ~(1 << wanted)))
            continue
        for slot, operation in under_way.items():
            if done >> slot & 1:
                continue
            reply, after = apply(value, operation.words)
            if reply == operation.reply and (after, done | 1 << slot) not in seen:
                seen.add((after, done | 1 << slot))
                left.append((after, done | 1 << slot))
    return found


def events_of(operations):
    """(moment, is a reply, operation), in time; of one moment the invocations first: they may have overlapped."""
    events = [(operation.invoked_ns, False, index) for index, operation in enumerate(operations)]
    events += [(operation.replied_ns, True, index) for index, operation in enumerate(operations)]
    return sorted(events)


def first_unexplained(operations, value=None):
    """None for a linearizable history of a register that begins with this value; else the operation whose reply no
    order explains."""
    configurations, under_way, slots = {(value, 0)}, {}, {}
    for _, is_reply, index in events_of(operations):
        if not is_reply:
            slots[index] = next(slot for slot in range(len(under_way) + 1) if slot not in under_way)
            under_way[slots[index]] = operations[index]
            continue
        slot = slots.pop(index)
        configurations = explain(configurations, under_way, slot)
        del under_way[slot]
        if not configurations:
            return operations[index]
    return None
