"""Number theorems, figures, tables and equations by chapter: Theorem 6.1, Figure 6.2.

Sphinx counts them through the whole book, so that a new chapter would rename everything after
it. Here each chapter starts at one, behind the number that its slug carries.
"""

import re

CHAPTER = re.compile(r"(\d\d)-")


def number_by_chapter(_app, env):
    """Rewrite the numbers that Sphinx has just given out; no page is outdated by it."""
    for docname, counters in env.toc_fignumbers.items():
        chapter = CHAPTER.match(docname)
        if chapter:
            for numbers in counters.values():
                _restart(numbers, int(chapter[1]))
    return []


def _restart(numbers, chapter):
    """Replace the values of ``numbers``, from ids to tuples, by (chapter, 1), (chapter, 2), ..."""
    for i, identifier in enumerate(sorted(numbers, key=numbers.get), 1):
        numbers[identifier] = (chapter, i)


def setup(app):
    # Sphinx gives the numbers out in its own handler of this event, at priority 500.
    app.connect("env-get-updated", number_by_chapter, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
