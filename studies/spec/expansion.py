"""From entries of a study to fully specified cells; what cells share is built once."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, final

from pydantic import ValidationError

from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.plugins import OWN, Kind
from deviator.plugins.spec import unknown_parameter
from deviator.validation import trader_index

from .cell import Cell
from .controls import Controls
from .economies import Economies
from .economy import EconomySpec
from .entries import CellsSpec, ControlSpec
from .grid import MOST_CELLS, check_count, choices, settings_grid, takes_one_value
from .learner import LearnerSpec
from .lines import Line, lines_of
from .market import MarketSpec
from .messages import rule_broken
from .names import Names

if TYPE_CHECKING:
    from .study import StudySpec


class Asked(NamedTuple):
    """What a cell asks of its market, and with what budget."""

    trader: int | str
    information: str
    question: Any
    constraint: Any
    members: int
    identities: int
    transfers: bool
    seeds: tuple[int, ...]
    steps: int
    held_out: int
    learner: LearnerSpec


@final
class Expander:
    """Makes the cells of a study's entries.

    Parameters
    ----------
    study : StudySpec
    quick : bool
        Use the smaller budgets.
    """

    def __init__(self, study: "StudySpec", quick: bool) -> None:
        self._study, self._quick = study, quick
        self.names = Names(study.plugins)
        self.economies = Economies(study.economies, self.names)
        self._controls = Controls(study.cells, self.economies, self.names, self._control_market)
        self._markets: dict[tuple[Any, ...], MarketSpec] = {}
        self._settings: dict[str, dict[str, Any]] = {}

    def broken_economies(self) -> dict[str, list[str]]:
        """Return the economies that cannot be built, or are named wrongly, each with the reasons.

        Those of third parties are not built here: they may hang.
        """
        used = {name for entry in self._study.cells for name in choices(entry.economy)}
        reasons = {
            name: self._reasons_against(name) if name in used else self._named_wrongly(name)
            for name in self._study.economies
        }
        return {name: against for name, against in reasons.items() if against}

    def cells_of(
        self, entry: CellsSpec, broken: Mapping[str, list[str]]
    ) -> tuple[list[Cell], list[str]]:
        """Return the cells of an entry and what is wrong with it, but for broken economies."""
        cells, wrong = list[Cell](), dict[str, None]()
        for line in self.lines(entry):
            asked = list(itertools.islice(self._asked(line.entry), MOST_CELLS + 1))
            check_count(len(asked))
            for economy in self._economies_of(line, broken):
                for stated in self._stated_markets(line.entry):
                    with _noted(wrong):
                        market = self._market(economy, *stated)
                        cells += self._ask(line.entry, market, asked, wrong)
                    check_count(len(cells))
        return cells, list(wrong)

    def lines(self, entry: CellsSpec) -> Iterator[Line]:
        """Yield the lines of an entry, in which nothing goes together any more."""
        return lines_of(entry, self._of_study)

    def learners_of(self, entry: CellsSpec) -> list[LearnerSpec]:
        """Return the learners of an entry under their full names, as they are stated."""
        asked = choices(entry.question)
        stated = (each for question in asked for each in entry.learners(question, self._of_study))
        return [self.names.learner(each) for each in stated]

    @property
    def _of_study(self) -> Any:
        """What the study states of its learners."""
        quick = self._study.quick.learner if self._quick else None
        return quick or self._study.learner

    def _reasons_against(self, name: str) -> list[str]:
        reasons = dict[str, None]()
        with _noted(reasons), suppress(PluginLoadError):
            family = self.economies.stated(name).family
            if family is None or self.names.plugin("economy", family).provider == OWN:
                for economy in self.economies.called(name, {}):
                    with _noted(reasons):
                        _ = economy.economy
        return list(reasons)

    def _named_wrongly(self, name: str) -> list[str]:
        """Return what is wrong with the names in an economy that no entry uses: it is not built."""
        stated, reasons = self.economies.stated(name), dict[str, None]()
        with _noted(reasons), suppress(PluginLoadError):
            family = stated.family
            if family is not None and self.names.plugin("economy", family).provider == OWN:
                known = self.names.signature("economy", family).parameters
                wrong = unknown_parameter("economy", family, stated.parameters, known)
                reasons |= {wrong: None} if wrong else {}
        return list(reasons)

    def _economies_of(self, line: Line, broken: Mapping[str, list[str]]) -> Iterator[EconomySpec]:
        for name in choices(line.entry.economy):
            if name not in broken:
                yield from self.economies.called(name, line.economy_settings)

    def _stated_markets(self, entry: CellsSpec) -> Iterator[tuple[Any, ...]]:
        """Yield mechanism, tax slope, settings, strategy and its settings of an entry's markets."""
        for rule, strategy in itertools.product(choices(entry.mechanism), choices(entry.strategy)):
            yield from itertools.product(
                [self.names.full("mechanism", rule)],
                choices(entry.sigma),
                self._grid("mechanism", rule, entry.parameters),
                [self.names.full("policy", strategy)],
                self._grid("policy", strategy, entry.strategy_parameters),
            )

    def _asked(self, entry: CellsSpec) -> Iterator[Asked]:
        """Yield what the cells of an entry ask of each market."""
        study = self._study
        for question in choices(entry.question):
            yield from itertools.starmap(
                Asked,
                itertools.product(
                    choices(entry.trader),
                    [self.names.rung(name) for name in choices(entry.information)],
                    [question],
                    choices(entry.constraint),
                    choices(entry.members),
                    choices(entry.identities),
                    choices(entry.transfers),
                    choices(entry.seeds or study.seeds),
                    [self._budget(steps) for steps in choices(entry.steps or study.steps)],
                    self._profiles(entry),
                    self._learners(entry, question),
                ),
            )

    def _budget(self, steps: int) -> int:
        return max(int(steps * self._study.quick.steps_share), 1) if self._quick else steps

    def _profiles(self, entry: CellsSpec) -> list[int]:
        quick = self._study.quick.held_out
        if entry.held_out is None:
            return [quick] if self._quick else choices(self._study.held_out)
        stated: list[int] = choices(entry.held_out)
        return list(dict.fromkeys(min(each, quick) for each in stated)) if self._quick else stated

    def _learners(self, entry: CellsSpec, question: str) -> list[LearnerSpec]:
        return [
            LearnerSpec(name=self.names.learner(learner).name, settings=settings)
            for learner in entry.learners(question, self._of_study)
            for settings in self._grid("learner", learner.name, learner.settings)
        ]

    def _grid(self, kind: Kind, name: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
        return settings_grid(
            settings, lambda key: takes_one_value(self.names.signature(kind, name), key)
        )

    def _ask(
        self,
        entry: CellsSpec,
        market: MarketSpec,
        asked: Sequence[Asked],
        wrong: dict[str, None],
    ) -> list[Cell]:
        """Return the cells of a market, and note what is wrong with those that cannot be made."""
        seats, cells = dict[int | str, tuple[MarketSpec, MarketSpec | None]](), list[Cell]()
        for trader in dict.fromkeys(each.trader for each in asked):
            with _noted(wrong):
                seats[trader] = self._seat(entry, market, trader)
        for each in asked:
            if each.trader in seats:
                with _noted(wrong):
                    cells.append(self._cell(*seats[each.trader], each))
        return cells

    def _seat(
        self, entry: CellsSpec, market: MarketSpec, trader: int | str
    ) -> tuple[MarketSpec, MarketSpec | None]:
        """Return the market where a trader deviates, and its control."""
        there = self._at(market, trader)
        trader_index(there.trader_index(), there.economy.economy.n_traders)
        # An audit measures its control itself; elsewhere nothing is compared with one.
        compared = "deviation" in choices(entry.question)
        return there, self._controls.of(entry, there) if compared else None

    def _cell(self, market: MarketSpec, control: MarketSpec | None, asked: Asked) -> Cell:
        fields = asked._asdict()
        del fields["trader"]
        compared = control if asked.question == "deviation" else None
        try:
            cell = Cell(market=market, control=compared, **fields)
        except ValidationError as error:
            raise InvalidInputError(rule_broken(error)) from None
        return cell.with_learner_settings(self._full_settings(asked.learner))

    def _full_settings(self, learner: LearnerSpec) -> dict[str, Any]:
        stated = learner.model_dump_json()
        if stated not in self._settings:
            self._settings[stated] = learner.full_settings()
        return self._settings[stated]

    def _control_market(
        self, stated: ControlSpec, economy: EconomySpec, trader: int | str
    ) -> MarketSpec:
        rule = self.names.full("mechanism", stated.mechanism)
        strategy = self.names.full("policy", stated.strategy)
        settings = stated.strategy_parameters
        market = self._market(economy, rule, None, stated.parameters, strategy, settings)
        return self._at(market, trader)

    def _market(
        self,
        economy: EconomySpec,
        mechanism: str,
        sigma: Any,
        parameters: dict[str, Any],
        strategy: str,
        strategy_parameters: dict[str, Any],
    ) -> MarketSpec:
        """Return a market with its first trader as the deviator; equal ones are the same object."""
        settings = json.dumps([parameters, strategy_parameters], sort_keys=True, default=repr)
        stated = (id(economy), mechanism, sigma, strategy, settings)
        if stated not in self._markets:
            self._markets[stated] = MarketSpec(
                mechanism=mechanism,
                sigma=sigma,
                parameters=parameters,
                economy=economy,
                strategy=strategy,
                strategy_parameters=strategy_parameters,
                epsilon=self._study.epsilon,
            ).with_sigma()
        return self._markets[stated]

    def _at(self, market: MarketSpec, trader: int | str) -> MarketSpec:
        """Return a market where another trader deviates; equal ones are the same object."""
        if trader == market.trader:
            return market
        place = (id(market), trader)
        if place not in self._markets:
            self._markets[place] = market.sitting_at(trader)
        return self._markets[place]


@contextmanager
def _noted(wrong: dict[str, None]) -> Iterator[None]:
    """Note what is wrong and go on, but for plugins that cannot be used."""
    try:
        yield
    except PluginLoadError:
        raise
    except DeviatorError as error:
        wrong[str(error)] = None
