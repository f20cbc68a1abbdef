"""Frequent Directions: a sketch whose bound holds always, so every test is exact."""

import struct
import zlib

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.decomposition import IncrementalPCA

from course_lib.cost import CountedMatrix, Meter
from course_lib.low_rank import FrequentDirections, best_error, single_pass_svd
from tests.matrices import with_spectrum


def sketch_of(A, size, blocks=1):
    sketch = FrequentDirections(size)
    for block in np.array_split(A, min(blocks, len(A))):
        sketch.update(block)
    return sketch


def assert_guarantee(sketch, A):
    """0 <= A'A - B'B <= Delta <= tail / (l - k) for every k < l, and the projection error."""
    A = np.asarray(A, dtype=np.float64)
    B = sketch.rows.astype(np.float64)
    sigma = np.linalg.svd(A, compute_uv=False)
    rounding = 1e-13 if sketch.rows.dtype == np.float64 else 1e-5
    slack = rounding * (sigma @ sigma + 1e-290)
    gap = np.linalg.eigvalsh(A.T @ A - B.T @ B)
    assert gap[0] >= -slack
    assert gap[-1] <= sketch.error_bound + slack
    l, Vt = sketch.size, sketch.components(min(sketch.size, A.shape[1]))
    for k in range(min(l, len(sigma) + 1)):
        tail = best_error(sigma, k, norm="frobenius") ** 2
        assert sketch.error_bound <= tail / (l - k) + slack
        if 1 <= k <= len(Vt):
            left = np.linalg.norm(A - A @ Vt[:k].T @ Vt[:k]) ** 2
            assert tail - slack <= left <= l / (l - k) * tail + slack
    assert sketch.n_rows == len(A)
    assert_allclose(sketch.squared_norm, np.sum(A**2), rtol=1e-6)


@st.composite
def streams(draw):
    """Rows of a matrix with known spectrum, in an order that may be the worst; and a size l."""
    m, n = draw(st.integers(1, 60)), draw(st.integers(1, 12))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    kind = draw(st.sampled_from(["flat", "slow", "fast", "axes", "sorted", "zero", "huge", "tiny"]))
    j = np.arange(1, min(m, n) + 1.0)
    sigma = {"flat": np.ones_like(j), "fast": 0.1**j, "zero": 0 * j}.get(kind, j**-0.7)
    A = with_spectrum(sigma, m, n, rng)
    if kind == "axes":  # rows along coordinate axes: ties everywhere
        A = np.eye(n)[rng.integers(0, n, m)]
    if kind == "sorted":
        A = A[np.argsort(np.linalg.norm(A, axis=1))]
    scale = {"huge": 1e140, "tiny": 1e-140}.get(kind, 1.0)
    return A * scale, draw(st.integers(2, 10))


# --- Facts: true for every stream, in every order -------------------------------------------------


@settings(max_examples=150)
@given(streams(), st.integers(1, 7))
def test_the_bound_always_holds(stream, blocks):
    A, size = stream
    assert_guarantee(sketch_of(A, size, blocks), A)


@settings(max_examples=100)
@given(streams(), st.lists(st.integers(0, 60), max_size=4))
def test_merging_keeps_the_bound(stream, cuts):
    A, size = stream
    parts = np.split(A, sorted(cuts))
    sketches = [sketch_of(part, size) if len(part) else FrequentDirections(size) for part in parts]
    while len(sketches) > 1:  # a tree: first with last
        sketches.append(sketches.pop(0).merge(sketches.pop()))
    assert_guarantee(sketches[0], A)


@settings(max_examples=60)
@given(streams())
def test_shrinking_at_any_time_keeps_the_bound(stream):
    A, size = stream
    sketch = FrequentDirections(size)
    for block in np.array_split(A, min(3, len(A))):
        sketch.update(block)
        sketch.shrink()
        assert len(sketch.rows) <= size - 1
    assert_guarantee(sketch, A)


@settings(max_examples=60)
@given(streams(), st.integers(0, 2**32 - 1))
def test_estimates_are_below_the_truth_by_no_more_than_the_bound(stream, seed):
    A, size = stream
    sketch = sketch_of(A, size)
    x = np.random.default_rng(seed).standard_normal((A.shape[1], 3))
    truth = np.sum((A @ x) ** 2, axis=0)
    estimates = sketch.estimate(x)
    slack = 1e-12 * (sketch.squared_norm + 1e-290) * np.sum(x**2, axis=0)
    assert np.all(estimates <= truth + slack)
    assert np.all(truth - estimates <= sketch.error_bound * np.sum(x**2, axis=0) + slack)
    assert_allclose(sketch.estimate(x[:, 0]), estimates[0], rtol=1e-12)


@settings(max_examples=40)
@given(streams())
def test_few_directions_are_kept_exactly(stream):
    A, size = stream
    A = A[:, : size - 1]  # rank below l: the l-th squared length is always zero
    sketch = sketch_of(A, size)
    assert sketch.error_bound <= 1e-13 * sketch.squared_norm
    slack = 1e-12 * (sketch.squared_norm + 1e-290)
    assert_allclose(sketch.rows.T @ sketch.rows, A.T @ A, atol=slack)


# --- Theorems: the bound is the right one ---------------------------------------------------------


def test_the_bound_is_attained():
    """l different axes, equally often: every shrink takes all it may, and k = 0 is tight."""
    l = 5
    sketch = sketch_of(np.tile(np.eye(l), (40, 1)), l)
    sketch.shrink()
    total = sketch.squared_norm - np.sum(sketch.rows**2)
    assert_allclose(sketch.error_bound, total / l)
    assert sketch.error_bound >= 0.9 * sketch.squared_norm / l


def test_the_variant_that_halves_would_break_the_bound(rng):
    """Why the l-th and not the middle squared length: Liberty's first version at k = 0.4 l."""
    l, k = 10, 4
    A = np.concatenate([np.eye(60)[rng.integers(0, 6, 3000)], 5 * np.eye(60)[:k].repeat(40, 0)])
    A = A[rng.permutation(len(A))]
    B = np.zeros((0, 60))
    for row in A:
        B = np.vstack([B, row])
        if len(B) == l:
            s, Vt = np.linalg.svd(B, full_matrices=False)[1:]
            B = (np.sqrt(np.maximum(s**2 - s[l // 2 - 1] ** 2, 0))[:, None] * Vt)[: l // 2 - 1]
    sigma = np.linalg.svd(A, compute_uv=False)
    limit = best_error(sigma, k, norm="frobenius") ** 2 / (l - k)
    assert np.linalg.norm(A.T @ A - B.T @ B, 2) > limit
    assert_guarantee(sketch_of(A, l), A)


@pytest.mark.parametrize(("epsilon", "rank"), [(1.0, 1), (0.5, 3), (0.1, 2), (3.0, 4)])
def test_from_error_reaches_its_projection_error(epsilon, rank, rng):
    A = with_spectrum(np.arange(1, 41.0) ** -0.3, 300, 40, rng)
    sketch = FrequentDirections.from_error(epsilon, rank)
    assert sketch.size / (sketch.size - rank) <= 1 + epsilon
    assert sketch.size == 2 or (sketch.size - 1) / (sketch.size - 1 - rank) > 1 + epsilon
    sketch.update(A)
    Vt = sketch.components(rank)
    sigma = np.linalg.svd(A, compute_uv=False)
    best = best_error(sigma, rank, norm="frobenius") ** 2
    assert np.linalg.norm(A - A @ Vt.T @ Vt) ** 2 <= (1 + epsilon) * best


# --- Contracts: order, containers, bytes, errors -------------------------------------------------


def test_every_way_of_feeding_gives_the_same_sketch(rng):
    A = sp.random_array((100, 8), density=0.4, rng=rng).toarray()
    expected = sketch_of(A, 5)
    one_by_one = FrequentDirections(5)
    for row in A:
        one_by_one.update(row)
    fed = [one_by_one, sketch_of(A, 5, blocks=9)]
    meter = Meter()
    for rows in (
        A.tolist(),
        sp.csr_array(A),
        sp.coo_array(A),
        np.asfortranarray(A),
        CountedMatrix(A, meter),
    ):
        fed.append(FrequentDirections(5))
        fed[-1].update(rows)
    for sketch in fed:
        assert_allclose(sketch.rows, expected.rows, atol=1e-10)
        assert_allclose(sketch.error_bound, expected.error_bound)
        assert sketch.n_rows == 100
    assert meter.passes == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_rows_fix_the_dtype_and_the_bound_holds_in_it(dtype, rng):
    A = rng.standard_normal((500, 20)).astype(dtype)
    before = A.copy()
    sketch = sketch_of(A, 6, blocks=3)
    assert sketch.rows.dtype == sketch.components(2).dtype == dtype
    assert sketch.nbytes == 2 * 6 * 20 * np.dtype(dtype).itemsize
    assert_guarantee(sketch, A)
    assert np.array_equal(A, before)


def test_memory_does_not_grow(rng):
    sketch = FrequentDirections(4)
    assert sketch.nbytes == 0 and sketch.width is None
    for _ in range(50):
        sketch.update(rng.standard_normal((7, 3)))
        assert len(sketch.rows) < 8
        assert sketch.nbytes == 8 * 3 * 8


def test_rows_are_a_copy(rng):
    sketch = sketch_of(rng.standard_normal((9, 3)), 4)
    sketch.rows[:] = np.nan
    assert np.isfinite(sketch.rows).all()


def test_merging_with_itself_doubles_and_leaves_the_other_alone(rng):
    A = rng.standard_normal((30, 6))
    sketch, other = sketch_of(A, 4), sketch_of(A, 4)
    before = other.to_bytes()
    assert sketch.merge(other) is sketch
    assert other.to_bytes() == before
    twice = sketch_of(A, 4)
    twice.merge(twice)
    for doubled in (sketch, twice):
        assert_guarantee(doubled, np.concatenate([A, A]))


@settings(max_examples=40)
@given(streams(), st.sampled_from([np.float32, np.float64]))
def test_bytes_bring_the_sketch_back(stream, dtype):
    A, size = stream
    with np.errstate(over="ignore", under="ignore"):
        A = A.astype(dtype) if np.abs(A).max() < 1e30 else A
    for sketch in (sketch_of(A, size), FrequentDirections(size)):
        again = FrequentDirections.from_bytes(sketch.to_bytes())
        assert again.to_bytes() == sketch.to_bytes()
        assert vars(again).keys() == vars(sketch).keys()
        for copy in (again, sketch):
            copy.update(A)
        assert np.array_equal(again.rows, sketch.rows) and again.rows.dtype == sketch.rows.dtype
        assert again.error_bound == sketch.error_bound and again.n_rows == sketch.n_rows


def damaged(**change):
    data = sketch_of(np.arange(12.0).reshape(4, 3), 2).to_bytes()
    if "version" in change:
        data = data[:8] + struct.pack("<H", change["version"]) + data[10:-4]
        data += struct.pack("<I", zlib.crc32(data))
    if "flip" in change:
        data = bytearray(data)
        data[change["flip"]] ^= 1
    return bytes(data)[: change.get("length")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "must be the bytes of a FrequentDirections"),
        (b"FreqDirs", "must be the bytes"),
        ("text", "must be the bytes"),
        (None, "must be the bytes"),
        (damaged(flip=0), "must be the bytes"),
        (damaged(version=2), "must have version 1; got version 2"),
        (damaged(flip=30), "damaged"),
        (damaged(flip=-9), "damaged"),
        (damaged(flip=-1), "damaged"),
        (damaged(length=-5), "damaged"),
    ],
)
def test_bad_bytes_are_refused_in_words(data, words):
    with pytest.raises(ValueError, match=words):
        FrequentDirections.from_bytes(data)


def fed():
    return sketch_of(np.eye(3), 2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: FrequentDirections(1), ValueError, "size must be between 2 and 2147483647; got 1"),
        (lambda: FrequentDirections(2.5), TypeError, "size must be an integer"),
        (lambda: FrequentDirections.from_error(0, 3), ValueError, "epsilon"),
        (lambda: FrequentDirections.from_error(0.1, 0), ValueError, "rank"),
        (lambda: FrequentDirections.from_error("a", 1), TypeError, "epsilon must be a number"),
        (lambda: fed().update(np.ones((2, 4))), ValueError, "3 wide, as the first ones; got 4"),
        (lambda: fed().update(np.ones((0, 3))), ValueError, "empty"),
        (lambda: fed().update(np.ones((1, 1, 3))), ValueError, "two axes"),
        (lambda: fed().update([["a", "b", "c"]]), TypeError, "real"),
        (lambda: fed().update([[None, 1, 2]]), TypeError, "objects"),
        (lambda: fed().update(7.0), ValueError, "rows"),
        (lambda: fed().update([1.0, np.nan, 0.0]), ValueError, "NaN or infinity"),
        (lambda: fed().update([1.0, np.inf, 0.0]), ValueError, "NaN or infinity"),
        (lambda: fed().update([1e200, 0.0, 0.0]), ValueError, "overflow"),
        (lambda: fed().merge(np.eye(3)), TypeError, "must be a FrequentDirections"),
        (lambda: fed().merge(FrequentDirections(3)), ValueError, "one size; got 2 and 3"),
        (lambda: fed().merge(sketch_of(np.eye(4), 2)), ValueError, "3 wide"),
        (lambda: fed().estimate(np.ones(4)), ValueError, r"shape \(3,\)"),
        (lambda: FrequentDirections(2).estimate(np.ones(3)), ValueError, "no rows yet"),
        (lambda: FrequentDirections(2).components(1), ValueError, "no rows yet"),
        (lambda: FrequentDirections(2).shrink(), ValueError, "no rows yet"),
        (lambda: fed().components(3), ValueError, r"rank must be between 1 and min\(size, d\) = 2"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_refused_block_leaves_a_valid_sketch(rng):
    A = rng.standard_normal((30, 4))
    A[25, 2] = np.nan
    sketch = FrequentDirections(3)
    with pytest.raises(ValueError, match=r"\d+ rows are absorbed") as caught:
        sketch.update(A)
    assert f"({sketch.n_rows} rows" in str(caught.value) and 0 < sketch.n_rows <= 25
    assert_guarantee(sketch, A[: sketch.n_rows])
    with pytest.raises(ValueError, match="wide"):
        sketch.merge(sketch_of(np.eye(5), 3))
    assert_guarantee(sketch, A[: sketch.n_rows])


def test_data_frames_series_and_bytearrays_are_taken():
    pd = pytest.importorskip("pandas")
    A = np.arange(12.0).reshape(6, 2)
    frame = pd.DataFrame(A, index=range(6, 0, -1))
    sketch = sketch_of(A, 2)
    ours = FrequentDirections(2)
    ours.update(frame)
    assert ours.to_bytes() == sketch.to_bytes()
    one, other = FrequentDirections(2), FrequentDirections(2)
    one.update(frame[0])
    other.update(A[:, 0])
    assert one.to_bytes() == other.to_bytes()
    assert FrequentDirections.from_bytes(bytearray(sketch.to_bytes())).n_rows == 6
    svd, plain = single_pass_svd(frame, 1, rng=0), single_pass_svd(A, 1, rng=0)
    assert_allclose(svd.s, plain.s, rtol=1e-12)


def test_sizes_that_nobody_can_hold_are_refused_in_words():
    for size in (2**31, 2**63, 2**70):
        with pytest.raises(ValueError, match="size must be between 2 and"):
            FrequentDirections(size)
        with pytest.raises(ValueError, match="rank must be between 1 and n = 3"):
            single_pass_svd(np.eye(3), size)
    for epsilon in (5e-324, 1e-14):
        with pytest.raises(ValueError, match="epsilon must be so large that"):
            FrequentDirections.from_error(epsilon, 3)
    A = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    assert_allclose(single_pass_svd(A, 1, size=2**63, core=2**64, rng=0).s, [28**0.5], rtol=1e-12)


def test_rows_that_the_dtype_of_the_sketch_cannot_hold_are_refused():
    sketch = FrequentDirections(2)
    sketch.update(np.ones((1, 2), np.float32))
    with pytest.raises(ValueError, match="rows contain NaN or infinity, or overflow"):
        sketch.update([[1e100, 1.0]])
    assert sketch.n_rows == 1 and sketch.squared_norm == 2.0
    with pytest.raises(ValueError, match="x contains NaN or infinity, or overflows"):
        sketch.estimate([1e200, 1.0])
    with pytest.raises(TypeError, match="x must have a real floating dtype"):
        sketch.estimate([1j, 1.0])


# --- Peers: better than one-pass rivals at equal memory -------------------------------------------


def test_projects_as_well_as_incremental_pca_with_less_memory(rng):
    A = rng.standard_normal((2000, 60)) * np.arange(1, 61.0) ** -0.5
    sketch = sketch_of(A, 20)
    Vt = sketch.components(10)
    peer = IncrementalPCA(10, batch_size=100).fit(A)

    def left(V):
        return np.linalg.norm(A - A @ V.T @ V) ** 2

    assert left(Vt) <= 1.02 * left(peer.components_)
    assert sketch.nbytes < 100 * 60 * 8


def test_the_bound_is_sure_where_a_random_sketch_only_expects(rng):
    A = with_spectrum(np.arange(1, 41.0) ** -0.5, 400, 40, rng)
    size = 20
    sketch = sketch_of(A, size)
    ours = np.linalg.norm(A.T @ A - sketch.rows.T @ sketch.rows, 2)
    gaussian = rng.standard_normal((2 * size, 400)) / np.sqrt(2 * size) @ A  # the same memory
    assert ours < 0.5 * np.linalg.norm(A.T @ A - gaussian.T @ gaussian, 2)
    one_pass = single_pass_svd(A, 5, rng=0)
    Vt = sketch.components(5)
    assert np.linalg.norm(A - A @ Vt.T @ Vt) < np.linalg.norm(A - A @ one_pass.Vt.T @ one_pass.Vt)
