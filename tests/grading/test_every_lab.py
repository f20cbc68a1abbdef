"""Every lab through the real grader: its solution, right answers, and mistakes everywhere.

By day every third lab is graded, and by night all: one notebook costs seconds, and what the grader
does with it does not depend on the lab. By day one notebook of right answers in unusual
styles is handed in for each lab, the first to each exercise in `tests.answers`; by night another
one with the last to each. That an empty and an
endless notebook get nothing does not depend on the lab either: one lab of little data shows it. The
grader begins each run with the solution, which must get all points, so by day the solution is
handed in once more for that lab alone.
"""

import ast
import functools
import shutil

import pytest

from course_lib.notebook import checks
from tests import answers, labs, mistakes
from tests.sample import by_day

from .fixtures.course import ROOT, Course

pytestmark = pytest.mark.slow

SEED = 3
MODEL = "00-how-labs-work"  # handed in empty and endless too, and with more mistakes
SLUGS = by_day(labs.SLUGS[::3], labs.SLUGS)
GOOD = by_day([MODEL], labs.SLUGS)
ANSWERED = [slug for slug in SLUGS if answers.written(slug)]
UNUSUAL = [(slug, number) for slug in ANSWERED for number in by_day([0], [0, -1])]
WRONG = [(slug, number) for slug in SLUGS for number in range(3 if slug == MODEL else 1)]


@pytest.fixture(scope="module")
def class_of(tmp_path_factory):
    """Return the graded class of a lab, graded when it is first asked for."""
    return functools.cache(lambda slug: graded(slug, tmp_path_factory.mktemp("lab")))


def graded(slug, folder):
    """One lab's class, graded in one run; `wrong` holds the mistakes of each notebook."""
    course = Course(folder)
    shutil.copytree(ROOT / "solutions" / slug, course.root / "solutions" / slug)
    names = {cell: bound[0] for cell, bound in course.lab(slug).answers.items()}
    course.wrong = {}
    if slug in GOOD:
        course.hand_in("good", slug, "solution")
    if slug == MODEL:
        course.hand_in("empty", slug)
        course.hand_in("endless", slug, {next(iter(names)): "while True:\n    pass"})
    for number in (number for lab, number in WRONG if lab == slug):
        chosen = one_of_each(mistakes.load(slug), number)
        course.hand_in(f"wrong-{number}", slug, as_cells(mistakes, slug, chosen, names))
        course.wrong[f"wrong-{number}"] = chosen
    for number in (number for lab, number in UNUSUAL if lab == slug):
        chosen = one_of_each(answers.load(slug), number)
        course.hand_in(f"unusual-{number}", slug, as_cells(answers, slug, chosen, names))
    # The endless one costs its limit once. What the solution needs counts tenfold anyway.
    limits = ["--limit", "cell_seconds=10"] if slug == MODEL else []
    course.said = course.grade(*limits, "--seed", str(SEED), "--workers", "2")
    return course


def as_cells(package, slug, chosen, names):
    """The answer cells with one mistake or right answer each, and what its file needs."""
    needed = helpers(ROOT / "tests" / package.__name__.rpartition(".")[2] / f"{slug}.py")
    cells = {f"answer-{one.exercise.replace('.', '-')}": one for one in chosen}
    return {cell: needed + package.source(one, names[cell]) for cell, one in cells.items()}


def helpers(path):
    """What the answers of a file use: its imports, and all that is none of its answers."""
    kept = []
    for node in ast.parse(path.read_text()).body:
        definition = isinstance(node, ast.FunctionDef | ast.ClassDef)
        answers_it = definition and any(
            "mistake(" in ast.unparse(one) or "answer(" in ast.unparse(one)
            for one in node.decorator_list
        )
        own = (definition and not answers_it) or isinstance(node, ast.Assign)
        imported = isinstance(node, ast.Import | ast.ImportFrom)
        if own or (imported and "tests" not in ast.unparse(node)):
            kept.append(ast.unparse(node))
    return "\n".join([*kept, ""])


def one_of_each(written, number):
    """The answer with this number to each exercise, counted around."""
    exercises = {one.exercise: [] for one in written}
    for one in written:
        exercises[one.exercise].append(one)
    return [group[number % len(group)] for group in exercises.values()]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_solution_gets_all_points(slug, class_of):
    course = class_of(slug)
    assert "graded" in course.said and "does not get all points" not in course.said
    if slug in GOOD:
        assert course.scores(slug)["good"] == course.lab(slug).points


def test_the_empty_and_the_endless_notebook_get_none(class_of):
    course = class_of(MODEL)
    assert course.scores(MODEL)["empty"] == course.scores(MODEL)["endless"] == 0
    empty = course.records()["empty", MODEL]
    assert {one["status"] for one in empty["results"].values()} == {"not attempted"}


@pytest.mark.parametrize(("slug", "number"), UNUSUAL)
def test_right_answers_in_unusual_styles_get_all_points(slug, number, class_of):
    results = class_of(slug).records()[f"unusual-{number}", slug]["results"]
    lost = {name: one["message"] for name, one in results.items() if one["points"] < one["max"]}
    assert lost == {}


@pytest.mark.parametrize(("slug", "number"), WRONG)
def test_mistakes_lose_the_points_that_they_lose_without_isolation(
    slug, number, class_of, monkeypatch
):
    monkeypatch.setenv("SML_GRADING", "1")
    monkeypatch.setenv("SML_GRADING_SEED", str(SEED))
    monkeypatch.setattr(checks, "_exercises", {})
    course = class_of(slug)
    results = course.records()[f"wrong-{number}", slug]["results"]
    for wrong in course.wrong[f"wrong-{number}"]:
        exercise = wrong.exercise.replace(".", "-")
        parts = labs.parts(slug, exercise)
        lost = {part for part, cell in parts.items() if not results[cell.id]["points"]}
        assert wrong.caught_by in lost, wrong.name
        rejected = labs.verdicts(slug, exercise, wrong.function)
        assert lost == set(rejected), wrong.name
