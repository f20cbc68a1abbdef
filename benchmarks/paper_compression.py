"""The paper's claim for LeNet-300-100, done again: ``python -m benchmarks.paper_compression``.

Deep Compression prints 1.64% errors for the dense network and 1.58% for one that is 40 times
smaller. Here every row is a real file that was decoded before it was tested, with everything
counted: header, codebooks, biases, streams, checksum. Beside each row stand two dense networks, a
plain one and one that was trained by the same recipe for as many passes, since more training alone
lowers errors; only ``moved, distilled`` has no twin of its own, and is held against ``moved dense,
longer``. ``no loss`` is named for what it tries: whether it lost something the errors say.

Nothing is chosen by the test set. One density is chosen on 10,000 training images drawn at random
(`choose`); then all 60,000 are trained on, with four seeds, and each network meets the test set
once. Rows on images that are moved a little leave the paper's protocol, and have dense twins of
their own.

It takes about half an hour of one processor, and may be stopped at any time: each row that is done
is kept in ``results/deep_compression_paper.json``, networks in ``work/paper_compression``, and the
same command goes on. ``--again`` begins anew.
"""

import argparse
import datetime
import json
import pathlib
import sys
import time

import numpy as np
import threadpoolctl

from benchmarks import harness
from benchmarks import recipes_deep_compression as recipes
from course_lib._layers import from_arrays, to_arrays

FILE = harness.RESULTS / "deep_compression_paper.json"
WORK = pathlib.Path(__file__).parents[1] / "work" / "paper_compression"
SEEDS = (0, 1, 2, 3)
DENSITIES = (0.12, 0.10, 0.08)
MORE = 0.05  # points above the dense twin that a choice may have on validation
PLAIN, MOVED = 0.0, 0.5  # strength of the affine maps

# Name: what it starts from, and what is done. The seeds of a row are those of its start.
ROWS = {
    "dense": {"passes": 30},
    "dense, longer": {"start": "dense", "passes": 20},
    "no loss": {"start": "dense", "passes": 20, "density": None, "n_shared": 16},
    "distilled": {
        "start": "dense", "passes": 30, "density": 0.035, "n_shared": 8, "taught": 0.7,
    },
    "dense, distilled": {"start": "dense", "passes": 30, "taught": 0.7},
    "moved dense": {"passes": 25, "strength": MOVED},
    "moved dense, longer": {"start": "moved dense", "passes": 20, "strength": MOVED},
    "moved": {
        "start": "moved dense", "passes": 20, "density": 0.05, "n_shared": 8, "strength": MOVED,
    },
    "moved, distilled": {
        "start": "moved dense", "passes": 30, "density": 0.03, "n_shared": 8, "taught": 0.5,
        "strength": MOVED,
    },
}  # fmt: skip
MAIN = ("dense", "dense, longer", "no loss")
SMALL = ("distilled",)
MOVING = ("moved dense", "moved dense, longer", "moved", "moved, distilled")
TUNED = 2  # passes of shared values


def main():
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper_compression")
    parser.add_argument("--again", action="store_true", help="forget what was done before")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no row after that long")
    arguments = parser.parse_args()
    began = time.monotonic()
    report = load(arguments.again)
    if report["density"] is None:
        report["density"] = choose(report)
        save(report)
    for name, seed in order():
        if any(run["row"] == name and run["seed"] == seed for run in report["runs"]):
            continue
        if time.monotonic() - began > 60 * arguments.minutes:
            print("the time is over; the same command goes on")
            return
        report["runs"].append(run_row(name, seed, report["density"]))
        save(report)
    show(report)


def order():
    """Rows and seeds, the most important first."""
    for names, seeds in ((MAIN, SEEDS), (SMALL, SEEDS), (MOVING, SEEDS[:2]), (MOVING, SEEDS[2:])):
        yield from ((name, seed) for seed in seeds for name in names)
    yield from (("dense, distilled", seed) for seed in SEEDS)


def load(again):
    if FILE.exists() and not again:
        return json.loads(FILE.read_text(encoding="utf-8"))
    return {
        "name": "deep_compression_paper",
        "machine": harness.machine(),
        "full_bytes": recipes.FULL_BYTES,
        "density": None,
        "choice": [],
        "runs": [],
    }


def save(report):
    report["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    FILE.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def choose(report):
    """Return the least density that costs next to nothing on images that were not trained on.

    All candidates and their dense twin start from one network and see the same batches.
    """
    digits, kept = recipes.split("random")
    net = dense_network("choice", 0, digits, 10, PLAIN)
    twin = recipes.copied(net)
    recipes.train(twin, digits, 6, 50, tick=Bar("choice: dense", recipes.steps_of(digits, 6)))
    errors = {1.0: recipes.percent(twin, kept)}
    for density in DENSITIES:
        pruned = recipes.copied(net)
        bar = Bar(f"choice: {density:g}", recipes.steps_of(digits, 7))
        recipes.prune(pruned, digits, 6, 50, density, tick=bar)
        file = recipes.share(pruned, digits, 1, 50, 16, tick=bar)
        errors[density] = recipes.percent(file.to_layers(), kept)
    report["choice"] = [{"density": d, "error": e} for d, e in errors.items()]
    print(f"validation errors by density: {errors}", flush=True)
    good = [d for d in DENSITIES if errors[d] <= errors[1.0] + MORE]
    return min(good, default=max(DENSITIES))


def run_row(name, seed, chosen):
    """Train one row with one seed, and test it."""
    row, digits = ROWS[name], recipes.split("all")[0]
    began, cpu = time.monotonic(), time.process_time()
    strength, passes = row.get("strength", PLAIN), row["passes"]
    density = chosen if "density" in row and row["density"] is None else row.get("density")
    found = {"row": name, "seed": seed, "passes": passes, "strength": strength}
    if "start" not in row:
        net = dense_network(name, seed, digits, passes, strength)
    else:
        start = dense_network(row["start"], seed, digits, ROWS[row["start"]]["passes"], strength)
        net, options = recipes.copied(start), {"strength": strength}
        if "taught" in row:
            options |= {"teacher": start, "share": row["taught"]}
        if density is None:
            bar = Bar(f"{name}, seed {seed}", recipes.steps_of(digits, passes))
            recipes.train(net, digits, passes, seed + 50, tick=bar, **options)
        else:
            bar = Bar(f"{name}, seed {seed}", recipes.steps_of(digits, passes + TUNED))
            recipes.prune(net, digits, passes, seed + 50, density, tick=bar, **options)
            options.pop("strength")
            file = recipes.share(net, digits, TUNED, seed, row["n_shared"], tick=bar, **options)
            (WORK / f"{name}_{seed}.bin".replace(", ", "_")).write_bytes(file.to_bytes())
            sizes = recipes.sizes(file)
            found |= {"density": density, "n_shared": row["n_shared"], "bytes": sizes}
            found["ratio"] = {kind: round(recipes.FULL_BYTES / n, 2) for kind, n in sizes.items()}
            net = type(file).from_bytes(file.to_bytes()).to_layers()
    found["error"] = recipes.percent(net, recipes.test_digits())
    found["wall_s"] = round(time.monotonic() - began, 1)
    found["cpu_s"] = round(time.process_time() - cpu, 1)
    print(f"{name}, seed {seed}: {found['error']:.2f}%, {found.get('ratio')}", flush=True)
    return found


def dense_network(name, seed, digits, passes, strength):
    """Return a dense network, from its file if it was trained before."""
    path = WORK / f"{name}_{seed}.npz".replace(", ", "_")
    if path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            return from_arrays(arrays)
    net = recipes.plain_network(seed)
    bar = Bar(f"{name}, seed {seed}", recipes.steps_of(digits, passes))
    recipes.train(net, digits, passes, seed, strength=strength, tick=bar)
    WORK.mkdir(parents=True, exist_ok=True)
    np.savez(path, **to_arrays(net))
    return net


class Bar:
    """A bar that grows with each step: in one line of a terminal, by quarters in a file."""

    def __init__(self, title, n_steps, file=sys.stderr):
        self.title, self.n_steps, self.file, self.done = title, n_steps, file, 0
        self.live, self.began = file.isatty(), time.monotonic()

    def __call__(self):
        self.done += 1
        parts = 40 if self.live else 4
        if self.done * parts // self.n_steps > (self.done - 1) * parts // self.n_steps:
            full = self.done * parts // self.n_steps
            took = time.monotonic() - self.began
            left = took / self.done * (self.n_steps - self.done)
            line = f"{self.title} [{'#' * full}{'.' * (parts - full)}] {left:.0f} s to go"
            end = "\r" if self.live and full < parts else "\n"
            print(line, end=end, file=self.file, flush=True)


def show(report):
    """Print means and spreads over seeds."""
    print(f"{'':22}{'seeds':>6}{'error %':>16}{'times smaller':>16}{'passes':>8}")
    for name in ROWS:
        runs = [run for run in report["runs"] if run["row"] == name]
        if not runs:
            continue
        errors = np.array([run["error"] for run in runs])
        spread = errors.std(ddof=1) if len(errors) > 1 else np.nan
        ratios = [run["ratio"]["best"] for run in runs if "ratio" in run]
        smaller = f"{np.mean(ratios):.1f}" if ratios else "1"
        print(
            f"{name:22}{len(runs):6}{errors.mean():9.3f} +- {spread:.3f}{smaller:>16}"
            f"{runs[0]['passes']:8}"
        )


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):  # two threads wait for each other at these sizes
        main()
