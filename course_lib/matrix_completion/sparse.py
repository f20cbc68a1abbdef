"""Sparse matrices taken apart: three arrays, two orders, and what a product costs in bytes.

A matrix whose zeros are not stored is three flat arrays. ``indptr`` says where each row begins,
``indices`` names the column of each stored entry, ``data`` holds its value. That is CSR,
compressed sparse rows. The same three arrays read with rows and columns exchanged are CSC of the
transpose: there is one format, and two ways to hold it.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse
from numba import njit

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_indices,
    check_matrix,
    plain_array,
)
from course_lib.matrix_completion._locks import is_locked, locked

__all__ = [
    "CSR",
    "as_csr",
    "check_csr",
    "csr",
    "matvec",
    "rmatvec",
    "rows_of",
    "transpose",
]

LARGEST = 2**31 - 1  # rows and columns are numbered by int32


class CSR(NamedTuple):
    """A sparse matrix by rows: entry ``t`` of row ``i`` has ``indptr[i] <= t < indptr[i + 1]``.

    `csr`, `as_csr` and `transpose` look at the places once and make them read only; a library
    that wants to write gets a copy. At a matrix put together by hand each function looks anew.
    """

    indptr: np.ndarray  # (m + 1,) int64
    indices: np.ndarray  # (nnz,) int32, rising within a row
    data: np.ndarray  # (nnz,) float32 or float64
    shape: tuple  # (m, n)

    @property
    def nnz(self):
        """Number of stored entries."""
        return len(self.indices)

    @property
    def nbytes(self):
        """Bytes of the three arrays."""
        return self.indptr.nbytes + self.indices.nbytes + self.data.nbytes

    def rows(self):
        """Return the row of each stored entry, (nnz,) int32."""
        counts = np.diff(self.indptr)
        return np.repeat(np.arange(self.shape[0], dtype=np.int32), counts)

    def places(self):
        """Return ``indptr`` and ``indices`` as read-only views of unsigned integers, for kernels.

        Numba asks of a signed index whether it is negative. Unsigned ones made a product from
        random places 1.5 to 2 times faster.
        """
        places = self.indptr.view(np.uint64), self.indices.view(np.uint32)
        for view in places:
            view.flags.writeable = False  # so that kernels are compiled once, locked or not
        return places


def csr(rows, columns, values, shape=None):
    """Return the matrix with ``values[t]`` in row ``rows[t]`` and column ``columns[t]``.

    Parameters
    ----------
    rows, columns : array_like of int, shape (nnz,)
        Places, in any order; none may occur twice.
    values : array_like, shape (nnz,)
        Zeros are stored like any other value: a rating of zero is not a missing rating.
    shape : (int, int), optional
        By default one more than the largest row and the largest column.

    Returns
    -------
    CSR
        float32 if ``values`` are float32, else float64.

    Raises
    ------
    ValueError
        If lengths differ, a place is negative, outside the shape or given twice, or a value is
        not finite.
    TypeError
        If places are not integers or values are not real numbers.

    Notes
    -----
    **Cost.** Two counting sorts, by column and then by row: four passes over the entries, which
    no comparison sort can match. Memory: the result and two permutations.

    Examples
    --------
    >>> A = csr([1, 0, 1], [0, 2, 1], [5.0, 6.0, 7.0])
    >>> A.indptr, A.indices, A.data
    (array([0, 1, 3]), array([2, 0, 1], dtype=int32), array([6., 5., 7.]))
    """
    rows, columns = _places(rows, "rows"), _places(columns, "columns")
    values = _values(values)
    if not len(rows) == len(columns) == len(values):
        raise ValueError(
            f"rows, columns and values must have one length; "
            f"got {len(rows)}, {len(columns)} and {len(values)}."
        )
    m, n = _shape(shape, rows, columns)
    _, by_column = _bucket(columns, n)
    indptr, by_row = _bucket(rows[by_column], m)
    order = by_column[by_row]
    indices = columns[order].astype(np.int32)
    A = locked(CSR(indptr, indices, values[order], (m, n)))
    twice = _first_repeated(indptr, indices)
    if twice >= 0:
        raise ValueError(
            f"each place may be given once; row {int(A.rows()[twice])}, column "
            f"{int(indices[twice])} is given twice: keep one of the values."
        )
    return A


def as_csr(A, name="A"):
    """Return a sparse matrix, or a dense one whose missing entries are NaN, as `CSR`.

    Parameters
    ----------
    A : CSR, SciPy sparse matrix or array, shape (m, n)
        Of a sparse matrix the stored entries count, zeros included; of an array those that are
        not NaN. Integers become float64.

    Returns
    -------
    CSR

    Raises
    ------
    ValueError
        If ``A`` is not a matrix, is empty, stores a place twice, or a value is not finite.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> as_csr([[1.0, np.nan], [np.nan, 4.0]]).indices
    array([0, 1], dtype=int32)
    """
    if isinstance(A, CSR):
        A = check_csr(A, name)
        check_finite(A.data, name)
        if _first_unsorted(A.indptr, A.indices) < 0:
            return A
        return csr(A.rows(), A.indices, A.data, A.shape)
    A = check_matrix(A, name, operator=False)
    if scipy.sparse.issparse(A):
        A = A.tocoo()
        rows, columns = A.coords
        return csr(rows, columns, A.data, A.shape)
    rows, columns = np.nonzero(~np.isnan(A))
    return csr(rows, columns, A[rows, columns], A.shape)


def check_csr(A, name="A"):
    """Return a `CSR` that kernels may read: arrays of its dtypes, and every place inside.

    The arrays of SciPy, whose ``indptr`` is int32, become those of this room. Places are looked
    at in one pass, or were so when they were locked.
    """
    if not isinstance(A, CSR):
        raise TypeError(f"{name} must be a CSR; got a {type(A).__name__}, pass it to as_csr first.")
    if is_locked(A):
        return A
    indptr = _pointers(A.indptr, name)
    m, n = _shape(A.shape, (), ())
    indices = plain_array(A.indices, name)
    if indices.dtype != np.int32:
        indices = check_indices(indices, f"columns of {name}", n).astype(np.int32)
    data = check_array(A.data, name, ndim=1)
    fits = len(indptr) == m + 1 and indptr[-1] == len(indices) == len(data)
    if not fits or indices.ndim != 1 or (indices.size and indices.view(np.uint32).max() >= n):
        places = f"places inside its shape ({m}, {n}), each with one value"
        raise ValueError(f"{name} must hold {places}; make it by csr, which looks.")
    same = indptr is A.indptr and indices is A.indices and data is A.data
    return A if same else CSR(indptr, indices, data, (m, n))


def _pointers(indptr, name):
    """Return where rows begin, as int64 that never fall from 0 on."""
    pointers = plain_array(indptr, name)
    if pointers.ndim != 1 or pointers.dtype.kind not in "iu" or not len(pointers):
        raise TypeError(f"indptr of {name} must be a list of integers; make it by csr.")
    if pointers[0] != 0 or (pointers[1:] < pointers[:-1]).any():
        raise ValueError(f"indptr of {name} must rise from 0; make the matrix by csr.")
    return pointers.astype(np.int64, copy=False)


def transpose(A):
    """Return the transpose of a `CSR`, again by rows: the columns of ``A``, one by one.

    Raises
    ------
    ValueError, TypeError
        If ``A`` is no `CSR`, or a place lies outside its shape.

    Notes
    -----
    **Cost.** One counting sort: two passes over the entries, which are written in random order.

    Examples
    --------
    >>> transpose(csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])).data
    array([1., 2., 3.])
    """
    A = check_csr(A)
    indptr, order = _bucket(A.indices, A.shape[1])
    return locked(CSR(indptr, A.rows()[order], A.data[order], A.shape[::-1]))


def matvec(A, x):
    """Return ``A @ x``: each row gathers from ``x`` and writes one number.

    Parameters
    ----------
    A : CSR, shape (m, n)
    x : array, shape (n,)

    Returns
    -------
    array, shape (m,)

    Raises
    ------
    ValueError
        If ``x`` does not have one entry for each column, a place of ``A`` lies outside its
        shape, or NaN or infinity shows in the product.
    TypeError
        If ``A`` is no `CSR`, or ``x`` does not hold real numbers.

    See Also
    --------
    matvec_bytes : what it reads and writes.

    Examples
    --------
    >>> A = csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])
    >>> matvec(A, np.array([1.0, 10.0]))
    array([21., 30.])
    """
    A = check_csr(A)
    x = _vector(x, A.shape[1], A.data.dtype, "column")
    y = np.empty(A.shape[0], A.data.dtype)
    _gather(*A.places(), A.data, x, y)
    return check_finite(y)


def rmatvec(A, y):
    """Return ``A.T @ y`` without transposing: each row scatters into the result.

    Gathering can be shared among workers row by row. Scattering cannot: two rows may write to
    one place. That is why solvers keep a matrix by rows and by columns.

    Parameters
    ----------
    A : CSR, shape (m, n)
    y : array, shape (m,)

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If ``y`` does not have one entry for each row, a place of ``A`` lies outside its shape,
        or NaN or infinity shows in the product.
    TypeError
        If ``A`` is no `CSR`, or ``y`` does not hold real numbers.

    Examples
    --------
    >>> A = csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])
    >>> rmatvec(A, np.array([1.0, 10.0]))
    array([ 1., 32.])
    """
    A = check_csr(A)
    y = _vector(y, A.shape[0], A.data.dtype, "row")
    x = np.zeros(A.shape[1], A.data.dtype)
    _scatter(*A.places(), A.data, y, x)
    return check_finite(x)


def _places(places, name):
    places = plain_array(places, name)
    if places.ndim != 1:
        raise ValueError(f"{name} must be a list of integers; got shape {places.shape}.")
    return check_indices(places, name, LARGEST)


def _values(values):
    values = plain_array(values, "values")
    if values.ndim != 1:
        raise ValueError(f"values must be a list of numbers; got shape {values.shape}.")
    dtype = np.float32 if values.dtype == np.float32 else np.float64
    values = check_array(values, "values", dtype=dtype)
    if not np.isfinite(values).all():
        raise ValueError("values must be finite; leave missing entries out.")
    return values


def _shape(shape, rows, columns):
    least = tuple(int(places.max()) + 1 if len(places) else 0 for places in (rows, columns))
    if shape is None:
        shape = least
    if not isinstance(shape, tuple | list) or len(shape) != 2 or 0 in shape:
        raise ValueError(f"shape must be two positive integers; got {shape!r}.")
    m, n = (check_count(size, "shape", low=1, high=LARGEST) for size in shape)
    if least[0] > m or least[1] > n:
        raise ValueError(f"places must lie inside the shape ({m}, {n}); they reach {least}.")
    return m, n


def _vector(x, size, dtype, what):
    x = check_array(x, "the vector", dtype=dtype)
    if x.shape != (size,):
        raise ValueError(f"the vector must have {size} entries, one a {what}; got {x.shape}.")
    return check_finite(x, "the vector")


@njit(cache=True, nogil=True)
def _bucket(keys, size):
    """Counting sort: where each key begins, and the order that sorts, ties as they came."""
    indptr = np.zeros(size + 1, np.int64)
    for key in keys:
        indptr[key + 1] += 1
    for i in range(size):
        indptr[i + 1] += indptr[i]
    free = indptr[:-1].copy()
    order = np.empty(len(keys), np.int64)
    for t in range(len(keys)):
        order[free[keys[t]]] = t
        free[keys[t]] += 1
    return indptr, order


@njit(cache=True, nogil=True)
def _first_repeated(indptr, indices):
    for i in range(len(indptr) - 1):
        for t in range(indptr[i] + 1, indptr[i + 1]):
            if indices[t] == indices[t - 1]:
                return t
    return -1


@njit(cache=True, nogil=True)
def _first_unsorted(indptr, indices):
    for i in range(len(indptr) - 1):
        for t in range(indptr[i] + 1, indptr[i + 1]):
            if indices[t] <= indices[t - 1]:
                return t
    return -1


@njit(cache=True, nogil=True)
def _gather(indptr, indices, data, x, y):
    for i in range(len(y)):
        total = data.dtype.type(0)
        for t in range(indptr[i], indptr[i + 1]):
            total += data[t] * x[indices[t]]
        y[i] = total


@njit(cache=True, nogil=True)
def _scatter(indptr, indices, data, y, x):
    for i in range(len(y)):
        for t in range(indptr[i], indptr[i + 1]):
            x[indices[t]] += data[t] * y[i]


def rows_of(A, start, stop):
    """Return rows ``start`` to ``stop`` of a `CSR`; the entries are views."""
    first, last = A.indptr[start], A.indptr[stop]
    return CSR(
        A.indptr[start : stop + 1] - first,
        A.indices[first:last],
        A.data[first:last],
        (int(stop - start), A.shape[1]),
    )
