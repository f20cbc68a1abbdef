"""The learned rows of the capstone: networks of chapters 21 and 22.

All but those for the stamp keep within 50 passes.
"""

import functools
import itertools

import numpy as np

from benchmarks import capstone_methods as methods
from benchmarks import recipes_deep_compression as recipes
from course_lib import _layers as nn
from course_lib.binary_networks import BinaryNetwork
from course_lib.deep_compression import (
    CompressedNetwork,
    cubic_density,
    entries,
    prune_sgd,
    share_weights,
    tune_sgd,
)
from course_lib.deep_compression.entries import STAMP, Front

PASSES = (15, 16, 2)  # all weights, while pruning, of shared values
BINARY_PASSES, BINARY_BATCH = 10, 100
SMALL_PASSES, SMALL_BATCH, SPARE = (100, 20), 128, 60  # SPARE: bytes that other seeds may need


def multiply_adds(sizes, n, passes):
    """Forward, the gradient of the weights, and that of the inputs but for the pixels."""
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return n * passes * (3 * sum(weights) - weights[0])


def compressed(density, n_shared, seeds=(0,)):
    """LeNet-300-100, pruned, shared and coded."""
    full, fit, choose, _ = methods.digits()

    def make(part, seed):
        rows = recipes.Digits(part.images, part.labels.astype(np.int64))
        net = recipes.plain_network(seed)
        recipes.train(net, rows, PASSES[0], seed)
        recipes.prune(net, rows, PASSES[1], seed, density)
        return entries.network_entry(recipes.share(net, rows, PASSES[2], seed, n_shared))

    passes = sum(PASSES)
    yield methods.row(
        "compressed network", 22, "learned",
        f"300-100, density {density:g}, {n_shared} shared values", [make(full, s) for s in seeds],
        choose.error(make(fit, seeds[0])), passes=passes,
        training=multiply_adds(recipes.SIZES, len(full), passes),
    )  # fmt: skip


def binary(width, seeds=(0,)):
    """A network of signs with three hidden layers."""
    full, fit, choose, _ = methods.digits()
    sizes = (784, width, width, width, 10)

    def make(part, seed):
        rng = np.random.default_rng(seed)
        layers = nn.binary_mlp(sizes, rng, input_dropout=0.1)
        n_steps = BINARY_PASSES * (len(part) // BINARY_BATCH)
        labels = part.labels.astype(np.int64)
        rows = nn.batches(part.images, nn.targets(labels), BINARY_BATCH, BINARY_PASSES, rng)
        for _ in nn.adam(layers, rows, nn.square_hinge, nn.cosine(0.005, n_steps), rng=rng):
            pass
        nn.recalibrate(layers, nn.scaled(part.images[rng.permutation(len(part))[:20_000]]))
        return entries.network_entry(BinaryNetwork.from_layers(layers))

    yield methods.row(
        "network of signs", 21, "learned", f"3 x {width}, {BINARY_PASSES} passes",
        [make(full, s) for s in seeds], choose.error(make(fit, seeds[0])),
        passes=BINARY_PASSES, training=multiply_adds(sizes, len(full), BINARY_PASSES),
    )  # fmt: skip


def small(part, front, hidden, density, n_shared, seed):
    """The file of a network of one hidden layer on pooled pixels."""
    X, T = front.rows(part.images), nn.targets(part.labels.astype(np.int64))
    net = nn.float_mlp((X.shape[1], hidden, 10), np.random.default_rng(seed), norm=False)
    dense, rng = net[::2], np.random.default_rng([seed, 1])
    n_steps, n_tuning = (passes * (len(X) // SMALL_BATCH) for passes in SMALL_PASSES)
    falling = functools.partial(
        cubic_density, first=n_steps // 10, last=6 * n_steps // 10, initial=1.0, final=density
    )
    rows = nn.batches(X, T, SMALL_BATCH, SMALL_PASSES[0], rng)
    rate = nn.cosine(0.2, n_steps)
    for _ in prune_sgd(net, rows, nn.cross_entropy, rate, falling, decay=1e-5, rng=rng):
        pass
    shared = [share_weights(layer.W, n_shared) for layer in dense]
    rows = nn.batches(X, T, SMALL_BATCH, SMALL_PASSES[1], rng)
    for _ in tune_sgd(net, shared, rows, nn.cross_entropy, nn.cosine(0.02, n_tuning)):
        pass
    network = CompressedNetwork(shared, [layer.b for layer in dense], width=28 // front.pool)
    return entries.network_entry(network, front=front)


def stamps(settings, seeds=(0, 1, 2, 3)):
    """The best network that fits the stamp, of some (pool, hidden, density, shared values)."""
    full, fit, choose, _ = methods.digits()
    found = []
    for pool, *setting in settings:
        file = small(fit, Front(pool=pool), *setting, 0)
        found.append((choose.error(file), len(file), pool, *setting))
        print(found[-1], flush=True)
    few = [each for each in found if each[1] <= STAMP.file_bytes - SPARE]
    error, _, pool, hidden, density, n_shared = min(few)
    front, passes = Front(pool=pool), sum(SMALL_PASSES)
    files = [small(full, front, hidden, density, n_shared, seed) for seed in seeds]
    side = 28 // pool
    yield methods.row(
        "small network", 22, "learned",
        f"{side} x {side} pixels, {hidden} units, density {density:g}, {n_shared} shared values",
        files, error, passes=passes,
        training=multiply_adds((side**2, hidden, 10), len(full), passes),
    )  # fmt: skip
