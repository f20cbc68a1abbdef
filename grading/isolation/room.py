"""How much a process may grow by what came from outside, and whether it had too little room."""

import contextlib
import resource
import sys
from pathlib import Path

__all__ = ["address_space", "had_no_room", "room"]

PAGE = resource.getpagesize()
LINKS = 50  # of a chain of exceptions


def address_space():
    """Return the bytes of this process's address space; 0 where Linux does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    except OSError:
        return 0


@contextlib.contextmanager
def room(growth):
    """Let this process grow by so many bytes; what needs more raises `MemoryError`.

    Only the soft limit is set, so processes that are started meanwhile may have a higher one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = address_space() + growth
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def had_no_room(error, elsewhere=()):
    """Whether an exception, or one that it followed, is a `MemoryError` of this process.

    Parameters
    ----------
    error : BaseException or None
    elsewhere : collection of str
        Files that raise what another process told.
    """
    for _ in range(LINKS):
        if error is None:
            return False
        if isinstance(error, MemoryError) and _raised_in(error) not in elsewhere:
            return True
        error = error.__cause__ or error.__context__
    return False


def _raised_in(error):
    traceback, file = error.__traceback__, ""
    while traceback is not None:
        traceback, file = traceback.tb_next, traceback.tb_frame.f_code.co_filename
    return file
