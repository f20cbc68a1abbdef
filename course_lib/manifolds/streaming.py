"""Principal directions of rows that are seen once, by three rules of what to keep.

All three center a block of rows by its own mean and add one row for the move of the mean, so that
their scatter adds up exactly; they differ in what they do with the centered rows::

    IncrementalPCA            keep the best rank-k factorization of all so far, cut at each block
    FrequentDirectionsPCA     keep a sketch with a sure bound
    OjaPCA                    turn k directions a little towards each block
"""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import (
    as_random_state,
    check_count,
    check_finite,
    check_number,
    check_vector,
)
from course_lib.low_rank import FrequentDirections
from course_lib.low_rank._blocks import leading_svd, orthonormalize
from course_lib.manifolds._planes import StreamingPCA
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


class IncrementalPCA(StreamingPCA):
    r"""Principal directions by a truncated SVD that is brought up to date block by block.

    Parameters
    ----------
    n_components : int or None, default 2
        Directions :math:`k`; with None as many as the first block has rows or columns, the fewer.
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
    explained_variance_ratio_ : array, shape (k,)
        Its share of the variance of all rows so far.
    noise_variance_ : float
        Mean variance along each direction that is left.
    mean_ : array, shape (d,)
    n_components_, n_samples_seen_ : int

    Notes
    -----
    **Cost.** One pass; :math:`O(d (k + p + b))` numbers; for blocks of :math:`b` rows
    :math:`2 (k + p + b) d` flops a row, nearly all in one matrix product.

    **Guarantee.** Exact while the rank of the centered rows is at most :math:`k + p`. Otherwise
    none: directions that are weak in each block and strong in all of them together are cut off
    again and again. `FrequentDirectionsPCA` has a bound.

    Unlike scikit-learn's, it does not whiten and takes no sparse rows, and signs are not fixed.

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
        self._scatter = 0.0

    def _absorb(self, rows):
        stacked = np.vstack([self._factor, rows])
        rank = min(self._kept, *stacked.shape)
        if len(stacked) <= stacked.shape[1]:
            V, s, _ = leading_svd(stacked.T, rank)
            Vt = V.T
        else:
            _, s, Vt = leading_svd(stacked, rank)
        k = self.n_components_
        self._factor = s[:, None] * Vt
        self._scatter += float(np.vdot(rows, rows))
        self.components_ = _filled(Vt[:k], k)
        self.singular_values_ = np.pad(s[:k].astype(float), (0, max(0, k - len(s))))
        self.explained_variance_ = self.singular_values_**2 / max(1, self.n_samples_seen_ - 1)

    @property
    def explained_variance_ratio_(self):
        check_is_fitted(self)
        return _shares(self.singular_values_**2, self._scatter)

    @property
    def noise_variance_(self):
        check_is_fitted(self)
        seen, (k, d) = self.n_samples_seen_, self.components_.shape
        left = max(0.0, self._scatter - float(np.sum(self.singular_values_**2)))
        return left / max(1, seen - 1) / max(1, min(seen, d) - k)


class FrequentDirectionsPCA(StreamingPCA):
    r"""Principal directions from a Frequent Directions sketch of the centered rows.

    Parameters
    ----------
    n_components : int or None, default 2
        Directions :math:`k`; with None as many as the first block has rows or columns, the fewer.
    sketch_size : int, optional
        Rows :math:`l` of the sketch, more than :math:`k`; :math:`2k + 10` by default.
    batch_size : int, default 250
        Rows that `fit` takes at a time.

    Attributes
    ----------
    components_ : array, shape (k, d)
        Orthonormal directions, the strongest first.
    explained_variance_, singular_values_ : arrays, shape (k,)
        Of the sketch along each: never above those of the rows.
    explained_variance_ratio_ : array, shape (k,)
        Its share of the variance of all rows so far.
    error_bound_ : float
        What the sketch may miss of the scatter in any direction.
    mean_ : array, shape (d,)
    n_components_, n_samples_seen_ : int

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
    def explained_variance_ratio_(self):
        return _shares(self._decompose()[0], self._sketch.squared_norm)

    @property
    def singular_values_(self):
        return np.sqrt(self._decompose()[0])

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
        k = self.n_components_
        squares = s[:k].astype(np.float64) ** 2
        return np.pad(squares, (0, k - len(squares))), _filled(Vt[:k], k)


class OjaPCA(StreamingPCA):
    r"""Principal directions by stochastic gradient steps on the variance they capture.

    Each block :math:`X_t` of :math:`b` centered rows moves the directions to an orthonormal basis
    of :math:`V + \eta_t X_t^T X_t V / b`. The step is
    :math:`\eta_t = \text{step} / (r_t\, t)`, where :math:`r_t` is the mean variance that one
    direction captured so far: a step that knows neither the scale of the data nor their number.

    Parameters
    ----------
    n_components : int or None, default 2
        Directions :math:`k`; with None as many as the first block has rows or columns, the fewer.
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
    n_components_, n_samples_seen_ : int

    Notes
    -----
    **Cost.** One pass; :math:`k d` numbers, the least of the three; :math:`4 k d` flops a row and
    :math:`2 k^2 d` a block.

    **Guarantee.** For ``k = 1``, independent rows and a step tuned to the gap
    :math:`\lambda_1 - \lambda_2`, the squared sine of the error falls like :math:`1/n` ([2]).
    Rows in an order that nobody shuffled have no guarantee. Variances are not kept.

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


def _shares(squares, total):
    """Shares of a scatter, which rounding does not let above one."""
    return np.minimum(squares / total, 1.0) if total > 0 else np.zeros_like(squares)
