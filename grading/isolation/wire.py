"""Whole messages over a socket, each within a deadline and a size."""

import json
import struct
import time

__all__ = ["ENDED", "BrokenBorder", "Unportable", "Wire"]

HEADER_BYTES = 16 << 20
MESSAGE_BYTES = 256 << 20
ENDED = "the process ended."


class Unportable(TypeError):
    """A value that may not cross, with the sentence that says why."""


class BrokenBorder(ConnectionError):
    """The other side closed the connection, kept it busy for too long or sent nonsense."""


class Wire:
    """Whole messages over a connected socket, each within a deadline.

    Parameters
    ----------
    sock : socket.socket
        One end of a pair.
    limit : int
        The largest message to accept, in bytes.
    """

    def __init__(self, sock, limit=MESSAGE_BYTES):
        self.sock = sock
        self.limit = limit

    def send(self, header, buffers=(), deadline=None):
        """Send one message; `deadline` is a `time.monotonic` value in seconds."""
        header["buffers"] = [len(buffer) for buffer in buffers]
        text = json.dumps(header).encode()
        if len(text) > HEADER_BYTES or len(text) + sum(header["buffers"]) > self.limit:
            raise Unportable(f"a value larger than {self.limit >> 20} MB cannot be checked.")
        try:
            self._patience(deadline)
            self.sock.sendall(struct.pack(">I", len(text)) + text)
            for buffer in buffers:
                self._patience(deadline)
                self.sock.sendall(memoryview(buffer))
        except OSError as error:
            raise BrokenBorder(_reason(error)) from None

    def receive(self, deadline=None):
        """Return ``(header, buffers)`` of the next message."""
        (size,) = struct.unpack(">I", self._read(4, deadline))
        if size > HEADER_BYTES:
            raise BrokenBorder("a message was too large.")
        try:
            header = json.loads(self._read(size, deadline))
            sizes = [int(size) for size in header["buffers"]]
        except (ValueError, TypeError, KeyError, RecursionError, MemoryError):
            raise BrokenBorder("a message could not be read.") from None
        if min(sizes, default=0) < 0 or sum(sizes) > self.limit:
            raise BrokenBorder("a message was too large.")
        try:
            return header, [self._read(size, deadline) for size in sizes]
        except MemoryError:
            raise BrokenBorder("a message did not fit into the memory that is left.") from None

    def _read(self, size, deadline):
        buffer = bytearray(size)
        view, done = memoryview(buffer), 0
        while done < size:
            try:
                self._patience(deadline)
                count = self.sock.recv_into(view[done:])
            except OSError as error:
                raise BrokenBorder(_reason(error)) from None
            if not count:
                raise BrokenBorder(ENDED)
            done += count
        return buffer

    def _patience(self, deadline):
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)

    def close(self):
        """Close the connection; the other side reads its end."""
        self.sock.close()


def _reason(error):
    if isinstance(error, TimeoutError):
        return "the process did not answer in time."
    return ENDED
