"""How the entries of the capstone are made; `benchmarks.capstone` runs it all.

A method yields rows: dictionaries with the file's bytes, what training cost by arithmetic, the
error on the 10,000 rows that choices were made on, and the errors on the test rows.
"""

import functools

import numpy as np

from course_lib import datasets
from course_lib.batch_optimization import lbfgs
from course_lib.deep_compression import entries
from course_lib.deep_compression.entries import Front, SeededFeatures
from course_lib.kernel_training import (
    FeatureRidgeClassifier,
    Kernel,
    NystromRidgeClassifier,
)
from course_lib.kernel_training._sums import block_sums, solved
from course_lib.lsh import kmeans, pq_encode, train_pq

SEEDS = (0, 1, 2, 3)
CHOSEN_ON = 10_000  # random training rows
FEW = 20_000  # rows to choose the width of a kernel with
SPLIT = 2026
ALPHAS = (0.03, 0.1, 0.3, 1.0, 3.0)
GAMMAS = {
    1: (0.01, 0.015, 0.02, 0.03),
    2: (0.02, 0.03, 0.05, 0.08, 0.12),
    4: (0.2, 0.4, 0.8, 1.2),
}


class Part:
    """Images and labels."""

    def __init__(self, images, labels):
        self.images, self.labels = images.reshape(len(images), -1), labels

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        return Part(self.images[rows], self.labels[rows])

    def error(self, file):
        """The share of images whose label a file gets wrong, in percent."""
        return 100 * float(np.mean(entries.load(file).predict(self.images) != self.labels))


@functools.cache
def digits():
    """All training rows, those to fit a choice on, those to choose on, and the test rows."""
    mnist = datasets.mnist()
    full = Part(mnist.train_images, mnist.train_labels)
    order = np.random.default_rng(SPLIT).permutation(len(full))
    fit, choose = full.take(order[CHOSEN_ON:]), full.take(order[:CHOSEN_ON])
    return full, fit, choose, Part(mnist.test_images, mnist.test_labels)


def row(family, chapter, kind, setting, made, validation, *, passes, training):
    """Make a row from files, one for each seed, and look at the test rows with each.

    Bytes and work are of the largest file.
    """
    test = digits()[3]
    entry = max(map(entries.load, made), key=lambda each: each.nbytes)
    errors = [round(test.error(file), 2) for file in made]
    line = {
        "family": family, "chapter": chapter, "kind": kind, "setting": setting,
        "bytes": entry.nbytes, "work": entry.work._asdict(), "total_work": entry.work.total,
        "passes": passes, "training": float(training), "validation": round(float(validation), 2),
        "errors": errors, "error": round(float(np.mean(errors)), 3),
        "sd": round(float(np.std(errors, ddof=1)), 3) if len(errors) > 1 else None,
    }  # fmt: skip
    print(line, flush=True)
    return line


# --- Exact methods ---------------------------------------------------------------------------


class Softmax:
    """Multinomial logistic loss with a ridge on the weights, as `lbfgs` takes a loss."""

    def __init__(self, X, labels, ridge):
        self.X = np.column_stack([X, np.ones(len(X), np.float32)])
        self.labels, self.ridge, self.evaluations = labels, ridge, 0
        self.A = np.empty((0, 10 * self.X.shape[1]))  # for its number of columns
        self.b = np.empty(0)

    def evaluate(self, x):
        self.evaluations += 1
        W = x.reshape(-1, 10)
        Z = self.X @ W.astype(np.float32)
        Z -= Z.max(axis=1, keepdims=True)
        P = np.exp(Z)
        total = P.sum(axis=1, keepdims=True)
        rows = np.arange(len(Z))
        value = float(np.mean(np.log(total[:, 0]) - Z[rows, self.labels], dtype=np.float64))
        P /= total
        P[rows, self.labels] -= 1
        G = (self.X.T @ P).astype(np.float64) / len(Z)
        W = np.vstack([W[:-1], np.zeros(10)])
        value += 0.5 * self.ridge * float((W**2).sum())
        return value, (G + self.ridge * W).ravel()


def softmax_weights(X, labels, ridge, passes):
    """Weights and intercept after at most that many passes."""
    loss = Softmax(X, labels, ridge)
    for step in lbfgs(loss):
        if loss.evaluations >= passes - 2 or np.abs(step.gradient).max() < 1e-6:
            break
    W = step.x.reshape(-1, 10)
    return W[:-1], W[-1], loss.evaluations


def linear(pool, passes, bits, ridges=(1e-5, 1e-4)):
    """Logistic regression on pixels."""
    full, fit, choose, _ = digits()
    front = Front(pool=pool)
    rows, best = front.rows(fit.images), (np.inf,)
    for ridge in ridges:
        W, b, _ = softmax_weights(rows, fit.labels, ridge, passes)
        files = {k: entries.linear_entry(W, b, front=front, bits=k) for k in bits}
        errors = {k: choose.error(file) for k, file in files.items()}
        best = min(best, (min(errors.values()), ridge, errors), key=lambda found: found[0])
    _, ridge, errors = best
    W, b, used = softmax_weights(front.rows(full.images), full.labels, ridge, passes)
    side = 28 // pool
    for k in bits:
        yield row(
            "logistic", 13, "exact", f"{side} x {side} pixels, {k} bits, ridge {ridge:g}",
            [entries.linear_entry(W, b, front=front, bits=k)], errors[k], passes=used,
            training=used * 2 * len(full) * W.size,
        )  # fmt: skip


def class_means(pool, bits):
    """The nearest mean of a class, in one pass of additions: scores are linear."""
    full, fit, choose, _ = digits()
    front, files = Front(pool=pool), []
    for part in (fit, full):
        rows = front.rows(part.images)
        means = np.stack([rows[part.labels == c].mean(axis=0) for c in range(10)], axis=1)
        files.append(
            entries.linear_entry(means, -0.5 * (means**2).sum(axis=0), front=front, bits=bits)
        )
    side = 28 // pool
    yield row(
        "class means", 11, "exact", f"{side} x {side} pixels, {bits} bits", files[1:],
        choose.error(files[0]), passes=1, training=len(full) * front.n_columns,
    )  # fmt: skip


def principal(rows, k):
    """The mean of rows and their first k principal components, from one pass."""
    mean = rows.mean(axis=0, dtype=np.float64)
    centered = rows - mean.astype(np.float32)
    _, vectors = np.linalg.eigh((centered.T @ centered).astype(np.float64))
    return mean, vectors[:, ::-1][:, :k]


def principal_linear(k, bits):
    """Logistic regression on principal components."""
    full, fit, choose, _ = digits()
    files = []
    for part in (fit, full):
        mean, V = principal(Front().rows(part.images), k)
        front = Front(mean=mean, components=V, bits=bits)
        W, b, used = softmax_weights(front.rows(part.images), part.labels, 1e-4, 49)
        files.append(entries.linear_entry(W, b, front=front, bits=bits))
    yield row(
        "PCA + logistic", 6, "exact", f"{k} components, {bits} bits", files[1:],
        choose.error(files[0]), passes=used + 1,
        training=len(full) * (784**2 / 2 + 784 * k + used * 20 * k),
    )  # fmt: skip


# --- Kernels: features, landmarks, exact -----------------------------------------------------


@functools.cache
def width(pool, kind, bits=8):
    """The gamma of the kernel for a pooling, chosen with few rows and coded weights."""
    _, fit, choose, _ = digits()
    front, few, found = Front(pool=pool), fit.take(slice(FEW)), []
    for gamma in GAMMAS[pool]:
        if kind == "features":
            of = SeededFeatures(1024, gamma=gamma)
            model = FeatureRidgeClassifier(of, alpha=0.3).fit(front.rows(few.images), few.labels)
            file = entries.feature_entry(
                model.coef_.T, model.intercept_, of, front=front, bits=bits
            )
        else:
            model = NystromRidgeClassifier(gamma=gamma, landmarks=np.arange(300), alpha=1.0)
            model.fit(front.rows(few.images), few.labels)
            file = entries.landmark_entry(
                few.images[:300], model.dual_coef_, model.intercept_, gamma=gamma, front=front,
                bits=bits,
            )  # fmt: skip
        found.append((choose.error(file), gamma))
    print(f"width, {kind}, pool {pool}: {found}", flush=True)
    return min(found)[1]


def feature_sums(part, front, features):
    """Moments of features and targets, which add up over parts."""

    def columns(images):
        return features.transform(front.rows(images))

    D = features.n_components
    targets = np.where(part.labels[:, None] == np.arange(10), 1.0, -1.0)
    return block_sums((part.images, targets), columns, np.zeros(D), np.zeros(10), np.zeros((D, 1)))


def prefix(sums, largest, D):
    """The moments of D features, from those of more: the first frequencies are the same."""
    count = D // 2
    keep = np.r_[:count, largest // 2 : largest // 2 + count]
    scale = np.sqrt(largest / D)
    n, first, target_first, gram, cross, _ = sums
    return (
        n, scale * first[keep], target_first, scale**2 * gram[np.ix_(keep, keep)],
        scale * cross[keep], np.zeros((D, 1)),
    )  # fmt: skip


def feature_weights(sums, alpha):
    """Weights and intercept, as `FeatureRidgeClassifier` finds them."""
    found = solved(sums, None, alpha, np.ones((len(sums[1]), 1)))
    return found.weights, found.target_mean - found.feature_mean @ found.weights


def random_features(pool, sizes, bits, seeds=SEEDS):
    """Ridge regression on random features: one pass for all sizes."""
    full, fit, choose, _ = digits()
    front, gamma, largest = Front(pool=pool), width(pool, "features"), max(sizes)
    made, chosen = {}, {}
    for seed in seeds:
        features = SeededFeatures(largest, gamma=gamma, random_state=seed).fit(
            np.zeros((1, front.n_columns), np.float32)
        )
        sums = feature_sums(fit, front, features)
        whole = tuple(
            a + b for a, b in zip(sums, feature_sums(choose, front, features), strict=True)
        )
        for D in sizes:
            of = SeededFeatures(D, gamma=gamma, random_state=seed)
            if seed == seeds[0]:
                part, best = prefix(sums, largest, D), (np.inf,)
                for alpha in ALPHAS:
                    W, b = feature_weights(part, alpha)
                    errors = {
                        k: choose.error(entries.feature_entry(W, b, of, front=front, bits=k))
                        for k in bits
                    }
                    best = min(
                        best, (min(errors.values()), alpha, errors), key=lambda found: found[0]
                    )
                chosen[D] = best[1:]
            W, b = feature_weights(prefix(whole, largest, D), chosen[D][0])
            for k in bits:
                file = entries.feature_entry(W, b, of, front=front, bits=k)
                made.setdefault((D, k), []).append(file)
    side, n = 28 // pool, len(full)
    for (D, k), files in made.items():
        alpha, errors = chosen[D]
        yield row(
            "random features", 17, "approximate",
            f"D = {D}, {side} x {side} pixels, {k} bits, gamma {gamma:g}, alpha {alpha:g}", files,
            errors[k], passes=1,
            training=n * (entries.load(files[0]).work.total + D**2 / 2) + D**3 / 6,
        )  # fmt: skip


def coarse(images, front, bits):
    """Rows as an entry with pixels of so many bits reads them."""
    most = (1 << bits) - 1
    return np.rint(front.rows(images) * most).astype(np.float32) / np.float32(most)


def landmarks(pool, m, pixel_bits, bits, seeds=SEEDS):
    """Kernel ridge regression on landmarks, all rows read once."""
    full, fit, choose, _ = digits()
    front, gamma = Front(pool=pool), width(pool, "landmarks")

    def make(part, seed, alpha, model=None):
        few = np.random.default_rng(seed).choice(len(part), m, replace=False)
        if model is None:
            rows = coarse(part.images, front, pixel_bits)
            model = NystromRidgeClassifier(gamma=gamma, landmarks=few, alpha=alpha)
            model.fit(rows, part.labels)
        else:
            model.set_params(alpha=alpha).solve()
        file = entries.landmark_entry(
            part.images[few], model.dual_coef_, model.intercept_, gamma=gamma, front=front,
            bits=bits, pixel_bits=pixel_bits,
        )  # fmt: skip
        return model, file

    model, found = None, []
    for alpha in (0.1, 1.0, 10.0):
        model, file = make(fit, 0, alpha, model)
        found.append((choose.error(file), alpha))
    error, alpha = min(found)
    files = [make(full, seed, alpha)[1] for seed in seeds]
    side, n = 28 // pool, len(full)
    yield row(
        "Nyström ridge", 16, "approximate",
        f"m = {m}, {side} x {side} pixels of {pixel_bits} bits, weights {bits}, gamma {gamma:g}, "
        f"alpha {alpha:g}", files, error, passes=1,
        training=n * m * (front.n_columns + 2 + m / 2 + 10) + m**3 / 6,
    )  # fmt: skip


def exact_kernel(pool, n, pixel_bits, bits, seeds=SEEDS):
    """Kernel ridge regression, exact, on a random subset."""
    full, fit, choose, _ = digits()
    front = Front(pool=pool)
    gammas = GAMMAS[pool] if n <= 1000 else (width(pool, "landmarks"),)

    def make(part, seed, gamma, alphas):
        few = part.take(np.random.default_rng(seed).choice(len(part), n, replace=False))
        rows = coarse(few.images, front, pixel_bits).astype(np.float64)
        K = Kernel("rbf", gamma)(rows, rows)
        Y = np.where(few.labels[:, None] == np.arange(10), 1.0, -1.0)
        for alpha in alphas:
            middle = Y.mean(axis=0)
            W = np.linalg.solve(K + alpha * np.eye(n), Y - middle)
            yield (
                alpha,
                entries.landmark_entry(
                    few.images,
                    W,
                    middle,
                    gamma=gamma,
                    front=front,
                    bits=bits,
                    pixel_bits=pixel_bits,
                ),
            )

    found = [
        (choose.error(file), gamma, alpha)
        for gamma in gammas
        for alpha, file in make(fit, 0, gamma, (0.1, 1.0) if n <= 1000 else (0.3,))
    ]
    error, gamma, alpha = min(found)
    files = [file for seed in seeds for _, file in make(full, seed, gamma, (alpha,))]
    side = 28 // pool
    yield row(
        "kernel ridge, subset", 16, "exact",
        f"n = {n}, {side} x {side} pixels of {pixel_bits} bits, weights {bits}, gamma {gamma:g}, "
        f"alpha {alpha:g}", files, error, passes=1,
        training=n**2 * front.n_columns + n**3 / 6,
    )  # fmt: skip


# --- Neighbors -------------------------------------------------------------------------------


def nearest(pool, n, bits, n_neighbors=1, seeds=SEEDS):
    """The nearest of the images, of a subset or of all."""
    full, fit, choose, _ = digits()
    front = Front(pool=pool)

    def make(part, seed):
        if n is not None:
            part = part.take(np.random.default_rng(seed).choice(len(part), n, replace=False))
        return entries.neighbor_entry(
            part.images, part.labels, n_neighbors=n_neighbors, front=front, bits=bits
        )

    side = 28 // pool
    yield row(
        f"{n_neighbors}-NN", 10, "exact",
        f"n = {n or len(full)}, {side} x {side} pixels of {bits} bits",
        [make(full, seed) for seed in (seeds if n else seeds[:1])], choose.error(make(fit, 0)),
        passes=1, training=0,
    )  # fmt: skip


def principal_nearest(k, bits, n_neighbors=1):
    """The nearest of all images, on principal components in few bits."""
    full, fit, choose, _ = digits()
    files = []
    for part in (fit, full):
        mean, V = principal(Front().rows(part.images), k)
        front = Front(mean=mean, components=V)
        files.append(entries.neighbor_entry(
            part.images, part.labels, n_neighbors=n_neighbors, front=front, bits=bits
        ))  # fmt: skip
    yield row(
        f"PCA + {n_neighbors}-NN", 10, "exact", f"{k} components of {bits} bits, all digits",
        files[1:], choose.error(files[0]), passes=2, training=len(full) * (784**2 / 2 + 784 * k),
    )  # fmt: skip


def prototypes(pool, per_class, bits, seeds=SEEDS):
    """The nearest of the centers of k-means in each class."""
    full, fit, choose, _ = digits()
    front, n_iter = Front(pool=pool), 20

    def make(part, seed):
        rows, rng = front.rows(part.images), np.random.default_rng(seed)
        centers = [
            kmeans(rows[part.labels == c], per_class, init="sample", n_iter=n_iter, rng=rng).centers
            for c in range(10)
        ]
        # written as images of the pooled size, a byte a pixel, which has no more bits than a row
        images = np.rint(np.clip(np.concatenate(centers), 0, 1) * 255).astype(np.uint8)
        side = 28 // pool
        big = np.repeat(np.repeat(images.reshape(-1, side, side), pool, axis=1), pool, axis=2)
        return entries.neighbor_entry(
            big, np.repeat(np.arange(10), per_class), front=front, bits=bits
        )

    side = 28 // pool
    yield row(
        "k-means + 1-NN", 11, "approximate",
        f"{per_class} centers a class, {side} x {side} pixels of {bits} bits",
        [make(full, seed) for seed in seeds], choose.error(make(fit, 0)), passes=n_iter,
        training=n_iter * len(full) * per_class * front.n_columns,
    )  # fmt: skip


def products(k, n_groups, seeds=SEEDS):
    """The nearest of all images by a product quantizer, on principal components, rotated."""
    full, fit, choose, _ = digits()

    def make(part, seed):
        mean, V = principal(Front().rows(part.images), k)
        rng = np.random.default_rng(seed)
        R, _ = np.linalg.qr(rng.standard_normal((k, k)))  # spreads the variance over the groups
        front = Front(mean=mean, components=V @ R)
        rows = front.rows(part.images)
        quantizer = train_pq(rows, n_groups, n_iter=20, rng=rng)
        return entries.product_entry(
            quantizer, pq_encode(quantizer, rows), part.labels, front=front
        )

    yield row(
        "PQ + 1-NN", 11, "approximate", f"{k} components, {n_groups} bytes a digit, all digits",
        [make(full, seed) for seed in seeds], choose.error(make(fit, 0)), passes=22,
        training=len(full) * (784**2 / 2 + 784 * k + 20 * 256 * k),
    )  # fmt: skip


def bit_codes(n_bits, seeds=SEEDS):
    """The nearest of all images by codes of bits."""
    full, fit, choose, _ = digits()

    def make(part, seed):
        front = Front(mean=Front().rows(part.images).mean(axis=0))
        return entries.code_entry(part.images, part.labels, n_bits=n_bits, seed=seed, front=front)

    files = [make(full, seed) for seed in seeds]
    scan = 3 * len(full) * -(-n_bits // 64)
    yield row(
        "Hamming 1-NN", 12, "approximate", f"{n_bits} bits, all digits", files,
        choose.error(make(fit, 0)), passes=2,
        training=len(full) * (entries.load(files[0]).work.total - scan),
    )  # fmt: skip
