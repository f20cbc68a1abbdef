"""Speed of training with kernels against LIBSVM and scikit-learn; see the harness.

A support vector machine on census rows: all stop by the same rule, when the worst pair is off by a
thousandth. The error is the duality gap, computed by us for all in the same way, beside the dual
value; less than a thousandth counts as that. Ours keeps the whole kernel matrix, in float32;
LIBSVM and what is built on it keep columns in a cache of 200 MB, of 1 GB where the name says so.

Ridge regression of digits on 500 landmarks: the same landmarks and penalty, and errors on digits
held back.
"""

import numpy as np
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_training import Kernel, KernelSVC, NystromRidge

GAMMA, WIDE, GAP, RIDGE = 0.02, 0.05, 1e-3, 0.03


def workloads(quick):
    """Yield the workloads one by one."""
    yield machine(2000 if quick else 8000)
    yield landmarks(5000 if quick else 20000)


def machine(n):
    """A support vector machine on rows of the census."""
    train, _ = datasets.a9a()
    rows = np.random.default_rng(0).permutation(len(train.y))[:n]
    X, y = train.X[rows].astype(np.float64), train.y[rows].astype(float)
    dense = X.toarray()
    K = Kernel("rbf", gamma=WIDE)(X, X)
    same = {"gamma": WIDE, "C": 1.0, "tol": 1e-3}

    def gap(model):
        beta = np.zeros(n)
        weights = model.dual_coef_
        beta[model.support_] = np.ravel(
            weights.toarray() if hasattr(weights, "toarray") else weights
        )
        scores = K @ beta
        square, losses = beta @ scores, np.maximum(0, 1 - y * (scores + model.intercept_[0]))
        dual = np.abs(beta).sum() - square / 2
        return max(float((square / 2 + losses.sum() - dual) / dual), GAP)

    contestants = {
        "ours": lambda seed: KernelSVC(cache_bytes=1 << 30, **same).fit(X, y),
        "sklearn, SVC, dense": lambda seed: SVC(**same).fit(dense, y),
        "sklearn, SVC, dense, cache 1 GB": lambda seed: SVC(cache_size=1000, **same).fit(dense, y),
        "sklearn, SVC, sparse": lambda seed: SVC(**same).fit(X, y),
    }
    pairs = [("ours", name, 2.0 if "dense" in name else None) for name in list(contestants)[1:]]
    return harness.Workload(
        "svc", f"support vector machine, {n:,} rows of the census", contestants, gap,
        "duality gap beside the dual value", pairs, dtype="float32",
    )  # fmt: skip


def landmarks(n):
    """Ridge regression of ten classes on 500 landmarks."""
    mnist = datasets.mnist()
    X, T = (
        images.reshape(len(images), -1).astype(np.float32) / 255
        for images in (mnist.train_images[:n], mnist.test_images)
    )
    Y = np.where(mnist.train_labels[:n, None] == np.arange(10), np.float32(1), np.float32(-1))

    def ours(seed):
        chosen = np.random.default_rng(seed).choice(n, 500, replace=False)
        return NystromRidge(gamma=GAMMA, landmarks=chosen, alpha=RIDGE).fit(X, Y)

    def theirs(seed):
        chosen = np.random.default_rng(seed).choice(n, 500, replace=False)
        features = Nystroem(gamma=GAMMA, n_components=500).fit(X[chosen])  # all of them
        line = Ridge(alpha=RIDGE, solver="cholesky").fit(features.transform(X), Y)
        return _Piped(features, line)

    def error(model):
        return float(np.mean(model.predict(T).argmax(1) != mnist.test_labels))

    return harness.Workload(
        "landmarks", f"ridge on 500 landmarks, {n:,} digits",
        {"ours": ours, "sklearn, Nystroem and Ridge": theirs}, error, "share of digits wrong",
        [("ours", "sklearn, Nystroem and Ridge", 1.5)],
        flops={"ours": 2.0 * n * 500 * 784 + 1.0 * n * 500 * 500}, dtype="float32",
    )  # fmt: skip


class _Piped:
    """Features and a line behind them."""

    def __init__(self, features, line):
        self.features, self.line = features, line

    def predict(self, X):
        return self.line.predict(self.features.transform(X))


if __name__ == "__main__":
    harness.main("kernel_training", workloads)
