"""Bits in a row: code words written one after another, the highest bit first, and read again."""

import numpy as np
from numba import njit

from course_lib._validation import check_indices, plain_array

__all__ = ["LONGEST", "as_bytes", "check_symbols", "pack_fields", "unpack_fields", "write_bits"]

LONGEST = 56  # bits of a code word: a word of 64 takes it behind up to 7 that wait


def as_bytes(data, name="data"):
    """Return bytes as an array of uint8; refuse anything else."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"{name} must be bytes; got {type(data).__name__}.")
    return np.array(np.frombuffer(data, np.uint8))  # one that kernels take for any other


def check_symbols(symbols, name, high, *, ndim=1):
    """Return integers from 0 to ``high`` in ``ndim`` axes as int64; a list that is empty will do.

    Parameters
    ----------
    high : int
        The largest that will do.
    """
    array = plain_array(symbols, name)
    if array.size == 0 and array.ndim == ndim:
        return array.astype(np.int64)
    return check_indices(array, name, high + 1, ndim=ndim)


def write_bits(codes, lengths):
    """Return code words in a row as bytes; the last byte is filled up with zeros.

    Parameters
    ----------
    codes, lengths : array of int64, shape (n,)
        The words, and how many bits each has, at most 56.
    """
    out = np.empty((int(lengths.sum()) + 7) // 8, np.uint8)
    _write(codes, lengths, out)
    return out.tobytes()


def pack_fields(values, width):
    """Return values of ``width`` bits each as bytes."""
    values = np.asarray(values, np.int64)
    return write_bits(values, np.full(len(values), width, np.int64))


def unpack_fields(data, width, count):
    """Return ``count`` values of ``width`` bits each from the bytes that `pack_fields` made."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=width * count)
    return bits.reshape(count, width).astype(np.int64) @ (1 << np.arange(width)[::-1])


@njit(cache=True)
def _write(codes, lengths, out):
    waiting, count, place = np.uint64(0), 0, 0
    for i in range(len(codes)):
        waiting = (waiting << np.uint64(lengths[i])) | np.uint64(codes[i])
        count += lengths[i]
        while count >= 8:
            count -= 8
            out[place] = np.uint8((waiting >> np.uint64(count)) & np.uint64(255))
            place += 1
    if count:
        out[place] = np.uint8((waiting << np.uint64(8 - count)) & np.uint64(255))
