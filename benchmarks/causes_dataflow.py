"""What page 20 says of chance: ``python -m benchmarks.causes_dataflow``.

Means over many runs of queues, streams with crashes, and salted keys, too long for a page. Takes
five minutes; writes ``results/dataflow_causes.json``.
"""

import argparse
import collections
import datetime
import json
import re

import numpy as np
from numba import njit

from benchmarks import harness
from course_lib import datasets
from course_lib.cost import mmc, simulate_queue
from course_lib.dataflow import (
    imbalance,
    reducer_loads,
    route_jobs,
    salt_pieces,
    simulate_choices,
    simulate_stream,
)

QUEUES, LOAD = 1000, 0.99
WORDS = re.compile(r"[a-z']+")


def claim(quick):
    """Mean times at 99% load: one queue, in turn, two choices, the shortest of all, one line."""
    horizon, warm = (400, 100) if quick else (4000, 2000)
    rows = {"one": [], "two": [], "two, half the time": [], "in turn": [], "all": []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        n = 100_000 if quick else 20_000_000
        served = simulate_queue(rng.exponential(1 / LOAD, n), rng.standard_exponential(n))
        rows["one"].append(float((served.departure_s - served.arrival_s).mean()))
        del served
        for name, until, start in (
            ("two", horizon, warm),
            ("two, half the time", horizon / 2, warm / 2),
        ):
            run = simulate_choices(QUEUES, LOAD, horizon_s=until, warm_s=start, rng=seed)
            rows[name].append(run.mean_s)
        rows["in turn"].append(in_turn(rng, 100_000 if quick else 20_000_000))
        rows["all"].append(shortest_of_all(seed, *((60, 20) if quick else (8000, 500))))
    return rows | {
        "queues": QUEUES,
        "load": LOAD,
        "one line": mmc(LOAD * QUEUES, 1, QUEUES).time_in_system_s,
    }


@njit
def shortest_of_all(seed, horizon_s, warm_s):
    """Mean time of a job if each joins the shortest of all queues; only lengths are kept.

    A job that asks a thousand queues drawn with replacement sees 63% of them, so this is no case
    of `simulate_choices`. Times are exponential, and Little's law gives the mean.
    """
    np.random.seed(seed)
    rate = LOAD * QUEUES
    queues = np.zeros(1000, np.int64)  # with each number of jobs
    queues[0] = QUEUES
    now, area, jobs = 0.0, 0.0, 0
    while now < horizon_s:
        busy = QUEUES - queues[0]
        pause = np.random.exponential(1 / (rate + busy))
        if now > warm_s:
            area += pause * jobs
        now += pause
        length = 0
        if np.random.random() * (rate + busy) < rate:
            while queues[length] == 0:
                length += 1
            change = 1
        else:
            which = np.random.randint(busy)
            while which >= 0:
                length += 1
                which -= queues[length]
            change = -1
        queues[length] -= 1
        queues[length + change] += 1
        jobs += change
    return area / (horizon_s - warm_s) / rate


def in_turn(rng, n):
    """One of the queues if jobs go to all in turn: a job after every thousandth arrival."""
    arrivals = rng.gamma(QUEUES, 1 / (LOAD * QUEUES), n)
    served = simulate_queue(arrivals, rng.standard_exponential(n))
    return float((served.departure_s - served.arrival_s).mean())


def boards(quick):
    """Mean time against the age of the board, for one, two and ten choices."""
    # At 0.9 a queue forgets its start over about 400 services, so runs are long.
    seeds, until, warm = (2, 400, 100) if quick else (10, 4000, 2000)
    rows = []
    for board_s in (0, 0.5, 1, 2, 5, 10, 20):
        for d in (1, 2, 3, 10):
            times = [
                simulate_choices(
                    200, 0.9, d, horizon_s=until, warm_s=warm, board_s=board_s, rng=seed
                ).mean_s
                for seed in range(seeds)
            ]
            rows.append({"board_s": board_s, "d": d, "mean_s": float(np.mean(times)),
                         "se": float(np.std(times, ddof=1) / seeds**0.5)})  # fmt: skip
    return rows


def tails(quick):
    """Share of queues with at least i jobs, two choices, at three numbers of queues."""
    seeds = 2 if quick else 10
    return {
        str(n): np.mean(
            [simulate_choices(n, 0.9, rng=seed, i_max=6).tail for seed in range(seeds)], axis=0
        ).tolist()
        for n in (10, 100, 1000)
    }


def even_queues(quick):
    """Two choices, if services are not exponential: mean time at a load of 0.9."""
    laws = {
        "all equal": lambda rng, n: np.ones(n),
        "exponential": lambda rng, n: rng.standard_exponential(n),
        "one in ten is long": lambda rng, n: (
            rng.standard_exponential(n) * np.where(rng.random(n) < 0.1, 5.5, 0.5)
        ),
    }
    rows = {}
    for name, law in laws.items():
        rows[name] = {}
        for d in (1, 2):
            times = []
            for seed in range(2 if quick else 10):
                rng = np.random.default_rng(seed)
                n = 72_000 if quick else 2_000_000
                arrival = np.cumsum(rng.exponential(1 / 180, n))
                jobs = route_jobs(arrival, law(rng, n), rng.integers(200, size=(n, d)), 200)
                times.append(float((jobs.departure_s - arrival)[n // 2 :].mean()))
            rows[name][str(d)] = float(np.mean(times))
    return rows


def streams(quick):
    """Three logs of 300 events, two counters, ten crashes in 8 s: events too many or too few."""
    logs = [[(f"key {i % 7}", float(i)) for i in range(300)] for _ in range(3)]
    truth = collections.Counter(key for log in logs for key, _ in log)
    rows = {}
    for mode in ("aligned", "loose", "alone"):
        off, wrong, recoveries, held, sent = [], 0, 0, 0, 0
        for seed in range(5 if quick else 100):
            rng = np.random.default_rng(seed)
            times, machines = rng.uniform(0.2, 8, 10), rng.integers(5, size=10)
            crashes = list(zip(times.tolist(), machines.tolist(), strict=True))
            run = simulate_stream(logs, mode=mode, every_s=0.5, crashes=crashes, rng=seed)
            off.append(sum(run.counts.values()) - 900)
            wrong += {key: n for (key, _), n in run.counts.items()} != dict(truth)
            recoveries += run.recoveries
            held, sent = max(held, run.most_held), sent + run.sent_events
        rows[mode] = {
            "runs": len(off), "wrong": wrong, "least": min(off), "most": max(off),
            "recoveries": recoveries / len(off), "most_held": held, "sent": sent / len(off),
        }  # fmt: skip
    return rows


def herd(quick):
    """Of 200 queues, in 20 services: jobs of the busiest, and the share that gets none."""
    n, first = (72_000, 5) if quick else (720_000, 100)  # the first of the periods that count
    rng = np.random.default_rng(0)
    arrival, service = np.cumsum(rng.exponential(1 / 180, n)), rng.exponential(size=n)
    choices, period = rng.integers(200, size=(n, 10)), (arrival // 20).astype(int)
    rows = []
    for d in (1, 2, 10):
        for board_s in (0, 20):
            jobs = route_jobs(arrival, service, choices[:, :d], 200, board_s=board_s)
            shares = np.array(
                [
                    np.bincount(jobs.queue[period == k], minlength=200)
                    for k in range(first, period[-1])
                ]
            )
            rows.append({"d": d, "board_s": board_s, "mean": float(shares.mean())})
            rows[-1]["busiest"] = float(shares.max(1).mean())
            rows[-1]["none"] = float((shares == 0).mean())
    return rows


def skew(quick):
    """The fullest of p reducers over the mean, for whole words and for pieces of them."""
    texts = datasets.shakespeare().values()
    counts = collections.Counter(word for text in texts for word in WORDS.findall(text.lower()))
    keys, weights = list(counts), np.array(list(counts.values()), float)
    even = np.full(len(keys), weights.mean())
    rows = []
    for p in (8, 16, 32, 64, 128, 256):
        row = {"reducers": p}
        for name, share in (("whole", None), ("quarter", 0.25), ("twentieth", 0.05)):
            pieces = None if share is None else salt_pieces(weights, p, share)
            found = [
                imbalance(reducer_loads(keys, weights, p, pieces=pieces, seed=seed))
                for seed in range(5 if quick else 40)
            ]
            row[name] = {"mean": float(np.mean(found)), "least": min(found), "most": max(found)}
            row[name]["copies"] = 0 if pieces is None else int(pieces.sum()) - len(keys)
        flat = [imbalance(reducer_loads(keys, even, p, seed=seed)) for seed in range(20)]
        row["even"] = float(np.mean(flat))
        rows.append(row)
    return rows


def main():
    """Run, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes_dataflow")
    parser.add_argument("--quick", action="store_true", help="few runs; writes nothing")
    parser.add_argument("--only", default="", help="one part; the others stay as recorded")
    arguments = parser.parse_args()
    quick, path = arguments.quick, harness.RESULTS / "dataflow_causes.json"
    report = json.loads(path.read_text(encoding="utf-8")) if arguments.only else {}
    report |= {
        "name": "dataflow_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
    }
    for part in (skew, streams, boards, herd, tails, even_queues, claim):
        if arguments.only not in part.__name__:
            continue
        report[part.__name__] = part(quick)
        print(part.__name__, json.dumps(report[part.__name__]), flush=True)
    if not quick:
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
