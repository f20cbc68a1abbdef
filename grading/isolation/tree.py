"""Processor time, memory and rest of a process and its descendants, read in /proc from outside.

Linux adds what a process used to its parent's account when the parent waits for it, and a
process whose parent has ended gets the sandbox's first process as its parent, which waits for
all. So the time of those that live, with what they have waited for, is the time of all: also of
threads, of children that ended, and of grandchildren whose parents ended.

A process may ask the kernel to forget its children (it ignores SIGCHLD). What was seen of a child
that vanished onto no account is counted all the same; what it used after the last look is not
seen. Once `HIDDEN_S` was hidden in this way, each further time adds what all processors could have
done since the last look, so that who hides pays more than he used.
"""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["Look", "Tree", "state_of"]

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
HIDDEN_S = 0.2
ROUNDING_S = 0.05  # accounts are kept in ticks, and a process is seen to the nanosecond
CHILDREN = Path("/proc/thread-self/children").exists()  # no kernel of a distribution lacks it
BUSY = ("R", "D")  # wants a processor, or waits for a disk


class Look(NamedTuple):
    """What was seen at one moment.

    Attributes
    ----------
    spent : float
        Seconds of processor time of all processes since the first began; never less than before.
    resident : int
        Bytes in memory, pages that processes share counted for each.
    busy : bool
        Whether any thread wants a processor or waits for a disk.
    pids : list of int
        The processes; the parents come first.
    """

    spent: float
    resident: int
    busy: bool
    pids: list


class _Process(NamedTuple):
    pid: int
    start: int
    own: float
    waited: float  # of children that ended and were waited for
    resident: int
    busy: bool
    ended: bool


class Tree:
    """A process and its descendants.

    Parameters
    ----------
    root : int
        The process's id.
    """

    def __init__(self, root):
        self.root, self.spent = root, 0.0
        self._known, self._gone = {}, {}  # (pid, start) -> _Process
        self._owed, self._credit, self._lost = 0.0, 0.0, 0.0
        self._last, self._lock = time.monotonic(), threading.Lock()

    def look(self):
        """Return a `Look` at what there is now."""
        with self._lock:
            found = list(_walk(self.root))
            if found and not found[0].ended:  # else the account is closed
                self._settle({(one.pid, one.start): one for one in found})
                living = sum(one.own + one.waited for one in found)
                self.spent = max(self.spent, living + self._owed + self._lost)
            return Look(
                self.spent,
                sum(one.resident for one in found),
                any(one.busy for one in found),
                [one.pid for one in found],
            )

    def _settle(self, now):
        """Compare what vanished since the last look with what came onto the others' accounts."""
        # A list of children may lack one while another ends; who is there again had not vanished.
        for key in now.keys() & self._gone.keys():
            again = self._known[key] = self._gone.pop(key)
            self._lost -= max(0.0, again.own + again.waited - self._owed)
            self._owed = max(0.0, self._owed - again.own - again.waited)
        self._lost = max(0.0, self._lost)
        gone = {key: one for key, one in self._known.items() if key not in now}
        self._gone |= gone
        paid = sum(
            one.waited - (self._known[key].waited if key in self._known else 0.0)
            for key, one in now.items()
        )
        # Owed since the last look: a parent may have been read just before it waited.
        overdue, paid = max(0.0, self._owed - paid), max(0.0, paid - self._owed)
        before, self._last = self._last, time.monotonic()
        if overdue > self._credit:
            self._lost += overdue - self._credit
            if self._lost > HIDDEN_S:
                self._lost += (self._last - before) * len(os.sched_getaffinity(0))
        self._credit = max(0.0, self._credit - overdue)
        vanished = sum(one.own + one.waited for one in gone.values())
        self._owed = max(0.0, vanished - paid)
        self._credit = min(ROUNDING_S, self._credit + max(0.0, paid - vanished))
        self._known = now


def _walk(root):
    waiting, known = [root], None if CHILDREN else _children_by_parent()
    while waiting:
        pid = waiting.pop(0)
        try:
            process, children = _read(pid, known)
        except (OSError, ValueError, IndexError):  # it has just ended
            continue
        yield process
        waiting += children


def _children_by_parent():
    found = {}
    for pid in (one.name for one in os.scandir("/proc") if one.name.isdigit()):
        with contextlib.suppress(OSError):
            found.setdefault(int(_fields(f"/proc/{pid}/stat")[1]), []).append(int(pid))
    return found


def _read(pid, known):
    fields = _fields(f"/proc/{pid}/stat")
    own = (int(fields[11]) + int(fields[12])) * TICK_S
    waited = (int(fields[13]) + int(fields[14])) * TICK_S
    with contextlib.suppress(OSError):  # the first thread alone, but finer than ticks
        own = max(own, int(_text(f"/proc/{pid}/schedstat").split()[0]) / 1e9)
    busy, children = fields[0] in BUSY, known.get(pid, []) if known else []
    with os.scandir(f"/proc/{pid}/task") as threads:
        for thread in threads:
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                busy = busy or state_of(pid, thread.name) in BUSY
                if known is None:
                    children += map(int, _text(f"{thread.path}/children").split())
    process = _Process(
        pid, int(fields[19]), own, waited, int(fields[21]) * PAGE, busy, fields[0] in "ZX"
    )
    return process, children


def state_of(pid, thread):
    """The state of a thread, one letter as in ``ps``."""
    return _fields(f"/proc/{pid}/task/{thread}/stat")[0]


def _fields(path):
    return _text(path).rpartition(")")[2].split()


def _text(path):
    file = os.open(path, os.O_RDONLY)  # there are many of these, and they are short
    try:
        return os.read(file, 1 << 16).decode("utf-8", "replace")
    finally:
        os.close(file)
