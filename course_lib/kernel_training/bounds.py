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
        :math:`2 \max(V_+, V_-)`, where :math:`V_\pm` are the rows of a class with :math:`y f(x) <
        1`; without offset :math:`V_+ + V_-`.

    Raises
    ------
    ValueError, TypeError
        If labels are not -1 and +1, both of them, scores are not finite, or their numbers differ.

    Notes
    -----
    **Guarantee.** For every number of rows: a row with :math:`y f(x) < 1` has :math:`\alpha = C`;
    with an offset the variables of both classes have the same sum, at least :math:`C \max(V_+,
    V_-)`, and none is larger than :math:`C`: so each class has that many support vectors. A
    solution whose worst pair is off by ``tol``, with the offset in the middle, has :math:`\alpha =
    C` where :math:`y f(x) < 1 - \text{tol}/2`, and the bound holds for it as well.
    As :math:`n` grows, the share of support vectors goes to at least twice that of the errors
    which nobody can avoid [1], so that a new row costs more and more.

    References
    ----------
    .. [1] I. Steinwart, "Sparseness of support vector machines", JMLR 4, 2003.

    Examples
    --------
    >>> support_vector_bound([2.0, 0.5, -0.5, -0.5], [1, 1, 1, -1])    # two and one: 2 * 2
    4
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
        Steps divided by ``n``; 0 where the start is as good, infinity where it overflows.

    Raises
    ------
    ValueError, TypeError
        If ``n`` is no positive integer, or another number is not positive.

    Notes
    -----
    **Guarantee.** For losses that are :math:`1/\gamma`-smooth, at least 0, and at most 1 at a
    margin of 0, rows drawn with replacement and a start at zero, :math:`T \ge (n + \frac{R^2}
    {\lambda\gamma}) \ln((n + \frac{R^2}{\lambda\gamma}) / \epsilon)` steps bring the expected
    duality gap to :math:`\epsilon` ([1], Theorem 2, there with :math:`R = 1`). Not covered: the
    hinge, which is not smooth, and rows in a random order without replacement.

    References
    ----------
    .. [1] S. Shalev-Shwartz, T. Zhang, "Stochastic dual coordinate ascent methods for regularized
       loss minimization", JMLR 14, 2013, Theorem 2.

    Examples
    --------
    >>> round(sdca_epochs(1000, 0.002, 1e-3), 6)            # 2 ln(2000 / 0.001)
    29.017315
    """
    n = check_count(n, "n", low=1)
    ridge = check_number(ridge, "ridge", low=0, open_low=True, open_high=True)
    epsilon = check_number(epsilon, "epsilon", low=0, open_low=True, open_high=True)
    gamma = check_number(gamma, "gamma", low=0, open_low=True, open_high=True)
    length = check_number(length, "length", low=0, open_high=True)
    scale = ridge * gamma
    steps = n + (length * length / scale if scale else math.inf)
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
        :math:`2/\epsilon`; certified, :math:`4/\epsilon + 5/2`.

    Raises
    ------
    ValueError, TypeError
        If ``epsilon`` is not between 0 and 1, or ``certified`` is no truth value.

    Notes
    -----
    **Guarantee.** Let :math:`R` be the least radius of a ball around all rows, and :math:`r_i` that
    of the core set, which grows from :math:`r_0 \ge R/2`. While a row is farther from its center
    than :math:`\delta R`, the next radius is at least :math:`\frac{\delta^2 R^2 + r_i^2}
    {2 \delta R}`. With :math:`\delta = 1 + \epsilon` that cannot go on beyond :math:`2/\epsilon`
    rows ([1], Theorem 2.2). To stop, the method must see :math:`\delta R \le (1 + \epsilon) r_i`.
    Some row is always :math:`R` away, so that at most :math:`2/\epsilon - 1` more rows bring
    :math:`r_i` to :math:`R/(1 + \epsilon)`; from there each row that is too far away makes
    :math:`r_i` larger by a factor of :math:`1 + \frac{\epsilon^2}{2(1 + \epsilon)}`, and it cannot
    pass :math:`R`: at most :math:`2/\epsilon + 3/2` rows.

    References
    ----------
    .. [1] M. Bădoiu, K. Clarkson, "Smaller core-sets for balls", SODA 2003.

    Examples
    --------
    >>> core_set_bound(0.125), core_set_bound(0.125, certified=True)
    (16.0, 34.5)
    """
    epsilon = check_fraction(epsilon, "epsilon")
    return 4 / epsilon + 2.5 if check_flag(certified, "certified") else 2 / epsilon
