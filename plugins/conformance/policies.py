"""Checks of policies: how all traders bid, each from its own information."""

from functools import partial
from typing import Any

import numpy as np

from deviator.economies import TypeDistribution, standard_types
from deviator.mechanisms import Bids
from deviator.numerics.rational import rational
from deviator.policies import Policy
from deviator.validation import Floats

from .comparing import (
    assert_close,
    assert_own_types_decide,
    assert_text,
    assert_trader_count,
    assert_unchanged,
    in_another_process,
    locked,
)
from .process_state import assert_same_state, process_state, shifted_clock
from .trials import MARKETS


def check_settings(policy: Policy) -> None:
    """Name and number of traders are of the stated kinds."""
    assert_text("name", policy.name)
    assert_trader_count(policy.n_traders)


def check_bids(policy: Policy) -> None:
    """Bids are a finite record, one bid per trader and market."""
    types = _types(policy)
    bids = policy.bids(types, np.random.default_rng(0))
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
    rule = "trader {}'s bid must not depend on the others' types"
    types, others = _types(policy), _types(policy, seed=1)
    assert_own_types_decide(rule, partial(_bids, policy), types, others, axis=1)


def check_inputs_unchanged(policy: Policy) -> None:
    """Types are what they were, and may be read-only."""
    types = _types(policy)
    given = types.copy()
    wanted = _bids(policy, given)
    assert_unchanged("a policy must leave types alone", types, given)
    again = _bids(policy, locked(types))
    assert_close("read-only types must give the same bids", again, wanted, tolerance=0.0)


def check_seeds_decide(policy: Policy) -> None:
    """The same types and seed give the same bids at any time, and the process stays as it is."""
    types = _types(policy)
    before = process_state()
    first = np.array(_bids(policy, types))
    _bids(policy, types[::-1])
    again = _bids(policy, types)
    with shifted_clock(policy):
        later = _bids(policy, types)
    for array in (again, later):
        assert_close("the same types and seed must give the same bids", array, first, tolerance=0.0)
    assert_same_state("a policy", before, process_state())


def check_mixing(policy: Policy) -> None:
    """A policy that draws says so, and draws from the generator that it is given."""
    types = _types(policy)
    first, again = (np.array(_bids(policy, types)) for _ in range(2))
    rule = "a policy must draw from the generator that it is given alone"
    assert_close(rule, again, first, tolerance=0.0)
    if policy.mixes:
        return
    rule = "a policy that draws must say so: write mixes = True in its class"
    assert_close(rule, _bids(policy, types, seed=1), first, tolerance=0.0)
    alone = [policy.bids(types).as_array() for _ in range(2)]
    for array in alone:
        rule = "a policy that does not say that it draws must bid the same without a generator"
        assert_close(rule, array, first, tolerance=0.0)


def check_own_market_only(policy: Policy) -> None:
    """A market's bids depend on its own types only, also where the policy mixes."""
    rule = "market {}'s bids must not depend on the types in other markets"
    types, others = _types(policy), _types(policy, seed=1)
    assert_own_types_decide(rule, partial(_bids, policy), types, others, axis=0)


def check_batch_equals_loop(policy: Policy) -> None:
    """A batch of markets gets the bids that each of them gets alone, unless the policy mixes."""
    types = _types(policy)
    whole = _bids(policy, types)
    if not np.array_equal(whole, _bids(policy, types, seed=1)):
        return
    for market in range(len(types)):
        rule = f"market {market} must get alone the bids that it gets in its batch"
        assert_close(rule, _bids(policy, types[[market]]), whole[[market]])


def check_exact_bids(policy: Policy) -> None:
    """Exact bids, where there are any, are the bids in rational numbers."""
    types = _types(policy)
    try:
        exact = policy.exact_bids(rational(types))
    except NotImplementedError:
        return
    array = _bids(policy, types)
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
    types = _types(policy)
    there = in_another_process("a policy", _bids, policy, types)
    assert_close("a policy must bid in another process as here", there, _bids(policy, types))


def _bids(policy: Policy, types: Floats, seed: int = 0) -> Floats:
    return policy.bids(types, np.random.default_rng(seed)).as_array()


def _types(policy: Policy, seed: int = 0) -> Floats:
    """Draw types by the law that the policy is made for; standard Normal if it names none."""
    sources: list[Any] = [getattr(policy, name, None) for name in ("economy", "information")]
    laws = [source.types() for source in sources if hasattr(source, "types")]
    law: TypeDistribution = (laws or [standard_types(policy.n_traders)])[0]
    return law.sample(np.random.default_rng(seed), MARKETS)
