"""Layers as tuples and how they learn: gradients, optimizers, powers of two, drawn signs."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import _layers
from course_lib import binary_networks as bn
from course_lib._layers import kernels
from tests.chance import assert_mean

SIZES = (30, 20, 20, 10)
NUDGE = 1e-5


def problem(rng, n=40, sizes=SIZES):
    X = rng.standard_normal((n, sizes[0]))
    return X, bn.targets(rng.integers(0, sizes[-1], n), sizes[-1]).astype(float)


def hard_network(rng, dense, sizes=SIZES):
    """Products with signs, batch norms in general position, and hard tanhs between."""
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        W = np.where(rng.random((a, b)) < 0.5, -1.0, 1.0)
        norm = rng.uniform(0.5, 1.5, b), 0.3 * rng.standard_normal(b), np.zeros(b), np.ones(b)
        layers += [dense(W), bn.BatchNorm(*norm)]
        layers += [bn.HardTanh()] if i < len(sizes) - 2 else []
    return tuple(layers)


def real(W):
    return bn.Dense(W, np.zeros(W.shape[1]))


def away_from_kinks(layers, X, rng, gap=1e-3):
    """Whether no hard tanh meets a number near -1 or 1, where it has no derivative."""
    for layer in layers:
        if isinstance(layer, bn.HardTanh) and (np.abs(np.abs(X) - 1) < gap).any():
            return False
        X = layer.forward(X, rng)[0]
    return True


def worst_difference(layers, X, T, loss, rng, gradient=None):
    """Finite differences of every array against the gradient, relative to its size."""
    Y, tapes = bn.forward(layers, X, rng)
    gradient = gradient or bn.backward(layers, tapes, loss(Y, T)[1])
    worst = 0.0
    for layer, part in zip(layers, gradient, strict=True):
        for a, g in zip(layer, part, strict=True):
            for _ in range(8 if isinstance(g, np.ndarray) else 0):
                i = tuple(rng.integers(size) for size in a.shape)
                kept, values = a[i], []
                for side in (NUDGE, -NUDGE):
                    a[i] = kept + side
                    values.append(loss(bn.forward(layers, X, rng)[0], T)[0])
                a[i] = kept
                slope = (values[0] - values[1]) / (2 * NUDGE)
                worst = max(worst, abs(slope - g[i]) / (np.abs(g).max() + 1e-3))
    return worst


# --- Facts: gradients -----------------------------------------------------------------------


@pytest.mark.parametrize("loss", [bn.square_hinge, bn.cross_entropy])
def test_straight_through_is_the_gradient_of_the_hard_tanh_network(loss, rng):
    while True:  # one draw in a few has a number near a kink
        layers = hard_network(rng, real)
        X, T = problem(rng, n=20)
        if away_from_kinks(layers, X, rng):
            break
    assert worst_difference(layers, X, T, loss, rng) < 1e-6
    # The same through BinaryDense and Sign, at the same forward values: no array differs.
    binary = tuple(bn.BinaryDense(a.W) if isinstance(a, bn.Dense) else a for a in layers)
    Y, tapes = bn.forward(layers, X, rng)
    G = loss(Y, T)[1]
    signs = tuple(bn.Sign() if isinstance(a, bn.HardTanh) else a for a in binary)
    _, own = bn.forward(binary, X, rng)
    for ours, theirs in zip(bn.backward(signs, own, G), bn.backward(layers, tapes, G), strict=True):
        for a, b in zip(ours, theirs, strict=False):
            assert a is None or np.array_equal(a, b)


def test_a_gradient_with_holes_would_be_noticed(rng):
    """A wrong one is far outside what finite differences allow."""
    layers = hard_network(rng, real)
    X, T = problem(rng)
    Y, tapes = bn.forward(layers, X, rng)
    right = bn.backward(layers, tapes, bn.square_hinge(Y, T)[1])
    window = rng.random(right[0].W.shape) < 0.3
    wrong = (bn.Dense(right[0].W * window, right[0].b), *right[1:])
    assert worst_difference(layers, X, T, bn.square_hinge, rng, wrong) > 1e-3


@pytest.mark.parametrize("kind", [bn.BinaryDense, bn.StochasticDense])
def test_gradients_go_back_through_signs_and_not_through_real_weights(kind, rng):
    layer, X, G = kind(rng.uniform(-1, 1, (6, 4))), rng.standard_normal((5, 6)), np.eye(5, 4)
    Y, tape = layer.forward(X, rng)
    signs = layer.forward(np.eye(6), None)[0] if kind is bn.BinaryDense else tape[1]
    assert np.allclose(Y, X @ signs) and set(np.unique(signs)) == {-1.0, 1.0}
    gradient, D = layer.backward(tape, G)
    assert np.array_equal(D, G @ signs.T) and np.array_equal(gradient.W, X.T @ G)


@pytest.mark.parametrize("norm", [True, False])
def test_float_networks_have_the_gradient_of_finite_differences(norm, rng):
    layers = bn.float_mlp((12, 9, 7, 4), rng, norm=norm, dtype=np.float64)
    layers = (*layers, bn.Scale(0.7))
    X, T = problem(rng, sizes=(12, 9, 7, 4))
    assert worst_difference(layers, X, T, bn.cross_entropy, rng) < 1e-6


def test_losses_have_the_gradients_that_they_say(rng):
    Y, Z = rng.standard_normal((2, 6, 5))
    T = bn.targets(rng.integers(0, 5, 6), 5).astype(float)
    losses = [(bn.square_hinge, T), (bn.cross_entropy, T), (bn.distillation(0.7, 2.0), (T, Z))]
    for loss, target in losses:
        G, E = loss(Y, target)[1], np.zeros_like(Y)
        for i in np.ndindex(Y.shape):
            E[i] = NUDGE
            slope = (loss(Y + E, target)[0] - loss(Y - E, target)[0]) / (2 * NUDGE)
            E[i] = 0
            assert G[i] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, np.inf])
def test_the_window_is_as_wide_as_it_says(width, rng):
    X, G = rng.standard_normal((2, 5, 40))
    Y, tape = bn.Sign(width).forward(X, rng)
    assert np.array_equal(Y, np.where(X >= 0, 1, -1))
    _, back = bn.Sign(width).backward(tape, G)
    assert np.array_equal(back, G * (np.abs(X) <= width))


def test_dropout_leaves_out_its_share_and_keeps_the_mean(rng):
    X = np.ones((200, 500))
    Y, keep = bn.Dropout(0.2).forward(X, rng)
    assert set(np.unique(Y)) == {0.0, 1.25}
    assert_mean(Y.ravel(), 1.0)
    assert np.array_equal(bn.Dropout(0.2).backward(keep, X)[1], Y)
    assert bn.Dropout(0.2).forward(X, None)[0] is X


def test_the_first_layer_pulls_nothing_back(rng):
    """No product is spent on the gradient of the input, which nobody asks for."""
    pulled = []

    class Watched(bn.BinaryDense):
        def backward(self, tape, G, pull=True):
            pulled.append(pull)
            return super().backward(tape, G, pull)

    layers = [bn.Dropout(0.1), *bn.binary_mlp((5, 4, 3), rng, dtype=np.float64)]
    layers = [Watched(a.W) if isinstance(a, bn.BinaryDense) else a for a in layers]
    Y, tapes = bn.forward(layers, rng.standard_normal((6, 5)), rng)
    gradient = bn.backward(layers, tapes, Y)
    assert pulled == [True, False] and gradient[0] == bn.Dropout(None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_loops_are_their_python(dtype, rng):
    X, G = rng.standard_normal((2, 6, 5)).astype(dtype)
    gamma, beta = rng.standard_normal((2, 5)).astype(dtype)
    eps = dtype(1e-4)
    fast, slow = (f(X, gamma, beta, eps) for f in (kernels.normalize, kernels.normalize.py_func))
    for a, b in zip(fast, slow, strict=True):
        assert a.dtype == dtype and np.allclose(a, b, rtol=1e-5, atol=1e-6)
    Z, scale = fast[1:3]
    back = kernels.normalize_back
    for a, b in zip(back(Z, scale, G), back.py_func(Z, scale, G), strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-6)
    pairs = [tuple(map(dtype, pair)) for pair in ((0.9, 0.99), (0.1, 0.01), (2.0, 3.0))]
    steps = [dtype(0.1), *pairs, dtype(0.5)]
    found = []
    for step in (kernels.adam_step, kernels.adam_step.py_func):
        arrays = [a.copy() for a in (X.ravel(), G.ravel(), 0 * X.ravel(), 0 * X.ravel())]
        step(*arrays, *steps)
        found.append(arrays)
    assert all(np.allclose(a, b, rtol=1e-5) for a, b in zip(*found, strict=True))


# --- Facts: optimizers ----------------------------------------------------------------------


def trained(layers, rng, *, n_steps=5, optimizer=bn.adam, **options):
    X, T = problem(rng, sizes=(layers[0].W.shape[0], layers[-1].gamma.size))
    dtype = layers[0].W.dtype
    batches = [(X.astype(dtype), T.astype(dtype))] * n_steps
    iterates = list(optimizer(layers, batches, bn.square_hinge, 0.05, rng=0, **options))
    return iterates[-1]


def test_adam_is_the_algorithm(rng):
    """Against a few lines of NumPy: three steps, with the factor of binary weights and clipping."""
    layers = bn.binary_mlp((6, 5, 3), 0, dtype=np.float64)
    X, T = problem(rng, sizes=(6, 5, 3))
    slow = bn.from_arrays({k: v.copy() for k, v in bn.to_arrays(layers).items()})
    state = {}
    for t in range(1, 4):
        Y, tapes = bn.forward(slow, X, rng)
        gradient = bn.backward(slow, tapes, bn.square_hinge(Y, T)[1])
        for i, (layer, part) in enumerate(zip(slow, gradient, strict=True)):
            for j, (a, g) in enumerate(zip(layer, part, strict=True)):
                if not isinstance(g, np.ndarray):
                    continue
                m, v = state.get((i, j), (0, 0))
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                state[i, j] = m, v
                binary = isinstance(layer, bn.BinaryDense)
                factor = math.sqrt(sum(a.shape) / 1.5) if binary else 1
                root = np.sqrt(v / (1 - 0.999**t)) + 1e-8
                a -= 0.05 * factor * m / (1 - 0.9**t) / root
                if binary:
                    np.clip(a, -1, 1, out=a)
    for _ in bn.adam(layers, [(X, T)] * 3, bn.square_hinge, 0.05):
        pass
    ours, theirs = bn.to_arrays(layers), bn.to_arrays(slow)
    assert all(np.allclose(ours[key], theirs[key], atol=1e-10) for key in ours)


def test_in_float32_the_first_step_is_as_long_as_it_says():
    """1 - 0.999 is rounded once; in float32 numbers it would be wrong in the fifth digit."""
    layers = (bn.Dense(np.zeros((1, 1), np.float32), np.zeros(1, np.float32)),)
    next(bn.adam(layers, [(np.ones((1, 1), np.float32),) * 2], bn.square_hinge, 0.1))
    assert np.allclose(layers[0].W, 0.1, rtol=2e-7, atol=0)


def test_a_number_that_is_the_mean_becomes_beta_exactly():
    """Products of signs are integers, and so may their mean be: then the sign is that of beta."""
    X = np.repeat(np.arange(-3, 4, dtype=np.float32)[:, None], 5, axis=1)
    for n in (1, 3, 7, 11, 13):
        batch = np.concatenate([X] * n)
        Y = bn.BatchNorm(*np.ones((4, 5), np.float32)).forward(batch, 0)[0]
        assert (Y[3] == 1).all()


@pytest.mark.parametrize("optimizer", [bn.adam, bn.sgd, bn.shift_adamax])
def test_training_that_was_stopped_goes_on_as_if_it_had_not(optimizer, rng):
    X, T = (a.astype(np.float32) for a in problem(rng))
    found = []
    for cut in (6, 3):
        layers = bn.binary_mlp(SIZES, 0, input_dropout=0.2)
        draw, moments = np.random.default_rng(1), None
        for n in (cut, 6 - cut):
            draw.bit_generator.state = json.loads(json.dumps(draw.bit_generator.state))
            steps = optimizer(
                layers, [(X, T)] * n, bn.square_hinge, 0.01, rng=draw, moments=moments
            )
            for iterate in steps:
                moments = iterate.moments
        assert moments.n_steps == 6
        found.append(bn.to_arrays(layers))
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


@pytest.mark.parametrize("optimizer", [bn.adam, bn.sgd, bn.shift_adamax])
def test_binary_weights_stay_in_their_box(optimizer, rng):
    layers = bn.binary_mlp((12, 8, 4), 0)
    trained(layers, rng, optimizer=optimizer, n_steps=30)
    assert max(np.abs(layer.W).max() for layer in layers[::3]) == 1
    layers = bn.binary_mlp((12, 8, 4), 0)
    trained(layers, rng, optimizer=optimizer, n_steps=30, clip=False)
    assert max(np.abs(layer.W).max() for layer in layers[::3]) > 1


def test_weights_that_are_put_to_0_stay_there(rng):
    layers = bn.float_mlp((12, 8, 4), 0)
    mask = rng.random((12, 8)) < 0.5
    X, T = (a.astype(np.float32) for a in problem(rng, sizes=(12, 8, 4)))
    for _ in bn.sgd(layers, [(X, T)] * 20, bn.square_hinge, 0.01, decay=1e-4):
        layers[0].W[mask] = 0
    assert (layers[0].W[mask] == 0).all() and (layers[0].W[~mask] != 0).all()


def test_decay_pulls_weights_and_not_biases(rng):
    layers = (bn.Dense(np.ones((3, 2)), np.ones(2)),)

    def flat(Y, T):
        return 0.0, np.zeros_like(Y)

    list(bn.sgd(layers, [(np.ones((4, 3)), np.ones((4, 2)))], flat, 0.1, decay=0.5))
    assert np.allclose(layers[0].W, 1 - 0.1 * 0.5) and (layers[0].b == 1).all()


def test_moments_do_not_decay_into_denormal_numbers():
    """A unit that never fires has gradient 0; its averages would take ages to vanish."""
    layers = (bn.Dense(np.ones((1, 1), np.float32), np.zeros(1, np.float32)),)
    sleepy = iter([1e-14, *[0.0] * 800])

    def loss(Y, T):
        return 0.0, np.full_like(Y, next(sleepy))

    X = np.ones((1, 1), np.float32)
    for optimizer in (bn.adam, bn.sgd, bn.shift_adamax):
        sleepy = iter([1e-14, *[0.0] * 800])
        for iterate in optimizer(layers, [(X, X)] * 800, loss, 1e-3):
            parts = [*iterate.moments.first[0], *iterate.moments.second[0]]
            assert all((p == 0).all() or (np.abs(p) > kernels.TINY).all() for p in parts)
        assert (iterate.moments.first[0].W == 0).all()


def test_cosine_falls_to_zero():
    step = bn.cosine(0.2, 100)
    values = [step(t) for t in range(120)]
    assert values[0] == 0.2 and values[50] == pytest.approx(0.1)
    assert all(a > b for a, b in itertools.pairwise(values[:101])) and not any(values[100:])


def test_batches_take_each_row_once_a_pass(rng):
    X = np.arange(60, dtype=np.uint8).reshape(20, 3)
    T = np.arange(20.0)[:, None]
    passes = list(bn.batches(X, T, 6, 2, rng))
    assert len(passes) == 2 * 3  # 20 rows are three batches of six
    for rows, own in passes:
        assert np.allclose((rows + 1) * 127.5, X[own[:, 0].astype(int)], atol=1e-4)
        assert rows.dtype == np.float32
    first = [own.ravel().tolist() for _, own in passes[:3]]
    assert len({row for rows in first for row in rows}) == 18
    assert first != [own.ravel().tolist() for _, own in passes[3:]]


def test_recalibrate_measures_what_each_norm_sees(rng):
    layers = bn.binary_mlp((9, 7, 4), rng, dtype=np.float64)
    X = rng.standard_normal((300, 9))
    bn.recalibrate(layers, X)
    first = X @ np.where(layers[0].W >= 0, 1, -1)
    assert np.allclose(layers[1].mean, first.mean(0)) and np.allclose(layers[1].var, first.var(0))
    Z = (first - first.mean(0)) / np.sqrt(first.var(0) + 1e-4)
    second = np.where(Z >= 0, 1, -1) @ np.where(layers[3].W >= 0, 1, -1)
    assert np.allclose(layers[4].mean, second.mean(0))


def test_networks_come_back_from_arrays(rng, tmp_path):
    layers = (*bn.float_mlp((5, 4), rng, input_dropout=0.1), bn.Sign(2.0), bn.StochasticSign())
    np.savez(tmp_path / "net.npz", **bn.to_arrays(layers))
    with np.load(tmp_path / "net.npz") as archive:
        back = bn.from_arrays(archive, kinds=[bn.StochasticSign])
    assert [type(a) for a in back] == [type(a) for a in layers]
    assert back[0] == layers[0] and back[3] == layers[3]
    assert np.array_equal(back[1].W, layers[1].W)
    with pytest.raises(ValueError, match="known kinds"):
        bn.from_arrays(bn.to_arrays(layers))


# --- Facts: images, powers of two, batch norms -----------------------------------------------


def test_affine_shifts_by_whole_pixels(monkeypatch):
    X = np.zeros((1, 25))
    X[0, 12] = 1.0  # the middle of five by five
    for across, down in ((1, 0), (0, -1), (2, 2)):
        maps = np.array([[1.0, 0, 0, 1, across, down]])
        monkeypatch.setattr(_layers.images, "_maps", lambda n, rng, s, maps=maps: maps)
        found = bn.affine(X, 0).reshape(5, 5)
        expected = np.full((5, 5), 0.0)
        expected[2 - down, 2 - across] = 1.0
        inside = found != -1  # the rest came from outside
        assert np.array_equal(found[inside], expected[inside])
        assert (~inside).sum() == 25 - (5 - abs(across)) * (5 - abs(down))


def test_affine_moves_little_and_keeps_the_range(rng):
    X = rng.random((30, 784)) * 2 - 1
    assert np.allclose(bn.affine(X, rng, strength=0.0), X, atol=1e-12)
    moved = bn.affine(X, rng, strength=0.5)
    assert moved.min() >= -1 and moved.max() <= 1 and not np.allclose(moved, X)


@given(st.floats(1e-30, 1e30), st.sampled_from([-1, 1]))
def test_ap2_is_within_a_root_of_two(x, sign):
    found = float(bn.ap2([sign * x])[0])
    assert math.log2(abs(found)) == round(math.log2(abs(found)))
    assert 2**-0.5 * (1 - 1e-12) <= found / (sign * x) <= 2**0.5 * (1 + 1e-12)


def test_ap2_of_even_exponents_errs_as_it_says():
    x = 2.0 ** ((np.arange(100_000) + 0.5) / 100_000)
    ratio = bn.ap2(x) / x
    assert ratio.mean() == pytest.approx(1.0201, abs=2e-4)
    assert ratio.std() == pytest.approx(0.203, abs=1e-3)


@given(st.integers(0, 2**32), st.floats(-4, 4))
@settings(max_examples=30)
def test_shift_norm_is_within_its_factor(seed, power):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((200, 3)) * 2.0**power + 5
    mean, var = bn.ShiftBatchNorm(*np.zeros((4, 3))).measure(X)
    assert np.allclose(mean, X.mean(0))
    assert (np.abs(np.log2(var / X.var(0))) <= 0.5 + 1e-9).all()
    gamma = rng.uniform(0.1, 3, 3)
    for g, most in ((2.0 ** rng.integers(-2, 3, 3), 0.75), (gamma, 1.25)):
        shift = bn.ShiftBatchNorm(g, np.zeros(3), np.zeros(3), np.ones(3))
        norm = bn.BatchNorm(*shift)
        a, b = shift.forward(X, rng)[0], norm.forward(X, rng)[0]
        assert (np.abs(np.log2(np.abs(a / b))) <= most + 0.01).all()
        assert np.array_equal(a >= 0, b >= 0)  # without beta the sign is the same


def test_shifted_variance_of_gaussians_is_nearly_right():
    x = np.linspace(-12, 12, 400_001)
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    for scale in 2.0 ** np.linspace(0, 1, 9):
        c = scale * x
        ratio = (weight * c * bn.ap2(c)).sum() / scale**2
        assert 1.0175 < ratio < 1.0235


def test_a_positive_factor_is_void_before_a_batch_norm(rng):
    """Scaling factors of XNOR-Net, where a batch norm follows."""
    Z, norm = 30 * rng.standard_normal((50, 4)), bn.BatchNorm(*np.ones((4, 4)))
    alpha = np.array([0.5, 1.0, 2.0, 7.0])
    a, b = (norm.forward(W, rng)[0] for W in (Z, alpha * Z))
    assert np.allclose(a, b, atol=1e-5) and not np.array_equal(a, b)  # up to eps


def test_shift_adamax_divides_by_a_power_of_two(rng):
    layers = (bn.Dense(np.zeros((1, 3)), np.zeros(3)),)
    slopes = np.array([[0.3, -5.0, 1e-3]])

    def loss(Y, T):
        return 0.0, slopes

    next(bn.shift_adamax(layers, [(np.ones((1, 1)), np.ones((1, 3)))], loss, 2.0**-10))
    expected = -(2.0**-10) * slopes / np.abs(bn.ap2(slopes))  # 1 - beta1 is a power of two too
    assert np.allclose(layers[0].W, expected)


# --- Theorems: drawn signs -------------------------------------------------------------------


@pytest.mark.parametrize("x", [-1.5, -0.6, 0.0, 0.3, 1.0])
def test_drawn_signs_are_a_hard_tanh_on_average(x, rng):
    drawn = bn.stochastic_sign(np.full(20_000, x), rng)
    assert set(np.unique(drawn)) <= {-1.0, 1.0}
    assert_mean(drawn, np.clip(x, -1, 1))


def test_straight_through_is_right_for_linear_losses_and_off_for_quadratic_ones(rng):
    """The truth is (f(1) - f(-1)) / 2; straight through says p f'(1) + (1 - p) f'(-1)."""
    x = 0.5
    drawn = bn.stochastic_sign(np.full(40_000, x), rng)
    for curve, truth in ((0.0, 3.0), (1.0, 3.0), (-2.0, 3.0)):  # f = 3 s + curve s**2 / 2
        assert_mean(3 + curve * drawn, truth + curve * x)
    slopes = 2 * (drawn - 0.4)  # f = (s - 0.4)**2: even the sign is wrong
    assert_mean(slopes, 0.2)
    assert math.isclose(((1 - 0.4) ** 2 - (-1 - 0.4) ** 2) / 2, -0.8)


@pytest.mark.parametrize("kind", [bn.StochasticSign, bn.Sign])
def test_drawn_layers_predict_without_drawing(kind, rng):
    layers = [bn.StochasticDense(rng.uniform(-1, 1, (5, 4))), kind()]
    X = rng.standard_normal((6, 5))
    plain = [bn.BinaryDense(layers[0].W), bn.Sign()]
    assert np.array_equal(bn.forward(layers, X)[0], bn.forward(plain, X)[0])
    assert not np.array_equal(bn.forward(layers, X, rng)[0], bn.forward(layers, X, rng)[0])


# --- Contracts ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [bn.binary_mlp, bn.float_mlp])
def test_the_dtype_is_kept(make, dtype, rng):
    layers = make((12, 8, 4), 0, input_dropout=0.1, dropout=0.1, dtype=dtype)
    X, T = (a.astype(dtype) for a in problem(rng, sizes=(12, 8, 4)))
    for _ in bn.adam(layers, [(X, T)], bn.square_hinge, 0.01):
        pass
    assert bn.predict(layers, X).dtype == dtype
    assert all(a.dtype == dtype for key, a in bn.to_arrays(layers).items() if key[-2:] == ".W")


def test_a_seed_is_a_network():
    one, other = (bn.to_arrays(bn.binary_mlp((5, 4), seed)) for seed in (3, 4))
    assert np.array_equal(one["0.BinaryDense.W"], bn.binary_mlp((5, 4), 3)[0].W)
    assert not np.array_equal(one["0.BinaryDense.W"], other["0.BinaryDense.W"])


def test_mistakes_are_told_in_words(rng):
    layers, X = bn.binary_mlp((5, 4, 3), 0), rng.standard_normal((6, 5)).astype(np.float32)
    T = np.ones((6, 3), np.float32)
    fixed = (bn.Dense(np.asfortranarray(rng.standard_normal((5, 3))), np.zeros(3)),)
    refused = [
        (lambda: next(bn.adam(layers, [(np.nan * X, T)], bn.square_hinge, 0.1)), "NaN"),
        (lambda: next(bn.adam((), [], bn.square_hinge, 0.1)), "tuple of layers"),
        (lambda: next(bn.adam((1,), [], bn.square_hinge, 0.1)), "forward and backward"),
        (lambda: next(bn.adam(fixed, [], bn.square_hinge, 0.1)), "contiguous"),
        (lambda: next(bn.adam(layers, [(X, T)], bn.square_hinge, -1)), "step must lie"),
        (lambda: next(bn.batches(X, T[:3], 2, 1)), "as many rows"),
        (lambda: next(bn.batches(X, T, 7, 1)), "rows of X"),
        (lambda: bn.targets([0, 3], 3), "from 0 to 2"),
        (lambda: bn.targets([0.0]), "integers"),
        (lambda: bn.binary_mlp((5,)), "inputs and outputs"),
        (lambda: bn.affine(X), "square images"),
        (lambda: bn.error_rate(layers, X, [1]), "one label"),
        (lambda: bn.from_arrays({"1.Relu": np.empty(0)}), "every layer"),
    ]
    for call, words in refused:
        with pytest.raises((ValueError, TypeError), match=words):
            call()


# --- Peers ----------------------------------------------------------------------------------


def test_a_step_is_that_of_torch(rng):
    torch = pytest.importorskip("torch")
    layers = bn.float_mlp((12, 8, 4), 0, dtype=np.float64)
    X, T = problem(rng, sizes=(12, 8, 4))
    net = torch.nn.Sequential(
        torch.nn.Linear(12, 8), torch.nn.BatchNorm1d(8, eps=1e-4), torch.nn.ReLU(),
        torch.nn.Linear(8, 4), torch.nn.BatchNorm1d(4, eps=1e-4),
    ).double()  # fmt: skip
    with torch.no_grad():
        for ours, theirs in ((layers[0], net[0]), (layers[3], net[3])):
            theirs.weight[:] = torch.tensor(ours.W.T.copy())
            theirs.bias[:] = 0
    peer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(3):
        peer.zero_grad()
        value = torch.nn.functional.cross_entropy(net(torch.tensor(X)), torch.tensor(T).argmax(1))
        value.backward()
        peer.step()
    *_, last = bn.adam(layers, [(X, T)] * 3, bn.cross_entropy, 0.05)
    assert last.value == pytest.approx(value.item(), rel=1e-9)
    assert np.allclose(layers[3].W, net[3].weight.detach().numpy().T, atol=1e-8)
    assert np.allclose(layers[4].gamma, net[4].weight.detach().numpy(), atol=1e-8)
