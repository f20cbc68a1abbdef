"""Every page: reachable, complete, accessible, readable on a phone, and quiet."""

import collections
import html.parser
import pathlib
import urllib.parse

import pytest
import yaml

from tests.book.conftest import DESKTOP, PHONE, ROOT
from tests.sample import by_day

pytestmark = pytest.mark.slow

AXE = pathlib.Path(__file__).parent / "vendor" / "axe.min.js"
# A figure is one image with a label, a formula one piece of mathematics; the thousand strokes
# inside them have nothing to say.
INSIDES = "['.course-figure svg', 'mjx-container > *']"
RUN_AXE = f"axe.run({{ exclude: {INSIDES} }}, {{ resultTypes: ['violations'] }})"
VIEWS = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]
BOOK = ROOT / "book"
SOURCES = sorted(
    path.relative_to(BOOK).with_suffix("").as_posix()
    for path in BOOK.rglob("*.md")
    if not any(part.startswith("_") for part in path.relative_to(BOOK).parts)
)
PAGES = [*SOURCES, "search", "genindex", "prf-prf"]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_quiet_and_fits(name, visit):
    page = visit(f"{name}.html")
    page.add_script_tag(path=AXE)
    turn = PAGES.index(name) % len(VIEWS)
    read = by_day([VIEWS[turn]], VIEWS)  # axe reads for seconds: by day each page in one view
    for viewport, scheme in VIEWS:
        if (viewport, scheme) not in read:
            continue
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        found = page.evaluate(RUN_AXE)["violations"]
        violations = [(v["id"], [node["target"] for node in v["nodes"]]) for v in found]
        assert violations == [], f"{scheme}, {viewport['width']} pixels wide"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{name} is {width} pixels wide"
    page.close()


class _Page(html.parser.HTMLParser):
    """The ids of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.targets = collections.Counter(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids[value] += 1
            if name in ("href", "src") and value:
                self.targets.add(value)


@pytest.fixture(scope="module")
def pages(site):
    return {
        path: _Page(path) for pattern in ("*.html", "api/*.html") for path in site.glob(pattern)
    }


def test_internal_links_lead_somewhere(pages):
    dead = []
    for path, page in pages.items():
        for target in page.targets:
            url = urllib.parse.urlsplit(target)
            if url.scheme or url.netloc:
                continue
            file = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            anchor = urllib.parse.unquote(url.fragment)
            if not file.is_file() or (anchor and file in pages and anchor not in pages[file].ids):
                dead.append(f"{path.name}: {target}")
    assert dead == []


def test_ids_are_unique(pages):
    for path, page in pages.items():
        # The theme repeats its search field on the search page.
        twice = [name for name, n in page.ids.items() if n > 1 and name != "search-input"]
        assert twice == [], path.name


def contents():
    """Return every entry of the contents: the root, the chapters, and their sections."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    sections = [entry for chapter in chapters for entry in chapter.get("sections", [])]
    return [{"file": toc["root"]}, *chapters, *sections]


def test_contents_list_every_page_of_the_folder():
    listed = {entry["file"] for entry in contents() if "file" in entry}
    for pattern in (entry["glob"] for entry in contents() if "glob" in entry):
        listed |= {path.with_suffix("").relative_to(BOOK).as_posix() for path in BOOK.glob(pattern)}
    assert listed == set(SOURCES)


def test_titles_in_the_contents_are_the_chapters_own():
    for entry in contents():
        if "title" in entry:
            number, _, title = entry["title"].partition(" ")
            assert entry["file"].startswith(f"{number}-")
            assert f"\n# {title}\n" in (BOOK / f"{entry['file']}.md").read_text("utf-8")
