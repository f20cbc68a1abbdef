"""How hard the data are, how good an answer is, and what theory says of both."""

import math

import numpy as np
from numba import njit

from course_lib._neighbors import check_points, check_queries, squared_distance
from course_lib._validation import check_count, check_finite, check_matrix, check_number
from course_lib.trees.brute import brute_force

__all__ = [
    "cells",
    "contrast",
    "expected_leaves",
    "intrinsic_dimension",
    "potential",
    "recall",
    "spill_copies",
]


def recall(distances, exact):
    """Return the share of neighbors found that are as near as the true k nearest.

    Parameters
    ----------
    distances : array, shape (q, k)
        Of the neighbors that were found; infinity where a search found too few.
    exact : array, shape (q, k)
        Of the nearest, for example by `brute_force`.

    Returns
    -------
    float
        The mean over queries of the share of ``distances`` that are at most the largest of
        ``exact``, up to rounding. Distances are compared and not indices: of two points as near
        as each other either will do.

    Raises
    ------
    ValueError, TypeError
        If the two differ in shape, or are no matrices of non-negative numbers.

    Notes
    -----
    **Cost.** A pass over both.

    Examples
    --------
    >>> recall([[1.0, 2.0], [1.0, 3.0]], [[1.0, 2.0], [1.0, 2.0]])
    0.75
    """
    found = check_matrix(distances, "distances", sparse=False, operator=False)
    exact = check_matrix(exact, "exact", sparse=False, operator=False)
    if found.shape != exact.shape:
        raise ValueError(f"distances must have shape {exact.shape}, as exact; got {found.shape}.")
    check_finite(exact, "exact")
    if not found.min() >= 0 or exact.min() < 0:
        raise ValueError("distances must not be negative or NaN; some are.")
    rounding = 64 * max(np.finfo(found.dtype).eps, np.finfo(exact.dtype).eps)
    return float(np.mean(found <= exact.max(axis=1, keepdims=True) * (1 + rounding)))


def contrast(X, queries):
    r"""Return how much farther the farthest point is than the nearest, for each query.

    Parameters
    ----------
    X : array, shape (n, d)
        The points.
    queries : array, shape (q, d)
        The queries.

    Returns
    -------
    array, shape (q,)
        (max - min) / min of the distances; infinite where a query is a point.

    Raises
    ------
    ValueError, TypeError
        If ``X`` or ``queries`` is no finite matrix, or they differ in columns.

    Notes
    -----
    **Cost.** n distances a query.

    **Guarantee.** For a fixed number of points, if their coordinates and those of the query are
    independent draws of one distribution of finite variance, not a constant, it goes to 0 in
    probability as d grows ([1], Theorem 1).

    References
    ----------
    .. [1] K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft, "When is nearest neighbor
       meaningful?", ICDT 1999.

    Examples
    --------
    >>> import numpy as np
    >>> contrast(np.array([[1.0], [2.0], [5.0]]), np.array([[0.0]]))
    array([4.])
    """
    X = check_points(X)
    Q = check_queries(queries, X.shape[1], X.dtype)
    ratios = np.empty(len(Q))
    for i, q in enumerate(Q):
        distances = _distances(X, q)
        nearest, farthest = float(distances.min()), float(distances.max())
        ratios[i] = (farthest - nearest) / nearest if nearest > 0 else math.inf
    return ratios


@njit(cache=True)
def _distances(X, q):
    distances = np.empty(len(X), X.dtype)
    for j in range(len(X)):
        distances[j] = np.sqrt(squared_distance(X[j], q))
    return distances


def intrinsic_dimension(X, queries=None, *, n_neighbors=20):
    r"""Return the dimension that the distances of near points tell of.

    Parameters
    ----------
    X : array, shape (n, d)
        The points. Equal ones count once.
    queries : array, shape (q, d), optional
        Where to look; at each of the points by default.
    n_neighbors : int, default 20
        Neighbors k, from 3 to one less than the number of different points.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``X`` or ``queries`` is no finite matrix, they differ in columns, there are not enough
        different points, or all k neighbors are at one distance everywhere.

    Notes
    -----
    **Cost.** That of `brute_force`.

    **Guarantee.** If points near q are uniform in dimension d, the distances
    :math:`T_1 \le \dots \le T_k` from q give :math:`\sum_{j<k} \log(T_k / T_j)`, a sum of k - 1
    exponential variables of mean 1/d, of which this is the maximum-likelihood estimate ([1],
    Section 3), pooled over the queries as [2] proposes. Of 20,000 uniform points in a cube of 20
    dimensions it is too low, about 15: the balls reach beyond the faces, where no points are.

    References
    ----------
    .. [1] E. Levina, P. J. Bickel, "Maximum likelihood estimation of intrinsic dimension",
       NIPS 2004.
    .. [2] D. J. C. MacKay, Z. Ghahramani, "Comments on 'Maximum likelihood estimation of
       intrinsic dimension' by E. Levina and P. Bickel", 2005.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.random.default_rng(0).random((1000, 1)) * [1.0, 2.0, 3.0]
    >>> round(intrinsic_dimension(line))
    1
    """
    X = np.unique(check_points(X), axis=0)
    Q = X if queries is None else check_queries(queries, X.shape[1], X.dtype)
    k = check_count(
        n_neighbors, "n_neighbors", low=3, high=len(X) - 1, high_name="different points - 1"
    )
    T = brute_force(X, Q, k + 1).distances.astype(np.float64)
    is_point = T[:, 0] == 0
    T = np.where(is_point[:, None], T[:, 1:], T[:, :-1])
    means = np.log(T[:, -1:] / T[:, :-1]).sum(axis=1) / (k - 1)
    if not means.any():
        raise ValueError("X must have neighbors at different distances; all k are as far.")
    return float(1 / means.mean())


def potential(X, queries, m=None):
    r"""Return how many points are nearly as near as the nearest: the potential of each query.

    Parameters
    ----------
    X : array, shape (n, d)
        The points.
    queries : array, shape (q, d)
        The queries.
    m : int, optional
        Points in the cell at hand, from 2 to n, the nearest ones; n by default.

    Returns
    -------
    array, shape (q,)
        :math:`\Phi_m(q)`: the sum of :math:`\|q - x_{(1)}\| / \|q - x_{(i)}\|` over i from 2 to
        m, divided by m, with
        :math:`x_{(i)}` the i-th nearest point; from 0 to 1.

    Raises
    ------
    ValueError, TypeError
        If ``X`` or ``queries`` is no finite matrix, they differ in columns, or m is out of range.

    Notes
    -----
    **Cost.** n distances a query, sorted.

    **Guarantee.** A random direction puts an expected share of at most :math:`\Phi_m / 2` of the m
    points between q and its nearest, so that a cut at a quantile drawn from [1/4, 3/4] parts the
    two with probability at most :math:`\Phi_m + 1/m` (1/m for cuts through the nearest point
    itself), and one at the median with overlap :math:`\alpha` with at most
    :math:`\Phi_m / (2 \alpha)`. (The book derives it; for a tree [1] has a logarithm more.)

    References
    ----------
    .. [1] S. Dasgupta, K. Sinha, "Randomized partition trees for nearest neighbor search",
       Algorithmica 72, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> potential(np.array([[1.0], [2.0], [4.0], [8.0]]), np.array([[0.0]]))
    array([0.21875])
    """
    X = check_points(X)
    Q = check_queries(queries, X.shape[1], X.dtype)
    if m is not None or len(X) < 2:
        m = check_count(m, "m", low=2, high=len(X), high_name="n")
    sums = np.zeros(len(Q))
    for i, q in enumerate(Q):
        distances = np.sort(_distances(X, q))[:m].astype(np.float64)
        if distances[0] > 0:
            sums[i] = (distances[0] / distances[1:]).sum() / len(distances)
    return sums


def expected_leaves(n_features, n_neighbors, leaf_size):
    r"""Return how many leaves of a kd-tree a query reads, by Friedman, Bentley and Finkel's model.

    Parameters
    ----------
    n_features : int
        Dimension d, at least 1.
    n_neighbors : int
        Neighbors k.
    leaf_size : float
        Points b in a leaf, at least 1.

    Returns
    -------
    float
        :math:`((k/b)^{1/d} G + 1)^d`, with :math:`G = 2 / V_d^{1/d}` and :math:`V_d` the volume of
        the unit ball; infinite where it is above the largest float.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** None: it takes leaves for cubes in a uniform density, and counts those that meet
    the cube around the ball of the k nearest. As d grows it soon says more leaves than there are:
    of 20,000 points in leaves of 10, from 8 dimensions on. It shows that n does not matter while d
    is small.

    References
    ----------
    .. [1] J. H. Friedman, J. L. Bentley, R. A. Finkel, "An algorithm for finding best matches in
       logarithmic expected time", ACM TOMS 3(3), 1977.

    Examples
    --------
    >>> round(expected_leaves(1, 4, 4), 6), round(expected_leaves(2, 1, 6.1), 1)
    (2.0, 2.1)
    """
    d = check_count(n_features, "n_features", low=1)
    k = check_count(n_neighbors, "n_neighbors", low=1)
    b = check_number(leaf_size, "leaf_size", low=1, high=1e15)
    log_ball = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    side = 2 * math.exp((math.log(k) - math.log(b) - log_ball) / d)
    exponent = d * math.log1p(side)
    return math.exp(exponent) if exponent < 709 else math.inf


def spill_copies(n, leaf_size, overlap):
    r"""Return how often a spill tree holds each point.

    Parameters
    ----------
    n : int
        Points.
    leaf_size : int
        Points :math:`n_0` in a leaf, at most n.
    overlap : float
        :math:`\alpha`, from 0 to 0.4.

    Returns
    -------
    float
        :math:`(n / n_0)^{1 / (1 - \log_2(1 + 2\alpha)) - 1}`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** Each of two children has :math:`1/2 + \alpha` of the points, so a level
    multiplies the copies by :math:`1 + 2\alpha`; exact up to the rounding of levels.

    Examples
    --------
    >>> spill_copies(1000, 10, 0.0), round(spill_copies(60_000, 100, 0.05), 1)
    (1.0, 2.8)
    """
    n = check_count(n, "n", low=1)
    leaf_size = check_count(leaf_size, "leaf_size", low=1, high=n, high_name="n")
    overlap = check_number(overlap, "overlap", low=0, high=0.4)
    return (n / leaf_size) ** (1 / (1 - math.log2(1 + 2 * overlap)) - 1)


def cells(tree, depth):
    """Return which points lie in each cell of a tree, some levels below its root.

    Parameters
    ----------
    tree : KDTree, BallTree or RPForest
        Of a forest, the first tree.
    depth : int
        Levels below the root, from 0. Leaves above that count as cells too.

    Returns
    -------
    list of array of int
        Rows of X, for each cell.

    Raises
    ------
    ValueError, TypeError
        If ``tree`` is no tree or ``depth`` is negative.

    Notes
    -----
    **Cost.** A visit to each node.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.trees import kd_tree
    >>> cells(kd_tree(np.arange(8.0)[:, None], leaf_size=1), 1)
    [array([0, 1, 2, 3]), array([4, 5, 6, 7])]
    """
    if not all(hasattr(tree, field) for field in ("child", "start", "stop", "order")):
        raise TypeError(f"tree must be a tree of this module; got {type(tree).__name__}.")
    depth = check_count(depth, "depth", low=0)
    roots, level = [0], 0
    while level < depth and any(tree.child[node] for node in roots):
        below = [(node,) if not (c := tree.child[node]) else (c, c + 1) for node in roots]
        roots, level = [node for pair in below for node in pair], level + 1
    return [_members(tree, root) for root in roots]


def _members(tree, root):
    """Return the rows of X below a node, each once."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if tree.child[node]:
            waiting += [tree.child[node], tree.child[node] + 1]
        else:
            found.append(tree.order[tree.start[node] : tree.stop[node]])
    members = np.unique(np.concatenate(found))
    return np.sort(tree.rows[members]) if hasattr(tree, "rows") else members
