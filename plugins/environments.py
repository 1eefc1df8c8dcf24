"""Environments of markets named by their plugins: what ``gymnasium.make`` and its kin call.

A market of names and plain settings can be written to JSON and made again elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from deviator.economies import Economy
from deviator.envs import DeviationEnv, DeviationVectorEnv, exchange_v0, market
from deviator.envs.exchange_v0 import ExchangeEnv
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism
from deviator.validation import given

from .registry import USUAL_TRADERS, build, find_plugin, takes_economy
from .spec import required_parameters

Settings = Mapping[str, Any] | None


def deviation_env(
    mechanism: Mechanism | str | None = None,
    economy: Economy | str | None = None,
    *,
    mechanism_settings: Settings = None,
    economy_settings: Settings = None,
    **settings: Any,
) -> DeviationEnv:
    """Return a `DeviationEnv`, ``gymnasium.make("deviator/Deviation-v0", ...)``.

    Parameters
    ----------
    mechanism : Mechanism or str
        A name as `deviator list` has it; rules that must be told utilities are told the economy's.
    economy : Economy or str
    mechanism_settings, economy_settings : mapping, optional
        Settings of those that are named; where economies must be told how many trade, by default 10
        do, as on the command line.
    **settings
        As in `DeviationEnv`; `control` may be the name of a mechanism too, met in the same economy.

    Raises
    ------
    TypeError, InvalidInputError, UnknownNameError
        As in `DeviationEnv` and `deviator.make`, or if settings go unused.

    Examples
    --------
    >>> import gymnasium
    >>> env = gymnasium.make(
    ...     "deviator/Deviation-v0",
    ...     mechanism="sigma-dcda",
    ...     mechanism_settings={"sigma": 0.4},
    ...     economy="two-groups",
    ...     economy_settings={"n_traders": 4},
    ...     information="own",
    ... )
    >>> env.observation_space.shape, env.action_space.shape
    ((1,), (6,))
    """
    named = _named(mechanism, economy, mechanism_settings, economy_settings)
    return DeviationEnv(*named, **_with_control(named[1], settings))


def deviation_vector_env(
    num_envs: int = 1,
    mechanism: Mechanism | str | None = None,
    economy: Economy | str | None = None,
    *,
    mechanism_settings: Settings = None,
    economy_settings: Settings = None,
    **settings: Any,
) -> DeviationVectorEnv:
    """Return a `DeviationVectorEnv`, ``gymnasium.make_vec("deviator/Deviation-v0", ...)``.

    Arguments and errors are those of `deviation_env` and `DeviationVectorEnv`.
    """
    named = _named(mechanism, economy, mechanism_settings, economy_settings)
    return DeviationVectorEnv(num_envs, *named, **_with_control(named[1], settings))


def exchange_env(
    mechanism: Mechanism | str | None = None,
    economy: Economy | str | None = None,
    *,
    mechanism_settings: Settings = None,
    economy_settings: Settings = None,
    **settings: Any,
) -> ExchangeEnv:
    """Return an `ExchangeEnv`, ``pettingzoo.make("parallel", "deviator/exchange-v0", ...)``.

    Arguments and errors are those of `deviation_env` and `exchange_v0.parallel_env`.
    """
    named = _named(mechanism, economy, mechanism_settings, economy_settings)
    return exchange_v0.parallel_env(*named, **_with_control(named[1], settings))


def _named(
    mechanism: Any, economy: Any, mechanism_settings: Settings, economy_settings: Settings
) -> tuple[Any, Any]:
    """Return a mechanism and an economy, built where they are named."""
    if isinstance(economy, str):
        settings = _checked("economy", economy_settings)
        if "n_traders" in required_parameters(find_plugin("economy", economy).load()):
            settings = {"n_traders": USUAL_TRADERS, **settings}
        economy = build("economy", economy, settings)
    elif economy_settings is not None:
        raise _unused("economy", economy)
    if not isinstance(mechanism, str):
        if mechanism_settings is not None:
            raise _unused("mechanism", mechanism)
        return mechanism, economy
    chosen = _checked("mechanism", mechanism_settings)
    return _built(mechanism, economy, chosen), economy


def _built(mechanism: str, economy: Any, settings: dict[str, Any]) -> Mechanism:
    if takes_economy(find_plugin("mechanism", mechanism).load()):
        settings = {"economy": economy, **settings}
    built: Mechanism = build("mechanism", mechanism, settings)
    return built


def _with_control(economy: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which a control that is named is a market of the same economy."""
    if economy is None or not isinstance(settings.get("control"), str):
        return settings
    parts = {name: settings[name] for name in ("distribution", "trader") if name in settings}
    control = market(_built(settings["control"], economy, {}), economy, **parts)
    return settings | {"control": control}


def _checked(kind: str, settings: Settings) -> dict[str, Any]:
    if settings is not None and not isinstance(settings, Mapping):
        raise InvalidInputError(
            f"{kind}_settings must be a dict of settings by name, got {given(settings)}"
        )
    return dict(settings or {})


def _unused(kind: str, value: object) -> InvalidInputError:
    return InvalidInputError(
        f"{kind}_settings go with the name of one, got {given(value)}; set them on it, "
        "or give its name"
    )
