"""The book as a reader gets it: built once for all processes, served, opened in Chromium."""

import fcntl
import functools
import http.server
import json
import os
import pathlib
import shutil
import threading

import pytest

from tools import book

ROOT = pathlib.Path(__file__).parents[2]
CHROMIUM = pathlib.Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built book; one process builds it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    built = shared / "book-is-built"
    with (shared / "book.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            assert book.build(ROOT, out=shared) == 0
            built.touch()
            if folder := os.environ.get("COURSE_COSTS"):
                shutil.copy(shared / "_build" / "book.log", folder)
    return shared / "_build" / "html"


@pytest.fixture(scope="session")
def address(site):
    """The address of the served book."""
    handler = functools.partial(_Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium; where there is none the tests are skipped, in CI they fail."""
    if not CHROMIUM.exists():
        reason = f"needs {CHROMIUM}; install it with: apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(chromium):
    """A browser profile for each set of options, shared by all visits, so that it caches."""
    opened = {}

    def context(**options):
        key = json.dumps(options, sort_keys=True)
        if key not in opened:
            # Reduced motion: colors are judged when they have arrived, not on the way.
            opened[key] = chromium.new_context(
                **{"viewport": DESKTOP, "reduced_motion": "reduce", **options}
            )
        return opened[key]

    yield context
    for profile in opened.values():
        profile.close()


@pytest.fixture(scope="module")
def visit(contexts, address):
    """Open pages; none may complain on its console or ask for anything outside."""
    opened, complaints = [], []

    def open_page(name, **options):
        page = contexts(**options).new_page()
        page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note_outside(request.url, address, complaints))
        page.goto(f"{address}{name}", wait_until="load")
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
    assert complaints == []


@pytest.fixture(scope="module")
def drawn(visit):
    """Open a chapter and wait until its explorable, ``Explorable.NAME``, is there."""

    def open_chapter(slug, name):
        page = visit(f"{slug}.html")
        page.wait_for_function(f"window.Explorable && window.Explorable.{name}")
        return page

    return open_chapter


def script_of(page, name, letter):
    """Return a function that runs JavaScript with JSON arguments in ``a``.

    The explorable's functions are in the constant ``letter``.
    """

    def call(expression, **arguments):
        script = f"(a) => {{ const {letter} = Explorable.{name}; {expression} }}"
        return page.evaluate(script, arguments)

    return call


def _note_outside(url, address, complaints):
    if not url.startswith((address, "data:", "blob:")):
        complaints.append(f"asked for {url}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""
