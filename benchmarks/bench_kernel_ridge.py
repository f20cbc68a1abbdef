"""Speed of the Nyström ridge against scikit-learn; see benchmarks/harness.py."""

import numpy as np
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_training import (
    FeatureRidgeClassifier,
    Kernel,
    NystromProduct,
    NystromRidgeClassifier,
    conjugate_gradient,
    nystrom_preconditioner,
)
from course_lib.low_rank import nystrom_features

GAMMA, ALPHA = 0.02, 0.1
WRONG = "share of 10,000 test digits that are wrong"


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    n, m = (4000, 200) if quick else (20_000, 1000)
    train, test = digits(n)
    yield features(train, m)
    yield ridge(train, test, m)
    yield random_features(train, test, m)


def features(train, m):
    """Nyström features of the same landmarks."""
    X, _ = train
    rows = np.random.default_rng(3).choice(len(X), 1000, replace=False)
    kernel = Kernel("rbf", gamma=GAMMA)
    K = kernel(X[rows].astype(float), X[rows].astype(float))

    def peer(seed):
        return Nystroem(gamma=GAMMA, n_components=m, random_state=seed).fit_transform(X)

    def ours(seed):
        return nystrom_features(kernel, landmarks(len(X), m, seed), X=X).F

    return harness.Workload(
        "features",
        f"{m} Nyström features of {len(X)} MNIST digits, Gaussian kernel, same landmarks, float32",
        {"ours": ours, "Nystroem": peer},
        lambda F: np.linalg.norm(K - F[rows] @ F[rows].T.astype(float)) / np.linalg.norm(K),
        "relative Frobenius error of the kernel matrix of 1000 digits",
        [("ours", "Nystroem", 1.5)],
        {"ours": 2 * len(X) * m * (784 + m)},
        "float32",
    )


def ridge(train, test, m):
    """Fit on all digits, predict 10,000: same kernel, landmarks and penalty."""
    (X, y), (X_test, y_test) = train, test
    Y = np.where(y[:, None] == np.arange(10), 1.0, -1.0).astype(np.float32)

    def ours(seed):
        model = NystromRidgeClassifier(
            gamma=GAMMA, landmarks=landmarks(len(X), m, seed), alpha=ALPHA
        )
        return model.fit(X, y).predict(X_test)

    def falkon(seed):
        """No intercept: the squared loss with targets -1 and 1, by conjugate gradients."""
        kernel = Kernel("rbf", gamma=GAMMA)
        L = X[landmarks(len(X), m, seed)]
        K_nm, K_mm = kernel(X, L), kernel(L, L)
        product = NystromProduct(K_nm, K_mm, ALPHA)
        P = nystrom_preconditioner(K_nm, K_mm, ALPHA)
        *_, step = conjugate_gradient(product, product.right_side(Y), preconditioner=P, tol=1e-2)
        return (kernel(X_test, L) @ step.x.astype(np.float32)).argmax(axis=1)

    def peer(classifier):
        def call(seed):
            map_ = Nystroem(gamma=GAMMA, n_components=m, random_state=seed)
            if classifier is RidgeClassifier:
                return make_pipeline(map_, RidgeClassifier(alpha=ALPHA)).fit(X, y).predict(X_test)
            model = make_pipeline(map_, Ridge(alpha=ALPHA, solver="cholesky")).fit(X, Y)
            return model.predict(X_test).argmax(axis=1)

        return call

    return harness.Workload(
        "ridge",
        f"kernel ridge on {m} landmarks, {len(X)} MNIST digits, 10 classes, predicting 10,000",
        {
            "ours": ours,
            "ours, Falkon": falkon,
            "Nystroem + Ridge": peer(Ridge),
            "Nystroem + RidgeClassifier": peer(RidgeClassifier),
        },
        lambda guess: np.mean(guess != y_test),
        WRONG,
        [
            ("ours", "Nystroem + Ridge", 3.0),
            ("ours", "Nystroem + RidgeClassifier", None),
            ("ours, Falkon", "Nystroem + Ridge", None),
        ],
        {"ours": len(X) * m * (2 * 784 + m) + 2 * len(X_test) * m * 784},
        "float32",
    )


def random_features(train, test, m):
    """The same ridge on random Fourier features of scikit-learn, in one pass."""
    (X, y), (X_test, y_test) = train, test

    def sampler(seed):
        return RBFSampler(gamma=GAMMA, n_components=m, random_state=seed)

    def ours(seed):
        return FeatureRidgeClassifier(sampler(seed), alpha=ALPHA).fit(X, y).predict(X_test)

    def peer(seed):
        model = make_pipeline(sampler(seed), RidgeClassifier(alpha=ALPHA))
        return model.fit(X, y).predict(X_test)

    return harness.Workload(
        "random_features",
        f"ridge on {m} random Fourier features, {len(X)} MNIST digits, 10 classes",
        {"ours": ours, "RBFSampler + RidgeClassifier": peer},
        lambda guess: np.mean(guess != y_test),
        WRONG,
        [("ours", "RBFSampler + RidgeClassifier", None)],
        {"ours": len(X) * m * (2 * 784 + m) + 2 * len(X_test) * m * 784},
        "float32",
    )


def landmarks(n, m, seed):
    """The landmarks that Nystroem draws with this seed."""
    return np.random.RandomState(seed).permutation(n)[:m]


def digits(n):
    """MNIST as rows of float32 between 0 and 1: n to learn from, 10,000 to ask."""
    data = datasets.mnist()

    def rows(images):
        return np.ascontiguousarray(images.reshape(len(images), -1) / np.float32(255), np.float32)

    return (
        (rows(data.train_images[:n]), data.train_labels[:n].astype(int)),
        (rows(data.test_images), data.test_labels.astype(int)),
    )


if __name__ == "__main__":
    harness.main("kernel_ridge", workloads)
