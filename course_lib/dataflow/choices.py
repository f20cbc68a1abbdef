"""The power of d choices: ask d queues at random, join the shortest.

balls_into_bins   how full bins are, one ball after the other
choice_tail       share of queues with at least i jobs, in the limit of many queues
choice_time       mean time of a job there
route_jobs        given jobs into queues, exactly: where each goes and when it leaves
simulate_choices  random jobs, measured: with lengths that are fresh, or read from an old board
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import (
    as_rng,
    check_count,
    check_fraction,
    check_indices,
    check_memory,
    check_number,
    check_vector,
)
from course_lib.dataflow._routes import route

__all__ = [
    "ChoiceRun",
    "RoutedJobs",
    "balls_into_bins",
    "choice_tail",
    "choice_time",
    "route_jobs",
    "simulate_choices",
]

BLOCK = 1 << 16  # balls whose choices are drawn at once


class RoutedJobs(NamedTuple):
    """What became of each job."""

    queue: np.ndarray  # (n_jobs,) int64: where it went
    departure_s: np.ndarray  # (n_jobs,): when it had been served
    position: np.ndarray  # (n_jobs,) int64: jobs in its queue as it came, itself among them


class ChoiceRun(NamedTuple):
    """What was measured in a simulation of queues."""

    mean_s: float  # time of a job, waiting and service
    tail: np.ndarray  # (i_max + 1,): share of queues with at least i jobs, in the mean over time
    n_jobs: int  # that were measured


def balls_into_bins(n_balls, n_bins, d=2, *, rng=None):
    r"""Throw balls, each into the emptiest of d bins drawn at random; return the loads.

    Parameters
    ----------
    n_balls, n_bins : int
    d : int, default 2
        Bins that are drawn for a ball, with replacement; of equal ones the first drawn wins.
    rng : Generator, int or None

    Returns
    -------
    array of int64, shape (n_bins,)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no integer.

    Notes
    -----
    **Cost.** d draws and looks a ball.

    **Guarantee.** For n balls into n bins, with probability 1 - o(1) the fullest bin holds
    :math:`(1 + o(1)) \ln n / \ln\ln n` if d = 1, and :math:`\ln\ln n / \ln d + O(1)` if d is 2 or
    more ([1], Theorem 1).

    References
    ----------
    .. [1] Y. Azar, A. Z. Broder, A. R. Karlin, E. Upfal, "Balanced allocations", SIAM Journal on
       Computing 29(1), 1999.

    Examples
    --------
    >>> [int(balls_into_bins(1 << 16, 1 << 16, d, rng=0).max()) for d in (1, 2)]
    [7, 3]
    """
    n_balls = check_count(n_balls, "n_balls", low=0, high=10**11)
    n_bins = check_count(n_bins, "n_bins", low=1, high=2**31 - 1)
    d = check_count(d, "d", low=1, high=1000)
    check_memory(8 * n_bins, "row of bins")
    rng = as_rng(rng)
    loads = np.zeros(n_bins, np.int64)
    for start in range(0, n_balls, BLOCK):
        count = min(BLOCK, n_balls - start)
        _throw(loads, rng.integers(n_bins, size=(count, d), dtype=np.int32))
    return loads


@njit(cache=True)
def _throw(loads, choices):
    for ball in range(len(choices)):
        best = choices[ball, 0]
        for k in range(1, choices.shape[1]):
            if loads[choices[ball, k]] < loads[best]:
                best = choices[ball, k]
        loads[best] += 1


def choice_tail(utilization, d=2, *, i_max=20):
    r"""Return the share of queues with at least i jobs, for i from 0 to ``i_max``.

    Parameters
    ----------
    utilization : float
        :math:`\lambda`, arrivals of a queue in the mean time of a service; between 0 and 1.
    d : int, default 2
    i_max : int, default 20

    Returns
    -------
    array, shape (i_max + 1,)
        :math:`\lambda^{(d^i - 1)/(d - 1)}`, and :math:`\lambda^i` for d = 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** The fixed point of the limit of many queues, if jobs come by a Poisson process,
    services are exponential and the lengths that are compared are those of now ([1]).

    References
    ----------
    .. [1] M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE
       Transactions on Parallel and Distributed Systems 12(10), 2001.

    Examples
    --------
    >>> choice_tail(0.5, 2, i_max=3).tolist()     # 1/2, 1/2**3, 1/2**7
    [1.0, 0.5, 0.125, 0.0078125]
    """
    utilization = check_fraction(utilization, "utilization")
    d = check_count(d, "d", low=1, high=1000)
    i_max = check_count(i_max, "i_max", low=0, high=10**6)
    return utilization ** _exponents(d, i_max)


def choice_time(utilization, d=2):
    r"""Return the mean time of a job, in mean services, in the limit of many queues.

    Parameters
    ----------
    utilization : float
        Between 0 and 1.
    d : int, default 2

    Returns
    -------
    float
        :math:`\sum_{i \ge 1} \lambda^{(d^i - d)/(d - 1)}`; for d = 1, :math:`1/(1 - \lambda)`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** By Little's law: the mean number of jobs in a queue, the sum of `choice_tail`
    from i = 1 on, over the arrivals of a queue. Assumptions as of `choice_tail`.

    Examples
    --------
    >>> round(choice_time(0.99, 1)), round(choice_time(0.99, 2), 3)
    (100, 5.432)
    """
    utilization = check_fraction(utilization, "utilization")
    d = check_count(d, "d", low=1, high=1000)
    if d == 1:
        return 1 / (1 - utilization)
    return float((utilization ** (_exponents(d, 1100)[1:] - 1)).sum())


def _exponents(d, i_max):
    """(d**i - 1) / (d - 1) for i from 0 on: 1 + d + ... + d**(i - 1), infinite when too large."""
    if d == 1:
        return np.arange(i_max + 1.0)
    with np.errstate(over="ignore"):
        return np.r_[0.0, np.cumsum(float(d) ** np.arange(i_max))]


def route_jobs(arrival_s, service_s, choices, n_queues, *, board_s=0.0):
    """Send given jobs to the shortest of the queues that each may choose from.

    Parameters
    ----------
    arrival_s : array, shape (n_jobs,)
        When jobs come, not decreasing.
    service_s : array, shape (n_jobs,)
        What each takes once it is served; a queue serves one job at a time, in order.
    choices : array of int, shape (n_jobs, d)
        Queues that each job may choose from; of equally long ones it takes the first.
    n_queues : int
    board_s : float, default 0
        Jobs see the lengths of queues on a board, which is renewed at every multiple of this time;
        0: the lengths of now. A job that leaves as another comes is gone.

    Returns
    -------
    RoutedJobs

    Raises
    ------
    ValueError, TypeError
        If sizes differ, a time is negative or not finite, arrivals decrease, or a queue is none.

    Notes
    -----
    **Cost.** O(d) a job, and O(``n_queues``) at each renewal of the board. No heap: a queue notes
    departures in their order, and strikes out those of the past when it is looked at.

    Examples
    --------
    Three jobs, two queues: the second finds queue 0 taken, the third finds both taken:

    >>> jobs = route_jobs([0.0, 1.0, 2.0], [5.0, 5.0, 1.0], [[0, 1]] * 3, 2)
    >>> jobs.queue.tolist(), jobs.departure_s.tolist(), jobs.position.tolist()
    ([0, 1, 0], [5.0, 6.0, 6.0], [1, 1, 2])
    """
    n_queues = check_count(n_queues, "n_queues", low=1)
    check_memory(32 * n_queues, "row of queues")
    board_s = check_number(board_s, "board_s", low=0.0, high=math.inf, open_high=True)
    arrival_s = _times(arrival_s, "arrival_s")
    service_s = _times(service_s, "service_s")
    choices = _queues(choices, n_queues)
    if not len(arrival_s) == len(service_s) == len(choices):
        raise ValueError(
            "arrival_s, service_s and choices must be equally long; got "
            f"{len(arrival_s)}, {len(service_s)} and {len(choices)}."
        )
    if np.any(np.diff(arrival_s) < 0):
        raise ValueError("arrival_s must not decrease; sort the jobs.")
    _check_renewals(board_s, arrival_s[-1:], n_queues)
    routed = route(arrival_s, service_s, choices, n_queues, board_s, 0.0, 0)
    return RoutedJobs(*routed[:3])


def simulate_choices(
    n_queues, utilization, d=2, *, horizon_s=400.0, warm_s=100.0, board_s=0.0, i_max=20, rng=None
):
    r"""Measure n queues whose jobs join the shortest of d that they draw at random.

    Parameters
    ----------
    n_queues : int
    utilization : float
        :math:`\lambda`: jobs come by a Poisson process of rate :math:`\lambda n`.
    d : int, default 2
    horizon_s : float, default 400
        Jobs come until then, in mean services; services are exponential, of mean 1.
    warm_s : float, default 100
        Jobs that come before are not measured: the queues begin empty.
    board_s : float, default 0
        As of `route_jobs`: how long lengths are shown before they are renewed.
    i_max : int, default 20
    rng : Generator, int or None

    Returns
    -------
    ChoiceRun

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number, or no job is measured.

    Notes
    -----
    **Cost.** :math:`\lambda n` ``horizon_s`` jobs, see `route_jobs`, and a look at each job ahead.

    **Guarantee.** ``tail[i]`` counts the time that measured jobs spend at place i of their queue,
    the first being served: place i is taken exactly while at least i jobs are there. In the
    steady state its mean is the share of queues with at least i jobs. With d = 1 a queue forgets
    its empty start over :math:`1/(1 - \sqrt\lambda)^2` services: make ``warm_s`` longer than that.

    References
    ----------
    .. [1] M. Mitzenmacher, "How useful is old information?", IEEE Transactions on Parallel and
       Distributed Systems 11(1), 2000.

    Examples
    --------
    >>> one, two = (simulate_choices(200, 0.9, d, rng=0) for d in (1, 2))
    >>> bool(one.mean_s > 8 > 3 > two.mean_s)
    True
    """
    n_queues = check_count(n_queues, "n_queues", low=1)
    utilization = check_fraction(utilization, "utilization")
    d = check_count(d, "d", low=1, high=1000)
    i_max = check_count(i_max, "i_max", low=1, high=10**4)
    horizon_s = check_number(horizon_s, "horizon_s", low=0.0, open_low=True, open_high=True)
    warm_s = check_number(warm_s, "warm_s", low=0.0, high=horizon_s, open_high=True)
    board_s = check_number(board_s, "board_s", low=0.0, high=math.inf, open_high=True)
    rate = utilization * n_queues
    check_memory(32 * n_queues + (80 + 8 * d) * rate * horizon_s, "table of jobs")
    rng = as_rng(rng)
    n_jobs = int(rng.poisson(rate * horizon_s))
    arrival_s = np.sort(rng.uniform(0.0, horizon_s, n_jobs))
    service_s = rng.standard_exponential(n_jobs)
    choices = rng.integers(n_queues, size=(n_jobs, d))
    first = int(np.searchsorted(arrival_s, warm_s))
    if first == n_jobs:
        raise ValueError("horizon_s must leave jobs to measure after warm_s; got none.")
    _check_renewals(board_s, arrival_s[-1:], n_queues)
    places = np.zeros((1, i_max + 1))
    _, departure_s, _, places = route(
        arrival_s, service_s, choices, n_queues, board_s, warm_s, i_max
    )
    tail = places / (n_queues * (horizon_s - warm_s))
    tail[0] = 1.0
    mean_s = float((departure_s[first:] - arrival_s[first:]).mean())
    return ChoiceRun(mean_s, tail, n_jobs - first)


def _times(times, name):
    times = check_vector(times, name, dtype=np.float64)
    if len(times) and times.min() < 0:
        raise ValueError(f"{name} must hold seconds, none negative.")
    return times


def _queues(choices, n_queues):
    choices = check_indices(choices, "choices", n_queues, ndim=2)
    if choices.shape[1] == 0:
        raise ValueError("choices must have at least one column; got none.")
    return np.ascontiguousarray(choices)


def _check_renewals(board_s, last_s, n_queues):
    renewals = float(last_s[0]) / board_s if board_s > 0 and len(last_s) else 0.0
    if renewals * n_queues > 1e10:
        raise ValueError(f"board_s must be longer; {board_s:g} s asks for {renewals:.1e} renewals.")
