"""Wrong answers to lab 12."""

import numpy as np

from course_lib.binary_embeddings import Toeplitz, angle_share, random_signs
from course_lib.lsh import unpack_bits
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


# -------------------------------------------------------------------------------- 12.1


@mistake("12.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(codes, others, n_bits):
    np.bitwise_count(codes ^ others).sum(axis=1)


@mistake("12.1", caught_by="check", says="multiply by pi")
def a_share(codes, others, n_bits):
    return np.bitwise_count(codes ^ others).sum(axis=1) / n_bits


@mistake("12.1", caught_by="check", says="the number of bits that differ")
def a_count(codes, others, n_bits):
    return np.bitwise_count(codes ^ others).sum(axis=1)


@mistake("12.1", caught_by="check", says="pi minus the angle")
def of_those_that_agree(codes, others, n_bits):
    return np.pi * (1 - np.bitwise_count(codes ^ others).sum(axis=1) / n_bits)


@mistake("12.1", caught_by="check", says="in degrees")
def in_degrees(codes, others, n_bits):
    return 180 * np.bitwise_count(codes ^ others).sum(axis=1) / n_bits


@mistake("12.1", caught_by="check", says="the word is longer")
def of_the_words(codes, others, n_bits):
    return np.pi * np.bitwise_count(codes ^ others).sum(axis=1) / (64 * codes.shape[1])


@mistake("12.1", caught_by="check", says="beyond bit 150")
def counts_the_padding(codes, others, n_bits):
    return np.pi * np.bitwise_count(codes ^ others).sum(axis=1) / n_bits


@mistake("12.1", caught_by="check", says="Of codes of 150 bits")
def first_word_alone(codes, others, n_bits):
    return np.pi * np.bitwise_count(codes ^ others)[:, 0] / min(n_bits, 64)


@mistake("12.1", caught_by="edge case", says="Of codes of 64 bits")
def no_bits_of_a_full_word(codes, others, n_bits):
    differ = codes ^ others
    differ[:, -1] &= np.uint64((1 << n_bits % 64) - 1)
    return np.pi * np.bitwise_count(differ).sum(axis=1) / n_bits


@mistake("12.1", caught_by="check", says="changes its argument codes")
def in_place(codes, others, n_bits):
    codes ^= others
    codes[:, -1] <<= np.uint64(-n_bits % 64)
    return np.pi * np.bitwise_count(codes).sum(axis=1) / n_bits


@mistake("12.1", caught_by="check", says="Of opposite codes")
def in_a_byte(codes, others, n_bits):
    differ = unpack_bits(codes, n_bits) != unpack_bits(others, n_bits)
    return np.pi * differ.sum(axis=1, dtype=np.int8) / n_bits


@mistake("12.1", caught_by="check", says="write this one yourself")
def forwards(codes, others, n_bits):
    from course_lib.binary_embeddings import estimate_angle_share

    return np.pi * estimate_angle_share(codes, others, n_bits)


@mistake("12.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(codes, others, n_bits):
    import course_lib.lsh as toolbox

    apart = toolbox.hamming_distances
    return np.pi * np.diag(apart(codes, others)) / n_bits


# -------------------------------------------------------------------------------- 12.2


def three(theta, n_bits, rho):
    """Return the right variances."""
    t = theta / np.pi
    independent = t * (1 - t) / n_bits
    lags = np.arange(1, n_bits)
    exact = independent * (1 + 2 * np.sum((1 - lags / n_bits) * rho[1:n_bits]))
    return independent, exact, independent + np.cbrt(np.log(n_bits) / n_bits**2)


@mistake("12.2", caught_by="check", says="should be a tuple of 3")
def two_of_three(theta, n_bits, rho):
    return three(theta, n_bits, rho)[:2]


@mistake("12.2", caught_by="check", says="has log10")
def by_the_figure(theta, n_bits, rho):
    independent, exact, _ = three(theta, n_bits, rho)
    return independent, exact, independent + np.cbrt(np.log10(n_bits) / n_bits**2)


@mistake("12.2", caught_by="check", says="adds its second term to the first")
def second_term_alone(theta, n_bits, rho):
    independent, exact, bound = three(theta, n_bits, rho)
    return independent, exact, bound - independent


@mistake("12.2", caught_by="check", says="a cube root")
def no_root(theta, n_bits, rho):
    independent, exact, _ = three(theta, n_bits, rho)
    return independent, exact, independent + np.log(n_bits) / n_bits**2


@mistake("12.2", caught_by="check", says="variance of the sum of the bits")
def of_the_sum(theta, n_bits, rho):
    return tuple(n_bits**2 * value for value in three(theta, n_bits, rho))


@mistake("12.2", caught_by="check", says="variance of one bit")
def of_one_bit(theta, n_bits, rho):
    return tuple(n_bits * value for value in three(theta, n_bits, rho))


@mistake("12.2", caught_by="check", says="of the angle; t = theta / pi")
def of_the_angle(theta, n_bits, rho):
    return tuple(np.pi**2 * value for value in three(theta, n_bits, rho))


@mistake("12.2", caught_by="check", says="stands there twice")
def each_pair_once(theta, n_bits, rho):
    independent, exact, bound = three(theta, n_bits, rho)
    return independent, (independent + exact) / 2, bound


@mistake("12.2", caught_by="check", says="not k")
def as_many_of_each_lag(theta, n_bits, rho):
    independent, _, bound = three(theta, n_bits, rho)
    return independent, independent * (1 + 2 * np.sum(rho[1:n_bits])), bound


@mistake("12.2", caught_by="check", says="not 2 k")
def lag_zero_twice(theta, n_bits, rho):
    independent, exact, bound = three(theta, n_bits, rho)
    return independent, exact + independent, bound


@mistake("12.2", caught_by="check", says="the correlations do not come in")
def no_correlations(theta, n_bits, rho):
    independent, _, bound = three(theta, n_bits, rho)
    return independent, independent, bound


@mistake("12.2", caught_by="edge case", says="ZeroDivisionError")
def by_its_own_average(theta, n_bits, rho):
    independent, _, bound = three(theta, n_bits, rho)
    pairs = n_bits * (n_bits - 1)
    mean = sum(2 * (n_bits - lag) * float(rho[lag]) for lag in range(1, n_bits)) / pairs
    return independent, independent * (1 + (n_bits - 1) * mean), bound


@mistake("12.2", caught_by="edge case", says="With rho longer than k")
def all_of_rho(theta, n_bits, rho):
    weights = np.maximum(len(rho) - np.arange(len(rho)), 0) / len(rho)
    independent, _, bound = three(theta, n_bits, rho)
    return independent, independent * (2 * weights @ rho - 1), bound


@mistake("12.2", caught_by="accuracy", says="`exact`")
def never_negative(theta, n_bits, rho):
    return three(theta, n_bits, np.maximum(rho, 0))


@mistake("12.2", caught_by="check", says="write this one yourself")
def forwards(theta, n_bits, rho):
    from course_lib.binary_embeddings import variance_bound

    return *three(theta, n_bits, rho)[:2], variance_bound(theta, n_bits).total


@mistake("12.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(theta, n_bits, rho):
    import course_lib.binary_embeddings as toolbox

    limit = toolbox.variance_bound(theta, max(n_bits, 2))
    return limit.independent, three(theta, n_bits, rho)[1], limit.total


# -------------------------------------------------------------------------------- 12.3


def measured(make, P, R, draws, hashed, center=None):
    """Return the two ratios; ``hashed(matrix, X, which)`` makes bits with and without D."""
    t = angle_share(P, R)
    squares = np.zeros((2, len(P)))
    for _ in range(draws):
        matrix = make()
        for row in range(2):
            differ = hashed(matrix, P, row) != hashed(matrix, R, row)
            squares[row] += (differ.mean(axis=1) - t) ** 2
    return (squares / draws / (t * (1 - t) / matrix.shape[0])).mean(axis=1)


@mistake("12.3", caught_by="check", says="before it comes to the matrix, not after")
def signs_after(make, P, R, draws, rng):
    t, squares = angle_share(P, R), np.zeros((2, len(P)))
    for _ in range(draws):
        matrix = make()
        D = rng.choice([-1, 1], matrix.shape[0])
        p, r = matrix.apply(P), matrix.apply(R)
        squares[0] += ((D * p > 0) != (D * r > 0)).mean(axis=1) - t
        squares[1] += ((p > 0) != (r > 0)).mean(axis=1) - t
    return squares.mean(axis=1)


@mistake("12.3", caught_by="check", says="went the same way")
def other_signs_for_r(make, P, R, draws, rng):
    def hashed(matrix, X, row):
        D = rng.choice([-1, 1], X.shape[1]) if row == 0 else 1
        return matrix.apply(D * X) > 0

    return measured(make, P, R, draws, hashed)


@mistake("12.3", caught_by="check", says="went the same way")
def other_signs_for_each_pair(make, P, R, draws, rng):
    t, squares = angle_share(P, R), np.zeros((2, len(P)))
    for _ in range(draws):
        matrix, D = make(), rng.choice([-1, 1], P.shape)
        for row, signs in enumerate([D, 1]):
            differ = (matrix.apply(signs * P) > 0) != (matrix.apply(signs * R) > 0)
            squares[row] += (differ.mean(axis=1) - t) ** 2
    return (squares / draws / (t * (1 - t) / matrix.shape[0])).mean(axis=1)


@mistake("12.3", caught_by="check", says="no zeros in D")
def zeros_and_ones(make, P, R, draws, rng):
    def hashed(matrix, X, row):
        return matrix.apply(X * D if row == 0 else X - 1e-3) > 0

    D = rng.integers(0, 2, P.shape[1])
    return measured(make, P, R, draws, hashed)


@mistake("12.3", caught_by="check", says="had the same D")
def one_d_for_all_draws(make, P, R, draws, rng):
    D = rng.choice([-1, 1], P.shape[1])
    return measured(make, P, R, draws, lambda M, X, row: M.apply(X * D if row == 0 else X) > 0)


@mistake("12.3", caught_by="check", says="make() was called 12 times")
def two_matrices_a_draw(make, P, R, draws, rng):
    t, squares = angle_share(P, R), np.zeros((2, len(P)))
    for _ in range(draws):
        for row, D in enumerate([rng.choice([-1, 1], P.shape[1]), 1]):
            matrix = make()
            differ = (matrix.apply(D * P) > 0) != (matrix.apply(D * R) > 0)
            squares[row] += (differ.mean(axis=1) - t) ** 2
    return (squares / draws / (t * (1 - t) / matrix.shape[0])).mean(axis=1)


@mistake("12.3", caught_by="check", says="make() was called 1 times")
def one_matrix(make, P, R, draws, rng):
    matrix = make()
    return one_draw_each(lambda: matrix, P, R, draws, rng)


def one_draw_each(make, P, R, draws, rng, power=2, center=None):
    """Return the right ratios."""
    t = angle_share(P, R)
    shares = np.zeros((2, draws, len(P)))
    for draw in range(draws):
        matrix, D = make(), rng.choice([-1, 1], P.shape[1])
        for row, signs in enumerate([D, 1]):
            differ = (matrix.apply(signs * P) > 0) != (matrix.apply(signs * R) > 0)
            shares[row, draw] = differ.mean(axis=1)
    middle = t if center is None else center(shares)
    unit = t * (1 - t) / matrix.shape[0]
    return (np.mean(np.abs(shares - middle) ** power, axis=1) / unit).mean(axis=1)


@mistake("12.3", caught_by="check", says="about the mean of the draws")
def about_the_mean(make, P, R, draws, rng):
    center = lambda shares: shares.mean(axis=1, keepdims=True)  # noqa: E731
    return one_draw_each(make, P, R, draws, rng, center=center)


@mistake("12.3", caught_by="check", says="return with_signs first")
def the_other_way_round(make, P, R, draws, rng):
    return one_draw_each(make, P, R, draws, rng)[::-1]


@mistake("12.3", caught_by="check", says="take their mean")
def a_sum_over_draws(make, P, R, draws, rng):
    return draws * one_draw_each(make, P, R, draws, rng)


@mistake("12.3", caught_by="check", says="k is missing")
def without_k(make, P, R, draws, rng):
    k = []

    def noted():
        matrix = make()
        k.append(matrix.shape[0])
        return matrix

    return one_draw_each(noted, P, R, draws, rng) / k[0]


@mistake("12.3", caught_by="check", says="with_signs should be")
def not_squared(make, P, R, draws, rng):
    return one_draw_each(make, P, R, draws, rng, power=1)


@mistake("12.3", caught_by="check", says="should meet all vectors without D")
def signs_on_both(make, P, R, draws, rng):
    D = rng.choice([-1, 1], P.shape[1])
    return one_draw_each(make, P * D, R * D, draws, rng)


@mistake("12.3", caught_by="check", says="The same rng gave other signs")
def everybodys_randomness(make, P, R, draws, rng):
    return one_draw_each(make, P, R, draws, np.random.default_rng())


@mistake("12.3", caught_by="accuracy", says="The mean of 60 draws of")
def signs_that_go_on(make, P, R, draws, rng):
    t, squares = angle_share(P, R), np.zeros((2, len(P)))
    for _ in range(draws):
        matrix, flips = make(), rng.random(P.shape[1]) < 0.3
        for row, D in enumerate([1 - 2 * (np.cumsum(flips) % 2), 1]):
            differ = (matrix.apply(D * P) > 0) != (matrix.apply(D * R) > 0)
            squares[row] += (differ.mean(axis=1) - t) ** 2
    return (squares / draws / (t * (1 - t) / matrix.shape[0])).mean(axis=1)


# -------------------------------------------------------------------------------- 12.4


def convolved(X, g, D, k, length=None):
    """Return P D x for each row, by the Fourier transform."""
    n = X.shape[1]
    length = length or n + k - 1
    F = np.fft.rfft(D * X, length) * np.fft.rfft(g[::-1], length)
    return np.fft.irfft(F, length)[:, n - 1 : n + k - 1]


@mistake("12.4", caught_by="check", says="All n + k - 1 entries")
def the_whole_convolution(X, k, rng):
    n = X.shape[1]
    g, D = rng.standard_normal(n + k - 1), rng.choice([-1, 1], n)
    return np.fft.irfft(np.fft.rfft(D * X, n + k - 1) * np.fft.rfft(g), n + k - 1)


@mistake("12.4", caught_by="check", says="has no signs of its own")
def no_signs(X, k, rng):
    return convolved(X, rng.standard_normal(X.shape[1] + k - 1), 1, k)


@mistake("12.4", caught_by="check", says="the signs belong to rows")
def signs_after(X, k, rng):
    Y = convolved(X, rng.standard_normal(X.shape[1] + k - 1), 1, k)
    return Y * rng.choice([-1, 1], k)


@mistake("12.4", caught_by="check", says="That is a Hankel matrix")
def rows_move_to_the_left(X, k, rng):
    n = X.shape[1]
    g, D = rng.standard_normal(n + k - 1), rng.choice([-1, 1], n)
    return convolved(X, g, D, k)[:, ::-1]


@mistake("12.4", caught_by="check", says="different numbers")
def wraps_around(X, k, rng):
    n = X.shape[1]
    g = np.resize(rng.standard_normal(max(n, k)), n + k - 1)
    return convolved(X, g, rng.choice([-1, 1], n), k)


@mistake("12.4", caught_by="check", says="irfft(F, length) fixes it")
def irfft_guesses(X, k, rng):
    n = X.shape[1]
    g, D = rng.standard_normal(n + k), rng.choice([-1, 1], n)
    length = n + k - 1 + (n + k) % 2
    F = np.fft.rfft(D * X, length) * np.fft.rfft(g[: n + k - 1][::-1], length)
    return np.fft.irfft(F, length - 1)[:, n - 1 : n + k - 1]


@mistake("12.4", caught_by="check", says="divided by n")
def divided_by_n(X, k, rng):
    n = X.shape[1]
    g, D = rng.standard_normal(n + k - 1), rng.choice([-1, 1], n)
    return convolved(X, g, D, k) / np.sqrt(n)


@mistake("12.4", caught_by="check", says="1.8 if they are uniform")
def uniform(X, k, rng):
    n = X.shape[1]
    g = np.sqrt(12) * (rng.random(n + k - 1) - 0.5)
    return convolved(X, g, rng.choice([-1, 1], n), k)


@mistake("12.4", caught_by="check", says="met another matrix than unit vectors")
def signs_for_each_vector(X, k, rng):
    g = rng.standard_normal(X.shape[1] + k - 1)
    return convolved(X, g, rng.choice([-1, 1], X.shape), k)


@mistake("12.4", caught_by="check", says="Two generators gave one answer")
def always_the_same(X, k, rng):
    rng, n = np.random.default_rng(0), X.shape[1]
    return convolved(X, rng.standard_normal(n + k - 1), rng.choice([-1, 1], n), k)


@mistake("12.4", caught_by="cost", says="words of 64 random bits")
def draws_a_matrix(X, k, rng):
    n = X.shape[1]
    g = rng.standard_normal((k, n + k - 1))[0]
    return convolved(X, g, rng.choice([-1, 1], n), k)


@mistake("12.4", caught_by="cost", says="no room for P")
def forms_the_matrix(X, k, rng):
    n = X.shape[1]
    g, D = rng.standard_normal(n + k - 1), rng.choice([-1, 1], n)
    if n * k > 1 << 32:
        raise MemoryError  # what happens there, without asking every machine for 137 GB
    return (X * D) @ g[np.arange(n) - np.arange(k)[:, None] + k - 1].T


@mistake("12.4", caught_by="check", says="positive as often as negative")
def positive_numbers(X, k, rng):
    n = X.shape[1]
    g, D = np.abs(rng.standard_normal(n + k - 1)), rng.choice([-1, 1], n)
    return convolved(X, g, D, k)


@mistake("12.4", caught_by="accuracy", says="The correlation of neighboring signs")
def signs_mostly_plus(X, k, rng):
    n = X.shape[1]
    D = 1 - 2 * (rng.random(n) < 0.25)
    return convolved(X, rng.standard_normal(n + k - 1), D, k)


@mistake("12.4", caught_by="accuracy", says="The correlation of the signs with g")
def signs_of_g(X, k, rng):
    n = X.shape[1]
    g = rng.standard_normal(n + k - 1)
    return convolved(X, g, np.sign(g[:n]), k)


@mistake("12.4", caught_by="check", says="write this one yourself")
def forwards(X, k, rng):
    from course_lib.binary_embeddings import short_hash

    return short_hash(Toeplitz(k, X.shape[1], rng=rng), rng=rng).project(X)


@mistake("12.4", caught_by="check", says="write this one yourself")
def forwards_with_signs_of_its_own(X, k, rng):
    import course_lib.binary_embeddings as toolbox

    kind = toolbox.MATRICES["toeplitz"]
    return kind(k, X.shape[1], rng=rng).apply(X * random_signs(X.shape[1], rng=rng))


@mistake("12.4", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(X, k, rng):
    from scipy.linalg import matmul_toeplitz

    n = X.shape[1]
    g, D = rng.standard_normal(n + k - 1), rng.choice([-1, 1], n)
    return matmul_toeplitz((g[:k][::-1], g[k - 1 :]), (X * D).T).T


# -------------------------------------------------------------------------------- 12.5


def copies_of(rows):
    """Return how often each row occurs, row by row."""
    texts = [tuple(row) for row in rows.tolist()]
    return np.array([texts.count(text) for text in texts])


def shared(copies):
    """Return the right weights."""
    return 1 / copies / np.sum(1 / copies)


@mistake("12.5", caught_by="check", says="should be a pair")
def ratio_alone(rows):
    return copies_of(rows).mean()


@mistake("12.5", caught_by="check", says="all occur equally often")
def over_the_different(rows):
    copies = copies_of(rows)
    return len(rows) / np.sum(1 / copies), shared(copies)


@mistake("12.5", caught_by="check", says="the order of the numbers in a row matters")
def as_sets(rows):
    copies = copies_of(np.sort(rows, axis=1))
    return copies.mean(), shared(copies)


@mistake("12.5", caught_by="check", says="Copies are not independent")
def no_copies(rows):
    return 1.0, np.full(len(rows), 1 / len(rows))


@mistake("12.5", caught_by="check", says="the number of different rows")
def how_many(rows):
    copies = copies_of(rows)
    return np.sum(1 / copies), shared(copies)


@mistake("12.5", caught_by="check", says="Divide the sum of the squared numbers")
def not_divided(rows):
    copies = copies_of(rows)
    return copies.sum(), shared(copies)


@mistake("12.5", caught_by="check", says="counts three times")
def equal_weights(rows):
    return copies_of(rows).mean(), np.full(len(rows), 1 / len(rows))


@mistake("12.5", caught_by="check", says="The sum of the weights")
def weights_of_any_sum(rows):
    copies = copies_of(rows)
    return copies.mean(), 1 / copies


@mistake("12.5", caught_by="check", says="The weight of each of the three different bits")
def weights_the_wrong_way(rows):
    copies = copies_of(rows)
    return copies.mean(), copies / copies.sum()


@mistake("12.5", caught_by="accuracy", says="BinPerm")
def by_the_first_number(rows):
    copies = copies_of(rows[:, :1])
    return copies.mean(), shared(copies)


@mistake("12.5", caught_by="accuracy", says="The ratio of")
def by_the_first_numbers(rows):
    copies = copies_of(rows[:, :2])
    return copies.mean(), shared(copies)


@mistake("12.5", caught_by="edge case", says="look alike")
def as_text(rows):
    texts = np.array([["".join(map(str, row))] for row in rows.tolist()])
    copies = np.array([np.sum(texts == text) for text in texts])
    return copies.mean(), shared(copies)


# -------------------------------------------------------------------------------- 12.6


def asked(project, rng, m, n, k, seed=None):
    """Return X and what a colleague makes of it."""
    X = rng.standard_normal((m, n))
    own = np.random.default_rng(rng.integers(2**32) if seed is None else seed)
    return X, *project(X, k, own)


def dense(g, n, k):
    """Return the matrix that g promises."""
    return g[np.arange(n) - np.arange(k)[:, None] + k - 1]


@mistake("12.6", caught_by="check", says="Your test accepts everything")
def trusts(project, rng):
    return True


@mistake("12.6", caught_by="check", says="rejects everything")
def trusts_nobody(project, rng):
    return False


@mistake("12.6", caught_by="check", says="is there a `return`?")
def forgot_to_answer(project, rng):
    project(rng.standard_normal((2, 5)), 3, rng)


@mistake("12.6", caught_by="check", says="Your test accepts")
def by_angles_alone(project, rng):
    p, r = np.eye(2, 60)
    shares = []
    for _ in range(40):
        Y = project(np.array([p, p + r]), 60, rng)[0]
        shares.append(np.mean((Y[0] > 0) != (Y[1] > 0)))
    return bool(abs(np.mean(shares) - 0.25) < 0.05)


@mistake("12.6", caught_by="check", says="always_the_same")
def one_seed(project, rng):
    X, Y, g, d = asked(project, rng, 3, 900, 700)
    fits = np.allclose(Y, (X * d) @ dense(g, 900, 700).T)
    return bool(fits and abs(np.mean(d)) < 0.2 and abs(np.std(g) - 1) < 0.2)


@mistake("12.6", caught_by="check", says="rejects everything")
def to_the_last_digit(project, rng):
    X, Y, g, d = asked(project, rng, 3, 900, 700)
    return bool(np.array_equal(Y, (X * d) @ dense(g, 900, 700).T))


@mistake("12.6", caught_by="check", says="The number of calls")
def too_often(project, rng):
    return all(len(asked(project, rng, 1, 9, 9)) == 4 for _ in range(80))


def well_made(project, rng, shapes=((3, 900, 700), (3, 30, 80)), fourth=True, errors=True):
    """Test as the solution does, with what the arguments leave out."""
    for m, n, k in shapes:
        try:
            X, Y, g, d = asked(project, rng, m, n, k, 1)
            again, other = asked(project, rng, m, n, k, 1), asked(project, rng, m, n, k, 2)
        except RuntimeError:
            return False
        if not np.allclose(Y, (X * d) @ dense(g, n, k).T):
            return False
        if not np.array_equal(g, again[2]) or np.array_equal(g, other[2]):
            return False
        if np.any(np.abs(d) != 1):
            return False
        if n > 500 and (abs(d.mean()) > 0.2 or abs(g.mean()) > 0.2 or abs(g.std() - 1) > 0.2):
            return False
        if fourth and n > 500 and not 2.3 < np.mean(g**4) / np.mean(g**2) ** 2 < 4.5:
            return False
    return True


@mistake("12.6", caught_by="accuracy", says="accepts 1 of 6 wrong ones")
def no_fourth_power(project, rng):
    return well_made(project, rng, fourth=False)


@mistake("12.6", caught_by="edge case", says="wrong ones")
def wide_ones_alone(project, rng):
    return well_made(project, rng, shapes=[(3, 900, 700)])


@mistake("12.6", caught_by="edge case", says="wrong ones")
def one_vector(project, rng):
    return well_made(project, rng, shapes=[(1, 900, 700), (2, 30, 80)]) and bool(
        asked(project, rng, 2, 5, 9)[1].all()
    )
