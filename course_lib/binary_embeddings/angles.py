"""The angle between two vectors, and what two codes tell of it."""

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, plain_array

__all__ = ["angle_share", "estimate_angle_share"]


def angle_share(P, R):
    r"""Return the angles between vectors as shares of :math:`\pi`.

    Parameters
    ----------
    P, R : array_like, shape (m, n) or (n,)
        Vectors, one a row; their lengths do not matter. The m-th is compared with the m-th.

    Returns
    -------
    array, shape (m,), or float
        :math:`\theta/\pi`: 0 for one direction, 1/2 for orthogonal vectors, 1 for opposite ones.

    Raises
    ------
    ValueError, TypeError
        If shapes differ, a vector is zero, or an entry is not a finite real number.

    Notes
    -----
    **Cost.** A few passes over both. :math:`2 \arctan(\|u - v\| / \|u + v\|)` of the unit vectors
    is exact to rounding for small angles too, where the arc cosine loses half of the digits.

    Examples
    --------
    >>> angle_share([1.0, 0.0], [0.0, 2.0])
    0.5
    """
    P, R = (check_array(V, name, dtype=np.float64) for V, name in ((P, "P"), (R, "R")))
    if P.shape != R.shape or P.ndim not in (1, 2):
        raise ValueError(
            f"P and R must be two vectors, or two matrices, of one shape; got {P.shape}, {R.shape}."
        )
    U, V = _unit(P, "P"), _unit(R, "R")
    across, along = np.linalg.norm(U - V, axis=-1), np.linalg.norm(U + V, axis=-1)
    share = 2 * np.arctan2(across, along) / np.pi
    return float(share) if P.ndim == 1 else share


def estimate_angle_share(codes, others, n_bits):
    r"""Return the shares of bits in which codes differ: estimates of :math:`\theta/\pi`.

    Parameters
    ----------
    codes, others : array of uint64, shape (m, words) or (words,)
        Packed codes of one hash; the m-th is compared with the m-th.
    n_bits : int
        Bits :math:`k` of a code.

    Returns
    -------
    array, shape (m,), or float
        :math:`\tilde\theta = \frac{1}{2k} \|h(p) - h(r)\|_1`, where :math:`h` has the entries
        :math:`\pm 1`.

    Raises
    ------
    ValueError, TypeError
        If these are no codes of one shape, with the words that ``n_bits`` need.

    Notes
    -----
    **Cost.** One exclusive or and one bit count a word.

    **Guarantee.** Mean :math:`\theta/\pi`: see `short_hash`.

    Examples
    --------
    >>> import numpy as np
    >>> estimate_angle_share(np.array([5], np.uint64), np.array([6], np.uint64), 4)
    0.5
    """
    n_bits = check_count(n_bits, "n_bits", low=1)
    codes, others = _check_codes(codes, "codes"), _check_codes(others, "others")
    words = -(-n_bits // 64)
    if codes.shape != others.shape or codes.shape[-1] != words:
        raise ValueError(
            f"codes and others must have one shape, with {words} words in a code; "
            f"got {codes.shape} and {others.shape}."
        )
    differ = np.bitwise_count(codes ^ others).sum(axis=-1, dtype=np.int64) / n_bits
    return float(differ) if codes.ndim == 1 else differ


def _unit(V, name):
    scale = np.abs(V).max(axis=-1, keepdims=True, initial=0.0)
    if not np.isfinite(scale).all():
        check_finite(V, name)
    if not scale.all():
        raise ValueError(f"{name} must have no zero vector: it has no direction; leave it out.")
    V = V / scale
    return V / np.linalg.norm(V, axis=-1, keepdims=True)


def _check_codes(codes, name):
    codes = plain_array(codes, name)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"{name} must be words of bits; got {codes.dtype}, take hash.codes(X).")
    if codes.ndim not in (1, 2) or codes.shape[-1] == 0:
        raise ValueError(f"{name} must be codes, one a row, or one; got shape {codes.shape}.")
    return codes.astype(np.uint64, copy=False)
