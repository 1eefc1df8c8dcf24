"""Studies: audit one market, confirm a whole study, train one deviator."""

from .auditing import audit
from .certificates import Certificate, Condition, certify
from .confirmation import StudyReport, confirm, default_study
from .specs import StudySpec, read_study
from .theorem_certificate import certify_by_theorem
from .verdict import Verdict

__all__ = [
    "Certificate",
    "Condition",
    "StudyReport",
    "StudySpec",
    "Verdict",
    "audit",
    "certify",
    "certify_by_theorem",
    "confirm",
    "default_study",
    "read_study",
]
