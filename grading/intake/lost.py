"""Answers that lost their marks, or that stand in another cell, found by the names they define."""

import ast
from dataclasses import replace

from grading.lab import IDENTITY, bound_names, parsed

__all__ = ["defines", "found_again", "in_reach"]

LONGEST = 200_000  # characters of a cell in which an answer is looked for
WHERE = "# This answer stands in another cell of the notebook."


def defines(source, stubs=False):
    """Return the functions and classes that a cell defines at its top level.

    Parameters
    ----------
    source : str
        Magics are left out; a cell that Python cannot read defines nothing.
    stubs : bool
        Whether what only raises NotImplementedError counts.

    Returns
    -------
    set of str
    """
    names = set()
    for node in _body(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names |= {node.name} if stubs or not _is_empty(node) else set()
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            names |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return names


def _is_empty(node):
    """Whether a function only says that it is not written, or a class has no other methods."""
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        return bool(methods) and all(map(_is_empty, methods))
    raised = getattr(node.body[-1], "exc", None)
    raised = raised.func if isinstance(raised, ast.Call) else raised
    name = raised.id if isinstance(raised, ast.Name) else ""
    return len(node.body) < 3 and name == "NotImplementedError"


def _body(source):
    if len(source) > LONGEST:
        return []
    try:
        return parsed(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _gives_id(source):
    return any(list(bound_names([node])) == [IDENTITY] for node in _body(source))


def found_again(cells, lab):
    """Give cells without marks the ids of the lab's cells that they are.

    A cell is the lab's where its text is, or where it alone defines what an answer that is not
    there must define. So a notebook that a converter stripped is as it was.

    Parameters
    ----------
    cells : list
        From `notebook.read_notebook`.
    lab : lab.Lab

    Returns
    -------
    cells : list
    remarks : list of str
    """
    known = {cell.id: cell for cell in lab.cells if cell.id}
    present = {_identity(cell, known) for cell in cells} - {None}
    missing = [cell for cell in lab.cells if cell.id and cell.id not in present]
    if not missing:
        return cells, []
    texts = {(cell.cell_type, cell.released.strip()): cell.id for cell in reversed(missing)}
    found = {}  # position -> the id that it is
    for position, (_, kind, source, _) in enumerate(cells):
        name = texts.get((kind, source.strip()))
        if name and name not in found.values() and not _identity(cells[position], known):
            found[position] = name
    restored, remarks = len(found), []
    free = [n for n, cell in enumerate(cells) if n not in found and not _identity(cell, known)]
    free = [n for n in free if cells[n][1] == "code"]
    named = {n: defines(cells[n][2]) for n in free}
    for cell in missing:
        if cell.role == "identity" and cell.id not in found.values():
            found |= dict.fromkeys([n for n in free if _gives_id(cells[n][2])][:1], cell.id)
        wanted = asked_for(cell, lab)
        places = [n for n in named if n not in found and wanted and wanted <= named[n]]
        if cell.role == "answer" and cell.id not in found.values() and places:
            found[places[-1]] = cell.id  # the last is what counted when the student ran it
            remarks.append(
                f"the cell of {cell.id} had lost its mark; the answer was found by the name that "
                f"it defines, {', '.join(sorted(wanted))}."
            )
    if restored:
        remarks.append(f"{restored} cells had lost their marks and were found by their text.")
    changed = [(found.get(n, cell[0]), *cell[1:]) for n, cell in enumerate(cells)]
    return changed, remarks


def _identity(cell, known):
    name, _, _, marks = cell
    claimed = marks.get("grade_id") if marks else None
    return next((one for one in (claimed, name) if isinstance(one, str) and one in known), None)


def asked_for(cell, lab):
    """The functions and classes that an answer's cell must define, as its stub says."""
    names = set(lab.answers.get(cell.id, ()))
    return names & defines(cell.released, stubs=True) or names & defines(cell.solution)


def in_reach(pieces, lab, remarks):
    """Let no stub hide an answer that stands elsewhere, and let it be there when it is tested.

    Parameters
    ----------
    pieces : list of Piece
        In the lab's order.
    lab : lab.Lab
    remarks : list of str
        Is added to.

    Returns
    -------
    list of Piece
    """
    lacking = {}  # position of the answer's cell -> position of the cell that has the answer
    # What was released as a stub is one, whatever it looks like.
    stubs = {cell.released.strip() for cell in lab.cells if cell.role == "answer"}
    names = {n: defines(one.source) for n, one in enumerate(pieces) if _is_students(one)}
    names |= {n: set() for n in names if pieces[n].source.strip() in stubs}
    for n, piece in enumerate(pieces):
        wanted = asked_for(piece.cell, lab) if piece.role == "answer" else set()
        if not wanted or wanted <= names[n]:
            continue
        places = [m for m in names if m != n and wanted <= names[m]]
        if places and not _follows(pieces, n, places[-1]):
            lacking[n] = places[-1]
            remarks.append(
                f"the answer of {piece.cell.id}, {', '.join(sorted(wanted))}, was found in "
                f"another cell and counts."
            )
    return _moved(pieces, lacking) if lacking else pieces


def _is_students(piece):
    return piece.cell_type == "code" and piece.role in ("answer", "free")


def _is_stub(piece):
    return piece.missing or not piece.source.strip() or _only_stubs(piece.source)


def _only_stubs(source):
    return bool(defines(source, stubs=True)) and not defines(source)


def _follows(pieces, answer, place):
    """Whether a cell runs after an answer's and before anything of the lab's."""
    return place > answer and all(one.cell is None for one in pieces[answer + 1 : place + 1])


def _moved(pieces, lacking):
    """The pieces without the stubs that hide answers, later answers repeated where they are due.

    What stands later also stays there: it may need what only then exists.
    """
    due = {}  # position of a cell -> the first answer's that needs it
    for answer, place in lacking.items():
        due[place] = min(answer, due.get(place, answer))
    result = []
    for n, piece in enumerate(pieces):
        hides = n in lacking and (_is_stub(piece) or piece.source == piece.cell.released)
        result.append(replace(piece, source=WHERE, missing=False) if hides else piece)
        early = (pieces[place] for place in sorted(due) if due[place] == n < place)
        result += [replace(one, cell=None, missing=False) for one in early]
    return result
