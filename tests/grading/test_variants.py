"""Every student has data of his own: which, on both sides of the border, and how alike they are."""

import re
from pathlib import Path

import pytest

from grading import variants
from grading.intake.restore import Piece, restore, written_id
from grading.lab import load_config, read_lab
from grading.similarity.__main__ import main as similarity
from tests import labs
from tests.sample import by_day

from .fixtures.course import ROOT, Course
from .fixtures.notebooks import answer, check, hidden, locked, solution, student

LAB = "92-own"
SETUP = """\
from course_lib.notebook import checks
mine = checks.personal("92", student)
data = mine.integers(1000, size=20)
"""
TOTAL = """\
with checks.exercise("92.1", total) as check:
    check.close(total(), data.sum(), "The total of your data")
    check.at_most(data.max(), 999, "The largest number")
"""


def own_lab():
    """One exercise: the sum of data that only the set-up of the student's own side holds."""
    return solution(
        student(),
        locked("setup", SETUP),
        answer("92-1", "def total():", "    return data.sum()"),
        check("92-1", 1, TOTAL),
        hidden("92-1", "accuracy", 2, 'check.close(answer(), data.sum(), "The total again")'),
    )


def with_cell(source):
    """Return an edit that fills in the cell `student`."""

    def edit(notebook):
        next(cell for cell in notebook.cells if cell.id == "student").source = source

    return edit


WRITTEN = {  # by student, what stands in the first cell
    "ann": 'student = "ann"',
    "Bob": 'student = "bob "',
    "nobody": 'student = ""',
    "dee": 'student = "ann"',
    "eve": "student = eve.(",
    "fay": 'import math\nstudent = "fay"\nhalf = math.pi / 2',
    "gil": "import os\nos._exit(0)",
    "hal": "student = 3 * [None]",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("own"), _92_own=own_lab())
    for name, source in WRITTEN.items():
        course.hand_in(name, LAB, "solution", with_cell(source))
    course.hand_in("without", LAB, "solution", lambda notebook: notebook.cells.pop(0) and None)
    course.grade()
    return course


# ---- Facts ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*WRITTEN, "without"])
def test_whatever_stands_in_the_first_cell_both_sides_hold_the_data_of_the_submission(course, name):
    assert course.scores()[name] == 3


def test_an_id_that_is_not_the_submissions_is_remarked(course):
    remarks = {name: record["remarks"] for (name, _), record in course.records().items()}
    assert remarks.pop("dee") == [
        "the notebook carries the id 'ann'; it was graded with the data of 'dee'."
    ]
    assert remarks.pop("without") == []
    assert not any(remarks.values())


def test_each_submission_was_graded_with_its_own_numbers(course):
    pages = [path.read_text() for path in course.root.glob("grading/autograded/*/*/*.ipynb")]
    assert all("The data of " in page for page in pages)
    said = [re.search(r"The data of [^.]+", page)[0] for page in pages]
    assert len(set(said)) == len(pages)


def test_the_similarity_page_lists_ids_of_others(course):
    assert similarity(["--root", str(course.root)]) == 0
    page = (course.root / "grading/report/similarity" / f"{LAB}.html").read_text()
    assert re.search(r"<th scope=\"row\">dee</th><td>ann</td><td>yes</td>", page)
    assert page.count("<td>ann</td>") == 1


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('student = "ann"', "ann"),
        ("student = ' ann '", "ann"),
        ("student = ann", "ann"),
        ("student = 12345", "12345"),
        ('student = "a"\nstudent = "b"', "b"),
        ('student = ""', ""),
        ("student = ann b", ""),
        ("student: str", ""),
        ("def student(): pass", ""),
        ("student += 'x'", ""),
        ("student = f'{1}'", ""),
        (f"student = 0x{'f' * 9999}", ""),
        ("\0", ""),
        ("(" * 5000, ""),
        ("", ""),
    ],
)
def test_the_id_of_a_cell_is_read_and_never_run(source, found):
    assert written_id(source) == found


def test_what_else_stands_in_the_first_cell_is_kept(course):
    lab = course.lab(LAB)
    cells = [("student", "code", WRITTEN["fay"], None)]
    pieces, _ = restore(cells, lab, "fay")
    assert pieces[:2] == [
        Piece(None, "code", WRITTEN["fay"]),
        Piece(lab.cells[0], "code", "student = 'fay'"),
    ]


# ---- The same lab for everybody -----------------------------------------------------------


def test_the_runs_of_a_lab_are_compared(course):
    runs = list(variants.play_all(course.lab(LAB), ["ann", "bob", "ann"], workers=2))
    assert [run.failed for run in runs] == [{}, {}, {}]
    different, own, nearest = variants.compare(runs)
    assert (different, own) == (2, ["data"])
    ((name, least, most),) = nearest
    assert name == "92.1 The largest number"
    assert 0 < least < most <= 1
    assert most == max(run.nearest[name] for run in runs)


def test_an_id_under_which_the_solution_fails_is_named(tmp_path, capsys):
    broken = own_lab()
    broken.cells[2].source = "def total():\n    return data.sum() - (student == 'student 2')"
    course = Course(tmp_path / "broken", _92_own=broken)
    arguments = ["--root", str(course.root), "--ids", "3", "--lab"]
    assert variants.main([*arguments, "92"]) == 1
    said = capsys.readouterr().out
    assert "2 of 3 ids get all points, 3 different sets of data (data)" in said
    assert "id 'student 2', check-92-1: 92.1: The total of your data should be" in said
    assert variants.main([*arguments, "77"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("slug", by_day(["02-randomness"], labs.SLUGS))
def test_the_solution_of_every_lab_holds_for_other_ids(slug):
    """Two of the 200 ids that `python -m grading.variants` tries.

    By day nbval runs each lab for one other id, and `test_every_lab` some labs for more.
    """
    lab = read_lab(Path(ROOT) / "solutions" / slug / f"{slug}.ipynb", config=load_config(ROOT))
    runs = list(variants.play_all(lab, ["student 1", "student 2"]))
    assert [run.failed for run in runs] == [{}, {}]
    different, own, _ = variants.compare(runs)
    assert different == 2, f"{slug}: only {own} depend on the id."
