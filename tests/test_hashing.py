"""Hash families, samples, filters, hashed features: facts, theorems, contracts, peers.

A test that draws at random states its chance of a false alarm, should the seeds be drawn anew.
"Three standard errors" is a chance of 0.27% on two sides and 0.14% on one, "four" 0.006%.
"""

import itertools
import math
import random

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression

from course_lib import datasets
from course_lib._sketch import mix
from course_lib.hashing import (
    PRIME,
    BlockedBloomFilter,
    BloomFilter,
    ColumnHasher,
    CountingBloomFilter,
    MultiplyShift,
    Polynomial,
    PrioritySample,
    Reservoir,
    Tabulation,
    TokenHasher,
    WeightedReservoir,
    XorFilter,
    families,
    hash_items,
    reservoir_sample,
)
from tests.chance import assert_mean
from tests.kernels import as_python
from tests.streams import trigrams

FILTERS = [BloomFilter, BlockedBloomFilter, CountingBloomFilter]
every_filter = pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: kind.__name__)
items_lists = st.lists(st.integers(0, 50) | st.text(max_size=3), max_size=40)


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


# --- Facts: families ---------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20),
    st.integers(1, 6),
    st.integers(0, 99),
)
def test_polynomials_are_evaluated_exactly(words, k, seed):
    h = Polynomial(k, seed=seed)
    expected = []
    for word in words:
        value = 0
        for coefficient in h.coefficients.tolist():
            value = (value * word + coefficient) % PRIME
        expected.append(value)
    assert h(np.array(words, np.uint64)).tolist() == expected


@given(st.integers(0, PRIME - 1), st.integers(0, PRIME - 1))
def test_products_modulo_the_prime_are_exact(a, b):
    for x, y in ((a, b), (PRIME - 1 - a % 3, PRIME - 1 - b % 3), (a, PRIME - 1)):
        assert families._times(np.uint64(x), np.uint64(y)) == x * y % PRIME


def test_reduction_at_the_edges():
    for word in (0, PRIME - 1, PRIME, PRIME + 1, 2**62, 2**64 - 1):
        assert Polynomial(2)(np.array([word], np.uint64)) == Polynomial(2)(
            np.array([word % PRIME], np.uint64)
        )


def test_a_polynomial_can_take_the_value_zero():
    h = Polynomial(2)
    h.coefficients = np.array([1, PRIME - 5], np.uint64)  # x - 5
    assert h([4, 5, 6]).tolist() == [PRIME - 1, 0, 1]


@given(st.integers(0, 99), st.integers(1, 64))
def test_multipliers_are_odd(seed, in_bits):
    a = int(MultiplyShift(1, in_bits=in_bits, seed=seed).multiplier)
    assert (a >> (64 - in_bits)) % 2 == 1 and a % 2 ** (64 - in_bits) == 0


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.integers(1, 64))
def test_multiply_shift_is_its_formula(words, out_bits):
    h = MultiplyShift(out_bits, seed=3)
    a = int(h.multiplier)
    expected = [(a * word % 2**64) >> (64 - out_bits) for word in words]
    assert h(np.array(words, np.uint64)).tolist() == expected


@given(st.integers(0, 99))
def test_tabulation_cancels_on_rectangles(seed):
    """Why it is not 4-independent: four words that combine two values of two bytes."""
    h = Tabulation(seed=seed)
    a, b, c, d = (int(value) for value in h([0x00_05, 0x00_09, 0x77_05, 0x77_09]))
    assert a ^ b ^ c ^ d == 0


def test_kernels_equal_their_python_source(rng):
    words = rng.integers(0, 2**64, 40, dtype=np.uint64)
    absent = rng.integers(0, 2**64, 40, dtype=np.uint64)
    for make in (lambda: Polynomial(4), lambda: Tabulation(), lambda: MultiplyShift(9)):
        compiled = make()(words)
        with as_python("_sketch", "hashing"):
            assert_array_equal(make()(words), compiled)
    for bits in (8, 16):
        compiled = XorFilter(words, bits=bits)
        with as_python("_sketch", "hashing"):
            source = XorFilter(words, bits=bits)
            answers = source.contains(absent)
        assert source.to_bytes() == compiled.to_bytes()
        assert_array_equal(answers, compiled.contains(absent))
    counting = CountingBloomFilter(100, 3)
    counting.update(words)
    with as_python("_sketch", "hashing"):
        counting.remove(words)
    assert counting.estimate() == 0


# --- Theorems: families ------------------------------------------------------------------------


def test_multiply_shift_collides_at_most_twice_as_often_as_chance():
    """Exhaustive, so without any false alarm: all 256 multipliers of 9-bit words, all pairs."""
    h = MultiplyShift(4, in_bits=9)
    words = np.arange(512)
    collisions = np.zeros((512, 512), int)
    for a in range(1, 512, 2):
        h.multiplier = np.uint64(a << 55)
        hashes = h(words)
        collisions += hashes[:, None] == hashes
    np.fill_diagonal(collisions, 0)
    assert collisions.max() == 256 * 2 / 16  # the bound 2/2**l is reached


def collision_rate(make, words, cells, n_seeds=400):
    """How often pairs of words meet, over the draw of the function: (mean, standard error)."""
    rates = []
    for seed in range(n_seeds):
        values = make(seed)(words)
        same = values[:, None] % cells == values % cells
        rates.append((same.sum() - len(words)) / (len(words) * (len(words) - 1)))
    return np.mean(rates), standard_error(rates)


@pytest.mark.parametrize("words", [np.arange(100), np.arange(100) << 40, np.arange(100) ** 5])
def test_families_collide_as_often_as_chance(words):
    """2-independence on structured words: 400 functions, four standard errors."""
    for make in (lambda seed: Polynomial(2, seed=seed), lambda seed: Tabulation(seed=seed)):
        mean, error = collision_rate(make, words.astype(np.uint64), np.uint64(64))
        assert abs(mean - 1 / 64) <= 4 * error
    mean, error = collision_rate(
        lambda seed: MultiplyShift(6, seed=seed), words.astype(np.uint64), np.uint64(64)
    )
    assert mean <= 2 / 64 + 4 * error


def test_polynomials_are_k_independent():
    """Exhaustive over a small field, for the argument: each k values at k points come once.

    The same Horner rule modulo 7 instead of the prime; the kernel's arithmetic is tested above.
    """
    points = (0, 3, 5)
    seen = set()
    for coefficients in itertools.product(range(7), repeat=3):
        values = []
        for x in points:
            value = 0
            for coefficient in coefficients:
                value = (value * x + coefficient) % 7
            values.append(value)
        seen.add(tuple(values))
    assert len(seen) == 7**3


@pytest.mark.parametrize(("k", "independent"), [(3, False), (4, True)])
def test_four_values_are_independent_from_k_4_on(k, independent):
    """x = 0, 1, 2, 3: degree 2 obeys y0 - 3 y1 + 3 y2 - y3 = 0 (mod p), degree 3 hardly ever."""
    obeyed = 0
    for seed in range(200):
        y = [int(value) for value in Polynomial(k, seed=seed)([0, 1, 2, 3])]
        obeyed += (y[0] - 3 * y[1] + 3 * y[2] - y[3]) % PRIME == 0
    assert obeyed == (0 if independent else 200)


def test_a_bad_hash_breaks_a_good_filter():
    """Multiples of the width all meet under x mod m; hashed words do not."""
    stream = np.arange(1000) * 4096
    assert len(np.unique(stream % 4096)) == 1
    cells = MultiplyShift(12)(hash_items(stream))
    assert len(np.unique(cells)) > 800  # 886 expected, with a standard deviation of 9


# --- Facts and theorems: samples ---------------------------------------------------------------


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 10), st.integers(0, 99))
def test_a_sample_is_a_subset_of_the_right_size(n, size, n_batches, seed):
    reservoir, weighted = Reservoir(size, rng=seed), WeightedReservoir(size, rng=seed)
    for batch in np.array_split(np.arange(n), n_batches):
        reservoir.update(batch)
        weighted.update(batch, np.ones(len(batch)))
    for sample in (
        reservoir.sample,
        weighted.sample,
        reservoir_sample(iter(range(n)), size, rng=seed),
    ):
        assert len(sample) == len(set(sample)) == min(n, size)
        assert set(sample) <= set(range(n))
    assert reservoir.n_items == weighted.n_items == n


def by_r(n, size, rng):
    return reservoir_sample(range(n), size, rng=rng)


def by_l(n, size, rng):
    reservoir = Reservoir(size, rng=rng)
    reservoir.update(range(n))
    return reservoir.sample


def by_l_in_batches(n, size, rng):
    reservoir = Reservoir(size, rng=rng)
    for start in range(0, n, 7):
        reservoir.update(range(start, min(n, start + 7)))
    return reservoir.sample


def by_merge(n, size, rng):
    parts = [Reservoir(size, rng=rng) for _ in range(3)]
    cuts = [0, n // 10, n // 2, n]
    for part, start, stop in zip(parts, cuts, cuts[1:], strict=False):
        part.update(range(start, stop))
    parts[0].merge(parts[1])
    parts[0].merge(parts[2])
    return parts[0].sample


def by_merge_then_more(n, size, rng):
    parts = [Reservoir(size, rng=rng) for _ in range(2)]
    parts[0].update(range(n // 4))
    parts[1].update(range(n // 4, n // 2))
    parts[0].merge(parts[1])
    parts[0].update(range(n // 2, n))
    return parts[0].sample


def by_equal_weights(n, size, rng):
    reservoir = WeightedReservoir(size, rng=rng)
    reservoir.update(range(n), np.full(n, 3.0))
    return reservoir.sample


UNIFORM = [by_r, by_l, by_l_in_batches, by_merge, by_merge_then_more, by_equal_weights]


@pytest.mark.parametrize("draw", UNIFORM, ids=lambda draw: draw.__name__)
def test_every_item_and_every_pair_is_sampled_equally_often(draw, rng):
    """Chi-square of inclusion at n = 40, k = 5 over 3000 samples, p in [1e-4, 1 - 1e-4].

    Inclusions of one sample add up to k, which scales the statistic by (n - k)/(n - 1). Pairs
    are counted at n = 8, k = 3: subsets, so that a sample of neighbours is found out.
    """
    counts = np.zeros(40)
    for _ in range(3000):
        counts[draw(40, 5, rng)] += 1
    expected = 3000 * 5 / 40
    statistic = np.sum((counts - expected) ** 2 / expected) * 39 / 35
    assert 1e-4 < chi2.sf(statistic, 39) < 1 - 1e-4

    subsets = dict.fromkeys(itertools.combinations(range(8), 3), 0)
    for _ in range(3000):
        subsets[tuple(sorted(draw(8, 3, rng)))] += 1
    statistic = sum((count - 3000 / 56) ** 2 / (3000 / 56) for count in subsets.values())
    assert 1e-4 < chi2.sf(statistic, 55) < 1 - 1e-4


class CountedRandom:
    """A generator that counts the random numbers it is asked for."""

    def __init__(self, seed):
        self.rng, self.draws = np.random.default_rng(seed), 0

    def random(self):
        self.draws += 1
        return self.rng.random()

    def integers(self, *limits):
        self.draws += 1
        return self.rng.integers(*limits)


def test_algorithm_l_draws_as_few_numbers_as_promised():
    """2 + 3 k (H_n - H_k) in expectation, on the flights of 2013; 100 seeds, three errors."""
    n, k = len(datasets.flights()["dest"]), 100
    draws = []
    for seed in range(100):
        reservoir = Reservoir(k)
        reservoir._rng = CountedRandom(seed)
        reservoir.update(range(n))
        draws.append(reservoir._rng.draws)
    expected = 2 + 3 * k * np.sum(1 / np.arange(k + 1, n + 1))
    assert abs(np.mean(draws) - expected) <= 3 * standard_error(draws)
    assert np.mean(draws) < n / 100


def sequential_inclusion(weights, size):
    """Chances to be among ``size`` weighted draws without replacement, by enumeration."""
    chances = np.zeros(len(weights))
    for order in itertools.permutations(range(len(weights)), size):
        left, chance = sum(weights), 1.0
        for item in order:
            chance *= weights[item] / left
            left -= weights[item]
        chances[list(order)] += chance
    return chances


@pytest.mark.parametrize("giant", [1e9, 1e18, 1e140])
@pytest.mark.parametrize("place", [0, 40, 79])
def test_a_giant_weight_is_sampled_once_and_the_others_evenly(giant, place, rng):
    """A giant is in every sample; of the others, all of weight 1, each has an equal chance."""
    weights = np.ones(80)
    weights[place] = giant
    halves = []
    for _ in range(300):
        reservoir = WeightedReservoir(5, rng=rng)
        reservoir.update(range(80), weights)
        sample = reservoir.sample
        assert len(set(sample)) == 5 and place in sample
        halves.append(sum(item < 40 for item in sample if item != place))
    n_low = 40 - (place < 40)
    assert_mean(halves, 4 * n_low / 79)


def test_no_range_of_weights_brings_an_item_in_twice(rng):
    for _ in range(50):
        weights = np.exp(25 * rng.standard_normal(100))
        reservoir = WeightedReservoir(10, rng=rng)
        reservoir.update(range(100), weights)
        assert len(set(reservoir.sample)) == 10


class Labelled:
    """As a series of pandas: values behind labels, so that ``x[0]`` is not the first."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, label):
        raise KeyError(label)


def test_reservoirs_read_by_place_and_not_by_label():
    uniform, weighted = Reservoir(4, rng=0), WeightedReservoir(4, rng=0)
    priority = PrioritySample(4, rng=0)
    uniform.update(Labelled(np.arange(8)))
    weighted.update(Labelled(np.arange(8)), Labelled(np.ones(8)))
    priority.update(Labelled(np.arange(8)), np.ones(8))
    for reservoir in (uniform, weighted, priority):
        assert len(set(reservoir.sample)) == 4 and set(reservoir.sample) <= set(range(8))


def test_reservoirs_of_billions_merge_in_proportion(rng):
    shares = []
    for _ in range(200):
        mine, theirs = Reservoir(9, rng=rng), Reservoir(9, rng=rng)
        mine.update(["mine"] * 9)
        theirs.update(["theirs"] * 9)
        mine.n_items, theirs.n_items = 3 * 10**9, 10**9
        mine.merge(theirs)
        shares.append(mine.sample.count("mine"))
    assert_mean(shares, 9 * 0.75)


@pytest.mark.parametrize("how", ["at once", "in batches", "merged", "merged, then more"])
def test_weighted_samples_are_weighted_draws_without_replacement(how, rng):
    """Inclusion frequencies of 6000 samples against enumeration; four standard deviations."""
    weights = np.array([1.0, 8.0, 2.0, 2.0, 5.0, 1.0, 3.0])
    counts = np.zeros(7)
    for _ in range(6000):
        parts = [WeightedReservoir(3, rng=rng) for _ in range(2)]
        if how == "at once":
            parts[0].update(range(7), weights)
        elif how == "in batches":
            for i in range(7):
                parts[0].update([i], weights[i : i + 1])
        else:
            cut = 2 if how == "merged" else 4  # one side is not full yet, or both are
            parts[0].update(range(cut), weights[:cut])
            parts[1].update(range(cut, 6), weights[cut:6])
            if how == "merged":
                parts[1].update([6], weights[6:])
            parts[0].merge(parts[1])
            if how == "merged, then more":
                parts[0].update([6], weights[6:])
        counts[parts[0].sample] += 1
    chances = sequential_inclusion(weights, 3)
    deviations = (counts / 6000 - chances) / np.sqrt(chances * (1 - chances) / 6000)
    assert np.abs(deviations).max() < 4
    proportional = 3 * weights / weights.sum()
    assert np.abs(chances - proportional).max() > 0.1  # inclusion is not proportional to weight


# --- Facts and theorems: filters -----------------------------------------------------------------


@every_filter
@given(items=items_lists, n_bits=st.integers(1, 300), n_hashes=st.integers(1, 7))
def test_a_filter_never_denies_what_it_holds(kind, items, n_bits, n_hashes):
    filter_ = kind(n_bits, n_hashes)
    filter_.update(items)
    assert np.all(filter_.contains(items))
    assert all(item in filter_ for item in items)


@given(items_lists, st.sampled_from([8, 16]), st.integers(0, 99))
def test_an_xor_filter_never_denies_what_it_holds(items, bits, seed):
    filter_ = XorFilter(items, bits=bits, seed=seed)
    assert np.all(filter_.contains(items))
    assert_array_equal(XorFilter.from_bytes(filter_.to_bytes()).contains(items), True)


@pytest.mark.parametrize("halvings", [1, 4, 7, 10])
def test_a_filter_is_no_larger_than_theory_allows(halvings):
    """At the best k, half of the bits are set: k / ln 2 bits an item."""
    filter_ = BloomFilter.from_error(10_000, 0.5**halvings)
    assert filter_.n_hashes == halvings
    assert filter_.n_bits == pytest.approx(10_000 * halvings / math.log(2), rel=1e-4)


def test_an_item_sets_bits_of_one_line_nine_bits_of_a_hash_for_each():
    for item in range(50):
        filter_ = BlockedBloomFilter(16 * 512, 7)
        filter_.update([item])
        place = int(hash_items(item)[0])
        line, second = ((place >> 32) * 16) >> 32, int(mix(np.uint64(place)))
        bits = np.unpackbits(filter_._cells.view(np.uint8), bitorder="little")
        expected = {512 * line + (second >> 9 * j) % 512 for j in range(7)}
        assert set(np.flatnonzero(bits).tolist()) == expected


@every_filter
@pytest.mark.parametrize("epsilon", [0.2, 0.03, 0.004])
def test_false_positives_are_as_many_as_promised(kind, epsilon):
    """Over 100 seeds, 1000 items and 2000 absent ones: mean within four standard errors + 2%.

    Bloom's formula is slightly low for small filters, which the 2% allow for.
    """
    rates = []
    for seed in range(100):
        filter_ = kind.from_error(1000, epsilon, seed=seed)
        filter_.update(np.arange(1000))
        rates.append(np.mean(filter_.contains(np.arange(1000, 3000))))
    promised = filter_.false_positive_rate(1000)
    assert promised <= epsilon
    assert abs(np.mean(rates) - promised) <= 4 * standard_error(rates) + 0.02 * promised
    smaller = type(filter_)(filter_.n_bits - 512, filter_.n_hashes)
    assert smaller.false_positive_rate(1000) > epsilon


@pytest.mark.parametrize("bits", [8, 16])
def test_xor_false_positives_are_two_to_the_minus_bits(bits):
    """Poisson count of false positives among 4 million questions; four standard deviations."""
    found = 0
    for seed in range(20):
        filter_ = XorFilter(np.arange(2000), bits=bits, seed=seed)
        found += filter_.contains(np.arange(10_000, 210_000)).sum()
    expected = 20 * 200_000 / 2**bits
    assert abs(found - expected) <= 4 * math.sqrt(expected)
    assert filter_.nbytes == pytest.approx((1.23 * 2000 + 32) * bits / 8, abs=3 * bits / 8)


@pytest.mark.slow
def test_ten_bits_for_each_trigram_of_shakespeare_give_0_82_percent():
    """One filter of 700,000 trigrams; questions are another author's. Four standard errors."""
    known = np.unique(hash_items(trigrams()))
    filter_ = BloomFilter(10 * len(known), 7)
    filter_.update(trigrams())
    absent = [f"licence {number} granted" for number in range(100_000)]
    rate = np.mean(filter_.contains(absent))
    assert filter_.false_positive_rate(len(known)) == pytest.approx(0.0082, abs=5e-5)
    assert abs(rate - 0.0082) <= 4 * math.sqrt(0.0082 / 100_000)


@every_filter
def test_a_filter_estimates_how_many_it_holds(kind):
    """Unbiased to first order: mean of 100 seeds within 1%; their spread is below 0.5% of it."""
    estimates = []
    for seed in range(100):
        filter_ = kind.from_error(2000, 0.01, seed=seed)
        filter_.update(np.arange(2000))
        estimates.append(filter_.estimate())
    assert np.mean(estimates) == pytest.approx(2000, rel=0.01)
    full = kind(1, 7 if kind is BlockedBloomFilter else 1)
    full.update(np.arange(5000))
    assert full.estimate() == math.inf
    assert kind(100, 3).estimate() == 0


@given(items_lists, items_lists)
def test_what_is_removed_leaves_no_trace(kept, gone):
    filter_, expected = CountingBloomFilter(200, 3), CountingBloomFilter(200, 3)
    filter_.update(kept + gone)
    filter_.remove(gone)
    expected.update(kept)
    assert filter_.to_bytes() == expected.to_bytes()


def test_removing_a_stranger_is_refused_and_changes_nothing(rng, monkeypatch):
    monkeypatch.setattr(CountingBloomFilter, "_block_size", 8)
    filter_ = CountingBloomFilter(1000, 5)
    filter_.update(range(50))
    before = filter_.to_bytes()
    with pytest.raises(ValueError, match="only items that were read can be removed"):
        filter_.remove([*range(20), 1000])
    assert filter_.to_bytes() == before


def test_a_counter_that_is_full_stays_full():
    filter_ = CountingBloomFilter(64, 2)
    filter_.update(["a"] * 300)
    filter_.merge(filter_.copy())
    for _ in range(400):
        filter_.remove("a")
    assert "a" in filter_


# --- Theorems: features ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("draw", ["columns", "tokens"])
def test_hashed_inner_products_are_unbiased_with_their_variance(draw, rng):
    """Weinberger et al., Lemma 2: 2000 functions, four standard errors for mean and variance."""
    x, y = rng.integers(0, 4, 30).astype(float), rng.integers(0, 4, 30).astype(float)
    m, products = 16, []
    documents = [np.repeat(np.arange(30), vector.astype(int)).tolist() for vector in (x, y)]
    for seed in range(2000):
        if draw == "columns":
            hashed = ColumnHasher(m, random_state=seed).fit_transform(np.array([x, y]))
        else:
            hashed = TokenHasher(m, seed=seed).transform(documents).toarray()
        products.append(hashed[0] @ hashed[1])
    pairs = ~np.eye(30, dtype=bool)
    variance = np.sum((np.outer(x**2, y**2) + np.outer(x * y, x * y))[pairs]) / m
    squares = (np.array(products) - x @ y) ** 2
    assert abs(np.mean(products) - x @ y) <= 4 * standard_error(products)
    assert abs(np.mean(squares) - variance) <= 4 * standard_error(squares)


def test_unsigned_hashing_is_biased(rng):
    """Collisions add up: without signs all products of counts are too high."""
    x = rng.integers(1, 4, 30)
    document = np.repeat(np.arange(30), x).tolist()
    products = []
    for seed in range(100):
        hashed = TokenHasher(16, signed=False, seed=seed).transform([document]).toarray()[0]
        products.append(hashed @ hashed)
    assert min(products) > x @ x


# --- Contracts ---------------------------------------------------------------------------------


def test_sparse_and_dense_columns_hash_alike(rng):
    X = sp.random_array((20, 50), density=0.2, rng=rng, format="csr")
    for dtype in (np.float32, np.float64):
        dense = ColumnHasher(8, random_state=0).fit_transform(X.toarray().astype(dtype))
        sparse = ColumnHasher(8, random_state=0).fit_transform(X.astype(dtype))
        assert dense.dtype == sparse.dtype == dtype
        assert_allclose(sparse.toarray(), dense, rtol=1e-6)


def test_token_hasher_counts_tokens():
    documents = [["to", "be", "to"], [], [b"be", 7]]
    X = TokenHasher(n_features=2**20, seed=5).transform(documents)
    assert X.shape == (3, 2**20)
    assert X.indices.dtype == X.indptr.dtype == np.int32  # liblinear takes no others
    assert sorted(np.abs(X[[0]].data)) == [1, 2]
    assert_array_equal(np.abs(X).sum(axis=1), [3, 0, 2])
    assert np.abs(X[[0]] - X[[2]]).sum() == 3  # "be" cancels, "to" and 7 remain
    with pytest.raises(TypeError, match="a document must be a sequence of tokens; got a string"):
        TokenHasher().transform(["to be"])
    with pytest.raises(TypeError, match="items must be integers, strings or bytes"):
        TokenHasher().transform([[1.5]])


@pytest.mark.parametrize("kind", [Reservoir, WeightedReservoir])
def test_reservoirs_merge_only_with_their_like(kind):
    with pytest.raises(ValueError, match="size must be equal to merge; got 2 and 3"):
        kind(2).merge(kind(3))
    with pytest.raises(TypeError, match=f"only a {kind.__name__} can be merged"):
        kind(2).merge(BloomFilter(8, 1))


def test_reservoirs_take_items_of_any_kind():
    reservoir = Reservoir(5, rng=0)
    reservoir.update({"key": 1}.items())
    reservoir.update([None, 2.5])
    reservoir.update(np.array(["x"]))
    assert set(reservoir.sample) == {("key", 1), None, 2.5, "x"}


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1.0], "one for each of the 2 items"),
        ([1, -1], "at least 0"),
        ([1, np.nan], "finite"),
        ([1, 1e308], r"0 or lie between 2\*\*-500 and 2\*\*500"),
        ([1, 5e-324], "rescale them"),
        ([1, 1j], "real floating dtype"),
    ],
)
def test_bad_weights_are_refused_in_words(weights, text):
    with pytest.raises((ValueError, TypeError), match=text):
        WeightedReservoir(2).update(["a", "b"], weights)


def test_documents_are_iterables_of_tokens_and_lose_nothing():
    hasher = TokenHasher(16)
    expected = hasher.transform([["a", "b"], ["a"]]).toarray()
    for documents in (
        [iter("ab"), iter("a")],
        iter([("a", "b"), np.array(["a"])]),
        [np.array(["a", "b"], object), (token for token in "a")],
    ):
        assert_array_equal(hasher.transform(documents).toarray(), expected)
    for wrong in ({"a": 3}, "a b", b"ab", 3, None, 1.5):
        with pytest.raises(TypeError, match=r"must be a sequence of tokens|items must be"):
            hasher.transform([["a"], wrong])
    with pytest.raises(TypeError, match="there must be a sequence of documents; got a dict"):
        hasher.transform({"a": 3})
    with pytest.raises(TypeError, match="seed must be"):
        TokenHasher(16, seed=1.5).transform([])


def test_a_column_hasher_uses_all_columns_that_it_takes():
    X = np.eye(3)
    assert ColumnHasher(2**32, random_state=0).fit(X).components_.shape == (2**32, 3)
    with pytest.raises(ValueError, match="n_features must be between 1 and 2"):
        ColumnHasher(2**32 + 1).fit(X)
    for random_state in (-1, 2**70):
        with pytest.raises(ValueError, match="random_state must be a seed"):
            ColumnHasher(random_state=random_state).fit(X)
    with pytest.raises(ValueError, match="must not be masked"):
        ColumnHasher(8).fit(np.ma.masked_array(X, mask=X > 0))
    for wrong in (X.astype(str), np.zeros((3, 3), "datetime64[D]")):
        with pytest.raises(TypeError, match="X must hold real numbers"):
            ColumnHasher(8).fit(wrong)


@pytest.mark.parametrize("wrong", [None, 3, np.datetime64(7, "ns"), np.array(3)])
def test_what_cannot_be_read_one_by_one_is_refused(wrong):
    for read in (
        lambda: reservoir_sample(wrong, 2),
        lambda: Reservoir(2).update(wrong),
        lambda: WeightedReservoir(2).update(wrong, [1.0]),
        lambda: PrioritySample(2).update(wrong, [1.0]),
    ):
        with pytest.raises(TypeError, match="must be an array or a sequence; got a"):
            read()


def test_a_sample_larger_than_all_streams_takes_all():
    assert reservoir_sample("abc", 2**70) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: MultiplyShift(0), ValueError, "out_bits must be between 1 and in_bits = 64"),
        (lambda: MultiplyShift(9, in_bits=8), ValueError, "between 1 and in_bits = 8; got 9"),
        (lambda: Polynomial(0), ValueError, "k must be at least 1; got 0"),
        (lambda: Tabulation(seed=-1), ValueError, "seed must be between 0 and"),
        (lambda: Tabulation()(["word"]), TypeError, "x must be one integer or a 1-D array"),
        (lambda: BloomFilter(0, 1), ValueError, "n_bits must be between 1 and"),
        (lambda: BloomFilter(8, 0), ValueError, "n_hashes must be between 1 and 2048"),
        (lambda: BlockedBloomFilter(8, 8), ValueError, "n_hashes must be between 1 and 7"),
        (lambda: BloomFilter.from_error(0, 0.1), ValueError, "n_items must be at least 1"),
        (lambda: BloomFilter.from_error(9, 1.0), ValueError, r"epsilon must lie in \(0, 1\)"),
        (lambda: XorFilter(["a"], bits=9), ValueError, "bits must be 8 or 16; got 9"),
        (lambda: Reservoir(0), ValueError, "size must be at least 1"),
        (lambda: reservoir_sample([], 0), ValueError, "size must be at least 1"),
        (lambda: hash_items(["a"], -1), ValueError, "seed must be between 0 and"),
    ],
)
def test_bad_parameters_are_refused_in_words(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- Peers -------------------------------------------------------------------------------------


def test_bloom_is_as_good_as_rbloom_at_equal_memory():
    """False positives of 50,000 questions each; three standard errors of the difference."""
    rbloom = pytest.importorskip("rbloom")
    n, n_asked = 50_000, 50_000
    keys = random.Random(0).sample(range(2**60), n + n_asked)
    peer = rbloom.Bloom(n, 0.01)
    peer.update(keys[:n])
    ours = BloomFilter(peer.size_in_bits, 7)
    ours.update(keys[:n])
    theirs = np.mean([key in peer for key in keys[n:]])
    assert np.mean(ours.contains(keys[n:])) <= theirs + 3 * math.sqrt(2 * 0.01 / n_asked)


def test_hashed_spam_is_found_as_well_as_by_scikit_learn():
    """Accuracy on the last 1574 messages, the same classifier on 4096 hashed columns."""
    messages = datasets.sms_spam()
    tokens = [text.lower().split() for text in messages.texts]

    def accuracy(X):
        model = LogisticRegression(C=10).fit(X[:4000], messages.spam[:4000])
        return model.score(X[4000:], messages.spam[4000:])

    peer = FeatureHasher(4096, input_type="string").transform(tokens)
    assert accuracy(TokenHasher(4096).transform(tokens)) >= accuracy(peer) - 0.005
