"""All-reduce: every rank gives an array, and every rank gets the sum.

Each algorithm is a program that a rank runs: a generator that waits by ``yield from`` for its
`SimulatedLink` or `MpiLink`. The same text runs on both.
"""

from course_lib.parallel_optimization._chunks import begin
from course_lib.parallel_optimization.rings import ring

__all__ = ["COLLECTIVES", "doubling", "halving", "star", "tree"]


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
    whole, y = begin(x, out)
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
    whole, y = begin(x, out)
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
    whole, y = begin(x, out)
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
    whole, y = begin(x, out)
    part = link.scratch(y)
    among = yield from _fold(link, y, part)
    low, high, steps, distance = 0, y.size, [], among // 2
    while distance and among:
        middle, upper = (low + high) // 2, bool(link.rank & distance)
        given, kept = ((low, middle), (middle, high))[:: 1 if upper else -1]
        partner, longest = link.rank ^ distance, -(-(high - low) // 2) * y.itemsize
        sent, into = y[slice(*given)], y[slice(*kept)]
        yield from link.exchange_add(sent, partner, into, partner, longest)
        steps.append((partner, given))
        (low, high), distance = kept, distance // 2
    for partner, given in reversed(steps):
        yield from link.exchange(y[low:high], partner, y[slice(*given)], partner)
        low, high = min(low, given[0]), max(high, given[1])
    yield from _unfold(link, y)
    return whole


COLLECTIVES = {
    "star": star, "tree": tree, "ring": ring, "doubling": doubling, "halving": halving,
}  # fmt: skip


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
