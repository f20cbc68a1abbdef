"""The student's notebook while it is graded: its process, which may die, and what it defined."""

import time

from .examiner import Examiner
from .proxies import Gone, Late, Missing
from .sandbox import Sandbox
from .wire import ENDED, BrokenBorder

__all__ = ["OWN", "Candidate"]

OWN = "own cell"  # what the student's own cells are called, with their position


class Candidate:
    """Runs the student's cells in order; survives what they do to their process.

    A process that died is started again and runs the cells once more, except those that ended
    it, so that one exercise does not cost the others.

    Parameters
    ----------
    lab : lab.Lab
    **options
        For `Sandbox`: slot, cache, fill, trusted.
    """

    def __init__(self, lab, **options):
        self.lab, self.limits = lab, lab.limits
        self._open = lambda end: Sandbox(lab.limits, lab.files, end, **options)
        self.end = time.monotonic() + self.limits.submission_seconds
        self.sandbox = self.examiner = None
        self.ran = []  # the cells that the process survived: (source, name, seconds)
        self.failed = {}  # cell id -> why it stopped
        self.starts = 0

    def begin(self):
        """Start the clock; what was prepared before does not count."""
        self.end = time.monotonic() + self.limits.submission_seconds

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
        if time.monotonic() > self.end:
            raise Gone("the time for the whole notebook was used up; the rest was not run.")
        self.starts += 1
        self.sandbox = self._open(self.end)
        self.examiner = Examiner(
            self.sandbox.wire,
            self.lab.interfaces,
            self.lab.signatures,
            self.limits.grace_seconds,
        )
        again, self.ran = self.ran, []
        for cell in again:
            self.run(*cell)
            self.start()

    def run(self, source, name, seconds=None):
        """Run one cell; return its outputs and its error, as the student's process tells them."""
        seconds = seconds or self.limits.cell_seconds
        try:
            self.start()
            left = max(0.1, self.end - time.monotonic())
            outcome = self.examiner.run_cell(source, min(seconds, left))
            if not isinstance(outcome, dict):
                raise BrokenBorder("it sent nonsense.")
        except (Gone, Exception) as error:  # whatever the student's process could make of it
            return self._lost(name, error)
        error = outcome.get("error")
        if isinstance(error, dict):
            self.failed[name] = f"{str(error.get('name'))[:80]}: {str(error.get('text'))[:500]}"
        else:
            self.failed.pop(name, None)
        self.ran.append((source, name, seconds))
        return outcome

    def _lost(self, name, error):
        reason = self.stop(str(error))
        self.failed[name] = reason
        return {"outputs": [], "error": {"name": "Stopped", "text": reason, "place": ""}}

    def define(self, names, cell_id):
        """Return what the student's notebook calls by these names, each a value or a proxy."""
        found = {}
        for name in names:
            try:
                self.start()
                found[name] = self.examiner.look(name)
            except NameError:
                reason = self.failed.get(cell_id)
                reason = f"its cell stopped with {reason}" if reason else "no cell defines it."
                found[name] = Missing(name, reason)
            except Late as late:
                found[name] = Missing(name, str(late))
            except (Gone, BrokenBorder) as error:
                found[name] = Missing(name, self.stop(str(error)))
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

    def stop(self, reason):
        """End the process and return why, in words."""
        if self.sandbox is None:
            return reason
        if reason == ENDED:
            self.sandbox.settle()
        reason = self.sandbox.reason or reason
        self.sandbox.kill()
        self.sandbox = self.examiner = None
        return reason

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop("")
