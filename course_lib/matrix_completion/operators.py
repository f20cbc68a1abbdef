"""A filled matrix that is never formed: what was observed, plus a product of thin factors.

Completion fills the holes of a matrix with a guess of low rank. The filled matrix is dense, but
it is the sum of a sparse one and a thin product, and products with such a sum are cheap.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_array, check_finite
from course_lib.matrix_completion.sparse import CSR, check_csr

__all__ = ["SparsePlusLowRank", "sampled_product"]

FAST = {"reassoc", "nsz", "contract"}  # sums may be reordered; NaN and infinity keep their meaning


class SparsePlusLowRank(NamedTuple):
    """The matrix ``sparse + left @ right.T``, known by its products with blocks of vectors.

    ``A @ X`` and ``A.T @ Y`` cost ``O((nnz + (m + n) r) k)`` for ``k`` columns, where forming the
    matrix would cost ``m n r``. `course_lib.low_rank.randomized_svd` takes it as it is.

    Examples
    --------
    >>> from course_lib.matrix_completion import csr
    >>> ones = np.ones((2, 1))
    >>> A = SparsePlusLowRank(csr([0], [1], [5.0], (2, 2)), ones, ones)
    >>> A @ np.eye(2)
    array([[1., 6.],
           [1., 1.]])
    """

    sparse: CSR
    left: np.ndarray  # (m, r)
    right: np.ndarray  # (n, r)
    transposed: bool = False

    @property
    def shape(self):
        """Rows and columns."""
        return self.sparse.shape[::-1] if self.transposed else self.sparse.shape

    @property
    def dtype(self):
        """The dtype of the entries."""
        return self.sparse.data.dtype

    @property
    def T(self):
        """The transpose, which shares all arrays."""
        return self._replace(transposed=not self.transposed)

    def __matmul__(self, X):
        sparse, left, right = self._checked()
        X = check_array(X, "X", dtype=sparse.data.dtype)
        if X.ndim not in (1, 2) or len(X) != self.shape[1]:
            raise ValueError(f"X must have {self.shape[1]} rows; got shape {X.shape}.")
        block = np.ascontiguousarray(X if X.ndim == 2 else X[:, None])
        product = np.zeros((self.shape[0], block.shape[1]), block.dtype)
        indptr, indices = sparse.places()
        if self.transposed:
            _scatter_rows(indptr, indices, sparse.data, block, product)
            product += right @ (left.T @ block)
        else:
            _gather_rows(indptr, indices, sparse.data, block, product)
            product += left @ (right.T @ block)
        check_finite(product, "the matrix")
        return product if X.ndim == 2 else product[:, 0]

    def _checked(self):
        """The three parts, of which kernels may read every place."""
        sparse = check_csr(self.sparse, "sparse")
        return sparse, *_check_factors(sparse, self.left, self.right)


def sampled_product(A, left, right):
    """Return the entries of ``left @ right.T`` at the stored places of ``A``, in their order.

    Parameters
    ----------
    A : CSR, shape (m, n)
        Only its places are used.
    left, right : array, shapes (m, r) and (n, r)

    Returns
    -------
    array, shape (nnz,)

    Raises
    ------
    ValueError
        If the factors do not fit the matrix, a place of ``A`` lies outside its shape, or NaN or
        infinity shows in an entry.
    TypeError
        If ``A`` is no `CSR`, or a factor does not hold real numbers.

    Notes
    -----
    **Cost.** ``2 nnz r`` flops; each stored place gathers one row of ``right``. This is all that
    completion ever evaluates of the dense product.

    Examples
    --------
    >>> from course_lib.matrix_completion import csr
    >>> A = csr([0, 1], [1, 0], [1.0, 1.0])
    >>> sampled_product(A, np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]]))
    array([5., 6.])
    """
    A = check_csr(A)
    left, right = _check_factors(A, left, right)
    entries = np.empty(A.nnz, A.data.dtype)
    _sample(*A.places(), left, right, entries)
    return check_finite(entries, "left @ right.T")


def _check_factors(A, left, right):
    """Return both factors as blocks of rows that fit the matrix, in its dtype."""
    left, right = (
        np.ascontiguousarray(check_array(F, name, dtype=A.data.dtype))
        for F, name in ((left, "left"), (right, "right"))
    )
    m, n = A.shape
    if left.ndim != 2 or left.shape[0] != m or right.shape != (n, left.shape[1]):
        raise ValueError(
            f"factors must have shapes ({m}, r) and ({n}, r); got {left.shape} and {right.shape}."
        )
    return left, right


@njit(cache=True, nogil=True, fastmath=FAST)
def _sample(indptr, indices, left, right, entries):
    for i in range(len(left)):
        row = left[i]
        for t in range(indptr[i], indptr[i + 1]):
            other = right[indices[t]]
            total = left.dtype.type(0)
            for f in range(len(row)):
                total += row[f] * other[f]
            entries[t] = total


@njit(cache=True, nogil=True)
def _gather_rows(indptr, indices, data, X, product):
    for i in range(len(product)):
        row = product[i]
        for t in range(indptr[i], indptr[i + 1]):
            value, other = data[t], X[indices[t]]
            for f in range(len(row)):
                row[f] += value * other[f]


@njit(cache=True, nogil=True)
def _scatter_rows(indptr, indices, data, X, product):
    for i in range(len(X)):
        row = X[i]
        for t in range(indptr[i], indptr[i + 1]):
            value, other = data[t], product[indices[t]]
            for f in range(len(row)):
                other[f] += value * row[f]
