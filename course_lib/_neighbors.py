"""What every search for neighbors shares: what may be points, and what an answer looks like."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_matrix, in_reach

__all__ = [
    "Neighbors",
    "check_n_neighbors",
    "check_points",
    "check_queries",
    "insert",
    "nothing_found",
    "rooted",
    "squared_distance",
]


class Neighbors(NamedTuple):
    """The nearest points that a search found for each of q queries, and what it cost.

    Attributes
    ----------
    indices : array of int64, shape (q, k)
        Rows of the points, nearest first; -1 where fewer than k points were looked at.
    distances : array, shape (q, k)
        Their distances in the unit of the search; infinity (of integers the largest) beside -1.
    evaluations : array of int64, shape (q,)
        For how many points each query computed a distance.
    projections, leaves : array of int64, shape (q,)
        Products with normals or distances from centers; leaves that were read. 0 without trees.
    """

    indices: np.ndarray
    distances: np.ndarray
    evaluations: np.ndarray
    projections: np.ndarray
    leaves: np.ndarray


def check_points(X, name="X"):
    """Return points as a dense C-ordered matrix whose squared distances are finite."""
    X = np.ascontiguousarray(check_matrix(X, name, sparse=False, operator=False))
    in_reach(X, name)
    return X


def check_queries(queries, n_columns, dtype, name="queries"):
    """Return queries as points with the columns and the dtype of those to be searched."""
    queries = check_points(queries, name)
    if queries.shape[1] != n_columns:
        raise ValueError(
            f"{name} must have {n_columns} columns, as the points have; got {queries.shape[1]}."
        )
    same = queries.dtype == dtype
    return queries if same else check_points(queries.astype(dtype), name)


def check_n_neighbors(n_neighbors, n):
    """Return the number of neighbors, of which there are at most n."""
    return check_count(n_neighbors, "n_neighbors", low=1, high=n, high_name="n")


def nothing_found(n_queries, n_neighbors, dtype):
    """Return an answer for a kernel to fill: infinitely far, and nothing counted."""
    return Neighbors(
        np.full((n_queries, n_neighbors), -1, np.int64),
        np.full((n_queries, n_neighbors), np.inf, dtype),
        *np.zeros((3, n_queries), np.int64),
    )


def rooted(found):
    """Turn the squared distances that a kernel has filled in into distances."""
    np.sqrt(found.distances, out=found.distances)
    return found


@njit(cache=True)
def insert(indices, distances, index, distance):
    """Put a point into a row that is sorted by distance, behind its equals; the last drops out."""
    place = len(indices) - 1
    while place > 0 and distances[place - 1] > distance:
        distances[place], indices[place] = distances[place - 1], indices[place - 1]
        place -= 1
    distances[place], indices[place] = distance, index


# Sums in any order, so that they are added several at a time; infinities stay what they are.
@njit(cache=True, fastmath={"reassoc", "contract"})
def squared_distance(x, y):
    """Return the squared distance of two vectors."""
    total = x.dtype.type(0)
    for c in range(len(x)):
        difference = x[c] - y[c]
        total += difference * difference
    return total
