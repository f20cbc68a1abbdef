"""What is proved about placements, as functions: what a measurement is compared with."""

import functools
import math

from course_lib._validation import check_count, check_flag, check_number

__all__ = ["chord_hops", "expected_max_share", "harmonic", "lookup_failure", "share_deviation"]

GRID, TOP = 16, 10  # cells of the shortest finger; doublings that are computed


def harmonic(n):
    """Return 1 + 1/2 + ... + 1/n."""
    n = check_count(n, "n", low=0, high=1 << 40)
    if n > 1000:
        return math.log(n) + 0.5772156649015329 + 1 / (2 * n) - 1 / (12 * n**2)
    return math.fsum(1 / i for i in range(1, n + 1))


def expected_max_share(n_nodes):
    r"""Return the mean of the largest share of a ring with one point a node, :math:`H_n / n`.

    Parameters
    ----------
    n_nodes : int
        n, at least 1.

    Returns
    -------
    float

    Notes
    -----
    n points cut the circle into n arcs, as if n exponential times were divided by their sum. The
    largest of n such times has mean :math:`H_n = 1 + 1/2 + \dots + 1/n`: with k of them still
    running the next one ends after 1/k in the mean. The sum is independent of the ratios and has
    mean n.

    Examples
    --------
    Of two nodes the larger has three quarters in the mean:

    >>> expected_max_share(2), round(10 * expected_max_share(10), 3)
    (0.75, 2.929)
    """
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=1 << 40)
    return harmonic(n_nodes) / n_nodes


def share_deviation(n_nodes, n_points):
    r"""Return the standard deviation of a node's share over its mean, for a ring.

    Parameters
    ----------
    n_nodes : int
        n, at least 1.
    n_points : int
        v, points of each node, at least 1.

    Returns
    -------
    float
        :math:`\sqrt{(n - 1) / (n v + 1)}`.

    Notes
    -----
    A share is the sum of v of n v arcs, so it has the Beta distribution with parameters v and
    (n - 1) v, whose variance is :math:`(n - 1) / (n^2 (n v + 1))`.

    Examples
    --------
    >>> round(share_deviation(11, 100), 4)
    0.0953
    """
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=1 << 40)
    n_points = check_count(n_points, "n_points", low=1, high=1 << 40)
    return math.sqrt((n_nodes - 1) / (n_nodes * n_points + 1))


def lookup_failure(dead, n_successors):
    r"""Return the chance that a key is cut off, :math:`q^r (1 + r (1 - q))`.

    Parameters
    ----------
    dead : float
        q, the probability of each node to be dead, independently.
    n_successors : int
        r, nodes after it that each node knows.

    Returns
    -------
    float

    Notes
    -----
    A lookup in Chord ends at the last living node before the key, p, and needs a living one among
    the r after it. Nodes between p and the key are dead. Let there be k of them, with probability
    :math:`q^k (1 - q)`: if k < r, the other r - k must be dead too, in all
    :math:`r (1 - q) q^r`; if not, all r are dead already, :math:`q^r`. It is a floor: a lookup
    may fail earlier.

    Examples
    --------
    >>> lookup_failure(0.5, 1), round(lookup_failure(0.3, 8), 5)
    (0.75, 0.00043)
    """
    dead = check_number(dead, "dead", low=0.0, high=1.0)
    r = check_count(n_successors, "n_successors", low=0, high=1 << 20)
    return dead**r * (1 + r * (1 - dead))


def chord_hops(n_nodes, *, even=False):
    r"""Return the mean number of hops of a Chord lookup to the owner of a random key.

    Parameters
    ----------
    n_nodes : int
        At least 1, and for ``even`` a power of two.
    even : bool, default False
        Whether the nodes stand at equal distances, and the keys where nodes stand; else both
        are random.

    Returns
    -------
    float
        :math:`\frac12 \log_2 n` for an even ring; for a random one about 0.862 more.

    Raises
    ------
    ValueError, TypeError
        If ``n_nodes`` is out of range, or no power of two for ``even``.

    Notes
    -----
    On an even ring each hop takes the highest bit off the distance, which is a number of
    :math:`\log_2 n` bits, half of them 1 in the mean. On a random ring a hop overshoots the power
    of two by an exponential gap. With distances t in mean gaps, :math:`h(t)` hops to the node
    before the key from a node at distance t to it, and :math:`g(t) = E\,h(\max(0, t - E))` for an
    exponential E, which solves

    .. math:: g' = h - g, \qquad h(t) = 1 + g(t - 2^{\lfloor \log_2 t \rfloor}),

    the mean is :math:`1 + \frac1n \int_0^n g`, less what a node's own keys save. It is the limit
    of many nodes, within 0.03 from 4 nodes on and within 0.01 from 16 on.

    **Cost.** Some ten thousand steps, at most 20 ms.

    Examples
    --------
    >>> chord_hops(4096, even=True), round(chord_hops(4096), 2)
    (6.0, 6.86)
    """
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=1 << 40)
    doublings = (n_nodes - 1).bit_length()
    if check_flag(even, "even"):
        if n_nodes != 1 << doublings:
            raise ValueError(f"n_nodes must be a power of two on an even ring; got {n_nodes}.")
        return doublings / 2
    if n_nodes == 1:
        return 0.0
    unit = n_nodes / 2.0**doublings  # the longest finger that is at most one mean gap
    mean, ends = _first_finger(unit, min(doublings, TOP))
    ends += [ends[-1] + (ends[-1] - ends[-2]) * i for i in range(1, doublings - TOP + 1)]
    for j in range(doublings):
        mean += 0.5 - (ends[j + 1] - ends[j]) / (unit * 2 ** (j + 1))
    return 1.0 + mean - (1.0 + ends[-1]) / n_nodes  # a key of one's own takes no hop


@functools.lru_cache(64)
def _first_finger(unit, doublings):
    """Solve g' = 1 + g(t - last power below t) - g on a grid.

    g(t) is the mean number of hops to the predecessor of a key at distance t, in mean gaps.
    Return the mean of g up to ``unit``, and g at ``unit`` times 1, 2, 4, ...
    """
    cell = unit / GRID
    fade = math.exp(-cell)
    late = 1.0 - (1.0 - fade) / cell  # weights of the ends of a cell on which h is a line
    early = 1.0 - fade - late
    g = [0.0]
    for i in range(GRID << doublings):
        power = 1 << (i.bit_length() - 1) if i else 0
        before, after = (g[i - power], g[i + 1 - power]) if i else (0.0, cell / 3)
        g.append(fade * g[i] + early * (1.0 + before) + late * (1.0 + after))
    mean = math.fsum((g[i] + g[i + 1]) / 2 for i in range(GRID)) / GRID
    return mean, [g[GRID << j] for j in range(doublings + 1)]
