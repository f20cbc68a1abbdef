"""The peers of chapter 02 as an expert would call them: ``python -m benchmarks.causes_randomness``.

The recorded run takes each peer as its page shows it. Here the product with the Hadamard matrix of
order 1,024 is made of two products with that of order 32, digits come to scikit-learn as sparse
rows, and its map of dice is multiplied as a dense matrix. Takes about ten seconds; writes
``results/randomness_causes.json``.
"""

import datetime
import json

import numpy as np
import scipy.sparse
from scipy.linalg import hadamard
from sklearn.random_projection import SparseRandomProjection

from benchmarks import bench_randomness, harness
from course_lib import datasets
from course_lib.randomness import HadamardProjection, fwht

TURNS = 9


def transform(m=4000, order=32):
    """The transform of the recorded run, whose matrix is a Kronecker product of smaller ones."""
    X = np.random.default_rng(0).standard_normal((m, order**2), dtype=np.float32)
    H, whole = (hadamard(size, dtype=np.float32) for size in (order, order**2))
    exact = X.astype(np.float64) @ whole

    def two_products(seed):
        inner = (X.reshape(-1, order) @ H).reshape(m, order, order)
        return np.matmul(H, inner).reshape(m, order**2)

    return harness.Workload(
        "transform",
        f"Walsh-Hadamard transform of {m} rows of {order**2}, float32",
        {
            "ours": lambda seed: fwht(X),
            f"product with order {order**2}": lambda seed: X @ whole,
            f"two products with order {order}": two_products,
        },
        lambda Y: np.max(np.abs(Y - exact)) / np.max(np.abs(exact)),
        "largest error over largest entry",
        [],
    )


def digits(n=20_000, k=365):
    """The digits of the recorded run, most of whose pixels are zero."""
    X = datasets.mnist().train_images[:n].reshape(n, -1).astype(np.float32)
    rows = scipy.sparse.csr_array(X)
    drawn = bench_randomness.drawn

    def dense_dice(seed):
        P = SparseRandomProjection(k, density=1 / 3, random_state=seed).fit(X[:1])
        return X @ P.components_.toarray().T

    return harness.Workload(
        "digits",
        f"project {n} digits, 784 to {k}, float32; map drawn and applied",
        {
            "ours Hadamard": drawn(HadamardProjection, X, k),
            "sparse default, sparse rows": drawn(
                SparseRandomProjection, rows, k, dense_output=True
            ),
            "sparse 1/3, dense product": dense_dice,
        },
        bench_randomness.distortion(X),
        bench_randomness.DISTORTION,
        [],
    )


def main():
    """Run both, print them and write ``results/randomness_causes.json``."""
    report = {
        "name": "randomness_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "turns": TURNS,
    }
    for workload in (transform(), digits()):
        report[workload.key] = harness.take_turns(workload, TURNS, 1)
    print(json.dumps(report, indent=1))
    path = harness.RESULTS / "randomness_causes.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
