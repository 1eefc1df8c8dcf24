"""Which version brought which member, and what changed in it since."""

from collections.abc import Mapping
from types import MappingProxyType

FIRST: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "0.1.0": {
            "mechanism": (
                "sigma-dcda",
                "uniform-conditional",
                "uniform-double-auction",
                "naive-walrasian",
                "sigma-vcg",
                "spread-vcg",
                "entry-fee-vcg",
                "tax-vcg",
                "discrete-vcg",
                "k-double-auction",
                "pay-as-bid",
                "modified-vickrey-double-auction",
                "vickrey-multi-unit",
                "uniform-price-multi-unit",
                "entry-fee-double-auction",
            ),
            "economy": (
                "linear-quadratic",
                "private-values",
                "fundamental-value",
                "two-groups",
                "heterogeneous",
                "tight",
                "factored",
                "unit-demands",
                "multi-unit-demands",
                "saturating",
                "varying-effects",
            ),
            "environment": (
                "deviator/Deviation-v0",
                "deviator/exchange-v0",
                "DeviationVectorEnv",
                "DeviationVecEnv",
                "ExchangeVecEnv",
                "independent_vec_envs",
                "TensorEnv",
            ),
            "learner": (
                "ppo",
                "sac",
                "td3",
                "gradient",
                "cma-es",
                "evolution",
                "ensemble",
                "recurrent-ppo",
            ),
            "policy": (
                "honest",
                "linear-bayes",
                "noisy-honest",
                "rounded-honest",
                "shaded-honest",
                "misperceived-weights",
                "price-only",
            ),
        }
    }
)

CHANGES: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = MappingProxyType({})
"""Of a member, by kind and name: versions that changed what it computes or takes, and what."""
