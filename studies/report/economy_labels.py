"""How a report tells economies of the same family apart."""

import hashlib
import json
from typing import Any

from ..spec.cell import Cell
from ..spec.economy import EconomySpec

SHORT = 24
"""Characters of a setting that are shown as they are; longer ones, as matrices, by a digest."""


def economy_labels(cells: list[Cell]) -> list[str]:
    """Return each cell's economy: its title, and what tells it from others in the study.

    Shown are the settings in which economies of the same title and size differ.

    Parameters
    ----------
    cells : list of Cell

    Returns
    -------
    list of str
        As ``two groups`` or ``two groups slope=2, types=uniform``.
    """
    economies = [cell.market.economy for cell in cells]
    stated = [_settings(economy) for economy in economies]
    families = [_family(economy) for economy in economies]
    alike: dict[tuple[str, str], list[dict[str, str]]] = {}
    for family, settings in zip(families, stated, strict=True):
        alike.setdefault(family, []).append(settings)
    differing = {family: _differing(settings) for family, settings in alike.items()}
    return [
        _label(economy.title, settings, differing[family])
        for economy, settings, family in zip(economies, stated, families, strict=True)
    ]


def _differing(stated: list[dict[str, str]]) -> list[str]:
    """Return the names of the settings that are not the same in all."""
    names = sorted({name for settings in stated for name in settings})
    return [name for name in names if len({settings.get(name) for settings in stated}) > 1]


def _label(title: str, settings: dict[str, str], differing: list[str]) -> str:
    shown = ", ".join(f"{name}={settings.get(name, 'default')}" for name in differing)
    return f"{title} {shown}".strip()


def _family(economy: EconomySpec) -> tuple[str, str]:
    return economy.title, _text(economy.parameters.get("n_traders"))


def _settings(economy: EconomySpec) -> dict[str, str]:
    """Return the parameters and the law of types, each as a short text."""
    settings: dict[str, Any] = dict(economy.parameters)
    if economy.types is not None:
        law = economy.types.model_dump(exclude_defaults=True)
        settings["types"] = " ".join([economy.types.law, *_assignments(law)])
    return {name: _text(value) for name, value in settings.items()}


def _assignments(law: dict[str, Any]) -> list[str]:
    return [f"{name} {value:g}" for name, value in law.items() if isinstance(value, float)]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) <= SHORT or isinstance(value, str):
        return text
    return f"#{hashlib.sha256(text.encode()).hexdigest()[:6]}"
