"""One look for all figures: inline SVG whose ink follows the page, light, dark or printed.

    fig, ax = plots.figure()
    ax.plot(...)
    plots.show(fig, alt="what the figure says, in a sentence")

Ink, grid and background are CSS variables (``--fig-ink``, ``--fig-grid``, ``--fig-bg``), so
that one figure serves both themes. The colors of the series keep a contrast of 3 to 1 on
both backgrounds and stay apart for the color-blind; each has a marker and a dash of its own.
"""

import hashlib
import html
import io
import re

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure

__all__ = ["COLORS", "GRID", "INK", "figure", "images", "show", "svg"]

COLORS = ("#3d7fd1", "#c8641b", "#2b9167", "#b4569b", "#8f7a2f", "#6a7480")
INK, GRID, BACKGROUND = "#1b1f24", "#c9ced7", "#fefefd"

_VARIABLES = {
    INK: f"var(--fig-ink, var(--jp-content-font-color1, {INK}))",
    GRID: f"var(--fig-grid, var(--jp-border-color2, {GRID}))",
    BACKGROUND: "var(--fig-bg, transparent)",
}

_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.facecolor": BACKGROUND,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.prop_cycle": cycler(color=COLORS)
    + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1))]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.facecolor": BACKGROUND,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "savefig.facecolor": BACKGROUND,
    "svg.fonttype": "path",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def figure(width=5.2, height=3.0, *, rows=1, columns=1, **options):
    """Return a figure and its axes in the look of the book, which stays set from then on.

    Parameters
    ----------
    width, height : float
        Size in inches; at 5.2 the letters stay readable on a phone.
    rows, columns : int
        Number of axes; ``options`` go to `matplotlib.figure.Figure.subplots`. On a phone a
        figure of three columns or more scrolls in its own box, and so does one wider than 5.6
        inches.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes, or an array of them if there are several
    """
    matplotlib.rcParams.update(_STYLE)  # legends and images read it when they are drawn
    fig = Figure(figsize=(width, height), layout="constrained")
    return fig, fig.subplots(rows, columns, **options)


def images(pictures, titles=None, *, columns=None, width=5.2, **options):
    """Return a figure that shows gray images side by side; white is zero by default.

    Parameters
    ----------
    pictures : sequence of array, each (height, width)
    titles : sequence of str, optional
    columns : int, optional
        Images in a row; all of them by default.
    width : float
        Width of the figure in inches.
    **options
        Passed to `matplotlib.axes.Axes.imshow`, such as ``cmap="gray"`` for photographs.
    """
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    tall, wide = pictures[0].shape
    height = width / columns * tall / wide * rows + (0.25 * rows if titles else 0)
    fig, axes = figure(width, height, rows=rows, columns=columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        ax.imshow(picture, **options)
        if titles:
            ax.set_title(titles[i], color=INK, fontsize=8)
    return fig


def show(fig, alt):
    """Display a figure in a notebook or a page; ``alt`` says what it shows, in a sentence.

    Raises
    ------
    ValueError
        If ``alt`` is empty: a reader who cannot see the figure needs it.
    """
    from IPython.display import HTML, display  # only notebooks have it

    display(HTML(svg(fig, alt)))


def svg(fig, alt):
    """Return a figure as an HTML fragment: SVG in CSS variables, labeled by ``alt``."""
    if not alt or not alt.strip():
        raise ValueError("alt must say in a sentence what the figure shows; got an empty text.")
    buffer = io.StringIO()
    # The ids inside the SVG must differ from figure to figure and not from run to run.
    salt = hashlib.sha256(alt.encode()).hexdigest()
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": salt}):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    for color, variable in _VARIABLES.items():
        drawing = drawing.replace(color, variable)
    drawing = _unique_ids(drawing, salt[:6])
    size = re.search(r'width="([\d.]+)pt" height="[\d.]+pt"', drawing)
    max_width = f"{float(size[1]) * 1.7:.0f}px"
    drawing = drawing.replace(size[0], 'width="100%"', 1)
    label = html.escape(alt, quote=True)
    image = (
        f'<div class="course-figure" role="img" aria-label="{label}" '
        f'style="max-width: {max_width}">\n{drawing}</div>'
    )
    return _framed(image) if _is_wide(fig) else image


def _is_wide(fig):
    """Whether a phone would make the panels or the letters of a figure too small."""
    specs = [ax.get_subplotspec() for ax in fig.axes]
    columns = max((spec.get_gridspec().ncols for spec in specs if spec), default=1)
    return columns >= 3 or fig.get_figwidth() > 5.6


def _framed(image):
    """Put an image in a box that scrolls sideways, by keyboard too."""
    return (
        '<div class="figure-frame" tabindex="0" role="group" aria-label="wide figure">\n'
        f"{image}\n</div>"
    )


def _unique_ids(drawing, prefix):
    """Prefix every id: names such as ``axes_1`` recur in each figure of a page."""
    drawing = re.sub(r' id="([^"]+)"', rf' id="f{prefix}-\1"', drawing)
    drawing = re.sub(r'href="#([^"]+)"', rf'href="#f{prefix}-\1"', drawing)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#f{prefix}-\1)", drawing)
