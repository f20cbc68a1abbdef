"""Kernel sums by pairs of tree nodes: a pair is settled at once where the kernel hardly varies."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_number
from course_lib.kernel_features._terms import as_given, check_kernel, check_terms, values
from course_lib.trees import kd_tree

__all__ = ["DualTreeSum", "dual_tree_sum"]

PAIRS = 1 << 14  # of nodes that are looked at together
FLAT = 1e-12  # an increase of the kernel by that much is rounding


class DualTreeSum(NamedTuple):
    """Kernel sums, and what they cost.

    Attributes
    ----------
    sums : array, shape (t,) or (t, k)
    evaluations : int
        Pairs of points for which the kernel was computed.
    visits : int
        Pairs of nodes that were looked at; two values of the kernel each.
    """

    sums: np.ndarray
    evaluations: int
    visits: int


def dual_tree_sum(
    X, weights, targets=None, *, bandwidth, tol=1e-2, kernel="gaussian", leaf_size=16
):
    r"""Return :math:`\sum_j a_j\, k(|t_i - x_j| / h)` at every target, by bounds on nodes.

    Sources and targets are put into a kd-tree each. Between two boxes the kernel lies between its
    values at their largest and smallest distance. Where these differ by at most ``2 tol`` their
    mean stands for all pairs; else the larger node is opened, and two leaves are summed directly.

    Parameters
    ----------
    X : array, shape (n, d)
        Sources.
    weights : array, shape (n,) or (n, k)
        Weights :math:`a` of the sources, of any sign; each column is a sum of its own.
    targets : array, shape (t, d), optional
        Where the sums are wanted; at the sources by default.
    bandwidth : float
        Length h, positive.
    tol : float, default 1e-2
        Error :math:`\epsilon` for a unit of weight, 0 or more; with 0 only equal values are merged.
    kernel : {"gaussian", "laplacian", "cauchy", "epanechnikov"} or callable
        As for `direct_sum`. A function must not increase with the distance.
    leaf_size : int, default 16
        Points of a leaf.

    Returns
    -------
    DualTreeSum
        ``sums`` (t,) or (t, k) in the dtype of ``X``, the pairs of points that were evaluated and
        the pairs of nodes that were visited.

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other or are not finite, an option is out of range, or the
        kernel is seen to increase.

    See Also
    --------
    gauss_sum : series instead of bounds, for six digits.

    Notes
    -----
    **Cost.** Two trees, and as many pairs as the tolerance asks for: a pair of boxes of side s is
    settled where the kernel varies by ``2 tol`` over a length of s. A digit more means boxes ten
    times smaller, so the work comes near ``n t`` where many digits are wanted. No bound is claimed.

    **Guarantee.** :math:`|error| \le \epsilon \sum_j |a_j|` at each target, up to rounding, for
    every kernel that does not increase.

    References
    ----------
    .. [1] A. Gray, A. Moore, "'N-Body' problems in statistical learning", NIPS 2000.

    Examples
    --------
    >>> found = dual_tree_sum([[0.0], [0.1], [9.0]], [1.0, 1.0, 1.0], bandwidth=1.0, tol=0.01)
    >>> found.sums.round(2), found.evaluations
    (array([1.99, 1.99, 1.  ]), 9)
    """
    terms = check_terms(X, weights, targets, bandwidth)
    kernel = check_kernel(kernel)
    tol = check_number(tol, "tol", low=0)
    sources = _Nodes(terms.X, leaf_size)
    same = terms.targets is terms.X
    wanted = sources if same else _Nodes(terms.targets, leaf_size)
    weights = terms.weights[sources.order]
    totals = _node_sums(weights, sources.start, sources.stop)
    sums, shared = (
        np.zeros((len(wanted.order), weights.shape[1])),
        np.zeros((len(wanted.start), weights.shape[1])),
    )
    evaluations = visits = 0
    waiting = [(np.zeros(1, np.int64), np.zeros(1, np.int64))]
    while waiting:
        t, s = waiting.pop()
        visits += len(t)
        near, far = _distances(t, s, wanted.low, wanted.high, sources.low, sources.high)
        most, least = values(kernel, near), values(kernel, far)
        if not np.all(most >= least - FLAT * np.abs(most)):
            raise ValueError("kernel must not increase with the distance; it does here.")
        done = most - least <= 2 * tol
        middle = (most[done] + least[done]) / 2
        np.add.at(shared, t[done], middle[:, None] * totals[s[done]])
        t, s = t[~done], s[~done]
        leaves = (wanted.child[t] == 0) & (sources.child[s] == 0)
        evaluations += _add_leaves(kernel, wanted, sources, t[leaves], s[leaves], weights, sums)
        waiting += _opened(wanted, sources, t[~leaves], s[~leaves])
    _hand_down(shared, wanted.start, wanted.stop, sums)
    result = np.empty_like(sums)
    result[wanted.order] = sums
    return DualTreeSum(as_given(result, terms), evaluations, visits)


class _Nodes:
    """A kd-tree with the box of each node, and the points in the order of the tree."""

    def __init__(self, X, leaf_size):
        tree = kd_tree(X, leaf_size=leaf_size)
        self.order, self.child = tree.order, tree.child
        self.start, self.stop = tree.start, tree.stop
        self.points = np.ascontiguousarray(X[tree.order])
        self.low, self.high = _boxes(self.points, tree.child, tree.start, tree.stop)


@njit(cache=True)
def _boxes(points, child, start, stop):
    """The smallest and the largest coordinates (m, d) in each node; children come after parents."""
    low, high = np.empty((len(child), points.shape[1])), np.empty((len(child), points.shape[1]))
    for node in range(len(child) - 1, -1, -1):
        if child[node] > 0:
            low[node] = np.minimum(low[child[node]], low[child[node] + 1])
            high[node] = np.maximum(high[child[node]], high[child[node] + 1])
            continue
        low[node] = points[start[node]]
        high[node] = points[start[node]]
        for i in range(start[node] + 1, stop[node]):
            low[node] = np.minimum(low[node], points[i])
            high[node] = np.maximum(high[node], points[i])
    return low, high


def _node_sums(weights, start, stop):
    """The sum of the weights (m, k) in each node."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums[stop] - sums[start]


@njit(cache=True)
def _distances(t, s, t_low, t_high, s_low, s_high):
    """The smallest and the largest distance between the boxes of each pair."""
    near, far = np.empty(len(t)), np.empty(len(t))
    for i in range(len(t)):
        least, most = 0.0, 0.0
        for c in range(t_low.shape[1]):
            below = s_low[s[i], c] - t_high[t[i], c]
            above = t_low[t[i], c] - s_high[s[i], c]
            gap = max(0.0, below, above)
            reach = max(s_high[s[i], c] - t_low[t[i], c], t_high[t[i], c] - s_low[s[i], c])
            least += gap * gap
            most += reach * reach
        near[i], far[i] = np.sqrt(least), np.sqrt(most)
    return near, far


def _opened(wanted, sources, t, s):
    """The children of the larger node of each pair, in groups that fit into the cache."""
    sizes = wanted.stop[t] - wanted.start[t], sources.stop[s] - sources.start[s]
    left = (sources.child[s] == 0) | ((wanted.child[t] > 0) & (sizes[0] >= sizes[1]))
    below_t, below_s = wanted.child[t[left]], sources.child[s[~left]]
    t = np.concatenate([below_t, below_t + 1, t[~left], t[~left]])
    s = np.concatenate([s[left], s[left], below_s, below_s + 1])
    return [(t[i : i + PAIRS], s[i : i + PAIRS]) for i in range(0, len(t), PAIRS)]


def _add_leaves(kernel, wanted, sources, t, s, weights, sums):
    """Add all pairs of points of these pairs of leaves; return how many there are."""
    sizes = (wanted.stop[t] - wanted.start[t]) * (sources.stop[s] - sources.start[s])
    ends = np.cumsum(sizes)
    first, done = 0, 0
    while first < len(t):
        last = max(first + 1, int(np.searchsorted(ends, done + 4 * PAIRS, side="right")))
        pairs = slice(first, last)
        args = wanted.start, wanted.stop, sources.start, sources.stop, t[pairs], s[pairs]
        distances = np.empty(int(ends[last - 1]) - done)
        _leaf_distances(wanted.points, sources.points, *args, distances)
        _leaf_sums(values(kernel, distances), weights, *args, sums)
        first, done = last, int(ends[last - 1])
    return done


@njit(cache=True)
def _leaf_distances(T, X, t_start, t_stop, s_start, s_stop, t, s, distances):
    place = 0
    for pair in range(len(t)):
        for i in range(t_start[t[pair]], t_stop[t[pair]]):
            for j in range(s_start[s[pair]], s_stop[s[pair]]):
                square = 0.0
                for c in range(T.shape[1]):
                    square += (T[i, c] - X[j, c]) ** 2
                distances[place] = np.sqrt(square)
                place += 1


@njit(cache=True)
def _leaf_sums(found, weights, t_start, t_stop, s_start, s_stop, t, s, sums):
    place = 0
    for pair in range(len(t)):
        for i in range(t_start[t[pair]], t_stop[t[pair]]):
            for j in range(s_start[s[pair]], s_stop[s[pair]]):
                for c in range(weights.shape[1]):
                    sums[i, c] += found[place] * weights[j, c]
                place += 1


@njit(cache=True)
def _hand_down(shared, start, stop, sums):
    """Add what was settled for a whole node to each of its points."""
    for node in range(len(start)):
        if np.any(shared[node] != 0):
            for i in range(start[node], stop[node]):
                sums[i] += shared[node]
