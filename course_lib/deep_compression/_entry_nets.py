"""Models of entries that are networks: the files of chapters 21 and 22, read by their own readers.

Both keep pixels as they are, so their front does nothing.
"""

import numpy as np
import scipy.sparse as sp

from course_lib.binary_networks import BinaryNetwork
from course_lib.deep_compression._entry_budgets import Work
from course_lib.deep_compression.files import CompressedNetwork

__all__ = ["Binary", "Compressed"]


class _Network:
    """The bytes of a network, behind a front that does nothing."""

    kind = None

    def __init__(self, front, data):
        self.front, self.data = front, data
        self.network = self.kind.from_bytes(data)
        if not front.plain or front.n_pixels != self.n_pixels:
            raise ValueError(
                f"front must leave the {self.n_pixels} pixels as they are: the network takes them."
            )

    @classmethod
    def read(cls, reader, front):
        return cls(front, bytes(reader.take(len(reader.data) - reader.place)))

    def to_bytes(self):
        return self.data


class Binary(_Network):
    """A network of signs, run in whole numbers."""

    name, kind = "binary", BinaryNetwork

    @property
    def n_pixels(self):
        return self.network.sizes[0]

    @property
    def work(self):
        words, classes = self.network.word_operations, self.network.sizes[-1]
        return Work(classes, 2 * words + classes, words)  # exclusive or, count, sum of each word

    def labels(self, rows):
        return self.network.predict(np.rint(255 * rows).astype(np.uint8))


class Compressed(_Network):
    """A pruned network; only weights that are left are multiplied."""

    name, kind = "compressed", CompressedNetwork

    def __init__(self, front, data):
        super().__init__(front, data)
        dense = self.network.to_layers()[::2]
        self.layers = [(sp.csr_array(layer.W.T), layer.b) for layer in dense]

    @property
    def n_pixels(self):
        return self.network.layers[0].symbols.shape[0]

    @property
    def work(self):
        return Work(sum(W.nnz for W, _ in self.layers), sum(len(b) for _, b in self.layers))

    def labels(self, rows):
        columns = rows.T
        for W, b in self.layers:
            columns = W @ np.maximum(columns, 0) + b[:, None]
        return columns.argmax(axis=0)
