"""The data pack: every file is the one that was published, and loads as documented."""

import pathlib
import shutil

import numpy as np
import pytest

from course_lib import datasets

ROOT = pathlib.Path(__file__).parents[1]

# --- Facts -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", datasets.sources(), ids=lambda source: source.name)
def test_every_file_matches_its_checksum_and_loads(source):
    assert len(datasets.load(source.name)) > 0
    assert source.license and source.what and source.source


def test_nothing_lies_in_the_pack_without_a_source():
    named = {source.file for source in datasets.sources()}
    found = {path.name for path in datasets.FOLDER.iterdir()}
    assert found - named == {"sources.toml", "movielens_latest_small.README.txt"}


def test_the_license_page_names_every_file():
    page = (ROOT / "DATA-LICENSES.md").read_text(encoding="utf-8")
    for source in datasets.sources():
        assert f"`{source.file}`" in page and source.license in page


def test_shapes_are_the_documented_ones():
    digits = datasets.mnist()
    assert digits.train_images.shape == (60000, 28, 28) and digits.test_labels.shape == (10000,)
    train, test = datasets.a9a()
    assert train.X.shape == (32561, 123) and test.X.shape == (16281, 123)
    assert set(np.unique(train.y)) == {-1, 1}
    ratings = datasets.movielens()
    assert len(ratings.titles) == 9724 and ratings.stars.min() == 0.5 and ratings.stars.max() == 5
    words = datasets.glove()
    assert words.vectors.shape == (len(words.words), 50) == (30000, 50)
    messages = datasets.sms_spam()
    assert len(messages.texts) == len(messages.spam) == 5574
    assert len(datasets.shakespeare()) == 42 and len(datasets.spdx()) == 728
    graph = datasets.debian()
    assert len(graph.names) == len(graph.sections) == len(graph.installed_kb) == 63436
    assert len(datasets.flights()["origin_names"]) == 3 and len(datasets.letter().y) == 20000
    assert sum(layer.size for layer in datasets.mnist_cnn().values()) == 421642
    shapes = [(layer.W.shape, layer.b.shape, layer.W.dtype) for layer in datasets.lenet300()]
    assert shapes == [((a, b), (b,), "f4") for a, b in ((784, 300), (300, 100), (100, 10))]
    assert set(datasets.photographs()) >= {"camera", "astronaut"}


# --- Contracts -----------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A copy of the smallest part of the pack, to damage."""
    for name in ("sources.toml", "letter.npz"):
        shutil.copy(datasets.FOLDER / name, tmp_path)
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    datasets.load.cache_clear()
    yield tmp_path
    datasets.load.cache_clear()


def test_a_damaged_file_is_refused_with_the_remedy(pack):
    path = pack / "letter.npz"
    damaged = bytearray(path.read_bytes())
    damaged[1000] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(OSError, match=r"letter.npz is damaged.*git checkout"):
        datasets.letter()


def test_a_missing_file_is_named(pack):
    (pack / "letter.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"letter.npz is missing.*git checkout"):
        datasets.letter()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(KeyError, match="no data set 'mnits'; choose one of mnist, movielens"):
        datasets.load("mnits")


def test_arrays_are_shared_and_cannot_be_changed():
    digits = datasets.mnist()
    assert digits.train_images is datasets.mnist().train_images
    with pytest.raises(ValueError, match="read-only"):
        digits.train_images[0] = 0
