"""Grades and feedback on their way out: tables and archives in the forms of learning platforms."""

import csv
import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from course_lib.notebook.checks import normal_id
from grading import feedback_archive
from grading.feedback_archive import archive_names
from grading.foreign import rosters
from grading.records.grade_files import read_worksheets, write_tables
from grading.records.grade_tables import (
    blackboard_table,
    gradescope_table,
    key_cell,
    moodle_table,
    worksheet_table,
)
from grading.records.people import read_people
from grading.term import canvas_table, main

from .fixtures.course import Course
from .fixtures.labs import small_lab
from .test_term import HEAD, ROWS, roster_file

LAB = "90-small"
MOST = 10.0
NAMES = [
    ("Ann", "Lee"),
    ("Zoë", "Łuk, Jr."),
    ('="HYPERLINK(1)"', "+cmd|' /C calc'!A0"),
    ("@SUM(A1)", "-2+3"),
    ("李", "王"),
    ('Bo"b', "O'Neil\nTwo"),
]
WORKSHEET = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)
HEADS = {
    "Moodle": (
        "First name",
        "Last name",
        "ID number",
        "Email address",
        f"Assignment: {LAB} (Real)",
    ),
    "Blackboard": (
        "Last Name",
        "First Name",
        "Username",
        "Student ID",
        "Last Access",
        "Availability",
        f"{LAB} [Total Pts: 10 Score] |664617",
    ),
    "Gradescope": ("First Name", "Last Name", "SID", "Email", "Sections"),
    "Brightspace": ("OrgDefinedId", "Username", "Last Name", "First Name"),
}


def table_file(path, head, rows, delimiter=",", encoding="utf-8-sig"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([head, *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def class_list(path, platform, names=NAMES, **form):
    """A list of u0, u1, ... in a platform's own form."""
    rows = []
    for number, (first, last) in enumerate(names):
        login = f"u{number}"
        cells = {"first name": first, "last name": last, "username": login, "sid": login}
        cells |= {"id number": login, "student id": f"7{number}", "orgdefinedid": f"#7{number}"}
        cells |= {"email address": f"{login}@uni.example", "email": f"{login}@uni.example"}
        rows.append([cells.get(name.casefold(), "") for name in HEADS[platform]])
    return table_file(path, HEADS[platform], rows, **form)


def worksheet_file(path, names=NAMES, most="10.00"):
    rows = [
        [f"Participant {4000 + n}", f"{first} {last}", f"u{n}@uni.example", "Submitted", "", most,
         "Yes", "Monday, 1 March 2027, 10:00 AM", "-", "- well done"]
        for n, (first, last) in enumerate(names)
    ]  # fmt: skip
    return table_file(path, WORKSHEET, rows, encoding="utf-8")


def again(path, text, known=()):
    path.write_bytes(text.encode())
    return rosters.read(path, known)


# --- Facts: what goes in comes out -------------------------------------------------------------

POINTS = st.dictionaries(
    st.integers(0, len(NAMES) - 1).map("u{}".format), st.integers(0, 1000).map(lambda n: n / 100)
)


@given(points=POINTS)
@pytest.mark.parametrize("platform", ["Moodle", "Blackboard", "Gradescope", "worksheet"])
def test_points_in_are_points_out(tmp_path_factory, platform, points):
    folder = tmp_path_factory.mktemp("tables")
    both = {(student, LAB): score for student, score in points.items()}
    if platform == "worksheet":
        listing = rosters.read(worksheet_file(folder / "in.csv"), set(points))
        assert listing.platform == rosters.WORKSHEET.platform
        column, text = "Grade", worksheet_table(listing.head, listing.rows, points)
    else:
        listing = rosters.read(class_list(folder / "in.csv", platform))
        assert listing.platform == platform
        column = rosters.lab_column(listing.head, LAB) or LAB
        if platform == "Moodle":
            text = moodle_table(listing.head, listing.rows, LAB, points)
        elif platform == "Blackboard":
            text = blackboard_table(listing.head, listing.rows, [LAB], both)
        else:
            text = gradescope_table(listing.head, listing.rows, {LAB: MOST}, both)
    back = again(folder / "out.csv", text, set(points))
    assert back.platform == listing.platform and not back.notes
    read = {one: float(row[column]) for one, row in back.rows.items() if row[column]}
    assert read == points
    if platform == "Moodle":  # an empty cell would take away a grade there
        assert set(back.rows) == set(points)
    else:
        assert len(back.rows) == len(NAMES)


@pytest.mark.parametrize("platform", [*HEADS, "worksheet"])
def test_no_cell_of_a_name_is_a_formula(tmp_path, platform):
    points = {f"u{n}": 5.0 for n in range(len(NAMES))}
    both = {(one, LAB): 5.0 for one in points}
    if platform == "worksheet":
        listing = rosters.read(worksheet_file(tmp_path / "in.csv"), points)
        text = worksheet_table(listing.head, listing.rows, points)
    elif platform == "Brightspace":
        row = {"Student": "=1+1", "ID": "=2+2", "SIS Login ID": "-x", "Section": "@A"}
        text = canvas_table({"-x": row}, {LAB: MOST}, {("-x", LAB): 1.0})
    else:
        listing = rosters.read(class_list(tmp_path / "in.csv", platform))
        text = {
            "Moodle": lambda: moodle_table(listing.head, listing.rows, LAB, points),
            "Blackboard": lambda: blackboard_table(listing.head, listing.rows, [LAB], both),
            "Gradescope": lambda: gradescope_table(listing.head, listing.rows, {LAB: MOST}, both),
        }[platform]()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    kept = {"-", "- well done", "-x"}  # Moodle's own, which it reads back; a login
    assert [one for one in cells if one[:1] in tuple("=+-@\t\r") and one not in kept] == []
    assert sum(cell.startswith("'") for cell in cells) >= 2


@given(st.text())
def test_a_key_that_a_spreadsheet_would_compute_is_quoted_and_others_stay(text):
    shown = key_cell(text)
    assert shown in (text, f"'{text}")
    assert shown[:1] != "=" and not re.match(r"[-+@\t\r].*[(!|]", shown, re.DOTALL)


@pytest.mark.parametrize("login", ["ann", "-x", "+49", "ann.lee@uni.example", "u_1-2"])
def test_a_login_stays_as_it_is(login):
    assert key_cell(login) == login


# --- Contracts: lists and worksheets -----------------------------------------------------------


@pytest.mark.parametrize("platform", HEADS)
@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), ("\t", "utf-16"), (";", "utf-8")]
)
def test_a_class_list_is_known_by_its_columns(tmp_path, platform, delimiter, encoding):
    path = class_list(tmp_path / "roster.csv", platform, delimiter=delimiter, encoding=encoding)
    listing = rosters.read(path)
    assert listing.platform == platform and not listing.notes
    assert set(listing.rows) == {f"u{n}" for n in range(len(NAMES))}
    assert listing.rows["u1"]["Student"] in ("Zoë Łuk, Jr.", "Łuk, Jr. Zoë")


def test_moodles_participants_with_logins_are_not_taken_for_blackboards(tmp_path):
    head = ["First name", "Last name", "Username", "Email address"]
    path = table_file(tmp_path / "roster.csv", head, [["Ann", "Lee", "u1", "u1@uni.example"]])
    assert rosters.read(path).platform == "Moodle"
    people = read_people(path)
    assert people.kind == "Moodle" and people.by_key("u1@uni.example") == people.by_key("u1") != []


def test_a_student_goes_by_the_key_that_names_a_folder(tmp_path):
    path = class_list(tmp_path / "roster.csv", "Moodle")
    assert "u2@uni.example" in rosters.read(path, {"u2@uni.example"}).rows
    both = rosters.read(path, {"u2", "u2@uni.example"})
    assert "u2" not in both.rows and "may be 'u2' or 'u2@uni.example'" in both.notes[0]
    rows = [["A", "B", "", "", ""], ["C", "D", "u1", "", ""], ["E", "F", "u1", "", ""]]
    listing = rosters.read(table_file(path, HEADS["Moodle"], rows))
    assert not listing.rows
    assert "line 2: A B has no login, number or address" in listing.notes[0]
    assert "line 4: 'u1' stands there a second time, after line 3" in listing.notes[1]


def test_a_file_of_no_platform_says_so(tmp_path):
    listing = rosters.read(table_file(tmp_path / "roster.csv", ["who", "what"], [["a", "b"]]))
    assert (listing.platform, dict(listing.rows)) == ("", {})
    assert "no class list that is known" in listing.notes[0]
    assert rosters.read(tmp_path / "none.csv") == rosters.Listing()
    (tmp_path / "roster.csv").write_bytes(b"\x00\x01\x02")
    assert "not a text file" in rosters.read(tmp_path / "roster.csv").notes[0]


@pytest.mark.parametrize(
    ("name", "lab"),
    [
        (f"{LAB}.csv", LAB),
        (f"Grades-CS101-{LAB}-4711.csv", LAB),
        ("Grades-CS101-Lab 90-4711.csv", LAB),
        ("Grades-CS101-lab_90-4711.csv", LAB),
        ("Grades-CS101-Homework-4711.csv", None),
        ("Grades-CS101-Lab 9-4711.csv", None),
    ],
)
def test_a_worksheet_is_of_the_lab_that_its_name_names(tmp_path, name, lab):
    worksheet_file(tmp_path / "worksheets" / name)
    found, notes = read_worksheets(tmp_path, {LAB, "91-other"}, rosters.Listing(), {"u1"})
    assert list(found) == ([lab] if lab else [])
    assert bool(notes) == (not lab) and all("which lab?" in note for note in notes)


def test_a_worksheet_without_addresses_goes_by_the_class_list_or_by_what_was_collected(tmp_path):
    head = [one for one in WORKSHEET if one != "Email address"]
    rows = [["Participant 7", "Ann Lee", *[""] * 7], ["Participant 8", "Nobody", *[""] * 7]]
    table_file(tmp_path / "worksheets" / f"{LAB}.csv", head, rows)
    listing = rosters.read(roster_file(tmp_path))
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "journal.json").write_text(
        '{"entries": [{"student": "Bob", "lab": "90-small", "platform": "Moodle", "origin": '
        '"m.zip:C/Somebody Else_8_assignsubmission_file/x.ipynb"}, 3], "stamps": {}}'
    )
    found, notes = read_worksheets(tmp_path, {LAB}, listing, {"ann", "bob"})
    assert list(found[LAB].listing.rows) == ["ann", "bob"] and notes == []


def test_what_moodle_would_leave_out_is_said(tmp_path):
    worksheet_file(tmp_path / "worksheets" / f"{LAB}.csv", most="9,00")
    known = {"u0", "eve"}
    found, _ = read_worksheets(tmp_path, {LAB}, rosters.Listing(), known)
    points = {("u0", LAB): 10.0, ("eve", LAB): 3.0}
    tables = write_tables(tmp_path, {LAB: MOST}, rosters.Listing(), found, points)
    said = " ".join(tables.notes)
    assert "1 with points in 90-small stand in no row of it, among them 'eve'" in said
    assert "Moodle's maximum is 9, and 90-small has 10 points" in said
    assert "leaves out grades above 9; the highest is 10" in said


# --- A term ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Ann has all points and a penalty, Zoë points by hand, Bob was refused, Eve is missing."""
    course = Course(tmp_path_factory.mktemp("out"), _90_small=small_lab())
    for student in ("u0", "u1"):
        course.hand_in(student, LAB, "solution")
    course.hand_in("u2", LAB, edit=lambda notebook: b"no notebook")
    course.hand_in("=1+1", LAB, "solution")
    stamp = course.submitted / "u0" / LAB / "timestamp.txt"
    stamp.write_text("2026-03-02 10:00:00 UTC")
    course.grade("--trust-submissions")
    (course.root / "grading" / "term.toml").write_text(
        f'late_days = 0\nper_day = 0.1\n[due]\n"{LAB}" = 2026-03-01T22:59:00Z\n'
    )
    with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}") as book:
        grade = next(
            one
            for one in book.find_submission(LAB, "u1").notebooks[0].grades
            if one.name == "hidden-90-2-cost"
        )
        grade.manual_score = 1.5
        book.db.commit()
    return course


EXPECTED = {"u0": "9", "u1": "7.5", "u2": "0", "u3": ""}


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["Moodle", "Blackboard", "Gradescope", "worksheet", "Canvas"])
def test_each_platform_gets_its_table_and_no_other(course, capsys, platform):
    folder = course.root / "grading"
    for path in (folder / "roster.csv", folder / "worksheets" / f"Lab 90 {LAB}.csv"):
        path.unlink(missing_ok=True)
    if platform == "worksheet":
        worksheet_file(folder / "worksheets" / f"Lab 90 {LAB}.csv", NAMES[:4])
    elif platform == "Canvas":
        roster_file(
            folder, HEAD, [ROWS[0], *[[f"N{n}", f"{n}", "", f"U{n}", "", "", ""] for n in range(4)]]
        )
    else:
        class_list(folder / "roster.csv", platform, NAMES[:4])
    assert main(["--root", str(course.root)]) == 0
    said = capsys.readouterr().out
    report = folder / "report"
    written = {path.name for pattern in ("canvas", "moodle", "blackboard", "gradescope")
               for path in report.glob(f"{pattern}*.csv")}  # fmt: skip
    name = {"Moodle": f"moodle-{LAB}", "worksheet": f"moodle-{LAB}"}.get(platform, platform.lower())
    # Without a class list whoever handed in is in Canvas's table, as ever.
    assert written == {f"{name}.csv"} | ({"canvas.csv"} if platform == "worksheet" else set())
    assert str(report / f"{name}.csv") in said
    back = rosters.read(report / f"{name}.csv", set(EXPECTED))
    column = "Grade" if platform == "worksheet" else rosters.lab_column(back.head, LAB)
    found = {one: row[column] for one, row in back.rows.items() if one in EXPECTED}
    expected = {one: text for one, text in EXPECTED.items() if text or platform != "Moodle"}
    assert found == expected
    page = (report / "term.html").read_text("utf-8")
    assert normal_id("=1+1") in page


# --- Feedback ----------------------------------------------------------------------------------

MOODLE = re.compile(r"(?P<name>[^_/]+)_(?P<number>[0-9]+)_assignfeedback_file/(?P<file>[^/]+)")


@given(name=st.text(min_size=1, max_size=300))
def test_moodle_finds_the_number_in_every_name(name):
    row = {"Identifier": "Participant 4711", "Student": name}
    sheet = rosters.Listing(rows={"ann": row})
    (member,) = archive_names(LAB, {"ann": "ann"}, "moodle", sheet=sheet).values()
    # As the importer splits it: the second of the parts at _, and nothing hidden.
    assert member.split("_", 4)[1] == "4711" and member.count("/") == 1
    assert not member.startswith((".", "~")) and len(member) < 200
    assert MOODLE.fullmatch(member)["file"] == f"{LAB}.html"


def test_canvas_finds_both_numbers_in_the_name_it_gave():
    names = {
        "ann": "leeann_LATE_102_7001_90-small-1.ipynb",
        "bob": "raybob_103_7002_my_link.ipynb",
        "zoe": "anon_x1Y2z_7003_90-small.ipynb",
        "tom": "of no form.ipynb",
    }
    students = {one: one for one in (*names, "eve")}
    assert archive_names(LAB, students, "canvas", names=names) == {
        "ann": "leeann_LATE_102_7001_90-small.html",
        "bob": "raybob_103_7002_90-small.html",
        "zoe": "anon_x1Y2z_7003_90-small.html",
    }


def archive(*options):
    return feedback_archive.main(["--lab", "90", *options])


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


@pytest.mark.slow
def test_the_pages_of_a_lab_become_one_archive(course, tmp_path, capsys):
    folder, root = course.root / "grading", ("--root", str(course.root))
    for path in (folder / "worksheets").glob("*"):
        path.unlink()
    (folder / "roster.csv").unlink(missing_ok=True)
    assert archive(*root) == 0  # nobody says which platform it is
    pages = members(folder / "report" / f"feedback-{LAB}-plain.zip")
    assert f"u0_{LAB}.html" in pages and pages[f"u0_{LAB}.html"] == course.page("u0", LAB)
    assert len(pages) == 4
    capsys.readouterr()

    assert archive(*root, "--for", "moodle") == 2
    assert "Save the lab's grading worksheet" in capsys.readouterr().err
    worksheet_file(folder / "worksheets" / f"{LAB}.csv", NAMES[:4])
    assert archive(*root) == 0
    assert "gave them no name here: =1+1." in capsys.readouterr().err
    pages = members(folder / "report" / f"feedback-{LAB}-moodle.zip")
    assert f"Ann Lee_4000_assignfeedback_file/{LAB}.html" in pages and len(pages) == 3
    (page,) = [text for name, text in pages.items() if "_4001_" in name]
    assert page == course.page("u1", LAB)

    roster_file(folder, HEAD, [ROWS[0], ["Lee, Ann", "102", "", "u0", "", "", ""]])
    download = tmp_path / "submissions.zip"
    with zipfile.ZipFile(download, "w") as file:
        file.writestr("leeann_102_7001_90-small.ipynb", "{}")
        file.writestr("raybob_103_7002_90-small.ipynb", "{}")
    assert archive(*root, "--for", "canvas", "--download", str(download)) == 0
    pages = members(folder / "report" / f"feedback-{LAB}-canvas.zip")
    assert pages == {"leeann_102_7001_90-small.html": course.page("u0", LAB)}
    download.write_text("no zip")
    assert archive(*root, "--for", "canvas", "--download", str(download)) == 2
    assert "it is no zip" in capsys.readouterr().err


def test_an_archive_is_of_one_lab_and_needs_pages(tmp_path, capsys):
    course = Course(tmp_path / "course", _90_small=small_lab(), _91_small=small_lab())
    assert feedback_archive.main(["--root", str(course.root)]) == 2
    assert "Name one lab" in capsys.readouterr().err
    assert archive("--root", str(course.root)) == 2
    assert "no feedback page of 90-small" in capsys.readouterr().err
    assert archive("--root", str(course.root), "--lab", "77") == 2
