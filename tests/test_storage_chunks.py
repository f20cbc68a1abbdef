"""The stores of chapter 19 on simulated servers that crash: what is acknowledged stays."""

import itertools
import math

import numpy as np
import pytest

from course_lib.cost import Blob, Meter
from course_lib.storage import (
    ChunkStore,
    Lease,
    ReedSolomon,
    StripStore,
    safe_hold_s,
    two_primaries,
)

COPIES = ReedSolomon(1, 2, rows="powers")


def slow_sometimes(rng, source, target):
    """A millisecond on average, and one message of 20 a second: it is overtaken."""
    return rng.exponential(1.0 if rng.random() < 0.05 else 0.001)


def run(store, client, process, until_s):
    """The result of a process of a client, once the cluster has run."""
    process = client.start(process)
    store.cluster.run(until_s=until_s)
    assert process.fate == "done", "the process has not ended"
    return process.result


def storm(store, rng, until_s, *, n_faults=8, lose_disks=False):
    """Crash machines, the master too, and cut the network, at random times; all ends in time."""
    cluster, everything = store.cluster, ["master", *range(len(store.servers))]
    for _ in range(n_faults):
        start, end = np.sort(rng.uniform(0, until_s, 2)).tolist()
        victim = everything[rng.integers(len(everything))]
        if rng.random() < 0.3:
            others = [name for name in everything if name != victim and rng.random() < 0.7]
            cluster.at(start, cluster.cut, [victim], others)
            cluster.at(end, cluster.heal)
        elif victim != "master":
            lose = lose_disks and rng.random() < 0.5
            crash = store.lose_disk if lose else lambda i: store.servers[i].crash()
            cluster.at(start, crash, victim)
            cluster.at(end, store.restart, victim)
        elif isinstance(store, ChunkStore):
            cluster.at(start, store.master.crash)
            cluster.at(end, store.restart, "master")
    cluster.at(until_s, cluster.heal)


def append_all(store, client, words, kept):
    for word in words:
        where = yield from store.append(client, "log", word, attempts=30)
        if where is not None:
            kept[where] = word
        yield client.sleep(client.rng.exponential(0.3))


def stormy_appends(seed, **options):
    """Two clients append through a storm; return the store and what was acknowledged where."""
    rng = np.random.default_rng(seed)
    settings = {
        "lease_s": 4.0,
        "drift": 0.05,
        "heartbeat_s": 1.0,
        "patience_s": 3.0,
        "timeout_s": 0.5,
        "chunk_bytes": 120,
        "latency_s": slow_sometimes,
        "loss": 0.02,
        "rng": seed,
    }
    store, kept = ChunkStore(5, **(settings | options)), {}
    for name in "ab":
        client = store.client(name)
        words = [f"{name}{i}".encode() * int(rng.integers(1, 6)) for i in range(30)]
        client.start(append_all(store, client, words, kept))
    storm(store, rng, 30.0)
    store.cluster.run(until_s=90.0)
    return store, kept


def held(store, chunk):
    """What each listed copy of a chunk holds: records by offset."""
    return [
        store.servers[i].disk.get(chunk, {"records": {}})["records"] for i in store.holders(chunk)
    ]


def overlapping(records):
    """Offsets of records that begin before the one before them ends."""
    at = sorted(records)
    return [b for a, b in itertools.pairwise(at) if a + len(records[a]) > b]


def lease_race(n_rounds, seed, **options):
    """The pairs of primaries at once, in partitions that part the primary from the master.

    All ask for the lease all the time; each 13 s another primary is cut off and cannot renew.
    """
    settings = {"lease_s": 10.0, "drift": 0.01, "patience_s": 1e6, "rng": seed}
    store = ChunkStore(3, latency_s=lambda rng, *_: rng.exponential(0.1), **(settings | options))
    store.rates.update({"master": 1.01, 0: 0.99, 1: 1.01, 2: 1.0})  # a fast one, and a slow one
    client = store.client("client")

    def ask_for_it():
        yield from store.append(client, "log", Blob(1))
        while True:
            server = int(client.rng.integers(3))
            client.send(server, ("append", 0, Blob(1)))
            yield client.sleep(0.1)

    client.start(ask_for_it())
    for i in range(1, n_rounds + 1):

        def part():
            store.cluster.heal()
            store.cluster.cut([store.leases[-1].server], ["master"])

        store.cluster.at(13.0 * i, part)
    store.cluster.run(until_s=13.0 * n_rounds)
    assert len(store.leases) > n_rounds / 2
    return two_primaries(store.leases)


# --- Facts ---------------------------------------------------------------------------------


def test_a_record_is_in_three_copies_and_costs_eight_messages():
    meter = Meter()
    store = ChunkStore(5, heartbeat_s=100.0, patience_s=200.0, meter=meter)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"first"), 1.0)
    before = meter.messages, meter.sent_bytes
    assert run(store, client, store.append(client, "log", Blob(1000)), 2.0) == (0, 5)
    assert meter.messages - before[0] == 2 + 2 * 3
    assert 3 * 1000 <= meter.sent_bytes - before[1] < 3 * 1000 + 300
    assert held(store, 0) == [{0: b"first", 5: Blob(1000)}] * 3
    assert len(set(store.holders(0))) == 3


def test_a_full_chunk_is_followed_by_another():
    store = ChunkStore(4, chunk_bytes=10)
    client = store.client("client")
    kept = {}
    run(store, client, append_all(store, client, [b"aaaa", b"bbbb", b"cccc", b"d"], kept), 60.0)
    assert sorted(kept) == [(0, 0), (0, 4), (1, 0), (1, 4)]
    records = run(store, client, store.read(client, "log"), 70.0)
    assert [record.value for record in records] == [b"aaaa", b"bbbb", b"cccc", b"d"]
    assert run(store, client, store.read(client, "nothing"), 80.0) == []


def test_a_retry_makes_a_duplicate_and_a_reader_sees_it():
    """The acknowledgment is lost, the record is not: the client writes it once more."""
    store = ChunkStore(3)
    client = store.client("client")
    store.cluster.at(0.0022, store.cluster.cut, "client", [0, 1, 2])  # asked, not yet answered
    store.cluster.at(1.0, store.cluster.heal)
    assert run(store, client, store.append(client, "log", b"word"), 20.0) == (0, 4)
    records = run(store, client, store.read(client, "log"), 30.0)
    assert [record.value for record in records] == [b"word", b"word"]


def test_a_dead_server_stops_appends_for_a_lease_and_its_chunks_are_copied():
    store = ChunkStore(5, lease_s=10.0)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"one"), 1.0)
    primary = store.leases[0].server
    victim = next(server for server in store.holders(0) if server != primary)
    store.servers[victim].crash()
    where = run(store, client, store.append(client, "log", b"two"), 60.0)
    assert where is not None
    assert victim not in store.holders(0)
    assert len(store.holders(0)) == 3
    assert [(chunk, target in store.holders(0)) for _, chunk, _, target in store.clones] == [(0, 1)]
    assert all(records[0] == b"one" and records[where[1]] == b"two" for records in held(store, 0))
    assert store.leases[1].version == 2
    # Its old copy is deleted when it is back.
    store.restart(victim)
    store.cluster.run(until_s=70.0)
    assert store.servers[victim].disk[0] is None


def test_without_a_spare_server_appends_go_on_with_fewer_copies():
    store = ChunkStore(3)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"one"), 1.0)
    victim = next(i for i in range(3) if i != store.leases[0].server)
    store.servers[victim].crash()
    assert run(store, client, store.append(client, "log", b"two"), 60.0) is not None
    assert len(store.holders(0)) == 2


def test_a_server_with_an_old_copy_gets_no_lease():
    store = ChunkStore(4)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"one"), 1.0)
    store.cluster.run(until_s=25.0)  # the lease is over: who asks first would get the next
    stale = next(i for i in range(4) if i not in store.holders(0))
    assert run(store, client, ask(client, stale, ("append", 0, b"lies")), 30.0) is None
    assert all(records == {0: b"one"} for records in held(store, 0))


def test_an_order_to_copy_that_comes_late_destroys_nothing():
    store = ChunkStore(4)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"one"), 1.0)
    target = store.holders(0)[0]
    stale = next(i for i in range(4) if i not in store.holders(0))
    assert run(store, client, ask(client, target, ("clone", 0, stale, 0)), 2.0) is None
    assert all(records == {0: b"one"} for records in held(store, 0))


def ask(client, server, question):
    return (yield client.ask(server, question, timeout_s=0.5))


def test_a_primary_whose_lease_ran_out_meanwhile_acknowledges_nothing():
    """Its order reaches the other copy only after that was copied to a third server."""
    slow = {}

    def latency(rng, source, target):
        return slow.get((source, target), 0.001)

    settings = {"heartbeat_s": 0.5, "patience_s": 1.5, "lease_s": 2.0, "timeout_s": 20.0}
    store = ChunkStore(3, copies=2, drift=0.0, latency_s=latency, **settings)
    client = store.client("client")
    run(store, client, store.append(client, "log", b"one"), 0.4)
    primary = store.leases[0].server
    other = next(server for server in store.holders(0) if server != primary)
    slow[primary, other] = 8.0
    store.cluster.cut([primary], ["master"])
    asked = client.start(ask(client, primary, ("append", 0, b"two")))
    late = client.start(store.append(client, "log", b"two", attempts=1))
    store.cluster.run(until_s=30.0)
    assert asked.result is None
    assert late.result is None
    assert store.clones, "the scene was not played: nothing was copied"
    copied_s, _, source, _ = store.clones[0]
    assert source == other
    assert copied_s < 8.0
    assert b"two" in store.servers[other].disk[0]["records"].values()  # where nobody counts on it


def test_leases_of_other_chunks_and_of_the_same_server_do_not_collide():
    one = Lease(0, 1, 1, 0.0, 10.0)
    assert two_primaries([one, Lease(1, 2, 2, 5.0, 15.0), Lease(0, 1, 2, 5.0, 15.0)]) == []
    assert two_primaries([Lease(0, 2, 2, 9.9, 15.0), one]) == [(one, Lease(0, 2, 2, 9.9, 15.0))]
    long = Lease(0, 3, 3, 0.0, 100.0)  # beyond one that has ended
    assert two_primaries([long, Lease(0, 3, 4, 1.0, 2.0), Lease(0, 1, 5, 50.0, 60.0)]) == [
        (long, Lease(0, 1, 5, 50.0, 60.0))
    ]


# --- Theorems ------------------------------------------------------------------------------


def test_what_was_acknowledged_is_in_every_copy_after_any_storm():
    """Nothing random is judged: the claims hold in each of 250 storms."""
    n_kept = n_leases = n_extra = 0
    for seed in range(250):
        store, kept = stormy_appends(seed)
        assert two_primaries(store.leases) == [], seed
        chunks = range(len(store.master.disk["chunks"]))
        copies = {chunk: held(store, chunk) for chunk in chunks}
        for (chunk, offset), word in kept.items():
            assert all(copy.get(offset) == word for copy in copies[chunk]), (seed, chunk, offset)
        assert all(len(copies[chunk]) >= 3 for chunk in chunks), seed  # repaired
        assert not any(overlapping(copy) for chunk in chunks for copy in copies[chunk]), seed
        n_kept, n_leases = n_kept + len(kept), n_leases + len(store.leases)
        n_extra += sum(len(copies[chunk][0]) for chunk in chunks) - len(kept)
    assert n_kept > 250 * 40  # of 60: the storms leave something to judge
    assert n_leases > 250 * 4
    assert n_extra > 250  # duplicates, and what was never acknowledged


def test_a_reader_finds_what_was_acknowledged():
    for seed in range(20):
        store, kept = stormy_appends(seed)
        reader = store.client("reader")
        records = run(store, reader, store.read(reader, "log"), 100.0)
        found = {(record.chunk, record.offset): record.value for record in records}
        assert kept.items() <= found.items()


def test_safe_leases_have_one_primary_and_others_two():
    """The worst clocks are given: overlap is certain where the time is too long by design."""
    assert lease_race(100, seed=0) == []
    assert lease_race(100, seed=1) == []
    assert len(lease_race(100, seed=0, hold_s=10.0)) > 3  # no room for clocks that differ
    assert len(lease_race(100, seed=0, hold_from="reply")) > 0  # which was under way for long


def test_the_safe_time_is_the_longest():
    """Worst clocks, a request that takes no time: h/(1 - e) against L/(1 + e), exactly."""
    for e in (0.0, 0.01, 0.3):
        hold = safe_hold_s(7.0, e)
        assert hold / (1 - e) == pytest.approx(7.0 / (1 + e), rel=1e-12)


# --- Strips --------------------------------------------------------------------------------


def stormy_files(seed, code):
    rng = np.random.default_rng(seed)
    store = StripStore(
        12, code=code, heartbeat_s=1.0, patience_s=3.0, latency_s=slow_sometimes, rng=seed
    )
    client, kept = store.client("client"), {}

    def put_all():
        for i in range(6):
            message = rng.integers(0, 256, int(rng.integers(0, 200)), dtype=np.uint8).tobytes()
            if (yield from store.put(client, f"file{i}", message, timeout_s=1.0)):
                kept[f"file{i}"] = message

    client.start(put_all())
    storm(store, rng, 40.0, n_faults=3, lose_disks=True)
    store.cluster.run(until_s=100.0)
    return store, kept


@pytest.mark.parametrize("code", [ReedSolomon(6, 3), COPIES, ReedSolomon(4, 2)], ids=repr)
def test_files_survive_storms(code):
    """Three faults at most, of which at most n_parity = 2 or 3 empty a disk before a repair."""
    n_kept = n_repairs = 0
    for seed in range(25):
        store, kept = stormy_files(seed, code)
        client = store.client("reader")
        for name, message in kept.items():
            got = run(store, client, store.get(client, name), store.cluster.now + 20)
            if got != message:
                assert got is None, "a file came back wrong"
                assert code.n_parity < 3, f"{name} is lost in storm {seed}"
            n_kept += got == message
        n_repairs += len(store.repairs)
    assert n_kept > 100
    assert n_repairs > 25


@pytest.mark.parametrize(("code", "factor"), [(ReedSolomon(6, 3), 6), (COPIES, 1)], ids=repr)
def test_a_repair_reads_k_fragments_and_the_meter_sees_them(code, factor):
    meter = Meter()
    store = StripStore(12, code=code, heartbeat_s=50.0, patience_s=120.0, meter=meter)
    client = store.client("client")
    assert run(store, client, store.put(client, "file", bytes(6000)), 1.0)
    n = 6000 // code.n_data
    stored = sum(
        row.nbytes
        for s in store.servers
        for row in s.disk.values()
        if row is not None and not isinstance(row, float)
    )
    assert stored == n * (code.n_data + code.n_parity)
    assert stored <= meter.sent_bytes < stored + 1500
    store.lose_disk(store.holders("file")[0])
    before = meter.sent_bytes
    store.cluster.run(until_s=400.0)
    assert [(r.index, r.read_bytes) for r in store.repairs] == [(0, factor * n)]
    assert factor * n <= meter.sent_bytes - before < factor * n + 2500  # and heartbeats
    assert run(store, client, store.get(client, "file"), 450.0) == bytes(6000)


def test_too_many_lost_disks_lose_the_file_and_say_so():
    store = StripStore(9, code=ReedSolomon(6, 3))
    client = store.client("client")
    run(store, client, store.put(client, "file", b"x" * 100), 1.0)
    for server in list(store.holders("file").values())[:4]:
        store.lose_disk(server)
        store.restart(server)
    assert run(store, client, store.get(client, "file", attempts=2), 60.0) is None
    assert run(store, client, store.get(client, "other", attempts=2), 120.0) is None


def test_a_name_is_written_once():
    store = StripStore(3)
    client = store.client("client")
    assert run(store, client, store.put(client, "file", b"one"), 1.0)
    assert not run(store, client, store.put(client, "file", b"two"), 2.0)
    assert run(store, client, store.get(client, "file"), 3.0) == b"one"


def test_a_disk_that_was_emptied_before_the_file_was_known_is_found_out():
    store = StripStore(3)
    client = store.client("client")

    def empty_one():
        store.lose_disk(0)
        store.restart(0)

    store.cluster.at(0.0018, empty_one)  # stored, and the commit is under way
    assert run(store, client, store.put(client, "file", b"one"), 20.0)
    for server in (1, 2):
        store.servers[server].crash()
    assert run(store, client, store.get(client, "file"), 40.0) == b"one"


# --- Contracts -----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run():
    (one, kept), (two, again) = stormy_appends(7), stormy_appends(7)
    assert one.leases == two.leases
    assert kept == again


def test_wrong_arguments_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="n_servers must be between 3 and"):
        ChunkStore(2)
    with pytest.raises(ValueError, match="hold_from must be 'request' or 'reply'"):
        ChunkStore(3, hold_from="grant")
    with pytest.raises(ValueError, match="patience_s must be longer than heartbeat_s = 3"):
        ChunkStore(3, patience_s=2.0)
    with pytest.raises(ValueError, match="n_servers must be between 9 and"):
        StripStore(8, code=ReedSolomon(6, 3))
    with pytest.raises(TypeError, match="code must be a ReedSolomon"):
        StripStore(9, code=3)
    with pytest.raises(ValueError, match="name must be one of a file that was put"):
        StripStore(3).holders("file")
    with pytest.raises(ValueError, match="chunk must be"):
        ChunkStore(3).holders(0)
    with pytest.raises(TypeError, match="leases must be a sequence of Lease"):
        two_primaries([1])
    store = ChunkStore(3, chunk_bytes=10)
    client = store.client("client")
    with pytest.raises(ValueError, match="bytes of a record must be between 1 and a chunk = 10"):
        client.start(store.append(client, "log", b"x" * 11))
    assert math.isclose(store.hold_s, safe_hold_s(10.0, 0.01))
