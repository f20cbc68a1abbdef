"""How the public functions of `course_lib.lsh` are called when all is well."""

import numpy as np

from course_lib import lsh
from tests.contract.judge import Call

__all__ = ["LSH"]

X = np.random.default_rng(11).standard_normal((30, 4))
pq = lsh.train_pq(X, 2, 4, rng=0)
pq_codes = lsh.pq_encode(pq, X)
linear = lsh.pca_signs(X, 3)
bits = X > 0
packed = lsh.pack_bits(np.random.default_rng(2).random((6, 70)) < 0.5)


def bits_of(code):
    """What of a linear code does not depend on the signs of eigenvectors."""
    return [code.mean, np.abs(code.directions)]


LSH = [
    Call(
        "lsh.minhash of one",
        lambda items: lsh.minhash([items], 4),
        items=["to", "be", "or", "not", "to", "be"],
        stream=["items"],
    ),
    Call(
        "lsh.minhash",
        lambda sets, n_hashes, seed: lsh.minhash(sets, n_hashes, seed=seed),
        sets=[["a", "b"], ["b", "c"]],
        n_hashes=8,
        seed=0,
        stream=["sets"],
    ),
    Call(
        "lsh.candidate_pairs",
        lambda signatures, n_bands: lsh.candidate_pairs(signatures, lsh.Bands(n_bands, 2)),
        signatures=np.arange(24).reshape(3, 8).astype(np.uint64),
        n_bands=4,
        excused={"empty": "no signatures, no pairs"},
    ),
    Call(
        "lsh.candidate_probability",
        lambda similarity, n_bands, n_rows: lsh.candidate_probability(
            similarity, lsh.Bands(n_bands, n_rows)
        ),
        similarity=0.5,
        n_bands=4,
        n_rows=2,
    ),
    Call(
        "lsh.candidate_probability of many",
        lambda similarity: lsh.candidate_probability(similarity, lsh.Bands(4, 2)),
        similarity=np.array([0.1, 0.5, 1.0]),
        excused={"empty": "no pairs", "three axes": "any shape will do"},
    ),
    Call(
        "lsh.choose_bands",
        lambda **k: tuple(lsh.choose_bands(**k)),
        n_hashes=64,
        similarity=0.5,
        miss=0.01,
    ),
    Call(
        "lsh.jaccard",
        lsh.jaccard,
        first=np.array([1, 2, 3], np.uint64),
        second=np.array([1, 2, 4], np.uint64),
    ),
    Call(
        "lsh.BitSampling",
        lambda n_bits: lsh.BitSampling(n_bits).collision_probability(3.0),
        n_bits=10,
        finite=False,
    ),
    Call("lsh.BitSampling probability", lsh.BitSampling(10).collision_probability, distance=3.0),
    Call("lsh.SimHash", lsh.SimHash().collision_probability, distance=0.5),
    Call(
        "lsh.SimHash of many",
        lsh.SimHash().collision_probability,
        distance=np.array([0.1, 0.5, 1.0]),
        excused=dict.fromkeys(("empty", "three axes", "a number"), "any shape will do"),
    ),
    Call("lsh.E2LSH", lambda width: lsh.E2LSH(width).collision_probability(1.0), width=4.0),
    Call("lsh.E2LSH probability", lsh.E2LSH(4.0).collision_probability, distance=1.0),
    Call("lsh.rho", lsh.rho, p1=0.9, p2=0.5),
    Call("lsh.from_theorem", lambda **k: tuple(lsh.from_theorem(**k)), n=1000, p1=0.9, p2=0.5),
    Call(
        "lsh.build_tables",
        lambda X, n_hashes, n_tables, rng: lsh.build_tables(
            X, lsh.SimHash(), n_hashes, n_tables, rng=rng
        )[5:],
        X=X,
        n_hashes=3,
        n_tables=2,
        rng=0,
    ),
    Call(
        "lsh.build_tables E2LSH",
        lambda X: lsh.build_tables(X, lsh.E2LSH(2.0), 3, 2, rng=0)[6:8],
        X=X,
    ),
    Call(
        "lsh.build_tables BitSampling",
        lambda X: lsh.build_tables(X, lsh.BitSampling(4), 3, 2, rng=0)[5:],
        X=bits.astype(float),
    ),
    Call(
        "lsh.search_tables",
        lambda queries, n_neighbors, n_probes, max_evaluations: lsh.search_tables(
            lsh.build_tables(X, lsh.SimHash(), 2, 4, rng=0),
            queries,
            n_neighbors,
            n_probes=n_probes,
            max_evaluations=max_evaluations,
        ),
        queries=X[:3] + 0.01,
        n_neighbors=2,
        n_probes=4,
        max_evaluations=25,
        finite=False,
    ),
    Call(
        "lsh.search_tables E2LSH",
        lambda queries: lsh.search_tables(
            lsh.build_tables(X, lsh.E2LSH(2.0), 2, 4, rng=0), queries, 2, n_probes=4
        ),
        queries=X[:3] + 0.01,
        finite=False,
    ),
    Call("lsh.probe_sequence", lsh.probe_sequence, margins=X[0], n_probes=5),
    Call("lsh.pack_bits", lsh.pack_bits, bits=bits, excused={"empty": "no rows, no codes"}),
    Call("lsh.unpack_bits", lsh.unpack_bits, codes=packed, n_bits=70),
    Call("lsh.hamming_distances", lsh.hamming_distances, codes=packed, queries=packed[:2]),
    Call("lsh.hamming_search", lsh.hamming_search, codes=packed, queries=packed[:2], n_neighbors=2),
    Call("lsh.encode_bits", lambda X: lsh.encode_bits(linear, X), X=X),
    Call("lsh.random_hyperplanes", lsh.random_hyperplanes, n_columns=5, n_bits=7, rng=0),
    Call(
        "lsh.random_hyperplanes orthogonal",
        lambda **k: lsh.random_hyperplanes(orthogonal=True, **k),
        n_columns=5,
        n_bits=7,
    ),
    Call("lsh.pca_signs", lambda X, n_bits: bits_of(lsh.pca_signs(X, n_bits)), X=X, n_bits=3),
    Call(
        "lsh.itq",
        lambda X, n_bits, n_iter, rng: lsh.itq(X, n_bits, n_iter=n_iter, rng=rng).mean,
        X=X,
        n_bits=3,
        n_iter=5,
        rng=0,
    ),
    Call(
        "lsh.semi_supervised_hash",
        lambda X, pairs, n_bits, weight: bits_of(
            lsh.semi_supervised_hash(X, n_bits, pairs, np.array([True, False]), weight=weight)
        ),
        X=X,
        pairs=np.array([[0, 1], [2, 3]]),
        n_bits=2,
        weight=0.5,
    ),
    Call(
        "lsh.kmeans",
        lambda X, k, n_iter, tol, rng: lsh.kmeans(
            X, k, init="sample", n_iter=n_iter, tol=tol, rng=rng
        )[:3],
        X=X,
        k=3,
        n_iter=20,
        tol=0.0,
        rng=0,
    ),
    Call(
        "lsh.kmeans bounds",
        lambda X, init: lsh.kmeans(X, 3, init=init, bounds=True, tol=0)[:3],
        X=X,
        init=X[:3],
    ),
    Call("lsh.kmeans_plus_plus", lsh.kmeans_plus_plus, X=X, k=3, n_trials=2, rng=0),
    Call(
        "lsh.train_pq",
        lambda X, n_groups, n_centers, n_iter, rng: lsh.train_pq(
            X, n_groups, n_centers, n_iter=n_iter, rng=rng
        ),
        X=X,
        n_groups=2,
        n_centers=4,
        n_iter=5,
        rng=0,
    ),
    Call("lsh.pq_encode", lambda X: lsh.pq_encode(pq, X), X=X),
    Call("lsh.pq_decode", lambda codes: lsh.pq_decode(pq, codes), codes=pq_codes),
    Call("lsh.recenter", lambda X, codes: lsh.recenter(pq, X, codes), X=X, codes=pq_codes),
    Call("lsh.distance_tables", lambda queries: lsh.distance_tables(pq, queries), queries=X[:3]),
    Call(
        "lsh.pq_distances",
        lambda codes, queries: lsh.pq_distances(pq, codes, queries),
        codes=pq_codes,
        queries=X[:3],
    ),
    Call(
        "lsh.pq_search",
        lambda codes, queries, n_neighbors: lsh.pq_search(pq, codes, queries, n_neighbors),
        codes=pq_codes,
        queries=X[:3],
        n_neighbors=2,
    ),
    Call(
        "lsh.build_ivf",
        lambda X, n_lists, n_iter, rng: lsh.build_ivf(X, n_lists, n_iter=n_iter, rng=rng)[1:3],
        X=X,
        n_lists=3,
        n_iter=5,
        rng=0,
    ),
    Call(
        "lsh.build_ivf codes",
        lambda X, n_groups, n_centers: lsh.build_ivf(
            X, 3, n_groups=n_groups, n_centers=n_centers, rng=0
        )[1],
        X=X,
        n_groups=2,
        n_centers=4,
    ),
    Call(
        "lsh.search_ivf",
        lambda queries, n_neighbors, n_probe: lsh.search_ivf(
            lsh.build_ivf(X, 3, rng=0), queries, n_neighbors, n_probe=n_probe
        ),
        queries=X[:3] + 0.01,
        n_neighbors=2,
        n_probe=2,
        finite=False,
    ),
    Call(
        "lsh.search_ivf codes",
        lambda queries: lsh.search_ivf(
            lsh.build_ivf(X, 3, n_groups=2, n_centers=4, rng=0), queries, 2, n_probe=2
        ),
        queries=X[:3] + 0.01,
        finite=False,
    ),
    Call(
        "lsh.build_graph",
        lambda X, n_links, beam, rng: lsh.build_graph(X, n_links, beam=beam, rng=rng)[1],
        X=X,
        n_links=3,
        beam=10,
        rng=0,
    ),
    Call(
        "lsh.search_graph",
        lambda queries, n_neighbors, beam: lsh.search_graph(
            lsh.build_graph(X, 4, rng=0), queries, n_neighbors, beam=beam
        ),
        queries=X[:3] + 0.01,
        n_neighbors=2,
        beam=8,
        finite=False,
    ),
    Call(
        "lsh.similar_pairs",
        lambda sets, similarity, n_hashes, seed: lsh.similar_pairs(
            sets, similarity, n_hashes=n_hashes, seed=seed
        ),
        sets=[["a", "b"], ["b", "c"], ["a", "b"]],
        similarity=0.8,
        n_hashes=16,
        seed=0,
        stream=["sets"],
    ),
    Call(
        "lsh.exact_jaccard",
        lambda sets, pairs: lsh.exact_jaccard(sets, pairs),
        sets=[["a", "b"], ["b", "c"], ["a", "b"]],
        pairs=np.array([[0, 1], [0, 2]]),
        stream=["sets"],
        excused={"empty": "no pairs, no similarities"},
    ),
]
