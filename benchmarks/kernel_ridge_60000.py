"""Exact kernel ridge regression on 60,000 points, whose kernel matrix is never formed.

    python -m benchmarks.kernel_ridge_60000      # about a minute on one thread

writes benchmarks/results/kernel_ridge_60000.json. Two coordinates of the MNIST training digits, the
Gaussian kernel with bandwidth 1, labels 1 for ones and -1 for the others: conjugate gradients with
`gauss_sum` as the product. Residuals are those of the true system on 300 rows, by direct sums in
float64; seconds are those of the processor.
"""

import argparse
import datetime
import itertools
import json
import time

import numpy as np
import threadpoolctl

from benchmarks.harness import RESULTS, machine
from course_lib import datasets
from course_lib.kernel_features import direct_sum, gauss_sum
from course_lib.kernel_training import conjugate_gradient

H, TOL, ROWS, ONES = 1.0, 1e-6, 300, 1
RIDGES = (10.0, 1.0)
MOST_STEPS, ENOUGH = 500, 1e-6


def digits():
    """Principal coordinates of train and test images, and their labels."""
    mnist = datasets.mnist()
    X, T = (images.reshape(-1, 784) / 255.0 for images in (mnist.train_images, mnist.test_images))
    mean = X.mean(axis=0)
    V = np.linalg.eigh((X - mean).T @ (X - mean))[1][:, -2:]
    return (X - mean) @ V, mnist.train_labels, (T - mean) @ V, mnist.test_labels


def fit(X, y, T, labels, ridge):
    """Return what one ridge took and reached."""

    def product(a):
        return gauss_sum(X, a, bandwidth=H, tol=TOL).sums + ridge * a

    began = time.process_time()
    steps = itertools.islice(conjugate_gradient(product, y, tol=ENOUGH), MOST_STEPS)
    *_, last = steps
    coef = last.x
    took = time.process_time() - began
    rows = np.random.default_rng(0).choice(len(X), ROWS, replace=False)
    off = direct_sum(X, coef, X[rows], bandwidth=H) + ridge * coef[rows] - y[rows]
    scores = gauss_sum(X, coef, T, bandwidth=H, tol=TOL).sums
    return {
        "ridge": ridge,
        "products": last.products,
        "cpu_s": float(f"{took:.3g}"),
        "true_residual": float(f"{np.linalg.norm(off) / np.linalg.norm(y[rows]):.2g}"),
        "test_error": float(np.mean((scores > 0) != (labels == ONES))),
        "weight_a_point": float(f"{np.abs(coef).mean():.3g}"),
    }


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel_ridge_60000")
    parser.add_argument("--quick", action="store_true", help="5,000 points; writes nothing")
    quick = parser.parse_args().quick
    X, y, T, labels = digits()
    n = 5_000 if quick else len(X)
    with threadpoolctl.threadpool_limits(1):
        gauss_sum(X[:100], np.ones(100), bandwidth=H)  # compile
        one = gauss_sum(X[:n], np.ones(n), bandwidth=H, tol=TOL)
        runs = [
            fit(X[:n], np.where(y[:n] == ONES, 1.0, -1.0), T, labels, ridge) for ridge in RIDGES
        ]
    report = {
        "name": "kernel_ridge_60000",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "n": n,
        "matrix_gb": n**2 * 8 / 1e9,
        "bandwidth": H,
        "tol": TOL,
        "flops_a_product": one.flops,
        "runs": runs,
    }
    print(json.dumps(report, indent=1))
    if not quick:
        path = RESULTS / "kernel_ridge_60000.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
