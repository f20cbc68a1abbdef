"""The seven random matrices of the paper: a dense one, and six from few numbers.

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
"""

import math

import numpy as np

from course_lib._validation import as_rng
from course_lib.binary_embeddings.shifts import (
    BinCirc,
    Circulant,
    HalfShift,
    Toeplitz,
    VerHorShift,
)
from course_lib.binary_embeddings.structured import StructuredMatrix, check_block, check_shape

__all__ = ["MATRICES", "BinPerm", "Random"]

BLOCK = 1 << 15  # entries of a matrix that are formed at a time


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
        k, n = check_shape(k, n)
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
        k, n = check_shape(k, n)
        self.block = check_block(block, n)
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


MATRICES = {
    "circulant": Circulant,
    "random": Random,
    "bin_perm": BinPerm,
    "bin_circ": BinCirc,
    "half_shift": HalfShift,
    "toeplitz": Toeplitz,
    "ver_hor_shift": VerHorShift,
}  # in the order of the tables of the paper
