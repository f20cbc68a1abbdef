"""What moves: buttons, themes, search, print, the quiz and the explorable, by keyboard too."""

import json
import re

import pytest

from tests.book.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.slow

CHAPTER = "06-low-rank.html"


# ---- Frame


def test_theme_button_changes_the_paper(visit):
    page = visit("index.html", color_scheme="light")
    seen = set()
    for _ in range(3):  # light, dark, as the system
        seen.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.locator("button.theme-switch-button").first.click()
    assert len(seen) == 2


def test_search_finds_a_word_of_the_glossary(visit):
    page = visit("search.html?q=oversampling")
    page.wait_for_selector("#search-results li a")
    assert "Glossary" in page.locator("#search-results").inner_text()


def test_print_drops_the_tools_and_inks_figures_black(visit):
    page = visit(CHAPTER, color_scheme="dark")
    page.emulate_media(media="print")
    for tool in (".bd-sidebar-primary", ".chapter-actions", ".explorable-controls"):
        assert not page.locator(tool).first.is_visible(), tool
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--fig-ink')")
    assert ink.strip() == "#000"


@pytest.mark.parametrize("name", ["02-randomness.html", "08-manifolds.html"])
def test_wide_figures_scroll_in_their_own_box_on_a_phone_and_nowhere_else(name, visit):
    page = visit(name)
    frames = page.locator(".figure-frame")
    assert frames.count() > 0
    hidden = "box => box.scrollWidth - box.clientWidth"
    for i in range(frames.count()):
        frame = frames.nth(i)
        page.set_viewport_size(DESKTOP)
        page.emulate_media(media="screen")
        assert frame.evaluate(hidden) == 0
        page.set_viewport_size(PHONE)
        assert frame.evaluate(hidden) > 100
        frame.focus()
        frame.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")
        page.emulate_media(media="print")
        assert frame.evaluate(hidden) == 0
    page.close()


def test_formulas_are_typeset_without_the_net(visit):
    for name in (CHAPTER, "prerequisites.html"):
        page = visit(name)
        page.wait_for_selector("mjx-container")
        page.wait_for_function(r"!document.querySelector('article').innerText.includes('\\(')")


def test_page_works_from_a_file(chromium, site):
    page = chromium.new_page()
    page.goto(f"file://{site / CHAPTER}")
    page.wait_for_selector(".explorable svg path")
    page.wait_for_selector("mjx-container")
    page.close()


# ---- Chapter bar


def test_buttons_stand_on_chapters_only(visit):
    assert visit(CHAPTER).locator(".chapter-bar").count() == 1
    assert visit("notation.html").locator(".chapter-bar").count() == 0


def test_jupyter_button_shows_the_command_where_no_server_runs(chromium, address):
    page = chromium.new_page()
    page.goto(address + CHAPTER)
    page.get_by_role("button", name="Open in my JupyterLab").click()
    page.wait_for_function("document.querySelector('.chapter-command').innerText.length > 0")
    assert "make course" in page.locator(".chapter-command").inner_text()
    page.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Open in my JupyterLab", "chapters/06-low-rank.ipynb"),
        ("Open the lab", "labs/06-low-rank/06-low-rank.ipynb"),
    ],
)
def test_jupyter_button_opens_the_address_beside_the_book(chromium, address, name, path):
    lab = "http://127.0.0.1:9/lab/tree/"
    context = chromium.new_context()
    context.route("**/jupyter.json", lambda route: route.fulfill(body=json.dumps({"url": lab})))
    context.route(f"{lab}**", lambda route: route.fulfill(body="JupyterLab"))
    page = context.new_page()
    page.goto(address + CHAPTER)
    with context.expect_page() as opened:
        page.get_by_role("button", name=name).click()
    assert opened.value.url == lab + path
    context.close()


def test_notebook_download_is_a_notebook(visit):
    page = visit(CHAPTER)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as .ipynb").click()
    assert json.loads(download.value.path().read_text("utf-8"))["nbformat"] == 4


# ---- Quiz


def test_quiz_explains_wrong_and_right_answers_by_keyboard(visit):
    page = visit("prerequisites.html")
    questions = page.locator(".quiz-question")
    first = questions.first
    check, verdict = first.get_by_role("button", name="Check"), first.locator(".quiz-verdict")

    check.press("Enter")
    assert verdict.inner_text() == "Choose an answer first."
    first.locator("input[value=wrong]").first.press("Space")
    check.press("Enter")
    assert verdict.inner_text().startswith("Not so: ")
    first.locator("input[value=right]").press("Space")
    assert verdict.inner_text() == ""
    check.press("Enter")
    assert verdict.inner_text().startswith("Right.")

    n = questions.count()
    for i in range(1, n):
        questions.nth(i).locator("input[value=right]").press("Space")
        questions.nth(i).get_by_role("button", name="Check").press("Enter")
    assert page.locator(".quiz-score").inner_text() == f"{n - 1} of {n} right at the first try."


def test_quiz_unfolds_its_explanations_without_javascript(visit):
    page = visit("prerequisites.html", java_script_enabled=False)
    why = page.locator(".quiz-why").first
    why.locator("summary").click()
    assert why.locator("p").is_visible()


# ---- Explorable


@pytest.fixture(scope="module")
def chapter(visit):
    """The chapter, opened once; each test moves on from where the last one stopped."""
    page = visit(CHAPTER)
    page.wait_for_selector(".explorable-stage[aria-busy]")
    return page


def reading(page):
    """The state of the figure in words, once all runs are in."""
    page.wait_for_selector(".explorable-stage[aria-busy=false]")
    return page.locator(".explorable-reading").inner_text()


def curves(page):
    return page.locator(".explorable svg > g").first.inner_html()


def point(page, number):
    return page.get_by_role("slider", name=f"Singular value {number}", exact=True)


def value(page, number):
    return float(point(page, number).get_attribute("aria-valuenow"))


@pytest.mark.parametrize("label", ["Rank k", "Oversampling p", "Power iterations q"])
def test_slider_moves_the_figure_by_keyboard(chapter, label):
    words, picture = reading(chapter), curves(chapter)
    chapter.get_by_label(label).press("ArrowRight")
    assert reading(chapter) != words
    assert curves(chapter) != picture


def test_a_power_iteration_lowers_error_and_bound(chapter):
    numbers = []
    for key in ("Home", "ArrowRight"):  # none, one
        chapter.get_by_label("Power iterations q").press(key)
        found = re.findall(r"\(([\d.]+) times the best\)", reading(chapter))
        numbers.append([float(number) for number in found])
    (error, bound), (error_after, bound_after) = numbers
    assert error_after < error < bound
    assert bound_after < bound


def test_a_point_of_the_spectrum_moves_by_key(chapter):
    before = value(chapter, 8)
    point(chapter, 8).press("ArrowDown")
    assert "your own spectrum" in reading(chapter)
    assert chapter.get_by_label("Spectrum").input_value() == "own"
    assert value(chapter, 8) == pytest.approx(before * 10**-0.1, rel=1e-6)


def test_a_point_of_the_spectrum_is_dragged(chapter):
    before = value(chapter, 8)
    point(chapter, 8).scroll_into_view_if_needed()
    box = point(chapter, 8).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    chapter.mouse.move(x, y)
    chapter.mouse.down()
    chapter.mouse.move(x, y + 20, steps=4)
    chapter.mouse.up()
    reading(chapter)
    assert value(chapter, 8) < before


def test_spectrum_never_rises(chapter):
    for _ in range(12):
        point(chapter, 15).press("ArrowUp")
    values = [value(chapter, number) for number in (1, 2, 4, 8, 15, 28, 53, 100)]
    assert values[3] == values[4]  # pushed against its neighbor
    assert values == sorted(values, reverse=True)


def test_made_up_spectra_have_a_slider_of_their_own(chapter):
    for shape, label in (("polynomial", "Exponent"), ("step", "Drop, in powers of ten")):
        chapter.get_by_label("Spectrum").select_option(shape)
        before = reading(chapter)
        chapter.get_by_label(label).press("ArrowRight")
        assert reading(chapter) != before
    chapter.get_by_label("Spectrum").select_option("0")
    assert not chapter.get_by_label("Drop, in powers of ten").is_visible()


def test_figure_follows_the_width_of_the_page(chapter):
    before = chapter.locator(".explorable svg").first.bounding_box()
    chapter.set_viewport_size(PHONE)
    chapter.wait_for_function("document.querySelector('.explorable svg').clientWidth < 380")
    after = chapter.locator(".explorable svg").first.bounding_box()
    assert after["width"] < before["width"]
    assert after["height"] >= 250


def test_explorable_states_its_lesson(chapter):
    assert len(chapter.locator("figure.explorable figcaption").inner_text()) > 60
