"""Every lab: its solution passes, its typical mistakes fail and are named, its rules are kept."""

import copy
import itertools
import os
import re
import subprocess
import sys

import nbformat
import pytest

from course_lib.notebook import checks
from tests import answers, labs, mistakes
from tests.sample import by_day
from tools import lab_rules
from tools import labs as tool

SEEDS = by_day([1], [1, 2, 3])
SLOW = pytest.mark.slow  # five mistakes and right answers of six wait for the whole run
WRONG = [(slug, wrong) for slug in labs.SLUGS for wrong in mistakes.load(slug)]
RIGHT = [(slug, right) for slug in labs.SLUGS for right in answers.load(slug)]
WRONG, RIGHT = (
    by_day([case for case in cases if not case[1].by_night], cases) for cases in (WRONG, RIGHT)
)
LUCK = by_day([1], range(1, 21))  # seeds of right answers: an honest one may not depend on them
EXERCISES = [(slug, exercise) for slug in labs.SLUGS for exercise in labs.exercises(slug)]


def sampled(cases):
    """The cases as parameters; one of six stays in the fast tests."""
    return [
        pytest.param(slug, one, id=f"{one.exercise}-{one.name}", marks=kept)
        for (slug, one), kept in zip(cases, itertools.cycle([(), *[SLOW] * 5]), strict=False)
    ]


@pytest.fixture
def graded(monkeypatch):
    """As when graded: an empty answer fails, and the numbers come from a seed."""
    monkeypatch.setenv("SML_GRADING", "1")
    monkeypatch.setattr(checks, "_exercises", {})

    def seeded(seed):
        monkeypatch.setenv("SML_GRADING_SEED", str(seed))

    return seeded


# ---------------------------------------------------------------------------- right and wrong


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES)
def test_the_solution_passes_every_check(slug, exercise, graded):
    for seed in SEEDS:
        graded(seed)
        assert labs.verdicts(slug, exercise) == {}


@pytest.mark.parametrize(
    ("slug", "wrong"),
    sampled(WRONG),
)
def test_a_mistake_is_caught_where_it_should_be_and_named(slug, wrong, graded):
    for seed in SEEDS:
        graded(seed)
        rejected = labs.verdicts(slug, wrong.exercise.replace(".", "-"), wrong.function, first=True)
        assert list(rejected) == [wrong.caught_by]
        assert wrong.says in rejected[wrong.caught_by]


@pytest.mark.parametrize(("slug", "right"), sampled(RIGHT))
def test_a_right_answer_in_an_unusual_style_passes_everything(slug, right, graded):
    for seed in LUCK:
        graded(seed)
        rejected = labs.verdicts(slug, right.exercise.replace(".", "-"), right.function)
        assert rejected == {}, f"seed {seed}"


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES)
def test_each_exercise_has_right_answers_in_unusual_styles(slug, exercise):
    own = [one for one in answers.load(slug) if one.exercise == exercise.replace("-", ".")]
    assert len(own) >= 2
    assert len({one.style for one in own}) == len(own)


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES)
def test_each_exercise_has_mistakes_to_reject(slug, exercise):
    own = [wrong for wrong in mistakes.load(slug) if wrong.exercise == exercise.replace("-", ".")]
    assert len(own) >= 3
    if "forbids" in labs.parts(slug, exercise)["check"].source:
        forwarding = [wrong for wrong in own if wrong.says == "write this one yourself"]
        assert len(forwarding) >= 2


# ------------------------------------------------------------------------- the released labs


@pytest.fixture(scope="module")
def released():
    """The labs as they would be released now, by slug."""
    return {slug: tool.release(labs.solution(slug), slug) for slug in labs.SLUGS}


def test_the_labs_are_what_their_solutions_give():
    assert tool.stale() == []


def test_the_graders_nbgrader_has_the_same_empty_answer():
    assert lab_rules.STUB in (labs.ROOT / "nbgrader_config.py").read_text(encoding="utf-8")


def test_generating_twice_gives_the_same_bytes(tmp_path, capsys):
    assert tool.generate(labs=tmp_path) == 0
    first = {path: path.read_bytes() for path in tmp_path.glob("*/*.ipynb")}
    assert len(first) == len(labs.SLUGS)
    assert tool.generate(labs=tmp_path) == 0
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*.ipynb")} == first
    assert tool.stale(labs=tmp_path) == []
    next(iter(first)).write_text("{}")
    assert len(tool.stale(labs=tmp_path)) == 1


def test_a_lab_whose_solution_is_gone_is_stale_and_goes(tmp_path, capsys):
    tool.generate(labs=tmp_path)
    orphan = tmp_path / "99-gone" / "99-gone.ipynb"
    orphan.parent.mkdir()
    orphan.write_text("{}")
    assert tool.stale(labs=tmp_path) == ["99-gone"]
    tool.generate(labs=tmp_path)
    assert not orphan.exists()


@pytest.mark.parametrize("slug", labs.SLUGS)
def test_a_lab_says_that_it_is_generated(slug, released):
    course = released[slug].metadata.course
    assert course.lab == slug
    assert course.generated_from == f"solutions/{slug}/{slug}.ipynb"
    assert "Generated" in course.note


@pytest.mark.parametrize("slug", labs.SLUGS)
def test_locked_cells_cannot_be_edited_in_jupyterlab(slug, released):
    for cell in released[slug].cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            assert cell.metadata.editable is False and cell.metadata.deletable is False


@pytest.mark.parametrize("slug", labs.SLUGS)
def test_check_cells_are_folded_for_they_hold_the_hints(slug, released):
    for cell in released[slug].cells:
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert folded == cell.id.startswith("check-")


@pytest.mark.parametrize("slug", labs.SLUGS)
def test_an_unsolved_lab_runs_from_top_to_bottom(slug, released, capsys, monkeypatch):
    monkeypatch.setattr(checks, "_exercises", {})
    monkeypatch.setattr(checks, "_points", {})  # of the lab that ran before
    namespace = dict(labs.given(slug))
    for cell in released[slug].cells:
        if cell.id.startswith(("answer-", "check-", "hidden-", "summary")):
            labs.run(cell.source, namespace, cell.id)
    said = capsys.readouterr().out
    for exercise in labs.exercises(slug):
        assert f"{exercise.replace('-', '.')}: not attempted yet." in said
    assert f"0 of {len(labs.exercises(slug))} exercises pass" in said


@pytest.mark.parametrize(("slug", "exercise"), EXERCISES)
def test_an_unsolved_exercise_fails_all_its_parts_when_graded(slug, exercise, released, graded):
    stub = next(cell for cell in released[slug].cells if cell.id == f"answer-{exercise}")
    namespace = dict(labs.given(slug))
    labs.run(stub.source, namespace, stub.id)
    for cell in labs.parts(slug, exercise).values():
        with pytest.raises(checks.CheckFailed, match="not attempted"):
            labs.run(cell.source, namespace, cell.id)


# --------------------------------------------------------------------------------- the rules


def a_lab(change=lambda solution: None, change_release=lambda release: None):
    """Return lab 00, changed; what a rule says about it is then about the change."""
    solution = copy.deepcopy(labs.solution("00-how-labs-work"))
    change(solution)
    release = tool.release(solution, "00-how-labs-work")
    change_release(release)
    return lab_rules.Lab("00-how-labs-work", solution, release)


def edited(cell_id, old, new):
    """Return a change that replaces text in one cell."""

    def change(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def without(cell_id):
    """Return a change that drops a cell."""

    def change(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id != cell_id]

    return change


def marked(cell_id, **marks):
    """Return a change of nbgrader's marks of one cell."""

    def change(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == cell_id)
        cell.metadata["nbgrader"].update(marks)

    return change


def with_output(notebook):
    cell = next(cell for cell in notebook.cells if cell.id == "summary")
    cell.outputs = [nbformat.v4.new_output("stream", text="2 of 2")]


def appended(cell_id, text):
    def change(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == cell_id)
        cell.source += text

    return change


SECRET = "\n".join(["total = np.zeros(A.shape[1])", "for block in A.blocks(1000):"])

BROKEN = {
    "no task": (without("task-00-2"), "answer-00-2 is graded and belongs to no exercise"),
    "no answer": (without("answer-00-2"), "exercise 00-2 has no cell answer-00-2"),
    "no check": (without("check-00-2"), "exercise 00-2 has no cell check-00-2"),
    "no hidden test": (
        lambda notebook: [
            without(f"hidden-00-1-{kind}")(notebook) for kind in ("cost", "edge-case")
        ],
        "exercise 00-1 has no hidden test",
    ),
    "a kind that is not there": (without("hidden-00-1-cost"), "announces ['cost', 'edge case']"),
    "a kind not announced": (
        edited("check-00-1", 'hidden=["cost", "edge case"]', 'hidden=["cost"]'),
        "announces ['cost'] and holds ['cost', 'edge case']",
    ),
    "the wrong decorator": (
        edited("hidden-00-1-cost", '("00.1", "cost")', '("00.2", "cost")'),
        'should run its test by @checks.hidden("00.1", "cost")',
    ),
    "a first line that is lost": (
        edited("hidden-00-1-cost", "# Hidden test (cost)", "# Test"),
        "should begin with `# Hidden test (cost)",
    ),
    "a check that shows nothing when folded": (
        edited("check-00-1", "# Check 00.1.", "# Look."),
        "cell check-00-1 should begin with `# Check 00.1. Run this cell",
    ),
    "points of a task": (
        edited("task-00-1", "5 points", "6 points"),
        "task-00-1 says 6 points; its cells hold 5",
    ),
    "minutes of the lab": (edited("intro", "15 minutes", "16 minutes"), "`15 minutes, 10 points`"),
    "a task without minutes": (
        edited("task-00-1", "8 minutes", "a while"),
        "task-00-1 should say `15 minutes, 10 points`",
    ),
    "the wrong grade_id": (
        marked("check-00-1", grade_id="check-00-9"),
        "cell check-00-1 has the grade_id check-00-9",
    ),
    "a task that can be edited": (
        marked("task-00-1", locked=False),
        "cell task-00-1 should be marked",
    ),
    "no points on top": (without("points"), "should have a locked cell `points`"),
    "no summary": (without("summary"), "the last code cell should be `checks.summary()`"),
    "an unlocked setup": (marked("setup", locked=False), "should be the locked cell `setup`"),
    "no cell for the id": (without("student"), "should be the unmarked cell `student`"),
    "an id of its own": (edited("student", '""', '"ann"'), "should be the unmarked cell `student`"),
    "the same data for all": (
        edited("setup", 'checks.personal("00", student)', "np.random.default_rng(0)"),
        'the cell `setup` should call checks.personal("00", student)',
    ),
    "an output": (with_output, "cell summary holds an output"),
    "a picture that is not attached": (
        appended("how", "\n![](attachment:cat.png)"),
        "cell how shows cat.png, which is not attached",
    ),
    "a picture from a file": (
        appended("how", "\n![a cat](cat.png)"),
        "cell how shows cat.png; attach the picture",
    ),
    "a hint that tells all": (
        appended("how", f"\n{SECRET}\ntotal += block.sum(axis=0)"),
        "the secret of answer-00-1 shows in the released lab",
    ),
    "other points than told": (
        appended("setup", '\nchecks.points({"00.1": (2, 3), "00.2": (2, 4)})'),
        "should call checks.points({'00.1': (2, 3), '00.2': (2, 3)})",
    ),
    "a check that takes a name": (
        appended("check-00-2", "\ndigits = 5"),
        "cell check-00-2 binds ['digits'], which the notebook uses",
    ),
    "a result of no form": (
        edited("check-00-1", "    returns=checks.Array(),\n", ""),
        "cell check-00-1 should say what comes back, as returns=checks.Array() does",
    ),
    "an answer that needs a check": (
        edited("answer-00-1", "A.blocks(1000)", "A.blocks(len(means))"),
        "cell answer-00-1 uses ['means'], which no locked cell defines",
    ),
    "a check that needs another": (
        edited("check-00-2", "sizes, counts = [500, 1000, 2000], []", "counts = list(shape)"),
        "cell check-00-2 uses",
    ),
}


def test_the_rules_find_nothing_in_the_labs_as_they_are():
    for slug in labs.SLUGS:
        solution = labs.solution(slug)
        lab = lab_rules.Lab(slug, solution, tool.release(solution, slug))
        assert lab_rules.problems(lab) == []


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_said_in_a_sentence(change, said):
    assert any(said in sentence for sentence in lab_rules.problems(a_lab(change)))


def test_an_answer_without_the_marks_of_a_solution_is_found():
    def unmarked(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == "answer-00-2")
        cell.source = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", cell.source)

    said = lab_rules.problems(a_lab(unmarked))
    assert "cell answer-00-2 should hold exactly one solution between its marks." in said


def test_an_answer_that_does_not_describe_itself_is_found():
    def undocumented(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == "answer-00-2")
        cell.source = re.sub(r'    """.*?"""\n', "", cell.source, flags=re.DOTALL)

    said = lab_rules.problems(a_lab(undocumented))
    assert "the stub of answer-00-2 should describe itself in a docstring." in said


def test_a_cell_id_that_occurs_twice_is_found():
    solution = copy.deepcopy(labs.solution("00-how-labs-work"))
    solution.cells.append(copy.deepcopy(solution.cells[0]))
    lab = lab_rules.Lab("00-how-labs-work", solution, solution)
    assert "the cell id intro occurs twice." in list(lab_rules._ids(lab))


def test_a_hidden_test_left_in_the_release_is_found():
    secret = next(lab_rules.regions(labs.solution("00-how-labs-work")))[1]

    def told(release):
        cell = next(cell for cell in release.cells if cell.id == "hidden-00-1-cost")
        cell.source += f"\n### BEGIN HIDDEN TESTS\n{secret}"

    said = lab_rules.problems(a_lab(change_release=told))
    assert "cell hidden-00-1-cost of the released lab still has a mark of a region." in said
    assert any("shows in the released lab" in sentence for sentence in said)


# -------------------------------------------------------------------------------- the commands


def test_the_command_that_compares_exits_with_a_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        tool.main(["--check"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "labs/ is what solutions/ gives.\n"


def test_the_command_that_compares_fails_on_a_stale_lab(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tool, "stale", lambda: ["06-low-rank"])
    with pytest.raises(SystemExit) as ended:
        tool.main(["--check"])
    assert ended.value.code == 1
    assert capsys.readouterr().out == (
        "labs/ is not what solutions/ gives for 06-low-rank; run `make labs`.\n"
    )


# ----------------------------------------------------------------------- in kernels of their own


def with_mistake(slug, exercise, name):
    """Return a solution notebook with one answer replaced by a mistake."""
    notebook = copy.deepcopy(labs.solution(slug))
    wrong = next(m for m in mistakes.load(slug) if (m.exercise, m.name) == (exercise, name))
    cell = next(c for c in notebook.cells if c.id == f"answer-{exercise.replace('.', '-')}")
    cell.source = mistakes.source(wrong, re.search(r"def (\w+)", cell.source)[1])
    return notebook


def nbval(*paths):
    """Run notebooks in kernels of their own; return pytest's exit code and what it printed."""
    options = "-q -p no:cacheprovider --nbval-lax --nbval-current-env --nbval-cell-timeout=120"
    command = [sys.executable, "-m", "pytest", *options.split(), *map(str, paths)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_XDIST_WORKER"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=labs.ROOT, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_solutions_and_unsolved_labs_run_in_a_kernel():
    """Those that have not run since they, or what they rest on, changed; in CI all of them."""
    paths = [
        labs.ROOT / folder / slug / f"{slug}.ipynb"
        for folder in ("solutions", "labs")
        for slug in labs.SLUGS
    ]
    keys = {path: labs.key(path) for path in paths}
    new = [path for path in paths if not labs.has_run(path, keys[path])]
    if new:
        code, said = nbval(*new)
        assert code == 0, said
    for path in new:
        labs.note_run(path, keys[path])


def test_a_lab_runs_again_when_what_it_rests_on_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(labs, "RAN", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    path = labs.ROOT / "labs" / "06-low-rank" / "06-low-rank.ipynb"
    assert labs.ROOT / "course_lib" / "low_rank" / "svd.py" in labs.what_it_rests_on(path)
    assert labs.ROOT / "course_lib" / "manifolds" / "lle.py" not in labs.what_it_rests_on(path)
    assert not labs.has_run(path, "one key")
    labs.note_run(path, "one key")
    assert labs.has_run(path, "one key") and not labs.has_run(path, "another")
    monkeypatch.setenv("CI", "true")
    assert not labs.has_run(path, "one key")


@pytest.mark.slow
def test_a_lab_with_a_mistake_fails_in_a_kernel_in_one_paragraph(tmp_path):
    path = tmp_path / "wrong.ipynb"
    nbformat.write(with_mistake("00-how-labs-work", "00.1", "mean_of_means"), path)
    code, said = nbval(path)
    assert code == 1
    assert "Is it the mean of the blocks' means?" in said
