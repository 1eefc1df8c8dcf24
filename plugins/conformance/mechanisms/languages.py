"""Checks of bid languages and clearings, whoever wrote them."""

from typing import Any, get_args, get_type_hints

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import BidLanguage, Bids, Mechanism, ResidualLineMechanism
from deviator.mechanisms.exact import RationalBids, RationalEconomy
from deviator.numerics.rational import rational
from deviator.validation import Floats

from ..comparing import assert_close, assert_text, bids_of_markets
from ..trials import candidate_bids, economies_for, profiles, trials

READS = get_args(get_args(get_type_hints(BidLanguage)["reads"])[0])
"""What a bid may condition on."""

FACTORS = (7.3, 0.031)
"""Factors of price and quantity, and back."""

LINE_TOLERANCE = 1e-7
"""Allowed distance of a deviation's price from the residual line, relative to the largest."""

EXACT_TOLERANCE = 1e-9
"""Allowed distance of doubles from exact numbers, relative to the largest."""


def check_language(mechanism: Mechanism) -> None:
    """The language names its record, level, size and what bids read; its ranges are positive."""
    language = mechanism.language
    assert_text("the language's name", language.name)
    assert issubclass(language.record, Bids), (
        f"record must be a class of Bids, got {language.record.__name__}"
    )
    assert language.reads in READS, (
        f"reads must be one of {', '.join(READS)}, got {language.reads!r}"
    )
    for economy in economies_for(mechanism):
        size, level = language.size(economy.n_traders), language.level
        assert isinstance(size, int) and size >= 1, f"size must be a number from 1, got {size!r}"
        assert isinstance(level, int) and -size <= level < size, (
            f"level must be the index of one of a bid's {size} numbers, got {level!r}"
        )
        types = profiles(economy, 5)
        bid = mechanism.honest_bids(economy, types).as_array().mean(axis=0)
        for own in bid:
            quantity = np.ones(economy.n_traders)
            ranges = np.asarray(language.coordinate_ranges(1.0, 1.0, quantity, own))
            assert ranges.shape == (size,), (
                f"coordinate_ranges must be {size} numbers, got shape {ranges.shape}"
            )
            assert np.isfinite(ranges).all() and (ranges > 0).all(), (
                f"coordinate_ranges must be finite and positive, got {ranges.tolist()}"
            )


def check_record_operations(mechanism: Mechanism) -> None:
    """Records renumber, restate, pick and tile the numbers that their arrays hold."""
    for trial in trials(mechanism, corners=False):
        bids, array = trial.bids, trial.bids.as_array()
        batch, n, size = array.shape
        order = [*range(1, n), 0]
        back = [order.index(trader) for trader in range(n)]
        level = mechanism.language.level
        renumbered = bids.relabelled(order).as_array()[..., level]
        rule = "the levels of bids that are relabelled must be in the new order"
        assert_close(f"{rule} {trial.where}", renumbered, array[:, order, level])
        price, quantity = FACTORS
        same = (
            ("relabelled twice, back again", bids.relabelled(order).relabelled(back), array),
            ("rescaled and back", bids.rescaled(*FACTORS).rescaled(1 / price, 1 / quantity), array),
            ("of_markets", bids.of_markets(slice(1, 3)), array[1:3]),
        )
        for name, record, wanted in same:
            rule = f"bids that are {name} must hold the numbers of the array so treated"
            assert_close(f"{rule} {trial.where}", record.as_array(), wanted)
        tiled = np.repeat(array, 2, axis=0).reshape(batch, 2, n, size)
        tiled[:, :, 0] = array[:, [0, 1]]
        got = bids.with_candidates(0, array[:, [0, 1]]).as_array().reshape(tiled.shape)
        assert_close("with_candidates must put each candidate in the trader's place", got, tiled)


def check_exact_honest_bids(mechanism: Mechanism) -> None:
    """Exact honest bids, where there are any, are the honest bids in rational numbers."""
    language = mechanism.language
    for economy in economies_for(mechanism):
        if not isinstance(economy, QuadraticEconomy):
            continue
        types = profiles(economy, 3)
        exact = _exact_honest_bids(language, economy, types, mechanism.tax_slope)
        if exact is None:
            continue
        levels, others = exact
        array = language.honest_bids(economy, types, mechanism.tax_slope).as_array()
        rule = f"exact_honest_bids must be honest_bids in rational numbers in {economy.name}"
        place = language.level % array.shape[2]
        assert_close(rule, levels, array[..., place], tolerance=EXACT_TOLERANCE)
        rest = np.delete(array, place, axis=2)
        wide = np.broadcast_to(others, rest.shape)
        assert_close(rule, wide, rest, tolerance=EXACT_TOLERANCE)


def _exact_honest_bids(
    language: BidLanguage, economy: QuadraticEconomy, types: Floats, tax_slope: float
) -> tuple[Floats, Floats] | None:
    """Return levels (M, N) and other numbers (N, K - 1) as floats; None where none are exact."""
    try:
        exact = language.exact_honest_bids(
            RationalEconomy.of(economy), rational(types), rational([tax_slope])[0]
        )
    except (RefusedError, NotImplementedError):
        return None
    return exact.levels.astype(float), exact.coefficients.astype(float)


def check_residual_lines(mechanism: Mechanism) -> None:
    """Whatever a trader bids, price and quantity lie on the residual line that clearing states."""
    if not isinstance(mechanism, ResidualLineMechanism):
        return
    for trial in trials(mechanism, corners=False):
        solution = mechanism.clearing.solve(trial.bids)
        for trader in range(trial.types.shape[1]):
            candidates = candidate_bids(mechanism, trial.bids, trader)
            found = mechanism.clearing.solve_deviations(trial.bids, trader, candidates)
            known = found.regular & solution.regular[:, None]
            slope = solution.residual_slope[:, trader, None]
            moved = found.quantity - solution.quantity[:, trader, None]
            line = solution.price[:, None] + slope * moved
            rule = (
                f"residual_slope must be that of the prices that trader {trader}'s bids lead to "
                f"{trial.where}"
            )
            prices = np.where(known, found.price, 0.0)
            assert_close(rule, prices, np.where(known, line, 0.0), tolerance=LINE_TOLERANCE)


def check_exact_clearing(mechanism: Mechanism) -> None:
    """Exact clearing, where there is one, gives what clearing in doubles does."""
    if not isinstance(mechanism, ResidualLineMechanism):
        return
    for trial in trials(mechanism, corners=False):
        array = trial.bids.as_array()
        place = mechanism.language.level % array.shape[2]
        for market in range(2):
            others = rational(np.delete(array[market], place, axis=1))
            levels = rational(array[market][None, :, place])
            exact = _exact_clearing(mechanism, RationalBids(others, levels))
            if exact is None:
                continue
            outcome = mechanism.clear(bids_of_markets(trial.bids, [market]))
            rule = f"solve_exact must give what solve does {trial.where}"
            for got, want in zip(exact, (outcome.quantity, outcome.transfer), strict=True):
                assert_close(rule, got, want, tolerance=EXACT_TOLERANCE)


def _exact_clearing(mechanism: ResidualLineMechanism, bids: RationalBids) -> tuple[Any, Any] | None:
    """Return exact quantities and transfers as floats; None where there are none."""
    try:
        cleared = mechanism.clear_exact(bids)
    except (RefusedError, NotImplementedError):
        return None
    if cleared is None:
        return None
    solution, transfers = cleared
    return solution.quantity.astype(float), transfers.astype(float)
