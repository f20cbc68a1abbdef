"""Networks that chapter 22 starts from and shows: ``python -m benchmarks.nets_deep_compression``.

Parts, all of them or those named:

    dense   course_lib/data/lenet300.npz, a dense LeNet-300-100 in 8 bits a weight
    files   results/lenet300_40.bin and lenet300_112.bin, compressed from it
    grid    results/deep_compression_grid.json, errors and bytes at many settings
    runs    results/deep_compression_runs.json, the paper's own pipeline, the lab's, cuts at once

All train on the first 55,000 images; recipes were fixed beforehand. ``val`` are the 5,000 images
behind them, ``test`` the 10,000 of the test set. It takes about six minutes of one processor.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import sys
import time

import numpy as np
import threadpoolctl

from benchmarks import harness
from benchmarks import recipes_deep_compression as recipes
from benchmarks.paper_compression import Bar
from course_lib import datasets
from course_lib import deep_compression as dc
from course_lib._layers import Dense, Relu

CHECKPOINT = datasets.FOLDER / "lenet300.npz"
DENSITIES = (0.5, 0.3, 0.2, 0.12, 0.08, 0.05, 0.03, 0.02)
SHARED = (2, 4, 8, 16, 32, 64)
SEEDS = (0, 1, 2, 3)
WIDEST = 256  # gaps from here on are listed one by one


def main():
    """Do all parts, or those named."""
    parts = {"dense": dense, "files": files, "grid": grid, "runs": runs}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nets_deep_compression")
    parser.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    for name in parser.parse_args().parts or parts:
        start = time.process_time()
        parts[name]()
        print(f"{name}: {time.process_time() - start:.0f} s of one processor", flush=True)


def dense():
    """Train the dense network, 20 passes, and round its weights to 8 bits."""
    digits, val = recipes.split("last")
    net = recipes.plain_network(0)
    bar = Bar("dense", recipes.steps_of(digits, 20))
    recipes.train(net, digits, 20, 0, tick=bar)
    arrays = {}
    for i, layer in enumerate(net[::2]):
        scale = np.float32(np.abs(layer.W).max() / 127)
        arrays |= {
            f"W{i}": np.rint(layer.W / scale).astype(np.int8),
            f"scale{i}": scale,
            f"b{i}": layer.b,
        }
    np.savez_compressed(CHECKPOINT, **arrays)
    digest = hashlib.sha256(CHECKPOINT.read_bytes()).hexdigest()
    print(f'{CHECKPOINT.stat().st_size} bytes; in sources.toml: sha256 = "{digest}"')
    print(f"val {recipes.percent(net, val)}, rounded {recipes.percent(layers(arrays), val)}")


def layers(arrays):
    """Return the network of a checkpoint."""
    parts = [
        [Dense(arrays[f"W{i}"] * arrays[f"scale{i}"], arrays[f"b{i}"].copy()), Relu()]
        for i in range(3)
    ]
    return tuple(layer for part in parts for layer in part)[:-1]


def checkpoint():
    """Return the dense network as it was stored."""
    with np.load(CHECKPOINT, allow_pickle=False) as arrays:
        return layers(dict(arrays))


def measured(file, errors=("val", "test")):
    """Return errors and sizes of a compressed network, after it was decoded."""
    net = dc.CompressedNetwork.from_bytes(file.to_bytes()).to_layers()
    where = {"val": recipes.split("last")[1], "test": recipes.test_digits()}
    found = {name: recipes.percent(net, where[name]) for name in errors}
    sizes = recipes.sizes(file)
    ratios = {kind: round(recipes.FULL_BYTES / size, 2) for kind, size in sizes.items()}
    return found | {"bytes": sizes, "ratio": ratios, "density": round(float(file.density), 4)}


def files():
    """Compress the dense network twice, with itself as the teacher of the smaller one."""
    digits, _ = recipes.split("last")
    start = checkpoint()
    for name, density, n_shared, taught in (("40", 0.12, 16, False), ("112", 0.04, 8, True)):
        net, options = recipes.copied(start), {"teacher": start} if taught else {}
        bar = Bar(f"lenet300_{name}", recipes.steps_of(digits, 22))
        recipes.prune(net, digits, 20, 0, density, tick=bar, **options)
        file = recipes.share(net, digits, 2, 0, n_shared, tick=bar, **options)
        (harness.RESULTS / f"lenet300_{name}.bin").write_bytes(file.to_bytes())
        print(f"lenet300_{name}.bin", measured(file), flush=True)


def gaps(net):
    """Return for each order and layer how often each gap occurs, and the gaps from 256 on."""
    found = {}
    for order in ("unit", "input"):
        rows = [layer.W.T if order == "unit" else layer.W for layer in net[::2]]
        places = [np.diff(np.flatnonzero(row.ravel()), prepend=-1) - 1 for row in rows]
        found[order] = [
            {
                "counts": trimmed(np.bincount(p[p < WIDEST], minlength=1)),
                "longer": sorted(p[p >= WIDEST].tolist()),
            }
            for p in places
        ]
    return found


def trimmed(counts):
    return np.trim_zeros(counts, "b").tolist()


def grid():
    """Errors at eight densities and six numbers of shared values, cut at once and retrained."""
    digits, val = recipes.split("last")
    few = recipes.Digits(digits.X[:10_000], digits.y[:10_000])
    bar = Bar("grid", len(DENSITIES) * (recipes.steps_of(digits, 2) + 6 * recipes.steps_of(few, 1)))
    rows = []
    for density in DENSITIES:
        for how in ("at once", "retrained"):
            net = recipes.copied(checkpoint())
            if how == "at once":
                masks = dc.prune_masks([layer.W for layer in net[::2]], density)
                for layer, mask in zip(net[::2], masks, strict=True):
                    np.multiply(layer.W, mask, out=layer.W)
            else:
                options = {"step": 0.05, "start": max(density, 0.3), "first": 0.1, "every": 25}
                recipes.prune(net, digits, 2, 0, density, dropout=0.1, tick=bar, **options)
            row = {"density": density, "how": how, "pruned": recipes.percent(net, val)}
            row |= {"errors": [], "best": [], "paper": []}
            if how == "retrained":
                row["counts"] = []
            row["left"] = [int(np.count_nonzero(layer.W)) for layer in net[::2]]
            for k in SHARED:
                file, error, counts = shared_at(net, few, k, val, how, bar)
                row["errors"].append(error)
                if how == "retrained":
                    row["counts"].append(counts)
                row["best"].append(len(file.to_bytes()))
                row["paper"].append(len(file.to_bytes("paper")))
            if how == "retrained":
                row["gaps"] = gaps(net)
            rows.append(row)
    report = {
        "shared": SHARED,
        "densities": DENSITIES,
        "sizes": recipes.SIZES,
        "rows": rows,
        **stamp(),
    }
    write("deep_compression_grid", report, indent=None)


def shared_at(net, few, k, val, how, bar):
    """Share k values, tuned on a few images if the weights were retrained."""
    copy = recipes.copied(net)
    file = recipes.share(copy, few, int(how == "retrained"), 0, k, tick=bar)
    counts = [trimmed(np.bincount(layer.symbols.ravel())[1:]) for layer in file.layers]
    return file, recipes.percent(file.to_layers(), val), counts


def runs():
    """What else the chapter prints."""
    report = {
        "checkpoint": {
            "val": recipes.percent(checkpoint(), recipes.split("last")[1]),
            "test": recipes.percent(checkpoint(), recipes.test_digits()),
        },
        "cut_at_once": cut_at_once(),
        "shared_at_once": shared_at_once(),
        "lab": [lab(seed) for seed in SEEDS],
        "paper": [run for seed in SEEDS[:2] for run in paper(seed)],
        **stamp(),
    }
    write("deep_compression_runs", report)


def cut_at_once():
    """Validation errors after pruning without training, by score and density."""
    _, val = recipes.split("last")
    found = []
    for score in ("layer", "global", "lamp"):
        for density in DENSITIES[:6]:
            net = recipes.copied(checkpoint())
            masks = dc.prune_masks([layer.W for layer in net[::2]], density, score=score)
            for layer, mask in zip(net[::2], masks, strict=True):
                np.multiply(layer.W, mask, out=layer.W)
            found.append({"score": score, "density": density, "val": recipes.percent(net, val)})
    return found


def shared_at_once():
    """Validation errors and squared errors of shared values without training, by start."""
    _, val = recipes.split("last")
    found = []
    for k in (4, 8, 16, 32, 256):
        for start in ("linear", "density", "random"):
            net = recipes.copied(checkpoint())
            units = []
            for layer in net[::2]:
                shared = dc.share_weights(layer.W, k, start=start, rng=0)
                limit = dc.panter_dite(layer.W, k) * np.count_nonzero(layer.W)
                units.append(round(float(shared.errors[-1] / limit), 3))
                layer.W[:] = np.concatenate([[0], shared.codebook])[shared.symbols]
            found.append(
                {"k": k, "start": start, "val": recipes.percent(net, val), "of_limit": units}
            )
    return found


def lab(seed):
    """Two passes of pruning and one of shared values from the dense network."""
    digits, _ = recipes.split("last")
    net = recipes.copied(checkpoint())
    options = {"step": 0.05, "start": 0.3, "first": 0.1, "every": 25, "dropout": 0.1}
    bar = Bar(f"lab, seed {seed}", recipes.steps_of(digits, 3))
    recipes.prune(net, digits, 2, seed, 0.05, tick=bar, **options)
    return {"seed": seed, **measured(recipes.share(net, digits, 1, seed, 8, tick=bar))}


def paper(seed):
    """The paper's pipeline: densities of its table, three rounds, 64 and 16 shared values."""
    digits, _ = recipes.split("last")
    net, final = recipes.copied(checkpoint()), np.array([0.08, 0.09, 0.26])
    bar = Bar(f"paper, seed {seed}", recipes.steps_of(digits, 12 + 4))
    for turn, passes in enumerate((3, 3, 6)):
        densities = list(final ** ((turn + 1) / 3))
        rng = np.random.default_rng([seed, turn])
        rows, loss = recipes.lessons(digits, passes, rng)
        rate = recipes.cosine(0.05, recipes.steps_of(digits, passes))
        for _ in dc.prune_sgd(net, rows, loss, rate, densities, score="layer"):
            bar()
    found = []
    for k in (64, 16):
        file = recipes.share(recipes.copied(net), digits, 2, seed, k, tick=bar)
        found.append({"seed": seed, "n_shared": k, **measured(file)})
    return found


def stamp():
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"date": today, "machine": harness.machine()}


def write(name, report, indent=1):
    path = pathlib.Path(harness.RESULTS / f"{name}.json")
    dense = (",", ":") if indent is None else None
    path.write_text(json.dumps(report, indent=indent, separators=dense) + "\n", encoding="utf-8")
    print(f"wrote benchmarks/results/{path.name}, {path.stat().st_size / 1e3:.0f} KB", flush=True)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        sys.exit(main())
