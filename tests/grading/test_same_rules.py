"""The check in a student's notebook and the graded one accept the same, and say the same."""

import linecache

import pytest

from course_lib.notebook import checks

from .fixtures.course import Course
from .fixtures.labs import SETUP
from .fixtures.notebooks import answer, check, hidden, locked, solution, text

LAB = "92-same"
HELPER = "def helper(x):\n    return x + 1\n"
CHECK = """\
with checks.exercise("92.1", more, returns=checks.Array(), forbids=[helper]) as check:
    x = np.array([3.0, 1.0, 2.0])
    check.shape(more(x), (3,), "The result")
    check.close(more(x), x + 1, "The result")
"""
HIDDEN = 'check.that(np.array_equal(answer(np.zeros(2)) / 2, [0.5, 0.5]), "no")'
HEAD = "def more(x):"

RIGHT = {
    "list": "    return [float(one) + 1 for one in x]",
    "matrix": "    return np.matrix(x)[0].A1 + 1",
    "float32": "    return (x + 1).astype(np.float32)",
    "tuple": "    return tuple(x + 1)",
}
WRONG = {
    "in place": "    x += 1\n    return x",
    "objects": "    return (x + 1).astype(object)",
    "deque": "    import collections\n    return collections.deque(x + 1)",
    "nothing": "    x + 1",
    "text": "    return 'abc'",
    "error": "    return x.missing",
    "helper": "    return helper(x)",
    "helper in a thread": "    from concurrent.futures import ThreadPoolExecutor\n"
    "    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(helper, x).result()",
}

HIDES = "    return other(x)\nother = helper\ndef helper(x):\n    return 2"


def a_lab():
    return solution(
        text("intro", "# Same\n\n5 points"),
        locked("setup", SETUP + HELPER),
        answer("92-1", HEAD, "    return x + 1"),
        check("92-1", 2, CHECK.rstrip()),
        hidden("92-1", "accuracy", 3, HIDDEN),
        locked("summary", "checks.summary()"),
    )


def written(body):
    return f"{HEAD}\n{body}"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("same"), _92_same=a_lab())
    for name, body in (RIGHT | WRONG | {"hides": HIDES}).items():
        course.hand_in(name, LAB, {"answer-92-1": written(body)})
    course.grade()
    return course


def here(body):
    """What the check says in a student's notebook; nothing if it passes."""
    names = {"__name__": "__main__"}
    exec(SETUP + HELPER, names)
    source, file = written(body), "<ipython-input-1>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
    try:
        exec(CHECK, names)
    except checks.CheckFailed as failed:
        return str(failed).partition(" (The call: ")[0]
    return ""


@pytest.mark.parametrize("name", RIGHT)
def test_what_passes_here_gets_all_points(graded, name):
    assert here(RIGHT[name]) == ""
    assert graded.scores()[name] == 5


@pytest.mark.parametrize("name", WRONG)
def test_what_fails_here_fails_there_in_the_same_words(graded, name):
    said = here(WRONG[name])
    results = graded.records()[name, LAB]["results"]
    assert said.startswith("92.1: ")
    assert results["check-92-1"]["message"] == said
    assert {one["points"] for one in results.values()} == {0}


def test_a_helper_that_was_saved_and_written_over_is_known_by_its_code(graded):
    """Here the check reads the name that the student wrote over, and cannot know."""
    results = graded.records()["hides", LAB]["results"]
    assert {one["points"] for one in results.values()} == {0}
    assert "write this one yourself: helper" in results["check-92-1"]["message"]
