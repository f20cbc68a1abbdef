"""The one cost language of the book: what an algorithm read, computed and sent.

Seconds change with the machine; counts do not. Wrap what an algorithm works on, run it, read
the meter::

    Meter             the counters
    CountedMatrix     a matrix known by its products and by blocks of its rows
    CountedStream     items that are handed out once
    CountedDistance   a distance, or a kernel, of pairs of rows
    size_bytes        the bytes of a message
    growth_exponent   the power of n that the counts grow with

Book: ``book/01-cost.md``.
"""

import math
from dataclasses import dataclass, field, fields
from fractions import Fraction
from numbers import Real

import numpy as np
import scipy.sparse

from course_lib._validation import check_count, check_matrix

__all__ = [
    "CountedDistance",
    "CountedMatrix",
    "CountedStream",
    "Meter",
    "growth_exponent",
    "size_bytes",
]


@dataclass
class Meter:
    """Counters of what was read, computed and sent; all start at zero.

    Attributes
    ----------
    passes : Fraction
        Times the whole data was read. A block of rows counts as its share, exactly, so that a
        limit such as ``meter.passes <= 4`` is not missed by a rounding error.
    bytes : int
        Bytes of data read.
    products : int
        Products of the matrix, or of its transpose, with one vector.
    distances, kernels : int
        Evaluations of a distance or of a kernel function, one for each pair.
    messages, sent_bytes : int
        Messages sent between machines, and their bytes: see `size_bytes`.
    rounds : int
        Rounds in which all could send: the longest chain of messages, each of which its sender
        could only send after it had received the one before.

    Examples
    --------
    >>> meter = Meter()
    >>> y = CountedMatrix(np.eye(3), meter) @ np.ones(3)
    >>> meter
    Meter(passes=1, bytes=72, products=1)
    """

    passes: Fraction = Fraction(0)
    bytes: int = 0
    products: int = 0
    distances: int = 0
    kernels: int = 0
    messages: int = 0
    sent_bytes: int = 0
    rounds: int = 0

    def reset(self):
        """Set every counter to zero."""
        for counter in fields(self):
            setattr(self, counter.name, counter.default)

    def __repr__(self):
        counts = ((counter.name, getattr(self, counter.name)) for counter in fields(self))
        return f"Meter({', '.join(f'{name}={_plain(count)}' for name, count in counts if count)})"


def _plain(count):
    return round(float(count), 3) if isinstance(count, Fraction) and count % 1 else int(count)


class CountedMatrix:
    """A matrix that counts how often it is read, and can be read in two ways only.

    ``A @ X`` and ``A.T @ Y`` count one pass and one product for each column;
    ``A.blocks(size)`` hands out blocks of rows and counts each row's share of a pass.
    Anything that would copy the matrix uncounted, such as ``np.asarray(A)``, is refused.

    Parameters
    ----------
    A : array or sparse matrix, shape (m, n)
    meter : Meter

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a real matrix.

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
        self._A = check_matrix(A)
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
        X = np.asarray(X)
        product = self._A @ X
        self._count(Fraction(1), math.prod(X.shape[1:]))
        return product

    def __rmatmul__(self, X):
        return (self.T @ np.asarray(X).T).T

    def blocks(self, size):
        """Yield the matrix in blocks of ``size`` rows, from the first row to the last."""
        size = check_count(size, "size", low=1)
        m = self.shape[0]
        for start in range(0, m, size):
            block = self._A[start : start + size]
            self._count(Fraction(block.shape[0], m), 0)
            yield block.copy()

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "A counted matrix cannot be copied into an array: "
            "use A @ X, A.T @ Y or A.blocks(size), which are counted."
        )

    def __repr__(self):
        m, n = self.shape
        return f"CountedMatrix({m} x {n} {self.dtype}, {self._meter})"

    def _count(self, passes, products):
        self._meter.passes += passes
        self._meter.bytes += round(passes * _stored_bytes(self._A))
        self._meter.products += products


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

    Examples
    --------
    >>> meter = Meter()
    >>> sum(CountedStream([2, 3, 5, 7], meter))
    17
    >>> meter
    Meter(passes=1)
    """

    def __init__(self, items, meter):
        self._items = items
        self._meter = meter

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        for block in self.blocks(1):
            yield block[0]

    def blocks(self, size):
        """Yield the items in slices of ``size``, counting each when it is handed out."""
        size = check_count(size, "size", low=1)
        width_bytes = getattr(getattr(self._items, "dtype", None), "itemsize", 0)
        for start in range(0, len(self._items), size):
            block = self._items[start : start + size]
            self._meter.passes += Fraction(len(block), len(self._items))
            self._meter.bytes += len(block) * width_bytes
            yield block


@dataclass
class CountedDistance:
    """A distance or a kernel of rows that counts the pairs it was evaluated on.

    Parameters
    ----------
    function : callable
        ``function(X, Y)``, which returns the ``(len(X), len(Y))`` matrix of all pairs.
    meter : Meter
    counter : {"distances", "kernels"}
        The counter that is raised by ``len(X) * len(Y)`` at each call.

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
        pairs = len(X) * len(Y)
        setattr(self.meter, self.counter, getattr(self.meter, self.counter) + pairs)
        return self.function(X, Y)


def size_bytes(message):
    """Return the bytes that a message is charged.

    Parameters
    ----------
    message : None, number, str, bytes, array, container, or object with ``nbytes``

    Returns
    -------
    int
        0 for None, 8 for a Python number, UTF-8 for text, ``nbytes`` for what has it, such as an
        array, a NumPy scalar, a sketch or a `Blob`, and for a tuple, list, set or dict the sum of
        what it holds.

    Raises
    ------
    TypeError
        If a part is none of these.

    Notes
    -----
    A model, not a format: neither the headers of a network nor the frame of a container count.

    Examples
    --------
    >>> size_bytes(("gradient", 7, np.zeros(10, np.float32)))     # 8 letters, a number, 10 numbers
    56
    """
    kind = type(message)
    if kind is int or kind is float:
        return 8
    if kind is tuple:  # the usual ones first; a named tuple may have nbytes
        return sum(map(size_bytes, message))
    if message is None:
        return 0
    if isinstance(message, str):
        return len(message.encode())
    if isinstance(message, (bytes, bytearray)):
        return len(message)
    if kind is np.ndarray and message.dtype.hasobject:
        return sum(map(size_bytes, message.ravel().tolist()))
    if hasattr(message, "nbytes"):
        return int(message.nbytes)
    if isinstance(message, (tuple, list, set, frozenset)):
        return sum(map(size_bytes, message))
    if isinstance(message, dict):
        return sum(size_bytes(key) + size_bytes(value) for key, value in message.items())
    if isinstance(message, Real):
        return 8
    raise TypeError(
        f"a message must be made of numbers, text, bytes, arrays, containers of these and objects "
        f"with nbytes; got {type(message).__name__}."
    )


def growth_exponent(sizes, costs):
    r"""Return the exponent :math:`a` of the fit :math:`\text{cost} \approx c\, n^a`.

    Run the algorithm at n, 2n and 4n and pass the counts: 1 is linear, 2 is quadratic,
    and n log n shows as slightly more than 1.

    Parameters
    ----------
    sizes, costs : array_like, shape (r,)
        At least two different sizes; all positive.

    Returns
    -------
    float
        The slope of the least-squares line through ``(log size, log cost)``.

    Raises
    ------
    ValueError
        If lengths differ, a value is not positive, or all sizes are equal.

    Examples
    --------
    >>> round(growth_exponent([100, 200, 400], [1, 4, 16]), 6)
    2.0
    """
    sizes, costs = np.asarray(sizes, dtype=float), np.asarray(costs, dtype=float)
    if sizes.ndim != 1 or sizes.shape != costs.shape:
        raise ValueError(
            f"sizes and costs must be two lists of one length; got {sizes.shape} and {costs.shape}."
        )
    if not (np.all(sizes > 0) and np.all(costs > 0)):
        raise ValueError("sizes and costs must be positive; a logarithm is taken of each.")
    if len(np.unique(sizes)) < 2:
        raise ValueError("sizes must hold at least two different values; run n, 2n and 4n.")
    slope, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(slope)
