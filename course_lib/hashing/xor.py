"""An xor filter: a fixed set in 1.23 fingerprints for each item, smaller than a Bloom filter."""

import numpy as np
from numba import njit

from course_lib._sketch import SameBytes, as_batch, check_seed, hash_items, mix
from course_lib._sketch.wire import check_array, pack, reading, unpack
from course_lib._validation import check_count

__all__ = ["XorFilter"]

ATTEMPTS = 100
DTYPES = {8: np.uint8, 16: np.uint16}  # of fingerprints, by their bits


class XorFilter(SameBytes):
    r"""A fixed set that never denies what it holds; an item is three looks and two xors.

    Parameters
    ----------
    items : array or sequence of int, str or bytes
        The set; repetitions do no harm. All of it, since the filter cannot grow or merge.
    bits : {8, 16}, default 8
        Bits of a fingerprint.
    seed : int, default 0
        Number of the hash function.

    Raises
    ------
    ValueError, TypeError
        If an item is neither an integer, a string nor bytes, or a parameter is out of range.

    See Also
    --------
    BloomFilter : for sets that grow and merge.

    Notes
    -----
    **Cost.** :math:`1.23 n + 32` fingerprints of 1 or 2 bytes; linear time to build, with 24
    bytes of working memory for each.

    **Guarantee.** No false negatives. An absent item is taken for present with probability
    :math:`2^{-\mathrm{bits}}`: its three slots combine to a given fingerprint by chance ([1]).
    9.84 bits an item give 0.39%, for which a Bloom filter needs 11.5. To build, items that are
    alone in a slot are peeled off, one after another; with 1.23 slots an item nearly every
    draw of the hash function leaves none, and else another is drawn.

    References
    ----------
    .. [1] T. M. Graf, D. Lemire, "Xor filters: faster and smaller than Bloom and cuckoo
       filters", ACM JEA 25, 2020, Algorithms 1 to 3.

    Examples
    --------
    >>> words = XorFilter(["to", "be", "or", "not"])
    >>> words.contains(["to", "not"]), "be" in words
    (array([ True,  True]), True)
    """

    def __init__(self, items, *, bits=8, seed=0):
        self._set_parameters(bits, seed)
        hashes = np.sort(hash_items(items, self.seed))
        hashes = hashes[np.diff(hashes, prepend=~hashes[:1]) != 0]  # np.unique is 20 times slower
        third = _third(len(hashes))
        self._fingerprints = np.zeros(3 * third, DTYPES[self.bits])
        for salt in range(ATTEMPTS):
            self._salt = salt
            order, slots = _peel(hashes, np.uint64(salt), third)
            if len(order) == len(hashes):
                break
        else:  # not seen; the chance of one failure is small, and draws are independent
            raise RuntimeError(f"no way to peel was found in {ATTEMPTS} draws; change the seed.")
        _assign(self._fingerprints, order, slots)

    def _set_parameters(self, bits, seed):
        self.bits = check_count(bits, "bits", low=8, high=16)
        if self.bits not in DTYPES:
            raise ValueError(f"bits must be 8 or 16; got {bits}.")
        self.seed = check_seed(seed)

    def contains(self, items):
        """Return whether each item is in the set: False is certain, True may be a false positive.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        bool, or array of bool, shape (n,)
        """
        batch, single = as_batch(items)
        found = _has(self._fingerprints, hash_items(batch, self.seed), np.uint64(self._salt))
        return bool(found[0]) if single else found

    def __contains__(self, item):
        found = self.contains(item)
        return found if isinstance(found, bool) else bool(found.all())

    def __bool__(self):
        return len(self._fingerprints) > 3 * _third(0)

    @property
    def nbytes(self):
        """Bytes of the fingerprints."""
        return self._fingerprints.nbytes

    def to_bytes(self):
        """Return the filter as bytes, which `from_bytes` reads on any machine."""
        names = ("bits", "seed", "_salt", "_fingerprints")
        return pack("XorFilter", {name: getattr(self, name) for name in names})

    @classmethod
    def from_bytes(cls, data):
        """Return the filter that ``to_bytes`` wrote.

        Parameters
        ----------
        data : bytes

        Raises
        ------
        TypeError
            If ``data`` is not bytes.
        ValueError
            If the bytes are foreign, damaged, of a newer format, or of another kind of sketch,
            or hold what no filter has.
        """
        values = unpack("XorFilter", data)
        filter_ = cls.__new__(cls)
        with reading("XorFilter"):
            filter_._set_parameters(values["bits"], values["seed"])
            filter_._salt = check_count(values["_salt"], "salt", low=0, high=ATTEMPTS - 1)
            table = check_array(values["_fingerprints"], DTYPES[filter_.bits], (None,))
            if len(table) % 3 or not len(table):
                raise ValueError(f"there must be three equal thirds; got {len(table)} slots.")
            filter_._fingerprints = table
        return filter_

    def __repr__(self):
        return f"XorFilter({len(self._fingerprints)} slots of {self.bits} bits, seed={self.seed})"


def _third(n_items):
    """Slots in one of the three parts of the table: more for one item than for none."""
    return (int(1.23 * n_items) + 32) // 3


@njit(cache=True)
def _slot(word, which, third):
    """The slot of a mixed hash in one third of the table, from 32 bits of its own rotation."""
    turn = np.uint64(21 * which)
    turned = (word << turn) | (word >> ((np.uint64(64) - turn) & np.uint64(63)))
    part = ((turned & np.uint64(0xFFFFFFFF)) * np.uint64(third)) >> np.uint64(32)
    return np.int64(part) + which * third


@njit(cache=True)
def _peel(hashes, salt, third):
    """Take away, again and again, an item that is alone in a slot; return items and slots."""
    words = np.empty(len(hashes), np.uint64)
    count = np.zeros(3 * third, np.int64)
    union = np.zeros(3 * third, np.uint64)  # xor of the words in a slot: of one, the word
    for i in range(len(hashes)):
        words[i] = mix(hashes[i] + salt)
        for which in range(3):
            slot = _slot(words[i], which, third)
            count[slot] += 1
            union[slot] ^= words[i]
    order, slots = np.empty(len(hashes), np.uint64), np.empty(len(hashes), np.int64)
    n_peeled = 0
    alone = [slot for slot in range(3 * third) if count[slot] == 1]
    while len(alone) > 0:
        slot = alone.pop()
        if count[slot] != 1:
            continue
        order[n_peeled], slots[n_peeled] = union[slot], slot
        n_peeled += 1
        for which in range(3):
            other = _slot(order[n_peeled - 1], which, third)
            count[other] -= 1
            union[other] ^= order[n_peeled - 1]
            if count[other] == 1:
                alone.append(other)
    return order[:n_peeled], slots[:n_peeled]


@njit(cache=True)
def _look(fingerprints, word):
    """The xor of the three slots and the fingerprint: zero for an item of the set."""
    third = len(fingerprints) // 3
    found = word ^ (word >> np.uint64(32))
    for which in range(3):
        found ^= np.uint64(fingerprints[_slot(word, which, third)])
    return found & np.uint64((1 << (8 * fingerprints.itemsize)) - 1)


@njit(cache=True)
def _assign(fingerprints, order, slots):
    """Give each item's own slot what its fingerprint lacks, the last peeled first."""
    for i in range(len(order) - 1, -1, -1):
        fingerprints[slots[i]] ^= _look(fingerprints, order[i])


@njit(cache=True)
def _has(fingerprints, hashes, salt):
    found = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        found[i] = _look(fingerprints, mix(hashes[i] + salt)) == 0
    return found
