"""Caps on what any deviation could gain: exact, or by a theorem whose hypotheses are checked."""

from .certificate import Certificate, Condition
from .exact import certify
from .theorem import certify_by_theorem

__all__ = ["Certificate", "Condition", "certify", "certify_by_theorem"]
