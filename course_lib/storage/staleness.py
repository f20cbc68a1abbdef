"""How often a read of too few copies is stale: by counting sets, and by the four legs of PBS.

stale_rate               reads after a write that is sent to all, from the times of messages
miss_probability         reads of random copies, when W of N were written and nothing spreads
sloppy_miss_probability  the same, when nodes are out of reach and others took their writes
"""

import math

import numpy as np
from scipy.stats import binom

from course_lib._validation import as_rng, check_count, check_number

__all__ = ["miss_probability", "sloppy_miss_probability", "stale_rate"]

MOST_COPIES = 1000
BLOCK = 1 << 16  # trials at a time


def stale_rate(
    n, r, w, *, gap_s=0.0, write_s=1.0, ack_s=1.0, read_s=1.0, reply_s=1.0, trials=100_000, rng=0
):
    r"""Return the share of reads that miss a write, by drawing the times of all messages.

    Parameters
    ----------
    n, r, w : int
        Copies, and how many of them a read and a write wait for.
    gap_s : float, default 0
        Seconds between the acknowledgment of the write and the beginning of the read.
    write_s, ack_s, read_s, reply_s : float or callable
        Seconds of the four messages between a coordinator and a copy: the mean of an exponential,
        or ``draw(rng, shape)``, which returns an array of seconds.
    trials : int, default 100,000
    rng : Generator, int or None, default 0

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or drawn seconds are negative or of the wrong shape.

    Notes
    -----
    **Model.** [1], Section 4.1: the write is sent to all n copies, and acknowledged when w
    answers are in; then the read is sent to all, and takes the newest of the first r answers. A
    copy answers with the new value if the write came before the question. No other writes, no
    read repair. Time counts from the acknowledgment.

    **Cost.** O(n log n) a trial.

    **Guarantee.** 0 if r + w > n. Else an unbiased estimate, with a standard error of
    :math:`\sqrt{p(1-p)/\text{trials}}`.

    References
    ----------
    .. [1] P. Bailis et al., "Probabilistically bounded staleness for practical partial quorums",
       PVLDB 5(8), 2012.

    Examples
    --------
    >>> stale_rate(3, 2, 2), 0.2 < stale_rate(3, 1, 1) < 0.3
    (0.0, True)
    """
    n, r, w = _check_quorum(n, r, w)
    gap_s = check_number(gap_s, "gap_s", low=0.0, high=1e9)
    trials, rng = check_count(trials, "trials", low=1), as_rng(rng)
    legs = [
        _draws(leg, name)
        for leg, name in (
            (write_s, "write_s"),
            (ack_s, "ack_s"),
            (read_s, "read_s"),
            (reply_s, "reply_s"),
        )
    ]
    stale = 0
    for start in range(0, trials, BLOCK):
        shape = min(BLOCK, trials - start), n
        write, ack, read, reply = (draw(rng, shape) for draw in legs)
        acknowledged = np.sort(write + ack, axis=1)[:, w - 1, None]
        fresh = acknowledged + gap_s + read >= write
        first = np.argsort(read + reply, axis=1)[:, :r]
        stale += shape[0] - int(np.take_along_axis(fresh, first, axis=1).any(axis=1).sum())
    return stale / trials


def _draws(leg, name):
    if not callable(leg):
        mean_s = check_number(leg, name, low=0.0, high=1e9)
        return lambda rng, shape: rng.exponential(mean_s, shape)

    def draw(rng, shape):
        seconds = np.asarray(leg(rng, shape), dtype=float)
        if seconds.shape != shape or not (np.isfinite(seconds).all() and (seconds >= 0).all()):
            raise ValueError(f"{name} must draw finite seconds, not negative, of shape {shape}.")
        return seconds

    return draw


def miss_probability(n, r, w, *, versions=1):
    r"""Return the chance that r random copies of n hold none of the last writes, each on w.

    :math:`\left(\binom{n-w}{r} / \binom{n}{r}\right)^k` for k versions.

    Parameters
    ----------
    n, r, w : int
        Copies, and how many of them a read asks and a write reaches.
    versions : int, default 1
        :math:`k`: the read misses all of the last k writes, each on w copies of its own draw.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or not an integer.

    Notes
    -----
    **Guarantee.** Exact ([1], Section 3.1) if the copies are drawn anew for each write and read,
    and nothing spreads: no write to all, no read repair. 0 if r + w > n.

    References
    ----------
    .. [1] P. Bailis et al., "Probabilistically bounded staleness for practical partial quorums",
       PVLDB 5(8), 2012.

    Examples
    --------
    >>> round(miss_probability(3, 1, 1), 3), miss_probability(3, 2, 2)
    (0.667, 0.0)
    """
    n, r, w = _check_quorum(n, r, w)
    k = check_count(versions, "versions", low=1)
    return (math.comb(n - w, r) / math.comb(n, r)) ** k


def sloppy_miss_probability(n, r, w, *, unreachable):
    r"""Return the chance that a read misses a sloppy write, whatever r + w is.

    Parameters
    ----------
    n, r, w : int
        Copies, and how many of them a read and a write wait for.
    unreachable : float
        :math:`q`, chance of each of the n nodes to be out of reach of the writer, and back for the
        reader before a hint is handed over.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** With u of the n nodes in reach, :math:`\min(u, w)` of them hold the value, and a
    read misses it with :math:`m_u = \binom{n-\min(u,w)}{r} / \binom{n}{r}`, if each r of them are
    equally likely to answer first: :math:`\sum_u \binom{n}{u} (1-q)^u q^{n-u} m_u`, exact. For
    n = 3, r = w = 2 it is :math:`q^2(1-q) + q^3 = q^2`.

    Examples
    --------
    Strict quorums of this size never miss:

    >>> round(sloppy_miss_probability(3, 2, 2, unreachable=0.1), 6)
    0.01
    """
    n, r, w = _check_quorum(n, r, w)
    q = check_number(unreachable, "unreachable", low=0.0, high=1.0)
    reached = np.arange(n + 1)
    missed = [math.comb(n - min(u, w), r) / math.comb(n, r) for u in range(n + 1)]
    return float(binom.pmf(reached, n, 1 - q) @ missed)


def _check_quorum(n, r, w):
    n = check_count(n, "n", low=1, high=MOST_COPIES)
    r = check_count(r, "r", low=1, high=n, high_name="n")
    return n, r, check_count(w, "w", low=1, high=n, high_name="n")
