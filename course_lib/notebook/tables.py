"""Tables of a chapter, with a caption and row heads: costs, duels, and plain words."""

import importlib.util
import json
import pathlib
import re

from course_lib.notebook._html import inline, publish

__all__ = ["peer", "results", "show"]

RESULTS = pathlib.Path(__file__).parents[2] / "benchmarks" / "results"

_KINDS = ("cost", "duel", "plain")


def show(header, rows, *, caption, kind="cost"):
    """Display a table as the output of the running cell.

    Parameters
    ----------
    header : sequence of str
        Column heads with their units; backticks mark code and dollars mathematics.
    rows : sequence of sequences
        One row a method. The first entry names it; numbers are printed as they are given, so
        pass strings such as ``f"{seconds:.2f}"`` where the digits matter.
    caption : str
        What is compared, on which data, and how to read it.
    kind : {"cost", "duel", "plain"}
        A ``cost`` table sets methods against the book's counters. A ``duel`` sets ours
        against the peers; rows whose name begins with "ours" stand out. Both line numbers up
        on the right; a ``plain`` table holds words.

    Raises
    ------
    ValueError
        If there is no row, a row is not as long as the header, a column's name has no word beside
        its formula, or the kind is unknown.

    Examples
    --------
    >>> show(["method", "passes"], [["randomized SVD"]], caption="Passes over $A$.")
    Traceback (most recent call last):
    ValueError: each row must have 2 entries, as the header has; got ['randomized SVD'].
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}; got {kind!r}.")
    if not rows:
        raise ValueError("a table needs at least one row; got none.")
    for row in rows:
        if len(row) != len(header):
            raise ValueError(
                f"each row must have {len(header)} entries, as the header has; got {list(row)}."
            )
    for name in header:
        if not re.sub(r"\$[^$]*\$", "", name).strip():
            raise ValueError(f"each column needs a word that is read aloud; got {name!r}.")
    head = "".join(f'<th scope="col">{inline(name)}</th>' for name in header)
    body = "\n".join(_row(row) for row in rows)
    publish(
        '<div class="table-frame mathjax_process" tabindex="0" role="group" '
        f'aria-label="{kind} table">\n'
        f'<table class="table {kind}">\n<caption>{inline(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def peer(name):
    """Return a library that the course is only compared with, or None where it is not installed.

    Not every library has a wheel for every Python and system. A page says so and goes on.

    Parameters
    ----------
    name : str
        The module, such as ``"datasketches"``.

    Returns
    -------
    module or None
        None after a line that says what is left out.

    Examples
    --------
    >>> peer("json").dumps([1])
    '[1]'
    >>> peer("no_such_library")
    no_such_library is not installed here, so what compares with it is left out.
    """
    if importlib.util.find_spec(name):
        return importlib.import_module(name)
    print(f"{name} is not installed here, so what compares with it is left out.")
    return None


def results(name):
    """Return the last recorded run of a benchmark: the only place a page takes seconds from.

    Parameters
    ----------
    name : str
        The chapter's module, such as ``"low_rank"``.

    Returns
    -------
    dict
        Machine, date and measurements, as ``benchmarks/harness.py`` wrote them.

    Raises
    ------
    FileNotFoundError
        If the benchmark has not been run, or this copy of the course has no benchmarks.

    Examples
    --------
    >>> results("no_such_room")
    Traceback (most recent call last):
    FileNotFoundError: there is no recorded run of 'no_such_room'; `make bench` writes one.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"there is no recorded run of {name!r}; `make bench` writes one.")
    return json.loads(path.read_text(encoding="utf-8"))


def _row(row):
    name, *entries = (inline(str(entry)) for entry in row)
    cells = "".join(f"<td>{entry}</td>" for entry in entries)
    mark = ' class="ours"' if name.startswith("ours") else ""
    return f'<tr{mark}><th scope="row">{name}</th>{cells}</tr>'
