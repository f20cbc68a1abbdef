"""Figures: they follow the page's theme, are labeled, and differ in their ids."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from course_lib.notebook import plots


def luminance(color):
    """Relative luminance of WCAG 2.2."""
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(first, second):
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


# --- Facts -------------------------------------------------------------------------------


@pytest.mark.parametrize("color", plots.COLORS)
@pytest.mark.parametrize("background", ["#ffffff", "#14181e"])
def test_series_stand_out_on_light_and_dark(color, background):
    assert contrast(color, background) >= 3


def test_series_stay_apart_for_the_red_green_blind():
    # Machado, Oliveira, Fernandes 2009: deuteranopia, severity 1, on linear RGB.
    deuteranopia = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    seen = []
    for color in plots.COLORS[:4]:
        rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        seen.append(np.clip(deuteranopia @ rgb**2.2, 0, 1) ** (1 / 2.2))
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


def test_no_color_of_the_page_is_fixed():
    fig, ax = plots.figure()
    ax.plot([0, 1], [1, 0], label="error")
    ax.legend()
    drawing = plots.svg(fig, "a line")
    outside_variables = re.sub(r"var\([^;\"]*\)", "", drawing)
    for color in (plots.INK, plots.GRID, "#000000", "#ffffff"):
        assert color not in outside_variables
    ElementTree.fromstring(re.search(r"<svg.*</svg>", drawing, re.DOTALL)[0])


def test_two_figures_share_no_id_and_one_figure_is_drawn_alike_twice():
    drawings = []
    for alt in ("first", "second", "second"):
        fig, ax = plots.figure()
        ax.plot([0, 1])
        drawings.append(plots.svg(fig, alt))
    ids = [set(re.findall(r' id="([^"]+)"', drawing)) for drawing in drawings]
    assert ids[0] and not ids[0] & ids[1]
    assert drawings[1] == drawings[2]
    targets = set(re.findall(r'(?:url\(|href=")#([^")]+)', drawings[0]))
    assert targets <= ids[0]


# --- Contracts -----------------------------------------------------------------------------


def test_images_are_shown_in_rows():
    fig = plots.images([np.zeros((4, 4))] * 5, titles=list("abcde"), columns=3)
    titles = [ax.get_title() for ax in fig.axes]
    assert titles == ["a", "b", "c", "d", "e", ""]


@pytest.mark.parametrize(
    ("options", "framed"),
    [({}, 0), ({"columns": 2}, 0), ({"columns": 3}, 1), ({"rows": 3}, 0), ({"width": 6.6}, 1)],
)
def test_what_a_phone_would_make_too_small_gets_a_box_that_scrolls(options, framed):
    drawing = plots.svg(plots.figure(**options)[0], "panels")
    assert drawing.count('<div class="figure-frame" tabindex="0" role="group"') == framed
    assert drawing.count('<div class="course-figure" role="img"') == 1
    assert drawing.count("<div") == drawing.count("</div>")


def test_the_text_alternative_is_escaped_and_required():
    fig, _ = plots.figure()
    assert 'aria-label="&lt;a&gt; &quot;b&quot;"' in plots.svg(fig, '<a> "b"')
    with pytest.raises(ValueError, match="alt must say"):
        plots.svg(fig, " ")


def test_show_displays_the_drawing(capsys):
    fig, _ = plots.figure()
    plots.show(fig, alt="empty axes")
    assert "IPython.core.display.HTML" in capsys.readouterr().out
