"""Families of hash functions under which near points collide more often than far ones.

All three are an affine map and a rounding: the sign of ``y = x @ direction + offset``, or its
floor. The map keeps what rounding throws away, how far a point lies from the edge of its cell,
and multi-probe search lives on that.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from course_lib._validation import as_rng, check_array, check_count, check_fraction, check_number

__all__ = ["E2LSH", "BitSampling", "SimHash", "TableSizes", "from_theorem", "rho"]


@dataclass(frozen=True)
class BitSampling:
    r"""One bit of a vector of bits; for the Hamming distance.

    Parameters
    ----------
    n_bits : int
        Length d of the vectors.

    Notes
    -----
    **Guarantee.** Two vectors that differ in r of d bits collide with probability
    :math:`1 - r/d`, exactly, since the bit is drawn uniformly [1]_. So
    :math:`\rho(r, cr) \le 1/c`.

    References
    ----------
    .. [1] P. Indyk, R. Motwani, "Approximate nearest neighbors: towards removing the curse of
       dimensionality", STOC 1998, 604-613.

    Examples
    --------
    >>> float(BitSampling(10).collision_probability(3))
    0.7
    """

    n_bits: int
    metric = "hamming"
    binary = True

    def __post_init__(self):
        check_count(self.n_bits, "n_bits", low=1)

    def collision_probability(self, distance):
        """Return 1 - distance / n_bits."""
        return 1 - _distances(distance, self.n_bits, "n_bits") / self.n_bits

    def draw(self, n_columns, size, rng):
        """Return directions (n_columns, size), each a unit vector, and offsets of -1/2."""
        n_columns = check_count(
            n_columns, "n_columns", low=self.n_bits, high=self.n_bits, high_name="n_bits"
        )
        picked = as_rng(rng).integers(n_columns, size=size)
        return np.eye(n_columns)[:, picked], np.full(size, -0.5)


@dataclass(frozen=True)
class SimHash:
    r"""On which side of a random hyperplane through the origin a point lies; for angles.

    Notes
    -----
    **Guarantee.** Two vectors at the angle :math:`\theta` collide with probability
    :math:`1 - \theta/\pi`, exactly and in every dimension [1]_: the plane through both cuts a
    random hyperplane in a line of uniform direction, and that line separates them if it falls
    into the angle.

    References
    ----------
    .. [1] M. S. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002,
       380-388.

    Examples
    --------
    >>> float(SimHash().collision_probability(np.pi / 2))
    0.5
    """

    metric = "angle"
    binary = True

    def collision_probability(self, distance):
        """Return 1 - distance / pi; the distance is an angle in radians."""
        return 1 - _distances(distance, math.pi, "pi") / math.pi

    def draw(self, n_columns, size, rng):
        """Return Gaussian directions (n_columns, size), and offsets of zero."""
        return as_rng(rng).standard_normal((n_columns, size)), np.zeros(size)


@dataclass(frozen=True)
class E2LSH:
    r"""In which of the cells of one width the projection on a Gaussian direction falls.

    For Euclidean distances.

    Parameters
    ----------
    width : float
        Width w of the cells, in the unit of the points, positive.

    Notes
    -----
    **Guarantee.** Two points at the distance u collide with probability [1]_

    .. math::
        p(u) = 1 - 2\Phi(-w/u) - \frac{2u}{\sqrt{2\pi}\,w}\bigl(1 - e^{-w^2/2u^2}\bigr).

    :math:`\rho(r, cr)` falls below 1/c for suitable widths only: at c = 2 it is .61 for w = r and
    .45 for w = 4r.

    References
    ----------
    .. [1] M. Datar, N. Immorlica, P. Indyk, V. S. Mirrokni, "Locality-sensitive hashing scheme
       based on p-stable distributions", SCG 2004, 253-262.

    Examples
    --------
    >>> round(float(E2LSH(4.0).collision_probability(1.0)), 4)
    0.8005
    """

    width: float
    metric = "euclidean"
    binary = False

    def __post_init__(self):
        check_number(self.width, "width", low=0, high=math.inf, open_low=True, open_high=True)

    def collision_probability(self, distance):
        """Return p(u), one at distance zero."""
        u = _distances(distance, np.finfo(np.float64).max, "the largest number")
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            ratio = self.width / u  # infinite where they coincide
            gap = -np.expm1(-(ratio**2) / 2) * 2 / (math.sqrt(2 * math.pi) * ratio)
        return np.where(u == 0, 1.0, np.clip(1 - 2 * ndtr(-ratio) - gap, 0, 1))[()]

    def draw(self, n_columns, size, rng):
        """Return Gaussian directions (n_columns, size) over the width, and offsets in [0, 1)."""
        rng = as_rng(rng)
        return rng.standard_normal((n_columns, size)) / self.width, rng.random(size)


def _distances(distance, high, name):
    distance = check_array(distance, "distance", dtype=np.float64)
    if not np.all((distance >= 0) & (distance <= high)):
        raise ValueError(f"distance must lie between 0 and {name}; got another.")
    return distance


class TableSizes(NamedTuple):
    """How many hash functions make a key, and how many tables are kept.

    Attributes
    ----------
    n_hashes : int
        Functions K of each table.
    n_tables : int
        Tables L.
    """

    n_hashes: int
    n_tables: int


def rho(p1, p2):
    r"""Return the exponent of the tables that a family needs.

    Parameters
    ----------
    p1, p2 : float
        Collision probabilities of near and of far points, ``0 < p2 < p1 < 1``.

    Returns
    -------
    float
        :math:`\rho = \ln(1/p_1) / \ln(1/p_2)`, between 0 and 1.

    Raises
    ------
    ValueError, TypeError
        If these are no probabilities in this order.

    Examples
    --------
    >>> rho(0.5, 0.25)
    0.5
    """
    p1, p2 = check_fraction(p1, "p1"), check_fraction(p2, "p2")
    if p1 <= p2:
        raise ValueError(f"p1 must be larger than p2 = {p2:g}; got {p1:g}, swap them.")
    return math.log(p1) / math.log(p2)


def from_theorem(n, p1, p2):
    r"""Return the number of hash functions and tables that find a near point among n.

    Parameters
    ----------
    n : int
        Points, at least 1.
    p1, p2 : float
        Collision probabilities at the distances r and c r.

    Returns
    -------
    TableSizes
        :math:`K = \lceil \log_{1/p_2} n \rceil`, at least 1, and
        :math:`L = \lceil p_1^{-K} \rceil`.

    Raises
    ------
    ValueError, TypeError
        If n is no count, these are no probabilities in this order, or L exceeds 2**31.

    Notes
    -----
    **Guarantee** [1]_. Of a point within r of the query, one of the L tables holds it in the
    query's bucket with probability :math:`1 - (1 - p_1^K)^L \ge 1 - 1/e`. A table's bucket holds
    on average at most one point beyond c r. So a search that stops after 3 L such points still
    finds a point within c r with probability :math:`1 - 1/e - 1/3 = .299`.
    :math:`L \le n^\rho / p_1 + 1`. A search that stops promises *a* point within c r, not the
    nearest; one that goes through all L buckets meets the nearest, if it lies within r, with
    probability :math:`1 - 1/e`, but points between r and c r may crowd there without bound.

    References
    ----------
    .. [1] P. Indyk, R. Motwani, "Approximate nearest neighbors: towards removing the curse of
       dimensionality", STOC 1998, 604-613.

    Examples
    --------
    A million vectors by `SimHash`, 30 degrees against 60:

    >>> from_theorem(10**6, 1 - 30 / 180, 1 - 60 / 180)
    TableSizes(n_hashes=35, n_tables=591)
    """
    n = check_count(n, "n", low=1)
    rho(p1, p2)
    n_hashes = max(1, math.ceil(math.log(n) / -math.log(p2) - 1e-12))
    logarithm = -n_hashes * math.log(p1)
    if logarithm > 31 * math.log(2):
        raise ValueError(
            f"p1 and p2 must lie apart enough for 2**31 tables; {p1:g} and {p2:g} need more."
        )
    return TableSizes(n_hashes, math.ceil(math.exp(logarithm) - 1e-9))
