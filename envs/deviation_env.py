"""One market at a time for Gymnasium: a single deviator, one bid, one reward."""

from typing import Any, final

import gymnasium
import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.evidence.market import market
from deviator.mechanisms import Mechanism
from deviator.policies import Information

from .core import DeviationCore, action_space, check_core, deviation_core, observation_space

MARKET_SETTINGS = ("distribution", "strategy", "trader")
"""What environments pass on to `market`."""


@final
class DeviationEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A deviator in a one-shot market, ``deviator/Deviation-v0``.

    Action space
        Box [-1, 1]^K, K numbers of a bid. By default each is a change to the honest bid, as a
        share of a range that is 5 times the best shift of the matched control.
    Observation space
        The types in standard deviations, clipped at 8: all N (information "profile") or the own
        one ("own").
    Rewards
        Own utility minus own utility from honesty at the same types, in units of the
        matched control's expected exact gain: 1 is what the best deviator gains there. The left
        tail is heavy: bids near a market that does not clear lead to huge trades at a loss.
    Starting state
        Types drawn from the distribution.
    Episode end
        Terminates after the one step.

    Parameters
    ----------
    mechanism : Mechanism or None
    economy : Economy or None
        Not needed where a core is given.
    information : {"profile", "own"}
    core : DeviationCore, optional
        A decision problem of one's own, in place of the three above.
    **settings
        Passed on to `market` (distribution, strategy, trader).

    Version history
    ---------------
    v0 : first.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        mechanism: Mechanism | None = None,
        economy: Economy | None = None,
        information: Information = "profile",
        *,
        core: DeviationCore | None = None,
        render_mode: None = None,
        **settings: Any,
    ) -> None:
        self.render_mode = render_mode
        self.core = build_core(mechanism, economy, information, settings) if core is None else core
        check_core(self.core)
        self.observation_space = observation_space(self.core)
        self.action_space = action_space(self.core)
        self._types: np.ndarray | None = None

    @override
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._types = self.core.draw(self.np_random, 1)
        return self._observation(self._types), {}

    @override
    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if self._types is None:
            raise gymnasium.error.ResetNeeded("call reset before step: the one-shot market ended")
        reward = self.core.reward(self._types, np.asarray(action, dtype=np.float64)[None])
        observation = self._observation(self._types)
        self._types = None
        return observation, float(reward[0]), True, False, {}

    def _observation(self, types: np.ndarray) -> np.ndarray:
        observed: np.ndarray = self.core.observation(types)[0].astype(np.float32)
        return observed


def build_core(
    mechanism: Mechanism | None,
    economy: Economy | None,
    information: Information,
    settings: dict[str, Any],
) -> DeviationCore:
    """Return the core for an adapter's arguments.

    Raises
    ------
    TypeError
        If the mechanism or the economy is missing.
    InvalidInputError
        If there are settings that a market does not have.
    """
    unknown = sorted(set(settings) - set(MARKET_SETTINGS))
    if unknown:
        raise InvalidInputError(
            f"settings must be of {', '.join(MARKET_SETTINGS)}, got {', '.join(unknown)}; leave it "
            "out, seeds go to reset(seed=...)"
        )
    if mechanism is None or economy is None:
        raise TypeError("an environment needs mechanism= and economy=, or core=")
    return deviation_core(market(mechanism, economy, **settings), information=information)
