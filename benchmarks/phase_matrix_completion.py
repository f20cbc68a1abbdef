"""Where completion by the nuclear norm succeeds: rank against share of entries that were seen.

    python -m benchmarks.phase_matrix_completion      # some minutes on one thread

writes benchmarks/results/matrix_completion_phase.json, which the chapter draws. Nothing here is a
time, so the machine does not matter. The convex program is solved by augmented Lagrangian steps
with dense decompositions: at this size, and near the boundary, far fewer are needed than by SVT.
"""

import json

import numpy as np
import threadpoolctl

from benchmarks.harness import RESULTS

SIZE, RUNS = 100, 20
RANKS = (1, 2, 5, 10, 20, 30)
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
RECOVERED = 1e-3
SETTLED = 1e-7  # what the observed entries may still lack, as a share of them
# Growth of the weight of the constraint: slower growth, more accurate steps, and more of them. Near
# the boundary the first is too fast: it stops where the nuclear norm is above that of the truth.
GROWTHS = (1.1, 1.03)
LOOK = 20  # steps between looks for a proof


def completed(truth, seen, growth):
    """Return the matrix of least nuclear norm with the entries of ``truth`` where ``seen``.

    Or, as soon as one is met, any such matrix with a smaller nuclear norm than the truth: then
    the truth is not the solution.
    """
    M, aim = np.where(seen, truth, 0), np.linalg.norm(truth, "nuc")
    scale = np.linalg.norm(M, 2)
    Y, holes, mu = M / scale, np.zeros_like(M), 1 / scale
    step = 0
    while True:
        step += 1
        U, s, Vt = np.linalg.svd(M - holes + Y / mu)
        X = (U * np.maximum(s - 1 / mu, 0)) @ Vt
        holes = np.where(seen, 0, M - X + Y / mu)
        lacking = M - X - holes
        settled = np.linalg.norm(lacking) < SETTLED * np.linalg.norm(M)
        if settled or (step % LOOK == 0 and _smaller(np.where(seen, truth, X), aim)):
            return np.where(seen, truth, X)
        Y += mu * lacking
        mu *= growth


def _smaller(Z, aim):
    return np.linalg.norm(Z, "nuc") < (1 - 1e-6) * aim


def attempt(rank, share, seed):
    """Return whether a random matrix was recovered, and whether the solver is to blame if not.

    A matrix with the same observed entries and a smaller nuclear norm proves that no solver of
    the convex program can find the truth.
    """
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((SIZE, rank)) @ rng.standard_normal((rank, SIZE))
    truth /= np.sqrt(rank)
    seen = rng.random((SIZE, SIZE)) < share
    for growth in GROWTHS:
        found = completed(truth, seen, growth)
        if np.linalg.norm(found - truth) < RECOVERED * np.linalg.norm(truth):
            return True, False
        if _smaller(found, np.linalg.norm(truth, "nuc")):
            return False, False
    return False, True


def main():
    """Fill the grid where more than the unknowns were seen; None where it was not tried."""
    table, blamed = [], 0
    for rank in RANKS:
        needed = rank * (2 * SIZE - rank) / SIZE**2
        row = []
        for share in SHARES:
            if share <= needed:
                row.append(None)
                continue
            runs = [attempt(rank, share, seed) for seed in range(RUNS)]
            row.append(sum(success for success, _ in runs) / RUNS)
            blamed += sum(blame for _, blame in runs)
        table.append(row)
        print(rank, row, flush=True)
    report = {
        "name": "matrix_completion_phase",
        "size": SIZE,
        "runs": RUNS,
        "recovered": RECOVERED,
        "failures_of_the_solver": blamed,
        "ranks": RANKS,
        "shares": SHARES,
        "share_recovered": table,
    }
    path = RESULTS / "matrix_completion_phase.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
