"""What an entry may cost, and what it does cost."""

from typing import NamedTuple

__all__ = ["BUDGETS", "PARCEL", "POSTCARD", "STAMP", "Budget", "Work"]


class Work(NamedTuple):
    """Operations that an entry takes for one image, by formula; each counts as one unit."""

    multiply_adds: int = 0  # a multiplication alone, or a change of sign, is one too
    additions: int = 0  # of numbers, and exclusive ors of 64-bit words
    look_ups: int = 0  # of table entries, cosines, exponentials and bit counts of words

    @property
    def total(self):
        """All operations together."""
        return sum(self)

    def plus(self, *others):
        """Return the work of this and of the others, one after the other."""
        return Work(*map(sum, zip(self, *others, strict=True)))


class Budget(NamedTuple):
    """What an entry may cost at most.

    Attributes
    ----------
    name : str
    file_bytes : int
        Bytes of the file.
    test_work : int
        Operations for one image, `Work.total`.
    passes : int
        Times that training reads all rows.
    training : int
        Multiply-adds of training.
    """

    name: str
    file_bytes: int
    test_work: int
    passes: int
    training: int


STAMP = Budget("stamp", 1_100, 10_000, 150, 2 * 10**12)
POSTCARD = Budget("postcard", 16_384, 100_000, 50, 2 * 10**12)
PARCEL = Budget("parcel", 1_000_000, 10_000_000, 50, 2 * 10**12)
BUDGETS = (STAMP, POSTCARD, PARCEL)
