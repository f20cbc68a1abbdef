"""Late days, roster, the table for Canvas and the page of the term."""

import csv
import io
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from grading.records.late import DAY, LatePolicy, late_penalties
from grading.term import (
    NEW,
    TermBroken,
    canvas_table,
    main,
    read_extensions,
    read_roster,
    read_term,
)

from .fixtures.course import Course
from .fixtures.labs import small_lab

LAB = "90-small"
DUE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
HEAD = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{LAB} (4711)", "Quiz (1)"]
ROWS = [
    ["    Points Possible", "", "", "", "", "10", "5"],
    ["Łuk, Zoë", "101", "s1", "zoe", "A", "3", "4"],
    ["Lee, Ann", "102", "s2", "ann", "A", "", ""],
    ["Ray, Bob", "103", "", "bob", "B", "", ""],
]


def roster_file(folder, head=HEAD, rows=ROWS):
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    path = folder / "roster.csv"
    path.write_text("\ufeff" + text.getvalue(), encoding="utf-8")
    return path


# --- Facts: late days ------------------------------------------------------------------------


@given(
    late=st.lists(st.floats(0, 20 * DAY), min_size=1, max_size=6),
    budget=st.integers(0, 8),
    per_day=st.floats(0, 0.5),
)
def test_late_days_are_spent_in_order_and_never_twice(late, budget, per_day):
    labs = [f"lab-{number}" for number in range(len(late))]
    scores = {
        lab: {"ann": {"score": 80.0, "seconds_late": seconds}}
        for lab, seconds in zip(labs, late, strict=True)
    }
    policy = LatePolicy(budget, 10, per_day)
    lost = late_penalties(scores, labs, policy)
    left = budget
    for lab, seconds in zip(labs, late, strict=True):
        if seconds <= 600:
            assert ("ann", lab) not in lost
            continue
        points, days = lost["ann", lab]
        free, left = min(days, left), max(0, left - days)
        assert days == math.ceil(seconds / DAY)
        assert points == pytest.approx(80 * min(1, per_day * (days - free)))


def test_students_do_not_share_their_late_days():
    late = {"score": 10.0, "seconds_late": DAY}
    lost = late_penalties({"a": {"ann": late, "bob": late}}, ["a"], LatePolicy(1, 0, 0.5))
    assert lost == {("ann", "a"): (0.0, 1), ("bob", "a"): (0.0, 1)}


# --- Contracts: files --------------------------------------------------------------------


def test_the_form_that_is_offered_is_read(tmp_path):
    path = tmp_path / "term.toml"
    path.write_text(NEW)
    due, weights, policy = read_term(path, {})
    assert (due, weights, policy) == ({}, {}, LatePolicy(4, 15, 0.1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("late_days = ", "cannot be read"),
        ('[due]\n"77-none" = 2026-03-01T22:59:00Z', "names '77-none'"),
        (f'[due]\n"{LAB}" = "soon"', "must look like"),
        (f'[due]\n"{LAB}" = 2026-03-01T22:59:00', "must look like"),
    ],
)
def test_a_term_that_makes_no_sense_is_refused_in_a_sentence(tmp_path, text, said):
    path = tmp_path / "term.toml"
    path.write_text(text)
    with pytest.raises(TermBroken, match=said):
        read_term(path, {LAB: 10})


def test_the_roster_is_canvas_own_export(tmp_path):
    roster = read_roster(roster_file(tmp_path))
    assert list(roster) == ["zoe", "ann", "bob"]
    with pytest.raises(TermBroken, match="lists 'ann' twice"):
        read_roster(roster_file(tmp_path, rows=[*ROWS, ROWS[2]]))
    with pytest.raises(TermBroken, match="no column 'Section'"):
        read_roster(roster_file(tmp_path, head=[name for name in HEAD if name != "Section"]))


def test_the_table_for_canvas_keeps_its_names_and_leaves_unknown_scores_empty(tmp_path):
    roster = read_roster(roster_file(tmp_path))
    text = canvas_table(roster, {LAB: 10.0, "91-new": 4.0}, {("ann", LAB): 7.125}, HEAD)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [*HEAD[:5], f"{LAB} (4711)", "91-new"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "10", "4"]
    assert rows[2] == ["Łuk, Zoë", "101", "s1", "zoe", "A", "", ""]
    assert rows[3][5:] == ["7.12", ""]
    assert read_roster_text(tmp_path, text) == roster.keys()


def read_roster_text(folder, text):
    """What we write, Canvas's reader and ours can read again."""
    path = folder / "again.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path).keys()


def test_an_extension_goes_by_the_labs_name_or_number_and_no_line_is_lost(tmp_path):
    path = tmp_path / "extensions.csv"
    path.write_text(f"student,lab,days\nann,{LAB},1\nbob,90,2.5\n")
    assert read_extensions(path, {LAB: 10}) == {("ann", LAB): 1.0, ("bob", LAB): 2.5}
    path.write_text("student,lab,days\nann,91,1\n")
    with pytest.raises(TermBroken, match="names '91'; there is no such lab"):
        read_extensions(path, {LAB: 10})
    path.write_text("student,lab,days\nann,90,one\n")
    with pytest.raises(TermBroken, match="days being numbers"):
        read_extensions(path, {LAB: 10})


# --- A term --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Zoë is on time, Ann two days late with an extension of one, Bob five days late."""
    course = Course(tmp_path_factory.mktemp("term"), _90_small=small_lab())
    for student, days in (("zoe", -1), ("ann", 1.5), ("bob", 4.5), ("eve", 0)):
        path = course.hand_in(student, LAB, "solution")
        when = DUE + timedelta(days=days)
        (path.parent / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")
    course.grade("--trust-submissions")
    folder = course.root / "grading"
    roster_file(folder)
    (folder / "term.toml").write_text(
        f'late_days = 1\nper_day = 0.1\n[due]\n"{LAB}" = {DUE:%Y-%m-%dT%H:%M:%SZ}\n'
    )
    (folder / "extensions.csv").write_text("student,lab,days\nann,90,1\nnobody,90,1\n")
    course.code = main(["--root", str(course.root)])
    return course


@pytest.mark.slow
def test_extensions_come_first_then_late_days_then_penalties(course):
    assert course.code == 0
    with (course.root / "grading" / "report" / "canvas.csv").open(encoding="utf-8") as file:
        scores = {row[3]: row[5] for row in csv.reader(file) if row[3] not in ("", "SIS Login ID")}
    assert scores == {"zoe": "10", "ann": "10", "bob": "6"}  # five days late, one of them free


@pytest.mark.slow
def test_other_tools_read_the_same_from_nbgraders_gradebook(course):
    with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}") as book:
        assert book.find_assignment(LAB).duedate == DUE.replace(tzinfo=None)
        bob = book.find_submission(LAB, "bob")
        assert (bob.score, bob.late_submission_penalty) == (10, 4)
        assert book.find_submission(LAB, "ann").extension == timedelta(days=1)
        assert book.find_submission(LAB, "zoe").late_submission_penalty == 0


@pytest.mark.slow
def test_the_page_says_who_is_not_in_the_roster(course):
    page = (course.root / "grading" / "report" / "term.html").read_text()
    assert "not in the roster: eve" in page
    assert "Extensions for students who are not there: nobody." in page
    assert "3 of 3" in page and "Łuk, Zoë" in page
    assert "<svg" in page and "<script" not in page


@pytest.mark.slow
def test_running_it_twice_changes_nothing_and_an_extension_can_be_withdrawn(course):
    report = course.root / "grading" / "report" / "canvas.csv"
    before = report.read_bytes()
    assert main(["--root", str(course.root)]) == 0
    assert report.read_bytes() == before
    (course.root / "grading" / "extensions.csv").write_text("student,lab,days\n")
    assert main(["--root", str(course.root)]) == 0
    assert ",ann,A,9\r\n" in report.read_bytes().decode()


@pytest.mark.slow
def test_a_time_that_comes_after_the_grading_counts_and_can_be_withdrawn(course):
    stamp = course.submitted / "zoe" / LAB / "timestamp.txt"
    on_time = stamp.read_text()
    late = DUE + timedelta(days=2.5)
    for text, kept in ((f"{late:%Y-%m-%d %H:%M:%S} UTC", "8"), (None, "10"), (on_time, "10")):
        stamp.unlink() if text is None else stamp.write_text(text)
        assert "4 unchanged" in course.grade("--trust-submissions")
        assert main(["--root", str(course.root)]) == 0
        scores = (course.root / "grading" / "report" / "canvas.csv").read_text("utf-8")
        assert f",zoe,A,{kept}\n" in scores.replace("\r", "")


def test_it_offers_a_form_once(tmp_path, capsys):
    course = Course(tmp_path / "course", _90_small=small_lab())
    assert main(["--root", str(course.root), "--new"]) == 0
    assert main(["--root", str(course.root), "--new"]) == 2
    assert "there already" in capsys.readouterr().err
