"""What random Fourier features of a row cost, by formula."""

from typing import NamedTuple

from course_lib._validation import check_count, check_flag
from course_lib.kernel_features._structured import padded

__all__ = ["KINDS", "LARGEST", "FourierCost", "check_choice", "fourier_cost", "frequency_count"]

KINDS = ("iid", "orthogonal", "hadamard", "fastfood")
LARGEST = 2**31 - 1  # numbers in a row


class FourierCost(NamedTuple):
    """What the features of one row cost; `fourier_cost`."""

    additions: int  # for the phases
    multiplications: int  # for the phases; a change of sign is one
    waves: int  # cosines and sines
    stored: int  # numbers that make the map: entries, signs, places, lengths, offsets


def fourier_cost(n_features, n_components, *, kind="iid", paired=True):
    r"""Return what random Fourier features of one row cost, by formula.

    Parameters
    ----------
    n_features : int
        Columns d of the data.
    n_components : int
        Numbers D of a row of features.
    kind : {"iid", "orthogonal", "hadamard", "fastfood"}, default "iid"
        As in `FourierFeatures`.
    paired : bool, default True
        As in `FourierFeatures`.

    Returns
    -------
    FourierCost
        With F frequencies, that is D/2 or D, P the least power of two that is not below d, and
        B = P ceil(F/P): dense kinds take dF additions and as many multiplications, and store dF
        numbers. "hadamard" takes :math:`3B\log_2 P` additions and 3B + F multiplications,
        "fastfood" :math:`2B\log_2 P` and 2B + F; both store 3B + F numbers. Offsets are stored on
        top.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none, or the kind is unknown.

    Examples
    --------
    2,048 numbers for digits of 784 pixels: 1,024 frequencies, one block.

    >>> fourier_cost(784, 2048)
    FourierCost(additions=802816, multiplications=802816, waves=2048, stored=802816)
    >>> fourier_cost(784, 2048, kind="hadamard")
    FourierCost(additions=30720, multiplications=4096, waves=2048, stored=4096)
    """
    d = check_count(n_features, "n_features", low=1, high=LARGEST)
    kind = check_choice(kind, "kind", KINDS)
    count = frequency_count(n_components, paired)
    waves = int(n_components)
    offsets = waves % 2 if paired else count
    if kind in ("iid", "orthogonal"):
        return FourierCost(d * count, d * count, waves, d * count + offsets)
    size = padded(d)
    entries = -(-count // size) * size
    transforms = 3 if kind == "hadamard" else 2
    return FourierCost(
        additions=transforms * entries * (size.bit_length() - 1),
        multiplications=transforms * entries + count,
        waves=waves,
        stored=3 * entries + count + offsets,
    )


def frequency_count(n_components, paired):
    """Return how many frequencies make ``n_components`` numbers."""
    count = check_count(n_components, "n_components", low=1, high=LARGEST)
    return -(-count // 2) if check_flag(paired, "paired") else count


def check_choice(value, name, choices):
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")
    return value
