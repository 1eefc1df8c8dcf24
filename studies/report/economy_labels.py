"""How a report tells economies of the same family apart."""

import hashlib
import json
from typing import Any

from ..spec.cell import Cell
from ..spec.market import EconomySpec

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
    return [_label(economy, economies) for economy in economies]


def _label(economy: EconomySpec, economies: list[EconomySpec]) -> str:
    own = _settings(economy)
    alike = [_settings(other) for other in economies if _family(other) == _family(economy)]
    names = sorted({name for settings in alike for name in settings})
    differing = [name for name in names if any(s.get(name) != own.get(name) for s in alike)]
    settings = ", ".join(f"{name}={own.get(name, 'default')}" for name in differing)
    return f"{economy.title} {settings}".strip()


def _family(economy: EconomySpec) -> tuple[str, Any]:
    return economy.title, economy.parameters.get("n_traders")


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
