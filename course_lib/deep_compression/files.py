r"""A compressed network as a file: real bytes, everything counted.

    CompressedLayer     symbols, a codebook, biases in 8 bits
    CompressedNetwork   layers; to bytes and back, and what predicts
    FilePart            what fills the file

The bytes, numbers low end first::

    2          "D", 0xC3: the second byte has its high bit set, so no text begins so
    1          format, pipeline and order
    numbers    layers; for each layer inputs, units, image width, shared values
    for each layer
      2 k      codebook, float16
      2 + n    scale of the biases, float16, and the biases, int8
      streams  of "best": length, and one stream of the context coder; of "paper": index width,
               entries, then for differences and for values a table of code lengths and a stream
    4          CRC-32 of all before

A *number* has 7 bits a byte, the low ones first, and the last byte is below 128. A checksum tells
damage from chance; who writes bytes on purpose is stopped by the checks behind it.
"""

import itertools
import zlib
from typing import NamedTuple

import numpy as np

from course_lib._layers import Dense, Relu, predict
from course_lib._sketch.wire import SameBytes, reading
from course_lib._validation import check_array, check_count, check_finite, check_room, plain_array
from course_lib.deep_compression._bits import as_bytes, check_symbols
from course_lib.deep_compression._streams import (
    ORDERS,
    PIPELINES,
    Reader,
    Writer,
    read_best,
    read_paper,
    write_best,
    write_paper,
)
from course_lib.deep_compression.indices import MOST_INDEX_BITS

__all__ = ["CompressedLayer", "CompressedNetwork", "FilePart"]

MAGIC = b"D\xc3"
FORMAT = 1
MOST_SHARED = 256
MOST_LAYERS = 1000
KIND = "CompressedNetwork"


class CompressedLayer(NamedTuple):
    """A pruned layer whose weights share values.

    Attributes
    ----------
    symbols : array of uint16, shape (n_in, n_out)
        0 for a pruned weight, else 1 + its place in the codebook.
    codebook : array of float16, shape (n_shared,)
    bias : array of int8, shape (n_out,)
    scale : numpy.float16
        What a bias is a multiple of.
    width : int
        Of the image whose pixels are the inputs; 0 if they are none.
    """

    symbols: np.ndarray
    codebook: np.ndarray
    bias: np.ndarray
    scale: np.float16
    width: int


class FilePart(NamedTuple):
    """A piece of a file.

    Attributes
    ----------
    name : str
        ``"header"``, ``"codebook"``, ``"biases"``, ``"tables"``, ``"gaps"``, ``"values"``,
        ``"stream"`` or ``"checksum"``.
    layer : int or None
        None if it belongs to the whole file.
    nbytes : int
    """

    name: str
    layer: int | None
    nbytes: int


class CompressedNetwork(SameBytes):
    r"""A network of dense layers with rectifiers between, pruned, shared and coded.

    Parameters
    ----------
    shared : sequence of (codebook, symbols)
        One for each layer, as `share_weights` returns them: k values, at most 256, and symbols
        (n_in, n_out) from 0 to k. Values are rounded to float16.
    biases : sequence of arrays, shape (n_out,)
        Rounded to 255 steps, 127 of them up to the largest.
    width : int, default 0
        Of the image whose pixels are the inputs of the first layer; 0 if they are none.

    Attributes
    ----------
    layers : tuple of CompressedLayer

    Raises
    ------
    ValueError, TypeError
        If layers do not follow one another, something is not finite in float16, or too large.

    Notes
    -----
    **Cost.** Two bytes a weight in memory. In the file, for n weights of which a share p is left:
    see `stored_fraction` for what to expect of ``"paper"``.

    **Guarantee.** What `from_bytes` returns predicts to the bit what this one predicts: it computes
    with the rounded values from the start.

    Examples
    --------
    >>> codebook, symbols = np.array([-0.5, 1.0]), np.array([[2, 0], [0, 1], [0, 0]])
    >>> network = CompressedNetwork([(codebook, symbols)], [[0.0, 1.0]])
    >>> network.to_layers()[0].W
    array([[ 1. ,  0. ],
           [ 0. , -0.5],
           [ 0. ,  0. ]], dtype=float32)
    >>> data = network.to_bytes("paper")
    >>> len(data), CompressedNetwork.from_bytes(data) == network
    (31, True)
    """

    def __init__(self, shared, biases, *, width=0):
        if not len(shared) == len(biases) or not 0 < len(shared) <= MOST_LAYERS:
            raise ValueError(
                f"shared and biases must have one entry for each of 1 to {MOST_LAYERS} layers; "
                f"got {len(shared)} and {len(biases)}."
            )
        layers = []
        for i, ((codebook, symbols, *_), bias) in enumerate(zip(shared, biases, strict=True)):
            layers.append(_layer(codebook, symbols, bias, 0 if i else width))
        self._set(layers)

    def _set(self, layers):
        for before, after in itertools.pairwise(layers):
            if before.symbols.shape[1] != after.symbols.shape[0]:
                raise ValueError(
                    f"shared must have layers that follow one another; {before.symbols.shape[1]} "
                    f"units are followed by {after.symbols.shape[0]} inputs."
                )
        self.layers = tuple(layers)

    def to_layers(self):
        """Return the network as layers in float32: ``Dense``, and ``Relu`` between.

        Returns
        -------
        tuple
        """
        network = []
        for layer in self.layers:
            values = np.concatenate([np.zeros(1, np.float32), layer.codebook.astype(np.float32)])
            bias = layer.bias.astype(np.float32) * np.float32(layer.scale)
            network += [Dense(values[layer.symbols], bias), Relu()]
        return tuple(network[:-1])

    def predict(self, X):
        """Return the class of each row, the output that is largest.

        Parameters
        ----------
        X : array, shape (n, ...)
            Bytes are images, scaled to numbers from 0 to 1; floating numbers stay as they are.

        Returns
        -------
        array of int64, shape (n,)

        Raises
        ------
        ValueError, TypeError
            If there are no rows, they have other entries than the first layer has inputs, or
            something is not finite.
        """
        X = plain_array(X, "X")
        n_in = len(self.layers[0].symbols)
        if X.ndim < 2 or not len(X) or X[0].size != n_in:
            raise ValueError(f"X must have rows of {n_in} entries; got shape {X.shape}.")
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = predict(self.to_layers(), X, low=0.0)
        return check_finite(outputs, "X").argmax(axis=1)

    @property
    def n_weights(self):
        """Weights and biases, pruned ones too: 4 bytes each in the network that this was."""
        return sum(layer.symbols.size + layer.bias.size for layer in self.layers)

    @property
    def density(self):
        """Share of the weights that are left, biases not counted."""
        left = sum(np.count_nonzero(layer.symbols) for layer in self.layers)
        return left / sum(layer.symbols.size for layer in self.layers)

    def to_bytes(self, pipeline="best", *, index_bits=5, order="unit"):
        """Return the network as the bytes of a file.

        Parameters
        ----------
        pipeline : {"best", "paper"}, default "best"
            ``"paper"``: differences of positions and values in a Huffman code each. ``"best"``:
            the context coder.
        index_bits : int or None, default 5
            Of ``"paper"``: bits of a difference; None takes the best from 1 to 10 for each layer.
        order : {"unit", "input"}, default "unit"
            Of ``"paper"``: all weights of a unit in a row, or all of an input.

        Returns
        -------
        bytes

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range.
        """
        return self._written(pipeline, index_bits, order).joined()

    def parts(self, pipeline="best", *, index_bits=5, order="unit"):
        """Return what fills the file that `to_bytes` makes with these arguments.

        Parameters
        ----------
        pipeline, index_bits, order
            As for `to_bytes`.

        Returns
        -------
        list of FilePart
            In the order of the file; pieces with one name and layer are added up.
        """
        sizes = {}
        for name, layer, data in self._written(pipeline, index_bits, order).pieces:
            sizes[name, layer] = sizes.get((name, layer), 0) + len(data)
        return [FilePart(*key, size) for key, size in sizes.items()]

    def _written(self, pipeline, index_bits, order):
        if pipeline not in PIPELINES:
            raise ValueError(f"pipeline must be one of {', '.join(PIPELINES)}; got {pipeline!r}.")
        if order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}.")
        if index_bits is not None:
            index_bits = check_count(index_bits, "index_bits", low=1, high=MOST_INDEX_BITS)
        writer = Writer()
        choice = FORMAT << 4 | PIPELINES.index(pipeline) << 1 | ORDERS.index(order)
        writer.add("header", None, MAGIC + bytes([choice]))
        writer.number("header", None, len(self.layers))
        for layer in self.layers:
            for size in (*layer.symbols.shape, layer.width, len(layer.codebook)):
                writer.number("header", None, size)
        for i, layer in enumerate(self.layers):
            writer.add("codebook", i, layer.codebook.astype("<f2").tobytes())
            writer.add("biases", i, np.asarray(layer.scale, "<f2").tobytes() + layer.bias.tobytes())
            if pipeline == "best":
                write_best(writer, i, layer.symbols, len(layer.codebook), layer.width)
            else:
                write_paper(writer, i, layer.symbols, len(layer.codebook), order, index_bits)
        writer.add("checksum", None, zlib.crc32(writer.joined()).to_bytes(4, "little"))
        return writer

    @classmethod
    def from_bytes(cls, data):
        """Return the network that `to_bytes` wrote.

        Parameters
        ----------
        data : bytes

        Returns
        -------
        CompressedNetwork

        Raises
        ------
        TypeError
            If ``data`` is not bytes.
        ValueError
            If the bytes are foreign, damaged or of a newer format, hold what no network has, or
            ask for more than 256 MiB and 64 times their own length in memory.
        """
        data = as_bytes(data).tobytes()
        if data[:2] != MAGIC:
            raise ValueError("data must come from to_bytes of a network; these bytes do not.")
        if len(data) < 7 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
            raise ValueError("the bytes of this network are damaged or cut short; get them again.")
        if data[2] >> 4 != FORMAT:
            raise ValueError(
                f"this network was written in format {data[2] >> 4}, and this library reads format "
                f"{FORMAT}; use the library that wrote it."
            )
        reader = Reader(data[3:-4])
        with reading(KIND):
            shapes = _read_shapes(reader)
        check_room(sum(8 * rows * columns for rows, columns, *_ in shapes), len(data), KIND)
        with reading(KIND):
            pipeline, order = PIPELINES[data[2] >> 1 & 7], ORDERS[data[2] & 1]
            network = cls.__new__(cls)
            network._set([_read_layer(reader, shape, pipeline, order) for shape in shapes])
            if reader.place != len(reader.data):
                raise ValueError("there must be no bytes behind the last layer.")
        return network


def _layer(codebook, symbols, bias, width):
    codebook = check_array(codebook, "codebook", ndim=1)
    if not 1 <= len(codebook) <= MOST_SHARED:
        raise ValueError(f"codebook must have 1 to {MOST_SHARED} values; got {len(codebook)}.")
    symbols = check_symbols(symbols, "symbols", len(codebook), ndim=2)
    if symbols.size == 0:
        raise ValueError(f"symbols must not be empty; got shape {symbols.shape}.")
    width = check_count(width, "width", low=0, high=len(symbols), high_name="inputs")
    bias = check_finite(check_array(bias, "bias", ndim=1), "bias").astype(np.float64)
    if len(bias) != symbols.shape[1]:
        raise ValueError(f"bias must have {symbols.shape[1]} entries; got {len(bias)}.")
    with np.errstate(over="ignore"):
        codebook = check_finite(codebook.astype(np.float16), "codebook")
        scale = np.float16(np.abs(bias).max() / 127 * (1 + 2**-10))  # never rounded too low
        check_finite(np.array([scale]), "bias")
    steps = np.clip(np.rint(bias / max(float(scale), 2.0**-24)), -127, 127).astype(np.int8)
    return CompressedLayer(symbols.astype(np.uint16), codebook, steps, scale, width)


def _read_shapes(reader):
    """Inputs, units, image width and shared values of each layer."""
    shapes = []
    for _ in range(check_count(reader.number(), "layers", low=1, high=MOST_LAYERS)):
        rows, columns, width, n_shared = (reader.number() for _ in range(4))
        check_count(rows * columns, "weights", low=1, high=1 << 40)
        check_count(width, "width", low=0, high=rows)
        check_count(n_shared, "shared values", low=1, high=MOST_SHARED)
        shapes.append((rows, columns, width, n_shared))
    return shapes


def _read_layer(reader, shape, pipeline, order):
    rows, columns, width, n_shared = shape
    codebook = np.frombuffer(reader.take(2 * n_shared), "<f2").astype(np.float16)
    scale = np.frombuffer(reader.take(2), "<f2")[0].astype(np.float16)
    check_finite(np.append(codebook, scale).astype(np.float64), "codebook")
    bias = np.frombuffer(reader.take(columns), np.int8).copy()
    if pipeline == "best":
        symbols = read_best(reader, (rows, columns), n_shared, width)
    else:
        symbols = read_paper(reader, (rows, columns), n_shared, order)
    return CompressedLayer(symbols.astype(np.uint16), codebook, bias, scale, width)
