"""How each function of `course_lib.cost` is called when all is well; see `tests.contract.calls`."""

import numpy as np
import scipy.sparse as sp

from course_lib import cost
from tests.contract.judge import Call
from tests.machines import ROUND

__all__ = ["COST", "NOT_CALLED_OF_COST"]

rng = np.random.default_rng(1)
ALONE = cost.Prediction(100.0, "bandwidth", {"bandwidth": 100.0})
AS_IT_IS = dict.fromkeys(["NaN", "infinity"], "counting passes on what there is; users check it")
gaps, services = rng.exponential(size=(2, 20))


def products(X, Y):
    K = X @ Y.T
    return K.toarray() if sp.issparse(K) else K


def exponential(rng, size):
    return rng.exponential(size=size)


COST = [
    Call("cost.littles_law", cost.littles_law, rate_per_s=3.0, time_s=0.5),
    Call("cost.littles_law time", cost.littles_law, rate_per_s=3.0, number=0.5),
    Call("cost.mmc", cost.mmc, arrivals_per_s=0.8, services_per_s=1.0, servers=2),
    Call(
        "cost.pollaczek_khinchine",
        cost.pollaczek_khinchine,
        arrivals_per_s=0.8,
        service_s=1.0,
        service_std_s=0.5,
    ),
    Call(
        "cost.simulate_queue",
        lambda **k: tuple(cost.simulate_queue(**k)),
        interarrival_s=gaps,
        service_s=services,
        servers=2,
    ),
    Call(
        "cost.number_in_system",
        lambda **k: cost.number_in_system(cost.simulate_queue(**k)),
        interarrival_s=gaps,
        service_s=services,
    ),
    Call("cost.pipeline_seconds", cost.pipeline_seconds, stage_s=np.array([1.0, 3, 2]), items=10),
    Call(
        "cost.simulate_pipeline",
        cost.simulate_pipeline,
        service_s=rng.exponential(size=(6, 3)),
        buffer=1,
    ),
    Call("cost.matvec_intensity", cost.matvec_intensity, m=100, n=50, itemsize=8),
    Call("cost.matmul_intensity", cost.matmul_intensity, m=100, n=50, k=20, itemsize=8),
    Call(
        "cost.roofline",
        lambda **k: cost.roofline(ROUND, **k),
        intensity=np.array([0.1, 1.0, 50.0]),
        cores=2,
        memory_bytes_per_s=1e10,
        footprint_bytes=1 << 20,
        excused={
            "a number": "one intensity",
            "empty": "none",
            "three axes": "any shape will do",
            "infinity": "all arithmetic: the flops are the limit",
        },
    ),
    Call("cost.ridge", lambda **k: cost.ridge(ROUND, **k), footprint_bytes=1 << 20),
    Call("cost.amdahl_speedup", cost.amdahl_speedup, serial_share=0.1, workers=8),
    Call(
        "cost.predict",
        lambda **k: cost.predict(ROUND, **k),
        read_bytes=8e9,
        flops=1e9,
        gathers=1e6,
        dependent_reads=1e3,
        calls=10,
        footprint_bytes=1 << 20,
    ),
    Call(
        "cost.predict_cluster",
        lambda **k: cost.predict_cluster(ALONE, **k),
        machines=10,
        rounds=100,
        sent_bytes=1e6,
        round_trip_s=5e-4,
        network_bytes_per_s=1e9,
    ),
    Call("cost.probability_of_any", cost.probability_of_any, probability=0.01, n=100),
    Call("cost.server_quantile", cost.server_quantile, quantile=0.5, fanout=100),
    Call(
        "cost.simulate_fanout",
        lambda **k: tuple(cost.simulate_fanout(exponential, **k)),
        fanout=4,
        requests=10,
        delay_s=2.0,
        rng=0,
    ),
    Call(
        "cost.hedging_delay",
        cost.hedging_delay,
        latency_s=services,
        extra_load=0.1,
        excused={"infinity": "an answer that never came"},
    ),
    Call("cost.cluster_mttf", cost.cluster_mttf, mttf_s=1e8, machines=1000, shape=0.7),
    Call(
        "cost.simulate_failures",
        cost.simulate_failures,
        machines=20,
        mttf_s=1.0,
        horizon_s=2.0,
        shape=0.7,
        rng=0,
    ),
    Call("cost.checkpoint_interval", cost.checkpoint_interval, save_s=50.0, mttf_s=1e4),
    Call(
        "cost.expected_runtime",
        cost.expected_runtime,
        work_s=1e5,
        interval_s=1000.0,
        save_s=50.0,
        mttf_s=1e4,
        finite=False,
    ),
    Call(
        "cost.lru_misses",
        cost.lru_misses,
        addresses=np.array([0, 1, 2, 0, 1, 2]),
        capacity=2,
        line=1,
        excused={"empty": "nothing is loaded"},
    ),
    Call("cost.matmul_loads_bound", cost.matmul_loads_bound, m=100, n=100, k=100, memory=400),
    Call(
        "cost.growth_exponent",
        cost.growth_exponent,
        sizes=np.array([100.0, 200, 400]),
        costs=np.array([1.0, 4, 16]),
    ),
    Call(
        "cost.CountedMatrix",
        lambda A, X: cost.CountedMatrix(A, cost.Meter()) @ X,
        A=rng.standard_normal((4, 3)),
        X=rng.standard_normal((3, 2)),
        excused=AS_IT_IS,
    ),
    Call(
        "cost.CountedMatrix blocks",
        lambda A, size: list(cost.CountedMatrix(A, cost.Meter()).blocks(size)),
        A=rng.standard_normal((4, 3)),
        size=2,
        excused=AS_IT_IS,
    ),
    Call(
        "cost.CountedDistance",
        lambda **k: cost.CountedDistance(products, cost.Meter())(**k),
        X=rng.standard_normal((4, 3)),
        Y=rng.standard_normal((2, 3)),
        excused={**AS_IT_IS, "empty": "no rows, no pairs"},
    ),
    Call(
        "cost.CountedStream",
        lambda items: sum(1 for _ in cost.CountedStream(items, cost.Meter())),
        items=["to", "be", "or"],
        stream=["items"],
    ),
]

# Public, and called by no number or array of a user: with the reason.
NOT_CALLED_OF_COST = {
    "Cluster": "machines and processes; tests/test_cost_cluster.py refuses what is none",
    "Machine": "made by a cluster",
    "Meter": "counters without arguments",
    "Process": "made by a machine",
    "Profile": "what was measured",
    "Signal": "takes nothing",
    "latency_table": "takes a profile",
    "machine_profile": "measures the machine",
    "measure_machine": "measures the machine",
    "size_bytes": "takes whatever a message may be, and sizes differ by form",
}
