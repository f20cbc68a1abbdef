r"""A store of files that many clients append to: a master, chunk servers, leases, three copies.

ChunkStore       the store, on a simulated cluster whose clocks are not quite right
Lease            how long a server took itself for the primary of a chunk
Record           what was appended, and where it lies
safe_hold_s      how long a holder may trust a lease
two_primaries    leases that overlap
"""

import itertools
import math
from typing import NamedTuple

from course_lib._validation import as_rng, check_count, check_number
from course_lib.cost import Cluster, size_bytes
from course_lib.storage._beats import beat, check_beats
from course_lib.storage._chunk_master import ChunkMaster
from course_lib.storage._chunk_server import ChunkServer

__all__ = ["ChunkStore", "Lease", "Record", "safe_hold_s", "two_primaries"]


class Lease(NamedTuple):
    """A time in which a server took itself for the primary of a chunk, or would have if alive."""

    chunk: int
    server: int
    version: int
    start_s: float  # true time, which no machine knows
    end_s: float


class Record(NamedTuple):
    """A record as a reader finds it."""

    chunk: int
    offset: int
    value: object


def safe_hold_s(lease_s, drift):
    r"""Return how long the holder of a lease may trust it, by its own clock, from its request on.

    Parameters
    ----------
    lease_s : float
        :math:`L`, for which the master grants it, by the master's clock.
    drift : float
        :math:`e`, from 0 to below 1: in a true second a clock advances by 1 - e to 1 + e.

    Returns
    -------
    float
        :math:`L (1 - e) / (1 + e)`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** Never two holders. The master grants at a time t, and to nobody else before its
    clock has advanced by L, which takes at least :math:`L / (1 + e)` true seconds. The holder stops
    when its clock has advanced by :math:`h`, which takes at most :math:`h / (1 - e)`, from a
    request that was sent before t. So :math:`h / (1 - e) \le L / (1 + e)` is enough, and with these
    clocks nothing more is. Counted from the *reply*, which comes after t, no h is safe, since it
    may be long under way.

    References
    ----------
    .. [1] C. Gray, D. Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file
       cache consistency", SOSP 1989.

    Examples
    --------
    >>> round(safe_hold_s(10.0, 0.01), 3)
    9.802
    """
    lease_s = check_number(lease_s, "lease_s", low=0.0, high=1e9, open_low=True)
    drift = check_number(drift, "drift", low=0.0, high=1.0, open_high=True)
    return lease_s * (1 - drift) / (1 + drift)


def two_primaries(leases):
    """Return the pairs of leases of one chunk that two servers held at the same time.

    Parameters
    ----------
    leases : sequence of Lease

    Returns
    -------
    list of (Lease, Lease)
        The earlier one first.

    Raises
    ------
    TypeError
        If something is no `Lease`.

    Examples
    --------
    >>> two_primaries([Lease(0, 1, 1, 0.0, 10.0), Lease(0, 2, 2, 10.0, 20.0)])
    []
    >>> len(two_primaries([Lease(0, 1, 1, 0.0, 10.0), Lease(0, 2, 2, 9.0, 19.0)]))
    1
    """
    leases = list(leases)
    for lease in leases:
        if not isinstance(lease, Lease):
            raise TypeError(f"leases must be a sequence of Lease; got {lease!r} in it.")
    leases.sort(key=lambda lease: (lease.chunk, lease.start_s))
    pairs = []
    for i, first in enumerate(leases):
        for second in itertools.islice(leases, i + 1, None):
            if second.chunk != first.chunk or second.start_s >= first.end_s:
                break
            if second.server != first.server:
                pairs.append((first, second))
    return pairs


class ChunkStore:
    r"""Files in chunks, each on several servers, of which one for a time orders what is appended.

    Parameters
    ----------
    n_servers : int
        Chunk servers, at least ``copies``.
    copies : int, default 3
        Of each chunk.
    chunk_bytes : int, default 2**26
        What a chunk holds at most. A record is in one chunk.
    lease_s : float, default 10
        Seconds of a lease, by the clock of the master.
    drift : float, default 0.01
        Clocks advance by 1 - drift to 1 + drift in a second; each draws its rate.
    hold_s : float, optional
        Seconds for which a primary trusts its lease, by its own clock. Not given: `safe_hold_s`.
    hold_from : {"request", "reply"}, default "request"
        From when it counts them; the second is unsafe, and here to be measured.
    heartbeat_s, patience_s : float, default 3 and 10
        As for `StripStore`.
    timeout_s : float, default 1
        For an answer of a machine.
    latency_s, bytes_per_s, loss, rng, meter, trace
        As for `course_lib.cost.Cluster`.

    Attributes
    ----------
    cluster : Cluster
        To run it, crash its machines, cut the network.
    master : Machine
    servers : list of Machine
        Named 0, 1, ...
    rates : dict
        What the clock of each machine advances by in a second.
    leases : list of Lease
        All that were granted so far.
    clones : list of (float, int, int, int)
        Time, chunk, from and to which server it was copied.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type.

    Notes
    -----
    `append` and `read` are processes of a client, as in `StripStore`. Machines crash with
    ``store.servers[2].crash()`` and come back with `restart`; disks outlive a crash.

    A client asks the master for the last chunk and its primary, and sends the record there. The
    primary chooses the offset, writes, has all other copies written, and acknowledges if all were
    while its lease still ran. What fails is tried again at another offset: a copy may hold a record
    twice, or one that was never acknowledged, and have gaps. Each new lease raises the version of
    the chunk. Copies on servers that are down at that time are out of date from then on.

    It differs from the Google file system [1] in that the server that a client asks requests the
    lease, the record goes to the primary and from there to the others (there along a chain, before
    and apart from the order to write it), and a chunk is not written while it is copied.

    **Cost.** A record of s bytes: ``copies`` times s bytes and 2 + 2 ``copies`` messages in the
    first half of a lease, two with the master, two with the primary and two with each other copy.
    In the second half the primary asks for more first.

    **Guarantee.** With the default ``hold_s`` and ``hold_from``, whatever crashes (the master too)
    and however messages are delayed or lost, there are never two primaries of a chunk, and what was
    acknowledged is, at its offset, in every copy that the master lists: *at least once*. These are
    ``copies`` after each repair, or more if a server came back that still counts, or fewer while
    there are no spare servers.

    References
    ----------
    .. [1] S. Ghemawat, H. Gobioff, S.-T. Leung, "The Google file system", SOSP 2003.

    Examples
    --------
    >>> store = ChunkStore(5)
    >>> client = store.client("anna")
    >>> def program():
    ...     for word in [b"to", b"be"]:
    ...         print((yield from store.append(client, "play", word)))
    ...     print((yield from store.read(client, "play")))
    >>> process = client.start(program())
    >>> store.cluster.run(until_s=5.0)
    (0, 0)
    (0, 2)
    [Record(chunk=0, offset=0, value=b'to'), Record(chunk=0, offset=2, value=b'be')]
    """

    def __init__(
        self,
        n_servers,
        *,
        copies=3,
        chunk_bytes=1 << 26,
        lease_s=10.0,
        drift=0.01,
        hold_s=None,
        hold_from="request",
        heartbeat_s=3.0,
        patience_s=10.0,
        timeout_s=1.0,
        latency_s=5e-4,
        bytes_per_s=math.inf,
        loss=0.0,
        rng=0,
        meter=None,
        trace=False,
    ):
        self.copies = check_count(copies, "copies", low=1, high=100)
        self.n_servers = check_count(n_servers, "n_servers", low=self.copies, high=10**5)
        self.chunk_bytes = check_count(chunk_bytes, "chunk_bytes", low=1)
        self.lease_s, safe_s = lease_s, safe_hold_s(lease_s, drift)
        self.hold_s = safe_s if hold_s is None else check_number(hold_s, "hold_s", low=0.0)
        if not isinstance(hold_from, str) or hold_from not in ("request", "reply"):
            raise ValueError(f"hold_from must be 'request' or 'reply'; got {hold_from!r}.")
        self.hold_from = hold_from
        self.heartbeat_s, self.patience_s = check_beats(heartbeat_s, patience_s)
        self.timeout_s = check_number(timeout_s, "timeout_s", low=0.0, high=1e9, open_low=True)
        rng = as_rng(rng)
        self.cluster = Cluster(
            latency_s=latency_s,
            bytes_per_s=bytes_per_s,
            loss=loss,
            rng=rng,
            meter=meter,
            trace=trace,
        )
        self._start(rng.uniform(1 - drift, 1 + drift, self.n_servers + 1).tolist())

    def _start(self, rates):
        self.leases, self.clones, self._noted = [], [], {}
        self._master = ChunkMaster(self)
        self.rates = {"master": rates[-1], **dict(enumerate(rates[:-1]))}
        serve = ChunkServer(self).serve
        self.master = self.cluster.machine("master", self._master.serve)
        self.servers = [self.cluster.machine(i, serve) for i in range(self.n_servers)]
        self._master.boot(self.master, 0.0)
        for server in self.servers:
            server.start(beat(server, self.heartbeat_s))

    def client(self, name):
        """Return a new machine for a client."""
        return self.cluster.machine(name)

    def restart(self, server):
        """Start a crashed server again, given by its number, or the master, by its name."""
        if server == "master":  # which forgot who has leases
            self.master.restart(lambda machine: self._master.boot(machine, self.lease_s))
        else:
            self.servers[server].restart(self._boot)

    def _boot(self, machine):
        machine.send("master", ("report", list(machine.disk)))
        machine.start(beat(machine, self.heartbeat_s))

    def append(self, client, name, record, *, attempts=100):
        """Append a record to a file; a process of a client.

        Its result is ``(chunk, offset)`` if it was acknowledged, or None; then it may be there or
        not, or be there once and then no more.

        Parameters
        ----------
        client : Machine
        name : hashable
            Of a file, which is made if there is none.
        record : object
            Of 1 to ``chunk_bytes`` bytes, as `course_lib.cost.size_bytes` counts.
        attempts : int, default 100
            With `timeout_s` between two.
        """
        high = self.chunk_bytes
        check_count(size_bytes(record), "bytes of a record", low=1, high=high, high_name="a chunk")
        for _ in range(attempts):
            reply = yield client.ask("master", ("tail", name), timeout_s=self.timeout_s)
            if reply is not None:
                chunk, servers, primary = reply
                if primary is None:
                    primary = servers[int(client.rng.integers(len(servers)))]
                question = ("append", chunk, record)
                offset = yield client.ask(primary, question, timeout_s=3 * self.timeout_s)
                if offset == "full":
                    question = ("grow", name, chunk)
                    yield client.ask("master", question, timeout_s=self.timeout_s)
                    continue
                if offset is not None:
                    return chunk, offset
            yield client.sleep(self.timeout_s)
        return None

    def read(self, client, name, *, attempts=100):
        """Read a file; a process of a client.

        Its result is a list of `Record`, chunk by chunk in the order of their offsets, each from
        one copy, or None if some chunk could not be read.

        Parameters
        ----------
        client, name, attempts
            As for `append`.
        """
        for _ in range(attempts):
            chunks = yield client.ask("master", ("chunks", name), timeout_s=self.timeout_s)
            found = []
            for chunk, servers, _ in chunks or []:
                for i in client.rng.permutation(len(servers)).tolist():
                    records = yield client.ask(
                        servers[i], ("read", chunk), timeout_s=self.timeout_s
                    )
                    if records is not None:
                        found.append([Record(chunk, at, records[at]) for at in sorted(records)])
                        break
            if chunks is not None and len(found) == len(chunks):
                return list(itertools.chain(*found))
            yield client.sleep(self.timeout_s)
        return None

    def holders(self, chunk):
        """Return the servers whose copies of a chunk the master lists as up to date."""
        chunks = self.master.disk["chunks"]
        check_count(chunk, "chunk", low=0, high=len(chunks) - 1)
        return list(chunks[chunk]["servers"])

    # For the programs of the machines.

    def clock(self, machine):
        """Return what the clock of a machine shows."""
        return self.rates[machine.name] * self.cluster.now

    def note_lease(self, chunk, machine, version, until):
        """Note until when a machine takes itself for the primary, by its own clock."""
        end_s = until / self.rates[machine.name]
        key = chunk, machine.name, version
        if key in self._noted:  # it was renewed
            i = self._noted[key]
            self.leases[i] = self.leases[i]._replace(end_s=max(end_s, self.leases[i].end_s))
        else:
            self._noted[key] = len(self.leases)
            self.leases.append(Lease(*key, self.cluster.now, end_s))

    def note_copy(self, chunk, source, target):
        """Note that a chunk was copied."""
        self.clones.append((self.cluster.now, chunk, source, target))
