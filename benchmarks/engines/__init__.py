"""Real engines that keep several copies, one node killed: ``make engines``.

Redis, etcd and SeaweedFS run on this machine, on loopback, in a temporary folder. Numbered
records are written, a node is killed among them, and the records are read again: how many that
were acknowledged are lost? Takes a minute; writes ``results/engines.json``, whose steps chapters
print. Books and labs start nothing of this.
"""

from benchmarks.engines import etcd_servers, redis_servers, weed_servers
from benchmarks.engines.servers import Servers, bounded, installed

ENGINES = {"redis": redis_servers, "etcd": etcd_servers, "SeaweedFS": weed_servers}
DEADLINE_S = 300


def missing():
    """Return the packages of engines that are not installed."""
    return [engine.PACKAGE for engine in ENGINES.values() if not installed(engine.PACKAGE)]


def run(names, scale=1.0):
    """Run what is tried on each engine, one after another; return the records."""
    with bounded(DEADLINE_S):
        records = []
        for name in names:
            for experiment in ENGINES[name].RUNS:
                with Servers() as servers:
                    records.append(experiment(servers, scale))
        return records
