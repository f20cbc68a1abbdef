r"""Core sets: the smallest ball around all rows from a few of them, however many there are."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import (
    as_random_state,
    as_rng,
    check_count,
    check_finite,
    check_fraction,
    check_number,
    check_vector,
)
from course_lib.kernel_training._kernels import check_kernel, scale_of
from course_lib.kernel_training._machine import KernelMachine
from course_lib.low_rank._entries import NOT_PSD, KernelColumns

__all__ = ["CoreVectorMachine", "EnclosingBall", "minimum_enclosing_ball"]

EXACT = 1e-3  # share of epsilon to which the ball of the core set is found
PATIENCE = 100_000  # pairwise steps for one ball


class EnclosingBall(NamedTuple):
    """A ball around all rows in feature space, whose center is a mean of a few of them."""

    indices: np.ndarray  # (m,), the core set in the order of choice
    weights: np.ndarray  # (m,), of the center: at least zero, their sum is one
    radius: float  # of the least ball around the core set: no ball around all is smaller
    farthest: float  # distance of the farthest row from the center: this ball holds all rows
    n_evaluations: int  # of the kernel; 0 if K is a matrix


def minimum_enclosing_ball(K, *, epsilon=0.01, X=None, diagonal=None, max_size=None, rng=None):
    r"""Return a ball around all rows in feature space, a little larger than the smallest one.

    Parameters
    ----------
    K : array, sparse matrix (n, n), or callable
        The kernel matrix, or ``kernel(X, Y)`` that returns the (len(X), len(Y)) matrix of all
        pairs.
    epsilon : float, default 0.01
        The radius may be larger than the least one by that share; between 0 and 1.
    X : array or sparse matrix, shape (n, d), optional
        The rows that a callable ``K`` compares.
    diagonal : array, shape (n,), optional
        The diagonal of ``K``, if known. Otherwise it is evaluated.
    max_size : int, optional
        Most rows of the core set, at least 2. Then the ball may be larger: see ``farthest``.
    rng : int, Generator or None, default None
        Draws the row to begin with.

    Returns
    -------
    EnclosingBall
        With ``farthest <= (1 + epsilon) * radius``; the least ball lies between the two.
    """
    source = KernelColumns(K, X)
    n, given = source.n, hasattr(K, "shape") or not callable(K)
    epsilon = check_fraction(epsilon, "epsilon")
    max_size = _check_size(max_size, n)
    first = int(as_rng(rng).integers(n))
    cost = 0 if given or diagonal is not None else n
    diagonal = source.diagonal() if diagonal is None else diagonal
    diagonal = check_finite(check_vector(diagonal, "diagonal", n, dtype=np.float64), "diagonal")
    if diagonal.min() < 0:
        raise ValueError(NOT_PSD)
    found = _enclose(lambda i: source.block([i])[:, 0], diagonal, first, epsilon, max_size)
    return found._replace(n_evaluations=0 if given else cost + found.n_evaluations)


def _check_size(max_size, n):
    if max_size is None:
        return n
    return min(check_count(max_size, "max_size", low=2), n)


def _enclose(column, diagonal, first, epsilon, max_size):
    """Add the farthest row and solve for the ball of the core set, until all rows are near it."""
    n = len(diagonal)
    columns, indices, weights = np.empty((0, n)), [first], np.ones(1)
    while True:
        columns = _with_row(columns, len(indices) - 1, column(indices[-1]))
        m = len(indices)
        inner = columns[:m, indices]
        spread = EXACT * epsilon
        _solve_ball(inner, diagonal[indices], weights, spread, PATIENCE)
        square = float(weights @ inner @ weights)
        radius = max(float(weights @ diagonal[indices]) - square, 0.0)
        squares = diagonal - 2 * (weights @ columns[:m]) + square
        far = int(squares.argmax())
        rounding = 1e-12 * float(diagonal.max())
        inside = squares[far] <= (1 + epsilon) ** 2 * radius + rounding
        if inside or m >= max_size or far in indices:
            farthest = max(float(squares[far]), radius)
            return EnclosingBall(
                np.array(indices), weights, float(np.sqrt(radius)), float(np.sqrt(farthest)), m * n
            )
        indices.append(far)
        weights = np.append(weights, 0.0)


def _with_row(rows, m, row):
    """Write row ``m``; where there is no room, double it."""
    if m == len(rows):
        rows = np.concatenate([rows, np.empty((max(m, 8), len(row)))])
    rows[m] = row
    return rows


@njit(cache=True)
def _solve_ball(K, diagonal, weights, spread, patience):
    """Move weight from the nearest row of the center to the farthest, until all are as far."""
    m = len(weights)
    squares = diagonal - 2 * (K @ weights)  # of the distances, up to a constant
    for _ in range(patience):
        i, j = 0, -1
        for t in range(m):
            if squares[t] > squares[i]:
                i = t
            if weights[t] > 0 and (j < 0 or squares[t] < squares[j]):
                j = t
        total = 0.0
        for t in range(m):
            total += weights[t] * (squares[t] + diagonal[t])
        ahead = squares[i] - squares[j]
        if ahead <= spread * total / 2:
            break
        curve = max(K[i, i] + K[j, j] - 2 * K[i, j], 1e-12)
        step = min(weights[j], ahead / (2 * curve))
        weights[i] += step
        weights[j] = 0.0 if step == weights[j] else weights[j] - step
        for t in range(m):
            squares[t] += 2 * step * (K[t, j] - K[t, i])


class CoreVectorMachine(KernelMachine):
    r"""A support vector machine with squared losses, by the smallest ball around its rows.

    Parameters
    ----------
    C : float, default 1
        The price of the square of what a row lacks.
    gamma : float or "scale", default "scale"
        Of the kernel :math:`e^{-\gamma \|x - z\|^2}`.
    epsilon : float, default 1e-3
        The radius may be larger than the least one by that share.
    max_size : int, optional
        Most rows of the core set.
    random_state : int, RandomState or None

    Attributes
    ----------
    support_ : array, shape (m,)
        The core set, in the order of choice.
    support_vectors_ : array or sparse matrix, shape (m, d)
    dual_coef_ : array, shape (1, m)
    intercept_ : array, shape (1,)
    radius_, farthest_ : float
        Of the ball, as in `EnclosingBall`.
    value_, lower_bound_ : float
        The value of the machine, :math:`\tilde\kappa - R^2`, and what it is at least, which the
        ball around all rows proves.
    n_kernel_evaluations_ : int
    classes_, n_features_in_
    """

    kernel, degree, coef0 = "rbf", 3, 0.0

    def __init__(self, C=1.0, *, gamma="scale", epsilon=1e-3, max_size=None, random_state=None):
        self.C = C
        self.gamma = gamma
        self.epsilon = epsilon
        self.max_size = max_size
        self.random_state = random_state

    def fit(self, X, y):
        """Find the core set among the rows of ``X`` (n, d); labels ``y`` (n,), of two classes."""
        C = check_number(self.C, "C", low=0, open_low=True, open_high=True)
        check_kernel("rbf", self.gamma, 3, 0.0)
        epsilon = check_fraction(self.epsilon, "epsilon")
        X, y = self._check_rows(X, y)
        signs = 2.0 * self._check_classes(y) - 1
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported; got {len(self.classes_)} classes."
            )
        n = X.shape[0]
        max_size = _check_size(self.max_size, n)
        self._gamma = scale_of(X) if self.gamma == "scale" else float(self.gamma)
        first = int(as_random_state(self.random_state).randint(n))
        source = self._kernel_of(X)

        def column(i):
            entries = (signs * signs[i]) * (source.block([i])[:, 0] + 1.0)
            entries[i] += 1 / C
            return entries

        ball = _enclose(column, np.full(n, 2 + 1 / C), first, epsilon, max_size)
        self.support_, self.radius_, self.farthest_ = ball.indices, ball.radius, ball.farthest
        self.value_ = 2 + 1 / C - ball.radius**2
        self.lower_bound_ = max(2 + 1 / C - ball.farthest**2, 0.0)
        self.dual_coef_ = (ball.weights * signs[ball.indices])[None]
        self.intercept_ = self.dual_coef_.sum(axis=1)
        self.n_kernel_evaluations_ = source.evaluations
        self.support_vectors_ = X[self.support_]
        self._support = self._kernel_of(self.support_vectors_)
        return self

    def _weights(self):
        return self.dual_coef_.T

    def decision_function(self, X):
        """Return scores (q,); a positive one speaks for ``classes_[1]``."""
        return self._scores(X)[:, 0]

    def predict(self, X):
        """Return the class (q,) of each row of ``X``."""
        positive = self.decision_function(X) > 0
        return self.classes_[positive.astype(int)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
