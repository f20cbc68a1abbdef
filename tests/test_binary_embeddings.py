"""Seven structured matrices, their hashes, the exact variance, coherence, and the transformer."""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.estimator_checks import parametrize_with_checks

from course_lib import binary_embeddings as be
from course_lib.binary_embeddings import MATRICES, BinaryEmbedding, Circulant, Toeplitz
from course_lib.lsh import hamming_search, unpack_bits
from tests.chance import assert_frequency, assert_mean, assert_variance
from tests.kernels import as_python

NAMES = list(MATRICES)
seeds = st.integers(0, 2**32 - 1)
names = st.sampled_from(NAMES)
fours = st.integers(1, 12).map(lambda quarter: 4 * quarter)


def rows_by_hand(name, g, k, n):
    """The rows of a matrix as the paper describes them, one after the other."""
    if name == "random":
        return g.reshape(k, n)
    if name == "toeplitz":
        return scipy.linalg.toeplitz(g[k - 1 :: -1], g[k - 1 :])
    if name == "ver_hor_shift":
        v = next(v for v in range(math.isqrt(n), 2 * n) if math.gcd(v - 1, n) == 1)
        rolled = np.stack([np.roll(g, i) for i in range(n)])
        return np.stack([np.roll(rolled[:, j], -v * j) for j in range(n)], axis=1)[:k]
    rows = [g]
    while len(rows) < k:
        halves = np.concatenate([rows[-1][n // 2 :], rows[-1][: n // 2]])
        one = {"circulant": rows[-1], "half_shift": halves}.get(name)
        rows.append(np.roll(rows[-1], 4) if one is None else np.roll(one, 1))
    return np.stack(rows)


def smooth_pair(n, rng):
    """Two vectors whose neighboring entries are alike, as those of pictures are."""
    p, r = np.abs(rng.standard_normal((2, n)))
    return np.convolve(p, np.ones(9), "same"), np.convolve(
        r * (rng.random(n) < 0.3), [1] * 9, "same"
    )


def by_brute_force(matrix, first, second):
    """The vertices of the coherence graph, and the fewest colors that will do."""
    A, B = matrix.variables(first), matrix.variables(second)
    vertices = {
        frozenset((a, b))
        for a, b in itertools.product(range(len(A)), repeat=2)
        if a != b and A[a] == B[b]
    }
    vertices = sorted(sorted(pair) for pair in vertices)
    edges = [
        (i, j)
        for (i, x), (j, y) in itertools.combinations(enumerate(vertices), 2)
        if set(x) & set(y)
    ]
    for colors in range(len(vertices) + 1):
        if _colorable(len(vertices), edges, colors, {}):
            return vertices, edges, colors
    raise AssertionError("a graph is colorable by as many colors as it has vertices")


def _colorable(n, edges, colors, given):
    if len(given) == n:
        return True
    i = len(given)
    near = {given[a] for a, b in edges if b == i} | {given[b] for a, b in edges if a == i and b < i}
    return any(
        _colorable(n, edges, colors, given | {i: color})
        for color in range(colors)
        if color not in near
    )


# --- Facts: true for every input -----------------------------------------------------------------


@given(names, st.data(), fours, seeds, st.sampled_from([np.float32, np.float64]))
def test_products_are_those_of_the_dense_matrix(name, data, n, seed, dtype):
    k = data.draw(st.integers(1, 60 if name in ("toeplitz", "random", "bin_perm") else n))
    P = MATRICES[name](k, n, rng=seed)
    X = np.random.default_rng(seed).standard_normal((3, n)).astype(dtype)
    exact = X.astype(float) @ P.dense().T
    tol = 30 * n * np.finfo(dtype).eps
    assert_allclose(P.apply(X), exact, atol=tol)
    assert_allclose(P.apply(X[0]), exact[0], atol=tol)
    assert P.apply(X).dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_products_are_right_across_blocks_of_rows(name, rng):
    P = MATRICES[name](9, 4096, rng=rng)
    X = rng.standard_normal((19, 4096))
    assert_allclose(P.apply(X), X @ P.dense().T, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 5, 7, 13, 30])
def test_odd_lengths_too(n, rng):
    X = rng.standard_normal((2, n))
    for P in (Circulant(n, n, rng=0), Toeplitz(3, n, rng=0), be.VerHorShift(n, n, rng=0)):
        assert_allclose(P.apply(X), X @ P.dense().T, atol=1e-12)


@given(names.filter(lambda name: name != "bin_perm"), st.data(), fours, seeds)
def test_rows_are_those_of_the_paper(name, data, n, seed):
    k = data.draw(st.integers(1, n))
    P = MATRICES[name](k, n, rng=seed)
    assert_array_equal(P.dense(), rows_by_hand(name, P.gaussians, k, n))


@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 6), seeds)
def test_rows_of_binperm_are_the_blocks_in_another_order(k, block, blocks, seed):
    P = be.BinPerm(k, block * blocks, block=block, rng=seed)
    own = {tuple(part) for part in P.gaussians.reshape(-1, block)}
    for row in P.dense():
        assert {tuple(part) for part in row.reshape(-1, block)} == own


def test_numbers_are_counted():
    """As the paper's Table 2 has them, but for the orders of BinPerm, which it leaves out."""
    k, n = 20, 64
    counts = {name: M(k, n, rng=0).n_gaussians for name, M in MATRICES.items()}
    few = dict.fromkeys(("circulant", "bin_perm", "bin_circ", "half_shift", "ver_hor_shift"), n)
    assert counts == few | {"random": k * n, "toeplitz": n + k - 1}
    orders = {name: M(k, n, rng=0).permutation_bits for name, M in MATRICES.items()}
    assert_allclose(orders.pop("bin_perm"), k * math.log2(math.factorial(16)))
    assert set(orders.values()) == {0.0}
    assert be.BinPerm(784, 784, rng=0).permutation_bits / 1e3 == pytest.approx(952, abs=1)


def test_a_structured_matrix_keeps_a_few_vectors():
    n = 4096
    assert Circulant(n, n, rng=0).nbytes < 50 * n
    assert Toeplitz(n, n, rng=0).nbytes < 100 * n
    assert be.Random(8, n, rng=0).nbytes == 8 * 8 * n


@given(seeds, st.sampled_from([8, 12, 24]))
def test_all_rows_of_halfshift_are_those_of_a_circulant(seed, n):
    half, circulant = be.HalfShift(n, n, rng=seed), Circulant(n, n, rng=seed)
    assert {tuple(row) for row in half.dense()} == {tuple(row) for row in circulant.dense()}


@given(names, seeds, st.booleans(), st.booleans())
def test_a_hash_is_what_its_formula_says(name, seed, signs, extended):
    n = 16
    P = MATRICES[name](12, n, rng=seed)
    rng = np.random.default_rng([seed, 1])
    h = (be.extended_hash if extended else be.short_hash)(P, signs=signs, rng=rng)
    X = rng.standard_normal((5, n))
    Z = X
    if extended:
        Z = (Z * h.premix) @ (scipy.linalg.hadamard(n) / 4)
    if signs:
        Z = Z * h.signs
    expected = Z @ P.dense().T
    assert_allclose(h.project(X), expected, atol=1e-12)
    assert_array_equal(unpack_bits(h.codes(X), 12), h.project(X) > 0)
    assert h.n_signs == n * (signs + extended)
    assert_array_equal(h.codes(X[2]), h.codes(X)[2])


@given(seeds, st.integers(1, 200), st.integers(1, 5))
def test_the_estimate_is_the_share_of_bits_that_differ(seed, k, m):
    rng = np.random.default_rng(seed)
    h = be.short_hash(Toeplitz(k, 8, rng=rng), rng=rng)
    P, R = rng.standard_normal((2, m, 8))
    signs = np.where(h.bits(P), 1, -1), np.where(h.bits(R), 1, -1)
    expected = np.abs(signs[0] - signs[1]).sum(1) / (2 * k)
    assert_allclose(be.estimate_angle_share(h.codes(P), h.codes(R), k), expected)
    assert be.estimate_angle_share(h.codes(P[0]), h.codes(3 * P[0]), k) == 0.0
    assert be.estimate_angle_share(h.codes(P[0]), h.codes(-P[0]), k) == 1.0


@given(st.floats(1e-12, 1.0, allow_subnormal=False), st.floats(1e-150, 1e150), seeds)
def test_angles_are_exact_down_to_the_smallest(share, scale, seed):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((6, 2)))[0]
    p = Q[:, 0]
    r = math.cos(math.pi * share) * Q[:, 0] + math.sin(math.pi * share) * Q[:, 1]
    assert_allclose(be.angle_share(scale * p, r / scale), share, rtol=1e-10, atol=1e-15)


@settings(max_examples=40)
@given(names, st.integers(1, 3), st.data(), seeds)
def test_the_coherence_graph_is_that_of_its_definition(name, quarter, data, seed):
    n = 4 * quarter
    k = data.draw(st.integers(2, n))
    P = MATRICES[name](k, n, rng=seed)
    first, second = data.draw(st.permutations(range(k)))[:2]
    vertices, edges, colors = by_brute_force(P, first, second)
    graph = be.coherence_graph(P, first, second)
    assert graph.vertices.tolist() == vertices
    assert sorted(map(tuple, graph.edges.tolist())) == edges
    assert be.pair_chromatic_number(P, first, second) == colors


@pytest.mark.parametrize("name", NAMES)
def test_the_chromatic_number_is_the_largest_of_all_pairs(name):
    P = MATRICES[name](7, 12, rng=1)
    pairs = itertools.combinations(range(7), 2)
    assert be.chromatic_number(P) == max(by_brute_force(P, *pair)[2] for pair in pairs)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 8, 9, 12, 784])
def test_rows_of_a_circulant_make_cycles_of_n_over_gcd(n):
    C = Circulant(n, n, rng=0)
    for d in range(1, n):
        length = n // math.gcd(n, d)
        expected = 1 if length == 2 else 2 + length % 2
        assert be.pair_chromatic_number(C, 0, d) == expected


def test_the_chromatic_numbers_of_the_audit():
    assert be.chromatic_number(Circulant(1024, 1024, rng=0)) == 2
    odd = [d for d in range(1, 784) if be.pair_chromatic_number(Circulant(784, 784), 0, d) == 3]
    assert odd == list(range(16, 784, 16))
    assert be.chromatic_number(Toeplitz(784, 784, rng=0)) == 2
    assert be.chromatic_number(be.Random(4, 784, rng=0)) == 0


def test_lag_correlations_of_orthogonal_vectors_that_never_meet():
    """Then the signs of p and of r are independent, and two arc sines give the correlation."""
    p = np.array([1.0, 2, 0, 0, 0, 0, 0, 0, 0, 0])
    r = np.array([0.0, 0, 0, 0, 0, 0, 1, 3, 0, 0])
    expected = (2 / math.pi) ** 2 * math.asin(2 / 5) * math.asin(3 / 10)
    assert_allclose(be.lag_correlations(p, r)[:4], [1, expected, 0, 0], atol=1e-12)


def test_lag_correlations_where_rows_share_a_product():
    """Row i + 1 meets r in the number in which row i meets p, and both its others are new."""
    e = np.eye(5)
    for matrix in ("toeplitz", "circulant"):
        assert_allclose(be.lag_correlations(e[0], e[1], matrix=matrix), e[0], atol=1e-12)
    # u = a, v = b in one row, u' = -b, v' = a in the next: it separates where that does not.
    p, r = np.array([1.0, 0, -1, 0]), np.array([0.0, 1, 0, -1])
    rho = be.lag_correlations(p, r, matrix="circulant")
    assert_allclose(rho, [1, -1, 1, -1], atol=1e-9)


@settings(max_examples=20)
@given(seeds, st.sampled_from(["toeplitz", "circulant"]))
def test_lag_correlations_do_not_know_lengths_and_orientation(seed, matrix):
    p, r = smooth_pair(20, np.random.default_rng(seed))
    r = r + 0.1
    rho = be.lag_correlations(p, r, matrix=matrix)
    assert_allclose(be.lag_correlations(-5 * r, 1e-3 * p, matrix=matrix)[0], 1)
    assert_allclose(be.lag_correlations(2 * p, -r, matrix=matrix), rho, atol=1e-8)
    assert np.all(np.abs(rho) <= 1 + 1e-9)


def test_the_quadrature_has_enough_nodes(rng, monkeypatch):
    """At lags where the rows are almost equal too."""
    p, r = smooth_pair(60, rng)
    found = be.lag_correlations(p, r)
    monkeypatch.setattr(be.variance, "NODES", 400)
    assert_allclose(found, be.lag_correlations(p, r), atol=1e-8)


def test_the_bound_is_that_of_the_paper():
    """0.0193 is the theorem with natural logarithms; the figure was drawn with those of base 10."""
    natural = [be.variance_bound(math.pi / 2, k).total for k in (100, 200, 500, 1000)]
    assert_allclose(natural, [0.0797, 0.0522, 0.0297, 0.0193], atol=6e-5)
    drawn = [be.variance_bound(math.pi / 2, k, log_base=10).total for k in (100, 200, 500, 1000)]
    assert_allclose(drawn, [0.0610, 0.0399, 0.0226, 0.0147], atol=6e-5)
    for k in (2, 10, 10**6, 10**9):
        bound = be.variance_bound(math.pi / 2, k)
        assert_allclose(bound.structure / bound.independent, 4 * (k * math.log(k)) ** (1 / 3))


def every_sign(n):
    """All diagonals D, up to the sign of the whole, which changes no bit pair."""
    return [np.array([1, *rest]) for rest in itertools.product((1, -1), repeat=n - 1)]


ADVERSE = {
    "two spikes": ([1, 0, 0, 0], [0, 0, 1, 0]),
    "neighbors": ([0.9, 0.45, 0, 0], [0.45, 0.9, 0, 0]),
    "constant, alternating": ([1, 1, 1, 1], [1, -1, 1, -1]),
    "constant, two values": ([1, 1, 1, 1], [1, 0, 1, 0]),
    "nearly equal": ([1, 0, 0, 0], [1, 0, 0.01, 0]),
    "nearly opposite": ([1, 1, 1, 1], [-1, -1, -1, -0.9]),
    "dense": ([1, -2, 3, 4], [2, 1, -1, 0.5]),
}


@pytest.mark.parametrize("matrix", ["toeplitz", "circulant"])
@pytest.mark.parametrize("pair", ADVERSE.values(), ids=ADVERSE)
def test_with_signs_the_variance_is_at_most_five_times_that_of_independent_bits(matrix, pair):
    """Exact, the mean over all D, for all k; what `hash_variance` makes of it is seen below."""
    p, r = map(np.array, pair)
    rho = np.mean([be.lag_correlations(d * p, d * r, matrix=matrix) for d in every_sign(4)], axis=0)
    for k in range(1, 5 if matrix == "circulant" else 40):
        weights = np.maximum(1 - np.arange(1, 4) / k, 0)
        assert 0 <= 1 + 2 * weights @ rho[1:] <= 5


@pytest.mark.parametrize("n", [2, 4, 32])
def test_two_spikes_half_a_turn_apart_have_twice_the_variance(n, rng):
    """Rows i and i + n/2 see the same two numbers; the other pairs of rows share none."""
    e, d = np.eye(n), be.random_signs(n, rng=rng)
    found = be.hash_variance(d * e[0], d * e[n // 2], n, matrix="circulant")
    assert_allclose(found, 2 * 0.25 / n, rtol=1e-9)


@pytest.mark.parametrize("k", [2, 16, 64])
def test_without_signs_more_bits_may_buy_nothing(k):
    """The bound of five needs D: here all variances are 1/16, and k/3 times those wanted."""
    p, r = np.ones(64), np.tile([1.0, 0.0], 32)
    assert_allclose(be.hash_variance(p, r, k, matrix="circulant"), 1 / 16, rtol=0.02)


@settings(max_examples=10)
@given(seeds, st.integers(2, 9), st.sampled_from(["toeplitz", "circulant"]))
def test_bits_correlate_no_more_than_the_square_of_what_their_rows_share(seed, n, matrix):
    """The first half of the proof: the largest singular value of the four covariances, squared."""
    rng = np.random.default_rng(seed)
    p, r = rng.standard_normal((2, n)) * (rng.random((2, n)) < 0.7) + 1e-3
    basis = np.linalg.qr(np.stack([p, r], axis=1))[0].T
    moved = np.zeros((n, 2, n))
    for lag in range(n):
        if matrix == "circulant":
            moved[lag] = np.roll(basis, -lag, axis=1)
        else:
            moved[lag, :, : n - lag] = basis[:, lag:]
    shared = np.linalg.norm(basis @ moved.transpose(0, 2, 1), 2, axis=(1, 2))
    assert np.all(np.abs(be.lag_correlations(p, r, matrix=matrix)) <= shared**2 + 1e-6)


def test_parallel_vectors_have_no_variance():
    for r in ([1.0, 2, 3], [-2.0, -4, -6]):
        assert be.hash_variance([1.0, 2, 3], r, 3) == pytest.approx(0, abs=1e-15)


# --- Theorems: true on average -------------------------------------------------------------------


@pytest.mark.parametrize("signs", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_is_unbiased(name, signs, rng):
    """Lemma 4.1; the chance of a false alarm is 1e-5 for each of the 14."""
    p, r = smooth_pair(32, rng)
    found = []
    for _ in range(500):
        h = be.short_hash(MATRICES[name](24, 32, rng=rng), signs=signs, rng=rng)
        found.append(be.estimate_angle_share(h.codes(p), h.codes(r), 24))
    assert_mean(found, be.angle_share(p, r))


@pytest.mark.parametrize("name", ["toeplitz", "circulant"])
@pytest.mark.parametrize("k", [2, 30])
def test_the_variance_is_exact(name, k, rng):
    """One matrix of many rows would not do: its draws would depend. False alarms: 1e-5 each."""
    p, r = smooth_pair(40, rng)
    X, found = np.stack([p, r]), []
    for _ in range(4000):
        one, other = MATRICES[name](k, 40, rng=rng).apply(X) > 0
        found.append(np.mean(one != other))
    assert_variance(found, be.hash_variance(p, r, k, matrix=name))
    assert_mean(found, be.angle_share(p, r))


@pytest.mark.parametrize("matrix", ["toeplitz", "circulant"])
def test_signs_bring_the_variance_down_to_that_of_independent_bits(matrix, rng):
    """Over 20 draws of D the mean of the exact variances is near; without D it is far above.

    In 60 runs of each kind the mean, over the independent variance, was 1.000 with a spread of
    0.007, from 0.984 to 1.019, and without D the ratio was 13.8 or more: no limit is near.
    """
    n = k = 256
    p, r = smooth_pair(n, rng)
    independent = be.variance_bound(math.pi * be.angle_share(p, r), k).independent
    with_signs = [
        be.hash_variance(d * p, d * r, k, matrix=matrix)
        for d in (be.random_signs(n, rng=rng) for _ in range(20))
    ]
    assert 0.93 * independent < np.mean(with_signs) < 1.07 * independent
    assert be.hash_variance(p, r, k, matrix=matrix) > 6 * independent
    assert max(with_signs) < be.variance_bound(math.pi * be.angle_share(p, r), k).total


def test_signs_are_fair_and_orders_uniform(rng):
    signs = be.random_signs(100_000, rng=rng)
    assert_frequency(int(np.sum(signs == 1)), len(signs), 0.5)
    P = be.BinPerm(30_000, 3, block=1, rng=rng)
    orders, counts = np.unique(P._orders, axis=0, return_counts=True)
    assert len(orders) == 6
    for count in counts:
        assert_frequency(int(count), 30_000, 1 / 6)


# --- Contracts -----------------------------------------------------------------------------------


@parametrize_with_checks(
    [
        BinaryEmbedding(20),
        BinaryEmbedding(20, packed=False),
        BinaryEmbedding(20, matrix="toeplitz", hadamard=True),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    """`check` raises what it finds."""
    assert estimator is not None
    check(estimator)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hadamard", [True, False])
def test_an_embedding_is_the_hash_of_padded_rows(name, hadamard, rng):
    X = rng.standard_normal((6, 9))
    E = BinaryEmbedding(70, matrix=name, hadamard=hadamard, random_state=3).fit(X)
    k, n = E.hash_.matrix.shape
    assert k == 70
    assert n == (128 if hadamard else 72 if name in ("bin_perm", "bin_circ", "half_shift") else 70)
    padded = np.pad(X, ((0, 0), (0, n - 9)))
    codes = E.transform(X)
    assert_array_equal(codes, E.hash_.codes(padded))
    assert_array_equal(E.transform(sp.csr_array(X)), codes)
    bits = BinaryEmbedding(
        70, matrix=name, hadamard=hadamard, packed=False, random_state=3
    ).fit_transform(X)
    assert bits.dtype == np.uint8
    assert_array_equal(bits, unpack_bits(codes, 70))
    assert codes.shape[1] == len(E.get_feature_names_out()) == 2


def test_an_embedding_works_block_by_block(rng, monkeypatch):
    X = rng.standard_normal((50, 8))
    E = BinaryEmbedding(16, random_state=0).fit(X)
    codes = E.transform(X)
    monkeypatch.setattr(be.embedding, "BLOCK", 64)
    assert_array_equal(E.transform(X), codes)


def test_the_nearest_code_is_the_nearest_direction(rng):
    """Rows are 5 degrees or less from their copies, and 30 or more from each other."""
    centers = 4 * np.eye(64)[:20]
    copies = centers * rng.uniform(0.5, 2, (20, 1)) + 0.02 * rng.standard_normal((20, 64))
    E = BinaryEmbedding(1024, random_state=0).fit(centers)
    found = hamming_search(E.transform(centers), E.transform(copies), 1)
    assert_array_equal(found.indices[:, 0], np.arange(20))


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_matrix_and_input_untouched(name, rng):
    X = rng.standard_normal((4, 16))
    before = X.copy()
    h, again = (be.short_hash(MATRICES[name](10, 16, rng=7), rng=8) for _ in range(2))
    assert_array_equal(h.project(X), again.project(X))
    assert_array_equal(X, before)
    other = MATRICES[name](10, 16, rng=9)
    assert not np.array_equal(other.gaussians, h.matrix.gaussians)
    assert_allclose(h.matrix.apply(X.astype(np.float32)), h.matrix.apply(X), atol=1e-4)


def test_kernels_are_their_python(rng):
    P = be.BinPerm(9, 24, block=2, rng=rng)
    pairs = list(itertools.combinations(range(9), 2))
    fast = [be.pair_chromatic_number(P, *pair) for pair in pairs]
    with as_python("binary_embeddings"):
        assert [be.pair_chromatic_number(P, *pair) for pair in pairs] == fast


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Circulant(5, 4), "k must be between 1 and n = 4; got 5"),
        (lambda: be.BinCirc(2, 6, block=4), "block must divide n = 6; got 4"),
        (lambda: be.BinPerm(2, 6, block=7), "block must be between 1 and n = 6; got 7"),
        (lambda: be.HalfShift(2, 5), "n must be even"),
        (lambda: be.VerHorShift(2, 6, horizontal=1, vertical=3), "no factor in common with n = 6"),
        (lambda: be.Random(10**6, 10**9), "must fit in the memory"),
        (lambda: Circulant(2, 4).apply(np.ones((2, 3))), "rows of 4 entries"),
        (lambda: Circulant(2, 4).variables(2), "row must be between 0 and k - 1 = 1; got 2"),
        (lambda: Circulant(2, 4).apply([1, 2, np.nan, 3]), "NaN or infinity"),
        (lambda: be.extended_hash(Circulant(2, 6)), "power of two"),
        (lambda: be.short_hash(np.eye(3)), "one of the seven"),
        (lambda: be.short_hash(Circulant(2, 4), signs=1), "signs must be True or False; got 1"),
        (lambda: be.angle_share([1, 2], [0, 0]), "no zero vector"),
        (lambda: be.angle_share([1, 2], [1, 2, 3]), "one shape"),
        (lambda: be.estimate_angle_share([1.0], [2.0], 3), "words of bits"),
        (lambda: be.estimate_angle_share([1, 2], [1, 2], 64), "with 1 words"),
        (lambda: be.hash_variance([1, 2], [2, 1], 3, matrix="circulant"), "n = 2; got 3"),
        (lambda: be.hash_variance([1, 2], [2, 1], 2, matrix="random"), "matrix must be one of"),
        (lambda: be.variance_bound(4.0, 10), "theta must lie in"),
        (lambda: be.pair_chromatic_number(Circulant(3, 4), 1, 1), "two rows; got 1 twice"),
        (lambda: be.chromatic_number(Circulant(1, 4)), "two rows or more; got 1"),
        (lambda: BinaryEmbedding(8, matrix="gaussian").fit(np.eye(3)), "matrix must be one of"),
        (lambda: BinaryEmbedding(8, packed=2).fit(np.eye(3)), "packed must be True or False"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# --- Peers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "n"), [(30, 30), (7, 40), (40, 7), (1, 5), (5, 1)])
def test_toeplitz_products_are_scipys(k, n, rng):
    T = Toeplitz(k, n, rng=rng)
    X = rng.standard_normal((6, n))
    column, row = T.gaussians[k - 1 :: -1], T.gaussians[k - 1 :]
    assert_allclose(T.apply(X), scipy.linalg.matmul_toeplitz((column, row), X.T).T, atol=1e-11)


def test_codes_are_searched_alike_by_faiss(rng):
    faiss = pytest.importorskip("faiss")
    X = rng.standard_normal((300, 32)).astype(np.float32)
    codes = BinaryEmbedding(128, random_state=0).fit_transform(X)
    index = faiss.IndexBinaryFlat(128)
    index.add(codes.view(np.uint8))
    distances, _ = index.search(codes[:20].view(np.uint8), 5)
    assert_array_equal(distances, hamming_search(codes, codes[:20], 5).distances)
