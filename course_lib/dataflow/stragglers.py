"""Backup tasks: the last tasks of a job run twice, and whoever is first counts.

backup_time       expected time and work for exponential tasks, exactly
simulate_backups  many jobs at once, as arrays: any law of the lengths
run_tasks         one job on a simulated cluster: slow machines, crashes, a Gantt chart
"""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_rng,
    check_count,
    check_flag,
    check_memory,
    check_number,
    check_vector,
)
from course_lib.cost import Cluster
from course_lib.dataflow._master import Master
from course_lib.dataflow.simulated import start_workers

__all__ = ["Backups", "TaskRun", "backup_time", "run_tasks", "simulate_backups"]


class Backups(NamedTuple):
    """Many jobs with backup tasks."""

    seconds: np.ndarray  # (n_runs,): when the last task was done
    work_s: np.ndarray  # (n_runs,): seconds of work of all machines


class TaskRun(NamedTuple):
    """One set of tasks on a simulated cluster."""

    seconds: float  # when the last task was reported
    work_s: float  # seconds of work of all machines, also in vain
    attempts: tuple  # (n_tasks,): how often each task was given to a worker
    doer: tuple  # (n_tasks,): name of the worker whose result counts
    spans: list  # of cost.Span: the work of each worker, as a Gantt chart draws it


def backup_time(n_tasks, n_backups, *, mean_s=1.0):
    r"""Return the expected seconds of a job whose last tasks run twice.

    Parameters
    ----------
    n_tasks : int
        :math:`n` tasks on as many machines, all started at once.
    n_backups : int
        :math:`r`, at most n / 2: when only r tasks are left, each gets a copy on an idle machine.
    mean_s : float, default 1
        Mean length of a task.

    Returns
    -------
    float
        :math:`(H_n - H_r / 2) \cdot` ``mean_s``, where :math:`H_k = 1 + 1/2 + \dots + 1/k`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** Exact for exponential lengths that are drawn anew for each copy. Until r tasks
    are left it takes :math:`H_n - H_r`. From then on a task ends at twice the rate, and
    the last of r such ends after :math:`H_r / 2`. The expected work is n times ``mean_s``, not
    more: two machines work on a task for half the time. If a length belongs to the data, a copy
    is as long as the task, and nothing is won: see `simulate_backups`.

    Examples
    --------
    >>> round(backup_time(100, 0), 3), round(backup_time(100, 5), 3)
    (5.187, 4.046)
    """
    n_tasks, n_backups = _sizes(n_tasks, n_backups)
    mean_s = check_number(mean_s, "mean_s", low=0.0, high=1e300, open_low=True)
    return (_harmonic(n_tasks) - _harmonic(n_backups) / 2) * mean_s


def simulate_backups(n_tasks, n_backups, *, n_runs=1000, draw=None, anew=True, rng=None):
    """Return seconds and work of many jobs whose last tasks run twice.

    Parameters
    ----------
    n_tasks, n_backups : int
        As of `backup_time`.
    n_runs : int, default 1000
    draw : callable, optional
        ``draw(rng, size)`` returns lengths of so many tasks; not given: exponential, of mean 1.
    anew : bool, default True
        Whether a copy draws a length of its own. Else it is as long as the task: the length
        belongs to the data.
    rng : Generator, int or None

    Returns
    -------
    Backups

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or ``draw`` returns something else.

    Notes
    -----
    **Cost.** One sort of ``n_tasks`` numbers a run.

    Examples
    --------
    >>> plain = simulate_backups(100, 0, n_runs=4000, rng=0)
    >>> twice = simulate_backups(100, 5, n_runs=4000, rng=0)
    >>> print(f"{twice.seconds.mean() / plain.seconds.mean():.2f}")
    0.78
    >>> print(f"{twice.work_s.mean() / plain.work_s.mean():.2f}")
    1.00
    """
    n_tasks, n_backups = _sizes(n_tasks, n_backups)
    n_runs = check_count(n_runs, "n_runs", low=1)
    check_memory(24 * n_runs * n_tasks, "table of lengths")
    anew, rng = check_flag(anew, "anew"), as_rng(rng)
    lengths = _drawn(draw, rng, n_runs * n_tasks).reshape(n_runs, n_tasks)
    lengths.sort(axis=1)
    if n_backups == 0:
        return Backups(lengths[:, -1].copy(), lengths.sum(axis=1))
    first, last = lengths[:, :-n_backups], lengths[:, -n_backups:]
    start = first[:, -1:]  # when no more than n_backups tasks are left
    copies = _drawn(draw, rng, last.size).reshape(last.shape) if anew else last
    end = np.minimum(last, start + copies)
    work = first.sum(axis=1) + (2 * end - start).sum(axis=1)
    return Backups(end.max(axis=1), work)


def run_tasks(
    seconds,
    n_workers,
    *,
    n_tasks=None,
    n_backups=0,
    speeds=None,
    crashes=(),
    restart_s=math.inf,
    lease_s=math.inf,
    latency_s=0.0,
    rng=0,
):
    """Run tasks on a simulated cluster: who is free takes the next, the last ones run twice.

    Parameters
    ----------
    seconds : array, shape (n_tasks,), or callable
        Length of each task, which belongs to the task; or ``seconds(rng)``, which draws
        it anew for each attempt, from the generator of the worker.
    n_workers : int
    n_tasks : int, optional
        Needed if ``seconds`` is a function.
    n_backups : int, default 0
        When no task waits and at most so many are left, idle workers get copies of them.
    speeds, crashes, restart_s, lease_s, latency_s, rng
        As of `simulate_map_reduce`. Tasks of a worker that crashes are lost without a lease.

    Returns
    -------
    TaskRun

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or has the wrong type.
    RuntimeError
        If the tasks cannot end.

    Examples
    --------
    >>> run = run_tasks([1.0, 1.0, 1.0, 1.0], 2)
    >>> run.seconds, run.work_s
    (2.0, 4.0)
    >>> run = run_tasks([1.0] * 4, 2, speeds=[1.0, 0.1])    # the second is slow
    >>> backed = run_tasks([1.0] * 4, 2, speeds=[1.0, 0.1], n_backups=1)
    >>> run.seconds, backed.seconds, backed.attempts
    (10.0, 4.0, (1, 2, 1, 1))
    """
    draw, n_tasks = _lengths(seconds, n_tasks)
    lease_s = check_number(lease_s, "lease_s", low=0.0, open_low=True)
    n_backups = check_count(n_backups, "n_backups", low=0)
    cluster = Cluster(latency_s=latency_s, rng=rng)
    master = Master(cluster, {"task": n_tasks}, n_backups=n_backups, lease_s=lease_s)

    def perform(worker, kind, task):
        yield worker.machine.work(draw(worker.machine.rng, task), f"task {task}")
        return "done", kind, task, None

    start_workers(cluster, perform, n_workers, speeds, lease_s, crashes, restart_s)
    cluster.run()
    if master.finished_s == math.inf:
        raise RuntimeError("tasks of a worker that crashed are lost; set lease_s, keep one alive.")
    table = master.tables["task"]
    work_s = sum(span.end_s - span.start_s for span in cluster.spans)
    return TaskRun(
        master.finished_s, work_s, tuple(table.attempts), tuple(table.doer), cluster.spans
    )


def _sizes(n_tasks, n_backups):
    n_tasks = check_count(n_tasks, "n_tasks", low=1, high=10**7)
    limit = n_tasks // 2
    return n_tasks, check_count(
        n_backups, "n_backups", low=0, high=limit, high_name="n_tasks // 2, the idle machines"
    )


def _harmonic(n):
    return math.fsum(1 / i for i in range(1, n + 1))


def _drawn(draw, rng, size):
    if draw is None:
        return rng.standard_exponential(size)
    if not callable(draw):
        raise TypeError(f"draw must be a function of rng and size; got {draw!r}.")
    lengths = check_vector(draw(rng, size), "the lengths that draw returns", dtype=np.float64)
    if len(lengths) != size or lengths.min() < 0:
        raise ValueError(f"draw must return {size} lengths, none negative; got {len(lengths)}.")
    return lengths.copy()


def _lengths(seconds, n_tasks):
    """Return the length of a task as a function of a generator and the task, and their number."""
    if callable(seconds):
        n_tasks = check_count(n_tasks, "n_tasks", low=1, high=10**7)
        return lambda rng, task: float(seconds(rng)), n_tasks
    lengths = check_vector(seconds, "seconds", dtype=np.float64)
    if len(lengths) == 0 or lengths.min() < 0:
        raise ValueError("seconds must hold at least one length, none negative.")
    if n_tasks is not None and n_tasks != len(lengths):
        raise ValueError(f"n_tasks must be the number of lengths, {len(lengths)}; got {n_tasks}.")
    return lambda rng, task: float(lengths[task]), len(lengths)
