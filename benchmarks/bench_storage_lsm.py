"""Speed and write amplification of the LSM tree against RocksDB and LMDB; see harness.py.

RocksDB compresses nothing here, has the same memory table, levels, block size and filters, a cache
that holds everything, and moves files that overlap no others instead of writing them again. LMDB, a
B+tree, appears where each write is on the device before the next: the others differ by what they
leave to the system.
"""

import contextlib
import itertools
import pathlib
import re
import tempfile
import time

import numpy as np

from benchmarks import harness
from course_lib.storage import LSMTree, leveled_amplification

rocksdict = harness.peer("rocksdict")
lmdb = harness.peer("lmdb")

VALUE = bytes(100)
ENTRY = 8 + 8 + len(VALUE)  # ours has two lengths beside key and value, RocksDB a number
TABLE = 1 << 18  # bytes of the memory table
RATIO = 10


def workloads(quick):
    """Yield the workloads one by one."""
    n = 50_000 if quick else 200_000
    for kind in ("different", "Zipf"):
        yield puts(n, kind)
    with tempfile.TemporaryDirectory() as folder:
        stores = loaded(n, pathlib.Path(folder))
        yield lookups(n, stores, absent=False)
        yield lookups(n, stores, absent=True)
        yield scans(n, stores)
        stores["RocksDB"].close()
    yield synced(100 if quick else 500)


def word(number):
    return int(number).to_bytes(8, "big")


def keys_of(n, kind, seed=0):
    """The keys of n puts: all different, or drawn by Zipf's law from n / 10."""
    rng = np.random.default_rng(seed)
    if kind == "different":
        return list(map(word, rng.permutation(n)))
    p = 1 / np.arange(1.0, n // 10 + 1)
    return list(map(word, rng.permutation(n)[rng.choice(n // 10, n, p=p / p.sum())]))


def rocks(folder):
    """RocksDB, shaped as our tree."""
    options = rocksdict.Options(raw_mode=True)
    options.enable_statistics()
    options.create_if_missing(True)
    options.set_write_buffer_size(TABLE)
    options.set_target_file_size_base(TABLE)
    options.set_level_zero_file_num_compaction_trigger(2)
    options.set_max_bytes_for_level_base(RATIO * TABLE)
    options.set_max_bytes_for_level_multiplier(float(RATIO))
    options.set_level_compaction_dynamic_level_bytes(False)
    options.set_compression_type(rocksdict.DBCompressionType.none())
    blocks = rocksdict.BlockBasedOptions()
    blocks.set_bloom_filter(10, False)
    blocks.set_block_size(4096)
    blocks.set_block_cache(rocksdict.Cache(1 << 28))
    options.set_block_based_table_factory(blocks)
    return rocksdict.Rdict(str(folder), options)


def settled(db):
    """Wait for the compactions of RocksDB, and return the bytes that it counts as written."""
    db.flush()
    busy = "rocksdb.num-running-compactions", "rocksdb.compaction-pending"
    while any(int(db.property_value(name)) for name in busy):
        time.sleep(0.01)
    counts = re.findall(
        r"rocksdb.(?:flush|compact).write.bytes COUNT : (\d+)",
        db.property_value("rocksdb.options-statistics"),
    )
    return sum(map(int, counts))


def puts(n, kind):
    """Random writes, until all is merged; the error is what was written for each byte."""

    def ours(seed):
        with tempfile.TemporaryDirectory() as folder:
            tree = LSMTree(folder, memtable_bytes=TABLE, ratio=RATIO)
            for key in keys_of(n, kind, seed):
                tree.put(key, VALUE)
            tree.close()
            return tree.written.amplification

    def peer(seed):
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(rocks(folder)) as db:
            for key in keys_of(n, kind, seed):
                db[key] = VALUE
            return settled(db) / (n * ENTRY)

    table_puts = -(-TABLE // ENTRY)
    p = None
    if kind == "Zipf":
        p = 1 / np.arange(1.0, n // 10 + 1)
        p /= p.sum()
    model = leveled_amplification(n, memtable_puts=table_puts, ratio=RATIO, probabilities=p)
    return harness.Workload(
        f"puts_{kind.lower()}",
        f"{n} puts of 116 bytes, {kind} keys; the model foretells {model.factor:.2f} for ours",
        {"ours": ours, "RocksDB": peer},
        float,
        "bytes written to sorted files for each byte put",
        [("ours", "RocksDB", None)],
    )


def loaded(n, folder):
    """Both stores with n different keys, the even ones of 2n."""
    tree = LSMTree(folder / "ours", memtable_bytes=TABLE, ratio=RATIO)
    db = rocks(folder / "peer")
    for number in np.random.default_rng(0).permutation(n):
        tree.put(word(2 * number), VALUE)
        db[word(2 * number)] = VALUE
    settled(db)
    return {"ours": tree, "RocksDB": db}


def wrong(expected):
    """The error meter: whether an answer is not as expected."""
    return lambda answer: float(answer != expected)


def lookups(n, stores, absent):
    """Lookups of keys that are there, or of keys between them, one by one and in one call."""
    tree, db = stores["ours"], stores["RocksDB"]
    m = n // 4
    asked = [word(2 * i + absent) for i in np.random.default_rng(1).integers(0, n, m)]
    return harness.Workload(
        "gets_absent" if absent else "gets",
        f"{m} lookups of keys that are {'not ' * absent}there",
        {
            "ours item": lambda _: [tree.get(key) for key in asked],
            "RocksDB item": lambda _: [db.get(key) for key in asked],
            "ours list": lambda _: tree.get_many(asked),
            "RocksDB list": lambda _: db.get(asked),
        },
        wrong([None if absent else VALUE] * m),
        "a wrong answer",
        [("ours item", "RocksDB item", None), ("ours list", "RocksDB list", None)],
    )


def scans(n, stores):
    """All pairs in order, and many short ranges."""
    tree, db = stores["ours"], stores["RocksDB"]
    starts = np.random.default_rng(2).integers(0, n - 100, n // 100)

    def short(_):
        ends = [(word(2 * s), word(2 * s + 200)) for s in starts]
        return sum(1 for start, stop in ends for _ in tree.scan(start, stop))

    def short_peer(_):
        ends = [(word(2 * s), word(2 * s + 200)) for s in starts]
        return sum(
            1
            for start, stop in ends
            for _ in itertools.takewhile(
                lambda pair, stop=stop: pair[0] < stop, db.items(from_key=start)
            )
        )

    return harness.Workload(
        "scans",
        f"a scan of {n} pairs, and {len(starts)} scans of 100",
        {
            "ours all": lambda _: sum(1 for _ in tree.scan()),
            "RocksDB all": lambda _: sum(1 for _ in db.items()),
            "ours short": short,
            "RocksDB short": short_peer,
        },
        lambda count: float(count not in (n, 100 * len(starts))),
        "a wrong count",
        [("ours all", "RocksDB all", None), ("ours short", "RocksDB short", None)],
    )


def synced(n):
    """Writes of which each is on the device before the next; seconds are the device's."""
    keys = keys_of(n, "different")

    def ours(_):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            tree = LSMTree(folder, sync=True)
            for key in keys:
                tree.put(key, VALUE)
            found = tree.get_many(keys)
            tree.close()
            return found

    def rocks_(_):
        with (
            tempfile.TemporaryDirectory(dir=".") as folder,
            contextlib.closing(rocks(folder)) as db,
        ):
            options = rocksdict.WriteOptions()
            options.sync = True
            db.set_write_options(options)
            for key in keys:
                db[key] = VALUE
            return db.get(keys)

    def lmdb_(_):
        with (
            tempfile.TemporaryDirectory(dir=".") as folder,
            contextlib.closing(lmdb.open(folder, map_size=1 << 28)) as env,
        ):
            for key in keys:
                with env.begin(write=True) as write:
                    write.put(key, VALUE)
            with env.begin() as read:
                return [read.get(key) for key in keys]

    return harness.Workload(
        "synced",
        f"{n} puts, each on the device before the next",
        {"ours": ours, "RocksDB": rocks_, "LMDB": lmdb_},
        wrong([VALUE] * n),
        "a wrong answer",
        [("ours", "RocksDB", None), ("ours", "LMDB", None)],
    )


if __name__ == "__main__":
    harness.main("storage_lsm", workloads)
