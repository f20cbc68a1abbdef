"""Scores in nbgrader's gradebook, and beside them a record of each grading.

The gradebook is written first and the record last, each as a whole. So whoever finds a record
finds its scores, and a run that was killed at any point goes on where no record is.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
import warnings
from datetime import UTC, timedelta
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import determine_grade, is_grade
from sqlalchemy.exc import SAWarning

from course_lib.notebook.checks import normal_id

__all__ = ["CannotRecord", "Store", "write_whole"]


LINGER = 5.0  # seconds in which the workers of a killed run notice it and end


class CannotRecord(RuntimeError):
    """The gradebook refuses a lab; the sentence says what to do."""


def write_whole(path, text):
    """Write a file so that it is there as a whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name for all: what a killed run left half-written, the next run replaces.
    temporary = path.with_name(f".{path.name}.new")
    try:
        # What is no text, such as half of a name's letter, is written as an escape.
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class Store:
    """The gradebook and the folders of graded notebooks.

    Parameters
    ----------
    config : traitlets Config
        nbgrader's.
    """

    def __init__(self, config):
        course, self.config = config.CourseDirectory, config
        self.db_url = course.db_url
        self.root = Path(course.root)
        self.graded = self.root / course.autograded_directory
        self.feedback = self.root / course.feedback_directory
        self.submitted = self.root / course.submitted_directory
        # nbgrader calls the program `alembic` by its bare name.
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        Path(self.db_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)

    def lock(self):
        """Keep other runs out until this process ends, however it ends.

        Workers of a run that was killed hold its lock for a moment more, so this waits a little.

        Raises
        ------
        CannotRecord
            If another run is going on.
        """
        path = self.root / "grading" / "cache" / "lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.open("w")
        end = time.monotonic() + LINGER
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    break
            time.sleep(0.05)
        raise CannotRecord("Another run is grading here; wait until it has ended.")

    def unlock(self):
        """Let other runs in."""
        self._lock.close()

    @contextlib.contextmanager
    def alone(self):
        """Keep other runs out of a ``with`` block; `CannotRecord` if another one is going on."""
        self.lock()
        try:
            yield
        finally:
            self.unlock()

    def register(self, lab):
        """Let the gradebook know a lab's cells and points.

        Raises
        ------
        CannotRecord
            If cells were added or removed after submissions were graded.
        """
        with Gradebook(self.db_url) as book:
            book.update_or_create_assignment(lab.name)
        names = {"notebook": lab.name, "assignment": lab.name, "db_url": self.db_url}
        try:
            SaveCells(config=self.config).preprocess(
                nbformat.from_dict(lab.master), {"nbgrader": names}
            )
        except RuntimeError:
            raise CannotRecord(
                f"Lab {lab.name} gained or lost graded cells after submissions were graded. "
                f"Move {self.db_url.removeprefix('sqlite:///')} away and grade again, "
                f"or give the lab a new name."
            ) from None

    def set_timestamps(self, timestamps):
        """Write when submissions were handed in, by student and lab.

        Parameters
        ----------
        timestamps : dict of (str, str) to datetime or None
            None where nothing says when.
        """
        with Gradebook(self.db_url) as book:
            for (student, lab), written in timestamps.items():
                with contextlib.suppress(MissingEntry):
                    submission = book.find_submission(lab, student)
                    submission.timestamp = _naive(written)
            book.db.commit()

    def set_due_dates(self, due):
        """Write due dates, by lab, into the gradebook."""
        with Gradebook(self.db_url) as book:
            for lab, when in due.items():
                book.update_or_create_assignment(lab, duedate=_naive(when))

    def set_extensions(self, days):
        """Write extensions in days, by student and lab; those that are no longer there go.

        Parameters
        ----------
        days : dict of (str, str) to float or None
            By student, in the form of `normal_id`, and lab; None leaves what is there.
        """
        with Gradebook(self.db_url) as book:
            for assignment in book.assignments:
                for submission in book.assignment_submissions(assignment.name):
                    granted = days.get((normal_id(submission.student_id), assignment.name), 0)
                    if granted is None:
                        continue
                    submission.extension = timedelta(days=granted) if granted else None
            book.db.commit()

    def set_penalties(self, penalties):
        """Write what late labs lose, ``(points, days)`` by student and lab, and nothing else.

        Where it is None, what is there stays.
        """
        with Gradebook(self.db_url) as book:
            for assignment in book.assignments:
                for one in book.assignment_submissions(assignment.name):
                    lost = penalties.get((one.student_id, assignment.name), (0.0, 0))
                    if lost is None:
                        continue
                    points = lost[0]
                    for notebook in one.notebooks:
                        notebook.late_submission_penalty = points
            book.db.commit()

    def folder(self, student, lab):
        """Where the graded notebook and the record of a submission are."""
        return self.graded / student / lab

    def record(self, student, lab):
        """Return the record of a grading, or None."""
        try:
            return json.loads((self.folder(student, lab) / "record.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def notebook(self, student, lab):
        """Return the notebook that was graded, or None."""
        try:
            return nbformat.read(self.folder(student, lab) / f"{lab}.ipynb", 4)
        except (OSError, ValueError, nbformat.validator.NotebookValidationError):
            return None

    def records(self):
        """Yield all records."""
        for path in sorted(self.graded.glob("*/*/record.json")):
            record = self.record(path.parts[-3], path.parts[-2])
            if record is not None:
                yield record

    def students(self):
        """Return the students' names as the records have them."""
        return sorted({path.parts[-3] for path in self.graded.glob("*/*/record.json")})

    def save(self, record, notebook=None, timestamp=None):
        """Write one grading: scores, notebook, and at last the record.

        Parameters
        ----------
        record : dict
            With ``student``, ``lab`` and ``results``.
        notebook : nbformat.NotebookNode, optional
            What was graded; None if nothing could be.
        timestamp : datetime, optional
            When it was handed in.
        """
        student, lab = record["student"], record["lab"]
        folder = self.folder(student, lab)
        with Gradebook(self.db_url) as book, warnings.catch_warnings():
            # nbgrader 0.9 was written for SQLAlchemy 1.4, which did not warn about this.
            warnings.simplefilter("ignore", SAWarning)
            book.update_or_create_student(student)
            when = {"timestamp": _naive(timestamp)} if timestamp else {}
            submission = book.update_or_create_submission(lab, student, **when)
            self._score(submission, record["results"], notebook)
            book.db.commit()
            late = submission.total_seconds_late > 0 or submission.late_submission_penalty
        if late:  # or no longer late, after an extension
            names = {"notebook": lab, "assignment": lab, "student": student, "db_url": self.db_url}
            AssignLatePenalties(config=self.config).preprocess(
                nbformat.v4.new_notebook(), {"nbgrader": names}
            )
        if notebook is not None:
            write_whole(folder / f"{lab}.ipynb", nbformat.writes(notebook))
        write_whole(folder / "record.json", json.dumps(record, indent=1, ensure_ascii=False))

    def _score(self, submission, results, notebook):
        cells = {
            cell.metadata["nbgrader"]["grade_id"]: cell
            for cell in (notebook.cells if notebook is not None else ())
            if is_grade(cell)
        }
        for submitted in submission.notebooks:
            for grade in submitted.grades:
                if grade.name in results:
                    grade.auto_score = results[grade.name]["points"]
                    grade.needs_manual_grade = grade.manual_score is not None
                elif grade.name in cells:  # a written answer: the instructor's to score
                    grade.auto_score, _ = determine_grade(cells[grade.name])
                    grade.needs_manual_grade = grade.auto_score is None
                elif notebook is None:
                    grade.auto_score, grade.needs_manual_grade = 0, False

    def scores(self, lab):
        """Return, by student, what the gradebook says now, manual marks included."""
        with Gradebook(self.db_url) as book:
            try:
                submissions = book.assignment_submissions(lab)
            except MissingEntry:
                return {}
            return {one.student_id: _summary(one) for one in submissions}


def _naive(when):
    """A time as nbgrader keeps it: UTC that does not say so."""
    return when.astimezone(UTC).replace(tzinfo=None) if when else None


def _summary(submission):
    cells = {}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            cells[grade.name] = {
                "score": grade.score,
                "max": grade.max_score,
                "manual": grade.manual_score,
                "extra": grade.extra_credit,
                "open": grade.needs_manual_grade,
            }
    comments = {
        comment.name: comment.comment
        for notebook in submission.notebooks
        for comment in notebook.comments
        if comment.comment
    }
    return {
        "score": submission.score,
        "max": submission.max_score,
        "penalty": submission.late_submission_penalty,
        "seconds_late": submission.total_seconds_late,
        "cells": cells,
        "comments": comments,
    }
