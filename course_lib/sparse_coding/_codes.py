"""What pursuit and lasso coding share: blocks of signals, sparse results, a fast maximum."""

import numpy as np
import scipy.sparse as sp
from numba import njit

from course_lib._validation import check_finite, check_matrix

__all__ = ["argmax", "as_bits", "blocks", "canonical", "check_pair", "dense_rows", "gram", "stack"]

BLOCK = 1024  # signals whose correlations are in memory at once


def check_pair(X, D):
    """Return signals and dictionary as matrices of one dtype with equally many columns."""
    X = canonical(check_matrix(X, "X", operator=False), sp.csr_array)
    D = check_matrix(D, "D", sparse=False, operator=False)
    if X.shape[1] != D.shape[1]:
        raise ValueError(
            f"X and D must have equally many columns; got shapes {tuple(X.shape)} and {D.shape}."
        )
    dtype = np.result_type(X.dtype, D.dtype)
    return X, check_finite(np.ascontiguousarray(D, dtype=dtype), "D")


def canonical(A, kind):
    """Return a sparse matrix as ``kind`` with each entry once; an array stays."""
    if not sp.issparse(A):
        return A
    A = kind(A)
    if not A.has_canonical_format:
        A = A.copy()
        A.sum_duplicates()
    return A


def gram(D):
    """Return the inner products of all atoms; refuse atoms so long that one overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return check_finite(D @ D.T, "D")


def blocks(X, D):
    """Yield blocks of rows of ``X`` with their correlations ``X @ D.T``, one array reused."""
    atoms = D.T
    for start in range(0, X.shape[0], BLOCK):
        rows = X[start : start + BLOCK]
        yield rows, check_finite(np.asarray(rows @ atoms, dtype=D.dtype), "X")


def dense_rows(rows, dtype):
    """Return a block of rows as a contiguous array of the dtype."""
    rows = rows.toarray() if sp.issparse(rows) else rows
    return np.ascontiguousarray(rows, dtype=dtype)


def stack(parts, n_atoms, dtype):
    """Return one CSR array (n, n_atoms) from triples (values, atoms, counts) of its blocks."""
    values, atoms, counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    shape = (len(counts), n_atoms)
    return sp.csr_array((values.astype(dtype, copy=False), atoms, starts), shape=shape)


def as_bits(values):
    """The same memory as signed integers: numbers that are not negative keep their order."""
    return values.view(f"i{values.itemsize}")


@njit(cache=True)
def argmax(bits):
    """Index of the largest of numbers that are not negative, given by `as_bits`.

    The maximum of integers is vectorized, that of floats, with their NaN, is not: a factor of
    five in the innermost loop of every pursuit.
    """
    largest = bits[0]
    for q in range(len(bits)):
        largest = max(largest, bits[q])
    for q in range(len(bits)):
        if bits[q] == largest:
            return q
    return -1
