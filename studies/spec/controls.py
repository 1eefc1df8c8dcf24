"""Matched controls of a study's markets: the one that an entry states, or the standing one."""

import json
from collections.abc import Callable, Sequence
from typing import Any, final

from deviator.evidence import check_matched, control_mechanism, deviation_size, is_known_to_pay
from deviator.mechanisms import Mechanism
from deviator.plugins import find_plugin
from deviator.trust import is_third_party

from .economies import Economies
from .economy import EconomySpec
from .entries import CellsSpec, ControlSpec
from .grid import choices, settings_grid, takes_one_value
from .market import MarketSpec
from .names import Names

SHARED = ("statistics",)
"""Settings that decide what the bids of a mechanism read, so that its control has them too."""

MakeMarket = Callable[[ControlSpec, EconomySpec, int | str], MarketSpec]
"""Returns the market of a control in an economy, with its deviator."""


@final
class Controls:
    """Finds the matched control of each market of a study.

    Parameters
    ----------
    entries : sequence of CellsSpec
    economies : Economies
    names : Names
    make : callable
        Returns the market of a control.
    """

    def __init__(
        self, entries: Sequence[CellsSpec], economies: Economies, names: Names, make: MakeMarket
    ) -> None:
        self._entries, self._economies, self._names, self._make = entries, economies, names, make
        self._stated: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of(self, entry: CellsSpec, market: MarketSpec) -> MarketSpec | None:
        """Return the stated control, or the standing one; None where there is neither.

        Raises
        ------
        InvalidInputError
            If a stated control does not match the market.
        """
        if entry.control is not None:
            control = self._of_statement(entry.control, market)
            check_matched(market.seat, control.seat)
            return control
        economy = market.economy.economy
        rule = control_mechanism(market.rule.language, economy)
        if rule is None:
            return None
        if rule.name == market.mechanism:
            return market if _pays_itself(market) else None
        return self._standing(rule, entry, market) if is_known_to_pay(rule, economy) else None

    def _of_statement(self, stated: ControlSpec, market: MarketSpec) -> MarketSpec:
        economy = market.economy
        if stated.economy is not None:
            economy = self._economies.beside(stated.economy, economy)
        return self._make(stated, economy, market.trader)

    def _standing(self, rule: Mechanism, entry: CellsSpec, market: MarketSpec) -> MarketSpec | None:
        """Return the market of a standing control, as an entry of the study states it.

        Where no entry does, it is the market that the study lacks. None where bids of the mechanism
        have other numbers than those of the standing one.
        """
        same = {key: market.parameters[key] for key in SHARED if key in market.parameters}
        of_rule = self._stated_settings(rule.name)
        stated = [each for name in choices(entry.economy) for each in of_rule.get(name, ())]
        seat = market.seat
        for parameters in [*stated, same]:
            named = ControlSpec(mechanism=rule.name, parameters=parameters)
            control = self._make(named, market.economy, market.trader)
            if control.seat.matches(seat):
                return control
        return None

    def _stated_settings(self, mechanism: str) -> dict[str, list[dict[str, Any]]]:
        """Return the settings that entries of a mechanism state, by the economy's name."""
        if mechanism not in self._stated:
            self._stated[mechanism] = self._read_settings(mechanism)
        return self._stated[mechanism]

    def _read_settings(self, mechanism: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for entry in self._entries:
            if mechanism in choices(entry.mechanism):
                for name in choices(entry.economy):
                    there = found.setdefault(name, {})
                    for settings in self._settings_of(mechanism, entry):
                        there.setdefault(json.dumps(settings, sort_keys=True), settings)
        return {name: list(there.values()) for name, there in found.items()}

    def _settings_of(self, mechanism: str, entry: CellsSpec) -> list[dict[str, Any]]:
        if not entry.parameters:
            return [{}]
        taken = self._names.signature("mechanism", mechanism)
        return settings_grid(entry.parameters, lambda name: takes_one_value(taken, name))


def _pays_itself(market: MarketSpec) -> bool:
    """Return whether deviating pays in a market of a control mechanism itself.

    From an equilibrium it may not. A third-party strategy is not built here: it may hang.
    """
    strategy = find_plugin("policy", market.strategy).describe()
    if market.strategy == "honest" or is_third_party(strategy):
        return True
    tested = market.build_market()
    return deviation_size(tested).gain > tested.epsilon
