"""What theory promises: how near the minimum, or how many rounds, at the worst."""

import math

import numpy as np

from course_lib._rates import check_start, check_steps, finite_product
from course_lib._validation import check_number, check_vector
from course_lib.batch_optimization._start import ogm_factors

__all__ = [
    "bmrm_rounds",
    "gap_bound",
    "gd_bound",
    "momentum_bound",
    "ogm_bound",
    "subgradient_bound",
]


def gd_bound(smoothness, distance, k):
    r"""Return :math:`L \|x_0 - x^\ast\|^2 / (4k + 2)`, which gradient descent stays below.

    Parameters
    ----------
    smoothness : float
        :math:`L`.
    distance : float
        :math:`\|x_0 - x^\ast\|`.
    k : int or array of int
        Steps of length :math:`1/L`, at least 0.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        If a number is negative or not finite, their product overflows, or ``k`` is not made of
        integers of at least 0.

    Notes
    -----
    **Guarantee.** For every convex :math:`L`-smooth function with a minimizer ([1], Theorem 3.1).
    It is exact: `HuberLoss` in one dimension with the width :math:`1/(2k + 1)` attains it.

    References
    ----------
    .. [1] Y. Drori, M. Teboulle, "Performance of first-order methods for smooth convex
       minimization: a novel approach", Math. Program. 145, 2014.

    Examples
    --------
    >>> from course_lib.batch_optimization import HuberLoss
    >>> from course_lib.sparse_coding import ista
    >>> steps = ista(HuberLoss([[1.0]], [0.0], width=1 / 3), 0, x0=[1.0])
    >>> [round(next(steps).value, 6) for k in range(2)]     # after one step 1/6
    [0.277778, 0.166667]
    >>> round(float(gd_bound(1.0, 1.0, 1)), 6)
    0.166667
    """
    return check_start(smoothness, distance) / (4 * check_steps(k, least=0) + 2)


def ogm_bound(smoothness, distance, n_steps):
    r"""Return :math:`L \|x_0 - x^\ast\|^2 / (2 \theta_N^2)`, below which `ogm` ends.

    Parameters
    ----------
    smoothness, distance
        As for `gd_bound`.
    n_steps : int
        :math:`N`, from 1 to a million.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        As `gd_bound`, or if ``n_steps`` is out of range.

    Notes
    -----
    **Guarantee.** [1], Theorem 2: :math:`\theta_0 = 1`,
    :math:`\theta_i = (1 + \sqrt{1 + 4\theta_{i-1}^2})/2`, and the last with 8 in place of 4. It is
    at most :math:`L \|x_0 - x^\ast\|^2 / ((N + 1)(N + 1 + \sqrt 2))`, and exact: a parabola in
    one dimension attains it, and so does `HuberLoss` with the width :math:`1/\theta_N^2`.

    References
    ----------
    .. [1] D. Kim, J. A. Fessler, "Optimized first-order methods for smooth convex minimization",
       Math. Program. 159, 2016.

    Examples
    --------
    >>> round(ogm_bound(8.0, 1.0, 1), 6)                    # theta_1 is 2
    1.0
    """
    return check_start(smoothness, distance) / (2 * ogm_factors(n_steps)[-1] ** 2)


def momentum_bound(smoothness, strong_convexity, start_gap, distance, k):
    r"""Return :math:`(1 - \sqrt{\mu/L})^k (f(x_0) - f^\ast + \tfrac\mu2 \|x_0 - x^\ast\|^2)`.

    Parameters
    ----------
    smoothness, strong_convexity : float
        :math:`L` and :math:`\mu`, with :math:`0 \le \mu \le L`.
    start_gap : float
        :math:`f(x_0) - f^\ast`, not negative.
    distance : float
        :math:`\|x_0 - x^\ast\|`.
    k : int or array of int
        Steps of `momentum`, at least 0.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError, TypeError
        As `gd_bound`, or if :math:`\mu > L` or ``start_gap`` is negative.

    Notes
    -----
    **Guarantee.** [1], Theorem 2.2.3.

    References
    ----------
    .. [1] Y. Nesterov, "Introductory lectures on convex optimization", Springer, 2004.

    Examples
    --------
    >>> float(momentum_bound(4.0, 1.0, 1.5, 1.0, 2))        # (1 - 1/2)**2 * (1.5 + 0.5)
    0.5
    """
    check_start(smoothness, distance)
    L = check_number(smoothness, "smoothness", low=0, open_low=True, open_high=True)
    mu = check_number(strong_convexity, "strong_convexity", low=0, high=L)
    gap = check_number(start_gap, "start_gap", low=0, high=1e300)
    return (1 - math.sqrt(mu / L)) ** check_steps(k, least=0) * (gap + mu / 2 * distance**2)


def subgradient_bound(lipschitz, ridge, k):
    r"""Return :math:`G^2 H_k / (2 \lambda k)`, below which the mean of ``k`` gaps lies.

    Parameters
    ----------
    lipschitz : float
        :math:`G`: no subgradient of the whole objective that `subgradient` met is longer.
    ridge : float
        :math:`\lambda`, positive.
    k : int or array of int
        Iterates, from 1 to a million.

    Returns
    -------
    float or array
        :math:`H_k = 1 + 1/2 + \dots + 1/k`, about :math:`\ln k + 0.58`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or their quotient overflows.

    Notes
    -----
    **Guarantee.** For steps :math:`1/(\lambda t)` on any :math:`\lambda`-strongly convex function
    ([1], Theorem 1). From zero, iterates stay within :math:`g/\lambda` where :math:`g` bounds the
    subgradients without ridge, so :math:`G \le 2g`.

    References
    ----------
    .. [1] E. Hazan, A. Agarwal, S. Kale, "Logarithmic regret algorithms for online convex
       optimization", Machine Learning 69, 2007.

    Examples
    --------
    >>> float(subgradient_bound(2.0, 1.0, 2))               # 4 * 1.5 / 4
    1.5
    """
    G = check_number(lipschitz, "lipschitz", low=0, open_high=True)
    ridge = check_number(ridge, "ridge", low=0, open_low=True, open_high=True)
    k = check_steps(k)
    most = 1_000_000
    if k.size and k.max() > most:
        raise ValueError(f"k must be at most {most}; got {int(k.max())}.")
    sums = np.cumsum(1 / np.arange(1, (int(k.max()) if k.size else 0) + 1))
    scale = finite_product(G, G / ridge, "lipschitz**2 / ridge")
    return scale * sums[k.astype(np.int64) - 1] / (2 * k)


def bmrm_rounds(lipschitz, ridge, gap, start=1.0):
    r"""Return how many rounds `bmrm` takes at most until its certified gap is ``gap``.

    Parameters
    ----------
    lipschitz : float
        :math:`G`, which bounds the subgradients without ridge, positive: ``loss.lipschitz``.
    ridge, gap : float
        :math:`\lambda` and :math:`\epsilon`, positive.
    start : float, default 1
        The loss at zero :math:`J(0)`, positive; of the mean hinge it is 1.

    Returns
    -------
    float
        :math:`\max(0, \log_2 r) + 8 G^2/(\lambda\epsilon) - 1`, :math:`r = \lambda J(0)/G^2`.

    Raises
    ------
    ValueError, TypeError
        If a number is not positive and finite, or the count overflows.

    Notes
    -----
    **Guarantee.** [1], Theorem 5, for a loss that is not negative and
    :math:`\epsilon < 4G^2/\lambda`. What happens is faster by orders of magnitude: on a9a with
    :math:`\lambda = 10^{-3}` and :math:`\epsilon = 10^{-3}` some hundred rounds in place of
    fifty million.

    References
    ----------
    .. [1] C. H. Teo, S. V. N. Vishwanathan, A. Smola, Q. V. Le, "Bundle methods for regularized
       risk minimization", JMLR 11, 2010.

    Examples
    --------
    >>> bmrm_rounds(1.0, 0.5, 0.25, start=8.0)              # log2(4) + 64 - 1
    65.0
    """
    G, ridge, gap, start = (
        check_number(value, name, low=0, open_low=True, open_high=True)
        for value, name in (
            (lipschitz, "lipschitz"), (ridge, "ridge"), (gap, "gap"), (start, "start")
        )
    )  # fmt: skip
    first = math.log2(ridge) + math.log2(start) - 2 * math.log2(G)
    return (
        max(0.0, first) + finite_product(8 * G / ridge, G / gap, "lipschitz**2 / (ridge * gap)") - 1
    )


def gap_bound(gradient, strong_convexity):
    r"""Return :math:`\|g\|^2 / (2\mu)`: no point is lower than here by more.

    Parameters
    ----------
    gradient : array, shape (n,)
        :math:`g`, of the whole objective.
    strong_convexity : float
        :math:`\mu`, positive: the ridge of the loss, for one.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or the bound overflows.

    Notes
    -----
    **Guarantee.** :math:`f(y) \ge f(x) + g^T (y - x) + \tfrac\mu2 \|y - x\|^2`, and the smallest
    right side has :math:`y = x - g/\mu`.

    Examples
    --------
    >>> gap_bound([3.0, 4.0], 0.5)
    25.0
    """
    g = check_vector(gradient, "gradient", dtype=np.float64)
    if len(g) == 0:
        raise ValueError("gradient must have an entry for each coordinate; got none.")
    mu = check_number(strong_convexity, "strong_convexity", low=0, open_low=True, open_high=True)
    with np.errstate(over="ignore"):
        length = float(np.linalg.norm(g))
    return finite_product(length / mu / 2, length, "gradient @ gradient / strong_convexity")
