# SPDX-License-Identifier: BSD-3-Clause
"""Sorted sets: few members and many, so that both encodings occur; scores of all kinds.

Owner: none, constant tables. Locks: none. Keys z0 .. z3 mostly hold sorted sets; y0 and y1 hold some whose scores are all
equal, as ranges by bytes want it, and are touched by no other command.
"""
FAMILIES = {
    "zsets": {"ZADD": 14, "ZADD-MANY": 1, "ZINCRBY": 4, "ZREM": 4, "ZCARD": 2, "ZSCORE": 3, "ZMSCORE": 2, "ZRANK": 3, "ZREVRANK": 2,
              "ZCOUNT": 3, "ZRANGE": 6, "ZREVRANGE": 3, "ZRANGEBYSCORE": 5, "ZREVRANGEBYSCORE": 3, "ZRANGESTORE": 3,
              "ZREMRANGEBYRANK": 1.5, "ZREMRANGEBYSCORE": 1.5, "ZPOPMIN": 2, "ZPOPMAX": 2, "ZMPOP": 2, "ZRANDMEMBER": 2, "ZSCAN": 2,
              "ZUNION": 2, "ZINTER": 2, "ZDIFF": 2, "ZUNIONSTORE": 2, "ZINTERSTORE": 2, "ZDIFFSTORE": 2, "ZINTERCARD": 2,
              "Z-LEX-ADD": 4, "Z-LEX-RANGE": 6, "Z-LEX-COUNT": 2, "Z-LEX-REM": 1, "Z-ENCODING": 2, "Z-DEL": 0.5,
              "Z-SADD": 1},
}
SCORES = ["0", "-0", "1", "-1", "2", "3", "0.5", "inf", "-inf", "+inf", "1e308", "-1e308", "3.0000000000000004", "1e17",
          "9007199254740993", "4611686018427387904", "5e-324", "0x10", "100", "1e-5", "123456789.125", "99999999999999999999"]


def key(maker):
    return maker.typed_key("z")


def member(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.5:
        return "m%d" % rng.randrange(30)
    if roll < 0.8:
        return str(rng.randrange(-5, 40))
    return maker.value()


def score(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.6:
        return str(rng.randrange(-10, 20))
    if roll < 0.95:
        return rng.choice(SCORES) if roll < 0.8 else "%.3f" % rng.uniform(-20, 20)
    return rng.choice(["", "a", "nan", "1a", " 1", "1 ", "(1"])


def bound(maker):
    return ("(" if maker.rng.random() < 0.25 else "") + (maker.rng.choice(["-inf", "+inf"]) if maker.rng.random() < 0.2
                                                        else score(maker))


def index(maker):
    rng = maker.rng
    return str(rng.randrange(-12, 20)) if rng.random() < 0.85 else rng.choice(["-1", "0", "1000", "-1000", "a", "1.5"])


def limit(maker, chance=0.4):
    rng = maker.rng
    if rng.random() > chance:
        return []
    return ["LIMIT", rng.choice(["0", "0", "1", "2", "5", "100", "-1", "a"]), rng.choice(["0", "1", "2", "10", "-1", "-5", "a"])]


def make_zadd(maker):
    rng, words = maker.rng, ["ZADD", key(maker)]
    for word in ("NX", "XX", "GT", "LT", "CH", "INCR"):
        if rng.random() < 0.08:
            words.append(word)
    for _ in range(1 if "INCR" in words and rng.random() < 0.9 else rng.choice([1, 1, 2, 3, 20])):
        words += [score(maker), member(maker)]
    return words


def make_many(maker):
    """Enough distinct members to leave the listpack behind, and back to few."""
    where = "z%d" % maker.rng.randrange(4)
    words = ["ZADD", where]
    for at in range(maker.rng.choice([100, 127, 128, 129, 400])):
        words += [str(maker.rng.randrange(-50, 50)), "many:%d" % at]
    return [["DEL", where], words, ["OBJECT", "ENCODING", where]] if maker.rng.random() < 0.5 else [["DEL", where], words]


def with_scores(maker):
    return ["WITHSCORES"] if maker.rng.random() < 0.5 else []


def make_zrange(maker):
    words = ["ZRANGE", key(maker)]
    if maker.rng.random() < 0.5:
        words += [index(maker), index(maker)] + limit(maker, 0.05)
    else:
        words += [bound(maker), bound(maker), "BYSCORE"] + limit(maker)
    if maker.rng.random() < 0.4:
        words.append("REV")
    return words + with_scores(maker)


def make_by_score(name):
    def make(maker):
        return [name, key(maker), bound(maker), bound(maker)] + with_scores(maker) + limit(maker)
    return make


def make_store(maker):
    return ["ZRANGESTORE", key(maker)] + [w for w in make_zrange(maker)[1:] if w != "WITHSCORES"]


def sources(maker):
    rng = maker.rng
    count = rng.choice([1, 2, 2, 3, 4])
    said = str(count) if rng.random() < 0.95 else rng.choice(["0", "-1", "5", "a"])
    return count, [said] + [key(maker) if rng.random() < 0.85 else maker.typed_key("t") for _ in range(count)]


def make_combination(name, stores, aggregates):
    def make(maker):
        rng = maker.rng
        count, words = sources(maker)
        if aggregates and rng.random() < 0.4:
            words += ["WEIGHTS"] + [rng.choice(["1", "2", "-1", "0", "0.5", "inf", "-inf", "a"][:7 + (rng.random() < 0.1)])
                                    for _ in range(count)]
        if aggregates and rng.random() < 0.4:
            words += ["AGGREGATE", rng.choice(["SUM", "MIN", "MAX", "sum", "x"])]
        if not stores and rng.random() < 0.5:
            words.append("WITHSCORES")
        return [name] + ([key(maker)] if stores else []) + words
    return make


def make_card(maker):
    return ["ZINTERCARD"] + sources(maker)[1] + (["LIMIT", maker.rng.choice(["0", "1", "2", "10", "-1", "a"])]
                                                 if maker.rng.random() < 0.4 else [])


def make_mpop(maker):
    return ["ZMPOP"] + sources(maker)[1] + [maker.rng.choice(["MIN", "MAX", "max", "x"])] + (
        ["COUNT", maker.rng.choice(["1", "2", "5", "0", "a"])] if maker.rng.random() < 0.4 else [])


def make_random(maker):
    words = ["ZRANDMEMBER", key(maker)]
    if maker.rng.random() < 0.7:
        words.append(index(maker))
        words += with_scores(maker)
    return words


def make_scan(maker):
    words = ["ZSCAN", key(maker), "0" if maker.rng.random() < 0.97 else "a", "COUNT", "10000"]
    return words + (["MATCH", maker.pattern()] if maker.rng.random() < 0.3 else [])


def make_rank(name):
    def make(maker):
        return [name, key(maker), member(maker)]
    return make


# --- equal scores --------------------------------------------------------------------------------

def lex_key(maker):
    return "y%d" % maker.rng.randrange(2)


def lex_member(maker):
    rng = maker.rng
    return "".join(rng.choice("abc1\x00\xff") for _ in range(rng.randrange(4))) if rng.random() < 0.95 else "z" * rng.randrange(100)


def lex_bound(maker):
    roll = maker.rng.random()
    if roll < 0.2:
        return maker.rng.choice(["-", "+"])
    if roll < 0.95:
        return maker.rng.choice("([") + lex_member(maker)
    return maker.rng.choice(["", "a", "1", "--", "+a", "-\x00a"])


def make_lex_add(maker):
    words = ["ZADD", lex_key(maker)]
    for _ in range(maker.rng.choice([1, 2, 10])):
        words += ["0", lex_member(maker)]
    return words


def make_lex_range(maker):
    rng = maker.rng
    ends = [lex_key(maker), lex_bound(maker), lex_bound(maker)]
    roll = rng.random()
    if roll < 0.4:
        return ["ZRANGE"] + ends + ["BYLEX"] + (["REV"] if rng.random() < 0.5 else []) + limit(maker)
    if roll < 0.5:
        return ["ZRANGESTORE", key(maker)] + ends + ["BYLEX"] + limit(maker)
    return [rng.choice(["ZRANGEBYLEX", "ZREVRANGEBYLEX"])] + ends + limit(maker)


# --- comparing -----------------------------------------------------------------------------------

def same_size(ours, theirs, _words):
    """Random members: how many there are, and nothing where there is nothing."""
    if ours[0] != theirs[0] or (ours[1] is None) != (theirs[1] is None):
        return False
    return not isinstance(ours[1], list) or len(ours[1]) == len(theirs[1])


def same_scan(ours, theirs, _words):
    if ours[0] != "*" or theirs[0] != "*":
        return False
    pairs = [sorted(zip(reply[1][1][1][::2], reply[1][1][1][1::2]), key=repr) for reply in (ours, theirs)]
    return ours[1][0] == theirs[1][0] and pairs[0] == pairs[1]


SPECIALS = {
    "ZADD": make_zadd, "ZADD-MANY": make_many, "ZINCRBY": lambda m: ["ZINCRBY", key(m), score(m), member(m)],
    "ZREM": lambda m: ["ZREM", key(m)] + [member(m) for _ in range(m.rng.choice([1, 1, 2, 10]))],
    "ZCARD": lambda m: ["ZCARD", key(m)], "ZSCORE": make_rank("ZSCORE"), "ZRANK": make_rank("ZRANK"),
    "ZMSCORE": lambda m: ["ZMSCORE", key(m)] + [member(m) for _ in range(m.rng.choice([1, 2, 5]))],
    "ZREVRANK": make_rank("ZREVRANK"), "ZCOUNT": lambda m: ["ZCOUNT", key(m), bound(m), bound(m)], "ZRANGE": make_zrange,
    "ZREVRANGE": lambda m: ["ZREVRANGE", key(m), index(m), index(m)] + with_scores(m), "ZRANGESTORE": make_store,
    "ZRANGEBYSCORE": make_by_score("ZRANGEBYSCORE"), "ZREVRANGEBYSCORE": make_by_score("ZREVRANGEBYSCORE"),
    "ZREMRANGEBYRANK": lambda m: ["ZREMRANGEBYRANK", key(m), index(m), index(m)],
    "ZREMRANGEBYSCORE": lambda m: ["ZREMRANGEBYSCORE", key(m), bound(m), bound(m)],
    "ZPOPMIN": lambda m: ["ZPOPMIN", key(m)] + ([index(m)] if m.rng.random() < 0.5 else []),
    "ZPOPMAX": lambda m: ["ZPOPMAX", key(m)] + ([index(m)] if m.rng.random() < 0.5 else []),
    "ZMPOP": make_mpop, "ZRANDMEMBER": make_random, "ZSCAN": make_scan, "ZINTERCARD": make_card,
    "ZUNION": make_combination("ZUNION", False, True), "ZINTER": make_combination("ZINTER", False, True),
    "ZDIFF": make_combination("ZDIFF", False, False), "ZUNIONSTORE": make_combination("ZUNIONSTORE", True, True),
    "ZINTERSTORE": make_combination("ZINTERSTORE", True, True), "ZDIFFSTORE": make_combination("ZDIFFSTORE", True, False),
    "Z-LEX-ADD": make_lex_add, "Z-LEX-RANGE": make_lex_range,
    "Z-LEX-COUNT": lambda m: ["ZLEXCOUNT", lex_key(m), lex_bound(m), lex_bound(m)],
    "Z-LEX-REM": lambda m: ["ZREMRANGEBYLEX", lex_key(m), lex_bound(m), lex_bound(m)],
    "Z-ENCODING": lambda m: ["OBJECT", "ENCODING", "z%d" % m.rng.randrange(4)], "Z-DEL": lambda m: ["DEL", "z%d" % m.rng.randrange(4)],
    "Z-SADD": lambda m: ["SADD", "t%d" % m.rng.randrange(4)] + [member(m) for _ in range(m.rng.choice([1, 3, 10]))],
}
COMPARE = {"ZRANDMEMBER": same_size, "ZSCAN": same_scan}
# A damaged ZRANDMEMBER may ask for more than memory holds.
FRAGILE = {"ZRANDMEMBER", "ZADD-MANY", "ZSCAN", "Z-LEX-ADD", "Z-LEX-RANGE", "Z-LEX-COUNT", "Z-LEX-REM", "Z-ENCODING", "Z-DEL", "Z-SADD"}
