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


@mistake("17.1", caught_by="check", says="entries have variance 1 / (2 gamma)")
def width_upside_down(X, n_frequencies, gamma, rng):
    W = rng.standard_normal((X.shape[1], n_frequencies)) / np.sqrt(2 * gamma)
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


@mistake("17.1", caught_by="check", says="different lengths")
def two_draws(X, n_frequencies, gamma, rng):
    W, U = np.sqrt(2 * gamma) * rng.standard_normal((2, X.shape[1], n_frequencies))
    Z = np.hstack([np.cos(X @ W), np.sin(X @ U)]) / np.sqrt(n_frequencies)
    return Z, exact(X, n_frequencies, gamma)


@mistake("17.1", caught_by="check", says="random offset for each of 2F numbers")
def variance_of_offsets(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    K = kernel(X, gamma)
    return pairs(X @ W), (1 + K**4 / 2 - K**2) / (2 * n_frequencies)


@mistake("17.1", caught_by="check", says="variance of one frequency")
def variance_of_one(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), exact(X, 1, gamma)


@mistake("17.1", caught_by="check", says="the standard deviation")
def deviation(X, n_frequencies, gamma, rng):
    W = np.sqrt(2 * gamma) * rng.standard_normal((X.shape[1], n_frequencies))
    return pairs(X @ W), np.sqrt(exact(X, n_frequencies, gamma))


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


@mistake("17.2", caught_by="check", says="by what do you divide y")
def lengths_of_one(X, n_frequencies, gamma, transform, rng):
    lengths = np.sqrt(2 * gamma * rng.chisquare(1, n_frequencies))
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="by what do you divide y")
def one_gamma(X, n_frequencies, gamma, transform, rng):
    lengths = chi(X, n_frequencies, gamma, rng) / np.sqrt(2)
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="standard errors off")
def one_length_for_all(X, n_frequencies, gamma, transform, rng):
    P = 1 << (X.shape[1] - 1).bit_length()
    factor = np.sqrt(2 * gamma * P) * (1 + 0.02 * rng.standard_normal())
    return pairs(phases_of(X, n_frequencies, transform, rng) * factor)


@mistake("17.2", caught_by="check", says="Has each block signs of its own?")
def blocks_are_copies(X, n_frequencies, gamma, transform, rng):
    phases = phases_of(X, n_frequencies, transform, rng, same_blocks=True)
    return pairs(phases * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="standard errors off")
def without_signs(X, n_frequencies, gamma, transform, rng):
    phases = phases_of(X, n_frequencies, transform, rng, flip=False)
    return pairs(phases * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="`transform` was not called")
def dense_frequencies(X, n_frequencies, gamma, transform, rng):
    return pairs(np.sqrt(2 * gamma) * X @ rng.standard_normal((X.shape[1], n_frequencies)))


@mistake("17.2", caught_by="check", says="To transform the identity gives the dense matrix")
def through_the_identity(X, n_frequencies, gamma, transform, rng):
    W = phases_of(np.eye(X.shape[1]), n_frequencies, transform, rng)
    return pairs(X @ W * chi(X, n_frequencies, gamma, rng))


@mistake("17.2", caught_by="check", says="which is k(x, x)")
def scaled_for_offsets(X, n_frequencies, gamma, transform, rng):
    lengths = chi(X, n_frequencies, gamma, rng)
    return np.sqrt(2) * pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


@mistake("17.2", caught_by="check", says="Two generators gave one answer")
def always_the_same(X, n_frequencies, gamma, transform, rng):
    rng = np.random.default_rng(17)
    lengths = chi(X, n_frequencies, gamma, rng)
    return pairs(phases_of(X, n_frequencies, transform, rng) * lengths)


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
        Z = scale * made.transform(X.astype(float))
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


@mistake("17.3", caught_by="check", says="gamma belongs into the lengths")
def lengths_without_gamma(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_ / np.sqrt(2 * gamma), solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="squared lengths over 2 gamma have variance 0")
def lengths_all_equal(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng, lengths="fixed")
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="D_1 and D_2 are equal")
def one_diagonal(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.signs_[:] = made.signs_[:, :1]
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="Two draws from rng gave the same signs")
def one_seed(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, np.random.default_rng(3))
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="W should have shape")
def transposed(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    return made.signs_, made.lengths_, solved(made, blocks, penalty).T


@mistake("17.3", caught_by="edge case", says="Two blocks have the same signs")
def one_block_of_signs(blocks, n_frequencies, gamma, penalty, rng):
    made = map_of(n_frequencies, gamma, rng)
    made.signs_[:] = made.signs_[:1]
    return made.signs_, made.lengths_, solved(made, blocks, penalty)


@mistake("17.3", caught_by="check", says="write this one yourself")
def forwards(blocks, n_frequencies, gamma, penalty, rng):
    from sklearn.linear_model import Ridge

    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = made.transform(np.vstack([X for X, _ in parts]))
    Y = targets_of(np.concatenate([y for _, y in parts]))
    return made.signs_, made.lengths_, Ridge(alpha=penalty, fit_intercept=False).fit(Z, Y).coef_.T


@mistake("17.3", caught_by="check", says="write this one yourself")
def forwards_to_the_kernel(blocks, n_frequencies, gamma, penalty, rng):
    from sklearn.kernel_ridge import KernelRidge as Exact

    made, parts = map_of(n_frequencies, gamma, rng), list(blocks)
    Z = made.transform(np.vstack([X for X, _ in parts])[:500])
    Y = targets_of(np.concatenate([y for _, y in parts])[:500])
    return made.signs_, made.lengths_, Z.T @ Exact(alpha=penalty).fit(Z, Y).dual_coef_
