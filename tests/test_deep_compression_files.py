"""Compressed networks as bytes: everything comes back, everything is counted, nothing can harm."""

import itertools
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import deep_compression as dc
from course_lib._layers import Dense, predict
from course_lib.deep_compression.files import MAGIC

WAYS = [
    {"pipeline": "best"},
    {"pipeline": "paper"},
    {"pipeline": "paper", "order": "input"},
    {"pipeline": "paper", "index_bits": None},
    {"pipeline": "paper", "index_bits": 1},
]


@st.composite
def networks(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=4))
    shared, biases = [], []
    for a, b in itertools.pairwise(sizes):
        k = draw(st.sampled_from([1, 2, 3, 8, 17, 256]))
        density = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
        symbols = rng.integers(1, k + 1, (a, b)) * (rng.random((a, b)) < density)
        shared.append((np.sort(rng.standard_normal(k)), symbols))
        biases.append(rng.standard_normal(b) * draw(st.sampled_from([0.0, 1e-9, 1.0, 100.0])))
    return dc.CompressedNetwork(shared, biases, width=draw(st.integers(0, sizes[0])))


def small():
    rng = np.random.default_rng(0)
    symbols = rng.integers(1, 5, (9, 6)) * (rng.random((9, 6)) < 0.4)
    shared = [
        (np.array([-1.0, -0.5, 0.5, 1.0]), symbols),
        (np.array([1.0]), np.eye(6, 3, dtype=int)),
    ]
    return dc.CompressedNetwork(shared, [rng.standard_normal(6), rng.standard_normal(3)], width=3)


def sealed(body):
    return body + zlib.crc32(body).to_bytes(4, "little")


# --- Facts -------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(networks(), st.sampled_from(WAYS))
def test_networks_come_back(network, way):
    data = network.to_bytes(**way)
    again = dc.CompressedNetwork.from_bytes(data)
    assert again == network
    for one, other in zip(network.layers, again.layers, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
        assert all(
            np.asarray(a).dtype == np.asarray(b).dtype for a, b in zip(one, other, strict=True)
        )
    assert again.to_bytes(**way) == data


@settings(max_examples=30)
@given(networks(), st.sampled_from(WAYS))
def test_every_byte_is_counted(network, way):
    parts = network.parts(**way)
    assert sum(part.nbytes for part in parts) == len(network.to_bytes(**way))
    for i, layer in enumerate(network.layers):
        sizes = {part.name: part.nbytes for part in parts if part.layer == i}
        assert sizes["codebook"] == 2 * len(layer.codebook)
        assert sizes["biases"] == 2 + len(layer.bias)


def test_streams_of_the_paper_are_huffman_codes_of_relative_indices():
    network = small()
    parts = {(p.name, p.layer): p.nbytes for p in network.parts("paper", index_bits=2)}
    for i, layer in enumerate(network.layers):
        gaps, values = dc.relative_index(layer.symbols.T.ravel(), 2)
        for name, entries in (("gaps", gaps), ("values", values)):
            counts = np.bincount(entries)
            bits = int(counts @ dc.huffman_lengths(counts))
            assert parts[name, i] == (bits + 7) // 8


def test_the_best_width_is_the_best():
    network = small()
    sizes = [len(network.to_bytes("paper", index_bits=b)) for b in range(1, 11)]
    assert len(network.to_bytes("paper", index_bits=None)) <= min(sizes)


def test_values_are_those_of_the_codebook_and_biases_near():
    rng = np.random.default_rng(1)
    W, b = rng.standard_normal((7, 5)), rng.standard_normal(5)
    W[::2] = 0
    shared = dc.share_weights(W, 6)
    network = dc.CompressedNetwork([shared], [b])
    (layer,) = network.to_layers()
    assert isinstance(layer, Dense)
    values = np.concatenate([[0], shared.codebook.astype(np.float16)]).astype(np.float32)
    assert_array_equal(layer.W, values[shared.symbols])
    assert np.abs(layer.b - b).max() <= np.abs(b).max() / 127 * 0.51
    assert network.density == pytest.approx(np.mean(W != 0))
    assert network.n_weights == 40


@settings(max_examples=20)
@given(networks(), st.integers(0, 2**32 - 1))
def test_predictions_are_those_of_the_layers_and_of_the_copy(network, seed):
    n_in = len(network.layers[0].symbols)
    X = np.random.default_rng(seed).integers(0, 256, (5, n_in)).astype(np.uint8)
    outputs = predict(network.to_layers(), X, low=0.0)
    assert_allclose(
        predict(network.to_layers(), X / np.float32(255)), outputs, rtol=1e-4, atol=1e-4
    )
    again = dc.CompressedNetwork.from_bytes(network.to_bytes())
    assert_array_equal(network.predict(X), outputs.argmax(axis=1))
    assert_array_equal(again.predict(X), network.predict(X))


# --- Contracts ---------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.data(), st.sampled_from(WAYS))
def test_a_damaged_byte_is_noticed(data, way):
    raw = bytearray(small().to_bytes(**way))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r"damaged|do not"):
        dc.CompressedNetwork.from_bytes(bytes(raw))


@settings(max_examples=80)
@given(st.data(), st.sampled_from(WAYS))
def test_bytes_written_on_purpose_give_a_network_or_a_sentence(data, way):
    """The checksum is right; up to four bytes are not, or the end is missing."""
    raw = bytearray(small().to_bytes(**way)[:-4])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(2, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([0, 0, 1, 9]))
    try:
        network = dc.CompressedNetwork.from_bytes(sealed(bytes(raw[: len(raw) - cut])))
    except ValueError as error:
        assert str(error).endswith(".") and len(str(error)) > 30
    else:
        assert all(np.isfinite(layer.W).all() for layer in network.to_layers()[::2])
        assert all(layer.symbols.max() <= len(layer.codebook) for layer in network.layers)


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_any_bytes_behind_the_magic_give_a_sentence(data):
    for first in (0x10, 0x11, 0x12, 0x13):
        try:
            dc.CompressedNetwork.from_bytes(sealed(MAGIC + bytes([first]) + data))
        except ValueError as error:
            assert str(error).endswith(".")


def test_few_bytes_get_no_room_for_a_large_network():
    writer_says = bytes([0x10, 1, *[0x80, 0x80, 0x40], *[0x80, 0x80, 0x40], 0, 1])
    with pytest.raises(ValueError, match="at most 256 MiB"):
        dc.CompressedNetwork.from_bytes(sealed(MAGIC + writer_says + bytes(20)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("text", "data must be bytes"),
        (b"", "must come from to_bytes"),
        (b"PK\x03\x04 and so on", "must come from to_bytes"),
        (MAGIC + b"\x10", "damaged or cut short"),
        (sealed(MAGIC + b"\x20\x01"), "format 2, and this library reads format 1"),
        (sealed(MAGIC + b"\x1e\x01\x01\x01\x00\x01" + bytes(9)), "no CompressedNetwork has"),
        (sealed(MAGIC + b"\x10\x00"), "no CompressedNetwork has"),
        (sealed(MAGIC + b"\x10" + b"\xff" * 12), "no CompressedNetwork has"),
    ],
)
def test_foreign_bytes_are_refused_in_words(data, words):
    with pytest.raises((ValueError, TypeError), match=words):
        dc.CompressedNetwork.from_bytes(data)


def test_nothing_may_stand_behind_the_last_layer():
    body = small().to_bytes()[:-4]
    with pytest.raises(ValueError, match="no CompressedNetwork has"):
        dc.CompressedNetwork.from_bytes(sealed(body + b"\x00"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dc.CompressedNetwork([], []), "one entry for each of 1 to"),
        (lambda: dc.CompressedNetwork([([1.0], [[1]])], []), "one entry for each of 1 to"),
        (lambda: dc.CompressedNetwork([([1e9], [[1]])], [[0.0]]), "codebook contains NaN"),
        (lambda: dc.CompressedNetwork([([1.0], [[2]])], [[0.0]]), "between 0 and 1; got 2"),
        (lambda: dc.CompressedNetwork([([1.0], [[1]])], [[0.0, 1.0]]), "must have 1 entries"),
        (lambda: dc.CompressedNetwork([([1.0], [[1]])] * 2, [[0.0]] * 2, width=2), "inputs = 1"),
        (
            lambda: dc.CompressedNetwork([([1.0], [[1, 1]]), ([1.0], [[1]])], [[0, 0], [0]]),
            "2 units are followed by 1 inputs",
        ),
        (lambda: small().to_bytes("zip"), "pipeline must be one of best, paper"),
        (lambda: small().to_bytes("paper", order="random"), "order must be one of unit, input"),
        (lambda: small().to_bytes("paper", index_bits=0), "index_bits must be between"),
        (lambda: small().predict(np.zeros((2, 8))), "rows of 9 entries"),
        (lambda: small().predict(np.full((2, 9), np.nan)), "NaN or infinity"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# --- Peers -------------------------------------------------------------------------------------


def test_files_are_smaller_than_sparse_matrices_in_a_zip(tmp_path):
    sp = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(2)
    symbols = rng.integers(1, 9, (784, 100)) * (rng.random((784, 100)) < 0.08)
    codebook = np.linspace(-1, 1, 8)
    network = dc.CompressedNetwork([(codebook, symbols)], [np.zeros(100)])
    sp.save_npz(tmp_path / "peer.npz", sp.csr_array(symbols.T.astype(np.uint8)))
    peer = (tmp_path / "peer.npz").stat().st_size
    assert len(network.to_bytes("paper")) < 0.7 * peer
    assert len(network.to_bytes("best")) < 0.97 * len(network.to_bytes("paper"))
