"""The simulated cluster: processes, failures, order, luck, and what is counted."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from course_lib.cost import Blob, Cluster, Machine, Meter, Signal, Span, simulate_queue
from tests.chance import assert_frequency, assert_mean

seconds = st.one_of(st.floats(0, 100), st.integers(0, 5).map(float))  # the second kind has ties
lists = st.lists(st.tuples(seconds, seconds), min_size=1, max_size=30)


def exponential(rng, _source, _target):
    return rng.exponential(1.0)


class Odd(str):
    """A name that sets and dicts keep in another order."""

    salt = 1

    def __hash__(self):
        return hash(sum(self.encode()) * self.salt % 1009)


def chatter(seed, *, name=str, crashes=(), cuts=(), turns=4, **network):
    """Three machines that ask and tell each other numbered things; who got what; the cluster."""
    kind = {"latency_s": exponential, "meter": Meter(), "trace": True, "rng": seed}
    cluster, got, number = Cluster(**kind | network), [], itertools.count()

    def serve(machine, source, message):
        got.append((cluster.now, source, machine.name, message))
        if message[1] % 3:
            return "at once"

        def later():
            yield machine.work(machine.rng.random(), "reply")
            return "later"

        return later()

    def talk(machine):
        i = names.index(machine.name)
        other, third = names[i - 1], names[i - 2]
        for _ in range(turns):
            size = Blob(int(machine.rng.integers(50)))
            yield machine.ask(other, ("ask", next(number), size), timeout_s=4.0)
            machine.send(third, ("tell", next(number)))
            yield machine.sleep(machine.rng.random())

    machines = [cluster.machine(name(letter), serve) for letter in "abc"]
    names = list(cluster.machines)
    for machine in machines:
        machine.start(talk(machine))
    for time_s, i in crashes:
        cluster.at(time_s, machines[i].crash)
        cluster.at(time_s + 1.5, machines[i].restart, lambda machine: machine.start(talk(machine)))
    for time_s, i in cuts:
        cluster.at(time_s, cluster.cut, names[i], {*names} - {names[i]})
        cluster.at(time_s + 2.0, cluster.heal)
    cluster.run()
    return cluster, got


def longest_chain(deliveries):
    """Messages in the longest chain, each sent where and after the one before had arrived."""
    chain = []
    for sent in deliveries:
        before = [
            n
            for n, d in zip(chain, deliveries, strict=False)
            if d.target == sent.source and d.arrived_s <= sent.sent_s
        ]
        chain.append(1 + max(before, default=0))
    return max(chain, default=0)


def run_alone(generator, machine):
    """The result of a process that runs until nothing is left to happen."""
    process = machine.start(generator)
    machine.cluster.run()
    return process.result


# --- Facts: true of every run ----------------------------------------------------------------

runs = given(
    seed=st.integers(0, 1000),
    crashes=st.lists(st.tuples(st.floats(0, 9), st.integers(0, 2)), max_size=3),
    cuts=st.lists(st.tuples(st.floats(0, 9), st.integers(0, 2)), max_size=2),
    loss=st.sampled_from([0.0, 0.2]),
    ordered=st.booleans(),
    bytes_per_s=st.sampled_from([math.inf, 100.0]),
)
fewer = settings(max_examples=50)


@runs
@fewer
def test_a_message_arrives_at_most_once_and_none_comes_from_nowhere(**scene):
    cluster, got = chatter(**scene)
    sent = cluster.deliveries
    assert {d.fate for d in sent} <= {"arrived", "lost", "cut", "crashed"}
    assert all((d.fate == "arrived") == (d.arrived_s < math.inf) for d in sent)
    arrived = [
        (d.arrived_s, d.source, d.target, d.message)
        for d in sent
        if d.fate == "arrived" and isinstance(d.message, tuple)
    ]
    assert sorted(got, key=str) == sorted(arrived, key=str)
    assert len(set(got)) == len(got), "each has a number of its own"


@runs
@fewer
def test_time_never_goes_back_and_nothing_is_faster_than_its_link(**scene):
    cluster, got = chatter(**scene)
    times = [entry[0] for entry in got]
    assert times == sorted(times) and (not times or times[-1] <= cluster.now)
    for d in cluster.deliveries:
        assert d.arrived_s >= d.sent_s + d.nbytes / scene["bytes_per_s"]
    for name in "abc":  # one message at a time leaves the port in
        to_it = [d for d in cluster.deliveries if d.target == name and d.fate == "arrived"]
        to_it.sort(key=lambda d: d.arrived_s)
        for one, other in itertools.pairwise(to_it):
            busy_s = other.nbytes / scene["bytes_per_s"]
            assert other.arrived_s - one.arrived_s >= busy_s - 1e-9


@runs
@fewer
def test_the_meter_is_the_trace(**scene):
    cluster, _ = chatter(**scene | {"ordered": False})  # ordered mail comes at equal times
    sent = cluster.deliveries
    assert cluster.meter == Meter(
        messages=len(sent),
        sent_bytes=sum(d.nbytes for d in sent),
        rounds=longest_chain(sent),
    )


@runs
@fewer
def test_ordered_links_never_overtake(**scene):
    cluster, _ = chatter(**scene | {"ordered": True})
    last = {}
    for d in cluster.deliveries:  # in the order of sending
        if d.fate == "arrived":
            assert d.arrived_s >= last.get((d.source, d.target), 0.0)
            last[d.source, d.target] = d.arrived_s


@pytest.mark.parametrize("ordered", [True, False])
def test_who_comes_first_of_two_depends_on_the_order_of_links(ordered):
    cluster, got, latencies = Cluster(ordered=ordered), [], iter([5.0, 1.0])
    cluster.latency_s = lambda *_: next(latencies)
    machine = cluster.machine("a")
    cluster.machine("b", lambda _machine, _source, message: got.append((message, cluster.now)))
    machine.send("b", "first")
    machine.send("b", "second")
    cluster.run()
    late = [("first", 5.0), ("second", 5.0)]
    assert got == (late if ordered else [("second", 1.0), ("first", 5.0)])


@given(lists, st.integers(1, 4))
def test_a_machine_is_a_queue_to_the_last_digit(times, servers):
    gaps, need = np.array(times).T
    served = simulate_queue(gaps, need, servers=servers)
    cluster = Cluster()
    machine = cluster.machine("m", slots=servers)
    ends = np.empty(len(need))

    def job(i):
        yield machine.work(need[i], str(i))
        ends[i] = cluster.now

    for i, arrival in enumerate(served.arrival_s):
        cluster.at(arrival, machine.start, job(i))
    cluster.run()
    assert_array_equal(ends, served.departure_s)
    spans = sorted(cluster.spans, key=lambda span: int(span.label))
    assert_array_equal([span.start_s for span in spans], served.start_s)


# --- Facts: the same run again ---------------------------------------------------------------

SCENE = {"crashes": [(2.0, 1), (7.0, 2)], "cuts": [(5.0, 0)], "loss": 0.1, "bytes_per_s": 100.0}


def test_same_seed_same_run():
    runs = [chatter(seed, **SCENE) for seed in (3, 3, 4)]
    traces = [(cluster.deliveries, cluster.spans, got, cluster.now) for cluster, got in runs]
    assert traces[0] == traces[1] and traces[0] != traces[2]
    assert {d.fate for d in traces[0][0]} == {"arrived", "lost", "cut", "crashed"}


def test_the_run_does_not_depend_on_the_order_of_sets(monkeypatch):
    orders, traces = set(), []
    for salt in (1, 37, 500):
        monkeypatch.setattr(Odd, "salt", salt)
        orders.add(tuple(set(map(Odd, "abc"))))
        traces.append(chatter(3, name=Odd, **SCENE)[0].deliveries)
    assert len(orders) > 1
    assert traces[0] == traces[1] == traces[2] == chatter(3, **SCENE)[0].deliveries


def test_a_generator_is_a_seed_too():
    first, second = (chatter(np.random.default_rng(5))[0].deliveries for _ in range(2))
    assert first == second == chatter(5)[0].deliveries


def test_a_machine_draws_the_same_whatever_is_sent():
    def draws(busy):
        cluster = Cluster(latency_s=exponential, loss=0.1)
        a, b = cluster.machine("a"), cluster.machine("b")
        for _ in range(busy):
            a.send("b", a.rng.random())
            b.send("a", None)
        return b.rng.random(3).tolist()

    assert draws(0) == draws(7)


def test_losing_some_messages_leaves_the_latencies_of_the_others():
    def latencies(loss):
        cluster = Cluster(latency_s=exponential, loss=loss, trace=True)
        a, _ = cluster.machine("a"), cluster.machine("b")
        for _ in range(50):
            a.send("b", None)
        cluster.run()
        return np.array([d.arrived_s for d in cluster.deliveries])

    few, many = latencies(0.1), latencies(0.5)
    assert np.isfinite(many).sum() < np.isfinite(few).sum() < 50
    assert_array_equal(many[np.isfinite(many)], few[np.isfinite(many)])


# --- Facts: what a crash does ----------------------------------------------------------------


def test_a_crash_empties_memory_keeps_the_disk_and_tells_nobody():
    cluster, answers = Cluster(), []
    server = cluster.machine(
        "s", lambda machine, _, key: (machine.memory.get(key), machine.disk[key])
    )
    client = cluster.machine("c")
    server.memory["x"] = server.disk["x"] = 1

    def ask():
        for _ in range(3):
            answers.append((yield client.ask("s", "x", timeout_s=1.0)))

    client.start(ask())
    cluster.at(0.0009, server.crash)
    cluster.at(1.0009, server.restart)
    cluster.run()
    assert answers == [(1, 1), None, (None, 1)]
    assert cluster.now == pytest.approx(1.002)


def test_a_process_of_a_crashed_machine_never_returns_nor_cleans_up():
    cluster, marks = Cluster(), []
    machine, other = cluster.machine("m"), cluster.machine("o")

    def work():
        try:
            yield machine.work(2.0, "long")
            marks.append("worked")
        finally:
            machine.disk["clean"] = True

    def wait(process):
        marks.append("waits")
        yield process
        marks.append("told")

    process = machine.start(work())
    other.start(wait(process))
    cluster.at(1.0, machine.crash)
    cluster.at(1.5, machine.restart)
    cluster.at(5.0, lambda: other.start(wait(process)))
    cluster.run()
    assert marks == ["waits", "waits"]
    assert machine.disk == {} and machine.alive
    assert (process.fate, process.result) == ("crashed", None)
    assert cluster.spans == [Span("m", "long", 0.0, 1.0, "crashed")]


def test_a_machine_that_comes_back_has_a_free_processor_and_no_mail():
    cluster, got = Cluster(latency_s=1.0), []
    machine, other = cluster.machine("m"), cluster.machine("o")

    def work(label):
        yield machine.work(10.0, label)

    def read():
        got.append((yield machine.receive(timeout_s=5.0)))

    def boot(machine):
        machine.disk["booted"] = cluster.now
        machine.start(work("after"))
        machine.start(read())

    machine.start(work("before"))
    machine.start(work("waiting"))
    other.send("m", "old mail")
    cluster.at(2.0, machine.crash)
    cluster.at(2.5, machine.crash)  # dead already
    cluster.at(3.0, machine.restart, boot)
    cluster.at(3.5, machine.restart, boot)  # alive already
    cluster.run()
    assert got == [None] and machine.disk == {"booted": 3.0}
    assert [(s.label, s.start_s, s.end_s, s.fate) for s in cluster.spans] == [
        ("before", 0.0, 2.0, "crashed"),
        ("after", 3.0, 13.0, "done"),
    ]


@pytest.mark.parametrize(
    ("who", "crash_s", "fate"),
    [
        ("a", 0.9, "crashed"),  # a part of it has not left
        ("a", 1.0, "arrived"),  # all of it has left
        ("b", 4.9, "arrived"),  # and back before the first byte came
        ("b", 5.5, "crashed"),  # in the middle of it, however soon it comes back
        ("b", 6.1, "arrived"),
    ],
)
def test_a_crash_loses_what_has_not_left_or_not_arrived(who, crash_s, fate):
    cluster = Cluster(latency_s=5.0, bytes_per_s=1.0, trace=True)
    a, _ = cluster.machine("a"), cluster.machine("b")
    a.send("b", Blob(1))
    cluster.at(crash_s, cluster.machines[who].crash)
    cluster.at(crash_s + 0.05, cluster.machines[who].restart)
    cluster.run()
    assert cluster.deliveries[0].fate == fate


def test_a_dead_machine_does_nothing():
    cluster = Cluster(meter=Meter())
    machine, _ = cluster.machine("m"), cluster.machine("o")

    def job():
        machine.disk["ran"] = True
        yield machine.sleep(1.0)

    machine.crash()
    process = machine.start(job())
    machine.send("o", "ghost")
    cluster.run()
    assert process.fate == "crashed" and machine.disk == {} and cluster.meter == Meter()
    assert repr(machine) == "Machine('m', dead)"


def test_a_process_may_crash_its_own_machine():
    cluster = Cluster(meter=Meter())
    machine, _ = cluster.machine("m"), cluster.machine("o")

    def suicide():
        machine.crash()
        machine.send("o", "ghost")
        yield machine.sleep(1.0)
        machine.disk["ghost"] = True

    process = machine.start(suicide())
    cluster.run()
    assert process.fate == "crashed" and machine.disk == {} and cluster.meter.messages == 0


# --- Facts: what processes wait for -----------------------------------------------------------


def test_a_timeout_after_the_answer_does_not_move_the_clock():
    cluster = Cluster(latency_s=1.0)
    cluster.machine("s", lambda *_: "yes")
    client = cluster.machine("c")

    def ask():
        return (yield client.ask("s", "?", timeout_s=60.0))

    assert run_alone(ask(), client) == "yes" and cluster.now == 2.0


def test_the_first_two_of_three():
    far = {"x": 1.0, "y": 3.0, "z": 2.0, "client": 0.0}
    cluster = Cluster(latency_s=lambda _rng, source, target: far[source] + far[target])
    for name in "xyz":
        cluster.machine(name, lambda machine, _source, _message: machine.name.upper())
    client = cluster.machine("client")

    def ask(**kind):
        replies = yield client.ask_all("xyz", "?", **kind)
        return list(replies.items()), cluster.now

    assert run_alone(ask(need=2), client) == ([("x", "X"), ("z", "Z")], 4.0)
    # The third reply to the first question, at 6 s, is no reply to the next ones.
    assert run_alone(ask(need=2, timeout_s=1.5), client) == ([], 7.5)
    assert run_alone(ask(timeout_s=3.0), client) == ([("x", "X")], 15.0)
    assert run_alone(ask(need=0), client)[0] == []


def test_a_reply_may_take_work_and_questions_of_its_own():
    cluster = Cluster(latency_s=1.0, meter=Meter())
    cluster.machine("leaf", lambda _machine, _source, x: 2 * x)

    def serve(machine, _source, x):
        yield machine.work(3.0)
        return 1 + (yield machine.ask("leaf", x))

    cluster.machine("middle", serve, speed=2.0)
    client = cluster.machine("client")

    def ask():
        return (yield client.ask("middle", 5))

    assert run_alone(ask(), client) == 11
    assert cluster.now == 4 * 1.0 + 3.0 / 2
    assert cluster.meter == Meter(messages=4, sent_bytes=32, rounds=4)


def test_a_cut_loses_what_is_sent_and_what_is_on_the_wire_until_it_heals():
    cluster = Cluster(latency_s=1.0, trace=True)
    for name in ("east", "west", "center"):
        cluster.machine(name)
    east = cluster.machines["east"]
    for time_s in (0.0, 0.5, 1.5, 2.5, 3.0):
        cluster.at(time_s, east.send, "west", None)
        cluster.at(time_s, east.send, "center", None)
    cluster.at(1.2, cluster.cut, "west", ["east"])
    cluster.at(3.0, cluster.heal)
    cluster.run()
    fates = {
        name: [d.fate for d in cluster.deliveries if d.target == name] for name in cluster.machines
    }
    assert fates["center"] == ["arrived"] * 5
    assert fates["west"] == ["arrived", "cut", "cut", "cut", "cut"]


def test_mail_is_kept_by_sender_until_somebody_reads_it():
    cluster = Cluster(latency_s=lambda _rng, source, _target: {"a": 1.0, "b": 2.0}[source])
    machines = [cluster.machine(name) for name in "abm"]
    reader = machines[2]

    def read():
        got = [(yield reader.receive("b")), cluster.now]
        return [*got, (yield reader.receive()), cluster.now, (yield reader.receive(timeout_s=5.0))]

    for machine in machines[:2]:
        machine.send("m", machine.name)
    assert run_alone(read(), reader) == [("b", "b"), 2.0, ("a", "a"), 2.0, None]
    assert cluster.now == 7.0


def test_two_readers_get_what_they_wait_for():
    cluster, got = Cluster(latency_s=1.0), []
    a, b, machine = (cluster.machine(name) for name in "abm")

    def read(source, timeout_s):
        got.append((source, (yield machine.receive(source, timeout_s=timeout_s))))

    for source, timeout_s in ((None, 0.5), ("b", 9.0), (None, 9.0)):
        machine.start(read(source, timeout_s))
    a.send("m", 1)
    b.send("m", 2)
    cluster.run()
    assert got == [(None, None), (None, ("a", 1)), ("b", ("b", 2))]


def test_cancel_frees_the_processor_and_wakes_who_waits():
    cluster, marks = Cluster(), []
    machine = cluster.machine("m")

    def work(seconds, label):
        try:
            yield machine.work(seconds, label)
        finally:
            marks.append((label, cluster.now))

    def wait(process):
        marks.append(((yield process), cluster.now))

    long, waiting, short = (
        machine.start(work(*job)) for job in ((100.0, "long"), (9.0, "waiting"), (1.0, "short"))
    )
    machine.start(wait(long))
    cluster.at(4.0, waiting.cancel)
    cluster.at(5.0, long.cancel)
    cluster.at(7.0, long.cancel)  # over already
    cluster.run()
    assert marks == [("waiting", 4.0), ("long", 5.0), (None, 5.0), ("short", 6.0)]
    assert [(s.label, s.start_s, s.end_s, s.fate) for s in cluster.spans] == [
        ("long", 0.0, 5.0, "cancelled"),
        ("short", 5.0, 6.0, "done"),
    ]
    assert (short.fate, long.fate, waiting.fate) == ("done", "cancelled", "cancelled")
    assert cluster.now == 7.0


def test_a_signal_wakes_all_who_wait_in_their_order():
    cluster, signal, marks = Cluster(), Signal(), []
    machine = cluster.machine("m")

    def wait(name):
        marks.append((name, (yield signal), cluster.now))

    for name in "xy":
        machine.start(wait(name))
    cluster.at(1.0, signal.fire, "go")
    cluster.at(2.0, machine.start, wait("late"))
    cluster.run()
    assert marks == [("x", "go", 1.0), ("y", "go", 1.0)]


def test_run_until_a_time_and_further():
    cluster, marks = Cluster(), []
    machine = cluster.machine("m")

    def beat():
        while True:
            yield machine.sleep(1.0)
            marks.append(cluster.now)

    machine.start(beat())
    cluster.run(2.5)
    assert marks == [1.0, 2.0] and cluster.now == 2.5
    cluster.after(0.25, marks.append, "planned")
    cluster.run(3.0)
    assert marks == [1.0, 2.0, "planned", 3.0] and cluster.now == 3.0


def test_a_message_is_what_it_was_when_it_was_sent():
    cluster, got = Cluster(), []
    machine = cluster.machine("m")
    cluster.machine("s", lambda _machine, _source, message: got.append(message))
    numbers, names = np.zeros(2), ["old"]
    machine.send("s", (numbers, {"names": names}))
    numbers += 1
    names.append("new")
    cluster.run()
    assert_array_equal(got[0][0], [0, 0])
    assert got[0][1] == {"names": ["old"]}


def test_a_message_to_oneself_takes_no_time_and_is_not_counted():
    cluster = Cluster(latency_s=1.0, loss=0.9, meter=Meter(), trace=True)
    machine = cluster.machine("m", lambda _machine, source, message: (source, message))

    def ask():
        return (yield machine.ask_all(["m"], 7))

    assert run_alone(ask(), machine) == {"m": ("m", 7)}
    assert (cluster.now, cluster.deliveries, cluster.meter) == (0.0, [], Meter())


def test_rounds_follow_causes_through_memory_and_from_where_the_meter_was_reset():
    """A machine that sends when it has heard of all others continues the longest chain."""
    cluster = Cluster(latency_s=lambda _rng, source, _target: {"slow": 9.0}.get(source, 1.0))
    cluster.meter = Meter()

    def count(machine, _source, _message):
        machine.memory["heard"] = machine.memory.get("heard", 0) + 1
        if machine.memory["heard"] == 2:
            machine.send("end", "both")

    cluster.machine("gather", count)
    cluster.machine("end", lambda *_: None)
    cluster.machine("relay", lambda machine, _source, message: machine.send("gather", message))
    slow, first = cluster.machine("slow"), cluster.machine("first")
    first.send("relay", 1)  # 2 messages to the gatherer, there at 2 s
    slow.send("gather", 1)  # 1 message, there at 9 s
    cluster.run()
    assert cluster.meter.rounds == 3
    cluster.meter.reset()
    cluster.machines["end"].send("relay", 1)
    cluster.run()
    assert (cluster.meter.messages, cluster.meter.rounds) == (2, 2)


# --- Theorems: chances of a false alarm as in tests/chance.py ----------------------------------


def test_losses_and_retries():
    """A question and its reply survive with chance (1 - q)^2; tries are geometric."""
    loss, n = 0.3, 2000
    cluster = Cluster(loss=loss, rng=1)
    cluster.machine("s", lambda *_: True)
    client, tries = cluster.machine("c"), []

    def ask():
        for _ in range(n):
            tries.append(1)
            while (yield client.ask("s", None, timeout_s=1.0)) is None:
                tries[-1] += 1

    run_alone(ask(), client)
    assert_mean(tries, 1 / (1 - loss) ** 2)
    assert_frequency(sum(t == 1 for t in tries), n, (1 - loss) ** 2)


def test_timeouts_of_exponential_journeys():
    """Both ways take a sum of two exponential times: in time with chance 1 - (1 + t) exp(-t)."""
    n, t = 3000, 2.0
    cluster = Cluster(latency_s=exponential, rng=2)
    cluster.machine("s", lambda *_: True)
    client = cluster.machine("c")

    def ask():
        hits = 0
        for _ in range(n):
            hits += (yield client.ask("s", None, timeout_s=t)) is not None
            yield client.sleep(100.0)
        return hits

    assert_frequency(run_alone(ask(), client), n, 1 - (1 + t) * math.exp(-t))


def test_waiting_for_some_of_many():
    """The k-th of n exponential times has mean 1/n + 1/(n - 1) + ... + 1/(n - k + 1)."""
    n, k, runs = 5, 3, 1500
    cluster = Cluster(latency_s=lambda rng, s, _t: rng.exponential(1.0) if s == "c" else 0.0, rng=3)
    for i in range(n):
        cluster.machine(i, lambda *_: True)
    client = cluster.machine("c")

    def ask():
        waits = []
        for _ in range(runs):
            begin = cluster.now
            yield client.ask_all(range(n), None, need=k)
            waits.append(cluster.now - begin)
            yield client.sleep(100.0)
        return waits

    assert_mean(run_alone(ask(), client), sum(1 / i for i in range(n - k + 1, n + 1)))


@pytest.mark.parametrize(("n", "w", "r"), [(5, 2, 2), (3, 1, 1), (3, 2, 2)])
def test_stale_reads_of_small_quorums(n, w, r):
    """W copies written, the R fastest of N read: all old with chance C(N-W, R) / C(N, R)."""
    trials = 1000

    def serve(machine, _source, version):
        machine.disk["x"] = max(version, machine.disk.get("x", 0))
        return machine.disk["x"]

    cluster = Cluster(latency_s=exponential, rng=4)
    for i in range(n):
        cluster.machine(i, serve)
    client = cluster.machine("c")

    def life():
        stale = 0
        for version in range(1, trials + 1):
            yield client.ask_all(range(w), version)
            replies = yield client.ask_all(range(n), 0, need=r)
            stale += max(replies.values()) < version
            yield client.sleep(100.0)
        return stale

    assert_frequency(run_alone(life(), client), trials, math.comb(n - w, r) / math.comb(n, r))


# --- Contracts: refusals in words --------------------------------------------------------------


def on_two_machines():
    cluster = Cluster()
    return cluster, cluster.machine("a"), cluster.machine("b", lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"latency_s": -1.0}, ValueError, r"latency_s must lie in \[0, inf\)"),
        ({"bytes_per_s": 0}, ValueError, "bytes_per_s must lie in"),
        ({"overhead_s": math.nan}, ValueError, "overhead_s must lie in"),
        ({"loss": 1.5}, ValueError, "loss must lie in"),
        ({"rng": "seed"}, TypeError, "rng must be a seed"),
        ({"meter": Meter}, TypeError, "meter must be a Meter or None"),
    ],
)
def test_networks_that_are_none(arguments, error, words):
    with pytest.raises(error, match=words):
        Cluster(**arguments)


@pytest.mark.parametrize(
    ("action", "error", "words"),
    [
        (lambda c, a, b: c.machine("a"), ValueError, "name must be new and not None; got 'a'"),
        (lambda c, a, b: c.machine("x", 3), TypeError, "serve must be a function"),
        (lambda c, a, b: c.machine("x", slots=0), ValueError, "slots must be at least 1"),
        (lambda c, a, b: c.machine("x", speed=0), ValueError, "speed must lie in"),
        (lambda c, a, b: c.at(-1.0, a.crash), ValueError, "time_s must lie in"),
        (lambda c, a, b: c.at(math.inf, a.crash), ValueError, "time_s must lie in"),
        (lambda c, a, b: c.at(1.0, a.crash()), TypeError, "function must be one that can"),
        (lambda c, a, b: c.after(-1.0, a.crash), ValueError, "seconds must lie in"),
        (lambda c, a, b: c.run(math.nan), ValueError, "until_s must lie in"),
        (lambda c, a, b: c.cut("a", "east"), ValueError, "must be named; got 'east'"),
        (lambda c, a, b: c.deliveries, ValueError, r"Cluster\(trace=True\)"),
        (lambda c, a, b: a.start(a.sleep), TypeError, "start takes a generator"),
        (lambda c, a, b: a.send("x", 1), ValueError, "must be named; got 'x'"),
        (lambda c, a, b: a.send(["b"], 1), ValueError, r"must be named; got \['b'\]"),
        (lambda c, a, b: a.send("b", object()), TypeError, "a message must be made of"),
        (lambda c, a, b: a.sleep(-0.5), ValueError, "seconds must lie in"),
        (lambda c, a, b: a.sleep("long"), TypeError, "seconds must be a number"),
        (lambda c, a, b: a.work(math.nan), ValueError, "seconds must lie in"),
        (lambda c, a, b: b.ask("a", 1), ValueError, "'a' has none"),
        (lambda c, a, b: a.ask("b", 1, timeout_s=-1), ValueError, "timeout_s must lie in"),
        (lambda c, a, b: a.ask_all("bb", 1), ValueError, "targets must differ"),
        (lambda c, a, b: a.ask_all("b", 1, need=2), ValueError, "the number of targets = 1"),
        (lambda c, a, b: b.receive(), ValueError, "'b' has one"),
        (lambda c, a, b: a.receive("x"), ValueError, "must be named; got 'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(action, error, words):
    with pytest.raises(error, match=words):
        action(*on_two_machines())


def yields(value):
    yield value


@pytest.mark.parametrize(
    ("wait", "error", "words"),
    [
        (lambda a, b: 3.0, TypeError, "a process must yield sleep, work, ask"),
        (lambda a, b: a.receive, TypeError, "a process must yield sleep, work, ask"),
        (lambda a, b: b.sleep(1.0), ValueError, "must wait on its own machine, 'a'"),
    ],
)
def test_waits_that_are_none(wait, error, words):
    _, a, b = on_two_machines()
    with pytest.raises(error, match=words):
        a.start(yields(wait(a, b)))


def test_a_process_cannot_cancel_itself():
    _, a, _ = on_two_machines()
    mine = []

    def suicide():
        yield a.sleep(1.0)
        mine[0].cancel()

    mine.append(a.start(suicide()))
    assert repr(mine[0]) == "Process of 'a', running"
    with pytest.raises(RuntimeError, match="cannot cancel itself"):
        a.cluster.run()


@pytest.mark.parametrize("drawn", [-1.0, math.nan, math.inf])
def test_latencies_that_are_none(drawn):
    cluster = Cluster(latency_s=lambda *_: drawn)
    a, _ = cluster.machine("a"), cluster.machine("b")
    with pytest.raises(ValueError, match="latency_s must return finite seconds"):
        a.send("b", 1)


def test_machines_are_found_by_name_in_the_order_in_which_they_were_made():
    cluster, a, b = on_two_machines()
    assert list(cluster.machines.values()) == [a, b] and isinstance(a, Machine)
