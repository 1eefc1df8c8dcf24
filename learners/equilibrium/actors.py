"""The actors of all traders as one stack of networks, each for one trader or one group."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np
import torch

from deviator.validation import Floats


@final
class Actors:
    """G networks of one shape, tanh between layers; trader a acts by network `group_of[a]`.

    Parameters
    ----------
    sizes : sequence of int
        Numbers seen, widths of hidden layers, numbers of an action.
    group_of : sequence of int, length A
    seed : int
    device, dtype
        Of all tensors.

    Attributes
    ----------
    weights, biases : list of Tensor
        Layer by layer, (G, outputs, inputs) and (G, outputs). Hidden layers are drawn, and the
        last one is 0: to begin with, actions are 0 at every observation.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        group_of: Sequence[int],
        seed: int = 0,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> None:
        rng, groups = np.random.default_rng(seed), max(group_of) + 1
        self._group_of = torch.tensor(list(group_of), device=device)
        self._one_each = list(group_of) == list(range(groups))
        shapes = list(pairwise(sizes))
        drawn = [rng.standard_normal((groups, out, seen)) / np.sqrt(seen) for seen, out in shapes]
        drawn[-1][:] = 0.0
        kind: dict[str, Any] = {"device": device, "dtype": dtype}
        self.weights = [torch.tensor(each, **kind).requires_grad_() for each in drawn]
        self.biases = [torch.zeros((groups, out), **kind).requires_grad_() for _, out in shapes]

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All weights and biases."""
        return [*self.weights, *self.biases]

    def __call__(self, seen: torch.Tensor) -> torch.Tensor:
        """Return actions (B, A, K) for observations (B, A, O)."""
        values = seen.transpose(0, 1)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values if layer == 0 else torch.tanh(values)
            values = torch.baddbmm(
                self._of_traders(bias)[:, None], values, self._of_traders(weight).transpose(1, 2)
            )
        return values.transpose(0, 1)

    def affine(self) -> tuple[Floats, Floats]:
        """Return the weights (A, K, O) and biases (A, K) of actors without hidden layers."""
        weight, bias = (
            self._of_traders(each[-1]).detach().cpu().numpy().astype(np.float64)
            for each in (self.weights, self.biases)
        )
        return weight, bias

    def _of_traders(self, stacked: torch.Tensor) -> torch.Tensor:
        return stacked if self._one_each else stacked[self._group_of]
