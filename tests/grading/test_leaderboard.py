"""Scores of a lab: measured by hidden tests alone, kept in the records, shown without names."""

import csv
import random

import pytest

from course_lib.notebook import _scores, checks
from grading.foreign.text import Unreadable
from grading.leaderboard import alias, boards, main, read_wishes

from .fixtures.course import Course
from .fixtures.labs import SETUP
from .fixtures.notebooks import answer, check, hidden, locked, solution, text

LAB = "93-small"
KEY = bytes(16)
FILE = 'def squeeze(x):\n    return bytes(x.astype(np.uint8)) + b"12345"'
LIAR = """\
def squeeze(x):
    return bytes(x.astype(np.uint8)) + b"123"

from course_lib.notebook import _scores
_scores.note("bytes", -1e9, "bytes", 0.0, hidden=True)
_scores._kept.append(_scores.Score("bytes", -1e9, "bytes", 0.0))
_scores.taken = lambda: [_scores.Score("bytes", -1e9, "bytes", 0.0)]
print("bytes: 0 bytes")
"""
EMPTY = "def squeeze(x):\n    return b''"


def scored_lab():
    """One exercise: bytes that hold an array; fewer are better, and too few are wrong."""
    return solution(
        text("intro", "# Scored\n\n10 points"),
        locked("setup", SETUP),
        answer("93-1", "def squeeze(x):", '    return bytes(x.astype(np.uint8)) + b"1"'),
        check(
            "93-1",
            4,
            'with checks.exercise("93.1", squeeze) as check:\n'
            "    file = squeeze(np.arange(3))\n"
            '    check.score("bytes", len(file), "bytes")\n'
            '    check.that(isinstance(file, bytes), "bytes")',
        ),
        hidden(
            "93-1",
            "accuracy",
            6,
            "x = rng.integers(0, 256, 50)\n"
            "file = answer(x)\n"
            'check.score("bytes", len(file), "bytes", tie=file[-1] if file else 0)\n'
            'check.that(file[:50] == bytes(x.astype(np.uint8)), "The file does not hold x.")',
        ),
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("scored"), _93_small=scored_lab())
    course.hand_in("ann", LAB, "solution")
    course.hand_in("ben", LAB, {"answer-93-1": FILE})
    course.hand_in("liar", LAB, {"answer-93-1": LIAR})
    course.hand_in("empty", LAB, {"answer-93-1": EMPTY})
    course.grade()
    return course


def record(student, **scores):
    told = [
        {"board": board, "value": value, "unit": "%", "tie": tie}
        for board, (value, tie) in scores.items()
    ]
    return {"student": student, "refused": "", "results": {"t": {"points": 1.0, "scores": told}}}


def shown(course, *options):
    assert main(["--root", str(course.root), *options]) == 0
    folder = course.root / "grading" / "report"
    return [
        list(csv.DictReader((folder / f"leaderboard-{LAB}{end}.csv").open(newline="")))
        for end in ("", "-who")
    ]


# --- Facts ---------------------------------------------------------------------------------------


def test_less_is_better_then_the_tie_and_equals_share_a_rank():
    records = [record("a", m=(2.0, 5)), record("b", m=(1.0, 9)), record("c", m=(2.0, 4)),
               record("d", m=(1.0, 9)), record("e", other=(0.0, 0))]  # fmt: skip
    random.Random(0).shuffle(records)
    lines = boards(records)["m"]
    assert [(line.rank, line.student) for line in lines] == [(1, "b"), (1, "d"), (3, "c"), (4, "a")]
    assert [line.student for line in boards(records)["other"]] == ["e"]


def test_the_best_of_a_students_scores_counts():
    one = record("a", m=(2.0, 0))
    one["results"]["u"] = record("a", m=(1.5, 0))["results"]["t"]
    assert [(line.value, line.test) for line in boards([one])["m"]] == [(1.5, "u")]


def test_made_up_names_are_the_key_s_and_the_student_s_alone():
    assert alias("Ann", KEY) == alias(" ann", KEY) != alias("ben", KEY)
    assert alias("ann", KEY) != alias("ann", bytes([1]) * 16)
    names = {alias(f"s{number}", KEY) for number in range(300)}
    assert len(names) == 300


def test_hidden_tests_alone_make_scores(course):
    results = {who: rec["results"] for (who, _), rec in course.records().items()}
    told = {who: result["hidden-93-1-accuracy"].get("scores") for who, result in results.items()}
    assert told["ann"] == [{"board": "bytes", "value": 51.0, "unit": "bytes", "tie": 49.0}]
    assert told["ben"][0]["value"] == 55.0
    assert told["empty"] is None  # the test told a score and did not pass
    assert all("scores" not in result["check-93-1"] for result in results.values())


def test_an_answer_cannot_write_a_score(course):
    results = course.records()["liar", LAB]["results"]
    assert results["hidden-93-1-accuracy"]["scores"] == [
        {"board": "bytes", "value": 53.0, "unit": "bytes", "tie": 51.0}
    ]


def test_points_are_what_they_were(course):
    assert course.scores() == {"ann": 10, "ben": 10, "liar": 10, "empty": 4}


def test_the_table_names_nobody_and_leaves_out_who_asked(course, capsys):
    wishes = course.root / "grading" / "leaderboard.csv"
    wishes.unlink(missing_ok=True)
    public, who = shown(course)
    assert [row["rank"] for row in public] == ["1", "2", "3"]
    assert [row["student"] for row in who] == ["ann", "liar", "ben"]
    assert [row["who"] for row in public] == [row["made-up name"] for row in who]
    assert not any(name in str(public) for name in ("ann", "ben", "liar"))
    said = capsys.readouterr().out
    assert "51" in said and not any(f"  {name} " in said for name in ("ann", "ben", "liar"))
    wishes.write_text("Student;shown\nLIAR;no\nBen;name\n")
    again, everybody = shown(course, "--lab", "93")
    assert [row["who"] for row in again] == [public[0]["who"], "ben"]
    assert [row["rank"] for row in again] == ["1", "3"]
    assert len(everybody) == 3


# --- Contracts -----------------------------------------------------------------------------------


def test_a_wish_that_cannot_be_read_shows_nobody(course, tmp_path, capsys):
    path = tmp_path / "leaderboard.csv"
    assert read_wishes(path) == ({}, [])
    for text_, words in (
        ("student,shown\nann,maybe\n", "line 2: shown must be yes, no or name"),
        ("student,wish\nann,no\n", "'shown' is not among"),
        ("student,shown\nann,no,more\n", "left out"),
    ):
        path.write_text(text_)
        with pytest.raises(Unreadable, match=words):
            read_wishes(path)
    wishes = course.root / "grading" / "leaderboard.csv"
    wishes.write_text("student,shown\nann,nope\n")
    assert main(["--root", str(course.root)]) == 2
    out, err = capsys.readouterr()
    assert "yes, no or name" in err and out == ""
    wishes.unlink()


def test_records_that_somebody_edited_are_passed_over():
    bad = record("a", m=(1.0, 0))
    nan = {"board": "m", "value": float("nan"), "unit": "", "tie": 0}
    bad["results"]["t"]["scores"] += [{"board": "m"}, {"board": "m", "value": "x"}, 7, nan]
    assert [line.value for line in boards([bad])["m"]] == [1.0]
    assert boards([record("a", m=(1.0, 0)) | {"refused": "no notebook"}]) == {}


class Liar(float):
    def __float__(self):
        return -1e9


@pytest.mark.parametrize("value", [Liar(5), True, "3", None, float("nan"), float("inf"), [1.0]])
def test_a_score_is_a_plain_finite_number(value):
    exercise = checks.Exercise("93.1", len)
    exercise.in_hidden_test = True
    with pytest.raises(checks.CheckFailed, match=r"bytes should be a (finite )?number; got"):
        exercise.score("bytes", value)
    assert _scores.taken() == []


@pytest.mark.parametrize("board", [None, 7, "x" * 41, "two\nlines"])
def test_a_board_has_a_short_name(board):
    with pytest.raises(TypeError, match="board must be a text of at most 40 letters"):
        checks.Exercise("93.1", len).score(board, 1.0)


def test_a_visible_check_shows_its_score_and_keeps_none(capsys, monkeypatch):
    monkeypatch.delenv("SML_GRADING", raising=False)
    checks.Exercise("93.1", len).score("stamp", 9.125, "%")
    assert capsys.readouterr().out == "stamp: 9.125 %\n"
    monkeypatch.setenv("SML_GRADING", "1")
    checks.Exercise("93.1", len).score("stamp", 9.125, "%")
    assert capsys.readouterr().out == "" and _scores.taken() == []


def test_without_scores_it_says_so(tmp_path_factory, capsys):
    from .fixtures.labs import small_lab

    course = Course(tmp_path_factory.mktemp("none"), _90_small=small_lab())
    assert main(["--root", str(course.root)]) == 0
    assert "No test of these labs has told a score yet." in capsys.readouterr().out
