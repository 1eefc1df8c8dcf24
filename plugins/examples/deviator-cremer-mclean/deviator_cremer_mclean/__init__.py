"""Cremer and McLean's bets, which extract all surplus if the designer's beliefs are right."""

from .beliefs import Beliefs
from .cremer_mclean import CremerMcLean

__all__ = ["Beliefs", "CremerMcLean"]
