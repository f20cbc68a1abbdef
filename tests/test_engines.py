"""Real engines: what the committed run says, the servers' end whatever happens, the engines."""

import contextlib
import json
import os
import pathlib
import shutil
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
from tools import setup

PATIENCE_S = 20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the servers are Linux programs")
RESULTS = pathlib.Path(engines.__file__).parents[1] / "results"
REPORT = json.loads((RESULTS / "engines.json").read_text(encoding="utf-8"))


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


# --- Contracts: the committed run, and a run now -------------------------------------------------


def expect_sound(run):
    """What is lost is recomputed from the numbers of the records, and is nothing unless allowed."""
    lost, acknowledged = log.lost(run), log.numbers(run["acknowledged"])
    assert run["lost"] == len(lost)
    assert len(acknowledged) >= 50 and max(acknowledged | log.numbers(run["read"])) < run["sent"]
    assert run["may_lose"] == bool(lost), run["title"]
    assert run["steps"][-1]["text"].endswith(f"acknowledged and lost: {len(lost)}")
    times = [step["at_s"] for step in run["steps"]]
    assert len(times) >= 5 and times == sorted(times) and times[0] >= 0
    FIGURES[run["title"]](run)


def expect_read_from_both(run):
    assert run["read_from_other"] >= len(log.numbers(run["acknowledged"]))


def expect_no_confirmation(run):
    assert run["confirmed_by_wait"] == 0


def expect_once_more(run):
    assert run["delivered_twice"] == run["expected_twice"] > 0 == run["pending_at_end"]
    assert run["effects_of_list"] == run["events"] + run["delivered_twice"]
    assert run["effects_of_hash"] == run["events"]


def expect_a_pause_and_a_lease(run):
    assert run["lease"]["kept_alive_is_there"]
    assert run["lease"]["gone_after_s"] >= run["lease"]["ttl_s"] - 0.1
    assert run["longest_s"]["leader_killed"] > run["longest_s"]["usual"]
    assert min(run["refused"].values()) > 0


def expect_other_copies(run):
    assert run["readable_before_repair"] == run["files"] >= run["short_of_copies"] > 0
    assert run["short_after_repair"] == 0


FIGURES = {
    "the primary dies among writes": expect_read_from_both,
    "the primary dies while its replicas pause": expect_no_confirmation,
    "a consumer of a stream dies": expect_once_more,
    "the leader dies among writes, then a majority": expect_a_pause_and_a_lease,
    "a volume server dies among writes": expect_other_copies,
}


def test_the_committed_run_has_every_experiment_once():
    assert sorted(run["title"] for run in REPORT["runs"]) == sorted(FIGURES)
    assert sum(len(engine.RUNS) for engine in engines.ENGINES.values()) == len(FIGURES)
    assert {run["engine"] for run in REPORT["runs"]} == set(engines.ENGINES)
    pins = (RESULTS.parents[1] / "requirements-engines.txt").read_text(encoding="utf-8")
    for version in REPORT["versions"].values():
        assert version["package"].replace(" ", "==") in pins


@pytest.mark.parametrize("run", REPORT["runs"], ids=lambda run: run["title"])
def test_the_committed_run_lost_nothing_that_was_acknowledged(run):
    expect_sound(run)


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
        start = time.monotonic()
        1 / 0  # noqa: B018
    assert gone(servers.started)
    assert time.monotonic() - start < PATIENCE_S  # not when they end by themselves
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
    print(servers.started[0], servers.folder, flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        leader, folder = process.stdout.readline().split()
        leader = int(leader)
        assert group(leader) == [leader]
        process.send_signal(how)
        assert process.wait(PATIENCE_S) != 0
    assert gone([leader])
    assert pathlib.Path(folder).exists() == (how == signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


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
    expect_sound(run)
    assert servers.started and gone(servers.started)
    assert not servers.folder.exists()
