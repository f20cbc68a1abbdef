"""The explorable of chapter 19 against course_lib, in the browser itself, over all losses."""

import itertools
import math

import numpy as np
import pytest

from course_lib.cost import Meter
from course_lib.storage import ReedSolomon, gf_matmul, gf_multiply, raid5, raid6
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

CODES = {"RAID-5, 8 + 1": raid5(8), "RAID-6, 7 + 2": raid6(7), "RS(6, 3)": ReedSolomon(6, 3)}
LOSSES = [lost for size in range(10) for lost in itertools.combinations(range(9), size)]
GROUPS = [(0, 1, 2, 6), (3, 4, 5, 7)]  # of the local code: three of data and their sum


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("19-storage", "disks")


@pytest.fixture(scope="module")
def call(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "disks", "D")


@pytest.fixture(scope="module")
def schemes(page):
    """The schemes that the page itself holds, by name."""
    data = page.evaluate(
        "JSON.parse(document.querySelector("
        '\'[data-explorable="19-storage"] script[type="application/json"]\').textContent)'
    )
    return {one["name"]: one["parity"] for one in data["schemes"]}


def answers(call, parity):
    """Of every loss: whether it is survived, and the disks that the repair reads, or None."""
    return call(
        "return a.losses.map((lost) => [D.survives(a.parity, lost), D.repair(a.parity, lost)]);",
        parity=np.asarray(parity).tolist(),
        losses=[list(lost) for lost in LOSSES],
    )


def decoded(code, lost):
    """Whether the library gets random data back without these fragments."""
    data = np.random.default_rng(1).integers(0, 256, (code.n_data, 3))
    every = dict(enumerate([*data.astype(np.uint8), *code.encode(data)]))
    left = {i: row for i, row in every.items() if i not in lost}
    try:
        return np.array_equal(code.decode(left), data)
    except ValueError:
        return False


def test_its_products_are_the_librarys(call):
    got = call(
        "return a.every.map((x) => a.every.map((y) => D.multiply(x, y)));", every=list(range(256))
    )
    every = np.arange(256)
    assert np.array_equal(got, gf_multiply(every[:, None], every))


@pytest.mark.parametrize("name", CODES)
def test_the_page_holds_the_librarys_codes(schemes, name):
    assert np.array_equal(schemes[name], CODES[name].parity_rows)


@pytest.mark.parametrize("name", CODES)
def test_it_loses_data_where_the_library_does_and_reads_as_much(call, name):
    code, n_lost = CODES[name], 0
    meter = Meter()
    data = np.zeros((code.n_data, 1), np.uint8)
    every = dict(enumerate([*data, *code.encode(data)]))
    code.rebuild(every, 0, meter=meter)
    for lost, (whole, read) in zip(LOSSES, answers(call, code.parity_rows), strict=True):
        assert whole == decoded(code, lost), lost
        assert (read is not None) == whole
        if whole:
            assert len(read) == (meter.bytes if lost else 0) and not set(read) & set(lost)
        n_lost += not whole
    assert n_lost == sum(math.comb(9, size) for size in range(code.n_parity + 1, 10))


def test_three_copies_are_three_codes_of_one_fragment(call, schemes):
    copies = ReedSolomon(1, 2, rows="powers")
    assert np.array_equal(copies.parity_rows, [[1], [1]])
    for lost, (whole, read) in zip(LOSSES, answers(call, schemes["3 copies of 3"]), strict=True):
        blocks = [{i // 3 for i in lost if i % 3 == block} for block in range(3)]
        assert whole == all(decoded(copies, block) for block in blocks), lost
        if whole:
            assert len(read) == sum(bool(block) for block in blocks)


def by_groups(lost):
    """Whether such a local code can survive a loss: one in each group, and one more in all."""
    return sum(max(0, len(set(group) & set(lost)) - 1) for group in GROUPS) + (8 in lost) <= 1


def test_the_local_code_survives_what_such_a_code_can_and_repairs_in_its_group(call, schemes):
    parity = np.array(schemes["LRC(6, 2, 1)"], np.uint8)
    assert np.array_equal(parity[:2], [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]])
    data = np.random.default_rng(2).integers(0, 256, (6, 4)).astype(np.uint8)
    held = np.vstack([data, gf_matmul(parity, data)])
    for group in GROUPS:
        assert not np.bitwise_xor.reduce(held[list(group)], axis=0).any()
    for lost, (whole, read) in zip(LOSSES, answers(call, parity), strict=True):
        assert whole == by_groups(lost), lost
        if len(lost) == 1 and lost[0] != 8:
            group = next(group for group in GROUPS if lost[0] in group)
            assert sorted([*read, *lost]) == sorted(group)
        if lost == (8,) or lost == (0, 1):
            assert len(read) == 6


def test_disks_are_lost_by_click_and_by_keyboard(page, call, schemes):
    figure = page.locator('[data-explorable="19-storage"]')
    told = figure.locator(".explorable-reading")
    assert "Without d1" in told.inner_text() and "The repair reads 6" in told.inner_text()
    figure.get_by_label("Disk 1,").click()
    assert "All nine disks are whole" in told.inner_text()
    figure.get_by_label("Disk 1,").click()
    figure.get_by_label("Disk 2,").focus()
    page.keyboard.press("Space")
    figure.get_by_label("Disk 3,").press("Enter")
    assert "Of all 84 losses of 3 disks it survives 84" in told.inner_text()
    figure.get_by_label("Scheme", exact=True).select_option("LRC(6, 2, 1)")
    assert "data are lost" in told.inner_text() and "survives 64" in told.inner_text()
    figure.get_by_label("Disk 3,").click()
    assert "nothing is lost" in told.inner_text()
    figure.get_by_text("All disks back").click()
    assert "All nine disks are whole" in told.inner_text()
    assert call("return D.survived(a.parity, 3);", parity=schemes["LRC(6, 2, 1)"]) == [64, 84]
