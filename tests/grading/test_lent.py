"""What answers hand over and are lent, by the real grader: who pays, who hears."""

import json

import nbformat
import pytest

from .fixtures.course import Course
from .fixtures.lent import GREEDY, ODD, POINTS, SECRETS, lent_lab

pytestmark = pytest.mark.slow

LAB = "92-lent"
LIMITS = {"cell_seconds": 1, "grace_seconds": 0.5, "sleep_seconds": 5, "submission_seconds": 90}
LIMITS |= {"memory_bytes": 1 << 30, "tests_memory_bytes": 300 << 20}
ALL = {f"greedy-{name.replace(' ', '-')}": one for name, one in GREEDY.items()}
ALL |= {f"odd-{name.replace(' ', '-')}": one for name, one in ODD.items()}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("lent"), _92_lent=lent_lab(grading=LIMITS))
    good = {cell.id: cell.solution for cell in course.lab(LAB).cells}
    for name, one in ALL.items():
        course.hand_in(name, LAB, good | {f"answer-{one.exercise}": one.source})
    course.grade_apart()
    return course


@pytest.mark.parametrize("name", ALL)
def test_an_answer_gets_what_it_is_worth_and_the_others_theirs(course, name):
    record, one = course.records()[name, LAB], ALL[name]
    points = dict.fromkeys(POINTS, 0)
    for test, result in record["results"].items():
        points["-".join(test.split("-")[1:3])] += result["points"]
    assert points == POINTS | {one.exercise: one.points}, record["results"]
    assert one.words in json.dumps(record["results"], ensure_ascii=False)
    assert not any("look at this one" in remark for remark in record["remarks"])


def test_no_name_and_no_line_of_a_hidden_test_reaches_a_student(course):
    for name in ALL:
        text = course.page(name, LAB) + json.dumps(course.records()[name, LAB])
        assert not [secret for secret in SECRETS if secret in text], name
    said = course.records()["greedy-listens", LAB]["results"]["hidden-92-2-accuracy"]["message"]
    assert said.count("do the arguments fit?") > 5  # it did ask
    assert "'function' has no attribute 'fill' here" in said


def test_what_is_left_out_is_told(course):
    def shown(name, cell):
        path = course.root / "grading" / "autograded" / name / LAB / f"{LAB}.ipynb"
        notebook = nbformat.read(path, 4)
        return str(next(c.outputs for c in notebook.cells if cell in str(c.metadata)))

    assert "exit() ends no notebook that is graded" in shown("odd-leaves", "answer-92-1")
    figure = shown("odd-large-figure", "answer-92-1")
    assert "[a picture of" in figure and "is kept up to 100,000]" in figure
    assert "below it" in figure
    assert len(shown("greedy-forged-outputs", "answer-92-6")) < 250_000
