"""Wrong answers to lab 17."""

import numpy as np

from course_lib.kernel_features import FourierFeatures
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def kernel(X, gamma):
    X = np.asarray(X, float)
    return np.exp(-gamma * ((X[:, None] - X[None]) ** 2).sum(axis=2))


def exact(X, F, gamma):
    return (1 - kernel(X, gamma) ** 2) ** 2 / (2 * F)


def pairs(phases):
    return np.hstack([np.cos(phases), np.sin(phases)]) / np.sqrt(phases.shape[1])


@mistake("17.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(X, n_frequencies, gamma, rng):
    pairs(X @ rng.standard_normal((X.shape[1], n_frequencies)))


@mistake("17.1", caught_by="check", says="n_frequencies counts frequencies")
def numbers_for_frequencies(X, n_frequencies, gamma, rng):
    F = max(1, n_frequencies // 2)
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], F))
    return pairs(X @ W), exact(X, F, gamma)


@mistake("17.1", caught_by="check", says="frequencies whose entries have variance gamma;")
def gamma_for_two_gamma(X, n_frequencies, gamma, rng):
    W = np.sqrt(gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="entries have variance (2 gamma)^2")
def variance_for_deviation(X, n_frequencies, gamma, rng):
    W = 2 * gamma * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="which is k(x, x)")
def scale_of_offsets(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return np.sqrt(2) * pairs(X @ W), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="different lengths")
def random_offsets(X, n_frequencies, gamma, rng):
    F = 2 * n_frequencies
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], F))
    Z = np.sqrt(2 / F) * np.cos(X @ W + rng.uniform(0, 2 * np.pi, F))
    K = kernel(X, gamma)
    return Z, (1 + K**4 / 2 - K**2) / F


@mistake("17.1", caught_by="check", says="random offset for each of 2F numbers")
def variance_of_offsets(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    K = kernel(X, gamma)
    return pairs(X @ W), (1 + K**4 / 2 - K**2) / (2 * n_frequencies)


@mistake("17.1", caught_by="check", says="variance of one frequency")
def variance_of_one(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), exact(X, 1, gamma)


@mistake("17.1", caught_by="check", says="7.1: V at")
def variance_by_the_estimate(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    Z = pairs(X @ W)
    return Z, (1 - (Z @ Z.T) ** 2) ** 2 / (2 * n_frequencies)


@mistake("17.1", caught_by="check", says="are all F frequencies independent")
def half_are_copies(X, n_frequencies, gamma, rng):
    few = -(-n_frequencies // 2)
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], few))
    return pairs((X @ np.hstack([W, -W]))[:, :n_frequencies]), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="Two generators gave one answer")
def always_the_same(X, n_frequencies, gamma, rng):
    W = np.random.default_rng(0).standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W * np.sqrt(2 * gamma)), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="The same rng gave two answers")
def everybodys_randomness(X, n_frequencies, gamma, rng):
    W = np.random.default_rng().standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W * np.sqrt(2 * gamma)), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="standard errors off")
def uniform_frequencies(X, n_frequencies, gamma, rng):
    radius = rng.uniform(0, 1, n_frequencies) ** (1 / X.shape[1])
    W = rng.standard_normal((X.shape[1], n_frequencies))
    W *= np.sqrt(2 * gamma * (X.shape[1] + 2)) * radius / np.linalg.norm(W, axis=0)
    return pairs(X @ W), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="Equal rows got different features")
def a_map_for_each_row(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((len(X), X.shape[1], n_frequencies))
    return pairs(np.einsum("nd,ndf->nf", X, W)), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="V is the variance under a root")
def the_standard_deviation(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), np.sqrt(exact(X, n_frequencies, gamma))


@mistake("17.1", caught_by="edge case", says="In one column, the variance")
def half_are_shuffled(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], -(-n_frequencies // 2)))
    W = np.hstack([W, rng.permutation(W)])[:, :n_frequencies]
    return pairs(X @ W), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="write this one yourself")
def forwards(X, n_frequencies, gamma, rng):
    made = FourierFeatures(2 * n_frequencies, gamma=gamma, random_state=int(rng.integers(2**31)))
    return made.fit(X).transform(X), exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="write this one yourself")
def forwards_the_variance(X, n_frequencies, gamma, rng):
    import course_lib.kernel_features as toolbox

    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), toolbox.fourier_variance(kernel(X, gamma), n_frequencies)


def phases_of(X, F, transform, rng, *, steps=3, same_blocks=False, flip=True):
    """The right products with unit vectors, for mistakes made before and after."""
    n, d = X.shape
    P = 1 << (d - 1).bit_length()
    padded = np.zeros((n, P))
    padded[:, :d] = X
    blocks, state = [], rng.bit_generator.state
    for _ in range(-(-F // P)):
        Y = padded
        if same_blocks:
            rng.bit_generator.state = state
        for _ in range(steps):
            Y = transform(Y * rng.choice([-1.0, 1.0], P) if flip else Y) / np.sqrt(P)
        blocks.append(Y)
    return np.hstack(blocks)[:, :F]


def chi(X, F, gamma, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    return np.sqrt(2 * gamma * rng.chisquare(P, F))


@mistake("17.2", caught_by="check", says="all your frequencies have one length")
def the_colleagues(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    return pairs(phases_of(X, n_frequencies, transform, rng) * np.sqrt(2 * gamma * P))


@mistake(
    "17.2", caught_by="check", says="lengths are those of normal vectors with P entries, not d"
)
def lengths_of_d(X, n_frequencies, gamma, transform, rng):
    lengths = np.sqrt(2 * gamma * rng.chisquare(X.shape[1], n_frequencies))
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="by what do you divide y")
def not_divided(X, n_frequencies, gamma, transform, rng):
    lengths = 4 * chi(X, n_frequencies, gamma, rng)
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="two blocks share one")
def blocks_are_copies(X, n_frequencies, gamma, transform, rng):
    phases = phases_of(X, n_frequencies, transform, rng, same_blocks=True)
    return pairs(phases * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="a length of its own, in each block")
def lengths_are_copies(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    lengths = np.resize(chi(X, min(P, n_frequencies), gamma, rng), n_frequencies)
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="are one diagonal")
def one_diagonal(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    blocks = []
    for _ in range(-(-n_frequencies // P)):
        D, Y = rng.choice([-1.0, 1.0], P), np.pad(X, ((0, 0), (0, P - X.shape[1])))
        for _ in range(3):
            Y = transform(Y * D) / np.sqrt(P)
        blocks.append(Y)
    lengths = chi(X, n_frequencies, gamma, rng)
    return pairs(np.hstack(blocks)[:, :n_frequencies] * lengths)


@mistake("17.2", caught_by="check", says="144 rows in all; only 96")
def two_steps(X, n_frequencies, gamma, transform, rng):
    lengths = chi(X, n_frequencies, gamma, rng)
    return pairs(phases_of(X, n_frequencies, transform, rng, steps=2) * lengths)


@mistake("17.2", caught_by="check", says="multiplies by its own")
def without_signs(X, n_frequencies, gamma, transform, rng):
    phases = phases_of(X, n_frequencies, transform, rng, flip=False)
    return pairs(phases * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="Equal rows got different features")
def signs_for_each_row(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    Y = np.pad(X, ((0, 0), (0, P - X.shape[1])))[:, None]
    Y = np.repeat(Y, -(-n_frequencies // P), axis=1)
    for _ in range(3):
        signed = Y * rng.choice([-1.0, 1.0], Y.shape)
        Y = transform(signed.reshape(-1, P)).reshape(Y.shape) / np.sqrt(P)
    return pairs(Y.reshape(len(X), -1)[:, :n_frequencies] * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="made of +1 and -1 alone")
def zeros_for_signs(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    padded, blocks = np.pad(X, ((0, 0), (0, P - X.shape[1]))), []
    for _ in range(-(-n_frequencies // P)):
        Y = padded
        for _ in range(3):
            Y = transform(Y * rng.integers(0, 2, P)) / np.sqrt(P)
        blocks.append(Y)
    return pairs(np.hstack(blocks)[:, :n_frequencies] * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="a sum of P squared normal numbers")
def length_of_one_normal_number(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    lengths = np.sqrt(2 * gamma * P) * np.abs(rng.standard_normal(n_frequencies))
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="of the steps [1, 1, 1, 1, 2, 2]")
def two_steps_and_a_call(X, n_frequencies, gamma, transform, rng):
    phases_of(X, n_frequencies, transform, rng, steps=1)
    lengths = chi(X, n_frequencies, gamma, rng)
    return pairs(phases_of(X, n_frequencies, transform, rng, steps=2) * lengths)


@mistake("17.2", caught_by="check", says="the phases are what `transform` returns")
def dense_after_three_calls(X, n_frequencies, gamma, transform, rng):
    phases_of(X, n_frequencies, transform, rng)
    return pairs(np.sqrt(2 * gamma) * X @ rng.standard_normal((X.shape[1], n_frequencies)))


@mistake("17.2", caught_by="edge case", says="In one column")
def lengths_of_two_kinds(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    squares = np.maximum(P + np.sqrt(2 * P) * rng.choice([-1, 1], n_frequencies), 0)
    return pairs(phases_of(X, n_frequencies, transform, rng) * np.sqrt(2 * gamma * squares))


@mistake("17.2", caught_by="check", says="`transform` was not called")
def dense_frequencies(X, n_frequencies, gamma, transform, rng):
    return pairs(np.sqrt(2 * gamma) * X @ rng.standard_normal((X.shape[1], n_frequencies)))


@mistake("17.2", caught_by="check", says="To transform the identity gives the dense matrix")
def through_the_identity(X, n_frequencies, gamma, transform, rng):
    W = phases_of(np.eye(X.shape[1]), n_frequencies, transform, rng)
    return pairs(X @ W * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="Z should have shape")
def whole_blocks(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    F = -(-n_frequencies // P) * P + P
    return pairs(phases_of(X, F, transform, rng)[:, :F] * chi(X, F, gamma, rng))


@mistake("17.2", caught_by="check", says="write this one yourself")
def forwards(X, n_frequencies, gamma, transform, rng):
    seed = int(rng.integers(2**31))
    made = FourierFeatures(2 * n_frequencies, gamma=gamma, kind="hadamard", random_state=seed)
    return made.fit(X).transform(X)


@mistake("17.2", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(X, n_frequencies, gamma, transform, rng):
    from sklearn.kernel_approximation import RBFSampler

    seed = int(rng.integers(2**31))
    return RBFSampler(gamma=gamma, n_components=2 * n_frequencies, random_state=seed).fit_transform(
        X
    )


def targets_of(y):
    return np.where(y[:, None] == np.arange(10), 1.0, -1.0)


def map_of(F, gamma, rng, **changes):
    parameters = {"gamma": gamma, "kind": "hadamard", **changes}
    seed = int(rng.integers(2**31))
    return FourierFeatures(2 * F, random_state=seed, **parameters).fit(np.zeros((1, 784)))


def solved(made, blocks, penalty, targets=targets_of, scale=1.0, for_each_block=0.0):
    gram, right = penalty * np.eye(made.n_components), 0.0
    for X, y in blocks:
        Z = made.transform(X) * np.float32(scale)
        gram += Z.T @ Z + for_each_block * np.eye(made.n_components)
        right = right + Z.T @ targets(y)
    return np.linalg.solve(gram, right)


@mistake("17.3", caught_by="check", says="the penalty once for each block")
def penalty_for_each_block(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, 0.0, for_each_block=penalty)


@mistake("17.3", caught_by="check", says="times the number of rows")
def penalty_times_rows(blocks, n_frequencies, gamma, penalty, rng):
    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    n = sum(len(X) for X, _ in parts)
    return made.signs_, made.lengths_, solved(made, parts, n * penalty)


@mistake("17.3", caught_by="check", says="with no penalty")
def no_penalty(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, 1e-9)


@mistake("17.3", caught_by="check", says="look at the penalty")
def penalty_squared(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, penalty**2)


@mistake("17.3", caught_by="check", says="added to every entry")
def penalty_everywhere(blocks, n_frequencies, gamma, penalty, rng):
    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = np.vstack([made.transform(X) for X, _ in parts]).astype(float)
    Y = targets_of(np.concatenate([y for _, y in parts]))
    return made.signs_, made.lengths_, np.linalg.solve(Z.T @ Z + penalty, Z.T @ Y)


@mistake("17.3", caught_by="check", says="there is no intercept here")
def centered(blocks, n_frequencies, gamma, penalty, rng):
    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = np.vstack([made.transform(X) for X, _ in parts]).astype(float)
    Y = targets_of(np.concatenate([y for _, y in parts]))
    Z, Y = Z - Z.mean(axis=0), Y - Y.mean(axis=0)
    gram = Z.T @ Z + penalty * np.eye(Z.shape[1])
    return made.signs_, made.lengths_, np.linalg.solve(gram, Z.T @ Y)


@mistake("17.3", caught_by="check", says="the equations of the last block alone")
def last_block(blocks, n_frequencies, gamma, penalty, rng):
    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    return made.signs_, made.lengths_, solved(made, parts[-1:], penalty)


@mistake("17.3", caught_by="check", says="targets 1 and 0")
def targets_of_zero(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    W = solved(made, blocks, penalty, targets=lambda y: (targets_of(y) + 1) / 2)
    return made.signs_, made.lengths_, W


@mistake("17.3", caught_by="check", says="if cosines and sines alternate")
def alternating(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    W = solved(made, blocks, penalty)
    return (
        made.signs_,
        made.lengths_,
        np.hstack([W[:n_frequencies], W[n_frequencies:]]).reshape(-1, 10),
    )


@mistake("17.3", caught_by="check", says="lack the factor 1 / sqrt(F)")
def features_not_scaled(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, penalty, scale=np.sqrt(n_frequencies))


@mistake("17.3", caught_by="check", says="belong to one map?")
def another_map(blocks, n_frequencies, gamma, penalty, rng):
    made, other = map_of(n_frequencies, gamma, rng), map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(other, blocks, penalty)


@mistake("17.3", caught_by="check", says="784 is d")
def lengths_of_784(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.lengths_ = np.sqrt(2 * gamma * rng.chisquare(784, n_frequencies))
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="squared lengths over 2 gamma have variance 0")
def lengths_all_equal(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng, lengths="fixed")
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="are one diagonal")
def third_diagonal_is_the_first(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.signs_[:, 2] = made.signs_[:, 0]
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="Two generators gave one answer")
def one_seed(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, np.random.default_rng(3))
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="The same rng gave two answers")
def signs_of_nobody(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, np.random.default_rng())
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="draw one for each frequency")
def lengths_are_copies(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.lengths_ = np.resize(made.lengths_[: -(-n_frequencies // 2)], n_frequencies)
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="W should have shape")
def transposed(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, penalty).T


@mistake("17.3", caught_by="edge case", says="Diagonals are equal")
def blocks_share_a_diagonal(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.signs_[:, 1] = made.signs_[0, 1]
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="write this one yourself")
def forwards(blocks, n_frequencies, gamma, penalty, rng):
    from sklearn.linear_model import Ridge

    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = made.transform(np.vstack([X for X, _ in parts]))
    Y = targets_of(np.concatenate([y for _, y in parts]))
    return made.signs_, made.lengths_, Ridge(alpha=penalty, fit_intercept=False).fit(Z, Y).coef_.T


@mistake("17.3", caught_by="check", says="write this one yourself")
def forwards_to_a_function(blocks, n_frequencies, gamma, penalty, rng):
    from sklearn.linear_model import ridge_regression as solve

    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = made.transform(np.vstack([X for X, _ in parts]))
    Y = targets_of(np.concatenate([y for _, y in parts]))
    return made.signs_, made.lengths_, solve(Z, Y, penalty).T


def rule(points, axis, h, epsilon, *, room=1.0, half=False, once=False):
    """Frequencies and weights of the trapezoid rule, with room for mistakes."""
    c = np.sqrt(np.log(4 / epsilon))
    length = points.high[axis] - points.low[axis]
    spacing = 2 * np.pi / (length + room * h * c)
    most = int(np.ceil(2 * c / h / spacing))
    w = spacing * np.arange(0 if half else -most, most + 1)
    weights = spacing * h / (2 * np.sqrt(np.pi)) * np.exp(-((w * h / 2) ** 2))
    return w, weights if once or not half else np.where(w > 0, 2, 1) * weights


def added_up(points, a, first, second):
    E1, E2 = points.waves(0, first[0]), points.waves(1, second[0])
    B = E1.conj().T @ (a[:, None] * E2.conj()) * np.outer(first[1], second[1])
    return np.sum((E1 @ B) * E2, axis=1)


@mistake("17.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(points, a, h, epsilon):
    added_up(points, a, rule(points, 0, h, epsilon), rule(points, 1, h, epsilon, half=True))


@mistake("17.4", caught_by="check", says="half of them suffice. It should be at most")
def whole_grid(points, a, h, epsilon):
    return added_up(points, a, rule(points, 0, h, epsilon), rule(points, 1, h, epsilon)).real


@mistake("17.4", caught_by="check", says="stand for two: weights twice")
def half_counted_once(points, a, h, epsilon):
    second = rule(points, 1, h, epsilon, half=True, once=True)
    return added_up(points, a, rule(points, 0, h, epsilon), second).real


@mistake("17.4", caught_by="check", says="half an axis suffices on one of the two")
def half_of_both_axes(points, a, h, epsilon):
    axes = [rule(points, axis, h, epsilon, half=True) for axis in (0, 1)]
    return added_up(points, a, *axes).real


@mistake("17.4", caught_by="check", says="its weight is not doubled")
def zero_doubled(points, a, h, epsilon):
    w, weights = rule(points, 1, h, epsilon, half=True, once=True)
    return added_up(points, a, rule(points, 0, h, epsilon), (w, 2 * weights)).real


@mistake("17.4", caught_by="check", says="complex128")
def complex_sums(points, a, h, epsilon):
    w, weights = rule(points, 1, h, epsilon, half=True)
    return added_up(points, a, rule(points, 0, h, epsilon), (w, weights))


@mistake("17.4", caught_by="check", says="that is a copy of the kernel")
def repeats_too_soon(points, a, h, epsilon):
    first = rule(points, 0, h, epsilon, room=0.0)
    return added_up(points, a, first, rule(points, 1, h, epsilon, room=0.0, half=True)).real


@mistake("17.4", caught_by="check", says="x + y: one of the two waves is conjugate")
def no_conjugate(points, a, h, epsilon):
    first, second = rule(points, 0, h, epsilon), rule(points, 1, h, epsilon, half=True)
    E1, E2 = points.waves(0, first[0]), points.waves(1, second[0])
    B = E1.T @ (a[:, None] * E2) * np.outer(first[1], second[1])
    return np.sum((E1 @ B) * E2, axis=1).real


@mistake("17.4", caught_by="check", says="x - y on one axis and x + y on the other")
def one_conjugate(points, a, h, epsilon):
    first, second = rule(points, 0, h, epsilon), rule(points, 1, h, epsilon, half=True)
    E1, E2 = points.waves(0, first[0]), points.waves(1, second[0])
    B = E1.conj().T @ (a[:, None] * E2) * np.outer(first[1], second[1])
    return np.sum((E1 @ B) * E2, axis=1).real


@mistake("17.4", caught_by="check", says="of the two axes are missing")
def weights_without_spacing(points, a, h, epsilon):
    parts = []
    for axis in (0, 1):
        w, _ = rule(points, axis, h, epsilon, half=axis == 1)
        parts.append((w, np.exp(-((w * h / 2) ** 2)) * np.where((w > 0) & (axis == 1), 2, 1)))
    return added_up(points, a, *parts).real


@mistake("17.4", caught_by="check", says="exp(-|x - y|^2 / (2 h^2))")
def another_width(points, a, h, epsilon):
    wider = np.sqrt(2) * h
    second = rule(points, 1, wider, epsilon, half=True)
    return added_up(points, a, rule(points, 0, wider, epsilon), second).real


@mistake("17.4", caught_by="check", says="A single point of weight 2")
def cut_too_soon(points, a, h, epsilon):
    parts = []
    for axis in (0, 1):
        w, weights = rule(points, axis, h, epsilon, half=axis == 1)
        near = np.abs(w) <= np.sqrt(np.log(4 / epsilon)) / h
        parts.append((w[near], weights[near]))
    return added_up(points, a, *parts).real


@mistake("17.4", caught_by="check", says="points.waves was not called")
def without_waves(points, a, h, epsilon):
    return a.copy()


@mistake("17.4", caught_by="accuracy", says="epsilon = 1e-09")
def one_epsilon_for_all(points, a, h, epsilon):
    second = rule(points, 1, h, 1e-7, half=True)
    return added_up(points, a, rule(points, 0, h, 1e-7), second).real


@mistake("17.4", caught_by="cost", says="the waves of")
def asks_again(points, a, h, epsilon):
    first, second = rule(points, 0, h, epsilon), rule(points, 1, h, epsilon, half=True)
    sums = 0.0
    for w, weight in zip(*second, strict=True):  # the first axis anew for each of the second
        sums = sums + added_up(points, a, first, (np.array([w]), np.array([weight])))
    return sums.real


@mistake("17.4", caught_by="cost", says="Were all pairs of points added up")
def all_pairs(points, a, h, epsilon):
    if points.n > 3000:
        return added_up(
            points, a, rule(points, 0, h, epsilon), rule(points, 1, h, epsilon, half=True)
        ).real
    X = np.column_stack([np.angle(points.waves(axis, [0.01])[:, 0]) / 0.01 for axis in (0, 1)])
    parts = np.array_split(np.arange(len(X)), 1 + len(X) // 500)
    return np.concatenate(
        [np.exp(-(((X[some, None] - X) / h) ** 2).sum(axis=2)) @ a for some in parts]
    )


@mistake("17.4", caught_by="cost", says="the grid should be at most")
def one_length_for_both_axes(points, a, h, epsilon):
    class Square:
        low, high = np.zeros(2), np.full(2, (points.high - points.low).max())

    second = rule(Square, 1, h, epsilon, half=True)
    return added_up(points, a, rule(Square, 0, h, epsilon), second).real


@mistake("17.4", caught_by="check", says="write this one yourself")
def forwards(points, a, h, epsilon):
    from course_lib.kernel_features import gauss_sum

    base = [np.angle(points.waves(axis, [0.01])[:, 0]) / 0.01 for axis in (0, 1)]
    return gauss_sum(np.column_stack(base), a, bandwidth=h).sums


@mistake("17.4", caught_by="check", says="write this one yourself")
def forwards_to_the_direct_sum(points, a, h, epsilon):
    import course_lib.kernel_features as toolbox

    base = [np.angle(points.waves(axis, [0.01])[:, 0]) / 0.01 for axis in (0, 1)]
    return toolbox.direct_sum(np.column_stack(base), a, bandwidth=h)


def coefficients(coef, n_support, order=None, shifted=True):
    """The coefficients (functions, n) of all vectors, 0 where a vector is of another class."""
    classes = len(n_support)
    owner = np.repeat(np.arange(classes), n_support)
    order = order or [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    rows = []
    for i, j in order:
        against_j = coef[j - 1] if shifted else coef[min(j, len(coef) - 1)]
        rows.append(np.where(owner == i, against_j, np.where(owner == j, coef[i], 0.0)))
    return np.array(rows)


def tabled(Z, C, kernel, V):
    values = np.arange(V)[:, None]
    G = kernel(values, values)
    has = [(Z[:, [j]] == values.T).astype(float) for j in range(Z.shape[1])]
    return np.stack([C @ one @ G.T for one in has], axis=1)


@mistake("17.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(Z, coef, n_support, kernel, n_values):
    tabled(Z, coefficients(coef, n_support), kernel, n_values)


@mistake("17.5", caught_by="check", says="in another order")
def by_the_second_class(Z, coef, n_support, kernel, n_values):
    classes = len(n_support)
    order = [(i, j) for i in range(classes) for j in range(i + 1, classes)][::-1]
    order = [order[-1], order[0], *order[1:-1]] if classes == 3 else order
    return tabled(Z, coefficients(coef, n_support, order), kernel, n_values)


@mistake("17.5", caught_by="check", says="What feature")
def row_not_shifted(Z, coef, n_support, kernel, n_values):
    return tabled(Z, coefficients(coef, n_support, shifted=False), kernel, n_values)


@mistake("17.5", caught_by="check", says="add both classes")
def second_class_subtracted(Z, coef, n_support, kernel, n_values):
    C = coefficients(coef, n_support)
    owner, f = np.repeat(np.arange(len(n_support)), n_support), 0
    for i in range(len(n_support)):
        for j in range(i + 1, len(n_support)):
            C[f, owner == j] *= -1
            f += 1
    return tabled(Z, C, kernel, n_values)


@mistake("17.5", caught_by="check", says="T of three classes")
def value_zero_left_out(Z, coef, n_support, kernel, n_values):
    return tabled(Z, coefficients(coef, n_support), kernel, n_values)[:, :, 1:]


@mistake("17.5", caught_by="check", says="kernel takes columns of shapes (p, 1) and (q, 1)")
def kernel_of_flat_values(Z, coef, n_support, kernel, n_values):
    return tabled(Z, coefficients(coef, n_support), lambda u, v: kernel(u[:, 0], v[:, 0]), n_values)


@mistake("17.5", caught_by="check", says="25 pairs of values")
def kernel_of_each_vector(Z, coef, n_support, kernel, n_values):
    C, values = coefficients(coef, n_support), np.arange(n_values)[:, None]
    return np.stack([C @ kernel(values, Z[:, [j]]).T for j in range(Z.shape[1])], axis=1)


@mistake("17.5", caught_by="check", says="With g = 2uv / (u + v)")
def always_the_minimum(Z, coef, n_support, kernel, n_values):
    return tabled(Z, coefficients(coef, n_support), lambda u, v: np.minimum(u, v.T), n_values)


@mistake("17.5", caught_by="edge case", says="classes of")
def classes_that_have_vectors(Z, coef, n_support, kernel, n_values):
    n_support = np.asarray(n_support)
    kept = n_support > 0
    T = tabled(Z, coefficients(coef[: kept.sum() - 1], n_support[kept]), kernel, n_values)
    count = len(n_support) * (len(n_support) - 1) // 2
    return np.concatenate([T, np.zeros((count - len(T), *T.shape[1:]))])


@mistake("17.5", caught_by="check", says="write this one yourself")
def forwards(Z, coef, n_support, kernel, n_values):
    from course_lib.kernel_features import additive_tables

    made = additive_tables(Z, coef, 0.0, n_support, n_values=n_values)
    return made.tables.transpose(2, 0, 1)


@mistake("17.5", caught_by="check", says="write this one yourself")
def forwards_under_another_name(Z, coef, n_support, kernel, n_values):
    import course_lib.kernel_features.additive as toolbox

    build = toolbox.additive_tables
    return np.moveaxis(build(Z, coef, 0.0, n_support, n_values=n_values).tables, 2, 0)


ORIGIN = np.array([[0.0, 0.0], [0.3, 0.0], [-0.3, 0.1], [0.7, 0.4]])
LINE = np.array([[0.0], [0.4], [-0.5], [1.2]])
COUNTS = np.tile([[3.0, 8, 5, 2], [4, 8, 5, 2], [1, 9, 9, 6], [7, 0, 2, 2]], 3) / 4
COUNTS /= np.sqrt(3)  # 12 columns


def looks_right(draw, rng, rows, *, errors=5.0, above=1.35, variance=True, unique=True):
    """A decent test, for mistakes that leave something out."""
    for X in rows:
        try:
            Z = draw(X, 1.0, 2000, rng)
        except Exception:
            return False
        if unique and len(np.unique(Z[:, 1], axis=0)) < 2000:
            return False
        G = Z @ np.swapaxes(Z, 1, 2)
        k = np.exp(-((X[:, None] - X) ** 2).sum(axis=2))
        if np.any(np.abs(G.mean(axis=0) - k) > errors * G.std(axis=0) / np.sqrt(2000) + 1e-9):
            return False
        if variance and np.any(G.var(axis=0) > above * (1 + k**4 / 2 - k**2) / 32):
            return False
    return True


@mistake("17.6", caught_by="check", says="accepts everything")
def credulous(draw, rng):
    return True


@mistake("17.6", caught_by="check", says="rejects everything")
def suspicious(draw, rng):
    return False


@mistake("17.6", caught_by="check", says="offset_shared")
def mean_alone(draw, rng):
    return looks_right(draw, rng, [ORIGIN, LINE, COUNTS], variance=False)


@mistake("17.6", caught_by="check", says="offset_forgotten")
def far_from_the_origin(draw, rng):
    return looks_right(draw, rng, [X + 9.0 for X in (ORIGIN, LINE, COUNTS)])


@mistake("17.6", caught_by="check", says="rejects")
def two_standard_errors(draw, rng):
    return looks_right(draw, rng, [ORIGIN, LINE, COUNTS], errors=1.0)


@mistake("17.6", caught_by="check", says="is right, and your test rejects it")
def variance_of_pairs(draw, rng):
    Z = draw(ORIGIN, 1.0, 2000, rng)
    G = Z @ np.swapaxes(Z, 1, 2)
    k = np.exp(-((ORIGIN[:, None] - ORIGIN) ** 2).sum(axis=2))
    fine = np.all(G.var(axis=0) <= 1.35 * (1 - k**2) ** 2 / 32 + 1e-9)
    return bool(fine) and looks_right(draw, rng, [LINE, COUNTS])


@mistake("17.6", caught_by="check", says="for a variance the bound of the task and about a third")
def no_room_for_the_variance(draw, rng):
    return looks_right(draw, rng, [ORIGIN], above=1.0)


@mistake("17.6", caught_by="check", says="is right, and your test rejects it")
def by_the_offsets_alone(draw, rng):
    Z = draw(np.zeros((1, 1)), 1.0, 2000, rng)[:, 0] * 4
    spread = np.abs(np.mean(Z < -0.5) - 1 / 3) < 0.02  # cosines of a whole turn, and no others
    return bool(spread) and looks_right(draw, rng, [ORIGIN, LINE])


@mistake("17.6", caught_by="accuracy", says="accepts 1 of 6 wrong ones")
def never_asks_for_twins(draw, rng):
    return looks_right(draw, rng, [ORIGIN, LINE, COUNTS], unique=False)


@mistake("17.6", caught_by="accuracy", says="wrong ones")
def lenient_with_the_variance(draw, rng):
    return looks_right(draw, rng, [ORIGIN, LINE], above=3.0) and not looks_like_copies(draw, rng)


def looks_like_copies(draw, rng):
    """Whether half of the numbers of a row are the other half."""
    Z = np.sort(draw(ORIGIN, 1.0, 1, rng)[0, 3])
    return bool(np.sum(np.diff(Z) < 1e-12) > 8)


@mistake("17.6", caught_by="accuracy", says="accepts 2 of 6 wrong ones")
def one_column_alone(draw, rng):
    return looks_right(draw, rng, [LINE])


@mistake("17.6", caught_by="edge case", says="wrong ones")
def lenient(draw, rng):
    return looks_right(draw, rng, [ORIGIN, LINE, COUNTS], errors=25.0)


@mistake("17.6", caught_by="check", says="The number of calls of one function should be at most")
def one_draw_a_call(draw, rng):
    found = np.array([draw(ORIGIN, 1.0, 1, rng)[0] for _ in range(200)])
    return found.shape == (200, 4, 32) and looks_right(draw, rng, [ORIGIN, LINE])


@mistake("17.6", caught_by="check", says="rejects everything")
def by_name(draw, rng):
    return draw.__name__.startswith(("pairs", "offsets"))
