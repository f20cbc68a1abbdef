"""Directives that draw the syllabus, the map of chapters and the systems from ``syllabus.toml``.

A chapter is there when it is a page of the book, its lab when ``solutions`` holds it. The rest is
coming.
"""

import tomllib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
SYLLABUS = ROOT / "syllabus.toml"


def parts(path=SYLLABUS):
    """Return the parts of the course, each a dict with a title and a list of chapters."""
    return tomllib.loads(path.read_text("utf-8"))["part"]


def systems(path=SYLLABUS):
    """Return the systems that the lectures name, each a dict."""
    return tomllib.loads(path.read_text("utf-8"))["system"]


def chapters():
    """Return the chapters by number."""
    return {chapter["number"]: chapter for part in parts() for chapter in part["chapter"]}


def has_lab(chapter):
    return (ROOT / "solutions" / chapter["slug"] / f"{chapter['slug']}.ipynb").is_file()


class _FromSyllabus(SphinxDirective):
    """A directive whose page is read again when the syllabus changes."""

    def run(self):
        self.env.note_dependency(str(SYLLABUS))
        self.env.note_reread()  # chapters that appear or vanish change the page too
        return [self.draw()]

    def has_chapter(self, chapter):
        return chapter["slug"] in self.env.found_docs

    def title_of(self, chapter):
        """Return the title, a link where the chapter exists."""
        text = nodes.inline(text=chapter["title"])
        if not self.has_chapter(chapter):
            return text
        return addnodes.pending_xref(
            "",
            text,
            refdomain="std",
            reftype="doc",
            reftarget=f"/{chapter['slug']}",
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )

    def table(self, head, rows, classes):
        """Return a table; a row that is a plain string heads a part and spans all columns."""
        group = nodes.tgroup(cols=len(head))
        group += [nodes.colspec(colwidth=1) for _ in head]
        group += nodes.thead("", _row([nodes.Text(name) for name in head]))
        group += nodes.tbody("", *(_row(row, len(head)) for row in rows))
        return nodes.table("", group, classes=["syllabus", *classes])


class SyllabusTable(_FromSyllabus):
    """``{syllabus-table}``: every chapter, what it carries, what is there."""

    def draw(self):
        rows = []
        for part in parts():
            rows.append(part["title"])
            rows += [self.entries(chapter) for chapter in part["chapter"]]
        head = ["No.", "Chapter", "Carries", "Text", "Lab"]
        return self.table(head, rows, ["syllabus-items"])

    def entries(self, chapter):
        return [
            nodes.Text(f"{chapter['number']:02d}"),
            self.title_of(chapter),
            nodes.Text("; ".join(chapter["carries"])),
            _state(self.has_chapter(chapter)),
            _state(has_lab(chapter)),
        ]


class ChapterMap(_FromSyllabus):
    """``{chapter-map}``: which chapters a chapter needs, and which need it."""

    def draw(self):
        every = chapters()
        rows = []
        for part in parts():
            rows.append(part["title"])
            rows += [self.entries(chapter, every) for chapter in part["chapter"]]
        return self.table(["No.", "Chapter", "Needs", "Opens the way to"], rows, ["syllabus-map"])

    def entries(self, chapter, every):
        followers = [n for n, other in every.items() if chapter["number"] in other["needs"]]
        return [
            nodes.Text(f"{chapter['number']:02d}"),
            self.title_of(chapter),
            nodes.Text(_numbers(chapter["needs"])),
            nodes.Text(_numbers(followers)),
        ]


class SystemsTable(_FromSyllabus):
    """``{systems-table}``: each system of the lectures, its code, its exercise, what is beside."""

    def draw(self):
        every = chapters()
        rows = [self.entries(system, every) for system in systems()]
        head = ["System", "Chapter", "Code that runs", "Graded by", "The real thing beside it"]
        return self.table(head, rows, ["syllabus-systems"])

    def entries(self, system, every):
        code = nodes.inline()
        for name in system["code"]:
            code += [nodes.Text(", ")] if len(code) else []
            code += self.code(name)
        return [
            nodes.Text(system["name"]),
            self.title_of(every[system["chapter"]]),
            code,
            nodes.Text(", ".join(f"Lab {number}" for number in system["checks"])),
            nodes.Text(system["beside"]),
        ]

    def code(self, name):
        return addnodes.pending_xref(
            "",
            nodes.literal(text=name),
            refdomain="py",
            reftype="obj",
            reftarget=f"course_lib.{name}",
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )


def _row(entries, width=0):
    if isinstance(entries, str):
        heading = nodes.paragraph("", "", nodes.strong(text=entries))
        return nodes.row("", nodes.entry("", heading, morecols=width - 1), classes=["part"])
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", node)) for node in entries))


def _state(exists):
    word = "ready" if exists else "coming"
    return nodes.inline(text=word, classes=[word])


def _numbers(numbers):
    return ", ".join(f"{number:02d}" for number in sorted(numbers)) or "none"


def setup(app):
    app.add_directive("syllabus-table", SyllabusTable)
    app.add_directive("chapter-map", ChapterMap)
    app.add_directive("systems-table", SystemsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
