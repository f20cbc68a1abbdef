"""Work that is shared by rows: in this thread, in several, or on the machines of a cluster."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from course_lib._validation import check_count
from course_lib.matrix_completion.sparse import CSR

__all__ = ["Team", "cuts", "rows_of"]


class Team:
    """The rows of a matrix, cut into blocks that stay where they are, and work on each of them.

    With a client of ``dask.distributed`` each block is sent to one machine, once. Without one
    there is a thread for each block. Either way the messages of the algorithm are counted as if
    each block lived on a machine of its own.
    """

    def __init__(self, A, n_blocks, client=None, meter=None):
        n_blocks = check_count(
            n_blocks, "n_blocks", low=1, high=min(A.shape), high_name="min(m, n)"
        )
        edges = cuts(A.indptr, n_blocks)
        self._ranges = list(itertools.pairwise(edges))
        self._blocks = [rows_of(A, start, stop) for start, stop in self._ranges]
        self._client, self._meter = client, meter
        if client is not None:
            self._homes = homes(client, n_blocks)
            self._blocks = [
                client.scatter(block, workers=[home], hash=False)
                for block, home in zip(self._blocks, self._homes, strict=True)
            ]

    def map(self, function, own, *shared):
        """Return ``function(block, own rows, *shared)`` of all blocks, as one array.

        Two messages a block, in two rounds: what is shared goes out, the answers come back. The
        block's own rows are the last answer, which its machine knows.
        """
        if self._meter is not None:
            self._meter.messages += 2 * len(self._blocks)
            self._meter.rounds += 2
        parts = [own[start:stop] for start, stop in self._ranges]
        if self._client is not None:
            shared = self._client.scatter(list(shared), broadcast=True, hash=False)
            futures = [
                self._client.submit(function, block, part, *shared, workers=[home], pure=False)
                for block, part, home in zip(self._blocks, parts, self._homes, strict=True)
            ]
            return np.concatenate(self._client.gather(futures))
        if len(parts) == 1:
            return function(self._blocks[0], own, *shared)
        with ThreadPoolExecutor(len(parts)) as threads:
            work = threads.map(lambda *mine: function(*mine, *shared), self._blocks, parts)
            return np.concatenate(list(work))


def homes(client, count):
    """Return the address of a machine for each of ``count`` blocks, in turn."""
    machines = sorted(client.scheduler_info(n_workers=-1)["workers"])
    return [machines[i % len(machines)] for i in range(count)]


def cuts(indptr, count):
    """Return where to cut rows into ``count`` ranges of about equally many entries."""
    wanted = np.linspace(0, indptr[-1], count + 1)[1:-1]
    inner = np.searchsorted(indptr, wanted)
    # Every range keeps at least one row, however skewed the counts are.
    for b in range(len(inner)):
        low = (inner[b - 1] if b else 0) + 1
        inner[b] = min(max(inner[b], low), len(indptr) - 1 - (count - 1 - b))
    return np.concatenate([[0], inner, [len(indptr) - 1]]).astype(np.int64)


def rows_of(A, start, stop):
    """Return rows ``start`` to ``stop`` of a `CSR`; the entries are views."""
    first, last = A.indptr[start], A.indptr[stop]
    return CSR(
        A.indptr[start : stop + 1] - first,
        A.indices[first:last],
        A.data[first:last],
        (int(stop - start), A.shape[1]),
    )
