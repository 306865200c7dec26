# SPDX-License-Identifier: BSD-3-Clause
"""Consumer groups of streams: few groups and consumers over the streams that the family `streams` writes.

Owner: none, constant tables. Locks: none. Keys s0 .. s3 mostly hold streams. Redis 7.2 keeps consumers that got nothing
and counts more carefully after XDEL: where the oracle is 7.0, what shows that is not compared.
"""
FAMILIES = {
    "stream_groups": {"XADD": 9, "XGROUP-CREATE": 5, "XGROUP|SETID": 1, "XGROUP|DESTROY": 0.3, "XGROUP|CREATECONSUMER": 1,
                      "XGROUP|DELCONSUMER": 0.5, "XREADGROUP": 12, "XACK": 5, "XCLAIM": 5, "XAUTOCLAIM": 4, "XPENDING": 6,
                      "XINFO|GROUPS": 1, "XINFO|CONSUMERS": 1, "XINFO|STREAM": 2, "XDEL": 2, "XTRIM": 0.7, "XSETID": 0.7,
                      "XREAD": 0.5, "COPY-STREAM": 0.3},
}

TOLERANCE_MS = 5000  # times that pass between one server's turn and the other's


def group(maker):
    return maker.rng.choice(["g1", "g1", "g2", "g3", "nogroup" if maker.rng.random() < 0.1 else "g1"])


def consumer(maker):
    return maker.rng.choice(["alice", "bob", "carol", "dave" if maker.rng.random() < 0.2 else "bob"])


def entry_id(maker):
    """Mostly one that exists."""
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.6:
        return "%d-%d" % (rng.randrange(max(0, maker.tick - 60), maker.tick + 3), rng.randrange(0, 2))
    return maker.stream_id()


def idle(maker):
    """So short, or so long, that the moment does not matter."""
    return maker.rng.choice(["0", "0", "0", "-1", "100000000", "a" if maker.rng.random() < 0.1 else "0"])


def make_create(maker):
    words = ["XGROUP", "CREATE", maker.stream_key(), group(maker), maker.rng.choice(["$", "0", "0", entry_id(maker)])]
    if maker.rng.random() < 0.3:
        words.append("MKSTREAM")
    if maker.rng.random() < 0.3:
        words += ["ENTRIESREAD", maker.rng.choice(["0", "1", "5", "-1", "-2", "x", "100"])]
    return words


def make_setid(maker):
    words = ["XGROUP", "SETID", maker.stream_key(), group(maker), maker.rng.choice(["$", "0", "-", "+", entry_id(maker)])]
    if maker.rng.random() < 0.3:
        words += ["ENTRIESREAD", maker.rng.choice(["0", "1", "5", "-1", "-2", "x"])]
    return words


def make_group_word(word, with_consumer):
    def make(maker):
        return ["XGROUP", word, maker.stream_key(), group(maker)] + ([consumer(maker)] if with_consumer else [])
    return make


def make_readgroup(maker):
    rng, number = maker.rng, maker.rng.choice([1, 1, 1, 1, 2, 3])
    words = ["XREADGROUP", "GROUP", group(maker), consumer(maker)]
    if rng.random() < 0.6:
        words += ["COUNT", rng.choice(["1", "2", "3", "5", "10", "0", "-1", "x" if rng.random() < 0.1 else "1"])]
    if rng.random() < 0.15:
        words.append("NOACK")
    ids = [rng.choice([">", ">", ">", ">", "0", entry_id(maker)]) for _ in range(number)]
    keys = [maker.stream_key() for _ in range(number)]
    return words + ["STREAMS"] + keys + (ids if rng.random() < 0.98 else ids[1:])


def make_ack(maker):
    return ["XACK", maker.stream_key(), group(maker)] + [entry_id(maker) for _ in range(maker.rng.choice([1, 1, 2, 5]))]


def make_claim(maker):
    rng = maker.rng
    words = ["XCLAIM", maker.stream_key(), group(maker), consumer(maker), idle(maker)]
    words += [entry_id(maker) for _ in range(rng.choice([1, 1, 2, 4]))]
    for option in (["IDLE", rng.choice(["0", "-5", "5000000", "x"])], ["TIME", rng.choice(["1", "0", "-1", "99999999999999", "x"])],
                   ["RETRYCOUNT", rng.choice(["0", "7", "-3", "x"])], ["FORCE"], ["JUSTID"], ["LASTID", entry_id(maker)], ["JUNK"]):
        if rng.random() < (0.25 if option[0] != "JUNK" else 0.02):
            words += option
    return words


def make_autoclaim(maker):
    rng = maker.rng
    words = ["XAUTOCLAIM", maker.stream_key(), group(maker), consumer(maker), idle(maker),
             rng.choice(["0", "0", "-", "+", entry_id(maker)])]
    if rng.random() < 0.5:
        words += ["COUNT", rng.choice(["1", "2", "5", "0", "-1", "x", "576460752303423487", "576460752303423488"][:rng.choice([3, 3, 6])])]
    if rng.random() < 0.3:
        words.append("JUSTID")
    return words


def make_pending(maker):
    rng, words = maker.rng, ["XPENDING", maker.stream_key(), group(maker)]
    if rng.random() < 0.3:
        return words
    if rng.random() < 0.2:
        words += ["IDLE", rng.choice(["0", "-1", "100000000", "x"])]
    words += [rng.choice(["-", entry_id(maker)]), rng.choice(["+", entry_id(maker)]), rng.choice(["1", "5", "100", "0", "-1", "x"])]
    if rng.random() < 0.4:
        words.append(consumer(maker))
    return words


def make_info(word):
    def make(maker):
        words = ["XINFO", word, maker.stream_key()]
        if word == "CONSUMERS":
            return words + [group(maker)]
        if word == "STREAM" and maker.rng.random() < 0.7:
            words += ["FULL"] + (["COUNT", maker.rng.choice(["0", "1", "3", "-1", "x"])] if maker.rng.random() < 0.5 else [])
        return words
    return make


def make_setid_of_stream(maker):
    words = ["XSETID", maker.stream_key(), entry_id(maker)]
    if maker.rng.random() < 0.4:
        words += ["ENTRIESADDED", maker.rng.choice(["0", "10", "100", "-1", "x"])]
    if maker.rng.random() < 0.4:
        words += ["MAXDELETEDID", entry_id(maker)]
    return words


def make_copy(maker):
    return ["COPY", maker.stream_key(), maker.stream_key()] + (["REPLACE"] if maker.rng.random() < 0.6 else [])


SPECIALS = {
    "XGROUP-CREATE": make_create, "XGROUP|SETID": make_setid, "XGROUP|DESTROY": make_group_word("DESTROY", False),
    "XGROUP|CREATECONSUMER": make_group_word("CREATECONSUMER", True), "XGROUP|DELCONSUMER": make_group_word("DELCONSUMER", True),
    "XREADGROUP": make_readgroup, "XACK": make_ack, "XCLAIM": make_claim, "XAUTOCLAIM": make_autoclaim, "XPENDING": make_pending,
    "XINFO|GROUPS": make_info("GROUPS"), "XINFO|CONSUMERS": make_info("CONSUMERS"), "XINFO|STREAM": make_info("STREAM"),
    "XSETID": make_setid_of_stream, "COPY-STREAM": make_copy,
}


def near(ours, theirs):
    return ours[0] == theirs[0] == ":" and abs(int(ours[1]) - int(theirs[1])) <= TOLERANCE_MS


def fields_of(reply):
    """A reply that lists names and values, as a dict; None when it is not one."""
    if reply[0] not in ("*", "%") or not isinstance(reply[1], list) or len(reply[1]) % 2 != 0:
        return None
    return {reply[1][at][1]: reply[1][at + 1] for at in range(0, len(reply[1]), 2)}


TIMES = (b"idle", b"inactive", b"seen-time", b"active-time")
COUNTERS = (b"entries-read", b"lag")


def same_pending_row(ours, theirs, at):
    """Item `at` is a time."""
    return len(ours[1]) == len(theirs[1]) and all(
        near(a, b) if n == at else a == b for n, (a, b) in enumerate(zip(ours[1], theirs[1])))


def is_old(consumers):
    """Whether the list of consumers is as Redis 7.0 makes it."""
    return any(b"inactive" not in (fields_of(c) or {}) and b"active-time" not in (fields_of(c) or {}) for c in consumers[1])


def same_consumers(ours, theirs):
    """Of 7.0 the consumers with something pending, which both have: there others are made, and removed, at other times."""
    old = is_old(theirs) or not theirs[1]
    mine, yours = [fields_of(c) for c in ours[1]], [fields_of(c) for c in theirs[1]]
    if old:
        busy = lambda c: c.get(b"pel-count", c.get(b"pending")) != (":", b"0") and c.get(b"pel-count", c.get(b"pending"))[1] not in (0, "0")
        mine, yours = [c for c in mine if busy(c)], [c for c in yours if busy(c)]
    return len(mine) == len(yours) and all(same_fields(a, b, old) for a, b in zip(mine, yours))


def same_fields(mine, yours, old):
    for name in yours:
        if name not in mine:
            return False
        if name in TIMES:
            if not near(mine[name], yours[name]) and not (old and name in (b"idle", b"seen-time")):
                return False
        elif name == b"pending" and mine[name][0] == "*":
            rows = list(zip(mine[name][1], yours[name][1]))
            if len(mine[name][1]) != len(yours[name][1]) or not all(same_pending_row(a, b, len(a[1]) - 2) for a, b in rows):
                return False
        elif mine[name] != yours[name]:
            return False
    return True


def same_groups(ours, theirs):
    """The counters are compared where the oracle counts as 7.2.7 does, which it does not say: see is_old."""
    if len(ours[1]) != len(theirs[1]):
        return False
    for a, b in zip(ours[1], theirs[1]):
        mine, yours = fields_of(a), fields_of(b)
        for name in yours:
            if name == b"consumers" and yours[name][0] == "*":
                if not same_consumers(mine[name], yours[name]):
                    return False
            elif name == b"pending" and yours[name][0] == "*":
                if not same_fields({name: mine[name]}, {name: yours[name]}, False):
                    return False
            elif name not in COUNTERS and name != b"consumers" and mine[name] != yours[name]:
                return False
    return True


def compare_pending(ours, theirs, words):
    if len(words) == 3 or ours[0] != "*" or theirs[0] != "*" or ours[1] is None or theirs[1] is None:
        return False
    return len(ours[1]) == len(theirs[1]) and all(same_pending_row(a, b, 2) for a, b in zip(ours[1], theirs[1]))


def both_lists(ours, theirs):
    return all(reply[0] in ("*", "%") and isinstance(reply[1], list) for reply in (ours, theirs))


def compare_stream(ours, theirs, _words):
    if not both_lists(ours, theirs):
        return False
    mine, yours = fields_of(ours), fields_of(theirs)
    for name in yours:
        if name == b"groups" and yours[name][0] == "*":
            if not same_groups(mine[name], yours[name]):
                return False
        elif name != b"radix-tree-nodes" and mine[name] != yours[name]:
            return False
    return True


COMPARE = {
    "XPENDING": compare_pending,
    "XINFO|GROUPS": lambda ours, theirs, _words: both_lists(ours, theirs) and same_groups(ours, theirs),
    "XINFO|CONSUMERS": lambda ours, theirs, _words: both_lists(ours, theirs) and same_consumers(ours, theirs),
    "XINFO|STREAM": compare_stream,
    # 7.0 makes a consumer only when it gets something
    "XGROUP|CREATECONSUMER": lambda ours, theirs, _words: ours[0] == theirs[0] == ":",
}
PARENTS = {"XGROUP"}
# A damaged XREADGROUP could block, and a damaged time make what is idle depend on the moment.
FRAGILE = {"XREADGROUP", "XCLAIM", "XAUTOCLAIM", "XPENDING", "COPY-STREAM"}
