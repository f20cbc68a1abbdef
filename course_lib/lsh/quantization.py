"""Product quantization: a vector as a few bytes, and distances from them by looking up tables."""

from typing import NamedTuple

import numpy as np

from course_lib._neighbors import (
    check_n_neighbors,
    check_points,
    check_queries,
    nothing_found,
    rooted,
)
from course_lib._validation import as_rng, check_count, plain_array
from course_lib.lsh._blocks import assign, moved, off_origin, scaled
from course_lib.lsh._scans import keep, look_up, scan
from course_lib.lsh.kmeans import kmeans

__all__ = [
    "ProductQuantizer",
    "check_bytes",
    "check_quantizer",
    "distance_tables",
    "pq_decode",
    "pq_distances",
    "pq_encode",
    "pq_search",
    "recenter",
    "train_pq",
]

LANES = 64  # queries at most whose tables lie side by side: a vector of them is one load
FEW = 4  # queries below which each is looked up alone


class ProductQuantizer(NamedTuple):
    """Columns cut into M groups, and a codebook for each.

    Attributes
    ----------
    codebooks : array, shape (n_centers, d)
        Entry c of the codebook of group m is ``codebooks[c, edges[m] : edges[m + 1]]``.
    edges : array of int64, shape (M + 1,)
        Where groups begin and end.
    """

    codebooks: np.ndarray
    edges: np.ndarray

    @property
    def n_groups(self):
        """Bytes M of a code."""
        return len(self.edges) - 1


def train_pq(X, n_groups=8, n_centers=256, *, n_iter=25, rng=None):
    r"""Return a product quantizer: one k-means for each group of columns.

    Parameters
    ----------
    X : array, shape (n, d)
        Vectors to learn from, in the distribution of those to come.
    n_groups : int, default 8
        Groups M, at most d, of sizes as equal as they can be. Codes take M bytes.
    n_centers : int, default 256
        Entries of each codebook, at most 256 and at most n.
    n_iter : int, default 25
        Steps of `kmeans`.
    rng : int, Generator or None

    Returns
    -------
    ProductQuantizer

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 n d n_centers`` flops a step, whatever M is.

    **Guarantee.** With M groups of k entries there are :math:`k^M` representatives [1]_.

    References
    ----------
    .. [1] H. Jégou, M. Douze, C. Schmid, "Product quantization for nearest neighbor search",
       IEEE Trans. PAMI 33(1), 2011, 117-128.

    Examples
    --------
    >>> X = [[0.0, 5.0], [0.0, 7.0], [1.0, 5.0], [1.0, 7.0]]
    >>> quantizer = train_pq(X, 2, 2, rng=0)
    >>> pq_decode(quantizer, pq_encode(quantizer, X)).tolist() == X
    True
    """
    X = check_points(X)
    n_groups = check_count(n_groups, "n_groups", low=1, high=X.shape[1], high_name="d")
    n_centers = check_count(
        n_centers, "n_centers", low=1, high=min(256, len(X)), high_name="min(256, n)"
    )
    n_iter, rng = check_count(n_iter, "n_iter", low=1), as_rng(rng)
    sizes = [len(part) for part in np.array_split(np.arange(X.shape[1]), n_groups)]
    edges = np.cumsum([0, *sizes])
    books = [
        kmeans(
            X[:, edges[m] : edges[m + 1]], n_centers, init="sample", n_iter=n_iter, tol=0, rng=rng
        ).centers
        for m in range(n_groups)
    ]
    return ProductQuantizer(np.concatenate(books, axis=1), edges)


def pq_encode(quantizer, X):
    """Return the code of each row: the nearest entry of each codebook.

    Parameters
    ----------
    quantizer : ProductQuantizer
    X : array, shape (n, d)

    Returns
    -------
    codes : array of uint8, shape (n, M)

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix with the columns of the quantizer.

    Notes
    -----
    **Cost.** ``2 n d n_centers`` flops.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))
    >>> pq_encode(quantizer, [[0.9, 5.5]])
    array([[1, 0]], dtype=uint8)
    """
    codebooks, edges = check_quantizer(quantizer)
    X = check_queries(X, codebooks.shape[1], codebooks.dtype, "X")
    origin = off_origin(codebooks, edges)
    X, codebooks = moved(X, origin), moved(codebooks, origin)
    codes = np.empty((len(X), len(edges) - 1), np.uint8)
    labels, least = np.empty(len(X), np.int64), np.empty(len(X), X.dtype)
    for m in range(len(edges) - 1):
        columns = slice(edges[m], edges[m + 1])
        assign(X[:, columns], *scaled(codebooks[:, columns]), labels, least)
        codes[:, m] = labels
    return codes


def pq_decode(quantizer, codes):
    """Return the representatives of codes.

    Parameters
    ----------
    quantizer : ProductQuantizer
    codes : array of uint8, shape (n, M)

    Returns
    -------
    array, shape (n, d)

    Raises
    ------
    ValueError, TypeError
        If codes are no matrix of integers below the number of centers with M columns.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))
    >>> pq_decode(quantizer, np.array([[1, 0]], np.uint8))
    array([[1., 5.]])
    """
    codebooks, edges = check_quantizer(quantizer)
    codes = check_bytes(codes, len(codebooks), len(edges) - 1)
    groups = np.repeat(codes, np.diff(edges), axis=1)
    return np.take_along_axis(codebooks, groups.astype(np.int64), axis=0)


def recenter(quantizer, X, codes):
    """Return the quantizer whose entries are the means of the points that have their code.

    Parameters
    ----------
    quantizer : ProductQuantizer
    X : array, shape (n, d)
    codes : array of uint8, shape (n, M)

    Returns
    -------
    ProductQuantizer
        Entries that no point has stay.

    Raises
    ------
    ValueError, TypeError
        If points or codes do not suit the quantizer or each other.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0], [8.0]]), np.array([0, 1]))
    >>> recenter(quantizer, [[1.0], [3.0]], [[0], [0]]).codebooks.tolist()
    [[2.0], [8.0]]
    """
    codebooks, edges = check_quantizer(quantizer)
    X = check_queries(X, codebooks.shape[1], codebooks.dtype, "X")
    codes = check_bytes(codes, len(codebooks), len(edges) - 1)
    if len(codes) != len(X):
        raise ValueError(f"codes must have a row for each of {len(X)} points; got {len(codes)}.")
    new = codebooks.copy()
    for m in range(len(edges) - 1):
        columns = slice(edges[m], edges[m + 1])
        counts = np.bincount(codes[:, m], minlength=len(codebooks))
        sums = np.zeros((len(codebooks), edges[m + 1] - edges[m]))
        np.add.at(sums, codes[:, m], X[:, columns])
        new[counts > 0, columns] = (sums / np.maximum(counts, 1)[:, None])[counts > 0]
    return ProductQuantizer(new, edges)


def distance_tables(quantizer, queries):
    """Return the squared distances of each query's parts from all entries of the codebooks.

    Parameters
    ----------
    quantizer : ProductQuantizer
    queries : array, shape (q, d)

    Returns
    -------
    tables : array, shape (q, M, n_centers)
        The squared distance of query i from a code is the sum of ``tables[i, m, code[m]]``.

    Raises
    ------
    ValueError, TypeError
        If queries are no finite matrix with the columns of the quantizer.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))
    >>> distance_tables(quantizer, [[0.0, 6.0]]).tolist()
    [[[0.0, 1.0], [1.0, 1.0]]]
    """
    codebooks, edges = check_quantizer(quantizer)
    queries = check_queries(queries, codebooks.shape[1], codebooks.dtype)
    return _tables(codebooks, edges, queries)


def pq_distances(quantizer, codes, queries, *, symmetric=False):
    r"""Return the squared distance of each query from the representative of each code.

    Parameters
    ----------
    quantizer : ProductQuantizer
    codes : array of uint8, shape (n, M)
    queries : array, shape (q, d)
    symmetric : bool, default False
        Whether queries are replaced by their representatives too: symmetric distance
        computation, SDC, instead of the asymmetric one, ADC.

    Returns
    -------
    array, shape (q, n)

    Raises
    ------
    ValueError, TypeError
        If queries or codes do not suit the quantizer.

    Notes
    -----
    **Cost.** ``2 d n_centers`` flops for the tables of a query, M look-ups and additions a code.

    **Guarantee.** The distance, not squared, errs by at most that of a point from its
    representative [1]_. If every entry of a codebook is the mean of its points, then for *every*
    query the mean over the database of the true squared distance less this one is exactly the
    mean squared error of the codes. That holds for ADC, not for SDC.

    References
    ----------
    .. [1] H. Jégou, M. Douze, C. Schmid, "Product quantization for nearest neighbor search",
       IEEE Trans. PAMI 33(1), 2011, 117-128.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))
    >>> pq_distances(quantizer, [[1, 0]], [[0.0, 6.0]]).tolist()
    [[2.0]]
    """
    codebooks, edges = check_quantizer(quantizer)
    codes = check_bytes(codes, len(codebooks), len(edges) - 1)
    queries = check_queries(queries, codebooks.shape[1], codebooks.dtype)
    if symmetric:
        queries = pq_decode(quantizer, pq_encode(quantizer, queries))
    return look_up(codes, _tables(codebooks, edges, queries))


def pq_search(quantizer, codes, queries, n_neighbors, *, symmetric=False):
    """Return the codes that are nearest to each query, by `pq_distances`.

    Parameters
    ----------
    quantizer : ProductQuantizer
    codes : array of uint8, shape (n, M)
        The database.
    queries : array, shape (q, d)
    n_neighbors : int
        Between 1 and n.
    symmetric : bool, default False
        See `pq_distances`.

    Returns
    -------
    Neighbors
        Estimated Euclidean distances; of equal ones the smaller index comes first. Each query
        evaluates all n codes, by tables.

    Raises
    ------
    ValueError, TypeError
        If queries or codes do not suit the quantizer, or ``n_neighbors`` is out of range.

    Notes
    -----
    **Cost.** ``2 d n_centers`` flops and ``n M`` look-ups a query. Of many queries 64 are scanned
    together: their tables lie side by side, so that one load and one addition serve several.

    Examples
    --------
    >>> quantizer = ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))
    >>> found = pq_search(quantizer, [[1, 0], [0, 0]], [[0.0, 5.0]], 2)
    >>> found.indices, found.distances
    (array([[1, 0]]), array([[0., 1.]]))
    """
    codebooks, edges = check_quantizer(quantizer)
    codes = check_bytes(codes, len(codebooks), len(edges) - 1)
    queries = check_queries(queries, codebooks.shape[1], codebooks.dtype)
    k = check_n_neighbors(n_neighbors, len(codes))
    if symmetric:
        queries = pq_decode(quantizer, pq_encode(quantizer, queries))
    found = nothing_found(len(queries), k, queries.dtype)
    indices, squares = found[:2]
    for start in range(0, len(queries), LANES):
        rows = slice(start, start + LANES)
        tables = _tables(codebooks, edges, queries[rows])
        if len(tables) < FEW:
            keep(look_up(codes, tables), indices[rows], squares[rows])
        else:
            lanes = np.ascontiguousarray(np.moveaxis(tables, 0, 2))
            scan(codes, lanes, indices[rows], squares[rows])
    found.evaluations[:] = len(codes)
    return rooted(found)


def check_quantizer(quantizer):
    """Return codebooks and edges of a quantizer that may be built by hand."""
    if not isinstance(quantizer, ProductQuantizer):
        raise TypeError(
            f"quantizer must be a ProductQuantizer from train_pq; got a {type(quantizer).__name__}."
        )
    codebooks, edges = check_points(quantizer.codebooks, "codebooks"), quantizer.edges
    if not (np.ndim(edges) == 1 and len(edges) > 1 and edges[0] == 0):
        raise ValueError(f"edges must be a vector that begins with 0; got {edges!r}.")
    if np.any(np.diff(edges) < 1) or edges[-1] != codebooks.shape[1] or len(codebooks) > 256:
        raise ValueError("edges must rise to the columns of at most 256 codebook entries.")
    return codebooks, np.asarray(edges, np.int64)


def check_bytes(codes, n_centers, n_groups):
    """Return codes as a matrix of uint8, each below the number of centers."""
    codes = plain_array(codes, "codes")
    if codes.ndim != 2 or codes.shape[1] != n_groups or not len(codes):
        raise ValueError(
            f"codes must be a matrix with rows and {n_groups} columns; got shape {codes.shape}."
        )
    if codes.dtype.kind not in "iu":
        raise TypeError(f"codes must be integers from pq_encode; got {codes.dtype}.")
    if not (codes.min() >= 0 and codes.max() < n_centers):
        raise ValueError(f"codes must lie between 0 and {n_centers - 1}; got others.")
    return np.ascontiguousarray(codes, np.uint8)


def _tables(codebooks, edges, queries):
    origin = off_origin(codebooks, edges)
    queries, codebooks = moved(queries, origin), moved(codebooks, origin)
    tables = np.empty((len(queries), len(edges) - 1, len(codebooks)), queries.dtype)
    for m in range(len(edges) - 1):
        columns = slice(edges[m], edges[m + 1])
        part, book = queries[:, columns], codebooks[:, columns]
        doubled, lengths = scaled(book)
        squares = part @ doubled.T + lengths + np.einsum("ij,ij->i", part, part)[:, None]
        np.maximum(squares, 0, out=tables[:, m])
    return tables
