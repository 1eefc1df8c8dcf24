"""Checks of one batch: settings, honest bids, and the outcome that bids have."""

from typing import get_args

import numpy as np

from deviator.mechanisms import BidLanguage, Claim, Mechanism, Outcome
from deviator.mechanisms.lottery import drawn
from deviator.validation import Floats

from ..comparing import FIELDS, assert_close, assert_same_outcome, assert_text
from ..trials import economies_for, profiles, trials

CLEARING_TOLERANCE = 1e-9
"""Allowed sum of a market's quantities, relative to the largest of them."""

HONEST_MARKETS = 200
"""Honest markets among which there must be trade."""


def check_settings(mechanism: Mechanism) -> None:
    """Name, language, claims, draws, tax slope and precision are of the stated kinds."""
    language = mechanism.language
    assert_text("name", mechanism.name)
    assert isinstance(language, BidLanguage), f"language must be a BidLanguage, got {language!r}"
    unknown = set(mechanism.claims) - set(get_args(Claim))
    assert not unknown, (
        f"claims must be among {', '.join(get_args(Claim))}, got {', '.join(map(str, unknown))}"
    )
    draws = mechanism.draws
    whole = isinstance(draws, int) and not isinstance(draws, bool) and draws >= 0
    assert whole, f"draws must be a whole number from 0, got {draws!r}"
    tax = mechanism.tax_slope
    single = np.ndim(tax) == 0 and np.isfinite(tax)
    assert single and tax >= 0, f"tax_slope must be one non-negative number, got {tax}"
    precision = mechanism.precision
    number = isinstance(precision, float | int)
    assert number and 0 < precision < 1, (
        f"precision must be a number above 0 and below 1, got {precision!r}"
    )


def check_honest_bids(mechanism: Mechanism) -> None:
    """Honest bids are a finite record of the mechanism's language, one bid per trader."""
    for economy in economies_for(mechanism):
        types = profiles(economy, 3)
        bids = mechanism.honest_bids(economy, types)
        record = mechanism.language.record
        assert isinstance(bids, record), (
            f"honest_bids must return {record.__name__}, got {type(bids).__name__}"
        )
        wanted = (*types.shape, mechanism.language.size(economy.n_traders))
        assert bids.shape == wanted == bids.as_array().shape, (
            f"honest bids must have shape (B, N, K) = {wanted}, got {bids.shape}"
        )
        assert np.isfinite(bids.as_array()).all(), "honest bids must be finite, and are not"


def check_bids_survive_arrays(mechanism: Mechanism) -> None:
    """Bids and arrays of numbers say the same, one trader's numbers included."""
    for trial in trials(mechanism):
        array = trial.bids.as_array()
        again = trial.bids.from_array(array)
        assert_close("from_array must undo as_array", again.as_array(), array)
        for trader in range(array.shape[1]):
            rule = "of_trader must return the trader's numbers"
            assert_close(rule, trial.bids.of_trader(trader), array[:, trader])
        assert_same_outcome(
            "bids must clear as their arrays do",
            mechanism.clear(again),
            mechanism.clear(trial.bids),
        )


def check_outcome_shapes(mechanism: Mechanism) -> None:
    """Outcomes have a price per market or trader, and a quantity and transfer per trader."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        assert isinstance(outcome, Outcome), (
            f"clear must return an Outcome, got {type(outcome).__name__}"
        )
        batch, n = trial.types.shape
        slope = np.shape(outcome.residual_slope)
        assert slope == (batch, n), f"residual_slope must have shape {(batch, n)}, got {slope}"
        each: list[tuple[int, ...]] = [(batch,)]
        per_trader: list[tuple[int, ...]] = [(batch, n)]
        shapes = (each + per_trader, per_trader, per_trader, each, each, each)
        for field, allowed in zip(FIELDS, shapes, strict=True):
            shape = np.shape(getattr(outcome, field))
            wanted = " or ".join(map(str, allowed))
            assert shape in allowed, f"{field} must have shape {wanted}, got {shape}"
        for field in ("price", "quantity", "transfer", "outside"):
            dtype = getattr(outcome, field).dtype
            assert dtype.kind == "f", f"{field} must be of float, got {dtype}"
        for field in ("traded", "converged"):
            dtype = np.asarray(getattr(outcome, field)).dtype
            assert dtype.kind == "b", f"{field} must be of bool, got {dtype}"


def check_finite(mechanism: Mechanism) -> None:
    """Quantities and transfers are finite everywhere, prices wherever there is trade."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for field in ("quantity", "transfer", "outside"):
            assert_finite(field, getattr(outcome, field), trial.where)
        assert_finite("price", outcome.price[outcome.traded], trial.where)
        assert outcome.converged.all(), f"every market must be solved {trial.where}, one is not"


def assert_finite(field: str, values: Floats, where: str) -> None:
    """Assert that values (B, ...) of a field are finite in the markets that are described."""
    bad = ~np.isfinite(values)
    assert not bad.any(), (
        f"{field} must be finite, got {values[bad][0]} in market {np.argwhere(bad)[0][0]} {where}"
    )


def check_market_clears(mechanism: Mechanism) -> None:
    """Quantities, with what somebody outside receives, sum to 0 in every market."""
    for trial in trials(mechanism):
        assert_clears(mechanism.clear(trial.bids), trial.where)


def assert_clears(outcome: Outcome, where: str) -> None:
    """Assert that quantities sum to 0 with what goes outside, in the markets that are described."""
    excess = np.abs(outcome.excess)
    beyond = excess - outcome.clearing_error(CLEARING_TOLERANCE)
    market = int(beyond.argmax())
    assert beyond[market] <= 0, (
        f"quantities must sum to 0, with what somebody outside receives, got "
        f"{excess[market]:.6g} in market {market} {where}"
    )


def check_honest_markets_trade(mechanism: Mechanism) -> None:
    """Somebody trades in some market where everybody is honest, with some lots if there are any."""
    rule = mechanism
    if mechanism.draws:
        lots = np.random.default_rng(0).random((HONEST_MARKETS, mechanism.draws))
        rule = drawn(mechanism, lots)
    for economy in economies_for(mechanism):
        bids = mechanism.honest_bids(economy, profiles(economy, HONEST_MARKETS))
        traded = rule.clear(bids).quantity.any()
        assert traded, f"a rule must let honest traders trade, and nobody did in {economy.name}"


def check_autarky_is_empty(mechanism: Mechanism) -> None:
    """Markets marked as not trading have no quantities and no transfers."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for field in ("quantity", "transfer", "outside"):
            values = getattr(outcome, field)[~outcome.traded]
            assert not values.any(), (
                f"{field} must be 0 in a market that does not trade, got "
                f"{np.abs(values).max():.6g} {trial.where}"
            )
