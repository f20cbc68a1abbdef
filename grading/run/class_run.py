"""Grade a whole class: find, skip what is graded, examine, record, report."""

import contextlib
import hashlib
import secrets
import time
from dataclasses import dataclass, field

from grading.intake.restore import read_notebook, restore
from grading.intake.uploads import Refused, find_uploads
from grading.records.feedback import write_feedback
from grading.records.notebooks import graded_notebook
from grading.records.report import write_reports

from .cluster import Cluster
from .digest import code_digest
from .regrade import changes, kept_outputs, needed, touched, write_changes
from .warmup import import_for, warm_up
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
    retested : dict of str to set of str
        By lab, the tests that were changed and ran again alone.
    changes : dict of str to list of regrade.Change
        By lab, who gained or lost by that.
    """

    graded: int = 0
    unchanged: int = 0
    refused: list = field(default_factory=list)
    troubled: list = field(default_factory=list)
    retested: dict = field(default_factory=dict)
    changes: dict = field(default_factory=dict)


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
    scheduler : str, optional
        Address of the dask scheduler whose workers examine; this machine does by default.
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
        scheduler=None,
        tell,
    ):
        self.store, self.labs, self.workers, self.tell = store, labs, workers, tell
        self.seed = secrets.randbits(32) if seed is None else seed
        self.trusted, self.again = trusted, again
        self.chosen, self.students, self.scheduler = set(chosen), students, scheduler
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
        todo = [(upload, tests) for upload in uploads if (tests := self._to_do(upload)) != set()]
        if todo:
            self._examine(todo)
        # Also of what did not change: the time may have come after the notebook.
        self.store.set_timestamps({(one.student, one.lab): one.timestamp for one in uploads})
        write_feedback(self.store, self.labs)
        write_reports(self.store, self.labs, self.totals)
        return self.totals

    def _is_asked_for(self, upload):
        student = not self.students or upload.student in self.students
        return student and upload.lab in self.chosen

    def _examine(self, todo):
        names = sorted({upload.lab for upload, _ in todo})
        if not self.scheduler:
            jobs = self._jobs(todo, self._prepare(names))
            for outcome in examine_all(jobs, self.workers):
                self._record(outcome)
            return
        cluster = Cluster(self.scheduler, self.code, trusted=self.trusted)
        with contextlib.closing(cluster):
            cluster.prepare([self.labs[name] for name in names])
            for name in names:
                self.store.register(self.labs[name])
            for outcome in cluster.examine_all(self._jobs(todo, {name: {} for name in names})):
                self._record(outcome)

    def _prepare(self, names):
        """Import, register and warm up what the labs need; leave out labs that are broken."""
        warm = {}
        for name in names:
            lab = self.labs[name]
            import_for(lab)
            self.store.register(lab)
            warm[name] = warm_up(lab, self.store.root, self.code, trusted=self.trusted)
        return warm

    def _digest(self, raw, lab):
        parts = raw, self.labs[lab].common_digest.encode(), self.code.encode()
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def _raw(self, upload):
        """The bytes that were handed in, or the reason why there are none."""
        try:
            return upload.read(self.labs[upload.lab].limits.notebook_bytes)
        except Refused as refused:
            return str(refused)

    def _to_do(self, upload):
        """The tests to run for an upload: None for all, an empty set if nothing changed."""
        record = self.store.record(upload.student, upload.lab)
        if self.again or record is None:
            return None
        raw = self._raw(upload)
        raw = raw if isinstance(raw, bytes) else raw.encode()
        if record["digest"] != self._digest(raw, upload.lab):
            return None
        tests = touched(self.labs[upload.lab], record)
        if record["refused"]:
            self.totals.refused.append((upload.origin, record["refused"]))
            tests = set()
        if not tests:
            self.totals.unchanged += 1
            self._progress("")
        return tests

    def _jobs(self, todo, warm):
        for upload, tests in todo:
            lab, raw = self.labs[upload.lab], self._raw(upload)
            digest = self._digest(raw if isinstance(raw, bytes) else raw.encode(), upload.lab)
            try:
                if isinstance(raw, str):
                    raise Refused(raw)
                pieces, remarks = restore(read_notebook(raw), lab, upload.student)
            except Refused as refused:
                self._refuse(upload, digest, str(refused))
                continue
            options, seed = {**warm[lab.name], "trusted": self.trusted}, self.seed
            if tests is not None:
                # The other tests' results stand, so these get inputs of the same seed.
                seed = self.store.record(upload.student, lab.name)["seed"]
                options["only"] = needed(lab, tests)
                self.totals.retested.setdefault(lab.name, set()).update(tests)
            yield Job((upload, digest, pieces, remarks, tests), lab, pieces, seed, options)

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
            "tests": self.labs[upload.lab].test_digests,
            "seed": self.seed,
            "graded_at": time.strftime("%Y-%m-%d %H:%M"),
            "refused": "",
            "remarks": [],
            "results": {},
            "stopped": {},
            "cuts": {},
            "seconds": 0.0,
            "processor_seconds": 0.0,
        }

    def _record(self, outcome):
        upload, digest, pieces, remarks, tests = outcome.key
        lab = self.labs[upload.lab]
        if outcome.trouble and (not outcome.began or tests is not None):
            # A regrade that did not finish changes nothing.
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
            "cuts": outcome.cuts,
            "seconds": round(outcome.seconds, 2),
            "processor_seconds": round(sum(outcome.spent.get("inside", {}).values()), 2),
        }
        if tests is not None:
            self._merge(record, outcome, pieces, tests)
        self.store.save(record, graded_notebook(lab, pieces, outcome.outputs), upload.timestamp)
        self.totals.graded += 1
        points = sum(result["points"] for result in record["results"].values())
        self._progress(f"{upload.student}: {points:g} of {lab.points:g} in {lab.name}")

    def _merge(self, record, outcome, pieces, tests):
        """Keep what was not touched of the last grading, and note who gained or lost."""
        student, lab = record["student"], record["lab"]
        old = self.store.record(student, lab)
        for name, result in old["results"].items():
            if name in record["results"] and name not in tests:
                record["results"][name] = result
                record["cuts"].pop(name, None)
                if name in old.get("cuts", {}):
                    record["cuts"][name] = old["cuts"][name]
        outcome.outputs |= kept_outputs(self.store.notebook(student, lab), pieces, tests)
        record["seed"] = old["seed"]
        found = changes(student, old["results"], record["results"])
        self.totals.changes.setdefault(lab, []).extend(found)
        path = self.store.root / "grading" / "report" / "changes.csv"
        write_changes(path, record["graded_at"], lab, found)

    def _progress(self, sentence):
        self.done += 1
        self.tell(self.done, self.total, sentence)
