"""Neighbors, and shortest paths between them: the distances along a surface.

::

    neighbor_graph          each point tied to its nearest ones
    connect                 the shortest edges that make one piece of several
    geodesic_distances      shortest paths from some nodes to all, exactly
    residual_variance       how much of these distances a map does not explain
"""

import numpy as np
import scipy.sparse as sp
from numba import njit
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee
from sklearn.metrics import pairwise_distances_argmin_min

from course_lib._validation import check_count
from course_lib.manifolds._points import (
    check_distances,
    check_graph,
    check_nodes,
    check_points,
    lengths_between,
    nearest,
)

__all__ = ["connect", "geodesic_distances", "neighbor_graph", "residual_variance"]

LANES = 64  # sources that are relaxed together; their distances from a node are one short row


def neighbor_graph(X, n_neighbors):
    """Return the graph that ties each row of ``X`` to its nearest rows, made symmetric.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
    n_neighbors : int
        Between 1 and n - 1.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n)
        Symmetric; the entry of an edge is its length. An edge is there if one of its ends is
        among the neighbors of the other. Equal rows are tied by the smallest positive length.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is not a finite matrix, or ``n_neighbors`` is out of range.

    Notes
    -----
    **Cost.** The search of `sklearn.neighbors.NearestNeighbors`: a tree in few dimensions, else
    all :math:`n^2` distances as a matrix product, as for sparse rows always, which stay sparse.
    Memory :math:`O(n k)`.

    Examples
    --------
    >>> import numpy as np
    >>> neighbor_graph(np.array([[0.0], [1.0], [3.0]]), 1).toarray()
    array([[0., 1., 0.],
           [1., 0., 2.],
           [0., 2., 0.]])
    """
    X = check_points(X, sparse=True)
    n = X.shape[0]
    k = check_count(n_neighbors, "n_neighbors", low=1, high=n - 1, high_name="n - 1")
    lengths, neighbors = nearest(X, k)
    return _symmetric(np.repeat(np.arange(n), k), neighbors.ravel(), lengths.ravel(), n)


def _symmetric(i, j, lengths, n):
    """Return the CSR matrix of edges in both directions, each once; no length is zero."""
    lengths = np.maximum(lengths, np.finfo(lengths.dtype).tiny)
    low, high = np.minimum(i, j).astype(np.int64), np.maximum(i, j)
    edges, first = np.unique(low * n + high, return_index=True)
    low, high = np.divmod(edges, n)
    ends = np.concatenate([low, high]), np.concatenate([high, low])
    both = sp.csr_array((np.tile(lengths[first], 2), ends), shape=(n, n))
    both.sort_indices()
    return both


def connect(graph, X):
    """Return the graph with the edges added that tie its pieces together.

    Parameters
    ----------
    graph : array or sparse matrix, shape (n, n)
        Symmetric lengths.
    X : array or sparse matrix, shape (n, d)
        The points: where pieces are joined, and how long the new edges are.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n)
        Connected. The same graph if it was.

    Raises
    ------
    ValueError, TypeError
        If the graph is not square, symmetric, finite and non-negative, or ``X`` is not a finite
        matrix with a row for each node.

    Notes
    -----
    **Cost.** At most :math:`\\log_2` of the number of pieces rounds (Boruvka's algorithm); in each
    every piece but the largest looks for its nearest point outside.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [5.0], [6.0]])
    >>> connect(neighbor_graph(X, 1), X)[1, 2]
    np.float64(4.0)
    """
    graph, X = check_graph(graph), check_points(X, sparse=True)
    n = X.shape[0]
    if n != graph.shape[0]:
        raise ValueError(f"X must have a row for each of {graph.shape[0]} nodes; got {n}.")
    n_pieces, piece = connected_components(graph, directed=False)
    X = _centered(X) if n_pieces > 1 else X
    while n_pieces > 1:
        i, j, lengths = _shortest_ways_out(X, piece, n_pieces)
        own = sp.triu(graph).tocoo()
        graph = _symmetric(
            np.concatenate([own.row, i]),
            np.concatenate([own.col, j]),
            np.concatenate([own.data, lengths.astype(own.dtype)]),
            n,
        )
        n_pieces, piece = connected_components(graph, directed=False)
    return graph


def bridges(links, X):
    """Return the edges that `connect` adds, as two arrays of ends; ``links`` may go one way."""
    n_pieces, piece = connected_components(links, directed=False)
    ends = np.empty((2, 0), np.int64)
    X = _centered(X) if n_pieces > 1 else X
    while n_pieces > 1:
        new = _shortest_ways_out(X, piece, n_pieces)[:2]
        ends = np.concatenate([ends, new], axis=1)
        joined = sp.coo_array((np.ones(len(new[0])), piece[np.array(new)]), (n_pieces, n_pieces))
        n_pieces, lump = connected_components(joined, directed=False)
        piece = lump[piece]
    return ends


def _centered(X):
    """Return dense points less their mean: far from the origin a search would lose digits."""
    return X if sp.issparse(X) else X - X.mean(axis=0)


def _shortest_ways_out(X, piece, n_pieces):
    """Return the shortest edge out of every piece but the largest, as rows, columns, lengths."""
    found = []
    largest = np.bincount(piece).argmax()
    for number in range(n_pieces):
        if number != largest:
            inside, outside = np.flatnonzero(piece == number), np.flatnonzero(piece != number)
            nearest, length = pairwise_distances_argmin_min(X[inside], X[outside])
            best = length.argmin()
            found.append((inside[best], outside[nearest[best]]))
    i, j = np.transpose(found)
    return i, j, lengths_between(X, i, j)


def geodesic_distances(graph, sources=None):
    r"""Return the lengths of the shortest paths from ``sources`` to all nodes.

    Sources are taken 64 at a time. A node holds its distances from all of them as one row, and
    whenever one is shortened, its neighbors are looked at again: a label-correcting search whose
    inner loop adds an edge to 64 distances at once. Neighboring nodes are numbered close together
    first (reverse Cuthill-McKee), and sweeps run forth and back, so that few are needed.

    Parameters
    ----------
    graph : array or sparse matrix, shape (n, n)
        Symmetric, with non-negative lengths; an entry that is not stored is no edge, and of an
        array none that is zero.
    sources : array of int, shape (m,), optional
        Nodes to start from; all by default.

    Returns
    -------
    array, shape (m, n)
        Infinite where there is no path; in the dtype of the graph.

    Raises
    ------
    ValueError
        If the graph is not square and symmetric, a length is negative, infinite or NaN, or a
        source is not a node.
    TypeError
        If the sources are not integers, or the graph is not a matrix of real numbers.

    Notes
    -----
    **Cost.** :math:`m` shortest-path rows. A row takes about 6 to 9 sweeps over the edges of the
    neighbor graphs of this chapter, where Dijkstra's algorithm takes one and a heap; at 64
    sources an instruction that is 10 to 15 times faster than SciPy's Dijkstra. On a long path
    in a random order of nodes it could take :math:`n` sweeps; the numbering prevents that.

    **Guarantee.** Exact up to rounding: it stops when no edge shortens any distance.

    Examples
    --------
    >>> import numpy as np
    >>> line = neighbor_graph(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> geodesic_distances(line, [0])
    array([[0., 1., 3.]])
    """
    graph = check_graph(graph)
    n = graph.shape[0]
    return shortest_paths(graph, np.arange(n) if sources is None else check_nodes(sources, n))


def shortest_paths(graph, sources):
    """The same for a CSR graph and nodes that have been checked."""
    n = graph.shape[0]
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    ordered = graph[order][:, order].tocsr()
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)

    by_place = np.argsort(place[sources], kind="stable")
    distances = np.empty((len(sources), n), graph.dtype)
    for start in range(0, len(sources), LANES):
        rows = by_place[start : start + LANES]
        block = np.full((n, len(rows)), np.inf, graph.dtype)
        _relax(ordered.indptr, ordered.indices, ordered.data, place[sources[rows]], block)
        distances[rows] = block[place].T
    return distances


@njit(cache=True)
def _relax(indptr, indices, lengths, sources, distances):
    """Shorten ``distances`` (n, lanes), from source to node, until no edge helps; count visits."""
    n = len(indptr) - 1
    stale = np.zeros(n, np.bool_)
    for lane in range(len(sources)):
        distances[sources[lane], lane] = 0.0
        for edge in range(indptr[sources[lane]], indptr[sources[lane] + 1]):
            stale[indices[edge]] = True
    best = np.empty(len(sources), distances.dtype)
    visits, changed, forth = 0, True, True
    while changed:
        changed = False
        for i in range(n):
            node = i if forth else n - 1 - i
            if not stale[node]:
                continue
            stale[node] = False
            visits += 1
            mine = distances[node]
            best[:] = mine
            for edge in range(indptr[node], indptr[node + 1]):
                length, other = lengths[edge], distances[indices[edge]]
                for lane in range(len(best)):
                    through = other[lane] + length
                    best[lane] = through if through < best[lane] else best[lane]
            shorter = False
            for lane in range(len(best)):
                shorter |= best[lane] < mine[lane]
            if shorter:
                mine[:] = best
                changed = True
                for edge in range(indptr[node], indptr[node + 1]):
                    stale[indices[edge]] = True
        forth = not forth
    return visits


def residual_variance(distances, Y, *, sources=None):
    r"""Return ``1 - R^2`` of the distances on a map against given ones.

    Parameters
    ----------
    distances : array, shape (m, n)
        Distances, such as geodesic ones, from the points ``sources`` to all.
    Y : array, shape (n, k)
        The map.
    sources : array of int, shape (m,), optional
        The rows of ``Y`` that the rows of ``distances`` belong to; all by default.

    Returns
    -------
    float
        0 if the two are proportional up to a shift, 1 if they are uncorrelated.

    Raises
    ------
    ValueError
        If shapes do not fit, distances are negative or infinite, or all of them are equal.

    Notes
    -----
    **Cost.** :math:`O(m n k)`; memory :math:`O(m n)`. Some hundred sources are enough.

    References
    ----------
    .. [1] J. Tenenbaum, V. de Silva, J. Langford, "A global geometric framework for nonlinear
       dimensionality reduction", Science 290, 2000, note 42.

    Examples
    --------
    >>> import numpy as np
    >>> D = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
    >>> round(residual_variance(D, np.array([[0.0], [3.0], [6.0]])), 12)
    0.0
    """
    Y = check_points(Y, "Y").astype(np.float64)
    D = check_distances(distances).astype(np.float64)
    Y = _of_size_one(Y - np.median(Y, axis=0))  # off the origin the squares would lose digits
    start = Y if sources is None else Y[check_nodes(sources, len(Y))]
    if D.shape != (len(start), len(Y)):
        raise ValueError(f"distances must have shape ({len(start)}, {len(Y)}); got {D.shape}.")
    if np.ptp(D) == 0 or not np.ptp(Y, axis=0).any():
        raise ValueError("distances and Y must vary; all distances or all points are equal.")
    squares = np.sum(start**2, axis=1)[:, None] + np.sum(Y**2, axis=1) - 2 * start @ Y.T
    correlation = np.corrcoef(_of_size_one(D).ravel(), np.sqrt(np.maximum(squares, 0)).ravel())[
        0, 1
    ]
    return float(1 - correlation**2)


def _of_size_one(A):
    """Return ``A`` times the power of two that makes its largest entry about one."""
    return np.ldexp(A, -np.frexp(np.abs(A).max())[1])
