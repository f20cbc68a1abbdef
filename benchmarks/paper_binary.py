"""The long reproduction of binarized networks on MNIST: ``python -m benchmarks.paper_binary``.

Three hidden layers of 1024 units, binary and, as twins, real, with two protocols: the papers' rules
(no augmentation, dropout) and digits moved a little, which leaves those rules and is a line of its
own. Of the 60,000 training images 10,000, drawn at random by the seed, are for validation. A run
keeps its last weights; its batch norms are measured anew on 20,000 training images, made as they
were in training; then it looks at the test set, once.

A run takes about six minutes of one processor, all 16 about an hour and a half; ``--seeds 2`` takes
half of that. After each pass it is saved in ``work/paper_binary``: stopped and started again, it
goes on there. Each finished run is a row of ``results/binary_networks_paper.json``.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib import binary_networks as nn
from course_lib import datasets

FILE = harness.RESULTS / "binary_networks_paper.json"
KEPT = pathlib.Path(__file__).parents[1] / "work" / "paper_binary"
WIDTH, BATCH, VALIDATION = 1024, 250, 10_000
STEP = {"binary": 0.005, "float": 0.003}  # Adam, along a cosine to 0
PROTOCOLS = {
    "plain": {"input_dropout": 0.1, "strength": 0.0},
    "affine": {"input_dropout": 0.0, "strength": 0.6},
}
# What the chapter needs most comes first.
RUNS = [
    (kind, protocol, seed)
    for seeds in ((0, 1), (2, 3))
    for kind in ("binary", "float")
    for seed in seeds
    for protocol in ("affine", "plain")
]


def main():
    """Do the runs that are not in the file yet, and print mean and spread of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper_binary")
    parser.add_argument("--seeds", type=int, default=4, help="runs of each kind, up to 4")
    parser.add_argument("--passes", type=int, default=25, help="over the 50,000 images of a run")
    parser.add_argument("--minutes", type=float, default=1e9, help="start no run after that long")
    arguments = parser.parse_args()
    n_passes = arguments.passes
    KEPT.mkdir(parents=True, exist_ok=True)
    end = time.time() + 60 * arguments.minutes
    for kind, protocol, seed in RUNS:
        rows = finished()
        known = {(r["kind"], r["protocol"], r["seed"], r["passes"]) for r in rows}
        if seed < arguments.seeds and (kind, protocol, seed, n_passes) not in known:
            if time.time() > end:
                print("no time is left; start again to go on")
                break
            with threadpoolctl.threadpool_limits(1):  # small products: a second thread would wait
                row = run(kind, protocol, seed, n_passes)
            write([*rows, row])
    summary(finished())


def finished():
    """Return the rows of the file."""
    return json.loads(FILE.read_text(encoding="utf-8"))["runs"] if FILE.exists() else []


def write(rows):
    report = {
        "name": "binary_networks_paper",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "recipe": {
            "hidden": [WIDTH] * 3,
            "batch": BATCH,
            "validation": VALIDATION,
            "step": STEP,
            "protocols": PROTOCOLS,
        },
        "runs": rows,
    }
    FILE.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def summary(rows):
    """Print mean and spread of the runs of a kind."""
    kinds = {}
    for row in rows:
        key = row["kind"], row["protocol"], row["passes"]
        kinds.setdefault(key, []).append(100 * row["test"])
    for (kind, protocol, n_passes), test in sorted(kinds.items()):
        spread = f" +- {np.std(test, ddof=1):.2f}" if len(test) > 1 else ""
        seeds = f"{n_passes} passes, seeds: {len(test)}"
        print(f"{kind} {protocol}: test {np.mean(test):.2f}{spread} %, {seeds}")


def split(seed):
    """Return training images, labels, and those for validation: a random choice."""
    digits = datasets.mnist()
    order = np.random.default_rng([21, seed]).permutation(60_000)
    X, y = digits.train_images.reshape(60_000, 784), digits.train_labels.astype(np.int64)
    return (*((X[rows], y[rows]) for rows in (order[VALIDATION:], order[:VALIDATION])),)


def run(kind, protocol, seed, n_passes):
    """Train one network, from where it was left, and return its row."""
    name, options = f"{kind}_{protocol}_{n_passes}_{seed}", PROTOCOLS[protocol]
    (X, y), (X_val, y_val) = split(seed)
    layers, rng, moments, done, took = start(kind, name, options, seed)
    change = mover(options["strength"])
    T, step = nn.targets(y), nn.cosine(STEP[kind], n_passes * (len(X) // BATCH))
    while done < n_passes:
        began, values = time.process_time(), []
        batches = nn.batches(X, T, BATCH, 1, rng, change=change)
        for iterate in nn.adam(layers, batches, nn.square_hinge, step, rng=rng, moments=moments):
            values.append(iterate.value)
        moments, done = iterate.moments, done + 1
        took += time.process_time() - began
        save(name, layers, moments, rng, done, took)
        error = nn.error_rate(layers, X_val, y_val)
        progress(name, done, n_passes, np.mean(values), error, took)
    row = {"kind": kind, "protocol": protocol, "seed": seed, "passes": n_passes}
    row["val_running"] = nn.error_rate(layers, X_val, y_val)
    sample = nn.scaled(X[rng.permutation(len(X))[:20_000]])
    nn.recalibrate(layers, sample if change is None else change(sample, rng))
    row["val"], row["train"] = (nn.error_rate(layers, *rows) for rows in ((X_val, y_val), (X, y)))
    digits = datasets.mnist()
    row["test"] = nn.error_rate(layers, digits.test_images, digits.test_labels)
    row |= {"cpu_s": round(took, 1), "load": round(os.getloadavg()[0], 1)}
    np.savez(KEPT / f"{name}.done.npz", **nn.to_arrays(layers))
    (KEPT / f"{name}.npz").unlink(missing_ok=True)
    print(f"\n{row}", flush=True)
    return row


def mover(strength):
    """Return what changes the images of a batch, or None."""
    if strength == 0:
        return None
    return lambda rows, rng: nn.affine(rows, rng, strength=strength)


def start(kind, name, options, seed):
    """Return layers, generator, moments, passes done and seconds: new, or as they were saved."""
    rng, kept = np.random.default_rng(seed), KEPT / f"{name}.npz"
    make = nn.binary_mlp if kind == "binary" else nn.float_mlp
    layers = make((784, *[WIDTH] * 3, 10), rng, input_dropout=options["input_dropout"])
    if not kept.exists():
        return layers, rng, None, 0, 0.0
    with np.load(kept) as archive:
        arrays = {key: archive[key] for key in archive.files}
    rng.bit_generator.state = json.loads(str(arrays["state"]))
    parts = {
        part: nn.from_arrays({k[2:]: v for k, v in arrays.items() if k.startswith(f"{part}.")})
        for part in "wmv"
    }
    done, n_steps, took = (arrays[key].item() for key in ("done", "n_steps", "took"))
    return parts["w"], rng, nn.Moments(n_steps, parts["m"], parts["v"]), done, took


def save(name, layers, moments, rng, done, took):
    arrays = {"state": json.dumps(rng.bit_generator.state)}
    arrays |= {"done": done, "n_steps": moments.n_steps, "took": took}
    for part, tree in (("w", layers), ("m", moments.first), ("v", moments.second)):
        arrays |= {f"{part}.{key}": array for key, array in nn.to_arrays(tree).items()}
    new = KEPT / f"{name}.new.npz"
    np.savez(new, **arrays)
    new.replace(KEPT / f"{name}.npz")  # at once, so that no half file is left


def progress(name, done, n_passes, value, error, took):
    """Draw a bar: over itself on a screen, line by line in a file."""
    bar = "#" * done + "." * (n_passes - done)
    line = f"{name} [{bar}] loss {value:.3f}, validation {100 * error:.2f} %, {took:.0f} s"
    print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)


if __name__ == "__main__":
    main()
