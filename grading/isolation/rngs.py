"""Random number generators cross by their state, and come back as far as they were drawn from."""

import hashlib

import numpy as np

from .wire import BrokenBorder, Unportable

__all__ = ["new_rng", "restore_rng", "rng_state"]

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
MULTIPLIERS = {
    "PCG64": 0x2360ED051FC65DA44385DF649FCCF645,
    "PCG64DXSM": 0xDA942042E4DD58B5,
}
FARTHEST = 1 << 44  # draws that a single call may take from a generator


def rng_state(rng):
    """Return the state of a random number generator as JSON, without any object of its class."""
    if isinstance(rng, np.random.RandomState):
        kind, key, position, has_gauss, gauss = rng.get_state(legacy=True)
        return ["RandomState", [kind, key.tolist(), position, has_gauss, gauss], None]
    state = rng.bit_generator.state
    if state["bit_generator"] not in BIT_GENERATORS:
        raise Unportable(f"a {state['bit_generator']} random number generator cannot cross.")
    seed = getattr(rng.bit_generator, "seed_seq", None)
    seed = _sealed(seed, state) if isinstance(seed, np.random.SeedSequence) else None
    return ["Generator", _listed(state), seed]


def _sealed(seed, state):
    """A seed to spawn from, that does not tell the one which all of a test's numbers come from."""
    digest = hashlib.sha256(repr((seed.state, _listed(state))).encode()).digest()
    return {"entropy": int.from_bytes(digest[:16], "big")}


def _listed(value):
    if isinstance(value, dict):
        return {str(key): _listed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def new_rng(kind, state, seed):
    """Return the generator that `rng_state` described."""
    if kind == "RandomState":
        rng = np.random.RandomState()
        rng.set_state((state[0], np.asarray(state[1], np.uint32), *state[2:]))
        return rng
    name = state["bit_generator"]
    if kind != "Generator" or name not in BIT_GENERATORS:
        raise BrokenBorder("a message contained an unknown random number generator.")
    seeds = np.random.SeedSequence(**seed) if seed else None
    bits = getattr(np.random, name)(seeds)
    bits.state = state
    return np.random.Generator(bits)


def restore_rng(rng, state):
    """Set a generator to the state that came back, if it can have come from drawing."""
    kind, old, _ = rng_state(rng)
    try:
        returned, new, _ = state
        if returned != kind:
            raise BrokenBorder("a random number generator changed its kind.")
        if kind == "RandomState":
            rng.set_state((new[0], np.asarray(new[1], np.uint32), *new[2:]))
            return
        if new["bit_generator"] in MULTIPLIERS and not _reachable(
            old, new, MULTIPLIERS[new["bit_generator"]]
        ):
            raise BrokenBorder("a random number generator was set, not drawn from.")
        rng.bit_generator.state = new
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BrokenBorder("the state of a random number generator could not be read.") from None


def _reachable(old, new, times):
    """Whether drawing leads from one PCG64 state to another (Brown, 1994: jumps of 2^k steps)."""
    old, new = old["state"], new["state"]
    at, goal, plus = int(old["state"]), int(new["state"]), int(old["inc"])
    if plus != new["inc"]:
        return False
    bit, mask = 1, (1 << 128) - 1
    while at != goal and bit < FARTHEST:
        if (at ^ goal) & bit:
            at = (at * times + plus) & mask
        plus, times, bit = (times + 1) * plus & mask, times * times & mask, bit << 1
    return at == goal
