"""A small class, from the folder of submissions to scores, feedback and report."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from grading.lab import load_config
from grading.records.store import Store
from tests.sample import by_day

from .fixtures.course import Course
from .fixtures.hostile import HOSTILE
from .fixtures.labs import small_lab
from .fixtures.notebooks import written

LAB = "90-small"
HALF = {"answer-90-1": "def mean(x):\n    return float(np.sum(x) / len(x))"}


def lab_with_essay():
    notebook = small_lab(grading={"cell_seconds": 1})
    notebook.cells.insert(-1, written("90-3", 5, "Write your answer here."))
    return notebook


def essay(notebook):
    next(cell for cell in notebook.cells if cell.id == "written-90-3").source = "It is $O(n)$."


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("course"), _90_small=lab_with_essay())
    course.hand_in("good", LAB, "solution", essay)
    course.hand_in("empty", LAB)
    course.hand_in("half", LAB, HALF)
    course.hand_in("endless", LAB, {"answer-90-1": "while True:\n    pass"})
    course.hand_in("=1+1", LAB, HALF)
    course.hand_in("Zoë van Łuk", LAB, HALF)
    broken = course.hand_in("broken", LAB)
    broken.write_text("{")
    (course.submitted / "nobody.ipynb").write_text("{}")
    course.said = course.grade()
    return course


def gradebook(course):
    return Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}")


# ---- Facts ------------------------------------------------------------------------------


def test_each_submission_gets_its_points(course):
    scores = course.scores()
    assert {name: scores[name] for name in ("good", "empty", "half", "endless", "broken")} == {
        "good": 10,
        "empty": 0,
        "half": 4,
        "endless": 0,
        "broken": 0,
    }
    assert scores["Zoë van Łuk"] == 4


def test_an_empty_answer_is_not_attempted_and_an_endless_one_stopped(course):
    records = course.records()
    statuses = {result["status"] for result in records["empty", LAB]["results"].values()}
    assert statuses == {"not attempted"}
    endless = records["endless", LAB]
    for told in (endless["stopped"]["answer-90-1"], endless["results"]["check-90-1"]["message"]):
        assert "of processor time; the solution needs 0.0 and the limit is 1.0" in told


def test_nbgrader_has_the_same_scores(course):
    with gradebook(course) as book:
        for student, score in course.scores().items():
            name = student.removeprefix("'")
            assert book.find_submission(LAB, name).score == score
        assert book.find_grade("written-90-3", LAB, LAB, "good").needs_manual_grade
        assert not book.find_grade("written-90-3", LAB, LAB, "empty").needs_manual_grade


def test_what_was_refused_is_named_and_kept(course):
    assert "nobody.ipynb" in course.said and "whose it is" in course.said
    assert "valid JSON" in course.page("broken", LAB)
    assert (course.submitted / "broken" / LAB / f"{LAB}.ipynb").read_text() == "{"
    report = (course.root / "grading" / "report" / "index.html").read_text()
    assert "nobody.ipynb" in report and "valid JSON" in report


def test_a_name_is_no_formula_in_the_table(course):
    with (course.root / "grading" / "report" / f"{LAB}.csv").open(newline="") as file:
        names = [row["student"] for row in csv.DictReader(file)]
    assert "'=1+1" in names
    assert not any(name.startswith("=") for name in names)


def test_the_page_says_what_was_lost_and_why(course):
    page = course.page("half", LAB)
    assert "90.1" in page and "4 of 4" in page
    assert "not attempted" in page
    assert 'lang="en"' in page and "<script" not in page


# ---- Contracts: once more ----------------------------------------------------------------


def test_a_second_run_grades_nothing_and_changes_nothing(course):
    before = {path: path.stat().st_mtime_ns for path in (course.root / "grading").rglob("*.json")}
    assert "0 graded, 7 unchanged" in course.grade()
    after = {path: path.stat().st_mtime_ns for path in (course.root / "grading").rglob("*.json")}
    assert after == before


def test_manual_marks_and_comments_survive_and_reach_the_page(course):
    with gradebook(course) as book:
        book.find_grade("written-90-3", LAB, LAB, "good").manual_score = 3.5
        book.find_grade("written-90-3", LAB, LAB, "good").needs_manual_grade = False
        book.find_comment("written-90-3", LAB, LAB, "good").manual_comment = "Say of what."
        book.db.commit()
    course.grade("--student", "good", "--again")
    assert course.scores()["good"] == 13.5
    assert "Say of what." in course.page("good", LAB)


def test_only_what_changed_is_graded_again(course):
    course.hand_in("empty", LAB, HALF)
    assert "1 graded, 6 unchanged" in course.grade()
    assert course.scores()["empty"] == 4


def test_late_work_loses_what_the_configuration_says(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace('"none"', '"zero"'))
    with gradebook(course) as book:
        book.update_or_create_assignment(LAB, duedate="2026-11-01 12:00:00 UTC")
    stamp = course.submitted / "half" / LAB / "timestamp.txt"
    stamp.write_text("2026-11-02 12:00:00 UTC")
    course.grade("--student", "half", "--again")
    with (course.root / "grading" / "report" / "scores.csv").open(newline="") as file:
        totals = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert totals["half"] == "0"
    with (course.root / "grading" / "report" / f"{LAB}.csv").open(newline="") as file:
        assert {row["student"]: row["hours late"] for row in csv.DictReader(file)}["half"] == "24"
    with gradebook(course) as book:
        book.grant_extension(LAB, "half", days=2)
    course.grade("--student", "half", "--again")
    with (course.root / "grading" / "report" / "scores.csv").open(newline="") as file:
        totals = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert totals["half"] == "4"


def test_grading_one_lab_keeps_the_others_in_the_table(course):
    course.add_lab("91-other", small_lab())
    course.hand_in("good", "91-other", "solution")
    course.grade("--lab", "91")
    with (course.root / "grading" / "report" / "scores.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["student"] == "good")
    assert (row[LAB], row["91-other"], row["total"]) == ("13.5", "10", "23.5")


def test_a_wrong_solution_stops_the_run_before_anyone_loses_points(tmp_path):
    notebook = small_lab()
    for cell in notebook.cells:
        cell.source = cell.source.replace("len(x))", "len(x) + 1)")
    course = Course(tmp_path, _90_small=notebook)
    course.hand_in("good", LAB, "solution")
    said = course.grade(expect=2)
    assert "does not get all points, so nothing was graded" in said
    assert "check-90-1" in said
    assert course.records() == {}


def test_a_class_without_submissions_says_that_isolation_works(tmp_path):
    course = Course(tmp_path, _90_small=small_lab())
    said = course.grade()
    assert "0 graded" in said and "Isolation works here" in said and str(course.submitted) in said


def test_a_set_up_that_stops_in_isolation_names_the_environment(tmp_path):
    notebook = small_lab()
    setup = next(cell for cell in notebook.cells if cell.id == "setup")
    setup.source += f"\nassert __import__('os').path.exists({str(tmp_path)!r}), 'not in here'"
    course = Course(tmp_path, _90_small=notebook)
    course.hand_in("good", LAB, "solution")
    said = course.grade(expect=2)
    assert "setup does not run in isolation" in said and sys.prefix in said


def test_wrong_options_get_one_sentence(course):
    assert "No lab 77" in course.grade("--lab", "77", expect=2)
    assert "limits must be among" in course.grade("--limit", "speed=1", expect=2)
    assert "--limit must look like" in course.grade("--limit", "cell_seconds", expect=2)


# ---- Contracts: killed and resumed -------------------------------------------------------


QUALITIES = [
    "solution",
    HALF,
    {},
    HALF | {"answer-90-2": "def gram(A):\n    return A.T @ A @ np.eye(3)"},
    {"answer-90-1": "import os\nos._exit(0)"},
    {"answer-90-1": "def mean(x):\n    raise SystemExit"},
    {"answer-90-2": "def gram(A):\n    return A.T @ (A @ np.eye(A.shape[1])) + 1"},
    {"answer-90-1": "def mean(x):\n    return x[0]"},
]


def class_of(root, students):
    course = Course(root, _90_small=small_lab())
    for number in range(students):
        course.hand_in(f"student-{number:02}", LAB, QUALITIES[number % len(QUALITIES)])
    return course


@pytest.mark.slow
def test_a_class_that_is_killed_and_resumed_has_the_gradebook_of_an_undisturbed_run(tmp_path):
    whole = class_of(tmp_path / "whole", len(QUALITIES))
    whole.grade("--workers", "2")
    students = by_day(2, 5) * len(QUALITIES)
    killed = class_of(tmp_path / "killed", students)
    assert killed.kill_after(1)
    assert killed.kill_after(len(killed.records()) + 4, "--workers", "2")
    graded = len(killed.records())
    assert 0 < graded < students
    assert f"{students - graded} graded, {graded} unchanged" in killed.grade("--workers", "2")
    with gradebook(killed) as left, gradebook(whole) as right:
        for number in range(students):
            student, like = f"student-{number:02}", f"student-{number % len(QUALITIES):02}"
            assert killed.scores()[student] == whole.scores()[like]
            for test in ("check-90-1", "hidden-90-1-accuracy", "check-90-2", "hidden-90-2-cost"):
                score = left.find_grade(test, LAB, LAB, student).auto_score
                assert score == right.find_grade(test, LAB, LAB, like).auto_score
    assert list(killed.root.rglob(".*.new")) == []


def test_two_runs_do_not_write_at_once(course):
    store = Store(load_config(course.root))
    store.lock()
    assert "Another run is grading here" in course.grade(expect=2)
    store.unlock()
    course.grade()


def test_records_are_plain_and_say_how_to_repeat_the_grading(course):
    record = course.records()["half", LAB]
    assert isinstance(record["seed"], int)
    assert record["origin"] == f"half/{LAB}/{LAB}.ipynb"
    assert json.loads(json.dumps(record)) == record
    assert time.strptime(record["graded_at"], "%Y-%m-%d %H:%M")


# ---- Peers: nbgrader's own tools ---------------------------------------------------------


def test_formgrader_lists_what_is_to_be_read(course):
    config = load_config(course.root)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    rows = {row["student"]: row for row in api.get_notebook_submissions(LAB, LAB)}
    assert rows["Zoë van Łuk"]["score"] == 4
    assert rows["Zoë van Łuk"]["max_score"] == 15
    assert any(row["needs_manual_grade"] for row in rows.values())


@pytest.mark.slow
def test_nbgraders_own_autograder_hands_over_to_the_isolated_one(tmp_path):
    course = Course(tmp_path, _90_small=small_lab())
    course.hand_in("forged", LAB, HOSTILE["patched-checks"].answers)
    course.grade()
    programs = Path(sys.executable).parent
    done = subprocess.run(
        [programs / "nbgrader", "autograde", LAB, "--force"],
        cwd=course.root,
        env=os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert course.scores() == {"forged": 0}
    with gradebook(course) as book:
        assert book.find_submission(LAB, "forged").score == 0
