"""Speed of low_rank against scikit-learn, SciPy and fbpca; see benchmarks/harness.py."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigvalsh
from scipy.linalg import interpolative as scipy_interpolative
from scipy.sparse.linalg import svds
from sklearn.decomposition import IncrementalPCA
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import extmath

from benchmarks import harness
from course_lib import datasets
from course_lib.low_rank import (
    FrequentDirections,
    interpolative,
    nystrom_features,
    randomized_svd,
)

fbpca = harness.peer("fbpca")

RANK = 50
SINGULAR_VALUES = "largest relative error of the first 50 singular values"


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    yield dense("float32", quick, goal=2.0)
    yield dense("float64", quick, goal=1.7)
    yield sparse(quick)
    yield columns(quick)
    yield streaming(quick)
    yield kernel_features(quick)


def ours(A, n_iter, oversample):
    """A contestant: block Krylov with so many iterations and extra columns."""
    return lambda seed: randomized_svd(
        A, RANK, oversample=oversample, n_iter=n_iter, method="krylov", rng=seed
    )


def scikit_learn(A, **options):
    """A contestant: scikit-learn's randomized SVD."""
    return lambda seed: extmath.randomized_svd(A, RANK, random_state=seed, **options)


def fbpca_svd(A, n_iter):
    """A contestant: fbpca, which draws from the global state."""

    def call(seed):
        np.random.seed(seed)
        return fbpca.pca(A, RANK, raw=True, n_iter=n_iter, l=RANK + 10)

    return call


def scipy_svds(A, **options):
    """A contestant: a Lanczos method of SciPy."""
    return lambda seed: svds(A, RANK, rng=seed, **options)


def worst_singular_value(truth):
    """Return the error of a factorization, given the true singular values."""
    return lambda result: np.max(np.abs(np.sort(result[1])[::-1] / truth - 1))


def dense(dtype, quick, goal):
    """A slowly decaying spectrum with a noise floor."""
    m, n = (4000, 500) if quick else (20_000, 2000)
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.standard_normal((size, 300)))[0] for size in (m, n))
    A = (U * np.arange(1, 301) ** -0.7) @ V.T + 1e-4 * rng.standard_normal((m, n))
    truth = np.sqrt(eigvalsh(A.T @ A, subset_by_index=[n - RANK, n - 1])[::-1])
    A = A.astype(dtype)
    contestants = {
        "ours q=2 p=22": ours(A, 2, 22),
        "ours q=2 p=10": ours(A, 2, 10),
        "scikit-learn default": scikit_learn(A),
        "scikit-learn QR": scikit_learn(A, power_iteration_normalizer="QR"),
        "scikit-learn n_iter=4": scikit_learn(A, n_iter=4),
        "fbpca n_iter=4": fbpca_svd(A, 4),
        "fbpca n_iter=7": fbpca_svd(A, 7),
        "svds arpack": scipy_svds(A, solver="arpack", tol=1e-2),
        "svds propack": scipy_svds(A, solver="propack", tol=1e-2),
    }
    if quick:
        contestants = {name: contestants[name] for name in list(contestants)[:6]}
    pairs = [
        ("ours q=2 p=22", "scikit-learn default", goal),
        ("ours q=2 p=22", "scikit-learn QR", goal),
        ("ours q=2 p=10", "scikit-learn n_iter=4", None),
        ("ours q=2 p=10", "fbpca n_iter=4", 1.2),
        ("ours q=2 p=22", "fbpca n_iter=7", 1.2),
        ("ours q=2 p=22", "svds arpack", None),
        ("ours q=2 p=22", "svds propack", None),
    ]
    return harness.Workload(
        f"dense_{dtype}",
        f"rank-50 SVD of a dense {m} x {n} matrix, {dtype}",
        contestants,
        worst_singular_value(truth),
        SINGULAR_VALUES,
        [pair for pair in pairs if pair[1] in contestants],
        {"ours q=2 p=22": 6 * 2 * m * n * 72, "ours q=2 p=10": 6 * 2 * m * n * 60},
        dtype,
    )


def sparse(quick):
    """Random places, rows and columns scaled to make the spectrum fall, slowly."""
    m, n, entries = (10_000, 4000, 200_000) if quick else (100_000, 20_000, 2_000_000)
    rng = np.random.default_rng(1)
    # scipy.sparse.random would permute all m n places; so few are drawn twice that they add up.
    places = rng.integers(0, m, entries), rng.integers(0, n, entries)
    weights = np.prod([(place + 1.0) ** -0.3 for place in places], axis=0)
    A = sp.csr_array((rng.random(entries) * weights, places), shape=(m, n))
    truth = np.sort(svds(A, RANK, solver="propack", tol=1e-10, rng=0)[1])[::-1]
    contestants = {
        "ours q=3 p=8": ours(A, 3, 8),
        "ours q=4 p=4": ours(A, 4, 4),
        "scikit-learn default": scikit_learn(A),
        "scikit-learn n_iter=10": scikit_learn(A, n_iter=10),
        "svds arpack": scipy_svds(A, solver="arpack", tol=1e-2),
        "svds propack": scipy_svds(A, solver="propack", tol=1e-2),
    }
    return harness.Workload(
        "sparse",
        f"rank-50 SVD of a sparse {m} x {n} matrix, {A.nnz} entries, float64",
        contestants,
        worst_singular_value(truth),
        SINGULAR_VALUES,
        [
            ("ours q=3 p=8", "scikit-learn default", 1.5),
            ("ours q=4 p=4", "scikit-learn n_iter=10", 1.5),
            ("ours q=4 p=4", "svds arpack", None),
            ("ours q=4 p=4", "svds propack", None),
        ],
    )


def columns(quick):
    """Fifty columns of a matrix, and what combines them to all others."""
    m, n = (1000, 400) if quick else (5000, 2000)
    rng = np.random.default_rng(2)
    U, V = (np.linalg.qr(rng.standard_normal((size, 200)))[0] for size in (m, n))
    A = (U * np.arange(1, 201) ** -1.5) @ V.T + 1e-6 * rng.standard_normal((m, n))

    def peer(rand):
        def call(seed):
            pivots, T = scipy_interpolative.interp_decomp(A, RANK, rand=rand, rng=seed)
            return pivots[:RANK], np.hstack([np.eye(RANK), T])[:, np.argsort(pivots)]

        return call

    def error(result):
        indices, T = result
        return np.linalg.norm(A - A[:, indices] @ T) / np.linalg.norm(A)

    return harness.Workload(
        "interpolative",
        f"50 columns of a dense {m} x {n} matrix and the coefficients of all others, float64",
        {
            "ours": lambda seed: interpolative(A, RANK, rng=seed),
            "interp_decomp": peer(rand=True),
            "interp_decomp rand=False": peer(rand=False),
        },
        error,
        "relative Frobenius error",
        [("ours", "interp_decomp", 8.0), ("ours", "interp_decomp rand=False", 8.0)],
        {"ours": 2 * m * n * (2 * (RANK + 10) + RANK)},
    )


def streaming(quick):
    """The first 50 principal directions of digits that are seen once."""
    X = digits(2000 if quick else 20_000)
    centered = X - X.mean(axis=0)

    def sketch(size):
        def call(_):
            sketch = FrequentDirections(size)
            center = X[:250].mean(axis=0)  # known before the stream is over
            for start in range(0, len(X), 250):
                sketch.update(X[start : start + 250] - center)
            return sketch.components(RANK)

        return call

    def peer(batch_size):
        return lambda _: IncrementalPCA(RANK, batch_size=batch_size).fit(X).components_

    def error(V):
        return 1 - np.linalg.norm(centered @ V.T) ** 2 / np.linalg.norm(centered) ** 2

    return harness.Workload(
        "streaming",
        f"first 50 directions of {len(X)} MNIST digits in one pass, float32",
        {
            "ours l=75": sketch(75),
            "ours l=100": sketch(100),
            "IncrementalPCA batch 250": peer(250),
            "IncrementalPCA batch 500": peer(500),
            "IncrementalPCA batch 1000": peer(1000),
        },
        error,
        "share of the variance that is left",
        [
            ("ours l=75", "IncrementalPCA batch 250", 2.0),
            ("ours l=100", "IncrementalPCA batch 250", None),
            ("ours l=100", "IncrementalPCA batch 500", None),
            ("ours l=100", "IncrementalPCA batch 1000", None),
        ],
        dtype="float32",
    )


def kernel_features(quick):
    """Nyström features; the kernel in float32 is six lines that a user would write."""
    n, c = (2000, 200) if quick else (20_000, 1000)
    X = digits(n)
    gamma = 0.02
    rows = np.random.default_rng(3).choice(n, 1000, replace=False)
    K = rbf_kernel(X[rows].astype(float), gamma=gamma)

    def gaussian_kernel(X, Y):
        K = X @ Y.T
        K *= 2
        K -= np.einsum("ij,ij->i", X, X)[:, None]
        K -= np.einsum("ij,ij->i", Y, Y)
        K *= np.float32(gamma)
        return np.exp(K, out=K)

    def sklearn_kernel(X, Y):
        return rbf_kernel(X, Y, gamma=gamma)

    def ours(kernel):
        return lambda seed: nystrom_features(kernel, c, X=X, rng=seed).F

    def peer(seed):
        return Nystroem(gamma=gamma, n_components=c, random_state=seed).fit_transform(X)

    def error(F):
        return np.linalg.norm(K - F[rows] @ F[rows].T.astype(float)) / np.linalg.norm(K)

    return harness.Workload(
        "nystrom_features",
        f"{c} Nyström features of {n} MNIST digits, Gaussian kernel, float32",
        {
            "ours": ours(gaussian_kernel),
            "ours, sklearn's kernel": ours(sklearn_kernel),
            "Nystroem": peer,
        },
        error,
        "relative Frobenius error of the kernel matrix of 1000 digits",
        [("ours", "Nystroem", 1.5), ("ours, sklearn's kernel", "Nystroem", None)],
        {"ours": 2 * n * c * (784 + c)},
        "float32",
    )


def digits(n):
    """The first n MNIST digits as rows of float32 between 0 and 1."""
    images = datasets.mnist().train_images[:n]
    return np.ascontiguousarray(images.reshape(n, -1) / np.float32(255), dtype=np.float32)


if __name__ == "__main__":
    harness.main("low_rank", workloads)
