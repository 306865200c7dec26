# SPDX-License-Identifier: BSD-3-Clause
"""The families of commands, hand-made arguments for them, and the rules by which replies are compared.

Owner: none, constant tables. Locks: none.
A new family is a row in FAMILIES, or a module family_*.py with tables of the same names, which are merged into these;
arguments come from COMMAND DOCS unless LEAVES or SPECIALS says otherwise.
"""
import glob
import importlib
import os

# command -> weight; a sub-command is written PARENT|SUB
FAMILIES = {
    "strings": {"APPEND": 4, "DECR": 2, "DECRBY": 2, "GET": 8, "GETDEL": 2, "GETEX": 4, "GETRANGE": 4, "GETSET": 2, "INCR": 3,
                "INCRBY": 3, "INCRBYFLOAT": 3, "LCS": 1, "MGET": 3, "MSET": 2, "MSETNX": 1, "PSETEX": 2, "SET": 12, "SETEX": 2,
                "SETNX": 2, "SETRANGE": 4, "STRLEN": 3, "SUBSTR": 1},
    "bitmaps": {"SETBIT": 6, "GETBIT": 4, "BITCOUNT": 5, "BITPOS": 5, "BITOP": 4, "BITFIELD": 8, "BITFIELD_RO": 2},
    "keys": {"DEL": 2, "UNLINK": 1, "EXISTS": 2, "TYPE": 2, "TOUCH": 1, "EXPIRE": 5, "PEXPIRE": 3, "EXPIREAT": 4, "PEXPIREAT": 4,
             "TTL": 3, "PTTL": 2, "EXPIRETIME": 2, "PEXPIRETIME": 2, "PERSIST": 2, "RENAME": 2, "RENAMENX": 2, "COPY": 4,
             "MOVE": 2, "KEYS": 1, "SCAN": 2, "RANDOMKEY": 1, "DBSIZE": 1, "SELECT": 2, "SWAPDB": 1, "FLUSHDB": 0.1,
             "FLUSHALL": 0.05, "OBJECT|ENCODING": 2, "OBJECT|REFCOUNT": 0.5, "OBJECT|FREQ": 0.5, "OBJECT|IDLETIME": 0.5},
    "streams": {"XADD": 14, "XLEN": 2, "XRANGE": 6, "XREVRANGE": 5, "XDEL": 3, "XTRIM": 4, "XREAD": 5},
    "connection": {"PING": 2, "ECHO": 2, "SELECT": 1, "HELLO": 2, "CLIENT|GETNAME": 2, "CLIENT|SETNAME": 2, "CLIENT|ID": 0.5,
                   "CLIENT|NO-EVICT": 0.5, "AUTH": 1, "RESET": 0.3, "NOSUCH": 1, "CLIENT|NOSUCH": 0.5, "CLIENT|KILL": 0.5},
    "server": {"TIME": 0.5, "COMMAND|COUNT": 0.3, "COMMAND|GETKEYS": 2, "COMMAND|GETKEYSANDFLAGS": 1, "CONFIG|NOSUCH": 0.3,
               "CONFIG|SET": 0.5, "MEMORY|USAGE": 1, "SLOWLOG|GET": 0.3, "SLOWLOG|LEN": 0.3, "LASTSAVE": 0.2, "DBSIZE": 0.5,
               "LOLWUT": 0.2, "OBJECT|NOSUCH": 0.2, "HELP": 0.5, "MIGRATE": 1},
    # compared with valkey 9.1 only (--families conditional --oracle ...)
    "conditional": {"SET-IF": 8, "DELIFEQ": 4, "GET": 2, "XADD": 0.3, "TTL": 1, "SET": 4, "DEL": 1},
}
DEFAULT_FAMILIES = ["strings", "bitmaps", "keys", "streams", "connection", "server"]

TOKENS = ["EX", "PX", "EXAT", "PXAT", "KEEPTTL", "NX", "XX", "GET", "GT", "LT", "PERSIST", "BYTE", "BIT", "AND", "OR", "XOR",
          "NOT", "OVERFLOW", "WRAP", "SAT", "FAIL", "SET", "INCRBY", "REPLACE", "DB", "MATCH", "COUNT", "TYPE", "ASYNC", "SYNC",
          "NOMKSTREAM", "MAXLEN", "MINID", "LIMIT", "~", "=", "STREAMS", "LEN", "IDX", "MINMATCHLEN", "WITHMATCHLEN", "SETNAME",
          "ON", "OFF", "NOSUCH", "GETNAME", "ENCODING", "REFCOUNT", "USAGE", "IFEQ"]

# What an argument is made of: by (command, argument name), by argument name, by argument type.
LEAVES = {
    ("SETBIT", "offset"): lambda m: m.offset(),
    ("SETBIT", "value"): lambda m: m.rng.choice(["0", "1", "1", "0", "1", "2", "-1", "a"]),
    ("GETBIT", "offset"): lambda m: m.offset(),
    ("BITPOS", "bit"): lambda m: m.rng.choice(["0", "1", "1", "0", "1", "2", "-1", "a"]),
    ("SETRANGE", "offset"): lambda m: m.setrange_offset(),
    ("BITOP", "operation"): lambda m: m.rng.choice(["AND", "OR", "XOR", "NOT", "AND", "OR", "XOR", "NAND"]),
    ("EXPIRE", "seconds"): lambda m: m.relative(1),
    ("PEXPIRE", "milliseconds"): lambda m: m.relative(1000),
    ("EXPIREAT", "unix-time-seconds"): lambda m: m.absolute(1),
    ("PEXPIREAT", "unix-time-milliseconds"): lambda m: m.absolute(1000),
    ("SCAN", "cursor"): lambda m: "0" if m.rng.random() < 0.95 else m.rng.choice(["a", "18446744073709551616", "1a"]),
    ("SCAN", "count"): lambda m: m.rng.choice(["10000", "10000", "100000", "5000", "0", "-1", "a"]),
    ("SCAN", "type"): lambda m: m.rng.choice(["string", "stream", "list", "STRING", "nosuch"]),
    ("OBJECT|ENCODING", "key"): lambda m: m.key(),
    "seconds": lambda m: m.relative(1),
    "milliseconds": lambda m: m.relative(1000),
    "unix-time-seconds": lambda m: m.absolute(1),
    "unix-time-milliseconds": lambda m: m.absolute(1000),
    "timestamp": lambda m: m.absolute(1),
    "milliseconds-timestamp": lambda m: m.absolute(1000),
    "value": lambda m: m.value(),
    "increment": lambda m: m.integer(),
    "decrement": lambda m: m.integer(),
    "index": lambda m: m.db(),
    "index1": lambda m: m.db(),
    "index2": lambda m: m.db(),
    "db": lambda m: m.db(),
    "destination-db": lambda m: m.db(),
    "encoding": lambda m: m.bitfield_type(),
    "offset": lambda m: m.bitfield_offset(),
    "pattern": lambda m: m.pattern(),
    "count": lambda m: m.small(),
    "message": lambda m: m.value(),
}
KINDS = {
    "key": lambda m: m.key(),
    "string": lambda m: m.value(),
    "integer": lambda m: m.integer(),
    "double": lambda m: m.float(),
    "pattern": lambda m: m.pattern(),
    "unix-time": lambda m: m.absolute(1),
}


# --- commands whose arguments COMMAND DOCS does not tell well enough -----------------------------------

def make_xadd(maker):
    rng, words = maker.rng, ["XADD", maker.stream_key()]
    if rng.random() < 0.1:
        words.append("NOMKSTREAM")
    if rng.random() < 0.3:
        words += make_trim(maker)
    if rng.random() < 0.1:
        words.append("NOMKSTREAM")
    fields = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        fields += [maker.value(), maker.value()]
    if rng.random() < 0.97:
        return words + [maker.add_id()] + fields
    # `*` is the same everywhere only when the last id lies in the future: bring it there first
    ahead = ["XADD", words[1], "%d-%d" % (rng.randrange(10 ** 14, 10 ** 15), rng.randrange(5)), "f", "v"]
    return [ahead, words + ["*"] + fields]


def make_trim(maker):
    rng, words = maker.rng, []
    by = rng.choice(["MAXLEN", "MINID"])
    words.append(by)
    approximate = rng.random() < 0.3
    if approximate:
        words.append("~")
    elif rng.random() < 0.3:
        words.append("=")
    words.append(maker.small() if by == "MAXLEN" else maker.stream_id())
    if rng.random() < (0.3 if approximate else 0.05):
        words += ["LIMIT", maker.small()]
    return words


def make_xtrim(maker):
    return ["XTRIM", maker.stream_key()] + make_trim(maker)


def make_range(name):
    def make(maker):
        words = [name, maker.stream_key()]
        ends = ["-", "+"] if name == "XRANGE" else ["+", "-"]
        words += [end if maker.rng.random() < 0.3 else maker.stream_id() for end in ends]
        if maker.rng.random() < 0.3:
            words += ["COUNT", maker.small()]
        return words
    return make


def make_xdel(maker):
    return ["XDEL", maker.stream_key()] + [maker.stream_id() for _ in range(maker.rng.choice([1, 1, 2, 3]))]


def make_xread(maker):
    rng, words, number = maker.rng, ["XREAD"], maker.rng.choice([1, 1, 1, 2, 3])
    if rng.random() < 0.4:
        words += ["COUNT", maker.small()]
    return (words + ["STREAMS"] + [maker.stream_key() for _ in range(number)] +
            [maker.stream_id() for _ in range(number if rng.random() < 0.95 else number + 1)])


def make_hello(maker):
    words = ["HELLO"]
    if maker.rng.random() < 0.9:
        words.append(maker.rng.choice(["2", "3", "2", "3", "2", "3", "1", "4", "a", ""]))
    # never both: 7.0 sets the name even when the password is wrong
    roll = maker.rng.random()
    if roll < 0.2:
        words += ["SETNAME", maker.rng.choice(["name", "two words", "", "\xff"])]
    elif roll < 0.3:
        words += ["AUTH", maker.rng.choice(["default", "nouser"]), "x"]
    return words


def make_get_keys(name):
    def make(maker):
        inner = maker.rng.choice([c for c in maker.commands if c not in FRAGILE and "COMMAND" not in c])
        special = SPECIALS.get(inner)
        made = special(maker) if special else maker.from_docs(inner)
        return ["COMMAND", name] + (made[0] if made and isinstance(made[0], list) else made)
    return make


def make_set_if(maker):
    words = ["SET", maker.key(), maker.rng.choice(["1", "2", "3"]), "IFEQ", maker.rng.choice(["1", "2", "3"])]
    for option in (["GET"], ["KEEPTTL"], ["EX", maker.seconds_ahead()], ["NX"], ["XX"]):
        if maker.rng.random() < 0.15:
            words += option
    return words


def make_config_set(maker):
    return ["CONFIG", "SET", maker.rng.choice(["nosuch", "maxmemory", "slowlog-max-len", "port"]), "abc"]


def make_help(maker):
    parents = ["CLIENT", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT", "SLOWLOG", "XINFO"]
    return [maker.rng.choice(parents), "HELP"] + maker.rng.choice([[], [], [], [], ["x"]])


def make_migrate(maker):
    """Keys that no other command makes: moving one would end at a host that does not exist."""
    rng = maker.rng
    gone = rng.choice(["gone", "gone", ""])
    words = ["MIGRATE", "127.0.0.1", "1", gone, rng.choice(["0", "9", "99", "-1", "a"]), rng.choice(["5000", "0", "-1", "x"])]
    for option in (["COPY"], ["REPLACE"], ["AUTH", "pass"], ["AUTH2", "user", "pass"], ["AUTH"], ["JUNK"]):
        if rng.random() < 0.15:
            words += option
    if rng.random() < 0.3:
        words += ["KEYS"] + ["gone%d" % at for at in range(rng.randrange(3))]
    return words if gone else [["DEL", ""], words]


SPECIALS = {
    "HELP": make_help, "MIGRATE": make_migrate,
    "XADD": make_xadd, "XTRIM": make_xtrim, "XRANGE": make_range("XRANGE"), "XREVRANGE": make_range("XREVRANGE"),
    "XDEL": make_xdel, "XREAD": make_xread, "XLEN": lambda m: ["XLEN", m.stream_key()], "HELLO": make_hello,
    "COMMAND|GETKEYS": make_get_keys("GETKEYS"), "COMMAND|GETKEYSANDFLAGS": make_get_keys("GETKEYSANDFLAGS"),
    "CLIENT|SETNAME": lambda m: ["CLIENT", "SETNAME", m.rng.choice(["name", "other", "", "two words", "\x01", "\xff"])],
    "CLIENT|KILL": lambda m: ["CLIENT", "KILL"] + m.rng.choice([["ID", "999999999"], ["TYPE", "x"], ["ADDR", "1.2.3.4:5"], ["x"],
                                                                ["ID", "a"], ["USER", "nosuch"], ["JUNK", "x"]]),
    "CLIENT|NO-EVICT": lambda m: ["CLIENT", "NO-EVICT", m.rng.choice(["ON", "OFF", "x"])],
    "AUTH": lambda m: ["AUTH"] + m.rng.choice([["x"], ["default", "x"], ["nouser", "x"], ["a", "b", "c"]]),
    "NOSUCH": lambda m: [m.rng.choice(["NOSUCH", "nosuch", "", "GETT", "S ET", "a\x00b", "\xff"])] +
                        [m.value() for _ in range(m.rng.randrange(5))],
    "CLIENT|NOSUCH": lambda m: ["CLIENT", m.rng.choice(["nosuch", "", "GETNAMES", "a\x00b"])],
    "CONFIG|NOSUCH": lambda m: ["CONFIG", m.rng.choice(["nosuch", "", "GETT"]), m.value()],
    "OBJECT|NOSUCH": lambda m: ["OBJECT", m.rng.choice(["nosuch", "", "FREQS"]), m.key()],
    "CONFIG|SET": make_config_set,
    "SLOWLOG|GET": lambda m: ["SLOWLOG", "GET", m.rng.choice(["0", "-2", "a"])],
    "SET-IF": make_set_if,
    # SCAN first: until something looks at them, Redis counts keys that were set with a time in the past
    "DBSIZE": lambda m: [["SCAN", "0", "COUNT", "100000"], ["DBSIZE"]],
    "DELIFEQ": lambda m: ["DELIFEQ", m.key(), m.rng.choice(["1", "2", "3"])],
}

# Never damaged: a random change could close the connection or make the reply this server's own business.
FRAGILE = {"HELLO", "HELP", "MIGRATE", "CLIENT|KILL", "CLIENT|NO-EVICT", "CONFIG|SET", "SCAN", "RESET", "SLOWLOG|GET", "SLOWLOG|LEN", "TIME",
           "LASTSAVE", "LOLWUT"}
LIFETIMES = {"SET", "GETEX", "EXPIRE", "PEXPIRE", "SETEX", "PSETEX"}
GROWERS = {"SETRANGE", "SETBIT", "BITFIELD"}


def as_number(word):
    text = (word.decode("latin-1") if isinstance(word, bytes) else word).lstrip("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def is_harmless(words):
    """False for a damaged command that would depend on the time, or ask for hundreds of megabytes."""
    name = str(words[0]).upper()
    numbers = [as_number(word) for word in words[1:]]
    if name == "COMMAND" and len(words) < 2:
        return False
    if name in LIFETIMES:
        timed = name not in ("SET", "GETEX") or any(word in ("EX", "PX") for word in words)
        return not (timed and any(0 < number < 10 ** 5 for number in numbers))
    if name in GROWERS:
        return not any(10 ** 5 < number < 2 ** 32 for number in numbers)
    return True


# --- comparing ----------------------------------------------------------------------------------------

def is_integer(reply):
    return reply[0] == ":"


def near(tolerance):
    """Times that are left: the two servers do not execute at the same moment."""
    def compare(ours, theirs, _words):
        return is_integer(ours) and is_integer(theirs) and abs(int(ours[1]) - int(theirs[1])) <= tolerance and \
            (int(ours[1]) > 0) == (int(theirs[1]) > 0)
    return compare


def same_members(ours, theirs, _words):
    """Arrays without an order."""
    return ours[0] == theirs[0] and isinstance(ours[1], list) and isinstance(theirs[1], list) and \
        sorted(ours[1], key=repr) == sorted(theirs[1], key=repr)


def same_scan(ours, theirs, words):
    """SCAN from 0 with a large COUNT: everything in one call; with a small one any part will do."""
    if ours[0] != "*" or theirs[0] != "*" or len(ours[1]) != 2 or len(theirs[1]) != 2:
        return False
    whole = [w for at, w in enumerate(words) if at and words[at - 1].upper() == b"COUNT" and w.isdigit() and int(w) >= 5000]
    if whole:
        return ours[1][0] == theirs[1][0] and same_members(ours[1][1], theirs[1][1], words)
    return ours[1][0][0] == "$" and ours[1][1][0] == "*"


def same_kind(ours, theirs, _words):
    """Only the type of the reply: the contents are this server's own business."""
    return ours[0] == theirs[0] and (ours[1] is None) == (theirs[1] is None)


def same_usage(ours, theirs, _words):
    """MEMORY USAGE: the number is the server's own; a key past its time may still be there or not."""
    return all(is_integer(reply) or reply[1] is None for reply in (ours, theirs))


def same_hello(ours, theirs, _words):
    """HELLO: id and version are the server's own."""
    def strip(reply):
        items = list(reply[1])
        for at in range(0, len(items), 2):
            if items[at][1] in (b"id", b"version"):
                items[at + 1] = None
        return items
    return ours[0] == theirs[0] and isinstance(ours[1], list) and isinstance(theirs[1], list) and strip(ours) == strip(theirs)


# HELP of Redis 7.2 against that of 7.0 or of this server: what 7.2 added, and what this server does not have (yet).
HELP_ADDED = {b"CLIENT": [b"SETINFO", b"NO-TOUCH"]}
HELP_MISSING = {
    b"FUNCTION": [b"DELETE", b"DUMP", b"KILL", b"LOAD", b"RESTORE"],
    b"DEBUG": [b"AOF-FLUSH-SLEEP", b"ASSERT", b"CONFIG-REWRITE-FORCE-ALL", b"CRASH-AND-RECOVER", b"LEAK", b"HTSTATS",
               b"HTSTATS-KEY", b"LOADAOF", b"REPLICATE", b"MALLCTL", b"MALLCTL-STR", b"DROP-CLUSTER-PACKET-FILTER", b"OOM",
               b"PANIC", b"RELOAD", b"RESTART", b"SDSLEN", b"SEGFAULT",
               b"SET-SKIP-CHECKSUM-VALIDATION", b"STRINGMATCH-TEST", b"STRUCTSIZE", b"LISTPACK", b"QUICKLIST",
               b"CLIENT-EVICTION", b"PAUSE-CRON", b"REPLYBUFFER", b"CLUSTERLINK"],
}
HELP_DROPPED = {b"    * Library description"}  # by 7.2
HELP_REWORDED = {b"    Prints this help.": b"    Print this help."}


def help_lines(reply, left_out):
    """The lines of HELP without the paragraphs of the subcommands `left_out`."""
    lines, keep = [], True
    for kind, line in reply[1]:
        if not line.startswith(b" "):
            keep = line.split(b" ")[0] not in left_out
        if keep and line not in HELP_DROPPED:
            lines.append((kind, HELP_REWORDED.get(line, line)))
    return lines


def same_help(ours, theirs, words):
    if ours[0] != "*" or theirs[0] != "*":
        return False
    parent = words[0].upper()
    added = [] if any(line.split(b" ")[0] == b"NO-TOUCH" for _, line in theirs[1]) else HELP_ADDED.get(parent, ())
    return help_lines(ours, added) == help_lines(theirs, HELP_MISSING.get(parent, ()))


COMPARE = {
    "TTL": near(2), "PTTL": near(2000), "EXPIRETIME": near(2), "PEXPIRETIME": near(2000),
    "KEYS": same_members, "SCAN": same_scan, "RANDOMKEY": same_kind, "HELLO": same_hello, "TIME": same_kind,
    "LASTSAVE": same_kind, "LOLWUT": same_kind, "CLIENT|ID": same_kind, "COMMAND|COUNT": same_kind,
    "MEMORY|USAGE": same_usage, "OBJECT|IDLETIME": same_kind, "OBJECT|REFCOUNT": same_kind, "SLOWLOG|LEN": same_kind,
}
PARENTS = {"CLIENT", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "OBJECT", "MEMORY", "MODULE", "SLOWLOG", "XINFO"}


def merge(module):
    """Adds a module's tables; its families are played by default, but for those ON_REQUEST."""
    for name in ("FAMILIES", "LEAVES", "SPECIALS", "COMPARE"):
        globals()[name].update(getattr(module, name, {}))
    for name in ("FRAGILE", "PARENTS"):
        globals()[name].update(getattr(module, name, set()))
    TOKENS.extend(getattr(module, "TOKENS", []))
    on_request = getattr(module, "ON_REQUEST", set())
    DEFAULT_FAMILIES.extend(name for name in getattr(module, "FAMILIES", {}) if name not in on_request)


for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "family_*.py"))):
    merge(importlib.import_module(os.path.basename(path)[:-3]))


def equal(words, ours, theirs):
    """Whether two replies to one command are the same, or differ only where its rule allows it."""
    if ours == theirs:
        return True
    name = words[0].decode("latin-1").upper()
    if name in PARENTS and len(words) > 1:
        name += "|" + words[1].decode("latin-1").upper()
    rule = same_help if name.endswith("|HELP") else COMPARE.get(name)
    return rule is not None and rule(ours, theirs, words)
