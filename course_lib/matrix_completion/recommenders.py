"""Recommenders as scikit-learn estimators, and answers for somebody they have never seen.

A fitted model knows its own rows. A newcomer with five ratings is one more ridge regression, on
the factors of the five films: he is *folded in*, and nobody else's factors change.
"""

import itertools

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import (
    check_count,
    check_finite,
    check_indices,
    check_number,
    check_vector,
    plain_array,
)
from course_lib.matrix_completion._solve import ridge_rows
from course_lib.matrix_completion.alternating import UNSOLVED, Factors, als
from course_lib.matrix_completion.sparse import csr
from course_lib.matrix_completion.stochastic import sgd

__all__ = ["ALSRecommender", "SGDRecommender", "fold_in"]


def fold_in(factors, columns, ratings, *, alpha=10.0, bias_alpha=3.0):
    """Return bias and factors of a new row, from a few ratings and the known columns.

    Parameters
    ----------
    factors : Factors
        A fitted model; it is not changed.
    columns : array_like of int, shape (count,)
        What was rated.
    ratings : array_like, shape (count,)
    alpha, bias_alpha : float
        Weights of the penalties, as in `als`.

    Returns
    -------
    bias : float
    p : array, shape (rank,)
        The new row's rating of column j is ``mean + bias + column_bias[j] + p @ Q[j]``.

    Raises
    ------
    ValueError
        If a column is unknown or given twice, there is no rating, lengths differ, a weight is
        negative or too small, or a rating is not finite or overflows.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** :math:`(k + 1)^2` flops for each rating and :math:`(k + 1)^3 / 3` once.

    **Guarantee.** Exactly the row that `als` would compute with these columns fixed.

    Examples
    --------
    A model of one factor, and a newcomer who rates one film one star above its average:

    >>> known = Factors(3.0, np.zeros(1), np.zeros(2), np.zeros((1, 1)), np.array([[1.0], [2.0]]))
    >>> fold_in(known, [0], [4.0], alpha=1.0, bias_alpha=1e9)[1]
    array([0.5])
    """
    if not isinstance(factors, Factors):
        raise TypeError(f"factors must be Factors, as als yields; got a {type(factors).__name__}.")
    n, rank = factors.Q.shape
    alpha, bias_alpha = (
        check_number(weight, name, low=0, open_high=True)
        for weight, name in ((alpha, "alpha"), (bias_alpha, "bias_alpha"))
    )
    columns = check_indices(columns, "columns", n)
    row = csr(np.zeros(len(columns), int), columns, ratings, (1, n))
    if row.nnz == 0:
        raise ValueError("a newcomer needs at least one rating; got none.")
    F = np.column_stack([factors.Q, np.ones(n)])
    penalty = np.r_[np.full(rank, alpha), bias_alpha]
    solved = np.empty((1, rank + 1))
    offset = factors.mean + factors.column_bias.astype(np.float64)
    ridge_rows(*row.places(), row.data.astype(np.float64), F, offset, penalty, solved)
    if not np.isfinite(solved).all():
        raise ValueError(UNSOLVED)
    return float(solved[0, -1]), solved[0, :-1]


class _Recommender(RegressorMixin, BaseEstimator):
    """Learns from pairs (user, item) with a rating each; predicts the rating of other pairs."""

    __metadata_request__score = {"sample_weight": UNUSED}  # noqa: RUF012  (scikit-learn's form)

    def fit(self, X, y):
        """Fit to ratings ``y`` (count,) of the pairs ``X`` (count, 2) of user and item.

        Parameters
        ----------
        X : array_like of int, shape (count, 2)
            User and item, numbered from zero; no pair may occur twice.
        y : array_like, shape (count,)
            Ratings.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``X`` does not hold pairs of integers, lengths differ, a rating is not finite, or
            a parameter is out of range.
        """
        n_iter = check_count(self.n_iter, "n_iter", low=1)
        users, items = _pairs(X).T
        ratings = csr(users, items, _ratings(y))
        steps = itertools.islice(self._steps(ratings), n_iter)
        self.values_ = []
        for iterate in steps:
            self.values_.append(iterate.value)
        self.factors_ = iterate.factors
        self.counts_ = np.bincount(ratings.indices, minlength=ratings.shape[1])
        self.range_ = float(ratings.data.min()), float(ratings.data.max())
        self.n_features_in_ = 2
        return self

    def predict(self, X):
        """Return the ratings of pairs ``X`` (count, 2), within the range of those seen.

        An unknown user or item counts as an average one.
        """
        check_is_fitted(self)
        users, items = _pairs(X).T
        users = np.minimum(users, len(self.factors_.row_bias))
        items = np.minimum(items, len(self.factors_.column_bias))
        return np.clip(_with_averages(self.factors_).at(users, items), *self.range_)

    def recommend(self, items, ratings, *, count=10, alpha=None, least=0):
        """Return what a newcomer would like best, after a few ratings of his own.

        Parameters
        ----------
        items : array_like of int, shape (rated,)
            What he rated.
        ratings : array_like, shape (rated,)
        count : int, default 10
            How many to return; rated ones are left out.
        alpha : float, optional
            Weight of the penalty of the newcomer's factors; that of the fit by default. A
            smaller one listens to him more and errs more.
        least : int, default 0
            Leave out items with fewer ratings than this.

        Returns
        -------
        items : array of int, shape (count,)
            Best first.
        predicted : array, shape (count,)
            Their predicted ratings, not cut to the range.

        Raises
        ------
        ValueError
            If an item is unknown or given twice, or ``count`` is out of range.
        """
        check_is_fitted(self)
        F = self.factors_
        items = check_indices(items, "items", len(F.Q))
        weights = self._fold_weights(len(items))
        bias, p = fold_in(
            F, items, ratings, alpha=weights[0] if alpha is None else alpha, bias_alpha=weights[1]
        )
        allowed = self.counts_ >= check_number(least, "least")
        allowed[items] = False
        most = int(allowed.sum())
        count = check_count(count, "count", low=1, high=most, high_name="items left to recommend")
        predicted = np.where(allowed, F.mean + bias + F.column_bias + F.Q @ p, -np.inf)
        best = np.argsort(-predicted, kind="stable")[:count]
        return best, predicted[best]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # pairs: no feature is a quantity
        return tags


class ALSRecommender(_Recommender):
    """Ratings by alternating least squares; `als` says what is minimized.

    Parameters
    ----------
    rank : int, default 20
        Number of factors; 0 leaves biases alone.
    alpha, bias_alpha : float
        Weights of the penalties of factors and biases; a newcomer is folded in with the same.
    n_iter : int, default 10
        Steps.
    n_blocks : int, default 1
        Threads; the result does not depend on it.
    random_state : int, Generator or None
        Source of randomness.

    Attributes
    ----------
    factors_ : Factors
    values_ : list of float
        The objective after each step.
    counts_ : array, shape (n_items,)
        Ratings of each item.
    range_ : (float, float)
        Smallest and largest rating seen.

    Notes
    -----
    scikit-learn checks an estimator on matrices of quantities, and this one reads pairs: of
    ``check_estimator`` only the checks without data apply to it.

    Examples
    --------
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]
    >>> model = ALSRecommender(rank=0, bias_alpha=1e-3).fit(X, [1, 2, 3, 4, 2])
    >>> model.predict([[2, 1]]).round(1)
    array([3.], dtype=float32)
    """

    def __init__(
        self, rank=20, *, alpha=16.0, bias_alpha=3.0, n_iter=10, n_blocks=1, random_state=None
    ):
        self.rank = rank
        self.alpha = alpha
        self.bias_alpha = bias_alpha
        self.n_iter = n_iter
        self.n_blocks = n_blocks
        self.random_state = random_state

    def _steps(self, ratings):
        return als(
            ratings, self.rank, alpha=self.alpha, bias_alpha=self.bias_alpha,
            n_blocks=self.n_blocks, rng=self.random_state,
        )  # fmt: skip

    def _fold_weights(self, count):
        return self.alpha, self.bias_alpha


class SGDRecommender(_Recommender):
    """Ratings by stochastic gradient descent; `sgd` says what a step is.

    Parameters
    ----------
    rank : int, default 20
        Number of factors; 0 leaves biases alone.
    alpha : float, default 0.1
        Weight of the penalty per rating.
    step : float, default 0.01
        Step length.
    n_iter : int, default 60
        Passes over the ratings.
    n_blocks, workers : int, default 1
        Ranges of rows and columns, and threads; see `sgd`.
    random_state : int, Generator or None
        Source of randomness.

    Attributes
    ----------
    factors_ : Factors
    values_ : list of float
        Root mean square of the errors met in each pass.
    counts_ : array, shape (n_items,)
        Ratings of each item.
    range_ : (float, float)
        Smallest and largest rating seen.

    Notes
    -----
    scikit-learn checks an estimator on matrices of quantities, and this one reads pairs: of
    ``check_estimator`` only the checks without data apply to it.

    Examples
    --------
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]
    >>> model = SGDRecommender(rank=0, alpha=0, step=0.1, n_iter=200, random_state=0)
    >>> model.fit(X, [1, 2, 3, 4, 2]).predict([[2, 1]]).round(1)
    array([3.], dtype=float32)
    """

    def __init__(
        self, rank=20, *, alpha=0.1, step=0.01, n_iter=60, n_blocks=1, workers=1,
        random_state=None,
    ):  # fmt: skip
        self.rank = rank
        self.alpha = alpha
        self.step = step
        self.n_iter = n_iter
        self.n_blocks = n_blocks
        self.workers = workers
        self.random_state = random_state

    def _steps(self, ratings):
        return sgd(
            ratings, self.rank, alpha=self.alpha, step=self.step, n_blocks=self.n_blocks,
            workers=self.workers, rng=self.random_state,
        )  # fmt: skip

    def _fold_weights(self, count):
        return self.alpha * count, self.alpha * count  # the penalty of `sgd` is one per rating


def _with_averages(factors):
    """Append an average row and column, for those that were never seen."""
    grown = [np.concatenate([F, np.zeros_like(F[:1])]) for F in factors[1:]]
    return Factors(factors.mean, *grown)


def _ratings(y):
    """Return ratings as float32, in which they must be finite too."""
    y = check_vector(y, "y", finite=False)
    with np.errstate(over="ignore"):
        return check_finite(y.astype(np.float32, copy=False), "y")


def _pairs(X):
    X = plain_array(X, "X")
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X must hold pairs of user and item, (count, 2); got {X.shape}.")
    if X.dtype.kind not in "iu":
        raise TypeError(f"X must hold integers, numbers of users and items; got {X.dtype}.")
    if X.size and X.min() < 0:
        raise ValueError(f"users and items are numbered from zero; got {X.min()}.")
    return check_indices(X, "X", 2**63, ndim=2)
