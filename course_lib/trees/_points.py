"""What the trees share: sizes of leaves, the beginning of a search, and the scan of a leaf."""

from numba import njit

from course_lib._neighbors import check_n_neighbors, check_queries, insert, nothing_found
from course_lib._validation import check_count

__all__ = ["begin_search", "check_leaf_size", "projection", "scan_leaf"]


def check_leaf_size(leaf_size, n):
    """Return the size of a leaf; more than all n points would not be more."""
    return min(n, check_count(leaf_size, "leaf_size", low=1))


def begin_search(index, kind, maker, queries, n_neighbors):
    """Return queries that fit an index of this kind, and an answer for a kernel to fill."""
    if not isinstance(index, kind):
        raise TypeError(f"the index must come from {maker}; got {type(index).__name__}.")
    flat = index.points.ndim == 1
    n, d = (len(index.order), index.n_features) if flat else index.points.shape
    Q = check_queries(queries, d, index.points.dtype)
    return Q, nothing_found(len(Q), check_n_neighbors(n_neighbors, n), Q.dtype)


@njit(cache=True)
def scan_leaf(block, members, q, squares, best, names):
    """Compare a query with all points of a leaf, which lie one coordinate after the other."""
    size = len(members)
    squares[:size] = 0
    for c in range(len(q)):
        for t in range(size):
            difference = block[c * size + t] - q[c]
            squares[t] += difference * difference
    for t in range(size):
        if squares[t] < best[-1]:
            insert(names, best, members[t], squares[t])


# Sums in any order, so that they are added eight at a time; infinities stay what they are.
@njit(cache=True, fastmath={"reassoc", "contract"})
def projection(x, y):
    """Return the inner product of two vectors."""
    total = x.dtype.type(0)
    for c in range(len(x)):
        total += x[c] * y[c]
    return total
