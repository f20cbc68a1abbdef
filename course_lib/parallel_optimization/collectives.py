"""All-reduce: every rank gives an array, and every rank gets the sum.

Each algorithm is a program that a rank runs: a generator that waits by ``yield from`` for its
`SimulatedLink` or `MpiLink`. The same text runs on both.
"""

import numpy as np

from course_lib._validation import check_array, check_count

__all__ = ["COLLECTIVES", "all_gather", "doubling", "halving", "ring", "star", "tree", "two_level"]


def star(link, x, out=None):
    """Sum over all ranks: rank 0 receives from each other in turn, then sends to each in turn.

    Parameters
    ----------
    link : SimulatedLink or MpiLink
        Of this rank.
    x : array
        What this rank gives; all ranks must give one shape and one dtype.
    out : array, optional
        Where the sum is to stand, of the shape and dtype of ``x``; it may be ``x``. Memory that
        is used again spares the page faults of fresh memory.

    Returns
    -------
    array
        The sum, float32 or float64 as ``x``; the same bits on every rank.

    Raises
    ------
    ValueError, TypeError
        If ``x`` is no array of real numbers or ``out`` does not fit it.

    See Also
    --------
    simulate, on_mpi : run a program. collective_cost : what it costs.

    Notes
    -----
    **Cost.** With one port a rank :math:`2(p-1)(\\alpha + N\\beta)`: rank 0 is the bottleneck.

    **Guarantee.** Of every algorithm here: an entry is off by at most
    :math:`(p-1)\\, u \\sum_r |x_r|` to first order in the unit roundoff :math:`u`
    ([1], Section 4.2), whatever the order of the sum.

    References
    ----------
    .. [1] N. Higham, "Accuracy and stability of numerical algorithms", SIAM, 2002.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(star, [[1.0], [2.0], [4.0]]).results
    [array([7.]), array([7.]), array([7.])]
    """
    whole, y = _start(x, out)
    if link.rank:
        yield from link.send(y, 0)
        yield from link.receive(y, 0)
        return whole
    part = link.scratch(y)
    for source in range(1, link.size):
        yield from link.receive(part, source)
        y += part
    for target in range(1, link.size):
        yield from link.send(y, target)
    return whole


def tree(link, x, out=None):
    """Sum over all ranks: up a binomial tree to rank 0, and down again; nothing is cut.

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
    **Cost.** :math:`2 \\lceil \\log_2 p \\rceil (\\alpha + N\\beta)`.

    **Guarantee.** As of `star`.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(tree, [[1.0], [2.0], [4.0]]).results[2]
    array([7.])
    """
    whole, y = _start(x, out)
    rank, size, part, distance = link.rank, link.size, link.scratch(y), 1
    while distance < size and rank % (2 * distance) == 0:
        if rank + distance < size:
            yield from link.receive(part, rank + distance)
            y += part
        distance *= 2
    if rank:
        yield from link.send(y, rank - distance)
        yield from link.receive(y, rank - distance)
    while distance > 1:
        distance //= 2
        if rank + distance < size:
            yield from link.send(y, rank + distance)
    return whole


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
    which a message carries sums the busiest rank sends at least as many ([1], Theorem 1).

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
    whole, y = _start(x, out)
    chunks, members = _cut(y, link.size), range(link.size)
    yield from _reduce_scatter(link, chunks, members, link.rank)
    yield from _gather_chunks(link, chunks, members, link.rank)
    return whole


def doubling(link, x, out=None):
    """Sum over all ranks: partners at distances 1, 2, 4, ... swap all they have.

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
    **Cost.** :math:`\\log_2 p\\, (\\alpha + N\\beta)` for a power of two. Else the ranks from the
    largest power of two on give what they have to another rank before, and get the sum after:
    two messages more.

    **Guarantee.** As of `star`.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(doubling, [[1.0], [2.0], [4.0], [8.0]]).rounds
    2
    """
    whole, y = _start(x, out)
    part = link.scratch(y)
    among = yield from _fold(link, y, part)
    distance = 1
    while distance < among:
        partner = link.rank ^ distance
        yield from link.exchange(y, partner, part, partner)
        y += part
        distance *= 2
    yield from _unfold(link, y)
    return whole


def halving(link, x, out=None):
    """Sum over all ranks: partners swap halves, quarters, ..., then the sums the other way.

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
    **Cost.** :math:`2\\log_2 p\\, \\alpha + 2(p-1)/p\\, N\\beta` for a power of two p; else as
    `doubling` two messages of N more. It sends as little as `ring` in far fewer messages, but to
    ranks far away, whose paths cross in a real network.

    **Guarantee.** As of `star`.

    References
    ----------
    .. [1] R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication
       operations in MPICH", Int. J. High Perform. Comput. Appl. 19(1), 2005.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> simulate(halving, [[1.0, 2.0], [10.0, 20.0]]).results[1]
    array([11., 22.])
    """
    whole, y = _start(x, out)
    part = link.scratch(y)
    among = yield from _fold(link, y, part)
    low, high, steps, distance = 0, y.size, [], among // 2
    while distance and among:
        middle, upper = (low + high) // 2, bool(link.rank & distance)
        given, kept = ((low, middle), (middle, high))[:: 1 if upper else -1]
        partner, into = link.rank ^ distance, part[: kept[1] - kept[0]]
        yield from link.exchange(y[slice(*given)], partner, into, partner)
        y[slice(*kept)] += into
        steps.append((partner, given))
        (low, high), distance = kept, distance // 2
    for partner, given in reversed(steps):
        yield from link.exchange(y[low:high], partner, y[slice(*given)], partner)
        low, high = min(low, given[0]), max(high, given[1])
    yield from _unfold(link, y)
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
    whole, y = _start(x, out)
    machine, place = divmod(link.rank, group)
    inside = range(machine * group, (machine + 1) * group)
    across = range(place, link.size, group)
    chunks = _cut(y, group)
    yield from _reduce_scatter(link, chunks, inside, place)
    pieces = _cut(chunks[(place + 1) % group], link.size // group)
    yield from _reduce_scatter(link, pieces, across, machine)
    yield from _gather_chunks(link, pieces, across, machine)
    yield from _gather_chunks(link, chunks, inside, place)
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
    _check_out(out, (link.size, *x.shape), x.dtype)
    out[link.rank] = x
    rows = list(out.reshape(link.size, -1))
    chunks = rows[-1:] + rows[:-1]  # a ring ends with chunk rank + 1 at home
    yield from _gather_chunks(link, chunks, range(link.size), link.rank)
    return out


COLLECTIVES = {
    "star": star, "tree": tree, "ring": ring, "doubling": doubling, "halving": halving,
}  # fmt: skip


def _start(x, out):
    """Return the array that becomes the sum, and the same as one row."""
    x = check_array(x, "x")
    if out is None:
        out = np.empty(x.shape, x.dtype)
    _check_out(out, x.shape, x.dtype)
    if out is not x:
        out[...] = x
    return out, out.reshape(-1)


def _check_out(out, shape, dtype):
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an array; got {type(out).__name__}.")
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be a contiguous array of shape {shape} and {dtype}; "
            f"got shape {out.shape} and {out.dtype}."
        )


def _cut(y, count):
    """Return ``count`` views of about equal length that make up ``y``."""
    edges = [y.size * i // count for i in range(count + 1)]
    return [y[edges[i] : edges[i + 1]] for i in range(count)]


def _reduce_scatter(link, chunks, members, place):
    """Add up chunks round a ring of ranks; chunk ``place + 1`` is whole here at the end."""
    size = len(members)
    right, left = members[(place + 1) % size], members[(place - 1) % size]
    for step in range(size - 1):
        into = chunks[(place - step - 1) % size]
        part = link.scratch(into)
        yield from link.exchange(chunks[(place - step) % size], right, part, left)
        into += part


def _gather_chunks(link, chunks, members, place):
    """Send whole chunks on, round a ring of ranks, from chunk ``place + 1``."""
    size = len(members)
    right, left = members[(place + 1) % size], members[(place - 1) % size]
    for step in range(size - 1):
        into = chunks[(place - step) % size]
        yield from link.exchange(chunks[(place + 1 - step) % size], right, into, left)


def _fold(link, y, part):
    """Leave a power of two of ranks at work; return how many, or 0 on a rank that waits."""
    among = 1 << (link.size.bit_length() - 1)
    if link.rank >= among:
        yield from link.send(y, link.rank - among)
        return 0
    if link.rank + among < link.size:
        yield from link.receive(part, link.rank + among)
        y += part
    return among


def _unfold(link, y):
    """Bring the sum to the ranks that waited."""
    among = 1 << (link.size.bit_length() - 1)
    if link.rank >= among:
        yield from link.receive(y, link.rank - among)
    elif link.rank + among < link.size:
        yield from link.send(y, link.rank + among)
