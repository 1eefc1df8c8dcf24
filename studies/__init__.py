"""Studies: audit one market, confirm a whole study, train one deviator."""

from .audit_market import audit
from .gather import Search, gather
from .run.confirm import confirm, default_study
from .run.read_report import read_report
from .run.study_report import StudyReport
from .spec.read import read_study
from .spec.study import StudySpec

__all__ = [
    "Search",
    "StudyReport",
    "StudySpec",
    "audit",
    "confirm",
    "default_study",
    "gather",
    "read_report",
    "read_study",
]
