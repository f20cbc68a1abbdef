"""Short binary codes by a linear map: random, and learned from the data."""

from typing import NamedTuple

import numpy as np

from course_lib._neighbors import check_points, check_queries
from course_lib._validation import (
    as_rng,
    check_count,
    check_indices,
    check_memory,
    check_number,
    plain_array,
)
from course_lib.lsh.hamming import pack_bits

__all__ = [
    "LinearCode",
    "encode_bits",
    "itq",
    "pca_signs",
    "random_hyperplanes",
    "semi_supervised_hash",
]


class LinearCode(NamedTuple):
    """A map to bits: bit j of x is set where ``(x - mean) @ directions[:, j] > 0``.

    Attributes
    ----------
    mean : array, shape (d,)
    directions : array, shape (d, n_bits)
    """

    mean: np.ndarray
    directions: np.ndarray


def encode_bits(code, X):
    """Return the packed bits of each row of ``X``.

    Parameters
    ----------
    code : LinearCode
    X : array, shape (n, d)

    Returns
    -------
    codes : array of uint64, shape (n, ceil(n_bits / 64))
        As from `pack_bits`, for `hamming_search`.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix with the columns of the code.

    Notes
    -----
    **Cost.** ``2 n d n_bits`` flops.

    Examples
    --------
    >>> encode_bits(LinearCode(np.zeros(2), np.eye(2)), [[1.0, -1.0], [1.0, 1.0]])
    array([[1],
           [3]], dtype=uint64)
    """
    directions = check_points(code.directions, "directions")
    X = check_queries(X, len(directions), directions.dtype, "X")
    codes = np.empty((len(X), -(-directions.shape[1] // 64)), np.uint64)
    shift = code.mean.astype(directions.dtype) @ directions
    for start in range(0, len(X), 1024):
        rows = slice(start, start + 1024)
        codes[rows] = pack_bits(X[rows] @ directions > shift)
    return codes


def random_hyperplanes(n_columns, n_bits, *, orthogonal=False, dtype=np.float64, rng=None):
    r"""Return random hyperplanes through the origin: SimHash.

    Parameters
    ----------
    n_columns, n_bits : int
    orthogonal : bool, default False
        Whether directions are orthonormal, ``n_columns`` at a time, and not Gaussian: each is
        still uniform, and the bits of a pair err less together [2]_.
    dtype : {float64, float32}
        Of the vectors that will be encoded.
    rng : int, Generator or None

    Returns
    -------
    LinearCode

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** Two vectors at the angle :math:`\theta` differ in each bit with probability
    :math:`\theta/\pi`, so their Hamming distance over the number of bits, times :math:`\pi`,
    estimates the angle without bias [1]_.

    References
    ----------
    .. [1] M. S. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002,
       380-388.
    .. [2] J. Ji, J. Li, S. Yan, B. Zhang, Q. Tian, "Super-bit locality-sensitive hashing",
       NIPS 2012, 108-116.

    Examples
    --------
    >>> random_hyperplanes(3, 16, rng=0).directions.shape
    (3, 16)
    """
    n_columns = check_count(n_columns, "n_columns", low=1, high=2**31)
    n_bits = check_count(n_bits, "n_bits", low=1, high=2**20)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64; got {dtype!r}.")
    rng, shape = as_rng(rng), (n_columns, n_bits)
    if orthogonal:
        check_memory(8 * n_columns * (n_columns + n_bits), "set of orthogonal directions")
        shape = n_columns, n_columns * -(-n_bits // n_columns)
    directions = rng.standard_normal(shape, dtype=np.dtype(dtype))
    if orthogonal:
        blocks = np.split(directions, shape[1] // n_columns, axis=1)
        directions = np.concatenate([np.linalg.qr(block)[0] for block in blocks], axis=1)
    signs = np.where(rng.random(shape[1]) < 0.5, -1, 1).astype(dtype)  # qr prefers some
    return LinearCode(np.zeros(n_columns, dtype), (directions * signs)[:, :n_bits])


def pca_signs(X, n_bits):
    """Return the leading principal directions about the mean.

    Parameters
    ----------
    X : array, shape (n, d)
    n_bits : int
        At most d.

    Returns
    -------
    LinearCode

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or ``n_bits`` is out of range.

    Notes
    -----
    **Cost.** ``n d**2 + 10 d**3`` flops about.

    Examples
    --------
    >>> code = pca_signs([[0.0, 0.0], [4.0, 1.0], [8.0, 0.0]], 1)
    >>> np.abs(code.directions).round(6).ravel().tolist()
    [1.0, 0.0]
    """
    X = check_points(X)
    n_bits = check_count(n_bits, "n_bits", low=1, high=X.shape[1], high_name="d")
    mean = X.mean(axis=0)
    _, vectors = np.linalg.eigh((X - mean).T @ (X - mean))
    return LinearCode(mean, np.ascontiguousarray(vectors[:, ::-1][:, :n_bits]))


def itq(X, n_bits, *, n_iter=50, rng=None):
    r"""Return principal directions turned so that signs lose little: iterative quantization.

    Parameters
    ----------
    X : array, shape (n, d)
    n_bits : int
        At most d.
    n_iter : int, default 50
        Steps.
    rng : int, Generator or None
        Source of the first rotation.

    Returns
    -------
    LinearCode

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or a number is out of range.

    Notes
    -----
    **Cost.** ``4 n n_bits**2`` flops a step, beside `pca_signs`.

    **Guarantee.** :math:`\|\mathrm{sign}(YR) - YR\|_F` never rises: each step takes the best signs
    for the rotation R, then the best rotation for the signs, which a singular value decomposition
    gives [1]_.

    References
    ----------
    .. [1] Y. Gong, S. Lazebnik, A. Gordo, F. Perronnin, "Iterative quantization: a Procrustean
       approach to learning binary codes for large-scale image retrieval", IEEE Trans. PAMI
       35(12), 2013, 2916-2929.

    Examples
    --------
    >>> code = itq([[0.0, 0.0], [4.0, 1.0], [8.0, 0.0]], 2, rng=0)
    >>> np.allclose(code.directions.T @ code.directions, np.eye(2))
    True
    """
    n_iter, rng = check_count(n_iter, "n_iter", low=0), as_rng(rng)
    mean, directions = pca_signs(X, n_bits)
    Y = (check_points(X) - mean) @ directions
    n_bits = Y.shape[1]
    turn = np.linalg.qr(rng.standard_normal((n_bits, n_bits)))[0].astype(Y.dtype)
    for _ in range(n_iter):
        signs = np.where(Y @ turn > 0, Y.dtype.type(1), Y.dtype.type(-1))
        U, _, Vt = np.linalg.svd(Y.T @ signs)
        turn = U @ Vt
    return LinearCode(mean, directions @ turn)


def semi_supervised_hash(X, n_bits, pairs, alike, *, weight=1.0):
    r"""Return directions along which known pairs agree and all points vary.

    Parameters
    ----------
    X : array, shape (n, d)
    n_bits : int
        At most d.
    pairs : array of int, shape (m, 2)
        Rows of ``X`` of which something is known.
    alike : array of bool, shape (m,)
        Whether the two should have the same bits, or opposite ones.
    weight : float, default 1.0
        Of the variance of all points against what the pairs say, not negative. Both are scaled
        to trace one in absolute value first.

    Returns
    -------
    LinearCode

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, pairs or ``alike`` do not suit it, or a number is out of
        range.

    Notes
    -----
    **Cost.** ``2 m d**2 + n d**2`` flops and an eigendecomposition of size d.

    Directions are the leading eigenvectors of
    :math:`\sum \pm (x_i x_j^T + x_j x_i^T)/2 + \eta X^T X`: the relaxation of [1]_ with
    orthogonal directions.

    References
    ----------
    .. [1] J. Wang, S. Kumar, S.-F. Chang, "Semi-supervised hashing for scalable image retrieval",
       CVPR 2010, 3424-3431.

    Examples
    --------
    >>> X = [[3.0, 1.0], [-3.0, 1.0], [3.0, -1.0], [-3.0, -1.0]]
    >>> code = semi_supervised_hash(X, 1, [[0, 1], [2, 3]], [True, True], weight=0.0)
    >>> np.abs(code.directions).round(6).ravel().tolist()
    [0.0, 1.0]
    """
    X = check_points(X)
    n_bits = check_count(n_bits, "n_bits", low=1, high=X.shape[1], high_name="d")
    pairs = check_indices(pairs, "pairs", len(X), ndim=2)
    alike = plain_array(alike, "alike")
    if pairs.shape[1] != 2 or alike.shape != (len(pairs),) or alike.dtype.kind != "b":
        raise ValueError("pairs must have two columns, and alike a bool for each of its rows.")
    weight = check_number(weight, "weight", low=0, high=np.inf, open_high=True)
    mean = X.mean(axis=0)
    centered = X - mean
    first, second = centered[pairs[:, 0]], centered[pairs[:, 1]]
    known = first.T @ (np.where(alike, 1, -1).astype(X.dtype)[:, None] * second)
    known = known + known.T
    spread = centered.T @ centered
    known /= np.abs(np.linalg.eigvalsh(known)).sum() or 1
    spread /= np.trace(spread) or 1
    _, vectors = np.linalg.eigh(known + weight * spread)
    return LinearCode(mean, np.ascontiguousarray(vectors[:, ::-1][:, :n_bits]).astype(X.dtype))
