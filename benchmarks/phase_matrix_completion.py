"""Where completion by the nuclear norm succeeds: rank against share of entries that were seen.

    python -m benchmarks.phase_matrix_completion      # half a minute on one thread

writes benchmarks/results/matrix_completion_phase.json, which the chapter draws. Nothing here is a
time, so the machine does not matter. The convex program is solved by augmented Lagrangian steps
with dense decompositions: at this size, and near the boundary, far fewer are needed than by SVT.
"""

import json

import numpy as np
import threadpoolctl

from benchmarks.harness import RESULTS

SIZE, RUNS, STEPS = 100, 4, 120
RANKS = (1, 2, 5, 10, 20, 30)
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
RECOVERED = 1e-2
GROWTH = 1.1  # of the weight of the constraint; slower growth, more accurate steps


def recovered(rank, share, seed):
    """Return whether SVT finds a random matrix of this rank from a random share of it."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((SIZE, rank)) @ rng.standard_normal((rank, SIZE))
    truth /= np.sqrt(rank)
    seen = rng.random((SIZE, SIZE)) < share
    M = np.where(seen, truth, 0)
    scale = np.linalg.norm(M, 2)
    Y, holes, mu = M / scale, np.zeros_like(M), 1 / scale
    for _ in range(STEPS):
        U, s, Vt = np.linalg.svd(M - holes + Y / mu)
        X = (U * np.maximum(s - 1 / mu, 0)) @ Vt
        if np.linalg.norm(X - truth) < RECOVERED * np.linalg.norm(truth):
            return True
        holes = np.where(seen, 0, M - X + Y / mu)
        Y += mu * (M - X - holes)
        mu *= GROWTH
    return False


def main():
    """Fill the grid, where more than the degrees of freedom were seen, and write it."""
    table = []
    for rank in RANKS:
        needed = rank * (2 * SIZE - rank) / SIZE**2
        row = [
            sum(recovered(rank, share, seed) for seed in range(RUNS)) / RUNS
            if share > needed
            else 0.0
            for share in SHARES
        ]
        table.append(row)
        print(rank, row, flush=True)
    report = {
        "name": "matrix_completion_phase",
        "size": SIZE,
        "runs": RUNS,
        "steps": STEPS,
        "recovered": RECOVERED,
        "ranks": RANKS,
        "shares": SHARES,
        "share_recovered": table,
    }
    path = RESULTS / "matrix_completion_phase.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
