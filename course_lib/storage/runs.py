"""Sorted runs: entries in the order of their keys, written once, found by one block read.

SortedRun   the entries, the first key of each block, and a Bloom filter
merge_runs  one run of several; of equal keys the newest entry stays
"""

import numpy as np

from course_lib._sketch import hash_slices, text_key
from course_lib._validation import check_count, check_flag, check_number
from course_lib.hashing import BloomFilter
from course_lib.storage._entries import (
    blocks_of,
    entry,
    find,
    keys_of,
    look_up,
    merge,
    pairs_of,
    value_of,
)
from course_lib.storage.lsm_model import MOST_BITS, n_hashes

__all__ = ["SortedRun", "as_key", "joined", "merge_runs"]


NOTHING = np.frombuffer(b"", np.uint8)
NO_WORDS = np.zeros(1, np.uint64)
FIRST = np.zeros(1, np.int64)
SEED_KEY = text_key(0)


class SortedRun:
    r"""Entries in the order of their keys, written once.

    Parameters
    ----------
    data : bytes, or array of uint8
        The entries, as `entries` of another run has them; see `from_items`.
    n_entries : int
    bits_per_key : float, default 10
        Of the Bloom filter; none with 0.
    block_bytes : int, default 4096
        A block holds as many whole entries as fit, and at least one.

    Attributes
    ----------
    data : array of uint8, shape (nbytes,)
        What is on the disk.
    blocks : array of int64, shape (n_blocks + 1,)
        Where each block begins, and the end.
    n_entries, nbytes : int
    filter : BloomFilter or None
        Holds the keys.

    Notes
    -----
    **Cost.** In memory the first key of each block, its place, and the filter. A lookup reads one
    block, if the filter does not deny the key.

    Examples
    --------
    >>> run = SortedRun.from_items([(b"be", b"1"), (b"or", None), (b"to", b"2")])
    >>> list(run), run.n_entries, run.nbytes
    ([(b'be', b'1'), (b'or', None), (b'to', b'2')], 3, 32)
    """

    def __init__(self, data, n_entries, *, bits_per_key=10.0, block_bytes=4096):
        self.data = frozen(np.frombuffer(data, np.uint8))
        self.n_entries = check_count(n_entries, "n_entries", low=0, high=len(self.data))
        check_count(block_bytes, "block_bytes", low=1)
        self._settle(blocks_of(self.data, self.n_entries, block_bytes))
        self.filter = self._filtered(bits_per_key)
        self._index = self.data, self.blocks, self._fences, self._fence_ends
        bits = self.filter
        self._bits = (bits.words, *bits._shape()) if bits else (NO_WORDS, np.uint64(0), 0)

    @classmethod
    def from_items(cls, items, **options):
        """Return the run of some pairs of a key and a value, both bytes.

        Parameters
        ----------
        items : sequence of (bytes, bytes or None)
            In any order, no key twice; None is a tombstone.
        **options
            As for the class.
        """
        items = sorted((as_key(key), as_value(value)) for key, value in items)
        keys = [key for key, _ in items]
        if any(map(bytes.__eq__, keys, keys[1:])):
            raise ValueError("items must have different keys; merge runs to bring some together.")
        return cls(joined(entry(*item) for item in items), len(items), **options)

    @property
    def nbytes(self):
        """Bytes of the entries."""
        return len(self.data)

    def __len__(self):
        return self.n_entries

    def __iter__(self):
        return iter(pairs_of(self.data))

    def find(self, keys, key_ends, which):
        """Return where to look for keys: rows of position, block and whether it is there.

        Parameters
        ----------
        keys, key_ends : array of uint8, array of int64
            Keys in a row, and where each ends.
        which : array of int64, shape (m,)
            Numbers of the keys to look for.

        Returns
        -------
        array of int64, shape (m, 3)
        """
        if not self.n_entries:
            return np.zeros((len(which), 3), np.int64)
        return find(self._index, keys, key_ends, which)

    def look_up(self, text):
        """Return ``(position, block, there)`` for one key with eight zero bytes behind it.

        The block is -1 if none has to be read.
        """
        return look_up(self._index, self._bits, text, SEED_KEY)

    def value(self, position):
        """Return the value of the entry that begins there; None for a tombstone."""
        return value_of(self.data, position)

    def place(self, key):
        """Return where the first entry not below a key begins, and the block that tells so."""
        ends = np.array([len(as_key(key))], np.int64)
        found = self.find(np.frombuffer(key, np.uint8), ends, FIRST)
        return int(found[0, 0]), int(found[0, 1])

    def block_nbytes(self, block):
        """Return the bytes of a block, or of each of several."""
        return self.blocks[block + 1] - self.blocks[block]

    def first_key(self, block):
        """Return the first key of a block."""
        first = self._fence_ends[block - 1] if block else 0
        return self._fences[first : self._fence_ends[block]].tobytes()

    def may_hold(self, hashes):
        """Return which keys may be here, by their hashes: (m,) uint64 to (m,) bool."""
        if self.filter is None:
            return np.ones(len(hashes), bool)
        return self.filter.contains_hashes(hashes)

    def _settle(self, blocks):
        """Keep the first key of each block in memory."""
        self.blocks = blocks
        firsts = [bytes(self.data[start : start + 8]) for start in blocks[:-1].tolist()]
        sizes = np.array([int.from_bytes(first[:4], "little") for first in firsts], np.int64)
        self._fence_ends = np.cumsum(sizes)
        starts = blocks[:-1] + 8
        pieces = [
            self.data[s : s + n] for s, n in zip(starts.tolist(), sizes.tolist(), strict=True)
        ]
        self._fences = np.concatenate(pieces) if pieces else NOTHING
        self._fences = frozen(self._fences)

    def _filtered(self, bits_per_key):
        bits = check_number(bits_per_key, "bits_per_key", low=0.0, high=MOST_BITS)
        n_bits = round(bits * self.n_entries)
        if not n_bits:
            return None
        made = BloomFilter(n_bits, n_hashes(bits))
        made.update_hashes(hash_slices(*keys_of(self.data, self.n_entries)))
        return made


def merge_runs(runs, *, forget=False, bits_per_key=10.0, block_bytes=4096):
    """Return one run of several; of entries with equal keys, the one of the newest run.

    Parameters
    ----------
    runs : sequence of SortedRun
        The newest first.
    forget : bool, default False
        Whether tombstones are left out. Right only if no older run holds their keys: else old
        values rise again.
    bits_per_key, block_bytes
        As for `SortedRun`.

    Returns
    -------
    SortedRun

    Raises
    ------
    TypeError, ValueError
        If there is no run, or something is none.

    Notes
    -----
    **Cost.** O(bytes) for two runs, which are read and written in order; k runs are merged one
    after the other.

    Examples
    --------
    >>> new = SortedRun.from_items([(b"be", None), (b"to", b"3")])
    >>> old = SortedRun.from_items([(b"be", b"1"), (b"or", b"2")])
    >>> list(merge_runs([new, old])), list(merge_runs([new, old], forget=True))
    ([(b'be', None), (b'or', b'2'), (b'to', b'3')], [(b'or', b'2'), (b'to', b'3')])
    """
    runs = list(runs)
    if not runs or not all(isinstance(run, SortedRun) for run in runs):
        raise TypeError("runs must be at least one SortedRun.")
    data, count = merge_data([run.data for run in runs], check_flag(forget, "forget"))
    return SortedRun(data, count, bits_per_key=bits_per_key, block_bytes=block_bytes)


def merge_data(rows, forget):
    """Merge rows of entries, the newest first; return one row and the number of entries."""
    merged = rows[0]
    others = rows[1:] or [NOTHING]
    for number, other in enumerate(others, 1):
        out = np.empty(len(merged) + len(other), np.uint8)
        size, count = merge(merged, other, forget and number == len(others), out)
        merged = frozen(out[:size])
    return merged, count


def frozen(array):
    """Return an array that cannot be written; kernels are compiled for these alone."""
    array.flags.writeable = False
    return array


def joined(entries):
    """Return entries, each as bytes, as one array."""
    return np.frombuffer(b"".join(entries), np.uint8)


def as_key(key):
    """Return a key; refuse what is not bytes."""
    if not isinstance(key, bytes):
        raise TypeError(f"a key must be bytes; got {type(key).__name__}, encode it first.")
    return key


def as_value(value):
    """Return a value, or None; refuse anything else."""
    if value is not None and not isinstance(value, bytes):
        raise TypeError(f"a value must be bytes; got {type(value).__name__}, encode it first.")
    return value
