"""Speed of Gaussian sums against finufft, mlpack, scikit-learn and pykeops; see the harness.

Two coordinates of MNIST digits, bandwidth 1 of a spread of 2. Every contestant aims at a relative
error of 1e-6, and errors are measured on 400 rows by direct sums in float64; `mlpack` and
`KernelDensity` run with the tree, the leaves and the order that were the fastest of all that they
offer. Compiling is done before, in the run that measures memory.
"""

import numpy as np
from sklearn.neighbors import KernelDensity

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_features import direct_sum, dual_tree_sum, gauss_sum

finufft, keops, mlpack = map(harness.peer, ("finufft", "pykeops.numpy", "mlpack"))
H, AIM, ROWS = 1.0, 1e-6, 400


def plane(n):
    """The two principal coordinates of n digits."""
    X = datasets.mnist().train_images.reshape(-1, 784) / 255.0
    X -= X.mean(axis=0)
    V = np.linalg.eigh(X.T @ X)[1][:, -2:]
    return np.ascontiguousarray(X @ V)[np.random.default_rng(0).permutation(len(X))[:n]]


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    X = plane(5_000 if quick else 60_000)
    yield signed(X, H)
    yield signed(X, 3 * H, pairs=False)
    yield density(X[:2_000] if quick else X[:20_000])


def fourier(X, weights, h):
    """The trapezoid rule for the Fourier integral of the Gaussian, by two nonuniform transforms."""
    cut = np.sqrt(np.log(4 / AIM))
    spacing = 2 * np.pi / (np.ptp(X, axis=0) + h * cut)
    most = np.ceil(2 * cut / h / spacing).astype(int)
    x, y = np.ascontiguousarray(((X - X.mean(axis=0)) * spacing).T)
    waves = [np.arange(-m, m + 1) * s for m, s in zip(most, spacing, strict=True)]
    a, b = (
        s * h / (2 * np.sqrt(np.pi)) * np.exp(-((w * h / 2) ** 2))
        for w, s in zip(waves, spacing, strict=True)
    )
    options = {"eps": AIM / 10, "nthreads": 1}
    modes = finufft.nufft2d1(x, y, weights.astype(complex), (len(a), len(b)), isign=-1, **options)
    return finufft.nufft2d2(x, y, modes * np.outer(a, b), isign=1, **options).real


def every_pair(X, weights, h):
    """The sum of all pairs by pykeops, which compiles a loop for it."""
    x, y = keops.LazyTensor(X[:, None, :]), keops.LazyTensor(X[None, :, :])
    return ((-((x - y) ** 2).sum(-1) / h**2).exp() @ weights[:, None]).ravel()


def lost(X, weights, h):
    """The relative error of sums on the first rows, none of which counts as below the aim."""
    exact = direct_sum(X, weights, X[:ROWS], bandwidth=h)

    def error(sums):
        return max(AIM, np.linalg.norm(sums[:ROWS] - exact) / np.linalg.norm(exact))

    return error


def signed(X, h, pairs=True):
    """Random signs, as in the products of conjugate gradients; by all pairs only if asked."""
    weights = np.random.default_rng(1).choice([-1.0, 1.0], len(X))
    contestants = {
        "ours": lambda _: gauss_sum(X, weights, bandwidth=h, tol=AIM).sums,
        "finufft": lambda _: fourier(X, weights, h),
    }
    goals = [("ours", "finufft", None)]
    if pairs:
        contestants["ours, direct"] = lambda _: direct_sum(X, weights, bandwidth=h)
        contestants["pykeops"] = lambda _: every_pair(X, weights, h)
        goals += [("ours", "pykeops", 100.0), ("ours", "ours, direct", 100.0)]
        goals += [("ours, direct", "pykeops", None)]
    return harness.Workload(
        f"signed_{h:g}",
        f"Gaussian sums of {len(X)} points in the plane, bandwidth {h:g}, random signs",
        contestants,
        lost(X, weights, h),
        f"relative error on {ROWS} rows; below {AIM:g} counts as {AIM:g}",
        goals,
    )


def density(X):
    """Equal weights, as in a density: what mlpack and scikit-learn compute."""
    n, sigma = len(X), H / np.sqrt(2)
    ones, total = np.ones(n), n * np.pi * H**2

    def by_mlpack(aim):
        options = {"kernel": "gaussian", "algorithm": "dual-tree", "tree": "kd-tree"}
        options |= {"bandwidth": sigma, "rel_error": aim, "abs_error": 0.0}
        found = mlpack.kde(reference=X.copy(), query=X.copy(), **options)  # it sorts in place
        return np.asarray(found["predictions"]).ravel() * total

    def by_sklearn(aim):
        made = KernelDensity(bandwidth=sigma, rtol=aim, leaf_size=40)
        return np.exp(made.fit(X).score_samples(X)) * total

    contestants = {
        "ours": lambda _: gauss_sum(X, ones, bandwidth=H, tol=AIM).sums,
        "ours, dual tree": lambda _: dual_tree_sum(X, ones, bandwidth=H, tol=AIM).sums,
        "ours, dual tree, 1e-2": lambda _: dual_tree_sum(X, ones, bandwidth=H, tol=1e-2).sums,
        "ours, direct": lambda _: direct_sum(X, ones, bandwidth=H),
        "mlpack": lambda _: by_mlpack(AIM),
        "mlpack, 1e-2": lambda _: by_mlpack(1e-2),
        "KernelDensity": lambda _: by_sklearn(AIM),
        "KernelDensity, 1e-2": lambda _: by_sklearn(1e-2),
    }
    return harness.Workload(
        "density",
        f"density of {n} points in the plane at themselves, bandwidth {H:g}",
        contestants,
        lost(X, ones, H),
        f"relative error on {ROWS} rows; below {AIM:g} counts as {AIM:g}",
        [
            ("ours", "mlpack", 10.0),
            ("ours", "KernelDensity", 10.0),
            ("ours, dual tree", "mlpack", None),
            ("ours, dual tree", "KernelDensity", None),
            ("ours, dual tree, 1e-2", "mlpack, 1e-2", None),
            ("ours, dual tree, 1e-2", "KernelDensity, 1e-2", None),
            ("ours, direct", "mlpack", None),
        ],
    )


if __name__ == "__main__":
    harness.main("gauss_sums", workloads)
