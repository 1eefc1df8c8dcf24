"""Which members have a page: those that the registry has, and the environments.

Nothing is imported to list them, so that a test compares the list with the registry in no time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, final

from deviator.plugins import OWN, list_plugins

from .history import FIRST
from .public_names import public_names

SOURCE = Path(__file__).parents[2] / "src" / "deviator"

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mechanism": ("mechanisms", "Mechanisms"),
        "economy": ("economies", "Economies"),
        "environment": ("environments", "Environments"),
        "learner": ("learners", "Learners"),
        "policy": ("policies", "Policies"),
    }
)
"""Folder and title of the pages of each kind."""

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {
        "deviator/Deviation-v0": "deviator.envs.DeviationEnv",
        "deviator/exchange-v0": "deviator.envs.exchange_v0.ExchangeEnv",
        "DeviationVectorEnv": "deviator.envs.DeviationVectorEnv",
        "DeviationVecEnv": "deviator.envs.DeviationVecEnv",
        "ExchangeVecEnv": "deviator.envs.ExchangeVecEnv",
        "independent_vec_envs": "deviator.envs.independent_vec_envs",
        "TensorEnv": "deviator.envs.TensorEnv",
    }
)
"""Environments by the name that they are made with."""

MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "deviator/Deviation-v0": "deviator.plugins.environments.deviation_env",
        "deviator/exchange-v0": "deviator.envs.exchange_v0.parallel_env",
    }
)
"""What ``make`` calls for an environment, and what takes its arguments."""


@final
@dataclass(frozen=True)
class Member:
    """Something that has a page.

    Attributes
    ----------
    kind, name : str
    target : str
        Where it is, ``package.module.name``.
    first : str
        The version that brought it.
    """

    kind: str
    name: str
    target: str
    first: str

    @property
    def page(self) -> str:
        """The page's path below docs, without an ending."""
        plain = self.name.rpartition("/")[2]
        return f"reference/{KINDS[self.kind][0]}/{plain}"


def members() -> list[Member]:
    """Return every member of every kind, by name.

    Raises
    ------
    KeyError
        If the history does not say which version brought a member.
    """
    registered = [
        (spec.kind, spec.name, _public(KINDS[spec.kind][0], spec.target.replace(":", ".")))
        for spec in list_plugins()
        if spec.provider == OWN and spec.kind in KINDS
    ]
    environments = [("environment", name, target) for name, target in ENVIRONMENTS.items()]
    return [Member(*each, first=first_version(*each[:2])) for each in registered + environments]


def _public(family: str, target: str) -> str:
    """Return a target where its family has it, if the family does."""
    name = target.rpartition(".")[2]
    return f"deviator.{family}.{name}" if name in public_names(SOURCE / family) else target


def first_version(kind: str, name: str) -> str:
    """Return the version that brought a member; KeyError if the history does not say."""
    for version, kinds in FIRST.items():
        if name in kinds.get(kind, ()):
            return version
    raise KeyError(f"{kind} {name!r} has no first version; add it to docs/building/history.py")


def public_environments() -> set[str]:
    """Return the public names of `deviator.envs` that are environments."""
    return {name for name in public_names(SOURCE / "envs") if name.endswith(("Env", "_envs"))}


def object_at(target: str) -> Any:
    """Import and return what is at ``package.module.name``."""
    module, _, name = target.rpartition(".")
    return getattr(import_module(module), name)
