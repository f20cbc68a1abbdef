"""After a test was corrected: run what it touches, keep the rest, say who gained and who lost.

A hidden test hears of the answer from its exercise's check, so a changed check touches the whole
exercise, and a changed hidden test itself alone.
"""

import csv
import io
import re

from grading.records.store import write_whole

__all__ = [
    "Change",
    "changes",
    "kept_outputs",
    "needed",
    "number_of",
    "touched",
    "write_changes",
]

NUMBER = re.compile(r"^(?:check|hidden|answer)-(\d+-\d+)")
HEAD = ["when", "lab", "student", "test", "before", "after", "said before", "says now"]


class Change(dict):
    """One test of one student whose points changed: ``student``, ``test``, ``before``, ``after``,
    ``said`` and ``says``."""

    @property
    def gain(self):
        """Points won, or lost where it is negative."""
        return self["after"] - self["before"]


def touched(lab, record):
    """Return the tests of a recorded grading that the lab's present form would do otherwise.

    Parameters
    ----------
    lab : lab.Lab
    record : dict
        Of the grading.

    Returns
    -------
    set of str
    """
    now, then = lab.test_digests, record.get("tests", {})
    changed = {name for name in now if now[name] != then.get(name)}
    exercises = {number_of(name) for name in changed if name.startswith("check-")} - {None}
    return changed | {name for name in now if number_of(name) in exercises}


def needed(lab, tests):
    """Return these tests and the checks that must run before them."""
    exercises = {number_of(name) for name in tests}
    checks = {f"check-{number}" for number in exercises if number}
    return set(tests) | {cell.id for cell in lab.tests if cell.id in checks}


def number_of(name):
    """The exercise that a cell belongs to, such as ``06-1``; None if it says none."""
    match = NUMBER.match(name)
    return match and match[1]


def kept_outputs(notebook, pieces, tests):
    """Return the outputs of the tests that did not run again, by position, from the last grading.

    Parameters
    ----------
    notebook : nbformat.NotebookNode or None
        What was graded then.
    pieces : list of intake.Piece
    tests : collection of str
        Those that ran now.
    """
    if notebook is None:
        return {}
    marks = ((cell.metadata.get("nbgrader", {}), cell) for cell in notebook.cells)
    before = {one["grade_id"]: cell.get("outputs", []) for one, cell in marks if "grade_id" in one}
    return {
        position: before.get(piece.cell.id, [])
        for position, piece in enumerate(pieces)
        if piece.role == "test" and piece.cell.id not in tests
    }


def changes(student, before, after):
    """Return a `Change` for each test whose points differ between two records' results."""
    none = {"points": 0.0, "message": ""}
    return [
        Change(
            student=student,
            test=name,
            before=before.get(name, none)["points"],
            after=result["points"],
            said=before.get(name, none)["message"],
            says=result["message"],
        )
        for name, result in after.items()
        if result["points"] != before.get(name, none)["points"]
    ]


def write_changes(path, when, lab, found):
    """Add changes to a table that only grows, one row each."""
    from grading.records.report import spreadsheet_cell

    text = path.read_text("utf-8") if path.exists() else ",".join(HEAD) + "\n"
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for one in found:
        row = [
            when,
            lab,
            *(one[key] for key in ("student", "test", "before", "after", "said", "says")),
        ]
        writer.writerow(map(spreadsheet_cell, row))
    write_whole(path, text + rows.getvalue())
