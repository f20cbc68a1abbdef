"""Wrong answers to lab 04."""

import numpy as np

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def zeros(words):
    """Leading zeros of 64-bit words, as the lab's setup counts them."""
    high, low = words >> np.uint64(32), words & np.uint64(2**32 - 1)
    bits = np.where(high > 0, 32 + np.frexp(high.astype(float))[1], np.frexp(low.astype(float))[1])
    return 64 - bits


def runs_of(block, p):
    """Register numbers and values of some hashes."""
    coins = (block << np.uint64(p)) | np.uint64(2 ** (p - 1))
    return (block >> np.uint64(64 - p)).astype(int), 1 + zeros(coins)


def constant(m):
    return {16: 0.673, 32: 0.697, 64: 0.709}.get(m, 0.7213 / (1 + 1.079 / m))


def table_from(stream, p, runs=runs_of):
    """Registers, right if the register numbers and values of a block are."""
    registers = np.zeros(2**p, np.uint8)
    for block in stream.blocks(2**16):
        which, values = runs(block, p)
        np.maximum.at(registers, which, values.astype(np.uint8))
    return registers


def right_estimate(registers, factor=constant, log=np.log):
    """The estimate, right but for the constant or the logarithm."""
    m, empty = len(registers), np.sum(registers == 0)
    raw = factor(m) * m**2 / np.sum(0.5**registers, dtype=float)
    return m * log(m / empty) if raw <= 2.5 * m and empty else raw


@mistake("04.1", caught_by="check", says="should be a pair")
def only_the_table(stream, p):
    return table_from(stream, p)


@mistake("04.1", caught_by="check", says="one too small")
def zeros_without_the_one(stream, p):
    def runs(block, p):
        which, values = runs_of(block, p)
        return which, values - 1

    registers = table_from(stream, p, runs)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="check", says="the last bits of the hash")
def index_from_the_end(stream, p):
    def runs(block, p):
        return (block % np.uint64(2**p)).astype(int), 1 + zeros(block | np.uint64(2**p - 1))

    registers = table_from(stream, p, runs)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="check", says="bits that chose are no coins")
def bits_used_twice(stream, p):
    def runs(block, p):
        return runs_of(block, p)[0], 1 + zeros(block)

    registers = table_from(stream, p, runs)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="check", says="np.maximum.at does not")
def overwritten_in_a_block(stream, p):
    registers = np.zeros(2**p, np.uint8)
    for block in stream.blocks(2**16):
        which, values = runs_of(block, p)
        registers[which] = np.maximum(registers[which], values)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="check", says="should be uint8")
def eight_bytes_a_register(stream, p):
    registers = table_from(stream, p).astype(np.int64)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="check", says="arithmetic mean")
def arithmetic_mean(stream, p):
    registers = table_from(stream, p)
    return registers, constant(2**p) * np.sum(2.0**registers)


@mistake("04.1", caught_by="check", says="alpha(m) is missing")
def without_alpha(stream, p):
    registers = table_from(stream, p)
    return registers, 4**p / np.sum(0.5**registers, dtype=float)


@mistake("04.1", caught_by="check", says="m ln(m / V) answers")
def without_the_switch(stream, p):
    registers = table_from(stream, p)
    return registers, constant(2**p) * 4**p / np.sum(0.5**registers, dtype=float)


@mistake("04.1", caught_by="check", says="natural one")
def logarithm_to_base_two(stream, p):
    registers = table_from(stream, p)
    return registers, right_estimate(registers, log=np.log2)


@mistake("04.1", caught_by="check", says="passes over the trigrams should be at most 1")
def two_passes(stream, p):
    registers, again = table_from(stream, p), table_from(stream, p)
    return again, right_estimate(registers)


@mistake("04.1", caught_by="accuracy", says="An estimate, p = 4")
def alpha_of_large_tables(stream, p):
    def factor(m):
        return 0.7213 / (1 + 1.079 / m) if m != 64 else constant(m)

    registers = table_from(stream, p)
    return registers, right_estimate(registers, factor)


@mistake("04.1", caught_by="edge case", says="coins are zero the value is")
def no_end_to_the_run(stream, p):
    def runs(block, p):
        return runs_of(block, p)[0], 1 + zeros(block << np.uint64(p))

    registers = table_from(stream, p, runs)
    return registers, right_estimate(registers)


@mistake("04.1", caught_by="edge case", says="V = 0 of 16 registers empty")
def linear_counting_of_a_full_table(stream, p):
    registers = table_from(stream, p)
    m, raw = 2**p, constant(2**p) * 4**p / np.sum(0.5**registers, dtype=float)
    with np.errstate(divide="ignore"):
        empty = np.float64(np.sum(registers == 0))
        return registers, float(m * np.log(m / empty) if raw <= 2.5 * m else raw)


@mistake("04.1", caught_by="edge case", says="V = 1 of 64 registers empty")
def switches_at_three(stream, p):
    registers = table_from(stream, p)
    m, empty = 2**p, np.sum(registers == 0)
    raw = constant(m) * m**2 / np.sum(0.5**registers, dtype=float)
    return registers, float(m * np.log(m / empty) if raw <= 3 * m and empty else raw)


@mistake("04.1", caught_by="edge case", says="have the value")
def in_floats(stream, p):
    def runs(block, p):
        place = block.astype(float) / 2.0 ** (64 - p)
        which = np.minimum(place.astype(int), 2**p - 1)
        coins = np.frexp(place - which)[1]
        return which, np.where(place > which, np.clip(1 - coins, 1, 64 - p), 65 - p)

    registers = table_from(stream, p, runs)
    return registers, float(right_estimate(registers))


@mistake("04.1", caught_by="check", says="write this one yourself")
def forwards(stream, p):
    from course_lib.distinct import LogLog

    sketch = LogLog(p)
    for block in stream.blocks(2**16):
        sketch.update(block)
    return sketch.registers, right_estimate(sketch.registers)


@mistake("04.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(stream, p):
    import course_lib.distinct as toolbox

    sketch = toolbox.HyperLogLog(p)
    for block in stream.blocks(2**16):
        sketch.update(block)
    return sketch.registers, sketch.estimate()


def folded(registers, m):
    """The right way to fewer registers."""
    groups = registers.reshape(m, -1).astype(int)
    bits = groups.shape[1].bit_length() - 1
    values = np.zeros(m, int)
    for place in range(groups.shape[1]):
        new = groups[:, 0] + bits if place == 0 else bits - place.bit_length() + 1
        values = np.maximum(values, np.where(groups[:, place] > 0, new, 0))
    return values.astype(np.uint8)


@mistake("04.2", caught_by="check", says="taken as it is")
def largest_of_each_group(first, second):
    m = min(len(first), len(second))
    return np.maximum(first.reshape(m, -1).max(axis=1), second.reshape(m, -1).max(axis=1))


@mistake("04.2", caught_by="check", says="Only place 00 begins with two zeros")
def two_more_for_everybody(first, second):
    m = min(len(first), len(second))
    tables = [table.reshape(m, -1) for table in (first, second)]
    return np.max([t.max(axis=1) + np.uint8(t.shape[1].bit_length() - 1) for t in tables], axis=0)


@mistake("04.2", caught_by="check", says="The groups are 4j, ..., 4j + 3")
def groups_across_the_table(first, second):
    m = min(len(first), len(second))
    return np.maximum(first.reshape(-1, m).max(axis=0), second.reshape(-1, m).max(axis=0))


@mistake("04.2", caught_by="check", says="the size of the larger table")
def as_large_as_the_larger(first, second):
    if len(first) < len(second):
        first, second = second, first
    return np.maximum(first, np.repeat(second, len(first) // len(second)))


@mistake("04.2", caught_by="check", says="Two tables of one size, merged, register")
def added_up(first, second):
    m = min(len(first), len(second))
    return folded(first, m) + folded(second, m)


@mistake("04.2", caught_by="check", says="ValueError")
def only_the_first_is_fine(first, second):
    return np.maximum(folded(first, len(second)), second)


@mistake("04.2", caught_by="check", says="changes its argument first in place")
def works_in_place(first, second):
    m = min(len(first), len(second))
    merged = folded(first, m)
    first[:m] = np.maximum(merged, folded(second, m))
    return first[:m].copy()


@mistake("04.2", caught_by="check", says="changes its argument first in place")
def in_place_if_the_sizes_are_equal(first, second):
    if len(first) == len(second):
        return np.maximum(first, second, out=first)
    m = min(len(first), len(second))
    return np.maximum(folded(first, m), folded(second, m))


@mistake("04.2", caught_by="edge case", says="2^4 and 2^14 registers")
def four_places_only(first, second):
    m = min(len(first), len(second))
    wide = [table.reshape(m, -1) for table in (first, second)]
    few = [np.where(np.arange(t.shape[1]) < 4, t, 0).ravel().astype(np.uint8) for t in wide]
    last = [np.where(t[:, 2:].any(axis=1), max(t.shape[1].bit_length() - 2, 1), 0) for t in wide]
    return np.max([folded(few[0], m), folded(few[1], m), *last], axis=0).astype(np.uint8)


@mistake("04.2", caught_by="check", says="Empty registers stay 0")
def empty_registers_have_coins_too(first, second):
    m = min(len(first), len(second))
    tables = []
    for table in (first, second):
        groups = table.reshape(m, -1).astype(int)
        bits = groups.shape[1].bit_length() - 1
        values = [groups[:, 0] + bits * (groups[:, 0] > 0)]
        values += [np.full(m, bits - i.bit_length() + 1) for i in range(1, groups.shape[1])]
        tables.append(np.max(values, axis=0))
    return np.max(tables, axis=0).astype(np.uint8)


@mistake("04.2", caught_by="check", says="should be uint8")
def eight_bytes_a_register(first, second):
    m = min(len(first), len(second))
    return np.maximum(folded(first, m), folded(second, m)).astype(np.int64)


@mistake("04.2", caught_by="check", says="write this one yourself")
def forwards(first, second):
    from course_lib.distinct import HyperLogLog

    sketch = HyperLogLog(min(len(first), len(second)).bit_length() - 1)
    other = HyperLogLog(sketch.p)
    sketch.merge(other)
    return sketch.registers


@mistake("04.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(first, second):
    import course_lib.distinct as toolbox

    one = toolbox.LogLog(len(first).bit_length() - 1)
    one._registers = first
    return one.registers


def joined(samples):
    """Hashes of the union, ascending, and how often each came."""
    hashes = np.concatenate([hashes for hashes, _ in samples])
    counts = np.concatenate([counts for _, counts in samples])
    together, place = np.unique(hashes, return_inverse=True)
    totals = np.zeros(len(together), np.int64)
    np.add.at(totals, place, counts)
    return together, totals


@mistake("04.3", caught_by="check", says="each was counted as said once")
def not_joined(samples, k):
    counts = np.concatenate([counts for _, counts in samples])
    return float(np.sum(counts == 1))


@mistake("04.3", caught_by="check", says="Together that is twice")
def counts_not_added(samples, k):
    hashes = np.concatenate([hashes for hashes, _ in samples])
    counts = np.concatenate([counts for _, counts in samples])
    together, first = np.unique(hashes, return_index=True)
    once = np.sum(counts[first][:k] == 1)
    scale = (k - 1) / (float(together[k - 1]) / 2**64) / k if len(together) >= k else 1
    return once * scale


@mistake("04.3", caught_by="check", says="All 30 different items were counted")
def all_different_items(samples, k):
    together, _ = joined(samples)
    return float(len(together)) if len(together) < k else (k - 1) / (float(together[k - 1]) / 2**64)


@mistake("04.3", caught_by="check", says="is too large on average")
def k_over_U(samples, k):
    together, totals = joined(samples)
    once = np.sum(totals[:k] == 1)
    return float(once) if len(together) < k else 2**64 / (float(together[k - 1]) + 1) * once


@mistake("04.3", caught_by="check", says="scale them up")
def the_sample_alone(samples, k):
    return float(np.sum(joined(samples)[1][:k] == 1))


@mistake("04.3", caught_by="check", says="the samples are incomplete")
def every_hash_of_every_sample(samples, k):
    together, totals = joined(samples)
    size = len(together)
    if size < k:
        return float(np.sum(totals == 1))
    return (size - 1) / (float(together[-1]) / 2**64) * np.mean(totals == 1)


@mistake("04.3", caught_by="check", says="the samples are incomplete")
def share_of_all(samples, k):
    together, totals = joined(samples)
    if len(together) < k:
        return float(np.sum(totals == 1))
    return (k - 1) / (float(together[k - 1]) / 2**64) * np.mean(totals == 1)


@mistake("04.3", caught_by="check", says="the samples are incomplete")
def cut_before_joining(samples, k):
    hashes, counts = (np.concatenate(part) for part in zip(*samples, strict=True))
    first = np.argsort(hashes, kind="stable")[:k]
    _, totals = joined([(hashes[first], counts[first])])
    once = np.sum(totals == 1)
    return (
        float(once)
        if len(first) < k
        else float(once * (k - 1) / k * 2**64 / (hashes[first[-1]] + 1.0))
    )


@mistake("04.3", caught_by="accuracy", says="Split in 1")
def odd_counts_are_one(samples, k):
    together, totals = joined(samples)
    once = np.sum(totals[:k] % 2 == 1)
    if len(together) < k:
        return float(once)
    return once / k * (k - 1) / ((int(together[k - 1]) + 1) / 2**64)


@mistake("04.3", caught_by="check", says="changes its argument samples in place")
def counts_into_the_first_sample(samples, k):
    together, totals = joined(samples)
    samples[0][1][:] = 1
    once = np.sum(totals[:k] == 1)
    if len(together) < k:
        return float(once)
    return once / k * (k - 1) / ((int(together[k - 1]) + 1) / 2**64)


@mistake("04.3", caught_by="accuracy", says="Split in 1")
def exact_up_to_k(samples, k):
    together, totals = joined(samples)
    once = np.sum(totals[:k] == 1)
    if len(together) <= k:
        return float(once)
    return (k - 1) / ((int(together[k - 1]) + 1) / 2**64) * once / k


@mistake("04.3", caught_by="check", says="write this one yourself")
def forwards(samples, k):
    from course_lib.distinct import KMV

    sketch = KMV(k)
    for hashes, _ in samples:
        sketch.update(hashes)
    _, totals = joined(samples)
    return sketch.estimate() * float(np.mean(totals[:k] == 1))


@mistake("04.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(samples, k):
    import course_lib.distinct as toolbox

    sketch = toolbox.KMV(k)
    together, totals = joined(samples)
    sketch._smallest = together[:k]
    return sketch.estimate() * float(np.mean(totals[:k] == 1))


def arrive(table, times, hashes, follow, runs=runs_of):
    """The table, copied, after ``follow(pairs, time, value)`` gave a list for each arrival."""
    which, values = runs(hashes, len(table).bit_length() - 1)
    table = [list(pairs) for pairs in table]
    for time, register, value in zip(times.tolist(), which.tolist(), values.tolist(), strict=True):
        table[register] = follow(table[register], time, value)
    return table


def greater(pairs, time, value, window):
    """The right pairs that stay when another comes in."""
    return [pair for pair in pairs if pair[1] > value and pair[0] > time - window]


@mistake("04.4", caught_by="check", says="who takes its place?")
def only_the_largest(table, times, hashes, window):
    def follow(pairs, time, value):
        pairs = [pair for pair in pairs if pair[0] > time - window] + [(time, value)]
        return [max(pairs, key=lambda pair: (pair[1], pair[0]))]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="it can never be a maximum again")
def everything(table, times, hashes, window):
    def follow(pairs, time, value):
        return [pair for pair in pairs if pair[0] > time - window] + [(time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="Of equal values only the newest")
def keeps_ties(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value - 1, window), (time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="that of time 3 is in")
def one_minute_too_long(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, window + 1), (time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="that of time 3 is in")
def never_forgets(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, np.inf), (time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="the newest is last")
def newest_first(table, times, hashes, window):
    def follow(pairs, time, value):
        return [(time, value), *greater(pairs, time, value, window)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="changes its argument table in place")
def works_in_place(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, window), (time, value)]

    table[:] = arrive(table, times, hashes, follow)
    return table


@mistake("04.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(table, times, hashes, window):
    arrive(table, times, hashes, lambda pairs, time, value: [*pairs, (time, value)])


@mistake("04.4", caught_by="check", says="The number of pairs kept for a week")
def prunes_against_the_neighbor_only(table, times, hashes, window):
    def follow(pairs, time, value):
        if pairs and pairs[-1][1] <= value:
            pairs = pairs[:-1]
        return [pair for pair in pairs if pair[0] > time - window] + [(time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="check", says="Only the register of an arrival loses")
def prunes_every_register(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, window), (time, value)]

    table = arrive(table, times, hashes, follow)
    now = times[-1] if len(times) else -1
    return [[pair for pair in pairs if pair[0] > now - window] for pairs in table]


@mistake("04.4", caught_by="check", says="both old pairs are out of the window")
def one_old_pair_at_a_time(table, times, hashes, window):
    def follow(pairs, time, value):
        stale = len(pairs) > 0 and pairs[0][0] <= time - window
        return [pair for pair in pairs[stale:] if pair[1] > value] + [(time, value)]

    return arrive(table, times, hashes, follow)


@mistake("04.4", caught_by="edge case", says="A block without arrivals changed the table")
def nothing_new_empties(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, window), (time, value)]

    return arrive(table, times, hashes, follow) if len(times) else [[] for _ in table]


@mistake("04.4", caught_by="edge case", says="hash of zeros has the value 61")
def no_end_to_the_run(table, times, hashes, window):
    def follow(pairs, time, value):
        return [*greater(pairs, time, value, window), (time, value)]

    def runs(hashes, p):
        return hashes >> np.uint64(64 - p), 1 + zeros(hashes << np.uint64(p))

    return arrive(table, times, hashes, follow, runs)


@mistake("04.4", caught_by="check", says="write this one yourself")
def forwards(table, times, hashes, window):
    from course_lib.distinct import LogLog

    sketch = LogLog(len(table).bit_length() - 1)
    sketch.update(hashes)
    return [[(int(times[-1]), int(value))] for value in sketch.registers]


@mistake("04.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(table, times, hashes, window):
    import course_lib.distinct as toolbox

    days = [toolbox.HyperLogLog(len(table).bit_length() - 1) for _ in range(7)]
    days[0].update(hashes)
    return [[(int(times[-1]), int(value))] for value in days[0].registers]


def draws(n, rng):
    return rng.integers(0, 2**64, n, dtype=np.uint64)


@mistake("04.5", caught_by="check", says="Your test accepts everything")
def trusting(estimate, rng):
    return bool(estimate(draws(1000, rng), 12) >= 0)


@mistake("04.5", caught_by="check", says="by_ertl is right, and your test rejects it")
def demands_the_exact_number(estimate, rng):
    return all(estimate(draws(n, rng), 12) == n for n in (0, 1000, 20_000))


@mistake("04.5", caught_by="check", says="Your test rejects everything")
def compares_with_one_of_many(estimate, rng):
    for n in (50, 3000, 20_000):
        hashes = draws(n, rng)
        registers = np.zeros(4096, np.uint8)
        which, values = runs_of(hashes, 12)
        np.maximum.at(registers, which, values.astype(np.uint8))
        if not np.isclose(estimate(hashes, 12), right_estimate(registers), rtol=1e-6):
            return False
    return True


@mistake("04.5", caught_by="check", says="wrong ones: without_a_switch")
def large_sets_only(estimate, rng):
    hashes = draws(50_000, rng)
    again = np.concatenate([hashes[::-1], hashes[:9]])
    got = estimate(hashes, 12)
    return abs(got / 50_000 - 1) < 0.06 and estimate(again, 12) == got


@mistake("04.5", caught_by="check", says="counts_repetitions")
def never_repeats_itself(estimate, rng):
    sizes = (40, 400, 4000, 10_000, 50_000)
    hashes = {n: draws(n, rng) for n in sizes}
    return all(
        abs(np.mean([estimate(draws(n, rng), 12) / n - 1 for _ in range(4)])) < 0.05
        and estimate(hashes[n][::-1].copy(), 12) == estimate(hashes[n], 12)
        for n in sizes
    )


@mistake("04.5", caught_by="check", says="number of calls")
def never_tired(estimate, rng):
    return all(abs(estimate(draws(500, rng), 12) / 500 - 1) < 0.1 for _ in range(70))


@mistake("04.5", caught_by="check", says="should be True or False")
def a_number_for_an_answer(estimate, rng):
    return float(estimate(draws(1000, rng), 12) / 1000)


def looks_right(estimate, rng):
    """Most of a good test: some sizes, some draws each, order and repetition."""
    for n in (40, 800, 4000, 10_000, 14_000, 40_000, 90_000):
        hashes = draws(n, rng)
        got = estimate(hashes, 12)
        if estimate(np.concatenate([hashes[::-1], hashes[: n // 2]]), 12) != got:
            return False
        rest = [estimate(draws(n, rng), 12) / n - 1 for _ in range(5)]
        if abs(np.mean([got / n - 1, *rest])) > 0.055:
            return False
    return True


@mistake("04.5", caught_by="accuracy", says="that is tested stopped with an error")
def lets_errors_through(estimate, rng):
    return estimate(draws(0, rng), 12) == 0 and looks_right(estimate, rng)


@mistake("04.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def never_shuffles(estimate, rng):
    try:
        if estimate(draws(0, rng), 12) != 0:
            return False
        for n in (5, 100, 2048, 4096, 10_000, 20_000, 40_000, 80_000):
            hashes = draws(n, rng)
            found = [estimate(hashes, 12), *(estimate(draws(n, rng), 12) for _ in range(3))]
            if abs(np.mean(found) / n - 1) > 0.07:
                return False
            if estimate(np.concatenate([hashes, hashes[: n // 2]]), 12) != found[0]:
                return False
        return True
    except Exception:
        return False


@mistake("04.5", caught_by="check", says="last_block_only")
def never_many(estimate, rng):
    for n in (5, 100, 4096, 10_000, 40_000):
        hashes = draws(n, rng)
        found = [estimate(hashes, 12), *(estimate(draws(n, rng), 12) for _ in range(3))]
        if abs(np.mean(found) / n - 1) > 0.07:
            return False
        if estimate(rng.permutation(np.r_[hashes, hashes[: n // 5]]), 12) != found[0]:
            return False
    return True


@mistake("04.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def no_empty_stream(estimate, rng):
    try:
        return looks_right(estimate, rng)
    except Exception:
        return False
