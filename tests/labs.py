"""Run the cells of a lab in this process, as a student's kernel or the grader would."""

import functools
import linecache
import os
import pathlib

import nbformat
import numpy as np
from matplotlib import pyplot as plt

from course_lib.notebook import checks
from tools.imports import digest_of, rests_on

ROOT = pathlib.Path(__file__).parents[1]
RAN = ROOT / "_build" / "labs-ran"
SLUGS = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))


@functools.cache
def solution(slug):
    """Return the solution notebook of a lab."""
    return nbformat.read(ROOT / "solutions" / slug / f"{slug}.ipynb", as_version=4)


def cells(slug, prefix):
    """Return the code cells whose id begins with ``prefix``."""
    found = (cell for cell in solution(slug).cells if cell.cell_type == "code")
    return [cell for cell in found if cell.id.startswith(prefix)]


@functools.cache
def given(slug):
    """Return the names that the cell `student` and the locked cells of a lab define.

    Data of 50,000 rows and more is thinned to every tenth: a wrong answer is wrong there too,
    and the whole of it is worked through by nbval.
    """
    namespace = {"__name__": "lab"}
    for cell in solution(slug).cells:
        mark = cell.metadata.get("nbgrader", {})
        locked = cell.cell_type == "code" and mark.get("locked") and not mark.get("grade")
        if cell.id == "student" or (locked and "checks.summary()" not in cell.source):
            run(cell.source, namespace, cell.id)
    large = {
        name: np.ascontiguousarray(value[::10])
        for name, value in namespace.items()
        if isinstance(value, np.ndarray) and 50_000 <= len(value) <= 60_000
    }
    return namespace | large


def exercises(slug):
    """Return the exercises of a lab, such as ``["06-1", "06-2"]``."""
    return [cell.id.removeprefix("answer-") for cell in cells(slug, "answer-")]


def parts(slug, exercise):
    """Return what can reject an answer, in order: the check, then the hidden tests by kind."""
    hidden = cells(slug, f"hidden-{exercise}-")
    by_kind = {
        cell.id.removeprefix(f"hidden-{exercise}-").replace("-", " "): cell for cell in hidden
    }
    return {"check": cells(slug, f"check-{exercise}")[0], **by_kind}


def answered(slug, exercise, function=None):
    """Return a namespace with the locked cells and one answer: the solution, or a function."""
    namespace = dict(given(slug))
    cell = cells(slug, f"answer-{exercise}")[0]
    before = set(namespace)
    run(cell.source, namespace, cell.id)
    (name,) = set(namespace) - before - {"__builtins__"}
    if function is not None:
        namespace[name] = function
    return namespace


def verdicts(slug, exercise, function=None, *, first=False):
    """Return ``{part: message}`` of the parts, or of the first part, that reject an answer."""
    namespace = answered(slug, exercise, function)
    rejected = {}
    for part, cell in parts(slug, exercise).items():
        try:
            run(cell.source, namespace, cell.id)
        except checks.CheckFailed as failure:
            rejected[part] = str(failure)
            if first:
                break
    return rejected


def what_it_rests_on(path):
    """Return the files whose change can change what a lab's notebook computes."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [path, *rests_on("\n".join(code))]


def key(path):
    """Return the hash of a lab's notebook and of what it rests on."""
    return digest_of(what_it_rests_on(path))


def has_run(path, key):
    """Whether the notebook has run here in this state; never so in CI."""
    stamp = _stamp(path)
    fresh = stamp.exists() and stamp.read_text(encoding="utf-8") == key
    return fresh and os.environ.get("CI") != "true"


def note_run(path, key):
    """Remember that the notebook ran in this state."""
    stamp = _stamp(path)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="utf-8")


def _stamp(path):
    return RAN / f"{path.parents[1].name}-{path.stem}"


def run(source, namespace, name):
    """Execute a cell, with a file name of its own so that messages can quote its lines."""
    name = f"<{name}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)
    plt.close("all")
