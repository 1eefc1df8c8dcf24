"""Where members come from, of those whose docstrings have no References."""

from collections.abc import Mapping
from types import MappingProxyType

PAPER = "Andreyanov and Sadzik (2021), Robust Mechanism Design of Exchange"
OURS = "this package"
ROSTEK_WERETKA = "Rostek and Weretka (2012), Price inference in small markets, Econometrica 80"
VIVES = (
    "Vives (2011), Strategic supply function competition with private information, Econometrica 79"
)
SB3 = "as stable-baselines3 has it"

SOURCES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("mechanism", "sigma-vcg"): f"{PAPER}, Definitions 1 and 2",
        ("mechanism", "uniform-conditional"): f"{OURS}: Definition 3 of {PAPER}, at one price",
        ("mechanism", "uniform-double-auction"): f"{VIVES}; {ROSTEK_WERETKA}; {PAPER}, Section 4",
        ("mechanism", "pay-as-bid"): f"{PAPER}, Section 5, on discriminatory payments in practice",
        ("economy", "linear-quadratic"): f"{PAPER}, Example 7",
        ("economy", "private-values"): f"{PAPER}, Section 7 and footnote 28",
        ("economy", "fundamental-value"): f"{PAPER}, Example 1; {VIVES}",
        ("economy", "two-groups"): f"{PAPER}, Example 2; {ROSTEK_WERETKA}",
        ("economy", "heterogeneous"): f"{PAPER}, Example 3",
        ("economy", "tight"): f"{PAPER}, equation (A.1)",
        ("economy", "factored"): f"{PAPER}, Lemma 2",
        ("economy", "saturating"): f"{OURS}, within the assumptions of {PAPER}, Section 2",
        ("economy", "varying-effects"): f"{OURS}, within the assumptions of {PAPER}, Section 2",
        ("economy", "unit-demands"): "McAfee (1992), A dominant strategy double auction, "
        "Journal of Economic Theory 56",
        (
            "economy",
            "multi-unit-demands",
        ): "Krishna (2010), Auction Theory, Chapter 12",
        ("environment", "deviator/Deviation-v0"): f"the constraint IC of {PAPER}, Section 2.3",
        ("environment", "deviator/exchange-v0"): f"the game of {PAPER}, Definition 3, for any rule",
        ("environment", "DeviationVectorEnv"): f"{OURS}: many of `deviator/Deviation-v0`",
        ("environment", "DeviationVecEnv"): f"{OURS}: many of `deviator/Deviation-v0`",
        ("environment", "ExchangeVecEnv"): f"{OURS}: many of `deviator/exchange-v0`",
        ("environment", "independent_vec_envs"): f"{OURS}: many of `deviator/exchange-v0`",
        ("environment", "TensorEnv"): f"{OURS}: either environment on tensors",
        (
            "learner",
            "ppo",
        ): f"Schulman et al. (2017), Proximal policy optimization; {SB3}",
        ("learner", "sac"): f"Haarnoja et al. (2018), Soft actor-critic; {SB3}",
        (
            "learner",
            "td3",
        ): "Fujimoto, van Hoof and Meger (2018), Addressing function "
        f"approximation error in actor-critic methods; {SB3}",
        ("learner", "recurrent-ppo"): "PPO with a recurrent network, as sb3-contrib has it",
        ("learner", "cma-es"): "Hansen (2016), The CMA evolution strategy: a tutorial; as the "
        "package cma has it",
        ("learner", "evolution"): "Schaul, Glasmachers and Schmidhuber (2011), High dimensions "
        "and heavy tails for natural evolution strategies",
        (
            "learner",
            "gradient",
        ): "Kingma and Ba (2015), Adam; Liu and Nocedal (1989), On the "
        "limited memory BFGS method for large scale optimization",
        ("learner", "ensemble"): "Jamieson and Talwalkar (2016), Non-stochastic best arm "
        "identification and hyperparameter optimization",
        ("policy", "honest"): f"{PAPER}, Section 5: revelation strategies",
        ("policy", "linear-bayes"): f"{ROSTEK_WERETKA}; {VIVES}; {PAPER}, Section 4",
        ("policy", "noisy-honest"): f"{OURS}: the study of others who are approximately honest",
        ("policy", "rounded-honest"): f"{OURS}: the study of others who are approximately honest",
        ("policy", "shaded-honest"): f"{OURS}: the study of others who are approximately honest",
        ("policy", "misperceived-weights"): f"{OURS}: the study of others who are approximately "
        "honest",
        ("policy", "price-only"): f"{OURS}: the study of price-only traders",
    }
)
