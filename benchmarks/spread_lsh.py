"""How far banding wanders from its mean: 50 draws of the hash functions on the license texts.

    python -m benchmarks.spread_lsh      # about a minute on one thread

writes benchmarks/results/lsh_spread.json, which chapter 11 draws and its figure moves through. For
every cut of 128 hashes into b bands of r rows it counts the pairs that become candidates and those
of similarity 0.8 that do not. And for one cut, how far candidates spread among pairs of which no
two share a text. Nothing here is a time, so the machine does not matter.
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


def shingles():
    """Each license text as the set of its runs of three words, numbered."""
    number, sets = {}, []
    for entry in datasets.spdx().values():
        words = re.findall("[a-z0-9]+", entry["text"].lower())
        runs = set(zip(words, words[1:], words[2:], strict=False))
        sets.append([number.setdefault(run, len(number)) for run in sorted(runs)])
    return sets


def without_shared_texts(pairs, chosen):
    """Return some of the chosen pairs, at random, no two of which have a text in common."""
    used, kept = set(), []
    for place in np.random.default_rng(0).permutation(np.flatnonzero(chosen)):
        if used.isdisjoint(pairs[place].tolist()):
            used.update(pairs[place].tolist())
            kept.append(place)
    return np.array(kept)


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
    middle = np.flatnonzero((similarities > 0.2) & (similarities < SIMILAR))
    groups = {
        "all": middle,
        "apart": without_shared_texts(pairs, np.isin(range(len(pairs)), middle)),
    }
    counts = {name: [] for name in groups}
    for seed in range(SEEDS):
        signatures = minhash(sets, N_HASHES, seed=seed)
        for rows in found:
            first, n_bands = first_bands(signatures, rows, pairs), N_HASHES // rows
            table = np.zeros((n_bands + 1, BINS), np.int64)
            np.add.at(table, (first, bins), 1)
            found[rows].append(np.cumsum(table[:-1], axis=0))
            late = np.bincount(first[near], minlength=n_bands + 1)[:-1]
            missed[rows].append(near.sum() - np.cumsum(late))
            if rows == CUT.n_rows:
                for name, places in groups.items():
                    counts[name].append(int(np.sum(first[places] < CUT.n_bands)))
    report = {
        "name": "lsh_spread",
        "n_texts": len(sets),
        "n_hashes": N_HASHES,
        "seeds": SEEDS,
        "similar": SIMILAR,
        "pairs_of_bin": sizes.tolist(),
        "groups": {
            name: spread(counts[name], candidate_probability(similarities[places], CUT))
            for name, places in groups.items()
        },
        "rows": [summary(rows, np.array(found[rows]), np.array(missed[rows])) for rows in found],
    }
    path = RESULTS / "lsh_spread.json"
    path.write_text(json.dumps(report, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote benchmarks/results/{path.name}, {path.stat().st_size / 1000:.0f} kB")


def spread(counts, chances):
    """The spread of a number of candidates, and what it were if the pairs were independent."""
    alone = np.sqrt(np.sum(chances * (1 - chances)))
    return {
        "n_pairs": len(chances),
        "sd": float(np.std(counts, ddof=1)),
        "sd_independent": float(alone),
    }


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
