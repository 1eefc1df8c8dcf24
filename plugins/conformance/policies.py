"""Checks of policies: how all traders bid, each from its own information."""

from typing import Any

import numpy as np

from deviator.economies import TypeDistribution, standard_types
from deviator.mechanisms import Bids
from deviator.numerics.rational import rational
from deviator.policies import Policy
from deviator.validation import Floats

from ..guard import Guard
from .comparing import (
    assert_close,
    assert_pickles,
    assert_text,
    assert_trader_count,
    assert_unchanged,
    locked,
)
from .process_state import assert_same_state, process_state, shifted_clock

MARKETS = 7
ELSEWHERE_S = 60


def check_settings(policy: Policy) -> None:
    """Name and number of traders are of the stated kinds."""
    assert_text("name", policy.name)
    assert_trader_count(policy.n_traders)


def check_bids(policy: Policy) -> None:
    """Bids are a finite record, one bid per trader and market."""
    types = _types(policy)
    bids = policy.bids(types, _rng())
    assert isinstance(bids, Bids), f"bids must return a Bids record, got {type(bids).__name__}"
    wanted = types.shape
    assert bids.shape[:2] == wanted, (
        f"bids must be of shape {wanted} markets and traders, got {bids.shape[:2]}"
    )
    array = bids.as_array()
    assert array.shape == bids.shape, f"bids must have shape {bids.shape}, got {array.shape}"
    assert np.isfinite(array).all(), "bids must be finite, and are not"


def check_own_type_only(policy: Policy) -> None:
    """A trader's bid depends on its own type only."""
    types, others = _types(policy), _types(policy, seed=1)
    array = policy.bids(types, _rng()).as_array()
    for trader in range(types.shape[1]):
        changed = others.copy()
        changed[:, trader] = types[:, trader]
        assert_close(
            f"trader {trader}'s bid must not depend on the others' types",
            policy.bids(changed, _rng()).as_array()[:, trader],
            array[:, trader],
            tolerance=0.0,
        )


def check_inputs_unchanged(policy: Policy) -> None:
    """Types are what they were, and may be read-only."""
    types = _types(policy)
    given = types.copy()
    wanted = policy.bids(given, _rng()).as_array()
    assert_unchanged("a policy must leave types alone", types, given)
    again = policy.bids(locked(types), _rng()).as_array()
    assert_close("read-only types must give the same bids", again, wanted, tolerance=0.0)


def check_seeds_decide(policy: Policy) -> None:
    """The same types and seed give the same bids at any time, and the process stays as it is."""
    types = _types(policy)
    before = process_state()
    first = np.array(policy.bids(types, _rng()).as_array())
    policy.bids(types[::-1], _rng())
    again = policy.bids(types, _rng()).as_array()
    with shifted_clock(policy):
        later = policy.bids(types, _rng()).as_array()
    for array in (again, later):
        assert_close("the same types and seed must give the same bids", array, first, tolerance=0.0)
    assert_same_state("a policy", before, process_state())


def check_own_market_only(policy: Policy) -> None:
    """A market's bids depend on its own types only, also where the policy mixes."""
    types, others = _types(policy), _types(policy, seed=1)
    array = policy.bids(types, _rng()).as_array()
    for market in (0, len(types) - 1):
        changed = others.copy()
        changed[market] = types[market]
        assert_close(
            f"market {market}'s bids must not depend on the types in other markets",
            policy.bids(changed, _rng()).as_array()[market],
            array[market],
            tolerance=0.0,
        )


def check_batch_equals_loop(policy: Policy) -> None:
    """A batch of markets gets the bids that each of them gets alone, unless the policy mixes."""
    types = _types(policy)
    whole = policy.bids(types, _rng()).as_array()
    if not np.array_equal(whole, policy.bids(types, _rng(1)).as_array()):
        return
    for market in range(len(types)):
        alone = policy.bids(types[[market]], _rng()).as_array()
        rule = f"market {market} must get alone the bids that it gets in its batch"
        assert_close(rule, alone, whole[[market]])


def check_exact_bids(policy: Policy) -> None:
    """Exact bids, where there are any, are the bids in rational numbers."""
    types = _types(policy)
    try:
        exact = policy.exact_bids(rational(types))
    except NotImplementedError:
        return
    array = policy.bids(types, _rng()).as_array()
    coefficients = exact.coefficients.astype(np.float64)
    levels = exact.levels.astype(np.float64)
    numbers = np.concatenate(
        [np.broadcast_to(coefficients, (len(levels), *coefficients.shape)), levels[..., None]], -1
    )
    # Where the level stands among a bid's numbers depends on the language; sums do not.
    assert numbers.shape == array.shape, (
        f"exact bids must have the numbers of bids, got {numbers.shape} for {array.shape}"
    )
    for power in (1, 2):
        rule = "exact bids must be the bids in rational numbers"
        assert_close(rule, (numbers**power).sum(-1), (array**power).sum(-1), tolerance=1e-7)


def check_pickling(policy: Policy) -> None:
    """Sent to another process, the policy bids as it does here."""
    assert_pickles("a policy", policy)
    types = _types(policy)
    with Guard(ELSEWHERE_S) as guard:
        there = guard.run(_bids, policy, types)
    here = policy.bids(types, _rng()).as_array()
    assert_close("a policy must bid in another process as here", there, here)


def _bids(policy: Policy, types: Floats) -> Floats:
    return policy.bids(types, _rng()).as_array()


def _types(policy: Policy, seed: int = 0) -> Floats:
    return _law(policy).sample(np.random.default_rng(seed), MARKETS)


def _law(policy: Any) -> TypeDistribution:
    """Return the law of types that the policy is made for; standard Normal if it names none."""
    source: Any
    for source in (getattr(policy, "economy", None), getattr(policy, "information", None)):
        if hasattr(source, "types"):
            law: TypeDistribution = source.types()
            return law
    return standard_types(policy.n_traders)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)
