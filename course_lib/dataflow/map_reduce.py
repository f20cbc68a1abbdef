"""MapReduce: a job of two functions, run here or on the workers of Dask, by one text.

Job          map, combine, reduce, and among how many reducers keys are shared out
map_reduce   its output, whoever runs it
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

from course_lib._sketch import check_seed
from course_lib._validation import check_count
from course_lib.dataflow._runs import SpillFile, grouped, merged, parts_of, run_of

__all__ = [
    "Counters",
    "Job",
    "JobOutput",
    "MapOutput",
    "assembled",
    "map_reduce",
    "map_task",
    "reduce_task",
    "shape_of",
]


@dataclass(frozen=True)
class Job:
    """Two functions, and how keys are shared out.

    Parameters
    ----------
    map : callable
        ``map(split)`` returns or yields pairs ``(key, value)``. Keys are integers, strings, bytes
        or tuples of these, all of one kind; values can be pickled.
    reduce : callable
        ``reduce(key, values)`` returns what stands in the output for this key. ``values`` is a
        list, in the order of the splits and, within a split, as they were emitted.
    combine : callable, optional
        ``combine(key, values)`` returns one value that stands for all these: it is applied
        to what one map task emits, and may be applied to its own answers again.
    n_reducers : int, default 1
    seed : int, default 0
        Of the hash that sends keys to reducers, see `partition_keys`.
    spill_records : int, optional
        Pairs that a map task keeps in memory; more are sorted, combined and written to a file.

    Raises
    ------
    TypeError, ValueError
        If a function cannot be called, or a number is out of range.

    Notes
    -----
    **Guarantee.** The output is the same, byte by byte, for any number of workers, crash, copy
    or order of arrival, if map, combine and reduce are functions of their arguments alone. That
    combining or spilling changes nothing needs more: combine must be associative, and reduce
    must give for combined values what it gives for the values.
    """

    map: object
    reduce: object
    combine: object = None
    n_reducers: int = 1
    seed: int = 0
    spill_records: int | None = None

    def __post_init__(self):
        for name in ("map", "reduce", "combine"):
            function = getattr(self, name)
            if not callable(function) and not (name == "combine" and function is None):
                raise TypeError(f"{name} must be a function; got {function!r}.")
        check_count(self.n_reducers, "n_reducers", low=1, high=10**6)
        check_seed(self.seed)
        if self.spill_records is not None:
            check_count(self.spill_records, "spill_records", low=1)


class MapOutput(NamedTuple):
    """What one map task leaves on the disk of its worker."""

    runs: tuple  # one `Run` a reducer
    emitted: int  # pairs that map returned
    spilled: int  # pairs written to files

    @property
    def nbytes(self):
        return sum(run.nbytes for run in self.runs)


class Counters(NamedTuple):
    """What a job did, counted on the data: the same on every engine."""

    map_records: int  # pairs that map returned
    spilled_records: int  # pairs that map tasks wrote to files of their own
    shuffle_records: int  # pairs that go from map tasks to reducers
    shuffle_bytes: int  # bytes of their keys, and 8 for each value that is a number
    reduce_records: tuple  # (n_reducers,): pairs that each reducer reads
    output_records: int  # keys


class JobOutput(NamedTuple):
    """What a job leaves behind: pairs by reducer, each reducer's in the order of keys."""

    partitions: tuple  # (n_reducers,) of lists of (key, value)
    counters: Counters

    def to_dict(self):
        """Return a dict from key to value."""
        return dict(pair for part in self.partitions for pair in part)

    def to_bytes(self):
        """Return the output as text, a line for each key: what two runs are compared by."""
        lines = [f"{key!r}\t{_text(value)}\n" for part in self.partitions for key, value in part]
        return "".join(lines).encode("utf-8", "surrogatepass")


def map_reduce(job, splits, *, client=None):
    """Run a job and return its output.

    Parameters
    ----------
    job : Job
    splits : sequence
        What each map task reads: any objects, one a task.
    client : distributed.Client, optional
        The tasks run on its workers; tasks of a worker that dies are run again by Dask. Without
        it they run here, one after the other.

    Returns
    -------
    JobOutput
        The same bytes either way.

    Raises
    ------
    TypeError
        If ``job`` is no `Job`, keys cannot be sorted or hashed, or map emits no pairs.

    Notes
    -----
    **Cost.** With n pairs in m splits of which d differ, n calls of ``append``, d hashes and
    sorts; d pairs cross the network. Memory, a split's pairs or ``spill_records`` of them, and
    what one reducer reads.

    References
    ----------
    .. [1] J. Dean, S. Ghemawat, "MapReduce: simplified data processing on large clusters",
       OSDI 2004, 137-150.

    Examples
    --------
    >>> def pairs(line):
    ...     return [(word, 1) for word in line.split()]
    >>> def add(word, counts):
    ...     return sum(counts)
    >>> output = map_reduce(Job(pairs, add, add), ["to be or not", "to be to be"])
    >>> output.to_dict()
    {'be': 3, 'not': 1, 'or': 1, 'to': 3}
    >>> output.counters.map_records, output.counters.shuffle_records
    (8, 6)
    >>> output.counters.shuffle_bytes     # be not or to, be to, and 8 a count
    61
    """
    if not isinstance(job, Job):
        raise TypeError(f"job must be a Job; got {job!r}.")
    splits = list(splits)
    if client is not None:
        return _on_dask(job, splits, client)
    outputs = [map_task(job, split) for split in splits]
    reduced = [
        reduce_task(job, [output.runs[r] for output in outputs]) for r in range(job.n_reducers)
    ]
    return assembled([shape_of(output) for output in outputs], reduced)


def map_task(job, split):
    """Run map on one split; return a `MapOutput`: a sorted, combined run for each reducer.

    Parameters
    ----------
    job : Job
    split : object

    Returns
    -------
    MapOutput

    Raises
    ------
    TypeError
        If map emits what is no pair, or keys cannot be sorted or hashed.
    """
    files, emitted, spilled, rest = [], 0, 0, iter(job.map(split))
    while True:
        pairs = list(itertools.islice(rest, job.spill_records))
        emitted += len(pairs)
        parts = parts_of(job, pairs)
        if job.spill_records is None or len(pairs) < job.spill_records:
            break
        files.append(SpillFile(parts))
        spilled += sum(map(len, parts))
    if files:
        parts = [
            merged(job, [*(file.part(r) for file in files), part]) for r, part in enumerate(parts)
        ]
        for file in files:
            file.close()
    return MapOutput(tuple(map(run_of, parts)), emitted, spilled)


def reduce_task(job, runs):
    """Merge the runs of one reducer, in the order of splits, and return the `Run` of its output.

    Parameters
    ----------
    job : Job
    runs : sequence of Run

    Returns
    -------
    Run
    """
    lists = [run.pairs() for run in runs]
    return run_of([(key, job.reduce(key, values)) for key, values in grouped(lists)])


class Shape(NamedTuple):
    """What is counted of a `MapOutput`; without ``nbytes``, or its report would be charged them."""

    emitted: int
    spilled: int
    shuffle_bytes: int
    records: tuple  # by reducer


def shape_of(output):
    records = tuple(run.records for run in output.runs)
    return Shape(output.emitted, output.spilled, output.nbytes, records)


def assembled(shapes, reduced):
    """Return the `JobOutput` of counted map tasks and of the reducers' runs."""
    by_reducer = tuple(sum(shape.records[r] for shape in shapes) for r in range(len(reduced)))
    counters = Counters(
        map_records=sum(shape.emitted for shape in shapes),
        spilled_records=sum(shape.spilled for shape in shapes),
        shuffle_records=sum(by_reducer),
        shuffle_bytes=sum(shape.shuffle_bytes for shape in shapes),
        reduce_records=by_reducer,
        output_records=sum(run.records for run in reduced),
    )
    return JobOutput(tuple(run.pairs() for run in reduced), counters)


def _on_dask(job, splits, client):
    """The same tasks as futures: each split travels inside its task, so that it can run again."""
    outputs = [client.submit(map_task, job, split, pure=False) for split in splits]
    shapes = [client.submit(shape_of, output, pure=False) for output in outputs]
    reduced = []
    for r in range(job.n_reducers):
        runs = [client.submit(_run, output, r, pure=False) for output in outputs]
        reduced.append(client.submit(reduce_task, job, runs, pure=False))
    return assembled(client.gather(shapes), client.gather(reduced))


def _run(output, r):
    return output.runs[r]


def _text(value):
    is_bytes = hasattr(value, "to_bytes") and not isinstance(value, int)
    return value.to_bytes().hex() if is_bytes else repr(value)
