"""Downloads of learning platforms come to their places without a file being renamed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.collect import place
from grading.collect.__main__ import main
from grading.foreign.clocks import in_zone, local_time, read_zone
from grading.foreign.platforms import claim_of, own_name
from grading.foreign.text import Unreadable
from grading.intake.uploads import find_uploads

from .fixtures.course import ROOT
from .fixtures.platforms import (
    FORMS,
    LAB,
    WHEN,
    Student,
    aged,
    decomposed,
    klass,
    notebook,
    packed,
    table,
)

LABS = (LAB, "05-heavy-hitters")
ZONE = ["--zone", "Europe/Zurich"]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "course"
    for lab in LABS:
        folder = root / "solutions" / lab
        folder.mkdir(parents=True)
        (folder / f"{lab}.ipynb").write_bytes(notebook(lab=lab))
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "grading").mkdir()
    return root


def collect(root, *paths, more=()):
    return main([*map(str, paths), "--root", str(root), *more])


def placed(root):
    """By student and lab, the text of the notebook that counts."""
    return {
        (path.parts[-3], path.parts[-2]): json.loads(path.read_bytes())["cells"][-1]["source"][2:]
        for path in (root / "grading" / "submitted").glob("*/*/*.ipynb")
    }


def stamp(root, student, lab=LAB):
    path = root / "grading" / "submitted" / student / lab / "timestamp.txt"
    return path.read_text().strip() if path.exists() else ""


def rows(root):
    with (root / "grading" / "report" / "collect.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def who_rows(root):
    with (root / "grading" / "who.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def everything(root):
    """Each file below grading/ with its content and its time, locks left out."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime)
        for path in sorted((root / "grading").rglob("*"))
        if path.is_file() and path.parent.name != "cache"
    }


def content(root):
    return {name: raw for name, (raw, _) in everything(root).items() if "report" not in name}


def class_of(root, form, size=60, roster=True):
    """A class's download on one platform, with what platforms and students do to names."""
    students = klass(size)
    if roster:
        form.roster(root / "grading" / "roster.csv", students)
    members = dict(form.beside(students, WHEN))
    for at, one in enumerate(students):
        name = (f"{LAB}.ipynb", f"{LAB}-1.ipynb", f"{one.login}_{LAB}_20270228T190000Z.ipynb")
        raw = notebook(one.login, f"{one.login} first")
        late = {"late": True} if form.name == "Canvas" and at % 7 == 0 else {}
        members[form.member(one, name[at % 3], WHEN, 1, **late)] = raw
        members[form.member(one, "notes.txt", WHEN, 1)] = b"hello"
    return students, members


# ---- Facts: every platform ----------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("shape", ["archive", "folder"])
def test_a_class_comes_to_its_places(root, form, shape, capsys):
    students, members = class_of(root, form)
    path = root / "submissions.zip"
    packed(members, path)
    if shape == "folder":
        shutil.unpack_archive(path, root / "unpacked")
        path = root / "unpacked"
    assert collect(root, path, more=ZONE) == 0
    assert placed(root) == {(one.login, LAB): f"{one.login} first" for one in students}
    said = capsys.readouterr().out
    assert f"{path.name}: {form.name} (60)." in said
    assert f"{LAB}: 60 new, 0 replaced, 0 unchanged; 0 earlier" in said
    assert "To look at" not in said
    assert ("Canvas marks as LATE, and tells no time: u00x, u07x" in said) == (
        form.name == "Canvas"
    )
    known = {stamp(root, one.login) for one in students}
    assert known == {"2027-02-28 20:30:00 UTC" if form.timed else ""}
    uploads, refusals = find_uploads(root / "grading" / "submitted", LABS)
    assert len(uploads) == 60 and refusals == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_running_it_again_changes_nothing(root, form):
    _, members = class_of(root, form, 12)
    path = root / "submissions.zip"
    packed(members, path)
    assert collect(root, path, more=ZONE) == 0
    before = everything(root)
    assert collect(root, path, more=ZONE) == 0
    after = everything(root)
    assert {name for name in after if before.get(name) != after[name]} <= {
        "grading/report/collect.csv",  # which says "unchanged" now
        "grading/earlier/journal.json",
    }
    assert content(root) == {k: v for k, (v, _) in before.items() if "report" not in k}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_names_of_a_mac_are_the_same_names(root, form):
    students, members = class_of(root, form)
    path = root / "submissions.zip"
    packed(decomposed(members), path)
    assert collect(root, path, more=ZONE) == 0
    assert len(placed(root)) == len(students)


@pytest.mark.parametrize("name", ["Blackboard", "Brightspace", "Gradescope", "nbgrader"])
def test_of_two_attempts_out_of_order_the_last_in_time_counts(root, name):
    form, one = FORMS[name], klass(1)[0]
    form.roster(root / "grading" / "roster.csv", [one])
    early, late = WHEN, WHEN + timedelta(hours=1)
    members = dict(form.beside([one], WHEN))
    members[form.member(one, "z.ipynb", late, 2)] = notebook(one.login, "last")
    members[form.member(one, f"{LAB}.ipynb", early, 1)] = notebook(one.login, "first")
    packed(members, root / "a.zip")
    assert collect(root, root / "a.zip", more=ZONE) == 0
    assert placed(root) == {(one.login, LAB): "last"}
    assert stamp(root, one.login) == f"{late:%Y-%m-%d %H:%M:%S} UTC"
    (kept,) = (root / "grading" / "earlier" / one.login / LAB).glob("*.ipynb")
    assert b"first" in kept.read_bytes() and kept.name.startswith("2027-02-28T203000Z-")
    assert sorted(row["what"] for row in rows(root)) == ["kept aside", "new"]


@pytest.mark.parametrize("name", ["Canvas", "Moodle"])
@pytest.mark.parametrize("turn", [1, -1])
def test_without_times_the_newer_download_counts_in_whatever_order_they_come(root, name, turn):
    form, one = FORMS[name], klass(1)[0]
    form.roster(root / "grading" / "roster.csv", [one])
    for file, days, attempt in (("old.zip", 5, 1), ("new.zip", 2, 2)):
        packed(
            {form.member(one, f"{LAB}.ipynb", WHEN, attempt): notebook(one.login, file)},
            root / file,
        )
        aged(root / file, days)
    for file in ("old.zip", "new.zip")[::turn]:
        assert collect(root, root / file) == 0
    assert placed(root) == {(one.login, LAB): "new.zip"}
    assert len(list((root / "grading" / "earlier").rglob("*.ipynb"))) == 1


def test_platforms_can_be_mixed(root, capsys):
    students = klass(60)
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", students)
    paths = []
    for at, form in enumerate(FORMS.values()):
        mine = students[at::6]
        members = dict(form.beside(mine, WHEN))
        for one in mine:
            members[form.member(one, f"{LAB}.ipynb", WHEN, 1)] = notebook(one.login, one.login)
        paths.append(root / f"{form.name}.zip")
        packed(members, paths[-1])
    assert collect(root, *paths, more=ZONE) == 0
    assert placed(root) == {(one.login, LAB): one.login for one in students}
    assert "Blackboard.zip: Blackboard (10)." in capsys.readouterr().out


# ---- Facts: names ---------------------------------------------------------------------------


@given(
    st.text(min_size=1, max_size=20), st.integers(1, 10**9), st.integers(1, 10**9), st.booleans()
)
def test_any_file_name_stays_with_the_student_of_its_prefix(rest, number, file, late):
    rest = unicodedata.normalize("NFC", rest)
    claim = claim_of([f"doejane{'_LATE' * late}_{number}_{file}_{rest}"], LABS)
    assert (claim.platform, claim.people[0].name, claim.people[0].number) == (
        "Canvas",
        "doejane",
        str(number),
    )
    assert (claim.serial, claim.late, claim.rest) == (file, late, (rest,))
    claim = claim_of([f"Jane Doe_{number}_assignsubmission_file", rest], LABS)
    assert (claim.people[0].name, claim.rest) == ("Jane Doe", (rest,))
    claim = claim_of([f"Lab_x_doe_attempt_2026-03-01-22-10-11_{rest}"], LABS)
    assert (claim.people[0].logins[0], claim.rest) == ("doe", (rest,))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_no_name_stops_it(parts):
    claim = claim_of(parts, LABS)
    assert claim is None or claim.rest


@given(st.text(min_size=1).filter(lambda text: text.strip() == text and "/" not in text))
def test_a_name_that_make_submit_wrote_is_read_back(student):
    for name in (f"{student}_{LAB}_20270301T221011Z.ipynb", f"{student}_{LAB}.ipynb"):
        assert own_name(name, LABS)[:2] == (student, LAB)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)))
def test_every_form_of_a_time_is_the_same_time(when):
    when = when.replace(second=0, microsecond=0)
    half = f"{when.hour % 12 or 12}:{when:%M} {'AM' if when.hour < 12 else 'PM'}"
    for text in (
        f"{when:%Y-%m-%d-%H-%M-%S}",
        f"{when:%b} {when.day}, {when.year} {half.replace(':', '')}",
        f"{when:%A}, {when.day} {when:%B} {when.year}, {half.replace(' ', chr(0x202F))}",
        f"{when:%A}, {when:%B} {when.day}, {when.year}, {half}",
        f"{when.day} {when:%B} {when.year}, {when:%H:%M}",
    ):
        assert local_time(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Feb 30, 2026 310 PM",
        "Mai 1, 2026 310 PM",
        "x" * 10**5,
        "Mar 1, 2026 1310 PM",
        "1/3/2026 10:00",
        "2026-13-01-00-00-00",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Unreadable):
        local_time(text)


def test_summer_time_is_known_and_the_hour_that_comes_twice_is_the_first():
    zone = read_zone("Europe/Zurich")
    assert in_zone(datetime(2027, 7, 1, 12), zone) == datetime(2027, 7, 1, 10, tzinfo=UTC)
    assert in_zone(datetime(2027, 10, 31, 2, 30), zone) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


# ---- Facts: who it is -----------------------------------------------------------------------


def one_file(root, name, raw, file="submissions.zip"):
    packed({name: raw}, root / file)
    return root / file


def test_another_students_id_is_told_and_does_not_decide(root, capsys):
    one, two = klass(2)
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", [one, two])
    path = one_file(root, FORMS["Canvas"].member(one, "x.ipynb", WHEN, 1), notebook(two.login))
    assert collect(root, path) == 0
    assert list(placed(root)) == [(one.login, LAB)]
    said = "the notebook carries the id 'u01x', which is Bob Lee's, and counts for 'u00x'"
    assert said in capsys.readouterr().out
    assert said in rows(root)[0]["remark"]


def test_of_two_of_one_name_the_number_or_the_notebooks_id_decides(root, capsys):
    pair = [Student("a1", "Ann", "Lee", 11), Student("a2", "Ann", "Lee", 12)]
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", pair)
    canvas = {
        FORMS["Canvas"].member(one, "x.ipynb", WHEN, 1): notebook("", one.login) for one in pair
    }
    packed(canvas, root / "canvas.zip")
    assert collect(root, root / "canvas.zip") == 0
    assert placed(root) == {("a1", LAB): "a1", ("a2", LAB): "a2"}
    shutil.rmtree(root / "grading" / "submitted")
    moodle = {
        FORMS["Moodle"].member(one, "x.ipynb", WHEN, 1): notebook(carried, one.login)
        for one, carried in zip(pair, ("", "a2"), strict=True)
    }
    packed(moodle, root / "moodle.zip")
    assert collect(root, root / "moodle.zip") == 1
    assert placed(root) == {("a2", LAB): "a2"}
    assert "the notebook's id 'a2' decided" in capsys.readouterr().out
    (row,) = who_rows(root)
    assert (row["name"], row["why"]) == (
        "Ann Lee",
        "2 in the class list are called Ann Lee (500011)",
    )


def test_who_csv_is_filled_in_and_read_by_the_next_run(root, capsys):
    one, two = klass(2)
    FORMS["Moodle"].roster(root / "grading" / "roster.csv", [one, two])
    stranger = Student("", "Nick", "Name", 77)
    members = {
        FORMS["Moodle"].member(one, "a.ipynb", WHEN, 1): notebook(one.login, "ann"),
        FORMS["Moodle"].member(stranger, "a.ipynb", WHEN, 1): notebook(two.login, "nick"),
    }
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip") == 1
    assert list(placed(root)) == [("u00x", LAB)]
    assert "Unclear: 1." in capsys.readouterr().out
    (row,) = who_rows(root)
    assert (row["platform"], row["name"], row["number"]) == ("Moodle", "Nick Name", "")
    assert (row["guess"], row["student"]) == ("u01x", "")
    path = root / "grading" / "who.csv"
    path.write_text(path.read_text().replace("u01x,,", "u01x,u01x,"))
    assert collect(root, root / "m.zip") == 0
    assert placed(root) == {("u00x", LAB): "ann", ("u01x", LAB): "nick"}
    assert who_rows(root)[0]["student"] == "u01x"
    # It was the other's after all: the file leaves the one and comes to the other.
    path.write_text(path.read_text().replace("u01x,u01x,", "u01x,u00x,"))
    assert collect(root, root / "m.zip") == 0
    assert set(placed(root)) == {("u00x", LAB)}
    assert "u01x/06-low-rank: nothing of this student's is left there" in capsys.readouterr().out
    assert len(list((root / "grading" / "earlier" / "u01x").rglob("*.ipynb"))) == 1


def test_a_dash_in_who_csv_leaves_out_and_two_names_give_it_to_both(root):
    one, two = klass(2)
    FORMS["Moodle"].roster(root / "grading" / "roster.csv", [one, two])
    table(
        root / "grading" / "who.csv",
        ["platform", "name", "student"],
        [["Moodle", "Group A", "u00x; u01x"], ["Moodle", "Teacher", "-"]],
    )
    members = {
        "Group A_77_assignsubmission_file/x.ipynb": notebook("u00x", "both"),
        "Teacher_5_assignsubmission_file/x.ipynb": notebook("", "no"),
    }
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip") == 0
    assert placed(root) == {("u00x", LAB): "both", ("u01x", LAB): "both"}


def test_pairs_get_what_either_handed_in(root):
    students = klass(4)
    FORMS["Blackboard"].roster(root / "grading" / "roster.csv", students)
    table(
        root / "grading" / "pairs.csv",
        ["student", "partner", "lab"],
        [["u00x", "U01X", "6"], ["u02x", "u03x", "05"], ["u02x", "", "06"]],
    )
    member = FORMS["Blackboard"].member
    members = {
        member(students[0], "x.ipynb", WHEN, 1): notebook("u00x", "first"),
        member(students[1], "x.ipynb", WHEN + timedelta(hours=1), 1): notebook("", "last"),
        member(students[2], "x.ipynb", WHEN, 1): notebook("u02x", "alone"),
    }
    packed(members, root / "b.zip")
    assert collect(root, root / "b.zip", more=ZONE) == 0
    assert placed(root) == {("u00x", LAB): "last", ("u01x", LAB): "last", ("u02x", LAB): "alone"}


def test_submitters_of_gradescope_each_get_the_file(root):
    text = (
        "submission_5:\n  :submitters:\n  - :name: Ann Lee\n    :sid: u00x\n"
        "  - :name: Bob Lee\n    :email: u01x@example.org\n"
        "  :created_at: 2027-02-28 20:30:00.5 Z\n"
    )
    FORMS["Gradescope"].roster(root / "grading" / "roster.csv", klass(2))
    members = {"e/submission_metadata.yml": text.encode(), "e/submission_5/a.ipynb": notebook()}
    packed(members, root / "g.zip")
    assert collect(root, root / "g.zip") == 0
    assert set(placed(root)) == {("u00x", LAB), ("u01x", LAB)}
    assert stamp(root, "u01x") == "2027-02-28 20:30:00 UTC"


@pytest.mark.parametrize("name", ["Canvas", "Moodle", "Brightspace"])
def test_without_a_class_list_the_notebooks_id_is_believed_and_said(root, name, capsys):
    form = FORMS[name]
    _, members = class_of(root, form, 10, roster=False)
    members[form.member(Student("", "Eve", "Copy", 91), f"{LAB}.ipynb", WHEN, 1)] = notebook("u03x")
    packed(members, root / "s.zip")
    assert collect(root, root / "s.zip", more=ZONE) == 1
    assert len(placed(root)) == 9  # whose id two carry is unclear
    assert "There is no grading/roster.csv" in capsys.readouterr().out
    assert {row["guess"] for row in who_rows(root)} == {"u03x"}


def test_without_a_class_list_a_person_stays_who_he_was(root):
    form, one = FORMS["Canvas"], klass(1)[0]
    first = form.member(one, f"{LAB}.ipynb", WHEN, 1)
    second = form.member(one, "05-heavy-hitters.ipynb", WHEN, 2)
    assert collect(root, one_file(root, first, notebook("ann"), "1.zip")) == 0
    raw = notebook("bob", lab="05-heavy-hitters")
    assert collect(root, one_file(root, second, raw, "2.zip")) == 1
    assert list(placed(root)) == [("ann", LAB)]
    assert who_rows(root)[0]["guess"] == "ann"


def test_a_class_list_with_a_mistyped_row_and_one_without_a_login(root, capsys):
    one, two, three = klass(3)
    path = root / "grading" / "roster.csv"
    path.write_text(
        "First name,Last name,Username,Email address\n"
        f"{one.first},{one.last},{one.login},\n"
        f"{two.first},{two.last},{two.login},,,,too many\n"
        f"{three.first},{three.last},,\n",
        encoding="utf-8",
    )
    members = {FORMS["Moodle"].member(s, "x.ipynb", WHEN, 1): notebook(s.login) for s in klass(3)}
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip") == 1
    assert list(placed(root)) == [("u00x", LAB)]
    said = capsys.readouterr().out
    assert "roster.csv, line 3: the row has 7 cells, more than the 4" in said
    assert "roster.csv, line 4: Zoë Lee has no login, number or address" in said
    assert sorted(row["name"] for row in who_rows(root)) == ["Bob Lee", "Zoë Lee"]


def test_a_class_list_of_no_known_form_is_refused(root, capsys):
    (root / "grading" / "roster.csv").write_text("a,b\n1,2\n")
    assert collect(root, one_file(root, "ann_1_2_x.ipynb", notebook("ann"))) == 2
    assert "has the columns of no class list that is known" in capsys.readouterr().err
    assert placed(root) == {}


def test_the_column_that_names_students_can_be_chosen(root, capsys):
    students = klass(3)
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", students)
    members = {
        FORMS["Canvas"].member(s, "x.ipynb", WHEN, 1): notebook(f"s{s.number}") for s in students
    }
    packed(members, root / "c.zip")
    assert collect(root, root / "c.zip") == 0
    said = capsys.readouterr().out
    assert "3 notebooks carry another id than the folder's name" in said and "To look" not in said
    shutil.rmtree(root / "grading" / "submitted")
    assert collect(root, root / "c.zip", more=["--id", "sis user id"]) == 0
    assert {student for student, _ in placed(root)} == {"s1000", "s1001", "s1002"}
    assert collect(root, root / "c.zip", more=["--id", "Nummer"]) == 2
    assert "has no column 'Nummer'" in capsys.readouterr().err


def test_anonymous_downloads_are_told_by_the_notebooks(root, capsys):
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", klass(2))
    members = {
        "anon_Ab3cD_78002_x.ipynb": notebook("u00x", "a"),
        "LATE_anon_Zz9zZ_78003_x.ipynb": notebook("u01x", "b"),
    }
    packed(members, root / "c.zip")
    assert collect(root, root / "c.zip") == 0
    assert placed(root) == {("u00x", LAB): "a", ("u01x", LAB): "b"}
    assert "the download is anonymous" in capsys.readouterr().out


# ---- Facts: times ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Blackboard", "Brightspace"])
def test_times_without_a_zone_are_refused_in_one_sentence(root, name, capsys):
    _, members = class_of(root, FORMS[name], 3)
    packed(members, root / "s.zip")
    assert collect(root, root / "s.zip") == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert "--zone Europe/Zurich" in said.err
    assert placed(root) == {}
    assert collect(root, root / "s.zip", more=["--zone", "Nowhere/Atall"]) == 2
    assert collect(root, root / "s.zip", more=["--zone", "../../etc/passwd"]) == 2


def test_a_zone_can_be_corrected(root):
    _, members = class_of(root, FORMS["Blackboard"], 2)
    packed(members, root / "s.zip")
    assert collect(root, root / "s.zip", more=["--zone", "UTC"]) == 0
    assert stamp(root, "u00x") == "2027-02-28 21:30:00 UTC"
    assert collect(root, root / "s.zip", more=ZONE) == 0
    assert stamp(root, "u00x") == "2027-02-28 20:30:00 UTC"


def test_moodles_worksheet_tells_times_and_persons(root):
    one, two, three = klass(3)
    FORMS["Moodle"].roster(root / "grading" / "roster.csv", [one, two, three])
    head = ["Identifier", "Full name", "Email address", "Status", "Last modified (submission)"]
    table(
        root / "Grades.csv",
        head,
        [
            ["Participant 501000", "Ann Lee", one.email, "", "Sunday, 28 February 2027, 9:30 PM"],
            ["Participant 501001", "Robert Lee-Smith", two.email, "", "-"],
            ["Participant 501002", "Zoë Lee", "", "", "gestern"],
        ],
    )
    members = {FORMS["Moodle"].member(s, "x.ipynb", WHEN, 1): notebook() for s in (one, two, three)}
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip", root / "Grades.csv", more=ZONE) == 1  # gestern
    assert [stamp(root, s.login) for s in (one, two, three)] == ["2027-02-28 20:30:00 UTC", "", ""]
    assert len(placed(root)) == 3


def test_a_time_that_the_instructor_wrote_stays(root):
    one = klass(1)[0]
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", [one])
    member = FORMS["Canvas"].member
    path = one_file(root, member(one, "x.ipynb", WHEN, 1), notebook("u00x", "1"), "1.zip")
    aged(path, 5)
    assert collect(root, path) == 0
    folder = root / "grading" / "submitted" / "u00x" / LAB
    (folder / "timestamp.txt").write_text("2027-03-02 10:00:00 UTC\n")
    assert collect(root, path) == 0
    assert stamp(root, "u00x") == "2027-03-02 10:00:00 UTC"
    # With another notebook it leaves, and lies beside the one that it belongs to.
    path = one_file(root, member(one, "x.ipynb", WHEN, 2), notebook("u00x", "2"), "2.zip")
    assert collect(root, aged(path, 1)) == 0
    assert placed(root) == {("u00x", LAB): "2"} and stamp(root, "u00x") == ""
    (kept,) = (root / "grading" / "earlier" / "u00x" / LAB).glob("*.timestamp.txt")
    assert kept.read_text() == "2027-03-02 10:00:00 UTC\n"


def test_the_students_own_time_is_no_time(root):
    one = klass(1)[0]
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", [one])
    name = FORMS["Canvas"].member(one, f"u00x_{LAB}_19990101T000000Z.ipynb", WHEN, 1)
    assert collect(root, one_file(root, name, notebook("u00x"))) == 0
    assert stamp(root, "u00x") == "" and rows(root)[0]["handed in"] == ""


# ---- Facts: which lab ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "inside", "asked", "lab", "said"),
    [
        ("x.ipynb", LAB, "", LAB, ""),
        (f"{LAB}-Copy1.ipynb", "", "", LAB, ""),
        (f"my {LAB} final.ipynb", "", "", LAB, ""),
        ("x.ipynb", "", "6", LAB, ""),
        ("x.ipynb", "", "", None, "say it with --lab"),
        ("05-heavy-hitters.ipynb", LAB, "", LAB, "its metadata 06-low-rank; the latter counts"),
        ("x.ipynb", "05-heavy-hitters", "06", None, "among those of 06-low-rank, and was not"),
        ("x.ipynb", "99-no-such-lab", "", None, "say it with --lab"),
    ],
)
def test_the_lab_is_told_in_this_order(root, file, inside, asked, lab, said, capsys):
    one = klass(1)[0]
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", [one])
    name = FORMS["Canvas"].member(one, file, WHEN, 1)
    path = one_file(root, name, notebook("u00x", lab=inside))
    code = collect(root, path, more=["--lab", asked] if asked else [])
    assert code == (0 if lab else 1)
    assert list(placed(root)) == ([("u00x", lab)] if lab else [])
    assert said in capsys.readouterr().out


def test_a_scratch_book_beside_the_lab_is_no_hand_in(root):
    one = klass(1)[0]
    FORMS["Moodle"].roster(root / "grading" / "roster.csv", [one])
    member = FORMS["Moodle"].member
    members = {
        member(one, f"{LAB}.ipynb", WHEN, 1): notebook("u00x", "right"),
        member(one, f"{LAB}-Copy1.ipynb", WHEN, 1): notebook("u00x", "copy"),
        member(one, "zzz.ipynb", WHEN, 1): notebook("", "scratch", lab=""),
    }
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip", more=["--lab", "06"]) == 0
    assert placed(root) == {("u00x", LAB): "right"}
    assert sorted(row["what"] for row in rows(root)) == ["kept aside", "left out", "new"]


# ---- Contracts: what is odd or hostile ----------------------------------------------------------


def test_what_platforms_put_beside_is_ignored_without_a_word(root, capsys):
    one = klass(1)[0]
    FORMS["Moodle"].roster(root / "grading" / "roster.csv", [one])
    name = "Ann Lee_501000_assign"
    members = {
        f"{name}submission_file/{LAB}.ipynb": notebook("u00x"),
        f"{name}submission_onlinetext/onlinetext.html": b"<p>hello",
        f"{name}feedback_file/{LAB}.ipynb": notebook("", "feedback"),
        f"{name}submission_file/plot.png": b"x",
        "index.html": b"",
        "__MACOSX/._x": b"",
        "notes.pdf": b"",
    }
    packed(members, root / "m.zip")
    assert collect(root, root / "m.zip") == 0
    assert list(placed(root)) == [("u00x", LAB)]
    assert "To look at" not in capsys.readouterr().out


def test_who_handed_in_something_else_is_named(root, capsys):
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", klass(1))
    path = one_file(root, FORMS["Canvas"].member(klass(1)[0], "report.pdf", WHEN, 1), b"%PDF")
    assert collect(root, path) == 1
    assert "leeann (1000) handed in no notebook, but 'report.pdf'." in capsys.readouterr().out


def test_archives_in_the_archive_belong_to_who_handed_them_in(root):
    one, two = klass(2)
    form = FORMS["Canvas"]
    form.roster(root / "grading" / "roster.csv", [one, two])
    planted = {
        form.member(two, f"{LAB}.ipynb", WHEN, 9): notebook(two.login, "planted"),
        f"{two.login}/{LAB}/{LAB}.ipynb": notebook(two.login, "planted too"),
        f"deep/{LAB}.ipynb": notebook(one.login, "own"),
    }
    inner = packed({"mine.zip": packed(planted)})
    packed(
        {
            form.member(one, "work.zip", WHEN, 1): inner,
            form.member(two, f"{LAB}.ipynb", WHEN, 1): notebook(two.login, "honest"),
        },
        root / "submissions.zip",
    )
    collect(root, root / "submissions.zip")
    assert placed(root)[two.login, LAB] == "honest"
    assert {row["student"] for row in rows(root) if "work.zip" in row["file"]} == {one.login}


def test_a_students_archive_alone_cannot_name_others(root):
    one, two, three = klass(3)
    form = FORMS["Canvas"]
    form.roster(root / "grading" / "roster.csv", [one, two, three])
    planted = packed({form.member(two, f"{LAB}.ipynb", WHEN, 9): notebook(two.login, "planted")})
    for folder, several in (("unpacked", False), ("glob", True)):
        where = root / folder
        where.mkdir()
        (where / form.member(one, "work.zip", WHEN, 1)).write_bytes(planted)
        (where / form.member(three, f"{LAB}.ipynb", WHEN, 1)).write_bytes(notebook(three.login))
        collect(root, *(sorted(where.iterdir()) if several else [where]))
        assert {student for student, _ in placed(root)} == {one.login, three.login}


HOSTILE = {
    "traversal": "../../evil_1000_5_x.ipynb",
    "absolute": "/etc/evil_1000_5_x.ipynb",
    "control": "evil\n_1000_5_x.ipynb",
    "formula": "=HYPERLINK(1)_77_5_x.ipynb",
    "dots": ".._1000_5_x.ipynb",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_member_costs_itself(root, case):
    students, members = class_of(root, FORMS["Canvas"], 3)
    packed({**members, HOSTILE[case]: notebook("../../x", "evil")}, root / "s.zip")
    collect(root, root / "s.zip")
    assert {("u00x", LAB), ("u01x", LAB), ("u02x", LAB)} == set(placed(root))
    assert not list(root.rglob("*evil*"))
    for name in ("report/collect.csv", "who.csv"):
        path = root / "grading" / name
        assert not path.exists() or "\n=HYPER" not in path.read_text().replace(",", "\n")
    assert len(students) == 3


def test_ids_that_are_no_names_of_folders_go_nowhere(root):
    members = {
        f"a{at}_{at}_{at}_x.ipynb": notebook(written)
        for at, written in enumerate(["../../x", "..", ".hidden", "a/b", "\x00", "x" * 300])
    }
    packed(members, root / "s.zip")
    assert collect(root, root / "s.zip") == 1
    assert placed(root) == {} and len(who_rows(root)) == 6


def test_a_broken_notebook_does_not_replace_one_that_can_be_read(root, capsys):
    one, two = klass(2)
    form = FORMS["Blackboard"]
    form.roster(root / "grading" / "roster.csv", [one, two])
    members = {
        form.member(one, f"{LAB}.ipynb", WHEN, 1): notebook(one.login, "good"),
        form.member(one, f"{LAB}.ipynb", WHEN + timedelta(hours=1), 2): b"{cut off",
        form.member(two, f"{LAB}.ipynb", WHEN, 1): b"{cut off",
    }
    packed(members, root / "b.zip")
    assert collect(root, root / "b.zip", more=ZONE) == 0
    folder = root / "grading" / "submitted"
    assert b"good" in (folder / one.login / LAB / f"{LAB}.ipynb").read_bytes()
    assert (folder / two.login / LAB / f"{LAB}.ipynb").read_bytes() == b"{cut off"
    assert capsys.readouterr().out.count("not valid JSON") == 2


def test_a_notebook_that_was_there_is_kept(root):
    one = klass(1)[0]
    FORMS["Canvas"].roster(root / "grading" / "roster.csv", [one])
    path = root / "grading" / "submitted" / "U00X" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(notebook("u00x", "by hand"))
    os.utime(path, (1000, 1000))
    name = FORMS["Canvas"].member(one, "x.ipynb", WHEN, 1)
    assert collect(root, one_file(root, name, notebook("u00x", "canvas"))) == 0
    assert placed(root) == {("U00X", LAB): "canvas"}
    (kept,) = (root / "grading" / "earlier").rglob("*.ipynb")
    assert b"by hand" in kept.read_bytes()


@pytest.mark.parametrize("arguments", [[], ["nowhere.zip"], ["--lab", "77", "x.zip"]])
def test_what_cannot_be_done_is_one_sentence(root, arguments, capsys, monkeypatch):
    monkeypatch.chdir(root)
    packed({}, root / "x.zip")
    assert main([*arguments, "--root", str(root)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_journal_that_cannot_be_read_is_no_reason_to_overwrite(root, capsys):
    path = one_file(root, "annlee_1000_5_x.ipynb", notebook("ann"))
    assert collect(root, path) == 0
    (root / "grading" / "earlier" / "journal.json").write_text("{")
    assert collect(root, path) == 2
    assert "move it away" in capsys.readouterr().err
    (root / "grading" / "earlier" / "journal.json").unlink()
    assert collect(root, path) == 0


# ---- Contracts: a run that is stopped ----------------------------------------------------------


def attempts(root, size=5):
    form, students = FORMS["Blackboard"], klass(size)
    form.roster(root / "grading" / "roster.csv", students)
    first, both = {}, {}
    for one in students:
        first[form.member(one, f"{LAB}.ipynb", WHEN, 1)] = notebook(one.login, "first")
        later = WHEN + timedelta(hours=1)
        both[form.member(one, f"{LAB}.ipynb", later, 2)] = notebook(one.login, "last")
    packed(first, root / "first.zip")
    packed(first | both, root / "both.zip")


def test_a_run_that_is_stopped_anywhere_is_done_by_the_next(root, tmp_path, monkeypatch):
    """Stopped after each write in turn; the mild time stands in between, never a wrong one."""
    attempts(root, 2)
    assert collect(root, root / "first.zip", more=ZONE) == 0
    whole = tmp_path / "whole"
    shutil.copytree(root, whole)
    assert collect(whole, whole / "both.zip", more=ZONE) == 0
    expected = content(whole)
    assert sum("earlier/u" in name for name in expected) == 4  # each with its time
    writes = []

    class Cut(BaseException):
        pass

    def counted(real):
        def write(*args, **kwargs):
            writes.append(1)
            if len(writes) > limit:
                raise Cut
            return real(*args, **kwargs)

        return write

    limit = 0
    for name in ("_write", "write_whole"):
        monkeypatch.setattr(place, name, counted(getattr(place, name)))
    while True:
        copy = tmp_path / f"cut{limit}"
        shutil.copytree(root, copy)
        writes.clear()
        try:
            done = collect(copy, copy / "both.zip", more=ZONE) == 0
        except Cut:
            done = False
        for one in klass(2):
            last = placed(copy)[one.login, LAB] == "last"
            assert stamp(copy, one.login) in ("", f"2027-02-28 {20 + last}:30:00 UTC")
        cut, limit = limit, 10**9
        assert collect(copy, copy / "both.zip", more=ZONE) == 0
        assert content(copy) == expected
        if done:
            break
        limit = cut + 1
    assert cut > 6


def test_a_run_that_is_killed_is_done_by_the_next(root):
    attempts(root, 60)
    command = [sys.executable, "-m", "grading.collect", str(root / "both.zip"), *ZONE]
    command += ["--root", str(root)]
    going = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    folder = root / "grading" / "submitted"
    while going.poll() is None and len(list(folder.glob("*/*/*.ipynb"))) < 5:
        time.sleep(0.01)
    going.send_signal(signal.SIGKILL)
    going.communicate()
    assert collect(root, root / "both.zip", more=ZONE) == 0
    assert placed(root) == {(one.login, LAB): "last" for one in klass()}
    assert len(list((root / "grading" / "earlier").rglob("*.ipynb"))) == 60
    assert not list(root.rglob(".*.new"))
