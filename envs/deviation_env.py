"""One market at a time for Gymnasium: a single deviator, one bid, one reward."""

from typing import Any, final

import gymnasium
import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.policies import Information
from deviator.validation import Floats

from .core import check_core, deviation_core
from .decision_problem import DecisionProblem
from .frames import deviation_frame
from .rendering import RENDER_MODES, checked_render_mode, rendered
from .settings import DEVIATION_SETTINGS, check_alone, check_known, check_options, core_of
from .spaces import action_space, observation_space


@final
class DeviationEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A deviator in a one-shot market, ``deviator/Deviation-v0``.

    Action space
        Box [-1, 1]^K, K numbers of a bid. By default each is a change to the honest bid, as a
        share of a range (`deviation_core`).
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
    Info
        After the step: ``gain``, ``price``, ``quantity`` and ``transfer``, in units of money and of
        the good, and ``best_gain`` where it is known exactly at the profile.

    Parameters
    ----------
    mechanism : Mechanism or None
    economy : Economy or None
        Not needed where a core is given. ``gymnasium.make`` also takes names.
    information : {"profile", "own"}, optional
        "profile" by default.
    core : DecisionProblem, optional
        A decision problem of one's own, in place of all others.
    render_mode : {"ansi", "rgb_array"}, optional
        A table, or a picture of residual demand, bid and trade (with matplotlib).
    **settings
        Of `market` (distribution, strategy, trader) and of `deviation_core` (control, mode,
        range_multiple, ranges).

    Raises
    ------
    TypeError
        If a keyword is not known, or mechanism and economy are missing.
    InvalidInputError
        If a setting is malformed, or goes unused.

    Version history
    ---------------
    v0 : first.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # noqa: RUF012

    def __init__(
        self,
        mechanism: Mechanism | None = None,
        economy: Economy | None = None,
        information: Information | None = None,
        *,
        core: DecisionProblem | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        self.render_mode = checked_render_mode(render_mode)
        settings |= {"information": information}
        self.core = chosen_core("DeviationEnv", mechanism, economy, core, settings)
        self.observation_space = observation_space(self.core)
        self.action_space = action_space(self.core)
        self._types: Floats | None = None
        self._shown: tuple[Floats, Floats | None] | None = None

    @override
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        check_options(options)
        super().reset(seed=seed)
        self._types = self.core.draw(self.np_random, 1)
        self._shown = self._types, None
        return self._observation(self._types), {}

    @override
    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        types = self._types
        if types is None:
            raise gymnasium.error.ResetNeeded("call reset before step: the one-shot market ended")
        actions = np.asarray(action, dtype=np.float64)[None]
        reward, info = self.core.play(types, actions)
        known = with_best_gains(self.core, types, info)
        self._types, self._shown = None, (types, actions)
        single = {name: float(values[0]) for name, values in known.items()}
        return self._observation(types), float(reward[0]), True, False, single

    @override
    def render(self) -> Any:
        if self._shown is None:
            raise gymnasium.error.ResetNeeded("call reset before render: there is no market yet")
        if self.render_mode is None:
            return None
        return rendered(deviation_frame(self.core, *self._shown), self.render_mode)

    def _observation(self, types: Floats) -> np.ndarray:
        observed: np.ndarray = self.core.observe(types)[0].astype(np.float32)
        return observed


def chosen_core(
    owner: str,
    mechanism: Mechanism | None,
    economy: Economy | None,
    core: DecisionProblem | None,
    settings: dict[str, Any],
) -> DecisionProblem:
    """Return the given core, or that of a market; errors as in `core_of` and `check_alone`."""
    if core is None:
        return core_of(owner, deviation_core, DEVIATION_SETTINGS, mechanism, economy, settings)
    check_known(owner, DEVIATION_SETTINGS, settings)
    check_alone(core, {"mechanism": mechanism, "economy": economy, **settings})
    check_core(core)
    return core


def with_best_gains(
    core: DecisionProblem, types: Floats, info: dict[str, Floats]
) -> dict[str, Floats]:
    """Return what actions led to, and the exact best gain where it is known."""
    best = core.best_gains(types)
    return info if best is None else {**info, "best_gain": best}
