"""How far the neighbors on a map can be trusted, point by point."""

import numpy as np
from numba import njit
from sklearn.neighbors import NearestNeighbors

from course_lib._validation import check_count
from course_lib.manifolds._points import check_points

__all__ = ["continuity", "trustworthiness"]

ROWS = 512  # points whose distances to all others are held at once


def trustworthiness(X, Y, n_neighbors=10):
    r"""Return for each point how far its neighbors on the map are its neighbors in the data.

    Parameters
    ----------
    X : array, shape (n, d)
        The data.
    Y : array, shape (n, k)
        The map.
    n_neighbors : int, default 10
        Neighbors :math:`r` on the map that are looked at, less than n / 2.

    Returns
    -------
    array, shape (n,)
        Between 0 and 1. 1 if the r nearest points on the map are the r nearest in the data; each
        point that is not costs by how much its rank among the neighbors in the data exceeds r.
        The mean is scikit-learn's ``trustworthiness``, but that points equally far away share the
        best of their ranks; there a sort ranks them.

    Raises
    ------
    ValueError, TypeError
        If X and Y are not finite matrices of equal length, or ``n_neighbors`` is out of range.

    Notes
    -----
    **Cost.** :math:`2 n^2 d` flops and :math:`n^2 r` comparisons: ranks are counted, nothing is
    sorted. Memory :math:`512\, n`.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods: an
       experimental study", ICANN 2001.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [3.0], [9.0]]
    >>> trustworthiness(X, [[0.0], [1.0], [2.5], [3.5], [2.4]], 1).round(2)    # 9 is put beside 2
    array([1.  , 1.  , 0.  , 1.  , 0.67])
    """
    X, Y = check_points(X, "X"), check_points(Y, "Y")
    n = len(X)
    if len(Y) != n:
        raise ValueError(f"X and Y must have one length; got {n} and {len(Y)}.")
    r = check_count(n_neighbors, "n_neighbors", low=1, high=(n - 1) // 2, high_name="(n - 1) // 2")
    on_map = NearestNeighbors(n_neighbors=r).fit(Y).kneighbors(return_distance=False)
    # Off the origin squares lose digits; less medians, whole numbers stay whole, and ties ties.
    X = X - np.median(X, axis=0).astype(X.dtype)
    squares = np.einsum("ij,ij->i", X, X)
    excess = np.empty(n)
    for start in range(0, n, ROWS):
        rows = slice(start, start + ROWS)
        distances = squares - 2 * (X[rows] @ X.T)  # less the square of the row: the same order
        distances[np.arange(len(distances)), np.arange(n)[rows]] = -np.inf  # itself is first
        excess[rows] = _excess_ranks(distances, on_map[rows], r)
    return 1.0 - excess * 2.0 / (r * (2 * n - 3 * r - 1))


@njit(cache=True)
def _excess_ranks(distances, neighbors, r):
    """Sum, for each row, by how much the ranks of given neighbors exceed r."""
    excess = np.zeros(len(distances))
    for i in range(len(distances)):
        for j in neighbors[i]:
            rank = 0
            for other in range(distances.shape[1]):
                rank += distances[i, other] < distances[i, j]
            excess[i] += max(0, rank - r)
    return excess


def continuity(X, Y, n_neighbors=10):
    """Return for each point how far its neighbors in the data are its neighbors on the map.

    Parameters
    ----------
    X, Y, n_neighbors
        As for `trustworthiness`, of which this is the mirror image: it tells what was torn apart,
        where trust tells what was pushed together.

    Returns
    -------
    array, shape (n,)
        Between 0 and 1.

    Raises
    ------
    ValueError, TypeError
        As `trustworthiness`.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [3.0], [9.0]]
    >>> continuity(X, X, 1)
    array([1., 1., 1., 1., 1.])
    """
    return trustworthiness(Y, X, n_neighbors)
