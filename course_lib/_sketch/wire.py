"""A sketch as bytes: a header that says what it is, numbers and arrays, and a checksum.

    offset   content
    0        magic, 4 bytes
    4        version of the format, 2 bytes
    6        length h of the header, 4 bytes
    10       header, JSON: the kind, and the values; arrays as dtype and shape
    10 + h   the arrays, one after another
    end - 4  CRC-32 of all before

Numbers are little-endian on every machine. Nothing is ever executed while reading. A checksum
tells damage from chance; it does not stop one who writes bytes on purpose, so whoever reads
values also asks whether a sketch could have them.
"""

import contextlib
import json
import math
import re
import zlib

import numpy as np

from course_lib._validation import check_count

__all__ = ["SameBytes", "check_array", "check_scalars", "pack", "reading", "unpack"]

MAGIC = b"SML\x93"  # the last byte is no ASCII: a text file is not mistaken for a sketch
VERSION = 1
START = len(MAGIC) + 2 + 4
WRONG = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
INTEGERS = re.compile(r"[<|][iu][1248]")  # what a sketch keeps; never objects or records


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
    with reading(kind):
        header = json.loads(data[START : START + size])
        found = str(header["kind"])
    if found != kind:
        raise ValueError(f"data must hold a {kind}; these bytes hold a {found[:40]}.")
    with reading(kind):
        return _read_arrays(header["values"], data[START + size : -4])


class SameBytes:
    """Equal are things of one kind that write the same bytes: parameters and state are in them."""

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    __hash__ = None  # what can change has no place in a set


@contextlib.contextmanager
def reading(kind):
    """Turn whatever goes wrong over values that no ``kind`` has into one sentence."""
    try:
        yield
    except WRONG as error:
        raise ValueError(
            f"these bytes hold values that no {kind} has; get new ones from to_bytes."
        ) from error


def check_scalars(values, names):
    """Return a dict of those values if they are numbers."""
    scalars = {name: values[name] for name in names}
    for name, value in scalars.items():
        if not isinstance(value, (bool, int, float)):
            raise TypeError(f"{name} must be a number; got {type(value).__name__}.")
    return scalars


def check_array(value, dtype, shape):
    """Return ``value`` if it is an array of this dtype and shape; None in it is any length."""
    if not isinstance(value, np.ndarray) or value.dtype != dtype or value.ndim != len(shape):
        raise TypeError(f"there must be an array of {np.dtype(dtype)} with {len(shape)} axes.")
    if any(
        want is not None and want != have for want, have in zip(shape, value.shape, strict=True)
    ):
        raise ValueError(f"an array must have shape {shape}; got {value.shape}.")
    return value


def _read_arrays(values, data):
    start = 0
    for name, value in values.items():
        if isinstance(value, dict):
            if not INTEGERS.fullmatch(value["dtype"]):
                raise ValueError(f"arrays must be of integers; got {value['dtype']}.")
            shape = [check_count(length, "length", low=0) for length in value["shape"]]
            dtype, count = np.dtype(value["dtype"]), math.prod(shape)
            array = np.frombuffer(data, dtype, count, start).reshape(shape)
            values[name] = array.astype(dtype.newbyteorder("="))
            start += array.nbytes
    if start != len(data):
        raise ValueError(f"the arrays must take {len(data)} bytes; they take {start}.")
    return values
