"""Grade a whole class: find, skip what is graded, examine, record, report."""

import contextlib
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field

from course_lib.notebook.checks import normal_id
from grading.intake.notebook import fetch
from grading.intake.restore import restore
from grading.intake.uploads import Refused, find_uploads
from grading.records.feedback import write_feedback
from grading.records.notebooks import graded_notebook
from grading.records.report import write_reports
from grading.records.store import write_whole

from .cluster import Cluster
from .digest import code_digest
from .regrade import changes, kept_outputs, needed, number_of, touched, write_changes
from .warmup import import_for, warm_up
from .workers import Job, examine_all

__all__ = ["ClassRun", "Totals"]

MISSING = "missing"


@dataclass
class Totals:
    """What a run did.

    Attributes
    ----------
    graded, unchanged : int
    refused : list of tuple
        ``(where it lies, why)``.
    odd : list of tuple
        ``(where it lies, why)`` of what costs nobody anything and should be looked at.
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
    odd: list = field(default_factory=list)
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
        self.counts = {}  # by student and lab, the upload that counts
        self.kept = set()  # whose newest file is refused while an older one's grade stands
        self.code = code_digest()

    def run(self):
        """Grade; return the `Totals`."""
        with self.store.alone():
            return self._run()

    def _run(self):
        known = self.store.students()
        uploads, refusals = find_uploads(self.store.submitted, self.labs, known)
        uploads = [one for one in uploads if self._is_asked_for(one)]
        for refusal in sorted(refusals, key=lambda one: one.origin):
            told = self.totals.odd if refusal.harmless else self.totals.refused
            told.append((refusal.origin, refusal.reason))
        self.total, self.done = len(uploads), 0
        todo = [(upload, tests) for upload in uploads if (tests := self._to_do(upload)) != set()]
        if todo:
            self._examine(todo)
        # Also of what did not change: the time may have come after the notebook.
        self.store.set_timestamps(
            {key: one.timestamp for key, one in self.counts.items() if key not in self.kept}
        )
        write_feedback(self.store, self.labs)
        write_reports(self.store, self.labs, self.totals)
        return self.totals

    def _is_asked_for(self, upload):
        asked = {normal_id(one) for one in self.students or ()}
        student = not asked or normal_id(upload.student) in asked
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

    def _read(self, upload):
        """What `fetch` returns; where nothing can be read, the reason in place of the bytes."""
        self.counts[upload.student, upload.lab] = upload
        try:
            found = fetch(upload, self.labs[upload.lab])
            self.counts[upload.student, upload.lab] = found[0]
            return found
        except Refused as refused:
            reason = str(refused)
        except Exception as error:  # a fault of ours, which must cost this notebook alone
            reason = self._trouble(upload, error)
        return upload, reason.encode(errors="replace"), None, []

    def _trouble(self, upload, error):
        """Note what is no fault of a submission's, and go on with the others."""
        reason = f"the grader stopped at it ({type(error).__name__}: {error}); please report that."
        self.totals.troubled.append((upload.origin, reason))
        return reason

    def _to_do(self, upload):
        """The tests to run for an upload: None for all, an empty set if nothing changed."""
        record = self.store.record(upload.student, upload.lab)
        if self.again or record is None:
            return None
        _, raw, cells, newer = self._read(upload)
        digest, tests = self._digest(raw, upload.lab), set()
        if record.get("kept") and record["kept"]["digest"] == digest:
            self._keep(upload, record["kept"]["reason"])
        elif record["digest"] != digest:
            return None
        elif record["refused"]:
            self.totals.refused.append((upload.origin, record["refused"]))
        else:
            self.totals.refused += newer
            tests = touched(self.labs[upload.lab], record) if cells is not None else set()
        if not tests:
            self.totals.unchanged += 1
            self._progress("")
        return tests

    def _jobs(self, todo, warm):
        for upload, tests in todo:
            lab = self.labs[upload.lab]
            upload, raw, cells, newer = self._read(upload)
            digest = self._digest(raw, upload.lab)
            if cells is None:
                self._refuse(upload, digest, raw.decode())
                continue
            try:
                pieces, remarks = restore(cells, lab, upload.student)
            except Exception as error:
                self._progress(f"{upload.student}: {self._trouble(upload, error)}")
                continue
            if tests is None:
                self.totals.refused += newer
            remarks = [f"the newer {one} was refused: {why}" for one, why in newer] + remarks
            options, seed = {**warm[lab.name], "trusted": self.trusted}, self.seed
            if tests is not None:
                # The other tests' results stand, so these get inputs of the same seed.
                seed = self.store.record(upload.student, lab.name)["seed"]
                options["only"] = needed(lab, tests)
                self.totals.retested.setdefault(lab.name, set()).update(tests)
            yield Job((upload, digest, pieces, remarks, tests), lab, pieces, seed, options)

    def _refuse(self, upload, digest, reason):
        old = self.store.record(upload.student, upload.lab)
        if old and not old["refused"]:
            # A file that cannot be read does not take away what an earlier one has earned.
            kept = {"digest": digest, "origin": upload.origin, "reason": reason}
            write_whole(
                self.store.folder(upload.student, upload.lab) / "record.json",
                json.dumps(old | {"kept": kept}, indent=1, ensure_ascii=False),
            )
            self._keep(upload, reason)
            self._progress(f"{upload.student}: the earlier grade stands, {reason}")
            return
        self.totals.refused.append((upload.origin, reason))
        record = self._blank(upload, digest) | {"refused": reason, "results": self._zeros(upload)}
        self.store.save(record, None, upload.timestamp)
        self._progress(f"{upload.student}: not graded, {reason}")

    def _keep(self, upload, reason):
        self.kept.add((upload.student, upload.lab))
        sentence = f"{reason} The grade of the earlier file stands."
        self.totals.refused.append((upload.origin, sentence))

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
        _name_missing(results, pieces)
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


def _name_missing(results, pieces):
    """Call an answer whose cell was not there missing, and not what nobody knows: not attempted."""
    lost = {number_of(one.cell.id) for one in pieces if one.missing} - {None}
    for name, result in results.items():
        if result["status"] == "not attempted" and number_of(name) in lost:
            result["status"] = MISSING
            result["message"] = "the cell of this answer was not in the notebook that came."
