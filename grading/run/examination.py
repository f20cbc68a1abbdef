"""Grade one notebook: the student's cells in the sandbox, the instructor's tests here."""

import ast
import contextlib
import math
import os
import resource
import sys
import time

from course_lib.notebook import _scores
from grading.isolation import examiner, link
from grading.isolation.candidate import OWN, Candidate
from grading.isolation.cells import KEPT_MIMES, Cells, TimeUp
from grading.isolation.limits import TESTS, Cut
from grading.isolation.proxies import WRITTEN_IN, Gone, Late
from grading.isolation.room import address_space, had_no_room, room
from grading.lab import LabBroken

__all__ = ["Examination", "Overgrown"]

TEXT = 2000
BEFORE = ("text", "identity", "locked")  # what runs before the student's time begins
THEIRS = (WRITTEN_IN, examiner.__file__, link.__file__)  # raise errors of the student's process


class Overgrown(Exception):
    """The process should be left for a new one, which runs the tests that are left."""


class Examination:
    """One notebook being graded.

    Use `prepare` before it is needed, `run` when it is its turn. The tests run in this
    process, so make one process for each notebook.

    Parameters
    ----------
    lab : lab.Lab
    pieces : list of intake.Piece
    seed : int
        For the tests' inputs.
    heard : callable
        ``heard(cell_id, result, cut, outputs)`` is told each test's result at once, the limit that
        it reached as a dictionary, or None, and what it showed.
    only : collection of str, optional
        The tests to run; all by default.
    begins : callable, optional
        ``begins(cell_id, allowance, used)`` is told before each test what it may make this process
        spend, and what the notebook has used so far.
    used : float
        Seconds that count as used from the beginning.
    **options
        For `Candidate`.
    """

    def __init__(self, lab, pieces, seed, heard, only=None, begins=None, used=0.0, **options):
        self.lab, self.pieces, self.heard, self.only = lab, pieces, heard, only
        self.begins, self.used, self.grown = begins, used, 0
        self.candidate = Candidate(lab, **options)
        os.environ |= {"SML_GRADING": "1", "SML_GRADING_SEED": str(seed)}
        self.cells = Cells(lab.limits.output_chars)
        self.outputs = {}  # position of the piece -> outputs in nbformat's form
        self.next, self.going = 0, False
        self.needed = _needed([piece.cell for piece in pieces if piece.cell])

    def prepare(self):
        """Start the student's process and run what comes before the student's first cell."""
        self.candidate.start()
        while self.next < len(self.pieces) and self._piece().role in BEFORE:
            self._step()

    def run(self):
        """Run the rest.

        Raises
        ------
        Overgrown
            If so much of what an answer handed over stayed here that it could cost the next one.

        Returns
        -------
        dict
            ``outputs`` by position of the piece; why cells ``stopped``, by cell; the limits that
            ``cuts`` reached and the processor seconds ``spent``, by cell and test.
        """
        self.candidate.begin(self.used)
        self.going = True
        with self.candidate:
            while self.next < len(self.pieces):
                self._step()
        return {
            "outputs": self.outputs,
            "stopped": {name: why for name, why in self.candidate.failed.items() if name},
            "cuts": {name: cut._asdict() for name, cut in self.candidate.cuts.items()},
            "spent": self.candidate.spent,
        }

    def _piece(self):
        return self.pieces[self.next]

    def _step(self):
        piece, position = self._piece(), self.next
        self.next += 1
        if piece.cell_type != "code":
            return
        if piece.role == "test":
            if self.only is not None and piece.cell.id not in self.only:
                return
            before = address_space()
            result, cut = self._test(piece.cell, position), self.candidate.cuts.get(piece.cell.id)
            self.grown += max(0, address_space() - before)
            self.heard(piece.cell.id, result, cut and cut._asdict(), self.outputs[position])
            if self.grown > self.lab.limits.tests_memory_bytes / 2:
                raise Overgrown
        elif piece.role == "locked":
            self._locked(piece.cell, position)
        elif piece.role == "identity":
            self._outside(piece.cell.id, piece.source, self.lab.limits.setup_seconds)
            self.outputs[position] = self._shown(self.candidate.run(piece.source, piece.cell.id))
        else:
            name = piece.cell.id if piece.cell else f"{OWN} {position + 1}"
            self.outputs[position] = self._shown(self.candidate.run(piece.source, name))

    def _shown(self, outcome):
        return _as_outputs(outcome, self.lab.limits.output_chars)

    def _locked(self, cell, position):
        """Instructor's code runs on both sides; here only where a test may need it."""
        leading, early = not self.going, not any(self._answers_before(position))
        if early or cell.id in self.needed:
            _, error, _ = self._outside(cell.id, cell.source, self.lab.limits.setup_seconds)
            if error is not None and leading:
                raise LabBroken(f"cell {cell.id} of {self.lab.name} stopped with {error!r}.")
        outcome = self.candidate.run(cell.released, cell.id, self.lab.limits.setup_seconds)
        if leading and outcome.get("error"):
            raise LabBroken(
                f"cell {cell.id} does not run in isolation, with the course that is installed in "
                f"{sys.prefix}: {outcome['error']}."
            )
        if outcome.get("error") and early:
            self.candidate.without_own_cells(f"left out, for {cell.id} does not run after it")
            outcome = self.candidate.run(cell.released, cell.id, self.lab.limits.setup_seconds)
        self.candidate.failed.pop(cell.id, None)
        self.outputs[position] = self._shown(outcome)

    def _outside(self, name, source, floor=None):
        """Run a cell of the instructor's here; return its outputs, its error, and what it spent."""
        allowance = self.candidate.allowance(name, floor, side="outside")
        started = time.process_time()
        # Code that hears no interrupt is ended by the kernel, and with it this process.
        last = math.ceil(started + allowance.seconds + self.lab.limits.grace_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (last, resource.RLIM_INFINITY))
        growth = self.lab.limits.tests_memory_bytes
        with room(growth) if self.going else contextlib.nullcontext():
            outputs, error = self.cells.run(source, allowance.seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY,) * 2)
        used = time.process_time() - started
        self.candidate.spent["outside"][name] = round(used, 3)
        return outputs, error, Cut(TESTS, used, allowance.seconds, allowance.solution)

    def _test(self, cell, position):
        candidate, outside = self.candidate, self.candidate.allowance(cell.id, side="outside")
        for answer, names in self._answers_before(position):
            self.cells.names.update(candidate.define(names, answer))
        if self.begins is not None:
            self.begins(cell.id, outside, candidate.spent_of_whole())
        if candidate.examiner is not None:
            inside = candidate.allowance(cell.id)
            candidate.examiner.begin(inside._replace(wall=inside.wall + outside.wall))
        _scores.taken()  # what an earlier test left that did not pass
        outputs, error, spent = self._outside(cell.id, cell.source)
        error = self._ended(cell, error, spent)
        if candidate.examiner is not None:
            candidate.examiner.forget()
        # nbgrader would take all points for a warning on stderr.
        outputs = [output for output in outputs if output.get("name") != "stderr"]
        self.outputs[position] = outputs + _error_output(error)
        result = _result(cell, outputs, error) | {"hint": self._hint(cell) if error else ""}
        scores = [score._asdict() for score in _scores.taken()]
        return result | {"scores": scores} if scores and error is None else result

    def _ended(self, cell, error, spent):
        """Do what is to be done after a test; return its error, as it is to be told."""
        candidate = self.candidate
        if isinstance(error, TimeUp):
            candidate.stop("", cell.id)
            error = Gone(f"this answer {spent}", spent)
        elif had_no_room(error, THEIRS):
            candidate.stop("", cell.id)
            most = self.lab.limits.tests_memory_bytes >> 20
            error = Gone(f"this answer made the test use more than {most:,} MB of memory.")
        elif isinstance(error, Late):
            candidate.finish(cell.id)
            candidate.calm()
        elif isinstance(error, Gone):
            reason, cut = candidate.stop(str(error), cell.id)
            error = Gone(f"the process that ran this answer ended: {reason}", error.cut or cut)
        else:
            candidate.finish(cell.id)
        if isinstance(error, Gone) and error.cut:
            candidate.cuts[cell.id] = error.cut
        return error

    def _hint(self, cell):
        """The first hint of an exercise whose visible check failed."""
        check = self.cells.names.get("check")
        number = getattr(check, "number", "").replace(".", "-")
        own = number and cell.id == f"check-{number}" and check.hints
        return check.next_hint() if own else ""

    def _answers_before(self, position):
        for piece in self.pieces[:position]:
            if piece.cell is not None and piece.cell.id in self.lab.answers:
                yield piece.cell.id, self.lab.answers[piece.cell.id]


def _result(cell, outputs, error):
    """Points, status and message of a test, as nbgrader would score its outputs."""
    if error is None:
        points = _partial(outputs, cell.points)
        status = "passed" if points == cell.points else "partly"
        return {"points": points, "max": cell.points, "status": status, "message": ""}
    message = str(error)[:TEXT]
    if isinstance(error, NotImplementedError) or message.endswith("not attempted."):
        status, message = "not attempted", "not attempted"
    else:
        status = "stopped" if isinstance(error, Gone) else "failed"
        if not isinstance(error, Gone) and type(error).__name__ not in ("CheckFailed", "NotYours"):
            message = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return {"points": 0.0, "max": cell.points, "status": status, "message": message}


def _partial(outputs, points):
    """A number as the last value of a test cell is its score; anything else is a full one."""
    for output in outputs:
        if output["output_type"] == "execute_result":
            try:
                value = float(output["data"].get("text/plain", ""))
            except ValueError:
                return points
            return value if 0 <= value <= points else 0.0
    return points


def _as_outputs(outcome, most):
    """What a cell showed, as the student's process tells it, cut to texts of bounded size."""
    kept, outputs = [], outcome.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict):
            clean, data = _texts(output, 80, ("output_type", "name")), output.get("data")
            clean |= _texts(output, most + TEXT, ("text",))
            if isinstance(data, dict):
                clean["data"] = _texts(data, most, KEPT_MIMES)
            most -= sum(map(len, (clean.get("text", ""), *clean.get("data", {}).values())))
            if most < -TEXT:
                break
            kept.append(clean)
    error = outcome.get("error")
    error = _texts(error, TEXT, ("name", "text", "place")) if isinstance(error, dict) else None
    return {"untrusted": kept, "error": error}


def _texts(found, most, names):
    return {name: found[name][:most] for name in names if isinstance(found.get(name), str)}


def _error_output(error):
    if error is None:
        return []
    name, text = type(error).__name__, str(error)[:TEXT]
    return [{"output_type": "error", "ename": name, "evalue": text, "traceback": [text]}]


def _needed(cells):
    """The locked cells whose names a later test uses, directly or through each other."""
    used, needed = set(), set()
    for cell in reversed(cells):
        if cell.cell_type != "code" or cell.role not in ("test", "locked"):
            continue
        loads, stores = _names(cell.source)
        if cell.role == "locked" and not (stores is None or stores & used):
            continue
        needed.add(cell.id)
        used |= loads
    return needed


def _names(source):
    """The names that a cell loads and those that it binds; ``(set(), None)`` with magics."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set(), None
    loads, stores = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (loads if isinstance(node.ctx, ast.Load) else stores).add(node.id)
        elif isinstance(node, ast.alias):
            stores.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            stores.add(node.name)
    return loads, stores
