"""What theory promises of a low-rank approximation, computed from the singular values."""

import math

import numpy as np

from course_lib._validation import check_array, check_count

__all__ = ["best_error", "random_pivot_bound", "range_finder_bound"]


def best_error(sigma, rank, *, norm="spectral"):
    r"""Return the smallest error of any matrix of rank ``rank``.

    Parameters
    ----------
    sigma : array_like, shape (r,)
        The singular values of ``A``, not increasing.
    rank : int
        :math:`k`, ``0 <= rank <= r``; at ``r`` the error is zero.
    norm : {"spectral", "frobenius"}

    Returns
    -------
    float
        :math:`\sigma_{k+1}` or :math:`(\sum_{j>k} \sigma_j^2)^{1/2}`.

    Raises
    ------
    ValueError
        If ``sigma`` is no non-increasing list of finite numbers, or ``rank`` is out of range.
    TypeError
        If ``sigma`` does not hold real numbers, or ``rank`` is not an integer.

    References
    ----------
    .. [1] C. Eckart, G. Young, "The approximation of one matrix by another of lower rank",
       Psychometrika 1(3), 1936.

    Examples
    --------
    >>> best_error([5.0, 4.0, 3.0], 1), best_error([5.0, 4.0, 3.0], 1, norm="frobenius")
    (4.0, 5.0)
    """
    sigma = _check_spectrum(sigma)
    rank = check_count(rank, "rank", low=0, high=len(sigma), high_name="len(sigma)")
    tail = sigma[rank:]
    if len(tail) == 0:
        return 0.0
    return float(tail[0]) if _is_spectral(norm) else float(np.linalg.norm(tail))


def range_finder_bound(sigma, rank, oversample, *, n_iter=0, norm="spectral"):
    r"""Return the bound on the expected error of a basis of ``rank + oversample`` columns.

    Parameters
    ----------
    sigma : array_like, shape (r,)
        The singular values of ``A``, not increasing; all ``min(m, n)`` of them.
    rank, oversample : int
        :math:`k \ge 2` and :math:`p \ge 2`, with ``k + p <= r``.
    n_iter : int, default 0
        Power iterations :math:`q`; must be 0 for the Frobenius norm.
    norm : {"spectral", "frobenius"}

    Returns
    -------
    float
        The bound on :math:`E\,\|A - QQ^TA\|`, see `course_lib.low_rank.range_finder`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If ``sigma`` does not hold real numbers, or a count is not an integer.

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness", SIAM
       Review 53(2), 2011, Theorems 10.5 and 10.6, Corollary 10.10.

    Examples
    --------
    >>> round(range_finder_bound(2.0 ** -np.arange(20), 5, 5), 4)
    0.1282
    """
    sigma = _check_spectrum(sigma)
    k = check_count(rank, "rank", low=2, high=len(sigma) - 2, high_name="len(sigma) - 2")
    p = check_count(
        oversample, "oversample", low=2, high=len(sigma) - k, high_name="len(sigma) - rank"
    )
    q = check_count(n_iter, "n_iter", low=0)
    floor = best_error(sigma, k)
    if floor == 0.0:
        return 0.0
    if not _is_spectral(norm):
        if q:
            raise ValueError(f"n_iter must be 0 for the Frobenius norm; got {q}.")
        return math.sqrt(1 + k / (p - 1)) * best_error(sigma, k, norm=norm)
    power = 2 * q + 1
    # Divided by the floor, the powers neither overflow nor vanish.
    tail = np.linalg.norm((sigma[k:] / floor) ** power)
    inner = 1 + math.sqrt(k / (p - 1)) + math.e * math.sqrt(k + p) / p * tail
    return float(floor * inner ** (1 / power))


def random_pivot_bound(eigenvalues, size):
    r"""Return the bound on the expected trace of the error after ``size`` random pivots.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        All eigenvalues of the positive semidefinite ``K``, not increasing.
    size : int
        Columns :math:`k`, ``0 <= k <= n``.

    Returns
    -------
    float
        The smallest :math:`(1 + \epsilon)\tau_r` over all ranks r for which
        :math:`k \ge r/\epsilon + r \ln^+(1/(\epsilon\eta))`, see `pivoted_cholesky`; the trace
        of ``K`` if that is smaller.

    Raises
    ------
    ValueError
        If ``eigenvalues`` is no non-increasing list of finite numbers, or ``size`` is out of
        range.
    TypeError
        If ``eigenvalues`` does not hold real numbers, or ``size`` is not an integer.

    Notes
    -----
    **Cost.** :math:`O(k)` operations for each of 60 halvings of the interval of epsilon.

    **Guarantee.** If ``K`` has rank at most k, the error is zero, and so is the bound. Rank 0
    says what is always true: the error is at most the trace of ``K``.

    References
    ----------
    .. [1] Y. Chen, E. N. Epperly, J. A. Tropp, R. J. Webber, "Randomly pivoted Cholesky:
       practical approximation of a kernel matrix with few entry evaluations", Comm. Pure Appl.
       Math. 78(5), 2025, Section 5.

    Examples
    --------
    >>> round(random_pivot_bound([97.0, 1.0, 1.0, 1.0], 3), 2)
    10.45

    That is r = 1 and epsilon = 2.483: 1/2.483 + ln(100/(2.483 * 3)) = 3, and 3.483 * 3 = 10.45.
    """
    w = _check_spectrum(eigenvalues, "eigenvalues")
    k = check_count(size, "size", low=0, high=len(w), high_name="len(eigenvalues)")
    tails = np.append(np.cumsum(w[::-1])[::-1], 0.0)  # tails[r] is what rank r leaves
    if tails[k] == 0.0:
        return 0.0
    if k <= 1:
        return float(tails[0])
    r, log_tails = np.arange(1.0, k), np.log(tails[1:k])
    log_eta = log_tails - np.log(tails[0])
    low, high = np.log(r / k), -log_eta  # of ln(epsilon): no less will do, this always does
    for _ in range(60):
        middle = (low + high) / 2
        enough = r * np.exp(-middle) + r * np.maximum(0.0, -middle - log_eta) <= k
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return float(min(tails[0], np.min(tails[1:k] + np.exp(high + log_tails))))


def _is_spectral(norm):
    if norm not in ("spectral", "frobenius"):
        raise ValueError(f"norm must be 'spectral' or 'frobenius'; got {norm!r}.")
    return norm == "spectral"


def _check_spectrum(sigma, name="sigma"):
    sigma = check_array(sigma, name, dtype=np.float64)
    if sigma.ndim != 1 or not np.isfinite(sigma).all() or np.any(np.diff(sigma) > 0):
        kind = "singular values" if name == "sigma" else name
        raise ValueError(f"{name} must be a list of finite {kind}, the largest first.")
    if len(sigma) == 0 or sigma[-1] < 0:
        raise ValueError(f"{name} must hold at least one value, none of them negative.")
    return sigma
