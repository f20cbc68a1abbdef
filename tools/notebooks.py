"""Turn the chapters, which are MyST Markdown, into notebooks that JupyterLab shows as they are.

JupyterLab knows Markdown and mathematics, and none of the book's directives and roles. Those
become plain text: a theorem keeps its title and its words, a citation its key.
"""

import re

import jupytext
import nbformat

__all__ = ["plain", "to_notebook", "write"]

CHAPTERS = "[0-9][0-9]-*.md"

FENCE = re.compile(r"^\s*(?::{3,}|`{3,})\s*(?:\{(?P<name>[\w:-]+)\}\s*(?P<title>.*))?$")
OPTION = re.compile(r"^\s*:[\w-]+:.*$")
ROLE = re.compile(r"\{(?P<name>[\w:-]+)\}`(?P<body>[^`]+)`")
TITLED = re.compile(r"(?P<text>.+?)\s*<[^>]+>$")
LABEL = re.compile(r"^\([\w-]+\)=\s*$")

HIDDEN = {"toctree", "contents", "bibliography", "literalinclude", "image", "figure"}


def write(book, target):
    """Write every chapter of the folder ``book`` as a notebook into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.ipynb"):
        old.unlink()
    for chapter in sorted(book.glob(CHAPTERS)):
        nbformat.write(to_notebook(chapter), target / f"{chapter.stem}.ipynb")


def to_notebook(chapter):
    """Return a chapter as a notebook without outputs, the same for the same text."""
    notebook = jupytext.read(chapter)
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"{chapter.stem}-{i}"
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source)
    notebook.metadata.pop("jupytext", None)
    return notebook


def plain(text):
    """Return MyST Markdown without directives, options, labels and roles.

    Examples
    --------
    >>> print(plain(":::{prf:theorem} Eckart, Young 1936\\n:label: ey\\nBest.\\n:::"))
    **Theorem (Eckart, Young 1936).**
    Best.
    >>> plain("See {cite:t}`halko2011finding` and {ref}`the map <map>`.")
    'See [halko2011finding] and the map.'
    """
    lines, in_options, in_code = [], False, False
    for line in text.splitlines():
        fence = FENCE.match(line)
        if in_code or (fence is None and line.lstrip().startswith("```")):
            in_code ^= line.lstrip().startswith("```")
            lines.append(line)
        elif fence is not None:
            lines += _heading(fence["name"], fence["title"])
            in_options = fence["name"] is not None
        elif not (in_options and OPTION.match(line)) and not LABEL.match(line):
            in_options = False
            lines.append(ROLE.sub(_role, line))
    return "\n".join(lines)


def _heading(name, title):
    """Return the line that stands for the opening of a directive; none for its end."""
    if name is None or name in HIDDEN:
        return []
    kind = name.rpartition(":")[2].replace("-", " ")
    if kind in {"dropdown", "admonition"}:
        return [f"**{title}**", ""]
    label = kind.capitalize()
    return [f"**{label} ({title}).**" if title else f"**{label}.**"]


def _role(match):
    """Return the words of a role: its title, or its target."""
    body = match["body"]
    if match["name"].startswith("cite"):
        return f"[{body}]"
    if titled := TITLED.match(body):
        return titled["text"]
    return body if match["name"].startswith(("glue", "numref", "prf", "ref")) else f"`{body}`"
