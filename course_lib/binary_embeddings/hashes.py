"""From vectors to codes: the short hash and the extended hash.

    short hash       x -> D x -> P D x -> signs
    extended hash    x -> R x -> H R x -> D H R x -> P D H R x -> signs

P is one of `MATRICES`, D and R are diagonal matrices of random signs, and H is the normalized
Hadamard matrix. D can be left out, to see what it is for.
"""

import numpy as np

from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_flag,
    check_vector,
)
from course_lib.binary_embeddings.structured import LARGEST, check_structured
from course_lib.lsh import pack_bits
from course_lib.randomness import fwht

__all__ = [
    "BinaryHash",
    "extended_hash",
    "random_signs",
    "short_hash",
]


class BinaryHash:
    """A hash of vectors to codes of bits; `short_hash` and `extended_hash` draw one.

    Parameters
    ----------
    matrix : StructuredMatrix
        The projection P, k x n.
    signs : array_like, shape (n,), or None
        The diagonal of D, +1 or -1; None leaves D out.
    premix : array_like, shape (n,), or None
        The diagonal of R of the extended hash, where n is a power of two; None for the short one.

    Attributes
    ----------
    matrix : StructuredMatrix
        The projection.
    signs, premix : array, shape (n,), int8, or None
        The diagonals.

    Raises
    ------
    ValueError, TypeError
        If ``matrix`` is none of the seven, or a diagonal is no vector of n signs.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> BinaryHash(Circulant(3, 4, rng=0), [1, -1, 1, 1])
    <short hash by Circulant(3, 4), with D>
    """

    def __init__(self, matrix, signs=None, premix=None):
        n = check_structured(matrix).shape[1]
        if premix is not None and n & (n - 1):
            raise ValueError(
                f"matrix must have a power of two as its number of columns; got {n}, pad vectors "
                "with zeros."
            )
        self.matrix = matrix
        self.signs = _check_signs(signs, "signs", n)
        self.premix = _check_signs(premix, "premix", n)

    def __repr__(self):
        kind = "short" if self.premix is None else "extended"
        with_or_without = "without" if self.signs is None else "with"
        return f"<{kind} hash by {self.matrix!r}, {with_or_without} D>"

    @property
    def n_bits(self):
        """Bits of a code: the rows of the matrix."""
        return self.matrix.shape[0]

    @property
    def n_gaussians(self):
        """Gaussian numbers that were drawn."""
        return self.matrix.n_gaussians

    @property
    def n_signs(self):
        """Random signs that were drawn: coin flips, one bit each."""
        return sum(len(signs) for signs in (self.signs, self.premix) if signs is not None)

    def project(self, X):
        """Return the real numbers whose signs are the code.

        Parameters
        ----------
        X : array_like, shape (m, n) or (n,)
            Vectors, one a row; their lengths do not matter. The input is not changed.

        Returns
        -------
        array, shape (m, k) or (k,)
            Float32 if ``X`` is float32, else float64.

        Raises
        ------
        ValueError, TypeError
            If ``X`` does not hold finite real numbers, n in a row.

        Notes
        -----
        **Cost.** That of `StructuredMatrix.apply`, one multiplication an entry for D, and
        :math:`n \\log_2 n` additions a row for H.
        """
        X = check_array(X, "X")
        n = self.matrix.shape[1]
        if X.ndim not in (1, 2) or X.shape[-1] != n:
            raise ValueError(f"X must have rows of {n} entries, or be one; got shape {X.shape}.")
        check_finite(X, "X")
        if self.premix is not None:
            X = fwht(X * self.premix, orthonormal=True)
        return self.matrix.apply(X if self.signs is None else X * self.signs)

    def bits(self, X):
        """Return the codes as an array of bool, shape (m, n_bits): where `project` is positive.

        A product that is zero but for rounding may fall on either side.

        Parameters
        ----------
        X : array_like, shape (m, n) or (n,)
            As for `project`.
        """
        return self.project(X) > 0

    def codes(self, X):
        """Return the codes packed 64 bits to a word, for `course_lib.lsh.hamming_search`.

        Parameters
        ----------
        X : array_like, shape (m, n) or (n,)
            As for `project`.

        Returns
        -------
        array of uint64, shape (m, ceil(n_bits / 64)) or (ceil(n_bits / 64),)
            Bit j of a code is bit ``j % 64``, from the lowest, of word ``j // 64``.
        """
        bits = self.bits(X)
        codes = pack_bits(bits.reshape(-1, self.n_bits))
        return codes.reshape(*bits.shape[:-1], -1)


def short_hash(matrix, *, signs=True, rng=None):
    r"""Return the hash x -> D x -> P D x -> signs.

    Parameters
    ----------
    matrix : StructuredMatrix
        The projection :math:`P`, k x n.
    signs : bool, default True
        Whether to draw :math:`D`. Without it the same matrix is applied to the raw vectors.
    rng : Generator, int or None
        Source of randomness of the signs. The matrix has drawn its own: give one generator to
        both, or two seeds.

    Returns
    -------
    BinaryHash

    Raises
    ------
    TypeError
        If ``matrix`` is none of the seven, or ``signs`` is no bool.

    Notes
    -----
    **Cost.** One random sign for each of the n columns.

    **Guarantee.** Let :math:`\theta` be the angle between two vectors. The share of bits in which
    their codes differ has mean :math:`\theta/\pi` ([1], Lemma 4.1), for each of the seven
    matrices, with D or without: each row alone is a vector of independent normal numbers. The
    variance is another matter: `hash_variance`.

    References
    ----------
    .. [1] A. Choromanska, K. Choromanski, M. Bojarski, T. Jebara, S. Kumar, Y. LeCun, "Binary
       embeddings with structured hashed projections", ICML 2016, section 3.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> h = short_hash(Circulant(3, 4, rng=0), rng=1)
    >>> h.codes([1.0, 0, 0, 0]) ^ h.codes([-1.0, 0, 0, 0])      # opposite: 3 bits of 3 differ
    array([7], dtype=uint64)
    """
    n = check_structured(matrix).shape[1]
    return BinaryHash(matrix, random_signs(n, rng=rng) if check_flag(signs, "signs") else None)


def extended_hash(matrix, *, signs=True, rng=None):
    r"""Return the hash x -> R x -> H R x -> D H R x -> P D H R x -> signs.

    Parameters
    ----------
    matrix : StructuredMatrix
        The projection :math:`P`, k x n, where n is a power of two.
    signs : bool, default True
        Whether to draw :math:`D`.
    rng : Generator, int or None
        Source of randomness of the signs. The matrix has drawn its own: give one generator to
        both, or two seeds.

    Returns
    -------
    BinaryHash

    Raises
    ------
    ValueError
        If the matrix has another number of columns than a power of two.
    TypeError
        If ``matrix`` is none of the seven, or ``signs`` is no bool.

    Notes
    -----
    **Cost.** Two random signs for each of the n columns.

    **Guarantee.** As for `short_hash`: R and H turn both vectors alike and keep their angle.
    What they add is that every coordinate becomes small, whatever the vector was.

    References
    ----------
    .. [1] A. Choromanska, K. Choromanski, M. Bojarski, T. Jebara, S. Kumar, Y. LeCun, "Binary
       embeddings with structured hashed projections", ICML 2016, section 3.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> extended_hash(Circulant(3, 4, rng=0), rng=1).n_signs
    8
    """
    n = check_structured(matrix).shape[1]
    rng = as_rng(rng)
    premix = random_signs(n, rng=rng)
    D = random_signs(n, rng=rng) if check_flag(signs, "signs") else None
    return BinaryHash(matrix, D, premix)


def random_signs(n, *, rng=None):
    """Return ``n`` independent random signs, +1 or -1 with chance one half each.

    Parameters
    ----------
    n : int
        How many.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    array, shape (n,), int8

    Raises
    ------
    ValueError, TypeError
        If ``n`` is not a positive integer.

    Examples
    --------
    >>> set(random_signs(100, rng=0).tolist()) == {-1, 1}
    True
    """
    n = check_count(n, "n", low=1, high=LARGEST)
    return as_rng(rng).integers(0, 2, n, dtype=np.int8) * np.int8(2) - np.int8(1)


def _check_signs(signs, name, n):
    if signs is None:
        return None
    signs = check_vector(signs, name, n)
    if not (np.abs(signs) == 1).all():
        raise ValueError(f"{name} must hold +1 and -1 only; got {signs[np.abs(signs) != 1][0]:g}.")
    return signs.astype(np.int8)
