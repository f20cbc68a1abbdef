"""Build the book into ``_build/html``, with each chapter as a notebook beside it.

``make book`` calls this. A warning is an error: a cell that raises, a label that does not
exist or a page outside the contents ends the build with one sentence.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

from tools import notebooks

ROOT = pathlib.Path(__file__).parents[1]

JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
EXECUTING = re.compile(r"/([^/]+)\.md: Executing notebook")
CELL_FAILED = "Executing notebook failed"
EXECUTION_ENDS = "[mystnb.exec]"
KIND_OF_WARNING = re.compile(r"\s*\[[\w.-]+\]$")
PROBLEM = re.compile(
    r"(?:(?P<file>[^\s:]+\.\w+):(?:docstring of (?P<object>[\w.]+):+)?(?:(?P<line>\d+):)?\s*)?"
    r"(?:WARNING|ERROR): (?P<what>.+)"
)


def build(root=ROOT, out=None):
    """Build the book; return 0, or 1 after a sentence on standard error.

    Parameters
    ----------
    root : path
        The project: ``_config.yml`` and the folder ``book``.
    out : path, optional
        Where ``_build`` goes; the project itself by default.
    """
    root = pathlib.Path(root)
    target = pathlib.Path(out or root) / "_build"
    log = target / "book.log"
    target.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    print("Building the book ...", flush=True)
    code = run(command(root, target.parent), root, log)
    if code != 0:
        print(f"The book did not build: {first_problem(log, root)}", file=sys.stderr)
        print(f"All that was said is in {relative(log, root)}.", file=sys.stderr)
        return 1
    notebooks.write(root / "book", target / "jupyter_execute", target / "html" / "notebooks")
    print(f"The book is in {relative(target / 'html', root)} ({time.monotonic() - started:.0f} s).")
    return 0


def command(root, out):
    """Return the command line of Jupyter Book, strict: -W fails on warnings, -n on dead links."""
    arguments = ["build", str(root / "book"), "--config", str(root / "_config.yml")]
    arguments += ["--path-output", str(out), "-W", "-n", "--keep-going"]
    return [sys.executable, "-c", JUPYTER_BOOK, *arguments]


def run(arguments, root, log):
    """Run a command, its words into ``log``; name each chapter as it is executed."""
    # Chapters print accuracy and counts; two BLAS threads on busy cores only wait for each other.
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            arguments,
            cwd=root,
            env=os.environ | one_thread,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout:
            line = COLOURS.sub("", line)
            file.write(line)
            if executing := EXECUTING.search(line):
                print(f"  running {executing[1]}", flush=True)
    return process.returncode


def first_problem(log, root):
    """Return the first warning or error of a build as one sentence: where, and what."""
    lines = iter(log.read_text("utf-8").splitlines())
    for line in lines:
        if problem := PROBLEM.search(line):
            what = KIND_OF_WARNING.sub("", problem["what"]).rstrip(".")
            if what.startswith(CELL_FAILED):
                what = f"a cell raises {last_words(lines)}"
            where = f"{relative(pathlib.Path(problem['file']), root)}" if problem["file"] else ""
            where += f", docstring of {problem['object']}" if problem["object"] else ""
            where += f", line {problem['line']}" if problem["line"] else ""
            return f"{where}: {what}." if where else f"{what}."
    return "Jupyter Book ended without saying why."


def last_words(lines):
    """Return the last line of the traceback that ``lines`` go on with: the error itself."""
    words = ""
    for line in lines:
        if EXECUTION_ENDS in line:
            break
        words = line.strip() or words
    return words.rstrip(".")


def relative(path, root):
    """Return ``path`` as seen from the project, or as it is where it lies outside."""
    path, root = path.absolute(), root.absolute()
    return path.relative_to(root) if path.is_relative_to(root) else path


def main():
    """Build from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("--root", default=ROOT, help="the project; this one by default")
    parser.add_argument("--out", help="where _build goes; the project by default")
    options = parser.parse_args()
    return build(options.root, options.out)


if __name__ == "__main__":
    sys.exit(main())
