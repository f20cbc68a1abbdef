"""What crosses the border, both ways, in a lab that is graded by the real grader."""

import pytest

from .fixtures.course import Course
from .fixtures.labs import border_lab, border_mistakes

LAB = "91-border"
MISTAKES = border_mistakes()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("border"), _91_border=border_lab())
    course.hand_in("right", LAB, "solution")
    answers = {cell.id: cell.solution for cell in course.lab(LAB).cells}
    for name, (cell, source, _) in MISTAKES.items():
        course.hand_in(name, LAB, answers | {cell: source})
    course.grade("--limit", "cell_seconds=1")
    return course


def test_the_solution_gets_all_points(graded):
    assert graded.scores()["right"] == 80


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_costs_its_own_exercise_only(graded, name):
    cell, _, words = MISTAKES[name]
    results = graded.records()[name, LAB]["results"]
    lost = {test for test, result in results.items() if result["points"] < result["max"]}
    assert lost == {cell.replace("answer", "check")}
    assert words in results[lost.pop()]["message"]
