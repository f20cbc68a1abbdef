"""How each public function is called when all is well; the contract test varies one argument."""

import functools

import numpy as np
import scipy.sparse as sp

from course_lib import distinct as di
from course_lib import hashing as ha
from course_lib import heavy_hitters as hh
from course_lib import low_rank as lr
from course_lib import manifolds as mf
from course_lib import matrix_completion as mc
from course_lib import randomness as rd
from course_lib import sparse_coding as so
from tests.contract.batch import BATCH
from tests.contract.binary_embeddings import EMBEDDINGS
from tests.contract.binary_networks import BINARY_NETWORKS, NOT_CALLED_OF_BINARY_NETWORKS
from tests.contract.cost import COST, NOT_CALLED_OF_COST
from tests.contract.dataflow import DATAFLOW, NOT_CALLED_OF_DATAFLOW
from tests.contract.deep_compression import DEEP_COMPRESSION, NOT_CALLED_OF_DEEP_COMPRESSION
from tests.contract.entries import ENTRIES, NOT_CALLED_OF_ENTRIES
from tests.contract.judge import Call, fitted
from tests.contract.kernel_features import KERNEL_FEATURES
from tests.contract.kernel_ridge import KERNEL_RIDGE
from tests.contract.kernel_sums import KERNEL_SUMS
from tests.contract.kernel_training import KERNEL_TRAINING
from tests.contract.lsh import LSH
from tests.contract.online import ONLINE
from tests.contract.parallel import NOT_CALLED_OF_PARALLEL, PARALLEL
from tests.contract.placement import PLACEMENT
from tests.contract.storage_codes import NOT_CALLED_OF_STORAGE_CODES, STORAGE_CODES
from tests.contract.stores import NOT_CALLED_OF_STORES, STORES
from tests.contract.trees import TREES

__all__ = ["CALLS", "NOT_CALLED"]

rng = np.random.default_rng(0)
A = rng.standard_normal((12, 3)) @ rng.standard_normal((3, 8)) + 0.01 * rng.standard_normal((12, 8))
B = rng.standard_normal((8, 5))
K = A @ A.T + np.eye(12)
X = rng.standard_normal((30, 4))
D = np.sqrt(((X[:, None] - X) ** 2).sum(2))
W = np.exp(-(D**2)) * (1 - np.eye(30))
b = A @ np.r_[1.0, 0, 0, 2, 0, 0, 0, 1] + 0.01 * rng.standard_normal(12)
signs = np.where(b > 0, 1.0, -1.0)
atoms = B / np.linalg.norm(B, axis=0)
signals = rng.standard_normal((6, 8))
picture = np.abs(rng.standard_normal((12, 12))) * 50
ratings = np.where(rng.random((12, 8)) < 0.6, 1.0 + np.round(4 * rng.random((12, 8))), 0.0)
rated = 1.0 + np.round(4 * np.random.default_rng(1).random((12, 8)))
graph = mf.connect(mf.neighbor_graph(X, 5), X)
words = ["to", "be", "or", "not", "to", "be"]
counts = np.array([1, 2, 3, 1, 2, 3])
weights = np.array([0.5, 2.0, 1.0, 3.0, 0.25, 1.0])
map2 = X[:, :2].copy()


def taken(generator, steps=2):
    """A function that yields iterates, as one that returns the first few."""

    @functools.wraps(generator)
    def few(*args, **kwargs):
        return [step for step, _ in zip(generator(*args, **kwargs), range(steps), strict=False)]

    return few


def sketched(kind, *size, ask="estimate", **options):
    """A sketch as a function of what it reads."""

    def run(items, counts=None, **asked):
        sketch = kind(*size, **options)
        if counts is None:
            sketch.update(items)
        else:
            sketch.update(items, counts)
        found = getattr(sketch, ask)
        return [found(**asked) if callable(found) else found, len(sketch.to_bytes())]

    return run


def member(kind):
    def run(items, probe):
        made = kind(items)
        return [probe in made]

    return run


def filled(kind, *size):
    def run(items):
        made = kind(*size)
        made.update(items)
        return made

    return run


UNREAD = dict.fromkeys(("NaN", "infinity"), "stands in a column that is not read")
UNUSED = dict.fromkeys(("NaN", "infinity"), "is moved or passed over, and not computed with")
HOLE = {"NaN": "is a missing entry"}
LOW_RANK = [
    Call("low_rank.randomized_svd", lr.randomized_svd, A=A, rank=3, oversample=3, n_iter=2, rng=0),
    Call(
        "low_rank.randomized_svd krylov",
        lambda **k: lr.randomized_svd(method="krylov", **k),
        A=A,
        rank=2,
        rng=0,
        oversample=2,
    ),
    Call(
        "low_rank.randomized_eigh", lr.randomized_eigh, A=K, rank=3, oversample=3, n_iter=2, rng=0
    ),
    Call(
        "low_rank.randomized_eigh psd",
        lambda **k: lr.randomized_eigh(psd=True, **k),
        A=K,
        rank=3,
        rng=0,
        fixed=["rng"],
    ),
    Call("low_rank.range_finder", lr.range_finder, A=A, size=4, n_iter=1, rng=0),
    Call(
        "low_rank.residual_norm",
        lambda A, n_iter, rng: lr.residual_norm(
            A, lr.randomized_svd(globals()["A"], 2, rng=0), n_iter=n_iter, rng=rng
        ),
        A=A,
        n_iter=20,
        rng=0,
    ),
    Call("low_rank.single_pass_svd", lr.single_pass_svd, A=A, rank=2, rng=0),
    Call("low_rank.interpolative", lr.interpolative, A=A, rank=3, oversample=3, rng=0),
    Call(
        "low_rank.cur",
        lambda A, rank, columns, rows, rng: tuple(
            lr.cur(A, rank, columns=columns, rows=rows, oversample=3, rng=rng)
        ),
        A=A,
        rank=2,
        columns=4,
        rows=4,
        rng=0,
    ),
    Call("low_rank.leverage_scores", lr.leverage_scores, A=A, rank=2, oversample=3, rng=0),
    Call("low_rank.nystrom", lr.nystrom, K=K, columns=np.array([0, 3, 7, 9]), rank=2, rng=0),
    Call(
        "low_rank.nystrom X",
        lambda X, columns: (
            lr.nystrom(lambda X, Y: np.asarray(X @ Y.T + 0.0), columns, X=X)
            if not sp.issparse(X)
            else lr.nystrom(lambda X, Y: (X @ Y.T).toarray(), columns, X=X)
        ),
        X=X,
        columns=np.array([0, 3, 7, 9]),
    ),
    Call(
        "low_rank.nystrom_features",
        lr.nystrom_features,
        K=K,
        columns=5,
        rng=0,
        excused=UNREAD,
    ),
    Call(
        "low_rank.column_sampling",
        lr.column_sampling,
        K=K,
        columns=5,
        rank=2,
        rng=0,
        excused=UNREAD,
    ),
    Call("low_rank.pivoted_cholesky", lr.pivoted_cholesky, K=K, size=4, tol=0.0, excused=UNREAD),
    Call(
        "low_rank.pivoted_cholesky random",
        lambda **k: lr.pivoted_cholesky(rule="random", **k),
        K=K,
        size=4,
        rng=0,
        excused=UNREAD,
    ),
    Call(
        "low_rank.random_pivot_bound",
        lr.random_pivot_bound,
        eigenvalues=np.array([3.0, 2.0, 1.0, 0.5, 0.1]),
        size=3,
    ),
    Call(
        "low_rank.pivoted_cholesky diagonal",
        lambda diagonal: lr.pivoted_cholesky(K, 4, diagonal=diagonal),
        diagonal=np.diag(K).copy(),
        excused={"None": "is the default"},
    ),
    Call(
        "low_rank.residual_norm factors",
        lambda U, s, Vt: lr.residual_norm(A, (U, s, Vt), rng=0),
        **lr.randomized_svd(A, 2, rng=0)._asdict(),
    ),
    Call("low_rank.best_error", lr.best_error, sigma=np.array([3.0, 2.0, 1.0]), rank=1),
    Call(
        "low_rank.range_finder_bound",
        lr.range_finder_bound,
        sigma=np.array([3.0, 2.0, 1.0, 0.5, 0.1]),
        rank=2,
        oversample=2,
        n_iter=1,
    ),
    Call(
        "low_rank.FrequentDirections",
        lambda A, size: (lambda s: (s.update(A), s.components(2))[1])(lr.FrequentDirections(size)),
        A=A,
        size=4,
    ),
    Call(
        "low_rank.FrequentDirections.estimate",
        lambda A, x: (lambda s: (s.update(A), s.estimate(x))[1])(lr.FrequentDirections(4)),
        A=A,
        x=np.arange(8.0),
    ),
    Call(
        "low_rank.FrequentDirections.from_error",
        lambda epsilon, rank: lr.FrequentDirections.from_error(epsilon, rank).size,
        epsilon=0.1,
        rank=3,
    ),
]
RANDOMNESS = [
    Call(
        "randomness.freivalds",
        rd.freivalds,
        A=A,
        B=B,
        C=A @ B,
        trials=2,
        rng=0,
        excused={"NaN": "equals nothing: the answer is False"},
    ),
    Call(
        "randomness.freivalds tol",
        lambda **k: rd.freivalds(A=A, B=B, C=A @ B, rng=0, **k),
        tol=1e-3,
        high=1024,
    ),
    Call(
        "randomness.fwht",
        rd.fwht,
        X=X[:, :4].T @ X[:, :4],
        excused={
            "empty": "no rows have no transforms",
            "three axes": "any number of axes is right",
        },
    ),
    Call("randomness.pair_ratios", rd.pair_ratios, X=X, Y=map2, block=8),
    Call(
        "randomness.sample_product",
        lambda **k: tuple(rd.sample_product(**k)),
        A=A,
        B=B,
        size=5,
        rng=0,
    ),
    Call("randomness.sampled_product_variance", rd.sampled_product_variance, A=A, B=B, size=5),
    Call(
        "randomness.sample_product probabilities",
        lambda probabilities: tuple(rd.sample_product(A, B, 5, probabilities=probabilities, rng=0)),
        probabilities=np.array([0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
    ),
    Call("randomness.median_of_means", rd.median_of_means, draws=X[:, 0].copy(), delta=0.2, rng=0),
    Call(
        "randomness.median_of_means_error",
        rd.median_of_means_error,
        n=1000,
        variance=2.0,
        delta=0.1,
    ),
    Call("randomness.median_of_means_groups", rd.median_of_means_groups, delta=0.1),
    Call("randomness.bernstein", rd.bernstein, n=10, epsilon=0.1, variance=0.2, farthest=1.0),
    Call("randomness.chebyshev", rd.chebyshev, n=10, epsilon=0.1, variance=0.2),
    Call("randomness.chernoff", rd.chernoff, n=10, epsilon=0.1, mean=0.2),
    Call("randomness.hoeffding", rd.hoeffding, n=10, epsilon=0.1, low=0.0, high=1.0),
    Call("randomness.jl_dimension", rd.jl_dimension, n_points=100, epsilon=0.2),
    Call("randomness.jl_dimension delta", rd.jl_dimension, n_points=100, epsilon=0.2, delta=0.1),
    Call("randomness.jl_failure", rd.jl_failure, n_components=50, epsilon=0.2, n_points=10),
    Call(
        "randomness.hadamard_dimension",
        rd.hadamard_dimension,
        n_points=100,
        epsilon=0.2,
        n_features=64,
        delta=0.1,
    ),
    *[
        Call(f"randomness.{kind.__name__}", fitted(kind), X=X, n_components=3, random_state=0)
        for kind in (rd.GaussianProjection, rd.SparseProjection, rd.HadamardProjection)
    ],
]
COMPLETION = [
    Call(
        "matrix_completion.als",
        taken(mc.als),
        observed=rated,
        rank=2,
        alpha=1.0,
        bias_alpha=3.0,
        rng=0,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.implicit_als",
        taken(mc.implicit_als),
        confidence=rated,
        rank=2,
        alpha=0.5,
        rng=0,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.implicit_als cholesky",
        taken(functools.partial(mc.implicit_als, solver="cholesky")),
        confidence=rated,
        rank=2,
        alpha=0.5,
        rng=0,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.sgd",
        taken(mc.sgd),
        observed=rated,
        rank=2,
        alpha=0.1,
        step=0.01,
        rng=0,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.soft_impute",
        taken(mc.soft_impute),
        observed=rated,
        alpha=1.0,
        rank=3,
        rng=0,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.soft_impute start",
        lambda U, s, Vt: taken(mc.soft_impute)(rated, 1.0, rank=2, start=(U, s, Vt), rng=0),
        **lr.randomized_svd(rated, 2, rng=0)._asdict(),
    ),
    Call(
        "matrix_completion.svt",
        taken(mc.svt),
        observed=rated,
        tau=5.0,
        step=1.2,
        rng=0,
        excused=HOLE,
    ),
    Call("matrix_completion.as_csr", lambda A: tuple(mc.as_csr(A)), A=rated, excused=HOLE),
    *[
        Call(
            f"matrix_completion.CSR {function.__name__}",
            lambda indptr, indices, data, function=function, rest=rest: function(
                mc.CSR(indptr, indices, data, (12, 8)), *rest
            ),
            excused=UNUSED if function in (mc.transpose, mc.sampled_product) else None,
            **dict(zip(("indptr", "indices", "data"), mc.as_csr(rated), strict=False)),
        )
        for function, rest in (
            (mc.matvec, (np.arange(8.0),)),
            (mc.rmatvec, (np.arange(12.0),)),
            (mc.transpose, ()),
            (mc.sampled_product, (np.ones((12, 2)), np.ones((8, 2)))),
            (functools.wraps(mc.lanczos_svd)(lambda A: mc.lanczos_svd(A, 1, rng=0)), ()),
        )
    ],
    Call(
        "matrix_completion.SparsePlusLowRank",
        lambda left, right, X: mc.SparsePlusLowRank(mc.as_csr(rated), left, right) @ X,
        left=rng.standard_normal((12, 2)),
        right=rng.standard_normal((8, 2)),
        X=B,
    ),
    Call(
        "matrix_completion.csr",
        lambda **k: tuple(mc.csr(**k)),
        rows=np.array([0, 1, 1]),
        columns=np.array([1, 0, 2]),
        values=np.array([1.0, 2.0, 3.0]),
    ),
    Call(
        "matrix_completion.matvec",
        lambda A, x: mc.matvec(mc.as_csr(A), x),
        A=rated,
        x=np.arange(8.0),
        excused=HOLE,
    ),
    Call(
        "matrix_completion.rmatvec",
        lambda A, y: mc.rmatvec(mc.as_csr(A), y),
        A=rated,
        y=np.arange(12.0),
        excused=HOLE,
    ),
    Call(
        "matrix_completion.sampled_product",
        lambda A, left, right: mc.sampled_product(mc.as_csr(A), left, right),
        A=rated,
        left=rng.standard_normal((12, 2)),
        right=rng.standard_normal((8, 2)),
        excused=HOLE,
    ),
    Call(
        "matrix_completion.transpose",
        lambda A: tuple(mc.transpose(mc.as_csr(A))),
        A=rated,
        excused=HOLE,
    ),
    Call(
        "matrix_completion.bidiagonalize",
        lambda **k: tuple(mc.bidiagonalize(**k)),
        A=A,
        steps=3,
        rng=0,
    ),
    Call(
        "matrix_completion.lanczos_svd",
        lambda **k: tuple(mc.lanczos_svd(**k)),
        A=A,
        rank=2,
        tol=1e-8,
        rng=0,
    ),
    Call(
        "matrix_completion.in_links",
        lambda **k: tuple(mc.in_links(**k)),
        src=np.array([0, 1, 2, 2]),
        dst=np.array([1, 2, 0, 1]),
    ),
    Call(
        "matrix_completion.pagerank",
        lambda src, dst, alpha, tol: (
            mc.pagerank(mc.in_links(src, dst), alpha=alpha, tol=tol).scores
        ),
        src=np.array([0, 1, 2, 2]),
        dst=np.array([1, 2, 0, 1]),
        alpha=0.85,
        tol=1e-8,
    ),
    Call(
        "matrix_completion.pagerank restart",
        lambda restart: mc.pagerank(mc.in_links([0, 1, 2], [1, 2, 0]), restart=restart).scores,
        restart=np.array([0.2, 0.3, 0.5]),
        excused={"None": "is the default"},
    ),
    Call(
        "matrix_completion.pagerank links",
        lambda indptr, sources, out_degree: (
            mc.pagerank(mc.Links(indptr, sources, out_degree)).scores
        ),
        **mc.in_links([0, 1, 2, 2], [1, 2, 0, 1])._asdict(),
    ),
    Call(
        "matrix_completion.fold_in",
        lambda columns, ratings, alpha: mc.fold_in(
            taken(mc.als)(globals()["ratings"], 2, rng=0)[-1].factors, columns, ratings, alpha=alpha
        ),
        columns=np.array([1, 3]),
        ratings=np.array([4.0, 2.0]),
        alpha=1.0,
    ),
    Call(
        "matrix_completion.ndcg_at_k",
        mc.ndcg_at_k,
        ranked=np.array([1, 2, 3]),
        relevant=np.array([2, 5]),
        k=2,
        excused={"empty": "a list without items has no hits"},
    ),
    Call(
        "matrix_completion.recall_at_k",
        mc.recall_at_k,
        ranked=np.array([1, 2, 3]),
        relevant=np.array([2, 5]),
        k=2,
        excused={"empty": "a list without items has no hits"},
    ),
    Call(
        "matrix_completion.reciprocal_rank",
        mc.reciprocal_rank,
        ranked=np.array([1, 2, 3]),
        relevant=np.array([2, 5]),
        k=2,
        excused={"empty": "a list without items has no hits"},
    ),
    Call(
        "matrix_completion.ndcg_at_k gain",
        lambda gain: mc.ndcg_at_k(np.array([1, 2, 3]), np.array([2, 5]), gain=gain),
        gain=np.array([1.0, 3.0]),
        excused={"None": "is the default"},
    ),
    Call(
        "matrix_completion.top_items",
        mc.top_items,
        scores=np.array([0.1, 3.0, 2.0]),
        count=2,
        excused={"infinity": "stands before all others"},
    ),
    Call(
        "matrix_completion.top_items without",
        lambda without: mc.top_items([0.1, 3.0, 2.0, 4.0], 1, without=without),
        without=np.array([1, 3]),
        excused={"empty": "nothing is left out"},
    ),
    Call(
        "matrix_completion.time_split",
        mc.time_split,
        when=np.array([5.0, 1, 2, 8, 3, 9, 4, 7, 6, 0]),
        share=0.2,
        excused={"infinity": "comes after all others", "dates": "are times"},
    ),
    Call("matrix_completion.matvec_bytes", mc.matvec_bytes, n_rows=10, nnz=30, itemsize=8),
    Call(
        "matrix_completion.SoftImpute",
        lambda X, alpha, rank, random_state: mc.SoftImpute(
            alpha, rank=rank, random_state=random_state
        ).fit_transform(X),
        X=rated,
        alpha=1.0,
        rank=2,
        random_state=0,
        excused=HOLE,
    ),
    *[
        Call(
            f"matrix_completion.{kind.__name__}",
            lambda X, y, rank, random_state, kind=kind: (
                kind(rank, random_state=random_state).fit(X, y).predict(np.array([[0, 1], [2, 3]]))
            ),
            X=np.array([[0, 1], [1, 1], [2, 3], [2, 0], [1, 2]]),
            y=np.array([3.0, 4, 5, 2, 1]),
            rank=2,
            random_state=0,
        )
        for kind in (mc.ALSRecommender, mc.SGDRecommender)
    ],
]
MANIFOLDS = [
    Call(
        "manifolds.affinities",
        mf.affinities,
        squared_distances=D[:, 1:6] ** 2 + 0.1,
        perplexity=3.0,
    ),
    Call(
        "manifolds.barycenter_weights",
        mf.barycenter_weights,
        X=X,
        neighbors=np.argsort(D, axis=1)[:, 1:5],
        reg=1e-3,
    ),
    Call("manifolds.captured_variance", mf.captured_variance, X=X, components=np.eye(4)[:2]),
    Call(
        "manifolds.classical_mds",
        lambda **k: tuple(mf.classical_mds(**k)),
        distances=D,
        n_components=2,
        rng=0,
    ),
    Call(
        "manifolds.connect",
        lambda graph, X: mf.connect(graph, X),
        graph=sp.csr_array(graph).toarray(),
        X=X,
    ),
    Call("manifolds.continuity", mf.continuity, X=X, Y=map2, n_neighbors=4),
    Call("manifolds.trustworthiness", mf.trustworthiness, X=X, Y=map2, n_neighbors=4),
    Call("manifolds.exact_repulsion", lambda Y: tuple(mf.exact_repulsion(Y)), Y=map2),
    Call("manifolds.repulsion", lambda **k: tuple(mf.repulsion(**k)), Y=map2, theta=0.5),
    Call("manifolds.quadtree", lambda Y: tuple(mf.quadtree(Y)), Y=map2),
    Call(
        "manifolds.geodesic_distances",
        mf.geodesic_distances,
        graph=sp.csr_array(graph).toarray(),
        sources=np.array([0, 5]),
        finite=False,  # where there is no path
        excused={"None": "means all nodes"},
    ),
    Call(
        "manifolds.maxmin_landmarks",
        mf.maxmin_landmarks,
        graph=sp.csr_array(graph).toarray(),
        size=4,
        first=0,
    ),
    Call("manifolds.joint_affinities", mf.joint_affinities, X=X, perplexity=4.0),
    Call(
        "manifolds.kl_divergence",
        lambda Y, theta: mf.kl_divergence(mf.joint_affinities(X, 4.0), Y, theta=theta),
        Y=map2,
        theta=0.0,
    ),
    Call(
        "manifolds.tsne_steps",
        lambda Y, theta: taken(mf.tsne_steps)(mf.joint_affinities(X, 4.0), Y, theta=theta),
        Y=map2,
        theta=0.5,
    ),
    Call(
        "manifolds.kl_divergence P",
        lambda P: mf.kl_divergence(P, map2),
        P=mf.joint_affinities(X, 4.0).toarray(),
    ),
    Call(
        "manifolds.tsne_steps P",
        lambda P, **k: taken(mf.tsne_steps)(P, map2, **k),
        P=mf.joint_affinities(X, 4.0).toarray(),
        early_exaggeration=4.0,
        n_early=2,
        learning_rate=50.0,
    ),
    Call(
        "manifolds.residual_variance sources",
        lambda sources: mf.residual_variance(D[[0, 5]], map2, sources=sources),
        sources=np.array([0, 5]),
    ),
    Call(
        "manifolds.captured_variance mean",
        lambda mean: mf.captured_variance(X, np.eye(4)[:2], mean=mean),
        mean=X.mean(axis=0),
        excused={"None": "means that of X"},
    ),
    Call(
        "manifolds.landmark_mds",
        lambda **k: mf.landmark_mds(**k).Y,
        distances=D[[0, 5, 9, 20]],
        landmarks=np.array([0, 5, 9, 20]),
        n_components=2,
    ),
    Call(
        "manifolds.laplacian_eigenmaps",
        lambda **k: tuple(mf.laplacian_eigenmaps(**k)),
        W=W,
        n_components=2,
        rng=0,
    ),
    Call("manifolds.neighbor_graph", mf.neighbor_graph, X=X, n_neighbors=4),
    Call(
        "manifolds.place",
        lambda distances: mf.place(
            distances, *mf.landmark_mds(D[[0, 5, 9, 20]], [0, 5, 9, 20])[2:]
        ),
        distances=D[[0, 5, 9, 20]][:, :3],
    ),
    Call("manifolds.residual_variance", mf.residual_variance, distances=D, Y=map2),
    Call("manifolds.sweep_conductance", mf.sweep_conductance, W=W, y=X[:, 0].copy()),
    Call("manifolds.Isomap", fitted(mf.Isomap), X=X, n_neighbors=6, n_components=2),
    Call(
        "manifolds.LandmarkIsomap",
        fitted(functools.partial(mf.Isomap, n_landmarks=8)),
        X=X,
        n_neighbors=6,
        n_components=2,
        random_state=0,
    ),
    Call(
        "manifolds.LocallyLinearEmbedding",
        fitted(mf.LocallyLinearEmbedding, "fit_transform"),
        X=X,
        n_neighbors=6,
        n_components=2,
        random_state=0,
    ),
    *[
        Call(
            f"manifolds.LaplacianEigenmaps {affinity}",
            fitted(functools.partial(mf.LaplacianEigenmaps, affinity=affinity), "fit_transform"),
            X=X,
            n_neighbors=6,
            n_components=2,
            random_state=0,
        )
        for affinity in ("connectivity", "heat")
    ],
    Call(
        "manifolds.TSNE",
        fitted(functools.partial(mf.TSNE, max_iter=5), "fit_transform"),
        X=X,
        perplexity=4.0,
        theta=0.5,
        random_state=0,
    ),
    Call("manifolds.IncrementalPCA", fitted(mf.IncrementalPCA), X=X, n_components=2, oversample=2),
    Call(
        "manifolds.IncrementalPCA get_covariance",
        lambda X, **k: mf.IncrementalPCA(**k).fit(X).get_covariance(),
        X=X,
        n_components=2,
        oversample=2,
    ),
    Call("manifolds.FrequentDirectionsPCA", fitted(mf.FrequentDirectionsPCA), X=X, n_components=2),
    Call("manifolds.OjaPCA", fitted(mf.OjaPCA), X=X, n_components=2, step=5.0, random_state=0),
]
SPARSE = [
    Call("sparse_coding.coherence", so.coherence, D=atoms.T),
    Call(
        "sparse_coding.denoise",
        so.denoise,
        picture=picture,
        D=rng.standard_normal((20, 64)),
        sigma=10.0,
    ),
    Call(
        "sparse_coding.duality_gaps",
        so.duality_gaps,
        X=signals,
        D=atoms.T,
        codes=np.zeros((6, 5)),
        alpha=0.1,
    ),
    Call("sparse_coding.extract_patches", so.extract_patches, picture=picture, side=4, stride=2),
    Call(
        "sparse_coding.reassemble",
        lambda patches: so.reassemble(patches, (12, 12), stride=2),
        patches=so.extract_patches(picture, 4, stride=2),
    ),
    Call(
        "sparse_coding.SquaredLoss",
        lambda A, b: so.SquaredLoss(A, b).gradient(np.ones(12)),
        A=A,
        b=b,
    ),
    Call(
        "sparse_coding.LogisticLoss",
        lambda A, b: so.LogisticLoss(A, b).gradient(np.ones(12)),
        A=A,
        b=signs,
    ),
    Call(
        "sparse_coding.ista",
        lambda A, b, alpha: taken(so.ista)(so.SquaredLoss(A, b), alpha),
        A=A,
        b=b,
        alpha=0.1,
    ),
    Call(
        "sparse_coding.fista",
        lambda alpha, x0: taken(so.fista)(so.SquaredLoss(A, b), alpha, x0=x0),
        alpha=0.1,
        x0=np.zeros(8),
        excused={"None": "starts at zero"},
    ),
    Call("sparse_coding.ista_bound", so.ista_bound, smoothness=2.0, distance=1.0, k=3),
    Call("sparse_coding.fista_bound", so.fista_bound, smoothness=2.0, distance=1.0, k=3),
    Call("sparse_coding.ksvd", taken(so.ksvd), X=signals, D=atoms.T, n_nonzero=2),
    Call("sparse_coding.largest_eigenvalue", so.largest_eigenvalue, A=A),
    Call("sparse_coding.lasso", lambda **k: so.lasso(**k)[:2], A=A, b=b, alpha=0.5, tol=1e-6),
    Call(
        "sparse_coding.lasso alpha2",
        lambda **k: so.lasso(**k)[:2],
        A=A,
        b=b,
        alpha=0.5,
        alpha2=0.1,
        x0=np.zeros(8),
        excused={"None": "starts at zero"},
    ),
    Call("sparse_coding.lasso_encode", so.lasso_encode, X=signals, D=atoms.T, alpha=0.1),
    Call(
        "sparse_coding.lasso_path",
        lambda **k: tuple(so.lasso_path(**k))[:2],
        A=A,
        b=b,
        n_alphas=5,
        ratio=0.1,
    ),
    Call(
        "sparse_coding.lasso_path alphas",
        lambda **k: tuple(so.lasso_path(**k))[:2],
        A=A,
        b=b,
        alphas=np.array([1.0, 0.5]),
        excused={"None": "chooses weights", "a number": "is one weight"},
    ),
    Call("sparse_coding.omp", so.omp, X=signals, D=atoms.T, n_nonzero=2),
    Call("sparse_coding.omp tol", so.omp, X=signals, D=atoms.T, tol=1.0),
    Call("sparse_coding.psnr", so.psnr, picture=picture, reference=picture + 1, peak=255.0),
    Call("sparse_coding.recovery_limit", so.recovery_limit, mu=0.3, finite=False),
    Call(
        "sparse_coding.soft_threshold",
        so.soft_threshold,
        z=b,
        threshold=0.5,
        excused=dict.fromkeys(["empty", "three axes", "a number"], "works entry by entry"),
    ),
    Call(
        "sparse_coding.update_atoms",
        lambda X, D: so.update_atoms(
            X,
            D,
            so.omp(
                X if isinstance(X, np.ndarray) else signals,
                D if isinstance(D, np.ndarray) else atoms.T,
                n_nonzero=2,
            ),
        ),
        X=signals,
        D=atoms.T.copy(),
    ),
    Call(
        "sparse_coding.update_atoms codes",
        lambda codes: so.update_atoms(signals, atoms.T, codes),
        codes=so.omp(signals, atoms.T, n_nonzero=2).toarray(),
    ),
    Call("sparse_coding.welch_bound", so.welch_bound, n_atoms=20, d=8),
    Call(
        "sparse_coding.OnlineDictionary",
        fitted(so.OnlineDictionary),
        X=signals,
        n_components=4,
        alpha=0.2,
        random_state=0,
    ),
    *[
        Call(
            f"sparse_coding.{kind.__name__}",
            fitted(kind, "predict"),
            X=A,
            y=signs,
            random_state=0,
            step=0.1,
            fixed=["y"],
        )
        for kind in (so.FTRLProximal, so.TruncatedGradient)
    ],
]
ONCE = {"None": "each item counts once"}
SKETCHES = [
    *[
        Call(
            f"{kind.__module__.split('.')[1]}.{kind.__name__}",
            sketched(kind, *size, seed=1),
            items=words,
            stream=["items"],
        )
        for kind, size in [
            (di.HyperLogLog, (8,)),
            (di.LogLog, (6,)),
            (di.PCSA, (32,)),
            (di.KMV, (16,)),
            (ha.BloomFilter, (512, 3)),
            (ha.BlockedBloomFilter, (1024, 3)),
        ]
    ],
    *[
        Call(
            f"heavy_hitters.{kind.__name__}",
            lambda items, counts, kind=kind, size=size: (
                lambda s: (s.update(items, counts), s.estimate("be"), len(s.to_bytes()))
            )(kind(*size, seed=1)),
            items=words,
            counts=counts,
            stream=["items"],
            excused=ONCE,
        )
        for kind, size in [
            (hh.CountMin, (64, 3)),
            (hh.CountSketch, (64, 3)),
            (hh.MisraGries, (4,)),
            (hh.SpaceSaving, (4,)),
        ]
    ],
    Call(
        "heavy_hitters.AMS",
        lambda items, counts: (lambda s: (s.update(items, counts), s.estimate()))(hh.AMS(8, 3)),
        items=words,
        counts=counts,
        stream=["items"],
        excused=ONCE,
    ),
    Call(
        "heavy_hitters.Hokusai",
        lambda items, counts: (lambda s: (s.update(items, counts), s.tick(), s.estimate("be", 1)))(
            hh.Hokusai(64, 3)
        ),
        items=words,
        counts=counts,
        stream=["items"],
        excused=ONCE,
    ),
    Call(
        "heavy_hitters.LossyCounting",
        lambda items, epsilon: (lambda s: (s.update(items), s.estimate("be")))(
            hh.LossyCounting(epsilon)
        ),
        items=words,
        epsilon=0.1,
        stream=["items"],
    ),
    Call(
        "heavy_hitters.KLL",
        lambda values: (lambda s: (s.update(values), s.quantile(0.5), s.rank(0.3)))(
            hh.KLL(32, rng=0)
        ),
        values=X[:, 0].copy(),
        excused={"generator": "a stream of numbers", "a number": "one of them"},
    ),
    *[
        Call(
            f"{kind.__module__.split('.')[1]}.{kind.__name__} asked",
            lambda asked, kind=kind, size=size: filled(kind, *size)(words).estimate(asked),
            asked=words,
            stream=["asked"],
        )
        for kind, size in [
            (hh.CountMin, (64, 3)),
            (hh.CountSketch, (64, 3)),
            (hh.MisraGries, (4,)),
            (hh.SpaceSaving, (4,)),
            (hh.LossyCounting, (0.1,)),
        ]
    ],
    Call(
        "heavy_hitters.Hokusai asked",
        lambda time: (
            lambda s: (s.update(words), s.tick(), s.update(words), s.tick(), s.estimate("be", time))
        )(hh.Hokusai(64, 3)),
        time=1,
    ),
    Call(
        "heavy_hitters.KLL ranks",
        lambda x: filled(hh.KLL, 32)(np.arange(9.0)).rank(x),
        x=np.array([0.5, 3.0]),
        excused={
            "infinity": "all numbers are below",
            "generator": "a stream of numbers",
            "a number": "one of them",
            "empty": "none of them",
        },
    ),
    Call(
        "heavy_hitters.KLL error_bound",
        lambda delta: filled(hh.KLL, 32)(np.arange(9.0)).error_bound(delta),
        delta=0.1,
    ),
    Call(
        "heavy_hitters.ExponentialHistogram asked",
        lambda window: filled(hh.ExponentialHistogram, 3, 2)([1, 0, 1, 1]).estimate(window),
        window=2,
    ),
    Call(
        "distinct.Morris",
        lambda items, counts: (lambda m: (m.update(items, counts), m.estimate()))(
            di.Morris(0.5, rng=0)
        ),
        items=words,
        counts=counts,
        stream=["items"],
        excused=ONCE,
    ),
    Call(
        "heavy_hitters.KLL asked", lambda q: filled(hh.KLL, 32)(np.arange(9.0)).quantile(q), q=0.5
    ),
    Call(
        "heavy_hitters.ExponentialHistogram",
        lambda bits, window, n_buckets: (lambda s: (s.update(bits), s.estimate()))(
            hh.ExponentialHistogram(window, n_buckets)
        ),
        bits=np.array([1, 0, 1, 1]),
        window=3,
        n_buckets=2,
        excused={"generator": "a stream of bits", "empty": "none of them"},
    ),
    *[
        Call(
            f"{kind.__module__.split('.')[1]}.{kind.__name__}.from_error",
            lambda kind=kind, **k: len(kind.from_error(**k).to_bytes()),
            **k,
        )
        for kind, k in [
            (di.HyperLogLog, {"epsilon": 0.1, "delta": 0.1}),
            (di.LogLog, {"epsilon": 0.1, "delta": 0.1}),
            (di.PCSA, {"epsilon": 0.1, "delta": 0.1}),
            (di.KMV, {"epsilon": 0.1, "delta": 0.1}),
            (di.Morris, {"epsilon": 0.1, "delta": 0.1}),
            (hh.AMS, {"epsilon": 0.2, "delta": 0.1}),
            (hh.CountMin, {"epsilon": 0.01, "delta": 0.1}),
            (hh.CountSketch, {"epsilon": 0.1, "delta": 0.1}),
            (hh.KLL, {"epsilon": 0.1, "delta": 0.1}),
            (hh.ExponentialHistogram, {"window": 100, "epsilon": 0.1}),
            (hh.MisraGries, {"epsilon": 0.1}),
            (hh.SpaceSaving, {"epsilon": 0.1}),
        ]
    ],
    *[
        Call(
            f"{kind.__module__.split('.')[1]}.{kind.__name__} size",
            lambda kind=kind, **k: len(kind(**k).to_bytes()),
            **k,
        )
        for kind, k in [
            (di.HyperLogLog, {"p": 8, "seed": 1}),
            (di.LogLog, {"p": 8, "seed": 1}),
            (di.PCSA, {"n_bitmaps": 16, "seed": 1}),
            (di.KMV, {"k": 8, "seed": 1}),
            (di.Morris, {"a": 1.0}),
            (hh.AMS, {"n_means": 8, "n_medians": 3, "seed": 1}),
            (hh.CountMin, {"width": 8, "depth": 2, "seed": 1}),
            (hh.CountSketch, {"width": 8, "depth": 3, "seed": 1}),
            (hh.KLL, {"k": 16}),
            (hh.MisraGries, {"n_counters": 4, "seed": 0}),
            (hh.SpaceSaving, {"n_counters": 4, "seed": 0}),
            (ha.BloomFilter, {"n_bits": 64, "n_hashes": 2, "seed": 0}),
            (ha.CountingBloomFilter, {"n_bits": 64, "n_hashes": 2, "seed": 0}),
            (ha.BlockedBloomFilter, {"n_bits": 1024, "n_hashes": 2, "seed": 0}),
        ]
    ],
    Call(
        "hashing.BloomFilter in",
        member(filled(ha.BloomFilter, 256, 3)),
        items=words,
        probe="be",
        stream=["items", "probe"],
    ),
    Call(
        "hashing.CountingBloomFilter in",
        member(filled(ha.CountingBloomFilter, 256, 3)),
        items=words,
        probe="be",
        stream=["items", "probe"],
    ),
    Call(
        "hashing.XorFilter in",
        member(ha.XorFilter),
        items=sorted(set(words)),
        probe="be",
        stream=["items", "probe"],
    ),
    Call(
        "hashing.BloomFilter rate", lambda n: ha.BloomFilter(512, 3).false_positive_rate(n), n=100
    ),
    Call(
        "hashing.BlockedBloomFilter rate",
        lambda n: ha.BlockedBloomFilter(1024, 3).false_positive_rate(n),
        n=100,
    ),
    Call(
        "hashing.BloomFilter.from_error",
        lambda n_items, rate: ha.BloomFilter.from_error(n_items, rate).n_bits,
        n_items=100,
        rate=0.01,
    ),
    Call("hashing.hash_items", ha.hash_items, items=words, seed=3, stream=["items"]),
    *[
        Call(
            f"hashing.{kind.__name__}",
            lambda items, kind=kind, size=size: kind(*size, seed=1)(items),
            items=np.array([3, 5, 8], np.uint64),
            excused={"empty": "no words, no hashes"},
        )
        for kind, size in [(ha.MultiplyShift, (10,)), (ha.Polynomial, (3,)), (ha.Tabulation, ())]
    ],
    *[
        Call(f"hashing.{kind.__name__} drawn", lambda kind=kind, **k: kind(**k)([3, 5]), **k)
        for kind, k in [
            (ha.MultiplyShift, {"out_bits": 4, "in_bits": 32, "seed": 1}),
            (ha.Polynomial, {"k": 3, "seed": 1}),
            (ha.Tabulation, {"seed": 1}),
        ]
    ],
    *[
        Call(
            f"hashing.{kind.__name__} contains",
            lambda asked, kind=kind, size=size: filled(kind, *size)(words).contains(asked),
            asked=words,
            stream=["asked"],
        )
        for kind, size in [
            (ha.BloomFilter, (512, 3)),
            (ha.BlockedBloomFilter, (1024, 3)),
            (ha.CountingBloomFilter, (512, 3)),
        ]
    ],
    *[
        Call(
            f"hashing.{kind.__name__} sized",
            lambda kind=kind, **k: len(kind.from_error(**k).to_bytes()),
            n_items=100,
            epsilon=0.01,
            seed=1,
        )
        for kind in (ha.BlockedBloomFilter, ha.CountingBloomFilter)
    ],
    Call(
        "hashing.CountingBloomFilter remove",
        lambda items: filled(ha.CountingBloomFilter, 512, 3)(words).remove(items),
        items=["to", "be"],
        stream=["items"],
    ),
    Call(
        "hashing.XorFilter drawn",
        lambda **k: len(ha.XorFilter(words, **k).to_bytes()),
        bits=8,
        seed=1,
    ),
    *[
        Call(
            f"hashing.{kind.__name__} size",
            lambda size, kind=kind: (lambda r: (r.update(words, weights), len(r.sample)))(
                kind(size, rng=0)
            ),
            size=3,
        )
        for kind in (ha.WeightedReservoir, ha.PrioritySample)
    ],
    Call(
        "hashing.Reservoir size",
        lambda size: (lambda r: (r.update(words), len(r.sample)))(ha.Reservoir(size, rng=0)),
        size=3,
    ),
    Call(
        "hashing.Reservoir",
        lambda items: (lambda r: (r.update(items), len(r.sample)))(ha.Reservoir(3, rng=0)),
        items=words,
        stream=["items"],
    ),
    Call(
        "hashing.reservoir_sample",
        lambda items, size: len(ha.reservoir_sample(items, size, rng=0)),
        items=words,
        size=3,
        stream=["items"],
    ),
    Call(
        "hashing.WeightedReservoir",
        lambda items, weights: (lambda r: (r.update(items, weights), len(r.sample)))(
            ha.WeightedReservoir(3, rng=0)
        ),
        items=words,
        weights=weights,
        stream=["items"],
    ),
    Call(
        "hashing.PrioritySample",
        lambda items, weights: (lambda r: (r.update(items, weights), r.estimate()))(
            ha.PrioritySample(3, rng=0)
        ),
        items=words,
        weights=weights,
        stream=["items"],
    ),
    Call("hashing.ColumnHasher", fitted(ha.ColumnHasher), X=X, n_features=3, random_state=0),
    Call(
        "hashing.TokenHasher",
        lambda documents, n_features: ha.TokenHasher(n_features).transform(documents),
        documents=[["a", "b"], ["a"]],
        n_features=16,
        stream=["documents"],
    ),
    Call(
        "hashing.TokenHasher of one",
        lambda document, seed: ha.TokenHasher(16, seed=seed).transform([document]),
        document=words,
        seed=0,
        stream=["document"],
    ),
]

# Public, and called by no array of a user: with the reason.
NOT_CALLED = {
    "bound_versus_truth": "takes functions",
    **NOT_CALLED_OF_BINARY_NETWORKS,
    **NOT_CALLED_OF_COST,
    **NOT_CALLED_OF_DATAFLOW,
    **NOT_CALLED_OF_DEEP_COMPRESSION,
    **NOT_CALLED_OF_ENTRIES,
    **NOT_CALLED_OF_PARALLEL,
    **NOT_CALLED_OF_STORAGE_CODES,
    **NOT_CALLED_OF_STORES,
}
CALLS = LOW_RANK + RANDOMNESS + COMPLETION + MANIFOLDS + SPARSE + SKETCHES
CALLS += BINARY_NETWORKS + TREES + LSH + EMBEDDINGS + COST + BATCH + ONLINE + PARALLEL
CALLS += KERNEL_TRAINING + KERNEL_RIDGE + KERNEL_FEATURES + KERNEL_SUMS
CALLS += PLACEMENT + STORAGE_CODES + STORES + DATAFLOW
CALLS += DEEP_COMPRESSION + ENTRIES
