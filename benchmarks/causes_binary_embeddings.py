"""What chapter 12 says beyond its own run, tested.

    python -m benchmarks.causes_binary_embeddings        # about ten minutes on one thread

writes benchmarks/results/binary_embeddings_causes.json, which the chapter reads. First: with which
setting was the column Random of the paper's Table 4 made? A dense matrix has no structure to be
read in two ways, so its errors tell the sizes and the split of the data: each split is tried with
the sizes that the table prints and with those that belong to 784 pixels.

Then the exact nearest neighbor by angle. And two times, processor seconds of one thread: what the
two Fourier transforms of a circulant product take without anything of ours around them, and the
search of codes by ours and by faiss.
"""

import datetime
import json
import time

import numpy as np
import scipy.fft
import threadpoolctl

from benchmarks import harness
from benchmarks.audit_binary_embeddings import BITS, PIXELS, PRINTED, PRINTED_BITS
from course_lib import datasets
from course_lib.binary_embeddings import Random, short_hash
from course_lib.lsh import hamming_search, pack_bits

TRAINING, TEST, DRAWS = (10_000, 20_000, 60_000), (10_000, 5_000), 8
SIZES = {"printed": PRINTED_BITS, "of 784 pixels": BITS}


def dense_errors(data):
    """Return the errors, %, of dense codes by draw, training images, test images and bits."""
    X, y, Q, labels = data
    found = {}
    for seed in range(DRAWS):
        h = short_hash(Random(max(PRINTED_BITS), PIXELS, rng=seed), signs=False)
        base, asked = h.bits(X), h.bits(Q)
        for k in sorted({*PRINTED_BITS, *BITS}):
            codes, queries = pack_bits(base[:, :k]), pack_bits(asked[:, :k])
            for train in TRAINING:
                nearest = hamming_search(codes[:train], queries, 1).indices[:, 0]
                for test in TEST:
                    wrong = y[nearest[:test]] != labels[:test]
                    found[seed, train, test, k] = 100 * float(np.mean(wrong))
    return found


def splits(found):
    """Yield, for each split and each reading of the sizes, the means and how far they are off."""
    printed = np.array(PRINTED["random"])[:, 0]
    for train in TRAINING:
        for test in TEST:
            for name, sizes in SIZES.items():
                runs = [[found[seed, train, test, k] for k in sizes] for seed in range(DRAWS)]
                mean = np.mean(runs, axis=0)
                off = float(100 * np.sqrt(np.mean((mean / printed - 1) ** 2)))
                yield {
                    "training_images": train, "test_images": test, "sizes": name,
                    "errors": [round(float(value), 2) for value in mean],
                    "rms_percent": round(off, 1),
                }  # fmt: skip


def cosine_error(data, train):
    """Return the error, %, of the exact nearest neighbor by angle."""
    X, y, Q, labels = data
    X = X[:train] / np.linalg.norm(X[:train], axis=1, keepdims=True)
    nearest = np.concatenate([np.argmax(part @ X.T, axis=1) for part in np.split(Q, 20)])
    return 100 * float(np.mean(y[nearest] != labels))


def cpu_s(*calls, turns=15):
    """Return the median processor seconds of each call, the calls taking turns."""
    taken = np.zeros((turns, len(calls)))
    for turn in range(turns):
        for i, call in enumerate(calls):
            start = time.process_time()
            call()
            taken[turn, i] = time.process_time() - start
    return [float(f"{seconds:.4g}") for seconds in np.median(taken, axis=0)]


def transforms(n, batch=256):
    """Seconds of a dense product, and of a transform there and back, with 256 vectors."""
    rng = np.random.default_rng(0)
    X, W = (rng.standard_normal((rows, n), dtype=np.float32) for rows in (batch, n))
    dense, fft = cpu_s(
        lambda: X @ W.T, lambda: scipy.fft.irfft(scipy.fft.rfft(X, axis=1), n=n, axis=1)
    )
    return {"n": n, "vectors": batch, "dense_s": dense, "transforms_s": fft}


def search(faiss, n=20_000, bits=256):
    """Seconds to find the nearest of ``n`` random codes for half as many queries."""
    words = np.random.default_rng(0).integers(0, 2**63, (n + n // 2, bits // 64), dtype=np.int64)
    codes, queries = np.split(words.astype(np.uint64), [n])
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(bits)
    index.add(codes.view(np.uint8))
    found = hamming_search(codes, queries, 1).distances, index.search(queries.view(np.uint8), 1)[0]
    ours, theirs = cpu_s(
        lambda: hamming_search(codes, queries, 1),
        lambda: index.search(queries.view(np.uint8), 1),
        turns=7,
    )
    return {
        "codes": n, "queries": n // 2, "bits": bits, "ours_s": ours, "faiss_s": theirs,
        "different_distances": int(np.sum(found[0] != found[1])),
    }  # fmt: skip


def main():
    """Try the splits, print them and write them."""
    digits = datasets.mnist()
    X = digits.train_images.reshape(-1, PIXELS).astype(np.float32)
    Q = digits.test_images.reshape(-1, PIXELS).astype(np.float32)
    data = (X, digits.train_labels, Q, digits.test_labels)
    rows = list(splits(dense_errors(data)))
    print(*rows, sep="\n", flush=True)
    report = {
        "name": "binary_embeddings_causes",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "draws": DRAWS,
        "rows": rows,
        "cosine_error": round(cosine_error(data, 20_000), 2),
        "transforms": [transforms(n) for n in (256, 1024, 4096)],
        "search": search(harness.peer("faiss")),
    }
    path = harness.RESULTS / "binary_embeddings_causes.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"wrote benchmarks/results/{path.name}")


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
