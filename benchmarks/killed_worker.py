"""A worker dies in the middle: what stops, what goes on: ``python -m benchmarks.killed_worker``.

On Dask, with processes that are really killed: a sum of gradients, whose rows lay on the worker
that died, and a queue of tasks. The simulated counterparts are calls that a page can make:
``simulate(ring, ..., crashes=)``, ``parameter_server(..., crashes=)``, ``simulate_work(...,
crashes=)``. Takes half a minute; writes ``results/parallel_optimization_killed.json``.
"""

import datetime
import json
import os
import signal
import threading
import time

import numpy as np
from distributed import Client, LocalCluster

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import DistributedLoss, LogisticLoss, gap_bound, lbfgs
from course_lib.parallel_optimization import work_queue

RIDGE, GAP, WORKERS, TASKS, TASK_S = 1e-3, 1e-6, 3, 30, 0.2
DEADLINE_S = 15


def task(number):
    """A piece of work that takes its time."""
    time.sleep(TASK_S)
    return number * number


def victim(client):
    """The process of one worker."""
    return sorted(client.run(os.getpid).values())[0]


def within(seconds, call):
    """Run a call in a thread; return what it returned, or its error, or that it still waits."""
    box = {}

    def run():
        try:
            box["returned"] = call()
        except Exception as error:
            box["error"] = f"{type(error).__name__}: {str(error)[:200]}"

    thread = threading.Thread(target=run, daemon=True)
    start = time.perf_counter()
    thread.start()
    thread.join(seconds)
    box["seconds"] = time.perf_counter() - start
    box["waits"] = thread.is_alive()
    return box


def queue(client, kill):
    """A queue of tasks, of whose workers one is killed after a second."""
    if kill:
        threading.Timer(1.0, os.kill, (victim(client), signal.SIGKILL)).start()
    found = within(60, lambda: work_queue(task, range(TASKS), client=client))
    right = found.pop("returned", None) == [n * n for n in range(TASKS)]
    return found | {"all_results_right": right}


def descent(client, loss, kill_at=None, x0=None):
    """L-BFGS on blocks of rows; before step ``kill_at`` a worker is killed."""
    path = []  # its first point is the start

    def run():
        for iterate in lbfgs(DistributedLoss(loss, WORKERS, client=client), x0=x0):
            path.append(iterate)
            if gap_bound(iterate.gradient, RIDGE) <= GAP:
                break
            if len(path) == kill_at:
                os.kill(victim(client), signal.SIGKILL)

    found = within(DEADLINE_S, run)
    found.pop("returned", None)
    return found | {"steps": len(path) - 1, "value": path[-1].value}, path[-1].x


def with_client(function):
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return function(client)


def main():
    """Kill, print and write."""
    train, _ = datasets.a9a()
    order = np.random.default_rng(0).permutation(train.X.shape[0])
    loss = LogisticLoss(train.X[order], train.y[order].astype(float), ridge=RIDGE)
    whole, _ = with_client(lambda client: descent(client, loss))
    killed, x = with_client(lambda client: descent(client, loss, kill_at=10))
    again, _ = with_client(lambda client: descent(client, loss, x0=x))
    report = {
        "name": "parallel_optimization_killed",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "workers": WORKERS,
        "deadline_s": DEADLINE_S,
        "queue": {
            "tasks": TASKS,
            "task_s": TASK_S,
            "undisturbed": with_client(lambda client: queue(client, kill=False)),
            "killed": with_client(lambda client: queue(client, kill=True)),
        },
        "gradient_sum": {"undisturbed": whole, "killed": killed, "begun_again": again},
    }
    print(json.dumps(report, indent=1))
    path = harness.RESULTS / "parallel_optimization_killed.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
