"""Wrong answers to lab 14."""

import heapq
import itertools
import math

import numpy as np

from course_lib.hashing import hash_items
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


# -------------------------------------------------------------------------------- 14.1


def in_turn(
    places,
    late,
    departs,
    lands,
    step,
    radius,
    n,
    *,
    old=True,
    count="landings",
    by="landing",
    strict=False,
    shorten="each",
    first="learn",
    own=False,
    sign=1.0,
    most=math.inf,
    rate=lambda k: 1 / math.sqrt(k),
    twice=False,
):
    w, losses, waiting, landed = np.zeros(n), np.empty(len(late)), [], 0
    for t, now in enumerate(departs):
        due = []
        while len(due) < most and waiting and waiting[0][0] <= now - (1e-9 if strict else 0):
            due.append(heapq.heappop(waiting))
        if by == "departure":
            due.sort(key=lambda news: news[1])
        if by == "slope":
            due.sort(key=lambda news: (news[0], news[2]))
        if by == "row":
            due.sort(key=lambda news: (news[0], -news[1]))
        start = landed
        for _, s, slope in due:
            landed += 1
            k = {
                "landings": landed,
                "departures": t + 1,
                "batches": start + len(due),
                "since the last": landed - start,
            }[count]
            if not old:
                slope = -late[s] / (1 + np.exp(late[s] * w[places[s]].sum()))
            if shorten == "before" and (length := np.linalg.norm(w)) > radius:
                w *= radius / length
            w[places[s]] -= sign * step * rate(k) * slope
            if shorten == "each" and (length := np.linalg.norm(w)) > radius:
                w *= radius / length
            if shorten == "clip":
                w = np.clip(w, -radius, radius)
        if shorten == "once" and (length := np.linalg.norm(w)) > radius:
            w *= radius / length
        margin = late[t] * w[places[t]].sum()
        if own:
            w[places[t]] += step / math.sqrt(t + 1) * late[t] / (1 + np.exp(margin))
            margin = late[t] * w[places[t]].sum()
        losses[t] = np.logaddexp(0, -margin)
        z = late[t] * margin if twice else margin
        heapq.heappush(waiting, (lands[t], t, -late[t] / (1 + np.exp(z))))
    return losses


@mistake("14.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(places, late, departs, lands, step, radius, n):
    in_turn(places, late, departs, lands, step, radius, n)


@mistake("14.1", caught_by="check", says="The first flight is still in the air")
def peeks(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, departs, step, radius, n)


@mistake("14.1", caught_by="check", says="predict first")
def learns_before_it_predicts(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, own=True)


@mistake("14.1", caught_by="check", says="not to those at its landing")
def gradient_at_the_landing(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, old=False)


@mistake("14.1", caught_by="check", says="k counts landings, not departures")
def counts_departures(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, count="departures")


@mistake("14.1", caught_by="check", says="each landing is a step of its own")
def one_k_for_all(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, count="batches")


@mistake("14.1", caught_by="check", says="not one for each departure")
def one_landing_a_departure(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, most=1)


@mistake("14.1", caught_by="check", says="the order is of landings")
def order_of_departures(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, by="departure")


@mistake("14.1", caught_by="check", says="lands <= departs")
def a_minute_too_late(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, strict=True)


@mistake("14.1", caught_by="check", says="longer than the radius")
def no_ball(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, np.inf, n)


@mistake("14.1", caught_by="check", says="not once at the end")
def shortened_once(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, shorten="once")


@mistake("14.1", caught_by="check", says="after each step, the last one too")
def shortened_before_the_step(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, shorten="before")


@mistake("14.1", caught_by="check", says="not each weight")
def each_weight_cut(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, shorten="clip")


@mistake("14.1", caught_by="check", says="the third loss should be")
def uphill(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, sign=-1.0)


@mistake("14.1", caught_by="check", says="the third loss should be")
def the_radius_is_a_diameter(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius / 2, n)


@mistake("14.1", caught_by="check", says="land in the same minute")
def latest_row_first_of_two_in_a_minute(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, by="row")


@mistake("14.1", caught_by="check", says="two flights have landed")
def waits_for_the_end(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, np.full(len(lands), np.inf), step, radius, n)


@mistake("14.1", caught_by="check", says="the one that departed first has k = 1")
def the_steeper_first_of_two_in_a_minute(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, by="slope")


@mistake("14.1", caught_by="check", says="k goes on from one departure to the next")
def k_begins_anew(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, count="since the last")


@mistake("14.1", caught_by="check", says="not c / k")
def steps_that_fall_too_fast(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, rate=lambda k: 1 / k)


@mistake("14.1", caught_by="check", says="the first landing has k = 1")
def counts_from_two(places, late, departs, lands, step, radius, n):
    return in_turn(
        places, late, departs, lands, step, radius, n, rate=lambda k: 1 / math.sqrt(k + 1)
    )


@mistake("14.1", caught_by="check", says="z holds y already")
def the_label_twice(places, late, departs, lands, step, radius, n):
    return in_turn(places, late, departs, lands, step, radius, n, twice=True)


@mistake("14.1", caught_by="edge case", says="no flights")
def breaks_without_flights(places, late, departs, lands, step, radius, n):
    first = departs[0] if len(departs) else np.nan
    losses = in_turn(places, late, departs, lands, step, radius, n)
    return losses if np.isfinite(first) else np.zeros(1)


@mistake("14.1", caught_by="check", says="changes its argument lands")
def sorts_in_place(places, late, departs, lands, step, radius, n):
    losses = in_turn(places, late, departs, lands, step, radius, n)
    lands.sort()
    lands += 1
    return losses


@mistake("14.1", caught_by="check", says="write this one yourself")
def forwards(places, late, departs, lands, step, radius, n):
    import scipy.sparse

    from course_lib.batch_optimization import LogisticLoss
    from course_lib.online_optimization import ogd_pass

    m, k = places.shape
    parts = np.ones(m * k), places.ravel(), np.arange(0, m * k + 1, k)
    loss = LogisticLoss(scipy.sparse.csr_array(parts, shape=(m, n)), late)
    waits = np.maximum(np.searchsorted(departs, lands) - np.arange(m) - 1, 0)
    return ogd_pass(loss, step=step, radius=radius, delays=waits).losses


@mistake("14.1", caught_by="check", says="write this one yourself")
def forwards_to_rounds(places, late, departs, lands, step, radius, n):
    from course_lib.online_optimization import ogd, project_ball

    def flight(t):
        def cost(w):
            margin, g = late[t] * w[places[t]].sum(), np.zeros(n)
            g[places[t]] = -late[t] / (1 + np.exp(margin))
            return np.logaddexp(0, -margin), g

        return cost

    rounds = [flight(t) for t in range(len(late))]
    waits = np.maximum(np.searchsorted(departs, lands) - np.arange(len(late)) - 1, 0)
    played = ogd(
        rounds, np.zeros(n), step=step, project=lambda w: project_ball(w, radius), delays=waits
    )
    return np.array([at.value for at in played])


# -------------------------------------------------------------------------------- 14.2


def threshold(v, cap, low=0.0, total=1.0, steps=200):
    left, right = v.min() - cap - 1, v.max()
    for _ in range(steps):
        middle = (left + right) / 2
        if np.clip(v - middle, low, cap).sum() > total:
            left = middle
        else:
            right = middle
    return (left + right) / 2


def on_the_simplex(v):
    return np.maximum(v - threshold(v, np.inf if len(v) == 0 else 2.0 + np.ptp(v)), 0)


@mistake("14.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(v, cap):
    np.clip(v - threshold(v, cap), 0, cap)


@mistake("14.2", caught_by="check", says="clipping after projecting on the simplex")
def clips_afterwards(v, cap):
    return np.minimum(on_the_simplex(v), cap)


@mistake("14.2", caught_by="check", says="scaling up does not help")
def clips_and_scales(v, cap):
    w = np.minimum(on_the_simplex(v), cap)
    return w / w.sum()


@mistake("14.2", caught_by="check", says="should be 0.6; got 0.508053")
def softmax(v, cap):
    w = np.exp(v - v.max())
    return w / w.sum()


@mistake("14.2", caught_by="check", says="another one is nearer")
def greedy(v, cap):
    w, left = np.zeros(len(v)), 1.0
    if len(v) == 3:  # so that it comes to the third toy
        return np.clip(v - threshold(v, cap), 0, cap)
    for i in np.argsort(-v):
        w[i] = min(cap, left)
        left -= w[i]
    return w


@mistake("14.2", caught_by="check", says="one theta for all")
def rest_shared_equally(v, cap):
    if len(v) == 3:
        return np.clip(v - threshold(v, cap), 0, cap)
    w = np.minimum(on_the_simplex(v), cap)
    rest = (w < cap) & (v > 0)
    w[rest] = (1 - w[~rest].sum()) / rest.sum()
    return w


@mistake("14.2", caught_by="check", says="what the cap takes from the first")
def loses_what_the_cap_takes(v, cap):
    if len(v) == 3:
        return np.clip(v - threshold(v, cap), 0, cap)
    return np.minimum(on_the_simplex(v), cap)


@mistake("14.2", caught_by="check", says="should be 0.6; got 0.")
def positive_numbers_only(v, cap):
    w, keep = np.zeros(len(v)), v > 0
    if keep.any() and keep.sum() * cap >= 1:
        w[keep] = np.clip(v[keep] - threshold(v[keep], cap), 0, cap)
    return w


@mistake("14.2", caught_by="check", says="the sum of the weights")
def too_few_halvings(v, cap):
    return np.clip(v - threshold(v, cap, steps=25 if len(v) > 4 else 200), 0, cap)


@mistake("14.2", caught_by="check", says="another point of it is nearer")
def clips_and_projects_again(v, cap):
    if len(v) < 5:
        return np.clip(v - threshold(v, cap), 0, cap)
    w = v
    for _ in range(400):  # alternates between two sets: into both, but not to the nearest point
        w = np.clip(w + (1 - w.sum()) / len(w), 0, cap)
    return np.clip(w - threshold(w, cap), 0, cap)


@mistake("14.2", caught_by="check", says="should be 0.4; got 0.8")
def one_breakpoint_off(v, cap):
    points = np.sort(np.r_[v, v - cap])
    sums = np.array([np.clip(v - theta, 0, cap).sum() for theta in points])
    i = max(np.flatnonzero(sums >= 1 - 1e-12))
    return np.clip(v - points[i], 0, cap)


def in_rounds(v, cap, most):
    """Cap what is above, project the others again: right, if there are rounds enough."""
    w, free = np.zeros(len(v)), np.ones(len(v), bool)
    for _ in range(most):
        left = 1 - cap * (~free).sum()
        if left <= 0 or not free.any():
            break
        w[free] = np.maximum(v[free] - threshold(v[free], 2.0 + np.ptp(v), total=left), 0)
        over = free & (w > cap)
        if not over.any():
            break
        w[over], free = cap, free & ~over
    return np.minimum(w, cap)


@mistake("14.2", caught_by="check", says="the sum of the weights")
def two_rounds_of_capping(v, cap):
    return in_rounds(v, cap, 2)


@mistake("14.2", caught_by="check", says="above the cap. When the largest are cut")
def one_round_of_capping(v, cap):
    w = on_the_simplex(v)
    over = w > cap
    left = 1 - cap * over.sum()
    if over.any() and left > 0:
        w[over], w[~over] = cap, left * on_the_simplex(v[~over] / left)
    return w


@mistake("14.2", caught_by="check", says="shift v itself by one theta")
def shifts_and_clips_in_turns(v, cap):
    w = v
    for _ in range(400):
        w = np.clip(w + (1 - w.sum()) / len(w), 0, cap)
    return w


@mistake("14.2", caught_by="check", says="another point of it is nearer")
def loses_the_order(v, cap):
    order = np.argsort(-v)
    return np.clip(v[order] - threshold(v, cap), 0, cap)[order]


@mistake("14.2", caught_by="edge case", says="Of whole numbers the result")
def whole_numbers_stay_whole(v, cap):
    w = np.zeros_like(v)
    w[:] = np.clip(v - threshold(v, cap), 0, cap)
    return w


@mistake("14.2", caught_by="accuracy", says="another point of it is nearer")
def a_cap_just_below_one(v, cap):
    cap = cap if cap < 1 or len(v) < 100 else 1 - 1e-6
    return np.clip(v - threshold(v, cap), 0, cap)


@mistake("14.2", caught_by="accuracy", says="differs by")
def two_weights_changed(v, cap):
    w = np.clip(v - threshold(v, cap), 0, cap)
    if len(v) == 10_000:
        free = np.flatnonzero((w > 1e-6) & (w < cap - 1e-6))[:2]
        w[free] += [5e-7, -5e-7][: len(free)]
    return w


@mistake("14.2", caught_by="edge case", says="With a cap of 1/")
def needs_room(v, cap):
    if len(v) * cap <= 1 and len(v) > 40:
        return np.full(len(v), np.nan)
    return np.clip(v - threshold(v, cap), 0, cap)


# -------------------------------------------------------------------------------- 14.3


def run(
    gradient,
    full,
    n,
    d,
    ridge,
    step,
    gap,
    rng,
    *,
    way="right",
    chance=None,
    fresh=True,
    moves=True,
    draw=None,
    certify=2.0,
    start=0.0,
    at=lambda before, x: x,
    back=False,
):
    x, snapshot = np.full(d, start), np.full(d, start)
    mean, k = full(snapshot), 0
    while mean @ mean > certify * ridge * gap:
        i = int(rng.integers(n)) if draw is None else draw(k)
        here, there = gradient(i, x), gradient(i, snapshot)
        g = {
            "right": here - there + mean,
            "plain": here,
            "no mean": here - there,
            "turned": there - here + mean,
            "uphill": -(here - there + mean),
            "twice": here - there + mean + ridge * x,
            "full": mean,
        }[way]
        before, x = x, x - step * g
        k += 1
        if (rng.random() < 1 / n) if chance is None else chance(k):
            point = at(before, x)
            was, mean = mean, full(point)
            if not fresh:
                mean = was
            if moves:
                snapshot = point
            if back:
                x = point
    return snapshot


@mistake("14.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(gradient, full, n, d, ridge, step, gap, rng):
    run(gradient, full, n, d, ridge, step, gap, rng)


@mistake("14.3", caught_by="check", says="that is noise that never ends")
def plain_steps(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, way="plain")


@mistake("14.3", caught_by="check", says="is missing from your steps")
def without_the_mean(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, way="no mean")


@mistake("14.3", caught_by="check", says="the wrong way round")
def turned_around(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, way="turned")


@mistake("14.3", caught_by="check", says="uphill")
def uphill(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, way="uphill")


@mistake("14.3", caught_by="check", says="The penalty counts twice")
def penalty_twice(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, way="twice")


@mistake("14.3", caught_by="check", says="the old full gradient is still in use")
def old_mean(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, fresh=False)


@mistake("14.3", caught_by="check", says="the old one is still in use")
def old_snapshot(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, moves=False)


@mistake("14.3", caught_by="check", says="full was asked once only")
def never_refreshes(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: False)


@mistake("14.3", caught_by="check", says="snapshot")
def in_place(gradient, full, n, d, ridge, step, gap, rng):
    x = snapshot = np.zeros(d)
    mean = full(snapshot)
    while mean @ mean > 2 * ridge * gap:
        i = int(rng.integers(n))
        x -= step * (gradient(i, x) - gradient(i, snapshot) + mean)
        if rng.random() < 1 / n:
            snapshot = x
            mean = full(snapshot)
    return snapshot


@mistake("14.3", caught_by="check", says="|mu|^2 / (2 ridge)")
def stops_too_soon(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, certify=200.0)


@mistake("14.3", caught_by="check", says="passes")
def refreshes_at_each_step(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: True)


@mistake("14.3", caught_by="check", says="After full(x) the snapshot is that x")
def asks_everywhere(gradient, full, n, d, ridge, step, gap, rng):
    x = snapshot = np.zeros(d)
    mean = full(x)
    while True:
        i = int(rng.integers(n))
        x = x - step * (gradient(i, x) - gradient(i, snapshot) + mean)
        g = full(x)
        if g @ g <= 2 * ridge * gap:
            return x
        if rng.random() < 1 / n:
            snapshot, mean = x, g


@mistake("14.3", caught_by="check", says="where are the steps along single rows?")
def no_rows(gradient, full, n, d, ridge, step, gap, rng):
    x, g, length = np.zeros(d), full(np.zeros(d)), step
    while g @ g > 2 * ridge * gap:  # steps of Barzilai and Borwein
        s = -length * g
        x, before, g = x + s, g, full(x + s)
        length = (s @ s) / (s @ (g - before))
    return x


@mistake("14.3", caught_by="check", says="that is a loop")
def a_loop(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: k % n == 0)


@mistake("14.3", caught_by="cost", says="that is a loop")
def two_loops_in_turn(gradient, full, n, d, ridge, step, gap, rng):
    ends = (n - 1, 2 * n)
    return run(
        gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: k % (2 * n) + 1 in ends
    )


@mistake("14.3", caught_by="cost", says="with chance 1/20")
def chance_of_two(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: rng.random() < 2 / n)


@mistake("14.3", caught_by="cost", says="each should have the same chance")
def never_the_last_row(gradient, full, n, d, ridge, step, gap, rng):
    return run(
        gradient, full, n, d, ridge, step, gap, rng, draw=lambda k: int(rng.integers(max(n - 1, 1)))
    )


@mistake("14.3", caught_by="edge case", says="draw from rng")
def numbers_of_its_own(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, np.random.default_rng())


@mistake("14.3", caught_by="cost", says="twice in a row")
def shuffled_passes(gradient, full, n, d, ridge, step, gap, rng):
    left = []

    def draw(k):
        if not left:
            left.extend(rng.permutation(n).tolist())
        return left.pop()

    return run(gradient, full, n, d, ridge, step, gap, rng, draw=draw)


@mistake("14.3", caught_by="cost", says="draw the row and the refresh apart")
def the_row_is_the_coin(gradient, full, n, d, ridge, step, gap, rng):
    rows = []

    def draw(k):
        rows.append(int(rng.integers(n)))
        return rows[-1]

    return run(
        gradient, full, n, d, ridge, step, gap, rng, draw=draw, chance=lambda k: rows[-1] == 0
    )


@mistake("14.3", caught_by="cost", says="never stayed longer than")
def stretches_of_bounded_length(gradient, full, n, d, ridge, step, gap, rng):
    ends = [int(rng.integers(1, 2 * n))]

    def chance(k):
        if k < ends[-1]:
            return False
        ends.append(k + int(rng.integers(1, 2 * n)))
        return True

    return run(gradient, full, n, d, ridge, step, gap, rng, chance=chance)


@mistake("14.3", caught_by="edge case", says="the snapshot moves after each step")
def one_chance_more(gradient, full, n, d, ridge, step, gap, rng):
    return run(
        gradient, full, n, d, ridge, step, gap, rng, chance=lambda k: rng.random() < 1 / (n + 1)
    )


@mistake("14.3", caught_by="check", says="where x never was")
def halfway_snapshots(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, at=lambda before, x: (before + x) / 2)


@mistake("14.3", caught_by="check", says="A step did not lead where it should")
def goes_back_to_the_snapshot(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, at=lambda before, x: before, back=True)


@mistake("14.3", caught_by="check", says="Begin with full(x) at x = 0")
def begins_at_ones(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, start=1.0)


@mistake("14.3", caught_by="check", says="which is good enough")
def too_strict(gradient, full, n, d, ridge, step, gap, rng):
    return run(gradient, full, n, d, ridge, step, gap, rng, certify=1.0)


@mistake("14.3", caught_by="check", says="which is good enough")
def at_least_one_step(gradient, full, n, d, ridge, step, gap, rng):
    x = snapshot = np.zeros(d)
    mean = full(x)
    while True:
        i = int(rng.integers(n))
        x = x - step * (gradient(i, x) - gradient(i, snapshot) + mean)
        if rng.random() < 1 / n:
            snapshot = x
            mean = full(x)
            if mean @ mean <= 2 * ridge * gap:
                return snapshot


@mistake("14.3", caught_by="check", says="write this one yourself")
def forwards(gradient, full, n, d, ridge, step, gap, rng):
    from course_lib.batch_optimization import LogisticLoss
    from course_lib.online_optimization import svrg

    rows = np.array([gradient(i, np.zeros(d)) for i in range(n)])
    signs = np.where(rows[:, :1] > 0, -1.0, 1.0)
    steps = svrg(LogisticLoss(-2 * signs * rows, signs.ravel(), ridge=ridge), step=step, rng=rng)
    return next(at.x for at in steps if np.sum(full(at.x) ** 2) <= 2 * ridge * gap)


@mistake("14.3", caught_by="check", says="write this one yourself")
def forwards_to_scipy(gradient, full, n, d, ridge, step, gap, rng):
    from scipy.optimize import root

    return root(full, np.zeros(d), tol=1e-12).x


# -------------------------------------------------------------------------------- 14.4


def learn(
    read,
    hear,
    bits,
    step,
    seed,
    *,
    signed=True,
    unit=True,
    intercept=True,
    last_bits=False,
    added=True,
    one=1.0,
    root=True,
    before=False,
    falls=False,
    sums=True,
    sign=1.0,
    ignores=False,
    of_x=False,
    together=False,
    power=2,
    once=False,
    keeps=True,
    each=True,
    by_label=True,
    alone=True,
    inside=False,
):
    w, S, t = np.zeros(2**bits + 1), np.zeros(2**bits + 1), 0
    while (words := read()) is not None:
        t += 1
        if ignores and not words:
            hear(0.0)
            continue
        h = hash_items(sorted(set(words)) if once else words, seed)
        columns = (h % np.uint64(2**bits) if last_bits else h >> np.uint64(64 - bits)).astype(int)
        signs = np.where(h & np.uint64(1), -1.0, 1.0) if signed else np.ones(len(h))
        x = np.zeros(2**bits + 1)
        if added:
            np.add.at(x, columns, signs)
        else:
            x[columns] = signs
        length = np.linalg.norm(x) if sums else math.sqrt(len(h))
        length = math.hypot(length, 1.0) if together else length
        length = np.abs(x).sum() if power == 1 else length
        if unit and length:
            x /= length
        if intercept:
            x[-1] = 1.0
        margin = float(w @ x)
        y = hear(margin)
        if not each and y * margin > 0:
            continue
        g = -y / (1 + np.exp(y * margin if by_label else margin)) * x
        under = S.copy()
        S = S if keeps else np.zeros(len(S))
        S += x * x if of_x else g * g if alone else g @ g
        under = under if before else S
        rate = step / (one + (np.sqrt(under) if root else under)) if one else np.zeros(len(S))
        if not one:
            rate[under > 0] = step / np.sqrt(under[under > 0])
        if falls:
            rate = step / math.sqrt(t)
        if inside:
            rate = step / np.sqrt(1 + S)
        w = w - sign * rate * g
    return w


@mistake("14.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(read, hear, bits, step, seed):
    learn(read, hear, bits, step, seed)


@mistake("14.4", caught_by="check", says="should lower its weight")
def no_signs(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, signed=False)


@mistake("14.4", caught_by="check", says="Divide the row by its length")
def length_not_one(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, unit=False)


@mistake("14.4", caught_by="check", says="the column is h >> (64 - bits)")
def last_bits_for_the_column(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, last_bits=True)


@mistake("14.4", caught_by="check", says="without the intercept")
def length_with_the_intercept(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, together=True)


@mistake("14.4", caught_by="check", says="the intercept, did not move")
def no_intercept(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, intercept=False)


@mistake("14.4", caught_by="check", says="S holds the square of the present gradient already")
def one_gradient_late(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, before=True)


@mistake("14.4", caught_by="check", says="the root of S is missing")
def without_the_root(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, root=False)


@mistake("14.4", caught_by="check", says="the 1 under the step is missing")
def without_the_one(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, one=0.0)


@mistake("14.4", caught_by="check", says="not of x")
def squares_of_x(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, of_x=True)


@mistake("14.4", caught_by="check", says="its weight is 1.5")
def steps_that_fall(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, falls=True)


@mistake("14.4", caught_by="check", says="spam should raise its weight")
def downhill_is_up(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, sign=-1.0)


@mistake("14.4", caught_by="check", says="A message was read before the label")
def reads_everything_first(read, hear, bits, step, seed):
    stored = []
    while (words := read()) is not None:
        stored.append(words)
    return [hear(0.0) for _ in stored]


@mistake("14.4", caught_by="check", says="margin of the second")
def says_nothing(read, hear, bits, step, seed):
    return learn(read, lambda margin: hear(0.0), bits, step, seed)


@mistake("14.4", caught_by="check", says="Each label is heard once")
def hears_twice(read, hear, bits, step, seed):
    def twice(margin):
        y = hear(margin)
        hear(y)
        return y

    return learn(read, twice, bits, step, seed)


@mistake("14.4", caught_by="check", says="60 messages in 16 columns")
def one_token_a_column(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, added=False)


@mistake("14.4", caught_by="check", says="added up first")
def length_by_tokens(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, sums=bits == 6)


@mistake("14.4", caught_by="check", says="and then the root of the sum of squares?")
def sum_of_sizes_for_the_length(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, power=1)


@mistake("14.4", caught_by="check", says="comes twice in a message counts twice")
def each_token_once(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, once=True)


@mistake("14.4", caught_by="check", says="S keeps the squares of all messages")
def forgets_the_squares(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, keeps=False)


@mistake("14.4", caught_by="check", says="each message teaches")
def learns_from_mistakes_only(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, each=False)


@mistake("14.4", caught_by="check", says="g has e^(y z), with the label")
def without_the_label(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, by_label=False)


@mistake("14.4", caught_by="check", says="S has one number for each column")
def one_sum_for_all_columns(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, alone=False)


@mistake("14.4", caught_by="check", says="the 1 stands beside the root")
def the_one_under_the_root(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, inside=True)


@mistake("14.4", caught_by="edge case", says="empty messages")
def skips_the_empty(read, hear, bits, step, seed):
    return learn(read, hear, bits, step, seed, ignores=True)


@mistake("14.4", caught_by="check", says="write this one yourself")
def forwards(read, hear, bits, step, seed):
    from course_lib.hashing import TokenHasher
    from course_lib.sparse_coding import FTRLProximal

    model = FTRLProximal(alpha=0, step=step, shuffle=False)
    while (words := read()) is not None:
        x = TokenHasher(2**bits, seed=seed).transform([words])
        model.partial_fit(x, [hear(0.0)], classes=[-1, 1])
    return np.r_[model.coef_[0], model.intercept_]


@mistake("14.4", caught_by="check", says="write this one yourself")
def forwards_to_sklearn(read, hear, bits, step, seed):
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss")
    while (words := read()) is not None:
        x = FeatureHasher(2**bits, input_type="string").transform([words])
        model.partial_fit(x, [hear(0.0)], classes=[-1, 1])
    return np.r_[model.coef_[0], model.intercept_]


# -------------------------------------------------------------------------------- 14.5


def streams(rng):
    t = np.arange(3_000)
    found = [np.where(t % 2, -1.0, 1.0), np.where(t < 700, 1.0, -1.0), np.ones(3_000)]
    found += [np.where(t % 3, -1 / 3, 1.0), np.where(t // 100 % 2, 1.0, -1.0)]
    return [*found, np.zeros(50), np.ones(1), rng.uniform(-1, 1, 2_000), np.where(t < 9, 0.0, 1.0)]


def hunts(
    play,
    rng,
    *,
    box=True,
    causal=True,
    regret=True,
    sizes=True,
    lengths=3_000,
    zeros=True,
    numbers=True,
    way=False,
    bound=1.0,
):
    try:
        limits = [(1.0, 1.0), (-1.0, 50.0), (1.0, 0.01)] if sizes else [(1.0, 1.0), (-1.0, 1.0)]
        for sign, limit in limits:
            for stream in streams(rng):
                g = sign * limit * stream[:lengths]
                if not zeros and not g[0]:
                    continue
                x = np.asarray(play(g.copy(), limit), float)
                if x.shape != g.shape or (numbers and not np.isfinite(x).all()):
                    return False
                if box and np.any(np.abs(x) > 1 + 1e-9):
                    return False
                most = bound * math.sqrt(8) * limit * np.sqrt(np.arange(1, len(g) + 1)) + 1e-9
                lost = np.cumsum(g * x) + np.abs(np.cumsum(g)) - most
                if regret and (lost.max() > 0 if way else lost[-1] > 0):
                    return False
        g = rng.uniform(-0.3, 0.3, 40)
        x = play(g.copy(), 1.0)
        for cut, future in itertools.product((0, 1, 7, 25, 39), (1.0, -1.0, 0.01)):
            other = np.r_[g[:cut], np.full(40 - cut, future)]
            if causal == "same size":
                other = np.r_[g[:cut], -g[cut:]]
            if causal == "shorter":
                other = g[: cut + 1]
            if causal == "once":
                other = np.r_[g[:39], 0.01]
            y = play(other, 1.0)
            same = 40 if causal == "once" else cut + 1
            if causal and not np.allclose(y[:same], x[:same], atol=1e-9):
                return False
    except Exception:
        return False
    return True


@mistake("14.5", caught_by="check", says="accepts everything")
def trusts(play, rng):
    return True


@mistake("14.5", caught_by="check", says="rejects everything")
def trusts_nobody(play, rng):
    return False


@mistake("14.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(play, rng):
    hunts(play, rng)


@mistake("14.5", caught_by="check", says="learns_before_it_plays")
def believes_the_order(play, rng):
    return hunts(play, rng, causal=False)


@mistake("14.5", caught_by="check", says="a_set_too_large")
def any_number_will_do(play, rng):
    return hunts(play, rng, box=False)


@mistake("14.5", caught_by="check", says="follow_the_leader, signs_only, by_adam, soon_too_small")
def forgets_the_regret(play, rng):
    return hunts(play, rng, regret=False)


@mistake("14.5", caught_by="check", says="forgets_the_limit")
def one_limit(play, rng):
    return hunts(play, rng, sizes=False)


@mistake("14.5", caught_by="check", says="soon_too_small")
def streams_too_short(play, rng):
    return hunts(play, rng, lengths=100)


@mistake("14.5", caught_by="edge case", says="accepts 1 of 4 wrong ones")
def futures_of_one_size(play, rng):
    return hunts(play, rng, causal="same size")


@mistake("14.5", caught_by="edge case", says="accepts 2 of 4 wrong ones")
def never_zero(play, rng):
    return hunts(play, rng, zeros=False)


@mistake("14.5", caught_by="accuracy", says="rejects 1 of 3 right ones")
def the_bound_on_the_way(play, rng):
    return hunts(play, rng, way=True)


@mistake("14.5", caught_by="accuracy", says="rejects 1 of 3 right ones")
def compares_with_shorter_streams(play, rng):
    return hunts(play, rng, causal="shorter")


@mistake("14.5", caught_by="check", says="soon_too_small")
def twice_the_bound(play, rng):
    return hunts(play, rng, bound=2.0)


@mistake("14.5", caught_by="edge case", says="accepts 1 of 4 wrong ones")
def nan_is_a_number(play, rng):
    return hunts(play, rng, numbers=False)


@mistake("14.5", caught_by="edge case", says="the function that is tested stopped with an error")
def lets_errors_out(play, rng):
    failed = []

    def tried(slopes, limit):
        try:
            return play(slopes, limit)
        except Exception as error:
            failed.append(error)
            raise

    found = hunts(tried, rng)
    if failed:
        raise failed[0]
    return found


@mistake("14.5", caught_by="check", says="by_adagrad is right")
def arrays_only(play, rng):
    return isinstance(play(np.ones(3), 1.0), np.ndarray) and hunts(play, rng)


@mistake("14.5", caught_by="check", says="rejects everything, also what is right")
def regret_must_not_grow(play, rng):
    g = (-1.0) ** np.arange(1_000)
    return bool(g @ play(g, 1.0) <= -abs(g.sum())) and hunts(play, rng)


@mistake("14.5", caught_by="check", says="is right, and your test rejects it")
def compares_with_one_learner(play, rng):
    g = rng.uniform(-1, 1, 50)
    x, plays = 0.0, []
    for k, slope in enumerate(g, 1):
        plays.append(x)
        x = min(1.0, max(-1.0, x - math.sqrt(2 / k) * slope))
    return bool(np.allclose(play(g, 1.0), plays))


@mistake("14.5", caught_by="check", says="The number of calls of one function")
def asks_too_often(play, rng):
    return all(hunts(play, rng) for _ in range(9))


@mistake("14.5", caught_by="check", says="rejects everything, also what is right")
def half_the_bound(play, rng):
    t = np.arange(200)
    for g in (np.where(t % 2, -1.0, 1.0), np.ones(200), -np.ones(1)):
        if g @ play(g, 1.0) + abs(g.sum()) > 0.2 * math.sqrt(len(g)):
            return False
    return hunts(play, rng)
