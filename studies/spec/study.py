"""Studies as data: validated YAML, expanded into fully specified cells."""

import itertools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

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
    meant_file,
    plugins_of_file,
    qualified,
)
from deviator.plugins.rungs import qualified_rung
from deviator.policies.information import is_named
from deviator.trust import OWN, is_third_party

from .cell import Cell
from .cell_mistakes import repeated, without_control
from .entries import CellsSpec, ControlSpec, QuickSpec, as_list
from .learner import Learners, LearnerSpec
from .market import EconomySpec, MarketSpec, Spec
from .messages import grouped, in_words
from .naming import file_of, plain_name, unnamed_file

SHARED = ("statistics",)
"""Settings that decide what the bids of a mechanism read, so that its control has them too."""


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
        return [learner for each in stated if each for learner in as_list(each)]

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
        failures, failed = self._unusable_files(), list[CellsSpec]()
        broken = self._broken_economies()
        places: dict[str, list[str]] = {}
        for name, reason in broken.items():
            places.setdefault(reason, []).append(f"economies.{name}")
        for place, entry in enumerate(self.cells):
            try:
                foreign = [] if elsewhere is None else self._third_party(entry, quick)
                if elsewhere is not None and foreign:
                    built, wrong = elsewhere(place, foreign), list[str]()
                else:
                    built, wrong = self._cells(entry, quick, broken)
            except PluginLoadError as error:
                failures[entry.title] = str(error)
                failed.append(entry)
                continue
            except DeviatorError as error:
                built, wrong = [], [str(error)]
            cells += built
            for reason in wrong:
                places.setdefault(reason, []).append(f"cells[{place}] ({entry.title})")
            failed += [entry] if wrong else []
        lost = {plain_name(entry.mechanism) for entry in failed}
        mistakes = [*grouped(places), *repeated(cells), *without_control(cells, lost)]
        if mistakes:
            raise InvalidInputError(in_words(f"study {self.name}", mistakes))
        return Expansion(cells, failures)

    def _broken_economies(self) -> dict[str, str]:
        """Return the economies that cells name and that cannot be built, each with the reason.

        Those of third parties are not built here: they may hang.
        """
        used = {name for entry in self.cells for name in as_list(entry.economy)}
        broken = {}
        for name in (each for each in self.economies if each in used):
            try:
                economy = self._economy(name)
                if economy.family is None or find_plugin("economy", economy.family).provider == OWN:
                    _ = economy.economy
            except PluginLoadError:
                continue
            except DeviatorError as error:
                broken[name] = str(error)
        return broken

    def _third_party(self, entry: CellsSpec, quick: bool) -> list[PluginSpec]:
        """Return the third-party plugins that an entry names; nothing is imported."""
        rules: list[CellsSpec | ControlSpec] = [entry]
        if entry.control is not None:
            rules.append(entry.control)
        economies = [name for rule in rules for name in as_list(rule.economy) if name is not None]
        named: list[tuple[Kind, str | None]] = [
            *(("mechanism", self._qualified("mechanism", rule.mechanism)) for rule in rules),
            *(("policy", self._qualified("policy", rule.strategy)) for rule in rules),
            *(("economy", self._economy(name).family) for name in economies),
            *(("learner", each.name) for each in self._learners(entry, quick) if not each.is_none),
        ]
        rungs = [self._rung(name) for name in as_list(entry.information)]
        named += [("rung", rung) for rung in rungs if not is_named(rung)]
        specs = dict.fromkeys(find_plugin(kind, name) for kind, name in named if name)
        return [spec for spec in specs if spec.provider != OWN]

    def cells_of(self, place: int, quick: bool) -> list[Cell]:
        """Return the cells of the entry at a place."""
        cells, wrong = self._cells(self.cells[place], quick, {})
        if wrong:
            raise InvalidInputError(in_words(f"cells[{place}]", wrong))
        return cells

    def _cells(
        self, entry: CellsSpec, quick: bool, broken: Mapping[str, str]
    ) -> tuple[list[Cell], list[str]]:
        """Return the cells of an entry and what is wrong with it, but for broken economies."""
        cells, wrong = list[Cell](), dict[str, None]()
        for economy, trader, information in itertools.product(
            (each for each in as_list(entry.economy) if each not in broken),
            as_list(entry.trader),
            [self._rung(name) for name in as_list(entry.information)],
        ):
            try:
                for learner in self._learners(entry, quick):
                    cells.append(self._cell(entry, economy, trader, information, learner, quick))
            except PluginLoadError:
                raise
            except DeviatorError as error:
                wrong[str(error)] = None
        return cells, list(wrong)

    def _cell(
        self,
        entry: CellsSpec,
        economy: str,
        trader: int | str,
        information: str,
        learner: LearnerSpec,
        quick: bool,
    ) -> Cell:
        market = self._market(entry, self._economy(economy), trader, entry.sigma)
        steps = entry.steps or self.steps
        # An audit measures its control itself; elsewhere nothing is compared with one.
        control = self._control(entry, market) if entry.question == "deviation" else None
        return Cell(
            market=market,
            question=entry.question,
            constraint=entry.constraint,
            members=entry.members,
            identities=entry.identities,
            transfers=entry.transfers,
            information=information,
            control=control,
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
            learner
            if learner.is_none
            else learner.model_copy(update={"name": self._qualified("learner", learner.name)})
            for learner in entry.learners(of_study)
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
            and set(as_list(other.economy)) & set(as_list(entry.economy))
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

    def _rung(self, name: str) -> str:
        """Return the full name of a rung; the file of a plugin is one that the study names."""
        unusable = self._unusable_files()
        usable = [file for file in self.plugins if file not in unusable]
        full = qualified_rung(name, usable)
        file = full.rpartition(":")[0]
        if file.endswith(".py") and Path(file) not in {Path(each).resolve() for each in usable}:
            raise InvalidInputError(
                f"information must name a file of the study's plugins, got {name}; add plugins: "
                f"[{file}] if you trust it"
            )
        return full

    def _qualified(self, kind: Kind, name: str) -> str:
        if unnamed_file(name, self.plugins):
            raise InvalidInputError(
                f"{kind} {name!r} must be in a file that the study names, since the file is run; "
                f"add {file_of(name)} to plugins: if you trust it"
            )
        unusable = self._unusable_files()
        in_file = file_of(name) and meant_file(file_of(name), self.plugins)
        if in_file in unusable:
            raise PluginLoadError(unusable[in_file])
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
