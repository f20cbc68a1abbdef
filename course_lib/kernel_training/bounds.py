r"""What theory promises of support vectors, of dual coordinate ascent, and of core sets."""

import math

import numpy as np

from course_lib._validation import (
    check_count,
    check_flag,
    check_fraction,
    check_number,
    check_vector,
)
from course_lib.kernel_training.smo import check_labels

__all__ = ["core_set_bound", "sdca_epochs", "support_vector_bound"]


def support_vector_bound(scores, y, *, tol=1e-3, offset=True):
    r"""Return how many support vectors a machine has at least, from its scores of its own rows.

    Parameters
    ----------
    scores : array, shape (n,)
        :math:`f(x_i)` of the rows that were learned from, with the offset if there is one.
    y : array, shape (n,)
        Labels, -1 or +1.
    tol : float, default 1e-3
        To which the machine was solved: the tolerance of `smo` and of LIBSVM.
    offset : bool, default True
        Whether the machine has an offset, so that the variables of both classes have equal sums.

    Returns
    -------
    int
    """
    scores = check_vector(scores, "scores", dtype=np.float64)
    y = check_labels(y, len(scores))
    tol = check_number(tol, "tol", low=0, open_high=True)
    inside = y * scores < 1 - tol
    plus, minus = int((inside & (y > 0)).sum()), int((inside & (y < 0)).sum())
    return 2 * max(plus, minus) if check_flag(offset, "offset") else plus + minus


def sdca_epochs(n, ridge, epsilon, *, gamma=0.5, length=1.0):
    r"""Return after how many epochs of dual coordinate ascent the expected gap is small.

    Parameters
    ----------
    n : int
        Rows.
    ridge : float
        :math:`\lambda`, positive.
    epsilon : float
        The gap, positive.
    gamma : float, default 0.5
        Losses are :math:`1/\gamma`-smooth: 1/2 for the squared hinge, 4 for the logistic loss.
    length : float, default 1
        :math:`R`, of the longest row.

    Returns
    -------
    float
        Steps divided by ``n``.
    """
    n = check_count(n, "n", low=1)
    ridge = check_number(ridge, "ridge", low=0, open_low=True, open_high=True)
    epsilon = check_number(epsilon, "epsilon", low=0, open_low=True, open_high=True)
    gamma = check_number(gamma, "gamma", low=0, open_low=True, open_high=True)
    length = check_number(length, "length", low=0, open_high=True)
    steps = n + length * length / (ridge * gamma)
    return max(steps / n * math.log(steps / epsilon), 0.0)


def core_set_bound(epsilon, *, certified=False):
    r"""Return how many rows the core set of a ball needs at most, whatever the number of rows.

    Parameters
    ----------
    epsilon : float
        The radius may be larger than the least one by that share; between 0 and 1.
    certified : bool, default False
        Whether the method must know that it is done, and stop.

    Returns
    -------
    float
    """
    epsilon = check_fraction(epsilon, "epsilon")
    return (4 if check_flag(certified, "certified") else 2) / epsilon
