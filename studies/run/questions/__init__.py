"""What cells ask: a file a question, each of which returns what it found as plain data."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...spec.cell import Cell
from . import audit, coalition, deviation, everyone

QUESTIONS: Mapping[str, Callable[[Cell, Path], dict[str, Any]]] = MappingProxyType(
    {
        "deviation": deviation.run,
        "audit": audit.run,
        "coalition": coalition.run,
        "everyone": everyone.run,
    }
)
"""How each question is answered, by its name."""
