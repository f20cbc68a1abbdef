"""Binary embeddings as a scikit-learn transformer."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import as_random_state, check_count, check_flag, learner_rows
from course_lib.binary_embeddings.hashes import extended_hash, short_hash
from course_lib.binary_embeddings.matrices import MATRICES
from course_lib.binary_embeddings.structured import LARGEST
from course_lib.lsh import pack_bits

__all__ = ["BinaryEmbedding"]

BLOCK = 1 << 22  # entries of padded rows, or of their projections, that exist at a time
MULTIPLES = {"bin_perm": 4, "bin_circ": 4, "half_shift": 4}  # of what the columns are padded to


class BinaryEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
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
        Whether codes come packed 64 bits to a word, as `course_lib.lsh.hamming_search` reads them;
        else as 0 and 1, one a column.
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

    def fit(self, X, y=None):
        """Draw the hash; of ``X`` only the number of columns is used.

        Parameters
        ----------
        X : array or sparse matrix, shape (m, d)
            Training data.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix, or a parameter is out of range.
        """
        X = learner_rows(self, X, accept_sparse="csr")
        k = check_count(self.n_bits, "n_bits", low=1, high=LARGEST)
        if not (isinstance(self.matrix, str) and self.matrix in MATRICES):
            raise ValueError(f"matrix must be one of {', '.join(MATRICES)}; got {self.matrix!r}.")
        hadamard = check_flag(self.hadamard, "hadamard")
        packed = check_flag(self.packed, "packed")
        n = _padded(max(k, X.shape[1]), self.matrix, hadamard)
        random = as_random_state(self.random_state)
        rng = np.random.default_rng(random.randint(0, 2**32, size=4, dtype=np.uint32))
        make = extended_hash if hadamard else short_hash
        self.hash_ = make(MATRICES[self.matrix](k, n, rng=rng), signs=self.signs, rng=rng)
        self._n_features_out = -(-k // 64) if packed else k
        return self

    def transform(self, X):
        """Return the codes of rows.

        Parameters
        ----------
        X : array or sparse matrix, shape (m, d)
            Rows to hash.

        Returns
        -------
        array
            Packed, uint64, shape (m, ceil(n_bits / 64)); else uint8, shape (m, n_bits).

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix with the columns seen in `fit`.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse="csr", reset=False)
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _padded(n, matrix, hadamard):
    """Return the columns of the matrix for rows of ``n`` entries or fewer."""
    if hadamard:
        return max(1 << (n - 1).bit_length(), MULTIPLES.get(matrix, 1))
    multiple = MULTIPLES.get(matrix, 1)
    return -(-n // multiple) * multiple
