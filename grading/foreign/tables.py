"""The one reader of tables that people edit: spreadsheets' CSV in all its dialects."""

import csv
import io
import unicodedata
from typing import NamedTuple

from .text import Unreadable, decoded, printable

__all__ = ["Row", "Table", "read_table"]

BYTES = 20 << 20
DELIMITERS = (",", ";", "\t")


class Row(NamedTuple):
    """A row: its line in the file, all its cells, and the asked-for columns by name."""

    line: int
    cells: list
    columns: dict


class Table(NamedTuple):
    """A table that was read.

    Attributes
    ----------
    head : list of str
        The names of the columns, as they stand in the file.
    rows : list of Row
    notes : list of str
        On each row that was left out, and on the encoding.
    delimiter : str
    """

    head: list
    rows: list
    notes: list
    delimiter: str


def read_table(path, columns):
    """Read a table with the columns that must be there, whatever spreadsheet wrote it.

    It may be in UTF-8 or UTF-16, or in Latin-1, which is said, with commas, semicolons or tabs.
    A row that has more cells than the head, or too few to hold the columns, is left out and said.

    Parameters
    ----------
    path : Path
    columns : sequence of str

    Returns
    -------
    Table

    Raises
    ------
    Unreadable
        If no row of it can be used.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be opened ({error.strerror}).") from None
    if len(raw) > BYTES:
        raise Unreadable(f"{path.name} is larger than {BYTES >> 20} MB; is it the right file?")
    try:
        text, remark = decoded(raw)
    except Unreadable as reason:
        raise Unreadable(f"{path.name}: {reason}") from None
    table = max(
        (_parsed(path, text, columns, delimiter) for delimiter in DELIMITERS),
        key=lambda table: len(_places(table.head, columns)),
    )
    missing = [name for name in columns if name not in _places(table.head, columns)]
    if missing:
        raise Unreadable(
            f"{path.name}, line 1: the columns must be {', '.join(columns)}; "
            f"{missing[0]!r} is not among {_listed(table.head)}."
        )
    if remark:
        table.notes.insert(0, f"{path.name}: {remark}")
    return table


def _listed(head):
    return ", ".join(f"'{printable(name)[:30]}'" for name in head[:12]) or "nothing"


def _folded(name):
    return unicodedata.normalize("NFC", name).strip().casefold()


def _places(head, columns):
    """The position of each column that is there."""
    folded = [_folded(name) for name in head]
    return {name: folded.index(_folded(name)) for name in columns if _folded(name) in folded}


def _parsed(path, text, columns, delimiter):
    notes = []
    rows = _cells(path, text, delimiter, notes)
    _, head = next(rows, (1, []))
    places = _places(head, columns)
    needed, kept = max(places.values(), default=0) + 1, []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not needed <= len(cells) <= len(head):
            what = "more" if len(cells) > len(head) else "fewer"
            notes.append(
                f"{path.name}, line {line}: the row has {len(cells)} cells, {what} than the "
                f"{len(head)} of line 1, and was left out; put quotes around a text with a "
                f"{delimiter!r} in it: {printable(delimiter.join(cells))[:60]}"
            )
            continue
        found = {name: cells[place].strip() for name, place in places.items()}
        kept.append(Row(line, cells, found))
    return Table(head, kept, notes, delimiter)


def _cells(path, text, delimiter, notes):
    """Yield ``(line, cells)``; where quotes do not close, line by line, so that one costs one."""
    old = csv.field_size_limit(BYTES)
    try:
        reader, rows, begun = csv.reader(_lines(text), delimiter=delimiter, strict=True), [], 1
        try:
            for cells in reader:
                rows.append((begun, cells))
                begun = reader.line_num + 1
        except csv.Error:
            rows = list(_line_by_line(path, text, delimiter, notes))
        yield from rows
    finally:
        csv.field_size_limit(old)


def _lines(text):
    return io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))  # not at U+2028


def _line_by_line(path, text, delimiter, notes):
    for number, line in enumerate(_lines(text), 1):
        try:
            yield number, next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            notes.append(
                f"{path.name}, line {number}: its quotes do not fit ({error}), and it was left "
                f"out; mend it: {printable(line.strip())[:60]}"
            )
