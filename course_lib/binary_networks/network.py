"""A trained network in bits: exclusive ors, counts and comparisons of integers."""

import itertools

import numpy as np

from course_lib._layers import BatchNorm, BinaryDense, Dropout, Sign
from course_lib._layers.layers import EPS
from course_lib._sketch.wire import pack, reading, unpack
from course_lib._validation import plain_array
from course_lib.binary_networks.bits import (
    fire,
    multiply,
    pack_planes,
    pack_signs,
    panels,
    unpack_signs,
    word_operations,
)
from course_lib.binary_networks.folding import fold

__all__ = ["BinaryNetwork"]

BLOCK = 500  # images at a time
BYTES = 255  # levels of a pixel above the first


class BinaryNetwork:
    """Inference without real numbers, but for the last scores.

    Make one with `from_layers` or `from_bytes`.

    Attributes
    ----------
    sizes : tuple of int
        Pixels, then units of each layer.
    weights : list of array of uint64, shape (units, words)
        Packed signs. Units whose gamma is negative are turned over: their weights are negated.
    limits : list of array, shape (units,)
        Of each hidden layer: a unit fires where at most that many bits differ. int16 where that
        is enough, int32 else, as for pixels.
    scale, shift : array of float32, shape (n_classes,)
        Scores are ``scale * z + shift``.

    Notes
    -----
    A pixel v stands for ``2 v / 255 - 1``. Each hidden layer is one exclusive or, one count and
    one comparison; see `fold` and `plane_product`.

    **Guarantee.** Each hidden unit is what exact arithmetic makes of the given layers; the layers
    themselves round, and may differ where a batch norm comes out as 0 up to rounding.

    **Cost.** ``word_operations`` words an image; nothing is multiplied but the last scores.

    Examples
    --------
    A pixel that is brighter than half makes the first unit fire; class 0 wants that.

    >>> one, zero = np.ones(1), np.zeros(1)
    >>> layers = [BinaryDense(np.array([[1.0]])), BatchNorm(one, zero, zero, one), Sign()]
    >>> two, none = np.ones(2), np.zeros(2)
    >>> layers += [BinaryDense(np.array([[1.0, -1.0]])), BatchNorm(two, none, none, two)]
    >>> network = BinaryNetwork.from_layers(layers)
    >>> network.predict(np.array([[200], [100]], np.uint8))
    array([0, 1])
    >>> network.word_operations, network.nbytes       # 8 planes + 2 units; words, limit, scores
    (10, 42)
    """

    def __init__(self, sizes, weights, limits, scale, shift):
        self.sizes, self.weights, self.limits = tuple(sizes), list(weights), list(limits)
        self.scale, self.shift = scale, shift
        self._panels = [panels(W) for W in self.weights]
        self._filled = [_filled(limit) for limit in self.limits]

    @classmethod
    def from_layers(cls, layers):
        """Return the network that predicts as trained layers do.

        Parameters
        ----------
        layers : sequence of layers
            `BinaryDense` and `BatchNorm`, with `Sign` between; `Dropout` anywhere.

        Returns
        -------
        BinaryNetwork

        Raises
        ------
        ValueError
            If the layers are others, or do not fit.
        """
        kept = [layer for layer in layers if not isinstance(layer, Dropout)]
        kinds = [BinaryDense, BatchNorm, Sign] * ((len(kept) + 1) // 3)
        if not kept or [type(layer) for layer in kept] != kinds[:-1]:
            names = ", ".join(type(layer).__name__ for layer in kept)
            raise ValueError(
                f"layers must be BinaryDense, BatchNorm, Sign, ..., BatchNorm; got {names}."
            )
        pairs = list(zip(kept[::3], kept[1::3], strict=True))
        sizes = [len(pairs[0][0].W), *(dense.W.shape[1] for dense, _ in pairs)]
        weights, limits = [], []
        for i, (dense, norm) in enumerate(pairs):
            if dense.W.shape != (sizes[i], len(norm.gamma)):
                raise ValueError(f"layers must fit; W {i} has shape {dense.W.shape}.")
            if i < len(pairs) - 1:
                W, limit = _folded(dense.W, norm, BYTES if i == 0 else 1)
                limits.append(limit)
            else:
                W = dense.W
            weights.append(pack_signs(W.T))
        scale = norm.gamma / np.sqrt(norm.var + norm.gamma.dtype.type(EPS))
        shift = norm.beta - norm.mean * scale
        return cls(sizes, weights, limits, scale.astype(np.float32), shift.astype(np.float32))

    def hidden(self, images):
        """Return the packed outputs of each hidden layer.

        Parameters
        ----------
        images : array of uint8, shape (m, ...)

        Returns
        -------
        list of array of uint64, shape (m, ceil(units / 64))

        Raises
        ------
        ValueError, TypeError
            If ``images`` are no bytes, or not as many as the network has inputs.
        """
        images = self._check(images)
        parts = [self._hidden(images[s : s + BLOCK]) for s in range(0, len(images), BLOCK)]
        return [np.concatenate(layer) for layer in zip(*parts, strict=True)]

    def scores(self, images):
        """Return the output of the last batch norm.

        Parameters
        ----------
        images : array of uint8, shape (m, ...)

        Returns
        -------
        array of float32, shape (m, n_classes)

        Raises
        ------
        ValueError, TypeError
            As `hidden`.
        """
        images = self._check(images)
        out = np.empty((len(images), self.sizes[-1]), np.float32)
        n, few = self.sizes[-2], len(self.sizes) == 2
        for start in range(0, len(images), BLOCK):
            block = images[start : start + BLOCK]
            if few:  # no hidden layer: bytes meet the last weights
                z = block * np.float32(2 / BYTES) - 1
                z = z @ unpack_signs(self.weights[0], n).T.astype(np.float32)
            else:
                z = np.empty((len(block), self.sizes[-1]), np.int32)
                multiply(self._hidden(block)[-1], self._panels[-1], n, z)
            out[start : start + BLOCK] = z * self.scale + self.shift
        return out

    def predict(self, images):
        """Return the class with the largest score.

        Parameters
        ----------
        images : array of uint8, shape (m, ...)

        Returns
        -------
        array of int64, shape (m,)

        Raises
        ------
        ValueError, TypeError
            As `hidden`.
        """
        return self.scores(images).argmax(axis=1)

    @property
    def word_operations(self):
        """Words that are combined and counted for one image."""
        pairs = itertools.pairwise(self.sizes)
        return sum(word_operations(1, k, n, planes=1 if i else 8) for i, (n, k) in enumerate(pairs))

    @property
    def nbytes(self):
        """Bytes of weights, limits and scores."""
        arrays = [*self.weights, *self.limits, self.scale, self.shift]
        return sum(array.nbytes for array in arrays)

    def to_bytes(self):
        """Return the network as bytes, the same on every machine."""
        ends = {"scale": self.scale.view(np.int32), "shift": self.shift.view(np.int32)}
        values = {"sizes": list(self.sizes)} | ends  # a file holds integers: their bits
        values |= {f"weights{i}": W for i, W in enumerate(self.weights)}
        values |= {f"limits{i}": limit for i, limit in enumerate(self.limits)}
        return pack("BinaryNetwork", values)

    @classmethod
    def from_bytes(cls, data):
        """Return the network that `to_bytes` wrote.

        Raises
        ------
        TypeError
            If ``data`` is not bytes.
        ValueError
            If they are foreign or damaged, or hold what no network is.
        """
        values = unpack("BinaryNetwork", data)
        with reading("BinaryNetwork"):
            sizes = [int(size) for size in values["sizes"]]
            depth = len(sizes) - 1
            weights = [values[f"weights{i}"] for i in range(depth)]
            limits = [values[f"limits{i}"] for i in range(depth - 1)]
            shapes = [(k, -(-n // 64)) for n, k in itertools.pairwise(sizes)]
            good = depth >= 1 and min(sizes) >= 1
            good &= [(W.dtype, W.shape) for W in weights] == [(np.uint64, s) for s in shapes]
            good &= [limit.shape for limit in limits] == [(k,) for k in sizes[1:-1]]
            good &= all(limit.dtype in (np.int16, np.int32) for limit in limits)
            ends = values["scale"], values["shift"]
            good &= all(e.dtype == np.int32 and e.shape == (sizes[-1],) for e in ends)
            ends = [e.view(np.float32) for e in ends]
            good &= all(np.isfinite(e).all() for e in ends)
            good &= all(_unpadded(W, n) for W, n in zip(weights, sizes, strict=False))
            if not good:
                raise ValueError
        return cls(sizes, weights, limits, *ends)

    def _check(self, images):
        images = plain_array(images, "images")
        if images.dtype != np.uint8:
            raise TypeError(f"images must hold bytes, uint8; got {images.dtype}.")
        n = self.sizes[0]
        if images.ndim < 2 or len(images) == 0 or images[0].size != n:
            raise ValueError(f"images must have {n} bytes each; got shape {images.shape}.")
        return np.ascontiguousarray(images).reshape(len(images), n)

    def _hidden(self, block):
        planes, layers = pack_planes(block), []
        for W, limit in zip(self._panels[:-1], self._filled, strict=True):
            out = np.empty((len(block), len(W)), np.uint64)
            fire(planes, W, limit, out)
            layers.append(out)
            planes = out[None]
        return layers


def _folded(W, norm, levels):
    """Weights and limits of a hidden layer, turned over where gamma is negative."""
    kind = norm.gamma.dtype.type
    limit, flip = fold(*norm, len(W), eps=float(kind(EPS)), levels=levels)
    most = levels * len(W)
    limit = np.where(flip, most - limit - 1, limit)
    dtype = np.int16 if most < 2**15 else np.int32
    signs = np.where(W >= 0, np.int8(1), np.int8(-1))
    return np.where(flip, -signs, signs), limit.astype(dtype)


def _filled(limit):
    """Limits of whole panels; units that do not exist never fire."""
    filled = np.full(-(-len(limit) // 64) * 64, -1, np.int64)
    filled[: len(limit)] = limit
    return filled


def _unpadded(W, n):
    """Whether the bits after the first n of each row are 0."""
    return n % 64 == 0 or not (W[:, -1] >> np.uint64(n % 64)).any()
