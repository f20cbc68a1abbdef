"""Wrong answers to lab 16."""

import numpy as np

from course_lib import kernel_training
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def trained(kernel, X, diagonal, y, C, tol, *, columns=None, least=1e-12, twice=2):
    """Train in pairs; return alpha, the slopes, and the two slopes that ended the loop."""
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), columns or {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        if i not in columns:
            columns[i] = kernel(X, X[[i]])[:, 0]
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - twice * columns[i], least)
        j = int(np.argmax(ahead**2 / eta))
        if j not in columns:
            columns[j] = kernel(X, X[[j]])[:, 0]
        room_i = C - alpha[i] if y[i] > 0 else alpha[i]
        room_j = alpha[j] if y[j] > 0 else C - alpha[j]
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    return alpha, slope, (slope[i], lowest)


def ended(y, alpha, slope, ends):
    """Return alpha, b, the square of its length, and the sum of the losses."""
    b = np.mean(ends)
    return alpha, b, (y * alpha) @ (y - slope), np.maximum(0, y * (slope - b)).sum()


@mistake("16.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, X, diagonal, y, C, tol):
    alpha = np.zeros(len(y))
    alpha[0] = C


@mistake("16.1", caught_by="check", says="alpha itself is never negative")
def returns_signed_variables(kernel, X, diagonal, y, C, tol):
    alpha, b, square, losses = ended(y, *trained(kernel, X, diagonal, y, C, tol))
    return y * alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="b has the wrong sign")
def offset_with_the_other_sign(kernel, X, diagonal, y, C, tol):
    alpha, b, square, losses = ended(y, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, -b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="cut d once")
def each_is_cut_alone(kernel, X, diagonal, y, C, tol):
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        if i not in columns:
            columns[i] = kernel(X, X[[i]])[:, 0]
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - 2 * columns[i], 1e-12)
        j = int(np.argmax(ahead**2 / eta))
        if j not in columns:
            columns[j] = kernel(X, X[[j]])[:, 0]
        room_i = C - alpha[i] if y[i] > 0 else alpha[i]
        room_j = alpha[j] if y[j] > 0 else C - alpha[j]
        d = min(ahead[j] / eta[j], room_i)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * min(ahead[j] / eta[j], room_j)
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="to the wall is another one")
def walls_of_one_class(kernel, X, diagonal, y, C, tol):
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        if i not in columns:
            columns[i] = kernel(X, X[[i]])[:, 0]
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - 2 * columns[i], 1e-12)
        j = int(np.argmax(ahead**2 / eta))
        if j not in columns:
            columns[j] = kernel(X, X[[j]])[:, 0]
        room_i = C - alpha[i]
        room_j = alpha[j]
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        slope -= d * (columns[i] - columns[j])
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="above C = 0.7")
def no_upper_wall(kernel, X, diagonal, y, C, tol):
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        if i not in columns:
            columns[i] = kernel(X, X[[i]])[:, 0]
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - 2 * columns[i], 1e-12)
        j = int(np.argmax(ahead**2 / eta))
        if j not in columns:
            columns[j] = kernel(X, X[[j]])[:, 0]
        room_i = np.inf if y[i] > 0 else alpha[i]
        room_j = alpha[j] if y[j] > 0 else np.inf
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if alpha[t] < 1e-13 * C:
                alpha[t] = 0.0
        slope -= d * (columns[i] - columns[j])
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="can be reached")
def stops_too_early(kernel, X, diagonal, y, C, tol):
    alpha, b, square, losses = ended(y, *trained(kernel, X, diagonal, y, C, max(tol, 0.1)))
    return alpha, b, square + C * losses - alpha.sum()


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
    alpha, b, square, losses = ended(y, alpha, slope, [slope.mean()])
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="Keep each column")
def fetches_every_time(kernel, X, diagonal, y, C, tol):
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= tol:
            break
        if True:
            columns[i] = kernel(X, X[[i]])[:, 0]
        ahead = np.where(shrinks, (slope[i] - slope).clip(0), 0)
        eta = np.maximum(diagonal[i] + diagonal - 2 * columns[i], 1e-12)
        j = int(np.argmax(ahead**2 / eta))
        if True:
            columns[j] = kernel(X, X[[j]])[:, 0]
        room_i = C - alpha[i] if y[i] > 0 else alpha[i]
        room_j = alpha[j] if y[j] > 0 else C - alpha[j]
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="Keep each column")
def whole_matrix(kernel, X, diagonal, y, C, tol):
    columns = dict(enumerate(kernel(X, X)))
    found = trained(kernel, X, diagonal, y, C, tol, columns=columns)
    alpha, b, square, losses = ended(y, *found)
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="smaller than what D still lacks")
def gap_of_zero(kernel, X, diagonal, y, C, tol):
    alpha, b, *_ = ended(y, *trained(kernel, X, diagonal, y, C, tol))
    return alpha, b, 0.0


@mistake("16.1", caught_by="check", says="")
def divides_by_equal_rows(kernel, X, diagonal, y, C, tol):
    found = trained(kernel, X, diagonal, y, C, tol, least=-np.inf)
    alpha, b, square, losses = ended(y, *found)
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="after the one step that tol = 1 allows")
def steps_too_short(kernel, X, diagonal, y, C, tol):
    found = trained(kernel, X, diagonal, y, C, tol, twice=1)
    alpha, b, square, losses = ended(y, *found)
    return alpha, b, square + C * losses - alpha.sum()


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
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    alpha *= low


@mistake("16.2", caught_by="check", says="The sum of alpha is nu n")
def scaled_as_scikit_learn_does(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha * nu * n, nu * n * (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="start with few rows")
def starts_with_all_rows(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.full(n, 1 / n)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="The sum of alpha")
def rest_is_forgotten(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.where(np.arange(n) < int(nu * n), cap, 0)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="should be")
def starts_outside_its_box(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.where(np.arange(n) == 0, 1.0, 0)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
        d = min((g[j] - g[i]) / eta, max(cap - alpha[i], 0), alpha[j] if alpha[j] < 1 else 0.1)
        alpha[i] += d
        alpha[j] -= d
        if len(columns) > 12:
            break
        g += d * (column(i) - column(j))
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="off by")
def stops_early(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
            columns[i] = kernel(X, X[[i]])[:, 0]
        return columns[i]

    for i in np.flatnonzero(alpha):
        g += alpha[i] * column(i)
    for _ in range(4000):
        below = np.where(alpha < cap * (1 - 1e-12), g, np.inf)
        above = np.where(alpha > 1e-12 * cap, g, -np.inf)
        i, j = below.argmin(), above.argmax()
        if above[j] - below[i] <= 1e-2:
            break
        eta = max(diagonal[i] + diagonal[j] - 2 * column(i)[j], 1e-12)
        d = min((g[j] - g[i]) / eta, cap - alpha[i], alpha[j])
        alpha[i] += d
        alpha[j] -= d
        g += d * (column(i) - column(j))
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="rho")
def threshold_of_rows_inside(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    return alpha, g.mean()


@mistake("16.2", caught_by="check", says="rho")
def threshold_of_full_rows(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    return alpha, g[alpha > 0].min()


@mistake("16.2", caught_by="check", says="are columns kept")
def no_cache(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)
    g, columns = np.zeros(n), {}

    def column(i):
        if True:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="edge case", says="")
def start_needs_a_row_that_is_not_there(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1 / (nu * n)
    alpha, full = np.zeros(n), int(nu * n)
    alpha[:full] = cap
    alpha[full] = 1 - full * cap
    g, columns = np.zeros(n), {}

    def column(i):
        if i not in columns:
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
    low = below[i] if np.isfinite(below[i]) else above[j]
    return alpha, (low + above[j]) / 2


@mistake("16.2", caught_by="check", says="write this one yourself")
def forwards(kernel, X, diagonal, nu, tol):
    from sklearn.svm import OneClassSVM

    machine = OneClassSVM(kernel="precomputed", nu=nu, tol=tol).fit(kernel(X, X))
    alpha = np.zeros(len(X))
    alpha[machine.support_] = machine.dual_coef_[0]
    return alpha / alpha.sum(), -machine.intercept_[0] / alpha.sum()


@mistake("16.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="the task has K(z_j, z_k)")
def penalizes_beta(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * np.eye(len(W)), outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="The penalty is missing")
def without_penalty(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    return np.linalg.lstsq(inner, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="divided by n")
def divides_by_n(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight / 200 * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="once a block")
def penalty_in_every_block(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    W = kernel(landmarks, landmarks)
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C + weight * W
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="Only the last block")
def only_the_last_block(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = C.T @ C
        outer = C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="Y was centered")
def centers_the_labels(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    parts = list(blocks)
    mean = np.vstack([Y for _, Y in parts]).mean(axis=0)
    for X, Y in parts:
        Y = Y - mean
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="keep sums")
def collects_the_kernels(kernel, blocks, landmarks, weight):
    pairs = [(kernel(X, landmarks), Y) for X, Y in blocks]
    C, Y = (np.vstack(part) for part in zip(*pairs, strict=True))
    inner, outer = C.T @ C, C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="are enough")
def evaluates_twice(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + kernel(X, landmarks).T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="cost", says="the blocks are collected")
def reads_ahead(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in list(blocks):
        C = kernel(X, landmarks).astype(float)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="edge case", says="")
def by_cholesky(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks).astype(float)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    L = np.linalg.cholesky(inner + weight * W)
    return np.linalg.solve(L.T, np.linalg.solve(L, outer))


@mistake("16.3", caught_by="accuracy", says="are the sums float64?")
def sums_in_float32(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="check", says="")
def own_kernel_of_the_block(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, X)[:, : len(landmarks)]
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


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
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    F.sum()


@mistake("16.4", caught_by="check", says="accepted one")
def accepts_all_that_are_new(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        kernel(X[P], X[P])
        accepted = []
        for i in P:
            if len(chosen) + len(accepted) < m and i not in accepted:
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="")
def judges_by_the_old_residual(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if (
                len(chosen) + len(accepted) < m
                and rng.random() * e[i] < R[p, p]
                and i not in accepted
            ):
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="law of random pivots")
def draws_uniformly(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(np.flatnonzero(e), block)
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and R[p, p] > 1e-9 and rng.random() < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="")
def greedy_in_the_block(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for _ in P:
            p = int(np.argmax(np.diag(R)))
            i = P[p]
            if len(chosen) + len(accepted) < m and R[p, p] > 0.5 * e[i]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="use `rng`")
def always_greedy(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = np.argsort(-e)[:block]
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and 0.5 * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="pairs were evaluated")
def columns_of_all_proposals(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[P])[:, [list(P).index(i) for i in accepted]] - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="calls of the kernel")
def one_by_one(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, 1, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="F F^T")
def forgets_what_F_has(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted])
        if not len(accepted):
            continue
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="F_P F_P^T subtracted")
def forgets_F_among_proposals(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P])
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        accepted = [i for i in dict.fromkeys(accepted) if e[i] > 1e-9]
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="should have shape")
def too_many_at_the_end(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="random")
def one_draw_for_the_block(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted, u = [], rng.random()
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and u * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="should have shape")
def diagonal_is_one(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.ones(n)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="edge case", says="")
def never_stops_early(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    for _ in range(500):
        if len(chosen) >= m:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = np.linalg.solve(np.linalg.cholesky(C[accepted]), C.T).T
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


@mistake("16.4", caught_by="check", says="F F^T")
def transposed_solve(kernel, X, diagonal, m, block, rng):
    n, chosen = len(X), []
    F, e = np.zeros((n, 0)), np.array(diagonal, float)
    start = e.sum()
    for _ in range(500):
        if len(chosen) >= m or e.sum() <= 1e-10 * start:
            break
        P = rng.choice(n, block, p=e / e.sum())
        R = kernel(X[P], X[P]) - F[P] @ F[P].T
        accepted = []
        for p, i in enumerate(P):
            if len(chosen) + len(accepted) < m and rng.random() * e[i] < R[p, p]:
                R = R - np.outer(R[p], R[p]) / R[p, p]
                accepted.append(i)
        C = kernel(X, X[accepted]) - F @ F[accepted].T
        new = C @ np.linalg.cholesky(C[accepted])
        F = np.hstack([F, new])
        e = np.maximum(e - (new**2).sum(axis=1), 0)
        e[accepted] = 0
        chosen += accepted
    return F, np.array(chosen)


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
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    beta.sum()


@mistake("16.5", caught_by="check", says="four solves in their order")
def without_a_preconditioner(K_nm, K_mm, y, weight, tol):
    m = K_nm.shape[1]

    def precondition(r):
        return r.copy()

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="four solves in their order")
def factors_swapped(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(T.T, np.linalg.solve(S.T, r))
        return np.linalg.solve(S, np.linalg.solve(T, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="")
def only_half_of_P(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        return np.linalg.solve(S.T, np.linalg.solve(T.T, r))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="multiplied by n")
def weight_times_n(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + n * weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="divided by n")
def weight_over_n(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight / n * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="weight * K_mm @ p, not")
def penalizes_p(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="is missing in the product")
def forgets_the_penalty(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p)
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="multiply by one vector")
def forms_the_matrix(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    A = K_nm.T @ (K_nm @ np.eye(m)) + weight * K_mm
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = A @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="40 are more")
def residual_anew_each_step(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = (
            beta + a * p,
            g - K_nm.T @ (K_nm @ (beta + a * p)) - weight * K_mm @ (beta + a * p),
        )
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="|g - A beta|")
def stops_on_the_preconditioned(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while rz > tol * (g @ precondition(g)):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="check", says="")
def always_thirteen_steps(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    for _ in range(13):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="edge case", says="")
def no_care_for_equal_landmarks(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


@mistake("16.5", caught_by="edge case", says="")
def divides_by_zero(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    T = np.linalg.cholesky(K_mm + 1e-12 * np.trace(K_mm) * np.eye(m)).T
    S = np.linalg.cholesky(n / m * T @ T.T + weight * np.eye(m)).T

    def precondition(r):
        z = np.linalg.solve(S.T, np.linalg.solve(T.T, r))
        return np.linalg.solve(T, np.linalg.solve(S, z))

    g = K_nm.T @ y
    beta, r = np.zeros(m), g.copy()
    z = precondition(r)
    p, rz = z, r @ z
    while True:
        q = K_nm.T @ (K_nm @ p) + weight * K_mm @ p
        a = rz / (p @ q)
        beta, r = beta + a * p, r - a * q
        if np.linalg.norm(r) <= tol * np.linalg.norm(g):
            break
        z, before = precondition(r), rz
        rz = r @ z
        p = z + rz / before * p
    return beta


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
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            train(K, y, C)
        except Exception:
            return False
    return True


@mistake("16.6", caught_by="check", says="rejects everything")
def rejects_everything(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return False


@mistake("16.6", caught_by="check", says="Your test accepts")
def only_the_sum(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, _ = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
    return True


@mistake("16.6", caught_by="check", says="no_sum")
def only_the_gap(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="rejects everything")
def gap_without_offset(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, _ = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * f).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="rejects")
def stricter_than_the_task(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-9 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="is right, and your test rejects it")
def compares_alpha(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = np.repeat(rng.standard_normal((n, 2)), 3, axis=0)[:n]
        y = np.where(rng.random(n) < share, 1.0, -1.0)
        size = np.ones(n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, _ = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        known = list(kernel_training.smo(K, y, C=C, tol=1e-6))[-1].alpha
        if not np.allclose(alpha, known, rtol=1e-3, atol=1e-4 * C):
            return False
    return True


@mistake("16.6", caught_by="check", says="price_a_hundred")
def a_hundred_rows_only(train, rng):
    for n, C, share in ((100, 1.0, 0.5), (100, 0.1, 0.25)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="of_length_one")
def diagonal_of_ones(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        K = np.exp(-((X[:, None] - X) ** 2).sum(axis=2))
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="as_if_balanced")
def balanced_only(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (62, 0.1, 0.5), (150, 10.0, 0.5)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-4 * dual:
            return False
    return True


@mistake("16.6", caught_by="edge case", says="")
def a_little_loose(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 1e-2 * dual:
            return False
    return True


@mistake("16.6", caught_by="check", says="tired")
def loose_gap(train, rng):
    for n, C, share in ((60, 1.0, 0.5), (61, 0.1, 0.25), (150, 10.0, 0.7)):
        y = np.where(np.arange(n) < share * n, 1.0, -1.0)
        X = rng.standard_normal((n, 2)) + 0.7 * y[:, None]
        size = rng.uniform(0.7, 1.5, n)
        K = 2 * np.exp(-((X[:, None] - X) ** 2).sum(axis=2)) * np.outer(size, size)
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha, float)
        except Exception:
            return False
        if alpha.min() < -1e-9 * C or alpha.max() > C * (1 + 1e-9):
            return False
        if abs(y @ alpha) > 1e-9 * n * C:
            return False
        f = K @ (y * alpha)
        square = (y * alpha) @ f
        dual = alpha.sum() - square / 2
        primal = square / 2 + C * np.maximum(0, 1 - y * (f + b)).sum()
        if not primal - dual <= 0.2 * dual:
            return False
    return True
