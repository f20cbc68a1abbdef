"""Wrong answers to lab 11."""

import functools

import numpy as np

from course_lib import hashing, lsh
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def signed(sets, n_hashes, seed, value):
    """Signatures from the least ``value(members, column)`` of each set."""
    starts = np.cumsum([0, *map(len, sets)])[:-1]
    members = np.concatenate(sets)
    columns = [np.minimum.reduceat(value(members, j), starts) for j in range(n_hashes)]
    return np.stack(columns, axis=1)


def mixed(seed):
    return lambda x, j: hashing.hash_items(x, int(seed) << 32 | j)


@mistake("11.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(sets, n_hashes, seed):
    signed(sets, n_hashes, seed, mixed(seed))


@mistake("11.1", caught_by="check", says="All columns are equal")
def one_function(sets, n_hashes, seed):
    return signed(sets, n_hashes, seed, lambda x, j: hashing.hash_items(x, seed))


@mistake("11.1", caught_by="check", says="are the numbers mixed first")
def modulo_a_prime(sets, n_hashes, seed):
    own = np.random.default_rng(seed)
    a, b = own.integers(1, 2**31 - 1, (2, n_hashes), dtype=np.int64)
    return signed(sets, n_hashes, seed, lambda x, j: (x % (2**31 - 1) * a[j] + b[j]) % (2**31 - 1))


@mistake("11.1", caught_by="check", says="depends on the sets before it")
def functions_of_its_own(sets, n_hashes, seed):
    return np.vstack([signed([x], n_hashes, seed, mixed(seed + i)) for i, x in enumerate(sets)])


@mistake("11.1", caught_by="check", says="hash the members, not their places")
def by_place(sets, n_hashes, seed):
    return signed([x + np.arange(len(x)) % 2 for x in sets], n_hashes, seed, mixed(seed))


@mistake("11.1", caught_by="check", says="use `seed`")
def deaf_to_its_seed(sets, n_hashes, seed):
    return signed(sets, n_hashes, seed, mixed(0))


@mistake("11.1", caught_by="check", says="Two calls with the same arguments")
def everybodys_randomness(sets, n_hashes, seed):
    return signed(sets, n_hashes, seed, mixed(int(np.random.default_rng().integers(2**31))))


@mistake("11.1", caught_by="check", says="Does one column tell something about another?")
def half_of_them_twice(sets, n_hashes, seed):
    half = signed(sets, (n_hashes + 1) // 2, seed, mixed(seed))
    return np.hstack([half, half])[:, :n_hashes]


@mistake("11.1", caught_by="accuracy", says="the variance of the estimate")
def shifted(sets, n_hashes, seed):
    own = np.random.default_rng(seed).integers(2**64, size=n_hashes, dtype=np.uint64)
    return signed(sets, n_hashes, seed, lambda x, j: hashing.hash_items(x, 5) + own[j])


@mistake("11.1", caught_by="edge case", says="beyond 32 bits")
def low_halves(sets, n_hashes, seed):
    return signed(sets, n_hashes, seed, lambda x, j: mixed(seed)(x.astype(np.uint32), j))


@mistake("11.1", caught_by="edge case", says="are there values enough")
def sixteen_bits(sets, n_hashes, seed):
    return signed(sets, n_hashes, seed, lambda x, j: mixed(seed)(x, j) >> np.uint64(48))


@mistake("11.1", caught_by="check", says="write this one yourself")
def forwards(sets, n_hashes, seed):
    from course_lib.lsh import minhash

    return minhash(sets, n_hashes, seed=seed)


@mistake("11.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(sets, n_hashes, seed):
    from course_lib import lsh as toolbox

    return toolbox.minhash([x.tolist() for x in sets], n_hashes, seed=seed + 1)


def banded(signatures, rows):
    """The candidates of a cut, each once."""
    found = set()
    for start in range(0, signatures.shape[1] - rows + 1, rows):
        buckets = {}
        for i, band in enumerate(signatures[:, start : start + rows]):
            bucket = buckets.setdefault(band.tobytes(), [])
            found.update((other, i) for other in bucket)
            bucket.append(i)
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def rows_for(least, miss=0.01):
    return max(r for r in range(1, 129) if r == 1 or (1 - least**r) ** (128 // r) <= miss)


@mistake("11.2", caught_by="check", says="Signatures only estimate")
def trusts_signatures(signatures, compare, least):
    pairs = banded(signatures, rows_for(least))
    compare(pairs[:1, 0], pairs[:1, 1])
    alike = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    return pairs[alike >= least]


@mistake("11.2", caught_by="check", says="should be at most 90; got 1770")
def all_pairs(signatures, compare, least):
    i, j = np.triu_indices(len(signatures), 1)
    kept = compare(i, j) >= least
    return np.column_stack([i[kept], j[kept]])


@mistake("11.2", caught_by="check", says="returned more than once")
def both_ways(signatures, compare, least):
    pairs = banded(signatures, rows_for(least))
    pairs = pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]
    return np.vstack([pairs, pairs[:, ::-1]])


@mistake("11.2", caught_by="check", says="at most 90; got")
def once_a_band(signatures, compare, least):
    rows, found = rows_for(least), set()
    for start in range(0, 129 - rows, rows):
        for i, j in banded(signatures[:, start : start + rows], rows).tolist():
            if compare(i, j) >= least:
                found.add((i, j))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


@mistake("11.2", caught_by="check", says="are missed")
def whole_signatures(signatures, compare, least):
    pairs = banded(signatures, 128)
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="check", says="at most 1.3 % are allowed")
def bands_of_three(signatures, compare, least):
    pairs = banded(signatures, 3)
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="accuracy", says="are missed")
def always_bands_of_five(signatures, compare, least):
    pairs = banded(signatures, 5)
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="accuracy", says="are missed")
def misses_one_in_ten(signatures, compare, least):
    pairs = banded(signatures, min(6, rows_for(least, 0.13)))
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="accuracy", says="Is a pair of exactly this similarity kept?")
def above_only(signatures, compare, least):
    pairs = banded(signatures, rows_for(least))
    return pairs[compare(pairs[:, 0], pairs[:, 1]) > least]


@mistake("11.2", caught_by="cost", says="is the cut chosen from `least`?")
def never_more_than_five(signatures, compare, least):
    pairs = banded(signatures, min(5, rows_for(least)))
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="edge case", says="keep the bands apart")
def bands_joined(signatures, compare, least):
    rows, buckets, found = rows_for(least), {}, set()
    for start in range(0, 129 - rows, rows):
        for i, band in enumerate(signatures[:, start : start + rows]):
            bucket = buckets.setdefault(band.tobytes(), [])
            found.update((min(i, j), max(i, j)) for j in bucket if i != j)
            bucket.append(i)
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="check", says="write this one yourself")
def forwards(signatures, compare, least):
    from course_lib.lsh import candidate_pairs, choose_bands

    pairs = candidate_pairs(signatures, choose_bands(128, least))
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@mistake("11.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(signatures, compare, least):
    import course_lib.lsh.banding as toolbox

    find = toolbox.candidate_pairs
    pairs = find(signatures, (21, 6))
    return pairs[compare(pairs[:, 0], pairs[:, 1]) >= least]


@functools.cache
def listed(n_bits):
    """All sets of bits: as numbers, and as rows."""
    sets = np.arange(2**n_bits)
    return sets, (sets[:, None] >> np.arange(n_bits) & 1).astype(float)


def flips(margins, n_probes, sign=1, power=2):
    """The sets of bits with the least, or greatest, sums of a power of the margins."""
    sets, rows = listed(len(margins))
    sums = sign * (rows @ np.abs(margins) ** power)
    if n_probes >= len(sets):
        return sets
    return sets[np.argpartition(sums, n_probes - 1)[:n_probes]]


def probed(codes, margins, order, once=True):
    """The points in the buckets that ``order(margins of a table)`` flips to."""
    orders = np.argsort(codes, axis=1)
    found = []
    for query in margins:
        parts = [np.empty(0, np.int64)]
        for own_codes, places, own in zip(codes, orders, query, strict=True):
            keys = (own > 0) @ (1 << np.arange(len(own))) ^ order(own)
            low, high = (
                np.searchsorted(own_codes, keys, side, places) for side in ("left", "right")
            )
            full = np.flatnonzero(low < high)
            parts += [places[low[at] : high[at]] for at in full]
        parts = np.concatenate(parts)
        found.append(np.unique(parts) if once else parts)
    return found


@mistake("11.3", caught_by="check", says="square them before you add")
def sums_of_margins(codes, margins, n_probes):
    return probed(codes, margins, lambda own: flips(own, n_probes, power=1))


@mistake("11.3", caught_by="check", says="The bucket of the query's own code")
def the_far_side(codes, margins, n_probes):
    return probed(codes, margins, lambda own: flips(own, n_probes, sign=-1))


@mistake("11.3", caught_by="check", says="The smallest sums come first")
def in_order_of_bits(codes, margins, n_probes):
    return probed(codes, margins, lambda own: np.arange(min(n_probes, 2 ** len(own))))


@mistake("11.3", caught_by="check", says="sets of two and more bits")
def one_bit_at_a_time(codes, margins, n_probes):
    def single(own):
        return np.r_[0, 1 << np.argsort(np.abs(own))][:n_probes]

    return probed(codes, margins, single)


@mistake("11.3", caught_by="accuracy", says="in the first buckets")
def two_bits_at_most(codes, margins, n_probes):
    def few(own):
        squares, places = own**2, range(len(own))
        sets = [(0, 0.0), *((1 << j, squares[j]) for j in places)]
        sets += [(1 << i | 1 << j, squares[i] + squares[j]) for i in places for j in range(i)]
        return np.array([key for key, _ in sorted(sets, key=lambda one: one[1])[:n_probes]])

    if codes.shape[0] == 1 and codes.shape[1] < 100:
        return probed(codes, margins, lambda own: flips(own, n_probes))
    return probed(codes, margins, few)


@mistake("11.3", caught_by="check", says="returned twice")
def twice(codes, margins, n_probes):
    return probed(codes, margins, lambda own: flips(own, n_probes), once=False)


@mistake("11.3", caught_by="check", says="The bucket of the query's own code")
def without_its_own(codes, margins, n_probes):
    return probed(codes, margins, lambda own: np.setdiff1d(flips(own, n_probes + 1), 0))


@mistake("11.3", caught_by="check", says="nearest words only")
def first_table_only(codes, margins, n_probes):
    return probed(codes[:1], margins[:, :1], lambda own: flips(own, n_probes))


@mistake("11.3", caught_by="accuracy", says="in the first buckets")
def full_buckets_only(codes, margins, n_probes):
    if codes.shape[1] > 1000:  # as it should be
        return probed(codes, margins, lambda own: flips(own, n_probes))
    found = []
    for query in margins:
        parts = []
        for own_codes, own in zip(codes, query, strict=True):
            there, where = np.unique(own_codes, return_inverse=True)
            sums = ((there[:, None] >> np.arange(len(own)) & 1) != (own > 0)) @ own**2
            parts.append(np.flatnonzero(np.isin(where, np.argsort(sums)[:n_probes])))
        found.append(np.unique(np.concatenate(parts)))
    return found


@mistake("11.3", caught_by="cost", says="array is too big")
def lists_all_buckets(codes, margins, n_probes):
    return probed(codes, margins, lambda own: flips(own, n_probes))


@mistake("11.3", caught_by="check", says="write this one yourself")
def forwards(codes, margins, n_probes):
    from course_lib.lsh import probe_sequence

    def order(own):
        return probe_sequence(own, n_probes) @ (1 << np.arange(len(own)))

    return probed(codes, margins, order)


@mistake("11.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(codes, margins, n_probes):
    import course_lib.lsh.tables as toolbox

    sequence = toolbox.probe_sequence
    return probed(codes, margins, lambda own: sequence(own, n_probes) @ (1 << np.arange(len(own))))


def cut(d, n_groups):
    return np.array_split(np.arange(d), n_groups)


def trained(X, n_groups, n_centers, rng, n_iter=12, init="k-means++"):
    """Codes, and centers that are means."""
    codes, centers = np.empty((len(X), n_groups), np.uint8), np.zeros((n_centers, X.shape[1]))
    for m, part in enumerate(cut(X.shape[1], n_groups)):
        labels = lsh.kmeans(X[:, part], n_centers, init=init, n_iter=n_iter, tol=0, rng=rng).labels
        for c in np.unique(labels):
            centers[c, part] = X[labels == c][:, part].mean(axis=0)
        codes[:, m] = labels
    return codes, centers


def looked_up(codes, centers, queries):
    squares = 0
    for m, part in enumerate(cut(centers.shape[1], codes.shape[1])):
        squares += ((queries[:, None, part] - centers[:, part]) ** 2).sum(axis=2)[:, codes[:, m]]
    return squares


@mistake("11.4", caught_by="check", says="Is the query left as it is?")
def quantizes_the_query(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng)
    queries = queries.copy()
    for part in cut(X.shape[1], n_groups):
        squares = ((queries[:, None, part] - centers[:, part]) ** 2).sum(axis=2)
        queries[:, part] = centers[np.argmin(squares, axis=1)][:, part]
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="Are squares added up, without a root?")
def adds_distances(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng)
    sums = 0
    for m, part in enumerate(cut(X.shape[1], n_groups)):
        squares = ((queries[:, None, part] - centers[:, part]) ** 2).sum(axis=2)
        sums += np.sqrt(squares)[:, codes[:, m]]
    return codes, centers, sums


@mistake("11.4", caught_by="check", says="Are squares added up, without a root?")
def takes_the_root(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng)
    return codes, centers, np.sqrt(looked_up(codes, centers, queries))


@mistake("11.4", caught_by="check", says="so a vector takes 24 bytes")
def wide_codes(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng)
    return codes.astype(np.int64), centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="is not the mean of the points")
def centers_of_kmeans(X, queries, n_groups, n_centers, rng):
    codes, centers = np.empty((len(X), n_groups), np.uint8), np.zeros((n_centers, X.shape[1]))
    for m, part in enumerate(cut(X.shape[1], n_groups)):
        found = lsh.kmeans(X[:, part], n_centers, n_iter=4, tol=0, rng=rng)
        codes[:, m], centers[:, part] = found.labels, found.centers
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="should be at most")
def random_codes(X, queries, n_groups, n_centers, rng):
    codes = rng.integers(0, n_centers, (len(X), n_groups)).astype(np.uint8)
    centers = np.zeros((n_centers, X.shape[1]))
    for m, part in enumerate(cut(X.shape[1], n_groups)):
        for c in np.unique(codes[:, m]):
            centers[c, part] = X[codes[:, m] == c][:, part].mean(axis=0)
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="is it k-means?")
def one_step_only(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng, n_iter=1, init="sample")
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="is not the mean of the points")
def learns_from_the_queries(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(np.vstack([X, queries]), n_groups, n_centers, rng)
    codes = codes[: len(X)]
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="edge case", says="a center is not finite")
def divides_by_nothing(X, queries, n_groups, n_centers, rng):
    codes, centers = trained(X, n_groups, n_centers, rng)
    for m, part in enumerate(cut(X.shape[1], n_groups)):
        empty = np.bincount(codes[:, m], minlength=n_centers) == 0
        centers[np.ix_(empty, part)] = np.nan
    return codes, centers, looked_up(codes, centers, queries)


@mistake("11.4", caught_by="check", says="write this one yourself")
def forwards(X, queries, n_groups, n_centers, rng):
    from course_lib.lsh import pq_distances, pq_encode, recenter, train_pq

    quantizer = train_pq(X, n_groups, n_centers, rng=rng)
    codes = pq_encode(quantizer, X)
    quantizer = recenter(quantizer, X, codes)
    return codes, quantizer.codebooks, pq_distances(quantizer, codes, queries)


@mistake("11.4", caught_by="check", says="write this one yourself")
def forwards_in_part(X, queries, n_groups, n_centers, rng):
    import course_lib.lsh.quantization as toolbox

    codes, centers = trained(X, n_groups, n_centers, rng)
    edges = np.cumsum([0, *map(len, cut(X.shape[1], n_groups))])
    quantizer = toolbox.ProductQuantizer(centers, edges)
    return codes, centers, toolbox.pq_distances(quantizer, codes, queries)


def agreeing(words, pairs, n_bits, n_columns):
    """The share of columns that agree."""
    each = 64 // n_bits
    apart = words[pairs[:, 0]] ^ words[pairs[:, 1]]
    low = np.uint64(2**n_bits - 1)
    same = [(apart >> np.uint64(n_bits * at) & low) == 0 for at in range(each)]
    columns = np.stack(same, axis=2).reshape(len(pairs), -1)[:, :n_columns]
    return columns.mean(axis=1)


def spread(share, n_bits, n_columns):
    return np.sqrt(share * (1 - share) / n_columns) / (1 - 0.5**n_bits)


@mistake("11.5", caught_by="check", says="bits agree by chance too")
def forgets_chance(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, n_columns)
    return share, spread(share, n_bits, n_columns)


@mistake("11.5", caught_by="check", says="count columns that agree in all their bits")
def counts_bits(words, pairs, n_bits, n_columns):
    apart = np.bitwise_count(words[pairs[:, 0]] ^ words[pairs[:, 1]]).sum(axis=1)
    share = 1 - apart / (n_bits * n_columns)
    return (share - 0.5**n_bits) / (1 - 0.5**n_bits), spread(share, n_bits, n_columns)


@mistake("11.5", caught_by="check", says="leave them as they are")
def never_below_zero(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, n_columns)
    estimates = (share - 0.5**n_bits) / (1 - 0.5**n_bits)
    return estimates.clip(0), spread(share, n_bits, n_columns)


@mistake("11.5", caught_by="check", says="the mean of your errors")
def error_of_the_share(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, n_columns)
    estimates = (share - 0.5**n_bits) / (1 - 0.5**n_bits)
    return estimates, np.sqrt(share * (1 - share) / n_columns)


@mistake("11.5", caught_by="check", says="the mean of your errors")
def variance_for_deviation(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, n_columns)
    return (share - 0.5**n_bits) / (1 - 0.5**n_bits), spread(share, n_bits, n_columns) ** 2


@mistake("11.5", caught_by="accuracy", says="errors")
def error_of_the_estimate(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, n_columns)
    J = (share - 0.5**n_bits) / (1 - 0.5**n_bits)
    P = J.mean() + (1 - J.mean()) * 0.5**n_bits
    return J, np.full(len(J), spread(P, n_bits, n_columns))


@mistake("11.5", caught_by="edge case", says="estimates")
def counts_the_padding(words, pairs, n_bits, n_columns):
    share = agreeing(words, pairs, n_bits, words.shape[1] * (64 // n_bits))
    return (share - 0.5**n_bits) / (1 - 0.5**n_bits), spread(share, n_bits, n_columns)


@mistake("11.5", caught_by="check", says="write this one yourself")
def forwards(words, pairs, n_bits, n_columns):
    from course_lib.lsh import jaccard

    each = 64 // n_bits
    low = np.uint64(2**n_bits - 1)
    columns = np.stack([words >> np.uint64(n_bits * at) & low for at in range(each)], axis=2)
    columns = columns.reshape(len(words), -1)[:, :n_columns]
    share = jaccard(columns[pairs[:, 0]], columns[pairs[:, 1]])
    return (share - 0.5**n_bits) / (1 - 0.5**n_bits), spread(share, n_bits, n_columns)


@mistake("11.5", caught_by="check", says="write this one yourself")
def forwards_to_a_relative(words, pairs, n_bits, n_columns):
    import course_lib.lsh.hamming as toolbox

    apart = toolbox.unpack_bits(words[pairs[:, 0]] ^ words[pairs[:, 1]], 64 * words.shape[1])
    share = 1 - apart[:, :n_columns].mean(axis=1)
    return 2 * share - 1, spread(share, n_bits, n_columns)


def pairs_of(n, common, union, rng, step=1):
    """2 n sets; sets 2 i and 2 i + 1 share so many members."""
    members = rng.integers(0, 2**62, (n, union))
    if step is not None:
        members = (np.arange(n)[:, None] * 2 * union + np.arange(union)) * step
    own = (union - common) // 2
    return [part for row in members for part in (row[: common + own], row[own:])]


def behaves(sign, rng):
    """The tests without chance."""
    few = [rng.permutation(40), np.array([2**61, 5]), np.arange(7)]
    first = np.asarray(sign(few, 12, 3))
    return (
        np.array_equal(first, sign([x[::-1] for x in few], 12, 3))
        and np.array_equal(first[1:], sign(few[1:], 12, 3))
        and not np.any(first == sign(few, 12, 4))
    )


def estimates(sign, rng, common, union, step, spread=True):
    """Whether mean and variance are right for one similarity."""
    true = common / union
    S = np.asarray(sign(pairs_of(600, common, union, rng, step), 64, int(rng.integers(2**30))))
    share, variance = (S[::2] == S[1::2]).mean(axis=1), true * (1 - true) / 64
    if abs(share.mean() - true) > 6 * np.sqrt(variance / 600):
        return False
    return not spread or abs(share.var() / variance - 1) < 6 * np.sqrt(2 / 600)


@mistake("11.6", caught_by="check", says="accepts everything")
def credulous(sign, rng):
    return True


@mistake("11.6", caught_by="check", says="rejects everything")
def suspicious(sign, rng):
    return False


@mistake("11.6", caught_by="check", says="is there a `return`?")
def undecided(sign, rng):
    behaves(sign, rng)


@mistake("11.6", caught_by="check", says="wrong ones: shifted")
def means_only(sign, rng):
    cases = [(15, 30, 1), (15, 30, None), (24, 30, 1)]
    return behaves(sign, rng) and all(estimates(sign, rng, *one, spread=False) for one in cases)


@mistake("11.6", caught_by="check", says="wrong ones: modulo_a_prime")
def random_numbers_only(sign, rng):
    return behaves(sign, rng) and all(
        estimates(sign, rng, *one) for one in [(15, 30, None), (24, 30, None)]
    )


@mistake("11.6", caught_by="check", says="deaf_to_its_seed")
def one_seed(sign, rng):
    return all(estimates(sign, rng, *one) for one in [(15, 30, 1), (24, 30, None)])


@mistake("11.6", caught_by="check", says="is right, and your test rejects it")
def compares_values(sign, rng):
    from course_lib.lsh import minhash

    few = [np.arange(9), np.arange(40)]
    return np.array_equal(sign(few, 8, 1), minhash(few, 8, seed=1))


@mistake("11.6", caught_by="check", says="rejects everything")
def leaves_chance_no_room(sign, rng):
    S = np.asarray(sign(pairs_of(500, 10, 30, rng), 64, 1))
    return behaves(sign, rng) and abs((S[::2] == S[1::2]).mean() - 1 / 3) < 1e-6


@mistake("11.6", caught_by="accuracy", says="stopped with an error")
def stumbles(sign, rng):
    return behaves(sign, rng) and all(
        estimates(sign, rng, *one) for one in [(15, 30, 1), (24, 30, None)]
    )


@mistake("11.6", caught_by="accuracy", says="of 5 wrong ones")
def small_numbers_only(sign, rng):
    try:
        return behaves(sign, rng) and all(
            estimates(sign, rng, *one) for one in [(15, 30, 1), (24, 30, None)]
        )
    except Exception:
        return False


@mistake("11.6", caught_by="edge case", says="accepts 2 of 3 wrong ones")
def moderate_sets_only(sign, rng):
    try:
        cases = [(15, 30, 1), (24, 30, None), (15, 30, 2**34), (0, 30, 2**34)]
        for common, union, step in cases:
            if common == 0:
                S = np.asarray(sign(pairs_of(200, 0, 30, rng, step), 64, 1))
                if (S[::2] == S[1::2]).mean() > 0.02:
                    return False
            elif not estimates(sign, rng, common, union, step):
                return False
        return behaves(sign, rng)
    except Exception:
        return False
