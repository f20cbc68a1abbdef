"""Bytes as a field, Reed-Solomon codes, mean times to data loss and copysets."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.cost import Meter, cluster_mttf
from course_lib.storage import (
    POLYNOMIAL,
    ReedSolomon,
    copyset_loss,
    gf256,
    gf_inverse,
    gf_matmul,
    gf_matrix_inverse,
    gf_multiply,
    gf_power,
    mttdl,
    mttdl_approximation,
    permuted_copysets,
    raid5,
    raid6,
    random_copysets,
    simulate_data_loss,
    simulate_power_cuts,
)

YEAR_H = 8766.0
BYTE = st.integers(0, 255)
EVERY = np.arange(256, dtype=np.uint8)
RAID5_8, RAID6_8, THREE = (9, 1), (10, 2), (3, 2)  # units, losses that are survived


def product_by_hand(a, b):
    """The product of two bytes as polynomials, bit by bit."""
    total = 0
    for bit in range(8):
        if b >> bit & 1:
            total ^= a << bit
    for bit in range(14, 7, -1):
        if total >> bit & 1:
            total ^= POLYNOMIAL << (bit - 8)
    return total


def matrices(rows, columns):
    return arrays(np.uint8, (rows, columns), elements=BYTE)


def determinants(parity, rows, columns):
    """One for each of many choices of columns; in this field a sign is nothing."""
    total = np.zeros(len(columns), np.uint8)
    for order in itertools.permutations(range(len(rows))):
        product = np.ones(len(columns), np.uint8)
        for i, row in enumerate(rows):
            product = gf_multiply(product, parity[row][columns[:, order[i]]])
        total ^= product
    return total


def singular_minors(parity):
    """The square submatrices without an inverse, as (rows, columns)."""
    m, k = parity.shape
    found = []
    for size in range(1, min(m, k) + 1):
        columns = np.array(list(itertools.combinations(range(k), size)))
        for rows in itertools.combinations(range(m), size):
            for wrong in columns[determinants(parity, rows, columns) == 0]:
                found.append((rows, tuple(wrong.tolist())))
    return found


def all_fragments(code, data):
    return [*data, *code.encode(data)]


def some_data(k, n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (k, n), dtype=np.uint8)


def generator_mttdl(n, f, mttf, mttr, parallel, number):
    """Solve the equations of the chain: the mean time from i losses, for each i."""
    A = [[number(0)] * (f + 1) for _ in range(f + 1)]
    for i in range(f + 1):
        up = number(n - i) / number(mttf)
        down = number(i if parallel else min(i, 1)) / number(mttr)
        A[i][i] = up + down
        if i < f:
            A[i][i + 1] = -up
        if i:
            A[i][i - 1] = -down
    if number is float:
        return np.linalg.solve(np.array(A), np.ones(f + 1))[0]
    b = [number(1)] * (f + 1)
    for i in range(f, 0, -1):  # from below: Gauss, exactly
        factor = A[i - 1][i] / A[i][i]
        A[i - 1][i - 1] -= factor * A[i][i - 1]
        b[i - 1] -= factor * b[i]
    return b[0] / A[0][0]


# --- Facts: the field ----------------------------------------------------------------------


def test_every_product_is_that_of_polynomials():
    by_hand = [[product_by_hand(a, b) for b in range(256)] for a in range(256)]
    np.testing.assert_array_equal(gf_multiply(EVERY[:, None], EVERY), by_hand)


def test_every_byte_but_zero_has_an_inverse_and_is_a_power_of_two():
    np.testing.assert_array_equal(gf_multiply(gf_inverse(EVERY[1:]), EVERY[1:]), 1)
    assert sorted(gf_power(2, np.arange(255)).tolist()) == list(range(1, 256))


@given(BYTE, st.integers(0, 10))
def test_a_power_is_a_product(a, exponent):
    product = 1
    for _ in range(exponent):
        product = product_by_hand(product, a)
    assert gf_power(a, exponent) == product


def test_a_power_of_nothing_and_a_large_power():
    assert gf_power(0, [0, 1, 255]).tolist() == [1, 0, 0]
    assert gf_power(7, 2**31 - 1) == gf_power(7, (2**31 - 1) % 255)


@given(st.data(), st.integers(1, 5), st.integers(1, 12), st.integers(0, 9))
def test_a_matrix_product_is_a_sum_of_products(data, m, k, n):
    A, B = data.draw(matrices(m, k)), data.draw(matrices(k, n))
    expected = np.bitwise_xor.reduce(gf_multiply(A[:, :, None], B[None]), axis=1)
    np.testing.assert_array_equal(gf_matmul(A, B), expected)


@pytest.mark.parametrize("n", [4095, 4096, 4097, 10_000])
def test_a_matrix_product_of_more_than_a_block(n):
    A, B = some_data(3, 11, 1), some_data(11, n, 2)
    expected = np.bitwise_xor.reduce(gf_multiply(A[:, :, None], B[None]), axis=1)
    np.testing.assert_array_equal(gf_matmul(A, B), expected)
    np.testing.assert_array_equal(gf_matmul(A, np.asfortranarray(B)), expected)


@pytest.mark.parametrize("k", range(1, 9))
def test_the_kernel_is_its_python_text(k):
    A, B = some_data(2, k, 3), some_data(k, 20, 4)
    product = np.empty((2, 20), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gf256, "_three", gf256._three.py_func)
        gf256._multiply_rows.py_func(A, B, product)
    np.testing.assert_array_equal(product, gf_matmul(A, B))


@given(st.data(), st.integers(1, 6))
def test_an_inverse_is_one_or_the_rows_are_dependent(data, n):
    A = data.draw(matrices(n, n))
    try:
        inverse = gf_matrix_inverse(A)
    except ValueError:
        whole = np.arange(n)[None]
        assert n > 4 or determinants(A, range(n), whole)[0] == 0
        return
    np.testing.assert_array_equal(gf_matmul(A, inverse), np.eye(n))
    np.testing.assert_array_equal(gf_matmul(inverse, A), np.eye(n))


def test_an_inverse_needs_an_exchange_of_rows():
    A = np.array([[0, 1], [3, 0]])
    assert gf_matrix_inverse(A).tolist() == [[0, int(gf_inverse(3))], [1, 0]]


# --- Facts: codes --------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.data(), st.integers(1, 8), st.integers(1, 5), st.integers(0, 40))
def test_any_k_fragments_are_enough(data, k, m, n):
    code, message = ReedSolomon(k, m), data.draw(matrices(k, n))
    fragments = all_fragments(code, message)
    kept = data.draw(st.lists(st.integers(0, k + m - 1), min_size=k, unique=True))
    meter = Meter()
    survivors = {i: fragments[i] for i in kept}
    np.testing.assert_array_equal(code.decode(survivors, meter=meter), message)
    assert meter.bytes == k * n
    for lost in range(k + m):
        np.testing.assert_array_equal(code.rebuild(survivors, lost), fragments[lost])
    assert list(survivors) == kept  # nothing was taken out


def test_all_129_losses_of_the_code_of_hadoop():
    code, data = ReedSolomon(6, 3), some_data(6, 50)
    fragments, patterns = all_fragments(code, data), 0
    for size in (1, 2, 3):
        for lost in itertools.combinations(range(9), size):
            left = {i: fragments[i] for i in range(9) if i not in lost}
            np.testing.assert_array_equal(code.decode(left), data)
            patterns += 1
    assert patterns == 129


def test_the_largest_codes():
    for code in (ReedSolomon(253, 3), ReedSolomon(1, 255), raid5(255), raid6(254)):
        data = some_data(code.n_data, 3)
        fragments = dict(enumerate(all_fragments(code, data)))
        for lost in range(code.n_parity):
            del fragments[lost]
            if len(fragments) == code.n_data:
                break
        np.testing.assert_array_equal(code.decode(fragments), data)


def test_raid_has_the_parities_of_its_name():
    data = some_data(5, 10)
    P, Q = raid6(5).encode(data)
    np.testing.assert_array_equal(P, np.bitwise_xor.reduce(data))
    np.testing.assert_array_equal(raid5(5).encode(data), [P])
    horner = np.zeros(10, np.uint8)
    for row in data[::-1]:
        horner = gf_multiply(horner, 2) ^ row
    np.testing.assert_array_equal(Q, horner)


def test_copies_are_a_code():
    code = ReedSolomon(1, 2, rows="powers")
    np.testing.assert_array_equal(code.encode([[1, 2]]), [[1, 2], [1, 2]])


@given(st.data(), st.integers(1, 6), st.integers(1, 4), st.sampled_from(["cauchy", "powers"]))
def test_a_small_write_is_as_good_as_a_new_encoding(data, k, m, rows):
    code, before = ReedSolomon(k, m, rows=rows), data.draw(matrices(k, 5))
    index, after = data.draw(st.integers(0, k - 1)), before.copy()
    after[index] = data.draw(arrays(np.uint8, 5, elements=BYTE))
    meter, parity = Meter(), code.encode(before)
    update = code.update(parity, index, before[index], after[index], meter=meter)
    np.testing.assert_array_equal(update.parity, code.encode(after))
    assert (update.reads, update.writes) == (1 + m, 1 + m)
    assert meter.bytes == (1 + m) * 5
    np.testing.assert_array_equal(parity, code.encode(before))


def test_a_small_write_costs_4_and_6():
    for code, total in ((raid5(8), 4), (raid6(8), 6)):
        parity = np.zeros((code.n_parity, 3), np.uint8)
        update = code.update(parity, 2, bytes(3), b"new")
        assert update.reads + update.writes == total


@given(st.binary(max_size=40), st.integers(1, 9))
def test_a_message_is_cut_and_filled_up(message, k):
    data = ReedSolomon(k, 1).split(message)
    assert data.shape == (k, math.ceil(len(message) / k))
    assert data.tobytes() == message + bytes(data.size - len(message))


# --- Theorems: which codes repair everything -------------------------------------------------


@pytest.mark.parametrize(("k", "m"), [(6, 3), (10, 4), (6, 5), (12, 4), (22, 4), (4, 8)])
def test_every_minor_of_a_cauchy_matrix_is_invertible(k, m):
    assert singular_minors(ReedSolomon(k, m).parity_rows) == []


@pytest.mark.parametrize(("m", "first"), [(4, 22), (5, 6), (6, 5)])
def test_powers_repair_everything_up_to_a_size(m, first):
    """The limits that the comments of ISA-L list."""
    assert singular_minors(ReedSolomon(first - 1, m, rows="powers").parity_rows) == []
    assert singular_minors(ReedSolomon(first, m, rows="powers").parity_rows) != []


def test_three_rows_of_powers_repair_everything_whatever_k():
    """All 2,731,135 minors of three columns, and all of two, for the largest code."""
    parity = ReedSolomon(253, 3, rows="powers").parity_rows
    assert parity.all()
    pairs = np.array(list(itertools.combinations(range(253), 2)))
    for rows in itertools.combinations(range(3), 2):
        assert determinants(parity, rows, pairs).all()
    j = pairs[:, 1]
    for third in range(2, 253):
        below = pairs[j < third]
        columns = np.column_stack([below, np.full(len(below), third)])
        assert determinants(parity, (0, 1, 2), columns).all()


def test_the_error_of_the_tutorial_of_1997():
    """Rows j**i with j = 1, 2, 3: 1 + 2 + 3 = 0, so four parities of three cannot be any."""
    parity = gf_power(np.arange(1, 4), np.arange(4)[:, None])
    assert singular_minors(parity[:3]) == []
    assert singular_minors(parity) == [((0, 1, 3), (0, 1, 2))]


def test_what_cannot_be_repaired_is_refused_and_is_what_the_minors_say():
    """Of 462 losses of five, the powers of (6, 5) do not repair two."""
    code, data = ReedSolomon(6, 5, rows="powers"), some_data(6, 4)
    fragments, refused = all_fragments(code, data), set()
    for lost in itertools.combinations(range(11), 5):
        left = {i: fragments[i] for i in range(11) if i not in lost}
        try:
            np.testing.assert_array_equal(code.decode(left), data)
        except ValueError as error:
            assert "must determine the data" in str(error)
            refused.add(lost)
    predicted = set()
    for rows, columns in singular_minors(code.parity_rows):
        if len(rows) + (5 - len(columns)) == 5:  # these columns lost, and the other parities
            others = tuple(6 + row for row in range(5) if row not in rows)
            predicted.add(columns + others)
    assert refused == predicted == {(0, 2, 5, 7, 8), (0, 3, 5, 8, 9)}


def test_with_a_fragment_more_another_parity_is_taken():
    code, data = ReedSolomon(6, 5, rows="powers"), some_data(6, 4)
    fragments = all_fragments(code, data)
    left = {i: fragments[i] for i in range(11) if i not in (0, 2, 5, 7)}  # 8 is there too
    np.testing.assert_array_equal(code.decode(left), data)


# --- Theorems: how long data live ------------------------------------------------------------


@given(
    st.integers(1, 14),
    st.integers(0, 5),
    st.integers(1, 10**6),
    st.integers(1, 10**4),
    st.booleans(),
)
def test_mttdl_is_exact(n, f, mttf, mttr, parallel):
    f = min(f, n - 1)
    exact = generator_mttdl(n, f, mttf, mttr, parallel, Fraction)
    assert mttdl(n, f, mttf, mttr, parallel=parallel) == pytest.approx(float(exact), rel=1e-13)
    below = mttdl_approximation(n, f, mttf, mttr, parallel=parallel)
    assert below <= float(exact) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("units", "years"),
    [(RAID5_8, 6.6e4), (THREE, 6.6e10), ((9, 3), 1.6e13), ((14, 4), 3.4e16)],
)
def test_the_table_of_the_chapter(units, years):
    exact = mttdl(*units, 1e6, 24.0)
    assert exact / YEAR_H == pytest.approx(years, rel=0.03)
    assert mttdl_approximation(*units, 1e6, 24.0) == pytest.approx(exact, rel=2e-3)


def test_linear_equations_in_floats_are_a_trap():
    exact = float(generator_mttdl(14, 4, 10**6, 24, True, Fraction))
    assert abs(mttdl(14, 4, 1e6, 24.0) / exact - 1) < 1e-14
    assert abs(generator_mttdl(14, 4, 10**6, 24, True, float) / exact - 1) > 1e-3


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize(("n", "f"), [(3, 2), (9, 3), (5, 1), (4, 0)])
def test_simulated_lives_agree(n, f, parallel):
    """Off by 4.5 standard errors with chance 7e-6 in one of eight; the seed is fixed."""
    lives = simulate_data_loss(n, f, 100.0, 20.0, 4000, parallel=parallel, rng=1)
    exact = mttdl(n, f, 100.0, 20.0, parallel=parallel)
    assert abs(lives.mean() - exact) < 4.5 * lives.std() / 4000**0.5


@pytest.mark.parametrize("shape", [0.7, 1.0, 3.0])
def test_without_repair_the_first_failure_loses_the_data(shape):
    lives = simulate_data_loss(6, 0, 100.0, 1.0, 4000, shape=shape, rng=2)
    exact = cluster_mttf(100.0, 6, shape=shape)
    assert abs(lives.mean() - exact) < 4.5 * lives.std() / 4000**0.5


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_unreadable_sectors_shorten_lives(p):
    """One loss survived: T0 = 1/a + (1 - p) T1, and T1 = 1/(b + r) + r/(b + r) T0."""
    n, mttf, mttr = 5, 100.0, 10.0
    a, b, r = n / mttf, (n - 1) / mttf, 1 / mttr
    T0 = (1 / a + (1 - p) / (b + r)) / (1 - (1 - p) * r / (b + r))
    lives = simulate_data_loss(n, 1, mttf, mttr, 4000, unreadable=p, rng=3)
    assert abs(lives.mean() - T0) < 4.5 * lives.std() / 4000**0.5


def test_lives_that_are_not_exponential_make_the_formula_too_long():
    """Shape 0.5: many fail young, 4 times too long. Shape 30: all fail at one age, 18 times."""
    young = simulate_data_loss(9, 1, 100.0, 1.0, 1000, shape=0.5, rng=4)
    assert young.mean() < 0.4 * mttdl(9, 1, 100.0, 1.0)
    old = simulate_data_loss(9, 3, 100.0, 5.0, 1000, shape=30.0, rng=4)
    assert old.mean() < 0.1 * mttdl(9, 3, 100.0, 5.0)


# --- Theorems: copysets ----------------------------------------------------------------------


def test_the_numbers_of_the_paper():
    """5,000 machines, of which 1% do not come back, 8,000 copies on each."""
    assert copyset_loss(5000, 50, 8000 * 5000 // 3) == pytest.approx(0.999996, abs=3e-6)
    assert copyset_loss(5000, 50, 5000 // 3) == pytest.approx(0.00157, abs=1e-5)


def test_disjoint_sets_by_inclusion_and_exclusion():
    n, F, R = 60, 12, 3
    S = n // R
    exact = sum(
        (-1) ** (j + 1) * math.comb(S, j) * math.comb(n - j * R, F - j * R) / math.comb(n, F)
        for j in range(1, F // R + 1)
    )
    assert 0.95 * exact < copyset_loss(n, F, S) < exact
    lost = simulate_power_cuts(permuted_copysets(n, rng=0), n, F, 20_000, rng=1)
    share = (lost > 0).mean()
    assert abs(share - exact) < 4.5 * math.sqrt(exact * (1 - exact) / 20_000)  # chance 7e-6


def test_placement_changes_how_often_and_not_how_much():
    n, F, n_chunks = 60, 12, 2000
    p = math.comb(F, 3) / math.comb(n, 3)
    everywhere = random_copysets(n, n_chunks, rng=0)
    few = permuted_copysets(n, rng=1)[np.random.default_rng(2).integers(20, size=n_chunks)]
    for sets in (everywhere, few):
        lost = simulate_power_cuts(sets, n, F, 4000, rng=3)
        assert abs(lost.mean() - n_chunks * p) < 4.5 * lost.std() / 4000**0.5
    often, rarely = (simulate_power_cuts(s, n, F, 1000, rng=4) > 0 for s in (everywhere, few))
    assert often.mean() > 0.99
    assert rarely.mean() < 0.35


def test_random_copysets_are_uniform_and_of_different_machines():
    """Chi-square of 20 sets of three of six: above 52 with chance 7e-5."""
    sets = np.sort(random_copysets(6, 20_000, rng=5), axis=1)
    assert (np.diff(sets) > 0).all()
    _, counts = np.unique(sets, axis=0, return_counts=True)
    assert len(counts) == 20
    assert ((counts - 1000) ** 2 / 1000).sum() < 52


def test_permuted_copysets_use_each_machine_once_a_permutation():
    sets = permuted_copysets(11, copies=3, permutations=4, rng=6)
    assert sets.shape == (12, 3)
    for block in sets.reshape(4, 9):
        assert len(set(block.tolist())) == 9


def test_losses_at_the_ends():
    assert copyset_loss(10, 2, 100) == 0.0
    assert copyset_loss(10, 10, 1) == 1.0
    assert copyset_loss(10, 10, 0) == 0.0
    assert copyset_loss(10**6, 3, 1) == pytest.approx(1 / math.comb(10**6, 3), rel=1e-12)


# --- Contracts -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_answer():
    for function in (
        lambda: random_copysets(50, 100, rng=9),
        lambda: permuted_copysets(50, rng=9),
        lambda: simulate_data_loss(5, 1, 10.0, 1.0, 50, rng=9),
        lambda: simulate_power_cuts([[0, 1]], 5, 3, 50, rng=9),
    ):
        np.testing.assert_array_equal(function(), function())


def test_bytes_serve_as_arrays_do_and_stay_as_they_are():
    code, data = ReedSolomon(2, 2), [[1, 2], [3, 4]]
    parity = code.encode(data)
    assert code.encode(np.array(data, np.int64)).tolist() == parity.tolist()
    fragments = {2: parity[0].tobytes(), 3: bytearray(parity[1].tobytes())}
    assert code.decode(fragments).tolist() == data


def test_wrong_arguments_are_refused_in_a_sentence():
    code = ReedSolomon(3, 2)
    parity = code.encode(some_data(3, 4))
    for words, call in {
        "n_parity must be between 1 and 256 - n_data = 56": lambda: ReedSolomon(200, 57),
        "rows must be 'cauchy' or 'powers'": lambda: ReedSolomon(3, 2, rows="vandermonde"),
        "data must have 3 rows": lambda: code.encode([[1], [2]]),
        "fragments must be at least 3": lambda: code.decode({0: b"a", 1: b"b"}),
        "fragments must have one length": lambda: code.decode({0: b"a", 1: b"b", 2: b"cc"}),
        "an index must be between 0 and k": lambda: code.decode({0: b"a", 1: b"b", 5: b"c"}),
        "lost must be between": lambda: code.rebuild({0: b"a", 1: b"b", 2: b"c"}, 5),
        "so many hold the data; got 1": lambda: code.rebuild({0: b"a"}, 2),
        "old, new and each of 2 rows": lambda: code.update(parity, 0, b"abcd", b"abc"),
        "index must be between 0 and k - 1": lambda: code.update(parity, 3, b"abcd", b"abcd"),
        "a must lie between 0 and 255; got 256": lambda: gf_multiply(256, 1),
        "a must not be 0": lambda: gf_inverse([1, 0]),
        "A must be square": lambda: gf_matrix_inverse([[1, 2]]),
        "B must have as many rows": lambda: gf_matmul([[1, 2]], [[1]]),
        "n_tolerated must be between 0 and n_units - 1": lambda: mttdl(3, 3, 1.0, 1.0),
        "mttdl must have a finite answer": lambda: mttdl(100, 90, 1e9, 1e-9),
        "n_lives must leave a simulation": lambda: simulate_data_loss(9, 3, 1e6, 24.0, 10),
        "n_failed must be between": lambda: copyset_loss(5, 6, 1),
        "sets must lie between 0 and 4": lambda: simulate_power_cuts([[5, 0]], 5, 1, 1),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="fragments must be a dict"):
        code.decode([b"a", b"b", b"c"])
    with pytest.raises(TypeError, match="data must hold bytes"):
        code.encode(np.ones((3, 2)))


# --- Peers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "m", "engine", "rows"),
    [
        (6, 3, "isa_l_rs_cauchy", "cauchy"),
        (10, 4, "isa_l_rs_cauchy", "cauchy"),
        (6, 5, "isa_l_rs_vand", "powers"),
    ],
)
def test_the_parity_is_that_of_isa_l_to_the_byte(k, m, engine, rows):
    ec_iface = pytest.importorskip("pyeclib.ec_iface")
    driver = ec_iface.ECDriver(k=k, m=m, ec_type=engine)
    data = some_data(k, 640)
    theirs = [fragment[-640:] for fragment in driver.encode(data.tobytes())]  # after a header
    assert theirs == [row.tobytes() for row in all_fragments(ReedSolomon(k, m, rows=rows), data)]


def test_isa_l_fails_where_the_minors_say():
    ec_iface = pytest.importorskip("pyeclib.ec_iface")
    driver = ec_iface.ECDriver(k=6, m=5, ec_type="isa_l_rs_vand")
    data = some_data(6, 32).tobytes()
    fragments, failed = driver.encode(data), []
    for lost in itertools.combinations(range(11), 5):
        try:
            assert driver.decode([fragments[i] for i in range(11) if i not in lost]) == data
        except ec_iface.ECDriverError:
            failed.append(lost)
    assert failed == [(0, 2, 5, 7, 8), (0, 3, 5, 8, 9)]
    assert driver.fragments_needed([0])[:1] == [1]


def test_zfec_repairs_what_we_repair():
    zfec = pytest.importorskip("zfec")
    data = some_data(6, 100)
    rows = [row.tobytes() for row in data]
    theirs = zfec.Encoder(6, 9).encode(rows)
    ours = [row.tobytes() for row in all_fragments(ReedSolomon(6, 3), data)]
    assert theirs[:6] == ours[:6]  # both keep the data as they are
    for lost in itertools.combinations(range(9), 3):
        left = [i for i in range(9) if i not in lost]
        assert zfec.Decoder(6, 9).decode([theirs[i] for i in left], left) == rows
        assert ReedSolomon(6, 3).decode({i: ours[i] for i in left}).tolist() == data.tolist()
