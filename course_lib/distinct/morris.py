"""Morris's counter: count to a billion in eight bits, roughly."""

import math

import numpy as np

from course_lib._sketch import SameBytes, as_batch
from course_lib._sketch.wire import pack, reading, unpack
from course_lib._validation import as_rng, check_count, check_fraction, check_number, plain_array

__all__ = ["Morris"]


class Morris(SameBytes):
    r"""The number of events, kept as its logarithm.

    Parameters
    ----------
    a : float, default 1.0
        The register X stands for :math:`((1 + a)^X - 1)/a` events; positive. 1 is Morris's
        first counter, 1/30 his second, which counts 130,000 in eight bits with an error of 13%.
    rng : Generator, int or None
        Source of randomness. It is not part of the bytes.

    Raises
    ------
    ValueError, TypeError
        If ``a`` is no positive number.

    Notes
    -----
    **Cost.** The register: :math:`\log_2 \log_{1+a}(an)` bits. Events are not looked at one by
    one: the number until the register next rises is geometric, so that n events cost one random
    number for each rise, :math:`O(\log_{1+a}(an))`.

    **Guarantee.** An event raises X with probability :math:`(1 + a)^{-X}`. The estimate is
    unbiased with variance :math:`a n (n - 1)/2` ([1]; [2] for a = 1). A merge lets each rise of the
    lower register, which stood for an event drawn with probability :math:`(1 + a)^{-j}`, raise
    the higher one with what is lacking to :math:`(1 + a)^{-X}`: the result is distributed as if
    one counter had read both streams.

    References
    ----------
    .. [1] R. Morris, "Counting large numbers of events in small registers", CACM 21(10), 1978.
    .. [2] P. Flajolet, "Approximate counting: a detailed analysis", BIT 25, 1985.

    Examples
    --------
    >>> counter = Morris(rng=0)
    >>> counter.update("one event")
    >>> counter.register, counter.estimate()
    (1, 1.0)
    """

    def __init__(self, a=1.0, *, rng=None):
        self.a = check_number(a, "a", low=0, open_low=True)
        self.register = 0
        self._rng = as_rng(rng)

    @classmethod
    def from_error(cls, epsilon, delta, *, rng=None):
        """Return the counter that errs by more than epsilon n with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. By Chebyshev, a = 2 epsilon**2 delta.
        rng
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        delta = check_fraction(delta, "delta")
        a = 2 * epsilon**2 * delta
        if not a:
            raise ValueError(
                f"epsilon and delta must leave 2 epsilon**2 delta above 0; "
                f"got {epsilon:g} and {delta:g}, allow larger errors."
            )
        return cls(a, rng=rng)

    def update(self, items, counts=None):
        """Count one event for each item.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n
            What they are does not matter.
        counts : int or array of int, shape (n,), optional
            How often each item arrives; at least 0. Default 1.
        """
        batch, _ = as_batch(items)
        if counts is None:
            n_events = len(batch)
        else:
            n_events = _sum_of(counts, len(batch))
        while True:
            # Geometric, with 1 - random() in (0, 1]; a chance of 1 waits for one event.
            chance = (1 + self.a) ** -self.register
            scale = -math.log1p(-chance) if chance < 1 else math.inf
            drawn = -math.log(1 - self._rng.random())
            wait = max(1.0, drawn / scale if scale else math.inf)
            if wait > n_events:
                return  # events have no memory: the next batch may draw anew
            n_events -= math.ceil(wait)
            self.register += 1

    def estimate(self):
        """Return the unbiased estimate of the number of events, a float."""
        return math.expm1(self.register * math.log1p(self.a)) / self.a

    def merge(self, other):
        """Count what ``other`` has counted, as if this counter had.

        Parameters
        ----------
        other : Morris
            With the same ``a``; it stays as it is.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no Morris counter with the same ``a``.
        """
        if not isinstance(other, Morris):
            raise TypeError(
                f"only a Morris can be merged into a Morris; got {type(other).__name__}."
            )
        if self.a != other.a:
            raise ValueError(f"a must be equal to merge; got {self.a} and {other.a}.")
        low, high = sorted((self.register, other.register))
        for level in range(low):
            if self._rng.random() < (1 + self.a) ** (level - high):
                high += 1
        self.register = high

    @property
    def nbytes(self):
        """Bytes that hold the register."""
        return max(1, math.ceil(self.register.bit_length() / 8))

    def to_bytes(self):
        """Return the counter as bytes, which `from_bytes` reads on any machine."""
        return pack("Morris", {"a": self.a, "register": self.register})

    @classmethod
    def from_bytes(cls, data, *, rng=None):
        """Return the counter that ``to_bytes`` wrote, with new randomness.

        Parameters
        ----------
        data : bytes
        rng
            As for the class.

        Raises
        ------
        TypeError
            If ``data`` is not bytes.
        ValueError
            If the bytes are foreign, damaged, of a newer format, or of another kind of sketch,
            or hold what no counter has.
        """
        values, rng = unpack("Morris", data), as_rng(rng)
        with reading("Morris"):
            counter = cls(values["a"], rng=rng)
            counter.register = check_count(values["register"], "register", low=0)
            if not math.isfinite(counter.estimate()):
                raise ValueError(f"nobody has counted to {counter.register} in powers of 1 + a.")
        return counter

    def __repr__(self):
        return f"Morris(a={self.a:g}, register={self.register})"


def _sum_of(counts, n_items):
    """The events of all items: integers of any size, one for each item or one for all."""
    counts = plain_array(counts, "counts")
    if counts.ndim > 1 or (counts.ndim == 1 and len(counts) != n_items):
        raise ValueError(
            f"counts must be one integer, or one for each of the {n_items} items; "
            f"got shape {counts.shape}."
        )
    each = np.broadcast_to(counts, (n_items,)).tolist()
    return sum(check_count(count, "counts", low=0) for count in each)
