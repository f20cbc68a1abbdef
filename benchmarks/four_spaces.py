"""One problem in four spaces: ``python -m benchmarks.four_spaces``.

Digits 0, 1 and 7 of MNIST, in the plane of their first two principal components, by a kernel
machine in the dual, on few landmarks, by fast sums over all points, and by explicit features.
Chapters 16 and 17 end in the table of it. Takes a minute; writes ``results/four_spaces.json``.

Work is counted, not timed: a kernel evaluation in the plane as 20 floating-point operations, one
of a cosine too, products and factorizations as in their docstrings.
"""

import datetime
import json

import numpy as np

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_features import FourierFeatures, gauss_sum
from course_lib.kernel_training import (
    FeatureRidgeClassifier,
    KernelSVC,
    NystromRidgeClassifier,
    conjugate_gradient,
)

DIGITS, GAMMA, ALPHA, C, TOL = (0, 1, 7), 0.25, 1.0, 1.0, 1e-4
LANDMARKS, WAVES = 100, 200
EVALUATION = 20  # floating-point operations of a kernel or a cosine in the plane


def digits_in_the_plane():
    """Training and test rows (n, 2) with their labels."""
    mnist = datasets.mnist()
    train, test = (np.isin(part, DIGITS) for part in (mnist.train_labels, mnist.test_labels))
    X, Z = (
        part.reshape(len(part), -1) / 255.0
        for part in (mnist.train_images[train], mnist.test_images[test])
    )
    mean = X.mean(axis=0)
    _, vectors = np.linalg.eigh((X - mean).T @ (X - mean))
    plane = vectors[:, :-3:-1]
    return (
        (X - mean) @ plane,
        mnist.train_labels[train],
        (Z - mean) @ plane,
        mnist.test_labels[test],
    )


def row(space, method, train_flops, test_flops, numbers, error):
    """A line of the table; bytes at 8 for each number that is kept."""
    return {
        "space": space,
        "method": method,
        "train_flops": float(train_flops),
        "test_flops": float(test_flops),
        "bytes": 8 * int(numbers),
        "error": float(error),
    }


def dual(X, y, Z, labels):
    """A support vector machine: all that it keeps are support vectors."""
    machine = KernelSVC(C=C, gamma=GAMMA).fit(X, y)
    n_sv, pairs = len(machine.support_), len(machine.dual_coef_)
    # a step looks at two columns, for its choice and for its update, on two thirds of the rows
    steps = 8 * 2 / 3 * len(X) * machine.n_iter_.sum()
    work = EVALUATION * machine.n_kernel_evaluations_ + steps
    error = np.mean(machine.predict(Z) != labels)
    per_row = n_sv * (EVALUATION + 2 * pairs)
    return row("dual", "SMO, support vectors", work, per_row, n_sv * (2 + pairs), error)


def reduced(X, y, Z, labels):
    """Kernel ridge regression on landmarks."""
    machine = NystromRidgeClassifier(
        gamma=GAMMA, n_components=LANDMARKS, alpha=ALPHA, random_state=0
    ).fit(X, y)
    m, t = LANDMARKS, len(DIGITS)
    work = len(X) * m * (EVALUATION + m + 2 * t) + m**3 / 3
    error = np.mean(machine.predict(Z) != labels)
    return row(
        "reduced", f"Nyström, {m} landmarks", work, m * (EVALUATION + 2 * t), m * (2 + t), error
    )


def function(X, y, Z, labels):
    """Exact kernel ridge regression on all rows: conjugate gradients, products by fast sums."""
    targets = np.where(y[:, None] == np.array(DIGITS), 1.0, -1.0)
    mean, width, flops = targets.mean(axis=0), 1 / np.sqrt(GAMMA), 0

    def product(V):
        nonlocal flops
        found = gauss_sum(X, V, bandwidth=width, tol=1e-6)
        flops += found.flops
        return found.sums + ALPHA * V

    *_, last = conjugate_gradient(product, targets - mean, tol=TOL)
    found = gauss_sum(X, last.x, Z, bandwidth=width, tol=1e-6)
    error = np.mean(np.array(DIGITS)[np.argmax(found.sums + mean, axis=1)] != labels)
    n, t = targets.shape
    method = f"all rows, fast sums, {last.products} products"
    return row("function", method, flops, found.flops / len(Z), n * (2 + t), error)


def primal(X, y, Z, labels):
    """Ridge regression on random Fourier features."""
    features = FourierFeatures(WAVES, gamma=GAMMA, random_state=0)
    machine = FeatureRidgeClassifier(features, alpha=ALPHA).fit(X, y)
    t = len(DIGITS)
    work = len(X) * WAVES * (EVALUATION + WAVES + 2 * t) + WAVES**3 / 3
    error = np.mean(machine.predict(Z) != labels)
    per_row = WAVES * (EVALUATION + 2 * t)
    return row("primal", f"{WAVES} Fourier features", work, per_row, WAVES * (1 + t), error)


def main():
    """Make the record."""
    data = digits_in_the_plane()
    rows = [space(*data) for space in (dual, reduced, function, primal)]
    for line in rows:
        print(line)
    told = f"{len(data[0]):,} digits 0, 1, 7 in the plane, {len(data[2]):,} to test"
    record = {
        "date": datetime.date.today().isoformat(), "machine": harness.machine(), "data": told,
        "rows": rows,
    }  # fmt: skip
    path = harness.RESULTS / "four_spaces.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
