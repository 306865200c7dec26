# SPDX-License-Identifier: BSD-3-Clause
"""Hashes: few fields often, many at once sometimes, so that both encodings and the change between them are met.

Owner: none, constant tables. Locks: none. Keys h0 .. h3 mostly hold them. The family `hash_deadlines` is for an oracle
that knows deadlines of fields: --families hashes,hash_deadlines --oracle 'redis-server of version 8 ...'.
"""
FAMILIES = {
    "hashes": {"HSET": 14, "HSET-MANY": 1, "HMSET": 2, "HSETNX": 3, "HGET": 6, "HMGET": 3, "HGETALL": 3, "HKEYS": 2, "HVALS": 2,
               "HLEN": 3, "HSTRLEN": 2, "HEXISTS": 2, "HDEL": 6, "HINCRBY": 5, "HINCRBYFLOAT": 4, "HRANDFIELD": 4, "HSCAN": 4,
               "HASH-ENCODING": 2, "HASH-COPY": 1, "HASH-LIMITS": 0.2},
    "hash_deadlines": {"HEXPIRE": 8, "HPEXPIRE": 3, "HEXPIREAT": 4, "HPEXPIREAT": 3, "HTTL": 4, "HPTTL": 2, "HEXPIRETIME": 3,
                       "HPEXPIRETIME": 3, "HPERSIST": 4, "HGETEX": 6, "HSETEX": 8, "HGETDEL": 3},
}
ON_REQUEST = {"hash_deadlines"}


def key(maker):
    return maker.typed_key("h")


def field(maker):
    roll = maker.rng.random()
    if roll < 0.8:
        return "f%d" % maker.rng.randrange(12)
    return str(maker.rng.randrange(5)) if roll < 0.9 else maker.value()


def some_fields(maker):
    return [field(maker) for _ in range(maker.rng.choice([1, 1, 2, 3]))]


def pairs(maker, count):
    return [word for _ in range(count) for word in (field(maker), maker.value())]


def make_set(name):
    def make(maker):
        words = [name, key(maker)] + pairs(maker, maker.rng.choice([1, 1, 1, 2, 4]))
        return words if maker.rng.random() < 0.97 else words[:-1]
    return make


def make_many(maker):
    """About as many fields as a listpack may hold."""
    count = maker.rng.choice([30, 60, 127, 128, 129, 300])
    first = maker.rng.randrange(100)
    return ["HSET", key(maker)] + [w for i in range(first, first + count) for w in ("n%d" % i, str(i))]


def make_fields(name):
    return lambda maker: [name, key(maker)] + some_fields(maker)


def make_field(name):
    return lambda maker: [name, key(maker), field(maker)]


def make_randfield(maker):
    words = ["HRANDFIELD", key(maker)]
    if maker.rng.random() < 0.8:
        words.append(maker.rng.choice(["0", "1", "3", "500", "-1", "-3", "-20", "1000", "a", "9223372036854775807", "-9223372036854775808"]))
        if maker.rng.random() < 0.5:
            words.append(maker.rng.choice(["WITHVALUES", "withvalues", "WITHVALUES", "WITHSCORES"]))
    return words


def make_scan(maker):
    words = ["HSCAN", key(maker), maker.rng.choice(["0", "0", "0", "0", "a", "-0", "1x"])]
    if maker.rng.random() < 0.5:
        words += ["MATCH", maker.rng.choice(["f*", "*", "n?", "[f1]*", maker.pattern()])]
    return words + ["COUNT", maker.rng.choice(["10000", "10000", "5000", "0", "x"])]


def make_limits(maker):
    """Both options at once; the round ends with what they were."""
    entries, value = maker.rng.choice([("128", "64"), ("4", "64"), ("128", "8"), ("512", "64")])
    return [["CONFIG", "SET", "hash-max-listpack-entries", entries, "hash-max-listpack-value", value],
            make_set("HSET")(maker), ["OBJECT", "ENCODING", "h0"], make_set("HSET")(maker), ["OBJECT", "ENCODING", "h1"],
            ["CONFIG", "SET", "hash-max-listpack-entries", "128", "hash-max-listpack-value", "64"]]


# --- deadlines of fields ------------------------------------------------------------------------------

def listed(maker, words):
    """FIELDS and how many, mostly right."""
    count = str(len(words)) if maker.rng.random() < 0.95 else maker.rng.choice(["0", "-1", "a", "7"])
    return [maker.rng.choice(["FIELDS", "FIELDS", "fields"]) if maker.rng.random() < 0.97 else "FIELD", count] + words


def ahead(maker, unit):
    """So far that the moment does not matter, gone, or nonsense."""
    roll = maker.rng.random()
    if roll < 0.75:
        return str(maker.rng.randrange(1000, 9000) * 100 * unit)
    return "0" if roll < 0.88 else maker.rng.choice(["-1", "a", "9223372036854775807", ""])


def at_time(maker, unit):
    roll = maker.rng.random()
    if roll < 0.75:
        return str((3 * 10 ** 9 + maker.rng.randrange(1000)) * unit + (maker.rng.randrange(1000) if unit > 1 else 0))
    return maker.rng.choice(["0", "1"]) if roll < 0.9 else maker.rng.choice(["-1", "a", "9223372036854775807"])


def make_expire(name, time, unit):
    def make(maker):
        condition = [maker.rng.choice(["NX", "XX", "GT", "LT", "gt"])] if maker.rng.random() < 0.4 else []
        return [name, key(maker), time(maker, unit)] + condition + listed(maker, some_fields(maker))
    return make


def make_listed(name):
    return lambda maker: [name, key(maker)] + listed(maker, some_fields(maker))


def timing(maker, last):
    roll = maker.rng.random()
    if roll < 0.25:
        return []
    return maker.rng.choice([["EX", ahead(maker, 1)], ["PX", ahead(maker, 1000)], ["EXAT", at_time(maker, 1)],
                             ["PXAT", at_time(maker, 1000)], [last]])


def make_getex(maker):
    return ["HGETEX", key(maker)] + timing(maker, "PERSIST") + listed(maker, some_fields(maker))


def make_setex(maker):
    condition = [maker.rng.choice(["FNX", "FXX"])] if maker.rng.random() < 0.3 else []
    names = some_fields(maker)
    count = str(len(names)) if maker.rng.random() < 0.95 else maker.rng.choice(["0", "-1", "a", "7"])
    options = condition + timing(maker, "KEEPTTL") if maker.rng.random() < 0.5 else timing(maker, "KEEPTTL") + condition
    return ["HSETEX", key(maker)] + options + ["FIELDS", count] + [w for n in names for w in (n, maker.value())]


SPECIALS = {
    "HSET": make_set("HSET"), "HMSET": make_set("HMSET"), "HSET-MANY": make_many,
    "HSETNX": lambda m: ["HSETNX", key(m), field(m), m.value()],
    "HGET": make_field("HGET"), "HSTRLEN": make_field("HSTRLEN"), "HEXISTS": make_field("HEXISTS"),
    "HMGET": make_fields("HMGET"), "HDEL": make_fields("HDEL"),
    "HGETALL": lambda m: ["HGETALL", key(m)], "HKEYS": lambda m: ["HKEYS", key(m)], "HVALS": lambda m: ["HVALS", key(m)],
    "HLEN": lambda m: ["HLEN", key(m)],
    "HINCRBY": lambda m: ["HINCRBY", key(m), field(m), m.integer()],
    "HINCRBYFLOAT": lambda m: ["HINCRBYFLOAT", key(m), field(m), m.float()],
    "HRANDFIELD": make_randfield, "HSCAN": make_scan, "HASH-LIMITS": make_limits,
    "HASH-ENCODING": lambda m: ["OBJECT", "ENCODING", key(m)],
    "HASH-COPY": lambda m: m.rng.choice([["COPY", key(m), key(m), "REPLACE"], ["RENAME", key(m), key(m)], ["DEL", key(m)]]),
    "HEXPIRE": make_expire("HEXPIRE", ahead, 1), "HPEXPIRE": make_expire("HPEXPIRE", ahead, 1000),
    "HEXPIREAT": make_expire("HEXPIREAT", at_time, 1), "HPEXPIREAT": make_expire("HPEXPIREAT", at_time, 1000),
    "HTTL": make_listed("HTTL"), "HPTTL": make_listed("HPTTL"), "HEXPIRETIME": make_listed("HEXPIRETIME"),
    "HPEXPIRETIME": make_listed("HPEXPIRETIME"), "HPERSIST": make_listed("HPERSIST"), "HGETDEL": make_listed("HGETDEL"),
    "HGETEX": make_getex, "HSETEX": make_setex,
}


def in_pairs(items):
    return sorted((repr(items[at]), repr(items[at + 1])) for at in range(0, len(items) - 1, 2))


def are_lists(ours, theirs):
    return ours[0] == theirs[0] and ours[0] in ("*", "%") and isinstance(ours[1], list) and isinstance(theirs[1], list)


def same_pairs(ours, theirs, _words):
    return are_lists(ours, theirs) and len(ours[1]) == len(theirs[1]) and in_pairs(ours[1]) == in_pairs(theirs[1])


def same_items(ours, theirs, _words):
    return are_lists(ours, theirs) and sorted(map(repr, ours[1])) == sorted(map(repr, theirs[1]))


def same_draw(ours, theirs, _words):
    """As many, in the same shape; all of them where no choice was left cannot be told from here."""
    if ours[0] == "$" and theirs[0] == "$":
        return (ours[1] is None) == (theirs[1] is None)
    return are_lists(ours, theirs) and [i[0] for i in ours[1]] == [i[0] for i in theirs[1]]


def same_hscan(ours, theirs, words):
    return are_lists(ours, theirs) and ours[1][0] == theirs[1][0] and same_pairs(ours[1][1], theirs[1][1], words)


def near_each(tolerance):
    """Times left of each field."""
    def compare(ours, theirs, _words):
        return are_lists(ours, theirs) and len(ours[1]) == len(theirs[1]) and \
            all(a[0] == b[0] == ":" and abs(int(a[1]) - int(b[1])) <= (tolerance if int(a[1]) > 0 else 0)
                for a, b in zip(ours[1], theirs[1]))
    return compare


COMPARE = {"HGETALL": same_pairs, "HKEYS": same_items, "HVALS": same_items, "HRANDFIELD": same_draw, "HSCAN": same_hscan,
           "HTTL": near_each(2), "HPTTL": near_each(2000), "HEXPIRETIME": near_each(2), "HPEXPIRETIME": near_each(2000)}
# Damaged, they would depend on the time, or on the encoding.
FRAGILE = {"HRANDFIELD", "HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HGETEX", "HSETEX", "HASH-LIMITS", "HASH-ENCODING", "HSCAN"}
