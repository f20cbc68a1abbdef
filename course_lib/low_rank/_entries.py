"""Rows and columns of a matrix, known by its entries, its products, its blocks or a kernel."""

from collections.abc import Iterable

import numpy as np
import scipy.sparse

from course_lib._validation import check_finite, check_matrix
from course_lib.low_rank._blocks import product, working_dtype
from course_lib.low_rank.eigen import check_square

__all__ = ["NOT_PSD", "ROWS_AT_ONCE", "KernelColumns", "row_blocks", "take_columns"]

ROWS_AT_ONCE = 1024

NOT_PSD = "K must be positive semidefinite; a negative eigenvalue showed in its columns."


def take_columns(A, indices):
    """Return ``A[:, indices]`` as a dense array; one product if only products are known."""
    if isinstance(A, np.ndarray):
        return np.asarray(A[:, indices], dtype=working_dtype(A))
    if scipy.sparse.issparse(A):
        return A.tocsc()[:, indices].toarray().astype(working_dtype(A), copy=False)
    units = np.zeros((A.shape[1], len(indices)), working_dtype(A))
    units[indices, np.arange(len(indices))] = 1.0
    return product(A, units)


def row_blocks(A, name="A"):
    """Yield the rows of ``A`` once, in order, as checked blocks of one width."""
    width = None
    for block in _raw_blocks(A, name):
        block = check_matrix(block, f"a block of {name}")
        width = width or block.shape[1]
        if block.shape[1] != width:
            raise ValueError(
                f"blocks of {name} must have one width; got {width} and {block.shape[1]} columns."
            )
        yield block


def _raw_blocks(A, name):
    if hasattr(A, "blocks"):
        return A.blocks(ROWS_AT_ONCE)
    if hasattr(A, "__array__") or scipy.sparse.issparse(A):
        A = check_matrix(A.tocsr() if scipy.sparse.issparse(A) else A, name)
        return (A[start : start + ROWS_AT_ONCE] for start in range(0, A.shape[0], ROWS_AT_ONCE))
    if isinstance(A, Iterable):
        return A
    raise TypeError(
        f"{name} must be a matrix with rows or an iterable of blocks of rows; "
        f"got {type(A).__name__}."
    )


class KernelColumns:
    """A symmetric (n, n) matrix K: a matrix, or ``kernel(X, Y)`` and the rows ``X``."""

    def __init__(self, K, X):
        self._is_matrix = hasattr(K, "shape") or not callable(K)
        if self._is_matrix:
            self._K = check_matrix(K, "K")
            self.n, self.dtype = check_square(self._K, "K"), working_dtype(self._K)
        elif X is None:
            raise ValueError("X must be given if K is a function: the rows that it compares.")
        else:
            X = check_matrix(X, "X", operator=False)
            self._K, self._X = K, X.tocsr() if scipy.sparse.issparse(X) else X
            self.n, self.dtype = self._X.shape[0], working_dtype(self._X)

    def block(self, indices):
        """Return the columns ``indices``, (n, c)."""
        if self._is_matrix:
            return check_finite(take_columns(self._K, indices), "K")
        return self._evaluate(self._X, self._X[indices])

    def diagonal(self):
        """Return the diagonal, (n,): n evaluations of a kernel, one at a time."""
        if not self._is_matrix:
            rows = (self._X[i : i + 1] for i in range(self.n))
            return np.array([self._evaluate(row, row)[0, 0] for row in rows])
        if not hasattr(self._K, "diagonal"):
            raise TypeError("diagonal must be given if K is known by its products only.")
        return self._K.diagonal()

    def _evaluate(self, X, Y):
        C = check_matrix(self._K(X, Y), "K(X, Y)")
        if C.shape != (X.shape[0], Y.shape[0]):
            raise ValueError(
                f"K(X, Y) must return shape ({X.shape[0]}, {Y.shape[0]}); got {C.shape}."
            )
        return check_finite(C, "K(X, Y)")
