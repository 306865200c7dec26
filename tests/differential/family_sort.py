# SPDX-License-Identifier: BSD-3-Clause
"""SORT and SORT_RO over lists and sorted sets, with weights and fields that other keys hold.

Owner: none, constant tables. Locks: none. Keys o0 .. o3 are lists, q0 .. q2 sorted sets, u0 .. u2 sets; w_<element> weights, h_<element>
hashes. What the order of a set or of equal weights decides is left to a sort by all bytes. redis-server does not clear
errno before it reads numbers, so a number that overflowed anywhere before spoils the next SORT: a ZADD that is refused clears it. It also
makes a table of every sorted set that it sorts, so only those of this family are.
"""
FAMILIES = {"sort": {"SORT": 12, "SORT_RO": 5, "SORT-FILL": 8, "SORT-WEIGHTS": 5, "SORT-READ": 2, "SORT-EMPTY": 0.5}}

ELEMENTS = [str(n) for n in range(-5, 30)] + ["1.5", "2e1", "a", "b", "aa", "B", "", "10 ", " 10", "inf", "-inf", "0x10", "nan",
                                              "007", "a\x00b", "a\x00c", "9223372036854775807", "9223372036854775808"]
NUMBERS = [str(n) for n in range(-5, 40)] + ["1.5", "2.25", "1e1"]


def source(maker):
    rng, roll = maker.rng, maker.rng.random()
    if roll < 0.5:
        return "o%d" % rng.randrange(4)
    if roll < 0.75:
        return "q%d" % rng.randrange(3)
    return "u%d" % rng.randrange(3) if roll < 0.97 else rng.choice(["w_1", "h_1"])


def make_fill(maker):
    rng, roll = maker.rng, maker.rng.random()
    pool = NUMBERS if rng.random() < 0.7 else ELEMENTS
    some = [rng.choice(pool) for _ in range(rng.choice([1, 2, 5, 10, 30]))]
    if roll < 0.5:
        return ["RPUSH", "o%d" % rng.randrange(4)] + some
    some = [element for element in some if "\x00" not in element] or ["1"]  # texts are equal from there on
    if roll < 0.75:
        words = ["ZADD", "q%d" % rng.randrange(3)]
        for element in some:
            words += [str(rng.randrange(10)), element]
        return words
    return ["SADD", "u%d" % rng.randrange(3)] + some


def make_weights(maker):
    rng = maker.rng
    element = rng.choice(NUMBERS if rng.random() < 0.8 else ELEMENTS)
    weight = rng.choice(NUMBERS) if rng.random() < 0.9 else rng.choice(ELEMENTS)
    return rng.choice([["SET", "w_" + element, weight], ["SET", "w_" + element, weight], ["HSET", "h_" + element, "f", weight],
                       ["HSET", "h_" + element, "name", element + weight], ["DEL", "w_" + element], ["HSET", "w_" + element, "f", "1"],
                       ["DEL", "w_" + element, "h_" + element]])


def limit(maker):
    rng = maker.rng
    if rng.random() < 0.9:
        return ["LIMIT", str(rng.randrange(-2, 12)), str(rng.randrange(-2, 12))]
    return ["LIMIT"] + rng.choice([["a", "1"], ["1"], ["1", "b"], ["9223372036854775807", "9223372036854775807"],
                                   ["-9223372036854775808", "5"], ["0", "99999999999999999999"]])


def make_sort(name):
    def make(maker):
        rng, key = maker.rng, source(maker)
        words, parts = [name, key], []
        stores = name == "SORT" and rng.random() < 0.25
        alpha = rng.random() < 0.4
        by = rng.random() < 0.4
        if by:
            parts.append(["BY", rng.choice(["w_*", "w_*", "h_*->f", "nosort", "*", "h_*->", "x*y", "w_*->f", "h_*->nof", "#", "nos\x00*"])])
        ties = by and alpha and key[:1] != "o"
        unordered = by and parts and parts[-1][1] in ("nosort", "#", "nos\x00*") and key[:1] == "u"
        if alpha and not ties:
            parts.append(["ALPHA"])
        if rng.random() < 0.4:
            parts.append([rng.choice(["ASC", "DESC", "desc"])])
        if rng.random() < 0.35 and not unordered:
            parts.append(limit(maker))
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 10])):
            parts.append(["GET", rng.choice(["#", "w_*", "h_*->name", "h_*->f", "nokey", "*", "h_*", "w_*->f", "h_*->"])])
        if rng.random() < 0.02:
            parts.append([rng.choice(["JUNK", "BY", "GET", "LIMIT", "STORE"])])
        rng.shuffle(parts)
        words += sum(parts, [])
        if stores or rng.random() < 0.01:
            words += ["STORE", rng.choice(["o%d" % rng.randrange(4), "dst", "q0"])]
        clear = ["ZADD", "nokey", "no number", "x"]
        return [clear, ["DEL", key], words] if unordered and "STORE" not in words else [clear, words]
    return make


def make_read(maker):
    return maker.rng.choice([["LRANGE", source(maker), "0", "-1"], ["LRANGE", "dst", "0", "-1"], ["TYPE", source(maker)],
                             ["COMMAND", "GETKEYS", "SORT", "a", "BY", "b*", "LIMIT", "1", "2", "STORE", "d"]])


SPECIALS = {
    "SORT": make_sort("SORT"), "SORT_RO": make_sort("SORT_RO"), "SORT-FILL": make_fill, "SORT-WEIGHTS": make_weights,
    "SORT-READ": make_read, "SORT-EMPTY": lambda maker: ["DEL", source(maker), "dst"],
}
FRAGILE = {"SORT-FILL", "SORT-WEIGHTS", "SORT-READ", "SORT-EMPTY", "SORT", "SORT_RO"}
