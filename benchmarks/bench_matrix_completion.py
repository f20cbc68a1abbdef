"""Speed of matrix_completion against SciPy, Surprise, implicit and fancyimpute.

See benchmarks/harness.py. No contestant here spends its time in BLAS, so one thread is measured:
``--threads 1``. fancyimpute is compared with only where it is installed; its last release calls
scikit-learn with an argument that is no longer known, and that one call is mended here.
"""

import itertools

import numpy as np
import scipy.sparse as sp
from numba import njit

from benchmarks import harness
from course_lib import datasets
from course_lib.matrix_completion import (
    als,
    csr,
    implicit_als,
    in_links,
    pagerank,
    sampled_product,
    sgd,
    soft_impute,
)

implicit = harness.peer("implicit")
surprise = harness.peer("surprise")

RANK = 20


def workloads(quick):
    """Yield the workloads one by one, so that only one holds its data."""
    yield ranking(quick)
    yield stochastic(quick)
    yield clicks(quick)
    yield nuclear(quick)


def after(steps, count):
    """Return the factors after ``count`` iterates."""
    return next(itertools.islice(steps, count - 1, None)).factors


def ranking(quick):
    """Twenty iterations of PageRank on a graph whose popular nodes are very popular."""
    n, count, n_iter = (100_000, 1_000_000, 20) if quick else (1_000_000, 10_000_000, 20)
    rng = np.random.default_rng(0)
    src, dst = rng.integers(0, n, count), (n * rng.random(count) ** 3).astype(np.int64)
    src, dst = np.divmod(np.unique(src * n + dst), n)
    links = in_links(src, dst, n)
    dangling = links.out_degree == 0
    weights = 1 / links.out_degree[links.sources]
    M = sp.csr_array((weights, links.sources, links.indptr.astype(np.int32)), shape=(n, n))

    def scipy_loop(_):
        p = np.full(n, 1 / n)
        for _ in range(n_iter):
            p = 0.85 * (M @ p + p[dangling].sum() / n) + 0.15 / n
        return p

    def ours(dtype):
        return lambda _: pagerank(links, tol=0, max_iter=n_iter, dtype=dtype).scores

    shares = np.full(n, 1 / n)
    sources = links.sources.view(np.uint32)

    def gathers(_):
        return sum(_gather_all(shares, sources) for _ in range(n_iter))

    truth = scipy_loop(0)

    def error(scores):
        if not np.ndim(scores):
            return 1.0  # the limit ranks nothing
        return max(np.abs(scores - truth).sum(), 1e-12)  # below that it is rounding, theirs too

    return harness.Workload(
        "pagerank",
        f"PageRank, {n_iter} iterations, {n} nodes, {len(src)} links",
        {
            "ours": ours(np.float64),
            "ours, float32": ours(np.float32),
            "SciPy csr @ p": scipy_loop,
            "limit: the gathers alone": gathers,
        },
        error,
        "L1 distance to SciPy's scores",
        [
            ("ours", "SciPy csr @ p", 1.1),
            ("ours, float32", "SciPy csr @ p", None),
            ("ours", "limit: the gathers alone", None),
        ],
    )


@njit(cache=True)
def _gather_all(x, places):
    """The reads of an iteration that are in no order, and nothing else; four sums overlap."""
    a = b = c = d = 0.0
    for t in range(0, len(places) - 3, 4):
        a += x[places[t]]
        b += x[places[t + 1]]
        c += x[places[t + 2]]
        d += x[places[t + 3]]
    return a + b + c + d


def ratings(quick):
    """Ratings from known factors, of the shape of MovieLens 1M: train and test triples."""
    m, n, count = (1000, 600, 60_000) if quick else (6040, 3706, 1_000_000)
    rng = np.random.default_rng(0)
    popular = 1 / np.arange(1, n + 1) ** 0.8
    active = rng.zipf(1.6, m) % 300 + 20
    places = rng.choice(m, 2 * count, p=active / active.sum()) * n
    places = np.unique(places + rng.choice(n, 2 * count, p=popular / popular.sum()))
    users, items = np.divmod(rng.permutation(places)[:count], n)
    P, Q = (0.34 * rng.standard_normal((size, 10)) for size in (m, n))
    stars = 3.6 + 0.4 * rng.standard_normal(m)[users] + 0.5 * rng.standard_normal(n)[items]
    stars += np.sum(P[users] * Q[items], axis=1) + 0.8 * rng.standard_normal(len(users))
    stars = np.clip(stars, 1, 5).astype(np.float32)
    held = np.arange(len(users)) % 10 == 0
    return (m, n), *((users[part], items[part], stars[part]) for part in (~held, held))


class Rows(list):
    """What Surprise wants of a data frame."""

    def itertuples(self, index):
        return iter(self)


def stochastic(quick):
    """Twenty passes of stochastic gradient descent, the same step and the same penalty."""
    shape, (users, items, stars), (test_users, test_items, test_stars) = ratings(quick)
    R = csr(users, items, stars, shape)
    frame = Rows(zip(users.tolist(), items.tolist(), stars.tolist(), strict=True))
    reader = surprise.Reader(rating_scale=(1, 5))
    train = surprise.Dataset.load_from_df(frame, reader).build_full_trainset()
    pairs = list(zip(test_users.tolist(), test_items.tolist(), test_stars.tolist(), strict=True))

    def ours(seed):
        return after(sgd(R, RANK, rng=seed), 20).at(test_users, test_items)

    def peer(seed):
        return surprise.SVD(n_factors=RANK, n_epochs=20, random_state=seed).fit(train)

    def by_als(seed):
        return after(als(R, RANK, alpha=9, rng=seed), 6).at(test_users, test_items)

    def error(result):
        if isinstance(result, np.ndarray):
            return np.sqrt(np.mean((np.clip(result, 1, 5) - test_stars) ** 2))
        return surprise.accuracy.rmse(result.test(pairs), verbose=False)

    return harness.Workload(
        "sgd",
        f"{RANK} factors of {R.nnz} ratings, {shape[0]} x {shape[1]}, 20 passes of SGD",
        {"ours": ours, "ours, ALS, 6 steps": by_als, "Surprise SVD": peer},
        error,
        "root mean square error on a tenth held out",
        [("ours", "Surprise SVD", 20.0), ("ours, ALS, 6 steps", "Surprise SVD", None)],
    )


def clicks(quick):
    """Ten iterations of implicit feedback; the weights are the ratings themselves."""
    shape, (users, items, stars), _ = ratings(quick)
    W = csr(users, items, stars, shape)
    theirs = sp.csr_matrix((stars, (users, items)), shape=shape)

    def ours(solver, count=10):
        return lambda seed: after(implicit_als(W, RANK, alpha=0.01, solver=solver, rng=seed), count)

    def peer(use_cg):
        def call(seed):
            model = implicit.als.AlternatingLeastSquares(
                factors=RANK, iterations=10, regularization=0.01, use_cg=use_cg, use_gpu=False,
                num_threads=1, random_state=seed,
            )  # fmt: skip
            model.fit(theirs, show_progress=False)
            return np.array(model.user_factors), np.array(model.item_factors)

        return call

    def error(factors):
        P, Q = (F.astype(np.float64) for F in factors)
        p = np.sum(P[users] * Q[items], axis=1)
        seen = np.sum(stars * (1 - p) ** 2 - p**2)
        return np.sum((P.T @ P) * (Q.T @ Q)) + seen + 0.01 * (np.sum(P**2) + np.sum(Q**2))

    return harness.Workload(
        "implicit",
        f"{RANK} factors of {W.nnz} clicks, {shape[0]} x {shape[1]}, 10 iterations",
        {
            "ours, CG": ours("cg"),
            "ours, Cholesky": ours("cholesky"),
            "implicit, CG": peer(True),
            "implicit, Cholesky": peer(False),
        },
        error,
        "objective",
        [("ours, CG", "implicit, CG", 2.5), ("ours, Cholesky", "implicit, Cholesky", None)],
    )


def nuclear(quick):
    """The nuclear norm on MovieLens, to the same objective."""
    data = datasets.movielens()
    few = (data.user < 200) & (data.item < 2000) if quick else slice(None)
    users, items = data.user[few].astype(np.int64), data.item[few].astype(np.int64)
    R = csr(users, items, data.stars[few] - data.stars[few].mean())
    alpha, n_iter = 16.0, 20
    table = np.full(R.shape, np.nan, np.float32)
    table[R.rows(), R.indices] = R.data
    truth = after(soft_impute(R, alpha, rank=40, rng=0), 300)
    lowest = value(R, alpha, *truth)

    def ours(count):
        return lambda seed: after(soft_impute(R, alpha, rank=RANK, rng=seed), count)

    contestants = {"ours": ours(n_iter)} | fancyimpute_loop(table, alpha, n_iter)
    return harness.Workload(
        "soft_impute",
        f"soft-impute of {R.nnz} ratings, {R.shape[0]} x {R.shape[1]}, rank at most {RANK}",
        contestants,
        lambda factors: value(R, alpha, *factors) / lowest - 1,
        "objective above the minimum, as a share of it",
        [("ours", name, 5.0) for name in contestants if name != "ours"],
    )


def value(R, alpha, U, s, Vt):
    """Return the objective of soft-impute."""
    U, s, Vt = (F.astype(np.float64) for F in (U, s, Vt))
    error = R.data - sampled_product(R._replace(data=R.data.astype(np.float64)), U * s, Vt.T)
    return 0.5 * error @ error + alpha * s.sum()


def fancyimpute_loop(table, alpha, n_iter):
    """Return fancyimpute's `SoftImpute` as a contestant, or nothing where it is not installed."""
    try:
        from fancyimpute import soft_impute as module
        from fancyimpute import solver
    except ImportError:
        return {}
    module.check_array = solver.check_array = lambda X, **_: X

    def call(seed):
        np.random.seed(seed)
        model = module.SoftImpute(
            shrinkage_value=alpha, max_iters=n_iter, max_rank=RANK, convergence_threshold=0,
            verbose=False,
        )  # fmt: skip
        kept = {}
        step = model._svd_step

        def remember(*arguments, **options):
            kept["table"], rank = step(*arguments, **options)
            return kept["table"], rank

        model._svd_step = remember
        model.fit_transform(table.copy())
        return np.linalg.svd(kept["table"], full_matrices=False)

    return {"fancyimpute": call}


if __name__ == "__main__":
    harness.main("matrix_completion", workloads)
