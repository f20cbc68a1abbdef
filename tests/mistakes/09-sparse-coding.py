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
    """Proximal gradient steps with momentum, which ``restart(last, y, new)`` gives up; x and y."""
    x = y = np.zeros(A.shape[1])
    t = 1.0
    for _ in range(steps):
        new = shrink(y - gradient(A, b, y) / L, alpha / L)
        t = 1.0 if restart(x, y, new) else t
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t = new, following
    return x, y


def against(last, y, new):
    """The right test of the restart."""
    return (y - new) @ (new - last) > 0


@mistake("09.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, b, alpha, L, steps):
    x = np.zeros(A.shape[1])
    for _ in range(3):
        x = soft(x - gradient(A, b, x) / L, alpha / L)


@mistake("09.1", caught_by="check", says="steps = 3: x at")
def without_momentum(A, b, alpha, L, steps):
    x = np.zeros(A.shape[1])
    for _ in range(steps):
        x = soft(x - gradient(A, b, x) / L, alpha / L)
    return x


@mistake("09.1", caught_by="check", says="Does it restart?")
def never_restarts(A, b, alpha, L, steps):
    return with_momentum(A, b, alpha, L, steps)[0]


@mistake("09.1", caught_by="check", says="on the line from the x before: is it y?")
def returns_y(A, b, alpha, L, steps):
    return with_momentum(A, b, alpha, L, steps, restart=against)[1]


@mistake("09.1", caught_by="check", says="where one step less leads")
def one_step_less(A, b, alpha, L, steps):
    return with_momentum(A, b, alpha, L, steps - 1, restart=against)[0]


@mistake("09.1", caught_by="check", says="steps = 3: x at")
def restarts_at_the_wrong_side(A, b, alpha, L, steps):
    def restart(last, y, new):
        return (y - new) @ (new - last) < 0

    return with_momentum(A, b, alpha, L, steps, restart=restart)[0]


@mistake("09.1", caught_by="check", says="so t = 1 in point 3 of that step")
def restarts_one_step_late(A, b, alpha, L, steps):
    late = [False]

    def restart(last, y, new):
        late.append(bool((y - new) @ (new - last) > 0))
        return late[-2]

    return with_momentum(A, b, alpha, L, steps, restart=restart)[0]


@mistake("09.1", caught_by="check", says="x at (")
def another_method_with_as_many_products(A, b, alpha, L, steps):
    """Momentum (k - 1) / (k + 2) with restarts, which comes as near to the minimum."""
    x = y = np.zeros(A.shape[1])
    k = 0
    for _ in range(steps):
        new = soft(y - gradient(A, b, y) / L, alpha / L)
        k = 1 if against(x, y, new) else k + 1
        y, x = new + (k - 1) / (k + 2) * (new - x), new
    return x


@mistake("09.1", caught_by="check", says="where is the soft threshold?")
def without_the_penalty(A, b, alpha, L, steps):
    return with_momentum(A, b, alpha, L, steps, shrink=lambda z, t: z, restart=against)[0]


@mistake("09.1", caught_by="check", says="Does the restart cost products of its own?")
def asks_for_the_gradient_again(A, b, alpha, L, steps):
    def restart(last, y, new):
        step = y - soft(y - gradient(A, b, y) / L, alpha / L)
        return step @ (new - last) > 0

    return with_momentum(A, b, alpha, L, steps, restart=restart)[0]


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


@mistake("09.2", caught_by="check", says="the fit by the coefficients")
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


def add_only(x, D, k, *, fit=nonnegative, least=1e-10):
    """The right pursuit, with another fit, or another limit for what counts as nothing."""
    chosen, code, residual = [], np.zeros(0), x
    while len(chosen) < min(k, len(D)):
        worth = D @ residual
        worth[chosen] = -np.inf
        if worth.max() <= least:
            break
        chosen.append(int(np.argmax(worth)))
        code = fit(D[chosen], x)
        residual = x - code @ D[chosen]
    return chosen, code


def plain(atoms, x):
    return np.linalg.lstsq(atoms.T, x, rcond=None)[0]


@mistake("09.2", caught_by="check", says="the negative one set to 0")
def clips_plain_least_squares(x, D, k):
    return add_only(x, D, k, fit=lambda atoms, x: np.maximum(plain(atoms, x), 0))


@mistake("09.2", caught_by="check", says="It stays chosen, with coefficient 0")
def drops_atoms_of_coefficient_0(x, D, k):
    chosen, code = add_only(x, D, k)
    return [j for j, c in zip(chosen, code, strict=True) if c > 0], code[code > 0]


@mistake("09.2", caught_by="check", says="nonnegative at every step")
def nonnegative_at_the_end_only(x, D, k):
    chosen, _ = add_only(x, D, k, fit=plain)
    return chosen, nonnegative(D[chosen], x)


@mistake("09.2", caught_by="check", says="in the order of the choices?")
def in_the_order_of_the_atoms(x, D, k):
    chosen, code = map(np.array, add_only(x, D, k))
    return np.sort(chosen), code[np.argsort(chosen)]


@mistake("09.2", caught_by="edge case", says="length about 1e-6: it stopped after 0 atoms")
def takes_small_signals_for_nothing(x, D, k):
    return add_only(x, D, k, least=1e-5)


@mistake("09.2", caught_by="accuracy", says="cannot help; stop before it")
def always_takes_k(x, D, k):
    return add_only(x, D, k, least=-np.inf)


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


@mistake("09.3", caught_by="check", says="divided by the lengths of the cut atoms, once?")
def cut_atoms_as_they_are(patch, known, D, k):
    chosen, code = pursue(patch[known], D[:, known], k)
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="the gaps are still empty")
def only_where_it_was_known(patch, known, D, k):
    chosen, code = pursue_known(patch, known, D, k)
    return np.where(known, code @ D[chosen], 0.0)


@mistake("09.3", caught_by="check", says="not of the combination of atoms")
def keeps_the_known_pixels(patch, known, D, k):
    chosen, code = pursue_known(patch, known, D, k)
    return np.where(known, patch, code @ D[chosen])


@mistake("09.3", caught_by="check", says="a known pixel may be 0")
def takes_zeros_for_unknown(patch, known, D, k):
    chosen, code = pursue_known(patch, patch != 0, D, k)
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="fitted anew at each step?")
def never_fits_again(patch, known, D, k):
    cut, residual, filled = D[:, known], patch[known], np.zeros(len(patch))
    length = np.maximum(np.linalg.norm(cut, axis=1), 1e-12)
    for _ in range(k):
        best = np.argmax(np.abs(cut @ residual) / length)
        share = cut[best] @ residual / length[best] ** 2
        residual, filled = residual - share * cut[best], filled + share * D[best]
    return filled


@mistake("09.3", caught_by="accuracy", says="the filled patch at")
def goes_on_after_an_exact_fit(patch, known, D, k):
    cut, x, chosen = D[:, known], patch[known], []
    length = np.maximum(np.linalg.norm(cut, axis=1), 1e-12)
    residual = x
    for _ in range(k):
        worth = np.abs(cut @ residual) / length
        worth[chosen] = -1
        chosen.append(int(np.argmax(worth)))
        code = np.linalg.lstsq(cut[chosen].T, x, rcond=None)[0]
        residual = x - code @ cut[chosen]
    return code @ D[chosen]


@mistake("09.3", caught_by="edge case", says="three more atoms that lie in the gaps")
def divides_by_0(patch, known, D, k):
    cut = D[:, known]
    length = np.linalg.norm(cut, axis=1)
    with np.errstate(invalid="ignore"):
        chosen, code = pursue(patch[known], cut, k, rank=lambda products: np.abs(products) / length)
    return code @ D[chosen] if chosen else 0 * patch


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


@mistake("09.4", caught_by="check", says="changes its argument D in place")
def works_in_place(blocks, D, encode, forget):
    D += by_rule(blocks, D, encode, forget) - D
    return D


@mistake("09.4", caught_by="check", says="A stream does not fit into memory")
def keeps_the_stream(blocks, D, encode, forget):
    return by_rule([X.copy() for X in blocks], D, encode, forget)


@mistake("09.4", caught_by="check", says="once each")
def codes_again_after_the_sweep(blocks, D, encode, forget):
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        old_inner, old_outer = forget * inner, forget * outer
        atom_by_atom(D, old_inner + C.T @ C, old_outer + C.T @ X, inside_the_ball)
        C = encode(X, D)
        inner, outer = old_inner + C.T @ C, old_outer + C.T @ X
    return D


@mistake("09.4", caught_by="edge case", says="where nothing is there to forget")
def fades_after_it_was_added(blocks, D, encode, forget):
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * (inner + C.T @ C), forget * (outer + C.T @ X)
        atom_by_atom(D, inner, outer, inside_the_ball)
    return D


@mistake("09.4", caught_by="accuracy", says="the dictionary at")
def codes_by_the_first_dictionary(blocks, D, encode, forget):
    first = D.copy()
    return by_rule(blocks, D, lambda X, _: encode(X, first), forget)


_memories = {}


@mistake("09.4", caught_by="check", says="with forget = 0.5 at")
def remembers_the_last_call(blocks, D, encode, forget):
    D, shape = D.copy(), D.shape
    inner, outer = _memories.get(shape, (np.zeros((len(D), len(D))), np.zeros(shape)))
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * inner + C.T @ C, forget * outer + C.T @ X
        atom_by_atom(D, inner, outer, inside_the_ball)
    _memories[shape] = inner, outer
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
