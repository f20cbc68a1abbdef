r"""The function that lets no method hurry: a chain of coordinates, each moved by its neighbor."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from course_lib._losses import SquaredLoss
from course_lib._validation import check_count, check_memory, check_number

__all__ = ["Chain", "chain", "chain_bound"]


class Chain(NamedTuple):
    """A loss whose minimum is known."""

    loss: SquaredLoss
    minimizer: np.ndarray  # (n,)
    minimum: float


def chain(n, smoothness=1.0):
    r"""Return Nesterov's worst function for methods that step along gradients from zero.

    :math:`f(x) = \tfrac L8 \big((x_1 - 1)^2 + \sum_{i<n} (x_i - x_{i+1})^2 + x_n^2\big)`: springs
    between neighbors, the first end held at 1 and the last at 0. From zero the gradient moves the
    first coordinate only, the next gradient the first two, and so on.

    Parameters
    ----------
    n : int
        Coordinates, at least 1.
    smoothness : float, default 1
        :math:`L`, positive; the loss's own, found from its matrix, is a little below.

    Returns
    -------
    Chain
        ``loss``, a `SquaredLoss` of a sparse matrix (n + 1, n), its ``minimizer``, the straight
        line :math:`x_i = 1 - i/(n + 1)`, and its ``minimum`` :math:`L/(8(n + 1))`.

    Raises
    ------
    ValueError, TypeError
        If ``n`` is no positive integer or asks for more memory than there is, or ``smoothness``
        is not positive.

    See Also
    --------
    chain_bound : what is out of reach in k steps.

    References
    ----------
    .. [1] Y. Nesterov, "Introductory lectures on convex optimization", Springer, 2004,
       Section 2.1.2.

    Examples
    --------
    >>> few = chain(3, smoothness=8.0)
    >>> few.minimizer, few.minimum
    (array([0.75, 0.5 , 0.25]), 0.25)
    >>> round(few.loss.value(few.loss.A @ few.minimizer), 6)  # four springs of 1/4 each
    0.25
    """
    n = check_count(n, "n", low=1)
    check_memory(48 * n, "chain")
    L = check_number(smoothness, "smoothness", low=0, open_low=True, open_high=True)
    half = np.sqrt(L) / 2
    D = sp.diags_array([np.full(n, half), np.full(n, -half)], offsets=[0, -1], shape=(n + 1, n))
    b = np.zeros(n + 1)
    b[0] = half
    return Chain(SquaredLoss(D.tocsr(), b), 1 - np.arange(1, n + 1) / (n + 1), L / (8 * (n + 1)))


def chain_bound(smoothness, n, k):
    r"""Return how far from the minimum of the chain every method still is after ``k`` gradients.

    Parameters
    ----------
    smoothness : float
        :math:`L`, not negative.
    n : int
        Coordinates of the chain.
    k : int
        Gradients so far, from 0 to ``n``.

    Returns
    -------
    float
        :math:`\tfrac L8 \big(\tfrac 1{k+1} - \tfrac 1{n+1}\big)`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** After ``k`` steps within :math:`x_0 = 0` plus the span of the gradients only
    the first ``k`` coordinates differ from zero, and the best such point is the chain of length
    ``k``. `conjugate_gradients` find it: the bound is exact. With :math:`n = 2k + 1` it is
    at least :math:`3L \|x^\ast\|^2 / (32 (k + 1)^2)`, the form of [1], Theorem 2.1.7, which
    holds for that length only.

    References
    ----------
    .. [1] Y. Nesterov, "Introductory lectures on convex optimization", Springer, 2004.

    Examples
    --------
    >>> chain_bound(8.0, 3, 1)                              # 1/2 - 1/4
    0.25
    """
    L = check_number(smoothness, "smoothness", low=0, open_high=True)
    n = check_count(n, "n", low=1)
    k = check_count(k, "k", low=0, high=n, high_name="n")
    return L / 8 * (1 / (k + 1) - 1 / (n + 1))
