"""The explorable of a chapter: its data and its lesson, handed to the script that draws it.

The script of chapter ``06-low-rank`` is ``book/_assets/explorable-06-low-rank.js``. It computes
on the data given here, so that the reader moves the numbers of the chapter itself.
"""

import html
import json
import math
import re

import numpy as np

from course_lib.notebook._html import inline, publish

__all__ = ["show"]

_SLUG = re.compile(r"\d\d-[a-z]+(-[a-z]+)*")
_DIGITS = 7  # significant; more than a figure can show, less than a page should carry


def show(slug, data, alt):
    """Display the explorable of a chapter as the output of the running cell.

    Parameters
    ----------
    slug : str
        The chapter, such as ``"06-low-rank"``.
    data : dict
        What the script computes on: numbers, strings, lists, arrays and dicts of them.
    alt : str
        The lesson in words, for a reader who cannot see or move the figure. It stands below
        the figure; backticks mark code and dollars mathematics.

    Raises
    ------
    ValueError
        If the slug is not one, the lesson is empty, or the data hold NaN or infinity.
    TypeError
        If the data hold something that JSON cannot.

    Examples
    --------
    >>> show("low rank", data={}, alt="Oversampling tames the tail.")
    Traceback (most recent call last):
    ValueError: slug must look like '06-low-rank'; got 'low rank'.
    """
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"slug must look like '06-low-rank'; got {slug!r}.")
    if not alt.strip():
        raise ValueError("alt must state the lesson of the figure; got an empty text.")
    # "<" is the one character that could end the script element early.
    payload = json.dumps(_plain(data), separators=(",", ":")).replace("<", "\\u003c")
    publish(
        f'<figure class="explorable" data-explorable="{html.escape(slug)}">\n'
        '<div class="explorable-stage"><p>The figure moves in the rendered book, '
        "which <code>make book</code> builds.</p></div>\n"
        f'<figcaption class="mathjax_process">{inline(alt)}</figcaption>\n'
        f'<script type="application/json">{payload}</script>\n</figure>'
    )


def _plain(value):
    """Return ``value`` in the types of JSON, floats cut to `_DIGITS` significant digits."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"data must be finite; got {value}.")
        return float(f"{value:.{_DIGITS}g}")
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"data must hold numbers, strings, lists and dicts; got {type(value)}.")
