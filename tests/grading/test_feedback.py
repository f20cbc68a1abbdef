"""What an instructor writes in formgrader stands on the student's page."""

import html
import re

import pytest
from nbgrader.api import Gradebook

from grading.intake.restore import Piece
from grading.lab import load_config
from grading.records.feedback import write_feedback
from grading.records.notebooks import graded_notebook
from grading.records.store import Store

from .fixtures.course import Course
from .fixtures.labs import small_lab
from .fixtures.notebooks import answer, written

LAB = "90-small"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Full points in a lab that has a written answer too, and an answer without tests."""
    notebook = small_lab()
    notebook.cells.insert(-1, written("90-3", 5, "Write your answer here."))
    notebook.cells.insert(-1, answer("90-4", "def free(x):", "    return x"))
    course = Course(tmp_path_factory.mktemp("course"), _90_small=notebook)
    lab, store = course.lab(LAB), Store(load_config(course.root))
    store.register(lab)
    results = {
        test.id: {"points": test.points, "max": test.points, "status": "passed", "message": ""}
        for test in lab.tests
    }
    record = {
        "remarks": [],
        "stopped": {},
        "student": "ann",
        "lab": LAB,
        "results": results,
        "refused": "",
        "seed": 1,
    }
    record |= {"graded_at": "2026-03-01 10:00", "origin": "ann", "seconds": 0.0, "cuts": {}}
    record |= {"results": results, "refused": ""}
    pieces = [Piece(cell, cell.cell_type, cell.solution) for cell in lab.cells]
    store.save(record, graded_notebook(lab, pieces, {}))
    course.store, course.known = store, lab
    return course


def page(course, write):
    """The page after something was written into the gradebook."""
    with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}") as book:
        write(book.find_submission_notebook(LAB, LAB, "ann"))
        book.db.commit()
    write_feedback(course.store, {LAB: course.known})
    return html.unescape(course.page("ann", LAB))


def offers_comment(cell):
    """As formgrader's template decides at which cells it draws a box."""
    return bool(cell.marks) and (cell.marks["solution"] or cell.marks.get("task"))


def test_a_comment_reaches_the_page_from_each_cell_where_formgrader_offers_it(graded):
    offered = {cell.id for cell in graded.known.cells if offers_comment(cell)}
    assert offered == {"answer-90-1", "answer-90-2", "written-90-3", "answer-90-4"}

    def write(notebook):
        assert {comment.name for comment in notebook.comments} == offered
        for comment in notebook.comments:
            comment.manual_comment = f"Said of <{comment.name}>.\nAnd more."

    text = page(graded, write)
    for name in offered:
        section = text.partition(f"Said of <{name}>.\nAnd more.")[0].rpartition("<h2 id")[2]
        assert re.search(r"90\.\d", section)[0] == name[-4:].replace("-", ".")
    assert text.count("Said of") == len(offered)


def test_a_mark_reaches_the_page_from_each_cell_where_formgrader_offers_it(graded):
    points = {cell.id for cell in graded.known.cells if cell.points}

    def write(notebook):
        assert {grade.name for grade in notebook.grades} == points
        for n, grade in enumerate(sorted(notebook.grades, key=lambda one: one.name), 1):
            grade.manual_score, grade.needs_manual_grade = n / 100, False
            grade.extra_credit = 0.5 if n == 1 else None

    text = page(graded, write)
    for n in range(1, len(points) + 1):
        assert f"<td>{n / 100 + (0.5 if n == 1 else 0):g} of " in text
    assert text.count("changed by hand") == len(points) - 1 and ">read<" in text


def test_extra_credit_alone_is_a_change_by_hand(graded):
    def write(notebook):
        for grade in notebook.grades:
            grade.manual_score, grade.extra_credit = None, None
        grade = next(one for one in notebook.grades if one.name == "check-90-1")
        grade.extra_credit = 2

    text = page(graded, write)
    assert "<td>3 of 1</td>" in text and text.count("changed by hand") == 1
