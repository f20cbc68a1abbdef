"""PageRank: the power method on a sparse matrix that is never formed."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import (
    check_count,
    check_indices,
    check_number,
    check_vector,
    plain_array,
)
from course_lib.matrix_completion.sparse import LARGEST, csr

UNFIT = (
    "links must name each node's sources between 0 and n_nodes - 1, and count the links of each; "
    "make them by in_links."
)

__all__ = ["Links", "PageRank", "in_links", "pagerank"]


class Links(NamedTuple):
    """A directed graph by targets: who links to ``i``, and how many links each node has."""

    indptr: np.ndarray  # (n + 1,) int64
    sources: np.ndarray  # (number of links,) int32
    out_degree: np.ndarray  # (n,) int64

    @property
    def n_nodes(self):
        """Number of nodes."""
        return len(self.out_degree)


class PageRank(NamedTuple):
    """Scores that sum to one, and how far each iteration moved them."""

    scores: np.ndarray  # (n,)
    residuals: np.ndarray  # (n_iter,), L1 norm of p_t - p_{t-1}


def in_links(src, dst, n_nodes=None):
    """Return the graph in which ``src[t]`` links to ``dst[t]``, sorted by target.

    Parameters
    ----------
    src, dst : array_like of int, shape (number of links,)
        No link may be given twice.
    n_nodes : int, optional
        By default one more than the largest node.

    Returns
    -------
    Links

    Raises
    ------
    ValueError, TypeError
        If there is no node, a node is negative or too large, or a link is given twice.

    Notes
    -----
    **Cost.** Two counting sorts. The result holds 4 bytes a link and 16 a node.

    Examples
    --------
    >>> in_links([0, 0, 1], [1, 2, 2]).sources
    array([0, 0, 1], dtype=int32)
    """
    src, dst = (check_indices(nodes, name, LARGEST) for nodes, name in ((src, "src"), (dst, "dst")))
    if n_nodes is None:
        n_nodes = int(max(src.max(initial=-1), dst.max(initial=-1))) + 1
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=LARGEST)
    by_target = csr(dst, src, np.ones(len(src), np.float32), (n_nodes, n_nodes))
    out_degree = np.bincount(by_target.indices, minlength=n_nodes)
    return Links(by_target.indptr, by_target.indices, out_degree)


def pagerank(links, *, alpha=0.85, tol=1e-8, restart=None, max_iter=1000, dtype=np.float64):
    r"""Return the stationary distribution of a surfer who follows links and sometimes restarts.

    With probability ``alpha`` he follows one of the links of his page, each equally likely; a
    page without links sends him where a restart would. Otherwise he restarts.

    Parameters
    ----------
    links : Links
        The graph, from `in_links`.
    alpha : float, default 0.85
        Probability of following a link, between 0 and 1, 1 excluded.
    tol : float, default 1e-8
        Stop when an iteration moves the scores by at most this, in the L1 norm.
    restart : array_like, shape (n,), optional
        Where a restart leads: non-negative numbers, scaled to sum to one. Uniform by default.
    max_iter : int, default 1000
        Stop after so many iterations in any case.
    dtype : dtype
        float64, or float32, which halves the memory that is read at random; its residual stops
        falling near 1e-7.

    Returns
    -------
    PageRank
        ``residuals[-1] <= tol`` unless ``max_iter`` came first.

    Raises
    ------
    ValueError
        If ``alpha``, ``tol`` or ``max_iter`` is out of range, ``restart`` is no distribution, or
        the parts of ``links`` do not fit each other.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** An iteration is one pass over the links: 4 bytes streamed and one number gathered
    for each, and 4 numbers and a pointer a node. Values are never stored: all entries of a
    column of the matrix are equal, so each score is divided by its out-degree before it is
    gathered.

    **Guarantee.** The map contracts the L1 norm by ``alpha``: residual ``t`` is at most
    :math:`2\alpha^{t}`, and the distance to the solution at most :math:`\alpha/(1 - \alpha)`
    times the last residual. So :math:`\lceil \log(2 / \text{tol}) / \log(1/\alpha) \rceil`
    iterations always suffice, 118 for the defaults, whatever the size of the graph.

    References
    ----------
    .. [1] L. Page, S. Brin, R. Motwani, T. Winograd, "The PageRank citation ranking: bringing
       order to the web", Stanford InfoLab, 1999.

    Examples
    --------
    A page that everybody links to, and that links to nobody:

    >>> pagerank(in_links([0, 1], [2, 2])).scores.round(4)
    array([0.2128, 0.2128, 0.5745])
    """
    alpha = check_number(alpha, "alpha", low=0, high=1, open_high=True)
    tol = check_number(tol, "tol", low=0)
    max_iter = check_count(max_iter, "max_iter", low=1)
    dtype = _float(dtype)
    links = _checked(links)
    v = _distribution(restart, links.n_nodes, dtype)
    with np.errstate(divide="ignore"):
        share = np.where(links.out_degree > 0, 1 / links.out_degree, 0).astype(dtype)
    indptr, sources = links.indptr.view(np.uint64), links.sources.view(np.uint32)
    p = v.copy()
    shares, gathered = p * share, np.empty_like(p)
    dangling = float(p[share == 0].sum(dtype=np.float64))
    residuals = []
    for _ in range(max_iter):
        _gather(indptr, sources, shares, gathered)
        restarting = dtype(alpha * dangling + 1 - alpha)
        moved, dangling = _step(gathered, dtype(alpha), restarting, v, share, p, shares)
        residuals.append(moved)
        if moved <= tol:
            break
    if abs(float(p.sum(dtype=np.float64)) - 1) > 1e-3:  # what leaves a node arrives elsewhere
        raise ValueError(UNFIT)
    return PageRank(p, np.array(residuals))


def _checked(links):
    """Return links that the kernel may read: arrays of its dtypes, and every source a node."""
    if not isinstance(links, Links):
        raise TypeError(
            f"links must be Links; got a {type(links).__name__}, make them by in_links."
        )
    indptr, sources, out_degree = (plain_array(part, "links") for part in links)
    if any(part.ndim != 1 or part.dtype.kind not in "iu" for part in (indptr, sources, out_degree)):
        raise TypeError("links must be three lists of integers; make them by in_links.")
    n = len(out_degree)
    fits = n and len(indptr) == n + 1 and indptr[0] == 0 and indptr[-1] == len(sources)
    if not fits or (indptr[1:] < indptr[:-1]).any() or out_degree.min() < 0:
        raise ValueError(UNFIT)
    if len(sources) and not (sources.min() >= 0 and sources.max() < n):
        raise ValueError(UNFIT)
    if out_degree.sum() != len(sources):
        raise ValueError(UNFIT)
    return Links(
        indptr.astype(np.int64, copy=False),
        sources.astype(np.int32, copy=False),
        out_degree,
    )


def _float(dtype):
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be float32 or float64; got {dtype!r}.") from None
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64; got {dtype}.")
    return dtype.type


def _distribution(restart, n, dtype):
    if restart is None:
        return np.full(n, 1 / n, dtype)
    v = check_vector(restart, "restart", dtype=np.float64, finite=False)
    if v.shape != (n,):
        raise ValueError(f"restart must have one entry for each of {n} nodes; got {v.shape}.")
    if not (np.isfinite(v).all() and v.min() >= 0 and v.max() > 0):
        raise ValueError("restart must hold non-negative numbers, some of them positive.")
    total = v.sum()
    if not np.isfinite(total) or total < np.finfo(np.float64).tiny:
        v = v / v.max()
        total = v.sum()
    return (v / total).astype(dtype)


@njit(cache=True, nogil=True)
def _gather(indptr, sources, shares, gathered):
    """Sum what the sources of each node pass on: the only reads in no order."""
    for i in range(len(gathered)):
        total = 0.0  # float64: a popular node sums thousands of small numbers
        for t in range(indptr[i], indptr[i + 1]):
            total += shares[sources[t]]
        gathered[i] = total


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz", "contract"})
def _step(gathered, alpha, restarting, v, share, p, shares):
    """Restart, measure the move, and prepare what is gathered next; ``share`` is 1/out-degree."""
    moved, dangling = 0.0, 0.0
    for i in range(len(p)):
        score = alpha * gathered[i] + restarting * v[i]
        moved += abs(score - p[i])
        p[i] = score
        shares[i] = score * share[i]
        dangling += score * (share[i] == 0)
    return moved, dangling
