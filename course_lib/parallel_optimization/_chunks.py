"""What collectives share: where the sum is to stand, and chunks that go round a ring."""

import numpy as np

from course_lib._validation import check_array

__all__ = ["begin", "check_out", "cut", "gather_chunks", "reduce_scatter"]


def begin(x, out):
    """Return the array that becomes the sum, and the same as one row."""
    x = check_array(x, "x")
    if out is None:
        out = np.empty(x.shape, x.dtype)
    check_out(out, x.shape, x.dtype)
    if out is not x:
        out[...] = x
    return out, out.reshape(-1)


def check_out(out, shape, dtype):
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an array; got {type(out).__name__}.")
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be a contiguous array of shape {shape} and {dtype}; "
            f"got shape {out.shape} and {out.dtype}."
        )


def cut(y, count):
    """Return ``count`` views of about equal length that make up ``y``."""
    edges = [y.size * i // count for i in range(count + 1)]
    return [y[edges[i] : edges[i + 1]] for i in range(count)]


def reduce_scatter(link, chunks, members, place):
    """Add up chunks round a ring of ranks; chunk ``place + 1`` is whole here at the end."""
    size = len(members)
    right, left = members[(place + 1) % size], members[(place - 1) % size]
    longest = max(chunk.nbytes for chunk in chunks)
    for step in range(size - 1):
        into = chunks[(place - step - 1) % size]
        yield from link.exchange_add(chunks[(place - step) % size], right, into, left, longest)


def gather_chunks(link, chunks, members, place):
    """Send whole chunks on, round a ring of ranks, from chunk ``place + 1``."""
    size = len(members)
    right, left = members[(place + 1) % size], members[(place - 1) % size]
    for step in range(size - 1):
        into = chunks[(place - step) % size]
        yield from link.exchange(chunks[(place + 1 - step) % size], right, into, left)
