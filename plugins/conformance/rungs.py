"""Checks of rungs of information: what deviators see of the types."""

from functools import partial

import numpy as np

from deviator.economies import private_values
from deviator.errors import InvalidInputError
from deviator.mechanisms import UniformDoubleAuction
from deviator.policies import Rung, check_information, rung_within
from deviator.validation import Floats

from .comparing import (
    assert_close,
    assert_own_types_decide,
    assert_text,
    assert_unchanged,
    in_another_process,
    locked,
)
from .process_state import assert_same_state, process_state, shifted_clock
from .trials import MARKETS

TRADERS = (3, 5)
"""Numbers of traders in the markets that are shown."""


def check_settings(rung: Rung) -> None:
    """The name is a text, none of those of deviator's own rungs."""
    assert_text("name", rung.name)
    try:
        check_information(rung)
    except InvalidInputError as error:
        raise AssertionError(str(error)) from None


def check_numbers_seen(rung: Rung) -> None:
    """Every trader sees as many finite numbers as the rung states."""
    for traders in TRADERS:
        size = rung.size(traders)
        assert isinstance(size, int) and not isinstance(size, bool) and size >= 1, (
            f"size must be a whole number from 1, got {size!r}"
        )
        for trader in range(traders):
            seen = _seen(rung, trader, _types(traders))
            assert isinstance(seen, np.ndarray), (
                f"seen must return an array, got {type(seen).__name__}"
            )
            assert seen.shape == (MARKETS, size), (
                f"trader {trader} must see {size} numbers in each of {MARKETS} markets, got shape "
                f"{seen.shape}"
            )
            assert np.isfinite(seen).all(), "what is seen must be finite, and is not"


def check_own_market_only(rung: Rung) -> None:
    """What is seen of a market depends on its own types only."""
    rule = "what is seen of market {} must not depend on the types in other markets"
    types, others = _types(TRADERS[-1]), _types(TRADERS[-1], seed=1)
    assert_own_types_decide(rule, partial(_seen, rung, 0), types, others, axis=0)


def check_batch_equals_loop(rung: Rung) -> None:
    """In a batch of markets is seen what is seen of each of them alone."""
    types = _types(TRADERS[-1])
    whole = _seen(rung, 1, types)
    for market in range(len(types)):
        rule = f"of market {market} alone must be seen what is seen in its batch"
        assert_close(rule, _seen(rung, 1, types[[market]]), whole[[market]], tolerance=0.0)


def check_repeatable(rung: Rung) -> None:
    """The same types show the same at any time, and the process stays as it is."""
    types = _types(TRADERS[-1])
    before = process_state()
    first = _seen(rung, 0, types).copy()
    _seen(rung, 1, types[::-1])
    again = _seen(rung, 0, types)
    with shifted_clock(rung):
        later = _seen(rung, 0, types)
    for array in (again, later):
        assert_close("the same types must show the same again", array, first, tolerance=0.0)
    assert_same_state("a rung", before, process_state())


def check_inputs_unchanged(rung: Rung) -> None:
    """Types are what they were, and may be read-only."""
    types = _types(TRADERS[-1])
    given = types.copy()
    wanted = _seen(rung, 0, given).copy()
    assert_unchanged("a rung must leave types alone", types, given)
    again = _seen(rung, 0, locked(types))
    assert_close("read-only types must show the same", again, wanted, tolerance=0.0)


def check_pickling(rung: Rung) -> None:
    """Sent to another process, the rung shows what it shows here."""
    types = _types(TRADERS[-1])
    there = in_another_process("a rung", _seen, rung, 0, types)
    rule = "a rung must show in another process what it shows here"
    assert_close(rule, there, _seen(rung, 0, types))


def _seen(rung: Rung, trader: int, types: Floats) -> Floats:
    """Return what a trader sees in a market of private values."""
    economy = private_values(types.shape[1])
    return rung_within(rung, UniformDoubleAuction(), economy).seen(types, trader)


def _types(traders: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(MARKETS, traders))
