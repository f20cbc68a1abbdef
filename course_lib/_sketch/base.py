"""One vocabulary for all sketches: update, merge, estimate, nbytes, to_bytes, from_bytes."""

import copy
import functools

import numpy as np

from course_lib._sketch.items import as_batch, check_seed, hash_items
from course_lib._sketch.wire import SameBytes, check_array, check_scalars, pack, reading, unpack
from course_lib._validation import MOST_COUNTED, check_counts, check_room

__all__ = ["CountingSketch", "Sketch"]

WAITING = 1 << 12  # single items that wait for company
SINGLE = frozenset({int, str, bytes})


class Sketch(SameBytes):
    """What every sketch does in the same way.

    A subclass names its parameters and its state, and says in ``_add(hashes, counts, items)``
    what a block of hashes does to the state. Whoever reads the state calls ``_flush`` first:
    single items wait in a list, since one call for 4096 hashes costs little more than one call
    for one.
    """

    _parameters = ("seed",)  # arguments of __init__, equal in sketches that can merge
    _state = ()  # attributes that hold arrays or numbers
    _block_size = 1 << 14  # items hashed at a time: their hashes stay in the second-level cache

    def __init__(self, seed):
        self.seed = check_seed(seed)
        self._waiting = []

    def update(self, items):
        """Read one item, or an array or sequence of them.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them
            An integer counts modulo 2**64; a string counts as its UTF-8 bytes.

        Raises
        ------
        TypeError, ValueError
            If an item is neither an integer, a string nor bytes; nothing has been counted then.
        """
        if type(items) in SINGLE:
            waiting = self._waiting
            waiting.append(items)
            if len(waiting) >= WAITING:
                self._flush()
        else:
            self._flush()
            self._absorb(items, None)

    def _flush(self):
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._absorb(waiting, None)

    def _absorb(self, items, counts):
        for start, hashes, block in self._blocks(items):
            stop = start + len(block)
            ones = _ones(len(block)) if counts is None else counts[start:stop]
            self._add(hashes, ones, block)

    def _blocks(self, items):
        """Where each block of items starts, its hashes, and the block."""
        items, _ = as_batch(items)
        starts = range(0, len(items), self._block_size)
        blocks = [items[start : start + self._block_size] for start in starts]
        hashes = (hash_items(block, self.seed) for block in blocks)
        if isinstance(items, list):  # a bad item is refused before any is counted
            hashes = list(hashes)
        return zip(starts, hashes, blocks, strict=True)

    def _answer(self, items, kernel, *state, dtype=np.int64):
        """Ask ``kernel(*state, hashes)`` about the items, block by block."""
        items, single = as_batch(items)
        self._flush()
        answers = np.empty(len(items), dtype)
        for start in range(0, len(items), self._block_size):
            block = slice(start, start + self._block_size)
            answers[block] = kernel(*state, hash_items(items[block], self.seed))
        return answers[0].item() if single else answers

    def merge(self, other):
        """Add what ``other`` has read, as if this sketch had read it too.

        Parameters
        ----------
        other : a sketch of the same kind, parameters and seed
            It stays as it is.

        Raises
        ------
        TypeError
            If ``other`` is of another kind.
        ValueError
            If a parameter or the seed differs.
        """
        if type(other) is not type(self):
            raise TypeError(
                f"only a {type(self).__name__} can be merged into a {type(self).__name__}; "
                f"got a {type(other).__name__}."
            )
        for name in self._parameters:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError(
                    f"{name} must be equal to merge; got {mine} and {theirs}, "
                    f"build both sketches with the same {name}."
                )
        self._flush()
        other._flush()
        self._make_room(other)
        self._merge(other.copy() if other is self else other)

    def _make_room(self, other):
        """Raise unless both together can be counted."""

    def copy(self):
        """Return a sketch that continues from here on its own."""
        return copy.deepcopy(self)

    @property
    def nbytes(self):
        """Bytes of memory that hold the state."""
        self._flush()
        values = (getattr(self, name) for name in self._state)
        return sum(value.nbytes if isinstance(value, np.ndarray) else 8 for value in values)

    def to_bytes(self):
        """Return the sketch as bytes, which `from_bytes` reads on any machine."""
        self._flush()
        parameters = {name: getattr(self, name) for name in self._parameters}
        return pack(type(self).__name__, {**parameters, **self._values()})

    @classmethod
    def from_bytes(cls, data):
        """Return the sketch that ``to_bytes`` wrote.

        Parameters
        ----------
        data : bytes

        Raises
        ------
        TypeError
            If ``data`` is not bytes.
        ValueError
            If the bytes are foreign, damaged, of a newer format, or of another kind of sketch;
            if they hold what no such sketch has, or ask for more than 256 MiB and 64 times their
            own length in memory.
        """
        values = unpack(cls.__name__, data)
        with reading(cls.__name__):
            parameters = check_scalars(values, cls._parameters)
            room = cls._room(**parameters)
        check_room(room, len(data), cls.__name__)
        with reading(cls.__name__):
            sketch = cls(**parameters)
            sketch._restore(values)
            sketch._check_restored()
        return sketch

    def _check_restored(self):
        """Raise any error if counting on from here could overflow."""

    @classmethod
    def _room(cls, **_):
        """Bytes of memory that a new sketch takes, roughly; nothing has checked the parameters."""
        return 0

    def _values(self):
        """The state as a dict of arrays and JSON values."""
        return {name: getattr(self, name) for name in self._state}

    def _restore(self, values):
        """Take the state that `_values` gave; raise any error if no sketch can be in it."""
        for name in self._state:
            fresh = getattr(self, name)
            setattr(self, name, check_array(values[name], fresh.dtype, fresh.shape))

    def __repr__(self):
        parameters = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._parameters)
        return f"{type(self).__name__}({parameters})"


@functools.lru_cache(2)
def _ones(size):
    return np.ones(size, np.int64)


class CountingSketch(Sketch):
    """A sketch that takes a count with each item."""

    _turnstile = True  # counts may be negative

    def __init__(self, seed):
        super().__init__(seed)
        self._weight = 0.0  # sum of all counts that were given, in absolute value

    def update(self, items, counts=None):
        """Count one item, or an array or sequence of them.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n
            An integer counts modulo 2**64; a string counts as its UTF-8 bytes.
        counts : int or array of int, shape (n,), optional
            How often each item arrives, 1 unless given. Negative counts take items back; a
            sketch that cannot give them back refuses them.

        Raises
        ------
        TypeError, ValueError
            If an item is neither an integer, a string nor bytes, or the counts do not fit the
            items; nothing has been counted then.
        """
        if counts is None and type(items) in SINGLE:
            waiting = self._waiting  # as in Sketch.update: a call more would cost a third
            waiting.append(items)
            if len(waiting) >= WAITING:
                self._flush()
        else:
            items, _ = as_batch(items)
            self._flush()
            counts = None if counts is None else self._check_counts(counts, len(items))
            self._absorb(items, counts)
            if counts is not None:
                self._weight += float(np.abs(counts, dtype=np.float64).sum())

    def _check_counts(self, counts, n_items):
        checked = check_counts(counts, "counts", n_items, total=self._weight)
        if not self._turnstile and checked.size and checked.min() < 0:
            raise ValueError(
                f"counts must not be negative, since a {type(self).__name__} forgets nothing; "
                f"got {checked.min()}, use a CountSketch for a stream that takes items back."
            )
        return checked

    def _make_room(self, other):
        if self._weight + other._weight >= MOST_COUNTED:
            raise ValueError(
                "both sketches together must have counted less than 2**62; merge smaller ones."
            )
        self._weight += other._weight

    def _check_restored(self):
        self._weight = self._counted()
        if self._weight >= MOST_COUNTED:
            raise ValueError("the counts must add up to less than 2**62.")

    def _counted(self):
        """What the state has counted, in absolute value: at least its largest counter."""
        return max(float(np.abs(getattr(self, name), dtype=float).max()) for name in self._state)
