"""What each part of a binarized network does: ``python -m benchmarks.causes_binary_networks``.

Networks of three hidden layers of 256 units learn 20,000 digits in 3 passes, as on the page; one
thing is changed at a time. Each seed draws its digits, its validation digits and its weights; the
test digits are the usual ones. About ten minutes of one processor; stopped and started again, it
goes on with the runs that are missing. Rows go to ``results/binary_networks_causes.json``.
"""

import argparse
import datetime
import json

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib import binary_networks as nn
from course_lib import datasets

FILE = harness.RESULTS / "binary_networks_causes.json"
SIZES, BATCH, PASSES, STEP = (784, 256, 256, 256, 10), 100, 3, 0.005
WINDOWS = (0.25, 0.5, 2.0, 4.0, np.inf)  # 1 is the network itself


def main():
    """Do the runs that are not in the file yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes_binary_networks")
    parser.add_argument("--seeds", type=int, default=4)
    arguments = parser.parse_args()
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    rows, turned = old.get("runs", []), old.get("flips", [])
    known = {(row["name"], row["seed"]) for row in rows} | {row["seed"] for row in turned}
    with threadpoolctl.threadpool_limits(1):
        for seed in range(arguments.seeds):
            for name in CHANGES:
                if (name, seed) not in known:
                    rows.append(run(name, seed))
                    write(rows, turned)
                    print(name, seed, {k: rows[-1][k] for k in ("val", "test")}, flush=True)
            if seed < 3 and seed not in known:
                turned += flips(seed)
                write(rows, turned)


def write(rows, turned):
    report = {
        "name": "binary_networks_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "recipe": {"sizes": SIZES, "batch": BATCH, "passes": PASSES, "step": STEP},
        "runs": rows,
        "flips": turned,
    }
    FILE.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def digits(seed):
    """Return 20,000 images and labels to learn, and 10,000 others for validation."""
    mnist = datasets.mnist()
    order = np.random.default_rng([21, seed]).permutation(60_000)
    X, y = mnist.train_images.reshape(60_000, 784), mnist.train_labels.astype(np.int64)
    return (*((X[rows], y[rows]) for rows in (order[:20_000], order[20_000:30_000])),)


def pooled(X):
    """Return images of 14 x 14 pixels, each the mean of four."""
    blocks = X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return np.rint(blocks).astype(np.uint8).reshape(-1, 196)


def run(name, seed):
    """Train one network and return its row; the validation curve has six points."""
    rng = np.random.default_rng(seed)
    (X, y), valid = digits(seed)
    mnist = datasets.mnist()
    test = mnist.test_images.reshape(-1, 784), mnist.test_labels.astype(np.int64)
    change = CHANGES[name]
    if change.get("pool"):
        valid, test = ((pooled(images), labels) for images, labels in (valid, test))
        X = pooled(X)
    if change.get("center"):
        middle = nn.scaled(X).mean(axis=0)
        X, valid, test = (
            nn.scaled(X) - middle,
            (nn.scaled(valid[0]) - middle, valid[1]),
            (nn.scaled(test[0]) - middle, test[1]),
        )
    make = nn.float_mlp if name.startswith("float") else nn.binary_mlp
    layers = change.get("layers", tuple)(make(change.get("sizes", SIZES), rng))
    n_steps = PASSES * (len(X) // BATCH)
    step = nn.cosine(change.get("step", STEP), n_steps)
    options = change.get("options", {})
    batches = nn.batches(X, nn.targets(y), BATCH, PASSES, rng)
    learn, loss = change.get("learn", nn.adam), change.get("loss", nn.square_hinge)
    curve, values = [], []
    for done, iterate in enumerate(learn(layers, batches, loss, step, rng=rng, **options), 1):
        values.append(iterate.value)
        if done % (n_steps // 6) == 0:
            if done == n_steps:
                running = nn.error_rate(layers, *valid)
            nn.recalibrate(layers, X[:5000])
            if done == n_steps or "layers" in change or name == "binary":
                curve.append(nn.error_rate(layers, *valid))
    weights = [layer.W for layer in layers if hasattr(layer, "limit")]
    row = {"name": name, "seed": seed, "val": curve[-1], "val_running": running, "curve": curve}
    row |= {"train": nn.error_rate(layers, X, y), "test": nn.error_rate(layers, *test)}
    row["loss"] = float(np.mean(values[-100:]))
    if weights:
        at = [np.abs(W) >= 1 for W in weights]
        row["at_limit"] = float(np.mean(np.concatenate([a.ravel() for a in at])))
    return row


def flips(seed, count=400):
    """Turn single signs of each layer, before and after training: what the loss does, and what
    the straight-through gradient says that it does. The loss is that of 1,000 learned digits."""
    rng = np.random.default_rng(seed)
    (X, y), _ = digits(seed)
    layers = nn.binary_mlp(SIZES, rng)
    rows = []
    for trained in (False, True):
        if trained:
            step = nn.cosine(STEP, PASSES * (len(X) // BATCH))
            for _ in nn.adam(layers, nn.batches(X, nn.targets(y), BATCH, PASSES, rng),
                             nn.square_hinge, step, rng=rng):  # fmt: skip
                pass
        nn.recalibrate(layers, X[:5000])
        for number in (i for i, layer in enumerate(layers) if isinstance(layer, nn.BinaryDense)):
            said, truth = turned_signs(layers, number, X[:1000], y[:1000], count, rng)
            strong = np.abs(said) >= np.quantile(np.abs(said), 0.8)
            same = np.sign(said) == np.sign(truth)
            row = {"seed": seed, "trained": trained, "layer": number // 3 + 1, "count": count}
            row |= {"same": float(same.mean()), "same_strong": float(same[strong].mean())}
            row["correlation"] = float(np.corrcoef(said, truth)[0, 1])
            rows.append(row)
            print(row, flush=True)
    return rows


def turned_signs(layers, number, X, y, count, rng):
    """Return for some weights of a layer the change of the loss foretold, and the true one."""
    T = nn.targets(y)
    inputs = nn.forward(layers[:number], nn.scaled(X))[0]
    tail = (nn.BinaryDense(layers[number].W.copy()), *layers[number + 1 :])
    out, tapes = nn.forward(tail, inputs)
    value, G = nn.square_hinge(out, T)
    for layer, tape in zip(tail[::-1], tapes[::-1], strict=True):
        if isinstance(layer, nn.BatchNorm):  # as it predicts: a factor for each unit
            G = G * (layer.gamma / np.sqrt(layer.var + np.float32(1e-4)))
        else:
            gradient, G = layer.backward(tape, G)
    W, said, truth = tail[0].W, [], []
    for place in rng.choice(W.size, count, replace=False):
        at = np.unravel_index(place, W.shape)
        sign = 1 if W[at] >= 0 else -1
        W[at] = -sign if W[at] != 0 else -1
        truth.append(nn.square_hinge(nn.forward(tail, inputs)[0], T)[0] - value)
        W[at] = layers[number].W[at]
        said.append(-2 * sign * gradient.W[at])
    return np.array(said), np.array(truth)


def window(width):
    return lambda layers: tuple(
        nn.Sign(width) if isinstance(layer, nn.Sign) else layer for layer in layers
    )


def without_norm(scale, last):
    """Leave batch norms out, or replace them by a constant; ``last`` keeps that of the output."""

    def change(layers):
        made = []
        for i, layer in enumerate(layers):
            if not isinstance(layer, nn.BatchNorm) or (last and i == len(layers) - 1):
                made.append(layer)
            elif scale:
                made.append(nn.Scale(1 / np.sqrt(len(layers[i - 1].W))))
        return tuple(made)

    return change


def replaced(old, new):
    return lambda layers: tuple(
        new(*(part for part in layer if isinstance(part, np.ndarray)))
        if isinstance(layer, old)
        else layer
        for layer in layers
    )


class LongSteps(nn.BinaryDense):
    """One number for the Glorot factors, which are 13 to 26 here."""

    pace = 20.0


SHIFTED = {"layers": replaced(nn.BatchNorm, nn.ShiftBatchNorm)}
CHANGES = (
    {
        "binary": {},
        "float": {"step": 0.003},
    }
    | {
        # No more bytes than the network: 13 units in float32, 54 in weights of one byte each;
        # below, 54 in float32 on a quarter of the pixels.
        f"float, {units} units" + ("" if step == 0.003 else f", step {step:g}"): {
            "step": step,
            "sizes": (784, units, 10),
        }
        for units in (13, 54)
        for step in (0.003, 0.01, 0.03, 0.1)
    }
    | {
        f"float, pooled, 54 units, step {step:g}": {
            "step": step,
            "sizes": (196, 54, 10),
            "pool": True,
        }
        for step in (0.003, 0.01, 0.03, 0.1)
    }
    | {
        "no window": {"layers": window(np.inf)},
        "no Glorot factor": {"options": {"pace": False}},
        "no Glorot factor, step 0.1": {"options": {"pace": False}, "step": 0.1},
        "20 for the Glorot factor": {"layers": replaced(nn.BinaryDense, LongSteps)},
        "no clipping": {"options": {"clip": False}},
        "no batch norm": {"layers": without_norm(False, False)},
        "1/sqrt(n)": {"layers": without_norm(True, False)},
        "1/sqrt(n), step 0.001": {"layers": without_norm(True, False), "step": 0.001},
        "1/sqrt(n), last norm": {"layers": without_norm(True, True)},
        "1/sqrt(n), centered": {"layers": without_norm(True, False), "center": True},
        "1/sqrt(n), centered, last norm": {"layers": without_norm(True, True), "center": True},
        "shift batch norm": SHIFTED,
        "shift batch norm and AdaMax": SHIFTED | {"learn": nn.shift_adamax, "step": 2.0**-8},
        "stochastic activations": {"layers": replaced(nn.Sign, nn.StochasticSign)},
        "stochastic weights": {"layers": replaced(nn.BinaryDense, nn.StochasticDense)},
        "cross-entropy": {"loss": nn.cross_entropy},
    }
    | {f"window {width:g}": {"layers": window(width)} for width in WINDOWS if width < np.inf}
)


if __name__ == "__main__":
    main()
