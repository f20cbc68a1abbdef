"""Similar answers: what fingerprints ignore and see, who is found, what the pages say."""

import ast
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.course import ROOT, find_labs
from grading.intake.uploads import find_uploads
from grading.lab import load_config
from grading.similarity.__main__ import collect, known_names, main, scaffold
from grading.similarity.fingerprints import RUN, WINDOW, fingerprints, tokens, winnowed
from grading.similarity.pairs import Bar, groups, marked_lines, prepare, resembling
from tests import labs

from .fixtures.course import Course
from .fixtures.labs import small_lab
from .measure_similarity import found, made_up_class
from .synthetic import copied

LAB = "90-small"
SOLUTION = {
    cell.id: cell.source for cell in labs.cells("06-low-rank", "answer-")
}  # some hundred lines of real code


def values(source):
    return set(fingerprints({"cell": source}))


# --- Facts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", SOLUTION)
def test_names_comments_and_layout_do_not_matter(cell):
    tree = ast.parse(SOLUTION[cell])
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            node.id = node.id[::-1] + "_"
    stores = {node.id[::-1][1:] for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in stores:
            node.id = "other"
    renamed = "# a remark\n\n" + ast.unparse(tree)
    assert values(renamed) == values(ast.unparse(ast.parse(SOLUTION[cell])))


@pytest.mark.parametrize(
    ("this", "that"),
    [
        ("a[i] > b(c)", "b(c) < a[i]"),
        ("a[i] >= b(c)", "b(c) <= a[i]"),
        ("a[i] == 'x'", "'x' == a[i]"),
        ("b(c) != a[i]", "a[i] != b(c)"),
    ],
)
def test_the_direction_of_a_comparison_does_not_matter(this, that):
    assert values(f"if {this}:\n    c = 1") == values(f"if {that}:\n    c = 1")
    assert values(f"if {this}:\n    c = 1") != values("if a[i] in b(c):\n    c = 1")


def test_chained_comparisons_and_strict_ones_stay_what_they_are():
    assert values("a[0] < b < c(d)") != values("c(d) < b < a[0]")
    assert len({min(values(f"a[0] {sign} b(c)")) for sign in ("<", "<=", "==", "!=")}) == 4


def test_a_variable_named_like_something_of_the_lab_is_a_variable():
    source = "def f(x):\n    total = x.sum()\n    return [total, total * x]"
    prints = [
        set(fingerprints({"cell": source.replace("total", name)}, {"work"}))
        for name in ("total", "work", "np", "sum")
    ]
    assert prints[0] == prints[1] == prints[2] == prints[3]
    lab = "def f(x):\n    y = x.sum()\n    return [{0}(y), {0}(y) * x]"
    assert set(fingerprints({"cell": lab.format("work")}, {"work"})) != set(
        fingerprints({"cell": lab.format("other")}, {"work"})
    )


def test_order_of_functions_does_not_matter():
    parts = list(SOLUTION.values())
    assert values("\n\n".join(parts)) == values("\n\n".join(reversed(parts)))


@given(
    shared=st.lists(st.sampled_from("abcdefgh"), min_size=RUN + WINDOW - 1, max_size=30),
    around=st.lists(st.text("pqrs", min_size=1, max_size=1), min_size=2, max_size=40),
    cut=st.integers(0, 40),
)
def test_no_common_run_of_thirteen_tokens_goes_unseen(shared, around, cut):
    cut = min(cut, len(around))
    rows = [shared, around[:cut] + shared + around[cut:]]
    first, second = (
        {value for value, _, _ in winnowed([(token, 1) for token in row])} for row in rows
    )
    assert first & second


def test_what_the_lab_contains_is_taken_away():
    given_cells = {"setup": SOLUTION["answer-06-1"]}
    (one,) = prepare({"ann": {"answer": SOLUTION["answer-06-1"]}}, given_cells)
    assert one.prints == {}
    (two,) = prepare({"ann": {"answer": SOLUTION["answer-06-2"]}}, given_cells)
    assert two.prints


@pytest.mark.parametrize(
    "source",
    [
        "def f(x:\n  return",
        "(" * 3000,
        "x = '" + "a" * 10_000,
        "\0",
        "",
        "%timeit f(x)\n!ls",
        "-" * 20_000 + "1",
        "lambda: " * 500 + "1",
        "+".join("a" * 2000),
    ],
    ids=range(9),
)
def test_code_that_is_no_python_is_read_all_the_same(source):
    assert isinstance(tokens(source), list)
    assert isinstance(fingerprints({"cell": source}), dict)


def test_students_without_code_are_in_no_pair():
    submissions = prepare({"ann": {}, "bob": {"a": ""}, "cy": {"a": "x = 1"}}, {})
    assert resembling(submissions, Bar(0.1)) == ([], [])


def test_marks_lie_on_lines_that_exist():
    rng = random.Random(1)
    other = {cell: copied(source, rng) for cell, source in SOLUTION.items()}
    submissions = prepare({"ann": SOLUTION, "bob": other}, {})
    ((pair,), _) = resembling(submissions, Bar(0.5))
    for side, submission in enumerate((pair.first, pair.second)):
        marks = marked_lines(pair, side)
        assert marks
        for cell, lines in marks.items():
            assert set(lines) <= set(range(1, len(submission.cells[cell].splitlines()) + 1))


# --- A class -------------------------------------------------------------------------------


@pytest.mark.slow
def test_copies_are_found_and_honest_answers_are_not():
    """The figures of the instructors' page: 12 copies among 120 honest students."""
    course_labs, (slug,) = find_labs(ROOT, load_config(ROOT), ["06"])
    answers, copies = made_up_class(slug, 120, 12)
    pairs = found(course_labs[slug], answers, Bar())
    listed = {(pair.first.student, pair.second.student) for pair in pairs}
    assert len(listed & copies) >= 10
    assert len(listed - copies) <= 2  # of 8,646 honest pairs


# --- Pages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("similar"), _90_small=small_lab())
    answer = "def mean(values):\n    total, count = 0.0, 0\n    for value in values:\n"
    answer += "        total += value\n        count += 1\n    return total / count"
    course.hand_in("ann", LAB, {"answer-90-1": answer})
    course.hand_in("=bob", LAB, {"answer-90-1": answer.replace("total", "sum_of").upper().lower()})
    course.hand_in("<b>cy", LAB, "solution")
    course.hand_in("empty", LAB)
    course.hand_in("dee", LAB, {"answer-90-1": "def mean(x:\n <script>alert(1)</script>"})
    course.code = main(["--root", str(course.root)])
    return course


def folder(course):
    return course.root / "grading" / "report" / "similarity"


def test_only_what_students_wrote_is_compared(course):
    lab = course.lab(LAB)
    uploads, _ = find_uploads(course.submitted, [LAB])
    answers = collect(uploads, lab)
    assert set(answers) == {"ann", "=bob", "<b>cy", "dee"}
    assert answers["ann"].keys() == {"answer-90-1"}
    assert {"np", "mean", "gram", "checks"} <= known_names(lab)
    assert any("BEGIN" not in source for source in scaffold(lab).values())


def test_the_page_lists_the_pair_and_links_to_it_side_by_side(course):
    assert course.code == 0
    page = (folder(course) / f"{LAB}.html").read_text()
    assert "=bob and ann" in page
    (link,) = re.findall(rf'href="({LAB}-\w+\.html)"', page)
    assert "<mark" in (folder(course) / link).read_text()
    assert "'=bob,ann,1.000" in (folder(course) / f"{LAB}.csv").read_text()


def test_no_page_accuses_and_none_runs_what_was_handed_in(course):
    for path in folder(course).glob("*.html"):
        page = path.read_text()
        assert not re.search("cheat|plagiar|copied|guilty|fraud|suspect", page, re.I)
        assert "<script" not in page


def test_a_wrong_option_is_refused_in_words(course, capsys):
    assert main(["--root", str(course.root), "--threshold", "2"]) == 2
    assert "--threshold must lie in (0, 1]; got 2." in capsys.readouterr().err
    assert main(["--root", str(course.root), "--evidence", "0"]) == 2
    assert "--evidence must be positive; got 0." in capsys.readouterr().err
    assert main(["--root", str(course.root), "--lab", "77"]) == 2
    assert "No lab 77" in capsys.readouterr().err


def test_more_evidence_lists_fewer_pairs():
    submissions = prepare({"ann": SOLUTION, "bob": SOLUTION}, {})
    ((pair,), _) = resembling(submissions, Bar())
    assert len(resembling(submissions, Bar(evidence=pair.evidence))[0]) == 1
    assert resembling(submissions, Bar(evidence=pair.evidence + 0.1))[0] == []


def test_groups_join_pairs_that_share_a_student():
    cells = dict(SOLUTION)
    submissions = prepare({"a": cells, "b": cells, "c": cells, "d": {"x": "y = 1"}}, {})
    pairs, _ = resembling(submissions, Bar(0.5))
    assert groups(pairs) == [["a", "b", "c"]]
