"""Dataflow: jobs, graphs and streams on many machines, some of which are slow, some of which die.

In the order to read it::

    map_reduce   Job, map_reduce: two functions, run here or on Dask
    jobs         count_job, sketch_job: the jobs that everybody needs
    simulated    simulate_map_reduce: leases, lost map outputs, copies, crashes
    partitions   partition_keys: where a key goes, in every process alike
    stragglers   backup_time, simulate_backups, run_tasks: the last tasks run twice
    skew         skew_bound, salt_pieces, salted_join: a key too large for one reducer
    monoids      Monoid, merge_all: what any tree of machines can combine
    lineage      source, Dataset: lost partitions are made again
    windows      TumblingWindows, is_late: event time and watermarks
    barriers     AlignedBarriers, LooseBarriers: which events belong to a snapshot
    streams      simulate_stream: counts that are exact after crashes
    choices      balls_into_bins, choice_tail, choice_time, simulate_choices, route_jobs

The simulator is ``Cluster`` of `cost`, queues with one or several servers are in `cost` too, and
sketches to merge in `distinct` and `heavy_hitters`.

Book: ``book/20-dataflow.md``. Lab: ``labs/20-dataflow``.
"""

from course_lib.dataflow.barriers import AlignedBarriers, Barrier, LooseBarriers
from course_lib.dataflow.choices import (
    ChoiceRun,
    RoutedJobs,
    balls_into_bins,
    choice_tail,
    choice_time,
    route_jobs,
    simulate_choices,
)
from course_lib.dataflow.jobs import count_job, sketch_job
from course_lib.dataflow.lineage import Dataset, source
from course_lib.dataflow.map_reduce import (
    Counters,
    Job,
    JobOutput,
    MapOutput,
    map_reduce,
    map_task,
    reduce_task,
)
from course_lib.dataflow.monoids import Monoid, merge_all
from course_lib.dataflow.partitions import partition_keys
from course_lib.dataflow.simulated import SimulatedJob, simulate_map_reduce
from course_lib.dataflow.skew import (
    Joined,
    imbalance,
    join_job,
    join_splits,
    reducer_loads,
    salt_pieces,
    salted_join,
    skew_bound,
)
from course_lib.dataflow.stragglers import (
    Backups,
    TaskRun,
    backup_time,
    run_tasks,
    simulate_backups,
)
from course_lib.dataflow.streams import StreamRun, simulate_stream
from course_lib.dataflow.windows import TumblingWindows, is_late

__all__ = [
    "AlignedBarriers",
    "Backups",
    "Barrier",
    "ChoiceRun",
    "Counters",
    "Dataset",
    "Job",
    "JobOutput",
    "Joined",
    "LooseBarriers",
    "MapOutput",
    "Monoid",
    "RoutedJobs",
    "SimulatedJob",
    "StreamRun",
    "TaskRun",
    "TumblingWindows",
    "backup_time",
    "balls_into_bins",
    "choice_tail",
    "choice_time",
    "count_job",
    "imbalance",
    "is_late",
    "join_job",
    "join_splits",
    "map_reduce",
    "map_task",
    "merge_all",
    "partition_keys",
    "reduce_task",
    "reducer_loads",
    "route_jobs",
    "run_tasks",
    "salt_pieces",
    "salted_join",
    "simulate_backups",
    "simulate_choices",
    "simulate_map_reduce",
    "simulate_stream",
    "sketch_job",
    "skew_bound",
    "source",
]
