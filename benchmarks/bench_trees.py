"""Speed of trees against SciPy, scikit-learn, pykdtree, annoy and hnswlib; see the harness."""

import numpy as np
from scipy.spatial import cKDTree
from sklearn import neighbors

from benchmarks import harness
from course_lib import datasets
from course_lib.trees import (
    ball_query,
    ball_tree,
    brute_force,
    kd_query,
    kd_tree,
    recall,
    rp_forest,
    rp_query,
)

annoy, hnswlib, pykdtree = map(harness.peer, ("annoy", "hnswlib", "pykdtree.kdtree"))
K = 10


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    for d, goal in ((3, 1.5), (8, 2.5)):
        rng = np.random.default_rng(d)
        X, Q = rng.random((20_000 if quick else 200_000, d)), rng.random((3000, d))
        yield build(X)
        yield query(X, Q, goal)
    X, Q = digits(10_000 if quick else 60_000)
    yield forest_build(X)
    yield forest_query(X, Q)


def build(X):
    """An index of uniform points; each peer's leaf size is the one of its fastest query."""
    n, d = X.shape
    contestants = {
        "ours, midpoint": lambda _: kd_tree(X, leaf_size=32, split="midpoint"),
        "ours, median": lambda _: kd_tree(X, leaf_size=32),
        "ours, ball tree": lambda _: ball_tree(X, leaf_size=32),
        "cKDTree": lambda _: cKDTree(X),
        "cKDTree, unbalanced": lambda _: cKDTree(X, 16, False, balanced_tree=False),
        "pykdtree": lambda _: pykdtree.KDTree(X, leafsize=16),
        "KDTree": lambda _: neighbors.KDTree(X, leaf_size=20),
        "BallTree": lambda _: neighbors.BallTree(X, leaf_size=20),
    }
    return harness.Workload(
        f"build_{d}",
        f"index of {n} uniform points in {d} dimensions, float64",
        contestants,
        lambda _: 1.0,
        "none: an index has no error",
        [
            ("ours, midpoint", "cKDTree", 2.0),
            ("ours, midpoint", "cKDTree, unbalanced", None),
            ("ours, midpoint", "pykdtree", 0.9),
            ("ours, midpoint", "KDTree", 3.0),
            ("ours, ball tree", "BallTree", None),
        ],
    )


def query(X, Q, goal):
    """The ten nearest of uniform points, exactly, in one call."""
    d = X.shape[1]
    ours = kd_tree(X, leaf_size=32, split="midpoint")
    even, balls = kd_tree(X, leaf_size=32), ball_tree(X, leaf_size=32)
    scipys = {leaf: cKDTree(X, leaf) for leaf in (8, 16, 32)}
    theirs = pykdtree.KDTree(X, leafsize=16)
    trees = {name: getattr(neighbors, name)(X, leaf_size=20) for name in ("KDTree", "BallTree")}
    truth = brute_force(X, Q, K).distances
    contestants = {
        "ours, midpoint": lambda _: kd_query(ours, Q, K).distances,
        "ours, median": lambda _: kd_query(even, Q, K).distances,
        "ours, ball tree": lambda _: ball_query(balls, Q, K).distances,
        **{
            f"cKDTree, leaves of {leaf}": lambda _, tree=tree: tree.query(Q, K)[0]
            for leaf, tree in scipys.items()
        },
        "pykdtree": lambda _: theirs.query(Q, K)[0],
        **{name: lambda _, tree=tree: tree.query(Q, K)[0] for name, tree in trees.items()},
    }
    return harness.Workload(
        f"query_{d}",
        f"{K} nearest of {len(X)} uniform points in {d} dimensions for {len(Q)} queries, float64",
        contestants,
        lambda distances: max(1e-12, np.abs(distances / truth - 1).max()),
        "largest relative error of a distance; below 1e-12 counts as 1e-12",
        [
            *[("ours, midpoint", f"cKDTree, leaves of {leaf}", goal) for leaf in scipys],
            ("ours, midpoint", "pykdtree", goal),
            ("ours, midpoint", "KDTree", 3.0),
            ("ours, midpoint", "BallTree", 3.0),
            ("ours, ball tree", "BallTree", None),
        ],
    )


def annoy_index(X, n_trees):
    index = annoy.AnnoyIndex(X.shape[1], "euclidean")
    index.set_seed(1)
    for i, x in enumerate(X):
        index.add_item(i, x)
    index.build(n_trees, n_jobs=1)
    return index


def graph_index(X):
    index = hnswlib.Index("l2", X.shape[1])
    index.init_index(len(X), ef_construction=100, M=16)
    index.set_num_threads(1)
    index.add_items(X)
    return index


def forest_build(X):
    """An index of digits; annoy takes its items one at a time."""
    contestants = {
        "ours, 10 trees": lambda seed: rp_forest(X, rng=seed),
        "annoy, 10 trees": lambda _: annoy_index(X, 10),
        "hnswlib": lambda _: graph_index(X),
    }
    return harness.Workload(
        "forest_build",
        f"index of {len(X)} MNIST digits in {X.shape[1]} dimensions, float32",
        contestants,
        lambda _: 1.0,
        "none: see the queries",
        [("ours, 10 trees", "annoy, 10 trees", 1.4), ("ours, 10 trees", "hnswlib", None)],
    )


def forest_query(X, Q):
    """Near digits, at a recall of at least .98 by the smallest search that reaches it."""
    truth = brute_force(X, Q, K).distances

    def lost(distances):
        return max(0.02, 1 - recall(distances, truth))  # above .98 all are alike

    def smallest(search, sizes):
        """The cheapest of the searches that reach the recall, and how it is called."""
        size = next((s for s in sizes if lost(search(s)) <= 0.02), sizes[-1])
        return lambda _: search(size)

    forest, graph, boxes = rp_forest(X, rng=0), graph_index(X), kd_tree(X)
    peers = {n: annoy_index(X, n) for n in (10, 20, 40)}

    def by_annoy(index, size):
        return np.array([index.get_nns_by_vector(q, K, size, True)[1] for q in Q])

    def by_graph(size):
        graph.set_ef(size)
        return np.sqrt(graph.knn_query(Q, K, num_threads=1)[1])

    sizes = range(300, 5000, 50)
    contestants = {
        "ours, 10 trees": smallest(
            lambda size: rp_query(forest, Q, K, search_budget=size).distances, sizes
        ),
        **{
            f"annoy, {n} trees": smallest(lambda size, a=a: by_annoy(a, size), sizes)
            for n, a in peers.items()
        },
        "hnswlib": smallest(by_graph, range(10, 200, 2)),
        "ours, brute force": lambda _: brute_force(X, Q, K).distances,
        "ours, kd-tree, exact": lambda _: kd_query(boxes, Q, K).distances,
    }
    return harness.Workload(
        "forest_query",
        f"{K} nearest of {len(X)} MNIST digits in {X.shape[1]} dimensions for {len(Q)} others",
        contestants,
        lost,
        "share of the neighbors missed; below .02 counts as .02",
        [
            *[("ours, 10 trees", f"annoy, {n} trees", 1.4) for n in peers],
            ("ours, 10 trees", "hnswlib", None),
            ("ours, 10 trees", "ours, brute force", None),
        ],
        dtype="float32",
    )


def digits(n):
    """The first n MNIST digits and 1,000 test digits in 50 principal directions, float32."""
    data = datasets.mnist()
    X, Q = (
        images.reshape(len(images), 784) / np.float32(255)
        for images in (data.train_images[:n], data.test_images[:1000])
    )
    mean = X.mean(axis=0)
    values, V = np.linalg.eigh((X - mean).T @ (X - mean))
    V = V[:, values.argsort()[:-51:-1]]
    return np.ascontiguousarray((X - mean) @ V), np.ascontiguousarray((Q - mean) @ V)


if __name__ == "__main__":
    harness.main("trees", workloads)
