"""What a person chose, and the market that it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
from pydantic import ValidationError

from deviator.economies import QuadraticEconomy, sigma_n
from deviator.errors import InvalidInputError
from deviator.evidence import Market
from deviator.mechanisms.lottery import Drawn, standard_lots
from deviator.plugins import qualified
from deviator.studies.spec.market import MarketSpec
from deviator.studies.spec.messages import mistakes_of
from deviator.validation import Floats, finite_array, whole_number

from .names import settings_of_mechanism, stated, takes_traders

TRADERS = 6
"""What the page starts with."""

LOTS_SHOWN = 2
"""Draws of the lots of a lottery, of which the page shows the first."""


@final
@dataclass(frozen=True)
class Choice:
    """A market as a person chooses it: names and settings.

    Parameters
    ----------
    mechanism, economy : str
        As ``deviator list`` shows them.
    economy_settings, mechanism_settings : mapping of str to object
        What the families are called with; ``sigma`` is among those of the mechanism.
    files : tuple of str
        Plugin files in which names are looked up.
    trader : int
        Who deviates.

    Examples
    --------
    >>> chosen = Choice("sigma-dcda", "private-values", {"n_traders": 4}, {"sigma": 0.5})
    >>> chosen.market().mechanism.tax_slope
    0.5
    """

    mechanism: str
    economy: str
    economy_settings: Mapping[str, Any] = field(default_factory=dict)
    mechanism_settings: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    trader: int = 0

    def market(self) -> Market:
        """Return the market, in which everybody but the trader is honest.

        Of a rule that draws lots it is the rule for one draw, the same at every call.

        Raises
        ------
        DeviatorError
            If a name is unknown, or a setting breaks a rule.
        """
        return _in_one_draw(self.spec().build_market())

    def spec(self) -> MarketSpec:
        """Return the specification of the market, as study files have it; errors as in `market`."""
        family = qualified("economy", self.economy, self.files)
        data = {
            "mechanism": qualified("mechanism", self.mechanism, self.files),
            "parameters": dict(self.mechanism_settings),
            "economy": {"family": family, "parameters": dict(self.economy_settings)},
            "trader": self.trader,
        }
        try:
            return MarketSpec.model_validate(data)
        except ValidationError as error:
            sentences = (each.sentence for each in mistakes_of(error, data, MarketSpec))
            raise InvalidInputError("; ".join(sentences)) from None

    def with_setting(self, name: str, value: Any) -> "Choice":
        """Return the same choice with another value of one setting of the mechanism."""
        return replace(self, mechanism_settings={**self.mechanism_settings, name: value})


def fitting_economy(mechanism: str, economies: Sequence[str], files: tuple[str, ...] = ()) -> str:
    """Return the first of several economies in which everybody can bid honestly; else the first.

    Examples
    --------
    >>> fitting_economy("uniform-double-auction", ["two-groups", "private-values"])
    'private-values'
    """
    return next((each for each in economies if _fits(mechanism, each, files)), economies[0])


def _fits(mechanism: str, economy: str, files: tuple[str, ...]) -> bool:
    """Return whether a market can be built at the settings that the page starts with."""
    try:
        settings = settings_of_mechanism(mechanism, files)
        starts = stated(settings, [setting.start for setting in settings])
        traders = {"n_traders": TRADERS} if takes_traders(economy, files) else {}
        Choice(mechanism, economy, traders, starts, files).market()
    except Exception:  # a plugin may raise anything, and the page then says what
        return False
    return True


def _in_one_draw(tested: Market) -> Market:
    if not tested.mechanism.draws:
        return tested
    lots = standard_lots(tested.mechanism.draws, LOTS_SHOWN)[0]
    return replace(tested, mechanism=Drawn(tested.mechanism, lots))


def drawn_types(tested: Market, seed: int) -> Floats:
    """Return one profile of types from the market's law, rounded so that a person can read it.

    Parameters
    ----------
    tested : Market
    seed : int

    Returns
    -------
    ndarray of float, shape (N,)
    """
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    low, high = tested.economy.type_set
    return np.asarray(np.clip(tested.distribution.sample(rng, 1)[0].round(2), low, high))


def types_from_text(text: str, n_traders: int) -> Floats:
    """Return the types that a person wrote, with commas or spaces between them, (N,).

    Raises
    ------
    InvalidInputError
        If these are no numbers, or not one for each trader.

    Examples
    --------
    >>> types_from_text("1, 0 -1", 3)
    array([ 1.,  0., -1.])
    """
    try:
        numbers = [float(each) for each in text.replace(",", " ").split()]
    except ValueError:
        raise InvalidInputError(
            f"types must be numbers separated by commas, got {text!r}"
        ) from None
    if len(numbers) != n_traders:
        raise InvalidInputError(
            f"types must be {n_traders} numbers, one for each trader, got {len(numbers)}; add or "
            "remove some, or draw new ones"
        )
    return finite_array("types", numbers, (n_traders,))


def sigma_n_of(tested: Market) -> float | None:
    """Return the paper's tax slope sigma_N for a market's economy; None where it has none."""
    economy = tested.economy
    return sigma_n(economy) if isinstance(economy, QuadraticEconomy) else None
