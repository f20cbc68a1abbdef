"""A bound beside the truth: what a theorem allows, what happens, and how far apart they are."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from course_lib._validation import as_rng, check_count, check_number

__all__ = ["BoundVersusTruth", "bound_versus_truth"]


class BoundVersusTruth(NamedTuple):
    """Numbers for a plot of a bound and of what it bounds, one entry for each setting."""

    settings: tuple  # (s,), as they were given
    bound: np.ndarray  # (s,), what the theorem allows
    mean: np.ndarray  # (s,), mean of the draws
    standard_error: np.ndarray  # (s,), of that mean
    low: np.ndarray  # (s,), lower quantile of the draws
    high: np.ndarray  # (s,), upper quantile of the draws
    exceeded: np.ndarray  # (s,), share of the draws above the bound

    @property
    def looseness(self):
        """How many times larger than the mean the bound is, (s,); infinite where the mean is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.mean == 0, np.inf, self.bound / self.mean)

    def holds_on_average(self, errors=3.0):
        """Whether no mean is above its bound by more than ``errors`` standard errors."""
        return bool(np.all(self.mean <= self.bound + errors * self.standard_error))


def bound_versus_truth(settings, bound, draw, *, draws=100, coverage=0.9, rng=None):
    """Evaluate a bound and draw what it bounds, for each setting.

    Parameters
    ----------
    settings : sequence, length s
        Values of the parameter on the horizontal axis.
    bound : callable
        ``bound(setting)`` returns what the theorem promises, a float.
    draw : callable
        ``draw(setting, rng)`` returns one draw of the bounded quantity, a float. For a bound on
        a probability return whether the event happened: the mean is its frequency.
    draws : int, default 100
        Draws for each setting, at least 2.
    coverage : float, default 0.9
        Share of the draws between ``low`` and ``high``.
    rng : Generator, int or None
        Source of randomness. Each setting has a stream of its own, so that changing one does
        not change the others.

    Returns
    -------
    BoundVersusTruth

    Raises
    ------
    ValueError
        If there is no setting, or a count is out of range.
    TypeError
        If a count is not an integer.

    Notes
    -----
    **Cost.** ``s * draws`` calls of ``draw``.

    Examples
    --------
    >>> from course_lib.randomness import hoeffding
    >>> def is_off(n, rng):
    ...     return abs(rng.integers(2, size=n).mean() - 0.5) >= 0.25
    >>> data = bound_versus_truth([10, 20, 40], lambda n: hoeffding(n, 0.25), is_off, rng=0)
    >>> data.holds_on_average(), data.bound.round(3)
    (True, array([0.573, 0.164, 0.013]))
    """
    if not isinstance(settings, Iterable):
        raise TypeError(f"settings must be a list of values; got {settings!r}.")
    settings = tuple(settings)
    if not settings:
        raise ValueError("settings must hold at least one value.")
    draws = check_count(draws, "draws", low=2)
    coverage = check_number(coverage, "coverage", low=0.0, high=1.0)
    streams = as_rng(rng).spawn(len(settings))
    samples = np.array(
        [
            [float(draw(setting, stream)) for _ in range(draws)]
            for setting, stream in zip(settings, streams, strict=True)
        ]
    )
    promised = np.array([float(bound(setting)) for setting in settings])
    low, high = np.quantile(samples, [(1 - coverage) / 2, (1 + coverage) / 2], axis=1)
    return BoundVersusTruth(
        settings,
        promised,
        samples.mean(axis=1),
        samples.std(axis=1, ddof=1) / np.sqrt(draws),
        low,
        high,
        (samples > promised[:, None]).mean(axis=1),
    )
