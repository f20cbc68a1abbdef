"""Speed of kernel features against scikit-learn; see benchmarks/harness.py.

Fourier features are compared at equal numbers a row, maps drawn before: the error is the root mean
square error of the kernel on 400 rows, over several maps, none of which is timed. The limit of the
dense kinds is the product with the frequencies; additions of the Hadamard transforms count as two
operations, as a multiplication and an addition do there. Where ours and the peer draw from one
distribution, independent frequencies with offsets and tensor sketches, ours takes over the map of
the peer, so that their errors are the same and not alike by chance.
"""

import numpy as np
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_features import FourierFeatures, TensorSketch, fourier_cost

ROWS = 400
MAPS = 20  # for the error, which few maps do not tell
READY = 5  # of them, timed in turn
GAMMA = 0.01  # of digits scaled to [0, 1]
ERROR = "root mean square error of the kernel, 400 rows"


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    for dtype in ("float32", "float64"):
        for n_components in (2048,) if quick else (2048, 8192):
            yield fourier(n_components, dtype, quick)
        for degree in (2, 3):
            yield sketch(degree, dtype, quick)


def digits(n, dtype):
    X = datasets.mnist().train_images[:n].reshape(n, -1)
    return X.astype(dtype) / np.asarray(255, dtype)


def fitted(make, X, K, maps, **options):
    """A contestant that only transforms, and its error over many maps."""
    ready, squares = [], []
    for seed in range(maps):
        features = make(random_state=seed, **options).fit(X)
        Z = features.transform(X[:ROWS]).astype(np.float64)
        squares.append(np.mean((Z @ Z.T - K) ** 2))
        ready = (ready + [features])[:READY]
    error = np.sqrt(np.mean(squares))
    return lambda seed: (ready[seed % len(ready)].transform(X), error)


class OfSampler(FourierFeatures):
    """Ours, with the frequencies and offsets that RBFSampler draws."""

    def fit(self, X, y=None):
        super().fit(X)
        peer = RBFSampler(
            n_components=self.n_components, gamma=self.gamma, random_state=self.random_state
        ).fit(X)
        self.frequencies_, self.offsets_ = peer.random_weights_.T, peer.random_offset_
        return self


class OfCountSketch(TensorSketch):
    """Ours, with the hash functions that PolynomialCountSketch draws."""

    def fit(self, X, y=None):
        super().fit(X)
        peer = PolynomialCountSketch(
            degree=self.degree, n_components=self.n_components, random_state=self.random_state
        ).fit(X)
        d = X.shape[1]
        self.columns_[:, :d], self.signs_[:, :d] = peer.indexHash_[:, :d], peer.bitHash_[:, :d]
        return self


def fourier(n_components, dtype, quick):
    """A Gaussian kernel of digits: pairs and offsets, dense and structured."""
    n = (2000 if quick else 20_000) * 2048 // n_components
    X = digits(n, dtype)
    head = X[:ROWS].astype(np.float64)
    squares = (head**2).sum(1)
    K = np.exp(-GAMMA * (squares[:, None] + squares - 2 * head @ head.T))
    maps = 2 if quick else MAPS
    ours = {
        "ours iid": {},
        "ours iid, offsets": {"paired": False},
        "ours Hadamard": {"kind": "hadamard"},
        "ours Hadamard, offsets": {"kind": "hadamard", "paired": False},
        "ours Fastfood": {"kind": "fastfood"},
    }
    makers = {"ours iid, offsets": OfSampler}
    size = {"n_components": n_components, "gamma": GAMMA}
    contestants = {
        name: fitted(makers.get(name, FourierFeatures), X, K, maps, **size, **options)
        for name, options in ours.items()
    }
    contestants["RBFSampler"] = fitted(RBFSampler, X, K, maps, **size)
    costs = {name: fourier_cost(784, n_components, **o) for name, o in ours.items()}
    flops = {name: 2.0 * n * cost.additions for name, cost in costs.items()}
    return harness.Workload(
        f"fourier D={n_components} {dtype}",
        f"Fourier features of {n} digits, 784 to {n_components} numbers, {dtype}; drawn before",
        contestants,
        lambda result: result[1],
        f"{ERROR}, {maps} maps",
        [
            ("ours iid", "RBFSampler", 1.0),
            ("ours iid, offsets", "RBFSampler", 1.0),
            ("ours Hadamard", "RBFSampler", 1.2),
            ("ours Hadamard, offsets", "RBFSampler", 1.2),
            ("ours Fastfood", "RBFSampler", None),
        ],
        flops=flops | {"RBFSampler": flops["ours iid, offsets"]},
        dtype=dtype,
    )


def sketch(degree, dtype, quick):
    """A polynomial kernel of digits of length 1."""
    n, n_components = 1000 if quick else 5000, 2048
    X = digits(n, dtype)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    head = X[:ROWS].astype(np.float64)
    K = (head @ head.T) ** degree
    maps = 2 if quick else MAPS
    size = {"n_components": n_components, "degree": degree}
    return harness.Workload(
        f"sketch p={degree} {dtype}",
        f"tensor sketch of {n} digits, 784 to {n_components} numbers, degree {degree}, {dtype}",
        {
            "ours": fitted(OfCountSketch, X, K, maps, **size),
            "PolynomialCountSketch": fitted(PolynomialCountSketch, X, K, maps, **size),
        },
        lambda result: result[1],
        f"{ERROR}, {maps} maps",
        [("ours", "PolynomialCountSketch", 4.0)],
        dtype=dtype,
    )


if __name__ == "__main__":
    harness.main("kernel_features", workloads)
