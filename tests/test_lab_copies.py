"""The student's copies: handed out once, never overwritten, handed in without outputs."""

import re
import shutil

import nbformat
import pytest

from grading.collect.facts import facts_of
from grading.foreign.platforms import own_name
from tools import lab_copies, labs

# ----------------------------------------------------------------------------------- handing out


@pytest.fixture
def course(tmp_path):
    """A course folder with the labs, and nothing in work/ yet."""
    shutil.copytree(labs.LABS, tmp_path / "labs")
    return tmp_path


def copied(course):
    lab_copies.copy_to_work(course / "labs", course / "work")


def handed_in(course, name="00"):
    return lab_copies.submit(name, course / "labs", course / "work")


def made(course):
    """The one file that lies there to be handed in."""
    (path,) = (course / "work" / "hand-in").glob("*.ipynb")
    return path


def own(course):
    return course / "work" / "labs" / "00-how-labs-work" / "00-how-labs-work.ipynb"


def updated(course):
    """Change the lab as an update of the course would."""
    path = course / "labs" / "00-how-labs-work" / "00-how-labs-work.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.course.version = "another"
    nbformat.write(notebook, path)
    return path.read_bytes()


def test_labs_are_copied_once_and_never_overwritten(course, capsys):
    copied(course)
    assert own(course).exists()
    own(course).write_text("my work")
    copied(course)
    assert own(course).read_text() == "my work"


def test_an_update_arrives_beside_the_students_copy_and_is_said_once(course, capsys):
    copied(course)
    mine = own(course).read_bytes()
    new = updated(course)
    copied(course)
    assert own(course).read_bytes() == mine
    assert own(course).with_name("00-how-labs-work.new.ipynb").read_bytes() == new
    assert capsys.readouterr().out == (
        "Lab 00-how-labs-work has changed: the new one is "
        "work/labs/00-how-labs-work/00-how-labs-work.new.ipynb, "
        "and your 00-how-labs-work.ipynb stays as it is.\n"
    )
    copied(course)
    assert capsys.readouterr().out == ""
    assert len(list(own(course).parent.glob("*.ipynb"))) == 2


def test_a_renamed_copy_makes_room_for_a_fresh_one(course):
    copied(course)
    own(course).rename(own(course).with_name("first try.ipynb"))
    copied(course)
    assert own(course).exists()


# --------------------------------------------------------------------------------- handing in


def test_handing_in_strips_outputs_and_says_what_is_empty(course, capsys):
    copied(course)
    notebook = nbformat.read(own(course), as_version=4)
    answer = next(cell for cell in notebook.cells if cell.id == "answer-00-1")
    answer.source = "def column_means(A):\n    return 0"
    answer.execution_count = 3
    next(cell for cell in notebook.cells if cell.id == "student").source = "student = 'ann'"
    answer.outputs = [nbformat.v4.new_output("stream", text="hello")]
    nbformat.write(notebook, own(course))
    assert handed_in(course) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("00-how-labs-work.ipynb, saved ")
    assert re.fullmatch(r"ann_00-how-labs-work_20\d{6}T\d{6}Z\.ipynb", made(course).name)
    assert said[1:] == [
        "It carries the id 'ann'; hand it in under that id.",
        "1 of 2 exercises are answered; still empty: 00.2.",
        f"Hand in work/hand-in/{made(course).name}.",
    ]
    file = nbformat.read(made(course), as_version=4)
    nbformat.validate(file)
    cell = next(cell for cell in file.cells if cell.id == "answer-00-1")
    assert (cell.outputs, cell.execution_count) == ([], None)
    assert "return 0" in cell.source
    assert nbformat.read(own(course), as_version=4) == notebook  # the student's copy stays


def test_handing_in_without_an_id_says_whose_data_count(course, capsys):
    copied(course)
    assert handed_in(course) == 0
    assert "It carries no id: it is graded with the data of the id" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ann", "ann"),
        ("ann_b", "ann_b"),
        (" Zoë ", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("a:b?", "a-b-"),
        ("", ""),
        ("../x", ""),
        ("x" * 300, ""),
        (17, "17"),
    ],
)
def test_the_name_and_the_metadata_say_whose_it_is_and_of_which_lab(written, name):
    cell = nbformat.v4.new_code_cell(f"student = {written!r}", id="student")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    file = lab_copies._signed(notebook, "06-low-rank")
    student, lab, time = own_name(file, ["06-low-rank"])
    assert (student, lab, len(time)) == (name, "06-low-rank", 16)
    facts = facts_of(nbformat.writes(notebook).encode())
    assert (facts.written, facts.lab, facts.made) == (str(written).strip(), lab, time)


def test_what_was_made_before_is_kept_aside(tmp_path):
    names = ("06-low-rank.ipynb", "ann_06-low-rank_20200101T000000Z.ipynb", "05-heavy.ipynb")
    for name in names:
        (tmp_path / name).write_text(name)
    lab_copies._put_away(tmp_path / "ann_06-low-rank_20270101T000000Z.ipynb", "06-low-rank")
    assert [path.name for path in tmp_path.glob("*.ipynb")] == ["05-heavy.ipynb"]
    assert len(list((tmp_path / "earlier").iterdir())) == 2


@pytest.mark.parametrize("name", ["0", "00", "00-how-labs-work", " 00 "])
def test_a_lab_goes_by_number_or_name(name, course, capsys):
    copied(course)
    assert handed_in(course, name) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Which lab? Say `make submit LAB=06`; the labs are 00, "),
        ("77", "There is no lab '77'"),
    ],
)
def test_an_unknown_lab_is_refused(name, said, course, capsys):
    assert handed_in(course, name) == 1
    assert capsys.readouterr().err.startswith(said)


def test_a_lab_that_was_never_copied_is_refused(course, capsys):
    assert handed_in(course) == 1
    assert "00-how-labs-work.ipynb is not there; `make course` brings" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"cells": 5, "nbformat": 4}', "\udcff"])
def test_a_damaged_notebook_is_refused_and_an_earlier_hand_in_stays(content, course, capsys):
    copied(course)
    assert handed_in(course) == 0
    file = made(course)
    before = file.read_bytes()
    own(course).write_bytes(content.encode("utf-8", "surrogateescape"))
    capsys.readouterr()
    assert handed_in(course) == 1
    assert "is not a valid notebook" in capsys.readouterr().err
    assert made(course) == file and file.read_bytes() == before


def test_a_notebook_that_is_too_large_is_refused(course, capsys):
    copied(course)
    notebook = nbformat.read(own(course), as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("x" * 11_000_000))
    nbformat.write(notebook, own(course))
    assert handed_in(course) == 1
    assert "still has 11 MB, and 10 MB is the limit" in capsys.readouterr().err


def test_lost_cells_broken_python_and_old_labs_are_said(course, capsys):
    copied(course)
    notebook = nbformat.read(own(course), as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "answer-00-2"]
    answer = next(cell for cell in notebook.cells if cell.id == "answer-00-1")
    answer.source = "%matplotlib inline\ndef column_means(A:\n    return 0"
    nbformat.write(notebook, own(course))
    updated(course)
    assert handed_in(course) == 0
    said = capsys.readouterr().out
    assert "The answer cells of 00.2 are gone and count as empty" in said
    assert "00.1 would not run: Python cannot read the cell." in said
    assert "1 of 2 exercises are answered." in said
    assert "The lab has changed since this copy was made" in said


def test_magics_are_python_enough(course, capsys):
    copied(course)
    notebook = nbformat.read(own(course), as_version=4)
    answer = next(cell for cell in notebook.cells if cell.id == "answer-00-1")
    answer.source = "%matplotlib inline\ndef column_means(A):\n    return 0"
    nbformat.write(notebook, own(course))
    handed_in(course)
    assert "would not run" not in capsys.readouterr().out
