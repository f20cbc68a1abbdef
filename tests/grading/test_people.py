"""All that is kept of a student: handed out whole, removed everywhere, found when it is old."""

import csv
import json
import os
import shutil
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from grading import backup, feedback_archive, items, similarity, state, term
from grading.people.__main__ import main
from grading.records.traces import Somebody, drop_rows, mentions, rows_of
from grading.similarity.__main__ import main as compare

from .fixtures.course import Course
from .fixtures.labs import small_lab

LAB, OTHER = "90-small", "91-small"
ANN = "Ann Łuk"
MARK = "ann łuk"


def people(course, *options):
    return main(["--root", str(course.root), *options])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Ann in every place where somebody can be; Bob has copied her; Eve knows nobody."""
    course = Course(tmp_path_factory.mktemp("people"), _90_small=small_lab(), _91_small=small_lab())
    folder = course.root / "grading"
    copied = {
        "answer-90-1": "def mean(values):\n    how_many = 0\n    total = 0.0\n"
        "    for one in values:\n"
        "        total = total + float(one)\n        how_many = how_many + 1\n"
        "    return total / how_many",
    }
    course.hand_in(ANN, LAB, copied)
    course.hand_in("bob", LAB, copied)
    course.hand_in("eve", LAB, "solution")
    shutil.move(course.hand_in("x", OTHER, "solution"), course.submitted / f"{ANN}_{OTHER}.ipynb")
    shutil.rmtree(course.submitted / "x")
    course.hand_in("eve", OTHER, "solution")
    (folder / "extensions.csv").write_text(f"student,lab,days\n{MARK},90,1\neve,90,2\n")
    (folder / "leaderboard.csv").write_text(f"student,shown\n{ANN},no\n")
    head = "Student,ID,SIS User ID,SIS Login ID,Section"
    (folder / "roster.csv").write_text(f'{head}\n"Luk, Anna",101,,{ANN},\n"Ray, Bob",102,,bob,\n')
    early = folder / "earlier" / ANN / LAB / "x.ipynb"
    early.parent.mkdir(parents=True)
    early.write_text("an earlier one")
    listed = [{"student": ANN, "lab": LAB, "origin": "a"}, {"student": "bob", "lab": LAB}]
    journal = {"entries": listed, "stamps": {f"{ANN}/{LAB}": "t", f"bob/{LAB}": "t"}}
    (folder / "earlier" / "journal.json").write_text(json.dumps(journal))
    course.grade("--trust-submissions")
    with (folder / "report" / "changes.csv").open("w") as file:
        csv.writer(file).writerows(
            [["when", "student", "before"], ["", ANN, "-1"], ["", "eve", "-2"]]
        )
    (folder / "report" / f"leaderboard-{LAB}-who.csv").write_text(
        f"student,made-up name\n{ANN},red 1\n"
    )
    (folder / "report" / f"leaderboard-{LAB}.csv").write_text("who\nred 1\n")
    root = ["--root", str(course.root)]
    assert term.main(root) == 0 and compare([*root, "--evidence", "0.1"]) == 0
    assert (
        items.main(root) == 0
        and feedback_archive.main([*root, "--lab", "90", "--for", "plain"]) == 0
    )
    return course


@pytest.fixture
def course(graded, tmp_path):
    """A copy of it, for each test its own."""
    shutil.copytree(graded.root, tmp_path / "course", symlinks=True)
    course = object.__new__(Course)
    course.root = tmp_path / "course"
    return course


def everything(course):
    """All texts below grading, and all names."""
    folder = course.root / "grading"
    for path in folder.rglob("*"):
        shown = path.relative_to(folder).as_posix()
        if path.is_file() and not shown.startswith("cache/"):
            yield shown, path.read_bytes()
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    yield from ((f"{shown}:{one}", archive.read(one)) for one in archive.namelist())
        else:
            yield shown, b""


def named(course, word):
    """Where a word stands, in the name or inside."""
    word = word.casefold()
    return [
        shown
        for shown, raw in everything(course)
        if word in shown.casefold() or word in raw.decode("utf-8", "replace").casefold()
    ]


# --- Facts -------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_somebody_is_found_by_his_whole_name_in_any_case(name):
    who = Somebody(name)
    assert who.is_in(f"<p>{name}</p>") and who.is_in(f"- {name} -")
    assert who.is_in(name) and who.is_cell(f"'{name}") and who.is_cell(f" {name} ")


def test_a_name_within_another_is_nobody():
    who = Somebody("ann")
    assert not who.is_in("Joanna and Annette planned") and who.is_in("by Ann.")
    assert Somebody("a&b").is_in("<td>a&amp;b</td>")


def test_a_table_with_a_mistake_is_left_alone(tmp_path):
    path = tmp_path / "extensions.csv"
    text = "student,lab,days\nann,90,1\nbob,90,1,2,3\n"
    path.write_text(text)
    assert drop_rows(path, Somebody("ann")) is None and path.read_text() == text
    path.write_text("student;days\nANN;-1\nbob;-2\n")
    assert drop_rows(path, Somebody("ann")) == 1 and path.read_text() == "student;days\nbob;-2\n"
    assert drop_rows(tmp_path / "none.csv", Somebody("ann")) == 0


def test_a_row_about_two_shows_one(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("first,second,similarity,page\nann,bob,0.9,x.html\neve,bob,1,y\n")
    assert rows_of(path, Somebody("ann")) == [
        {"first": "ann", "second": "another student", "similarity": "0.9"}
    ]
    assert mentions(path, Somebody("ann")) and not mentions(path, Somebody("zoe"))


# --- Export ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_export_holds_all_of_one_and_nothing_of_others(course, capsys):
    assert people(course, "--export", MARK.upper()) == 0
    (path,) = (course.root / "grading" / "exports").glob("*.zip")
    assert str(path) in capsys.readouterr().out and path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {
        f"submitted/{ANN}/{LAB}/{LAB}.ipynb",
        f"submitted/{ANN}_{OTHER}.ipynb",
        f"feedback/{ANN}/{LAB}/{LAB}.html",
        f"earlier/{ANN}/{LAB}/x.ipynb",
        f"records/{LAB}.json",
        "gradebook.json",
        "rows.json",
    } <= set(found)
    work = course.root / "grading" / "submitted" / ANN / LAB / f"{LAB}.ipynb"
    assert found[f"submitted/{ANN}/{LAB}/{LAB}.ipynb"] == work.read_text()
    assert set(json.loads(found["gradebook.json"])) == {LAB, OTHER}
    rows = json.loads(found["rows.json"])
    assert {
        "extensions.csv", "leaderboard.csv", "roster.csv", "report/scores.csv", f"report/{LAB}.csv",
        "report/canvas.csv", "report/changes.csv", f"report/similarity/{LAB}.csv",
        "earlier/journal.json", f"report/leaderboard-{LAB}.csv",
    } <= set(rows)  # fmt: skip
    others = [Somebody("bob"), Somebody("eve")]
    assert [name for name, text in found.items() for one in others if one.is_in(text)] == []
    assert "meter = Meter()" not in " ".join(found.values())  # of a hidden test


# --- Delete ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_student_who_is_removed_stands_nowhere_but_where_it_says(course, capsys):
    folder = course.root / "grading"
    before = {path: path.read_bytes() for path in folder.glob("*/eve/**/*") if path.is_file()}
    assert len(named(course, MARK)) > 15
    assert people(course, "--delete", ANN) == 0
    said = capsys.readouterr().out
    assert named(course, MARK) == ["roster.csv"] and named(course, "red 1") == []
    assert "roster.csv still names him" in said and "the gradebook's scores" in said
    assert f"submitted/{ANN}_{OTHER}.ipynb" in said and "1 rows of extensions.csv" in said
    assert "make leaderboard" in said and "make similarity" in said and "make term" in said
    assert {path: path.read_bytes() for path in before} == before
    assert (folder / "extensions.csv").read_text() == "student,lab,days\neve,90,2\n"
    assert "eve,-2" in (folder / "report" / "changes.csv").read_text()
    journal = json.loads((folder / "earlier" / "journal.json").read_text())
    assert [one["student"] for one in journal["entries"]] == ["bob"]
    assert journal["stamps"] == {f"bob/{LAB}": "t"}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        assert sorted(one.id for one in book.students) == ["bob", "eve"]
    with (folder / "report" / "scores.csv").open() as file:
        assert [row["student"] for row in csv.DictReader(file)] == ["bob", "eve"]
    assert "3 unchanged" in course.grade("--trust-submissions")
    assert named(course, MARK) == ["roster.csv"]
    capsys.readouterr()
    assert people(course, "--delete", ANN) == 0  # only the class list still has her
    assert "Removed" not in capsys.readouterr().out


@pytest.mark.slow
def test_what_cannot_be_removed_is_said(course, capsys):
    folder = course.root / "grading"
    with zipfile.ZipFile(folder / "submitted" / "class.zip", "w") as archive:
        for name in (ANN, "eve"):
            archive.write(folder / "submitted" / name / LAB / f"{LAB}.ipynb", f"{name}_{LAB}.ipynb")
    path = folder / "submitted" / "bob" / LAB / f"{LAB}.ipynb"
    path.write_text(path.read_text().replace('"metadata"', f'"of {ANN}": 1, "metadata"', 1))
    assert backup.main(["--root", str(course.root)]) == 0
    assert people(course, "--export", ANN) == 0
    capsys.readouterr()
    assert people(course, "--delete", ANN) == 1  # the next make grade would bring her back
    said = capsys.readouterr().out
    assert "submitted/class.zip holds files of others too" in said
    assert f"submitted/bob/{LAB}/{LAB}.ipynb still names him" in said
    assert said.count("may hold all of it") == 2 and "Not known here" in said
    assert people(course, "--delete", "nobody") == 2
    assert "Nothing is kept of 'nobody'" in capsys.readouterr().err
    assert people(course, "--export", "evee") == 2
    assert "did you mean 'eve'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_removal_that_was_stopped_is_ended_by_the_next(course, monkeypatch):
    from grading.people import removal

    def stop(*_):
        raise KeyboardInterrupt

    for name in ("forget_journal", "forget_scores", "drop_rows"):
        with monkeypatch.context() as patch:
            patch.setattr(removal.traces, name, stop)
            assert people(course, "--delete", ANN) == 130
    assert people(course, "--delete", ANN) == 0
    assert named(course, MARK) == ["roster.csv"]


# --- Retention ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_old_is_named_first_and_removed_when_told_so(course, capsys):
    folder, then = course.root / "grading", time.time() - 400 * 86400
    assert backup.main(["--root", str(course.root)]) == 0
    (path,) = (folder / "backups").iterdir()
    os.utime(path, (then, then))
    for room in ("submitted", "earlier"):
        for one in (folder / room).rglob("*"):
            if ANN in str(one):
                os.utime(one, (then, then))
    capsys.readouterr()
    assert people(course, "--older-than", "365") == 0
    said = capsys.readouterr().out
    assert ANN in said and "eve" not in said and "bob" not in said and path.name in said
    assert "add --yes" in said and path.exists() and len(named(course, MARK)) > 15
    assert people(course, "--older-than", "365", "--yes") == 0
    assert named(course, MARK) == ["roster.csv"] and not path.exists()
    assert course.page("eve", LAB)
    capsys.readouterr()
    assert people(course, "--older-than", "365", "--yes") == 0
    assert "Nothing is older" in capsys.readouterr().out
    assert people(course, "--older-than", "-1") == 2
    assert people(course, "--older-than", "nan") == 2


def test_every_room_of_people_is_in_a_backup():
    from grading.records.traces import ROOMS

    assert set(ROOMS) <= set(state.KEPT) and similarity.__doc__
