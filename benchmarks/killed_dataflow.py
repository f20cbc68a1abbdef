"""One text on Dask, and a worker that is killed: ``python -m benchmarks.killed_dataflow``.

Word count, sketches and a skewed join of Shakespeare's works, each undisturbed and with one of
three processes killed by SIGKILL when half of the map tasks have begun. Each attempt of a map
task leaves a file, so that attempts are counted where they are made. A task waits a tenth of
a second, to give the killer time. Takes a minute; writes ``results/dataflow_killed.json``.
"""

import collections
import dataclasses
import datetime
import functools
import itertools
import json
import os
import pathlib
import re
import signal
import tempfile
import threading
import time
import uuid

import numpy as np
from distributed import Client, LocalCluster

from benchmarks import harness
from course_lib import datasets
from course_lib.dataflow import count_job, join_job, join_splits, map_reduce, sketch_job
from course_lib.heavy_hitters import CountMin

WORKERS, REDUCERS, WAIT_S = 3, 8, 0.1
WORDS = re.compile(r"[a-z']+")


def noted(folder, function, split):
    """Map one numbered split; leave files that say who began and who ended."""
    number, items = split
    name = f"{number}-{os.getpid()}-{uuid.uuid4().hex}"
    pathlib.Path(folder, f"begun-{name}").touch()
    time.sleep(WAIT_S)
    pairs = list(function(items))
    pathlib.Path(folder, f"ended-{name}").touch()
    return pairs


def killer(client, folder, n_splits, box):
    """Kill one process when half of the map tasks have begun."""
    victim = sorted(client.run(os.getpid).values())[0]

    def watch():
        while len(list(pathlib.Path(folder).glob("begun-*"))) < n_splits // 2:
            time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)
        files = list(pathlib.Path(folder).glob(f"ended-*-{victim}-*"))
        box["ended_by_victim"] = len(files)
        files = list(pathlib.Path(folder).glob(f"begun-*-{victim}-*"))
        box["begun_by_victim"] = len(files)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def run(job, splits, truth, kill):
    """Run a job on three processes; compare its output with ``truth``, count attempts."""
    numbered = list(enumerate(splits))
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        watched = dataclasses.replace(job, map=functools.partial(noted, folder, job.map))
        box = {}
        thread = killer(client, folder, len(splits), box) if kill else None
        start = time.perf_counter()
        output = map_reduce(watched, numbered, client=client)
        box["seconds"] = time.perf_counter() - start
        if thread:
            thread.join()
        begun = [path.name.split("-")[1] for path in pathlib.Path(folder).glob("begun-*")]
        begun = collections.Counter(begun)
    return box | {
        "splits": len(splits),
        "reducers": job.n_reducers,
        "same_bytes": output.to_bytes() == truth.to_bytes(),
        "same_counters": output.counters == truth.counters,
        "shuffle_bytes": output.counters.shuffle_bytes,
        "attempts": sum(begun.values()),
        "run_again": sum(n > 1 for n in begun.values()),
    }


def jobs():
    """The jobs and their splits, by name."""
    texts = [text.lower() for text in datasets.shakespeare().values()]
    words = [WORDS.findall(text) for text in texts]
    yield "word count", count_job(WORDS.findall, n_reducers=REDUCERS), texts
    yield "sketch", sketch_job(functools.partial(CountMin, 2000, 4, seed=0), WORDS.findall), texts
    everything = list(itertools.chain(*words))
    rows = {word: len(word) for word in set(everything)}
    pieces = {word: 4 for word, _ in collections.Counter(everything).most_common(20)}
    facts = list(zip(everything, range(len(everything)), strict=True))
    pick = np.random.default_rng(0).choice(len(facts), 50_000, replace=False)
    facts = [facts[i] for i in np.sort(pick)]
    splits = join_splits(facts, dict(sorted(rows.items())), 24)
    yield "skewed join", join_job(pieces, REDUCERS), splits


def main():
    """Run, kill, print and write."""
    rows = {}
    for name, job, splits in jobs():
        truth = map_reduce(job, splits)
        rows[name] = {
            "undisturbed": run(job, splits, truth, kill=False),
            "killed": run(job, splits, truth, kill=True),
        }
        print(name, json.dumps(rows[name], indent=1), flush=True)
    report = {
        "name": "dataflow_killed",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "workers": WORKERS,
        "wait_s": WAIT_S,
        "rows": rows,
    }
    path = harness.RESULTS / "dataflow_killed.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
