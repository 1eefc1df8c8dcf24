"""All traders at once for PettingZoo, ``exchange_v0``: everybody bids, over one or more rounds.

Version history: v0, first.
"""

from typing import Any, ClassVar, final

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import ParallelEnv
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism
from deviator.validation import Floats, check_kind

from .core import checked_action
from .exchange_core import ExchangeCore, State, exchange_core
from .exchange_info import exchange_info
from .frames import exchange_frame
from .rendering import RENDER_MODES, checked_render_mode, rendered
from .settings import EXCHANGE_SETTINGS, check_alone, check_known, core_of
from .spaces import action_space, box, observation_space


def parallel_env(
    mechanism: Mechanism | None = None,
    economy: Economy | None = None,
    *,
    core: ExchangeCore | None = None,
    render_mode: str | None = None,
    **settings: Any,
) -> "ExchangeEnv":
    """Return a market in which all traders act at once.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
        ``pettingzoo.make`` also takes names.
    core : ExchangeCore, optional
        A core of one's own, in place of all others.
    render_mode : {"ansi", "rgb_array"}, optional
    **settings
        Of `market` (distribution, strategy) and of `exchange_core` (traders, information, rounds,
        baseline, control, mode, range_multiple, ranges).

    Raises
    ------
    TypeError
        If a keyword is not known, or mechanism and economy are missing.
    InvalidInputError
        If a setting is malformed, or goes unused.
    """
    if settings.get("trader") is not None:
        raise InvalidInputError(
            f"everyone acts in exchange_v0, got trader="
            f"{settings['trader']}; leave it out, name several with traders=, or use DeviationEnv"
        )
    if core is None:
        build, known = exchange_core, EXCHANGE_SETTINGS
        core = core_of("parallel_env", build, known, mechanism, economy, settings)
    else:
        check_known("parallel_env", EXCHANGE_SETTINGS, settings)
        check_alone(core, {"mechanism": mechanism, "economy": economy, **settings})
    return ExchangeEnv(core, render_mode)


@final
class ExchangeEnv(ParallelEnv[str, np.ndarray, np.ndarray]):  # type: ignore[misc]
    """Agents ``trader_0`` ... ``trader_{N-1}`` bid simultaneously.

    Action space
        Per agent, as in `DeviationEnv`: Box [-1, 1]^K around the strategy's own bid.
    Observation space
        Types in standard deviations, clipped at 8; with several rounds also which round it is
        (as a share of all) and, for each past round, the price and all quantities in units of
        their typical size, 0 for rounds to come and where no trade took place. A rule over rounds
        (`RoundsMechanism`) says itself what its rounds show.
    Rewards
        Own utility minus a baseline, in units of the matched control's expected exact gain. The
        baseline is own utility had everybody followed the strategy at the same types ("strategy",
        as by default), had everybody been honest ("honesty"), or 0 ("nothing"). While the others
        follow the strategy, this is the reward of `DeviationEnv`. In a rule over rounds a round
        pays what it adds to the payoff from all rounds so far, less what it adds to the baseline.
    Episode end
        All agents terminate after the last round.
    Info
        After a round: ``gain``, ``price``, ``quantity`` and ``transfer``, in units of money and of
        the good, and ``regret`` where it is known exactly: what the agent's best bid would have
        added, the others' bids as they were.

    Parameters
    ----------
    core : ExchangeCore
        Its acting traders are the agents.
    render_mode : {"ansi", "rgb_array"}, optional
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "exchange_v0",
        "render_modes": list(RENDER_MODES),
        "render_fps": 1,
        "is_parallelizable": True,
    }

    def __init__(self, core: ExchangeCore, render_mode: str | None = None) -> None:
        way_out = "build one with deviator.envs.exchange_core(market(mechanism, economy))"
        check_kind("core", core, ExchangeCore, way_out)
        self.core = core
        self.render_mode = checked_render_mode(render_mode)
        self.possible_agents = [f"trader_{trader}" for trader in core.traders]
        self.agents: list[str] = []
        self.action_spaces = {agent: action_space(core) for agent in self.possible_agents}
        self.observation_spaces = {agent: observation_space(core) for agent in self.possible_agents}
        self.state_space = box(core.with_information("profile").observation_bound)
        self._rng, _ = seeding.np_random(None)
        self._state: State | None = None
        self._shown: tuple[State, Floats | None] | None = None

    @override
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[self._checked_agent(agent)]

    @override
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[self._checked_agent(agent)]

    @override
    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        # Options mean nothing here; PettingZoo's checker passes some, so they are not refused.
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        self.agents = list(self.possible_agents)
        self._state = self.core.start(self.core.draw(self._rng, 1))
        self._shown = self._state, None
        return self._observations(self._state), {agent: {} for agent in self.agents}

    @override
    def step(self, actions: dict[str, np.ndarray]) -> tuple[Any, Any, Any, Any, Any]:
        state = self._started()
        if not self.agents:
            return {}, {}, {}, {}, {}
        agents, chosen = self.agents, self._checked_actions(actions)
        step = self.core.step(state, chosen)
        self._state, self._shown = step.state, (state, chosen)
        infos = exchange_info(self.core, state, step)
        if step.ended:
            self.agents = []
        return (
            self._observations(step.state),
            dict(zip(agents, step.reward[0].tolist(), strict=True)),
            dict.fromkeys(agents, step.ended),
            dict.fromkeys(agents, False),
            {
                agent: {name: float(values[0, seat]) for name, values in infos.items()}
                for seat, agent in enumerate(agents)
            },
        )

    @override
    def state(self) -> np.ndarray:
        """Return all types in standard deviations, and what is public, within `state_space`."""
        everything = self.core.with_information("profile").observe(self._started())
        seen: np.ndarray = everything[0, 0].astype(np.float32)
        return seen

    @override
    def render(self) -> Any:
        if self._shown is None:
            raise gymnasium.error.ResetNeeded("call reset before render: there is no market yet")
        if self.render_mode is None:
            return None
        return rendered(exchange_frame(self.core, *self._shown), self.render_mode)

    @override
    def close(self) -> None:
        return None

    def _started(self) -> State:
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset first: there is no market yet")
        return self._state

    def _observations(self, state: State) -> dict[str, np.ndarray]:
        seen = self.core.observe(state)[0].astype(np.float32)
        return {agent: row.copy() for agent, row in zip(self.possible_agents, seen, strict=True)}

    def _checked_agent(self, agent: str) -> str:
        if agent not in self.possible_agents:
            raise InvalidInputError(
                f"agent must be one of {', '.join(self.possible_agents)}, got {agent!r}"
            )
        return agent

    def _checked_actions(self, actions: dict[str, np.ndarray]) -> Floats:
        """Return the actions of all agents, shape (1, A, K); errors name the agent."""
        for agent in actions:
            self._checked_agent(agent)
        rows = []
        for agent in self.agents:
            if agent not in actions:
                raise InvalidInputError(f"actions must name every agent, {agent} is missing")
            try:
                rows.append(checked_action(actions[agent], (self.core.action_size,)))
            except InvalidInputError as error:
                raise InvalidInputError(f"{agent}: {error}") from None
        return np.stack(rows)[None]
