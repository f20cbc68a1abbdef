"""Sorted runs of pairs: what a map task hands to a reducer, in memory, on disk or over a wire."""

import itertools
import operator
import pickle
import tempfile
from collections import defaultdict
from typing import NamedTuple

from course_lib.cost import size_bytes
from course_lib.dataflow.partitions import partition_keys

__all__ = ["Run", "SpillFile", "grouped", "merged", "parts_of", "run_of"]

KEY = operator.itemgetter(0)


class Run(NamedTuple):
    """Pairs in the order of their keys, pickled, so that who reads them gets copies.

    ``nbytes`` is what the shuffle is charged for them, see `course_lib.cost.size_bytes`: the
    bytes of each key and 8 for a value that is a number.
    """

    data: bytes
    nbytes: int
    records: int

    def pairs(self):
        """Return a list of ``(key, value)``."""
        return pickle.loads(self.data)


def run_of(pairs):
    """Return the `Run` of a sorted list of pairs."""
    return Run(pickle.dumps(pairs, protocol=pickle.HIGHEST_PROTOCOL), _nbytes(pairs), len(pairs))


def _nbytes(column):
    """`size_bytes` of a list, at once where all entries are alike: texts, numbers or tuples."""
    kinds = set(map(type, column))
    if kinds == {str}:
        return len("".join(column).encode())
    if kinds and kinds <= {int, float}:
        return 8 * len(column)
    if kinds == {tuple} and len(set(map(len, column))) == 1:
        return sum(_nbytes(list(entries)) for entries in zip(*column, strict=True))
    return size_bytes(column)


def parts_of(job, pairs):
    """Return the pairs of each reducer, sorted by key and combined: a list of lists."""
    groups = defaultdict(list)
    try:
        for key, value in pairs:
            groups[key].append(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"map must return pairs of a hashable key and a value; {error}.") from None
    keys = _sorted(groups)
    parts = [[] for _ in range(job.n_reducers)]
    for part, key in zip(partition_keys(keys, job.n_reducers, seed=job.seed), keys, strict=True):
        parts[part] += _combined(job, key, groups[key])
    return parts


def merged(job, lists):
    """Return one sorted, combined list of pairs from several sorted ones."""
    if len(lists) == 1:
        return lists[0]
    return [pair for key, values in grouped(lists) for pair in _combined(job, key, values)]


def grouped(lists):
    """Yield ``(key, values)`` in the order of keys; values in the order of the lists.

    Python's sort finds the sorted lists in their chain and merges them; it is stable.
    """
    try:
        chain = sorted(itertools.chain.from_iterable(lists), key=KEY)
    except TypeError as error:
        raise _not_comparable(error) from None
    for key, pairs in itertools.groupby(chain, KEY):
        yield key, [value for _, value in pairs]


class SpillFile:
    """Sorted parts on disk, each read back at once; the file goes when nobody holds it."""

    def __init__(self, parts):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = []
        for part in parts:
            self._starts.append(self._file.tell())
            pickle.dump(part, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def part(self, index):
        """Return the list of pairs of one reducer."""
        self._file.seek(self._starts[index])
        return pickle.load(self._file)

    def close(self):
        """Delete the file."""
        self._file.close()


def _combined(job, key, values):
    if job.combine is None:
        return [(key, value) for value in values]
    return [(key, job.combine(key, values))]


def _sorted(keys):
    try:
        return sorted(keys)
    except TypeError as error:
        raise _not_comparable(error) from None


def _not_comparable(error):
    return TypeError(
        f"keys of a job must be of one kind, so that they can be sorted; got {error}, "
        "convert them in map."
    )
