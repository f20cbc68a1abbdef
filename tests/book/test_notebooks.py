"""Chapters as notebooks: plain Markdown, the same code, the numbers of the build."""

import re

import nbformat
import pytest

from tests.book.conftest import ROOT
from tools import notebooks

CHAPTERS = sorted((ROOT / "book").glob(notebooks.CHAPTERS))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_becomes_a_plain_notebook(chapter):
    text = chapter.read_text("utf-8")
    names = re.findall(r"\{glue:text\}`([^`]+)`", text)
    notebook = notebooks.to_notebook(chapter, {name: f"<{name}>" for name in names})
    nbformat.validate(notebook)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"\{[a-z:]+\}`|^:{3,}|^`{3,}\{", prose, flags=re.MULTILINE)
    assert [name for name in names if f"<{name}>" not in prose] == []
    n_cells = len(re.findall(r"^```\{code-cell\}", text, flags=re.MULTILINE))
    assert sum(cell.cell_type == "code" for cell in notebook.cells) == n_cells
    assert notebook == notebooks.to_notebook(chapter, {name: f"<{name}>" for name in names})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{doc}`the map <map>` and {term}`rank`", "the map and `rank`"),
        ("{prf:ref}`hmt` {numref}`figure`", "hmt figure"),
        ("(label)=\n## Title", "## Title"),
        ("```\n:x: stays\n```", "```\n:x: stays\n```"),
        (":::{dropdown} Answer\n:open:\nYes.\n:::", "**Answer**\n\nYes."),
        ("````{prf:proof}\nClear.\n````", "**Proof.**\nClear."),
        (":::{container} claim\nFour.\n:::", "Four."),
        (
            ":::{dropdown} **Your guess.** Of {glue:text}`n`?\nAll.\n:::",
            "**Your guess.** Of n?\n\nAll.",
        ),
        (
            "Time\n: 40 minutes\n\nLetters\n: $x$, $y$",
            "**Time**\n\n40 minutes\n\n**Letters**\n\n$x$, $y$",
        ),
        ("$$x$$ and `{not} a role`", "$$x$$ and `{not} a role`"),
    ],
)
def test_plain_keeps_the_words(source, expected):
    assert notebooks.plain(source) == expected


def test_write_replaces_what_is_no_longer_a_chapter(tmp_path):
    source, target = tmp_path / "book", tmp_path / "html"
    source.mkdir()
    target.mkdir()
    (target / "99-gone.ipynb").touch()
    (source / "01-cost.md").write_text("# Costs\n\n{glue:text}`n` passes.\n", encoding="utf-8")
    (source / "notation.md").write_text("# Notation\n", encoding="utf-8")
    (tmp_path / "01-cost.glue.json").write_text('{"n": {"data": {"text/plain": "\'4\'"}}}')
    notebooks.write(source, tmp_path, target)
    assert [path.name for path in target.iterdir()] == ["01-cost.ipynb"]
    assert nbformat.read(target / "01-cost.ipynb", 4).cells[0].source == "# Costs\n\n4 passes."
