"""Studies as data: validated YAML, expanded into fully specified cells."""

import re
from functools import cached_property

from pydantic import Field, field_validator

from deviator.errors import PluginLoadError

from .cell import Cell
from .entries import CellsSpec, HeldOut, QuickSpec, Seeds, StatedEconomy, Steps
from .expand import Elsewhere, Expansion, expand_study
from .grid import OneListOrMore, OneOrMore, choices
from .learner import LearnerSpec
from .settings import Finite, Spec

Lines = dict[str | int | tuple[str | int, str], int]
"""Lines by the name of an economy, by the place of an entry, and by that and one of its keys."""

STRANGERS_S = 3600.0
"""Seconds that a cell with a third-party plugin may take where a study does not say."""


class StudySpec(Spec):
    """A study file.

    Attributes
    ----------
    plugins : tuple of str
        Python files whose plugins the study may name; paths relative to the study file.
    limit_s : float, optional
        Seconds that a cell may take; by default `STRANGERS_S` with a third-party plugin, else any.
    memory_gib : float, optional
        Memory that a cell may hold, by default its worker's share of the machine.
    epsilon : float, optional
        Gains up to this share of the deviator's stakes count as zero, in every cell.
    learner : LearnerSpec or list of LearnerSpec
        Those of cells that state none of their own.
    """

    name: str
    plugins: tuple[str, ...] = ()
    seeds: OneListOrMore[Seeds] = (0, 1, 2)
    steps: OneOrMore[Steps] = 200_000
    held_out: OneOrMore[HeldOut] = 20_000
    limit_s: Finite | None = Field(None, gt=0)
    memory_gib: Finite | None = Field(None, gt=0)
    epsilon: Finite | None = Field(None, ge=0)
    quick: QuickSpec = Field(default_factory=lambda: QuickSpec.model_validate({}))
    learner: OneOrMore[LearnerSpec] = LearnerSpec()
    economies: dict[str, StatedEconomy]
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

    def learners(self) -> list[LearnerSpec]:
        """Return all learners that the study names."""
        stated = [self.learner, self.quick.learner, *(entry.learner for entry in self.cells)]
        return [learner for each in stated if each for learner in choices(each)]

    def with_plugins(self, files: tuple[str, ...]) -> "StudySpec":
        """Return the study with further plugin files."""
        return self.model_copy(update={"plugins": self.plugins + files})

    @cached_property
    def lines(self) -> Lines:
        """The lines of its file on which economies, entries and their keys begin, if it has one."""
        return {}

    @cached_property
    def numbers(self) -> list[int]:
        """The place of each entry in its file, where some are left out."""
        return list(range(len(self.cells)))

    def with_lines(self, lines: Lines, numbers: list[int] | None = None) -> "StudySpec":
        """Return the study with the lines of its file, and the places of its entries there."""
        study = self.model_copy()
        study.__dict__["lines"] = lines
        if numbers is not None:
            study.__dict__["numbers"] = numbers
        return study

    def place_of(self, part: str | int, key: str = "") -> str:
        """Return how sentences call an economy, by its name, or an entry or a key of it."""
        number = self.lines.get((part, key.partition(".")[0]), self.lines.get(part))
        line = "" if number is None else f"line {number}"
        if isinstance(part, str):
            return f"economies.{part}" + (f" ({line})" if line else "")
        told = ", ".join(filter(None, [self.cells[part].title, line]))
        return f"cells[{self.numbers[part]}]{f'.{key}' if key else ''} ({told})"

    def expand(self, quick: bool = False) -> list[Cell]:
        """Return the study's cells, fully specified.

        Cells that lack their matched control in the study are followed by the standing one.

        Parameters
        ----------
        quick : bool
            Use the smaller budgets.

        Raises
        ------
        InvalidInputError
            If an economy is not named in the study, a part cannot be built, or an entry stands
            there twice.
        PluginLoadError
            If a plugin cannot be used.
        """
        cells, failures, _ = self.expand_what_loads(quick)
        for reason in failures.values():
            raise PluginLoadError(reason)
        return cells

    def expand_what_loads(
        self, quick: bool = False, elsewhere: Elsewhere | None = None
    ) -> Expansion:
        """Return the cells whose plugins can be used, and why others cannot; see `expand_study`."""
        return expand_study(self, quick, elsewhere)
