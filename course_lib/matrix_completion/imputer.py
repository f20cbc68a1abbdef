"""Soft-impute as a scikit-learn transformer: a table with holes in, the table filled out."""

import itertools
import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import check_count, check_number, learner_rows
from course_lib.low_rank import SVD
from course_lib.matrix_completion.nuclear import soft_impute

__all__ = ["SoftImpute"]


class SoftImpute(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Fill missing values so that the table is nearly of low rank.

    `soft_impute` says what is minimized. Observed entries stay as they are. Nothing is centered:
    put a `sklearn.preprocessing.StandardScaler`, which passes over NaN, in front.

    Parameters
    ----------
    alpha : float or None
        Weight of the nuclear norm. By default a tenth of the smallest weight at which every
        hole would be filled with zero.
    rank : int or None
        Most singular values that are kept; by default as many as there are.
    tol : float, default 1e-5
        Stop when the objective falls by less than this share of itself in a step.
    max_iter : int, default 1000
        Stop after so many steps in any case.
    random_state : int, Generator or None
        Source of randomness.

    Attributes
    ----------
    factors_ : SVD
        The fitted table.
    alpha_ : float
        The weight that was used.
    n_iter_ : int
        Steps that were made.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If ``max_iter`` steps were not enough.

    Notes
    -----
    **Cost.** That of `soft_impute`; the filled table itself, which is dense, is only formed as
    the result. For tables of which most is missing call `soft_impute` with a sparse matrix.

    Examples
    --------
    The second column is twice the first, the third three times:

    >>> X = [[1, 2, 3], [2, 4, np.nan], [3, np.nan, 9], [np.nan, 8, 12], [5, 10, 15]]
    >>> SoftImpute(alpha=1e-3, rank=1, tol=1e-9, random_state=0).fit_transform(X)[1, 2].round(2)
    np.float64(6.0)
    """

    def __init__(self, alpha=None, *, rank=None, tol=1e-5, max_iter=1000, random_state=None):
        self.alpha = alpha
        self.rank = rank
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the factors of a table with holes, NaN in ``X`` (n, d)."""
        self._fit(X)
        return self

    def fit_transform(self, X, y=None):
        """Fill the holes of the table that is learned from."""
        X = self._fit(X)
        U, s, Vt = self.factors_
        return np.where(np.isnan(X), (U * s) @ Vt, X)

    def transform(self, X):
        """Fill the holes of other rows: each is regressed on the factors of the columns.

        The weight of a factor is the one that makes rows of the fitted table come out the same.
        """
        check_is_fitted(self)
        X = _checked(self, X, reset=False)
        kept = self.factors_.s > 0
        V = self.factors_.Vt[kept].T * np.sqrt(self.factors_.s[kept])
        filled = X.copy()
        for row in filled:
            hole = np.isnan(row)
            if hole.any():
                known = V[~hole]
                gram = known.T @ known + self.alpha_ * np.eye(V.shape[1], dtype=V.dtype)
                row[hole] = V[hole] @ np.linalg.solve(gram, known.T @ row[~hole])
        return filled

    def _fit(self, X):
        X = _checked(self, X, reset=True)
        tol = check_number(self.tol, "tol", low=0)
        max_iter = check_count(self.max_iter, "max_iter", low=1)
        rank = min(X.shape) if self.rank is None else self.rank
        self.alpha_ = self._weight(X)
        before = np.inf
        steps = soft_impute(X, self.alpha_, rank=rank, rng=self.random_state)
        for self.n_iter_, iterate in enumerate(itertools.islice(steps, max_iter + 1)):
            if self.n_iter_ and before - iterate.value <= tol * before:
                break
            before = iterate.value
        else:
            warnings.warn(
                f"the objective still fell by more than tol = {tol:g} of itself after {max_iter} "
                "steps; raise max_iter or tol.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.factors_ = SVD(*iterate.factors)
        return X

    def _weight(self, X):
        if self.alpha is None:
            return 0.1 * float(np.linalg.norm(np.where(np.isnan(X), 0, X), 2))
        return check_number(self.alpha, "alpha", low=0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _checked(estimator, X, reset):
    if np.ma.is_masked(X):
        raise ValueError(
            "X must have NaN where a value is missing, and no mask; use X.filled(nan)."
        )
    return learner_rows(
        estimator,
        X,
        ensure_all_finite="allow-nan",
        reset=reset,
        ensure_min_samples=2 if reset else 1,
    )
