"""How the public functions of `course_lib.dataflow` are called when all is well."""

import numpy as np

from course_lib import dataflow as df
from tests.contract.judge import Call

__all__ = ["DATAFLOW", "NOT_CALLED_OF_DATAFLOW"]

keys = [3, 1, 2, 3, 5, 1]
weights = np.array([3.0, 50.0, 40.0, 7.0])
times = np.array([5.0, 12.0, 3.0, 31.0, 14.0])
DEFAULT = {"None": "is the default"}
INFINITE = {"infinity": "is one window for all, or no end"}
NOT_CALLED_OF_DATAFLOW = {
    "AlignedBarriers": "takes a count and messages: tests/test_dataflow_streams.py",
    "Barrier": "is a mark in a stream",
    "Dataset": "is made by source",
    "Job": "takes functions: tests/test_dataflow.py",
    "LooseBarriers": "takes a count and messages: tests/test_dataflow_streams.py",
    "MapOutput": "is made by map_task",
    "Monoid": "takes functions",
    "count_job": "takes functions",
    "join_job": "takes a dict: tests/test_dataflow.py",
    "join_splits": "takes pairs and a dict: tests/test_dataflow.py",
    "map_reduce": "takes a job and any objects: tests/test_dataflow.py",
    "map_task": "takes a job and any object",
    "merge_all": "takes a monoid and any objects",
    "reduce_task": "takes a job and runs",
    "salted_join": "takes pairs and a dict: tests/test_dataflow.py",
    "sketch_job": "takes functions",
    "source": "takes any objects",
}
DATAFLOW = [
    Call("dataflow.partition_keys", df.partition_keys, keys=keys, n_parts=4, stream=["keys"]),
    Call(
        "dataflow.partition_keys seed",
        lambda seed: df.partition_keys(keys, 4, seed=seed),
        seed=1,
    ),
    Call(
        "dataflow.simulate_map_reduce",
        lambda **k: df.simulate_map_reduce(df.count_job(), [keys, keys], **k)[1:3],
        n_workers=2,
        map_s=1.0,
        reduce_s=0.5,
        n_backups=0,
        lease_s=9.0,
        fetch_timeout_s=1.0,
        rng=0,
        excused=INFINITE,
    ),
    Call(
        "dataflow.simulate_map_reduce speeds",
        lambda speeds: df.simulate_map_reduce(df.count_job(), [keys], 2, speeds=speeds)[1:3],
        speeds=np.array([1.0, 0.5]),
        excused=DEFAULT,
    ),
    Call("dataflow.backup_time", df.backup_time, n_tasks=10, n_backups=2, mean_s=1.0),
    Call(
        "dataflow.simulate_backups",
        lambda **k: tuple(df.simulate_backups(**k)),
        n_tasks=10,
        n_backups=2,
        n_runs=4,
        rng=0,
    ),
    Call(
        "dataflow.run_tasks",
        lambda **k: df.run_tasks(**k)[:3],
        seconds=np.array([1.0, 2.0, 3.0]),
        n_workers=2,
        n_backups=1,
        rng=0,
    ),
    Call(
        "dataflow.reducer_loads",
        lambda weights, n_reducers: df.reducer_loads([1, 2, 3, 4], weights, n_reducers),
        weights=weights,
        n_reducers=3,
    ),
    Call(
        "dataflow.reducer_loads pieces",
        lambda pieces: df.reducer_loads([1, 2, 3, 4], weights, 3, pieces=pieces),
        pieces=np.array([1, 2, 2, 1]),
        excused=DEFAULT,
    ),
    Call("dataflow.imbalance", df.imbalance, loads=weights),
    Call("dataflow.skew_bound", df.skew_bound, weights=weights, n_reducers=8),
    Call("dataflow.salt_pieces", df.salt_pieces, weights=weights, n_reducers=8, share=0.5),
    Call(
        "dataflow.is_late",
        df.is_late,
        times=times,
        width=10.0,
        bound=1.0,
        excused=INFINITE | {"empty": "no event is late"},
    ),
    Call(
        "dataflow.is_late clock",
        lambda clock: df.is_late(times, 10.0, clock=clock),
        clock=times + 1.0,
        excused=DEFAULT,
    ),
    Call(
        "dataflow.TumblingWindows",
        lambda width, bound: df.TumblingWindows(width, bound=bound).update(keys[:5], times),
        width=10.0,
        bound=1.0,
        excused=INFINITE,
    ),
    Call(
        "dataflow.TumblingWindows times",
        lambda times: df.TumblingWindows(10.0).update(keys[:5], times),
        times=times,
    ),
    Call(
        "dataflow.simulate_stream",
        lambda **k: df.simulate_stream([[(1, 1.0), (2, 2.0)]], **k)[:5],
        n_counters=2,
        width=10.0,
        bound=1.0,
        every_s=1.0,
        restart_s=0.5,
        gap_s=0.1,
        seed=0,
        rng=0,
        excused=INFINITE,
    ),
    Call("dataflow.balls_into_bins", df.balls_into_bins, n_balls=20, n_bins=10, d=2, rng=0),
    Call("dataflow.choice_tail", df.choice_tail, utilization=0.9, d=2, i_max=5),
    Call("dataflow.choice_time", df.choice_time, utilization=0.9, d=2),
    Call(
        "dataflow.route_jobs",
        lambda **k: tuple(df.route_jobs(choices=np.array([[0, 1]] * 5), **k)),
        arrival_s=np.array([0.0, 1.0, 2.0, 3.0, 4.0]),
        service_s=np.array([5.0, 1.0, 2.0, 1.0, 4.0]),
        n_queues=2,
        board_s=0.5,
    ),
    Call(
        "dataflow.route_jobs choices",
        lambda choices: tuple(df.route_jobs([0.0, 1.0], [2.0, 2.0], choices, 2)),
        choices=np.array([[0, 1], [1, 0]]),
    ),
    Call(
        "dataflow.simulate_choices",
        lambda **k: tuple(df.simulate_choices(**k)),
        n_queues=5,
        utilization=0.5,
        d=2,
        horizon_s=50.0,
        warm_s=5.0,
        board_s=0.5,
        i_max=3,
        rng=0,
    ),
]
