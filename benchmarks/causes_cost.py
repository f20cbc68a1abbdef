"""What chapter 01 gives as a reason, tested: ``python -m benchmarks.causes_cost``.

Each entry runs a program with its alleged cause and without it, in turns, and keeps the median
processor time, so that a busy machine does not look slow. Takes about a minute; writes
``results/cost_causes.json``.
"""

import collections
import datetime
import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import threadpoolctl
from numba import njit

from benchmarks import harness
from benchmarks.bench_cost import digits
from course_lib import datasets

FLOATS = 16  # float32 in a line of 64 bytes
STRIDES = [2**power for power in range(11)]
SORT = """
import sys, time
import numpy as np
x = np.random.default_rng(0).random(1 << 22)
if sys.argv[1] == "ordered":
    x.sort()
seconds = []
for _ in range(6):
    start = time.thread_time()
    np.sort(x)
    seconds.append(time.thread_time() - start)
print(float(np.median(seconds[1:])))
"""


@njit(cache=True)
def every(table, stride):
    """Sum every ``stride``-th entry, four at a time so that additions do not wait in turn."""
    a = b = c = d = np.float32(0)
    for i in range(0, table.size - 3 * stride, 4 * stride):
        a += table[i]
        b += table[i + stride]
        c += table[i + 2 * stride]
        d += table[i + 3 * stride]
    return a + b + c + d


@njit(cache=True, fastmath={"reassoc", "contract"})
def times_vector(A, x, y):
    """Multiply a matrix by a vector, row by row."""
    for i in range(A.shape[0]):
        total = np.float32(0)
        for j in range(A.shape[1]):
            total += A[i, j] * x[j]
        y[i] = total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def read(table, sweeps):
    """Sum the table again and again."""
    total = 0.0
    for sweep in range(sweeps):
        part = 0.0
        for i in range(table.size):
            part += table[i]
        total += part * (sweep + 1)
    return total


def take_turns(ways, turns=7):
    """Return the median processor seconds of each way, interleaved, after one call to warm up."""
    log = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, run in ways.items():
            start = time.thread_time()
            run()
            log[name].append(time.thread_time() - start)
            if turn == 0:
                log[name].clear()
    return {name: harness._short(float(np.median(seconds))) for name, seconds in log.items()}


def aligned(A):
    """Return the entries of ``A`` in one axis that begins where a cache line begins."""
    room = np.empty(A.size + FLOATS, np.float32)
    first = (-room.ctypes.data % 64) // 4
    room[first : first + A.size] = A.ravel()
    return room[first : first + A.size]


def lines(A, rng):
    """Reading in strides; and one number, or all, of lines at random."""
    pixels = aligned(A)
    swept = take_turns({s: lambda s=s: every(pixels, s) for s in STRIDES})
    per_read = [harness._short(seconds / (pixels.size // s)) for s, seconds in swept.items()]
    table = pixels.reshape(-1, FLOATS)
    some = rng.integers(0, len(table), len(table) // 4)
    one, whole = np.empty(len(some), np.float32), np.empty((len(some), FLOATS), np.float32)
    few = rng.integers(0, pixels.size, pixels.size // 22)
    found, ordered = np.empty(len(few), np.float32), np.sort(few)
    return {
        "strides": {"bytes": [4 * s for s in STRIDES], "read_s": per_read},
        "one_of_each_line": take_turns(
            {
                "one number": lambda: pixels.take(some * FLOATS, out=one, mode="clip"),
                "whole line": lambda: table.take(some, axis=0, out=whole, mode="clip"),
            }
        ),
        "addresses": take_turns(
            {
                "as they come": lambda: pixels.take(few, out=found, mode="clip"),
                "sorted before": lambda: pixels.take(ordered, out=found, mode="clip"),
                "sorting them": lambda: np.sort(few),
            }
        ),
    }


def products(A, rng):
    """Is it the library's kernel? Is it symmetry?"""
    x, y = rng.standard_normal(784, dtype=np.float32), np.empty(len(A), np.float32)
    copy = A.copy()
    return {
        "times_vector": take_turns(
            {"sum": A.sum, "NumPy": lambda: A @ x, "own loop": lambda: times_vector(A, x, y)}
        ),
        "gram": take_turns({"itself": lambda: A.T @ A, "a copy": lambda: A.T @ copy}, 3),
    }


def sorts():
    """Sort with and without the instructions on vectors of 512 bits."""
    rows = {}
    for name, off in (("all", ""), ("without AVX-512", "X86_V4 AVX512_SKX AVX512_ICL AVX512_SPR")):
        rows[name] = {}
        for kind in ("random", "ordered"):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", SORT, kind],
                env=os.environ | {"NPY_DISABLE_CPU_FEATURES": off},
                capture_output=True,
                text=True,
                check=True,
            )
            rows[name][kind] = harness._short(float(done.stdout))
    return rows


def words():
    """Counting: the call alone, and with the reads of the table of counts."""
    text = "\n".join(datasets.shakespeare().values()).split()
    copies = ["".join(["t", "he"]) for _ in text]
    ordered = ["".join(list(word)) for word in sorted(text)]  # new objects, neighbors in memory
    count = collections.Counter
    pieces = [text[first::8] for first in range(8)]
    counts = [count(piece) for piece in pieces]

    def merge():
        total = count()
        for part in counts:
            total.update(part)

    return {
        "count": {"words": len(text), "distinct": len(set(text))}
        | take_turns(
            {
                "as they stand": lambda: count(text),
                "one word again and again": lambda: count(copies),
                "sorted before": lambda: count(ordered),
            }
        ),
        "eight_pieces": take_turns(
            {"count": lambda: [count(piece) for piece in pieces], "merge": merge}
        ),
    }


def beside(threads, table_bytes, sweeps):
    """Return the bytes a second of each of some threads that read at once, the median of five."""
    tables = [np.ones(table_bytes // 8) for _ in range(threads)]
    seconds = []

    def work(table):
        start = time.thread_time()
        read(table, sweeps)
        seconds.append(time.thread_time() - start)

    for _ in range(5):
        team = [threading.Thread(target=work, args=(table,)) for table in tables]
        for thread in team:
            thread.start()
        for thread in team:
            thread.join()
    return harness._short(table_bytes * sweeps / float(np.median(seconds)))


def main():
    """Run the experiments, print them and write ``results/cost_causes.json``."""
    rng = np.random.default_rng(0)
    A = digits(60_000)
    read(np.ones(8), 1)
    with threadpoolctl.threadpool_limits(1):
        report = {
            "name": "cost_causes",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": harness.machine(),
            **lines(A, rng),
            **products(A, rng),
            "sort": sorts(),
            **words(),
            "bytes_per_s_of_each_thread": {
                "one": beside(1, 1 << 28, 2),
                "two at once": beside(2, 1 << 28, 2),
            },
        }
    print(json.dumps(report, indent=1))
    path = harness.RESULTS / "cost_causes.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
