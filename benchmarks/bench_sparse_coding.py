"""Speed of sparse_coding against scikit-learn and SPAMS; see benchmarks/harness.py.

All on patches of the nine photographs, 8 x 8 pixels, mean removed. SPAMS is compiled C++; it is
given Fortran order and one thread, as it likes them. Its matching pursuit is order-recursive.
"""

import warnings

import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.image import reconstruct_from_patches_2d
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.linear_model import lasso_path as sklearn_lasso_path

from benchmarks import harness
from course_lib import datasets
from course_lib.sparse_coding import (
    FTRLProximal,
    OnlineDictionary,
    TruncatedGradient,
    extract_patches,
    lasso_encode,
    lasso_path,
    omp,
    reassemble,
)

spams = harness.peer("spams")

ATOMS = 256
ALPHA = 0.15


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = patches()
    yield pursuit(X, quick)
    yield coding(X, quick)
    yield dictionary(X, quick)
    yield path(quick)
    yield stream(quick)
    yield overlap(quick)


def patches():
    """Patches that hold something, of length one, in random order."""
    cut = [extract_patches(p.astype(float), stride=4) for p in datasets.photographs().values()]
    X = np.concatenate(cut)
    X -= X.mean(axis=1, keepdims=True)
    length = np.linalg.norm(X, axis=1, keepdims=True)
    X = (X / np.maximum(length, 1))[length[:, 0] > 40]
    return X[np.random.default_rng(0).permutation(len(X))]


def relative_residual(X, D):
    """Return the error of codes from any library."""

    def error(codes):
        codes = codes.T if codes.shape[0] != len(X) else codes
        return np.linalg.norm(X - codes @ D) / np.linalg.norm(X)

    return error


def pursuit(X, quick):
    """Five atoms for each patch. The dictionary: other patches."""
    n = 1000 if quick else 10_000
    D, X = X[:ATOMS].copy(), X[ATOMS : ATOMS + n].copy()
    X_columns, D_columns = np.asfortranarray(X.T), np.asfortranarray(D.T)
    return harness.Workload(
        "omp",
        f"5 of {ATOMS} atoms for each of {n} patches by matching pursuit",
        {
            "ours": lambda seed: omp(X, D, n_nonzero=5),
            "ours order-recursive": lambda seed: omp(X, D, n_nonzero=5, order_recursive=True),
            "scikit-learn omp": lambda seed: sparse_encode(
                X, D, algorithm="omp", n_nonzero_coefs=5
            ),
            "SPAMS omp": lambda seed: spams.omp(X_columns, D_columns, L=5, numThreads=1),
        },
        relative_residual(X, D),
        "relative residual",
        [("ours", "scikit-learn omp", 30.0), ("ours order-recursive", "SPAMS omp", 1.0)],
        {"ours": 2 * n * ATOMS * 64},
    )


def lasso_objective(X, D, alpha, least):
    """Return the error of codes: how far their mean objective is above the least."""

    def error(codes):
        codes = codes.T if codes.shape[0] != len(X) else codes
        value = 0.5 * np.sum((X - codes @ D) ** 2) + alpha * abs(codes).sum()
        return max(value / len(X) / least - 1, 1e-12)

    return error


def coding(X, quick):
    """Lasso codes; the error is the excess over the minimum, cut off at rounding."""
    n = 300 if quick else 2000
    D, X = X[:ATOMS].copy(), X[ATOMS : ATOMS + n].copy()
    X_columns, D_columns = np.asfortranarray(X.T), np.asfortranarray(D.T)
    exact = lasso_encode(X, D, ALPHA, tol=1e-12)
    least = (0.5 * np.sum((X - exact @ D) ** 2) + ALPHA * abs(exact).sum()) / n
    return harness.Workload(
        "lasso_codes",
        f"lasso codes of {n} patches, {ATOMS} atoms, {exact.nnz / n:.1f} nonzeros each",
        {
            "ours": lambda seed: lasso_encode(X, D, ALPHA),
            "scikit-learn lasso_cd": lambda seed: sparse_encode(
                X, D, algorithm="lasso_cd", alpha=ALPHA, max_iter=1000
            ),
            "SPAMS lasso": lambda seed: spams.lasso(
                X_columns, D_columns, lambda1=ALPHA, mode=2, numThreads=1
            ),
        },
        lasso_objective(X, D, ALPHA, least),
        "mean objective over its minimum, less one",
        [("ours", "scikit-learn lasso_cd", 3.0), ("ours", "SPAMS lasso", 1.0)],
    )


def dictionary(X, quick):
    """One epoch in batches of 256; the error is the objective of patches held back."""
    n = 2048 if quick else 32_768
    held, X = X[:2000].copy(), X[2000 : 2000 + n].copy()
    X_columns = np.asfortranarray(X.T)

    def error(D):
        D = np.ascontiguousarray(D)
        codes = lasso_encode(held, D, ALPHA)
        return (0.5 * np.sum((held - codes @ D) ** 2) + ALPHA * abs(codes).sum()) / len(held)

    def theirs(seed):
        peer = MiniBatchDictionaryLearning(
            ATOMS,
            alpha=ALPHA,
            batch_size=256,
            max_iter=1,
            max_no_improvement=None,
            tol=0,
            fit_algorithm="cd",
            random_state=seed,
        )
        return peer.fit(X).components_

    def cpp(seed):
        start = np.asfortranarray(X_columns[:, np.random.default_rng(seed).choice(n, ATOMS, False)])
        return spams.trainDL(
            X_columns,
            D=start,
            lambda1=ALPHA,
            batchsize=256,
            iter=n // 256,
            mode=2,
            numThreads=1,
            verbose=False,
        ).T

    return harness.Workload(
        "dictionary",
        f"{ATOMS} atoms from one pass over {n} patches in batches of 256",
        {
            "ours": lambda seed: (
                OnlineDictionary(ATOMS, alpha=ALPHA, random_state=seed).fit(X).components_
            ),
            "scikit-learn MiniBatchDictionaryLearning": theirs,
            "SPAMS trainDL": cpp,
        },
        error,
        "mean objective on 2000 patches held back",
        [
            ("ours", "scikit-learn MiniBatchDictionaryLearning", 5.0),
            ("ours", "SPAMS trainDL", 1.0),
        ],
    )


def path(quick):
    """Which words make a message spam: 100 weights, words as sparse columns."""
    messages = datasets.sms_spam()
    words = CountVectorizer(min_df=2, binary=True).fit_transform(messages.texts)
    A = words.astype(float).tocsc()
    b = np.where(messages.spam, 1.0, -1.0)
    b -= b.mean()
    count = 20 if quick else 100
    exact = lasso_path(A, b, n_alphas=count, ratio=1e-2, tol=1e-10)

    def objectives(coefs):
        fits = 0.5 * np.sum((b[:, None] - A @ coefs.T) ** 2, axis=0)
        return fits + exact.alphas * np.abs(coefs).sum(axis=1)

    least = objectives(exact.coefs)

    def peer(tol):
        return lambda seed: (
            sklearn_lasso_path(A, b, alphas=exact.alphas / len(b), tol=tol, max_iter=10_000)[1].T
        )

    return harness.Workload(
        "lasso_path",
        f"lasso path, {count} weights, {A.shape[0]} messages, {A.shape[1]} words",
        {
            # scikit-learn's tol is relative to |b|^2, ours to |b|^2 / 2: the same duality gaps
            "ours tol=2e-4": lambda seed: lasso_path(A, b, exact.alphas, tol=2e-4).coefs,
            "ours tol=2e-6": lambda seed: lasso_path(A, b, exact.alphas, tol=2e-6).coefs,
            "scikit-learn lasso_path tol=1e-4": peer(1e-4),
            "scikit-learn lasso_path tol=1e-6": peer(1e-6),
        },
        lambda coefs: max(np.max(objectives(coefs) / least) - 1, 1e-12),
        "largest objective over its minimum, less one",
        [
            ("ours tol=2e-4", "scikit-learn lasso_path tol=1e-4", None),
            ("ours tol=2e-6", "scikit-learn lasso_path tol=1e-6", None),
        ],
    )


def stream(quick):
    """One pass over the census rows; the error is the mean loss on the test rows."""
    train, test = datasets.a9a()

    def loss(learner):
        return np.mean(np.logaddexp(0, -test.y * learner.decision_function(test.X)))

    def fit(make):
        return lambda seed: make(seed).fit(train.X, train.y)

    return harness.Workload(
        "stream",
        "sparse logistic regression from one pass over a9a",
        {
            "ours truncated gradient": fit(
                lambda s: TruncatedGradient(alpha=3e-4, step=0.05, random_state=s)
            ),
            "ours FTRL-proximal": fit(lambda s: FTRLProximal(alpha=5, step=0.1, random_state=s)),
            "scikit-learn SGDClassifier": fit(
                lambda s: SGDClassifier(
                    loss="log_loss",
                    penalty="l1",
                    alpha=3e-4,
                    max_iter=1,
                    tol=None,
                    learning_rate="constant",
                    eta0=0.05,
                    random_state=s,
                )
            ),
        },
        loss,
        "mean logistic loss on the test rows",
        [
            ("ours truncated gradient", "scikit-learn SGDClassifier", None),
            ("ours FTRL-proximal", "scikit-learn SGDClassifier", None),
        ],
    )


def overlap(quick):
    """All patches of a photograph, averaged back into it."""
    picture = datasets.photographs()["camera"].astype(float)
    picture = picture[:128, :128] if quick else picture
    cut = extract_patches(picture)
    return harness.Workload(
        "reassemble",
        f"averaging {len(cut)} overlapping patches into a picture",
        {
            "ours": lambda seed: reassemble(cut, picture.shape),
            "scikit-learn reconstruct_from_patches_2d": lambda seed: reconstruct_from_patches_2d(
                cut.reshape(-1, 8, 8), picture.shape
            ),
        },
        lambda again: max(np.abs(again - picture).max(), 1e-12),
        "largest difference from the picture",
        [("ours", "scikit-learn reconstruct_from_patches_2d", None)],
    )


if __name__ == "__main__":
    harness.main("sparse_coding", workloads)
