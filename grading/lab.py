"""The instructor's notebook of a lab, read once: which cell is whose, and what it is worth."""

import ast
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

from . import state
from .isolation.limits import Limits

__all__ = [
    "IDENTITY",
    "Cell",
    "Lab",
    "LabBroken",
    "bound_names",
    "load_config",
    "parse",
    "parsed",
    "read_lab",
]

CODE_CHARACTERS = 200_000
IDENTITY = "student"  # the cell that holds the student's id, under the same name


class LabBroken(ValueError):
    """A solution notebook that cannot be graded with; the instructor's to mend."""


@dataclass(frozen=True)
class Cell:
    """One cell of the instructor's notebook.

    Attributes
    ----------
    id : str
        nbgrader's grade_id, or else nbformat's cell id.
    role : {"text", "locked", "identity", "answer", "test", "written", "free"}
        Code that is ``locked`` runs on both sides, an ``answer`` is the student's, a ``test``
        runs outside the sandbox, a ``written`` answer is graded by hand, ``free`` code may be
        edited by the student and is not graded. The cell `student`, in which he writes his id,
        is the ``identity``: on both sides it holds the id that he handed in under.
    source : str
        As the tests need it, hidden tests included.
    solution : str
        As the instructor wrote it.
    released : str
        As the student received it.
    cell_type : str
    points : float
    marks : dict or None
        nbgrader's metadata, with the checksum of what was released.
    """

    id: str
    role: str
    source: str
    solution: str
    released: str
    cell_type: str
    points: float
    marks: dict | None


@dataclass(frozen=True)
class Lab:
    """A lab as the grader needs it.

    Attributes
    ----------
    name : str
        The chapter's slug.
    cells : tuple of Cell
    answers : dict of str to tuple of str
        By answer cell, the names that the solution binds there.
    interfaces : dict of str to frozenset of str
        By class of the solution, the names that it defines.
    signatures : dict of str to tuple of str
        By function of the solution, the names of its arguments.
    files : dict of str to Path
        Other files of the lab, by name.
    limits : Limits
    metadata : dict
        The notebook's own, with the kernel.
    master : nbformat.NotebookNode
        What nbgrader's database records: solutions cleared, hidden tests kept.
    digest : str
        Changes whenever anything above does.
    common_digest : str
        Changes with whatever all tests depend on: the students' cells, the locked cells, files
        and limits.
    test_digests : dict of str to str
        By test cell, its own.
    """

    name: str
    cells: tuple
    answers: dict
    interfaces: dict
    signatures: dict
    files: dict
    limits: Limits
    metadata: dict
    master: nbformat.NotebookNode
    digest: str

    @cached_property
    def common_digest(self):
        kept = [
            (cell.id, cell.role, cell.released, cell.source)
            for cell in self.cells
            if cell.role not in ("test", "text")
        ]
        names = self.answers, sorted(map(sorted, self.interfaces.values())), self.signatures
        digest = hashlib.sha256(repr((kept, names, self.limits)).encode())
        for name, file in self.files.items():
            digest.update(name.encode() + file.read_bytes())
        return digest.hexdigest()

    @cached_property
    def test_digests(self):
        return {
            cell.id: hashlib.sha256(repr((cell.source, cell.points)).encode()).hexdigest()
            for cell in self.tests
        }

    @property
    def tests(self):
        """The cells that give points by themselves, in order."""
        return [cell for cell in self.cells if cell.role == "test"]

    @property
    def points(self):
        """All points of the lab."""
        return sum(cell.points for cell in self.cells)


def load_config(root):
    """Return the configuration of `nbgrader_config.py` in the course's folder.

    A restore that was stopped is ended first.
    """
    from traitlets.config.loader import PyFileConfigLoader

    state.finish(Path(root) / "grading")
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def read_lab(path, limits=None, config=None):
    """Read a solution notebook.

    Parameters
    ----------
    path : Path
        ``solutions/LAB/LAB.ipynb``.
    limits : Limits, optional
        The notebook's metadata may raise or lower them.
    config : traitlets Config, optional
        nbgrader's.

    Returns
    -------
    Lab

    Raises
    ------
    LabBroken
        If the notebook cannot be read, or has no cell that gives points.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        solution = nbformat.reads(raw.decode(), 4)
        master, released = _processed(raw, config)
    except Exception as error:
        raise LabBroken(f"{path} cannot be graded with: {error}") from error
    answers, classes, signatures = _answers(solution)
    files = {
        file.name: file
        for file in sorted(path.parent.iterdir())
        if file.is_file() and file.suffix != ".ipynb" and not file.name.startswith(".")
    }
    try:
        limits = (limits or Limits()).updated(solution.metadata.get("grading", {}))
    except ValueError as error:
        raise LabBroken(f"{path}: {error}") from None
    digest = hashlib.sha256(raw + repr(limits).encode())
    for file in files.values():
        digest.update(file.read_bytes())
    lab = Lab(
        name=path.stem,
        cells=tuple(map(_cell, solution.cells, master.cells, released.cells)),
        answers=answers,
        interfaces=classes,
        signatures=signatures,
        files=files,
        limits=limits,
        metadata=dict(solution.metadata),
        master=master,
        digest=digest.hexdigest(),
    )
    if not lab.points:
        raise LabBroken(f"{path} has no cell that gives points.")
    return lab


def _processed(raw, config):
    """The notebook as recorded and as released, by nbgrader's own steps."""
    from nbgrader import preprocessors as steps

    def run(notebook, *names):
        resources = {"language": "python"}
        for name in names:
            step = getattr(steps, name)(config=config)
            notebook, resources = step.preprocess(notebook, resources)
        return notebook

    master = run(
        nbformat.reads(raw.decode(), 4),
        "LockCells",
        "ClearSolutions",
        "ClearOutput",
        "CheckCellMetadata",
        "ComputeChecksums",
    )
    released = nbformat.reads(nbformat.writes(master), 4)
    return master, run(released, "ClearHiddenTests", "ClearMarkScheme", "ComputeChecksums")


def _cell(solution, master, released):
    marks = master.metadata.get("nbgrader")
    return Cell(
        id=marks["grade_id"] if marks else master.get("id", ""),
        role=_role(master, marks),
        source=master.source,
        solution=solution.source,
        released=released.source,
        cell_type=master.cell_type,
        points=float(marks.get("points", 0)) if marks and _graded(marks) else 0.0,
        marks=dict(released.metadata["nbgrader"]) if marks else None,
    )


def _graded(marks):
    return marks.get("grade") or marks.get("task")


def _role(cell, marks):
    code = cell.cell_type == "code"
    if not marks and code:
        return "identity" if cell.get("id") == IDENTITY else "free"
    if not marks:
        return "text"
    if marks.get("solution"):
        return "written" if marks.get("grade") else "answer"
    if marks.get("grade"):
        return "test" if code else "written"
    if marks.get("task"):
        return "written"
    return "locked" if code else "text"


def _answers(solution):
    """Names that the solution binds, by answer cell; that its classes and functions define."""
    answers, classes, signatures = {}, {}, {}
    for cell in solution.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not marks.get("solution"):
            continue
        tree = parsed(cell.source)
        answers[marks["grade_id"]] = tuple(bound_names(tree.body))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                classes[node.name] = _interface(node, classes)
            elif isinstance(node, ast.FunctionDef):
                signatures[node.name] = tuple(argument.arg for argument in node.args.args)
    return answers, classes, signatures


def parsed(source):
    """The syntax tree of a cell without its magics."""
    lines = (
        ("pass" if line.lstrip()[:1] in "%!" and line.strip() else line)
        for line in source.splitlines()
    )
    return parse("\n".join(lines))


def parse(source):
    """The syntax tree of code of bounded size; a tree takes 200 bytes for each character.

    Raises
    ------
    SyntaxError
        If the code is none, or longer than `CODE_CHARACTERS`.
    """
    if len(source) > CODE_CHARACTERS:
        raise SyntaxError(
            f"a cell must have at most {CODE_CHARACTERS:,} characters to be read as code; "
            f"this one has {len(source):,}."
        )
    return ast.parse(source)


def bound_names(body):
    """The names that statements bind at the top level of a cell."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _interface(node, classes):
    """Methods, class attributes and attributes of self; inherited ones where they are known."""
    names = set(bound_names(node.body)) - {"__eq__", "__ne__", "__hash__", "__init__"}
    for part in ast.walk(node):
        stored = isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
        if stored and isinstance(part.value, ast.Name) and part.value.id == "self":
            names.add(part.attr)
    for base in node.bases:
        if isinstance(base, ast.Name):
            names |= classes.get(base.id, set())
    return frozenset(names)
