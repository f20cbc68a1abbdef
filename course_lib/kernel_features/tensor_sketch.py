"""Features of polynomial kernels: hash the columns, once for each degree, and convolve."""

import numpy as np
import scipy.fft
from numba import njit

from course_lib._random_map import RandomMap
from course_lib._validation import check_count, check_number
from course_lib.hashing import ColumnHasher

__all__ = ["TensorSketch"]

LARGEST = 2**31 - 1
BLOCK = 1 << 17  # entries of the sketches of one degree that exist at a time


class TensorSketch(RandomMap):
    r"""Features whose inner products estimate a polynomial kernel.

    Parameters
    ----------
    degree : int, default 2
        Degree p of the kernel :math:`(\gamma x^T y + c_0)^p`.
    gamma : float, default 1.0
        Factor :math:`\gamma`, positive.
    coef0 : float, default 0.0
        Summand :math:`c_0`, not negative.
    n_components : int, default 100
        Numbers D in a row of features; powers of two are fast.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    columns_ : array, shape (degree, d + 1), int64
        Where each hash function sends each column; the last is the constant :math:`c_0`.
    signs_ : array, shape (degree, d + 1), int8
        The signs that they give.
    n_components_ : int
        Numbers in a row of features.
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    course_lib.hashing.ColumnHasher : the hash functions, and the features for degree 1.

    Notes
    -----
    Column :math:`j_1, \dots, j_p` of the p-fold tensor product, which is never formed, goes to
    column :math:`h_1(j_1) + \dots + h_p(j_p)` modulo D with the product of the signs. So the
    hashed product is the circular convolution of p hashed rows: a product of their transforms.

    **Cost.** For a row p additions for each stored entry, and p + 1 real Fourier transforms of
    length D; :math:`2p(d + 1)` numbers are stored. Memory for the result. Powers of two
    are fast, and so are other D without large prime factors.

    **Guarantee.** Over the draw of the hash functions inner products are unbiased, with a
    variance of at most :math:`(3^p - 1)|x|^{2p}|y|^{2p}/D` (`tensor_sketch_variance_bound`). It
    grows with the lengths of rows: scale them. Two degrees with one hash function are biased.

    It differs from scikit-learn's ``PolynomialCountSketch`` in that float32 is kept.

    References
    ----------
    .. [1] N. Pham, R. Pagh, "Fast and scalable polynomial kernels via explicit feature maps",
       KDD 2013.

    Examples
    --------
    A vector with one entry goes to one column, with a sign: :math:`(x^T x)^2 = 16` exactly.

    >>> z = TensorSketch(2, n_components=8, random_state=0).fit_transform([[0.0, 2.0]])
    >>> round(float(z[0] @ z[0]), 6), int((abs(z) > 1e-9).sum())
    (16.0, 1)
    """

    def __init__(self, degree=2, *, gamma=1.0, coef0=0.0, n_components=100, random_state=None):
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.n_components = n_components
        self.random_state = random_state

    def _draw(self, d, dtype, random):
        degree = check_count(self.degree, "degree", low=1, high=64)
        count = check_count(self.n_components, "n_components", low=1, high=LARGEST)
        check_number(self.gamma, "gamma", low=0.0, open_low=True, open_high=True)
        check_number(self.coef0, "coef0", low=0.0, open_high=True)
        like = np.zeros((1, d + 1))  # the last column is the constant
        maps = [
            ColumnHasher(count, random_state=random).fit(like).components_ for _ in range(degree)
        ]
        self.columns_ = np.array([m.indices for m in maps], np.int64)
        self.signs_ = np.array([m.data for m in maps]).astype(np.int8)
        self.n_components_ = self._n_features_out = count

    def _map(self, X):
        count = self.n_components_
        out = np.empty((X.shape[0], count), X.dtype)
        step = max(16, BLOCK // count)
        for start in range(0, X.shape[0], step):
            part = out[start : start + step]
            spectrum = None
            for columns, signs in zip(self.columns_, self.signs_, strict=True):
                self._hash_rows(X[start : start + step], columns, signs, part)
                if len(self.columns_) == 1:
                    break
                f = scipy.fft.rfft(part, axis=1)
                spectrum = f if spectrum is None else np.multiply(spectrum, f, out=spectrum)
            if spectrum is not None:
                part[:] = scipy.fft.irfft(spectrum, n=count, axis=1, overwrite_x=True)
        if not np.isfinite(out.sum()) and not np.isfinite(out).all():
            raise ValueError("X must have entries whose powers do not overflow; rescale it.")
        return out

    def _hash_rows(self, rows, columns, signs, out):
        """Write the hashed rows, scaled and with the constant, into ``out``."""
        out[:] = 0
        weights = (np.sqrt(float(self.gamma)) * signs).astype(out.dtype)
        if isinstance(rows, np.ndarray):
            _hash_dense(np.ascontiguousarray(rows), columns, weights, out)
        else:
            _hash_sparse(rows.data, rows.indices, rows.indptr, columns, weights, out)
        if self.coef0:
            out[:, columns[-1]] += signs[-1] * out.dtype.type(np.sqrt(float(self.coef0)))


@njit(cache=True)
def _hash_dense(X, columns, weights, out):
    """Add each entry, with its weight, to its column."""
    n, d = X.shape
    for i in range(n):
        row, sketch = X[i], out[i]
        for j in range(d):
            sketch[columns[j]] += row[j] * weights[j]


@njit(cache=True)
def _hash_sparse(data, indices, indptr, columns, weights, out):
    for i in range(len(indptr) - 1):
        for p in range(indptr[i], indptr[i + 1]):
            j = indices[p]
            out[i, columns[j]] += data[p] * weights[j]
