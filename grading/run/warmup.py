"""Before a class is graded: the solution must get all points.

It leaves compiled code behind, and what it spent, from which the limits of the others follow.
"""

import ast
import contextlib
import importlib
import json
import os
import shutil

from grading.intake.restore import Piece
from grading.isolation.sandbox import FIRST_UID
from grading.lab import LabBroken
from grading.records.store import write_whole

from .workers import Job, examine_all

__all__ = ["import_for", "solution_pieces", "warm_up"]

SEED = 0


def warm_up(lab, root, code, *, trusted=False):
    """Grade the solution of a lab; return the options of examinations that follow from it.

    Every student's process gets a copy, so that Numba compiles once and not for every student.
    What a student's process compiles is thrown away with it. The processor time that the solution
    spent includes the first compilation.

    Parameters
    ----------
    lab : lab.Lab
    root : Path
        The course's folder.
    code : str
        Digest of grader and library.
    trusted : bool
        Run the solution without isolation.

    Returns
    -------
    dict
        ``cache``, the folder of compiled functions, and ``needs``, processor seconds of the
        solution by cell and test, ``inside`` the sandbox and ``outside``.

    Raises
    ------
    LabBroken
        If the solution does not get all points: then no submission could.
    """
    folder = root / "grading" / "cache" / lab.name
    stamp, digest = folder / "stamp.json", f"{lab.digest} {code} {trusted}"
    try:
        known = json.loads(stamp.read_text())
        if known["digest"] == digest:
            return {"cache": folder / "compiled", "needs": known["needs"]}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "compiled").mkdir(parents=True)
    if os.geteuid() == 0 and not trusted:
        os.chown(folder / "compiled", FIRST_UID, FIRST_UID)
    options = {"cache": folder / "compiled", "fill": True, "trusted": trusted}
    job = Job(None, lab, solution_pieces(lab), SEED, options)
    (outcome,) = examine_all([job], ahead=0)
    lost = [
        f"{name}: {result['message']}"
        for name, result in outcome.results.items()
        if result["points"] < result["max"]
    ]
    if outcome.trouble or lost:
        raise LabBroken(
            f"The solution of {lab.name} does not get all points, so nothing was graded. "
            f"{outcome.trouble or '; '.join(lost)}"
        )
    write_whole(stamp, json.dumps({"digest": digest, "needs": outcome.spent}))
    return {"cache": folder / "compiled", "needs": outcome.spent}


def solution_pieces(lab):
    """The instructor's notebook as if it had been handed in."""
    return [Piece(cell, cell.cell_type, cell.solution) for cell in lab.cells]


def import_for(lab):
    """Import here what the lab's own cells import, once for all the processes to come."""
    for cell in lab.cells:
        if cell.role not in ("locked", "test"):
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in filter(None, names):
                with contextlib.suppress(ImportError):  # the cell itself will say so
                    importlib.import_module(name)
