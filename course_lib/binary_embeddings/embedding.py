"""Binary embeddings as a scikit-learn transformer."""

import numpy as np

from course_lib._random_map import RandomMap, generator
from course_lib._validation import check_count, check_flag
from course_lib.binary_embeddings.hashes import extended_hash, short_hash
from course_lib.binary_embeddings.matrices import MATRICES
from course_lib.binary_embeddings.structured import LARGEST
from course_lib.lsh import pack_bits

__all__ = ["BinaryEmbedding"]

BLOCK = 1 << 22  # entries of padded rows, or of their projections, that exist at a time
MULTIPLES = {"bin_perm": 4, "bin_circ": 4, "half_shift": 4}  # of what the columns are padded to


class BinaryEmbedding(RandomMap):
    r"""Codes of bits whose Hamming distances tell angles, by a structured random matrix.

    Parameters
    ----------
    n_bits : int, default 256
        Bits :math:`k` of a code.
    matrix : str, default "circulant"
        The random matrix, or "random", "bin_perm", "bin_circ", "half_shift", "toeplitz" or
        "ver_hor_shift"; see `MATRICES`.
    signs : bool, default True
        Whether columns get random signs D first. Without them codes of one size are much less
        accurate on data whose neighboring columns are alike, such as pictures.
    hadamard : bool, default False
        Whether to take the extended hash: random signs and a Hadamard transform before all else.
    packed : bool, default True
        Whether codes come packed 64 bits to a word, uint64 (m, ceil(n_bits / 64)), as
        `course_lib.lsh.hamming_search` reads them; else as 0 and 1, uint8 (m, n_bits).
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    hash_ : BinaryHash
        The hash that was drawn.
    n_features_in_ : int
        Columns of the training data.

    See Also
    --------
    short_hash : the hash itself, for vectors of the size of the matrix.

    Notes
    -----
    Rows are padded with zeros, which changes no angle, to the size of the matrix: at least
    ``n_bits`` columns, of which every row of a circulant matrix is another, a multiple of 4 where
    blocks or halves are moved, and a power of two for the Hadamard transform.

    **Cost.** For a row that of the matrix; see `StructuredMatrix`. Rows are projected a block at a
    time, so that beyond the codes 32 MB are needed at most, or what one row takes.

    **Guarantee.** The share of differing bits has mean :math:`\theta/\pi` ([1], Lemma 4.1).

    References
    ----------
    .. [1] A. Choromanska, K. Choromanski, M. Bojarski, T. Jebara, S. Kumar, Y. LeCun, "Binary
       embeddings with structured hashed projections", ICML 2016.
    .. [2] F. X. Yu, S. Kumar, Y. Gong, S.-F. Chang, "Circulant binary embedding", ICML 2014.

    Examples
    --------
    >>> import numpy as np
    >>> codes = BinaryEmbedding(64, random_state=0).fit_transform([[1.0, 0.0], [-1.0, 0.0]])
    >>> np.bitwise_count(codes[0] ^ codes[1])       # opposite: all bits differ
    array([64], dtype=uint8)
    """

    _preserves = ()

    def __init__(
        self,
        n_bits=256,
        *,
        matrix="circulant",
        signs=True,
        hadamard=False,
        packed=True,
        random_state=None,
    ):
        self.n_bits = n_bits
        self.matrix = matrix
        self.signs = signs
        self.hadamard = hadamard
        self.packed = packed
        self.random_state = random_state

    def _draw(self, d, dtype, random):
        k = check_count(self.n_bits, "n_bits", low=1, high=LARGEST)
        if not (isinstance(self.matrix, str) and self.matrix in MATRICES):
            raise ValueError(f"matrix must be one of {', '.join(MATRICES)}; got {self.matrix!r}.")
        hadamard = check_flag(self.hadamard, "hadamard")
        packed = check_flag(self.packed, "packed")
        n = _padded(max(k, d), self.matrix, hadamard)
        rng = generator(random)
        make = extended_hash if hadamard else short_hash
        self.hash_ = make(MATRICES[self.matrix](k, n, rng=rng), signs=self.signs, rng=rng)
        self._n_features_out = -(-k // 64) if packed else k

    def _map(self, X):
        n = self.hash_.matrix.shape[1]
        codes = np.empty((X.shape[0], self._n_features_out), np.uint64 if self.packed else np.uint8)
        block = max(1, BLOCK // n)
        for start in range(0, X.shape[0], block):
            rows = X[start : start + block]
            rows = rows if isinstance(rows, np.ndarray) else rows.toarray()
            if rows.shape[1] < n:
                padded = np.zeros((len(rows), n), rows.dtype)
                padded[:, : rows.shape[1]] = rows
                rows = padded
            bits = self.hash_.bits(rows)
            codes[start : start + block] = pack_bits(bits) if self.packed else bits
        return codes


def _padded(n, matrix, hadamard):
    """Return the columns of the matrix for rows of ``n`` entries or fewer."""
    if hadamard:
        return max(1 << (n - 1).bit_length(), MULTIPLES.get(matrix, 1))
    multiple = MULTIPLES.get(matrix, 1)
    return -(-n // multiple) * multiple
