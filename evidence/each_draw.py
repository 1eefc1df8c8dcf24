"""Whether a lottery can be gamed by who knows the lots: in each draw, beside in expectation.

A rule is universally truthful where each of the rules `Drawn` is truthful. Profiles are searched
together with lots, and a gain counts where its witness, one market for given lots, holds up.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from deviator.mechanisms.lottery import Drawn, in_short, standard_lots
from deviator.validation import Floats

from .evidence import EachDraw
from .fresh_lots import fresh_lots
from .largest_gain import largest_gain
from .market import Market
from .witness import find_witness, witness_of_bid

PAIRS = 512
"""Profiles that are searched, each with lots of its own."""

ROUNDS, CANDIDATES = 10, 40
"""Effort of the search for a bid at each of them."""

TRIED = 3
"""So many of the largest gains are cleared again before none is believed."""

DRAWS = 2
"""In so many draws the profile at which most is gained is climbed to."""

EFFORT = 0.25
"""Share of the usual effort of that."""

SEED = 5_000_021
"""Seeds the lots."""


def each_draw(tested: Market, types: Floats, found: dict[str, Any] | None = None) -> EachDraw:
    """Return whether the market's trader gains in some draw by deviating, all types known.

    Parameters
    ----------
    tested : Market
        One whose rule draws lots.
    types : ndarray of float, shape (B, N)
        Profiles to search.
    found : dict, optional
        The witness of a gain in expectation, if there is one: then some draw pays too.
    """
    few = types[:PAIRS]
    witness = _searched(tested, few) or _climbed(tested)
    if witness is None and found is not None:
        witness = _best_of_draws(tested, found)
    if witness is None:
        reason = (
            f"no bid gains at {len(few)} profiles with lots of their own, nor at those climbed to "
            f"in {DRAWS} draws; a search proves nothing"
        )
        return EachDraw("undetermined", 0.0, tested.trader, len(few), reason)
    drawn = in_short(np.array(witness["lots"]))
    reason = (
        f"trader {tested.trader} gains {witness['gain']:.3g} in the draw of lots {drawn}; its "
        "witness was cleared"
    )
    return EachDraw("refuted", witness["gain"], tested.trader, len(few), reason, witness)


def on_average(tested: Market, answer: EachDraw) -> dict[str, Any] | None:
    """Return the witness that the bid found in one draw pays on average too, or None.

    Searches on average see one set of lots, and a rule may recognize these.

    Parameters
    ----------
    tested : Market
    answer : EachDraw
    """
    found = answer.witness
    if found is None:
        return None
    return witness_of_bid(tested, np.asarray(found["types"]), np.asarray(found["bid"]))


def market_drawn(tested: Market, lots: Floats) -> Market:
    """Return a market for given lots (D,), or (B, D) of B markets."""
    return replace(tested, mechanism=Drawn(tested.mechanism, lots))


def _searched(tested: Market, types: Floats) -> dict[str, Any] | None:
    """Return a witness at one of the profiles, each searched with lots of its own."""
    lots, _ = fresh_lots(tested.mechanism.draws, len(types), np.random.default_rng(SEED))
    known = market_drawn(tested, lots)
    bids = known.search(rounds=ROUNDS, candidates=CANDIDATES).find(types).bid
    compared = known.compared(types, bids)
    beyond = np.where(compared.gain > compared.rounding, compared.gain, 0.0)
    for place in np.argsort(-beyond)[:TRIED]:
        if beyond[place] <= 0:
            break
        here = market_drawn(tested, lots[place])
        search = here.search(rounds=ROUNDS, candidates=CANDIDATES)
        witness = find_witness(here, search, types[[place]])
        witness = witness or witness_of_bid(here, types[place], bids[place])
        if witness is not None:
            return witness
    return None


def _climbed(tested: Market) -> dict[str, Any] | None:
    """Return a witness at a profile that was climbed to in one of a few draws."""
    for lots in standard_lots(tested.mechanism.draws, DRAWS):
        _, witness = largest_gain(market_drawn(tested, lots), effort=EFFORT)
        if witness is not None:
            return witness
    return None


def _best_of_draws(tested: Market, found: dict[str, Any]) -> dict[str, Any] | None:
    """Return the witness that a bid pays in the draw in which it gains most."""
    types, bid = (np.asarray(found[name], dtype=np.float64) for name in ("types", "bid"))
    drawn = standard_lots(tested.mechanism.draws, 64)
    profiles = np.broadcast_to(types, (len(drawn), len(types)))
    gains = market_drawn(tested, drawn).gains(
        profiles, np.broadcast_to(bid, (len(drawn), len(bid)))
    )
    return witness_of_bid(market_drawn(tested, drawn[int(gains.argmax())]), types, bid)
