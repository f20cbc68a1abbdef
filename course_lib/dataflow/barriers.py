"""Barriers: marks in the streams that say which events belong to a snapshot.

Barrier           the mark, which a source puts between two events
AlignedBarriers   hold a source back whose mark has come until the marks of all have
LooseBarriers     do not hold back: events are then counted twice after a crash
"""

from typing import NamedTuple

from course_lib._validation import check_count

__all__ = ["AlignedBarriers", "Barrier", "LooseBarriers"]


class Barrier(NamedTuple):
    """What is before it belongs to the snapshot of this number, what is behind it does not."""

    number: int


class AlignedBarriers:
    """The gate of an operator with several sources that takes consistent snapshots.

    Parameters
    ----------
    n_channels : int
        Sources, whose messages each come in the order in which they were sent.

    Attributes
    ----------
    n_held : int
        Messages that are held back now.

    Raises
    ------
    ValueError, TypeError
        If ``n_channels`` is no positive integer.

    Notes
    -----
    **Guarantee.** When the barrier of a number comes out, exactly those messages have come out
    that their sources had sent before it: the state of the operator and the offsets of
    the sources are a consistent cut ([1]). All messages come out, those of a source in order.

    References
    ----------
    .. [1] K. M. Chandy, L. Lamport, "Distributed snapshots: determining global states of
       distributed systems", ACM Transactions on Computer Systems 3(1), 1985.
    .. [2] P. Carbone, G. Fora, S. Ewen, S. Haridi, K. Tzoumas, "Lightweight asynchronous snapshots
       for distributed dataflows", arXiv:1506.08603, 2015, Algorithm 1.

    Examples
    --------
    >>> gate = AlignedBarriers(2)
    >>> gate.receive(0, "a"), gate.receive(0, Barrier(1)), gate.receive(0, "behind it")
    (['a'], [], [])
    >>> gate.receive(1, "b")
    ['b']
    >>> gate.receive(1, Barrier(1))
    [Barrier(number=1), 'behind it']
    """

    def __init__(self, n_channels):
        self.n_channels = check_count(n_channels, "n_channels", low=1, high=10**6)
        self._marked, self._held = set(), []

    @property
    def n_held(self):
        """Messages that are held back now."""
        return len(self._held)

    def receive(self, channel, message):
        """Take a message of a source; return what the operator is to do now, in order.

        Parameters
        ----------
        channel : int
            Number of the source.
        message : Barrier or object

        Returns
        -------
        list
            Messages to be processed, and a `Barrier` where a snapshot is to be taken.
        """
        if channel in self._marked:
            self._held.append((channel, message))
            return []
        if not isinstance(message, Barrier):
            return [message]
        self._marked.add(channel)
        if len(self._marked) < self.n_channels:
            return []
        held, self._held, self._marked = self._held, [], set()
        return [message, *(due for one in held for due in self.receive(*one))]


class LooseBarriers:
    """A gate that holds nothing back: it snapshots when the last barrier of a number has come.

    Parameters
    ----------
    n_channels : int

    Attributes
    ----------
    n_held : int
        Always 0.

    Raises
    ------
    ValueError, TypeError
        If ``n_channels`` is no positive integer.

    Notes
    -----
    Events behind the barrier of a fast source are in the snapshot, and after a crash that source
    sends them again: each event counts at least once. It is what Flink does if it is asked for
    ``AT_LEAST_ONCE``.

    Examples
    --------
    >>> gate = LooseBarriers(2)
    >>> gate.receive(0, Barrier(1)), gate.receive(0, "behind it"), gate.receive(1, Barrier(1))
    ([], ['behind it'], [Barrier(number=1)])
    """

    n_held = 0

    def __init__(self, n_channels):
        self.n_channels = check_count(n_channels, "n_channels", low=1, high=10**6)
        self._marks = {}

    def receive(self, channel, message):
        """Take a message; return what the operator is to do now, see `AlignedBarriers`."""
        if not isinstance(message, Barrier):
            return [message]
        marked = self._marks.setdefault(message.number, set())
        marked.add(channel)
        if len(marked) < self.n_channels:
            return []
        del self._marks[message.number]
        return [message]
