"""Machines that tests of costs compute with."""

from course_lib.cost import Cache, Profile

__all__ = ["ROUND"]

# A machine whose figures can be checked by hand: 1 GB/s, 10 GFLOP/s, 100 ns.
ROUND = Profile(
    machine="round numbers",
    cores=1,
    caches=(Cache("L1", 1 << 15),),
    footprints_bytes=(1 << 14, 1 << 28),
    bandwidths_bytes_per_s=(1e11, 1e9),
    latencies_s=(1e-9, 1e-7),
    gathers_s=(1e-10, 1e-8),
    copy_bytes_per_s=1e9,
    flops_float64_per_s=1e10,
    flops_float32_per_s=2e10,
    disk_bytes_per_s=1e8,
    cached_file_bytes_per_s=1e9,
    call_s=1e-7,
    process_start_s=1e-2,
    spread=1.0,
)
