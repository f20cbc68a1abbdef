"""Chunk servers: they hold copies of chunks, and one of them for a time orders what is appended.

What is on the disk of a server, by number of a chunk: a dict with

version : int
    Of the last lease under which it was written.
records : dict of int to object
    By the offset at which they begin. Gaps between them are padding.
starts : list of int
    These offsets, sorted.
end : int
    The first free byte.
"""

import bisect

from course_lib.cost import size_bytes

__all__ = ["ChunkServer"]


class ChunkServer:
    """The program of the chunk servers of one store, see `ChunkStore`."""

    def __init__(self, store):
        self.store = store

    def serve(self, machine, source, message):
        kind, *rest = message
        return getattr(self, kind)(machine, *rest)

    def read(self, machine, chunk):
        """Return what this copy holds, or None if it was deleted."""
        held = machine.disk.get(chunk, {"records": {}})  # nothing was written yet
        return None if held is None else dict(held["records"])

    def clone(self, machine, chunk, source, version):
        """Copy a chunk from another server; a process."""
        reply = yield machine.ask(source, ("read", chunk), timeout_s=self.store.patience_s)
        held = machine.disk.get(chunk)
        if reply is None or (held is not None and held["version"] > version):
            return None  # no answer, or it comes late, and what is here is newer
        starts = sorted(reply)
        end = starts[-1] + size_bytes(reply[starts[-1]]) if starts else 0
        machine.disk[chunk] = {
            "version": version,
            "records": reply,
            "starts": starts,
            "end": end,
        }
        return True

    def drop(self, machine, chunk, version):
        """Delete a copy that is out of date."""
        held = machine.disk.get(chunk)
        if held is not None and held["version"] < version:
            machine.disk[chunk] = None

    def append(self, machine, chunk, record):
        """Append a record at an offset that this server chooses; a process.

        The result is the offset, "full", or None if this server is not the primary, or a copy
        could not be written, or the lease ran out before all were.
        """
        lease = yield from self._lease(machine, chunk)
        if lease is None:
            return None
        version, replicas = lease
        held, n_bytes = self._held(machine, chunk, version), size_bytes(record)
        offset = held["end"]
        if offset + n_bytes > self.store.chunk_bytes:
            return "full"
        write(held, offset, record)
        others = [server for server in replicas if server != machine.name]
        question = ("mutate", chunk, version, offset, record)
        replies = yield machine.ask_all(others, question, timeout_s=self.store.timeout_s)
        written = len(replies) == len(others) and all(replies.values())
        return offset if written and self._holds(machine, chunk, version) else None

    def mutate(self, machine, chunk, version, offset, record):
        """Write where the primary says, unless there was a later primary."""
        held = self._held(machine, chunk, version)
        if held["version"] > version:
            return None
        held["version"] = version
        write(held, offset, record)
        return True

    def _held(self, machine, chunk, version):
        if machine.disk.get(chunk) is None:
            machine.disk[chunk] = {"version": version, "records": {}, "starts": [], "end": 0}
        return machine.disk[chunk]

    def _holds(self, machine, chunk, version):
        """Whether this server has the lease of this version, by its own clock."""
        lease = machine.memory.get(chunk)
        clock = self.store.clock(machine)
        return lease is not None and lease[0] == version and clock < lease[2]

    def _lease(self, machine, chunk):
        """Return version and servers of a lease of one's own, renewed in its second half."""
        lease = machine.memory.get(chunk)
        requested = self.store.clock(machine)
        if lease is not None and requested < lease[2] - self.store.hold_s / 2:
            return lease[:2]
        reply = yield machine.ask("master", ("lease", chunk), timeout_s=self.store.timeout_s)
        if reply is not None:
            self._note(machine, chunk, reply, requested)
        lease = machine.memory.get(chunk)
        return lease[:2] if lease is not None and self._holds(machine, chunk, lease[0]) else None

    def _note(self, machine, chunk, reply, requested):
        """Keep a lease, unless it is over already or there is a later one, of another process."""
        version, servers = reply
        begin = requested if self.store.hold_from == "request" else self.store.clock(machine)
        until = begin + self.store.hold_s
        held, lease = self._held(machine, chunk, version), machine.memory.get(chunk)
        held["version"] = max(held["version"], version)
        later = lease is None or (lease[0], lease[2]) < (version, until)
        if later and self.store.clock(machine) < until:
            machine.memory[chunk] = version, servers, until
            self.store.note_lease(chunk, machine, version, until)


def write(held, offset, record):
    """Put a record at an offset, over what an earlier primary left there without success."""
    end = offset + size_bytes(record)
    records, starts = held["records"], held["starts"]
    first = bisect.bisect_left(starts, offset)
    if first and starts[first - 1] + size_bytes(records[starts[first - 1]]) > offset:
        first -= 1
    last = bisect.bisect_left(starts, max(end, offset + 1), first)
    for at in starts[first:last]:
        del records[at]
    starts[first:last] = [offset]
    records[offset] = record
    held["end"] = max(held["end"], end)
