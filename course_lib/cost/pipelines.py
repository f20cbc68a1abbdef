"""Pipelines: stages that work at the same time on different items."""

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_finite
from course_lib.cost._times import check_times, finite

__all__ = ["pipeline_seconds", "simulate_pipeline"]


@finite
def pipeline_seconds(stage_s, items):
    r"""Return the seconds in which a pipeline of steady stages handles ``items``.

    Parameters
    ----------
    stage_s : array_like, shape (s,)
        Seconds that an item spends in each stage; stages work at the same time.
    items : int
        Number of items.

    Returns
    -------
    float
        :math:`\sum_j t_j + (n - 1) \max_j t_j`: the first item takes the sum, then one leaves
        each time the slowest stage is done. Buffers between steady stages change nothing.

    Raises
    ------
    ValueError, TypeError
        If a time is negative or not finite, or ``items`` is not a positive integer.

    Examples
    --------
    >>> pipeline_seconds([1.0, 3.0, 2.0], 10)
    33.0
    """
    stages = check_times(stage_s, "stage_s", 1)
    items = check_count(items, "items", low=1)
    return float(stages.sum() + (items - 1) * stages.max())


def simulate_pipeline(service_s, *, buffer=None):
    r"""Return when each item leaves each stage of a pipeline.

    Parameters
    ----------
    service_s : array_like, shape (n, s)
        Seconds that item i needs in stage j.
    buffer : int, optional
        Items that may wait before each stage but the first; not given: any number. An item
        that finds no room stays, and blocks the stage that it is in.

    Returns
    -------
    array, shape (n, s)
        Times of leaving; the last column is completion. All items are there at time zero.

    Raises
    ------
    ValueError, TypeError
        If a time is negative or not finite, or ``buffer`` is not a count.

    Notes
    -----
    **Cost.** :math:`O(ns)`.

    **Guarantee.** Without a limit on the buffers, the completion of the last item is the longest
    path through the table of service times, from the first item's first stage to its own last.

    Examples
    --------
    >>> simulate_pipeline([[1.0, 3.0], [1.0, 1.0]])
    array([[1., 4.],
           [2., 5.]])
    >>> simulate_pipeline([[1.0, 3.0], [1.0, 1.0]], buffer=0)
    array([[1., 4.],
           [4., 5.]])
    """
    service = check_times(service_s, "service_s", 2)
    room = len(service) if buffer is None else check_count(buffer, "buffer", low=0)
    return check_finite(_leave(service, min(room, len(service))), "service_s")


@njit(cache=True)
def _leave(service, room):
    """Return when each item leaves each stage, with ``room`` places before each but the first."""
    n, stages = service.shape
    leave = np.zeros((n, stages))
    for i in range(n):
        for j in range(stages):
            ready = leave[i, j - 1] if j > 0 else 0.0
            if i > 0:
                ready = max(ready, leave[i - 1, j])
            done = ready + service[i, j]
            # The place that this item needs is freed when an earlier one leaves the next stage.
            if j + 1 < stages and i > room:
                done = max(done, leave[i - room - 1, j + 1])
            leave[i, j] = done
    return leave
