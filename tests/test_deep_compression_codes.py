"""Codes of `course_lib.deep_compression`: indices, Huffman, Golomb, and the context coder.

Nothing fails by chance but the means over draws, which are allowed four standard errors.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from course_lib import deep_compression as dc
from course_lib.deep_compression import coder
from tests.kernels import as_python

seeds = st.integers(0, 2**32 - 1)
counted = st.lists(st.integers(0, 1000), min_size=1, max_size=40)


@st.composite
def layers(draw):
    """A row of symbols: empty, full, or with gaps of any size."""
    density = draw(st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
    rng = np.random.default_rng(draw(seeds))
    size = draw(st.integers(0, 400))
    return rng.integers(1, 9, size) * (rng.random(size) < density)


def average(counts, lengths):
    return float(np.dot(counts, lengths)) / max(1, sum(counts))


# --- Facts: positions ------------------------------------------------------------------------


@given(layers(), st.integers(1, 16))
def test_positions_come_back_and_fillers_are_counted(symbols, bits):
    gaps, values = dc.relative_index(symbols, bits)
    assert_array_equal(dc.from_relative_index(gaps, values, len(symbols)), symbols)
    assert len(gaps) == 0 or gaps.max() < 2**bits
    places = np.flatnonzero(symbols)
    differences = np.diff(np.concatenate([[-1], places]))
    assert dc.filler_count(symbols, bits) == sum((int(d) - 1) // 2**bits for d in differences)
    assert np.count_nonzero(values == 0) == dc.filler_count(symbols, bits)
    assert len(values) == len(places) + dc.filler_count(symbols, bits)


@pytest.mark.parametrize("bits", [1, 3, 5])
def test_differences_at_the_edge(bits):
    """A difference of a multiple of 2**b takes one filler less than the next."""
    for k in (1, 2, 3):
        for extra, fillers in ((0, k - 1), (1, k)):
            symbols = np.zeros(k * 2**bits + extra, int)
            symbols[-1] = 1
            assert dc.filler_count(symbols, bits) == fillers
            assert_array_equal(dc.relative_index(symbols, bits).gaps[:fillers], 2**bits - 1)


@pytest.mark.parametrize(("density", "bits"), [(0.04, 3), (0.1, 4), (0.3, 2)])
def test_fillers_of_a_coin_are_as_expected(density, bits):
    rng = np.random.default_rng(1)
    found = np.array(
        [
            [dc.filler_count(row, bits), row.sum()]
            for row in (rng.random((300, 3000)) < density).astype(int)
        ]
    )
    rate = found[:, 0].sum() / found[:, 1].sum()
    spread = (found[:, 0] - rate * found[:, 1]).std() / found[:, 1].mean() / math.sqrt(300)
    expected = dc.expected_fillers(density, bits)
    assert abs(rate - expected) <= 4 * spread + 2 / (3000 * density)  # the last gap is cut


def test_fillers_are_more_where_positions_cluster():
    rng = np.random.default_rng(2)
    rows = np.repeat(rng.random(500) < 0.1, 40) & (rng.random(20_000) < 0.8)
    density = rows.mean()
    rate = dc.filler_count(rows.astype(int), 5) / rows.sum()
    assert rate > 4 * dc.expected_fillers(density, 5)


# --- Facts: Huffman --------------------------------------------------------------------------


@given(counted)
def test_the_kraft_sum_is_one_and_words_are_no_beginnings(counts):
    lengths = dc.huffman_lengths(counts)
    present = np.flatnonzero(counts)
    assert_array_equal(lengths > 0, np.array(counts) > 0)
    assert dc.kraft_sum(lengths) == (1 if len(present) > 1 else len(present) / 2)
    codes = dc.canonical_codes(lengths)
    words = [f"{codes[i]:0{lengths[i]}b}" for i in present]
    assert not any(b.startswith(a) for a, b in itertools.permutations(words, 2))
    in_order = sorted(zip(lengths[present], present, words, strict=True))
    padded = [word.ljust(60, "0") for *_, word in in_order]
    assert padded == sorted(padded)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=6))
def test_no_prefix_code_is_shorter(counts):
    """All lengths with a Kraft sum of at most 1 are tried."""
    n = len(counts)
    ours = int(np.dot(counts, dc.huffman_lengths(counts)))
    best = min(
        int(np.dot(sorted(counts, reverse=True), lengths))
        for lengths in itertools.combinations_with_replacement(range(1, n), n)
        if sum(2.0**-k for k in lengths) <= 1
    )
    assert ours == (best if n > 1 else counts[0])


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_bits_lie_between_entropy_and_gallagers_bound(counts):
    length = average(counts, dc.huffman_lengths(counts))
    assert dc.entropy(counts) - 1e-9 <= length
    if np.count_nonzero(counts) > 1:
        assert length <= dc.gallager_bound(counts) + 1e-9


def test_gallagers_constant_and_where_huffman_does_not_help():
    assert dc.gallager_bound([1, 1]) == pytest.approx(1 + 0.5 + 0.0861, abs=1e-4)
    counts = [76, 10, 6, 4, 3, 1]  # one symbol has 76%
    assert average(counts, dc.huffman_lengths(counts)) > 1.1 * dc.entropy(counts)


def test_the_longest_code_is_fibonaccis():
    counts = [1, 1]
    while len(counts) < 40:
        counts.append(counts[-1] + counts[-2])
    assert dc.huffman_lengths(counts).max() == 39


@given(st.lists(st.integers(0, 20), max_size=300))
def test_symbols_come_back(symbols):
    lengths = dc.huffman_lengths(np.bincount(symbols, minlength=21))
    data = dc.huffman_encode(symbols, lengths)
    assert len(data) == (int(lengths[symbols].sum()) + 7) // 8 if symbols else data == b""
    assert_array_equal(dc.huffman_decode(data, lengths, len(symbols)), symbols)


def test_one_symbol_has_one_bit():
    lengths = dc.huffman_lengths([0, 7, 0])
    assert_array_equal(lengths, [0, 1, 0])
    data = dc.huffman_encode([1] * 9, lengths)
    assert len(data) == 2
    assert_array_equal(dc.huffman_decode(data, lengths, 9), [1] * 9)


# --- Facts: Golomb ---------------------------------------------------------------------------


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1, 70))
def test_golomb_codes_come_back_in_their_lengths(values, m):
    data = dc.golomb_encode(values, m)
    lengths = dc.golomb_lengths(values, m)
    assert len(data) == (int(lengths.sum()) + 7) // 8
    assert_array_equal(dc.golomb_decode(data, m, len(values)), values)
    for value, length in zip(values, lengths, strict=True):
        bits = (m - 1).bit_length()
        assert length == value // m + 1 + (bits - 1 if value % m < 2**bits - m else bits)


@given(st.floats(0.01, 0.95))
def test_the_best_parameter_is_the_best(density):
    best = dc.golomb_parameter(density)
    expected = [dc.golomb_expected_bits(density, m) for m in range(1, best + 40)]
    assert dc.golomb_expected_bits(density) <= min(expected) + 1e-12
    q = 1 - density
    assert q**best + q ** (best + 1) <= 1 + 1e-9
    assert best == 1 or q ** (best - 1) + q**best > 1 - 1e-9


@given(st.floats(0.02, 0.9), st.integers(1, 40))
def test_expected_bits_are_the_sum_over_all_gaps(density, m):
    gaps = np.arange(5000)
    chances = density * (1 - density) ** gaps
    lengths = dc.golomb_lengths(gaps, m)
    assert dc.golomb_expected_bits(density, m) == pytest.approx(chances @ lengths, rel=1e-6)


@given(st.floats(0.001, 0.9), st.integers(0, 8))
def test_the_coin_is_cheaper_than_golomb(density, value_bits):
    """And Golomb, with values, than differences whose fillers are told by a value of their own."""
    assert dc.coin_bits(density) <= dc.golomb_expected_bits(density) + 1e-12
    if density <= 0.1:
        fixed = dc.bits_per_nonzero(density, value_bits, dc.best_index_bits(density, value_bits))
        assert dc.golomb_expected_bits(density) + value_bits <= fixed + 1e-9


def test_fillers_without_a_value_are_no_code():
    """Nothing tells them from an entry then, and the price falls below what a coin costs."""
    assert dc.bits_per_nonzero(0.5, 0, 1) < dc.coin_bits(0.5)


def test_prices_at_the_density_of_the_paper():
    assert dc.coin_bits(0.08) == pytest.approx(5.03, abs=0.005)
    assert dc.golomb_expected_bits(0.08) == pytest.approx(5.05, abs=0.005)
    assert dc.bits_per_nonzero(0.08, 0, 5) == pytest.approx(5.37, abs=0.005)


def test_printed_bits_of_first_layers_are_below_the_coin():
    """So their positions are no coin's; those of last layers can be."""
    below, near = [], []
    for network in dc.NETWORKS:
        for layer in network.layers:
            p = float(layer.kept) / 100
            fillers = dc.expected_fillers(p, int(layer.index_bits))
            ratio = float(layer.coded_index_bits) * (1 + fillers) / dc.coin_bits(p)
            (below if ratio < 0.9 else near).append(f"{network.name} {layer.name}")
    assert {"LeNet-300-100 ip1", "AlexNet fc6", "VGG-16 fc6"} <= set(below)
    assert {"LeNet-300-100 ip3", "LeNet-5 ip2", "AlexNet fc8", "VGG-16 fc8"} <= set(near)


# --- Facts: the context coder ----------------------------------------------------------------


@settings(max_examples=30)
@given(
    seeds,
    st.integers(0, 30),
    st.integers(0, 12),
    st.integers(1, 256),
    st.floats(0, 1),
    st.integers(0, 30),
)
def test_layers_come_back(seed, rows, columns, n_values, density, width):
    rng = np.random.default_rng(seed)
    mask = rng.random((rows, columns)) < density
    symbols = rng.integers(1, n_values + 1, (rows, columns)) * mask
    width = min(width, rows)
    data = dc.context_encode(symbols, n_values, width)
    assert_array_equal(dc.context_decode(data, (rows, columns), n_values, width), symbols)


def test_the_layer_that_costs_most_fits_the_room():
    """All is zero until each counter is at its end, then the other thing happens."""
    for last in (1, 256):
        symbols = np.zeros((300, 40), int)
        symbols[290:] = last
        data = dc.context_encode(symbols, 256)
        assert_array_equal(dc.context_decode(data, symbols.shape, 256), symbols)
        assert len(data) <= coder.BYTES * (symbols.size + 8 * 400)


@pytest.mark.parametrize("density", [0.03, 0.2])
def test_of_a_coin_it_takes_hardly_more_than_entropy(density):
    """Eight equal values: 3 bits each and what the coin costs."""
    rng = np.random.default_rng(3)
    symbols = rng.integers(1, 9, (400, 200)) * (rng.random((400, 200)) < density)
    left = np.count_nonzero(symbols)
    least = left * (3 + dc.coin_bits(left / symbols.size)) / 8
    assert least * 0.999 <= len(dc.context_encode(symbols, 8)) <= 1.02 * least


def test_neighbors_pay_where_pixels_cluster():
    rng = np.random.default_rng(4)
    y, x = np.divmod(np.arange(784), 28)
    centers = rng.integers(4, 24, (60, 2))
    far = (y[:, None] - centers[:, 0]) ** 2 + (x[:, None] - centers[:, 1]) ** 2
    symbols = (rng.random(far.shape) < np.exp(-far / 8)).astype(int)
    sizes = [len(dc.context_encode(symbols, 1, width)) for width in (28, 0)]
    coin = symbols.sum() * dc.coin_bits(symbols.mean()) / 8
    assert sizes[0] < 0.85 * sizes[1] < 0.85 * coin


def test_the_kernel_is_its_own_text():
    rng = np.random.default_rng(5)
    symbols = rng.integers(1, 6, (12, 5)) * (rng.random((12, 5)) < 0.4)
    data = dc.context_encode(symbols, 5, 4)
    with as_python("deep_compression.coder"):
        assert dc.context_encode(symbols, 5, 4) == data
        assert_array_equal(dc.context_decode(data, (12, 5), 5, 4), symbols)


def test_the_bytes_are_the_same_on_every_machine():
    """Written once; another machine, or a change of the coder, would give others."""
    symbols = (np.arange(60).reshape(12, 5) ** 2 % 7) * (np.arange(60).reshape(12, 5) % 3 == 0)
    assert dc.context_encode(symbols, 6, 4).hex() == "1c289683111629bbdfc8066514a7b7"


# --- Contracts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dc.relative_index([1], 17), "bits must be between 1 and 16"),
        (lambda: dc.relative_index([-1], 3), "must lie between 0"),
        (lambda: dc.relative_index([0.5], 3), "must be integers"),
        (lambda: dc.from_relative_index([3], [1], 3), "must end within the 3 entries"),
        (lambda: dc.from_relative_index([3], [1, 2], 9), "one entry each"),
        (lambda: dc.from_relative_index([], [], 2**40), "ask for more"),
        (lambda: dc.canonical_codes([1, 1, 1]), "Kraft sum of at most 1; got 1.5"),
        (lambda: dc.canonical_codes([57]), "must lie between 0 and 56"),
        (lambda: dc.huffman_encode([2], [1, 1, 0]), "2 has length 0"),
        (lambda: dc.huffman_decode(b"\xff", [1, 2, 0], 2), "after 0 it does not"),
        (lambda: dc.huffman_decode(b"\x00", [1, 1], 9), "it has 8 bits"),
        (lambda: dc.huffman_decode("text", [1, 1], 1), "data must be bytes"),
        (lambda: dc.huffman_lengths([-1, 2]), "must be 0 or more"),
        (lambda: dc.huffman_lengths([2**61, 2**61]), "below 2"),
        (lambda: dc.golomb_encode([2**39], 1), "ask for more"),
        (lambda: dc.golomb_decode(b"\xff", 3, 1), "they end after 0"),
        (lambda: dc.golomb_decode(b"\x00", 5, 8), "they end after 2"),
        (lambda: dc.golomb_parameter(1.0), "density must lie in"),
        (lambda: dc.context_encode([[3]], 2), "must lie between 0 and 2"),
        (lambda: dc.context_encode([[0]], 2, 2), "n_in = 1"),
        (lambda: dc.context_decode(b"", (2**20, 2**20), 2), "ask for more"),
        (lambda: dc.context_decode(b"", 5, 2), "shape must be two integers"),
        (lambda: dc.context_decode(bytes(40), (9, 9), 5), "must hold symbols up to 5"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


@given(st.binary(max_size=60), st.integers(0, 40))
def test_any_bytes_give_symbols_or_a_sentence(data, count):
    for decode in (
        lambda: dc.huffman_decode(data, [2, 2, 2, 3], count),
        lambda: dc.golomb_decode(data, 5, count),
        lambda: dc.context_decode(data, (count, 7), 5),
    ):
        try:
            assert decode().size in (count, 7 * count)
        except ValueError as error:
            assert "must hold" in str(error)


# --- Peers -----------------------------------------------------------------------------------


def test_the_stream_is_shorter_than_general_packers_make_it():
    import lzma
    import zlib

    rng = np.random.default_rng(6)
    symbols = rng.integers(1, 9, (784, 100)) * (rng.random((784, 100)) < 0.05)
    ours = len(dc.context_encode(symbols, 8))
    raw = symbols.astype(np.uint8).tobytes()
    assert ours < 0.85 * min(len(zlib.compress(raw, 9)), len(lzma.compress(raw, preset=9)))
