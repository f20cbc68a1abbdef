r"""Sparse logistic regression from one look at each row: truncated gradient and FTRL-proximal.

Both touch only the features that a row holds: the weights of all others are brought up to date
when they are next seen, or read.
"""

import numpy as np
from numba import njit
from sklearn.utils.validation import check_is_fitted

from course_lib._ahead import ROWS_AHEAD, fetch_row
from course_lib._online import OnlineLogistic, loss_and_slope
from course_lib._validation import check_count, check_number

__all__ = ["FTRLProximal", "TruncatedGradient"]


class TruncatedGradient(OnlineLogistic):
    r"""Sparse online logistic regression by stochastic gradients that are cut towards zero.

    Each row takes a gradient step on its logistic loss; every ``every`` rows all weights of at
    most ``threshold`` in size move ``every * step * alpha`` towards zero, and stay there.

    Parameters
    ----------
    alpha : float, default 1e-4
        Gravity :math:`g`: the weight of the l1 norm for each row, not negative.
    step : float, default 0.1
        Step length :math:`\eta`, positive.
    every : int, default 1
        Rows between truncations :math:`K`.
    threshold : float, default inf
        :math:`\theta`, positive: larger weights are not touched. Infinite means the l1 norm.
    n_epochs : int, default 1
    shuffle : bool, default True
        Whether `fit` reads in random order.
    random_state : int, RandomState or None, default None

    Attributes
    ----------
    coef_, intercept_ : arrays, shapes (1, n_features) and (1,)
    classes_ : array, shape (2,)
    loss_sum_ : float
        Sum of the logistic losses of all rows, each before it was learned from.
    n_samples_seen_, n_features_in_ : int

    Notes
    -----
    **Cost.** As many operations as the row has entries; memory two numbers a feature.

    **Guarantee.** With ``threshold=inf``, ``every=1``, and rows of squared length at most
    :math:`B`, the constant 1 of the intercept included, for every weight vector
    :math:`u`, in any order of any rows ([1], Theorem 3.1, for the logistic loss),

    .. math:: \frac1T \sum_t \big(\ell_t(w_t) + g \|w_{t+1}\|_1\big)
              \le \frac{\eta B}{2} + \frac{\|u\|^2}{2 \eta T}
              + \frac1T \sum_t \big(\ell_t(u) + g \|u\|_1\big).

    References
    ----------
    .. [1] J. Langford, L. Li, T. Zhang, "Sparse online learning via truncated gradient",
       JMLR 10, 2009, eq. 6.

    Examples
    --------
    >>> learner = TruncatedGradient(alpha=0.1, step=1.0, shuffle=False)
    >>> learner.fit([[1.0, 0.0], [0.0, 0.0]], [1, 0]).coef_       # 1/2, cut twice by 0.1
    array([[0.3, 0. ]])
    """

    def __init__(
        self,
        *,
        alpha=1e-4,
        step=0.1,
        every=1,
        threshold=np.inf,
        n_epochs=1,
        shuffle=True,
        random_state=None,
    ):
        self.alpha = alpha
        self.step = step
        self.every = every
        self.threshold = threshold
        self.n_epochs = n_epochs
        self.shuffle = shuffle
        self.random_state = random_state

    def _check_parameters(self):
        check_number(self.alpha, "alpha", low=0)
        check_number(self.step, "step", low=0, high=1e100, open_low=True)
        check_number(self.threshold, "threshold", low=0, open_low=True)
        check_count(self.every, "every", low=1)

    def _step(self, rows):
        return _truncated_gradient(
            *rows, *self.state_, self.n_samples_seen_, float(self.step), self._cut(), self.every,
            float(self.threshold),
        )  # fmt: skip

    def _cut(self):
        return float(self.every) * self.step * self.alpha

    def _weights(self):
        """All cuts that are due, made: the intercept never has any."""
        check_is_fitted(self)
        weights, done = self.state_
        due = self.n_samples_seen_ // self.every - done
        due[-1] = 0
        cut = np.where(np.abs(weights) <= self.threshold, due * self._cut(), 0.0)
        return np.sign(weights) * np.maximum(np.abs(weights) - cut, 0)


class FTRLProximal(OnlineLogistic):
    r"""Sparse online logistic regression by following the regularized leader, per coordinate.

    Each weight is the minimizer of all gradients so far, linearized, plus proximal terms and
    penalties: zero unless the sum of its gradients, plus corrections for the steps that it has
    taken, exceeds ``alpha`` in size. Its step length falls with the gradients that it has met
    itself.

    Parameters
    ----------
    alpha : float, default 1.0
        Weight of the l1 norm (not for each row: over all of them), not negative.
    alpha2 : float, default 0.0
        Weight of half the squared l2 norm, not negative.
    step : float, default 0.1
        Scale of the step lengths, positive.
    beta : float, default 1.0
        A weight whose gradients have squares that sum to :math:`n` moves by
        :math:`\text{step} / (\beta + \sqrt{n})`; positive.
    n_epochs : int, default 1
    shuffle : bool, default True
        Whether `fit` reads in random order.
    random_state : int, RandomState or None, default None

    Attributes
    ----------
    coef_, intercept_ : arrays, shapes (1, n_features) and (1,)
    classes_ : array, shape (2,)
    loss_sum_ : float
        Sum of the logistic losses of all rows, each before it was learned from.
    n_samples_seen_, n_features_in_ : int

    Notes
    -----
    With ``alpha=0`` and ``alpha2=0`` this is AdaGrad: each weight moves by
    :math:`\text{step} / (\beta + \sqrt n)` times its gradient.

    **Cost.** As many operations as the row has entries; memory three numbers a feature: the third
    is the root of the second, which would be taken twice.

    References
    ----------
    .. [1] H. B. McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013,
       Algorithm 1.

    Examples
    --------
    >>> learner = FTRLProximal(alpha=0.25, step=1.0, shuffle=False)
    >>> float(learner.fit([[1.0], [0.0]], [1, 0]).coef_[0, 0].round(6))   # (0.5 - 0.25) / (1 + 0.5)
    0.166667
    """

    def __init__(
        self,
        *,
        alpha=1.0,
        alpha2=0.0,
        step=0.1,
        beta=1.0,
        n_epochs=1,
        shuffle=True,
        random_state=None,
    ):
        self.alpha = alpha
        self.alpha2 = alpha2
        self.step = step
        self.beta = beta
        self.n_epochs = n_epochs
        self.shuffle = shuffle
        self.random_state = random_state

    def _check_parameters(self):
        check_number(self.alpha, "alpha", low=0)
        check_number(self.alpha2, "alpha2", low=0)
        check_number(self.step, "step", low=0, high=1e100, open_low=True)
        check_number(self.beta, "beta", low=0, open_low=True)

    _kept = 3

    def _step(self, rows):
        numbers = (self.alpha, self.alpha2, self.step, self.beta)
        return _ftrl(*rows, *self.state_, *map(float, numbers))

    def _weights(self):
        check_is_fitted(self)
        z, squares, _ = self.state_
        penalty = np.full(len(z), float(self.alpha))
        penalty[-1] = 0
        shrunk = np.sign(z) * np.maximum(np.abs(z) - penalty, 0)
        ridge = np.full(len(z), float(self.alpha2))
        ridge[-1] = 0
        return -shrunk / ((self.beta + np.sqrt(squares)) / self.step + ridge)


@njit(cache=True)
def _truncated_gradient(
    data, indices, starts, signs, order, weights, done, seen, step, cut, every, threshold
):
    """Learn from the rows in order; ``done`` counts the truncations that a weight has had."""
    last, total = len(weights) - 1, 0.0
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        truncations = seen // every
        margin = weights[last]
        for p in range(starts[i], starts[i + 1]):
            j = indices[p]
            w = weights[j]
            size = abs(w)
            if size <= threshold:
                size -= (truncations - done[j]) * cut
                w = np.copysign(size if size > 0 else 0.0, w)
                weights[j] = w
            done[j] = truncations
            margin += data[p] * w
        loss, slope = loss_and_slope(margin, signs[i])
        total += loss
        for p in range(starts[i], starts[i + 1]):
            weights[indices[p]] -= step * slope * data[p]
        weights[last] -= step * slope
        seen += 1
    return total


@njit(cache=True)
def _ftrl(data, indices, starts, signs, order, z, squares, roots, alpha, alpha2, step, beta):
    """Learn from the rows in order: McMahan et al. 2013, Algorithm 1, intercept unpenalized."""
    last, longest, total, per_step = len(z) - 1, 0, 0.0, 1 / step
    for i in order:
        longest = max(longest, starts[i + 1] - starts[i])
    w = np.zeros(longest)  # of the entries of the row at hand
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        intercept = -z[last] * step / (beta + roots[last])
        margin = intercept
        for p in range(starts[i], starts[i + 1]):
            j, q = indices[p], p - starts[i]
            size = abs(z[j]) - alpha
            w[q] = 0.0
            if size > 0:
                w[q] = -np.copysign(size, z[j]) / ((beta + roots[j]) * per_step + alpha2)
                margin += data[p] * w[q]
        loss, slope = loss_and_slope(margin, signs[i])
        total += loss
        for p in range(starts[i], starts[i + 1]):
            j, g = indices[p], slope * data[p]
            squares[j] += g * g
            root = np.sqrt(squares[j])
            z[j] += g - (root - roots[j]) * per_step * w[p - starts[i]]
            roots[j] = root
        squares[last] += slope * slope
        root = np.sqrt(squares[last])
        z[last] += slope - (root - roots[last]) * per_step * intercept
        roots[last] = root
    return total
