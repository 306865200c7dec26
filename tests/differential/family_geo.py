# SPDX-License-Identifier: BSD-3-Clause
"""Places in sorted sets: near each other, around the whole earth, at its edges, and not to be encoded.

Owner: none, constant tables. Locks: none. Keys g0 .. g3 mostly hold them.
"""
FAMILIES = {
    "geo": {"GEOADD": 10, "GEOPOS": 3, "GEODIST": 4, "GEOHASH": 3, "GEORADIUS": 5, "GEORADIUS_RO": 2, "GEORADIUSBYMEMBER": 4,
            "GEORADIUSBYMEMBER_RO": 2, "GEOSEARCH": 10, "GEOSEARCHSTORE": 5, "GEO-SCORES": 1, "GEO-ANY": 1, "GEO-READ": 2,
            "GEO-EMPTY": 0.3},
}


def key(maker):
    return maker.typed_key("g")


def member(maker):
    return "m%d" % maker.rng.randrange(150) if maker.rng.random() < 0.96 else maker.value()


def point(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.5:
        return ["%.6f" % rng.uniform(12, 16), "%.7f" % rng.uniform(36, 40)]
    if roll < 0.9:
        return ["%.9f" % rng.uniform(-180, 180), "%.9f" % rng.uniform(-85.05, 85.05)]
    if roll < 0.96:
        return [rng.choice(["180", "-180", "179.9999", "0"]), rng.choice(["85.05112878", "-85.05112878", "84.999", "-0"])]
    return [rng.choice(["181", "-200", "a", "inf", "1e2"]), rng.choice(["86", "-90", "b", "nan", "1e1"])]


def length(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.9:
        return "%.3f" % (10 ** rng.uniform(-1, 4.5))
    return rng.choice(["0", "1e-3", "100000", "1e9", "inf", "-1", "a", ""])


def unit(maker):
    return maker.rng.choice(["m", "km", "km", "km", "mi", "ft", "KM", "Mi", "m", "parsec"] if maker.rng.random() < 0.1 else ["km", "km", "mi", "m", "ft"])


def make_add(maker):
    rng, words = maker.rng, ["GEOADD", key(maker)]
    for word in ("NX", "XX", "CH"):
        if rng.random() < 0.12:
            words.append(word)
    for _ in range(rng.choice([1, 2, 3, 5, 10])):
        words += point(maker) + [member(maker)]
    return words + ([member(maker)] if rng.random() < 0.03 else [])


def options(maker, withs=True):
    rng, words = maker.rng, []
    if withs:
        for word in ("WITHDIST", "WITHHASH", "WITHCOORD"):
            if rng.random() < 0.3:
                words.append(word)
    if rng.random() < 0.4:
        words.append(rng.choice(["ASC", "DESC"]))
    if rng.random() < 0.3:
        words += ["COUNT", maker.rng.choice(["1", "3", "10", "100", "0", "-1", "a"] if rng.random() < 0.3 else ["2", "5", "20"])]
    if rng.random() < 0.1:
        words.append("ANY")
    if rng.random() < 0.02:
        words.append("JUNK")
    return words


def make_radius(name, from_member, stores):
    def make(maker):
        start = [member(maker)] if from_member else point(maker)
        words = [name, key(maker)] + start + [length(maker), unit(maker)]
        store = stores and maker.rng.random() < 0.25
        words += options(maker, not store or maker.rng.random() < 0.05)
        if store or maker.rng.random() < 0.02:
            words += [maker.rng.choice(["STORE", "STOREDIST"]), maker.typed_key("g")]
        return words
    return make


def shape(maker):
    rng = maker.rng
    parts = []
    if rng.random() < 0.97:
        parts.append(["FROMMEMBER", member(maker)] if rng.random() < 0.4 else ["FROMLONLAT"] + point(maker))
    if rng.random() < 0.97:
        parts.append(["BYRADIUS", length(maker), unit(maker)] if rng.random() < 0.5 else
                     ["BYBOX", length(maker), length(maker), unit(maker)])
    if rng.random() < 0.02:
        parts.append(["FROMMEMBER", member(maker)])
    if rng.random() < 0.02:
        parts.append(["BYBOX", "1", "1", "m"])
    return parts


def make_search(maker):
    parts = shape(maker) + [options(maker)]
    maker.rng.shuffle(parts)
    return ["GEOSEARCH", key(maker)] + sum(parts, [])


def make_store(maker):
    parts = shape(maker) + [options(maker, maker.rng.random() < 0.05)]
    if maker.rng.random() < 0.3:
        parts.append(["STOREDIST"])
    maker.rng.shuffle(parts)
    return ["GEOSEARCHSTORE", key(maker), key(maker)] + sum(parts, [])


def make_distance(maker):
    words = ["GEODIST", key(maker), member(maker), member(maker)]
    return words + ([unit(maker)] if maker.rng.random() < 0.5 else [])


def make_members(name):
    return lambda maker: [name, key(maker)] + [member(maker) for _ in range(maker.rng.randrange(5))]


def make_scores(maker):
    """Scores that no GEOADD made."""
    rng = maker.rng
    score = rng.choice(["0", "-1", "1.5", "4503599627370495", "4503599627370496", "1e17", "1e18", "-1e18", "3377790000000000"])
    bad = "g%d" % rng.randrange(4)
    return [["ZADD", bad, score, "odd"], ["GEOPOS", bad, "odd"], ["GEOHASH", bad, "odd"], ["GEODIST", bad, "odd", member(maker)],
            ["ZREM", bad, "odd"]]


def make_any(maker):
    return ["GEOSEARCH", key(maker), "FROMLONLAT", "14", "38", "BYRADIUS", length(maker), "km", "COUNT", "5", "ANY"]


def make_read(maker):
    return maker.rng.choice([["ZRANGE", key(maker), "0", "-1", "WITHSCORES"], ["ZCARD", key(maker)], ["TYPE", key(maker)],
                             ["OBJECT", "ENCODING", key(maker)]])


SPECIALS = {
    "GEOADD": make_add, "GEOPOS": make_members("GEOPOS"), "GEOHASH": make_members("GEOHASH"), "GEODIST": make_distance,
    "GEORADIUS": make_radius("GEORADIUS", False, True), "GEORADIUS_RO": make_radius("GEORADIUS_RO", False, False),
    "GEORADIUSBYMEMBER": make_radius("GEORADIUSBYMEMBER", True, True),
    "GEORADIUSBYMEMBER_RO": make_radius("GEORADIUSBYMEMBER_RO", True, False),
    "GEOSEARCH": make_search, "GEOSEARCHSTORE": make_store, "GEO-SCORES": make_scores, "GEO-ANY": make_any, "GEO-READ": make_read,
    "GEO-EMPTY": lambda maker: ["DEL", key(maker)],
}
FRAGILE = {"GEO-SCORES", "GEO-READ", "GEO-EMPTY", "GEO-ANY"}
