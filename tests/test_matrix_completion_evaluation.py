"""Ranking metrics and splits by time: facts, theorems, contracts, peers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from course_lib.matrix_completion import (
    ndcg_at_k,
    recall_at_k,
    reciprocal_rank,
    time_split,
    top_items,
)

# --- Facts -----------------------------------------------------------------------------------


def test_a_list_of_four_by_hand():
    """Liked: 2, 5 and 9. The list shows them at places 2 and 4, and 9 not at all."""
    ranked, liked = [7, 2, 4, 5], [9, 5, 2]
    assert recall_at_k(ranked, liked, 1) == 0
    assert recall_at_k(ranked, liked, 2) == pytest.approx(1 / 3)
    assert recall_at_k(ranked, liked, 4) == pytest.approx(2 / 3)
    assert reciprocal_rank(ranked, liked) == 1 / 2
    assert reciprocal_rank(ranked, liked, 1) == 0
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at_k(ranked, liked, 4) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / best
    )
    assert ndcg_at_k(ranked, liked, 2) == pytest.approx(1 / math.log2(3) / (1 + 1 / math.log2(3)))


def test_gains_by_hand():
    """The film worth 3 stands second, the one worth 1 first; the other order is the best."""
    value = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert ndcg_at_k([4, 6], [6, 4], gain=[3, 1]) == pytest.approx(value)
    assert ndcg_at_k([6, 4], [6, 4], gain=[3, 1]) == 1


def test_the_best_list_has_one_and_a_list_without_hits_zero():
    for measure in (recall_at_k, ndcg_at_k, reciprocal_rank):
        assert measure([3, 1, 2], [1, 2, 3], 3) == 1
        assert measure([4, 5, 6], [1, 2, 3], 3) == 0
        assert measure([], [1], 3) == 0
    assert recall_at_k(range(10), range(40)) == 0.25  # ten places cannot hold forty
    assert ndcg_at_k(range(10), range(40)) == 1  # and the best list does no better


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(12)), st.integers(1, 12), st.integers(1, 12))
def test_a_hit_that_moves_up_is_worth_more(items, n_relevant, k):
    relevant = items[:n_relevant]
    rng = np.random.default_rng(n_relevant * 13 + k)
    ranked = rng.permutation(12)
    hits = np.isin(ranked, relevant)
    assert recall_at_k(ranked, relevant, 12) == 1
    assert 0 <= ndcg_at_k(ranked, relevant, k) <= 1 + 1e-12
    swaps = np.flatnonzero(~hits[:-1] & hits[1:])
    if len(swaps):
        better = ranked.copy()
        better[[swaps[0], swaps[0] + 1]] = ranked[[swaps[0] + 1, swaps[0]]]
        assert ndcg_at_k(better, relevant, 12) > ndcg_at_k(ranked, relevant, 12)
        assert reciprocal_rank(better, relevant) >= reciprocal_rank(ranked, relevant)
        assert recall_at_k(better, relevant, k) >= recall_at_k(ranked, relevant, k)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 5), min_size=3, max_size=30), st.data())
def test_top_items_are_those_of_a_stable_sort(scores, data):
    without = data.draw(st.sets(st.integers(0, len(scores) - 1), max_size=len(scores) - 1))
    count = data.draw(st.integers(1, len(scores) - len(without)))
    order = [i for i in sorted(range(len(scores)), key=lambda i: -scores[i]) if i not in without]
    assert top_items(scores, count, without=sorted(without)).tolist() == order[:count]


def test_items_that_are_left_out_do_not_come_back_even_if_all_scores_are_minus_infinity():
    assert top_items([-np.inf, -np.inf, 1.0], 1, without=[2]).tolist() == [0]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=40),
    st.floats(0.05, 0.95),
    st.booleans(),
)
def test_what_is_learned_from_came_before_what_is_asked(records, share, apart):
    when, who = np.array(records).T
    by = who if apart else np.zeros_like(who)
    before, after = time_split(when, share, by=who if apart else None)
    assert sorted([*before, *after]) == list(range(len(when)))
    for person in np.unique(by):
        early, late = (part[by[part] == person] for part in (before, after))
        assert len(early) > 0
        assert len(late) <= share * (len(early) + len(late))
        if len(late):
            assert when[early].max() < when[late].min()
        # One moment more would be more than the share.
        same = np.sum(when[early] == when[early].max())
        assert len(late) + same > math.floor(share * (len(early) + len(late)))


def test_a_split_by_hand():
    when = [5, 1, 4, 2, 3, 3, 9, 8]
    who = [0, 0, 0, 0, 1, 1, 1, 1]
    assert time_split(when, 0.25)[1].tolist() == [7, 6]
    assert time_split(when, 0.5, by=who)[1].tolist() == [2, 0, 7, 6]
    assert time_split(when, 0.8, by=who)[1].tolist() == [3, 2, 0, 7, 6]  # both threes stay before
    assert time_split([1, 1, 1], 0.5)[1].tolist() == []


# --- Theorems --------------------------------------------------------------------------------


def test_a_random_list_has_a_recall_of_k_over_n():
    """Mean over 4,000 lists within 4 standard errors: a false alarm in 16,000 seeds."""
    rng = np.random.default_rng(0)
    values = [recall_at_k(rng.permutation(50)[:10], [1, 4, 9], 10) for _ in range(4000)]
    assert abs(np.mean(values) - 0.2) < 4 * np.std(values) / math.sqrt(len(values))


# --- Contracts -------------------------------------------------------------------------------


def test_arguments_are_not_changed():
    scores = np.array([0.3, 0.1, 0.2])
    ranked, when = np.array([2, 0, 1]), np.array([3, 1, 2])
    copies = scores.copy(), ranked.copy(), when.copy()
    top_items(scores, 1, without=[0])
    ndcg_at_k(ranked, [1, 0], 2, gain=[1, 2])
    time_split(when, 0.5)
    for given_, copy in zip((scores, ranked, when), copies, strict=True):
        np.testing.assert_array_equal(given_, copy)


REFUSED = [
    (lambda: recall_at_k([1, 1], [2]), ValueError, "ranked must not hold an item twice"),
    (lambda: recall_at_k([1], [2, 2]), ValueError, "relevant must not hold an item twice"),
    (lambda: recall_at_k([1], []), ValueError, "relevant must hold at least one item"),
    (lambda: recall_at_k([1.5], [2]), TypeError, "ranked must hold integers"),
    (lambda: recall_at_k([[1]], [2]), ValueError, "ranked must be a list of items"),
    (lambda: recall_at_k([-1], [2]), ValueError, "numbered from zero"),
    (lambda: reciprocal_rank([1], [2], 0), ValueError, "k must be at least 1"),
    (lambda: ndcg_at_k([1], []), ValueError, "relevant must hold at least one item"),
    (lambda: ndcg_at_k([1], [2], gain=[1, 2]), ValueError, "one entry a relevant item"),
    (lambda: ndcg_at_k([1], [2], gain=[-1]), ValueError, "not negative"),
    (lambda: ndcg_at_k([1], [2], gain=[0]), ValueError, "one of them positive"),
    (lambda: top_items([np.nan, 1.0], 1), ValueError, "scores must not be NaN"),
    (lambda: top_items([0.0, 1.0], 2, without=[0]), ValueError, "items left = 1"),
    (lambda: top_items([0.0, 1.0], 1, without=[2]), ValueError, "items must be below 2"),
    (lambda: top_items([[0.0]], 1), ValueError, "one number an item"),
    (lambda: time_split([]), ValueError, "at least one"),
    (lambda: time_split([1.0, np.nan]), ValueError, "must not hold NaN"),
    (lambda: time_split([1, 2], 1.0), ValueError, "share must lie in (0, 1)"),
    (lambda: time_split([1, 2], by=[1]), ValueError, "by must have one entry a record"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error) as refusal:
        call()
    assert words in str(refusal.value)


def test_lists_of_items_are_read_by_place_not_by_label():
    pd = pytest.importorskip("pandas")
    ranked, relevant = pd.Series([7, 2, 5], index=[2, 1, 0]), pd.Series([2, 5, 9], index=[9, 8, 7])
    assert recall_at_k(ranked, relevant, k=2) == 1 / 3
    assert reciprocal_rank(ranked, relevant) == 0.5
    assert ndcg_at_k(ranked, relevant) == ndcg_at_k([7, 2, 5], [2, 5, 9])


def test_lists_that_are_none_are_refused_in_words():
    refused = [
        (lambda: recall_at_k(np.ma.masked_array([1, 2], [0, 1]), [2]), ValueError, "masked"),
        (lambda: reciprocal_rank(None, [2]), TypeError, "ranked must be an array"),
        (lambda: recall_at_k(np.array([2**63], np.uint64), [2]), ValueError, "below 2**63"),
        (lambda: top_items(np.array([1j, 2]), 1), TypeError, "real floating"),
        (lambda: top_items([1.0], 1, without=[2**40]), ValueError, "items must be below 1"),
        (lambda: ndcg_at_k([1], [1], gain=[1j]), TypeError, "real floating"),
        (lambda: time_split(["b", "a"]), TypeError, "real floating"),
        (lambda: time_split(np.array(["NaT"], "datetime64[D]")), ValueError, "must not hold NaN"),
        (lambda: time_split([1, 2], by=[1j, 2]), TypeError, "by must hold integers"),
    ]
    for call, error, words in refused:
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)
    assert ndcg_at_k([1, 2], [1, 2], gain=[1e308, 1e308]) == 1.0
    before, after = time_split(np.array(["2020-01-02", "2020-01-01"], "datetime64[D]"), 0.5)
    assert (before.tolist(), after.tolist()) == ([1], [0])


# --- Peers -----------------------------------------------------------------------------------


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    for k in (1, 3, 10):
        scores, gains = rng.standard_normal(20), rng.integers(0, 4, 20).astype(float)
        relevant = np.flatnonzero(gains)
        ours = ndcg_at_k(top_items(scores, 20), relevant, k, gain=gains[relevant])
        assert ours == pytest.approx(ndcg_score([gains], [scores], k=k), rel=1e-12)


def test_the_reciprocal_rank_of_one_liked_item_is_scikit_learns_average_precision():
    rng = np.random.default_rng(2)
    for liked in range(20):
        scores = rng.standard_normal(20)
        theirs = label_ranking_average_precision_score([np.arange(20) == liked], [scores])
        assert reciprocal_rank(top_items(scores, 20), [liked]) == pytest.approx(theirs, rel=1e-12)
