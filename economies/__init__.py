"""Who trades: utilities, types, information, assumptions and bounds."""

from .assumptions import AssumptionResult, check_assumptions
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
    TypeDistribution,
    UniformBox,
    standard_types,
)
from .information import (
    NormalInformation,
    fundamental_value_information,
    heterogeneous_information,
    two_groups_information,
)
from .linear_quadratic import LinearQuadratic
from .walrasian import (
    WalrasianResponse,
    first_best_surplus,
    walrasian_allocation,
    walrasian_response,
)

__all__ = [
    "AssumptionResult",
    "Economy",
    "LinearQuadratic",
    "NormalInformation",
    "NormalTypes",
    "TypeDistribution",
    "UniformBox",
    "WalrasianResponse",
    "check_assumptions",
    "factored",
    "first_best_surplus",
    "fundamental_value",
    "fundamental_value_information",
    "heterogeneous",
    "heterogeneous_information",
    "linear_quadratic",
    "pairwise_interdependence",
    "private_values",
    "sigma_budget",
    "sigma_n",
    "standard_types",
    "tight",
    "two_groups",
    "two_groups_information",
    "walrasian_allocation",
    "walrasian_response",
]
