"""Studies as data: validated YAML, expanded into fully specified cells."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.evidence import (
    check_matched,
    control_mechanism,
    deviation_size,
    is_known_to_pay,
)
from deviator.mechanisms import Mechanism
from deviator.plugins import (
    Kind,
    PluginSpec,
    find_plugin,
    list_plugins,
    plugins_of_file,
    qualified,
)
from deviator.policies import Information
from deviator.trust import OWN, is_third_party

from .cell import Cell
from .learner import Learners, LearnerSpec
from .market import (
    EconomySpec,
    MarketSpec,
    Parameters,
    Sigma,
    Spec,
    plain_name,
)

SHARED = ("statistics",)
"""Settings that decide what the bids of a mechanism read, so that its control has them too."""


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
    learner: Learners | None = None
    steps: int | None = Field(None, gt=0)

    @property
    def title(self) -> str:
        """What failures call the entry."""
        return f"{self.mechanism} in {', '.join(_as_list(self.economy))}"


class QuickSpec(Spec):
    """Smaller budgets for a first look."""

    steps_share: float = Field(0.1, gt=0, le=1)
    held_out: int = Field(2000, ge=100)
    learner: Learners | None = None


Elsewhere = Callable[[int, list[PluginSpec]], list[Cell]]
"""Returns the cells of an entry, by its place, that names these third-party plugins."""


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
        Seconds that a cell with a third-party plugin may take.
    epsilon : float, optional
        Gains up to this share of the deviator's stakes count as zero, in every cell.
    learner : LearnerSpec or list of LearnerSpec
        Those of cells that state none of their own.
    """

    name: str
    plugins: tuple[str, ...] = ()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0, 1, 2), min_length=1)
    steps: int = Field(200_000, gt=0)
    held_out: int = Field(20_000, ge=100)
    limit_s: float = Field(3600, gt=0)
    epsilon: float | None = Field(None, ge=0, allow_inf_nan=False)
    quick: QuickSpec = Field(default_factory=lambda: QuickSpec.model_validate({}))
    learner: Learners = LearnerSpec()
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

    def learners(self) -> list[LearnerSpec]:
        """Return all learners that the study names."""
        stated = [self.learner, self.quick.learner, *(entry.learner for entry in self.cells)]
        return [learner for each in stated if each for learner in _as_list(each)]

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

    def expand_what_loads(
        self, quick: bool = False, elsewhere: Elsewhere | None = None
    ) -> Expansion:
        """Return the cells whose plugins can be used, and why the others cannot.

        Arguments and errors are those of `expand`, but for plugins.

        Parameters
        ----------
        quick : bool
        elsewhere : callable, optional
            Returns the cells of the entry at a place that names these third-party plugins, of
            which this process then reads no more than metadata. By default they are loaded here.
        """
        cells: list[Cell] = []
        failures = self._unusable_files()
        failed: list[CellsSpec] = []
        for place, entry in enumerate(self.cells):
            try:
                foreign = [] if elsewhere is None else self._third_party(entry, quick)
                if elsewhere is not None and foreign:
                    cells.extend(elsewhere(place, foreign))
                else:
                    cells.extend(self.cells_of(place, quick))
            except PluginLoadError as error:
                failures[entry.title] = str(error)
                failed.append(entry)
            except DeviatorError as error:
                raise InvalidInputError(f"cell {entry.title}: {error}") from None
        for place, cell in enumerate(cells):
            if cell in cells[:place]:
                raise InvalidInputError(f"cells must differ, {cell.label()} appears twice")
            control = cell.control
            if control is None or any(other.controls(cell) for other in cells):
                continue
            if plain_name(control.mechanism) not in {entry.mechanism for entry in failed}:
                for each in cells:
                    _check_buildable(each)
                raise InvalidInputError(_lacks_control(cell, control))
        return Expansion(cells, failures)

    def _third_party(self, entry: CellsSpec, quick: bool) -> list[PluginSpec]:
        """Return the third-party plugins that an entry names; nothing is imported."""
        rules: list[CellsSpec | ControlSpec] = [entry]
        if entry.control is not None:
            rules.append(entry.control)
        economies = [name for rule in rules for name in _as_list(rule.economy) if name is not None]
        named: list[tuple[Kind, str | None]] = [
            *(("mechanism", self._qualified("mechanism", rule.mechanism)) for rule in rules),
            *(("policy", self._qualified("policy", rule.strategy)) for rule in rules),
            *(("economy", self._economy(name).family) for name in economies),
            *(("learner", learner.name) for learner in self._learners(entry, quick)),
        ]
        specs = dict.fromkeys(find_plugin(kind, name) for kind, name in named if name)
        return [spec for spec in specs if spec.provider != OWN]

    def cells_of(self, place: int, quick: bool) -> list[Cell]:
        """Return the cells of the entry at a place."""
        entry = self.cells[place]
        product = itertools.product(
            _as_list(entry.economy),
            _as_list(entry.trader),
            _as_list(entry.information),
            self._learners(entry, quick),
        )
        return [self._cell(entry, *place, quick) for place in product]

    def _cell(
        self,
        entry: CellsSpec,
        economy: str,
        trader: int | str,
        information: Information,
        learner: LearnerSpec,
        quick: bool,
    ) -> Cell:
        market = self._market(entry, self._economy(economy), trader, entry.sigma)
        steps = entry.steps or self.steps
        return Cell(
            market=market,
            information=information,
            control=self._control(entry, market),
            learner=learner,
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
                "epsilon": self.epsilon,
            }
        )
        return market.with_sigma()

    def _learners(self, entry: CellsSpec, quick: bool) -> list[LearnerSpec]:
        """Return the learners of an entry: its own, or those of the study or its quick version."""
        of_study = (self.quick.learner or self.learner) if quick else self.learner
        return [
            learner.model_copy(update={"name": self._qualified("learner", learner.name)})
            for learner in _as_list(entry.learner or of_study)
        ]

    def _control(self, entry: CellsSpec, market: MarketSpec) -> MarketSpec | None:
        """Return the stated control, or the standing one; None where there is neither."""
        if entry.control is not None:
            control = self._control_market(entry.control, market)
            check_matched(market.seat, control.seat)
            return control
        economy = market.economy.economy
        rule = control_mechanism(market.rule.language, economy)
        if rule is None:
            return None
        if rule.name == market.mechanism:
            return market if _pays_itself(market) else None
        return self._standing(rule, entry, market) if is_known_to_pay(rule, economy) else None

    def _standing(self, rule: Mechanism, entry: CellsSpec, market: MarketSpec) -> MarketSpec | None:
        """Return the market of a standing control, as an entry of the study states it.

        Where no entry does, it is the market that the study lacks. None where bids of the mechanism
        have other numbers than those of the standing one.
        """
        same = {key: market.parameters[key] for key in SHARED if key in market.parameters}
        stated = [
            other.parameters
            for other in self.cells
            if other.mechanism == rule.name
            and set(_as_list(other.economy)) & set(_as_list(entry.economy))
        ]
        controls = [
            self._control_market(ControlSpec(mechanism=rule.name, parameters=parameters), market)
            for parameters in [*stated, same]
        ]
        seat = market.seat
        return next((control for control in controls if control.seat.matches(seat)), None)

    def _control_market(self, stated: ControlSpec, market: MarketSpec) -> MarketSpec:
        economy = market.economy if stated.economy is None else self._economy(stated.economy)
        return self._market(stated, economy, market.trader, None)

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
        usable = tuple(file for file in self.plugins if file not in unusable)
        full_name = qualified(kind, name, usable)
        if full_name == name and unusable and name not in {one.name for one in list_plugins(kind)}:
            raise PluginLoadError("; ".join(unusable.values()))
        return full_name

    def _unusable_files(self) -> dict[str, str]:
        """Return the plugin files that cannot be read, each with the reason: others go on."""
        unusable = {}
        for file in self.plugins:
            try:
                plugins_of_file(file)
            except PluginLoadError as error:
                unusable[file] = str(error)
        return unusable


def _pays_itself(market: MarketSpec) -> bool:
    """Return whether deviating pays in a market of a control mechanism itself.

    From an equilibrium it may not. A third-party strategy is not built here: it may hang.
    """
    strategy = find_plugin("policy", market.strategy).describe()
    if market.strategy == "honest" or is_third_party(strategy):
        return True
    tested = market.build_market()
    return deviation_size(tested).gain > tested.epsilon


def _check_buildable(cell: Cell) -> None:
    """Check that a cell's market can be built, the first thing to say of a study that cannot run.

    With third-party plugins it is not built here: they may hang.
    """
    if cell.third_party:
        return
    try:
        cell.market.build_market()
    except DeviatorError as error:
        raise InvalidInputError(
            f"cell {plain_name(cell.market.mechanism)} in {cell.market.economy.name}: {error}"
        ) from None


def _lacks_control(cell: Cell, lacking: MarketSpec) -> str:
    """Return how to add the matched control of a cell to its study."""
    control = plain_name(lacking.mechanism)
    settings = f", parameters: {json.dumps(lacking.parameters)}" if lacking.parameters else ""
    return (
        f"every cell needs its matched control in the study, {cell.label()} lacks {control} in "
        f"{lacking.economy.name} with the same trader ({cell.market.trader}), information "
        f"({cell.information}), learner ({plain_name(cell.learner.name)}) and steps "
        f"({cell.steps}); add the cell "
        f"{{mechanism: {control}{settings}, economy: ...}}, or state another cell as the control "
        "by control: {mechanism: ..., economy: ...} in the line of "
        f"{plain_name(cell.market.mechanism)}"
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
