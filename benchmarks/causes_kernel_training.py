"""What chapter 16 says of its claims: ``python -m benchmarks.causes_kernel_training``.

Two kernel machines of one size, one that has seen all digits and one that has seen a few; how
many digits the exact one would need. Support vectors and errors against the number of rows.
Epochs of dual coordinate ascent and where the theorem is lost; core sets, and what their
classifiers are worth; traces of the error after pivots by three rules; condition numbers and
steps of conjugate gradients. Some ten minutes on one core; writes
``results/kernel_training_causes.json``. It counts and measures no seconds.

``python -m benchmarks.causes_kernel_training claim cores`` measures these parts anew.
"""

import datetime
import itertools
import json
import sys

import numpy as np

from benchmarks import harness
from course_lib import cost, datasets
from course_lib.batch_optimization import HingeLoss, SquaredHingeLoss
from course_lib.kernel_training import (
    CoreVectorMachine,
    Kernel,
    KernelSVC,
    NystromRidgeClassifier,
    condition_bound,
    conjugate_gradient,
    conjugate_gradient_bound,
    nystrom_preconditioner,
    sdca_epochs,
    smo,
    support_vector_bound,
)
from course_lib.low_rank import nystrom_features, pivoted_cholesky, random_pivot_bound
from course_lib.online_optimization import sdca

GAMMA, WIDE = 0.02, 0.05  # of the kernels of digits and of the census
RIDGE = 0.03
SIZES = (10, 20, 50, 100, 200)


def digits():
    """Pixels from 0 to 1 and labels, of training and of test."""
    mnist = datasets.mnist()
    rows = (images.reshape(len(images), -1) for images in (mnist.train_images, mnist.test_images))
    X, T = (part.astype(np.float32) / 255 for part in rows)
    return X, mnist.train_labels, T, mnist.test_labels


def exact_errors(X, y, T, t, ridges=(0.01, 0.1)):
    """Errors of exact kernel ridge regression with the better of two ridges, chosen on the test."""
    kernel = Kernel("rbf", gamma=GAMMA)
    K, Y = kernel(X, X), np.where(y[:, None] == np.arange(10), np.float32(1), np.float32(-1))
    scores = []
    for ridge in ridges:
        shifted = K.copy()
        shifted.flat[:: len(K) + 1] += np.float32(ridge)
        weights = np.linalg.solve(shifted, Y)
        blocks = (kernel(T[i : i + 2000], X) @ weights for i in range(0, len(T), 2000))
        scores.append(float(np.mean(np.concatenate(list(blocks)).argmax(1) != t)))
    return min(scores)


def claim():
    """One landmark a row that the exact machine has, at eight seeds; how far the exact one gets."""
    X, y, T, t = digits()
    runs, more = [], []
    for seed in range(8):
        order = np.random.default_rng(1000 + seed).permutation(60000)
        model = NystromRidgeClassifier(gamma=GAMMA, landmarks=np.arange(1000), alpha=RIDGE)
        model.fit(X[order], y[order])
        runs.append({
            "nystrom": float(np.mean(model.predict(T) != t)),
            "exact": exact_errors(X[order[:1000]], y[order[:1000]], T, t),
        })  # fmt: skip
    for n in (2000, 3000, 4000, 10000):
        errors = []
        for seed in range(3):
            rows = np.random.default_rng(1000 + seed).permutation(60000)[:n]
            errors.append(exact_errors(X[rows], y[rows], T, t))
        more.append({"n": n, "errors": errors})
    return {"seeds": runs, "more_rows": more}


def supports():
    """Support vectors, bounds and errors of the census; the same rows on 400 landmarks."""
    train, test = datasets.a9a()
    record = []
    for n in (500, 1000, 2000, 4000, 8000, 16000, 32000):
        for seed in range(3 if n <= 8000 else 1):
            rows = np.random.default_rng(seed).permutation(len(train.y))[:n]
            X, y = train.X[rows], train.y[rows]
            model = KernelSVC(gamma=WIDE, cache_bytes=1 << 29).fit(X, y)
            scores = model.decision_function(X)
            small = NystromRidgeClassifier(gamma=WIDE, n_components=400, random_state=seed)
            small.fit(X.astype(np.float64), y)
            record.append({
                "n": n, "seed": seed, "support": len(model.support_),
                "bound": support_vector_bound(scores, y),
                "error": float(np.mean(model.predict(test.X) != test.y)),
                "steps": int(model.n_iter_[0]), "gap": float(model.gap_[0] / model.dual_value_[0]),
                "landmarks": len(small.landmark_indices_),
                "landmarks_error": float(np.mean(small.predict(test.X) != test.y)),
            })  # fmt: skip
    return record


def columns():
    """Columns of the kernel that SMO touches, at n, 2n and 4n."""
    train, _ = datasets.a9a()
    record = []
    for n in (1605, 3210, 6420):
        for seed in range(5):
            rows = np.random.default_rng(seed).permutation(len(train.y))[:n]
            meter = cost.Meter()
            kernel = cost.CountedDistance(Kernel("rbf", gamma=WIDE), meter, "kernels")
            y = train.y[rows].astype(float)
            steps = smo(kernel, y, X=train.X[rows], diagonal=np.ones(n), cache_bytes=1 << 30)
            *_, last = steps
            record.append({
                "n": n, "seed": seed, "kernels": meter.kernels, "touched": last.n_touched,
                "fetched": last.n_fetched, "support": int((last.alpha > 0).sum()),
                "gap": last.gap / last.dual,
            })  # fmt: skip
    return record


def scaled_census():
    train, _ = datasets.a9a()
    X = train.X.astype(np.float64)
    longest = np.sqrt(X.multiply(X).sum(1).max())
    return X / longest, train.y.astype(float)


def epochs():
    """Epochs to three gaps, and the theorem's; the slope of the gap, and gap over distance."""
    X, y = scaled_census()
    n, record = len(y), []
    for c, replace in itertools.product((0.1, 1.0, 10.0), (True, False)):
        loss = SquaredHingeLoss(X, y, ridge=c / n)
        found = [path_to(loss, 1e-8, replace, seed) for seed in range(3)]
        for epsilon in (1e-1, 1e-3, 1e-6):
            needed = [next(e for e, (gap, _) in enumerate(p) if gap <= epsilon) for p in found]
            record.append({
                "ridge_n": c, "replace": replace, "epsilon": epsilon, "epochs": needed,
                "theorem": sdca_epochs(n, c / n, epsilon),
                "first_gap": found[0][0][0], **slopes(found[0], epsilon),
            })  # fmt: skip
    hinge = path_to(HingeLoss(X, y, ridge=1 / n), 1e-4, True, 0)
    raw = SquaredHingeLoss(X * np.sqrt(longest2()), y, ridge=1 / n)
    length = longest2() ** 0.5
    return {
        "smooth": record,
        "hinge": [
            {"epsilon": e, "epochs": next(k for k, (gap, _) in enumerate(hinge) if gap <= e)}
            for e in (1e-1, 1e-2, 1e-3, 1e-4)
        ],
        "unscaled": {
            "epochs": len(path_to(raw, 1e-3, True, 0)) - 1,
            "told": sdca_epochs(n, 1 / n, 1e-3),
            "length2": longest2(),
            "with_length": sdca_epochs(n, 1 / n, 1e-3, length=length),
        },
    }


def longest2():
    train, _ = datasets.a9a()
    return float(train.X.multiply(train.X).sum(1).max())


def path_to(loss, epsilon, replace, seed):
    """Gaps and lower bounds, epoch by epoch."""
    path = []
    for step in sdca(loss, replace=replace, rng=seed):
        path.append((step.value - step.lower_bound, step.lower_bound))
        if path[-1][0] <= epsilon:
            break
    return path


def slopes(path, epsilon):
    """Nats an epoch of the gap from its tenth to ``epsilon``; the gap over the dual distance."""
    gaps = np.array([gap for gap, _ in path])
    best = path[-1][1]
    late = np.flatnonzero(gaps <= epsilon)[0]
    early = np.flatnonzero(gaps <= 0.1 * gaps[0])[0]
    rate = np.log(gaps[early] / gaps[late]) / (late - early) if late > early else None
    to_dual = gaps[late] / max(best - path[late][1], 1e-300)
    return {"nats": None if rate is None else float(rate), "gap_over_dual": float(to_dual)}


def cores():
    """Sizes of core sets, and what the machine's value and its classifier are worth."""
    train, test = datasets.a9a()
    order = np.random.default_rng(0).permutation(len(train.y))
    record = []
    wanted = [*itertools.product((2000, 8000, 32000), (0.1, 0.03, 0.01, 0.003)), (2000, 3e-4)]
    for n, epsilon in wanted:
        model = CoreVectorMachine(gamma=WIDE, epsilon=epsilon, random_state=0)
        model.fit(train.X[order[:n]], train.y[order[:n]])
        error = np.mean(model.predict(test.X) != test.y)
        record.append({
            "n": n, "epsilon": epsilon, "size": len(model.support_), "error": float(error),
            "value": model.value_, "lower": model.lower_bound_, "radius": model.radius_,
            "farthest": model.farthest_, "kernels": model.n_kernel_evaluations_,
        })  # fmt: skip
    small = record.pop()
    return {"rows": record, "small": small, "always_no": float(np.mean(test.y > 0))}


def far_letters(rng):
    """Letters, of which 100 are moved far away, and their places.

    These are drawn: the greedy rule takes the first of rows that tie.
    """
    letter = datasets.letter()
    X = letter.X[rng.permutation(20000)[:2000]] / 15.0
    far = rng.permutation(2000)[:100]
    X[far] += 3 * rng.standard_normal((100, X.shape[1]))
    return X, far


def pivots():
    """Traces of the error by three rules, the best rank, and the theorem of random pivots."""
    X, *_ = digits()
    rng = np.random.default_rng(0)
    sets = {"digits": (X[rng.permutation(60000)[:2000]].astype(float), [], GAMMA),
            "letters, 100 far away": (*far_letters(rng), 1.0)}  # fmt: skip
    record = {}
    for name, (Z, away, gamma) in sets.items():
        K = Kernel("rbf", gamma=gamma)(Z, Z)
        w = np.maximum(np.linalg.eigvalsh(K)[::-1], 0)
        greedy = pivoted_cholesky(K, 200)
        random = [pivoted_cholesky(K, 200, rule="random", rng=seed) for seed in range(20)]
        uniform = []
        for seed in range(20):
            order = np.random.default_rng(seed).permutation(2000)
            uniform.append([uniform_trace(K, order[:m]) for m in SIZES])
        first = greedy.indices[:100]
        record[name] = {
            "sizes": SIZES,
            "best": [float(1 - w[:m].sum() / 2000) for m in SIZES],
            "greedy": [float(greedy.trace[m] / 2000) for m in SIZES],
            "random": [[float(one.trace[m] / 2000) for m in SIZES] for one in random],
            "uniform": uniform,
            "bound": [random_pivot_bound(w, m) / 2000 for m in SIZES],
            "recursion": recursion(w),
            "far_first": int(np.isin(first, away).sum()),
        }  # fmt: skip
    return record


def recursion(w):
    """What is left of the trace if each step does to the residual what it does on average."""
    left = []
    for m in range(1, max(SIZES) + 1):
        w = w - w * w / w.sum()
        left += [float(w.sum() / len(w))] if m in SIZES else []
    return left


def uniform_trace(K, columns):
    F = nystrom_features(K, columns).F
    return float(1 - np.square(F).sum() / len(K))


def squared():
    """The machine that core vectors approximate, solved: its value and its error."""
    train, test = datasets.a9a()
    rows = np.random.default_rng(0).permutation(len(train.y))[:2000]
    X, y = train.X[rows], train.y[rows].astype(float)
    kernel = Kernel("rbf", gamma=WIDE)
    K = np.outer(y, y) * (kernel(X, X) + 1) + np.eye(2000)
    active = np.ones(2000, bool)
    for _ in range(100):  # solve for the active rows, drop what is negative, add what is short
        alpha = np.zeros(2000)
        alpha[active] = np.linalg.solve(K[np.ix_(active, active)], np.ones(active.sum()))
        short = K @ alpha < 1 - 1e-9
        if alpha.min() >= 0 and not short.any():
            break
        active = (alpha > 0) | short
    scores = np.concatenate(
        [(kernel(test.X[i : i + 2000], X) + 1) @ (alpha * y) for i in range(0, len(test.y), 2000)]
    )
    return {
        "value": float(1 / alpha.sum()), "error": float(np.mean(np.sign(scores) != test.y)),
        "support": int((alpha > 0).sum()), "least": float(alpha.min()),
        "short": float(1 - np.min(K @ alpha)),
    }  # fmt: skip


def machines():
    """One pass over blocks on processes of Dask, against the same blocks here."""
    from dask.distributed import Client, LocalCluster

    X, y, T, _ = digits()
    order = np.random.default_rng(1000).permutation(60000)[:20000]
    blocks = [(X[part], y[part]) for part in np.array_split(order, 4)]
    one = NystromRidgeClassifier(gamma=GAMMA, landmarks=np.arange(500), alpha=RIDGE)
    one.fit_blocks(blocks, classes=np.arange(10))
    meter = cost.Meter()
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        many = NystromRidgeClassifier(gamma=GAMMA, landmarks=np.arange(500), alpha=RIDGE)
        many.fit_blocks(blocks, classes=np.arange(10), client=client, meter=meter)
    return {
        "blocks": len(blocks), "landmarks": 500, "rows": 20000, "processes": 2,
        "same": bool(np.array_equal(one.dual_coef_, many.dual_coef_)),
        "off": float(np.abs(one.dual_coef_ - many.dual_coef_).max()),
        "largest": float(np.abs(one.dual_coef_).max()),
        "answers_apart": int(np.sum(one.predict(T) != many.predict(T))), "rounding": one.rounding_,
        "messages": meter.messages, "sent_bytes": meter.sent_bytes, "rounds": meter.rounds,
    }  # fmt: skip


def conditions():
    """Condition numbers with and without the preconditioner, and steps to 1e-6."""
    X, y, *_ = digits()
    kernel, numbers, steps = Kernel("rbf", gamma=GAMMA), [], []
    rows = X[np.random.default_rng(0).permutation(60000)[:5000]].astype(float)
    for ridge, m in itertools.product((1e-3, 1e-4, 1e-6), (50, 100, 200, 400, 800, 1600)):
        K_nm, K_mm = kernel(rows, rows[:m]), kernel(rows[:m], rows[:m])
        alpha = ridge * len(rows)
        H = K_nm.T @ K_nm + alpha * K_mm
        w = np.linalg.eigvalsh(H)
        made = nystrom_preconditioner(K_nm, K_mm, alpha)
        numbers.append({"ridge": ridge, "m": m, "raw": float(w[-1] / w[0]),
                        "made": made.condition(H)})  # fmt: skip
    for ridge, seed in itertools.product((1e-3, 1e-4, 1e-5), range(4)):
        order = np.random.default_rng(seed).permutation(60000)[:8000]
        rows, target = X[order].astype(float), np.where(y[order] == 0, 1.0, -1.0)
        K_nm, K_mm = kernel(rows, rows[:400]), kernel(rows[:400], rows[:400])
        alpha = ridge * len(rows)
        H, b = K_nm.T @ K_nm + alpha * K_mm, K_nm.T @ target
        made = nystrom_preconditioner(K_nm, K_mm, alpha)
        answer = np.linalg.solve(H, b)
        plain, quick = ([*conjugate_gradient(H, b, preconditioner=P)] for P in (None, made))
        condition = made.condition(H)
        apart = [step.x - answer for step in quick]
        off = [float(np.sqrt(z @ H @ z / (answer @ b))) for z in apart]
        steps.append({
            "ridge": ridge, "seed": seed, "plain": len(plain), "made": len(quick),
            "condition": condition, "off": off,
            "bound": [conjugate_gradient_bound(condition, k + 1) for k in range(len(quick))],
        })  # fmt: skip
    return {"numbers": numbers, "steps": steps, "wanted": condition_bound()}


PARTS = {f.__name__: f for f in (
    cores, squared, pivots, epochs, columns, conditions, machines, supports, claim,
)}  # fmt: skip


def main():
    """Run what was named, or all, and write the record."""
    path = harness.RESULTS / "kernel_training_causes.json"
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report |= {
        "name": "kernel_training_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
    }
    for name in sys.argv[1:] or PARTS:
        report[name] = PARTS[name]()
        print(name, json.dumps(report[name]), flush=True)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
