"""Input checks: what passes, what is refused, and in which words."""

import fractions

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

from course_lib import _validation as validation
from course_lib.cost import CountedMatrix, Meter

# --- Contracts -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["i8", "u1", "?"])
def test_integers_become_float64(kind):
    assert validation.check_matrix(np.ones((2, 3), kind)).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_not_copied(dtype):
    A = np.ones((2, 3), dtype)
    assert validation.check_matrix(A) is A


def test_half_precision_becomes_single():
    assert validation.check_matrix(np.ones((2, 3), np.float16)).dtype == np.float32


@pytest.mark.parametrize(
    "wrap",
    [
        np.matrix,
        np.ma.masked_array,
        lambda A: A.astype(np.longdouble),
        lambda A: A.astype(">f8"),
        lambda A: A.tolist(),
        lambda A: tuple(map(tuple, A.tolist())),
        lambda A: pytest.importorskip("pandas").DataFrame(A, index=[5, 1]),
    ],
)
def test_values_in_other_clothes_become_an_ordinary_array(wrap):
    A = np.arange(6.0).reshape(2, 3)
    got = validation.check_matrix(wrap(A))
    assert type(got) is np.ndarray and got.dtype == np.float64 and got.dtype.isnative
    assert np.array_equal(got, A)


def test_sparse_integers_become_float64_in_their_format():
    A = validation.check_matrix(sp.csc_array(np.eye(3, dtype=np.int32)))
    assert A.dtype == np.float64 and A.format == "csc"


def test_sparse_and_operators_are_refused_where_entries_are_read():
    with pytest.raises(TypeError, match=r"dense array; got a csr_array, use A\.toarray"):
        validation.check_matrix(sp.csr_array(np.eye(2)), sparse=False)
    with pytest.raises(TypeError, match="entries to read"):
        validation.check_matrix(aslinearoperator(np.eye(2)), operator=False)


@pytest.mark.parametrize("kind", [list, np.array, np.uint8])
def test_indices_become_int64(kind):
    got = validation.check_indices(
        np.array([0, 2], np.uint8) if kind is np.uint8 else kind([0, 2]), "i", 3
    )
    assert got.dtype == np.int64 and got.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("indices", "error", "words"),
    [
        ([-1, 0], ValueError, "i must lie between 0 and 2; got -1"),
        ([0, 3], ValueError, "got 3"),
        ([0.0], TypeError, "must be integers; got float64"),
        ([[0]], ValueError, "must have 1 axes"),
        (np.array([2**63], np.uint64), ValueError, "got 9223372036854775808"),
    ],
)
def test_indices_outside_never_reach_a_kernel(indices, error, words):
    with pytest.raises(error, match=words):
        validation.check_indices(indices, "i", 3)


@pytest.mark.parametrize(
    ("counts", "size", "total"),
    [
        (2**63 + 5, 1, 0),
        (np.uint64(2**63), 1, 0),
        ([2**62, 2**62], 2, 0),
        (2**61, 4, 0),
        (1, 1, 2**62 - 1),
        (-(2**63), 1, 0),
        (2**70, 1, 0),
    ],
)
def test_counts_that_would_leave_int64_are_refused(counts, size, total):
    with pytest.raises(ValueError, match=r"2\*\*62"):
        validation.check_counts(counts, "counts", size, total=total)


def test_counts_become_int64_one_for_each():
    assert validation.check_counts(3, "counts", 2).tolist() == [3, 3]
    assert validation.check_counts(np.array([1, 255], np.uint8), "counts", 2).dtype == np.int64
    assert validation.check_counts([], "counts", 0).shape == (0,)


def test_a_vector_has_one_axis_its_size_and_finite_entries():
    assert validation.check_vector([1, 2], "x", 2).dtype == np.float64
    for x, words in [([[1.0]], "must be a vector"), ([1.0], "2 entries"), ([1, np.nan], "NaN")]:
        with pytest.raises(ValueError, match=words):
            validation.check_vector(x, "x", 2)


def test_a_memory_map_stays_one(tmp_path):
    A = np.memmap(tmp_path / "A", np.float32, "w+", shape=(4, 3))
    assert isinstance(validation.check_matrix(A), np.memmap)


@pytest.mark.parametrize(
    "wrap", [sp.csr_array, aslinearoperator, lambda A: CountedMatrix(A, Meter())]
)
def test_matrices_known_by_products_pass_through(wrap):
    A = wrap(np.eye(3))
    assert validation.check_matrix(A) is A


@pytest.mark.parametrize(
    ("A", "error", "words"),
    [
        (np.ones(3), ValueError, r"two axes; got shape \(3,\)"),
        (np.ones((2, 0)), ValueError, "must not be empty"),
        ([[1.0, 2.0], [3.0]], ValueError, "rows differ"),
        (np.array([["a", None]], object), TypeError, "objects"),
        (np.ones((2, 2), complex), TypeError, "real floating dtype; got complex128"),
        (np.array([["a"]]), TypeError, "real floating dtype"),
        (sp.csr_array(np.ones((2, 2), complex)), TypeError, "real floating dtype; got complex128"),
        (None, TypeError, "array of numbers; got None"),
        ("a word", TypeError, "got a str"),
        ({"A": 1}, TypeError, "got a dict"),
        ((row for row in [[1.0]]), TypeError, "got a generator"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[0, 1]]), ValueError, "masked, and 1 entries are"),
        (np.zeros((2, 2), "datetime64[D]"), TypeError, r"real floating dtype; got datetime64"),
        (np.zeros((2, 2), [("x", float)]), TypeError, "real floating dtype"),
    ],
)
def test_what_is_no_matrix_is_refused(A, error, words):
    with pytest.raises(error, match=words):
        validation.check_matrix(A)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_is_found_in_the_first_product(bad):
    with pytest.raises(ValueError, match="A contains NaN or infinity"):
        validation.check_finite(np.array([[1.0, bad]]) @ np.ones((2, 1)))


def test_finite_entries_whose_sum_overflows_are_finite():
    product = np.full((2, 2), np.finfo(float).max)
    with np.errstate(over="ignore"):
        assert validation.check_finite(product) is product


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0, ValueError, r"rank must be between 1 and min\(m, n\) = 3; got 0"),
        (4, ValueError, r"min\(m, n\) = 3; got 4"),
        (1.5, TypeError, "rank must be an integer; got 1.5"),
        ("2", TypeError, "rank must be an integer"),
        (True, TypeError, "rank must be an integer"),
    ],
)
def test_counts_out_of_range_are_refused(value, error, words):
    with pytest.raises(error, match=words):
        validation.check_count(value, "rank", low=1, high=3, high_name="min(m, n)")


def test_a_count_without_upper_limit_says_so():
    with pytest.raises(ValueError, match="n_iter must be at least 0; got -1"):
        validation.check_count(-1, "n_iter", low=0)
    assert validation.check_count(np.int32(7), "n_iter", low=0) == 7


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, -0.1, 2])
def test_numbers_outside_an_open_interval_are_refused(value):
    with pytest.raises(ValueError, match=r"epsilon must lie in \(0, 1\)"):
        validation.check_number(value, "epsilon", low=0, high=1, open_low=True, open_high=True)


def test_numbers_at_a_closed_end_pass():
    assert validation.check_number(np.float32(1), "q", low=0, high=1) == 1.0
    with pytest.raises(TypeError, match="q must be a number; got 'x'"):
        validation.check_number("x", "q")


@pytest.mark.parametrize("value", [0, 1, 0.0, -0.0, 1.0, -0.1, 2, np.nan, np.inf, -np.inf])
def test_fractions_lie_strictly_between_0_and_1(value):
    with pytest.raises(ValueError, match=rf"^delta must lie in \(0, 1\); got {value:g}\.$"):
        validation.check_fraction(value, "delta")


@pytest.mark.parametrize("value", [True, np.True_, "0.5", None, [0.5], 0.5 + 0j])
def test_what_is_no_fraction_is_refused(value):
    with pytest.raises(TypeError, match=r"^delta must be a number; got "):
        validation.check_fraction(value, "delta")


@pytest.mark.parametrize("value", [5e-324, 0.5, np.float32(0.5), fractions.Fraction(1, 3)])
def test_a_fraction_comes_back_as_a_float(value):
    fraction = validation.check_fraction(value, "delta")
    assert type(fraction) is float and fraction == float(value)
    assert validation.check_fraction(np.nextafter(1.0, 0), "delta") < 1


def test_few_bytes_may_ask_for_little_and_many_for_more():
    validation.check_room(1 << 28, 0, "sketch")
    validation.check_room(1 << 30, 1 << 24, "sketch")
    words = (
        "^a sketch from bytes must take at most 256 MiB of memory or 64 times its bytes, and 100 "
    )
    with pytest.raises(ValueError, match=words):
        validation.check_room(1 << 29, 100, "sketch")


def test_rng_takes_seeds_and_generators_and_refuses_words():
    generator = np.random.default_rng(3)
    assert validation.as_rng(generator) is generator
    assert validation.as_rng(5).random() == np.random.default_rng(5).random()
    with pytest.raises(TypeError, match="rng must be a seed"):
        validation.as_rng("seed")
