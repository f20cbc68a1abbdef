"""The floor plan, enforced: imports run downwards, every room has its door, no test is dead."""

import ast
import importlib
import inspect
import pathlib
import re
import subprocess
import sys
import tomllib

import numpydoc.docscrape
import pytest

import course_lib
import tools.imports
from course_lib import notebook
from tools.imports import dotted

ROOT = pathlib.Path(__file__).parents[1]
PARTS = tomllib.loads((ROOT / "syllabus.toml").read_text(encoding="utf-8"))["part"]
SYLLABUS = [chapter for part in PARTS for chapter in part["chapter"]]

# Which rooms of course_lib each room may import, besides _validation. Absent means none.
MAY_IMPORT = {
    "_losses": {"_spectrum"},
    "_team": {"cost"},
    "batch_optimization": {"_losses", "_rates", "_spectrum", "_team", "sparse_coding"},
    "binary_embeddings": {"_random_map", "lsh", "randomness"},
    "binary_networks": {"_layers", "_sketch", "lsh"},
    "dataflow": {"_sketch", "cost"},
    "deep_compression": {
        "_layers",
        "_sketch",
        "binary_networks",
        "kernel_features",
        "kernel_training",
        "lsh",
        "trees",
    },
    "distinct": {"_sketch"},
    "hashing": {"_sketch"},
    "heavy_hitters": {"_select", "_sketch", "hashing"},
    "kernel_features": {
        "_neighbors",
        "_random_map",
        "batch_optimization",
        "hashing",
        "kernel_training",
        "lsh",
        "randomness",
        "trees",
    },
    "kernel_training": {"_team", "low_rank"},
    "lsh": {"_neighbors", "_sketch"},
    "manifolds": {"low_rank"},
    "matrix_completion": {"_team", "low_rank"},
    "parallel_optimization": {"_losses", "_team", "batch_optimization", "cost", "sparse_coding"},
    "online_optimization": {"_ahead", "_losses", "_online", "_rates", "sparse_coding"},
    "placement": {"_sketch", "cost", "hashing"},
    "randomness": {"_random_map"},
    "sparse_coding": {"_ahead", "_losses", "_online", "_rates", "_spectrum"},
    "storage": {"_sketch", "cost", "hashing"},
    "trees": {"_neighbors", "_select"},
}
FRIENDS = {"numba", "numpy", "scipy", "sklearn", "threadpoolctl"}  # of algorithms
RANK = "parallel_optimization/_mpi_rank.py"  # one process of several that MPI starts
# What only scipy.linalg has: pivoted QR, some of the eigenpairs, Hadamard matrices. Nothing else is
# taken from there: its BLAS has threads of its own, and loops that use both sets of threads in
# turn ran up to 15 times slower on two cores.
TAKE_FROM_SCIPY_LINALG = {
    "low_rank/columns.py",
    "manifolds/scaling.py",
    "randomness/projection.py",
    "sparse_coding/ksvd.py",
}
FRIENDS_OF_NOTEBOOKS = FRIENDS | {"IPython", "cycler", "matplotlib", "psutil"}

# Rooms of grading import only from the floors below them, the first being the lowest. On the top
# floor each room is a command, `python -m grading.NAME`.
COMMANDS = ["__main__", "collect", "items", "leaderboard", "similarity", "term", "variants"]
COMMANDS += ["backup", "feedback_archive", "people"]
FLOORS = [
    ["foreign", "isolation", "state"],
    ["lab"],
    ["course", "intake", "records"],
    ["run"],
    COMMANDS,
]


def room(path):
    """The module or package of course_lib that a file belongs to."""
    first = path.relative_to(ROOT / "course_lib").parts[0]
    return first.removesuffix(".py")


MODULES = sorted((ROOT / "course_lib").rglob("*.py"))
ROOMS = sorted({room(path) for path in MODULES} - {"__init__"})
# `course_lib.low_rank` and `course_lib.notebook.checks` are modules that notebooks import.
PUBLIC = [name for name in ROOMS if not name.startswith("_") and name != "notebook"]
PUBLIC += [f"notebook.{name}" for name in notebook.__all__]
GRADING = sorted((ROOT / "grading").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.module == "course_lib":
                yield from (f"course_lib.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def modules_imported(path):
    """The modules of this project that a file imports anywhere, in functions too."""
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    return tools.imports.modules_imported(path.read_text(encoding="utf-8"), package)


def code_lines(function):
    """Lines of a function without its docstring."""
    first = function.body[0]
    doc = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - doc


# --- Facts: imports and size ---------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path):
    here = room(path)
    allowed = MAY_IMPORT.get(here, set()) | {"_validation", here}
    friends = FRIENDS_OF_NOTEBOOKS if here == "notebook" else FRIENDS
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        head, *rest = name.split(".")
        if head == "course_lib":
            assert not rest or rest[0] in allowed, f"{here} may not import {name}"
        else:
            standard = head in sys.stdlib_module_names
            ours = head == "mpi4py" and path.as_posix().endswith(RANK)
            assert standard or head in friends or ours, f"{here} may not depend on {name}"


@pytest.mark.parametrize("path", GRADING, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_of_the_grader_run_downwards(path):
    here = path.relative_to(ROOT / "grading").parts[0].removesuffix(".py")
    if here == "__init__":
        return
    floors = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    assert here in floors, f"grading/{here} stands on no floor"
    for name in modules_imported(path):
        _, room, *_ = [*name.split("."), ""]
        below = name == "grading" or room == here or floors.get(room, 9) < floors[here]
        assert below or not name.startswith("grading"), f"{here} may not import {name}"


def test_no_imports_go_in_a_circle():
    waits = {dotted(path): set(modules_imported(path)) for path in [*MODULES, *GRADING]}
    while ready := [name for name in waits if not waits[name] & (waits.keys() - {name})]:
        for name in ready:
            del waits[name]
    assert not waits, f"these import each other: {', '.join(sorted(waits))}"


def test_decompositions_are_numpys():
    pattern = re.compile(
        r"^\s*(from scipy\.linalg|import scipy\.linalg|from scipy import.*linalg)", re.M
    )
    taken = {
        path.relative_to(ROOT / "course_lib").as_posix()
        for path in MODULES
        if pattern.search(path.read_text("utf-8"))
    }
    assert taken == TAKE_FROM_SCIPY_LINALG


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_can_be_read_in_one_sitting(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node) <= 40, f"{node.name} does not fit on a screen"


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_says_what_is_public(name):
    module = importlib.import_module(f"course_lib.{name}")
    for public in module.__all__:
        assert hasattr(module, public) or importlib.import_module(f"{module.__name__}.{public}")
    assert module.__doc__


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented_as_it_is(name):
    module = importlib.import_module(f"course_lib.{name}")
    for public in module.__all__:
        thing = getattr(module, public)
        if not callable(thing):
            continue
        assert inspect.getdoc(thing), f"{name}.{public} has no docstring"
        if inspect.isfunction(thing):
            documented = numpydoc.docscrape.FunctionDoc(thing)["Parameters"]
            names = [part.strip("* ") for entry in documented for part in entry.name.split(",")]
            known = set(inspect.signature(thing).parameters)
            assert set(names) <= known, f"{name}.{public} documents {set(names) - known}"


# --- Facts: rooms and doors ------------------------------------------------------------------


def written():
    """The chapters that exist: those that have a page."""
    return [entry for entry in SYLLABUS if (ROOT / f"book/{entry['slug']}.md").exists()]


def test_the_syllabus_has_22_chapters_in_order():
    assert [entry["number"] for entry in SYLLABUS] == list(range(1, 23))
    assert all(entry["slug"].startswith(f"{entry['number']:02}-") for entry in SYLLABUS)


@pytest.mark.parametrize("entry", written(), ids=lambda entry: entry["slug"])
def test_every_chapter_has_all_its_rooms(entry):
    slug = entry["slug"]
    name = slug.split("-", 1)[1].replace("-", "_")
    for place in (
        f"labs/{slug}/{slug}.ipynb",
        f"solutions/{slug}/{slug}.ipynb",
        f"tests/test_{name}.py",
        f"benchmarks/bench_{name}.py",
        f"benchmarks/results/{name}.json",
    ):
        assert (ROOT / place).exists(), f"{place} is missing"
    assert name in PUBLIC, f"course_lib.{name} is missing"
    assert re.search(rf"^\s*- file: {slug}$", (ROOT / "book/_toc.yml").read_text(), re.MULTILINE)


def test_every_room_has_a_door():
    slugs = {entry["slug"] for entry in SYLLABUS} | {"00-how-labs-work"}
    chapters = {path.stem for path in (ROOT / "book").glob("[0-9][0-9]-*.md")}
    labs = {path.name for path in (ROOT / "labs").iterdir()}
    solutions = {path.name for path in (ROOT / "solutions").iterdir()}
    assert chapters | labs | solutions <= slugs
    assert labs == solutions == {entry["slug"] for entry in written()} | {"00-how-labs-work"}


def test_every_public_room_has_an_api_page():
    assert "- glob: api/*\n" in (ROOT / "book/_toc.yml").read_text(encoding="utf-8")
    for name in PUBLIC:
        page = name.removeprefix("notebook.")
        assert (ROOT / f"book/api/{page}.md").exists(), f"course_lib.{name} has no API page"


def test_every_public_room_has_a_test():
    tests = " ".join(path.read_text(encoding="utf-8") for path in TESTS)
    for name in PUBLIC:
        room, _, last = f"course_lib.{name}".rpartition(".")
        door = rf"{re.escape(room)}(\.| import .*){last}\b"
        assert re.search(door, tests), f"{name} is untested"


# --- Facts: tests that can fail ----------------------------------------------------------------


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_assertion_is_dead(path):
    """A bare ``np.allclose(...)`` or ``a == b`` statement tests nothing."""
    silent = {"allclose", "isclose", "array_equal"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr):
            value = node.value
            name = ast.unparse(value.func).split(".")[-1] if isinstance(value, ast.Call) else ""
            assert not isinstance(value, ast.Compare) and name not in silent, f"line {node.lineno}"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_can_fail(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            body = ast.unparse(node)
            assert re.search(r"assert|raises|warns|expect|refuse|wait_for_", body), (
                f"{node.name} asserts nothing"
            )


# --- Contracts: what is committed ----------------------------------------------------------------


def committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this copy of the course is no git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_notebook_is_committed_with_outputs():
    for path in committed():
        if path.suffix == ".ipynb" and path.exists():
            assert '"output_type"' not in path.read_text(encoding="utf-8"), path


def test_nothing_is_left_to_do_and_nothing_points_outside():
    # Built from pieces, so that this file does not find itself.
    words = ["TO" + "DO", "FIX" + "ME", "../sha" + "red", "/wor" + "k/main", "/ro" + "ot/"]
    kept = {".py", ".md", ".toml", ".yml", ".js", ".css", ".ipynb", ".txt", ".json", ""}
    for path in committed():
        if path.suffix in kept and "vendor" not in path.parts and "data" not in path.parts:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            for word in words:
                assert word not in text, f"{path.relative_to(ROOT)} says {word}"


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"version: {project['version']}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()
    assert course_lib.__doc__
