"""What an entry does to an image before its model sees it."""

import numpy as np

from course_lib._validation import check_array, check_count, plain_array
from course_lib.deep_compression._entry_budgets import Work
from course_lib.deep_compression._entry_codes import code

__all__ = ["Front", "as_images"]

SIDE = 28  # pixels of a side of an image that can be pooled
POOLS = (1, 2, 4, 7)
MOST_COLUMNS = (1 << 16) - 1


class Front:
    r"""The way from an image to the row of numbers that a model sees.

    Bytes are divided by 255. Squares of ``pool`` times ``pool`` pixels are replaced by their mean.
    Then ``mean`` is subtracted, and the rest is multiplied by ``components``.

    Parameters
    ----------
    n_pixels : int, default 784
        Bytes of an image; other than 784 cannot be pooled.
    pool : {1, 2, 4, 7}, default 1
        Side of the squares.
    mean : array, shape (p,), optional
        What is subtracted from the p pooled pixels.
    components : array, shape (p, k), optional
        Directions, one a column, such as principal components; needs ``mean``.
    bits : int, default 8
        Bits of a number of mean and components: 2 to 8, or 32. The front computes with the coded
        numbers from the start, so train on what `rows` returns.

    Attributes
    ----------
    n_columns : int
        Numbers in a row.
    work : Work
        Operations an image. The division is part of the weights that follow.

    Raises
    ------
    ValueError, TypeError
        If a size does not fit or is out of range.

    Notes
    -----
    **Cost.** An addition a pixel if pixels are pooled, one for each entry of the mean, and
    :math:`pk` multiply-adds.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((1, 28, 28), np.uint8)
    >>> image[0, :14] = 255
    >>> Front(pool=7).rows(image).reshape(4, 4)[:, 0]
    array([1., 1., 0., 0.], dtype=float32)
    >>> Front(pool=2).work
    Work(multiply_adds=0, additions=784, look_ups=0)
    """

    def __init__(self, *, n_pixels=SIDE * SIDE, pool=1, mean=None, components=None, bits=8):
        self.n_pixels = check_count(n_pixels, "n_pixels", low=1, high=MOST_COLUMNS)
        self.pool = check_count(pool, "pool", low=1)
        if self.pool not in POOLS or (self.pool > 1 and self.n_pixels != SIDE * SIDE):
            raise ValueError(
                f"pool must be 1, or 2, 4 or 7 for images of {SIDE * SIDE} pixels; got {pool} for "
                f"{self.n_pixels}."
            )
        if components is not None and mean is None:
            raise ValueError("components need a mean; give zeros if there is none.")
        pooled = self.n_pooled
        self._mean = self._components = None
        if mean is not None:
            mean = check_array(mean, "mean", ndim=1)
            self._mean = _of_height(code(mean[:, None], bits, "mean"), pooled, "mean")
        if components is not None:
            self._components = _of_height(
                code(components, bits, "components"), pooled, "components"
            )
            check_count(self.n_columns, "columns of components", low=1, high=MOST_COLUMNS)

    @property
    def n_pooled(self):
        """Pixels after pooling."""
        return self.n_pixels // self.pool**2

    @property
    def centered(self):
        """Whether a mean is subtracted."""
        return self._mean is not None

    @property
    def n_columns(self):
        """Numbers in a row."""
        return self.n_pooled if self._components is None else self._components.numbers.shape[1]

    @property
    def work(self):
        """Operations an image."""
        p = self.n_pooled
        pooling = self.n_pixels if self.pool > 1 else 0
        centering = 0 if self._mean is None else p
        products = 0 if self._components is None else p * self.n_columns
        return Work(products, pooling + centering)

    def rows(self, images):
        """Return the rows of images.

        Parameters
        ----------
        images : array of uint8, shape (n, 28, 28) or (n, n_pixels)

        Returns
        -------
        array of float32, shape (n, n_columns)

        Raises
        ------
        ValueError, TypeError
            If images are not bytes, or of another size.
        """
        images = as_images(images, self.n_pixels)
        if self.pool > 1:
            side, p = SIDE // self.pool, self.pool
            squares = images.reshape(-1, side, p, side, p)
            rows = squares.sum(axis=(2, 4), dtype=np.uint16).reshape(len(images), -1)
        else:
            rows = images
        rows = rows.astype(np.float32) / np.float32(255 * self.pool**2)
        if self._mean is not None:
            rows -= self._mean.values[:, 0]
        return rows if self._components is None else rows @ self._components.values

    def to_bytes(self):
        """Return the front as bytes."""
        has = (self._mean is not None) + (self._components is not None)
        data = self.n_pixels.to_bytes(2, "little") + bytes([self.pool, has])
        if self._mean is not None:
            data += self._mean.to_bytes()
        if self._components is not None:
            data += self.n_columns.to_bytes(2, "little") + self._components.to_bytes()
        return data

    @classmethod
    def read(cls, reader):
        """Return the front that `to_bytes` wrote."""
        n_pixels, pool, has = reader.numbers("HBB")
        front = cls(n_pixels=n_pixels, pool=pool)
        check_count(has, "parts", low=0, high=2)
        if has > 0:
            front._mean = reader.coded(front.n_pooled, 1)
        if has > 1:
            (k,) = reader.numbers("H")
            front._components = reader.coded(front.n_pooled, check_count(k, "k", low=1))
        return front


def _of_height(coded, height, name):
    if coded.numbers.shape[0] != height:
        raise ValueError(
            f"{name} must have an entry for each of the {height} pooled pixels; "
            f"got {coded.numbers.shape[0]}."
        )
    return coded


def as_images(images, n_pixels):
    """Return images as a matrix of bytes, one a row."""
    images = plain_array(images, "images")
    if images.ndim not in (2, 3) or images[:1].size not in (0, n_pixels):
        raise ValueError(
            f"images must be an array with {n_pixels} bytes for each; got shape {images.shape}."
        )
    if images.dtype.kind not in "iu":
        raise TypeError(f"images must be bytes, uint8; got {images.dtype}.")
    if images.dtype != np.uint8 and images.size and not (images.min() >= 0 and images.max() < 256):
        raise ValueError("images must be bytes, from 0 to 255; got other integers.")
    return images.reshape(len(images), n_pixels).astype(np.uint8, copy=False)
