"""The JavaScript of chapter 01 against course_lib, in the browser itself."""

import dataclasses

import pytest

from course_lib import cost
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

MACHINES = [(1e10, 1e9), (3.12e14, 2.039e12), (5e9, 2e11)]


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("01-cost", "cost")


@pytest.fixture(scope="module")
def call(page):
    return script_of(page, "cost", "C")


def profile(peak, bandwidth):
    """A machine of one bandwidth at every footprint."""
    return dataclasses.replace(
        cost.Profile("flat", 1, (), (1 << 14, 1 << 28), *3 * ((bandwidth,) * 2,), *8 * (1.0,)),
        flops_float64_per_s=peak,
    )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("intensity", [0.01, 0.25, 10.0, 152.0, 1e4])
def test_the_roof_is_the_librarys(call, machine, intensity):
    here = {"peak": machine[0], "bandwidth": machine[1]}
    got = call("return C.roof(a.machine, a.i);", machine=here, i=intensity)
    assert got == pytest.approx(cost.roofline(profile(*machine), intensity), rel=1e-12)
    edge = call("return C.ridge(a.machine);", machine=here)
    assert edge == pytest.approx(cost.ridge(profile(*machine)), rel=1e-12)


@pytest.mark.parametrize(("m", "n", "k"), [(60_000, 1, 784), (60_000, 512, 784), (7, 8, 9)])
def test_intensities_are_the_librarys(call, m, n, k):
    got = call("return C.productIntensity(a.m, a.n, a.k, 4);", m=m, n=n, k=k)
    assert got == pytest.approx(cost.matmul_intensity(m, n, k, itemsize=4), rel=1e-12)


def test_the_cached_product_moves_what_no_order_can_avoid(call):
    n, memory = 10**6, 4096
    loads = cost.matmul_loads_bound(n, n, n, memory)
    got = call("return C.cachedIntensity(a.M, 8);", M=memory)
    assert got == pytest.approx(2 * n**3 / (8 * loads), rel=1e-6)


def test_the_reading_names_the_wall(page):
    """One vector waits for memory on every machine; thousands, on the thread, for arithmetic."""
    reading = page.locator(".explorable-reading")
    assert "waits for memory" in reading.inner_text()
    page.get_by_label("Vectors at a time").fill("12")
    assert "waits for arithmetic" in reading.inner_text()
    page.get_by_label("Machine", exact=True).select_option("2")
    page.get_by_label("Vectors at a time").fill("3")
    assert "waits for memory" in reading.inner_text()


def test_an_accelerator_counts_two_bytes_a_number(page):
    """Derived: 477 vectors of two bytes reach the ceiling of the H100, four bytes need 2,491."""
    reading = page.locator(".explorable-reading")
    page.get_by_label("Machine", exact=True).select_option("2")
    for power, wall in (("8.5", "memory"), ("9", "arithmetic")):
        page.get_by_label("Vectors at a time").fill(power)
        assert "2 bytes a number" in reading.inner_text()
        assert f"waits for {wall}" in reading.inner_text()


def test_the_keyboard_moves_the_machine(page):
    page.get_by_label("Machine", exact=True).select_option("0")
    peak = page.get_by_role("slider", name="Peak, operations a second")
    before = float(peak.get_attribute("aria-valuenow"))
    peak.press("ArrowUp")
    assert float(peak.get_attribute("aria-valuenow")) == pytest.approx(before * 10**0.1, rel=1e-9)
    assert page.get_by_label("Machine", exact=True).input_value() == "own"
