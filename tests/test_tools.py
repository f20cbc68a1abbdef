"""What the Makefile calls: a newcomer's obstacles get one sentence with the remedy."""

import json
import pathlib
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.conftest import LONGEST
from tools import chapter, course, setup

ROOT = pathlib.Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text()

# --- Set-up ------------------------------------------------------------------------------------


def refusal(capsys, call, *arguments):
    """The sentence that a command ends with."""
    with pytest.raises(SystemExit) as stopped:
        call(*arguments)
    return str(stopped.value) + capsys.readouterr().out


def test_an_old_python_is_named_with_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    said = refusal(capsys, setup.suitable_python)
    assert (
        "Python 3.11, 3.12, 3.13 or 3.14 is needed; this is 3.9" in said and "make course" in said
    )


def test_a_newer_python_on_the_path_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(setup.shutil, "which", {"python3.12": sys.executable}.get)
    assert setup.suitable_python() == sys.executable


def test_what_is_missing_to_compile_is_named(monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda name: name)
    monkeypatch.setattr(setup.subprocess, "check_output", lambda *_: b"/nowhere\n")
    assert setup.missing_for_compiling(sys.executable) == "Python's header files"
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    both = "a C++ compiler and Python's header files"
    assert setup.missing_for_compiling(sys.executable) == both


@pytest.fixture
def empty_course(tmp_path, monkeypatch):
    """A folder with requirement lists and no environment, where nothing is installed."""
    for name in (*setup.LISTS["peers"], setup.COMPILED, "pyproject.toml"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    installed = []
    monkeypatch.setattr(setup, "install", lambda lists, missing: installed.append(lists))
    return tmp_path, installed


def test_a_half_finished_environment_is_made_anew(empty_course, monkeypatch, capsys):
    folder, installed = empty_course
    (folder / ".venv").mkdir()
    (folder / ".venv" / "leftover").write_text("")
    monkeypatch.setattr(setup, "make_environment", lambda python: (folder / ".venv").mkdir())
    setup.main("course")
    assert "did not finish" in capsys.readouterr().out
    assert not (folder / ".venv" / "leftover").exists() and len(installed) == 1


def test_an_unchanged_environment_is_left_alone_and_a_changed_list_installs(
    empty_course, monkeypatch
):
    folder, installed = empty_course
    monkeypatch.setattr(setup, "make_environment", lambda python: (folder / ".venv").mkdir())
    monkeypatch.setattr(setup, "environment_works", lambda: (folder / ".venv").exists())
    setup.main("course")
    setup.main("course")
    assert len(installed) == 1
    (folder / "requirements.txt").write_text("numpy==9")
    setup.main("course")
    assert len(installed) == 2


class Installers:
    """Stand in for the processes that set-up starts: say which fail, see what they were told."""

    def __init__(self, monkeypatch, *failing, settings=""):
        self.failing, self.settings, self.calls, self.environments = failing, settings, [], []
        monkeypatch.setattr(setup.subprocess, "run", self)

    def __call__(self, command, env=None, **_):
        line = " ".join(command[1:])
        if line == "-m pip config list":
            return subprocess.CompletedProcess(command, 0, self.settings.encode())
        self.calls.append(line)
        self.environments.append(env)
        failed = any(part in line for part in self.failing)
        return subprocess.CompletedProcess(command, int(failed), b"no route to host" * failed)

    def tools(self):
        """Which tool installed what, in order."""
        return [
            ("uv" if call.startswith("-m uv") else "pip", *re.findall(r"uv==|[\w-]+\.txt", call))
            for call in self.calls
        ]


COURSE = "requirements.txt"


def test_uv_installs_everything_at_its_pin_in_one_call(monkeypatch, capsys):
    installers = Installers(monkeypatch)
    setup.install([COURSE])
    assert installers.tools() == [("pip", "uv=="), ("uv", COURSE, setup.COMPILED)]
    pin = re.search(r"^uv==[\d.]+$", (ROOT / "requirements-peers.txt").read_text(), re.M).group()
    assert installers.calls[0].endswith(pin) and "--compile-bytecode" in installers.calls[1]
    said = capsys.readouterr().out
    assert "annoy" not in said and "pip" not in said


@pytest.mark.parametrize("broken", ["uv==", "-m uv"])
def test_pip_does_what_uv_cannot(monkeypatch, capsys, broken):
    """uv has no wheel here, or it fails at its work."""
    installers = Installers(monkeypatch, broken)
    setup.install([COURSE])
    assert installers.tools()[-2:] == [("pip", COURSE), ("pip", setup.COMPILED)]
    said = capsys.readouterr().out
    assert "pip does the same" in said and "no route" not in said and "annoy" not in said


def test_uv_looks_where_pip_is_told_to(monkeypatch):
    settings = r""":env:.timeout='90'
global.cache-dir='/cache'
global.extra-index-url='\nhttps://a/simple\nhttps://b/simple'
global.find-links='/wheels /more'
global.index-url='https://one/simple'
global.retries='9'
global.timeout='15'
install.index-url='https://two/simple'
"""
    monkeypatch.setenv("UV_INDEX_URL", "https://elsewhere/simple")
    monkeypatch.setenv("UV_OFFLINE", "1")
    installers = Installers(monkeypatch, settings=settings)
    setup.install([COURSE])
    told = {name: it for name, it in installers.environments[-1].items() if name[:3] == "UV_"}
    assert told == {
        "UV_CACHE_DIR": "/cache",
        "UV_HTTP_TIMEOUT": "90",
        "UV_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX_URL": "https://two/simple",
    }


def test_what_only_pip_understands_is_left_to_pip(monkeypatch):
    installers = Installers(monkeypatch, settings="global.client-cert='/a.pem'\n")
    setup.install([COURSE])
    assert {tool for tool, *_ in installers.tools()} == {"pip"}


@pytest.mark.parametrize(("broken", "tool"), [([], "uv"), (["-m uv"], "pip")])
def test_without_a_compiler_two_peers_are_left_out_in_a_sentence(monkeypatch, capsys, broken, tool):
    installers = Installers(monkeypatch, *broken)
    setup.install([COURSE], "a C++ compiler")
    assert installers.tools()[-1] == (tool, COURSE)
    said = capsys.readouterr().out
    assert "annoy and hnswlib were left out" in said and "need a C++ compiler;" in said
    assert f"`.venv/bin/pip install -r {setup.COMPILED}`" in said


def test_a_compiler_that_fails_stops_nobody(monkeypatch, capsys):
    installers = Installers(monkeypatch, setup.COMPILED)
    setup.install([COURSE])
    assert installers.tools()[-2:] == [("pip", COURSE), ("pip", setup.COMPILED)]
    assert "need a C++ compiler that works" in capsys.readouterr().out


def test_a_failing_installation_ends_with_one_sentence(monkeypatch, capsys):
    Installers(monkeypatch, "install")
    said = refusal(capsys, setup.install, [COURSE])
    assert "no route to host" in said and "Check the network" in said


def test_the_pins_cover_every_declared_package():
    declared = re.findall(r'^(?:    |compiled = \[)"([\w-]+)[>=<]', PYPROJECT, re.M)
    lists = {*setup.LISTS["peers"], *setup.LISTS["engines"], setup.COMPILED}
    pins = "".join((ROOT / name).read_text() for name in lists)
    pinned = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", pins, re.M)}
    assert "annoy" in declared and {name.lower() for name in declared} <= pinned
    assert (ROOT / "requirements.txt").read_text().endswith("\n-e .\n")


def test_nothing_needs_a_peer_to_be_imported():
    """Pages and benchmarks ask `peer` for it, tests importorskip: some have no wheel everywhere."""
    named = re.compile(
        r"^(?:import|from) (annoy|bytewax|datasketch(?:es)?|faiss|fbpca|hnswlib|implicit|pyeclib"
        r"|pykdtree|rbloom|redis(?:lite)?|spams|surprise|zfec)\b",
        re.M,
    )
    pages = [*(ROOT / "book").glob("*.md")]
    code = [path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py")]
    for path in [*pages, *code]:
        found = named.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)} cannot run without {found[1]}"
    assert len(pages) > 9 and len(code) > 50


def test_one_range_of_pythons_is_named_everywhere():
    (oldest, first), (newest, last) = setup.OLDEST, setup.NEWEST
    assert f'requires-python = ">={oldest}.{first},<{newest}.{last + 1}"' in PYPROJECT
    for page in ("README.md", "book/how-to-use.md", "requirements.txt", "tools/lock.py"):
        assert f"{oldest}.{first} to {newest}.{last}" in (ROOT / page).read_text()
    matrix = re.search(r"python: (\[.+\])", (ROOT / ".github/workflows/test.yml").read_text())
    assert json.loads(matrix[1]) == [f"3.{minor}" for minor in range(first, last + 1)]


def test_the_files_that_come_first_are_there():
    assert [name for name in LONGEST if not (ROOT / "tests" / name).is_file()] == []


def test_make_alone_lists_the_commands():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for command in ("course", "test", "test-fast", "book", "labs", "lint", "bench", "grade"):
        assert re.search(rf"^  make {command} ", listed, re.M)
    assert "make submit LAB=06" in listed


# --- Course ------------------------------------------------------------------------------------


def test_a_busy_port_is_passed_over_and_a_chosen_one_refused(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.delenv("BOOK_PORT", raising=False)
        assert course.choose_port("BOOK_PORT", port) > port
        assert f"Port {port} is busy" in capsys.readouterr().out
        monkeypatch.setenv("BOOK_PORT", str(port))
        said = refusal(capsys, course.choose_port, "BOOK_PORT", 8000)
    assert f"BOOK_PORT={port} is busy" in said
    monkeypatch.setenv("BOOK_PORT", "eighty")
    assert "no port" in refusal(capsys, course.choose_port, "BOOK_PORT", 8000)


def test_the_book_is_served_on_this_machine_and_knows_jupyterlab(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "SITE", tmp_path)
    (tmp_path / "index.html").write_text("the book")
    monkeypatch.delenv("BOOK_PORT", raising=False)
    port = course.choose_port("BOOK_PORT", 18000)
    with course.pages(port), course.address_for_the_book(8888):
        address = f"http://127.0.0.1:{port}"
        assert urllib.request.urlopen(address).read() == b"the book"
        told = json.load(urllib.request.urlopen(f"{address}/jupyter.json"))
    assert told == {"url": "http://127.0.0.1:8888/lab/tree/"}  # and no token
    assert not (tmp_path / "jupyter.json").exists()


@pytest.mark.slow
def test_jupyterlab_starts_over_work_needs_its_token_and_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "WORK", tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.delenv("LAB_PORT", raising=False)
    port = course.choose_port("LAB_PORT", 18888)
    with course.jupyter(port, "a-token"):
        address = f"http://127.0.0.1:{port}/api/contents"
        listed = json.load(urllib.request.urlopen(f"{address}?token=a-token"))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address)
    assert [item["name"] for item in listed["content"]] == ["mine.txt"]
    assert course.is_free(port)


def test_a_chapter_that_was_changed_is_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "SITE", tmp_path / "site")
    monkeypatch.setattr(course, "WORK", tmp_path / "work")
    notebooks = tmp_path / "site" / "notebooks"
    notebooks.mkdir(parents=True)
    (notebooks / "06-low-rank.ipynb").write_text("as built")
    course.copy_chapters()
    mine = tmp_path / "work" / "chapters" / "06-low-rank.ipynb"
    assert mine.read_text() == "as built"
    mine.write_text("mine")
    course.copy_chapters()
    assert mine.read_text() == "mine"


# --- Chapter -----------------------------------------------------------------------------------


def test_a_new_chapter_gets_all_its_rooms_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(chapter, "ROOT", tmp_path)
    (tmp_path / "syllabus.toml").write_text((ROOT / "syllabus.toml").read_text())
    chapter.main("12-binary-embeddings")
    for room in (
        "course_lib/binary_embeddings.py",
        "tests/test_binary_embeddings.py",
        "tests/mistakes/12-binary-embeddings.py",
        "tests/answers/12-binary-embeddings.py",
        "benchmarks/bench_binary_embeddings.py",
        "book/12-binary-embeddings.md",
        "book/api/binary_embeddings.md",
        "solutions/12-binary-embeddings/12-binary-embeddings.ipynb",
    ):
        assert (tmp_path / room).exists()
    page = tmp_path / "book/12-binary-embeddings.md"
    page.write_text("written")
    chapter.main("12-binary-embeddings")
    assert page.read_text() == "written" and "there already" in capsys.readouterr().out


def test_an_unknown_slug_lists_the_known_ones(capsys):
    said = refusal(capsys, chapter.main, "23-more")
    assert "got '23-more'" in said and "06-low-rank" in said
