"""Speed of kernel_features against scikit-learn and finufft; see benchmarks/harness.py.

Features of the digits of MNIST in float32, and sums over digits as points of the plane. finufft
runs the trapezoid rule on one thread, its tolerance and grid set for the error that is asked for.
"""

import numpy as np
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler
from sklearn.neighbors import KernelDensity

from benchmarks import harness
from benchmarks.causes_kernel_features import GAMMA, plane, waves
from course_lib import datasets
from course_lib.kernel_features import FourierFeatures, TensorSketch, direct_sum, gauss_sum
from course_lib.kernel_training import Kernel

harness.peer("finufft")

COUNT = 2048
DEGREE = 2


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    X = datasets.mnist().train_images.reshape(-1, 784) / np.float32(255)
    yield fourier(X[: 2_000 if quick else 20_000])
    yield polynomial(X[: 1_000 if quick else 5_000])
    points = plane(X)(X[: 10_000 if quick else 60_000])
    yield sums(points)
    yield density(points[: 2_000 if quick else 20_000])


def off_kernel(truth):
    """Return the function that measures features: root mean square error on some rows."""

    def error(features):
        z = features[: len(truth)].astype(np.float64)
        return float(np.sqrt(np.mean((z @ z.T - truth) ** 2)) / np.sqrt(np.mean(truth**2)))

    return error


def fourier(X):
    def ours(kind):
        return lambda seed: FourierFeatures(
            COUNT, gamma=GAMMA, kind=kind, random_state=seed
        ).fit_transform(X)

    peer = "scikit-learn RBFSampler"
    names = {f"ours {kind}": ours(kind) for kind in ("iid", "hadamard", "fastfood")}
    return harness.Workload(
        key="fourier",
        title=f"{len(X):,} digits to {COUNT:,} Fourier features",
        contestants={
            **names,
            peer: lambda seed: RBFSampler(
                gamma=GAMMA, n_components=COUNT, random_state=seed
            ).fit_transform(X),
        },
        error=off_kernel(Kernel("rbf", gamma=GAMMA)(X[:300], X[:300])),
        error_name="relative error of the kernel matrix of 300 digits",
        pairs=[(name, peer, None) for name in names],
        dtype="float32",
    )


def polynomial(X):
    peer = "scikit-learn PolynomialCountSketch"
    options = {"degree": DEGREE, "gamma": 1.0, "n_components": COUNT}
    return harness.Workload(
        key="polynomial",
        title=f"{len(X):,} digits to {COUNT:,} features of degree {DEGREE}",
        contestants={
            "ours": lambda seed: TensorSketch(random_state=seed, **options).fit_transform(X),
            peer: lambda seed: PolynomialCountSketch(random_state=seed, **options).fit_transform(X),
        },
        error=off_kernel((X[:300].astype(float) @ X[:300].T) ** DEGREE),
        error_name="relative error of the kernel matrix of 300 digits",
        pairs=[("ours", peer, None)],
        dtype="float32",
    )


def relative(truth, rows=slice(None)):
    """Return the function that measures sums."""
    size = np.linalg.norm(truth)
    return lambda found: float(np.linalg.norm(found[rows] - truth) / size)


def sums(points):
    signs = np.random.default_rng(0).choice([-1.0, 1.0], len(points))
    rows = np.random.default_rng(9).choice(len(points), 400, replace=False)
    peer = "finufft"
    return harness.Workload(
        key="sums",
        title=f"sums over {len(points):,} points of the plane",
        contestants={
            "ours": lambda seed: gauss_sum(points, signs, bandwidth=1.0, tol=1e-6).sums,
            peer: lambda seed: waves(points, signs, 1e-8),
        },
        error=relative(direct_sum(points, signs, points[rows], bandwidth=1.0), rows),
        error_name="relative error on 400 rows",
        pairs=[("ours", peer, None)],
    )


def density(points):
    """A density at 2,000 places, which trees of scikit-learn estimate."""
    places, ones = points[:2_000] + 0.01, np.ones(len(points))
    factor = len(points) * np.pi  # from a density to a sum of kernels

    def peer(rtol):
        tree = KernelDensity(bandwidth=np.sqrt(0.5), algorithm="kd_tree", rtol=rtol)
        return lambda seed: np.exp(tree.fit(points).score_samples(places)) * factor

    names = {f"scikit-learn KernelDensity, rtol {rtol:g}": peer(rtol) for rtol in (1e-2, 1e-6)}
    return harness.Workload(
        key="density",
        title=f"density of {len(points):,} points at {len(places):,} places",
        contestants={
            "ours": lambda seed: gauss_sum(points, ones, places, bandwidth=1.0, tol=1e-6).sums,
            **names,
        },
        error=relative(direct_sum(points, ones, places, bandwidth=1.0)),
        error_name="relative error",
        pairs=[("ours", name, None) for name in names],
    )


if __name__ == "__main__":
    harness.main("kernel_features", workloads)
