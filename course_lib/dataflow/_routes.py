"""Jobs and queues, exactly: the kernel of `choices.route_jobs` and `choices.simulate_choices`."""

import numpy as np
from numba import njit

__all__ = ["note_places", "route", "strike_out"]


@njit(cache=True)
def route(arrival_s, service_s, choices, n_queues, board_s, warm_s, i_max):
    """Where jobs go, when they leave, at which place they begin; time at each place.

    The jobs of a queue are a list: ``front`` and ``back``, and after each job the ``after`` it.
    Only jobs from ``warm_s`` on count in ``places``.
    """
    n_jobs, d = choices.shape
    queue, position = np.empty(n_jobs, np.int64), np.empty(n_jobs, np.int64)
    departure, places = np.empty(n_jobs), np.zeros(i_max + 1)
    front, back = np.full(n_queues, -1), np.full(n_queues, -1)
    after = np.full(n_jobs, -1)
    length = np.zeros(n_queues, np.int64)
    board = np.zeros(n_queues, np.int64)
    renewed = 0.0
    for job in range(n_jobs):
        now = arrival_s[job]
        if board_s > 0.0 and now >= renewed + board_s:
            renewed = np.floor(now / board_s) * board_s
            for q in range(n_queues):
                strike_out(q, renewed, front, after, length, departure)
                board[q] = length[q]
        best = choices[job, 0]
        for k in range(d):
            q = choices[job, k]
            if board_s == 0.0:
                strike_out(q, now, front, after, length, departure)
                board[q] = length[q]
            if board[q] < board[best]:
                best = q
        strike_out(best, now, front, after, length, departure)
        start = now
        if length[best] > 0:
            start = departure[back[best]]
            after[back[best]] = job
        else:
            front[best] = job
        back[best] = job
        length[best] += 1
        queue[job], position[job] = best, length[best]
        departure[job] = start + service_s[job]
        if i_max > 0 and now >= warm_s:
            note_places(places, job, now, front[best], length[best], after, departure)
    return queue, departure, position, places


@njit(cache=True)
def strike_out(q, now, front, after, length, departure):
    """Forget the jobs of a queue that have left."""
    while length[q] > 0 and departure[front[q]] <= now:
        front[q] = after[front[q]]
        length[q] -= 1


@njit(cache=True)
def note_places(places, job, now, ahead, place, after, departure):
    """Add the time that a job spends at each place of its queue: one place up at each departure."""
    since = now
    while place > 0:
        if place < len(places):
            places[place] += departure[ahead] - since
        since = departure[ahead]
        ahead = after[ahead]
        place -= 1
