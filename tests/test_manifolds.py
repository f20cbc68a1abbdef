"""Scaling, shortest paths, Isomap, LLE, eigenmaps: facts, theorems, contracts, peers."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import procrustes
from scipy.spatial.distance import cdist
from sklearn import manifold
from sklearn.base import clone
from sklearn.datasets import make_swiss_roll
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph
from sklearn.pipeline import make_pipeline

from course_lib import datasets
from course_lib.manifolds import (
    TSNE,
    Isomap,
    LaplacianEigenmaps,
    LocallyLinearEmbedding,
    barycenter_weights,
    classical_mds,
    connect,
    geodesic_distances,
    landmark_mds,
    laplacian_eigenmaps,
    maxmin_landmarks,
    neighbor_graph,
    place,
    residual_variance,
    sweep_conductance,
)
from course_lib.manifolds._eigen import _is_sheet
from tests.kernels import as_python

METHODS = ["columns", "nystrom"]
seeds = st.integers(0, 2**32 - 1)


def random_graph(n, rng, density=0.1, dtype=float):
    """A symmetric graph that may fall into pieces, with some lengths zero or equal."""
    lengths = np.triu(rng.integers(0, 5, (n, n)) * (rng.random((n, n)) < density), 1)
    return sp.csr_array((lengths + lengths.T).astype(dtype))


def roll(n, rng, noise=0.0):
    return make_swiss_roll(n, noise=noise, random_state=rng.integers(2**31))[0]


def digits(n, label=None):
    data = datasets.mnist()
    chosen = np.arange(60_000) if label is None else np.flatnonzero(data.train_labels == label)
    X = data.train_images[chosen[:n]].reshape(n, -1) / np.float32(255)
    centered = X - X.mean(axis=0)
    V = np.linalg.eigh(centered.T @ centered)[1][:, -30:]
    return np.ascontiguousarray(centered @ V)


def assert_same_up_to_signs(Y, Z, atol):
    assert Y.shape == Z.shape
    assert_allclose(Y * np.sign(np.sum(Y * Z, axis=0)), Z, atol=atol)


# --- Facts: true for every input -----------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(1, 60), st.floats(0.01, 0.4), seeds)
def test_geodesics_are_dijkstras(n, density, seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(n, rng, density)
    sources = rng.integers(0, n, rng.integers(1, 2 * n + 1))  # repeated ones too
    expected = dijkstra(graph, indices=sources)
    assert_allclose(geodesic_distances(graph, sources), expected, rtol=1e-12)


def test_geodesics_of_more_sources_than_lanes(rng):
    X = roll(300, rng)
    graph = neighbor_graph(X, 8)
    expected = dijkstra(graph)
    assert_allclose(geodesic_distances(graph), expected, rtol=1e-12)
    shuffled = rng.permutation(300)[:150]
    assert_allclose(geodesic_distances(graph, shuffled), expected[shuffled], rtol=1e-12)


@settings(max_examples=30)
@given(st.integers(3, 40), st.integers(1, 6), seeds)
def test_neighbor_graph_holds_each_points_nearest_in_both_directions(n, k, seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (n, 2)).astype(float) + rng.random((n, 1)) * rng.integers(0, 2)
    k = min(k, n - 1)
    graph = neighbor_graph(X, k)
    dense, truth = graph.toarray(), cdist(X, X)
    assert_array_equal(dense, dense.T)
    assert (np.diff(graph.indptr) >= k).all()
    i, j = graph.nonzero()
    assert (i != j).all() and graph.nnz == len(graph.data)
    assert_allclose(graph.data, truth[i, j], atol=1e-6)
    others = truth + np.diag(np.full(n, np.inf))
    farthest = np.partition(others, k - 1, axis=1)[:, k - 1]
    allowed = np.maximum(farthest[:, None], farthest)
    assert (truth[i, j] <= allowed[i, j] + 1e-9).all()
    nearer = (others < farthest[:, None] - 1e-9).nonzero()
    assert (dense[nearer] > 0).all()


@settings(max_examples=30)
@given(st.integers(4, 40), seeds)
def test_connect_adds_the_shortest_bridges_only(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2)) + 10 * rng.integers(0, 3, (n, 1))
    graph = neighbor_graph(X, 1)
    joined = connect(graph, X)
    n_pieces = sp.csgraph.connected_components(graph)[0]
    assert sp.csgraph.connected_components(joined)[0] == 1
    assert joined.nnz == graph.nnz + 2 * (n_pieces - 1)
    i, j = joined.nonzero()
    assert_allclose(joined.data, np.linalg.norm(X[i] - X[j], axis=1), atol=1e-9)
    tree = sp.csgraph.minimum_spanning_tree(cdist(X, X))  # its edges of length above any inner one
    between = sp.csgraph.connected_components(graph)[1]
    a, b = tree.nonzero()
    expected = np.sort(np.asarray(tree[a, b]).ravel()[between[a] != between[b]])
    new = (between[i] != between[j]) & (i < j)
    assert_allclose(np.sort(joined.data[new]), expected, atol=1e-9)


@settings(max_examples=40)
@given(st.integers(4, 30), st.integers(1, 3), seeds)
def test_classical_scaling_recovers_euclidean_distances(n, k, seed):
    X = np.random.default_rng(seed).standard_normal((n, k))
    D = cdist(X, X)
    Y, eigenvalues = classical_mds(D, k)
    assert_allclose(cdist(Y, Y), D, atol=1e-7)
    assert_allclose(Y.sum(axis=0), 0, atol=1e-9)
    assert_allclose(Y.T @ Y, np.diag(eigenvalues), atol=1e-8 * eigenvalues[0])
    assert np.all(np.diff(eigenvalues) <= 0)


@settings(max_examples=40)
@given(st.integers(8, 40), st.integers(1, 3), st.sampled_from(METHODS), seeds)
def test_landmarks_recover_euclidean_distances_and_place_new_points(n, k, method, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, k)) + 5.0
    landmarks = rng.choice(n - 1, k + 2, replace=False)
    D = cdist(X[landmarks], X)
    found = landmark_mds(D[:, : n - 1], landmarks, k, method=method)
    both = np.vstack([found.Y, place(D[:, n - 1 :], found.means, found.basis)])
    assert_allclose(cdist(both, both), cdist(X, X), atol=1e-5)
    assert_allclose(place(D[:, : n - 1], found.means, found.basis), found.Y, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_all_points_as_landmarks_are_classical_scaling(method, rng):
    X = roll(120, rng)
    D = geodesic_distances(connect(neighbor_graph(X, 8), X))
    Y, eigenvalues = classical_mds(D, 2)
    found = landmark_mds(D, np.arange(120), 2, method=method)
    assert_same_up_to_signs(found.Y, Y, atol=1e-5 * np.abs(Y).max())
    assert_allclose(found.eigenvalues, eigenvalues, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_eigenvalues_are_estimated_for_all_points(method, rng):
    X = rng.standard_normal((300, 2)) * [3, 1]
    chosen = rng.choice(300, 100, replace=False)
    found = landmark_mds(cdist(X[chosen], X), chosen, method=method)
    truth = classical_mds(cdist(X, X)).eigenvalues
    assert_allclose(found.eigenvalues, truth, rtol=0.4)


def test_scaling_of_many_points_is_that_of_few(rng):
    X = rng.standard_normal((700, 3)) * [5, 3, 1]
    D = cdist(X, X)
    Y, eigenvalues = classical_mds(D, 2, rng=0)  # by iteration
    w = np.linalg.eigvalsh(np.cov(X.T) * 699)[::-1]
    assert_allclose(eigenvalues, w[:2], rtol=1e-8)
    centered = X - X.mean(axis=0)
    assert_same_up_to_signs(
        Y, centered @ np.linalg.eigh(centered.T @ centered)[1][:, ::-1][:, :2], 1e-6
    )


def test_columns_set_near_eigenvalues_apart():
    """Second and third variance differ by 5%, and the distances are of no Euclidean space."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 12)) * np.r_[3.0, 2.05, 2.0, np.full(9, 0.7)]
    D = cdist(X, X) ** 0.9
    truth = classical_mds(D, rng=0).Y
    for _ in range(5):
        chosen = rng.choice(500, 125, replace=False)
        found = landmark_mds(D[chosen], chosen).Y
        assert procrustes(found, truth)[2] < 1e-3  # in 60 draws at most 1.4e-4


@pytest.mark.parametrize("n", [300, 1500])
def test_sheets_are_told_from_clouds(n, rng):
    assert _is_sheet(neighbor_graph(rng.random((n, 2)), 10))
    assert _is_sheet(neighbor_graph(rng.random((n, 1)), 10))
    assert not _is_sheet(neighbor_graph(rng.standard_normal((n, 10)), 10))


def test_columns_look_up_the_sign_of_an_eigenvalue(rng):
    """A pseudo-Euclidean space: its strongest direction has negative variance."""
    n = 60
    X = rng.standard_normal((n, 3)) * [2.0, 1.0, 5.0]
    signs = np.array([1.0, 1.0, -1.0])
    gram = (X * signs) @ X.T
    squares = np.diag(gram)[:, None] + np.diag(gram) - 2 * gram
    D = np.sqrt((squares - squares.min()) * (1 - np.eye(n)))  # still three large directions
    B = -0.5 * (np.eye(n) - 1 / n) @ D**2 @ (np.eye(n) - 1 / n)
    w = np.linalg.eigvalsh(B)
    assert w[0] < -2 * w[-1]
    assert_allclose(landmark_mds(D, np.arange(n), 2).eigenvalues, w[::-1][:2], rtol=1e-6)
    some = landmark_mds(D[:50], np.arange(50), 2)  # not all, so by singular values
    assert_allclose(some.eigenvalues, w[::-1][:2], rtol=0.2)
    assert procrustes(some.Y, classical_mds(D).Y)[2] < 0.1


@settings(max_examples=30)
@given(st.integers(4, 30), st.integers(1, 4), st.integers(2, 6), seeds)
def test_barycenter_weights_solve_the_regularized_problem(n, d, k, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    k = min(k, n - 1)
    neighbors = np.argsort(cdist(X, X), axis=1)[:, 1 : k + 1]
    weights = barycenter_weights(X, neighbors, reg=1e-2)
    assert_allclose(weights.sum(axis=1), 1)

    def cost(w):
        offsets = X[neighbors] - X[:, None]
        ridge = 1e-2 * np.sum(offsets**2, axis=(1, 2))
        return np.sum(np.einsum("nk,nkd->nd", w, offsets) ** 2, 1) + ridge * np.sum(w**2, 1)

    step = rng.standard_normal((n, k))
    step -= step.mean(axis=1, keepdims=True)
    best = cost(weights)
    for size in (1e-2, -1e-2):
        assert np.all(cost(weights + size * step) >= best - 1e-12)


def test_lle_maps_a_flat_sheet_to_an_affine_image(rng):
    plane = rng.random((400, 2))
    X = plane @ rng.standard_normal((2, 5))
    Y = LocallyLinearEmbedding(n_neighbors=10, reg=1e-9, random_state=0).fit_transform(X)
    inner = np.all(np.abs(plane - 0.5) < 0.4, axis=1)
    fit = np.linalg.lstsq(np.c_[plane, np.ones(400)], Y, rcond=None)
    residual = Y - np.c_[plane, np.ones(400)] @ fit[0]
    assert np.abs(residual[inner]).max() < 0.05 * Y.std()
    assert_allclose(Y.T @ Y, np.eye(2), atol=1e-8)
    assert_allclose(Y.sum(axis=0), 0, atol=1e-6)


def test_lle_reports_the_error_that_its_map_makes(rng):
    X = roll(300, rng)
    model = LocallyLinearEmbedding(n_neighbors=9, random_state=0).fit(X)
    graph = kneighbors_graph(X, 9)
    neighbors = graph.indices.reshape(300, 9)
    weights = barycenter_weights(X, neighbors)
    means = np.einsum("nk,nkd->nd", weights, model.embedding_[neighbors])
    assert_allclose(np.sum((model.embedding_ - means) ** 2), model.reconstruction_error_, rtol=1e-6)


@pytest.mark.parametrize("method", ["auto", "lanczos", "factor"])
@pytest.mark.parametrize("kind", ["sheet", "cloud"])
def test_eigenmaps_solve_the_generalized_problem(kind, method, rng):
    X = roll(400, rng) if kind == "sheet" else rng.standard_normal((400, 10))
    graph = connect(neighbor_graph(X, 8), X)
    W = sp.csr_array(
        (np.exp(-((graph.data / graph.data.mean()) ** 2)), graph.indices, graph.indptr)
    )
    Y, eigenvalues = laplacian_eigenmaps(W, 3, method=method, tol=1e-9, rng=0)
    degrees = np.asarray(W.sum(axis=1)).ravel()
    assert_allclose(degrees[:, None] * Y - W @ Y, degrees[:, None] * Y * eigenvalues, atol=1e-6)
    assert_allclose(Y.T @ (degrees[:, None] * Y), np.eye(3), atol=1e-7)
    assert_allclose(degrees @ Y, 0, atol=1e-6 * degrees.sum())
    scaled = np.eye(400) - W.toarray() / np.sqrt(np.outer(degrees, degrees))
    assert_allclose(eigenvalues, np.linalg.eigvalsh(scaled)[1:4], rtol=1e-6)


def test_residual_variance_is_one_minus_the_squared_correlation(rng):
    D, Y = rng.random((5, 30)), rng.standard_normal((30, 2))
    rows = np.array([3, 1, 20, 7, 7])
    on_map = cdist(Y[rows], Y)
    expected = 1 - np.corrcoef(D.ravel(), on_map.ravel())[0, 1] ** 2
    assert_allclose(residual_variance(D, Y, sources=rows), expected)
    assert_allclose(residual_variance(2 * on_map + 3, Y, sources=rows), 0, atol=1e-12)


def test_maxmin_landmarks_cover_within_twice_the_best(rng):
    graph = connect(neighbor_graph(roll(60, rng), 5), roll(60, rng))
    D = geodesic_distances(graph)
    chosen = maxmin_landmarks(graph, 4, first=7)
    assert chosen[0] == 7 and len(set(chosen)) == 4
    for i in range(1, 4):
        assert D[chosen[:i]].min(axis=0)[chosen[i]] == D[chosen[:i]].min(axis=0).max()
    radius = D[chosen].min(axis=0).max()
    others = [rng.choice(60, 4, replace=False) for _ in range(2000)]
    assert radius <= 2 * min(D[four].min(axis=0).max() for four in others)


# --- Theorems ------------------------------------------------------------------------------------


def test_path_lengths_lie_between_the_bounds_of_bernstein_et_al(rng):
    """An arc of radius 1: chords are short of arcs by l^3/24, hops are at most eps - 2 delta."""
    n, epsilon = 400, 0.3
    angle = np.sort(rng.uniform(0, 3, n))
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    lengths = cdist(X, X)
    graph = sp.csr_array(np.where((lengths <= epsilon) & (lengths > 0), lengths, 0))
    gaps = np.diff(np.concatenate([[-angle[0]], angle, [6 - angle[-1]]])) / 2  # ends count whole
    delta = gaps.max()
    assert 4 * delta < epsilon
    truth = np.abs(angle[:, None] - angle)
    paths = geodesic_distances(graph)
    arc = 2 * np.arcsin(epsilon / 2)  # the longest edge, along the surface
    assert np.all(paths >= (1 - arc**2 / 24) * truth - 1e-12)
    assert np.all(paths <= (1 + 4 * delta / epsilon) * truth + 1e-12)


@settings(max_examples=30)
@given(st.integers(5, 14), st.floats(0.2, 1.0), seeds)
def test_cheegers_inequality_and_the_sweep(n, density, seed):
    rng = np.random.default_rng(seed)
    W = np.triu(rng.random((n, n)) * (rng.random((n, n)) < density), 1)
    W[np.arange(n - 1), np.arange(1, n)] += 0.05  # a path, so that it is in one piece
    W = W + W.T
    Y, (eigenvalue,) = laplacian_eigenmaps(W, 1)
    degrees = W.sum(axis=1)
    cuts = (np.arange(1, 2 ** (n - 1))[:, None] >> np.arange(n)) & 1 == 1
    weight = np.einsum("ci,ij,cj->c", cuts.astype(float), W, 1.0 - cuts)
    volume = cuts @ degrees
    best = (weight / np.minimum(volume, degrees.sum() - volume)).min()
    swept = sweep_conductance(W, Y[:, 0])
    assert eigenvalue / 2 <= best * (1 + 1e-9)
    assert best <= swept * (1 + 1e-9)
    assert swept <= np.sqrt(2 * eigenvalue) * (1 + 1e-9)


def test_classical_scaling_is_the_best_approximation_of_the_inner_products(rng):
    X = roll(80, rng)
    D = geodesic_distances(connect(neighbor_graph(X, 6), X))
    center = np.eye(80) - 1 / 80
    B = -0.5 * center @ D**2 @ center
    w = np.linalg.eigvalsh(B)[::-1]
    Y, _ = classical_mds(D, 2)
    best = np.sqrt(np.sum(w[2:] ** 2))
    assert_allclose(np.linalg.norm(B - Y @ Y.T), best)
    for _ in range(20):
        other = Y + rng.standard_normal(Y.shape) * Y.std() * 0.1
        assert np.linalg.norm(B - other @ other.T) > best


# --- Contracts -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_isomap_works_in_a_pipeline_and_a_grid_search():
    X, y = digits(300), datasets.mnist().train_labels[:300]
    line = make_pipeline(Isomap(n_landmarks=60, random_state=0), KNeighborsClassifier())
    grid = {"isomap__n_neighbors": [5, 10]}
    search = GridSearchCV(line, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_and_inputs_untouched(dtype, rng):
    X = roll(120, rng).astype(dtype)
    before = X.copy()
    graph = neighbor_graph(X, 6)
    D = geodesic_distances(graph)
    found = landmark_mds(D[:20], np.arange(20), 2)
    assert graph.dtype == D.dtype == found.Y.dtype == classical_mds(D).Y.dtype == dtype
    for model in (Isomap(), Isomap(n_landmarks=30), LocallyLinearEmbedding()):
        assert model.fit_transform(X).dtype == dtype
    assert_array_equal(X, before)


CHECKED = [
    Isomap(n_neighbors=5),
    Isomap(n_neighbors=5, n_landmarks=8, random_state=0),
    LocallyLinearEmbedding(n_neighbors=5),
    LaplacianEigenmaps(n_neighbors=5),
]


@pytest.mark.parametrize("estimator", CHECKED, ids=str)
def test_the_same_seed_gives_the_same_map(estimator, rng):
    X = roll(150, rng)
    maps = [clone(estimator).set_params(random_state=3).fit_transform(X) for _ in range(2)]
    assert_array_equal(*maps)


def test_isomap_places_further_points_where_they_belong(rng):
    X, unrolled = make_swiss_roll(1500, random_state=0)
    model = Isomap(n_landmarks=150, random_state=0).fit(X[:1200])
    placed, whole = model.transform(X[1200:]), Isomap(random_state=0).fit(X).embedding_[1200:]
    assert procrustes(placed, whole)[2] < 0.01
    along = np.abs(np.corrcoef(placed[:, 0], unrolled[1200:] ** 2)[0, 1])
    assert along > 0.99


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lle_places_further_points_by_the_same_weights_as_scikit_learn(dtype, rng):
    X, new = roll(200, rng).astype(dtype), roll(30, rng).astype(dtype)
    ours = LocallyLinearEmbedding(8, 2, random_state=0).fit(X)
    theirs = manifold.LocallyLinearEmbedding(n_neighbors=8, n_components=2).fit(X)
    theirs.embedding_ = ours.embedding_
    placed = ours.transform(new)
    assert placed.dtype == dtype and placed.shape == (30, 2)
    digits_ = 1e-3 if dtype == np.float32 else 1e-9
    assert_allclose(placed, theirs.transform(new), rtol=digits_, atol=digits_)
    near = np.abs(ours.transform(X) - ours.embedding_).max()  # a point is nearly its own neighbor
    assert near < 0.05 * np.ptp(ours.embedding_)
    many = ours.transform(np.repeat(new, 40, axis=0))  # more than one block
    assert_allclose(many[::40], placed, rtol=digits_, atol=digits_)


def test_isomap_tells_its_distances_and_what_it_leaves(rng):
    X = roll(80, rng)
    ours, theirs = Isomap(6).fit(X), manifold.Isomap(n_neighbors=6).fit(X)
    assert_allclose(ours.dist_matrix_, theirs.dist_matrix_, atol=1e-9)
    assert_allclose(ours.reconstruction_error(), theirs.reconstruction_error(), rtol=1e-8)
    with pytest.raises(ValueError, match="needs the distances of all 80 points; got those of 9"):
        Isomap(6, n_landmarks=9, random_state=0).fit(X).reconstruction_error()


@pytest.mark.parametrize(
    "estimator", [*CHECKED, TSNE(perplexity=5, max_iter=20, random_state=0)], ids=str
)
def test_columns_of_a_map_have_names(estimator, rng):
    model = clone(estimator).fit(roll(40, rng))
    prefix = type(estimator).__name__.lower()
    assert list(model.get_feature_names_out()) == [f"{prefix}0", f"{prefix}1"]


def test_kernels_are_the_python_they_were_written_in(rng):
    X = roll(40, rng)
    graph = neighbor_graph(X, 4)
    compiled = geodesic_distances(graph)
    with as_python("manifolds"):
        assert_array_equal(geodesic_distances(graph), compiled)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda X, G: neighbor_graph(X, 40), "between 1 and n - 1 = 39"),
        (lambda X, G: neighbor_graph(np.full((4, 2), np.nan), 1), "NaN or infinity"),
        (lambda X, G: geodesic_distances(G[:3]), "must be square"),
        (lambda X, G: geodesic_distances(-G), "non-negative lengths"),
        (lambda X, G: geodesic_distances(G, [40]), "sources must lie between 0 and 39"),
        (lambda X, G: classical_mds(X), "distances must be square"),
        (lambda X, G: classical_mds(1 - np.eye(5), 5), "between 1 and n - 1 = 4"),
        (lambda X, G: classical_mds(np.zeros((5, 5)), 1), "positive variance; got 0"),
        (lambda X, G: landmark_mds(cdist(X[:5], X), [0, 1]), "must be 5 point numbers"),
        (
            lambda X, G: landmark_mds(cdist(X[:5], X), [0, 1, 2, 3, 40]),
            "landmarks must lie between 0 and 39",
        ),
        (lambda X, G: landmark_mds(cdist(X[:5], X), range(5), method="best"), "'columns' or"),
        (lambda X, G: landmark_mds(np.ones((5, 40)), range(5), 2), "ask for fewer components"),
        (lambda X, G: Isomap(landmarks="all").fit(X), "'random' or 'maxmin'"),
        (lambda X, G: Isomap(n_landmarks=41).fit(X), "n_samples = 40"),
        (lambda X, G: barycenter_weights(X, np.zeros((3, 2), int)), "neighbors must be"),
        (lambda X, G: barycenter_weights(X, np.zeros((40, 2), int), reg=0), "must lie in"),
        (lambda X, G: laplacian_eigenmaps(np.diag([1.0, 1.0])), "each node an edge"),
        (lambda X, G: laplacian_eigenmaps(np.array([[0, 1.0], [2, 0]])), "must be symmetric"),
        (lambda X, G: laplacian_eigenmaps(np.kron(np.eye(2), 1 - np.eye(3))), "in one piece"),
        (lambda X, G: laplacian_eigenmaps(-G), "non-negative weights"),
        (lambda X, G: laplacian_eigenmaps(G, method="qr"), "must be 'auto'"),
        (lambda X, G: sweep_conductance(G, np.ones(40)), "at least two values"),
        (lambda X, G: sweep_conductance(G, np.ones(4)), "40 finite numbers"),
        (lambda X, G: LaplacianEigenmaps(affinity="rbf").fit(X), "affinity must be"),
        (lambda X, G: residual_variance(np.ones((3, 40)), X), "shape \\(40, 40\\)"),
        (lambda X, G: maxmin_landmarks(G, 0), "between 1 and n = 40"),
    ],
)
def test_refusals_say_what_must_be(call, words, rng):
    X = rng.standard_normal((40, 3))
    with pytest.raises(ValueError, match=words):
        call(X, connect(neighbor_graph(X, 3), X))


def test_sources_must_be_integers(rng):
    graph = neighbor_graph(rng.standard_normal((5, 2)), 2)
    with pytest.raises(TypeError, match="sources must be integers"):
        geodesic_distances(graph, [0.5])


def test_distances_must_be_the_same_both_ways():
    path = sp.csr_array(np.diag([1.0, 1.0], 1))  # 0 -> 1 -> 2
    for call in (geodesic_distances, lambda G: maxmin_landmarks(G, 2)):
        with pytest.raises(ValueError, match="graph must be symmetric"):
            call(path)
    assert_array_equal(geodesic_distances(path.maximum(path.T), [0, 2]), [[0, 1, 2], [2, 1, 0]])
    with pytest.raises(ValueError, match="distances must be symmetric"):
        classical_mds(np.arange(9.0).reshape(3, 3), 1)
    with pytest.raises(ValueError, match="zero on the diagonal; got 1"):
        classical_mds(np.ones((3, 3)), 1)
    edge = sp.csr_array(([0.0, 1.0, 1.0], ([0, 1, 2], [1, 2, 1])), shape=(3, 3))
    with pytest.raises(ValueError, match="graph must be symmetric"):  # an edge of length zero
        geodesic_distances(edge)


def test_lengths_stored_in_parts_are_added_up():
    """A quarter and three quarters of an edge are one edge of length 1, and stay as they are."""
    entries = [0.25, 0.75, 0.5, 0.5, 2.0, 2.0]
    parts = sp.csr_array((entries, [1, 1, 0, 0, 2, 1], [0, 2, 5, 6]), shape=(3, 3))
    assert_array_equal(geodesic_distances(parts, [0]), [[0, 1, 3]])
    assert_array_equal(maxmin_landmarks(parts, 3), [0, 2, 1])
    assert_array_equal(connect(parts, np.arange(3.0)[:, None]).toarray()[0], [0, 1, 0])
    assert_allclose(
        laplacian_eigenmaps(parts, 1).eigenvalues,
        laplacian_eigenmaps(parts.toarray(), 1).eigenvalues,
    )
    assert parts.nnz == 6


def test_the_origin_does_not_count(rng):
    X = rng.standard_normal((60, 3))
    assert residual_variance(cdist(X, X), X + 1e8) < 1e-12
    for scale in (1e-200, 1e150):
        assert residual_variance(cdist(X, X), scale * X) < 1e-12
    with pytest.raises(ValueError, match="distances and Y must vary"):
        residual_variance(1 - np.eye(3), np.ones((3, 2)))


def test_neighbors_are_rows():
    X = np.arange(6.0)[:, None]
    for wrong in (-1, 6):
        with pytest.raises(ValueError, match=f"between 0 and 5; got {wrong}"):
            barycenter_weights(X, np.full((6, 2), wrong))


def test_heat_reaches_far_pieces_and_leaves_out_equal_points():
    """Edges of length 30 among ones of length 1, and more than half of length 0."""
    X = np.array([0.0, 1, 2, 32, 33, 34])[:, None]
    model = LaplacianEigenmaps(1, n_neighbors=2, affinity="heat").fit(X)
    signs = np.sign(model.embedding_[:, 0])
    assert_array_equal(signs, signs[0] * np.array([1, 1, 1, -1, -1, -1]))
    assert model.weights_.data.min() == pytest.approx(np.exp(-36))

    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 2))
    twice = np.vstack([X, X[:280]])
    Y = LaplacianEigenmaps(2, n_neighbors=5, affinity="heat", random_state=0).fit_transform(twice)
    assert_allclose(Y[:280], Y[300:], atol=1e-6 * np.abs(Y).max())


def test_float32_sees_no_direction_that_is_not_there():
    """A line has one direction; what rounding adds is 1e-7 of its variance, and is not asked."""
    X = np.array([[1.9038526], [2.1488702], [2.4442477]])
    for dtype in (np.float64, np.float32):
        with pytest.raises(ValueError, match="ask for fewer components"):
            Isomap(2, 2).fit(X.astype(dtype))
        assert Isomap(2, 1).fit(X.astype(dtype)).embedding_.dtype == dtype


@pytest.mark.parametrize("affinity", ["connectivity", "heat", "precomputed"])
def test_eigenmaps_keep_float32(affinity, rng):
    X = rng.standard_normal((30, 2)).astype(np.float32)
    X = cdist(X, X).astype(np.float32) if affinity == "precomputed" else X
    assert LaplacianEigenmaps(affinity=affinity).fit_transform(X).dtype == np.float32


@pytest.mark.parametrize(
    "model",
    [
        Isomap(3, 1),
        LocallyLinearEmbedding(3, 1),
        LaplacianEigenmaps(1, n_neighbors=3),
    ],
)
def test_pieces_are_joined_by_their_shortest_edges(model):
    """Two rows of points, end to end: one coordinate keeps their order, one rule for all maps."""
    X = np.r_[np.arange(8.0), 20 + np.arange(8.0)][:, None]
    Y = model.fit_transform(X)[:, 0]
    assert len(np.unique(np.sign(np.diff(Y[6:10])))) == 1  # over the bridge from 7 to 20
    assert np.sign(Y[:8] - Y.mean()).sum() * np.sign(Y[8:] - Y.mean()).sum() == -64


def test_lle_of_pieces_has_one_constant(rng):
    """Points of a plane in two far clumps: without an edge between them a second vector is free."""
    X = np.vstack([rng.random((40, 2)), rng.random((40, 2)) + [5.0, 0.0]])
    Y = LocallyLinearEmbedding(6, 1, reg=1e-6, random_state=0).fit_transform(X)
    assert np.ptp(Y[:40]) > 0.1 * np.ptp(Y)  # else the one coordinate says which clump


# --- Peers ---------------------------------------------------------------------------------------


def test_isomap_is_scikit_learns():
    X = digits(600)
    theirs = manifold.Isomap(n_neighbors=10).fit_transform(X.astype(float))
    assert procrustes(Isomap().fit_transform(X.astype(float)), theirs)[2] < 1e-8


def test_the_same_landmarks_err_less_by_columns_than_by_nystrom():
    """Digits, 40 of 600 points: the mean error is below, by more than chance does to 1 in 10^5."""
    X = digits(600)
    D = geodesic_distances(connect(neighbor_graph(X, 10), X))
    whole = classical_mds(D, rng=0).Y
    gains = []
    for seed in range(60):
        landmarks = np.random.default_rng(seed).choice(600, 40, replace=False)
        errors = [
            procrustes(whole, landmark_mds(D[landmarks], landmarks, method=method).Y)[2]
            for method in ("nystrom", "columns")
        ]
        gains.append(errors[0] - errors[1])
    assert np.mean(gains) > 4.42 * np.std(gains, ddof=1) / np.sqrt(60)


def test_a_tenth_as_landmarks_explains_what_all_do():
    X = digits(1000, label=1)
    D = geodesic_distances(connect(neighbor_graph(X, 10), X))
    whole = residual_variance(D[:200], classical_mds(D, rng=0).Y, sources=np.arange(200))
    for seed in range(20):
        landmarks = np.random.default_rng(seed).choice(1000, 100, replace=False)
        found = landmark_mds(D[landmarks], landmarks)
        assert residual_variance(D[:200], found.Y, sources=np.arange(200)) <= whole + 0.02


def test_eigenmaps_are_scikit_learns(rng):
    X = roll(500, rng)
    W = connect(neighbor_graph(X, 10), X)
    W.data[:] = 1.0
    theirs = manifold.SpectralEmbedding(affinity="precomputed", random_state=0).fit_transform(
        sp.csr_matrix(W)
    )
    ours = LaplacianEigenmaps(affinity="precomputed", tol=1e-9).fit_transform(W)
    scale = np.linalg.norm(theirs, axis=0) / np.linalg.norm(ours, axis=0)
    assert_same_up_to_signs(ours * scale, theirs, atol=1e-4 * np.abs(theirs).max())


def test_lle_is_scikit_learns(rng):
    X = roll(400, rng)
    theirs = manifold.LocallyLinearEmbedding(n_neighbors=10, random_state=0).fit(X)
    ours = LocallyLinearEmbedding(n_neighbors=10, random_state=0).fit(X)
    assert_allclose(ours.reconstruction_error_, theirs.reconstruction_error_, rtol=1e-4)
    assert procrustes(ours.embedding_, theirs.embedding_)[2] < 1e-6
