"""Many markets at once for Gymnasium's vector interface."""

from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism
from deviator.policies import Information
from deviator.validation import Bools, Floats, given, whole_number

from .decision_problem import DecisionProblem
from .deviation_env import chosen_core, with_best_gains
from .malloc import keep_freed_memory
from .settings import check_options
from .spaces import action_space, observation_space


@final
class DeviationVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """A batch of one-shot markets; every step ends the episodes that it plays.

    Spaces and rewards are those of `DeviationEnv`, what it tells in its info is here in arrays.

    Parameters
    ----------
    num_envs : int
        Markets per step.
    mechanism, economy, information, core, **settings
        As in `DeviationEnv`.
    autoreset_mode : AutoresetMode or str
        "SameStep", as by default: the returned observation is the next episode's, the ended one's
        is in ``info["final_obs"]``, and what it led to in ``info["final_info"]``. "NextStep": every
        second step starts markets, pays 0 and ignores the actions. "Disabled": ended markets wait
        for ``reset(options={"reset_mask": ended})``.
    details : bool
        Whether infos tell gain, price, quantity, transfer and the best gain, which takes about as
        long as all else.

    Raises
    ------
    TypeError
        If a keyword is not known, or mechanism and economy are missing.
    InvalidInputError
        If a setting is malformed, or goes unused.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        mechanism: Mechanism | None = None,
        economy: Economy | None = None,
        information: Information | None = None,
        *,
        core: DecisionProblem | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        details: bool = True,
        **settings: Any,
    ) -> None:
        self.num_envs = num_envs = whole_number("num_envs", num_envs, 1)
        settings |= {"information": information}
        self.core = chosen_core("DeviationVectorEnv", mechanism, economy, core, settings)
        self.autoreset_mode = _checked_mode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.details = details
        self.single_observation_space = observation_space(self.core)
        self.single_action_space = action_space(self.core)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._types: Floats | None = None
        self._ended: Bools = np.zeros(num_envs, dtype=bool)
        keep_freed_memory()

    @override
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        check_options(options, ("reset_mask",))
        mask = self._checked_mask(options)
        super().reset(seed=seed)
        return self._observed(self._started(mask)), {}

    @override
    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if self._types is None:
            raise gymnasium.error.ResetNeeded("call reset before the first step")
        playing = ~self._ended
        if not playing.all() and self.autoreset_mode is AutoresetMode.DISABLED:
            raise gymnasium.error.ResetNeeded(
                "markets that have ended wait for reset(options={'reset_mask': ended}), got a step"
            )
        reward, info = self._played(self._types, playing, actions)
        self._ended = playing
        if self.autoreset_mode is AutoresetMode.NEXT_STEP and not playing.all():
            self._started(~playing)
        final = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            final = {"final_obs": self._observed(self._types), "_final_obs": playing.copy()}
            info = {"final_info": info, "_final_info": playing.copy()} | final
            self._started(None)
        return self._observed(self._types), reward, playing.copy(), np.zeros_like(playing), info

    def _played(
        self, types: Floats, playing: Bools, actions: np.ndarray
    ) -> tuple[Floats, dict[str, Any]]:
        """Return rewards and infos of the markets that play, 0 elsewhere."""
        everyone = playing.all()
        if not playing.any():
            return np.zeros(self.num_envs), {}
        here = slice(None) if everyone else playing
        action_shape = (self.num_envs, self.core.action_size)
        if np.shape(actions) != action_shape:
            raise InvalidInputError(
                f"actions must have shape {action_shape}, one row a market, got {np.shape(actions)}"
            )
        reward, info = self.core.play(types[here], np.asarray(actions)[here])
        info = with_best_gains(self.core, types[here], info) if self.details else {}
        spread = {name: self._everywhere(values, playing) for name, values in info.items()}
        masks = {f"_{name}": playing.copy() for name in info}
        return self._everywhere(reward, playing), spread | masks

    def _everywhere(self, values: Floats, playing: Bools) -> Floats:
        if len(values) == self.num_envs:
            return values
        whole = np.zeros(self.num_envs)
        whole[playing] = values
        return whole

    def _started(self, mask: Bools | None) -> Floats:
        """Draw types for the markets of the mask, all by default, and return those of all."""
        if mask is None or self._types is None:
            self._types = self.core.draw(self.np_random, self.num_envs)
            self._ended = np.zeros(self.num_envs, dtype=bool)
            return self._types
        self._types[mask] = self.core.draw(self.np_random, int(mask.sum()))
        self._ended = self._ended & ~mask
        return self._types

    def _observed(self, types: Floats) -> np.ndarray:
        observed: np.ndarray = self.core.observe(types).astype(np.float32)
        return observed

    def _checked_mask(self, options: dict[str, Any] | None) -> Bools | None:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return None
        fits = isinstance(mask, np.ndarray) and mask.dtype == bool
        if not (fits and mask.shape == (self.num_envs,) and mask.any()):
            raise InvalidInputError(
                f"reset_mask must be an array of {self.num_envs} bools with one true at least, got "
                f"{_described(mask)}"
            )
        if self._types is None:
            raise gymnasium.error.ResetNeeded("call reset without reset_mask first")
        return np.asarray(mask)


def _described(mask: object) -> str:
    if not isinstance(mask, np.ndarray):
        return given(mask)
    return f"{mask.dtype} of shape {mask.shape}" + ("" if mask.any() else ", none true")


def _checked_mode(mode: AutoresetMode | str) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(repr(each.value) for each in AutoresetMode)
        raise InvalidInputError(f"autoreset_mode must be one of {known}, got {mode!r}") from None
