r"""Work queues: who is free takes the next task, whatever the tasks take and whoever crashes."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_finite, check_number, check_vector
from course_lib.cost import Cluster, simulate_queue

__all__ = ["QueueRun", "makespan", "makespan_bound", "simulate_work", "work_queue"]


class QueueRun(NamedTuple):
    """What became of the tasks."""

    done_s: np.ndarray  # (n,): when the result of each task had come back; infinity if it has not
    worker: np.ndarray  # (n,): who did it; -1 if nobody did
    started: np.ndarray  # (n,): how often it was given to somebody
    seconds: float  # when the last result came back that came
    spans: list  # of cost.Span: the work of each worker, as a Gantt chart draws it


def makespan(seconds, n_workers):
    """Return when the last task is done if who is free takes the next: list scheduling.

    Parameters
    ----------
    seconds : array, shape (n,)
        What each task takes, in the order in which they are given out; at least one.
    n_workers : int
        At least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a time is negative or not finite, or ``n_workers`` is no positive integer.

    Examples
    --------
    >>> makespan([1.0, 1.0, 2.0], 2), makespan([2.0, 1.0, 1.0], 2)
    (3.0, 2.0)
    """
    seconds = _check_seconds(seconds)
    served = simulate_queue(np.zeros(len(seconds)), seconds, servers=n_workers)
    return float(served.departure_s.max())


def makespan_bound(seconds, n_workers):
    r"""Return :math:`\sum s_i / p + (1 - 1/p) \max s_i`, below which `makespan` stays.

    Parameters
    ----------
    seconds, n_workers
        As of `makespan`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        As `makespan`.

    Notes
    -----
    **Guarantee.** In every order: when the last task to end began, nobody was idle ([1]). No
    schedule is shorter than :math:`\sum s_i/p` or :math:`\max s_i`, so a queue takes at most
    :math:`2 - 1/p` times the best. p(p - 1) tasks of one second and then one of p attain it.

    References
    ----------
    .. [1] R. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17(2),
       1969.

    Examples
    --------
    >>> makespan_bound([1.0, 1.0, 2.0], 2)
    3.0
    """
    seconds = _check_seconds(seconds)
    p = check_count(n_workers, "n_workers", low=1)
    return float(check_finite(seconds.sum() / p + (1 - 1 / p) * seconds.max(), "seconds"))


def simulate_work(
    seconds, n_workers, *, static=False, alpha_s=0.0, crashes=None, patience_s=math.inf
):
    """Give tasks to the workers of a simulated cluster, of whom some crash.

    Parameters
    ----------
    seconds : array, shape (n,)
        What each task takes.
    n_workers : int
        From 1 to 4096.
    static : bool, default False
        Whether worker w gets tasks w, w + p, ... whatever happens, in place of the next task.
    alpha_s : float, default 0
        Seconds that a message takes, to a worker and back.
    crashes : dict of int to float, optional
        The time at which a worker crashes.
    patience_s : float, default infinity
        A worker that does not answer for so long is taken for dead, and its task is given to the
        next who is free; a static plan has nobody to give it to. It must be longer than any task:
        else the living are taken for dead, and what they bring is not taken.

    Returns
    -------
    QueueRun

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** Without crashes and messages that take time it ends at `makespan`. With
    patience beyond the longest task every task is done as long as one worker lives.

    Examples
    --------
    >>> run = simulate_work([1.0] * 6, 3, crashes={2: 0.5}, patience_s=1.5)
    >>> run.seconds, run.started.tolist()
    (3.0, [1, 1, 2, 1, 1, 1])
    >>> simulate_work([1.0] * 6, 3, static=True, crashes={2: 0.5}).worker.tolist()
    [0, 1, -1, 0, 1, -1]
    """
    seconds = _check_seconds(seconds)
    p = check_count(n_workers, "n_workers", low=1, high=4096)
    patience_s = check_number(patience_s, "patience_s", low=0, open_low=True)
    cluster = Cluster(latency_s=0.0, overhead_s=check_number(alpha_s, "alpha_s", low=0, high=1e9))
    master = _Master(cluster, seconds, p, static, patience_s)
    for w, time_s in (crashes or {}).items():
        worker = cluster.machines[check_count(w, "crashes", low=0, high=p - 1)]
        cluster.at(time_s, worker.crash)
    master.begin()
    cluster.run()
    finished = master.done_s[np.isfinite(master.done_s)]
    last = float(finished.max(initial=0.0))
    return QueueRun(master.done_s, master.worker, master.started, last, cluster.spans)


class _Master:
    """Who gives out the tasks, by a process for each worker."""

    def __init__(self, cluster, seconds, p, static, patience_s):
        n = len(seconds)
        self.cluster, self.seconds, self.patience_s = cluster, seconds, patience_s
        self.machine = cluster.machine("master")
        for w in range(p):
            cluster.machine(w, self.do)
        self.done_s, self.worker = np.full(n, math.inf), np.full(n, -1)
        self.started, self.idle = np.zeros(n, int), []
        common = list(range(n))
        self.plans = [common[w::p] if static else common for w in range(p)]
        self.static = static

    def do(self, machine, source, task):
        yield machine.work(self.seconds[task], f"task {task}")
        return task

    def begin(self):
        for w in range(len(self.plans)):
            self.machine.start(self.attend(w))

    def attend(self, w):
        """Give tasks to a worker as long as there are any and it answers."""
        plan = self.plans[w]
        while plan:
            task = plan.pop(0)
            if self.done_s[task] < math.inf:
                continue
            self.started[task] += 1
            answer = yield self.machine.ask(w, task, timeout_s=self.patience_s)
            if answer is None:
                if not self.static:
                    plan.append(task)
                    self.wake()
                return
            if self.done_s[task] == math.inf:
                self.done_s[task], self.worker[task] = self.cluster.now, w
        self.idle.append(w)

    def wake(self):
        """Somebody has nothing to do: let him look again."""
        if self.idle:
            self.machine.start(self.attend(self.idle.pop(0)))


def work_queue(function, tasks, *, n_workers=2, client=None):
    """Return ``function(task)`` of all tasks, in their order; who is free takes the next.

    Parameters
    ----------
    function : callable
    tasks : sequence
    n_workers : int, default 2
        Threads; with a client its own workers do the work.
    client : distributed.Client, optional
        If one of its workers dies, its tasks go to the others.

    Returns
    -------
    list

    Raises
    ------
    ValueError, TypeError
        If ``n_workers`` is no positive integer, or ``function`` cannot be called.

    Examples
    --------
    >>> work_queue(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    n_workers = check_count(n_workers, "n_workers", low=1)
    if not callable(function):
        raise TypeError(f"function must be one that can be called; got {function!r}.")
    tasks = list(tasks)
    if client is not None:
        return client.gather(client.map(function, tasks, pure=False))
    with ThreadPoolExecutor(n_workers) as threads:
        return list(threads.map(function, tasks))


def _check_seconds(seconds):
    seconds = check_vector(seconds, "seconds", dtype=np.float64)
    if len(seconds) == 0 or seconds.min() < 0:
        raise ValueError("seconds must hold at least one time, none negative.")
    return seconds
