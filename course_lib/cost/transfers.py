"""What moves between a small fast memory and a large slow one, counted.

lru_misses          loads of a cache that forgets what was used longest ago
matmul_loads_bound  loads that no order of the products of a matrix product can avoid
"""

import math

import numpy as np
from numba import njit

from course_lib._validation import check_count, plain_array
from course_lib.cost._times import finite

__all__ = ["lru_misses", "matmul_loads_bound"]


def lru_misses(addresses, capacity, *, line=1):
    r"""Return how often a cache loads a line while a program touches these addresses.

    Parameters
    ----------
    addresses : array_like of int, shape (n,)
        What the program touches, in order; not negative.
    capacity : int
        Lines that the cache holds. It is empty at first, any line may stand anywhere in it, and
        a full one drops the line whose last use is longest ago.
    line : int, default 1
        Consecutive addresses in a line.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an address is negative, ``addresses`` has not one axis, or a size is not positive.
    TypeError
        If the addresses or a size are not integers.

    Notes
    -----
    **Cost.** :math:`O(n)` time; memory in proportion to the largest address.

    **Guarantee.** At most twice the loads of a cache of half the capacity that knows the future,
    and one filling more ([1]).

    References
    ----------
    .. [1] D. D. Sleator, R. E. Tarjan, "Amortized efficiency of list update and paging rules",
       Comm. ACM 28(2), 1985.

    Examples
    --------
    >>> lru_misses([0, 1, 2, 0, 1, 2], capacity=2)        # always the wrong one is gone
    6
    >>> lru_misses([0, 1, 2, 0, 1, 2], capacity=2, line=2)
    2
    """
    addresses = plain_array(addresses, "addresses")
    if addresses.ndim != 1:
        raise ValueError(f"addresses must have one axis; got shape {addresses.shape}.")
    if addresses.dtype.kind not in "iu" and addresses.size:
        raise TypeError(f"addresses must be integers; got {addresses.dtype}.")
    capacity = check_count(capacity, "capacity", low=1)
    line = check_count(line, "line", low=1)
    if addresses.size == 0:
        return 0
    if addresses.min() < 0:
        raise ValueError(f"addresses must not be negative; got {addresses.min()}.")
    lines = addresses // addresses.dtype.type(min(line, addresses.max()) or 1)
    if line > addresses.max():
        lines = np.zeros(len(addresses), np.int64)
    if lines.max() >= 4 * len(lines):  # lines far apart: number those that occur
        lines = np.unique(lines, return_inverse=True)[1]
    capacity = min(capacity, len(lines))
    return int(_misses(lines.astype(np.int64), capacity, int(lines.max()) + 1))


@njit(cache=True)
def _misses(lines, capacity, n_lines):
    """Count loads; cached lines form a ring, oldest first, closed by the entry ``n_lines``."""
    newer = np.full(n_lines + 1, -1, dtype=np.int64)
    older = np.full(n_lines + 1, -1, dtype=np.int64)
    end = n_lines
    newer[end] = older[end] = end
    cached, misses = 0, 0
    for i in range(lines.size):
        line = lines[i]
        if newer[line] >= 0:  # take it out of the ring, to put it in again as the newest
            newer[older[line]], older[newer[line]] = newer[line], older[line]
        else:
            misses += 1
            cached += 1
            if cached > capacity:
                oldest = newer[end]
                newer[end], older[newer[oldest]] = newer[oldest], end
                newer[oldest] = -1
                cached -= 1
        newest = older[end]
        newer[newest], older[line] = line, newest
        newer[line], older[end] = end, line
    return misses


@finite
def matmul_loads_bound(m, n, k, memory):
    r"""Return a number of loads that no order of an ``(m, k)`` by ``(k, n)`` product can avoid.

    Parameters
    ----------
    m, n, k : int
        Shapes of ``A`` (m, k) and ``B`` (k, n).
    memory : int
        Numbers :math:`M` that the fast memory holds.

    Returns
    -------
    float
        :math:`\max(0,\, 2mnk/\sqrt M - 2M)`.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer.

    Notes
    -----
    **Guarantee.** Holds for every order of the :math:`mnk` products and every rule of what to
    keep, if a number must be in the fast memory when it is used and each product is added to its
    entry of ``C``, which is loaded too, as in ``C += A @ B``: a sum that begins inside saves at
    most one load for each entry, :math:`mn` in all. While :math:`2M` numbers are
    loaded, at most :math:`3M` can be touched, :math:`a + b + c \le 3M` of them in the three
    matrices, and these meet in at most :math:`\sqrt{abc} \le M^{3/2}` products, by the
    inequality of Loomis and Whitney. The order of growth is from [1], the constant from
    [2]. Methods with fewer products, such as Strassen's, are not bound by it.

    References
    ----------
    .. [1] J.-W. Hong, H. T. Kung, "I/O complexity: the red-blue pebble game", STOC 1981.
    .. [2] T. M. Smith, B. Lowery, J. Langou, R. A. van de Geijn, "A tight I/O lower bound for
       matrix multiplication", arXiv:1702.02017, 2019.

    Examples
    --------
    >>> matmul_loads_bound(100, 100, 100, 400)            # 2e6 / 20 - 800
    99200.0
    """
    m, n, k = (check_count(size, name, low=1) for size, name in ((m, "m"), (n, "n"), (k, "k")))
    memory = check_count(memory, "memory", low=1)
    return max(0.0, 2 * m * n * k / math.sqrt(memory) - 2 * memory)
