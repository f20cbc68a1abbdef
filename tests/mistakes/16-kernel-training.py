"""Wrong answers to lab 16."""

import numpy as np

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


@mistake("16.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(kernel, X, diagonal, y, C, tol):
    alpha = np.zeros(len(y))
    alpha[0] = C


@mistake("16.1", caught_by="check", says="alpha itself is never negative")
def returns_signed_variables(kernel, X, diagonal, y, C, tol):
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
    return y * alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="b has the wrong sign")
def offset_with_the_other_sign(kernel, X, diagonal, y, C, tol):
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


@mistake("16.1", caught_by="check", says="can be reached")
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
        room_j = alpha[j] if y[j] > 0 else 2 * C - alpha[j]
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
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    for _ in range(4000):
        grows = np.where(y > 0, alpha < C, alpha > 0)
        shrinks = np.where(y > 0, alpha > 0, alpha < C)
        i = int(np.argmax(np.where(grows, slope, -np.inf)))
        lowest = np.where(shrinks, slope, np.inf).min()
        if slope[i] - lowest <= max(tol, 0.1):
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


@mistake("16.1", caught_by="check", says="the square halved")
def twice_the_square_in_the_gap(kernel, X, diagonal, y, C, tol):
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
    return alpha, b, 1.5 * square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="with b in f")
def gap_without_offset(kernel, X, diagonal, y, C, tol):
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
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * slope).sum()
    return alpha, b, square + C * losses - alpha.sum()


@mistake("16.1", caught_by="check", says="C in front")
def gap_without_C(kernel, X, diagonal, y, C, tol):
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
    return alpha, b, square + losses - alpha.sum()


@mistake("16.1", caught_by="check", says="lie on the margin")
def offset_of_the_last_slope(kernel, X, diagonal, y, C, tol):
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
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    b = slope.mean()
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
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
    alpha, slope, columns = np.zeros(len(y)), np.array(y, float), {}
    K = kernel(X, X)
    columns = dict(enumerate(K))
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


@mistake("16.1", caught_by="check", says="smaller than what D still lacks")
def gap_of_zero(kernel, X, diagonal, y, C, tol):
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
        d = min(ahead[j] / eta[j], room_i, room_j)
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        for t in (i, j):
            if min(alpha[t], C - alpha[t]) < 1e-13 * C:
                alpha[t] = 0.0 if alpha[t] < C / 2 else C
        slope -= d * (columns[i] - columns[j])
    return alpha, (slope[i] + lowest) / 2, 0.0


@mistake("16.1", caught_by="check", says="")
def divides_by_equal_rows(kernel, X, diagonal, y, C, tol):
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
        eta = diagonal[i] + diagonal - 2 * columns[i]
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
    b = (slope[i] + lowest) / 2
    square = (y * alpha) @ (y - slope)
    losses = np.maximum(0, y * (slope - b)).sum()
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
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    return np.linalg.lstsq(inner + weight * W, outer, rcond=1e-14)[0]


@mistake("16.3", caught_by="edge case", says="")
def by_cholesky(kernel, blocks, landmarks, weight):
    inner = outer = 0.0
    for X, Y in blocks:
        C = kernel(X, landmarks)
        inner = inner + C.T @ C
        outer = outer + C.T @ Y
    W = kernel(landmarks, landmarks)
    L = np.linalg.cholesky(inner + weight * W)
    return np.linalg.solve(L.T, np.linalg.solve(L, outer))


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
