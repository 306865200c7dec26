# SPDX-License-Identifier: BSD-3-Clause
"""What the random commands are made of: keys, values, numbers, and the argument trees of COMMAND DOCS.

Owner: a Maker belongs to one run and draws from the run's random generator only. Locks: none.

A step is a list of commands (each a list of words) that belong together; the shrinker never splits it.
"""
import tables

INTEGERS = ["0", "1", "-1", "2", "3", "5", "7", "10", "16", "63", "64", "100", "127", "128", "255", "256", "1000",
            "32767", "65536", "-2", "-5", "-100", "2147483647", "2147483648", "-2147483648", "-2147483649",
            "4294967295", "4294967296", "9007199254740993", "9223372036854775806", "9223372036854775807",
            "9223372036854775808", "-9223372036854775807", "-9223372036854775808", "-9223372036854775809",
            "18446744073709551615", "18446744073709551616"]
NO_INTEGERS = ["", " ", "a", "1a", "a1", "1.0", "1.5", "01", "+1", "-0", "--1", " 1", "1 ", "0x10", "1e3", "nan",
               "inf", "999999999999999999999999", "1\x00", "-"]
FLOATS = ["0", "1", "-1", "0.5", "-0.5", "3.14", "1e2", "1e-2", "-2.5e3", "10.10", "0.1", "0.2", "1e10", "123456789.125",
          "5.", ".5", "1e17", "-1e-7", "17179869184.5"]
NO_FLOATS = ["", "a", "1a", "nan", "inf", "-inf", "+inf", " 1", "1 ", "1e400", "-1e5000", "infinity", "1e", "0x", ".", "-",
             "1\x00"]
PATTERNS = ["*", "k*", "*1", "?", "k?", "k[0-4]", "k[^0-4]", "[ks]*", "s*", "*[0-9]", "\\*", "k\\1", "", "nosuch*", "k[",
            "[z-a]*", "**", "?*", "[^k]*", "*\x00*"]

TYPE_LETTERS = "slhtz"  # streams, lists, hashes, sets, sorted sets: the keys l0 .. l3 hold lists, and so on


def to_words(step):
    return [[w if isinstance(w, bytes) else w.encode("latin-1") for w in command] for command in step]


class Maker:
    """Makes random steps for the chosen families."""

    def __init__(self, rng, families, docs):
        self.rng, self.docs = rng, docs
        self.commands, self.weights = [], []
        for family in families:
            for name, weight in tables.FAMILIES[family].items():
                self.commands.append(name)
                self.weights.append(weight)
        self.tick = 1  # the stream ids move on with it

    # --- leaves -------------------------------------------------------------------------------------

    def key(self):
        rng = self.rng
        roll = rng.random()
        if roll < 0.80:
            return "k%d" % rng.randrange(8)
        if roll < 0.95:
            return "%s%d" % (rng.choice(TYPE_LETTERS), rng.randrange(4))
        return rng.choice(["", "nokey", "a\x00b", "\xff\xfe", "long" * 20, "{tag}1", "K1"])

    def typed_key(self, letter):
        """A key that mostly holds the type of that letter."""
        return "%s%d" % (letter, self.rng.randrange(4)) if self.rng.random() < 0.93 else self.key()

    def stream_key(self):
        return self.typed_key("s")

    def integer(self):
        roll = self.rng.random()
        if roll < 0.45:
            return str(self.rng.randrange(-20, 50))
        return self.rng.choice(INTEGERS if roll < 0.9 else NO_INTEGERS)

    def small(self):
        """An integer that cannot make a server allocate much."""
        roll = self.rng.random()
        if roll < 0.85:
            return str(self.rng.randrange(0, 40))
        return self.rng.choice(["-1", "-5", "100"] + NO_INTEGERS)

    def offset(self):
        """A position: small, or so large that it is refused."""
        roll = self.rng.random()
        if roll < 0.8:
            return str(self.rng.randrange(0, 400))
        if roll < 0.9:
            return self.rng.choice(["-1", "4294967296", "9223372036854775807", "-9223372036854775808",
                                    "9223372036854775808", "18446744073709551615"])
        return self.rng.choice(NO_INTEGERS)

    def setrange_offset(self):
        return self.offset() if self.rng.random() < 0.9 else self.rng.choice(["536870912", "536870911000"])

    def float(self):
        roll = self.rng.random()
        if roll < 0.5:
            return "%.*f" % (self.rng.randrange(0, 6), self.rng.uniform(-1000, 1000))
        return self.rng.choice(FLOATS if roll < 0.85 else NO_FLOATS)

    def value(self):
        rng, roll = self.rng, self.rng.random()
        if roll < 0.25:
            return str(rng.randrange(-100, 1000))
        if roll < 0.35:
            return rng.choice(INTEGERS + NO_INTEGERS)
        if roll < 0.45:
            return rng.choice(FLOATS + NO_FLOATS)
        if roll < 0.65:
            return "".join(rng.choice("abcd") for _ in range(rng.randrange(0, 12)))
        if roll < 0.85:
            return rng.randbytes(rng.randrange(0, 24))
        if roll < 0.97:
            return rng.choice(["x" * 43, "x" * 44, "x" * 45, "hello", "world", "y" * 64, "\xff" * 9, "\x00" * 17])
        return "z" * rng.choice([100, 1000, 1500])

    def seconds_ahead(self):
        """A time to live so long, and so unlike the others, that the moment of execution does not matter."""
        return str(self.rng.randrange(10 ** 5, 10 ** 8))

    def relative(self, unit):
        roll = self.rng.random()
        if roll < 0.7:
            return str(int(self.seconds_ahead()) * unit)
        if roll < 0.8:
            return self.rng.choice(["0", "-1", "-1000"])
        return self.rng.choice(["9223372036854775807", "9223372036854775808", "-9223372036854775808",
                                "9223372036854776"] + NO_INTEGERS)

    def absolute(self, unit):
        roll = self.rng.random()
        if roll < 0.7:
            return str(self.rng.randrange(4 * 10 ** 9, 9 * 10 ** 9) * unit + self.rng.randrange(unit))
        if roll < 0.8:
            return self.rng.choice(["0", "1", "-1", "1000000000"])
        return self.relative(unit)

    def near_id(self):
        return self.rng.randrange(max(0, self.tick - 40), self.tick + 3)

    def stream_id(self):
        rng, roll = self.rng, self.rng.random()
        if roll < 0.45:
            return "%d-%d" % (self.near_id(), rng.randrange(0, 4))
        if roll < 0.65:
            return str(self.near_id())
        if roll < 0.75:
            return rng.choice(["-", "+", "$", "0", "0-0", "0-1"])
        if roll < 0.85:
            return "(%d-%d" % (self.near_id(), rng.randrange(0, 4))
        return rng.choice(["", "a", "1-a", "-1", "1-", "1-2-3", "18446744073709551615", "18446744073709551616", "(-", "(+",
                           "18446744073709551615-18446744073709551615", "1-18446744073709551616", "*-1", ">", "(0",
                           "(18446744073709551615-18446744073709551615", "99999999999999-1"])

    def add_id(self):
        rng, roll = self.rng, self.rng.random()
        self.tick += rng.choice([0, 1, 1])
        if roll < 0.6:
            return "%d-%d" % (self.tick, rng.randrange(0, 4))
        if roll < 0.75:
            return "%d-*" % self.tick
        if roll < 0.9:
            return str(self.tick)
        made = self.stream_id()
        return "1-1" if made.startswith("18446") or made.startswith("9999") and rng.random() < 0.9 else made

    def db(self):
        return str(self.rng.randrange(4)) if self.rng.random() < 0.9 else self.rng.choice(["16", "-1", "15", "a", "", "1.0"])

    def pattern(self):
        return self.rng.choice(PATTERNS)

    def bitfield_type(self):
        rng = self.rng
        if rng.random() < 0.85:
            return rng.choice("uiUI" if rng.random() < 0.1 else "ui") + str(rng.choice([1, 2, 4, 5, 7, 8, 16, 31, 32, 33, 63, 64]))
        return rng.choice(["u64", "u0", "i65", "i0", "x8", "u", "", "8", "u8x", "u-1", "u\x00"])

    def bitfield_offset(self):
        rng = self.rng
        return "#%d" % rng.randrange(12) if rng.random() < 0.3 else (
            self.offset() if rng.random() < 0.9 else rng.choice(["#-1", "#a", "#", "#9999999999", "#9223372036854775807"]))

    # --- the tree of COMMAND DOCS -------------------------------------------------------------------

    def from_docs(self, name):
        words = name.split("|")
        for argument in self.docs.get(name.lower(), []):
            words += self.argument(name, argument)
        return words

    def argument(self, name, argument):
        """The words of one argument; repeats and options by chance."""
        flags = argument.get("flags", ())
        if "optional" in flags and self.rng.random() < 0.5:
            return []
        out, times = [], 1
        if "multiple" in flags:
            times = self.rng.choice([1, 1, 1, 2, 2, 3, 4])
        for at in range(times):
            if "token" in argument and (at == 0 or "multiple_token" in flags):
                out.append(argument["token"])
            out += self.body(name, argument)
        return out

    def body(self, name, argument):
        kind = argument["type"]
        if kind == "pure-token":
            return []
        if kind == "oneof":
            return self.argument(name, self.rng.choice(argument["arguments"]))
        if kind == "block":
            out = []
            for part in argument["arguments"]:
                out += self.argument(name, part)
            return out
        make = tables.LEAVES.get((name, argument["name"])) or tables.LEAVES.get(argument["name"]) or tables.KINDS.get(kind)
        made = make(self)
        return made if isinstance(made, list) else [made]

    # --- whole steps --------------------------------------------------------------------------------

    def damage(self, words):
        """Makes a command wrong, or at least unusual."""
        rng, roll = self.rng, self.rng.random()
        words = list(words)
        if roll < 0.25 and len(words) > 1:
            del words[rng.randrange(1, len(words))]
        elif roll < 0.45:
            words.insert(rng.randrange(1, len(words) + 1), rng.choice([self.value(), self.integer(), self.key(), self.token()]))
        elif roll < 0.65 and len(words) > 1:
            words[rng.randrange(1, len(words))] = rng.choice([self.value(), self.integer(), self.token()])
        elif roll < 0.8 and len(words) > 2:
            one, other = rng.randrange(1, len(words)), rng.randrange(1, len(words))
            words[one], words[other] = words[other], words[one]
        elif roll < 0.9 and len(words) > 2:
            tail = words[2:]
            rng.shuffle(tail)
            words[2:] = tail
        else:
            words += words[rng.randrange(len(words)):]
        return words

    def token(self):
        return self.rng.choice(tables.TOKENS)

    def recase(self, words):
        """Upper, lower, or mixed case for the words that look like tokens."""
        rng = self.rng
        style = rng.choice([str.lower, str.upper, lambda w: "".join(rng.choice([c.lower(), c.upper()]) for c in w)])
        known = set(tables.TOKENS)
        return [style(w) if isinstance(w, str) and w.isascii() and (at == 0 or w in known) else w
                for at, w in enumerate(words)]

    def step(self):
        name = self.rng.choices(self.commands, self.weights)[0]
        special = tables.SPECIALS.get(name)
        made = special(self) if special else self.from_docs(name)
        commands = made if made and isinstance(made[0], list) else [made]
        if self.rng.random() < 0.12 and len(commands) == 1 and name not in tables.FRAGILE:
            damaged = self.damage(commands[0])
            if tables.is_harmless(damaged):
                commands = [damaged]
        if self.rng.random() < 0.3:
            commands = [self.recase(words) for words in commands]
        return to_words(commands)
