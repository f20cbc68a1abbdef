"""Chord on a simulated cluster: nodes that find keys by asking each other, and that come and go.

Chord    the ring of machines
Lookups  what became of lookups
"""

from typing import NamedTuple

import numpy as np

from course_lib._validation import as_rng, check_count, check_indices, check_number, plain_array
from course_lib.cost import Cluster, Meter, Process
from course_lib.hashing import hash_items
from course_lib.placement import _node
from course_lib.placement.fingers import check_ids

__all__ = ["Chord", "Lookups"]


class Lookups(NamedTuple):
    """What became of lookups, one entry each."""

    owners: np.ndarray  # int64, identifier of the node that was found, or -1
    hops: np.ndarray  # int64, nodes on the way that ended, the owner included
    timeouts: np.ndarray  # int64, questions to nodes that did not answer
    questions: np.ndarray  # int64, questions in all; the owner is asked whether it lives
    right: np.ndarray  # bool, whether that is the owner, when all lookups have ended


class Chord:
    r"""A ring of nodes, each of which knows a few others, and finds the owner of any key.

    Parameters
    ----------
    ids : array of int, shape (n,)
        Identifiers of the nodes, ascending, all different, such as `chord_ids` returns.
    bits : int, default 32
        Identifiers are below ``2**bits``.
    n_successors : int, default 8
        Nodes after it that a node knows.
    latency_s : float or callable, default 0.05
        As in `Cluster`.
    timeout_s : float, default 1
        Seconds after which a node that does not answer counts as dead.
    period_s : float, default 1
        Seconds between two rounds of a node's housekeeping.
    rng : Generator, int or None, default 0
        The seed.
    trace : bool, default False
        As in `Cluster`.

    Attributes
    ----------
    cluster : Cluster
        Its meter, ``cluster.meter``, counts messages.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type.

    Notes
    -----
    The ring begins with right tables: of each node its predecessor, the ``n_successors`` nodes
    after it, and its fingers, see `finger_table`. Its tables are wrong after `crash` and `join`
    until `keep_house` has mended them. In each period a node asks its successor who is before that
    one and who comes after, tells it of itself, asks whether its predecessor lives, and looks one
    finger up.

    A lookup asks one node after the other for the next; a node names its farthest finger that is
    not beyond the key, or the owner. If one does not answer, the lookup starts over and tells
    those whom it asks which nodes are dead, so it pays for the way to the dead node again.

    **Cost.** On a ring at rest, ``chord_hops(n)`` hops in the mean, each one question and one
    reply, the question to the owner whether it lives included.

    **Guarantee.** On a ring at rest a lookup ends at the owner, after :math:`O(\log n)` hops with
    high probability [1]. If nodes have crashed independently with
    probability q, it fails with probability ``lookup_failure(q, n_successors)`` at least.

    References
    ----------
    .. [1] I. Stoica, R. Morris, D. Karger, M. F. Kaashoek, H. Balakrishnan, "Chord: a scalable
       peer-to-peer lookup service for Internet applications", SIGCOMM 2001, 149-160.

    Examples
    --------
    The circle of 8 places with nodes at 0, 1 and 3; key 2 belongs to 3, and key 6 to 0:

    >>> chord = Chord([0, 1, 3], bits=3)
    >>> found = chord.lookup([2, 6, 1], sources=[0, 1, 1])
    >>> found.owners.tolist(), found.hops.tolist(), chord.cluster.meter.messages
    ([3, 0, 1], [2, 2, 0], 8)
    >>> chord.crash(3)
    >>> found = chord.lookup([2], sources=[0])
    >>> found.owners.tolist(), found.timeouts.tolist(), found.questions.tolist()
    ([0], [1], [3])
    """

    def __init__(
        self,
        ids,
        *,
        bits=32,
        n_successors=8,
        latency_s=0.05,
        timeout_s=1.0,
        period_s=1.0,
        rng=0,
        trace=False,
    ):
        ids, self.bits = check_ids(ids, bits)
        self.n_successors = check_count(n_successors, "n_successors", low=1, high=1 << 16)
        self.timeout_s = check_number(timeout_s, "timeout_s", low=1e-6, high=1e9)
        self.period_s = check_number(period_s, "period_s", low=1e-3, high=1e9)
        self.rng = as_rng(rng)
        self.budget = 8 * self.bits  # questions of one lookup
        self.cluster = Cluster(latency_s=latency_s, rng=self.rng, meter=Meter(), trace=trace)
        self._keeps_house, self._serve = False, _node.answer(self.bits, self.timeout_s, self.budget)
        self._fill(ids)

    @property
    def nodes(self):
        """Identifiers of the nodes that live and have joined, ascending, int64."""
        return np.array(
            sorted(m.name for m in self.cluster.machines.values() if m.memory.get("successors")),
            dtype=np.int64,
        )

    def identifiers(self, keys):
        """Return the place of each key on the circle: the top bits of its hash.

        Parameters
        ----------
        keys : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        identifiers : array of int64, shape (n,)
            Below ``2**bits``.
        """
        return (hash_items(keys) >> np.uint64(64 - self.bits)).astype(np.int64)

    def owners(self, keys):
        """Return the owner of each identifier: the first living node at or after it.

        Parameters
        ----------
        keys : array of int, shape (k,)
            Identifiers of keys.

        Returns
        -------
        owners : array of int64, shape (k,)
            Identifiers of nodes.
        """
        nodes = self.nodes
        if not len(nodes):
            raise ValueError("a ring must have a living node to own keys; it has none.")
        keys = check_indices(keys, "keys", 1 << self.bits)
        return nodes[np.searchsorted(nodes, keys) % len(nodes)]

    def lookup(self, keys, sources=None, *, every_s=0.01):
        """Look keys up, one lookup after the other has begun, and let time run until all end.

        Parameters
        ----------
        keys : array of int, shape (k,)
            Identifiers of keys.
        sources : array of int, shape (k,), optional
            Identifiers of the nodes that ask; not given: drawn at random.
        every_s : float, default 0.01
            Seconds from one to the next.

        Returns
        -------
        Lookups

        Raises
        ------
        ValueError, TypeError
            If an identifier is out of range, or a source is no living node.
        """
        keys = check_indices(keys, "keys", 1 << self.bits)
        every_s = check_number(every_s, "every_s", low=0.0, high=1e9)
        nodes = self.nodes
        if not len(nodes):
            raise ValueError("a ring must have a living node to ask; it has none.")
        if sources is None:
            sources = nodes[self.rng.integers(0, len(nodes), len(keys))]
        sources = check_indices(sources, "sources", 1 << self.bits)
        if len(sources) != len(keys) or not np.isin(sources, nodes).all():
            raise ValueError(f"sources must be living nodes, one for each of {len(keys)} keys.")
        done = [None] * len(keys)
        start_s = self.cluster.now
        for i, (key, source) in enumerate(zip(keys.tolist(), sources.tolist(), strict=True)):
            self.cluster.at(start_s + i * every_s, self._ask, source, key, i, done)
        more_s = len(keys) * every_s + self.timeout_s
        while any(map(_is_pending, done)):  # housekeeping never ends, so the run does not either
            self.cluster.run(self.cluster.now + more_s)
            more_s = max(more_s, (self.cluster.now - start_s) / 8)
        return self._gathered(keys, done)

    def crash(self, ids):
        """Stop nodes at once, in silence.

        Parameters
        ----------
        ids : int or array of int
            Identifiers of nodes.
        """
        for machine in self._machines(ids):
            machine.crash()

    def join(self, ids):
        """Let new or crashed nodes come to the ring, each by asking a living node.

        Parameters
        ----------
        ids : int or array of int
            Identifiers, of nodes that are not there.
        """
        ids = self._check_names(ids)
        machines = self.cluster.machines
        if there := [name for name in ids if name in machines and machines[name].alive]:
            raise ValueError(f"ids must be of nodes that are not there; {there[0]} is.")
        for name in dict.fromkeys(ids):
            self._let_in(machines.get(name) or self.cluster.machine(name, self._serve))

    def keep_house(self):
        """Let all nodes mend what they know of others, for ever: what is called stabilization."""
        if not self._keeps_house:
            self._keeps_house = True
            for machine in self.cluster.machines.values():
                self._start_housekeeping(machine)

    def run(self, seconds):
        """Let so many seconds pass."""
        seconds = check_number(seconds, "seconds", low=0.0, high=1e12)
        self.cluster.run(self.cluster.now + seconds)

    # What happens inside.

    def _fill(self, ids):
        for name, memory in _node.right_tables(ids, self.bits, self.n_successors):
            self.cluster.machine(name, self._serve).memory.update(memory)

    def _check_names(self, ids):
        ids = np.atleast_1d(plain_array(ids, "ids"))
        return check_indices(ids, "ids", 1 << self.bits).tolist()

    def _machines(self, ids):
        ids = self._check_names(ids)
        if wrong := [name for name in ids if name not in self.cluster.machines]:
            raise ValueError(f"ids must be of nodes of this ring; {wrong[0]} is none.")
        return [self.cluster.machines[name] for name in ids]

    def _let_in(self, machine):
        """Restart a machine, and let it try to join until it has."""

        def enter():
            joined = False
            while not joined:
                friends = self.rng.permutation(self.nodes)[:4].tolist()
                joined = yield machine.start(
                    _node.join(machine, friends, self.bits, self.timeout_s)
                )
                if not joined:
                    yield machine.sleep(self.period_s)
            if self._keeps_house:
                self._start_housekeeping(machine)

        machine.restart()
        machine.start(enter())

    def _start_housekeeping(self, machine):
        if machine.memory.get("successors"):
            house = self.n_successors, self.bits, self.period_s, self.timeout_s, self.budget
            machine.start(_node.keep_house(machine, *house))

    def _ask(self, source, key, i, done, watch=None):
        """Start a lookup, whose end goes to ``done[i]``, with what ``watch(key)`` returns then."""
        machine = self.cluster.machines[source]

        def process():
            found = yield machine.start(
                _node.route(machine, key, self.bits, self.timeout_s, self.budget)
            )
            done[i] = found if watch is None else (*found, watch(key))

        asked = machine.start(process())
        if done[i] is None:  # else it has ended already: a key of its own
            done[i] = asked

    def _gathered(self, keys, done):
        lost = -1, 0, 0, 0  # of one who crashed while he asked
        rows = [entry if isinstance(entry, tuple) else lost for entry in done]
        table = np.array([(-1, *row[1:]) if row[0] is None else row for row in rows], np.int64)
        owners, hops, timeouts, questions = table.reshape(-1, 4).T
        right = owners == self.owners(keys) if len(self.nodes) else np.zeros(len(keys), bool)
        return Lookups(owners, hops, timeouts, questions, right)


def _is_pending(entry):
    """Whether a lookup has not begun, or goes on."""
    return entry is None or (isinstance(entry, Process) and entry.fate is None)
