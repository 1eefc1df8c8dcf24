"""Economies of a study: each stated one multiplied out, and built once."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, final

from deviator.errors import InvalidInputError, did_you_mean

from .economy import BELIEFS, EconomySpec
from .entries import StatedEconomy, StatedTypes
from .grid import settings_grid, takes_one_value
from .names import Names
from .types_law import TypesSpec

WHOLE_LISTS = ("mean", "deviation", "low", "high")
"""Numbers of a law of types that may be a list, one of each trader."""


@final
class Economies:
    """Economies by the names that a study gives them.

    Parameters
    ----------
    stated : mapping
    names : Names
    """

    def __init__(self, stated: Mapping[str, StatedEconomy], names: Names) -> None:
        self._stated, self._names = stated, names
        self._known: dict[str, EconomySpec] = {}

    def stated(self, name: str) -> StatedEconomy:
        """Return what a study states under a name."""
        if name not in self._stated:
            question = did_you_mean(name, self._stated)
            raise InvalidInputError(
                f"economy {name!r} is not named in the study; it names: "
                f"{', '.join(sorted(self._stated))}{f'; {question}' if question else ''}"
            )
        return self._stated[name]

    def called(self, name: str, settings: Mapping[str, Any]) -> list[EconomySpec]:
        """Return the economies of a name, with some of their settings replaced.

        Equal ones are the same object, so that each is built once.
        """
        stated = self.stated(name)
        if settings:
            stated = _with_settings(stated, settings)
        family = stated.family and self._names.full("economy", stated.family)
        parameters = settings_grid(stated.parameters, self._takes_one(stated))
        return [
            self._same(EconomySpec(family=family, beliefs=stated.beliefs, types=law, **given))
            for law in laws_of(stated.types)
            for given in ({"parameters": each} for each in parameters)
        ]

    def beside(self, name: str, market_economy: EconomySpec) -> EconomySpec:
        """Return the one economy of a name that belongs to another: in what multiplies out, it is.

        Raises
        ------
        InvalidInputError
            If none does, or several do.
        """
        all_of_name = self.called(name, {})
        first = all_of_name[0].parameters
        swept = [
            key for key in first if any(each.parameters[key] != first[key] for each in all_of_name)
        ]
        wanted = market_economy.parameters
        fitting = [
            each
            for each in all_of_name
            if all(each.parameters[key] == wanted.get(key, each.parameters[key]) for key in swept)
        ]
        if len(fitting) != 1:
            raise InvalidInputError(
                f"economy {name!r} of a control must be one for each market, and {len(fitting)} of "
                f"its {len(all_of_name)} have the {' and '.join(swept) or 'settings'} of the "
                "market; name another, or state fewer values"
            )
        return fitting[0]

    def _same(self, economy: EconomySpec) -> EconomySpec:
        return self._known.setdefault(economy.model_dump_json(), economy)

    def _takes_one(self, stated: StatedEconomy) -> Any:
        taken = (
            self._names.signature("economy", stated.family)
            if stated.family
            else signature(BELIEFS[str(stated.beliefs)])
        )
        return lambda name: takes_one_value(taken, name)


def laws_of(stated: StatedTypes | None) -> list[TypesSpec | None]:
    """Return laws of types multiplied out; None where the family's own is meant."""
    if stated is None:
        return [None]
    settings = stated.model_dump(exclude_unset=True)
    return [
        TypesSpec.model_validate(each)
        for each in settings_grid(settings, lambda name: name not in WHOLE_LISTS)
    ]


def _with_settings(stated: StatedEconomy, settings: Mapping[str, Any]) -> StatedEconomy:
    """Return an economy with some settings replaced, ``types.correlation`` say, or ``slope``."""
    data = stated.model_dump(exclude_unset=True)
    for path, value in settings.items():
        group, _, name = path.rpartition(".")
        if group not in ("", "types"):
            raise InvalidInputError(
                f"zip must name economy.PARAMETER or economy.types.NUMBER, got economy.{path}"
            )
        place = data.setdefault(group or "parameters", {})
        place[name] = value
    return StatedEconomy.model_validate(data)
