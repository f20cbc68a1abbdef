"""Clocks without seconds: which of two events could have caused the other.

LamportClock   counts; what happened before has the smaller stamp, and not only that
VectorClock    a count for each machine: smaller if, and only if, it happened before
compare        "before", "after", "equal" or "concurrent"
"""

from course_lib._validation import check_count

__all__ = ["LamportClock", "VectorClock", "compare"]


class LamportClock:
    """The counter of one machine, which stamps its events.

    Parameters
    ----------
    name : str or int
        Of the machine; names of one kind differ, and order stamps of the same count.

    Attributes
    ----------
    count : int
        Count of its last event, 0 before the first.

    Raises
    ------
    TypeError
        If the name is neither a text nor an integer.

    Notes
    -----
    **Guarantee.** If event a happened before event b, the stamp of a is smaller ([1], the clock
    condition). Stamps ``(count, name)`` are all different, so that they put all events in one
    order; a smaller stamp does not say that it happened before.

    References
    ----------
    .. [1] L. Lamport, "Time, clocks, and the ordering of events in a distributed system",
       Comm. ACM 21(7), 1978.

    Examples
    --------
    >>> anna, ben = LamportClock("anna"), LamportClock("ben")
    >>> letter = anna.tick()
    >>> letter, ben.tick(), ben.receive(letter)
    ((1, 'anna'), (1, 'ben'), (2, 'ben'))
    """

    def __init__(self, name):
        self.name, self.count = _check_name(name), 0

    def tick(self):
        """Return the stamp ``(count, name)`` of an event here, such as sending a message."""
        self.count += 1
        return self.count, self.name

    def receive(self, stamp):
        """Return the stamp of the event that a message with this stamp arrived.

        Parameters
        ----------
        stamp : tuple of (int, str or int)
            As `tick` of the sender returned it.
        """
        if not isinstance(stamp, tuple) or len(stamp) != 2:
            raise TypeError(f"stamp must be a pair (count, name); got {stamp!r}.")
        self.count = max(self.count, check_count(stamp[0], "stamp[0]", low=0))
        return self.tick()

    def __repr__(self):
        return f"LamportClock({self.name!r}, count={self.count})"


class VectorClock:
    r"""How many events of each machine an event knows of, itself included.

    A value that never changes: `tick` and `merge` return new ones.

    Parameters
    ----------
    counts : dict of str or int to int, default none
        Events by machine; a machine that is missing has 0.

    Raises
    ------
    TypeError, ValueError
        If a name is neither a text nor an integer, or a count is no integer or is negative.

    Notes
    -----
    ``a <= b`` if no count of a is larger than that of b, ``a < b`` if they also differ.

    **Cost.** Memory and each operation: the number of machines that occur.

    **Guarantee.** Let every machine tick at each event, send its clock, and merge and tick on
    receipt. Then :math:`V(a) < V(b)` if and only if a happened before b ([1], [2]). A clock that
    tells this of n machines has no fewer than n counts ([3]).

    References
    ----------
    .. [1] C. J. Fidge, "Timestamps in message-passing systems that preserve the partial
       ordering", Australian Computer Science Conference, 1988.
    .. [2] F. Mattern, "Virtual time and global states of distributed systems", 1989.
    .. [3] B. Charron-Bost, "Concerning the size of logical clocks in distributed systems",
       Information Processing Letters 39(1), 1991.

    Examples
    --------
    >>> letter = VectorClock().tick("anna")
    >>> mine = VectorClock().tick("ben")
    >>> compare(letter, mine), compare(letter, mine.merge(letter).tick("ben"))
    ('concurrent', 'before')
    """

    __slots__ = ("_counts",)

    def __init__(self, counts=None):
        counts = {} if counts is None else counts
        if not isinstance(counts, dict):
            raise TypeError(f"counts must be a dict of counts by name; got {counts!r}.")
        checked = {
            _check_name(name): check_count(count, "a count", low=0)
            for name, count in counts.items()
        }
        self._counts = {name: count for name, count in checked.items() if count}

    @property
    def counts(self):
        """Events by machine, a new dict; machines with 0 are left out."""
        return dict(self._counts)

    @property
    def nbytes(self):
        """Bytes in a message: 8 for each count and integer, those of UTF-8 for a text."""
        names = (len(name.encode()) if isinstance(name, str) else 8 for name in self._counts)
        return 8 * len(self._counts) + sum(names)

    def __getitem__(self, name):
        return self._counts.get(name, 0)

    def tick(self, name):
        """Return the clock of the next event of the machine ``name``."""
        return _made(self._counts | {_check_name(name): self[name] + 1})

    def merge(self, other):
        """Return the clock that knows what either knows: the larger of each two counts."""
        _check_clock(other)
        larger = {name: max(count, self[name]) for name, count in other._counts.items()}
        return _made(self._counts | larger)

    def __le__(self, other):
        _check_clock(other)
        theirs = other._counts
        return all(count <= theirs.get(name, 0) for name, count in self._counts.items())

    def __lt__(self, other):
        return self <= other and self._counts != other._counts

    def __ge__(self, other):
        return _check_clock(other) <= self

    def __gt__(self, other):
        return _check_clock(other) < self

    def __eq__(self, other):
        return isinstance(other, VectorClock) and self._counts == other._counts

    def __hash__(self):
        return hash(frozenset(self._counts.items()))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):  # it never changes, so a message may share it
        return self

    def __repr__(self):
        return f"VectorClock({self._counts})"


def compare(a, b):
    """Return how two clocks lie to each other.

    Parameters
    ----------
    a, b : VectorClock
        Or two of another kind with ``<`` and ``==``, such as the stamps of `LamportClock`, of
        which none are concurrent.

    Returns
    -------
    str
        "before" if a < b, "after" if b < a, "equal", or else "concurrent".

    Raises
    ------
    TypeError
        If they are of two kinds.

    Examples
    --------
    >>> compare(VectorClock({"anna": 2}), VectorClock({"anna": 1, "ben": 1}))
    'concurrent'
    """
    if type(a) is not type(b):
        kinds = f"{type(a).__name__} and {type(b).__name__}"
        raise TypeError(f"a and b must be clocks of one kind; got {kinds}.")
    if a == b:
        return "equal"
    if a < b:
        return "before"
    return "after" if b < a else "concurrent"


def _made(counts):
    """A clock of counts that are known to be good."""
    clock = VectorClock.__new__(VectorClock)
    clock._counts = counts
    return clock


def _check_name(name):
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise TypeError(f"a name must be a text or an integer; got {name!r}.")
    return name


def _check_clock(clock):
    if not isinstance(clock, VectorClock):
        raise TypeError(f"a VectorClock must be compared with another; got {clock!r}.")
    return clock
