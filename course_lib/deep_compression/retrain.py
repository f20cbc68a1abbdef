r"""Training goes on while weights are pruned, and after they share values.

prune_sgd   gradient descent that leaves fewer and fewer weights
tune_sgd    gradient descent on shared values and biases
"""

from typing import NamedTuple

import numpy as np

from course_lib._layers import Dense, backward, forward, sgd
from course_lib._validation import as_rng, check_count, check_flag, check_number
from course_lib.deep_compression.prune import prune_masks
from course_lib.deep_compression.share import centroid_gradient

__all__ = ["PrunedIterate", "TunedIterate", "prune_sgd", "tune_sgd"]


class PrunedIterate(NamedTuple):
    """Where training is. The arrays change in place at the next step: copy what you keep.

    Attributes
    ----------
    x : tuple
        The layers.
    value : float
        The loss of this batch, before the step.
    masks : tuple of arrays of bool
        Which weights of each dense layer are left.
    """

    x: tuple
    value: float
    masks: tuple


class TunedIterate(NamedTuple):
    """Where training is. The arrays change in place at the next step: copy what you keep.

    Attributes
    ----------
    x : tuple
        The layers, whose weights are values of the codebooks.
    value : float
        The loss of this batch, before the step.
    shared : tuple of SharedWeights
        One for each dense layer.
    """

    x: tuple
    value: float
    shared: tuple


def prune_sgd(
    layers, batches, loss, step, density, *, every=50, score="lamp", momentum=0.9, decay=1e-4,
    rng=None,
):  # fmt: skip
    """Yield a PrunedIterate after each batch: a step of gradient descent, and pruned weights at 0.

    Parameters
    ----------
    layers : tuple of layers
        Their arrays change in place. Weights of dense layers are pruned, biases are not.
    batches : iterable of (X, T)
    loss : callable
        ``value, G = loss(Y, T)``.
    step : float or callable
        Step size, or a function of the number of steps taken.
    density : float, sequence of float, or callable
        Share of the weights to leave, or a function of the number of steps taken, such as one of
        `cubic_density`. A number is pruned to before the first step; with ``score="layer"`` it
        may be one number for each dense layer.
    every : int, default 50
        Steps after which a schedule is asked.
    score : {"lamp", "global", "layer"}, default "lamp"
        As for `prune_masks`.
    momentum : float, default 0.9
    decay : float, default 1e-4
        Weight decay.
    rng : int, numpy.random.Generator or None
        For dropout.

    Yields
    ------
    PrunedIterate

    Raises
    ------
    ValueError, TypeError
        If there is no dense layer, or an argument is out of range. At a ``next``.

    Notes
    -----
    **Cost.** A step, one product with the masks, and a sort each ``every`` steps.

    **Guarantee.** What was pruned stays pruned: weights are set to 0 after each step, so that a
    velocity from before cannot revive them, and masks only shrink.

    Examples
    --------
    A velocity would carry the second weight on; it is pruned, and stays:

    >>> from course_lib._layers import square_hinge
    >>> layers = (Dense(np.array([[2.0], [0.5]]), np.zeros(1)),)
    >>> batch = np.array([[1.0, 1.0]]), np.array([[-1.0]])
    >>> for iterate in prune_sgd(layers, [batch] * 3, square_hinge, 0.1, 0.5, decay=0.0): pass
    >>> layers[0].W.ravel().round(3), iterate.masks[0].ravel()
    (array([-0.31,  0.  ]), array([ True, False]))
    """
    layers = tuple(layers)
    dense = _dense(layers)
    every = check_count(every, "every", low=1)
    now = 1.0 if callable(density) else density
    masks = _prune(dense, now, score, tuple(np.ones(layer.W.shape, bool) for layer in dense))
    steps = sgd(layers, batches, loss, step, rng=rng, momentum=momentum, decay=decay)
    for t, iterate in enumerate(steps, 1):
        _cut(dense, masks)
        if callable(density) and t % every == 0 and density(t) < 1:
            masks = _prune(dense, density(t), score, masks)
        yield PrunedIterate(layers, iterate.value, masks)


def _prune(dense, density, score, masks):
    masks = prune_masks([layer.W for layer in dense], density, score=score, masks=masks)
    _cut(dense, masks)
    return masks


def _cut(dense, masks):
    for layer, mask in zip(dense, masks, strict=True):
        np.multiply(layer.W, mask, out=layer.W)
        np.add(layer.W, 0, out=layer.W)  # -0 becomes 0


def tune_sgd(layers, shared, batches, loss, step, *, momentum=0.9, by_mean=True, rng=None):
    r"""Yield a TunedIterate after each batch: a step of gradient descent on shared values.

    Parameters
    ----------
    layers : tuple of layers
        Their arrays change in place; weights of dense layers become values of the codebooks.
    shared : sequence of SharedWeights
        One for each dense layer, as `share_weights` returns it; their codebooks change in place.
    batches : iterable of (X, T)
    loss : callable
        ``value, G = loss(Y, T)``.
    step : float or callable
        Step size, or a function of the number of steps taken.
    momentum : float, default 0.9
    by_mean : bool, default True
        Divide the gradient of a value by how many weights share it. That is no gradient any more
        but one that was rescaled, so that one step size suits all values; False takes the
        gradient itself, `centroid_gradient`.
    rng : int, numpy.random.Generator or None
        For dropout.

    Yields
    ------
    TunedIterate

    Raises
    ------
    ValueError, TypeError
        If something does not fit or is out of range. At a ``next``.

    Notes
    -----
    **Cost.** Forward and backward; one sum over the weights.

    **Guarantee.** Which value a weight takes never changes, nor does any pruned weight.

    Examples
    --------
    Two weights share a value, whose gradient is the sum of both:

    >>> from course_lib._layers import square_hinge
    >>> from course_lib.deep_compression import SharedWeights
    >>> layers = (Dense(np.array([[1.0], [1.0]]), np.zeros(1)),)
    >>> shared = [SharedWeights(np.array([1.0]), np.array([[1], [1]]), None)]
    >>> batch = np.array([[0.25, 0.25]]), np.array([[1.0]])
    >>> tuned = next(tune_sgd(layers, shared, [batch], square_hinge, 0.1, by_mean=False))
    >>> layers[0].W.ravel()                                # 1 + 0.1 (0.25 + 0.25)
    array([1.05, 1.05])
    """
    layers, shared, rng = tuple(layers), tuple(shared), as_rng(rng)
    dense = _dense(layers)
    if len(shared) != len(dense):
        raise ValueError(f"shared must have one entry for each of {len(dense)} dense layers.")
    momentum = check_number(momentum, "momentum", low=0, high=1, open_high=True)
    rate = step if callable(step) else lambda t: step
    sizes = [np.ones(len(s.codebook)) for s in shared]
    if check_flag(by_mean, "by_mean"):
        sizes = [
            np.maximum(1, np.bincount(s.symbols.ravel(), minlength=len(s.codebook) + 1)[1:])
            for s in shared
        ]
    moving = [
        (np.zeros(len(s.codebook)), np.zeros_like(d.b)) for s, d in zip(shared, dense, strict=True)
    ]
    _spread(dense, shared)
    for t, (X, T) in enumerate(batches):
        Y, tapes = forward(layers, X, rng)
        value, G = loss(Y, T)
        slopes = _dense(backward(layers, tapes, G))
        eta = check_number(rate(t), "step", low=0, open_high=True)
        for d, s, slope, size, (v, u) in zip(dense, shared, slopes, sizes, moving, strict=True):
            v *= momentum
            v -= eta * centroid_gradient(slope.W, s.symbols, len(size)) / size
            u *= d.b.dtype.type(momentum)
            u -= d.b.dtype.type(eta) * slope.b
            s.codebook[:] += v.astype(s.codebook.dtype)
            d.b[:] += u
        _spread(dense, shared)
        yield TunedIterate(layers, float(value), shared)


def _dense(layers):
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    if not dense:
        raise ValueError("layers must have a dense one; there is none.")
    return dense


def _spread(dense, shared):
    """Give each weight its value."""
    for layer, (codebook, symbols, _) in zip(dense, shared, strict=True):
        values = np.concatenate([np.zeros(1, layer.W.dtype), codebook.astype(layer.W.dtype)])
        np.take(values, symbols, out=layer.W)
