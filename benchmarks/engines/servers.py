"""Servers of this machine: started on loopback, watched, killed, and none left behind."""

import contextlib
import ctypes
import importlib.metadata
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import psutil

HOST = "127.0.0.1"
# Below Linux's own range (32768 to 60999), from which the kernel takes ports of clients.
PORTS = range(20_000, 32_000)
POLL_S = 0.05


def installed(package):
    """Whether a package is there."""
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def program(package, name):
    """Return where a package keeps a program: the largest file of that name is no wrapper."""
    files = importlib.metadata.distribution(package).files
    return max((f.locate() for f in files if f.name == name), key=lambda path: path.stat().st_size)


class Servers:
    """Servers that live as long as a ``with`` block.

    Each is the leader of a process group of its own. Whatever ends the block (its end, an error,
    Ctrl-C, a polite kill) stops every group and removes the folder; if this process is killed
    outright, the kernel kills the servers.

    Attributes
    ----------
    folder : pathlib.Path
        A temporary folder for their files, removed at the end.
    running : dict of str to subprocess.Popen
        What was started and not killed, by name.
    started : list of int
        The numbers of all processes that were started.
    """

    patience_s = 5

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="engines-"))
        self.running, self.started, self._taken, self._timers = {}, [], set(), []
        return self

    def __exit__(self, *_):
        with _deaf():
            self.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def ports(self, count):
        """Return free ports of loopback, none of them twice."""
        found = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == count:
                return found
            with socket.socket() as trial, contextlib.suppress(OSError):
                trial.bind((HOST, port))
                if port not in self._taken:
                    found.append(port)
                    self._taken.add(port)
        raise RuntimeError(f"{count} free ports are needed between {PORTS[0]} and {PORTS[-1]}.")

    def start(self, name, *command, stdin=os.devnull):
        """Start a server; its words go to a file in the folder."""
        path = os.pathsep.join(filter(None, sys.path))
        with (
            (self.folder / f"{name}.log").open("ab") as log,
            pathlib.Path(stdin).open("rb") as words,
        ):
            self.running[name] = subprocess.Popen(
                [str(part) for part in command],
                stdin=words,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | {"HOME": str(self.folder), "PYTHONPATH": path},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.started.append(self.running[name].pid)

    def signal(self, name, number):
        """Send a signal to the group of a server."""
        os.killpg(self.running[name].pid, number)

    def kill(self, name):
        """Kill a server as a crash would, without a word of warning."""
        self.signal(name, signal.SIGKILL)
        self.running.pop(name).wait()

    def kill_later(self, name, seconds):
        """Kill a server after some seconds, while this thread goes on; ``join`` what it returns."""
        timer = threading.Timer(seconds, self.kill, (name,))
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
        return timer

    def finish(self, name, code, seconds=20):
        """Wait for a program that ends by itself, with ``code``."""
        found = self.running[name].wait(seconds)
        if found != code:
            said = self.last_words(name)
            raise RuntimeError(f"{name} must end with {code}; it ended with {found}: {said}")
        del self.running[name]

    def wait_for(self, what, call, seconds=15):
        """Return the first true result of ``call()``; errors of the network count as not yet."""
        last, end = None, time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if result := call():
                    return result
            except Exception as error:
                last = error
            for name, process in list(self.running.items()):
                if _ended(process):
                    raise RuntimeError(f"{name} must run; it ended: {self.last_words(name)}")
            time.sleep(POLL_S)
        raise TimeoutError(f"{what}: must be within {seconds} s; the last answer was {last!r}.")

    def last_words(self, name):
        """Return the end of what a server wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-800:].strip()

    def addresses(self):
        """Return the addresses on which the servers listen, or wait for datagrams."""
        return {
            found.laddr.ip
            for process in self.running.values()
            for found in psutil.Process(process.pid).net_connections(kind="inet")
            if found.laddr and not found.raddr
        }

    def loopback_only(self):
        """Raise if a server listens to more than this machine."""
        if (found := self.addresses()) != {HOST}:
            raise RuntimeError(f"servers must listen on {HOST} only; these listen on {found}.")

    def memory_mb(self):
        """Return the memory in which all servers are resident, in 10^6 bytes."""
        pids = [process.pid for process in self.running.values()]
        return round(sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6)

    def stop(self):
        """End every group: asked first, and killed after ``patience_s`` together."""
        end = time.monotonic() + self.patience_s
        for timer in self._timers:
            timer.cancel()
            timer.join()
        try:
            for process in self.running.values():
                _tell(process, signal.SIGCONT)
                _tell(process, signal.SIGTERM)
            while not all(map(_ended, self.running.values())) and time.monotonic() < end:
                time.sleep(POLL_S)
        finally:
            for process in self.running.values():
                _tell(process, signal.SIGKILL)  # whoever is left in the group
                process.wait()
            self.running.clear()


@contextlib.contextmanager
def bounded(seconds):
    """Let a block take ``seconds`` at most, and let a polite kill end it as an error does."""

    def late(*_):
        # No exception that a retry would catch.
        raise SystemExit(f"the engines must be done within {seconds} s; they are not.")

    def told(*_):
        raise SystemExit(128 + signal.SIGTERM)

    before = {
        signal.SIGALRM: signal.signal(signal.SIGALRM, late),
        signal.SIGTERM: signal.signal(signal.SIGTERM, told),
    }
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _deaf():
    """Hear no further Ctrl-C while servers are stopped, which takes seconds."""
    if threading.current_thread() is not threading.main_thread():
        yield  # another thread hears none anyway
        return
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGALRM
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _die_with_parent():
    """In the child, before the server starts: be killed when the parent dies, as Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _ended(process):
    """Whether a process has ended. It stays a zombie, so that nobody else gets its number."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or bool(os.waitid(os.P_PID, process.pid, options))


def _tell(process, number):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
