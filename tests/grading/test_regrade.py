"""A test is corrected in the middle of the term: what runs again, what stands, who hears of it."""

import csv

import nbformat
import pytest

from grading.lab import read_lab
from grading.run import class_run
from grading.run.regrade import needed, touched

from .fixtures.course import Course
from .fixtures.labs import small_lab

pytestmark = pytest.mark.slow

LAB = "90-small"
HALF = {"answer-90-1": "def mean(x):\n    return float(sum(x) / len(x))"}
OFF = {"answer-90-1": "def mean(x):\n    return float(np.sum(x) / len(x)) + 2e-7"}
STRICT = 'check.close(answer(x), x.sum() / 50, "The mean of SECRET-HIDDEN-TEST", rtol=1e-9)'


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


def edited(course, name, old, new):
    """Change a cell of the solution."""
    path = course.root / "solutions" / LAB / f"{LAB}.ipynb"
    notebook = nbformat.read(path, 4)
    one = cell(notebook, name)
    assert old in one.source
    one.source = one.source.replace(old, new)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module", autouse=True)
def same_code():
    """The library may be worked on while the tests run; here only the lab changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(class_run, "code_digest", lambda: "code")
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A lab with a test that is too strict and one that leaves a trace when it runs."""
    root = tmp_path_factory.mktemp("regrade")
    lab = small_lab()
    trace = root / "trace"
    cost = cell(lab, "hidden-90-2-cost")
    marker = "### BEGIN HIDDEN TESTS"
    cost.source = cost.source.replace(marker, f"{marker}\nopen({str(trace)!r}, 'a').write('x')")
    course = Course(root / "course", _90_small=lab)
    course.trace = trace
    course.hand_in("ann", LAB, "solution")
    course.hand_in("bob", LAB, HALF)
    course.hand_in("off", LAB, OFF)
    course.hand_in("empty", LAB)
    course.grade("--seed", "5")
    return course


def test_the_whole_story_of_a_corrected_test(course):
    before, traces = course.records(), course.trace.read_text()
    assert course.scores(LAB)["off"] == 1  # of 4; two tests see 2e-7
    edited(course, "hidden-90-1-accuracy", "rtol=1e-9", "rtol=1e-3, atol=1e-5")
    said = course.grade()
    after = course.records()
    # Only the changed test ran, for everybody, and with the same inputs.
    assert course.trace.read_text() == traces + "x"  # the solution itself, before the class
    assert "4 graded, 0 unchanged" in said
    for key, record in after.items():
        assert record["seed"] == before[key]["seed"] == 5
        for name, result in record["results"].items():
            if name != "hidden-90-1-accuracy":
                assert result == before[key]["results"][name]
    assert course.scores(LAB)["off"] == 3
    with (course.root / "grading" / "report" / "changes.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "off" and row["test"] == "hidden-90-1-accuracy"
    assert (row["before"], row["after"], row["says now"]) == ("0", "2", "")
    assert "SECRET-HIDDEN-TEST" in row["said before"]
    page = (course.root / "grading" / "report" / "index.html").read_text()
    assert "what a changed test changed" in page and "1 gains, 0 losses" in page
    # The graded notebook still shows what the other tests said.
    kept = nbformat.read(course.root / "grading" / "autograded" / "empty" / LAB / f"{LAB}.ipynb", 4)
    shown = {
        one.metadata["nbgrader"]["grade_id"]: one.outputs
        for one in kept.cells
        if "nbgrader" in one.metadata and one.cell_type == "code"
    }
    assert shown["hidden-90-2-cost"] and shown["hidden-90-1-accuracy"]
    # And nothing is left to do.
    assert "0 graded, 4 unchanged" in course.grade()


def test_a_changed_check_touches_its_exercise_and_a_changed_hidden_test_itself(course):
    path = course.root / "solutions" / LAB / f"{LAB}.ipynb"
    lab = read_lab(path)
    record = {"tests": dict(lab.test_digests)}
    assert touched(lab, record) == set()
    record["tests"]["hidden-90-1-edge-case"] = "other"
    assert touched(lab, record) == {"hidden-90-1-edge-case"}
    assert needed(lab, touched(lab, record)) == {"hidden-90-1-edge-case", "check-90-1"}
    record["tests"]["check-90-1"] = "other"
    of_the_first = {one.id for one in lab.tests if "90-1" in one.id}
    assert touched(lab, record) == of_the_first
    assert touched(lab, {}) == {one.id for one in lab.tests}


def test_prose_and_the_solution_touch_nothing_and_the_setup_touches_all(course):
    edited(course, "answer-90-1", "np.sum(x) / len(x)", "np.sum(x) / x.size")
    assert "0 graded, 4 unchanged" in course.grade()
    edited(course, "setup", "import numpy as np", "import numpy as np\n\nWIDTH = 3")
    assert "4 graded, 0 unchanged" in course.grade()


def test_a_correction_that_the_solution_fails_changes_nobody(course):
    scores = course.scores(LAB)
    edited(course, "hidden-90-1-accuracy", "x.sum() / 50", "x.sum() / 49")
    said = course.grade(expect=2)
    assert "The solution of 90-small does not get all points" in said
    assert course.scores(LAB) == scores
    edited(course, "hidden-90-1-accuracy", "x.sum() / 49", "x.sum() / 50")
