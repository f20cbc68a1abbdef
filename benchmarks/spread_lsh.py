"""How far banding wanders from its mean: 50 draws of the hash functions on the license texts.

    python -m benchmarks.spread_lsh      # about a minute on one thread

writes benchmarks/results/lsh_spread.json, which chapter 11 draws and its figure moves through. For
every cut of 128 hashes into b bands of r rows it counts the pairs that become candidates and those
of similarity 0.8 that do not. And for one cut, in 300 more draws, which pairs become candidates
together. Nothing here is a time, so the machine does not matter.
"""

import itertools
import json
import re

import numpy as np
from numba import njit

from benchmarks.harness import RESULTS
from course_lib import datasets
from course_lib.lsh import Bands, candidate_probability, exact_jaccard, minhash

CUT = Bands(25, 5)
N_HASHES, SEEDS, MOST_ROWS, SIMILAR, BINS = 128, 50, 10, 0.8, 20
DRAWS, LEAST, SAMPLED = 300, 0.2, 60_000


def shingles():
    """Each license text as the set of its runs of three words, numbered."""
    number, sets = {}, []
    for entry in datasets.spdx().values():
        words = re.findall("[a-z0-9]+", entry["text"].lower())
        runs = set(zip(words, words[1:], words[2:], strict=False))
        sets.append([number.setdefault(run, len(number)) for run in sorted(runs)])
    return sets


@njit(cache=True)
def first_bands(signatures, n_rows, pairs):
    """Return the first band in which each pair agrees, or the number of bands."""
    n_bands = signatures.shape[1] // n_rows
    first = np.full(len(pairs), n_bands)
    for place in range(len(pairs)):
        x, y = signatures[pairs[place, 0]], signatures[pairs[place, 1]]
        for band in range(n_bands):
            row = 0
            while row < n_rows and x[band * n_rows + row] == y[band * n_rows + row]:
                row += 1
            if row == n_rows:
                first[place] = band
                break
    return first


def main():
    """Measure and write."""
    sets = shingles()
    pairs = np.array(list(itertools.combinations(range(len(sets)), 2)))
    similarities = exact_jaccard(sets, pairs)
    bins = np.minimum((similarities * BINS).astype(int), BINS - 1)
    near = similarities >= SIMILAR
    sizes = np.bincount(bins, minlength=BINS)
    found = {rows: [] for rows in range(1, MOST_ROWS + 1)}
    missed = {rows: [] for rows in found}
    for seed in range(SEEDS):
        signatures = minhash(sets, N_HASHES, seed=seed)
        for rows in found:
            first, n_bands = first_bands(signatures, rows, pairs), N_HASHES // rows
            table = np.zeros((n_bands + 1, BINS), np.int64)
            np.add.at(table, (first, bins), 1)
            found[rows].append(np.cumsum(table[:-1], axis=0))
            late = np.bincount(first[near], minlength=n_bands + 1)[:-1]
            missed[rows].append(near.sum() - np.cumsum(late))
    middle = (similarities > LEAST) & (similarities < SIMILAR)
    report = {
        "name": "lsh_spread",
        "n_texts": len(sets),
        "n_hashes": N_HASHES,
        "seeds": SEEDS,
        "similar": SIMILAR,
        "pairs_of_bin": sizes.tolist(),
        "together": together(sets, pairs[middle], similarities[middle]),
        "rows": [summary(rows, np.array(found[rows]), np.array(missed[rows])) for rows in found],
    }
    path = RESULTS / "lsh_spread.json"
    path.write_text(json.dumps(report, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote benchmarks/results/{path.name}, {path.stat().st_size / 1000:.0f} kB")


def together(sets, pairs, similarities):
    """How the variance of the number of candidates comes about, by what two pairs have in common.

    The variance of a sum is the sum of all covariances. A text's pairs make one sum each; adding
    up the variances of those counts the covariances of two pairs that share a text once, and each
    pair's own variance twice.
    """
    chances = candidate_probability(similarities, CUT)
    off = np.zeros((DRAWS, len(pairs)), np.float32)  # candidate or not, less the chance
    for draw in range(DRAWS):
        signatures = minhash(sets, N_HASHES, seed=SEEDS + draw)
        off[draw] = (first_bands(signatures, CUT.n_rows, pairs) < CUT.n_bands) - chances
    of_text = np.zeros((len(sets), DRAWS))
    for end in (0, 1):
        np.add.at(of_text, pairs[:, end], off.T)
    own = np.sum(np.mean(off**2, axis=0))
    beyond = np.mean(np.sum(off, axis=1) ** 2) - own
    sharing = np.sum(np.mean(of_text**2, axis=1)) - 2 * own
    one, two, overlap = pairs_of_pairs(sets, pairs)
    alone = np.sqrt(chances * (1 - chances))
    report = {"n_pairs": len(pairs), "draws": DRAWS, "other_texts": float(1 - sharing / beyond)}
    for name, chosen in (("same", overlap > 0.6), ("none", overlap == 0)):
        products = np.mean(off[:, one[chosen]] * off[:, two[chosen]], axis=1)
        products /= np.mean(alone[one[chosen]] * alone[two[chosen]])
        error = np.std(products, ddof=1) / np.sqrt(DRAWS)
        report[name] = {
            "share": float(np.mean(chosen)),
            "correlation": float(np.mean(products)),
            "error": float(error),
        }
    return report


def pairs_of_pairs(sets, pairs):
    """Return random pairs of pairs of four texts, and the similarity of what each has in common."""
    one, two = np.random.default_rng(0).integers(len(pairs), size=(2, SAMPLED))
    four = ~np.any(pairs[one][:, :, None] == pairs[two][:, None, :], axis=(1, 2))
    one, two = one[four], two[four]
    common = [set(sets[i]) & set(sets[j]) for i, j in pairs]
    overlap = [
        len(common[a] & common[b]) / len(common[a] | common[b])
        for a, b in zip(one, two, strict=True)
    ]
    return one, two, np.array(overlap)


def summary(n_rows, found, missed):
    """Lists over the number of bands, from one up: of candidates, of misses, and by bin."""
    candidates = found.sum(axis=2)
    return {
        "n_rows": n_rows,
        "mean": candidates.mean(axis=0).round(1).tolist(),
        "sd": candidates.std(axis=0, ddof=1).round(1).tolist(),
        "least": candidates.min(axis=0).tolist(),
        "most": candidates.max(axis=0).tolist(),
        "missed_mean": missed.mean(axis=0).round(2).tolist(),
        "missed_most": missed.max(axis=0).tolist(),
        "bin_least": found.min(axis=0).tolist(),
        "bin_most": found.max(axis=0).tolist(),
    }


if __name__ == "__main__":
    main()
