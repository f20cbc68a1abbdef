r"""Reed-Solomon codes: k fragments of data and m of parity, of which any k give the data back.

ReedSolomon    k + m fragments, up to 256
raid5, raid6   those with one parity (P), and with two (P and Q)
Update         what a small write costs
"""

import functools
import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count
from course_lib.storage.gf256 import (
    check_bytes,
    gf_inverse,
    gf_matmul,
    gf_matrix_inverse,
    gf_power,
    is_invertible,
)

__all__ = ["ReedSolomon", "Update", "raid5", "raid6"]


class Update(NamedTuple):
    """A small write: the parity after it, and the fragments that it read and wrote."""

    parity: np.ndarray  # (m, n)
    reads: int
    writes: int


class ReedSolomon:
    r"""A code that keeps data as it is and adds parity: any ``n_data`` fragments are enough.

    Parameters
    ----------
    n_data : int
        :math:`k`, fragments of data, at least 1.
    n_parity : int
        :math:`m`, fragments of parity, at least 1, with :math:`k + m \le 256`.
    rows : {"cauchy", "powers"}, default "cauchy"
        Coefficients of fragment j in parity i, both from 0: :math:`1 / (x_i + y_j)` with
        :math:`x_i = k + i` and :math:`y_j = j`, or :math:`\alpha_j^i` with
        :math:`\alpha_j = 2^j`, which RAID takes.

    Attributes
    ----------
    parity_rows : array of uint8, shape (m, k)

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or no integer, or ``rows`` is none of the two.

    Notes
    -----
    Fragments 0 to k - 1 are the data, fragments k to k + m - 1 the parity. Losses are erasures: it
    is known which fragments are missing, and the others are right.

    **Cost.** :math:`(k + m)/k` bytes stored for each byte; at most 8m bit operations to encode it;
    k bytes read for each that is rebuilt.

    **Guarantee.** Any m losses are repaired if and only if every square submatrix of
    ``parity_rows`` is invertible (the code is *maximum distance separable*). Of a Cauchy matrix
    every one is [2]. Of powers every one is for :math:`m \le 3`, whatever k; from m = 4 on only
    for small k (21, 5 and 4 for m = 4, 5 and 6): others lose data that a Cauchy matrix keeps, and
    `decode` raises.

    References
    ----------
    .. [1] I. S. Reed, G. Solomon, "Polynomial codes over certain finite fields", J. SIAM 8(2),
       1960.
    .. [2] J. Blömer et al., "An XOR-based erasure-resilient coding scheme", TR-95-048, ICSI, 1995.
    .. [3] J. S. Plank, Y. Ding, "Note: correction to the 1997 tutorial on Reed-Solomon coding",
       Software: Practice and Experience 35(2), 2005.

    Examples
    --------
    Two bytes, two parities; both bytes are lost, and come back from the parities:

    >>> code = ReedSolomon(2, 2)
    >>> parity = code.encode([[7], [9]])
    >>> code.decode({2: parity[0], 3: parity[1]}).tolist()
    [[7], [9]]
    """

    def __init__(self, n_data, n_parity, *, rows="cauchy"):
        self.n_data = check_count(n_data, "n_data", low=1, high=255)
        high, name = 256 - self.n_data, "256 - n_data"
        self.n_parity = check_count(n_parity, "n_parity", low=1, high=high, high_name=name)
        if not isinstance(rows, str) or rows not in ("cauchy", "powers"):
            raise ValueError(f"rows must be 'cauchy' or 'powers'; got {rows!r}.")
        self.rows = rows
        i, j = np.arange(self.n_parity)[:, None], np.arange(self.n_data)
        cauchy = rows == "cauchy"
        self.parity_rows = gf_inverse((self.n_data + i) ^ j) if cauchy else gf_power(2, i * j)

    def __repr__(self):
        return f"ReedSolomon({self.n_data}, {self.n_parity}, rows={self.rows!r})"

    def split(self, message):
        """Cut a message into fragments of data.

        Parameters
        ----------
        message : bytes or array_like of integers from 0 to 255, shape (size,)

        Returns
        -------
        array of uint8, shape (k, ceil(size / k))
            Filled up with zeros.

        Raises
        ------
        ValueError, TypeError
            If it holds no bytes.

        Examples
        --------
        >>> ReedSolomon(2, 1).split(b"abc").tolist()
        [[97, 98], [99, 0]]
        """
        message = _as_bytes(message, "message")
        data = np.zeros((self.n_data, -(-len(message) // self.n_data)), np.uint8)
        data.ravel()[: len(message)] = message
        return data

    def encode(self, data):
        """Return the parity of data.

        Parameters
        ----------
        data : array_like of integers from 0 to 255, shape (k, n)

        Returns
        -------
        array of uint8, shape (m, n)

        Raises
        ------
        ValueError, TypeError
            If something is not a byte, or the shape is wrong.
        """
        return gf_matmul(self.parity_rows, self._check_data(data))

    def decode(self, fragments, *, meter=None):
        """Return the data from any k fragments, if the code is maximum distance separable.

        Parameters
        ----------
        fragments : dict of int to array or bytes
            By index, all of one length n. If there are more than k, the first are read that will
            do, data before parity.
        meter : Meter, optional
            Counts ``bytes`` read: k n.

        Returns
        -------
        array of uint8, shape (k, n)

        Raises
        ------
        ValueError, TypeError
            If the fragments do not determine the data: there are too few, or the code cannot
            repair just these losses; or something is no fragment.
        """
        fragments = self._check_fragments(fragments)
        chosen, coefficients = self._plan(fragments, range(self.n_data))
        data = _stack(fragments, chosen, meter)
        lost = [j for j in range(self.n_data) if chosen[j] != j]  # where a parity stands
        if lost:
            data[lost] = gf_matmul(coefficients[lost], data)
        return data

    def rebuild(self, fragments, lost, *, meter=None):
        """Return a lost fragment, of data or of parity, from any k others.

        Parameters
        ----------
        fragments : dict of int to array or bytes
            As in `decode`.
        lost : int
            Index of the one to rebuild.
        meter : Meter, optional
            Counts ``bytes`` read: k n for a fragment of n bytes.

        Returns
        -------
        array of uint8, shape (n,)

        Raises
        ------
        ValueError, TypeError
            As `decode`, or if ``lost`` is no index.
        """
        total = self.n_data + self.n_parity
        lost = check_count(lost, "lost", low=0, high=total - 1, high_name="k + m - 1")
        fragments = self._check_fragments(fragments)
        chosen, coefficients = self._plan(fragments, [lost])
        return gf_matmul(coefficients, _stack(fragments, chosen, meter))[0]

    def update(self, parity, index, old, new, *, meter=None):
        r"""Return the parity after one fragment of data was written anew: a small write.

        Parameters
        ----------
        parity : array_like of integers from 0 to 255, shape (m, n)
            As it was.
        index : int
            Which fragment of data changes, from 0.
        old, new : bytes or array_like of integers from 0 to 255, shape (n,)
            What it held, and what it is to hold.
        meter : Meter, optional
            Counts ``bytes`` read: the old fragment and the old parity.

        Returns
        -------
        Update
            The new parity, and how many fragments were read and written.

        Raises
        ------
        ValueError, TypeError
            If something is out of range or no byte, or the shapes do not fit.

        Notes
        -----
        The change of a parity is its coefficient times the change of the data: the other k - 1
        fragments are not read.

        **Cost.** 1 + m reads and 1 + m writes, whatever k: 4 for RAID-5, 6 for RAID-6.

        Examples
        --------
        >>> code = raid5(3)
        >>> code.update([[1 ^ 2 ^ 3]], 0, [1], [8])
        Update(parity=array([[9]], dtype=uint8), reads=2, writes=2)
        """
        parity = check_bytes(parity, "parity", ndim=2)
        index = check_count(index, "index", low=0, high=self.n_data - 1, high_name="k - 1")
        old, new = _as_bytes(old, "old"), _as_bytes(new, "new")
        expected = self.n_parity, len(old)
        if parity.shape != expected or len(new) != len(old):
            raise ValueError(
                f"old, new and each of {self.n_parity} rows of parity must have one length; "
                f"got {len(old)}, {len(new)} and shape {parity.shape}."
            )
        column = self.parity_rows[:, index]
        change = gf_matmul(column[:, None], (old ^ new)[None, :])
        _count(meter, parity.nbytes + old.nbytes)
        return Update(parity ^ change, 1 + len(parity), 1 + len(parity))

    def _check_data(self, data):
        data = check_bytes(data, "data", ndim=2)
        if len(data) != self.n_data:
            raise ValueError(
                f"data must have {self.n_data} rows, the fragments; got {len(data)}, "
                "split(message) cuts them."
            )
        return data

    def _check_fragments(self, fragments):
        """Return the fragments as arrays in the order of their indices."""
        if not isinstance(fragments, Mapping):
            raise TypeError(
                f"fragments must be a dict of arrays by index; got {type(fragments).__name__}."
            )
        total = self.n_data + self.n_parity
        for index in fragments:
            check_count(index, "an index", low=0, high=total - 1, high_name="k + m - 1")
        rows = {int(i): _as_bytes(fragments[i], f"fragment {i}") for i in sorted(fragments)}
        if len(rows) < self.n_data:
            raise ValueError(
                f"fragments must be at least {self.n_data}, so many hold the data; got {len(rows)}."
            )
        lengths = sorted({len(row) for row in rows.values()})
        if len(lengths) > 1:
            raise ValueError(f"fragments must have one length; got {lengths}.")
        return rows

    def _plan(self, fragments, wanted):
        """Return which k fragments to read, and the matrix that makes the wanted ones of them."""
        return _plan(self.parity_rows.tobytes(), self.n_data, tuple(fragments), tuple(wanted))


@functools.lru_cache(maxsize=1024)
def _plan(parity_rows, n_data, present, wanted):
    """Plan once for many stripes: parity j stands where data are lost, data where they are.

    Of what is left of the equations when the data that are there have been taken out of them, the
    columns of the lost ones must be independent.
    """
    parity_rows = np.frombuffer(parity_rows, np.uint8).reshape(-1, n_data)
    lost = [j for j in range(n_data) if j not in present]
    parities = [i - n_data for i in present if i >= n_data]
    for rows in itertools.combinations(parities, len(lost)):
        if is_invertible(parity_rows[np.ix_(rows, lost)]):
            break
    else:
        raise ValueError(
            f"fragments must determine the data; without {lost} these do not, though they are "
            f"{len(present)}: rows='cauchy' has no such losses."
        )
    chosen = np.arange(n_data)
    chosen[lost] = [n_data + row for row in rows]
    generator = np.vstack([np.eye(n_data, dtype=np.uint8), parity_rows])
    coefficients = gf_matmul(generator[list(wanted)], gf_matrix_inverse(generator[chosen]))
    return tuple(chosen.tolist()), coefficients


def raid5(n_data):
    r"""Return the code of RAID level 5: one parity, the sum of the data.

    Parameters
    ----------
    n_data : int
        Disks' worth of data, from 1 to 255.

    Returns
    -------
    ReedSolomon

    Raises
    ------
    ValueError, TypeError
        If ``n_data`` is out of range or no integer.

    Notes
    -----
    :math:`P = d_0 + d_1 + \dots`, bit by bit ([1]); a real array writes the parity of successive
    stripes to its disks in turn, which does not change the arithmetic.

    References
    ----------
    .. [1] D. A. Patterson, G. Gibson, R. H. Katz, "A case for redundant arrays of inexpensive
       disks (RAID)", SIGMOD 1988.

    Examples
    --------
    >>> raid5(3).encode([[1], [2], [4]]).tolist()
    [[7]]
    """
    return ReedSolomon(n_data, 1, rows="powers")


def raid6(n_data):
    r"""Return the code of RAID level 6: two parities, P and Q.

    Parameters
    ----------
    n_data : int
        Disks' worth of data, from 1 to 254.

    Returns
    -------
    ReedSolomon

    Raises
    ------
    ValueError, TypeError
        If ``n_data`` is out of range or no integer.

    Notes
    -----
    :math:`P = \sum d_j` and :math:`Q = \sum 2^j d_j`. Any two losses are repaired, since two
    columns :math:`(1, 2^j)` are dependent only if they are equal.

    Examples
    --------
    >>> raid6(3).encode([[1], [2], [4]]).tolist()   # Q = 1 + 2*2 + 4*4, bit by bit
    [[7], [21]]
    """
    return ReedSolomon(n_data, 2, rows="powers")


def _as_bytes(values, name):
    """Return bytes, or a vector of them, as an array."""
    if isinstance(values, (bytes, bytearray, memoryview)):
        return np.frombuffer(values, np.uint8)
    return check_bytes(values, name, ndim=1)


def _stack(fragments, chosen, meter):
    rows = np.stack([fragments[index] for index in chosen])
    _count(meter, rows.nbytes)
    return rows


def _count(meter, n_bytes):
    if meter is not None:
        meter.bytes += n_bytes
