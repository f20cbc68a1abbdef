"""What chapter 17 says beyond its own run: ``python -m benchmarks.causes_kernel_features``.

The opening claim with three sets of weights. Exact kernel ridge on 60,000 points of the plane, by
conjugate gradients on `gauss_sum`. The error of ridge on random features, and of exact kernel ridge
on fewer digits, against what a test digit costs. finufft (``pip install finufft``) is left out
where it is missing. Takes about five minutes; writes ``results/kernel_features_causes.json``.
Seconds are processor seconds of one thread.
"""

import datetime
import importlib
import importlib.util
import json
import time

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_features import FourierFeatures, direct_sum, gauss_sum
from course_lib.kernel_training import FeatureRidgeClassifier, Kernel, conjugate_gradient

PENALTY, GAMMA, ALPHA = 10.0, 0.01, 0.1


def plane(X, n=10_000):
    """Two directions of the largest variance of the first digits, and the digits in them."""
    mean = X[:n].mean(axis=0)
    axes = np.linalg.eigh(np.cov(X[:n].T.astype(float)))[1][:, -2:]
    return lambda rows: (rows - mean).astype(float) @ axes


def timed(call):
    """Return what a call returns, and its processor seconds."""
    start = time.thread_time()
    result = call()
    return result, time.thread_time() - start


def random_sum(points, weights, rows, count, seed):
    """The sums at some rows by ``count`` random features."""
    features = FourierFeatures(count, gamma=1.0, random_state=seed).fit(points)
    total = 0.0
    for start in range(0, len(points), 1_000):
        block = slice(start, start + 1_000)
        total = total + features.transform(points[block]).T @ weights[block].astype(points.dtype)
    return features.transform(points[rows]) @ total


def waves(points, weights, tol):
    """The same sums by finufft: a grid of waves, and two nonuniform transforms."""
    finufft = importlib.import_module("finufft")
    low, high = points.min(axis=0), points.max(axis=0)
    c = np.sqrt(np.log(4 / tol))
    step = 2 * np.pi / (high - low + c)
    m = [2 * int(np.ceil(2 * c / s)) + 1 for s in step]
    x, y = (np.ascontiguousarray(col) for col in ((points - (low + high) / 2) * step).T)
    f = finufft.nufft2d1(
        x, y, weights.astype(complex), tuple(m), eps=tol / 10, isign=-1, nthreads=1
    )
    w = [s * (np.arange(k) - k // 2) for s, k in zip(step, m, strict=True)]
    g = [s / (2 * np.sqrt(np.pi)) * np.exp(-(v**2) / 4) for s, v in zip(step, w, strict=True)]
    return finufft.nufft2d2(x, y, np.outer(*g) * f, eps=tol / 10, isign=1, nthreads=1).real


def claim(points):
    """Relative errors on 400 rows with three sets of weights, and seconds."""
    rows = np.random.default_rng(9).choice(len(points), 400, replace=False)
    small = points.astype(np.float32)
    gauss_sum(points[:100], np.ones(100), bandwidth=1.0)  # compiled
    random_sum(small[:100], np.ones(100), rows[:1] * 0, 10, 0)
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for kind, weights in (
            ("signs", rng.choice([-1.0, 1.0], len(points))),
            ("positive", rng.random(len(points))),
        ):
            truth = direct_sum(points, weights, points[rows], bandwidth=1.0)
            fast, s_fast = timed(lambda a=weights: gauss_sum(points, a, bandwidth=1.0))
            drawn, s_drawn = timed(
                lambda a=weights, seed=seed: random_sum(small, a, rows, 25_600, seed)
            )
            one = {"weights": kind, "series": fast.sums[rows], "random": drawn}
            if importlib.util.find_spec("finufft"):
                waves(points, weights, 1e-6)
                one["finufft"], s_peer = timed(lambda a=weights: waves(points, a, 1e-6)[rows])
            size = np.linalg.norm(truth)
            one = {
                k: v if k == "weights" else float(np.linalg.norm(v - truth) / size)
                for k, v in one.items()
            }
            one["seconds"] = {"series": s_fast, "random": s_drawn}
            if "finufft" in one:
                one["seconds"]["finufft"] = s_peer
            found.append(one)
    _, seconds = timed(lambda: direct_sum(points, weights, bandwidth=1.0))
    return {"runs": found, "direct_s": seconds}


def exact_ridge(points, labels, test_points, test_labels):
    """Kernel ridge on all points of the plane, ten digits at once, by products alone."""
    Y = np.where(labels[:, None] == np.arange(10), 1.0, -1.0)

    def product(V):
        return gauss_sum(points, V, bandwidth=1.0, tol=1e-9).sums + PENALTY * V

    start = time.thread_time()
    *_, last = conjugate_gradient(product, Y, tol=1e-6)
    seconds = time.thread_time() - start
    rows = np.random.default_rng(1).choice(len(points), 300, replace=False)
    scores = direct_sum(points, last.x, points[rows], bandwidth=1.0)
    rest = scores + PENALTY * last.x[rows] - Y[rows]
    test = gauss_sum(points, last.x, test_points, bandwidth=1.0).sums
    return {
        "penalty": PENALTY, "products": last.products, "seconds": seconds,
        "residual": float(np.linalg.norm(rest) / np.linalg.norm(Y[rows])),
        "error": float(np.mean(test.argmax(axis=1) != test_labels)),
    }  # fmt: skip


def features(X, y, Xt, yt):
    """Test errors of ridge on random features of all digits."""
    work = [(kind, count) for kind in ("iid", "hadamard") for count in (256, 1024, 2048)]
    for kind, count in [*work, ("iid, offset", 1024), ("hadamard", 4096)]:
        for seed in range(3):
            paired = not kind.endswith("offset")
            options = {"gamma": GAMMA, "kind": kind.split(",")[0], "paired": paired}
            maker = FourierFeatures(count, random_state=seed, **options)
            model, seconds = timed(lambda m=maker: FeatureRidgeClassifier(m, alpha=ALPHA).fit(X, y))
            error = float(np.mean(model.predict(Xt) != yt))
            yield {"kind": kind, "count": count, "seed": seed, "error": error, "seconds": seconds}


def mended(draws=10_000, gamma=0.02):
    """Bias of Hadamard frequencies with normal lengths in 16 dimensions, in standard errors."""
    values = np.array([0.95, 0.8, 0.6, 0.25])
    direction = np.random.default_rng(4).standard_normal(16)
    direction /= np.linalg.norm(direction)
    points = np.zeros((5, 16))
    points[1:] = np.sqrt(-np.log(values) / gamma)[:, None] * direction
    found = np.empty((draws, 4))
    for seed in range(draws):
        maker = FourierFeatures(32, gamma=gamma, kind="hadamard", random_state=seed)
        z = maker.fit_transform(points)
        found[seed] = z[1:] @ z[0]
    z_scores = (found.mean(axis=0) - values) / found.std(axis=0) * np.sqrt(draws)
    return {"draws": draws, "largest_z": float(np.abs(z_scores).max())}


def subsets(X, y, Xt, yt):
    """Test errors of exact kernel ridge on random digits: as many as rows are kept."""
    for gamma, count in (*((GAMMA, c) for c in (500, 1000, 2000, 5000)), (2 * GAMMA, 5000)):
        kernel = Kernel("rbf", gamma=gamma)
        for seed in range(3):
            rows = np.random.default_rng(seed).choice(len(X), count, replace=False)
            Z, Y = X[rows], np.where(y[rows, None] == np.arange(10), 1.0, -1.0)
            weights = np.linalg.solve(kernel(Z, Z) + ALPHA * np.eye(count), Y)
            error = float(np.mean((kernel(Xt, Z) @ weights).argmax(axis=1) != yt))
            yield {"gamma": gamma, "count": count, "seed": seed, "error": error}


def main():
    mnist = datasets.mnist()
    X, Xt = (
        a.reshape(len(a), 784) / np.float32(255) for a in (mnist.train_images, mnist.test_images)
    )
    y, yt = mnist.train_labels, mnist.test_labels
    to_plane = plane(X)
    with threadpoolctl.threadpool_limits(1):
        record = {
            "date": str(datetime.date.today()), "machine": harness.machine(),
            "claim": claim(to_plane(X)),
            "exact_ridge": exact_ridge(to_plane(X), y, to_plane(Xt), yt),
            "mended": mended(),
            "features": list(features(X, y, Xt, yt)),
            "subsets": list(subsets(X, y, Xt, yt)),
        }  # fmt: skip
    path = harness.RESULTS / "kernel_features_causes.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
