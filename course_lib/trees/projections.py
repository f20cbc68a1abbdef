"""Trees that cut across directions of their own: random-projection trees and forests."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import check_points, squared_distance
from course_lib._select import kth_smallest
from course_lib._validation import as_rng, check_count, check_memory
from course_lib.trees._points import check_leaf_size, projection

__all__ = ["RPForest", "rp_forest", "rp_tree", "together"]

DIRECTIONS = ("gaussian", "two_points", "two_means")
THRESHOLDS = ("median", "max", "midpoint")
DRAWS = 200  # points that move the two means
SMALLEST = 0.05  # share of a node's points that a cut between two means must leave on each side


class RPForest(NamedTuple):
    """Trees of n points in m nodes in all; the children of a node stand next to each other.

    A node sends x to its right child if ``normals[plane] @ x >= offset``, else to its left.
    """

    points: np.ndarray  # (n, d), leaf by leaf of the first tree: near points lie together
    rows: np.ndarray  # (n,) int64: the row of X that stands at each place
    order: np.ndarray  # int64: places, leaf by leaf, tree by tree
    normals: np.ndarray  # (p, d): unit vectors, one for each node that is no leaf
    offsets: np.ndarray  # (p,)
    plane: np.ndarray  # (m,) int32: the node's normal; -1 for a leaf
    child: np.ndarray  # (m,) int32: its left child, the right one is next; 0 for a leaf
    start: np.ndarray  # (m,) int64: a leaf's points stand at start to stop - 1 of order
    stop: np.ndarray  # (m,) int64
    roots: np.ndarray  # (n_trees,) int64
    depth: int  # levels below the roots


def rp_tree(X, *, leaf_size=32, direction="gaussian", threshold="median", rng=None):
    r"""Return one random-projection tree of the rows of ``X``.

    Parameters
    ----------
    X : array, shape (n, d)
    leaf_size : int, default 32
        A node with more points is cut in two, unless they are all equal.
    direction : {"gaussian", "two_points", "two_means"}
        A cut is across a direction that knows nothing of the data, or the difference of two
        points of the node, or of two means of up to 200 of them.
    threshold : {"median", "max", "midpoint"}
        Where: half of the points on each side; RPTree-Max, the median plus a uniform number in
        :math:`\pm 6 \|x - y\| / \sqrt d`, with y the farthest from any point x; or in the middle
        between the two points or means, if that leaves a twentieth on each side.
    rng : Generator, int or None

    Returns
    -------
    RPForest
        Of one tree.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, an option is out of range, or "midpoint" is asked for with
        Gaussian directions, which have no two points.

    Notes
    -----
    **Cost.** :math:`O(n d)` a level: one projection of each point. With "max" some cuts leave all
    points on one side, and there are several times as many levels.

    **Guarantee.** With Gaussian directions and "max", the cells of data of doubling dimension D
    halve their diameters in :math:`O(D \log D)` levels with probability at least 1/2 ([1],
    Theorem 3). It is not proved for the plain median, which does it sooner on every data set of
    the book.

    References
    ----------
    .. [1] S. Dasgupta, Y. Freund, "Random projection trees and low dimensional manifolds",
       STOC 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.trees import cells
    >>> tree = rp_tree(np.arange(8.0)[:, None], leaf_size=4, rng=0)
    >>> sorted(sorted(map(int, cell)) for cell in cells(tree, 1))
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    return rp_forest(X, 1, leaf_size=leaf_size, direction=direction, threshold=threshold, rng=rng)


def rp_forest(
    X, n_trees=10, *, leaf_size=32, direction="two_means", threshold="midpoint", rng=None
):
    r"""Return several random-projection trees of the rows of ``X``, to be searched as one.

    Parameters
    ----------
    X : array, shape (n, d)
    n_trees : int, default 10
    leaf_size : int, default 32
    direction : {"gaussian", "two_points", "two_means"}
    threshold : {"median", "max", "midpoint"}
        As of `rp_tree`.
    rng : Generator, int or None

    Returns
    -------
    RPForest

    Raises
    ------
    ValueError, TypeError
        As `rp_tree` does, or if ``n_trees`` is not positive or so many do not fit in memory.

    Notes
    -----
    **Cost.** That of `rp_tree` for each tree. Memory: a copy of the points, and for each tree
    8 n bytes and about :math:`n / b` normals for leaves of b points.

    **Guarantee.** None on distances. `potential` bounds the chance that one cut separates a query
    from its nearest neighbor, for Gaussian directions and random quantiles ([1]); the cuts that
    are made here are others, and are not covered.

    References
    ----------
    .. [1] S. Dasgupta, K. Sinha, "Randomized partition trees for nearest neighbor search",
       Algorithmica 72, 2015.
    .. [2] E. Bernhardsson, Annoy, https://github.com/spotify/annoy: two means, one queue.

    Examples
    --------
    >>> import numpy as np
    >>> forest = rp_forest(np.arange(100.0)[:, None], 3, leaf_size=10, rng=0)
    >>> len(forest.roots), len(forest.order)
    (3, 300)
    """
    X = check_points(X)
    n_trees = check_count(n_trees, "n_trees", low=1)
    leaf_size = check_leaf_size(leaf_size, len(X))
    planes = len(X) / leaf_size * X.shape[1] * X.itemsize
    check_memory(n_trees * (8 * len(X) + planes + 200), "forest")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction must be one of {DIRECTIONS}; got {direction!r}.")
    if threshold not in THRESHOLDS:
        raise ValueError(f"threshold must be one of {THRESHOLDS}; got {threshold!r}.")
    if direction == "gaussian" and threshold == "midpoint":
        raise ValueError(
            "threshold must be 'median' or 'max' for Gaussian directions; got 'midpoint'."
        )
    rng = as_rng(rng)
    ways = DIRECTIONS.index(direction), THRESHOLDS.index(threshold)
    rows, *first = _grow(X, leaf_size, *ways, rng)
    X = X[rows]
    others = [_grow(X, leaf_size, *ways, rng) for _ in range(n_trees - 1)]
    return together(X, rows, [(np.arange(len(X)), *first), *others])


def together(X, rows, trees):
    """Return the forest of trees whose nodes, normals and places count from zero."""
    order, normals, offsets, plane, child, start, stop, depths = zip(*trees, strict=True)

    def before(parts):
        return np.cumsum([0, *map(len, parts[:-1])])

    planes, nodes, places = before(offsets), before(child), before(order)
    return RPForest(
        X,
        rows,
        np.concatenate(order),
        np.concatenate(normals),
        np.concatenate(offsets),
        np.concatenate(
            [np.where(a < 0, a, a + b).astype(np.int32) for a, b in zip(plane, planes, strict=True)]
        ),
        np.concatenate(
            [np.where(a > 0, a + b, 0).astype(np.int32) for a, b in zip(child, nodes, strict=True)]
        ),
        np.concatenate([a + b for a, b in zip(start, places, strict=True)]),
        np.concatenate([a + b for a, b in zip(stop, places, strict=True)]),
        nodes,
        int(max(depths)),
    )


@njit(cache=True)
def _longer(array):
    """Return the array with room for as many entries again."""
    new = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    new[: len(array)] = array
    return new


@njit(cache=True)
def _grow(X, leaf_size, direction, threshold, rng):
    """Cut nodes, left before right, until all are leaves."""
    n, d = X.shape
    room = 2 * (n // leaf_size) + 2
    order, heights, normals = np.arange(n), np.empty(n, X.dtype), np.zeros((room, d), X.dtype)
    offsets, plane, child = np.zeros(room, X.dtype), np.full(room, -1), np.zeros(room, np.int64)
    start, stop, level, waiting = np.zeros((4, room), np.int64)
    stop[0], n_nodes, n_planes, n_waiting = n, 1, 0, 1
    while n_waiting > 0:
        n_waiting -= 1
        node = waiting[n_waiting]
        a, b = start[node], stop[node]
        if b - a <= leaf_size:
            continue
        if n_nodes + 2 > len(child):  # then normals have room too
            plane, child, level = _longer(plane), _longer(child), _longer(level)
            start, stop, waiting = _longer(start), _longer(stop), _longer(waiting)
            normals, offsets = _longer(normals), _longer(offsets)
        between = _direct(X, order[a:b], direction, rng, normals[n_planes])
        for t in range(a, b):
            heights[t] = projection(normals[n_planes], X[order[t]])
        if np.min(heights[a:b]) == np.max(heights[a:b]):
            continue
        cut = _choose(X, order[a:b], heights[a:b], threshold, between, rng)
        middle = _part(order, heights, a, b, cut)
        offsets[n_planes], plane[node], child[node] = cut, n_planes, n_nodes
        start[n_nodes], stop[n_nodes] = a, middle
        start[n_nodes + 1], stop[n_nodes + 1] = middle, b
        level[n_nodes] = level[n_nodes + 1] = level[node] + 1
        waiting[n_waiting], waiting[n_waiting + 1] = n_nodes + 1, n_nodes
        n_nodes, n_planes, n_waiting = n_nodes + 2, n_planes + 1, n_waiting + 2
    m, p = n_nodes, n_planes
    planes = normals[:p].copy(), offsets[:p].copy(), np.where(child[:m] > 0, plane[:m], -1)
    return (order, *planes, child[:m].copy(), start[:m].copy(), stop[:m].copy(), level[:m].max())


@njit(cache=True)
def _direct(X, members, direction, rng, normal):
    """Write a unit vector to ``normal``; return where it is cut between two points or means."""
    one, other = X[_any(members, rng)].copy(), X[_any(members, rng)].copy()
    if direction == 2:
        _two_means(X, members, one, other, rng)
    normal[:] = one - other
    length = np.sqrt(projection(normal, normal))
    if direction == 0 or length == 0:
        for c in range(len(normal)):
            normal[c] = rng.standard_normal()
        length = np.sqrt(projection(normal, normal))
    normal /= length
    return (projection(normal, one) + projection(normal, other)) / 2


@njit(cache=True)
def _any(members, rng):
    return members[int(rng.random() * len(members))]


@njit(cache=True)
def _two_means(X, members, one, other, rng):
    """Move two points to the means of the points that are drawn and nearer to them."""
    n_one, n_other = 1, 1
    for _ in range(min(DRAWS, len(members))):
        x = X[_any(members, rng)]
        if n_one * squared_distance(x, one) < n_other * squared_distance(x, other):
            n_one += 1
            _move(one, x, X.dtype.type(1 / n_one))
        else:
            n_other += 1
            _move(other, x, X.dtype.type(1 / n_other))


@njit(cache=True)
def _move(mean, x, share):
    for c in range(len(x)):
        mean[c] += (x[c] - mean[c]) * share


@njit(cache=True)
def _choose(X, members, heights, threshold, between, rng):
    """Return the height at which a node is cut."""
    size = len(members)
    if threshold == 2:
        left = np.sum(heights < between)
        if min(left, size - left) >= SMALLEST * size:
            return between
    median = _median(heights.copy())
    if threshold == 1:
        x, farthest = X[_any(members, rng)], X.dtype.type(0)
        for i in members:
            farthest = max(farthest, squared_distance(X[i], x))
        median += (2 * rng.random() - 1) * 6 * np.sqrt(farthest / X.shape[1])
    return X.dtype.type(median)


@njit(cache=True)
def _median(values):
    """Return the middle value, or if that is the smallest one the next; reorder ``values``."""
    middle = len(values) // 2
    median = kth_smallest(values, middle)
    if median > np.min(values[:middle]):
        return median
    above = np.max(values)
    for x in values:
        above = x if median < x < above else above
    return above


@njit(cache=True)
def _part(order, heights, a, b, cut):
    """Move what lies below ``cut`` to the front; return where the others begin."""
    i, j = a, b - 1
    while i <= j:
        if heights[i] < cut:
            i += 1
        else:
            order[i], order[j] = order[j], order[i]
            heights[i], heights[j] = heights[j], heights[i]
            j -= 1
    return i
