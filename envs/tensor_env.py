"""Many markets at once on tensors of any device: types are drawn there, and nothing comes back."""

from collections.abc import Callable
from typing import Any, NamedTuple, final

import numpy as np
import torch

from deviator.economies import IndependentNormal, NormalTypes, TypeDistribution, UniformBox
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market
from deviator.mechanisms.lottery import require_no_lots
from deviator.validation import given, whole_number

from .decision_problem import DecisionProblem
from .exchange_core import ExchangeCore, State

Draw = Callable[[int], torch.Tensor]


class TensorStep(NamedTuple):
    """What a step led to, in tensors on the environment's device."""

    observation: torch.Tensor  # of what follows: the next episode's where this one has ended
    reward: torch.Tensor  # (B,), or (B, A) where A traders act
    ended: bool
    final_observation: torch.Tensor  # of what the actions led to


@final
class TensorEnv:
    """Markets in a batch, played on tensors: one deviator each, or several traders who act.

    Gradients pass from rewards to actions. All episodes end together, and the next ones start in
    the same step.

    Parameters
    ----------
    core : DecisionProblem or ExchangeCore
    markets : int
        B, markets per step.
    device : torch.device or str
    dtype : torch.dtype
        float64 or float32.
    seed : int
        Seed of the types, any whole number from 0. Numbers differ between devices.

    Raises
    ------
    InvalidInputError
        If there is no such device, or an argument is malformed.
    RefusedError
        If the rule takes NumPy arrays only, or types of such a law cannot be drawn on a device.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.envs import deviation_core, market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> core = deviation_core(market(UniformDoubleAuction(), private_values(4)))
    >>> env = TensorEnv(core, 1000)
    >>> observation = env.reset()
    >>> step = env.step(torch.zeros(1000, 2, dtype=torch.float64))
    >>> step.reward.shape, step.ended
    (torch.Size([1000]), True)
    """

    def __init__(
        self,
        core: DecisionProblem | ExchangeCore,
        markets: int,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
        seed: int = 0,
    ) -> None:
        if not isinstance(core, DecisionProblem | ExchangeCore):
            raise InvalidInputError(
                f"core must be a DeviationCore or an ExchangeCore, got {given(core)}; build one "
                "with deviator.envs.deviation_core or exchange_core"
            )
        require_no_lots("a rule on tensors", core.market.mechanism)
        self.core, self.markets = core, whole_number("markets", markets, 1)
        self.device, self.dtype = checked_device(device), dtype
        self.acting = (len(core.traders),) if isinstance(core, ExchangeCore) else ()
        self._generator = torch.Generator(self.device)
        self._generator.manual_seed(_folded(whole_number("seed", seed, 0)))
        self._draw = device_draw(core.market, self.device, dtype, self._generator)
        self._types = self._draw(self.markets)
        self._state: State | None = None
        self._check_takes_tensors()

    def reset(self) -> torch.Tensor:
        """Start all markets and return observations, (B, O) or (B, A, O)."""
        self._types = self._draw(self.markets)
        if isinstance(self.core, ExchangeCore):
            self._state = self.core.start(self._types)
        return self._observed()

    def step(self, action: torch.Tensor) -> TensorStep:
        """Take actions (B, K) or (B, A, K), clipped to [-1, 1].

        Raises
        ------
        InvalidInputError
            If actions are of another shape, dtype or device.
        """
        self._check_action(action)
        if not isinstance(self.core, ExchangeCore):
            seen, reward = self._observed(), self.core.reward(self._types, action)
            return TensorStep(self.reset(), reward, True, seen)
        state = self._state or self.core.start(self._types)
        step = self.core.step(state, action)
        self._state = step.state
        seen = self._observed()
        return TensorStep(self.reset() if step.ended else seen, step.reward, step.ended, seen)

    def _observed(self) -> torch.Tensor:
        if isinstance(self.core, ExchangeCore):
            state: Any = self._state
            seen: torch.Tensor = self.core.observe(state)
            return seen
        seen = self.core.observe(self._types)
        return seen

    def _check_action(self, action: torch.Tensor) -> None:
        shape = (self.markets, *self.acting, self.core.action_size)
        if not isinstance(action, torch.Tensor) or tuple(action.shape) != shape:
            got = tuple(action.shape) if isinstance(action, torch.Tensor) else given(action)
            raise InvalidInputError(f"action must be a tensor of shape {shape}, got {got}")
        if action.dtype != self.dtype or action.device.type != self.device.type:
            raise InvalidInputError(
                f"action must be {self.dtype} on {self.device}, got {action.dtype} on "
                f"{action.device}; use action.to(env.device, env.dtype)"
            )

    def _check_takes_tensors(self) -> None:
        shape = (2, *self.acting, self.core.action_size)
        still = torch.zeros(shape, device=self.device, dtype=self.dtype)
        try:
            types = self._draw(2)
            if isinstance(self.core, ExchangeCore):
                self.core.step(self.core.start(types), still)
            else:
                self.core.reward(types, still)
        except Exception as error:
            raise RefusedError(
                f"{self.core.market.mechanism.name} must take tensors, and does not ({error}); "
                "take one of the environments on NumPy arrays"
            ) from error


def checked_device(device: torch.device | str) -> torch.device:
    """Return a device that there is.

    Raises
    ------
    InvalidInputError
        If there is no such device.
    """
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, TypeError):
        there = "cuda and cpu" if torch.cuda.is_available() else "cpu"
        raise InvalidInputError(
            f"device must be one that torch finds here, {there}, got {str(device)!r}"
        ) from None
    return found


def device_draw(
    market: Market, device: torch.device, dtype: torch.dtype, generator: torch.Generator
) -> Draw:
    """Return what draws types of a market's law (batch, N) on a device.

    Raises
    ------
    RefusedError
        If the law is neither Normal nor uniform.
    """
    law, n = market.distribution, market.economy.n_traders

    def moved(values: Any) -> torch.Tensor:
        return torch.as_tensor(np.array(values), device=device, dtype=dtype)

    def noise(fill: Callable[..., torch.Tensor], batch: int) -> torch.Tensor:
        return fill(batch, n, generator=generator, device=device, dtype=dtype)

    if isinstance(law, UniformBox):
        low, width = moved(law.low), moved(law.high - law.low)
        return lambda batch: low + width * noise(torch.rand, batch)
    if not isinstance(law, NormalTypes | IndependentNormal):
        raise RefusedError(_no_draw(law))
    mean = moved(law.mean)
    if isinstance(law, IndependentNormal) or not _offdiagonal(law.covariance).any():
        spread = moved(law.deviation)
        return lambda batch: mean + noise(torch.randn, batch) * spread
    root = moved(np.linalg.cholesky(law.covariance).T)
    return lambda batch: mean + noise(torch.randn, batch) @ root


def _offdiagonal(matrix: Any) -> Any:
    return matrix - np.diag(np.diagonal(matrix))


def _no_draw(law: TypeDistribution) -> str:
    return (
        f"types can be drawn on a device where they are Normal or uniform, got "
        f"{type(law).__name__}; take one of the environments on NumPy arrays"
    )


def _folded(seed: int) -> int:
    """Return a seed of any size as torch takes it, below 2^63; smaller ones as they are."""
    return (
        seed
        if seed < 2**63
        else int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1)
    )
