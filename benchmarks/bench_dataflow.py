"""Speed of dataflow against SimPy, Dask, DuckDB and Polars; see benchmarks/harness.py.

Queues with two choices: the same jobs, the same departures. Word count and skewed join: our jobs
are plain Python functions on one processor; the databases run compiled plans over columns, with as
many threads as BLAS has. Dask gets the same texts by its own bag. Our losses stand in the table.
"""

import atexit
import collections
import functools
import itertools
import re

import numpy as np

from benchmarks import harness
from course_lib import datasets
from course_lib.cost import Cluster
from course_lib.dataflow import balls_into_bins, count_job, map_reduce, route_jobs, salted_join

simpy = harness.peer("simpy")
duckdb = harness.peer("duckdb")
polars = harness.peer("polars")
bag = harness.peer("dask.bag")

WORDS = re.compile(r"[a-z']+")
QUEUES, UTILIZATION = 100, 0.9


def workloads(quick):
    """Yield the workloads one by one."""
    yield queues(5_000 if quick else 50_000)
    yield balls(1 << (14 if quick else 20))
    texts = [text.lower() for text in datasets.shakespeare().values()]
    texts = texts[:6] if quick else texts
    yield word_count(texts)
    yield skewed_join(texts)


def queues(n_jobs):
    """Jobs that join the shorter of two queues."""
    rng = np.random.default_rng(0)
    arrival_s = np.cumsum(rng.exponential(1 / (UTILIZATION * QUEUES), n_jobs))
    service_s = rng.exponential(size=n_jobs)
    choices = rng.integers(QUEUES, size=(n_jobs, 2))
    truth = route_jobs(arrival_s, service_s, choices, QUEUES).departure_s
    jobs = arrival_s, service_s, choices
    return harness.Workload(
        key="two_choices",
        title=f"Two choices: {n_jobs} jobs, {QUEUES} queues, load {UTILIZATION}",
        contestants={
            "ours, arrays": lambda seed: route_jobs(*jobs, QUEUES).departure_s,
            "ours, Cluster": lambda seed: on_cluster(*jobs),
            "SimPy": lambda seed: on_simpy(*jobs),
        },
        error=lambda departure_s: float(np.abs(departure_s - truth).max()) > 1e-6,
        error_name="whether a departure differs by more than a microsecond",
        pairs=[("ours, arrays", "SimPy", 3.0), ("ours, Cluster", "SimPy", 1.0)],
    )


def on_cluster(arrival_s, service_s, choices):
    """The same queues as machines of the simulator of chapter 01."""
    cluster, departure_s = Cluster(), np.empty(len(arrival_s))
    machines = [cluster.machine(q) for q in range(QUEUES)]
    lengths = [0] * QUEUES
    seconds, pairs = service_s.tolist(), choices.tolist()

    def job(machine, i, q):
        yield machine.work(seconds[i])
        lengths[q] -= 1
        departure_s[i] = cluster.now

    def arrivals():
        before = 0.0
        for i, time_s in enumerate(arrival_s.tolist()):
            yield gate.sleep(time_s - before)
            before = time_s
            one, other = pairs[i]
            q = one if lengths[one] <= lengths[other] else other
            lengths[q] += 1
            machines[q].start(job(machines[q], i, q))

    gate = cluster.machine("gate")
    gate.start(arrivals())
    cluster.run()
    return departure_s


def on_simpy(arrival_s, service_s, choices):
    """The same queues as resources of SimPy."""
    env, departure_s = simpy.Environment(), np.empty(len(arrival_s))
    queues = [simpy.Resource(env) for _ in range(QUEUES)]
    lengths = [0] * QUEUES
    seconds, pairs = service_s.tolist(), choices.tolist()

    def job(i, q):
        with queues[q].request() as turn:
            yield turn
            yield env.timeout(seconds[i])
        lengths[q] -= 1
        departure_s[i] = env.now

    def arrivals():
        before = 0.0
        for i, time_s in enumerate(arrival_s.tolist()):
            yield env.timeout(time_s - before)
            before = time_s
            one, other = pairs[i]
            q = one if lengths[one] <= lengths[other] else other
            lengths[q] += 1
            env.process(job(i, q))

    env.process(arrivals())
    env.run()
    return departure_s


def balls(n):
    """Balls into as many bins, against a loop in Python: nobody else throws balls."""

    def loop(seed):
        rng, loads = np.random.default_rng(seed), [0] * n
        for one, other in rng.integers(n, size=(n, 2)).tolist():
            loads[one if loads[one] <= loads[other] else other] += 1
        return np.array(loads)

    return harness.Workload(
        key="balls",
        title=f"{n} balls into as many bins, two choices",
        contestants={
            "ours": lambda seed: balls_into_bins(n, n, rng=seed),
            "a loop in Python": loop,
        },
        error=lambda loads: float(loads.max()),
        error_name="the fullest bin",
        pairs=[("ours", "a loop in Python", None)],
    )


def word_count(texts):
    """How often each word occurs."""
    truth = collections.Counter(itertools.chain(*map(WORDS.findall, texts)))
    job, frame, table = count_job(WORDS.findall, n_reducers=2), polars.Series(texts), connected()
    table.execute("create table works as select unnest(?) as text", [texts])
    query = "select word, count(*) from (select unnest(regexp_extract_all(text, ?)) as word "
    query += "from works) group by word"

    def on_polars(seed):
        words = frame.str.extract_all(WORDS.pattern).explode()
        counts = words.value_counts()
        return dict(zip(*counts.to_dict(as_series=False).values(), strict=True))

    return harness.Workload(
        key="word_count",
        title=f"Word count: {sum(truth.values())} words, {len(truth)} different",
        contestants={
            "ours": lambda seed: map_reduce(job, texts).to_dict(),
            "ours on Dask": lambda seed: map_reduce(job, texts, client=client()).to_dict(),
            "Dask bag": lambda seed: dict(on_bag(texts)),
            "DuckDB": lambda seed: dict(table.execute(query, [WORDS.pattern]).fetchall()),
            "Polars": on_polars,
            "Counter": lambda seed: collections.Counter(
                itertools.chain(*map(WORDS.findall, texts))
            ),
        },
        error=lambda counts: sum(counts.get(word) != n for word, n in truth.items()),
        error_name="words that are counted wrongly",
        pairs=[
            ("ours", "DuckDB", None),
            ("ours", "Polars", None),
            ("ours", "Counter", None),
            ("ours on Dask", "Dask bag", None),
        ],
    )


def skewed_join(texts):
    """Each word with its row in a dictionary; the most frequent words are cut in pieces."""
    words = list(itertools.chain(*map(WORDS.findall, texts)))
    rows = {word: i for i, word in enumerate(sorted(set(words)))}
    facts = list(zip(words, range(len(words)), strict=True))
    pieces = {word: 4 for word, _ in collections.Counter(words).most_common(20)}
    truth = sum(number * rows[word] for word, number in facts)
    left = polars.DataFrame({"word": words, "number": np.arange(len(words))})
    right = polars.DataFrame({"word": list(rows), "row": list(rows.values())})
    table = connected()
    table.execute(
        "create table facts as select unnest(?) as word, unnest(?) as number",
        [words, list(range(len(words)))],
    )
    table.execute(
        "create table dictionary as select unnest(?) as word, unnest(?) as row_",
        [list(rows), list(rows.values())],
    )
    query = "select number, row_ from facts join dictionary using (word)"

    def on_duckdb(seed):
        found = table.execute(query).fetchnumpy()
        return int(found["number"].astype(object) @ found["row_"].astype(object))

    def on_polars(seed):
        found = left.join(right, on="word")
        return int((found["number"] * found["row"]).sum())

    def ours(run=map_reduce):
        join = salted_join(facts, rows, pieces=pieces, n_reducers=8, n_splits=8, run=run)
        return sum(number * row for _, number, row in join.rows)

    return harness.Workload(
        key="skewed_join",
        title=f"Skewed join: {len(facts)} words with {len(rows)} rows",
        contestants={
            "ours": lambda seed: ours(),
            "ours on Dask": lambda seed: ours(functools.partial(map_reduce, client=client())),
            "DuckDB": on_duckdb,
            "Polars": on_polars,
        },
        error=lambda total: float(total != truth),
        error_name="whether a sum over all pairs differs",
        pairs=[("ours", "DuckDB", None), ("ours", "Polars", None)],
    )


def on_bag(texts):
    """Word count as Dask's own users write it."""
    words = bag.from_sequence(texts, npartitions=len(texts)).map(WORDS.findall).flatten()
    return words.frequencies().compute(scheduler=client())


def connected():
    """A database in memory, on two threads."""
    return duckdb.connect(config={"threads": 2})


@functools.cache
def client():
    """Two processes of Dask, started once."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    made = Client(cluster)
    atexit.register(cluster.close)
    atexit.register(made.close)
    return made


if __name__ == "__main__":
    harness.main("dataflow", workloads)
