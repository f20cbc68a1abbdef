"""The kd-tree: boxes cut in two across their widest side, and three ways to search them."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_number
from course_lib.trees._heap import pop, push
from course_lib.trees._points import (
    check_index,
    check_k,
    check_leaf_size,
    check_points,
    check_queries,
    nothing_found,
    scan_leaf,
)

__all__ = ["KDTree", "best_bin_first", "kd_query", "kd_tree"]


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

    **Guarantee.** There are data, such as points on the d axes, of which d levels of cuts between
    cells are needed until the mean diameter is half ([3], introduction).

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


def kd_query(tree, Q, n_neighbors, *, epsilon=0.0):
    r"""Return the nearest points of a kd-tree for each row of ``Q``, depth first.

    The search goes down to the leaf of the query and back; a box is left out if even its nearest
    corner is too far. How far a box is, follows from its parent's distance by one coordinate
    (Arya and Mount).

    Parameters
    ----------
    tree : KDTree
    Q : array, shape (q, d)
        The queries.
    n_neighbors : int
        Neighbors k of each, from 1 to n.
    epsilon : float, default 0
        A box is left out if :math:`1 + \epsilon` times its distance is too far.

    Returns
    -------
    Neighbors
        ``indices`` and ``distances`` (q, k), nearest first, in the dtype of the tree;
        ``evaluations`` and ``leaves`` (q,) say how many points and leaves were read.

    Raises
    ------
    ValueError, TypeError
        If ``Q`` is no finite matrix with the columns of the tree, or a number is out of range.

    Notes
    -----
    **Cost.** About :math:`((k/b)^{1/d} G + 1)^d` leaves of b points in low dimension d
    (`expected_leaves`), whatever n; all of them in high dimension.

    **Guarantee.** The i-th distance is at most :math:`1 + \epsilon` times the i-th smallest of all
    ([1], Section 2), up to rounding; exact for 0.

    References
    ----------
    .. [1] S. Arya, D. M. Mount, N. S. Netanyahu, R. Silverman, A. Y. Wu, "An optimal algorithm for
       approximate nearest neighbor searching in fixed dimensions", Journal of the ACM 45(6), 1998.

    Examples
    --------
    >>> import numpy as np
    >>> tree = kd_tree(np.arange(100.0)[:, None], leaf_size=4)
    >>> found = kd_query(tree, np.array([[41.2]]), 2)
    >>> found.indices, found.distances.round(1), found.evaluations
    (array([[41, 42]]), array([[0.2, 0.8]]), array([3]))
    """
    check_index(tree, KDTree, "kd_tree")
    Q = check_queries(Q, tree.n_features, tree.points.dtype)
    k = check_k(n_neighbors, len(tree.order))
    factor = (1 + check_number(epsilon, "epsilon", low=0, high=1e6)) ** 2
    found = nothing_found(len(Q), k, Q.dtype)
    _search(*tree[:-1], Q, factor, *found[:2], found.evaluations, found.leaves)
    np.sqrt(found.distances, out=found.distances)
    return found


@njit(cache=True)
def _search(
    points, order, axis, low, high, child, start, stop, depth,
    Q, factor, indices, distances, evaluations, leaves,
):  # fmt: skip
    """Fill squared distances and indices, and count; the stack holds what is still to be seen."""
    d, k = Q.shape[1], distances.shape[1]
    squares = np.empty(np.max(stop[child == 0] - start[child == 0]), Q.dtype)
    offsets = np.zeros(d)  # of the query from the box at hand, coordinate by coordinate
    far_node = np.empty(depth + 1, np.int64)  # -1: was seen, and its offset is to be taken back
    far_axis = np.empty(depth + 1, np.int64)
    far_bound, far_offset = np.empty(depth + 1), np.empty(depth + 1)
    for i in range(len(Q)):
        q, best, names = Q[i], distances[i], indices[i]
        node, bound, top = 0, 0.0, 0
        while node >= 0:
            while child[node] > 0:  # go down on the side of the query, remember the other side
                c = axis[node]
                past_low, before_high = q[c] - low[node], high[node] - q[c]
                far = child[node] + (1 if past_low < before_high else 0)
                offset = np.float64(max(past_low, before_high))
                beyond = bound - offsets[c] ** 2 + offset**2
                if factor * beyond < best[k - 1]:
                    far_node[top], far_axis[top] = far, c
                    far_bound[top], far_offset[top] = beyond, offset
                    top += 1
                node = 2 * child[node] + 1 - far
            size = stop[node] - start[node]
            block = points[start[node] * d : stop[node] * d]
            scan_leaf(block, order[start[node] : stop[node]], q, squares, best, names)
            evaluations[i] += size
            leaves[i] += 1
            node = -1
            while node < 0 and top > 0:  # the last side that was left and is near enough
                c = far_axis[top - 1]
                if far_node[top - 1] < 0:
                    offsets[c] = far_offset[top - 1]
                    top -= 1
                elif factor * far_bound[top - 1] >= best[k - 1]:
                    top -= 1
                else:
                    node, bound = far_node[top - 1], far_bound[top - 1]
                    far_node[top - 1] = -1
                    offsets[c], far_offset[top - 1] = far_offset[top - 1], offsets[c]


def best_bin_first(tree, Q, n_neighbors, *, search_budget=None, epsilon=0.0):
    r"""Return near points of a kd-tree for each row of ``Q``, nearest boxes first.

    Parameters
    ----------
    tree : KDTree
    Q : array, shape (q, d)
        The queries.
    n_neighbors : int
        Neighbors k of each, from 1 to n.
    search_budget : int, optional
        No leaf is opened after that many evaluations, if k points were found; by default the
        search ends when no box can hold a nearer point.
    epsilon : float, default 0
        As of `kd_query`.

    Returns
    -------
    Neighbors

    Raises
    ------
    ValueError, TypeError
        If ``Q`` is no finite matrix with the columns of the tree, or a number is out of range.

    Notes
    -----
    **Cost.** At most ``search_budget`` evaluations and one leaf; a heap of as many boxes as were
    passed by, each with its d offsets.

    **Guarantee.** Without a budget that of `kd_query`, and no search that knows boxes only by
    these distances reads fewer leaves. With a budget none.

    References
    ----------
    .. [1] J. S. Beis, D. G. Lowe, "Shape indexing using approximate nearest-neighbour search in
       high-dimensional spaces", CVPR 1997.

    Examples
    --------
    >>> import numpy as np
    >>> tree = kd_tree(np.arange(100.0)[:, None], leaf_size=4)
    >>> best_bin_first(tree, np.array([[41.2]]), 2, search_budget=1).evaluations
    array([3])
    """
    check_index(tree, KDTree, "kd_tree")
    Q = check_queries(Q, tree.n_features, tree.points.dtype)
    k = check_k(n_neighbors, len(tree.order))
    factor = (1 + check_number(epsilon, "epsilon", low=0, high=1e6)) ** 2
    budget = np.iinfo(np.int64).max
    if search_budget is not None:
        budget = check_count(search_budget, "search_budget", low=1, high=2**62)
    found = nothing_found(len(Q), k, Q.dtype)
    _search_best(*tree[:-2], Q, factor, budget, *found[:2], found.evaluations, found.leaves)
    np.sqrt(found.distances, out=found.distances)
    return found


@njit(cache=True)
def _search_best(
    points, order, axis, low, high, child, start, stop,
    Q, factor, budget, indices, distances, evaluations, leaves,
):  # fmt: skip
    """As `_search`, with a heap in the place of the stack, and offsets for each box in it."""
    d, k = Q.shape[1], distances.shape[1]
    squares = np.empty(np.max(stop[child == 0] - start[child == 0]), Q.dtype)
    bounds, numbers = np.empty(len(child)), np.empty(len(child), np.int64)
    nodes, passed = np.empty(len(child), np.int64), np.empty((len(child), d))
    for i in range(len(Q)):
        q, best, names = Q[i], distances[i], indices[i]
        nodes[0], passed[0], bounds[0], numbers[0] = 0, 0.0, 0.0, 0
        size, n_passed = 1, 1
        while size > 0:
            bound, number = bounds[0], numbers[0]
            enough = evaluations[i] >= budget and best[k - 1] < np.inf
            if factor * bound >= best[k - 1] or enough:
                break
            pop(bounds, numbers, size)
            size -= 1
            node, offsets = nodes[number], passed[number]
            while child[node] > 0:
                c = axis[node]
                past_low, before_high = q[c] - low[node], high[node] - q[c]
                far = child[node] + (1 if past_low < before_high else 0)
                offset = np.float64(max(past_low, before_high))
                beyond = bound - offsets[c] ** 2 + offset**2
                if factor * beyond < best[k - 1]:
                    nodes[n_passed], passed[n_passed] = far, offsets
                    passed[n_passed, c] = offset
                    push(bounds, numbers, size, beyond, n_passed)
                    size, n_passed = size + 1, n_passed + 1
                node = 2 * child[node] + 1 - far
            block = points[start[node] * d : stop[node] * d]
            scan_leaf(block, order[start[node] : stop[node]], q, squares, best, names)
            evaluations[i] += stop[node] - start[node]
            leaves[i] += 1
