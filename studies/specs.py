"""Studies as data: validated YAML, expanded into fully specified cells."""

import hashlib
import itertools
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

import deviator
from deviator.economies import (
    Economy,
    NormalInformation,
    NormalTypes,
    QuadraticEconomy,
    TypeDistribution,
    UniformBox,
    fundamental_value_information,
    heterogeneous_information,
    sigma_budget,
    sigma_n,
    standard_types,
    two_groups_information,
)
from deviator.envs import Market
from deviator.errors import InvalidInputError, UnknownNameError
from deviator.learners import Learner
from deviator.mechanisms import Mechanism
from deviator.plugins import build, find_plugin, takes_economy
from deviator.policies import Information, LinearBayes, Policy, Revelation

SCHEMA = 1
"""Part of every cell's key; raised when results of older code must not be reused."""

BELIEFS: dict[str, Callable[..., NormalInformation]] = {
    "fundamental-value": fundamental_value_information,
    "two-groups": two_groups_information,
    "heterogeneous": heterogeneous_information,
}


def _sigma(value: Any) -> Any:
    if isinstance(value, str) and value not in SIGMA_RULES:
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"sigma must be a number or {' or '.join(SIGMA_RULES)}") from None
    return value


SIGMA_RULES = ("sigma-n", "sigma-budget")
Sigma = Annotated[float | Literal["sigma-n", "sigma-budget"], BeforeValidator(_sigma)]
Strategy = Literal["honest", "linear-bayes"]


class Spec(BaseModel):
    """Plain data with no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TypesSpec(Spec):
    """Independent types with a common law: Normal (mean, deviation) or uniform (low, high)."""

    law: Literal["normal", "uniform"] = "normal"
    mean: float = 0.0
    deviation: float = Field(1.0, gt=0)
    low: float = 0.0
    high: float = 1.0

    def build(self, n_traders: int) -> TypeDistribution:
        """Return the distribution."""
        if self.law == "uniform":
            return UniformBox.common(n_traders, self.low, self.high)
        return NormalTypes.independent(n_traders, self.mean, self.deviation)


class EconomySpec(Spec):
    """An economy: a registered family with its parameters, or beliefs that imply one.

    Every key but the three below is a parameter of the family. Beliefs (a Normal information
    structure: fundamental-value, two-groups or heterogeneous) take the parameters of the
    structure and a slope; their types are the signals.
    """

    family: str | None = None
    beliefs: str | None = None
    types: TypesSpec | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _collect_parameters(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "parameters" in data:
            return data
        known = {"family", "beliefs", "types"}
        parameters = {key: value for key, value in data.items() if key not in known}
        return {key: data[key] for key in known if key in data} | {"parameters": parameters}

    @model_validator(mode="after")
    def _family_or_beliefs(self) -> "EconomySpec":
        if (self.family is None) == (self.beliefs is None):
            raise ValueError("state either family or beliefs")
        if self.beliefs is not None and self.beliefs not in BELIEFS:
            raise UnknownNameError("beliefs", self.beliefs, BELIEFS)
        if self.beliefs is not None and self.types is not None:
            raise ValueError("beliefs fix the types; leave types out")
        return self

    @property
    def title(self) -> str:
        """Name that reports show."""
        return (self.family or f"{self.beliefs} (beliefs)").replace("-", " ")

    @cached_property
    def information(self) -> NormalInformation | None:
        """The information structure, where beliefs were stated."""
        if self.beliefs is None:
            return None
        settings = {key: value for key, value in self.parameters.items() if key != "slope"}
        try:
            return BELIEFS[self.beliefs](**settings)
        except TypeError as error:
            raise InvalidInputError(f"beliefs {self.beliefs!r}: {error}") from None

    @cached_property
    def economy(self) -> Economy:
        """The economy itself."""
        if self.information is not None:
            return self.information.economy(self.parameters.get("slope", 1.0))
        assert self.family is not None
        economy: Economy = build("economy", self.family, self.parameters)
        return economy

    def distribution(self) -> TypeDistribution:
        """Return the law of the types."""
        if self.information is not None:
            return self.information.types()
        n = self.economy.n_traders
        return standard_types(n) if self.types is None else self.types.build(n)


class MarketSpec(Spec):
    """A market under test.

    Attributes
    ----------
    mechanism : str
        Registered name.
    sigma : float, "sigma-n" or "sigma-budget", optional
        Tax slope, for mechanisms that take one.
    parameters : dict
        Further settings of the mechanism.
    economy : EconomySpec
    strategy : {"honest", "linear-bayes"}
        What everybody but the deviator follows.
    trader : int or str
        Index or role of the deviator.
    """

    mechanism: str
    sigma: Sigma | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    economy: EconomySpec
    strategy: Strategy = "honest"
    trader: int | str = 0

    def build(self) -> Market:
        """Return the market.

        Raises
        ------
        DeviatorError
            If the parts do not fit together; the message says which rule is broken.
        """
        economy = self.economy.economy
        mechanism = self._mechanism(economy)
        return Market(
            mechanism,
            economy,
            self.economy.distribution(),
            self._strategy(mechanism, economy),
            self.trader_index(),
        )

    def trader_index(self) -> int:
        """Return who deviates as an index."""
        if isinstance(self.trader, int):
            return self.trader
        economy = self.economy.economy
        if not isinstance(economy, QuadraticEconomy):
            raise InvalidInputError(f"trader must be an index in this economy, got {self.trader!r}")
        return economy.trader_of_role(self.trader)

    def tax_slope(self) -> float | None:
        """Return sigma as a number."""
        if not isinstance(self.sigma, str):
            return self.sigma
        economy = self.economy.economy
        if not isinstance(economy, QuadraticEconomy):
            raise InvalidInputError("sigma must be a number in this economy, got a rule's name")
        return sigma_n(economy) if self.sigma == "sigma-n" else sigma_budget(economy)

    def _mechanism(self, economy: Economy) -> Mechanism:
        parameters = dict(self.parameters)
        if self.sigma is not None:
            parameters["sigma"] = self.tax_slope()
        if takes_economy(find_plugin("mechanism", self.mechanism).load()):
            parameters["economy"] = economy
        mechanism: Mechanism = build("mechanism", self.mechanism, parameters)
        return mechanism

    def _strategy(self, mechanism: Mechanism, economy: Economy) -> Policy:
        if self.strategy == "honest":
            policy = Revelation(mechanism, economy)
            policy.bids(self.economy.distribution().mean[None])
            return policy
        if self.economy.information is None:
            raise InvalidInputError(
                "strategy linear-bayes needs an economy that states beliefs, got a family; "
                "use beliefs: fundamental-value, two-groups or heterogeneous"
            )
        if mechanism.language.reads != "price":
            raise InvalidInputError(
                "strategy linear-bayes is of the uniform-price double auction, got "
                f"{mechanism.name}; use strategy: honest"
            )
        return LinearBayes(self.economy.information, self.economy.parameters.get("slope", 1.0))


class LearnerSpec(Spec):
    """A learner by name, and its settings where they are not the defaults."""

    name: str = "ppo"
    settings: dict[str, Any] = Field(default_factory=dict)

    def build(self) -> Learner:
        """Return the learner."""
        learner: Learner = build("learner", self.name, self.settings)
        return learner


class Cell(Spec):
    """One fully specified experiment of a study."""

    market: MarketSpec
    information: Information = "profile"
    control: MarketSpec
    learner: LearnerSpec = LearnerSpec()
    steps: int = Field(gt=0)
    seeds: tuple[int, ...]
    held_out: int = Field(ge=100)

    @cached_property
    def key(self) -> str:
        """Digest of the specification: the same key means the same result."""
        content = self.model_dump(mode="json") | {
            "settings": self.learner.build().settings(),
            "schema": SCHEMA,
            "version": deviator.__version__,
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def is_control(self) -> bool:
        """Whether this cell is the control of others: a market where deviating pays."""
        return self.market == self.control

    def controls(self, cell: "Cell") -> bool:
        """Return whether this cell is another's matched control, with the same budget."""
        return (self.market, self.information, self.steps) == (
            cell.control,
            cell.information,
            cell.steps,
        )

    def label(self) -> str:
        """Return a short name that can be a folder's."""
        market, economy = self.market, self.market.economy
        family = economy.family or f"{economy.beliefs}-beliefs"
        n = economy.parameters.get("n_traders", "")
        sigma = "" if market.sigma is None else f"-{market.sigma}".replace("-sigma-", "-sigma_")
        role = "" if market.trader == 0 else f"-{market.trader}"
        return f"{market.mechanism}{sigma}-{family}{n}{role}-{self.information}-{self.key}"


class ControlSpec(Spec):
    """The matched control of a cell where the standing rule does not name it."""

    mechanism: str
    economy: str | None = None
    strategy: Strategy = "honest"


class CellsSpec(Spec):
    """Cells that share what is stated once: lists are multiplied out."""

    mechanism: str
    economy: str | list[str]
    sigma: Sigma | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    strategy: Strategy = "honest"
    information: Information | list[Information] = "profile"
    trader: int | str | list[int | str] = 0
    control: ControlSpec | None = None
    steps: int | None = Field(None, gt=0)


class QuickSpec(Spec):
    """Smaller budgets for a first look."""

    steps_share: float = Field(0.1, gt=0, le=1)
    held_out: int = Field(2000, ge=100)
    learner: LearnerSpec | None = None


class StudySpec(Spec):
    """A study file."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0, 1, 2), min_length=1)
    steps: int = Field(200_000, gt=0)
    held_out: int = Field(20_000, ge=100)
    quick: QuickSpec = Field(default_factory=lambda: QuickSpec.model_validate({}))
    learner: LearnerSpec = LearnerSpec()
    economies: dict[str, EconomySpec]
    cells: list[CellsSpec] = Field(min_length=1)

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("seeds must differ: intervals take each as a replication of its own")
        return seeds

    def expand(self, quick: bool = False) -> list[Cell]:
        """Return the study's cells, fully specified.

        Parameters
        ----------
        quick : bool
            Use the smaller budgets.

        Raises
        ------
        InvalidInputError
            If an economy is not named in the study, two cells are the same, or a null cell lacks
            its matched control.
        """
        cells = [cell for entry in self.cells for cell in self._cells(entry, quick)]
        for place, cell in enumerate(cells):
            if cell in cells[:place]:
                raise InvalidInputError(f"cells must differ, {cell.label()} appears twice")
            if not any(other.controls(cell) for other in cells):
                raise InvalidInputError(
                    f"every cell needs its matched control in the study, {cell.label()} lacks "
                    f"{cell.control.mechanism} with the same economy, trader, information and steps"
                )
        return cells

    def _cells(self, entry: CellsSpec, quick: bool) -> list[Cell]:
        product = itertools.product(
            _as_list(entry.economy), _as_list(entry.trader), _as_list(entry.information)
        )
        return [self._cell(entry, *place, quick) for place in product]

    def _cell(
        self,
        entry: CellsSpec,
        economy: str,
        trader: int | str,
        information: Information,
        quick: bool,
    ) -> Cell:
        market = MarketSpec(
            mechanism=entry.mechanism,
            sigma=entry.sigma,
            parameters=entry.parameters,
            economy=self._economy(economy),
            strategy=entry.strategy,
            trader=trader,
        )
        steps = entry.steps or self.steps
        return Cell(
            market=market,
            information=information,
            control=self._control(entry, market),
            learner=(self.quick.learner or self.learner) if quick else self.learner,
            steps=max(int(steps * self.quick.steps_share), 1) if quick else steps,
            seeds=self.seeds,
            held_out=self.quick.held_out if quick else self.held_out,
        )

    def _control(self, entry: CellsSpec, market: MarketSpec) -> MarketSpec:
        """Return the stated control, or the standing one of the mechanism's bid language."""
        stated = entry.control
        if stated is None:
            name = standing_control(entry.mechanism)
            if name == entry.mechanism:
                return market
            stated = ControlSpec(mechanism=name)
        economy = market.economy if stated.economy is None else self._economy(stated.economy)
        control = MarketSpec(
            mechanism=stated.mechanism,
            economy=economy,
            strategy=stated.strategy,
            trader=market.trader,
        )
        _check_matched(market, control)
        return control

    def _economy(self, name: str) -> EconomySpec:
        if name not in self.economies:
            raise InvalidInputError(
                f"economy {name!r} is not named in the study; it names: "
                f"{', '.join(sorted(self.economies))}"
            )
        return self.economies[name]


def _check_matched(market: MarketSpec, control: MarketSpec) -> None:
    """Check that a control has the tested market's bid language and number of traders."""
    languages = [standing_control(spec.mechanism) for spec in (market, control)]
    sizes = [spec.economy.economy.n_traders for spec in (market, control)]
    if languages[0] != languages[1] or sizes[0] != sizes[1]:
        raise InvalidInputError(
            "a matched control must have the same bid language and number of traders, got "
            f"{control.mechanism} with {sizes[1]} for {market.mechanism} with {sizes[0]}"
        )


STANDING_CONTROLS = {
    "allocation": "uniform-conditional",
    "nothing": "naive-walrasian",
    "price": "uniform-double-auction",
}
"""The mechanism in each bid language, by what its bids read, where deviating is known to pay."""


def standing_control(mechanism: str) -> str:
    """Return the name of the control mechanism with the same bid language."""
    return STANDING_CONTROLS[find_plugin("mechanism", mechanism).load().language.reads]


def read_study(path: Path) -> StudySpec:
    """Read and validate a study file.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, is not YAML, or breaks a rule; the message names the place.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InvalidInputError(f"study file {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"study file {path} must be YAML: {_one_line(error)}") from None
    try:
        return StudySpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        rule = first["msg"].removeprefix("Value error, ")
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InvalidInputError(
            f"study file {path}: {place}: {rule}, got {_shortened(first['input'])}{more}"
        ) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
