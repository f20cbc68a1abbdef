"""Counters: what is counted, that it is counted exactly, and that nothing goes uncounted."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from course_lib.cost import (
    Blob,
    CountedDistance,
    CountedMatrix,
    CountedStream,
    Meter,
    growth_exponent,
    size_bytes,
)

sizes = st.integers(1, 40)

# --- Facts: true for every input ---------------------------------------------------------


@given(sizes, st.integers(1, 50))
def test_one_reading_in_blocks_is_exactly_one_pass(m, size):
    meter = Meter()
    blocks = list(CountedMatrix(np.ones((m, 3)), meter).blocks(size))
    assert meter.passes == 1
    assert meter.bytes == pytest.approx(24 * m, abs=len(blocks))
    assert sum(len(block) for block in blocks) == m


@given(sizes)
def test_one_reading_of_a_stream_is_exactly_one_pass(n):
    meter = Meter()
    assert list(CountedStream(np.arange(n), meter)) == list(range(n))
    assert meter == Meter(passes=Fraction(1), bytes=8 * n)


@given(sizes, sizes, st.integers(1, 5))
def test_a_product_is_one_pass_and_one_product_a_column(m, n, columns):
    meter = Meter()
    A = CountedMatrix(np.ones((m, n)), meter)
    assert_array_equal(A @ np.ones((n, columns)), np.full((m, columns), n))
    assert_array_equal(A.T @ np.ones(m), np.full(n, m))
    assert_array_equal(np.ones((2, m)) @ A, np.full((2, n), m))
    assert (meter.passes, meter.products) == (3, columns + 3)


@given(st.floats(-1, 3), st.floats(0.1, 10))
def test_growth_exponent_recovers_a_power(exponent, constant):
    n = np.array([100, 200, 400])
    assert_allclose(growth_exponent(n, constant * n**exponent), exponent, atol=1e-9)


# --- Contracts ---------------------------------------------------------------------------


def test_half_a_stream_is_half_a_pass():
    meter = Meter()
    stream = iter(CountedStream(range(10), meter))
    for _ in range(5):
        next(stream)
    assert meter.passes == Fraction(1, 2)


def test_sparse_matrices_count_the_bytes_they_store():
    meter = Meter()
    A = sp.csr_array(np.eye(4, dtype=np.float32))
    CountedMatrix(A, meter) @ np.ones(4, np.float32)
    assert meter.bytes == A.data.nbytes + A.indices.nbytes + A.indptr.nbytes


def test_a_block_is_a_copy():
    A = np.ones((3, 2))
    next(CountedMatrix(A, Meter()).blocks(3))[:] = 0
    assert A.all()


def test_copying_uncounted_is_refused():
    A = CountedMatrix(np.eye(2), Meter())
    with pytest.raises(TypeError, match=r"A @ X, A.T @ Y or A.blocks"):
        np.asarray(A)
    with pytest.raises(TypeError):
        np.linalg.norm(A)
    with pytest.raises(TypeError):
        A + np.eye(2)


def test_distances_and_kernels_count_pairs():
    meter = Meter()
    X = np.eye(3)
    assert_array_equal(CountedDistance(cdist, meter)(X, X[:2]), cdist(X, X[:2]))
    CountedDistance(lambda X, Y: X @ Y.T, meter, "kernels")(X, X)
    assert meter == Meter(distances=6, kernels=9)
    with pytest.raises(ValueError, match="counter must be"):
        CountedDistance(cdist, meter, "passes")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (None, 0),
        (7, 8),
        (2.5, 8),
        (True, 8),
        (Fraction(1, 3), 8),
        (np.float32(1), 4),
        ("naïve", 6),
        (b"abc", 3),
        (np.zeros((3, 2), np.float32), 24),
        (np.array(["ab", None], dtype=object), 2),
        (Blob(1000), 1000),
        ((), 0),
        (("get", 5, [1.0, {"k": np.int8(1)}]), 3 + 8 + 8 + 1 + 1),
        ({1, 2, 3}, 24),
    ],
)
def test_the_size_of_a_message_is_that_of_its_parts(message, expected):
    assert size_bytes(message) == expected


@pytest.mark.parametrize("message", [object(), 1j, [print], {"k": iter("")}])
def test_what_has_no_size_is_not_sent(message):
    with pytest.raises(TypeError, match="a message must be made of numbers, text"):
        size_bytes(message)


def test_reset_starts_again():
    meter = Meter(passes=Fraction(3), messages=2, sent_bytes=5)
    meter.reset()
    assert meter == Meter()


@pytest.mark.parametrize(
    ("n", "costs", "words"),
    [
        ([1, 2], [1.0], "one length"),
        ([1, 2], [0.0, 1.0], "must be positive"),
        ([1, 2], [np.nan, 1.0], "must be positive"),
        ([2, 2], [1.0, 1.0], "two different values"),
        ([], [], "two different values"),
    ],
)
def test_growth_exponent_refuses_what_it_cannot_fit(n, costs, words):
    with pytest.raises(ValueError, match=words):
        growth_exponent(n, costs)


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_block_size_must_be_a_positive_count(size):
    with pytest.raises((ValueError, TypeError), match="size must be"):
        next(CountedMatrix(np.eye(2), Meter()).blocks(size))
    with pytest.raises((ValueError, TypeError), match="size must be"):
        next(CountedStream([1], Meter()).blocks(size))
