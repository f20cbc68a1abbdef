"""Whether everybody's own data make the same lab: ``python -m grading.variants``.

The solution of each lab runs under many ids, as a student would run it and with its hidden tests.
It should get all points under each. Beside that stand what could make one id easier than another:
the seconds that it takes, and how near it comes to the limits of the checks.
"""

import contextlib
import functools
import io
import linecache
import multiprocessing
import os
import sys
import time
import zlib
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import scipy.sparse

from course_lib.notebook import checks

from . import course
from .lab import IDENTITY

__all__ = ["Run", "compare", "play", "play_all"]


class Run(NamedTuple):
    """A lab's solution under one id.

    Attributes
    ----------
    student : str
    failed : dict of str to str
        By cell that stopped, why.
    data : dict of str to int
        By name that the locked cells bind to data, a checksum.
    nearest : dict of str to float
        By what a check limits, the largest share of the limit that was reached.
    seconds : float
        Of processor time.
    """

    student: str
    failed: dict
    data: dict
    nearest: dict
    seconds: float


def play(lab, number, student):
    """Run the solution of a lab under one id in this process.

    Parameters
    ----------
    lab : lab.Lab
    number : int
        The hidden tests' seed.
    student : str

    Returns
    -------
    Run
    """
    os.environ.pop("SML_GRADING", None)
    os.environ["SML_GRADING_SEED"] = str(number)
    names, failed, data, nearest = {"__name__": "lab"}, {}, {}, defaultdict(float)
    at_most, start = checks.Exercise.at_most, time.process_time()
    checks.Exercise.at_most = functools.partialmethod(_noted, at_most, nearest)
    try:
        for cell in lab.cells:
            if cell.role not in ("identity", "locked", "answer", "test"):
                continue
            source = f"{IDENTITY} = {student!r}" if cell.role == "identity" else cell.solution
            before = set(names)
            try:
                _run(source, names, cell.id)
            except Exception as error:
                failed[cell.id] = str(error) or type(error).__name__
            if cell.role == "locked":
                data |= _checksums({name: names[name] for name in names.keys() - before})
    finally:
        checks.Exercise.at_most = at_most
    return Run(student, failed, data, dict(nearest), time.process_time() - start)


def _run(source, names, cell):
    """Execute a cell in silence, under a file name of its own, as checks ask who calls."""
    name = f"<{cell}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, name, "exec"), names)


def _noted(check, at_most, nearest, got, limit, name):
    """Let a check limit something, and note how near that came."""
    key = f"{check.number} {name}"
    if limit > 0:
        nearest[key] = max(nearest[key], float(got / limit))
    at_most(check, got, limit, name)


def _checksums(names):
    return {
        name: zlib.crc32(_bytes(value))
        for name, value in names.items()
        if isinstance(value, np.ndarray | scipy.sparse.sparray) or _is_plain_list(value)
    }


def _is_plain_list(value):
    return isinstance(value, list) and all(isinstance(one, str | int | float) for one in value)


def _bytes(value):
    if isinstance(value, list):
        return repr(value).encode()
    if isinstance(value, np.ndarray):
        return memoryview(np.ascontiguousarray(value)).cast("B") if value.size else b""
    parts = value.tocoo()
    return b"".join(np.ascontiguousarray(one) for one in (*parts.coords, parts.data))


def play_all(lab, students, workers=1):
    """Run the solution of a lab under many ids; yield each `Run` when it is done.

    Parameters
    ----------
    lab : lab.Lab
    students : list of str
    workers : int
        How many run at once, each in a process of its own.
    """
    play(lab, 0, "")  # reads the data and compiles, once for the processes to come
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, maxtasksperchild=1) as pool:
        jobs = [(lab, number, student) for number, student in enumerate(students, 1)]
        yield from pool.imap_unordered(_played, jobs)


def _played(job):
    return play(*job)


def compare(runs):
    """Return what differs between the runs of one lab.

    Parameters
    ----------
    runs : list of Run

    Returns
    -------
    different : int
        How many different sets of data there are.
    own : list of str
        The names of the data that differ.
    nearest : list of (str, float, float)
        What comes nearest to its limit, with the least and the largest share over all ids; the
        three nearest of those that differ.
    """
    data = [run.data for run in runs]
    own = [name for name in data[0] if len({one.get(name) for one in data}) > 1]
    different = len({tuple(one.get(name) for name in own) for one in data})
    shares = defaultdict(list)
    for run in runs:
        for name, share in run.nearest.items():
            shares[name].append(share)
    spread = [(name, min(some), max(some)) for name, some in shares.items() if np.ptp(some) > 1e-6]
    return different, own, sorted(spread, key=lambda one: -one[2])[:3]


def main(arguments=None):
    """Run the command; return 1 if an id cannot get all points."""
    from .lab import LabBroken

    parser = course.parser("python -m grading.variants", __doc__)
    parser.add_argument("--ids", type=int, default=200, help="how many ids to try")
    parser.add_argument("--student", action="append", help="try this id; repeatable")
    parser.add_argument("--workers", type=int, default=1, help="how many run at once")
    options = parser.parse_args(arguments)
    return course.answered(_play_chosen, options, refused=LabBroken)


def _play_chosen(options):
    from .lab import load_config

    students = options.student or [f"student {number}" for number in range(1, options.ids + 1)]
    labs, chosen = course.find_labs(options.root, load_config(options.root), options.lab)
    failed = [_report(labs[name], students, options.workers) for name in chosen]
    return int(any(failed))


def _report(lab, students, workers):
    """Run one lab under all ids and say what came; return whether something failed."""
    runs = []
    for run in play_all(lab, students, workers):
        runs.append(run)
        print(f"\r{lab.name}: {len(runs)} of {len(students)} ids", end="", flush=True)
    different, own, nearest = compare(runs)
    failed = [run for run in runs if run.failed]
    seconds = sorted(run.seconds for run in runs)
    print(
        f"\r{lab.name}: {len(runs) - len(failed)} of {len(runs)} ids get all points, "
        f"{different} different sets of data ({', '.join(own) or 'none'}), "
        f"{seconds[len(seconds) // 2]:.1f} s each ({seconds[0]:.1f} to {seconds[-1]:.1f})."
    )
    for name, least, most in nearest:
        print(f"    {least:.3f} to {most:.3f} of the limit: {name}")
    for run in failed:
        for cell, why in run.failed.items():
            print(f"    id {run.student!r}, {cell}: {why}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
