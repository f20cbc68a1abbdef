"""The coherence graph of two rows, whose colors the proofs of the paper count.

Two rows share Gaussian numbers, in different columns. Each number that stands in column a of one
row and in column b of the other, a != b, is a vertex {a, b}; vertices that have a column in
common are joined. A column belongs to at most two vertices, one for each row, so the graph is made
of paths and cycles alone, and its chromatic number is at most 3.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_count
from course_lib.binary_embeddings.structured import check_structured

__all__ = ["CoherenceGraph", "chromatic_number", "coherence_graph", "pair_chromatic_number"]


class CoherenceGraph(NamedTuple):
    """Vertices are pairs of columns; edges are pairs of vertices with a column in common."""

    vertices: np.ndarray  # (v, 2), the smaller column first
    edges: np.ndarray  # (e, 2), places in vertices, the smaller one first


def coherence_graph(matrix, first, second):
    """Return the coherence graph of two rows.

    Parameters
    ----------
    matrix : StructuredMatrix
        One of the seven.
    first, second : int
        Rows, two different ones.

    Returns
    -------
    CoherenceGraph

    Raises
    ------
    ValueError, TypeError
        If ``matrix`` is none of the seven, or there are no such rows.

    Notes
    -----
    **Cost.** :math:`O(n \\log n)`.

    References
    ----------
    .. [1] A. Choromanska, K. Choromanski, M. Bojarski, T. Jebara, S. Kumar, Y. LeCun, "Binary
       embeddings with structured hashed projections", ICML 2016, section 3.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> graph = coherence_graph(Circulant(3, 3, rng=0), 0, 1)
    >>> graph.vertices.tolist(), graph.edges.tolist()
    ([[0, 1], [0, 2], [1, 2]], [[0, 1], [0, 2], [1, 2]])
    """
    step = _steps(matrix, first, second)
    columns = np.flatnonzero((step >= 0) & (step != np.arange(len(step))))
    pairs = np.sort(np.stack([columns, step[columns]], axis=1), axis=1)
    vertices = np.unique(pairs, axis=0)
    ends = np.concatenate([vertices[:, 0], vertices[:, 1]])
    owners = np.tile(np.arange(len(vertices)), 2)
    order = np.argsort(ends, kind="stable")
    ends, owners = ends[order], owners[order]
    met = np.flatnonzero(ends[1:] == ends[:-1])
    edges = np.sort(np.stack([owners[met], owners[met + 1]], axis=1), axis=1)
    return CoherenceGraph(vertices, np.unique(edges, axis=0))


def pair_chromatic_number(matrix, first, second):
    """Return the chromatic number of the coherence graph of two rows, by walking its cycles.

    Parameters
    ----------
    matrix : StructuredMatrix
        One of the seven.
    first, second : int
        Rows, two different ones.

    Returns
    -------
    int
        0 without vertices, 1 without edges, 3 if there is an odd cycle, else 2.

    Raises
    ------
    ValueError, TypeError
        If ``matrix`` is none of the seven, or there are no such rows.

    Notes
    -----
    **Cost.** Each column is visited once.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> C = Circulant(3, 6, rng=0)
    >>> pair_chromatic_number(C, 0, 1), pair_chromatic_number(C, 0, 2)   # one of 6; two of 3
    (2, 3)
    """
    return int(_colors(_steps(matrix, first, second)))


def chromatic_number(matrix):
    r"""Return the P-chromatic number :math:`\chi(P)`: the largest over all pairs of rows.

    Parameters
    ----------
    matrix : StructuredMatrix
        One of the seven, with two rows or more.

    Returns
    -------
    int
        From 0, where no rows share a number, to 3.

    Raises
    ------
    ValueError, TypeError
        If ``matrix`` is none of the seven, or has one row.

    Notes
    -----
    **Cost.** One walk over n columns for each distance of rows where pairs of one distance look
    alike (all but `BinPerm`), else for each pair; it ends at the first 3.

    Examples
    --------
    >>> from course_lib.binary_embeddings import Circulant
    >>> chromatic_number(Circulant(8, 8, rng=0)), chromatic_number(Circulant(9, 9, rng=0))
    (2, 3)
    """
    k = check_structured(matrix).shape[0]
    if k < 2:
        raise ValueError(f"matrix must have two rows or more; got {k}.")
    largest = 0
    for first in range(1 if matrix.stationary else k - 1):
        for second in range(first + 1, k):
            largest = max(largest, pair_chromatic_number(matrix, first, second))
            if largest == 3:
                return largest
    return largest


def _steps(matrix, first, second):
    """Return, for each column of one row, where its number stands in the other; -1 if nowhere."""
    k = check_structured(matrix).shape[0]
    first = check_count(first, "first", low=0, high=k - 1, high_name="k - 1")
    second = check_count(second, "second", low=0, high=k - 1, high_name="k - 1")
    if first == second:
        raise ValueError(f"first and second must be two rows; got {first} twice.")
    one, other = matrix.variables(first), matrix.variables(second)
    order = np.argsort(other)
    at = np.minimum(np.searchsorted(other, one, sorter=order), len(other) - 1)
    return np.where(other[order[at]] == one, order[at], -1)


@njit(cache=True)
def _colors(step):
    """Return how many colors the graph with the vertices {j, step[j]} needs."""
    n = len(step)
    entered = np.zeros(n, np.bool_)  # columns that a step ends in
    for j in range(n):
        if step[j] >= 0:
            entered[step[j]] = True
    colors = 0
    seen = np.zeros(n, np.bool_)
    for turn in range(2):  # paths, from their beginnings, then the cycles that are left
        for start in range(n):
            if seen[start] or (turn == 0 and entered[start]):
                continue
            length, j = 0, start
            while j >= 0 and not seen[j]:
                seen[j] = True
                length += 1
                j = step[j]
            if turn == 0:
                colors = max(colors, min(length - 1, 2))
            elif length >= 2:
                colors = max(colors, 1 if length == 2 else 2 + length % 2)
    return colors
