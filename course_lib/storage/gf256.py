r"""The field of 256 elements: bytes that can be added, multiplied and divided.

A byte is a polynomial over {0, 1} of degree below 8, its bits the coefficients. Sums are taken bit
by bit (``a ^ b``), products modulo :math:`x^8 + x^4 + x^3 + x^2 + 1`, which is 0x11D in bits.
Another polynomial, such as the 0x11B of the AES cipher, gives other products of the same bytes.
2 generates: its powers are all bytes but 0, so that a product is a sum of logarithms.

    gf_multiply, gf_inverse, gf_power     byte by byte
    gf_matmul, gf_matrix_inverse          matrices of bytes
"""

import numpy as np
from numba import njit

from course_lib._validation import plain_array

__all__ = [
    "POLYNOMIAL",
    "check_bytes",
    "gf_inverse",
    "gf_matmul",
    "gf_matrix_inverse",
    "gf_multiply",
    "gf_power",
    "is_invertible",
]

POLYNOMIAL = 0x11D
REDUCE = np.uint8(POLYNOMIAL & 0xFF)  # what x**8 is
BLOCK = 4096  # bytes of a row that are worked on together, in the first cache


def _tables():
    """Return the powers of 2 twice over, so that no sum of logarithms has to be reduced."""
    powers, logarithms = np.zeros(510, np.uint8), np.zeros(256, np.int64)
    power = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = power
        logarithms[power] = exponent
        power <<= 1
        if power & 0x100:
            power ^= POLYNOMIAL
    return powers, logarithms


POWERS, LOGARITHMS = _tables()


def check_bytes(values, name, *, ndim=None):
    """Return integers from 0 to 255 as an array of uint8; refuse anything else."""
    values = plain_array(values, name)
    if ndim is not None and values.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes; got shape {values.shape}.")
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must hold bytes, integers from 0 to 255; got {values.dtype}, convert them "
            "(numpy.frombuffer reads bytes)."
        )
    if values.size and not (values.min() >= 0 and values.max() <= 255):
        wrong = values[(values < 0) | (values > 255)].flat[0]
        raise ValueError(f"{name} must lie between 0 and 255; got {wrong}.")
    return values.astype(np.uint8)


def gf_multiply(a, b):
    r"""Return the product of bytes in the field of 256 elements.

    Parameters
    ----------
    a, b : array_like of integers from 0 to 255
        Of shapes that broadcast.

    Returns
    -------
    array of uint8

    Raises
    ------
    ValueError, TypeError
        If something is not a byte, or the shapes do not fit.

    Notes
    -----
    **Cost.** Three look-ups for each product, in tables of 510 bytes and 256 integers:
    :math:`ab = 2^{\log a + \log b}` unless one is 0, which has no logarithm.

    Examples
    --------
    :math:`(x + 1)(x + 1) = x^2 + 1`, since 1 + 1 is 0; and :math:`x \cdot x^7` has to be reduced:

    >>> int(gf_multiply(3, 3)), hex(gf_multiply(2, 128))
    (5, '0x1d')
    """
    a, b = check_bytes(a, "a"), check_bytes(b, "b")
    a, b = _together(a, b)
    return np.where((a == 0) | (b == 0), np.uint8(0), POWERS[LOGARITHMS[a] + LOGARITHMS[b]])


def _together(a, b):
    try:
        return np.broadcast_arrays(a, b)
    except ValueError:
        raise ValueError(
            f"a and b must have shapes that broadcast; got {a.shape} and {b.shape}."
        ) from None


def gf_inverse(a):
    """Return the bytes whose products with ``a`` are 1.

    Parameters
    ----------
    a : array_like of integers from 1 to 255

    Returns
    -------
    array of uint8

    Raises
    ------
    ValueError, TypeError
        If something is 0, which has no inverse, or not a byte.

    Examples
    --------
    >>> hex(gf_inverse(2)), int(gf_multiply(2, 0x8E))
    ('0x8e', 1)
    """
    a = check_bytes(a, "a")
    if not np.all(a):
        raise ValueError("a must not be 0, which has no inverse; leave it out.")
    return POWERS[255 - LOGARITHMS[a]]


def gf_power(a, exponent):
    """Return bytes to the power of integers.

    Parameters
    ----------
    a : array_like of integers from 0 to 255
    exponent : array_like of integers
        Not negative, below 2**31; of a shape that broadcasts with that of ``a``.

    Returns
    -------
    array of uint8
        To the power of 0 everything is 1, 0 too.

    Raises
    ------
    ValueError, TypeError
        If something is out of range, or the shapes do not fit.

    Examples
    --------
    The powers of 2, which come back to 1 after 255 steps:

    >>> gf_power(2, [0, 1, 7, 8, 255]).tolist()
    [1, 2, 128, 29, 1]
    """
    a, exponent = check_bytes(a, "a"), plain_array(exponent, "exponent")
    if exponent.size and exponent.dtype.kind not in "iu":
        raise TypeError(f"exponent must be integers; got {exponent.dtype}, convert them first.")
    if exponent.size and not (exponent.min() >= 0 and exponent.max() < 2**31):
        wrong = exponent[(exponent < 0) | (exponent >= 2**31)].flat[0]
        raise ValueError(f"exponent must lie between 0 and 2**31 - 1; got {wrong}.")
    a, exponent = _together(a, exponent.astype(np.int64))
    power = POWERS[LOGARITHMS[a] * exponent % 255]
    return np.where(exponent == 0, np.uint8(1), np.where(a == 0, np.uint8(0), power))


def gf_matmul(A, B):
    """Return the product of two matrices of bytes.

    Parameters
    ----------
    A : array_like of integers from 0 to 255, shape (m, k)
    B : array_like of integers from 0 to 255, shape (k, n)

    Returns
    -------
    array of uint8, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        If something is not a byte, or the shapes do not fit.

    Notes
    -----
    **Cost.** At most :math:`8mkn` bit operations, each on a vector of bytes; no look-ups.

    Examples
    --------
    The second row adds the first entry twice, which is nothing:

    >>> gf_matmul([[1, 2], [0, 1]], [[5], [3]]).tolist()
    [[3], [3]]
    """
    A, B = check_bytes(A, "A", ndim=2), check_bytes(B, "B", ndim=2)
    if A.shape[1] != len(B):
        raise ValueError(
            f"B must have as many rows as A has columns, {A.shape[1]}; got {len(B)}, or transpose."
        )
    product = np.empty((len(A), B.shape[1]), np.uint8)
    _multiply_rows(A, np.ascontiguousarray(B), product)
    return product


@njit(cache=True)
def _multiply_rows(A, B, product):
    """Horner's rule over the bits of A: double what there is, add the rows of B that have this bit.

    A look-up for each product would go byte by byte; doubling and adding goes by vectors, if rows
    are slices and few enough of them are in a loop. So rows are added three at a time.
    """
    m, k = A.shape
    rows, nothing = np.empty(k, np.int64), np.zeros(BLOCK, np.uint8)
    for start in range(0, B.shape[1], BLOCK):
        stop = min(start + BLOCK, B.shape[1])
        block, zeros = B[:, start:stop], nothing[: stop - start]
        for i in range(m):
            total = product[i, start:stop]
            total[:] = 0
            for bit in range(7, -1, -1):
                n_rows = 0
                for j in range(k):
                    if A[i, j] >> bit & 1:
                        rows[n_rows] = j
                        n_rows += 1
                chosen = rows[:n_rows]
                a, b, c = _three(block, zeros, chosen, 0)
                for t in range(stop - start):
                    total[t] = (total[t] << 1) ^ ((total[t] >> 7) * REDUCE) ^ a[t] ^ b[t] ^ c[t]
                for first in range(3, n_rows, 3):
                    a, b, c = _three(block, zeros, chosen, first)
                    for t in range(stop - start):
                        total[t] ^= a[t] ^ b[t] ^ c[t]


@njit(cache=True)
def _three(block, zeros, rows, first):
    """Return three rows of a block, or zeros where there are no more."""
    a = block[rows[first]] if first < len(rows) else zeros
    b = block[rows[first + 1]] if first + 1 < len(rows) else zeros
    c = block[rows[first + 2]] if first + 2 < len(rows) else zeros
    return a, b, c


def gf_matrix_inverse(A):
    r"""Return the inverse of a square matrix of bytes.

    Parameters
    ----------
    A : array_like of integers from 0 to 255, shape (n, n)

    Returns
    -------
    array of uint8, shape (n, n)

    Raises
    ------
    ValueError, TypeError
        If it is singular, not square, or something is not a byte.

    Notes
    -----
    **Cost.** :math:`O(n^3)` products: Gauss and Jordan. No pivot is better than another, since
    nothing is rounded; any that is not 0 will do.

    Examples
    --------
    >>> gf_matrix_inverse([[1, 1], [1, 2]]).tolist()
    [[245, 244], [244, 244]]
    >>> gf_matrix_inverse([[1, 2], [2, 4]])
    Traceback (most recent call last):
        ...
    ValueError: A must be invertible; its rows are dependent.
    """
    A = check_bytes(A, "A", ndim=2)
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square; got shape {A.shape}.")
    work = np.hstack([A, np.eye(len(A), dtype=np.uint8)])
    if not _eliminate(work, POWERS, LOGARITHMS):
        raise ValueError("A must be invertible; its rows are dependent.")
    return work[:, len(A) :].copy()


def is_invertible(A):
    """Return whether a square matrix of bytes has an inverse."""
    return bool(_eliminate(A.copy(), POWERS, LOGARITHMS))


@njit(cache=True)
def _eliminate(work, powers, logarithms):
    """Turn the left square of a matrix into the identity; return False if it is singular."""
    n, width = work.shape
    for column in range(n):
        pivot = column
        while pivot < n and work[pivot, column] == 0:
            pivot += 1
        if pivot == n:
            return False
        for j in range(width):
            held = work[pivot, j]
            work[pivot, j] = work[column, j]
            work[column, j] = held
        shift = 255 - logarithms[work[column, column]]
        for j in range(width):
            if work[column, j]:
                work[column, j] = powers[(logarithms[work[column, j]] + shift) % 255]
        for i in range(n):
            if i != column and work[i, column]:
                shift = logarithms[work[i, column]]
                for j in range(width):
                    if work[column, j]:
                        work[i, j] ^= powers[logarithms[work[column, j]] + shift]
    return True
