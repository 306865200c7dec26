# SPDX-License-Identifier: BSD-3-Clause
"""Sets: integers alone, short and long texts, many at once, so that all encodings and every change between them are met.

Owner: none, constant tables. Locks: none. Keys t0 .. t3 mostly hold them. Redis 7.0 has no small sets of texts; against valkey
9.1 OBJECT ENCODING is exact, and there is the family `set_limits`: --families sets,set_limits --oracle 'valkey-server of version
9.1 ...'. What is popped at random is deleted in the same step, so that both servers agree again.
"""
FAMILIES = {
    "sets": {"SADD": 14, "T-MANY": 1.5, "SREM": 6, "SISMEMBER": 3, "SMISMEMBER": 3, "SCARD": 3, "SMEMBERS": 4, "T-POP": 2, "T-POP-ALL": 1,
             "SRANDMEMBER": 4, "SMOVE": 5, "SINTER": 5, "SINTERSTORE": 4, "SINTERCARD": 5, "SUNION": 4, "SUNIONSTORE": 3, "SDIFF": 5,
             "SDIFFSTORE": 4, "SSCAN": 4, "T-ENCODING": 4, "T-COPY": 1, "T-DEL": 0.5},
    "set_limits": {"T-LIMITS": 1, "SADD": 1, "T-ENCODING": 1, "SUNIONSTORE": 1, "SINTERSTORE": 1, "SDIFFSTORE": 1},
}
ON_REQUEST = {"set_limits"}


def key(maker):
    return maker.typed_key("t")


def member(maker):
    roll = maker.rng.random()
    if roll < 0.55:
        return str(maker.rng.randrange(-5, 25))
    if roll < 0.75:
        return maker.rng.choice(["a", "b", "c", "05", "+5", "-0", "", "1e3"])
    if roll < 0.9:
        return str(maker.rng.choice([32767, 32768, -32768, -32769, 2147483647, 2147483648, -2147483649, 2**63 - 1, -2**63, 2**63]))
    return maker.value() if roll < 0.97 else "long" * maker.rng.choice([15, 16, 17, 70])


def some(maker):
    return [member(maker) for _ in range(maker.rng.choice([1, 1, 1, 2, 3, 8]))]


def keys(maker):
    return [key(maker) for _ in range(maker.rng.choice([1, 2, 2, 2, 3, 4, 7]))]


def with_members(name):
    return lambda maker: [name, key(maker)] + some(maker)


def with_keys(name, stores):
    return lambda maker: [name] + ([key(maker)] if stores else []) + keys(maker)


def make_many(maker):
    """About as many as an encoding may hold."""
    rng, where = maker.rng, "t%d" % maker.rng.randrange(4)
    first, count = rng.randrange(100), rng.choice([100, 127, 128, 129, 511, 512, 513, 900])
    prefix = rng.choice(["", "", "m"])
    words = ["SADD", where] + [prefix + str(at) for at in range(first, first + count)]
    ask = ["OBJECT", "ENCODING", where]
    return [words, ask, ["SADD", where, member(maker)], ask]


def make_pop(maker):
    where = key(maker)
    words = ["SPOP", where] + ([maker.rng.choice(["0", "1", "2", "3", "5", "100", "a", "-1", "-0"])] if maker.rng.random() < 0.7 else [])
    return [words + (["x"] if maker.rng.random() < 0.03 else []), ["SCARD", where], ["DEL", where]]


def make_pop_all(maker):
    where = key(maker)
    return [["SPOP", where, "1000000"], ["EXISTS", where], ["SPOP", where], ["SPOP", where, "3"]]


def make_random(maker):
    words = ["SRANDMEMBER", key(maker)]
    if maker.rng.random() < 0.8:
        words.append(maker.rng.choice(["0", "1", "3", "500", "-1", "-3", "-20", "1000000", "a", "9223372036854775807",
                                       "-9223372036854775808"]))
    return words + (["x"] if maker.rng.random() < 0.03 else [])


def make_card(maker):
    number = maker.rng.choice([1, 2, 2, 3])
    said = str(number) if maker.rng.random() < 0.93 else maker.rng.choice(["0", "-1", "a", "9", "1"])
    words = ["SINTERCARD", said] + [key(maker) for _ in range(number)]
    for _ in range(maker.rng.choice([0, 0, 1, 1, 1, 2])):
        words += [maker.rng.choice(["LIMIT", "limit", "LIMITS"]), maker.rng.choice(["0", "1", "2", "5", "100", "-1", "a"])]
    return words[:-1] if maker.rng.random() < 0.03 else words


def make_scan(maker):
    words = ["SSCAN", key(maker), maker.rng.choice(["0", "0", "0", "0", "a", "-0", "1x"])]
    if maker.rng.random() < 0.5:
        words += ["MATCH", maker.rng.choice(["1*", "*", "m?", "[a1]*", maker.pattern()])]
    return words + ["COUNT", maker.rng.choice(["10000", "10000", "5000", "0", "x"])]


def make_limits(maker):
    """The options change; what exists is judged by the new ones; at the end they are what they were. Nothing is stored
    meanwhile: what a union becomes under odd limits depends on the order of its members."""
    ints, entries, value = maker.rng.choice([("512", "128", "64"), ("4", "6", "64"), ("0", "128", "64"), ("0", "0", "64"), ("512", "128", "4")])
    adds = [words for _ in range(4) for where in [key(maker)]
            for words in (["SADD", where] + some(maker), ["OBJECT", "ENCODING", where])]
    return [["CONFIG", "SET", "set-max-intset-entries", ints], ["CONFIG", "SET", "set-max-listpack-entries", entries],
            ["CONFIG", "SET", "set-max-listpack-value", value]] + adds + \
        [["CONFIG", "SET", "set-max-intset-entries", "512"], ["CONFIG", "SET", "set-max-listpack-entries", "128"],
         ["CONFIG", "SET", "set-max-listpack-value", "64"]]


SPECIALS = {
    "SADD": with_members("SADD"), "T-MANY": make_many, "SREM": with_members("SREM"), "SMISMEMBER": with_members("SMISMEMBER"),
    "SISMEMBER": lambda m: ["SISMEMBER", key(m), member(m)], "SCARD": lambda m: ["SCARD", key(m)], "SMEMBERS": lambda m: ["SMEMBERS", key(m)],
    "T-POP": make_pop, "T-POP-ALL": make_pop_all, "SRANDMEMBER": make_random, "SMOVE": lambda m: ["SMOVE", key(m), key(m), member(m)],
    "SINTER": with_keys("SINTER", False), "SINTERSTORE": with_keys("SINTERSTORE", True), "SINTERCARD": make_card,
    "SUNION": with_keys("SUNION", False), "SUNIONSTORE": with_keys("SUNIONSTORE", True), "SDIFF": with_keys("SDIFF", False),
    "SDIFFSTORE": with_keys("SDIFFSTORE", True), "SSCAN": make_scan, "T-ENCODING": lambda m: ["OBJECT", "ENCODING", "t%d" % m.rng.randrange(4)],
    "T-LIMITS": make_limits,
    "T-COPY": lambda m: m.rng.choice([["COPY", key(m), key(m), "REPLACE"], ["RENAME", key(m), key(m)]]),
    "T-DEL": lambda m: ["DEL", key(m)],
}


def are_lists(ours, theirs):
    return ours[0] == theirs[0] and ours[0] in ("*", "~") and isinstance(ours[1], list) and isinstance(theirs[1], list)


def same_items(ours, theirs, _words):
    return are_lists(ours, theirs) and sorted(map(repr, ours[1])) == sorted(map(repr, theirs[1]))


def same_draw(ours, theirs, _words):
    """As many; which ones is left to chance."""
    if ours[0] == "$" and theirs[0] == "$":
        return (ours[1] is None) == (theirs[1] is None)
    return are_lists(ours, theirs) and len(ours[1]) == len(theirs[1])


def same_scan(ours, theirs, words):
    return are_lists(ours, theirs) and ours[1][0] == theirs[1][0] and same_items(ours[1][1], theirs[1][1], words)


COMPARE = {"SMEMBERS": same_items, "SINTER": same_items, "SUNION": same_items, "SDIFF": same_items, "SPOP": same_draw,
           "SRANDMEMBER": same_draw, "SSCAN": same_scan}
FRAGILE = {"T-POP", "T-POP-ALL", "T-MANY", "T-LIMITS", "T-ENCODING", "SRANDMEMBER", "SSCAN"}
