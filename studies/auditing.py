"""The verdict on one market: exact answers, a certificate, and a learner if asked."""

from typing import Any

import numpy as np

from deviator.economies import Economy, LinearQuadratic, TypeDistribution
from deviator.envs import Market, deviation_core, market, matched_control
from deviator.learners import Learner
from deviator.mechanisms import Mechanism
from deviator.plugins import build, find_plugin, takes_economy
from deviator.policies import Information, Policy

from .cells import certificate_of, exact_answer, held_out_profiles
from .verdict import EPSILON, Verdict, decide


def audit(
    mechanism: Mechanism | str,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int = 0,
    information: Information = "profile",
    learner: Learner | None = None,
    steps: int = 100_000,
    seed: int = 0,
    held_out: int = 20_000,
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
    learner : Learner, optional
        Trained in the market and on its matched control, to add what learning finds.
    steps, seed : int
        The learner's budget and seed.
    held_out : int
        Profiles on which gains are measured.
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
    rule = _by_name(mechanism, economy, parameters) if isinstance(mechanism, str) else mechanism
    tested = market(rule, economy, distribution=distribution, strategy=strategy, trader=trader)
    types = held_out_profiles(tested, held_out)
    exact = exact_answer(tested, types, information)
    certificate = certificate_of(tested, information)
    learned, power = 0.0, None
    if learner is not None:
        learned = _learned_gain(learner, tested, tested, information, steps, seed, held_out)
        power = _power(learner, tested, information, steps, seed, held_out)
    scale = tested.scale()
    lower = max(0.0, exact["gain"], learned)
    upper = None if certificate is None else certificate.cap
    state = decide(
        lower=lower,
        upper=upper,
        epsilon=EPSILON * scale,
        rechecked=exact["witness"] is not None,
        vacuous=certificate is not None and certificate.vacuous,
    )
    return Verdict(
        state=state,
        lower=lower,
        upper=upper,
        epsilon=EPSILON * scale,
        scale=scale,
        power=power,
        certificate=None if certificate is None else certificate.to_dict(),
        witness=exact["witness"],
        mechanism_economy=_foreign_economy(rule, economy),
    )


def _by_name(name: str, economy: Economy, parameters: dict[str, Any]) -> Mechanism:
    settings = dict(parameters)
    if takes_economy(find_plugin("mechanism", name).load()):
        settings.setdefault("economy", economy)
    mechanism: Mechanism = build("mechanism", name, settings)
    return mechanism


def _learned_gain(
    learner: Learner,
    tested: Market,
    control_of: Market,
    information: Information,
    steps: int,
    seed: int,
    held_out: int,
) -> float:
    core = deviation_core(tested, information=information, control=matched_control(control_of))
    policy = learner.train(core, steps, seed).policy
    types = held_out_profiles(tested, held_out)
    return float(tested.gains(types, policy.bid(types, tested.trader)).mean())


def _power(
    learner: Learner,
    tested: Market,
    information: Information,
    steps: int,
    seed: int,
    held_out: int,
) -> float:
    """Return the share of the exact gain that the learner captures on the matched control."""
    control = matched_control(tested)
    gain = _learned_gain(learner, control, tested, information, steps, seed, held_out)
    exact = exact_answer(control, held_out_profiles(control, held_out), information)
    return gain / float(exact["gain"])


def _foreign_economy(mechanism: Mechanism, economy: Economy) -> dict[str, Any] | None:
    """Return the economy that a direct mechanism holds, where it is not the audited one."""
    held = getattr(mechanism, "economy", None)
    if not isinstance(held, LinearQuadratic) or not isinstance(economy, LinearQuadratic):
        return None
    same = all(
        np.array_equal(getattr(held, name), getattr(economy, name))
        for name in ("weights", "slope", "intercept")
    )
    return None if same else held.to_dict()
