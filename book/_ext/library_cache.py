"""Execute a chapter again when anything that it may compute with has changed.

The cache of executed notebooks compares the text of a page. It cannot see that the library
behind the page is another one. So the cache lives in a folder named by a hash of the library,
its data, the benchmark results and the pins; a change in any of them opens an empty folder.
Sphinx reads every page again because the path, a setting of its environment, has changed.
"""

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHES = ROOT / "_build" / ".jupyter_cache"
SOURCES = ("course_lib/**/*", "benchmarks/results/*.json", "requirements.txt")
KEEP = 3  # caches, so that going back and forth between two branches stays cheap


def library_key(root=ROOT):
    """Return a hash of the names and contents of everything that chapters compute with."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in root.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def forget_old_caches(current):
    """Delete all but the newest caches, and never the current one."""
    others = [path for path in CACHES.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def choose_cache(_app, config):
    """Point the notebook cache at the folder of this library."""
    cache = CACHES / library_key()
    cache.mkdir(parents=True, exist_ok=True)
    forget_old_caches(cache)
    config.nb_execution_cache_path = str(cache)


def setup(app):
    app.connect("config-inited", choose_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
