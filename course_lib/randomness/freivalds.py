"""Freivalds' check: three products with a vector tell whether A @ B equals C."""

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator

from course_lib._validation import as_rng, check_count, check_number, plain_array

__all__ = ["freivalds"]


def freivalds(A, B, C, *, trials=1, high=2**20, tol=None, rng=None):
    r"""Tell whether ``A @ B`` equals ``C`` without multiplying ``A`` by ``B``.

    A random vector is drawn, and ``A @ (B @ r)`` is compared with ``C @ r``.

    Parameters
    ----------
    A, B, C : array, sparse matrix or CountedMatrix, shapes (m, k), (k, n), (m, n)
        Integers or real floating numbers; only products with a vector are used, and absolute
        values if ``tol`` is not given. Integers are computed modulo :math:`2^{64}`, as NumPy
        computes their product.
    trials : int, default 1
        Number of independent vectors.
    high : int, default 2**20
        Entries of a vector are uniform on ``{0, ..., high - 1}``; 2 is the textbook's choice.
    tol : float, optional
        Largest difference between the two sides, in any entry, that passes as rounding. Not
        given: none for integers; for floating numbers, what rounding can do at most.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    bool
        False proves that the product differs. True may be wrong, see the guarantee.

    Raises
    ------
    ValueError
        If shapes do not fit, an argument is out of range, or a product overflows or meets infinity.
    TypeError
        If a matrix is not real, or ``tol`` is missing where absolute values cannot be taken.

    Notes
    -----
    **Cost.** ``3 trials`` products of a matrix with a vector; two more to know the rounding of
    floating numbers, with :math:`|A|` and :math:`|B|`.

    **Guarantee.** If the product is right, the answer is True. If an entry of
    :math:`D = AB - C` is not zero, one trial misses with probability at most 1/high: given the
    other entries of ``r``, at most one value of the entry that meets it cancels its row ([1];
    among integers, :math:`|D_{ij}| < 2^{64}/\text{high}` is needed too). Trials multiply, so 20
    trials with ``high=2`` or one with ``2**20`` miss with probability at most
    :math:`2^{-20}`; the price is 60 products against 3. With a tolerance :math:`t` that
    is at least the rounding, a trial misses with probability at most
    :math:`1/\text{high} + 4t / (\text{high}\,|D_{ij}|)`, as so many values of the entry leave
    the row below :math:`2t`. The default tolerance is what rounding
    can do in the *worst* case, so that no right product is refused; an error below about
    :math:`10^{-5}` in the product of two normal matrices of size 2000 hides in it.

    References
    ----------
    .. [1] R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress 1977.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[1, 2], [3, 4]])
    >>> freivalds(A, A, A @ A, rng=0), freivalds(A, A, A @ A + np.eye(2, dtype=int), rng=0)
    (True, False)
    """
    A, B, C = (_check(M, name) for M, name in ((A, "A"), (B, "B"), (C, "C")))
    if A.shape[1] != B.shape[0] or C.shape != (A.shape[0], B.shape[1]):
        raise ValueError(
            f"A, B and C must have shapes (m, k), (k, n) and (m, n); "
            f"got {A.shape}, {B.shape} and {C.shape}."
        )
    trials = check_count(trials, "trials", low=1)
    high = check_count(high, "high", low=2, high=2**32)
    tol = None if tol is None else check_number(tol, "tol", low=0.0)
    rng = as_rng(rng)
    exact = all(M.dtype.kind == "i" for M in (A, B, C))
    if not exact:
        A, B, C = (M.astype(np.float64) if M.dtype.kind == "i" else M for M in (A, B, C))
        tol = _rounding(A, B, C, high) if tol is None else tol
    for _ in range(trials):
        r = rng.integers(high, size=B.shape[1])
        r = r if exact else r.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            left, right = A @ (B @ r), C @ r
        if not exact:
            _refuse_infinity(left, right, tol)
        difference = left - right
        # Without a tolerance no absolute value is taken: that of -2**63 is negative.
        equal = np.abs(difference) <= tol if tol is not None else difference == 0
        if not equal.all():  # NaN is equal to nothing
            return False
    return True


def _check(M, name):
    """Return ``M`` with dtype int64 or a floating one, if it is a real matrix."""
    if scipy.sparse.issparse(M):
        M = _in_order(M)
    elif not (isinstance(M, LinearOperator) or hasattr(M, "blocks")):  # known by its products
        M = plain_array(M, name)
    if len(M.shape) != 2:
        raise ValueError(f"{name} must be a matrix with two axes; got shape {tuple(M.shape)}.")
    if M.dtype is not None and M.dtype.kind == "f":
        return M
    if M.dtype is None or M.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold integers or real floating numbers; got {M.dtype}.")
    return M.astype(np.int64)  # in a narrower type the products would wrap around too early


def _in_order(M):
    """Return sparse ``M`` without entries that are stored twice; the caller's stays as it is."""
    if M.format not in ("csr", "csc"):
        return M.tocsr()
    return M if M.has_canonical_format else M.copy()


def _refuse_infinity(left, right, tol):
    """Refuse what is infinite, which would equal everything; NaN equals nothing as it is."""
    if any(np.isinf(side).any() for side in (left, right, tol)):
        raise ValueError(
            "A, B and C must be finite, and so must their products; got infinity, rescale them."
        )


def _rounding(A, B, C, high):
    """Bound, for each row, what rounding can put between the two sides if C is right.

    An inner product of length k is off by at most k u / (1 - k u) times the product of the
    absolute values, u the unit roundoff (Higham, Accuracy and Stability, 2nd ed., (3.5)). It
    enters three times: in C itself, in C @ r and in A @ (B @ r); the factor 2 pays for the rest.
    """
    if not all(isinstance(M, np.ndarray) or scipy.sparse.issparse(M) for M in (A, B)):
        raise TypeError("tol must be given, 0 for exact: absolute values of A cannot be taken.")
    k, n = B.shape
    u_C = max(np.finfo(M.dtype).eps for M in (A, B, C)) / 2
    u_r = np.finfo(np.float64).eps / 2  # r is float64, and so are all products with it
    with np.errstate(over="ignore", invalid="ignore"):
        largest = abs(A) @ (abs(B) @ np.full(n, float(high - 1)))
    return 2 * ((k + 1) * u_C + (k + n + 2) * u_r) * largest
