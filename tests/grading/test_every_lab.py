"""Every lab through the real grader: right, empty, wrong and endless notebooks."""

import ast
import shutil

import pytest

from course_lib import checks
from tests import labs, mistakes

from .fixtures.course import ROOT, Course

pytestmark = pytest.mark.slow

SEED = 3
WRONG = 3  # notebooks with one mistake in every exercise


@pytest.fixture(scope="module", params=labs.SLUGS)
def graded(request, tmp_path_factory):
    """One lab's class, graded in one run; `wrong` holds the mistakes of each notebook."""
    slug = request.param
    course = Course(tmp_path_factory.mktemp("lab"))
    shutil.copytree(ROOT / "solutions" / slug, course.root / "solutions" / slug)
    names = {cell: bound[0] for cell, bound in course.lab(slug).answers.items()}
    course.slug, course.wrong = slug, {}
    course.hand_in("good", slug, "solution")
    course.hand_in("empty", slug)
    first = next(iter(names))
    course.hand_in("endless", slug, {first: "while True:\n    pass"})
    for number in range(WRONG):
        chosen = one_of_each(mistakes.load(slug), number)
        cells = {f"answer-{one.exercise.replace('.', '-')}": one for one in chosen}
        needed = helpers(ROOT / "tests" / "mistakes" / f"{slug}.py")
        answers = {cell: needed + mistakes.source(one, names[cell]) for cell, one in cells.items()}
        course.hand_in(f"wrong-{number}", slug, answers)
        course.wrong[f"wrong-{number}"] = chosen
    course.said = course.grade("--limit", "cell_seconds=15", "--seed", str(SEED), "--workers", "2")
    return course


def helpers(path):
    """What the mistakes of a file use: its imports, and its functions that are no mistakes."""
    kept = []
    for node in ast.parse(path.read_text()).body:
        own = isinstance(node, ast.FunctionDef) and not node.decorator_list
        imported = isinstance(node, ast.Import | ast.ImportFrom)
        if own or (imported and "tests" not in ast.unparse(node)):
            kept.append(ast.unparse(node))
    return "\n".join([*kept, ""])


def one_of_each(all_mistakes, number):
    """The mistake with this number of each exercise, counted around."""
    exercises = {one.exercise: [] for one in all_mistakes}
    for one in all_mistakes:
        exercises[one.exercise].append(one)
    return [group[number % len(group)] for group in exercises.values()]


def test_the_solution_gets_all_points_and_nothing_else_any_for_nothing(graded):
    scores = graded.scores(graded.slug)
    assert scores["good"] == graded.lab(graded.slug).points
    assert scores["empty"] == scores["endless"] == 0
    empty = graded.records()["empty", graded.slug]
    assert {one["status"] for one in empty["results"].values()} == {"not attempted"}


@pytest.mark.parametrize("number", range(WRONG))
def test_mistakes_lose_the_points_that_they_lose_without_isolation(graded, number, monkeypatch):
    monkeypatch.setenv("SML_GRADING", "1")
    monkeypatch.setenv("SML_GRADING_SEED", str(SEED))
    monkeypatch.setattr(checks, "_exercises", {})
    results = graded.records()[f"wrong-{number}", graded.slug]["results"]
    for wrong in graded.wrong[f"wrong-{number}"]:
        exercise = wrong.exercise.replace(".", "-")
        parts = labs.parts(graded.slug, exercise)
        lost = {part for part, cell in parts.items() if not results[cell.id]["points"]}
        assert wrong.caught_by in lost, wrong.name
        rejected = labs.verdicts(graded.slug, exercise, wrong.function)
        assert lost == set(rejected), wrong.name
