# SPDX-License-Identifier: BSD-3-Clause
"""The wire format for the black-box tests: requests, replies as trees, and a readable notation for both.

Owner: a Reader belongs to the connection that made it. Locks: none.

A reply is a pair (kind, value). Kinds are the RESP type bytes; a null is ('_', None) in RESP3, ('$', None) or
('*', None) in RESP2. Aggregates hold lists of pairs; a map's list has key, value, key, value.

Notation, one reply on one line (see tests/protocol/README.md):
    +OK   -ERR text   :1   "bulk\\x00"   nil   nil*   null   ,3.14   #t   (123   =txt:"text"
    [ "a" :1 ]   { "key" "value" }   ~[ "member" ]   >[ "push" ]   /regex/
"""
import re

AGGREGATES = b"*%~>"
OPENERS = {"*": "[", "%": "{", "~": "~[", ">": ">["}
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}


class ProtocolError(Exception):
    """The peer sent bytes that are not RESP."""


def encode(words):
    """One request as a multibulk."""
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


def parse_reply(buf, pos):
    """Returns (reply, next position), or None while the buffer holds no complete reply."""
    end = buf.find(b"\r\n", pos)
    if end < 0:
        return None
    kind, line, after = buf[pos], bytes(buf[pos + 1:end]), end + 2
    if kind in b"+-:,#(":
        return (chr(kind), line), after
    if kind == 0x5F:
        return ("_", None), after
    if kind not in b"$=!*%~>|":
        raise ProtocolError("unexpected reply byte %r in %r" % (chr(kind), bytes(buf[pos:pos + 60])))
    try:
        size = int(line)
    except ValueError:
        raise ProtocolError("bad length in %r" % bytes(buf[pos:pos + 60])) from None
    if size < 0:
        return (chr(kind), None), after
    if kind in b"$=!":
        if len(buf) < after + size + 2:
            return None
        if buf[after + size:after + size + 2] != b"\r\n":
            raise ProtocolError("bulk without CRLF in %r" % bytes(buf[pos:pos + 60]))
        return (chr(kind), bytes(buf[after:after + size])), after + size + 2
    return parse_aggregate(buf, chr(kind), size, after)


def parse_aggregate(buf, kind, size, pos):
    items = []
    for _ in range(size * 2 if kind in "%|" else size):
        got = parse_reply(buf, pos)
        if got is None:
            return None
        items.append(got[0])
        pos = got[1]
    return (kind, items), pos


# --- notation: rendering ----------------------------------------------------------------------------

def quote(data):
    """Bytes as redis-cli prints them."""
    out = ['"']
    for byte in data:
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif byte in b"\n\r\t\a\b":
            out.append({10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b"}[byte])
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append("\\x%02x" % byte)
    out.append('"')
    return "".join(out)


def quote_words(words):
    """A command as it can be typed into redis-cli."""
    plain = re.compile(rb"[A-Za-z0-9_.:+*/@%^&=<>(),\[\]?!~-]+\Z")
    return " ".join(w.decode() if plain.match(w) else quote(w) for w in words)


def render(reply, top=True):
    kind, value = reply
    if value is None:
        return {"$": "nil", "*": "nil*", "_": "null"}.get(kind, kind + "null")
    if kind in "+-":
        text = value.decode("latin-1")
        if top and text.isprintable() and text.isascii() and not text.endswith(" "):
            return kind + text
        return kind + (text if re.match(r"[A-Za-z0-9_.-]+\Z", text) else quote(value))
    if kind in ":,#(":
        return kind + value.decode("latin-1")
    if kind == "$":
        return quote(value)
    if kind == "=":
        return "=%s:%s" % (value[:3].decode("latin-1"), quote(value[4:]))
    if kind == "!":
        return "!" + quote(value)
    opener = OPENERS.get(kind, kind + "[")
    closer = "}" if kind == "%" else "]"
    return " ".join([opener] + [render(item, False) for item in value] + [closer]) if value else opener + closer


def render_lines(reply, width=100, indent=""):
    """The same on several lines when one line would be long."""
    line = indent + render(reply, indent == "")
    kind, value = reply
    if len(line) <= width or value is None or kind not in OPENERS:
        return [line]
    lines, step = [indent + OPENERS[kind]], 2 if kind == "%" else 1
    for at in range(0, len(value), step):
        pair = " ".join(render(item, False) for item in value[at:at + step])
        if len(indent) + 2 + len(pair) <= width:
            lines.append(indent + "  " + pair)
        else:
            for item in value[at:at + step]:
                lines += render_lines(item, width, indent + "  ")
    lines.append(indent + ("}" if kind == "%" else "]"))
    return lines


# --- notation: parsing ------------------------------------------------------------------------------

def unescape(text, at, stop):
    """Reads an escaped string up to the character `stop`; returns (bytes, position after it)."""
    out = bytearray()
    while at < len(text) and text[at] != stop:
        if text[at] != "\\" or at + 1 >= len(text):
            out += text[at].encode()
            at += 1
        elif text[at + 1] == "x" and re.match(r"[0-9a-fA-F]{2}", text[at + 2:at + 4]):
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        else:
            out += ESCAPES.get(text[at + 1], text[at + 1].encode())
            at += 2
    if at >= len(text) and stop:
        raise ValueError("missing %s in: %s" % (stop, text))
    return bytes(out), at + 1


def expand(data):
    """Replaces {N*text} by N times the text, so that long arguments stay readable."""
    return re.sub(rb"\{(\d+)\*([^{}]+)\}", lambda m: m.group(2) * int(m.group(1)), data)


def split_words(text):
    """A line as redis-cli splits it: bare words, "escaped", 'literal'; {N*text} is expanded."""
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = b""
        while at < len(text) and not text[at].isspace():
            if text[at] == '"':
                part, at = unescape(text, at + 1, '"')
            elif text[at] == "'":
                end = text.index("'", at + 1)
                part, at = text[at + 1:end].encode(), end + 1
            else:
                part, at = text[at].encode(), at + 1
            word += part
        words.append(expand(word))
    return words


SIMPLE = re.compile(r"[^\s\]\}]+")


def parse_item(text, at):
    """One reply of the notation at a position (spaces skipped); returns (reply, position after it)."""
    while text[at:at + 1].isspace():
        at += 1
    if at >= len(text):
        raise ValueError("incomplete reply: " + text)
    for kind, opener in (("~", "~["), (">", ">["), ("*", "["), ("%", "{")):
        if text.startswith(opener, at):
            return parse_items(text, at + len(opener), kind)
    char = text[at]
    if char == '"':
        data, at = unescape(text, at + 1, '"')
        return ("$", expand(data)), at
    if char == "/":
        end = re.compile(r"(?<!\\)/").search(text, at + 1).start()
        return ("/", text[at + 1:end].replace("\\/", "/")), end + 1
    if char == "=" and text[at + 4:at + 6] == ':"':
        data, after = unescape(text, at + 6, '"')
        return ("=", text[at + 1:at + 4].encode() + b":" + data), after
    if char in "+-!" and text[at + 1:at + 2] == '"':
        data, at = unescape(text, at + 2, '"')
        return (char, data), at
    word = SIMPLE.match(text, at).group()
    nulls = {"nil": ("$", None), "nil*": ("*", None), "null": ("_", None)}
    if word in nulls:
        return nulls[word], at + len(word)
    if char not in "+-:,#(":
        raise ValueError("not a reply: " + text[at:])
    return (char, word[1:].encode()), at + len(word)


def parse_items(text, at, kind):
    items, closer = [], "}" if kind == "%" else "]"
    while True:
        while text[at:at + 1].isspace():
            at += 1
        if at >= len(text):
            raise ValueError("missing %s in: %s" % (closer, text))
        if text[at] == closer:
            return (kind, items), at + 1
        item, at = parse_item(text, at)
        items.append(item)


def parse_notation(text):
    """A whole reply. At the top a simple string or error reaches to the end of the line."""
    text = text.strip()
    if text[:1] in ("+", "-") and text[1:2] != '"':
        return (text[0], expand(text[1:].encode()))
    item, at = parse_item(text, 0)
    if text[at:].strip():
        raise ValueError("text after the reply: " + text[at:])
    return item


def is_complete(text):
    """Whether the notation so far is one whole reply (its brackets are closed)."""
    try:
        parse_notation(text)
    except ValueError as error:
        return "missing ]" not in str(error) and "missing }" not in str(error)
    return True


def matches(expected, reply):
    """Compares a reply with an expectation that may hold /regex/ items."""
    if expected[0] == "/":
        return re.fullmatch(expected[1], render(reply), re.S) is not None
    if expected[0] != reply[0] or not isinstance(expected[1], list) or not isinstance(reply[1], list):
        return expected == reply
    return len(expected[1]) == len(reply[1]) and all(map(matches, expected[1], reply[1]))


def sort_items(reply):
    """The same reply with the items of its outermost arrays sorted (maps keep their pairs)."""
    kind, value = reply
    if not isinstance(value, list):
        return reply
    if kind == "%":
        pairs = sorted(zip(value[::2], value[1::2]), key=repr)
        return kind, [item for pair in pairs for item in pair]
    return kind, sorted((sort_items(item) for item in value), key=repr)
