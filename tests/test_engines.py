"""Real engines: what the committed run says, the servers' end whatever happens, the engines."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import engines
from benchmarks.engines import log
from benchmarks.engines.servers import HOST, Servers, bounded, installed
from benchmarks.harness import RESULTS
from tools import setup

PATIENCE_S = 20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the servers are Linux programs")
REPORT = json.loads((RESULTS / "engines.json").read_text(encoding="utf-8"))
BY_TITLE = {run["title"]: run for run in REPORT["runs"]}


# --- Facts ---------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 40)))
def test_runs_hold_the_numbers(found):
    assert log.numbers(log.runs(found)) == found
    assert len(log.runs(found)) == sum(number - 1 not in found for number in found)


def test_lost_is_what_was_acknowledged_and_not_read():
    record = {"acknowledged": [[0, 3], [7, 7]], "read": [[1, 2], [5, 7]]}
    assert log.lost(record) == [0, 3]


def test_a_loss_ends_the_run_where_none_is_allowed(capsys):
    strict, lenient = log.Log("fake", "strict", ""), log.Log("fake", "lenient", "", may_lose=True)
    strict.count(3, [0, 1], [0, 1, 2])
    assert strict.record["lost"] == 0
    with pytest.raises(RuntimeError, match=r"nothing acknowledged may be lost.*\[\[1, 1\]\]"):
        strict.count(3, [0, 1], [0, 2])
    lenient.count(3, [0, 1], [0, 2])
    assert lenient.record["lost"] == 1
    assert "acknowledged and lost: 1" in capsys.readouterr().out


# --- Contracts: the committed run ----------------------------------------------------------------


def test_the_committed_run_lost_nothing_that_was_acknowledged():
    """Recomputed from the numbers of the records, except where the settings allow a loss."""
    experiments = sum(len(engine.RUNS) for engine in engines.ENGINES.values())
    assert len(BY_TITLE) == len(REPORT["runs"]) == experiments
    assert {run["engine"] for run in REPORT["runs"]} == set(engines.ENGINES)
    for run in REPORT["runs"]:
        lost, acknowledged = log.lost(run), log.numbers(run["acknowledged"])
        assert run["lost"] == len(lost)
        assert (
            len(acknowledged) > 100 and max(acknowledged | log.numbers(run["read"])) < run["sent"]
        )
        assert run["may_lose"] == bool(lost), run["title"]
        assert run["steps"][-1]["text"].endswith(f"acknowledged and lost: {len(lost)}")
        times = [step["at_s"] for step in run["steps"]]
        assert len(times) >= 5 and times == sorted(times) and times[0] >= 0


def test_the_committed_run_says_what_chapters_say():
    """Where WAIT or a majority was asked for and not to be had, nothing was acknowledged."""
    assert BY_TITLE["the primary dies while its replicas pause"]["confirmed_by_wait"] == 0
    stream = BY_TITLE["a consumer of a stream dies"]
    assert stream["delivered_twice"] == stream["expected_twice"] > 0 == stream["pending_at_end"]
    assert stream["effects_of_list"] == stream["events"] + stream["delivered_twice"]
    assert stream["effects_of_hash"] == stream["events"]
    etcd = BY_TITLE["the leader dies among writes, then a majority"]
    assert etcd["lease"]["kept_alive_is_there"]
    assert etcd["lease"]["gone_after_s"] >= etcd["lease"]["ttl_s"] - 0.1
    assert etcd["longest_s"]["leader_killed"] > etcd["longest_s"]["usual"]
    weed = BY_TITLE["a volume server dies among writes"]
    assert weed["readable_before_repair"] == weed["files"] >= weed["short_of_copies"] > 0
    assert weed["short_after_repair"] == 0


def test_no_other_command_installs_the_engines():
    assert setup.LISTS["engines"][-1] == "requirements-engines.txt"
    others = [name for level in ("course", "peers") for name in setup.LISTS[level]]
    assert not any("engines" in name for name in [*others, setup.COMPILED])


# --- Contracts: no server is left ----------------------------------------------------------------

# A server with a child in its group; both end only when they are killed.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal, time; "
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"])
print("up", flush=True)
time.sleep(60)
"""
SLEEPS = "import time; time.sleep(60)"


def python(code):
    return sys.executable, "-S", "-c", code


def group(leader):
    """The processes of a group that have not ended."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def gone(leaders):
    """Whether the groups are empty soon: the killed take a moment to die."""
    return until(lambda: not any(map(group, leaders)))


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@on_linux
def test_an_error_ends_servers_that_do_not_want_to(monkeypatch):
    monkeypatch.setattr(Servers, "patience_s", 0.3)
    with pytest.raises(ZeroDivisionError), Servers() as servers:
        folder = servers.folder
        servers.start("one", *python(STUBBORN))
        servers.start("two", *python(STUBBORN))
        for name in ("one", "two"):
            servers.wait_for("both say so", lambda name=name: servers.last_words(name) == "up\nup")
        assert [len(group(leader)) for leader in servers.started] == [2, 2]
        servers.kill_later("one", 60)
        1 / 0  # noqa: B018
    assert gone(servers.started)
    assert not folder.exists()


@on_linux
def test_polite_servers_are_asked_and_not_killed():
    with Servers() as servers:
        code = "import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print(1, flush=True)"
        servers.start("polite", *python(f"{code}; signal.pause()"))
        servers.wait_for("it is up", lambda: servers.last_words("polite"))
        process = servers.running["polite"]
    assert process.returncode == 3


@on_linux
def test_a_server_that_ends_at_once_says_why():
    with Servers() as servers:
        servers.start("broken", *python("raise SystemExit('no such port')"))
        with pytest.raises(RuntimeError, match="broken must run; it ended: no such port"):
            servers.wait_for("an answer", lambda: False)
        servers.running.clear()
        servers.start("other", *python("pass"))
        with pytest.raises(RuntimeError, match="must end with 1; it ended with 0"):
            servers.finish("other", 1)


@on_linux
def test_waiting_is_bounded():
    with Servers() as servers:
        servers.start("silent", *python(SLEEPS))
        with pytest.raises(TimeoutError, match=r"an answer: must be within 0.2 s.*refused"):
            servers.wait_for("an answer", refused, 0.2)
        with pytest.raises(SystemExit, match=r"done within 0\.2 s"), bounded(0.2):
            servers.wait_for("an answer", refused)
    assert gone(servers.started)


def refused():
    raise ConnectionError("refused")


@on_linux
def test_servers_listen_on_this_machine_only():
    listens = "import socket, time; s = socket.create_server(({!r}, 0)); print(1, flush=True); "
    with Servers() as servers:
        for name, address in {"good": HOST, "other": "127.0.0.2"}.items():
            servers.start(name, *python(listens.format(address) + "time.sleep(60)"))
            servers.wait_for("it listens", lambda name=name: servers.last_words(name))
            if name == "good":
                servers.loopback_only()
        with pytest.raises(RuntimeError, match=r"must listen on 127.0.0.1 only.*127.0.0.2"):
            servers.loopback_only()


@on_linux
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_command_ends_its_servers(how):
    code = f"""
import sys, time
from benchmarks.engines.servers import Servers, bounded
with bounded(60), Servers() as servers:
    servers.start("server", sys.executable, "-S", "-c", {SLEEPS!r})
    print(servers.started[0], flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        leader = int(process.stdout.readline())
        assert group(leader) == [leader]
        process.send_signal(how)
        assert process.wait(PATIENCE_S) != 0
    assert gone([leader])


# --- The engines themselves ----------------------------------------------------------------------


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "experiment"),
    [
        pytest.param(engine, experiment, id=f"{name}-{experiment.__name__}")
        for name, engine in engines.ENGINES.items()
        for experiment in engine.RUNS
    ],
)
def test_an_engine_loses_nothing_acknowledged_and_is_stopped(engine, experiment):
    if not installed(engine.PACKAGE):
        pytest.skip(f"{engine.PACKAGE} is not installed; `make engines` installs it")
    with bounded(engines.DEADLINE_S), Servers() as servers:
        run = experiment(servers, 0.25)
    assert run["may_lose"] == bool(log.lost(run))
    assert len(log.numbers(run["acknowledged"])) >= 50
    assert servers.started and gone(servers.started)
    assert not servers.folder.exists()
