"""Studies as data: validated YAML, expanded into fully specified cells."""

import itertools
import re
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from deviator.economies import UnitDemands
from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.plugins import Kind, list_plugins, plugins_of_file, qualified
from deviator.policies import Information

from .cell import Cell
from .market import (
    EconomySpec,
    LearnerSpec,
    MarketSpec,
    Parameters,
    Sigma,
    Spec,
    plain_name,
)

STANDING_CONTROLS = {
    "allocation": "uniform-conditional",
    "nothing": "naive-walrasian",
    "price": "uniform-double-auction",
}
"""The mechanism in each bid language, by what its bids read, where deviating is known to pay."""

UNIT_CONTROL = "k-double-auction"
"""The same for reports where single units are traded."""


class ControlSpec(Spec):
    """The matched control of a cell where the standing rule does not name it."""

    mechanism: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    economy: str | None = None
    strategy: str = "honest"
    strategy_parameters: dict[str, Any] = Field(default_factory=dict)


class CellsSpec(Spec):
    """Cells that share what is stated once: lists are multiplied out."""

    mechanism: str
    economy: str | list[str]
    sigma: Sigma | None = None
    parameters: Parameters = Field(default_factory=dict)
    strategy: str = "honest"
    strategy_parameters: dict[str, Any] = Field(default_factory=dict)
    information: Information | list[Information] = "profile"
    trader: int | str | list[int | str] = 0
    control: ControlSpec | None = None
    steps: int | None = Field(None, gt=0)

    @property
    def title(self) -> str:
        """What failures call the entry."""
        return f"{self.mechanism} in {', '.join(_as_list(self.economy))}"


class QuickSpec(Spec):
    """Smaller budgets for a first look."""

    steps_share: float = Field(0.1, gt=0, le=1)
    held_out: int = Field(2000, ge=100)
    learner: LearnerSpec | None = None


class Expansion(NamedTuple):
    """The cells of a study, and what went wrong with entries whose plugins cannot be used."""

    cells: list[Cell]
    failures: dict[str, str]


class StudySpec(Spec):
    """A study file.

    Attributes
    ----------
    plugins : tuple of str
        Python files whose plugins the study may name; paths relative to the study file.
    limit_s : float
        Seconds that a cell with a stranger's plugin may take.
    """

    name: str
    plugins: tuple[str, ...] = ()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0, 1, 2), min_length=1)
    steps: int = Field(200_000, gt=0)
    held_out: int = Field(20_000, ge=100)
    limit_s: float = Field(3600, gt=0)
    quick: QuickSpec = Field(default_factory=lambda: QuickSpec.model_validate({}))
    learner: LearnerSpec = LearnerSpec()
    economies: dict[str, EconomySpec]
    cells: list[CellsSpec] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ValueError(
                "it names a folder, and must be of letters, digits, '_', '.' and '-', a letter or "
                "digit first"
            )
        return name

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("they must differ: intervals take each as a replication of its own")
        return seeds

    def with_plugins(self, files: tuple[str, ...]) -> "StudySpec":
        """Return the study with further plugin files."""
        return self.model_copy(update={"plugins": self.plugins + files})

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
        PluginLoadError
            If a plugin cannot be used.
        """
        cells, failures = self.expand_what_loads(quick)
        for reason in failures.values():
            raise PluginLoadError(reason)
        return cells

    def expand_what_loads(self, quick: bool = False) -> Expansion:
        """Return the cells whose plugins can be used, and why the others cannot.

        Arguments and errors are those of `expand`, but for plugins.
        """
        cells: list[Cell] = []
        failures = self._unusable_files()
        failed: list[CellsSpec] = []
        for entry in self.cells:
            try:
                cells.extend(self._cells(entry, quick))
            except PluginLoadError as error:
                failures[entry.title] = str(error)
                failed.append(entry)
            except DeviatorError as error:
                raise InvalidInputError(f"cell {entry.title}: {error}") from None
        for place, cell in enumerate(cells):
            if cell in cells[:place]:
                raise InvalidInputError(f"cells must differ, {cell.label()} appears twice")
            lost = plain_name(cell.control.mechanism) in {entry.mechanism for entry in failed}
            if not lost and not any(other.controls(cell) for other in cells):
                for each in cells:
                    _check_buildable(each)
                raise InvalidInputError(_lacks_control(cell))
        return Expansion(cells, failures)

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
        market = self._market(entry, self._economy(economy), trader, entry.sigma)
        steps = entry.steps or self.steps
        return Cell(
            market=market,
            information=information,
            control=self._control(entry, market),
            learner=self._learner(quick),
            steps=max(int(steps * self.quick.steps_share), 1) if quick else steps,
            seeds=self.seeds,
            held_out=self.quick.held_out if quick else self.held_out,
        )

    def _market(
        self,
        stated: CellsSpec | ControlSpec,
        economy: EconomySpec,
        trader: int | str,
        sigma: float | str | None,
    ) -> MarketSpec:
        market = MarketSpec.model_validate(
            {
                "mechanism": self._qualified("mechanism", stated.mechanism),
                "sigma": sigma,
                "parameters": stated.parameters,
                "economy": economy,
                "strategy": self._qualified("policy", stated.strategy),
                "strategy_parameters": stated.strategy_parameters,
                "trader": trader,
            }
        )
        return market.with_sigma()

    def _learner(self, quick: bool) -> LearnerSpec:
        learner = (self.quick.learner or self.learner) if quick else self.learner
        return learner.model_copy(update={"name": self._qualified("learner", learner.name)})

    def _control(self, entry: CellsSpec, market: MarketSpec) -> MarketSpec:
        """Return the stated control, or the standing one of the mechanism's bid language."""
        stated = entry.control or self._standing(entry, market)
        if stated is None:
            return market
        economy = market.economy if stated.economy is None else self._economy(stated.economy)
        control = self._market(stated, economy, market.trader, None)
        _check_matched(market, control)
        return control

    def _standing(self, entry: CellsSpec, market: MarketSpec) -> ControlSpec | None:
        """Return the standing control; None where the market is its own.

        Its parameters are those of the entry of that mechanism in the same economy.
        """
        name = standing_control(market)
        if name == market.mechanism:
            return None
        for other in self.cells:
            here = set(_as_list(other.economy)) & set(_as_list(entry.economy))
            if other.mechanism == name and here:
                return ControlSpec(mechanism=name, parameters=other.parameters)
        return ControlSpec(mechanism=name)

    def _economy(self, name: str) -> EconomySpec:
        if name not in self.economies:
            raise InvalidInputError(
                f"economy {name!r} is not named in the study; it names: "
                f"{', '.join(sorted(self.economies))}"
            )
        economy = self.economies[name]
        if economy.family is None:
            return economy
        family = self._qualified("economy", economy.family)
        return economy.model_copy(update={"family": family})

    def _qualified(self, kind: Kind, name: str) -> str:
        unusable = self._unusable_files()
        found = qualified(kind, name, tuple(file for file in self.plugins if file not in unusable))
        if found == name and unusable and name not in {spec.name for spec in list_plugins(kind)}:
            raise PluginLoadError("; ".join(unusable.values()))
        return found

    def _unusable_files(self) -> dict[str, str]:
        """Return the plugin files that cannot be read, each with the reason: others go on."""
        unusable = {}
        for file in self.plugins:
            try:
                plugins_of_file(file)
            except PluginLoadError as error:
                unusable[file] = str(error)
        return unusable


def standing_control(market: MarketSpec) -> str:
    """Return the name of the control mechanism with the same bid language.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    reads, economy = market.rule.language.reads, market.economy.economy
    if reads == "nothing" and isinstance(economy, UnitDemands):
        return UNIT_CONTROL
    return STANDING_CONTROLS[reads]


def _check_buildable(cell: Cell) -> None:
    """Check that a cell's market exists, so that this is told before what else the study lacks.

    With plugins of somebody else's it is not built here: they may hang.
    """
    if cell.strangers:
        return
    try:
        cell.market.build()
    except DeviatorError as error:
        raise InvalidInputError(
            f"cell {plain_name(cell.market.mechanism)} in {cell.market.economy.name}: {error}"
        ) from None


def _lacks_control(cell: Cell) -> str:
    """Return how to add the matched control of a cell to its study."""
    control = plain_name(cell.control.mechanism)
    return (
        f"every cell needs its matched control in the study, {cell.label()} lacks {control} in "
        f"{cell.control.economy.name} with the same trader, information and steps; add the cell "
        f"{{mechanism: {control}, economy: ...}}, or state another cell as the control by "
        f"control: {{mechanism: ..., economy: ...}} in the line of "
        f"{plain_name(cell.market.mechanism)}"
    )


def _check_matched(market: MarketSpec, control: MarketSpec) -> None:
    """Check that a control has the tested market's bid language and number of traders."""
    languages = [spec.rule.language.reads for spec in (market, control)]
    sizes = [spec.economy.economy.n_traders for spec in (market, control)]
    if languages[0] != languages[1] or sizes[0] != sizes[1]:
        raise InvalidInputError(
            "a matched control must have the same bid language and number of traders, got "
            f"{control.mechanism} with {sizes[1]} for {market.mechanism} with {sizes[0]}"
        )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
