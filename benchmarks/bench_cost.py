"""How well seconds are predicted from counts: the machine's profile, and programs against it.

The predictions are made before the programs run, from the profile and from counts that a reader
can check. What the model leaves out, it says so: a miss above a factor of two is reported, not
tuned away. Run with ``--quick`` it uses small sizes and writes nothing.
"""

import argparse
import datetime
import json
import math
import time
from typing import NamedTuple

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib.cost import Profile, measure_machine, predict


class Program(NamedTuple):
    """A program, and the counts from which its time is predicted."""

    name: str
    run: object  # callable without arguments
    counts: dict  # arguments of course_lib.cost.predict


def programs(scale):
    """Yield programs on ``scale`` numbers; each holds its own data."""
    rng = np.random.default_rng(0)
    table = rng.random(scale)
    yield Program("sum in order", table.sum, {"read_bytes": table.nbytes})
    target = np.zeros_like(table)
    yield Program("copy", lambda: np.copyto(target, table), {"read_bytes": 2 * table.nbytes})
    few = scale // 16
    addresses = rng.integers(0, scale, few)
    yield Program(
        "gather at random",
        lambda: table.take(addresses, out=target[:few], mode="clip"),
        {"gathers": few, "read_bytes": 16 * few, "footprint_bytes": table.nbytes},
    )
    side = math.isqrt(scale)
    A, x = table[: side * side].reshape(side, side), table[:side]
    yield Program(
        f"matrix {side} x {side} times vector",
        lambda: A @ x,
        {"read_bytes": A.nbytes, "flops": 2 * A.size},
    )
    for dtype in (np.float64, np.float32):
        n = min(side, 2048)
        S = A[:n, :n].astype(dtype)
        yield Program(
            f"matrix {n} x {n} times matrix, {np.dtype(dtype)}",
            lambda S=S: S @ S,
            {"flops": 2 * n**3, "read_bytes": 3 * S.nbytes, "dtype": dtype},
        )
    lines = ["2013-01-01 EWR 227"] * (scale // 256)
    yield Program(
        "parse a log of three fields",
        lambda: [int(line.split(" ")[2]) for line in lines],
        # Two calls, split and int, which make a list, three strings and an integer: seven times
        # about as much work as one call of an empty function.
        {"calls": 7 * len(lines)},
    )


def measured_seconds(run, repetitions=7):
    """Return the median processor time of a call, after one to warm up."""
    run()
    seconds = []
    for _ in range(repetitions):
        start = time.thread_time()
        run()
        seconds.append(time.thread_time() - start)
    return float(np.median(seconds))


def main():
    """Measure the machine, predict, run, print, and write ``results/cost.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_cost")
    parser.add_argument("--quick", action="store_true", help="small sizes; writes nothing")
    quick = parser.parse_args().quick
    profile = measure_machine(footprints_bytes=[1 << 14, 1 << 20] if quick else None)
    rows = []
    with threadpoolctl.threadpool_limits(1):
        for program in programs(1 << (16 if quick else 25)):
            rows.append(compare(profile, program))
            print(
                f"{rows[-1]['program']:40} predicted {rows[-1]['predicted_s']:8.4f} s by "
                f"{rows[-1]['limit']:10} measured {rows[-1]['measured_s']:8.4f} s  "
                f"ratio {rows[-1]['ratio']:5.2f}"
            )
    if not quick:
        report = {
            "name": "cost",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": harness.machine(),
            "profile": json.loads(profile.to_json()),
            "predictions": rows,
        }
        path = harness.RESULTS / "cost.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print("wrote benchmarks/results/cost.json")


def compare(profile: Profile, program):
    """Return the prediction and the measurement of one program."""
    prediction = predict(profile, **program.counts)
    seconds = measured_seconds(program.run)
    return {
        "program": program.name,
        "predicted_s": float(f"{prediction.seconds:.4g}"),
        "limit": prediction.limit,
        "measured_s": float(f"{seconds:.4g}"),
        "ratio": float(f"{seconds / prediction.seconds:.3g}"),
    }


if __name__ == "__main__":
    main()
