"""One L-BFGS on four engines: ``python -m benchmarks.four_engines``.

The same rows of a9a lie in one array, in a file that is mapped, on four processes of Dask and in
front of two ranks of MPI. Each engine goes to the same gap; printed are evaluations, messages,
bytes, and the seconds of the method without those to start an engine. Takes half a minute;
writes ``results/parallel_optimization_engines.json``.
"""

import argparse
import datetime
import json
import pathlib
import tempfile
import time

import numpy as np
import threadpoolctl
from distributed import Client, LocalCluster

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import DistributedLoss, LogisticLoss, gap_bound, lbfgs
from course_lib.cost import Meter
from course_lib.parallel_optimization import RankLoss, mpi_missing, mpi_run

RIDGE, GAP, WORKERS, RANKS = 1e-3, 1e-6, 4, 2


class Counted:
    """A loss that counts and times its evaluations."""

    def __init__(self, loss):
        self.loss, self.took_s = loss, []
        self.A, self.b, self.ridge = loss.A, loss.b, loss.ridge

    def evaluate(self, x):
        start = time.perf_counter()
        answer = self.loss.evaluate(x)
        self.took_s.append(time.perf_counter() - start)
        return answer


def solve(loss):
    """L-BFGS until the gap is certainly below GAP: the model and what it took."""
    counted, start = Counted(loss), time.perf_counter()
    with threadpoolctl.threadpool_limits(1):
        for iterate in lbfgs(counted):
            if gap_bound(iterate.gradient, RIDGE) <= GAP:
                break
    seconds = time.perf_counter() - start
    took_s = np.quantile(counted.took_s, [0, 0.5]).tolist()
    return iterate, {
        "evaluations": len(counted.took_s), "seconds": seconds,
        "quickest_evaluation_s": took_s[0], "median_evaluation_s": took_s[1],
    }  # fmt: skip


def in_file(folder):
    """The loss of the rows of a file, of which nothing has been read."""
    shape = json.loads((folder / "shape.json").read_text())
    X = np.memmap(folder / "X", np.float64, "r", shape=tuple(shape))
    return LogisticLoss(X, np.fromfile(folder / "y"), ridge=RIDGE)


def on_rank(comm, folder):
    """L-BFGS on this rank's rows; the seconds are those of the slowest rank."""
    loss = RankLoss(in_file(folder), comm)
    comm.Barrier()
    iterate, took = solve(loss)
    took |= {"all_reduces": loss.rounds, "messages": loss.link.messages,
             "bytes": loss.link.sent_bytes}  # fmt: skip
    return iterate.x, iterate.value, took


def engines(folder, turns):
    """Yield the name of each engine, its model, value and counts."""
    mapped = in_file(folder)
    one = LogisticLoss(np.array(mapped.data), mapped.b, ridge=RIDGE)
    for name, loss in (("one array", one), ("mapped file", mapped)):
        yield name, quickest(lambda loss=loss: plain(loss), turns)
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield f"Dask, {WORKERS} processes", quickest(lambda: spread(one, client), turns)
    if not mpi_missing():
        yield f"MPI, {RANKS} ranks", quickest(lambda: ranked(folder), turns)


def plain(loss):
    iterate, took = solve(loss)
    return iterate.x, iterate.value, took | {"messages": 0, "bytes": 0, "rounds": 0}


def spread(loss, client):
    meter = Meter()
    iterate, took = solve(DistributedLoss(loss, WORKERS, client=client, meter=meter))
    counts = {"messages": meter.messages, "bytes": meter.sent_bytes, "rounds": meter.rounds}
    return iterate.x, iterate.value, took | counts


def ranked(folder):
    ranks = mpi_run(on_rank, RANKS, folder, deadline_s=60)
    same = all(np.array_equal(ranks[0][0], x) for x, _, _ in ranks)
    x, value, took = ranks[0]
    took |= {name: sum(rank[2][name] for rank in ranks) for name in ("messages", "bytes")}
    took["seconds"] = max(rank[2]["seconds"] for rank in ranks)
    took |= {"rounds": 2 * (RANKS - 1) * took["all_reduces"], "same_on_all_ranks": same}
    return x, value, took


def quickest(run, turns):
    return min((run() for _ in range(turns)), key=lambda result: result[2]["seconds"])


def misplaced(block):
    """Seconds of two products with rows that begin at an odd address, and at an even."""
    odd = np.empty(block.nbytes + 1, np.uint8)[1:].view(block.dtype).reshape(block.shape)
    odd[...] = block
    x, y, took = np.ones(block.shape[1]), np.ones(block.shape[0]), []
    with threadpoolctl.threadpool_limits(1):
        for rows in (odd, block):
            took.append([])
            for _ in range(30):
                start = time.perf_counter()
                rows @ x, rows.T @ y
                took[-1].append(time.perf_counter() - start)
    return [min(each) for each in took]


def main():
    """Run all four, print them and write the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.four_engines")
    parser.add_argument("--quick", action="store_true", help="one turn; writes nothing")
    quick = parser.parse_args().quick
    train, _ = datasets.a9a()
    rows, first = {}, None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        train.X.toarray().tofile(folder / "X")
        train.y.astype(float).tofile(folder / "y")
        (folder / "shape.json").write_text(json.dumps(train.X.shape))
        for engine, (x, value, took) in engines(folder, 1 if quick else 5):
            first = x if first is None else first
            rows[engine] = took | {
                "value": value,
                "relative_distance": float(np.linalg.norm(x - first) / np.linalg.norm(first)),
            }
            print(engine, rows[engine], flush=True)
    report = {
        "name": "parallel_optimization_engines",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "ridge": RIDGE,
        "gap": GAP,
        "shape": list(train.X.shape),
        "rows": rows,
        "odd_and_even_s": misplaced(train.X[: len(train.y) // WORKERS].toarray()),
    }
    if len(rows) < 4 or quick:
        print("nothing is written: MPI is missing, or --quick was asked for")
        return
    path = harness.RESULTS / "parallel_optimization_engines.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
