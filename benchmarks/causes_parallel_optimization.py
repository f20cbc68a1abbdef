"""What chapter 15 says of its claim: ``python -m benchmarks.causes_parallel_optimization``.

Four machines learn to read digits and send everything, a few entries, signs, or one model at the
end; of rows that are shuffled or sorted by label; of gradients that are late. How long their
memories become, and where the bound on them is lost. What an average of models of few rows each
has of the variance and the bias of one. Some three minutes; writes
``results/parallel_optimization_causes.json``. It counts and measures no seconds.
"""

import datetime
import itertools
import json
from collections import deque

import numpy as np

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import DistributedLoss, LogisticLoss, lbfgs
from course_lib.parallel_optimization import (
    admm,
    average_models,
    compressed_descent,
    one_bit,
    top_k,
)

MACHINES, ROWS, STEPS, STEP, SEEDS = 4, 64, 600, 0.5, (0, 1, 2)
MORE_SEEDS = range(18)  # of late gradients, whose errors swing
RIDGE, FEW = 1e-2, 200  # of the averages


class Digits:
    """The digits with a column of ones, and softmax models over them."""

    def __init__(self):
        digits = datasets.mnist()
        self.rows, self.labels = with_ones(digits.train_images), digits.train_labels
        self.held_out, self.answers = with_ones(digits.test_images), digits.test_labels
        self.start = np.zeros((785, 10), np.float32)

    def worker(self, own, rng):
        """The gradient over rows that a worker draws from its own."""

        def gradient(W):
            i = rng.choice(own, ROWS)
            scores = self.rows[i] @ W
            chances = np.exp(scores - scores.max(1, keepdims=True))
            chances /= chances.sum(1, keepdims=True)
            chances[np.arange(ROWS), self.labels[i]] -= 1
            return self.rows[i].T @ chances / np.float32(ROWS)

        return gradient

    def workers(self, seed, ordered=False):
        """Four of them; each has a quarter of the rows, shuffled or sorted by label."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.labels))
        if ordered:
            order = order[np.argsort(self.labels[order], kind="stable")]
        parts = np.array_split(order, MACHINES)
        return [self.worker(*each) for each in zip(parts, rng.spawn(MACHINES), strict=True)]

    def error(self, W):
        return float(np.mean((self.held_out @ W).argmax(1) != self.answers))


def with_ones(images):
    pixels = images.reshape(len(images), -1) / np.float32(255)
    return np.c_[pixels, np.ones(len(pixels), np.float32)]


def largest(k):
    return lambda x: top_k(x, k)


def learn(
    digits, seed, compress=None, feedback=True, ordered=False, step=STEP, steps=STEPS
):  # fmt: skip
    """The error, the bytes that all send and the longest memory."""
    run = compressed_descent(
        digits.workers(seed, ordered), digits.start, step=step, compress=compress,
        feedback=feedback,
    )  # fmt: skip
    memory = 0.0
    for iterate in itertools.islice(run, steps + 1):
        memory = max(memory, iterate.memory)
    error = digits.error(iterate.x)
    return {"error": error, "sent_bytes": int(iterate.sent_bytes), "memory": float(memory)}


def once(digits, seed, ordered=False):
    """Each machine learns alone; one average at the end."""
    ends = [
        next(itertools.islice(compressed_descent([each], digits.start, step=STEP), STEPS, None)).x
        for each in digits.workers(seed, ordered)
    ]
    sent = sum(x.nbytes for x in ends)
    return {"error": digits.error(np.mean(ends, axis=0)), "sent_bytes": int(sent)}


def late(digits, seed, delay, step):
    """One machine, whose gradients come some steps late."""
    (gradient, *_), W, mail = digits.workers(seed), digits.start, deque()
    for _ in range(2 * STEPS):
        mail.append(gradient(W))
        if len(mail) > delay:
            W = W - np.float32(step) * mail.popleft()
    return digits.error(W)


def claim(digits):
    ways = {
        "all": {}, "8": {"compress": largest(8)}, "79": {"compress": largest(79)},
        "8, forgets": {"compress": largest(8), "feedback": False},
        **{
            f"8, forgets, {longer} times the step": {
                "compress": largest(8), "feedback": False, "step": longer * STEP,
            }
            for longer in (4, 8, 16, 32)
        },
        "79, forgets": {"compress": largest(79), "feedback": False},
        "signs": {"compress": one_bit}, "signs, forgets": {"compress": one_bit, "feedback": False},
        "all, sorted": {"ordered": True},
        "8, sorted": {"compress": largest(8), "ordered": True},
        "all, half the step": {"step": STEP / 2},
        "8, half the step": {"compress": largest(8), "step": STEP / 2},
        "all, twice the step": {"step": 2 * STEP},
        "8, twice the step": {"compress": largest(8), "step": 2 * STEP},
        "all, a quarter of the steps": {"steps": STEPS // 4},
        "8, a quarter of the steps": {"compress": largest(8), "steps": STEPS // 4},
    }  # fmt: skip
    record = {
        name: show(name, [learn(digits, seed, **options) for seed in SEEDS])
        for name, options in ways.items()
    }
    record["once"] = show("once", [once(digits, seed) for seed in SEEDS])
    record["once, sorted"] = show("once, sorted", [once(digits, s, True) for s in SEEDS])
    return record


def delays(digits):
    """Errors with late gradients: the same step, and one that is scaled by either rule."""
    rows = []
    for delay in (0, 8, 32):
        steps = {"as it is": STEP, "root": STEP / np.sqrt(1 + 2 * delay), "tau": STEP / (1 + delay)}
        row = {
            name: [late(digits, seed, delay, step) for seed in MORE_SEEDS]
            for name, step in steps.items()
        }
        row["tau, fresh"] = [late(digits, seed, 0, steps["tau"]) for seed in MORE_SEEDS]
        rows.append(show("delay", {"delay": delay, **row}))
    return rows


def memories(digits):
    """Longest memory for several k, and the bound with more and more of it replaced by truth."""
    d, rows = digits.start.size, []
    longest = np.sqrt(2) * float(np.sqrt((digits.rows**2).sum(1).max()))
    for k in (1, 8, 79, 785, 3925):
        given, left, updates = [], [], []

        def watched(x, k=k, given=given, left=left):
            message = top_k(x, k)
            given.append(np.linalg.norm(x))
            left.append(np.linalg.norm(x - message.toarray()))
            return message

        gradient = digits.workers(0)[0]

        def noted(W, gradient=gradient, updates=updates):
            slope = gradient(W)
            updates.append(STEP * np.linalg.norm(slope))
            return slope

        run = compressed_descent([noted], digits.start, step=STEP, compress=watched)
        next(itertools.islice(run, STEPS, None))
        kept = np.array(left) / np.array(given)
        r, memory = np.sqrt(1 - k / d), 0.0
        recursion = [memory := share * (memory + u) for share, u in zip(kept, updates, strict=True)]
        rows.append(show("memory", {
            "k": k, "truth": float(max(left)), "bound": STEP * longest * r / (1 - r),
            "with_updates": float(max(updates)) * r / (1 - r),
            "with_messages": float(max(updates) * kept.max() / (1 - kept.max())),
            "with_both": float(max(recursion)), "kept_most": float(kept.max()),
            "longest_update": float(max(updates)), "median_update": float(np.median(updates)),
        }))  # fmt: skip
    return rows


def averages():
    """Excess of an average of p models over few rows, and its parts."""
    train, _ = datasets.a9a()
    y = train.y.astype(float)
    whole = LogisticLoss(train.X, y, ridge=RIDGE)
    best = next(itertools.islice(lbfgs(whole), 100, None))

    def drawn(rng, count, p):
        rows = rng.integers(0, len(y), count)
        return average_models(LogisticLoss(train.X[rows], y[rows], ridge=RIDGE), p)

    rng, runs = np.random.default_rng(0), []
    for _ in range(60):
        runs.append(drawn(rng, 8 * FEW, 8))
    models = np.concatenate([run.models for run in runs])
    variance = float(models.var(0, ddof=1).sum())
    middle = np.sum((models.mean(0) - best.x) ** 2) - variance / len(models)
    means = np.array([run.models.mean(0) for run in runs])
    record = {
        "ridge": RIDGE, "rows_each": FEW, "machines": 8, "runs": len(runs), "bias2": float(middle),
        "variance": variance, "variance_of_average": float(means.var(0, ddof=1).sum()),
        "rows": 3200, "curve": [],
    }  # fmt: skip
    for p in (1, 2, 4, 8, 16, 32, 64, 128):
        excess, off = [], []
        for seed in range(16):
            x = drawn(np.random.default_rng(seed), record["rows"], p).x
            excess.append(whole.evaluate(x)[0] - best.value)
            off.append(x - best.x)
        off = np.array(off)
        bias2 = np.sum(off.mean(0) ** 2) - off.var(0, ddof=1).sum() / len(off)
        record["curve"].append({
            "machines": p, "excess": float(np.mean(excess)),
            "distance2": float(np.sum(off**2, axis=1).mean()), "bias2": float(bias2),
            "excess_se": float(np.std(excess, ddof=1) / 4),
        })  # fmt: skip
    return show("averages", record)


class Counting:
    """A machine's rows, and how often their loss is evaluated."""

    def __init__(self, block, counts):
        self.block, self.counts = block, counts
        self.data, self.b, self.ridge = block.data, block.b, block.ridge

    def risk(self, x):
        self.counts.append(1)
        return self.block.risk(x)


def evaluations():
    """How often a machine evaluates its loss until the gap of all is a millionth."""
    train, _ = datasets.a9a()
    order = np.random.default_rng(0).permutation(len(train.y))
    loss = LogisticLoss(train.X[order], train.y[order].astype(float), ridge=1e-3)
    best = min(step.value for step in itertools.islice(lbfgs(loss), 200))
    counts, cut = [], loss.block
    record = {}
    for name, run in {
        "L-BFGS": lambda: lbfgs(DistributedLoss(loss, 8)),
        "ADMM": lambda: admm(loss, 8, rho=1e-3),
    }.items():
        counts.clear()
        loss.block = lambda start, stop: Counting(cut(start, stop), counts)
        next(iterate for iterate in run() if iterate.value - best <= 1e-6)
        record[name] = len(counts) / 8
    return show("evaluations", record)


def show(name, record):
    print(name, json.dumps(record), flush=True)
    return record


def main():
    """Run all and write the record."""
    digits = Digits()
    report = {
        "name": "parallel_optimization_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "claim": claim(digits),
        "delays": delays(digits),
        "memories": memories(digits),
        "averages": averages(),
        "evaluations": evaluations(),
    }
    path = harness.RESULTS / "parallel_optimization_causes.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
