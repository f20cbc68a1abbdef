"""What theory promises: how sparse a code must be to be found, how fast descent comes near."""

import math

import numpy as np

from course_lib._rates import check_start, check_steps
from course_lib._validation import (
    check_count,
    check_finite,
    check_matrix,
    check_number,
)

__all__ = ["coherence", "fista_bound", "ista_bound", "recovery_limit", "welch_bound"]


def coherence(D):
    r"""Return the largest correlation between two atoms of a dictionary.

    Parameters
    ----------
    D : array, shape (n_atoms, d)
        One atom a row; they are scaled to length one first.

    Returns
    -------
    float
        :math:`\mu = \max_{i \ne j} |d_i^T d_j| / (\|d_i\| \|d_j\|)`; 0 if there is one atom.

    Raises
    ------
    ValueError, TypeError
        If ``D`` is not a finite real matrix, or an atom is zero.

    Notes
    -----
    **Cost.** One Gram matrix: :math:`n^2 d` multiplications, memory :math:`n^2`.

    Examples
    --------
    >>> coherence([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]])
    0.8
    """
    D = check_matrix(D, "D", sparse=False, operator=False)
    with np.errstate(over="ignore"):
        length = check_finite(np.linalg.norm(D, axis=1), "D")
    if not length.all():
        raise ValueError(f"atoms must not be zero; atom {int(np.argmin(length))} is.")
    G = (D / length[:, None]) @ (D / length[:, None]).T
    np.fill_diagonal(G, 0)
    return float(np.abs(G).max())


def recovery_limit(mu):
    r"""Return the largest ``k`` for which greedy and convex recovery are certain.

    Parameters
    ----------
    mu : float
        Coherence of the dictionary, between 0 and 1.

    Returns
    -------
    int or float
        The largest integer below :math:`(1 + 1/\mu)/2`; infinity for an orthogonal dictionary.

    Raises
    ------
    ValueError, TypeError
        If ``mu`` is not a number between 0 and 1.

    Notes
    -----
    **Guarantee.** Every signal that is an exact combination of :math:`k` atoms with
    :math:`k < (1 + 1/\mu)/2`, which is :math:`\mu < 1/(2k - 1)`, is decomposed into these atoms
    by orthogonal matching pursuit in :math:`k` steps, and by the smallest l1 norm
    ([1], Corollary 3.6). At equality both can fail.

    References
    ----------
    .. [1] J. Tropp, "Greed is good: algorithmic results for sparse approximation", IEEE Trans.
       Inf. Theory 50(10), 2004.

    Examples
    --------
    >>> recovery_limit(1 / 8), recovery_limit(1 / 7)        # 4.5 and 4: strictly below
    (4, 3)
    """
    mu = check_number(mu, "mu", low=0, high=1)
    if mu == 0:
        return math.inf
    limit = (1 + 1 / mu) / 2
    if limit == math.inf:  # of a number below 1e-308
        return math.inf
    # 1/mu of a rounded mu may pass the integer that it should equal; equality is not enough.
    nearest = round(limit)
    return nearest - 1 if math.isclose(limit, nearest, rel_tol=1e-12) else math.floor(limit)


def welch_bound(n_atoms, d):
    r"""Return the smallest coherence that ``n_atoms`` atoms in ``d`` dimensions can have.

    Parameters
    ----------
    n_atoms, d : int
        At least 1 each.

    Returns
    -------
    float
        :math:`\sqrt{(n - d) / (d (n - 1))}`, or 0 where the atoms can be orthogonal.

    Raises
    ------
    ValueError, TypeError
        If a count is not a positive integer.

    Examples
    --------
    >>> round(welch_bound(3, 2), 6)                         # three directions at 60 degrees
    0.5
    """
    n_atoms = check_count(n_atoms, "n_atoms", low=1)
    d = check_count(d, "d", low=1)
    return math.sqrt((n_atoms - d) / (d * (n_atoms - 1))) if n_atoms > d else 0.0


def ista_bound(smoothness, distance, k):
    r"""Return :math:`L \|x_0 - x^\ast\|^2 / (2k)`, which `ista` stays below.

    Parameters
    ----------
    smoothness : float
        :math:`L`.
    distance : float
        :math:`\|x_0 - x^\ast\|`.
    k : int or array of int
        Steps, at least 1.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        If a number is negative or not finite, their product overflows, or ``k`` is not made of
        integers of at least 1.

    Examples
    --------
    >>> float(ista_bound(4.0, 1.0, 2))
    1.0
    """
    return check_start(smoothness, distance) / (2 * check_steps(k))


def fista_bound(smoothness, distance, k):
    r"""Return :math:`2L \|x_0 - x^\ast\|^2 / (k + 1)^2`, which `fista` stays below.

    Parameters
    ----------
    smoothness, distance, k
        As for `ista_bound`.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        As `ista_bound`.

    Examples
    --------
    >>> float(fista_bound(4.0, 1.0, 1))
    2.0
    """
    return 2 * check_start(smoothness, distance) / (check_steps(k) + 1) ** 2
