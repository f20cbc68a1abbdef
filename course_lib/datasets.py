"""The data pack: real data, small enough to travel with the course, checked as it is read.

Each function reads one set; the arrays it returns are shared and read-only, so copy before
changing one. `sources` says where each set comes from and under which license.
"""

import functools
import hashlib
import json
import lzma
import pathlib
import tomllib
from typing import NamedTuple

import numpy as np
import scipy.sparse

__all__ = [
    "Graph",
    "Images",
    "Labelled",
    "Messages",
    "Ratings",
    "Source",
    "Weights",
    "Words",
    "a9a",
    "debian",
    "flights",
    "glove",
    "lenet300",
    "letter",
    "load",
    "mnist",
    "mnist_cnn",
    "movielens",
    "photographs",
    "shakespeare",
    "sms_spam",
    "sources",
    "spdx",
]

FOLDER = pathlib.Path(__file__).with_name("data")


class Source(NamedTuple):
    """Where a data set comes from."""

    name: str
    file: str
    what: str
    shape: str
    source: str
    license: str
    sha256: str


class Images(NamedTuple):
    """Gray images with labels, split into train and test."""

    train_images: np.ndarray  # (60000, 28, 28) uint8
    train_labels: np.ndarray  # (60000,) uint8
    test_images: np.ndarray  # (10000, 28, 28) uint8
    test_labels: np.ndarray  # (10000,) uint8


class Labelled(NamedTuple):
    """Rows of features with a label each."""

    X: object  # (n, d) array or sparse matrix
    y: np.ndarray  # (n,)


class Ratings(NamedTuple):
    """Who gave which film how many stars, and when."""

    user: np.ndarray  # (100836,) int16, 0 to 609
    item: np.ndarray  # (100836,) int16, 0 to 9723
    stars: np.ndarray  # (100836,) float32, 0.5 to 5
    timestamp: np.ndarray  # (100836,) int32, seconds since 1970
    titles: tuple  # of 9724 str


class Words(NamedTuple):
    """Words, the most frequent first, and a vector each."""

    words: tuple  # of 30000 str
    vectors: np.ndarray  # (30000, 50) float32


class Messages(NamedTuple):
    """Text messages."""

    texts: tuple  # of 5574 str
    spam: np.ndarray  # (5574,) bool


class Weights(NamedTuple):
    """One layer of a network."""

    W: np.ndarray  # (n_in, n_out) float32
    b: np.ndarray  # (n_out,) float32


class Graph(NamedTuple):
    """A directed graph: package ``src[i]`` depends on package ``dst[i]``."""

    src: np.ndarray  # (264123,) int32
    dst: np.ndarray  # (264123,) int32
    names: tuple  # of 63436 str
    sections: tuple  # of 63436 str
    installed_kb: np.ndarray  # (63436,) int32


def sources():
    """Return one `Source` for each data set of the pack, in the order of the pack."""
    table = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))
    return [Source(name, **entry) for name, entry in table.items()]


@functools.cache
def load(name):
    """Return a data set as it is stored: a dict of read-only arrays, a str, or parsed JSON.

    Parameters
    ----------
    name : str
        One of the names in `sources`.

    Raises
    ------
    KeyError
        If there is no such data set.
    FileNotFoundError
        If its file is missing.
    OSError
        If its file is damaged: the checksum differs from the one in ``sources.toml``.

    Notes
    -----
    **Cost.** One reading of the file at the first call; later calls return the same arrays.

    Examples
    --------
    >>> load("mnist")["train_images"].shape
    (60000, 28, 28)
    """
    known = {source.name: source for source in sources()}
    if name not in known:
        raise KeyError(f"there is no data set {name!r}; choose one of {', '.join(known)}.")
    path = _checked(known[name])
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        for array in arrays.values():
            array.flags.writeable = False
        return arrays
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return json.load(file) if path.name.endswith(".json.xz") else file.read()


def _checked(source):
    """Return the path of a data file whose bytes are the ones that were published."""
    path = FOLDER / source.file
    if not path.exists():
        raise FileNotFoundError(
            f"{source.file} is missing from course_lib/data; restore it with "
            f"`git checkout -- course_lib/data`."
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != source.sha256:
        raise OSError(
            f"{source.file} is damaged: its checksum is {digest[:12]}..., not "
            f"{source.sha256[:12]}...; restore it with `git checkout -- course_lib/data`."
        )
    return path


def mnist():
    """Return MNIST, 60,000 and 10,000 handwritten digits, as `Images`."""
    return Images(**load("mnist"))


def photographs():
    """Return nine gray photographs, a dict from name to a uint8 array (height, width)."""
    return dict(load("photographs"))


def a9a():
    """Return the Adult census as two `Labelled`, train and test; labels are -1 and +1."""
    raw = load("a9a")
    return tuple(
        Labelled(_ones(raw[f"indptr{part}"], raw[f"indices{part}"], 123), raw[f"y{part}"])
        for part in ("", "_test")
    )


def _ones(indptr, indices, n_columns):
    """A CSR matrix, float64, whose stored entries are all one."""
    shape = (len(indptr) - 1, n_columns)
    return scipy.sparse.csr_array((np.ones(len(indices)), indices.astype(np.int32), indptr), shape)


def letter():
    """Return letter recognition, 20,000 rows of 16 counts, as `Labelled`."""
    return Labelled(**load("letter"))


def movielens():
    """Return the MovieLens latest-small ratings as `Ratings`."""
    raw = load("movielens")
    stars = raw["rating_x2"] / np.float32(2)
    return Ratings(raw["user"], raw["item"], stars, raw["timestamp"], _lines(raw["title"]))


def glove():
    """Return GloVe vectors of the 30,000 most frequent words as `Words`."""
    raw = load("glove")
    return Words(_lines(raw["words"]), raw["vectors"].astype(np.float32))


def shakespeare():
    """Return the works of Shakespeare, a dict from title to text."""
    works = load("shakespeare").split("\f")[1:]
    return dict(work.split("\n", 1) for work in works)


def sms_spam():
    """Return the SMS spam collection as `Messages`."""
    rows = [row.split("\t", 1) for row in load("sms_spam").splitlines()[1:]]
    return Messages(
        tuple(text for _, text in rows), np.array([label == "spam" for label, _ in rows])
    )


def spdx():
    """Return license texts, a dict from SPDX identifier to text."""
    return dict(load("spdx"))


def flights():
    """Return the flights of 2013, a dict of columns (336776,); names are tuples of str."""
    return {
        name: _lines(column) if name.endswith("_names") else column
        for name, column in load("flights").items()
    }


def debian():
    """Return the dependency graph of Debian 12 as a `Graph`."""
    raw = load("debian")
    names, sections = (tuple(str(raw[key]).split("\n")) for key in ("names", "section"))
    return Graph(raw["src"], raw["dst"], names, sections, raw["installed_kb"])


def mnist_cnn():
    """Return the weights of a small trained network, a dict from layer to float32 array."""
    return dict(load("mnist_cnn"))


def lenet300():
    """Return a trained dense network 784-300-100-10 for digits in [0, 1], three `Weights`.

    Rectifiers stand between its layers; the arrays are new and may be changed.
    """
    raw = load("lenet300")
    return tuple(Weights(raw[f"W{i}"] * raw[f"scale{i}"], raw[f"b{i}"].copy()) for i in range(3))


def _lines(block):
    """The lines of a newline-separated block of UTF-8 bytes."""
    return tuple(bytes(block).decode("utf-8").split("\n"))
