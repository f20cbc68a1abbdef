"""Brute force: every distance, by a matrix product; the truth that trees are compared with."""

import numpy as np
from numba import njit

from course_lib._neighbors import (
    check_n_neighbors,
    check_points,
    check_queries,
    insert,
    nothing_found,
    rooted,
    squared_distance,
)

__all__ = ["brute_force"]

BLOCK = 1 << 21  # products that are held at a time


def brute_force(X, queries, n_neighbors):
    r"""Return the nearest rows of ``X`` for each row of ``queries``, by looking at all of them.

    A matrix product gives every squared distance up to rounding, as
    :math:`\|x\|^2 - 2 x^T q`; those that may belong to the nearest are computed again from the
    difference, which loses no digits.

    Parameters
    ----------
    X : array, shape (n, d)
        The points.
    queries : array, shape (q, d)
        The queries.
    n_neighbors : int
        Neighbors k of each, from 1 to n.

    Returns
    -------
    Neighbors
        ``indices`` and ``distances`` (q, k), nearest first, in the dtype of ``X``;
        of equal distances the smaller index comes first, so an order by label favors a label.
        ``evaluations`` is n for each query; there are no projections and no leaves.

    Raises
    ------
    ValueError, TypeError
        If ``X`` or ``queries`` is no finite matrix, they differ in columns, or ``n_neighbors`` is
        out of range.

    Notes
    -----
    **Cost.** :math:`2 n d` flops a query, as a matrix product; two passes over :math:`n` numbers
    to select. Memory: a centered copy of ``X`` and 2 million products.

    **Guarantee.** Exact: a point is left out only if its product is above the k-th smallest by
    more than twice the largest rounding error of a product.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> found = brute_force(X, np.array([[0.0, 1.0]]), 2)
    >>> found.indices, found.distances.round(2), found.evaluations
    (array([[0, 1]]), array([[1.  , 4.24]]), array([3]))
    """
    X = check_points(X)
    Q = check_queries(queries, X.shape[1], X.dtype)
    found = nothing_found(len(Q), check_n_neighbors(n_neighbors, len(X)), X.dtype)
    mean = X.mean(axis=0, dtype=np.float64)
    near, far = (X - mean).astype(X.dtype), (Q - mean).astype(X.dtype)
    squares = np.einsum("ij,ij->i", near, near)
    rows = max(1, BLOCK // len(X))
    for first in range(0, len(Q), rows):
        block = slice(first, first + rows)
        products = far[block] @ near.T
        products *= -2
        products += squares
        reach = np.sqrt(squares.max()) + np.linalg.norm(far[block], axis=1)
        error = (X.shape[1] + 8) * np.finfo(X.dtype).eps * reach.astype(np.float64) ** 2
        _select(X, Q[block], products, 2 * error, found.distances[block], found.indices[block])
    found.evaluations[:] = len(X)
    return rooted(found)


@njit(cache=True)
def _select(X, Q, products, slack, distances, indices):
    """Keep the nearest of each row of ``products``, by distances that are computed anew."""
    k = distances.shape[1]
    for i in range(len(Q)):
        row, best, names = products[i], distances[i], indices[i]
        for j in range(len(row)):
            if row[j] < best[k - 1]:
                insert(names, best, j, row[j])
        enough = best[k - 1] + slack[i]
        best[:] = np.inf
        for j in range(len(row)):
            if row[j] <= enough:
                distance = squared_distance(X[j], Q[i])
                if distance < best[k - 1]:
                    insert(names, best, j, distance)
