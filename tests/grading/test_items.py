"""Item analysis: figures with known answers, a broken test on top, a restless test named."""

import csv
import random

import numpy as np
import pytest

from grading.items import FEW, analyze, common_messages, main

from .fixtures.course import Course
from .fixtures.labs import small_lab

LAB = "90-small"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("items"), _90_small=small_lab()).lab(LAB)


def record(lab, points, **statuses):
    """A grading with these shares of the points, by test."""
    results = {}
    for test in lab.tests:
        share = points.get(test.id, 1.0)
        status = statuses.get(test.id, "passed" if share == 1 else "failed")
        message = "" if share == 1 else "The mean is 3.5, not 4."
        points_here = share * test.points
        results[test.id] = {
            "points": points_here,
            "max": test.points,
            "status": status,
            "message": message,
        }
    return {"lab": LAB, "student": "s", "refused": "", "results": results}


def by_test(items):
    return {item.test: item for item in items}


# --- Facts ---------------------------------------------------------------------------------


def test_figures_are_those_of_a_class_made_by_hand(lab):
    """Skill decides all tests but one, which fails a third of everybody."""
    rng, records, skills = random.Random(1), [], []
    for _ in range(300):
        skill = rng.random()
        skills.append(skill)
        points = {test.id: float(skill > 0.3 + 0.1 * i) for i, test in enumerate(lab.tests)}
        points["hidden-90-1-accuracy"] = float(rng.random() > 1 / 3)
        records.append(record(lab, points))
    items = analyze(lab, records)
    found = by_test(items)
    assert items[0].test == "hidden-90-1-accuracy"
    assert "passes everything else" in items[0].remark or "is it right" in items[0].remark
    first = lab.tests[0]
    expected = np.mean([skill > 0.3 for skill in skills])
    assert found[first.id].difficulty == pytest.approx(expected)
    assert found[first.id].discrimination > 0.5
    assert abs(found["hidden-90-1-accuracy"].discrimination) < 0.25
    assert found["hidden-90-1-accuracy"].alone == pytest.approx(1 / 3, abs=0.12)
    assert sum(bool(item.remark) for item in items) == 1


def test_a_test_that_the_weak_pass_and_one_that_never_fails_are_named(lab):
    rng, records = random.Random(2), []
    for _ in range(100):
        good = rng.random() > 0.5
        points = {test.id: float(good) for test in lab.tests}
        points["hidden-90-2-cost"] = float(not good)
        points["check-90-1"] = 1.0
        records.append(record(lab, points))
    found = by_test(analyze(lab, records))
    assert found["hidden-90-2-cost"].discrimination < 0
    assert "weak pass it more often" in found["hidden-90-2-cost"].remark
    assert "never fails" in found["check-90-1"].remark
    assert found["check-90-1"].discrimination is None


def test_what_was_not_attempted_or_refused_does_not_count(lab):
    empty = record(lab, {}, **{test.id: "not attempted" for test in lab.tests})
    refused = record(lab, {}) | {"refused": "it is empty."}
    items = analyze(lab, [record(lab, {})] * FEW + [empty, refused] * 5)
    assert {item.attempted for item in items} == {FEW}
    few = analyze(lab, [record(lab, {})] * (FEW - 1))
    assert {item.difficulty for item in few} == {None}
    assert {item.remark for item in few} == {""}


def test_messages_that_differ_in_numbers_are_one():
    messages = ["got 3.5, not 4", "got 1e-7, not 12", "shape (3, 4) for 'x'", "got 1, not 2"]
    assert common_messages(messages) == [("got 3.5, not 4", 3), ("shape (3, 4) for 'x'", 1)]


# --- A class -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_restless_test_is_named_and_the_page_is_written(tmp_path, capsys):
    notebook = small_lab()
    cell = next(one for one in notebook.cells if one.id == "hidden-90-1-accuracy")
    cell.source = cell.source.replace(
        "    x = rng", '    check.that(rng.random() > 0.4, "unlucky")\n    x = rng', 1
    )
    course = Course(tmp_path / "course", _90_small=notebook)
    course.hand_in("ann", LAB, "solution")
    course.hand_in("=bob", LAB)
    assert main(["--root", str(course.root), "--seeds", "3"]) == 0  # nothing graded yet
    for seed in range(20):  # a seed under which the solution is lucky
        try:
            course.grade("--seed", str(seed), "--trust-submissions")
            break
        except AssertionError:
            continue
    assert main(["--root", str(course.root), "--seeds", "8", "--answers", "1"]) == 0
    with (course.root / "grading" / "report" / "items.csv").open() as file:
        rows = {row["test"]: row for row in csv.DictReader(file)}
    assert "fails at random" in rows["hidden-90-1-accuracy"]["remark"]
    assert rows["hidden-90-2-cost"]["remark"] == ""
    page = (course.root / "grading" / "report" / "items.html").read_text()
    assert "fails at random" in page and "<script" not in page
    assert "1 tests to look at" in capsys.readouterr().out
