"""What may be points or questions, and what an answer looks like, for all trees of the chapter."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_finite, check_matrix

__all__ = [
    "Neighbors",
    "check_index",
    "check_k",
    "check_leaf_size",
    "check_points",
    "check_queries",
    "keep",
    "nothing_found",
    "projection",
    "scan_leaf",
    "squared_distance",
]


class Neighbors(NamedTuple):
    """The points found near each of q queries, nearest first, and what the search cost."""

    indices: np.ndarray  # (q, k) int64, rows of X
    distances: np.ndarray  # (q, k), Euclidean, in the dtype of X
    evaluations: np.ndarray  # (q,) int64, distances from points that were computed
    projections: np.ndarray  # (q,) int64, products with normals or distances from centers
    leaves: np.ndarray  # (q,) int64, leaves that were read


def check_points(X, name="X"):
    """Return points as a dense C-ordered matrix whose squared distances are finite."""
    X = np.ascontiguousarray(check_matrix(X, name, sparse=False, operator=False))
    with np.errstate(over="ignore", invalid="ignore"):
        check_finite(4 * np.einsum("ij,ij->i", X, X), name)  # (|x| + |y|)**2 at most
    return X


def check_queries(Q, n_features, dtype):
    """Return queries as points with as many features as the index, in its dtype."""
    Q = check_points(Q, "Q")
    if Q.shape[1] != n_features:
        raise ValueError(f"Q must have {n_features} columns, as X has; got {Q.shape[1]}.")
    return check_points(Q.astype(dtype, copy=False), "Q")


def check_k(n_neighbors, n):
    """Return the number of neighbors, of which there are at most n."""
    return check_count(n_neighbors, "n_neighbors", low=1, high=n, high_name="n")


def check_leaf_size(leaf_size, n):
    """Return the size of a leaf; more than all n points would not be more."""
    return min(n, check_count(leaf_size, "leaf_size", low=1))


def check_index(index, kind, maker):
    """Refuse to search anything but an index of this kind."""
    if not isinstance(index, kind):
        raise TypeError(f"the index must come from {maker}; got {type(index).__name__}.")


def nothing_found(n_queries, k, dtype):
    """Return an answer for a kernel to fill: infinitely far, and nothing counted."""
    return Neighbors(
        np.full((n_queries, k), -1, np.int64),
        np.full((n_queries, k), np.inf, dtype),
        *(np.zeros(n_queries, np.int64) for _ in range(3)),
    )


@njit(cache=True)
def keep(best, names, distance, name):
    """Insert a distance below the last of ``best``, which are sorted, and forget that one."""
    place = len(best) - 1
    while place > 0 and best[place - 1] > distance:
        best[place] = best[place - 1]
        names[place] = names[place - 1]
        place -= 1
    best[place] = distance
    names[place] = name


@njit(cache=True)
def scan_leaf(block, members, q, squares, best, names):
    """Compare a query with all points of a leaf, which lie one coordinate after the other."""
    size = len(members)
    squares[:size] = 0
    for c in range(len(q)):
        for t in range(size):
            difference = block[c * size + t] - q[c]
            squares[t] += difference * difference
    for t in range(size):
        if squares[t] < best[-1]:
            keep(best, names, squares[t], members[t])


# Sums in any order, so that they are added eight at a time; infinities stay what they are.
@njit(cache=True, fastmath={"reassoc", "contract"})
def projection(x, y):
    """Return the inner product of two vectors."""
    total = x.dtype.type(0)
    for c in range(len(x)):
        total += x[c] * y[c]
    return total


@njit(cache=True, fastmath={"reassoc", "contract"})
def squared_distance(x, y):
    """Return the squared distance of two vectors."""
    total = x.dtype.type(0)
    for c in range(len(x)):
        difference = x[c] - y[c]
        total += difference * difference
    return total
