"""Caps on what any deviation could gain: exact, or by a theorem whose hypotheses are checked."""

from .certificate import Certificate, Condition
from .exact import certify
from .find import Found, find_certificates
from .known import foreign_parts
from .theorem import certify_by_theorem

__all__ = [
    "Certificate",
    "Condition",
    "Found",
    "certify",
    "certify_by_theorem",
    "find_certificates",
    "foreign_parts",
]
