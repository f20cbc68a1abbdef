"""Speed of manifolds against scikit-learn and SciPy; see benchmarks/harness.py."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import procrustes
from sklearn import decomposition, manifold
from sklearn.datasets import make_swiss_roll

from benchmarks import harness
from course_lib import datasets
from course_lib.manifolds import (
    TSNE,
    FrequentDirectionsPCA,
    IncrementalPCA,
    Isomap,
    OjaPCA,
    captured_variance,
    geodesic_distances,
    joint_affinities,
    kl_divergence,
    laplacian_eigenmaps,
    neighbor_graph,
)

NEIGHBORS = 10


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    yield streaming(quick)
    yield paths(quick)
    yield isomap(quick)
    yield eigenmaps("MNIST digits", digits(1500 if quick else 5000), 1.3)
    yield eigenmaps("points of a Swiss roll", roll(1500 if quick else 5000), 1.3)
    yield tsne(quick)


def streaming(quick):
    """The first 20 principal directions of digits that are seen once."""
    n = 4000 if quick else 20_000
    X = datasets.mnist().train_images[:n].reshape(n, 784) / np.float32(255)
    contestants = {
        "ours, incremental": lambda _: IncrementalPCA(20).fit(X),
        "ours, Frequent Directions": lambda _: FrequentDirectionsPCA(20).fit(X),
        "ours, Oja": lambda seed: OjaPCA(20, random_state=seed).fit(X),
        "IncrementalPCA": lambda _: decomposition.IncrementalPCA(20, batch_size=250).fit(X),
    }
    return harness.Workload(
        "streaming",
        f"first 20 directions of {n} MNIST digits in one pass, batches of 250, float32",
        contestants,
        lambda model: 1 - captured_variance(X, model.components_.astype(np.float32)),
        "share of the variance that is left",
        [
            ("ours, incremental", "IncrementalPCA", 2.0),
            ("ours, Frequent Directions", "IncrementalPCA", 2.0),
            ("ours, Oja", "IncrementalPCA", None),
        ],
        dtype="float32",
    )


def paths(quick):
    """Shortest paths from 500 of the digits to all."""
    graph = neighbor_graph(digits(1500 if quick else 5000), NEIGHBORS)
    peer = sp.csr_matrix(graph)
    sources = np.random.default_rng(0).choice(graph.shape[0], 500, replace=False)
    truth = dijkstra(peer, indices=sources)

    def error(lengths):
        return max(1e-6, np.max(np.abs(lengths - truth)) / truth.max())

    return harness.Workload(
        "paths",
        f"shortest paths from 500 of {graph.shape[0]} MNIST digits to all, 10 neighbors, float32",
        {
            "ours": lambda _: geodesic_distances(graph, sources),
            "SciPy dijkstra": lambda _: dijkstra(peer, indices=sources),
        },
        error,
        "largest error over the longest path; below 1e-6 counts as 1e-6",
        [("ours", "SciPy dijkstra", 1.8)],
    )


def isomap(quick):
    """The whole of Isomap: neighbors, paths, scaling."""
    X = digits(1500 if quick else 5000)
    truth = manifold.Isomap(n_neighbors=NEIGHBORS).fit_transform(X.astype(float))

    def ours(landmarks):
        return lambda seed: Isomap(NEIGHBORS, n_landmarks=landmarks, random_state=seed).fit(X)

    return harness.Workload(
        "isomap",
        f"Isomap of {len(X)} MNIST digits in 50 dimensions, 10 neighbors, float32",
        {
            "ours, all points": ours(None),
            "ours, a fifth as landmarks": ours(len(X) // 5),
            "Isomap": lambda _: manifold.Isomap(n_neighbors=NEIGHBORS).fit(X),
        },
        lambda model: max(1e-6, procrustes(model.embedding_, truth)[2]),
        "Procrustes difference from the exact map; below 1e-6 counts as 1e-6",
        [
            ("ours, all points", "Isomap", 1.8),
            ("ours, a fifth as landmarks", "Isomap", 1.8),
        ],
        dtype="float32",
    )


def eigenmaps(name, X, goal):
    """Two coordinates from the same graph."""
    graph = neighbor_graph(X, NEIGHBORS).astype(float)
    graph.data[:] = 1.0
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    truth = laplacian_eigenmaps(graph, 2, method="factor", tol=1e-14, rng=0).eigenvalues
    peer = sp.csr_matrix(graph)

    def error(Y):
        Y = Y.astype(float) - degrees @ Y / degrees.sum()
        smooth = Y.T @ (degrees[:, None] * Y - graph @ Y)
        found = eigh(smooth, Y.T @ (degrees[:, None] * Y), eigvals_only=True)
        return max(1e-8, np.max(np.abs(found / truth - 1)))

    def sklearn(**options):
        return lambda seed: manifold.SpectralEmbedding(
            2, affinity="precomputed", random_state=seed, **options
        ).fit_transform(peer)

    return harness.Workload(
        f"eigenmaps_{name.split()[-1]}",
        f"Laplacian eigenmaps of {len(X)} {name}, two coordinates from the neighbor graph",
        {
            "ours": lambda seed: laplacian_eigenmaps(graph, 2, rng=seed).Y,
            "SpectralEmbedding": sklearn(),
            "SpectralEmbedding, tol=0.1": sklearn(eigen_solver="arpack", eigen_tol=0.1),
            "SpectralEmbedding, lobpcg": sklearn(eigen_solver="lobpcg"),
        },
        error,
        "largest relative error of the two eigenvalues; below 1e-8 counts as 1e-8",
        [
            ("ours", "SpectralEmbedding", goal),
            ("ours", "SpectralEmbedding, tol=0.1", goal),
            ("ours", "SpectralEmbedding, lobpcg", None),
        ],
    )


def tsne(quick):
    """The whole of t-SNE, 500 steps from the same start."""
    X = digits(500 if quick else 1000)
    P = joint_affinities(X, 30)

    def start(seed):
        return 1e-4 * np.random.default_rng(seed).standard_normal((len(X), 2))

    def peer(seed):
        model = manifold.TSNE(max_iter=500, init=start(seed).astype(np.float32), n_jobs=1)
        return model.fit_transform(X)

    return harness.Workload(
        "tsne",
        f"t-SNE of {len(X)} MNIST digits in 50 dimensions, perplexity 30, 500 steps",
        {
            "ours": lambda seed: TSNE(max_iter=500, init=start(seed)).fit_transform(X),
            "TSNE": peer,
        },
        lambda Y: kl_divergence(P, Y),
        "Kullback-Leibler divergence, exactly summed",
        [("ours", "TSNE", None)],
    )


def digits(n):
    """The first n MNIST digits in their first 50 principal directions, float32."""
    images = datasets.mnist().train_images[:n].reshape(n, 784) / np.float32(255)
    return decomposition.PCA(50, svd_solver="covariance_eigh").fit_transform(images)


def roll(n):
    """Points of a Swiss roll with a little noise, float32."""
    return make_swiss_roll(n, noise=0.05, random_state=0)[0].astype(np.float32)


if __name__ == "__main__":
    harness.main("manifolds", workloads)
