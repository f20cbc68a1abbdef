"""Speed of hashes and codes against faiss, hnswlib, datasketch, scikit-learn; see harness.py."""

import functools
import os

import numpy as np
import threadpoolctl
from sklearn.cluster import KMeans, kmeans_plusplus

from benchmarks import harness
from course_lib import datasets, lsh

# faiss brings an OpenBLAS of its own, which picks slow kernels on processors that it does not
# know. It is told which ones NumPy's has picked; the record lists both under "blas".
KNOWN = {"Cooperlake": "SkylakeX", "SapphireRapids": "SkylakeX"}
PICKED = [info.get("architecture") for info in threadpoolctl.threadpool_info()]
os.environ.setdefault("OPENBLAS_CORETYPE", KNOWN.get(str(PICKED[0]), str(PICKED[0])))
faiss = harness.peer("faiss")
hnswlib = harness.peer("hnswlib")
datasketch = harness.peer("datasketch")
faiss.omp_set_num_threads(1)  # the kernels of the library have one thread, whatever BLAS has
K = 10  # neighbors


def workloads(quick):
    """Yield the workloads one by one."""
    for n_bits in (64, 256):
        yield hamming(20_000 if quick else 500_000, n_bits)
    X, queries = digits(10_000 if quick else 69_000)
    yield binary_codes(X, queries)
    yield from product_quantization(X, queries)
    yield inverted_file(X, queries, None)
    yield inverted_file(X, queries, 16)
    yield signatures(200 if quick else 2000)
    yield similar(500 if quick else 10_000)
    yield lloyd(X, 20)
    yield lloyd(X, 100)
    yield seeding(X)
    yield from graphs(2000 if quick else 29_000)


def digits(n):
    """MNIST by its first 64 principal components, float32, and 1,000 images as queries."""
    images = datasets.mnist()
    A = np.concatenate([images.train_images, images.test_images]).reshape(-1, 784)
    A = A.astype(np.float32) - A.mean(axis=0, dtype=np.float32)
    _, vectors = np.linalg.eigh(A.T @ A)
    reduced = np.ascontiguousarray(A @ vectors[:, ::-1][:, :64])
    return reduced[:n], reduced[69_000:]


def truth(X, queries):
    """The nearest rows of each query, by all distances."""
    scores = np.einsum("ij,ij->i", X, X) - 2 * queries @ X.T
    return np.argpartition(scores, K, axis=1)[:, :K]


def missed(near):
    """Return the error meter: the share of the true neighbors that a search missed."""
    near = [set(row) for row in near.tolist()]

    def error(found):
        indices = found.indices if isinstance(found, lsh.Neighbors) else found
        pairs = zip(indices.tolist(), near, strict=True)
        return float(np.mean([1 - len(set(row) & true) / K for row, true in pairs]))

    return error


def hamming(n, n_bits):
    """The 10 nearest of n random codes, exactly, for 100 queries."""
    rng = np.random.default_rng(0)
    octets = rng.integers(0, 256, (n, n_bits // 8), dtype=np.uint8)
    asked = octets[:100].copy()
    asked[:, 0] ^= 5
    index = faiss.IndexBinaryFlat(n_bits)
    index.add(octets)
    codes, queries = octets.view(np.uint64), asked.view(np.uint64)
    exact = index.search(asked, K)[0].sum()
    return harness.Workload(
        f"hamming_{n_bits}",
        f"10 nearest of {n} codes of {n_bits} bits, 100 queries",
        {
            "ours": lambda _: lsh.hamming_search(codes, queries, K).distances,
            "faiss IndexBinaryFlat": lambda _: index.search(asked, K)[0],
        },
        lambda distances: float(distances.sum() - exact),
        "sum of the distances beyond the exact one",
        [("ours", "faiss IndexBinaryFlat", 4.0 if n_bits == 64 else 3.0)],
    )


def binary_codes(X, queries):
    """256 bits of 64 columns: queries encoded, then scanned; and the encoding of the database."""
    index = faiss.IndexLSH(64, 256)
    index.add(X)
    made = {}
    for kind in (True, False):
        code = lsh.random_hyperplanes(64, 256, orthogonal=kind, dtype=np.float32, rng=0)
        made[kind] = code, lsh.encode_bits(code, X)

    def ours(kind):
        code, codes = made[kind]
        return lambda _: lsh.hamming_search(codes, lsh.encode_bits(code, queries), K)

    return harness.Workload(
        "binary_codes",
        f"10 nearest of {len(X)} by 256 bits, {len(queries)} queries in a batch",
        {
            "ours, orthogonal": ours(True),
            "ours, Gaussian": ours(False),
            "faiss IndexLSH": lambda _: index.search(queries, K)[1],
        },
        missed(truth(X, queries)),
        "share of the 10 nearest missed",
        [
            ("ours, orthogonal", "faiss IndexLSH", 2.0),
            ("ours, Gaussian", "faiss IndexLSH", None),
        ],
    )


def product_quantization(X, queries):
    """16 bytes of 64 columns: learn, encode, scan for a batch and for one query at a time."""
    index = faiss.IndexPQ(64, 16, 8)
    index.train(X)
    index.add(X)
    fast = faiss.IndexPQFastScan(64, 16, 4)
    fast.train(X)
    fast.add(X)
    quantizer = lsh.train_pq(X, 16, rng=0)
    codes = lsh.pq_encode(quantizer, X)

    def train(_):
        fresh = faiss.IndexPQ(64, 16, 8)
        fresh.train(X)
        return fresh

    def mean_error(made):
        if isinstance(made, lsh.ProductQuantizer):
            back = lsh.pq_decode(made, lsh.pq_encode(made, X))
        elif isinstance(made, np.ndarray):
            ours = made.shape == codes.shape and made is not theirs[0]
            back = lsh.pq_decode(quantizer, made) if ours else index.sa_decode(made)
        else:
            back = made.sa_decode(made.sa_encode(X))
        return float(np.mean(np.einsum("ij,ij->i", X - back, X - back, dtype=np.float64)))

    theirs = [None]

    def encode(_):
        theirs[0] = index.sa_encode(X)
        return theirs[0]

    yield harness.Workload(
        "pq_train",
        f"a product quantizer of 16 x 256 entries from {len(X)} x 64, 25 steps",
        {
            "ours": lambda seed: lsh.train_pq(X, 16, rng=seed),
            "faiss IndexPQ.train": train,
        },
        mean_error,
        "mean squared error of the codes",
        [("ours", "faiss IndexPQ.train", 0.9)],
    )
    yield harness.Workload(
        "pq_encode",
        f"{len(X)} x 64 as 16 bytes each",
        {"ours": lambda _: lsh.pq_encode(quantizer, X), "faiss IndexPQ": encode},
        mean_error,
        "mean squared error of the codes",
        [("ours", "faiss IndexPQ", 0.9)],
    )
    near = truth(X, queries)
    some = queries[:50]
    yield harness.Workload(
        "pq_scan",
        f"10 nearest of {len(X)} codes of 16 bytes, {len(queries)} queries in a batch",
        {
            "ours": lambda _: lsh.pq_search(quantizer, codes, queries, K),
            "faiss IndexPQ": lambda _: index.search(queries, K)[1],
            "faiss IndexPQFastScan, 4 bits": lambda _: fast.search(queries, K)[1],
        },
        missed(near),
        "share of the 10 nearest missed",
        [("ours", "faiss IndexPQ", 0.9), ("ours", "faiss IndexPQFastScan, 4 bits", None)],
    )
    yield harness.Workload(
        "pq_scan_single",
        f"10 nearest of {len(X)} codes of 16 bytes, 50 queries one by one",
        {
            "ours": lambda _: np.concatenate(
                [lsh.pq_search(quantizer, codes, some[i : i + 1], K).indices for i in range(50)]
            ),
            "faiss IndexPQ": lambda _: np.concatenate(
                [index.search(some[i : i + 1], K)[1] for i in range(50)]
            ),
        },
        missed(near[:50]),
        "share of the 10 nearest missed",
        [("ours", "faiss IndexPQ", 0.9)],
    )


def inverted_file(X, queries, n_groups):
    """Four of 256 lists; the points themselves, or their codes."""
    flat = faiss.IndexFlatL2(64)
    index = (
        faiss.IndexIVFPQ(flat, 64, 256, n_groups, 8)
        if n_groups
        else faiss.IndexIVFFlat(flat, 64, 256)
    )
    index.train(X)
    index.add(X)
    index.nprobe = 4
    mine = lsh.build_ivf(X, 256, n_groups=n_groups, rng=0)
    kind = f"codes of {n_groups} bytes" if n_groups else "points"
    peer = "faiss IndexIVFPQ" if n_groups else "faiss IndexIVFFlat"
    return harness.Workload(
        "ivf_pq" if n_groups else "ivf_flat",
        f"10 nearest of {len(X)} {kind} in 4 of 256 lists, {len(queries)} queries",
        {
            "ours": lambda _: lsh.search_ivf(mine, queries, K, n_probe=4),
            peer: lambda _, flat=flat: index.search(queries, K)[1],
        },
        missed(truth(X, queries)),
        "share of the 10 nearest missed",
        [("ours", peer, 0.9)],
    )


def documents(n):
    """Rows of 200 numbers; row i + n / 2 shares about nine in ten of row i."""
    rng = np.random.default_rng(0)
    base = rng.integers(2**31, size=(n // 2, 200))
    twin = np.where(rng.random(base.shape) < 0.1, rng.integers(2**31, size=base.shape), base)
    return np.concatenate([base, twin])


def signatures(n):
    """MinHash of whole documents, 128 functions."""
    rows = documents(n)
    octets = [[int(item).to_bytes(8, "little") for item in row] for row in rows]
    half = n // 2
    exact = lsh.exact_jaccard(rows, [[i, i + half] for i in range(half)])

    def error(found):
        if not isinstance(found, np.ndarray):
            found = np.array([one.hashvalues for one in found])
        estimates = (found[:half] == found[half:]).mean(axis=1)
        return float(np.sqrt(np.mean((estimates - exact) ** 2)))

    return harness.Workload(
        "minhash",
        f"MinHash signatures of {n} sets of 200, 128 functions",
        {
            "ours": lambda seed: lsh.minhash(rows, 128, seed=seed),
            "datasketch MinHash.bulk": lambda seed: datasketch.MinHash.bulk(
                octets, num_perm=128, seed=seed + 1
            ),
        },
        error,
        "root mean square of estimate - Jaccard similarity",
        [("ours", "datasketch MinHash.bulk", 30.0)],
    )


def similar(n):
    """All pairs that agree in one of 16 bands of 8."""
    rows, half = documents(n), n // 2
    mine = lsh.minhash(rows, 128)
    low = (mine & np.uint64(2**32 - 1)).astype(np.uint32)  # equal where ours are
    theirs = [datasketch.LeanMinHash(seed=1, hashvalues=row, scheme="affine32") for row in low]

    def peer(_):
        index = datasketch.MinHashLSH(num_perm=128, params=(16, 8))
        for i, one in enumerate(theirs):
            index.insert(i, one)
        return [index.query(one) for one in theirs]

    def error(found):
        if isinstance(found, np.ndarray):
            hits = {tuple(pair) for pair in found.tolist()}
            return 1 - sum((i, i + half) in hits for i in range(half)) / half
        return 1 - sum(i + half in found[i] for i in range(half)) / half

    return harness.Workload(
        "minhash_lsh",
        f"candidates among {n} signatures: one array call against insert and query of each",
        {
            "ours array": lambda _: lsh.candidate_pairs(mine, lsh.Bands(16, 8)),
            "datasketch MinHashLSH item": peer,
        },
        error,
        "share of the twins missed",
        [("ours array", "datasketch MinHashLSH item", 20.0)],
    )


def lloyd(X, n_iter):
    """k-means from the same start, without stopping early."""
    start = X[np.random.default_rng(0).choice(len(X), 100, replace=False)]

    def peer(algorithm):
        return lambda _: KMeans(
            100, init=start, n_init=1, max_iter=n_iter, tol=0, algorithm=algorithm
        ).fit(X)

    def of_faiss(_):
        made = faiss.Kmeans(
            64, 100, niter=n_iter, max_points_per_centroid=len(X), min_points_per_centroid=1
        )
        made.train(X, init_centroids=start)
        return made.centroids

    def error(found):
        centers = getattr(found, "centers", getattr(found, "cluster_centers_", found))
        return lsh.kmeans(X, 100, init=centers, n_iter=1).inertia

    ours = functools.partial(lsh.kmeans, X, 100, init=start, n_iter=n_iter, tol=0)
    return harness.Workload(
        f"kmeans_{n_iter}",
        f"k-means of {len(X)} x 64 with 100 centers, {n_iter} steps from one start",
        {
            "ours": lambda _: ours(),
            "ours with bounds": lambda _: ours(bounds=True),
            "scikit-learn lloyd": peer("lloyd"),
            "scikit-learn elkan": peer("elkan"),
            "faiss Kmeans": of_faiss,
        },
        error,
        "sum of squares, one step later",
        [
            ("ours", "scikit-learn lloyd", 1.0),
            ("ours with bounds", "scikit-learn lloyd", 1.2),
            ("ours with bounds", "scikit-learn elkan", None),
            ("ours", "faiss Kmeans", None),
        ],
        flops={"ours": 2.0 * len(X) * 64 * 100 * n_iter},
        dtype="float32",
    )


def seeding(X):
    """Greedy k-means++, 100 centers, six candidates each."""

    def error(indices):
        return lsh.kmeans(X, 100, init=X[indices], n_iter=1).inertia

    return harness.Workload(
        "kmeans_plus_plus",
        f"greedy k-means++ of {len(X)} x 64, 100 centers",
        {
            "ours": lambda seed: lsh.kmeans_plus_plus(X, 100, rng=seed),
            "scikit-learn": lambda seed: kmeans_plusplus(X, 100, random_state=seed)[1],
        },
        error,
        "sum of squares, one step later",
        [("ours", "scikit-learn", None)],
    )


def graphs(n):
    """Words by cosine: our graph, hnswlib and multi-probe; building and asking apart."""
    vectors = datasets.glove().vectors[: n + 1000]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.random.default_rng(0).permutation(len(vectors))
    queries, X = vectors[order[:1000]], np.ascontiguousarray(vectors[order[1000:]])

    def build(_):
        index = hnswlib.Index("l2", X.shape[1])
        index.init_index(len(X), M=16, ef_construction=100)
        index.set_num_threads(1)
        index.add_items(X)
        index.set_ef(100)
        return index

    theirs, mine = build(0), lsh.build_graph(X, 16, beam=100, rng=0)
    tables = lsh.build_tables(X, lsh.SimHash(), 14, 10, rng=0)
    contestants = {
        "ours graph, beam 100": lambda _: lsh.search_graph(mine, queries, K, beam=100),
        "ours multi-probe, 10 tables": lambda _: lsh.search_tables(tables, queries, K, n_probes=40),
        "hnswlib, ef 100": lambda _: theirs.knn_query(queries, K)[0],
    }
    error = missed(truth(X, queries))
    yield harness.Workload(
        "graph_search",
        f"10 nearest of {len(X)} words by angle, 1,000 queries",
        contestants,
        error,
        "share of the 10 nearest missed",
        [
            ("ours graph, beam 100", "hnswlib, ef 100", None),
            ("ours multi-probe, 10 tables", "hnswlib, ef 100", None),
        ],
    )

    def asked(index):
        if isinstance(index, lsh.NeighborGraph):
            return error(lsh.search_graph(index, queries, K, beam=100))
        if isinstance(index, lsh.HashTables):
            return error(lsh.search_tables(index, queries, K, n_probes=40))
        return error(index.knn_query(queries, K)[0])

    yield harness.Workload(
        "graph_build",
        f"an index of {len(X)} words",
        {
            "ours graph": lambda seed: lsh.build_graph(X, 16, beam=100, rng=seed),
            "ours tables": lambda seed: lsh.build_tables(X, lsh.SimHash(), 14, 10, rng=seed),
            "hnswlib": build,
        },
        asked,
        "share of the 10 nearest missed",
        [("ours graph", "hnswlib", None), ("ours tables", "hnswlib", None)],
    )


if __name__ == "__main__":
    harness.main("lsh", workloads)
