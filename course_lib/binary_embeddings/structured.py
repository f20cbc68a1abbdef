"""What the seven random matrices share: numbers, and an index that says where they stand."""

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_memory

__all__ = [
    "LARGEST",
    "StructuredMatrix",
    "check_block",
    "check_shape",
    "check_structured",
]

LARGEST = 2**31 - 1  # rows or columns


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


def check_shape(k, n, *, wide=False):
    n = check_count(n, "n", low=1, high=LARGEST)
    if wide:
        return check_count(k, "k", low=1, high=n, high_name="n"), n
    return check_count(k, "k", low=1, high=LARGEST), n


def check_block(block, n):
    block = check_count(block, "block", low=1, high=n, high_name="n")
    if n % block:
        raise ValueError(f"block must divide n = {n}; got {block}, pad vectors with zeros.")
    return block


def check_structured(matrix):
    """Return ``matrix`` if it is one of the seven; refuse anything else."""
    if not isinstance(matrix, StructuredMatrix):
        raise TypeError(
            "matrix must be one of the seven, such as Circulant(k, n); "
            f"got {type(matrix).__name__}."
        )
    return matrix
