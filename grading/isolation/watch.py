"""Looks at a sandbox's processes from outside, interrupts who is over a limit, then ends him."""

import contextlib
import os
import signal
import threading
import time

import psutil

from .limits import PROCESSOR, SLEEP, WALL, WHOLE, Cut
from .tree import BUSY, Tree, state_of

__all__ = ["LOOK_EVERY_S", "Watch"]

LOOK_EVERY_S = 0.25
SETTLES_S = 1.0


class Watch:
    """The limits of one sandbox, enforced by a thread.

    It looks every `LOOK_EVERY_S`, later on a busy machine, where answers do not get on faster.
    So an answer may get a quarter of a second on each processor beyond its limit and the grace.

    Parameters
    ----------
    root : int
        The sandbox's outermost process.
    limits : limits.Limits
    whole : limits.Allowance
        What this sandbox may use altogether.
    slay : callable
        ``slay(reason)`` ends everything.
    inner : bool
        Whether the student's process is a grandchild of `root`, as in bubblewrap.
    """

    def __init__(self, root, limits, whole, slay, inner=True):
        self.tree, self.limits, self.whole, self._slay = Tree(root), limits, whole, slay
        self.end = time.monotonic() + whole.wall
        self.cut = None  # the limit that was reached in this cell or test
        self._student, self._inner = None if inner else root, inner
        self._before, self._allowance, self._base = 0.0, None, 0.0
        self._asked, self._asleep, self._last = None, 0.0, time.monotonic()
        self._asker = threading.get_native_id()
        self._lock = threading.RLock()

    def watch(self, lives):
        """Look until ``lives()`` is false; the body of a thread."""
        while lives():
            with self._lock:
                self.look()
            time.sleep(LOOK_EVERY_S)

    # -- one cell or one test ---------------------------------------------------------

    def begin(self, allowance):
        """Let the next cell or test use this much."""
        with self._lock:
            self._base, self._allowance = self._spent(), allowance
            self.cut, self._asleep = None, 0.0

    def used(self):
        """Seconds of processor time since `begin`."""
        return self._spent() - self._base

    def finish(self):
        """End the cell or test; return the seconds of processor time that it used."""
        with self._lock:
            self._allowance = None
            return self.used()

    @contextlib.contextmanager
    def question(self):
        """While an answer is awaited, sleep counts."""
        outer, self._asked = self._asked, time.monotonic()
        try:
            yield
        finally:
            self._asked = outer

    def late(self, error):
        """Return the `Cut` if an error of the student's process came from a limit, else None.

        Parameters
        ----------
        error : dict
            As the process tells it, and as untrustworthy. An interrupt may turn into another
            error on its way through code that does not expect it.
        """
        with self._lock:
            used, allowed = self.used(), self._allowance
            share = 0.9 if error.get("name") == "TimeUp" else 1.0  # its clock is not ours
            if self.cut is None and allowed and used > share * allowed.seconds:
                used = max(used, allowed.seconds)
                self.cut = Cut(PROCESSOR, used, allowed.seconds, allowed.solution)
            return self.cut

    def rests(self):
        """Whether nothing runs any more, after an interrupt; waits a little for that."""
        end = time.monotonic() + SETTLES_S
        while (busy := self.tree.look().busy) and time.monotonic() < end:
            time.sleep(0.01)
        return not busy

    def begin_whole(self, whole):
        """From here on counts what the notebook may use altogether."""
        with self._lock:
            self.whole, self._before = whole, self._spent()
            self.end = time.monotonic() + whole.wall

    def spent_of_whole(self):
        """Seconds of processor time since `begin_whole`."""
        return self._spent() - self._before

    # -- looking ------------------------------------------------------------------------

    def look(self):
        """Look once, and do what is to be done."""
        look, now = self.tree.look(), time.monotonic()
        # A look that comes late has not seen what happened since the last one.
        elapsed, self._last = min(now - self._last, 2 * LOOK_EVERY_S), now
        if self._student is None and len(look.pids) > 2:
            self._student = look.pids[2]
        if look.resident > self.limits.memory_bytes and self._held(look) > self.limits.memory_bytes:
            self._slay("it used more memory than allowed")
        if (used := look.spent - self._before) > self.whole.seconds:
            self._slay(Cut(WHOLE, used, self.whole.seconds, self.whole.solution))
        if now > self.end:
            wall = self.whole.wall
            self._slay(Cut(WALL, now - self.end + wall, wall))
        if self._asked and not look.busy and self._asker_waits():
            self._asleep += elapsed
        if self._allowance:
            self._judge(look.spent - self._base, now)

    def _judge(self, used, now):
        """Interrupt whoever is over a limit; kill him if he goes on."""
        allowed, grace = self._allowance, self.limits.grace_seconds
        waited = now - self._asked if self._asked else 0.0
        over = (
            (used - allowed.seconds, Cut(PROCESSOR, used, allowed.seconds, allowed.solution)),
            (
                self._asleep - self.limits.sleep_seconds,
                Cut(SLEEP, self._asleep, self.limits.sleep_seconds),
            ),
            (waited - allowed.wall, Cut(WALL, waited, allowed.wall)),
        )
        excess, cut = max(over, key=lambda pair: pair[0])
        if excess > grace:
            self._slay(cut)
        elif excess > 0 and self.cut is None:
            self.cut = cut
            if self._student:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(self._student, signal.SIGALRM)

    def _spent(self):
        return self.tree.look().spent

    def _asker_waits(self):
        return state_of(os.getpid(), self._asker) not in BUSY

    def _held(self, look):
        """Bytes in memory, pages that processes share counted once; slow, so only if in doubt."""
        return sum(map(_exactly, look.pids))


def _exactly(pid):
    try:
        process = psutil.Process(pid)
        try:
            return process.memory_full_info().pss
        except psutil.AccessDenied:
            return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
