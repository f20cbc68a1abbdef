"""The network of the simulated cluster: links, ports, and collectives whose time is known exactly.

The collectives are here to test the network. Each is a generator that one machine of p runs with
its own array, and that returns the sum of all arrays.
"""

import math
from operator import attrgetter

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from course_lib.cost import Blob, Cluster, Meter

ALPHA, BETA, N = 1e-4, 1e-9, 64  # seconds a message, seconds a byte, numbers of 8 bytes
# Each message keeps both ports busy for all of its time.
ONE_PORT = {"latency_s": 0.0, "overhead_s": ALPHA, "bytes_per_s": 1 / BETA}


def ring(machine, p, x):
    i, chunks = machine.name, np.array_split(x, p)  # views: what is sent must not change later
    for step in range(2 * (p - 1)):
        machine.send((i + 1) % p, chunks[(i - step) % p])
        _, chunk = yield machine.receive((i - 1) % p)
        if step < p - 1:
            chunks[(i - step - 1) % p] += chunk
        else:
            chunks[(i - step - 1) % p][:] = chunk
    return x


def tree(machine, p, x):
    """Binomial, whole arrays: up to machine 0, then down again."""
    i = machine.name
    levels = (i & -i).bit_length() - 1 if i else (p - 1).bit_length()
    children = [i + (1 << level) for level in range(levels) if i + (1 << level) < p]
    for child in children:
        x = x + (yield machine.receive(child))[1]
    if i:
        machine.send(i & (i - 1), x)
        _, x = yield machine.receive(i & (i - 1))
    for child in reversed(children):
        machine.send(child, x)
    return x


def star(machine, p, x):
    if machine.name:
        machine.send(0, x)
        return (yield machine.receive(0))[1]
    for other in range(1, p):
        x = x + (yield machine.receive(other))[1]
    for other in range(1, p):
        machine.send(other, x)
    return x


def doubling(machine, p, x):
    for level in range(p.bit_length() - 1):
        other = machine.name ^ (1 << level)
        machine.send(other, x)
        x = x + (yield machine.receive(other))[1]
    return x


def halving(machine, p, x):
    """Recursive halving, then doubling: sums of ever smaller parts, then the parts themselves."""
    low, high, done = 0, len(x), []
    for level in reversed(range(p.bit_length() - 1)):
        other, middle = machine.name ^ (1 << level), (low + high) // 2
        upper = bool(machine.name & (1 << level))
        give, keep = (slice(low, middle), slice(middle, high))[:: 1 if upper else -1]
        machine.send(other, x[give])
        x[keep] += (yield machine.receive(other))[1]
        done.append((other, give, keep))
        low, high = keep.start, keep.stop
    for other, give, keep in reversed(done):
        machine.send(other, x[keep])
        x[give] = (yield machine.receive(other))[1]
    return x


def in_one_network(collective, p, **network):
    """Run it on p machines; return seconds, meter and what each machine has at the end."""
    cluster = Cluster(meter=Meter(), **network)
    machines = [cluster.machine(i) for i in range(p)]
    arrays = [np.arange(N, dtype=float) * (i + 1) for i in range(p)]
    work = [machine.start(collective(machine, p, arrays[i])) for i, machine in enumerate(machines)]
    cluster.run()
    return cluster.now, cluster.meter, [process.result for process in work]


# seconds for n bytes, messages, bytes sent in units of n, rounds; l is log2 of p rounded up
FORMULAS = {
    ring: lambda p, n, log: (
        2 * (p - 1) * (ALPHA + n / p * BETA), 2 * p * (p - 1), 2 * (p - 1), 2 * (p - 1)
    ),
    tree: lambda p, n, log: (2 * log * (ALPHA + n * BETA), 2 * (p - 1), 2 * (p - 1), 2 * log),
    star: lambda p, n, log: (2 * (p - 1) * (ALPHA + n * BETA), 2 * (p - 1), 2 * (p - 1), 2),
    doubling: lambda p, n, log: (log * (ALPHA + n * BETA), p * log, p * log, log),
    halving: lambda p, n, log: (
        2 * log * ALPHA + 2 * (p - 1) / p * n * BETA, 2 * p * log, 2 * (p - 1), 2 * log
    ),
}  # fmt: skip


# --- Facts: closed forms ---------------------------------------------------------------------


@pytest.mark.parametrize("collective", FORMULAS, ids=attrgetter("__name__"))
@pytest.mark.parametrize("p", [2, 4, 8, 64])
def test_collectives_cost_what_their_formulas_say(collective, p):
    seconds, meter, sums = in_one_network(collective, p, **ONE_PORT)
    expected, messages, units, rounds = FORMULAS[collective](p, 8 * N, int(math.log2(p)))
    assert_allclose(seconds, expected, rtol=1e-12)
    assert meter == Meter(messages=messages, sent_bytes=units * 8 * N, rounds=rounds)
    for total in sums:
        assert_array_equal(total, np.arange(N) * p * (p + 1) / 2)


@pytest.mark.parametrize("collective", FORMULAS, ids=attrgetter("__name__"))
@pytest.mark.parametrize("p", [2, 8, 64])
def test_only_the_star_gains_if_latency_is_on_the_wire(collective, p):
    """Messages of one port overlap on the wire; others of the five wait for each anyway."""
    seconds, _, _ = in_one_network(collective, p, latency_s=ALPHA, bytes_per_s=1 / BETA)
    expected = FORMULAS[collective](p, 8 * N, int(math.log2(p)))[0]
    if collective is star:
        expected = 2 * ALPHA + 2 * (p - 1) * 8 * N * BETA
    assert_allclose(seconds, expected, rtol=1e-12)


@pytest.mark.parametrize("p", [3, 5, 6, 7])
def test_a_binomial_tree_of_any_size(p):
    seconds, meter, sums = in_one_network(tree, p, **ONE_PORT)
    assert_allclose(seconds, FORMULAS[tree](p, 8 * N, math.ceil(math.log2(p)))[0], rtol=1e-12)
    assert meter.messages == 2 * (p - 1)
    assert_array_equal(sums[-1], np.arange(N) * p * (p + 1) / 2)


# --- Facts: links and ports --------------------------------------------------------------------


def arrivals(sends, **network):
    """When messages (time, source, target, bytes) have arrived."""
    cluster = Cluster(trace=True, **network)
    for name in "abcd":
        cluster.machine(name)
    for time_s, source, target, nbytes in sends:
        cluster.at(time_s, cluster.machines[source].send, target, Blob(nbytes))
    cluster.run()
    return [d.arrived_s for d in cluster.deliveries]


def test_a_port_sends_one_message_at_a_time():
    sends = [(0.0, "a", "b", 4), (0.0, "a", "c", 2), (8.0, "a", "d", 2)]
    assert arrivals(sends, latency_s=1.0, bytes_per_s=1.0) == [5.0, 7.0, 11.0]


def test_a_port_receives_one_message_at_a_time():
    sends = [(0.0, "a", "d", 4), (0.0, "b", "d", 2), (1.0, "c", "d", 2)]
    assert arrivals(sends, latency_s=1.0, bytes_per_s=1.0) == [5.0, 7.0, 9.0]


def test_ports_send_and_receive_at_the_same_time():
    sends = [(0.0, "a", "b", 4), (0.0, "b", "a", 4)]
    assert arrivals(sends, latency_s=1.0, bytes_per_s=1.0) == [5.0, 5.0]


def test_a_port_in_is_not_kept_free_for_what_waits_elsewhere():
    """The second message of a is planned first, but its first byte comes last, at 101 s."""
    sends = [(0.0, "a", "b", 100), (0.0, "a", "d", 3), (1.0, "c", "d", 2)]
    assert arrivals(sends, latency_s=1.0, bytes_per_s=1.0) == [101.0, 104.0, 4.0]


def test_the_overhead_keeps_a_port_busy_without_any_bytes():
    sends = [(0.0, "a", "b", 0), (0.0, "a", "b", 0)]
    assert arrivals(sends, latency_s=1.0, overhead_s=0.5) == [1.5, 2.0]


def test_a_port_is_free_after_a_crash():
    cluster = Cluster(latency_s=1.0, bytes_per_s=1.0, trace=True)
    a, b = cluster.machine("a"), cluster.machine("b")
    a.send("b", Blob(10))
    cluster.at(5.0, b.crash)
    cluster.at(5.0, b.restart)
    cluster.at(6.0, a.crash)
    cluster.at(6.0, a.restart)
    cluster.at(6.0, a.send, "b", Blob(1))
    cluster.run()
    assert [d.arrived_s for d in cluster.deliveries] == [math.inf, 8.0]
