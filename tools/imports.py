"""Who imports whom among the project's own files, and what a page or a lab rests on.

Imports are read, not run: also those inside functions count.
"""

import ast
import functools
import hashlib
import pathlib
import re

__all__ = ["digest_of", "dotted", "modules_imported", "rests_on"]

ROOT = pathlib.Path(__file__).parents[1]
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def dotted(path, root=ROOT):
    """Return the name under which a file is imported."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def modules_imported(source, package="", root=ROOT):
    """Yield the modules that a Python text imports anywhere, as dotted names.

    Parameters
    ----------
    source : str
    package : str
        The package that the text belongs to, for relative imports.
    root : Path
        Where the project's packages lie.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, [up, node.module]))
            for alias in node.names:
                inside = f"{base}.{alias.name}"
                yield inside if _file(inside, root) else base


def rests_on(text, root=ROOT):
    """Return the files whose change can change what a page or a lab computes.

    Those of the library that it imports, directly or not, the data where it reads data sets, the
    recorded runs that it names, and the pinned versions.

    Parameters
    ----------
    text : str
        Python code; or Markdown, of which the code cells count for imports.
    root : Path

    Returns
    -------
    list of Path
        Sorted.
    """
    cells = CODE_CELL.findall(text)
    files, waiting = {root / "requirements.txt"}, list(_imports(cells or [text], root))
    while waiting:
        file = _file(waiting.pop(), root)
        if file and file not in files:
            files.add(file)
            waiting += _imported_by(file, root)
    if any(file.stem == "datasets" for file in files):
        files.update((root / "course_lib" / "data").glob("*"))
    results = (root / "benchmarks" / "results").glob("*")
    files.update(path for path in results if re.search(rf"\b{path.stem}\b", text))
    return sorted(file for file in files if file.is_file())


def digest_of(files, root=ROOT):
    """Return a short hash of the names and contents of files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + _contents(path))
    return digest.hexdigest()[:16]


def _imports(cells, root):
    """The project's modules that cells of a notebook import, with the packages around them."""
    for cell in cells:
        lines = (line for line in cell.splitlines() if not re.match(r"\s*(%|!|:\w)", line))
        yield from _with_parents(modules_imported("\n".join(lines), root=root))


def _imported_by(file, root):
    name = dotted(file, root)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    source = file.read_text(encoding="utf-8")
    return list(_with_parents(modules_imported(source, package, root)))


def _with_parents(names):
    """Each name, and the packages that are imported on the way to it."""
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[: i + 1]) for i in range(len(parts)))


def _file(name, root):
    """The file of a module of this project; None if it has none."""
    path = root.joinpath(*name.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def _contents(path):
    return _hashed(path, path.stat().st_mtime_ns)


@functools.cache
def _hashed(path, _changed):
    return hashlib.sha256(path.read_bytes()).digest()
