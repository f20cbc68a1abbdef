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
    x = y = np.zeros(A.shape[1])
    t = 1.0
    for _ in range(steps):
        new = soft(y - gradient(A, b, y) / L, alpha / L)
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t = new, following
    return x


@mistake("09.1", caught_by="check", says="where is the soft threshold?")
def without_the_penalty(A, b, alpha, L, steps):
    x = y = np.zeros(A.shape[1])
    t = 1.0
    for _ in range(steps):
        new = y - gradient(A, b, y) / L
        if (y - new) @ (new - x) > 0:
            t = 1.0
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t = new, following
    return x


@mistake("09.1", caught_by="check", says="Does the restart cost products of its own?")
def looks_at_the_objective(A, b, alpha, L, steps):
    def value(x):
        return np.mean(np.logaddexp(0, -b * (A @ x))) + alpha * np.abs(x).sum()

    x = y = np.zeros(A.shape[1])
    t, last = 1.0, np.inf
    for _ in range(steps):
        new = soft(y - gradient(A, b, y) / L, alpha / L)
        now = value(new)
        t = 1.0 if now > last else t
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = new + (t - 1) / following * (new - x)
        x, t, last = new, following, now
    return x


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
    chosen, code, residual = [], np.zeros(0), x
    for _ in range(k):
        fit = np.abs(D @ residual)
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = np.linalg.lstsq(D[chosen].T, x)[0]
        residual = x - code @ D[chosen]
    return chosen, code


@mistake("09.2", caught_by="check", says="it is negative")
def largest_in_absolute_value(x, D, k):
    chosen, code, residual = [], np.zeros(0), x
    for _ in range(k):
        fit = np.abs(D @ residual)
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = scipy.optimize.nnls(D[chosen].T, x)[0]
        residual = x - code @ D[chosen]
    return chosen, code


@mistake("09.2", caught_by="check", says="Was the residual brought up to date")
def the_best_k_at_once(x, D, k):
    fit = D @ x
    chosen = [int(j) for j in np.argsort(-fit)[:k] if fit[j] > 0]
    return chosen, scipy.optimize.nnls(D[chosen].T, x)[0]


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
        exact = scipy.optimize.nnls(D[chosen].T, x)[0]
        residual = x - exact @ D[chosen]
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
    return code.indices.tolist(), scipy.optimize.nnls(D[code.indices].T, x)[0]


@mistake("09.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(patch, known, D, k):
    D[:, known] @ patch[known]


@mistake("09.3", caught_by="check", says="taken for black")
def gaps_are_black(patch, known, D, k):
    residual, chosen, code = patch.copy(), [], np.zeros(0)
    for _ in range(k):
        if np.linalg.norm(residual) < 1e-9:
            break
        fit = np.abs(D @ residual)
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = np.linalg.lstsq(D[chosen].T, patch)[0]
        residual = patch - code @ D[chosen]
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="divided by the lengths of the cut atoms?")
def cut_atoms_as_they_are(patch, known, D, k):
    cut, x = D[:, known], patch[known]
    residual, chosen, code = x.copy(), [], np.zeros(0)
    for _ in range(k):
        if np.linalg.norm(residual) < 1e-9:
            break
        fit = np.abs(cut @ residual)
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = np.linalg.lstsq(cut[chosen].T, x)[0]
        residual = x - code @ cut[chosen]
    return code @ D[chosen]


@mistake("09.3", caught_by="check", says="the gaps are still empty")
def only_where_it_was_known(patch, known, D, k):
    cut, x = D[:, known], patch[known]
    length = np.maximum(np.linalg.norm(cut, axis=1), 1e-12)
    residual, chosen, code = x.copy(), [], np.zeros(0)
    for _ in range(k):
        if np.linalg.norm(residual) < 1e-9:
            break
        fit = np.abs(cut @ residual) / length
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = np.linalg.lstsq(cut[chosen].T, x)[0]
        residual = x - code @ cut[chosen]
    filled = np.zeros_like(patch)
    filled[known] = code @ cut[chosen]
    return filled


@mistake("09.3", caught_by="check", says="the filled patch")
def keeps_the_known_pixels(patch, known, D, k):
    cut, x = D[:, known], patch[known]
    length = np.maximum(np.linalg.norm(cut, axis=1), 1e-12)
    residual, chosen, code = x.copy(), [], np.zeros(0)
    for _ in range(k):
        if np.linalg.norm(residual) < 1e-9:
            break
        fit = np.abs(cut @ residual) / length
        fit[chosen] = -1
        chosen.append(int(np.argmax(fit)))
        code = np.linalg.lstsq(cut[chosen].T, x)[0]
        residual = x - code @ cut[chosen]
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

    pursue = sparse_coding.omp
    code = pursue(patch[None], D, n_nonzero=k, order_recursive=True)
    return code.toarray()[0] @ D


@mistake("09.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(blocks, D, encode, forget):
    for X in blocks:
        encode(X, D)


@mistake("09.4", caught_by="check", says="nothing is forgotten")
def never_forgets(blocks, D, encode, forget):
    return by_rule(blocks, D, encode, 1.0)


@mistake("09.4", caught_by="check", says="it uses the new atom 0")
def all_atoms_at_once(blocks, D, encode, forget):
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * inner + C.T @ C, forget * outer + C.T @ X
        used = np.diag(inner) > 1e-12
        new = D[used] + (outer - inner @ D)[used] / np.diag(inner)[used][:, None]
        D[used] = new / np.maximum(1, np.linalg.norm(new, axis=1))[:, None]
    return D


@mistake("09.4", caught_by="check", says="an atom has length")
def atoms_grow(blocks, D, encode, forget):
    return by_rule(blocks, D, encode, forget, limit=np.inf)


@mistake("09.4", caught_by="accuracy", says="the dictionary at")
def always_of_length_one(blocks, D, encode, forget):
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * inner + C.T @ C, forget * outer + C.T @ X
        for k in range(len(D)):
            if inner[k, k] > 1e-12:
                u = inner[k, k] * D[k] + outer[k] - inner[k] @ D
                D[k] = u / np.linalg.norm(u)
    return D


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


def by_rule(blocks, D, encode, forget, limit=1.0):
    D = D.copy()
    inner, outer = np.zeros((len(D), len(D))), np.zeros(D.shape)
    for X in blocks:
        C = encode(X, D)
        inner, outer = forget * inner + C.T @ C, forget * outer + C.T @ X
        for k in range(len(D)):
            if inner[k, k] > 1e-12:
                u = D[k] + (outer[k] - inner[k] @ D) / inner[k, k]
                D[k] = u / max(1.0, np.linalg.norm(u) / limit)
    return D
