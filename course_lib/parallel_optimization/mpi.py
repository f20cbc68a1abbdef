"""The same programs over real MPI: in this process, or started on several by `mpi_run`.

The library does not import MPI: a communicator comes from the caller, and `mpi_run` starts other
processes, which import mpi4py.
"""

import importlib.util
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile

from course_lib._validation import check_count, check_number
from course_lib.parallel_optimization.links import MpiLink

__all__ = ["mpi_missing", "mpi_run", "on_mpi"]

ROOT = pathlib.Path(__file__).parents[2]
MOST_RANKS = 64
GRACE_S = 10.0  # to start and to end


def on_mpi(program, x, link, **options):
    """Run a program, such as `ring`, on this rank of MPI and return its result.

    Parameters
    ----------
    program : callable
        A function of a link and an input that is a generator.
    x : object
        The input of this rank.
    link : MpiLink or mpi4py.MPI.Comm
        All ranks of it must call this.
    **options
        For the program, such as ``out``.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If the program waits for anything but the methods of its link.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from course_lib.parallel_optimization import tree
    >>> on_mpi(tree, [1.0, 2.0], SimpleNamespace(rank=0, size=1))
    array([1., 2.])
    """
    if not isinstance(link, MpiLink):
        link = MpiLink(link)
    run = program(link, x, **options)
    try:
        wait = next(run)
    except StopIteration as end:
        return end.value
    raise TypeError(f"a program must wait by yield from methods of its link; it yielded {wait!r}.")


def mpi_missing():
    """Return why `mpi_run` cannot run here, in words; an empty text if it can.

    Returns
    -------
    str

    Examples
    --------
    >>> isinstance(mpi_missing(), str)
    True
    """
    for name in ("mpi4py", "cloudpickle"):
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed"
    return "" if _mpiexec() else "mpiexec is not installed"


def mpi_run(function, n_ranks, *args, deadline_s=60.0):
    """Call ``function(comm, *args)`` on each of some new MPI processes of this machine.

    Parameters
    ----------
    function : callable
        Of an ``mpi4py.MPI.Comm``; one of a notebook will do.
    n_ranks : int
        From 1 to 64.
    *args
        The same for all ranks; what can be pickled.
    deadline_s : float, default 60
        After so many seconds every process has ended, whatever it waits for.

    Returns
    -------
    list
        What each rank returned.

    Raises
    ------
    RuntimeError
        If MPI is missing, a rank raised an error, or time was over: with the last words of the
        ranks, which say where each was.
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Cost.** Half a second to two seconds to start.

    Examples
    --------
    >>> def rank_of(comm):
    ...     return comm.rank
    >>> mpi_run(rank_of, 2) if not mpi_missing() else [0, 1]
    [0, 1]
    """
    n_ranks = check_count(n_ranks, "n_ranks", low=1, high=MOST_RANKS)
    deadline_s = check_number(deadline_s, "deadline_s", low=1.0, high=3600.0)
    if not callable(function):
        raise TypeError(f"function must be one that can be called; got {function!r}.")
    if reason := mpi_missing():
        raise RuntimeError(f"MPI must be installed to run on it; {reason}.")
    cloudpickle = importlib.import_module("cloudpickle")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "call.pkl").write_bytes(cloudpickle.dumps((function, args)))
        words = _start(folder, n_ranks, deadline_s)
        results = [folder / f"result-{rank}.pkl" for rank in range(n_ranks)]
        if not all(path.exists() for path in results):
            raise RuntimeError(f"every rank must return; this is what they said:\n{words[-3000:]}")
        return [pickle.loads(path.read_bytes()) for path in results]


def _mpiexec():
    """Return the path of the program that starts MPI: beside this Python, or on the PATH."""
    beside = str(pathlib.Path(sys.executable).parent)
    return shutil.which("mpiexec", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


def _start(folder, n_ranks, deadline_s):
    """Run the ranks until they end or time is over, and return what they printed."""
    command = [_mpiexec(), "-n", str(n_ranks), sys.executable, "-m"]
    command += ["course_lib.parallel_optimization._mpi_rank", str(folder), str(deadline_s)]
    with (folder / "words").open("wb") as words:
        process = subprocess.Popen(
            command, env=_environment(), stdin=subprocess.DEVNULL, stdout=words, stderr=words,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(deadline_s + GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(process)
    return (folder / "words").read_text("utf-8", "replace")


def _end(process):
    """End what is left of the processes: politely, then for sure."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, sign)
            try:
                process.wait(GRACE_S / 2)
            except subprocess.TimeoutExpired:
                continue


def _environment():
    """The environment of the ranks: one BLAS thread each, more ranks than cores, as any user.

    Open MPI wants to be asked for the last two; MPICH does not read these.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), *sys.path]))
    return os.environ | {
        "PYTHONPATH": path,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "OMPI_MCA_mpi_yield_when_idle": "1",
    }
