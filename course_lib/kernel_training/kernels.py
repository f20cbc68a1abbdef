"""Kernels of pairs of rows: one place for their formulas, dense or sparse."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from course_lib._validation import (
    check_count,
    check_finite,
    check_matrix,
    check_number,
    squared_norms,
)

__all__ = ["Kernel", "KernelBlocks", "kernel_values"]

FAR = 4.0  # squared distance of the mean from zero, in variances
NAMES = ("laplacian", "linear", "polynomial", "rbf")


@dataclass(frozen=True)
class Kernel:
    r"""A kernel as a function of two sets of rows: the matrix of all pairs.

    It is called as ``kernel(X, Y)``, as every function here that takes a kernel calls it. To count
    its evaluations, wrap it: ``CountedDistance(kernel, meter, "kernels")``.

    Parameters
    ----------
    name : {"rbf", "linear", "polynomial", "laplacian"}
        :math:`e^{-\gamma \|x-y\|_2^2}`, :math:`x^Ty`, :math:`(\gamma x^Ty + c)^{degree}` and
        :math:`e^{-\gamma \|x-y\|_1}`.
    gamma : float, optional
        :math:`\gamma > 0`; by default 1 / number of columns.
    degree : int, default 3
    coef0 : float, default 1
        :math:`c \ge 0`.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range; from a call, if the rows are not real finite matrices with
        the same number of columns.

    Notes
    -----
    **Cost.** One matrix product of ``2 n_x n_y d`` flops, the laplacian excepted: it takes
    differences entry by entry. Memory: the answer, and for the laplacian as much again; call it
    by blocks of rows.

    **Guarantee.** All four are positive semidefinite for the parameters allowed. Rounding of the
    rbf kernel: :math:`\|x-y\|^2` is taken as a difference, so that its absolute error is about
    :math:`\epsilon (\|x\|^2 + \|y\|^2)`. Dense rows far from zero are therefore first moved by
    the mean of ``Y``, if ``Y`` has more than one row.

    Examples
    --------
    >>> import numpy as np
    >>> Kernel("polynomial", gamma=1.0, degree=2)([[1.0, 2.0]], [[3.0, 1.0], [0.0, 0.0]])
    array([[36.,  1.]])
    """

    name: str = "rbf"
    gamma: float | None = None
    degree: int = 3
    coef0: float = 1.0

    def __post_init__(self):
        if not isinstance(self.name, str) or self.name not in NAMES:
            raise ValueError(f"kernel must be one of {', '.join(NAMES)}; got {self.name!r}.")
        if self.gamma is not None:
            check_number(self.gamma, "gamma", low=0.0, open_low=True)
        check_count(self.degree, "degree", low=1)
        check_number(self.coef0, "coef0", low=0.0)

    def __call__(self, X, Y):
        """Return the (n_x, n_y) matrix of all pairs of rows."""
        X, Y = _rows(X, "X"), _rows(Y, "Y")
        if X.shape[1] != Y.shape[1]:
            raise ValueError(
                f"X and Y must have as many columns; got {X.shape[1]} and {Y.shape[1]}."
            )
        dtype = np.result_type(X.dtype, Y.dtype)
        gamma = 1.0 / X.shape[1] if self.gamma is None else float(self.gamma)
        if self.name == "laplacian":
            return _laplacian(X, Y, gamma).astype(dtype, copy=False)
        if self.name == "rbf":
            X, Y = _from_their_middle(X, Y)
        K = X @ Y.T
        K = K.toarray() if sp.issparse(K) else np.asarray(K)
        if self.name == "rbf":
            K *= 2 * gamma
            K -= gamma * squared_norms(X)[:, None]
            K -= gamma * squared_norms(Y)
            np.minimum(K, 0, out=K)
            return np.exp(K, out=K)
        if self.name == "polynomial":
            K *= gamma
            K += float(self.coef0)
            K **= int(self.degree)
        return K

    def diagonal(self, X):
        """Return kernel(x, x) of each row: (n,), without evaluating pairs."""
        X = _rows(X, "X")
        if self.name in ("rbf", "laplacian"):
            return np.ones(X.shape[0], X.dtype)
        squares = squared_norms(X)
        if self.name == "linear":
            return squares
        gamma = 1.0 / X.shape[1] if self.gamma is None else float(self.gamma)
        return (gamma * squares + float(self.coef0)) ** int(self.degree)


def _rows(X, name):
    """Return rows with entries to read, sparse ones in canonical form; change nothing."""
    X = check_matrix(X, name, operator=False)
    if sp.issparse(X):
        rows = X.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        return rows
    return X


def _from_their_middle(X, Y):
    """Move rows that lie far from zero and close together: distances stay, their rounding falls."""
    if sp.issparse(X) or sp.issparse(Y) or len(Y) == 1:
        return X, Y
    middle = Y.mean(axis=0)
    away = middle @ middle
    if away <= FAR * (np.mean(squared_norms(Y)) - away):
        return X, Y
    return X - middle, Y - middle


def _laplacian(X, Y, gamma):
    from scipy.spatial.distance import cdist

    X, Y = (M.toarray() if sp.issparse(M) else M for M in (X, Y))
    D = cdist(X, Y, "cityblock")
    D *= -gamma
    return np.exp(D, out=D)


class KernelBlocks:
    """The kernel matrix of many rows and few, evaluated by blocks of rows each time it is read.

    Parameters
    ----------
    kernel : callable
        ``kernel(X, Y)`` returns the matrix of all pairs.
    X : array or sparse matrix, shape (n, d)
    landmarks : array or sparse matrix, shape (m, d)

    Attributes
    ----------
    shape : tuple of int
        (n, m).

    Raises
    ------
    ValueError, TypeError
        If the rows are not real matrices, or the kernel returns another shape or NaN.

    Notes
    -----
    **Cost.** Each reading takes :math:`nm` evaluations again; memory one block.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0], [2.0], [3.0]])
    >>> [block.tolist() for block in KernelBlocks(Kernel("linear"), X, X[:1]).blocks(2)]
    [[[1.0], [2.0]], [[3.0]]]
    """

    def __init__(self, kernel, X, landmarks):
        if not callable(kernel):
            raise TypeError(f"kernel must be a function of two sets of rows; got {kernel!r}.")
        self._X, self._landmarks = _rows(X, "X"), _rows(landmarks, "landmarks")
        self._kernel = kernel
        self.shape = self._X.shape[0], self._landmarks.shape[0]

    def blocks(self, size):
        """Yield the matrix in blocks of ``size`` rows, from the first row to the last."""
        size = check_count(size, "size", low=1)
        for start in range(0, self.shape[0], size):
            yield kernel_values(self._kernel, self._X[start : start + size], self._landmarks)


def kernel_values(kernel, X, Y):
    """Return ``kernel(X, Y)``, a finite real matrix of the right shape or a refusal in words."""
    K = check_matrix(kernel(X, Y), "kernel(X, Y)", sparse=False, operator=False)
    if K.shape != (X.shape[0], Y.shape[0]):
        raise ValueError(
            f"kernel(X, Y) must return shape ({X.shape[0]}, {Y.shape[0]}); got {K.shape}."
        )
    return check_finite(K, "kernel(X, Y)")
