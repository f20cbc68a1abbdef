"""What goes into a network and what comes out.

scaled, batches, targets   images as bytes, gathered and scaled a batch at a time
recalibrate                statistics of batch norms, measured anew under the final weights
predict, error_rate        what came of it
"""

import math

import numpy as np

from course_lib._layers.layers import forward
from course_lib._layers.optimizers import FAR, check_layers
from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_number,
    plain_array,
)

__all__ = ["batches", "error_rate", "predict", "recalibrate", "scaled", "targets"]


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
