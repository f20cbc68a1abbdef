"""Rehearse a term: grade a class that does not exist, and count what the instructor's desk finds.

    python -m tests.grading.rehearsal                             300 students, three labs: an hour
    python -m tests.grading.rehearsal --students 20 --labs 00     a few minutes

`population` says by which rules the students answer, are late and copy. One hidden test is
broken: it asks for equality to the last bit, and so rejects right answers that multiply by an
inverse where the solution divides. The real commands grade in isolation, look for copies,
analyze the tests and settle the term. Then the test is repaired and the class graded again. Each
test cell writes its name into a file when it runs, so that what ran again is counted.

With ``--root FOLDER`` the course stays there, and a run that was stopped goes on where it was.
"""

import argparse
import contextlib
import copy
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grading import items, term
from grading.records.late import LatePolicy
from grading.run.digest import code_digest
from grading.similarity import __main__ as similarity

from . import rehearsal_figures as figures
from .fixtures.course import ROOT, Course
from .population import FAULTS, answers, population, subject

__all__ = ["Rehearsal", "Spoilt", "main"]

SEED = 5
BAR = 24
DUE = datetime(2027, 3, 1, 22, 59, tzinfo=UTC)  # of the first lab; one a week
POLICY = LatePolicy(late_days=2, grace_minutes=15, per_day=0.1)
MARKER = "### BEGIN HIDDEN TESTS"


class Spoilt(RuntimeError):
    """A rehearsal that cannot go on, with the reason in one sentence."""


class Term(Course):
    """A course that may be there already."""

    def __init__(self, root):
        self.root = root
        self.submitted.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "nbgrader_config.py", root)


class Rehearsal:
    """One term, from hand-in to regrade.

    Parameters
    ----------
    root : Path
        The course's folder; what is finished there is not done again.
    subjects : dict of str to population.Subject
        By lab, in the order of their due dates.
    fault : population.Fault
    n_students, n_copies, workers : int
    """

    def __init__(self, root, subjects, fault, n_students, n_copies=12, workers=2):
        self.course, self.subjects, self.fault = Term(root), subjects, fault
        self.people = population(n_students, subjects, n_copies)
        self.workers, self.root, self.trace = workers, root, root / "trace"
        self.report, self.path = root / "grading" / "report", root / "rehearsal.json"
        self.due = {lab: DUE + timedelta(weeks=week) for week, lab in enumerate(subjects)}
        self.done = json.loads(self.path.read_text()) if self.path.exists() else {"spent": {}}

    def run(self):
        """Play the term; return the figures, by stage."""
        asked = [*self.subjects, len(self.people), sum(bool(one.origin) for one in self.people)]
        if self.done.setdefault("asked", asked) != asked:
            raise Spoilt(f"{self.root} holds another rehearsal; take an empty folder.")
        stages = self.make, self.grade, self.compare, self.analyze, self.settle, self.regrade
        for stage in stages:
            if stage.__name__ in self.done:
                continue
            if self.done.setdefault("code", code_digest()) != code_digest():
                raise Spoilt("The library or the grader changed meanwhile; take an empty folder.")
            self.done[stage.__name__] = stage()
            self._keep()
        return self.done

    def _keep(self):
        self.path.write_text(json.dumps(self.done, indent=1))

    # --- Stages: each returns its figures ----------------------------------------------------

    def make(self):
        """Write the labs, the class list, due dates, extensions and all that is handed in."""
        numbers = {one.name: one.number for one in self.people}
        handed = [(one, lab) for lab in self.subjects for one in self.people if lab in one.late]
        for lab in self.subjects:
            self._write_lab(lab, broken=True)
        releases = {lab: self.course.release(lab) for lab in self.subjects}
        n_tests = {lab: len(self.course.lab(lab).tests) for lab in self.subjects}
        for count, (one, lab) in enumerate(handed, 1):
            cells = answers(one, lab, self.subjects[lab], numbers)
            notebook = copy.deepcopy(releases[lab])
            for cell in notebook.cells:
                cell.source = cells.get(cell.id, cell.source)
            folder = self.course.submitted / one.name / lab
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{lab}.ipynb").write_text(json.dumps(notebook))
            when = self.due[lab] + timedelta(hours=one.late[lab])
            (folder / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")
            tell("hand in", count, len(handed))
        self._write_term()
        return {
            "students": len(self.people),
            "submissions": len(handed),
            "tests": sum(n_tests[lab] for _, lab in handed),
            "late": sum(one.late[lab] > 0 for one, lab in handed),
            "extensions": sum(len(one.extension) for one in self.people),
        }

    def grade(self):
        """Grade everybody for the first time; keep what came of it to compare with later."""
        self._grade("first grading")
        self.before.write_text(json.dumps(figures.results(self.course.records())))
        return {"seconds": round(self.done["spent"]["first grading"])}

    def compare(self):
        """Look for copies."""
        tell("similarity", 0, 1)
        quietly(similarity.main, self.root)
        return figures.copies(self.report / "similarity", self.people, list(self.subjects))

    def analyze(self):
        """Ask the class's answers which test is broken."""
        tell("item analysis", 0, 1)
        quietly(items.main, self.root)
        return figures.rank(self.report / "items.csv", self.fault)

    def settle(self):
        """Write the grades for Canvas; count those that are what the rules say."""
        tell("term", 0, 1)
        quietly(term.main, self.root)
        marks = figures.results(self.course.records())
        rules = figures.grades(self.people, list(self.subjects), marks, POLICY)
        return figures.settled(self.report / "canvas.csv", rules)

    def regrade(self):
        """Repair the test, grade again, analyze and settle again, and see what moved."""
        self._write_lab(self.fault.lab, broken=False)
        before = json.loads(self.before.read_text())
        start = self.done.setdefault("runs", len(self._runs()))
        self._keep()
        self._grade("regrade")
        after = figures.results(self.course.records())
        moved = figures.moved(before, after, self.fault)
        ran = figures.ran(self._runs()[start:], self.course.lab(self.fault.lab), self.fault)
        listed = figures.listed(self.report / "changes.csv", self.fault)
        return {
            "seconds": round(self.done["spent"]["regrade"]),
            "ran": ran,
            **moved,
            "in changes.csv as found": listed == (moved["gained"], moved["lost"]),
            "items": self.analyze(),
            "grades": self.settle(),
        }

    # --- The course's files ------------------------------------------------------------------

    @property
    def before(self):
        return self.root / "before.json"

    def _runs(self):
        """The test cells that ran until now, ``LAB CELL``, those of the solutions among them."""
        return self.trace.read_text().splitlines()

    def _write_lab(self, lab, broken):
        """Write a lab's solution, with a trace in each test, and the fault in one."""
        notebook = copy.deepcopy(self.subjects[lab].notebook)
        for cell in notebook.cells:
            if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("grade"):
                continue
            if broken and (lab, cell.id) == self.fault[:2]:
                if self.fault.right not in cell.source:
                    raise Spoilt(f"{cell.id} has changed; bring its entry in FAULTS up to date.")
                cell.source = cell.source.replace(self.fault.right, self.fault.wrong)
            note = f"open({str(self.trace)!r}, 'a').write({f'{lab} {cell.id}' + chr(10)!r})"
            if MARKER in cell.source:
                cell.source = cell.source.replace(MARKER, f"{MARKER}\n{note}", 1)
            else:
                cell.source = f"{MARKER}\n{note}\n### END HIDDEN TESTS\n{cell.source}"
        self.course.add_lab(lab, notebook)

    def _write_term(self):
        folder = self.root / "grading"
        head = "Student,ID,SIS User ID,SIS Login ID,Section\n"
        rows = (f'"Student, {one.number}",{one.number},,{one.name},\n' for one in self.people)
        (folder / "roster.csv").write_text(head + "".join(rows))
        extensions = (
            f"{one.name},{lab},{days}\n"
            for one in self.people
            for lab, days in one.extension.items()
        )
        (folder / "extensions.csv").write_text("student,lab,days\n" + "".join(extensions))
        rules = "".join(f"{key} = {value}\n" for key, value in POLICY._asdict().items())
        due = "".join(f'"{lab}" = {when:%Y-%m-%dT%H:%M:%SZ}\n' for lab, when in self.due.items())
        (folder / "term.toml").write_text(f"{rules}[due]\n{due}")

    def _grade(self, what):
        """Run the real command in a process of its own; show how far it is."""
        command = self.course.command("--workers", str(self.workers), "--seed", str(SEED))
        start, said = time.monotonic(), []
        try:
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
            ) as process:
                for line in process.stdout:
                    if found := re.match(r"\[[#.]*\] (\d+)/(\d+)", line):
                        tell(what, int(found[1]), int(found[2]))
                    else:
                        said.append(line)
        finally:
            spent = self.done["spent"]
            spent[what] = spent.get(what, 0) + time.monotonic() - start
            self._keep()
        if process.returncode:
            raise Spoilt(f"The {what} ended with code {process.returncode}: {''.join(said[-5:])}")


def quietly(command, root):
    """Run another of the instructor's commands here; it must end well."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = command(["--root", str(root)])
    if code:
        raise Spoilt(f"{command.__module__} ended with code {code}: {said.getvalue()}")


def tell(what, done, total):
    """Show how far a stage is, on the same line."""
    filled = BAR * done // max(total, 1)
    bar = f"[{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}  {what}"
    print(f"\r{bar:60}", end="", file=sys.stderr, flush=True)


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    slugs = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))
    labs = [slug for slug in slugs if slug.split("-")[0] in options.labs]
    fault = next((fault for fault in FAULTS if fault.lab in labs), None)
    if fault is None:
        known = " or ".join(fault.lab.split("-")[0] for fault in FAULTS)
        print(f"--labs must have {known} among them; no other has a fault.", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        root = options.root or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = {lab: subject(lab) for lab in labs}
        try:
            found = Rehearsal(
                root.resolve(), subjects, fault, options.students, options.copies, options.workers
            ).run()
        except (Spoilt, ValueError) as reason:
            print(f"\n{reason}", file=sys.stderr)
            return 2
    print("\n" + figures.table(found, fault))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.grading.rehearsal",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--labs", nargs="+", default=["00", "01", "02"], help="by number")
    parser.add_argument("--copies", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2, help="notebooks to grade at once")
    parser.add_argument("--root", type=Path, help="an empty folder to keep the course in")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
