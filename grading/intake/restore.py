"""Put the instructor's cells of a submitted notebook back where they were.

What the student may change is kept: answers, and cells of his own. Deleted, edited, moved,
duplicated, split and re-typed cells of the instructor are restored and reported. An answer whose
cell lost its mark, or that stands in another cell, is found by the name that it defines.
"""

import ast
import warnings
from collections import defaultdict
from dataclasses import dataclass

import nbformat

from course_lib.notebook.checks import normal_id
from grading.lab import IDENTITY, bound_names, parse

from .lost import found_again, in_reach

__all__ = ["Piece", "restore", "written_id"]


@dataclass(frozen=True)
class Piece:
    """One cell of the notebook that is graded.

    Attributes
    ----------
    cell : lab.Cell or None
        The instructor's cell; None for one of the student's own.
    cell_type : {"code", "markdown", "raw"}
    source : str
        The student's text where he may write, else the instructor's.
    missing : bool
        Whether an answer's cell was not there and is the stub again.
    """

    cell: object
    cell_type: str
    source: str
    missing: bool = False

    @property
    def role(self):
        """The cell's role; the student's own cells are ``free``."""
        if self.cell is not None:
            return self.cell.role
        return "free" if self.cell_type == "code" else "text"


def restore(cells, lab, student):
    """Return the pieces to grade, in the instructor's order, and the remarks on what was mended.

    Parameters
    ----------
    cells : list
        From `notebook.read_notebook`.
    lab : lab.Lab
    student : str
        The id that they were handed in under; it replaces the one that they carry.

    Returns
    -------
    pieces : list of Piece
    remarks : list of str
    """
    known = {cell.id: cell for cell in lab.cells if cell.id}
    cells, found = found_again(cells, lab)
    seen, own, remarks, anchor = {}, defaultdict(list), found, None
    for name, kind, source, marks in cells:
        claimed = marks.get("grade_id") if marks else None
        identity = next((one for one in (claimed, name) if _is_known(one, known)), None)
        if identity is not None and identity not in seen:
            seen[identity] = (kind, source, marks)
            anchor = identity
            continue
        if identity is not None and known[identity].marks:
            remarks.append(f"cell {identity} is there more than once; its copy counts as your own.")
        elif claimed is not None and identity is None:
            remarks.append(f"a cell marked {str(claimed)[:60]!r} is not part of the lab.")
        own[anchor].append(Piece(None, kind, source))
    remarks += _moved([one for one in seen if known[one].marks], lab)
    pieces = own[None]
    for cell in lab.cells:
        if cell.role == "identity":
            pieces += _identified(cell, seen.get(cell.id), student, remarks)
        else:
            pieces += _restored(cell, seen.get(cell.id), remarks)
        pieces += own[cell.id] if cell.id else []
    return in_reach(pieces, lab, remarks), remarks


def _is_known(name, known):
    return isinstance(name, str) and name in known


def _moved(order, lab):
    positions = {cell.id: position for position, cell in enumerate(lab.cells)}
    places = [positions[one] for one in order]
    return (
        ["cells were moved; they are back in the lab's order."] if places != sorted(places) else []
    )


def _restored(cell, submitted, remarks):
    students = cell.role in ("answer", "written", "free")
    if submitted is None:
        if cell.role == "free":
            return []
        if cell.role != "text":
            remarks.append(f"cell {cell.id} was missing; it is back as it was released.")
        source = cell.released if students else cell.source
        return [Piece(cell, cell.cell_type, source, missing=cell.role == "answer")]
    kind, source, marks = submitted
    if kind != cell.cell_type:
        remarks.append(f"cell {cell.id} was turned into {kind}; it is {cell.cell_type} again.")
    if not students and cell.role != "text" and _edited(source, cell):
        remarks.append(f"cell {cell.id} was edited; it is back as it was released.")
    if marks is not None and cell.marks and _marks_changed(source, kind, marks, cell.marks):
        remarks.append(f"the marks of cell {cell.id} were changed; they are back.")
    return [Piece(cell, cell.cell_type, source if students else cell.source)]


def _identified(cell, submitted, student, remarks):
    """The student's id, and before it whatever else he wrote into its cell."""
    source = submitted[1] if submitted else ""
    written = written_id(source)
    if written and normal_id(written) != normal_id(student):
        remarks.append(
            f"the notebook carries the id {written[:60]!r}; "
            f"it was graded with the data of {student!r}."
        )
    own = [Piece(None, "code", source)] if _has_more(source) else []
    return [*own, Piece(cell, "code", f"{IDENTITY} = {student!r}")]


def written_id(source):
    """Return the id that the text of the cell `student` gives, or an empty string.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    given = [_as_id(node.value) for node in _statements(source) if _gives_id(node)]
    return given[-1] if given else ""


def _as_id(value):
    if isinstance(value, ast.Name):  # the quotes were forgotten
        return value.id
    constant = getattr(value, "value", "")
    if isinstance(constant, int) and constant.bit_length() < 64:
        return str(constant)
    return constant.strip() if isinstance(constant, str) else ""


def _gives_id(node):
    return isinstance(node, ast.Assign) and list(bound_names([node])) == [IDENTITY]


def _has_more(source):
    return not all(map(_gives_id, _statements(source)))


def _statements(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _edited(source, cell):
    return source.rstrip() not in (cell.released.rstrip(), cell.source.rstrip())


def _marks_changed(source, kind, marks, own):
    """Whether the student changed marks; if the instructor did since, the checksum still fits."""
    changed = any(
        marks.get(key, own.get(key)) != own.get(key)
        for key in ("points", "grade", "solution", "locked", "task")
    )
    return changed and not _is_as_released(source, kind, marks)


def _is_as_released(source, kind, marks):
    from nbgrader.utils import compute_checksum  # a second of imports that few need

    metadata = {"nbgrader": marks}
    try:
        cell = nbformat.from_dict({"cell_type": kind, "source": source, "metadata": metadata})
        return compute_checksum(cell) == marks["checksum"]
    except Exception:  # whatever a student made of his marks
        return False
