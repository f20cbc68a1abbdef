"""Pin the versions anew: ``make lock`` writes the requirements files.

The ranges stand in pyproject.toml. The pins hold for Python 3.11 to 3.14 on Linux and macOS, with
environment markers where a version differs.
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
OPTIONS = ["--universal", "--python-version", "3.11", "--no-annotate", "--no-header", "--quiet"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        course = resolve("course", pathlib.Path(folder, "course.txt"))
        peers, compiled, engines = (
            beyond(course, resolve(name, pathlib.Path(folder, name), constraints="course.txt"))
            for name in ("peers", "compiled", "engines")
        )
    write("requirements.txt", "What the course runs on", [*course, "-e ."])
    write("requirements-peers.txt", "What is only compared or tested with", peers)
    write("requirements-compiled.txt", "What is compiled, or left out where it cannot be", compiled)
    write("requirements-engines.txt", "Servers that only `make engines` runs", engines)


def resolve(extra, target, constraints=None):
    """Return the pinned lines for one group of pyproject.toml."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *OPTIONS]
    command += ["--extra", extra, "--output-file", str(target)]
    if constraints:
        command += ["--constraint", str(target.with_name(constraints))]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return target.read_text().splitlines()


def beyond(course, lines):
    """Return the lines of ``lines`` whose pins ``course`` does not hold."""
    pins = {line.split(" ;")[0] for line in course}
    return sorted(line for line in lines if line.split(" ;")[0] not in pins)


def write(name, what, lines):
    head = f"# {what}, pinned for Python 3.11 to 3.14. Made by `make lock` from pyproject.toml."
    (ROOT / name).write_text("\n".join([head, *lines]) + "\n")


if __name__ == "__main__":
    main()
