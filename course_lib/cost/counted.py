"""What an algorithm works on, with a meter: each way to use it counts, or is refused in words.

::

    CountedMatrix     a matrix known by its products and by blocks of its rows
    CountedStream     items that are handed out once
    CountedDistance   a distance, or a kernel, of pairs of rows

Book: ``book/01-cost.md``.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import scipy.sparse

from course_lib._validation import check_count, check_matrix
from course_lib.cost.meter import Meter

__all__ = ["CountedDistance", "CountedMatrix", "CountedStream"]

WAYS = "use A @ X, A.T @ Y or A.blocks(size), which are counted."


class CountedMatrix:
    """A matrix that counts how often it is read, and can be read in two ways only.

    ``A @ X`` and ``A.T @ Y`` count one pass and one product for each column of ``X``, a vector or
    a matrix of real numbers, dense or sparse; ``A.blocks(size)`` hands out blocks of rows and
    counts each row's share of a pass. Anything that would copy the matrix uncounted, such as
    ``np.asarray(A)`` or ``A[0]``, is refused.

    Parameters
    ----------
    A : array or sparse matrix, shape (m, n)
    meter : Meter

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a real matrix that is there, and from a product with what is neither a
        vector nor a matrix of real numbers.

    Examples
    --------
    >>> meter = Meter()
    >>> A = CountedMatrix(np.ones((4, 2)), meter)
    >>> Y = A.T @ (A @ np.ones((2, 3)))
    >>> sum(block.sum() for block in A.blocks(3))
    np.float64(8.0)
    >>> meter
    Meter(passes=3, bytes=192, products=6)
    """

    __array_ufunc__ = None  # ndarray @ CountedMatrix comes to __rmatmul__

    def __init__(self, A, meter):
        A = check_matrix(A)
        if not isinstance(A, np.ndarray) and not scipy.sparse.issparse(A):
            raise TypeError(
                f"A must be an array or a sparse matrix; got {type(A).__name__}, of which it is "
                "not known what a product reads."
            )
        if isinstance(A, np.ndarray):
            self._A = np.asarray(A)  # a subclass may have products of its own
        else:
            self._A = A if A.format in ("csr", "csc") else A.tocsr()
        self._meter = meter

    @property
    def shape(self):
        """Rows and columns, ``(m, n)``."""
        return self._A.shape

    @property
    def dtype(self):
        """The dtype of the entries."""
        return self._A.dtype

    @property
    def ndim(self):
        """Always 2."""
        return 2

    @property
    def T(self):
        """The transpose, counted on the same meter."""
        return CountedMatrix(self._A.T, self._meter)

    def __len__(self):
        return self.shape[0]

    def __matmul__(self, X):
        X = _factor(X)
        product = self._A @ X
        self._count(Fraction(1), math.prod(X.shape[1:]))
        return product.toarray() if scipy.sparse.issparse(product) else product

    def __rmatmul__(self, X):
        return (self.T @ _factor(X).T).T

    def __getitem__(self, index):
        raise TypeError(f"A counted matrix has no entries or rows to index: {WAYS}")

    def __getattr__(self, name):
        raise AttributeError(f"A counted matrix has no {name!r}: {WAYS}")

    def blocks(self, size):
        """Yield the matrix in blocks of ``size`` rows, from the first row to the last."""
        size = check_count(size, "size", low=1)
        m = self.shape[0]
        for start in range(0, m, size):
            block = self._A[start : start + size]
            self._count(Fraction(block.shape[0], m), 0)
            yield block.copy()

    def __array__(self, dtype=None, copy=None):
        raise TypeError(f"A counted matrix cannot be copied into an array: {WAYS}")

    def __repr__(self):
        m, n = self.shape
        return f"CountedMatrix({m} x {n} {self.dtype}, {self._meter})"

    def _count(self, passes, products):
        self._meter.passes += passes
        self._meter.bytes += round(passes * _stored_bytes(self._A))
        self._meter.products += products


def _factor(X):
    """What a counted matrix may be multiplied by: columns of one real number an entry."""
    X = X if scipy.sparse.issparse(X) else np.asarray(X)
    if X.ndim not in (1, 2):
        raise ValueError(
            f"a counted matrix is multiplied by a vector or a matrix; got shape {X.shape}: "
            "write a stack of matrices as one matrix, side by side."
        )
    if X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        raise TypeError(
            "a counted matrix is multiplied by real numbers of at most 64 bits; got dtype "
            f"{X.dtype}: multiply by the real and the imaginary part, or by X.astype(float)."
        )
    return X


def _stored_bytes(A):
    if scipy.sparse.issparse(A):
        return sum(part.nbytes for part in vars(A).values() if isinstance(part, np.ndarray))
    return A.nbytes


class CountedStream:
    """Items in order, handed out once; a second reading counts as a second pass.

    Parameters
    ----------
    items : array or sequence, length n
    meter : Meter

    Raises
    ------
    TypeError
        If the items have no order or no length, and where they would be had without reading them
        in order.

    Examples
    --------
    >>> meter = Meter()
    >>> sum(CountedStream([2, 3, 5, 7], meter))
    17
    >>> meter
    Meter(passes=1)
    """

    def __init__(self, items, meter):
        sequence = hasattr(items, "__len__") and hasattr(items, "__getitem__")
        if not sequence or isinstance(items, dict) or scipy.sparse.issparse(items):
            raise TypeError(
                f"items must be an array or a sequence; got {type(items).__name__}: make a list."
            )
        self._items = np.asarray(items) if isinstance(items, np.ndarray) else items
        self._meter = meter

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        raise TypeError("A counted stream has no items to index: read them in order, or in blocks.")

    def __contains__(self, item):
        return any(one is item or one == item for one in self)  # which reads as far as it is

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "A counted stream cannot be copied into an array: read its items in order, or "
            "stream.blocks(size), which are counted."
        )

    def __iter__(self):
        for block in self.blocks(1):
            yield block[0]

    def blocks(self, size):
        """Yield the items in slices of ``size``, counting each when it is handed out."""
        size = check_count(size, "size", low=1)
        for start in range(0, len(self._items), size):
            block = self._items[start : start + size]
            self._meter.passes += Fraction(len(block), len(self._items))
            self._meter.bytes += getattr(block, "nbytes", 0)
            yield block.copy() if isinstance(block, np.ndarray) else block


@dataclass
class CountedDistance:
    """A distance or a kernel of rows that counts the pairs it was evaluated on.

    Parameters
    ----------
    function : callable
        ``function(X, Y)``, which returns the ``(len(X), len(Y))`` matrix of all pairs of rows of
        two real matrices, dense or sparse, with the same number of columns.
    meter : Meter
    counter : {"distances", "kernels"}
        The counter that is raised by ``len(X) * len(Y)`` at each call.

    Raises
    ------
    ValueError, TypeError
        From a call with anything but two such matrices, or if the function returns another shape.

    Examples
    --------
    >>> from scipy.spatial.distance import cdist
    >>> meter = Meter()
    >>> D = CountedDistance(cdist, meter)(np.eye(3), np.eye(3)[:2])
    >>> D.shape, meter.distances
    ((3, 2), 6)
    """

    function: object
    meter: Meter = field(repr=False)
    counter: str = "distances"

    def __post_init__(self):
        if self.counter not in ("distances", "kernels"):
            raise ValueError(f"counter must be 'distances' or 'kernels'; got {self.counter!r}.")

    def __call__(self, X, Y):
        X, Y = (M if scipy.sparse.issparse(M) else np.asarray(M) for M in (X, Y))
        if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1]:
            raise ValueError(
                "X and Y must be two matrices of rows with as many columns; got shapes "
                f"{X.shape} and {Y.shape}: write one row x as x[None]."
            )
        if not {X.dtype.kind, Y.dtype.kind} <= set("biuf"):
            raise TypeError(
                f"X and Y must hold real numbers; got dtypes {X.dtype} and {Y.dtype}: a row of "
                "complex numbers would be two rows that count as one."
            )
        shape = X.shape[0], Y.shape[0]
        setattr(self.meter, self.counter, getattr(self.meter, self.counter) + math.prod(shape))
        values = self.function(X, Y)
        if np.shape(values) != shape:
            raise ValueError(
                f"function must return the matrix of all pairs, shape {shape}; got "
                f"{np.shape(values)}: mend the function, which was given matrices that fit."
            )
        return values
