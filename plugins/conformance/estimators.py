"""Checks of regret estimators: the rules to be kept before a small regret is believed.

The mistakes that they catch have been made. A widely used library tiles candidate bids in one order
and the values that they are evaluated at in another, so that its regret is wrong for every batch
larger than one; regrets reported for learned auctions were several hundred times too low.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.economies import Economy, private_values, two_groups
from deviator.evidence.regret import RegretEstimator
from deviator.mechanisms import Mechanism, NaiveWalrasian, SigmaDCDA, UniformConditional
from deviator.validation import Floats

from .comparing import assert_close, assert_unchanged
from .process_state import assert_same_state, process_state
from .trials import profiles

BATCHES = (1, 2, 3, 8, 33)
"""Batch sizes at which a batch is compared with a loop; no two profiles of a batch are alike."""

LARGE = 300
"""A batch that is compared with its parts."""

SAME = 1e-9
"""Allowed difference between estimates that should be equal, relative to the largest one.

Larger than that of a single formula: roundings add up over a whole search.
"""

LEAST_SHARE = 0.9
"""Share of a known regret that an estimator must find on average."""


@final
@dataclass(frozen=True, eq=False)
class KnownMarket:
    """A market whose regret is known in closed form."""

    mechanism: Mechanism
    economy: Economy
    source: str

    def types(self, batch: int) -> Floats:
        """Draw profiles."""
        return profiles(self.economy, batch, seed=4)


def check_shape_and_sign(estimator: RegretEstimator) -> None:
    """Regrets are finite and never negative, one per profile."""
    for market in known_markets():
        types = market.types(5)
        regret = np.asarray(_regret(estimator, market, types))
        assert regret.shape == (5,), f"regret must have shape (5,), got {regret.shape}"
        assert np.isfinite(regret).all(), "regret must be finite, and is not"
        assert (regret >= 0).all(), f"regret must not be negative, got {regret.min():.6g}"


def check_batch_equals_loop(estimator: RegretEstimator) -> None:
    """A batch of profiles that differ has the regrets that each of them has alone."""
    for market in known_markets():
        for batch, trader in zip(BATCHES, (0, 1, 0, 2, 1), strict=True):
            types = market.types(batch)
            alone = [_regret(estimator, market, row[None], trader)[0] for row in types]
            rule = f"a batch of {batch} must have the regrets of its profiles one by one"
            assert_close(rule, _regret(estimator, market, types, trader), alone, tolerance=SAME)
        types = market.types(LARGE)
        parts = [_regret(estimator, market, part) for part in np.split(types, [33, 40, 150])]
        rule = f"a batch of {LARGE} must have the regrets of its parts"
        assert_close(rule, _regret(estimator, market, types), np.concatenate(parts), tolerance=SAME)


def check_order_of_profiles(estimator: RegretEstimator) -> None:
    """Profiles in another order have their regrets in that order."""
    for market in known_markets():
        types = market.types(8)
        regret = _regret(estimator, market, types)
        turned = _regret(estimator, market, types[::-1].copy())
        assert_close("regrets must move with their profiles", turned, regret[::-1], tolerance=SAME)


def check_finds_what_there_is(estimator: RegretEstimator) -> None:
    """Where the regret is known, the estimate is near it, and an exact one equals it."""
    for market in known_markets():
        types = market.types(33)
        known, estimate = known_regret(market, types), _regret(estimator, market, types)
        if estimator.exact:
            rule = f"an exact regret must be {market.source}"
            assert_close(rule, estimate, known, tolerance=SAME)
        share = float(estimate.sum() / known.sum())
        assert share >= LEAST_SHARE, (
            f"an estimate must find most of what there is ({market.source}), got {share:.1%}"
        )


def check_never_above_the_regret(estimator: RegretEstimator) -> None:
    """Where the regret is known, no estimate is above it: bids can attain what was found."""
    for market in known_markets():
        types = market.types(33)
        known, estimate = known_regret(market, types), _regret(estimator, market, types)
        profile = int((estimate - known).argmax())
        assert estimate[profile] - known[profile] <= SAME * known.max(), (
            f"an estimate must not be above the regret ({market.source}), got "
            f"{estimate[profile]:.6g} for {known[profile]:.6g} at profile {profile}"
        )


def check_nothing_where_honesty_is_best(estimator: RegretEstimator) -> None:
    """In the sigma-DCDA the regret is 0 (Proposition 3)."""
    economy = two_groups(4, alpha=1.0, beta=0.5, slope=1.3)
    market = KnownMarket(SigmaDCDA(0.4), economy, "Proposition 3")
    types = market.types(9)
    estimate = _regret(estimator, market, types)
    size = float(np.abs(economy.utility(economy.efficient_allocation(types), types)).max())
    assert estimate.max() <= SAME * size, (
        f"regret must be 0 where honesty is best, got {estimate.max():.6g}"
    )


def check_units(estimator: RegretEstimator) -> None:
    """Regret is money: it moves with the units of price times those of quantity."""
    price, quantity = 1.5, 0.4
    # A search takes the usual size of bids from the law of types, which keeps units of its own.
    tolerance = SAME if estimator.exact else 1 - LEAST_SHARE
    for market in known_markets():
        types = market.types(8)
        restated = KnownMarket(
            market.mechanism.rescaled(price, quantity),
            market.economy.rescaled(price, quantity),
            market.source,
        )
        assert_close(
            "estimates must be in units of money",
            _regret(estimator, restated, types * price),
            _regret(estimator, market, types) * (price * quantity),
            tolerance=tolerance,
        )


def check_inputs_unchanged(estimator: RegretEstimator) -> None:
    """Types are what they were, and the process stays as it is."""
    before = process_state()
    for market in known_markets():
        types = market.types(5)
        given = types.copy()
        _regret(estimator, market, given)
        assert_unchanged("an estimator must leave types alone", types, given)
        given.setflags(write=False)
        _regret(estimator, market, given)
    assert_same_state("an estimator", before, process_state())


def check_same_result_twice(estimator: RegretEstimator) -> None:
    """The same profiles have the same regrets, bit for bit."""
    for market in known_markets():
        types = market.types(5)
        first = np.array(_regret(estimator, market, types))
        again = _regret(estimator, market, types)
        assert_close("the same profiles must have the same regrets", again, first, tolerance=0.0)


def known_markets() -> tuple[KnownMarket, ...]:
    """Return markets with positive regrets that are known in closed form."""
    private = private_values(4, alpha=1.0, slope=2.0)
    groups = two_groups(4, alpha=1.0, beta=0.5, slope=1.3)
    return (
        KnownMarket(NaiveWalrasian(private), private, "d^2 (N-1) / (4 N^2 (N+1)), footnote 28"),
        KnownMarket(UniformConditional(), groups, "k^2 q^2 / (2 (mu + 2 k)), from the menu"),
    )


def known_regret(market: KnownMarket, types: Floats) -> Floats:
    """Return the first trader's regret by the closed form, shape (B,)."""
    if isinstance(market.mechanism, NaiveWalrasian):
        n = types.shape[1]
        distance = types[:, 0] - types[:, 1:].mean(axis=1)
        return np.asarray(distance**2 * (n - 1) / (4 * n**2 * (n + 1)))
    outcome = market.mechanism.clear(market.mechanism.honest_bids(market.economy, types))
    slope, bend = outcome.residual_slope[:, 0], 1.3
    return np.asarray(slope**2 * outcome.quantity[:, 0] ** 2 / (2 * (bend + 2 * slope)))


def _regret(estimator: RegretEstimator, market: KnownMarket, types: Floats, trader: int = 0) -> Any:
    return estimator.regret(market.mechanism, market.economy, types, trader)
