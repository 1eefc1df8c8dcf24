"""Pathwise gradients: rewards are differentiated through the market itself, on tensors.

Several starts climb side by side by Adam (Kingma and Ba 2015), each step in fresh markets that all
share; the worse half goes, twice. Step sizes fall to 0 with the budget. The rest of the budget
polishes the best by L-BFGS (Liu and Nocedal 1989) in markets that stay the same for a while, whose
mean and covariance are the law's own where that is possible: in linear-quadratic markets that
leaves no sampling error.

Near markets that do not clear gains have heavy tails. So one market moves a step only so far: its
gradient is cut to a multiple of the median one.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from typing_extensions import override

from deviator.envs import DecisionProblem
from deviator.errors import InvalidInputError, RefusedError
from deviator.policies import Network
from deviator.validation import finite_number, positive, whole_number

from .base import EvaluatedLearner
from .random_state import own_random_state
from .session import Session
from .start import checked_offset, checked_widths, offset_network
from .tensor_networks import TensorNetworks

TAIL = 10.0
"""Gradients of single markets are cut to this multiple of the median one."""

STEPS = 1000
"""Steps that a budget of bids should allow for: smaller budgets take fewer markets a step."""

FEWEST_MARKETS = 8

HALVED = 0.05
"""Share of the budget after which the worse half of the starts goes, and again after each more."""

MEMORY = 0.9
"""How much of a start's score stays at each step; the rest is what it earns in that step."""

POLISHED = 40
"""Evaluations that the polish should have in one sample of markets."""

LARGEST_SAMPLE = 4096

TAIL_OF_SAMPLE = 100.0
"""Losses beyond this multiple of the median size count by their logarithm while polishing."""

ENOUGH = 1e-9
"""Relative improvement below which the polish draws another sample."""


@final
@dataclass(frozen=True)
class GradientLearner(EvaluatedLearner):
    """Multistart ascent along pathwise gradients, for mechanisms that take tensors.

    Parameters
    ----------
    markets : int
        Markets per step and start; fewer where the budget of bids is small.
    starts : int
        Starts that climb side by side.
    learning_rate : float
        Of Adam; falls linearly to 0.
    offset : float
        How far from honesty learning starts, as a share of the range.
    hidden : tuple of int
        Widths of the policy's hidden layers; an empty tuple makes it linear.
    polish : float
        Share of the budget for L-BFGS, in [0, 1).
    device : str
        Where tensors live: "cpu", or "cuda" where there is such a device.
    points : int
        Points of the learning curve.

    Raises
    ------
    InvalidInputError
        If a setting is malformed.
    """

    markets: int = 128
    starts: int = 4
    learning_rate: float = 0.02
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    polish: float = 0.25
    device: str = "cpu"
    points: int = 20
    name: ClassVar[str] = "gradient"

    def __post_init__(self) -> None:
        for field in ("markets", "starts", "points"):
            whole_number(field, getattr(self, field), 1)
        positive("learning_rate", self.learning_rate)
        checked_offset(self.offset)
        object.__setattr__(self, "hidden", checked_widths("hidden", self.hidden))
        if not 0 <= finite_number("polish", self.polish) < 1:
            raise InvalidInputError(f"polish must be at least 0 and below 1, got {self.polish}")
        _checked_device(self.device)

    @override
    def check_problem(self, problem: DecisionProblem) -> None:
        """Refuse devices that are not there, and mechanisms that take NumPy arrays only."""
        _require_device(self.device)
        if not problem.takes_tensors:
            raise RefusedError(
                f"gradient needs a mechanism and an economy that take tensors, and those of "
                f"{problem.market.mechanism.name} here do not; use evolution or cma-es, which "
                "need rewards only"
            )

    @override
    def _search(self, session: Session) -> None:
        session.points = self.points
        starts = self._starts(session)
        session.look(session.problem.deviation(starts[0]))
        with own_random_state():
            best = _Ascent(self, session, starts).climb()
            if not session.done:
                best = _Polish(session, best, self.device).climb()
            session.look(session.problem.deviation(best))

    def _starts(self, session: Session) -> list[Network]:
        """Return where to begin: one network to resume from, or offsets with signs of their own."""
        if session.start is not None:
            return [session.start]
        first = offset_network(session.problem, session.seed, self.offset, self.hidden)
        seeds = session.rng.integers(2**32, size=self.starts - 1)
        return [first] + [
            offset_network(session.problem, int(seed), self.offset, self.hidden) for seed in seeds
        ]


class _Ascent:
    """Adam from several starts, of which the worse ones go."""

    def __init__(self, learner: GradientLearner, session: Session, starts: list[Network]) -> None:
        self._learner, self._session = learner, session
        self._share = 1.0 - learner.polish
        affordable = int(self._share * (session.steps - session.spent)) // STEPS
        self._markets = min(learner.markets, max(FEWEST_MARKETS, affordable))
        self._began = session.left
        self._halvings = 0
        self._restart(starts)

    def climb(self) -> Network:
        while self._progress < 1 and not self._session.done:
            self._step()
            if len(self._networks) > 1 and self._progress > HALVED * (self._halvings + 1):
                self._halve()
            if self._session.due:
                self._session.look(self._session.problem.deviation(self._leader))
        return self._leader

    @property
    def _progress(self) -> float:
        return (self._began - self._session.left) / (self._began * self._share)

    @property
    def _leader(self) -> Network:
        return self._networks.network(int(self._scores.argmax()))

    def _restart(self, networks: list[Network]) -> None:
        self._networks = TensorNetworks(networks, self._learner.device)
        self._adam = torch.optim.Adam(self._networks.parameters, betas=(0.9, 0.99))
        self._scores = torch.zeros(len(networks), dtype=torch.float64)

    def _halve(self) -> None:
        order = torch.argsort(self._scores, descending=True, stable=True)
        kept = order[: (len(order) + 1) // 2]
        self._halvings += 1
        self._restart([self._networks.network(int(which)) for which in kept])

    def _step(self) -> None:
        problem, learner = self._session.problem, self._learner
        drawn = problem.draw(self._session.rng, self._markets)
        types = torch.as_tensor(drawn, dtype=torch.float64, device=learner.device)
        action = self._networks(problem.observe(types))
        tamed = action.reshape(-1, problem.action_size)
        tamed.register_hook(_tamed)  # type: ignore[no-untyped-call]
        reward = problem.reward(types.repeat(len(self._networks), 1), tamed)
        self._adam.zero_grad()
        torch.sum(-reward).backward()  # type: ignore[no-untyped-call]
        for group in self._adam.param_groups:
            group["lr"] = learner.learning_rate * max(1.0 - self._progress, 0.0)
        self._adam.step()
        self._note(reward.detach().cpu())

    def _note(self, reward: torch.Tensor) -> None:
        self._session.spend(len(reward), reward.numpy())
        earned = _without_tail(reward, TAIL).reshape(len(self._networks), -1).mean(dim=1)
        self._scores = MEMORY * self._scores + (1 - MEMORY) * earned


class _Polish:
    """L-BFGS from one network, in a sample of markets that is drawn anew when it helps no more."""

    def __init__(self, session: Session, start: Network, device: str) -> None:
        self._session, self._device = session, device
        self._networks = TensorNetworks([start], device)
        affordable = (session.steps - session.spent) // POLISHED
        self._size = int(np.clip(affordable, FEWEST_MARKETS, LARGEST_SAMPLE // 4))
        self._draw()

    def climb(self) -> Network:
        value = np.inf
        best = self._networks.network(0)
        while not self._session.done:
            now = float(self._optimizer.step(self._loss))  # type: ignore[no-untyped-call]
            if not np.isfinite(now):
                break
            best = self._networks.network(0)
            if self._session.due:
                self._session.look(self._session.problem.deviation(best))
            if value - now <= ENOUGH * abs(now):
                self._size = min(2 * self._size, LARGEST_SAMPLE)
                self._draw()
                now = np.inf
            value = now
        return best

    def _draw(self) -> None:
        session = self._session
        law = session.problem.market.distribution
        drawn = law.matched_sample(session.rng, self._size)
        self._types = torch.as_tensor(drawn, dtype=torch.float64, device=self._device)
        self._tail: Any = None
        self._optimizer = torch.optim.LBFGS(
            self._networks.parameters,
            max_iter=3,
            history_size=20,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

    def _loss(self) -> torch.Tensor:
        problem = self._session.problem
        action = self._networks(problem.observe(self._types))[0]
        action.register_hook(_finite)  # type: ignore[no-untyped-call]
        reward = problem.reward(self._types, action)
        self._session.spend(len(reward), reward.detach().cpu().numpy())
        if self._tail is None:
            self._tail = TAIL_OF_SAMPLE * reward.detach().abs().median()
        loss = -_logarithmic(reward, self._tail).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def _tamed(gradient: torch.Tensor) -> torch.Tensor:
    """Cut the gradients (B, K) of markets to a multiple of the median one that is not 0."""
    finite = _finite(gradient)
    length = finite.norm(dim=1, keepdim=True)
    pushing = length[length > 0]
    if not len(pushing):
        return finite
    return finite * torch.clamp(TAIL * pushing.median() / length.clamp_min(1e-300), max=1.0)


def _finite(gradient: torch.Tensor) -> torch.Tensor:
    """Leave out markets whose gradient is not finite."""
    known = torch.isfinite(gradient).all(dim=1, keepdim=True)
    return torch.where(known, gradient, 0.0)


def _without_tail(reward: torch.Tensor, multiple: float) -> torch.Tensor:
    return reward.clamp_min(-multiple * float(reward.abs().median()))


def _logarithmic(reward: torch.Tensor, tail: torch.Tensor) -> torch.Tensor:
    """Return rewards in which losses beyond the tail count by their logarithm."""
    beyond = (-reward / tail.clamp_min(1e-300)).clamp_min(1.0)
    return torch.where(beyond > 1, -tail * (1 + torch.log(beyond)), reward)


def _checked_device(device: object) -> None:
    try:
        torch.device(device)  # type: ignore[call-overload]
    except (RuntimeError, TypeError):
        raise InvalidInputError(
            f"device must be a name such as cpu or cuda, got {device!r}"
        ) from None


def _require_device(device: str) -> None:
    try:
        torch.zeros(1, dtype=torch.float64, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError):
        raise RefusedError(
            f"device {device!r} is not there, or does not compute in float64; use cpu"
        ) from None
