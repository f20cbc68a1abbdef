r"""Copysets: which machines hold the copies of a chunk decides how often a power cut loses some.

copyset_loss                         the chance that something is lost
random_copysets, permuted_copysets   placements
simulate_power_cuts                  what is lost, counted
"""

import math

import numpy as np
from numba import njit

from course_lib._validation import as_rng, check_count, check_indices

__all__ = ["copyset_loss", "permuted_copysets", "random_copysets", "simulate_power_cuts"]


def copyset_loss(n_machines, n_failed, n_sets, *, copies=3):
    r"""Return the chance that a power cut loses something, from the number of copysets.

    Parameters
    ----------
    n_machines : int
        :math:`n`, machines.
    n_failed : int
        :math:`F`, of them that do not come back, all sets of so many being equally likely.
    n_sets : int
        :math:`S`, different sets of machines that hold all copies of some chunk.
    copies : int, default 3
        :math:`R`, machines in a set.

    Returns
    -------
    float
        :math:`1 - (1 - \binom{F}{R} / \binom{n}{R})^S`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no integer.

    Notes
    -----
    A set is lost with probability :math:`\binom{F}{R} / \binom{n}{R}`. The mean number of chunks
    that are lost is that times the number of chunks, wherever they are: fewer sets make losses
    rarer and larger.

    **Guarantee.** Exact for sets drawn at random, independently. For disjoint ones it is a little
    too low: each that is lost takes failures from the others, so that losses coincide less often.

    References
    ----------
    .. [1] A. Cidon et al., "Copysets: reducing the frequency of data loss in cloud storage",
       USENIX ATC 2013.

    Examples
    --------
    >>> copyset_loss(5, 3, 1), round(copyset_loss(5, 3, 10), 4)
    (0.1, 0.6513)
    """
    n, F, R = _check_failed(n_machines, n_failed, copies)
    n_sets = check_count(n_sets, "n_sets", low=0, high=2**62)
    share = math.comb(F, R) / math.comb(n, R)
    if share == 1 or n_sets == 0:
        return float(n_sets > 0)
    return 0.0 - math.expm1(n_sets * math.log1p(-share))


def _check_failed(n_machines, n_failed, copies):
    n = check_count(n_machines, "n_machines", low=1, high=10**6)
    F = check_count(n_failed, "n_failed", low=0, high=n, high_name="n_machines")
    return n, F, check_count(copies, "copies", low=1, high=min(n, 100), high_name="n_machines")


def random_copysets(n_machines, n_sets, *, copies=3, rng=None):
    """Return machines for the copies of each chunk, drawn at random.

    Parameters
    ----------
    n_machines : int
    n_sets : int
        Chunks.
    copies : int, default 3
        Different machines for each.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array of int32, shape (n_sets, copies)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no integer.

    Examples
    --------
    >>> random_copysets(100, 4, rng=0).shape
    (4, 3)
    """
    n, _, copies = _check_failed(n_machines, 0, copies)
    n_sets = check_count(n_sets, "n_sets", low=0, high=10**8)
    rng = as_rng(rng)
    sets = rng.integers(n, size=(n_sets, copies), dtype=np.int32)
    for column in range(1, copies):
        wrong = np.arange(n_sets)
        while len(wrong):
            repeated = (sets[wrong, :column] == sets[wrong, column, None]).any(axis=1)
            wrong = wrong[repeated]
            sets[wrong, column] = rng.integers(n, size=len(wrong), dtype=np.int32)
    return sets


def permuted_copysets(n_machines, *, copies=3, permutations=1, rng=None):
    r"""Return few copysets: machines in random order, cut into groups, once or several times.

    Parameters
    ----------
    n_machines : int
    copies : int, default 3
        Machines in a group. Those that are left over are in no group.
    permutations : int, default 1
        :math:`P`. With one the groups are disjoint; a machine shares chunks with about
        :math:`P (R - 1)` others, which help when it has to be repaired.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array of int32, shape (permutations * (n_machines // copies), copies)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no integer.

    References
    ----------
    .. [1] A. Cidon et al., "Copysets: reducing the frequency of data loss in cloud storage",
       USENIX ATC 2013.

    Examples
    --------
    >>> sorted(permuted_copysets(6, rng=0).ravel().tolist())
    [0, 1, 2, 3, 4, 5]
    """
    n, _, copies = _check_failed(n_machines, 0, copies)
    permutations = check_count(permutations, "permutations", low=1, high=10**4)
    rng = as_rng(rng)
    orders = [rng.permutation(n)[: n // copies * copies] for _ in range(permutations)]
    return np.concatenate(orders).reshape(-1, copies).astype(np.int32)


def simulate_power_cuts(sets, n_machines, n_failed, n_trials, *, rng=None):
    """Return how many copysets are lost, in each of some power cuts.

    Parameters
    ----------
    sets : array_like of int, shape (n_sets, copies)
        Machines of each chunk.
    n_machines : int
    n_failed : int
        Machines that do not come back, drawn anew in each trial.
    n_trials : int
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array of int64, shape (n_trials,)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no integer.

    Notes
    -----
    **Cost.** :math:`O(n)` and a look at one machine of most sets, for each trial.

    Examples
    --------
    >>> simulate_power_cuts([[0, 1, 2], [1, 2, 3]], 4, 4, 2, rng=0).tolist()
    [2, 2]
    """
    n, F, _ = _check_failed(n_machines, n_failed, 1)
    sets = check_indices(sets, "sets", n, ndim=2)
    n_trials = check_count(n_trials, "n_trials", low=0, high=10**8)
    rng, failed, lost = as_rng(rng), np.zeros(n, np.bool_), np.empty(n_trials, np.int64)
    for trial in range(n_trials):
        failed[:] = False
        failed[rng.permutation(n)[:F]] = True
        lost[trial] = _count_lost(sets, failed)
    return lost


@njit(cache=True)
def _count_lost(sets, failed):
    lost = 0
    for i in range(len(sets)):
        alive = False
        for j in range(sets.shape[1]):
            if not failed[sets[i, j]]:
                alive = True
                break
        lost += not alive
    return lost
