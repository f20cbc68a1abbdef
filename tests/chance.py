"""Assertions on random numbers, each with its own chance of a false alarm.

A right program fails one of these with probability below 1e-5, on any fresh seed; that it does
not fail by luck of the seed at hand is therefore worth something.
"""

import numpy as np
from scipy.stats import binom

FALSE_ALARM = 1e-5
ERRORS = 4.42  # standard errors that a normal mean leaves with this probability, two-sided


def assert_mean(draws, expected, *, errors=ERRORS):
    """Assert that the mean of independent draws is ``expected``, up to its standard error."""
    draws = np.asarray(draws, dtype=float)
    standard_error = draws.std(ddof=1) / np.sqrt(len(draws))
    assert abs(draws.mean() - expected) <= errors * standard_error + 1e-12 * abs(expected), (
        f"mean {draws.mean():.6g} of {len(draws)} draws, expected {expected:.6g}, "
        f"standard error {standard_error:.2g}"
    )


def assert_variance(draws, expected, *, errors=ERRORS):
    """Assert that the variance of independent draws is ``expected``."""
    draws = np.asarray(draws, dtype=float)
    assert_mean(
        (draws - draws.mean()) ** 2 * len(draws) / (len(draws) - 1), expected, errors=errors
    )


def assert_at_most(hits, trials, probability):
    """Assert that an event of at most this probability happened ``hits`` times in ``trials``."""
    allowed = int(binom.isf(FALSE_ALARM, trials, probability))
    assert hits <= allowed, f"{hits} of {trials}, at most {allowed} expected at {probability:.3g}"


def assert_frequency(hits, trials, probability):
    """Assert that an event of exactly this probability happened ``hits`` times in ``trials``."""
    assert_at_most(hits, trials, probability)
    assert_at_most(trials - hits, trials, 1 - probability)
