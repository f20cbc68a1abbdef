"""The format of entries: what is read, and what is refused."""

import contextlib
import zlib

import numpy as np

from course_lib.deep_compression._entry_budgets import Budget
from course_lib.deep_compression._entry_codes import Reader
from course_lib.deep_compression._entry_front import Front, as_images
from course_lib.deep_compression._entry_models import Features, Landmarks, Linear
from course_lib.deep_compression._entry_nets import Binary, Compressed
from course_lib.deep_compression._entry_search import Codes, Examples, Products

__all__ = ["Entry", "file_of", "load"]

MAGIC = b"\xe7\x01"  # the first byte is no ASCII; the second is the version of the format
FAMILIES = {
    1: Linear, 2: Features, 3: Landmarks, 4: Examples, 5: Products, 6: Codes, 7: Binary,
    8: Compressed,
}  # fmt: skip
ROWS = 1000  # images that are looked at together
WRONG = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)


class Entry:
    """What `load` makes of a file.

    Attributes
    ----------
    family : str
        "linear", "features", "landmarks", "neighbors", "products", "codes", "binary" or
        "compressed".
    nbytes : int
        Bytes of the file.
    work : Work
        Operations for one image, by formula. Comparisons, of scores and of distances, are not
        counted, nor is what is done once when the file is loaded.
    """

    def __init__(self, model, nbytes):
        self._model, self.nbytes, self.family = model, nbytes, model.name
        self.work = model.front.work.plus(model.work)

    def predict(self, images):
        """Return the label of each image.

        Parameters
        ----------
        images : array of uint8, shape (n, 28, 28) or (n, n_pixels)

        Returns
        -------
        array of uint8, shape (n,)

        Raises
        ------
        ValueError, TypeError
            If images are not bytes, or not of the size that the entry was made for; or if numbers
            of a file that was made to do so overflow.
        """
        front = self._model.front
        images = as_images(images, front.n_pixels)
        labels = np.empty(len(images), np.uint8)
        for start in range(0, len(images), ROWS):
            part = slice(start, start + ROWS)
            with np.errstate(over="ignore", invalid="ignore"):  # of files with huge numbers
                labels[part] = self._model.labels(front.rows(images[part]))
        return labels

    def within(self, budget):
        """Return whether file and work keep to a `Budget`; what training cost, no file tells."""
        if not isinstance(budget, Budget):
            raise TypeError(f"budget must be a Budget, such as STAMP; got {budget!r}.")
        return self.nbytes <= budget.file_bytes and self.work.total <= budget.test_work

    def __repr__(self):
        return f"Entry({self.family!r}, nbytes={self.nbytes}, work={self.work.total})"


def load(data):
    """Return the entry that a file holds.

    Parameters
    ----------
    data : bytes
        As the functions of this module write them.

    Returns
    -------
    Entry

    Raises
    ------
    TypeError
        If ``data`` are not bytes.
    ValueError
        If the bytes are foreign, damaged, of a newer format, or hold what no entry has.

    Notes
    -----
    **Cost.** One pass over the bytes; memory at most 32 times as many, and beside them the signs of
    random features, at most 400 KB. A compressed network takes what its own reader allows.

    **Guarantee.** Nothing is executed while reading. The checksum tells damage from chance; it
    does not stop one who writes bytes on purpose, so every number is looked at too.

    Examples
    --------
    >>> from course_lib.deep_compression.entries import STAMP, linear_entry
    >>> front = Front(n_pixels=2)
    >>> file = linear_entry([[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0], front=front, bits=2)
    >>> entry = load(file)
    >>> entry
    Entry('linear', nbytes=30, work=6)
    >>> entry.predict(np.array([[255, 0], [0, 255]], np.uint8)), entry.within(STAMP)
    (array([0, 1], dtype=uint8), True)
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"data must be the bytes of an entry; got {type(data).__name__}.")
    data = bytes(data)
    if data[:1] != MAGIC[:1]:
        raise ValueError("data must be the bytes of an entry; these bytes are of something else.")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("the bytes of this entry are damaged or cut short; write them again.")
    if data[:2] != MAGIC or data[2] not in FAMILIES:
        raise ValueError(
            f"this entry has format {data[1]} and family {data[2]}, which this library cannot "
            "read; use the library that wrote it."
        )
    with _reading():
        reader = Reader(data[3:-4])
        model = FAMILIES[data[2]].read(reader, Front.read(reader))
        reader.end()
    return Entry(model, len(data))


@contextlib.contextmanager
def _reading():
    """Turn whatever goes wrong over bytes that no entry has into one sentence."""
    try:
        yield
    except WRONG as error:
        raise ValueError(
            f"these bytes hold what no entry has; write them by linear_entry or its like. ({error})"
        ) from error


def file_of(model):
    """Return the file of a model; it must read as what it was."""
    number = next(number for number, kind in FAMILIES.items() if kind is type(model))
    body = MAGIC + bytes([number]) + model.front.to_bytes() + model.to_bytes()
    return body + zlib.crc32(body).to_bytes(4, "little")
