# SPDX-License-Identifier: BSD-3-Clause
"""Keyspace events of the commands that the differential test sends: what each command made each server publish.

Owner: a Listener owns its connection. Locks: none.
Behind every command the tester publishes a mark to a channel that the listener's pattern fits, too: what came since the mark
before is the command's.
"""
import servers

PATTERN = b"__key*__:*"
MARK = b"__keymark__:"
# The elements of sets and sorted sets have no order, nor do the keys that are read for them.
UNORDERED = {"SORT", "SORT_RO"}
# Families that hold nothing but keys: no other command may stand between a command and its mark.
LEFT_OUT = {"connection", "server"}


def mark(number):
    return [b"PUBLISH", MARK, b"%d" % number]


def equal(words, ours, theirs):
    """Replies as Listener.until gives them."""
    if words[0].decode("latin-1").upper() in UNORDERED:
        return sorted(ours[1]) == sorted(theirs[1])
    return ours == theirs


class Listener:
    """A connection that has subscribed to all keyspace events of a server, which sends those of the given classes."""

    def __init__(self, port, classes):
        self.connection = servers.Connection(port, timeout=20)
        self.connection.command("CONFIG", "SET", "notify-keyspace-events", classes)
        self.connection.command("PSUBSCRIBE", PATTERN)

    def until(self, number):
        """The events before each mark up to that of `number`, as replies: arrays of "channel payload". Ends early when the
        server falls silent."""
        groups, events = [], []
        while True:
            message = self.connection.receive()
            if message is None:
                return groups
            channel, payload = message[1][2][1], message[1][3][1]
            if channel != MARK:
                events.append(("$", channel + b" " + payload))
                continue
            groups.append(("*", events))
            if payload == b"%d" % number:
                return groups
            events = []

    def close(self):
        self.connection.close()
