"""How the benchmarks measure, so that nobody is fooled.

Contestants take turns in one process, so a busy minute hits all of them. Every turn has another
seed; times and errors are medians over turns. Times are taken with one and with two BLAS
threads, as wall-clock and as processor time. Memory is the peak of what a contestant allocates,
taken in a run of its own. Each comparison is between ours and a peer that was tuned to our
error; where ours is more than 1% above the peer's, the table says ``no``. The limit is the time
that the counted multiplications take at the speed of a large matrix product, measured in the
same run.
"""

import argparse
import datetime
import gc
import json
import os
import pathlib
import platform
import sys
import time
import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import scipy
import sklearn
import threadpoolctl

from course_lib.notebook import tables

RESULTS = pathlib.Path(__file__).parent / "results"


@dataclass
class Workload:
    """One piece of work and who does it.

    Attributes
    ----------
    key, title : str
        A short name for the file and a sentence for the reader.
    contestants : dict of str to callable
        ``call(seed)`` returns a result. Names of ours start with ``"ours"``.
    error : callable
        ``error(result)`` returns a float, smaller is better.
    error_name : str
        What that float is.
    pairs : list of (str, str, float or None)
        Ours, a peer, and the ratio peer / ours to reach; None where we claim nothing.
    flops : dict of str to float
        Multiplications and additions that a contestant cannot avoid, for the limit.
    dtype : str
        The dtype whose matrix product is the limit.
    """

    key: str
    title: str
    contestants: dict
    error: object
    error_name: str
    pairs: list
    flops: dict = field(default_factory=dict)
    dtype: str = "float64"


def peer(name):
    """Return the library that a benchmark compares with; where it is missing, end in a line.

    Its record without the peer would take the place of the committed one, which pages read.
    """
    return tables.peer(name) or sys.exit()


def main(name, workloads):
    """Measure what ``workloads(quick)`` yields, print it, and write ``results/<name>.json``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.bench_{name}")
    parser.add_argument("--quick", action="store_true", help="small sizes; writes nothing")
    parser.add_argument("--only", default="", help="workloads whose key contains this; as --quick")
    parser.add_argument("--turns", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="BLAS threads")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.turns, arguments.threads = 1, [1]

    limits = {threads: gemm_gflops(threads) for threads in arguments.threads}
    print(f"matrix product, GFLOP/s by threads: {limits}")
    measured = []
    for workload in workloads(arguments.quick):
        if arguments.only in workload.key:
            measured.append(measure(workload, arguments.turns, limits))
            show(measured[-1])
    if not (arguments.quick or arguments.only):
        report = {
            "name": name,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": machine(),
            "turns": arguments.turns,
            "gemm_gflops": limits,
            "workloads": measured,
        }
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(f"wrote benchmarks/results/{name}.json")


def measure(workload, turns, limits):
    """Return the measurements of one workload as plain numbers and words."""
    record = {"key": workload.key, "title": workload.title, "error_name": workload.error_name}
    record["rows"] = {
        name: {"peak_mb": peak_mb(call)} for name, call in workload.contestants.items()
    }
    for threads in limits:
        for name, numbers in take_turns(workload, turns, threads).items():
            record["rows"][name][f"threads_{threads}"] = numbers
            if name in workload.flops:
                speed = limits[threads][workload.dtype]
                numbers["limit_s"] = _short(workload.flops[name] / speed / 1e9)
    record["pairs"] = [
        compare(record["rows"], ours, peer, goal) for ours, peer, goal in workload.pairs
    ]
    return record


def take_turns(workload, turns, threads):
    """Return medians of wall-clock, processor time and error, contestants interleaved."""
    log = {name: [] for name in workload.contestants}
    with threadpoolctl.threadpool_limits(threads):
        for seed in range(turns):
            for name, call in workload.contestants.items():
                gc.collect()
                wall, cpu = time.perf_counter(), time.process_time()
                result = call(seed)
                took = time.perf_counter() - wall, time.process_time() - cpu
                log[name].append((*took, workload.error(result)))
    names = ("wall_s", "cpu_s", "error")
    return {
        name: dict(zip(names, map(_short, np.median(rows, axis=0)), strict=True))
        for name, rows in log.items()
    }


def compare(rows, ours, peer, goal):
    """Return ratios peer / ours, and whether ours is as accurate."""
    pair = {"ours": ours, "peer": peer, "goal": goal}
    for threads in ("threads_1", "threads_2"):
        if threads in rows[ours]:
            one, other = rows[ours][threads], rows[peer][threads]
            for clock in ("cpu", "wall"):
                pair[f"{clock}_ratio_{threads}"] = _short(other[f"{clock}_s"] / one[f"{clock}_s"])
    one, other = rows[ours]["threads_1"], rows[peer]["threads_1"]
    return pair | {"as_accurate": bool(one["error"] <= 1.01 * other["error"])}


def peak_mb(call):
    """Return the most that a call holds at once beyond its input, in 10^6 bytes."""
    gc.collect()
    tracemalloc.start()
    call(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return _short(peak / 1e6)


def gemm_gflops(threads, size=3000):
    """Return the speed of a square matrix product in 10^9 operations a second, by dtype.

    Measured in processor time for each thread, the best of five: the most the machine can do.
    """
    speeds = {}
    with threadpoolctl.threadpool_limits(threads):
        for dtype in ("float32", "float64"):
            A = np.random.default_rng(0).standard_normal((size, size)).astype(dtype)
            took = []
            for _ in range(5):
                start = time.process_time()
                np.matmul(A, A)
                took.append((time.process_time() - start) / threads)
            speeds[dtype] = _short(2 * size**3 / min(took) / 1e9)
    return speeds


def machine():
    """Describe the machine without saying whose it is."""
    blas = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit_learn": sklearn.__version__,
        "blas": sorted(
            {f"{i['internal_api']} {i['version']} {i.get('architecture')}" for i in blas}
        ),
    }


def _processor():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def show(record):
    """Print one workload as a table of contestants and a table of comparisons."""
    print(f"\n{record['title']}\nerror: {record['error_name']}; seconds on one thread and on two")
    width = max(map(len, record["rows"])) + 2
    print(f"{'':{width}}{'cpu':>9}{'wall':>9}{'wall 2':>9}{'limit':>9}{'MB':>8}{'error':>11}")
    for name, row in record["rows"].items():
        one, two = row["threads_1"], row.get("threads_2", {})
        seconds = (one["cpu_s"], one["wall_s"], two.get("wall_s"), one.get("limit_s"))
        columns = "".join(f"{'-' if t is None else format(t, '.3f'):>9}" for t in seconds)
        print(f"{name:{width}}{columns}{row['peak_mb']:8.0f}{one['error']:11.3e}")
    for pair in record["pairs"]:
        ratios = ", ".join(
            f"{key.replace('_ratio_threads_', ' ')}: {ratio:.2f}"
            for key, ratio in pair.items()
            if "ratio" in key
        )
        goal = "no claim" if pair["goal"] is None else f"goal {pair['goal']:g}"
        accurate = "yes" if pair["as_accurate"] else "no"
        print(f"  {pair['peer']} / {pair['ours']}: {ratios}; {goal}; as accurate: {accurate}")


def _short(number):
    return float(f"{number:.4g}")
