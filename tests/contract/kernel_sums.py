"""How sums, reduced sets and tables of `course_lib.kernel_features` are called when all is well."""

import numpy as np

from course_lib import kernel_features as kf
from tests.contract.judge import Call

__all__ = ["KERNEL_SUMS"]

rng = np.random.default_rng(17)
X, T = rng.standard_normal((30, 2)), rng.standard_normal((5, 2))
weights = rng.standard_normal(30)
wide = rng.standard_normal((12, 3))
coef = np.array([1.0, -2, 3, 1, -1, 2, 1, -1, 1, 2, -3, 1])
whole = rng.integers(0, 5, (6, 3))
pulls = np.array([1.0, -2, 3, 1, -1, 2])
tables = kf.additive_tables(whole, pulls)

KERNEL_SUMS = [
    *[
        Call(f"kernel_features.{sums.__name__}", sums, X=X, weights=weights, targets=T,
             bandwidth=0.7, **options, excused={"None": "means the points themselves"})
        for sums, options in (
            (kf.direct_sum, {}),
            (kf.gauss_sum, {"tol": 0.01}),
            (kf.dual_tree_sum, {"tol": 0.01, "leaf_size": 4}),
        )
    ],
    Call("kernel_features.gauss_bound", kf.gauss_bound, n_terms=4, radius=0.5, n_features=2),
    Call(
        "kernel_features.reduced_set",
        kf.reduced_set,
        X=wide,
        coef=coef,
        m=3,
        gamma=0.3,
        n_iter=2,
        rng=0,
    ),
    Call(
        "kernel_features.reduced_set init",
        lambda init: kf.reduced_set(wide, coef, 3, gamma=0.3, init=init, n_iter=2),
        init=wide[:3],
    ),
    Call(
        "kernel_features.reduced_set_bound",
        kf.reduced_set_bound,
        X=wide,
        coef=coef,
        Z=wide[:3] + 0.1,
        reduced_coef=coef[:3],
        gamma=0.3,
    ),
    Call(
        "kernel_features.additive_tables",
        kf.additive_tables,
        support_vectors=whole,
        dual_coef=pulls,
        intercept=0.5,
        n_values=7,
        scale=0.5,
        excused={"None": "is the default"},
    ),
    Call(
        "kernel_features.additive_tables pairs",
        kf.additive_tables,
        support_vectors=whole,
        dual_coef=np.stack([pulls, pulls[::-1]]),
        intercept=np.array([0.5, 1.0, 2.0]),
        n_support=np.array([2, 1, 3]),
        excused={"None": "is the default", "a number": "serves all functions"},
    ),
    Call(
        "kernel_features.additive_scores",
        lambda X: kf.additive_scores(tables, X),
        X=whole[:4],
    ),
]  # fmt: skip
