"""Chord on arrays: finger tables and routes of a ring on which nothing changes.

finger_table  which nodes each node knows
chord_routes  owner and hops of many lookups
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import (
    as_rng,
    check_count,
    check_flag,
    check_indices,
    check_memory,
    plain_array,
)

__all__ = ["MOST_BITS", "Routes", "check_ids", "chord_ids", "chord_routes", "finger_table"]

MOST_BITS = 62  # so that sums of two identifiers are integers of 64 bits


class Routes(NamedTuple):
    """Where lookups ended."""

    owners: np.ndarray  # int64 (n,), index of the owner of each key
    hops: np.ndarray  # int64 (n,), nodes that the question was sent to, the owner included


def chord_ids(n_nodes, *, bits=32, even=False, rng=0):
    """Return identifiers of nodes on a circle of ``2**bits`` places, ascending, all different.

    Parameters
    ----------
    n_nodes : int
        Between 1 and ``2**bits``.
    bits : int, default 32
        Between 1 and 62.
    even : bool, default False
        Whether the nodes stand at equal distances, the first at 0; else each stands anywhere.
    rng : Generator, int or None, default 0
        The seed.

    Returns
    -------
    ids : array of int64, shape (n_nodes,)

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type.

    Examples
    --------
    >>> chord_ids(4, bits=3, even=True).tolist()
    [0, 2, 4, 6]
    """
    bits = check_count(bits, "bits", low=1, high=MOST_BITS)
    n_nodes = check_count(n_nodes, "n_nodes", low=1, high=2**bits, high_name="2**bits")
    rng = as_rng(rng)
    check_memory(8 * n_nodes, "ring of nodes")
    if check_flag(even, "even"):
        return np.array([i * 2**bits // n_nodes for i in range(n_nodes)], dtype=np.int64)
    if 2 * n_nodes > 2**bits:
        return np.sort(rng.permutation(2**bits)[:n_nodes])
    ids = np.empty(0, np.int64)
    while len(ids) < n_nodes:
        ids = np.unique(np.append(ids, rng.integers(0, 2**bits, n_nodes - len(ids))))
    return ids


def finger_table(ids, *, bits=32):
    r"""Return the fingers of each node: finger j is the first node ``2**j`` or more after it.

    Parameters
    ----------
    ids : array of int, shape (n,)
        Identifiers, ascending, all different, below ``2**bits``.
    bits : int, default 32
        Between 1 and 62.

    Returns
    -------
    fingers : array of int64, shape (n, bits)
        Indices into ``ids``.

    Raises
    ------
    ValueError, TypeError
        If identifiers are not ascending, or out of range.

    Notes
    -----
    **Cost.** n times ``bits`` binary searches. Of a node's fingers about :math:`\log_2 n` differ.

    Examples
    --------
    The example of the paper [1]: nodes 0, 1 and 3 on a circle of 8 places. Node 1 knows
    nodes 3, 3 and 0:

    >>> ids = np.array([0, 1, 3])
    >>> ids[finger_table(ids, bits=3)].tolist()
    [[1, 3, 0], [3, 3, 0], [0, 0, 0]]

    References
    ----------
    .. [1] I. Stoica, R. Morris, D. Karger, M. F. Kaashoek, H. Balakrishnan, "Chord: a scalable
       peer-to-peer lookup service for Internet applications", SIGCOMM 2001, 149-160.
    """
    ids, bits = check_ids(ids, bits)
    check_memory(8 * len(ids) * bits, "finger table")
    starts = (ids[:, None] + (1 << np.arange(bits))) & (2**bits - 1)
    return np.searchsorted(ids, starts) % len(ids)


def chord_routes(ids, keys, sources, *, bits=32):
    """Return where lookups end on a ring whose finger tables are right, and in how many hops.

    Parameters
    ----------
    ids : array of int, shape (n,)
        Identifiers of the nodes, ascending, all different, below ``2**bits``.
    keys : array of int, shape (k,)
        Identifiers of keys.
    sources : array of int, shape (k,)
        Index of the node that asks for each key.
    bits : int, default 32
        Between 1 and 62.

    Returns
    -------
    Routes
        ``owners`` and ``hops``, int64 (k,).

    Raises
    ------
    ValueError, TypeError
        If identifiers are not ascending, or something is out of range.

    Notes
    -----
    A key belongs to the first node at or after it. A node that has the key is there with no hop.
    Else it asks the finger that is farthest from it and not beyond the key, which asks on; and if
    all fingers are beyond, the next node has the key. Fingers are looked up and not kept.

    **Cost.** ``chord_hops(n)`` hops in the mean on a random ring, two binary searches for each.

    **Guarantee.** On a full or even ring with keys where nodes are, as many hops as the distance
    from source to key, counted in nodes, has 1-bits.

    Examples
    --------
    On the full circle of 8 places, from node 0 to key 7 in steps of 4, 2 and 1:

    >>> chord_routes(np.arange(8), [7, 4, 0], [0, 0, 0], bits=3).hops.tolist()
    [3, 1, 0]
    """
    ids, bits = check_ids(ids, bits)
    keys = check_indices(keys, "keys", 2**bits)
    sources = check_indices(sources, "sources", len(ids))
    if len(keys) != len(sources):
        raise ValueError(f"sources must be one a key, {len(keys)}; got {len(sources)}.")
    return Routes(*_routes(ids, keys, sources, bits))


def check_ids(ids, bits):
    """Return identifiers as int64, ascending, and the number of their bits."""
    bits = check_count(bits, "bits", low=1, high=MOST_BITS)
    ids = check_indices(plain_array(ids, "ids"), "ids", 2**bits)
    if not len(ids) or (np.diff(ids) <= 0).any():
        raise ValueError("ids must be ascending, all different, and at least one; sort them.")
    return np.ascontiguousarray(ids), bits


@njit(cache=True)
def _routes(ids, keys, sources, bits):
    mask = (1 << bits) - 1
    owners = np.empty(len(keys), np.int64)
    hops = np.zeros(len(keys), np.int64)
    for i in range(len(keys)):
        owner = np.searchsorted(ids, keys[i]) % len(ids)
        at = sources[i]
        while at != owner:
            at = _next(ids, at, keys[i], bits, mask)
            hops[i] += 1
        owners[i] = at
    return owners, hops


@njit(cache=True)
def _next(ids, at, key, bits, mask):
    """The finger that is farthest from a node and not beyond the key, else the next node."""
    distance = (key - ids[at]) & mask
    for j in range(bits - 1, -1, -1):
        if 1 << j <= distance:
            finger = np.searchsorted(ids, (ids[at] + (1 << j)) & mask) % len(ids)
            if 0 < (ids[finger] - ids[at]) & mask <= distance:
                return finger
    return (at + 1) % len(ids)
