"""The machine's profile, the roofline, and predictions made from them."""

import dataclasses
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from course_lib.cost import (
    PUBLISHED,
    Profile,
    _probes,
    amdahl_speedup,
    latency_table,
    machine,
    machine_profile,
    matmul_intensity,
    matvec_intensity,
    measure_machine,
    predict,
    predict_cluster,
    ridge,
    roofline,
)
from tests.machines import ROUND

counts = st.floats(0, 1e15)


# --- Facts ---------------------------------------------------------------------------------


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_matrix_times_a_vector_is_a_product_with_one_column(m, n):
    assert matvec_intensity(m, n) == pytest.approx(matmul_intensity(m, 1, n))
    assert matvec_intensity(m, n) <= 0.25


def test_the_intensities_of_the_book():
    """Derived: 2 n^2 flops on 8 (n^2 + 2 n) bytes; n/12, or n/16 where the output is read."""
    n = 6000
    assert matvec_intensity(n, n) == pytest.approx(2 * n**2 / (8 * (n**2 + 2 * n)))
    assert matmul_intensity(n, n, n) == pytest.approx(n / 12)
    assert matmul_intensity(n, n, n, reads_output=True) == pytest.approx(n / 16)
    assert matmul_intensity(n, n, n, itemsize=4) == pytest.approx(n / 6)


def test_an_intensity_counts_what_a_program_touches():
    m, n, k = 30, 20, 10
    A, B = np.ones((m, k)), np.ones((k, n))
    C = A @ B
    flops = 2 * C.size * k
    moved = A.nbytes + B.nbytes + C.nbytes
    assert matmul_intensity(m, n, k) == pytest.approx(flops / moved)


@given(st.floats(1e-3, 1e6))
def test_the_roof_is_a_slope_and_a_ceiling_that_meet_at_the_ridge(intensity):
    reached = roofline(ROUND, intensity)
    assert reached == pytest.approx(min(1e10, 1e9 * intensity))
    assert (reached == pytest.approx(1e10)) == (intensity >= ridge(ROUND) * (1 - 1e-6))


@given(st.floats(1e-3, 1e6), st.integers(1, 200), st.floats(1e6, 1e12))
def test_many_cores_are_one_core_of_their_peaks_and_of_the_memory_they_share(
    intensity, cores, shared
):
    together = dataclasses.replace(
        ROUND,
        flops_float64_per_s=cores * ROUND.flops_float64_per_s,
        bandwidths_bytes_per_s=(1e11, min(cores * 1e9, shared)),
    )
    reached = roofline(ROUND, intensity, cores=cores, memory_bytes_per_s=shared)
    assert reached == pytest.approx(roofline(together, intensity), rel=1e-12)
    assert roofline(ROUND, intensity) == pytest.approx(min(1e10, 1e9 * intensity), rel=1e-12)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20), st.integers(0, 1000), st.data())
def test_no_division_of_the_work_beats_amdahl(tasks, serial, data):
    """Give each task to any worker, after a serial part: never faster than the formula allows."""
    workers = data.draw(st.integers(1, 8))
    owner = data.draw(st.lists(st.integers(0, workers - 1), min_size=20, max_size=20))
    loads = [
        sum(task for task, who in zip(tasks, owner, strict=False) if who == w)
        for w in range(workers)
    ]
    alone, together = serial + sum(tasks), serial + max(loads)
    bound = amdahl_speedup(serial / alone, workers)
    assert alone / together <= bound * (1 + 1e-12)
    assert bound <= workers * (1 + 1e-12)
    even = amdahl_speedup(0.25, 3), amdahl_speedup(1.0, 9), amdahl_speedup(0.0, 9)
    assert even == (2.0, 1.0, 9.0)  # by hand


@given(counts, counts, counts, counts, counts)
def test_a_prediction_lies_between_its_largest_part_and_their_sum(a, b, c, d, e):
    seconds, limit, parts = predict(
        ROUND, read_bytes=a, flops=b, gathers=c, dependent_reads=d, calls=e
    )
    assert max(parts.values()) * (1 - 1e-12) <= seconds <= sum(parts.values()) * (1 + 1e-12)
    assert limit == "nothing" or parts[limit] == max(parts.values())


# --- Contracts -----------------------------------------------------------------------------


def test_a_prediction_by_hand():
    seconds, limit, parts = predict(ROUND, read_bytes=3e9, flops=1e10, calls=1e6)
    assert seconds == pytest.approx(3.0 + 0.1)
    assert limit == "bandwidth"
    assert parts["arithmetic"] == pytest.approx(1.0)
    assert predict(ROUND, flops=1e10, dtype=np.float32).seconds == pytest.approx(0.5)
    assert predict(ROUND, dependent_reads=1e7).seconds == pytest.approx(1.0)
    assert predict(ROUND, gathers=1e7, footprint_bytes=1 << 14).seconds == pytest.approx(1e-3)
    assert predict(ROUND) == (0.0, "nothing", dict.fromkeys(parts, 0.0))


def test_ten_thousand_machines_by_hand():
    alone = predict(ROUND, read_bytes=1e13)  # ten thousand seconds
    many = predict_cluster(alone, 10_000, rounds=20, sent_bytes=1.25e9)
    assert many.seconds == pytest.approx(1.0 + 20 * 500e-6 + 1.0)
    assert predict_cluster(alone, 10_000, rounds=10_000).limit == "network"


def test_between_two_footprints_the_logarithms_are_interpolated():
    assert ROUND.latency_s(1 << 21) == pytest.approx(1e-8)
    assert ROUND.bandwidth_bytes_per_s(1) == pytest.approx(1e11)
    assert ROUND.gather_s(1 << 40) == pytest.approx(1e-8)


def test_levels_are_the_caches_at_half_their_size_and_memory():
    first, memory = ROUND.levels()
    assert first[:2] == ("L1", 1 << 15) and first.latency_s == pytest.approx(1e-9)
    assert memory[:2] == ("memory", None) and memory.latency_s == pytest.approx(1e-7)


def test_a_profile_survives_json():
    assert Profile.from_json(ROUND.to_json()) == ROUND
    assert Profile.from_json(dataclasses.replace(ROUND, disk_bytes_per_s=None).to_json()) != ROUND


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "something else"),
        ("[]", "something else"),
        ("3", "something else"),
        ("{}", "something else"),
        ('{"version": 0}', "version 1; got 0"),
        ('{"version": 1}', "fields are missing"),
        ('{"version": 1, "caches": [], "surplus": 1}', "fields are missing"),
        ('{"version": 1, "caches": 5}', "fields are missing"),
    ],
)
def test_foreign_text_is_no_profile(text, words):
    with pytest.raises(ValueError, match=words):
        Profile.from_json(text)


def test_a_profile_is_measured_once_and_again_when_it_does_not_fit(tmp_path, monkeypatch):
    measured = []

    def measure():
        measured.append(1)
        return dataclasses.replace(ROUND, machine=machine._machine(), call_s=float(len(measured)))

    monkeypatch.setattr(machine, "measure_machine", measure)
    path = tmp_path / "folder" / "machine.json"
    assert [machine_profile(path=path).call_s for _ in range(2)] == [1.0, 1.0]
    assert machine_profile(path=path, refresh=True).call_s == 2.0
    path.write_text(path.read_text()[:-20])  # damaged
    assert [machine_profile(path=path).call_s for _ in range(2)] == [3.0, 3.0]
    path.write_text(ROUND.to_json())  # of another machine
    assert machine_profile(path=path).call_s == 4.0
    assert [child.name for child in path.parent.iterdir()] == ["machine.json"]


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "measure_machine", lambda: ROUND)
    (tmp_path / "file").write_text("in the way")
    assert machine_profile(path=tmp_path / "file" / "machine.json") == ROUND


def test_the_default_place_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert machine._default_path() == tmp_path / "scalable-machine-learning" / "machine.json"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert machine._default_path().is_relative_to(tmp_path / "local")


def test_latencies_are_in_order_and_stand_beside_the_machines_own():
    times = [row.published_s for row in PUBLISHED]
    assert times == sorted(times) and latency_table() == PUBLISHED
    table = {row.what: row for row in latency_table(ROUND)}
    assert table["L1 cache hit"].measured_s == pytest.approx(1e-9)
    assert table["read at random in 256 MB"].measured_s == pytest.approx(1e-7)
    assert table["L3 cache hit"].measured_s is None
    assert table["1 MB in sequence from this disk"].measured_s == pytest.approx(1e-2)
    unknown = latency_table(dataclasses.replace(ROUND, disk_bytes_per_s=None))
    assert {row.what: row for row in unknown}["1 MB in sequence from this disk"].measured_s is None


def test_the_kernels_are_their_python_text(rng):
    table, addresses = rng.random(64), rng.integers(0, 64, 30)
    assert_allclose(_probes._read(table, 3), _probes._read.py_func(table, 3))
    assert_allclose(_probes._read(table, 3), 6 * table.sum())  # each sweep weighs another amount
    assert_allclose(_probes._gather(table, addresses), table[addresses].sum())
    chain = _probes.Probes()._chain(64 * 10)
    assert _probes._chase(chain, 0, 7) == _probes._chase.py_func(chain, 0, 7)


def test_a_chain_visits_every_line_before_it_returns():
    chain, position, seen = _probes.Probes()._chain(64 * 100), 0, set()
    for _ in range(100):
        seen.add(position)
        position = chain[position]
    assert position == 0 and seen == set(range(0, 800, 8))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: matvec_intensity(0, 3), ValueError, "m must be at least 1"),
        (lambda: matmul_intensity(1, 1, 1.5), TypeError, "k must be an integer"),
        (lambda: matmul_intensity(1, 1, 1, itemsize=0), ValueError, "itemsize must be"),
        (lambda: roofline(ROUND, [1.0, 0.0]), ValueError, "intensity must be positive"),
        (lambda: roofline(ROUND, 1.0, dtype=np.int64), ValueError, "float32 or float64"),
        (lambda: roofline(ROUND, 1.0, cores=0), ValueError, "cores must be"),
        (lambda: roofline(ROUND, 1.0, memory_bytes_per_s=0), ValueError, "memory_bytes_per_s must"),
        (lambda: amdahl_speedup(1.1, 2), ValueError, "serial_share must lie"),
        (lambda: amdahl_speedup(0.5, 0), ValueError, "workers must be"),
        (lambda: amdahl_speedup(0.5, 2.5), TypeError, "workers must be an integer"),
        (lambda: ROUND.latency_s(0), ValueError, "footprint_bytes must lie"),
        (lambda: predict(ROUND, flops=-1), ValueError, "flops must lie"),
        (lambda: predict_cluster(predict(ROUND), 0), ValueError, "machines must be"),
        (lambda: measure_machine(footprints_bytes=[1 << 20]), ValueError, "two increasing"),
        (lambda: measure_machine(footprints_bytes=[1 << 20, 1 << 19]), ValueError, "increasing"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


# --- Peers: the machine itself, within what no machine can do otherwise --------------------


@pytest.fixture(scope="module")
def measured():
    return measure_machine(footprints_bytes=[1 << 14, 1 << 20, 1 << 24])


@pytest.mark.slow
def test_a_measured_profile_obeys_physics(measured):
    """Ratios that hold on every machine with caches, with room for a busy one."""
    assert measured.latencies_s[-1] > 3 * measured.latencies_s[0]
    assert measured.bandwidths_bytes_per_s[0] > measured.bandwidths_bytes_per_s[-1]
    assert measured.gathers_s[-1] < measured.latencies_s[-1], "known addresses overlap"
    assert measured.flops_float32_per_s > measured.flops_float64_per_s > 1e8
    assert 1e-9 < measured.call_s < 1e-5 < measured.process_start_s < 5
    assert measured.spread >= 1
    json.loads(measured.to_json())


@pytest.mark.slow
def test_a_file_in_memory_is_not_slower_than_on_disk(measured):
    if measured.disk_bytes_per_s is None:
        pytest.skip("this system does not let go of a file")
    assert measured.cached_file_bytes_per_s > 0.2 * measured.disk_bytes_per_s
