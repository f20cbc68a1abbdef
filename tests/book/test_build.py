"""The build: strict, one sentence on failure, executed again when the library changes."""

import pathlib
import shutil
import sys

import pytest

from tests.book.conftest import ROOT
from tools import book

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
def test_cells_run_again_when_the_library_changes_and_only_then(project, capsys):
    page = project / "_build" / "html" / "index.html"
    assert book.build(project) == 0
    assert "running index" in capsys.readouterr().out
    assert "the first answer" in page.read_text("utf-8")

    assert book.build(project) == 0
    assert "running" not in capsys.readouterr().out

    (project / "course_lib" / "answer.py").write_text("TEXT = 'another answer'\n")
    assert book.build(project) == 0
    assert "running index" in capsys.readouterr().out
    assert "another answer" in page.read_text("utf-8")


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


def test_key_sees_what_chapters_compute_with(project, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from library_cache import library_key

    before = library_key(project)
    cache = project / "course_lib" / "__pycache__"
    cache.mkdir()
    (cache / "answer.pyc").write_bytes(b"compiled")
    write(project, "index.md", "# Another text\n")
    assert library_key(project) == before

    changes = {
        "course_lib/data.npz": b"data",
        "course_lib/answer.py": b"TEXT = 3",
        "requirements.txt": b"numpy==2",
        "benchmarks/results/answer.json": b"{}",
    }
    keys = {before}
    for name, content in changes.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        keys.add(library_key(project))
    (project / "course_lib" / "answer.py").rename(project / "course_lib" / "reply.py")
    keys.add(library_key(project))
    assert len(keys) == len(changes) + 2


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
