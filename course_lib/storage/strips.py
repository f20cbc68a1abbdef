r"""A store of whole files in coded fragments on simulated servers that crash and are repaired.

    StripStore   a master, which knows where fragments are, and the servers that hold them
    Repair       one fragment that was made anew

Three copies are a code too: one fragment of data and two of parity that are equal to it,
``ReedSolomon(1, 2, rows="powers")``.
"""

import math
from typing import NamedTuple

from course_lib._validation import check_count
from course_lib.cost import Cluster
from course_lib.storage._beats import beat, check_beats
from course_lib.storage.reed_solomon import ReedSolomon, _as_bytes

__all__ = ["Repair", "StripStore"]


class Repair(NamedTuple):
    """A fragment that was made anew on another server."""

    time_s: float
    name: object  # of the file
    index: int  # of the fragment
    server: int
    read_bytes: int  # that other servers sent for it


class StripStore:
    r"""Files in k + m fragments on as many servers, and a master that has lost ones rebuilt.

    Parameters
    ----------
    n_servers : int
        At least as many as fragments.
    code : ReedSolomon, optional
        Not given: three copies, ``ReedSolomon(1, 2, rows="powers")``.
    heartbeat_s : float, default 3
        Seconds between two messages of a server that it is alive.
    patience_s : float, default 10
        Seconds without one after which the master takes a server for dead.
    latency_s, bytes_per_s, rng, meter, trace
        As for `course_lib.cost.Cluster`.

    Attributes
    ----------
    cluster : Cluster
        To run it, crash its machines, cut the network.
    master : Machine
    servers : list of Machine
        Named 0, 1, ...
    repairs : list of Repair
        In the order in which they ended.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type.

    Notes
    -----
    `put` and `get` are processes of a client: ``result = yield from store.get(client, "a")``, or
    ``client.start(store.get(client, "a"))``. A file is written once and not changed.

    Servers keep fragments on their disks, which outlive a crash. When a server is back, it reports
    what it holds, so that one with a new, empty disk (`lose_disk`) is found out. The master is
    assumed not to crash.

    **Cost.** To put a file of s bytes sends s (k + m)/k bytes, to get it s; each fragment that is
    rebuilt, of s/k bytes, makes k servers send one of theirs, s bytes: k times what was lost.

    **Guarantee.** What was put is read back as long as k of its fragments are on disks, and on
    servers that are up and can be reached.

    References
    ----------
    .. [1] K. Shvachko et al., "The Hadoop distributed file system", MSST 2010.

    Examples
    --------
    Nine servers and the code with 6 + 3; three of them crash, and the file is still there:

    >>> store = StripStore(9, code=ReedSolomon(6, 3))
    >>> client = store.client("anna")
    >>> def program():
    ...     stored = yield from store.put(client, "play", b"to be or not to be")
    ...     for server in store.servers[:3]:
    ...         server.crash()
    ...     print(stored, (yield from store.get(client, "play")))
    >>> process = client.start(program())
    >>> store.cluster.run(until_s=20.0)
    True b'to be or not to be'
    """

    def __init__(
        self,
        n_servers,
        *,
        code=None,
        heartbeat_s=3.0,
        patience_s=10.0,
        latency_s=5e-4,
        bytes_per_s=math.inf,
        rng=0,
        meter=None,
        trace=False,
    ):
        self.code = ReedSolomon(1, 2, rows="powers") if code is None else code
        if not isinstance(self.code, ReedSolomon):
            raise TypeError(f"code must be a ReedSolomon or None; got {code!r}.")
        self.n_fragments = self.code.n_data + self.code.n_parity
        n_servers = check_count(n_servers, "n_servers", low=self.n_fragments, high=10**5)
        self.heartbeat_s, self.patience_s = check_beats(heartbeat_s, patience_s)
        self.cluster = Cluster(
            latency_s=latency_s, bytes_per_s=bytes_per_s, rng=rng, meter=meter, trace=trace
        )
        self.repairs = []
        self.master = self.cluster.machine("master", self._serve_master)
        new = dict.fromkeys(range(n_servers), 0.0)  # when each was heard last, and when its disk
        self.master.memory.update(files={}, heard=new, disks=dict(new), made=0)
        self.servers = [self.cluster.machine(i, self._serve) for i in range(n_servers)]
        for server in self.servers:
            server.disk["since_s"] = 0.0
            server.start(beat(server, self.heartbeat_s))
        self.master.start(self._watch())

    def client(self, name):
        """Return a new machine for a client."""
        return self.cluster.machine(name)

    def restart(self, server):
        """Start a crashed server again, with what is on its disk."""
        self.servers[server].restart(lambda machine: machine.start(self._boot(machine)))

    def lose_disk(self, server):
        """Crash a server and empty its disk."""
        self.servers[server].crash()
        self.servers[server].disk.clear()
        self.servers[server].disk["since_s"] = self.cluster.now

    def holders(self, name):
        """Return where the master believes the fragments of a file are: a dict of index to server.

        Raises
        ------
        ValueError
            If there is no such file.
        """
        files = self.master.memory["files"]
        if name not in files:
            raise ValueError(f"name must be one of a file that was put; got {name!r}.")
        return dict(files[name]["holders"])

    def put(self, client, name, message, *, timeout_s=5.0, attempts=10):
        """Write a file; a process of a client, whose result is whether it was stored.

        Parameters
        ----------
        client : Machine
        name : hashable
            A new one.
        message : bytes or array_like of integers from 0 to 255, shape (size,)
        timeout_s : float, default 5
            For each answer.
        attempts : int, default 10
            Sets of servers that are tried.
        """
        message = _as_bytes(message, "message")
        data = self.code.split(message)
        fragments = [*data, *self.code.encode(data)]
        stamps = set()
        for _ in range(attempts):
            reply = yield client.ask("master", ("place", name), timeout_s=timeout_s)
            if reply is None or reply[1] == []:
                yield client.sleep(self.heartbeat_s)
                continue
            stamp, servers = reply
            if servers is None:  # there is one of this name: perhaps ours, and the answer was lost
                return stamp in stamps
            stamps.add(stamp)
            question = {
                server: ("store", stamp, i, fragments[i]) for i, server in enumerate(servers)
            }
            disks = yield from _ask_each(client, question, timeout_s)
            if len(disks) == len(servers):
                holders = {i: (server, disks[server]) for i, server in enumerate(servers)}
                question = ("commit", name, stamp, len(message), holders)
                if (yield client.ask("master", question, timeout_s=timeout_s)):
                    return True
        return False

    def get(self, client, name, *, timeout_s=5.0, attempts=10):
        """Read a file; a process of a client, whose result is its bytes, or None if that failed.

        Parameters
        ----------
        client, name, timeout_s, attempts
            As for `put`.

        Notes
        -----
        It asks k servers, data before parity, and others in place of those that do not answer.
        """
        for _ in range(attempts):
            reply = yield client.ask("master", ("locate", name), timeout_s=timeout_s)
            if reply is not None:
                stamp, size, holders = reply
                rows = yield from self._gather(client, stamp, holders, timeout_s)
                if len(rows) == self.code.n_data:
                    return self.code.decode(rows).ravel()[:size].tobytes()
            yield client.sleep(self.heartbeat_s)
        return None

    def _gather(self, machine, stamp, holders, timeout_s):
        """Fetch k fragments, so many at a time as are still missing."""
        rows, waiting = {}, sorted(holders)
        while len(rows) < self.code.n_data and waiting:
            need = self.code.n_data - len(rows)
            asked, waiting = waiting[:need], waiting[need:]
            question = {holders[i]: ("fetch", stamp, i) for i in asked}
            replies = yield from _ask_each(machine, question, timeout_s)
            rows.update({i: replies[holders[i]] for i in asked if holders[i] in replies})
        return rows

    # What servers do.

    def _serve(self, machine, source, message):
        kind, *rest = message
        if kind == "store":
            stamp, i, row = rest
            machine.disk[stamp, i] = row
            return machine.disk["since_s"]
        if kind == "fetch":
            return machine.disk.get(tuple(rest))
        return self._rebuild(machine, *rest)

    def _rebuild(self, machine, stamp, i, holders):
        rows = yield from self._gather(machine, stamp, holders, self.patience_s)
        if len(rows) < self.code.n_data:
            return None
        machine.disk[stamp, i] = self.code.rebuild(rows, i)
        return sum(row.nbytes for row in rows.values()), machine.disk["since_s"]

    def _boot(self, machine):
        reported = None
        while reported is None:
            held = [key for key in machine.disk if key != "since_s"]
            question = ("report", machine.disk["since_s"], held)
            reported = yield machine.ask("master", question, timeout_s=self.heartbeat_s)
        yield from beat(machine, self.heartbeat_s)

    # What the master does.

    def _serve_master(self, machine, source, message):
        kind, *rest = message
        files, heard = machine.memory["files"], machine.memory["heard"]
        if source in heard:
            heard[source] = self.cluster.now
        if kind == "place":
            if rest[0] in files:
                return files[rest[0]]["stamp"], None
            machine.memory["made"] += 1
            return machine.memory["made"], self._place(self.n_fragments, ())
        if kind == "commit":
            return self._commit(*rest)
        if kind == "locate":
            made = files.get(rest[0])
            return None if made is None else (made["stamp"], made["size"], made["holders"])
        if kind == "report":
            return self._report(source, *rest)
        return None

    def _commit(self, name, stamp, size, holders):
        """Make a file known, unless a server got a new disk since it stored its fragment."""
        files, disks = self.master.memory["files"], self.master.memory["disks"]
        if name not in files and all(disks[server] == disk for server, disk in holders.values()):
            servers = {i: server for i, (server, _) in holders.items()}
            files[name] = {"stamp": stamp, "size": size, "holders": servers}
        return name in files and files[name]["stamp"] == stamp

    def _report(self, source, disk, held):
        """Forget the fragments that a server no longer has."""
        if disk < self.master.memory["disks"][source]:  # it comes late, from an earlier life
            return None
        self.master.memory["disks"][source] = disk
        for made in self.master.memory["files"].values():
            for i, server in list(made["holders"].items()):
                if server == source and (made["stamp"], i) not in held:
                    del made["holders"][i]
        return True

    def _alive(self):
        since = self.cluster.now - self.patience_s
        return [server for server, time_s in self.master.memory["heard"].items() if time_s >= since]

    def _place(self, n, taken):
        """Return n servers that are alive and not taken, drawn at random; none if there are not."""
        free = [server for server in self._alive() if server not in taken]
        if len(free) < n:
            return []
        return [free[i] for i in self.master.rng.permutation(len(free))[:n].tolist()]

    def _watch(self):
        """Have every fragment rebuilt whose server is dead, one after another."""
        while True:
            yield self.master.sleep(self.heartbeat_s)
            alive = self._alive()
            for name, made in list(self.master.memory["files"].items()):
                for i in range(self.n_fragments):
                    if made["holders"].get(i) not in alive:
                        yield from self._repair(name, made, i)
                        alive = self._alive()

    def _repair(self, name, made, i):
        alive = set(self._alive())
        holders = {j: server for j, server in made["holders"].items() if server in alive}
        target = self._place(1, set(made["holders"].values()))
        if len(holders) < self.code.n_data or not target:
            return
        question = ("rebuild", made["stamp"], i, holders)
        reply = yield self.master.ask(target[0], question, timeout_s=4 * self.patience_s)
        if reply is not None and reply[1] == self.master.memory["disks"][target[0]]:
            made["holders"][i] = target[0]
            self.repairs.append(Repair(self.cluster.now, name, i, target[0], reply[0]))


def _ask_each(machine, questions, timeout_s):
    """Ask each machine its own question; the result is a dict of the replies that are not None."""

    def ask(target, message):
        return (yield machine.ask(target, message, timeout_s=timeout_s))

    waits = {target: machine.start(ask(target, questions[target])) for target in questions}
    replies = {}
    for target, wait in waits.items():
        reply = yield wait
        if reply is not None:
            replies[target] = reply
    return replies
