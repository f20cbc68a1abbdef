"""Speed of randomness against scikit-learn and SciPy; see benchmarks/harness.py.

Projections are compared at equal dimension: the error is the root mean square of the distortion
of squared distances, of which the Hadamard projection has no more. A sweep over the dimension of
the data shows where the fast transform overtakes the product with a Gaussian matrix. Beside each
stands its limit at the speed of a large matrix product; an addition of the transform takes the
place of a multiplication and an addition there, so it counts as two.
"""

import numpy as np
from scipy.linalg import hadamard
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from benchmarks import harness
from course_lib import datasets
from course_lib.randomness import (
    GaussianProjection,
    HadamardProjection,
    SparseProjection,
    freivalds,
    fwht,
    pair_ratios,
)

DISTORTION = "root mean square of the relative change of squared distances, 400 rows"
ROWS = 400
MAPS = 5  # drawn beforehand where only the projection is timed
MORE_MAPS = 20  # for the error in the sweep, which one map does not tell


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    yield digits(quick)
    for k in (32, 128, 512):
        for d in widths(k, quick):
            yield sweep(d, k, quick)
    yield transform(quick)
    yield check(quick)


def widths(k, quick):
    """Dimensions of the data: powers of two, and just above some, where padding is worst."""
    chosen = (1024,) if quick else (64, 256, 1024, 1025, 4096, 16_384)
    return sorted(d for d in chosen if d >= k)


def additions(n, d):
    """Return the additions of ``n`` transforms of width ``d``, padded, as flops of a product."""
    bits = (d - 1).bit_length()
    return 2.0 * n * bits * 2**bits


def distortion(X):
    """Return the error of a projection of ``X``, on its first rows."""
    return lambda Y: np.sqrt(np.mean((pair_ratios(X[:ROWS], Y[:ROWS]) - 1) ** 2))


def fitted(P, X, k, maps):
    """A contestant that only projects, and its error over many maps, none of which is timed."""
    before = euclidean_distances(X[:ROWS].astype(np.float64), squared=True)
    before = before[np.triu_indices(ROWS, 1)]
    squares = []
    for seed in range(maps):
        Y = P(k, random_state=seed).fit(X).transform(X[:ROWS])
        squares.append(np.mean((pdist(Y, "sqeuclidean") / before - 1) ** 2))
    error = np.sqrt(np.mean(squares))
    ready = [P(k, random_state=seed).fit(X) for seed in range(MAPS)]
    return lambda seed: (ready[seed % MAPS].transform(X), error)


def drawn(P, X, k, **options):
    """A contestant that draws its map and projects."""
    return lambda seed: P(k, random_state=seed, **options).fit_transform(X)


def digits(quick):
    """Real data: handwritten digits, at the dimension of the bound for eps = 0.5."""
    n, k = (2000, 365) if quick else (20_000, 365)
    X = datasets.mnist().train_images[:n].reshape(n, -1).astype(np.float32)
    contestants = {
        "ours Hadamard": drawn(HadamardProjection, X, k),
        "ours Gaussian": drawn(GaussianProjection, X, k),
        "ours sparse 1/3": drawn(SparseProjection, X, k),
        "scikit-learn Gaussian": drawn(GaussianRandomProjection, X, k),
        "scikit-learn sparse 1/3": drawn(SparseRandomProjection, X, k, density=1 / 3),
        "scikit-learn sparse default": drawn(SparseRandomProjection, X, k, dense_output=True),
    }
    flops = 2.0 * n * 784 * k
    return harness.Workload(
        "digits",
        f"project {n} digits, 784 to {k}, float32; map drawn and applied",
        contestants,
        distortion(X),
        DISTORTION,
        [
            ("ours Hadamard", "scikit-learn Gaussian", 3.0),
            ("ours Hadamard", "scikit-learn sparse default", None),
            ("ours Gaussian", "scikit-learn Gaussian", 1.0),
            ("ours sparse 1/3", "scikit-learn sparse 1/3", 1.0),
        ],
        flops={
            "scikit-learn Gaussian": flops,
            "ours Gaussian": flops,
            "ours Hadamard": additions(n, 1024),
        },
        dtype="float32",
    )


def sweep(d, k, quick):
    """One point of the sweep: equal numbers of entries, whatever the width."""
    n = max(ROWS, (1 << (19 if quick else 22)) // d)
    X = np.random.default_rng(d).standard_normal((n, d), dtype=np.float32)
    maps = 3 if quick else MORE_MAPS
    goal = None if d < 1024 else 1.0 if k == 32 else 3.0
    return harness.Workload(
        f"sweep k={k} d={d}",
        f"project {n} rows, {d} to {k}, float32; maps drawn before",
        {
            "ours": fitted(HadamardProjection, X, k, maps),
            "scikit-learn": fitted(GaussianRandomProjection, X, k, maps),
        },
        lambda result: result[1],
        f"{DISTORTION}, {maps} maps",
        [("ours", "scikit-learn", goal)],
        flops={"scikit-learn": 2.0 * n * d * k, "ours": additions(n, d)},
        dtype="float32",
    )


def transform(quick):
    """The full transform against the product with the Hadamard matrix."""
    m, n = (500, 256) if quick else (4000, 1024)
    X = np.random.default_rng(0).standard_normal((m, n), dtype=np.float32)
    H = hadamard(n, dtype=np.float32)
    exact = X.astype(np.float64) @ H
    return harness.Workload(
        "transform",
        f"Walsh-Hadamard transform of {m} rows of {n}, float32",
        {"ours": lambda seed: fwht(X), "product with scipy.linalg.hadamard": lambda seed: X @ H},
        lambda Y: np.max(np.abs(Y - exact)) / np.max(np.abs(exact)),
        "largest error over largest entry",
        [("ours", "product with scipy.linalg.hadamard", 3.0)],
        flops={"product with scipy.linalg.hadamard": 2.0 * m * n * n, "ours": additions(m, n)},
        dtype="float32",
    )


def check(quick):
    """Is this product right?  Freivalds against multiplying again; one entry is wrong."""
    n = 300 if quick else 2000
    A, B = np.random.default_rng(0).standard_normal((2, n, n))
    C = A @ B
    C[n // 2, n // 3] += 1e-3
    return harness.Workload(
        "check",
        f"find that a product of two {n} x {n} matrices is wrong in one entry by 0.001, float64",
        {
            "ours": lambda seed: freivalds(A, B, C, rng=seed),
            "NumPy": lambda seed: np.allclose(A @ B, C, rtol=1e-10, atol=1e-10),
        },
        float,
        "1 if the error was missed",
        [("ours", "NumPy", 5.0)],
        flops={"NumPy": 2.0 * n**3},
    )


if __name__ == "__main__":
    harness.main("randomness", workloads)
