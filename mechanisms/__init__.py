"""Market rules: bids in, outcome out."""

from deviator.numerics.polynomial import Polynomial

from .base import Claim, Mechanism, quantity_per_level
from .compiled import compiled_clear
from .direct.constructors import sigma_vcg
from .direct.direct_mechanism import DirectMechanism
from .direct.discrete_vcg import DiscreteVCG
from .direct.entry_fee_vcg import EntryFeeVCG, PriceClearing
from .direct.naive_walrasian import NaiveWalrasian
from .direct.pivotal_mechanism import Allocation, PivotalMechanism
from .direct.sigma_vcg import SigmaVCG
from .direct.smooth_sigma_vcg import SmoothSigmaVCG
from .direct.spread_vcg import SpreadVCG
from .direct.tax_vcg import TaxVCG
from .direct.taxes import CallableTax, PowerTax, SumTax, Tax
from .languages import (
    AllocationLanguage,
    BidLanguage,
    Bids,
    BidsOverRounds,
    ConditionalLanguage,
    EntryReportLanguage,
    EntryReports,
    FactoredBids,
    FactoredLanguage,
    FlooredScheduleLanguage,
    LanguageOverRounds,
    LinearBids,
    ReportLanguage,
    Reports,
    ScheduleLanguage,
    Schedules,
    SurfaceBids,
    UnitBidLanguage,
    UnitBids,
    bids_as_data,
    bids_from_data,
)
from .lottery import Drawn, drawn, standard_lots
from .menu import FiniteMenu, LineMenu, Menu
from .multi_unit.multi_unit_mechanism import Endowments, MultiUnitMechanism
from .multi_unit.uniform_price_multi_unit import UniformPriceMultiUnit
from .multi_unit.vickrey_multi_unit import VickreyMultiUnit
from .mutated import Mutated
from .outcome import Outcome, TraderOutcome
from .over_rounds.in_shares import InShares
from .over_rounds.rounds_mechanism import History, Round, RoundsMechanism
from .over_rounds.unrolled import Unrolled
from .parallel import clear_parallel
from .pay_as_bid import PayAsBid
from .residual_line import ResidualLineMechanism, exact_payment, residual_transfer
from .sharded.clear import clear_sharded
from .sharded.parquet import read_outcome, read_shard, write_shard
from .sharded.shard import Shard, ShardedOutcome, ShardOutcome
from .sigma_dcda import SigmaDCDA
from .statistics import PublicStatistics
from .surfaces import (
    CallableSurface,
    Hyperplane,
    Kinked,
    LevelSet,
    Sheets,
    Shifted,
    Surface,
    Tilted,
    TorchSurface,
)
from .uniform_conditional import UniformConditional
from .uniform_double_auction import UniformDoubleAuction
from .unit_demand.entry_equilibrium import (
    EntryCutoffs,
    balancing_fee,
    equilibrium_cutoffs,
    expected_budget,
    marginal_profits,
)
from .unit_demand.entry_fee_double_auction import EntryFeeDoubleAuction
from .unit_demand.k_double_auction import KDoubleAuction
from .unit_demand.modified_vickrey_double_auction import ModifiedVickreyDoubleAuction
from .unit_demand.unit_demand_mechanism import Buyers, UnitDemandMechanism, side_prices

__all__ = [
    "Allocation",
    "AllocationLanguage",
    "BidLanguage",
    "Bids",
    "BidsOverRounds",
    "Buyers",
    "CallableSurface",
    "CallableTax",
    "Claim",
    "ConditionalLanguage",
    "DirectMechanism",
    "DiscreteVCG",
    "Drawn",
    "Endowments",
    "EntryCutoffs",
    "EntryFeeDoubleAuction",
    "EntryFeeVCG",
    "EntryReportLanguage",
    "EntryReports",
    "FactoredBids",
    "FactoredLanguage",
    "FiniteMenu",
    "FlooredScheduleLanguage",
    "History",
    "Hyperplane",
    "InShares",
    "KDoubleAuction",
    "Kinked",
    "LanguageOverRounds",
    "LevelSet",
    "LineMenu",
    "LinearBids",
    "Mechanism",
    "Menu",
    "ModifiedVickreyDoubleAuction",
    "MultiUnitMechanism",
    "Mutated",
    "NaiveWalrasian",
    "Outcome",
    "PayAsBid",
    "PivotalMechanism",
    "Polynomial",
    "PowerTax",
    "PriceClearing",
    "PublicStatistics",
    "ReportLanguage",
    "Reports",
    "ResidualLineMechanism",
    "Round",
    "RoundsMechanism",
    "ScheduleLanguage",
    "Schedules",
    "Shard",
    "ShardOutcome",
    "ShardedOutcome",
    "Sheets",
    "Shifted",
    "SigmaDCDA",
    "SigmaVCG",
    "SmoothSigmaVCG",
    "SpreadVCG",
    "SumTax",
    "Surface",
    "SurfaceBids",
    "Tax",
    "TaxVCG",
    "Tilted",
    "TorchSurface",
    "TraderOutcome",
    "UniformConditional",
    "UniformDoubleAuction",
    "UniformPriceMultiUnit",
    "UnitBidLanguage",
    "UnitBids",
    "UnitDemandMechanism",
    "Unrolled",
    "VickreyMultiUnit",
    "balancing_fee",
    "bids_as_data",
    "bids_from_data",
    "clear_parallel",
    "clear_sharded",
    "compiled_clear",
    "drawn",
    "equilibrium_cutoffs",
    "exact_payment",
    "expected_budget",
    "marginal_profits",
    "quantity_per_level",
    "read_outcome",
    "read_shard",
    "residual_transfer",
    "side_prices",
    "sigma_vcg",
    "standard_lots",
    "write_shard",
]
