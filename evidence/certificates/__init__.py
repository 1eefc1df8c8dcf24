"""Caps on what any deviation could gain: exact, or by a theorem whose hypotheses are checked."""

from .bounded_search import certify_bounded_search
from .certificate import Certificate, Condition
from .exact import certify
from .find import Found, find_certificates
from .finite_menu import certify_finite_menu
from .known import foreign_parts, is_all_ours
from .single_crossing import certify_single_crossing
from .theorem import certify_by_theorem

__all__ = [
    "Certificate",
    "Condition",
    "Found",
    "certify",
    "certify_bounded_search",
    "certify_by_theorem",
    "certify_finite_menu",
    "certify_single_crossing",
    "find_certificates",
    "foreign_parts",
    "is_all_ours",
]
