"""Direct mechanisms: rules that need to know the traders' utilities."""

from .constructors import sigma_vcg
from .direct_mechanism import DirectMechanism
from .discrete_vcg import DiscreteVCG
from .entry_fee_vcg import EntryFeeVCG, PriceClearing
from .naive_walrasian import NaiveWalrasian
from .pivotal_mechanism import Allocation, PivotalMechanism
from .sigma_vcg import SigmaVCG
from .smooth_sigma_vcg import SmoothSigmaVCG
from .spread_vcg import SpreadVCG
from .tax_vcg import TaxVCG
from .taxes import CallableTax, PowerTax, SumTax, Tax

__all__ = [
    "Allocation",
    "CallableTax",
    "DirectMechanism",
    "DiscreteVCG",
    "EntryFeeVCG",
    "NaiveWalrasian",
    "PivotalMechanism",
    "PowerTax",
    "PriceClearing",
    "SigmaVCG",
    "SmoothSigmaVCG",
    "SpreadVCG",
    "SumTax",
    "Tax",
    "TaxVCG",
    "sigma_vcg",
]
