"""A matrix product from a sample: a few columns of A, the same rows of B, rescaled."""

from typing import NamedTuple

import numpy as np
import scipy.sparse

from course_lib._validation import (
    as_rng,
    check_count,
    check_finite,
    check_matrix,
    check_vector,
)

LARGEST = 2**31 - 1  # draws

__all__ = ["SampledFactors", "sample_product", "sampled_product_variance"]


class SampledFactors(NamedTuple):
    """Two thin factors whose product estimates ``A @ B``."""

    C: object  # (m, size), columns of A, rescaled; sparse if A is
    R: object  # (size, n), the same rows of B, rescaled; sparse if B is
    indices: np.ndarray  # (size,), which they are; one may occur several times


def sample_product(A, B, size, *, probabilities="norms", rng=None):
    r"""Sample ``size`` columns of ``A`` and rows of ``B`` so that ``C @ R`` estimates ``A @ B``.

    The product is a sum of k outer products, column times row. ``size`` of them are drawn with
    replacement and divided by the number of times each is expected.

    Parameters
    ----------
    A, B : array or sparse matrix, shapes (m, k) and (k, n)
        Real matrices.
    size : int
        Number of draws :math:`c`, at least 1.
    probabilities : {"norms", "uniform"} or array_like, shape (k,)
        Chance of each outer product at each draw. ``"norms"`` is in proportion to the norm of
        the column times that of the row, which makes the error smallest.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    SampledFactors
        ``C`` (m, size), ``R`` (size, n) and the sampled indices; draws of a zero outer product
        never occur under ``"norms"``.

    Raises
    ------
    ValueError
        If shapes do not fit, ``size`` is out of range, an entry is not finite, or
        ``probabilities`` are none.
    TypeError
        If a matrix is not real, or ``size`` is not an integer.

    See Also
    --------
    sampled_product_variance : the mean squared error, exactly.

    Notes
    -----
    **Cost.** One pass over each matrix for the norms, :math:`O(mk + kn)`; then
    :math:`2 m c n` flops for the product ``C @ R`` in place of :math:`2 m k n`.

    **Guarantee.** Unbiased. With ``"norms"``,

    .. math:: E\,\|AB - CR\|_F^2 = \frac1c\Big[\Big(\sum_k \|A^{(k)}\| \|B_{(k)}\|\Big)^2
              - \|AB\|_F^2\Big] \le \frac1c\,\|A\|_F^2\,\|B\|_F^2 \qquad \text{[1], Lemma 4.}

    References
    ----------
    .. [1] P. Drineas, R. Kannan, M. W. Mahoney, "Fast Monte Carlo algorithms for matrices I:
       approximating matrix multiplication", SIAM J. Comput. 36(1), 2006, Figure 2.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.outer([1.0, 2.0], [3.0, 1.0, 2.0])       # one column, three times
    >>> C, R, _ = sample_product(A, np.ones((3, 1)), 1, rng=0)
    >>> (C @ R).ravel().round(6)
    array([ 6., 12.])
    """
    A, B = _check_pair(A, B)
    size = check_count(size, "size", low=1, high=LARGEST)
    p = _probabilities(A, B, probabilities)
    indices = as_rng(rng).choice(len(p), size, p=p)
    scale = (1 / np.sqrt(size * p[indices])).astype(np.result_type(A.dtype, B.dtype))
    if scipy.sparse.issparse(A) or scipy.sparse.issparse(B):
        pick = scipy.sparse.csr_array((scale, (indices, np.arange(size))), shape=(len(p), size))
        return SampledFactors(A @ pick, pick.T @ B, indices)
    return SampledFactors(A[:, indices] * scale, scale[:, None] * B[indices], indices)


def sampled_product_variance(A, B, size, *, probabilities="norms"):
    r"""Return the mean squared error of `sample_product`, :math:`E\,\|AB - CR\|_F^2`, exactly.

    Parameters
    ----------
    A, B, size, probabilities
        As for `sample_product`.

    Returns
    -------
    float
        :math:`\frac1c\big[\sum_k \|A^{(k)}\|^2 \|B_{(k)}\|^2 / p_k - \|AB\|_F^2\big]`; infinite
        if a nonzero outer product can never be drawn.

    Raises
    ------
    ValueError, TypeError
        As `sample_product`.

    Notes
    -----
    **Cost.** The exact product, :math:`2mkn` flops: a yardstick for tests and plots.

    Examples
    --------
    >>> import numpy as np
    >>> sampled_product_variance(np.eye(2), np.eye(2), 1)
    2.0
    """
    A, B = _check_pair(A, B)
    size = check_count(size, "size", low=1, high=LARGEST)
    p = _probabilities(A, B, probabilities)
    weight = (_norms(A, 0) * _norms(B, 1)) ** 2
    drawn = weight > 0
    with np.errstate(divide="ignore"):
        second_moment = np.sum(weight[drawn] / p[drawn])
    product = A @ B
    entries = product.data if scipy.sparse.issparse(product) else product
    return float((second_moment - np.sum(np.square(entries, dtype=np.float64))) / size)


def _check_pair(A, B):
    A, B = check_matrix(A), check_matrix(B, "B")
    if A.shape[1] != B.shape[0]:
        raise ValueError(
            f"A and B must have shapes (m, k) and (k, n); got {A.shape} and {B.shape}."
        )
    for M, name in ((A, "A"), (B, "B")):
        if not (isinstance(M, np.ndarray) or scipy.sparse.issparse(M)):
            raise TypeError(f"{name} must be an array or a sparse matrix: columns are needed.")
    return A, B


def _norms(M, axis):
    """The norms of the columns (axis 0) or of the rows (axis 1) of ``M``, as float64."""
    if scipy.sparse.issparse(M):
        squares = M.astype(np.float64).power(2).sum(axis=axis)
        return np.sqrt(np.asarray(squares).ravel())
    return np.sqrt(np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", M, M, dtype=np.float64))


def _probabilities(A, B, probabilities):
    """Return the chance of each outer product, float64, summing to one."""
    k = A.shape[1]
    norms = check_finite(_norms(A, 0), "A") * check_finite(_norms(B, 1), "B")
    if isinstance(probabilities, str):
        if probabilities not in ("norms", "uniform"):
            raise ValueError(
                f"probabilities must be 'norms', 'uniform' or a list; got {probabilities!r}."
            )
        # A zero product has nothing to prefer.
        uniform = probabilities == "uniform" or not norms.any()
        return np.full(k, 1 / k) if uniform else norms / norms.sum()
    p = check_vector(probabilities, "probabilities", dtype=np.float64, finite=False)
    if p.shape != (k,) or not np.all(p >= 0) or not np.isclose(p.sum(), 1.0):
        raise ValueError(f"probabilities must be {k} numbers, none negative, that sum to 1.")
    return p / p.sum()
