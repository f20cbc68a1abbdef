"""A parameter server on the simulated cluster: whose gradient is how old, and who may crash."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_memory, check_number, check_vector
from course_lib.cost import Cluster, Meter, Signal

__all__ = ["ServerRun", "parameter_server"]

LONGEST_S = 1e9


class ServerRun(NamedTuple):
    """What the server did."""

    x: np.ndarray  # (n,): the last model
    path: np.ndarray  # (updates + 1, n): the model before and after each update
    worker: np.ndarray  # (updates,): whose gradient; -1 for the mean of all
    staleness: np.ndarray  # (updates,): updates since the model of which the gradient was taken
    applied_s: np.ndarray  # (updates,): when
    messages: int
    sent_bytes: int


def parameter_server(
    losses, n_updates, *, step, work_s=1.0, alpha_s=1e-5, bytes_per_s=1.25e9, synchronous=False,
    crashes=None, x0=None,
):  # fmt: skip
    r"""Run workers that push gradients to a server and get the newest model back.

    Parameters
    ----------
    losses : sequence
        What each worker knows: objects with ``evaluate(x)``, which returns value and gradient.
    n_updates : int
        The server stops after so many updates, or when nothing can happen any more.
    step : float
        Length of an update: along one worker's gradient, or the mean of all if ``synchronous``.
    work_s : float or sequence of float, default 1
        Seconds that a gradient takes, for each worker.
    alpha_s, bytes_per_s : float
        As of `simulate`.
    synchronous : bool, default False
        Whether the server waits until it has a gradient of each worker.
    crashes : dict of int to float, optional
        The time at which a worker crashes; the server does not.
    x0 : array, shape (n,), optional
        Start; zero by default, with the columns of ``losses[0].A``.

    Returns
    -------
    ServerRun
        With fewer updates than wanted if workers crashed: one is enough to stop a synchronous
        server; the other kind stops when the last worker does.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Cost.** Two messages of n numbers an update, one gradient.

    **Guarantee.** With p equally fast workers a gradient is p - 1 updates old, after the first p.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> workers = [SquaredLoss([[1.0]], [1.0])] * 3
    >>> parameter_server(workers, 6, step=0.25).staleness.tolist()
    [0, 1, 2, 2, 2, 2]
    >>> run = parameter_server(workers, 6, step=0.25, crashes={1: 0.5})
    >>> run.worker.tolist()
    [0, 2, 0, 2, 0, 2]
    >>> len(parameter_server(workers, 6, step=0.25, synchronous=True, crashes={1: 0.5}).worker)
    0
    """
    losses = list(losses)
    p = check_count(len(losses), "losses", low=1, high=4096)
    n_updates = check_count(n_updates, "n_updates", low=1)
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    n = losses[0].A.shape[1]
    x = np.zeros(n) if x0 is None else check_vector(x0, "x0", n)
    check_memory(8 * n * n_updates, "path of the server")
    work_s = _per_worker(work_s, p)
    cluster = Cluster(latency_s=0.0, overhead_s=alpha_s, bytes_per_s=bytes_per_s, meter=Meter())
    server = _Server(cluster, p if synchronous else 1, n_updates, step, x.astype(np.float64))
    for worker in range(p):
        cluster.machine(worker)
    for worker, time_s in (crashes or {}).items():
        worker = check_count(worker, "crashes", low=0, high=p - 1)
        cluster.at(time_s, cluster.machines[worker].crash)
    for worker in range(p):
        machine = cluster.machines[worker]
        machine.start(_work(machine, losses[worker], server, work_s[worker]))
    cluster.run()
    return server.report(cluster.meter)


class _Server:
    """The model and what became of it; it waits for ``need`` gradients before it moves."""

    def __init__(self, cluster, need, n_updates, step, x):
        self.cluster, self.need, self.n_updates, self.step = cluster, need, n_updates, step
        self.path, self.log, self.waiting, self.moved = [x], [], [], Signal()
        cluster.machine("server", self.serve, slots=1)

    @property
    def done(self):
        return len(self.log) >= self.n_updates

    def serve(self, machine, worker, message):
        if message is not None and not self.done:
            self.waiting.append((worker, *message))
            if len(self.waiting) < self.need:
                return self.later()
            self.move()
        return len(self.log), self.path[-1]

    def later(self):
        yield self.moved
        return len(self.log), self.path[-1]

    def move(self):
        workers, versions, gradients = zip(
            *sorted(self.waiting, key=lambda one: one[0]), strict=True
        )
        age = len(self.log) - min(versions)
        who = workers[0] if self.need == 1 else -1
        self.path.append(self.path[-1] - self.step * np.mean(gradients, axis=0))
        self.log.append((who, age, self.cluster.now))
        self.waiting = []
        self.moved.fire()

    def report(self, meter):
        worker, staleness, applied_s = np.array(self.log, dtype=float).reshape(-1, 3).T
        return ServerRun(
            self.path[-1], np.array(self.path), worker.astype(int), staleness.astype(int),
            applied_s, meter.messages, meter.sent_bytes,
        )  # fmt: skip


def _work(machine, loss, server, work_s):
    version, x = yield machine.ask("server", None)
    while not server.done:
        yield machine.work(work_s)
        _, gradient = loss.evaluate(x)
        version, x = yield machine.ask("server", (version, gradient))


def _per_worker(work_s, p):
    """Return the seconds of a gradient for each worker."""
    if isinstance(work_s, int | float):
        work_s = [check_number(work_s, "work_s", low=0, high=LONGEST_S, open_low=True)] * p
    work_s = check_vector(work_s, "work_s", p, dtype=np.float64)
    if not (work_s.min() > 0 and work_s.max() <= LONGEST_S):
        raise ValueError(f"work_s must lie in (0, {LONGEST_S:g}]; got {work_s.tolist()}.")
    return work_s.tolist()
