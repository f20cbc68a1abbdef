"""Faults: how soon a cluster fails, and what a long job pays to survive it."""

import math

import numpy as np
from scipy.special import gammainc

from course_lib._validation import as_rng, check_count, check_number
from course_lib.cost._times import finite

__all__ = ["checkpoint_interval", "cluster_mttf", "expected_runtime", "simulate_failures"]


MOST_FAILURES = 10**8  # that a simulation keeps
MOST_LIVES = 10**6  # of one machine, one after another


@finite
def cluster_mttf(mttf_s, machines, *, shape=1.0):
    r"""Return the mean time until the first of ``machines`` new machines fails.

    Parameters
    ----------
    mttf_s : float
        Mean time to failure of one machine.
    machines : int
        Number of machines :math:`n`, failing independently.
    shape : float, default 1.0
        Shape :math:`k` of their Weibull lifetimes. 1 is exponential: age does not matter. Below
        1 young machines fail more often; above 1 old ones do, as disks were seen to ([1]).

    Returns
    -------
    float
        :math:`\text{MTTF} / n^{1/k}`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    With ``shape=1`` this is also the mean time between failures for ever after, if broken
    machines are replaced. With another shape it is not: once ages are mixed, the mean time
    between failures is :math:`\text{MTTF}/n` again.

    References
    ----------
    .. [1] B. Schroeder, G. A. Gibson, "Disk failures in the real world: what does an MTTF of
       1,000,000 hours mean to you?", FAST 2007.

    Examples
    --------
    >>> year = 365.25 * 86400.0
    >>> round(cluster_mttf(3 * year, 10_000) / 3600, 2)   # hours
    2.63
    """
    mttf = check_number(mttf_s, "mttf_s", low=0.0, open_low=True)
    machines = check_count(machines, "machines", low=1)
    shape = check_number(shape, "shape", low=0.0, open_low=True)
    return mttf * machines ** (-1 / shape)


def simulate_failures(machines, mttf_s, horizon_s, *, shape=1.0, rng=None):
    r"""Return when machines fail, each being replaced by a new one at once.

    Parameters
    ----------
    machines : int
        Number of machines.
    mttf_s : float
        Mean time to failure of one machine.
    horizon_s : float
        Time at which the simulation ends.
    shape : float, default 1.0
        Shape of the Weibull lifetimes, between 0.01 and 100, see `cluster_mttf`.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array, shape (f,)
        Times of all failures up to the horizon, increasing.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number, or too many failures are to be expected.

    Notes
    -----
    **Cost.** One draw for each life; expected :math:`n (1 + \text{horizon}/\text{MTTF})` with
    shape 1.

    Examples
    --------
    >>> bool(np.all(simulate_failures(100, 1.0, 0.5, rng=0) <= 0.5))
    True
    """
    machines = check_count(machines, "machines", low=1)
    mttf = check_number(mttf_s, "mttf_s", low=0.0, open_low=True)
    horizon = check_number(horizon_s, "horizon_s", low=0.0, open_high=True)
    shape = check_number(shape, "shape", low=0.01, high=100.0)
    rng = as_rng(rng)
    _check_failures(machines, mttf, horizon, shape)
    scale = mttf / math.gamma(1 + 1 / shape)
    alive, failures = np.zeros(machines), []
    while len(alive):
        alive = alive + scale * rng.weibull(shape, size=len(alive))
        alive = alive[alive <= horizon]
        failures.append(alive)
    return np.sort(np.concatenate(failures))


def _check_failures(machines, mttf, horizon, shape):
    """Refuse a simulation that would not end, or not fit in memory.

    By Erickson's inequality for renewals, a machine has at most 2 horizon / E min(life, horizon)
    lives on average.
    """
    if not horizon:
        return
    with np.errstate(all="ignore"):
        lives_end = np.float64(horizon * math.gamma(1 + 1 / shape) / mttf) ** shape
        lives = 2 * horizon / (mttf * gammainc(1 / shape, lives_end))
    if not (lives <= MOST_LIVES and machines * (1 + lives) <= MOST_FAILURES):
        raise ValueError(
            f"horizon_s must leave at most {MOST_LIVES:.0e} lives of a machine and "
            f"{MOST_FAILURES:.0e} of all; these arguments ask for about {lives:.0e} of each of "
            f"{machines:.0e} machines, end sooner."
        )


@finite
def checkpoint_interval(save_s, mttf_s):
    r"""Return how long to work between two checkpoints.

    Parameters
    ----------
    save_s : float
        Seconds that a checkpoint takes.
    mttf_s : float
        Mean time to failure of the cluster, much longer than ``save_s``.

    Returns
    -------
    float
        :math:`\sqrt{2 \cdot \text{save} \cdot \text{MTTF}}`, Young's first-order optimum.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    References
    ----------
    .. [1] J. W. Young, "A first order approximation to the optimum checkpoint interval",
       Comm. ACM 17(9), 1974.

    Examples
    --------
    >>> checkpoint_interval(50.0, 10_000.0)
    1000.0
    """
    save = check_number(save_s, "save_s", low=0.0, open_low=True)
    return math.sqrt(2 * save * check_number(mttf_s, "mttf_s", low=0.0, open_low=True))


def expected_runtime(work_s, interval_s, save_s, mttf_s):
    r"""Return the expected seconds of a job that saves at intervals and starts over from there.

    Parameters
    ----------
    work_s : float
        Seconds of work without failures and checkpoints.
    interval_s : float
        Work between two checkpoints.
    save_s : float
        Seconds that a checkpoint takes.
    mttf_s : float
        Mean time to failure; failures come by an exponential law, and restart takes no time.

    Returns
    -------
    float
        :math:`\frac{\text{work}}{\tau} M (e^{(\tau + \text{save})/M} - 1)`, exact if the work is
        a whole number of intervals; infinite where the exponential overflows.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Examples
    --------
    >>> round(expected_runtime(1e5, 1000.0, 50.0, 10_000.0))
    110711
    """
    work = check_number(work_s, "work_s", low=0.0, open_high=True)
    interval = check_number(interval_s, "interval_s", low=0.0, open_low=True, open_high=True)
    save = check_number(save_s, "save_s", low=0.0, open_high=True)
    mttf = check_number(mttf_s, "mttf_s", low=0.0, open_low=True, open_high=True)
    try:
        return work / interval * mttf * math.expm1((interval + save) / mttf)
    except OverflowError:
        return math.inf
