"""Networks to start from, and networks as arrays for a file."""

import itertools
import math

import numpy as np

from course_lib._layers import layers as kinds_of_layers
from course_lib._layers.layers import BatchNorm, BinaryDense, Dense, Dropout, Relu, Sign
from course_lib._validation import as_rng, check_count, check_number

__all__ = ["binary_mlp", "float_mlp", "from_arrays", "to_arrays"]

KINDS = {name: getattr(kinds_of_layers, name) for name in kinds_of_layers.__all__}


def binary_mlp(sizes, rng=None, *, input_dropout=0.0, dropout=0.0, dtype=np.float32):
    """Return an untrained network of binary layers: products with signs, batch norms, signs.

    Parameters
    ----------
    sizes : sequence of int
        Numbers in a row, then units of each layer, such as ``(784, 256, 256, 256, 10)``.
    rng : int, numpy.random.Generator or None
        Weights are drawn evenly from [-1, 1].
    input_dropout, dropout : float, default 0
        Fraction of inputs, and of hidden units, that is left out while training.
    dtype : dtype, default float32

    Returns
    -------
    tuple of layers

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> [type(layer).__name__ for layer in binary_mlp((4, 3, 2), rng=0)]
    ['BinaryDense', 'BatchNorm', 'Sign', 'BinaryDense', 'BatchNorm']
    """
    rng = as_rng(rng)

    def dense(a, b):
        return BinaryDense(rng.uniform(-1, 1, (a, b)).astype(dtype)), _norm(b, dtype)

    return _stack(sizes, dense, Sign(), input_dropout, dropout)


def float_mlp(sizes, rng=None, *, norm=True, input_dropout=0.0, dropout=0.0, dtype=np.float32):
    """Return an untrained network of real weights, with biases and ReLUs.

    Parameters
    ----------
    sizes, rng, input_dropout, dropout, dtype
        As in `binary_mlp`; weights are normal with variance 2/n_in.
    norm : bool, default True
        Whether a batch norm follows each product, as in the binary network.

    Returns
    -------
    tuple of layers

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> [type(layer).__name__ for layer in float_mlp((4, 3, 2), rng=0, norm=False)]
    ['Dense', 'Relu', 'Dense']
    """
    rng = as_rng(rng)

    def dense(a, b):
        W = rng.standard_normal((a, b)) * math.sqrt(2 / a)
        layer = Dense(W.astype(dtype), np.zeros(b, dtype))
        return (layer, _norm(b, dtype)) if norm else (layer,)

    return _stack(sizes, dense, Relu(), input_dropout, dropout)


def _norm(n, dtype):
    return BatchNorm(*(make(n, dtype) for make in (np.ones, np.zeros, np.zeros, np.ones)))


def _stack(sizes, dense, bend, input_dropout, dropout):
    """Layers one after the other; the last has no activation."""
    sizes = [check_count(size, "sizes", low=1) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes must name inputs and outputs; got {sizes}.")
    rates = [
        check_number(rate, name, low=0, high=1, open_high=True)
        for rate, name in ((input_dropout, "input_dropout"), (dropout, "dropout"))
    ]
    layers = [Dropout(rates[0])] if rates[0] else []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += dense(a, b)
        if i < len(sizes) - 2:
            layers += [bend, Dropout(rates[1])] if rates[1] else [bend]
    return tuple(layers)


def to_arrays(layers):
    """Return a dict of arrays, for `numpy.savez`, from which `from_arrays` makes the layers again.

    Parameters
    ----------
    layers : tuple of layers

    Returns
    -------
    dict of str to array

    Examples
    --------
    >>> sorted(to_arrays((Dense(np.zeros((2, 1)), np.zeros(1)), Relu())))
    ['0.Dense.W', '0.Dense.b', '1.Relu']
    """
    arrays = {}
    for i, layer in enumerate(layers):
        name = f"{i}.{type(layer).__name__}"
        parts = {f"{name}.{field}": part for field, part in layer._asdict().items()}
        arrays |= {key: np.asarray(part) for key, part in parts.items() if part is not None}
        if not any(part is not None for part in layer):
            arrays[name] = np.empty(0)
    return arrays


def from_arrays(arrays, kinds=()):
    """Return the layers that `to_arrays` wrote.

    Parameters
    ----------
    arrays : mapping of str to array
        A dict, or what `numpy.load` returns.
    kinds : sequence of types
        Layers that are not of this module.

    Returns
    -------
    tuple of layers

    Raises
    ------
    ValueError
        If a key names no layer that is known, or layers are missing.

    Examples
    --------
    >>> from_arrays(to_arrays((Dropout(0.5), Relu())))
    (Dropout(rate=0.5), Relu())
    """
    known = KINDS | {kind.__name__: kind for kind in kinds}
    found = {}
    for key in arrays:
        number, name, *field = key.split(".")
        if name not in known or not number.isdigit():
            raise ValueError(f"arrays must hold layers of known kinds; got {key!r}.")
        _, parts = found.setdefault(int(number), (known[name], {}))
        parts.update((part, arrays[key]) for part in field)
    if sorted(found) != list(range(len(found))):
        raise ValueError(f"arrays must hold every layer; got numbers {sorted(found)}.")
    return tuple(_layer(*found[i]) for i in range(len(found)))


def _layer(kind, parts):
    values = (parts.get(name) for name in kind._fields)
    return kind(*(v.item() if v is not None and v.ndim == 0 else v for v in values))
