# SPDX-License-Identifier: BSD-3-Clause
"""Lists: short and long ones, large elements, limits of nodes and compression changing under way.

Owner: none, constant tables. Locks: none. Against valkey 9.1 OBJECT ENCODING is exact; Redis 7.0 knows quicklists only.
"""
FAMILIES = {
    "lists": {"LPUSH": 8, "RPUSH": 8, "LPUSHX": 1, "RPUSHX": 1, "L-MANY": 2, "LPOP": 4, "RPOP": 4, "LLEN": 3, "LINDEX": 4, "LSET": 5,
              "LRANGE": 8, "LREM": 4, "LTRIM": 3, "LINSERT": 6, "LPOS": 5, "LMOVE": 4, "RPOPLPUSH": 3, "LMPOP": 3, "L-ENCODING": 4,
              "L-CONFIG": 0.4, "L-COPY": 1, "L-DEL": 0.3},
}


def key(maker):
    return maker.typed_key("l")


def element(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.55:
        return str(rng.randrange(-3, 12))
    if roll < 0.7:
        return rng.choice(["a", "b", "c"])
    if roll < 0.95:
        return maker.value()
    return rng.choice("xyz") * rng.choice([2000, 4000, 4090, 8170, 8192, 9000])


def index(maker):
    rng = maker.rng
    if rng.random() < 0.9:
        return str(rng.randrange(-25, 30)) if rng.random() < 0.8 else str(rng.randrange(-900, 900))
    # nothing beyond 32 bits: valkey 9.1 cuts that off, and sets an element where there is none
    return rng.choice(["a", "", "1.5", "-0", "2147483647", "-2147483648", "9223372036854775808"])


def end(maker):
    return maker.rng.choice(["LEFT", "RIGHT"]) if maker.rng.random() < 0.97 else maker.value()


def make_push(name):
    def make(maker):
        return [name, key(maker)] + [element(maker) for _ in range(maker.rng.choice([1, 1, 1, 2, 3, 10]))]
    return make


def make_many(maker):
    """More than fit into one node, and back to few."""
    where, rng = "l%d" % maker.rng.randrange(4), maker.rng
    items = ["%s%d" % (rng.choice(["", "", "many:"]), at % 50) for at in range(rng.choice([100, 128, 129, 400, 900]))]
    words = [rng.choice(["LPUSH", "RPUSH"]), where] + items
    ask = ["OBJECT", "ENCODING", where]
    return [["DEL", where], words, ask, ["LTRIM", where, "0", str(rng.choice([600, 100, 63, 30, 5]))], ask]


def make_pop(name):
    def make(maker):
        return [name, key(maker)] + ([maker.small()] if maker.rng.random() < 0.3 else [])
    return make


def make_lpos(maker):
    words = ["LPOS", key(maker), element(maker)]
    if maker.rng.random() < 0.5:
        words += ["RANK", maker.rng.choice(["1", "2", "3", "-1", "-2", "-3", "0", "a", "-9223372036854775807"])]
    if maker.rng.random() < 0.5:
        words += ["COUNT", maker.small()]
    if maker.rng.random() < 0.3:
        words += ["MAXLEN", maker.small()]
    return words


def make_lmpop(maker):
    number = maker.rng.choice([1, 1, 2, 3])
    said = str(number) if maker.rng.random() < 0.95 else maker.small()
    words = ["LMPOP", said] + [key(maker) for _ in range(number)] + [end(maker)]
    return words + (["COUNT", maker.small()] if maker.rng.random() < 0.5 else [])


def make_config(maker):
    if maker.rng.random() < 0.5:
        return ["CONFIG", "SET", "list-compress-depth", maker.rng.choice(["0", "0", "1", "2", "3"])]
    return ["CONFIG", "SET", "list-max-listpack-size", maker.rng.choice(["-2", "-2", "-1", "-5", "3", "5", "128", "0", "1"])]


SPECIALS = {
    "LPUSH": make_push("LPUSH"), "RPUSH": make_push("RPUSH"), "LPUSHX": make_push("LPUSHX"), "RPUSHX": make_push("RPUSHX"),
    "L-MANY": make_many, "LPOP": make_pop("LPOP"), "RPOP": make_pop("RPOP"), "LLEN": lambda m: ["LLEN", key(m)],
    "LINDEX": lambda m: ["LINDEX", key(m), index(m)], "LSET": lambda m: ["LSET", key(m), index(m), element(m)],
    "LRANGE": lambda m: ["LRANGE", key(m), index(m), index(m)] if m.rng.random() < 0.7 else ["LRANGE", key(m), "0", "-1"],
    "LREM": lambda m: ["LREM", key(m), m.rng.choice(["0", "1", "2", "-1", "-2", "5", "a"]), element(m)],
    "LTRIM": lambda m: ["LTRIM", key(m), m.rng.choice(["0", "1", "5", "-100"]), m.rng.choice(["-1", "-2", "50", "400", index(m)])],
    "LINSERT": lambda m: ["LINSERT", key(m), m.rng.choice(["BEFORE", "AFTER", "before", "x"]), element(m), element(m)],
    "LPOS": make_lpos, "LMOVE": lambda m: ["LMOVE", key(m), key(m), end(m), end(m)],
    "RPOPLPUSH": lambda m: ["RPOPLPUSH", key(m), key(m)], "LMPOP": make_lmpop,
    "L-ENCODING": lambda m: ["OBJECT", "ENCODING", "l%d" % m.rng.randrange(4)], "L-CONFIG": make_config,
    "L-COPY": lambda m: [["COPY", key(m), "lc", "REPLACE"], ["LRANGE", "lc", "0", "-1"]],
    "L-DEL": lambda m: ["DEL", key(m)],
}
FRAGILE = {"L-CONFIG", "L-MANY"}
DEFAULT_FAMILIES = ["lists"]
