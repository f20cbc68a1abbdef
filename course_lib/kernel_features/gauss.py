r"""The fast Gauss transform: boxes that meet as series, so that points never meet in pairs."""

import functools
import math
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from course_lib._validation import check_count, check_flag, check_number
from course_lib.kernel_features._boxes import STRIDES, boxes, load, slots
from course_lib.kernel_features._series import evaluate, gather, meet, translations
from course_lib.kernel_features._terms import as_given, check_terms

__all__ = ["GaussSum", "gauss_bound", "gauss_sum"]

CRAMER = 1.09  # |h_n(x)| <= 1.09 * 2**(n/2) * sqrt(n!) * exp(-x**2 / 2)
RADII = (0.25, 0.35, 0.5, 0.7, 1.0)  # half sides of boxes in bandwidths that are tried
A_MEETING = 3000  # flops that looking up a box takes as long as
FEW = 32  # a box has a series if it has more points than the series has terms, over that
WIDEST = 1e6  # bandwidths, so that boxes can be numbered
MOST_TERMS = 200
FLOPS = 20  # that a kernel evaluation counts for
A_PAIR = 60  # flops of series that take as long


class GaussSum(NamedTuple):
    """Gaussian sums, and what they cost.

    Attributes
    ----------
    sums : array, shape (t,) or (t, k)
    n_terms : int
        Terms p of a series in each dimension.
    side : float
        Of a box, in bandwidths.
    n_boxes : int
        Boxes that hold sources.
    evaluations : int
        Pairs of points for which the kernel was computed.
    translations : int
        Pairs of boxes that met as series.
    flops : int
        Of the series, and 20 for each evaluation.
    """

    sums: np.ndarray
    n_terms: int
    side: float
    n_boxes: int
    evaluations: int
    translations: int
    flops: int


def gauss_sum(X, weights, targets=None, *, bandwidth, tol=1e-6):
    r"""Return :math:`\sum_j a_j e^{-|t_i - x_j|^2 / h^2}` for every target, in 1 to 3 dimensions.

    Sources of a box are held as a Hermite series about its center [1]_. Each series is turned into
    a Taylor series about the center of each box of targets within reach, where it is evaluated.
    Boxes with few points are summed directly, empty ones are never touched.

    Parameters
    ----------
    X : array, shape (n, d)
        Sources, d from 1 to 3.
    weights : array, shape (n,) or (n, k)
        Weights :math:`a` of the sources, of any sign; each column is a sum of its own.
    targets : array, shape (t, d), optional
        Where the sums are wanted; at the sources by default.
    bandwidth : float
        Length h, positive. For a kernel :math:`e^{-\gamma |t - x|^2}` it is
        :math:`1 / \sqrt\gamma`, for a normal density :math:`\sqrt 2 \sigma`.
    tol : float, default 1e-6
        Error :math:`\epsilon` for a unit of weight, from 1e-12 to 0.5.

    Returns
    -------
    GaussSum
        ``sums`` (t,) or (t, k) in the dtype of ``X`` (arithmetic is in float64), the terms and the
        side that were chosen, and the counted work.

    Raises
    ------
    ValueError, TypeError
        If ``X`` has more than 3 columns, the arrays do not fit each other or are not finite,
        ``tol`` is out of range, or ``bandwidth`` is below a millionth of the extent.

    See Also
    --------
    gauss_bound : the error of p terms.
    dual_tree_sum : other kernels, few digits.

    Notes
    -----
    **Cost.** :math:`2 p^d` flops for a point and column, :math:`2 d p^{d+1}` for two boxes that
    meet; memory one series for each box with many points. Linear in n + t for a given bandwidth.
    In many dimensions :math:`p^d` is more than n.

    **Guarantee.** :math:`|error| \le \epsilon \sum_j |a_j|` at each target, up to rounding: every
    pair of points is computed, or left out where the kernel is below :math:`\epsilon`, or part
    of a series whose bound (`gauss_bound`) is below :math:`\epsilon`.

    References
    ----------
    .. [1] L. Greengard, J. Strain, "The fast Gauss transform", SIAM J. Sci. Stat. Comput. 12(1),
       1991, 79-94.

    Examples
    --------
    >>> gauss_sum([[0.0], [1.0]], [1.0, 1.0], bandwidth=1.0).sums.round(4)    # 1 + 1 / e
    array([1.3679, 1.3679])
    """
    terms = check_terms(X, weights, targets, bandwidth)
    tol = check_number(tol, "tol", low=1e-12, high=0.5)
    d = terms.X.shape[1]
    if d > 3:
        raise ValueError(f"X must have 1 to 3 columns; got {d}, use direct_sum or features.")
    if not terms.extent.max() < WIDEST:
        raise ValueError(
            "bandwidth must be at least a millionth of the extent of the points; "
            f"they span {terms.extent.max():.3g} of it, take a larger one."
        )
    radius, p = _plan(terms, tol)
    side = 2 * radius
    same = terms.targets is terms.X
    sources = boxes(terms.X, side)
    wanted = sources if same else boxes(terms.targets, side)
    shape = (1,) * (3 - d) + (p,) * d
    offsets, series = translations(d, p, side, tol)
    k = terms.weights.shape[1]
    size = k * _translation(p, d) // (A_PAIR + 2 * k)  # pairs of points that cost as much
    s_slots, t_slots = (
        slots(some, max(p**d // FEW, size // other.largest()))
        for some, other in ((sources, wanted), (wanted, sources))
    )
    W = terms.weights[sources.order]
    moments = np.zeros((s_slots.max() + 1, W.shape[1], *shape))
    local = np.zeros((t_slots.max() + 1, W.shape[1], *shape))
    sums = np.zeros((len(terms.targets), W.shape[1]))
    gather(sources.points, sources.start, sources.centers, s_slots, W, moments)
    counted = meet(
        sources.points, sources.start, sources.cells, s_slots, W, moments,
        wanted.points, wanted.start, wanted.cells, t_slots, local,
        sources.keys, STRIDES, offsets, series, size, sums,
    )  # fmt: skip
    evaluate(wanted.points, wanted.start, wanted.centers, t_slots, local, sums)
    result = np.empty_like(sums)
    result[wanted.order] = sums
    expanded = sources.held(s_slots) + wanted.held(t_slots)
    flops = k * (2 * expanded * p**d + counted[1] * _translation(p, d)) + FLOPS * counted[0]
    return GaussSum(as_given(result, terms), p, side, len(sources.start) - 1, *counted, flops)


def gauss_bound(n_terms, radius, n_features=2, *, translated=True):
    r"""Return how far a truncated series is from the Gaussian, for a unit of weight.

    Parameters
    ----------
    n_terms : int
        Terms p in each dimension, from 1 to 200.
    radius : float
        Half side r of a box in bandwidths, up to 4.
    n_features : int, default 2
        Dimensions d, from 1 to 3.
    translated : bool, default True
        True: a Hermite series about the box of sources that becomes a Taylor series about the
        box of targets, as in `gauss_sum`. False: the Hermite series alone, evaluated at targets.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Cost.** :math:`O(N^2)` for N terms until they vanish, 100 to 500.

    **Guarantee.** By Cramér's inequality :math:`|h_n(x)| \le 1.09 \cdot 2^{n/2} \sqrt{n!}` for
    the Hermite functions, the one-dimensional tail is at most

    .. math:: \tau = 1.09 \sum_{n \ge p} \frac{(\sqrt 2 r)^n}{\sqrt{n!}}, \qquad
       \tau = 1.09 \sum_{\max(n, m) \ge p}
       \frac{(\sqrt 2 r)^{n + m} \sqrt{(n + m)!}}{n!\, m!}

    without and with translation, and the error of a product of d factors, each at most 1, is at
    most :math:`(1 + \tau)^d - 1`: in the plane :math:`2 \tau + \tau^2`.

    Examples
    --------
    >>> bounds = [gauss_bound(p, 0.5, translated=False) for p in (4, 8, 12)]
    >>> [f"{bound:.0e}" for bound in bounds]
    ['2e-01', '9e-04', '2e-06']
    """
    p = check_count(n_terms, "n_terms", low=1, high=MOST_TERMS)
    radius = check_number(radius, "radius", low=0, high=4)
    d = check_count(n_features, "n_features", low=1, high=3)
    tail = _tails(radius, check_flag(translated, "translated"))[p]
    return float(math.expm1(d * math.log1p(tail)))


@functools.lru_cache(maxsize=64)
def _tails(radius, translated):
    """The one-dimensional tail after p terms for p from 0 on, summed until terms vanish."""
    n = np.arange(MOST_TERMS + 100 + int(16 * radius**2))
    grown = n * math.log(max(math.sqrt(2) * radius, 1e-300))
    if not translated:
        shells = np.exp(grown - gammaln(n + 1) / 2)
    else:
        both = grown[:, None] + grown + gammaln(n[:, None] + n + 1) / 2
        both = np.exp(both - gammaln(n + 1)[:, None] - gammaln(n + 1))
        shells = np.array([2 * both[k, :k].sum() + both[k, k] for k in n])
    return CRAMER * np.cumsum(shells[::-1])[::-1]


@functools.lru_cache(maxsize=256)
def _n_terms(radius, d, tol):
    """The fewest terms whose bound is below the tolerance; fours are added together."""
    return next(p for p in range(4, MOST_TERMS, 4) if gauss_bound(p, radius, d) <= tol)


def _translation(p, d):
    """The flops of a translation of one column."""
    return 2 * d * p ** (d + 1)


def _plan(terms, tol):
    """Return the radius of boxes with the least work, of a model of it, and the terms."""
    n_s, n_t, d = len(terms.X), len(terms.targets), terms.X.shape[1]
    k = terms.weights.shape[1]
    reach = 2 * math.sqrt(-math.log(tol))

    def work(radius):
        p, side = _n_terms(radius, d, tol), 2 * radius
        a, n_boxes = load(terms.X, side)
        b, n_wanted = (a, n_boxes) if terms.targets is terms.X else load(terms.targets, side)
        meetings = n_wanted * min(n_boxes, (1 + reach / side) ** d)
        series = k * _translation(p, d) if min(a, b) > p**d // FEW else math.inf
        one = A_MEETING + min((A_PAIR + 2 * k) * a * b, series)
        return meetings * one + 2 * k * (n_s + n_t) * p**d

    radius = min(RADII, key=work)
    return radius, _n_terms(radius, d, tol)
