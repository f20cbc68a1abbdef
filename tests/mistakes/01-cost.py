"""Wrong answers to lab 01."""

import math

import numpy as np

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def counted(expression, shapes):
    """The extents of the letters, the operands, and the numbers of operands and result."""
    operands, result = expression.split("->")
    operands = operands.split(",")
    extent = {}
    for letters, shape in zip(operands, shapes, strict=True):
        extent.update(zip(letters, shape, strict=True))
    sizes = [math.prod(extent[a] for a in set(letters)) for letters in [*operands, result]]
    summed = bool(set(extent) - set(result))
    return math.prod(extent.values()), len(operands), summed, sizes


@mistake("01.1", caught_by="check", says="one of the two is missing")
def multiplications_only(expression, shapes, itemsize):
    points, _, _, sizes = counted(expression, shapes)
    return points, itemsize * sum(sizes)


@mistake("01.1", caught_by="check", says="numbers, not bytes")
def numbers_for_bytes(expression, shapes, itemsize):
    points, _, _, sizes = counted(expression, shapes)
    return 2 * points, sum(sizes)


@mistake("01.1", caught_by="check", says="The result is missing")
def forgets_to_write(expression, shapes, itemsize):
    points, _, _, sizes = counted(expression, shapes)
    return 2 * points, itemsize * sum(sizes[:-1])


@mistake("01.1", caught_by="check", says="nothing to add")
def always_two(expression, shapes, itemsize):
    points, _, _, sizes = counted(expression, shapes)
    return 2 * points, itemsize * sum(sizes)


@mistake("01.1", caught_by="check", says="no multiplication, one addition each")
def two_if_anything_is_summed(expression, shapes, itemsize):
    points, _, summed, sizes = counted(expression, shapes)
    return (1 + summed) * points, itemsize * sum(sizes)


@mistake("01.1", caught_by="accuracy", says="ij,jk,kl->il")
def two_operands_at_most(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    return ((operands > 1) + summed) * points, itemsize * sum(sizes)


@mistake("01.1", caught_by="check", says="only the diagonal is needed")
def the_whole_of_a_diagonal(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    numbers = sum(map(math.prod, shapes)) + sizes[-1]
    return (operands - 1 + summed) * points, itemsize * numbers


@mistake("01.1", caught_by="edge case", says="iij,j->")
def diagonals_of_matrices_only(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    letters = expression.split("->")[0].split(",")
    whole = [
        size if len(a) == 2 else math.prod(shape)
        for a, shape, size in zip(letters, shapes, sizes, strict=False)
    ]
    return (operands - 1 + summed) * points, itemsize * (sum(whole) + sizes[-1])


@mistake("01.1", caught_by="accuracy", says="Does a number overflow, or is it rounded?")
def in_32_bits(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    small = (points + 2**31) % 2**32 - 2**31
    return (operands - 1 + summed) * small, itemsize * sum(sizes)


@mistake("01.1", caught_by="accuracy", says="ij,ij->ij")
def equal_operands_once(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    letters = [*expression.split("->")[0].split(","), expression.split("->")[1]]
    return (operands - 1 + summed) * points, itemsize * sum(
        dict(zip(letters, sizes, strict=True)).values()
    )


@mistake("01.1", caught_by="check", says="changes its argument shapes in place")
def eats_the_shapes(expression, shapes, itemsize):
    points, operands, summed, sizes = counted(expression, shapes)
    while shapes:
        shapes.pop()
    return (operands - 1 + summed) * points, itemsize * sum(sizes)


@mistake("01.1", caught_by="check", says="write this one yourself")
def forwards(expression, shapes, itemsize):
    from course_lib.cost import matvec_intensity

    m, n = shapes[0]
    nbytes = itemsize * (m * n + m + n)
    return round(matvec_intensity(m, n, itemsize=itemsize) * nbytes), nbytes


@mistake("01.1", caught_by="check", says="write this one yourself")
def forwards_to_numpy(expression, shapes, itemsize):
    report = np.einsum_path(expression, *map(np.zeros, shapes))[1]
    flops = float(report.split("Naive FLOP count:")[1].split()[0])
    return round(flops), itemsize * sum(map(math.prod, shapes))


def parts_of(machine, step, level=None, in_flight=True, lines=True):
    """The times of a step: the right ones, if nothing is said."""
    level = level or next(entry for entry in machine["levels"] if entry[0] >= step["footprint"])
    _, bandwidth, latency = level
    share = latency / machine["in_flight"] if in_flight else latency
    read = max(share, 64 / bandwidth) if lines else share
    return {
        "bytes": step.get("bytes", 0) / bandwidth,
        "flops": step.get("flops", 0) / machine["flops_per_s"],
        "reads": step.get("reads", 0) * (latency if step.get("chained") else read),
        "launches": step.get("launches", 0) * machine["launch_s"],
    }


def total(all_parts):
    """The right answer, from the times of all steps."""
    seconds = sum(sum(p.values()) - min(p["bytes"], p["flops"]) for p in all_parts)
    return seconds, [max(p, key=p.get) for p in all_parts]


@mistake("01.2", caught_by="check", says="overlap: 1 s in all")
def adds_everything(machine, steps):
    parts = [parts_of(machine, step) for step in steps]
    return sum(sum(p.values()) for p in parts), [max(p, key=p.get) for p in parts]


@mistake("01.2", caught_by="check", says="fit into the first level")
def always_from_memory(machine, steps):
    return total([parts_of(machine, step, machine["levels"][-1]) for step in steps])


@mistake("01.2", caught_by="check", says="not chained, so ten of them")
def every_read_waits(machine, steps):
    return total([parts_of(machine, step, in_flight=False) for step in steps])


@mistake("01.2", caught_by="check", says="this level gives 100 MB/s")
def reads_cost_no_bandwidth(machine, steps):
    return total([parts_of(machine, step, lines=False) for step in steps])


@mistake("01.2", caught_by="check", says="Steps follow each other")
def overlaps_the_whole_program(machine, steps):
    parts = [parts_of(machine, step) for step in steps]
    sums = {name: sum(p[name] for p in parts) for name in ("bytes", "flops", "reads", "launches")}
    return sum(sums.values()) - min(sums["bytes"], sums["flops"]), total(parts)[1]


@mistake("01.2", caught_by="check", says="The wall of that step")
def walls_of_another_name(machine, steps):
    seconds, walls = total([parts_of(machine, step) for step in steps])
    return seconds, ["memory" if wall == "bytes" else wall for wall in walls]


@mistake("01.2", caught_by="check", says="The first level holds 1000 bytes")
def a_full_cache_is_too_small(machine, steps):
    levels = [
        next(entry for entry in machine["levels"] if entry[0] > step["footprint"]) for step in steps
    ]
    return total([parts_of(machine, *pair) for pair in zip(steps, levels, strict=True)])


@mistake("01.2", caught_by="edge case", says="footprint of 65536")
def a_full_cache_is_too_small_but_the_first(machine, steps):
    first = machine["levels"][0][0]
    levels = [
        next(
            e
            for e in machine["levels"]
            if e[0] > step["footprint"] or step["footprint"] == first == e[0]
        )
        for step in steps
    ]
    return total([parts_of(machine, *pair) for pair in zip(steps, levels, strict=True)])


def read_by(machine, steps, price):
    """The right answer, but for what the reads of a step take."""
    parts = [parts_of(machine, step) for step in steps]
    for part, step in zip(parts, steps, strict=True):
        level = next(entry for entry in machine["levels"] if entry[0] >= step["footprint"])
        part["reads"] = price(step.get("reads", 0), step.get("chained", False), *level[1:])
    return total(parts)


@mistake("01.2", caught_by="check", says="its share")
def reads_wait_in_whole_waves(machine, steps):
    def price(reads, chained, bandwidth, latency):
        waves = reads if chained else math.ceil(reads / machine["in_flight"])
        return max(waves * latency, 0 if chained else reads * 64 / bandwidth)

    return read_by(machine, steps, price)


@mistake("01.2", caught_by="check", says="chained reads, one latency each")
def chained_reads_wait_for_lines(machine, steps):
    def price(reads, chained, bandwidth, latency):
        return reads * max(latency if chained else latency / machine["in_flight"], 64 / bandwidth)

    return read_by(machine, steps, price)


@mistake("01.2", caught_by="check", says="bytes and flops do not add up")
def one_wall_for_bytes_and_flops(machine, steps):
    parts = [parts_of(machine, step) for step in steps]
    walls = []
    for part in parts:
        longer = max(("bytes", "flops"), key=part.get)
        both = {longer: part["bytes"] + part["flops"], "reads": part["reads"]}
        both["launches"] = part["launches"]
        walls.append(max(both, key=both.get))
    return total(parts)[0], walls


@mistake("01.2", caught_by="check", says="changes its argument steps in place")
def fills_in_what_is_missing(machine, steps):
    for step in steps:
        step.setdefault("chained", False)
    return total([parts_of(machine, step) for step in steps])


@mistake("01.2", caught_by="accuracy", says="The wall of a step is wrong")
def never_the_launches(machine, steps):
    parts = [parts_of(machine, step) for step in steps]
    known = ("bytes", "flops", "reads")
    return total(parts)[0], [max(known, key=p.get) for p in parts]


@mistake("01.2", caught_by="check", says="write this one yourself")
def forwards(machine, steps):
    from course_lib.cost import predict

    return predict(machine, read_bytes=steps[0].get("bytes", 0)).seconds, []


@mistake("01.2", caught_by="check", says="write this one yourself")
def forwards_to_a_relative(machine, steps):
    from course_lib.cost import roofline as helper

    return helper(machine, 1.0), []


def planned(log, fanout, budget, shift=True):
    """The right plan, or one in which the second question comes with the first."""
    log = np.sort(log)

    def late(t):
        return 1 - np.searchsorted(log, t, side="right") / len(log)

    delay = log[np.argmax(late(log) <= budget + 1e-12)]
    times = np.sort(np.r_[log, delay + log])
    second = late(times - delay) if shift else late(times)
    hedged = np.where(times >= delay, late(times) * second, late(times))
    before = log[np.argmax((1 - late(log)) ** fanout >= 0.99)]
    return delay, before, times[np.argmax((1 - hedged) ** fanout >= 0.99)]


@mistake("01.3", caught_by="check", says="more than 0.05")
def delay_between_two_entries(log, fanout, budget):
    return np.quantile(log, 1 - budget) - 1, *planned(log, fanout, budget)[1:]


@mistake("01.3", caught_by="check", says="is longer")
def delay_at_the_99th_percentile(log, fanout, budget):
    delay = np.sort(log)[int(0.99 * len(log)) - 1]
    return delay, *planned(log, fanout, budget)[1:]


@mistake("01.3", caught_by="check", says="99th percentile of one server")
def of_one_server(log, fanout, budget):
    delay, _, after = planned(log, fanout, budget)
    return delay, np.sort(log)[math.ceil(0.99 * len(log)) - 1], after


@mistake("01.3", caught_by="check", says="is not answered with the first")
def both_at_once(log, fanout, budget):
    return planned(log, fanout, budget, shift=False)


@mistake("01.3", caught_by="check", says="The same, hedged after 58")
def entries_of_the_log_only(log, fanout, budget):
    delay, before, after = planned(log, fanout, budget)
    return delay, before, np.sort(log)[np.searchsorted(np.sort(log), after)]


@mistake("01.3", caught_by="check", says="changes its argument log in place")
def sorts_in_place(log, fanout, budget):
    log.sort()
    return planned(log, fanout, budget)


@mistake("01.3", caught_by="edge case", says="The plan for 100 entries")
def nothing_comes_at_the_delay_itself(log, fanout, budget):
    delay, before, after = planned(log, fanout, budget)
    both = np.sort(np.r_[log, delay + log])
    late = np.mean(log > delay)
    if after == delay and (1 - late) ** fanout < 0.99:
        after = both[np.searchsorted(both, delay, side="right")]
    return delay, before, after


@mistake("01.3", caught_by="accuracy", says="Before, with")
def adds_the_chances(log, fanout, budget):
    delay, _, after = planned(log, fanout, budget)
    late = [np.mean(log > t) for t in np.unique(log)[-2000:]]
    return delay, np.unique(log)[-2000:][np.argmax(fanout * np.array(late) <= 0.01)], after


@mistake("01.3", caught_by="edge case", says="The plan for 1 entries")
def needs_two_entries(log, fanout, budget):
    delay, before, after = planned(log, fanout, budget)
    return delay, before, after if len(log) > 1 else delay + before


@mistake("01.3", caught_by="accuracy", says="Before, with")
def percentile_by_interpolation(log, fanout, budget):
    delay, before, after = planned(log, fanout, budget)
    if len(log) > 100:
        before = np.quantile(log, 0.99 ** (1 / fanout))
    return delay, before, after


@mistake("01.3", caught_by="check", says="write this one yourself")
def forwards(log, fanout, budget):
    from course_lib.cost import hedging_delay

    return hedging_delay(log, budget), *planned(log, fanout, budget)[1:]


@mistake("01.3", caught_by="check", says="write this one yourself")
def forwards_to_the_simulation(log, fanout, budget):
    import course_lib.cost as toolbox

    delay, before, _ = planned(log, fanout, budget)
    run = toolbox.simulate_fanout(
        lambda rng, size: rng.choice(log, size), fanout, 1000, delay_s=delay, rng=0
    )
    return delay, before, np.quantile(run.latency_s, 0.99)


def nested(n):
    return np.indices((n, n, n)).reshape(3, -1).T


def in_tiles(n, side):
    """The triples in cubes of one size."""
    i, j, k = nested(n).T
    return nested(n)[np.lexsort([k, j, i, k // side, j // side, i // side])]


def by_bits(n):
    """The triples below the next power of two, sorted by interleaved bits."""
    bits = max(1, (n - 1).bit_length())
    order = nested(2**bits)
    code = sum(
        ((order[:, axis] >> bit) & 1) << (3 * bit + axis)
        for bit in range(bits)
        for axis in range(3)
    )
    return order[np.argsort(code)]


@mistake("01.4", caught_by="check", says="no better than three nested loops")
def row_by_row(n):
    return nested(n)


@mistake("01.4", caught_by="check", says="no better than three nested loops")
def at_random(n):
    return np.random.default_rng(0).permutation(nested(n))


@mistake("01.4", caught_by="check", says="blocks of one size")
def blocks_of_eight(n):
    return in_tiles(n, 8)


@mistake("01.4", caught_by="check", says="blocks of one size")
def blocks_of_four(n):
    return in_tiles(n, 4)


@mistake("01.4", caught_by="check", says="others are repeated")
def forgets_the_last(n):
    order = in_tiles(n, 4)
    order[-1] = order[0]
    return order


@mistake("01.4", caught_by="check", says="should have shape")
def pairs_only(n):
    return np.indices((n, n)).reshape(2, -1).T


@mistake("01.4", caught_by="check", says="should hold integers")
def in_floating_point(n):
    return in_tiles(n, 4).astype(float)


@mistake("01.4", caught_by="check", says="should have shape")
def powers_of_two_only(n):
    return by_bits(n)


@mistake("01.4", caught_by="cost", says="over the least")
def gives_up_where_it_is_not_even(n):
    return nested(n) if n & (n - 1) else by_bits(n)


@mistake("01.4", caught_by="cost", says="n = 48")
def blocks_of_three_sizes(n):
    order = nested(n)
    i, j, k = order.T
    sizes = [axis // side for side in (2, 4, 8) for axis in (k, j, i)]
    return order[np.lexsort([k, j, i, *sizes])]


@mistake("01.4", caught_by="edge case", says="not every triple")
def repeats_the_first_where_n_is_odd(n):
    order = by_bits(n)
    order = order[np.all(order < n, axis=1)]
    return np.r_[order[:1], order[:-1]] if n % 2 and n > 1 else order


@mistake("01.4", caught_by="edge case", says="not every triple")
def fails_at_one(n):
    order = by_bits(n)
    order = order[np.all(order < n, axis=1)]
    return order if n > 1 else order + 1


def queued(arrival_s, service_s, room, let_in=None):
    """The right answer, or one with another rule of who is let in."""
    start, waiting, free = np.full(len(arrival_s), np.nan), [], 0.0
    let_in = let_in or (lambda busy, line: not busy or line < room)
    for customer, now in enumerate(arrival_s):
        waiting = [begin for begin in waiting if begin > now]
        if let_in(free > now, len(waiting)):
            start[customer] = max(now, free)
            free = start[customer] + service_s[customer]
            waiting.append(start[customer])
    return start


@mistake("01.5", caught_by="check", says="Nobody was refused")
def lets_everybody_in(arrival_s, service_s, room):
    return queued(arrival_s, service_s, room, lambda busy, line: True)


@mistake("01.5", caught_by="check", says="takes no room")
def counts_who_is_served(arrival_s, service_s, room):
    return queued(arrival_s, service_s, room, lambda busy, line: not busy or line + 1 < room)


@mistake("01.5", caught_by="check", says="was let in")
def one_too_many(arrival_s, service_s, room):
    return queued(arrival_s, service_s, room + 1)


@mistake("01.5", caught_by="check", says="take none of its time")
def the_refused_are_served_too(arrival_s, service_s, room):
    start = queued(arrival_s, service_s, room)
    return start + np.cumsum(np.where(np.isnan(start), 2 * service_s, 0))


@mistake("01.5", caught_by="check", says="leaves room")
def ends_after_the_arrival(arrival_s, service_s, room):
    start, waiting, free = np.full(len(arrival_s), np.nan), [], -1.0
    for customer, now in enumerate(arrival_s):
        waiting = [begin for begin in waiting if begin >= now]
        if free >= now and len(waiting) >= room:
            continue
        start[customer] = max(now, free)
        free = start[customer] + service_s[customer]
        waiting.append(start[customer])
    return start


@mistake("01.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(arrival_s, service_s, room):
    queued(arrival_s, service_s, room)


@mistake("01.5", caught_by="accuracy", says="With room for 0")
def there_is_always_some_room(arrival_s, service_s, room):
    return queued(arrival_s, service_s, max(room, 1) if len(arrival_s) == 2000 else room)


@mistake("01.5", caught_by="check", says="changes its argument arrival_s in place")
def overwrites_the_arrivals(arrival_s, service_s, room):
    start = queued(arrival_s, service_s, room)
    np.copyto(arrival_s, start, where=~np.isnan(start))
    return start


@mistake("01.5", caught_by="edge case", says="room 0")
def busy_at_the_moment_of_the_end(arrival_s, service_s, room):
    ends = [-1.0]

    def let_in(busy, line):
        return line < room or not busy

    start = queued(arrival_s, service_s, room, let_in)
    for customer, now in enumerate(arrival_s):
        if room == 0 and now in ends:
            start[customer] = np.nan
        ends.append(start[customer] + service_s[customer])
    return start


@mistake("01.5", caught_by="edge case", says="room 0")
def all_who_come_at_once_are_served(arrival_s, service_s, room):
    start = queued(arrival_s, service_s, room)
    return np.where((arrival_s == 0) & np.isnan(start), 0.0, start)


@mistake("01.5", caught_by="check", says="write this one yourself")
def forwards(arrival_s, service_s, room):
    from course_lib.cost import simulate_queue

    return simulate_queue(np.diff(arrival_s, prepend=0), service_s).start_s


@mistake("01.5", caught_by="check", says="write this one yourself")
def forwards_to_the_pipeline(arrival_s, service_s, room):
    from course_lib import cost

    table = np.column_stack([np.diff(arrival_s, prepend=0), service_s])
    return cost.simulate_pipeline(table, buffer=room)[:, 1] - service_s
