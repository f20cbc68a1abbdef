"""Wrong answers to lab 09."""

import math

import numpy as np
import scipy.optimize

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def gradient(A, b, y):
    return A.T @ (-b / (1 + np.exp(b * (A @ y)))) / A.shape[0]


def soft(z, t):
    return np.sign(z) * np.maximum(np.abs(z) - t, 0)


def pursue(x, D, k, *, rank=np.abs, fit=lambda atoms, x: np.linalg.lstsq(atoms.T, x)[0]):
    """Matching pursuit of up to k atoms: those chosen, and the coefficients of a last fit."""
    chosen, code, residual = [], np.zeros(0), x
    while len(chosen) < k and np.linalg.norm(residual) > 1e-9:
        worth = rank(D @ residual)
        worth[chosen] = -1
        chosen.append(int(np.argmax(worth)))
        code = fit(D[chosen], x)
        residual = x - code @ D[chosen]
    return chosen, code


def pursue_known(patch, known, D, k):
    """The right pursuit on the pixels that are known."""
    cut = D[:, known]
    length = np.maximum(np.linalg.norm(cut, axis=1), 1e-12)
    return pursue(patch[known], cut, k, rank=lambda products: np.abs(products) / length)


def nonnegative(atoms, x):
    return scipy.optimize.nnls(atoms.T, x)[0]


def with_momentum(A, b, alpha, L, steps, *, shrink=soft, restart=lambda last, y, new: False):
    """Proximal gradient steps with momentum, which ``restart(last, y, new)`` gives up."""
    x = y = np.zeros(A.shape[1])
    t = 1.0
    for _ in range(steps):
        new = shrink(y - gradient(A, b, y) / L, alpha / L)
        t = 1.0 if restart(x, y, new) else t
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t = new, following
    return x


@mistake("09.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, b, alpha, L, steps):
    x = np.zeros(A.shape[1])
    for _ in range(3):
        x = soft(x - gradient(A, b, x) / L, alpha / L)


@mistake("09.1", caught_by="check", says="above the least value")
def without_momentum(A, b, alpha, L, steps):
    x = np.zeros(A.shape[1])
    for _ in range(steps):
        x = soft(x - gradient(A, b, x) / L, alpha / L)
    return x


@mistake("09.1", caught_by="check", says="Does it restart?")
def never_restarts(A, b, alpha, L, steps):
    return with_momentum(A, b, alpha, L, steps)


@mistake("09.1", caught_by="check", says="where is the soft threshold?")
def without_the_penalty(A, b, alpha, L, steps):
    def restart(last, y, new):
        return (y - new) @ (new - last) > 0

    return with_momentum(A, b, alpha, L, steps, shrink=lambda z, t: z, restart=restart)


@mistake("09.1", caught_by="check", says="Does the restart cost products of its own?")
def looks_at_the_objective(A, b, alpha, L, steps):
    def value(x):
        return np.mean(np.logaddexp(0, -b * (A @ x))) + alpha * np.abs(x).sum()

    def restart(last, y, new):
        return value(new) > value(last)

    return with_momentum(A, b, alpha, L, steps, restart=restart)


@mistake("09.1", caught_by="check", says="write this one yourself")
def calls_the_library(A, b, alpha, L, steps):
    import itertools

    from course_lib.sparse_coding import LogisticLoss, fista

    iterates = fista(LogisticLoss(A @ np.eye(A.shape[1]), b), alpha, step=1 / L)
    return next(itertools.islice(iterates, steps, None)).x


@mistake("09.1", caught_by="check", says="write this one yourself")
def calls_it_under_another_name(A, b, alpha, L, steps):
    from course_lib import sparse_coding as sc

    slow = sc.ista
    iterates = slow(sc.LogisticLoss(A @ np.eye(A.shape[1]), b), alpha)
    for _ in range(steps):
        x = next(iterates).x
    return x


@mistake("09.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(x, D, k):
    np.argmax(D @ x)


@mistake("09.2", caught_by="check", says="a coefficient is")
def plain_omp(x, D, k):
    return pursue(x, D, k)


@mistake("09.2", caught_by="check", says="it is negative")
def largest_in_absolute_value(x, D, k):
    return pursue(x, D, k, fit=nonnegative)


@mistake("09.2", caught_by="check", says="Was the residual brought up to date")
def the_best_k_at_once(x, D, k):
    fit = D @ x
    chosen = [int(j) for j in np.argsort(-fit)[:k] if fit[j] > 0]
    return chosen, nonnegative(D[chosen], x)


@mistake("09.2", caught_by="check", says="the coefficients")
def matching_pursuit(x, D, k):
    chosen, code, residual = [], [], x
    for _ in range(k):
        fit = D @ residual
        fit[chosen] = -np.inf
        best = int(np.argmax(fit))
        if fit[best] <= 0:
            break
        chosen.append(best)
        code.append(fit[best])
        residual = x - nonnegative(D[chosen], x) @ D[chosen]
    return chosen, np.array(code)


@mistake("09.2", caught_by="check", says="write this one yourself")
def calls_the_library(x, D, k):
    from course_lib.sparse_coding import omp

    code = omp(x[None], D, n_nonzero=k)
    return code.indices.tolist(), np.abs(code.data)


@mistake("09.2", caught_by="check", says="write this one yourself")
def calls_it_by_its_full_name(x, D, k):
    import course_lib.sparse_coding.pursuit as pursuit

    code = pursuit.omp(x[None], D, n_nonzero=k, order_recursive=True)
    return code.indices.tolist(), nonnegative(D[code.indices], x)


@mistake("09.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(patch, known, D, k):
    D[:, known] @ patch[known]


@mistake("09.3", caught_by="check", says="taken for black")
def gaps_are_black(patch, known, D, k):
    chosen, code = pursue(patch, D, k)
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="divided by the lengths of the cut atoms?")
def cut_atoms_as_they_are(patch, known, D, k):
    chosen, code = pursue(patch[known], D[:, known], k)
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="the gaps are still empty")
def only_where_it_was_known(patch, known, D, k):
    chosen, code = pursue_known(patch, known, D, k)
    return np.where(known, code @ D[chosen], 0.0)


@mistake("09.3", caught_by="check", says="the filled patch")
def keeps_the_known_pixels(patch, known, D, k):
    chosen, code = pursue_known(patch, known, D, k)
    return np.where(known, patch, code @ D[chosen])


@mistake("09.3", caught_by="check", says="write this one yourself")
def calls_the_library(patch, known, D, k):
    from course_lib.sparse_coding import omp

    cut = D[:, known]
    length = np.linalg.norm(cut, axis=1)
    code = omp(patch[known][None], cut / length[:, None], n_nonzero=k)
    return (code.toarray()[0] / length) @ D


@mistake("09.3", caught_by="check", says="write this one yourself")
def calls_it_under_another_name(patch, known, D, k):
    from course_lib import sparse_coding

    seek = sparse_coding.omp
    code = seek(patch[None], D, n_nonzero=k, order_recursive=True)
    return code.toarray()[0] @ D


def inside_the_ball(u):
    return u / max(1.0, np.linalg.norm(u))


def atom_by_atom(D, inner, outer, bound):
    """The right sweep, each atom brought to a length by ``bound``."""
    for k in range(len(D)):
        if inner[k, k] > 1e-12:
            D[k] = bound(D[k] + (outer[k] - inner[k] @ D) / inner[k, k])


def by_rule(blocks, D, encode, forget, bound=inside_the_ball, sweep=atom_by_atom):
    """The right rule, with the length of an atom or the sweep done otherwise."""
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * inner + C.T @ C, forget * outer + C.T @ X
        sweep(D, inner, outer, bound)
    return D


@mistake("09.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(blocks, D, encode, forget):
    for X in blocks:
        encode(X, D)


@mistake("09.4", caught_by="check", says="nothing is forgotten")
def never_forgets(blocks, D, encode, forget):
    return by_rule(blocks, D, encode, 1.0)


@mistake("09.4", caught_by="check", says="it uses the new atom 0")
def all_atoms_at_once(blocks, D, encode, forget):
    def sweep(D, inner, outer, bound):
        used = np.diag(inner) > 1e-12
        new = D[used] + (outer - inner @ D)[used] / np.diag(inner)[used][:, None]
        D[used] = [bound(u) for u in new]

    return by_rule(blocks, D, encode, forget, sweep=sweep)


@mistake("09.4", caught_by="check", says="an atom has length")
def atoms_grow(blocks, D, encode, forget):
    return by_rule(blocks, D, encode, forget, bound=lambda u: u)


@mistake("09.4", caught_by="accuracy", says="the dictionary at")
def always_of_length_one(blocks, D, encode, forget):
    return by_rule(blocks, D, encode, forget, bound=lambda u: u / np.linalg.norm(u))


@mistake("09.4", caught_by="check", says="learn changed the dictionary")
def works_in_place(blocks, D, encode, forget):
    D += by_rule(blocks, D, encode, forget) - D
    return D


@mistake("09.4", caught_by="check", says="write this one yourself")
def calls_the_library(blocks, D, encode, forget):
    from course_lib.sparse_coding import OnlineDictionary

    model = OnlineDictionary(len(D), alpha=0.5, dict_init=D, random_state=0)
    for X in blocks:
        model.partial_fit(X)
    return model.components_


@mistake("09.4", caught_by="check", says="write this one yourself")
def calls_it_under_another_name(blocks, D, encode, forget):
    import course_lib.sparse_coding as sc

    learner = sc.OnlineDictionary(n_components=len(D), alpha=0.5, dict_init=D, random_state=0)
    step = learner.partial_fit
    for X in blocks:
        step(X)
    return learner.components_
