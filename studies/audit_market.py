"""The verdict on one market: exact answers, a certificate, and a learner if asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from deviator.economies import Economy, QuadraticEconomy, TypeDistribution
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market, market, standing_control
from deviator.evidence.best_deviation import best_answer, held_out_profiles, trades
from deviator.evidence.certificates import Certificate
from deviator.evidence.verdict import Verdict, epsilon_of, pays, reach_verdict
from deviator.evidence.witness import find_witness
from deviator.learners import Learner
from deviator.mechanisms import Mechanism, Mutated, ResidualLineMechanism
from deviator.plugins import build, find_plugin, provenance, takes_economy
from deviator.policies import Deviation, Information, Policy
from deviator.validation import Floats, whole_number

from .cells import certificate_of


def audit(
    mechanism: Mechanism | str,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int = 0,
    information: Information = "profile",
    learner: Learner | str | None = None,
    steps: int = 100_000,
    seed: int = 0,
    held_out: int = 20_000,
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
    rule = _rule(mechanism, economy, parameters)
    whole_number("held_out", held_out, at_least=100)
    tested = market(rule, economy, distribution=distribution, strategy=strategy, trader=trader)
    types = held_out_profiles(tested, held_out)
    certificate = certificate_of(tested, information)
    if certificate is not None and certificate.vacuous:
        return _vacuous(tested, certificate)
    search = None
    if learner is not None:
        searcher = build("learner", learner, {}) if isinstance(learner, str) else learner
        search = _Search(searcher, steps, seed, information, held_out)
    elif planted:
        raise InvalidInputError(
            "planted faults need a learner to notice them, got learner=None; pass learner='ppo'"
        )
    best = best_answer(tested, types, information)
    learned = None if search is None else search.learned(tested, tested)
    return reach_verdict(
        gains=[best.gain, 0.0 if learned is None else learned.gain],
        error=best.error,
        scale=tested.scale(),
        epsilon=epsilon_of(tested),
        trades=trades(tested, types),
        certificate=None if certificate is None else certificate.to_dict(),
        witness=best.witness or (None if learned is None else learned.witness(tested, types)),
        power=None if search is None else search.power(tested),
        resolution=None if search is None else search.resolution(tested, planted),
        mechanism_economy=_foreign_economy(rule, economy),
        plugins=_plugins(tested, None if search is None else search.learner),
    )


def _plugins(tested: Market, learner: Learner | None) -> tuple[dict[str, str], ...]:
    """Return where everything comes from that took part."""
    parts = (tested.mechanism, tested.economy, tested.strategy, learner)
    return tuple(provenance(part) for part in parts if part is not None)


@final
@dataclass(frozen=True)
class _Search:
    """A learner with its budget."""

    learner: Learner
    steps: int
    seed: int
    information: Information
    held_out: int

    def learned(self, searched: Market, ranged: Market) -> "_Learned":
        """Return what is learned in a market, actions ranged as in another's control."""
        control = standing_control(ranged)
        core = deviation_core(searched, information=self.information, control=control)
        policy = self.learner.train(core, self.steps, self.seed).policy
        types = held_out_profiles(searched, self.held_out)
        gains = searched.gains(types, policy.bid(types, searched.trader))
        pay = pays(searched, gains, self.information)
        return _Learned(policy, float(gains.mean()), pay)

    def power(self, tested: Market) -> float | None:
        """Return the share of the best gain that is captured on the matched control."""
        control = standing_control(tested)
        if control is None:
            return None
        types = held_out_profiles(control, self.held_out)
        best = best_answer(control, types, self.information).gain
        return self.learned(control, tested).gain / best

    def resolution(self, tested: Market, sizes: Sequence[float]) -> float | None:
        """Return the smallest planted gain that was noticed: more than half of it was captured."""
        noticed = []
        for size in sizes:
            mutant = replace(tested, mechanism=_planted(tested.mechanism, size))
            types = held_out_profiles(mutant, self.held_out)
            best = best_answer(mutant, types, self.information).gain
            if self.learned(mutant, tested).gain > best / 2:
                noticed.append(best)
        return min(noticed, default=None)


@final
@dataclass(frozen=True, eq=False)
class _Learned:
    """A learned deviation and its mean gain."""

    policy: Deviation
    gain: float
    pays: bool

    def witness(self, tested: Market, types: Floats) -> dict[str, Any] | None:
        """Return a witness of the learned deviation, if it pays on average."""
        return find_witness(tested, self.policy, types) if self.pays else None


def _planted(mechanism: Mechanism, size: float) -> Mutated:
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            f"faults are planted in mechanisms with straight residual curves, {mechanism.name} "
            "is none; leave planted out"
        )
    return Mutated(mechanism, "transfer", size)


def _vacuous(tested: Market, certificate: Certificate) -> Verdict:
    return Verdict(
        "vacuous",
        0.0,
        None,
        epsilon_of(tested),
        tested.scale(),
        certificate=certificate.to_dict(),
        plugins=_plugins(tested, None),
    )


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


def _foreign_economy(mechanism: Mechanism, economy: Economy) -> dict[str, Any] | None:
    """Return the economy that a direct mechanism holds, where it is not the audited one."""
    held = getattr(mechanism, "economy", None)
    if not isinstance(held, QuadraticEconomy) or not isinstance(economy, QuadraticEconomy):
        return None
    same = held is economy or (
        held.n_traders == economy.n_traders
        and np.array_equal(held.slope, economy.slope)
        and np.array_equal(held.intercept, economy.intercept)
        and all(
            np.array_equal(mine, theirs)
            for (_, mine), (_, theirs) in zip(
                held.blocks_of_effects(), economy.blocks_of_effects(), strict=True
            )
        )
    )
    return None if same else held.to_dict()
