# SPDX-License-Identifier: BSD-3-Clause
"""Starting, watching and stopping the servers that the black-box tests speak to.

Owner: a Server owns its process, its folder and its log. Locks: none; everything listens on 127.0.0.1.
"""
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import resp

REPORT = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error: |"
                    r"REDIS BUG REPORT|Assertion .* failed|ASSERT")
START_SECONDS = 20
DEFAULT_ORACLE = "redis-server --port {port} --dir {dir} --save '' --enable-debug-command yes"


def default_server():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.join(root, "build/release/server") + " --port {port}"


def stop_servers_on_sigterm():
    """Turns SIGTERM into an exception, so that the servers of this process end with it."""
    def leave(_signal, _frame):
        raise SystemExit(143)
    signal.signal(signal.SIGTERM, leave)


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerFailed(Exception):
    """The server did not start, died, or reported an error of its own."""


class Server:
    """One server process on a free port of 127.0.0.1.

    The command is a template: {port} and {dir} are filled in, `--port` is appended when {port} is missing, and so is
    `--bind 127.0.0.1` without a `--bind`.
    The process runs in a temporary folder of its own, which is {dir}.
    """

    def __init__(self, command, extra=()):
        self.dir = tempfile.mkdtemp(prefix="sherd-test-")
        self.port = free_port()
        self.log_path = os.path.join(self.dir, "server.log")
        if "{port}" not in command:
            command += " --port {port}"
        words = [w.replace("{port}", str(self.port)).replace("{dir}", self.dir) for w in shlex.split(command)]
        if os.path.dirname(words[0]):
            words[0] = os.path.abspath(words[0])
        self.words = words + [w.replace("{dir}", self.dir) for w in extra]
        if "--bind" not in self.words:
            self.words += ["--bind", "127.0.0.1"]
        with open(self.log_path, "wb") as log:
            try:
                self.process = subprocess.Popen(self.words, stdout=log, stderr=log, cwd=self.dir,
                                                stdin=subprocess.DEVNULL)
            except OSError as error:
                shutil.rmtree(self.dir, ignore_errors=True)
                raise ServerFailed("cannot run %s: %s" % (words[0], error)) from None
        self._wait_until_up()

    def _wait_until_up(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self._probe()
                return
            except OSError:
                time.sleep(0.01)
        text = self.log()[-800:]
        self.stop()
        raise ServerFailed("the server did not start: %s\n%s" % (" ".join(self.words), text))

    def _probe(self):
        """Connects and waits until the server has closed its side too, so that no test sees this client."""
        with socket.create_connection(("127.0.0.1", self.port), 0.5) as probe:
            probe.shutdown(socket.SHUT_WR)
            try:
                while probe.recv(4096):
                    pass
            except OSError:
                pass  # it is up; how it takes leave is no matter here

    def log(self):
        with open(self.log_path, encoding="latin-1") as log:
            return log.read()

    def alive(self):
        return self.process.poll() is None

    def processor_seconds(self):
        """What the process has used of the processors so far."""
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, timeout=20):
        """Ends the process with SIGTERM (then SIGKILL) and removes its folder; returns a list of complaints."""
        complaints = []
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                complaints.append("the server ignored SIGTERM for %d s" % timeout)
                self.process.kill()
                self.process.wait()
        code = self.process.returncode
        if code != 0 and not complaints:
            complaints.append("the server ended with " + ("signal %d" % -code if code < 0 else "exit code %d" % code))
        if os.path.exists(self.log_path):
            found = REPORT.search(self.log())
            if found:
                complaints.append("report in the server's log:\n" + self.log()[found.start():found.start() + 4000])
        shutil.rmtree(self.dir, ignore_errors=True)
        return complaints


class Connection:
    """A blocking client connection that reads whole replies."""

    def __init__(self, port, timeout=5.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.buffer = bytearray()
        self.closed = False

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, socket.timeout):
            pass  # the reading side sees it: replies already sent, then the end

    def fill(self, timeout):
        """Reads once; False on timeout or at the end of the stream."""
        self.socket.settimeout(max(timeout, 0.001))
        try:
            data = self.socket.recv(1 << 18)
        except socket.timeout:
            return False
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return False
        self.buffer += data
        return True

    def receive(self, timeout=None):
        """The next reply, or None when none came in time (see `closed`)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if self.buffer:
                got = resp.parse_reply(self.buffer, 0)
                if got is not None:
                    del self.buffer[:got[1]]
                    return got[0]
            if self.closed or (not self.fill(deadline - time.monotonic()) and
                               (self.closed or time.monotonic() >= deadline)):
                return None

    def command(self, *words):
        self.send(resp.encode([w if isinstance(w, bytes) else str(w).encode() for w in words]))
        return self.receive()

    def close(self):
        self.closed = True
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
