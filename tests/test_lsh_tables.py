"""Families, hash tables, bits and the graph: facts, theorems, contracts, peers."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import lsh
from tests.kernels import as_python, assert_same_answers

SEEDS = st.integers(0, 2**32 - 1)


def points(seed, n=60, d=5, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(dtype)


def brute(X, queries, k):
    """Indices and distances of the k nearest rows, by all distances."""
    away = np.sqrt(((queries[:, None].astype(float) - X[None]) ** 2).sum(2))
    order = np.argsort(away, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(away, order, axis=1)


# --- Facts: true for every input and draw ------------------------------------------------


@given(seed=SEEDS, n=st.integers(1, 90), n_bits=st.integers(1, 330), k=st.integers(1, 90))
def test_hamming_search_is_a_stable_sort_of_all_distances(seed, n, n_bits, k):
    rng, k = np.random.default_rng(seed), min(k, n)
    bits, asked = rng.random((n, n_bits)) < 0.5, rng.random((4, n_bits)) < 0.5
    codes, queries = lsh.pack_bits(bits), lsh.pack_bits(asked)
    away = (asked[:, None] != bits[None]).sum(2)
    assert_array_equal(lsh.hamming_distances(codes, queries), away)
    assert_array_equal(lsh.unpack_bits(codes, n_bits), bits)
    order = np.argsort(away, axis=1, kind="stable")[:, :k]
    found = lsh.hamming_search(codes, queries, k)
    assert_array_equal(found.indices, order)
    assert_array_equal(found.distances, np.take_along_axis(away, order, axis=1))
    assert_array_equal(found.evaluations, n)


def test_codes_of_several_blocks_are_searched_whole():
    """513 and 1,025 codes: one block of 512 and one code more, and two."""
    for n in (512, 513, 1025):
        codes = np.random.default_rng(n).integers(2**64, size=(n, 4), dtype=np.uint64)
        assert_array_equal(lsh.hamming_search(codes, codes[-3:], 1).indices[:, 0], range(n - 3, n))


@given(margins=st.lists(st.floats(-5, 5), min_size=1, max_size=6), n=st.integers(1, 80))
def test_probes_come_in_the_order_of_what_they_cost(margins, n):
    flips = lsh.probe_sequence(margins, n)
    square = np.square(margins)
    every = [sum(s) for r in range(len(square) + 1) for s in itertools.combinations(square, r)]
    assert len({tuple(row) for row in flips.tolist()}) == len(flips) == min(n, len(every))
    assert_allclose(flips @ square, np.sort(every)[: len(flips)], atol=1e-12)
    assert not flips[0].any()


@given(seed=SEEDS, kind=st.sampled_from(["angle", "euclidean", "hamming"]))
def test_all_probes_of_a_table_find_the_exact_neighbors(seed, kind):
    """Every bucket of 4 signs is looked into; no point lies two of the wide cells away."""
    X = points(seed)
    family = {
        "angle": lsh.SimHash(),
        "euclidean": lsh.E2LSH(60.0),
        "hamming": lsh.BitSampling(5),
    }[kind]
    if kind == "hamming":
        X = (X > 0).astype(float)
    tables = lsh.build_tables(X, family, 3 if kind == "euclidean" else 4, 1, rng=seed)
    queries = X[:5] if kind == "hamming" else points(seed + 1, 5)
    found = lsh.search_tables(tables, queries, 3, n_probes=200)
    assert_array_equal(found.evaluations, len(X))
    if kind == "angle":
        unit = lambda Y: Y / np.linalg.norm(Y, axis=1, keepdims=True)  # noqa: E731
        truth = np.sort(np.arccos(np.clip(unit(queries) @ unit(X).T, -1, 1)), axis=1)[:, :3]
    else:
        truth = brute(X, queries, 3)[1]
        truth = truth**2 if kind == "hamming" else truth
    assert_allclose(found.distances, truth, atol=1e-7)


@given(seed=SEEDS, n_probes=st.integers(1, 12))
def test_a_search_looks_into_just_the_buckets_that_are_near(seed, n_probes):
    """Against the definition, for signs: the union of the probed buckets of all tables."""
    X, query = points(seed, 80), points(seed + 1, 1)
    tables = lsh.build_tables(X, lsh.SimHash(), 4, 3, rng=seed)
    met = set()
    for table in range(3):
        columns = slice(4 * table, 4 * table + 4)
        margins = (query @ tables.directions[:, columns])[0]
        signs = X @ tables.directions[:, columns] > 0
        for flips in lsh.probe_sequence(margins, n_probes):
            met |= set(np.flatnonzero((signs == ((margins > 0) ^ flips)).all(axis=1)).tolist())
    found = lsh.search_tables(tables, query, len(X), n_probes=n_probes)
    assert set(found.indices[0].tolist()) - {-1} == met
    assert found.evaluations[0] == len(met)
    few = lsh.search_tables(tables, query, 1, n_probes=n_probes, max_evaluations=5)
    assert few.evaluations[0] == min(5, len(met))


def test_a_key_that_a_table_lacks_is_not_looked_for_in_the_next():
    """Opposite points have no sign in common: in 100 draws of two tables none may meet."""
    X = np.array([[1.0, 0.0]])
    for seed in range(100):
        tables = lsh.build_tables(X, lsh.SimHash(), 1, 2, rng=seed)
        assert lsh.search_tables(tables, -X, 1).evaluations[0] == 0


def test_probes_of_cells_step_over_the_nearer_edge_first_and_never_both_ways():
    X = np.array([[0.5], [1.5], [-0.5], [2.5]])
    tables = lsh.build_tables(X, lsh.E2LSH(1.0), 1, 1, rng=0)
    tables = tables._replace(directions=np.ones((1, 1)), offsets=np.zeros(1))
    keys = np.floor(X[:, 0]).astype(np.int64).view(np.uint64) * tables.steps[0]
    order = np.argsort(keys)
    tables = tables._replace(
        keys=keys[order], members=order, table_starts=np.array([0, 4]), bucket_starts=np.arange(5)
    )
    for n_probes, nearest in ((1, {0}), (2, {0, 1}), (3, {0, 1, 2}), (9, {0, 1, 2})):
        found = lsh.search_tables(tables, [[0.8]], 4, n_probes=n_probes)
        assert set(found.indices[0].tolist()) - {-1} == nearest


def test_nine_probes_of_two_hashes_are_nine_cells():
    """A step up and one down of one hash cancel: they must not take the place of a cell."""
    X = np.array(list(itertools.product((-0.5, 0.5, 1.5), repeat=2)))
    tables = lsh.build_tables(X, lsh.E2LSH(1.0), 2, 1, rng=0)
    keys = (np.floor(X).astype(np.int64).view(np.uint64) * tables.steps).sum(axis=1)
    order = np.argsort(keys)
    tables = tables._replace(
        directions=np.eye(2),
        offsets=np.zeros(2),
        keys=keys[order],
        members=order,
        table_starts=np.array([0, 9]),
        bucket_starts=np.arange(10),
    )
    for n_probes in (4, 9):
        found = lsh.search_tables(tables, [[0.3, 0.45]], 9, n_probes=n_probes)
        assert found.evaluations[0] == n_probes


def test_the_kernels_are_their_python_text():
    X, queries = points(0, 40), points(1, 3)
    codes = lsh.pack_bits(np.random.default_rng(0).random((20, 300)) < 0.5)

    def everything():
        tables = lsh.build_tables(X, lsh.SimHash(), 3, 2, rng=0)
        cells = lsh.build_tables(X, lsh.E2LSH(2.0), 3, 2, rng=0)
        yield lsh.search_tables(tables, queries, 4, n_probes=5)
        yield lsh.search_tables(cells, queries, 4, n_probes=5)
        yield lsh.search_graph(lsh.build_graph(X, 3, beam=9, rng=0), queries, 4)
        yield lsh.hamming_search(codes, codes[:2], 3)
        yield [lsh.hamming_distances(codes, codes[:2])]
        yield [lsh.candidate_pairs(np.arange(12).reshape(4, 3) // 6, lsh.Bands(1, 2))]
        yield lsh.similar_pairs([[1, 2, 3], [1, 2, 3, 4], [9, 9]], 0.7)[:2]

    compiled = list(everything())
    with as_python("lsh"):
        text = list(everything())
    assert_same_answers(compiled, text, rtol=1e-12)


@given(seed=SEEDS)
def test_a_graph_with_a_wide_beam_finds_the_neighbors(seed):
    """40 points, 8 edges at entry, beam 40: whoever can be reached is met."""
    X, queries = points(seed, 40), points(seed + 1, 4)
    graph = lsh.build_graph(X, 8, beam=40, rng=seed)
    found = lsh.search_graph(graph, queries, 3, beam=40)
    assert_array_equal(found.indices, brute(X, queries, 3)[0])
    ties = graph.links
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in ties)
    assert not any(i in row for i, row in enumerate(ties))


# --- Theorems: true on average or with probability ---------------------------------------


def test_simhash_collides_with_one_minus_the_angle_over_pi():
    """40,000 functions at three angles; 5 standard errors: a false alarm in 600,000."""
    for angle in (0.1, 1.0, 2.5):
        pair = np.array([[1, 0, 0], [math.cos(angle), math.sin(angle), 0]])
        directions, offsets = lsh.SimHash().draw(3, 40_000, 7)
        same = np.diff(pair @ directions + offsets > 0, axis=0).mean()
        p = lsh.SimHash().collision_probability(angle)
        assert abs((1 - same) - p) <= 5 * math.sqrt(p * (1 - p) / 40_000)


@pytest.mark.parametrize("width", [0.5, 1.0, 4.0])
def test_e2lsh_collides_as_datar_and_others_say(width):
    """40,000 functions at three distances; 5 standard errors each."""
    family = lsh.E2LSH(width)
    for u in (0.3, 1.0, 3.0):
        directions, offsets = family.draw(4, 40_000, 3)
        x = np.zeros((2, 4))
        x[1] = u / 2  # at distance u from the origin, an edge of a cell if nothing is added
        same = np.diff(np.floor(x @ directions + offsets), axis=0) == 0
        p = float(family.collision_probability(u))
        assert abs(same.mean() - p) <= 5 * math.sqrt(p * (1 - p) / 40_000)


def test_rho_of_e2lsh_is_below_one_over_c_for_wide_cells_only():
    """The figures of the course's own check: c = 2, w = 1: .611, w = 4: .449."""
    rhos = {}
    for width in (1.0, 4.0):
        near, far = lsh.E2LSH(width).collision_probability([1.0, 2.0])
        rhos[width] = lsh.rho(near, far)
    assert_allclose([rhos[1.0], rhos[4.0]], [0.611, 0.449], atol=5e-4)


@given(c=st.floats(1.01, 10), r=st.floats(0.1, 50), d=st.integers(600, 900))
def test_rho_of_bit_sampling_is_at_most_one_over_c(c, r, d):
    near, far = lsh.BitSampling(d).collision_probability([r, c * r])
    assert lsh.rho(near, far) <= 1 / c + 1e-9


@given(n=st.integers(1, 10**6), p1=st.floats(0.5, 0.99), gap=st.floats(0.05, 0.4))
def test_the_theorem_finds_with_probability_one_minus_one_over_e(n, p1, gap):
    n_hashes, n_tables = lsh.from_theorem(n, p1, p1 - gap)
    assert (p1 - gap) ** n_hashes * n <= 1 + 1e-6  # at most one far point a bucket
    assert (p1 - gap) ** (n_hashes - 1) * n >= 1 - 1e-6 or n_hashes == 1
    found = lsh.candidate_probability(p1, lsh.Bands(n_tables, n_hashes))
    assert found >= 1 - 1 / math.e
    bound = max(n, 1 / (p1 - gap)) ** lsh.rho(p1, p1 - gap) / p1
    assert n_tables <= bound * (1 + 1e-9) + 1


def test_plain_search_meets_a_point_as_often_as_the_formula_says():
    """2,000 draws of 3 tables of 4 planes, one pair at an angle of .5: 5 standard errors."""
    pair, met = np.array([[1.0, 0.0], [math.cos(0.5), math.sin(0.5)]]), 0
    for seed in range(2000):
        tables = lsh.build_tables(pair[:1], lsh.SimHash(), 4, 3, rng=seed)
        met += lsh.search_tables(tables, pair[1:], 1).evaluations[0]
    p = lsh.candidate_probability(1 - 0.5 / math.pi, lsh.Bands(3, 4))
    assert abs(met / 2000 - p) <= 5 * math.sqrt(p * (1 - p) / 2000)


@pytest.mark.parametrize("orthogonal", [False, True])
def test_bits_estimate_the_angle_and_orthogonal_ones_vary_less(orthogonal):
    """500 draws of 32 bits in 16 dimensions; 5 standard errors of mean and of variance."""
    x = points(0, 2, 16)
    angle = math.acos(x[0] @ x[1] / np.linalg.norm(x[0]) / np.linalg.norm(x[1]))
    shares = []
    for seed in range(500):
        code = lsh.random_hyperplanes(16, 32, orthogonal=orthogonal, rng=seed)
        (shared,) = lsh.hamming_distances(*np.split(lsh.encode_bits(code, x), 2))[0]
        shares.append(shared / 32)
    p = angle / math.pi
    sd = math.sqrt(p * (1 - p) / 32)
    assert abs(np.mean(shares) - p) <= 5 * sd / math.sqrt(500)
    ratio = np.std(shares) / sd
    assert ratio <= 0.9 if orthogonal else abs(ratio - 1) <= 5 / math.sqrt(1000)


@pytest.mark.parametrize("bits", [4, 8])
def test_learned_codes_keep_their_promises(bits):
    """The loss of ITQ never rises; its directions span those of PCA; labels pull pairs together."""
    X = points(3, 200, 8) * np.arange(1, 9)
    plain = lsh.pca_signs(X, bits)
    Y = (X - X.mean(0)) @ plain.directions
    losses = []
    for n_iter in range(6):
        code = lsh.itq(X, bits, n_iter=n_iter, rng=0)
        assert_allclose(code.directions.T @ code.directions, np.eye(bits), atol=1e-9)
        Z = Y @ (plain.directions.T @ code.directions)
        losses.append(np.linalg.norm(np.sign(Z) - Z))
    assert np.all(np.diff(losses) <= 1e-9)
    assert losses[-1] < losses[0]


# --- Contracts: dtypes, containers, refusals ---------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_a_seed_is_an_answer(dtype):
    X, queries = points(0, dtype=dtype), points(1, 3, dtype=dtype)
    kept = X.copy()
    for family in (lsh.SimHash(), lsh.E2LSH(2.0)):
        one, other = (lsh.build_tables(X, family, 3, 2, rng=5) for _ in range(2))
        assert one.points.dtype == one.directions.dtype == dtype
        for a, b in zip(one[1:], other[1:], strict=True):
            assert_array_equal(a, b)
        assert lsh.search_tables(one, queries, 2).distances.dtype == dtype
        assert (one.n_hashes, one.n_tables) == (3, 2)
    code = lsh.random_hyperplanes(5, 9, dtype=dtype, rng=1)
    assert code.directions.dtype == dtype
    assert_array_equal(X, kept)


def test_what_was_not_met_is_minus_one_at_infinity():
    tables = lsh.build_tables([[1.0, 0.0]], lsh.SimHash(), 60, 1, rng=0)
    found = lsh.search_tables(tables, [[-1.0, 0.0]], 1)
    assert (found.indices[0, 0], found.distances[0, 0], found.evaluations[0]) == (-1, np.inf, 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lsh.E2LSH(0.0), "width must lie in"),
        (lambda: lsh.BitSampling(0), "n_bits must be at least 1"),
        (lambda: lsh.rho(0.5, 0.6), "p1 must be larger than p2"),
        (lambda: lsh.from_theorem(10**12, 0.5, 0.49), "apart enough"),
        (lambda: lsh.build_tables([[0.0, 0.0]], lsh.SimHash(), 2, 2), "no row of zeros"),
        (lambda: lsh.build_tables([[0.0, 2.0]], lsh.BitSampling(2), 2, 2), "zeros and ones"),
        (lambda: lsh.build_tables([[1.0]], lsh.SimHash(), 65, 1), "between 1 and 64"),
        (lambda: lsh.build_tables([[1.0]], lsh.E2LSH(1e-30), 2, 1), "width must be larger"),
        (lambda: lsh.build_tables([[1.0]], "simhash", 2, 1), "family must be"),
        (lambda: lsh.pack_bits([[0.5]]), "take bits > 0"),
        (lambda: lsh.pack_bits([[2]]), "0 and 1"),
        (lambda: lsh.hamming_search([[1]], [[1, 2]], 1), "as many words as codes"),
        (lambda: lsh.choose_bands(128, 0), "similarity must lie in"),
        (lambda: lsh.search_graph(lsh.build_graph([[1.0]]), [[1.0, 2.0]], 1), "1 columns"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# --- Peers: equal or better than the library that people use -----------------------------


def test_distances_are_those_of_faiss():
    faiss = pytest.importorskip("faiss")
    bits = np.random.default_rng(0).random((3000, 256)) < 0.5
    octets = np.packbits(bits, axis=1, bitorder="little")
    index = faiss.IndexBinaryFlat(256)
    index.add(octets)
    distances, _ = index.search(octets[:20], 10)
    codes = lsh.pack_bits(bits)
    assert_array_equal(lsh.hamming_search(codes, codes[:20], 10).distances, distances)


def test_the_graph_finds_as_much_as_hnswlib():
    """2,000 points in 16 dimensions, equal links and beams: recall within .02 of the peer's."""
    hnswlib = pytest.importorskip("hnswlib")
    X, queries = points(0, 2000, 16, np.float32), points(1, 100, 16, np.float32)
    peer = hnswlib.Index("l2", 16)
    peer.init_index(2000, M=16, ef_construction=100)
    peer.set_num_threads(1)
    peer.add_items(X)
    peer.set_ef(30)
    truth, _ = brute(X, queries, 10)
    theirs, _ = peer.knn_query(queries, 10)
    ours = lsh.search_graph(lsh.build_graph(X, rng=0), queries, 10, beam=30).indices
    recall = [
        np.mean([len(set(a) & set(b)) / 10 for a, b in zip(x, truth, strict=True)])
        for x in (ours.tolist(), theirs.tolist())
    ]
    assert recall[0] >= recall[1] - 0.02
