"""A testbed of market mechanisms: it tests whether honest bidding can be profitably gamed.

Market rules are plugins, learning agents look for profitable deviations, and exact best responses
and certificates bound what any deviation could gain.

Examples
--------
>>> import numpy as np, deviator
>>> economy = deviator.economies.two_groups(n_traders=8, alpha=1.0, beta=0.7, slope=1.3)
>>> mechanism = deviator.make("sigma-dcda", sigma=0.4)
>>> types = np.random.default_rng(0).standard_normal((3, 8))
>>> bool((deviator.policies.exact_gain(mechanism, economy, types) < 1e-20).all())
True
"""

import random
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import gymnasium
import pettingzoo

from .deprecation import MOVED, moved_name

if TYPE_CHECKING:
    from deviator import (
        economies,
        envs,
        evidence,
        learners,
        mechanisms,
        plot,
        plugins,
        policies,
        studies,
    )
    from deviator.evidence import market
    from deviator.plugins import list_plugins, make
    from deviator.studies import audit, confirm
    from deviator.studies.equilibrium import learn_equilibrium

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "audit",
    "confirm",
    "economies",
    "envs",
    "evidence",
    "learn_equilibrium",
    "learners",
    "list_plugins",
    "make",
    "market",
    "mechanisms",
    "plot",
    "plugins",
    "policies",
    "studies",
]

_HOME: Mapping[str, str] = MappingProxyType(
    {
        "make": "deviator.plugins",
        "list_plugins": "deviator.plugins",
        "market": "deviator.evidence",
        "audit": "deviator.studies",
        "confirm": "deviator.studies",
        "learn_equilibrium": "deviator.studies.equilibrium",
    }
)


def __getattr__(name: str) -> Any:
    """Import the families and the public functions when first used: `import deviator` is light."""
    kept = random.getstate()  # rich draws from it while it is imported
    try:
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        if name in __all__:
            return import_module(f"deviator.{name}")
        if f"deviator.{name}" in MOVED:
            return moved_name(f"deviator.{name}", MOVED[f"deviator.{name}"])
    finally:
        random.setstate(kept)
    raise AttributeError(f"module 'deviator' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def _register_environments() -> None:
    deviation = "deviator/Deviation-v0"
    if deviation not in gymnasium.registry:
        gymnasium.register(
            id=deviation,
            entry_point="deviator.plugins.environments:deviation_env",
            vector_entry_point="deviator.plugins.environments:deviation_vector_env",
        )
    exchange = "deviator/exchange-v0"
    if exchange not in pettingzoo.parallel_registry:
        pettingzoo.register("parallel", exchange, "deviator.plugins.environments:exchange_env")


_register_environments()
