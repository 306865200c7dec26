# SPDX-License-Identifier: BSD-3-Clause
# What the lints share: the command line, the list of the project's files, and how findings are printed.
import argparse
import os
import subprocess
import sys


class Lint:
    """One run of one lint: collects findings, prints them, and becomes the exit status."""

    def __init__(self, name, purpose):
        parser = argparse.ArgumentParser(prog="tools/lint/" + name, description=purpose)
        here = os.path.dirname(os.path.abspath(__file__))
        parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)), help="the tree to look at")
        self.name = name
        self.root = os.path.abspath(parser.parse_args().root)
        self.looked_at = 0
        self.findings = []

    def path(self, name):
        return os.path.join(self.root, name)

    def read(self, name):
        self.looked_at += 1
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def files(self, *suffixes, under=()):
        """Files of the tree that git would commit (all of them where there is no git), relative to the root."""
        names = git_files(self.root) or walked_files(self.root)
        return [
            name
            for name in sorted(names)
            if (not suffixes or name.endswith(suffixes)) and (not under or name.startswith(tuple(under)))
        ]

    def say(self, name, line, text):
        self.findings.append("%s:%d: %s" % (name, line, text) if line else "%s: %s" % (name, text))

    def finish(self):
        for finding in self.findings:
            print(finding)
        print("%s: %d looked at, %d findings" % (self.name, self.looked_at, len(self.findings)))
        sys.exit(1 if self.findings else 0)


def git_files(root):
    if not os.path.exists(os.path.join(root, ".git")):
        return []
    command = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in listed if name and os.path.isfile(os.path.join(root, name))]


def walked_files(root):
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "build", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found


def load_allowed(lint, name):
    """Rows of an allow-list: `thing reason...`; every row needs its reason."""
    allowed = {}
    if os.path.exists(lint.path(name)):
        for number, row in enumerate(lint.read(name).splitlines(), 1):
            if row.strip() and not row.startswith("#"):
                thing, _, reason = row.partition(" ")
                if not reason.strip():
                    lint.say(name, number, "%s is allowed without a reason" % thing)
                allowed[thing] = number
    return allowed
