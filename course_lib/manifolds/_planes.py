"""What learners of principal directions share that see rows once: means, blocks, coordinates."""

import math

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import check_count, learner_rows
from course_lib.manifolds._points import check_points

__all__ = ["StreamingPCA"]


class StreamingPCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Center blocks of rows, so that their scatter adds up, and hand them to a subclass.

    It makes its room in ``_prepare`` and takes the centered rows in ``_absorb``.
    """

    def fit(self, X, y=None):
        """Forget, and read ``X`` (n, d) once, ``batch_size`` rows at a time.

        Of a sparse matrix so many rows are dense at a time.
        """
        X = learner_rows(self, X, summable=True, ensure_min_samples=2, accept_sparse="csr")
        batch_size = check_count(self.batch_size, "batch_size", low=1)
        self._start(X[:batch_size])
        for start in range(0, X.shape[0], batch_size):
            self._take(_dense(X[start : start + batch_size]))
        return self

    def partial_fit(self, X, y=None):
        """Read one more block of rows ``X`` (b, d); the first fixes d, the dtype and parameters.

        Raises
        ------
        ValueError
            If the rows are not finite or not d wide, or the directions are more than d, or a
            parameter was changed since the first block. The model is then what it was before.
        TypeError
            If the block is sparse: it is taken whole.
        """
        if sp.issparse(X):
            raise TypeError(
                f"X must be a dense block; got a {type(X).__name__}, use X.toarray() or give all "
                "rows to fit, which makes a batch of them dense at a time."
            )
        first = not hasattr(self, "mean_")
        X = learner_rows(self, X, summable=True, reset=first)
        if first:
            self._start(X)
        for name, value in self._given.items():
            if not np.array_equal(value, now := getattr(self, name)):
                raise ValueError(
                    f"{name} must stay {value!r} between blocks; got {now!r}, begin anew by fit."
                )
        self._take(X.astype(self._dtype, copy=False))
        return self

    def transform(self, X):
        """Return the coordinates (n, k) of the rows along the directions found so far.

        Of a sparse matrix ``batch_size`` rows are dense at a time.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse="csr", reset=False)
        mean, V = self.mean_.astype(X.dtype), self.components_.T.astype(X.dtype)
        if not sp.issparse(X):
            return (X - mean) @ V
        size = check_count(self.batch_size, "batch_size", low=1)
        starts = range(0, X.shape[0], size)
        return np.vstack([(_dense(X[i : i + size]) - mean) @ V for i in starts])

    def inverse_transform(self, X):
        """Return the points (n, d) on the plane whose coordinates are ``X`` (n, k)."""
        check_is_fitted(self)
        X = check_points(X)
        if X.shape[1] != self.n_components_:
            raise ValueError(
                f"X must have {self.n_components_} columns, as many as directions; got {X.shape}."
            )
        return X @ self.components_ + self.mean_

    @property
    def nbytes(self):
        """Bytes of all arrays that are kept between blocks."""
        check_is_fitted(self)
        held = (value for value in vars(self).values() if hasattr(value, "nbytes"))
        return sum(value.nbytes for value in held)

    @property
    def _n_features_out(self):
        return self.n_components_

    def _start(self, X):
        """Begin anew. Nothing is changed before all parameters have been looked at."""
        d = X.shape[1]
        k = min(X.shape) if self.n_components is None else self.n_components
        k = check_count(k, "n_components", low=1)
        if k > d:
            raise ValueError(
                f"n_components must be at most the number of features; got {k} for {d} feature(s)."
            )
        self._prepare(k, d, X.dtype)
        self.n_components_, self._dtype = k, X.dtype
        free = ("batch_size", "random_state")  # the others stay as they are between blocks
        self._given = {name: v for name, v in self.get_params().items() if name not in free}
        self.mean_ = np.zeros(d)
        self.n_samples_seen_ = 0

    def _take(self, X):
        """Center a block, add the row for the move of the mean, and hand it on."""
        seen, new = self.n_samples_seen_, len(X)
        mean = X.mean(axis=0, dtype=np.float64)
        rows = X - mean.astype(X.dtype)
        if seen:
            move = math.sqrt(seen * new / (seen + new)) * (mean - self.mean_)
            rows = np.vstack([rows, move.astype(X.dtype)])
        self.mean_ += (mean - self.mean_) * (new / (seen + new))
        self.n_samples_seen_ += new
        self._absorb(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _dense(rows):
    return rows.toarray() if sp.issparse(rows) else rows
