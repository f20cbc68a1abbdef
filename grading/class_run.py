"""Grade a whole class: find, skip what is graded, examine, record, report."""

import ast
import contextlib
import hashlib
import importlib
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import course_lib

from .feedback import write_feedback
from .intake import read_notebook, restore
from .notebooks import graded_notebook
from .report import write_reports
from .uploads import Refused, find_uploads
from .warmup import ready_cache
from .workers import Job, examine_all

__all__ = ["ClassRun", "Totals"]


@dataclass
class Totals:
    """What a run did.

    Attributes
    ----------
    graded, unchanged : int
    refused : list of tuple
        ``(where it lies, why)``.
    troubled : list of tuple
        What could not be graded for a reason that is not the submission's.
    """

    graded: int = 0
    unchanged: int = 0
    refused: list = field(default_factory=list)
    troubled: list = field(default_factory=list)


class ClassRun:
    """One run over the folder of submissions.

    Parameters
    ----------
    store : store.Store
    labs : dict of str to Lab
        All of the course, for the tables.
    chosen : collection of str
        The names of those to grade.
    workers : int
    seed : int, optional
        For the inputs of the tests; drawn afresh by default, the same for the whole class.
    trusted : bool
        Run the submissions without isolation.
    again : bool
        Grade also what did not change.
    students : collection of str, optional
        Only these.
    tell : callable
        ``tell(done, total, sentence)`` hears of progress.
    """

    def __init__(
        self,
        store,
        labs,
        chosen,
        *,
        workers=1,
        seed=None,
        trusted=False,
        again=False,
        students=None,
        tell,
    ):
        self.store, self.labs, self.workers, self.tell = store, labs, workers, tell
        self.seed = secrets.randbits(32) if seed is None else seed
        self.trusted, self.again = trusted, again
        self.chosen, self.students = set(chosen), students
        self.totals = Totals()
        self.code = code_digest()

    def run(self):
        """Grade; return the `Totals`."""
        self.store.lock()
        try:
            return self._run()
        finally:
            self.store.unlock()

    def _run(self):
        uploads, refusals = find_uploads(self.store.submitted, self.labs)
        uploads = [one for one in uploads if self._is_asked_for(one)]
        self.totals.refused += [(refusal.origin, refusal.reason) for refusal in refusals]
        self.total, self.done = len(uploads), 0
        todo = [upload for upload in uploads if not self._is_unchanged(upload)]
        caches = self._prepare({upload.lab for upload in todo})
        for outcome in examine_all(self._jobs(todo, caches), self.workers):
            self._record(outcome)
        write_feedback(self.store, self.labs)
        write_reports(self.store, self.labs, self.totals)
        return self.totals

    def _is_asked_for(self, upload):
        student = not self.students or upload.student in self.students
        return student and upload.lab in self.chosen

    def _prepare(self, names):
        """Import, register and warm up what the labs need; leave out labs that are broken."""
        caches = {}
        for name in sorted(names):
            lab = self.labs[name]
            import_for(lab)
            self.store.register(lab)
            caches[name] = ready_cache(lab, self.store.root, self.code, trusted=self.trusted)
        return caches

    def _digest(self, raw, lab):
        parts = raw, self.labs[lab].digest.encode(), self.code.encode()
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def _raw(self, upload):
        """The bytes that were handed in, or the reason why there are none."""
        try:
            return upload.read(self.labs[upload.lab].limits.notebook_bytes)
        except Refused as refused:
            return str(refused)

    def _is_unchanged(self, upload):
        record = self.store.record(upload.student, upload.lab)
        if self.again or record is None:
            return False
        raw = self._raw(upload)
        same = record["digest"] == self._digest(
            raw if isinstance(raw, bytes) else raw.encode(), upload.lab
        )
        if same:
            self.totals.unchanged += 1
            if record["refused"]:
                self.totals.refused.append((upload.origin, record["refused"]))
            self._progress("")
        return same

    def _jobs(self, uploads, caches):
        for upload in uploads:
            lab, raw = self.labs[upload.lab], self._raw(upload)
            digest = self._digest(raw if isinstance(raw, bytes) else raw.encode(), upload.lab)
            try:
                if isinstance(raw, str):
                    raise Refused(raw)
                pieces, remarks = restore(read_notebook(raw), lab)
            except Refused as refused:
                self._refuse(upload, digest, str(refused))
                continue
            options = {"cache": caches[lab.name], "trusted": self.trusted}
            yield Job((upload, digest, pieces, remarks), lab, pieces, self.seed, options)

    def _refuse(self, upload, digest, reason):
        self.totals.refused.append((upload.origin, reason))
        record = self._blank(upload, digest) | {"refused": reason, "results": self._zeros(upload)}
        self.store.save(record, None, upload.timestamp)
        self._progress(f"{upload.student}: not graded, {reason}")

    def _zeros(self, upload):
        return {
            test.id: {"points": 0.0, "max": test.points, "status": "not graded", "message": ""}
            for test in self.labs[upload.lab].tests
        }

    def _blank(self, upload, digest):
        return {
            "student": upload.student,
            "lab": upload.lab,
            "origin": upload.origin,
            "digest": digest,
            "seed": self.seed,
            "graded_at": time.strftime("%Y-%m-%d %H:%M"),
            "refused": "",
            "remarks": [],
            "results": {},
            "stopped": {},
            "seconds": 0.0,
        }

    def _record(self, outcome):
        upload, digest, pieces, remarks = outcome.key
        lab = self.labs[upload.lab]
        if outcome.trouble and not outcome.began:
            self.totals.troubled.append((upload.origin, outcome.trouble))
            self._progress(f"{upload.student}: could not be graded, {outcome.trouble}")
            return
        if outcome.trouble:
            remarks = [*remarks, f"look at this one: {outcome.trouble}"]
        missing = {"points": 0.0, "status": "stopped", "message": outcome.trouble or "not run"}
        results = {
            test.id: outcome.results.get(test.id, missing | {"max": test.points})
            for test in lab.tests
        }
        record = self._blank(upload, digest) | {
            "remarks": remarks,
            "results": results,
            "stopped": outcome.stopped,
            "seconds": round(outcome.seconds, 2),
        }
        self.store.save(record, graded_notebook(lab, pieces, outcome.outputs), upload.timestamp)
        self.totals.graded += 1
        points = sum(result["points"] for result in results.values())
        self._progress(f"{upload.student}: {points:g} of {lab.points:g} in {lab.name}")

    def _progress(self, sentence):
        self.done += 1
        self.tell(self.done, self.total, sentence)


def code_digest():
    """A digest of the grader and the library: what was graded by other code is graded again."""
    digest = hashlib.sha256()
    folders = [Path(__file__).parent, *map(Path, course_lib.__path__)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def import_for(lab):
    """Import here what the lab's own cells import, once for all the processes to come."""
    for cell in lab.cells:
        if cell.role not in ("locked", "test"):
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in filter(None, names):
                with contextlib.suppress(ImportError):  # the cell itself will say so
                    importlib.import_module(name)
