"""Checks of mechanisms: what every market rule keeps, whatever it is."""

import copy
import pickle
import sys
from typing import Any, get_args

import numpy as np

from deviator.errors import DeviatorError, RefusedError
from deviator.mechanisms import BidLanguage, Bids, Claim, LineMenu, Mechanism, Menu, Outcome
from deviator.mechanisms.chunking import CHUNK
from deviator.validation import Floats

from ..guard import Guard
from .comparing import (
    FIELDS,
    RESTATES,
    arrays_in,
    assert_close,
    assert_same_outcome,
    assert_untouched,
    joined,
    locked,
    part_of,
    renumbered,
    repeated,
    restated,
    taken,
)
from .process_state import process_state, shifted_clock
from .trials import Trial, economies_for, profiles, trials

ELSEWHERE_S = 60
"""Seconds that clearing a few markets in another process may take."""

UNITS = ((7.3, 0.031), (1e-6, 1e5))
"""Factors of price and quantity under which a market must stay the same."""

CLEARS = 1e-9
"""How far quantities may be from summing to 0, of the largest."""

TRADING = 200
"""Honest markets among which there must be trade."""

REACHES = 1e-7
"""How far a bid may end from the point of the menu that it is for, of the largest value."""


def check_settings(mechanism: Mechanism) -> None:
    """Name, language, claims and tax slope are of the stated kinds."""
    name, language = mechanism.name, mechanism.language
    assert isinstance(name, str) and name, f"name must be a text, got {name!r}"
    assert isinstance(language, BidLanguage), f"language must be a BidLanguage, got {language!r}"
    unknown = set(mechanism.claims) - set(get_args(Claim))
    assert not unknown, (
        f"claims must be among {', '.join(get_args(Claim))}, got {', '.join(map(str, unknown))}"
    )
    tax = mechanism.tax_slope
    assert np.isfinite(tax) and tax >= 0, f"tax_slope must be a non-negative number, got {tax}"


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
        for field, allowed in zip(
            FIELDS, (each + per_trader, per_trader, per_trader, each, each), strict=True
        ):
            found = np.shape(getattr(outcome, field))
            wanted = " or ".join(map(str, allowed))
            assert found in allowed, f"{field} must have shape {wanted}, got {found}"
        for field in ("price", "quantity", "transfer"):
            dtype = getattr(outcome, field).dtype
            assert dtype.kind == "f", f"{field} must be of float, got {dtype}"
        for field in ("traded", "converged"):
            dtype = np.asarray(getattr(outcome, field)).dtype
            assert dtype.kind == "b", f"{field} must be of bool, got {dtype}"


def check_finite(mechanism: Mechanism) -> None:
    """Quantities and transfers are finite everywhere, prices wherever there is trade."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for field in ("quantity", "transfer"):
            _assert_finite(field, getattr(outcome, field), trial)
        _assert_finite("price", outcome.price[outcome.traded], trial)
        assert outcome.converged.all(), f"every market must be solved {trial.where}, one is not"


def _assert_finite(field: str, values: Floats, trial: Trial) -> None:
    bad = ~np.isfinite(values)
    assert not bad.any(), (
        f"{field} must be finite, got {values[bad][0]} in market {np.argwhere(bad)[0][0]} "
        f"{trial.where}"
    )


def check_market_clears(mechanism: Mechanism) -> None:
    """Quantities sum to 0 in every market."""
    for trial in trials(mechanism):
        quantity = mechanism.clear(trial.bids).quantity
        excess = np.abs(quantity.sum(axis=1))
        allowed = CLEARS * np.abs(quantity).max(axis=1)
        market = int((excess - allowed).argmax())
        assert excess[market] <= allowed[market], (
            f"quantities must sum to 0, got {quantity.sum(axis=1)[market]:.6g} in market {market} "
            f"{trial.where}"
        )


def check_honest_markets_trade(mechanism: Mechanism) -> None:
    """Somebody trades in some market where everybody is honest."""
    for economy in economies_for(mechanism):
        bids = mechanism.honest_bids(economy, profiles(economy, TRADING))
        traded = mechanism.clear(bids).quantity.any()
        assert traded, f"a rule must let honest traders trade, and nobody did in {economy.name}"


def check_autarky_is_empty(mechanism: Mechanism) -> None:
    """Markets that are said not to trade have no quantities and no transfers."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for field in ("quantity", "transfer"):
            values = getattr(outcome, field)[~outcome.traded]
            assert not values.any(), (
                f"{field} must be 0 in a market that does not trade, got "
                f"{np.abs(values).max():.6g} {trial.where}"
            )


def check_inputs_unchanged(mechanism: Mechanism) -> None:
    """Types and bids are what they were after honest_bids, clear, clear_deviations and menu."""
    for trial in trials(mechanism):
        types, bids = trial.types.copy(), copy.deepcopy(trial.bids)
        mechanism.honest_bids(trial.economy, types)
        assert_untouched("honest_bids must leave types alone", trial.types, types)
        candidates = _candidates(mechanism, bids, 0)
        kept = candidates.copy()
        for call, arguments in _calls(mechanism, bids, candidates):
            call(*arguments)
            assert_untouched(f"{call.__name__} must leave bids alone", trial.bids, bids)
            assert_untouched(f"{call.__name__} must leave candidates alone", kept, candidates)


def check_read_only_inputs(mechanism: Mechanism) -> None:
    """Bids and types that cannot be written to give what writable ones do."""
    for trial in trials(mechanism):
        mechanism.honest_bids(trial.economy, locked(trial.types))
        bids = locked(trial.bids)
        assert_same_outcome(
            "read-only bids must clear as others do",
            mechanism.clear(bids),
            mechanism.clear(trial.bids),
        )
        for call, arguments in _calls(mechanism, bids, locked(_candidates(mechanism, bids, 0))):
            call(*arguments)


def _calls(mechanism: Mechanism, bids: Bids, candidates: Floats) -> list[tuple[Any, Any]]:
    return [
        (mechanism.clear, (bids,)),
        (mechanism.clear_deviations, (bids, 0, candidates)),
        (mechanism.menu, (bids, 0)),
    ]


def check_same_result_twice(mechanism: Mechanism) -> None:
    """The same bids give the same outcome, bit for bit, at any time and in any order."""
    for trial in trials(mechanism):
        first = copy.deepcopy(mechanism.clear(trial.bids))
        mechanism.clear(taken(trial.bids, slice(None, None, -1)))
        again = mechanism.clear(trial.bids)
        with shifted_clock(mechanism):
            later = mechanism.clear(trial.bids)
        for rule, outcome in (
            ("the same bids must clear the same again", again),
            ("the same bids must clear the same at another time", later),
        ):
            assert_same_outcome(rule, outcome, first, tolerance=0.0)


def check_fresh_outcomes(mechanism: Mechanism) -> None:
    """Writing into an outcome changes neither the bids nor another outcome."""
    for trial in trials(mechanism):
        bids = copy.deepcopy(trial.bids)
        first = mechanism.clear(bids)
        wanted = copy.deepcopy(first)
        for field in FIELDS:
            values = getattr(first, field)
            if values.flags.writeable:
                values[...] = 1
        assert_untouched("outcomes must not share memory with bids", trial.bids, bids)
        rule = "outcomes must not share memory with each other"
        assert_same_outcome(rule, mechanism.clear(bids), wanted, tolerance=0.0)


def check_keeps_no_state(mechanism: Mechanism) -> None:
    """Settings are after use what they were before."""
    before = _state(mechanism)
    for trial in trials(mechanism):
        for call, arguments in _calls(mechanism, trial.bids, _candidates(mechanism, trial.bids, 0)):
            call(*arguments)
    after = _state(mechanism)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    assert not changed, f"a mechanism must keep no state, and {', '.join(changed)} changed in use"


def _state(mechanism: Mechanism) -> dict[str, str]:
    """Return an object's attributes, and the plain ones of its class and module, as text."""
    own = {name: repr(value) for name, value in getattr(mechanism, "__dict__", {}).items()}
    plain = (int, float, str, list, dict, set, np.ndarray)
    module = sys.modules.get(type(mechanism).__module__)
    return own | {
        name: repr(value)
        for owner in (type(mechanism), module)
        for name, value in vars(owner).items()
        if isinstance(value, plain) and not name.startswith("__")
    }


def check_leaves_the_process_alone(mechanism: Mechanism) -> None:
    """Random states, error handling, warning filters and environment stay as they are."""
    for trial in trials(mechanism):
        before = process_state()
        for call, arguments in _calls(mechanism, trial.bids, _candidates(mechanism, trial.bids, 0)):
            call(*arguments)
        for name, value in process_state().items():
            assert value == before[name], f"a mechanism must leave {name} alone, and changed it"


def check_batch_equals_loop(mechanism: Mechanism) -> None:
    """A batch of markets clears as each of them does alone."""
    for trial in trials(mechanism):
        whole = mechanism.clear(trial.bids)
        for market in range(len(trial.types)):
            alone = mechanism.clear(taken(trial.bids, [market]))
            rule = f"market {market} must clear alone as in its batch {trial.where}"
            assert_same_outcome(rule, alone, part_of(whole, [market]))


def check_honest_bids_of_a_batch(mechanism: Mechanism) -> None:
    """A batch of markets has the honest bids that each of them has alone."""
    for economy in economies_for(mechanism):
        types = profiles(economy, CHUNK + 1)
        whole = mechanism.honest_bids(economy, types).as_array()
        for market in (0, 1, CHUNK - 1, CHUNK):
            alone = mechanism.honest_bids(economy, types[[market]]).as_array()
            rule = f"market {market} must have alone the honest bids that it has in its batch"
            assert_close(rule, alone, whole[[market]])


def check_deviations_of_a_batch(mechanism: Mechanism) -> None:
    """A batch of markets has the deviations and the menu that each of them has alone."""
    for trial in trials(mechanism, corners=False):
        bids = repeated(trial.bids, CHUNK + 1)
        candidates = _candidates(mechanism, bids, 0)
        whole = mechanism.clear_deviations(bids, 0, candidates)
        menu = mechanism.menu(bids, 0)
        for market in (0, 1, CHUNK - 1, CHUNK):
            alone = taken(bids, [market])
            found = mechanism.clear_deviations(alone, 0, candidates[[market]])
            for field in ("quantity", "transfer"):
                rule = f"market {market} must have alone the deviations that it has in its batch"
                got, want = getattr(found, field), getattr(whole, field)
                assert_close(rule, got[0], want[market], size=float(np.abs(want).max()))
            for name, values in arrays_in(menu) if menu is not None else ():
                single = dict(arrays_in(mechanism.menu(alone, 0)))[name]
                rule = f"market {market} must have alone the menu that it has in its batch"
                assert_close(rule, single[0], values[market], size=_largest(values))


def _largest(values: Floats) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def check_chunk_boundaries(mechanism: Mechanism) -> None:
    """Batches around the size of a chunk clear as their parts do."""
    for trial in trials(mechanism, corners=False):
        for batch in (CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3):
            bids = repeated(trial.bids, batch)
            cuts = [slice(0, 5), slice(5, 100), slice(100, batch)]
            parts = joined([mechanism.clear(taken(bids, cut)) for cut in cuts])
            rule = f"a batch of {batch} must clear as its parts {trial.where}"
            assert_same_outcome(rule, mechanism.clear(bids), parts)


def check_relabelling(mechanism: Mechanism) -> None:
    """Renumbered traders get what they got before."""
    for trial in trials(mechanism, corners=False):
        n = trial.types.shape[1]
        for order in ([*range(1, n), 0], [1, 0, *range(2, n)]):
            rule = mechanism.relabelled(order)
            assert_same_outcome(
                f"traders renumbered {order} must get what they got before {trial.where}",
                rule.clear(trial.bids.relabelled(order)),
                renumbered(mechanism.clear(trial.bids), order),
            )


def check_units(mechanism: Mechanism) -> None:
    """Other units of money and quantity describe the same market."""
    for trial in trials(mechanism):
        outcome = mechanism.clear(trial.bids)
        for price, quantity in UNITS:
            rule = mechanism.rescaled(price, quantity)
            assert_same_outcome(
                f"a market in units of {price:g} (price) and {quantity:g} (quantity) must be the "
                f"same, so {RESTATES}, {trial.where}",
                rule.clear(trial.bids.rescaled(price, quantity)),
                restated(outcome, price, quantity),
            )
            _assert_honest_in_units(mechanism, trial, price, quantity)


def _assert_honest_in_units(
    mechanism: Mechanism, trial: Trial, price: float, quantity: float
) -> None:
    """Assert that honest traders bid the same in other units; types are values, in money."""
    try:
        economy = trial.economy.rescaled(price, quantity)
    except RefusedError:
        return
    rule = mechanism.rescaled(price, quantity)
    # A bid may be written in several ways: what counts is where honest bids lead.
    assert_same_outcome(
        f"honest traders must bid the same in units of {price:g} and {quantity:g}, so {RESTATES}, "
        f"{trial.where}",
        rule.clear(rule.honest_bids(economy, trial.types * price)),
        restated(
            mechanism.clear(mechanism.honest_bids(trial.economy, trial.types)), price, quantity
        ),
    )


def check_own_type_only(mechanism: Mechanism) -> None:
    """An honest bid uses the own type only."""
    for economy in economies_for(mechanism):
        types = profiles(economy, 5)
        others = profiles(economy, 5, seed=1)
        bids = mechanism.honest_bids(economy, types)
        for trader in range(types.shape[1]):
            changed = others.copy()
            changed[:, trader] = types[:, trader]
            assert_close(
                f"trader {trader}'s honest bid must not depend on the others' types",
                mechanism.honest_bids(economy, changed).of_trader(trader),
                bids.of_trader(trader),
                tolerance=0.0,
            )


def check_deviations_equal_clearing(mechanism: Mechanism) -> None:
    """clear_deviations gives what clearing each deviation afresh does."""
    for trial in trials(mechanism):
        for trader in range(trial.types.shape[1]):
            candidates = _candidates(trial.mechanism, trial.bids, trader)
            fast = mechanism.clear_deviations(trial.bids, trader, candidates)
            fresh = mechanism.clear(trial.bids.with_candidates(trader, candidates))
            for field in ("quantity", "transfer"):
                assert_close(
                    f"clear_deviations must agree with clear in {field} {trial.where}",
                    getattr(fast, field).ravel(),
                    getattr(fresh, field)[:, trader],
                    tolerance=CLEARS,
                )


def _candidates(mechanism: Mechanism, bids: Bids, trader: int) -> Floats:
    """Return one trader's present bid and, as far as he may, the others' bids, shape (B, N, K)."""
    array = bids.as_array()
    own, others = array[:, trader], np.delete(array, trader, axis=1)
    return np.concatenate([own[:, None], mechanism.allowed_bids(trader, others, own)], axis=1)


def check_menu_agrees_with_clearing(mechanism: Mechanism) -> None:
    """No bid pays less than the menu says for its quantity, and menu_bid pays just that."""
    for trial in trials(mechanism, corners=False):
        menus = [mechanism.menu(trial.bids, trader) for trader in range(trial.types.shape[1])]
        known = [menu is not None for menu in menus]
        assert all(known) or not any(known), (
            f"a rule must state the menus of all traders or of none, and leaves out that of trader "
            f"{known.index(False)} {trial.where}"
        )
        for trader, menu in enumerate(menus):
            if menu is None:
                continue
            assert isinstance(menu, Menu), (
                f"menu must return a LineMenu, a FiniteMenu or None, got {type(menu).__name__}"
            )
            _assert_no_bid_is_cheaper(trial, trader, menu)
            _assert_menu_is_reached(trial, trader, menu)


def _assert_no_bid_is_cheaper(trial: Trial, trader: int, menu: Menu) -> None:
    candidates = _candidates(trial.mechanism, trial.bids, trader)
    found = trial.mechanism.clear_deviations(trial.bids, trader, candidates)
    size = _money(found.transfer)
    for place in range(candidates.shape[1]):
        quantity, paid = found.quantity[:, place], found.transfer[:, place]
        least = menu.payment(quantity)
        short = np.where(found.traded[:, place], least - paid, 0.0)
        market = int(short.argmax())
        assert short[market] <= REACHES * size, (
            f"no bid may pay less than the menu, trader {trader} pays {paid[market]:.9g} for "
            f"{quantity[market]:.6g} units and the menu says {least[market]:.9g} {trial.where}"
        )
        if place == 0 and isinstance(menu, LineMenu):
            rule = f"trader {trader}'s present bid must pay the menu and its excess {trial.where}"
            assert_close(rule, paid, least + menu.excess, tolerance=REACHES, size=size)


def _assert_menu_is_reached(trial: Trial, trader: int, menu: Menu) -> None:
    mechanism, bids = trial.mechanism, trial.bids
    for wanted in menu.samples(mechanism.clear(bids).quantity[:, trader]):
        bid = mechanism.menu_bid(bids, trader, wanted)
        reached = mechanism.clear_deviations(bids, trader, bid[:, None])
        quantity, paid = reached.quantity[:, 0], reached.transfer[:, 0]
        units, size = float(np.abs(wanted).max()), _money(reached.transfer)
        rule = f"menu_bid must reach the quantity that trader {trader} wants {trial.where}"
        assert_close(rule, quantity, wanted, tolerance=REACHES, size=units or 1.0)
        rule = f"menu_bid must pay what trader {trader}'s menu says {trial.where}"
        assert_close(rule, paid, menu.payment(wanted), tolerance=REACHES, size=size)


def _money(transfer: Floats) -> float:
    return float(np.abs(transfer).max()) or 1.0


def check_pickling(mechanism: Mechanism) -> None:
    """Sent to another process, the mechanism clears as it does here."""
    try:
        pickle.dumps(mechanism)
    except Exception as error:
        raise AssertionError(
            f"a mechanism must pickle, to be used by worker processes, got {error}"
        ) from None
    trial = next(trials(mechanism))
    here = mechanism.clear(trial.bids)
    with Guard(ELSEWHERE_S) as guard:
        there = guard.run(_clear, mechanism, trial.bids)
    assert_same_outcome("a mechanism must clear in another process as here", there, here)


def _clear(mechanism: Mechanism, bids: Bids) -> Outcome:
    return mechanism.clear(bids)


def check_refuses_bids_that_are_no_numbers(mechanism: Mechanism) -> None:
    """Bids that are NaN or infinite are errors, never an outcome."""
    for trial in trials(mechanism, corners=False):
        sound = trial.bids.as_array()
        for trader, number in np.ndindex(sound.shape[1:]):
            for value in (np.nan, np.inf):
                array = sound.copy()
                array[-1, trader, number] = value
                try:
                    mechanism.clear(trial.bids.from_array(array))
                except DeviatorError:
                    continue
                raise AssertionError(
                    f"bids must be finite, and {value} was accepted as number {number} of trader "
                    f"{trader}'s bid {trial.where}"
                )


CORE = (
    check_settings,
    check_honest_bids,
    check_bids_survive_arrays,
    check_outcome_shapes,
    check_finite,
    check_market_clears,
    check_honest_markets_trade,
    check_autarky_is_empty,
    check_inputs_unchanged,
    check_read_only_inputs,
    check_same_result_twice,
    check_fresh_outcomes,
    check_keeps_no_state,
    check_leaves_the_process_alone,
    check_batch_equals_loop,
    check_honest_bids_of_a_batch,
    check_deviations_of_a_batch,
    check_chunk_boundaries,
    check_relabelling,
    check_units,
    check_own_type_only,
    check_deviations_equal_clearing,
    check_menu_agrees_with_clearing,
    check_pickling,
    check_refuses_bids_that_are_no_numbers,
)
"""The checks that every mechanism passes; their names are part of the public interface."""
