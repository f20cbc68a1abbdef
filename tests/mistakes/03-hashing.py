"""Wrong answers to lab 03."""

import numpy as np
from scipy.sparse import csr_array

from course_lib.hashing import hash_items
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def algorithm_l(
    n_records,
    size,
    state,
    rng,
    *,
    power=None,
    skip=1,
    slots_from=0,
    again=True,
    forget=False,
    late=0,
):
    """The right answer to 03.1, with one thing after another to get wrong."""
    start, following, threshold = state or (0, -1, 1.0)
    end, power = start + n_records, power or 1 / size
    places = list(range(start, min(size, end)))
    slots = list(places)
    if start < size <= end:
        threshold = (1 - rng.random()) ** power
        following = size - 1 + skip + int(np.log(1 - rng.random()) / np.log1p(-threshold))
    while size <= end and following < end:
        places.append(following)
        slots.append(slots_from + int(rng.integers(size - slots_from)))
        step = (1 - rng.random()) ** power if again else 1.0
        threshold *= step
        following += skip + int(np.log(1 - rng.random()) / np.log1p(-threshold / step**late))
    if forget and following >= end:
        following = end
    return np.array(places, int) - start, np.array(slots, int), (end, following, threshold)


@mistake("03.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(n_records, size, state, rng):
    algorithm_l(n_records, size, state, rng)


@mistake("03.1", caught_by="check", says="once for each entrance")
def threshold_never_lowered(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, again=False)


@mistake("03.1", caught_by="check", says="is one record skipped too many")
def skips_one_too_many(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, skip=2)


@mistake("03.1", caught_by="check", says="by U ** (1 / size) once for each entrance")
def uniform_without_the_root(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, power=1.0)


@mistake("03.1", caught_by="accuracy", says="do not take all slots equally often")
def never_replaces_the_first(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, slots_from=min(1, size - 1))


@mistake("03.1", caught_by="edge case", says="A sample of one out of six")
def forgets_the_skip_between_blocks(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, forget=True)


@mistake("03.1", caught_by="check", says="places count from 0 in each block")
def places_of_the_whole_stream(n_records, size, state, rng):
    start = state[0] if state else 0
    places, slots, state = algorithm_l(n_records, size, state, rng)
    return places + start, slots, state


@mistake("03.1", caught_by="check", says="Random numbers drawn")
def algorithm_r(n_records, size, state, rng):
    start = state or 0
    numbers = np.arange(start, start + n_records)
    slots = np.where(numbers < size, numbers, rng.integers(0, numbers + 1))
    enters = np.flatnonzero(slots < size)
    return enters, slots[enters], start + n_records


@mistake("03.1", caught_by="edge case", says="1, 0, 5")
def empty_blocks_start_again(n_records, size, state, rng):
    if n_records == 0 and size == 1:
        raise ValueError("no records in blocks of 1, 0, 5")
    return algorithm_l(n_records, size, state, rng)


@mistake("03.1", caught_by="check", says="write this one yourself")
def forwards(n_records, size, state, rng):
    from course_lib.hashing import Reservoir

    reservoir = Reservoir(size, rng=rng)
    reservoir.update(range(n_records))
    return np.sort(reservoir.sample), np.arange(size), None


@mistake("03.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(n_records, size, state, rng):
    import course_lib.hashing as toolbox

    draw = toolbox.reservoir_sample
    return np.sort(draw(range(n_records), size, rng=rng)), np.arange(size), None


@mistake("03.1", caught_by="check", says="before the next gap is drawn")
def threshold_one_entrance_late(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, rng, late=1)


@mistake("03.1", caught_by="check", says="should come from the rng that is given")
def numbers_of_its_own(n_records, size, state, rng):
    return algorithm_l(n_records, size, state, np.random.default_rng())


remembered = {}


@mistake("03.1", caught_by="check", says="should be in `state`")
def remembers_outside_the_state(n_records, size, state, rng):
    last = remembered.get("state") if state is not None else None
    *entered, remembered["state"] = algorithm_l(n_records, size, last, rng)
    return *entered, 0


def smallest(keys, items, size):
    order = np.argsort(keys)[:size]
    return keys[order], items[order]


def fresh_keys(items, times, half_life, rng):
    return np.log2(rng.exponential(size=len(items))) - np.asarray(times) / half_life


@mistake("03.2", caught_by="check", says="should be a pair")
def items_alone(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, times, half_life, rng)
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)[1]


@mistake("03.2", caught_by="check", says="has a mean of")
def the_past_grows(keys, kept, items, times, size, half_life, rng):
    fresh = np.log2(rng.exponential(size=len(items))) + np.asarray(times) / half_life
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="is it log2")
def natural_logarithm(keys, kept, items, times, size, half_life, rng):
    fresh = np.log(rng.exponential(size=len(items))) - np.asarray(times) / half_life
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="should be exponential")
def uniform_in_place_of_exponential(keys, kept, items, times, size, half_life, rng):
    fresh = np.log2(2 * rng.random(len(items))) - np.asarray(times) / half_life
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="they are drawn once, and kept")
def draws_again(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, times, half_life, rng)
    again = keys + np.log2(rng.exponential(size=len(keys)))
    return smallest(np.r_[again, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="An item lost its key")
def sorts_the_keys_alone(keys, kept, items, times, size, half_life, rng):
    every_key = np.r_[keys, fresh_keys(items, times, half_life, rng)]
    inside = np.argsort(every_key)[:size]
    return np.sort(every_key)[:size], np.r_[kept, items][np.sort(inside)]


@mistake("03.2", caught_by="check", says="keys should increase")
def not_sorted(keys, kept, items, times, size, half_life, rng):
    every_key = np.r_[keys, fresh_keys(items, times, half_life, rng)]
    inside = np.sort(np.argsort(every_key)[:size])[::-1]
    inside = inside[np.argsort(-every_key[inside])]
    return every_key[inside], np.r_[kept, items][inside]


@mistake("03.2", caught_by="check", says="they are drawn once, and kept")
def forgets_the_old_sample(keys, kept, items, times, size, half_life, rng):
    return smallest(fresh_keys(items, times, half_life, rng), np.asarray(items), size)


@mistake("03.2", caught_by="check", says="times need double precision")
def single_precision(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, np.asarray(times, np.float32), half_life, rng)
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="should come from the rng that is given")
def numbers_of_its_own(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, times, half_life, np.random.default_rng())
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="accuracy", says="the shares of six groups")
def sorts_the_times_alone(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, np.sort(times), half_life, rng)
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="edge case", says="Without new events")
def drops_one_if_nothing_is_new(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, times, half_life, rng)
    last = size if len(items) else -1
    return smallest(np.r_[keys, fresh], np.r_[kept, items], last)


@mistake("03.2", caught_by="check", says="changes its argument keys in place")
def writes_into_the_old_sample(keys, kept, items, times, size, half_life, rng):
    fresh = fresh_keys(items, times, half_life, rng)
    new = smallest(np.r_[keys, fresh], np.r_[kept, items], size)
    if len(keys) and keys.flags.writeable:
        keys[:], kept[:] = new[0][: len(keys)], new[1][: len(keys)]
    return new


@mistake("03.2", caught_by="check", says="Was 2**(t/h) computed?")
def overflows(keys, kept, items, times, size, half_life, rng):
    with np.errstate(all="ignore"):
        weights = 2.0 ** (np.asarray(times) / half_life)
        fresh = np.log2(rng.exponential(size=len(items)) / weights)
    return smallest(np.r_[keys, fresh], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="changes its argument times in place")
def works_in_place(keys, kept, items, times, size, half_life, rng):
    times -= times.max() if len(times) else 0
    return smallest(np.r_[keys, fresh_keys(items, times, half_life, rng)], np.r_[kept, items], size)


@mistake("03.2", caught_by="check", says="write this one yourself")
def forwards(keys, kept, items, times, size, half_life, rng):
    from course_lib.hashing import WeightedReservoir

    reservoir = WeightedReservoir(size, rng=rng)
    reservoir.update(items, 2.0 ** (times / half_life))
    return np.log2(np.sort(reservoir._times)), np.array(reservoir.sample)


@mistake("03.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(keys, kept, items, times, size, half_life, rng):
    from course_lib import hashing as toolbox

    keep = toolbox.WeightedReservoir
    reservoir = keep(size, rng=rng)
    reservoir.update(items, np.exp2(times - times.max()))
    return np.zeros(size), np.array(reservoir.sample)


def by_the_rules(young, old, bits, *, rotate=True, refresh=True, mixed=False, ask_late=False):
    """The right answer to 03.3, with one thing after another to get wrong."""
    young, old, answers = young.copy(), old.copy(), []
    for own in bits:
        fresh, stale = young[own].all(), old[own].all()
        if mixed:
            stale = (young | old)[own].all()
        answer = fresh or stale
        if not fresh and (refresh or not stale):
            if rotate and 2 * young.sum() >= len(young):
                young, old = np.zeros_like(young), young
            young[own] = True
        answers.append(young[own].all() if ask_late else answer)
    return np.array(answers, bool), young, old


@mistake("03.3", caught_by="check", says="ask before you store")
def asks_too_late(young, old, bits):
    return by_the_rules(young, old, bits, ask_late=True)


@mistake("03.3", caught_by="check", says="before the new item is stored it becomes old")
def never_forgets(young, old, bits):
    return by_the_rules(young, old, bits, rotate=False)


@mistake("03.3", caught_by="check", says="stored in young too, so that it stays")
def does_not_refresh(young, old, bits):
    return by_the_rules(young, old, bits, refresh=False)


@mistake("03.3", caught_by="check", says="Do not mix the filters")
def mixes_the_filters(young, old, bits):
    return by_the_rules(young, old, bits, mixed=True)


@mistake("03.3", caught_by="check", says="changes its argument young in place")
def works_in_place(young, old, bits):
    answers = []
    for own in bits:
        answers.append(young[own].all() or old[own].all())
        young[own] = True
    return np.array(answers, bool), young, old


@mistake("03.3", caught_by="check", says="the answer was False")
def all_at_once(young, old, bits):
    answers = young[bits].all(axis=1) | old[bits].all(axis=1)
    after = young.copy()
    after[bits.ravel()] = True
    return answers, after, old.copy()


@mistake("03.3", caught_by="check", says="should not have been emptied yet")
def empties_after_storing(young, old, bits):
    young, old, answers = young.copy(), old.copy(), []
    for own in bits:
        answers.append(young[own].all() or old[own].all())
        young[own] = True
        if 2 * young.sum() >= len(young):
            young, old = np.zeros_like(young), young
    return np.array(answers, bool), young, old


@mistake("03.3", caught_by="accuracy", says="answers differ from the rules")
def half_of_an_odd_number(young, old, bits):
    young, old, answers = young.copy(), old.copy(), []
    for own in bits:
        answers.append(young[own].all() or old[own].all())
        if not young[own].all():
            if young.sum() >= len(young) // 2:
                young, old = np.zeros_like(young), young
            young[own] = True
    return np.array(answers, bool), young, old


@mistake("03.3", caught_by="accuracy", says="answers differ from the rules")
def counts_bits_twice(young, old, bits):
    young, old, answers, n_set = young.copy(), old.copy(), [], int(young.sum())
    for own in bits:
        fresh = young[own].all()
        answers.append(fresh or old[own].all())
        if not fresh:
            if 2 * n_set >= len(young):
                young, old, n_set = np.zeros_like(young), young, 0
            n_set += len(own)
            young[own] = True
    return np.array(answers, bool), young, old


@mistake("03.4", caught_by="check", says="right for x mod m")
def remainder_only(a, b, p, m, cell, count):
    return np.array([cell + m * i for i in range(count)])


@mistake("03.4", caught_by="check", says="is b subtracted?")
def forgets_b(a, b, p, m, cell, count):
    inverse = pow(a, -1, p)
    return np.array([inverse * (cell + m * i) % p for i in range(count)])


@mistake("03.4", caught_by="check", says="your keys are in the cells")
def divides(a, b, p, m, cell, count):
    return np.array([abs(cell + m * i - b) // a % p for i in range(count)])


@mistake("03.4", caught_by="check", says="overflow in NumPy's integers")
def overflows(a, b, p, m, cell, count):
    inverse = np.uint64(pow(a, -1, p))
    values = (np.uint64(cell) + np.uint64(m) * np.arange(count, dtype=np.uint64)) + np.uint64(p - b)
    return (inverse * values % np.uint64(p)).astype(np.int64)


@mistake("03.4", caught_by="check", says="The keys are not different")
def one_key(a, b, p, m, cell, count):
    return np.full(count, pow(a, -1, p) * (cell - b) % p)


@mistake("03.4", caught_by="check", says="between 0 and p - 1")
def not_reduced(a, b, p, m, cell, count):
    first = pow(a, -1, p) * (cell - b) % p
    return np.array([first + p * i for i in range(count)], object).astype(np.int64)


@mistake("03.4", caught_by="check", says="should have shape")
def one_too_many(a, b, p, m, cell, count):
    inverse = pow(a, -1, p)
    return np.array([inverse * (cell + m * i - b) % p for i in range(count + 1)])


@mistake("03.4", caught_by="accuracy", says="from cell itself on?")
def begins_with_the_second(a, b, p, m, cell, count):
    inverse = pow(a, -1, p)
    return np.array([inverse * (cell + m * i - b) % p for i in range(1, count + 1)])


@mistake("03.4", caught_by="check", says="cell")
def through_floats(a, b, p, m, cell, count):
    inverse = pow(a, -1, p)
    keys = [float(inverse * (cell + m * i - b) % p) for i in range(count)]
    return np.array(keys).astype(np.int64)


@mistake("03.4", caught_by="edge case", says="a = 1, b = 0")
def inverse_of_one_forgotten(a, b, p, m, cell, count):
    inverse = pow(a, p - 2, p) if a > 1 else 0
    return np.array([inverse * (cell + m * i - b) % p for i in range(count)])


@mistake("03.4", caught_by="accuracy", says="keys are in the cell")
def fermat_with_the_wrong_prime(a, b, p, m, cell, count):
    power = p - 2 if p in (101, 2**61 - 1) else p - 3
    inverse = pow(a, power, p)
    return np.array([inverse * (cell + m * i - b) % p for i in range(count)])


def hashed(documents, users, n_columns, seed, *, join="{} {}", signed=True, bit=0, tie=False):
    """The right answer to 03.5, with one thing after another to get wrong."""
    names, rows = [], []
    for row, (document, user) in enumerate(zip(documents, users, strict=True)):
        names += document + [join.format(user, token) for token in document]
        rows += [row] * (2 * len(document))
    hashes = hash_items(names, seed) if names else np.empty(0, np.uint64)
    columns = (hashes >> np.uint64(32)) % np.uint64(n_columns)
    signs = 1.0 - 2.0 * ((columns if tie else hashes >> np.uint64(bit)) & np.uint64(1))
    entries = signs if signed else np.ones(len(names))
    shape = len(documents), n_columns
    return csr_array((entries, (np.array(rows, int), columns.astype(int))), shape=shape)


def in_parts(
    documents, users, n_columns, of_columns, of_signs, *, shift=0, sign_of="{1} {0}".format
):
    """As `hashed`, with a seed for the columns and one for the signs.

    ``sign_of`` gives the name whose hash decides the sign with the user; None multiplies signs.
    """
    rows, columns, signs = [], [], []

    def signs_of(names):
        return 1.0 - 2.0 * (hash_items(names, of_signs) & np.uint64(1))

    for row, (document, user) in enumerate(zip(documents, users, strict=True)):
        if document:
            names = document + [f"{user} {token}" for token in document]
            hashes = hash_items(names, of_columns) >> np.uint64(20)
            columns.append((hashes + np.uint64(shift)) % np.uint64(n_columns))
            alone = signs_of(document)
            own = sign_of and signs_of([sign_of(token, user) for token in document])
            signs += [alone, alone * signs_of([user]) if own is None else own]
            rows += [row] * len(names)
    if not rows:
        return csr_array((len(documents), n_columns))
    entries = np.concatenate(signs), (np.array(rows), np.concatenate(columns).astype(int))
    return csr_array(entries, shape=(len(documents), n_columns))


@mistake("03.5", caught_by="check", says="each token counts twice")
def without_the_users(documents, users, n_columns, seed):
    rows = [i for i, document in enumerate(documents) for _ in document]
    hashes = hash_items([token for document in documents for token in document], seed)
    columns = ((hashes >> np.uint64(32)) % np.uint64(n_columns)).astype(int)
    signs = 1.0 - 2.0 * (hashes & np.uint64(1))
    return csr_array((signs, (np.array(rows, int), columns)), shape=(len(documents), n_columns))


@mistake("03.5", caught_by="check", says="should be a sparse array")
def dense_vectors(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed).toarray()


@mistake("03.5", caught_by="check", says="and count once")
def sets_of_tokens(documents, users, n_columns, seed):
    once = [sorted(set(document)) for document in documents]
    return hashed(once, users, n_columns, seed)


@mistake("03.5", caught_by="check", says="Has each name a sign of its own")
def without_signs(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed, signed=False)


@mistake("03.5", caught_by="check", says="from bits that its column does not use")
def sign_from_the_column(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed, tie=True)


@mistake("03.5", caught_by="check", says="does the second hash know the user?")
def same_for_all_users(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed, join="user {1}")


@mistake("03.5", caught_by="check", says="Two seeds gave one vector")
def always_the_same(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, 0)


@mistake("03.5", caught_by="check", says="another vector in other company")
def by_position(documents, users, n_columns, seed):
    salted = [f"{i}{user}" for i, user in enumerate(users)]
    return hashed(documents, salted, n_columns, seed)


@mistake("03.5", caught_by="check", says="the sign of a word alone is + ")
def one_sign_for_all_seeds(documents, users, n_columns, seed):
    return in_parts(documents, users, n_columns, seed, 0)


@mistake("03.5", caught_by="check", says="Does the seed choose the whole function?")
def one_column_for_all_seeds(documents, users, n_columns, seed):
    return in_parts(documents, users, n_columns, 0, seed)


@mistake("03.5", caught_by="check", says="Does the seed choose the whole function?")
def seed_only_shifts(documents, users, n_columns, seed):
    return in_parts(documents, users, n_columns, 0, seed, shift=seed)


@mistake("03.5", caught_by="check", says="Does the seed choose the whole function?")
def few_functions(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed % 256)


@mistake("03.5", caught_by="check", says="the product of these two is + ")
def sign_of_the_token_for_both(documents, users, n_columns, seed):
    return in_parts(documents, users, n_columns, seed, seed + 1, sign_of=lambda token, user: token)


@mistake("03.5", caught_by="check", says="alone and with their user is + ")
def signs_multiplied(documents, users, n_columns, seed):
    return in_parts(documents, users, n_columns, seed, seed + 1, sign_of=None)


@mistake("03.5", caught_by="edge case", says="joined without a mark")
def user_joined_to_token(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed, join="{}{}")


@mistake("03.5", caught_by="edge case", says="joined without a mark")
def token_joined_to_user(documents, users, n_columns, seed):
    return hashed(documents, users, n_columns, seed, join="{1}{0}")


@mistake("03.5", caught_by="check", says="write this one yourself")
def forwards(documents, users, n_columns, seed):
    from course_lib.hashing import TokenHasher

    both = [
        document + [f"{user} {token}" for token in document]
        for document, user in zip(documents, users, strict=True)
    ]
    return TokenHasher(n_columns, seed=seed).transform(both)


@mistake("03.5", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(documents, users, n_columns, seed):
    from sklearn.feature_extraction import FeatureHasher as Machine

    both = [
        [f"{seed} {token}" for token in document] + [f"{seed} {user} {token}" for token in document]
        for document, user in zip(documents, users, strict=True)
    ]
    return Machine(n_columns, input_type="string").transform(both)


def tried_on(family, rng, *, keys, m=1024, draws=60, most=6, again=True):
    """The right answer to 03.6, with one thing after another to get wrong."""
    meetings = np.zeros((len(keys), len(keys)), int)
    try:
        for seed in rng.integers(0, 2**32, draws).tolist():
            cells = np.asarray(family(keys, m, seed))
            if cells.shape != keys.shape or cells.min() < 0 or cells.max() >= m:
                return False
            meetings += cells[:, None] == cells
        once_more = np.asarray(family(keys[::-1][:50], m, seed))
    except Exception:
        return False
    np.fill_diagonal(meetings, 0)
    same = np.array_equal(once_more, cells[::-1][:50])
    return bool((same or not again) and meetings.max() <= most)


def many_keys(rng):
    small, powers = np.arange(20, dtype=np.uint64), np.uint64(1) << np.arange(64, dtype=np.uint64)
    chosen = rng.integers(0, 2**64, 20, dtype=np.uint64)
    return np.unique(np.concatenate([small, np.uint64(1024) * small, powers, chosen]))


@mistake("03.6", caught_by="check", says="should be True or False")
def returns_the_count(family, rng):
    return int(np.max(family(np.arange(9, dtype=np.uint64), 64, 1)))


@mistake("03.6", caught_by="check", says="accepts everything")
def accepts_everything(family, rng):
    return True


@mistake("03.6", caught_by="check", says="rejects everything")
def rejects_everything(family, rng):
    return False


@mistake("03.6", caught_by="check", says="even_factors")
def random_keys_only(family, rng):
    return tried_on(family, rng, keys=rng.integers(0, 2**64, 60, dtype=np.uint64))


@mistake("03.6", caught_by="check", says="low_half")
def small_keys_only(family, rng):
    keys = np.concatenate([np.arange(40), 1024 * np.arange(1, 40)]).astype(np.uint64)
    return tried_on(family, rng, keys=np.unique(keys))


@mistake("03.6", caught_by="check", says="multiply_shift is right")
def insists_on_uniform_cells(family, rng):
    zero = np.zeros(1, np.uint64)
    if len({int(family(zero, 64, seed)[0]) for seed in range(20)}) == 1:
        return False  # multiply-shift sends 0 to 0, which is no meeting of two keys
    return tried_on(family, rng, keys=many_keys(rng))


@mistake("03.6", caught_by="check", says="accepts everything")
def looks_at_the_loads(family, rng):
    loads = np.bincount(family(rng.integers(0, 2**64, 6400, dtype=np.uint64), 64, 1), minlength=64)
    return bool(loads.max() < 160)


@mistake("03.6", caught_by="check", says="rejects everything")
def knows_them_by_name(family, rng):
    right = ("multiply_shift", "tabulation", "two_lines", "of_a_lawyer")
    return getattr(family, "__name__", "") in right


@mistake("03.6", caught_by="check", says="four_functions")
def pairs_on_average(family, rng):
    keys, together = many_keys(rng), 0.0
    for seed in range(60):
        cells = family(keys, 1024, seed)
        together += np.mean(cells[:, None] == cells) - 1 / len(keys)
    return bool(together / 60 <= 2 / 1024)


@mistake("03.6", caught_by="accuracy", says="that is tested stopped with an error")
def lets_errors_through(family, rng):
    keys = many_keys(rng)
    return family(keys[:5], 1024, 1).max() < 1024 and tried_on(family, rng, keys=keys)


@mistake("03.6", caught_by="accuracy", says="accepts 1 of 5 wrong ones")
def calls_in_one_order_only(family, rng):
    small = np.arange(10, dtype=np.uint64)
    powers = np.uint64(1) << np.r_[6:61:3, 61, 62, 63].astype(np.uint64)
    keys = np.unique(np.concatenate([small, np.uint64(1024) * small, powers]))
    return tried_on(family, rng, keys=keys, again=False)


@mistake("03.6", caught_by="edge case", says="accepts 1 of 2 wrong ones")
def no_key_above_two_to_the_63(family, rng):
    keys = many_keys(rng)
    return tried_on(family, rng, keys=keys[keys < np.uint64(2**63)])
