"""Random projections as scikit-learn transformers: Gaussian, sparse, and by Hadamard transform.

All three keep squared distances on average; what differs is the cost of a row and the variance::

                         a row costs          variance of |y|^2, for |x| = 1
    GaussianProjection   2 d k flops          2/k
    SparseProjection     2 d k density        (2 + (1/density - 3) sum x_i^4) / k
    HadamardProjection   D log2 D             2/k (1 - sum x_i^4) (D - k) / (D - 1)

D is the number of columns, d, rounded up to a power of two.

They differ from ``sklearn.random_projection`` in three ways: there is a Hadamard projection; the
density of the sparse one defaults to 1/3, where its variance is that of the Gaussian for
every input (the default there, 1/sqrt(d), fails on vectors with few large entries); and the
dimension of the image is a number, which `jl_dimension` finds, images are dense, more dimensions
than columns give no warning, and none is mapped back.
"""

import numpy as np
import scipy.sparse
from numba import njit
from scipy.linalg import hadamard

from course_lib._random_map import RandomMap
from course_lib._validation import check_count, check_number
from course_lib.randomness.hadamard import butterflies, transform

__all__ = ["GaussianProjection", "HadamardProjection", "SparseProjection"]

LARGEST = 2**31 - 1  # dimensions of an image
LANES = 16  # lowest bits of the index that are summed per output: one 512-bit vector of float32
FEW = 1 / 4  # share of the entries below which a sum for each is cheaper than the full transform
DENSE_ENOUGH = 0.05  # density of a map above which its dense product is faster
BLOCK = 1 << 22  # entries of a map, or of padded rows, that are made dense at a time


class _Projection(RandomMap):
    """What the three projections share: a number of components, any format of sparse rows."""

    _formats = ("csr", "csc")

    def __init__(self, n_components=100, *, random_state=None):
        self.n_components = n_components
        self.random_state = random_state

    def _draw(self, d, dtype, random):
        k = check_count(self.n_components, "n_components", low=1, high=LARGEST)
        self._draw_components(d, k, dtype, random)
        self.n_components_ = k

    @property
    def _n_features_out(self):
        return self.n_components_


class GaussianProjection(_Projection):
    r"""Project by a matrix of independent normal entries of variance 1/k.

    Parameters
    ----------
    n_components : int, default 100
        Dimension :math:`k` of the images; see `jl_dimension`.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    components_ : array, shape (n_components, d)
        The map, in the dtype of the training data.
    n_components_ : int

    Notes
    -----
    **Cost.** :math:`2dk` flops a row; :math:`dk` numbers are drawn and kept.

    **Guarantee.** For one pair, squared distances over their expectation are
    :math:`\chi^2_k / k`, exactly: `jl_failure`.

    References
    ----------
    .. [1] S. Dasgupta, A. Gupta, "An elementary proof of a theorem of Johnson and
       Lindenstrauss", Random Structures & Algorithms 22(1), 2003.

    Examples
    --------
    >>> import numpy as np
    >>> Y = GaussianProjection(500, random_state=0).fit_transform(np.eye(3))
    >>> Y.shape
    (3, 500)
    """

    def _draw_components(self, d, k, dtype, random):
        self.components_ = (random.standard_normal((k, d)) / np.sqrt(k)).astype(dtype)

    def _map(self, X):
        return X @ self.components_.T.astype(X.dtype, copy=False)


class SparseProjection(_Projection):
    r"""Project by a matrix most of whose entries are zero, the others plus or minus one number.

    Parameters
    ----------
    n_components : int, default 100
        Dimension :math:`k` of the images; see `jl_dimension`.
    density : float, default 1/3
        Chance :math:`p` that an entry is not zero, ``0 < density <= 1``.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    components_ : csr_array, shape (n_components, d)
        The map, in the dtype of the training data.
    n_components_ : int

    Notes
    -----
    **Cost.** :math:`2dkp` flops a row, additions but for one scale; above a density of 1/20 a
    dense product is faster, and used, a block of the map at a time.

    **Guarantee.** Entries are :math:`\pm 1/\sqrt{kp}` with chance :math:`p/2` each. For a unit
    vector the squared length has mean 1 and variance
    :math:`(2 + (1/p - 3) \sum_i x_i^4)/k`: with :math:`p = 1/3` as a Gaussian map, with less
    worse on vectors that have a few large entries. For :math:`p \ge 1/3` the bound of
    `jl_dimension` holds ([1], Theorem 1.1, for 1/3 and 1).

    References
    ----------
    .. [1] D. Achlioptas, "Database-friendly random projections", JCSS 66(4), 2003.
    .. [2] P. Li, T. J. Hastie, K. W. Church, "Very sparse random projections", KDD 2006, for
       densities below 1/3.

    Examples
    --------
    >>> import numpy as np
    >>> P = SparseProjection(300, random_state=0).fit(np.eye(3))
    >>> abs(P.components_.data).round(6).min(), round(1 / np.sqrt(300 / 3), 6)
    (np.float64(0.1), np.float64(0.1))
    """

    def __init__(self, n_components=100, *, density=1 / 3, random_state=None):
        super().__init__(n_components, random_state=random_state)
        self.density = density

    def _draw_components(self, d, k, dtype, random):
        p = check_number(self.density, "density", low=0.0, high=1.0, open_low=True)
        places = _bernoulli_places(k * d, p, random)
        plus = random.randint(0, 2, size=len(places), dtype=np.int8)
        entries = (np.array([-1.0, 1.0]) / np.sqrt(k * p)).astype(dtype)[plus]
        indptr = np.searchsorted(places, d * np.arange(k + 1))
        self.components_ = scipy.sparse.csr_array((entries, places % d, indptr), shape=(k, d))

    def _map(self, X):
        R = self.components_.astype(X.dtype, copy=False)
        k, d = R.shape
        if R.nnz <= DENSE_ENOUGH * k * d:
            Y = X @ R.T
            return Y if isinstance(Y, np.ndarray) else Y.toarray()
        step = max(1, BLOCK // d)
        blocks = (R[start : start + step].toarray() for start in range(0, k, step))
        return np.hstack([X @ block.T for block in blocks])


def _bernoulli_places(n, p, random):
    """Return which of ``n`` independent coins of chance ``p`` show heads, increasing.

    The gaps between heads are geometric, so only heads cost a draw.
    """
    places = np.empty(0, dtype=np.int64)
    while len(places) == 0 or places[-1] < n - 1:
        last = places[-1] if len(places) else -1
        more = int((n - 1 - last) * p + 3 * np.sqrt(n * p)) + 1
        places = np.concatenate([places, last + np.cumsum(random.geometric(p, size=more))])
    return places[places < n]


class HadamardProjection(_Projection):
    r"""Project by random signs, a Hadamard transform and a sample of its entries (SRHT).

    Parameters
    ----------
    n_components : int, default 100
        Dimension :math:`k` of the images, at most :math:`D`, the least power of two that is not
        below the number of columns.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    signs_ : array, shape (d,)
        The random signs, in the dtype of the training data.
    rows_ : array, shape (n_components,)
        The rows of the Hadamard matrix that are kept, different and in order.
    n_components_ : int

    Notes
    -----
    **Cost.** For a row :math:`D \log_2 D` additions and one reading; ``d + k`` numbers are kept.
    If less than a quarter of the entries are wanted, the transform stops before the last four
    bits of the index and each output sums its own 16 numbers with signs, which makes
    :math:`D \log_2(D/16) + 32 k` flops. Sparse rows are made dense, a block at a time.

    **Guarantee.** For a unit vector the squared length has mean 1 and variance

    .. math:: \frac2k \Big(1 - \sum_i x_i^4\Big) \frac{D - k}{D - 1},

    exactly, which is below that of a Gaussian map; at :math:`k = D` lengths are kept. The
    *tails* are not Gaussian, and the proven dimension, `hadamard_dimension`, is larger.

    References
    ----------
    .. [1] N. Ailon, B. Chazelle, "The fast Johnson-Lindenstrauss transform and approximate
       nearest neighbors", SIAM J. Comput. 39(1), 2009.
    .. [2] N. Ailon, E. Liberty, "Fast dimension reduction using Rademacher series on dual BCH
       codes", Discrete Comput. Geom. 42(4), 2009, for stopping the transform early.
    .. [3] J. A. Tropp, "Improved analysis of the subsampled randomized Hadamard transform", Adv.
       Adapt. Data Anal. 3, 2011, for sampling; [1] ends with a sparse random matrix instead.

    Examples
    --------
    >>> import numpy as np
    >>> P = HadamardProjection(4, random_state=0)
    >>> np.linalg.norm(P.fit_transform([[3.0, 0.0, 4.0, 0.0]])).round(6)
    np.float64(5.0)
    """

    def _draw_components(self, d, k, dtype, random):
        padded = 1 << (d - 1).bit_length()
        if k > padded:
            raise ValueError(
                f"n_components must be between 1 and {padded}, the padded dimension of X with "
                f"{d} feature(s); got {k}."
            )
        self.signs_ = (random.randint(0, 2, size=d) * 2 - 1).astype(dtype)
        self.rows_ = np.sort(random.permutation(padded)[:k])

    def _map(self, X):
        signs = self.signs_.astype(X.dtype, copy=False)
        padded = 1 << (len(signs) - 1).bit_length()
        # Sums of their own pay if few entries are kept; else the full transform is cheaper.
        width = min(LANES, padded) if len(self.rows_) < FEW * padded else 1
        groups, low = np.divmod(self.rows_, width)
        weights = (hadamard(width)[low] / np.sqrt(len(self.rows_))).astype(X.dtype)
        Y = np.empty((X.shape[0], len(self.rows_)), X.dtype)
        block = max(1, BLOCK // padded)
        for start in range(0, X.shape[0], block):
            rows = X[start : start + block]
            rows = np.ascontiguousarray(rows if isinstance(rows, np.ndarray) else rows.toarray())
            _project_rows(rows, signs, padded, groups, weights, Y[start : start + block])
        return Y


@njit(cache=True, fastmath={"reassoc", "contract"})
def _project_rows(X, signs, padded, groups, weights, Y):
    """Write the sampled transform of each row of ``X``, its signs changed, into ``Y``.

    Row r of the Hadamard matrix is the product of two: of its high bits, ``groups``, which the
    butterflies apply, and of its low bits, whose signs are in ``weights``. With no low bits the
    whole transform is made, and entries are picked.
    """
    n, d = X.shape
    k, width = weights.shape
    y = np.empty(padded, X.dtype)
    for i in range(n):
        for j in range(d):
            y[j] = X[i, j] * signs[j]
        y[d:] = 0
        if width == 1:
            transform(y)
            for c in range(k):
                Y[i, c] = y[groups[c]] * weights[c, 0]
            continue
        butterflies(y, width)
        for c in range(k):
            part, weight = y[groups[c] * width : (groups[c] + 1) * width], weights[c]
            total = y.dtype.type(0)
            for a in range(width):
                total += part[a] * weight[a]
            Y[i, c] = total
