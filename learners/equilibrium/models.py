"""What gradients move: the free numbers of affine bids, and a stack of networks that bend them."""

from abc import ABC, abstractmethod
from typing import final

import numpy as np
import torch
from typing_extensions import override

from deviator.errors import RefusedError
from deviator.mechanisms import ConditionalLanguage
from deviator.policies import AffineStrategy, Network, NetworkStrategy
from deviator.validation import Floats

from .actors import Actors
from .bid_form import BidForm


class Model(ABC):
    """Bids of all traders that follow gradients."""

    @property
    @abstractmethod
    def parameters(self) -> list[torch.Tensor]:
        """What an optimizer moves."""

    @abstractmethod
    def bids(self, types: torch.Tensor) -> torch.Tensor:
        """Return bids (B, N, K) at types (B, N), differentiable in the parameters."""

    @abstractmethod
    def strategy(self) -> AffineStrategy | NetworkStrategy:
        """Return the bids as a policy."""


@final
class AffineModel(Model):
    """Affine bids.

    Parameters
    ----------
    form : BidForm
    start : ndarray of float, shape (P,)
        Free numbers.
    """

    def __init__(self, form: BidForm, start: Floats) -> None:
        self.form = form
        self.free = torch.tensor(start).requires_grad_()

    @property
    @override
    def parameters(self) -> list[torch.Tensor]:
        return [self.free]

    @override
    def bids(self, types: torch.Tensor) -> torch.Tensor:
        numbers = self.form.numbers(self.free)
        return numbers.base + numbers.effect * types[..., None]

    @override
    def strategy(self) -> AffineStrategy:
        return self.form.strategy(self.free.detach().numpy())


@final
class NetworkModel(Model):
    """Affine bids, and a network for each group of traders that moves every number by type.

    Parameters
    ----------
    form : BidForm
    start : ndarray of float, shape (P,)
        Free numbers of the affine part.
    hidden : tuple of int
        Widths of hidden layers.
    seed : int
        Of the hidden layers; to begin with, networks say 0.

    Raises
    ------
    RefusedError
        If bids are hyperplanes, whose best replies are affine.
    """

    def __init__(self, form: BidForm, start: Floats, hidden: tuple[int, ...], seed: int) -> None:
        if isinstance(form.neutral.language, ConditionalLanguage):
            raise RefusedError(
                "networks bend schedules and reports, got conditional inverse demands, in which "
                "best replies are affine; leave out hidden"
            )
        self.affine = AffineModel(form, start)
        places = form.places[:, form.neutral.language.level]
        order = {int(place): rank for rank, place in enumerate(dict.fromkeys(places.tolist()))}
        self._group_of = [order[int(place)] for place in places]
        self._actors = Actors((1, *hidden, form.unit.shape[1]), self._group_of, seed)

    @property
    @override
    def parameters(self) -> list[torch.Tensor]:
        return [*self.affine.parameters, *self._actors.parameters]

    @override
    def bids(self, types: torch.Tensor) -> torch.Tensor:
        form = self.affine.form
        standard = (types - torch.tensor(form.mean)) / torch.tensor(form.deviation)
        learns = torch.tensor((form.places >= 0).any(axis=1))[:, None]
        said = torch.where(learns, self._actors(standard[..., None]), 0.0)
        numbers, positive = self.affine.bids(types), torch.tensor(form.positive)
        grown = numbers * torch.exp(torch.where(positive, said, 0.0))
        moved = numbers + torch.tensor(form.unit) * said
        return torch.where(positive, grown.clamp(max=form.most), moved)

    @override
    def strategy(self) -> NetworkStrategy:
        form = self.affine.form
        learners = set(form.learners)
        networks = tuple(self._network(i, i in learners) for i in range(len(form.unit)))
        return NetworkStrategy(
            self.affine.strategy(), form.unit, form.mean, form.deviation, networks
        )

    def _network(self, trader: int, learns: bool) -> Network:
        group = self._group_of[trader]
        weights, biases = (
            [each[group].detach().numpy().astype(np.float64) for each in several]
            for several in (self._actors.weights, self._actors.biases)
        )
        if not learns:
            weights[-1], biases[-1] = 0 * weights[-1], 0 * biases[-1]
        return Network(tuple(weights), tuple(biases))
