r"""What a compressed layer takes, by arithmetic: before anything is trained or coded.

sharing_rate          weights that share values, without pruning: equation (1) of the paper
bits_per_nonzero      value, index and fillers of one weight that is left
best_index_bits       the index width that makes it least
stored_fraction       a whole layer with its codebook, as a share of 32-bit weights
"""

import math

from course_lib._validation import check_count, check_flag, check_number
from course_lib.deep_compression.indices import MOST_INDEX_BITS, expected_fillers

__all__ = ["best_index_bits", "bits_per_nonzero", "sharing_rate", "stored_fraction"]

FULL_BITS = 32


def sharing_rate(n_weights, n_shared, width_bits=FULL_BITS):
    r"""Return how many times smaller n weights become that share k values.

    Parameters
    ----------
    n_weights, n_shared : int
        n and k, 1 or more.
    width_bits : int, default 32
        Bits b of a weight, and of a shared value.

    Returns
    -------
    float
        :math:`n b / (n \log_2 k + k b)`.

    Raises
    ------
    ValueError, TypeError
        If something is no integer, or below 1.

    Notes
    -----
    **Guarantee.** Equation (1) of [1]. With k that is no power of two real indices take
    :math:`\lceil \log_2 k \rceil` bits each, unless they are coded together.

    References
    ----------
    .. [1] S. Han, H. Mao, W. J. Dally, "Deep compression", ICLR 2016.

    Examples
    --------
    The example of [1], 16 weights and 4 values, 512 bits to 160:

    >>> sharing_rate(16, 4)
    3.2
    """
    n = check_count(n_weights, "n_weights", low=1, high=1 << 62)
    k = check_count(n_shared, "n_shared", low=1, high=1 << 62)
    width = check_count(width_bits, "width_bits", low=1, high=1 << 20)
    return n * width / (n * math.log2(k) + k * width)


def bits_per_nonzero(density, value_bits, index_bits):
    r"""Return the expected bits of one weight that is left, with its share of the fillers.

    Parameters
    ----------
    density : float
        Share p of the weights that are left, above 0 and at most 1.
    value_bits : float
        Bits w of a value; fillers have one too.
    index_bits : int
        Bits b of a difference, from 1 to 16.

    Returns
    -------
    float
        :math:`(w + b) / (1 - (1 - p)^{2^b})`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** The expectation, if each weight is left with chance p and independently; see
    `expected_fillers`. Real first layers cluster, and need more.

    Examples
    --------
    AlexNet's layer fc6 keeps 9% of its weights with 5 bits each; 5 bits of index are better than 4:

    >>> [round(bits_per_nonzero(0.09, 5, b), 1) for b in (4, 5)]
    [11.6, 10.5]
    """
    value_bits = check_number(value_bits, "value_bits", low=0, high=1e6)
    index_bits = check_count(index_bits, "index_bits", low=1, high=MOST_INDEX_BITS)
    return (value_bits + index_bits) * (1 + expected_fillers(density, index_bits))


def best_index_bits(density, value_bits):
    """Return the index width that makes `bits_per_nonzero` least.

    Parameters
    ----------
    density : float
        Above 0 and at most 1.
    value_bits : float

    Returns
    -------
    int
        From 1 to 16; of equal widths the smallest.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Examples
    --------
    >>> [best_index_bits(p, 5) for p in (0.25, 0.12, 0.09, 0.05, 0.04)]
    [3, 5, 5, 6, 6]
    """
    widths = range(1, MOST_INDEX_BITS + 1)
    return min(widths, key=lambda bits: bits_per_nonzero(density, value_bits, bits))


def stored_fraction(n_weights, density, value_bits, index_bits, *, codebook=True):
    r"""Return the size of a pruned layer that shares values, as a share of 32 bits a weight.

    Parameters
    ----------
    n_weights : int
    density : float
        Above 0 and at most 1.
    value_bits : int
        From 0 to 32; the codebook has as many values as they can name.
    index_bits : int
        From 1 to 16.
    codebook : bool, default True
        Count the codebook, :math:`2^w` values of 32 bits.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** p `bits_per_nonzero` / 32, and the codebook. This fits the rows of the paper's
    tables 2 to 5 within 15%; without the codebook the first layer of LeNet-5 would miss by 66%.

    Examples
    --------
    That layer, printed as 78.5%:

    >>> [round(100 * stored_fraction(500, 0.66, 8, 5, codebook=c), 1) for c in (True, False)]
    [78.0, 26.8]
    """
    n = check_count(n_weights, "n_weights", low=1, high=1 << 62)
    value_bits = check_count(value_bits, "value_bits", low=0, high=FULL_BITS)
    share = density * bits_per_nonzero(density, value_bits, index_bits) / FULL_BITS
    return share + (2**value_bits / n if check_flag(codebook, "codebook") else 0.0)
