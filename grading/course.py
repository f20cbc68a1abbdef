"""What the instructor's commands share: options, the course's labs, how a refusal is told."""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from .foreign.text import tolerant_output

__all__ = ["answered", "find_labs", "is_meant", "lab_paths", "one_thread", "parser"]

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


def answered(work, *arguments, refused):
    """Do a command's work and return its exit code; a refusal is one sentence and 2.

    Parameters
    ----------
    work : callable
        ``work(*arguments)`` returns the exit code.
    refused : exception or tuple of exceptions
        Those whose text is for the instructor; any other is a fault of ours and is shown whole.
    """
    try:
        return work(*arguments)
    except refused as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Run it again.", file=sys.stderr)
        return 130


def lab_paths(root, config):
    """Return the solution notebooks by the names of their labs, in order."""
    folder = root / config.CourseDirectory.source_directory
    paths = sorted(folder.glob("*/*.ipynb"))
    return {path.stem: path for path in paths if path.stem == path.parent.name}


def is_meant(asked, name):
    """Whether somebody who writes ``asked`` means the lab: its name or its number.

    Examples
    --------
    >>> is_meant("6", "06-low-rank"), is_meant("06", "06-low-rank"), is_meant("low", "06-low-rank")
    (True, True, False)
    """
    asked = asked.strip()
    return bool(asked) and (asked == name or asked.zfill(2) == name.split("-")[0])


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

    paths = lab_paths(root, config)
    wanted = [name for name in paths if not asked or any(is_meant(lab, name) for lab in asked)]
    if not wanted:
        folder = root / config.CourseDirectory.source_directory
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
