"""The kd-tree: boxes cut in two across their widest side, until few points are in each."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import check_points
from course_lib.trees._points import check_leaf_size

__all__ = ["KDTree", "by_leaf", "cut_boxes", "kd_tree"]


class KDTree(NamedTuple):
    """A kd-tree of n points in m nodes; node 0 is the root, and its two children are neighbors.

    The points of a leaf lie together, one coordinate after the other: coordinate c of its t-th
    point is ``points[start * d + c * (stop - start) + t]``.
    """

    points: np.ndarray  # (n * d,), in the dtype of X, leaf by leaf
    order: np.ndarray  # (n,) int64: the row of X that stands at each place
    axis: np.ndarray  # (m,) int32: the coordinate that a node is cut across
    low: np.ndarray  # (m,): the largest such coordinate on its left
    high: np.ndarray  # (m,): the smallest on its right
    child: np.ndarray  # (m,) int32: its left child, the right one is next; 0 for a leaf
    start: np.ndarray  # (m,) int64: its points stand at start to stop - 1
    stop: np.ndarray  # (m,) int64
    depth: int  # levels below the root
    n_features: int


def kd_tree(X, *, leaf_size=16, split="median", axes="widest"):
    r"""Return a kd-tree of the rows of ``X``.

    Parameters
    ----------
    X : array, shape (n, d)
    leaf_size : int, default 16
        A node with more points is cut in two, unless they are all equal.
    split : {"median", "midpoint"}
        Where: half of the points on each side (of those on the cut itself some go either way),
        or in the middle between the outermost two, of up to 256 that are looked at (what lies on
        the cut goes left).
    axes : {"widest", "cyclic"}
        Across which coordinate: where the points are spread widest, or each in its turn.

    Returns
    -------
    KDTree

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix or an option is out of range.

    Notes
    -----
    **Cost.** :math:`O(n d)` a level, and :math:`\log_2(n / b)` levels for leaves of b points if
    nodes are cut at the median; memory a copy of the data and about 100 bytes a leaf. Cuts in the
    middle are cheaper and their boxes rounder, but the depth is not bounded.

    **Guarantee.** None on how fast cells shrink. There are data, such as points on the d axes, of
    which some cell keeps the diameter of the whole for d - 1 levels ([3], introduction).

    References
    ----------
    .. [1] J. L. Bentley, "Multidimensional binary search trees used for associative searching",
       CACM 18(9), 1975.
    .. [2] J. H. Friedman, J. L. Bentley, R. A. Finkel, "An algorithm for finding best matches in
       logarithmic expected time", ACM TOMS 3(3), 1977: the widest coordinate, the median, leaves.
    .. [3] S. Dasgupta, Y. Freund, "Random projection trees and low dimensional manifolds",
       STOC 2008.

    Examples
    --------
    >>> import numpy as np
    >>> tree = kd_tree(np.array([[0.0], [4.0], [1.0], [9.0]]), leaf_size=2)
    >>> tree.low[0], tree.high[0], tree.order
    (np.float64(1.0), np.float64(4.0), array([0, 2, 1, 3]))
    """
    X = check_points(X)
    leaf_size = check_leaf_size(leaf_size, len(X))
    if split not in ("median", "midpoint"):
        raise ValueError(f"split must be 'median' or 'midpoint'; got {split!r}.")
    if axes not in ("widest", "cyclic"):
        raise ValueError(f"axes must be 'widest' or 'cyclic'; got {axes!r}.")
    rows, order = X.copy(), np.arange(len(X))
    *nodes, depth = cut_boxes(rows, order, leaf_size, split == "median", axes == "widest")
    return KDTree(by_leaf(rows, *nodes[-3:]), order, *nodes, depth, X.shape[1])


FEW = 128  # of at most twice as many points a cut in the middle looks for the range


@njit(cache=True)
def cut_boxes(rows, order, leaf_size, at_median, at_widest):
    """Cut nodes, left before right, until all are leaves; sort ``rows`` and ``order`` by leaf."""
    n, d = rows.shape
    axis, child, level = np.zeros((3, 2 * n), np.int32)
    start, stop, waiting = np.zeros((3, 2 * n), np.int64)
    low, high = np.zeros((2, 2 * n), rows.dtype)
    smallest, largest = np.empty((2, d), rows.dtype)
    stop[0], n_nodes, n_waiting = n, 1, 1
    while n_waiting > 0:
        n_waiting -= 1
        node = waiting[n_waiting]
        a, b = start[node], stop[node]
        if b - a <= leaf_size:
            continue
        stride = 1 if at_median else max(1, (b - a) // FEW)
        c = _widest(rows[a:b:stride], smallest, largest, at_widest, level[node])
        if stride > 1 and largest[c] == smallest[c]:
            c = _widest(rows[a:b], smallest, largest, at_widest, level[node])
        if largest[c] == smallest[c]:  # all points are equal
            continue
        if at_median:
            middle = (a + b) // 2
            _halve(rows, order, a, b, c, middle)
            low[node], high[node] = _largest(rows, a, middle, c), rows[middle, c]
        else:
            cut = smallest[c] + (largest[c] - smallest[c]) / 2
            if cut >= largest[c]:  # no number lies between
                cut = smallest[c]
            middle, low[node], high[node] = _part(rows, order, a, b, c, cut)
        axis[node], child[node] = c, n_nodes
        start[n_nodes], stop[n_nodes] = a, middle
        start[n_nodes + 1], stop[n_nodes + 1] = middle, b
        level[n_nodes] = level[n_nodes + 1] = level[node] + 1
        waiting[n_waiting], waiting[n_waiting + 1] = n_nodes + 1, n_nodes
        n_nodes, n_waiting = n_nodes + 2, n_waiting + 2
    m = n_nodes
    nodes = axis[:m].copy(), low[:m].copy(), high[:m].copy(), child[:m].copy()
    return (*nodes, start[:m].copy(), stop[:m].copy(), np.max(level[:m]))


@njit(cache=True)
def _widest(rows, smallest, largest, at_widest, level):
    """Return the coordinate to cut across, of the widest range or the next that has one."""
    smallest[:] = rows[0]
    largest[:] = rows[0]
    for t in range(1, len(rows)):
        for c in range(len(smallest)):
            x = rows[t, c]
            smallest[c] = x if x < smallest[c] else smallest[c]
            largest[c] = x if x > largest[c] else largest[c]
    widest = 0
    for c in range(1, len(smallest)):
        if largest[c] - smallest[c] > largest[widest] - smallest[widest]:
            widest = c
    if at_widest or largest[widest] == smallest[widest]:
        return widest
    c = level % len(smallest)
    while largest[c] == smallest[c]:
        c = (c + 1) % len(smallest)
    return c


@njit(cache=True)
def _largest(rows, a, b, c):
    largest = rows[a, c]
    for t in range(a + 1, b):
        largest = rows[t, c] if rows[t, c] > largest else largest
    return largest


@njit(cache=True)
def _swap(rows, order, i, j):
    for c in range(rows.shape[1]):
        rows[i, c], rows[j, c] = rows[j, c], rows[i, c]
    order[i], order[j] = order[j], order[i]


@njit(cache=True)
def _part(rows, order, a, b, c, cut):
    """Move rows up to ``cut`` to the front; return where the others begin, and the gap."""
    i, j = a, b - 1
    low, high = rows.dtype.type(-np.inf), rows.dtype.type(np.inf)
    while True:
        while rows[i, c] <= cut:  # ends, as there is a point on either side
            low = max(low, rows[i, c])
            i += 1
        while rows[j, c] > cut:
            high = min(high, rows[j, c])
            j -= 1
        if i > j:
            return i, low, high
        _swap(rows, order, i, j)


@njit(cache=True)
def _halve(rows, order, a, b, c, middle):
    """Move the smaller half of rows a to b - 1 in front of ``middle`` (Hoare's quickselect)."""
    first, last = a, b - 1
    while first < last:
        pivot = _pivot(rows, first, last, c, middle)
        i, j = first, last
        while i <= j:
            while rows[i, c] < pivot:
                i += 1
            while rows[j, c] > pivot:
                j -= 1
            if i <= j:
                _swap(rows, order, i, j)
                i += 1
                j -= 1
        if middle <= j:
            last = j
        elif middle >= i:
            first = i
        else:
            return


SAMPLE = 31


@njit(cache=True)
def _pivot(rows, first, last, c, middle):
    """Return a value of about the right rank: of a sorted sample, if there is much to look at."""
    size = last - first + 1
    if size < 20 * SAMPLE:
        return rows[(first + last) // 2, c]
    sample = np.empty(SAMPLE, rows.dtype)
    for t in range(SAMPLE):
        x, place = rows[first + t * (size // SAMPLE), c], t
        while place > 0 and sample[place - 1] > x:
            sample[place] = sample[place - 1]
            place -= 1
        sample[place] = x
    return sample[(middle - first) * SAMPLE // size]


@njit(cache=True)
def by_leaf(rows, child, start, stop):
    """Return the rows as one vector, in which a leaf lies coordinate by coordinate."""
    d = rows.shape[1]
    points = np.empty(rows.size, rows.dtype)
    for node in range(len(child)):
        if child[node] == 0:
            size = stop[node] - start[node]
            for t in range(size):
                for c in range(d):
                    points[start[node] * d + c * size + t] = rows[start[node] + t, c]
    return points
