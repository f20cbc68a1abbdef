r"""What each collective costs by the alpha-beta model: :math:`\alpha + N\beta` a message."""

from typing import NamedTuple

from course_lib._validation import check_count, check_number

__all__ = ["CollectiveCost", "collective_cost", "crossover_bytes"]


class CollectiveCost(NamedTuple):
    """Steps and bytes of a collective, counted along the longest way and over all ranks."""

    steps: int  # messages one after the other, along the longest way
    path_bytes: float  # their bytes
    messages: int  # of all ranks
    busiest_bytes: float  # sent by the rank that sends most
    total_bytes: float  # sent by all ranks

    def seconds(self, alpha_s=1e-5, bytes_per_s=1.25e9):
        r"""Return :math:`\text{steps}\,\alpha + \text{path bytes}\,\beta`.

        Examples
        --------
        >>> collective_cost("ring", 4, 64).seconds(1.0, 16.0)
        12.0
        """
        return self.steps * alpha_s + self.path_bytes / bytes_per_s


def collective_cost(algorithm, n_ranks, n_bytes, *, group=None):
    r"""Return what an all-reduce of ``n_bytes`` on each rank costs.

    Parameters
    ----------
    algorithm : {"star", "tree", "ring", "doubling", "halving", "two_level", "all_gather"}
    n_ranks : int
        :math:`p`, at least 1.
    n_bytes : float
        :math:`N`, what a rank gives, not negative.
    group : int, optional
        Ranks on a machine, for "two_level" only.

    Returns
    -------
    CollectiveCost

    Raises
    ------
    ValueError, TypeError
        If the algorithm is unknown or a number is out of range.

    Notes
    -----
    **Guarantee.** Equal to the clock and the counters of `simulate`, if the chunks are equal: if
    the number of ranks divides the number of entries. Else a step is longer by one entry at most.
    For "doubling" and "halving" among ranks that are no power of two the clock may need more: a
    message from a partner may hold up one from a rank that is left out. Below 200 ranks that are
    up to four messages of N for "doubling", and half of one for "halving".

    Examples
    --------
    >>> collective_cost("ring", 4, 64)
    CollectiveCost(steps=6, path_bytes=96.0, messages=24, busiest_bytes=96.0, total_bytes=384.0)
    """
    p = check_count(n_ranks, "n_ranks", low=1, high=1 << 30)
    N = check_number(n_bytes, "n_bytes", low=0, high=1e18)
    if algorithm == "two_level":
        group = check_count(group, "group", low=1, high=p, high_name="n_ranks")
        if p % group:
            raise ValueError(f"group must divide n_ranks = {p}; got {group}.")
        return _two_level(p // group, group, N)
    if algorithm not in _COSTS:
        names = ", ".join([*_COSTS, "two_level"])
        raise ValueError(f"algorithm must be one of {names}; got {algorithm!r}.")
    if group is not None:
        raise ValueError(f"group must be left out for {algorithm}; got {group!r}.")
    return _COSTS[algorithm](p, N)


def crossover_bytes(n_ranks, alpha_s=1e-5, bytes_per_s=1.25e9):
    r"""Return the size from which on `ring` is faster than `tree`.

    Parameters
    ----------
    n_ranks : int
        :math:`p`, at least 2.
    alpha_s, bytes_per_s : float
        :math:`\alpha` and :math:`1/\beta`, positive.

    Returns
    -------
    float
        :math:`\frac{\alpha}{\beta}\, \frac{p - 1 - l}{l - (p-1)/p}`, with
        :math:`l = \lceil \log_2 p \rceil`; 0 for two ranks.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> round(crossover_bytes(64) / 1000)                   # kilobytes at 10 us and 10 Gbit/s
    142
    """
    p = check_count(n_ranks, "n_ranks", low=2, high=1 << 30)
    alpha_s = check_number(alpha_s, "alpha_s", low=0, high=1e9, open_low=True)
    bytes_per_s = check_number(bytes_per_s, "bytes_per_s", low=0, high=1e18, open_low=True)
    levels = (p - 1).bit_length()
    return alpha_s * bytes_per_s * (p - 1 - levels) / (levels - (p - 1) / p)


def _star(p, N):
    return CollectiveCost(2 * (p - 1), 2 * (p - 1) * N, 2 * (p - 1), (p - 1) * N, 2 * (p - 1) * N)


def _tree(p, N):
    levels = (p - 1).bit_length()
    return CollectiveCost(2 * levels, 2 * levels * N, 2 * (p - 1), levels * N, 2 * (p - 1) * N)


def _ring(p, N):
    steps = 2 * (p - 1)
    return CollectiveCost(steps, steps / p * N, p * steps, steps / p * N, steps * N)


def _all_gather(p, N):
    return CollectiveCost(p - 1, (p - 1) * N, p * (p - 1), (p - 1) * N, p * (p - 1) * N)


def _doubling(p, N):
    levels = p.bit_length() - 1
    return _folded(p, N, levels, levels * N, levels)


def _halving(p, N):
    levels = p.bit_length() - 1
    among = 1 << levels
    return _folded(p, N, 2 * levels, 2 * (among - 1) / among * N, 2 * levels)


def _folded(p, N, steps, path, sent):
    """The cost among a power of two of ranks, and of bringing the others in and out."""
    among = 1 << (p.bit_length() - 1)
    extra = p - among
    more = 2 * (extra > 0)
    busiest = path + (extra > 0) * N
    return CollectiveCost(
        steps + more,
        path + more * N,
        among * sent + 2 * extra,
        busiest,
        among * path + 2 * extra * N,
    )


def _two_level(machines, group, N):
    inside, across = _ring(group, N), _ring(machines, N / group)
    p = machines * group
    steps, path = inside.steps + across.steps, inside.path_bytes + across.path_bytes
    return CollectiveCost(steps, path, p * steps, path, p * path)


_COSTS = {
    "star": _star, "tree": _tree, "ring": _ring, "doubling": _doubling, "halving": _halving,
    "all_gather": _all_gather,
}  # fmt: skip
