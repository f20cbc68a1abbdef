"""The ball tree: as a kd-tree, but what is known of a node is a ball around its points."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import check_points, rooted, squared_distance
from course_lib._validation import check_number
from course_lib.trees._points import begin_search, check_leaf_size, scan_leaf
from course_lib.trees.kd import by_leaf, cut_boxes

__all__ = ["BallTree", "ball_query", "ball_tree"]


class BallTree(NamedTuple):
    """A ball tree of n points in m nodes; node 0 is the root, and its two children are neighbors.

    The points of a leaf lie together, one coordinate after the other, as in a `KDTree`.
    """

    points: np.ndarray  # (n * d,), in the dtype of X, leaf by leaf
    order: np.ndarray  # (n,) int64: the row of X that stands at each place
    centers: np.ndarray  # (m, d): the means of the nodes' points
    radii: np.ndarray  # (m,): how far the farthest of them is from it
    child: np.ndarray  # (m,) int32: its left child, the right one is next; 0 for a leaf
    start: np.ndarray  # (m,) int64: its points stand at start to stop - 1
    stop: np.ndarray  # (m,) int64
    depth: int  # levels below the root
    n_features: int


def ball_tree(X, *, leaf_size=16):
    r"""Return a ball tree of the rows of ``X``.

    Nodes are cut at the median of their widest coordinate; then each gets the smallest ball
    around the mean of its points that holds them.

    Parameters
    ----------
    X : array, shape (n, d)
    leaf_size : int, default 16
        A node with more points is cut in two, unless they are all equal.

    Returns
    -------
    BallTree

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix or ``leaf_size`` is not positive.

    Notes
    -----
    **Cost.** :math:`O(n d \log(n / b))` for leaves of b points; memory a copy of the data and d
    numbers a node.

    References
    ----------
    .. [1] S. M. Omohundro, "Five balltree construction algorithms", ICSI TR-89-063, 1989: the
       first of them.

    Examples
    --------
    >>> import numpy as np
    >>> tree = ball_tree(np.array([[0.0], [4.0], [2.0], [10.0]]), leaf_size=2)
    >>> tree.centers[:, 0], tree.radii
    (array([4., 1., 7.]), array([6., 1., 3.]))
    """
    X = check_points(X)
    leaf_size = check_leaf_size(leaf_size, len(X))
    rows, order = X.copy(), np.arange(len(X))
    *_, child, start, stop, depth = cut_boxes(rows, order, leaf_size, True, True)
    centers, radii = np.empty((len(child), X.shape[1]), X.dtype), np.empty(len(child), X.dtype)
    _balls(rows, start, stop, centers, radii)
    points = by_leaf(rows, child, start, stop)
    return BallTree(points, order, centers, radii, child, start, stop, depth, X.shape[1])


@njit(cache=True)
def _balls(rows, start, stop, centers, radii):
    for node in range(len(start)):
        mean = np.zeros(rows.shape[1])
        for t in range(start[node], stop[node]):
            mean += rows[t]
        centers[node] = mean / (stop[node] - start[node])
        farthest = rows.dtype.type(0)
        for t in range(start[node], stop[node]):
            farthest = max(farthest, squared_distance(rows[t], centers[node]))
        radii[node] = np.sqrt(farthest)


def ball_query(tree, queries, n_neighbors, *, epsilon=0.0):
    r"""Return the nearest points of a ball tree for each row of ``queries``, depth first.

    By the triangle inequality no point of a ball is nearer than the query's distance from the
    center less the radius; a ball is left out if even that is too far.

    Parameters
    ----------
    tree : BallTree
    queries : array, shape (q, d)
        The queries.
    n_neighbors : int
        Neighbors k of each, from 1 to n.
    epsilon : float, default 0
        A ball is left out if :math:`1 + \epsilon` times its distance is too far.

    Returns
    -------
    Neighbors
        ``indices`` and ``distances`` (q, k), nearest first, in the dtype of the tree;
        ``projections`` counts distances from centers, ``evaluations`` those from points.

    Raises
    ------
    ValueError, TypeError
        If ``queries`` is no finite matrix with the columns of the tree, or a number is out of
        range.

    Notes
    -----
    **Cost.** Two distances from centers for each node that is opened, one for each point of a
    leaf; all of them in high dimension.

    **Guarantee.** The i-th distance is at most :math:`1 + \epsilon` times the i-th smallest of
    all, up to rounding; exact for 0.

    Examples
    --------
    >>> import numpy as np
    >>> tree = ball_tree(np.arange(100.0)[:, None], leaf_size=4)
    >>> found = ball_query(tree, np.array([[41.2]]), 2)
    >>> found.indices, found.distances.round(1)
    (array([[41, 42]]), array([[0.2, 0.8]]))
    """
    Q, found = begin_search(tree, BallTree, "ball_tree", queries, n_neighbors)
    factor = 1 + check_number(epsilon, "epsilon", low=0, high=1e6)
    doubt = (Q.shape[1] + 8) * np.finfo(Q.dtype).eps
    _search(*tree[:-1], Q, factor, doubt, *found)
    return rooted(found)


@njit(cache=True)
def _search(
    points, order, centers, radii, child, start, stop, depth,
    Q, factor, doubt, indices, distances, evaluations, projections, leaves,
):  # fmt: skip
    """Fill squared distances and indices, and count; the stack holds what is still to be seen."""
    d, k = Q.shape[1], distances.shape[1]
    squares = np.empty(np.max(stop[child == 0] - start[child == 0]), Q.dtype)
    waiting, bounds = np.empty(depth + 1, np.int64), np.empty(depth + 1)
    bound = np.empty(2)
    for i in range(len(Q)):
        q, best, names = Q[i], distances[i], indices[i]
        waiting[0], bounds[0], top = 0, 0.0, 1
        while top > 0:
            top -= 1
            node = waiting[top]
            if bounds[top] > 0 and (factor * bounds[top]) ** 2 >= best[k - 1]:
                continue
            while child[node] > 0:
                for side in range(2):  # of which rounding may have made ``doubt`` too much
                    far = np.sqrt(squared_distance(q, centers[child[node] + side]))
                    radius = radii[child[node] + side]
                    bound[side] = far - radius - doubt * (far + radius)
                projections[i] += 2
                near = 0 if bound[0] <= bound[1] else 1
                waiting[top], bounds[top] = child[node] + 1 - near, bound[1 - near]
                top += 1
                node = child[node] + near
            size = stop[node] - start[node]
            block = points[start[node] * d : stop[node] * d]
            scan_leaf(block, order[start[node] : stop[node]], q, squares, best, names)
            evaluations[i] += size
            leaves[i] += 1
