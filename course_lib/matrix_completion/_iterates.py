"""What the iterative methods of this room yield."""

from typing import NamedTuple

__all__ = ["Iterate"]


class Iterate(NamedTuple):
    """One iterate of a completion method; the caller stops, records and plots."""

    factors: tuple  # whose product is the completed matrix; each method says which
    value: float  # what the method makes small
