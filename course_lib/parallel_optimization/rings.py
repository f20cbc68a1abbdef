"""Collectives round a ring: of all ranks, of the ranks of a machine, of machines.

A rank talks to two neighbors only, and its messages are chunks of what it has.
"""

import numpy as np

from course_lib._validation import check_array, check_count
from course_lib.parallel_optimization._chunks import (
    begin,
    check_out,
    cut,
    gather_chunks,
    reduce_scatter,
)

__all__ = ["all_gather", "ring", "two_level"]


def ring(link, x, out=None):
    """Sum over all ranks: chunks travel round a ring and grow, then travel round once more.

    Parameters
    ----------
    link, x, out
        As of `star`.

    Returns
    -------
    array

    Raises
    ------
    ValueError, TypeError
        As `star`.

    Notes
    -----
    **Cost.** :math:`2(p-1)(\\alpha + (N/p)\\beta)` if p divides the number of entries, else that
    of the longest chunk. Every rank talks to two neighbors only, whatever p is.

    **Guarantee.** As of `star`. A rank sends :math:`2(p-1)N/p` bytes, and in every algorithm in
    which a message carries sums the busiest rank sends at least as many [1].

    References
    ----------
    .. [1] P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
       workstations", J. Parallel Distrib. Comput. 69(2), 2009.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(ring, [[1.0, 2.0], [10.0, 20.0]]).results[0]
    array([11., 22.])
    """
    whole, y = begin(x, out)
    chunks, members = cut(y, link.size), range(link.size)
    yield from reduce_scatter(link, chunks, members, link.rank)
    yield from gather_chunks(link, chunks, members, link.rank)
    return whole


def two_level(link, x, out=None, *, group):
    """Sum over all ranks: a ring inside of each machine, rings between machines, a ring inside.

    Parameters
    ----------
    link, x, out
        As of `star`.
    group : int
        Ranks on a machine, which must divide the number of ranks; neighbors share a machine.

    Returns
    -------
    array

    Raises
    ------
    ValueError, TypeError
        As `star`, or if ``group`` does not divide the number of ranks.

    Notes
    -----
    **Cost.** With m machines of g ranks :math:`2(g-1) + 2(m-1)` steps. Over the link of a machine
    go :math:`2(m-1)/m\\, N` bytes, those of all its ranks together.

    **Guarantee.** As of `star`.

    Examples
    --------
    >>> import functools
    >>> from course_lib.parallel_optimization import simulate
    >>> run = simulate(functools.partial(two_level, group=2), [[1.0, 1.0]] * 4)
    >>> run.results[3], run.rounds
    (array([4., 4.]), 4)
    """
    group = check_count(group, "group", low=1, high=link.size, high_name="ranks")
    if link.size % group:
        raise ValueError(
            f"group must divide the number of ranks; got {group} and {link.size} ranks."
        )
    whole, y = begin(x, out)
    machine, place = divmod(link.rank, group)
    inside = range(machine * group, (machine + 1) * group)
    across = range(place, link.size, group)
    chunks = cut(y, group)
    yield from reduce_scatter(link, chunks, inside, place)
    pieces = cut(chunks[(place + 1) % group], link.size // group)
    yield from reduce_scatter(link, pieces, across, machine)
    yield from gather_chunks(link, pieces, across, machine)
    yield from gather_chunks(link, chunks, inside, place)
    return whole


def all_gather(link, x, out=None):
    """Bring the arrays of all ranks to every rank, round a ring: for what does not add up.

    Parameters
    ----------
    link : SimulatedLink or MpiLink
    x : array, shape (...)
        What this rank gives; all ranks must give one shape and one dtype.
    out : array, shape (p, ...), optional

    Returns
    -------
    array, shape (p, ...)
        Row r is what rank r gave.

    Raises
    ------
    ValueError, TypeError
        As `star`.

    Notes
    -----
    **Cost.** :math:`(p-1)(\\alpha + N\\beta)`: each rank sends :math:`(p-1)N` bytes.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(all_gather, [[1.0], [2.0]]).results[1]
    array([[1.],
           [2.]])
    """
    x = check_array(x, "x")
    if out is None:
        out = np.empty((link.size, *x.shape), x.dtype)
    check_out(out, (link.size, *x.shape), x.dtype)
    out[link.rank] = x
    rows = list(out.reshape(link.size, -1))
    chunks = rows[-1:] + rows[:-1]  # a ring ends with chunk rank + 1 at home
    yield from gather_chunks(link, chunks, range(link.size), link.rank)
    return out
