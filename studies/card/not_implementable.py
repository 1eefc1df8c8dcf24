"""The report card of an allocation that no transfers make incentive compatible."""

from typing import Any

from deviator.economies import Economy
from deviator.evidence import Market, Verdict
from deviator.evidence.constraints import CONSTRAINTS, Constraint, ConstraintVerdict
from deviator.evidence.plain_data import economy_as_data, settings_as_data
from deviator.mechanisms import Mechanism, PivotalMechanism

FORMAT, VERSION = "deviator falling quantity", 1

UNDEFINED = "the rule clears nothing where some quantity falls in the own type"


def falling_quantity(mechanism: Mechanism) -> dict[str, Any] | None:
    """Return the witness that an allocation is not implementable; None where none is known.

    At the stated types a trader is allotted more than at a higher own type, all other types the
    same, so that no transfers make both reports truthful.
    """
    fall = mechanism.monotonicity_violation() if isinstance(mechanism, PivotalMechanism) else None
    if fall is None or not isinstance(mechanism, PivotalMechanism):
        return None
    economy: Economy = mechanism.economy
    return {
        "format": FORMAT,
        "version": VERSION,
        "mechanism": mechanism.name,
        "settings": settings_as_data(mechanism),
        "economy": economy_as_data(economy),
        "trader": fall.trader,
        "types": fall.types.tolist(),
        "higher_type": fall.higher,
        "quantity": fall.quantity,
        "quantity_at_the_higher_type": fall.lower_quantity,
    }


def not_implementable(
    tested: Market, witness: dict[str, Any]
) -> tuple[Verdict, dict[Constraint, ConstraintVerdict]]:
    """Return the answers about a rule whose allocation is not implementable."""
    reason = (
        f"not implementable: the quantity of trader {witness['trader']} falls from "
        f"{witness['quantity']:.4g} to {witness['quantity_at_the_higher_type']:.4g} as their type "
        f"rises to {witness['higher_type']:.4g}, so that no transfers make reports truthful"
    )
    verdict = Verdict(
        "refuted",
        0.0,
        None,
        0.0,
        tested.scale,
        witness=witness,
        scope="every profile",
        reason=reason,
    )
    answers = {name: _undefined(name) for name in CONSTRAINTS}
    answers["incentive_compatibility"] = ConstraintVerdict(
        "incentive_compatibility", "refuted", "every profile", 0.0, 0.0, None, reason, witness
    )
    return verdict, answers


def _undefined(name: Constraint) -> ConstraintVerdict:
    return ConstraintVerdict(name, "undetermined", "sampled", 0.0, 0.0, None, UNDEFINED)
