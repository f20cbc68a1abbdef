r"""Bundle methods: a convex loss seen from below by its tangent planes, the cuts.

Each evaluation of the risk :math:`R` at :math:`w_i` gives a plane
:math:`a_i^T w + c_i \le R(w)`. The highest plane plus the ridge has a minimum that is easy to find,
and no objective value lies below it: a certificate.
"""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_finite, check_number, check_vector
from course_lib.batch_optimization._simplex import climb

__all__ = ["BundleIterate", "bmrm", "bundle_minimum"]

SLACK = 0.01  # share of the gap that the small problem may leave open
STEPS = 200_000  # of the small problem; stopping early costs rounds, never truth


class BundleIterate(NamedTuple):
    """The best point so far, and how low the minimum can be."""

    x: np.ndarray  # (n,)
    value: float  # the objective there
    lower_bound: float  # no value of the objective lies below


def bmrm(loss):
    r"""Yield the iterates of the bundle method for regularized risk minimization, from zero.

    Parameters
    ----------
    loss : HingeLoss or LogisticLoss, or a DistributedLoss of one
        With a ridge. Any other loss with a ridge that is never negative will do.

    Yields
    ------
    BundleIterate
        The best ``x`` so far (n,), its ``value``, and a ``lower_bound`` of all values; without
        end. The bound begins at 0 or above.

    Raises
    ------
    ValueError
        If the loss has no ridge, or the data are not finite. As with every generator, at the first
        ``next``.

    See Also
    --------
    bmrm_rounds : how many it takes at most.
    bundle_minimum : the small problem of each round.

    Notes
    -----
    **Cost.** The iterate with number :math:`t`, from 1 on, costs one evaluation: one product with
    ``A`` and one with ``A.T``, or one sum over the machines of a `DistributedLoss`; then
    :math:`tn` multiplications for the new row of the Gram matrix, and a problem in :math:`t`
    unknowns. Memory :math:`tn + t^2`.

    **Guarantee.** ``value - lower_bound`` is at most :math:`\epsilon` after `bmrm_rounds` rounds
    ([1], Theorem 5). The lower bound is true for any weights of the cuts (weak duality): solving
    the small problem badly costs rounds, never truth.

    References
    ----------
    .. [1] C. H. Teo, S. V. N. Vishwanathan, A. Smola, Q. V. Le, "Bundle methods for regularized
       risk minimization", JMLR 11, 2010, Algorithm 1.

    Examples
    --------
    >>> from course_lib.batch_optimization import HingeLoss
    >>> steps = bmrm(HingeLoss([[1.0]], [1], ridge=0.5))    # max(0, 1 - x) + x**2 / 4
    >>> next(steps)                                         # from the cut 1 - x
    BundleIterate(x=array([0.]), value=1.0, lower_bound=0.0)
    >>> next(steps)[1:]                                     # the minimum lies at the corner, 1
    (1.0, 0.25)
    >>> round(next(steps).value, 6)
    0.25
    """
    if not loss.ridge > 0:
        raise ValueError(
            "loss must have a ridge, which keeps the minimum of the cuts finite; give one."
        )
    n = loss.A.shape[1]
    bundle = _Bundle(n, loss.ridge)
    w, best, best_value, low = np.zeros(n), None, np.inf, 0.0
    while True:
        x = w.astype(loss.b.dtype)
        risk, slope = loss.risk(x)
        value = risk + 0.5 * loss.ridge * float(x @ x)
        if value < best_value:
            best, best_value = x, value
        bundle.add(slope, risk - float(slope.astype(np.float64) @ x))
        w, bound = bundle.minimum(SLACK * (best_value - low))
        low = max(low, bound)
        yield BundleIterate(best, best_value, low)


def bundle_minimum(slopes, offsets, ridge, *, weights=None, slack=1e-9):
    r"""Return the minimum of the highest cut plus the ridge, from its dual.

    Minimizes :math:`\max_i (a_i^T w + c_i) + \tfrac\lambda2 \|w\|^2` by maximizing
    :math:`c^T \alpha - \|\sum_i \alpha_i a_i\|^2 / (2\lambda)` over :math:`\alpha \ge 0` with
    sum 1.

    Parameters
    ----------
    slopes : array, shape (t, n)
        The cuts' :math:`a_i`.
    offsets : array, shape (t,)
        Their :math:`c_i`.
    ridge : float
        :math:`\lambda`, positive.
    weights : array, shape (t,), optional
        Where :math:`\alpha` begins: not negative, with sum 1; all on the last cut by default.
    slack : float, default 1e-9
        The dual is at most that far from its maximum, unless rounding or 200,000 steps come first.

    Returns
    -------
    (w, lower_bound, weights) : array (n,), float, array (t,)
        :math:`w = -\sum_i \alpha_i a_i / \lambda`, the dual value, which no value of the
        objective is below, and :math:`\alpha`.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, a number is out of range or not finite, or products overflow.

    Notes
    -----
    **Cost.** :math:`t^2 n` multiplications for the Gram matrix, then steps of :math:`O(t)`.

    **Guarantee.** ``lower_bound`` is true for any weights (weak duality).

    Examples
    --------
    >>> w, low, weights = bundle_minimum([[-1.0], [0.0]], [1.0, 0.0], 0.5)
    >>> w, low                                              # max(1 - w, 0) + w**2 / 4 at 1
    (array([1.]), 0.25)
    >>> weights                                             # the two slopes that meet there
    array([0.5, 0.5])
    """
    slopes = check_finite(check_array(slopes, "slopes", ndim=2, dtype=np.float64), "slopes")
    t = len(slopes)
    offsets = check_vector(offsets, "offsets", t, dtype=np.float64)
    ridge = check_number(ridge, "ridge", low=0, open_low=True, open_high=True)
    slack = check_number(slack, "slack", low=0)
    if weights is None:
        weights = np.zeros(t)
        weights[-1:] = 1.0
    weights = check_vector(weights, "weights", t, dtype=np.float64).copy()
    if t == 0 or not (weights.min() >= 0 and abs(weights.sum() - 1) <= 1e-9):
        raise ValueError("weights must have one entry for each cut, none negative, with sum 1.")
    with np.errstate(over="ignore", invalid="ignore"):
        gram = check_finite(slopes @ slopes.T / ridge, "slopes")
        climb(gram, offsets, weights, slack, STEPS)
        w = -(weights @ slopes) / ridge
        bound = check_finite(np.float64(offsets @ weights - 0.5 * ridge * (w @ w)), "slopes")
    return check_finite(w, "slopes"), float(bound), weights


class _Bundle:
    """Cuts, their Gram matrix and their weights, in arrays with room to grow."""

    def __init__(self, n, ridge):
        self.ridge, self.size = ridge, 0
        self.slopes, self.offsets, self.weights = np.empty((8, n)), np.empty(8), np.zeros(8)
        self.gram = np.empty((8, 8))

    def add(self, slope, offset):
        """One more cut, without weight unless it is the first."""
        t, room = self.size, len(self.offsets)
        if t == room:
            for name in ("slopes", "offsets", "weights", "gram"):
                old = getattr(self, name)
                shape = (2 * room, 2 * room if name == "gram" else old.shape[-1])[: old.ndim]
                setattr(self, name, np.zeros(shape))
                getattr(self, name)[tuple(slice(side) for side in old.shape)] = old
        self.slopes[t], self.offsets[t], self.weights[t] = slope, offset, float(t == 0)
        row = self.slopes[: t + 1] @ self.slopes[t] / self.ridge
        self.gram[t, : t + 1] = self.gram[: t + 1, t] = row
        self.size = t + 1

    def minimum(self, slack):
        """Return the minimizer of the highest cut plus ridge, and a bound from below."""
        t = self.size
        weights, offsets = self.weights[:t], self.offsets[:t]
        climb(self.gram[:t, :t], offsets, weights, slack, STEPS)
        weights /= weights.sum()
        w = -(weights @ self.slopes[:t]) / self.ridge
        return check_finite(w, "A or ridge"), float(offsets @ weights - 0.5 * self.ridge * (w @ w))
