"""The anatomy of a chapter, its letters and its words: what every chapter promises on sight."""

import re

import pytest

from tests.book.conftest import ROOT

CHAPTERS = sorted((ROOT / "book").glob("[0-9][0-9]-*.md"))
HEADINGS = ["By hand", "The real thing", "The duel", "Move it yourself", "Root questions"]
HEADINGS += ["Pen and paper", "In short", "Where this went", "The lab", "To read"]
CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HIDDEN = re.compile(r"^:tags: \[.*(hide-input|remove-cell).*\]$", re.MULTILINE)
MATH = re.compile(r"\$([^$]+)\$")
# What each chapter is about: its page and the glossary speak of it.
HEROES = {
    "01-cost": "cache line, fan-out, utilization, checkpoint, roofline",
    "02-randomness": "random projection, union bound, seed",
    "03-hashing": "Bloom filter, seed",
    "04-distinct": "HyperLogLog, KMV, Morris",
    "05-heavy-hitters": "Count-Min, Count-Sketch, Misra-Gries, space saving, KLL",
    "06-low-rank": "randomized SVD, leverage score, Nyström",
    "07-matrix-completion": "alternating least squares, nuclear norm, PageRank",
    "08-manifolds": "Isomap, t-SNE, Laplacian eigenmap",
    "09-sparse-coding": "lasso, orthogonal matching pursuit, K-SVD, FTRL",
    "10-trees": "kd-tree, ball tree, random-projection tree, spill tree, recall",
    "11-lsh": "MinHash, banding, SimHash, multi-probe, product quantization",
    "12-binary-embeddings": "binary embedding, circulant matrix, Toeplitz matrix, coherence graph",
    "13-batch-optimization": "L-BFGS, BMRM, strong convexity, conjugate gradients",
    "14-online-optimization": "regret, AdaGrad, Adam, Pegasos, SVRG, SAGA, progressive loss",
    "15-parallel-optimization": "all-reduce, error feedback, parameter server, list scheduling",
    "16-kernel-training": "support vector, SMO, core set, random pivots, preconditioner",
    "17-kernel-features": "random Fourier features, tensor sketch, fast Gauss transform",
    "18-placement": "consistent hashing, rendezvous hashing, jump hash, bounded loads, Chord",
    "19-storage": "Reed-Solomon, RAID, copyset, quorum, lease, vector clock, LSM tree, Merkle tree",
    "20-dataflow": "combiner, monoid, backup task, lineage, watermark, barrier, salting",
    "21-binary-networks": "popcount, batch norm, bit plane, straight-through estimator, hard tanh",
    "22-deep-compression": "pruning, codebook, filler, Huffman code, Golomb code, "
    "arithmetic coding",
}


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


def plain(text):
    """Lower case, without accents of names and without hyphens."""
    return text.lower().replace("ö", "o").replace("-", " ").replace("–", " ")


def box(text):
    """The opening box as a dict of its four entries."""
    inside = re.search(r"^:::\{container\} opening\n(.*?)^:::$", text, re.DOTALL | re.MULTILINE)
    assert inside, "no opening box"
    entries = re.findall(r"^(\S[^\n]*)\n: (.*?)(?=^\S|\Z)", inside[1], re.DOTALL | re.MULTILINE)
    return dict(entries)


def test_it_opens_with_what_a_reader_will_be_able_to_do(chapter):
    text = chapter.read_text("utf-8")
    entries = box(text)
    assert list(entries) == ["You will be able to", "You need", "Time", "Letters"]
    assert entries["You will be able to"].count("- ") == 3
    assert re.search(r"\d+ minutes", entries["Time"])
    assert text.index("{container} opening") < text.index("{container} claim")


LISTING = re.compile(r"^```\{literalinclude\} (\S+)\n((?::.*\n)*)", re.MULTILINE)
PLACE = re.compile(r'^:(?:start|end)-at: "?(.*?)"?$', re.MULTILINE)


def test_its_listings_begin_and_end_where_the_library_has_such_a_line(chapter):
    for file, options in LISTING.findall(chapter.read_text("utf-8")):
        lines = (chapter.parent / file).read_text("utf-8").splitlines()
        for place in PLACE.findall(options):
            assert any(place in line for line in lines), f"{file} has no line with {place!r}"


def test_its_sections_stand_in_order(chapter):
    found = re.findall(r"^## (.+)$", chapter.read_text("utf-8"), re.MULTILINE)
    assert [heading for heading in found if heading in HEADINGS] == HEADINGS


def test_the_toy_is_worked_out_in_a_visible_cell(chapter):
    toy = chapter.read_text("utf-8").partition("\n## By hand\n")[2].partition("\n## ")[0]
    visible = [cell for cell in CELL.findall(toy) if not HIDDEN.search(cell)]
    assert any("print(" in cell and len(cell.splitlines()) <= 10 for cell in visible)
    assert "plots.show(" in toy or "<svg" in toy or "{figure}" in toy


def test_ideas_show_their_calls_and_measuring_cells_are_short(chapter):
    cells = CELL.findall(chapter.read_text("utf-8"))
    calls = [cell for cell in cells if not HIDDEN.search(cell) and len(cell.splitlines()) <= 10]
    assert len(calls) >= 5
    assert max(len(cell.splitlines()) for cell in cells) <= 40


def test_it_asks_for_guesses_and_ends_in_five_lines(chapter):
    text = chapter.read_text("utf-8")
    guesses = re.findall(r"^:::+\{dropdown\} \*\*Your guess\.\*\* .+$", text, re.MULTILINE)
    assert len(guesses) >= 3 and text.count(":class-container: guess") == len(guesses)
    short = re.search(r"^:::\{container\} in-short\n(.*?)^:::$", text, re.DOTALL | re.MULTILINE)
    assert len(re.findall(r"^\d\. ", short[1], re.MULTILINE)) == 5


def test_its_heroes_are_in_the_glossary(chapter):
    glossary = plain((ROOT / "book" / "glossary.md").read_text("utf-8"))
    page = plain(chapter.read_text("utf-8"))
    for hero in map(plain, HEROES[chapter.stem].split(", ")):
        assert hero in page, f"the page does not speak of {hero}"
        assert re.search(rf"^\S.*{re.escape(hero)}|^{re.escape(hero)}", glossary, re.MULTILINE), (
            hero
        )


def notation():
    """Each letter of the notation page with the words that explain it there."""
    meanings = {}
    for row in (ROOT / "book" / "notation.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for letter in MATH.findall(cells[0]) if len(cells) == 3 else ():
            if re.fullmatch(r"[A-Za-z]|\\[a-z]+", letter):
                meanings.setdefault(letter, set()).update(words(cells[2]))
    return meanings


def words(text):
    """The words of an explanation that say something, without their endings."""
    found = re.findall(r"[a-z]{4,}", MATH.sub(" ", text).lower())
    return {word[:5] for word in found} - {"that", "which", "with", "from", "each", "where", "here"}


def test_its_letters_mean_what_notation_says_or_it_says_so(chapter):
    letters, known = box(chapter.read_text("utf-8"))["Letters"], notation()
    exceptions = " ".join(
        sentence for sentence in re.split(r"(?<=[.;]) ", letters) if "notation.md" in sentence
    )
    for piece in re.split(r"[;.] ", letters):
        for letter in MATH.findall(piece):
            if letter in known and not words(piece) & known[letter]:
                told = letter in MATH.findall(exceptions)
                assert told, f"{letter} means something else on the notation page"
