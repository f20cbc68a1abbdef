"""Wrong answers to lab 06."""

import numpy as np
from scipy.sparse.linalg import LinearOperator

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


@mistake("06.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, size, rng):
    np.linalg.qr(A @ rng.standard_normal((A.shape[1], size)))


@mistake("06.1", caught_by="check", says="not orthonormal")
def left_as_it_is(A, size, rng):
    return A @ rng.standard_normal((A.shape[1], size))


@mistake("06.1", caught_by="check", says="length 1 but are not orthogonal")
def only_lengths(A, size, rng):
    Y = A @ rng.standard_normal((A.shape[1], size))
    return Y / np.linalg.norm(Y, axis=0)


@mistake("06.1", caught_by="check", says="Q is square")
def full_qr(A, size, rng):
    return np.linalg.qr(A @ rng.standard_normal((A.shape[1], size)), mode="complete").Q


@mistake("06.1", caught_by="check", says="spans the rows of A")
def of_the_rows(A, size, rng):
    return np.linalg.qr(A.T @ rng.standard_normal((A.shape[0], size))).Q


@mistake("06.1", caught_by="check", says="is Q a basis of A @ Omega?")
def without_a_look(A, size, rng):
    return np.linalg.qr(rng.standard_normal((A.shape[0], size))).Q


@mistake("06.1", caught_by="check", says="instead of choosing some")
def first_columns(A, size, rng):
    return np.linalg.qr(A @ np.eye(A.shape[1], size)).Q


@mistake("06.1", caught_by="check", says="instead of choosing some")
def random_columns(A, size, rng):
    return np.linalg.qr(A @ np.eye(A.shape[1])[:, rng.choice(A.shape[1], size)]).Q


@mistake("06.1", caught_by="check", says="Two generators gave one answer")
def always_the_same(A, size, rng):
    Omega = np.random.default_rng(0).standard_normal((A.shape[1], size), dtype=A.dtype)
    return np.linalg.qr(A @ Omega).Q


@mistake("06.1", caught_by="check", says="The same rng gave two answers")
def everybodys_randomness(A, size, rng):
    Omega = np.random.default_rng().standard_normal((A.shape[1], size))
    return np.linalg.qr(A @ Omega).Q


@mistake("06.1", caught_by="check", says="same sign")
def uniform(A, size, rng):
    return np.linalg.qr(A @ rng.random((A.shape[1], size), dtype=A.dtype)).Q


@mistake("06.1", caught_by="check", says="draw Omega in A.dtype")
def in_double_precision(A, size, rng):
    return np.linalg.qr(A @ rng.standard_normal((A.shape[1], size))).Q


@mistake("06.1", caught_by="cost", says="passes over A should be at most 1")
def multiplies_twice(A, size, rng):
    Omega = rng.standard_normal((A.shape[1], size), dtype=A.dtype)
    Q, _ = np.linalg.qr(A @ Omega)[0], np.linalg.qr(A @ Omega)[1]
    return Q


@mistake("06.1", caught_by="cost", says="should be multiplied by")
def draws_too_many(A, size, rng):
    Omega = rng.standard_normal((A.shape[1], size + 5), dtype=A.dtype)
    return np.linalg.qr((A @ Omega)[:, :size]).Q


@mistake("06.1", caught_by="check", says="changes its argument A")
def works_in_place(A, size, rng):
    Y = A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)
    if isinstance(A, np.ndarray):
        A -= A.mean(axis=0)
    return np.linalg.qr(Y).Q


@mistake("06.1", caught_by="edge case", says="LinAlgError")
def by_cholesky_alone(A, size, rng):
    Y = A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)
    for _ in range(2):
        Y = np.linalg.solve(np.linalg.cholesky(Y.T @ Y), Y.T).T
    return Y


@mistake("06.1", caught_by="check", says="The mean fourth power")
def uniform_around_zero(A, size, rng):
    return np.linalg.qr(A @ rng.uniform(-1, 1, (A.shape[1], size)).astype(A.dtype)).Q


@mistake("06.1", caught_by="accuracy", says="the same basis twice")
def one_of_ten(A, size, rng):
    own = np.random.default_rng(int(rng.integers(10)))
    return np.linalg.qr(A @ own.standard_normal((A.shape[1], size), dtype=A.dtype)).Q


@mistake("06.1", caught_by="check", says="write this one yourself")
def forwards(A, size, rng):
    from course_lib.low_rank import range_finder

    return range_finder(A, size, n_iter=0, rng=rng)


@mistake("06.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(A, size, rng):
    import course_lib.low_rank as toolbox

    find = toolbox.range_finder
    return find(A, size, n_iter=0, rng=rng)


@mistake("06.1", caught_by="check", says="write this one yourself")
def forwards_to_a_relative(A, size, rng):
    from course_lib.low_rank import randomized_svd as helper

    return helper(A, size, oversample=0, n_iter=0, rng=rng).U


@mistake("06.1", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(A, size, rng):
    from sklearn.utils.extmath import randomized_range_finder

    seed = int(rng.integers(2**31))
    return randomized_range_finder(A, size=size, n_iter=0, random_state=seed)


@mistake("06.1", caught_by="check", says="write this one yourself")
def forwards_and_hides_it(A, size, rng):
    from course_lib.low_rank import range_finder

    try:
        return range_finder(A, size, n_iter=0, rng=rng)
    except RuntimeError:
        Omega = rng.standard_normal((A.shape[1], size), dtype=A.dtype)
        return np.linalg.qr(A @ Omega).Q


def in_four_passes(A, size, rng):
    """The right answer before the last line: Q, and the SVD of ``Q.T @ A``."""
    Q = np.linalg.qr(A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)).Q
    Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q).Q).Q
    return Q, *np.linalg.svd((A.T @ Q).T, full_matrices=False)


@mistake("06.2", caught_by="check", says="2 times only")
def without_power_iteration(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    Q = np.linalg.qr(A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)).Q
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="read 6 times")
def two_power_iterations(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    Q = np.linalg.qr(A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)).Q
    for _ in range(2):
        Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q).Q).Q
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="Orthonormalize after every product")
def without_orthonormalizing_between(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    Y = A @ rng.standard_normal((A.shape[1], size), dtype=A.dtype)
    Q = np.linalg.qr(A @ (A.T @ Y)).Q
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="multiply Q by them")
def left_in_the_coordinates_of_Q(A, rank, oversample, rng):
    _, W, s, Vt = in_four_passes(A, min(rank + oversample, *A.shape), rng)
    return W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="return the first `rank` only")
def not_cut(A, rank, oversample, rng):
    Q, W, s, Vt = in_four_passes(A, min(rank + oversample, *A.shape), rng)
    return Q @ W, s, Vt


@mistake("06.2", caught_by="check", says="return its transpose")
def not_transposed(A, rank, oversample, rng):
    Q, W, s, Vt = in_four_passes(A, min(rank + oversample, *A.shape), rng)
    return Q @ W[:, :rank], s[:rank], Vt[:rank].T


@mistake("06.2", caught_by="check", says="squares of the singular values")
def squares(A, rank, oversample, rng):
    Q, W, s, Vt = in_four_passes(A, min(rank + oversample, *A.shape), rng)
    return Q @ W[:, :rank], s[:rank] ** 2, Vt[:rank]


@mistake("06.2", caught_by="check", says="multiplied by 20 vectors")
def without_oversampling(A, rank, oversample, rng):
    Q, W, s, Vt = in_four_passes(A, rank, rng)
    return Q @ W, s, Vt


@mistake("06.2", caught_by="check", says="not multiplied at all")
def copied_by_blocks(A, rank, oversample, rng):
    copy = np.vstack(list(A.blocks(1000)))
    U, s, Vt = np.linalg.svd(copy, full_matrices=False)
    return U[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="cannot be copied")
def copied_at_once(A, rank, oversample, rng):
    U, s, Vt = np.linalg.svd(np.asarray(A), full_matrices=False)
    return U[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="multiplied by 40 vectors")
def copied_by_a_product(A, rank, oversample, rng):
    copy = A @ np.eye(A.shape[1], dtype=A.dtype)
    A @ np.zeros((A.shape[1], 0)), A @ np.zeros((A.shape[1], 0)), A @ np.zeros((A.shape[1], 0))
    U, s, Vt = np.linalg.svd(copy, full_matrices=False)
    return U[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="draw Omega in A.dtype")
def in_double_precision(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    Q = np.linalg.qr(A @ rng.standard_normal((A.shape[1], size))).Q
    Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q).Q).Q
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="edge case", says="more columns than the matrix has")
def without_a_limit(A, rank, oversample, rng):
    Q, W, s, Vt = in_four_passes(A, rank + oversample, rng)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


def with_block(A, rank, oversample, Omega, first=lambda Y: np.linalg.qr(Y).Q):
    """The right answer from another Omega, or with another first basis."""
    Q = np.linalg.qr(A.T @ first(A @ Omega.astype(A.dtype))).Q
    Q = np.linalg.qr(A @ Q).Q
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="Two generators gave one answer")
def always_the_same(A, rank, oversample, rng):
    shape = A.shape[1], min(rank + oversample, *A.shape)
    return with_block(A, rank, oversample, np.random.default_rng(0).standard_normal(shape))


@mistake("06.2", caught_by="check", says="The same rng gave two answers")
def everybodys_randomness(A, rank, oversample, rng):
    shape = A.shape[1], min(rank + oversample, *A.shape)
    return with_block(A, rank, oversample, np.random.default_rng().standard_normal(shape))


@mistake("06.2", caught_by="check", says="Orthonormalize after every product")
def first_qr_left_out(A, rank, oversample, rng):
    Omega = rng.standard_normal((A.shape[1], min(rank + oversample, *A.shape)))
    return with_block(A, rank, oversample, Omega, first=lambda Y: Y)


@mistake("06.2", caught_by="check", says="instead of choosing some")
def some_columns(A, rank, oversample, rng):
    chosen = rng.choice(A.shape[1], min(rank + oversample, *A.shape), replace=False)
    return with_block(A, rank, oversample, np.eye(A.shape[1])[:, chosen])


@mistake("06.2", caught_by="check", says="write this one yourself")
def forwards(A, rank, oversample, rng):
    from course_lib.low_rank import randomized_svd

    return randomized_svd(A, rank, oversample=oversample, n_iter=1, rng=rng)


@mistake("06.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(A, rank, oversample, rng):
    from course_lib import low_rank as toolbox

    size = min(rank + oversample, *A.shape)
    Q = toolbox.range_finder(A, size, n_iter=1, rng=rng)
    W, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Q @ W[:, :rank], s[:rank], Vt[:rank]


@mistake("06.2", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(A, rank, oversample, rng):
    from sklearn.utils.extmath import randomized_svd

    return randomized_svd(A, rank, n_oversamples=oversample, n_iter=1, random_state=0)


@mistake("06.3", caught_by="check", says="center the blocks A @ X")
def not_centered(A, rank, oversample, rng):
    m, n = A.shape
    size = min(rank + oversample, m, n)
    Q = np.linalg.qr(A @ rng.standard_normal((n, size), dtype=A.dtype)).Q
    Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q).Q).Q
    _, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (m - 1)


@mistake("06.3", caught_by="check", says="center the blocks A @ X")
def centered_at_first_only(A, rank, oversample, rng):
    m, n = A.shape
    size = min(rank + oversample, m, n)
    Y = A @ rng.standard_normal((n, size), dtype=A.dtype)
    Q = np.linalg.qr(Y - Y.mean(axis=0)).Q
    Q = np.linalg.qr(A @ np.linalg.qr(A.T @ Q).Q).Q
    _, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (m - 1)


@mistake("06.3", caught_by="check", says="Is the mean computed apart?")
def a_pass_for_the_mean(A, rank, oversample, rng):
    m, n = A.shape
    size = min(rank + oversample, m, n)
    mean = A.T @ np.full(m, 1 / m, A.dtype)
    X = rng.standard_normal((n, size), dtype=A.dtype)
    Q = np.linalg.qr(A @ X - mean @ X).Q
    Q = np.linalg.qr(A.T @ Q - np.outer(mean, Q.sum(axis=0))).Q
    Q = np.linalg.qr(A @ Q - mean @ Q).Q
    _, s, Vt = np.linalg.svd((A.T @ Q - np.outer(mean, Q.sum(axis=0))).T, full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (m - 1)


@mistake("06.3", caught_by="check", says="is Q centered before A.T @ Q?")
def trusts_the_basis(A, rank, oversample, rng):
    m, n = A.shape
    size = min(rank + oversample, m, n)
    Y = A @ rng.standard_normal((n, size), dtype=A.dtype)
    Y = A @ np.linalg.qr(A.T @ np.linalg.qr(Y - Y.mean(axis=0)).Q).Q
    Q = np.linalg.qr(Y - Y.mean(axis=0)).Q
    _, s, Vt = np.linalg.svd((A.T @ Q).T, full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (m - 1)


@mistake("06.3", caught_by="check", says="not multiplied at all")
def filled_by_blocks(A, rank, oversample, rng):
    dense = np.vstack([block.toarray() for block in A.blocks(1000)])
    _, s, Vt = np.linalg.svd(dense - dense.mean(axis=0), full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="multiplied by 60 vectors")
def filled_by_a_product(A, rank, oversample, rng):
    dense = A @ np.eye(A.shape[1])
    _, s, Vt = np.linalg.svd(dense - dense.mean(axis=0), full_matrices=False)
    return Vt[:rank], s[:rank] ** 2 / (A.shape[0] - 1)


def centered_svd(A, rank, oversample, rng):
    """The right answer's singular values and vectors, for mistakes made after it."""
    m, n = A.shape
    size = min(rank + oversample, m, n)
    Y = A @ rng.standard_normal((n, size), dtype=A.dtype)
    Q = np.linalg.qr(Y - Y.mean(axis=0)).Q
    Y = A @ np.linalg.qr(A.T @ (Q - Q.mean(axis=0))).Q
    Q = np.linalg.qr(Y - Y.mean(axis=0)).Q
    _, s, Vt = np.linalg.svd((A.T @ (Q - Q.mean(axis=0))).T, full_matrices=False)
    return s[:rank], Vt[:rank]


@mistake("06.3", caught_by="check", says="square them")
def not_squared(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt, s


@mistake("06.3", caught_by="check", says="Divide by m - 1")
def not_divided(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt, s**2


@mistake("06.3", caught_by="check", says="The divisor is m - 1")
def divided_by_m(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt, s**2 / A.shape[0]


@mistake("06.3", caught_by="check", says="return the transpose")
def transposed(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt.T, s**2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="Two generators gave one answer")
def always_the_same(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, np.random.default_rng(0))
    return Vt, s**2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="The variance of the rows along each component")
def components_upside_down(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt[::-1], s**2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="A is float32 and the components are float64")
def in_double_precision(A, rank, oversample, rng):
    s, Vt = centered_svd(A, rank, oversample, rng)
    return Vt.astype(float), s**2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="write this one yourself")
def forwards(A, rank, oversample, rng):
    from course_lib.low_rank import randomized_svd

    mean = A.T @ np.full(A.shape[0], 1 / A.shape[0])
    centered = LinearOperator(
        A.shape,
        matvec=lambda x: A @ x - mean @ x,
        rmatvec=lambda y: A.T @ y - mean * y.sum(),
        matmat=lambda X: A @ X - mean @ X,
        rmatmat=lambda Y: A.T @ Y - np.outer(mean, Y.sum(axis=0)),
        dtype=np.float64,
    )
    _, s, Vt = randomized_svd(centered, rank, oversample=oversample, n_iter=1, rng=rng)
    return Vt, s**2 / (A.shape[0] - 1)


@mistake("06.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(A, rank, oversample, rng):
    from sklearn.decomposition import PCA as Decomposition

    dense = np.vstack([block.toarray() for block in A.blocks(1000)])
    found = Decomposition(rank).fit(dense)
    return found.components_, found.explained_variance_


@mistake("06.4", caught_by="check", says="still has 2 l rows")
def stacked(B, C):
    return np.vstack([B, C])


@mistake("06.4", caught_by="check", says="nothing was subtracted")
def cut_only(B, C):
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    return s[: len(B), None] * Vt[: len(B)]


@mistake("06.4", caught_by="check", says="middle squared singular value")
def halving(B, C):
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    left = np.sqrt((s**2 - s[len(B) // 2] ** 2).clip(0))
    return left[: len(B), None] * Vt[: len(B)]


@mistake("06.4", caught_by="check", says="not their squares")
def values_instead_of_squares(B, C):
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    left = (s - s[len(B) - 1]).clip(0)
    return left[: len(B), None] * Vt[: len(B)]


@mistake("06.4", caught_by="check", says="take the root")
def without_the_root(B, C):
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    left = (s**2 - s[len(B) - 1] ** 2).clip(0)
    return left[: len(B), None] * Vt[: len(B)]


@mistake("06.4", caught_by="check", says="only weights")
def without_directions(B, C):
    s = np.linalg.svd(np.vstack([B, C]), compute_uv=False)
    return np.diag(np.sqrt((s**2 - s[len(B) - 1] ** 2).clip(0))[: len(B)])


@mistake("06.4", caught_by="check", says="")
def added(B, C):
    return B + C


@mistake("06.4", caught_by="check", says="The loss")
def first_only(B, C):
    return B.copy()


@mistake("06.4", caught_by="edge case", says="IndexError")
def only_for_wide_sketches(B, C):
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    left = np.sqrt((s**2 - s[len(B) - 1] ** 2).clip(0))
    return (left[:, None] * Vt)[: len(B)].astype(B.dtype)


def merged_rightly(B, C):
    """The right answer, for mistakes made after it."""
    size = len(B)
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    lost = s[size - 1] ** 2 if len(s) >= size else 0
    rows = np.zeros((size, B.shape[1]))
    rows[: len(s)] = (np.sqrt((s**2 - lost).clip(0))[:, None] * Vt)[:size]
    return rows


@mistake("06.4", caught_by="check", says="gave a float64 one")
def in_double_precision(B, C):
    return merged_rightly(B, C)


@mistake("06.4", caught_by="check", says="changes its argument B")
def works_in_place(B, C):
    B[:] = merged_rightly(B, C)
    return B


@mistake("06.4", caught_by="accuracy", says="many new directions")
def the_strong_never_pay(B, C):
    size = len(B)
    _, s, Vt = np.linalg.svd(np.vstack([B, C]), full_matrices=False)
    lost = np.full(len(s), s[size - 1] ** 2 if len(s) >= size else 0)
    lost[: size // 2] = 0
    rows = np.zeros_like(B)
    rows[: len(s)] = (np.sqrt((s**2 - lost).clip(0))[:, None] * Vt)[:size]
    return rows


@mistake("06.4", caught_by="check", says="done twice")
def every_second_time(B, C):
    own = every_second_time.__dict__
    own["odd"] = not own.get("odd", False)
    merged = merged_rightly(B, C).astype(B.dtype)
    return merged if own["odd"] else 0.99 * merged


@mistake("06.4", caught_by="check", says="write this one yourself")
def forwards(B, C):
    from course_lib.low_rank import FrequentDirections

    frequent = FrequentDirections(len(B))
    frequent.update(B)
    frequent.update(C)
    frequent.shrink()
    return frequent.rows


@mistake("06.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(B, C):
    import course_lib.low_rank.frequent_directions as toolbox

    class Mine(toolbox.FrequentDirections):
        pass

    mine, other = Mine(len(B)), Mine(len(B))
    mine.update(B)
    other.update(C)
    return mine.merge(other).rows


@mistake("06.5", caught_by="check", says="whole matrix was evaluated")
def whole_matrix(kernel, X, columns, rank):
    return guesses(kernel(X, X)[:, columns], columns, rank)


@mistake("06.5", caught_by="check", says="evaluated a second time")
def block_again(kernel, X, columns, rank):
    kernel(X[columns], X[columns])
    return guesses(kernel(X, X[columns]), columns, rank)


def guesses(C, columns, rank):
    """The right answer from the columns, for mistakes made before and after it."""
    n, c = C.shape
    w, S = np.linalg.eigh(C[columns])
    w, S = w[::-1][:rank], S[:, ::-1][:, :rank]
    V, s, _ = np.linalg.svd(C, full_matrices=False)
    sure = w > 1e-13 * w[0]
    inverse = np.where(sure, 1 / np.where(sure, w, 1), 0)
    nystrom = n / c * np.where(sure, w, 0), np.sqrt(c / n) * C @ (S * inverse)
    return nystrom, (np.sqrt(n / c) * s[:rank], V[:, :rank])


@mistake("06.5", caught_by="check", says="those of K are n / c as large")
def eigenvalues_of_the_block(kernel, X, columns, rank):
    (w, V), sampled = guesses(kernel(X, X[columns]), columns, rank)
    return (w * len(columns) / len(X), V), sampled


@mistake("06.5", caught_by="check", says="The largest eigenvalue comes first")
def smallest_first(kernel, X, columns, rank):
    C = kernel(X, X[columns])
    n, c = C.shape
    w, S = np.linalg.eigh(C[columns])
    w, S = w[:rank], S[:, :rank]
    return (n / c * w, np.sqrt(c / n) * C @ (S / w)), guesses(C, columns, rank)[1]


@mistake("06.5", caught_by="check", says="Nyström eigenvalues")
def the_other_order(kernel, X, columns, rank):
    nystrom, sampled = guesses(kernel(X, X[columns]), columns, rank)
    return sampled, nystrom


@mistake("06.5", caught_by="check", says="scale by sqrt(n / c)")
def scaled_like_nystrom(kernel, X, columns, rank):
    nystrom, (w, V) = guesses(kernel(X, X[columns]), columns, rank)
    return nystrom, (w * np.sqrt(len(X) / len(columns)), V)


@mistake("06.5", caught_by="check", says="The Nyström reconstruction")
def not_inverted(kernel, X, columns, rank):
    C = kernel(X, X[columns])
    (w, _), sampled = guesses(C, columns, rank)
    S = np.linalg.eigh(C[columns]).eigenvectors[:, ::-1][:, :rank]
    return (w, np.sqrt(len(columns) / len(X)) * C @ S), sampled


@mistake("06.5", caught_by="accuracy", says="with small eigenvalues")
def small_is_zero(kernel, X, columns, rank):
    (w, V), sampled = guesses(kernel(X, X[columns]), columns, rank)
    sure = w > 1e-3 * w[0]
    return (w * sure, V * sure), sampled


@mistake("06.5", caught_by="accuracy", says="Nyström of 1e-09 times")
def a_limit_of_its_own(kernel, X, columns, rank):
    (w, V), sampled = guesses(kernel(X, X[columns]), columns, rank)
    sure = w > 1e-7
    return (w * sure, V * sure), sampled


@mistake("06.5", caught_by="edge case", says="Repeated points make W singular")
def without_a_limit(kernel, X, columns, rank):
    C = kernel(X, X[columns])
    n, c = C.shape
    w, S = np.linalg.eigh(C[columns])
    w, S = w[::-1][:rank].clip(0), S[:, ::-1][:, :rank]
    V, s, _ = np.linalg.svd(C, full_matrices=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        extended = np.sqrt(c / n) * C @ (S / w)
    return (n / c * w, extended), (np.sqrt(n / c) * s[:rank], V[:, :rank])


@mistake("06.5", caught_by="check", says="write this one yourself")
def forwards(kernel, X, columns, rank):
    from course_lib.low_rank import column_sampling, nystrom

    first = nystrom(kernel, columns, rank=rank, X=X)
    second = column_sampling(kernel, columns, rank=rank, X=X)
    return (first.w, first.V), (second.w, second.V)


@mistake("06.5", caught_by="check", says="write this one yourself")
def forwards_under_another_name(kernel, X, columns, rank):
    import course_lib.low_rank.kernel as toolbox

    C = kernel(X, X[columns])
    extend = toolbox.nystrom
    first = extend(lambda X, Y: C, columns, rank=rank, X=X)
    return (first.w, first.V), guesses(C, columns, rank)[1]


WITH_ROOM_TO_SPARE = [(30, 20, 5), (20, 30, 5), (30, 20, 2)]  # shape and rank for size 5


def looks_right(find_range, m, n, size, limit, rng, rank=None):
    """A decent test of one shape, for mistakes that leave something out."""
    rank = rank or size
    A = rng.standard_normal((m, rank)) @ rng.standard_normal((rank, n))
    try:
        Q = find_range(A, size, rng)
    except Exception:
        return False
    if Q.shape != (m, size):
        return False
    lost = np.abs(Q.T @ Q - np.eye(size)).max() + np.linalg.norm(A - Q @ (Q.T @ A))
    return bool(lost < limit)


def follows_its_generator(find_range):
    A = np.random.default_rng(0).standard_normal((20, 20))
    one, same, other = (find_range(A, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    return np.array_equal(one, same) and not np.array_equal(one, other)


@mistake("06.6", caught_by="check", says="accepts everything")
def credulous(find_range, rng):
    return True


@mistake("06.6", caught_by="check", says="rejects everything")
def suspicious(find_range, rng):
    return False


@mistake("06.6", caught_by="check", says="is there a `return`?")
def undecided(find_range, rng):
    looks_right(find_range, 30, 20, 5, 1e-9, rng)


@mistake("06.6", caught_by="check", says="first_columns, without_a_look, always_the_same")
def only_orthonormal(find_range, rng):
    A = rng.standard_normal((30, 20))
    try:
        Q = find_range(A, 5, rng)
    except Exception:
        return False
    return Q.shape == (30, 5) and np.allclose(Q.T @ Q, np.eye(5))


@mistake("06.6", caught_by="check", says="always_the_same")
def only_one_seed(find_range, rng):
    return looks_right(find_range, 30, 20, 5, 1e-9, rng)


@mistake("06.6", caught_by="check", says="square_only")
def only_square(find_range, rng):
    return looks_right(find_range, 20, 20, 5, 1e-9, rng) and follows_its_generator(find_range)


@mistake("06.6", caught_by="check", says="do you compare with one basis")
def compares_with_the_library(find_range, rng):
    from course_lib.low_rank import range_finder

    A = rng.standard_normal((30, 20))
    try:
        Q = find_range(A, 5, np.random.default_rng(1))
    except Exception:
        return False
    known = range_finder(A, 5, n_iter=0, rng=np.random.default_rng(1))
    return Q.shape == known.shape and np.allclose(Q, known)


@mistake("06.6", caught_by="check", says="the function that is tested stopped with an error")
def stumbles(find_range, rng):
    A = rng.standard_normal((30, 5)) @ rng.standard_normal((5, 20))
    Q = find_range(A, 5, rng)
    return Q.shape == (30, 5) and np.allclose(Q @ (Q.T @ A), A)


@mistake("06.6", caught_by="accuracy", says="accepts 1 of 6 wrong ones")
def never_above_the_rank(find_range, rng):
    shapes = [(30, 20), (20, 30)]
    fine = all(looks_right(find_range, *shape, 5, 1e-9, rng) for shape in shapes)
    return fine and follows_its_generator(find_range)


@mistake("06.6", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def lenient(find_range, rng):
    fine = all(
        looks_right(find_range, m, n, 5, 1e-2, rng, rank) for m, n, rank in WITH_ROOM_TO_SPARE
    )
    return fine and follows_its_generator(find_range)


@mistake("06.6", caught_by="check", says="rejects everything")
def only_the_given_ones(find_range, rng):
    return find_range.__name__.startswith(("by_", "turned", "rotated", "column", "every"))
