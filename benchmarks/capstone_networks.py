"""The learned rows of the capstone: networks of chapters 21 and 22, within 50 passes."""

import itertools

import numpy as np

from benchmarks import capstone_methods as methods
from benchmarks import recipes_deep_compression as recipes
from course_lib import _layers as nn
from course_lib.binary_networks import BinaryNetwork
from course_lib.deep_compression import entries

PASSES = (15, 16, 2)  # all weights, while pruning, of shared values
BINARY_PASSES, BINARY_BATCH = 10, 100


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
