"""The same program on every rank of a simulated cluster, by the alpha-beta clock."""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_number, check_vector
from course_lib.cost import Cluster, Meter
from course_lib.parallel_optimization.links import SimulatedLink

__all__ = ["Simulated", "simulate"]

MOST_RANKS = 4096
LONGEST_S = 1e9


class Simulated(NamedTuple):
    """What became of the ranks."""

    results: list  # what each rank returned; None if it has not finished
    finished_s: np.ndarray  # (p,): when; infinity if it has not
    waits_for: list  # the rank that each unfinished rank waits for; None if it finished or crashed
    traffic: np.ndarray  # (p, p) int64: bytes sent by the row's rank to the column's
    messages: int
    rounds: int  # the longest chain of messages, each sent after the one before had come
    deliveries: list  # of cost.Delivery, with trace; else empty

    @property
    def seconds(self):
        """When the last of those that finished was done; 0 if none was."""
        done = self.finished_s[np.isfinite(self.finished_s)]
        return float(done.max(initial=0.0))

    @property
    def sent_bytes(self):
        """Bytes sent by each rank, (p,)."""
        return self.traffic.sum(1)


def simulate(
    program, inputs, *, alpha_s=1e-5, bytes_per_s=1.25e9, starts_s=None, crashes=None, trace=False
):
    r"""Run ``program(link, x)`` on as many ranks as there are inputs.

    Parameters
    ----------
    program : callable
        Such as `ring`: a function of a `SimulatedLink` and an input that is a generator.
    inputs : sequence
        One input a rank, from 1 to 4096.
    alpha_s : float, default 10 microseconds
        :math:`\alpha`, what a message costs beside its bytes.
    bytes_per_s : float, default 1.25e9
        :math:`1/\beta`, of each rank's link, in and out at the same time.
    starts_s : sequence of float, optional
        When each rank begins: a straggler begins late. At once by default.
    crashes : dict of int to float, optional
        The time at which a rank crashes.
    trace : bool, default False
        Whether to keep all messages, to draw them.

    Returns
    -------
    Simulated

    Raises
    ------
    RuntimeError
        If ranks wait for each other forever, though none crashed.
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Model.** A message of N bytes takes :math:`\alpha + N\beta` of its sender's port out and of
    its receiver's port in. Arithmetic is free.

    **Guarantee.** Same program, same inputs: same bits, same clock.

    Examples
    --------
    >>> from course_lib.parallel_optimization import ring
    >>> run = simulate(ring, np.ones((4, 8)), alpha_s=1.0, bytes_per_s=16.0)
    >>> run.results[0].tolist()
    [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    >>> run.seconds                                          # 2 * 3 steps of 1 + 16/16
    12.0
    """
    inputs = list(inputs)
    size = check_count(len(inputs), "inputs", low=1, high=MOST_RANKS)
    alpha_s = check_number(alpha_s, "alpha_s", low=0, high=LONGEST_S)
    meter = Meter()
    cluster = Cluster(
        latency_s=0.0, overhead_s=alpha_s, bytes_per_s=bytes_per_s, meter=meter, trace=trace
    )
    links = [SimulatedLink(cluster.machine(rank), size) for rank in range(size)]
    starts_s = _starts(starts_s, size)
    crashes = _crashes(crashes, size)
    results, finished_s = _run(cluster, program, inputs, links, starts_s, crashes)
    alive = [cluster.machines[rank].alive for rank in range(size)]
    waits_for = [
        link.waits_for if alive[link.rank] and finished_s[link.rank] == math.inf else None
        for link in links
    ]
    if not crashes and not np.isfinite(finished_s).all():
        stuck = [f"rank {r} for rank {w}" for r, w in enumerate(waits_for) if w is not None]
        raise RuntimeError(f"ranks must not wait forever; there wait {', '.join(stuck[:4])}.")
    traffic = np.array([link.sent_to for link in links])
    deliveries = cluster.deliveries if trace else []
    return Simulated(
        results, finished_s, waits_for, traffic, meter.messages, meter.rounds, deliveries
    )


def _run(cluster, program, inputs, links, starts_s, crashes):
    results, finished_s = [None] * len(links), np.full(len(links), math.inf)

    def go(link):
        if starts_s[link.rank]:
            yield cluster.machines[link.rank].sleep(starts_s[link.rank])
        results[link.rank] = yield from program(link, inputs[link.rank])
        finished_s[link.rank] = cluster.now

    for rank, time_s in crashes.items():
        cluster.at(time_s, cluster.machines[rank].crash)
    for link in links:
        cluster.machines[link.rank].start(go(link))
    cluster.run()
    return results, finished_s


def _starts(starts_s, size):
    if starts_s is None:
        return [0.0] * size
    starts_s = check_vector(starts_s, "starts_s", size, dtype=np.float64)
    if not (starts_s.min() >= 0 and starts_s.max() <= LONGEST_S):
        raise ValueError(f"starts_s must lie between 0 and {LONGEST_S:g}; got {starts_s.tolist()}.")
    return starts_s.tolist()


def _crashes(crashes, size):
    return {
        check_count(rank, "crashes", low=0, high=size - 1): check_number(
            time_s, "crashes", low=0, high=LONGEST_S
        )
        for rank, time_s in (crashes or {}).items()
    }
