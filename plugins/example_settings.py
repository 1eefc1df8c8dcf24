"""Default settings for plugins that are checked without any: what each kind may ask for."""

from inspect import signature
from typing import Any

from deviator.economies import fundamental_value_information, linear_quadratic, private_values
from deviator.errors import InvalidInputError
from deviator.mechanisms import UniformDoubleAuction

from .spec import PluginSpec

COUNTS = {"n_traders": 4, "n_buyers": 3, "n_sellers": 2}
"""Numbers of traders for an economy whose constructor asks for them."""


def example_settings(spec: PluginSpec, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings to build a plugin with: the given ones, and examples of other required ones.

    A mechanism that needs an economy gets one with interdependent values and unequal slopes; a
    policy gets private values and the uniform-price double auction, or beliefs.

    Parameters
    ----------
    spec : PluginSpec
    settings : dict
        Not changed.

    Raises
    ------
    InvalidInputError
        If the plugin requires a setting that is neither given nor known here.
    """
    parameters = signature(spec.load()).parameters
    known: dict[str, Any] = COUNTS | {
        "economy": _economy(spec.kind),
        "mechanism": UniformDoubleAuction(),
        "information": fundamental_value_information(6, rho=0.4, noise=0.5),
        "slope": 1.0,
    }
    full = dict(settings)
    for name, parameter in parameters.items():
        if name in full or parameter.default is not parameter.empty:
            continue
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if name not in known:
            raise InvalidInputError(
                f"{spec.kind} {spec.name!r} must be given {name}; say it with -s {name}=..."
            )
        full[name] = known[name]
    return full


def _economy(kind: str) -> Any:
    if kind == "policy":
        return private_values(4, alpha=1.0, slope=1.5)
    weights = [[1.1, 0.2, 0, 0.1], [0.1, 0.9, 0.1, 0], [0, 0.1, 1, 0.1], [0.2, 0, 0.1, 1.2]]
    return linear_quadratic(weights, [1.0, 1.3, 0.8, 1.1], [0.3, -0.2, 0.0, 0.5])
