"""Lineage: partitions that are lost are made again from those that they were made of.

source          partitions in stable storage
Dataset         partitions, and how each is made of others: narrow or wide
"""

from course_lib._validation import check_count, check_flag
from course_lib.dataflow.map_reduce import Job, map_task, reduce_task

__all__ = ["Dataset", "source"]


def source(partitions, *, name="source"):
    """Return a `Dataset` that can always be read again, such as a file with copies.

    Parameters
    ----------
    partitions : sequence
        At least one; objects of any kind.
    name : str

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no partition.

    Examples
    --------
    >>> source([[1, 2], [3]]).map(sum).collect()
    [3, 3]
    """
    partitions = list(partitions)
    made = Dataset(name, len(partitions), (), None, keep=True)
    made._saved = dict(enumerate(partitions))
    return made


class Dataset:
    """Partitions that know how they are made; made by `source`, `map` and `shuffle`.

    Attributes
    ----------
    name : str
    n_parts : int
    parents : tuple of Dataset
    computed : int
        Partitions of this dataset that were computed so far.

    Notes
    -----
    Nothing is computed before it is asked for. What is computed is kept, unless the dataset was
    made with ``keep=False``: then it lives as long as the request that needs it.

    **Guarantee.** A request computes exactly what `plan` lists: each partition that is missing
    and needed, once. A narrow partition needs one partition of each parent, a wide one needs all
    of them. So a partition lost at the end of s narrow stages that were kept costs 1, and s if
    its machine held those before it too; behind a shuffle it also costs all those of the
    stage before that are missing: all of them, if they were not kept. A checkpoint ends
    the search. Made again by functions of their arguments alone, partitions are equal to
    those that were lost ([1], section 2).

    References
    ----------
    .. [1] M. Zaharia, M. Chowdhury, T. Das, A. Dave, J. Ma, M. McCauley, M. J. Franklin,
       S. Shenker, I. Stoica, "Resilient distributed datasets: a fault-tolerant abstraction for
       in-memory cluster computing", NSDI 2012, 15-28.

    Examples
    --------
    >>> lines = source(["to be or", "not to be"], name="lines")
    >>> ones = lines.map(lambda line: [(word, 1) for word in line.split()], name="ones")
    >>> counts = ones.shuffle(lambda word, ones: sum(ones), n_parts=2, name="counts")
    >>> sorted(sum(counts.collect(), []))
    [('be', 2), ('not', 1), ('or', 1), ('to', 2)]
    >>> counts.lose(0)
    >>> counts.plan()
    [('counts', 0)]
    >>> ones.lose(1)              # the shuffle reads both partitions of the stage before
    >>> counts.plan()
    [('ones', 1), ('counts', 0)]
    >>> sorted(sum(counts.collect(), []))[0], ones.computed, counts.computed
    (('be', 2), 3, 3)
    """

    def __init__(self, name, n_parts, parents, make, *, keep, wide=False):
        self.name = name
        self.n_parts = check_count(n_parts, "the number of partitions", low=1, high=10**7)
        self.parents, self.computed = tuple(parents), 0
        self._make, self._wide, self._keep = make, wide, check_flag(keep, "keep")
        self._kept, self._saved = {}, {}

    def __repr__(self):
        return f"Dataset({self.name!r}, {self.n_parts} partitions)"

    def map(self, function, *others, keep=True, name="map"):
        """Return a dataset of ``function(partition, ...)``, a narrow dependency.

        Parameters
        ----------
        function : callable
            It takes a partition of this dataset, and the one of the same number of each other.
        *others : Dataset
            With as many partitions.
        keep : bool, default True
            Whether to keep what is computed.
        name : str

        Returns
        -------
        Dataset
        """
        _check_function(function, "function")
        parents = (self, *others)
        if not all(isinstance(other, Dataset) for other in others):
            raise TypeError(f"others must be Datasets; got {others}.")
        if len({parent.n_parts for parent in parents}) > 1:
            raise ValueError(
                "datasets must have equally many partitions; got "
                f"{[parent.n_parts for parent in parents]}, shuffle first."
            )
        return Dataset(name, self.n_parts, parents, function, keep=keep)

    def shuffle(self, reduce, *, combine=None, n_parts=None, seed=0, keep=True, name="shuffle"):
        """Return a dataset of the pairs of each key, reduced: a wide dependency.

        Parameters
        ----------
        reduce, combine, seed
            Of a `Job`; partitions of this dataset hold pairs of a key and a value.
        n_parts : int, optional
            Partitions of the result; not given: as many as here.
        keep, name
            As of `map`.

        Returns
        -------
        Dataset
            Its partitions are lists of pairs of a key and what ``reduce(key, values)`` returns.
        """
        n_parts = self.n_parts if n_parts is None else n_parts
        job = Job(iter, reduce, combine, n_parts, seed)
        return Dataset(name, n_parts, (self,), job, keep=keep, wide=True)

    def partition(self, index):
        """Return one partition; what is missing for it is computed."""
        return self._request([self._index(index)])[0]

    def collect(self):
        """Return a list of all partitions; what is missing for them is computed."""
        return self._request(range(self.n_parts))

    def plan(self, index=None):
        """Return what a request would compute, in order: a list of names and numbers.

        Parameters
        ----------
        index : int, optional
            Of one partition; not given: all of them.

        Returns
        -------
        list of (str, int)
        """
        wanted = range(self.n_parts) if index is None else [self._index(index)]
        return [(dataset.name, i) for dataset, i in self._missing(wanted)]

    def lose(self, index):
        """Forget a partition that was kept, as if its machine had crashed; checkpoints stay."""
        self._kept.pop(self._index(index), None)

    def lose_machine(self, machine, n_machines):
        """Forget what a machine kept of this dataset and of all that it was made of.

        Parameters
        ----------
        machine : int
        n_machines : int
            Machine j keeps the partitions i of all datasets with ``i % n_machines == j``.
        """
        n_machines = check_count(n_machines, "n_machines", low=1)
        machine = check_count(machine, "machine", low=0, high=n_machines - 1)
        for dataset in self._ancestors():
            for i in range(machine, dataset.n_parts, n_machines):
                dataset.lose(i)

    def checkpoint(self):
        """Compute all partitions and write them to stable storage, where none is lost."""
        self._saved = dict(enumerate(self.collect()))

    # What happens inside.

    def _index(self, index):
        return check_count(index, "index", low=0, high=self.n_parts - 1)

    def _request(self, wanted):
        made = {}
        for dataset, i in self._missing(wanted):
            value = made[dataset, i] = dataset._compute(i, made)
            if dataset._keep:
                dataset._kept[i] = value
        return [self._at(i, made) for i in wanted]

    def _at(self, i, made):
        """A partition that is there: in stable storage, kept, or made in this request."""
        for place, key in ((self._saved, i), (self._kept, i), (made, (self, i))):
            if key in place:
                return place[key]
        raise KeyError(i)

    def _needs(self, i):
        if self._wide:
            return [(self.parents[0], j) for j in range(self.parents[0].n_parts)]
        return [(parent, i) for parent in self.parents]

    def _missing(self, wanted):
        """Partitions to compute, each after those that it needs: depth first, without recursion."""
        order, seen = [], set()
        stack = [((self, i), False) for i in reversed(wanted)]
        while stack:
            node, ready = stack.pop()
            dataset, i = node
            if ready:
                order.append(node)
            elif node not in seen and i not in dataset._saved and i not in dataset._kept:
                seen.add(node)
                stack.append((node, True))
                stack += [(need, False) for need in reversed(dataset._needs(i))]
        return order

    def _compute(self, i, made):
        self.computed += 1
        if not self._wide:
            return self._make(*(parent._at(i, made) for parent in self.parents))
        runs = [self._mapped(j, made).runs[i] for j in range(self.parents[0].n_parts)]
        return reduce_task(self._make, runs).pairs()

    def _mapped(self, j, made):
        """The map side of a shuffle, once a request."""
        if (self, "map", j) not in made:
            made[self, "map", j] = map_task(self._make, self.parents[0]._at(j, made))
        return made[self, "map", j]

    def _ancestors(self):
        found, stack = {}, [self]
        while stack:
            dataset = stack.pop()
            if dataset not in found:
                found[dataset] = None
                stack += dataset.parents
        return list(found)


def _check_function(function, name):
    if not callable(function):
        raise TypeError(f"{name} must be a function; got {function!r}.")
