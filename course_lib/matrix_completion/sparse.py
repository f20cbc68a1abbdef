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

from course_lib._validation import check_count

__all__ = [
    "CSR",
    "Traffic",
    "as_csr",
    "csr",
    "matvec",
    "matvec_bytes",
    "rmatvec",
    "rows_of",
    "transpose",
]

LARGEST = 2**31 - 1  # rows and columns are numbered by int32


class CSR(NamedTuple):
    """A sparse matrix by rows: entry ``t`` of row ``i`` has ``indptr[i] <= t < indptr[i + 1]``."""

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
        """Return ``indptr`` and ``indices`` as views of unsigned integers, for kernels.

        Numba asks of a signed index whether it is negative. Unsigned ones made a product from
        random places 1.5 to 2 times faster.
        """
        return self.indptr.view(np.uint64), self.indices.view(np.uint32)


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
    A = CSR(indptr, indices, values[order], (m, n))
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
        return A
    if scipy.sparse.issparse(A):
        A = A.tocoo()
        rows, columns = A.coords
        return csr(rows, columns, A.data, A.shape)
    A = np.asarray(A)
    if A.ndim != 2 or A.size == 0:
        raise ValueError(f"{name} must be a matrix with entries; got shape {A.shape}.")
    if A.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers; got {A.dtype}.")
    rows, columns = np.nonzero(~np.isnan(A))
    return csr(rows, columns, A[rows, columns], A.shape)


def transpose(A):
    """Return the transpose of a `CSR`, again by rows: the columns of ``A``, one by one.

    Notes
    -----
    **Cost.** One counting sort: two passes over the entries, which are written in random order.

    Examples
    --------
    >>> transpose(csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])).data
    array([1., 2., 3.])
    """
    indptr, order = _bucket(A.indices, A.shape[1])
    return CSR(indptr, A.rows()[order], A.data[order], A.shape[::-1])


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
        If ``x`` does not have one entry for each column.

    See Also
    --------
    matvec_bytes : what it reads and writes.

    Examples
    --------
    >>> A = csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])
    >>> matvec(A, np.array([1.0, 10.0]))
    array([21., 30.])
    """
    x = _vector(x, A.shape[1], A.data.dtype, "column")
    y = np.empty(A.shape[0], A.data.dtype)
    _gather(*A.places(), A.data, x, y)
    return y


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
        If ``y`` does not have one entry for each row.

    Examples
    --------
    >>> A = csr([0, 0, 1], [0, 1, 1], [1.0, 2.0, 3.0])
    >>> rmatvec(A, np.array([1.0, 10.0]))
    array([ 1., 32.])
    """
    y = _vector(y, A.shape[0], A.data.dtype, "row")
    x = np.zeros(A.shape[1], A.data.dtype)
    _scatter(*A.places(), A.data, y, x)
    return x


class Traffic(NamedTuple):
    """Bytes that a product moves, if each array were read from memory once."""

    streamed: int  # indptr, indices and data, in order
    gathered: int  # entries of x, one for each stored entry, in no order
    written: int  # entries of y

    @property
    def total(self):
        """All three."""
        return self.streamed + self.gathered + self.written


def matvec_bytes(n_rows, nnz, *, itemsize=8, index_bytes=4, pointer_bytes=8, pattern=False):
    r"""Return what one product of a CSR matrix with a vector moves.

    Parameters
    ----------
    n_rows, nnz : int
        Rows and stored entries.
    itemsize, index_bytes, pointer_bytes : int
        Bytes of a value, a column number and a row pointer.
    pattern : bool, default False
        Whether all stored values are equal and need not be read.

    Returns
    -------
    Traffic
        ``streamed`` :math:`= p(m + 1) + (c + b)\,\text{nnz}` for pointers of :math:`p` bytes,
        columns of :math:`c` and values of :math:`b`; ``gathered`` :math:`= b\,\text{nnz}`;
        ``written`` :math:`= b m`.

    Raises
    ------
    ValueError, TypeError
        If a count is negative or not an integer.

    Notes
    -----
    **Cost.** Two flops for each stored entry, against 20 bytes in float64: at 0.1 flops a byte a
    sparse product never waits for arithmetic.

    Examples
    --------
    >>> matvec_bytes(2, 3)
    Traffic(streamed=60, gathered=24, written=16)
    """
    n_rows, nnz = check_count(n_rows, "n_rows", low=0), check_count(nnz, "nnz", low=0)
    b, c, p = (
        check_count(value, name, low=1)
        for value, name in (
            (itemsize, "itemsize"),
            (index_bytes, "index_bytes"),
            (pointer_bytes, "pointer_bytes"),
        )
    )
    stored = c if pattern else c + b
    return Traffic(p * (n_rows + 1) + stored * nnz, b * nnz, b * n_rows)


def _places(places, name):
    places = np.asarray(places)
    if places.ndim != 1:
        raise ValueError(f"{name} must be a list of integers; got shape {places.shape}.")
    if places.size and places.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers; got {places.dtype}.")
    if places.size and not 0 <= places.min() <= places.max() < LARGEST:
        raise ValueError(f"{name} must lie between 0 and 2**31 - 2; got {places.min()}.")
    return places.astype(np.int64)


def _values(values):
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"values must be a list of numbers; got shape {values.shape}.")
    if values.dtype.kind not in "biuf":
        raise TypeError(f"values must be real numbers; got {values.dtype}.")
    if values.dtype != np.float32:
        values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("values must be finite; leave missing entries out.")
    return values


def _shape(shape, rows, columns):
    least = tuple(int(places.max()) + 1 if len(places) else 0 for places in (rows, columns))
    if shape is None:
        shape = least
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape must be two positive integers; got {tuple(shape)}.")
    m, n = (check_count(size, "shape", low=1, high=LARGEST) for size in shape)
    if least[0] > m or least[1] > n:
        raise ValueError(f"places must lie inside the shape ({m}, {n}); they reach {least}.")
    return m, n


def _vector(x, size, dtype, what):
    x = np.asarray(x, dtype=dtype)
    if x.shape != (size,):
        raise ValueError(f"the vector must have {size} entries, one a {what}; got {x.shape}.")
    return x


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
