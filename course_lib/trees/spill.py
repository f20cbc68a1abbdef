"""The spill tree: two halves that overlap, for a search that never goes back."""

import numpy as np

from course_lib._neighbors import check_points
from course_lib._validation import as_rng, check_number
from course_lib.trees._points import check_leaf_size
from course_lib.trees.projections import together

__all__ = ["spill_tree"]


def spill_tree(X, *, leaf_size=32, overlap=0.05, rng=None):
    r"""Return a random-projection tree whose two halves overlap, for a search that never goes back.

    Parameters
    ----------
    X : array, shape (n, d)
    leaf_size : int, default 32
    overlap : float, default 0.05
        :math:`\alpha`, from 0 to 0.4: points between the quantiles :math:`1/2 \pm \alpha` of a
        Gaussian projection go to both sides.
    rng : Generator, int or None

    Returns
    -------
    RPForest
        Of one tree, in whose ``order`` points stand several times.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix or a number is out of range.

    Notes
    -----
    **Cost.** `spill_copies` of each point in memory, and as much more time to build.

    **Guarantee.** A cut sends a query where its nearest neighbor is not with probability at most
    :math:`\Phi / (2\alpha)`, with :math:`\Phi` its `potential` ([2]); up to the rounding of
    :math:`\alpha m`, for a node of m points.

    References
    ----------
    .. [1] T. Liu, A. Moore, A. Gray, K. Yang, "An investigation of practical approximate nearest
       neighbor algorithms", NIPS 2004.
    .. [2] S. Dasgupta, K. Sinha, "Randomized partition trees for nearest neighbor search",
       Algorithmica 72, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.trees import cells
    >>> tree = spill_tree(np.arange(10.0)[:, None], leaf_size=6, overlap=0.1, rng=0)
    >>> sorted(sorted(map(int, cell)) for cell in cells(tree, 1))
    [[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]]
    """
    X = check_points(X).copy()
    leaf_size = check_leaf_size(leaf_size, len(X))
    overlap = check_number(overlap, "overlap", low=0, high=0.4)
    rng = as_rng(rng)
    normals, offsets, leaves = [], [], []
    plane, child, start, stop = [-1], [0], [0], [0]
    level, waiting = [0], [(0, np.arange(len(X)))]
    n_placed = 0
    for node, members in waiting:  # which grows meanwhile
        normal = rng.standard_normal(X.shape[1]).astype(X.dtype)
        normal /= np.linalg.norm(normal)
        heights = X[members] @ normal
        left, right, cut = _overlapping(heights, overlap)
        if len(members) <= leaf_size or max(left.sum(), right.sum()) == len(members):
            leaves.append(members)
            start[node], stop[node] = n_placed, n_placed + len(members)
            n_placed += len(members)
            continue
        plane[node], child[node] = len(offsets), len(child)
        normals.append(normal)
        offsets.append(cut)
        for side in (left, right):
            waiting.append((len(child), members[side]))
            for values, new in ((plane, -1), (child, 0), (start, 0), (stop, 0)):
                values.append(new)
            level.append(level[node] + 1)
    arrays = [np.concatenate(leaves), np.array(normals, X.dtype).reshape(-1, X.shape[1])]
    arrays += [np.array(offsets, X.dtype), np.array(plane), np.array(child)]
    return together(X, np.arange(len(X)), [(*arrays, np.array(start), np.array(stop), level[-1])])


def _overlapping(heights, overlap):
    """Return which points go left, which right, and the height where queries are parted."""
    ranked = np.sort(heights)
    size = len(ranked)
    more = int(overlap * size)
    middle = size // 2
    left = heights <= ranked[min(size - 1, middle + more - 1)]
    right = heights >= ranked[max(0, middle - more)]
    return left, right, (ranked[max(0, middle - 1)] + ranked[middle]) / 2
