"""Skew: one key goes to one reducer, however many reducers there are; and keys cut in pieces.

reducer_loads   what each reducer reads
imbalance       the fullest reducer against the mean
skew_bound      below which no hash brings that
salt_pieces     in how many pieces to cut a key so that none is large
salted_join     two tables joined by pieces
join_job        the same as a job for any engine, and its splits
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from course_lib._sketch import hash_items
from course_lib._validation import check_count, check_indices, check_number, check_vector
from course_lib.dataflow.map_reduce import Counters, Job, map_reduce
from course_lib.dataflow.partitions import folded

__all__ = [
    "Joined",
    "imbalance",
    "join_job",
    "join_splits",
    "reducer_loads",
    "salt_pieces",
    "salted_join",
    "skew_bound",
]

FACT, ROW = 1, 0  # rows come first: no fact has to wait for its row


class Joined(NamedTuple):
    """Two joined tables, and what the join cost."""

    rows: list  # (key, value of the fact, value of the row), sorted by key; facts in their order
    loads: np.ndarray  # (n_reducers,) int64: records that each reducer read
    copies: int  # rows that were sent beyond one for each key
    counters: Counters


def reducer_loads(keys, weights, n_reducers, *, pieces=None, seed=0):
    """Return what each reducer reads if keys, or pieces of keys, are sent there by a hash.

    It is the hash of `join_job`: that of the pair of a key and the number of a piece.

    Parameters
    ----------
    keys : sequence of int, str or bytes, length n
        Each once.
    weights : array, shape (n,)
        Records of each key, none negative.
    n_reducers : int
    pieces : array of int, shape (n,), optional
        In how many equal pieces each key is cut; not given: 1.
    seed : int, default 0

    Returns
    -------
    array, shape (n_reducers,)

    Raises
    ------
    ValueError, TypeError
        If sizes differ, or a number is out of range.

    Examples
    --------
    >>> reducer_loads(["the", "a", "of"], [6.0, 2.0, 1.0], 1)
    array([9.])
    """
    weights = _weights(weights)
    n_reducers = check_count(n_reducers, "n_reducers", low=1, high=10**7)
    keys = list(keys)
    if len(keys) != len(weights):
        raise ValueError(f"weights must be one for each of {len(keys)} keys; got {len(weights)}.")
    pieces = _pieces(pieces, len(keys))
    owner = np.repeat(np.arange(len(keys)), pieces)
    salts = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    hashes = folded([hash_items(keys, seed)[owner], hash_items(salts, seed)], seed)
    parts = (hashes % np.uint64(n_reducers)).astype(np.int64)
    return np.bincount(parts, weights[owner] / pieces[owner], minlength=n_reducers)


def imbalance(loads):
    """Return the largest load over the mean load; at least 1.

    Parameters
    ----------
    loads : array, shape (p,)
        None negative, and not all 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If there is no load, or they are not finite, or negative.

    Examples
    --------
    >>> imbalance([1.0, 1.0, 4.0])
    2.0
    """
    loads = _weights(loads, "loads")
    return float(loads.max() / loads.mean())


def skew_bound(weights, n_reducers):
    r"""Return the least `imbalance` that any assignment of whole keys to reducers has.

    Parameters
    ----------
    weights : array, shape (n,)
        Records of each key.
    n_reducers : int
        :math:`p`.

    Returns
    -------
    float
        :math:`\max(1, p f / N)`, with the largest weight f of N in all.

    Raises
    ------
    ValueError, TypeError
        If weights are negative or all 0, or ``n_reducers`` is no positive integer.

    Notes
    -----
    **Guarantee.** The reducer of the most frequent key reads at least f, the mean is N / p. It
    holds for every hash, and grows with the number of reducers.

    Examples
    --------
    >>> skew_bound([3.0, 50.0, 47.0], 8)
    4.0
    """
    weights = _weights(weights)
    n_reducers = check_count(n_reducers, "n_reducers", low=1, high=2**62)
    return max(1.0, float(n_reducers * (weights.max() / weights.sum())))


def salt_pieces(weights, n_reducers, share):
    r"""Return in how many pieces to cut each key so that no piece is large.

    Parameters
    ----------
    weights : array, shape (n,)
        Records of each key, as counted or estimated.
    n_reducers : int
    share : float
        No piece shall hold more than this share of the mean load of a reducer.

    Returns
    -------
    array of int64, shape (n,)
        :math:`\lceil w_i / (\text{share} \cdot N / p) \rceil`, at least 1.

    Raises
    ------
    ValueError, TypeError
        If weights are negative or all 0, or a number is out of range.

    Examples
    --------
    >>> salt_pieces([80.0, 15.0, 5.0], 4, 0.5)    # no piece above 12.5
    array([7, 2, 1])
    """
    weights = _weights(weights)
    n_reducers = check_count(n_reducers, "n_reducers", low=1, high=2**62)
    share = check_number(share, "share", low=1e-9, high=1e9)
    pieces = np.ceil(weights / (share * (weights.sum() / n_reducers)))
    if pieces.sum() > 1e9:
        raise ValueError(f"share must be larger; {share:g} asks for {pieces.sum():.1e} pieces.")
    return np.maximum(1, pieces).astype(np.int64)


def salted_join(facts, rows, *, pieces=None, n_reducers=1, n_splits=1, seed=0, run=map_reduce):
    """Join many facts with a table of one row for each key.

    Parameters
    ----------
    facts : sequence of (key, value)
        Many of them, of skewed keys.
    rows : dict of key to value
    pieces : dict of key to int, optional
        In how many pieces the facts of a key are cut, for all keys that are cut; the row of
        the key is copied to each piece.
    n_reducers, n_splits : int, default 1
    seed : int, default 0
    run : callable, default map_reduce
        ``run(job, splits)`` returns a `JobOutput`: by
        ``functools.partial(map_reduce, client=client)`` the join runs on Dask.

    Returns
    -------
    Joined
        Facts whose key has no row are left out, as are rows without facts.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or has the wrong type.

    Notes
    -----
    In each split, facts take the pieces of their key in turn: a task that runs again cuts as it
    did before. With a salt drawn at random it would not.

    Examples
    --------
    >>> facts = [("the", 1), ("the", 2), ("a", 3), ("the", 4)]
    >>> join = salted_join(facts, {"the": "article", "of": "?"}, pieces={"the": 2}, n_reducers=3)
    >>> join.rows
    [('the', 1, 'article'), ('the', 2, 'article'), ('the', 4, 'article')]
    >>> join.copies
    1
    """
    pieces = dict(pieces or {})
    job = join_job(pieces, n_reducers, seed=seed)
    output = run(job, join_splits(facts, rows, n_splits))
    found = [
        (key, number, fact, row)
        for part in output.partitions
        for (key, _), pairs in part
        for number, fact, row in pairs
    ]
    found.sort(key=lambda one: one[:2])
    return Joined(
        [(key, fact, row) for key, _, fact, row in found],
        np.array(output.counters.reduce_records),
        sum(pieces[key] - 1 for key in pieces if key in rows),
        output.counters,
    )


def join_splits(facts, rows, n_splits):
    """Return the splits that `join_job` reads: facts with their numbers, and rows, shared out.

    Parameters
    ----------
    facts, rows
        As of `salted_join`.
    n_splits : int

    Returns
    -------
    list of list

    Raises
    ------
    ValueError, TypeError
        If ``n_splits`` is no positive integer, or a fact is no pair.

    Examples
    --------
    >>> join_splits([("a", 7)], {"a": "x"}, 1)
    [[(0, 'a', 'x', 0), (1, 'a', 7, 0)]]
    """
    n_splits = check_count(n_splits, "n_splits", low=1)
    records = [(ROW, key, value, 0) for key, value in rows.items()]
    records += [(FACT, key, value, number) for number, (key, value) in enumerate(facts)]
    edges = np.linspace(0, len(records), n_splits + 1).astype(int)
    return [records[start:stop] for start, stop in itertools.pairwise(edges)]


def join_job(pieces, n_reducers=1, *, seed=0):
    """Return the `Job` of a join whose frequent keys are cut in pieces.

    Parameters
    ----------
    pieces : dict of key to int
        As of `salted_join`.
    n_reducers : int, default 1
    seed : int, default 0

    Returns
    -------
    Job
        For splits of `join_splits`. Its keys are pairs of a key and the number of a piece; its
        output, lists of the number of a fact, its value, and the value of the row.

    Raises
    ------
    ValueError, TypeError
        If a number of pieces is no positive integer.

    Examples
    --------
    >>> job = join_job({"a": 2})
    >>> map_reduce(job, join_splits([("a", 7), ("a", 8)], {"a": "x"}, 1)).to_dict()
    {('a', 0): [(0, 7, 'x')], ('a', 1): [(1, 8, 'x')]}
    """
    if not isinstance(pieces, dict):
        raise TypeError(f"pieces must be a dict from key to count; got {type(pieces).__name__}.")
    for key, count in pieces.items():
        check_count(count, f"the pieces of {key!r}", low=1, high=10**9)
    return Job(functools.partial(_salted, pieces), _matched, None, n_reducers, seed)


def _salted(pieces, split):
    turns = {}
    for kind, key, value, number in split:
        count = pieces.get(key, 1)
        if kind == FACT:
            turn = turns.get(key, number)
            turns[key] = turn + 1
            yield (key, turn % count), (FACT, number, value)
        else:
            for salt in range(count):
                yield (key, salt), (ROW, 0, value)


def _matched(key, values):
    rows = [value for kind, _, value in values if kind == ROW]
    facts = [(number, value) for kind, number, value in values if kind == FACT]
    return [(number, value, row) for number, value in facts for row in rows]


def _weights(weights, name="weights"):
    weights = check_vector(weights, name, dtype=np.float64)
    if len(weights) == 0 or weights.min() < 0 or not weights.sum() > 0:
        raise ValueError(f"{name} must hold at least one number above 0, and none below.")
    return weights


def _pieces(pieces, size):
    if pieces is None:
        return np.ones(size, np.int64)
    pieces = check_indices(pieces, "pieces", 10**9)
    if len(pieces) != size or pieces.min() < 1:
        raise ValueError(f"pieces must be {size} counts of at least 1; got {len(pieces)}.")
    return pieces
