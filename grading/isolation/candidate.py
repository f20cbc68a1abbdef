"""The student's notebook while it is graded: its process, which may die, and what it defined."""

import contextlib
import time

from .cells import TimeUp, alarm
from .examiner import Examiner
from .limits import Cut
from .proxies import Gone, Late, Missing
from .room import room
from .sandbox import Sandbox
from .wire import ENDED, BrokenBorder

__all__ = ["OWN", "Candidate"]

READING_S = 30  # of processor time here, in which the watch also looks at a cell that runs long
OWN = "own cell"  # what the student's own cells are called, with their position


class Candidate:
    """Runs the student's cells in order; survives what they do to their process.

    A process that died is started again and runs the cells once more, except those that ended
    it or were cut, so that one exercise does not cost the others.

    Parameters
    ----------
    lab : lab.Lab
    needs : dict, optional
        What the solution spent, as `spent` tells it. Without it this is the solution itself, and
        floors are `multiple` times as high.
    **options
        For `Sandbox`: slot, cache, fill, trusted.
    """

    def __init__(self, lab, needs=None, **options):
        self.lab, self.limits, self.needs = lab, lab.limits, needs
        self._open = lambda whole: Sandbox(lab.limits, lab.files, whole, **options)
        self.sandbox = self.examiner = None
        self.ran = []  # the cells that the process survived: (source, name, floor)
        self.failed = {}  # cell id -> why it stopped
        self.cuts = {}  # cell id -> the limit that it reached
        self.spent = {"inside": {}, "outside": {}}  # processor time by cell id, on each side
        self.starts = 0
        self.begin()

    def begin(self, used=0.0):
        """Start the account, at `used` seconds; what was prepared before does not count."""
        needed = sum(self.needs["inside"].values()) if self.needs else None
        self.whole = self._allow(self.limits.submission_seconds, needed)
        self.end, self.used = time.monotonic() + self.whole.wall, used
        if self.sandbox is not None:
            left = max(self.whole.seconds - used, 0.0)
            self.sandbox.watch.begin_whole(self.whole._replace(seconds=left))

    def spent_of_whole(self):
        """Seconds of processor time since `begin`, of all processes that there were."""
        return self.used + (self.sandbox.watch.spent_of_whole() if self.sandbox else 0.0)

    @contextlib.contextmanager
    def _bounded(self):
        """Bound what it costs here to read what the student's process sends."""
        try:
            seconds = max(self.limits.cell_seconds, READING_S)
            with room(self.limits.tests_memory_bytes), alarm(seconds):
                yield
        except TimeUp:
            raise BrokenBorder("what it sent took too long to read.") from None

    def _allow(self, floor, solution):
        return self.limits.allow(floor * (1 if self.needs else self.limits.multiple), solution)

    def allowance(self, name, floor=None, side="inside"):
        """Return what the cell or test of this name may use."""
        solution = self.needs[side].get(name) if self.needs else None
        return self._allow(floor or self.limits.cell_seconds, solution)

    def start(self):
        """Have a living process that has run the cells so far.

        Raises
        ------
        Gone
            If it died too often, or the time is over.
        """
        if self.sandbox is not None:
            return
        if self.starts > self.limits.restarts:
            raise Gone("its process ended too often; the rest was not run.")
        left = self.whole.seconds - self.used
        if left <= 0 or time.monotonic() > self.end:
            raise Gone("the time for the whole notebook was used up; the rest was not run.")
        self.starts += 1
        wall = self.end - time.monotonic()
        self.sandbox = self._open(self.whole._replace(seconds=left, wall=wall))
        self.examiner = Examiner(
            self.sandbox.wire, self.sandbox.watch, self.lab.interfaces, self.lab.signatures
        )
        again, self.ran = self.ran, []
        for cell in again:
            self.run(*cell)
            self.start()

    def run(self, source, name, floor=None):
        """Run one cell; return its outputs and its error, as the student's process tells them."""
        try:
            self.start()
            with self._bounded():
                outcome = self.examiner.run_cell(source, self.allowance(name, floor))
            if not isinstance(outcome, dict):
                raise BrokenBorder("it sent nonsense.")
        except (Gone, Exception) as error:  # whatever the student's process could make of it
            return self._lost(name, error)
        watch, error = self.sandbox.watch, outcome.get("error")
        late = isinstance(error, dict) and watch.late(error)
        self.finish(name)
        if late:
            self.cuts[name], self.failed[name] = late, f"it {late}"
            outcome["error"] = {"name": "Stopped", "text": f"it {late}", "place": ""}
            self.calm()
            return outcome
        if isinstance(error, dict):
            self.failed[name] = f"{str(error.get('name'))[:80]}: {str(error.get('text'))[:500]}"
        else:
            self.failed.pop(name, None)
        self.ran.append((source, name, floor))
        return outcome

    def finish(self, name):
        """Note what a cell or a test spent."""
        if self.sandbox is not None:
            self.spent["inside"][name] = round(self.sandbox.watch.finish(), 3)

    def calm(self):
        """After an interrupt: end a process in which something runs on."""
        if self.sandbox is not None and not self.sandbox.watch.rests():
            self.stop("it went on running in the background")

    def _lost(self, name, error):
        reason, cut = self.stop(str(error), name)
        self.failed[name] = reason
        if cut:
            self.cuts[name] = cut
        return {"outputs": [], "error": {"name": "Stopped", "text": reason, "place": ""}}

    def define(self, names, cell_id):
        """Return what the student's notebook calls by these names, each a value or a proxy."""
        found = {}
        for name in names:
            try:
                self.start()
                self.examiner.begin(self.allowance(cell_id))
                with self._bounded():
                    found[name] = self.examiner.look(name)
            except NameError:
                reason = self.failed.get(cell_id)
                how = "was stopped:" if cell_id in self.cuts else "stopped with"
                reason = f"its cell {how} {reason}" if reason else "no cell defines it."
                found[name] = Missing(name, reason)
            except Late as late:
                found[name] = Missing(name, str(late))
            except (Gone, BrokenBorder) as error:
                found[name] = Missing(name, self.stop(str(error))[0])
            except Exception as error:
                found[name] = Missing(name, str(error))
        return found

    def without_own_cells(self, reason):
        """Begin again without the student's own cells, which the lab's cells do not survive."""
        for _, name, _ in self.ran:
            if name.startswith(OWN):
                self.failed.setdefault(name, reason)
        self.ran = [cell for cell in self.ran if not cell[1].startswith(OWN)]
        self.stop(reason)

    def stop(self, reason, name=None):
        """End the process; return why, in words, and the `Cut` if it reached a limit, else None."""
        if self.sandbox is None:
            return reason, None
        if reason == ENDED:
            self.sandbox.settle()
        if name is not None:
            self.finish(name)
        self.used += self.sandbox.watch.spent_of_whole()
        reason = self.sandbox.reason or reason
        self.sandbox.kill()
        self.sandbox = self.examiner = None
        return (f"it {reason}", reason) if isinstance(reason, Cut) else (reason, None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop("")
