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


# --- Whatever is done to a counted object counts what it cost, or is refused in a sentence --------


def counted(A=None):
    meter = Meter()
    return CountedMatrix(np.arange(12.0).reshape(4, 3) if A is None else A, meter), meter


@pytest.mark.parametrize(
    ("X", "columns"),
    [
        (np.ones(3), 1),
        (np.ones((3, 0)), 0),
        (np.ones((3, 5), np.int8), 5),
        ([1, 0, 2], 1),
        (sp.csr_array(np.eye(3)), 3),
        (sp.random_array((3, 7), density=0.5, format="coo", rng=1), 7),
        (np.ones((6, 3))[::2].T[:, ::-1], 3),
    ],
    ids=["vector", "empty", "int8", "list", "sparse", "coo", "strided"],
)
@pytest.mark.parametrize("form", ["dense", "csr", "csc", "coo", "dia", "lil"])
def test_a_product_counts_one_for_each_column(X, columns, form):
    dense = np.arange(12.0).reshape(4, 3)
    A, meter = counted(dense if form == "dense" else sp.csr_array(dense).asformat(form))
    product = A @ X
    plain = X.toarray() if sp.issparse(X) else np.asarray(X)
    assert type(product) is np.ndarray
    assert_allclose(product, dense @ plain)
    assert (meter.passes, meter.products) == (1, columns)
    left = A.T.__rmatmul__(X.T if hasattr(X, "T") else X)
    assert_allclose(left, plain.T @ dense.T)
    assert (meter.passes, meter.products) == (2, 2 * columns)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.ones((50, 3, 1)), "vector or a matrix; got shape"),
        (np.ones((2, 3, 4)), "side by side"),
        (2.0, "vector or a matrix"),
        (np.ones(3) * 1j, "real numbers of at most 64 bits; got dtype complex128"),
        (np.ones(3, np.longdouble), "at most 64 bits"),
        (np.array([1, 2, 3], object), "got dtype object"),
        (["a", "b", "c"], "real numbers"),
        (sp.csr_array(np.eye(3) * 1j), "complex"),
    ],
)
def test_a_product_that_would_count_wrong_is_refused(X, words):
    A, meter = counted()
    for side in (lambda: A @ X, lambda: A.T.__rmatmul__(X)):
        with pytest.raises((TypeError, ValueError), match=words):
            side()
    assert meter == Meter()


READINGS = {
    "an index": lambda A: A[0],
    "a slice": lambda A: A[:, :2],
    "rows": lambda A: list(A),
    "sum": lambda A: A.sum(),
    "sum of rows": lambda A: sum(A),
    "dot": lambda A: np.dot(A, np.ones(3)),
    "einsum": lambda A: np.einsum("ij->i", A),
    "a method": lambda A: A.toarray(),
    "stack": lambda A: np.vstack([A, A]),
    "asarray": lambda A: np.asarray(A, dtype=object),
    "in a list": lambda A: np.array([A]),
    "another counted matrix": lambda A: A @ A.T,
    "sparse from the left": lambda A: sp.csr_array(np.eye(4)) @ A,
}


@pytest.mark.parametrize("name", READINGS)
def test_other_readings_of_a_counted_matrix_are_refused_in_a_sentence(name):
    A, meter = counted()
    with pytest.raises((TypeError, AttributeError), match=r"A\.blocks\(size\), which are counted"):
        READINGS[name](A)
    assert meter == Meter()


@pytest.mark.parametrize("use", [np.add, np.matmul, np.exp])
def test_ufuncs_do_not_take_a_counted_matrix(use):
    A, meter = counted()
    with pytest.raises(TypeError):
        use(*[A, np.ones((3, 3))][: use.nin])
    assert meter == Meter()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_counted_matrix_wraps_a_matrix_that_is_there():
    A, _ = counted()
    for other in (A, sp.linalg.aslinearoperator(np.eye(3))):
        with pytest.raises(TypeError, match="A must be an array or a sparse matrix"):
            CountedMatrix(other, Meter())
    assert type(CountedMatrix(np.asmatrix(np.eye(3)), Meter()) @ np.ones(3)) is np.ndarray


def test_half_used_blocks_count_their_rows_and_a_second_reading_counts_again():
    A, meter = counted()
    next(A.blocks(3))
    assert meter.passes == Fraction(3, 4)
    next(A.T.blocks(1))
    assert meter.passes == Fraction(3, 4) + Fraction(1, 3)
    list(A.blocks(3)), list(A.blocks(3))
    assert meter.passes == Fraction(3, 4) + Fraction(1, 3) + 2


def test_a_stream_counts_the_bytes_of_rows_hands_out_copies_and_counts_a_search():
    meter, items = Meter(), np.arange(20.0).reshape(5, 4)
    stream = CountedStream(items, meter)
    for block in stream.blocks(2):
        block[:] = 0
    for row in stream:
        row[:] = 0
    assert items.sum() == 190 and meter.bytes == 2 * items.nbytes
    meter = Meter()
    assert 3 in CountedStream(range(10), meter) and meter.passes == Fraction(4, 10)
    assert list(CountedStream([], meter)) == []


@pytest.mark.parametrize("use", [lambda s: s[0], np.asarray, np.sum, lambda s: list(reversed(s))])
def test_other_readings_of_a_stream_are_refused_in_a_sentence(use):
    meter = Meter()
    with pytest.raises(TypeError, match="in order"):
        use(CountedStream(np.arange(5), meter))
    assert meter == Meter()


@pytest.mark.parametrize("items", [iter([1]), {1, 2}, {1: 2}, sp.csr_array(np.eye(2)), 7])
def test_a_stream_needs_an_order_and_a_length(items):
    with pytest.raises(TypeError, match="items must be an array or a sequence"):
        CountedStream(items, Meter())


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.ones((1, 9, 2)), "two matrices of rows"),
        (np.ones(2), r"write one row x as x\[None\]"),
        (np.ones((9, 1)), "as many columns"),
        (np.ones((9, 2)) * 1j, "two rows that count as one"),
        ([["a", "b"]], "real numbers"),
    ],
)
def test_a_distance_of_what_is_no_matrix_of_rows_is_refused(X, words):
    meter = Meter()
    distance = CountedDistance(lambda X, Y: ((X[:, None] - Y) ** 2).sum(-1), meter)
    for pair in ((X, np.eye(2)), (np.eye(2), X)):
        with pytest.raises((TypeError, ValueError), match=words):
            distance(*pair)
    assert meter == Meter()


def test_a_distance_of_lists_and_of_sparse_rows_counts_pairs():
    meter = Meter()
    gram = CountedDistance(lambda X, Y: X @ Y.T, meter, "kernels")
    assert gram([[1, 2]], [[3, 4], [5, 6]]).tolist() == [[11, 17]]
    gram(sp.csr_array(np.eye(3)), sp.csr_array(np.eye(3)))
    gram(np.ones((0, 2)), np.eye(2))
    assert meter == Meter(kernels=11)
    with pytest.raises(ValueError, match="matrix of all pairs"):
        CountedDistance(lambda X, Y: 0.0, meter)(np.eye(2), np.eye(2))
