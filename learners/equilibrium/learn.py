"""All traders of a market learn from random starts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from deviator.errors import DeviatorError, InvalidInputError, RefusedError, one_of
from deviator.evidence import Market, interchangeable_traders
from deviator.learners.random_state import own_random_state
from deviator.learners.start import checked_widths
from deviator.mechanisms.lottery import require_no_lots
from deviator.policies import AffineStrategy, Policy, check_information
from deviator.validation import check_kind, positive, trader_index, whole_number

from .bid_form import BidForm, Groups
from .budget import Budget
from .distance import Learned, distance
from .gradient import EveryonesGradient
from .neutral import neutral_strategy
from .ppo_bids import EveryonesPPOBids
from .record import Equilibrium, EquilibriumPoint, Regret, State
from .regret import realised_surplus, regrets

SETTLED = 1e-3
"""Interim regret up to this share of a trader's stakes counts as none, or of the first-best gains
from trade per trader where these are smaller."""

AGREE = 0.02
"""Ends that are at most so far apart, as a share of the bids' spread, are one."""

SHRINKS = 0.8
"""Steepness that falls below this share in the second half of learning shrinks without end."""

POINTS = 20
"""Points of a learning curve for each start."""

STEPS: Mapping[str, int] = MappingProxyType({"gradient": 1000, "ppo": 500})
"""Steps of each start by default, for each learner."""


Progress = Callable[[str, float], None]
"""Called with what is done, and the share of all learning that is done."""


class _Plan(NamedTuple):
    """Who learns in which market, and how."""

    tested: Market
    form: BidForm
    learner: str
    hidden: tuple[int, ...]
    starts: int
    steps: int
    seconds: float | None
    seed: int


class _Run(NamedTuple):
    """One random start: where bids were at points of the curve, and where they ended."""

    steps: list[int]
    path: list[Learned]

    @property
    def end(self) -> Learned:
        return self.path[-1]

    @property
    def late(self) -> Learned:
        """Where bids were when a tenth was left."""
        before = [place for place, step in enumerate(self.steps) if step <= 0.9 * self.steps[-1]]
        return self.path[before[-1]]


def everyone_learns(
    tested: Market,
    *,
    learner: str = "gradient",
    hidden: Sequence[int] = (),
    shared: bool = False,
    starts: int = 3,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    information: str = "own",
    traders: Sequence[int] | None = None,
    progress: Progress = lambda doing, share: None,
) -> Equilibrium:
    """Return where the traders of a market end who all learn at once, and the epsilon of that.

    Bids are affine in the own type, but for `hidden`. Where bids of other shapes are better
    replies, regret shows it. Ctrl-C ends learning early: what was learned is measured.

    Parameters
    ----------
    tested : Market
        Its strategy is what those follow who do not learn.
    learner : {"gradient", "ppo"}
    hidden : sequence of int
        Widths of hidden layers of small networks, by which bids depend on types in other ways than
        affinely; none by default.
    shared : bool
        Whether interchangeable traders share their parameters.
    starts : int
        Random starts, each with the same budget.
    steps : int
        Steps of each start.
    seconds : float, optional
        CPU seconds of all starts after which learning ends early; results then depend on the
        machine's speed.
    seed : int
    information : {"own"}
        What traders know when they bid.
    traders : sequence of int, optional
        Who learns, everybody by default. Regret is everybody's, whoever learns.
    progress : callable, optional
        Called with what is done, and the share of all learning that is done.

    Raises
    ------
    InvalidInputError
        If an argument is malformed.
    RefusedError
        If the market's bids or utilities are not ones in which bids can be learned, or there are
        no gains from trade.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> auction = market(UniformDoubleAuction(), private_values(4, slope=2.0))
    >>> everyone_learns(auction, steps=200, starts=2).state
    'equilibrium'
    """
    _check(learner, information)
    markets = "build one with deviator.evidence.market(mechanism, economy)"
    check_kind("tested", tested, Market, markets)
    require_no_lots("an equilibrium", tested.mechanism)
    if not tested.scale > 0:
        raise RefusedError(
            f"there is nothing to learn in {tested.mechanism.name}: trade gains nobody anything"
        )
    form = _form(tested, shared, traders)
    plan = _Plan(
        tested,
        form,
        learner,
        _widths(learner, hidden),
        whole_number("starts", starts, 1),
        whole_number("steps", STEPS[learner] if steps is None else steps, 1),
        None if seconds is None else positive("seconds", seconds),
        whole_number("seed", seed, 0),
    )
    began = time.process_time()
    runs, interrupted = _runs(plan, progress)
    progress("measuring what every trader could gain", 1.0)
    return _result(plan, runs, time.process_time() - began, interrupted)


def _check(learner: str, information: str) -> None:
    if learner not in STEPS:
        raise InvalidInputError(one_of("learner", learner, STEPS))
    if check_information(information) != "own":
        raise InvalidInputError(
            "information must be own: traders who all learn know their own types, got "
            f"{information!r}"
        )


def _widths(learner: str, hidden: Sequence[int]) -> tuple[int, ...]:
    widths = checked_widths("hidden", hidden)
    if widths and learner != "gradient":
        raise InvalidInputError(
            f"hidden layers are learned by the gradient, got learner={learner!r}; leave out hidden"
        )
    return widths


def _form(tested: Market, shared: bool, traders: Sequence[int] | None) -> BidForm:
    n = tested.economy.n_traders
    learning = set(range(n)) if traders is None else {trader_index(i, n) for i in traders}
    if not learning:
        raise InvalidInputError("traders must name somebody who learns, got none")
    fixed = sorted(set(range(n)) - learning)
    groups = _groups(tested, fixed) if shared else tuple((i,) for i in range(n))
    return BidForm.of(tested, groups, fixed)


def _groups(tested: Market, fixed: list[int]) -> Groups:
    """Return the classes of traders who are alike while they bid alike, those who learn apart."""
    alike = replace(tested, strategy=neutral_strategy(tested))
    classes = interchangeable_traders(alike)
    parts = [[i for i in each if i not in fixed] for each in classes]
    return tuple(tuple(each) for each in [*parts, fixed] if each)


def _runs(plan: _Plan, progress: Progress) -> tuple[list[_Run], bool]:
    """Return where each start ended, and whether a person ended learning before the last did."""
    runs: list[_Run] = []
    for place in range(plan.starts):
        run = _Run([], [])
        try:
            _learn(plan, place, run, progress)
        except KeyboardInterrupt:
            runs += [run] if run.path else []
            if not runs:
                raise
            return runs, True
        runs.append(run)
    return runs, False


def _learn(plan: _Plan, place: int, run: _Run, progress: Progress) -> None:
    """Learn from one random start, of which the run keeps points."""
    rng = np.random.default_rng([plan.seed, place])
    seconds = None if plan.seconds is None else plan.seconds / plan.starts
    marks = set(np.linspace(0, plan.steps, POINTS + 1).astype(int))

    def watch(spent: int, strategy: Callable[[], Learned], last: bool = False) -> None:
        if spent in marks or last:
            told = f"learning from start {place + 1} of {plan.starts}"
            progress(told, (place + spent / plan.steps) / plan.starts)
            run.steps.append(spent)
            run.path.append(strategy())

    learner: EveryonesGradient | EveryonesPPOBids = (
        EveryonesGradient(hidden=plan.hidden) if plan.learner == "gradient" else EveryonesPPOBids()
    )
    with own_random_state():
        learner.learn(plan.tested, plan.form, rng, Budget(plan.steps, seconds), watch)


def _result(
    plan: _Plan, runs: list[_Run], cpu_seconds: float, interrupted: bool = False
) -> Equilibrium:
    form = plan.form
    markets = [replace(plan.tested, strategy=run.end) for run in runs]
    epsilons = [regrets(each) for each in markets]
    worst = [max(_share(one, plan.tested.scale) for one in each) for each in epsilons]
    best = int(np.argmin(worst))
    apart = max((distance(form, a.end, b.end) for a, b in combinations(runs, 2)), default=0.0)
    state, reason = _state(worst, apart, _shrinkage(form, runs))
    if len(form.learners) < plan.tested.economy.n_traders:
        reason += f"; of {plan.tested.economy.n_traders} traders {len(form.learners)} learned"
    if interrupted:
        reason += f"; learning was interrupted in start {len(runs)} of {plan.starts}"
    return Equilibrium(
        state,
        reason,
        runs[best].end,
        markets[best],
        epsilons[best],
        tuple(run.end for run in runs),
        apart,
        max(distance(form, run.late, run.end) for run in runs),
        _from_strategy(form, plan.tested.strategy, runs[best].end),
        realised_surplus(markets[best]),
        tuple(point for place, run in enumerate(runs) for point in _curve(form, place, run)),
        plan.learner,
        plan.steps,
        plan.seed,
        cpu_seconds,
        interrupted,
    )


def _from_strategy(form: BidForm, strategy: Policy, end: Learned) -> float | None:
    """Return how far an end is from a strategy, where that has affine bids in this language."""
    try:
        return distance(form, end, AffineStrategy.of(strategy, form.neutral.language))
    except DeviatorError:
        return None


def _share(regret: Regret, scale: float) -> float:
    """Return interim regret as a share of the stakes, or of the scale where that is smaller."""
    stakes = min(regret.stakes, scale)
    if stakes > 0:
        return regret.interim / stakes
    return regret.interim / scale  # who never trades has nothing at stake


def _shrinkage(form: BidForm, runs: list[_Run]) -> float:
    """Return by which factor positive numbers changed in the second half of learning, at most."""
    if not form.positive.any():
        return 1.0
    middle = [_affine(run.path[len(run.path) // 2]).base[form.positive] for run in runs]
    ends = [_affine(run.end).base[form.positive] for run in runs]
    return max(float((end / half).max()) for half, end in zip(middle, ends, strict=True))


def _affine(strategy: Learned) -> AffineStrategy:
    return strategy if isinstance(strategy, AffineStrategy) else strategy.affine


def _state(worst: list[float], apart: float, shrinkage: float) -> tuple[State, str]:
    """Return whether traders settled, given each end's largest regret as a share of stakes."""
    unsettled = sum(each > SETTLED for each in worst)
    if unsettled == len(worst) and shrinkage < SHRINKS:
        return "no trade", (
            "from every start bids shrink without end, towards no trade, by a factor of "
            f"{shrinkage:.2g} at most in the second half of learning: no equilibrium was found"
        )
    if unsettled:
        return "not settled", (
            f"from {unsettled} of {len(worst)} starts somebody still gains {100 * max(worst):.2g}% "
            "of what trading is worth to them"
        )
    if apart > AGREE:
        return "starts disagree", (
            f"every start ends where nobody gains more than {100 * max(worst):.2g}% of their "
            f"stakes, and the ends are {100 * apart:.2g}% of the bids' spread apart: there are "
            "several"
        )
    return "equilibrium", (
        f"from every start nobody gains more than {100 * max(worst):.2g}% of what trading is worth "
        "to them" + (", and all end at one place" if len(worst) > 1 else "")
    )


def _curve(form: BidForm, place: int, run: _Run) -> list[EquilibriumPoint]:
    before = [run.path[0], *run.path[:-1]]
    return [
        EquilibriumPoint(steps, place, distance(form, last, now), distance(form, now, run.end))
        for steps, last, now in zip(run.steps, before, run.path, strict=True)
    ]
