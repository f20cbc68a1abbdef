"""Counting distinct things: unbiased where it is promised, and as spread as it is promised.

A test that draws hash functions states its chance of a false alarm, should the seeds be drawn
anew. "Three standard errors" is a chance of 0.27% on two sides and 0.14% on one, "four" 0.006%.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import datasets
from course_lib.distinct import KMV, PCSA, HyperLogLog, LogLog, Morris, hyperloglog, registers
from course_lib.hashing import hash_items
from tests.kernels import as_python
from tests.streams import STREAMS, trigrams

small_sets = st.sets(st.integers(0, 400), max_size=120)
every_stream = pytest.mark.parametrize("name", STREAMS)


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def errors(make, items, n, seeds, ask="estimate"):
    """Relative errors of the estimate, one for each seed."""
    found = []
    for seed in seeds:
        sketch = make(seed)
        sketch.update(items)
        found.append(getattr(sketch, ask)() / n - 1)
    return np.array(found)


def agrees(found, sigma, *, bias=0.0, spread=0.0):
    """Mean and mean square of the errors as promised, to four standard errors and some slack."""
    squares = (found - bias) ** 2
    unbiased = abs(found.mean() - bias) <= 4 * standard_error(found) + spread * sigma
    as_spread = abs(squares.mean() - sigma**2) <= 4 * standard_error(squares) + spread * sigma**2
    return unbiased and as_spread


# --- Facts -------------------------------------------------------------------------------------


@given(small_sets, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(items, random):
    again = [*items, *list(items)[:20]]
    random.shuffle(again)
    for make in (lambda: PCSA(8), lambda: LogLog(4), lambda: HyperLogLog(9), lambda: KMV(10)):
        once, twice = make(), make()
        once.update(sorted(items))
        twice.update(again)
        assert once.to_bytes() == twice.to_bytes()


@given(small_sets, st.integers(4, 18), st.integers(0, 9))
def test_registers_hold_the_longest_runs(items, p, seed):
    """Against the definition, on strings of bits; also through the codes of small sets."""
    expected = np.zeros(2**p, int)
    for item in items:
        bits = f"{int(hash_items(item, seed)[0]):064b}"
        run = len(bits[p:]) - len(bits[p:].lstrip("0")) + 1
        expected[int(bits[:p], 2)] = max(expected[int(bits[:p], 2)], run)
    for kind in (LogLog, HyperLogLog):
        sketch = kind(p, seed=seed)
        sketch.update(sorted(items))
        assert_array_equal(sketch.registers, expected)


@pytest.mark.parametrize("p", [4, 9, 18])
@pytest.mark.parametrize("zeros", [0, 7, 20, 21, 38, 39, 46, 60])
def test_long_runs_are_told_from_the_codes(p, zeros):
    """Hashes made by hand, with p ones and then zeros: the run is read from prefix and code."""
    ones = ((1 << p) - 1) << (64 - p)
    hashes = np.array([ones | (1 << (63 - p) >> zeros)], np.uint64)
    expected = min(zeros, 64 - p) + 1
    dense = np.zeros(2**p, np.uint8)
    hyperloglog._raise(dense, p, hashes, 0.0, 1.0)
    sparse = hyperloglog._registers_of(hyperloglog._encode(hashes), p)
    loglog = np.zeros(2**p, np.uint8)
    registers._raise(loglog, p, hashes)
    assert dense[-1] == sparse[-1] == loglog[-1] == expected
    assert sparse.sum() == dense.sum() == expected


@given(small_sets, small_sets)
def test_kmv_knows_small_sets_exactly(a, b):
    first, second = KMV(1000), KMV(1000)
    first.update(sorted(a))
    second.update(sorted(b))
    assert first.estimate() == len(a)
    assert first.union(second).estimate() == len(a | b)
    assert first.jaccard(second) == (len(a & b) / len(a | b) if a | b else 0)
    assert first.intersection(second) == pytest.approx(len(a & b))


@given(small_sets, st.integers(3, 20))
def test_kmv_keeps_the_smallest_hashes(items, k):
    sketch = KMV(k)
    sketch.update(sorted(items))
    assert_array_equal(sketch.smallest, np.sort(hash_items(sorted(items)))[:k])


def test_a_full_kmv_still_lets_smaller_hashes_in():
    """Fed seven at a time: each later batch meets a sketch that is full."""
    for seed in range(100):
        sketch = KMV(5, seed=seed)
        for start in range(0, 63, 7):
            sketch.update(range(start, start + 7))
        assert_array_equal(sketch.smallest, np.sort(hash_items(range(63), seed))[:5])


def test_an_empty_sketch_has_seen_nothing():
    for sketch in (PCSA(8), LogLog(4), HyperLogLog(4), KMV(3), Morris()):
        assert sketch.estimate() == 0


@pytest.mark.parametrize("p", [4, 8, 12])
def test_a_small_set_is_counted_nearly_exactly_in_little_memory(p):
    """3m/16 different items fit; 25 bits of hash tell them apart but for one pair in 2**26."""
    n = 3 * 2**p // 16
    sketch = HyperLogLog(p)
    sketch.update(range(n))
    assert sketch.is_sparse
    assert sketch.nbytes <= max(16, 2**p)
    assert sketch.estimate() == sketch.estimate_stream()
    assert sketch.estimate() == pytest.approx(n, rel=1e-3)
    sketch.update(range(4 * n))
    assert not sketch.is_sparse
    assert sketch.nbytes == 2**p


def test_a_small_p_takes_any_stream(rng):
    sketch = HyperLogLog(4)
    sketch.update(rng.integers(0, 2**60, 100_000))
    assert 10_000 < sketch.estimate() < 1_000_000


@given(small_sets, small_sets, st.integers(4, 12))
def test_sparse_and_dense_sketches_merge_to_the_same(a, b, p):
    merged, whole = HyperLogLog(p), HyperLogLog(p)
    for part in (a, b):
        other = HyperLogLog(p)
        other.update(sorted(part))
        merged.merge(other)
    whole.update(sorted(a | b))
    assert_array_equal(merged.registers, whole.registers)
    assert merged.is_sparse == whole.is_sparse
    assert merged.estimate() == whole.estimate()


def test_phi_and_alpha_are_what_they_are_defined_as():
    """phi from its product; alpha of LogLog against its limit in the paper, 0.39701."""
    p = np.arange(1, 1 << 18, dtype=np.float64)
    parity = np.bitwise_count(p.astype(np.uint64)) % 2
    factors = (4 * p + 1) * (4 * p + 2) / (4 * p * (4 * p + 3))
    product = np.exp(np.sum(np.where(parity, -1, 1) * np.log(factors)))
    phi = math.sqrt(0.5) * math.exp(np.euler_gamma) * 2 / 3 * product
    assert_allclose(registers.PHI, phi, atol=1e-7)
    sketch = LogLog(18)
    sketch._registers[:] = 1
    assert sketch.estimate() == pytest.approx(0.39701 * 2**18 * 2, rel=1e-4)


def test_ertls_series_are_summed_to_the_end():
    """Each by its definition, in another order, at both ends and between."""
    for x in (0.0, 0.3, 0.9):
        sigma = x + sum(2 ** (k - 1) * x ** (2**k) for k in range(1, 40))
        roots = sum((1 - x ** (2.0**-k)) ** 2 * 2.0**-k for k in range(1, 60)) if x else 1
        assert hyperloglog._sigma(x) == pytest.approx(sigma)
        assert hyperloglog._tau(x) == pytest.approx((1 - x - roots) / 3, abs=1e-12)
    assert hyperloglog._sigma(1) == math.inf
    assert hyperloglog._tau(1) == 0


def test_kernels_equal_their_python_source(rng):
    hashes = rng.integers(0, 2**64, 300, dtype=np.uint64)
    hashes[:10] >>= np.uint64(30)  # long runs
    for kernel, arguments in (
        (registers._set_bitmaps, (np.zeros(8, np.uint64), hashes)),
        (registers._raise, (np.zeros(16, np.uint8), 4, hashes)),
        (hyperloglog._raise, (np.zeros(16, np.uint8), 4, hashes, 0.0, 1.0)),
        (hyperloglog._insert, (np.zeros(512, np.uint32), 0, hyperloglog._encode(hashes), 0)),
    ):
        state = arguments[0].copy()
        with as_python("distinct"):
            answer = kernel.py_func(state, *arguments[1:])
        assert kernel(*arguments) == pytest.approx(answer)
        assert_array_equal(arguments[0], state)


# --- Theorems ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "n"), [(1.0, 2000), (0.1, 2000), (1 / 30, 100_000)])
@pytest.mark.parametrize("merged", [False, True])
def test_morris_is_unbiased_with_its_variance(a, n, merged):
    """Variance a n (n - 1)/2, also after merging 70% and 30%: 1000 counters, 4 errors.

    At a = 1 the estimate is heavy-tailed, so its mean square has a wide error of its own.
    """
    rng = np.random.default_rng(1)
    found = []
    for trial in range(1000):
        counter = Morris(a, rng=rng)
        if merged:
            other, part = Morris(a, rng=rng), 3 * n // 10
            smaller, larger = (counter, other) if trial % 2 else (other, counter)
            smaller.update("event", counts=part)
            larger.update("event", counts=n - part)
            counter.merge(other)
        else:
            counter.update("event", counts=n)
        found.append(counter.estimate() / n - 1)
    assert agrees(np.array(found), math.sqrt(a * (n - 1) / (2 * n)))


def test_morris_counts_events_one_by_one_as_it_does_together():
    """The distribution of the register after 20 single events, against its recursion."""
    chances = np.zeros(22)
    chances[0] = 1
    for _ in range(20):
        rise = chances * 2.0 ** -np.arange(22)
        chances = chances - rise + np.roll(rise, 1)
    for together in (False, True):
        rng = np.random.default_rng(2)
        counts = np.zeros(22)
        for _ in range(1500):
            counter = Morris(rng=rng)
            for batch in [range(20)] if together else [[0]] * 20:
                counter.update(batch)
            counts[counter.register] += 1
        deviation = np.abs(counts / 1500 - chances)
        assert np.all(deviation <= 4 * np.sqrt(chances * (1 - chances) / 1500) + 2e-3)


def test_morris_counts_a_billion_in_one_byte():
    counter = Morris(1 / 8, rng=0)
    counter.update("event", counts=10**9)
    assert counter.nbytes == 1
    assert counter.estimate() == pytest.approx(1e9, rel=1)  # four standard deviations
    assert Morris.from_bytes(counter.to_bytes()).register == counter.register


@pytest.mark.parametrize("m", [64, 256])
def test_pcsa_has_the_error_of_flajolet_and_martin(m):
    """Bias 0.31/m and standard error 0.78/sqrt(m) at n = 100 m; 200 seeds, four errors + 5%."""
    found = errors(lambda seed: PCSA(m, seed=seed), range(100 * m), 100 * m, range(200))
    assert agrees(found, 0.78 / math.sqrt(m), bias=0.31 / m, spread=0.05)


@pytest.mark.parametrize("p", [6, 8])
def test_loglog_has_the_error_of_durand_and_flajolet(p):
    """Standard error 1.30/sqrt(m) at n = 100 m; 200 seeds, four standard errors + 5%."""
    n = 100 * 2**p
    found = errors(lambda seed: LogLog(p, seed=seed), range(n), n, range(200))
    assert agrees(found, 1.30 / math.sqrt(2**p), spread=0.05)


@pytest.mark.parametrize("n", [1_000, 4_096, 10_240, 20_480, 100_000])
def test_hyperloglog_is_unbiased_at_every_size(n):
    """p = 12: no bump where other estimators switch, and never above 1.04/sqrt(m).

    400 seeds; bias within four standard errors and mean square below by three.
    """
    found = errors(lambda seed: HyperLogLog(12, seed=seed), np.arange(n), n, range(400))
    squares = found**2
    assert abs(found.mean()) <= 4 * standard_error(found)
    assert squares.mean() <= 1.04**2 / 4096 + 3 * standard_error(squares)


def test_the_estimate_wastes_hardly_a_register():
    """Against maximum likelihood on the same tables, and both against the bound of Cramer and Rao.

    The bound is sqrt(ln 2/(pi**2/6 - 1))/sqrt(m), which the Fisher information of a register,
    summed over its values, confirms. 3000 tables of 1024 registers drawn from their law; the
    ratio of spreads is sqrt(that bound squared/(3 ln 2 - 1)) = 0.9978, to four standard errors.
    """
    k = np.arange(-8, 45)
    a = 0.5**k
    chance, slope = np.exp(-a) * -np.expm1(-a), a * np.exp(-a) * (2 * np.exp(-a) - 1)
    bound = math.sqrt(math.log(2) / (math.pi**2 / 6 - 1))
    assert np.sum(slope**2 / chance) ** -0.5 == pytest.approx(bound, rel=2e-5)
    counts = np.random.default_rng(0).multinomial(1024, chance, size=3000)
    sketch, found = HyperLogLog(10), []
    sketch.update(range(1000))
    for row in counts:
        sketch._registers[:] = np.repeat(k + 8, row)  # 2**8 times as many items: all above zero
        found.append(sketch.estimate() / 2**18)
    theta = np.log(found)  # of lambda, which is 1; Newton's method for the likeliest
    for _ in range(6):
        at = np.exp(theta)[:, None] * a
        u = at / np.expm1(at)
        curvature = counts * (u * (1 - u * np.exp(at)) - at)
        theta -= np.sum(counts * (u - at), axis=1) / np.sum(curvature, axis=1)
    likely = np.exp(theta)
    rho = np.corrcoef(likely, found)[0, 1]
    ratio = np.std(likely) / np.std(found)
    assert abs(ratio - bound / math.sqrt(3 * math.log(2) - 1)) <= 4 * math.sqrt((1 - rho**2) / 3000)
    assert np.std(found) * 32 == pytest.approx(bound, rel=4 / math.sqrt(6000))


@pytest.mark.parametrize("p", [6, 10])
@pytest.mark.parametrize(
    ("ask", "constant"),
    [("estimate", math.sqrt(3 * math.log(2) - 1)), ("estimate_stream", math.sqrt(math.log(2)))],
)
def test_hyperloglog_has_its_asymptotic_error(p, ask, constant):
    """1.04/sqrt(m) from the registers, 0.83/sqrt(m) from their history; 300 seeds, 4 errors."""
    n = 200 * 2**p
    found = errors(lambda seed: HyperLogLog(p, seed=seed), np.arange(n), n, range(300), ask)
    assert agrees(found, constant / math.sqrt(2**p), spread=0.1)


def test_the_estimate_from_history_is_unbiased_with_few_registers_too():
    """Exactly, not to a term of order 1/m: p = 4, 3000 seeds, four standard errors."""
    found = errors(
        lambda seed: HyperLogLog(4, seed=seed), range(500), 500, range(3000), "estimate_stream"
    )
    assert abs(found.mean()) <= 4 * standard_error(found)


def test_the_estimate_is_unbiased_when_registers_are_full(rng):
    """p = 6, drawn from their law at n = 2**62: registers end at 59; 1000 draws, four errors."""
    sketch, n, longest = HyperLogLog(6), 2.0**62, 59
    sketch.update(range(1000))
    found = []
    for _ in range(1000):
        registers = np.ceil(np.log2(n / 64 / rng.exponential(size=64))).clip(0, longest)
        sketch._registers[:] = registers
        found.append(sketch.estimate() / n - 1)
    assert abs(np.mean(found)) <= 4 * standard_error(found)


@every_stream
def test_distinct_counts_do_not_depend_on_the_stream(name, rng):
    """Mean square of 100 seeds on each stream, below by three of its errors."""
    stream = STREAMS[name](20_000, rng)
    n = len(np.unique(stream))
    hashes_once = np.unique(stream)
    for make, sigma in (
        (lambda seed: HyperLogLog(8, seed=seed), 1.04 / 16),
        (lambda seed: LogLog(8, seed=seed), 1.30 / 16 * 1.1),
        (lambda seed: KMV(256, seed=seed), 1 / math.sqrt(254)),
    ):
        squares = errors(make, hashes_once, n, range(100)) ** 2
        assert squares.mean() <= sigma**2 + 3 * standard_error(squares)
    sketch, repeated = HyperLogLog(8), HyperLogLog(8)
    sketch.update(hashes_once)
    repeated.update(stream)
    assert sketch.to_bytes() != HyperLogLog(8).to_bytes()
    assert_array_equal(sketch.registers, repeated.registers)


@pytest.mark.parametrize("n", [256, 300, 2_000, 50_000])
def test_kmv_is_unbiased_with_its_variance(n):
    """Relative variance (n - k + 1)/(n (k - 2)) at k = 256; 300 seeds, four errors."""
    found = errors(lambda seed: KMV(256, seed=seed), np.arange(n), n, range(300))
    assert agrees(found, math.sqrt((n - 255) / (n * 254)))


@pytest.mark.parametrize("shared", [0, 1_000, 5_000])
def test_kmv_estimates_the_jaccard_coefficient(shared):
    """Unbiased, variance J(1 - J)/k (1 - k/N); 300 seeds, four standard errors."""
    n, k = 5_000, 256
    total = 2 * n - shared
    J = shared / total
    found = []
    for seed in range(300):
        first, second = KMV(k, seed=seed), KMV(k, seed=seed)
        first.update(np.arange(n))
        second.update(np.arange(n - shared, total))
        found.append(first.jaccard(second))
    found = np.array(found)
    assert abs(found.mean() - J) <= 4 * standard_error(found)
    squares = (found - J) ** 2
    variance = J * (1 - J) / k * (1 - k / total)
    assert abs(squares.mean() - variance) <= 4 * standard_error(squares)


@pytest.mark.slow
def test_trigrams_of_shakespeare_are_counted_to_1_63_percent():
    """RMS of 400 seeds at p = 12; P(RMS > 1.15 sigma) is 2e-5, by chi-square of 400."""
    items = np.unique(hash_items(trigrams()))  # hashed once to integers, then by each seed
    for ask, constant in (("estimate", 1.04), ("estimate_stream", 0.833)):
        found = errors(lambda seed: HyperLogLog(12, seed=seed), items, len(items), range(400), ask)
        assert np.sqrt(np.mean(found**2)) <= 1.15 * constant / 64


# --- Contracts ---------------------------------------------------------------------------------


def test_a_merged_sketch_has_no_history():
    dense, other = HyperLogLog(6), HyperLogLog(6)
    dense.update(range(1000))
    other.update(range(2000))
    assert dense.estimate_stream() > 0
    dense.merge(other)
    for sketch in (dense, HyperLogLog.from_bytes(dense.to_bytes())):
        with pytest.raises(ValueError, match="was merged and has no history; use estimate"):
            sketch.estimate_stream()
        assert sketch.estimate() == pytest.approx(2000, rel=0.6)


def test_small_sketches_merge_and_keep_their_history():
    first, second = HyperLogLog(8), HyperLogLog(8)
    first.update(range(20))
    second.update(range(10, 30))
    first.merge(second)
    assert first.estimate_stream() == pytest.approx(30, abs=0.01)
    first.update(range(30, 5000))
    assert first.estimate_stream() == pytest.approx(5000, rel=5 * 0.8326 / 16)


def test_the_arithmetic_of_from_error_is_chebyshevs():
    assert HyperLogLog.from_error(0.02, 0.1).p == 15  # 27,040 registers or more
    assert LogLog.from_error(0.02, 0.1).p == 16  # 42,250
    assert PCSA.from_error(0.05, 0.1).n_bitmaps == math.ceil((0.78 / 0.05) ** 2 / 0.1)
    assert KMV.from_error(0.05, 0.1).k == 2 + 4000
    assert Morris.from_error(0.1, 0.05).a == pytest.approx(0.001)


def test_morris_travels_and_merges_with_its_like():
    counter = Morris(0.5, rng=1)
    counter.update(["a", "b", "c"], counts=[5, 0, 7])
    with pytest.raises(ValueError, match=r"a must be equal to merge; got 0.5 and 1.0"):
        counter.merge(Morris())
    with pytest.raises(TypeError, match="only a Morris can be merged"):
        counter.merge(KMV(3))
    back = Morris.from_bytes(counter.to_bytes())
    assert (back.a, back.register) == (0.5, counter.register)
    assert repr(back) == f"Morris(a=0.5, register={counter.register})"


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Morris(0), ValueError, r"a must lie in \(0, inf\]; got 0"),
        (lambda: Morris().update("a", counts=-1), ValueError, "counts must be at least 0"),
        (lambda: Morris().update(1.5), TypeError, "items must be integers, strings or bytes"),
        (lambda: PCSA(0), ValueError, "n_bitmaps must be between 1 and"),
        (lambda: LogLog(3), ValueError, "p must be between 4 and 18; got 3"),
        (lambda: HyperLogLog(19), ValueError, "p must be between 4 and 18; got 19"),
        (lambda: HyperLogLog.from_error(0, 0.1), ValueError, r"epsilon must lie in \(0, 1\)"),
        (lambda: HyperLogLog.from_error(1e-4, 0.1), ValueError, "p must be between 4 and 18"),
        (lambda: KMV(2), ValueError, "k must be at least 3; got 2"),
        (lambda: KMV(3).jaccard(KMV(4)), ValueError, "k must be equal to merge; got 3 and 4"),
        (lambda: KMV(3).union(PCSA(3)), TypeError, "only a KMV can be merged into a KMV"),
    ],
)
def test_bad_input_is_refused_in_words(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_registers_are_copies():
    for sketch in (LogLog(4), HyperLogLog(4)):
        sketch.update(range(100))
        before = sketch.estimate()
        sketch.registers[:] = 9
        assert sketch.estimate() == before
    sketch = PCSA(4)
    sketch.update(range(100))
    before = sketch.estimate()
    sketch.bitmaps[:] = 0
    assert sketch.estimate() == before


def test_two_plays_share_words():
    """J of two vocabularies by k = 1024, within 0.05: 3.2 standard deviations (one seed)."""
    plays = list(datasets.shakespeare().values())[:2]
    sets = [set(play.lower().split()) for play in plays]
    sketches = [KMV(1024), KMV(1024)]
    for sketch, play in zip(sketches, sets, strict=True):
        sketch.update(sorted(play))
    J = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    assert sketches[0].jaccard(sketches[1]) == pytest.approx(J, abs=0.05)
    assert_allclose(sketches[0].estimate(), len(sets[0]), rtol=4 / math.sqrt(1022))


# --- Peers -------------------------------------------------------------------------------------


def test_hyperloglog_errs_no_more_than_datasketches():
    """Its estimator is the historic one as well; RMS of 100 sets of 20 m items, three errors."""
    datasketches = pytest.importorskip("datasketches")
    n = 20 * 2**10
    ours, theirs = [], []
    for trial in range(100):
        items = np.arange(trial * n, (trial + 1) * n)
        sketch, peer = HyperLogLog(10), datasketches.hll_sketch(10, datasketches.HLL_8)
        sketch.update(items)
        for item in items.tolist():
            peer.update(item)
        ours.append((sketch.estimate_stream() / n - 1) ** 2)
        theirs.append((peer.get_estimate() / n - 1) ** 2)
    slack = 3 * math.hypot(standard_error(ours), standard_error(theirs))
    assert np.mean(ours) <= np.mean(theirs) + slack
