"""A submitted notebook becomes the instructor's again, with the student's answers in it."""

import contextlib
import json

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.intake.notebook import read_notebook
from grading.intake.restore import restore
from grading.intake.uploads import Refused
from grading.isolation.limits import Limits
from grading.lab import LabBroken, read_lab

from .fixtures.labs import border_lab, small_lab
from .fixtures.notebooks import locked, solution, student, written


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return lab_of(small_lab(), tmp_path_factory.mktemp("lab"))


def lab_of(notebook, folder, name="90-small"):
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return read_lab(path)


def released(lab):
    return [
        {
            "cell_type": cell.cell_type,
            "id": cell.id,
            "metadata": {"nbgrader": dict(cell.marks)} if cell.marks else {},
            "source": cell.released,
        }
        for cell in lab.cells
    ]


def restored(cells, lab):
    raw = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    return restore(read_notebook(raw), lab, "ann")


# ---- Facts ------------------------------------------------------------------------------


def test_what_was_released_comes_back_without_a_remark(lab):
    pieces, remarks = restored(released(lab), lab)
    assert remarks == []
    assert [piece.cell for piece in pieces] == list(lab.cells)
    tests = [piece for piece in pieces if piece.role == "test"]
    assert "SECRET-HIDDEN-TEST" in "".join(piece.source for piece in tests)


def test_the_released_side_of_a_lab_holds_no_solution_and_no_hidden_test(lab):
    text = "".join(cell.released for cell in lab.cells)
    assert "SECRET-HIDDEN-TEST" not in text
    assert "np.sum(x)" not in text
    assert "raise NotImplementedError" in text


@given(st.data())
def test_any_shuffle_deletion_and_repetition_is_mended(lab, data):
    cells = released(lab)
    picked = data.draw(st.lists(st.sampled_from(cells), max_size=2 * len(cells)))
    own = [{"cell_type": "code", "source": "1", "metadata": {}} for _ in range(3)]
    cells = data.draw(st.permutations(picked + own))
    pieces, _ = restored(list(cells), lab)
    kept = [piece.cell for piece in pieces if piece.cell is not None]
    assert kept == list(lab.cells)
    copies = len(picked) - len({cell["id"] for cell in picked})
    assert len(pieces) == len(lab.cells) + copies + len(own)


def test_own_cells_stay_behind_the_cell_that_they_followed(lab):
    cells = released(lab)
    where = [cell["id"] for cell in cells].index("answer-90-1") + 1
    cells.insert(where, {"cell_type": "code", "source": "helper = 1", "metadata": {}})
    pieces, remarks = restored(cells, lab)
    assert pieces[where].source == "helper = 1"
    assert pieces[where].role == "free"
    assert remarks == []


def test_names_of_the_solution_are_known(tmp_path):
    lab = lab_of(border_lab(), tmp_path, "91-border")
    assert lab.answers["answer-91-2"] == ("descend",)
    assert lab.signatures["sample"] == ("stream", "size", "rng")
    bag = lab.interfaces["Bag"]
    assert {"update", "from_items", "__len__", "__add__", "__matmul__", "counts"} <= bag
    assert not {"__eq__", "__init__", "merge"} & bag


def test_a_cell_without_marks_is_found_by_its_id(lab):
    cells = released(lab)
    for cell in cells:
        cell["metadata"] = {}
    pieces, remarks = restored(cells, lab)
    assert [piece.cell for piece in pieces] == list(lab.cells)
    assert remarks == []


@pytest.mark.parametrize("forged", [False, True])
def test_points_that_the_instructor_changed_are_not_the_students_doing(lab, tmp_path, forged):
    changed = small_lab()
    next(cell for cell in changed.cells if cell.id == "check-90-1").metadata.nbgrader.points = 5
    cells = released(lab)
    if forged:
        cells[[cell["id"] for cell in cells].index("check-90-1")]["metadata"]["nbgrader"][
            "points"
        ] = 99
    _, remarks = restored(cells, lab_of(changed, tmp_path))
    assert remarks == (
        ["the marks of cell check-90-1 were changed; they are back."] if forged else []
    )


# ---- Facts: answers without marks, and in other cells --------------------------------------

MEAN = "def mean(x):\n    return float(np.sum(x) / len(x))"
GRAM = "def gram(A):\n    return A.T @ (A @ np.eye(A.shape[1]))"


def bare(source, kind="code"):
    return {"cell_type": kind, "source": source, "metadata": {}}


def solved(lab, **answers):
    """The released cells with answers in them, such as ``answer_90_1``."""
    cells = released(lab)
    for cell in cells:
        cell["source"] = answers.get(cell["id"].replace("-", "_"), cell["source"])
    return cells


def at(cells, name):
    return [cell.get("id") for cell in cells].index(name)


def in_order(pieces, test):
    """What has run of the student's when a test begins: the last definition of each name."""
    space = {"np": __import__("numpy")}
    for piece in pieces:
        if piece.cell is not None and piece.cell.id == test:
            return space
        if piece.role in ("answer", "free"):
            with contextlib.suppress(NameError):
                exec(piece.source.replace("%time", ""), space)
    raise AssertionError(test)


def is_right(pieces):
    """Whether each answer is there when its check begins, and is no stub."""
    mean = in_order(pieces, "check-90-1")["mean"]
    gram = in_order(pieces, "check-90-2")["gram"]
    return mean([1, 2, 6]) == 3 and gram(np.eye(2)).tolist() == [[1, 0], [0, 1]]


def removed(cells):
    """The first answer's cell was removed and its code written into a new cell at its place."""
    cells[at(cells, "answer-90-1")] = bare(MEAN)


def stripped(cells):
    cells[:] = [bare(cell["source"], cell["cell_type"]) for cell in cells]


def swapped(cells):
    one, two = at(cells, "answer-90-1"), at(cells, "answer-90-2")
    cells[one]["source"], cells[two]["source"] = cells[two]["source"], cells[one]["source"]


def merged_into(name, other):
    def change(cells):
        cells[at(cells, name)]["source"] = f"{MEAN}\n\n{GRAM}"
        cells[at(cells, other)]["source"] = ""

    return change


def merged_above_a_stub(cells):
    cells[at(cells, "answer-90-1")]["source"] = f"{MEAN}\n\n{GRAM}"
    cells[at(cells, "answer-90-2")]["source"] = next(
        cell.released for cell in LABS["small"].cells if cell.id == "answer-90-2"
    )


def at_the_end(cells):
    for name in ("answer-90-1", "answer-90-2"):
        del cells[at(cells, name)]
    cells += [bare(f"%time\n{MEAN}"), bare(GRAM)]


def stub_kept_and_answer_at_the_end(cells):
    stub = next(cell.released for cell in LABS["small"].cells if cell.id == "answer-90-1")
    cells[at(cells, "answer-90-1")]["source"] = stub
    cells.append(bare(MEAN))


LABS = {}
MOVES = [
    removed,
    stripped,
    swapped,
    merged_into("answer-90-1", "answer-90-2"),
    merged_into("answer-90-2", "answer-90-1"),
    merged_above_a_stub,
    at_the_end,
    stub_kept_and_answer_at_the_end,
]


@pytest.mark.parametrize("move", MOVES)
def test_an_answer_is_found_by_the_name_that_it_defines(lab, move):
    LABS["small"] = lab
    cells = solved(lab, answer_90_1=MEAN, answer_90_2=GRAM)
    move(cells)
    pieces, remarks = restored(cells, lab)
    assert is_right(pieces)
    assert [piece.cell for piece in pieces if piece.cell is not None] == list(lab.cells)
    assert any("found" in remark for remark in remarks)
    assert not any(piece.missing for piece in pieces)


def test_an_answer_that_is_nowhere_is_missing_and_not_called_a_stub(lab):
    cells = [cell for cell in released(lab) if cell["id"] != "answer-90-1"]
    pieces, remarks = restored([*cells, bare("def other(x):\n    return x")], lab)
    assert [piece.cell.id for piece in pieces if piece.missing] == ["answer-90-1"]
    assert "cell answer-90-1 was missing; it is back as it was released." in remarks


def test_an_unsolved_lab_without_marks_is_an_unsolved_lab(lab):
    cells = released(lab)
    stripped(cells)
    pieces, remarks = restored(cells, lab)
    assert [piece.cell for piece in pieces] == list(lab.cells)
    assert remarks == [f"{len(cells)} cells had lost their marks and were found by their text."]


def test_a_helper_of_the_same_name_elsewhere_takes_no_answer_away(lab):
    cells = solved(lab, answer_90_1=MEAN, answer_90_2=f"def mean(x):\n    return 0\n\n{GRAM}")
    pieces, remarks = restored(cells, lab)
    assert in_order(pieces, "check-90-1")["mean"]([1, 2, 6]) == 3
    assert remarks == []


def test_line_ends_of_windows_are_no_edit(lab):
    for end in ("\r\n", "\r"):
        cells = solved(lab, answer_90_1=MEAN)
        for cell in cells:
            cell["source"] = cell["source"].replace("\n", end)
        pieces, remarks = restored(cells, lab)
        assert remarks == []
        assert MEAN in [piece.source for piece in pieces]


def test_outputs_do_not_count_towards_the_size(lab):
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 3_000_000}}
    cells = [cell | {"outputs": [picture]} for cell in released(lab)]
    raw = json.dumps({"nbformat": "4", "cells": cells}).encode()
    assert len(read_notebook(raw, 1_000_000)) == len(cells)
    cells[1]["source"] = "#" * 2_000_000
    with pytest.raises(Refused, match=r"has 2\.0 MB and may have 1"):
        read_notebook(json.dumps({"nbformat": 4, "cells": cells}).encode(), 1_000_000)


# ---- Contracts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"{", "valid JSON"),
        (b"[" * 100_000, "valid JSON"),
        (b"[1]", "not a notebook"),
        (b'{"nbformat": 4}', "without cells"),
        (b'{"nbformat": 4, "cells": 3}', "without cells"),
        (b'{"nbformat": 99}', "format"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 1000 + b"{}]}", "more than 1000 cells"),
    ],
)
def test_what_is_no_notebook_is_refused(raw, words):
    with pytest.raises(Refused, match=words):
        read_notebook(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cell_type", "source", "metadata", "nbgrader", "id", "grade_id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=5))
def test_any_json_in_the_cells_is_survived(lab, cells):
    pieces, _ = restored(cells, lab)
    assert [piece.cell for piece in pieces if piece.cell is not None] == list(lab.cells)


def test_lone_surrogates_become_text(lab):
    cells = released(lab)
    cells[2]["source"] = "x = '\ud800'"
    pieces, _ = restored(cells, lab)
    assert all(piece.source.encode() is not None for piece in pieces)


def test_a_lab_without_points_is_refused(tmp_path):
    with pytest.raises(LabBroken, match="no cell that gives points"):
        lab_of(solution(locked("setup", "1")), tmp_path)


def test_limits_of_a_lab_are_checked(tmp_path):
    lab = lab_of(small_lab(grading={"cell_seconds": 5}), tmp_path)
    assert lab.limits.cell_seconds == 5
    with pytest.raises(ValueError, match="limits must be among"):
        Limits().updated({"cell_minutes": 5})
    with pytest.raises(ValueError, match="must be a positive number"):
        Limits().updated({"cell_seconds": -1})


def test_a_written_answer_is_the_students(tmp_path):
    lab = lab_of(solution(written("90-1", 5, "Because.")), tmp_path)
    cells = released(lab)
    cells[0]["source"] = "My own words."
    pieces, remarks = restored(cells, lab)
    assert pieces[0].source == "My own words."
    assert pieces[0].role == "written"
    assert remarks == []


def test_the_cell_of_the_id_is_found_when_it_lost_its_own(tmp_path):
    lab = lab_of(solution(student(), locked("own", "x = student"), *small_lab().cells), tmp_path)
    cells = released(lab_of(small_lab(), tmp_path, "91-other"))
    cells = [bare('student = "eve"'), bare("x = student"), *(bare(one["source"]) for one in cells)]
    pieces, remarks = restored(cells, lab)
    assert [piece.source for piece in pieces if "student =" in piece.source] == ["student = 'ann'"]
    assert any("carries the id 'eve'" in remark for remark in remarks)


DEEP = {
    "attributes": "raise x" + ".b" * 3000,
    "parentheses": "raise " + "(" * 150 + "1" + ")" * 150,
    "minus": "return " + "-" * 20_000 + "1",
    "long": "raise NotImplementedError('" + "a" * 300_000 + "')",
}


@pytest.mark.parametrize("case", DEEP)
def test_no_depth_or_length_of_an_answer_stops_the_reading(lab, case):
    cells = [cell for cell in released(lab) if cell["id"] != "answer-90-1"]
    pieces, _ = restored([*cells, bare(f"def mean(x):\n    {DEEP[case]}")], lab)
    assert [piece.cell for piece in pieces if piece.cell is not None] == list(lab.cells)
