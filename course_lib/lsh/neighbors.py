"""What every search of this chapter returns."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_finite, check_matrix

__all__ = ["Neighbors", "check_points", "check_queries", "insert", "squared_distance"]


class Neighbors(NamedTuple):
    """The nearest points that a search found for each query, and what it cost.

    Attributes
    ----------
    indices : array of int64, shape (q, k)
        Rows of the database, nearest first; -1 where fewer than k points were looked at.
    distances : array, shape (q, k)
        Their distances in the unit of the search; infinity (of integers the largest) beside -1.
    evaluations : array of int64, shape (q,)
        For how many points of the database each query computed a distance.
    """

    indices: np.ndarray
    distances: np.ndarray
    evaluations: np.ndarray


def check_points(X, name="X"):
    """Return points as a dense matrix of float32 or float64 whose squared distances are finite."""
    X = check_matrix(X, name, sparse=False, operator=False)
    with np.errstate(over="ignore", invalid="ignore"):
        check_finite(4 * np.einsum("ij,ij->i", X, X), name)  # (|x| + |y|)**2 at most
    return np.ascontiguousarray(X)


def check_queries(queries, n_columns, dtype, name="queries"):
    """Return queries as points with the columns and the dtype of the database."""
    queries = check_points(queries, name)
    if queries.shape[1] != n_columns:
        raise ValueError(
            f"{name} must have the {n_columns} columns of the database; got {queries.shape[1]}."
        )
    return queries.astype(dtype, copy=False)


@njit(cache=True)
def insert(indices, distances, index, distance):
    """Put a point into a row that is sorted by distance, behind its equals; the last drops out."""
    place = len(indices) - 1
    while place > 0 and distances[place - 1] > distance:
        distances[place], indices[place] = distances[place - 1], indices[place - 1]
        place -= 1
    distances[place], indices[place] = distance, index


# The order of the terms is the compiler's, so that it may add several at once; no rule about
# infinity or NaN is given up.
@njit(cache=True, fastmath={"reassoc", "contract"})
def squared_distance(x, y):
    """The square of the Euclidean distance."""
    total = x[0] * 0
    for j in range(len(x)):
        total += (x[j] - y[j]) ** 2
    return total
