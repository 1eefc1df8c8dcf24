"""Economies as data: a family by name, or beliefs that imply one."""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pydantic import Field, model_validator

from deviator.economies import (
    Economy,
    NormalInformation,
    TypeDistribution,
    fundamental_value_information,
    heterogeneous_information,
    normal_information,
    two_groups_information,
)
from deviator.errors import InvalidInputError, UnknownNameError
from deviator.plugins import build, shown_name

from .settings import Built, Settings
from .types_law import TypesSpec

BELIEFS: Mapping[str, Callable[..., NormalInformation]] = MappingProxyType(
    {
        "fundamental-value": fundamental_value_information,
        "two-groups": two_groups_information,
        "heterogeneous": heterogeneous_information,
        "normal": normal_information,
    }
)
"""Normal information structures by name."""


def with_parameters_apart(data: Any) -> Any:
    """Return an economy as it is stated with its parameters under a key of their own."""
    if not isinstance(data, dict) or "parameters" in data:
        return data
    known = {"family", "beliefs", "types"}
    parameters = {key: value for key, value in data.items() if key not in known}
    return {key: data[key] for key in known if key in data} | {"parameters": parameters}


def check_family_or_beliefs(family: str | None, beliefs: str | None, types: Any) -> None:
    """Raise ValueError unless an economy has a family, or beliefs that fix its types."""
    if (family is None) == (beliefs is None):
        raise ValueError("state either family or beliefs")
    if beliefs is not None and beliefs not in BELIEFS:
        raise ValueError(str(UnknownNameError("beliefs", beliefs, BELIEFS)))
    if beliefs is not None and types is not None:
        raise ValueError("beliefs fix the types; leave types out")


class EconomySpec(Built):
    """An economy: a registered family with its parameters, or beliefs that imply one.

    Every key but the three below is a parameter of the family. Beliefs (a Normal information
    structure) take the parameters of the structure and a slope; their types are the signals.
    """

    family: str | None = None
    beliefs: str | None = None
    types: TypesSpec | None = None
    parameters: Settings = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _collect_parameters(cls, data: Any) -> Any:
        return with_parameters_apart(data)

    @model_validator(mode="after")
    def _family_or_beliefs(self) -> "EconomySpec":
        check_family_or_beliefs(self.family, self.beliefs, self.types)
        return self

    @property
    def name(self) -> str:
        """Name of the family or the beliefs."""
        return shown_name("economy", self.family) if self.family else f"{self.beliefs}-beliefs"

    @property
    def title(self) -> str:
        """Name that reports show."""
        if self.family is None:
            return f"{self.beliefs} (beliefs)".replace("-", " ")
        provider, colon, name = shown_name("economy", self.family).rpartition(":")
        return provider + colon + name.replace("-", " ")

    def settings(self) -> dict[str, Any]:
        """Return everything that was stated, as plain data that holds no path."""
        stated = self.model_dump(mode="json", exclude_none=True)
        if self.family is not None:
            stated["family"] = shown_name("economy", self.family)
        return stated

    @property
    def slope(self) -> Any:
        """Slopes of the marginal utilities, where beliefs were stated."""
        return self.parameters.get("slope", 1.0)

    @cached_property
    def information(self) -> NormalInformation | None:
        """The information structure, where beliefs were stated."""
        if self.beliefs is None:
            return None
        settings = {key: value for key, value in self.parameters.items() if key != "slope"}
        try:
            return BELIEFS[self.beliefs](**settings)
        except TypeError as error:
            raise InvalidInputError(f"beliefs {self.beliefs!r}: {error}") from None

    @cached_property
    def economy(self) -> Economy:
        """The economy itself."""
        if self.information is not None:
            return self.information.economy(self.slope)
        assert self.family is not None
        economy: Economy = build("economy", self.family, self.parameters)
        return economy

    def distribution(self) -> TypeDistribution:
        """Return the law of the types."""
        if self.information is not None:
            return self.information.types()
        if self.types is None:
            return self.economy.types()
        return self.types.build_law(self.economy.n_traders)
