"""The one road to evidence: what deviating gains in a market, from every side."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.economies import Economy, QuadraticEconomy
from deviator.envs import DeviationCore, deviation_core
from deviator.errors import RefusedError
from deviator.evidence import (
    BestDeviation,
    Certificate,
    Evidence,
    LearnedGain,
    Market,
    best_deviation,
    certify,
    certify_by_theorem,
    find_witness,
    held_out_profiles,
    standing_control,
)
from deviator.evidence.best_deviation import pays, trades
from deviator.learners import CurvePoint, Learner, Training
from deviator.mechanisms import DirectMechanism, Mechanism, Mutated, ResidualLineMechanism
from deviator.plugins import provenance
from deviator.policies import Deviation, Information
from deviator.validation import Floats

NOTHING_GAINED = BestDeviation(0.0, 0.0, "exact")


def ignore(*_: object) -> None:
    """Do nothing with what there is to see."""


@final
@dataclass(frozen=True, eq=False)
class Search:
    """How hard a market is searched for a profitable deviation.

    Parameters
    ----------
    learners : sequence of Learner
        Each is trained once for every seed.
    seeds : sequence of int
    steps : int
        Budget of each training in submitted bids.
    information : {"profile", "own"}
        What deviators know.
    held_out : int
        Profiles on which gains are measured.
    """

    learners: Sequence[Learner] = ()
    seeds: Sequence[int] = (0,)
    steps: int = 100_000
    information: Information = "profile"
    held_out: int = 20_000


@final
@dataclass(frozen=True, eq=False)
class Watch:
    """Who follows the trainings in the market under test.

    Parameters
    ----------
    keep : callable, optional
        Called with each seed and its training, to keep the policy.
    live : callable, optional
        Called with each point of a learning curve and the best deviation known without learning.
    log_folder : Path, optional
        Where TensorBoard logs go, in a folder for each seed; none are written by default.
    """

    keep: Callable[[int, Training], None] = ignore
    live: Callable[[CurvePoint, BestDeviation], None] = ignore
    log_folder: Path | None = None


def gather(
    tested: Market,
    search: Search,
    *,
    control: Market | None = None,
    with_power: bool = False,
    planted: Sequence[float] = (),
    watch: Watch | None = None,
) -> Evidence:
    """Gather the evidence on one market; `judge` turns it into a verdict.

    Parameters
    ----------
    tested : Market
    search : Search
        Learners are not trained where a certificate says that nobody trades.
    control : Market, optional
        The matched control, by default the standing one; it sets the range of the actions.
    with_power : bool
        Whether the learners are trained on the control too.
    planted : sequence of float
        Sizes of faults to plant in the payments (`Mutated`, "transfer"), each in a mutant of the
        market in which the learners are trained.
    watch : Watch, optional

    Raises
    ------
    DeviatorError
        If the market cannot be cleared or learned in.
    """
    # Sums in one thread come out the same in every process.
    with threadpool_limits(limits=1):
        certificate = _certificate(tested, search.information)
        if certificate is not None and not certificate.trades:
            return replace(_no_trade(tested, search), certificate=certificate)
        mutants = [replace(tested, mechanism=_planted(tested.mechanism, size)) for size in planted]
        control = control or standing_control(tested)
        evidence = _measure(tested, control, search, watch or Watch())
        beside = _control_evidence(control, search) if with_power else None
        return replace(
            evidence,
            certificate=certificate,
            control=beside,
            planted=tuple(_measure(mutant, control, search, Watch()) for mutant in mutants),
        )


def _control_evidence(control: Market | None, search: Search) -> Evidence | None:
    if control is None or not search.learners:
        return None
    return _measure(control, control, search, Watch())


def _certificate(tested: Market, information: Information) -> Certificate | None:
    """Return the market's certificate, exact or by theorem, or None where there is neither."""
    with suppress(RefusedError):
        return certify(tested, information)
    with suppress(RefusedError):
        return certify_by_theorem(tested)
    return None


def _measure(tested: Market, control: Market | None, search: Search, watch: Watch) -> Evidence:
    """Measure what the best deviation and the learned ones gain in one market."""
    # What cannot be learned in is refused before anything is searched.
    core = (
        deviation_core(tested, information=search.information, control=control)
        if search.learners
        else None
    )
    types = held_out_profiles(tested, search.held_out)
    best = best_deviation(tested, types, search.information)
    trained = [] if core is None else list(_trained(core, search, best, watch))
    policies = [training.policy for _, _, training in trained]
    return _evidence(
        tested,
        types,
        best,
        trades=trades(tested, types),
        learned=tuple(_learned_gain(tested, types, *one) for one in trained),
        witness=best.witness or _first_witness(tested, types, policies, search.information),
        plugins=_plugins(tested, search.learners),
    )


def _no_trade(tested: Market, search: Search) -> Evidence:
    types = held_out_profiles(tested, search.held_out)
    plugins = _plugins(tested, ())
    return _evidence(tested, types, NOTHING_GAINED, trades=False, plugins=plugins)


def _evidence(tested: Market, types: Floats, best: BestDeviation, **rest: Any) -> Evidence:
    return Evidence(
        tested.scale,
        tested.epsilon,
        honest_utility=tested.honest_utility(types),
        best=best,
        mechanism_economy=_other_economy(tested.mechanism, tested.economy),
        **rest,
    )


def _trained(
    core: DeviationCore, search: Search, best: BestDeviation, watch: Watch
) -> Iterator[tuple[Learner, int, Training]]:
    for learner in search.learners:
        for seed in search.seeds:
            training = learner.train(
                core,
                search.steps,
                seed,
                progress=lambda point: watch.live(point, best),
                log_folder=None if watch.log_folder is None else watch.log_folder / f"seed{seed}",
            )
            watch.keep(seed, training)
            yield learner, seed, training


def _learned_gain(
    tested: Market, types: Floats, learner: Learner, seed: int, training: Training
) -> LearnedGain:
    """Return what a training gained on given profiles."""
    untrained = tested.gains(types, training.untrained.bid(types, tested.trader))
    learned = tested.gains(types, training.policy.bid(types, tested.trader))
    return LearnedGain(
        learner.name,
        seed,
        float(learned.mean()),
        float(learned.max()),
        float(untrained.mean()),
        training.largest_gain,
        tuple((point.steps, point.gain) for point in training.curve),
    )


def _first_witness(
    tested: Market, types: Floats, policies: Sequence[Deviation], information: Information
) -> dict[str, Any] | None:
    """Return a witness of the first learned deviation that pays on average."""
    for policy in policies:
        if pays(tested, tested.gains(types, policy.bid(types, tested.trader)), information):
            return find_witness(tested, policy, types)
    return None


def _planted(mechanism: Mechanism, size: float) -> Mutated:
    if not isinstance(mechanism, ResidualLineMechanism):
        raise RefusedError(
            "faults are planted in mechanisms with straight residual curves, which "
            f"{mechanism.name} does not have; leave planted out"
        )
    return Mutated(mechanism, "transfer", size)


def _plugins(tested: Market, learners: Sequence[Learner]) -> tuple[dict[str, str], ...]:
    """Return where everything comes from that took part."""
    parts = (tested.mechanism, tested.economy, tested.strategy, *learners)
    return tuple(provenance(part) for part in parts)


def _other_economy(mechanism: Mechanism, economy: Economy) -> dict[str, Any] | None:
    """Return the economy that a direct mechanism holds, where it is not the one under test."""
    held = mechanism.economy if isinstance(mechanism, DirectMechanism) else None
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
