"""Wide rows: a map of (row, column, time) to value on an LSM tree, as in Bigtable.

WideRows   versions of each cell, the newest first; scans of rows
Cell       one of them
"""

import struct
from typing import NamedTuple

from course_lib._validation import check_count
from course_lib.storage.lsm import LSMTree

__all__ = ["Cell", "WideRows"]

LAST = 2**64 - 1  # the largest time
TIME = struct.Struct(">Q")  # the highest byte first: numbers and bytes have one order
END = b"\0\1"  # below every byte of a longer name, whose zeros are written as 00 FF


class Cell(NamedTuple):
    """A version of a cell."""

    row: str
    column: str
    time: int
    value: bytes


class WideRows:
    r"""A sorted map of (row, column, time) to bytes.

    Parameters
    ----------
    tree : LSMTree, optional
        Holds the cells; nothing else should be in it. Not given: a new one in memory.

    Raises
    ------
    TypeError
        If ``tree`` is none.

    Notes
    -----
    The key of a cell is the row, an end, the column, an end, and :math:`2^{64} - 1 -` time with
    the highest byte first, so that the tree's order of bytes is that of rows, then of columns, then
    of times from the newest on. A zero byte in a name is written as 00 FF and the end of a name
    as 00 01: no name is the beginning of another, and "a" comes before "ab".

    **Cost.** A `get` is a scan that stops at its first entry; rows lie together, so that a row is
    one scan.

    **Guarantee.** Cells come in the order of (row, column, -time), with texts in the order of their
    code points, which is that of their UTF-8 bytes.

    References
    ----------
    .. [1] F. Chang et al., "Bigtable: a distributed storage system for structured data", OSDI
       2006, Section 2.

    Examples
    --------
    >>> table = WideRows()
    >>> table.put("JFK", "delay:DL", 5, b"3"); table.put("JFK", "delay:DL", 9, b"7")
    >>> table.get("JFK", "delay:DL"), table.get("JFK", "delay:DL", time=6)
    (b'7', b'3')
    >>> [(cell.time, cell.value) for cell in table.scan("JFK")]
    [(9, b'7'), (5, b'3')]
    """

    def __init__(self, tree=None):
        if tree is None:
            tree = LSMTree()
        if not isinstance(tree, LSMTree):
            raise TypeError(f"tree must be an LSMTree; got {tree!r}.")
        self.tree = tree

    def put(self, row, column, time, value):
        """Write a version of a cell: two texts, a time from 0 to 2**64 - 1, and bytes."""
        self.tree.put(_key(row, column, time), value)

    def delete(self, row, column, time):
        """Forget a version of a cell, be it there or not."""
        self.tree.delete(_key(row, column, time))

    def get(self, row, column, *, time=LAST):
        """Return the newest value of a cell that is not newer than ``time``, or None."""
        after = _name(row) + _name(column)[:-1] + b"\2"
        for _, value in self.tree.scan(_key(row, column, time), after):
            return value
        return None

    def scan(self, start=None, stop=None, *, newest=False):
        """Yield cells in the order of rows, columns, and times from the newest on.

        Parameters
        ----------
        start, stop : str, optional
            First row, and the first row that is left out. Not given: from the first row, to the
            last; with a start alone, that row.
        newest : bool, default False
            Whether only the newest version of each cell comes.

        Yields
        ------
        Cell
        """
        if stop is None and start is not None:
            last = _name(start)[:-1] + b"\2"
        else:
            last = None if stop is None else _name(stop)
        before = None
        for key, value in self.tree.scan(None if start is None else _name(start), last):
            row, column, time = _parts(key)
            if not newest or (row, column) != before:
                yield Cell(row, column, time, value)
            before = row, column


def _name(text):
    """The bytes of a text, in the order of texts even when more bytes follow."""
    if not isinstance(text, str):
        raise TypeError(f"a row or column must be a text; got {text!r}.")
    return text.encode().replace(b"\0", b"\0\xff") + END


def _key(row, column, time):
    time = check_count(time, "time", low=0, high=LAST, high_name="2**64 - 1")
    return _name(row) + _name(column) + TIME.pack(LAST - time)


def _parts(key):
    names, inverted = key[: -TIME.size], key[-TIME.size :]
    row, column = (part.replace(b"\0\xff", b"\0").decode() for part in _split(names))
    return row, column, LAST - TIME.unpack(inverted)[0]


def _split(names):
    end = names.index(END)
    return names[:end], names[end + len(END) : -len(END)]
