"""Work shared by blocks of rows: in this thread, in several, or on the machines of a cluster.

Chapters cut their data into blocks; a `Team` keeps each block where it is and runs a function on
it: `Team.map` puts the answers after each other, `Team.sum` adds them up.
"""

import copy
import functools
import itertools
import operator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from course_lib.cost import size_bytes

__all__ = ["Team", "cuts", "homes"]


class Team:
    """Blocks that stay where they are, and work on each of them.

    With a client of ``dask.distributed`` each block is sent to one machine, once. Without one
    there is a thread for each block. Either way the messages of the algorithm are counted as if
    each block lived on a machine of its own, and the answer does not depend on who is ready first.

    Parameters
    ----------
    blocks : sequence
        What each machine keeps, at least one.
    edges : array of int, shape (len(blocks) + 1,), optional
        Block b holds rows ``edges[b]`` to ``edges[b + 1]``; needed by `map` alone.
    client : distributed.Client, optional
    meter : cost.Meter, optional
        Counts messages, bytes sent and rounds of `map` and `sum`. Not counted is what happens
        once, the journey of the blocks to their machines, nor the code of the functions.
    """

    def __init__(self, blocks, edges=None, client=None, meter=None):
        self._blocks, self._client, self._meter = list(blocks), client, meter
        self._ranges = None if edges is None else list(itertools.pairwise(edges))
        if client is not None:
            self._homes = homes(client, len(self._blocks))
            self._blocks = [
                _settled(client, block, home)
                for block, home in zip(self._blocks, self._homes, strict=True)
            ]

    def map(self, function, own, *shared):
        """Return ``function(block, own rows, *shared)`` of all blocks, as one array.

        Two messages a block, in two rounds: what is shared goes out, the answers come back. The
        block's own rows are the last answer, which its machine knows: they are not sent.
        """
        parts = [(own[start:stop],) for start, stop in self._ranges]
        return np.concatenate(self._answers(function, parts, shared))

    def sum(self, function, *shared):
        """Return the sum of ``function(block, *shared)`` over the blocks, added in their order.

        The function returns an array, a number or a tuple of these. Two messages a block, in two
        rounds: what is shared goes out, the terms come back.
        """
        answers = self._answers(function, [()] * len(self._blocks), shared)
        return functools.reduce(_added, answers)

    def _answers(self, function, parts, shared):
        answers = self._run(function, parts, shared)
        if self._meter is not None:
            count = len(self._blocks)
            self._meter.messages += 2 * count
            self._meter.sent_bytes += count * size_bytes(shared) + size_bytes(answers)
            self._meter.rounds += 2
        return answers

    def _run(self, function, parts, shared):
        if self._client is not None:
            if shared:
                shared = self._client.scatter(list(shared), broadcast=True, hash=False)
            futures = [
                self._client.submit(function, block, *part, *shared, workers=[home], pure=False)
                for block, part, home in zip(self._blocks, parts, self._homes, strict=True)
            ]
            return self._client.gather(futures)
        if len(parts) == 1:
            return [function(self._blocks[0], *parts[0], *shared)]
        with ThreadPoolExecutor(len(parts)) as threads:
            work = threads.map(lambda b, part: function(b, *part, *shared), self._blocks, parts)
            return list(work)


def _settled(client, block, home):
    """Bring a block to its machine, as a copy of what arrives.

    An array arrives at an address that its itemsize need not divide. Products with such an array
    are many times slower.
    """
    arrived = client.scatter(block, workers=[home], hash=False)
    return client.submit(copy.deepcopy, arrived, workers=[home], pure=False)


def _added(one, other):
    if isinstance(one, tuple):
        return tuple(map(operator.add, one, other))
    return one + other


def homes(client, count):
    """Return the address of a machine for each of ``count`` blocks, in turn."""
    machines = sorted(client.scheduler_info(n_workers=-1)["workers"])
    return [machines[i % len(machines)] for i in range(count)]


def cuts(indptr, count):
    """Return where to cut rows into ``count`` ranges of about equally many entries.

    Parameters
    ----------
    indptr : array of int, shape (m + 1,)
        Entries before each row, as in CSR.
    count : int
        From 1 to m; every range keeps at least one row, however skewed the counts are.

    Returns
    -------
    array of int64, shape (count + 1,)
    """
    wanted = np.linspace(0, indptr[-1], count + 1)[1:-1]
    inner = np.searchsorted(indptr, wanted)
    for b in range(len(inner)):
        low = (inner[b - 1] if b else 0) + 1
        inner[b] = min(max(inner[b], low), len(indptr) - 1 - (count - 1 - b))
    return np.concatenate([[0], inner, [len(indptr) - 1]]).astype(np.int64)
