"""Right answers to lab 01 in unusual styles."""

import bisect
import heapq
from fractions import Fraction

import numpy as np

from tests.answers import answer


@answer("01.1", style="NumPy integers from products of index grids that are never made")
def from_broadcast_shapes(expression, shapes, itemsize):
    inputs, output = expression.split("->")
    terms = inputs.split(",")
    letters = sorted(set(inputs) - {","})
    sizes = np.ones(len(letters), dtype=np.int64)
    for term, shape in zip(terms, shapes, strict=True):
        sizes[[letters.index(letter) for letter in term]] = shape
    used = np.array([[letter in term for letter in letters] for term in [*terms, output]])
    numbers = np.where(used, sizes, 1).prod(axis=1)
    adds = not used[-1].all()
    return np.prod(sizes) * (len(terms) - 1 + adds), np.int64(itemsize) * numbers.sum()


@answer("01.1", style="a walk over the characters of the expression")
def letter_by_letter(expression, shapes, itemsize):
    extent, numbers, operand, axis, behind, seen = {}, 0, 0, 0, False, {}
    for sign in expression.replace("->", ">") + ";":
        if sign in ",>;":
            held = 1
            for letter in seen:
                held *= extent[letter]
            numbers, operand, axis = numbers + held, operand + (sign == ","), 0
            behind, seen = behind or sign == ">", dict(seen) if sign == ";" else {}
        else:
            if not behind:
                extent[sign] = int(shapes[operand][axis])
            axis, seen = axis + 1, {**seen, sign: True}
    each = operand + (len(seen) < len(extent))
    for size in extent.values():
        each *= size
    return each, itemsize * numbers


@answer("01.2", style="bisection for the level, two lists, a tuple of walls")
def by_bisection(machine, steps):
    sizes, bandwidths, latencies = zip(*machine["levels"], strict=True)
    seconds, walls = 0.0, ()
    for step in steps:
        level = bisect.bisect_left(sizes, step["footprint"])
        each = latencies[level]
        if "chained" not in step or not step["chained"]:
            each = max(each / machine["in_flight"], 64 / bandwidths[level])
        names = ["launches", "reads", "flops", "bytes"]
        prices = [machine["launch_s"], each, 1 / machine["flops_per_s"], 1 / bandwidths[level]]
        times = [step.get(name, 0) * price for name, price in zip(names, prices, strict=True)]
        seconds += times[0] + times[1] + max(times[2:])
        walls += (names[times.index(max(times))],)
    return seconds, walls


@answer("01.2", style="one table of all steps in NumPy, walls as strings of NumPy")
def as_a_table(machine, steps):
    levels = np.array(machine["levels"], dtype=float)
    if not steps:
        return np.float64(0), np.array([], dtype=str)
    level = levels[[np.flatnonzero(levels[:, 0] >= step["footprint"])[0] for step in steps]]
    names = np.array(["bytes", "flops", "reads", "launches"])
    counts = np.array([[step.get(name, 0) for name in names] for step in steps], dtype=float)
    chained = np.array([bool(step.get("chained")) for step in steps])
    shared = np.maximum(level[:, 2] / machine["in_flight"], 64 / level[:, 1])
    times = counts.copy()
    times[:, 0] /= level[:, 1]
    times[:, 1] /= machine["flops_per_s"]
    times[:, 2] *= np.where(chained, level[:, 2], shared)
    times[:, 3] *= machine["launch_s"]
    walls = names[times.argmax(axis=1)]
    return (times[:, :2].max(axis=1) + times[:, 2] + times[:, 3]).sum(), walls.tolist()


@answer("01.3", style="bisection over sorted lists, counts and Python numbers")
def by_counting(log, fanout, budget):
    log = sorted(log.tolist())
    n = len(log)

    def late(t):
        return (n - bisect.bisect_right(log, t)) / n

    def first(times, chance):
        low, high = 0, len(times) - 1
        while low < high:
            middle = (low + high) // 2
            good = (1 - chance(times[middle])) ** fanout >= 0.99
            low, high = (low, middle) if good else (middle + 1, high)
        return times[low]

    delay = next(t for t in log if late(t) <= budget)
    both = list(heapq.merge(log, [delay + t for t in log]))
    hedged = first(both, lambda t: late(t) * late(t - delay) if t >= delay else late(t))
    return delay, first(log, late), hedged


@answer("01.3", style="exact fractions; `before` and `after` by one search over ticks")
def in_fractions(log, fanout, budget):
    ticks = np.sort((np.asarray(log) * 1024).astype(np.int64))
    n, target = len(ticks), Fraction(99, 100)
    allowed = max(late for late in range(n) if late / n <= budget)
    delay = int(ticks[n - 1 - allowed])

    def ready(t, wait):
        late = n - int(np.searchsorted(ticks, t, side="right"))
        again = n - int(np.searchsorted(ticks, t - wait, side="right")) if t >= wait else n
        return (1 - Fraction(late * again, n * n)) ** fanout >= target

    def earliest(wait):
        low, high = -1, int(ticks[-1])
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if ready(middle, wait) else (middle, high)
        return high / 1024

    return delay / 1024, earliest(int(ticks[-1]) + 1), earliest(delay)


@answer("01.4", style="a stack instead of recursion, the smallest integers that hold n")
def with_a_stack(n):
    boxes, found = [((0, n), (0, n), (0, n))], []
    while boxes:
        box = boxes.pop()
        lengths = [high - low for low, high in box]
        axis = lengths.index(max(lengths))
        low, high = box[axis]
        if high - low == 1:
            found.append([low for low, _ in box])
            continue
        middle = (low + high) // 2
        for part in ((middle, high), (low, middle)):
            boxes.append((*box[:axis], part, *box[axis + 1 :]))
    return np.array(found, dtype=np.uint8 if n <= 256 else np.uint16)


@answer("01.4", style="interleaved bits of the next power of two, those outside dropped")
def by_interleaved_bits(n):
    order = np.indices((n, n, n), dtype=np.int16).reshape(3, -1)
    code = np.zeros(n**3, dtype=np.int64)
    for bit in range(int(n).bit_length()):
        for place, axis in enumerate(order):
            code |= (axis.astype(np.int64) >> bit & 1) << (3 * bit + place)
    return order.T[np.argsort(code)]


@answer("01.5", style="a heap of events in the order of time, ends before arrivals")
def by_events(arrival_s, service_s, room):
    start = np.full(len(arrival_s), np.nan)
    events = [(time, 1, customer) for customer, time in enumerate(arrival_s)]
    heapq.heapify(events)
    line, served = [], None
    while events:
        now, arrives, customer = heapq.heappop(events)
        if not arrives:
            served = None
        elif served is None or len(line) < room:
            line.append(customer)
        if served is None and line:
            served = line.pop(0)
            start[served] = now
            heapq.heappush(events, (now + service_s[served], 0, served))
    return start


@answer("01.5", style="the times at which the last room + 1 accepted customers leave, a ring")
def by_a_ring_of_ends(arrival_s, service_s, room):
    ends, accepted, start = [-np.inf] * (room + 1), 0, []
    for now, needed in zip(arrival_s.tolist(), service_s.tolist(), strict=True):
        if ends[accepted % (room + 1)] > now:  # he who came room + 1 accepted ones ago is still in
            start.append(float("nan"))
            continue
        start.append(max(now, ends[(accepted - 1) % (room + 1)]))
        ends[accepted % (room + 1)] = start[-1] + needed
        accepted += 1
    return np.array(start)
