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
from grading.records.term_files import read_extensions, read_roster, read_rules
from grading.term import NEW, canvas_table, main

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


def rules_of(folder, text, labs=(LAB,)):
    path = folder / "term.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rules(path, dict.fromkeys(labs, 10))


def test_the_form_that_is_offered_is_read(tmp_path):
    rules = rules_of(tmp_path, NEW)
    assert (rules.due, rules.weights, rules.policy) == ({}, {}, LatePolicy(4, 15, 0.1))
    assert (rules.held, rules.notes) == (set(), [])


MISTYPED = [  # text, what is said, and what is held back: the policy, the due date, the totals
    ("late_days = ", "cannot be read", "policy due weights"),
    ("x = \xff".encode("latin-1"), "cannot be read", "policy due weights"),
    (b"\x00\x01", "not a text file", "policy due weights"),
    ("per_day = -0.5", "line 1: per_day must be a share from 0 to 1", "policy"),
    ("per_day = 10", "per_day must be a share", "policy"),
    ("per_day = nan", "per_day must be a share", "policy"),
    ("per_day = inf", "per_day must be a share", "policy"),
    ("per_day = true", "per_day must be a share", "policy"),
    ('late_days = "4"', "late_days must be a whole number", "policy"),
    ("late_days = 0.5", "late_days must be a whole number", "policy"),
    ("\n\nlate_days = -1", "line 3: late_days must be a whole number", "policy"),
    ("grace_minutes = -10000", "grace_minutes must be a number", "policy"),
    ("grace_minutes = 15000", "grace_minutes must be a number", "policy"),
    ("per_days = 0.1", "line 1: there is no rule 'per_days'; did you mean 'per_day'", "policy"),
    ("lateDays = 4", "did you mean 'late_days'", "policy"),
    ("color = 4", "no rule 'color'; remove it", "policy"),
    ("weights = 2", "weights must be a table", "weights"),
    (f'[weights]\n"{LAB}" = "2"', f"line 2: {LAB} must be a number", "weights"),
    (f'[weights]\n"{LAB}" = -1', "must be a number", "weights"),
    ('[weights]\n"90-smal" = 1', "did you mean '90-small'", "weights"),
    ("due = 2", "due must be a table", "due"),
    ('[due]\n"77-none" = 2026-03-01T22:59:00Z', "line 2: [due] names '77-none'", "due"),
    ('[due]\n"90-smal" = 2026-03-01T22:59:00Z', "did you mean '90-small'", "due"),
    (f'[due]\n"{LAB}" = "soon"', "must look like 2027", "due"),
    (f'[due]\n"{LAB}" = 2026-03-01T22:59:00', "a Z for UTC", "due"),
    (f'[due]\n"{LAB}" = 0001-03-01T22:59:00Z', "must look like", "due"),
    (f'[due]\n"{LAB}" = 2026-03-01', "must look like", "due"),
]


@pytest.mark.parametrize(("text", "said", "held"), MISTYPED)
def test_a_rule_that_was_mistyped_is_said_and_holds_back_what_it_decides(
    tmp_path, text, said, held
):
    rules = rules_of(tmp_path, text)
    assert any(said in note and note.startswith("term.toml") for note in rules.notes)
    assert (rules.policy is None) == ("policy" in held)
    assert (rules.held == {LAB}) == ("due" in held)
    assert (rules.weights is None) == ("weights" in held)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_encodings_of_editors_are_read(tmp_path, encoding):
    text = f'# Zoë\nper_day = 0.2\n[due]\n"{LAB}" = 2026-03-01T22:59:00Z\n'
    rules = rules_of(tmp_path, text.encode(encoding))
    assert rules.notes == [] and rules.policy.per_day == 0.2 and rules.due == {LAB: DUE}


def test_latin_1_is_read_and_said(tmp_path):
    rules = rules_of(tmp_path, "# Zoë\nper_day = 0.2\n".encode("latin-1"))
    assert rules.policy.per_day == 0.2
    (note,) = rules.notes
    assert "read as Latin-1" in note


def test_the_roster_is_canvas_own_export(tmp_path):
    roster = read_roster(roster_file(tmp_path))
    assert list(roster.rows) == ["zoe", "ann", "bob"]
    assert roster.notes == [] and roster.head == HEAD
    roster = read_roster(roster_file(tmp_path, rows=[*ROWS, ROWS[2]]))
    assert list(roster.rows) == ["zoe", "ann", "bob"] and roster.notes == []
    roster = read_roster(roster_file(tmp_path, head=[one for one in HEAD if one != "Section"]))
    assert not roster.usable
    assert "'Section' is not among" in roster.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_roster_in_any_dialect_of_spreadsheets(tmp_path, encoding, delimiter):
    rows = [["Müller, Zoë", "101", "s1", " Zoë ", "A", "3", "4"], *ROWS[2:]]
    rows += [["Student, Test", "999", "", "f" * 40, "A", "", ""], ["", "", "", "", "", "Manual"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEAD, ROWS[0], *rows])
    (tmp_path / "roster.csv").write_bytes(text.getvalue().encode(encoding))
    roster = read_roster(tmp_path / "roster.csv")
    assert list(roster.rows) == ["zoë", "ann", "bob"]
    assert roster.rows["zoë"]["Student"] == "Müller, Zoë"
    assert [("Latin-1" in note) for note in roster.notes] == [True] * (encoding == "latin-1")


BAD_ROWS = {
    "no quotes": ("Lee, Ann,102,s2,ann,A,,", "line 3: the row has 8 cells"),
    "shifted": ("Lee, Ann,102,s2,ann,A", "line 3: the row was left out, for its ID is 'Ann'"),
    "short": ('"Lee, Ann",102', "line 3: the row has 2 cells"),
    "open quote": ('"Lee, Ann,102,s2,ann,A,,', "line 3: its quotes do not fit"),
    "no login": ('"Lee, Ann",,,,A,,', "line 3: the row was left out"),
    "login of Bob": ('"Lee, Ann",102,s2,BOB,A,,', "line 4: lists 'bob' a second time"),
    "long": ("x" * 200_000 + ",102,s2,ann", "line 3: the row has 4 cells"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_of_the_roster_costs_itself(tmp_path, case):
    row, said = BAD_ROWS[case]
    lines = [",".join(HEAD), '"Łuk, Zoë",101,s1,zoe,A,3,4', row, '"Ray, Bob",103,,bob,B,,']
    lines.append('"Fox, Eve",104,,eve,B,,')
    (tmp_path / "roster.csv").write_text("\n".join(lines), encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv")
    assert set(roster.rows) == {"zoe", "bob", "eve"} - ({"bob"} if "Bob" in case else set())
    (note,) = roster.notes
    assert note.startswith("roster.csv, line") and said in note


def test_the_table_for_canvas_keeps_its_names_and_leaves_unknown_scores_empty(tmp_path):
    roster = read_roster(roster_file(tmp_path)).rows
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
    return read_roster(path).rows.keys()


def test_an_extension_goes_by_the_labs_name_or_number_and_no_line_is_lost(tmp_path):
    path = tmp_path / "extensions.csv"
    path.write_text(f"student,lab,days\nann,{LAB},1\nbob,90,2.5\n")
    assert read_extensions(path, {LAB: 10}) == ({("ann", LAB): 1.0, ("bob", LAB): 2.5}, [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ann,91,1", "line 2: names '91'; there is no such lab"),
        ("ann,90-smal,1", "did you mean '90-small'"),
        ("ann,90,one", "line 2: days must be a number from 0 to 366"),
        ("ann,90,nan", "days must be a number"),
        ("ann,90,inf", "days must be a number"),
        ("ann,90,1e12", "days must be a number"),
        ("ann,90,-3", "days must be a number"),
        ("ann,90", "line 2: the row has 2 cells"),
        ("ann,90,1,2", "line 2: the row has 4 cells"),
        ('"ann,90,1', "line 2: its quotes do not fit"),
    ],
)
def test_a_bad_row_of_the_extensions_costs_itself(tmp_path, row, said):
    path = tmp_path / "extensions.csv"
    path.write_text(f"student,lab,days\n{row}\n BOB ,{LAB},2\n")
    days, notes = read_extensions(path, {LAB: 10})
    assert days.pop(("ann", LAB), None) is None  # what was granted before stays
    assert days == {("bob", LAB): 2.0}
    (note,) = notes
    assert note.startswith("extensions.csv, line 2") and said in note


def test_of_two_extensions_the_smaller_counts_and_it_is_said(tmp_path):
    path = tmp_path / "extensions.csv"
    path.write_text(f"student;lab;days\nann;90;2,5\nAnn;{LAB};0\n")
    days, (note,) = read_extensions(path, {LAB: 10})
    assert days == {("ann", LAB): 0.0}
    assert "line 3" in note and "the smaller, 0, counts" in note
    path.write_text("who,what\n")
    assert read_extensions(path, {LAB: 10})[0] is None


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
