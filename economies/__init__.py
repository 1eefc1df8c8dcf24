"""Who trades: utilities, types, information, assumptions and bounds."""

from .assumption_bounds import (
    AssumptionBounds,
    assumption_bounds,
    largest_interdependence,
    sigma_n_from,
)
from .assumption_result import AssumptionResult
from .assumptions import AssumptionRow, assumption_table, check_assumptions
from .base import Economy
from .bounds import largest_inefficiency, pairwise_interdependence, sigma_budget, sigma_n
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
)
from .factored import Factored, public_statistics
from .information import (
    NormalInformation,
    fundamental_value_information,
    heterogeneous_information,
    normal_information,
    two_groups_information,
)
from .linear_quadratic import LinearQuadratic, is_linear_quadratic
from .multi_unit_demands import (
    MultiUnitDemands,
    check_total,
    checked_endowments,
    multi_unit_demands,
)
from .non_quasilinear import NonQuasilinearEconomy
from .pivotal_types import PivotalMarket, pivotal_market
from .quadratic import QuadraticEconomy, affects_others_alike, single_crossing_violation
from .quadratic_assumptions import interdependence_radius
from .saturating import Saturating, saturating
from .smooth import SmoothEconomy, UtilityBounds
from .smooth_walrasian import OwnResponse, own_response, taxed_allocation
from .standard_types import IndependentNormal, standard_types
from .unit_demands import UnitDemands, unit_demands
from .unit_matching import UnitMatch, holding_threshold, match_units
from .unit_ranking import ranked, ranked_others, units_won
from .varying_effects import VaryingEffects, varying_effects
from .walrasian import (
    WalrasianResponse,
    first_best_surplus,
    walrasian_allocation,
    walrasian_response,
)

__all__ = [
    "AssumptionBounds",
    "AssumptionResult",
    "AssumptionRow",
    "Economy",
    "Factored",
    "IndependentNormal",
    "LinearQuadratic",
    "MultiUnitDemands",
    "NonQuasilinearEconomy",
    "NormalInformation",
    "NormalTypes",
    "OwnResponse",
    "PivotalMarket",
    "QuadraticEconomy",
    "Saturating",
    "SmoothEconomy",
    "TruncatedNormal",
    "TypeDistribution",
    "UniformBox",
    "UnitDemands",
    "UnitMatch",
    "UtilityBounds",
    "VaryingEffects",
    "WalrasianResponse",
    "affects_others_alike",
    "assumption_bounds",
    "assumption_table",
    "check_assumptions",
    "check_total",
    "checked_endowments",
    "factored",
    "first_best_surplus",
    "fundamental_value",
    "fundamental_value_information",
    "heterogeneous",
    "heterogeneous_information",
    "holding_threshold",
    "interdependence_radius",
    "is_linear_quadratic",
    "largest_inefficiency",
    "largest_interdependence",
    "linear_quadratic",
    "match_units",
    "multi_unit_demands",
    "normal_information",
    "own_response",
    "pairwise_interdependence",
    "pivotal_market",
    "private_values",
    "public_statistics",
    "ranked",
    "ranked_others",
    "saturating",
    "sigma_budget",
    "sigma_n",
    "sigma_n_from",
    "single_crossing_violation",
    "standard_types",
    "taxed_allocation",
    "tight",
    "two_groups",
    "two_groups_information",
    "unit_demands",
    "units_won",
    "varying_effects",
    "walrasian_allocation",
    "walrasian_response",
]
