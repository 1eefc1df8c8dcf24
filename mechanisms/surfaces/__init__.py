"""General bids: surfaces F(p, q) = 0 in price-quantity space, with their derivatives."""

from .base import Hyperplane, Points, Surface, Tangent
from .callables import CallableSurface, TorchSurface
from .level_set import InverseMap, LevelSet, TypesBehind, honest_surfaces
from .modified import (
    Kinked,
    ModifiedSurface,
    Renumbered,
    Rescaled,
    Sheets,
    Shifted,
    Tilted,
)

__all__ = [
    "CallableSurface",
    "Hyperplane",
    "InverseMap",
    "Kinked",
    "LevelSet",
    "ModifiedSurface",
    "Points",
    "Renumbered",
    "Rescaled",
    "Sheets",
    "Shifted",
    "Surface",
    "Tangent",
    "Tilted",
    "TorchSurface",
    "TypesBehind",
    "honest_surfaces",
]
