"""Turn the chapters, which are MyST Markdown, into notebooks that JupyterLab shows as they are.

JupyterLab knows Markdown and mathematics, and none of the book's directives and roles. Those
become plain text: a theorem keeps its title and its words, a citation its key, and a number
that the build computed stands where the prose asks for it.
"""

import json
import re

import jupytext
import nbformat

__all__ = ["plain", "to_notebook", "write"]

CHAPTERS = "[0-9][0-9]-*.md"

FENCE = re.compile(r"\s*(?P<mark>:{3,}|`{3,})\s*(?:\{(?P<name>[\w:-]+)\}\s*(?P<title>.*))?")
OPTION = re.compile(r"\s*:[\w-]+:")
ROLE = re.compile(r"\{(?P<name>[\w:-]+)\}`(?P<body>[^`]+)`")
TITLED = re.compile(r"(?P<text>.+?)\s*<[^>]+>")
DEFINES = ": "
LABEL = re.compile(r"\([\w-]+\)=\s*")

# Directives that leave no line of their own: frames, and what only the book can show.
SILENT = {"bibliography", "container", "contents", "div", "literalinclude", "toctree"}


def write(book, executed, target):
    """Write every chapter of the folder ``book`` as a notebook into ``target``.

    ``executed`` is the folder where the build left the numbers that it computed.
    """
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.ipynb"):
        old.unlink()
    for chapter in sorted(book.glob(CHAPTERS)):
        numbers = computed_numbers(executed / f"{chapter.stem}.glue.json")
        nbformat.write(to_notebook(chapter, numbers), target / f"{chapter.stem}.ipynb")


def computed_numbers(path):
    """Return what a chapter glued, by name, as it is printed; nothing if it glued nothing."""
    if not path.is_file():
        return {}
    glued = json.loads(path.read_text("utf-8"))
    return {name: output["data"]["text/plain"].strip("'") for name, output in glued.items()}


def to_notebook(chapter, numbers):
    """Return a chapter as a notebook without outputs, the same for the same text."""
    notebook = jupytext.read(chapter)
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"{chapter.stem}-{i}"
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, numbers)
    notebook.metadata.pop("jupytext", None)
    return notebook


def plain(text, numbers=None):
    """Return MyST Markdown without directives, options, labels and roles.

    Examples
    --------
    >>> print(plain(":::{prf:theorem} Eckart, Young 1936\\n:label: ey\\nBest.\\n:::"))
    **Theorem (Eckart, Young 1936).**
    Best.
    >>> plain("See {cite:t}`halko2011finding` and {ref}`the map <map>`.")
    'See [halko2011finding] and the map.'
    >>> plain("{glue:text}`passes` passes", {"passes": "4"})
    '4 passes'
    """

    def with_words(line):
        return ROLE.sub(lambda role: _role(role, numbers or {}), line)

    lines, open_marks, in_options, code_mark = [], [], False, None
    for line in text.splitlines():
        fence = FENCE.match(line)
        if code_mark:  # code stands as it is, up to the mark that ends it
            lines.append(line)
            code_mark = None if line.strip() == code_mark else code_mark
        elif fence and fence["name"]:
            open_marks.append(fence["mark"])
            in_options = True
            lines += _heading(fence["name"], with_words(fence["title"] or ""))
        elif fence and open_marks and line.strip() == open_marks[-1]:
            open_marks.pop()
        elif fence:
            code_mark = fence["mark"]
            lines.append(line)
        elif not (in_options and OPTION.match(line)) and not LABEL.fullmatch(line):
            in_options = False
            if line.startswith(DEFINES) and lines:  # a list of definitions: the word, then its text
                lines[-1:] = [f"**{lines[-1]}**", ""]
            lines.append(with_words(line.removeprefix(DEFINES)))
    return "\n".join(lines)


def _heading(name, title):
    """Return the lines that stand for the opening of a directive."""
    if name in SILENT:
        return []
    kind = name.rpartition(":")[2].replace("-", " ").capitalize()
    if kind in {"Dropdown", "Admonition"}:
        return [title if title.startswith("**") else f"**{title}**", ""]
    return [f"**{kind} ({title}).**" if title else f"**{kind}.**"]


def _role(match, numbers):
    """Return the words of a role: its number, its title, or its target."""
    name, body = match.groups()
    if name.startswith("glue"):
        return numbers.get(body, body)
    if name.startswith("cite"):
        return f"[{body}]"
    if titled := TITLED.fullmatch(body):
        return titled["text"]
    return body if name.startswith(("numref", "prf", "ref")) else f"`{body}`"
