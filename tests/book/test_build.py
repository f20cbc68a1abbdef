"""The build: strict, one sentence on failure, executed again when the library changes."""

import pathlib
import re
import shutil
import sys

import pytest

from tests.book.conftest import ROOT
from tools import book
from tools.imports import rests_on

HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

"""
CELL = """```{code-cell} ipython3
import sys
sys.path.insert(0, '..')  # the library of the project, before the installed one
from course_lib import answer

print(answer.TEXT)
```
"""


@pytest.fixture
def project(tmp_path):
    """A small book with the real frame, and a library of one module beside it."""
    for name in ("_config.yml", "syllabus.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("_assets", "_ext"):
        shutil.copytree(ROOT / "book" / folder, tmp_path / "book" / folder)
    shutil.copy(ROOT / "book" / "references.bib", tmp_path / "book")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "imports.py", tmp_path / "tools")
    write(tmp_path, "_toc.yml", "format: jb-book\nroot: index\n")
    write(tmp_path, "index.md", f"{HEAD}# Title\n\n{CELL}")
    library = tmp_path / "course_lib"
    library.mkdir()
    (library / "__init__.py").touch()
    (library / "answer.py").write_text("TEXT = 'the first answer'\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    return tmp_path


def write(project, name, text):
    (project / "book" / name).write_text(text, encoding="utf-8")


# ---- Execution


@pytest.mark.slow
def test_a_page_runs_again_when_what_it_imports_changes_and_only_then(project, capsys):
    other = CELL.replace("answer", "reply")
    write(project, "other.md", f"{HEAD}# Other\n\n{other}")
    write(project, "plain.md", "# Plain\n\nFrom 01 to 09, no Python.\n")
    files = "- file: other\n- file: plain\n"
    write(project, "_toc.yml", f"format: jb-book\nroot: index\nchapters:\n{files}")
    answer, reply = (project / "course_lib" / f"{name}.py" for name in ("answer", "reply"))
    reply.write_text("TEXT = 'a reply'\n")
    page = project / "_build" / "html" / "index.html"

    def running():
        assert book.build(project) == 0
        return re.findall(r"running (\w+)", capsys.readouterr().out)

    assert sorted(running()) == ["index", "other"]
    assert "the first answer" in page.read_text("utf-8")
    assert running() == []
    answer.write_text("TEXT = 'another answer'\n")
    assert running() == ["index"]
    assert "another answer" in page.read_text("utf-8")
    answer.write_text("TEXT = 'the first answer'\n")
    assert running() == []  # as on a branch that one comes back to
    assert "the first answer" in page.read_text("utf-8")


@pytest.mark.slow
def test_a_raising_cell_fails_the_build_with_one_sentence(project, capsys):
    write(project, "index.md", f"{HEAD}# Title\n\n```{{code-cell}} ipython3\n1 / 0\n```\n")
    assert book.build(project) == 1
    assert capsys.readouterr().err.splitlines() == [
        "The book did not build: book/index.md: a cell raises ZeroDivisionError: division by zero.",
        "All that was said is in _build/book.log.",
    ]


@pytest.mark.slow
def test_a_warning_cell_and_a_missing_label_fail_the_build(project, capsys):
    cell = "```{code-cell} ipython3\nimport warnings\n\nwarnings.warn('odd')\n```\n"
    write(project, "index.md", f"{HEAD}# Title\n\n{cell}\nSee {{ref}}`nowhere`.\n")
    assert book.build(project) == 1
    where = "The book did not build: book/index.md, line 15: stderr was found in the cell outputs"
    assert capsys.readouterr().err.startswith(where)
    log = (project / "_build" / "book.log").read_text("utf-8")
    assert "WARNING: undefined label: 'nowhere'" in log


def test_key_sees_what_a_page_computes_with_and_nothing_else(project, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from library_cache import key_of

    page = f"{HEAD}# Title\n\n{CELL}\nThe seconds are of `heavy_load`.\n"
    before = key_of(page, project)
    library = project / "course_lib"
    (library / "__pycache__").mkdir()
    (library / "__pycache__" / "answer.pyc").write_bytes(b"compiled")
    (library / "unused.py").write_text("TEXT = 'nobody asks'\n")
    assert key_of(page, project) == before

    changes = {
        "course_lib/below.py": b"VALUE = 1",  # nobody imports it yet
        "course_lib/answer.py": b"def late():\n    from .below import VALUE\n",
        "course_lib/__init__.py": b"# imported on the way",
        "requirements.txt": b"numpy==2",
        "benchmarks/results/heavy_load.json": b"{}",
        "benchmarks/results/heavy.json": b"{}",  # another name that the page does not say
    }
    keys = []
    for name, content in changes.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        keys.append(key_of(page, project))
    assert keys[0] == before and keys[-1] == keys[-2]
    assert len({before, *keys}) == 5
    (library / "below.py").write_text("VALUE = 22")
    assert key_of(page, project) not in {before, *keys}


def test_a_page_that_reads_data_rests_on_them(project):
    library = project / "course_lib"
    (library / "datasets.py").write_text("TEXT = 1\n")
    (library / "data").mkdir()
    (library / "data" / "digits.npz").write_bytes(b"0")
    reads = CELL.replace("answer", "datasets")
    assert library / "data" / "digits.npz" in rests_on(reads, project)
    assert library / "data" / "digits.npz" not in rests_on(CELL, project)


# ---- The sentence


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (
            "{root}/book/a.md:7: WARNING: undefined label: 'x' [ref.ref]",
            "book/a.md, line 7: undefined label: 'x'.",
        ),
        ("all is well\nWARNING: the toc is empty.\n", "the toc is empty."),
        (
            "{root}/book/a.md: WARNING: Executing notebook failed: CellExecutionError\n"
            "Traceback\n  File x\nValueError: rank must be at least 1; got 0.\n\n"
            " [mystnb.exec]\nmore",
            "book/a.md: a cell raises ValueError: rank must be at least 1; got 0.",
        ),
        (
            "{root}/course_lib/a.py:docstring of course_lib.a.f:: ERROR: Unknown target name: 'x'.",
            "course_lib/a.py, docstring of course_lib.a.f: Unknown target name: 'x'.",
        ),
        (
            "{root}/course_lib/a.py:docstring of course_lib.a.f:12: WARNING: odd [docutils]",
            "course_lib/a.py, docstring of course_lib.a.f, line 12: odd.",
        ),
        ("killed", "Jupyter Book ended without saying why."),
    ],
)
def test_first_problem_says_where_and_what(tmp_path, log, sentence):
    path = tmp_path / "book.log"
    path.write_text(log.format(root=tmp_path), encoding="utf-8")
    assert book.first_problem(path, tmp_path) == sentence


def test_command_is_strict_and_uses_this_python():
    arguments = book.command(pathlib.Path("/p"), pathlib.Path("/o"))
    assert arguments[0] == sys.executable
    assert {"-W", "-n", "--keep-going"} <= set(arguments)
