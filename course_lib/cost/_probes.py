"""The measurements behind a machine profile, each as small as its question."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from numba import njit
from threadpoolctl import threadpool_limits

__all__ = ["Probes", "cache_sizes"]

# Time that this thread ran, so that a busy machine does not look slow; where that clock is too
# coarse, as on Windows, time that passed.
FINE = time.get_clock_info("thread_time").resolution < 1e-5
RUNNING = time.thread_time if FINE else time.perf_counter
PASSING = time.perf_counter  # for disks and processes, which run elsewhere

LINE_BYTES = 64  # of a cache line
READS = 1 << 16  # random reads in one repetition
FILE_BYTES = 64 << 20
BLOCK_BYTES = 1 << 20


class Probes:
    """Measures one thing at a call; ``spread`` is the worst unrest seen so far."""

    def __init__(self):
        self.spread = 1.0
        self._rng = np.random.default_rng(0)  # where addresses point does not matter

    def memory(self, footprint_bytes):
        """Return bandwidth in bytes a second, latency and gather in seconds, at a footprint."""
        bandwidth, gather = self._table(np.ones(footprint_bytes // 8))
        return bandwidth, self._latency(footprint_bytes), gather

    def _table(self, table):
        """Return the bytes a second of reading a table in order, the seconds of one gather."""
        sweeps = max(1, (1 << 23) // table.nbytes)
        bandwidth = table.nbytes * sweeps / self._median(lambda: _read(table, sweeps), 7)
        # Each repetition reads addresses that the last one did not, else it would find them
        # in the cache, however large the table.
        addresses = iter(self._rng.integers(0, len(table), (8, 4 * READS)))
        return bandwidth, self._median(lambda: _gather(table, next(addresses)), 7) / (4 * READS)

    def _latency(self, footprint_bytes):
        """Return the seconds of a read whose address the read before it has found."""
        chain, position = self._chain(footprint_bytes), 0

        def chase():
            nonlocal position  # go on where the last repetition stopped, for the same reason
            position = _chase(chain, position, READS)

        return self._median(chase, 7) / READS

    def copy(self, footprint_bytes):
        """Return the bytes a second, read and written, of copying an array."""
        source = np.ones(footprint_bytes // 8)
        target = np.zeros_like(source)
        return 2 * source.nbytes / self._median(lambda: np.copyto(target, source), 5)

    def matrix_product(self, dtype, n=1024):
        """Return the flops a second of a square matrix product on one thread."""
        A = self._rng.standard_normal((n, n)).astype(dtype)
        B, C = A.T.copy(), np.empty_like(A)
        with threadpool_limits(1, user_api="blas"):
            return 2 * n**3 / self._median(lambda: np.matmul(A, B, out=C), 7)

    def file(self):
        """Return bytes a second from the disk, None if it cannot be reached, and from memory."""
        with tempfile.TemporaryFile(buffering=0) as file:
            block = self._rng.bytes(BLOCK_BYTES)
            for _ in range(FILE_BYTES // BLOCK_BYTES):
                file.write(block)
            os.fsync(file.fileno())
            cold = []
            for _ in range(3):
                if not _forget(file.fileno()):
                    break
                cold.append(_timed(lambda: _read_file(file), PASSING))
            cached = FILE_BYTES / self._median(lambda: _read_file(file), 5, PASSING)
        return (FILE_BYTES / float(np.median(cold)) if cold else None), cached

    def call(self):
        """Return the seconds of one call of an empty Python function."""

        def nothing():
            pass

        def loop():
            for _ in range(20_000):
                nothing()

        return self._median(loop, 7) / 20_000

    def process_start(self):
        """Return the seconds to start a Python process that does nothing, and to see it end."""
        command = [sys.executable, "-I", "-S", "-c", ""]
        return self._median(lambda: subprocess.run(command, check=True), 5, PASSING)

    def _median(self, function, repetitions, clock=RUNNING):
        """Return the median seconds of a call, after one that warms caches and compilers."""
        function()
        seconds = [_timed(function, clock) for _ in range(repetitions)]
        middle, upper = np.quantile(seconds, [0.5, 0.75])
        self.spread = max(self.spread, float(upper / middle))
        return float(middle)

    def _chain(self, footprint_bytes):
        """Return positions, one in each cache line, that lead round in one random cycle."""
        stride = LINE_BYTES // 8
        lines = footprint_bytes // LINE_BYTES
        chain = np.zeros(lines * stride, dtype=np.int64)
        order = self._rng.permutation(lines) * stride
        chain[order] = np.roll(order, -1)
        return chain


def cache_sizes():
    """Return name and bytes of each data cache of the first core, smallest first, if known."""
    sizes = {}
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        with contextlib.suppress(OSError, ValueError):
            kind = (index / "type").read_text().strip()
            level = int((index / "level").read_text())
            size = (index / "size").read_text().strip()  # such as 32K
            if kind != "Instruction":
                sizes[f"L{level}"] = int(size.rstrip("KM")) << {"K": 10, "M": 20}[size[-1]]
    return sorted(sizes.items())


def _timed(function, clock):
    start = clock()
    function()
    return clock() - start


def _read_file(file):
    """Read a file from its beginning to its end."""
    block = bytearray(BLOCK_BYTES)
    file.seek(0)
    while file.readinto(block):
        pass


def _forget(descriptor):
    """Ask the system to drop a file from memory; return whether it has.

    A read that may not wait succeeds only on what is in memory, which tells.
    """
    if not (hasattr(os, "posix_fadvise") and hasattr(os, "RWF_NOWAIT")):
        return False
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    try:
        os.preadv(descriptor, [bytearray(1)], FILE_BYTES // 2, os.RWF_NOWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@njit(cache=True, fastmath={"reassoc", "contract"})
def _read(table, sweeps):
    """Sum the table ``sweeps`` times."""
    total = 0.0
    for sweep in range(sweeps):
        part = 0.0
        for i in range(table.size):
            part += table[i]
        total += part * (sweep + 1)  # so that no sweep can be left out
    return total


@njit(cache=True, fastmath={"reassoc", "contract"})
def _gather(table, addresses):
    """Sum the table at addresses that are all known in advance."""
    total = 0.0
    for i in range(addresses.size):
        total += table[addresses[i]]
    return total


@njit(cache=True)
def _chase(chain, position, steps):
    """Follow the chain: each read tells where the next one is."""
    for _ in range(steps):
        position = chain[position]
    return position
