"""The one cost language of the book: what an algorithm read, computed, wrote and sent.

Seconds change with the machine; counts do not. Wrap what an algorithm works on, run it, read
the meter. What counts is in `counted`; here are::

    Meter             the counters
    size_bytes        the bytes of a message
    growth_exponent   the power of n that the counts grow with

Book: ``book/01-cost.md``.
"""

from dataclasses import dataclass, fields
from fractions import Fraction
from numbers import Real

import numpy as np

from course_lib._validation import check_array

__all__ = [
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
    written_bytes, blocks : int
        Bytes written to a disk, and blocks read from it.

    Examples
    --------
    >>> from course_lib.cost import CountedMatrix
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
    written_bytes: int = 0
    blocks: int = 0

    def reset(self):
        """Set every counter to zero."""
        for counter in fields(self):
            setattr(self, counter.name, counter.default)

    def __repr__(self):
        counts = ((counter.name, getattr(self, counter.name)) for counter in fields(self))
        return f"Meter({', '.join(f'{name}={_plain(count)}' for name, count in counts if count)})"


def _plain(count):
    return round(float(count), 3) if isinstance(count, Fraction) and count % 1 else int(count)


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
    sizes = check_array(sizes, "sizes", dtype=np.float64)
    costs = check_array(costs, "costs", dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != costs.shape:
        raise ValueError(
            f"sizes and costs must be two lists of one length; got {sizes.shape} and {costs.shape}."
        )
    if not all(np.all((values > 0) & (values < np.inf)) for values in (sizes, costs)):
        raise ValueError("sizes and costs must be positive; a logarithm is taken of each.")
    if len(np.unique(np.log(sizes))) < 2:
        raise ValueError("sizes must hold at least two different values; run n, 2n and 4n.")
    slope, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(slope)
