"""k-means, product quantization, inverted file: facts, theorems, contracts, peers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import lsh
from tests.kernels import as_python, assert_same_answers

SEEDS = st.integers(0, 2**32 - 1)


def points(seed, n=200, d=6, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(dtype)


def squares(X, Y):
    """All squared distances, from the differences."""
    return ((X[:, None].astype(float) - Y[None]) ** 2).sum(2)


def lloyd(X, centers, n_iter):
    """k-means as it is defined."""
    for _ in range(n_iter):
        labels = squares(X, centers).argmin(1)
        centers = np.array([X[labels == c].mean(0) for c in range(len(centers))])
    return centers


# --- Facts: true for every input and draw ------------------------------------------------


@given(seed=SEEDS, bounds=st.booleans(), n_iter=st.integers(1, 6))
def test_steps_are_those_of_lloyd(seed, bounds, n_iter):
    X = points(seed, 300, 3)
    start = X[:4]
    found = lsh.kmeans(X, 4, init=start, n_iter=n_iter, tol=0, bounds=bounds)
    assert_allclose(found.centers, lloyd(X, start, n_iter), atol=1e-9)
    assert_array_equal(found.labels, squares(X, found.centers).argmin(1))
    assert found.inertia == pytest.approx(squares(X, found.centers).min(1).sum())


@given(seed=SEEDS, k=st.integers(1, 20), offset=st.sampled_from([0, 1e3]))
def test_bounds_change_nothing_but_the_count(seed, k, offset):
    X = points(seed, 400, 4) + offset
    plain, bounded = (
        lsh.kmeans(X, k, init=X[:k], tol=0, bounds=bounds, n_iter=200) for bounds in (False, True)
    )
    assert_array_equal(plain.labels, bounded.labels)
    assert_allclose(plain.centers, bounded.centers, rtol=1e-9)
    assert plain.converged and bounded.converged
    assert bounded.n_iter == plain.n_iter
    assert plain.evaluations == 400 * k * plain.n_iter
    if plain.n_iter > 20 and offset == 0:
        assert bounded.evaluations < plain.evaluations


@given(seed=SEEDS, k=st.integers(2, 12))
def test_after_convergence_each_center_is_the_mean_of_its_points(seed, k):
    X = points(seed)
    found = lsh.kmeans(X, k, tol=0, n_iter=500, rng=seed)
    assert found.converged
    for c in range(k):
        assert_allclose(found.centers[c], X[found.labels == c].mean(0), atol=1e-10)


def test_a_center_without_points_moves_to_the_farthest():
    X = np.array([[0.0], [1.0], [2.0], [50.0]])
    for bounds in (False, True):
        found = lsh.kmeans(X, 2, init=[[1.0], [1e6]], tol=0, bounds=bounds)
        assert_allclose(np.sort(found.centers[:, 0]), [1.0, 50.0])


@given(seed=SEEDS, k=st.integers(1, 30))
def test_seeds_are_rows_and_differ(seed, k):
    X = points(seed, 30, 2)
    chosen = lsh.kmeans_plus_plus(X, k, rng=seed)
    assert len(set(chosen.tolist())) == k
    assert len(lsh.kmeans_plus_plus(np.ones((5, 2)), 3, rng=seed)) == 3


FAR = st.sampled_from([(np.float64, 2.0**40), (np.float64, -(2.0**30)), (np.float32, 2.0**12)])


@given(seed=SEEDS, far=FAR, bounds=st.booleans())
def test_means_are_found_far_from_the_origin_too(seed, far, bounds):
    near = (np.round(points(seed, 300, 4) * 2**10) / 2**10).astype(far[0])
    X = near + far[0](far[1])
    assert_array_equal((X - far[0](far[1])).astype(float), near)  # moved without rounding
    for init in ("k-means++", near[:7]):
        start = init if isinstance(init, str) else X[:7]
        here, there = (
            lsh.kmeans(A, 7, init=at, n_iter=5, bounds=bounds, rng=seed)
            for A, at in ((near, init), (X, start))
        )
        assert there.centers.dtype == far[0]
        assert there.inertia == pytest.approx(here.inertia, rel=0.02)
    assert len(np.unique(lsh.kmeans_plus_plus(X, 30, rng=seed))) == 30


@given(seed=SEEDS, far=FAR)
def test_codes_and_lists_are_right_far_from_the_origin_too(seed, far):
    X = (np.round(points(seed, 200, 6) * 2**8) / 2**8).astype(far[0]) + far[0](far[1])
    quantizer = lsh.train_pq(X, 3, 16, n_iter=4, rng=0)
    codes = lsh.pq_encode(quantizer, X)
    for m in range(3):
        columns = slice(2 * m, 2 * m + 2)
        away = squares(X[:, columns], quantizer.codebooks[:, columns])
        assert np.all(away[np.arange(200), codes[:, m]] <= away.min(1) * 1.001 + 1e-4)
    tables = lsh.distance_tables(quantizer, X[:5])
    assert_allclose(tables.sum(1)[:, 0], squares(X[:5], quantizer.codebooks[:1])[:, 0], rtol=1e-3)
    index = lsh.build_ivf(X, 9, rng=0)
    first = lsh.search_ivf(index, X, 1, n_probe=1)
    assert (
        np.count_nonzero(first.distances) <= 4
    )  # its own list is the nearest, or rounded centers tie


@given(seed=SEEDS, n_groups=st.integers(1, 6), n_centers=st.integers(1, 40))
def test_codes_name_the_nearest_entry_and_distances_are_of_the_decoded(seed, n_groups, n_centers):
    X, queries = points(seed), points(seed + 1, 5)
    quantizer = lsh.train_pq(X, n_groups, n_centers, n_iter=3, rng=seed)
    codes = lsh.pq_encode(quantizer, X)
    for m in range(n_groups):
        part = slice(quantizer.edges[m], quantizer.edges[m + 1])
        near = squares(X[:, part], quantizer.codebooks[:, part])
        assert_allclose(near[np.arange(len(X)), codes[:, m]], near.min(1), atol=1e-9)
    decoded = lsh.pq_decode(quantizer, codes)
    exact = squares(queries, decoded)
    assert_allclose(lsh.pq_distances(quantizer, codes, queries), exact, atol=1e-9)
    both = squares(lsh.pq_decode(quantizer, lsh.pq_encode(quantizer, queries)), decoded)
    assert_allclose(lsh.pq_distances(quantizer, codes, queries, symmetric=True), both, atol=1e-9)
    tables = lsh.distance_tables(quantizer, queries)
    summed = tables[:, np.arange(n_groups), codes].sum(2)
    assert_allclose(summed, exact, atol=1e-9)


@pytest.mark.parametrize("n_groups", [3, 4, 9])
def test_a_search_is_a_sort_of_the_distances_alone_and_among_others(n_groups):
    """1, 3, 4, 70 queries: looked up alone, side by side, in two rounds; 600 codes, 3 blocks."""
    X = points(0, 600, 9)
    quantizer = lsh.train_pq(X, n_groups, 8, n_iter=3, rng=0)
    codes = lsh.pq_encode(quantizer, X)
    queries = points(1, 70, 9)
    whole = lsh.pq_search(quantizer, codes, queries, 20)
    away = np.sqrt(lsh.pq_distances(quantizer, codes, queries))
    assert_allclose(whole.distances, np.sort(away, axis=1)[:, :20], rtol=1e-9)
    assert_allclose(np.take_along_axis(away, whole.indices, axis=1), whole.distances, rtol=1e-9)
    assert_array_equal(whole.evaluations, 600)
    for few in (1, 3, 4):
        part = lsh.pq_search(quantizer, codes, queries[:few], 20)
        assert_allclose(part.distances, whole.distances[:few], rtol=1e-12)


def test_of_equal_codes_the_first_comes_first():
    quantizer = lsh.ProductQuantizer(np.array([[0.0], [1.0]]), np.array([0, 1]))
    codes = np.zeros((700, 1), np.uint8)
    for n in (1, 8):
        found = lsh.pq_search(quantizer, codes, np.zeros((n, 1)), 5)
        assert_array_equal(found.indices, np.tile(np.arange(5), (n, 1)))


@given(seed=SEEDS, n_lists=st.integers(1, 15), k=st.integers(1, 8))
def test_all_lists_of_points_are_exact_and_fewer_are_a_part(seed, n_lists, k):
    X, queries = points(seed), points(seed + 1, 5)
    index = lsh.build_ivf(X, n_lists, rng=seed)
    found = lsh.search_ivf(index, queries, k, n_probe=n_lists)
    assert_allclose(found.distances**2, np.sort(squares(queries, X), axis=1)[:, :k], atol=1e-9)
    assert_array_equal(found.evaluations, n_lists + len(X))
    assert_array_equal(np.sort(index.members), np.arange(len(X)))
    one = lsh.search_ivf(index, queries, k, n_probe=1)
    nearest = squares(queries, index.centers).argmin(1)
    assert_array_equal(one.evaluations, n_lists + np.diff(index.starts)[nearest])


def test_lists_of_codes_give_the_distances_of_the_decoded():
    X, queries = points(0), points(1, 5)
    index = lsh.build_ivf(X, 6, n_groups=3, n_centers=16, rng=0)
    assert index.points.shape == (0, 6)
    found = lsh.search_ivf(index, queries, 7, n_probe=6)
    cell = np.repeat(np.arange(6), np.diff(index.starts))
    decoded = np.empty_like(X)
    decoded[index.members] = index.centers[cell] + lsh.pq_decode(index.quantizer, index.codes)
    assert_allclose(found.distances**2, np.sort(squares(queries, decoded), axis=1)[:, :7])


def test_the_kernels_are_their_python_text():
    X, queries = points(0, 50), points(1, 6)

    def everything():
        for bounds in (False, True):
            yield lsh.kmeans(X, 5, tol=0, bounds=bounds, rng=0)
        quantizer = lsh.train_pq(X, 3, 7, n_iter=3, rng=0)
        codes = lsh.pq_encode(quantizer, X)
        yield lsh.pq_search(quantizer, codes, queries, 4)
        yield lsh.pq_search(quantizer, codes, queries[:2], 4)
        for groups in (None, 2):
            index = lsh.build_ivf(X, 4, n_groups=groups, n_centers=7, rng=0)
            yield lsh.search_ivf(index, queries, 4, n_probe=2)

    compiled = list(everything())
    with as_python("lsh"):
        text = list(everything())
    assert_same_answers(compiled, text, rtol=1e-9)


# --- Theorems: true on average or with probability ---------------------------------------


@given(seed=SEEDS, symmetric=st.booleans())
def test_adc_is_short_by_exactly_the_mean_squared_error(seed, symmetric):
    """Entries that are the means of their points: for every query; not for SDC."""
    X, queries = points(seed), points(seed + 1, 4)
    quantizer = lsh.train_pq(X, 3, 8, n_iter=2, rng=seed)
    codes = lsh.pq_encode(quantizer, X)
    quantizer = lsh.recenter(quantizer, X, codes)
    mse = ((X - lsh.pq_decode(quantizer, codes)) ** 2).sum(1).mean()
    found = lsh.pq_distances(quantizer, codes, queries, symmetric=symmetric)
    gap = (squares(queries, X) - found).mean(axis=1)
    if symmetric:
        assert np.abs(gap / mse - 1).max() > 1e-3
    else:
        assert_allclose(gap, mse, rtol=1e-9)


@given(seed=SEEDS)
def test_a_distance_errs_by_no_more_than_its_point_moved(seed):
    X, queries = points(seed), points(seed + 1, 4)
    quantizer = lsh.train_pq(X, 2, 8, n_iter=2, rng=seed)
    codes = lsh.pq_encode(quantizer, X)
    moved = np.linalg.norm(X - lsh.pq_decode(quantizer, codes), axis=1)
    adc = np.sqrt(lsh.pq_distances(quantizer, codes, queries))
    assert np.all(np.abs(np.sqrt(squares(queries, X)) - adc) <= moved + 1e-9)


def test_seeding_keeps_the_bound_of_arthur_and_vassilvitskii():
    """Ten clusters far apart: the least sum is about n d; the mean of 50 draws, one trial."""
    rng = np.random.default_rng(0)
    X = np.repeat(100 * rng.standard_normal((10, 2)), 30, axis=0)
    least = 0.0
    X += rng.standard_normal(X.shape)
    least = sum(
        ((X[30 * c : 30 * c + 30] - X[30 * c : 30 * c + 30].mean(0)) ** 2).sum() for c in range(10)
    )
    sums = [
        squares(X, X[lsh.kmeans_plus_plus(X, 10, n_trials=1, rng=seed)]).min(1).sum()
        for seed in range(50)
    ]
    greedy = [
        squares(X, X[lsh.kmeans_plus_plus(X, 10, rng=seed)]).min(1).sum() for seed in range(50)
    ]
    assert np.mean(sums) <= 8 * (np.log(10) + 2) * least
    assert np.mean(greedy) <= np.mean(sums)


def test_the_inertia_never_rises():
    X = points(4, 500, 4)
    values = [lsh.kmeans(X, 9, init=X[:9], n_iter=n, tol=0).inertia for n in range(1, 12)]
    assert np.all(np.diff(values) <= 1e-9)


# --- Contracts: dtypes, containers, refusals ---------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_a_seed_is_an_answer(dtype):
    X, queries = points(0, dtype=dtype), points(1, 3, dtype=dtype)
    kept = X.copy()

    def everything():
        quantizer = lsh.train_pq(X, 3, 16, rng=3)
        yield quantizer.codebooks
        yield lsh.pq_search(quantizer, lsh.pq_encode(quantizer, X), queries, 3).distances
        yield lsh.search_ivf(lsh.build_ivf(X, 4, rng=3), queries, 3, n_probe=2).distances
        for bounds in (False, True):
            yield lsh.kmeans(X, 5, bounds=bounds, rng=3).centers

    for one, other in zip(everything(), everything(), strict=True):
        assert one.dtype == dtype
        assert_array_equal(one, other)
    assert_array_equal(X, kept)


QUANTIZER = lsh.ProductQuantizer(np.array([[0.0, 5.0], [1.0, 7.0]]), np.array([0, 1, 2]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lsh.kmeans([[1.0]], 2), "k must be between 1 and n = 1"),
        (lambda: lsh.kmeans([[1.0]], 1, init="random"), "init must be"),
        (lambda: lsh.kmeans([[1.0]], 1, init=[[1.0, 2.0]]), "init must have shape"),
        (lambda: lsh.kmeans([[np.nan]], 1), "NaN or infinity"),
        (lambda: lsh.train_pq([[1.0, 2.0]], 3), "n_groups must be between 1 and d = 2"),
        (lambda: lsh.train_pq([[1.0, 2.0]], 2, 3), "min\\(256, n\\) = 1"),
        (lambda: lsh.pq_encode(QUANTIZER, [[1.0]]), "X must have 2 columns"),
        (lambda: lsh.pq_decode(QUANTIZER, [[0, 2]]), "between 0 and 1"),
        (lambda: lsh.pq_decode(QUANTIZER, [[0]]), "2 columns"),
        (lambda: lsh.pq_decode(QUANTIZER, [[0.5, 0.0]]), "codes must be integers"),
        (lambda: lsh.pq_decode("pq", [[0, 1]]), "quantizer must be"),
        (
            lambda: lsh.pq_search(QUANTIZER, [[0, 1]], [[1.0, 2.0]], 2),
            "n_neighbors must be between 1 and n = 1",
        ),
        (lambda: lsh.recenter(QUANTIZER, [[1.0, 2.0]], [[0, 1], [0, 1]]), "a row for each of 1"),
        (lambda: lsh.build_ivf([[1.0]], 2), "n_lists must be"),
        (lambda: lsh.search_ivf(lsh.build_ivf([[1.0]], 1), [[1.0]], 1, n_probe=2), "n_probe must"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# --- Peers: equal or better than the library that people use -----------------------------


def test_k_means_is_scikit_learns():
    cluster = pytest.importorskip("sklearn.cluster")
    X = points(0, 1000, 8)
    peer = cluster.KMeans(12, init=X[:12], n_init=1, max_iter=300, tol=0).fit(X)
    for bounds in (False, True):
        found = lsh.kmeans(X, 12, init=X[:12], n_iter=300, tol=0, bounds=bounds)
        assert found.inertia == pytest.approx(peer.inertia_, rel=1e-9)
        assert_array_equal(found.labels, peer.labels_)


def test_product_quantization_errs_no_more_than_faiss():
    faiss = pytest.importorskip("faiss")
    X = points(0, 4000, 16, np.float32)
    peer = faiss.IndexPQ(16, 4, 6)
    peer.train(X)
    theirs = ((peer.sa_decode(peer.sa_encode(X)) - X) ** 2).sum(1).mean()
    quantizer = lsh.train_pq(X, 4, 64, rng=0)
    ours = ((lsh.pq_decode(quantizer, lsh.pq_encode(quantizer, X)) - X) ** 2).sum(1).mean()
    assert ours <= 1.01 * theirs
