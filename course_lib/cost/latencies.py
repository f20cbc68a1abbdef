"""The latencies that every engineer should know, as published, beside this machine's own."""

from typing import NamedTuple

__all__ = ["PUBLISHED", "PUBLISHED_SOURCE", "Latency", "latency_table"]


class Latency(NamedTuple):
    """A row of the table."""

    what: str
    published_s: float | None  # None where nothing is published
    device: str  # what the published number was measured on, as far as the source says
    measured_s: float | None = None  # on this machine; None where the profile does not know


PUBLISHED_SOURCE = (
    'E. Eshelman, "HPC latency numbers", with the tables of A. Zhang, Z. Lipton, M. Li, A. Smola, '
    '"Dive into Deep Learning", chapter on hardware; after lists by J. Dean and P. Norvig.'
)

_NVME = "Intel DC P3608 NVMe"
_SATA = "Intel DC S3510 SATA"
_MEMORY = "Xeon E5-2690 v4"

PUBLISHED = (
    Latency("L1 cache hit", 1.5e-9, "4 cycles"),
    Latency("floating-point add or multiply", 1.5e-9, "4 cycles"),
    Latency("L2 cache hit", 5e-9, "12 to 17 cycles"),
    Latency("branch mispredicted", 6e-9, "15 to 20 cycles"),
    Latency("L3 cache hit", 16e-9, "42 cycles"),
    Latency("mutex locked and unlocked", 25e-9, ""),
    Latency("read at random in 64 MB", 46e-9, _MEMORY),
    Latency("read at random in 256 MB", 75e-9, _MEMORY),
    Latency("GPU global memory", 200e-9, "200 to 800 cycles"),
    Latency("4 KB over a 100 Gbit/s fabric", 1e-6, "Intel Omni-Path"),
    Latency("4 KB over 10 Gbit/s Ethernet", 10e-6, ""),
    Latency("GPU kernel launch", 10e-6, "CUDA"),
    Latency("1 MB to or from a GPU over NVLink", 30e-6, "33 GB/s"),
    Latency("1 MB to or from a GPU over PCIe 3.0 x16", 80e-6, "12 GB/s"),
    Latency("4 KB at random from NVMe", 120e-6, _NVME),
    Latency("1 MB in sequence from NVMe", 208e-6, _NVME),
    Latency("4 KB at random from a SATA SSD", 500e-6, _SATA),
    Latency("round trip within a data center", 500e-6, ""),
    Latency("1 MB in sequence from a SATA SSD", 2e-3, _SATA),
    Latency("1 MB in sequence from a magnetic disk", 5e-3, "200 MB/s server disk"),
    Latency("seek of a magnetic disk", 10e-3, ""),
    Latency("packet California to Netherlands and back", 150e-3, ""),
)


def latency_table(profile=None):
    """Return the published latencies, each beside the one measured on this machine.

    Parameters
    ----------
    profile : Profile, optional
        As returned by `machine_profile`; without it the column ``measured_s`` stays empty.

    Returns
    -------
    tuple of Latency
        The rows of `PUBLISHED` in order of time, then what was measured and has no published
        value: reading 1 MB from memory and from the disk, a Python call, a new process.

    Examples
    --------
    >>> row = latency_table()[0]
    >>> row.what, row.published_s
    ('L1 cache hit', 1.5e-09)
    """
    if profile is None:
        return PUBLISHED
    caches = {cache.name: cache.bytes for cache in profile.caches}
    measured = {
        "read at random in 64 MB": profile.latency_s(64 << 20),
        "read at random in 256 MB": profile.latency_s(256 << 20),
    }
    for name in ("L1", "L2", "L3"):
        if name in caches:
            measured[f"{name} cache hit"] = profile.latency_s(caches[name] // 2)
    rows = [row._replace(measured_s=measured.get(row.what)) for row in PUBLISHED]
    own = {
        "1 MB in sequence from memory": 1e6 / profile.bandwidth_bytes_per_s(256 << 20),
        "1 MB in sequence from this disk": _over(1e6, profile.disk_bytes_per_s),
        "Python function call": profile.call_s,
        "new Python process": profile.process_start_s,
    }
    rows += [Latency(what, None, "", seconds) for what, seconds in own.items()]
    return tuple(rows)


def _over(amount, rate):
    return None if rate is None else amount / rate
