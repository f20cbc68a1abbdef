"""The master of a chunk store: it knows the chunks and their copies, and grants leases.

On its disk are the names of files, and of each chunk the version and the servers whose copies hold
all that was acknowledged. In its memory are the leases, when it heard which server last, and the
chunks that are being copied.
"""

__all__ = ["ChunkMaster"]


class ChunkMaster:
    """The program of the master of one store, see `ChunkStore`."""

    def __init__(self, store):
        self.store = store

    def serve(self, machine, source, message):
        kind, *rest = message
        if source in machine.memory["heard"]:
            machine.memory["heard"][source] = self.store.cluster.now
        return getattr(self, kind)(machine, source, *rest)

    def boot(self, machine, no_lease_s):
        """Begin, and grant no lease for so many seconds by the own clock."""
        machine.disk.setdefault("files", {})
        machine.disk.setdefault("chunks", {})
        heard = dict.fromkeys(range(self.store.n_servers), self.store.cluster.now)
        start = self.store.clock(machine) + no_lease_s
        machine.memory.update(heard=heard, leases={}, closed={}, start=start)
        machine.start(self.watch(machine))

    def alive(self, machine, source):
        """Hear that a server is up; that is noted already."""

    def report(self, machine, source, chunks):
        """Tell a server that has come back which of its copies are out of date."""
        for chunk in chunks:
            known = machine.disk["chunks"][chunk]
            if source not in known["servers"]:
                machine.send(source, ("drop", chunk, known["version"]))

    def tail(self, machine, source, name):
        """Return the last chunk of a file, its servers and its primary; make the file if needed."""
        if name not in machine.disk["files"]:
            machine.disk["files"][name] = []
        chunks = machine.disk["files"][name]
        if not chunks and not self._make(machine, chunks):
            return None
        return self._where(machine, chunks[-1])

    def chunks(self, machine, source, name):
        """Return the chunks of a file, as `tail` does the last."""
        return [self._where(machine, chunk) for chunk in machine.disk["files"].get(name, ())]

    def grow(self, machine, source, name, chunk):
        """Add a chunk to a file, after one that is full."""
        chunks = machine.disk["files"][name]
        return chunks[-1] != chunk or self._make(machine, chunks)

    def lease(self, machine, source, chunk):
        """Return version and servers if the source may order what is appended, or None."""
        clock, known = self.store.clock(machine), machine.disk["chunks"][chunk]
        holder, until, alive = self._lease_of(machine, chunk), 0.0, self._up(machine)
        if source not in known["servers"]:
            return None
        if holder is not None:
            short = not alive.issuperset(known["servers"])
            if holder != source or short or chunk in machine.memory["closed"]:
                return None
        elif clock < machine.memory["start"] or chunk in machine.memory["closed"]:
            return None
        else:
            known["servers"] = [server for server in known["servers"] if server in alive]
            known["version"] += 1
        until = clock + self.store.lease_s
        machine.memory["leases"][chunk] = source, until
        return known["version"], known["servers"]

    def watch(self, machine):
        """Have chunks copied that have too few copies on servers that are up; a process.

        While a lease runs copies may change: it is not renewed, and the chunk copied when it is
        over.
        """
        while True:
            yield machine.sleep(self.store.heartbeat_s)
            for chunk in list(machine.disk["chunks"]):
                clock = self.store.clock(machine)
                closed = machine.memory["closed"]
                if not self._pair(machine, chunk):
                    closed.pop(chunk, None)
                    continue
                closed.setdefault(chunk, clock)
                if self._lease_of(machine, chunk) is None and clock >= machine.memory["start"]:
                    yield from self._copy(machine, chunk)

    def _copy(self, machine, chunk):
        source, target = self._pair(machine, chunk)
        known = machine.disk["chunks"][chunk]
        question = ("clone", chunk, source, known["version"])
        done = yield machine.ask(target, question, timeout_s=2 * self.store.patience_s)
        if done:
            known["servers"] = [*known["servers"], target]
            self.store.note_copy(chunk, source, target)
        del machine.memory["closed"][chunk]  # open until the next round, for at least a lease

    def _pair(self, machine, chunk):
        """Return the servers to copy a chunk from and to, or None if that is not needed."""
        up, servers = self._up(machine), machine.disk["chunks"][chunk]["servers"]
        sources = [server for server in servers if server in up]
        targets = sorted(up.difference(servers))
        if not sources or not targets or len(sources) >= self.store.copies:
            return None
        return sources[0], targets[int(machine.rng.integers(len(targets)))]

    def _lease_of(self, machine, chunk):
        """Return who has the lease of a chunk, by the clock of the master, or None."""
        holder, until = machine.memory["leases"].get(chunk, (None, 0.0))
        return holder if self.store.clock(machine) < until else None

    def _up(self, machine):
        since = self.store.cluster.now - self.store.patience_s
        return {server for server, heard in machine.memory["heard"].items() if heard >= since}

    def _make(self, machine, chunks):
        up = sorted(self._up(machine))
        if len(up) < self.store.copies:
            return False
        drawn = machine.rng.permutation(len(up))[: self.store.copies].tolist()
        chunk = len(machine.disk["chunks"])
        machine.disk["chunks"][chunk] = {"version": 0, "servers": [up[i] for i in drawn]}
        chunks.append(chunk)
        return True

    def _where(self, machine, chunk):
        servers = machine.disk["chunks"][chunk]["servers"]
        return chunk, list(servers), self._lease_of(machine, chunk)
