"""What cells use to put quizzes, explorables and tables on a page; the syllabus; the API."""

import importlib
import json
import pkgutil
import re
import tomllib

import numpy as np
import pytest

import course_lib
from course_lib import notebook
from course_lib.notebook import _html, explorable, plots, quiz, tables
from tests.book.conftest import ROOT

RIGHT = quiz.Choice("4", True, "Two for the basis.")
WRONG = quiz.Choice("2", False, "A power reads twice.", misconception="powers are free")


@pytest.fixture
def published(monkeypatch):
    """The markup that a cell would show, in a list."""
    shown = []
    for module in (quiz, explorable, tables):
        monkeypatch.setattr(module, "publish", shown.append)
    return shown


# ---- Facts


def test_inline_escapes_all_but_its_own_marks():
    assert _html.inline("<b> & `a<b`") == "&lt;b&gt; &amp; <code>a&lt;b</code>"
    assert _html.inline("$a_1$ or $b$") == r"\(a_1\) or \(b\)"
    assert _html.inline("costs 3$") == "costs 3$"


def test_quiz_marks_one_answer_right_and_names_the_misconception(published):
    quiz.show([quiz.Question("Passes?", [RIGHT, WRONG]), quiz.Question("Again?", [WRONG, RIGHT])])
    (markup,) = published
    assert re.findall(r'value="(\w+)"', markup) == ["right", "wrong", "wrong", "right"]
    assert "Not so: powers are free." in markup
    identifiers = re.findall(r' id="([^"]+)"', markup)
    assert len(set(identifiers)) == len(identifiers) == 4
    assert re.findall(r'for="([^"]+)"', markup) == identifiers
    assert len(set(re.findall(r'name="([^"]+)"', markup))) == 2


def test_quiz_is_the_same_for_the_same_questions(published):
    for _ in range(2):
        quiz.show([quiz.Question("Passes?", [RIGHT, WRONG])])
    assert published[0] == published[1]


def test_explorable_data_survive_the_page(published):
    data = {
        "name": "</script><b>",
        "s": np.float32([1, 0.5]),
        "n": np.int64(3),
        "deep": [(1, None)],
    }
    explorable.show("06-low-rank", data, alt="The lesson of $q$.")
    (markup,) = published
    payload = re.search(r'<script type="application/json">(.*?)</script>', markup)[1]
    expected = {"name": "</script><b>", "s": [1.0, 0.5], "n": 3, "deep": [[1, None]]}
    assert json.loads(payload) == expected
    assert r"The lesson of \(q\)." in markup
    assert 'data-explorable="06-low-rank"' in markup


def test_explorable_keeps_seven_digits(published):
    explorable.show("06-low-rank", {"x": [np.pi, 1e-300, 123456789.0]}, alt="Digits.")
    payload = re.search(r'json">(.*?)</script>', published[0])[1]
    np.testing.assert_allclose(json.loads(payload)["x"], [np.pi, 1e-300, 123456789.0], rtol=5e-7)


def test_table_has_a_caption_and_heads_for_rows_and_columns(published):
    tables.show(
        ["method", "passes"], [["ours, 1", 4], ["theirs", "<6>"]], caption="Of $A$.", kind="duel"
    )
    (markup,) = published
    assert r"<caption>Of \(A\).</caption>" in markup
    assert markup.count('scope="col"') == markup.count('scope="row"') == 2
    assert '<tr class="ours"><th scope="row">ours, 1</th><td>4</td></tr>' in markup
    assert "<td>&lt;6&gt;</td>" in markup
    assert 'class="table duel"' in markup


# ---- Contracts


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quiz.Choice(" ", True, "Why."), "must have a text and a reason"),
        (lambda: quiz.Choice("4", True, ""), "must have a text and a reason"),
        (lambda: quiz.Choice("4", True, "Why.", "none"), "must not name a misconception"),
        (lambda: quiz.Choice("4", False, "Why."), "must name its misconception"),
        (lambda: quiz.Question("?", [RIGHT]), "at least 2 choices; got 1"),
        (lambda: quiz.Question("?", [WRONG, quiz.Choice("3", False, "No.", "m")]), "has 0"),
        (lambda: quiz.Question("?", [RIGHT, quiz.Choice("5", True, "Yes.")]), "has 2"),
        (lambda: quiz.Question("?", [RIGHT, quiz.Choice("4", False, "No.", "m")]), "must differ"),
        (lambda: quiz.show([]), "at least one question"),
        (lambda: explorable.show("06", {}, "Lesson."), "slug must look like"),
        (lambda: explorable.show("06-low-rank", {}, " "), "alt must state the lesson"),
        (lambda: explorable.show("06-low-rank", {"x": np.nan}, "Lesson."), "must be finite"),
        (lambda: tables.show(["a"], [["b"]], caption="c", kind="pie"), "kind must be one of"),
        (lambda: tables.show(["a"], [], caption="c"), "at least one row"),
        (lambda: tables.show(["a"], [["b", 1]], caption="c"), "must have 1 entries"),
        (lambda: tables.show(["a", "$k$"], [["b", "1"]], caption="c"), "needs a word"),
        (lambda: tables.show([""], [["b"]], caption="c"), "needs a word"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_explorable_refuses_what_json_cannot_hold():
    with pytest.raises(TypeError, match="numbers, strings, lists and dicts; got <class 'set'>"):
        explorable.show("06-low-rank", {"x": {1}}, "Lesson.")


def test_colors_of_scripts_are_those_of_the_figures():
    style = (ROOT / "book" / "_assets" / "course.css").read_text("utf-8")
    series = dict(re.findall(r"--fig-(\d): (#\w{6});", style))
    assert tuple(series.values()) == plots.COLORS


# ---- The frame


def test_syllabus_has_22_chapters_in_order_whose_needs_come_first():
    text = (ROOT / "syllabus.toml").read_text("utf-8")
    chapters = [chapter for part in tomllib.loads(text)["part"] for chapter in part["chapter"]]
    assert [chapter["number"] for chapter in chapters] == list(range(1, 23))
    for chapter in chapters:
        assert re.fullmatch(rf"{chapter['number']:02d}-[a-z]+(-[a-z]+)*", chapter["slug"])
        assert chapter["title"]
        assert chapter["carries"]
        assert all(0 < needed < chapter["number"] for needed in chapter["needs"])


def test_every_system_of_the_lectures_has_its_code_and_its_exercise():
    syllabus = tomllib.loads((ROOT / "syllabus.toml").read_text("utf-8"))
    slugs = {c["number"]: c["slug"] for part in syllabus["part"] for c in part["chapter"]}
    for system in syllabus["system"]:
        assert (ROOT / "book" / f"{slugs[system['chapter']]}.md").is_file()
        for name in system["code"]:
            module, _, what = name.rpartition(".")
            assert what in importlib.import_module(f"course_lib.{module}").__all__
        for number in system["checks"]:
            slug = slugs[int(number.split(".")[0])]
            lab = (ROOT / "solutions" / slug / f"{slug}.ipynb").read_text("utf-8")
            assert re.search(rf'checks\.exercise\(\\n",\s+"    \\"{number}\\"', lab) or (
                f'checks.exercise(\\"{number}\\"' in lab
            )


def test_every_public_module_has_an_api_page_with_every_public_name(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    import library_api

    public = {i.name for i in pkgutil.iter_modules(course_lib.__path__) if i.name[0] != "_"}
    public = public - {"notebook"} | set(notebook.__all__)
    assert set(library_api.modules()) == public
    assert {path.stem for path in (ROOT / "book" / "api").glob("*.md")} == public
    assert library_api.MODULES_MARK in (ROOT / "book" / "api.md").read_text("utf-8")
    for name in public:
        page = (ROOT / "book" / "api" / f"{name}.md").read_text("utf-8")
        assert page == f"# {name}\n\n{library_api.NAMES_MARK}\n"
        text = library_api.names_of_module(name)
        documented = re.findall(r"^\.\. auto\w+:: (\w+)$", text, flags=re.MULTILINE)
        assert sorted(documented) == sorted(
            importlib.import_module(library_api.full_name(name)).__all__
        )


def test_glossary_is_in_alphabetical_order():
    text = (ROOT / "book" / "glossary.md").read_text("utf-8").partition("```{glossary}\n")[2]
    terms = re.findall(r"^(\S.*)$", text.partition("```")[0], flags=re.MULTILINE)
    assert len(terms) > 20
    assert terms == sorted(terms, key=str.casefold)
