"""Principal directions of rows that are seen once, by three rules of what to keep.

All three center a block of rows by its own mean and add one row for the move of the mean, so that
their scatter adds up exactly; they differ in what they do with the centered rows::

    IncrementalPCA            keep the best rank-k factorization of all so far, cut at each block
    FrequentDirectionsPCA     keep a sketch with a sure bound
    OjaPCA                    turn k directions a little towards each block
"""

import math

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from course_lib._validation import (
    as_random_state,
    check_count,
    check_finite,
    check_number,
    check_scatter,
    check_vector,
    numbers_only,
)
from course_lib.low_rank import FrequentDirections
from course_lib.low_rank._blocks import leading_svd, orthonormalize
from course_lib.manifolds._points import check_points

__all__ = ["FrequentDirectionsPCA", "IncrementalPCA", "OjaPCA", "captured_variance"]


def captured_variance(X, components, *, mean=None):
    """Return the share of the variance of ``X`` that lies along orthonormal directions.

    Parameters
    ----------
    X : array, shape (n, d)
    components : array, shape (k, d)
        Orthonormal rows.
    mean : array, shape (d,), optional
        What to center by; the mean of ``X`` by default.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError, TypeError
        If widths differ, ``X`` does not vary, or data are not real and finite.

    Notes
    -----
    **Cost.** :math:`2 n d k` flops; a centered copy of ``X``.

    **Guarantee.** No k directions capture more than the first k principal ones (Eckart and Young).

    Examples
    --------
    >>> captured_variance([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [[1.0, 0.0]])
    0.9
    """
    X, components = check_points(X), check_points(components, "components")
    if X.shape[1] != components.shape[1]:
        raise ValueError(f"components must be {X.shape[1]} wide, as X; got {components.shape[1]}.")
    centered = X - (X.mean(axis=0) if mean is None else check_vector(mean, "mean", X.shape[1]))
    total = float(check_finite(np.vdot(centered, centered), "X"))
    if total == 0.0:
        raise ValueError("X must vary; all its rows are equal.")
    along = centered @ components.T
    return float(np.vdot(along, along)) / total


class _StreamingPCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What the three share: means, centered blocks, transform."""

    def fit(self, X, y=None):
        """Forget, and read ``X`` (n, d) once, ``batch_size`` rows at a time."""
        X = self._rows(X, ensure_min_samples=2)
        batch_size = check_count(self.batch_size, "batch_size", low=1)
        self._start(X)
        for start in range(0, len(X), batch_size):
            self._take(X[start : start + batch_size])
        return self

    def partial_fit(self, X, y=None):
        """Read one more block of rows ``X`` (b, d); the first fixes d, the dtype and parameters.

        Raises
        ------
        ValueError
            If the rows are not finite or not d wide, or the directions are more than d, or a
            parameter was changed since the first block. The model is then what it was before.
        """
        first = not hasattr(self, "mean_")
        X = self._rows(X, reset=first)
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
        """Return the coordinates (n, k) of the rows along the directions found so far."""
        check_is_fitted(self)
        X = validate_data(self, numbers_only(X), dtype=[np.float64, np.float32], reset=False)
        return (X - self.mean_.astype(X.dtype)) @ self.components_.T.astype(X.dtype)

    def inverse_transform(self, X):
        """Return the points (n, d) on the plane whose coordinates are ``X`` (n, k)."""
        check_is_fitted(self)
        X = check_points(X)
        if X.shape[1] != self._k:
            raise ValueError(
                f"X must have {self._k} columns, as many as directions; got {X.shape}."
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
        return self._k

    def _rows(self, X, **options):
        X = validate_data(
            self,
            numbers_only(X),
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
            **options,
        )
        check_scatter(X)
        return X

    def _start(self, X):
        """Begin anew. Nothing is changed before all parameters have been looked at."""
        d = X.shape[1]
        k = check_count(self.n_components, "n_components", low=1)
        if k > d:
            raise ValueError(
                f"n_components must be at most the number of features; got {k} for {d} feature(s)."
            )
        self._prepare(k, d, X.dtype)
        self._k, self._dtype = k, X.dtype
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


class IncrementalPCA(_StreamingPCA):
    r"""Principal directions by a truncated SVD that is brought up to date block by block.

    Parameters
    ----------
    n_components : int, default 2
        Directions :math:`k`.
    oversample : int, default 10
        Directions kept beyond :math:`k` between blocks, cut to what the width allows.
    batch_size : int, default 250
        Rows that `fit` takes at a time.

    Attributes
    ----------
    components_ : array, shape (k, d)
        Orthonormal directions, the strongest first.
    explained_variance_, singular_values_ : arrays, shape (k,)
        Variance along each, of all rows so far, and root of the sum of squares: never too large.
    mean_ : array, shape (d,)
    n_samples_seen_ : int

    Notes
    -----
    **Cost.** One pass; :math:`O(d (k + p + b))` numbers; for blocks of :math:`b` rows
    :math:`2 (k + p + b) d` flops a row, nearly all in one matrix product.

    **Guarantee.** Exact while the rank of the centered rows is at most :math:`k + p`. Otherwise
    none: directions that are weak in each block and strong in all of them together are cut off
    again and again. `FrequentDirectionsPCA` has a bound.

    References
    ----------
    .. [1] D. Ross, J. Lim, R.-S. Lin, M.-H. Yang, "Incremental learning for robust visual
       tracking", Int. J. Computer Vision 77, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> pca = IncrementalPCA(1, batch_size=2).fit(X)
    >>> np.abs(pca.components_), pca.explained_variance_.round(6)
    (array([[1., 0.]]), array([2.666667]))
    """

    def __init__(self, n_components=2, *, oversample=10, batch_size=250):
        self.n_components = n_components
        self.oversample = oversample
        self.batch_size = batch_size

    def _prepare(self, k, d, dtype):
        oversample = check_count(self.oversample, "oversample", low=0)
        self._kept = min(k + oversample, d)
        self._factor = np.zeros((0, d), dtype)  # diag(s) Vt

    def _absorb(self, rows):
        stacked = np.vstack([self._factor, rows])
        rank = min(self._kept, *stacked.shape)
        if len(stacked) <= stacked.shape[1]:
            V, s, _ = leading_svd(stacked.T, rank)
            Vt = V.T
        else:
            _, s, Vt = leading_svd(stacked, rank)
        self._factor = s[:, None] * Vt
        self.components_ = _filled(Vt[: self._k], self._k)
        self.singular_values_ = np.pad(s[: self._k].astype(float), (0, max(0, self._k - len(s))))
        self.explained_variance_ = self.singular_values_**2 / max(1, self.n_samples_seen_ - 1)


class FrequentDirectionsPCA(_StreamingPCA):
    r"""Principal directions from a Frequent Directions sketch of the centered rows.

    Parameters
    ----------
    n_components : int, default 2
        Directions :math:`k`.
    sketch_size : int, optional
        Rows :math:`l` of the sketch, more than :math:`k`; :math:`2k + 10` by default.
    batch_size : int, default 250
        Rows that `fit` takes at a time.

    Attributes
    ----------
    components_ : array, shape (k, d)
        Orthonormal directions, the strongest first.
    explained_variance_ : array, shape (k,)
        Variance of the sketch along each: never above that of the rows.
    error_bound_ : float
        What the sketch may miss of the scatter in any direction.
    mean_ : array, shape (d,)
    n_samples_seen_ : int

    Notes
    -----
    **Cost.** One pass; :math:`2 l d` numbers; :math:`O(d l)` flops a row.

    **Guarantee.** For all rows in every order, the variance left by ``components_`` is at most
    :math:`\frac{l}{l-k}` times the least that k directions can leave ([1], for the centered rows,
    whose scatter the blocks add up to exactly).

    References
    ----------
    .. [1] M. Ghashami, E. Liberty, J. Phillips, D. Woodruff, "Frequent directions: simple and
       deterministic matrix sketching", SIAM J. Comput. 45(5), 2016.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> np.abs(FrequentDirectionsPCA(1).fit(X).components_)
    array([[1., 0.]])
    """

    def __init__(self, n_components=2, *, sketch_size=None, batch_size=250):
        self.n_components = n_components
        self.sketch_size = sketch_size
        self.batch_size = batch_size

    @property
    def components_(self):
        return self._decompose()[1]

    @property
    def explained_variance_(self):
        return self._decompose()[0] / max(1, self.n_samples_seen_ - 1)

    @property
    def error_bound_(self):
        check_is_fitted(self)
        return self._sketch.error_bound

    def _prepare(self, k, d, dtype):
        size = 2 * k + 10 if self.sketch_size is None else self.sketch_size
        size = check_count(size, "sketch_size", low=k + 1)
        self._sketch = FrequentDirections(size)

    def _absorb(self, rows):
        self._sketch.update(rows)

    def _decompose(self):
        """Take the sketch apart when somebody asks, which is rarer than a block of rows."""
        check_is_fitted(self)
        _, s, Vt = np.linalg.svd(self._sketch.rows, full_matrices=False)
        squares = s[: self._k].astype(np.float64) ** 2
        return np.pad(squares, (0, self._k - len(squares))), _filled(Vt[: self._k], self._k)


class OjaPCA(_StreamingPCA):
    r"""Principal directions by stochastic gradient steps on the variance they capture.

    Each block :math:`X_t` of :math:`b` centered rows moves the directions to an orthonormal basis
    of :math:`V + \eta_t X_t^T X_t V / b`. The step is
    :math:`\eta_t = \text{step} / (r_t\, t)`, where :math:`r_t` is the mean variance that one
    direction captured so far: a step that knows neither the scale of the data nor their number.

    Parameters
    ----------
    n_components : int, default 2
        Directions :math:`k`.
    step : float, default 5.0
        Positive. Steps below about the ratio of the mean to the k-th variance forget the
        random start too slowly.
    batch_size : int, default 250
        Rows that `fit` takes at a time.
    random_state : int, RandomState or None
        The start.

    Attributes
    ----------
    components_ : array, shape (k, d)
        Orthonormal directions, roughly in the order of their variance.
    mean_ : array, shape (d,)
    n_samples_seen_ : int

    Notes
    -----
    **Cost.** One pass; :math:`k d` numbers, the least of the three; :math:`4 k d` flops a row and
    :math:`2 k^2 d` a block.

    **Guarantee.** For ``k = 1``, independent rows and a step tuned to the gap
    :math:`\lambda_1 - \lambda_2`, the squared sine of the error falls like :math:`1/n` ([2]).
    Rows in an order that nobody shuffled have no guarantee.

    References
    ----------
    .. [1] E. Oja, "Simplified neuron model as a principal component analyzer", J. Mathematical
       Biology 15, 1982.
    .. [2] P. Jain, C. Jin, S. Kakade, P. Netrapalli, A. Sidford, "Streaming PCA: matching matrix
       Bernstein and near-optimal finite sample guarantees for Oja's algorithm", COLT 2016.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.tile([[2.0, 0.0], [-2.0, 0.0], [0.0, 0.5], [0.0, -0.5]], (100, 1))
    >>> np.abs(OjaPCA(1, batch_size=4, random_state=0).fit(X).components_).round(2)
    array([[1., 0.]])
    """

    def __init__(self, n_components=2, *, step=5.0, batch_size=250, random_state=None):
        self.n_components = n_components
        self.step = step
        self.batch_size = batch_size
        self.random_state = random_state

    def _prepare(self, k, d, dtype):
        self._rate = check_number(self.step, "step", low=0.0, open_low=True, open_high=True)
        rng = as_random_state(self.random_state)
        start = rng.standard_normal((d, k)).astype(dtype)
        self.components_ = orthonormalize(start).T
        self._captured, self._turn = 0.0, 0

    def _absorb(self, rows):
        V = self.components_.T
        scores = rows @ V
        self._turn += 1
        self._captured += (float(np.mean(scores.astype(float) ** 2)) - self._captured) / self._turn
        if self._captured > 0.0:
            step = self._rate / (self._captured * self._turn) / len(rows)
            if (
                step > 0 and not 1e-30 < step < 1e30
            ):  # rows so small or large that float32 has no such step
                exponent = round(math.log2(step) / 2)
                rows, scores = np.ldexp(rows, exponent), np.ldexp(scores, exponent)
                step = math.ldexp(step, -2 * exponent)
            moved = V + self._dtype.type(step) * (rows.T @ scores)
            self.components_ = np.ascontiguousarray(orthonormalize(moved).T)


def _filled(Vt, k):
    """Return k orthonormal rows that begin with those of ``Vt``, which a few data may not fill."""
    if len(Vt) == k:
        return Vt
    start = np.eye(Vt.shape[1], k - len(Vt), dtype=Vt.dtype)
    return np.vstack([Vt, orthonormalize(start, against=np.ascontiguousarray(Vt.T)).T])
