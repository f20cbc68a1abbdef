"""An inverted file: points by the cell of their nearest center, and only a few cells are read."""

from typing import NamedTuple

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
from course_lib._validation import as_rng, check_count
from course_lib.lsh._blocks import moved, off_origin, scaled
from course_lib.lsh.kmeans import kmeans
from course_lib.lsh.quantization import ProductQuantizer, pq_encode, train_pq

__all__ = ["InvertedFile", "build_ivf", "search_ivf"]


class InvertedFile(NamedTuple):
    """Lists of points, one after the other, in flat arrays.

    Attributes
    ----------
    centers : array, shape (n_lists, d)
    starts : array of int64, shape (n_lists + 1,)
        List l holds the places ``starts[l]`` to ``starts[l + 1]``.
    members : array of int64, shape (n,)
        The row of ``X`` at each place.
    points : array, shape (n, d) or (0, d)
        The points in this order, if they are kept.
    codes : array of uint8, shape (n, M) or (0, 0)
        Codes of what the center leaves over, if points are not kept.
    quantizer : ProductQuantizer or None
        Of those codes.
    """

    centers: np.ndarray
    starts: np.ndarray
    members: np.ndarray
    points: np.ndarray
    codes: np.ndarray
    quantizer: ProductQuantizer | None


def build_ivf(X, n_lists, *, n_groups=None, n_centers=256, n_iter=10, rng=None):
    """Return an inverted file of the rows of ``X``.

    Parameters
    ----------
    X : array, shape (n, d)
    n_lists : int
        Cells, between 1 and n; about the square root of n is usual.
    n_groups : int or None
        With M groups each point is kept as M bytes, the code of its difference from the center;
        by default points are kept as they are.
    n_centers : int, default 256
        Entries of a codebook, at most n.
    n_iter : int, default 10
        Steps of each k-means.
    rng : int, Generator or None

    Returns
    -------
    InvertedFile

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 n d n_lists`` flops a step of k-means, and `train_pq` of the differences: coarse
    and fine quantizers together reach ``n_lists * n_centers**M`` representatives [1]_.

    References
    ----------
    .. [1] H. Jégou, M. Douze, C. Schmid, "Product quantization for nearest neighbor search",
       IEEE Trans. PAMI 33(1), 2011, 117-128.

    Examples
    --------
    >>> index = build_ivf([[0.0], [1.0], [10.0], [11.0]], 2, rng=0)
    >>> np.diff(index.starts)
    array([2, 2])
    """
    X = check_points(X)
    n_lists = check_count(n_lists, "n_lists", low=1, high=len(X), high_name="n")
    n_iter, rng = check_count(n_iter, "n_iter", low=1), as_rng(rng)
    found = kmeans(X, n_lists, n_iter=n_iter, rng=rng)
    members = np.argsort(found.labels, kind="stable")
    starts = np.searchsorted(found.labels[members], np.arange(n_lists + 1))
    if n_groups is None:
        codes = np.empty((0, 0), np.uint8)
        return InvertedFile(found.centers, starts, members, X[members], codes, None)
    left = X[members] - found.centers[found.labels[members]]
    quantizer = train_pq(left, n_groups, n_centers, n_iter=n_iter, rng=rng)
    codes = pq_encode(quantizer, left)
    return InvertedFile(found.centers, starts, members, X[:0], codes, quantizer)


def search_ivf(index, queries, n_neighbors, *, n_probe=1):
    """Return the nearest points in the lists whose centers are nearest to the query.

    Parameters
    ----------
    index : InvertedFile
    queries : array, shape (q, d)
    n_neighbors : int
        Between 1 and n.
    n_probe : int, default 1
        Lists to read, at most all of them.

    Returns
    -------
    Neighbors
        Euclidean distances, of codes estimated ones. Evaluations count the centers too.

    Raises
    ------
    ValueError, TypeError
        If queries do not suit the index, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 d n_lists`` flops to find the lists and the points in them, which are counted;
    with codes ``2 d n_centers`` flops for the tables of each list.

    **Guarantee.** With all lists and points kept, exact. Else none: a neighbor whose list is not
    read is lost.

    Examples
    --------
    >>> index = build_ivf([[0.0], [1.0], [10.0], [11.0]], 2, rng=0)
    >>> found = search_ivf(index, [[9.0]], 2)
    >>> found.indices, found.distances, found.evaluations
    (array([[2, 3]]), array([[1., 2.]]), array([4]))
    """
    centers, starts, members, points, codes, quantizer = index
    queries = check_queries(queries, centers.shape[1], centers.dtype)
    k = check_n_neighbors(n_neighbors, len(members))
    n_probe = check_count(n_probe, "n_probe", low=1, high=len(centers), high_name="n_lists")
    lists = _nearest_lists(queries, centers, n_probe)
    found = nothing_found(len(queries), k, queries.dtype)
    found.evaluations[:] = len(centers)
    if quantizer is None:
        _scan_points(queries, lists, starts, members, points, found[:3])
    else:
        columns = np.ascontiguousarray(quantizer.codebooks.T)
        _scan_codes(
            queries, lists, (starts, members, codes, centers), columns, quantizer.edges, found[:3]
        )
    return rooted(found)


def _nearest_lists(queries, centers, n_probe):
    """Return the nearest lists of each query, nearest first."""
    origin = off_origin(centers)
    queries, (doubled, lengths) = moved(queries, origin), scaled(moved(centers, origin))
    lists = np.empty((len(queries), n_probe), np.int64)
    for start in range(0, len(queries), 1024):
        rows = slice(start, start + 1024)
        scores = queries[rows] @ doubled.T + lengths
        near = np.argpartition(scores, n_probe - 1, axis=1)[:, :n_probe]
        order = np.argsort(np.take_along_axis(scores, near, axis=1), axis=1, kind="stable")
        lists[rows] = np.take_along_axis(near, order, axis=1)
    return lists


@njit(cache=True)
def _scan_points(queries, lists, starts, members, points, out):
    indices, squares, evaluations = out
    last = indices.shape[1] - 1
    for q in range(len(queries)):
        for chosen in lists[q]:
            evaluations[q] += starts[chosen + 1] - starts[chosen]
            for place in range(starts[chosen], starts[chosen + 1]):
                square = squared_distance(points[place], queries[q])
                if square < squares[q, last]:
                    insert(indices[q], squares[q], members[place], square)


@njit(cache=True)
def _scan_codes(queries, lists, arrays, columns, edges, out):
    """As `_scan_points`, with the tables of a query less the center for each list."""
    starts, members, codes, centers = arrays
    indices, squares, evaluations = out
    last, n_groups = indices.shape[1] - 1, len(edges) - 1
    tables = np.empty((n_groups, columns.shape[1]), queries.dtype)
    for q in range(len(queries)):
        for chosen in lists[q]:
            evaluations[q] += starts[chosen + 1] - starts[chosen]
            tables[:] = 0
            for m in range(n_groups):
                for j in range(edges[m], edges[m + 1]):
                    left = queries[q, j] - centers[chosen, j]
                    for c in range(columns.shape[1]):
                        tables[m, c] += (left - columns[j, c]) ** 2
            for place in range(starts[chosen], starts[chosen + 1]):
                square = tables[0, codes[place, 0]]
                for m in range(1, n_groups):
                    square += tables[m, codes[place, m]]
                if square < squares[q, last]:
                    insert(indices[q], squares[q], members[place], square)
