"""The seven random matrices of the paper, as maps that are never formed.

Each of them is a table of Gaussian numbers read through an index: entry (i, j) is
``gaussians[variables(i)[j]]``. What differs is how few numbers the table has, and how the index
moves from one row to the next::

                 numbers    from one row to the next                    apply to one vector
    Random       k n        new numbers                                 2 k n flops
    BinPerm      n          its blocks in a new random order            2 k n flops
    Toeplitz     n + k - 1  a window moves by one                       O((n + k) log(n + k))
    Circulant    n          rolled by one                               O(n log n)
    BinCirc      n          rolled by a block                           O(n log n)
    HalfShift    n          halves swapped, then rolled by one          O(n log n)
    VerHorShift  n          rolled, and columns shifted up              O(n log n)

The last four and Toeplitz share one formula, entry (i, j) = g[(c_j - r_i) mod N], with integers
r_i and c_j. So a row of products is a cyclic correlation, read at the places r_i, of g with a
vector whose entries were moved to the places c_j. The fast Fourier transform makes the
correlation.
"""

import math

import numpy as np
import scipy.fft

from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_memory,
)

__all__ = [
    "MATRICES",
    "BinCirc",
    "BinPerm",
    "Circulant",
    "HalfShift",
    "Random",
    "StructuredMatrix",
    "Toeplitz",
    "VerHorShift",
    "check_flag",
    "check_structured",
]

LARGEST = 2**31 - 1  # rows or columns
BLOCK = 1 << 15  # entries that are transformed together, or formed of a matrix: half of an L2 cache
ROWS = 8  # at least that many together: the transform puts several rows into one vector register


class StructuredMatrix:
    """A random matrix of ``k`` rows and ``n`` columns; what the seven share.

    Attributes
    ----------
    shape : tuple of int
        ``(k, n)``.
    gaussians : array, shape (n_gaussians,), float64
        The independent standard normal numbers that the matrix is made of.
    n_gaussians : int
        How many: the budget of randomness.
    permutation_bits : float
        Random bits beside them that chose permutations; only `BinPerm` has some.
    nbytes : int
        What the matrix keeps, in bytes.
    stationary : bool
        Whether rows ``i`` and ``i + l`` share numbers in a way that depends on ``l`` alone.
    """

    stationary = True
    permutation_bits = 0.0

    def __init__(self, k, n, n_gaussians, rng):
        check_memory(8 * n_gaussians, "matrix")
        self.shape = (k, n)
        self.gaussians = rng.standard_normal(n_gaussians)

    def __repr__(self):
        return f"{type(self).__name__}{self.shape}"

    @property
    def n_gaussians(self):
        return len(self.gaussians)

    @property
    def nbytes(self):
        return sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))

    def variables(self, row):
        """Return which of the Gaussian numbers stand in a row, from left to right.

        Parameters
        ----------
        row : int
            Row of the matrix, from 0 to k - 1.

        Returns
        -------
        array, shape (n,), int64
            Places in ``gaussians``.

        Raises
        ------
        ValueError, TypeError
            If there is no such row.
        """
        row = check_count(row, "row", low=0, high=self.shape[0] - 1, high_name="k - 1")
        return self._variables(np.array([row]))[0]

    def dense(self, dtype=np.float64):
        """Return the matrix as an array of shape (k, n): for tests, and for looking at.

        Parameters
        ----------
        dtype : dtype, default float64
            Dtype of the entries.
        """
        return self.gaussians.astype(dtype)[self._variables(np.arange(self.shape[0]))]

    def apply(self, X):
        """Return the products of the matrix with each row of ``X``, or with one vector.

        Parameters
        ----------
        X : array_like, shape (m, n) or (n,)
            Vectors, one a row. The input is not changed.

        Returns
        -------
        array, shape (m, k) or (k,)
            ``X @ self.dense().T``, up to rounding; float32 if ``X`` is float32, else float64.

        Raises
        ------
        ValueError
            If ``X`` has another number of columns, or an entry is not finite.
        TypeError
            If ``X`` does not hold real numbers.

        Notes
        -----
        **Cost.** For a vector as the table of the module says; memory for the result, and for
        one block of rows at a time.
        """
        X = check_array(X, "X")
        k, n = self.shape
        if X.ndim not in (1, 2) or X.shape[-1] != n:
            raise ValueError(
                f"X must have rows of {n} entries, as the matrix has columns; got shape {X.shape}."
            )
        rows = X.reshape(-1, n)
        return check_finite(self._apply(rows), "X").reshape(*X.shape[:-1], k)


class Random(StructuredMatrix):
    r"""The dense Gaussian matrix: :math:`kn` independent numbers, nothing shared.

    Parameters
    ----------
    k, n : int
        Rows and columns.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> Random(2, 3, rng=0).variables(1)
    array([3, 4, 5])
    """

    def __init__(self, k, n, *, rng=None):
        k, n = _check_shape(k, n)
        super().__init__(k, n, k * n, as_rng(rng))

    def _variables(self, rows):
        n = self.shape[1]
        return rows[:, None] * n + np.arange(n)

    def _apply(self, X):
        return X @ self.gaussians.reshape(self.shape).T.astype(X.dtype, copy=False)


class BinPerm(StructuredMatrix):
    r"""Each row holds the blocks of one Gaussian vector in a random order of its own.

    Parameters
    ----------
    k, n : int
        Rows and columns.
    block : int, default 4
        Length :math:`s` of a block; it divides :math:`n`.
    rng : Generator, int or None
        Source of randomness.

    Notes
    -----
    **Cost.** :math:`n` Gaussian numbers, and :math:`\log_2((n/s)!)` bits a row for the orders,
    which need :math:`kn/s` places of memory. A product costs as much as with a dense matrix: rows
    are formed, some at a time.

    Examples
    --------
    >>> sorted(BinPerm(2, 6, block=3, rng=0).variables(1).tolist())
    [0, 1, 2, 3, 4, 5]
    """

    stationary = False

    def __init__(self, k, n, *, block=4, rng=None):
        k, n = _check_shape(k, n)
        self.block = _check_block(block, n)
        rng = as_rng(rng)
        super().__init__(k, n, n, rng)
        kind = np.min_scalar_type(n // self.block - 1)
        orders = np.tile(np.arange(n // self.block, dtype=kind), (k, 1))
        self._orders = rng.permuted(orders, axis=1, out=orders)

    @property
    def permutation_bits(self):
        k, n = self.shape
        return k * math.lgamma(n // self.block + 1) / math.log(2)

    def _variables(self, rows):
        starts = self._orders[rows].astype(np.int64) * self.block
        return (starts[:, :, None] + np.arange(self.block)).reshape(len(rows), -1)

    def _apply(self, X):
        k, n = self.shape
        blocks = self.gaussians.astype(X.dtype).reshape(-1, self.block)
        Y = np.empty((len(X), k), X.dtype)
        step = max(1, BLOCK // n)
        for start in range(0, k, step):
            part = blocks[self._orders[start : start + step]].reshape(-1, n)
            np.matmul(X, part.T, out=Y[:, start : start + step])
        return Y


class _Shifted(StructuredMatrix):
    """A matrix with the entries g[(c_j - r_i) mod N]."""

    def __init__(self, k, n, rng, stride, factor=1):
        super().__init__(k, n, n, as_rng(rng))
        self._places = np.arange(k) * stride % n
        self._columns = np.arange(n) * factor % n
        self._prepare(self.gaussians, factor)

    def _prepare(self, cycle, factor=1):
        """Keep the spectrum of one cycle of numbers, in both precisions."""
        self._order = None if factor == 1 else np.argsort(self._columns)
        spectrum = np.conj(scipy.fft.rfft(cycle))
        self._spectra = {np.dtype(np.float64): spectrum}
        self._spectra[np.dtype(np.float32)] = spectrum.astype(np.complex64)
        self._length = len(cycle)

    @property
    def nbytes(self):
        return super().nbytes + sum(spectrum.nbytes for spectrum in self._spectra.values())

    def _variables(self, rows):
        return (self._columns - self._places[rows][:, None]) % self.shape[1]

    def _apply(self, X):
        k = self.shape[0]
        spectrum = self._spectra[X.dtype]
        in_order = k == 1 or (self._places[1] == 1 and self._places[-1] == k - 1)
        places = slice(k) if in_order else self._places
        Y = np.empty((len(X), k), X.dtype)
        step = max(ROWS, BLOCK // self._length)
        for start in range(0, len(X), step):
            rows = X[start : start + step]
            moved = rows if self._order is None else rows[:, self._order]
            F = scipy.fft.rfft(moved, n=self._length, axis=1)
            F *= spectrum
            correlation = scipy.fft.irfft(F, n=self._length, axis=1, overwrite_x=True)
            Y[start : start + step] = correlation[:, places]
        return Y


class Circulant(_Shifted):
    r"""Each row is the row above, rolled to the right by one: entry :math:`g_{(j - i) \bmod n}`.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``: a row more would be the first again.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> C = Circulant(2, 3, rng=0)
    >>> C.variables(0), C.variables(1)
    (array([0, 1, 2]), array([2, 0, 1]))
    """

    def __init__(self, k, n, *, rng=None):
        k, n = _check_shape(k, n, wide=True)
        super().__init__(k, n, rng, 1)


class BinCirc(_Shifted):
    r"""Each row is the row above, rolled to the right by a block.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``.
    block : int, default 4
        Length :math:`s` of a block; it divides :math:`n`. With 1 this is `Circulant`.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> BinCirc(2, 6, block=3, rng=0).variables(1)
    array([3, 4, 5, 0, 1, 2])
    """

    def __init__(self, k, n, *, block=4, rng=None):
        k, n = _check_shape(k, n, wide=True)
        self.block = _check_block(block, n)
        super().__init__(k, n, rng, self.block)


class HalfShift(_Shifted):
    r"""Each row is the row above with its halves swapped, then rolled to the right by one.

    Swapping halves is rolling by :math:`n/2`, so a row is the row above rolled by
    :math:`n/2 + 1`. If 4 divides :math:`n` and :math:`k = n`, the rows are those of `Circulant`
    in another order; if :math:`n/2` is odd, they repeat after :math:`n/2`.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``; ``n`` is even.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> HalfShift(2, 4, rng=0).variables(1)
    array([1, 2, 3, 0])
    """

    def __init__(self, k, n, *, rng=None):
        k, n = _check_shape(k, n, wide=True)
        if n % 2:
            raise ValueError(f"n must be even, to have halves; got {n}, pad vectors with a zero.")
        super().__init__(k, n, rng, n // 2 + 1)


class VerHorShift(_Shifted):
    r"""Rows rolled to the right by ``horizontal`` each, then columns shifted up.

    Column :math:`j` is shifted up by :math:`vj` places, so entry :math:`(i, j)` is
    :math:`g_{(j - h(i + vj)) \bmod n}`. That is our reading of the paper, which fixes neither
    length. It is a circulant of stride :math:`h` whose columns were permuted, if
    :math:`1 - hv` and :math:`n` have no common factor; else a row would hold a number twice.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``.
    horizontal : int, default 1
        The shift :math:`h` of rows.
    vertical : int or None
        The shift :math:`v` of columns. None takes the first from :math:`\lfloor\sqrt n\rfloor`
        on that will do: 28 for the 784 pixels of a digit, one row of the picture.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> P = VerHorShift(2, 5, horizontal=1, vertical=2, rng=0)
    >>> P.variables(0), P.variables(1)
    (array([0, 4, 3, 2, 1]), array([4, 3, 2, 1, 0]))
    """

    def __init__(self, k, n, *, horizontal=1, vertical=None, rng=None):
        k, n = _check_shape(k, n, wide=True)
        h = check_count(horizontal, "horizontal", low=1, high=LARGEST)
        v = _free_shift(h, n) if vertical is None else vertical
        v = check_count(v, "vertical", low=0, high=LARGEST)
        if math.gcd(1 - h * v, n) != 1:
            raise ValueError(
                f"horizontal * vertical - 1 must have no factor in common with n = {n}; "
                f"got {h} * {v} - 1, choose another shift."
            )
        self.horizontal, self.vertical = h, v
        super().__init__(k, n, rng, h, (1 - h * v) % n)


class Toeplitz(_Shifted):
    r"""Each row is a window into :math:`n + k - 1` numbers, which moves to the left by one.

    Parameters
    ----------
    k, n : int
        Rows and columns; there may be more rows than columns.
    rng : Generator, int or None
        Source of randomness.

    Notes
    -----
    **Cost.** Correlations of length :math:`n + k - 1` or the next length that the transform
    likes: about twice those of `Circulant` at :math:`k = n`.

    Examples
    --------
    >>> T = Toeplitz(2, 3, rng=0)
    >>> T.variables(0), T.variables(1)
    (array([1, 2, 3]), array([0, 1, 2]))
    """

    def __init__(self, k, n, *, rng=None):
        k, n = _check_shape(k, n)
        StructuredMatrix.__init__(self, k, n, n + k - 1, as_rng(rng))
        self._places, self._columns = np.arange(k), np.arange(n)
        cycle = np.zeros(scipy.fft.next_fast_len(n + k - 1, real=True))
        cycle[:n] = self.gaussians[k - 1 :]
        cycle[len(cycle) - k + 1 :] = self.gaussians[: k - 1]
        self._prepare(cycle)

    def _variables(self, rows):
        k, n = self.shape
        return np.arange(n) - rows[:, None] + k - 1


MATRICES = {
    "circulant": Circulant,
    "random": Random,
    "bin_perm": BinPerm,
    "bin_circ": BinCirc,
    "half_shift": HalfShift,
    "toeplitz": Toeplitz,
    "ver_hor_shift": VerHorShift,
}  # in the order of the tables of the paper


def check_flag(value, name):
    """Return ``value`` as a bool; refuse anything else."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_structured(matrix):
    """Return ``matrix`` if it is one of the seven; refuse anything else."""
    if not isinstance(matrix, StructuredMatrix):
        raise TypeError(
            "matrix must be one of the seven, such as Circulant(k, n); "
            f"got {type(matrix).__name__}."
        )
    return matrix


def _check_shape(k, n, *, wide=False):
    n = check_count(n, "n", low=1, high=LARGEST)
    if wide:
        return check_count(k, "k", low=1, high=n, high_name="n"), n
    return check_count(k, "k", low=1, high=LARGEST), n


def _check_block(block, n):
    block = check_count(block, "block", low=1, high=n, high_name="n")
    if n % block:
        raise ValueError(f"block must divide n = {n}; got {block}, pad vectors with zeros.")
    return block


def _free_shift(h, n):
    """Return the first shift of columns from sqrt(n) on that keeps the numbers of a row apart."""
    v = math.isqrt(n)
    while math.gcd(1 - h * v, n) != 1:
        v += 1
        if v > math.isqrt(n) + n:  # h v - 1 meets every residue that it can within n steps
            return 0
    return v
