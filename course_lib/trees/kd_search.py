"""Three ways to search a kd-tree: exactly, within 1 + epsilon, and nearest boxes first."""

import numpy as np
from numba import njit

from course_lib._neighbors import rooted
from course_lib._validation import check_count, check_number
from course_lib.trees._heap import pop, push
from course_lib.trees._points import begin_search, scan_leaf
from course_lib.trees.kd import KDTree

__all__ = ["best_bin_first", "kd_query"]


def kd_query(tree, queries, n_neighbors, *, epsilon=0.0):
    r"""Return the nearest points of a kd-tree for each row of ``queries``, depth first.

    The search goes down to the leaf of the query and back; a box is left out if even its nearest
    corner is too far. How far a box is, follows from its parent's distance by one coordinate
    (Arya and Mount).

    Parameters
    ----------
    tree : KDTree
    queries : array, shape (q, d)
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
        If ``queries`` is no finite matrix with the columns of the tree, or a number is out of
        range.

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
    >>> from course_lib.trees import kd_tree
    >>> tree = kd_tree(np.arange(100.0)[:, None], leaf_size=4)
    >>> found = kd_query(tree, np.array([[41.2]]), 2)
    >>> found.indices, found.distances.round(1), found.evaluations
    (array([[41, 42]]), array([[0.2, 0.8]]), array([3]))
    """
    Q, found = begin_search(tree, KDTree, "kd_tree", queries, n_neighbors)
    factor = (1 + check_number(epsilon, "epsilon", low=0, high=1e6)) ** 2
    _search(*tree[:-1], Q, factor, *found[:2], found.evaluations, found.leaves)
    return rooted(found)


@njit(cache=True)
def _search(
    points, order, axis, low, high, child, start, stop, depth,
    Q, factor, indices, distances, evaluations, leaves,
):  # fmt: skip
    """Fill squared distances and indices, and count; the stack holds what is still to be seen."""
    d, k = Q.shape[1], distances.shape[1]
    squares = np.empty(np.max(stop[child == 0] - start[child == 0]), Q.dtype)
    offsets = np.zeros(d)  # of the query from the box at hand, coordinate by coordinate
    far_node, far_axis = np.empty((2, depth + 1), np.int64)  # node -1: was seen, undo its offset
    far_bound, far_offset = np.empty((2, depth + 1))
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
            evaluations[i], leaves[i] = evaluations[i] + size, leaves[i] + 1
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


def best_bin_first(tree, queries, n_neighbors, *, search_budget=None, epsilon=0.0):
    r"""Return near points of a kd-tree for each row of ``queries``, nearest boxes first.

    Parameters
    ----------
    tree : KDTree
    queries : array, shape (q, d)
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
        If ``queries`` is no finite matrix with the columns of the tree, or a number is out of
        range.

    Notes
    -----
    **Cost.** At most ``search_budget`` evaluations, or k if that is more, and one leaf; a heap of
    as many boxes as were passed by, each with its d offsets.

    **Guarantee.** Without a budget that of `kd_query`; if epsilon is 0 too, no search that knows
    boxes only by these distances reads fewer leaves. With a budget none.

    References
    ----------
    .. [1] J. S. Beis, D. G. Lowe, "Shape indexing using approximate nearest-neighbour search in
       high-dimensional spaces", CVPR 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.trees import kd_tree
    >>> tree = kd_tree(np.arange(100.0)[:, None], leaf_size=4)
    >>> best_bin_first(tree, np.array([[41.2]]), 2, search_budget=1).evaluations
    array([3])
    """
    Q, found = begin_search(tree, KDTree, "kd_tree", queries, n_neighbors)
    factor = (1 + check_number(epsilon, "epsilon", low=0, high=1e6)) ** 2
    budget = np.iinfo(np.int64).max
    if search_budget is not None:
        budget = check_count(search_budget, "search_budget", low=1, high=2**62)
    _search_best(*tree[:-2], Q, factor, budget, *found[:2], found.evaluations, found.leaves)
    return rooted(found)


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
