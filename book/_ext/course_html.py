"""Finish each page: buttons on chapters, and repairs of what the theme gets wrong.

``sphinx-thebe`` puts a script on every page, twice, even when it is off, and it throws: it is
dropped. ``sphinx-proof`` gives every proof and the body of every theorem the same id;
``myst-nb`` names every folded cell "Toggle hidden content", whatever it says; docutils gives
the entries of a list of references a role that is no list item. `MENDED` sets these right.
"""

import re

import syllabus
from jinja2 import Template
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

CHAPTER = re.compile(r"\d\d-[a-z-]+")

MENDED = {
    ' id="proof-content"': "",
    ' id="proof"': "",
    ' aria-label="Toggle hidden content"': "",
    ' role="doc-biblioentry"': ' role="listitem"',
}

# Stands between the title and the first paragraph. The script asks for the reader's own
# JupyterLab and, where there is none, shows the command that starts it.
CHAPTER_BAR = Template("""
<div class="chapter-bar" data-slug="{{ slug }}">
<p class="chapter-place">Chapter {{ number }} <span>{{ part }}</span></p>
<ul class="chapter-actions">
<li><button type="button" data-open="chapters/{{ slug }}.ipynb">Open in my JupyterLab</button></li>
{% if lab %}
<li><button type="button" data-open="labs/{{ slug }}/{{ slug }}.ipynb">Open the lab</button></li>
{% endif %}
<li><a href="{{ root }}notebooks/{{ slug }}.ipynb" download>Download as .ipynb</a></li>
</ul>
<p class="chapter-command" role="status"></p>
</div>
""")


def finish_page(app, pagename, templatename, context, doctree):
    """Mend the page and, on a chapter, add its bar."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if not _is_thebe(script)
    ]
    body = context.get("body")
    if body is None:
        return
    for wrong, right in MENDED.items():
        body = body.replace(wrong, right)
    if CHAPTER.fullmatch(pagename):
        body = body.replace("</h1>", "</h1>" + chapter_bar(pagename, context["content_root"]), 1)
    context["body"] = body


def chapter_bar(slug, root):
    """Return the HTML of the buttons of chapter ``slug``; warn if the syllabus lacks it."""
    for part in syllabus.parts():
        for chapter in part["chapter"]:
            if chapter["slug"] == slug:
                return CHAPTER_BAR.render(
                    slug=slug,
                    number=f"{chapter['number']:02d}",
                    part=part["title"],
                    lab=syllabus.has_lab(chapter),
                    root=root,
                )
    LOGGER.warning("syllabus.toml has no slug %s; add the chapter there.", slug, location=slug)
    return ""


def _is_thebe(script):
    body = getattr(script, "attributes", {}).get("body") or ""
    return "THEBE_JS_URL" in body or "sphinx-thebe" in str(getattr(script, "filename", script))


def setup(app):
    app.connect("html-page-context", finish_page, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
