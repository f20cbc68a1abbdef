"""Tests of what lab cells use: checks, hidden tests, hints, and the guard of forbidden calls."""

import contextlib
import functools
import json
import linecache
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import cost
from course_lib.notebook import checks

FORBIDDEN = "course_lib.cost.growth_exponent"
RUNS = [[1, 2, 4], [1, 4, 16]]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Every test begins with no exercise, as a student who does not grade."""
    monkeypatch.setattr(checks, "_exercises", {})
    monkeypatch.setattr(checks, "_points", {})
    monkeypatch.setattr(checks, "_personal", [])
    monkeypatch.delenv("SML_GRADING", raising=False)
    monkeypatch.delenv("SML_GRADING_SEED", raising=False)


@pytest.fixture
def graded(monkeypatch):
    monkeypatch.setenv("SML_GRADING", "1")


def written(source, name="answer"):
    """Return a function that a student wrote in a cell of its own."""
    file, namespace = f"<cell of {name}>", {"np": np}
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


def attempt(answer, body, **options):
    """Return what an exercise prints or raises when its check runs ``body(check, answer)``."""
    with checks.exercise("01.1", answer, **options) as check:
        body(check, answer)


RIGHT = written("def answer(x=1):\n    return x\n")
EMPTY = written("def answer(x=1):\n    raise NotImplementedError('write your answer here')\n")


# ---------------------------------------------------------------------------- visible checks


def test_a_right_answer_is_told_which_tests_are_still_to_come(capsys):
    attempt(RIGHT, lambda check, f: check.that(f() == 1, "no"), hidden=["cost", "edge case"])
    assert capsys.readouterr().out == (
        "01.1: the visible checks pass. Hidden tests when graded: cost, edge case.\n"
    )


def test_an_empty_answer_is_swallowed_so_that_the_lab_runs_on(capsys):
    attempt(EMPTY, lambda check, f: f())
    assert capsys.readouterr().out == "01.1: not attempted yet.\n"


def test_an_empty_answer_fails_when_graded(graded):
    with pytest.raises(checks.CheckFailed, match=r"01\.1: not attempted\."):
        attempt(EMPTY, lambda check, f: f())


def test_only_the_students_own_stub_counts_as_empty():
    def library():
        raise NotImplementedError("no such method")

    borrowed = written("def answer(f):\n    return f()\n")
    with pytest.raises(checks.CheckFailed, match=r"NotImplementedError.*no such method"):
        attempt(borrowed, lambda check, f: f(library))


def test_an_empty_answer_in_another_process_counts_as_empty(graded):
    def elsewhere():
        raise NotImplementedError("write your answer here")

    remote = written("def answer(error):\n    raise NotImplementedError('') if 0 else error\n")
    try:
        elsewhere()
    except NotImplementedError as raised:
        error = raised
    with pytest.raises(checks.CheckFailed, match=r"01\.1: not attempted\."):
        attempt(remote, lambda check, f: f(error))


def test_a_failed_check_says_so_and_offers_a_hint():
    with pytest.raises(checks.CheckFailed) as failed:
        attempt(RIGHT, lambda check, f: check.that(f() == 2, "It should be 2."), hints=["Add 1."])
    assert str(failed.value) == "01.1: It should be 2. (A hint: checks.hint('01.1').)"


def test_a_failed_check_is_shown_in_one_paragraph():
    assert checks.CheckFailed("one\ntwo")._render_traceback_() == ["one", "two"]


def test_an_error_in_the_answer_is_quoted_with_its_line():
    broken = written("def answer(x):\n    y = x + 1\n    return y['a']\n")
    with pytest.raises(checks.CheckFailed) as failed:
        attempt(broken, lambda check, f: f(1))
    said = str(failed.value)
    assert "answer stopped with TypeError in line 3 of its cell (`return y['a']`)" in said


def test_an_error_in_the_check_is_not_blamed_on_a_line_of_the_answer():
    with pytest.raises(checks.CheckFailed, match="the check cannot use what answer returned"):
        attempt(RIGHT, lambda check, f: f().missing)


def test_an_interrupt_is_the_students_own():
    def interrupted(check, f):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(RIGHT, interrupted)


def test_the_numbers_stay_while_the_student_works_and_change_when_graded(monkeypatch):
    def drawn():
        with checks.exercise("01.1", RIGHT) as check:
            return check.rng.random()

    assert drawn() == drawn()
    monkeypatch.setenv("SML_GRADING", "1")
    assert drawn() != drawn()
    monkeypatch.setenv("SML_GRADING_SEED", "5")
    assert drawn() == drawn() != np.random.default_rng(5).random()


def test_each_student_has_his_own_numbers_in_each_lab(capsys):
    def drawn(lab, student):
        own = checks.personal(lab, student).random()
        with checks.exercise("01.1", RIGHT) as check:
            return own, check.rng.random()

    ids = ["", "ann", "bob", "éa", 17]
    first = {student: drawn("01", student) for student in ids}
    assert first == {student: drawn("01", student) for student in ids}
    assert len({own for own, _ in first.values()}) == len(ids)
    assert len({checked for _, checked in first.values()}) == len(ids)
    assert drawn("02", "ann")[0] != first["ann"][0]
    assert "The data of éa." in capsys.readouterr().out


@pytest.mark.parametrize("written", ["Ann", " ann ", "ANN\n"])
def test_an_id_is_the_same_in_any_case_and_with_space_around_it(written):
    assert checks.personal("01", written).random() == checks.personal("01", "ann").random()


def test_an_id_that_is_typed_as_two_accents_or_as_one_is_the_same():
    assert checks.normal_id("e\u0301a") == checks.normal_id("\u00e9a")


@pytest.mark.parametrize("wrong", [None, True, 1.5, ["ann"]])
def test_what_is_no_id_is_refused(wrong):
    with pytest.raises(TypeError, match="student should be your id in quotes"):
        checks.personal("01", wrong)


def test_without_an_id_everybody_has_the_same_and_is_told_so(capsys):
    with checks.exercise("01.1", RIGHT) as check:
        before = check.rng.random()
    checks.personal("01", "")
    with checks.exercise("01.1", RIGHT) as check:
        assert check.rng.random() == before
    assert "Everybody's data; write your id" in capsys.readouterr().out


# ----------------------------------------------------------------------------- what a check says


def failure(method, *args, **options):
    """Return what a method of `Exercise` says; None if it is content."""
    try:
        getattr(checks.Exercise("01.1", RIGHT), method)(*args, **options)
    except checks.CheckFailed as failed:
        return str(failed)
    return None


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (None, "Q is None: is there a `return`?"),
        ([[1.0]], "Q should be an array; got list. np.array makes one of it."),
        (np.zeros((2, 3)), "Q should have shape (3, 2); got (2, 3)."),
        (np.zeros((3, 2)), None),
    ],
)
def test_shape(got, said):
    assert failure("shape", got, (3, 2), "Q") == said


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (None, "s is None: is there a `return`?"),
        ([1.0, 2.0, 3.0], None),
        ([1.0, 2.5, 4.0], "s at (2,) should be 3; got 4. It is off by 1; 3e-07 is allowed."),
        ([1.0, np.nan, 3.0], "s at (1,) should be 2; got nan."),
        ([1.0, 2.0], "s should have shape (3,); got (2,)."),
        ("abc", "s should hold numbers; got str."),
        ([[1.0], [2.0, 3.0]], "s should hold numbers; got list."),
    ],
)
def test_close(got, said):
    assert failure("close", got, [1.0, 2.0, 3.0], "s") == said


def test_close_of_single_numbers():
    assert failure("close", 2.0, 1.0, "The mean") == (
        "The mean should be 1; got 2. It is off by 1; 1e-07 is allowed."
    )


@given(
    exact=st.floats(-1e6, 1e6),
    rtol=st.floats(0, 1e-3),
    atol=st.floats(0, 1.0),
    share=st.floats(0, 0.99) | st.floats(1.01, 3),
)
def test_close_draws_the_line_where_it_says(exact, rtol, atol, share):
    limit = atol + rtol * abs(exact)
    got = exact + share * limit
    if abs(got - exact) in (0.0, limit) or limit < 1e-9 * abs(exact):
        return  # nothing can be told apart here in floating point
    assert (failure("close", got, exact, "x", rtol=rtol, atol=atol) is None) == (share < 1)


@pytest.mark.parametrize(("got", "fails"), [(3, False), (4, True), (np.nan, True)])
def test_at_most(got, fails):
    said = f"Passes should be at most 3; got {got:g}." if fails else None
    assert failure("at_most", got, 3, "Passes") == said


def test_orthonormal_columns_are_accepted_in_either_precision(rng):
    for dtype in (np.float32, np.float64):
        Q = np.linalg.qr(rng.standard_normal((500, 20)).astype(dtype)).Q
        assert failure("orthonormal", Q, "Q") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda Q: 2 * Q, "not orthonormal: their lengths run from 2 to 2"),
        (lambda Q: Q[:, [0, 0, 1]], "have length 1 but are not orthogonal"),
        (lambda Q: Q.astype(np.float32).astype(float), "only; np.linalg.qr would make them so"),
        (lambda Q: Q * np.nan, "not orthonormal"),
        (lambda Q: (5 * Q).astype(int), "not orthonormal"),
    ],
)
def test_orthonormal_names_what_is_wrong(change, said, rng):
    Q = change(np.linalg.qr(rng.standard_normal((50, 5))).Q)
    assert said in failure("orthonormal", Q, "Q")


# ------------------------------------------------------------------------------- hints, summary


def test_hints_go_one_step_further_each_time(capsys):
    checks.hint("01.1")
    attempt(RIGHT, lambda check, f: None, hints=["Think.", "Add."])
    capsys.readouterr()
    for _ in range(3):
        checks.hint("01.1")
    assert capsys.readouterr().out.splitlines() == [
        "Hint 1 of 2: Think.",
        "Hint 2 of 2: Add.",
        "Hint 2 of 2: Add.",
    ]


def test_a_hint_before_the_check_ran_says_what_to_do(capsys):
    checks.hint("09.9")
    assert capsys.readouterr().out == (
        "Run the check cell of exercise 09.9 first; it knows the hints.\n"
    )


def test_an_exercise_without_hints_says_so(capsys):
    attempt(RIGHT, lambda check, f: None)
    capsys.readouterr()
    checks.hint("01.1")
    assert capsys.readouterr().out == "01.1 has no hints.\n"


def test_the_summary_never_claims_what_did_not_run(capsys):
    attempt(RIGHT, lambda check, f: None, hidden=["cost"])
    with checks.exercise("01.2", EMPTY) as check:
        check.answer()
    with pytest.raises(checks.CheckFailed), checks.exercise("01.3", RIGHT) as check:
        check.that(False, "no")
    capsys.readouterr()
    checks.summary()
    lines = capsys.readouterr().out.splitlines()
    assert "points" not in lines[0]
    assert [line.split("  ")[0] for line in lines[1:4]] == ["01.1", "01.2", "01.3"]
    assert "passed" in lines[1] and lines[1].endswith("cost")
    assert "not attempted" in lines[2] and "failed" in lines[3]
    assert lines[4] == "1 of 3 exercises pass their visible checks."


# -------------------------------------------------------------------------------- hidden tests


def test_a_hidden_test_sees_the_answer_and_a_fresh_generator():
    attempt(RIGHT, lambda check, f: None)
    drawn = []
    for _ in range(2):
        checks.hidden("01.1", "accuracy")(lambda check, f, rng: drawn.append((f(3), rng.random())))
    assert drawn[0][0] == drawn[1][0] == 3
    assert drawn[0][1] != drawn[1][1]


def test_a_failed_hidden_test_names_exercise_kind_reason_and_a_seed_that_repeats_it(monkeypatch):
    attempt(RIGHT, lambda check, f: None)

    def fails(check, f, rng):
        check.that(False, f"drew {rng.random()}")

    with pytest.raises(checks.CheckFailed) as first:
        checks.hidden("01.1", "edge case")(fails)
    said = str(first.value)
    assert said.startswith("01.1, hidden test (edge case): drew 0.")
    monkeypatch.setenv("SML_GRADING_SEED", said.split("[seed ")[1].rstrip("]"))
    with pytest.raises(checks.CheckFailed) as again:
        checks.hidden("01.1", "edge case")(fails)
    assert str(again.value) == said


def test_an_empty_answer_fails_its_hidden_tests():
    attempt(EMPTY, lambda check, f: f())
    with pytest.raises(checks.CheckFailed, match=r"hidden test \(cost\): not attempted"):
        checks.hidden("01.1", "cost")(lambda check, f, rng: f())


def test_a_hidden_test_needs_its_check_cell():
    with pytest.raises(checks.CheckFailed, match="the check cell above did not run"):
        checks.hidden("01.1", "cost")(lambda check, f, rng: None)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of accuracy, cost, edge case"):
        checks.hidden("01.1", "speed")


# ------------------------------------------------------------------------------------ the guard

FORWARDING = {
    "by its name": """
from course_lib.cost import growth_exponent
def answer(n, c): return growth_exponent(n, c)
""",
    "under another name": """
import course_lib.cost as toolbox
helper = toolbox.growth_exponent
def answer(n, c): return helper(n, c)
""",
    "imported inside": """
def answer(n, c):
    return __import__("importlib").import_module("course_lib.cost").growth_exponent(n, c)
""",
    "through a helper": """
from course_lib import cost
def helper(*runs): return cost.growth_exponent(*runs)
def answer(n, c): return list(map(helper, [n], [c]))[0]
""",
    "error swallowed": """
from course_lib.cost import growth_exponent
def answer(n, c):
    try: return growth_exponent(n, c)
    except BaseException: return 2.0
""",
    "from a generator": """
from course_lib.cost import growth_exponent
def answer(n, c): return next(growth_exponent(n, c) for _ in [0])
""",
}


@pytest.mark.parametrize("how", FORWARDING)
def test_a_forwarding_answer_is_refused(how):
    answer = written(FORWARDING[how])
    with pytest.raises(checks.CheckFailed, match=f"write this one yourself: {FORBIDDEN}"):
        attempt(answer, lambda check, f: f(*RUNS), forbids=[FORBIDDEN])


@pytest.mark.parametrize("how", FORWARDING)
def test_a_forwarding_answer_is_refused_in_hidden_tests(how):
    answer = written(FORWARDING[how])
    attempt(answer, lambda check, f: None, forbids=[FORBIDDEN])
    with pytest.raises(checks.CheckFailed, match="write this one yourself"):
        checks.hidden("01.1", "accuracy")(lambda check, f, rng: f(*RUNS))


@pytest.mark.parametrize(
    "answer",
    [
        cost.growth_exponent,
        functools.partial(cost.growth_exponent),
        lambda n, c: cost.growth_exponent(n, c),
    ],
    ids=["the function itself", "partial", "lambda"],
)
def test_an_answer_that_is_the_function_is_refused(answer):
    with pytest.raises(checks.CheckFailed, match="write this one yourself"):
        attempt(answer, lambda check, f: f(*RUNS), forbids=[FORBIDDEN])


def test_the_check_itself_may_call_the_library():
    seen = []
    own = written("def answer(n, c):\n    return np.polyfit(np.log(n), np.log(c), 1)[0]\n")
    attempt(
        own,
        lambda check, f: seen.append((f(*RUNS), cost.growth_exponent(*RUNS))),
        forbids=[FORBIDDEN],
    )
    assert seen[0] == pytest.approx((2.0, 2.0))


def test_a_forbidden_class_stands_for_making_one():
    maker = written("import json\ndef answer(): return json.JSONDecoder().decode('1')\n")
    with pytest.raises(checks.CheckFailed, match=r"json\.JSONDecoder is what"):
        attempt(maker, lambda check, f: f(), forbids=["json.JSONDecoder"])


def test_a_forbidden_builtin_is_seen():
    user = written("import math\ndef answer(): return math.lgamma(3.0)\n")
    with pytest.raises(checks.CheckFailed, match=r"math\.lgamma is what"):
        attempt(user, lambda check, f: f(), forbids=["math.lgamma"])


def test_a_library_that_calls_the_forbidden_function_gives_it_away_too():
    user = written("import textwrap\ndef answer(): return textwrap.shorten('a b', 9)\n")
    with pytest.raises(checks.CheckFailed, match=r"textwrap\.TextWrapper is what"):
        attempt(user, lambda check, f: f(), forbids=["textwrap.TextWrapper"])


def test_a_peer_that_is_not_installed_is_passed_over(capsys):
    attempt(RIGHT, lambda check, f: f(), forbids=["no_such_package.function"])
    assert "the visible checks pass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("course_lib.cost.no_such_function", "no_such_function"),
        ("course_lib.no_such_module.function", "no_such_module"),
        ("course_lib.cost.no_such_module.function", "no_such_module"),
        ("json.JSONDecoder.no_such_method", "no_such_method"),
        ("json.NoSuchClass.decode", "NoSuchClass"),
    ],
)
def test_a_forbidden_name_that_does_not_exist_is_an_error_of_the_lab(name, missing):
    with pytest.raises(AttributeError, match=missing):
        attempt(RIGHT, lambda check, f: f(), forbids=[name])


METHODS = {
    "json.JSONDecoder.decode": "import json\ndef answer(): return json.JSONDecoder().decode('1')\n",
    "course_lib.binary_networks.Sign.backward": "from course_lib.binary_networks import Sign\n"
    "def answer():\n    back = Sign().backward\n    return back(np.ones(2), np.ones(2))\n",
    "course_lib.binary_networks.BinaryNetwork.from_layers": (  # a class method
        "from course_lib.binary_networks import BinaryNetwork as B\n"
        "def answer():\n    try: B.from_layers(())\n    except Exception: return 1\n"
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_can_be_forbidden(method):
    user = written(METHODS[method])
    with pytest.raises(checks.CheckFailed, match=f"write this one yourself: {method}"):
        attempt(user, lambda check, f: f(), forbids=[method])


def test_other_methods_of_the_class_stay_free():
    user = written("import json\ndef answer(): return json.JSONDecoder().raw_decode('1')[0]\n")
    assert user() == 1
    attempt(user, lambda check, f: f(), forbids=["json.JSONDecoder.decode"])


def test_a_method_that_cannot_be_watched_is_an_error_of_the_lab():
    with pytest.raises(TypeError, match="cannot be watched"):
        attempt(RIGHT, lambda check, f: f(), forbids=["collections.Counter.items"])


def test_a_module_that_needs_what_is_not_installed_is_passed_over(tmp_path, monkeypatch, capsys):
    (tmp_path / "half_there").mkdir()
    (tmp_path / "half_there" / "__init__.py").write_text("")
    (tmp_path / "half_there" / "part.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    attempt(RIGHT, lambda check, f: f(), forbids=["half_there.part.function"])
    assert "the visible checks pass" in capsys.readouterr().out


def test_forbidden_now_lists_what_open_guards_refuse():
    assert checks.forbidden_now() == ()
    with checks.guard(["json.dumps"]), checks.guard(["json.loads", "json.dumps"]):
        assert checks.forbidden_now() == ("json.dumps", "json.loads")
    assert checks.forbidden_now() == ()


def test_a_guard_without_a_file_refuses_every_call():
    with pytest.raises(checks.NotYours, match=r"json\.dumps"), checks.guard(["json.dumps"]):
        json.dumps(1)


def test_calls_are_free_again_after_the_block():
    with pytest.raises(checks.NotYours), checks.guard(["json.dumps"]):
        json.dumps(1)
    assert json.dumps(1) == "1"


# ----------------------------------------------- the guard: threads, methods, twins, helpers


THREADED = {
    "a thread that calls": """
import threading
from course_lib.cost import growth_exponent
def answer(n, c):
    found = []
    worker = threading.Thread(target=lambda: found.append(growth_exponent(n, c)))
    worker.start()
    worker.join()
    return found
""",
    "a thread that is the function": """
from concurrent.futures import ThreadPoolExecutor
from course_lib.cost import growth_exponent
def answer(n, c):
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(growth_exponent, n, c)
        return task.exception() or task.result()
""",
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("how", THREADED)
def test_another_thread_does_not_help(how):
    names = {"checks": checks, "RUNS": RUNS, "answer": written(THREADED[how])}
    source = f'with checks.exercise("01.1", answer, forbids=["{FORBIDDEN}"]):\n    answer(*RUNS)'
    with pytest.raises(checks.CheckFailed, match=f"write this one yourself: {FORBIDDEN}"):
        exec(source, names)
    with (
        pytest.raises(checks.NotYours, match="growth_exponent"),
        checks.guard([FORBIDDEN]),
        contextlib.suppress(Exception),
    ):
        names["answer"](*RUNS)


def test_no_thread_is_watched_after_the_block():
    with checks.guard([FORBIDDEN]):
        pass
    assert threading.getprofile() is None
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(cost.growth_exponent, *RUNS).result() == pytest.approx(2.0)


def test_an_object_made_before_the_check_does_not_help():
    user = written(
        "import textwrap\nready = textwrap.TextWrapper()\ndef answer(): return ready.fill('a b')\n"
    )
    with pytest.raises(checks.CheckFailed, match=r"textwrap\.TextWrapper is what"):
        attempt(user, lambda check, f: f(), forbids=["textwrap.TextWrapper"])


TWINS = {
    "sklearn.utils.extmath.randomized_range_finder": (
        "from sklearn.utils.extmath import _randomized_range_finder as f",
        "f(np.eye(3), size=1, n_iter=1)",
    ),
    "sklearn.utils.extmath.randomized_svd": (
        "from sklearn.utils.extmath import _randomized_svd as f",
        "f(np.eye(3), 1)",
    ),
    "sklearn.manifold.MDS": ("from sklearn.manifold import smacof as f", "f(np.eye(3))"),
    "scipy.sparse.linalg.svds": (
        "from scipy.sparse.linalg._svdp import _svdp as f",
        "f(np.eye(3), 1)",
    ),
}


@pytest.mark.parametrize("forbidden", TWINS)
def test_the_same_function_under_another_name_is_forbidden_too(forbidden):
    brought, called = TWINS[forbidden]
    try:
        user = written(f"{brought}\ndef answer(): return {called}\n")
    except ImportError as missing:
        pytest.skip(f"not in this version: {missing}")
    with pytest.raises(checks.CheckFailed, match=f"write this one yourself: {forbidden}"):
        attempt(user, lambda check, f: f(), forbids=[forbidden])


HELPER = "def ridge(x):\n    '''Solve.'''\n    return [x + one for one in (1, 2)]\n"
HELPED = {
    "forwards": "def answer(x): return ridge(x)\n",
    "under another name": "other = ridge\ndef answer(x): return other(x)\n",
    "renamed over": "other = ridge\ndef ridge(x): return other(x)\n"
    "def answer(x): return ridge(x)\n",
    "copied": f"{HELPER}def answer(x): return ridge(x)\n",
    "in a thread": "from concurrent.futures import ThreadPoolExecutor\ndef answer(x):\n"
    "    with ThreadPoolExecutor(1) as pool: return pool.submit(ridge, x).result()\n",
}


@pytest.mark.parametrize("how", HELPED)
def test_a_helper_of_the_notebook_can_be_forbidden(how):
    names = {"checks": checks}
    exec(HELPER, names)
    forbidden = names["ridge"]
    exec(compile(HELPED[how], "<own cell>", "exec"), names)
    names["forbidden"] = forbidden
    with pytest.raises(checks.CheckFailed, match="write this one yourself: ridge is what"):
        exec('with checks.exercise("01.1", answer, forbids=[forbidden]):\n    answer(1)', names)
    with checks.guard([forbidden]):
        crossing = checks.forbidden_now()  # as it travels to the student's process
    assert all(isinstance(name, str) for name in crossing)
    with pytest.raises(checks.NotYours, match="ridge"), checks.guard(crossing):
        names["answer"](1)


def test_a_function_of_ones_own_may_have_a_helpers_name():
    names = {"checks": checks}
    exec(HELPER, names)
    source = "forbidden = ridge\ndef ridge(x): return x\ndef answer(x): return ridge(x)\n"
    exec(source, names)
    exec('with checks.exercise("01.1", answer, forbids=[forbidden]):\n    got = answer(1)', names)
    assert names["got"] == 1


def test_a_bare_name_in_forbids_is_an_error_of_the_lab():
    with pytest.raises(ValueError, match=r"Write forbids=\[ridge\]"):
        attempt(RIGHT, lambda check, f: f(), forbids=["ridge"])


@pytest.mark.parametrize("wrong", [numba.njit(lambda x: x), 3, functools.partial(print)])
def test_what_cannot_be_watched_is_an_error_of_the_lab(wrong):
    with pytest.raises(TypeError, match="forbids holds dotted names and plain functions"):
        attempt(RIGHT, lambda check, f: f(), forbids=[wrong])


def test_a_cost_earns_nothing_without_a_right_answer(graded):
    def answer():
        return None

    with (
        pytest.raises(checks.CheckFailed, match="should be 1"),
        checks.exercise("98.7", answer, hidden=["cost"]) as check,
    ):
        check.that(answer() == 1, "It should be 1.")
    with pytest.raises(checks.CheckFailed, match="only for an answer that the check accepts"):
        checks.hidden("98.7", "cost")(lambda check, answer, rng: None)
    checks.hidden("98.7", "accuracy")(lambda check, answer, rng: None)
