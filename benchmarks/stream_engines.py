"""Hourly flights on our windows and on bytewax: ``python -m benchmarks.stream_engines``.

Flights by planned hour and airport, in the order in which they left. Without late events the counts
are equal, window by window. Late is not the same to both: we drop an event whose window is closed,
by one watermark for all keys; bytewax drops what is older than the watermark, by a watermark for
each key. Its rule takes three lines of NumPy, whose number of late events is its own. Takes a
minute; writes ``results/dataflow_streams.json``.
"""

import argparse
import collections
import datetime
import json
import time

import numpy as np

from benchmarks import harness
from course_lib import datasets
from course_lib.dataflow import TumblingWindows, is_late

WIDTH, START = 60, datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)


def departures(n):
    """Airport and planned minute of the first n flights that left, in the order of leaving."""
    flights = datasets.flights()
    delay = flights["dep_delay"].astype(int)
    planned = flights["sched_dep"].astype(int)
    date = flights["month"].astype(int) * 100 + flights["day"]
    day = np.cumsum(np.r_[0, np.diff(date) != 0])
    planned = day * 1440 + planned // 100 * 60 + planned % 100
    flown = delay > -3000  # the others were cancelled
    order = np.argsort((planned + delay)[flown], kind="stable")[:n]
    names = np.array(flights["origin_names"])
    return names[flights["origin"]][flown][order].tolist(), planned[flown][order].astype(float)


def on_bytewax(keys, minutes, bound):
    """Counts by airport and window, events called late, and seconds."""
    import bytewax.operators as op
    import bytewax.operators.windowing as win
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    minute, out, late = datetime.timedelta(minutes=1), [], []
    events = [(k, START + m * minute) for k, m in zip(keys, minutes.tolist(), strict=True)]
    flow = Dataflow("flights")
    stream = op.input("in", flow, TestingSource(events, batch_size=1000))
    keyed = op.key_on("key", stream, lambda event: event[0])
    clock = win.EventClock(
        ts_getter=lambda event: event[1],
        wait_for_system_duration=bound * minute,
        now_getter=lambda: START,  # it stands still: the watermark follows the events alone
    )
    windower = win.TumblingWindower(length=WIDTH * minute, align_to=START)
    windows = win.fold_window(
        "count", keyed, clock, windower, lambda: 0, lambda n, _: n + 1, lambda a, b: a + b
    )
    op.output("counts", windows.down, TestingSink(out))
    op.output("late", windows.late, TestingSink(late))
    start = time.process_time()
    run_main(flow)
    took = time.process_time() - start
    return {(key, number * float(WIDTH)): n for key, (number, n) in out}, len(late), took


def ours(keys, minutes, bound):
    """The same of `TumblingWindows`."""
    start = time.process_time()
    windows = TumblingWindows(WIDTH, bound=bound)
    results = windows.update(keys, minutes) + windows.flush()
    took = time.process_time() - start
    return {(key, begin): n for key, begin, n in results}, windows.n_late, took


def late_to_bytewax(keys, minutes, bound):
    """Events older than the watermark of their key."""
    keys = np.array(keys)
    return sum(
        int((minutes[keys == key] < np.maximum.accumulate(minutes[keys == key]) - bound).sum())
        for key in np.unique(keys)
    )


def main():
    """Run both with a bound that nobody misses, and with an hour."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream_engines")
    parser.add_argument("--quick", action="store_true", help="fewer flights; writes nothing")
    quick = parser.parse_args().quick
    harness.peer("bytewax")
    keys, minutes = departures(20_000 if quick else 400_000)
    truth = collections.Counter(zip(keys, (minutes // WIDTH * WIDTH).tolist(), strict=True))
    record = {"date": str(datetime.datetime.now(datetime.UTC).date()), "events": len(keys)}
    for name, bound in (("never late", 3000), ("an hour", 60)):
        mine, late, took = ours(keys, minutes, bound)
        theirs, their_late, their_took = on_bytewax(keys, minutes, bound)
        row = {
            "bound_min": bound,
            "late": late,
            "late_to_bytewax": their_late,
            "late_by_its_rule": late_to_bytewax(keys, minutes, bound),
            "equal": mine == theirs,
            "all_counted": sum(mine.values()) + late == sum(theirs.values()) + their_late,
            "right": bound < 3000 or mine == dict(truth),
            "cpu_s": took,
            "bytewax_cpu_s": their_took,
        }
        assert late == is_late(minutes, WIDTH, bound=bound).sum()
        record[name] = row
        print(name, row)
    if not quick:
        path = harness.RESULTS / "dataflow_streams.json"
        path.write_text(
            json.dumps(record | {"machine": harness.machine()}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
