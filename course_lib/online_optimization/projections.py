r"""The nearest point of a set: a ball, a simplex, an l1 ball."""

import numpy as np
from numba import njit

from course_lib._validation import check_number, check_vector

__all__ = ["project_ball", "project_l1", "project_simplex"]


def project_ball(v, radius=1.0):
    r"""Return the point nearest to ``v`` of the ball :math:`\|w\|_2 \le r` around zero.

    Parameters
    ----------
    v : array, shape (n,)
        At least one entry.
    radius : float, default 1
        :math:`r`, not negative; infinity leaves ``v`` as it is.

    Returns
    -------
    array, shape (n,), dtype of ``v``

    Raises
    ------
    ValueError, TypeError
        If ``v`` is no vector of finite numbers, is empty, or ``radius`` is negative.

    Notes
    -----
    **Cost.** :math:`O(n)`.

    **Guarantee.** The nearest point is unique, since the set is convex; two projections are never
    farther apart than the points that were projected.

    Examples
    --------
    >>> project_ball([3.0, 4.0])
    array([0.6, 0.8])
    """
    v = _check_point(v)
    radius = check_number(radius, "radius", low=0)
    largest = float(np.abs(v).max(initial=0.0))
    if largest == 0:
        return v.copy()
    length = largest * float(np.linalg.norm(v / largest))  # without overflow
    return v.copy() if length <= radius else v * v.dtype.type(radius / length)


def project_simplex(v, total=1.0):
    r"""Return the point nearest to ``v`` of the simplex :math:`w \ge 0, \sum_i w_i = z`.

    Parameters
    ----------
    v : array, shape (n,)
        At least one entry.
    total : float, default 1
        :math:`z`, positive.

    Returns
    -------
    array, shape (n,), dtype of ``v``

    Raises
    ------
    ValueError, TypeError
        If ``v`` is no vector of finite numbers, is empty, or ``total`` is not positive.

    Notes
    -----
    **Cost.** One sort, :math:`O(n \log n)`.

    **Guarantee.** One threshold :math:`\theta` makes the answer, :math:`w_i = \max(v_i - \theta,
    0)`, and :math:`\sum_i w_i = z` fixes it: these are the Karush-Kuhn-Tucker conditions of the
    nearest point ([1], Section 3), which can be checked at any size.

    References
    ----------
    .. [1] J. Duchi, S. Shalev-Shwartz, Y. Singer, T. Chandra, "Efficient projections onto the
       l1-ball for learning in high dimensions", ICML 2008, Figure 1.

    Examples
    --------
    >>> project_simplex([0.9, 0.7, -1.0])                   # the threshold is 0.3
    array([0.6, 0.4, 0. ])
    """
    v = _check_point(v)
    total = check_number(total, "total", low=0, open_low=True, open_high=True)
    return _cut(v, total)


def project_l1(v, radius=1.0):
    r"""Return the point nearest to ``v`` of the l1 ball :math:`\sum_i |w_i| \le r`.

    Parameters
    ----------
    v : array, shape (n,)
        At least one entry.
    radius : float, default 1
        :math:`r`, positive.

    Returns
    -------
    array, shape (n,), dtype of ``v``

    Raises
    ------
    ValueError, TypeError
        If ``v`` is no vector of finite numbers, is empty, or ``radius`` is not positive.

    See Also
    --------
    course_lib.sparse_coding.soft_threshold : the same shrinking by a threshold that is given.

    Notes
    -----
    **Cost.** One sort, :math:`O(n \log n)`; none where ``v`` lies in the ball.

    **Guarantee.** Outside the ball the answer has the signs of ``v`` and the sizes of the
    projection of :math:`|v|` on the simplex of sum :math:`r` ([1]): what is below one threshold
    becomes zero.

    References
    ----------
    .. [1] J. Duchi, S. Shalev-Shwartz, Y. Singer, T. Chandra, "Efficient projections onto the
       l1-ball for learning in high dimensions", ICML 2008, Section 4.

    Examples
    --------
    >>> project_l1([0.9, -0.7, 0.1])                        # the threshold is 0.3
    array([ 0.6, -0.4,  0. ])
    """
    v = _check_point(v)
    radius = check_number(radius, "radius", low=0, open_low=True, open_high=True)
    sizes = np.abs(v)
    with np.errstate(over="ignore"):
        if sizes.sum(dtype=np.float64) <= radius:
            return v.copy()
    return np.copysign(_cut(sizes, radius), v) + v.dtype.type(0)  # no negative zeros


def _check_point(v):
    v = check_vector(v, "v")
    if len(v) == 0:
        raise ValueError("v must have at least one entry; got none.")
    return v


def _cut(v, total):
    """Return ``max(v - theta, 0)`` with the theta that makes the sum ``total``."""
    top = float(v.max())
    gaps = np.float64(top) - v  # from the top down: no two large numbers are subtracted later
    gaps = gaps[gaps < total]  # the others are zero: the top alone would be worth more
    gaps.sort()
    level = _level(gaps, total)
    return np.maximum(level - (np.float64(top) - v), 0).astype(v.dtype)


@njit(cache=True)
def _level(gaps, total):
    """Return how far below the top the threshold lies: gaps above it add up to ``total``."""
    level, rest = 0.0, total
    for k in range(1, len(gaps) + 1):
        rest += gaps[k - 1]
        level = rest / k
        if k == len(gaps) or gaps[k] >= level:
            break
    return level
