"""The student's process in bubblewrap: no network, no home, no course files, bounded resources."""

import contextlib
import json
import math
import os
import platform
import resource
import shutil
import signal
import site
import socket
import subprocess
import sys
import threading
from pathlib import Path

import course_lib

from .watch import Watch
from .wire import Wire

__all__ = ["CannotIsolate", "Sandbox", "check_isolation"]

HERE = Path(__file__).parent
INSIDE = ("__init__", "border", "cells", "changes", "link", "rngs", "student", "wire")
FIRST_UID = 1_879_000_000  # far above the accounts of any machine; one for each worker
NOBODY = 65534
SETTLE_S = 10  # by the clock; who hung up is not asked for anything any more
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
WAY_OUT = (
    "Grade in a Linux virtual machine, in WSL2 or in a container that may create namespaces; "
    "the instructors' page on set-up says how. "
    "Answers that you wrote yourself can be graded with --trust-submissions."
)


class CannotIsolate(RuntimeError):
    """This machine cannot run submissions in isolation; the sentence says the way out."""


class Sandbox:
    """One student process and the connection to it.

    Parameters
    ----------
    limits : limits.Limits
    files : dict of str to Path
        Files of the lab to show read-only in the working directory, by name.
    whole : limits.Allowance, optional
        What it may use altogether.
    slot : int
        The worker's number; as root, each worker's students have a user id of their own.
    cache : Path, optional
        Where compiled functions are; copied in, so that nothing is compiled for every student.
    fill : bool
        Keep what the process compiles in `cache`. For the instructor's own notebook only.
    trusted : bool
        Run without bubblewrap. For the instructor's own answers only.
    """

    def __init__(self, limits, files, whole=None, *, slot=0, cache=None, fill=False, trusted=False):
        whole = whole or limits.allow(limits.submission_seconds)
        self.limits, self.reason = limits, None
        ours, theirs = socket.socketpair()
        settings = self._settings(whole, slot, trusted)
        if cache is not None and not fill and not trusted:
            settings["copies"] = {"/cache": "/tmp/cache"}
        student = [sys.executable, "-P", "-m", "grading.isolation.student", str(theirs.fileno())]
        outside = [] if trusted else bwrap(limits, files, cache, fill)
        with theirs:
            self.process = subprocess.Popen(
                [*outside, *student, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=_plain_environment() if trusted else None,
                cwd=next(iter(files.values())).parent if trusted and files else None,
            )
        self.wire = Wire(ours)
        self.watch = Watch(self.process.pid, limits, whole, self._slay, inner=not trusted)
        threading.Thread(target=self.watch.watch, args=(self._lives,), daemon=True).start()

    def _settings(self, whole, slot, trusted):
        unlimited = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        return {
            "memory_bytes": self.limits.memory_bytes,
            # The kernel's own limit, on each process by itself; the watch ends all much earlier.
            "cpu_seconds": math.ceil(whole.seconds + self.limits.setup_seconds + 10),
            "file_bytes": self.limits.file_bytes,
            # Elsewhere the limit counts all that the user runs, not only this.
            "processes": unlimited if trusted else self.limits.processes,
            "output_chars": self.limits.output_chars,
            "uid": FIRST_UID + slot if os.geteuid() == 0 and not trusted else None,
            "copies": {},
        }

    def _lives(self):
        return self.process.poll() is None and self.reason is None

    def settle(self):
        """Give a process that hung up a moment to end by itself, and note how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.process.wait(SETTLE_S)
            self.reason = self.reason or f"it ended by itself (exit code {code})"

    def kill(self, reason=None):
        """End the process and everything that it started; safe to call twice."""
        self._slay(reason)
        self.process.wait()
        self.wire.close()

    def _slay(self, reason):
        self.reason = self.reason or reason
        if self.process.poll() is None:
            for pid in (self.process.pid, *self.watch.tree.look().pids):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.kill()


def bwrap(limits, files=(), cache=None, fill=False):
    """Return the arguments that start a command in isolation, up to the command itself."""
    root = os.geteuid() == 0
    arguments = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    arguments += ["--hostname", "lab", "--clearenv"]
    if root:
        # The student's process gives up root itself, after the mounts: only then is the limit
        # on processes one, and files that others may not read can still be mounted.
        arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        arguments += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
        arguments += ["--disable-userns"] if _version() >= (0, 8) else []
    arguments += _system()
    size = str(limits.file_bytes)
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/dev/shm", "/tmp", "/lab"):
        arguments += ["--perms", "1777", "--size", size, "--tmpfs", folder]
    python = _python()
    for folder in sorted({parent for path in python for parent in path.parents}):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for path in python:
        arguments += ["--ro-bind", str(path), str(path)]
    for name, path in dict(files).items():
        arguments += ["--ro-bind", str(path), f"/lab/{name}"]
    if cache is not None:
        there = ["--bind", str(cache), "/tmp/cache"]
        arguments += there if fill else ["--ro-bind", str(cache), "/cache"]
    for name, value in _environment().items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/lab"]


def _system():
    """The system's programs and libraries, read-only."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        target = Path("/", name)
        if target.is_symlink():
            arguments += ["--symlink", f"usr/{name}", str(target)]
        elif target.exists():
            arguments += ["--ro-bind", str(target), str(target)]
    for name in ("ld.so.cache", "alternatives", "localtime", "fonts"):
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return arguments


def _python():
    """What the student's process needs to run: the environment, the library, and this border."""
    paths = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, course_lib.__path__)}
    paths |= {Path(folder).resolve() for folder in site.getsitepackages()}
    paths |= {HERE.parent / "__init__.py", *(HERE / f"{name}.py" for name in INSIDE)}
    inside_usr = {path for path in paths if path.is_relative_to("/usr") or not path.exists()}
    # Parents first: what is mounted later hides nothing that was mounted before.
    return sorted(paths - inside_usr, key=lambda path: len(path.parts))


def _environment():
    """What the student's process finds in its environment; nothing of this machine's."""
    return THREADS | {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": "/lab",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "USER": "student",
        "LOGNAME": "student",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp/cache/matplotlib",
        "NUMBA_CACHE_DIR": "/tmp/cache/numba",
        "IPYTHONDIR": "/tmp/ipython",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _plain_environment():
    """The instructor's own, for answers that need no isolation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SML_")}
    return kept | THREADS | {"MPLBACKEND": "agg"}


def _version():
    words = subprocess.run(["bwrap", "--version"], capture_output=True, text=True).stdout.split()
    return tuple(int(part) for part in words[-1].split(".") if part.isdigit()) if words else ()


PROBE = """
import os, socket
assert not os.path.exists({secret!r}), "files of this machine are visible inside"
assert os.getppid() in (0, 1, 2), "processes of this machine are visible inside"
try:
    socket.create_connection(("192.0.2.1", 9), timeout=1)
except OSError as error:
    assert error.errno == 101, "the network is reachable inside"
"""


def check_isolation(limits, root):
    """Refuse to grade where submissions cannot be isolated.

    Parameters
    ----------
    limits : limits.Limits
    root : Path
        The course's folder, which must not be visible inside.

    Raises
    ------
    CannotIsolate
        With the reason, and the way out.
    """
    if sys.platform != "linux":
        raise CannotIsolate(f"Submissions cannot be isolated on {platform.system()}. {WAY_OUT}")
    if shutil.which("bwrap") is None:
        raise CannotIsolate(
            "Bubblewrap is not installed; on Debian and Ubuntu: sudo apt install bubblewrap. "
            + WAY_OUT
        )
    probe = PROBE.format(secret=str(root / "solutions"))
    done = subprocess.run(
        [*bwrap(limits), sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it failed silently"])[-1]
        profile = (
            "On Ubuntu 23.10 and later, allow it by an AppArmor profile. "
            if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists()
            else ""
        )
        raise CannotIsolate(f"Bubblewrap cannot isolate here: {reason}. {profile}{WAY_OUT}")
