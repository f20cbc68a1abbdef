"""A navigable graph: walk from point to point, always on to what lies nearer to the query."""

import heapq
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import (
    check_n_neighbors,
    check_points,
    check_queries,
    nothing_found,
    rooted,
    squared_distance,
)
from course_lib._validation import as_rng, check_count

__all__ = ["NeighborGraph", "build_graph", "search_graph"]


class NeighborGraph(NamedTuple):
    """Points and the edges between them.

    Attributes
    ----------
    points : array, shape (n, d)
    links : array of int32, shape (n, 2 * n_links)
        The points that each is tied to; -1 where there are fewer.
    start : int
        Where every search begins: the point nearest to the mean.
    """

    points: np.ndarray
    links: np.ndarray
    start: int


def build_graph(X, n_links=16, *, beam=100, rng=None):
    """Return a graph in which a greedy walk finds near neighbors.

    Parameters
    ----------
    X : array, shape (n, d)
    n_links : int, default 16
        Edges that a point gets when it comes in; it keeps at most twice as many.
    beam : int, default 100
        Width of the search for them, at least ``n_links``.
    rng : int, Generator or None
        Order in which points come in.

    Returns
    -------
    NeighborGraph

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or a number is out of range.

    Notes
    -----
    **Cost.** A search with this beam for each point, and pruning: of the points that it finds,
    one is tied to it only if it lies nearer to it than to any that is tied already. This is the
    lowest layer of HNSW [1]_ without the layers above.

    **Guarantee.** None.

    References
    ----------
    .. [1] Y. A. Malkov, D. A. Yashunin, "Efficient and robust approximate nearest neighbor search
       using hierarchical navigable small world graphs", IEEE Trans. PAMI 42(4), 2020, 824-836.

    Examples
    --------
    >>> graph = build_graph([[0.0], [1.0], [2.0], [9.0]], 2, rng=0)
    >>> search_graph(graph, [[8.0]], 1).indices
    array([[3]])
    """
    X = check_points(X)
    n_links = check_count(n_links, "n_links", low=1, high=2**10)
    beam = check_count(beam, "beam", low=n_links, high=2**31)
    order = as_rng(rng).permutation(len(X))
    start = int(np.argmin(((X - X.mean(axis=0)) ** 2).sum(axis=1)))
    order = np.r_[start, order[order != start]]
    links = np.full((len(X), 2 * n_links), -1, np.int32)
    _grow(X, order, links, n_links, beam)
    return NeighborGraph(X, links, start)


def search_graph(graph, queries, n_neighbors, *, beam=50):
    """Return the nearest points that a best-first walk meets.

    Parameters
    ----------
    graph : NeighborGraph
    queries : array, shape (q, d)
    n_neighbors : int
        Between 1 and n.
    beam : int, default 50
        How many of the nearest points met so far may still be left by their edges; at least as
        many as neighbors are taken.

    Returns
    -------
    Neighbors
        Euclidean distances.

    Raises
    ------
    ValueError, TypeError
        If queries do not suit the graph, or a number is out of range.

    Notes
    -----
    **Cost.** The evaluations, which are counted.

    Examples
    --------
    >>> graph = build_graph([[0.0], [1.0], [2.0]], 1, rng=0)
    >>> search_graph(graph, [[1.9]], 2).indices
    array([[2, 1]])
    """
    queries = check_queries(queries, graph.points.shape[1], graph.points.dtype)
    k = check_n_neighbors(n_neighbors, len(graph.points))
    beam = max(k, check_count(beam, "beam", low=1, high=2**31))
    found = nothing_found(len(queries), k, queries.dtype)
    _walk_all(graph.points, graph.links, graph.start, queries, beam, found[:3])
    return rooted(found)


@njit(cache=True)
def _walk(points, links, start, query, beam, met, mark):
    """Return what the beam holds at the end, as pairs of minus square and index, and the count."""
    square = float(squared_distance(points[start], query))
    met[start] = mark
    waiting, held, count = [(square, np.int64(start))], [(-square, np.int64(start))], 1
    while len(waiting):
        square, i = heapq.heappop(waiting)
        if square > -held[0][0] and len(held) == beam:
            break
        for j in links[i]:
            if j < 0:
                break
            if met[j] == mark:
                continue
            met[j] = mark
            count += 1
            square = float(squared_distance(points[j], query))
            if len(held) < beam or square < -held[0][0]:
                heapq.heappush(waiting, (square, np.int64(j)))
                heapq.heappush(held, (-square, np.int64(j)))
                if len(held) > beam:
                    heapq.heappop(held)
    return held, count


@njit(cache=True)
def _walk_all(points, links, start, queries, beam, out):
    indices, squares, evaluations = out
    met = np.full(len(points), -1, np.int64)
    for q in range(len(queries)):
        held, evaluations[q] = _walk(points, links, start, queries[q], beam, met, q)
        while len(held) > indices.shape[1]:
            heapq.heappop(held)
        for place in range(len(held) - 1, -1, -1):
            square, indices[q, place] = heapq.heappop(held)
            squares[q, place] = -square


@njit(cache=True)
def _grow(points, order, links, n_links, beam):
    met = np.full(len(points), -1, np.int64)
    for place in range(1, len(order)):
        i = order[place]
        held, _ = _walk(points, links, order[0], points[i], beam, met, place)
        found = np.empty(len(held), np.int64)
        for rank in range(len(held) - 1, -1, -1):
            _, found[rank] = heapq.heappop(held)
        _tie(points, i, found, links[i], n_links)
        for j in links[i]:
            if j >= 0:
                _tie_back(points, j, i, links[j])


@njit(cache=True)
def _tie(points, i, found, row, most):
    """Write up to ``most`` of the points found, nearest first, that no nearer one stands for."""
    row[:] = -1
    count = 0
    for j in found:
        square = squared_distance(points[i], points[j])
        stands = False
        for place in range(count):
            stands |= squared_distance(points[row[place]], points[j]) < square
        if not stands and count < most:
            row[count] = j
            count += 1


@njit(cache=True)
def _tie_back(points, j, i, row):
    """Add an edge; where the row is full, prune it."""
    for place in range(len(row)):
        if row[place] < 0:
            row[place] = i
            return
    found = np.append(row.astype(np.int64), i)
    squares = np.empty(len(found))
    for place in range(len(found)):  # sorted by insertion
        at, square = place, float(squared_distance(points[j], points[found[place]]))
        while at > 0 and squares[at - 1] > square:
            at -= 1
        moved = found[place]
        found[at + 1 : place + 1] = found[at:place].copy()
        squares[at + 1 : place + 1] = squares[at:place].copy()
        found[at], squares[at] = moved, square
    _tie(points, j, found, row, len(row))
