"""The search of random-projection trees: one queue over all of them, nearest cuts first."""

import numpy as np
from numba import njit

from course_lib._neighbors import insert, rooted, squared_distance
from course_lib._validation import check_count
from course_lib.trees._heap import pop, push
from course_lib.trees._points import begin_search, projection
from course_lib.trees.projections import RPForest

__all__ = ["rp_query"]


def rp_query(forest, queries, n_neighbors, *, search_budget=None):
    r"""Return near points of a forest for each row of ``queries``.

    Every tree leads the query to one leaf. Sides that were not taken wait in one queue, the
    one first whose largest distance from a cut on its way, if on the wrong side of it, is
    smallest.

    Parameters
    ----------
    forest : RPForest
        From `rp_forest`, `rp_tree` or `spill_tree`.
    queries : array, shape (q, d)
        The queries.
    n_neighbors : int
        Neighbors k of each, from 1 to n.
    search_budget : int, optional
        No leaf is opened after that many evaluations. By default each tree opens one leaf and
        never goes back ("defeatist"). In any case it goes on until k points were found.

    Returns
    -------
    Neighbors
        ``indices`` and ``distances`` (q, k), nearest first, in the dtype of the forest;
        ``evaluations`` of different points, ``projections`` on normals, ``leaves`` opened.

    Raises
    ------
    ValueError, TypeError
        If ``queries`` is no finite matrix with the columns of the forest, or a number is out of
        range.

    Notes
    -----
    **Cost.** ``search_budget`` evaluations and at most one leaf more, and a projection for each
    cut on the way to a leaf. A point that several trees propose is evaluated once.

    **Guarantee.** With a budget of n, exact. Otherwise none: measure `recall`.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.trees import rp_forest
    >>> forest = rp_forest(np.arange(100.0)[:, None], 3, leaf_size=10, rng=0)
    >>> rp_query(forest, np.array([[41.2]]), 2, search_budget=100).distances.round(1)
    array([[0.2, 0.8]])
    """
    maker = "rp_forest, rp_tree or spill_tree"
    Q, found = begin_search(forest, RPForest, maker, queries, n_neighbors)
    budget = -1
    if search_budget is not None:
        budget = check_count(search_budget, "search_budget", low=1, high=2**62)
    _search(*forest[:1], *forest[2:-1], Q, budget, *found)
    found.indices[:] = forest.rows[found.indices]
    return rooted(found)


@njit(cache=True)
def _search(
    points, order, normals, offsets, plane, child, start, stop, roots,
    Q, budget, indices, distances, evaluations, projections, leaves,
):  # fmt: skip
    """Fill squared distances and indices, and count."""
    k = distances.shape[1]
    keys, nodes = np.empty(len(child), Q.dtype), np.empty(len(child), np.int64)
    new = np.empty(np.max(stop - start) + 1, np.int64)
    seen = np.zeros((len(points) + 63) >> 6, np.uint64)  # a bit for each point
    for i in range(len(Q)):
        q, best, names = Q[i], distances[i], indices[i]
        seen[:] = 0
        size = 0
        for root in roots:
            push(keys, nodes, size, Q.dtype.type(-1), root)
            size += 1
        while size > 0:
            key, node = keys[0], nodes[0]
            enough = key >= 0 and evaluations[i] >= budget
            if enough and best[k - 1] < np.inf:
                break
            pop(keys, nodes, size)
            size -= 1
            key = max(key, Q.dtype.type(0))
            while child[node] > 0:
                height = projection(normals[plane[node]], q) - offsets[plane[node]]
                projections[i] += 1
                far = child[node] + (0 if height >= 0 else 1)
                push(keys, nodes, size, max(key, abs(height)), far)
                size += 1
                node = 2 * child[node] + 1 - far
            leaves[i] += 1
            n_new = _unseen(order[start[node] : stop[node]], seen, new)
            evaluations[i] += n_new
            for t in range(n_new):
                square = squared_distance(points[new[t]], q)
                if square < best[k - 1]:
                    insert(names, best, new[t], square)


@njit(cache=True)
def _unseen(places, seen, new):
    """Write to ``new`` the places that were not seen before, mark them, and count them."""
    n_new = 0
    for j in places:
        bit = np.uint64(1) << np.uint64(j & 63)
        new[n_new] = j
        n_new += (seen[j >> 6] & bit) == 0
        seen[j >> 6] |= bit
    return n_new
