"""Models of entries that keep examples: the label of the nearest ones.

Examples lie in the order of their labels, so that labels cost a count for each class. Searches put
the smaller index first where distances are equal. In that order the first class would win all ties,
so examples are searched in an order that has nothing to do with their labels.
"""

import numpy as np

from course_lib._sketch import random_words
from course_lib._validation import check_count, check_indices
from course_lib.deep_compression._entry_budgets import Work
from course_lib.deep_compression._entry_codes import from_levels, levels, packed
from course_lib.deep_compression._entry_features import MOST_SEED, seeded_signs
from course_lib.deep_compression._entry_models import MOST_CLASSES
from course_lib.kernel_features import fourier_cost
from course_lib.kernel_features._structured import padded, write_hadamard
from course_lib.lsh import ProductQuantizer, hamming_search, pack_bits, pq_search
from course_lib.trees import brute_force

__all__ = ["Codes", "Examples", "Products", "by_label", "seeded_bits"]

MOST_NEIGHBORS = 255


class _Nearest:
    """Labels of examples, and the vote of the nearest ones.

    ``_order`` is the order to search in: that of the words of seed 0, the same for all files.
    """

    def __init__(self, front, counts, n_neighbors):
        self.front, self.counts = front, np.asarray(counts, np.int64)
        check_count(len(self.counts), "classes", low=2, high=MOST_CLASSES)
        self.n_examples = check_count(int(self.counts.sum()), "examples", low=1)
        self.n_neighbors = check_count(
            n_neighbors, "n_neighbors", low=1, high=min(MOST_NEIGHBORS, self.n_examples)
        )
        self._order = np.argsort(random_words(0, self.n_examples), kind="stable")
        self._labels = np.repeat(np.arange(len(self.counts)), self.counts)[self._order]

    def labels(self, rows):
        return vote(self._labels[self._find(rows)], len(self.counts))

    def _start(self):
        head = bytes([self.n_neighbors, len(self.counts)])
        return head + self.counts.astype("<u4").tobytes()

    @staticmethod
    def _read_start(reader):
        n_neighbors, n_classes = reader.numbers("BB")
        return np.array(reader.numbers(f"{n_classes}I"), np.int64), n_neighbors


class Examples(_Nearest):
    """Rows themselves, a few bits a number, by brute force."""

    name = "neighbors"

    def __init__(self, front, counts, n_neighbors, numbers, bits, low, high):
        super().__init__(front, counts, n_neighbors)
        self.numbers, self.bits, self.low, self.high = numbers, bits, low, high
        if not high > low:
            raise ValueError("rows must not all be equal.")
        rows = from_levels(numbers, bits) * np.float32(high - low) + np.float32(low)
        self._rows = rows[self._order]

    @classmethod
    def coded(cls, front, counts, n_neighbors, rows, bits):
        low, high = (float(np.float32(edge)) for edge in (rows.min(), rows.max()))
        if not high > low:
            raise ValueError("rows must not all be equal.")
        numbers = levels((rows - low) / (high - low), bits)
        return cls(front, counts, n_neighbors, numbers, bits, low, high)

    @classmethod
    def read(cls, reader, front):
        counts, n_neighbors = cls._read_start(reader)
        (bits,), (low, high) = reader.numbers("B"), reader.floats(2).tolist()
        numbers = reader.packed(int(counts.sum()) * front.n_columns, bits)
        numbers = numbers.reshape(-1, front.n_columns)
        return cls(front, counts, n_neighbors, numbers, bits, low, high)

    def to_bytes(self):
        edges = np.array([self.low, self.high], "<f4").tobytes()
        return self._start() + bytes([self.bits]) + edges + packed(self.numbers, self.bits)

    @property
    def work(self):
        n, d = self.numbers.shape
        return Work(n * d, n)

    def _find(self, rows):
        return brute_force(self._rows, rows, self.n_neighbors).indices


class Products(_Nearest):
    """Rows by a product quantizer: a byte for each group of columns, distances by tables."""

    name = "products"

    def __init__(self, front, counts, n_neighbors, codebooks, edges, codes):
        super().__init__(front, counts, n_neighbors)
        self.codebooks, self.codes = codebooks, codes
        self.quantizer = ProductQuantizer(codebooks.values, np.asarray(edges, np.int64))
        self._codes = codes[self._order]

    @classmethod
    def read(cls, reader, front):
        counts, n_neighbors = cls._read_start(reader)
        n_groups, last_center = reader.numbers("HB")
        edges = np.array([0, *reader.numbers(f"{n_groups}H")])
        if n_groups < 1 or (np.diff(edges) < 1).any() or edges[-1] != front.n_columns:
            raise ValueError("edges must rise to the columns.")
        codebooks = reader.coded(last_center + 1, front.n_columns)
        codes = reader.packed(int(counts.sum()) * n_groups, 8).reshape(-1, n_groups)
        if codes.size and codes.max() > last_center:
            raise ValueError("codes must be below the number of centers.")
        return cls(front, counts, n_neighbors, codebooks, edges, codes)

    def to_bytes(self):
        edges = self.quantizer.edges[1:].astype("<u2")
        head = len(edges).to_bytes(2, "little") + bytes([len(self.codebooks.numbers) - 1])
        parts = (
            self._start(),
            head,
            edges.tobytes(),
            self.codebooks.to_bytes(),
            self.codes.tobytes(),
        )
        return b"".join(parts)

    @property
    def work(self):
        k, d = self.codebooks.numbers.shape
        return Work(k * d, self.codes.size + k * self.codes.shape[1], self.codes.size)

    def _find(self, rows):
        return pq_search(self.quantizer, self._codes, rows, self.n_neighbors).indices


class Codes(_Nearest):
    """Rows by the signs of H D3 H D2 H D1, distances by counting the bits that differ."""

    name = "codes"

    def __init__(self, front, counts, n_neighbors, seed, n_bits, octets):
        super().__init__(front, counts, n_neighbors)
        self.seed = check_count(seed, "seed", low=0, high=MOST_SEED)
        self.n_bits, self.octets = n_bits, octets
        self._codes = as_words(octets[self._order])

    @classmethod
    def read(cls, reader, front):
        counts, n_neighbors = cls._read_start(reader)
        seed, n_octets = reader.numbers("IH")
        check_count(n_octets, "bytes of a code", low=1)
        octets = reader.packed(int(counts.sum()) * n_octets, 8).reshape(-1, n_octets)
        return cls(front, counts, n_neighbors, seed, 8 * n_octets, octets)

    def to_bytes(self):
        head = self.seed.to_bytes(4, "little") + (self.n_bits // 8).to_bytes(2, "little")
        return self._start() + head + self.octets.tobytes()

    @property
    def work(self):
        cost = fourier_cost(self.front.n_columns, 2 * self.n_bits, kind="hadamard")
        words = self._codes.size
        signs = cost.multiplications - self.n_bits  # all but the lengths, which signs do not need
        return Work(signs, cost.additions + 2 * words, words)

    def _find(self, rows):
        queries = as_words(seeded_bits(rows, self.n_bits, self.seed))
        return hamming_search(self._codes, queries, self.n_neighbors).indices


def seeded_bits(rows, n_bits, seed):
    """Return the bits of rows, eight to a byte, uint8 (n, n_bits / 8)."""
    size = padded(rows.shape[1])
    signs = seeded_signs(seed, (-(-n_bits // size), 3, size))
    products = np.empty((len(rows), n_bits), np.float32)
    write_hadamard(np.ascontiguousarray(rows), signs, np.ones(n_bits, np.float32), products)
    return np.packbits(products >= 0, axis=1, bitorder="little")


def as_words(octets):
    """Return codes of bytes as words, as `hamming_search` takes them."""
    return pack_bits(np.unpackbits(octets, axis=1, bitorder="little"))


def by_label(labels, n_examples):
    """Return the order of labels, and how many examples each class has."""
    labels = check_indices(labels, "labels", MOST_CLASSES)
    if len(labels) != n_examples or not n_examples:
        raise ValueError(
            f"labels must be one for each of the {n_examples} examples; got {len(labels)}."
        )
    return np.argsort(labels, kind="stable"), np.bincount(labels, minlength=2)


def vote(labels, n_classes):
    """Return the most frequent of each row of labels (n, k); of several, that of the nearest."""
    if labels.shape[1] == 1:
        return labels[:, 0]
    counts = (labels[:, :, None] == np.arange(n_classes)).sum(axis=1)
    own = np.take_along_axis(counts, labels, axis=1)  # for each neighbor, those of its class
    return np.take_along_axis(labels, own.argmax(axis=1)[:, None], axis=1)[:, 0]
