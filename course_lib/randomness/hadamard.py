"""The fast Walsh-Hadamard transform: n log2 n additions in place of n^2.

The Hadamard matrix of size n = 2^r has the entries (-1)^popcount(i & j). It is the product of r
sparse factors, one for each bit of the index: the factor of stride h replaces each pair
(y[i], y[i + h]) by its sum and difference. The factors commute, and three choices follow:

* Two bits at a time (radix 4), so that the data is read half as often.
* Large strides first. Once a segment fits into the cache, all its other stages run there.
* The three lowest bits last, eight neighbors at a time: strides below 8 leave a vector unit
  with nothing to do.
"""

import numpy as np
from numba import njit

from course_lib._validation import check_array, check_finite, plain_array

__all__ = ["fwht"]

SEGMENT = 1 << 15  # entries; in float64 a quarter of a megabyte, which fits into most L2 caches


def fwht(X, *, orthonormal=False):
    r"""Return the Walsh-Hadamard transform of each row of ``X``.

    Parameters
    ----------
    X : array_like, shape (..., n)
        Real numbers; ``n`` must be a power of two. The input is not changed.
    orthonormal : bool, default False
        Divide by :math:`\sqrt n`, which makes the transform its own inverse.

    Returns
    -------
    array, shape (..., n)
        ``X @ scipy.linalg.hadamard(n)``; float32 if ``X`` is float32, else float64.

    Raises
    ------
    ValueError
        If ``n`` is not a power of two, or an entry is not finite.
    TypeError
        If ``X`` does not hold real numbers.

    Notes
    -----
    **Cost.** :math:`n \log_2 n` additions a row, where the product with the matrix takes
    :math:`2 n^2` flops; memory for the result.

    **Guarantee.** :math:`H H^T = n I`: lengths and angles are kept up to the factor
    :math:`\sqrt n`. Rounding grows with :math:`\log_2 n`, not with ``n``: each entry passes
    through that many additions.

    References
    ----------
    .. [1] B. J. Fino, V. R. Algazi, "Unified matrix treatment of the fast Walsh-Hadamard
       transform", IEEE Trans. Computers C-25(11), 1976.

    Examples
    --------
    >>> fwht([1.0, 0.0, 1.0, 0.0])
    array([2., 2., 0., 0.])
    """
    X = plain_array(X, "X")
    dtype = np.float32 if X.dtype == np.float32 else np.float64
    X = check_array(X, "X", dtype=dtype)
    n = X.shape[-1] if X.ndim else 0
    if n < 1 or n & (n - 1):
        raise ValueError(
            f"X must have rows whose length is a power of two; got shape {X.shape}, "
            f"pad the rows with zeros."
        )
    Y = np.array(X, dtype=dtype, order="C")
    _transform_rows(Y.reshape(-1, n))
    if orthonormal:
        Y /= np.sqrt(dtype(n))
    return check_finite(Y, "X")


@njit(cache=True)
def _transform_rows(Y):
    """Transform each row of ``Y`` in place."""
    for row in range(Y.shape[0]):
        transform(Y[row])


@njit(cache=True)
def transform(y):
    """Transform ``y`` in place."""
    if y.size < 8:
        butterflies(y, 1)
    else:
        butterflies(y, 8)
        _transform_eights(y)


@njit(cache=True)
def butterflies(y, width):
    """Apply every stage of stride ``width`` and above to ``y``, the largest stride first."""
    segment = y.size
    while segment > SEGMENT and segment >= 4 * width:
        _radix_4(y, segment // 4)
        segment //= 4
    for start in range(0, y.size, segment):
        part = y[start : start + segment]
        size = segment
        while size >= 4 * width:
            _radix_4(part, size // 4)
            size //= 4
        if size >= 2 * width:
            _radix_2(part, size // 2)


@njit(cache=True)
def _radix_4(y, h):
    """Apply the stages of stride ``h`` and ``2 h`` in one reading."""
    for start in range(0, y.size, 4 * h):
        y0, y1 = y[start : start + h], y[start + h : start + 2 * h]
        y2, y3 = y[start + 2 * h : start + 3 * h], y[start + 3 * h : start + 4 * h]
        for j in range(h):
            a, b = y0[j] + y1[j], y0[j] - y1[j]
            c, d = y2[j] + y3[j], y2[j] - y3[j]
            y0[j], y1[j], y2[j], y3[j] = a + c, b + d, a - c, b - d


@njit(cache=True)
def _radix_2(y, h):
    """Apply the stage of stride ``h``."""
    for start in range(0, y.size, 2 * h):
        y0, y1 = y[start : start + h], y[start + h : start + 2 * h]
        for j in range(h):
            y0[j], y1[j] = y0[j] + y1[j], y0[j] - y1[j]


@njit(cache=True)
def _transform_eights(y):
    """Apply the stages of stride 1, 2 and 4: transform each run of eight entries."""
    for i in range(0, y.size, 8):
        a, b, c, d = y[i], y[i + 1], y[i + 2], y[i + 3]
        e, f, g, h = y[i + 4], y[i + 5], y[i + 6], y[i + 7]
        a, b, c, d, e, f, g, h = a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h
        a, b, c, d, e, f, g, h = a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h
        y[i], y[i + 1], y[i + 2], y[i + 3] = a + e, b + f, c + g, d + h
        y[i + 4], y[i + 5], y[i + 6], y[i + 7] = a - e, b - f, c - g, d - h
