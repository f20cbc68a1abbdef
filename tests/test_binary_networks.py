"""Signs in bits: products by counting, thresholds, whole networks, costs."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import binary_networks as bn
from course_lib import datasets
from course_lib.binary_networks import bits, folding

LENGTHS = [1, 7, 63, 64, 65, 128, 200, 784]


def signs(rng, *shape):
    return np.where(rng.random(shape) < 0.5, -1, 1)


def images(rng, m, n):
    return rng.integers(0, 256, (m, n), dtype=np.uint8)


def random_net(rng, sizes, *, least_gamma=-1.0, trained=np.float32):
    """Layers as they might be: gammas of both signs, means and variances of a product."""
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        gamma, beta = rng.uniform(least_gamma, 1, b), rng.standard_normal(b)
        mean, var = rng.standard_normal(b) * a**0.5, a * rng.uniform(0.5, 2, b)
        norm = bn.BatchNorm(*(v.astype(trained) for v in (gamma, beta, mean, var)))
        layers += [bn.BinaryDense(rng.uniform(-1, 1, (a, b)).astype(trained)), norm]
        layers += [bn.Sign()] if i < len(sizes) - 2 else []
    return tuple(layers)


# --- Facts: products ------------------------------------------------------------------------


@pytest.mark.parametrize("n", LENGTHS)
def test_counting_is_multiplying(n, rng):
    X, W = signs(rng, 5, n), signs(rng, 70, n)
    found = bn.product(bn.pack_signs(X), bn.pack_signs(W), n)
    assert np.array_equal(found, X @ W.T) and found.dtype == np.int32
    assert ((found - n) % 2 == 0).all()  # the parity of n


@given(st.integers(1, 200), st.integers(1, 4), st.integers(1, 130), st.integers(0, 2**32))
@settings(max_examples=40)
def test_products_of_any_shape_are_exact(n, m, k, seed):
    rng = np.random.default_rng(seed)
    X, W = signs(rng, m, n), signs(rng, k, n)
    assert np.array_equal(bn.product(bn.pack_signs(X), bn.pack_signs(W), n), X @ W.T)


@pytest.mark.parametrize("n", LENGTHS)
def test_signs_come_back_and_zero_is_positive(n, rng):
    X = rng.standard_normal((4, n))
    X[0] = 0
    X[1] = -0.0
    words = bn.pack_signs(X)
    assert np.array_equal(bn.unpack_signs(words, n), np.where(X >= 0, 1, -1))
    assert words.nbytes == 4 * 8 * math.ceil(n / 64)


def test_784_inputs_are_not_quite_a_32nd():
    words = bn.pack_signs(np.ones((1, 784)))
    assert words.nbytes == 104 and 784 * 4 / words.nbytes == pytest.approx(30.15, abs=0.01)


@pytest.mark.parametrize("n", LENGTHS)
def test_bytes_times_signs_plane_by_plane(n, rng):
    v, W = images(rng, 5, n), signs(rng, 70, n)
    planes, words = bn.pack_planes(v), bn.pack_signs(W)
    s = bn.plane_product(planes, words, n)
    assert np.array_equal(s, v.astype(int) @ W.T)
    x = 2.0 * v / 255 - 1  # pixels from -1 to 1
    assert np.allclose(x @ W.T, (2 / 255) * s - W.sum(axis=1))


def test_between_planes_and_signs_and_is_right_and_exclusive_or_is_not(rng):
    """With 0/1 planes; with pixels from -1 to 1 exclusive or is right again."""
    n = 65
    v, W = images(rng, 1, n), signs(rng, 1, n)
    planes, words = bn.pack_planes(v)[:, 0], bn.pack_signs(W)[0]
    powers, own = 1 << np.arange(8), np.bitwise_count(planes).sum(axis=1, dtype=int)
    both = np.bitwise_count(planes & words).sum(axis=1, dtype=int)
    differ = np.bitwise_count(planes ^ words).sum(axis=1, dtype=int)
    exact = int(v[0].astype(int) @ W[0])
    assert powers @ (2 * both - own) == exact
    assert powers @ (n - 2 * differ) != exact
    assert powers @ (n - 2 * differ) == 2 * exact - 255 * W.sum()  # 255 <2 v / 255 - 1, w>


def test_complement_needs_the_padding_taken_off(rng):
    n = 70
    x, w = (bn.pack_signs(signs(rng, 1, n))[0] for _ in range(2))
    agree = int(np.bitwise_count(~(x ^ w)).sum(dtype=int))
    assert 2 * (agree - (128 - n)) - n == bn.product(x[None], w[None], n)[0, 0]


@pytest.mark.parametrize("n", [1, 64, 65, 784])
def test_word_operations_are_words_of_a_row_for_each_pair(n):
    words = bn.pack_signs(np.ones((1, n))).shape[1]
    assert bn.word_operations(3, 5, n) == 3 * 5 * words
    assert bn.word_operations(3, 5, n, planes=8) == 8 * 3 * 5 * words


def test_compiled_products_are_their_python(rng):
    A, B = bn.pack_signs(signs(rng, 2, 70)), bn.pack_signs(signs(rng, 66, 70))
    P, planes = bits.panels(B), bn.pack_planes(images(rng, 2, 70))
    slow = np.bitwise_count(A[:, None] ^ B).sum(axis=2)
    fast = np.empty((2, 66), np.int32)
    bits.multiply(A, P, 70, fast)
    assert np.array_equal(fast, 70 - 2 * slow.astype(int))
    limits = np.full(128, -1)
    limits[:66] = rng.integers(0, 255 * 70, 66)
    out = np.empty((2, 2), np.uint64)
    bits.fire(planes, P, limits, out)
    weighted = (1 << np.arange(8)) @ np.bitwise_count(planes[:, :, None] ^ B).sum(3).reshape(8, -1)
    assert np.array_equal(out, bn.pack_signs(limits[:66] - weighted.reshape(2, 66)))


# --- Facts: thresholds ----------------------------------------------------------------------


def exact(gamma, beta, mean, var, eps, z):
    """Whether a unit fires, in rational numbers: the square root is compared by squares."""
    a, b = Fraction(gamma) * (z - Fraction(mean)), Fraction(-beta)
    v = Fraction(var) + Fraction(eps)
    sign_a, sign_b = (a > 0) - (a < 0), (b > 0) - (b < 0)
    if sign_a != sign_b:
        return sign_a > sign_b
    return a * a >= b * b * v if sign_a >= 0 else a * a <= b * b * v


def expect_counts_agree(unit, n, eps, levels):
    limit, flip = (part[0] for part in bn.fold(*([p] for p in unit), n, eps=eps, levels=levels))
    for count in range(levels * n + 1):
        z = Fraction(levels * n - 2 * count, levels)
        assert ((count <= limit) != flip) == exact(*unit, eps, z), (unit, n, count)


SMALL = st.integers(-8, 8).map(lambda k: k / 4)  # ties are frequent


@given(SMALL, SMALL, st.integers(-12, 12).map(lambda k: k / 2), st.sampled_from([0.0, 1, 2.25, 4]),
       st.integers(1, 12), st.sampled_from([1, 3]))  # fmt: skip
@settings(max_examples=150)
def test_thresholds_are_exact_at_ties(gamma, beta, mean, var, n, levels):
    if var == 0:
        var, eps = 0.25, 0.0  # a root that is rational
    else:
        eps = 0.0
    expect_counts_agree((gamma, beta, mean, var), n, eps, levels)


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_thresholds_of_random_units_are_exact(seed):
    rng = np.random.default_rng(seed)
    unit = [float(v) for v in (*rng.standard_normal(3).astype(np.float32), rng.random())]
    expect_counts_agree(unit, int(rng.integers(1, 40)), 1e-4, 1)


@pytest.mark.parametrize("gamma", [0.5, -0.5])
def test_a_tie_fires(gamma):
    """z = 1 is the threshold itself: gamma (1 - 1) + 0 = 0, and the sign of 0 is +1."""
    for mean, border in ((1.0, 1), (np.nextafter(1.0, 9), None), (np.nextafter(1.0, 0), None)):
        limit, flip = (part[0] for part in bn.fold([gamma], [0.0], [mean], [1.0], 3))
        fires = {z for z in (3, 1, -1, -3) if ((3 - z) // 2 <= limit) != flip}
        above = {z for z in (3, 1, -1, -3) if (z > mean if gamma > 0 else z < mean)}
        assert fires == above | ({border} if border else set())


def test_eps_belongs_to_the_threshold():
    """z = 1, and beta sqrt(var) = 1: without eps the unit just fires, with it it does too late."""
    tie = [1.0], [-1.0], [0.0], [1.0], 3
    assert bn.fold(*tie, eps=0.0).limit == 1 and bn.fold(*tie, eps=1e-4).limit == 0


def test_a_mirrored_threshold_is_noticed(rng):
    """The sign of beta sigma / gamma, and gamma < 0: what a public note gets wrong."""
    gamma, beta, mean, var = (rng.standard_normal(200) for _ in range(4))
    var = 100 * np.abs(var)
    z, n = 99 - 2 * np.arange(100), 99
    right = bn.fold(gamma, beta, mean, var, n)
    fires = (np.arange(100)[:, None] <= right.limit) != right.flip
    truth = gamma * (z[:, None] - mean) / np.sqrt(var + 1e-4) + beta >= 0
    mirrored = z[:, None] >= beta * np.sqrt(var + 1e-4) / gamma - mean
    assert np.array_equal(fires, truth)
    assert (mirrored != truth).any(axis=0).mean() > 0.5


# --- Facts: networks ------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(784, 100, 64, 10), (9, 65, 3), (65, 130, 70, 1, 2)])
def test_hidden_units_are_those_of_the_layers(sizes, rng):
    layers = random_net(rng, sizes, trained=np.float64)
    network, X = bn.BinaryNetwork.from_layers(layers), images(rng, 40, sizes[0])
    x = 2.0 * X / 255 - 1
    for k, hidden in enumerate(network.hidden(X), start=1):
        out = bn.forward(layers[: 3 * k], x)[0]
        found = bn.unpack_signs(hidden, sizes[k])
        assert (found != out).mean() < 1e-3  # where flipping is seen, not rounding
    z = found @ np.where(layers[-2].W >= 0, 1.0, -1.0)
    assert np.allclose(network.scores(X), layers[-1].forward(z, None)[0], rtol=1e-4, atol=1e-4)


def test_gammas_below_zero_are_turned_over(rng):
    layers = random_net(rng, (20, 40, 3))
    network, negative = bn.BinaryNetwork.from_layers(layers), layers[1].gamma < 0
    kept = bn.unpack_signs(network.weights[0], 20)
    assert negative.any() and not negative.all()
    turned = np.where(negative, -1, 1)[:, None] * np.where(layers[0].W.T >= 0, 1, -1)
    assert np.array_equal(kept, turned)


def test_ten_thousand_digits_are_told_as_by_real_numbers():
    digits = datasets.mnist()
    X, y = digits.train_images[:6000], digits.train_labels[:6000]
    layers = bn.binary_mlp((784, 128, 128, 10), 0)
    batches = bn.batches(X, bn.targets(y), 100, 2, 0)
    for _ in bn.adam(layers, batches, bn.square_hinge, bn.cosine(0.005, 120)):
        pass
    bn.recalibrate(layers, X)
    network = bn.BinaryNetwork.from_layers(layers)
    real = bn.predict(layers, digits.test_images).argmax(axis=1)
    assert np.array_equal(network.predict(digits.test_images), real)
    assert np.mean(real != digits.test_labels) < 0.15
    assert min(layer.gamma.min() for layer in layers[1::3]) > 0  # so a wrong fold would pass here


def test_bytes_of_networks():
    """147.2 MB of float32 are 4.60 MB of signs, 31.8 times less with thresholds and scores."""
    rng = np.random.default_rng(0)
    network = bn.BinaryNetwork.from_layers(random_net(rng, (784, 128, 64, 10)))
    weights = 128 * 104 + 64 * 16 + 10 * 8
    assert network.nbytes == weights + 4 * 128 + 2 * 64 + 2 * 4 * 10
    assert network.word_operations == 128 * 8 * 13 + 64 * 2 + 10
    sizes = (784, 4096, 4096, 4096, 10)
    count = sum(a * b for a, b in itertools.pairwise(sizes))
    packed = sum(b * 8 * math.ceil(a / 64) for a, b in itertools.pairwise(sizes))
    assert count == 36_806_656 and 4 * count == pytest.approx(147.2e6, rel=1e-3)
    assert count / 8 == pytest.approx(4.60e6, rel=1e-3)
    assert 4 * count / (packed + 4096 * (4 + 2 + 2) + 80) == pytest.approx(31.6, abs=0.05)


def test_a_network_without_hidden_layers_multiplies_bytes(rng):
    layers = random_net(rng, (30, 4))
    X = images(rng, 6, 30)
    network = bn.BinaryNetwork.from_layers(layers)
    assert np.allclose(network.scores(X), bn.predict(layers, X), atol=1e-4)
    assert network.hidden(X) == []


# --- Facts: costs ---------------------------------------------------------------------------


def test_energy_has_two_regimes():
    ratio = [
        bn.connection_energy(32, B) / bn.connection_energy(1, B, mac_pj=bn.BINARY_PJ)
        for B in (1, 100, 1000, 10_000)
    ]
    assert ratio == pytest.approx([32.2, 52.2, 177, 409], rel=2e-3)
    assert abs(bn.FLOAT_PJ / bn.BINARY_PJ - 491) < 0.5
    for width, mac in ((32, bn.FLOAT_PJ), (1, bn.BINARY_PJ)):
        B = bn.crossing_batch(width, mac_pj=mac)
        assert width / 64 * bn.DRAM_PJ / B == pytest.approx(mac)


def test_what_the_ports_allow():
    found = {port.name: port.ratio for port in bn.PORTS}
    assert list(found.values()) == pytest.approx([32 / 6, 32 / 3, 64 / 9, 16 / 3])


# --- Contracts ------------------------------------------------------------------------------


def test_a_network_comes_back_from_bytes(rng):
    network = bn.BinaryNetwork.from_layers(random_net(rng, (70, 130, 65, 4)))
    back = bn.BinaryNetwork.from_bytes(network.to_bytes())
    X = images(rng, 20, 70)
    assert np.array_equal(back.scores(X), network.scores(X))
    assert back.to_bytes() == network.to_bytes() and back.nbytes == network.nbytes
    assert len(network.to_bytes()) < network.nbytes + 600


def test_bytes_that_are_no_network_are_refused(rng):
    network = bn.BinaryNetwork.from_layers(random_net(rng, (70, 130, 4)))
    data = network.to_bytes()
    for bad in (data[:-5], b"x" + data[1:], data[:50] + b"\0" + data[51:], b""):
        with pytest.raises(ValueError, match=r"bytes"):
            bn.BinaryNetwork.from_bytes(bad)
    padded = [network.weights[0] | (np.uint64(1) << np.uint64(63)), network.weights[1]]
    wide = [network.limits[0].astype(np.int64)]
    for weights, limits in ((padded, network.limits), (network.weights, wide)):
        forged = bn.BinaryNetwork(network.sizes, weights, limits, network.scale, network.shift)
        with pytest.raises(ValueError, match="BinaryNetwork"):
            bn.BinaryNetwork.from_bytes(forged.to_bytes())


def test_input_that_does_not_fit_is_refused_in_words(rng):
    layers = random_net(rng, (70, 130, 4))
    network, words = bn.BinaryNetwork.from_layers(layers), bn.pack_signs(signs(rng, 2, 70))
    refused = [
        (lambda: network.predict(images(rng, 2, 71)), "70 bytes each"),
        (lambda: network.predict(np.zeros((2, 70))), "must hold bytes"),
        (lambda: bn.BinaryNetwork.from_layers(layers[1:]), "BinaryDense, BatchNorm"),
        (lambda: bn.BinaryNetwork.from_layers((*layers[:3], layers[0], layers[1])), "must fit"),
        (lambda: bn.product(words, words, 64), "needs? fewer|need all"),
        (lambda: bn.product(words, words, 129), "between 1 and"),
        (lambda: bn.product(words, words[:, :1], 70), "as many words"),
        (lambda: bn.pack_planes(np.zeros((2, 3))), "uint8"),
        (lambda: bn.pack_signs([[np.nan]]), "NaN"),
        (lambda: bn.fold([1.0], [0.0], [0.0], [-1.0], 3), "positive"),
    ]
    for call, words_of in refused:
        with pytest.raises((ValueError, TypeError), match=words_of):
            call()


def test_near_ties_are_decided_by_fractions(rng):
    """Borders next to an integer, nearer than rounding in float64 tells."""
    assert 1e3 * np.finfo(float).eps < folding.NEAR
    for gamma in (0.3, -0.3):
        for mean in (1 + 2**-52, 1 - 2**-53, 1.0):
            expect_counts_agree((gamma, 0.0, mean, 0.7), 5, 1e-4, 1)


# --- Peers ----------------------------------------------------------------------------------


def test_products_are_those_of_numpy_in_real_numbers(rng):
    X, W = (rng.standard_normal((60, 1000), dtype=np.float32) for _ in range(2))
    S, T = (np.where(A >= 0, np.float32(1), np.float32(-1)) for A in (X, W))
    assert np.array_equal(bn.product(bn.pack_signs(X), bn.pack_signs(W), 1000), S @ T.T)
