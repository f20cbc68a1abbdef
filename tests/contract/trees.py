"""How the public functions of `course_lib.trees` are called when all is well."""

import numpy as np

from course_lib import trees as tr
from tests.contract.judge import Call

__all__ = ["TREES"]

rng = np.random.default_rng(10)
X = rng.standard_normal((30, 4))
Q = rng.standard_normal((5, 4))
kd = tr.kd_tree(X, leaf_size=3)
balls = tr.ball_tree(X, leaf_size=3)
forest = tr.rp_forest(X, 2, leaf_size=3, rng=0)
exact = tr.brute_force(X, Q, 3).distances


def graph(X, **options):
    return tr.TreeNeighborsTransformer(**options).fit_transform(X)


TREES = [
    Call("trees.brute_force", tr.brute_force, X=X, queries=Q, n_neighbors=3),
    Call("trees.kd_tree", tr.kd_tree, X=X, leaf_size=3),
    Call(
        "trees.kd_query",
        lambda **k: tr.kd_query(kd, **k),
        queries=Q,
        n_neighbors=3,
        epsilon=0.1,
    ),
    Call(
        "trees.best_bin_first",
        lambda **k: tr.best_bin_first(kd, **k),
        queries=Q,
        n_neighbors=3,
        search_budget=10,
        epsilon=0.1,
        excused={"None": "is the default"},
    ),
    Call("trees.ball_tree", tr.ball_tree, X=X, leaf_size=3),
    Call(
        "trees.ball_query",
        lambda **k: tr.ball_query(balls, **k),
        queries=Q,
        n_neighbors=3,
        epsilon=0.1,
    ),
    Call("trees.rp_tree", tr.rp_tree, X=X, leaf_size=3, rng=0),
    Call("trees.rp_forest", tr.rp_forest, X=X, n_trees=2, leaf_size=3, rng=0),
    Call(
        "trees.rp_query",
        lambda **k: tr.rp_query(forest, **k),
        queries=Q,
        n_neighbors=3,
        search_budget=10,
        excused={"None": "is the default"},
    ),
    Call("trees.spill_tree", tr.spill_tree, X=X, leaf_size=3, overlap=0.1, rng=0),
    Call("trees.cells", lambda depth: tr.cells(kd, depth), depth=2),
    Call("trees.contrast", tr.contrast, X=X, queries=Q),
    Call(
        "trees.expected_leaves",
        tr.expected_leaves,
        n_features=2,
        n_neighbors=3,
        leaf_size=4.0,
        finite=False,
    ),
    Call(
        "trees.intrinsic_dimension",
        tr.intrinsic_dimension,
        X=X,
        queries=Q,
        n_neighbors=5,
        excused={"None": "is the default"},
    ),
    Call("trees.potential", tr.potential, X=X, queries=Q, m=5, excused={"None": "is the default"}),
    Call(
        "trees.recall",
        tr.recall,
        distances=exact * 1.1,
        exact=exact,
        excused={"infinity": "stands where a search found too few"},
    ),
    Call("trees.spill_copies", tr.spill_copies, n=100, leaf_size=10, overlap=0.1),
    Call("trees.TreeNeighborsTransformer", graph, X=X, n_neighbors=3, leaf_size=3),
    Call(
        "trees.TreeNeighborsTransformer forest",
        lambda **k: graph(algorithm="rp_forest", **k),
        X=X,
        n_neighbors=3,
        n_trees=2,
        search_budget=10,
        random_state=0,
        excused={"None": "is the default"},
    ),
]
