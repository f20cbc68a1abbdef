"""Wrong answers to lab 05."""

import collections

import numpy as np

from course_lib import hashing
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


@mistake("05.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(counters, items, counts, m):
    kept = dict(counters)
    for item, count in zip(items, counts, strict=True):
        kept[item] = kept.get(item, 0) + count


@mistake("05.1", caught_by="check", says="changes its argument counters")
def works_in_place(counters, items, counts, m):
    for item, count in zip(items, counts, strict=True):
        if item in counters or len(counters) < m:
            counters[item] = counters.get(item, 0) + count
            continue
        less = min(count, *counters.values())
        for key in list(counters):
            counters[key] -= less
            if not counters[key]:
                del counters[key]
        if count > less:
            counters[item] = count - less
    return counters


@mistake("05.1", caught_by="check", says="and from the newcomer alike")
def first_come(counters, items, counts, m):
    kept = dict(counters)
    for item, count in zip(items, counts, strict=True):
        if item in kept or len(kept) < m:
            kept[item] = kept.get(item, 0) + count
    return kept


@mistake("05.1", caught_by="check", says="That is space saving")
def space_saving(counters, items, counts, m):
    kept = dict(counters)
    for item, count in zip(items, counts, strict=True):
        taken = 0
        if item not in kept and len(kept) == m:
            taken = kept.pop(min(kept, key=kept.get))
        kept[item] = kept.get(item, 0) + taken + count
    return kept


def swept(counters, items, counts, m, pay, settle):
    """The right loop, with another amount to pay or another place for the newcomer."""
    kept = dict(counters)
    for item, count in zip(items, counts, strict=True):
        if item in kept or len(kept) < m:
            kept[item] = kept.get(item, 0) + count
            continue
        less = pay(count, min(kept.values()))
        kept = {key: value - less for key, value in kept.items() if value > less}
        if settle and count > less and len(kept) < m:
            kept[item] = count - less
    return kept


@mistake("05.1", caught_by="check", says="and from the newcomer alike")
def newcomer_never_settles(counters, items, counts, m):
    return swept(counters, items, counts, m, min, settle=False)


@mistake("05.1", caught_by="check", says="and from the newcomer alike")
def one_whatever_it_weighs(counters, items, counts, m):
    return swept(counters, items, counts, m, lambda count, least: 1, settle=True)


@mistake("05.1", caught_by="check", says="and from the newcomer alike")
def all_of_the_newcomer(counters, items, counts, m):
    return swept(counters, items, counts, m, lambda count, least: count, settle=True)


@mistake("05.1", caught_by="check", says="do those at zero go?")
def zeros_stay(counters, items, counts, m):
    kept = dict(counters)
    for item, count in zip(items, counts, strict=True):
        if item in kept or len(kept) < m:
            kept[item] = kept.get(item, 0) + count
            continue
        less = min(count, *kept.values())
        kept = {key: value - less for key, value in kept.items()}
        kept[item] = count - less
    return kept


@mistake("05.1", caught_by="check", says="and from the newcomer alike")
def top_of_each_block(counters, items, counts, m):
    sums = collections.Counter(counters)
    for item, count in zip(items, counts, strict=True):
        sums[item] += count
    return dict(sums.most_common(m))


@mistake("05.1", caught_by="accuracy", says="keep nothing outside")
def remembers_for_itself(counters, items, counts, m):
    own = remembers_for_itself.__dict__.setdefault("own", {})
    kept = dict(own) if counters else {}
    own.clear()
    own.update(swept(kept, items, counts, m, min, settle=True))
    return dict(own)


@mistake("05.1", caught_by="check", says="write this one yourself")
def forwards(counters, items, counts, m):
    from course_lib.heavy_hitters import MisraGries

    sketch = MisraGries(m)
    if counters:
        sketch.update(list(counters), list(counters.values()))
    sketch.update(items, counts)
    return sketch.items()


@mistake("05.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(counters, items, counts, m):
    import course_lib.heavy_hitters.counters as toolbox

    class Mine(toolbox.MisraGries):
        pass

    sketch = Mine(m)
    for part in (counters, dict(zip(items, counts, strict=True))):
        sketch.update(list(part), list(part.values()))
    return sketch.items()


def added(parts):
    """The sums of equal items, for mistakes made after it."""
    sums = collections.Counter()
    for part in parts:
        sums.update(part)
    return sums


@mistake("05.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(parts, m):
    added(parts)


@mistake("05.2", caught_by="check", says="Dropping the small ones is not enough")
def largest_m(parts, m):
    return dict(added(parts).most_common(m))


@mistake("05.2", caught_by="check", says="counters are left, and m")
def only_added(parts, m):
    return dict(added(parts))


@mistake("05.2", caught_by="check", says="Did you add the counters of equal items")
def greatest_of_each(parts, m):
    best = {}
    for part in parts:
        for item, count in part.items():
            best[item] = max(count, best.get(item, 0))
    less = sorted(best.values(), reverse=True)[m] if len(best) > m else 0
    return {item: count - less for item, count in best.items() if count > less}


def less_than(parts, m, place):
    """The right end of a merge, with another counter taken from all."""
    sums = added(parts)
    less = sorted(sums.values(), reverse=True)[place] if len(sums) > m else 0
    return {item: count - less for item, count in sums.items() if count > less}


@mistake("05.2", caught_by="check", says="Dropping the small ones is not enough")
def takes_the_last_that_stays(parts, m):
    return less_than(parts, m, m - 1)


@mistake("05.2", caught_by="check", says="counters are left, and m")
def takes_the_smallest(parts, m):
    return less_than(parts, m, -1)


@mistake("05.2", caught_by="check", says="a counter of 0 or less is left")
def always_takes(parts, m):
    sums = added(parts)
    less = sorted(sums.values())[0] if sums else 0
    return dict(collections.Counter({k: v - less for k, v in sums.items()}).most_common(m))


@mistake("05.2", caught_by="check", says="changes its argument parts")
def into_the_first(parts, m):
    for part in parts[1:]:
        for item, count in part.items():
            parts[0][item] = parts[0].get(item, 0) + count
    return less_than(parts[:1], m, m)


@mistake("05.2", caught_by="edge case", says="IndexError")
def no_part_no_answer(parts, m):
    merged = dict(parts[0])
    for part in parts[1:]:
        merged = less_than([merged, part], m, m)
    return merged


@mistake("05.2", caught_by="edge case", says="One part of 50 counters")
def trusts_a_single_part(parts, m):
    merged = dict(parts[0]) if parts else {}
    for part in parts[1:]:
        merged = less_than([merged, part], m, m)
    return merged


@mistake("05.2", caught_by="edge case", says="A tie of m and m + 1")
def one_at_least(parts, m):
    sums = collections.Counter(added(parts))
    less = ([0] * (m + 1) + sorted(sums.values()))[-m - 1]
    return {item: max(1, count - less) for item, count in sums.most_common(m)}


@mistake("05.2", caught_by="accuracy", says="IndexError")
def when_it_just_fits(parts, m):
    sums = added(parts)
    if len(sums) < m:
        return sums
    less = sorted(sums.values(), reverse=True)[m]
    return {item: count - less for item, count in sums.items() if count > less}


@mistake("05.2", caught_by="edge case", says="the parts hold 0 of it")
def remembers_what_it_saw(parts, m):
    seen = remembers_what_it_saw.__dict__.setdefault("seen", {})
    sums = added(parts)
    return dict(seen.setdefault((m, *sorted(sums.values())), less_than(parts, m, m)))


@mistake("05.2", caught_by="check", says="write this one yourself")
def forwards(parts, m):
    from course_lib.heavy_hitters import MisraGries

    merged = MisraGries(m)
    for part in parts:
        other = MisraGries(m)
        other.update(list(part), list(part.values()))
        merged.merge(other)
    return merged.items()


@mistake("05.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(parts, m):
    from course_lib import heavy_hitters as toolbox

    sketch = toolbox.MisraGries.from_error(1 / (m + 1))
    for part in parts:
        sketch.update(list(part), list(part.values()))
    return sketch.items()


def descended(ask, n_bits, threshold, last=0, keep=lambda answers, threshold: answers >= threshold):
    """The right descent, with another end or another rule."""
    prefixes = np.zeros(1, np.int64)
    for level in reversed(range(last, n_bits)):
        prefixes = (2 * prefixes[:, None] + np.arange(2)).ravel()
        prefixes = prefixes[keep(ask(level, prefixes), threshold)]
    return prefixes


@mistake("05.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(ask, n_bits, threshold):
    descended(ask, n_bits, threshold)


@mistake("05.3", caught_by="check", says="go down from the top")
def asks_about_all(ask, n_bits, threshold):
    items = np.arange(min(2**n_bits, 2**18))
    return items[ask(0, items) >= threshold]


@mistake("05.3", caught_by="check", says="you missed them")
def strictly_more(ask, n_bits, threshold):
    return descended(ask, n_bits, threshold, keep=lambda answers, limit: answers > limit)


@mistake("05.3", caught_by="check", says="Is every heavy prefix")
def only_the_best(ask, n_bits, threshold):
    def best(answers, threshold):
        return np.arange(len(answers)) == np.argmax(answers)

    return descended(ask, n_bits, threshold, keep=best)


@mistake("05.3", caught_by="check", says="at level 0, before you return them")
def last_level_unasked(ask, n_bits, threshold):
    prefixes = descended(ask, n_bits, threshold, last=1)
    return (2 * prefixes[:, None] + np.arange(2)).ravel()


@mistake("05.3", caught_by="check", says="you missed them")
def stops_one_level_early(ask, n_bits, threshold):
    return descended(ask, n_bits, threshold, last=1)


@mistake("05.3", caught_by="check", says="in one call")
def one_by_one(ask, n_bits, threshold):
    def each(level, prefixes):
        return np.array([ask(level, np.array([prefix]))[0] for prefix in prefixes])

    return descended(each, n_bits, threshold)


@mistake("05.3", caught_by="check", says="in rising order")
def upside_down(ask, n_bits, threshold):
    return descended(ask, n_bits, threshold)[::-1].copy()


@mistake("05.3", caught_by="check", says="go down from the top")
def too_generous(ask, n_bits, threshold):
    items = descended(ask, n_bits, max(1, threshold // 200))
    return items[ask(0, items) >= threshold]


@mistake("05.3", caught_by="check", says="a difference of two others")
def the_other_half_by_difference(ask, n_bits, threshold):
    prefixes = np.zeros(1, np.int64)
    counts = ask(n_bits, prefixes)
    for level in reversed(range(n_bits)):
        left = ask(level, 2 * prefixes)
        prefixes = np.stack([2 * prefixes, 2 * prefixes + 1], axis=1).ravel()
        counts = np.stack([left, counts - left], axis=1).ravel()
        prefixes, counts = prefixes[counts >= threshold], counts[counts >= threshold]
    return prefixes


@mistake("05.3", caught_by="cost", says="all light")
def follows_what_is_half_heavy(ask, n_bits, threshold):
    items = descended(ask, n_bits, threshold, last=1, keep=lambda got, limit: 2 * got >= limit)
    items = (2 * items[:, None] + np.arange(2)).ravel()
    return items[ask(0, items) >= threshold]


@mistake("05.3", caught_by="accuracy", says="you missed them")
def in_32_bits(ask, n_bits, threshold):
    prefixes = np.zeros(1, np.int32)
    for level in reversed(range(n_bits)):
        prefixes = (2 * prefixes[:, None] + np.arange(2, dtype=np.int32)).ravel()
        prefixes = prefixes[ask(level, prefixes) >= threshold]
    return prefixes


@mistake("05.3", caught_by="edge case", says="60 bits")
def in_floating_point(ask, n_bits, threshold):
    prefixes = np.zeros(1)
    for level in reversed(range(n_bits)):
        prefixes = np.concatenate([2 * prefixes, 2 * prefixes + 1])
        prefixes = prefixes[ask(level, prefixes.astype(np.int64)) >= threshold]
    return np.sort(prefixes.astype(np.int64))


def pulled(items, counts, s1, s2, seed, sign):
    """The right sums, with signs ``sign(seed, items)`` that are made otherwise."""
    Z = np.zeros((s2, s1), np.int64)
    seeds = np.random.default_rng(seed).integers(2**62, size=(s2, s1))
    for place in np.ndindex(s2, s1):
        Z[place] = np.sum(counts * sign(int(seeds[place]), items))
    return Z


def polynomial_sign(k):
    """Signs from polynomials with k coefficients."""

    def sign(seed, items):
        bits = hashing.Polynomial(k, seed=seed)(items) & np.uint64(1)
        return 1 - 2 * bits.astype(np.int64)

    return sign


@mistake("05.4", caught_by="check", says="not (s1, s2)")
def transposed(items, counts, s1, s2, seed):
    return pulled(items, counts, s1, s2, seed, polynomial_sign(4)).T.copy()


@mistake("05.4", caught_by="check", says="should give +1 or -1")
def zeros_and_ones(items, counts, s1, s2, seed):
    def bit(own, items):
        return (hashing.Polynomial(4, seed=own)(items) & np.uint64(1)).astype(np.int64)

    return pulled(items, counts, s1, s2, seed, bit)


@mistake("05.4", caught_by="check", says="Are any four signs of a counter independent?")
def pairwise(items, counts, s1, s2, seed):
    return pulled(items, counts, s1, s2, seed, polynomial_sign(2))


@mistake("05.4", caught_by="check", says="The sign of 0 is")
def parity_of_a_mask(items, counts, s1, s2, seed):
    def parity(mask, items):
        return 1 - 2 * (np.bitwise_count(mask & items) & 1).astype(np.int64)

    return pulled(items, counts, s1, s2, seed, parity)


@mistake("05.4", caught_by="check", says="Are any four signs of a counter independent?")
def three_coefficients(items, counts, s1, s2, seed):
    return pulled(items, counts, s1, s2, seed, polynomial_sign(3))


@mistake("05.4", caught_by="check", says="The sign of 0 is")
def nothing_has_no_sign(items, counts, s1, s2, seed):
    fair = polynomial_sign(4)
    return pulled(
        items, counts, s1, s2, seed, lambda own, x: np.where(np.equal(x, 0), 1, fair(own, x))
    )


@mistake("05.4", caught_by="check", says="do counters share their signs?")
def bits_reused(items, counts, s1, s2, seed):
    seeds = np.random.default_rng(seed).integers(2**62, size=s2)
    Z = np.zeros((s2, s1), np.int64)
    for j, i in np.ndindex(s2, s1):
        bits = hashing.Polynomial(4, seed=int(seeds[j]))(items) >> np.uint64(i % 60) & np.uint64(1)
        Z[j, i] = np.sum(counts * (1 - 2 * bits.astype(np.int64)))
    return Z


@mistake("05.4", caught_by="check", says="against the sum of their counts")
def signs_of_the_place(items, counts, s1, s2, seed):
    signs = np.random.default_rng(seed).choice([-1, 1], (s2, s1, len(items)))
    return signs @ counts


@mistake("05.4", caught_by="check", says="is `seed` used?")
def deaf_to_its_seed(items, counts, s1, s2, seed):
    return pulled(items, counts, s1, s2, 1, polynomial_sign(4))


@mistake("05.4", caught_by="check", says="do counters share their signs?")
def one_function_a_row(items, counts, s1, s2, seed):
    rows = pulled(items, counts, 1, s2, seed, polynomial_sign(4))
    return np.repeat(rows, s1, axis=1)


@mistake("05.4", caught_by="check", says="against the sum of their counts")
def counts_forgotten(items, counts, s1, s2, seed):
    return pulled(items, np.sign(counts), s1, s2, seed, polynomial_sign(4))


@mistake("05.4", caught_by="check", says="taken back")
def absolute_counts(items, counts, s1, s2, seed):
    return pulled(items, np.abs(counts), s1, s2, seed, polynomial_sign(4))


@mistake("05.4", caught_by="edge case", says="lost digits")
def in_single_precision(items, counts, s1, s2, seed):
    Z = pulled(items, counts, s1, s2, seed, polynomial_sign(4))
    return Z.astype(np.float32).astype(np.int64)


@mistake("05.4", caught_by="check", says="write this one yourself")
def forwards(items, counts, s1, s2, seed):
    from course_lib.heavy_hitters import AMS

    sketch = AMS(s1, s2, seed=seed)
    sketch.update(items, counts)
    return sketch.counters


@mistake("05.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(items, counts, s1, s2, seed):
    import course_lib.heavy_hitters.moments as toolbox

    pull = toolbox.AMS.__init__
    sketch = object.__new__(toolbox.AMS)
    pull(sketch, s1, s2 | 1, seed=seed)
    sketch.update(items, counts)
    return sketch.counters[:s2]


def parts_of(window, day, columns):
    """The cells of the window, the day and the folded window, each (d, n)."""
    fold = window.shape[1] // day.shape[1]
    folded = window.reshape(*day.shape, fold).sum(axis=2)
    row = np.arange(len(day))[:, None]
    near = columns // fold
    return window[row, columns], day[row, near], np.maximum(folded[row, near], 1)


@mistake("05.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(window, day, columns):
    parts_of(window, day, columns)


@mistake("05.5", caught_by="check", says="the largest row")
def largest_row(window, day, columns):
    fine, one, joined = parts_of(window, day, columns)
    return np.max(fine * one / joined, axis=0)


@mistake("05.5", caught_by="check", says="the mean or the median of the rows")
def mean_of_rows(window, day, columns):
    fine, one, joined = parts_of(window, day, columns)
    return np.mean(fine * one / joined, axis=0)


@mistake("05.5", caught_by="check", says="the day's folded cell alone")
def by_item_only(window, day, columns):
    return parts_of(window, day, columns)[1].min(axis=0).astype(float)


@mistake("05.5", caught_by="check", says="joins neighbors")
def far_apart(window, day, columns):
    depth, narrow = day.shape
    folded = window.reshape(depth, -1, narrow).sum(axis=1)
    row = np.arange(depth)[:, None]
    share = day / np.maximum(folded, 1)
    return np.min(window[row, columns] * share[row, columns % narrow], axis=0)


@mistake("05.5", caught_by="check", says="the median of the rows")
def median_of_rows(window, day, columns):
    fine, one, joined = parts_of(window, day, columns)
    return np.median(fine * one / joined, axis=0)


@mistake("05.5", caught_by="check", says="The estimates of the small example")
def whole_flights(window, day, columns):
    fine, one, joined = parts_of(window, day, columns)
    return np.round(np.min(fine * one / joined, axis=0))


@mistake("05.5", caught_by="check", says="(day, destination)")
def rows_with_something(window, day, columns):
    fine, one, joined = parts_of(window, day, columns)
    least = np.where(fine * one == 0, np.inf, fine * one / joined).min(axis=0)
    return np.where(np.isfinite(least), least, 0)


@mistake("05.5", caught_by="check", says="The estimates of (day, destination)")
def least_of_each(window, day, columns):
    fine, one, joined = (part.min(axis=0) for part in parts_of(window, day, columns))
    return fine * one / joined


@mistake("05.5", caught_by="check", says="The estimates of the small example")
def share_of_the_table(window, day, columns):
    fine, one, _ = parts_of(window, day, columns)
    return np.min(fine * one / window.sum(axis=1, keepdims=True), axis=0)


@mistake("05.5", caught_by="check", says="NaN or infinity")
def divides_by_zero(window, day, columns):
    fold = window.shape[1] // day.shape[1]
    folded = window.reshape(*day.shape, fold).sum(axis=2)
    row = np.arange(len(day))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.min(window[row, columns] * (day / folded)[row, columns // fold], axis=0)


@mistake("05.5", caught_by="check", says="write this one yourself")
def forwards(window, day, columns):
    from types import SimpleNamespace

    from course_lib.heavy_hitters.hokusai import _interpolate

    sketch = SimpleNamespace(width=window.shape[1], depth=len(window), _table=window)
    return _interpolate(sketch, SimpleNamespace(width=day.shape[1], _table=day), columns[0])


@mistake("05.5", caught_by="check", says="write this one yourself")
def forwards_under_another_name(window, day, columns):
    from course_lib import heavy_hitters as toolbox

    table = toolbox.CountMin(window.shape[1], len(window))
    table._table[:] = window
    while table.width > day.shape[1]:
        table = table.fold()
    row = np.arange(len(day))[:, None]
    near = columns // (window.shape[1] // day.shape[1])
    share = day / np.maximum(table.table, 1)
    return np.min(window[row, columns] * share[row, near], axis=0)


@mistake("05.6", caught_by="check", says="accepts everything")
def credulous(count_all, rng):
    return True


@mistake("05.6", caught_by="check", says="rejects everything")
def suspicious(count_all, rng):
    return False


@mistake("05.6", caught_by="check", says="is there a `return`?")
def undecided(count_all, rng):
    count_all(np.arange(10), np.arange(5), 10, 2, 1)


def never_below(count_all, width, depth):
    """A decent test of the first property."""
    stream = np.repeat(np.arange(50), 5)
    return bool(np.all(count_all(stream, np.arange(50), width, depth, 3) >= 5))


@mistake("05.6", caught_by="check", says="half_the_table")
def only_never_below(count_all, rng):
    return all(never_below(count_all, width, depth) for width, depth in ((7, 2), (100, 4)))


@mistake("05.6", caught_by="check", says="do you compare with one hash function")
def compares_with_the_library(count_all, rng):
    from course_lib.heavy_hitters import CountMin

    sketch = CountMin(20, 2, seed=3)
    sketch.update(np.arange(100))
    return bool(
        np.array_equal(
            count_all(np.arange(100), np.arange(9), 20, 2, 3), sketch.estimate(np.arange(9))
        )
    )


@mistake("05.6", caught_by="check", says="leave chance no room")
def too_strict(count_all, rng):
    heavy = np.full(100, 3)
    share = np.mean(count_all(heavy, np.arange(10, 1010), 10, 1, 7) > 0)
    return bool(never_below(count_all, 7, 2) and abs(share - 0.1) < 1e-3)


def halves_of_the_test(count_all, rng, scales, shapes, widths=(7, 100)):
    """The right test with some of its streams, for mistakes that leave something out."""
    seeds = rng.integers(2**30, size=20).tolist()
    try:
        if not all(never_below(count_all, width, 3) for width in widths):
            return False
        twice = [count_all(np.arange(400), np.arange(60), 20, 2, seed) for seed in (1, 1, 2)]
        if not np.array_equal(twice[0], twice[1]) or np.array_equal(twice[0], twice[2]):
            return False
        for scale in scales:
            stream, absent = np.repeat(np.arange(100) * scale, 5), np.arange(1000, 3000) * scale
            excess = np.mean([count_all(stream, absent, 40, 1, seed).mean() for seed in seeds[:10]])
            if not 0.8 < excess / 12.5 < 1.2:
                return False
        for width, depth in shapes:
            absent, heavy = np.arange(10, 4010), np.full(100, 3)
            hits = [np.mean(count_all(heavy, absent, width, depth, seed) > 0) for seed in seeds]
            if not 0.5 < np.mean(hits) * width**depth < 2:
                return False
    except Exception:
        return False
    return True


@mistake("05.6", caught_by="check", says="one_hash_for_all")
def rows_unseen(count_all, rng):
    return halves_of_the_test(count_all, rng, (1, 40, 2**20), ())


@mistake("05.6", caught_by="accuracy", says="accepts 2 of 6 wrong ones")
def in_narrow_tables(count_all, rng):
    return halves_of_the_test(count_all, rng, (1, 40), ((3, 4), (6, 2)), widths=(7,))


@mistake("05.6", caught_by="edge case", says="accepts 1 of 2 wrong ones")
def never_counts_far(count_all, rng):
    return halves_of_the_test(count_all, rng, (1, 40), ((3, 4), (6, 2)))
