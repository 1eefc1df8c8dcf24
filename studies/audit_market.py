"""The report card of one market: exact answers, certificates, and a learner if asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

import deviator
from deviator.economies import Economy, TypeDistribution
from deviator.envs.public_rounds import rounds_of
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import (
    Found,
    Market,
    Verdict,
    find_certificates,
    interchangeable_traders,
    judge,
    market,
)
from deviator.evidence.best_deviation import affordable_profiles
from deviator.evidence.coalitions import Party
from deviator.evidence.constraints import ConstraintVerdict
from deviator.evidence.constraints.gain_share import exact_gain_share
from deviator.evidence.constraints.honest import honest_constraints
from deviator.evidence.constraints.violations import gains_from_trade
from deviator.evidence.interchangeable import MOST_TRADERS
from deviator.evidence.plain_data import economy_as_data, settings_as_data
from deviator.learners import CurvePoint, Learner
from deviator.mechanisms import Mechanism
from deviator.plugins import build, owned_name
from deviator.policies import Information, Policy, rung_name
from deviator.validation import trader_index

from .beyond_claim import joint_finding, party_of
from .card.not_implementable import falling_quantity, not_implementable
from .card.report_card import Audited, ReportCard
from .gather import Search, Watch, gather
from .named_rule import named_rule

MOST_DEVIATORS = 60
"""In markets of more classes of traders not all of them are tried, which the card says."""

FEW_DEVIATORS = 2
"""How many deviate in markets so large that nobody is known to be interchangeable."""

Told = Callable[[str, float], None]
"""Called with what is done next, and the share of the work that is done."""

Classes = tuple[tuple[int, ...], ...]


def _ignore(*_: object) -> None:
    """Tell nobody."""


class _Stage(NamedTuple):
    """One trader's part of an audit: what is told of it, and where it begins in the whole."""

    told: Told
    doing: str
    begins: float
    part: float
    search: Search

    def watch(self) -> Watch:
        """Return what tells how far training is, where learners are trained."""
        self.told(self.doing, self.begins)
        return Watch(live=self._live)

    def _live(self, point: CurvePoint, _: object) -> None:
        # Power and resolution are measured after that, in further markets.
        trained = point.steps / self.search.steps
        self.told(self.doing, self.begins + self.part * min(trained, 1.0) / 2)


def audit(
    mechanism: Mechanism | str,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int | None = None,
    information: Information = "profile",
    learner: Learner | str | Sequence[Learner | str] | None = None,
    steps: int = Search.steps,
    seconds: float | None = None,
    seed: int = 0,
    held_out: int = Search.held_out,
    epsilon: float | None = None,
    planted: Sequence[float] = (),
    coalition: Sequence[int] | None = None,
    identities: int | None = None,
    transfers: bool = True,
    enlarged: Economy | None = None,
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
    information : {"profile", "own", "statistics", "signal:DEVIATION"} or Rung
        What deviators know (`deviator.policies.information`).
    learner : Learner, str or a sequence of them, optional
        A learner, or the name of one (``"ppo"``), or several, trained in the market and on its
        matched control, for each trader who deviates, to add what learning finds.
    steps, seed : int
        Each learner's budget and seed.
    seconds : float, optional
        CPU seconds that each training may take; by default the steps decide alone.
    held_out : int
        Profiles on which gains are measured.
    epsilon : float, optional
        Gains up to this share of the deviator's own stakes count as zero.
    planted : sequence of float
        Sizes of faults to plant in the payments (`Mutated`, "transfer"), each a market of its own
        to train in: the smallest gain that the learner notices is its resolution.
    coalition : sequence of int, optional
        Traders who deviate together. What they gain is beyond the paper's claim: it is shown on the
        card and changes none of its answers.
    identities : int, optional
        Under how many names the trader (by default the first) bids, likewise beyond the claim.
    transfers : bool
        Whether members of the coalition may pay each other. Without, the least gain counts.
    enlarged : Economy, optional
        The economy with the further names as its last traders, where the economy itself does not
        say what one more trader means to the others (``docs/coalitions.md``).
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
    >>> card = audit("sigma-dcda", fundamental_value(6), sigma=0.3, coalition=(0, 1))
    >>> card.state, card.beyond[0].reach
    ('confirmed', 'unbounded')
    """
    learners = _learners(learner)
    if planted and not learners:
        raise InvalidInputError(
            f"planted faults need a learner to notice them, got learner={learner!r}; pass "
            "learner='ppo'"
        )
    rule = named_rule(mechanism, economy, parameters)
    tested = market(rule, economy, distribution=distribution, strategy=strategy, tolerance=epsilon)
    search = Search(learners, (seed,), steps, information, held_out, seconds)
    place = replace(tested, trader=0 if trader is None else trader)
    party = party_of(place, coalition, identities, transfers=transfers, enlarged=enlarged)
    return report_card(tested, search, trader=trader, planted=planted, party=party)


def report_card(
    tested: Market,
    search: Search,
    *,
    trader: int | None = None,
    planted: Sequence[float] = (),
    party: Party | None = None,
    told: Told = _ignore,
) -> ReportCard:
    """Return the report card of a market; arguments as in `audit`, `party` from `party_of`.

    `told` is called with what is done next, and the share of the work that is done.
    """
    fall = falling_quantity(tested.mechanism)
    if fall is not None and party is not None:
        raise RefusedError(
            "joint deviations need a rule that clears, and no transfers make "
            f"{tested.mechanism.name} truthful here; leave coalition and identities out"
        )
    if fall is not None:
        return _without_transfers(tested, search, fall)
    classes = _deviators(tested, trader)
    told("looking for certificates", 0.0)
    beyond = () if party is None else (joint_finding(party, search),)
    found = find_certificates(tested, search.information, [first for first, *_ in classes])
    tried = _tried(classes, tested.economy.n_traders)
    gathered = {}
    for place, (first, *_) in enumerate(tried):
        who = f"looking for deviations of trader {first} ({place + 1} of {len(tried)})"
        stage = _Stage(told, who, (place + 1) / (len(tried) + 2), 1 / (len(tried) + 2), search)
        gathered[first] = gather(
            replace(tested, trader=first),
            search,
            with_power=True,
            planted=planted,
            certified=found,
            watch=stage.watch(),
        )
    told("deciding the constraints on honest outcomes", 1 - 1 / (len(tried) + 2))
    verdicts = {first: judge(evidence) for first, evidence in gathered.items()}
    untried = [first for first, *_ in classes if not (first in verdicts or _proved(found, first))]
    audited = _audited(tested, search, tried, trader is None, len(untried))
    card = ReportCard(audited, {}, verdicts, tested, _largest_cap(found, classes), beyond)
    deviating = _incentive_compatibility(replace(tested, trader=card.trader), card)
    answers = honest_constraints(tested)
    answers["incentive_compatibility"] = deviating
    return replace(card, constraints=answers)


def _proved(found: Found, trader: int) -> bool:
    """Return whether it is certified that a trader gains nothing at any profile."""
    certificate = found.certificates.get(trader)
    return certificate is not None and certificate.every_profile and certificate.cap == 0


def _largest_cap(found: Found, classes: Classes) -> float | None:
    """Return the certified cap on anybody's gain; None unless there is one for every class."""
    certificates = [found.certificates.get(first) for first, *_ in classes]
    caps = [None if each is None else each.cap for each in certificates]
    known = [cap for cap in caps if cap is not None]
    return max(known) if len(known) == len(caps) else None


def _without_transfers(tested: Market, search: Search, fall: dict[str, Any]) -> ReportCard:
    """Return the card of a rule that no transfers make truthful, and that refuses to clear."""
    verdict, answers = not_implementable(tested, fall)
    classes = ((int(fall["trader"]),),)
    audited = _audited(tested, search, classes, False, 0)
    return ReportCard(audited, answers, {fall["trader"]: verdict}, tested)


def _tried(classes: Classes, n_traders: int) -> Classes:
    """Return the classes of whom one trader deviates: in large markets, some across the market."""
    most = MOST_DEVIATORS if n_traders <= MOST_TRADERS else FEW_DEVIATORS
    step = -(-len(classes) // most)
    return classes[::step]


def _deviators(tested: Market, trader: int | None) -> Classes:
    if trader is None:
        return interchangeable_traders(tested)
    return ((trader_index(trader, tested.economy.n_traders),),)


def _incentive_compatibility(tested: Market, card: ReportCard) -> ConstraintVerdict:
    """Return the verdict on the trader who has most to gain as one on a constraint."""
    verdict = card.verdict
    share, cap = _gain_share(tested, verdict, card.upper)
    return ConstraintVerdict(
        "incentive_compatibility",
        card.state,
        card.scope,
        0.0 if verdict.witness is None else max(verdict.worst, verdict.witness["gain"]),
        share,
        cap,
        card.reason,
        verdict.witness,
        verdict.certificate,
    )


def _gain_share(
    tested: Market, verdict: Verdict, upper: float | None
) -> tuple[float, float | None]:
    """Return the largest gain, relative to the gains from trade, and a certified cap on it.

    In expectation both are in money: the cap is one on the mean.
    """
    if verdict.witness is None or verdict.scope == "in expectation":
        return 0.0, None if verdict.scope == "sampled" else upper
    if not tested.economy.quasilinear:
        return 0.0, None
    types = np.array([verdict.witness["types"]])
    trade = float(gains_from_trade(tested.economy, types)[0])
    shown = verdict.witness["gain"] / trade if trade > 0 else 0.0
    try:
        share, cap, _ = exact_gain_share(tested, tested.trader)
    except RefusedError:
        return shown, None
    return max(shown, share), cap


def _audited(
    tested: Market, search: Search, classes: Classes, every: bool, untried: int
) -> Audited:
    return Audited(
        mechanism=owned_name("mechanism", tested.mechanism),
        settings=settings_as_data(tested.mechanism),
        economy=economy_as_data(tested.economy),
        n_traders=tested.economy.n_traders,
        law=law_in_words(tested.distribution),
        strategy=owned_name("policy", tested.strategy),
        information=rung_name(search.information),
        classes=classes,
        all_traders=every and not untried,
        untried=untried,
        held_out=affordable_profiles(tested, search.held_out),
        steps=search.steps,
        seeds=tuple(search.seeds),
        learners=tuple(learner.name for learner in search.learners),
        versions={"deviator": deviator.__version__},
        rounds=rounds_of(tested.mechanism),
    )


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


def _learners(stated: Learner | str | Sequence[Learner | str] | None) -> tuple[Learner, ...]:
    """Return the learners that were stated, each built where it was named."""
    if stated is None:
        return ()
    several = stated if isinstance(stated, Sequence) and not isinstance(stated, str) else (stated,)
    return tuple(build("learner", one, {}) if isinstance(one, str) else one for one in several)
