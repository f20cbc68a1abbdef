"""The explorable of chapter 04 against course_lib, in the browser itself."""

import json

import numpy as np
import pytest

from course_lib.distinct import HyperLogLog, LogLog
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("04-distinct", "distinct")


@pytest.fixture(scope="module")
def distinct(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "distinct", "D")


@pytest.mark.parametrize("p", [4, 5, 6])
@pytest.mark.parametrize("n", [60, 200, 5_000, 300_000])
def test_folded_registers_and_estimates_are_the_librarys(distinct, p, n):
    """The fine table folded by the script is the coarse table of the library; so are the counts."""
    fine, coarse, kept = LogLog(6), LogLog(p), HyperLogLog(p)
    for sketch in (fine, coarse, kept):
        sketch.update(np.arange(n))
    got = distinct(
        "const M = D.fold(a.fine, a.p); return [M, D.estimates(M)];",
        fine=fine.registers.tolist(),
        p=p,
    )
    assert got[0] == coarse.registers.tolist()
    assert got[1]["logLog"] == pytest.approx(coarse.estimate(), rel=1e-6)
    assert got[1]["ertl"] == pytest.approx(kept.estimate(), rel=1e-9)
    empty = int((coarse.registers == 0).sum())
    assert got[1]["empty"] == empty
    if empty:
        assert got[1]["linearCounting"] == pytest.approx(2**p * np.log(2**p / empty))


def test_the_switch_is_where_the_paper_has_it(distinct):
    """Below five halves of m linear counting answers, above it the harmonic mean."""
    for value, empty in ((1, 30), (3, 20), (4, 1)):
        table = [value] * (64 - empty) + [0] * empty
        got = distinct("return D.estimates(a.table);", table=table)
        assert (got["switched"] == got["raw"]) == (got["raw"] > 160)
        assert got["raw"] == pytest.approx(0.709 * 64**2 / np.sum(0.5 ** np.array(table)))


def test_the_data_of_the_page_are_registers_of_the_trigrams(page, distinct):
    """The rises end at registers from which the library counts the trigrams to 5 sigma."""
    data = json.loads(page.inner_text('[data-explorable="04-distinct"] script', timeout=5000))
    for rises in data["rises"]:
        table = distinct("return D.registersAt(a.rises, a.n, 6);", rises=rises, n=data["n"])
        sketch = LogLog(6)
        sketch._registers[:] = table
        assert sketch.estimate() == pytest.approx(data["n"], rel=5 * 1.30 / 8)
        seen = rises[::3]
        assert seen == sorted(seen) and seen[-1] <= data["n"]
