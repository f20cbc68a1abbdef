"""What chapter 14 says of its opening claim: ``python -m benchmarks.causes_online_optimization``.

A learner hears of a flight when it has landed, and its loss over the year is compared with that of
the best fixed model. Does it also win on parts of the flights and for other meanings of late? How
good is a fixed model that knows more? And what is it that the learner uses: what remains when the
days of the year change places, or the flights within each day? Two minutes; writes
``results/online_optimization_causes.json``. It measures no seconds.
"""

import datetime
import json

import numpy as np
import scipy.sparse as sp

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import LogisticLoss
from course_lib.online_optimization import best_step, ogd_pass

RADIUS, LENGTH = 5.0, 5**0.5  # of the ball, of a row
DAY = 1440  # minutes
TAXI = 25  # minutes between departure and takeoff, landing and gate, together


def stream():
    """The flights that arrived, in the order in which they left; times in minutes of the year."""
    raw = datasets.flights()
    months = np.arange("2013-01", "2014-01", dtype="datetime64[M]").astype("datetime64[D]")
    day = (months[raw["month"] - 1] - months[0]).astype(int) + raw["day"] - 1
    hour, minute = np.divmod(raw["sched_dep"], 100)
    left = DAY * day + 60.0 * hour + minute + raw["dep_delay"]
    none = np.zeros(len(day), int)
    parts = [none, 1 + hour, 25 + raw["carrier"], 41 + raw["origin"], 44 + raw["dest"]]
    known = np.flatnonzero(raw["arr_delay"] > np.iinfo(np.int16).min)
    order = known[np.argsort(left[known], kind="stable")]
    planned = DAY * day + 60.0 * hour + minute
    return {
        "columns": np.column_stack(parts)[order],
        "day": day[order],
        "month": raw["month"][order].astype(int) - 1,
        "origin": raw["origin"][order],
        "left": left[order],
        "planned": planned[order],
        "landed": (left + raw["air_time"] + TAXI)[order],
        "delay": raw["arr_delay"][order],
    }


def one_hot(columns):
    """Rows with a one in each of the given columns."""
    m, entries = columns.shape
    starts = np.arange(0, m * entries + 1, entries)
    return sp.csr_array((np.ones(m * entries), columns.ravel().astype(np.int32), starts))


def best_fixed(columns, late, radius=RADIUS):
    """Mean loss of the best fixed model in the ball, by Newton's method on the distinct rows."""
    rows, inverse = np.unique(columns, axis=0, return_inverse=True)
    count = np.bincount(inverse.ravel())
    lates, A = np.bincount(inverse.ravel(), late), one_hot(rows)

    def solve(ridge):
        x = np.zeros(A.shape[1])
        for _ in range(60):
            p = 1 / (1 + np.exp(-(A @ x)))
            weight = sp.diags_array(count * p * (1 - p))
            H = (A.T @ (weight @ A)).toarray() + ridge * np.eye(len(x))
            step = np.linalg.solve(H, A.T @ (count * p - lates) + ridge * x)
            x = x - step * min(1, 4 / np.linalg.norm(step))
            if np.abs(step).max() < 1e-9:
                break
        return x

    low, high = 1e-6, 1e5
    x = solve(low)
    if np.linalg.norm(x) > radius:
        while high / low > 1 + 1e-4:
            middle = np.sqrt(low * high)
            low, high = (middle, high) if np.linalg.norm(solve(middle)) > radius else (low, middle)
        x = solve(low)
        x *= min(1.0, radius / np.linalg.norm(x))
    z = A @ x
    return float((count * np.logaddexp(0, z) - lates * z).sum() / len(columns))


def learner(columns, late, left, landed, step=None, radius=RADIUS):
    """Mean loss of online gradient descent that hears at once, and when flights land."""
    order = np.argsort(left, kind="stable")
    place = np.arange(len(left))
    delays = np.maximum(np.searchsorted(left[order], landed[order]) - place - 1, 0)
    step = best_step(2 * radius, LENGTH) if step is None else step
    loss = LogisticLoss(one_hot(columns[order]), np.where(late[order], 1.0, -1.0))
    at_once = ogd_pass(loss, step=step, radius=radius).losses.mean()
    landing = ogd_pass(loss, step=step, radius=radius, delays=delays).losses.mean()
    return {"at_once": float(at_once), "landing": float(landing), "delay": float(delays.mean())}


def parts(flights):
    """Parts of the flights and other meanings of late, beside the claim itself."""
    m = len(flights["day"])
    yield "all", np.arange(m), 15
    for seed in range(3):
        yield f"half {seed}", np.sort(np.random.default_rng(seed).permutation(m)[: m // 2]), 15
    for origin, name in enumerate(datasets.flights()["origin_names"]):
        yield name, np.flatnonzero(flights["origin"] == origin), 15
    for late in (0, 30, 60):
        yield f"{late} minutes", np.arange(m), late


def orders(flights, seed):
    """The year with its days in random order, and with the flights of each day changed about."""
    rng = np.random.default_rng(seed)
    minute = flights["left"] - DAY * flights["day"]
    yield "days", DAY * rng.permutation(365)[flights["day"]] + minute
    left = np.empty(len(minute))
    drawn = np.lexsort((rng.random(len(minute)), flights["day"]))
    left[drawn] = flights["left"][np.lexsort((flights["left"], flights["day"]))]
    yield "within days", left


def main():
    """Measure, print and write."""
    flights = stream()
    late = flights["delay"] > 15
    found = {"parts": {}, "orders": {}, "steps": {}, "settings": {}, "rivals": {}}
    for name, part, minutes in parts(flights):
        columns, is_late = flights["columns"][part], flights["delay"][part] > minutes
        learned = learner(columns, is_late, flights["left"][part], flights["landed"][part])
        found["parts"][name] = learned | {"fixed": best_fixed(columns, is_late)}
        print(name, found["parts"][name], flush=True)
    under_way = flights["landed"] - flights["left"]
    for seed in range(3):
        for name, left in orders(flights, seed):
            for step in (None, 0.3, 1.0):
                key = f"{name} {seed}" + (f", step {step}" if step else "")
                found["orders"][key] = learner(
                    flights["columns"], late, left, left + under_way, step
                )
                print(key, found["orders"][key], flush=True)
    for step in (0.1, 0.3, 1.0, 2.0, 5.0, 10.0):
        found["steps"][str(step)] = learner(
            flights["columns"], late, flights["left"], flights["landed"], step
        )
        print(step, found["steps"][str(step)], flush=True)
    air = flights["landed"] - TAXI
    for name, starts, landed, radius in (
        ("landing 60 minutes after the air time", flights["left"], air + 60, RADIUS),
        ("said at the planned departure", flights["planned"], flights["landed"], RADIUS),
        *(
            (f"radius {radius}", flights["left"], flights["landed"], radius)
            for radius in (2, 8, 20)
        ),
    ):
        found["settings"][name] = learner(
            flights["columns"], late, starts, landed, radius=float(radius)
        )
        print(name, found["settings"][name], flush=True)
    month, week = 149 + flights["month"], 161 + flights["day"] % 7
    day = 149 + flights["day"]
    for name, more in {"month and weekday": (month, week), "day": (day,)}.items():
        columns = np.column_stack([flights["columns"], *more])
        found["rivals"][name] = {"anywhere": best_fixed(columns, late, np.inf)}
        print(name, found["rivals"][name], flush=True)
    found["rivals"]["same"] = {"anywhere": best_fixed(flights["columns"], late, np.inf)}
    record = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), **found}
    path = harness.RESULTS / "online_optimization_causes.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
