"""Speed of hashing against rbloom, xxhash and plain Python; see benchmarks/harness.py."""

import random

import numpy as np
from numba import njit
from sklearn.feature_extraction import FeatureHasher

from benchmarks import harness
from course_lib.hashing import (
    BlockedBloomFilter,
    BloomFilter,
    Reservoir,
    TokenHasher,
    XorFilter,
    hash_items,
    reservoir_sample,
)

rbloom = harness.peer("rbloom")
xxhash = harness.peer("xxhash")


def workloads(quick):
    """Yield the workloads one by one."""
    n = 100_000 if quick else 1_000_000
    yield strings(n)
    yield bloom_add(n)
    yield bloom_questions(n)
    yield tokens(n)
    yield samples(n)


def no_error(_):
    """Nothing is estimated here."""
    return 0.0


def strings(n):
    """64-bit hashes of Python strings, the same in every process."""
    texts = [f"token{number}" for number in random.Random(0).choices(range(n), k=n)]
    return harness.Workload(
        "hash_strings",
        f"64-bit hashes of {n} Python strings of about 10 letters",
        {
            "ours list": lambda seed: hash_items(texts, seed),
            "xxhash item": lambda seed: [
                xxhash.xxh3_64_intdigest(text.encode(), seed) for text in texts
            ],
            "Python hash(), another in each process": lambda _: list(map(hash, texts)),
        },
        no_error,
        "none",
        [
            ("ours list", "xxhash item", 3.0),
            ("ours list", "Python hash(), another in each process", None),
        ],
    )


def two_sets(n):
    """Keys, and as many that are not among them."""
    keys = np.random.default_rng(1).integers(0, 2**62, 2 * n)
    return keys[:n], keys[n:]


def false_positives(absent):
    """Return the error meter: the share of absent keys that a filter takes for present."""
    few = absent[: len(absent) // 4]
    as_list = few.tolist()

    def error(filter_):
        if isinstance(filter_, rbloom.Bloom):
            return sum(key in filter_ for key in as_list) / len(few)
        if hasattr(filter_, "contains"):
            return float(np.mean(filter_.contains(few)))
        return 0.0

    return error


@njit(cache=True)
def _set_bits(bits, places):
    for place in places:
        bits[place >> 6] |= np.uint64(1) << np.uint64(place & 63)


def bloom_add(n):
    """Filling filters of equal memory."""
    present, absent = two_sets(n)
    items = present.tolist()
    n_bits = rbloom.Bloom(n, 0.01).size_in_bits
    places = np.random.default_rng(2).integers(0, n_bits, 7 * n)

    def ours(make, items, single=False):
        def call(seed):
            filter_ = make(seed)
            if single:
                for item in items:
                    filter_.update(item)
            else:
                filter_.update(items)
            filter_.contains(0)  # items that wait are read now
            return filter_

        return call

    def classic(seed):
        return BloomFilter(n_bits, 7, seed=seed)

    def blocked(seed):
        return BlockedBloomFilter(n_bits, 6, seed=seed)

    def peer(_):
        filter_ = rbloom.Bloom(n, 0.01)
        filter_.update(items)
        return filter_

    def peer_item(_):
        filter_ = rbloom.Bloom(n, 0.01)
        for item in items:
            filter_.add(item)
        return filter_

    def limit(_):
        _set_bits(np.zeros(n_bits // 64 + 1, np.uint64), places)

    return harness.Workload(
        "bloom_add",
        f"{n} integers into {n_bits / n:.3f} bits each",
        {
            "ours array": ours(classic, present),
            "ours list": ours(classic, items),
            "ours item": ours(classic, items, single=True),
            "ours blocked, array": ours(blocked, present),
            "ours xor, 9.84 bits each": lambda seed: XorFilter(present, seed=seed),
            "rbloom list": peer,
            "rbloom item": peer_item,
            "limit: seven bits at random": limit,
        },
        false_positives(absent),
        "share of false positives",
        [
            ("ours array", "rbloom list", 2.0),
            ("ours list", "rbloom list", None),
            ("ours item", "rbloom item", None),
            ("ours blocked, array", "rbloom list", 3.0),
        ],
    )


def bloom_questions(n):
    """Asking filters of equal memory for absent keys."""
    present, absent = two_sets(n)
    items = absent.tolist()
    n_bits = rbloom.Bloom(n, 0.01).size_in_bits
    classic, blocked = BloomFilter(n_bits, 7), BlockedBloomFilter(n_bits, 6)
    xor, peer = XorFilter(present), rbloom.Bloom(n, 0.01)
    for filter_ in (classic, blocked, peer):
        filter_.update(present if filter_ is not peer else present.tolist())

    return harness.Workload(
        "bloom_questions",
        f"{n} questions for absent integers to those filters",
        {
            "ours array": lambda _: classic.contains(absent),
            "ours list": lambda _: classic.contains(items),
            "ours blocked, array": lambda _: blocked.contains(absent),
            "ours xor, array": lambda _: xor.contains(absent),
            "rbloom item": lambda _: [item in peer for item in items],
        },
        lambda answers: float(np.mean(answers)),
        "share of false positives",
        [
            ("ours array", "rbloom item", 4.0),
            ("ours list", "rbloom item", None),
            ("ours blocked, array", "rbloom item", None),
            ("ours xor, array", "rbloom item", None),
        ],
    )


def tokens(n):
    """Documents of 100 tokens to hashed counts."""
    numbers = np.random.default_rng(3).zipf(1.3, n) % 100_000
    documents = [
        [f"token{number}" for number in numbers[start : start + 100].tolist()]
        for start in range(0, n, 100)
    ]
    return harness.Workload(
        "feature_hashing",
        f"{len(documents)} documents of 100 tokens into 4096 columns",
        {
            "ours": lambda seed: TokenHasher(4096, seed=seed).transform(documents),
            "FeatureHasher": lambda _: FeatureHasher(4096, input_type="string").transform(
                documents
            ),
        },
        no_error,
        "none; both are unbiased, with the same variance",
        [("ours", "FeatureHasher", None)],
    )


def samples(n):
    """A uniform sample of 1000."""
    stream = np.arange(n)
    items = stream.tolist()

    def algorithm_l(seed):
        reservoir = Reservoir(1000, rng=seed)
        reservoir.update(stream)
        return reservoir.sample

    def python_r(seed):
        draw, sample = random.Random(seed).randrange, items[:1000]
        for i in range(1000, len(items)):
            place = draw(i + 1)
            if place < 1000:
                sample[place] = items[i]
        return sample

    return harness.Workload(
        "reservoir",
        f"a uniform sample of 1000 of {n} integers",
        {
            "ours Algorithm L, array": algorithm_l,
            "ours Algorithm R, any iterable": lambda seed: reservoir_sample(items, 1000, rng=seed),
            "Algorithm R in plain Python": python_r,
        },
        no_error,
        "none",
        [("ours Algorithm L, array", "Algorithm R in plain Python", None)],
    )


if __name__ == "__main__":
    harness.main("hashing", workloads)
