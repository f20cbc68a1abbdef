"""Execute a chapter again when anything that it computes with has changed, and only then.

The cache of executed notebooks compares the text of a page. It cannot see that the library
behind the page is another one. So each page is given, in its front matter, a hash of what it rests
on: the modules that it imports, directly or not, the data, the recorded runs that it names, and the
pins. The cache takes a page with another hash for another page.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.imports import digest_of, rests_on  # noqa: E402 - it lies beside the book

CACHE = ROOT / "_build" / ".jupyter_cache"
KERNEL = re.compile(r"^  display_name: .+$", re.MULTILINE)  # in the front matter of a notebook
API = ("api", "api/")  # pages that the library writes


def key_of(text, root=ROOT):
    """Return the hash of what a page rests on."""
    return digest_of(rests_on(text, root), root)


def keys(app):
    """Return the hashes of all pages that are executed, and of the library for its own pages."""
    library = digest_of(sorted((ROOT / "course_lib").rglob("*.py")), ROOT)
    found = {}
    for name in app.env.found_docs:
        if name.startswith(API):
            found[name] = library
        elif path := app.env.doc2path(name):
            text = Path(path).read_text(encoding="utf-8")
            if KERNEL.search(text):
                found[name] = key_of(text)
    return found


def changed(app, env, _added, _changed, _removed):
    """Name the pages that rest on something that has changed."""
    before, now = getattr(env, "course_keys", {}), keys(app)
    env.course_keys = now
    return [name for name, key in now.items() if before.get(name) != key]


def mark(_app, _docname, source):
    """Write the hash behind the kernel's name, where the cache looks and readers do not."""
    if not KERNEL.search(source[0]):
        return
    key = key_of(source[0])
    source[0] = KERNEL.sub(lambda line: f"{line[0]} ({key})", source[0], count=1)


def choose_cache(_app, config):
    """Keep one cache beside the book, wherever the pages are written to."""
    CACHE.mkdir(parents=True, exist_ok=True)
    config.nb_execution_cache_path = str(CACHE)


def setup(app):
    app.connect("config-inited", choose_cache)
    app.connect("env-get-outdated", changed)
    app.connect("source-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
