"""Wrong answers to lab 21."""

import numpy as np

from course_lib.binary_networks import (
    BatchNorm,
    BinaryDense,
    BinaryNetwork,
    Sign,
    adam,
    backward,
    binary_mlp,
    cosine,
    forward,
    pack_signs,
    recalibrate,
    scaled,
    square_hinge,
    targets,
)
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def packed(V, *, order="little", least=0.0, fill=0):
    bits = np.packbits(least <= V, axis=1, bitorder=order)
    n, words = V.shape[1], -(-V.shape[1] // 64)
    filled = np.full((len(V), 8 * words), 255 * fill, np.uint8)
    filled[:, : bits.shape[1]] = bits
    if fill and n % 8:
        filled[:, n // 8] |= 255 & (255 << n % 8)
    return filled.view(np.uint64)


def counted(A, B, popcount):
    return popcount(A[:, None] ^ B).sum(axis=2, dtype=np.int64)


@mistake("21.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(X, W, popcount):
    counted(packed(X), packed(W), popcount)


@mistake("21.1", caught_by="check", says="unsigned integers wrap around")
def unsigned(X, W, popcount):
    A, B = packed(X), packed(W)
    return A, B, np.uint64(X.shape[1]) - np.uint64(2) * popcount(A[:, None] ^ B).sum(axis=2)


@mistake("21.1", caught_by="check", says="the bits that fill up the last word agree")
def xnor_with_its_filling(X, W, popcount):
    A, B = packed(X), packed(W)
    agree = popcount(~(A[:, None] ^ B)).sum(axis=2, dtype=np.int64)
    return A, B, 2 * agree - X.shape[1]


@mistake("21.1", caught_by="check", says="the sign of 0 is -1")
def zero_is_negative(X, W, popcount):
    A, B = packed(X, least=1e-300), packed(W, least=1e-300)
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="Sign j is bit j % 64")
def highest_bit_first(X, W, popcount):
    A, B = packed(X, order="big"), packed(W, order="big")
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="Compare numbers, not their sign bits")
def sign_bits(X, W, popcount):
    A, B = packed(1.0 - 2 * np.signbit(X)), packed(1.0 - 2 * np.signbit(W))
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="all of that should come from `popcount`")
def counts_the_first_word(X, W, popcount):
    A, B = packed(X), packed(W)
    first = popcount(A[:, None, 0] ^ B[:, 0]).astype(int)
    rest = np.bitwise_count(A[:, None, 1:] ^ B[:, 1:]).sum(axis=2, dtype=int)
    return A, B, X.shape[1] - 2 * (first + rest)


@mistake("21.1", caught_by="check", says="a bit set where the sign is -1")
def bits_of_minus(X, W, popcount):
    A, B = packed(-X, least=1e-300), packed(-W, least=1e-300)
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="after the 5 signs should be 0")
def filled_with_ones(X, W, popcount):
    A, B = packed(X, fill=1), packed(W, fill=1)
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="in how many signs two rows agree")
def agreeing(X, W, popcount):
    A, B = packed(X), packed(W)
    return A, B, X.shape[1] - counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="`popcount` was not called")
def multiplied(X, W, popcount):
    return packed(X), packed(W), np.where(X >= 0, 1, -1) @ np.where(W >= 0, 1, -1).T


@mistake("21.1", caught_by="check", says="The words that popcount saw")
def counted_twice(X, W, popcount):
    A, B = packed(X), packed(W)
    differ, n = counted(A, B, popcount), X.shape[1]
    agree = popcount(~(A[:, None] ^ B)).sum(axis=2, dtype=np.int64) - (64 * A.shape[1] - n)
    return A, B, agree - differ


@mistake("21.1", caught_by="check", says="words a row")
def bytes_for_words(X, W, popcount):
    A, B = (np.packbits(V >= 0, axis=1, bitorder="little").astype(np.uint64) for V in (X, W))
    return np.hstack([A, A]), np.hstack([B, B]), X.shape[1] - 2 * counted(A, B, popcount)


@mistake("21.1", caught_by="check", says="write this one yourself")
def forwards(X, W, popcount):
    from course_lib.binary_networks import pack_signs as pack
    from course_lib.binary_networks import product

    A, B = pack(X), pack(W)
    popcount(A[:, None] ^ B)
    return A, B, product(A, B, X.shape[1])


@mistake("21.1", caught_by="check", says="write this one yourself")
def forwards_the_packing(X, W, popcount):
    import course_lib.lsh as toolbox

    A, B = toolbox.pack_bits(X >= 0), toolbox.pack_bits(W >= 0)
    return A, B, X.shape[1] - 2 * counted(A, B, popcount)


def products(planes, B, *, order=1, exclusive=False, flat=False, own=True, n=None):
    z = 0
    for i, plane in enumerate(planes[::order]):
        if exclusive:
            part = n - 2 * np.bitwise_count(plane[:, None] ^ B).sum(axis=2, dtype=int)
        else:
            part = 2 * np.bitwise_count(plane[:, None] & B).sum(axis=2, dtype=int)
            part = part - own * np.bitwise_count(plane).sum(axis=1, dtype=int)[:, None]
        z = z + part * (1 if flat else 2**i)
    return z


def limits(gamma, beta, mean, var, eps, *, sign=-1):
    t = mean + sign * beta * np.sqrt(var + eps) / np.where(gamma == 0, 1, gamma)
    limit = np.where(gamma > 0, np.ceil(t), np.floor(t) + 1)
    return np.where(gamma == 0, np.where(beta >= 0, -(10**9), 10**9), limit).astype(int)


def fired(planes, B, limit, flip, **how):
    return limit, flip, (products(planes, B, **how) >= limit) != flip


@mistake("21.2", caught_by="check", says="beta is on the other side")
def mirrored(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, eps, sign=1), gamma < 0)


@mistake("21.2", caught_by="check", says="turns the inequality around")
def gamma_is_positive(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, eps), gamma < -(10**9))


@mistake("21.2", caught_by="check", says="not floor(t)")
def floor_for_ceil(planes, B, n, gamma, beta, mean, var, eps):
    limit = limits(gamma, beta, mean, var, eps)
    t = mean - beta * np.sqrt(var + eps) / np.where(gamma == 0, 1, gamma)
    return fired(planes, B, np.where(gamma > 0, np.floor(t), limit).astype(int), gamma < 0)


@mistake("21.2", caught_by="check", says="0 counts as positive")
def strictly(planes, B, n, gamma, beta, mean, var, eps):
    t = mean - beta * np.sqrt(var + eps) / np.where(gamma == 0, 1, gamma)
    limit = limits(gamma, beta, mean, var, eps)
    return fired(planes, B, np.where(gamma > 0, np.floor(t) + 1, limit).astype(int), gamma < 0)


@mistake("21.2", caught_by="check", says="the first z that does not fire is floor(t) + 1")
def turned_at_ceil(planes, B, n, gamma, beta, mean, var, eps):
    t = mean - beta * np.sqrt(var + eps) / np.where(gamma == 0, 1, gamma)
    limit = limits(gamma, beta, mean, var, eps)
    return fired(planes, B, np.where(gamma < 0, np.ceil(t), limit).astype(int), gamma < 0)


@mistake("21.2", caught_by="check", says="without eps")
def eps_forgotten(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, 0.0), gamma < 0)


@mistake("21.2", caught_by="check", says="Where gamma is 0, z does not matter")
def zero_never_fires(planes, B, n, gamma, beta, mean, var, eps):
    limit = np.where(gamma == 0, 10**9, limits(gamma, beta, mean, var, eps))
    return fired(planes, B, limit, gamma < 0)


@mistake("21.2", caught_by="check", says="zeros and ones, not signs")
def exclusive_or(planes, B, n, gamma, beta, mean, var, eps):
    limit = limits(gamma, beta, mean, var, eps)
    return fired(planes, B, limit, gamma < 0, exclusive=True, n=n)


@mistake("21.2", caught_by="check", says="plane 0 is the lowest")
def planes_reversed(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, eps), gamma < 0, order=-1)


@mistake("21.2", caught_by="check", says="plane i counts 2^i times")
def planes_alike(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, eps), gamma < 0, flat=True)


@mistake("21.2", caught_by="check", says="entries of fires are not")
def ones_not_taken_off(planes, B, n, gamma, beta, mean, var, eps):
    return fired(planes, B, limits(gamma, beta, mean, var, eps), gamma < 0, own=False)


@mistake("21.2", caught_by="check", says="limit should hold integers")
def real_limits(planes, B, n, gamma, beta, mean, var, eps):
    t = mean - beta * np.sqrt(var + eps) / np.where(gamma == 0, 1, gamma)
    return fired(planes, B, t, gamma < 0)


@mistake("21.2", caught_by="edge case", says="fires is wrong for bright rows")
def limits_in_16_bits(planes, B, n, gamma, beta, mean, var, eps):
    limit = limits(gamma, beta, mean, var, eps)
    small = np.clip(limit, -(10**6), 10**6).astype(np.int16)
    return fired(planes, B, np.where(gamma == 0, limit, small), gamma < 0)


@mistake("21.2", caught_by="edge case", says="is wrong for gamma of 2^-80")
def limits_beyond_64_bits(planes, B, n, gamma, beta, mean, var, eps):
    with np.errstate(invalid="ignore"):
        limit = limits(gamma, beta, mean, var, eps)
    return fired(planes, B, limit, gamma < 0)


@mistake("21.2", caught_by="check", says="write this one yourself")
def forwards(planes, B, n, gamma, beta, mean, var, eps):
    from course_lib.binary_networks import fold

    folded = fold(gamma, beta, mean, var, n, eps=eps)
    return fired(planes, B, n - 2 * folded.limit, gamma < 0)


@mistake("21.2", caught_by="check", says="write this one yourself")
def forwards_the_product(planes, B, n, gamma, beta, mean, var, eps):
    import course_lib.binary_networks as toolbox

    limit = limits(gamma, beta, mean, var, eps)
    full = np.zeros((8, *planes.shape[1:]), np.uint64)
    full[: len(planes)] = planes
    z = toolbox.plane_product(full, B, n)
    return limit, gamma < 0, (z >= limit) != (gamma < 0)


def stepped(X, W, gamma, beta, G, eps, *, width=1.0, terms=(1, 1)):
    S = np.where(W >= 0, 1.0, -1.0)
    Z = X @ S
    scale = 1 / np.sqrt(Z.var(axis=0) + eps)
    N = (Z - Z.mean(axis=0)) * scale
    D = G * (np.abs(gamma * N + beta) <= width)
    means = terms[0] * D.mean(axis=0) + terms[1] * N * np.mean(D * N, axis=0)
    return S, Z, N, D, gamma * scale * (D - means)


def gradients(X, W, gamma, beta, G, eps, **how):
    S, _, N, D, DZ = stepped(X, W, gamma, beta, G, eps, **how)
    return X.T @ DZ, np.sum(D * N, axis=0), D.sum(axis=0), DZ @ S.T


@mistake("21.3", caught_by="check", says="passes only where |y| <= 1")
def no_window(X, W, gamma, beta, G, eps):
    return gradients(X, W, gamma, beta, G, eps, width=np.inf)


@mistake("21.3", caught_by="check", says="the window is for the activations")
def window_on_weights(X, W, gamma, beta, G, eps):
    dW, *others = gradients(X, W, gamma, beta, G, eps)
    return dW * (np.abs(W) <= 1), *others


@mistake("21.3", caught_by="check", says="multiplies by the real W")
def back_through_real_weights(X, W, gamma, beta, G, eps):
    dW, dgamma, dbeta, _ = gradients(X, W, gamma, beta, G, eps)
    return dW, dgamma, dbeta, stepped(X, W, gamma, beta, G, eps)[-1] @ W.T


@mistake("21.3", caught_by="check", says="takes mean and variance for constants")
def constants(X, W, gamma, beta, G, eps):
    return gradients(X, W, gamma, beta, G, eps, terms=(0, 0))


@mistake("21.3", caught_by="check", says="one term is missing")
def only_the_mean(X, W, gamma, beta, G, eps):
    return gradients(X, W, gamma, beta, G, eps, terms=(1, 0))


@mistake("21.3", caught_by="check", says="what gamma multiplies is Z minus its mean")
def gamma_times_z(X, W, gamma, beta, G, eps):
    dW, _, dbeta, dX = gradients(X, W, gamma, beta, G, eps)
    _, Z, _, D, _ = stepped(X, W, gamma, beta, G, eps)
    return dW, np.sum(D * Z, axis=0), dbeta, dX


@mistake("21.3", caught_by="check", says="dbeta at")
def half_a_window(X, W, gamma, beta, G, eps):
    return gradients(X, W, gamma, beta, G, eps, width=0.5)


@mistake("21.3", caught_by="check", says="by finite differences")
def means_for_sums(X, W, gamma, beta, G, eps):
    dW, dgamma, dbeta, dX = gradients(X, W, gamma, beta, G, eps)
    return dW / len(X), dgamma, dbeta, dX


@mistake("21.3", caught_by="accuracy", says="for eps = 1e8")
def own_eps(X, W, gamma, beta, G, eps):
    return gradients(X, W, gamma, beta, G, 1e-4)


@mistake("21.3", caught_by="edge case", says="dX of weights that are 0")
def sign_of_zero_is_zero(X, W, gamma, beta, G, eps):
    dW, dgamma, dbeta, _ = gradients(X, W, gamma, beta, G, eps)
    return dW, dgamma, dbeta, stepped(X, W, gamma, beta, G, eps)[-1] @ np.sign(W).T


@mistake("21.3", caught_by="check", says="write this one yourself")
def forwards(X, W, gamma, beta, G, eps):
    zeros, ones = np.zeros(len(gamma)), np.ones(len(gamma))
    layers = BinaryDense(W), BatchNorm(gamma, beta, zeros, ones), Sign()
    _, tapes = forward(layers, X, np.random.default_rng(0))
    dense, norm, _ = backward(layers, tapes, G)
    return dense.W, norm.gamma, norm.beta, gradients(X, W, gamma, beta, G, eps)[3]


@mistake("21.3", caught_by="check", says="write this one yourself")
def forwards_layer_by_layer(X, W, gamma, beta, G, eps):
    import course_lib.binary_networks as toolbox

    norm = toolbox.BatchNorm(gamma, beta, np.zeros(len(gamma)), np.ones(len(gamma)))
    first = toolbox.BinaryDense(W)
    Z, tape = first.forward(X, None)
    Y, mark = norm.forward(Z, np.random.default_rng(0))
    D = toolbox.HardTanh().backward(Y, G)[1]
    own, dZ = norm.backward(mark, D)
    dense, dX = first.backward(tape, dZ)
    return dense.W, own.gamma, own.beta, dX


@mistake("21.3", caught_by="check", says="write this one yourself")
def forwards_the_window(X, W, gamma, beta, G, eps):
    from course_lib.binary_networks import StochasticSign

    _, _, N, _, _ = stepped(X, W, gamma, beta, G, eps)
    D = StochasticSign().backward(gamma * N + beta, G)[1]
    dW, dgamma, _, dX = gradients(X, W, gamma, beta, G, eps)
    return dW, dgamma, D.sum(axis=0), dX


SIZES = (784, 256, 256, 256, 10)


def learned(stream, rng, *, passes=3, pace=True, width=1.0, low=-1.0, zero=False, size=100):
    """The right training with a change."""
    layers = binary_mlp(SIZES, rng)
    layers = tuple(Sign(width) if isinstance(one, Sign) else one for one in layers)
    kept = [i for i, one in enumerate(layers) if not isinstance(one, Sign)]
    moments = [[(np.zeros_like(a), np.zeros_like(a)) for a in layers[i][:2]] for i in kept]
    n_steps, t, last = passes * -(-len(stream) // size), 0, []
    for _ in range(passes):
        for block in stream.blocks(size):
            X, T = scaled(block[:, :784], low), targets(block[:, 784])
            Y, tapes = forward(layers, X, rng)
            _, G = square_hinge(Y, np.maximum(T, 0) if zero else T)
            slopes = backward(layers, tapes, G)
            eta, t = 0.0025 * (1 + np.cos(np.pi * t / n_steps)), t + 1
            for i, pairs in zip(kept, moments, strict=True):
                for a, g, (m, v) in zip(layers[i][:2], slopes[i][:2], pairs, strict=True):
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    far = np.sqrt(sum(a.shape) / 1.5) if pace and a.ndim == 2 else 1.0
                    fix = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                    a -= np.float32(eta * far * fix) * m / (np.sqrt(v) + np.float32(1e-8))
                    if a.ndim == 2:
                        np.clip(a, -1, 1, out=a)
            last = [*last, X][-20:]
    recalibrate(layers, np.concatenate(last))
    return BinaryNetwork.from_layers(layers).to_bytes()


@mistake("21.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(stream, rng):
    next(stream.blocks(10))


@mistake("21.4", caught_by="check", says="The number of passes over the stream")
def four_passes(stream, rng):
    for _ in range(4):
        for _ in stream.blocks(500):
            pass
    return BinaryNetwork.from_layers(binary_mlp(SIZES, rng)).to_bytes()


@mistake("21.4", caught_by="check", says="should be the bytes of a file; got BinaryNetwork")
def no_file(stream, rng):
    next(stream.blocks(10))
    return BinaryNetwork.from_layers(binary_mlp(SIZES, rng))


@mistake("21.4", caught_by="check", says="BinaryNetwork.from_bytes cannot read the file")
def a_file_of_its_own(stream, rng):
    import pickle

    next(stream.blocks(10))
    return pickle.dumps([np.asarray(part) for one in binary_mlp(SIZES, rng) for part in one])


@mistake("21.4", caught_by="check", says="should have the sizes")
def wider(stream, rng):
    next(stream.blocks(10))
    return BinaryNetwork.from_layers(binary_mlp((784, 512, 512, 10), rng)).to_bytes()


@mistake("21.4", caught_by="check", says="Learned from 2,000 records")
def untrained(stream, rng):
    layers = binary_mlp(SIZES, rng)
    for block in stream.blocks(2_000):
        recalibrate(layers, block[:, :784])
    return BinaryNetwork.from_layers(layers).to_bytes()


@mistake("21.4", caught_by="check", says="learn from the records of the stream")
def learned_from_other_data(stream, rng):
    from course_lib import datasets
    from course_lib.cost import CountedStream, Meter

    next(stream.blocks(10))
    mnist = datasets.mnist()
    pixels = mnist.train_images[:2_000].reshape(2_000, 784)
    own = np.column_stack([pixels, mnist.train_labels[:2_000].astype(np.uint8)])
    return learned(CountedStream(own, Meter()), rng)


@mistake("21.4", caught_by="check", says="steps of W longer")
def no_longer_steps(stream, rng):
    return learned(stream, rng, pace=False)


@mistake("21.4", caught_by="check", says="targets -1 and 1")
def targets_of_zero(stream, rng):
    return learned(stream, rng, zero=True)


@mistake("21.4", caught_by="check", says="should be at most 6.0%", by_night=True)
def no_window(stream, rng):
    return learned(stream, rng, width=3e38)


@mistake("21.4", caught_by="check", says="write this one yourself")
def forwards(stream, rng):
    def batches():
        for _ in range(3):
            for block in stream.blocks(100):
                yield scaled(block[:, :784]), targets(block[:, 784])

    layers = binary_mlp(SIZES, rng)
    for _ in adam(layers, batches(), square_hinge, cosine(0.005, 60)):
        pass
    return BinaryNetwork.from_layers(layers).to_bytes()


@mistake("21.4", caught_by="check", says="write this one yourself")
def forwards_to_descent(stream, rng):
    import course_lib.binary_networks as toolbox

    layers = toolbox.binary_mlp(SIZES, rng)
    for block in stream.blocks(500):
        batch = toolbox.scaled(block[:, :784]), toolbox.targets(block[:, 784])
        next(toolbox.sgd(layers, [batch], toolbox.square_hinge, 0.01))
    return toolbox.BinaryNetwork.from_layers(layers).to_bytes()


@mistake("21.4", caught_by="check", says="write this one yourself")
def forwards_the_loop(stream, rng):
    from course_lib._layers.optimizers import descend

    def move(a, g, m, v, eta, limit, decays, t):
        m += 0.1 * (g - m)
        a -= np.float32(eta) * np.sign(m)

    layers = binary_mlp(SIZES, rng)
    batches = ((scaled(b[:, :784]), targets(b[:, 784])) for b in stream.blocks(100))
    for _ in descend(layers, batches, square_hinge, 0.001, rng, move, None, True, 1):
        pass
    return BinaryNetwork.from_layers(layers).to_bytes()


def planes_of(W):
    return pack_signs(np.abs(W) - 0.5), pack_signs(W - 0.5)


def five_a_byte(W, fill=1, order=1):
    filled = np.full((len(W), 5 * -(-W.shape[1] // 5)), fill)
    filled[:, : W.shape[1]] = W + 1
    return (filled.reshape(len(W), -1, 5) @ 3 ** np.arange(5)[::order]).astype(np.uint8)


def masked(A, nonzero, positive, popcount):
    own = popcount(nonzero).sum(axis=1, dtype=np.int64)
    return own - 2 * popcount((A[:, None] ^ positive) & nonzero).sum(axis=2, dtype=np.int64)


@mistake("21.5", caught_by="check", says="a weight 0 counts as -1")
def zeros_as_minus(A, W, popcount):
    nonzero, positive = planes_of(W)
    differ = popcount(A[:, None] ^ positive).sum(axis=2, dtype=np.int64)
    return nonzero, positive, five_a_byte(W), W.shape[1] - 2 * differ


@mistake("21.5", caught_by="check", says="too large by the number of zeros")
def from_all(A, W, popcount):
    nonzero, positive = planes_of(W)
    differ = popcount((A[:, None] ^ positive) & nonzero).sum(axis=2, dtype=np.int64)
    return nonzero, positive, five_a_byte(W), W.shape[1] - 2 * differ


@mistake("21.5", caught_by="check", says="two bits each")
def four_a_byte(A, W, popcount):
    nonzero, positive = planes_of(W)
    filled = np.ones((len(W), 4 * -(-W.shape[1] // 4)), int)
    filled[:, : W.shape[1]] = W + 1
    trits = filled.reshape(len(W), -1, 4) @ 4 ** np.arange(4)
    if W.shape[1] == 5:
        trits = five_a_byte(W)
    return nonzero, positive, trits, masked(A, nonzero, positive, popcount)


@mistake("21.5", caught_by="check", says="which would be weights -1")
def last_byte_with_zeros(A, W, popcount):
    nonzero, positive = planes_of(W)
    return nonzero, positive, five_a_byte(W, fill=0), masked(A, nonzero, positive, popcount)


@mistake("21.5", caught_by="check", says="trits should have shape")
def last_byte_lost(A, W, popcount):
    nonzero, positive = planes_of(W)
    trits = five_a_byte(W)[:, : W.shape[1] // 5]
    return nonzero, positive, trits, masked(A, nonzero, positive, popcount)


@mistake("21.5", caught_by="check", says="yours run the other way")
def last_trit_first(A, W, popcount):
    nonzero, positive = planes_of(W)
    return nonzero, positive, five_a_byte(W, order=-1), masked(A, nonzero, positive, popcount)


@mistake("21.5", caught_by="check", says="a bit set where a weight is 0 or 1")
def zero_is_positive(A, W, popcount):
    nonzero, positive = pack_signs(np.abs(W) - 0.5), pack_signs(W)
    return nonzero, positive, five_a_byte(W), masked(A, nonzero, positive, popcount)


@mistake("21.5", caught_by="check", says="unsigned integers wrap around")
def unsigned(A, W, popcount):
    nonzero, positive = planes_of(W)
    own = popcount(nonzero).sum(axis=1)
    differ = popcount((A[:, None] ^ positive) & nonzero).sum(axis=2)
    return nonzero, positive, five_a_byte(W), own - np.uint64(2) * differ


@mistake("21.5", caught_by="check", says="The words that popcount saw")
def two_products_of_signs(A, W, popcount):
    nonzero, positive = planes_of(W)
    n, rest = W.shape[1], pack_signs(W + 0.5)
    z = [n - 2 * popcount(A[:, None] ^ B).sum(axis=2, dtype=np.int64) for B in (positive, rest)]
    return nonzero, positive, five_a_byte(W), (z[0] + z[1]) // 2


@mistake("21.5", caught_by="check", says="all of that should come from `popcount`")
def counts_only_the_weights(A, W, popcount):
    nonzero, positive = planes_of(W)
    own = popcount(nonzero).sum(axis=1, dtype=np.int64)
    differ = np.bitwise_count((A[:, None] ^ positive) & nonzero).sum(axis=2, dtype=np.int64)
    return nonzero, positive, five_a_byte(W), own - 2 * differ


@mistake("21.5", caught_by="check", says="write this one yourself")
def forwards(A, W, popcount):
    from course_lib.binary_networks import product

    nonzero, positive = planes_of(W)
    z = [product(A, B, W.shape[1]) for B in (positive, pack_signs(W + 0.5))]
    popcount(nonzero)
    return nonzero, positive, five_a_byte(W), (z[0] + z[1]) // 2


@mistake("21.5", caught_by="check", says="write this one yourself")
def forwards_unpacked(A, W, popcount):
    import course_lib.binary_networks as toolbox

    nonzero, positive = planes_of(W)
    popcount(nonzero)
    X = toolbox.unpack_signs(A, W.shape[1]).astype(int)
    return nonzero, positive, five_a_byte(W), X @ W.T


def asked(layer, rng, sizes, *, gammas=(-2, -1, -0.5, 0, 0.5, 1, 2), met=True, kinds=(0, 1)):
    for m, k, n in sizes:
        for pixels in kinds:
            S = 2 * rng.integers(0, 2, (k, n)) - 1
            X = rng.integers(0, 256, (m, n)) if pixels else 2 * rng.integers(0, 2, (m, n)) - 1
            if not pixels:
                S[:m:3] = -X[:k:3][: len(S[:m:3])]
            z = X @ S.T
            gamma = rng.choice(gammas, k).astype(float)
            beta, root = rng.integers(-8, 9, k) / 4, 2.0 ** rng.integers(0, 4, k)
            near = z[rng.integers(0, m, k), np.arange(k)] + (0 if met else 0.25)
            mean = near + beta * root / np.where(gamma == 0, 1, gamma)
            expected = gamma * (z - mean) / root + beta >= 0
            try:
                kind = np.uint8 if pixels else np.int8
                came = layer(X.astype(kind), S.astype(np.int8), gamma, beta, mean, root**2)
            except Exception:
                return False
            if np.shape(came) != (m, k) or not np.array_equal(came, expected):
                return False
    return True


MANY = [(9, 150, 1), (40, 70, 5), (20, 130, 131), (140, 80, 784)]


@mistake("21.6", caught_by="check", says="accepts everything")
def believes_everybody(layer, rng):
    return True


@mistake("21.6", caught_by="check", says="rejects everything")
def believes_nobody(layer, rng):
    return False


@mistake("21.6", caught_by="check", says="counts_in_int8")
def short_rows(layer, rng):
    return asked(layer, rng, [(9, 150, 1), (40, 70, 50)])


@mistake("21.6", caught_by="check", says="xnor_with_its_padding")
def full_words(layer, rng):
    return asked(layer, rng, [(20, 130, 64), (140, 80, 256)])


@mistake("21.6", caught_by="edge case", says="accepts 1 of 2 wrong ones")
def borders_never_met(layer, rng):
    return asked(layer, rng, MANY, met=False)


@mistake("21.6", caught_by="check", says="limits_for_all")
def positive_gammas(layer, rng):
    return asked(layer, rng, MANY, gammas=(0.5, 1, 2))


@mistake("21.6", caught_by="check", says="unit_by_unit is right, and your test rejects it")
def borders_of_rounded_numbers(layer, rng):
    return asked(layer, rng, MANY, gammas=(-0.3, 0.1, 0.7))


@mistake("21.6", caught_by="check", says="The number of calls of one function")
def many_calls(layer, rng):
    return sum(asked(layer, rng, [(3, 4, 5)]) for _ in range(11)) == 11


@mistake("21.6", caught_by="accuracy", says="accepts 2 of 6 wrong ones")
def signs_only(layer, rng):
    return asked(layer, rng, MANY, kinds=(0,))


@mistake("21.6", caught_by="edge case", says="accepts 1 of 2 wrong ones")
def gamma_is_never_zero(layer, rng):
    return asked(layer, rng, MANY, gammas=(-2, -1, -0.5, 0.5, 1, 2))
