"""Frequent Directions: a few rows that stand for all rows that were seen, with a sure bound."""

import math
import struct
import zlib

import numpy as np
import scipy.sparse

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_number,
    check_room,
    plain_array,
)
from course_lib.low_rank._blocks import working_dtype
from course_lib.low_rank._entries import row_blocks

__all__ = ["FrequentDirections"]

MAGIC, VERSION = b"FreqDirs", 1
HEADER = struct.Struct("<8sHcQQQQdd")  # magic, version, dtype, size, width, used, rows, 2 sums
CHECKSUM = struct.Struct("<I")
MANY = 2**62  # rows: more than anybody can have read, and room in 64 bits to read on
LARGEST = 2**31 - 1  # rows of a sketch
NO_ROWS, SIZES = b"-", {b"f": 4, b"d": 8}  # how the dtype is written, and bytes of an entry


class FrequentDirections:
    r"""A sketch ``B`` of the rows ``A`` seen so far, with ``B.T @ B`` close to ``A.T @ A``.

    Rows are collected in a buffer of ``2 size``. When it is full, its rows are turned to be
    orthogonal, and the ``size``-th largest squared length is subtracted from every squared
    length. What falls to zero is dropped. Directions that come back survive; noise is paid off.

    Parameters
    ----------
    size : int
        Rows :math:`l` of the sketch, at least 2. The buffer holds :math:`2l`.

    Attributes
    ----------
    size : int
        Rows :math:`l` of the sketch.
    n_rows : int
        Rows seen, here and by all merged sketches.
    squared_norm : float
        :math:`\|A\|_F^2` of all rows seen.
    error_bound : float
        Sum of all that was subtracted: a sure bound, usually far better than the a priori one.

    Notes
    -----
    **Cost.** One pass. :math:`O(d l)` flops a row, :math:`2 l d` numbers of memory.

    **Guarantee.** Always, for all rows in any order, any merges, and every :math:`k < l`,

    .. math:: 0 \preceq A^T A - B^T B \preceq \Delta I, \qquad
              \Delta \le \frac{\|A - A_k\|_F^2}{l - k} \qquad \text{[1],}

    up to rounding, with :math:`\Delta` = `error_bound`. Rounding is about
    :math:`10^{-13} \|A\|_F^2` in float64 and :math:`10^{-6} \|A\|_F^2` in float32: feed float64
    where every digit of the bound is needed. Projecting on the first k right
    singular vectors of ``B`` leaves
    :math:`\|A - A V_k V_k^T\|_F^2 \le \frac{l}{l - k} \|A - A_k\|_F^2`. Liberty's first version,
    which subtracts the middle squared length of ``l`` rows, does not satisfy this bound.

    References
    ----------
    .. [1] M. Ghashami, E. Liberty, J. Phillips, D. Woodruff, "Frequent directions: simple and
       deterministic matrix sketching", SIAM J. Comput. 45(5), 2016.

    Examples
    --------
    >>> import numpy as np
    >>> sketch = FrequentDirections(2)
    >>> sketch.update(np.array([[3.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 1.0]]))
    >>> sketch.estimate([1.0, 0.0]), sketch.error_bound         # 18 is the truth
    (16.0, 2.0)
    """

    def __init__(self, size):
        self.size = check_count(size, "size", low=2, high=LARGEST)
        self.n_rows = 0
        self.squared_norm = 0.0
        self.error_bound = 0.0
        self._buffer = None  # (2 size, d), made at the first update
        self._used = 0

    @classmethod
    def from_error(cls, epsilon, rank):
        r"""Return the sketch whose rank-k projection error is below ``1 + epsilon`` times the best.

        Parameters
        ----------
        epsilon : float
            Positive.
        rank : int
            The rank :math:`k`, at least 1.

        Returns
        -------
        FrequentDirections
            With :math:`l = \lceil k + k/\epsilon \rceil`, so that
            :math:`\frac{l}{l-k} \le 1 + \epsilon`.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range or no number, or asks for :math:`2^{31} - 1` rows.

        Examples
        --------
        >>> FrequentDirections.from_error(0.5, rank=10).size
        30
        """
        epsilon = check_number(epsilon, "epsilon", low=0.0, open_low=True)
        rank = check_count(rank, "rank", low=1)
        if rank * (1 + 1 / epsilon) >= LARGEST:
            raise ValueError(
                f"epsilon must be so large that rank + rank / epsilon is below {LARGEST}; "
                f"got {epsilon:g} for rank {rank}."
            )
        return cls(max(2, math.ceil(rank + rank / epsilon)))

    @property
    def width(self):
        """Columns ``d`` of the rows; None before the first."""
        return None if self._buffer is None else self._buffer.shape[1]

    @property
    def nbytes(self):
        """Bytes of the buffer; 0 before the first row."""
        return 0 if self._buffer is None else self._buffer.nbytes

    @property
    def rows(self):
        """A copy of ``B``, (r, d) with ``r <= 2 size``: the sketch and rows not yet shrunk."""
        self._require_rows()
        return self._buffer[: self._used].copy()

    def update(self, rows):
        """Absorb one row (d,), or rows (n, d), dense or sparse; the first fix d and the dtype.

        Raises
        ------
        ValueError
            If the rows are empty, not d wide, or hold NaN or infinity; rows before the block of
            at most ``2 size`` with the fault have been absorbed, as `n_rows` tells.
        TypeError
            If the rows are not real numbers.
        """
        if not (hasattr(rows, "blocks") or scipy.sparse.issparse(rows)):
            rows = plain_array(rows, "rows")
        if len(rows.shape) == 1:
            rows = rows.reshape(1, -1)
        for block in row_blocks(rows, "rows"):
            self._prepare(block.shape[1], working_dtype(block))
            start = 0
            while start < block.shape[0]:
                stop = start + len(self._buffer) - self._used
                self._absorb(block[start:stop])
                start = stop

    def merge(self, other):
        """Absorb another sketch of the same size, as if its rows had been seen here.

        Returns
        -------
        FrequentDirections
            This sketch. The guarantee holds for the rows of both.

        Raises
        ------
        TypeError, ValueError
            If ``other`` is no FrequentDirections, or differs in size or width.
        """
        if not isinstance(other, FrequentDirections):
            raise TypeError(f"other must be a FrequentDirections; got {type(other).__name__}.")
        if other.size != self.size:
            raise ValueError(
                f"sketches to merge must have one size; got {self.size} and {other.size}."
            )
        if other._buffer is None:
            return self
        self._prepare(other.width, other._buffer.dtype)
        n_rows, squared_norm = self.n_rows + other.n_rows, self.squared_norm + other.squared_norm
        error_bound = other.error_bound
        if other._used:
            self.update(other.rows)
        self.error_bound += error_bound
        self.n_rows, self.squared_norm = n_rows, squared_norm
        return self

    def estimate(self, x):
        r"""Estimate :math:`\|A x\|^2` for a direction, or for each of several.

        Parameters
        ----------
        x : array, shape (d,) or (d, j)

        Returns
        -------
        float, or array of shape (j,)
            :math:`\|B x\|^2`, with
            :math:`0 \le \|Ax\|^2 - \|Bx\|^2 \le \Delta \|x\|^2`.

        Raises
        ------
        ValueError
            If no row was seen, or ``x`` does not have d entries, is not finite, or overflows.
        TypeError
            If ``x`` does not hold real numbers.
        """
        self._require_rows()
        x = check_array(x, "x", dtype=np.float64)
        if x.ndim not in (1, 2) or x.shape[0] != self.width:
            raise ValueError(
                f"x must have shape ({self.width},) or ({self.width}, j); got {x.shape}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.sum((self._buffer[: self._used] @ x) ** 2, axis=0)
        check_finite(squares, "x")
        return float(squares) if x.ndim == 1 else squares

    def components(self, rank):
        """Return the first ``rank`` right singular vectors of the sketch, (rank, d).

        Raises
        ------
        ValueError
            If no row was seen, or ``rank`` is not between 1 and ``min(size, d)``.
        """
        self._require_rows()
        high = min(self.size, self.width)
        rank = check_count(rank, "rank", low=1, high=high, high_name="min(size, d)")
        return np.linalg.svd(self._buffer, full_matrices=False).Vh[:rank]

    def shrink(self):
        """Bring the sketch down to at most ``size - 1`` rows; raises `error_bound`."""
        self._require_rows()
        rows = self._buffer[: self._used].astype(np.float64)
        w, S = np.linalg.eigh(rows @ rows.T)
        w, S = np.maximum(w[::-1], 0.0), S[:, ::-1]
        lost = w[self.size - 1] if len(w) >= self.size else 0.0
        kept = np.flatnonzero(w[: self.size - 1] > lost)
        turn = S[:, kept] * np.sqrt(1.0 - lost / w[kept])
        self._buffer[: len(kept)] = turn.T.astype(self._buffer.dtype) @ self._buffer[: self._used]
        self._buffer[len(kept) :] = 0.0
        self._used = len(kept)
        self.error_bound += float(lost)

    def to_bytes(self):
        """Return the sketch as bytes: a versioned header, the rows, and a checksum."""
        dtype = NO_ROWS if self._buffer is None else self._buffer.dtype.char.encode()
        body = HEADER.pack(
            MAGIC,
            VERSION,
            dtype,
            self.size,
            self.width or 0,
            self._used,
            self.n_rows,
            self.squared_norm,
            self.error_bound,
        )
        if self._buffer is not None:
            rows = self._buffer[: self._used]
            body += rows.astype(rows.dtype.newbyteorder("<")).tobytes()
        return body + CHECKSUM.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data):
        """Return the sketch that `to_bytes` wrote.

        Raises
        ------
        ValueError
            If the bytes are not a sketch, come from another version, are damaged, hold what no
            sketch has, or ask for more than 256 MiB and 64 times their own length in memory.
        """
        if isinstance(data, bytearray | memoryview):
            data = bytes(data)
        if (
            not isinstance(data, bytes)
            or not data.startswith(MAGIC)
            or len(data) < HEADER.size + CHECKSUM.size
        ):
            raise ValueError("data must be the bytes of a FrequentDirections; got something else.")
        _, version, dtype, size, width, used, *sums = HEADER.unpack_from(data)
        if version != VERSION:
            raise ValueError(f"data must have version {VERSION}; got version {version}.")
        body, (checksum,) = data[: -CHECKSUM.size], CHECKSUM.unpack(data[-CHECKSUM.size :])
        if zlib.crc32(body) != checksum:
            raise ValueError("data is damaged: its checksum does not fit; send it again.")
        itemsize = SIZES.get(dtype, 0)
        rows_fit = len(body) - HEADER.size == used * width * itemsize
        is_empty = dtype == NO_ROWS and used == width == 0
        is_fed = dtype in SIZES and width > 0 and used < 2 * size
        if size < 2 or not rows_fit or not (is_empty or is_fed):
            raise ValueError("data holds what no sketch has; get it from to_bytes.")
        check_room(2 * size * max(1, width * itemsize), len(data), cls.__name__)
        sketch = cls(size)
        if width:
            sketch._prepare(width, np.dtype(dtype.decode()))
            rows = np.frombuffer(body, sketch._buffer.dtype.newbyteorder("<"), offset=HEADER.size)
            sketch._buffer[:used] = rows.reshape(used, width)
        sketch._used = used
        sketch.n_rows, sketch.squared_norm, sketch.error_bound = sums
        sketch._require_sums()
        return sketch

    def _require_sums(self):
        """Refuse sums from outside that are not finite, or do not go with the rows."""
        rows = np.zeros(0) if self._buffer is None else self._buffer.astype(np.float64).ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            sums = float(rows @ rows), self.squared_norm, self.error_bound
        counted = self._used <= self.n_rows < MANY
        if not counted or not all(0 <= each < math.inf for each in sums):
            raise ValueError("data holds sums that no sketch has; get it from to_bytes.")

    def _prepare(self, width, dtype):
        if self._buffer is None:
            try:
                self._buffer = np.zeros((2 * self.size, width), dtype)
            except MemoryError:
                raise ValueError(
                    f"size must leave room for 2 size rows of {width}; got {self.size}, lower it."
                ) from None
        if width != self.width:
            raise ValueError(f"rows must be {self.width} wide, as the first ones; got {width}.")

    def _absorb(self, block):
        """Add a block that fits into the buffer, then shrink if that is full."""
        block = block.toarray() if scipy.sparse.issparse(block) else block
        flat = np.asarray(block, dtype=np.float64).ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            squared_norm = float(flat @ flat)
            rows = block.astype(self._buffer.dtype, copy=False)
        fits = rows is block or np.isfinite(rows).all()
        if not (fits and math.isfinite(self.squared_norm + squared_norm)):
            raise ValueError(
                "rows contain NaN or infinity, or overflow; clean or rescale them "
                f"({self.n_rows} rows are absorbed)."
            )
        self._buffer[self._used : self._used + len(block)] = rows
        self._used += len(block)
        self.n_rows += len(block)
        self.squared_norm += squared_norm
        if self._used == len(self._buffer):
            self.shrink()

    def _require_rows(self):
        if self._buffer is None:
            raise ValueError("the sketch has seen no rows yet; call update first.")
