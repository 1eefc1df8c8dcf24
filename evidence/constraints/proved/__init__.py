"""Constraints that hold by construction, or by a theorem whose hypotheses are checked."""

from .prove import Proofs, find_proofs

__all__ = ["Proofs", "find_proofs"]
