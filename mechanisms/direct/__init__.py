"""Direct mechanisms: rules that must be told the traders' utilities."""

from .naive_walrasian import NaiveWalrasian
from .sigma_vcg import SigmaVCG

__all__ = ["NaiveWalrasian", "SigmaVCG"]
