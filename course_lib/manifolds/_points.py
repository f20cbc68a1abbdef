"""What may be points, distances or a graph, decided in one place for all rooms of the chapter."""

import numpy as np
import scipy.sparse as sp

from course_lib._validation import check_finite, check_indices, check_matrix, in_reach

__all__ = ["check_distances", "check_graph", "check_nodes", "check_points"]


def check_points(X, name="X"):
    """Return points as a dense matrix, real and finite, whose squared distances are finite too."""
    X = check_matrix(X, name, sparse=False, operator=False)
    in_reach(X, name)
    return X


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
    graph = sp.csr_array(graph)
    if not graph.has_canonical_format:
        graph = graph.copy()
        graph.sum_duplicates()
    if graph.nnz and not 0 <= graph.data.min() <= graph.data.max() < np.inf:
        raise ValueError(f"{name} must hold finite non-negative {entries}; got others.")
    if symmetric and not _is_symmetric(graph):
        both = "({0} + {0}.T) / 2" if entries == "weights" else "for example {0}.maximum({0}.T)"
        raise ValueError(f"{name} must be symmetric; use {both.format(name)}.")
    return graph


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
