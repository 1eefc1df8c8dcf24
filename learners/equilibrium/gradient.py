"""Everyone learns by their own gradient at once.

Every step draws markets, moves each trader's numbers along the slope of the trader's own mean
utility, the others' bids fixed, and does so for all traders in one computation. Steps are scaled by
Adam (Kingma and Ba 2015) and fall to 0 along half a cosine, which ends the rotation that
simultaneous gradients may fall into. A step after which somebody would buy less
at a higher type is halved: beyond, utilities may have no bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch

from deviator.evidence import Market
from deviator.policies import AffineStrategy, NetworkStrategy
from deviator.validation import positive, whole_number

from .bid_form import BidForm
from .budget import Budget
from .models import AffineModel, Model, NetworkModel
from .slopes import OwnSlopes, difference_slopes, pathwise_slopes, takes_tensors

WIDTHS = (0.3, 0.02)
"""How far apart bids are whose difference stands for a slope, at first and in the end, in units."""

HALVINGS = 5
"""A step is halved so often before it is undone."""

Watch = Callable[[int, Callable[[], AffineStrategy | NetworkStrategy], bool], None]
"""Called with the steps so far, what returns the bids now, and whether they are the last."""


@final
@dataclass(frozen=True)
class EveryonesGradient:
    """Simultaneous gradient ascent.

    Parameters
    ----------
    learning_rate : float
        Of Adam, in natural units of a bid's numbers; falls to 0.
    markets : int
        Markets of a step where gradients pass through clearing; at least 2 N + 2 are drawn, with
        the mean and covariance of the law, so that mean utilities of linear markets are exact.
    jumping_markets : int
        Markets of a step where slopes are differences, or bids not affine.
    hidden : tuple of int
        Widths of the hidden layers of networks that bend affine bids; none by default.
    """

    learning_rate: float = 0.05
    markets: int = 48
    jumping_markets: int = 4096
    hidden: tuple[int, ...] = ()
    name: ClassVar[str] = "gradient"

    def __post_init__(self) -> None:
        positive("learning_rate", self.learning_rate)
        whole_number("markets", self.markets, 1)
        whole_number("jumping_markets", self.jumping_markets, 1)

    def learn(
        self, tested: Market, form: BidForm, rng: np.random.Generator, budget: Budget, watch: Watch
    ) -> None:
        """Let all traders learn from a random start; `watch` sees where they are and end."""
        model = self._model(tested, form, rng)
        optimizer = torch.optim.Adam(model.parameters, lr=self.learning_rate, betas=(0.9, 0.99))
        while not budget.done:
            watch(budget.spent, model.strategy, False)
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate * 0.5 * (1 + np.cos(np.pi * (1 - budget.left)))
            loss = -self._gained(tested, form, rng, model, budget.left)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            before = [each.detach().clone() for each in model.parameters]
            optimizer.step()
            if isinstance(model, AffineModel):
                _halve_until_sound(tested, form, model.free, before[0])
            budget.spend()
        watch(budget.spent, model.strategy, True)

    def _model(self, tested: Market, form: BidForm, rng: np.random.Generator) -> Model:
        start = form.start(tested, rng)
        if not self.hidden:
            return AffineModel(form, start)
        return NetworkModel(form, start, self.hidden, int(rng.integers(2**31)))

    def _gained(
        self, tested: Market, form: BidForm, rng: np.random.Generator, model: Model, left: float
    ) -> torch.Tensor:
        """Return a sum whose gradient is that of each trader's mean utility in their own bid."""
        few = max(self.markets, 2 * tested.economy.n_traders + 2)
        exact = takes_tensors(tested) and not self.hidden
        drawn = tested.distribution.matched_sample(rng, few if exact else self.jumping_markets)
        types = torch.tensor(drawn)
        bids = model.bids(types)
        slopes = self._slopes(tested, form, types, bids.detach(), left)
        return (bids * slopes.slope).sum() / (len(types) * tested.scale)

    def _slopes(
        self, tested: Market, form: BidForm, types: torch.Tensor, bids: torch.Tensor, left: float
    ) -> OwnSlopes:
        if takes_tensors(tested):
            return pathwise_slopes(tested, types, bids)
        wide, narrow = WIDTHS
        width = form.unit * (narrow + (wide - narrow) * left)
        return difference_slopes(tested, form.learners, types.numpy(), bids.numpy(), width)


def _halve_until_sound(
    tested: Market, form: BidForm, free: torch.Tensor, before: torch.Tensor
) -> None:
    """Shorten a step after which bids make no sense; undo it in the end."""
    for _ in range(HALVINGS):
        if form.is_sound(tested, free.detach().numpy()):
            return
        with torch.no_grad():
            free.copy_((free + before) / 2)
    with torch.no_grad():
        free.copy_(before)
