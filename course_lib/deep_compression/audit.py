"""The arithmetic of the paper, done again: which totals can follow from the rows they stand under.

Every printed number is an interval, half a unit of its last digit to both sides. The total of a
column lies in another interval, which the rows give. Where the two do not meet, no rounding
explains the number: it is impossible.
"""

from fractions import Fraction
from typing import NamedTuple

from course_lib.deep_compression.tables import NETWORKS, RATES, printed

__all__ = ["Cell", "audit"]


class Cell(NamedTuple):
    """One number of the paper and what it could have been.

    Attributes
    ----------
    table : str
        Number of the table.
    row, column : str
        Which cell.
    printed : str
        What stands there.
    low, high : float
        The interval that follows from the other cells.
    possible : bool
        Whether a number in it is printed so.
    """

    table: str
    row: str
    column: str
    printed: str
    low: float
    high: float
    possible: bool


def audit():
    r"""Return each number of tables 1 to 5 and 7 that follows from others, with its interval.

    Returns
    -------
    tuple of Cell

    Notes
    -----
    **Guarantee.** Exact interval arithmetic, in fractions. Three rules:

    - A share of all weights, kept or stored, is the mean of the layers' shares weighted by their
      numbers of weights, which are known exactly.
    - Mean bits lie between the least and the largest of the layers, whatever the weighting.
    - A Huffman code takes no more bits than the fixed width w it replaces. Values have a symbol
      more, the filler: splitting the rarest word of w bits for it gives at most
      :math:`w + 2^{-w} + f` bits, with the share f of fillers among the entries, which is
      :math:`(1 - p)^{2^b}` for positions of a coin. The smallest density printed so is taken.

    Ratios are before over after, both as printed.

    Examples
    --------
    Nine cells cannot be; the paper's 39 times for LeNet-5 stands on one of them:

    >>> wrong = [cell for cell in audit() if not cell.possible]
    >>> len(wrong)
    9
    >>> [cell.row for cell in wrong if cell.table == "3"]
    ['ip2', 'total', 'total']
    """
    cells = []
    for network in NETWORKS:
        cells += [_huffman(network, layer) for layer in network.layers]
        for column in ("value_bits", "coded_value_bits", "index_bits", "coded_index_bits"):
            ends = [printed(getattr(layer, column)) for layer in network.layers]
            low, high = min(end[0] for end in ends), max(end[1] for end in ends)
            cells.append(_cell(network.table, "total", column, network.total, low, high))
        cells += [_mean(network, column) for column in ("kept", "stored", "coded")]
    return (*cells, *(_ratio(*rate) for rate in RATES))


def _cell(table, name, column, row, low, high):
    text = getattr(row, column)
    least, most = printed(text)
    return Cell(table, name, column, text, float(low), float(high), low <= most and least <= high)


def _mean(network, column):
    """A total as the mean of the layers."""
    total = sum(layer.n_weights for layer in network.layers)
    ends = [
        sum(layer.n_weights * printed(getattr(layer, column))[end] for layer in network.layers)
        for end in (0, 1)
    ]
    return _cell(network.table, "total", column, network.total, ends[0] / total, ends[1] / total)


def _huffman(network, layer):
    """Value bits after Huffman coding: at most those before, and the price of the filler."""
    width = int(layer.value_bits)
    chance = (1 - printed(layer.kept)[0] / 100) ** (2 ** int(layer.index_bits))
    most = width + Fraction(1, 2**width) + chance
    return _cell(network.table, layer.name, "coded_value_bits", layer, Fraction(0), most)


def _ratio(table, name, before, after, rate):
    (small, large), (least, most) = printed(before), printed(after)
    low, high = small / most, large / least
    bounds = printed(rate)
    possible = low <= bounds[1] and bounds[0] <= high
    return Cell(table, name, "rate", rate, float(low), float(high), possible)
