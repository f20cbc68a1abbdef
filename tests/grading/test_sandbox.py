"""Isolation: what it needs, where it refuses, as whom it runs, what it leaves behind."""

import os
import site
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from grading.isolation import sandbox
from grading.isolation.examiner import Examiner
from grading.isolation.limits import Limits
from grading.isolation.wire import BrokenBorder

from .fixtures.course import ROOT, Course
from .fixtures.hostile import HOSTILE
from .fixtures.labs import small_lab

LAB = "90-small"
LIMITS = Limits(file_bytes=8 << 20)
CELL = LIMITS.allow(LIMITS.cell_seconds)


@pytest.fixture
def student():
    with sandbox.Sandbox(LIMITS, {}) as one:
        examiner = Examiner(one.wire, one.watch)
        yield lambda source: examiner.run_cell(source, CELL)


def said(outcome):
    return "".join(str(output.get("text", output.get("data"))) for output in outcome["outputs"])


# ---- Facts ------------------------------------------------------------------------------


def test_the_student_is_nobody_and_alone(student):
    text = said(student("import os\nos.getuid(), sorted(os.listdir('/')), os.listdir('/lab')"))
    uid = int(text.partition("(")[2].partition(",")[0])
    assert uid not in (0, os.getuid())
    assert "[])" in text
    home = Path("/home")  # of which only the way to the environment is there, if it lies below
    own = {one.relative_to(home).parts[0] for one in sandbox._python() if one.is_relative_to(home)}
    seen = said(student("sorted(os.listdir('/home')) if os.path.isdir('/home') else []"))
    assert str(sorted(own)) in seen
    processes = said(student("len([p for p in os.listdir('/proc') if p.isdigit()])"))
    assert int(processes.partition(": '")[2].partition("'")[0]) <= 3


@pytest.mark.parametrize(
    "source",
    [
        "open('/usr/x', 'w')",
        "open('/x', 'w')",
        "open('/dev/x', 'w')",
        "open('/proc/sys/kernel/hostname', 'w').write('x')",
        "os.setuid(0)",
        "os.chroot('/tmp')",
        "os.mkdir('/lab/m'); assert not os.system('mount -t tmpfs none /lab/m 2>/dev/null')",
        "open('/tmp/x', 'wb').write(bytes(64 << 20))",
        "open('/dev/shm/x', 'wb').write(bytes(64 << 20))",
        "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
    ],
)
def test_what_a_student_may_not(student, source):
    outcome = student(f"import os\n{source}")
    assert outcome["error"] is not None


def test_the_first_process_of_the_sandbox_cannot_be_ended(student):
    """Its signals are refused, or have no effect where the student has the same uid."""
    outcome = student(
        "import contextlib, os\nwith contextlib.suppress(PermissionError):\n    os.kill(1, 9)"
    )
    assert outcome["error"] is None
    assert "1" in said(student("os.getpgid(1) >= 0 and '1' in os.listdir('/proc') and 1"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);", "image/png"),
        ("!echo hello", "hello"),
        ("%%bash\necho hello", "hello"),
        ("await __import__('asyncio').sleep(0)\nprint('waited')", "waited"),
        ("import tempfile\ntempfile.TemporaryFile().write(b'1234')", "4"),
        ("import subprocess\nsubprocess.run(['true']).returncode", "0"),
        (
            "import multiprocessing as m\nwith m.Pool(2) as pool:\n    print(pool.map(abs, [-5]))",
            "[5]",
        ),
    ],
)
def test_what_a_student_may(student, source, words):
    outcome = student(source)
    assert outcome["error"] is None
    assert words in str(outcome["outputs"])


def test_memory_of_all_processes_together_is_limited():
    limits = LIMITS.updated({"memory_bytes": 1 << 30})
    with sandbox.Sandbox(limits, {}) as one:
        examiner = Examiner(one.wire, one.watch)
        hoard = HOSTILE["memory-bomb-many"].first.replace("60", "600")
        with pytest.raises(BrokenBorder, match="ended"):
            examiner.run_cell(hoard, CELL)
        assert one.reason == "it used more memory than allowed"


def test_compiled_functions_are_brought_along(tmp_path):
    kernel = "from numba import njit\n@njit(cache=True)\ndef f(x):\n    return x + 1\n"
    files = {}
    (tmp_path / "kernels.py").write_text(kernel)
    files["kernels.py"] = tmp_path / "kernels.py"
    cache = tmp_path / "cache"
    cache.mkdir()
    if os.geteuid() == 0:
        os.chown(cache, sandbox.FIRST_UID, sandbox.FIRST_UID)
    count = "import kernels\nkernels.f(1)\nprint(dict(kernels.f.stats.cache_hits))"
    hits = []
    for fill in (True, False):
        with sandbox.Sandbox(LIMITS, files, cache=cache, fill=fill) as one:
            examiner = Examiner(one.wire, one.watch)
            hits.append(said(examiner.run_cell(count, CELL)))
    assert hits[0].strip() == "{}" and ": 1" in hits[1]


# ---- Contracts --------------------------------------------------------------------------


def test_without_bubblewrap_grading_refuses_and_says_the_way_out(tmp_path, monkeypatch):
    course = Course(tmp_path, _90_small=small_lab())
    course.hand_in("good", LAB, "solution")
    monkeypatch.setenv("PATH", "/nonexistent")
    said = course.grade(expect=2)
    assert "apt install bubblewrap" in said and "virtual machine" in said
    assert course.records() == {}


@pytest.mark.parametrize("uid", [0, 1000])
def test_where_bubblewrap_cannot_isolate_grading_refuses(tmp_path, monkeypatch, uid):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(sandbox.CannotIsolate, match=r"setting up uid map.*WSL2"):
        sandbox.check_isolation(LIMITS, ROOT)


def test_a_bubblewrap_that_hides_nothing_is_found_out(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    # Runs the command without any isolation: the last five words are python -c PROBE.
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit\n'
        'while [ "$1" != -c ]; do last="$1"; shift; done\nexec "$last" "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(sandbox.CannotIsolate, match="visible inside"):
        sandbox.check_isolation(LIMITS, ROOT)


def test_other_systems_are_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(sandbox.CannotIsolate, match="WSL2"):
        sandbox.check_isolation(LIMITS, ROOT)


def test_trusted_answers_are_graded_without_isolation(tmp_path):
    course = Course(tmp_path, _90_small=small_lab())
    course.hand_in("mine", LAB, "solution")
    course.grade("--trust-submissions")
    assert course.scores()["mine"] == 10


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="all tests run as an ordinary user here")
def test_an_ordinary_user_can_grade(tmp_path):
    """With an interpreter that everyone may run, and this environment's packages."""
    python = environment_for_everyone(tmp_path / "environment")
    course = Course(tmp_path / "course", _90_small=small_lab(grading={"processes": 40}))
    course.hand_in("good", LAB, "solution")
    course.hand_in("fork-bomb", LAB, "solution", HOSTILE["fork-bomb"].edited)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    for folder in tmp_path.parents:  # one level more where tests run in several processes
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o711)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    command = [*user, python, *course.command()[1:], "--limit", "cell_seconds=5"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert course.scores() == {"good": 10, "fork-bomb": 10}


def environment_for_everyone(folder):
    python = Path("/usr/bin/python3")
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    asked = [python, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
    if subprocess.run(asked, capture_output=True, text=True).stdout.strip() != here:
        pytest.skip(f"needs /usr/bin/python3 to be Python {here} with venv")
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    packages = folder / "lib" / f"python{here}" / "site-packages"
    packages.rmdir()
    packages.symlink_to(site.getsitepackages()[0])
    alembic = folder / "bin" / "alembic"
    alembic.write_text(f"#!{folder}/bin/python\nfrom alembic.config import main\nmain()\n")
    alembic.chmod(0o755)
    return folder / "bin" / "python"


def test_nothing_is_left_of_a_process_that_was_killed_with_its_grader(tmp_path):
    """The grader dies without a chance to clean up; the sandbox goes with it."""
    program = (
        "from grading.isolation.sandbox import Sandbox\n"
        "from grading.isolation.limits import Limits\n"
        "from grading.isolation.examiner import Examiner\n"
        "one, cell = Sandbox(Limits(), {}), Limits().allow(60)\n"
        "examiner = Examiner(one.wire, one.watch)\n"
        "examiner.run_cell(\"import subprocess; subprocess.Popen(['sleep', '876543'])\", cell)\n"
        "print('ready', flush=True)\n"
        "examiner.run_cell('while True: pass', cell)\n"
    )
    before = set(Path("/tmp").iterdir())
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT)
    assert grader.stdout.readline() == b"ready\n"
    grader.kill()
    grader.wait()
    end = time.monotonic() + 120
    while running("876543") and time.monotonic() < end:
        time.sleep(0.05)
    assert not running("876543")
    mine = {name for name in set(Path("/tmp").iterdir()) - before if "grading" in name.name}
    assert mine == set()


def running(word):
    commands = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    return [command for command in commands if word in command]
