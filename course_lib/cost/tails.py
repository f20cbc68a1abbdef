"""The tail at scale: a request that waits for many servers is as slow as the slowest.

probability_of_any   the chance that at least one of n is slow
server_quantile      which quantile of one server decides the whole
simulate_fanout      a request that waits for n servers, hedged or not
hedging_delay        when to ask a second server, for a given extra load
"""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import as_rng, check_count, check_memory, check_number, check_vector
from course_lib.cost._times import finite

__all__ = ["FanOut", "hedging_delay", "probability_of_any", "server_quantile", "simulate_fanout"]


class FanOut(NamedTuple):
    """Latencies of requests that wait for all of their parts."""

    latency_s: np.ndarray  # (requests,), of the slowest part of each
    extra_load: float  # second questions, as a share of the first ones


@finite
def probability_of_any(probability, n):
    r"""Return the chance that at least one of ``n`` independent events happens.

    Parameters
    ----------
    probability : float
        Chance :math:`p` of each event.
    n : int
        Number of events.

    Returns
    -------
    float
        :math:`1 - (1 - p)^n`, to full precision for small :math:`p` too.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    References
    ----------
    .. [1] J. Dean, L. A. Barroso, "The tail at scale", Comm. ACM 56(2), 2013.

    Examples
    --------
    >>> round(probability_of_any(0.01, 100), 3)           # one server in a hundred is slow
    0.634
    """
    p = check_number(probability, "probability", low=0.0, high=1.0)
    n = check_count(n, "n", low=0)
    if p == 1.0:
        return float(n > 0)
    return -math.expm1(n * math.log1p(-p))


@finite
def server_quantile(quantile, fanout):
    r"""Return the quantile of one server that decides the quantile of a fan-out.

    Parameters
    ----------
    quantile : float
        Quantile of the whole request, such as 0.99.
    fanout : int
        Number of independent servers that it waits for.

    Returns
    -------
    float
        :math:`q^{1/n}`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Examples
    --------
    >>> round(server_quantile(0.5, 100), 4)               # their 99th percentile is our median
    0.9931
    """
    quantile = check_number(quantile, "quantile", low=0.0, high=1.0)
    return quantile ** (1 / check_count(fanout, "fanout", low=1))


def simulate_fanout(draw, fanout, requests, *, delay_s=math.inf, rng=None):
    r"""Send requests that each wait for ``fanout`` servers, asking again what is slow.

    Parameters
    ----------
    draw : callable
        ``draw(rng, size)`` returns the latencies of ``size`` independent answers, in seconds.
    fanout : int
        Servers that a request waits for.
    requests : int
        Number of requests.
    delay_s : float, default infinity
        A part that has no answer after this time is sent to a second server, and the earlier of
        the two answers counts: a *hedged* request.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    FanOut
        Latency of each request, (requests,), and the share of parts that were asked twice.

    Raises
    ------
    ValueError
        If an argument is out of range, or ``draw`` returns another number of latencies.
    TypeError
        If a count is not an integer, or ``draw`` is no function.

    Notes
    -----
    **Guarantee.** The expected extra load is :math:`P(\text{latency} > \text{delay})`, exactly: to
    add less than 5% the delay must be above the 95th percentile, see `hedging_delay`. The
    second server is taken to be independent of the first; where both are slow for one reason,
    hedging does not help.

    References
    ----------
    .. [1] J. Dean, L. A. Barroso, "The tail at scale", Comm. ACM 56(2), 2013.

    Examples
    --------
    >>> def exponential(rng, size):
    ...     return rng.exponential(0.01, size)
    >>> plain = simulate_fanout(exponential, 100, 1000, rng=0)
    >>> hedged = simulate_fanout(exponential, 100, 1000, delay_s=0.03, rng=0)
    >>> bool(hedged.latency_s.mean() < plain.latency_s.mean()), plain.extra_load
    (True, 0.0)
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function of rng and size; got {draw!r}.")
    fanout = check_count(fanout, "fanout", low=1)
    requests = check_count(requests, "requests", low=1)
    delay = check_number(delay_s, "delay_s", low=0.0)
    rng = as_rng(rng)
    check_memory(16 * fanout * requests, "table of latencies")
    first = _draw(draw, rng, fanout * requests)
    again = np.flatnonzero(first > delay)
    first[again] = np.minimum(first[again], delay + _draw(draw, rng, len(again)))
    slowest = first.reshape(requests, fanout).max(axis=1)
    return FanOut(slowest, len(again) / first.size)


def hedging_delay(latency_s, extra_load):
    """Return the shortest delay after which a second question adds at most ``extra_load``.

    Parameters
    ----------
    latency_s : array_like, shape (n,)
        Observed latencies of single servers.
    extra_load : float
        Second questions allowed, as a share of the first ones, between 0 and 1.

    Returns
    -------
    float
        The smallest observed latency that at most this share of the observations exceeds.

    Raises
    ------
    ValueError, TypeError
        If there is no latency, one is negative or NaN, or ``extra_load`` is out of range.

    Examples
    --------
    >>> hedging_delay(range(1, 101), 0.05)
    95.0
    """
    latency = np.sort(check_vector(latency_s, "latency_s", dtype=np.float64, finite=False))
    if len(latency) == 0 or not np.all(latency >= 0):
        raise ValueError("latency_s must hold at least one latency, none negative or NaN.")
    extra_load = check_number(extra_load, "extra_load", low=0.0, high=1.0)
    allowed = round(extra_load * len(latency))
    if allowed / len(latency) > extra_load:  # not floor of the product: 0.29 * 100 is below 29
        allowed -= 1
    return float(latency[max(0, len(latency) - 1 - allowed)])


def _draw(draw, rng, size):
    latency = np.array(draw(rng, size), dtype=np.float64)
    if latency.shape != (size,):
        raise ValueError(f"draw must return {size} latencies; got shape {latency.shape}.")
    return latency
