r"""Durability: how long data lives that is kept more than once.

mttdl, mttdl_approximation     mean time to data loss of units that fail and are repaired
simulate_data_loss             the same by simulation, also for units that grow old
copyset_loss                   chance that a power cut takes all copies of something
random_copysets, permuted_copysets, simulate_power_cuts
"""

import math

import numpy as np
from numba import njit

from course_lib._validation import as_rng, check_count, check_flag, check_number

__all__ = [
    "mttdl",
    "mttdl_approximation",
    "simulate_data_loss",
]

MOST_UNITS = 10_000


def mttdl(n_units, n_tolerated, mttf_s, mttr_s, *, parallel=True):
    r"""Return the mean time to data loss of units that fail and are repaired, exactly.

    Parameters
    ----------
    n_units : int
        :math:`n`, disks or machines that hold one fragment each; at most 10,000.
    n_tolerated : int
        :math:`f`, losses that are survived; data are lost with the next one.
    mttf_s : float
        Mean time to failure of a unit, exponential. Any unit of time, the same for the next.
    mttr_s : float
        Mean time of a repair, exponential.
    parallel : bool, default True
        Whether all lost units are repaired at the same time, or one after another.

    Returns
    -------
    float
        In the unit of the arguments, from a start with all units whole.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number, or the answer overflows.

    Notes
    -----
    With i units lost, the next failure comes at rate :math:`\lambda_i = (n - i) / \text{MTTF}`
    and the next repair at rate :math:`\mu_i = i / \text{MTTR}` (or 1/MTTR). Let :math:`h_i` be the
    mean time from i losses to i + 1 for the first time: :math:`h_0 = 1 / \lambda_0`,

    .. math:: h_i = \frac{1}{\lambda_i} + \frac{\mu_i}{\lambda_i} h_{i-1},

    and the answer is :math:`h_0 + \dots + h_f`. Only positive numbers are added, so nothing
    cancels. The linear equations of the same chain are nearly singular: solved in floats they were
    73% off for 14 units that tolerate 4 losses.

    **Cost.** :math:`O(f)`.

    **Guarantee.** Exact for failures and repairs that are exponential and independent, repairs
    that always succeed. Real disks are neither ([2]); see `simulate_data_loss`.

    References
    ----------
    .. [1] D. A. Patterson, G. Gibson, R. H. Katz, "A case for redundant arrays of inexpensive
       disks (RAID)", SIGMOD 1988.
    .. [2] B. Schroeder, G. A. Gibson, "Disk failures in the real world", FAST 2007.

    Examples
    --------
    Two disks that live 10 days and are replaced within one: 5 days to the first loss, then, with 10
    days to the second or one to the repair, 10 + 10 * 5:

    >>> mttdl(2, 1, 10.0, 1.0)
    65.0
    """
    n, f, mttf, mttr = _check_units(n_units, n_tolerated, mttf_s, mttr_s)
    repairs = range(f + 1) if check_flag(parallel, "parallel") else [0] + [1] * f
    total = step = 0.0
    for i, busy in enumerate(repairs):
        step = (mttf + busy * (mttf / mttr) * step) / (n - i)
        total += step
    return _finite(total, "mttdl")


def mttdl_approximation(n_units, n_tolerated, mttf_s, mttr_s, *, parallel=True):
    r"""Return the usual formula for the mean time to data loss, for repairs that are quick.

    Parameters
    ----------
    n_units, n_tolerated, mttf_s, mttr_s, parallel
        As for `mttdl`.

    Returns
    -------
    float
        :math:`\frac{f!\, \text{MTTF}^{f+1}}{n (n-1) \cdots (n-f)\, \text{MTTR}^f}`, or without
        :math:`f!` if repairs come one after another.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number, or the answer overflows.

    Notes
    -----
    The term of highest order in MTTF/MTTR of `mttdl`: what is left out is positive, so it is below.
    Near it only where n times MTTR is much less than MTTF: all units' repairs together, not one's.

    Examples
    --------
    >>> mttdl_approximation(2, 1, 10.0, 1.0)
    50.0
    """
    n, f, mttf, mttr = _check_units(n_units, n_tolerated, mttf_s, mttr_s)
    parallel = check_flag(parallel, "parallel")
    product = mttf / n
    for i in range(1, f + 1):
        product *= mttf / mttr / (n - i) * (i if parallel else 1)
    return _finite(product, "mttdl_approximation")


def _check_units(n_units, n_tolerated, mttf_s, mttr_s):
    n = check_count(n_units, "n_units", low=1, high=MOST_UNITS)
    f = check_count(n_tolerated, "n_tolerated", low=0, high=n - 1, high_name="n_units - 1")
    mttf = check_number(mttf_s, "mttf_s", low=0.0, open_low=True, open_high=True)
    return n, f, mttf, check_number(mttr_s, "mttr_s", low=0.0, open_low=True, open_high=True)


def _finite(answer, name):
    if not 0 < answer < math.inf:
        raise ValueError(
            f"{name} must have a finite answer above 0; these arguments are too large or too small "
            "for one, look at their units."
        )
    return answer


def simulate_data_loss(
    n_units,
    n_tolerated,
    mttf_s,
    mttr_s,
    n_lives,
    *,
    parallel=True,
    shape=1.0,
    unreadable=0.0,
    rng=None,
):
    r"""Return the times to data loss of simulated arrays of units.

    Parameters
    ----------
    n_units, n_tolerated, mttf_s, mttr_s, parallel
        As for `mttdl`.
    n_lives : int
        Arrays to simulate, each from new until its data are lost.
    shape : float, default 1.0
        Shape of the units' Weibull lifetimes, between 0.01 and 100, as in
        `course_lib.cost.simulate_failures`; a repaired unit is new.
    unreadable : float, default 0.0
        Chance that data are lost when the last loss that is tolerated has happened, since what is
        left cannot be read in full.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array of float64, shape (n_lives,)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number, or the simulation would not end.

    Notes
    -----
    **Cost.** :math:`O(n)` for each failure and each repair, of which there are about
    :math:`n \cdot \text{MTTDL} / \text{MTTF}` in a life.

    Examples
    --------
    >>> lives = simulate_data_loss(2, 1, 10.0, 1.0, 4000, rng=0)
    >>> bool(abs(lives.mean() - 65.0) < 3 * lives.std() / 4000**0.5)
    True
    """
    expected = mttdl_approximation(n_units, n_tolerated, mttf_s, mttr_s, parallel=parallel)
    n, f, mttf, mttr = _check_units(n_units, n_tolerated, mttf_s, mttr_s)
    n_lives = check_count(n_lives, "n_lives", low=1, high=10**7)
    shape = check_number(shape, "shape", low=0.01, high=100.0)
    unreadable = check_number(unreadable, "unreadable", low=0.0, high=1.0)
    failures = expected / mttf * n
    if not n_lives * n * (n + failures) <= 1e10:
        raise ValueError(
            f"n_lives must leave a simulation of at most 10**10 steps; these arguments ask for "
            f"about {failures:.0e} failures in each of {n_lives} lives, let units fail sooner."
        )
    scale = mttf / math.gamma(1 + 1 / shape)
    setting = n, f, scale, shape, mttr, bool(parallel), unreadable
    return _lives(n_lives, *setting, as_rng(rng))


@njit(cache=True)
def _lives(n_lives, n, f, scale, shape, mttr, parallel, unreadable, rng):
    """Simulate: each unit has the time of its next event, the end of its life or of its repair."""
    lives, event, whole = np.empty(n_lives), np.empty(n), np.empty(n, np.bool_)
    for life in range(n_lives):
        whole[:] = True
        for unit in range(n):
            event[unit] = scale * rng.weibull(shape)
        n_lost, free = 0, 0.0  # when the only repairer is free
        while True:
            unit = np.argmin(event)
            now = event[unit]
            if whole[unit]:
                n_lost += 1
                if n_lost > f or (n_lost == f and rng.random() < unreadable):
                    break
                begin = now if parallel else max(now, free)
                event[unit] = free = begin + mttr * rng.standard_exponential()
            else:
                n_lost -= 1
                event[unit] = now + scale * rng.weibull(shape)
            whole[unit] = not whole[unit]
        lives[life] = now
    return lives
