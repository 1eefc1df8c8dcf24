"""Affine bids of all traders learned by PPO: actors without hidden layers, read as a strategy."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np
import torch

from deviator.envs.exchange_core import ExchangeCore
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.mechanisms import ConditionalLanguage
from deviator.policies import ActionBox, AffineStrategy
from deviator.validation import Floats

from .actors import Actors
from .bid_form import BidForm
from .budget import Budget
from .gradient import Watch
from .ppo import EveryonesPPO, group_of, train_everyone

REACH = 4.0
"""How far actions move a number, in its natural units."""

SHRINKS_TO = 0.02
GROWS_BY = 4.0
"""From which share of the neutral number, and by how much of it, actions may take one that must be
positive."""


@final
@dataclass(frozen=True)
class EveryonesPPOBids:
    """PPO of affine bids, from random starts.

    Parameters
    ----------
    settings : EveryonesPPO
        Without hidden layers.
    """

    settings: EveryonesPPO = field(
        default_factory=lambda: EveryonesPPO(exploration=(0.2, 0.02), rate=1.0)
    )
    name: ClassVar[str] = "ppo"

    def learn(
        self, tested: Market, form: BidForm, rng: np.random.Generator, budget: Budget, watch: Watch
    ) -> None:
        """Let all traders learn from a random start; `watch` sees where they are and end."""
        core, width = _core(tested, form)
        learners = list(form.learners)
        reach = torch.tensor(form.unit[learners] / width[learners])
        groups = _groups(form)
        actors = _started(form, form.strategy(form.start(tested, rng)), groups, reach)

        def look(now: Actors) -> bool:
            watch(budget.spent, _bids(form, now), False)
            budget.spend()
            return budget.done

        train_everyone(
            core,
            self.settings,
            updates=budget.steps,
            seed=int(rng.integers(2**31)),
            actors=actors,
            moves_with_type=_moves_with_type(form),
            reach=reach,
            watch=look,
        )
        watch(budget.spent, _bids(form, actors), True)


def _core(tested: Market, form: BidForm) -> tuple[ExchangeCore, Floats]:
    """Return the market around neutral bids, and how far actions move each number, (N, K)."""
    width = np.where(form.positive, GROWS_BY * form.neutral.base, REACH * form.unit)
    least, most = _limits(form)
    still = np.zeros(width.shape[1])
    boxes = tuple(ActionBox("relative", still, width[i], least[i], most[i]) for i in form.learners)
    market = replace(tested, strategy=form.neutral)
    units = (float(tested.scale),) * len(boxes)
    return ExchangeCore(market, "own", form.learners, boxes, units, 1, "nothing"), width


def _limits(form: BidForm) -> tuple[Floats, Floats]:
    """Return the least and the largest value of each number, (N, K), infinite without one."""
    least = np.where(form.positive, SHRINKS_TO * form.neutral.base, -np.inf)
    return least, np.where(form.positive, form.most, np.inf)


def _groups(form: BidForm) -> tuple[tuple[int, ...], ...]:
    """Return the traders who share their free numbers.

    Raises
    ------
    RefusedError
        If traders do who bid hyperplanes, which name the other traders.
    """
    groups: dict[int, list[int]] = {}
    for trader in form.learners:
        groups.setdefault(int(form.places[trader, form.neutral.language.level]), []).append(trader)
    if len(groups) < len(form.learners) and isinstance(form.neutral.language, ConditionalLanguage):
        raise RefusedError(
            "actors can be shared where bids do not name the other traders, those of "
            f"{form.neutral.language.name} do; take shared=False or learner='gradient'"
        )
    return tuple(tuple(each) for each in groups.values())


def _started(
    form: BidForm,
    start: AffineStrategy,
    groups: tuple[tuple[int, ...], ...],
    reach: torch.Tensor,
) -> Actors:
    """Return actors that bid as a random start does, as far as actions reach."""
    actors = Actors((1, form.unit.shape[1]), group_of(form.learners, groups))
    first = [group[0] for group in groups]
    said = torch.tensor((start.base - form.neutral.base) / form.unit)[first]
    rows = [list(form.learners).index(trader) for trader in first]
    limit = 0.9 / reach[rows]
    with torch.no_grad():
        actors.biases[-1].copy_(torch.minimum(torch.maximum(said, -limit), limit))
    return actors


def _moves_with_type(form: BidForm) -> torch.Tensor:
    """Return 1 for the level, where its effect is free, and 0 for what types do not move."""
    moves = torch.zeros(form.unit.shape[1], dtype=torch.float64)
    if (form.effect_places >= 0).any():
        moves[form.neutral.language.level] = 1.0
    return moves


def _bids(form: BidForm, actors: Actors) -> Callable[[], AffineStrategy]:
    def strategy() -> AffineStrategy:
        weight, bias = actors.affine()
        learners, level = list(form.learners), form.neutral.language.level
        base, effect = form.neutral.base.copy(), form.neutral.effect.copy()
        per_type = form.unit[learners] * weight[..., 0] / form.deviation[learners, None]
        base[learners] += form.unit[learners] * bias - per_type * form.mean[learners, None]
        effect[learners, level] += per_type[:, level]
        return AffineStrategy(form.neutral.language, np.clip(base, *_limits(form)), effect)

    return strategy
