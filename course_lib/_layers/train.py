"""How networks learn: batches of images, losses, and optimizers that yield iterates.

scaled, batches, targets   images as bytes, gathered and scaled a batch at a time
adam, sgd, cosine          the optimizers, and a step that shrinks to 0
recalibrate                statistics of batch norms, measured anew under the final weights
predict, error_rate        what came of it
"""

import math
from typing import NamedTuple

import numpy as np

from course_lib._layers.kernels import adam_step, momentum_step
from course_lib._layers.layers import backward, forward
from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_number,
    plain_array,
)

__all__ = [
    "Iterate",
    "Moments",
    "adam",
    "batches",
    "cosine",
    "error_rate",
    "predict",
    "recalibrate",
    "scaled",
    "sgd",
    "targets",
]

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


def scaled(X, low=-1.0):
    """Return bytes as float32 numbers from ``low`` to 1; floating numbers as they are.

    Parameters
    ----------
    X : array, shape (n, ...)
        Images are flattened to rows.
    low : float, default -1
        What black becomes; white becomes 1.

    Returns
    -------
    array, shape (n, d)

    Raises
    ------
    TypeError, ValueError
        If ``X`` holds no numbers, or has no rows.

    Examples
    --------
    >>> scaled(np.array([[0, 255]], np.uint8))
    array([[-1.,  1.]], dtype=float32)
    """
    X = plain_array(X, "X")
    if X.ndim < 2 or X.size == 0:
        raise ValueError(f"X must have rows and columns; got shape {X.shape}.")
    X = X.reshape(len(X), math.prod(X.shape[1:]))
    if X.dtype != np.uint8:
        return check_finite(check_array(X, "X"), "X")
    low = check_number(low, "low", high=1, low=-FAR)
    Y = X.astype(np.float32)
    Y *= np.float32((1 - low) / 255)
    Y += np.float32(low)
    return Y


def targets(y, n_classes=10):
    """Return +1 for the class of each row and -1 for the others, as the losses take them.

    Parameters
    ----------
    y : array of int, shape (n,)
    n_classes : int, default 10

    Returns
    -------
    array, shape (n, n_classes), float32

    Raises
    ------
    TypeError, ValueError
        If a label is no integer from 0 to ``n_classes - 1``.

    Examples
    --------
    >>> targets([1, 0], 3)
    array([[-1.,  1., -1.],
           [ 1., -1., -1.]], dtype=float32)
    """
    y = plain_array(y, "y")
    n_classes = check_count(n_classes, "n_classes", low=1, high=2**20)
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise TypeError(f"y must be a vector of integers; got {y.dtype} of shape {y.shape}.")
    if not len(y):
        raise ValueError("y must hold a label; it is empty.")
    if not (y.min() >= 0 and y.max() < n_classes):
        raise ValueError(f"y must hold labels from 0 to {n_classes - 1}; got {y.min()}, {y.max()}.")
    T = np.full((len(y), n_classes), -1, np.float32)
    T[np.arange(len(y)), y.astype(np.int64)] = 1
    return T


def batches(X, T, size, n_passes, rng=None, *, low=-1.0, change=None):
    """Yield batches (rows of X, rows of T), in a new order each pass.

    Parameters
    ----------
    X : array, shape (n, ...)
        Bytes are gathered and scaled a batch at a time: they take a quarter of the memory.
    T : array, shape (n, n_out)
    size : int
        Rows in a batch, at most n. What does not fill a batch is left out of a pass.
    n_passes : int
    rng : int, numpy.random.Generator or None
    low : float, default -1
        What black becomes; see `scaled`.
    change : callable, optional
        ``change(rows, rng)`` returns the rows to train on, such as `affine` makes them.

    Yields
    ------
    array, shape (size, d)
    array, shape (size, n_out)

    Raises
    ------
    ValueError, TypeError
        If lengths differ or a number is out of range. At the first ``next``.

    Examples
    --------
    >>> X, T = np.arange(6.0).reshape(3, 2), np.eye(3)
    >>> [len(rows) for rows, _ in batches(X, T, 1, 2, rng=0)]
    [1, 1, 1, 1, 1, 1]
    """
    X, rng = plain_array(X, "X"), as_rng(rng)
    T = check_finite(check_array(T, "T", ndim=2), "T")
    if X.ndim < 2 or X.size == 0:
        raise ValueError(f"X must have rows and columns; got shape {X.shape}.")
    if len(X) != len(T):
        raise ValueError(f"X and T must have as many rows; got {len(X)} and {len(T)}.")
    size = check_count(size, "size", low=1, high=len(X), high_name="the rows of X")
    for _ in range(check_count(n_passes, "n_passes", low=0)):
        order = rng.permutation(len(X))
        for start in range(0, len(X) - size + 1, size):
            rows = order[start : start + size]
            batch = scaled(X[rows], low)
            yield batch if change is None else change(batch, rng), T[rows]


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
        fixes = kind(1 / (1 - beta1**t)), kind(1 / (1 - beta2**t))
        adam_step(a, g, m, v, kind(eta), kind(beta1), kind(beta2), *fixes, kind(limit))

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


def _fitting(layers, X):
    """Return layers and rows that the first product takes."""
    layers, X = check_layers(layers), plain_array(X, "X")
    if X.ndim < 2 or X.size == 0:
        raise ValueError(f"X must have rows and columns; got shape {X.shape}.")
    weights = next((layer.W for layer in layers if hasattr(layer, "W")), None)
    if weights is not None and X[0].size != len(weights):
        raise ValueError(f"X must have {len(weights)} numbers in a row; got {X[0].size}.")
    return layers, X


def predict(layers, X, *, low=-1.0, batch=1000):
    """Return the output of a network for each row.

    Parameters
    ----------
    layers : tuple of layers
    X : array, shape (n, ...)
        Bytes are scaled as in `batches`.
    low : float, default -1
    batch : int, default 1000
        Rows at a time.

    Returns
    -------
    array, shape (n, n_out)

    Raises
    ------
    ValueError, TypeError
        If the rows do not fit the layers, or are no numbers.
    """
    layers, X = _fitting(layers, X)
    batch = check_count(batch, "batch", low=1)
    parts = [
        forward(layers, scaled(X[start : start + batch], low))[0]
        for start in range(0, len(X), batch)
    ]
    return np.concatenate(parts)


def error_rate(layers, X, y, *, low=-1.0):
    """Return the fraction of rows whose largest output is not that of their label.

    Parameters
    ----------
    layers, X, low
        As in `predict`.
    y : array of int, shape (n,)

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        As `predict`; also if there is not one label for each row.
    """
    found, y = predict(layers, X, low=low).argmax(axis=1), plain_array(y, "y")
    if y.shape != found.shape:
        raise ValueError(f"y must hold one label for each of {len(found)} rows; got {y.shape}.")
    return float(np.mean(found != y))


def recalibrate(layers, X, *, low=-1.0):
    """Set the statistics of batch norms to those of ``X`` under the weights as they are.

    While steps are large the running averages lag behind the weights.

    Parameters
    ----------
    layers : tuple of layers
        Their ``mean`` and ``var`` change in place.
    X : array, shape (n, ...)
        Some thousand rows, changed as they were in training.
    low : float, default -1

    Raises
    ------
    ValueError, TypeError
        If the rows do not fit the layers, or are no numbers.

    Notes
    -----
    **Cost.** One forward pass; all rows are in memory at once.
    """
    layers, X = _fitting(layers, X)
    X = scaled(X, low)
    for layer in layers:
        if hasattr(layer, "measure"):
            layer.mean[:], layer.var[:] = layer.measure(X)
        X = layer.forward(X, None)[0]
