"""Binary networks against BLAS and torch; see benchmarks/harness.py.

Products: rows of signs, packed or not, against the float32 product of the same signs by BLAS. Ours
runs on one thread whatever BLAS has. Steps: forward, backward and Adam of one network from the same
weights, against torch with its plain and its fused Adam; the error is the loss after the steps.
Inference: 10,000 digits through a network of 3 x 1024 units, trained for one pass, in bits, and in
float32 with weights that are signs.
"""

import functools
import itertools

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib import binary_networks as bn
from course_lib import datasets

torch = harness.peer("torch")
STEPS = 11


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    for n in (1024,) if quick else (1024, 2048, 4096):
        yield products(n)
    for width, batch in ((256, 100),) if quick else ((256, 100), (512, 200), (1024, 200)):
        yield steps(width, batch)
    yield inference(quick)


def products(n):
    """Square matrices of signs; each contestant returns their product."""
    rng = np.random.default_rng(0)
    X, W = (np.where(rng.random((n, n)) < 0.5, np.float32(-1), np.float32(1)) for _ in range(2))
    packed, weights, columns = bn.pack_signs(X), bn.pack_signs(W), np.ascontiguousarray(W.T)
    exact = X @ columns
    return harness.Workload(
        f"product n={n}",
        f"product of two {n} x {n} matrices of signs",
        {
            "ours, both packed": lambda seed: bn.product(packed, weights, n),
            "ours, one packed before": lambda seed: bn.product(bn.pack_signs(X), weights, n),
            "ours, none packed before": lambda seed: bn.product(
                bn.pack_signs(X), bn.pack_signs(W), n
            ),
            "NumPy float32": lambda seed: X @ columns,
        },
        lambda result: float(np.abs(result - exact).max()),
        "largest difference from the product of real numbers",
        [
            ("ours, both packed", "NumPy float32", 7.0),
            ("ours, one packed before", "NumPy float32", None),
            ("ours, none packed before", "NumPy float32", None),
        ],
        flops={"NumPy float32": 2.0 * n**3},
        dtype="float32",
    )


def steps(width, batch):
    """Some steps of training, from weights that all have in common."""
    sizes, rng = (784, width, width, width, 10), np.random.default_rng(0)
    X = rng.random((batch, 784), dtype=np.float32) * 2 - 1
    T = bn.targets(rng.integers(0, 10, batch))
    start = bn.to_arrays(bn.binary_mlp(sizes, 1))

    def ours(seed):
        layers = bn.from_arrays({key: array.copy() for key, array in start.items()})
        *_, last = bn.adam(layers, [(X, T)] * STEPS, bn.square_hinge, 0.003)
        return last.value

    products = sum(a * b for a, b in itertools.pairwise(sizes))
    flops = 2.0 * batch * (3 * products - 784 * width) * STEPS
    return harness.Workload(
        f"step 3x{width}",
        f"{STEPS} steps of Adam, 3 binary layers of {width} units, batches of {batch}",
        {
            "ours": ours,
            "torch": functools.partial(peer_steps, start, X, T, False),
            "torch, fused Adam": functools.partial(peer_steps, start, X, T, True),
        },
        float,
        "loss before the last step",
        [("ours", "torch", 1.0), ("ours", "torch, fused Adam", 1.0)],
        flops={"ours": flops},
        dtype="float32",
    )


class Straight(torch.autograd.Function):
    """The sign of each number; ``width`` None lets every gradient pass."""

    @staticmethod
    def forward(ctx, x, width):
        ctx.width = width
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return (g if ctx.width is None else g * (x.abs() <= ctx.width)), None


def threads_of_blas():
    """What the harness allows at the moment: torch keeps a number of its own."""
    infos = threadpoolctl.threadpool_info()
    return max(info["num_threads"] for info in infos if info["user_api"] == "blas")


def peer_steps(start, X, T, fused, seed):
    """The same in torch; it has one thread or two as BLAS has."""
    torch.set_num_threads(threads_of_blas())
    weights = [torch.tensor(a) for key, a in start.items() if key.endswith(".W")]
    weights = [torch.nn.Parameter(W) for W in weights]
    norms = [torch.nn.BatchNorm1d(W.shape[1], eps=1e-4) for W in weights]
    groups = [{"params": [W], "lr": 0.003 * np.sqrt(sum(W.shape) / 1.5)} for W in weights]
    groups.append({"params": [p for norm in norms for p in norm.parameters()], "lr": 0.003})
    optimizer = torch.optim.Adam(groups, fused=fused)
    X, T = torch.tensor(X), torch.tensor(T)
    for _ in range(STEPS):
        Y = X
        for i, (W, norm) in enumerate(zip(weights, norms, strict=True)):
            Y = norm(Y @ Straight.apply(W, None))
            Y = Straight.apply(Y, 1.0) if i < len(weights) - 1 else Y
        loss = torch.clamp(1 - T * Y, min=0).pow(2).sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for W in weights:
                W.clamp_(-1, 1)
    return loss.item()


def inference(quick):
    """Ten thousand digits; the network is trained here, for one pass."""
    digits, width = datasets.mnist(), 128 if quick else 1024
    n = 5000 if quick else 20_000
    X, y = digits.train_images[:n], digits.train_labels[:n]
    layers = bn.binary_mlp((784, width, width, width, 10), 0)
    step = bn.cosine(0.005, n // 100)
    for _ in bn.adam(layers, bn.batches(X, bn.targets(y), 100, 1, 0), bn.square_hinge, step):
        pass
    bn.recalibrate(layers, X[:5000])
    network = bn.BinaryNetwork.from_layers(layers)
    real = tuple(
        bn.Dense(np.where(a.W >= 0, np.float32(1), np.float32(-1)), np.zeros_like(a.W[0]))
        if isinstance(a, bn.BinaryDense)
        else a
        for a in layers
    )
    test, labels = digits.test_images, digits.test_labels
    sizes = network.sizes
    flops = 2.0 * len(test) * sum(a * b for a, b in itertools.pairwise(sizes))
    return harness.Workload(
        "inference",
        f"{len(test)} digits through 3 binary layers of {width} units",
        {
            "ours in bits": lambda seed: network.predict(test),
            "float32 layers": lambda seed: bn.predict(real, test).argmax(axis=1),
        },
        lambda found: float(np.mean(found != labels)),
        "test error",
        [("ours in bits", "float32 layers", None)],
        flops={"float32 layers": flops},
        dtype="float32",
    )


if __name__ == "__main__":
    harness.main("binary_networks", workloads)
