"""Shared work: blocks in one thread, in several, on a cluster; one answer, counted messages."""

import itertools
import time
from types import SimpleNamespace

import numpy as np
import pytest
from distributed import Client
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import _team
from course_lib._team import Team
from course_lib.cost import Meter


@pytest.fixture(scope="module")
def client():
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        yield one


def shifted(block, own, shift):
    return block + own + shift


def gradient(block, w):
    return block.T @ (block @ w), len(block)


# --- Facts: true for every input ----------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_sum_over_blocks_is_the_sum_over_rows(rng, count):
    X, w = rng.standard_normal((60, 4)), rng.standard_normal(4)
    total, rows = Team(np.array_split(X, count)).sum(gradient, w)
    assert_allclose(total, X.T @ (X @ w), rtol=1e-12)
    assert rows == 60


@pytest.mark.parametrize("count", [1, 3])
def test_mapped_blocks_come_back_in_their_order(rng, count):
    X, own = rng.standard_normal((12, 2)), rng.standard_normal((12, 2))
    edges = np.linspace(0, 12, count + 1).astype(int)
    team = Team([X[a:b] for a, b in itertools.pairwise(edges)], edges)
    assert_array_equal(team.map(shifted, own, 3.0), X + own + 3.0)


def test_cuts_balance_entries_and_leave_no_range_empty(rng):
    indptr = np.r_[0, np.cumsum(rng.integers(0, 50, 200))]
    edges = _team.cuts(indptr, 7)
    assert np.ptp(np.diff(indptr[edges])) <= 100
    skewed = np.r_[0, 0, 0, 1000, 1000, 1000]
    for count in (1, 2, 4, 5):
        assert np.all(np.diff(_team.cuts(skewed, count)) >= 1)
        assert _team.cuts(skewed, count)[[0, -1]].tolist() == [0, 5]


# --- Contracts ----------------------------------------------------------------------------------


def test_a_cluster_gives_the_same_bits_and_is_charged_the_same(rng, client):
    X, w = rng.standard_normal((60, 4)), rng.standard_normal(4)
    blocks, edges, here, there = np.array_split(X, 3), [0, 20, 40, 60], Meter(), Meter()
    alone, shared = Team(blocks, edges, meter=here), Team(blocks, edges, client, there)
    assert_array_equal(shared.sum(gradient, w)[0], alone.sum(gradient, w)[0])
    assert_array_equal(shared.map(shifted, X, 1.0), alone.map(shifted, X, 1.0))
    # Out go w to each, then a number to each; back come a vector and a count, then all rows.
    sent = 3 * 4 * 8 + 3 * (4 * 8 + 8) + 3 * 8 + 60 * 4 * 8
    assert here == there == Meter(messages=12, sent_bytes=sent, rounds=4)


def aligned(block):
    return np.array([block.rows.flags.aligned, block.labels.flags.aligned], int)


def test_blocks_lie_aligned_in_the_memory_of_another_process(rng):
    """What a message brings begins at any byte; a block that is used again and again must not."""
    sizes = (50, 51, 52)
    blocks = [SimpleNamespace(rows=rng.random((n, 3)), labels=np.ones(n)) for n in sizes]
    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        assert_array_equal(Team(blocks, client=client).sum(aligned), [3, 3])


def test_the_sum_does_not_depend_on_who_is_ready_first(rng):
    terms = rng.standard_normal(4) * 10.0 ** np.arange(0, 16, 4)

    def late(block):
        time.sleep(0.02 * (4 - block))
        return terms[block]

    assert Team(range(4)).sum(late) == terms[0] + terms[1] + terms[2] + terms[3]
