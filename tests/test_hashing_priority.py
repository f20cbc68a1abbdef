"""Priority sampling: subset sums that are right on average, with the variance that is promised.

Statistical tests use fixed seeds. With fresh ones each would fail by chance with the probability
that it states.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from course_lib.hashing import PrioritySample, WeightedReservoir

WEIGHTS = np.array([20.0, 7, 5, 3, 2, 2, 1, 1, 1, 0.5])
RUNS = 10_000


def drawn(size, seed, weights=WEIGHTS):
    sample = PrioritySample(size, rng=seed)
    sample.update(range(len(weights)), weights)
    return sample


@pytest.fixture(scope="module")
def estimates():
    """Estimated weights of all items, one row a run, for k = 7: less kept has wilder tails."""
    rng, table = np.random.default_rng(1), np.zeros((RUNS, len(WEIGHTS)))
    for row in table:
        sample = drawn(7, rng)
        row[sample.sample] = sample.weights
    return table


# --- Facts ---------------------------------------------------------------------------------------


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), max_size=40),
    st.integers(1, 12),
    st.integers(0, 99),
)
def test_it_keeps_the_highest_priorities(weights, size, seed):
    sample = PrioritySample(size, rng=seed)
    sample.update(range(len(weights)), weights)
    priorities = np.array(weights) / (1 - np.random.default_rng(seed).random(len(weights)))
    order = [i for i in np.argsort(-priorities, kind="stable") if priorities[i] > 0]
    assert sample.sample == order[:size]
    expected = priorities[order[size]] if len(order) > size else 0
    assert sample.threshold == expected
    counted = sum(max(weights[i], expected) for i in order[:size])
    assert_allclose(sample.estimate(), counted, rtol=1e-12)


def test_a_sample_that_holds_everything_is_exact():
    sample = drawn(len(WEIGHTS), 0)
    assert sample.threshold == 0 and sample.deviation() == 0
    assert_allclose(sample.estimate(lambda i: i > 6), WEIGHTS[7:].sum(), rtol=1e-12)


# --- Theorems ------------------------------------------------------------------------------------


def test_every_subset_is_estimated_without_bias(estimates):
    """Four standard errors for four subsets: false alarm 0.03%."""
    for subset in ([0], [9], [1, 4, 8], range(10)):
        sums = estimates[:, list(subset)].sum(axis=1)
        error = abs(sums.mean() - WEIGHTS[list(subset)].sum())
        assert error < 4 * sums.std() / np.sqrt(RUNS) + 1e-9, subset


def test_different_items_do_not_covary(estimates):
    """The 36 pairs without the heaviest item, which is nearly always exact, at 5.5 standard errors.

    The products are skewed, so the normal law is too hopeful: of 60 other seeds the worst pair
    came to 4.4 standard errors.
    """
    for i, j in itertools.combinations(range(1, len(WEIGHTS)), 2):
        products = (estimates[:, i] - WEIGHTS[i]) * (estimates[:, j] - WEIGHTS[j])
        assert abs(products.mean()) < 5.5 * products.std() / np.sqrt(RUNS) + 1e-9, (i, j)


def test_the_deviation_estimates_the_spread(estimates):
    """Mean of the estimated variance against the variance, four standard errors: 0.006%."""
    rng = np.random.default_rng(2)
    squares = np.array([drawn(7, rng).deviation(lambda i: i > 0) ** 2 for _ in range(RUNS)])
    sums = estimates[:, 1:].sum(axis=1)
    spread = (sums - WEIGHTS[1:].sum()) ** 2
    error = np.sqrt(squares.var() / RUNS + spread.var() / RUNS)
    assert abs(squares.mean() - spread.mean()) < 4 * error


def test_five_beat_threshold_sampling_of_four():
    """Szegedy: variances with k + 1 items, in all, are at most those of any scheme with k.

    The best such scheme takes item i with probability min(1, w_i / tau) by itself, 4 on average.
    Four standard errors, one-sided: false alarm 0.003%.
    """
    low, high = 0.0, WEIGHTS.sum()
    for _ in range(60):
        tau = (low + high) / 2
        low, high = (low, tau) if np.minimum(1, WEIGHTS / tau).sum() < 4 else (tau, high)
    best = np.sum(WEIGHTS * np.maximum(tau - WEIGHTS, 0))
    rng = np.random.default_rng(3)
    squares = np.array([drawn(5, rng).deviation() ** 2 for _ in range(RUNS)])
    assert squares.mean() < best + 4 * squares.std() / np.sqrt(RUNS)


# --- Contracts -----------------------------------------------------------------------------------


def test_a_merge_is_one_sample_of_all(estimates):
    """Means of merged samples, four standard errors for ten items: false alarm 0.06%."""
    rng, table = np.random.default_rng(4), np.zeros((5000, len(WEIGHTS)))
    for row in table:
        left, right = PrioritySample(7, rng=rng), PrioritySample(7, rng=rng)
        left.update(range(3), WEIGHTS[:3])
        right.update(range(3, 10), WEIGHTS[3:])
        left.merge(right)
        row[left.sample] = left.weights
    assert left.n_items == 10 and len(right.sample) == 7
    errors = np.hypot(table.std(axis=0) / np.sqrt(5000), 1e-9)
    assert np.all(np.abs(table.mean(axis=0) - WEIGHTS) < 4 * errors)
    ratio = table.std(axis=0)[3:] / estimates.std(axis=0)[3:]  # the heavy are nearly exact
    assert np.all((ratio > 0.8) & (ratio < 1.25))


def test_batches_do_not_matter():
    whole, parts = drawn(3, 7), PrioritySample(3, rng=7)
    for start, stop in itertools.pairwise([0, 2, 2, 9, 10]):
        parts.update(range(start, stop), WEIGHTS[start:stop])
    assert parts.sample == whole.sample and parts.threshold == whole.threshold


def test_bad_input_is_refused_in_words():
    sample = PrioritySample(2)
    with pytest.raises(ValueError, match="weights must be finite and at least 0"):
        sample.update("ab", [1, -1])
    with pytest.raises(ValueError, match="one for each of the 2 items"):
        sample.update("ab", [1])
    with pytest.raises(ValueError, match="size must be at least 1"):
        PrioritySample(0)
    with pytest.raises(TypeError, match="only a PrioritySample can be merged"):
        sample.merge(WeightedReservoir(2))
    with pytest.raises(ValueError, match="size must be equal"):
        sample.merge(PrioritySample(3))


# --- Peers ---------------------------------------------------------------------------------------


def test_it_beats_draws_with_replacement_where_a_heavy_item_belongs_to_the_subset():
    """The usual way, k draws in proportion to weight: its variance is exact, ours measured.

    The heavy item is kept for sure and counts its weight; draws with replacement guess it.
    """
    share = (WEIGHTS[0] + WEIGHTS[9]) / WEIGHTS.sum()
    with_replacement = WEIGHTS.sum() ** 2 * share * (1 - share) / 4
    rng = np.random.default_rng(5)
    squares = [drawn(4, rng).deviation(lambda i: i in (0, 9)) ** 2 for _ in range(2000)]
    assert np.mean(squares) < with_replacement / 5
