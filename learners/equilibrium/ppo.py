"""Proximal policy optimization (Schulman et al. 2017) of all traders at once, in tensors.

Markets of one round, on any device: types, observations, bids, clearing, rewards and updates stay
there. Each trader's actor is one of a stack of networks, or shared with a group. The baseline of an
action is what the trader would have earned had everybody bid their mean: it depends on the types
and on nothing that was drawn for the action, and needs no critic. Exploration falls geometrically,
and step sizes with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from deviator.arrays import is_foreign
from deviator.envs.exchange_core import ExchangeCore, State
from deviator.envs.tensor_env import Draw, checked_device, device_draw
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import positive, whole_number

from .actors import Actors
from .slopes import takes_tensors

TINY = 1e-24
"""Added to squares that are divided by, which may all be 0."""

LAST_RATE = 0.03
"""Share of the first step size over exploration that is left in the end."""


@final
@dataclass(frozen=True)
class EveryonesPPO:
    """Settings of the preset.

    Parameters
    ----------
    markets : int
        Markets of an update.
    epochs, minibatches : int
        Passes over them, and parts of a pass.
    clip : float
        How far the probability of an action may move in an update, as a share.
    exploration : pair of float
        Standard deviation of actions at first and in the end, as a share of their range.
    rate : float
        Step size of Adam over the present exploration.
    hidden : tuple of int
        Widths of the actors' hidden layers; an empty tuple makes them linear.
    alone : bool
        Whether one trader explores in each market, by turns, while the others bid their means. What
        the others try moves utility more than the own action does near an equilibrium; if all
        explore at once every market teaches all traders, and each of them far less.
    """

    markets: int = 4096
    epochs: int = 4
    minibatches: int = 2
    clip: float = 0.2
    exploration: tuple[float, float] = (0.15, 0.005)
    rate: float = 0.1
    hidden: tuple[int, ...] = ()
    alone: bool = True

    def __post_init__(self) -> None:
        for name in ("markets", "epochs", "minibatches"):
            whole_number(name, getattr(self, name), 1)
        for name in ("clip", "rate"):
            positive(name, getattr(self, name))
        for spread in self.exploration:
            positive("exploration", spread)


def train_everyone(
    core: ExchangeCore,
    settings: EveryonesPPO,
    *,
    updates: int,
    seed: int = 0,
    groups: tuple[tuple[int, ...], ...] | None = None,
    actors: Actors | None = None,
    moves_with_type: torch.Tensor | None = None,
    reach: torch.Tensor | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    watch: Callable[[Actors], bool] | None = None,
) -> Actors:
    """Train all acting traders of a core, and return their actors.

    Parameters
    ----------
    core : ExchangeCore
        Of one round; its mechanism and economy take tensors, or are called with NumPy arrays on the
        CPU.
    settings : EveryonesPPO
    updates : int
        Each plays `settings.markets` markets.
    seed : int
    groups : tuple of tuple of int, optional
        Acting traders who share an actor; by default each has one of their own.
    actors : Actors, optional
        Where to begin, on the same device; by default at actions of 0.
    moves_with_type : tensor, shape (K,), optional
        1 for numbers of an action that may depend on what is seen, 0 for others.
    reach : tensor, shape (A, K), optional
        Actions are what actors say times this, by default 1: it sets what is a step and an
        exploration of size 1 for each number.
    device, dtype
    watch : callable, optional
        Called with the actors before each update; training stops where it returns True.

    Raises
    ------
    InvalidInputError
        If the core is of several rounds, the device is not there, or groups are not of its traders.
    """
    _check(core, device)
    learning = actors or _fresh(core, settings, groups, seed, device, dtype)
    generator = torch.Generator(device=device).manual_seed(seed)
    draw = types_on_device(core, generator, device, dtype)
    optimizer = torch.optim.Adam(learning.parameters, betas=(0.9, 0.99), eps=1e-10)
    for update in range(whole_number("updates", updates, 1)):
        left = 1 - update / updates
        if watch is not None and watch(learning):
            break
        first, last = settings.exploration
        spread = last * (first / last) ** left
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * spread * max(left, LAST_RATE)
        types = draw(settings.markets)
        rollout = _play(core, learning, types, spread, generator, settings.alone, reach)
        _improve(learning, optimizer, rollout, settings, spread, moves_with_type)
    return learning


@final
@dataclass(frozen=True, eq=False)
class _Rollout:
    """What was seen and done in B markets, and how much better that was than mean actions."""

    seen: torch.Tensor  # (B, A, O)
    noise: torch.Tensor  # (B, A, K), actions less their means, in standard deviations
    mean: torch.Tensor  # (B, A, K)
    advantage: torch.Tensor  # (B, A), of mean 0 and deviation 1 for each trader who explores
    explores: torch.Tensor  # (B, A), 1 or 0


def _play(
    core: ExchangeCore,
    actors: Actors,
    types: torch.Tensor,
    spread: float,
    generator: torch.Generator,
    alone: bool,
    reach: torch.Tensor | None,
) -> _Rollout:
    with torch.no_grad():
        state = core.start(types if takes_tensors(core.market) else types.numpy())
        seen = torch.as_tensor(core.observe(state))
        mean = actors(seen)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        explores = _explorers(mean, alone)
        noise = noise * explores[..., None]
        one = 1.0 if reach is None else reach
        tried = ((mean + spread * noise) * one, mean * one)
        explored, kept = (_reward(core, state, actions) for actions in tried)
        better = explored - kept
        return _Rollout(seen, noise, mean, _advantage(better, explores), explores)


def _reward(core: ExchangeCore, state: State, actions: torch.Tensor) -> torch.Tensor:
    """Return rewards (B, A), by way of NumPy where a market takes nothing else."""
    if is_foreign(state.types):
        reward: torch.Tensor = core.step(state, actions).reward
        return reward
    return torch.as_tensor(core.step(state, actions.clamp(-1.0, 1.0).numpy()).reward)


def _explorers(mean: torch.Tensor, alone: bool) -> torch.Tensor:
    """Return 1 where a trader explores in a market, else 0, shape (B, A)."""
    batch, acting, _ = mean.shape
    if not alone:
        return torch.ones_like(mean[..., 0])
    turn = torch.arange(batch, device=mean.device) % acting
    return torch.nn.functional.one_hot(turn, acting).to(mean.dtype)


def _advantage(better: torch.Tensor, explores: torch.Tensor) -> torch.Tensor:
    """Return what actions earned beyond the mean, in standard deviations, where traders explore."""
    count = explores.sum(dim=0)
    centred = (better - (better * explores).sum(dim=0) / count) * explores
    return centred / ((centred**2).sum(dim=0) / count + TINY).sqrt()


def _improve(
    actors: Actors,
    optimizer: torch.optim.Optimizer,
    rollout: _Rollout,
    settings: EveryonesPPO,
    spread: float,
    moves_with_type: torch.Tensor | None,
) -> None:
    """Take the clipped policy gradient's steps; every trader's loss moves their own actor only."""
    size = -(-len(rollout.seen) // settings.minibatches)
    for _ in range(settings.epochs):
        for part in range(settings.minibatches):
            rows = slice(part * size, (part + 1) * size)
            moved = (actors(rollout.seen[rows]) - rollout.mean[rows]) / spread
            noise = rollout.noise[rows]
            # log N(noise; moved, 1) - log N(noise; 0, 1)
            ratio = torch.exp((moved * (noise - 0.5 * moved)).sum(dim=-1))
            gain = rollout.advantage[rows]
            clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
            counts = rollout.explores[rows].sum(dim=0)
            loss = -(torch.minimum(ratio * gain, clipped * gain).sum(dim=0) / counts).sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if moves_with_type is not None:
                last = actors.weights[-1].grad
                assert last is not None
                last.mul_(moves_with_type[:, None])
            optimizer.step()


def types_on_device(
    core: ExchangeCore, generator: torch.Generator, device: str, dtype: torch.dtype
) -> Draw:
    """Return what draws types (B, N): on the device where their law allows, else on the host."""
    try:
        return device_draw(core.market, torch.device(device), dtype, generator)
    except RefusedError:
        rng = np.random.default_rng(generator.initial_seed())
        return lambda batch: torch.tensor(core.draw(rng, batch), device=device, dtype=dtype)


def _fresh(
    core: ExchangeCore,
    settings: EveryonesPPO,
    groups: tuple[tuple[int, ...], ...] | None,
    seed: int,
    device: str,
    dtype: torch.dtype,
) -> Actors:
    sizes = (core.observation_size, *settings.hidden, core.action_size)
    return Actors(sizes, group_of(core.traders, groups), seed, device, dtype)


def group_of(
    traders: tuple[int, ...], groups: tuple[tuple[int, ...], ...] | None
) -> tuple[int, ...]:
    """Return the actor of each acting trader, numbered in order.

    Raises
    ------
    InvalidInputError
        If a trader is in no group.

    Examples
    --------
    >>> group_of((0, 1, 2, 3), ((0, 2), (1, 3)))
    (0, 1, 0, 1)
    """
    if groups is None:
        return tuple(range(len(traders)))
    place = {trader: index for index, group in enumerate(groups) for trader in group}
    missing = [trader for trader in traders if trader not in place]
    if missing:
        raise InvalidInputError(f"groups must hold every acting trader, got none with {missing}")
    order = {index: rank for rank, index in enumerate(dict.fromkeys(place[i] for i in traders))}
    return tuple(order[place[trader]] for trader in traders)


def _check(core: ExchangeCore, device: str) -> None:
    if core.rounds != 1:
        raise InvalidInputError(
            f"everyone learns in markets of one round, got rounds={core.rounds}; set rounds=1"
        )
    checked_device(device)
