"""Examinations in processes of their own: some grade, the next ones get ready meanwhile.

The processes are forked from one that has imported everything, so that none of them spends
seconds on imports; what they run of the student's is in the sandbox. A process that a test ended,
such as by work that hears no interrupt, costs that test: another one runs those that are left. A
process that hangs is ended, and what it had scored until then counts.
"""

import contextlib
import json
import math
import multiprocessing
import os
import signal
import time
from collections import deque
from dataclasses import dataclass, field, replace
from multiprocessing import connection

from grading.isolation.limits import TESTS, Cut
from grading.isolation.student import die_with_parent
from grading.lab import LabBroken

from .examination import Examination, Overgrown
from .regrade import needed

__all__ = ["Job", "Outcome", "examine_all"]

READY = b"ready"


@dataclass(frozen=True)
class Job:
    """One notebook to examine; `key` is handed back with the outcome."""

    key: object
    lab: object
    pieces: list
    seed: int
    options: dict = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of a job.

    Attributes
    ----------
    key : object
    results : dict
        By test cell: points, max, status, message.
    outputs : dict
        By position of the piece.
    stopped : dict of str to str
        By cell, why the student's code stopped.
    cuts : dict of str to dict
        By cell or test, the limit that was reached: `limits.Cut`.
    spent : dict
        Processor seconds by cell and test, ``inside`` the sandbox and ``outside``.
    trouble : str or None
        Why the examination itself could not be finished.
    began : bool
        Whether the student's own cells were reached.
    seconds : float
    """

    key: object
    results: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    stopped: dict = field(default_factory=dict)
    cuts: dict = field(default_factory=dict)
    spent: dict = field(default_factory=dict)
    trouble: str | None = None
    began: bool = False
    seconds: float = 0.0


def examine_all(jobs, workers=1, ahead=1):
    """Examine notebooks and yield an `Outcome` for each, as they finish.

    Parameters
    ----------
    jobs : iterable of Job
        Consumed as processes become free, so that it may be long.
    workers : int
        How many notebooks are examined at once.
    ahead : int
        How many more get ready meanwhile.
    """
    waiting, slots = iter(jobs), deque(range(workers + ahead))
    busy, more = [], True
    try:
        while busy or more:
            while more and slots:
                job = next(waiting, None)
                more = job is not None
                if more:
                    busy.append(_Examiner(job, slots.popleft()))
            active = sum(one.going for one in busy)
            for one in [one for one in busy if one.ready and not one.going][: workers - active]:
                one.go()
            connection.wait([one.pipe for one in busy], timeout=1.0)
            for one in list(busy):
                if one.finished():
                    busy.remove(one)
                    slots.append(one.slot)
                    yield one.outcome
    finally:
        for one in busy:
            one.end()


class _Examiner:
    """A process and what it has told so far; another one, if a test ended it."""

    def __init__(self, job, slot):
        self.job, self.slot, self.ready, self.going = job, slot, False, False
        self.outcome, self.shown, self.testing = Outcome(job.key), {}, None
        self.left = job.lab.limits.restarts
        # Limits are enforced in the process and by the kernel; this is for one that is stuck.
        limits, needs = job.lab.limits, job.options.get("needs")
        floor = limits.setup_seconds * (1 if needs else limits.multiple)
        whole = limits.submission_seconds * (1 if needs else limits.multiple)
        needed = sum(sum(side.values()) for side in needs.values()) if needs else 0.0
        self.patience = limits.allow(floor, needed).wall, limits.allow(whole, needed).wall
        self._start(job)

    def _start(self, job):
        self.end_by = time.monotonic() + self.patience[0]
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        args = (job, self.slot, theirs, self.pipe)
        self.process = context.Process(target=_examine, args=args)
        self.process.start()
        theirs.close()

    def go(self):
        if not self.going:
            self.going, self.started = True, time.monotonic()
        self.end_by = self.started + sum(self.patience)
        with contextlib.suppress(OSError):  # it ended; its last words are read next
            self.pipe.send_bytes(b"go")

    def finished(self):
        """Hear what the process has to say; whether it is done."""
        try:
            while self.pipe.poll():
                if self._heard(self.pipe.recv_bytes()):
                    return self.end()
        except (EOFError, OSError):
            return self._ended(self._code())
        if time.monotonic() > self.end_by:
            return self.end("the examining process hung and was ended.")
        return False

    def _heard(self, message):
        if message == READY:
            self.ready, self.end_by = True, math.inf
            if self.going:  # it takes the place of one that ended
                self.go()
            return False
        message = json.loads(message)
        if "begins" in message:
            self.testing = message
            return False
        if "result" in message:
            cell, self.testing = message["cell"], None
            self._note(cell, message["result"], message["cut"], message["outputs"])
            self.used = message["used"]
            return False
        if "overgrown" in message:
            return not self._go_on()  # a remark says so where that was too often
        self.outcome.outputs |= {int(key): one for key, one in message["outputs"].items()}
        for name in ("stopped", "cuts", "spent"):
            setattr(self.outcome, name, message[name] | getattr(self.outcome, name))
        self.outcome.trouble = message["trouble"]
        return True

    def _note(self, cell, result, cut, outputs):
        """Keep a test's result; the first one counts where a test had to run again."""
        if cell in self.outcome.results:
            return
        self.outcome.results[cell] = result
        if cut:
            self.outcome.cuts[cell] = cut
        self.shown[cell] = outputs

    def _code(self):
        self.process.join(5)
        return self.process.exitcode

    def _ended(self, code):
        """After the process ended by itself: charge the test that ran, and go on without it."""
        if self.testing is None:
            return self.end(f"the examining process ended (exit code {code}).")
        cell, allowed = self.testing["begins"], self.testing["allowed"]
        cut = Cut(TESTS, allowed, allowed, self.testing["solution"])
        words = f"this answer ended the process that ran the test (exit code {code})."
        if code == -signal.SIGXCPU:
            words = f"this answer {cut}"
        points = next(test.points for test in self.job.lab.tests if test.id == cell)
        result = {"points": 0.0, "max": points, "status": "stopped", "message": words, "hint": ""}
        shown = {"output_type": "error", "ename": "Gone", "evalue": words, "traceback": [words]}
        self._note(cell, result, cut._asdict() if code == -signal.SIGXCPU else None, [shown])
        self.used, self.testing = self.testing["used"] + allowed, None
        return not self._go_on() and self.end()

    def _go_on(self):
        """Start a process for the tests that are left; whether that may be."""
        tests = [test.id for test in self.job.lab.tests]
        only = self.job.options.get("only")
        left = {one for one in tests if one not in self.shown and (only is None or one in only)}
        if self.left <= 0:
            self.outcome.trouble = "the process that runs the tests ended too often."
            return False
        self.left -= 1
        self.process.kill()
        self.process.join()
        self.pipe.close()
        options = self.job.options | {"only": needed(self.job.lab, left), "used": self.used}
        self._start(replace(self.job, options=options))
        return True

    def end(self, trouble=None):
        self.outcome.trouble = self.outcome.trouble or trouble
        self.outcome.began = self.going
        self.outcome.outputs |= {
            position: self.shown[piece.cell.id]
            for position, piece in enumerate(self.job.pieces)
            if piece.cell is not None and piece.cell.id in self.shown
        }
        if self.going:
            self.outcome.seconds = time.monotonic() - self.started
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return True


def _examine(job, slot, pipe, other_end):
    """The body of one process; ends without running anything that was inherited."""
    other_end.close()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    last = {"outputs": {}, "stopped": {}, "cuts": {}, "spent": {}, "trouble": None}

    def tell(**message):
        # Half of a surrogate pair, which Python allows in texts, could be written to no file.
        pipe.send_bytes(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))

    def heard(cell, result, cut, outputs):
        used = examination.candidate.spent_of_whole()
        tell(cell=cell, result=result, cut=cut, outputs=outputs, used=used)

    def begins(cell, allowance, used):
        seconds, _, solution = allowance
        tell(begins=cell, allowed=seconds, solution=solution, used=used)

    try:
        examination = Examination(
            job.lab, job.pieces, job.seed, heard, begins=begins, slot=slot, **job.options
        )
        with examination.candidate:
            examination.prepare()
            pipe.send_bytes(READY)
            pipe.recv_bytes()
            last |= examination.run()
    except (EOFError, BrokenPipeError):
        os._exit(1)
    except Overgrown:
        last = {"overgrown": True}
    except LabBroken as broken:
        last["trouble"] = str(broken)
    except Exception as error:
        last["trouble"] = f"{type(error).__name__}: {error}"
    tell(**last)
    os._exit(0)
