"""Kernels of rows, evaluated in blocks that fit a cache: the matrix, a column, or for new rows."""

import numpy as np
import scipy.sparse as sp

from course_lib._validation import (
    check_count,
    check_finite,
    check_number,
    squared_norms,
)
from course_lib.kernel_training.kernels import kernel_values

__all__ = ["KINDS", "KernelRows", "check_kernel", "width_of"]

KINDS = ("linear", "polynomial", "precomputed", "rbf")
AT_ONCE = 256  # rows of a block
SINGLE = 64.0  # exponents up to that size keep five digits in float32
DENSE_BYTES = 1 << 25  # sparse rows that fit in there are multiplied as dense ones


def check_kernel(kernel, gamma, degree, coef0):
    """Refuse the parameters of a kernel that does not exist."""
    if kernel not in KINDS and not callable(kernel):
        raise ValueError(f"kernel must be one of {KINDS} or a function; got {kernel!r}.")
    if not (isinstance(gamma, str) and gamma == "scale"):
        check_number(gamma, "gamma", low=0, open_low=True, open_high=True)
    check_count(degree, "degree", low=1, high=100)
    check_number(coef0, "coef0", low=-1e100, high=1e100)


def width_of(gamma, X):
    """Return a number as it is; of "scale", 1 / (d * variance of all entries)."""
    if not isinstance(gamma, str):
        return float(gamma)
    if sp.issparse(X):
        variance = X.multiply(X).mean() - X.mean() ** 2
    else:
        variance = X.var()
    return 1.0 / (X.shape[1] * variance) if variance > 0 else 1.0


class KernelRows:
    """Rows and a kernel of pairs of them; counts the pairs that it was evaluated on.

    ``of_all`` is the whole matrix in float32, ``columns`` some of its columns, ``cross`` the
    kernel of new rows with these.
    """

    def __init__(self, X, kernel, gamma, degree, coef0):
        self.kernel, self.gamma, self.degree, self.coef0 = kernel, gamma, degree, coef0
        self.n, self.evaluations = X.shape[0], 0
        self._named = kernel in ("linear", "polynomial", "rbf")
        self._center = None
        if not self._named:
            self._X = X.tocsr() if sp.issparse(X) else X
            return
        small = 4 * X.shape[0] * X.shape[1] <= DENSE_BYTES
        X = X.toarray() if sp.issparse(X) and small else X
        if kernel == "rbf" and not sp.issparse(X):
            self._center = X.mean(axis=0)
            X = X - self._center
        with np.errstate(over="ignore"):
            longest = check_finite(squared_norms(X)).max(initial=0.0)
        single = X.dtype == np.float32 or (kernel == "rbf" and gamma * longest <= SINGLE)
        self._dtype = np.float32 if single and not sp.issparse(X) else np.float64
        self._X = self._prepared(X)
        self._right = self._as_right(self._X)

    def _prepared(self, X):
        """Return rows whose products with `_as_right` are all that the kernel needs."""
        if self.kernel != "rbf":
            return X.astype(self._dtype, copy=False)
        X = X * np.asarray(np.sqrt(2 * self.gamma), X.dtype)
        half = -0.5 * squared_norms(X)
        if sp.issparse(X):
            return sp.hstack([X, half[:, None], np.ones((X.shape[0], 1))], format="csr")
        ends = [half[:, None], np.ones((len(X), 1), X.dtype)]
        return np.hstack([X, *ends]).astype(self._dtype, copy=False)

    def _as_right(self, X):
        """Return the rows as the other side of a product: of a Gaussian, ends are exchanged."""
        if self.kernel != "rbf":
            return X
        d = X.shape[1] - 2
        return X[:, [*range(d), d + 1, d]]

    def _finish(self, K):
        """Turn inner products into the kernel, in place."""
        if self.kernel == "rbf":
            np.minimum(K, 0, out=K)
            np.exp(K, out=K)
        elif self.kernel == "polynomial":
            K *= self.gamma
            K += self.coef0
            with np.errstate(over="ignore"):
                np.power(K, self.degree, out=K)
        return K

    def _block(self, left, right, out=None):
        """Return the kernel of two sets of prepared rows."""
        self.evaluations += left.shape[0] * right.shape[0]
        if not self._named:
            return kernel_values(self.kernel, left, right)
        if sp.issparse(left):
            return check_finite(self._finish((left @ right.T).toarray()), "the kernel of X")
        out = out if self._dtype == np.float32 else None  # a block of its own takes fresh memory
        K = np.matmul(left, right.T, out=out)
        return check_finite(self._finish(K), "the kernel of X")

    def of_all(self):
        """Return the matrix (n, n) in float32: half of it is evaluated, half is a mirror."""
        right = self._right if self._named else self._X
        K = np.empty((self.n, self.n), np.float32)
        for start in range(0, self.n, AT_ONCE):
            stop = min(start + AT_ONCE, self.n)
            place = K[start:stop, :stop]
            made = self._block(self._X[start:stop], right[:stop], out=place)
            if made is not place:
                place[...] = made
            K[:start, start:stop] = K[start:stop, :start].T
        return K

    def block(self, indices):
        """Return columns (n, c) of the matrix."""
        if not self._named:
            return self._block(self._X, self._X[indices])
        return self._block(self._X, self._right[indices])

    def diagonal(self):
        """Return the diagonal (n,), which for the named kernels takes no product."""
        if self.kernel == "rbf":
            return np.ones(self.n)
        if not self._named:
            rows = (self._X[i : i + 1] for i in range(self.n))
            return np.array([self._block(row, row)[0, 0] for row in rows])
        return self._finish(np.asarray(squared_norms(self._X), np.float64))

    def cross(self, Q):
        """Yield blocks of the kernel of new rows ``Q`` with these, from the first to the last."""
        right = self._right if self._named else self._X
        for start in range(0, Q.shape[0], AT_ONCE):
            block = Q[start : start + AT_ONCE]
            yield self._block(self._alike(block), right)

    def _alike(self, Q):
        """Return new rows prepared as the old ones."""
        if not self._named:
            return Q
        if sp.issparse(Q) and not sp.issparse(self._X):
            Q = Q.toarray()
        elif sp.issparse(self._X) and not sp.issparse(Q):
            Q = sp.csr_array(Q)
        return self._prepared(Q if self._center is None else Q - self._center)
