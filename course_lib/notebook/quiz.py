"""Quizzes in a chapter: numbers that the build computed, and choices that explain themselves.

::

    quiz.show(
        [
            quiz.Question(
                "How many passes over $A$ does $q = 1$ cost?",
                [
                    quiz.Choice(f"{passes}", True, "Each of $A \\Omega$, $A^T Q$, ... is one."),
                    quiz.Choice("1", False, "...", misconception="one pass a power"),
                ],
            )
        ]
    )

Without JavaScript, as in JupyterLab, each choice unfolds its explanation. The book's script
turns the same markup into questions that are answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.notebook._html import inline, publish, stable_id

__all__ = ["Choice", "Question", "show"]


@dataclass(frozen=True)
class Choice:
    r"""One answer to a `Question`.

    Parameters
    ----------
    text : str
        The answer; backticks mark code and dollars mathematics, here and below.
    correct : bool
        Whether it is the right one.
    why : str
        Why it is right, or what would have to be true for it to be right.
    misconception : str
        The name of the mistake behind a wrong answer, such as ``"forgot the transpose"``.

    Raises
    ------
    ValueError
        If a text is empty, a wrong answer does not name its misconception, or a right one does.

    Examples
    --------
    >>> Choice("4", True, "Two passes a power, and two for $A \\Omega$ and $Q^T A$.").correct
    True
    """

    text: str
    correct: bool
    why: str
    misconception: str = ""

    def __post_init__(self):
        if not self.text.strip() or not self.why.strip():
            raise ValueError(f"a choice must have a text and a reason why; got {self}.")
        if self.correct and self.misconception:
            raise ValueError(f"the right choice {self.text!r} must not name a misconception.")
        if not self.correct and not self.misconception.strip():
            raise ValueError(
                f"the wrong choice {self.text!r} must name its misconception; "
                "pass misconception='...'."
            )


@dataclass(frozen=True)
class Question:
    """A question with at least two choices, exactly one of them right.

    Parameters
    ----------
    text : str
        The question.
    choices : sequence of Choice
        In the order in which they are shown.

    Raises
    ------
    ValueError
        If there are fewer than two choices, not exactly one is right, or two read the same,
        as computed numbers may.

    Examples
    --------
    >>> yes = Choice("yes", True, "It is.")
    >>> Question("Is it?", [yes, Choice("no", False, "It is.", "doubt")]).text
    'Is it?'
    """

    text: str
    choices: Sequence[Choice]

    def __post_init__(self):
        texts = [choice.text for choice in self.choices]
        n_right = sum(choice.correct for choice in self.choices)
        if len(texts) < 2:
            raise ValueError(f"a question needs at least 2 choices; got {len(texts)}.")
        if n_right != 1:
            raise ValueError(f"exactly one choice must be right; {self.text!r} has {n_right}.")
        if len(set(texts)) < len(texts):
            raise ValueError(f"the choices must differ; {self.text!r} has {texts}.")


def show(questions):
    """Display a quiz as the output of the running cell.

    Parameters
    ----------
    questions : sequence of Question
        In the order in which they are asked.

    Raises
    ------
    ValueError
        If there is no question.

    Examples
    --------
    >>> show([])
    Traceback (most recent call last):
    ValueError: a quiz needs at least one question; got none.
    """
    if not questions:
        raise ValueError("a quiz needs at least one question; got none.")
    fieldsets = "\n".join(_fieldset(i, question) for i, question in enumerate(questions, 1))
    publish(f'<div class="quiz mathjax_process" data-quiz>\n{fieldsets}\n</div>')


def _fieldset(number, question):
    name = stable_id("quiz", question.text, *(choice.text for choice in question.choices))
    choices = "\n".join(
        _choice(name, f"{name}-{i}", choice) for i, choice in enumerate(question.choices, 1)
    )
    return (
        '<fieldset class="quiz-question">\n'
        f'<legend><span class="quiz-number">{number}.</span> {inline(question.text)}</legend>\n'
        f"{choices}\n</fieldset>"
    )


def _choice(name, identifier, choice):
    verdict = "Right." if choice.correct else f"Not so: {choice.misconception}."
    state = "right" if choice.correct else "wrong"
    return (
        '<div class="quiz-choice">'
        f'<input type="radio" id="{identifier}" name="{name}" value="{state}">'
        f'<label for="{identifier}">{inline(choice.text)}</label>'
        '<details class="quiz-why"><summary>Is it this one?</summary>'
        f"<p><strong>{inline(verdict)}</strong> {inline(choice.why)}</p></details></div>"
    )
