r"""A support vector machine from one look at each row."""

import numpy as np
from numba import njit
from sklearn.utils.validation import check_is_fitted

from course_lib._ahead import ROWS_AHEAD, fetch_row
from course_lib._online import OnlineClassifier
from course_lib._validation import check_flag, check_number

__all__ = ["Pegasos"]


class Pegasos(OnlineClassifier):
    r"""A linear support vector machine by stochastic subgradients with steps :math:`1/(\lambda t)`.

    Parameters
    ----------
    alpha : float, default 1e-4
        :math:`\lambda`, the weight of :math:`\|w\|^2/2`, positive.
    average : bool, default True
        Whether the weights are the mean of all so far, or the last.
    project : bool, default True
        Whether weights stay in the ball of radius :math:`1/\sqrt\lambda`, where the minimizer is.
    fit_intercept : bool, default True
        Whether there is an intercept: the weight of a constant feature 1, penalized as all
        others, so that the theorem holds.
    n_epochs : int, default 1
    shuffle : bool, default True
        Whether `fit` reads in random order.
    random_state : int, RandomState or None, default None

    Attributes
    ----------
    coef_, intercept_ : arrays, shapes (1, n_features) and (1,)
    classes_ : array, shape (2,)
    loss_sum_ : float
        Sum of the hinge losses of all rows, each before it was learned from, without the penalty.
    n_samples_seen_, n_features_in_ : int

    See Also
    --------
    sdca : many looks, and a certificate.

    Notes
    -----
    **Cost.** As many operations as the row has entries, the projection and the mean included: the
    weights are kept as a number times a vector, their sum as another. Memory two numbers a
    feature.

    **Guarantee.** `pegasos_bound`, for the mean of the objectives and so for the mean of the
    weights; with rows drawn at random, for the expected objective over all of them.

    References
    ----------
    .. [1] S. Shalev-Shwartz, Y. Singer, N. Srebro, A. Cotter, "Pegasos: primal estimated
       sub-gradient solver for SVM", Math. Program. 127, 2011.

    Examples
    --------
    >>> learner = Pegasos(alpha=1.0, average=False, fit_intercept=False, shuffle=False)
    >>> learner.fit([[0.5], [-0.25]], [1, 0]).coef_         # 0.5, then 0.5 / 2 + 0.25 / 2
    array([[0.375]])
    """

    def __init__(
        self,
        *,
        alpha=1e-4,
        average=True,
        project=True,
        fit_intercept=True,
        n_epochs=1,
        shuffle=True,
        random_state=None,
    ):
        self.alpha = alpha
        self.average = average
        self.project = project
        self.fit_intercept = fit_intercept
        self.n_epochs = n_epochs
        self.shuffle = shuffle
        self.random_state = random_state

    def _check_parameters(self):
        check_number(self.alpha, "alpha", low=1e-100, high=1e100)
        for name in ("average", "project", "fit_intercept"):
            check_flag(getattr(self, name), name)

    def _start(self, y, classes, n_features):
        super()._start(y, classes, n_features)
        self.scales_ = np.array([1.0, 0.0, 0.0])

    def _step(self, rows):
        return _pegasos(
            *rows, *self.state_, self.scales_, self.n_samples_seen_, float(self.alpha),
            bool(self.project), bool(self.fit_intercept),
        )  # fmt: skip

    def _weights(self):
        check_is_fitted(self)
        v, missed = self.state_
        factor, _, total = self.scales_
        if self.average:
            return (total * v - missed) / max(self.n_samples_seen_, 1)
        return v * (factor / (self.alpha * max(self.n_samples_seen_, 1)))


@njit(cache=True)
def _pegasos(
    data, indices, starts, signs, order, v, missed, scales, seen, alpha, project, intercept
):
    """Learn from the rows in order.

    After t rows the weights are ``factor / (alpha * t) * v``; the sum of all weights that were
    played is ``total * v - missed``.
    """
    last, losses = len(v) - 1, 0.0
    factor, square, total = scales  # square: of the length of v
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        scale = factor / (alpha * seen) if seen else 0.0
        total += scale
        margin, size = 0.0, 0.0
        for p in range(starts[i], starts[i + 1]):
            margin += data[p] * v[indices[p]]
            size += data[p] * data[p]
        if intercept:
            margin += v[last]
            size += 1.0
        seen += 1
        loss = 1 - signs[i] * scale * margin
        if loss > 0:
            losses += loss
            change = signs[i] / factor
            for p in range(starts[i], starts[i + 1]):
                v[indices[p]] += change * data[p]
                missed[indices[p]] += total * change * data[p]
            if intercept:
                v[last] += change
                missed[last] += total * change
            square = max(square + change * (2 * margin + change * size), 0.0)
        length = factor * np.sqrt(square) / (np.sqrt(alpha) * seen)  # in radii of the ball
        if project and length > 1:
            factor /= length
        if factor < 1e-3:  # later, total * v and missed would cancel in too many digits
            missed -= total * v
            v *= factor
            square *= factor * factor
            total, factor = 0.0, 1.0
    scales[0], scales[1], scales[2] = factor, square, total
    return losses
