"""An SVD of rows that pass by once and are not kept."""

import copy

import numpy as np

from course_lib._validation import as_rng, check_count
from course_lib.low_rank._blocks import (
    gaussian,
    orthonormalize,
    product,
    working_dtype,
)
from course_lib.low_rank._entries import ROWS_AT_ONCE, row_blocks
from course_lib.low_rank.svd import SVD

__all__ = ["single_pass_svd"]


def single_pass_svd(A, rank, *, size=None, core=None, rng=None):
    r"""Return an approximate truncated SVD from one pass over blocks of rows.

    Three random sketches are kept while the rows pass: one of the range, one of the corange,
    and a small one of the core, which ties the two together.

    Parameters
    ----------
    A : array, sparse matrix, CountedMatrix, or iterable of blocks of rows
        The matrix (m, n), or its rows in order, in blocks of any heights (b, n). An iterable
        need not know how many rows will come.
    rank : int
        Number of singular triplets :math:`r`, ``1 <= rank <= min(m, n)``.
    size : int, optional
        Columns :math:`k` of the range and corange sketches, at least ``rank``; by default
        ``4 rank + 1``. Cut to ``min(m, n)``.
    core : int, optional
        Rows and columns :math:`s` of the core sketch, at least ``size``; by default
        ``2 size + 1``.
    rng : Generator, int or None
        Source of randomness. The answer does not depend on how the rows are cut into blocks.

    Returns
    -------
    SVD
        ``U`` (m, rank), ``s`` (rank,), ``Vt`` (rank, n), in the dtype of the first block.

    Raises
    ------
    ValueError
        If blocks differ in width, hold NaN or infinity, or hold too few rows for ``rank``; or
        if a count is out of range.
    TypeError
        If ``A`` offers no rows, or a count is not an integer.

    Notes
    -----
    **Cost.** One pass. :math:`2mn(2k + s)` flops if dense; memory :math:`O((m + n) k + n s)`,
    and one block. The test matrix on the left is drawn a second time at the end, which is
    cheaper than to hold its m rows.

    **Guarantee.** Before the cut to ``rank``, with tail energy
    :math:`\tau_j^2 = \sum_{i \ge j} \sigma_i^2` and :math:`s > k + 1`,

    .. math:: E\,\|A - \hat A\|_F^2 \le \frac{s - 1}{s - k - 1} \cdot
              \min_{\rho < k - 1} \frac{k + \rho - 1}{k - \rho - 1} \, \tau_{\rho + 1}^2
              \qquad \text{[1], Theorem 5.1,}

    and the cut loses at most twice as much more than the best rank allows,
    :math:`\|A - \hat A_r\|_F \le \tau_{r+1} + 2\|A - \hat A\|_F`. There is no second look at
    the rows, so errors do not shrink as they do with power iterations.

    References
    ----------
    .. [1] J. A. Tropp, A. Yurtsever, M. Udell, V. Cevher, "Streaming low-rank matrix
       approximation with an application to scientific simulation", SIAM J. Sci. Comput.
       41(4), 2019, Algorithm 4.1 with Gaussian test matrices.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ([[i, 2.0 * i, 0.0]] for i in range(5))          # seen once, rank one
    >>> single_pass_svd(rows, rank=1, rng=0).s.round(6)
    array([12.247449])
    """
    rank = check_count(rank, "rank", low=1)
    size = 4 * rank + 1 if size is None else check_count(size, "size", low=rank)
    core = 2 * size + 1 if core is None else check_count(core, "core", low=size)
    rng = as_rng(rng)

    ranges, corange, core_sketch = [], 0.0, 0.0
    for block in row_blocks(A):
        if not ranges:
            n, dtype = block.shape[1], working_dtype(block)
            check_count(rank, "rank", low=1, high=n, high_name="n")
            size, core = min(size, 4 * n + 1), min(core, 8 * n + 3)
            right = gaussian(rng, (n, size + core), dtype)
            left_again = copy.deepcopy(rng)
        left = gaussian(rng, (block.shape[0], size + core), dtype)
        image = product(block, right).astype(dtype, copy=False)
        ranges.append(image[:, :size])
        corange = corange + product(block.T, left[:, :size])
        core_sketch = core_sketch + left[:, size:].T @ image[:, size:]
    if not ranges:
        raise ValueError("A must hold at least one block of rows; got none.")

    Y = np.concatenate(ranges)
    limit = min(len(Y), n)
    check_count(rank, "rank", low=1, high=limit, high_name="min(m, n)")
    Q = orthonormalize(Y[:, :limit])
    P = orthonormalize(corange[:, :limit].astype(dtype, copy=False))
    left_of_Q = _left_product(left_again, Q, size, core)
    half = np.linalg.lstsq(left_of_Q, core_sketch)[0]
    middle = np.linalg.lstsq(right[:, size:].T @ P, half.T)[0].T
    U, s, Vt = np.linalg.svd(middle, full_matrices=False)
    return SVD(Q @ U[:, :rank], s[:rank], Vt[:rank] @ P.T)


def _left_product(rng, Q, size, core):
    """Return ``Phi @ Q`` (core, k) with the test matrix ``Phi`` drawn again from ``rng``."""
    result = np.zeros((core, Q.shape[1]), Q.dtype)
    for start in range(0, len(Q), ROWS_AT_ONCE):
        rows = Q[start : start + ROWS_AT_ONCE]
        result += gaussian(rng, (len(rows), size + core), Q.dtype)[:, size:].T @ rows
    return result
