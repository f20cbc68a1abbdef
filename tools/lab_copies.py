"""The student's copies of the labs: handed out once, never overwritten, handed in."""

import datetime
import pathlib
import shutil
import sys

import nbformat

from grading.course import is_meant
from grading.foreign.platforms import own_name
from grading.foreign.text import Unreadable, student_name
from grading.intake.restore import written_id
from tools.lab_rules import exercises, is_empty

__all__ = ["copy_to_work", "submit"]

ROOT = pathlib.Path(__file__).parents[1]
LABS, WORK = ROOT / "labs", ROOT / "work"

LARGEST_BYTES = 10_000_000  # what the grader accepts
NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "-"))  # Windows has no files with these


def copy_to_work(labs=LABS, work=WORK):
    """Copy each lab to ``work/labs`` once; an update arrives beside the student's own copy."""
    for lab in sorted(labs.glob("*/*.ipynb")):
        folder = work / "labs" / lab.stem
        folder.mkdir(parents=True, exist_ok=True)
        own = folder / lab.name
        if not own.exists():
            shutil.copyfile(lab, own)
        elif _version(lab) not in {_version(copy) for copy in folder.glob("*.ipynb")}:
            beside = _free_name(folder, lab.stem)
            shutil.copyfile(lab, beside)
            print(
                f"Lab {lab.stem} has changed: the new one is {_short(beside, work)}, "
                f"and your {own.name} stays as it is."
            )


def submit(name, labs=LABS, work=WORK):
    """Write the file to hand in and say what is in it; return 0, or 1 with the reason.

    Parameters
    ----------
    name : str
        The lab's number or slug: ``"06"``, ``"6"`` or ``"06-low-rank"``.
    labs, work : pathlib.Path
        Where the labs as they were handed out lie, and the student's own folder.

    Returns
    -------
    int
        The exit code of the command.
    """
    try:
        lab = _find(name, labs)
        own = work / "labs" / lab.stem / lab.name
        notebook, original = _read(own, work), nbformat.read(lab, as_version=4)
        target = work / "hand-in" / _signed(notebook, lab.stem)
        _write(notebook, target)
        _put_away(target, lab.stem)
    except _CannotHandInError as reason:
        print(reason, file=sys.stderr)
        return 1
    for sentence in _about(notebook, original, own):
        print(sentence)
    print(f"Hand in {_short(target, work)}.")
    return 0


class _CannotHandInError(Exception):
    """One sentence on why there is nothing to hand in."""


def _find(name, labs):
    known = {lab.stem: lab for lab in sorted(labs.glob("*/*.ipynb"))}
    wanted = name.strip().lower()
    for slug, lab in known.items():
        if is_meant(wanted, slug):
            return lab
    numbers = ", ".join(slug.split("-")[0] for slug in known) or "none yet"
    asked = f"There is no lab {name!r}" if wanted else "Which lab? Say `make submit LAB=06`"
    raise _CannotHandInError(f"{asked}; the labs are {numbers}.")


def _read(own, work):
    if not own.is_file():
        raise _CannotHandInError(
            f"{_short(own, work)} is not there; `make course` brings the lab, "
            f"or give your notebook that name again."
        )
    try:
        notebook = nbformat.reads(own.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # anything at all can stand in a damaged file
        raise _CannotHandInError(
            f"{_short(own, work)} is not a valid notebook ({type(error).__name__}); "
            f"open it in JupyterLab and save it again, or go back to a checkpoint."
        ) from None
    return notebook


def _signed(notebook, lab):
    """Write id, lab and time into the notebook's metadata; return the name of the file.

    Platforms rename what is handed in, and mail programs too: then the metadata tell. The time
    is that of the student's own clock, so it orders his files and says nothing of lateness.
    """
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    course = notebook.metadata.setdefault("course", {})
    student = _id_of(notebook)
    course.update({"lab": lab, "submitted": now, "student": student})
    try:
        return f"{student_name(student).translate(NOT_IN_NAMES)}_{lab}_{now}.ipynb"
    except Unreadable:  # no id, or one that cannot be a file's name
        return f"{lab}_{now}.ipynb"


def _put_away(target, lab):
    """Move what was made before aside, so that one file of the lab is there to hand in."""
    for old in sorted(target.parent.glob("*.ipynb")):
        if own_name(old.name, [lab])[1] and old != target:
            older = target.parent / "earlier" / old.name
            older.parent.mkdir(exist_ok=True)
            old.replace(older)


def _write(notebook, target):
    """Write the notebook without outputs, whole or not at all."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > LARGEST_BYTES:
        raise _CannotHandInError(
            f"Without its outputs the notebook still has {len(text.encode()) / 1e6:.0f} MB, and "
            f"{LARGEST_BYTES / 1e6:.0f} MB is the limit; remove the pictures pasted into it."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".part")
    half.write_text(text, encoding="utf-8")
    half.replace(target)


def _about(notebook, original, own):
    """Yield what the student should know before handing in."""
    saved = datetime.datetime.fromtimestamp(own.stat().st_mtime)
    yield f"{own.name}, saved {saved:%d %B at %H:%M}: save again if you changed it since."
    yield _whose(notebook)
    cells = _by_grade_id(notebook)
    answers = [f"answer-{exercise}" for exercise in exercises(original)]
    lost = [_number(name) for name in answers if name not in cells]
    if lost:
        yield (
            f"The answer cells of {_listed(lost)} are gone and count as empty; copy them back "
            f"from a fresh lab."
        )
    present = {name: cells[name].source for name in answers if name in cells}
    empty = [_number(name) for name, source in present.items() if is_empty(source)]
    broken = [_number(name) for name, source in present.items() if not _is_python(source)]
    if broken:
        yield f"{_listed(broken)} would not run: Python cannot read the cell."
    done = len(answers) - len(lost) - len(empty)
    yield (
        f"{done} of {len(answers)} exercises are answered"
        + (f"; still empty: {_listed(empty)}." if empty else ".")
    )
    if notebook.metadata.get("course", {}).get("version") != original.metadata.course.version:
        yield "The lab has changed since this copy was made; look whether your exercises did."


def _id_of(notebook):
    given = [written_id(cell.source) for cell in notebook.cells if cell.get("id") == "student"]
    return next(iter(given), "")


def _whose(notebook):
    if given := _id_of(notebook):
        return f"It carries the id {given!r}; hand it in under that id."
    return "It carries no id: it is graded with the data of the id under which you hand it in."


def _by_grade_id(notebook):
    marks = ((cell.metadata.get("nbgrader"), cell) for cell in notebook.cells)
    return {m["grade_id"]: cell for m, cell in marks if isinstance(m, dict) and "grade_id" in m}


def _is_python(source):
    from IPython.core.inputtransformer2 import TransformerManager  # magics are fine

    try:
        compile(TransformerManager().transform_cell(source), "answer", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _version(path):
    """The version that a copy was generated as; None where it cannot be read."""
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        return notebook.metadata.course.version
    except Exception:  # a copy that is damaged is still the student's
        return None


def _free_name(folder, stem):
    names = (folder / f"{stem}.new{number}.ipynb" for number in ["", *range(2, 1000)])
    return next(path for path in names if not path.exists())


def _number(name):
    return name.removeprefix("answer-").replace("-", ".")


def _listed(numbers):
    return ", ".join(numbers)


def _short(path, work):
    return path.relative_to(work.parent).as_posix()
