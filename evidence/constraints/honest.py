"""The four constraints on what happens while everybody follows the strategy."""

from dataclasses import replace

from deviator.errors import RefusedError

from ..market import Market
from .constraint import Constraint, ConstraintVerdict
from .exact import exact_constraints
from .searched import searched_constraints


def honest_constraints(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the answers on market clearing, budget, participation and efficiency.

    Exact at every profile where outcomes have exact forms; elsewhere profiles are searched, and
    what stays open says why there is no certificate.

    Parameters
    ----------
    tested : Market
    """
    try:
        return exact_constraints(tested)
    except RefusedError as error:
        refusal = str(error)
    answers = searched_constraints(tested)
    return {name: _explained(answer, refusal) for name, answer in answers.items()}


def _explained(answer: ConstraintVerdict, refusal: str) -> ConstraintVerdict:
    if answer.state != "undetermined":
        return answer
    return replace(answer, reason=f"{answer.reason}; no certificate: {refusal}")
