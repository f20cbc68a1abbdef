r"""Count-Min and Count-Sketch: a table of counters that is linear in the stream.

Each of ``depth`` rows hashes an item to one of ``width`` counters. Count-Min adds the count and
reads the smallest counter; Count-Sketch adds the count with a random sign and reads the median.
Linear means: sketches of two streams add up to the sketch of both, and what is taken back is
gone. They differ from the sketches of Apache DataSketches in that a row costs one product:
multiply-shift of one 64-bit hash of the item, with a multiplier of its own.
"""

import math

import numpy as np
from numba import njit
from scipy.special import bdtrc

from course_lib._sketch import CountingSketch, random_words, sizing
from course_lib._validation import check_count, check_fraction, check_memory

__all__ = ["CountMin", "CountSketch"]


class _Table(CountingSketch):
    """Rows of counters, and one odd multiplier for each row."""

    _state = ("_table",)

    def __init__(self, width, depth, seed):
        super().__init__(seed)
        self.width = check_count(width, "width", low=1, high=2**32, high_name="2**32")
        self.depth = check_count(depth, "depth", low=1)
        check_memory(self._room(self.width, self.depth), type(self).__name__)
        self._table = np.zeros((self.depth, self.width), np.int64)
        self._multipliers = random_words(self.seed, self.depth, stream=1) | np.uint64(1)

    @classmethod
    def _room(cls, width, depth, **_):
        return 8 * (width + 1) * depth

    @property
    def table(self):
        """The counters, a copy, shape (depth, width), int64."""
        self._flush()
        return self._table.copy()

    def _merge(self, other):
        self._table += other._table

    def _counted(self):
        return float(np.abs(self._table, dtype=np.float64).sum(axis=1).max())


class CountMin(_Table):
    r"""Counts of items, never too small: the smallest of ``depth`` counters.

    Parameters
    ----------
    width : int
        Counters in a row, ``1 <= width <= 2**32``.
    depth : int
        Rows, at least 1.
    conservative : bool, default False
        Raise only those counters that would fall below the new estimate. Errors shrink, but
        the state depends on the order of the stream: counts cannot be taken back, and sketches
        do not merge.
    seed : int, default 0
        Number of the hash functions; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** ``8 * width * depth`` bytes; ``depth`` counters are touched for each item.

    **Guarantee.** Let no final count be negative and let N be their sum. An estimate is never
    below the true count :math:`f`. With :math:`w = \lceil e/\epsilon \rceil` and
    :math:`d = \lceil \ln(1/\delta) \rceil`, each query exceeds :math:`f + \epsilon N` with
    probability at most :math:`\delta` ([1], Theorem 1), if rows hash pairwise independently.
    Here a row is multiply-shift of a mixed 64-bit word: two words collide with probability at
    most :math:`2/w` if w is a power of 2 and :math:`4/w` at any width, by proof (and words
    exist that come near it); items, which are mixed first, are tested to collide with
    :math:`1/w`.

    References
    ----------
    .. [1] G. Cormode, S. Muthukrishnan, "An improved data stream summary: the Count-Min sketch
       and its applications", Journal of Algorithms 55(1), 2005, Theorem 1.
    .. [2] C. Estan, G. Varghese, "New directions in traffic measurement and accounting",
       SIGCOMM 2002, where conservative update is introduced.

    Examples
    --------
    >>> sketch = CountMin.from_error(epsilon=0.001, delta=0.01)
    >>> sketch
    CountMin(width=2719, depth=5, conservative=False, seed=0)
    >>> sketch.update(["to", "be", "or", "not", "to", "be"])
    >>> sketch.estimate("be")
    2
    """

    _parameters = ("width", "depth", "conservative", "seed")

    def __init__(self, width, depth, *, conservative=False, seed=0):
        super().__init__(width, depth, seed)
        self.conservative = bool(conservative)

    @classmethod
    def from_error(cls, epsilon, delta, *, conservative=False, seed=0):
        """Return the sketch whose estimates exceed f + epsilon N with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive.
        conservative, seed
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        delta = check_fraction(delta, "delta")
        with sizing("CountMin"):
            width, depth = math.ceil(math.e / epsilon), math.ceil(math.log(1 / delta))
        return cls(width, depth, conservative=conservative, seed=seed)

    @property
    def total(self):
        """The sum N of all counts, exactly; a conservative sketch does not know it."""
        if self.conservative:
            raise ValueError("a conservative sketch does not keep the total; count it yourself.")
        return int(self.table[0].sum())

    def estimate(self, items):
        """Return upper bounds of the counts.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        int, or array of int64, shape (n,)
        """
        return self._answer(items, _smallest, self._table, self._multipliers)

    def fold(self):
        """Return the sketch of half the width that would have read the same stream.

        Raises
        ------
        ValueError
            If the width is odd, or the sketch is conservative.
        """
        if self.conservative or self.width % 2:
            raise ValueError(
                f"fold needs an even width and plain counts; got width={self.width}, "
                f"conservative={self.conservative}."
            )
        folded = CountMin(self.width // 2, self.depth, seed=self.seed)
        # A cell is the leading digits of a fraction, so halving the width joins neighbors.
        folded._weight = self._weight
        folded._table = self.table[:, 0::2] + self._table[:, 1::2]
        return folded

    @property
    def _turnstile(self):
        return not self.conservative

    def _add(self, hashes, counts, _items):
        add = _add_conservatively if self.conservative else _add
        add(self._table, self._multipliers, hashes, counts)

    def _merge(self, other):
        if self.conservative:
            raise ValueError(
                "conservative sketches do not merge, since their counters depend on the order; "
                "use conservative=False."
            )
        super()._merge(other)


class CountSketch(_Table):
    r"""Counts of items, unbiased: the median of ``depth`` signed counters.

    Parameters
    ----------
    width : int
        Counters in a row, ``1 <= width <= 2**32``.
    depth : int
        Rows; odd, so that the median is one of them.
    seed : int, default 0
        Number of the hash functions; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** ``8 * width * depth`` bytes; ``depth`` counters are touched for each item.

    **Guarantee.** Let :math:`F_2 = \sum f^2`. One row is unbiased with variance
    :math:`(F_2 - f^2)/w`, for counts of any sign. With :math:`w = \lceil 3/\epsilon^2 \rceil`
    it errs by more than :math:`\epsilon \sqrt{F_2}` with probability at most 1/3 (Chebyshev),
    and the median of d independent rows with at most
    :math:`P(\mathrm{Bin}(d, 1/3) \ge (d+1)/2)`, which `from_error` brings below delta ([1],
    Lemma 3, with the tail computed instead of bounded). This asks for cells and signs that are
    pairwise independent; here both are bits of one product, which is tested and not proved.

    References
    ----------
    .. [1] M. Charikar, K. Chen, M. Farach-Colton, "Finding frequent items in data streams",
       Theoretical Computer Science 312(1), 2004.

    Examples
    --------
    >>> sketch = CountSketch(width=64, depth=5)
    >>> sketch.update(["to", "be", "or", "not", "to", "be"])
    >>> sketch.update("be", counts=-1)
    >>> sketch.estimate(["be", "to"])
    array([1, 2])
    """

    _parameters = ("width", "depth", "seed")

    def __init__(self, width, depth, *, seed=0):
        super().__init__(width, depth, seed)
        if self.depth % 2 == 0:
            raise ValueError(f"depth must be odd, so that a median exists; got {depth}.")

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon sqrt(F2) with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive.
        seed
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        delta = check_fraction(delta, "delta")
        with sizing("CountSketch"):
            width, depth = math.ceil(3 / epsilon**2), 1
        while bdtrc(depth // 2, depth, 1 / 3) > delta:  # more than half of the rows fail
            depth += 2
        return cls(width, depth, seed=seed)

    def estimate(self, items):
        """Return unbiased estimates of the counts.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        int, or array of int64, shape (n,)
        """
        return self._answer(items, _middle, self._table, self._multipliers)

    def second_moment(self):
        r"""Return the estimate of :math:`F_2 = \sum f^2`: the median of the rows' energies.

        Notes
        -----
        **Guarantee.** With 4-wise independent signs one row is unbiased with variance
        :math:`2 (F_2^2 - F_4)/w` (Thorup and Zhang, 2004): the accuracy of `AMS` with
        ``width`` counters, at the cost of one counter for each item.
        """
        return float(np.median(np.sum(self.table.astype(float) ** 2, axis=1)))

    def _add(self, hashes, counts, _items):
        _add_signed(self._table, self._multipliers, hashes, counts)


def cell_numbers(hashes, sketch, row):
    """The cells of hashes in one row of a table sketch."""
    return _cells(hashes, sketch._multipliers[row], np.uint64(sketch.width))


@njit(cache=True)
def _cell(hashed, multiplier, width):
    """One row's hash: the first 32 bits of a product, as a fraction of 1, times the width."""
    return (((hashed * multiplier) >> np.uint64(32)) * width) >> np.uint64(32)


@njit(cache=True)
def _cells(hashes, multiplier, width):
    cells = np.empty(len(hashes), np.uint64)
    for i in range(len(hashes)):
        cells[i] = _cell(hashes[i], multiplier, width)
    return cells


@njit(cache=True)
def _signs(hashes, multiplier):
    """One row's signs, +1 or -1: bit 31 of the product, which no cell depends on."""
    signs = np.empty(len(hashes), np.int64)
    for i in range(len(hashes)):
        bit = (hashes[i] * multiplier) >> np.uint64(31) & np.uint64(1)
        signs[i] = np.int64(1) - np.int64(bit << np.uint64(1))
    return signs


@njit(cache=True)
def _add(table, multipliers, hashes, counts):
    for row in range(len(multipliers)):  # one row at a time stays in the cache
        cells = _cells(hashes, multipliers[row], np.uint64(table.shape[1]))
        counters = table[row]
        for i in range(len(hashes)):
            counters[cells[i]] += counts[i]


@njit(cache=True)
def _add_conservatively(table, multipliers, hashes, counts):
    width = np.uint64(table.shape[1])
    cells = np.empty(len(multipliers), np.uint64)
    for i in range(len(hashes)):
        target = np.iinfo(np.int64).max
        for row in range(len(multipliers)):
            cells[row] = _cell(hashes[i], multipliers[row], width)
            target = min(target, table[row, cells[row]])
        target += counts[i]
        for row in range(len(multipliers)):
            table[row, cells[row]] = max(table[row, cells[row]], target)


@njit(cache=True)
def _smallest(table, multipliers, hashes):
    estimates = np.full(len(hashes), np.iinfo(np.int64).max)
    for row in range(len(multipliers)):
        cells = _cells(hashes, multipliers[row], np.uint64(table.shape[1]))
        counters = table[row]
        for i in range(len(hashes)):
            estimates[i] = min(estimates[i], counters[cells[i]])
    return estimates


@njit(cache=True)
def _add_signed(table, multipliers, hashes, counts):
    for row in range(len(multipliers)):
        cells = _cells(hashes, multipliers[row], np.uint64(table.shape[1]))
        signs = _signs(hashes, multipliers[row])
        counters = table[row]
        for i in range(len(hashes)):
            counters[cells[i]] += signs[i] * counts[i]


@njit(cache=True)
def _middle(table, multipliers, hashes):
    """The median over the rows, by insertion into a sorted column for each item."""
    depth = len(multipliers)
    counts = np.empty((len(hashes), depth), np.int64)
    for row in range(depth):
        cells = _cells(hashes, multipliers[row], np.uint64(table.shape[1]))
        signs = _signs(hashes, multipliers[row])
        for i in range(len(hashes)):
            count = signs[i] * table[row, cells[i]]
            place = row
            while place > 0 and counts[i, place - 1] > count:
                counts[i, place] = counts[i, place - 1]
                place -= 1
            counts[i, place] = count
    return counts[:, depth // 2].copy()
