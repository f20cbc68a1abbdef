"""The second table of the capstone: a9a, rows of 123 zeros and ones and two classes."""

import numpy as np

from course_lib import datasets
from course_lib.batch_optimization import LogisticLoss, lbfgs
from course_lib.deep_compression import entries
from course_lib.deep_compression.entries import Front, SeededFeatures
from course_lib.kernel_training import FeatureRidgeClassifier, KernelSVC, NystromRidgeClassifier

HELD_OUT = 6_000
FEW = 8_000  # rows to choose the kernel of the exact machine with
PASSES = 100


def as_bytes(rows):
    return (np.asarray(rows.todense()) * 255).astype(np.uint8), rows.toarray().astype(np.float32)


def error(file, images, labels):
    """The share of rows whose label a file gets wrong, in percent."""
    return 100 * float(np.mean(entries.load(file).predict(images) != (labels > 0)))


def table(names):
    """Yield the rows of some methods: functions of this module, by name."""
    (X, y), (T, t) = datasets.a9a()
    (images, X), (test, _) = as_bytes(X), as_bytes(T)
    y = y.astype(np.float64)
    order = np.random.default_rng(2026).permutation(len(y))
    fit, held = order[HELD_OUT:], order[:HELD_OUT]
    front = Front(n_pixels=X.shape[1])
    for method in names:
        for name, kind, make, settings in globals()[method](X, y, images, front):
            found = [
                (error(make(fit, s, 0), images[held], y[held]), s) for s in settings(fit[:FEW])
            ]
            best, setting = min(found)
            seeds = (0, 1, 2, 3) if kind == "approximate" else (0,)
            files = [make(np.arange(len(y)), setting, seed) for seed in seeds]
            errors = [round(error(file, test, t), 2) for file in files]
            entry = entries.load(files[0])
            line = {
                "family": name, "kind": kind, "setting": list(np.atleast_1d(setting).tolist()),
                "bytes": entry.nbytes, "total_work": entry.work.total,
                "validation": round(best, 2), "errors": errors,
                "error": round(float(np.mean(errors)), 3),
                "sd": round(float(np.std(errors, ddof=1)), 3) if len(errors) > 1 else None,
            }  # fmt: skip
            print(line, flush=True)
            yield line


def logistic(X, y, images, front):
    """Logistic regression, exact."""
    A = np.column_stack([X, np.ones(len(X))])

    def make(rows, ridge, seed, bits):
        steps = lbfgs(LogisticLoss(A[rows], y[rows], ridge=ridge))
        *_, last = (step for step, _ in zip(steps, range(PASSES), strict=False))
        return entries.linear_entry(last.x[:-1, None], last.x[-1:], front=front, bits=bits)

    for bits in (8, 4):
        yield (
            f"logistic, {bits} bits", "exact",
            lambda rows, ridge, seed, bits=bits: make(rows, ridge, seed, bits),
            lambda few: (1e-5, 1e-4, 1e-3),
        )  # fmt: skip


def features(X, y, images, front):
    """Ridge regression on random features."""

    def make(rows, setting, seed, D):
        gamma, alpha = setting
        of = SeededFeatures(D, gamma=gamma, random_state=seed)
        model = FeatureRidgeClassifier(of, alpha=alpha).fit(X[rows], y[rows])
        return entries.feature_entry(model.coef_.T, model.intercept_, of, front=front, bits=8)

    grid = [(gamma, alpha) for gamma in (0.01, 0.03, 0.06) for alpha in (0.1, 1.0)]
    for D in (256, 2048):
        yield (
            f"random features, D = {D}, 8 bits", "approximate",
            lambda rows, setting, seed, D=D: make(rows, setting, seed, D), lambda few: grid,
        )  # fmt: skip


def landmarks(X, y, images, front):
    """Ridge regression on landmarks, an eighth of a byte for each of their entries.

    Their weights are large and cancel each other, so that 8 bits may not be enough.
    """

    def make(rows, setting, seed, bits):
        gamma, alpha = setting
        few = np.random.default_rng(seed).choice(len(rows), 500, replace=False)
        model = NystromRidgeClassifier(gamma=gamma, landmarks=few, alpha=alpha)
        model.fit(X[rows], y[rows])
        return entries.landmark_entry(
            images[rows[few]], model.dual_coef_, model.intercept_, gamma=gamma, front=front,
            bits=bits, pixel_bits=1,
        )  # fmt: skip

    grid = [(gamma, alpha) for gamma in (0.01, 0.03) for alpha in (1.0, 10.0)]
    for bits in (32, 8):
        yield (
            f"Nyström ridge, m = 500, {bits} bits", "approximate",
            lambda rows, setting, seed, bits=bits: make(rows, setting, seed, bits),
            lambda few: grid,
        )  # fmt: skip


def machine(X, y, images, front):
    """The support vector machine on all rows."""

    def make(rows, gamma, seed):
        model = KernelSVC(C=1.0, gamma=gamma).fit(X[rows].astype(np.float64), y[rows])
        return entries.landmark_entry(
            images[rows[model.support_]], model.dual_coef_.reshape(1, -1).T,
            np.ravel(model.intercept_), gamma=gamma, front=front, bits=8, pixel_bits=1,
        )  # fmt: skip

    yield "support vector machine, all rows", "exact", make, lambda few: (0.01, 0.05)


def neighbors(X, y, images, front):
    """The nearest rows of all.

    Many distances are equal here. An entry searches its rows in an order that has nothing to do
    with their labels; in the order of the file the first class would win.
    """

    def make(rows, k, seed):
        labels = (y[rows] > 0).astype(np.int64)
        return entries.neighbor_entry(images[rows], labels, n_neighbors=k, front=front, bits=1)

    yield "k nearest rows", "exact", make, lambda few: (1, 15, 45)
