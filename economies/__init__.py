"""Who trades: utilities, types, information, assumptions and bounds."""

from .assumption_result import AssumptionResult
from .assumptions import AssumptionRow, assumption_table, check_assumptions
from .base import Economy
from .bounds import pairwise_interdependence, sigma_budget, sigma_n
from .constructors import (
    factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    tight,
    two_groups,
)
from .distributions import (
    NormalTypes,
    TruncatedNormal,
    TypeDistribution,
    UniformBox,
    standard_types,
)
from .factored import Factored, public_statistics
from .information import (
    NormalInformation,
    fundamental_value_information,
    heterogeneous_information,
    justifying_information,
    normal_information,
    two_groups_information,
)
from .linear_quadratic import LinearQuadratic
from .quadratic import QuadraticEconomy
from .unit_demands import UnitDemands, unit_demands
from .unit_matching import UnitMatch, holding_threshold, match_units
from .walrasian import (
    WalrasianResponse,
    first_best_surplus,
    walrasian_allocation,
    walrasian_response,
)

__all__ = [
    "AssumptionResult",
    "AssumptionRow",
    "Economy",
    "Factored",
    "LinearQuadratic",
    "NormalInformation",
    "NormalTypes",
    "QuadraticEconomy",
    "TruncatedNormal",
    "TypeDistribution",
    "UniformBox",
    "UnitDemands",
    "UnitMatch",
    "WalrasianResponse",
    "assumption_table",
    "check_assumptions",
    "factored",
    "first_best_surplus",
    "fundamental_value",
    "fundamental_value_information",
    "heterogeneous",
    "heterogeneous_information",
    "holding_threshold",
    "justifying_information",
    "linear_quadratic",
    "match_units",
    "normal_information",
    "pairwise_interdependence",
    "private_values",
    "public_statistics",
    "sigma_budget",
    "sigma_n",
    "standard_types",
    "tight",
    "two_groups",
    "two_groups_information",
    "unit_demands",
    "walrasian_allocation",
    "walrasian_response",
]
