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
    r"""Return the mean of the largest share of a ring with one point a node, :math:`H_n / n`."""
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=1 << 40)
    return harmonic(n_nodes) / n_nodes


def share_deviation(n_nodes, n_points):
    r"""Return the standard deviation of a node's share over its mean, for a ring."""
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=1 << 40)
    n_points = check_count(n_points, "n_points", low=1, high=1 << 40)
    return math.sqrt((n_nodes - 1) / (n_nodes * n_points + 1))


def lookup_failure(dead, n_successors):
    r"""Return the chance that a key is cut off, :math:`q^r (1 + r (1 - q))`."""
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
        Whether the nodes, and the keys, stand at equal distances; else both are random.

    Returns
    -------
    float
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
