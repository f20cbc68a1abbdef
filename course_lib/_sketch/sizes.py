"""What a sketch may ask of the machine: a size that is a number, and that fits in memory."""

import contextlib
import functools
import os

__all__ = ["check_memory", "sizing"]


@contextlib.contextmanager
def sizing(kind):
    """Turn a size beyond the numbers of the machine, computed inside, into one sentence."""
    try:
        yield
    except ArithmeticError:
        raise ValueError(
            f"epsilon and delta must ask for a {kind} whose size is a finite number; "
            "these are too small, allow larger errors."
        ) from None


def check_memory(n_bytes, kind):
    """Raise unless a ``kind`` of ``n_bytes`` fits in the memory of this machine."""
    if n_bytes > _memory_bytes():
        raise ValueError(
            f"a {kind} must fit in the memory of this machine, {_memory_bytes() / 2**30:.3g} GiB; "
            f"this one takes {n_bytes / 2**30:.3g} GiB, make it smaller or allow larger errors."
        )


@functools.cache
def _memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
