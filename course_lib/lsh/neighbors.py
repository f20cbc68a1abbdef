"""What every search of this chapter returns."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_finite, check_matrix

__all__ = ["Neighbors", "check_points", "check_queries"]


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


def check_queries(queries, n_columns, dtype):
    """Return queries as points with the columns and the dtype of the database."""
    queries = check_points(queries, "queries")
    if queries.shape[1] != n_columns:
        raise ValueError(
            f"queries must have the {n_columns} columns of the database; got {queries.shape[1]}."
        )
    return queries.astype(dtype, copy=False)
