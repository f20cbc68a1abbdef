"""What a check can ask for; each failure says what should be and what came."""

import numpy as np

from course_lib.notebook import _hunt, _scores
from course_lib.notebook._forms import THE_RESULT, Array, Boolean, Number, Parts, Sequence, Sparse
from course_lib.notebook._values import CheckFailed

__all__ = ["Assertions", "apart"]


def apart(first, second):
    """Return two numbers as text, with as many digits as it takes to tell them apart."""
    for digits in range(6, 18):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


class Assertions:
    """The methods that check cells and hidden tests call."""

    rng = None
    in_hidden_test = False

    def that(self, condition, message):
        """Fail with ``message`` unless ``condition`` is true."""
        if not bool(condition):
            raise CheckFailed(message)

    def score(self, board, value, unit="", *, tie=0.0):
        """Keep a number for the class's table; less is better, and of equal ones less ``tie``.

        Only what a hidden test measures is kept, and only if that test passes: the number should
        be computed in the test, from what the answer returned. A visible check shows it.
        """
        _scores.note(board, value, unit, tie, hidden=self.in_hidden_test)

    def shape(self, array, shape, name):
        """Fail unless ``array`` is an array of this shape; a list is none (see `Array`)."""
        if array is None:
            raise CheckFailed(f"{name} is None: is there a `return`?")
        if not isinstance(array, np.ndarray | np.generic):
            raise CheckFailed(
                f"{name} should be an array; got {type(array).__name__}. np.array makes one of it."
            )
        if array.shape != tuple(shape):
            raise CheckFailed(f"{name} should have shape {tuple(shape)}; got {array.shape}.")

    def close(self, got, expected, name, *, rtol=1e-7, atol=0.0):
        """Fail unless ``got`` equals ``expected``; show the entry that is furthest off."""
        if got is None:
            raise CheckFailed(f"{name} is None: is there a `return`?")
        try:
            got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        except (TypeError, ValueError):
            raise CheckFailed(f"{name} should hold numbers; got {type(got).__name__}.") from None
        if got.shape != expected.shape:
            raise CheckFailed(f"{name} should have shape {expected.shape}; got {got.shape}.")
        excess = np.abs(got - expected) - (atol + rtol * np.abs(expected))
        if got.size and not np.all(excess <= 0):  # NaN fails too
            worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), got.shape)
            where = f" at {tuple(int(i) for i in worst)}" if worst else ""
            wanted, came = apart(expected[worst], got[worst])
            off, allowed = abs(got[worst] - expected[worst]), atol + rtol * abs(expected[worst])
            far = f" It is off by {off:.2g}; {allowed:.2g} is allowed." if np.isfinite(off) else ""
            raise CheckFailed(f"{name}{where} should be {wanted}; got {came}.{far}")

    def at_most(self, got, limit, name):
        """Fail unless ``got <= limit``; NaN fails."""
        if not got <= limit:
            most, came = apart(float(limit), float(got))
            raise CheckFailed(f"{name} should be at most {most}; got {came}.")

    def orthonormal(self, Q, name):
        """Fail unless the columns of ``Q`` are orthonormal, to the accuracy of its dtype."""
        eps = np.finfo(Q.dtype if Q.dtype.kind == "f" else float).eps
        gram = Q.T.astype(float) @ Q
        lengths = np.sqrt(np.diag(gram))
        off = np.max(np.abs(gram - np.eye(len(gram))))
        if off <= 100 * eps * np.sqrt(len(Q)):  # NaN is not
            return
        if off < 1e-3:
            raise CheckFailed(
                f"The columns of {name} are orthonormal to {off:.1g} only; "
                f"np.linalg.qr would make them so up to rounding."
            )
        if np.max(np.abs(lengths - 1)) < 1e-3:
            raise CheckFailed(
                f"The columns of {name} have length 1 but are not orthogonal: "
                f"did you orthonormalize them, or only divide by their lengths?"
            )
        raise CheckFailed(
            f"The columns of {name} are not orthonormal: their lengths run from "
            f"{lengths.min():.3g} to {lengths.max():.3g}."
        )

    def array(self, value, name=THE_RESULT, dtype=float, ndim=None):
        """Return ``value`` as an array of numbers, or fail; see `Array`."""
        return Array(dtype, ndim)(value, name)

    def scalar(self, value, name=THE_RESULT, dtype=float):
        """Return ``value`` as one Python number, or fail; see `Number`."""
        return Number(dtype)(value, name)

    def boolean(self, value, name=THE_RESULT):
        """Return ``value`` as True or False, or fail."""
        return Boolean()(value, name)

    def parts(self, value, n, name=THE_RESULT):
        """Return ``value`` as a tuple of ``n`` parts, or fail; a list will do."""
        return Parts(*[None] * n)(value, name)

    def pair(self, value, name=THE_RESULT):
        """Return ``value`` as a tuple of two, or fail; a list will do."""
        return self.parts(value, 2, name)

    def items(self, value, name=THE_RESULT):
        """Return ``value`` as a list, or fail; a tuple or an array will do."""
        return Sequence()(value, name)

    def sparse(self, value, name=THE_RESULT, format="csr"):
        """Return ``value`` as a sparse array of this format, or fail; see `Sparse`."""
        return Sparse(format)(value, name)

    def hunt(self, accepts, right, wrong, rng=None, *, limit=None, rejected="", later=0):
        """Fail unless ``accepts(function, rng)`` is True for right functions, False for wrong.

        They are asked in a drawn order, each under one name, so that neither names nor counting
        help. The check names what was caught and what was missed; a hidden test says only how
        many were missed.

        Parameters
        ----------
        accepts : callable
            The student's answer.
        right, wrong : sequence of callable
        rng : numpy.random.Generator, optional
            Draws the order, and seeds what ``accepts`` gets; `rng` of the exercise by default.
        limit : int, optional
            How often one function may be called.
        rejected : str
            What to say, after a colon, when a right function is rejected.
        later : int
            How many other wrong ones the hidden tests hold.
        """
        verdicts = _hunt.ask(accepts, right, wrong, self.rng if rng is None else rng)
        if limit is not None:
            most = max(one.calls for one in verdicts)
            self.at_most(most, limit, "The number of calls of one function")
        if self.in_hidden_test:
            _hunt.judge_in_numbers(verdicts)
            return
        found = _hunt.judge(verdicts, rejected)
        others = f" When graded your test meets {later} other wrong ones." if later else ""
        print(f"{found}{others}")
