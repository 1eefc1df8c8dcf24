"""Markets as plain data, as files of witnesses and certificates write them.

Numbers are doubles, which JSON keeps to the last bit. What is not a double is a fraction, written
as text: "1/3".
"""

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from deviator.economies import Economy
from deviator.mechanisms import (
    Drawn,
    Mechanism,
    PayAsBid,
    ResidualLineMechanism,
    SigmaVCG,
    Unrolled,
)
from deviator.mechanisms.clearing import (
    Clearing,
    ConditionalClearing,
    FactoredClearing,
    ReportedClearing,
    ScheduleClearing,
)
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.mutated import RationedClearing
from deviator.numerics.polynomial import Polynomial
from deviator.policies import Revelation

from .market import Market

FACTORS = ("price", "quantity", "residual_slope", "tax_slope")
"""What a payment rule multiplies, as files name it."""

AREA_UNDER_DEMAND: Mapping[str, str] = MappingProxyType(
    {"price*quantity": "1", "quantity*quantity*own_slope": "1/2"}
)
"""What the pay-as-bid auction charges; the slope is that of the own submitted demand."""

DECIMAL_BITS = 4096
"""Longer integers are written in hexadecimal, which Python reads without a limit."""


def market_as_data(tested: Market) -> dict[str, Any]:
    """Return a market as files describe it: rule, traders, and the strategy they follow.

    Where bids are plans for the rounds of a rule, ``rounds`` says for how many: the numbers of each
    round stand side by side.
    """
    mechanism, economy = tested.mechanism, tested.economy
    lots = {"lots": mechanism.lots.tolist()} if isinstance(mechanism, Drawn) else {}
    plans = {"rounds": mechanism.rule.rounds} if isinstance(mechanism, Unrolled) else {}
    return (
        lots
        | plans
        | {
            "mechanism": mechanism.name,
            "settings": settings_as_data(_undrawn(mechanism)),
            "tax_slope": mechanism.tax_slope,
            "clearing": None if tested.bids_are_surfaces else clearing_as_data(mechanism, economy),
            "payment": payment_as_data(mechanism),
            "economy": economy_as_data(economy),
            "strategy": strategy_as_data(tested),
        }
    )


def strategy_as_data(tested: Market) -> str:
    """Return the strategy's name; who is honest in another market is not honest here."""
    strategy = tested.strategy
    if not isinstance(strategy, Revelation):
        return strategy.name
    rule = _undrawn(tested.mechanism)
    same = strategy.economy is tested.economy and _undrawn(strategy.mechanism) == rule
    return strategy.name if same else f"{strategy.name} in another market"


def _undrawn(mechanism: Mechanism) -> Mechanism:
    """Return the rule of which lots are given, or the rule itself."""
    return mechanism.rule if isinstance(mechanism, Drawn) else mechanism


def clearing_as_data(mechanism: Mechanism, economy: Economy) -> dict[str, Any] | None:
    """Return how bids turn into prices and quantities, or None where it is not written out.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        The traders' utilities; a designer's are written only where they differ.
    """
    if type(mechanism) is PayAsBid:
        return {"kind": "schedules", "share": "1"}
    if not isinstance(mechanism, ResidualLineMechanism) or not _derives(mechanism):
        return None
    clearing, share = mechanism.clearing, Fraction(1)
    if isinstance(clearing, RationedClearing):
        share = Fraction(clearing.share)
        clearing = clearing.sound
    described = _clearing(clearing, economy, mechanism.tax_slope)
    return None if described is None else described | {"share": fractions(share)}


def _derives(mechanism: ResidualLineMechanism) -> bool:
    """Return whether outcomes are what clearing and payment say, and nothing else."""
    kind = type(mechanism)
    if isinstance(mechanism, SigmaVCG):
        return not mechanism.economy.has_bounded_types
    known = ResidualLineMechanism.clear, ConditionalAuction.clear
    return kind.clear in known and kind.clear_exact is ResidualLineMechanism.clear_exact


def _clearing(clearing: Clearing, economy: Economy, tax_slope: float) -> dict[str, Any] | None:
    if type(clearing) is ConditionalClearing:
        return {"kind": "conditional bids"}
    if type(clearing) is ScheduleClearing:
        return {"kind": "schedules"}
    if type(clearing) is FactoredClearing:
        statistics = as_data(clearing.statistics.given)
        return {"kind": "conditional bids on statistics", "statistics": statistics}
    if type(clearing) is not ReportedClearing or clearing.sigma != tax_slope:
        return None
    known, designer = economy_as_data(economy), economy_as_data(clearing.economy)
    return {"kind": "reports", "economy": None if designer == known else designer}


def payment_as_data(mechanism: Mechanism) -> dict[str, str] | None:
    """Return what traders pay, as coefficients of products, or None where it cannot be read off.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> payment_as_data(SigmaDCDA(0.2))  # doctest: +NORMALIZE_WHITESPACE
    {'price*quantity': '1', 'quantity*quantity*residual_slope': '-1/2',
     'quantity*quantity*tax_slope': '1/2'}
    """
    if type(mechanism) is PayAsBid:
        return dict(AREA_UNDER_DEMAND)
    if not isinstance(mechanism, ResidualLineMechanism):
        return None
    try:
        rule = mechanism.payment(*map(Polynomial.variable, FACTORS))
        polynomial = rule if isinstance(rule, Polynomial) else Polynomial({(): rule})
        terms = polynomial.exact().terms
    except (TypeError, ValueError, OverflowError):
        return None
    written = {"*".join(names) or "1": fractions(term) for names, term in terms.items() if term}
    return dict(sorted(written.items()))


def economy_as_data(economy: Economy) -> dict[str, Any]:
    """Return an economy as plain data: its own description, or its fields."""
    describe = getattr(economy, "to_dict", None)
    if describe is not None:
        return dict(describe())
    thing: Any = economy
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    described = {field.name: np.asarray(getattr(thing, field.name)).tolist() for field in fields}
    return {"name": economy.name} | described


def settings_as_data(mechanism: Mechanism) -> dict[str, Any]:
    """Return the settings of a mechanism: what its constructor takes, as plain data.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> settings_as_data(SigmaDCDA(0.2))
    {'sigma': 0.2, 'statistics': None}
    """
    thing: Any = mechanism.rule if isinstance(mechanism, Unrolled) else mechanism
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    return {field.name: as_data(getattr(thing, field.name)) for field in fields if field.init}


def as_data(value: Any) -> Any:
    """Return a setting as plain data; what has no plain form is named."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        plain = value.tolist()
        return as_data(plain) if value.dtype == object else plain
    if isinstance(value, list | tuple):
        return [as_data(each) for each in value]
    if isinstance(value, dict):
        return {str(name): as_data(each) for name, each in value.items()}
    return _thing_as_data(value)


def _thing_as_data(value: Any) -> Any:
    if isinstance(value, Economy):
        return economy_as_data(value)
    if isinstance(value, Mechanism):
        return {"name": value.name, "settings": settings_as_data(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if field.init]
        described = {field.name: as_data(getattr(value, field.name)) for field in fields}
        return {"name": type(value).__name__} | described
    kind: Any = value if callable(value) else type(value)
    return f"{kind.__module__}:{getattr(kind, '__qualname__', type(value).__name__)}"


def number(value: Any) -> float | None:
    """Return a float, or None where there is no such number, as a price in autarky."""
    return float(value) if value is not None and np.isfinite(float(value)) else None


def fractions(value: Any) -> Any:
    """Return exact numbers, in any nesting of arrays, lists and mappings, as texts.

    Examples
    --------
    >>> fractions({"price": Fraction(1, 3), "quantity": [Fraction(2), None]})
    {'price': '1/3', 'quantity': ['2', None]}
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {name: fractions(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [fractions(each) for each in value]
    exact = Fraction(value)
    if max(exact.numerator.bit_length(), exact.denominator.bit_length()) <= DECIMAL_BITS:
        return str(exact)
    return f"{exact.numerator:#x}/{exact.denominator:#x}"
