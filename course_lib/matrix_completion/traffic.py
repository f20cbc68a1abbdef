"""What a sparse product costs in bytes: it reads far more than it computes."""

from typing import NamedTuple

from course_lib._validation import check_count

__all__ = ["Traffic", "matvec_bytes"]


class Traffic(NamedTuple):
    """Bytes that a product moves, if each array were read from memory once."""

    streamed: int  # indptr, indices and data, in order
    gathered: int  # entries of x, one for each stored entry, in no order
    written: int  # entries of y

    @property
    def total(self):
        """All three."""
        return self.streamed + self.gathered + self.written


def matvec_bytes(n_rows, nnz, *, itemsize=8, index_bytes=4, pointer_bytes=8, pattern=False):
    r"""Return what one product of a CSR matrix with a vector moves.

    Parameters
    ----------
    n_rows, nnz : int
        Rows and stored entries.
    itemsize, index_bytes, pointer_bytes : int
        Bytes of a value, a column number and a row pointer.
    pattern : bool, default False
        Whether all stored values are equal and need not be read.

    Returns
    -------
    Traffic
        ``streamed`` :math:`= p(m + 1) + (c + b)\,\text{nnz}` for pointers of :math:`p` bytes,
        columns of :math:`c` and values of :math:`b`; ``gathered`` :math:`= b\,\text{nnz}`;
        ``written`` :math:`= b m`.

    Raises
    ------
    ValueError, TypeError
        If a count is negative or not an integer.

    Notes
    -----
    **Cost.** Two flops for each stored entry, against 20 bytes in float64: at 0.1 flops a byte a
    sparse product never waits for arithmetic.

    Examples
    --------
    >>> matvec_bytes(2, 3)
    Traffic(streamed=60, gathered=24, written=16)
    """
    n_rows, nnz = check_count(n_rows, "n_rows", low=0), check_count(nnz, "nnz", low=0)
    b, c, p = (
        check_count(value, name, low=1)
        for value, name in (
            (itemsize, "itemsize"),
            (index_bytes, "index_bytes"),
            (pointer_bytes, "pointer_bytes"),
        )
    )
    stored = c if pattern else c + b
    return Traffic(p * (n_rows + 1) + stored * nnz, b * nnz, b * n_rows)
