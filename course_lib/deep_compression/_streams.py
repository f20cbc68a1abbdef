"""The parts of the file of a compressed network: written with names, and read with care."""

import numpy as np

from course_lib._validation import check_count
from course_lib.deep_compression._bits import pack_fields, unpack_fields
from course_lib.deep_compression.coder import context_decode, context_encode
from course_lib.deep_compression.huffman import huffman_decode, huffman_encode, huffman_lengths
from course_lib.deep_compression.indices import from_relative_index, relative_index

__all__ = [
    "ORDERS",
    "PIPELINES",
    "Reader",
    "Writer",
    "in_order",
    "read_best",
    "read_paper",
    "write_best",
    "write_paper",
]

PIPELINES = ("best", "paper")
ORDERS = ("unit", "input")
WIDEST = 10  # bits of a difference that are tried for the best


class Writer:
    """Bytes in a row, each piece with a name and the layer that it belongs to."""

    def __init__(self):
        self.pieces = []  # (name, layer, bytes)

    def add(self, name, layer, data):
        self.pieces.append((name, layer, bytes(data)))

    def number(self, name, layer, value):
        """Seven bits a byte, the low ones first; all bytes but the last have their high bit."""
        out = bytearray()
        while value >= 128:
            out.append(value & 127 | 128)
            value >>= 7
        self.add(name, layer, [*out, value])

    def joined(self):
        return b"".join(data for _, _, data in self.pieces)


class Reader:
    """Bytes from outside: what is taken behind their end is a ValueError."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, size):
        end = self.place + size
        if end > len(self.data):
            raise ValueError(f"there must be {size} more bytes; these end too early.")
        taken, self.place = self.data[self.place : end], end
        return taken

    def number(self):
        value, shift = 0, 0
        while shift < 63:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
        raise ValueError("a number must have at most nine bytes; this one has more.")


def in_order(symbols, order):
    """A layer (n_in, n_out) in a row: unit by unit, or input by input."""
    return (symbols.T if order == "unit" else symbols).ravel()


def write_best(writer, layer, symbols, n_shared, width):
    """One stream of the context coder, and how long it is."""
    stream = context_encode(symbols, n_shared, width)
    writer.number("header", layer, len(stream))
    writer.add("stream", layer, stream)


def read_best(reader, shape, n_shared, width):
    return context_decode(reader.take(reader.number()), shape, n_shared, width)


def write_paper(writer, layer, symbols, n_shared, order, index_bits):
    """Differences and values in a Huffman code each; without a width the best is taken."""
    row = in_order(symbols, order)
    widths = range(1, WIDEST + 1) if index_bits is None else [index_bits]
    bits = min(widths, key=lambda bits: paper_bytes(row, n_shared, bits))
    gaps, values = relative_index(row, bits)
    writer.number("header", layer, bits)
    writer.number("header", layer, len(gaps))
    for name, entries, size in (("gaps", gaps, 1 << bits), ("values", values, n_shared + 1)):
        lengths = huffman_lengths(np.bincount(entries, minlength=size))
        writer.add("tables", layer, _table(lengths))
        writer.add(name, layer, huffman_encode(entries, lengths))


def paper_bytes(row, n_shared, bits):
    """Bytes of tables and streams with differences of so many bits."""
    gaps, values = relative_index(row, bits)
    total = 0
    for entries, size in ((gaps, 1 << bits), (values, n_shared + 1)):
        counts = np.bincount(entries, minlength=size)
        lengths = huffman_lengths(counts)
        total += len(_table(lengths)) + (int(counts @ lengths) + 7) // 8
    return total


def read_paper(reader, shape, n_shared, order):
    rows, columns = shape
    bits = check_count(reader.number(), "index width", low=1, high=16)
    count = reader.number()
    entries = []
    for size in (1 << bits, n_shared + 1):
        lengths = _read_table(reader, size)
        rest = reader.data[reader.place :]
        symbols = huffman_decode(rest, lengths, count)
        reader.take((int(lengths[symbols].sum()) + 7) // 8)
        entries.append(symbols)
    row = from_relative_index(*entries, rows * columns)
    return row.reshape(columns, rows).T if order == "unit" else row.reshape(rows, columns)


def _table(lengths):
    """Code lengths in as many bits each as the longest needs, which a byte says."""
    width = int(lengths.max(initial=0)).bit_length()
    return bytes([width]) + pack_fields(lengths, width)


def _read_table(reader, size):
    width = check_count(reader.take(1)[0], "bits of a length", low=0, high=6)
    return unpack_fields(reader.take((width * size + 7) // 8), width, size)
