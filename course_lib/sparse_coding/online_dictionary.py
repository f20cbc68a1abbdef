r"""Online dictionary learning: code a batch, add it to two small matrices, improve the atoms.

The past enters through :math:`A = \sum c_i^T c_i` and :math:`B = \sum c_i^T x_i` alone, whose
sizes do not depend on how many signals have passed.
"""

import numpy as np
from numba import njit
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import (
    as_random_state,
    check_array,
    check_count,
    check_finite,
    check_number,
    learner_rows,
)
from course_lib.sparse_coding.codes import lasso_encode
from course_lib.sparse_coding.pursuit import omp

__all__ = ["OnlineDictionary"]

MOST = 1 << 20  # atoms
BLOCK = 32  # atoms that are updated between two matrix products
UNUSED = 1e-6  # of the mean use: who has less counts as unused, and
PATIENCE = 10  # is drawn anew after so many signals for each atom


class OnlineDictionary(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Learn a dictionary from signals that pass once, batch by batch.

    Minimizes the mean of :math:`\min_c \tfrac12 \|x - cD\|^2 + \alpha \|c\|_1` over dictionaries
    ``D`` whose atoms are at most one long.

    Parameters
    ----------
    n_components : int or None, default None
        Number of atoms :math:`K`; by default as many as the signals have entries.
    alpha : float, default 1.0
        Weight of the l1 norm, positive.
    batch_size : int, default 256
        Signals that are coded before the atoms are improved.
    n_epochs : int, default 1
        Readings of the data in `fit`; with 0 only the first dictionary is made.
    shuffle : bool, default True
        Whether `fit` reads in random order. Without it an array is read as it lies.
    n_nonzero : int or None, default None
        If given, `transform` codes by `omp` with so many atoms; else by `lasso_encode`.
    dict_init : array of shape (n_components, n_features) or None, default None
        The first dictionary; by default signals of the first batch, drawn at random.
    random_state : int, RandomState or None, default None

    Attributes
    ----------
    components_ : array, shape (n_components, n_features)
        The atoms, each at most one long.
    inner_, outer_ : arrays, shapes (n_components, n_components), (n_components, n_features)
        :math:`A` and :math:`B`, weighted means over the past.
    surrogate_ : float
        The objective of the past, each signal with the code that it had when it passed, at the
        current atoms: an upper bound on the objective with the best codes.
    n_samples_seen_ : int
    n_features_in_ : int

    Notes
    -----
    **Cost.** For each batch of :math:`b` signals a `lasso_encode`, with its Gram matrix
    :math:`K^2 d`, and :math:`K^2 d` multiplications for the atoms. Memory
    :math:`K (K + d)` whatever the number of signals.

    **Guarantee.** The surrogate never rises in an update of the atoms. If signals are drawn
    independently from one distribution of bounded support, and under the assumptions of [1],
    the surrogate and the true objective come together almost surely, and the dictionaries
    approach stationary points ([1], Section 4).

    References
    ----------
    .. [1] J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online learning for matrix factorization
       and sparse coding", JMLR 11, 2010, Algorithms 1 and 2, with the mini-batches and the
       forgetting of the past of Section 3.4.

    Examples
    --------
    >>> X = np.vstack([np.eye(2), 2 * np.eye(2)])
    >>> learner = OnlineDictionary(2, alpha=0.1, n_epochs=20, random_state=0).fit(X)
    >>> abs(learner.components_).max(axis=0).round(2)
    array([1., 1.])
    """

    def __init__(
        self,
        n_components=None,
        *,
        alpha=1.0,
        batch_size=256,
        n_epochs=1,
        shuffle=True,
        n_nonzero=None,
        dict_init=None,
        random_state=None,
    ):
        self.n_components = n_components
        self.alpha = alpha
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.shuffle = shuffle
        self.n_nonzero = n_nonzero
        self.dict_init = dict_init
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn from all rows of ``X``, ``n_epochs`` times.

        Parameters
        ----------
        X : array, shape (n, n_features)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``X`` or a parameter is not what it must be.
        """
        X = learner_rows(self, X, summable=True)
        batch_size = check_count(self.batch_size, "batch_size", low=1)
        n_epochs = check_count(self.n_epochs, "n_epochs", low=0)
        random_state = as_random_state(self.random_state)
        self._start(X, random_state)
        order = np.arange(len(X))
        for _ in range(n_epochs):
            if self.shuffle:
                random_state.shuffle(order)
            for batch in gen_batches(len(X), batch_size):
                self._learn(X[order[batch]] if self.shuffle else X[batch], batch_size)
        return self

    def partial_fit(self, X, y=None):
        """Learn from one batch, all rows of ``X`` at once.

        Parameters
        ----------
        X : array, shape (n, n_features)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`; or if ``n_components`` was changed since the first batch. What was learned
            is then what it was before.
        """
        fresh = not hasattr(self, "components_")
        X = learner_rows(self, X, summable=True, reset=fresh)
        batch_size = check_count(self.batch_size, "batch_size", low=1)
        if fresh:
            self._start(X, as_random_state(self.random_state))
        elif self.n_components not in (None, len(self.components_)):
            raise ValueError(
                f"n_components must stay {len(self.components_)} between batches; got "
                f"{self.n_components!r}, call fit to begin anew."
            )
        self._learn(X.astype(self.components_.dtype, copy=False), batch_size)
        return self

    def transform(self, X):
        """Return the codes of signals, a CSR array (n, n_components).

        Parameters
        ----------
        X : array, shape (n, n_features)

        Returns
        -------
        csr_array, shape (n, n_components)

        Raises
        ------
        NotFittedError
            Before `fit` or `partial_fit`.
        ValueError, TypeError
            If ``X`` does not fit the dictionary.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, reset=False)
        if self.n_nonzero is None:
            return lasso_encode(X, self.components_, self.alpha)
        return omp(X, self.components_, n_nonzero=self.n_nonzero, order_recursive=True)

    @property
    def _n_features_out(self):
        return self.components_.shape[0]

    def _start(self, X, random_state):
        """Set the first dictionary and empty memories."""
        d = X.shape[1]
        K = d
        if self.n_components is not None:
            K = check_count(self.n_components, "n_components", low=1, high=MOST)
        check_number(self.alpha, "alpha", low=0, open_low=True, open_high=True)
        if self.dict_init is not None:
            D = check_finite(check_array(self.dict_init, "dict_init", dtype=X.dtype), "dict_init")
            if D.shape != (K, d):
                raise ValueError(f"dict_init must have shape {(K, d)}; got {D.shape}.")
            length = check_finite(np.linalg.norm(D, axis=1, keepdims=True), "dict_init")
            if not length.all():
                raise ValueError(f"atoms must not be zero; atom {int(np.argmin(length))} is.")
        self._random = random_state
        self.n_samples_seen_ = self._step = 0
        self._drawn = np.zeros(K, dtype=np.int64)
        if self.dict_init is None:
            self.components_ = np.zeros((K, d), dtype=X.dtype)
            self._redraw(X, np.arange(K))
        else:
            self.components_ = D / np.maximum(length, 1)
        self.inner_ = np.zeros((K, K), dtype=X.dtype)
        self.outer_ = np.zeros((K, d), dtype=X.dtype)
        self.surrogate_, self._rest, self._weight = 0.0, 0.0, 0.0

    def _redraw(self, X, atoms):
        """Replace atoms by signals, each of length one; by noise where a signal is zero."""
        drawn = X[self._random.randint(len(X), size=len(atoms))].astype(X.dtype)
        length = np.linalg.norm(drawn, axis=1, keepdims=True)
        noise = self._random.standard_normal(drawn.shape)
        drawn = np.where(length > 0, drawn, noise)
        self._drawn[atoms] = self.n_samples_seen_
        self.components_[atoms] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def _learn(self, X, batch_size):
        """Take in one batch: code, remember, improve the atoms."""
        D, A, B = self.components_, self.inner_, self.outer_
        codes = lasso_encode(X, D, self.alpha)
        keep = self._forgetting(batch_size)
        A *= keep
        B *= keep
        _remember(codes.data, codes.indices, codes.indptr, X, A, B)
        constant = 0.5 * float(np.vdot(X, X)) + self.alpha * float(np.abs(codes.data).sum())
        self._rest = keep * self._rest + constant
        self._weight = keep * self._weight + len(X)
        self.n_samples_seen_ += len(X)

        use = np.diag(A)
        unused = use <= UNUSED * use.mean()
        _improve(D, A, B, unused)
        stale = unused & (self.n_samples_seen_ - self._drawn > PATIENCE * len(D))
        if stale.any():
            self._redraw(X, np.flatnonzero(stale))
            A[stale], A[:, stale], B[stale] = 0, 0, 0
        fit = 0.5 * np.vdot(A @ D, D) - np.vdot(B, D)
        self.surrogate_ = (self._rest + float(fit)) / self._weight

    def _forgetting(self, batch_size):
        """Return the weight of the past: old codes belong to old, worse atoms."""
        self._step += 1
        t, b = self._step, batch_size
        theta = t * b if t < b else b * b + t - b
        return (theta + 1 - b) / (theta + 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@njit(cache=True, fastmath=True)
def _remember(values, atoms, starts, X, A, B):
    """Add ``codes.T @ codes`` to ``A`` and ``codes.T @ X`` to ``B``, nonzeros only."""
    for i in range(len(X)):
        for p in range(starts[i], starts[i + 1]):
            value, row, memory = values[p], A[atoms[p]], B[atoms[p]]
            for q in range(starts[i], starts[i + 1]):
                row[atoms[q]] += value * values[q]
            for f in range(X.shape[1]):
                memory[f] += value * X[i, f]


def _improve(D, A, B, unused):
    """Minimize the surrogate over one atom after the other, in place; unused ones stay.

    What the atoms of a block change for those after it enters by one matrix product, so that
    the result is that of one atom at a time and the speed is that of large products.
    """
    if unused.any():
        used = ~unused
        D_used = D[used]
        B_used = B[used] - A[np.ix_(used, unused)] @ D[unused]
        _improve(D_used, A[np.ix_(used, used)], B_used, np.zeros(len(D_used), dtype=bool))
        D[used] = D_used
        return
    product = A @ D
    for start in range(0, len(D), BLOCK):
        block = slice(start, min(start + BLOCK, len(D)))
        before = D[block].copy()
        _improve_block(D[block], A[block, block].copy(), B[block], product[block])
        product[block.stop :] += A[block.stop :, block] @ (D[block] - before)


@njit(cache=True, fastmath=True)
def _improve_block(D, A, B, product):
    """Improve the atoms of one block; ``product`` is ``A @ D`` and is kept up to date in it."""
    n, d = D.shape
    for j in range(n):
        square = 0.0
        scale = 1 / A[j, j]
        change = product[j].copy()
        for f in range(d):
            new = D[j, f] + (B[j, f] - product[j, f]) * scale
            change[f] = new
            square += new * new
        shrink = D.dtype.type(1 / max(1.0, np.sqrt(square)))
        for f in range(d):
            new = change[f] * shrink
            change[f] = new - D[j, f]
            D[j, f] = new
        for i in range(j + 1, n):
            for f in range(d):
                product[i, f] += A[i, j] * change[f]
