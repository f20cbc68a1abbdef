"""Two jobs that everybody needs: how often each item occurs, and one sketch of all."""

from course_lib.dataflow.map_reduce import Job
from course_lib.dataflow.monoids import Monoid, merge_all

__all__ = ["count_job", "sketch_job"]


def count_job(items_of=None, *, combine=True, n_reducers=1, seed=0, spill_records=None):
    """Return the `Job` that counts items: the word count of MapReduce.

    Parameters
    ----------
    items_of : callable, optional
        ``items_of(split)`` returns the items of a split; not given: a split is a sequence of them.
    combine : bool, default True
        Whether a map task adds up the counts of an item before they travel.
    n_reducers, seed, spill_records
        Of the `Job`.

    Returns
    -------
    Job
        Its output is the count of each item.

    Raises
    ------
    TypeError, ValueError
        As of `Job`.

    Examples
    --------
    >>> from course_lib.dataflow import map_reduce
    >>> map_reduce(count_job(str.split), ["to be or not", "to be"]).to_dict()
    {'be': 2, 'not': 1, 'or': 1, 'to': 2}
    """
    items_of = iter if items_of is None else items_of
    if not callable(items_of):
        raise TypeError(f"items_of must be a function of a split; got {items_of!r}.")

    def ones(split):
        return [(item, 1) for item in items_of(split)]

    return Job(ones, _total, _total if combine else None, n_reducers, seed, spill_records)


def sketch_job(make, items_of=None):
    """Return the `Job` that reads all items into one sketch of chapters 04 and 05.

    Parameters
    ----------
    make : callable
        ``make()`` returns an empty sketch, each time with the same parameters and seed.
    items_of : callable, optional
        As of `count_job`.

    Returns
    -------
    Job
        Its output holds one key, ``"sketch"``.

    Raises
    ------
    TypeError
        If an argument is no function.

    Notes
    -----
    **Cost.** One sketch a split crosses the network, however many items the split has.

    Examples
    --------
    >>> from course_lib.heavy_hitters import CountMin
    >>> from course_lib.dataflow import map_reduce
    >>> job = sketch_job(lambda: CountMin(64, 3), str.split)
    >>> output = map_reduce(job, ["to be or not", "to be"])
    >>> int(output.to_dict()["sketch"].estimate("to"))
    2
    """
    monoid = Monoid.of_sketch(make)
    items_of = (lambda split: split) if items_of is None else items_of
    if not callable(items_of):
        raise TypeError(f"items_of must be a function of a split; got {items_of!r}.")

    def read(split):
        sketch = make()
        sketch.update(items_of(split))
        return [("sketch", sketch)]

    def merge(key, sketches):
        return merge_all(sketches, monoid, order="left")

    return Job(read, merge, merge)


def _total(key, counts):
    return sum(counts)
