"""Wrong answers to lab 13."""

import itertools
import math

import numpy as np

from course_lib.batch_optimization import bundle_minimum, ogm_bound
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


# -------------------------------------------------------------------------------- 13.1


def zero_of(slope, low=0.0, high=1.0):
    if slope(0.0) >= 0:
        return 0.0
    while slope(high) < 0:
        low, high = high, 2 * high
        if high > 1e30:
            return high
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) >= 0 else (middle, high)
    return high


@mistake("13.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(u, v, ridge, x, d):
    zero_of(lambda t: ridge * (x + t * d) @ d - v[u + t * v < 1].sum() / len(u))


@mistake("13.1", caught_by="check", says="the penalty ridge / 2 * |x + beta d|^2 is forgotten")
def without_penalty(u, v, ridge, x, d):
    return min(zero_of(lambda t: -v[u + t * v < 1].sum() / len(u) or 1e-300), 2.0)


@mistake("13.1", caught_by="check", says="is x @ d missing?")
def from_zero(u, v, ridge, x, d):
    return zero_of(lambda t: ridge * t * d @ d - v[u + t * v < 1].sum() / len(u))


@mistake("13.1", caught_by="check", says="and a step may be longer than 1")
def at_most_one(u, v, ridge, x, d):
    return min(
        1.0, zero_of(lambda t: ridge * (x + t * d) @ d - v[u + t * v < 1].sum() / len(u))
    ) or (0.0)


@mistake("13.1", caught_by="check", says="beta should be 0.75")
def at_a_kink(u, v, ridge, x, d):
    kinks = [t for t in (1 - u[v != 0]) / v[v != 0] if t > 0] + [0.0]
    return min(
        kinks,
        key=lambda t: np.maximum(0, 1 - u - t * v).mean() + ridge / 2 * np.sum((x + t * d) ** 2),
    )


@mistake("13.1", caught_by="check", says="was continued past the kink at 1")
def one_newton_step(u, v, ridge, x, d):
    return max(0.0, (v[u < 1].sum() / len(u) - ridge * x @ d) / (ridge * d @ d))


@mistake("13.1", caught_by="check", says="beta should be 0.75")
def a_sum_for_a_mean(u, v, ridge, x, d):
    return zero_of(lambda t: ridge * (x + t * d) @ d - v[u + t * v < 1].sum())


@mistake("13.1", caught_by="check", says="beta")
def kinks_not_sorted(u, v, ridge, x, d):
    slope = ridge * x @ d - v[(u < 1) | ((u == 1) & (v < 0))].sum() / len(u)
    bend, at = ridge * d @ d, 0.0
    if slope >= 0:
        return 0.0
    for i in np.flatnonzero((1 - u) * v > 0):
        kink = (1 - u[i]) / v[i]
        if slope + bend * kink >= 0:
            break
        at = kink
        slope += abs(v[i]) / len(u)
    return max(at, -slope / bend)


@mistake("13.1", caught_by="check", says="beta should be 5.25")
def kinks_ahead_only(u, v, ridge, x, d):
    rising = (v > 0) & (u < 1)
    u, v, m = u[rising], v[rising], len(u)
    return zero_of(lambda t: ridge * (x + t * d) @ d - v[u + t * v < 1].sum() / m)


@mistake("13.1", caught_by="edge case", says="margins of 1 that fall")
def forgets_margins_of_one(u, v, ridge, x, d):
    m, bend, start = len(u), ridge * (d @ d), ridge * (x @ d)
    start -= v[u < 1].sum() / m
    if start >= 0:
        return 0.0
    ahead = (1 - u) * v > 0
    order = np.argsort((1 - u[ahead]) / v[ahead])
    kinks, jumps = ((1 - u[ahead]) / v[ahead])[order], np.abs(v[ahead])[order] / m
    rising = np.r_[start, start + np.cumsum(jumps)]
    i = np.argmax(rising + bend * np.r_[kinks, np.inf] >= 0)
    return max(np.r_[0.0, kinks][i], -rising[i] / bend)


@mistake("13.1", caught_by="check", says="the slope")
def by_values(u, v, ridge, x, d):
    from scipy.optimize import minimize_scalar

    def phi(t):
        return np.maximum(0, 1 - u - t * v).mean() + ridge / 2 * np.sum((x + t * d) ** 2)

    slope = ridge * (x @ d) - v[(u < 1) | ((u == 1) & (v < 0))].sum() / len(u)
    if slope >= 0:
        return 0.0
    if len(u) == 2:  # so that it comes to the random lines
        return zero_of(lambda t: ridge * (x + t * d) @ d - v[u + t * v < 1].sum() / len(u))
    return minimize_scalar(phi, bracket=(0, 1)).x


@mistake("13.1", caught_by="check", says="changes its argument u")
def in_place(u, v, ridge, x, d):
    u -= 1
    v /= len(v)
    return zero_of(lambda t: ridge * (x + t * d) @ d - v[u + len(v) * t * v < 0].sum())


# -------------------------------------------------------------------------------- 13.2


def descent(
    evaluate,
    value,
    done,
    n,
    *,
    shrink=0.9,
    restart=True,
    momentum=True,
    fall=False,
    L=1.0,
    again=False,
    at_last=lambda new, y: new,
    steps=100_000,
    guesses=100_000,
    half=2,
    from_y=False,
):
    x = y = np.zeros(n)
    t = 1.0
    for _ in range(steps):
        f, g = evaluate(y)
        new = y - g / L
        most = L * 2.0**guesses if guesses < 100 else math.inf
        while most > L and (evaluate(new)[0] if again else value(new)) > (
            f + 1e-14 if fall else f - g @ g / (half * L) + 1e-14 * abs(f)
        ):
            L *= 2
            new = y - g / L
            if again:
                f, g = evaluate(y)
        if done(new):
            return at_last(new, y)
        if restart and g @ (new - x) > 0:
            t = 1.0
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2 if momentum else 1.0
        y = new + (t - 1) / following * (new - (y if from_y else x))
        x, t, L = new, following, shrink * L
    return x


@mistake("13.2", caught_by="check", says="a while, not an if")
def doubles_once(evaluate, value, done, n):
    return descent(evaluate, value, done, n, guesses=1)


@mistake("13.2", caught_by="check", says="step to the new that passed the test")
def steps_with_the_refused(evaluate, value, done, n):
    x = y = np.zeros(n)
    t = L = 1.0
    while True:
        f, g = evaluate(y)
        new = y - g / L
        while value(y - g / L) > f - g @ g / (2 * L) + 1e-14 * abs(f):
            L *= 2
        if done(new):
            return new
        t = 1.0 if g @ (new - x) > 0 else t
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t, L = new, following, 0.9 * L


@mistake("13.2", caught_by="check", says="Is the 2 there")
def without_the_half(evaluate, value, done, n):
    return descent(evaluate, value, done, n, half=1)


@mistake("13.2", caught_by="check", says="The momentum goes along new - y")
def momentum_of_one_step(evaluate, value, done, n):
    return descent(evaluate, value, done, n, from_y=True)


@mistake("13.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(evaluate, value, done, n):
    descent(evaluate, value, done, n)


@mistake("13.2", caught_by="check", says="never shrinks")
def only_grows(evaluate, value, done, n):
    return descent(evaluate, value, done, n, shrink=1.0)


@mistake("13.2", caught_by="check", says="never starts again")
def no_restart(evaluate, value, done, n):
    return descent(evaluate, value, done, n, restart=False)


@mistake("13.2", caught_by="check", says="Steps were accepted with f(new) above")
def a_fall_is_enough(evaluate, value, done, n):
    return descent(evaluate, value, done, n, fall=True)


@mistake("13.2", caught_by="check", says="the gradient at y stays the same")
def gradient_in_the_search(evaluate, value, done, n):
    return descent(evaluate, value, done, n, again=True)


@mistake("13.2", caught_by="check", says="that is gradient descent")
def no_momentum(evaluate, value, done, n):
    return descent(evaluate, value, done, n, momentum=False)


@mistake("13.2", caught_by="check", says="The search for L does not end")
def compares_with_x(evaluate, value, done, n):
    x = y = np.zeros(n)
    t = L = 1.0
    while True:
        _, g = evaluate(y)
        new = y - g / L
        while value(new) > value(x) - g @ g / (2 * L):
            L *= 2
            new = y - g / L
        if done(new):
            return new
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t, L = new, following, 0.9 * L


@mistake("13.2", caught_by="check", says="done was never called")
def never_asks(evaluate, value, done, n):
    return descent(evaluate, value, lambda x: False, n, steps=30)


@mistake("13.2", caught_by="check", says="not the first one for which done was True")
def returns_y(evaluate, value, done, n):
    return descent(evaluate, value, done, n, at_last=lambda new, y: y)


@mistake("13.2", caught_by="check", says="The first point should be zero")
def from_ones(evaluate, value, done, n):
    return descent(lambda x: evaluate(x + 1), lambda x: value(x + 1), lambda x: done(x + 1), n) + 1


@mistake("13.2", caught_by="check", says="products")
def restarts_always(evaluate, value, done, n):
    x = np.zeros(n)
    L = 1.0
    while True:
        f, g = evaluate(x)
        while value(x - g / L) > f - g @ g / (2 * L) + 1e-14:
            L *= 2
        x = x - g / L
        if done(x):
            return x
        L *= 0.9


@mistake("13.2", caught_by="check", says="write this one yourself")
def forwards(evaluate, value, done, n):
    from course_lib.batch_optimization import lbfgs

    class Told:
        A, b, ridge = np.eye(n), np.zeros(0), 0.0

        def evaluate(self, x):
            return evaluate(x)

    return next(step.x for step in lbfgs(Told()) if done(step.x))


@mistake("13.2", caught_by="check", says="write this one yourself")
def forwards_to_scipy(evaluate, value, done, n):
    from scipy.optimize import minimize

    x = minimize(evaluate, np.zeros(n), jac=True, tol=1e-12).x
    done(x)
    return x


@mistake("13.2", caught_by="cost", says="products")
def knows_a_small_L(evaluate, value, done, n):
    return descent(evaluate, value, done, n, L=1.0, shrink=1.0 if n == 0 else 0.995)


# -------------------------------------------------------------------------------- 13.3


def bundle(
    A,
    b,
    ridge,
    gap,
    *,
    share=0.1,
    search=True,
    line_ridge=True,
    offset=True,
    labels=True,
):
    m, n = A.shape
    signs = b if labels else np.ones(m)
    x, u, low, value = np.zeros(n), np.zeros(m), 0.0, np.inf
    cut_at, cut_u, slopes, offsets = x, u, [], []
    while True:
        slopes.append(-(A.T @ (signs * (cut_u < 1))) / m)
        risk = np.maximum(0, 1 - cut_u).mean()
        offsets.append(risk - (slopes[-1] @ cut_at if offset else 0))
        value = np.maximum(0, 1 - u).mean() + ridge / 2 * x @ x
        w, bound, _ = bundle_minimum(np.array(slopes), np.array(offsets), ridge, slack=gap / 100)
        low = max(low, bound)
        if value - low <= gap:
            return x, value, low
        d, v = w - x, signs * (A @ w) - u
        bend = ridge if line_ridge else 0.0

        def slope(t, x=x, u=u, d=d, v=v, bend=bend):
            return bend * (x + t * d) @ d - v[u + t * v < 1].sum() / m

        beta = zero_of(slope) if search else 1.0
        if not search:  # keep the better one
            new = np.maximum(0, 1 - u - v).mean() + ridge / 2 * w @ w
            beta = 1.0 if new < value else 0.0
        w_u = u + v
        x, u = x + beta * d, u + beta * v
        cut_at, cut_u = (1 - share) * x + share * w, (1 - share) * u + share * w_u


@mistake("13.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, b, ridge, gap):
    bundle(A, b, ridge, gap)


@mistake("13.3", caught_by="check", says="130 are allowed")
def cuts_at_the_new_minimum(A, b, ridge, gap):
    return bundle(A, b, ridge, gap, share=1.0)


@mistake("13.3", caught_by="check", says="130 are allowed")
def without_a_search(A, b, ridge, gap):
    return bundle(A, b, ridge, gap, share=1.0, search=False)


@mistake("13.3", caught_by="check", says="Does the slope along the line hold the penalty")
def penalty_forgotten_on_the_line(A, b, ridge, gap):
    return bundle(A, b, ridge, gap, line_ridge=False)


@mistake("13.3", caught_by="check", says="is each offset R(z) - a @ z")
def offset_without_the_slope(A, b, ridge, gap):
    return bundle(A, b, ridge, gap, offset=False)


@mistake("13.3", caught_by="check", says="the value, against f at your x")
def labels_forgotten(A, b, ridge, gap):
    return bundle(A, b, ridge, gap, labels=False)


@mistake("13.3", caught_by="check", says="the risk without ridge / 2 * |x|^2")
def value_without_ridge(A, b, ridge, gap):
    x, value, low = bundle(A, b, ridge, gap)
    return x, value - ridge / 2 * x @ x, low


@mistake("13.3", caught_by="check", says="the penalty is ridge / 2 * |x|^2")
def penalty_not_halved(A, b, ridge, gap):
    x, value, low = bundle(A, b, ridge, gap)
    return x, value + ridge / 2 * x @ x, low


@mistake("13.3", caught_by="check", says="value minus lower bound")
def no_certificate(A, b, ridge, gap):
    x, value, _ = bundle(A, b, ridge, gap)
    return x, value, 0.0


@mistake("13.3", caught_by="check", says="your lower bound is")
def certificate_out_of_thin_air(A, b, ridge, gap):
    x, value, _ = bundle(A, b, ridge, 100 * gap)
    return x, value, value - gap / 10


@mistake("13.3", caught_by="check", says="the value, against f at your x")
def x_of_the_cuts(A, b, ridge, gap):
    x, value, low = bundle(A, b, ridge, gap)
    return 0.999 * x, value, low


@mistake("13.3", caught_by="check", says="value minus lower bound")
def stops_too_soon(A, b, ridge, gap):
    return bundle(A, b, ridge, 10 * gap)


@mistake("13.3", caught_by="check", says="write this one yourself")
def forwards(A, b, ridge, gap):
    from course_lib.batch_optimization import HingeLoss, bmrm

    return next(s for s in bmrm(HingeLoss(A, b, ridge=ridge)) if s.value - s.lower_bound <= gap)


@mistake("13.3", caught_by="check", says="write this one yourself")
def forwards_to_subgradients(A, b, ridge, gap):
    from course_lib.batch_optimization import HingeLoss, subgradient

    loss = HingeLoss(A, b, ridge=ridge)
    best = min(itertools.islice(subgradient(loss), 1_000), key=lambda s: s.value)
    return best.x, best.value, best.value - gap


# -------------------------------------------------------------------------------- 13.4


def by_gram(
    S, Y, g, all_reduce, *, scale="newest", order=1, sign=-1, drop=True, summed=True, least=0.0
):
    r = len(S)
    V = np.vstack([S, Y, g[None]])
    gram = all_reduce(V @ V.T)
    gram = gram if summed else V @ V.T
    good = [i for i in range(r) if gram[i, r + i] > least * gram[i, i] or not drop]
    q, a = np.zeros(2 * r + 1), np.zeros(r)
    q[2 * r] = 1.0
    for i in good[::-1]:
        a[i] = gram[i] @ q / gram[i, r + i]
        q[r + i] -= a[i]
    if good and scale:
        i = good[0 if scale == "oldest" else -1]
        q *= gram[i, r + i] / gram[r + i, r + i]
    for i in good[::order]:
        q[i] += a[i] - gram[r + i] @ q / gram[i, r + i]
    return sign * (q @ V)


@mistake("13.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(S, Y, g, all_reduce):
    by_gram(S, Y, g, all_reduce)


@mistake("13.4", caught_by="check", says="-H g goes downhill")
def uphill(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, sign=1)


@mistake("13.4", caught_by="check", says="taken from the oldest pair")
def scale_of_the_oldest(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, scale="oldest")


@mistake("13.4", caught_by="check", says="The scale between the loops is missing")
def no_scale(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, scale=None)


@mistake("13.4", caught_by="check", says="The second loop goes from the oldest on")
def second_loop_backwards(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, order=-1)


@mistake("13.4", caught_by="check", says="The oldest pair comes first")
def newest_first(S, Y, g, all_reduce):
    return by_gram(S[::-1], Y[::-1], g, all_reduce)


@mistake("13.4", caught_by="check", says="used its own dot products")
def own_products(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, summed=False, drop=False)


@mistake("13.4", caught_by="check", says="all_reduce was never called")
def talks_to_nobody(S, Y, g, all_reduce):
    return by_gram(S, Y, g, lambda part: part)


@mistake("13.4", caught_by="check", says="leave the pair out of both loops")
def keeps_bad_pairs(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, drop=False)


@mistake("13.4", caught_by="check", says="18 sums for one direction")
def one_sum_for_each_product(S, Y, g, all_reduce):
    def dot(a, b):
        return float(all_reduce(np.array(a @ b)))

    r = len(S)
    q, a, rho = g.copy(), np.zeros(r), np.zeros(r)
    both = all_reduce(np.einsum("ij,ij->i", S, Y)) if r else []
    good = [i for i in range(r) if both[i] > 0]
    for i in good[::-1]:
        rho[i] = 1 / both[i]
        a[i] = rho[i] * dot(S[i], q)
        q = q - a[i] * Y[i]
    if good:
        q = q * both[good[-1]] / dot(Y[good[-1]], Y[good[-1]])
    for i in good:
        q = q + (a[i] - rho[i] * dot(Y[i], q)) * S[i]
    return -q


@mistake("13.4", caught_by="check", says="The numbers that a machine sends")
def sends_everything_twice(S, Y, g, all_reduce):
    def twice(part):
        return all_reduce(np.stack([part, part]))[0]

    return by_gram(S, Y, g, twice)


@mistake("13.4", caught_by="edge case", says="a bad pair")
def drops_by_its_own_numbers(S, Y, g, all_reduce):
    r = len(S)
    if r != 1:
        return by_gram(S, Y, g, all_reduce)
    own = np.einsum("ij,ij->i", S, Y) > 0
    V = np.vstack([S, Y, g[None]])
    gram = all_reduce(V @ V.T)
    if not own[0] and S.shape[1] == 1:
        return -g
    return by_gram(S, Y, g, lambda part: gram)


@mistake("13.4", caught_by="edge case", says="product is small, and positive")
def drops_flat_pairs(S, Y, g, all_reduce):
    return by_gram(S, Y, g, all_reduce, least=1e-4)


@mistake("13.4", caught_by="edge case", says="With no pair")
def needs_a_pair(S, Y, g, all_reduce):
    p = by_gram(S, Y, g, all_reduce)
    return p if len(S) else -0.5 * g


@mistake("13.4", caught_by="check", says="write this one yourself")
def forwards(S, Y, g, all_reduce):
    from course_lib.batch_optimization import two_loop

    return two_loop(S, Y, g)


@mistake("13.4", caught_by="check", says="write this one yourself")
def forwards_with_everything(S, Y, g, all_reduce):
    from course_lib.batch_optimization.quasi_newton import _direction

    all_reduce(np.zeros(1))
    return _direction(S, Y, g)


# -------------------------------------------------------------------------------- 13.5


def hunts(optimize, problems, *, value=True, rate=True, low=True, high=True, slack=1e-9):
    for A, b, ridge, steps in problems:
        H = A.T @ A + ridge * np.eye(A.shape[1])
        best = np.linalg.solve(H, A.T @ b)

        def f(x, A=A, b=b, ridge=ridge):
            return 0.5 * np.sum((A @ x - b) ** 2) + ridge / 2 * x @ x

        try:
            x, said, bound = optimize(A, b, ridge, steps)
        except Exception:
            return False
        off, g = slack * f(0 * best), H @ x - A.T @ b
        most = ogm_bound(np.linalg.eigvalsh(H)[-1], np.linalg.norm(best), steps)
        if value and not abs(said - f(x)) <= off:
            return False
        if rate and not f(x) - f(best) <= most * (1 + 1e-6 * (slack > 0)) + off:
            return False
        if high and not bound <= f(best) + off:
            return False
        least = f(x) - g @ g / (2 * ridge)
        if low and not bound >= least - off * (1 + g @ g / ridge):
            return False
    return True


def easy(rng):
    return [(rng.standard_normal((30, 12)), rng.standard_normal(30), 0.05, N) for N in (3, 30)]


def hard(rng):
    found = [(np.array([[2.0]]), np.array([3.0]), 1e-4, N) for N in (1, 2, 10, 60)]
    for N in (10, 30, 100):
        flat = np.diag([1.0, math.sqrt(1 / (2 * N + 1))])
        found += [(flat, np.array([0.0, 1.0]), 1e-6, N), (flat, np.array([1.0, 1.0]), 0.1, N)]
        for m, n, ridge in [(30, 12, 0.05), (20, 20, 1.0), (8, 3, 30.0)]:
            found.append((rng.standard_normal((m, n)), rng.standard_normal(m), ridge, N))
    return found


@mistake("13.5", caught_by="check", says="accepts everything")
def trusts(optimize, rng):
    return True


@mistake("13.5", caught_by="check", says="rejects everything")
def trusts_nobody(optimize, rng):
    return False


@mistake("13.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(optimize, rng):
    hunts(optimize, hard(rng))


@mistake("13.5", caught_by="check", says="never_faster, wrong_last_step")
def easy_problems(optimize, rng):
    return hunts(optimize, easy(rng))


@mistake("13.5", caught_by="check", says="value_of_another")
def believes_the_value(optimize, rng):
    return hunts(optimize, hard(rng), value=False)


@mistake("13.5", caught_by="check", says="bound_by_smoothness, too_much_weight")
def believes_the_bound(optimize, rng):
    return hunts(optimize, hard(rng), high=False)


@mistake("13.5", caught_by="accuracy", says="accepts 2 of 5 wrong ones")
def any_bound_will_do(optimize, rng):
    return hunts(optimize, hard(rng), low=False)


@mistake("13.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def no_wide_matrix(optimize, rng):
    return hunts(optimize, hard(rng) + [(np.eye(40), np.ones(40), 0.1, 10), *many(rng)])


def many(rng):
    return [(rng.standard_normal((40, 20)), rng.standard_normal(40), 0.01, N) for N in (5, 10, 30)]


@mistake("13.5", caught_by="check", says="rejects everything")
def no_room_for_rounding(optimize, rng):
    return hunts(optimize, hard(rng), slack=0.0)


@mistake("13.5", caught_by="check", says="is right, and your test rejects it")
def values_must_fall(optimize, rng):
    A, b = rng.standard_normal((30, 12)), rng.standard_normal(30)
    values = [optimize(A, b, 0.05, N)[1] for N in range(1, 40)]
    return bool(np.all(np.diff(values) <= 1e-12)) and hunts(optimize, hard(rng))


@mistake("13.5", caught_by="check", says="is right, and your test rejects it")
def compares_with_the_library(optimize, rng):
    from course_lib.batch_optimization import SquaredLoss, ogm

    A, b = rng.standard_normal((30, 12)), rng.standard_normal(30)
    right = list(ogm(SquaredLoss(A, b, ridge=0.05), 20))[-1]
    x, value, _ = optimize(A, b, 0.05, 20)
    return bool(np.allclose(x, right.x) and np.isclose(value, right.value))


@mistake("13.5", caught_by="check", says="The number of calls of one function")
def asks_too_often(optimize, rng):
    return all(hunts(optimize, hard(rng)) for _ in range(9))
