"""How layers move: optimizers that yield iterates, and a step that shrinks to 0."""

import math
from typing import NamedTuple

import numpy as np

from course_lib._layers.kernels import adam_step, momentum_step
from course_lib._layers.layers import backward, forward
from course_lib._validation import as_rng, check_count, check_finite, check_number

__all__ = ["Iterate", "Moments", "adam", "cosine", "descend", "sgd"]

FAR = 3e38  # a limit that limits nothing, and is finite in float32


class Moments(NamedTuple):
    """What an optimizer remembers; given back to it, it goes on as if it had never stopped."""

    n_steps: int  # taken so far
    first: tuple  # layers of averaged gradients, of `sgd` of velocities
    second: tuple  # layers of averaged squares; of `sgd` the same as ``first``


class Iterate(NamedTuple):
    """Where training is. The arrays change in place at the next step: copy what you keep."""

    x: tuple  # the layers
    value: float  # the loss of this batch, before the step
    moments: Moments


def cosine(step, n_steps):
    """Return a step size that falls from ``step`` to 0 along half a wave of the cosine.

    Parameters
    ----------
    step : float
        The first, positive.
    n_steps : int
        Steps in all; later ones are 0.

    Returns
    -------
    callable
        Of the number of steps taken.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> [round(cosine(0.1, 4)(t), 3) for t in range(5)]
    [0.1, 0.085, 0.05, 0.015, 0.0]
    """
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    n_steps = check_count(n_steps, "n_steps", low=1)
    return lambda t: step * 0.5 * (1 + math.cos(math.pi * min(t, n_steps) / n_steps))


def adam(layers, batches, loss, step, *, rng=None, betas=(0.9, 0.999), clip=True, pace=True,
         moments=None):  # fmt: skip
    """Yield an Iterate after each batch: a step of Adam, then binary weights are clipped.

    Parameters
    ----------
    layers : tuple of layers
        Their arrays change in place.
    batches : iterable of (X, T)
    loss : callable
        ``value, G = loss(Y, T)`` with the gradient G with respect to the output Y.
    step : float or callable
        Step size, or a function of the number of steps taken, such as `cosine` returns.
    rng : int, numpy.random.Generator or None
        For dropout.
    betas : pair of float
        How much of the averages of gradients and of their squares a step keeps.
    clip : bool, default True
        Whether weights of a `BinaryDense` are clipped to [-1, 1].
    pace : bool, default True
        Whether their steps are multiplied by the Glorot factor sqrt((n_in + n_out)/1.5).
    moments : Moments, optional
        Of an earlier Iterate, to go on from there.

    Yields
    ------
    Iterate

    Raises
    ------
    ValueError, TypeError
        If there is nothing to train, arrays do not fit, or the loss is not finite. At a ``next``.

    Notes
    -----
    **Cost.** Forward and backward, three products for each layer; then one pass over the weights
    that reads four arrays and writes three. Averages below 1e-30 become 0: those of units that
    never fire would decay into denormal numbers, which are far slower.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015,
       Algorithm 1.

    Examples
    --------
    The first step moves each weight by the step size, whatever the gradient is.

    >>> from course_lib._layers import Dense, square_hinge
    >>> layers = (Dense(np.zeros((1, 1)), np.zeros(1)),)
    >>> batch = np.array([[2.0]]), np.array([[1.0]])
    >>> iterate = next(adam(layers, [batch], square_hinge, 0.1))
    >>> iterate.value, layers[0].W.round(6)
    (1.0, array([[0.1]]))
    """
    beta1, beta2 = (check_number(b, "betas", low=0, high=1, open_high=True) for b in betas)

    def move(a, g, m, v, eta, limit, decays, t):
        kind = a.dtype.type
        decay, gain = (kind(beta1), kind(beta2)), (kind(1 - beta1), kind(1 - beta2))
        fixes = kind(1 / (1 - beta1**t)), kind(1 / (1 - beta2**t))
        adam_step(a, g, m, v, kind(eta), decay, gain, fixes, kind(limit))

    yield from descend(layers, batches, loss, step, rng, move, moments, clip, int(pace))


def sgd(layers, batches, loss, step, *, rng=None, momentum=0.9, decay=0.0, clip=True, pace=True,
        moments=None):  # fmt: skip
    """Yield an Iterate after each batch: a step of gradient descent with momentum.

    Parameters
    ----------
    layers, batches, loss, step, rng, clip, moments
        As in `adam`.
    momentum : float, default 0.9
        How much of its velocity a step keeps, from 0 up to 1.
    decay : float, default 0
        Weight decay: that many times the weights is added to their gradient, not to that of
        biases and batch norms.
    pace : bool, default True
        Whether steps of a `BinaryDense` are multiplied by the square of the Glorot factor.

    Yields
    ------
    Iterate

    Raises
    ------
    ValueError, TypeError
        As `adam`.

    Notes
    -----
    **Cost.** As `adam`, with one average less. A weight that the caller sets to 0 after each
    iterate, one that was pruned, stays 0 whatever its velocity is.

    Examples
    --------
    >>> from course_lib._layers import Dense, square_hinge
    >>> layers = (Dense(np.zeros((1, 1)), np.zeros(1)),)
    >>> batch = np.array([[2.0]]), np.array([[1.0]])
    >>> iterate = next(sgd(layers, [batch], square_hinge, 0.1))     # the slope is -2 * 2
    >>> layers[0].W, layers[0].b
    (array([[0.4]]), array([0.2]))
    """
    momentum = check_number(momentum, "momentum", low=0, high=1, open_high=True)
    decay = check_number(decay, "decay", low=0, open_high=True)

    def move(a, g, m, v, eta, limit, decays, t):
        kind = a.dtype.type
        held = kind(decay if decays else 0)
        momentum_step(a, g, m, kind(eta), kind(momentum), held, kind(limit))

    yield from descend(layers, batches, loss, step, rng, move, moments, clip, 2 * int(pace))


def descend(layers, batches, loss, step, rng, move, moments, clip, power):
    """The loop of all: forward, loss, backward, and a move of each array that has a gradient."""
    layers, rng = check_layers(layers), as_rng(rng)
    rate = step if callable(step) else lambda t: step
    for X, T in batches:
        check_finite(X, "X")  # signs of NaN are -1: the loss would not tell
        Y, tapes = forward(layers, X, rng)
        value, G = loss(Y, T)
        if not math.isfinite(value):
            raise ValueError(f"the loss must be finite; it is {value}: clean X, or shorten step.")
        gradients = backward(layers, tapes, G)
        if moments is None:
            moments = Moments(0, _zeros(gradients), _zeros(gradients))
        n_steps = moments.n_steps
        eta = check_number(rate(n_steps), "step", low=0, open_high=True)
        for layer, gradient, m, v in zip(
            layers, gradients, moments.first, moments.second, strict=True
        ):
            limit = getattr(layer, "limit", FAR) if clip else FAR
            eta_here = eta * getattr(layer, "pace", 1.0) ** power
            for name, a, *rest in zip(layer._fields, layer, gradient, m, v, strict=True):
                if rest[0] is not None:
                    flat = (part.reshape(-1) for part in (a, *rest))
                    move(*flat, eta_here, limit, name == "W", n_steps + 1)
        moments = moments._replace(n_steps=n_steps + 1)
        yield Iterate(layers, float(value), moments)


def _zeros(gradients):
    """Layers of zeros like those of a gradient, and None where it has None."""
    return tuple(
        type(layer)(*(None if part is None else np.zeros_like(part) for part in layer))
        for layer in gradients
    )


def check_layers(layers):
    """Return layers as a tuple; refuse what is none, and arrays that cannot change in place."""
    if not isinstance(layers, tuple | list) or not layers:
        raise TypeError(f"layers must be a tuple of layers; got {type(layers).__name__}.")
    for layer in layers:
        if not (hasattr(layer, "forward") and hasattr(layer, "backward")):
            raise TypeError(f"layers must have forward and backward; got {type(layer).__name__}.")
        for name, part in zip(layer._fields, layer, strict=True):
            if isinstance(part, np.ndarray) and not (
                part.flags.c_contiguous and part.flags.writeable
            ):
                raise ValueError(f"{name} must be writeable and contiguous; use {name}.copy().")
    return tuple(layers)
