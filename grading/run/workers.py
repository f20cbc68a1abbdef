"""Examinations in processes of their own: some grade, the next ones get ready meanwhile.

The processes are forked from one that has imported everything, so that none of them spends
seconds on imports; what they run of the student's is in the sandbox. A process that hangs or
crashes is ended, and what it had scored until then counts.
"""

import contextlib
import json
import math
import multiprocessing
import os
import resource
import signal
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing import connection

from grading.isolation.student import die_with_parent
from grading.lab import LabBroken

from .examination import Examination

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
    """One process and what it has told so far."""

    def __init__(self, job, slot):
        self.slot, self.ready, self.going = slot, False, False
        self.outcome = Outcome(job.key)
        # Limits are enforced in the process and by the kernel; this is for one that is stuck.
        limits, needs = job.lab.limits, job.options.get("needs")
        floor = limits.setup_seconds * (1 if needs else limits.multiple)
        whole = limits.submission_seconds * (1 if needs else limits.multiple)
        needed = sum(sum(side.values()) for side in needs.values()) if needs else 0.0
        self.patience = limits.allow(floor, needed).wall, limits.allow(whole, needed).wall
        self.end_by = time.monotonic() + self.patience[0]
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_examine, args=(job, slot, theirs, self.pipe))
        self.process.start()
        theirs.close()

    def go(self):
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
            return self.end(_last_words(self._code()))
        if time.monotonic() > self.end_by:
            return self.end("the examining process hung and was ended.")
        return False

    def _heard(self, message):
        if message == READY:
            self.ready, self.end_by = True, math.inf
            return False
        message = json.loads(message)
        if "result" in message:
            self.outcome.results[message["cell"]] = message["result"]
            if message["cut"]:
                self.outcome.cuts[message["cell"]] = message["cut"]
            return False
        self.outcome.outputs = {int(key): one for key, one in message["outputs"].items()}
        for name in ("stopped", "cuts", "spent", "trouble"):
            setattr(self.outcome, name, message[name])
        return True

    def _code(self):
        self.process.join(5)
        return self.process.exitcode

    def end(self, trouble=None):
        self.outcome.trouble = self.outcome.trouble or trouble
        self.outcome.began = self.going
        if self.going:
            self.outcome.seconds = time.monotonic() - self.started
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return True


def _last_words(code):
    if code == -signal.SIGXCPU:
        return (
            "on what an answer handed to a test, that test spent more processor time than it may."
        )
    return f"the examining process ended (exit code {code})."


def _examine(job, slot, pipe, other_end):
    """The body of one process; ends without running anything that was inherited."""
    other_end.close()
    die_with_parent()
    memory = job.lab.limits.tests_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    last = {"outputs": {}, "stopped": {}, "cuts": {}, "spent": {}, "trouble": None}

    def heard(cell, result, cut):
        pipe.send_bytes(json.dumps({"cell": cell, "result": result, "cut": cut}).encode())

    try:
        examination = Examination(job.lab, job.pieces, job.seed, heard, slot=slot, **job.options)
        with examination.candidate:
            examination.prepare()
            pipe.send_bytes(READY)
            pipe.recv_bytes()
            last |= examination.run()
    except (EOFError, BrokenPipeError):
        os._exit(1)
    except LabBroken as broken:
        last["trouble"] = str(broken)
    except Exception as error:
        last["trouble"] = f"{type(error).__name__}: {error}"
    pipe.send_bytes(json.dumps(last).encode())
    os._exit(0)
