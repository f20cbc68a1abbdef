"""From counts to seconds: what a machine makes of bytes, flops and waiting.

intensities      flops for each byte that must move
roofline         the flops a second that an intensity allows, on one core or on many
amdahl_speedup   what many workers gain if a share of the work is for one
predict          seconds of a program from its counts, and what limits it
predict_cluster  the same on many machines, with published network figures
"""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_number
from course_lib.cost._times import finite

__all__ = [
    "Prediction",
    "amdahl_speedup",
    "matmul_intensity",
    "matvec_intensity",
    "predict",
    "predict_cluster",
    "ridge",
    "roofline",
]

ROUND_TRIP_S = 500e-6  # within a data center, see course_lib.cost.latencies
NETWORK_BYTES_PER_S = 1.25e9  # 10 Gbit/s
IN_MEMORY_BYTES = 256 << 20  # larger than a cache: data whose footprint is not stated


class Prediction(NamedTuple):
    """Seconds, what they are spent on, and the largest part."""

    seconds: float
    limit: str  # "bandwidth", "arithmetic", "latency", "gather", "calls", "network" or "nothing"
    parts: dict  # seconds of each part, before overlap


@finite
def matvec_intensity(m, n, *, itemsize=8):
    r"""Return the flops for each byte of ``A @ x``, every number moved once.

    Parameters
    ----------
    m, n : int
        Shape of ``A``.
    itemsize : int, default 8
        Bytes of a number.

    Returns
    -------
    float
        :math:`2mn / (b(mn + m + n))`: in float64 1/4 for large matrices, never more.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer.

    Examples
    --------
    >>> round(matvec_intensity(1000, 1000), 4)
    0.2495
    """
    m, n = _size(m, "m"), _size(n, "n")
    return 2 * m * n / (_size(itemsize, "itemsize") * (m * n + m + n))


@finite
def matmul_intensity(m, n, k, *, itemsize=8, reads_output=False):
    r"""Return the flops for each byte of ``A @ B``, every number moved once.

    Parameters
    ----------
    m, n, k : int
        ``A`` is (m, k) and ``B`` is (k, n).
    itemsize : int, default 8
        Bytes of a number.
    reads_output : bool, default False
        Whether the result is read before it is written, as in ``C += A @ B``.

    Returns
    -------
    float
        :math:`2mnk / (b(mk + kn + mn))`, with :math:`2mn` if the output is read: for square
        matrices in float64 n/12, or n/16.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive integer.

    Notes
    -----
    This takes a cache that holds everything. With room for ``M`` numbers no order of the
    products does more than :math:`O(\sqrt M)` flops for each number moved ([1]).

    References
    ----------
    .. [1] J.-W. Hong, H. T. Kung, "I/O complexity: the red-blue pebble game", STOC 1981.

    Examples
    --------
    >>> matmul_intensity(1200, 1200, 1200), matmul_intensity(1200, 1200, 1200, reads_output=True)
    (100.0, 75.0)
    """
    m, n, k = _size(m, "m"), _size(n, "n"), _size(k, "k")
    moved = m * k + k * n + (2 if reads_output else 1) * m * n
    return 2 * m * n * k / (_size(itemsize, "itemsize") * moved)


def roofline(
    profile,
    intensity,
    *,
    dtype=np.float64,
    footprint_bytes=IN_MEMORY_BYTES,
    cores=1,
    memory_bytes_per_s=math.inf,
):
    r"""Return the flops a second that a machine can reach at an arithmetic intensity.

    Parameters
    ----------
    profile : Profile
        As returned by `machine_profile`.
    intensity : float or array_like, shape (r,)
        Flops for each byte moved.
    dtype : {float64, float32}
    footprint_bytes : int, default 256 MiB
        Size of the data, which decides the level of the memory that must deliver it.
    cores : int, default 1
        How many of them work, each with the peak and the bandwidth of the profile.
    memory_bytes_per_s : float, default infinity
        What the memory delivers to all cores together.

    Returns
    -------
    float or array, shape (r,)
        :math:`\min(c\pi,\, \min(c\beta, B)\, I)` for :math:`c` cores of peak :math:`\pi` and
        bandwidth :math:`\beta` that share the bandwidth :math:`B`.

    Raises
    ------
    ValueError
        If an intensity, ``cores`` or ``memory_bytes_per_s`` is not positive, or ``dtype`` is
        neither of the two.
    TypeError
        If ``cores`` is not an integer.

    Notes
    -----
    A bound. It takes cores to be equal; that each reaches its own peak beside the others, whose
    heat may lower the clock of all, is not promised.

    References
    ----------
    .. [1] S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance
       model for multicore architectures", Comm. ACM 52(4), 2009.

    Examples
    --------
    >>> from course_lib.cost import machine_profile
    >>> profile = machine_profile()
    >>> bool(roofline(profile, 1e6) == profile.flops_per_s())
    True
    >>> bool(roofline(profile, 1e6, cores=8) == 8 * profile.flops_per_s())
    True
    >>> roofline(profile, 0.01, cores=10**9, memory_bytes_per_s=100e9)    # the memory is full
    1000000000.0
    """
    intensity = check_array(intensity, "intensity", dtype=np.float64)
    if not np.all(intensity > 0):
        raise ValueError("intensity must be positive: flops for each byte moved.")
    cores = _size(cores, "cores")
    shared = check_number(memory_bytes_per_s, "memory_bytes_per_s", low=0.0, open_low=True)
    bandwidth = min(cores * profile.bandwidth_bytes_per_s(footprint_bytes), shared)
    reached = np.minimum(cores * profile.flops_per_s(dtype), bandwidth * intensity)
    return reached if reached.ndim else float(reached)


def ridge(profile, *, dtype=np.float64, footprint_bytes=IN_MEMORY_BYTES):
    """Return the intensity, in flops a byte, from which on arithmetic is the limit.

    Parameters
    ----------
    profile, dtype, footprint_bytes
        As for `roofline`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``dtype`` is neither float32 nor float64.
    """
    return profile.flops_per_s(dtype) / profile.bandwidth_bytes_per_s(footprint_bytes)


@finite
def amdahl_speedup(serial_share, workers):
    r"""Return how many times as fast a program runs on many workers, at best.

    Parameters
    ----------
    serial_share : float
        Share :math:`s` of the time on one worker that only one worker can do.
    workers : int
        Number :math:`n` of workers, which divide the rest evenly.

    Returns
    -------
    float
        :math:`1 / (s + (1 - s)/n)`, which never exceeds :math:`1/s`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** An upper bound for every division of the work that does the same work: starting,
    sending and waiting come on top. It holds the size of the problem fixed; where the part that
    divides grows with the problem and the serial part does not, the share falls.

    References
    ----------
    .. [1] G. M. Amdahl, "Validity of the single processor approach to achieving large scale
       computing capabilities", AFIPS Spring Joint Computer Conference, 1967.

    Examples
    --------
    >>> amdahl_speedup(0.25, 3), amdahl_speedup(0.0, 8)      # 1/4 and 3/12: half of the time
    (2.0, 8.0)
    """
    serial = check_number(serial_share, "serial_share", low=0.0, high=1.0)
    return 1 / (serial + (1 - serial) / _size(workers, "workers"))


@finite
def predict(
    profile,
    *,
    read_bytes=0,
    flops=0,
    gathers=0,
    dependent_reads=0,
    calls=0,
    footprint_bytes=IN_MEMORY_BYTES,
    dtype=np.float64,
):
    """Predict the seconds of a program on one thread of a machine, from its counts.

    Parameters
    ----------
    profile : Profile
        As returned by `machine_profile`.
    read_bytes : float, default 0
        Bytes read or written in order, `Meter.bytes` for example.
    flops : float, default 0
        Floating-point operations in products of matrices or vectors.
    gathers : float, default 0
        Reads at random addresses that are known in advance.
    dependent_reads : float, default 0
        Reads at random addresses, each found by the one before: lists, trees, hash chains.
    calls : float, default 0
        Calls of Python functions and Python objects made; one costs about as much as the other.
    footprint_bytes : float, default 256 MiB
        Size of the data that is read again and again; it decides the level of the memory.
    dtype : {float64, float32}

    Returns
    -------
    Prediction
        Reading in order and arithmetic overlap, so the longer of the two counts; random reads
        and calls are added.

    Raises
    ------
    ValueError, TypeError
        If a count is negative or no number.

    Notes
    -----
    A model for a factor of two. It knows nothing of branches that are mispredicted, of
    division, or of other programs.

    Examples
    --------
    >>> from course_lib.cost import machine_profile
    >>> predict(machine_profile(), read_bytes=8e9, flops=1e9).limit    # a sum of 8 GB
    'bandwidth'
    """
    bandwidth = profile.bandwidth_bytes_per_s(footprint_bytes)
    parts = {
        "bandwidth": _amount(read_bytes, "read_bytes") / bandwidth,
        "arithmetic": _amount(flops, "flops") / profile.flops_per_s(dtype),
        "gather": _amount(gathers, "gathers") * profile.gather_s(footprint_bytes),
        "latency": _amount(dependent_reads, "dependent_reads") * profile.latency_s(footprint_bytes),
        "calls": _amount(calls, "calls") * profile.call_s,
    }
    seconds = sum(parts.values()) - min(parts["bandwidth"], parts["arithmetic"])
    return Prediction(seconds, _largest(parts), parts)


@finite
def predict_cluster(
    prediction,
    machines,
    *,
    rounds=0,
    sent_bytes=0,
    round_trip_s=ROUND_TRIP_S,
    network_bytes_per_s=NETWORK_BYTES_PER_S,
):
    """Spread a prediction for one machine over many, and add what the network takes.

    Parameters
    ----------
    prediction : Prediction
        All the work, as if one machine did it.
    machines : int
        How many share it evenly.
    rounds : float, default 0
        Times that all wait for each other, `Meter.rounds` for example.
    sent_bytes : float, default 0
        Bytes that the busiest machine sends in all.
    round_trip_s : float, default 500e-6
        Published for a data center, see `latency_table`.
    network_bytes_per_s : float, default 1.25e9
        10 Gbit/s.

    Returns
    -------
    Prediction
        With the part ``"network"``; machines are taken to be equal and never to fail.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Examples
    --------
    >>> alone = Prediction(100.0, "bandwidth", {"bandwidth": 100.0})
    >>> predict_cluster(alone, 1000, rounds=1000).limit
    'network'
    """
    machines = check_count(machines, "machines", low=1)
    speed = check_number(network_bytes_per_s, "network_bytes_per_s", low=0.0, open_low=True)
    waiting = _amount(rounds, "rounds") * _amount(round_trip_s, "round_trip_s")
    network = waiting + _amount(sent_bytes, "sent_bytes") / speed
    parts = {name: seconds / machines for name, seconds in prediction.parts.items()}
    parts["network"] = network
    return Prediction(prediction.seconds / machines + network, _largest(parts), parts)


def _largest(parts):
    name = max(parts, key=parts.get)
    return name if parts[name] > 0 else "nothing"


def _size(value, name):
    return check_count(value, name, low=1)


def _amount(value, name):
    return check_number(value, name, low=0.0)
