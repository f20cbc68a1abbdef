"""What the instructor's commands share: the options that name a course, and its labs."""

import argparse
import contextlib
import os
from pathlib import Path

from .foreign.text import tolerant_output

__all__ = ["find_labs", "one_thread", "parser"]

ROOT = Path(__file__).parents[1]


def parser(command, doc, *, lab=True):
    """Return the parser of a command, with ``--root`` and, by default, ``--lab``.

    From here on what the command prints does not stop it, whatever letters the terminal has.

    Parameters
    ----------
    command : str
        As it is typed, such as ``python -m grading.items``.
    doc : str
        The module's own.
    lab : bool
        Whether the command can be kept to some labs.
    """
    tolerant_output()
    made = argparse.ArgumentParser(
        prog=command, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if lab:
        made.add_argument(
            "--lab", action="append", default=[], help="only this lab, such as 06; repeatable"
        )
    made.add_argument("--root", type=Path, default=ROOT, help="the course's folder")
    return made


def find_labs(root, config, asked=(), limits=None):
    """Return all labs by name, and the names of those that were asked for.

    Parameters
    ----------
    root : Path
    config : traitlets Config
        nbgrader's.
    asked : collection of str
        Names or numbers, such as 06; empty for all.
    limits : limits.Limits, optional
        What a notebook's own metadata starts from.

    Raises
    ------
    LabBroken
        If there is none, or one that was asked for cannot be read.
    """
    from .lab import LabBroken, read_lab  # nbgrader is slow to import, and `--help` needs none

    folder = root / config.CourseDirectory.source_directory
    paths = {
        path.stem: path
        for path in sorted(folder.glob("*/*.ipynb"))
        if path.stem == path.parent.name
    }
    wanted = [
        name
        for name in paths
        if not asked or any(lab in (name, name.split("-")[0]) for lab in asked)
    ]
    if not wanted:
        raise LabBroken(f"No lab {' or '.join(asked) or 'was found'} in {folder}.")
    labs = {}
    for name, path in paths.items():
        # A lab that is broken and not asked for must not stop the others.
        with contextlib.suppress(*() if name in wanted else (LabBroken,)):
            labs[name] = read_lab(path, limits, config)
    return labs, wanted


def one_thread():
    """Before NumPy is imported: processes are what runs in parallel here."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "agg"
