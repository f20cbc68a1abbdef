"""Waiting: queues, and the one law that holds for all of them.

littles_law          items in the system = rate * time in the system
mmc                  one queue, c servers, exponential times: the exact means
pollaczek_khinchine  one server, any service time: variance costs waiting
simulate_queue       when each customer starts and leaves
number_in_system     how many were there on average
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_finite, check_number
from course_lib.cost._times import check_times, finite

__all__ = [
    "Queue",
    "Served",
    "littles_law",
    "mmc",
    "number_in_system",
    "pollaczek_khinchine",
    "simulate_queue",
]


class Queue(NamedTuple):
    """Long-run means of a queue."""

    utilization: float  # share of its time that a server works
    wait_s: float  # from arrival to start
    time_in_system_s: float  # from arrival to departure
    waiting: float  # customers that wait
    in_system: float  # customers that wait or are served


class Served(NamedTuple):
    """What happened to each customer, in order of arrival; seconds since the beginning."""

    arrival_s: np.ndarray  # (n,)
    start_s: np.ndarray  # (n,)
    departure_s: np.ndarray  # (n,)


@finite
def littles_law(*, rate_per_s=None, time_s=None, number=None):
    r"""Return the third of arrival rate, mean time in a system and mean number in it.

    Parameters
    ----------
    rate_per_s, time_s, number : float, optional
        Two of the three.

    Returns
    -------
    float
        The third, from :math:`L = \lambda W`.

    Raises
    ------
    ValueError
        If not exactly two are given, or one is negative, or a divisor is zero.
    TypeError
        If one is no number.

    Notes
    -----
    **Guarantee.** True of every system whose long-run averages exist: no distribution, no order
    of service and no number of servers is assumed.

    References
    ----------
    .. [1] J. D. C. Little, "A proof for the queuing formula L = lambda W", Oper. Res. 9(3), 1961.

    Examples
    --------
    >>> littles_law(rate_per_s=1000.0, time_s=0.05)       # requests in flight
    50.0
    """
    given = {"rate_per_s": rate_per_s, "time_s": time_s, "number": number}
    known = {
        name: check_number(value, name, low=0.0)
        for name, value in given.items()
        if value is not None
    }
    if len(known) != 2:
        raise ValueError(f"give two of rate_per_s, time_s and number; got {len(known)}.")
    if "number" not in known:
        return known["rate_per_s"] * known["time_s"]
    divisor = "time_s" if "time_s" in known else "rate_per_s"
    if known[divisor] == 0:
        raise ValueError(f"{divisor} must be positive; got 0.")
    return known["number"] / known[divisor]


MOST_SERVERS = 10**6  # Erlang's recursion visits each


@finite
def mmc(arrivals_per_s, services_per_s, servers=1):
    r"""Return the exact means of a queue with Poisson arrivals and exponential services.

    Parameters
    ----------
    arrivals_per_s : float
        :math:`\lambda`, below ``servers * services_per_s``.
    services_per_s : float
        :math:`\mu`, of one server.
    servers : int, default 1
        Servers that share one queue, at most a million.

    Returns
    -------
    Queue
        With one server: time in system :math:`1/(\mu - \lambda)`, number
        :math:`\rho/(1 - \rho)`. With more: Erlang's C formula.

    Raises
    ------
    ValueError
        If more arrives than can be served, or an argument is out of range.
    TypeError
        If an argument is no number.

    Examples
    --------
    >>> round(mmc(0.8, 1.0).in_system, 6), round(mmc(1.6, 1.0, servers=2).wait_s, 6)
    (4.0, 1.777778)
    """
    servers = check_count(servers, "servers", low=1)
    if servers > MOST_SERVERS:
        raise ValueError(
            f"servers must be at most {MOST_SERVERS:,}, since the recursion visits each; "
            f"got {servers}, ask for fewer."
        )
    mu = check_number(services_per_s, "services_per_s", low=0.0, open_low=True)
    rate = _check_rate(arrivals_per_s, servers * mu)
    offered = rate / mu
    # Erlang's B by its recursion, which neither overflows nor loses digits, then C from B.
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    rho = offered / servers
    must_wait = blocked / (1 - rho * (1 - blocked))
    wait = must_wait / (servers * mu - rate)
    return _queue(rate, wait, 1 / mu, servers)


@finite
def pollaczek_khinchine(arrivals_per_s, service_s, *, service_std_s):
    r"""Return the exact means of a queue with Poisson arrivals, one server, any service time.

    Parameters
    ----------
    arrivals_per_s : float
        :math:`\lambda`, below ``1 / service_s``.
    service_s : float
        Mean service time.
    service_std_s : float
        Its standard deviation; 0 if all services take equally long.

    Returns
    -------
    Queue
        Wait :math:`\lambda E[S^2] / (2 (1 - \rho))`: half as long without variance as with
        exponential services, and without limit if a few services are very long.

    Raises
    ------
    ValueError, TypeError
        As `mmc`.

    Examples
    --------
    >>> round(pollaczek_khinchine(0.8, 1.0, service_std_s=0.0).wait_s, 6)
    2.0
    """
    service = check_number(service_s, "service_s", low=0.0, open_low=True)
    deviation = check_number(service_std_s, "service_std_s", low=0.0)
    rate = _check_rate(arrivals_per_s, 1 / service)
    wait = rate * (service**2 + deviation**2) / (2 * (1 - rate * service))
    return _queue(rate, wait, service, 1)


def simulate_queue(interarrival_s, service_s, *, servers=1):
    """Return when each customer of a first-come, first-served queue starts and leaves.

    Parameters
    ----------
    interarrival_s : array_like, shape (n,)
        Seconds from the arrival before to this one; for the first from time zero.
    service_s : array_like, shape (n,)
        Seconds that each customer needs.
    servers : int, default 1
        Servers that share the queue; a customer takes the one that is free first.

    Returns
    -------
    Served
        Arrival, start and departure of each customer, (n,) each.

    Raises
    ------
    ValueError
        If lengths differ, a time is negative or not finite, or ``servers`` is not positive.
    TypeError
        If ``servers`` is not an integer.

    Notes
    -----
    **Cost.** :math:`O(n)` for one server, :math:`O(n\\,\\text{servers})` in general.

    Examples
    --------
    >>> simulate_queue([0.0, 1.0, 1.0], [2.0, 2.0, 1.0]).departure_s
    array([2., 4., 5.])
    """
    interarrival = check_times(interarrival_s, "interarrival_s", 1)
    service = check_times(service_s, "service_s", 1)
    if len(interarrival) != len(service):
        raise ValueError(
            f"interarrival_s and service_s must have one length; "
            f"got {len(interarrival)} and {len(service)}."
        )
    servers = check_count(servers, "servers", low=1)
    with np.errstate(over="ignore"):  # seen below
        arrival = np.cumsum(interarrival)
    start = _starts(arrival, service, np.zeros(min(servers, len(service))))
    departure = check_finite(start + service, "interarrival_s or service_s")
    return Served(arrival, start, departure)


@njit(cache=True)
def _starts(arrival, service, free):
    """Return when each service starts; ``free`` holds when each server is free next."""
    start = np.empty_like(arrival)
    for i in range(arrival.size):
        first = np.argmin(free)
        start[i] = max(arrival[i], free[first])
        free[first] = start[i] + service[i]
    return start


@finite
def number_in_system(served):
    """Return the mean number of customers in the system, seen by a clock.

    Parameters
    ----------
    served : Served
        From `simulate_queue`.

    Returns
    -------
    float
        Mean over the time from zero to the last departure: the area under the number of
        customers, whose steps are the arrivals and departures.

    Raises
    ------
    ValueError
        If nobody was served, or all at time zero.

    Examples
    --------
    >>> number_in_system(simulate_queue([0.0, 1.0], [2.0, 2.0]))
    1.25
    """
    if len(served.arrival_s) == 0:
        raise ValueError("served must hold at least one customer.")
    times = np.concatenate([served.arrival_s, served.departure_s])
    steps = np.repeat([1, -1], len(served.arrival_s))
    if not 0 < times.max() < np.inf:
        raise ValueError("served must end at a positive finite time; before it no clock runs.")
    order = np.argsort(times, kind="stable")
    number = np.cumsum(steps[order])
    times = times[order]
    return float(np.sum(number[:-1] * np.diff(times)) / times[-1])


def _queue(rate, wait, service, servers):
    """Fill in a `Queue` by Little's law."""
    time = wait + service
    return Queue(rate * service / servers, wait, time, rate * wait, rate * time)


def _check_rate(arrivals_per_s, capacity):
    rate = check_number(arrivals_per_s, "arrivals_per_s", low=0.0)
    if not rate < capacity:
        raise ValueError(
            f"arrivals_per_s must be below what can be served, {capacity:g}; got {rate:g}: "
            f"the queue would grow for ever."
        )
    return rate
