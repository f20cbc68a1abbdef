"""Speed of binary embeddings against BLAS, SciPy and scikit-learn; see benchmarks/harness.py.

A square matrix is applied to 256 vectors, or to one, at growing sizes: where does the fast Fourier
transform overtake the product with the dense matrix?  All hold the same numbers, circulant or
Toeplitz, in float32, and were set up before. SciPy computes in float64 whatever it is given, so
against SciPy ours does too. Short calls are repeated, and times are of all repeats: a single call
of a millisecond, with the caches full of another's matrices, takes up to three. Then digits become
codes: map drawn, applied, and packed.
"""

import numpy as np
import scipy.linalg
from sklearn.random_projection import GaussianRandomProjection

from benchmarks import harness
from course_lib import datasets
from course_lib.binary_embeddings import (
    BinaryEmbedding,
    Circulant,
    Toeplitz,
    angle_share,
    estimate_angle_share,
)

BATCH = 256
BATCH_SIZES = (256, 1024, 4096)
SINGLE_SIZES = (256, 1024)
GOALS = {1024: 2.0, 4096: 7.0}  # of a circulant over the dense product, on a batch
CHECKED = 8  # vectors whose products are compared with those in float64
PAIRS, MAPS = 500, 100  # of digits, and drawn before, for the error of codes
FLOPS = 5e9  # that the dense product makes in a turn, at least: what is shorter is repeated


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its matrices."""
    for n in (256, 1024) if quick else BATCH_SIZES:
        yield products(n, BATCH)
    for n in SINGLE_SIZES:
        yield products(n, 1)
    yield codes(quick)


def products(n, m):
    """One square matrix of each kind, on ``m`` vectors."""
    X = np.random.default_rng(n).standard_normal((m, n), dtype=np.float32)
    C, T = Circulant(n, n, rng=0), Toeplitz(n, n, rng=1)
    W = window(np.tile(C.gaussians.astype(np.float32), 2)[: 2 * n - 1], n)
    W[1:] = W[:0:-1].copy()  # rolled to the right, where the window moves the other way
    X64 = X.astype(np.float64)
    column, row = T.gaussians[n - 1 :: -1].copy(), T.gaussians[n - 1 :].copy()
    exact = {"circulant": reference(C, X), "toeplitz": reference(T, X)}
    repeats = max(1, int(FLOPS / (2.0 * m * n * n)))

    def repeated(kind, call):
        def contestant(seed):
            for _ in range(repeats):
                Y = call()
            return Y, exact[kind]

        return contestant

    circulant = {
        "ours circulant": repeated("circulant", lambda: C.apply(X)),
        "dense product": repeated("circulant", lambda: X @ W.T),
    }
    toeplitz = {
        "ours Toeplitz": repeated("toeplitz", lambda: T.apply(X)),
        "ours Toeplitz float64": repeated("toeplitz", lambda: T.apply(X64)),
        "SciPy matmul_toeplitz": repeated(
            "toeplitz", lambda: scipy.linalg.matmul_toeplitz((column, row), X64.T).T
        ),
    }
    return harness.Workload(
        f"{'batch' if m > 1 else 'one vector'} n={n}",
        f"multiply {m} vectors by a matrix of {n} x {n}, float32, {repeats} times",
        circulant | toeplitz,
        error,
        "root mean square error over that of the products",
        [
            ("ours circulant", "dense product", GOALS.get(n) if m > 1 else None),
            ("ours Toeplitz", "dense product", None),
            ("ours Toeplitz float64", "SciPy matmul_toeplitz", 1.0 if n >= 256 else None),
        ],
        flops={"dense product": 2.0 * repeats * m * n * n},
        dtype="float32",
    )


def window(numbers, n):
    """Return the matrix whose row i is ``numbers[i : i + n]``, as an array of its own."""
    return np.lib.stride_tricks.sliding_window_view(numbers, n).copy()


def reference(P, X):
    """Return products of the first vectors, in float64 and without a transform."""
    n = P.shape[1]
    X = X[:CHECKED].astype(np.float64)
    return np.stack([X @ P.gaussians[P.variables(i)] for i in range(n)], axis=1)


def error(result):
    """Return how far the products are from those in float64."""
    Y, exact = result
    return np.sqrt(np.mean((Y[:CHECKED] - exact) ** 2) / np.mean(exact**2))


def codes(quick):
    """Real data: digits to codes of 1,024 bits, and what the codes tell of angles."""
    m, k = (2000, 256) if quick else (20_000, 1024)
    maps = 10 if quick else MAPS
    X = datasets.mnist().train_images[:m].reshape(m, -1).astype(np.float32)
    angles = angle_share(X[:PAIRS], X[PAIRS : 2 * PAIRS])

    def contestant(embed):
        """Time one map; the error is that of many, which differ from each other."""
        errors = []
        for seed in range(maps):
            found = embed(X[: 2 * PAIRS], seed)
            estimate = estimate_angle_share(found[:PAIRS], found[PAIRS:], k)
            errors.append(np.mean((estimate - angles) ** 2))
        mean_error = np.sqrt(np.mean(errors))
        return lambda seed: (embed(X, seed), mean_error)

    def embedded(**options):
        return contestant(
            lambda X, seed: BinaryEmbedding(k, random_state=seed, **options).fit_transform(X)
        )

    def dense(X, seed):
        Y = GaussianRandomProjection(k, random_state=seed).fit_transform(X)
        return np.packbits(Y > 0, axis=1).view(np.uint64)

    return harness.Workload(
        "codes",
        f"{m} digits to codes of {k} bits, float32; map drawn and applied",
        {
            "ours circulant": embedded(),
            "ours Toeplitz": embedded(matrix="toeplitz"),
            "ours circulant, no D": embedded(signs=False),
            "scikit-learn Gaussian, packed": contestant(dense),
        },
        lambda result: result[1],
        f"root mean square error of the angles of {PAIRS} pairs over {maps} maps, as a share of pi",
        [
            ("ours circulant", "scikit-learn Gaussian, packed", 1.5),
            ("ours Toeplitz", "scikit-learn Gaussian, packed", None),
        ],
        flops={"scikit-learn Gaussian, packed": 2.0 * m * k * 784},
        dtype="float32",
    )


if __name__ == "__main__":
    harness.main("binary_embeddings", workloads)
