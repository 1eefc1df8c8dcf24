"""Direct mechanisms: rules that must be told the traders' utilities."""

from .constructors import sigma_vcg
from .naive_walrasian import NaiveWalrasian
from .sigma_vcg import SigmaVCG
from .smooth_sigma_vcg import SmoothSigmaVCG

__all__ = ["NaiveWalrasian", "SigmaVCG", "SmoothSigmaVCG", "sigma_vcg"]
