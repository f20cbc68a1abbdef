"""What may be points, distances or a graph, decided in one place for all rooms of the chapter."""

import numpy as np
import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

from course_lib._validation import (
    check_finite,
    check_indices,
    check_matrix,
    in_reach,
    squared_norms,
)

__all__ = [
    "canonical",
    "check_distances",
    "check_graph",
    "check_nodes",
    "check_points",
    "lengths_between",
    "nearest",
]

NEARLY = 1e-6  # of its squared norm: as near to a row, inner products lose six digits or more
BLOCK = 4096  # pairs of rows whose difference is taken together


def check_points(X, name="X", *, sparse=False):
    """Return points as a matrix, real and finite, whose squared distances are finite too.

    It is dense, or a CSR array with each entry once where ``sparse`` rows will do and came.
    """
    X = check_matrix(X, name, sparse=sparse, operator=False)
    X = canonical(X)
    in_reach(X, name)
    return X


def nearest(X, k):
    """Return the lengths (n, k) to the k nearest other rows of ``X``, in its dtype, and which.

    In many dimensions, and of sparse rows always, the search compares all by inner products,
    which lose digits where rows are near each other and far from the origin: equal rows may be
    1e-6 apart. Such lengths are computed again.
    """
    lengths, neighbors = NearestNeighbors(n_neighbors=k).fit(X).kneighbors()
    lengths = lengths.astype(X.dtype, copy=False)  # a tree hands out float64
    rows, places = np.nonzero(lengths**2 < NEARLY * squared_norms(X)[:, None])
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK], places[start : start + BLOCK]
        lengths[some] = lengths_between(X, some[0], neighbors[some])
    return lengths, neighbors


def lengths_between(X, i, j):
    """Return the distances from rows ``i`` of ``X`` to rows ``j``, from their differences."""
    return np.sqrt(squared_norms(X[i] - X[j]))


def check_distances(distances, name="distances", *, square=False):
    """Return distances as a dense matrix: finite, not negative, with finite squares."""
    D = check_matrix(distances, name, sparse=False, operator=False)
    if square and D.shape[0] != D.shape[1]:
        raise ValueError(f"{name} must be square; got shape {D.shape}.")
    ends = np.array([D.min(), D.max()])  # NaN is both
    with np.errstate(over="ignore"):
        check_finite(np.square(ends), name)
    if ends[0] < 0:
        raise ValueError(f"{name} must not be negative; got {ends[0]:g}.")
    return D


def check_graph(graph, name="graph", entries="lengths", *, symmetric=True):
    """Return a graph as a CSR array, each edge once; the caller's stays as it is.

    Entries are finite and not negative. One that is stored is an edge, even if it is zero; of a
    dense matrix, each that is not zero.
    """
    graph = check_matrix(graph, name, operator=False)
    if graph.shape[0] != graph.shape[1]:
        raise ValueError(f"{name} must be square; got shape {graph.shape}.")
    graph = canonical(sp.csr_array(graph))
    if graph.nnz and not 0 <= graph.data.min() <= graph.data.max() < np.inf:
        raise ValueError(f"{name} must hold finite non-negative {entries}; got others.")
    if symmetric and not _is_symmetric(graph):
        both = "({0} + {0}.T) / 2" if entries == "weights" else "for example {0}.maximum({0}.T)"
        raise ValueError(f"{name} must be symmetric; use {both.format(name)}.")
    return graph


def canonical(A):
    """Return a sparse matrix as CSR array, each entry once and in order; the caller's stays.

    An array is returned as it is.
    """
    if not sp.issparse(A):
        return A
    A = sp.csr_array(A)
    if not A.has_canonical_format:
        A = A.copy()
        A.sum_duplicates()
    return A


def _is_symmetric(graph):
    """Whether each edge goes both ways, with one entry up to rounding."""
    other = graph.T.tocsr()
    if not (
        np.array_equal(graph.indptr, other.indptr) and np.array_equal(graph.indices, other.indices)
    ):
        return False
    tolerance = np.sqrt(np.finfo(graph.dtype).eps) * graph.data.max(initial=0.0)
    return bool(np.all(np.abs(graph.data - other.data) <= tolerance))


def check_nodes(nodes, n, name="sources"):
    """Return node numbers as int64, at least one."""
    nodes = check_indices(nodes, name, n)
    if not len(nodes):
        raise ValueError(f"{name} must name at least one node; got none.")
    return nodes
