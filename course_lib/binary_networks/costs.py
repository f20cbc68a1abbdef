"""What a connection costs: energy, and what the ports of a processor allow."""

from typing import NamedTuple

from course_lib._validation import check_count, check_number

__all__ = [
    "BINARY_PJ",
    "DRAM_PJ",
    "FLOAT_PJ",
    "PORTS",
    "Port",
    "connection_energy",
    "crossing_batch",
]

# Horowitz 2014, 45 nm: picojoules of a multiplication and an addition, and of 64 bits from DRAM
# (1300 to 2600). The last is an assumption of ours: 0.1 pJ, as an addition of 32-bit integers, for
# each of exclusive or, count and addition, which serve 32 connections.
FLOAT_PJ = 3.7 + 0.9
DRAM_PJ = 1300.0
BINARY_PJ = 3 * 0.1 / 32


class Port(NamedTuple):
    """Micro-operations that a loop cannot avoid, and how many start in a cycle.

    Attributes
    ----------
    name : str
    bits : int
        Connections that they serve.
    micro_ops : float
    per_cycle : float
        Of these, on all the ports that can run them.
    flops : float
        Connections of float32 a cycle on the same processor: fused multiply-adds.
    """

    name: str
    bits: int
    micro_ops: float
    per_cycle: float
    flops: float

    @property
    def ratio(self):
        """How many times faster than the float product it can be at most."""
        return self.bits * self.per_cycle / self.micro_ops / self.flops


# Numbers of ports as published for these processors, from memory: not read again in a manual.
PORTS = (
    Port("paper: GPU, 32 bits, 1 + 4 + 1 cycles", 32, 6, 1, 1),
    Port("AVX-512 with VPOPCNTDQ", 512, 3, 2, 32),
    Port("AVX2: counts by table, Zen 3", 256, 9, 4, 16),
    Port("popcnt of 64-bit registers, Zen 3", 64, 3, 4, 16),
)


def connection_energy(weight_bits, batch, *, mac_pj=FLOAT_PJ, dram_pj=DRAM_PJ):
    """Return the energy of one connection when weights come from DRAM once a batch, in pJ.

    Parameters
    ----------
    weight_bits : float
        Bits of a weight: 32, or 1.
    batch : int
        Images that use a weight before it is fetched again.
    mac_pj : float
        Of the arithmetic of a connection: `FLOAT_PJ` or `BINARY_PJ`.
    dram_pj : float, default 1300
        Of 64 bits from DRAM.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    .. [1] M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.

    Examples
    --------
    >>> [round(connection_energy(32, B) / connection_energy(1, B, mac_pj=BINARY_PJ), 1)
    ...  for B in (1, 100, 10_000)]
    [32.2, 52.2, 409.0]
    """
    bits = check_number(weight_bits, "weight_bits", low=0, open_low=True, open_high=True)
    batch = check_count(batch, "batch", low=1)
    mac = check_number(mac_pj, "mac_pj", low=0, open_high=True)
    return bits / 64 * check_number(dram_pj, "dram_pj", low=0, open_high=True) / batch + mac


def crossing_batch(weight_bits, *, mac_pj=FLOAT_PJ, dram_pj=DRAM_PJ):
    """Return the batch at which memory and arithmetic cost the same.

    Parameters
    ----------
    weight_bits, mac_pj, dram_pj
        As in `connection_energy`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> round(crossing_batch(32)), round(crossing_batch(1, mac_pj=BINARY_PJ))
    (141, 2167)
    """
    bits = check_number(weight_bits, "weight_bits", low=0, open_low=True, open_high=True)
    mac = check_number(mac_pj, "mac_pj", low=0, open_low=True, open_high=True)
    return bits / 64 * check_number(dram_pj, "dram_pj", low=0, open_high=True) / mac
