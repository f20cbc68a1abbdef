"""Fingerprints of code that do not depend on names, comments, layout or the order of functions.

Code is read as a syntax tree and written as a row of tokens in which every name of the author's
own is the same token, and ``a > b`` is ``b < a``. Runs of tokens are hashed, and winnowing keeps
some of the hashes [1]_, so many that no common run of ``RUN + WINDOW - 1`` tokens goes unseen.

.. [1] S. Schleimer, D. S. Wilkerson, A. Aiken, "Winnowing: local algorithms for document
   fingerprinting", SIGMOD 2003, 76-85.
"""

import ast
import builtins
import io
import tokenize
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from course_lib._sketch import hash_items
from grading.lab import CODE_CHARACTERS, parse

__all__ = ["Place", "fingerprints", "tokens", "winnowed"]

RUN = 10  # tokens of a hashed run
WINDOW = 4  # of consecutive runs at least one is kept
COMMON = frozenset(dir(builtins)) | {"np", "numpy", "scipy", "math"}
TURNED = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
SILENT = (ast.Load, ast.Store, ast.Del, ast.Import, ast.ImportFrom, ast.Module, ast.Expr)


class Place(NamedTuple):
    """Where a fingerprint was found: a cell and the lines of its tokens, the first being 1."""

    cell: str
    lines: tuple


def fingerprints(cells, known=()):
    """Return the fingerprints of a submission with their places.

    Parameters
    ----------
    cells : dict of str to str
        Code by the name of its cell.
    known : collection of str
        Names that the lab itself defines; they are everybody's and stay as they are.

    Returns
    -------
    dict of int to list of Place
    """
    found = defaultdict(list)
    for cell, source in cells.items():
        for row in tokens(source, COMMON | set(known)):
            for value, first, last in winnowed(row):
                lines = {line for _, line in row[first : last + 1]}
                found[value].append(Place(cell, tuple(sorted(lines))))
    return dict(found)


def tokens(source, known=COMMON):
    """Return one row of ``(token, line)`` for each top-level statement of a cell.

    Code that is no Python is cut into words, with its own names hidden all the same.
    """
    lines = ["pass" if line.lstrip()[:1] in ("%", "!") else line for line in source.splitlines()]
    try:
        statements = parse("\n".join(lines)).body
        return [list(_walk(one, _not_own(one, known), 1)) for one in statements]
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # also of trees too deep to walk
        return [_words(source[:CODE_CHARACTERS], known)]


def _not_own(statement, known):
    """The known names that a definition does not take for variables of its own."""
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return known
    return known - {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _walk(node, known, line):
    """Yield the tokens of a syntax tree, parents first; docstrings and annotations are left out."""
    line = getattr(node, "lineno", line)
    if isinstance(node, ast.Compare):
        node = _directed(node)
    if isinstance(node, ast.Constant):
        yield type(node.value).__name__, line
        return
    if not isinstance(node, SILENT):
        yield _token(node, known), line
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "type_params"):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _walk(child, known, line)


def _directed(node):
    """The comparison that says the same in the direction that all of them get."""
    first, second, way = node.left, node.comparators[0], type(node.ops[0])
    if len(node.ops) > 1 or way not in TURNED:
        return node
    if way is TURNED[way]:
        turn = _rank(second) < _rank(first)
    else:
        turn = way in (ast.Gt, ast.GtE)
    return ast.Compare(second, [TURNED[way]()], [first]) if turn else node


def _rank(side):
    """Orders the sides of an equality, constants last."""
    return isinstance(side, ast.Constant), type(side).__name__


def _token(node, known):
    if isinstance(node, ast.Name):
        return node.id if node.id in known else "name"
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    return type(node).__name__


def _is_docstring(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _words(source, known):
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                found.append((token.string if token.string in known else "name", token.start[0]))
            elif token.type == tokenize.OP:
                found.append((token.string, token.start[0]))
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # what was read so far is what there is
    return found


def winnowed(row):
    """Return ``(hash, first, last)`` of the runs of a row that winnowing keeps.

    Parameters
    ----------
    row : list of (str, int)
        From `tokens`.

    Returns
    -------
    list of (int, int, int)
        The hash of a run and the positions of its first and last token. A row shorter than a
        run is one run.
    """
    if not row:
        return []
    words = [token for token, _ in row]
    length = min(RUN, len(words))
    runs = ["\n".join(words[i : i + length]) for i in range(len(words) - length + 1)]
    hashes = hash_items(runs)
    width = min(WINDOW, len(hashes))
    windows = np.lib.stride_tricks.sliding_window_view(hashes, width)
    # The rightmost least of each window, as in the paper.
    kept = np.arange(len(windows)) + width - 1 - np.argmin(windows[:, ::-1], axis=1)
    return [(int(hashes[i]), int(i), int(i) + length - 1) for i in np.unique(kept)]
