"""Strategies that mix: they draw their bids, from a generator that every caller hands them."""

import hashlib

import numpy as np

from deviator.arrays import Array, is_foreign
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, SurfaceBids
from deviator.validation import Floats

from .base import Policy, View

TRIED = 8
"""Markets in which it is tried whether a policy draws."""


def drawn_bids(policy: Policy, view: View | Floats, seed: int = 0) -> Bids:
    """Return everybody's bids; of a policy that mixes, one draw of them from a seed.

    Parameters
    ----------
    policy : Policy
    view : View or ndarray of float, shape (B, N)
    seed : int
    """
    return policy.bids(view, np.random.default_rng(seed)) if policy.mixes else policy.bids(view)


def unmixed_bids(policy: Policy, types: Floats) -> Bids:
    """Return everybody's bids, where these are a function of the types.

    Raises
    ------
    RefusedError
        If the policy mixes.
    """
    if policy.mixes:
        raise RefusedError(
            f"an exact answer needs a strategy that does not draw, and {policy.name} mixes; "
            "search numerically, or train a learner"
        )
    return policy.bids(types)


def seed_of(types: Array) -> int:
    """Return a seed that is a function of the types: other markets meet other draws."""
    plain = np.asarray(types.detach().cpu()) if is_foreign(types) else types
    return int.from_bytes(hashlib.blake2b(plain.tobytes(), digest_size=8).digest())


def check_draws(policy: Policy, types: Floats) -> None:
    """Check that a policy draws where it says so alone, and from what it is given.

    Gains against one that draws unseen are luck, and no answer would be the same again.

    Raises
    ------
    InvalidInputError
        If it does otherwise.
    """
    few, name = types[:TRIED], policy.name
    first, again, other = (_numbers(policy, few, seed) for seed in (0, 0, 1))
    if not np.array_equal(first, again, equal_nan=True):
        raise InvalidInputError(
            f"policy {name} must draw from the generator that it is given, and bids differently "
            "from the same one; run `deviator check` on it"
        )
    if policy.mixes:
        return
    alone = _without_generator(policy, few)
    if not all(np.array_equal(first, each, equal_nan=True) for each in (other, alone)):
        raise InvalidInputError(
            f"policy {name} must declare that it draws; write mixes = True in its class, "
            "and draw from rng"
        )


def _numbers(policy: Policy, types: Floats, seed: int) -> Floats:
    return _array(policy.bids(types.copy(), np.random.default_rng(seed)))


def _without_generator(policy: Policy, types: Floats) -> Floats:
    return _array(policy.bids(types.copy()))


def _array(bids: Bids) -> Floats:
    """Return bids as numbers; surfaces are functions, and hold none."""
    return np.empty(0) if isinstance(bids, SurfaceBids) else np.array(bids.as_array())
