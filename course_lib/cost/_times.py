"""The check of a list of durations, which queues and pipelines share."""

import numpy as np

__all__ = ["check_times"]


def check_times(times, name, ndim):
    """Return ``times`` as float64 with ``ndim`` axes, if all are finite and none negative."""
    times = np.asarray(times, dtype=np.float64)
    if times.ndim != ndim or times.size == 0:
        raise ValueError(f"{name} must have {ndim} axes and not be empty; got {times.shape}.")
    if not (np.all(times >= 0) and np.isfinite(times).all()):
        raise ValueError(f"{name} must hold seconds, none negative or infinite.")
    return times
