"""Markets as data: mechanisms, strategies and an economy by name."""

from functools import cached_property
from inspect import signature
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    Field,
    Strict,
    ValidationError,
    ValidationInfo,
)

from deviator.economies import (
    Factored,
    QuadraticEconomy,
    SmoothEconomy,
    assumption_bounds,
    public_statistics,
    sigma_budget,
    sigma_n,
    sigma_n_from,
)
from deviator.errors import InvalidInputError
from deviator.evidence import Market, Seat
from deviator.mechanisms import ConditionalLanguage, Mechanism, SurfaceBids
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.plugins import (
    OWN,
    Kind,
    build,
    find_plugin,
    shown_name,
    takes_economy,
)
from deviator.policies import Policy
from deviator.validation import Floats

from .economy import BELIEFS, EconomySpec
from .messages import mistakes_of
from .naming import file_of, looked_up
from .settings import Built, Finite, Settings

OF_THE_ECONOMY = "economy"
"""What stands for the public statistics of the economy among a mechanism's parameters."""

BELIEVED = "beliefs"
"""What stands, among a strategy's parameters, for other beliefs than the market's."""

Sigma = Annotated[float, Strict()] | Literal["sigma-n", "sigma-budget"]
"""A tax slope, or the rule that gives it."""


def _without_a_second_sigma(parameters: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    if "sigma" in parameters and info.data.get("sigma") is not None:
        raise ValueError("sigma is stated beside them; leave one of the two out")
    return parameters


Parameters = Annotated[Settings, AfterValidator(_without_a_second_sigma)]
"""Settings of a mechanism, in a record with a field `sigma` before them."""


class MarketSpec(Built):
    """A market under test.

    Attributes
    ----------
    mechanism : str
        Registered name.
    sigma : float, "sigma-n" or "sigma-budget", optional
        Tax slope, for mechanisms that take one; left out, their default holds.
    parameters : dict
        Further settings of the mechanism; ``statistics: economy`` stands for the public statistics
        that the economy's honest bids condition on.
    economy : EconomySpec
    strategy : str
        Policy that everybody but the deviator follows: ``honest``, or another registered name.
    strategy_parameters : dict
        Settings of the policy; mechanism, economy, information, slope and distribution are given to
        those that ask for them. ``beliefs``, stated as an economy is, are other beliefs than the
        market's, whose information and law are given instead; what they leave out is as there.
    trader : int or str
        Index or role of the deviator.
    epsilon : float, optional
        Gains up to this share of the deviator's stakes count as zero; by default as in `Market`.
    """

    mechanism: str
    sigma: Sigma | None = None
    parameters: Parameters = Field(default_factory=dict)
    economy: EconomySpec
    strategy: str = "honest"
    strategy_parameters: Settings = Field(default_factory=dict)
    trader: int | str = 0
    epsilon: Finite | None = Field(None, ge=0)

    def build_market(self) -> Market:
        """Return the market.

        Raises
        ------
        DeviatorError
            If the parts do not fit together; the message says which rule is broken.
        """
        return Market(
            self.rule,
            self.economy.economy,
            self.economy.distribution(),
            self._policy(),
            self.trader_index(),
            self.epsilon,
        )

    @property
    def title(self) -> str:
        """The mechanism's name as reports show it."""
        return shown_name("mechanism", self.mechanism)

    @property
    def strategy_title(self) -> str:
        """The strategy's name as reports show it."""
        return shown_name("policy", self.strategy)

    def sitting_at(self, trader: int | str) -> "MarketSpec":
        """Return the same market where another trader deviates; its rule is not built again."""
        moved = self.model_copy(update={"trader": trader})
        moved.__dict__["rule"] = self.rule
        return moved

    @property
    def seat(self) -> Seat:
        """Where the deviator sits; the strategy is not built, which may be a third party's."""
        economy = self.economy.economy
        conditional = isinstance(self.rule.language, ConditionalLanguage)
        surfaces = conditional and isinstance(economy, SmoothEconomy)
        return Seat(self.rule, economy.n_traders, self.trader_index(), surfaces)

    def trader_index(self) -> int:
        """Return who deviates as an index."""
        if isinstance(self.trader, int):
            return self.trader
        return self.economy.economy.trader_of_role(self.trader)

    def with_sigma(self) -> "MarketSpec":
        """Return the market with its tax slope stated, where the mechanism's default was meant."""
        if self.sigma is not None or "sigma" in self.parameters:
            return self
        return self.model_copy(update={"sigma": self.tax_slope()})

    def tax_slope(self) -> float | None:
        """Return the tax slope that the mechanism has; None where it takes no sigma."""
        if self.sigma is None:
            return self._unstated_slope()
        if not isinstance(self.sigma, str):
            return self.sigma
        economy = self.economy.economy
        if self.sigma == "sigma-n" and isinstance(economy, SmoothEconomy):
            return sigma_n_from(assumption_bounds(economy))
        if not isinstance(economy, QuadraticEconomy):
            raise InvalidInputError("sigma must be a number in this economy, got a rule's name")
        return sigma_n(economy) if self.sigma == "sigma-n" else sigma_budget(economy)

    @cached_property
    def rule(self) -> Mechanism:
        """The mechanism itself."""
        parameters = dict(self.parameters)
        if self.sigma is not None:
            parameters["sigma"] = self.tax_slope()
        if parameters.get("statistics") == OF_THE_ECONOMY:
            parameters["statistics"] = self._public_statistics()
        if takes_economy(find_plugin("mechanism", self.mechanism).load()):
            parameters["economy"] = self.economy.economy
        mechanism: Mechanism = build("mechanism", self.mechanism, parameters)
        return mechanism

    def with_plugins(self, files: tuple[str, ...]) -> "MarketSpec":
        """Return the market with what it names looked up in these files first."""
        if not files:
            return self
        family = self.economy.family
        economy = self.economy
        if family is not None:
            family = looked_up("economy", family, files)
            economy = economy.model_copy(update={"family": family})
        return self.model_copy(
            update={
                "mechanism": looked_up("mechanism", self.mechanism, files),
                "strategy": looked_up("policy", self.strategy, files),
                "economy": economy,
            }
        )

    def named(self) -> list[tuple[Kind, str]]:
        """Return kind and name of every plugin that the market is made of."""
        family = self.economy.family
        economy: list[tuple[Kind, str]] = [] if family is None else [("economy", family)]
        return [("mechanism", self.mechanism), ("policy", self.strategy), *economy]

    def plugin_files(self) -> list[str]:
        """Return the Python files that are named for a part of the market; nothing is imported."""
        return [file for file in (file_of(name) for _, name in self.named()) if file]

    def plugins(self) -> list[dict[str, str]]:
        """Return kind, name, provider and version of everything that the market is made of."""
        return [find_plugin(kind, name).describe() for kind, name in self.named()]

    def _unstated_slope(self) -> float | None:
        """Return sigma from among the parameters, or the mechanism's default."""
        asked = signature(find_plugin("mechanism", self.mechanism).load()).parameters
        if "sigma" not in asked:
            return None
        slope = self.parameters.get("sigma", asked["sigma"].default)
        return float(slope) if isinstance(slope, (int, float)) else None

    def _public_statistics(self) -> Floats:
        economy = self.economy.economy
        if not isinstance(economy, Factored):
            raise InvalidInputError(
                "statistics: economy needs a factored economy, got "
                f"{type(economy).__name__}; list the statistics, or leave them out"
            )
        statistics: Floats = public_statistics(economy, self.tax_slope() or 0.0)
        return statistics

    def _policy(self) -> Policy:
        """Return the strategy, built with what it asks for of the market."""
        plugin = find_plugin("policy", self.strategy).load()
        asked = signature(plugin).parameters
        settings = dict(self.strategy_parameters)
        # What a policy calls by this name itself is its own.
        stated = None if BELIEVED in asked else settings.pop(BELIEVED, None)
        believed = self.economy if stated is None else self._believed(stated)
        if "information" in asked and believed.information is None:
            raise InvalidInputError(
                f"strategy {self.strategy_title} needs an economy that states beliefs, got a "
                f"family; use beliefs: {' or '.join(BELIEFS)}"
            )
        known = {
            "mechanism": self.rule,
            "economy": self.economy.economy,
            "information": believed.information,
            "slope": self.economy.slope,
            "distribution": believed.distribution(),
        }
        given = {name: value for name, value in known.items() if name in asked}
        policy: Policy = build("policy", self.strategy, given | settings)
        self._check_language(policy)
        return policy

    def _believed(self, stated: Any) -> EconomySpec:
        """Return other beliefs than the market's; what they leave out is as in the market."""
        try:
            believed = EconomySpec.model_validate(self._with_what_is_left_out(stated))
        except ValidationError as error:
            mistakes = mistakes_of(error, stated, EconomySpec)
            reasons = "; ".join(mistake.sentence for mistake in mistakes)
            raise InvalidInputError(f"{BELIEVED} of a strategy: {reasons}") from None
        self._check_whose(believed)
        n, other = self.economy.economy.n_traders, believed.economy.n_traders
        if n != other:
            raise InvalidInputError(f"{BELIEVED} of a strategy must be of {n} traders, got {other}")
        return believed

    def _check_whose(self, believed: EconomySpec) -> None:
        """Refuse code that is neither deviator's own nor that of the market itself.

        It would be run although nobody named its file, and cells' keys would not count its version.
        """
        family = believed.family
        if family is None or family == self.economy.family:
            return
        if find_plugin("economy", family).provider != OWN:
            raise InvalidInputError(
                f"{BELIEVED} of a strategy must have the market's own family or one of deviator's, "
                f"got {family}"
            )

    def _with_what_is_left_out(self, stated: Any) -> Any:
        if not isinstance(stated, dict) or {"family", "beliefs"} & stated.keys():
            return stated
        here = self.economy.model_dump(exclude_none=True)
        other = {name: value for name, value in stated.items() if name != "types"}
        law = {"types": stated["types"]} if "types" in stated else {}
        return here | law | {"parameters": here["parameters"] | other}

    def _check_language(self, policy: Policy) -> None:
        bids = policy.bids(
            self.economy.distribution().sample(np.random.default_rng(0), 1),
            np.random.default_rng(0),
        )
        record = self.rule.language.record
        surfaces = isinstance(bids, SurfaceBids) and isinstance(self.rule, ConditionalAuction)
        if not surfaces and not isinstance(bids, record):
            raise InvalidInputError(
                f"strategy {self.strategy_title} must bid in the language of the mechanism, "
                f"{self.rule.name} takes {record.__name__} and it bids {type(bids).__name__}; name "
                "another strategy"
            )
