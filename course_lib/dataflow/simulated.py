"""MapReduce on a simulated cluster: leases, lost map outputs, backup tasks, counted attempts."""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_number, check_vector
from course_lib.cost import Cluster, Meter
from course_lib.dataflow._master import Master, Worker
from course_lib.dataflow.map_reduce import (
    Job,
    JobOutput,
    assembled,
    map_task,
    reduce_task,
    shape_of,
)

__all__ = ["SimulatedJob", "simulate_map_reduce"]


class SimulatedJob(NamedTuple):
    """What became of a job on a simulated cluster."""

    output: JobOutput
    seconds: float  # when the last reducer had reported
    work_s: float  # seconds of work of all machines, also in vain
    map_attempts: tuple  # (n_splits,): how often each map task was given to a worker
    reduce_attempts: tuple  # (n_reducers,)
    meter: Meter  # messages, bytes and rounds of everything that was sent
    spans: list  # of cost.Span: the work of each worker, as a Gantt chart draws it


def simulate_map_reduce(
    job,
    splits,
    n_workers,
    *,
    map_s=1.0,
    reduce_s=1.0,
    n_backups=0,
    crashes=(),
    restart_s=math.inf,
    lease_s=30.0,
    fetch_timeout_s=1.0,
    speeds=None,
    latency_s=5e-4,
    bytes_per_s=math.inf,
    loss=0.0,
    rng=0,
):
    """Run a job on a simulated cluster whose workers may crash; its output is `map_reduce`'s.

    Parameters
    ----------
    job : Job
    splits : sequence
        In a file system that does not fail: every worker can read each of them.
    n_workers : int
    map_s, reduce_s : float or callable, default 1
        Seconds of work of a task, or ``map_s(rng, task)``, drawn anew for each attempt.
    n_backups : int, default 0
        When at most so many tasks of a phase are left, idle workers get copies of them.
    crashes : sequence of (float, int)
        Times and numbers of the workers that crash then.
    restart_s : float, default infinity
        How long after its crash a worker is back, with its disk. The master does not crash.
    lease_s : float, default 30
        A task that is not reported so long after it was given out is given to another worker.
        Above the time that a task takes.
    fetch_timeout_s : float, default 1
        A reducer that waits longer for a run takes it for lost. Above the time that a run takes.
    speeds : array, shape (n_workers,), optional
        Seconds of work that each worker does in a second, from 1e-6 to 1e6; not given: 1.
    latency_s, bytes_per_s, loss, rng
        Of the `course_lib.cost.Cluster`.

    Returns
    -------
    SimulatedJob

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or is out of range.
    RuntimeError
        If the job cannot end, since all workers are dead.

    Notes
    -----
    **Protocol.** Workers ask the master for tasks. The output of a map task stays on the disk
    of its worker, and reducers fetch it from there. If a fetch is not answered, the reducer tells
    the master, which gives out all map tasks of that worker again, although they were done; so
    in [1], section 3.3. Where messages are lost, a reducer first asks five times. The first
    report of a task counts, later ones do not.

    **Guarantee.** The output is the same, byte by byte, whatever crashes, if one worker
    lives long enough and map, combine and reduce are functions of their arguments alone.

    References
    ----------
    .. [1] J. Dean, S. Ghemawat, "MapReduce: simplified data processing on large clusters",
       OSDI 2004, 137-150.

    Examples
    --------
    Two workers, four map tasks of a second. At 1.5 s, with one task on its disk and another in
    work, the first dies. The other goes on with the fourth task, takes up the third when its
    lease has ended, and does the first again when it finds that it cannot fetch its output.

    >>> from course_lib.dataflow import count_job, map_reduce
    >>> splits = ["to be", "or not", "to be", "that is"]
    >>> job = count_job(str.split)
    >>> run = simulate_map_reduce(job, splits, 2, crashes=[(1.5, 0)], lease_s=3.0)
    >>> run.output == map_reduce(job, splits)
    True
    >>> sum(run.map_attempts)
    6
    """
    if not isinstance(job, Job):
        raise TypeError(f"job must be a Job; got {job!r}.")
    splits = list(splits)
    lease_s = check_number(lease_s, "lease_s", low=0.0, open_low=True)
    patience_s = check_number(fetch_timeout_s, "fetch_timeout_s", low=0.0, open_low=True)
    loss = check_number(loss, "loss", low=0.0, high=0.5)
    if loss and lease_s == math.inf:
        raise ValueError("lease_s must be finite where messages are lost; got infinity.")
    work = {"map": _checked(map_s, "map_s"), "reduce": _checked(reduce_s, "reduce_s")}
    meter = Meter()
    cluster = Cluster(latency_s=latency_s, bytes_per_s=bytes_per_s, loss=loss, rng=rng, meter=meter)
    n_backups = check_count(n_backups, "n_backups", low=0)
    phases = {"map": len(splits), "reduce": job.n_reducers}
    master = Master(cluster, phases, n_backups=n_backups, lease_s=lease_s)
    perform = _performer(job, splits, work, patience_s, tries=5 if loss else 1)
    start_workers(cluster, perform, n_workers, speeds, lease_s, crashes, restart_s)
    cluster.run()
    return _outcome(master, meter, cluster.spans)


def _outcome(master, meter, spans):
    if master.finished_s == math.inf:
        raise RuntimeError("a worker must live until the job is done; all are dead or waiting.")
    maps, reduces = master.tables["map"], master.tables["reduce"]
    return SimulatedJob(
        assembled(master.results["map"], master.results["reduce"]),
        master.finished_s,
        sum(span.end_s - span.start_s for span in spans),
        tuple(maps.attempts),
        tuple(reduces.attempts),
        meter,
        spans,
    )


def start_workers(cluster, perform, n_workers, speeds, lease_s, crashes, restart_s):
    """Make the workers, and plan their crashes and returns."""
    n_workers = check_count(n_workers, "n_workers", low=1, high=10**5)
    speeds = np.ones(n_workers) if speeds is None else check_vector(speeds, "speeds")
    if len(speeds) != n_workers or not (speeds.min() >= 1e-6 and speeds.max() <= 1e6):
        raise ValueError(f"speeds must be {n_workers} numbers from 1e-6 to 1e6; got {speeds}.")
    restart_s = check_number(restart_s, "restart_s", low=0.0)
    workers = [
        Worker(cluster, f"worker {i}", perform, speed=float(speed), patience_s=lease_s)
        for i, speed in enumerate(speeds)
    ]
    for time_s, i in checked_crashes(crashes, n_workers):
        machine = workers[i].machine
        cluster.at(time_s, machine.crash)
        if restart_s < math.inf:
            cluster.at(time_s + restart_s, machine.restart, workers[i].boot)


def checked_crashes(crashes, n_machines):
    """Return ``crashes`` as a list of a time and the number of a machine."""
    try:
        pairs = [(time_s, number) for time_s, number in crashes]
    except (TypeError, ValueError):
        raise TypeError(
            f"crashes must be pairs (seconds, number of a machine); got {crashes!r:.60}."
        ) from None
    return [
        (
            check_number(time_s, "the time of a crash", low=0.0, high=math.inf, open_high=True),
            check_count(number, "the machine of a crash", low=0, high=n_machines - 1),
        )
        for time_s, number in pairs
    ]


def _performer(job, splits, work, patience_s, tries):
    def perform(worker, kind, task, doers=None):
        """A process on a worker: do a task; return the message for the master."""
        machine = worker.machine
        if kind == "map":
            yield machine.work(work[kind](machine.rng, task), f"map {task}")
            output = map_task(job, splits[task])
            machine.disk["map", task] = output.runs
            return "done", kind, task, shape_of(output)
        runs = []
        for i, doer in enumerate(doers):
            for _ in range(tries):
                run = yield machine.ask(doer, ("fetch", i, task), timeout_s=patience_s)
                if run is not None:
                    break
            else:
                return "lost", kind, task, doer
            runs.append(run)
        yield machine.work(work[kind](machine.rng, task), f"reduce {task}")
        return "done", kind, task, reduce_task(job, runs)

    return perform


def _checked(seconds, name):
    """Return ``seconds`` as a function of a generator and the number of a task."""
    if callable(seconds):
        return seconds
    seconds = check_number(seconds, name, low=0.0, high=1e9)
    return lambda rng, task: seconds
