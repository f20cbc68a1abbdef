"""Wrong answers to lab 16.

The right loops stand first, each once; a mistake is a call of one of them with what is wrong.
"""

import itertools
import mmap

import numpy as np

from course_lib import kernel_training
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


# ------------------------------------------------------------------------ 16.1, two at a time


def rooms(alpha, y, C, i, j):
    """Return how far y_i alpha_i can grow, and y_j alpha_j shrink."""
    return C - alpha[i] if y[i] > 0 else alpha[i], alpha[j] if y[j] > 0 else C - alpha[j]


def cut(step, room_i, room_j):
    """Return by how much the two move."""
    d = min(step, room_i, room_j)
    return d, d


def trained(
    kernel,
    X,
    diagonal,
    y,
    C,
    tol,
    *,
    columns=None,
    keeps=True,
    least=1e-12,
    twice=2,
    rooms=rooms,
    cut=cut,
):
    """Train in pairs; return alpha, the slopes, and the two slopes that ended the loop."""
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), columns or {}

    def column(i):
        if i not in columns or not keeps:
            columns[i] = kernel(X, X[[i]])[:, 0]
        return columns[i]

    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        K_i = column(i)
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - twice * K_i, least)
        j = int(np.argmax(ahead**2 / eta))
        K_j = column(j)
        d, d_j = cut(ahead[j] / eta[j], *rooms(alpha, y, C, i, j))
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d_j
        for t, wall in itertools.product((i, j), (0.0, C)):
            if abs(alpha[t] - wall) < 1e-13 * C:
                alpha[t] = wall
        slope -= d * (K_i - K_j)
    return alpha, slope, (slope[i], lowest)


def ended(y, alpha, slope, ends):
    """Return alpha, b, the square of its length, and the sum of the losses."""
    b = np.mean(ends)
    return alpha, b, (y * alpha) @ (y - slope), np.maximum(0, y * (slope - b)).sum()


def certified(y, C, alpha, slope, ends):
    """Return alpha, b, and the gap."""
    alpha, b, square, losses = ended(y, alpha, slope, ends)
    return alpha, b, square + C * losses - alpha.sum()


# ------------------------------------------------------------------------ 16.2, without labels


def leveled(kernel, X, diagonal, nu, tol, *, start=None, keeps=True):
    """Train a one-class machine; return alpha, g, and the two g that ended the loop."""
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap) if start is None else start
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns or not keeps:
            columns[i] = kernel(X, X[[i]])[:, 0]
        return columns[i]

    for i in np.flatnonzero(alpha):
        g += alpha[i] * column(i)
    for _ in range(4000):
        below = np.where(alpha < cap * (1 - 1e-12), g, np.inf)
        above = np.where(alpha > 1e-12 * cap, g, -np.inf)
        i, j = below.argmin(), above.argmax()
        if above[j] - below[i] <= tol:
            break
        eta = max(diagonal[i] + diagonal[j] - 2 * column(i)[j], 1e-12)
        d = min((g[j] - g[i]) / eta, cap - alpha[i], alpha[j])
        alpha[i] += d
        alpha[j] -= d
        g += d * (column(i) - column(j))
    return alpha, g, (below[i] if np.isfinite(below[i]) else above[j], above[j])


def one_class(*given, **wrong):
    """Return alpha and rho."""
    alpha, _, ends = leveled(*given, **wrong)
    return alpha, np.mean(ends)


# ------------------------------------------------------------------- 16.3, a stream of blocks


def sums(kernel, blocks, landmarks, dtype=float):
    """Return C.T @ C and C.T @ Y, added up over the blocks."""
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks).astype(dtype or X.dtype)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    return inner, outer


def least(inner, outer):
    """Return the solution of least squares."""
    return np.linalg.lstsq(inner, outer, rcond=1e-14)[0]


def penalized(kernel, landmarks, weight, inner, outer):
    """Return beta."""
    return least(inner + weight * kernel(landmarks, landmarks), outer)


# --------------------------------------------------------------------------- 16.4, by the block


def drawn(e, block, rng):
    """Return proposals."""
    return rng.choice(len(e), block, p=e / e.sum())


def in_turn(R, P, e, room, uniform):
    """Return the proposals that are accepted."""
    accepted = []
    for p, i in enumerate(P):
        if len(accepted) < room and uniform() * e[i] < R[p, p]:
            R = R - np.outer(R[p], R[p]) / R[p, p]
            accepted.append(i)
    return accepted


def among(kernel, X, F, P):
    """Return what F lacks of the kernel of the proposals."""
    return kernel(X[P], X[P]) - F[P] @ F[P].T


def missing(kernel, X, F, P, A):
    """Return what F lacks of the columns of the accepted rows A, of the proposals P."""
    return kernel(X, X[A]) - F @ F[A].T


def whitened(C, L):
    """Return the new columns of F."""
    return np.linalg.solve(L, C.T).T


def pivots(
    kernel,
    X,
    diagonal,
    m,
    block,
    rng,
    *,
    left=1e-10,
    draw=drawn,
    among=among,
    judge=in_turn,
    missing=missing,
    features=whitened,
):
    """Return F and the accepted rows."""
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= left * start:
            break
        P = draw(e, block, rng)
        accepted = judge(among(kernel, X, F, P), P, e, m - len(chosen), rng.random)
        C = missing(kernel, X, F, P, accepted)
        new = features(C, np.linalg.cholesky(C[accepted]))
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


# ------------------------------------------------------------------ 16.5, conjugate gradients


def four_solves(T, S, r):
    """Return P r."""
    z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
    return np.linalg.solve(T, np.linalg.solve(S, z))


def steps(
    K_nm,
    K_mm,
    y,
    weight,
    *,
    jitter=1e-12,
    solves=four_solves,
    penalty=None,
    product=None,
    anew=False,
):
    """Yield beta, the residual, and its product with P, at the start and after each step."""
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + jitter * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T
    penalty = weight * K_mm if penalty is None else penalty
    product = product or (lambda p: K_nm.T @ (K_nm @ p) + penalty @ p)
    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    p = solves(T, S, r)
    rz = r @ p
    while True:
        yield beta, r, rz
        q = product(p)
        a = rz / (p @ q)
        beta = beta + a * p
        r = g - product(beta) if anew else r - a * q
        z, before = solves(T, S, r), rz
        rz = r @ z
        p = z + rz / before * p


def until(tol, steps):
    """Return beta once the residual is small."""
    beta, r, _ = next(steps)
    small = tol * np.linalg.norm(r)
    while np.linalg.norm(r) > small:
        beta, r, _ = next(steps)
    return beta


# ------------------------------------------------------------------------ 16.6, the certificate

CASES = ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7))  # n, C, share of +1


def clouds(rng, n, share):
    """Return K and y of two clouds."""
    y = np.where(np.arange(n) < share * n, 1.0, -1.0)
    X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
    size = rng.uniform(0.7, 1.5, n)
    return 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size), y


def boxed(K, y, C, alpha, b):
    """Whether alpha keeps its box."""
    return alpha.min() >= -1e-9 * C and alpha.max() <= C * (1 + 1e-9)


def summed(K, y, C, alpha, b):
    """Whether alpha keeps its sum."""
    return abs(y @ alpha) <= 1e-9 * len(y) * C


def closed(K, y, C, alpha, b, most=1e-4):
    """Whether the gap is small."""
    f = K @ (y * alpha)
    square = (y * alpha) @ f
    dual = alpha.sum() - square / 2
    primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
    return primal - dual <= most * dual


def passes(train, rng, *tests, cases=CASES, problem=clouds):
    """Whether what ``train`` returns for each case passes the tests."""
    for n, C, share in cases:
        K, y = problem(rng, n, share)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if not all(test(K, y, C, alpha, b) for test in tests):
            return False
    return True


# ------------------------------------------------------------------------------- the mistakes


@mistake("16.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, X, diagonal, y, C, tol):
    alpha = np.zeros(len(y))
    alpha[0] = C


@mistake("16.1", caught_by="check", says="alpha itself is never negative")
def returns_signed_variables(kernel, X, diagonal, y, C, tol):
    alpha, b, gap = certified(y, C, *trained(kernel, X, diagonal, y, C, tol))
    return y * alpha, b, gap


@mistake("16.1", caught_by="check", says="b has the wrong sign")
def offset_with_the_other_sign(kernel, X, diagonal, y, C, tol):
    alpha, b, gap = certified(y, C, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, -b, gap


@mistake("16.1", caught_by="check", says="cut d once")
def each_is_cut_alone(kernel, X, diagonal, y, C, tol):
    def alone(step, room_i, room_j):
        return min(step, room_i), min(step, room_j)

    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, cut=alone))


@mistake("16.1", caught_by="check", says="to the wall is another one")
def walls_of_one_class(kernel, X, diagonal, y, C, tol):
    def of_one_class(alpha, y, C, i, j):
        return C - alpha[i], alpha[j]

    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, rooms=of_one_class))


@mistake("16.1", caught_by="check", says="above C = 0.7")
def no_upper_wall(kernel, X, diagonal, y, C, tol):
    def endless(alpha, y, C, i, j):
        return rooms(alpha, y, np.inf, i, j)

    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, rooms=endless))


@mistake("16.1", caught_by="check", says="can be reached")
def stops_too_early(kernel, X, diagonal, y, C, tol):
    return certified(y, C, *trained(kernel, X, diagonal, y, C, max(tol, 0.1)))


@mistake("16.1", caught_by="check", says="the square halved")
def twice_the_square_in_the_gap(kernel, X, diagonal, y, C, tol):
    alpha, b, square, losses = ended(y, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, b, 1.5 * square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="with b in f")
def gap_without_offset(kernel, X, diagonal, y, C, tol):
    alpha, slope, ends = trained(kernel, X, diagonal, y, C, tol)
    alpha, b, square, _ = ended(y, alpha, slope, ends)
    return alpha, b, square + C * np.maximum(0, y * slope).sum() - alpha.sum()


@mistake("16.1", caught_by="check", says="C in front")
def gap_without_C(kernel, X, diagonal, y, C, tol):
    alpha, b, square, losses = ended(y, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, b, square + losses - alpha.sum()


@mistake("16.1", caught_by="check", says="")
def offset_of_the_last_slope(kernel, X, diagonal, y, C, tol):
    alpha, slope, _ = trained(kernel, X, diagonal, y, C, tol)
    return certified(y, C, alpha, slope, [slope.mean()])


@mistake("16.1", caught_by="check", says="Keep each column")
def fetches_every_time(kernel, X, diagonal, y, C, tol):
    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, keeps=False))


@mistake("16.1", caught_by="check", says="Keep each column")
def whole_matrix(kernel, X, diagonal, y, C, tol):
    columns = dict(enumerate(kernel(X, X)))
    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, columns=columns))


@mistake("16.1", caught_by="check", says="smaller than what D still lacks")
def gap_of_zero(kernel, X, diagonal, y, C, tol):
    alpha, b, _ = certified(y, C, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, b, 0.0


@mistake("16.1", caught_by="check", says="")
def divides_by_equal_rows(kernel, X, diagonal, y, C, tol):
    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, least=-np.inf))


@mistake("16.1", caught_by="check", says="after the one step that tol = 1 allows")
def steps_too_short(kernel, X, diagonal, y, C, tol):
    return certified(y, C, *trained(kernel, X, diagonal, y, C, tol, twice=1))


@mistake("16.1", caught_by="check", says="write this one yourself")
def forwards(kernel, X, diagonal, y, C, tol):
    from course_lib.kernel_training import smo

    last = list(smo(kernel, y, C=C, X=X, diagonal=diagonal, tol=tol))[-1]
    return last.alpha, last.offset, last.gap


@mistake("16.1", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(kernel, X, diagonal, y, C, tol):
    import sklearn.svm as machines

    machine = machines.SVC(kernel=kernel, C=C, tol=tol).fit(X, y)
    alpha = np.zeros(len(y))
    alpha[machine.support_] = np.abs(machine.dual_coef_[0])
    return alpha, machine.intercept_[0], 0.0


@mistake("16.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, X, diagonal, nu, tol):
    one_class(kernel, X, diagonal, nu, tol)


@mistake("16.2", caught_by="check", says="The sum of alpha is nu n")
def scaled_as_scikit_learn_does(kernel, X, diagonal, nu, tol):
    alpha, rho = one_class(kernel, X, diagonal, nu, tol)
    return alpha * nu * len(X), rho * nu * len(X)


@mistake("16.2", caught_by="check", says="start with few rows")
def starts_with_all_rows(kernel, X, diagonal, nu, tol):
    equal = np.full(len(X), 1 / len(X))
    return one_class(kernel, X, diagonal, nu, tol, start=equal)


@mistake("16.2", caught_by="check", says="The sum of alpha")
def rest_is_forgotten(kernel, X, diagonal, nu, tol):
    n = len(X)
    full = np.where(np.arange(n) < int(nu * n), 1 / (nu * n), 0)
    return one_class(kernel, X, diagonal, nu, tol, start=full)


@mistake("16.2", caught_by="check", says="should be")
def starts_outside_its_box(kernel, X, diagonal, nu, tol):
    first = np.where(np.arange(len(X)) == 0, 1.0, 0)
    return one_class(kernel, X, diagonal, nu, tol, start=first)


@mistake("16.2", caught_by="check", says="off by")
def stops_early(kernel, X, diagonal, nu, tol):
    return one_class(kernel, X, diagonal, nu, 1e-2)


@mistake("16.2", caught_by="check", says="rho")
def threshold_of_rows_inside(kernel, X, diagonal, nu, tol):
    alpha, g, _ = leveled(kernel, X, diagonal, nu, tol)
    return alpha, g.mean()


@mistake("16.2", caught_by="check", says="rho")
def threshold_of_full_rows(kernel, X, diagonal, nu, tol):
    alpha, g, _ = leveled(kernel, X, diagonal, nu, tol)
    return alpha, g[alpha > 0].min()


@mistake("16.2", caught_by="check", says="are columns kept")
def no_cache(kernel, X, diagonal, nu, tol):
    return one_class(kernel, X, diagonal, nu, tol, keeps=False)


@mistake("16.2", caught_by="edge case", says="")
def start_needs_a_row_that_is_not_there(kernel, X, diagonal, nu, tol):
    start, full, cap = np.zeros(len(X)), int(nu * len(X)), 1 / (nu * len(X))
    start[:full] = cap
    start[full] = 1 - full * cap
    return one_class(kernel, X, diagonal, nu, tol, start=start)


@mistake("16.2", caught_by="check", says="write this one yourself")
def forwards(kernel, X, diagonal, nu, tol):
    from sklearn.svm import OneClassSVM

    machine = OneClassSVM(kernel="precomputed", nu=nu, tol=tol).fit(kernel(X, X))
    alpha = np.zeros(len(X))
    alpha[machine.support_] = machine.dual_coef_[0]
    return alpha / alpha.sum(), -machine.intercept_[0] / alpha.sum()


@mistake("16.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, blocks, landmarks, weight):
    penalized(kernel, landmarks, weight, *sums(kernel, blocks, landmarks))


@mistake("16.3", caught_by="check", says="the task has K(z_j, z_k)")
def penalizes_beta(kernel, blocks, landmarks, weight):
    inner, outer = sums(kernel, blocks, landmarks)
    return least(inner + weight * np.eye(len(landmarks)), outer)


@mistake("16.3", caught_by="check", says="The penalty is missing")
def without_penalty(kernel, blocks, landmarks, weight):
    return least(*sums(kernel, blocks, landmarks))


@mistake("16.3", caught_by="check", says="divided by n")
def divides_by_n(kernel, blocks, landmarks, weight):
    return penalized(kernel, landmarks, weight / 200, *sums(kernel, blocks, landmarks))


@mistake("16.3", caught_by="check", says="once a block")
def penalty_in_every_block(kernel, blocks, landmarks, weight):
    parts = list(blocks)
    found = sums(kernel, parts, landmarks)
    return penalized(kernel, landmarks, len(parts) * weight, *found)


@mistake("16.3", caught_by="check", says="Only the last block")
def only_the_last_block(kernel, blocks, landmarks, weight):
    return penalized(kernel, landmarks, weight, *sums(kernel, list(blocks)[-1:], landmarks))


@mistake("16.3", caught_by="check", says="Y was centered")
def centers_the_labels(kernel, blocks, landmarks, weight):
    parts = list(blocks)
    mean = np.vstack([Y for _, Y in parts]).mean(axis=0)
    return penalized(
        kernel, landmarks, weight, *sums(kernel, [(X, Y - mean) for X, Y in parts], landmarks)
    )


@mistake("16.3", caught_by="check", says="keep sums")
def collects_the_kernels(kernel, blocks, landmarks, weight):
    pairs = [(kernel(X, landmarks), Y) for X, Y in blocks]
    C, Y = (np.vstack(part) for part in zip(*pairs, strict=True))
    return penalized(kernel, landmarks, weight, C.T @ C, C.T @ Y)


@mistake("16.3", caught_by="cost", says="megabytes by which your function grew")
def keeps_kernels_unseen(kernel, blocks, landmarks, weight):
    kept = []
    for X, Y in blocks:
        C = kernel(X, landmarks).astype(float)
        memory = np.frombuffer(mmap.mmap(-1, C.nbytes)).reshape(C.shape)  # Python does not trace it
        memory[:] = C
        kept.append((memory, Y))
    inner, outer = sum(C.T @ C for C, _ in kept), sum(C.T @ Y for C, Y in kept)
    return penalized(kernel, landmarks, weight, inner, outer)


@mistake("16.3", caught_by="check", says="are enough")
def evaluates_twice(kernel, blocks, landmarks, weight):
    def twice(X, Z):
        return (kernel(X, Z) + kernel(X, Z)) / 2

    return penalized(kernel, landmarks, weight, *sums(twice, blocks, landmarks))


@mistake("16.3", caught_by="cost", says="the blocks are collected")
def reads_ahead(kernel, blocks, landmarks, weight):
    return penalized(kernel, landmarks, weight, *sums(kernel, list(blocks), landmarks))


@mistake("16.3", caught_by="edge case", says="")
def by_cholesky(kernel, blocks, landmarks, weight):
    inner, outer = sums(kernel, blocks, landmarks)
    L = np.linalg.cholesky(inner + weight * kernel(landmarks, landmarks))
    return np.linalg.solve(L.T, np.linalg.solve(L, outer))


@mistake("16.3", caught_by="accuracy", says="are the sums float64?")
def sums_in_float32(kernel, blocks, landmarks, weight):
    return penalized(kernel, landmarks, weight, *sums(kernel, blocks, landmarks, dtype=None))


@mistake("16.3", caught_by="check", says="")
def own_kernel_of_the_block(kernel, blocks, landmarks, weight):
    def own(X, Z):
        return kernel(X, X)[:, : len(Z)]

    return penalized(kernel, landmarks, weight, *sums(own, blocks, landmarks))


@mistake("16.3", caught_by="check", says="write this one yourself")
def forwards(kernel, blocks, landmarks, weight):
    from course_lib.kernel_training import NystromRidge

    model = NystromRidge(kernel, n_components=len(landmarks), alpha=weight)
    for X, Y in blocks:
        model.partial_fit(X, Y)
    return model.dual_coef_


@mistake("16.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(kernel, X, diagonal, nu, tol):
    import sklearn.svm as machines

    fitted = getattr(machines, "One" + "ClassSVM")(kernel="linear", nu=nu).fit(X)
    return fitted.dual_coef_[0] / fitted.dual_coef_.sum(), fitted.offset_[0]


@mistake("16.3", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(kernel, blocks, landmarks, weight):
    from sklearn.kernel_ridge import KernelRidge as Helper

    X, Y = (np.vstack(part) for part in zip(*blocks, strict=True))
    return Helper(kernel=kernel, alpha=weight).fit(X, Y).dual_coef_[: len(landmarks)]


@mistake("16.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, X, diagonal, m, block, rng):
    pivots(kernel, X, diagonal, m, block, rng)


@mistake("16.4", caught_by="check", says="accepted one")
def accepts_all_that_are_new(kernel, X, diagonal, m, block, rng):
    def all_new(R, P, e, room, uniform):
        return list(dict.fromkeys(P))[:room]

    return pivots(kernel, X, diagonal, m, block, rng, judge=all_new)


@mistake("16.4", caught_by="check", says="")
def judges_by_the_old_residual(kernel, X, diagonal, m, block, rng):
    def by_the_old(R, P, e, room, uniform):
        found = [i for p, i in enumerate(P) if uniform() * e[i] < R[p, p]]
        return list(dict.fromkeys(found))[:room]

    return pivots(kernel, X, diagonal, m, block, rng, judge=by_the_old)


@mistake("16.4", caught_by="check", says="law of random pivots")
def draws_uniformly(kernel, X, diagonal, m, block, rng):
    def uniformly(e, block, rng):
        return rng.choice(np.flatnonzero(e), block)

    def by_R_alone(R, P, e, room, uniform):
        return in_turn(R, P, np.ones(len(e)), room, uniform)

    return pivots(kernel, X, diagonal, m, block, rng, draw=uniformly, judge=by_R_alone)


@mistake("16.4", caught_by="check", says="")
def greedy_in_the_block(kernel, X, diagonal, m, block, rng):
    def greedily(R, P, e, room, uniform):
        accepted = []
        for _ in P:
            p = int(np.argmax(np.diag(R)))
            if len(accepted) < room and R[p, p] > 0.5 * e[P[p]]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(P[p])
        return accepted

    return pivots(kernel, X, diagonal, m, block, rng, judge=greedily)


@mistake("16.4", caught_by="check", says="use `rng`")
def always_greedy(kernel, X, diagonal, m, block, rng):
    def largest(e, block, rng):
        return np.argsort(-e)[:block]

    def above_half(R, P, e, room, uniform):
        return in_turn(R, P, e, room, lambda: 0.5)

    return pivots(kernel, X, diagonal, m, block, rng, draw=largest, judge=above_half)


@mistake("16.4", caught_by="check", says="pairs were evaluated")
def columns_of_all_proposals(kernel, X, diagonal, m, block, rng):
    def of_all(kernel, X, F, P, A):
        return kernel(X, X[P])[:, [list(P).index(i) for i in A]] - F @ F[A].T

    return pivots(kernel, X, diagonal, m, block, rng, missing=of_all)


@mistake("16.4", caught_by="check", says="calls of the kernel")
def one_by_one(kernel, X, diagonal, m, block, rng):
    return pivots(kernel, X, diagonal, m, 1, rng)


@mistake("16.4", caught_by="check", says="F F^T")
def forgets_what_F_has(kernel, X, diagonal, m, block, rng):
    def whole(kernel, X, F, P, A):
        return kernel(X, X[A])

    return pivots(kernel, X, diagonal, m, block, rng, missing=whole)


@mistake("16.4", caught_by="check", says="F_P F_P^T subtracted")
def forgets_F_among_proposals(kernel, X, diagonal, m, block, rng):
    def whole(kernel, X, F, P):
        return kernel(X[P], X[P])

    def new_ones(R, P, e, room, uniform):
        return [i for i in dict.fromkeys(in_turn(R, P, e, room, uniform)) if e[i] > 1e-9]

    return pivots(kernel, X, diagonal, m, block, rng, among=whole, judge=new_ones)


@mistake("16.4", caught_by="check", says="should have shape")
def too_many_at_the_end(kernel, X, diagonal, m, block, rng):
    def without_end(R, P, e, room, uniform):
        return in_turn(R, P, e, np.inf, uniform)

    return pivots(kernel, X, diagonal, m, block, rng, judge=without_end)


@mistake("16.4", caught_by="check", says="random")
def one_draw_for_the_block(kernel, X, diagonal, m, block, rng):
    def at_once(R, P, e, room, uniform):
        u = uniform()
        return in_turn(R, P, e, room, lambda: u)

    return pivots(kernel, X, diagonal, m, block, rng, judge=at_once)


@mistake("16.4", caught_by="check", says="should have shape")
def diagonal_is_one(kernel, X, diagonal, m, block, rng):
    return pivots(kernel, X, np.ones(len(X)), m, block, rng)


@mistake("16.4", caught_by="edge case", says="")
def never_stops_early(kernel, X, diagonal, m, block, rng):
    return pivots(kernel, X, diagonal, m, block, rng, left=-1)


@mistake("16.4", caught_by="check", says="F F^T")
def transposed_solve(kernel, X, diagonal, m, block, rng):
    return pivots(kernel, X, diagonal, m, block, rng, features=lambda C, L: C @ L)


@mistake("16.4", caught_by="check", says="write this one yourself")
def forwards(kernel, X, diagonal, m, block, rng):
    from course_lib.low_rank import pivoted_cholesky

    found = pivoted_cholesky(kernel, m, X=X, diagonal=diagonal, rule="random", rng=rng)
    return found.F, found.indices


@mistake("16.4", caught_by="check", says="write this one yourself")
def forwards_after_a_choice_of_its_own(kernel, X, diagonal, m, block, rng):
    import course_lib.low_rank as toolbox

    indices = rng.choice(len(X), m, replace=False, p=diagonal / diagonal.sum())
    return toolbox.nystrom_features(kernel, indices, X=X).F, indices


@mistake("16.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(K_nm, K_mm, y, weight, tol):
    until(tol, steps(K_nm, K_mm, y, weight))


@mistake("16.5", caught_by="check", says="four solves in their order")
def without_a_preconditioner(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, solves=lambda T, S, r: r.copy()))


@mistake("16.5", caught_by="check", says="four solves in their order")
def factors_swapped(K_nm, K_mm, y, weight, tol):
    def swapped(T, S, r):
        return four_solves(S, T, r)

    return until(tol, steps(K_nm, K_mm, y, weight, solves=swapped))


@mistake("16.5", caught_by="check", says="")
def only_half_of_P(K_nm, K_mm, y, weight, tol):
    def two_solves(T, S, r):
        return np.linalg.solve(S.T, np.linalg.solve(T.T, r))

    return until(tol, steps(K_nm, K_mm, y, weight, solves=two_solves))


@mistake("16.5", caught_by="check", says="multiplied by n")
def weight_times_n(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, penalty=len(y) * weight * K_mm))


@mistake("16.5", caught_by="check", says="divided by n")
def weight_over_n(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, penalty=weight / len(y) * K_mm))


@mistake("16.5", caught_by="check", says="weight * K_mm @ p, not")
def penalizes_p(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, penalty=weight * np.eye(len(K_mm))))


@mistake("16.5", caught_by="check", says="is missing in the product")
def forgets_the_penalty(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, penalty=0 * K_mm))


@mistake("16.5", caught_by="check", says="multiply by one vector")
def forms_the_matrix(K_nm, K_mm, y, weight, tol):
    A = K_nm.T @ (K_nm @ np.eye(len(K_mm))) + weight * K_mm
    return until(tol, steps(K_nm, K_mm, y, weight, product=lambda p: A @ p))


@mistake("16.5", caught_by="check", says="40 are more")
def residual_anew_each_step(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, anew=True))


@mistake("16.5", caught_by="check", says="|g - A beta|")
def stops_on_the_preconditioned(K_nm, K_mm, y, weight, tol):
    return until(tol, ((beta, rz, rz) for beta, _, rz in steps(K_nm, K_mm, y, weight)))


@mistake("16.5", caught_by="check", says="")
def always_thirteen_steps(K_nm, K_mm, y, weight, tol):
    return list(itertools.islice(steps(K_nm, K_mm, y, weight), 14))[-1][0]


@mistake("16.5", caught_by="edge case", says="")
def no_care_for_equal_landmarks(K_nm, K_mm, y, weight, tol):
    return until(tol, steps(K_nm, K_mm, y, weight, jitter=0))


@mistake("16.5", caught_by="edge case", says="")
def divides_by_zero(K_nm, K_mm, y, weight, tol):
    small = tol * np.linalg.norm(K_nm.T @ y)
    later = itertools.islice(steps(K_nm, K_mm, y, weight), 1, None)
    return next(beta for beta, r, _ in later if np.linalg.norm(r) <= small)


@mistake("16.5", caught_by="check", says="write this one yourself")
def forwards(K_nm, K_mm, y, weight, tol):
    from course_lib import kernel_training as kt

    product = kt.NystromProduct(K_nm, K_mm, weight)
    pre = kt.nystrom_preconditioner(K_nm, K_mm, weight)
    steps = kt.conjugate_gradient(product, product.right_side(y), preconditioner=pre, tol=tol)
    return list(steps)[-1].x


@mistake("16.5", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(K_nm, K_mm, y, weight, tol):
    from scipy.sparse.linalg import LinearOperator, cg

    def product(v):
        return K_nm.T @ (K_nm @ v) + weight * K_mm @ v

    m = len(K_mm)
    return cg(LinearOperator((m, m), matvec=product, dtype=float), K_nm.T @ y, rtol=tol)[0]


@mistake("16.6", caught_by="check", says="accepts everything")
def accepts_everything(train, rng):
    return passes(train, rng)


@mistake("16.6", caught_by="check", says="rejects everything")
def rejects_everything(train, rng):
    return passes(train, rng, boxed, summed, closed) and False


@mistake("16.6", caught_by="check", says="Your test accepts")
def only_the_sum(train, rng):
    return passes(train, rng, summed)


@mistake("16.6", caught_by="check", says="no_sum")
def only_the_gap(train, rng):
    return passes(train, rng, closed)


@mistake("16.6", caught_by="check", says="rejects everything")
def gap_without_offset(train, rng):
    def with_no_offset(K, y, C, alpha, b):
        return closed(K, y, C, alpha, 0)

    return passes(train, rng, boxed, summed, with_no_offset)


@mistake("16.6", caught_by="check", says="rejects")
def stricter_than_the_task(train, rng):
    def strictly(*found):
        return closed(*found, most=1e-9)

    return passes(train, rng, boxed, summed, strictly)


@mistake("16.6", caught_by="check", says="is right, and your test rejects it")
def compares_alpha(train, rng):
    def repeated(rng, n, share):
        X = np.repeat(rng.standard_normal((n, 2)), 3, axis=0)[:n]
        y = np.where(rng.random(n) < share, 1.0, -1.0)
        return 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)), y

    def known(K, y, C, alpha, b):
        best = list(kernel_training.smo(K, y, C=C, tol=1e-6))[-1].alpha
        return np.allclose(alpha, best, rtol=1e-3, atol=1e-4 * C)

    return passes(train, rng, boxed, summed, known, problem=repeated)


@mistake("16.6", caught_by="check", says="price_a_hundred")
def a_hundred_rows_only(train, rng):
    cases = ((100, 1.0, 0.5), (100, 0.1, 0.25))
    return passes(train, rng, boxed, summed, closed, cases=cases)


@mistake("16.6", caught_by="check", says="of_length_one")
def diagonal_of_ones(train, rng):
    def of_length_one(rng, n, share):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        return np.exp(-((X[:, None] - X) ** 2).sum(axis=2)), y

    return passes(train, rng, boxed, summed, closed, problem=of_length_one)


@mistake("16.6", caught_by="check", says="as_if_balanced")
def balanced_only(train, rng):
    cases = ((60, 1.0, 0.5), (62, 0.1, 0.5), (150, 10.0, 0.5))
    return passes(train, rng, boxed, summed, closed, cases=cases)


@mistake("16.6", caught_by="edge case", says="")
def a_little_loose(train, rng):
    def loosely(*found):
        return closed(*found, most=1e-2)

    return passes(train, rng, boxed, summed, loosely)


@mistake("16.6", caught_by="check", says="tired")
def loose_gap(train, rng):
    def loosely(*found):
        return closed(*found, most=0.2)

    return passes(train, rng, boxed, summed, loosely)
