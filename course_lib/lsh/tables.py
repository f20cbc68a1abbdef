"""Hash tables for near neighbors, searched in the query's own buckets and in those next to them."""

import heapq
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import (
    check_n_neighbors,
    check_points,
    check_queries,
    insert,
    nothing_found,
    squared_distance,
)
from course_lib._validation import as_rng, check_count, check_memory, check_vector
from course_lib.lsh.families import E2LSH, BitSampling, SimHash
from course_lib.lsh.hamming import pack_bits, unpack_bits

__all__ = ["HashTables", "build_tables", "probe_sequence", "search_tables"]


class HashTables(NamedTuple):
    """L tables of n points, in flat arrays.

    Table l has the buckets ``table_starts[l]`` to ``table_starts[l + 1]``, sorted by key; bucket b
    holds the points ``members[bucket_starts[b] : bucket_starts[b + 1]]``.

    Attributes
    ----------
    family : BitSampling, SimHash or E2LSH
    points : array, shape (n, d)
        Of `SimHash` with rows of length one.
    directions, offsets : array, shape (d, L * K) and (L * K,)
        The affine maps, table by table.
    steps : array of uint64, shape (K,)
        A key is the sum of the hash values times these, modulo 2**64. For signs they are the
        powers of two, so keys are equal only where all signs are.
    keys : array of uint64
        Of all buckets.
    table_starts, bucket_starts, members : array of int64
    """

    family: object
    points: np.ndarray
    directions: np.ndarray
    offsets: np.ndarray
    steps: np.ndarray
    keys: np.ndarray
    table_starts: np.ndarray
    bucket_starts: np.ndarray
    members: np.ndarray

    @property
    def n_hashes(self):
        """Hash functions K of a table."""
        return len(self.steps)

    @property
    def n_tables(self):
        """Tables L."""
        return len(self.table_starts) - 1


def build_tables(X, family, n_hashes, n_tables, *, rng=None):
    """Return hash tables of the rows of ``X``.

    Parameters
    ----------
    X : array, shape (n, d)
        The database; for `BitSampling` of zeros and ones, for `SimHash` without rows of zeros.
    family : BitSampling, SimHash or E2LSH
    n_hashes, n_tables : int
        Functions K of a table, at most 64 if they are signs, and tables L: see `from_theorem`.
    rng : int, Generator or None
        Source of the functions.

    Returns
    -------
    HashTables

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix that suits the family, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 n d K L`` flops and a sort of n keys a table; ``8 n L`` bytes and at most as
    much again for the buckets, beside the points themselves.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.0]])
    >>> tables = build_tables(X, SimHash(), 2, 3, rng=0)
    >>> tables.n_hashes, tables.n_tables, len(tables.members)
    (2, 3, 9)
    """
    if not isinstance(family, BitSampling | SimHash | E2LSH):
        raise TypeError(
            f"family must be BitSampling, SimHash or E2LSH; got a {type(family).__name__}."
        )
    X = _suited(check_points(X), family, "X")
    n_hashes = check_count(n_hashes, "n_hashes", low=1, high=64 if family.binary else 2**16)
    n_tables = check_count(n_tables, "n_tables", low=1, high=2**31)
    check_memory(8 * n_tables * (len(X) + n_hashes * X.shape[1]), "set of hash tables")
    rng = as_rng(rng)
    directions, offsets = family.draw(X.shape[1], n_hashes * n_tables, rng)
    directions, offsets = directions.astype(X.dtype), offsets.astype(X.dtype)
    steps = _steps(family, n_hashes, rng)
    keys, starts, members = [], [], []
    for table in range(n_tables):
        columns = slice(table * n_hashes, (table + 1) * n_hashes)
        found = _keys(_mapped(X, directions[:, columns], offsets[columns]), family, steps)
        order = np.argsort(found, kind="stable")
        first = np.flatnonzero(np.r_[True, np.diff(found[order]) != 0])
        keys.append(found[order[first]])
        starts.append(first + table * len(X))
        members.append(order)
    table_starts = np.cumsum([0, *map(len, keys)])
    starts = np.concatenate([*starts, [n_tables * len(X)]])
    return HashTables(
        family,
        X,
        directions,
        offsets,
        steps,
        np.concatenate(keys),
        table_starts,
        starts,
        np.concatenate(members),
    )


def search_tables(tables, queries, n_neighbors, *, n_probes=1, max_evaluations=None):
    r"""Return the nearest points among those that share a bucket with the query.

    Parameters
    ----------
    tables : HashTables
    queries : array, shape (q, d)
    n_neighbors : int
        Neighbors wanted, between 1 and n.
    n_probes : int, default 1
        Buckets to look into in each table: the query's own first, then those that it misses by
        least. With one this is plain LSH, with more multi-probe LSH [1]_.
    max_evaluations : int or None
        Stop a query after so many distances; the theorem of `from_theorem` stops after 3 L.

    Returns
    -------
    Neighbors
        Distances are angles in radians for `SimHash`, Euclidean for `E2LSH`, numbers of bits for
        `BitSampling`. Each point that is met is evaluated once, however many tables hold it.

    Raises
    ------
    ValueError, TypeError
        If queries do not suit the tables, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 d K L`` flops to hash a query, ``L * n_probes`` look-ups of :math:`\log_2 n`
    steps, and the evaluations, which are counted.

    **Guarantee.** A point whose functions collide with probability p is met by plain search with
    probability :math:`1 - (1 - p^K)^L`, which is `candidate_probability`. Probes are made in
    order of the sum of the squared distances from the cell's edges, as in [1]_.

    References
    ----------
    .. [1] Q. Lv, W. Josephson, Z. Wang, M. Charikar, K. Li, "Multi-probe LSH: efficient indexing
       for high-dimensional similarity search", VLDB 2007, 950-961.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> tables = build_tables(X, SimHash(), 1, 8, rng=0)
    >>> found = search_tables(tables, [[1.0, 0.1]], 1)
    >>> found.indices, found.distances.round(1)
    (array([[0]]), array([[0.1]]))
    """
    family, points = tables.family, tables.points
    queries = _suited(check_queries(queries, points.shape[1], points.dtype), family, "queries")
    k = check_n_neighbors(n_neighbors, len(points))
    n_probes = check_count(n_probes, "n_probes", low=1, high=2**20)
    most = len(points)
    if max_evaluations is not None:
        most = check_count(max_evaluations, "max_evaluations", low=1)
    found = nothing_found(len(queries), k, points.dtype)
    mapped = _mapped(queries, tables.directions, tables.offsets)
    arrays = tables[4:]
    _search(points, queries, mapped, arrays, (family.binary, n_probes, min(most, 2**62)), found[:3])
    return found._replace(distances=_distances(found.distances, family))


def probe_sequence(margins, n_probes):
    """Return which signs to flip in which order, the likeliest buckets first.

    Parameters
    ----------
    margins : array, shape (K,)
        Distances of a query from the K hyperplanes of a table; their signs do not matter.
    n_probes : int
        Buckets wanted.

    Returns
    -------
    flips : array of bool, shape (min(n_probes, 2**K), K)
        The first row flips nothing. The sum of the squared margins that a row flips never falls.

    Raises
    ------
    ValueError, TypeError
        If margins are no finite vector of at most 64 entries, or ``n_probes`` is out of range.

    Notes
    -----
    **Cost.** A heap that grows by at most one entry a probe: each set of flips, in order of
    margins, has two children, which *shift* its last flip to the next margin or *expand* it by
    that. So every set is made once, after one that costs less.

    Examples
    --------
    >>> probe_sequence([0.5, -0.1, 2.0], 4).astype(int)
    array([[0, 0, 0],
           [0, 1, 0],
           [1, 0, 0],
           [1, 1, 0]])
    """
    margins = check_vector(margins, "margins")
    check_count(len(margins), "the number of margins", low=1, high=64)
    n_probes = check_count(n_probes, "n_probes", low=1, high=2**20)
    steps = _steps(SimHash(), len(margins), None)
    deltas = np.empty(n_probes, np.uint64)
    count = _probe(-np.abs(margins), steps, True, deltas)
    return unpack_bits(deltas[:count, None], len(margins))


def _suited(X, family, name):
    """Return points as the family wants them."""
    if isinstance(family, BitSampling) and not np.isin(X, (0, 1)).all():
        raise ValueError(f"{name} must be zeros and ones for BitSampling; got others.")
    if isinstance(family, SimHash):
        scale = np.abs(X).max(axis=1, keepdims=True)
        if not scale.min() > 0:
            raise ValueError(f"{name} must have no row of zeros, which has no angle; drop it.")
        X = X / scale  # so that squares of tiny entries do not vanish
        X = X / np.sqrt(np.einsum("ij,ij->i", X, X))[:, None]
    return X


def _steps(family, n_hashes, rng):
    """What a key grows by when one hash value grows by one: powers of two, or odd numbers."""
    if family.binary:
        return np.uint64(1) << np.arange(n_hashes, dtype=np.uint64)
    return rng.integers(2**64, size=n_hashes, dtype=np.uint64) | np.uint64(1)


def _mapped(X, directions, offsets):
    mapped = X @ directions
    mapped += offsets
    if not np.abs(mapped).max(initial=0) < 2.0**62:
        raise ValueError("width must be larger than 2**-62 times the points; got a smaller one.")
    return mapped


def _keys(mapped, family, steps):
    if family.binary:
        return pack_bits(mapped > 0)[:, 0]
    return (np.floor(mapped).astype(np.int64).view(np.uint64) * steps).sum(axis=1)


def _distances(squares, family):
    if isinstance(family, SimHash):
        chord = np.sqrt(squares, where=np.isfinite(squares), out=squares.copy()) / 2
        return np.where(np.isfinite(chord), 2 * np.arcsin(np.minimum(chord, 1)), chord)
    return squares if isinstance(family, BitSampling) else np.sqrt(squares)


@njit(cache=True)
def _search(points, queries, mapped, arrays, options, out):
    """Look into the buckets of each query and keep the nearest of what lies there."""
    steps, keys, table_starts, bucket_starts, members = arrays
    binary, n_probes, most = options
    indices, squares, evaluations = out
    n_hashes, last = len(steps), indices.shape[1] - 1
    met = np.full(len(points), -1, np.int64)  # the last query that evaluated a point
    deltas = np.zeros(n_probes, np.uint64)
    for q in range(len(queries)):
        for table in range(len(table_starts) - 1):
            values = mapped[q, table * n_hashes : (table + 1) * n_hashes]
            own = _key(values, steps, binary)
            for probe in range(_probe(values, steps, binary, deltas)):
                low, high = table_starts[table], table_starts[table + 1]
                bucket = _find(keys, low, high, own + deltas[probe])
                if bucket < 0:
                    continue
                for place in range(bucket_starts[bucket], bucket_starts[bucket + 1]):
                    i = members[place]
                    if met[i] == q or evaluations[q] >= most:
                        continue
                    met[i] = q
                    evaluations[q] += 1
                    square = squared_distance(points[i], queries[q])
                    if square < squares[q, last]:
                        insert(indices[q], squares[q], i, square)


@njit(cache=True)
def _key(values, steps, binary):
    key = np.uint64(0)
    for j in range(len(values)):
        if binary:
            key += steps[j] if values[j] > 0 else np.uint64(0)
        else:
            key += np.uint64(np.int64(np.floor(values[j]))) * steps[j]
    return key


@njit(cache=True)
def _find(keys, low, high, key):
    """The place of a key among sorted ones from ``low`` to ``high``, or -1."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < end and keys[low] == key else -1


@njit(cache=True)
def _probe(values, steps, binary, deltas):
    """Write what to add to a key for each bucket to look into, and return how many there are."""
    deltas[0] = 0
    if len(deltas) == 1:
        return 1
    costs, moves, opposite = _moves(values, steps, binary)
    heap = [(costs[0], 0, np.uint64(1), moves[0])]  # cost, last move, set of moves, their sum
    count = 1
    while count < len(deltas) and len(heap):
        cost, at, chosen, delta = heapq.heappop(heap)
        if not _contradicts(chosen, opposite):
            deltas[count] = delta
            count += 1
        if at + 1 < len(moves):
            more = chosen | (np.uint64(1) << np.uint64(at + 1))
            heapq.heappush(heap, (cost + costs[at + 1], at + 1, more, delta + moves[at + 1]))
            shifted = more ^ (np.uint64(1) << np.uint64(at))
            cost += costs[at + 1] - costs[at]
            heapq.heappush(heap, (cost, at + 1, shifted, delta + moves[at + 1] - moves[at]))
    return count


@njit(cache=True)
def _moves(values, steps, binary):
    """The single changes of a key by growing cost, at most 64; the opposite of each, or itself."""
    size = len(values) if binary else 2 * len(values)
    costs, order = np.empty(size), np.empty(size, np.int64)
    for move in range(size):
        j = move % len(values)
        value = float(values[j])
        edge = abs(value) if binary else value - np.floor(value)
        edge = 1 - edge if move >= len(values) else edge
        place = move
        while place > 0 and costs[place - 1] > edge * edge:
            costs[place], order[place] = costs[place - 1], order[place - 1]
            place -= 1
        costs[place], order[place] = edge * edge, move
    size = min(size, 64)
    moves, opposite = np.empty(size, np.uint64), np.arange(size)
    for place in range(size):
        j = order[place] % len(values)
        up = values[j] <= 0 if binary else order[place] >= len(values)
        moves[place] = steps[j] if up else np.uint64(0) - steps[j]
        for other in range(size):
            if other != place and order[other] % len(values) == j:
                opposite[place] = other
    return costs[:size], moves, opposite


@njit(cache=True)
def _contradicts(chosen, opposite):
    """Whether a set of moves takes one hash value both up and down."""
    for place in range(len(opposite)):
        both = (np.uint64(1) << np.uint64(place)) | (np.uint64(1) << np.uint64(opposite[place]))
        if opposite[place] != place and chosen & both == both:
            return True
    return False
