"""Wrong answers to lab 02."""

import numpy as np
import scipy.sparse

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


@mistake("02.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    np.flatnonzero((np.abs(A @ (B @ R) - C @ R) > tol).any(axis=1))


@mistake("02.1", caught_by="check", says="That is a mask")
def returns_the_mask(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return (np.abs(A @ (B @ R) - C @ R) > tol).any(axis=1)


@mistake("02.1", caught_by="check", says="one yes or no")
def only_yes_or_no(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return bool((np.abs(A @ (B @ R) - C @ R) <= tol).all())


@mistake("02.1", caught_by="check", says="cancel in every one of your sums")
def sums_of_rows(A, B, C, trials, tol, rng):
    R = np.ones((B.shape[1], trials), dtype=int)
    return np.flatnonzero((np.abs(A @ (B @ R) - C @ R) > tol).any(axis=1))


@mistake("02.1", caught_by="check", says="were missed")
def one_vector_for_all_trials(A, B, C, trials, tol, rng):
    # Seven entries of eight are one, which finds rows 3, 4 and 7 of the first tests.
    r = (np.arange(B.shape[1]) % 8 != 2).astype(int)
    r = np.where(np.arange(len(r)) == 8, 0, r) if len(r) == 12 else r
    R = np.repeat(r[:, None], trials, axis=1)
    R[9:10] = 0
    R[2:3] = 1
    return np.flatnonzero((np.abs(A @ (B @ R) - C @ R) > tol).any(axis=1))


@mistake("02.1", caught_by="check", says="wrong; you found []")
def all_trials_must_differ(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return np.flatnonzero((np.abs(A @ (B @ R) - C @ R) > tol).all(axis=1))


@mistake("02.1", caught_by="check", says="3 passes will do")
def one_vector_after_the_other(A, B, C, trials, tol, rng):
    wrong = np.zeros(A.shape[0], dtype=bool)
    for _ in range(trials):
        r = rng.integers(2, size=B.shape[1])
        wrong |= ~(np.abs(A @ (B @ r) - C @ r) <= tol)
    return np.flatnonzero(wrong)


@mistake("02.1", caught_by="check", says="20 trials are 60 products")
def multiplies_again(A, B, C, trials, tol, rng):
    eye = np.eye(B.shape[1], dtype=B.dtype)
    return np.flatnonzero((np.abs(A @ (B @ eye) - C @ eye) > tol).any(axis=1))


@mistake("02.1", caught_by="check", says="With 0 and 1 in r all sums are exact")
def normal_vectors(A, B, C, trials, tol, rng):
    R = rng.standard_normal((B.shape[1], trials))
    return np.flatnonzero(~(np.abs(A @ (B @ R) - C @ R) <= tol).all(axis=1))


@mistake("02.1", caught_by="check", says="Compare with tol alone")
def normal_vectors_and_a_tolerance_of_its_own(A, B, C, trials, tol, rng):
    R = rng.standard_normal((B.shape[1], trials))
    right = C @ R
    return np.flatnonzero(~np.isclose(A @ (B @ R), right, rtol=1e-6, atol=1e-9).all(axis=1))


def differences(A, B, C, R):
    return A @ (B @ R) - C @ R


@mistake("02.1", caught_by="accuracy", says="errors [1, -1]")
def one_sum_over_all_trials(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return np.flatnonzero(~(np.abs(differences(A, B, C, R).sum(axis=1)) <= tol))


@mistake("02.1", caught_by="edge case", says="one difference above tol suffices")
def the_mean_of_the_differences(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return np.flatnonzero(~(np.abs(differences(A, B, C, R)).mean(axis=1) <= tol))


@mistake("02.1", caught_by="check", says="are the vectors the same at each call?")
def the_same_vectors_at_each_call(A, B, C, trials, tol, rng):
    R = np.random.default_rng(0).integers(2, size=(B.shape[1], trials))
    return np.flatnonzero(~(np.abs(differences(A, B, C, R)) <= tol).all(axis=1))


@mistake("02.1", caught_by="check", says="The same rng gave two answers")
def vectors_of_its_own(A, B, C, trials, tol, rng):
    R = np.random.default_rng().integers(2, size=(B.shape[1], trials))
    return np.flatnonzero(~(np.abs(differences(A, B, C, R)) <= tol).all(axis=1))


@mistake("02.1", caught_by="accuracy", says="hidden test (accuracy)")
def vectors_with_few_ones(A, B, C, trials, tol, rng):
    R = (rng.random((B.shape[1], trials)) < 1 / 4).astype(int)
    return np.flatnonzero(~(np.abs(differences(A, B, C, R)) <= tol).all(axis=1))


@mistake("02.1", caught_by="accuracy", says="3 trials miss")
def half_of_the_trials(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    R[:, : trials // 2 if trials < 20 else 0] = 0
    return np.flatnonzero(~(np.abs(differences(A, B, C, R)) <= tol).all(axis=1))


@mistake("02.1", caught_by="edge case", says="NaN is wrong")
def nan_passes(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    return np.flatnonzero((np.abs(A @ (B @ R) - C @ R) > tol).any(axis=1))


@mistake("02.1", caught_by="edge case", says="Rounding below tol")
def without_tolerance(A, B, C, trials, tol, rng):
    R = rng.integers(2, size=(B.shape[1], trials))
    tol = min(tol, 1e-9)
    return np.flatnonzero(~(np.abs(A @ (B @ R) - C @ R) <= tol).all(axis=1))


@mistake("02.1", caught_by="check", says="write this one yourself")
def forwards(A, B, C, trials, tol, rng):
    from course_lib.randomness import freivalds

    return np.array([], dtype=int) if freivalds(A, B, C, trials=trials, tol=tol, rng=rng) else [0]


@mistake("02.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(A, B, C, trials, tol, rng):
    from course_lib import randomness as toolbox

    is_right = toolbox.freivalds
    return np.flatnonzero([not is_right(A, B, C, trials=trials, tol=tol, rng=rng)])


@mistake("02.2", caught_by="check", says="changes its argument state in place")
def works_in_place(state, draws, rng):
    np.add.at(state, (slice(None), rng.integers(state.shape[1], size=len(draws))), [[1]])
    return state


@mistake("02.2", caught_by="check", says="add to the old state")
def forgets_the_past(state, draws, rng):
    size = state.shape[1]
    group = rng.integers(size, size=len(draws))
    counts = np.bincount(group, minlength=size)
    return np.array([counts, np.bincount(group, draws, minlength=size)], dtype=float)


@mistake("02.2", caught_by="check", says="draws next to each other")
def in_consecutive_pieces(state, draws, rng):
    group = np.arange(len(draws)) * state.shape[1] // max(1, len(draws))
    counts, sums = np.bincount(group, minlength=state.shape[1]), 0
    sums = np.bincount(group, draws, minlength=state.shape[1])
    return state + np.array([counts, sums])


@mistake("02.2", caught_by="check", says="Deal at random instead of in turn")
def in_turn(state, draws, rng):
    size = state.shape[1]
    group = (int(state[0].sum()) + np.arange(len(draws))) % size
    sums = np.bincount(group, draws, minlength=size)
    return state + np.array([np.bincount(group, minlength=size), sums])


@mistake("02.2", caught_by="check", says="block of one must go to a random group")
def shuffled_and_split(state, draws, rng):
    parts = np.array_split(rng.permutation(draws), state.shape[1])
    return state + np.array([[len(part) for part in parts], [part.sum() for part in parts]])


@mistake("02.2", caught_by="check", says="The same rng gave two states")
def everybodys_randomness(state, draws, rng):
    size = state.shape[1]
    group = np.random.default_rng().integers(size, size=len(draws))
    sums = np.bincount(group, draws, minlength=size)
    return state + np.array([np.bincount(group, minlength=size), sums])


@mistake("02.2", caught_by="check", says="Two generators gave one state")
def always_the_same(state, draws, rng):
    size = state.shape[1]
    group = np.random.default_rng(int(state[0].sum())).integers(size, size=len(draws))
    sums = np.bincount(group, draws, minlength=size)
    return state + np.array([np.bincount(group, minlength=size), sums])


@mistake("02.2", caught_by="check", says="The number of draws in all groups together")
def means_instead_of_sums(state, draws, rng):
    size = state.shape[1]
    group = rng.integers(size, size=len(draws))
    counts = np.bincount(group, minlength=size)
    sums = np.bincount(group, draws, minlength=size)
    return state + np.array([np.ones(size), sums / counts.clip(1)])


@mistake("02.2", caught_by="check", says="The sum over all groups")
def throws_rubbish_away(state, draws, rng):
    size = state.shape[1]
    group = rng.integers(size, size=len(draws))
    kept = np.where(np.abs(draws - np.median(draws)) < 3 * np.std(draws), draws, 0)
    counts = np.bincount(group, minlength=size)
    return state + np.array([counts, np.bincount(group, kept, minlength=size)])


def dealt(state, draws, group):
    """The new state if each draw goes to its group."""
    counts = np.bincount(group, minlength=state.shape[1])
    return state + np.array([counts, np.bincount(group, draws, minlength=state.shape[1])])


@mistake("02.2", caught_by="accuracy", says="Do neighbors go to one group together?")
def neighbors_together(state, draws, rng):
    pairs = rng.integers(state.shape[1], size=len(draws) // 2 + 1)
    return dealt(state, draws, np.repeat(pairs, 2)[: len(draws)])


@mistake("02.2", caught_by="accuracy", says="Chi-square")
def never_to_the_last(state, draws, rng):
    return dealt(state, draws, rng.integers(max(1, state.shape[1] - 1), size=len(draws)))


@mistake("02.2", caught_by="edge case", says="Draws one by one, with a period of 10")
def always_to_the_smallest(state, draws, rng):
    smallest = np.argsort(state[0], kind="stable")
    return dealt(state, draws, smallest[rng.permutation(len(draws)) % state.shape[1]])


@mistake("02.2", caught_by="check", says="changes its argument draws in place")
def shuffles_the_draws(state, draws, rng):
    rng.shuffle(draws)
    return dealt(state, draws, rng.integers(state.shape[1], size=len(draws)))


@mistake("02.2", caught_by="edge case", says="empty block")
def one_at_least(state, draws, rng):
    size = state.shape[1]
    group = rng.integers(size, size=max(1, len(draws)))
    draws = draws if len(draws) else np.zeros(1)
    sums = np.bincount(group, draws, minlength=size)
    return state + np.array([np.bincount(group, minlength=size), sums])


@mistake("02.2", caught_by="check", says="write this one yourself")
def forwards(state, draws, rng):
    from course_lib.randomness import median_of_means

    estimate = median_of_means(draws, rng=rng)
    return state + np.array([[len(draws)], [len(draws) * estimate]]) / state.shape[1]


@mistake("02.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(state, draws, rng):
    import course_lib.randomness as toolbox

    robust = toolbox.median_of_means
    return state + robust(draws, delta=0.5, rng=rng)


def columns_with(places, values, k):
    """The sparse map with these rows and values, both (d, s)."""
    d, s = places.shape
    starts = np.arange(0, d * s + 1, s)
    return scipy.sparse.csc_array((values.ravel(), places.ravel(), starts), shape=(k, d))


@mistake("02.3", caught_by="check", says="the rows of a column must differ")
def rows_that_collide(d, k, s, rng):
    values = rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s)
    return columns_with(rng.integers(k, size=(d, s)), values, k)


@mistake("02.3", caught_by="check", says="divide by it")
def without_scale(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    return columns_with(places, rng.choice([-1.0, 1.0], size=(d, s)), k)


@mistake("02.3", caught_by="check", says="signs are not balanced")
def without_signs(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    return columns_with(places, np.full((d, s), 1 / np.sqrt(s)), k)


@mistake("02.3", caught_by="check", says="share one sign")
def a_sign_for_a_column(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    values = np.repeat(rng.choice([-1.0, 1.0], size=(d, 1)), s, axis=1) / np.sqrt(s)
    return columns_with(places, values, k)


@mistake("02.3", caught_by="check", says="return its transpose")
def not_transposed(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    values = rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s)
    return columns_with(places, values, k).T


@mistake("02.3", caught_by="check", says="should be a sparse array or matrix")
def dense(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    values = rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s)
    return columns_with(places, values, k).toarray()


@mistake("02.3", caught_by="check", says="used far more often")
def first_rows_only(d, k, s, rng):
    edges = np.linspace(0, k // 2, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    return columns_with(places, rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s), k)


@mistake("02.3", caught_by="check", says="draw each afresh")
def neighbors_alike(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = np.repeat(rng.integers(edges[:-1], edges[1:], size=(d // 2 + 1, s)), 2, axis=0)[:d]
    values = np.repeat(rng.choice([-1.0, 1.0], size=(d // 2 + 1, s)), 2, axis=0)[:d]
    return columns_with(places, values / np.sqrt(s), k)


@mistake("02.3", caught_by="check", says="nonzeros instead of 4")
def a_coin_for_each_entry(d, k, s, rng):
    hits = rng.random((k, d)) < s / k
    return scipy.sparse.csc_array(hits * rng.choice([-1.0, 1.0], (k, d)) / np.sqrt(s))


@mistake("02.3", caught_by="check", says="not one and the others from it")
def at_equal_distances(d, k, s, rng):
    places = (rng.integers(k, size=(d, 1)) + np.arange(s) * k // s) % k
    return columns_with(places, rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s), k)


@mistake("02.3", caught_by="check", says="should be of float64")
def in_single_precision(d, k, s, rng):
    edges = np.linspace(0, k, s + 1).astype(int)
    places = rng.integers(edges[:-1], edges[1:], size=(d, s))
    values = rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s)
    return columns_with(places, values.astype(np.float32), k)


@mistake("02.3", caught_by="cost", says="The random numbers for 500 columns")
def shuffles_all_rows_for_each_column(d, k, s, rng):
    places = np.array([rng.permutation(k)[:s] for _ in range(d)])
    return columns_with(places, rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s), k)


@mistake("02.3", caught_by="edge case", says="last row is never used")
def ranges_of_equal_length(d, k, s, rng):
    places = rng.integers(k // s, size=(d, s)) + np.arange(s) * (k // s)
    return columns_with(places, rng.choice([-1.0, 1.0], size=(d, s)) / np.sqrt(s), k)


@mistake("02.3", caught_by="check", says="write this one yourself")
def forwards(d, k, s, rng):
    from course_lib.randomness import SparseProjection

    seed = int(rng.integers(2**31))
    P = SparseProjection(k, density=s / k, random_state=seed)
    return P.fit(np.zeros((1, d))).components_


@mistake("02.3", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(d, k, s, rng):
    from sklearn.random_projection import SparseRandomProjection

    seed = int(rng.integers(2**31))
    P = SparseRandomProjection(k, density=s / k, random_state=seed)
    return P.fit(np.zeros((1, d))).components_


def scaled(C, R, held, total):
    """The two factors from what the places hold."""
    factors = np.sqrt(total / (len(held) * held))[:, None]
    return (C * factors).T, R * factors


def pairs(columns, rows):
    """The pairs of two streams with their weights."""
    for a_block, b_block in zip(columns.blocks(50), rows.blocks(50), strict=True):
        for a, b in zip(a_block, b_block, strict=True):
            yield a, b, np.linalg.norm(a) * np.linalg.norm(b)


@mistake("02.4", caught_by="check", says="one pass over each")
def in_two_passes(columns, rows, size, rng):
    weights = np.array([weight for _, _, weight in pairs(columns, rows)])
    A, B = np.vstack(list(columns.blocks(50))), np.vstack(list(rows.blocks(50)))
    chosen = rng.choice(len(weights), size, p=weights / weights.sum())
    return scaled(A[chosen], B[chosen], weights[chosen], weights.sum())


@mistake("02.4", caught_by="check", says="random number for each place")
def one_coin_for_all_places(columns, rows, size, rng):
    total, C, R, held = 0.0, None, None, np.ones(size)
    for a, b, weight in pairs(columns, rows):
        total += weight
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        if weight > 0 and rng.random() < weight / total:
            C[:], R[:], held[:] = a, b, weight
    return scaled(C, R, held, total)


@mistake("02.4", caught_by="check", says="in proportion to its weight")
def uniform(columns, rows, size, rng):
    seen, C, R = 0, None, None
    for a, b, _ in pairs(columns, rows):
        seen += 1
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        taken = rng.random(size) < 1 / seen
        C[taken], R[taken] = a, b
    return scaled(C, R, np.ones(size), seen)


@mistake("02.4", caught_by="check", says="The estimate from a single pair")
def without_scale(columns, rows, size, rng):
    total, C, R = 0.0, None, None
    for a, b, weight in pairs(columns, rows):
        total += weight
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        taken = rng.random(size) < weight / max(total, 1e-300)
        C[taken], R[taken] = a, b
    return C.T, R


@mistake("02.4", caught_by="check", says="30 equal pairs")
def the_sum_so_far(columns, rows, size, rng):
    total, C, R, held, then = 0.0, None, None, np.ones(size), np.ones(size)
    for a, b, weight in pairs(columns, rows):
        total += weight
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        if weight > 0:
            taken = rng.random(size) < weight / total
            C[taken], R[taken], held[taken], then[taken] = a, b, weight, total
    factors = np.sqrt(then / (size * held))[:, None]
    return (C * factors).T, R * factors


@mistake("02.4", caught_by="check", says="Several may hold the same pair")
def without_replacement(columns, rows, size, rng):
    keys, kept, total = [], [], 0.0
    for a, b, weight in pairs(columns, rows):
        total += weight
        keys.append(rng.random() ** (1 / max(weight, 1e-300)))
        kept.append((a, b, max(weight, 1e-300)))
    best = [kept[i] for i in np.argsort(keys)[::-1][:size]]
    best = [best[i % len(best)] for i in range(size)]
    C, R, held = (np.array(part) for part in zip(*best, strict=True))
    return scaled(C, R, held, total)


@mistake("02.4", caught_by="check", says="not evenly")
def squared_norms(columns, rows, size, rng):
    total, C, R, held = 0.0, None, None, np.ones(size)
    for a, b, weight in pairs(columns, rows):
        total += weight**2
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        if weight > 0:
            taken = rng.random(size) < weight**2 / total
            C[taken], R[taken], held[taken] = a, b, weight**2
    return scaled(C, R, held, total)


@mistake("02.4", caught_by="check", says="C should have shape")
def rows_for_columns(columns, rows, size, rng):
    A, B = np.vstack(list(columns.blocks(50))), np.vstack(list(rows.blocks(50)))
    weights = np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1)
    chosen = rng.choice(len(weights), size, p=weights / weights.sum())
    C, R = scaled(A[chosen], B[chosen], weights[chosen], weights.sum())
    return C.T, R


def placed(columns, rows, size, rng, weigh):
    """The right answer for weights of another kind."""
    total, C, R, held = 0.0, None, None, np.ones(size)
    for a, b, _ in pairs(columns, rows):
        total += weigh(a, b)
        if C is None:
            C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
        if weigh(a, b) > 0:
            taken = rng.random(size) < weigh(a, b) / total
            C[taken], R[taken], held[taken] = a, b, weigh(a, b)
    return scaled(C, R, held, total)


@mistake("02.4", caught_by="edge case", says="Two pairs of equal weight")
def sums_of_absolute_values(columns, rows, size, rng):
    return placed(columns, rows, size, rng, lambda a, b: np.abs(a).sum() * np.abs(b).sum())


@mistake("02.4", caught_by="accuracy", says="against the exact formula")
def only_the_norm_of_the_column(columns, rows, size, rng):
    return placed(columns, rows, size, rng, lambda a, b: np.linalg.norm(a))


@mistake("02.4", caught_by="check", says="The same rng gave two samples")
def draws_of_its_own(columns, rows, size, rng):
    def weigh(a, b):
        return np.linalg.norm(a) * np.linalg.norm(b)

    return placed(columns, rows, size, np.random.default_rng(), weigh)


@mistake("02.4", caught_by="edge case", says="NaN or infinity")
def divides_by_zero(columns, rows, size, rng):
    total, C, R, held = 0.0, None, None, np.zeros(size)
    with np.errstate(all="ignore"):
        for a, b, weight in pairs(columns, rows):
            total += weight
            if C is None:
                C, R = np.zeros((size, len(a))), np.zeros((size, len(b)))
            taken = rng.random(size) < weight / total
            C[taken], R[taken], held[taken] = a, b, weight
        return scaled(C, R, held, total)


@mistake("02.4", caught_by="check", says="write this one yourself")
def forwards(columns, rows, size, rng):
    from course_lib.randomness import sample_product

    A, B = np.vstack(list(columns.blocks(50))), np.vstack(list(rows.blocks(50)))
    return sample_product(A.T, B, size, rng=rng)[:2]


@mistake("02.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(columns, rows, size, rng):
    from course_lib import randomness as toolbox

    draw = toolbox.sample_product
    C, R, _ = draw(np.vstack(list(columns.blocks(9))).T, np.vstack(list(rows.blocks(9))), size)
    return C, R


@mistake("02.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(x, sums):
    sums(x[: len(x) // 2], x[len(x) // 2 :])


@mistake("02.5", caught_by="check", says="divided by sqrt(n)")
def orthonormal(x, sums):
    y, half = x.copy(), 1
    while half < len(x):
        pairs = y.reshape(-1, 2, half)
        both = sums(pairs[:, 0].ravel(), pairs[:, 1].ravel())
        y = np.stack([part.reshape(-1, half) for part in both], axis=1).ravel()
        half *= 2
    return y / np.sqrt(len(x))


@mistake("02.5", caught_by="check", says="in another order")
def not_put_back(x, sums):
    y, size = x.copy(), len(x)
    y = np.concatenate(sums(y[: size // 2], y[size // 2 :])) if size > 1 else y
    for half in 2 ** np.arange(int(np.log2(size)) - 1):
        pairs = y.reshape(-1, 2, half)
        both = sums(pairs[:, 0].ravel(), pairs[:, 1].ravel())
        y = np.stack([part.reshape(-1, half) for part in both], axis=1).ravel()
    return y[::-1]


@mistake("02.5", caught_by="check", says="changes its argument x in place")
def in_place(x, sums):
    half = 1
    while half < len(x):
        pairs = x.reshape(-1, 2, half)
        plus, minus = sums(pairs[:, 0].ravel(), pairs[:, 1].ravel())
        pairs[:, 0], pairs[:, 1] = plus.reshape(-1, half), minus.reshape(-1, half)
        half *= 2
    return x


@mistake("02.5", caught_by="check", says="Is something added twice?")
def as_it_is_written(x, sums):
    n = len(x)
    y = np.zeros_like(x)
    bits = np.array([[(i & j).bit_count() % 2 for j in range(n)] for i in range(n)])
    for j in range(n):
        plus, minus = sums(y, np.full(n, x[j]))
        y = np.where(bits[:, j] == 0, plus, minus)
    return y


@mistake("02.5", caught_by="check", says="by one call")
def pair_by_pair(x, sums):
    y, half = list(x), 1
    while half < len(y):
        for i in range(len(y)):
            if not i & half:
                plus, minus = sums(np.array([y[i]]), np.array([y[i + half]]))
                y[i], y[i + half] = plus[0], minus[0]
        half *= 2
    return np.array(y)


@mistake("02.5", caught_by="check", says="by one call")
def recursive(x, sums):
    if len(x) == 1:
        return x.copy()
    half = len(x) // 2
    left, right = recursive(x[:half], sums), recursive(x[half:], sums)
    return np.concatenate(sums(left, right))


@mistake("02.5", caught_by="check", says="add through it only")
def not_by_sums(x, sums):
    y, half = x.copy(), 1
    while half < len(x):
        pairs = y.reshape(-1, 2, half)
        y = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).ravel()
        half *= 2
    return y


def by_rounds(x, sums):
    """The right answer, if ``sums`` is the one that was given."""
    y, half = np.array(x), 1
    while half < len(x):
        pairs = y.reshape(-1, 2, half)
        both = sums(pairs[:, 0].ravel(), pairs[:, 1].ravel())
        y = np.stack([part.reshape(-1, half) for part in both], axis=1).ravel()
        half *= 2
    return y


@mistake("02.5", caught_by="check", says="made of what `sums` returned")
def adds_by_itself_and_lets_zeros_be_counted(x, sums):
    def counted(u, v):
        sums(0 * u, 0 * v)
        return u + v, u - v

    return by_rounds(x, counted)


@mistake("02.5", caught_by="cost", says="n = 1 takes 0 additions")
def a_round_for_one_number(x, sums):
    return by_rounds(x, sums) if len(x) > 1 else (sums(x, x)[0] / 2).astype(x.dtype)


@mistake("02.5", caught_by="edge case", says="The transform of one number should have shape")
def a_number_for_one_number(x, sums):
    return by_rounds(x, sums) if len(x) > 1 else x[0]


@mistake("02.5", caught_by="edge case", says="float32 became float64")
def in_double_precision(x, sums):
    return by_rounds(x.astype(float), sums)


@mistake("02.5", caught_by="check", says="write this one yourself")
def forwards(x, sums):
    from course_lib.randomness import fwht

    return fwht(x)


@mistake("02.5", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(x, sums):
    from scipy.linalg import hadamard

    return hadamard(len(x)) @ x
