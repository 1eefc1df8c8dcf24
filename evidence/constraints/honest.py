"""The four constraints on what happens while everybody follows the strategy."""

from dataclasses import replace

from deviator.errors import RefusedError
from deviator.mechanisms.lottery import Drawn, in_short, standard_lots
from deviator.validation import Floats

from ..market import Market
from .constraint import Constraint, ConstraintVerdict
from .exact import exact_constraints
from .proved import Proofs, find_proofs
from .searched import searched_constraints
from .violations import NOT_QUASILINEAR, SOMEBODY_OUTSIDE

DRAWS = 4
"""In how many draws of a lottery profiles are searched, each with its share of the effort."""


def honest_constraints(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the answers on market clearing, budget, participation and efficiency.

    Exact at every profile where outcomes have exact forms. Elsewhere profiles are searched, and
    what holds by a proof is confirmed; what stays open says why there is no certificate.

    Parameters
    ----------
    tested : Market
    """
    if tested.mechanism.draws:
        return _of_draws(tested)
    try:
        return exact_constraints(tested)
    except RefusedError as error:
        refusal = str(error)
    proofs = find_proofs(tested) if tested.economy.quasilinear else Proofs({}, {})
    return {
        name: _settled(answer, proofs.confirmed.get(name), proofs.failures.get(name, refusal))
        for name, answer in searched_constraints(tested).items()
    }


def _of_draws(tested: Market) -> dict[Constraint, ConstraintVerdict]:
    """Return the answers in a lottery: a constraint is broken where it is in some draw."""
    answers: dict[Constraint, ConstraintVerdict] = {}
    for seed, lots in enumerate(standard_lots(tested.mechanism.draws, DRAWS)):
        known = replace(tested, mechanism=Drawn(tested.mechanism, lots))
        found = searched_constraints(known, effort=1 / DRAWS, seed=seed)
        for name, answer in found.items():
            if name not in answers or answer.worst > answers[name].worst:
                answers[name] = _in_draw(answer, lots)
    return answers


def _in_draw(answer: ConstraintVerdict, lots: Floats) -> ConstraintVerdict:
    """Return the answer in one draw, and say in which, or in how many nothing was found."""
    if answer.state == "refuted":
        return replace(answer, reason=f"in the draw of lots {in_short(lots)} {answer.reason}")
    return replace(answer, reason=f"in each of {DRAWS} draws {answer.reason}")


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
