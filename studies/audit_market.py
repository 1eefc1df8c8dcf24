"""The report card of one market: exact answers, certificates, and a learner if asked."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import deviator
from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError
from deviator.evidence import (
    Evidence,
    Market,
    Verdict,
    interchangeable_traders,
    judge,
    market,
)
from deviator.evidence.constraints import Constraint, ConstraintVerdict
from deviator.evidence.witness import economy_as_data
from deviator.learners import Learner
from deviator.mechanisms import Mechanism
from deviator.plugins import build, find_plugin, takes_economy
from deviator.policies import Information, Policy
from deviator.validation import trader_index

from .card.report_card import Audited, ReportCard
from .gather import Search, gather

MOST_DEVIATORS = 60
"""In markets with more classes of traders the first ones deviate, which the card says."""


def audit(
    mechanism: Mechanism | str,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int | None = None,
    information: Information = "profile",
    learner: Learner | str | None = None,
    steps: int = Search.steps,
    seed: int = 0,
    held_out: int = Search.held_out,
    epsilon: float | None = None,
    planted: Sequence[float] = (),
    **parameters: Any,
) -> ReportCard:
    """Return which of the five constraints hold, and whether anybody profits from deviating.

    Parameters
    ----------
    mechanism : Mechanism or str
        A mechanism, or the name of one, built with `parameters`; a direct one called by name is
        given the economy under audit.
    economy : Economy
    distribution : TypeDistribution, optional
        Law of the types; independent standard Normal by default.
    strategy : Policy, optional
        What everybody follows; honesty by default.
    trader : int, optional
        Who deviates; by default everybody in turn, one of each class of interchangeable traders.
    information : {"profile", "own"}
    learner : Learner or str, optional
        A learner, or the name of one (``"ppo"``), trained in the market and on its matched
        control, for each trader who deviates, to add what learning finds.
    steps, seed : int
        The learner's budget and seed.
    held_out : int
        Profiles on which gains are measured.
    epsilon : float, optional
        Gains up to this share of the deviator's own stakes count as zero.
    planted : sequence of float
        Sizes of faults to plant in the payments (`Mutated`, "transfer"), each a market of its own
        to train in: the smallest gain that the learner notices is its resolution.
    **parameters
        Settings of a mechanism called by name.

    Returns
    -------
    ReportCard

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> card = audit("sigma-dcda", fundamental_value(6), sigma=0.3)
    >>> card.state, card.constraints["efficiency"].state
    ('confirmed', 'refuted')
    >>> audit("uniform-conditional", fundamental_value(6)).state
    'refuted'
    """
    if learner is None and planted:
        raise InvalidInputError(
            "planted faults need a learner to notice them, got learner=None; pass learner='ppo'"
        )
    rule = _rule(mechanism, economy, parameters)
    tested = market(rule, economy, distribution=distribution, strategy=strategy, tolerance=epsilon)
    learners = () if learner is None else (_learner(learner),)
    search = Search(learners, (seed,), steps, information, held_out)
    return report_card(tested, search, trader=trader, planted=planted)


def report_card(
    tested: Market,
    search: Search,
    *,
    trader: int | None = None,
    planted: Sequence[float] = (),
) -> ReportCard:
    """Return the report card of a market; arguments as in `audit`."""
    classes = _deviators(tested, trader)
    every = trader is None and len(classes) <= MOST_DEVIATORS
    tried = classes[:MOST_DEVIATORS]
    gathered = {
        first: gather(replace(tested, trader=first), search, with_power=True, planted=planted)
        for first, *_ in tried
    }
    verdicts = {first: judge(evidence) for first, evidence in gathered.items()}
    card = ReportCard(_audited(tested, search, tried, every), {}, verdicts)
    return replace(card, constraints=_constraints(tested, card, gathered[card.trader]))


def _deviators(tested: Market, trader: int | None) -> tuple[tuple[int, ...], ...]:
    if trader is None:
        return interchangeable_traders(tested)
    return ((trader_index(trader, tested.economy.n_traders),),)


def _constraints(
    tested: Market, card: ReportCard, evidence: Evidence
) -> dict[Constraint, ConstraintVerdict]:
    deviating = _incentive_compatibility(card.verdict, evidence)
    return {"incentive_compatibility": deviating}


def _incentive_compatibility(verdict: Verdict, evidence: Evidence) -> ConstraintVerdict:
    """Return the verdict on deviations as one on a constraint."""
    return ConstraintVerdict(
        "incentive_compatibility",
        verdict.state,
        verdict.scope,
        verdict.worst if verdict.witness is not None else 0.0,
        0.0 if evidence.worst is None else evidence.worst.share,
        verdict.upper,
        verdict.reason,
        verdict.witness,
        verdict.certificate,
    )


def _audited(
    tested: Market, search: Search, classes: tuple[tuple[int, ...], ...], every: bool
) -> Audited:
    return Audited(
        mechanism=tested.mechanism.name,
        settings=settings_of(tested.mechanism),
        economy=economy_as_data(tested.economy),
        n_traders=tested.economy.n_traders,
        law=law_in_words(tested.distribution),
        strategy=tested.strategy.name,
        information=search.information,
        classes=classes,
        all_traders=every,
        held_out=search.held_out,
        steps=search.steps,
        seeds=tuple(search.seeds),
        learners=tuple(learner.name for learner in search.learners),
        versions={"deviator": deviator.__version__},
    )


def settings_of(mechanism: Mechanism) -> dict[str, Any]:
    """Return those settings of a rule that are numbers or words."""
    thing: Any = mechanism
    values = {
        field.name: getattr(thing, field.name)
        for field in (fields(thing) if is_dataclass(thing) else ())
    }
    return {k: v for k, v in values.items() if isinstance(v, bool | int | float | str)}


def law_in_words(law: TypeDistribution) -> str:
    """Return the law of the types in a few words.

    Examples
    --------
    >>> from deviator.economies import NormalTypes
    >>> law_in_words(NormalTypes.independent(3))
    'NormalTypes of mean 0 and deviation 1'
    """
    mean, deviation = (_range(numbers) for numbers in (law.mean, law.deviation))
    return f"{type(law).__name__} of mean {mean} and deviation {deviation}"


def _range(numbers: Any) -> str:
    low, high = float(numbers.min()), float(numbers.max())
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _learner(learner: Learner | str) -> Learner:
    if not isinstance(learner, str):
        return learner
    by_name: Learner = build("learner", learner, {})
    return by_name


def _rule(mechanism: Mechanism | str, economy: Economy, parameters: dict[str, Any]) -> Mechanism:
    """Return the mechanism under audit, built where it was named."""
    if isinstance(mechanism, str):
        return _by_name(mechanism, economy, parameters)
    if parameters:
        raise InvalidInputError(
            f"parameters go with a mechanism's name, got {', '.join(parameters)} with an object"
        )
    return mechanism


def _by_name(name: str, economy: Economy, parameters: dict[str, Any]) -> Mechanism:
    settings = dict(parameters)
    if takes_economy(find_plugin("mechanism", name).load()):
        settings.setdefault("economy", economy)
    mechanism: Mechanism = build("mechanism", name, settings)
    return mechanism
