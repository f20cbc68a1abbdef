"""Maps that take minutes to make, for a page that may not: ``python -m benchmarks.maps_manifolds``.

Writes ``results/manifolds_maps.npz``, at most 350 KB: t-SNE of the first training digits, 10,000
or as many as ``--digits`` says, with the trust of each point, and maps of 1,000 digits at many
settings for the explorable. Coordinates are rounded to 12 bits of the width of a map, which is less
than a pixel. All 60,000 take about five minutes of one processor; the page adapts to the number.
"""

import argparse
import pathlib
import time

import numpy as np
from sklearn.decomposition import PCA

from course_lib import datasets
from course_lib.manifolds import TSNE, Isomap, LaplacianEigenmaps, trustworthiness

FILE = pathlib.Path(__file__).parent / "results" / "manifolds_maps.npz"
SMALL = 1000
RUNS = [("t-SNE", perplexity) for perplexity in (2, 5, 10, 20, 30, 50, 100, 200)]
RUNS += [("Isomap", neighbors) for neighbors in (3, 5, 10, 20, 40, 100)]
RUNS += [("Laplacian eigenmaps", neighbors) for neighbors in (3, 5, 10, 20, 40, 100)]


def main():
    """Make the maps, print how long each takes and how far it can be trusted, and save them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.maps_manifolds")
    parser.add_argument("--digits", type=int, default=10_000, help="how many to map, up to 60000")
    n = parser.parse_args().digits
    images = datasets.mnist().train_images[:n].reshape(n, 784) / np.float32(255)
    X = PCA(50, svd_solver="covariance_eigh").fit_transform(images)
    start = time.process_time()
    all_digits = TSNE(random_state=0).fit_transform(X)
    seconds = time.process_time() - start
    trust = trustworthiness(X, all_digits, 10)
    print(f"t-SNE of {len(X)} digits: {seconds:.0f} s, trust {trust.mean():.4f}", flush=True)

    small = whole_numbers(X[:SMALL, :20])
    maps = []
    for method, setting in RUNS:
        Y = make(method, setting, small.astype(np.float64))
        print(f"{method} {setting}: trust {trustworthiness(small, Y, 10).mean():.3f}", flush=True)
        maps.append(twelve_bits(Y))
    np.savez_compressed(
        FILE,
        all_digits=twelve_bits(all_digits),
        trust=np.round(255 * trust).astype(np.uint8),
        seconds=seconds,
        small=small,
        maps=np.array(maps),
        methods=[method for method, _ in RUNS],
        settings=[setting for _, setting in RUNS],
    )
    print(f"wrote benchmarks/results/{FILE.name}, {FILE.stat().st_size / 1e3:.0f} KB")


def make(method, setting, X):
    """Return a map (n, 2) of the rows of ``X``."""
    if method == "t-SNE":
        return TSNE(setting, random_state=0).fit_transform(X)
    if method == "Isomap":
        return Isomap(setting).fit_transform(X)
    return LaplacianEigenmaps(n_neighbors=setting, random_state=0).fit_transform(X)


def whole_numbers(X):
    """Round to integers from -127 to 127, so that a browser has the same distances."""
    return np.round(X * (127 / np.abs(X).max())).astype(np.int8)


def twelve_bits(Y):
    """Round a map to 4096 steps along its longer side."""
    Y = Y - Y.min(axis=0)
    return np.round(Y * (4095 / Y.max())).astype(np.uint16)


if __name__ == "__main__":
    main()
