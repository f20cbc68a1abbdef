"""How LeNet-300-100 is trained, pruned, shared and coded: what two benchmarks have in common.

Gray levels are divided by 255. Batches have 128 images, momentum is 0.9, weight decay 1e-4, and
each step size falls along a cosine. A *pass* reads all training images once.
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from course_lib import datasets
from course_lib._layers import (
    Dense,
    Dropout,
    affine,
    batches,
    cosine,
    cross_entropy,
    distillation,
    error_rate,
    float_mlp,
    predict,
    sgd,
    targets,
)
from course_lib.deep_compression import (
    CompressedNetwork,
    cubic_density,
    prune_sgd,
    share_weights,
    tune_sgd,
)

SIZES = (784, 300, 100, 10)
BATCH = 128
DECAY = 1e-4
FULL_BYTES = 4 * sum(a * b + b for a, b in itertools.pairwise(SIZES))  # 1,066,440


class Digits(NamedTuple):
    """Images as rows of bytes, and their digits."""

    X: np.ndarray
    y: np.ndarray


@functools.cache
def split(name):
    """Return training digits and those that choices are made on.

    ``"random"``: 10,000 of the 60,000, drawn at random, are for choosing. ``"last"``: the last
    5,000 are. ``"all"``: none are.
    """
    digits = datasets.mnist()
    X, y = digits.train_images.reshape(-1, 784), digits.train_labels.astype(np.int64)
    order = np.arange(len(y))
    if name == "random":
        order = np.random.default_rng(22).permutation(len(y))
    n = {"random": 50_000, "last": 55_000, "all": 60_000}[name]
    train, rest = np.sort(order[:n]), np.sort(order[n:])
    return Digits(X[train], y[train]), Digits(X[rest], y[rest])


@functools.cache
def test_digits():
    """Return the 10,000 that are looked at once, when all is decided."""
    digits = datasets.mnist()
    return Digits(digits.test_images.reshape(-1, 784), digits.test_labels.astype(np.int64))


def percent(layers, digits):
    """Return the percentage of digits that are read wrong; None if there are none."""
    if not len(digits.y):
        return None
    return round(100 * error_rate(layers, digits.X, digits.y, low=0.0), 4)


def copied(layers):
    """Return a network with arrays of its own, and without dropout."""
    return tuple(
        type(layer)(*(part.copy() if isinstance(part, np.ndarray) else part for part in layer))
        for layer in layers
        if not isinstance(layer, Dropout)
    )


def plain_network(seed):
    """Return an untrained network, normal weights of variance 2 / n_in."""
    return float_mlp(SIZES, np.random.default_rng(seed), norm=False)


def changed(strength):
    """Return what moves the images of a batch, or None."""
    if not strength:
        return None
    return lambda X, rng: affine(X, rng, strength=strength, background=0.0)


def lessons(digits, passes, rng, *, strength=0.0, teacher=None, share=0.7, temperature=2.0):
    """Return batches and the loss to use with them, with a teacher if there is one.

    Outputs of a teacher for images that stay as they are, are computed once.
    """
    T = targets(digits.y)
    change = changed(strength)
    if teacher is None:
        return batches(digits.X, T, BATCH, passes, rng, low=0.0, change=change), cross_entropy
    both = distillation(share, temperature)
    if change is None:
        T = np.hstack([T, predict(teacher, digits.X, low=0.0)])
        loss = lambda Y, T: both(Y, (T[:, :10], T[:, 10:]))  # noqa: E731
        return batches(digits.X, T, BATCH, passes, rng, low=0.0), loss
    rows = batches(digits.X, T, BATCH, passes, rng, low=0.0, change=change)
    return ((X, (T, predict(teacher, X))) for X, T in rows), both


def steps_of(digits, passes):
    return passes * (len(digits.y) // BATCH)


def train(layers, digits, passes, seed, *, step=0.1, dropout=0.2, tick=None, **options):
    """Train all weights, in place."""
    rng = np.random.default_rng([seed, 1])
    rows, loss = lessons(digits, passes, rng, **options)
    rate = cosine(step, steps_of(digits, passes))
    for _ in sgd((Dropout(dropout), *layers), rows, loss, rate, rng=rng, decay=DECAY):
        if tick:
            tick()


def prune(
    layers,
    digits,
    passes,
    seed,
    density,
    *,
    step=0.1,
    dropout=0.2,
    start=0.5,
    first=0.5,
    last=0.6,
    every=50,
    tick=None,
    **options,
):
    """Train on while weights are pruned by LAMP, from ``start`` to ``density``, in place.

    Pruning begins after ``first`` passes and is done after the share ``last`` of all.
    """
    rng = np.random.default_rng([seed, 2])
    rows, loss = lessons(digits, passes, rng, **options)
    n_steps, a_pass = steps_of(digits, passes), steps_of(digits, 1)
    ends = int(first * a_pass), int(last * n_steps)
    schedule = functools.partial(cubic_density, first=ends[0], last=ends[1])
    steps = prune_sgd(
        (Dropout(dropout), *layers),
        rows,
        loss,
        cosine(step, n_steps),
        lambda t: schedule(t, initial=start, final=density),
        every=every,
        decay=DECAY,
        rng=rng,
    )
    for _ in steps:
        if tick:
            tick()


def share(layers, digits, passes, seed, n_shared, *, step=0.02, tick=None, **options):
    """Share values, tune them, and return the compressed network."""
    rng = np.random.default_rng([seed, 3])
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    shared = [share_weights(layer.W, n_shared) for layer in dense]
    rows, loss = lessons(digits, passes, rng, **options)
    rate = cosine(step, max(1, steps_of(digits, passes)))
    for _ in tune_sgd(layers, shared, rows, loss, rate):
        if tick:
            tick()
    return CompressedNetwork(shared, [layer.b for layer in dense], width=28)


def sizes(network):
    """Return the bytes of the file in four ways of coding."""
    return {
        "paper": len(network.to_bytes("paper")),
        "paper_inputs": len(network.to_bytes("paper", order="input")),
        "paper_best_width": len(network.to_bytes("paper", index_bits=None)),
        "best": len(network.to_bytes("best")),
    }
