"""Tests of how checks call an answer: on copies, in words, and as the grader would."""

import dataclasses
import json
import linecache
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse

from course_lib.notebook import checks
from course_lib.notebook._values import CheckFailed, as_number, returned
from grading.isolation.border import Reader, Writer
from grading.isolation.wire import Unportable

Point = namedtuple("Point", "x y")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Every test begins with no exercise, as a student who does not grade."""
    for name, empty in (("_exercises", {}), ("_personal", []), ("_points", {}), ("_seeds", {})):
        monkeypatch.setattr(checks, name, empty)
    monkeypatch.delenv("SML_GRADING", raising=False)
    monkeypatch.delenv("SML_GRADING_SEED", raising=False)


class Notebook:
    """A namespace in which cells run, each with a file of its own."""

    def __init__(self, setup=""):
        self.names = {"np": np, "checks": checks, "__name__": "__main__"}
        self.count = 0
        self.run(setup)

    def run(self, source):
        self.count += 1
        file = f"<cell {self.count}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec"), self.names)
        return self

    def check(self, body, name="answer", **options):
        """Run a check cell; return the message of the failure, None if it passed."""
        said = ", ".join(f"{key}={value}" for key, value in options.items())
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        try:
            self.run(f'with checks.exercise("01.1", {name}, {said}) as check:\n{lines}\n')
        except CheckFailed as failed:
            return str(failed)
        return None


def hidden(body, kind="accuracy"):
    return Notebook().run(
        f'@checks.hidden("01.1", "{kind}")\ndef test(check, answer, rng):\n    {body}'
    )


# -------------------------------------------------------------------------- changes in place

CHANGING = {
    "an array": ("def answer(x):\n    x.sort()\n    return x", "np.array([2, 1])"),
    "out=": ("def answer(x):\n    return np.maximum(x, 1, out=x)", "np.zeros(3)"),
    "a list": ("def answer(x):\n    x.append(1)\n    return x", "[2]"),
    "an array in a list": ("def answer(x):\n    x[0][0] = 7\n    return 1", "[np.zeros(2)]"),
    "a dictionary": ("def answer(x):\n    return x.pop('a')", "{'a': 1}"),
    "its shape": ("def answer(x):\n    x.shape = (2, 1)\n    return x", "np.zeros(2)"),
    "a callable object": (
        "class Doer:\n    def __call__(self, x):\n        x[0] = 9\nanswer = Doer()",
        "[1]",
    ),
}


@pytest.mark.parametrize("how", CHANGING)
@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
def test_an_argument_that_is_changed_in_place_is_refused_and_stays_as_it_was(how):
    source, given = CHANGING[how]
    notebook = Notebook(f"{source}\ngiven = {given}\nkept = {given}")
    said = notebook.check("answer(given)")
    assert "changes its argument x in place; work on a copy of it." in said
    assert repr(notebook.names["given"]) == repr(notebook.names["kept"])
    with pytest.raises(CheckFailed, match="changes its argument x in place"):
        hidden(f"answer({given})")


def test_a_named_argument_is_named():
    notebook = Notebook("def answer(a, *, b):\n    b[0] = 1")
    assert "changes its argument b in place" in notebook.check("answer(1, b=[0])")


@pytest.mark.parametrize(
    "given",
    ["np.matrix([[2, 1]])", "__import__('collections').OrderedDict(a=1)", "np.array([np.nan])"]
    + ["np.arange(6).reshape(2, 3)[:, ::-1]", "np.asfortranarray(np.eye(3)[:, :2])", "[np.nan]"]
    + ["range(3)", "np.float32(1)", "iter([1])", "print", "np.random.default_rng(1)", "{1, 2}"],
)
def test_what_was_left_alone_was_not_changed(given):
    assert Notebook("def answer(x):\n    return 1").check(f"answer({given})") is None


def test_sparse_arguments_are_compared():
    notebook = Notebook("from scipy import sparse\ndef answer(x):\n    x.data[:] = 2\n    return x")
    assert "in place" in notebook.check("answer(sparse.csr_array(np.eye(2)))")


# -------------------------------------------------------------- any kind of answer, by its name


@pytest.mark.parametrize(
    "source",
    [
        "def answer(n):\n    return 1 if n == 0 else n * answer(n - 1)",
        "import functools\n@functools.lru_cache\ndef answer(n):\n"
        "    return 1 if n == 0 else n * answer(n - 1)",
        "import functools\ndef power(k, n):\n    return 1 if n == 0 else n * power(k, n - 1)\n"
        "answer = functools.partial(power, 0)",
        "answer = lambda n: 1 if n == 0 else n * answer(n - 1)",
        "import math\nanswer = math.factorial",
        "import numba\n@numba.njit\ndef answer(n):\n    if n == 0:\n        return 1\n"
        "    return n * answer(n - 1)",
        "class Doer:\n    def __call__(self, n):\n"
        "        return 1 if n == 0 else n * answer(n - 1)\n"
        "answer = Doer()",
    ],
    ids=["function", "cached", "partial", "lambda", "builtin", "compiled", "object"],
)
def test_any_callable_is_an_answer_and_finds_itself_by_its_name(source):
    notebook = Notebook(source)
    before = notebook.names["answer"]
    assert notebook.check('check.close(answer(5), 120, "5!")') is None
    assert notebook.names["answer"] is before


def test_recursion_is_as_deep_as_without_a_check():
    depth = sys.getrecursionlimit() - 150
    notebook = Notebook("def answer(n):\n    return 0 if n == 0 else 1 + answer(n - 1)")
    assert notebook.check(f"check.that(answer({depth}) == {depth}, 'no')") is None


def test_a_compiled_caller_of_the_answer_compiles_while_it_runs():
    notebook = Notebook(
        "import numba\n@numba.njit\ndef one(n):\n    return n + 1\n"
        "@numba.njit\ndef twice(n):\n    return one(one(n))\ndef answer(n):\n    return twice(n)"
    )
    assert notebook.check("check.that(answer(1) == 3, 'no')") is None


CLASS = """
class Answer:
    def __init__(self, items=()):
        self.kept = list(items)
    def update(self, items):
        self.kept += items
        return self
    def merge(self, other):
        return Answer(self.kept + other.kept)
    @classmethod
    def of(cls, items):
        return cls(items)
    @staticmethod
    def broken(items):
        items.clear()
    def spoil(self, items):
        items.sort()
    def state(self):
        return self.kept
    def __len__(self):
        return len(self.kept)
    def each(self):
        yield from self.kept
"""


def test_a_class_stays_what_it_is_and_its_methods_are_guarded():
    notebook = Notebook(CLASS)
    before = dict(vars(notebook.names["Answer"]))
    body = """
a, b = Answer([1]), Answer.of([2])
c = a.update([5]).merge(b)
check.that(isinstance(c, Answer) and isinstance(b, Answer) and type(c) is Answer, "type")
check.that(len(c) == 3 and list(c.each()) == [1, 5, 2], "items")
state = c.state()
c.update([7])
check.that(state == [1, 5, 2], "what came back is not the object's own list")
"""
    assert notebook.check(body, "Answer") is None
    said = notebook.check("Answer([1]).spoil([2, 1])", "Answer")
    assert "Answer.spoil changes its argument items in place" in said
    assert "Answer.broken changes" in notebook.check("Answer.broken([1])", "Answer")
    assert dict(vars(notebook.names["Answer"])) == before


def test_a_generator_is_taken_item_by_item_as_each_was():
    notebook = Notebook(
        "def answer(n):\n    x = np.zeros(1)\n    while True:\n        x += 1\n        yield x"
    )
    body = "items = answer(3)\nfirst, second = next(items), next(items)\n"
    assert notebook.check(body + "check.that(first[0] == 1 and second[0] == 2, 'no')") is None


def test_a_function_that_comes_back_is_guarded_too():
    notebook = Notebook("def answer(x):\n    def inner(y):\n        y.clear()\n    return inner")
    assert "answer changes its argument y in place" in notebook.check("answer(1)([1])")


def test_what_the_answer_starts_in_threads_runs():
    notebook = Notebook(
        "from concurrent.futures import ThreadPoolExecutor\ndef answer(x):\n"
        "    with ThreadPoolExecutor(2) as pool:\n        return sum(pool.map(abs, x))"
    )
    assert notebook.check("check.that(answer([1, -2]) == 3, 'no')") is None


def test_an_error_is_still_told_with_its_line():
    notebook = Notebook("def answer(x):\n    y = x + 1\n    return y['a']")
    assert "stopped with TypeError in line 3 of its cell (`return y['a']`)" in notebook.check(
        "answer(1)"
    )


# ---------------------------------------------------------------- the same here and when graded


@dataclasses.dataclass
class Own:
    x: int


VALUES = {
    "None": None,
    "numbers": [True, 3, 2.5, 1j, 2**70, np.float32(2), np.uint8(3), np.bool_(1)],
    "array without axes": np.array(3.0),
    "matrix": np.matrix([[1, 2]]),
    "masked": np.ma.array([1.0, 2.0], mask=[True, False]),
    "objects": np.array([2**70]),
    "objects inside": [np.array([None])],
    "transposed": np.arange(6).reshape(2, 3).T,
    "strings": np.array(["a", "bc"]),
    "Counter": Counter("aab"),
    "OrderedDict": OrderedDict(a=1),
    "defaultdict": defaultdict(list, {1: [2]}),
    "named tuple": Point(1, np.zeros(2)),
    "set": {1, 2},
    "deque": deque([1]),
    "Fraction": Fraction(1, 2),
    "own object": Own(1),
    "module": json,
    "sparse": scipy.sparse.csc_matrix(np.eye(2)),
    "lil": scipy.sparse.lil_array(np.eye(2)),
    "many": [np.float64(x) for x in range(40)],
    "range": range(3),
    "dtype": np.dtype("f4"),
    "own int": type("Int", (int,), {})(4),
    "own str": type("Str", (str,), {})("a"),
    "own list": type("List", (list,), {})([1]),
    "nested": [{"a": (1, [2, np.arange(2)])}],
}


def across(value):
    """What the tests of a graded lab see, or the words of the refusal."""

    def refer(value):
        raise Unportable(
            f"answer returned a {type(value).__name__} object; return numbers, strings, arrays, "
            "or lists, tuples and dictionaries of them."
        )

    writer = Writer(refer)
    node = json.loads(json.dumps(writer.write(value)))
    return as_number(Reader([bytearray(one) for one in writer.buffers], refer).read(node))


def told(value):
    """A value with the types of everything inside."""
    if isinstance(value, np.ndarray):
        return type(value), value.dtype, value.tolist(), value.flags.f_contiguous
    if isinstance(value, dict):
        return type(value), [(told(k), told(v)) for k, v in value.items()]
    if isinstance(value, list | tuple):
        return getattr(type(value), "_fields", type(value)), [told(one) for one in value]
    if scipy.sparse.issparse(value):
        return type(value), value.toarray().tolist()
    return type(value), value


@pytest.mark.parametrize("which", VALUES)
def test_what_an_answer_returns_is_the_same_here_and_across_the_border(which):
    value = VALUES[which]
    try:
        graded = told(across(value))
    except Unportable as refused:
        with pytest.raises(CheckFailed) as failed:
            returned(value, "answer", lambda value: None)
        assert str(failed.value) == str(refused)
    else:
        assert told(returned(value, "answer", lambda value: None)) == graded


# ------------------------------------------------------------------------- names of the notebook


def test_a_check_leaves_the_notebooks_names_as_they_were():
    notebook = Notebook("def answer():\n    return 1\ndef tables():\n    return 2\nmine = 5")
    before = notebook.names["tables"]
    assert notebook.check("tables = answer()\nmine = tables + 1\nnew = mine") is None
    assert notebook.names["tables"] is before
    assert notebook.names["mine"] == 5
    assert notebook.names["new"] == 2
    assert notebook.check("new = 'again'\nmine = 7\ncheck.that(False, 'no')") is not None
    assert notebook.names["new"] == "again"  # what a check made follows the check
    assert notebook.names["mine"] == 5
    notebook.run("new = 'my own'").check("new = 3")
    assert notebook.names["new"] == "my own"


def test_a_hidden_test_does_not_take_a_name_either():
    notebook = Notebook("cost = 'a module'\ndef answer():\n    return 1")
    notebook.check("answer()")
    notebook.run('@checks.hidden("01.1", "cost")\ndef cost(check, answer, rng):\n    answer()')
    assert notebook.names["cost"] == "a module"


# ------------------------------------------------------------------------- the call that failed


def test_the_last_call_of_a_failed_check_can_be_made_again():
    notebook = Notebook("def answer(x, *, k=1):\n    return x.sum() + k")
    said = notebook.check("answer(np.ones(2))\na = answer(np.ones(3), k=2)\ncheck.close(a, 9, 'a')")
    assert said.endswith("(The call: checks.last.)")
    last = checks.last
    assert (last.name, last.args[0].tolist(), last.kwargs) == ("answer", [1, 1, 1], {"k": 2})
    assert last.returned == 5
    assert notebook.names["answer"](*last.args, **last.kwargs) == 5
    assert repr(last) == "answer(<ndarray (3,)>, k=2) returned np.float64(5.0)"


def test_the_last_call_holds_what_was_given_not_what_became_of_it():
    notebook = Notebook("def answer(x):\n    x.sort()\n    return x")
    notebook.check("answer([3, 1])")
    assert checks.last.args == ([3, 1],)


def test_the_last_call_is_forgotten_when_the_check_passes():
    notebook = Notebook("def answer(x):\n    return x")
    notebook.check("answer(1)\ncheck.that(False, 'no')")
    notebook.check("answer(1)")
    assert repr(checks.last) == "no check has failed yet."


def test_a_check_draws_what_the_graded_check_drew(monkeypatch, capsys):
    notebook = Notebook("def answer():\n    return 1")

    def drawn():
        notebook.check("kept = check.rng.random()")
        return notebook.names["kept"]

    monkeypatch.setenv("SML_GRADING", "1")
    monkeypatch.setenv("SML_GRADING_SEED", "5")
    graded = drawn()
    monkeypatch.delenv("SML_GRADING")
    monkeypatch.delenv("SML_GRADING_SEED")
    own = drawn()
    assert own != graded
    checks.replay("01.1", 5)
    assert "what it drew when the lab was graded with seed 5" in capsys.readouterr().out
    assert drawn() == graded
    checks.replay("01.1", None)
    assert drawn() == own


# ------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "check.close(1172.4900001, 1172.49, 'A')",
            "A should be 1172.49; got 1172.4900001. It is off by 1e-07; 1e-10 is allowed.",
        ),
        ("check.at_most(0.1 + 1e-9, 0.1, 'A')", "A should be at most 0.1; got 0.100000001."),
        ("check.close(float('inf'), 1.0, 'A')", "A should be 1; got inf."),
    ],
)
def test_two_numbers_that_differ_look_different(body, said):
    notebook = Notebook("def answer():\n    return 1")
    body = body.replace("1172.49, 'A')", "1172.49, 'A', rtol=0, atol=1e-10)")
    assert notebook.check(body) == f"01.1: {said}"


# ---------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (checks.Array(), [1, 2], np.array([1.0, 2.0])),
        (checks.Array(), np.ones(2, np.float32), np.ones(2, np.float32)),
        (checks.Array(int), np.array([1, 255], np.uint8), np.array([1, 255])),
        (checks.Array(int), (3, 4), np.array([3, 4])),
        (checks.Array(int), [], np.array([], int)),
        (checks.Array(np.uint64), [2**63], np.array([2**63], np.uint64)),
        (checks.Array(np.uint64), [1, 2**64 - 1], np.array([1, 2**64 - 1], np.uint64)),
        (checks.Array(bool), [True], np.array([True])),
        (checks.Array(None), np.ones(2, np.int8), np.ones(2, np.int8)),
        (checks.Number(), np.float32(2), 2.0),
        (checks.Number(), np.array(2), 2.0),
        (checks.Number(int), np.uint8(2), 2),
        (checks.Number(int), 2**80, 2**80),
        (checks.Boolean(), np.True_, True),
        (checks.Parts(checks.Number(), checks.Array()), [1, [2]], (1.0, np.array([2.0]))),
        (checks.Parts(checks.Number(), None), np.array([1, 2]), (1.0, np.int64(2))),
        (checks.Sequence(checks.Number(int)), np.array([1, 2]), [1, 2]),
        (checks.Mapping(checks.Number(int)), Counter({np.int64(1): np.uint8(2)}), {1: 2}),
        (checks.Mapping(), {"a": 1.5}, {"a": 1.5}),
    ],
)
def test_a_form_brings_what_a_task_allows_to_one_form(form, value, expected):
    assert told(form(value)) == told(expected)


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        (checks.Array(), None, "The result is None: is there a `return`?"),
        (checks.Array(), "ab", "The result should be an array of numbers; got str."),
        (checks.Array(), [[1], [1, 2]], "The result should be an array of numbers; got list."),
        (checks.Array(ndim=1), [[1]], "should be an array with 1 axes; got shape (1, 1)."),
        (checks.Array(int), [1.5], "The result should hold integers; got dtype float64."),
        (checks.Array(int), [2**63], "should hold integers that fit int64; one does not."),
        (checks.Array(np.uint64), [-1], "should hold integers that fit uint64; one does not."),
        (checks.Array(np.uint64), [-1, 2**63], "should hold integers; got dtype float64."),
        (checks.Array(np.uint64), [0.5, 2**63], "should hold integers; got dtype float64."),
        (checks.Array(), scipy.sparse.eye_array(2), "should be a dense array; got a sparse one"),
        (checks.Number(), [1], "The result should be one number; got list."),
        (checks.Number(), np.ones(1), "should be one number; got ndarray of shape (1,)."),
        (checks.Number(), True, "The result should be one number; got True."),
        (checks.Number(int), 1.5, "The result should be an integer; got 1.5."),
        (checks.Boolean(), 1, "The result should be True or False; got int."),
        (checks.Boolean(), iter([]), "The result should be True or False; got list_iterator."),
        (checks.Parts(None, None), (1, 2, 3), "The result should be a pair; got tuple of 3."),
        (checks.Parts(None, None), 5, "The result should be a pair; got int."),
        (checks.Parts(checks.Number(), None, names=["b", "p"]), ("x", 1), "B should be one numb"),
        (checks.Mapping(), [1], "The result should be a dictionary; got list."),
        (checks.Mapping(checks.Number()), {"a": "b"}, "at 'a', should be one number; got str."),
        (checks.Sparse(), np.eye(2), "should be a sparse array or matrix; got ndarray of shape"),
    ],
)
def test_what_is_in_no_form_is_told(form, value, said):
    with pytest.raises(CheckFailed) as failed:
        form(value)
    assert said in str(failed.value)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_every_sparse_kind_becomes_one(form, kind):
    value = getattr(scipy.sparse, f"{form}_{kind}")(np.diag([1.0, 2.0]))
    back = checks.Sparse("csc")(value)
    assert type(back) is scipy.sparse.csc_array
    assert np.array_equal((back**2).sum(axis=0), [1, 4])


def test_the_check_and_the_hidden_tests_see_the_same_form():
    notebook = Notebook("def answer():\n    return [1, 2]")
    body = "check.shape(answer(), (2,), 'The result')"
    assert "should be an array; got list" in notebook.check(body)
    assert notebook.check(body, returns="checks.Array()") is None
    hidden("check.that((answer() / 2)[0] == 0.5, 'no')")


def test_the_helpers_of_a_check_do_the_same():
    body = """
check.that(check.pair([1, 2]) == (1, 2), "pair")
check.that(check.parts([1, 2, 3], 3) == (1, 2, 3), "parts")
check.that(check.array([1], dtype=int).dtype == np.int64, "array")
check.that(check.scalar(np.float32(1)) == 1 and check.items((1,)) == [1], "scalar")
check.that(check.boolean(True), "boolean")
"""
    assert Notebook("def answer():\n    return 1").check(body) is None


# -------------------------------------------------------------------------------------- summary


def test_the_summary_knows_points_hints_and_what_changed(capsys):
    checks.points({"01.1": (4, 6), "01.2": (5, 0)})
    checks.summary()
    assert "0 of 2 exercises pass their visible checks, 0 points." in capsys.readouterr().out
    notebook = Notebook("def answer():\n    return 1")
    notebook.check("pass", hints=["a", "b"])
    checks.hint("01.1")
    notebook.check("check.that(False, 'no')", hints=["a", "b"], hidden=["cost"])
    capsys.readouterr()
    checks.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "exercise" and "points" in lines[0]
    assert " ".join(lines[1].split()) == "01.1 4 + 6 failed (passed before) 1 of 2 cost"
    assert " ".join(lines[2].split()) == "01.2 5 + 0 not run"
    notebook.check("pass", hints=["a", "b"])
    checks.summary()
    assert "1 of 2 exercises pass their visible checks, 4 points." in capsys.readouterr().out


def test_a_check_that_runs_again_keeps_the_hints_that_were_shown(capsys):
    notebook = Notebook("def answer():\n    return 1")
    notebook.check("pass", hints=["a", "b"])
    checks.hint("01.1")
    notebook.check("pass", hints=["a", "b"])
    capsys.readouterr()
    checks.hint("01.1")
    assert capsys.readouterr().out == "Hint 2 of 2: b\n"


# ---------------------------------------------------------------------------------------- hunts

MUTANTS = """
def absolute(x): return abs(x)
def by_square_root(x): return (x * x) ** 0.5
def by_max(x): return max(x, -x)
def identity(x): return x
def negative(x): return -x
def one_more(x): return abs(x) + 1
def for_small(x): return abs(x) if abs(x) < 100 else x
def broken(x): raise ValueError("identity crisis")
RIGHT, WRONG = [absolute, by_square_root, by_max], [identity, negative, one_more, for_small, broken]
"""
GOOD = """
def answer(function, rng):
    try:
        return all(function(x) == abs(x) for x in (-500, *map(int, rng.integers(-9, 9, 5)), 500))
    except Exception:
        return False
"""
HUNT = "check.hunt(answer, RIGHT, WRONG, rejected='is rounding allowed?', later=3)"


def hunted(answer, body=HUNT):
    return Notebook(MUTANTS + answer).check(body)


def test_a_hunt_names_what_was_caught_and_says_what_comes(capsys):
    assert hunted(GOOD) is None
    said = capsys.readouterr().out.splitlines()[0]
    assert said == (
        "3 right ones accepted; caught: identity, negative, one_more, for_small, broken. "
        "When graded your test meets 3 other wrong ones."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("500", "50"), "accepts 1 of 5 wrong ones: for_small. Caught: identity, negative, one_m"),
        (("== abs(x)", "is x"), "is right, and your test rejects it: is rounding allowed?"),
        (
            ("return all(", "return all(False and "),
            "Your test rejects everything, also what is right.",
        ),
        (("return all(", "return True or all("), "Your test accepts everything."),
        (("return all(", "return 1 * all("), "The verdict should be True or False; got int."),
        (("except Exception", "except KeyError"), "RuntimeError in line"),
    ],
)
def test_a_hunt_says_what_is_wrong_with_a_test(change, said):
    assert said in hunted(GOOD.replace(*change))


CHEATS = {
    "a generator of verdicts, right ones first": """
verdicts = iter([True] * 3 + [False] * 5)
def answer(function, rng): return next(verdicts)
""",
    "wrong ones first": """
verdicts = iter([False] * 5 + [True] * 3)
def answer(function, rng): return next(verdicts)
""",
    "by its name": """
def answer(function, rng): return function.__name__ in ("absolute", "by_square_root", "by_max")
""",
    "by its repr": """
def answer(function, rng): return any(n in repr(function) for n in ("absolute", "by_"))
""",
    "by its code": """
def answer(function, rng): return function.__code__.co_name in ("absolute", "by_max")
""",
    "by the error": """
def answer(function, rng):
    try:
        function("x")
    except Exception as error:
        import traceback
        return "absolute" in "".join(traceback.format_exception(error))
    return False
""",
    "by counting its calls": """
count = 0
def answer(function, rng):
    global count
    count += 1
    return count <= 3
""",
    "by the generator": """
states = []
def answer(function, rng):
    states.append(rng.bit_generator.state["state"]["state"])
    return states[-1] == min(states)
""",
}


@pytest.mark.parametrize("how", CHEATS)
def test_a_verdict_that_does_not_test_gets_nothing(how, monkeypatch):
    """A blind guess is right once in 56 orders; of 20 seeds at most two may let one through.

    The chance of three or more is 0.5%, and the seeds are fixed.
    """
    monkeypatch.setenv("SML_GRADING", "1")
    passed = 0
    for seed in range(20):
        monkeypatch.setenv("SML_GRADING_SEED", str(seed))
        passed += hunted(CHEATS[how]) is None
    assert passed <= 2


def test_a_hidden_hunt_says_only_how_many():
    notebook = Notebook(MUTANTS + GOOD.replace("500", "50"))
    notebook.check("pass")
    with pytest.raises(CheckFailed) as failed:
        notebook.run(
            '@checks.hidden("01.1", "accuracy")\ndef test(check, accepts, rng):\n'
            "    check.hunt(accepts, RIGHT, WRONG, rng)"
        )
    assert "accuracy): Your test accepts 1 of 5 wrong ones. [seed" in str(failed.value)
    assert "for_small" not in str(failed.value)


def test_a_hunt_may_limit_the_calls():
    said = hunted(GOOD, "check.hunt(answer, RIGHT, WRONG, limit=6)")
    assert "The number of calls of one function should be at most 6; got 7." in said
