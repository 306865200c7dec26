# SPDX-License-Identifier: BSD-3-Clause
"""HyperLogLogs: elements of a few thousand, so that values become dense, and damaged values.

Owner: none, constant tables. Locks: none. Keys p0 .. p3 mostly hold them.
"""
FAMILIES = {
    "hyperloglogs": {"PFADD": 10, "PFADD-MANY": 2, "PFCOUNT": 5, "PFMERGE": 3, "PFDEBUG": 2, "PF-READ": 4, "PF-DAMAGE": 1,
                     "PF-EMPTY": 1},
}


def key(maker):
    return maker.typed_key("p")


def element(maker):
    return str(maker.rng.randrange(6000)) if maker.rng.random() < 0.9 else maker.value()


def make_add(most):
    def make(maker):
        return ["PFADD", key(maker)] + [element(maker) for _ in range(maker.rng.randrange(most))]
    return make


def make_keys(name, least):
    def make(maker):
        number = max(least, maker.rng.choice([1, 1, 1, 2, 3, 4]))
        return [name] + [key(maker) for _ in range(number)]
    return make


def make_debug(maker):
    word = maker.rng.choice(["GETREG", "DECODE", "ENCODING", "TODENSE", "DECODE", "ENCODING", "nosuch", "encoding"])
    return ["PFDEBUG", word, key(maker)]


def make_read(maker):
    return [maker.rng.choice(["GET", "GET", "STRLEN", "TYPE"]), key(maker)]


def make_damage(maker):
    """Bytes that are not what they should be. A PFADD that breaks off half way leaves different bytes: so only reads."""
    rng, bad = maker.rng, "p%d" % maker.rng.randrange(4)
    damage = rng.choice([["APPEND", bad, "hello"], ["SETRANGE", bad, "0", "0123"], ["SETRANGE", bad, "4", "x"],
                         ["SETRANGE", bad, "4", "\x00"], ["SETRANGE", bad, "16", "\x7f"], ["SET", bad, "HYLL"],
                         ["SET", bad, "HYLL\x01" + "\x00" * 11 + "\x7f"], ["SET", bad, "12"]])
    return [damage, ["PFCOUNT", bad], ["PFCOUNT", bad, key(maker)], ["PFMERGE", "p9", bad], ["PFDEBUG", "ENCODING", bad],
            ["GET", bad], ["DEL", bad, "p9"]]


SPECIALS = {
    "PFADD": make_add(6), "PFADD-MANY": make_add(1500), "PFCOUNT": make_keys("PFCOUNT", 1), "PFMERGE": make_keys("PFMERGE", 1),
    "PFDEBUG": make_debug, "PF-READ": make_read, "PF-DAMAGE": make_damage, "PF-EMPTY": lambda m: ["DEL", key(m)],
}
FRAGILE = {"PFADD-MANY", "PF-DAMAGE", "PF-READ", "PF-EMPTY"}
