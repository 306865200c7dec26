# SPDX-License-Identifier: BSD-3-Clause
"""What the system tests share: the command line, counting of checks, and the closing line.

Owner: a Report belongs to one test program. Locks: none.
"""
import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
import servers  # noqa: E402

# How redis-cli and redis-benchmark say that something went wrong.
ERROR_LINE = re.compile(r"^(\(error\)|ERR |Error|Could not|WARNING)", re.M)


class Report:
    """Counts checks; `finish` prints `N passed, N failed` and ends the program."""

    def __init__(self, purpose):
        parser = argparse.ArgumentParser(description=purpose)
        parser.add_argument("--server", default=servers.default_server(), help="command with {port} and {dir}")
        self.command = parser.parse_args().server
        self.passed = self.failed = 0

    def check(self, what, good, detail=""):
        """Counts one check; says what was found when it fails."""
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print("FAILED: %s\n%s" % (what, detail))
        return bool(good)

    def start(self, *extra):
        return servers.Server(self.command, extra)

    def stop(self, server):
        complaints = server.stop()
        self.check("the server stops cleanly", not complaints, "\n".join(complaints))

    def run(self, what, words, timeout=120, stdin=None):
        """Runs a client to its end; one check: exit 0 and no error in what it prints. Returns its output."""
        try:
            run = subprocess.run(words, capture_output=True, timeout=timeout, input=stdin)
        except subprocess.TimeoutExpired:
            self.check(what, False, "no end after %d s: %s" % (timeout, " ".join(words)))
            return ""
        text = (run.stdout + run.stderr).decode("latin-1").replace("\r", "\n")
        bad = ERROR_LINE.search(text)
        self.check(what, run.returncode == 0 and not bad, "exit %d\n%s" % (run.returncode, text[-1500:]))
        return text

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(1 if self.failed else 0)
