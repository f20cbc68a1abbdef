"""Wrong answers to lab 07."""

import sys

import numpy as np
import scipy.sparse

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)

_films = {}


def of_the_notebook(name):
    """Find a helper of the notebook, as a student's cell would see it."""
    frame = sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals[name]


def half_a_sweep(indptr, indices, values, Q, alpha):
    """The right answer to 07.2."""
    P = np.zeros((len(indptr) - 1, Q.shape[1]))
    for i in range(len(P)):
        mine = slice(indptr[i], indptr[i + 1])
        known = Q[indices[mine]]
        if len(known):
            gram = known.T @ known + alpha * len(known) * np.eye(Q.shape[1])
            P[i] = np.linalg.solve(gram, known.T @ values[mine])
    return P


@mistake("07.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(10):
        X = alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts


@mistake("07.1", caught_by="check", says="is lost: does it go back to the start vector?")
def loses_what_dangles(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(int(np.ceil(np.log(tol / 2) / np.log(alpha)))):
        X = alpha * (P.T @ X) + (1 - alpha) * starts
    return X


@mistake("07.1", caught_by="check", says="Are all the columns in one product?")
def one_person_at_a_time(P, dangling, starts, alpha, tol):
    columns = []
    for v in starts.T:
        x = v
        for _ in range(int(np.ceil(np.log(tol / 2) / np.log(alpha)))):
            x = alpha * ((P.T @ x[:, None])[:, 0] + x[dangling].sum() * v) + (1 - alpha) * v
        columns.append(x)
    return np.column_stack(columns)


@mistake("07.1", caught_by="check", says="and tol =")
def twenty_steps(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(20):
        X = alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts
    return X


@mistake("07.1", caught_by="check", says="Is it P.T that you apply")
def along_the_links(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(int(np.ceil(np.log(tol / 2) / np.log(alpha)))):
        X = alpha * (P @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts
        X = X / X.sum(axis=0)
    return X


@mistake("07.1", caught_by="check", says="use each one's `starts`")
def starts_anywhere(P, dangling, starts, alpha, tol):
    even = np.full_like(starts, 1 / len(starts))
    X = even
    for _ in range(int(np.ceil(np.log(tol / 2) / np.log(alpha)))):
        X = alpha * (P.T @ X + X[dangling].sum(axis=0) * even) + (1 - alpha) * even
    return X


@mistake("07.1", caught_by="check", says="are enough for")
def measures_with_a_product_of_its_own(P, dangling, starts, alpha, tol):
    def step(X):
        return alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts

    X = starts
    while np.abs(step(X) - X).sum(axis=0).max() > tol:
        X = step(X)
    return X


@mistake("07.1", caught_by="check", says="write this one yourself")
def calls_the_library(P, dangling, starts, alpha, tol):
    from course_lib.matrix_completion import in_links
    from course_lib.matrix_completion import pagerank as rank

    everything = P @ np.eye(P.shape[1])
    src, dst = np.nonzero(everything)
    links = in_links(src, dst, len(starts))
    return np.column_stack([rank(links, alpha=alpha, tol=tol, restart=v).scores for v in starts.T])


@mistake("07.1", caught_by="check", says="write this one yourself")
def calls_it_by_its_full_name(P, dangling, starts, alpha, tol):
    import course_lib.matrix_completion.links as links

    everything = P @ np.eye(P.shape[1])
    graph = links.in_links(*np.nonzero(everything), len(starts))
    return np.column_stack([links.pagerank(graph, restart=v, tol=tol).scores for v in starts.T])


@mistake("07.1", caught_by="check", says="2 that need each other: a residual is")
def steps_for_half_the_bound(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(int(np.ceil(np.log(tol) / np.log(alpha)))):
        X = alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts
    return X


@mistake("07.1", caught_by="check", says="a residual is")
def right_on_average(P, dangling, starts, alpha, tol):
    X, left = starts, 2.0
    while left > tol:
        new = alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts
        X, left = new, alpha * np.abs(new - X).sum(axis=0).mean()
    return X


@mistake("07.1", caught_by="check", says="goes to all packages alike")
def dangling_goes_anywhere(P, dangling, starts, alpha, tol):
    X = starts
    for _ in range(int(np.ceil(np.log(tol / 2) / np.log(alpha)))):
        back = X[dangling].sum(axis=0) / len(starts)
        X = alpha * (P.T @ X + back) + (1 - alpha) * starts
    return X


@mistake("07.1", caught_by="check", says="write this one yourself: residuals")
def measures_with_the_helper(P, dangling, starts, alpha, tol):
    links = scipy.sparse.csr_array(P.T @ np.eye(len(starts))).T
    X = starts
    while of_the_notebook("residuals")(links, dangling, starts, alpha, X).max() > tol:
        X = alpha * (P.T @ X + X[dangling].sum(axis=0) * starts) + (1 - alpha) * starts
    return X


@mistake("07.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(indptr, indices, values, Q, alpha):
    np.zeros((len(indptr) - 1, Q.shape[1]))


@mistake("07.2", caught_by="check", says="alpha times the number of ratings")
def the_same_penalty_for_all(indptr, indices, values, Q, alpha):
    P = np.zeros((len(indptr) - 1, Q.shape[1]))
    for i in range(len(P)):
        mine = slice(indptr[i], indptr[i + 1])
        known = Q[indices[mine]]
        gram = known.T @ known + alpha * np.eye(Q.shape[1])
        P[i] = np.linalg.solve(gram, known.T @ values[mine])
    return P


@mistake("07.2", caught_by="check", says="write this one yourself: slopes")
def measures_with_the_helper(indptr, indices, values, Q, alpha):
    P = half_a_sweep(indptr, indices, values, Q, alpha)
    return P if of_the_notebook("slopes")((indptr, indices, values), Q, alpha, P).max() < 1 else 0


@mistake("07.2", caught_by="check", says="is not at the minimum of its sum")
def columns_sorted(indptr, indices, values, Q, alpha):
    in_order = np.concatenate(
        [np.sort(part) for part in np.split(indices, indptr[1:-1])], dtype=int, casting="unsafe"
    )
    return half_a_sweep(indptr, in_order, values, Q, alpha)


@mistake("07.2", caught_by="check", says="12 x 9, another Q")
def remembers_the_films(indptr, indices, values, Q, alpha):
    known = _films.setdefault(Q.shape, Q)
    return half_a_sweep(indptr, indices, values, known, alpha)


@mistake("07.2", caught_by="check", says="a stored 0 is a rating")
def zeros_are_gaps(indptr, indices, values, Q, alpha):
    P = np.zeros((len(indptr) - 1, Q.shape[1]))
    for i in range(len(P)):
        mine = slice(indptr[i], indptr[i + 1])
        known, stars = Q[indices[mine]], values[mine]
        count = len(stars)
        known, stars = known[stars != 0], stars[stars != 0]
        if count and len(stars):
            gram = known.T @ known + alpha * count * np.eye(Q.shape[1])
            P[i] = np.linalg.solve(gram, known.T @ stars)
    return P


@mistake("07.2", caught_by="check", says="stopped with LinAlgError")
def empty_rows_are_singular(indptr, indices, values, Q, alpha):
    P = np.zeros((len(indptr) - 1, Q.shape[1]))
    for i in range(len(P)):
        mine = slice(indptr[i], indptr[i + 1])
        known = Q[indices[mine]]
        gram = known.T @ known + alpha * len(known) * np.eye(Q.shape[1])
        P[i] = np.linalg.solve(gram, known.T @ values[mine])
    return P


@mistake("07.2", caught_by="check", says="is not at the minimum of its sum")
def gaps_are_zeros(indptr, indices, values, Q, alpha):
    table = scipy.sparse.csr_array((values, indices, indptr), shape=(len(indptr) - 1, len(Q)))
    gram = Q.T @ Q + alpha * len(Q) * np.eye(Q.shape[1])
    return np.linalg.solve(gram, (table @ Q).T).T


@mistake("07.2", caught_by="check", says="write this one yourself")
def calls_the_library(indptr, indices, values, Q, alpha):
    from course_lib import matrix_completion as mc

    P = np.zeros((len(indptr) - 1, Q.shape[1]))
    factors = mc.Factors(0.0, np.zeros(len(P)), np.zeros(len(Q)), P, Q)
    for i in range(len(P)):
        mine = slice(indptr[i], indptr[i + 1])
        if mine.stop > mine.start:
            _, P[i] = mc.fold_in(factors, indices[mine], values[mine], alpha=alpha)
    return P


@mistake("07.2", caught_by="check", says="write this one yourself")
def lets_the_library_iterate(indptr, indices, values, Q, alpha):
    from course_lib.matrix_completion import als as alternate

    table = scipy.sparse.csr_array((values, indices, indptr), shape=(len(indptr) - 1, len(Q)))
    steps = alternate(table, Q.shape[1], alpha=alpha, rng=0)
    next(steps)
    return next(steps).factors.P


@mistake("07.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(mean, biases, Q, films, stars, weights, alpha):
    np.linalg.norm(stars - mean)


@mistake("07.3", caught_by="check", says="the weights are not used")
def all_equally_sure(mean, biases, Q, films, stars, weights, alpha):
    A = np.column_stack([np.ones(len(films)), Q[films]])
    rest = stars - mean - biases[films]
    x = np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ rest)
    return x[0], x[1:]


@mistake("07.3", caught_by="check", says="the weights are squared")
def twice_as_sure(mean, biases, Q, films, stars, weights, alpha):
    A = np.column_stack([np.ones(len(films)), Q[films]]) * weights[:, None]
    rest = (stars - mean - biases[films]) * weights
    x = np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ rest)
    return x[0], x[1:]


@mistake("07.3", caught_by="check", says="b is free of the penalty")
def free_bias(mean, biases, Q, films, stars, weights, alpha):
    A = np.column_stack([np.ones(len(films)), Q[films]])
    rest = stars - mean - biases[films]
    penalty = alpha * np.eye(A.shape[1])
    penalty[0, 0] = 0
    x = np.linalg.solve((A.T * weights) @ A + penalty, A.T @ (weights * rest))
    return x[0], x[1:]


@mistake("07.3", caught_by="check", says="Are b and p found together")
def bias_first(mean, biases, Q, films, stars, weights, alpha):
    rest = stars - mean - biases[films]
    b = weights @ rest / (weights.sum() + alpha)
    A = Q[films]
    gram = (A.T * weights) @ A + alpha * np.eye(A.shape[1])
    return b, np.linalg.solve(gram, A.T @ (weights * (rest - b)))


@mistake("07.3", caught_by="check", says="Are b and p found together")
def weights_made_a_mean(mean, biases, Q, films, stars, weights, alpha):
    share = weights / weights.sum()
    A = np.column_stack([np.ones(len(films)), Q[films]])
    rest = stars - mean - biases[films]
    x = np.linalg.solve((A.T * share) @ A + alpha * np.eye(A.shape[1]), A.T @ (share * rest))
    return x[0], x[1:]


@mistake("07.3", caught_by="edge case", says="somebody who rated nothing")
def nobody_is_the_mean_taste(mean, biases, Q, films, stars, weights, alpha):
    if len(films) == 0:
        return 0.0, Q.mean(axis=0)
    A = np.column_stack([np.ones(len(films)), Q[films]])
    rest = weights * (stars - mean - biases[films])
    x = np.linalg.solve((A.T * weights) @ A + alpha * np.eye(A.shape[1]), A.T @ rest)
    return x[0], x[1:]


@mistake("07.3", caught_by="check", says="write this one yourself")
def calls_the_library(mean, biases, Q, films, stars, weights, alpha):
    from course_lib.matrix_completion import Factors
    from course_lib.matrix_completion import fold_in as known

    factors = Factors(mean, np.zeros(1), biases, np.zeros((1, Q.shape[1])), Q)
    b, p = known(factors, films, stars, alpha=alpha, bias_alpha=alpha)
    return float(b), p


@mistake("07.3", caught_by="check", says="write this one yourself")
def asks_a_recommender(mean, biases, Q, films, stars, weights, alpha):
    from course_lib.matrix_completion import ALSRecommender as Model

    pairs = np.column_stack([np.zeros(len(films), int), films])
    model = Model(rank=Q.shape[1], alpha=alpha, random_state=0).fit(pairs, stars)
    return float(model.factors_.row_bias[0]), model.factors_.P[0]


@mistake("07.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(a, b):
    [[(i, i)] for i in range(min(a, b))]


@mistake("07.4", caught_by="check", says="two workers share a column block")
def whole_columns(a, b):
    return [[(i, j) for i in range(a)] for j in range(b)]


@mistake("07.4", caught_by="check", says="two workers share a column block")
def only_for_wide_tables(a, b):
    return [[(i, (i + shift) % b) for i in range(a)] for shift in range(b)]


@mistake("07.4", caught_by="check", says="never had their turn")
def the_diagonal(a, b):
    return [[(i, i) for i in range(min(a, b))]]


@mistake("07.4", caught_by="check", says="are enough")
def one_after_another(a, b):
    return [[(i, j)] for i in range(a) for j in range(b)]


@mistake("07.4", caught_by="check", says="are enough")
def a_square_with_empty_rows(a, b):
    side = a + b - 1
    return [[(i, s - i) for i in range(a) if 0 <= s - i < b] for s in range(side)]


@mistake("07.4", caught_by="check", says="A block's number should be an integer")
def halves(a, b):
    side = max(a, b)
    return [
        [(i + 0.5, (i + s) % side) for i in range(a) if (i + s) % side < b] for s in range(side)
    ]


@mistake("07.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(rows, columns, values, U, s, Vt, X):
    (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="take the guess away there")
def added_on_top(rows, columns, values, U, s, Vt, X):
    known = scipy.sparse.csr_array((values, (rows, columns)), shape=(len(U), Vt.shape[1]))
    return known @ X + (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="the gaps count as 0")
def without_a_guess(rows, columns, values, U, s, Vt, X):
    return scipy.sparse.csr_array((values, (rows, columns)), shape=(len(U), len(X))) @ X


@mistake("07.5", caught_by="check", says="the singular values are missing")
def without_singular_values(rows, columns, values, U, s, Vt, X):
    guess = np.einsum("er,re->e", U[rows], Vt[:, columns])
    rest = scipy.sparse.csr_array((values - guess, (rows, columns)), shape=(len(U), len(X)))
    return rest @ X + U @ (Vt @ X)


@mistake("07.5", caught_by="cost", says="out of memory")
def written_down(rows, columns, values, U, s, Vt, X):
    F = (U * s) @ Vt
    F[rows, columns] = values
    return F @ X


@mistake("07.5", caught_by="cost", says="one of nnz x nnz")
def guess_of_all_pairs(rows, columns, values, U, s, Vt, X):
    guess = np.diag((U[rows] * s) @ Vt[:, columns])
    rest = scipy.sparse.csr_array((values - guess, (rows, columns)), shape=(len(U), len(X)))
    return rest @ X + (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="a known value that is 0 was taken for a gap")
def zeros_are_gaps(rows, columns, values, U, s, Vt, X):
    kept = values != 0
    rows, columns, values = rows[kept], columns[kept], values[kept]
    guess = np.einsum("er,re->e", U[rows] * s, Vt[:, columns])
    rest = scipy.sparse.csr_array((values - guess, (rows, columns)), shape=(len(U), len(X)))
    return rest @ X + (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="stopped with ValueError")
def as_large_as_what_is_known(rows, columns, values, U, s, Vt, X):
    guess = np.einsum("er,re->e", U[rows] * s, Vt[:, columns])
    rest = scipy.sparse.csr_array((values - guess, (rows, columns)))
    return rest @ X + (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="write this one yourself")
def calls_the_library(rows, columns, values, U, s, Vt, X):
    from course_lib.matrix_completion import csr, sampled_product

    A = csr(rows, columns, values, (len(U), len(X)))
    guess = sampled_product(A, U * s, Vt.T.copy())
    rest = scipy.sparse.csr_array((A.data - guess, A.indices, A.indptr), shape=A.shape)
    return rest @ X + (U * s) @ (Vt @ X)


@mistake("07.5", caught_by="check", says="write this one yourself")
def lets_the_library_impute(rows, columns, values, U, s, Vt, X):
    from course_lib import matrix_completion

    table = matrix_completion.csr(rows, columns, values, (len(U), len(X)))
    steps = matrix_completion.soft_impute(table, 1.0, rank=len(s), rng=0)
    next(steps)
    found = next(steps).factors
    return (found.U * found.s) @ (found.Vt @ X)
