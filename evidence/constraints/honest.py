"""The four constraints on what happens while everybody follows the strategy."""

from dataclasses import replace

from deviator.errors import RefusedError

from ..market import Market
from .constraint import Constraint, ConstraintVerdict
from .exact import exact_constraints
from .proved import Proofs, find_proofs
from .searched import searched_constraints
from .violations import NOT_QUASILINEAR, SOMEBODY_OUTSIDE


def honest_constraints(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the answers on market clearing, budget, participation and efficiency.

    Exact at every profile where outcomes have exact forms. Elsewhere profiles are searched, and
    what holds by a proof is confirmed; what stays open says why there is no certificate.

    Parameters
    ----------
    tested : Market
    """
    try:
        return exact_constraints(tested)
    except RefusedError as error:
        refusal = str(error)
    proofs = find_proofs(tested) if tested.economy.quasilinear else Proofs({}, {})
    return {
        name: _settled(answer, proofs.confirmed.get(name), proofs.failures.get(name, refusal))
        for name, answer in searched_constraints(tested).items()
    }


def _settled(
    searched: ConstraintVerdict, proved: ConstraintVerdict | None, missing: str
) -> ConstraintVerdict:
    """Return what a search and a proof say together; no contradiction stands."""
    if searched.state == "refuted" and proved is not None:
        both = f"{searched.reason}; and yet it is proved: {proved.reason}"
        return replace(searched, state="undetermined", reason=both, certificate=proved.certificate)
    if searched.state != "undetermined" or searched.reason in (NOT_QUASILINEAR, SOMEBODY_OUTSIDE):
        return searched
    if proved is not None:
        return proved
    return replace(searched, reason=f"{searched.reason}; no certificate: {missing}")
