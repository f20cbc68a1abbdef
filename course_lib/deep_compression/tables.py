"""What the paper printed: tables 1 to 5 and 7 as data.

A row of tables 2 to 5 is a layer: its weights, counted exactly, and what was printed of it. Each
number is kept as the text that was printed, since its last digit says how far it was rounded; use
`printed` for the interval.
"""

from fractions import Fraction
from typing import NamedTuple

__all__ = ["NETWORKS", "RATES", "PrintedLayer", "PrintedNetwork", "printed"]


class PrintedLayer(NamedTuple):
    """A row: one layer, or the total.

    Attributes
    ----------
    name : str
    n_weights : int
        Exact.
    kept : str
        Percent of the weights that are left.
    value_bits, coded_value_bits : str
        Bits of a weight: after pruning and quantization, and after Huffman coding too.
    index_bits, coded_index_bits : str
        Bits of a difference of positions.
    stored, coded : str
        Percent of the original size.
    """

    name: str
    n_weights: int
    kept: str
    value_bits: str
    coded_value_bits: str
    index_bits: str
    coded_index_bits: str
    stored: str
    coded: str


class PrintedNetwork(NamedTuple):
    """A table: rows of layers, and the row of totals.

    Attributes
    ----------
    table : str
        Its number in the paper.
    name : str
    layers : tuple of PrintedLayer
    total : PrintedLayer
    """

    table: str
    name: str
    layers: tuple
    total: PrintedLayer


def printed(text):
    """Return the interval of numbers that are printed so.

    Parameters
    ----------
    text : str
        A decimal number.

    Returns
    -------
    (fractions.Fraction, fractions.Fraction)
        Half a unit of the last digit below and above.

    Raises
    ------
    TypeError, ValueError
        If ``text`` is no decimal number.

    Examples
    --------
    >>> [str(end) for end in printed("3.1")]
    ['61/20', '63/20']
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, such as '3.1'; got {text!r}.")
    whole, _, decimals = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (decimals + "0").isascii()):
        raise ValueError(f"text must be a decimal number, such as '3.1'; got {text[:40]!r}.")
    if not (decimals + "0").isdigit():
        raise ValueError(f"text must be a decimal number, such as '3.1'; got {text[:40]!r}.")
    half = Fraction(1, 2 * 10 ** len(decimals))
    return Fraction(text) - half, Fraction(text) + half


def _network(table, name, rows):
    """Rows as lines: name, weights, kept, value bits, coded, index bits, coded, stored, coded."""
    fields = [line.split() for line in rows.strip().splitlines()]
    layers = [PrintedLayer(row[0], int(row[1]), *row[2:]) for row in fields]
    return PrintedNetwork(table, name, tuple(layers[:-1]), layers[-1])


NETWORKS = (
    _network(
        "2",
        "LeNet-300-100",
        """
        ip1 235200 8 6 4.4 5 3.7 3.1 2.32
        ip2 30000 9 6 4.4 5 4.3 3.8 3.04
        ip3 1000 26 6 4.3 5 3.2 15.7 12.70
        total 266200 8 6 5.1 5 3.7 3.1 2.49
        """,
    ),
    _network(
        "3",
        "LeNet-5",
        """
        conv1 500 66 8 7.2 5 1.5 78.5 67.45
        conv2 25000 12 8 7.2 5 3.9 6.0 5.28
        ip1 400000 8 5 4.5 5 4.5 2.7 2.45
        ip2 5000 19 5 5.2 5 3.7 6.9 6.13
        total 430500 8 5.3 4.1 5 4.4 3.05 2.55
        """,
    ),
    _network(
        "4",
        "AlexNet",
        """
        conv1 34848 84 8 6.3 4 1.2 32.6 20.53
        conv2 307200 38 8 5.5 4 2.3 14.5 9.43
        conv3 884736 35 8 5.1 4 2.6 13.1 8.44
        conv4 663552 37 8 5.2 4 2.5 14.1 9.11
        conv5 442368 37 8 5.6 4 2.5 14.0 9.43
        fc6 37748736 9 5 3.9 4 3.2 3.0 2.39
        fc7 16777216 9 5 3.6 4 3.7 3.0 2.46
        fc8 4096000 25 5 4 4 3.2 7.3 5.85
        total 60954656 11 5.4 4 4 3.2 3.7 2.88
        """,
    ),
    _network(
        "5",
        "VGG-16",
        """
        conv1_1 1728 58 8 6.8 5 1.7 40.0 29.97
        conv1_2 36864 22 8 6.5 5 2.6 9.8 6.99
        conv2_1 73728 34 8 5.6 5 2.4 14.3 8.91
        conv2_2 147456 36 8 5.9 5 2.3 14.7 9.31
        conv3_1 294912 53 8 4.8 5 1.8 21.7 11.15
        conv3_2 589824 24 8 4.6 5 2.9 9.7 5.67
        conv3_3 589824 42 8 4.6 5 2.2 17.0 8.96
        conv4_1 1179648 32 8 4.6 5 2.6 13.1 7.29
        conv4_2 2359296 27 8 4.2 5 2.9 10.9 5.93
        conv4_3 2359296 34 8 4.4 5 2.5 14.0 7.47
        conv5_1 2359296 35 8 4.7 5 2.5 14.3 8.00
        conv5_2 2359296 29 8 4.6 5 2.7 11.7 6.52
        conv5_3 2359296 36 8 4.6 5 2.3 14.8 7.79
        fc6 102760448 4 5 3.6 5 3.5 1.6 1.10
        fc7 16777216 4 5 4 5 4.3 1.5 1.25
        fc8 4096000 23 5 4 5 3.4 7.1 5.24
        total 138344128 7.5 6.4 4.1 5 3.1 3.2 2.05
        """,
    ),
)

# Table, what it is of, size before and after, how many times smaller: all as printed
RATES = (
    ("1", "LeNet-300-100", "1070", "27", "40"),
    ("1", "LeNet-5", "1720", "44", "39"),
    ("1", "AlexNet", "240", "6.9", "35"),
    ("1", "VGG-16", "552", "11.3", "49"),
    ("7", "Fastfood-32-AD", "240", "131", "2"),
    ("7", "Fastfood-16-AD", "240", "64", "3.7"),
    ("7", "Collins and Kohli", "240", "61", "4"),
    ("7", "SVD", "240", "47.6", "5"),
    ("7", "pruning", "240", "27", "9"),
    ("7", "pruning and quantization", "240", "8.9", "27"),
    ("7", "pruning, quantization, Huffman", "240", "6.9", "35"),
)
