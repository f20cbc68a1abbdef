"""A sketch as bytes: a header that says what it is, numbers and arrays, and a checksum.

    offset   content
    0        magic, 4 bytes
    4        version of the format, 2 bytes
    6        length h of the header, 4 bytes
    10       header, JSON: the kind, and the values; arrays as dtype and shape
    10 + h   the arrays, one after another
    end - 4  CRC-32 of all before

Numbers are little-endian on every machine. Nothing is ever executed while reading.
"""

import json
import math
import zlib

import numpy as np

__all__ = ["pack", "unpack"]

MAGIC = b"SML\x93"  # the last byte is no ASCII: a text file is not mistaken for a sketch
VERSION = 1
START = len(MAGIC) + 2 + 4


def pack(kind, values):
    """Return bytes from which `unpack` returns ``values``: a dict of JSON values and arrays."""
    header, arrays = {}, []
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            value = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
            arrays.append(value.tobytes())
            value = {"dtype": value.dtype.str, "shape": value.shape}
        header[name] = value
    text = json.dumps({"kind": kind, "values": header}).encode()
    parts = [MAGIC, VERSION.to_bytes(2, "little"), len(text).to_bytes(4, "little"), text, *arrays]
    body = b"".join(parts)
    return body + zlib.crc32(body).to_bytes(4, "little")


def unpack(kind, data):
    """Return the values that `pack` stored under this kind; refuse anything else.

    Raises
    ------
    TypeError
        If ``data`` is not bytes.
    ValueError
        If the bytes are foreign, damaged, of a newer format, or of another kind of sketch.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data must be bytes; got {type(data).__name__}.")
    data = bytes(data)
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("data must come from to_bytes of a sketch; these bytes do not.")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("the bytes of this sketch are damaged or cut short; fetch them again.")
    version = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 2], "little")
    if version != VERSION:
        raise ValueError(
            f"this sketch was written in format {version}, and this library reads format "
            f"{VERSION}; use the library that wrote it."
        )
    size = int.from_bytes(data[START - 4 : START], "little")
    header = json.loads(data[START : START + size])
    if header["kind"] != kind:
        raise ValueError(f"data must hold a {kind}; these bytes hold a {header['kind']}.")
    return _read_arrays(header["values"], data[START + size : -4])


def _read_arrays(values, data):
    start = 0
    for name, value in values.items():
        if isinstance(value, dict):
            dtype, count = np.dtype(value["dtype"]), math.prod(value["shape"])
            array = np.frombuffer(data, dtype, count, start).reshape(value["shape"])
            values[name] = array.astype(dtype.newbyteorder("="))
            start += array.nbytes
    return values
