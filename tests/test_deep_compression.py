"""Pruning, shared weights, retraining and the paper's arithmetic: `course_lib.deep_compression`.

Coins are tossed by hypothesis or by generators with fixed seeds. Codes and files have tests of
their own.
"""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import deep_compression as dc
from course_lib._layers import Dense, Relu, backward, cross_entropy, forward, targets

seeds = st.integers(0, 2**32 - 1)
AUDIT = dc.audit()
ROWS = [(network, layer) for network in dc.NETWORKS for layer in network.layers]


def network(seed, sizes=(6, 5, 3)):
    rng = np.random.default_rng(seed)
    layers = []
    for a, b in itertools.pairwise(sizes):
        layers += [Dense(rng.standard_normal((a, b)), rng.standard_normal(b)), Relu()]
    return tuple(layers[:-1])


def problem(seed, n=40, d=6, classes=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), targets(rng.integers(0, classes, n), classes)


# --- Facts: pruning --------------------------------------------------------------------------


@given(seeds, st.floats(0, 1), st.sampled_from(["layer", "global", "lamp"]))
def test_masks_leave_the_asked_share(seed, density, score):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((4, 5)), rng.standard_normal(7)]
    masks = dc.prune_masks(weights, density, score=score)
    left = [int(mask.sum()) for mask in masks]
    if score == "layer":
        assert left == [np.rint(density * 20), np.rint(density * 7)]
    else:
        assert sum(left) == np.rint(density * 27)


@given(seeds, st.integers(0, 6))
def test_no_sparse_matrix_is_nearer(seed, s):
    """All masks with s entries are tried."""
    W = np.random.default_rng(seed).standard_normal(6)
    (mask,) = dc.prune_masks([W], s / 6, score="layer")
    error = ((W - W * mask) ** 2).sum()
    best = min(
        (W[[i for i in range(6) if i not in kept]] ** 2).sum()
        for kept in itertools.combinations(range(6), s)
    )
    assert error <= best + 1e-12


def test_magnitude_is_not_the_best_where_inputs_differ():
    """The output cares for the smaller weight, since its input is ten times as large."""
    X, W = np.diag([1.0, 10.0]), np.array([2.0, 1.0])
    (mask,) = dc.prune_masks([W], 0.5, score="layer")
    assert_array_equal(mask, [True, False])
    lost = [np.linalg.norm(X @ (W - W * m)) for m in (mask, ~mask)]
    assert lost[0] > 4 * lost[1]


def test_equal_weights_are_left_in_their_order_and_zeros_never():
    (mask,) = dc.prune_masks([[1.0, -1.0, 1.0, 1.0]], 0.5, score="global")
    assert_array_equal(mask, [True, True, False, False])
    for score in ("layer", "global", "lamp"):
        (mask,) = dc.prune_masks([[0.0, 3.0, 0.0]], 1.0, score=score)
        assert_array_equal(mask, [False, True, False])


@given(seeds)
def test_masks_only_shrink(seed):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((4, 5)), rng.standard_normal((5, 2))]
    masks = dc.prune_masks(weights, 0.5)
    moved = [rng.standard_normal(W.shape) for W in weights]
    for mask, again in zip(masks, dc.prune_masks(moved, 0.4, masks=masks), strict=True):
        assert not (again & ~mask).any()


@given(seeds)
def test_lamp_scores_are_the_sums_they_are_said_to_be(seed):
    W = np.random.default_rng(seed).integers(-4, 5, 9).astype(float)
    scores = dc.lamp_scores(W)
    order = sorted(range(9), key=lambda i: (-abs(W[i]), i))
    for place, i in enumerate(order):
        total = sum(W[j] ** 2 for j in order[: place + 1])
        assert scores[i] == pytest.approx(W[i] ** 2 / total if total else 0)


@given(seeds, st.floats(1e-6, 1e6))
def test_lamp_does_not_see_the_scale_of_a_layer_nor_empty_it(seed, factor):
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((3, 4)), rng.standard_normal(5)
    masks = dc.prune_masks([first, second], 0.3)
    assert all(mask.any() for mask in dc.prune_masks([first, second], 2 / 17))
    assert_array_equal(dc.lamp_scores(4 * first), dc.lamp_scores(first))
    assert_allclose(dc.lamp_scores(factor * first), dc.lamp_scores(first), rtol=1e-9)
    scaled = dc.prune_masks([4 * first, second], 0.3)
    assert all(map(np.array_equal, masks, scaled))


def test_the_schedule_falls_as_a_cube():
    path = [dc.cubic_density(t, 10, 110, 0.5, 0.05) for t in range(130)]
    assert path[:10] == [1.0] * 10 and path[10] == 0.5 and path[110:] == [0.05] * 20
    assert np.all(np.diff(path) <= 0)
    assert path[60] == pytest.approx(0.05 + 0.45 / 8)
    assert dc.cubic_density(5, 5, 5, 0.5, 0.1) == 0.1


# --- Facts: shared weights -------------------------------------------------------------------


@given(seeds, st.integers(1, 12), st.sampled_from(["linear", "density", "random"]))
def test_the_error_never_rises_and_zeros_stay(seed, k, start):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((8, 6)) * (rng.random((8, 6)) < 0.6)
    W[0, 0] = 1.0
    shared = dc.share_weights(W, k, start=start, n_iter=30, rng=seed)
    assert np.all(np.diff(shared.errors) <= 1e-9)
    assert_array_equal(shared.symbols == 0, W == 0)
    assert np.all(np.diff(shared.codebook) >= 0) and np.all(np.isfinite(shared.codebook))
    values = np.concatenate([[0], shared.codebook])[shared.symbols]
    assert_allclose(((W - values) ** 2).sum(), shared.errors[-1], atol=1e-12)
    left = W[W != 0]
    nearest = np.abs(left[:, None] - shared.codebook).min(axis=1)
    assert_allclose((nearest**2).sum(), shared.errors[-1], atol=1e-12)


@given(seeds, st.integers(1, 4))
def test_the_end_is_a_fixed_point_and_no_better_than_the_best(seed, k):
    """All ways to cut nine sorted weights into k intervals are tried."""
    W = np.random.default_rng(seed).standard_normal(9)
    shared = dc.share_weights(W, k, n_iter=100)
    for symbol in range(1, k + 1):
        members = W[shared.symbols == symbol]
        if len(members):
            assert_allclose(shared.codebook[symbol - 1], members.mean())
    left = np.sort(W)
    best = min(
        sum(((part - part.mean()) ** 2).sum() for part in np.split(left, cuts))
        for cuts in itertools.combinations(range(1, 9), k - 1)
    )
    assert shared.errors[-1] >= best - 1e-9


def test_from_a_linear_start_many_values_stay_a_grid():
    """After 50 rounds they are hardly better than at the start at 256, and near the limit at 16."""
    W = np.random.default_rng(0).standard_normal(60_000)

    def ratio(k, n_iter, start="linear"):
        found = dc.share_weights(W, k, n_iter=n_iter, start=start)
        return found.errors[-1] / len(W) / dc.panter_dite(W, k)

    assert ratio(256, 50) > 2.5 and ratio(256, 50) > 0.8 * ratio(256, 0)
    assert ratio(256, 50, "density") > 5  # from equal ranks the tails are late, too
    assert ratio(16, 50) < 1.3 and 0.95 < ratio(16, 1000) < 1.1


def test_the_limit_is_neither_a_bound_from_above_nor_from_below():
    rng = np.random.default_rng(1)
    W = rng.standard_normal(200_000)
    few = dc.share_weights(W, 2, n_iter=200).errors[-1] / len(W)  # 1 - 2 / pi
    assert few == pytest.approx(1 - 2 / math.pi, rel=0.01)
    assert few < 0.6 * dc.panter_dite(W, 2)
    assert dc.panter_dite(W, 2) == pytest.approx(math.sqrt(3) * math.pi / 8, rel=0.06)  # tails cut
    even = np.linspace(0, 1, 100_001)
    assert dc.share_weights(even, 8).errors[-1] / len(even) == pytest.approx(
        dc.panter_dite(even, 8), rel=1e-3
    )


@given(seeds)
def test_the_gradient_of_a_shared_value_is_the_sum(seed):
    """Against finite differences through a network; the mean is something else."""
    rng = np.random.default_rng(seed)
    layers = network(seed)
    X, T = problem(seed)
    shared = dc.share_weights(layers[0].W, 3)

    def loss(codebook):
        values = np.concatenate([[0], codebook])[shared.symbols]
        return cross_entropy(forward((Dense(values, layers[0].b), *layers[1:]), X)[0], T)

    values = np.concatenate([[0], shared.codebook])[shared.symbols]
    replaced = (Dense(values, layers[0].b), *layers[1:])
    Y, tapes = forward(replaced, X)
    gradient = backward(replaced, tapes, cross_entropy(Y, T)[1])[0].W
    found = dc.centroid_gradient(gradient, shared.symbols, 3)
    v = rng.standard_normal(3)
    h = 1e-6
    slope = (loss(shared.codebook + h * v)[0] - loss(shared.codebook - h * v)[0]) / (2 * h)
    assert found @ v == pytest.approx(slope, rel=1e-3, abs=1e-5)
    sizes = np.bincount(shared.symbols.ravel(), minlength=4)[1:]
    assert_allclose(
        found,
        [gradient[shared.symbols == s].mean() * n for s, n in zip((1, 2, 3), sizes, strict=True)],
    )


# --- Facts: retraining -----------------------------------------------------------------------


def test_momentum_revives_nothing():
    X, T = problem(0)
    layers = network(0)
    left, seen = [], []
    rows = [(X, T)] * 40
    schedule = lambda t: dc.cubic_density(t, 5, 25, 0.8, 0.2)  # noqa: E731
    for step in dc.prune_sgd(layers, rows, cross_entropy, 0.3, schedule, every=5, decay=0.0):
        for layer, mask in zip(layers[::2], step.masks, strict=True):
            assert not layer.W[~mask].any() and not np.signbit(layer.W[~mask]).any()
        left.append(sum(int(mask.sum()) for mask in step.masks))
        seen.append(step.value)
    assert left[0] == 45 and left[-1] == 9 and np.all(np.diff(left) <= 0)
    assert seen[-1] < seen[0]


def test_a_density_that_is_a_number_is_pruned_to_at_once():
    X, T = problem(1)
    layers = network(1)
    step = next(dc.prune_sgd(layers, [(X, T)], cross_entropy, 0.1, 0.4, score="global"))
    assert sum(int(mask.sum()) for mask in step.masks) == 18


@pytest.mark.parametrize("by_mean", [False, True])
def test_tuning_lowers_the_loss_and_keeps_who_shares_what(by_mean):
    X, T = problem(2)
    layers = network(2)
    layers[0].W[::2] = 0
    shared = [dc.share_weights(layer.W, 3) for layer in layers[::2]]
    symbols = [s.symbols.copy() for s in shared]
    values = [
        step.value
        for step in dc.tune_sgd(layers, shared, [(X, T)] * 60, cross_entropy, 0.05, by_mean=by_mean)
    ]
    assert values[-1] < 0.9 * values[0]
    for layer, s, before in zip(layers[::2], shared, symbols, strict=True):
        assert_array_equal(s.symbols, before)
        assert_array_equal(layer.W, np.concatenate([[0], s.codebook])[s.symbols])


# --- Theorems: the model of storage ----------------------------------------------------------


def test_the_example_of_the_paper_for_shared_weights():
    assert dc.sharing_rate(16, 4) == 3.2
    assert dc.sharing_rate(1000, 1) == pytest.approx(1000)


@pytest.mark.parametrize("density", [0.05, 0.3])
@pytest.mark.parametrize("bits", [1, 3, 5])
def test_bits_of_a_coin_are_as_expected(density, bits):
    """The mean over draws is within four standard errors of the closed form."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(200):
        layer = (rng.random(2000) < density).astype(int)
        gaps, _ = dc.relative_index(layer, bits)
        found.append([len(gaps), layer.sum()])
    found = np.array(found)
    rate = found[:, 0].sum() / found[:, 1].sum()
    spread = (found[:, 0] - rate * found[:, 1]).std() / found[:, 1].mean() / math.sqrt(200)
    expected = dc.bits_per_nonzero(density, 0, bits) / bits
    assert abs(rate - expected) <= 4 * spread + 0.01 * expected  # the end of a layer needs none


@pytest.mark.parametrize(("row"), ROWS, ids=lambda row: f"table {row[0].table} {row[1].name}")
def test_the_model_fits_each_printed_row(row):
    """Within 15%, the codebook counted."""
    _, layer = row
    found = 100 * dc.stored_fraction(
        layer.n_weights, float(layer.kept) / 100, int(layer.value_bits), int(layer.index_bits)
    )
    assert 0.85 * float(layer.stored) <= found <= 1.15 * float(layer.stored)


def test_without_the_codebook_one_row_is_far_off():
    found = dc.stored_fraction(500, 0.66, 8, 5, codebook=False)
    assert found < 0.35 * 0.785


def test_best_widths():
    assert [dc.best_index_bits(p, 5) for p in (0.25, 0.12, 0.09, 0.05, 0.04)] == [3, 5, 5, 6, 6]
    for density in (0.02, 0.09, 0.4):
        costs = [dc.bits_per_nonzero(density, 5, b) for b in range(1, 17)]
        assert dc.best_index_bits(density, 5) == 1 + int(np.argmin(costs))


# --- Theorems: the audit ---------------------------------------------------------------------


def test_nine_cells_are_impossible():
    wrong = {(c.table, c.row, c.column, c.printed) for c in dc.audit() if not c.possible}
    assert wrong == {
        ("2", "total", "coded_value_bits", "5.1"),
        ("2", "total", "stored", "3.1"),
        ("2", "total", "coded", "2.49"),
        ("3", "total", "coded_value_bits", "4.1"),
        ("3", "ip2", "coded_value_bits", "5.2"),
        ("3", "total", "coded", "2.55"),
        ("4", "total", "coded", "2.88"),
        ("5", "total", "stored", "3.2"),
        ("5", "total", "coded", "2.05"),
    }


@given(st.sampled_from(dc.NETWORKS), st.sampled_from(["stored", "coded", "kept"]), st.data())
def test_intervals_hold_every_mean_that_could_have_been_printed(network, column, data):
    """Layers are moved within their rounding; the total stays in the interval, and can reach it."""
    cell = next(c for c in AUDIT if (c.table, c.row, c.column) == (network.table, "total", column))
    where = data.draw(st.floats(0, 1))
    n = np.array([layer.n_weights for layer in network.layers], float)
    ends = np.array([[float(e) for e in dc.printed(getattr(r, column))] for r in network.layers])
    inside = ends[:, 0] + where * (ends[:, 1] - ends[:, 0])
    mean = n @ inside / n.sum()
    assert cell.low - 1e-9 <= mean <= cell.high + 1e-9
    assert mean == pytest.approx(cell.low + where * (cell.high - cell.low))


def test_what_the_layers_of_the_paper_give():
    cells = {(c.table, c.column): c for c in dc.audit() if c.row == "total"}
    for table, least, most in (("2", 40.8, 41.1), ("3", 36.5, 36.7), ("5", 52.5, 52.9)):
        cell = cells[table, "coded"]
        assert least <= 100 / cell.high <= 100 / cell.low <= most


def test_totals_are_the_sums_of_the_layers():
    for network in dc.NETWORKS:
        assert network.total.n_weights == sum(layer.n_weights for layer in network.layers)


def test_printed_numbers_are_intervals():
    assert dc.printed("2.32") == (Fraction(463, 200), Fraction(465, 200))
    assert dc.printed("5") == (Fraction(9, 2), Fraction(11, 2))
    for wrong in ("", "a", "-1", "1e5", "1.2.3", "½"):
        with pytest.raises(ValueError, match="must be a decimal number"):
            dc.printed(wrong)
    with pytest.raises(TypeError, match="must be a str"):
        dc.printed(3.1)


# --- Contracts -------------------------------------------------------------------------------


def test_inputs_stay_as_they_are_and_dtypes_are_kept():
    W = np.random.default_rng(3).standard_normal((5, 4)).astype(np.float32)
    before = W.copy()
    assert dc.share_weights(W, 3).codebook.dtype == np.float32
    dc.prune_masks([W], 0.5)
    assert_array_equal(W, before)
    one, other = (dc.share_weights(W, 3, start="random", rng=7) for _ in range(2))
    assert_array_equal(one.codebook, other.codebook)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dc.prune_masks([], 0.5), "one array for each layer"),
        (lambda: dc.prune_masks(np.eye(2), 0.5), "must be a list of arrays"),
        (lambda: dc.prune_masks([[1.0]], 1.5), "density must lie in"),
        (lambda: dc.prune_masks([[1.0]], 0.5, score="size"), "score must be one of"),
        (lambda: dc.prune_masks([[1.0]], [0.5, 0.1], score="layer"), "or 1 of them"),
        (lambda: dc.prune_masks([[1.0]], 0.5, masks=[[True, False]]), "of the shapes"),
        (lambda: dc.prune_masks([[1.0]], 0.5, masks=[]), "a list of 1 arrays"),
        (lambda: dc.share_weights([0.0], 2), "all of them are"),
        (lambda: dc.share_weights([1.0], 2, start="middle"), "start must be one of"),
        (lambda: dc.share_weights([1e200], 2), "NaN or infinity, or overflows"),
        (lambda: dc.centroid_gradient([1.0, 2.0], [1], 1), "the shape of the gradient"),
        (lambda: dc.centroid_gradient([1.0], [2], 1), "must lie between 0 and 1"),
        (lambda: dc.cubic_density(0, 5, 3, 0.5, 0.1), "last must be at least 5"),
        (lambda: next(dc.prune_sgd((Relu(),), [], cross_entropy, 0.1, 0.5)), "a dense one"),
        (lambda: next(dc.tune_sgd(network(0), [], [], cross_entropy, 0.1)), "one entry for each"),
        (lambda: dc.stored_fraction(10, 0.0, 5, 4), "density must lie in"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


# --- Peers -----------------------------------------------------------------------------------


@settings(max_examples=2)
@given(seeds, st.integers(2, 6))
def test_k_means_of_scikit_learn_from_our_values_finds_nothing_better(seed, k):
    cluster = pytest.importorskip("sklearn.cluster")
    W = np.random.default_rng(seed).standard_normal(300)
    shared = dc.share_weights(W, k, n_iter=300)
    peer = cluster.KMeans(k, init=shared.codebook[:, None], n_init=1, tol=0).fit(W[:, None])
    assert shared.errors[-1] <= peer.inertia_ * (1 + 1e-9)


def test_masks_are_those_of_torch():
    torch = pytest.importorskip("torch")
    prune = pytest.importorskip("torch.nn.utils.prune")
    rng = np.random.default_rng(4)
    weights = [rng.standard_normal((7, 5)), rng.standard_normal((3, 7))]
    modules = [torch.nn.Linear(W.shape[1], W.shape[0], bias=False) for W in weights]
    for module, W in zip(modules, weights, strict=True):
        module.weight.data = torch.tensor(W)
    prune.global_unstructured(
        [(module, "weight") for module in modules], prune.L1Unstructured, amount=40
    )
    ours = dc.prune_masks(weights, 16 / 56, score="global")
    for module, mask in zip(modules, ours, strict=True):
        assert_array_equal(module.weight_mask.numpy() > 0, mask)
