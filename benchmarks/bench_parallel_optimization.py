"""All-reduce against MPI's own, threads without locks, and who needs how many rounds.

Chapter 15's times: ``python -m benchmarks.bench_parallel_optimization [--quick]``. The ranks of
MPI are as many as there are processors. Before each turn they meet at a barrier; its time is that
of the slowest rank; memory is allocated before. The model beside it is `collective_cost` with
alpha and beta from a ping-pong of the same run, and the seconds of the additions.
"""

import argparse
import datetime
import itertools
import json
import os
import time

import numpy as np
from sklearn.linear_model import SGDClassifier

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import DistributedLoss, LogisticLoss, lbfgs
from course_lib.cost import Meter
from course_lib.parallel_optimization import (
    COLLECTIVES,
    admm,
    average_models,
    collective_cost,
    hogwild,
    mpi_missing,
    mpi_run,
    sharing,
    simulate,
)

SIZES = (1, 128, 1024, 16_384, 131_072, 1_048_576)  # numbers of 8 bytes
RIDGE, GAP, BLOCKS = 1e-3, 1e-6, 8


def turns_of(comm, call, turns, reset):
    """Seconds of the slowest rank, one a turn."""
    from mpi4py import MPI

    took = []
    for _ in range(turns):
        reset()
        comm.Barrier()
        start = time.perf_counter()
        call()
        took.append(comm.allreduce(time.perf_counter() - start, MPI.MAX))
    return np.array(took)


def ping_pong(comm, numbers, turns):
    """Seconds of one message between ranks 0 and 1, the best of all turns."""
    x, took = np.zeros(numbers), []
    comm.Barrier()
    if comm.rank < 2:
        for _ in range(turns):
            start = time.perf_counter()
            for sender in (0, 1):
                if comm.rank == sender:
                    comm.Send(x, 1 - sender)
                else:
                    comm.Recv(x, sender)
            took.append((time.perf_counter() - start) / 2)
    return comm.bcast(min(took, default=0.0))


def on_rank(comm, sizes, turns):
    """What a rank measures: MPI's parameters, then each size by each algorithm in turn."""
    from mpi4py import MPI

    from course_lib.parallel_optimization import MpiLink, on_mpi

    alpha = ping_pong(comm, 1, 200)
    beta = (ping_pong(comm, max(sizes), 20) - alpha) / (8 * max(sizes))
    rows = []
    for n in sizes:
        x = np.random.default_rng(comm.rank).standard_normal(n)
        y, z = np.zeros(n), np.ones(n)
        link = MpiLink(comm)
        calls = {
            name: lambda program=program, y=y, link=link: on_mpi(program, y, link, out=y)
            for name, program in COLLECTIVES.items()
        }
        calls["MPI"] = lambda y=y: comm.Allreduce(MPI.IN_PLACE, y)  # in place, as ours
        took, sums = {}, {}
        for name, call in calls.items():  # once unmeasured: memory, connections
            y[:] = x
            call()
            sums[name] = y.copy()
        for name in [*calls, *reversed(calls)]:
            more = turns_of(comm, calls[name], turns // 2, lambda x=x, y=y: y.__setitem__(..., x))
            took.setdefault(name, []).extend(more)
        start = time.perf_counter()
        for _ in range(5):
            np.add(z, y, out=z)
        rows.append((n, took, sums, (time.perf_counter() - start) / 5))
    return alpha, beta, rows, MPI.Get_library_version().split(",")[0].strip("\0")


def all_reduce(sizes, turns):
    """The duel, with the model beside it."""
    p = min(max(os.cpu_count() or 2, 2), 4)
    ranks = mpi_run(on_rank, p, sizes, turns, deadline_s=120)
    alpha, beta, rows, library = ranks[0]
    record = {
        "library": library,
        "ranks": p,
        "alpha_s": alpha,
        "bytes_per_s": 1 / beta,
        "sizes": [],
    }
    for row, (n, took, _, add_s) in enumerate(rows):
        xs = [np.random.default_rng(rank).standard_normal(n) for rank in range(p)]
        slack = (p - 1) * 2**-53 * np.sum(np.abs(xs), axis=0)
        line = {"bytes": 8 * n, "add_s": add_s, "rows": {}}
        for name, seconds in took.items():
            sums = [rank[2][row][2][name] for rank in ranks]
            exact = bool(np.all(np.abs(sums[0] - np.sum(xs, axis=0)) <= 2 * slack))
            line["rows"][name] = {
                "best_s": float(min(seconds)),
                "quartile_s": float(np.quantile(seconds, 0.25)),
                "same_on_all_ranks": all(np.array_equal(sums[0], other) for other in sums),
                "within_the_bound": exact,
            }
            if name in COLLECTIVES:
                cost = collective_cost(name, p, 8 * n)
                model_s = cost.seconds(alpha, 1 / beta) + added(name, p) * add_s
                same = all(map(np.array_equal, sums, simulate(COLLECTIVES[name], xs).results))
                line["rows"][name] |= {"model_s": model_s, "as_simulated": same}
        line["mpi_over_ring"] = line["rows"]["MPI"]["best_s"] / line["rows"]["ring"]["best_s"]
        record["sizes"].append(line)
        show(line)
    return record


def added(name, p):
    """Additions of a whole array along the longest way."""
    levels = (p - 1).bit_length()
    return {"star": p - 1, "tree": levels, "doubling": levels}.get(name, (p - 1) / p)


def show(line):
    """Print a size: best microseconds, and the model's."""
    words = [
        f"{name} {row['best_s'] * 1e6:.0f} ({row.get('model_s', np.nan) * 1e6:.0f})"
        for name, row in line["rows"].items()
    ]
    print(f"{line['bytes']:9d} B  {', '.join(words)} us; MPI / ring {line['mpi_over_ring']:.2f}")


def rounds():
    """Rounds and bytes until the gap is GAP, rows shuffled over BLOCKS machines."""
    train, _ = datasets.a9a()
    order = np.random.default_rng(0).permutation(train.X.shape[0])
    loss = LogisticLoss(train.X[order], train.y[order].astype(float), ridge=RIDGE)
    best = min(step.value for step in itertools.islice(lbfgs(loss), 200))
    record = {"ridge": RIDGE, "gap": GAP, "machines": BLOCKS, "rows": {}}

    def note(name, steps):
        for iterate in steps:
            gap = iterate.value - best
            if gap <= GAP:
                break
        record["rows"][name] = {"gap": gap, **counts(meter)}

    def counts(meter):
        return {"rounds": meter.rounds, "bytes": meter.sent_bytes}

    meter = Meter()
    note("L-BFGS", lbfgs(DistributedLoss(loss, BLOCKS, meter=meter)))
    meter = Meter()
    note("L-BFGS, memory 40", lbfgs(DistributedLoss(loss, BLOCKS, meter=meter), memory=40))
    for rho in (RIDGE, 10 * RIDGE):
        meter = Meter()
        note(f"ADMM, rho {rho:g}", itertools.islice(admm(loss, BLOCKS, rho=rho, meter=meter), 60))
    meter = Meter()
    gap = loss.evaluate(average_models(loss, BLOCKS, meter=meter).x)[0] - best
    record["rows"]["average"] = {"gap": gap, **counts(meter)}
    print(json.dumps(record, indent=1))
    return record


def threads(passes, turns):
    """Hogwild by one and two threads, and scikit-learn's passes: seconds and test error."""
    train, test = datasets.a9a()
    y = train.y.astype(float)
    loss = LogisticLoss(train.X, y, ridge=1e-4)
    rows = {}

    def race(n_threads):
        def call(seed):
            steps = hogwild(loss, n_threads=n_threads, rng=seed)
            next(steps)
            start = time.perf_counter()
            for _ in range(passes):
                iterate = next(steps)
            return time.perf_counter() - start, iterate.x

        return call

    def peer(seed):
        model = SGDClassifier(
            loss="log_loss", alpha=1e-4, learning_rate="constant", eta0=0.1, fit_intercept=False,
            max_iter=passes, tol=None, random_state=seed,
        )  # fmt: skip
        start = time.perf_counter()
        model.fit(train.X, y)
        return time.perf_counter() - start, model.coef_[0]

    contestants = {"ours, 1 thread": race(1), "ours, 2 threads": race(2), "SGDClassifier": peer}
    for name, call in contestants.items():
        call(0)
        rows[name] = []
    for seed in range(turns):
        for name, call in contestants.items():
            seconds, x = call(seed)
            rows[name].append((seconds, np.mean(np.where(test.X @ x > 0, 1, -1) != test.y)))
    record = {
        name: {"wall_s": float(np.median([r[0] for r in runs])),
               "error": float(np.mean([r[1] for r in runs])),
               "error_sd": float(np.std([r[1] for r in runs]))}
        for name, runs in rows.items()
    }  # fmt: skip
    print(json.dumps(record, indent=1))
    return {"passes": passes, "sharing": sharing(train.X, rng=0)._asdict(), "rows": record}


def main():
    """Measure, print, and write ``results/parallel_optimization.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_parallel_optimization")
    parser.add_argument("--quick", action="store_true", help="few turns; writes nothing")
    quick = parser.parse_args().quick
    if reason := mpi_missing():
        raise SystemExit(f"MPI is needed: {reason}.")
    report = {
        "name": "parallel_optimization",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "all_reduce": all_reduce(SIZES, 10 if quick else 40),
        "rounds": rounds(),
        "hogwild": threads(2, 2 if quick else 9),
    }
    if not quick:
        path = harness.RESULTS / "parallel_optimization.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print("wrote benchmarks/results/parallel_optimization.json")


if __name__ == "__main__":
    main()
