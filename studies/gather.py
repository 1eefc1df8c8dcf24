"""The one road to evidence: what deviating gains in a market, from every side."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.economies import Economy, QuadraticEconomy
from deviator.envs import DecisionProblem, DeviationCore
from deviator.envs.public_rounds import check_rounds_of
from deviator.errors import InvalidInputError
from deviator.evidence import (
    BestDeviation,
    Certificate,
    Evidence,
    Found,
    Market,
    check_matched,
    each_draw,
    find_certificates,
    held_out_profiles,
    in_shares,
    largest_gain,
    over_rounds,
    seat_of,
    standing_control,
)
from deviator.evidence.best_deviation import (
    SEARCHED,
    deviations_trade,
    trades,
)
from deviator.evidence.certificates import is_all_ours
from deviator.evidence.each_draw import on_average
from deviator.learners import Learner, Training
from deviator.mechanisms import DirectMechanism, Mechanism, Mutated, RoundsMechanism
from deviator.plugins import provenance
from deviator.policies import (
    ActionBox,
    Deviation,
    Information,
    knows_profile,
    rung_name,
    rung_within,
)
from deviator.policies.information import check_shows_the_same
from deviator.policies.mixing import check_draws
from deviator.validation import check_kind

from .best_known import best_known
from .held_out import HeldOut, first_witness, learned_gain, saved_gain
from .problems import options_of, problems_for
from .search import Actions, Search, Watch

__all__ = ["Actions", "Search", "Watch", "gather"]

CHECKED = 100
"""Profiles at which a bid is searched to check a proof that nothing is to gain."""


def gather(
    tested: Market,
    search: Search,
    *,
    control: Market | None = None,
    with_power: bool = False,
    planted: Sequence[float] = (),
    saved: Sequence[Deviation] = (),
    certified: bool | Found = True,
    watch: Watch | None = None,
) -> Evidence:
    """Gather the evidence on one market; `judge` turns it into a verdict.

    Parameters
    ----------
    tested : Market
    search : Search
        Learners are not trained where nobody trades.
    control : Market, optional
        The matched control, by default the standing one; it sets the range of the actions.
    with_power : bool
        Whether the learners are trained on the control too.
    planted : sequence of float
        Sizes of faults to plant in the payments (`Mutated`, "transfer"), each in a mutant of the
        market in which the learners are trained.
    saved : sequence of Deviation
        Deviations that were learned before; they are measured as those that are trained.
    certified : bool or Found
        Whether a certificate is looked for; or those that were found before.
    watch : Watch, optional

    Raises
    ------
    DeviatorError
        If an argument is of the wrong kind, the control does not match, or the market cannot be
        cleared or learned in.
    """
    markets = "build one with deviator.market(mechanism, economy)"
    check_kind("tested", tested, Market, markets)
    check_kind("search", search, Search, "state learners, seeds and steps in one")
    tested, search = over_rounds(tested), _own_rounds(tested, search)
    if control is not None:
        check_kind("control", control, Market, markets)
        control = in_shares(control, tested)
        check_matched(seat_of(tested), seat_of(control))
    rules = [Mutated(tested.mechanism, "transfer", size) for size in planted]
    mutants = [replace(tested, mechanism=rule) for rule in rules]
    # Sums in one thread come out the same in every process.
    with threadpool_limits(limits=1):
        control = control or standing_control(tested)
        found = _found(tested, search.information, certified)
        certificate = found.certificates.get(tested.trader)
        searched = CHECKED if _proved(tested, certificate) else SEARCHED
        evidence = _measure(tested, control, search, watch or Watch(), saved, searched)
        beside = evidence.learned and (with_power or planted)
        box = _box_of(tested, control, search) if beside else None
        whole = _in_each_draw(tested, search, _at_the_worst_profile(tested, evidence, certificate))
        return replace(
            whole,
            certificate=certificate,
            refusals=found.refusals,
            control=_control_evidence(control, search, box) if with_power else None,
            planted=tuple(_measure(each, control, search, Watch(), box=box) for each in mutants),
        )


def _own_rounds(tested: Market, search: Search) -> Search:
    """Return a search in which a rule over rounds is played once, over its own rounds."""
    rule = tested.mechanism
    if not isinstance(rule, RoundsMechanism) or search.rounds == 1:
        return search
    check_rounds_of(rule, search.rounds)
    return replace(search, rounds=1)


def _box_of(tested: Market, control: Market | None, search: Search) -> ActionBox | None:
    """Return the moves that learners had, with which it is measured what they would notice.

    Elsewhere the default box would be narrower, or go by an answer that is known there alone.
    """
    cores = problems_for(tested, control, search, Watch())
    return next((core.box for core in cores if isinstance(core, DeviationCore)), None)


def _control_evidence(
    control: Market | None, search: Search, box: ActionBox | None
) -> Evidence | None:
    if control is None or not search.learners:
        return None
    return _measure(control, control, search, Watch(), box=box)


def _found(tested: Market, information: Information, certified: bool | Found) -> Found:
    if isinstance(certified, Found):
        if certified.information != rung_name(information):
            raise InvalidInputError(
                f"certificates must be of the rung {rung_name(information)!r} that is searched, "
                f"got those of {certified.information!r}; find them again"
            )
        return certified
    if not certified:
        return Found({}, (), rung_name(information))
    return find_certificates(tested, information, [tested.trader])


def _at_the_worst_profile(
    tested: Market, evidence: Evidence, certificate: Certificate | None
) -> Evidence:
    """Return the evidence with what is gained at the worst profile, where that could tell more.

    A mean gain that refutes, or a proof about every profile of one of our own rules, needs no
    search; below the whole profile single profiles tell nothing.
    """
    if (
        not knows_profile(evidence.information)
        or evidence.witness is not None
        or not evidence.trades
    ):
        return evidence
    if evidence.best.kind == "bound":
        return evidence
    if _proved(tested, certificate):
        return evidence
    worst, witness = largest_gain(tested)
    return replace(evidence, worst=worst, witness=witness)


def _in_each_draw(tested: Market, search: Search, evidence: Evidence) -> Evidence:
    """Return the evidence with what is gained once the lots are known, where the rule draws some.

    A bid that is found there may pay on average too, at lots that no search on average saw.
    """
    if not (tested.mechanism.draws and evidence.trades):
        return evidence
    types = held_out_profiles(tested, search.held_out)
    answer, witness = each_draw(tested, types, evidence.witness), evidence.witness
    if witness is None and knows_profile(evidence.information):
        witness = on_average(tested, answer)
    return replace(evidence, each_draw=answer, witness=witness)


def _proved(tested: Market, certificate: Certificate | None) -> bool:
    """Return whether nothing is to gain at any profile, in one of our own rules."""
    if certificate is None or certificate.cap != 0 or not certificate.every_profile:
        return False
    return is_all_ours(tested.mechanism)


def _measure(
    tested: Market,
    control: Market | None,
    search: Search,
    watch: Watch,
    saved: Sequence[Deviation] = (),
    searched: int = SEARCHED,
    box: ActionBox | None = None,
) -> Evidence:
    """Measure what the best deviation and the learned ones gain in one market.

    A box is that of the market which this one stands beside.
    """
    types = held_out_profiles(tested, search.held_out)
    rung = rung_within(search.information, tested.mechanism, tested.economy)
    check_shows_the_same(rung, types[:CHECKED], tested.trader)
    if not is_all_ours(tested.strategy):
        check_draws(tested.strategy, types)
    traded = trades(tested, types)
    # What cannot be learned in is refused before anything is searched.
    cores = problems_for(tested, control, search, watch) if traded else []
    if box is not None:
        cores = [replace(c, box=box) if isinstance(c, DeviationCore) else c for c in cores]
    best = best_known(tested, types, search.information, search.rounds, searched)
    trained = list(_trained(cores, search, best, watch))
    deviations = [*(training.policy for _, _, training in trained), *saved]
    seen = HeldOut(tested, types, search.information)
    return Evidence(
        tested.scale,
        traded or deviations_trade(tested, types),
        tested.honest_utility(types if best.kind == "exact" else types[:searched]),
        best,
        learned=(
            *(learned_gain(seen, *one) for one in trained),
            *(saved_gain(seen, policy) for policy in saved),
        ),
        witness=best.witness or first_witness(seen, deviations),
        mechanism_economy=_other_economy(tested.mechanism, tested.economy),
        plugins=_plugins(tested, search.learners),
        information=rung_name(search.information),
        stakes=tested.stakes,
        rounding=tested.rounding,
        tolerated=tested.tolerated,
        rare_losses_known=_is_known(tested),
        unit=tested.unit,
    )


def _trained(
    cores: Sequence[DecisionProblem], search: Search, best: BestDeviation, watch: Watch
) -> Iterator[tuple[Learner, int, Training]]:
    for core, learner in zip(cores, search.learners, strict=False):
        for seed in search.seeds:
            training = learner.train(
                core,
                search.steps,
                seed,
                progress=lambda point: watch.live(point, best),
                log_folder=watch.log_folder(learner, seed),
                **options_of(learner, search, watch),
            )
            watch.keep(learner, seed, training)
            if training.interrupted and not watch.goes_on:
                raise KeyboardInterrupt
            yield learner, seed, training


def _is_known(tested: Market) -> bool:
    """Return whether nothing of a market is a third party's, which may hide rare losses."""
    parts = (tested.mechanism, tested.economy, tested.distribution, tested.strategy)
    return all(is_all_ours(part) for part in parts)


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
