"""Chapter 01, cost: what an algorithm reads, computes and sends, and what a machine makes of it.

The rooms, in the order to read them::

    meter       counts: passes, bytes, products, distances, kernels, messages, bytes sent, rounds
    counted     a matrix, a stream, a distance that count how they are used
    machine     what this machine can do, measured once and remembered
    latencies   the published table, beside this machine's own
    roofline    from counts to seconds
    transfers   what moves between a small memory and a large one
    queues      waiting: Little's law, one server, many servers
    pipelines   stages that work at the same time
    tails       waiting for the slowest of many servers, and hedging
    faults      how soon a cluster fails, and what checkpoints cost
    cluster     a cluster in one process: machines, messages, failures, one clock

Book: ``book/01-cost.md``.
"""

from course_lib.cost.cluster import Blob, Cluster, Delivery, Machine, Process, Signal, Span
from course_lib.cost.counted import CountedDistance, CountedMatrix, CountedStream
from course_lib.cost.faults import (
    checkpoint_interval,
    cluster_mttf,
    expected_runtime,
    simulate_failures,
)
from course_lib.cost.latencies import PUBLISHED, PUBLISHED_SOURCE, Latency, latency_table
from course_lib.cost.machine import Cache, Level, Profile, machine_profile, measure_machine
from course_lib.cost.meter import Meter, growth_exponent, size_bytes
from course_lib.cost.pipelines import pipeline_seconds, simulate_pipeline
from course_lib.cost.queues import (
    Queue,
    Served,
    littles_law,
    mmc,
    number_in_system,
    pollaczek_khinchine,
    simulate_queue,
)
from course_lib.cost.roofline import (
    Prediction,
    amdahl_speedup,
    matmul_intensity,
    matvec_intensity,
    predict,
    predict_cluster,
    ridge,
    roofline,
)
from course_lib.cost.tails import (
    FanOut,
    hedging_delay,
    probability_of_any,
    server_quantile,
    simulate_fanout,
)
from course_lib.cost.transfers import lru_misses, matmul_loads_bound

__all__ = [
    "PUBLISHED",
    "PUBLISHED_SOURCE",
    "Blob",
    "Cache",
    "Cluster",
    "CountedDistance",
    "CountedMatrix",
    "CountedStream",
    "Delivery",
    "FanOut",
    "Latency",
    "Level",
    "Machine",
    "Meter",
    "Prediction",
    "Process",
    "Profile",
    "Queue",
    "Served",
    "Signal",
    "Span",
    "amdahl_speedup",
    "checkpoint_interval",
    "cluster_mttf",
    "expected_runtime",
    "growth_exponent",
    "hedging_delay",
    "latency_table",
    "littles_law",
    "lru_misses",
    "machine_profile",
    "matmul_intensity",
    "matmul_loads_bound",
    "matvec_intensity",
    "measure_machine",
    "mmc",
    "number_in_system",
    "pipeline_seconds",
    "pollaczek_khinchine",
    "predict",
    "predict_cluster",
    "probability_of_any",
    "ridge",
    "roofline",
    "server_quantile",
    "simulate_failures",
    "simulate_fanout",
    "simulate_pipeline",
    "simulate_queue",
    "size_bytes",
]
