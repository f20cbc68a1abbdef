"""What the helpers of a chapter share: text made safe for HTML, and the way onto the page."""

import hashlib
import html
import re

__all__ = ["inline", "publish", "stable_id"]

_CODE_OR_MATH = re.compile(r"`([^`]+)`|\$([^$]+)\$")


def inline(text):
    r"""Return ``text`` as HTML: escaped, with ```code``` and ``$math$`` marked up.

    Mathematics becomes ``\(...\)``, which the book and JupyterLab both typeset.

    Examples
    --------
    >>> inline("`Q` spans $s < 1$")
    '<code>Q</code> spans \\(s &lt; 1\\)'
    """

    def mark(match):
        code, formula = match.groups()
        return f"<code>{code}</code>" if code else rf"\({formula}\)"

    return _CODE_OR_MATH.sub(mark, html.escape(text))


def stable_id(prefix, *texts):
    """Return an id that depends on the content alone, so that rebuilding changes nothing."""
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return f"{prefix}-{digest[:8]}"


def publish(markup):
    """Display ``markup`` as the output of the running cell."""
    from IPython.display import HTML, display  # only notebooks have it

    display(HTML(markup))
