"""The second moment of a stream, from counters that each feel a random tug of war."""

import math

import numpy as np
from numba import njit

from course_lib._sketch import CountingSketch, random_words, sizing
from course_lib._validation import check_count, check_fraction, check_memory
from course_lib.hashing.families import PRIME, polynomial

__all__ = ["AMS"]

SIGNS = 60  # sign bits taken from one value of a polynomial


class AMS(CountingSketch):
    r"""The second moment :math:`F_2 = \sum f^2`, by the median of means of squared counters.

    Each counter adds every item's count with a random sign of the item. Its square is an
    unbiased estimate of :math:`F_2`.

    Parameters
    ----------
    n_means : int
        :math:`s_1`, the counters whose squares are averaged.
    n_medians : int
        :math:`s_2`, the averages whose median is taken; odd.
    seed : int, default 0
        Number of the hash functions; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    See Also
    --------
    CountSketch.second_moment : touches one counter of each row, not all.

    Notes
    -----
    **Cost.** ``8 * n_means * n_medians`` bytes. Each *different* item of a batch touches every
    counter; its repetitions are added up before. A polynomial of degree 3 gives 60 signs.

    **Guarantee.** Signs are 4-wise independent. One squared counter has variance
    :math:`2(F_2^2 - F_4) \le 2 F_2^2`, an average of :math:`s_1` has :math:`1/s_1` of it, and
    with :math:`s_1 = \lceil 16/\epsilon^2 \rceil`, :math:`s_2 = \lceil 2 \log_2(1/\delta) \rceil`
    the median errs by more than :math:`\epsilon F_2` with probability at most :math:`\delta`
    ([1], Theorem 2.2). The 60 signs of one polynomial are bits of one 4-wise independent
    value. Two squared counters of it are still uncorrelated, since their product involves four
    items at most, and the bits of a uniform value are independent: the variance of the mean is
    that of independent counters. The averages have polynomials of their own.

    References
    ----------
    .. [1] N. Alon, Y. Matias, M. Szegedy, "The space complexity of approximating the frequency
       moments", JCSS 58(1), 1999.

    Examples
    --------
    >>> sketch = AMS(n_means=1000, n_medians=1)
    >>> sketch.update(["a", "b"], counts=[3, 4])
    >>> 20 < sketch.estimate() < 30        # near 3**2 + 4**2
    True
    """

    _parameters = ("n_means", "n_medians", "seed")
    _state = ("_counters",)
    _block_size = 1 << 18  # the longer a batch, the more repetitions are added up before

    def __init__(self, n_means, n_medians, *, seed=0):
        super().__init__(seed)
        self.n_means = check_count(n_means, "n_means", low=1)
        self.n_medians = check_count(n_medians, "n_medians", low=1)
        if self.n_medians % 2 == 0:
            raise ValueError(f"n_medians must be odd, so that a median exists; got {n_medians}.")
        check_memory(self._room(self.n_means, self.n_medians), "AMS")
        self._counters = np.zeros((self.n_medians, self.n_means), np.int64)
        shape = (self.n_medians, math.ceil(self.n_means / SIGNS), 4)
        words = random_words(self.seed, math.prod(shape), stream=1)
        self._coefficients = (words % np.uint64(PRIME)).reshape(shape)

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon F2 with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive.
        seed
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        delta = check_fraction(delta, "delta")
        with sizing("AMS"):
            n_means, n_medians = math.ceil(16 / epsilon**2), math.ceil(2 * math.log2(1 / delta))
        return cls(n_means, n_medians | 1, seed=seed)

    @classmethod
    def _room(cls, n_means, n_medians, **_):
        return 8 * (n_means + 4) * n_medians

    @property
    def counters(self):
        """The counters, a copy, shape (n_medians, n_means), int64."""
        self._flush()
        return self._counters.copy()

    def estimate(self):
        """Return the estimate of the sum of squared counts, a float."""
        squares = self.counters.astype(float) ** 2
        return float(np.median(squares.mean(axis=1)))

    def _add(self, hashes, counts, _items):
        distinct, which = np.unique(hashes, return_inverse=True)
        totals = np.zeros(len(distinct), np.int64)
        np.add.at(totals, which, counts)
        _tug(self._counters, self._coefficients, distinct, totals)

    def _merge(self, other):
        self._counters += other._counters


@njit(cache=True)
def _tug(counters, coefficients, hashes, counts):
    for median in range(len(counters)):
        for group in range(coefficients.shape[1]):
            rope = counters[median, group * SIGNS : (group + 1) * SIGNS]
            for i in range(len(hashes)):
                value = polynomial(coefficients[median, group], hashes[i])
                for bit in range(len(rope)):
                    sign = np.int64((value >> np.uint64(bit)) & np.uint64(1))
                    rope[bit] += (counts[i] ^ -sign) + sign  # -count if the bit is set
