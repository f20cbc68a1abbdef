"""A profile of this machine: bandwidth, latency, peak arithmetic, disk, process start.

Measured once, in seconds, on one thread, and kept in the user's cache directory. Every number
is a median; ``spread`` says how far the machine was from quiet while it was measured.
"""

import json
import os
import pathlib
import platform
import sys
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_number
from course_lib.cost import _probes

__all__ = ["Cache", "Level", "Profile", "machine_profile", "measure_machine"]

VERSION = 1  # of the file; raise it when a field changes its meaning


class Cache(NamedTuple):
    """A level of the cache."""

    name: str  # "L1", "L2", "L3"
    bytes: int


class Level(NamedTuple):
    """What one level of the memory gives to one thread."""

    name: str  # "L1", "L2", "L3" or "memory"
    bytes: int | None  # size; None for memory
    bandwidth_bytes_per_s: float
    latency_s: float
    gather_s: float


@dataclass(frozen=True)
class Profile:
    """What one thread of a machine can do.

    Attributes
    ----------
    machine : str
        Processor and system that were measured.
    cores : int
        Logical cores; all figures are for one thread.
    caches : tuple of Cache
        Sizes as the system reports them; empty if it does not.
    footprints_bytes : tuple of int
        Sizes of the arrays on which the next three were measured.
    bandwidths_bytes_per_s : tuple of float
        Reading in order.
    latencies_s : tuple of float
        One read whose address the read before it has found: nothing overlaps.
    gathers_s : tuple of float
        One read at a random address that was known in advance: many overlap.
    copy_bytes_per_s : float
        Copying in memory; the bytes read and the bytes written both count.
    flops_float64_per_s, flops_float32_per_s : float
        Matrix product, one thread.
    disk_bytes_per_s : float or None
        Reading a file that is not in memory; None if the system would not let go of it.
    cached_file_bytes_per_s : float
        Reading a file that the system still holds in memory.
    call_s : float
        One call of an empty Python function, in a loop.
    process_start_s : float
        Start of a Python process that imports nothing.
    spread : float
        Upper quartile over median, the worst of all measurements; near 1 on a quiet machine.
    """

    machine: str
    cores: int
    caches: tuple
    footprints_bytes: tuple
    bandwidths_bytes_per_s: tuple
    latencies_s: tuple
    gathers_s: tuple
    copy_bytes_per_s: float
    flops_float64_per_s: float
    flops_float32_per_s: float
    disk_bytes_per_s: float | None
    cached_file_bytes_per_s: float
    call_s: float
    process_start_s: float
    spread: float

    def bandwidth_bytes_per_s(self, footprint_bytes):
        """Bandwidth of reading an array of this size in order, again and again."""
        return self._at(footprint_bytes, self.bandwidths_bytes_per_s)

    def latency_s(self, footprint_bytes):
        """Time of one read at random in an array of this size, when each waits for the last."""
        return self._at(footprint_bytes, self.latencies_s)

    def gather_s(self, footprint_bytes):
        """Time of one read at random in an array of this size, when many overlap."""
        return self._at(footprint_bytes, self.gathers_s)

    def flops_per_s(self, dtype=np.float64):
        """Peak of the matrix product in ``dtype``, float32 or float64."""
        if np.dtype(dtype) == np.float32:
            return self.flops_float32_per_s
        if np.dtype(dtype) == np.float64:
            return self.flops_float64_per_s
        raise ValueError(f"dtype must be float32 or float64; got {np.dtype(dtype)}.")

    def levels(self):
        """Return a `Level` for each known cache, measured at half its size, and for memory."""
        sizes = [(cache.name, cache.bytes, cache.bytes // 2) for cache in self.caches]
        sizes.append(("memory", None, self.footprints_bytes[-1]))
        return tuple(
            Level(name, size, self.bandwidth_bytes_per_s(at), self.latency_s(at), self.gather_s(at))
            for name, size, at in sizes
        )

    def _at(self, footprint_bytes, values):
        """Interpolate between the measured footprints, on logarithmic axes."""
        footprint = check_number(footprint_bytes, "footprint_bytes", low=0.0, open_low=True)
        known = np.log(self.footprints_bytes)
        return float(np.exp(np.interp(np.log(footprint), known, np.log(values))))

    def to_json(self):
        """Return the profile as JSON text, with the version of the format."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text):
        """Return the profile that `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is no profile, or one of another version.
        """
        try:
            fields = json.loads(text)
            version = fields.pop("version")
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError("text must be a machine profile; got something else.") from None
        if version != VERSION:
            raise ValueError(f"the profile must have version {VERSION}; got {version}: measure it.")
        try:
            fields = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in fields.items()
            }
            fields["caches"] = tuple(Cache(*cache) for cache in fields["caches"])
            return cls(**fields)
        except (KeyError, TypeError):
            raise ValueError("text must be a machine profile; fields are missing.") from None


def machine_profile(*, refresh=False, path=None):
    """Return the profile of this machine, measured at the first call and then remembered.

    Parameters
    ----------
    refresh : bool, default False
        Measure again, for example because the machine was busy the first time.
    path : str or Path, optional
        File to remember it in; by default ``scalable-machine-learning/machine.json`` in the
        user's cache directory.

    Returns
    -------
    Profile

    See Also
    --------
    measure_machine : measures without remembering.

    Notes
    -----
    **Cost.** About five seconds and 600 MB of memory when measured; else the reading of a file.
    A file of another machine or version, or a damaged one, is measured anew. Where the file
    cannot be written, nothing is remembered.
    """
    path = _default_path() if path is None else pathlib.Path(path)
    if path is not None and not refresh:
        try:
            profile = Profile.from_json(path.read_text(encoding="utf-8"))
            if profile.machine == _machine():
                return profile
        except (OSError, ValueError):
            pass  # none yet, or none of ours
    profile = measure_machine()
    if path is not None:
        _remember(profile, path)
    return profile


def measure_machine(*, footprints_bytes=None):
    """Measure this machine.

    Parameters
    ----------
    footprints_bytes : sequence of int, optional
        Sizes of the arrays for bandwidth and latency, increasing; by default 16 KiB to 256 MiB.

    Returns
    -------
    Profile
        All figures for one thread.

    Raises
    ------
    ValueError
        If the footprints are not at least two increasing sizes of 4 KiB or more.

    Notes
    -----
    **Cost.** About five seconds, 600 MB of memory and a temporary file of 64 MB.

    **Guarantee.** None that another program does not disturb it: look at ``spread``.
    """
    footprints = _check_footprints(footprints_bytes)
    probes = _probes.Probes()
    bandwidths, latencies, gathers = zip(
        *(probes.memory(footprint) for footprint in footprints), strict=True
    )
    disk, cached_file = probes.file()
    return Profile(
        machine=_machine(),
        cores=os.cpu_count() or 1,
        caches=tuple(Cache(*cache) for cache in _probes.cache_sizes()),
        footprints_bytes=footprints,
        bandwidths_bytes_per_s=bandwidths,
        latencies_s=latencies,
        gathers_s=gathers,
        copy_bytes_per_s=probes.copy(footprints[-1]),
        flops_float64_per_s=probes.matrix_product(np.float64),
        flops_float32_per_s=probes.matrix_product(np.float32),
        disk_bytes_per_s=disk,
        cached_file_bytes_per_s=cached_file,
        call_s=probes.call(),
        process_start_s=probes.process_start(),
        spread=probes.spread,
    )


def _check_footprints(footprints_bytes):
    if footprints_bytes is None:
        return tuple(1 << power for power in range(14, 29, 2))
    footprints = tuple(int(size) for size in footprints_bytes)
    if len(footprints) < 2 or footprints[0] < 4096 or min(np.diff(footprints)) <= 0:
        raise ValueError(
            f"footprints_bytes must be at least two increasing sizes of 4096 or more; "
            f"got {footprints}."
        )
    return footprints


def _machine():
    """Name the processor and the system: what a profile is valid for."""
    model = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = models[0] if models else model
    except OSError:
        pass  # not Linux
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def _default_path():
    """Return the place of the profile by the custom of the system; None where there is none."""
    try:
        if sys.platform == "win32":
            folder = pathlib.Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
        elif sys.platform == "darwin":
            folder = pathlib.Path("~/Library/Caches")
        else:
            folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
        return folder.expanduser() / "scalable-machine-learning" / "machine.json"
    except RuntimeError:  # no home directory
        return None


def _remember(profile, path):
    """Write the profile in one step, so that no reader sees half of it."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(profile.to_json(), encoding="utf-8")
        draft.replace(path)
    except OSError:
        pass  # a read-only home: measured again next time
