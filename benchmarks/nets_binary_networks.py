"""Networks that take minutes to train: ``python -m benchmarks.nets_binary_networks``.

For chapter 21. Writes ``results/binary_networks_net.npz`` (about 420 KB): of the networks that
``benchmarks.paper_binary`` trained, the binary one with the smallest validation error, in bits, and
its batch norms; and ``results/binary_networks_runs.json``: validation curves of widths, real and
binary; ablations of the network of the lab; curves for widths of the straight-through window.
Training images are drawn by the seed from the 60,000, and so are 10,000 others for validation;
nothing is chosen by the test set. About 20 minutes of one processor; runs that are in the file
already are not done again.
"""

import argparse
import datetime
import json
import math
import os
import time

import numpy as np
import threadpoolctl

from benchmarks import harness, paper_binary
from course_lib import binary_networks as bn
from course_lib import datasets

FILE = harness.RESULTS / "binary_networks_runs.json"
NET = harness.RESULTS / "binary_networks_net.npz"
IMAGES, VALIDATION, BATCH = 20_000, 10_000, 100
WINDOWS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, math.inf)
WIDTHS = (256, 512, 1024)
STEP = {"binary": 0.005, "float": 0.003}


def swapped(kind, make):
    """Return a change of layers: each of one kind becomes ``make(layer)``."""
    return lambda layers: [make(a) if isinstance(a, kind) else a for a in layers]


def scaled_products(layers, *, keep_last=False):
    """Batch norms become factors 1/sqrt(n_in); the last one may stay."""
    out = []
    for i, layer in enumerate(layers):
        if isinstance(layer, bn.BatchNorm) and not (keep_last and i == len(layers) - 1):
            out.append(bn.Scale(1 / math.sqrt(len(out[-1].W))))
        else:
            out.append(layer)
    return out


def output_norm(layers):
    """As `scaled_products`, with the batch norm of the output."""
    return scaled_products(layers, keep_last=True)


ABLATIONS = {  # how a run differs: layers, options of the optimizer, and others
    "as it is": {},
    "weights not clipped": {"options": {"clip": False}},
    "no window": {"layers": swapped(bn.Sign, lambda a: bn.Sign(math.inf))},
    "window 0.5": {"layers": swapped(bn.Sign, lambda a: bn.Sign(0.5))},
    "window 2": {"layers": swapped(bn.Sign, lambda a: bn.Sign(2.0))},
    "no Glorot factor": {"options": {"pace": False}},
    "shift batch norm": {"layers": swapped(bn.BatchNorm, lambda a: bn.ShiftBatchNorm(*a))},
    "shift batch norm and AdaMax": {
        "layers": swapped(bn.BatchNorm, lambda a: bn.ShiftBatchNorm(*a)),
        "optimizer": bn.shift_adamax,
    },
    "stochastic activations": {"layers": swapped(bn.Sign, lambda a: bn.StochasticSign())},
    "stochastic weights": {"layers": swapped(bn.BinaryDense, lambda a: bn.StochasticDense(a.W))},
    "cross-entropy": {"loss": bn.cross_entropy},
    "no batch norm": {
        "layers": lambda layers: [a for a in layers if not isinstance(a, bn.BatchNorm)]
    },
    "1/sqrt(n) for batch norm": {"layers": scaled_products},
    "1/sqrt(n), pixels centered": {"layers": scaled_products, "centered": True},
    "1/sqrt(n), pixels centered, output norm": {"layers": output_norm, "centered": True},
    "real weights and activations": {"kind": "float"},
}


def main():
    """Pick the network, then do the runs that are missing, and print means and spreads."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nets_binary_networks")
    parser.add_argument("--seeds", type=int, default=4, help="runs of each kind")
    parser.add_argument("--net", action="store_true", help="pick the network, and train none")
    arguments = parser.parse_args()
    pick()
    if not arguments.net:
        with threadpoolctl.threadpool_limits(1):  # small products: a second thread would wait
            for key, options in plan(arguments.seeds):
                rows = finished()
                if key not in [row["key"] for row in rows]:
                    write([*rows, {"key": key} | run(key, **options)])
    summary(finished())


def plan(seeds):
    """Yield the key of each run, (part, name, seed), and how it differs."""
    for seed in range(seeds):
        for width in WINDOWS:
            name = "none" if width == math.inf else f"{width:g}"
            layers = swapped(bn.Sign, lambda a, width=width: bn.Sign(width))
            yield ["window", name, seed], {"layers": layers}
    for seed in range(seeds):
        for name, options in ABLATIONS.items():
            yield ["ablation", name, seed], options
    for width in WIDTHS:
        for seed in range(seeds):
            for kind in ("binary", "float"):
                yield (
                    ["width", f"{kind} {width}", seed],
                    {"kind": kind, "width": width, "passes": 8},
                )


def run(key, *, kind="binary", width=256, passes=3, layers=None, optimizer=bn.adam, options=None,
        loss=bn.square_hinge, centered=False):  # fmt: skip
    """Train one network; return its validation curve, and its errors at the end."""
    (X, y), (X_val, y_val), (X_test, y_test) = data(key[2], centered)
    rng = np.random.default_rng(key[2])
    make = bn.binary_mlp if kind == "binary" else bn.float_mlp
    net = make((784, *[width] * 3, 10), rng)
    net = tuple(net if layers is None else layers(net))
    T, n_steps = bn.targets(y), passes * (IMAGES // BATCH)
    batches = bn.batches(X, T, BATCH, passes, rng)
    step, curve = bn.cosine(STEP[kind], n_steps), []
    each = IMAGES // BATCH // (2 if passes == 3 else 1)  # every half pass, or every pass
    began = time.process_time()
    for iterate in optimizer(net, batches, loss, step, rng=rng, **(options or {})):
        if iterate.moments.n_steps % each == 0:
            curve.append(bn.error_rate(net, X_val, y_val))
    took = time.process_time() - began
    bn.recalibrate(net, X[:10_000])
    clipped = [float(np.mean(np.abs(a.W) == 1)) for a in net if isinstance(a, bn.BinaryDense)]
    row = {
        "curve": [round(v, 5) for v in curve],
        "val": bn.error_rate(net, X_val, y_val),
        "test": bn.error_rate(net, X_test, y_test),
        "at_the_border": [round(v, 5) for v in clipped],
        "cpu_s": round(took, 2),
    }
    print(key, f"validation {100 * row['val']:.2f} %, {took:.1f} s", flush=True)
    return row


def data(seed, centered):
    """Return images and labels to train on, for validation, and for the test."""
    digits = datasets.mnist()
    order = np.random.default_rng([210, seed]).permutation(60_000)
    X, y = digits.train_images.reshape(60_000, 784), digits.train_labels.astype(np.int64)
    parts = [(X[rows], y[rows]) for rows in (order[:IMAGES], order[-VALIDATION:])]
    parts.append((digits.test_images.reshape(-1, 784), digits.test_labels))
    if centered:
        mean = bn.scaled(parts[0][0]).mean(axis=0)
        parts = [(bn.scaled(rows) - mean, labels) for rows, labels in parts]
    return parts


def finished():
    """Return the runs of the file."""
    return json.loads(FILE.read_text(encoding="utf-8"))["runs"] if FILE.exists() else []


def write(rows):
    """Write the file anew, one run a line: it is read by pages, and by people."""
    head = {
        "name": "binary_networks_runs",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "load": round(os.getloadavg()[0], 1),
        "recipe": {"images": IMAGES, "validation": VALIDATION, "batch": BATCH, "step": STEP},
    }
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}")
    FILE.write_text(f'{text},\n "runs": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def summary(rows):
    """Print mean and spread of the runs of a kind."""
    kinds = {}
    for row in rows:
        kinds.setdefault(tuple(row["key"][:2]), []).append((100 * row["val"], 100 * row["test"]))
    for (part, name), errors in kinds.items():
        val, test = np.mean(errors, axis=0)
        spread = np.std([t for _, t in errors], ddof=1) if len(errors) > 1 else math.nan
        runs = f"{len(errors)} seeds"
        print(f"{part:9} {name:40} val {val:6.2f}, test {test:6.2f} +- {spread:.2f} %, {runs}")


def pick():
    """Save the best binary network of the long reproduction, chosen by validation."""
    rows = [row for row in paper_binary.finished() if row["kind"] == "binary"]
    kept = []
    for row in rows:
        file = paper_binary.KEPT / "{kind}_{protocol}_{passes}_{seed}.done.npz".format(**row)
        if file.exists():
            kept.append((row["val"], file, row))
    if not kept:
        print("no network is there to pick; python -m benchmarks.paper_binary trains them")
        return
    _, file, row = min(kept, key=lambda entry: entry[0])
    with np.load(file) as archive:
        layers = bn.from_arrays(archive)
    network = bn.BinaryNetwork.from_layers(layers)
    digits = datasets.mnist()
    found = network.predict(digits.test_images)
    real = bn.predict(layers, digits.test_images).argmax(axis=1)
    norms = [layer for layer in layers if isinstance(layer, bn.BatchNorm)]
    np.savez(
        NET,
        network=np.frombuffer(network.to_bytes(), np.uint8),
        about=json.dumps(row),
        smallest_gamma=min(norm.gamma.min() for norm in norms),
        **{f"{name}{i}": a for i, norm in enumerate(norms) for name, a in norm._asdict().items()},
    )
    error = 100 * np.mean(found != digits.test_labels)
    print(f"picked {file.name}: test {error:.2f} %, {np.sum(found == real)} digits as in float32")
    print(f"wrote benchmarks/results/{NET.name}, {NET.stat().st_size / 1e3:.0f} KB")


if __name__ == "__main__":
    main()
