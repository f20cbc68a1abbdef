"""Numbers of an entry as few bits, and a reader that trusts no byte.

A matrix of weights is coded with a scale for each column, its class: entry (i, j) is a whole
number from -(2^(b-1) - 1) to 2^(b-1) - 1 times ``scales[j]``. Pixels, from 0 to 1, are whole
numbers from 0 to 2^b - 1. All lie side by side, the lowest bit first, filled up to a byte.
"""

import struct
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_finite

__all__ = ["Coded", "Reader", "code", "floats", "from_levels", "levels", "packed", "unpacked"]

LARGEST = 1e15  # size of a number in a file; squares of such numbers can still be summed
FULL = 32  # bits of a number that is kept as it is, float32
TRIES = np.linspace(0.4, 1.0, 61)  # shares of the largest entry that the largest code may be


class Coded(NamedTuple):
    """A matrix in few bits a number."""

    numbers: np.ndarray  # (m, c): int8 codes, or float32 as they are
    scales: np.ndarray  # (c,) float32; (0,) without codes
    bits: int

    @property
    def values(self):
        """The numbers that the codes stand for, float32 (m, c)."""
        if self.bits == FULL:
            return self.numbers
        return self.numbers * self.scales

    def to_bytes(self):
        """Return scales and codes as bytes; the shape is written by whom it belongs to."""
        if self.bits == FULL:
            return bytes([FULL]) + floats(self.numbers)
        half = 1 << (self.bits - 1)
        shifted = (self.numbers.astype(np.int16) + half).astype(np.uint8)
        return bytes([self.bits]) + floats(self.scales) + packed(shifted, self.bits)


def code(values, bits, name="weights"):
    """Return a matrix coded in ``bits`` a number: 2 to 8, or 32 for float32.

    The scale of a column is the one of 61 that leaves the least sum of squares.
    """
    values = check_finite(check_array(values, name, ndim=2), name)
    if not values.size:
        raise ValueError(f"{name} must not be empty; got shape {values.shape}.")
    if np.abs(values).max() > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST:g} in size; rescale them.")
    values = values.astype(np.float32)
    if isinstance(bits, int) and bits == FULL:
        return Coded(values, np.zeros(0, np.float32), FULL)
    bits = check_count(bits, "bits", low=2, high=8)
    most = (1 << (bits - 1)) - 1
    largest = np.abs(values).max(axis=0)
    scales, least = np.zeros(values.shape[1], np.float32), np.full(values.shape[1], np.inf)
    for share in TRIES:
        tried = (largest * np.float32(share / most)).astype(np.float32)
        error = ((_rounded(values, tried, most) * tried - values) ** 2).sum(axis=0)
        scales, least = np.where(error < least, tried, scales), np.minimum(error, least)
    return Coded(_rounded(values, scales, most).astype(np.int8), scales, bits)


def _rounded(values, scales, most):
    steps = np.where(scales > 0, scales, 1)
    return np.clip(np.rint(values / steps), -most, most)


def levels(rows, bits):
    """Return rows of numbers from 0 to 1 as levels from 0 to ``2**bits - 1``, uint8."""
    bits = check_count(bits, "pixel_bits", low=1, high=8)
    return np.rint(np.clip(rows, 0, 1) * ((1 << bits) - 1)).astype(np.uint8)


def from_levels(numbers, bits):
    """Return the numbers that levels stand for, float32."""
    return numbers.astype(np.float32) / np.float32((1 << bits) - 1)


def packed(numbers, bits):
    """Return numbers below ``2**bits``, uint8, as bytes without gaps."""
    flat = np.ascontiguousarray(numbers, np.uint8).reshape(-1, 1)
    if bits == 8:
        return flat.tobytes()
    kept = np.unpackbits(flat, axis=1, bitorder="little")[:, :bits]
    return np.packbits(kept, bitorder="little").tobytes()


def unpacked(data, count, bits):
    """Return the ``count`` numbers that `packed` wrote, uint8."""
    octets = np.frombuffer(data, np.uint8)
    if bits == 8:
        return octets.copy()
    kept = np.unpackbits(octets, bitorder="little")
    if kept[count * bits :].any():
        raise ValueError("bits after the last number must be 0.")
    whole = np.zeros((count, 8), np.uint8)
    whole[:, :bits] = kept[: count * bits].reshape(count, bits)
    return np.packbits(whole, axis=1, bitorder="little")[:, 0]


def floats(numbers):
    """Return numbers as bytes of float32, the lowest byte first."""
    return np.ascontiguousarray(numbers, "<f4").tobytes()


class Reader:
    """Bytes, read from the front; whoever asks for more than there are is refused."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, size):
        """Return the next bytes."""
        part = self.data[self.place : self.place + size]
        if len(part) != size:
            raise ValueError("there must be more bytes.")
        self.place += size
        return part

    def numbers(self, form):
        """Return the next numbers of a form of `struct`, without gaps, the lowest byte first."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def floats(self, count):
        """Return the next float32 numbers; none may be NaN or huge."""
        read = np.frombuffer(self.take(4 * count), "<f4").astype(np.float32)
        if not (np.abs(read) <= LARGEST).all():
            raise ValueError(f"numbers must lie between {-LARGEST:g} and {LARGEST:g}.")
        return read

    def packed(self, count, bits):
        """Return the next numbers that `packed` wrote."""
        return unpacked(
            self.take(-(-count * check_count(bits, "bits", low=1, high=8) // 8)), count, bits
        )

    def coded(self, rows, columns):
        """Return the next coded matrix."""
        (bits,) = self.numbers("B")
        if bits == FULL:
            return Coded(
                self.floats(rows * columns).reshape(rows, columns), np.zeros(0, np.float32), FULL
            )
        check_count(bits, "bits", low=2, high=8)
        scales = self.floats(columns)
        if (scales < 0).any():
            raise ValueError("scales must not be negative.")
        half = 1 << (bits - 1)
        numbers = self.packed(rows * columns, bits).astype(np.int16) - half
        if numbers.size and numbers.min() == -half:
            raise ValueError("codes must lie between -most and most.")
        return Coded(numbers.astype(np.int8).reshape(rows, columns), scales, bits)

    def end(self):
        """Refuse bytes that nobody asked for."""
        if self.place != len(self.data):
            raise ValueError("there must be no more bytes.")
