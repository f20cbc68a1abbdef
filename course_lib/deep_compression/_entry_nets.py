"""Models of entries that are networks: the files of chapters 21 and 22, read by their own readers.

A network of signs takes bytes, so its front may pool and no more.
"""

import numpy as np
import scipy.sparse as sp

from course_lib.binary_networks import BinaryNetwork
from course_lib.deep_compression._entry_budgets import Work
from course_lib.deep_compression.files import CompressedNetwork

__all__ = ["Binary", "Compressed"]


class _Network:
    """The bytes of a network, behind a front."""

    kind = None

    def __init__(self, front, data):
        self.front, self.data = front, data
        self.network = self.kind.from_bytes(data)
        if front.n_columns != self.n_inputs:
            raise ValueError(
                f"front must make the {self.n_inputs} numbers that the network takes; "
                f"got {front.n_columns}."
            )

    @classmethod
    def read(cls, reader, front):
        return cls(front, bytes(reader.take(len(reader.data) - reader.place)))

    def to_bytes(self):
        return self.data


class Binary(_Network):
    """A network of signs, run in whole numbers."""

    name, kind = "binary", BinaryNetwork

    def __init__(self, front, data):
        super().__init__(front, data)
        if front.centered:
            raise ValueError("front must do no more than pool where a network takes bytes.")

    @property
    def n_inputs(self):
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
    def n_inputs(self):
        return self.network.layers[0].symbols.shape[0]

    @property
    def work(self):
        return Work(sum(W.nnz for W, _ in self.layers), sum(len(b) for _, b in self.layers))

    def labels(self, rows):
        columns = rows.T
        for W, b in self.layers:
            columns = W @ np.maximum(columns, 0) + b[:, None]
        return columns.argmax(axis=0)
