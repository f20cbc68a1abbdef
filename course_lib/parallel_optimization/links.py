"""What a rank sends and receives by: over the simulated cluster, or over MPI."""

import numpy as np

from course_lib._validation import check_count
from course_lib.parallel_optimization._chunks import cut

__all__ = ["MpiLink", "SimulatedLink"]

PIECE = 2**19  # bytes that MPI receives before they are added: what came is still in the cache


class _Link:
    """What both kinds of links have: who they are, what they sent, memory that is used again."""

    def __init__(self, rank, size):
        self.rank, self.size = rank, size
        self.messages = self.sent_bytes = 0
        self._memory = np.empty(0, np.uint8)

    def scratch(self, like):
        """Return memory of the shape and dtype of an array; the next call may give it again.

        Parameters
        ----------
        like : array

        Returns
        -------
        array
        """
        if self._memory.size < like.nbytes:
            self._memory = np.empty(like.nbytes, np.uint8)
        return self._memory[: like.nbytes].view(like.dtype).reshape(like.shape)

    def exchange_add(self, array, target, into, source, longest=0):
        """As `exchange`, but add what comes to ``into``.

        Parameters
        ----------
        array, target, into, source
            As of `exchange`; ``into`` shares no memory with ``array``.
        longest : int, default 0
            Bytes of the longest array that any rank sends now, the same on all of them; over MPI
            longer ones travel in pieces, and count as one message.
        """
        part = self.scratch(into)
        yield from self.exchange(array, target, part, source)
        into += part

    def _count(self, array):
        self.messages += 1
        self.sent_bytes += array.nbytes


class SimulatedLink(_Link):
    """The link of a rank of the simulated cluster; `simulate` makes it.

    A program waits by ``yield from link.receive(...)`` and so on. A message that is sent is
    copied at once: a send never waits for its receiver, as a small message of MPI does not.

    Parameters
    ----------
    machine : cost.Machine
        Ranks are names of machines, from 0 to ``size - 1``.
    size : int
        Ranks.

    Attributes
    ----------
    rank, size : int
    messages, sent_bytes : int
        Of this rank, so far.
    now : float
        Seconds of the simulated clock.

    Examples
    --------
    >>> from course_lib.parallel_optimization import simulate
    >>> def shift(link, x):
    ...     right, left = (link.rank + 1) % link.size, (link.rank - 1) % link.size
    ...     y = np.empty_like(x)
    ...     yield from link.exchange(x, right, y, left)
    ...     return y
    >>> simulate(shift, [np.array([0.0]), np.array([1.0]), np.array([2.0])]).results
    [array([2.]), array([0.]), array([1.])]
    """

    def __init__(self, machine, size):
        super().__init__(machine.name, check_count(size, "size", low=1))
        self._machine, self.waits_for = machine, None
        self.sent_to = np.zeros(size, np.int64)

    @property
    def now(self):
        """Seconds of the simulated clock."""
        return self._machine.cluster.now

    def send(self, array, target):
        """Send an array to a rank; ``yield from`` it.

        Parameters
        ----------
        array : array
        target : int
            Another rank.

        Raises
        ------
        ValueError, TypeError
            If ``target`` is no other rank.
        """
        array = np.asarray(array)
        target = self._other(target, "target")
        self._count(array)
        self.sent_to[target] += array.nbytes
        self._machine.send(target, array)
        yield from ()

    def receive(self, into, source):
        """Wait for the next array of a rank and write it to ``into``; ``yield from`` it.

        Parameters
        ----------
        into : array, contiguous
            Of the shape and dtype of what is sent.
        source : int
            Another rank.

        Raises
        ------
        ValueError, TypeError
            If ``source`` is no other rank, or ``into`` does not fit.
        """
        self.waits_for = self._other(source, "source")
        _, message = yield self._machine.receive(source)
        self.waits_for = None
        if message.shape != into.shape or message.dtype != into.dtype:
            raise ValueError(
                f"into must fit what rank {source} sent, {message.dtype} of shape "
                f"{message.shape}; rank {self.rank} has {into.dtype} of shape {into.shape}."
            )
        into[...] = message

    def exchange(self, array, target, into, source):
        """Send to one rank and receive from one at the same time; ``yield from`` it.

        Parameters
        ----------
        array, target
            As of `send`.
        into, source
            As of `receive`.
        """
        yield from self.send(array, target)
        yield from self.receive(into, source)

    def work(self, seconds):
        """Compute for so many seconds of the simulated clock; ``yield from`` it."""
        yield self._machine.work(seconds)

    def _other(self, rank, name):
        rank = check_count(rank, name, low=0, high=self.size - 1)
        if rank == self.rank:
            raise ValueError(f"{name} must be another rank; rank {rank} named itself.")
        return rank


class MpiLink(_Link):
    """The link of a rank of MPI, with the methods of `SimulatedLink` and the same counters.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        Or what has its ``rank``, ``size``, ``Send``, ``Recv`` and ``Sendrecv``.

    Attributes
    ----------
    rank, size : int
    messages, sent_bytes : int
        Of this rank, so far.

    Notes
    -----
    A method has done its work when it returns: what ``yield from`` gets is empty. ``send`` waits
    for its receiver if the message is long, so two ranks that both send first, and receive then,
    hang here and not on the simulator; `exchange` is safe.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> link = MpiLink(SimpleNamespace(rank=0, size=1))     # one rank needs no MPI
    >>> from course_lib.parallel_optimization import on_mpi, ring
    >>> on_mpi(ring, [1.0, 2.0], link)
    array([1., 2.])
    """

    def __init__(self, comm):
        super().__init__(comm.rank, comm.size)
        self.comm = comm

    def send(self, array, target):
        """Send an array to a rank."""
        array = np.ascontiguousarray(array)
        self._count(array)
        self.comm.Send(array, target)
        return ()

    def receive(self, into, source):
        """Wait for the next array of a rank and write it to ``into``, which is contiguous."""
        self.comm.Recv(into, source)
        return ()

    def exchange(self, array, target, into, source):
        """Send to one rank and receive from one at the same time."""
        array = np.ascontiguousarray(array)
        self._count(array)
        self.comm.Sendrecv(array, target, 0, into, source, 0)
        return ()

    def exchange_add(self, array, target, into, source, longest=0):
        """As of `SimulatedLink`: add what comes to ``into``, piece by piece if it is long."""
        array = np.ascontiguousarray(array)
        self._count(array)
        count = max(1, -(-longest // PIECE))
        for sent, place in zip(cut(array, count), cut(into, count), strict=True):
            part = self.scratch(place)
            self.comm.Sendrecv(sent, target, 0, part, source, 0)
            place += part
        return ()

    def work(self, seconds):
        """Do nothing: here work takes the time that it takes."""
        return ()
