r"""What theory promises: how much is lost to the best fixed point, how fast the noise goes."""

import math

import numpy as np

from course_lib._rates import check_steps, finite_product
from course_lib._validation import check_count, check_number

__all__ = [
    "best_step",
    "pegasos_bound",
    "reddi_regret",
    "regret_bound",
    "saga_bound",
    "svrg_rate",
]


def best_step(diameter, lipschitz):
    r"""Return :math:`c = D/(\sqrt2 G)`, the scale of steps with the smallest regret bound.

    Parameters
    ----------
    diameter : float
        :math:`D`, the largest distance between two points of the set (of a ball, twice its
        radius); positive.
    lipschitz : float
        :math:`G`, the length that no gradient exceeds; positive.

    Returns
    -------
    float
        For steps :math:`\eta_t = c/\sqrt t`.

    Raises
    ------
    ValueError, TypeError
        If a number is not positive and finite, or their quotient overflows.

    Examples
    --------
    >>> round(best_step(2.0, 1.0) ** 2, 6)
    2.0
    """
    diameter = check_number(diameter, "diameter", low=0, open_low=True, open_high=True)
    lipschitz = check_number(lipschitz, "lipschitz", low=0, open_low=True, open_high=True)
    return finite_product(diameter, 1 / (math.sqrt(2) * lipschitz), "diameter / lipschitz")


def regret_bound(diameter, lipschitz, k, *, step=1.0):
    r"""Return Zinkevich's bound on the regret of `ogd` after ``k`` rounds.

    Parameters
    ----------
    diameter, lipschitz : float
        :math:`D` and :math:`G`, as for `best_step`.
    k : int or array of int
        Rounds, at least 1.
    step : float, default 1
        :math:`c` of the steps :math:`\eta_t = c/\sqrt t`.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        If a number is not positive and finite, their product overflows, or ``k`` is not made of
        integers of at least 1.

    Notes
    -----
    **Guarantee.** For convex :math:`f_t` in any order, chosen even by an enemy who sees
    :math:`x_t`, and every fixed point :math:`u` of the set, :math:`\sum_{t \le k} f_t(x_t) -
    f_t(u) \le D^2 \sqrt k/(2c) + c G^2 (\sqrt k - 1/2)` ([1], Theorem 1, there with
    :math:`c = 1`). With `best_step` it is at most :math:`\sqrt2 D G \sqrt k`. Gradients come
    without delay; for late ones see chapter 15.

    References
    ----------
    .. [1] M. Zinkevich, "Online convex programming and generalized infinitesimal gradient
       ascent", ICML 2003, Theorem 1.

    Examples
    --------
    >>> float(regret_bound(2.0, 1.0, 4))                    # 4 * 2 / 2 + 2 - 1/2
    5.5
    """
    diameter = check_number(diameter, "diameter", low=0, open_low=True, open_high=True)
    lipschitz = check_number(lipschitz, "lipschitz", low=0, open_low=True, open_high=True)
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    root = np.sqrt(check_steps(k))
    square = finite_product(diameter, diameter, "diameter**2") / (2 * step)
    slope = finite_product(step * lipschitz, lipschitz, "step * lipschitz**2")
    top = float(np.max(root, initial=1.0))
    finite_product(square + slope, top, "the bound")
    return square * root + slope * (root - 0.5)


def reddi_regret(C):
    r"""Return :math:`\tfrac23 (C - 2)`, what Adam loses a round on `reddi_stream`.

    Parameters
    ----------
    C : float
        Larger than 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``C`` is not a finite number above 2.

    Notes
    -----
    **Guarantee.** With ``beta1=0`` and ``beta2=1 / (1 + C**2)`` Adam goes to +1. There three rounds
    cost :math:`C - 2`, at -1 they cost :math:`2 - C`; the mean regret goes to a third of the
    difference ([1], Theorem 1).

    References
    ----------
    .. [1] S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.

    Examples
    --------
    >>> round(reddi_regret(5.0), 6)
    2.0
    """
    C = check_number(C, "C", low=2, open_low=True, open_high=True)
    return 2 / 3 * (C - 2)


def pegasos_bound(length, alpha, k):
    r"""Return how far above the minimum the mean objective of `Pegasos` is at most.

    Parameters
    ----------
    length : float
        :math:`R`, the length of the longest row, with the 1 of the intercept if there is one.
    alpha : float
        :math:`\lambda`, positive.
    k : int or array of int
        Rows seen, at least 1.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or their product overflows, or ``k`` is not made of integers
        of at least 1.

    Notes
    -----
    **Guarantee.** With :math:`f_t` the hinge loss of row :math:`t` plus
    :math:`\tfrac\lambda2 \|w\|^2` and with projections, for every :math:`u` the mean of
    :math:`f_t(w_t) - f_t(u)` over :math:`k` rows in any order is at most
    :math:`(\sqrt\lambda + R)^2 (1 + \ln k) / (2 \lambda k)` [1].

    References
    ----------
    .. [1] S. Shalev-Shwartz, Y. Singer, N. Srebro, A. Cotter, "Pegasos: primal estimated
       sub-gradient solver for SVM", Math. Program. 127, 2011.

    Examples
    --------
    >>> float(pegasos_bound(1.0, 1.0, 1))                   # (1 + 1)**2 / 2
    2.0
    """
    length = check_number(length, "length", low=0, open_high=True)
    alpha = check_number(alpha, "alpha", low=0, open_low=True, open_high=True)
    k = check_steps(k)
    root = math.sqrt(alpha) + length
    scale = finite_product(root, root / (2 * alpha), "length**2 / alpha")
    return scale * ((1 + np.log(k)) / k)


def svrg_rate(smoothness, strong_convexity, step, n_inner):
    r"""Return the factor by which the expected gap of `svrg` falls in an epoch, or infinity.

    Parameters
    ----------
    smoothness : float
        :math:`L` of the roughest row, see `row_smoothness`; positive.
    strong_convexity : float
        :math:`\mu`, positive and at most :math:`L`; that of a loss is at least its ridge.
    step : float
        :math:`\eta`, positive.
    n_inner : int
        :math:`m`, steps an epoch, at least 1.

    Returns
    -------
    float
        Infinity where :math:`\eta \ge 1/(2L)`; a factor of 1 and more promises nothing.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** :math:`\alpha = \frac{1}{\mu \eta (1 - 2L\eta) m} + \frac{2L\eta}{1 - 2L\eta}`
    ([1]), over the draws of the rows, for the epoch that ends at one of its iterates drawn at
    random. `svrg` ends at the last one, which does better in practice and has no such theorem.

    References
    ----------
    .. [1] R. Johnson, T. Zhang, "Accelerating stochastic gradient descent using predictive
       variance reduction", NIPS 2013.

    Examples
    --------
    >>> round(svrg_rate(1.0, 0.1, 0.1, 1000), 6)            # 0.125 + 0.25
    0.375
    """
    L = check_number(smoothness, "smoothness", low=0, open_low=True, open_high=True)
    mu = check_number(strong_convexity, "strong_convexity", low=0, high=L, open_low=True)
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    n_inner = check_count(n_inner, "n_inner", low=1)
    rest = 1 - 2 * L * step
    work = mu * step * rest * n_inner
    if not (rest > 0 and work > 0):
        return math.inf
    return 1 / work + 2 * L * step / rest


def saga_bound(smoothness, strong_convexity, n, distance, start_gap, k):
    r"""Return a bound on the expected squared distance of `saga` from the minimizer.

    Parameters
    ----------
    smoothness : float
        :math:`L` of the roughest row, see `row_smoothness`; positive.
    strong_convexity : float
        :math:`\mu`, positive and at most :math:`L`.
    n : int
        Rows.
    distance, start_gap : float
        :math:`\|x_0 - x^\ast\|` and :math:`f(x_0) - f^\ast`, not negative.
    k : int or array of int
        Steps, at least 0; ``n`` of them are one iterate of `saga`.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or their product overflows.

    Notes
    -----
    **Guarantee.** With the function of each row convex, :math:`L`-smooth and :math:`\mu`-strongly
    convex, steps :math:`1/(3L)` and the table of gradients taken at :math:`x_0`,
    :math:`E\|x_k - x^\ast\|^2 \le (1 - \min(\tfrac1{4n}, \tfrac{\mu}{3L}))^k (\|x_0 - x^\ast\|^2
    + \tfrac{2n}{3L} (f(x_0) - f^\ast))` [1], over the draws of the rows.

    References
    ----------
    .. [1] A. Defazio, F. Bach, S. Lacoste-Julien, "SAGA: a fast incremental gradient method with
       support for non-strongly convex composite objectives", NIPS 2014.

    Examples
    --------
    >>> float(saga_bound(1.0, 1.0, 3, 1.0, 0.5, 0))         # 1 + 2 * 0.5
    2.0
    """
    L = check_number(smoothness, "smoothness", low=0, open_low=True, open_high=True)
    mu = check_number(strong_convexity, "strong_convexity", low=0, high=L, open_low=True)
    n = check_count(n, "n", low=1)
    distance = check_number(distance, "distance", low=0, open_high=True)
    start_gap = check_number(start_gap, "start_gap", low=0, open_high=True)
    start = finite_product(distance, distance, "distance**2")
    start += finite_product(2 * n / (3 * L), start_gap, "n * start_gap / smoothness")
    rate = min(1 / (4 * n), mu / (3 * L))
    return finite_product(start, 1.0, "the bound") * (1 - rate) ** check_steps(k, least=0)
