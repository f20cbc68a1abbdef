r"""A support vector machine with a kernel, as scikit-learn knows it."""

import itertools
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from course_lib._validation import check_count, check_number
from course_lib.kernel_training._cache import ColumnCache, whole
from course_lib.kernel_training._kernels import check_kernel, scale_of
from course_lib.kernel_training._machine import KernelMachine
from course_lib.kernel_training._pairs import PairSolver

__all__ = ["KernelSVC"]


class KernelSVC(KernelMachine):
    r"""A support vector machine by sequential minimal optimization.

    Parameters
    ----------
    C : float, default 1
        The price of a row that is on the wrong side of its margin, by one.
    kernel : {"rbf", "linear", "polynomial", "precomputed"} or callable
        ``"rbf"`` is :math:`e^{-\gamma \|x - z\|^2}`, ``"polynomial"`` is :math:`(\gamma x^T z +
        c_0)^p`. Of "precomputed", `fit` takes the matrix (n, n), and other methods the rows (q, n)
        of new against fitted ones. A function gets two sets of rows and returns the matrix of all
        pairs.
    gamma : float or "scale", default "scale"
        :math:`\gamma`; "scale" is one over the variance of all entries and the number of columns.
    degree : int, default 3
        :math:`p`.
    coef0 : float, default 0
        :math:`c_0`.
    tol : float, default 1e-3
        By how much the worst pair may be off.
    cache_bytes : int, default 256 MiB
        Memory for the kernel in float32: all of it, if it fits, and otherwise columns.
    max_iter : int, default 10_000_000
        Most steps for a pair of classes.

    Attributes
    ----------
    support_ : array, shape (n_SV,)
        Indices of the support vectors, class by class.
    support_vectors_ : array or sparse matrix, shape (n_SV, d)
        Of "precomputed", empty.
    n_support_ : array, shape (n_classes,)
    dual_coef_ : array, shape (n_classes - 1, n_SV)
    intercept_, dual_value_, gap_ : arrays, shape (n_pairs,)
        ``gap_`` is by how much the primal value may lie above its minimum, of each pair of classes.
    n_iter_ : array, shape (n_pairs,)
    n_kernel_evaluations_ : int
    classes_, n_features_in_
    """

    def __init__(
        self,
        C=1.0,
        *,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=0.0,
        tol=1e-3,
        cache_bytes=1 << 28,
        max_iter=10_000_000,
    ):
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.tol = tol
        self.cache_bytes = cache_bytes
        self.max_iter = max_iter

    def fit(self, X, y):
        """Find the support vectors among the rows of ``X`` (n, d); labels ``y`` (n,)."""
        self._check_parameters()
        X, y = self._check_rows(X, y)
        numbers = self._check_classes(y)
        if self.kernel == "precomputed" and X.shape[0] != X.shape[1]:
            raise ValueError(f"X must be square if it is the kernel; got shape {X.shape}.")
        self._gamma = scale_of(X) if self.gamma == "scale" else float(self.gamma)
        self.n_kernel_evaluations_ = 0
        places = [np.flatnonzero(numbers == k) for k in range(len(self.classes_))]
        pairs = list(itertools.combinations(range(len(places)), 2))
        solved = [self._fit_pair(X, places[a], places[b]) for a, b in pairs]
        columns = ("intercept_", "dual_value_", "gap_", "n_iter_")
        for name, values in zip(columns, zip(*(s[1:] for s in solved), strict=True), strict=True):
            setattr(self, name, np.array(values))
        self._keep(X, places, pairs, [beta for beta, *_ in solved])
        return self

    def _check_parameters(self):
        check_number(self.C, "C", low=0, open_low=True, open_high=True)
        check_kernel(self.kernel, self.gamma, self.degree, self.coef0)
        check_number(self.tol, "tol", low=0, high=1)
        check_count(self.cache_bytes, "cache_bytes", low=0)
        check_count(self.max_iter, "max_iter", low=1)

    def _fit_pair(self, X, negative, positive):
        """Return signed variables, offset, dual value, gap and steps for two classes."""
        rows = np.sort(np.concatenate([negative, positive]))
        y = np.where(np.isin(rows, positive, assume_unique=True), 1.0, -1.0)
        cache, diagonal, source = self._cache_of(X, rows)
        solver = PairSolver(cache, diagonal, y, float(self.C))
        if solver.advance(self.max_iter, float(self.tol)):
            warnings.warn(
                f"a pair is still off by {solver.violation:.3g} after {self.max_iter} steps; "
                "allow more (max_iter), scale the columns of X, or choose a smaller C.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.n_kernel_evaluations_ += source.evaluations if source else 0
        dual, primal = solver.values()
        beta = np.zeros(X.shape[0])
        beta[rows] = solver.beta
        return beta, solver.offset, dual, primal - dual, solver.n_steps

    def _cache_of(self, X, rows):
        """Return where the kernel of some rows is found: all of it, or columns when needed."""
        n = len(rows)
        if self.kernel == "precomputed":
            K = X[rows][:, rows] if n < X.shape[0] else X
            K = np.asarray(K.toarray() if hasattr(K, "toarray") else K)
            return whole(K), K.diagonal(), None
        source = self._kernel_of(X[rows] if n < X.shape[0] else X)
        diagonal = source.diagonal()
        if 4 * n * n <= self.cache_bytes:
            return whole(source.of_all()), diagonal, source
        return ColumnCache(source, n, self.cache_bytes, np.float32), diagonal, source

    def _keep(self, X, places, pairs, betas):
        """Keep the support vectors, class by class, and their weights as scikit-learn does."""
        supports = np.any([beta != 0 for beta in betas], axis=0)
        of_class = [place[supports[place]] for place in places]
        self.n_support_ = np.array([len(some) for some in of_class], np.int32)
        self.support_ = np.concatenate(of_class).astype(np.int32)
        ends = np.concatenate([[0], np.cumsum(self.n_support_)])
        self.dual_coef_ = np.zeros((len(places) - 1, len(self.support_)))
        for (a, b), beta in zip(pairs, betas, strict=True):
            self.dual_coef_[b - 1, ends[a] : ends[a + 1]] = beta[of_class[a]]
            self.dual_coef_[a, ends[b] : ends[b + 1]] = beta[of_class[b]]
        kept = self.kernel != "precomputed"
        self.support_vectors_ = X[self.support_] if kept else np.empty((0, 0))
        if kept:
            self._support = self._kernel_of(self.support_vectors_)

    def _weights(self):
        """Return the weights (n_SV, n_pairs) of the support vectors for each pair of classes."""
        n_classes = len(self.classes_)
        pairs = list(itertools.combinations(range(n_classes), 2))
        ends = np.concatenate([[0], np.cumsum(self.n_support_)])
        weights = np.zeros((len(self.support_), len(pairs)))
        for k, (a, b) in enumerate(pairs):
            for one, other in ((a, b - 1), (b, a)):
                part = slice(ends[one], ends[one + 1])
                weights[part, k] = self.dual_coef_[other, part]
        return weights

    def decision_function(self, X):
        """Return scores (q,) of two classes, or (q, n_classes): votes, and sums that break ties.

        A positive score speaks for ``classes_[1]``.
        """
        scores = self._scores(X)
        if len(self.classes_) == 2:
            return scores[:, 0]
        votes = np.zeros((len(scores), len(self.classes_)))
        sums = np.zeros_like(votes)
        for k, (a, b) in enumerate(itertools.combinations(range(len(self.classes_)), 2)):
            votes[np.arange(len(scores)), np.where(scores[:, k] > 0, b, a)] += 1
            sums[:, b] += scores[:, k]
            sums[:, a] -= scores[:, k]
        return votes + sums / (3 * (np.abs(sums) + 1))

    def predict(self, X):
        """Return the class (q,) of each row of ``X``."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return self.classes_[(scores > 0).astype(int)]
        return self.classes_[scores.argmax(axis=1)]
