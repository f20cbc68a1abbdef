"""Models of entries that end in weights: a score for each class, and the largest wins."""

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_number
from course_lib.deep_compression._entry_budgets import Work
from course_lib.deep_compression._entry_codes import code, floats, from_levels, levels, packed
from course_lib.deep_compression._entry_features import SeededFeatures
from course_lib.kernel_features import fourier_cost
from course_lib.kernel_training import Kernel

__all__ = ["Features", "Head", "Landmarks", "Linear"]

MOST_CLASSES = 255


class Head:
    """Weights (m, c), coded, and intercepts (c,); one column tells two classes by its sign."""

    def __init__(self, weights, intercept):
        self.weights, self.intercept = weights, intercept
        check_count(len(intercept), "columns of weights", low=1, high=MOST_CLASSES)

    @classmethod
    def coded(cls, weights, intercept, bits):
        weights = code(weights, bits)
        intercept = check_finite(
            check_array(intercept, "intercept", ndim=1, dtype=np.float32), "intercept"
        )
        if len(intercept) != weights.numbers.shape[1]:
            raise ValueError(
                "intercept must have an entry for each column of weights, a class; "
                f"got {len(intercept)} for {weights.numbers.shape[1]}."
            )
        return cls(weights, intercept)

    @classmethod
    def read(cls, reader, height):
        (n_classes,) = reader.numbers("B")
        intercept = reader.floats(n_classes)
        return cls(reader.coded(height, n_classes), intercept)

    def to_bytes(self):
        return bytes([len(self.intercept)]) + floats(self.intercept) + self.weights.to_bytes()

    @property
    def height(self):
        return self.weights.numbers.shape[0]

    @property
    def work(self):
        return Work(self.weights.numbers.size, len(self.intercept))

    def labels(self, rows):
        scores = rows @ self.weights.values + self.intercept
        return scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)


class Linear:
    """Weights of the columns of a row."""

    name = "linear"

    def __init__(self, front, head):
        self.front, self.head = front, _of_height(head, front.n_columns)

    @classmethod
    def read(cls, reader, front):
        return cls(front, Head.read(reader, front.n_columns))

    def to_bytes(self):
        return self.head.to_bytes()

    @property
    def work(self):
        return self.head.work

    def labels(self, rows):
        return self.head.labels(rows)


class Features:
    """Weights of random features that a seed makes again."""

    name = "features"

    def __init__(self, front, head, features):
        self.front, self.head = front, _of_height(head, features.n_components)
        self.features = features.fit(np.zeros((1, front.n_columns), np.float32))

    @classmethod
    def read(cls, reader, front):
        seed, count, gamma = reader.numbers("IHd")
        features = SeededFeatures(count, gamma=gamma, random_state=seed)
        return cls(front, Head.read(reader, count), features)

    def to_bytes(self):
        f = self.features
        seed, count = int(f.random_state), int(f.n_components)
        head = seed.to_bytes(4, "little") + count.to_bytes(2, "little")
        return head + np.array(f.gamma, "<f8").tobytes() + self.head.to_bytes()

    @property
    def work(self):
        cost = fourier_cost(self.front.n_columns, self.head.height, kind="hadamard")
        return Work(cost.multiplications, cost.additions, cost.waves).plus(self.head.work)

    def labels(self, rows):
        return self.head.labels(self.features.transform(rows))


class Landmarks:
    """Weights of the kernels with some rows: exact on these rows, or by Nyström on all."""

    name = "landmarks"

    def __init__(self, front, head, gamma, numbers, bits):
        self.front, self.head = front, _of_height(head, len(numbers))
        self.gamma = check_number(gamma, "gamma", low=0.0, open_low=True, open_high=True)
        self.numbers, self.bits = numbers, bits
        self._rows = from_levels(numbers, bits)

    @classmethod
    def coded(cls, front, head, gamma, rows, bits):
        return cls(front, head, gamma, levels(rows, bits), bits)

    @classmethod
    def read(cls, reader, front):
        gamma, count, bits = reader.numbers("dIB")
        numbers = reader.packed(check_count(count, "count", low=1) * front.n_columns, bits)
        head = Head.read(reader, count)
        return cls(front, head, gamma, numbers.reshape(count, -1), bits)

    def to_bytes(self):
        data = np.array(self.gamma, "<f8").tobytes() + len(self.numbers).to_bytes(4, "little")
        return data + bytes([self.bits]) + packed(self.numbers, self.bits) + self.head.to_bytes()

    @property
    def work(self):
        m, d = self.numbers.shape
        return Work(m * d, 2 * m, m).plus(self.head.work)  # |x|^2 and |z|^2 are added

    def labels(self, rows):
        return self.head.labels(Kernel("rbf", self.gamma)(rows, self._rows))


def _of_height(head, height):
    if head.height != height:
        raise ValueError(
            f"weights must have a row for each of the {height} numbers that they weigh; "
            f"got {head.height}."
        )
    return head
