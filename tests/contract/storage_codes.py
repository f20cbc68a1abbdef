"""How the public functions of `course_lib.storage` for codes and chunks are called."""

import numpy as np

from course_lib import storage as so
from tests.contract.judge import Call

__all__ = ["NOT_CALLED_OF_STORAGE_CODES", "STORAGE_CODES"]

rng = np.random.default_rng(19)
data = rng.integers(0, 256, (3, 8))
square = np.array([[1, 2, 3], [4, 5, 7], [8, 9, 11]])
row = rng.integers(0, 256, 8)
code = so.ReedSolomon(3, 2)
parity = code.encode(data).astype(np.int64)
sets = np.array([[0, 1, 2], [3, 4, 5], [1, 3, 5]])
EMPTY = {"empty": "any shape is right"}
UNITS = {"n_units": 5, "n_tolerated": 2, "mttf_s": 10.0, "mttr_s": 1.0}

NOT_CALLED_OF_STORAGE_CODES = {
    "ChunkStore": "is a cluster of machines: tests/test_storage_chunks.py",
    "StripStore": "is a cluster of machines: tests/test_storage_chunks.py",
    "two_primaries": "takes leases",
}
STORAGE_CODES = [
    Call("storage.gf_multiply", so.gf_multiply, a=row, b=row[::-1].copy(), excused=EMPTY),
    Call("storage.gf_inverse", so.gf_inverse, a=1 + row // 2, excused=EMPTY),
    Call("storage.gf_power", so.gf_power, a=row, exponent=np.arange(8), excused=EMPTY),
    Call(
        "storage.gf_matmul",
        so.gf_matmul,
        A=square,
        B=data,
        excused={"empty": "nothing times nothing is nothing"},
    ),
    Call(
        "storage.gf_matrix_inverse",
        so.gf_matrix_inverse,
        A=square,
        excused={"empty": "is its own inverse"},
    ),
    Call("storage.ReedSolomon", lambda **k: so.ReedSolomon(**k).parity_rows, n_data=3, n_parity=2),
    Call("storage.ReedSolomon encode", code.encode, data=data),
    Call("storage.ReedSolomon split", code.split, message=row, excused={"empty": "has no bytes"}),
    Call(
        "storage.ReedSolomon decode",
        lambda fragment: code.decode({0: data[0], 1: fragment, 4: parity[1]}),
        fragment=data[1],
    ),
    Call(
        "storage.ReedSolomon rebuild",
        lambda lost: code.rebuild(dict(enumerate(data)), lost),
        lost=4,
    ),
    Call(
        "storage.ReedSolomon update",
        lambda **k: code.update(**k).parity,
        parity=parity,
        index=1,
        old=data[1],
        new=row,
    ),
    Call("storage.raid5", lambda n_data: so.raid5(n_data).parity_rows, n_data=4),
    Call("storage.raid6", lambda n_data: so.raid6(n_data).parity_rows, n_data=4),
    Call("storage.mttdl", so.mttdl, **UNITS),
    Call("storage.mttdl_approximation", so.mttdl_approximation, **UNITS),
    Call(
        "storage.simulate_data_loss",
        so.simulate_data_loss,
        n_lives=3,
        shape=1.5,
        unreadable=0.1,
        rng=0,
        **UNITS,
    ),
    Call("storage.copyset_loss", so.copyset_loss, n_machines=50, n_failed=10, n_sets=7, copies=3),
    Call("storage.random_copysets", so.random_copysets, n_machines=9, n_sets=5, copies=3, rng=0),
    Call(
        "storage.permuted_copysets",
        so.permuted_copysets,
        n_machines=9,
        copies=3,
        permutations=2,
        rng=0,
    ),
    Call(
        "storage.simulate_power_cuts",
        so.simulate_power_cuts,
        sets=sets,
        n_machines=6,
        n_failed=4,
        n_trials=5,
        rng=0,
        excused={"empty": "nothing is lost"},
    ),
    Call("storage.safe_hold_s", so.safe_hold_s, lease_s=10.0, drift=0.01),
]
