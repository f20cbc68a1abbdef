"""A key-value store of many copies, which answers when a few of them have: Amazon's Dynamo.

QuorumStore   N copies of each value; a write waits for W of them, a read for R
Outcome       what a read or a write came to

It runs on the machines of a `course_lib.cost.Cluster`, whose meter counts the messages.
"""

from typing import NamedTuple

from course_lib._sketch import hash_items
from course_lib._validation import check_count, check_flag, check_number
from course_lib.cost import Cluster, Signal
from course_lib.storage._replicas import Replicas, newest, same
from course_lib.storage.clocks import VectorClock

__all__ = ["Outcome", "QuorumStore"]

MOST_NODES = 10**5
VERSIONS = ("lamport", "vector", "wall")


class Outcome(NamedTuple):
    """What a read or a write came to."""

    ok: bool  # whether enough copies answered in time
    values: tuple  # read: the newest value; several if they are concurrent, none if unwritten
    version: object  # of these; pass it to the next `put` of this key as ``context``


class QuorumStore:
    r"""N copies of each value; a write waits for W of them, a read for R.

    Parameters
    ----------
    cluster : Cluster
        On which the nodes are made.
    n_nodes : int
        Machines that store, named ``"node-0"``, ``"node-1"``, ...
    n, r, w : int, default 3, 2, 2
        Copies of each value, and how many a read and a write wait for; at most n and n_nodes.
    versions : {"lamport", "vector", "wall"}, default "lamport"
        What tells the newer of two values. "lamport": a write first asks R copies for the largest
        stamp, and takes the next. "vector": vector clocks; the write follows the ``context`` that
        it is given, and values of which neither follows the other are both kept. "wall": the clock
        of the coordinator, the last write wins.
    write_back : bool, default False
        Whether a read writes the newest value to W copies before it returns it.
    read_repair : bool, default False
        Whether a read sends the newest value to copies that answered with an older one, after it
        has returned.
    sloppy : bool, default False
        Whether a write that misses some of the n copies turns to the next nodes, which keep the
        value with a hint, and hand it to its owner when they reach it.
    all_copies : bool, default True
        Whether requests go to all n copies, and the first to answer count; else to r or w of them,
        drawn at random.
    timeout_s : float, default 1
        How long an answer is waited for.
    handoff_s : float, default 1
        Time between two attempts to hand over.
    clock_skew_s : dict, optional
        Seconds by which the clock of a machine is ahead, by name, for "wall".
    place : callable, optional
        ``place(key)`` returns all nodes' names, the n copies' first. Default: one begins at the
        hash of the key and follows the ring of nodes.

    Attributes
    ----------
    cluster : Cluster
    nodes : list of Machine
        A node keeps its copies on its disk: after a crash, `Machine.restart` with `boot`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or of the wrong type, or n is more than n_nodes.

    Notes
    -----
    Keys are texts, bytes or integers; values are messages, see `course_lib.cost.size_bytes`.

    **Cost.** A read sends n questions and has n answers, a write as many again for "lamport", a
    write-back n and n more.

    **Guarantee.** With r + w > n, "lamport" versions or one writer, and no sloppy writes, a read
    returns a value that is no older than the last that was acknowledged before the read began,
    because each set of r copies meets each of w ([1]): the register is regular ([2]). With
    ``write_back`` it is atomic ([3]), with any number of writers if versions are "lamport" ([4]).
    Messages may be late or lost, and nodes may crash and come back: then it may fail to answer,
    but not answer wrongly.

    References
    ----------
    .. [1] D. K. Gifford, "Weighted voting for replicated data", SOSP 1979.
    .. [2] L. Lamport, "On interprocess communication", Distributed Computing 1(2), 1986.
    .. [3] H. Attiya, A. Bar-Noy, D. Dolev, "Sharing memory robustly in message-passing systems",
       J. ACM 42(1), 1995.
    .. [4] N. A. Lynch, A. A. Shvartsman, "Robust emulation of shared memory using dynamic
       quorum-acknowledged broadcasts", FTCS 1997.
    .. [5] G. DeCandia et al., "Dynamo: Amazon's highly available key-value store", SOSP 2007.

    Examples
    --------
    Two of three nodes are enough, one is not:

    >>> from course_lib.cost import Cluster
    >>> cluster = Cluster(latency_s=1e-3)
    >>> store, client = QuorumStore(cluster, 3), cluster.machine("client")
    >>> def shop():
    ...     yield from store.put(client, "cart", "a book")
    ...     print((yield from store.get(client, "cart")).values)
    ...     store.nodes[1].crash()
    ...     print((yield from store.get(client, "cart")).values)
    ...     store.nodes[2].crash()
    ...     print((yield from store.get(client, "cart")).ok)
    >>> process = client.start(shop())
    >>> cluster.run()
    ('a book',)
    ('a book',)
    False
    """

    def __init__(
        self,
        cluster,
        n_nodes,
        *,
        n=3,
        r=2,
        w=2,
        versions="lamport",
        write_back=False,
        read_repair=False,
        sloppy=False,
        all_copies=True,
        timeout_s=1.0,
        handoff_s=1.0,
        clock_skew_s=None,
        place=None,
    ):
        if not isinstance(cluster, Cluster):
            raise TypeError(f"cluster must be a Cluster; got {cluster!r}.")
        n_nodes = check_count(n_nodes, "n_nodes", low=1, high=MOST_NODES)
        self.n = check_count(n, "n", low=1, high=n_nodes, high_name="n_nodes")
        self.r = check_count(r, "r", low=1, high=self.n, high_name="n")
        self.w = check_count(w, "w", low=1, high=self.n, high_name="n")
        if versions not in VERSIONS:
            raise ValueError(f"versions must be one of {', '.join(VERSIONS)}; got {versions!r}.")
        if place is not None and not callable(place):
            raise TypeError(f"place must be a function of a key; got {place!r}.")
        self.cluster, self.versions, self._place = cluster, versions, place
        self.write_back = check_flag(write_back, "write_back")
        self.read_repair = check_flag(read_repair, "read_repair")
        self.sloppy = check_flag(sloppy, "sloppy")
        self.all_copies = check_flag(all_copies, "all_copies")
        self.timeout_s = check_number(timeout_s, "timeout_s", low=0.0, open_low=True, high=1e9)
        self.clock_skew_s = dict(clock_skew_s or {})
        self._replicas = Replicas(self._owners, handoff_s, self.timeout_s)
        self.nodes = [cluster.machine(f"node-{i}", self._replicas.serve) for i in range(n_nodes)]
        self._names = [node.name for node in self.nodes]

    def boot(self, node):
        """Take up a node's hints again: pass it to `Machine.restart`, ``node.restart(boot)``."""
        self._replicas.boot(node)

    def places(self, key):
        """Return the names of all nodes, the n that hold copies of ``key`` first."""
        if self._place is not None:
            return list(self._place(key))
        start = int(hash_items(key)[0] % len(self._names))
        return self._names[start:] + self._names[:start]

    def stored(self, node, key):
        """Return what a node holds of a key, as a tuple of pairs ``(version, value)``."""
        return self._replicas.stored(node, key)

    def put(self, machine, key, value, *, context=None):
        """Write a value; for a process of ``machine``, by ``yield from``.

        Parameters
        ----------
        machine : Machine
            It coordinates: any of the cluster, a node too.
        key : str, bytes or int
        value : object
        context : VectorClock, optional
            Version that this one follows, as a read returned it, for "vector".

        Returns
        -------
        generator
            ``outcome = yield from store.put(machine, key, value)`` is an `Outcome`.
        """
        version = yield from self._next_version(machine, key, context)
        if version is None:
            return Outcome(False, (), None)
        ok = yield from self._write(machine, key, ((version, value),))
        return Outcome(ok, (value,), version)

    def get(self, machine, key):
        """Read a value; for a process of ``machine``, by ``yield from``.

        Parameters
        ----------
        machine : Machine
            It coordinates: any of the cluster, a node too.
        key : str, bytes or int

        Returns
        -------
        generator
            ``outcome = yield from store.get(machine, key)`` is an `Outcome`.
        """
        ok, found = yield from self._read(machine, key)
        if ok and found and self.write_back:
            ok = yield from self._write(machine, key, found)
        if not ok:
            return Outcome(False, (), None)
        return Outcome(True, tuple(value for _, value in found), _joint([v for v, _ in found]))

    def synchronize(self, node, other, *, depth=10):
        """Compare two nodes and mend what differs; for a process of ``node``, by ``yield from``.

        Parameters
        ----------
        node : Machine
        other : str
            Name of another node.
        depth : int, default 10
            Of the `MerkleTree` over the keys of which both should have copies.

        Returns
        -------
        generator
            ``keys = yield from store.synchronize(node, other)`` is the number of keys of which one
            had older copies, or None if the other does not answer.

        Notes
        -----
        **Cost.** depth + 2 questions, of few hashes if few keys differ, and a message for each key.
        Both nodes build their trees anew for each question, O(keys), from what they hold then.
        """
        check_count(depth, "depth", low=0, high=24)
        return self._replicas.synchronize(node, other, depth)

    # What happens inside.

    def _owners(self, key):
        return self.places(key)[: self.n]

    def _next_version(self, machine, key, context):
        """The version of a new value, which no machine gives twice; None if r do not answer."""
        if self.versions == "wall":
            skew_s = self.clock_skew_s.get(machine.name, 0.0)
            return machine.cluster.now + skew_s, machine.name
        counts = machine.disk.setdefault("counts", {})
        if self.versions == "vector":
            before = VectorClock() if context is None else context
            counts[key] = count = max(counts.get(key, 0), before[machine.name]) + 1
            return before.merge(VectorClock({machine.name: count}))
        ok, found = yield from self._read(machine, key)
        if not ok:
            return None
        last = found[0][0][0] if found else 0
        counts[key] = count = max(counts.get(key, 0), last) + 1
        return count, machine.name

    def _read(self, machine, key):
        """Whether r copies answered, and the newest of what they said."""
        gather = Gather(machine, self._targets(machine, key, self.r), self.r, self.timeout_s)
        replies = yield from gather.ask(("read", key))
        found = newest(pair for reply in replies.values() for pair in reply)
        if self.read_repair and found:
            gather.afterwards(lambda late: self._repair(machine, key, late))
        return len(replies) >= self.r, found

    def _repair(self, machine, key, replies):
        found = newest(pair for reply in replies.values() for pair in reply)
        for name, reply in replies.items():
            if not same(newest((*reply, *found)), reply):
                machine.send(name, ("write", key, found))

    def _write(self, machine, key, pairs):
        """Whether w copies have them, or strangers who keep them for these."""
        message = ("write", key, pairs)
        gather = Gather(machine, self._targets(machine, key, self.w), self.w, self.timeout_s)
        replies = yield from gather.ask(message)
        if len(replies) >= self.w or not self.sloppy:
            return len(replies) >= self.w
        owners = [name for name in self._owners(key) if name not in replies]
        acknowledged = len(replies)
        for stranger in self.places(key)[self.n :]:
            if acknowledged >= self.w or not owners:
                break
            hint = ("hint", key, pairs, owners[0])
            if (yield machine.ask(stranger, hint, timeout_s=self.timeout_s)):
                acknowledged += 1
                owners.pop(0)
        return acknowledged >= self.w

    def _targets(self, machine, key, need):
        copies = self._owners(key)
        if self.all_copies:
            return copies
        return [copies[i] for i in machine.rng.permutation(self.n)[:need]]


class Gather:
    """A question to several machines, of which some answers are waited for and others used later.

    `Machine.ask_all` forgets the answers that come after the needed ones; read repair wants them.
    """

    def __init__(self, machine, targets, need, timeout_s):
        self.machine, self.targets, self.need = machine, targets, need
        self.timeout_s, self.signal = timeout_s, Signal()
        self.replies, self.open, self.after = {}, len(targets), None

    def ask(self, message):
        """Return the replies, by name, when enough have come or none can come any more."""
        for target in self.targets:
            self.machine.start(self._one(target, message))
        if len(self.replies) < self.need and self.open:
            yield self.signal
        return dict(self.replies)

    def afterwards(self, function):
        """Call ``function(replies)`` with all replies, when the last has come or time is over."""
        self.after = function
        self._end()

    def _one(self, target, message):
        reply = yield self.machine.ask(target, message, timeout_s=self.timeout_s)
        self.open -= 1
        if reply is not None:
            self.replies[target] = reply
        if len(self.replies) == self.need or not self.open:
            self.signal.fire()
        self._end()

    def _end(self):
        if not self.open and self.after is not None:
            after, self.after = self.after, None
            after(self.replies)


def _joint(versions):
    """The version that follows all of them; None of none."""
    if len(versions) > 1:
        joint = versions[0]
        for version in versions[1:]:
            joint = joint.merge(version)
        return joint
    return versions[0] if versions else None
