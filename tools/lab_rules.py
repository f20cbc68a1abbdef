"""The rules that every lab keeps; each is a function from a lab to sentences on what breaks it.

A lab is its solution notebook and the notebook released from it. The cells of exercise 06.1
are ``task-06-1``, ``answer-06-1``, ``check-06-1`` and one ``hidden-06-1-...`` for each kind of
hidden test; ids and grade ids are the same.
"""

import ast
import builtins
import dis
import re
import types
from typing import NamedTuple

import nbformat

from course_lib.notebook.checks import KINDS

__all__ = ["STUB", "STUDENT", "Lab", "exercises", "is_empty", "problems", "regions"]

STUDENT = '''# Your id, as your course knows you. It chooses your own data and numbers.
student = ""'''
STUB = 'raise NotImplementedError("write your answer here")'
TOLD = 20  # shorter lines, such as `meter = Meter()`, tell nothing

_REGION = re.compile(
    r"^[^\n]*### BEGIN (?P<kind>SOLUTION|HIDDEN TESTS)[^\n]*\n"
    r"(?P<text>.*?)^[^\n]*### END (?P=kind)",
    flags=re.DOTALL | re.MULTILINE,
)
_NUMBERS = re.compile(r"(\d+) minutes, (\d+) points")


class Lab(NamedTuple):
    """One lab: the notebook that is written, and the one that students get."""

    slug: str
    solution: nbformat.NotebookNode
    release: nbformat.NotebookNode


def problems(lab):
    """Return one sentence for each broken rule; an empty list for a good lab."""
    try:
        nbformat.validate(lab.solution)
        nbformat.validate(lab.release)
    except nbformat.ValidationError as error:
        return [f"the notebook is not valid: {error.message}."]
    rules = (_ids, _frame, _anatomy, _kinds, _numbers, _stubs, _leaks, _pictures, _clean, _names)
    rules += (_points, _own_names, _forms)
    return [sentence for rule in rules for sentence in rule(lab)]


def exercises(notebook):
    """Return the exercises of a notebook in order, such as ``["06-1", "06-2"]``."""
    ids = [cell.id for cell in notebook.cells]
    return [name.removeprefix("task-") for name in ids if name.startswith("task-")]


def regions(notebook):
    """Yield the cell and the text of every solution and every hidden test."""
    for cell in notebook.cells:
        for region in _REGION.finditer(cell.source):
            yield cell, region["text"]


def is_empty(source):
    """Whether an answer cell still holds the line that it was released with."""
    return any(line.strip() == STUB for line in source.splitlines())


def _ids(lab):
    ids = [cell.id for cell in lab.solution.cells]
    for repeated in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"the cell id {repeated} occurs twice."
    for cell in lab.solution.cells:
        grade_id = _mark(cell).get("grade_id", cell.id)
        if grade_id != cell.id:
            yield f"cell {cell.id} has the grade_id {grade_id}; make them equal."


def _frame(lab):
    code = [cell for cell in lab.solution.cells if cell.cell_type == "code"]
    if len(code) < 3:
        yield "a lab begins with the cells `student` and `setup` and ends with `checks.summary()`."
        return
    first, second, last = code[0], code[1], code[-1]
    if (first.id, first.source) != ("student", STUDENT) or _mark(first):
        yield f"the first code cell should be the unmarked cell `student`: {STUDENT!r}."
    if second.id != "setup" or not _mark(second).get("locked"):
        yield "the second code cell should be the locked cell `setup`."
    if f'checks.personal("{lab.slug[:2]}", student)' not in second.source:
        yield f'the cell `setup` should call checks.personal("{lab.slug[:2]}", student).'
    if last.source.strip() != "checks.summary()":
        yield "the last code cell should be `checks.summary()`."


def _anatomy(lab):
    cells = {cell.id: cell for cell in lab.solution.cells}
    wanted = {  # solution, grade, locked
        "task": (False, False, True),
        "answer": (True, False, False),
        "check": (False, True, True),
    }
    for exercise in exercises(lab.solution):
        for part, marks in wanted.items():
            name = f"{part}-{exercise}"
            if name not in cells:
                yield f"exercise {exercise} has no cell {name}."
            elif _marks(cells[name]) != marks:
                yield f"cell {name} should be marked (solution, grade, locked) = {marks}."
        if not _hidden_cells(lab.solution, exercise):
            yield f"exercise {exercise} has no hidden test."
        first = f"# Check {exercise.replace('-', '.')}. Run this cell as often as you like."
        if f"check-{exercise}" in cells and not _begins(cells[f"check-{exercise}"], first):
            yield f"cell check-{exercise} should begin with `{first}`; folded, it shows only that."
    known = exercises(lab.solution)
    for name, cell in cells.items():
        graded = _mark(cell).get("grade") or _mark(cell).get("solution")
        if graded and "-".join(name.split("-")[1:3]) not in known:
            yield f"cell {name} is graded and belongs to no exercise."


def _kinds(lab):
    for exercise in exercises(lab.solution):
        announced = _announced(lab.solution, exercise)
        found = []
        for cell in _hidden_cells(lab.solution, exercise):
            kind = cell.id.removeprefix(f"hidden-{exercise}-").replace("-", " ")
            found.append(kind)
            if kind not in KINDS:
                yield f"cell {cell.id} is of no known kind ({', '.join(KINDS)})."
            decorator = f'@checks.hidden("{exercise.replace("-", ".")}", "{kind}")'
            if decorator not in cell.source:
                yield f"cell {cell.id} should run its test by {decorator}."
            first = f"# Hidden test ({kind}). It runs when the lab is graded."
            if not _begins(cell, first):
                yield f"cell {cell.id} should begin with `{first}`"
        if announced != found:
            yield f"exercise {exercise} announces {announced} and holds {found}."


def _numbers(lab):
    """Minutes and points of the tasks add up to those of the lab and of the cells."""
    total = [0, 0]
    for exercise in exercises(lab.solution):
        task = next(cell for cell in lab.solution.cells if cell.id == f"task-{exercise}")
        said = _NUMBERS.search(task.source)
        if said is None:
            yield f"task-{exercise} should say `15 minutes, 10 points`."
            continue
        minutes, points = map(int, said.groups())
        total = [total[0] + minutes, total[1] + points]
        graded = [f"check-{exercise}", *(c.id for c in _hidden_cells(lab.solution, exercise))]
        held = sum(_mark(c).get("points", 0) for c in lab.solution.cells if c.id in graded)
        if held != points:
            yield f"task-{exercise} says {points} points; its cells hold {held}."
    said = _NUMBERS.search(lab.solution.cells[0].source)
    if said is None or [int(number) for number in said.groups()] != total:
        yield f"the first cell should say `{total[0]} minutes, {total[1]} points`."


def _stubs(lab):
    released = {cell.id: cell for cell in lab.release.cells}
    for cell in lab.solution.cells:
        if not _mark(cell).get("solution"):
            continue
        lines = released[cell.id].source.splitlines()
        stub = [line.strip() for line in lines]
        if cell.source.count("### BEGIN SOLUTION") != 1 or stub.count(STUB) != 1:
            yield f"cell {cell.id} should hold exactly one solution between its marks."
        if extra := set(lines) - set(cell.source.splitlines()) - {lines[stub.index(STUB)]}:
            yield f"the stub of {cell.id} has lines that its solution has not: {extra}."
        first = ast.parse(released[cell.id].source).body
        if not first or not isinstance(first[0], ast.FunctionDef | ast.ClassDef):
            yield f"the stub of {cell.id} should be a function or a class."
        elif ast.get_docstring(first[0]) is None:
            yield f"the stub of {cell.id} should describe itself in a docstring."


def _leaks(lab):
    """A call may stand in a check and in a hidden test; most of a region may not show."""
    seen = {line.strip() for cell in lab.release.cells for line in cell.source.splitlines()}
    for cell, text in regions(lab.solution):
        lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= TOLD]
        shown = [line for line in lines if line in seen]
        if 2 * len(shown) > len(lines):
            yield f"the secret of {cell.id} shows in the released lab: {shown[0]}"
    for cell in lab.release.cells:
        if "### BEGIN" in cell.source or "### END" in cell.source:
            yield f"cell {cell.id} of the released lab still has a mark of a region."


def _pictures(lab):
    for cell in lab.solution.cells:
        if cell.cell_type != "markdown":
            continue
        for name in re.findall(r"attachment:([^)\s\"]+)", cell.source):
            if name not in cell.get("attachments", {}):
                yield f"cell {cell.id} shows {name}, which is not attached to it."
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)", cell.source):
            if not target.startswith("attachment:"):
                yield f"cell {cell.id} shows {target}; attach the picture to the cell instead."


def _clean(lab):
    for cell in lab.solution.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            yield f"cell {cell.id} holds an output; clear all outputs and save."


def _names(lab):
    """Answers and tests run in two processes, so each may use the locked cells and itself only.

    A test may also use the answers, and an answer the other answers.
    """
    given, answers = set(dir(builtins)), set()
    for cell in lab.solution.cells:
        if cell.cell_type == "code" and _is_given(cell):
            given |= _names_in(cell, stored=True)
        elif _mark(cell).get("solution"):
            answers |= _names_in(cell, stored=True)
    for cell in lab.solution.cells:
        if _mark(cell).get("solution") or _mark(cell).get("grade"):
            own = _names_in(cell, stored=True)
            if missing := _names_in(cell, stored=False) - given - answers - own:
                yield f"cell {cell.id} uses {sorted(missing)}, which no locked cell defines."


def _points(lab):
    """What a lab tells `checks.points` is what its cells hold."""
    worth = {}
    for exercise in exercises(lab.solution):
        visible, hidden = (
            sum(_mark(cell).get("points", 0) for cell in cells)
            for cells in (
                _check_cells(lab.solution, exercise),
                _hidden_cells(lab.solution, exercise),
            )
        )
        worth[exercise.replace("-", ".")] = (visible, hidden)
    for cell in lab.solution.cells:
        if cell.cell_type != "code" or "checks.points(" not in cell.source:
            continue
        calls = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))
        told = [call.args for call in calls if ast.unparse(call.func) == "checks.points"]
        if any(len(args) != 1 or _literal(args[0]) != worth for args in told):
            yield f"cell {cell.id} should call checks.points({worth})."
    if not any(cell.id == "points" and _mark(cell).get("locked") for cell in lab.solution.cells):
        yield f"the lab should have a locked cell `points` that calls checks.points({worth})."


def _own_names(lab):
    """A check restores the names that its ``with`` block binds; outside it must take none.

    Nor may a hidden test's cell: what stands beside its function runs in the same notebook.
    """
    given = set()
    for cell in lab.solution.cells:
        if cell.cell_type == "code" and (_is_given(cell) or _mark(cell).get("solution")):
            given |= _names_in(cell, stored=True)
    for cell in lab.solution.cells:
        if cell.cell_type == "code" and _mark(cell).get("grade"):
            outside = [node for node in ast.parse(cell.source).body if not _restores(node)]
            bound = _stored(compile(ast.Module(outside, []), cell.id, "exec"))
            if taken := bound & given:
                yield (
                    f"cell {cell.id} binds {sorted(taken)}, which the notebook uses, outside of "
                    "its `with` block; rename them."
                )


def _forms(lab):
    """A check says in which form it sees a result; a hunt's is True or False."""
    for exercise in exercises(lab.solution):
        for cell in _check_cells(lab.solution, exercise):
            calls = [
                node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)
            ]
            hunts = any(ast.unparse(call.func) == "check.hunt" for call in calls)
            said = {key.arg for call in calls for key in call.keywords}
            if not hunts and "returns" not in said:
                yield f"cell {cell.id} should say what comes back, as returns=checks.Array() does."


def _restores(node):
    """Whether a statement is a ``with`` block or a hidden test, which leave names as they were."""
    return isinstance(node, ast.With) or bool(getattr(node, "decorator_list", ()))


def _stored(code):
    return {i.argval for i in dis.get_instructions(code) if i.opname.startswith("STORE_")}


def _literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _check_cells(notebook, exercise):
    return [cell for cell in notebook.cells if cell.id == f"check-{exercise}"]


def _names_in(cell, stored):
    """The global names that a cell binds, or that it reads."""
    wanted = ("STORE_NAME", "STORE_GLOBAL") if stored else ("LOAD_NAME", "LOAD_GLOBAL")
    codes, names = [compile(cell.source, cell.id, "exec")], set()
    while codes:
        code = codes.pop()
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
        names |= {i.argval for i in dis.get_instructions(code) if i.opname in wanted}
    return names


def _announced(notebook, exercise):
    """What ``checks.exercise(..., hidden=[...])`` of the check cell says."""
    check = next((cell for cell in notebook.cells if cell.id == f"check-{exercise}"), None)
    for node in ast.walk(ast.parse(check.source if check else "")):
        for keyword in getattr(node, "keywords", []):
            if keyword.arg == "hidden":
                return list(ast.literal_eval(keyword.value))
    return []


def _hidden_cells(notebook, exercise):
    return [cell for cell in notebook.cells if cell.id.startswith(f"hidden-{exercise}-")]


def _begins(cell, line):
    return cell.source.partition("\n")[0] == line


def _is_given(cell):
    """Whether the grader runs it on both sides."""
    return cell.id == "student" or _marks(cell) == (False, False, True)


def _mark(cell):
    return cell.metadata.get("nbgrader", {})


def _marks(cell):
    return tuple(bool(_mark(cell).get(key)) for key in ("solution", "grade", "locked"))
