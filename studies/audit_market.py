"""The verdict on one market: exact answers, a certificate, and a learner if asked."""

from collections.abc import Sequence
from typing import Any

from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError
from deviator.evidence import Verdict, judge, market
from deviator.learners import Learner
from deviator.mechanisms import Mechanism
from deviator.plugins import build, find_plugin, takes_economy
from deviator.policies import Information, Policy

from .gather import Search, gather


def audit(
    mechanism: Mechanism | str,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int = 0,
    information: Information = "profile",
    learner: Learner | str | None = None,
    steps: int = Search.steps,
    seed: int = 0,
    held_out: int = Search.held_out,
    planted: Sequence[float] = (),
    **parameters: Any,
) -> Verdict:
    """Return whether a strategy can be profitably deviated from, with evidence from both sides.

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
    trader : int
        Who deviates.
    information : {"profile", "own"}
    learner : Learner or str, optional
        A learner, or the name of one (``"ppo"``), trained in the market and on its matched
        control, to add what learning finds.
    steps, seed : int
        The learner's budget and seed.
    held_out : int
        Profiles on which gains are measured.
    planted : sequence of float
        Sizes of faults to plant in the payments (`Mutated`, "transfer"), each a market of its own
        to train in: the smallest gain that the learner notices is its resolution.
    **parameters
        Settings of a mechanism called by name.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> audit("sigma-dcda", fundamental_value(6), sigma=0.3).state
    'confirmed'
    >>> audit("uniform-conditional", fundamental_value(6)).state
    'refuted'
    """
    if learner is None and planted:
        raise InvalidInputError(
            "planted faults need a learner to notice them, got learner=None; pass learner='ppo'"
        )
    rule = _rule(mechanism, economy, parameters)
    tested = market(rule, economy, distribution=distribution, strategy=strategy, trader=trader)
    learners = () if learner is None else (_learner(learner),)
    search = Search(learners, (seed,), steps, information, held_out)
    return judge(gather(tested, search, with_power=True, planted=planted))


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
