"""Tests of the compiling ahead that `make course` starts."""

import subprocess
import sys
import time

import nbformat
import pytest

from tools import warm


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one lab whose cells leave a trace."""
    monkeypatch.setattr(warm, "ROOT", tmp_path)
    monkeypatch.setattr(warm, "STAMP", tmp_path / "_build" / "labs-compiled")
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "course_lib" / "one.py").write_text("x = 1\n")
    lab = tmp_path / "solutions" / "00-a" / "00-a.ipynb"
    lab.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), lab)
    return tmp_path


def test_cells_run_on_after_one_that_raises_and_hidden_tests_do_not_run(capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(warm, "seen_here", seen, raising=False)
    cells = {
        "setup": "from tools.warm import seen_here as seen\nprint('loud')\nx = 1",
        "check-1": "x / 0",
        "hidden-1-cost": "seen.append(9)",
        "picture": "seen.append(x)",
    }
    code = [nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
    warm.run(nbformat.v4.new_notebook(cells=code))
    assert seen == [1]
    assert capsys.readouterr().out == ""


def test_it_is_done_once_for_each_state_of_the_library(course, monkeypatch):
    ran = []
    monkeypatch.setattr(warm.os, "nice", lambda more: None)
    monkeypatch.setattr(warm.subprocess, "run", lambda command, **how: ran.append(command[-1]))
    assert not warm.is_warm()
    warm.main()
    assert ran == ["00-a"] and warm.is_warm()
    (course / "course_lib" / "one.py").write_text("x = 2\n")
    assert not warm.is_warm()


def test_it_says_so_and_ends_with_the_servers(course, monkeypatch, capsys):
    started, real = [], subprocess.Popen

    def asleep(command, **how):
        started.append(real([sys.executable, "-c", "import time; time.sleep(60)"], **how))
        return started[-1]

    monkeypatch.setattr(warm.subprocess, "Popen", asleep)
    begun = time.monotonic()
    with warm.in_background():
        assert "in the background and once" in capsys.readouterr().out
        assert started[0].poll() is None
    assert started[0].poll() is not None and time.monotonic() - begun < 30
    warm.STAMP.parent.mkdir()
    warm.STAMP.write_text(warm._state())
    with warm.in_background():
        assert capsys.readouterr().out == ""
    assert len(started) == 1
