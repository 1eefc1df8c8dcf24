"""Tables of a page beside that of the verdicts: constraints, measured outcomes, fitted rates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from deviator.harmless import one_line

from .column_words import CONSTRAINTS, OUTCOMES, RATES, explained
from .fitted_rates import rate_lines
from .measures import MEASURES
from .row import ReportRow
from .shown_parts import economy_of, mechanism_of, strategy_of
from .verdict_words import answer_in_words

LONGEST = 100
"""Characters of a cell of the table, at most."""

ROUNDING = 1e-14
"""Outcomes and errors that are shown as 0."""

NAMES = ("mechanism", "economy", "strategy", "N", "sigma")
"""Columns that say which market a row is about."""


class PageTable(NamedTuple):
    """A table of texts, with a title and a note, and what its columns mean."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]
    meanings: list[tuple[str, str]]


def constraint_table(rows: Sequence[ReportRow]) -> PageTable | None:
    """Return the verdicts on each constraint by market, or None where no row has any."""
    audited = [(row, _found(row, "constraints")) for row in rows if _found(row, "constraints")]
    names = list(dict.fromkeys(name for _, found in audited for name in found))
    texts = [
        [*_market(row), *(_verdict(name, found.get(name)) for name in names)]
        for row, found in audited
    ]
    note = (
        "The verdict, and the largest violation found and computed again, as a share of "
        "the gains from trade."
    )
    title = "The five constraints"
    return _about_markets(title, note, names, texts, CONSTRAINTS) if audited else None


def outcome_table(rows: Sequence[ReportRow]) -> PageTable | None:
    """Return the measured outcomes of following the strategy, or None where no row has any."""
    measured = [(row, _found(row, "outcomes")) for row in rows if _found(row, "outcomes")]
    names = list(dict.fromkeys(name for _, found in measured for name in found))
    texts = [
        [*_market(row), *(_measure(found.get(name)) for name in names)] for row, found in measured
    ]
    note = "Outcomes if all traders follow the strategy; ± one standard error of a sampled mean."
    title = "Measured outcomes"
    return _about_markets(title, note, names, texts, OUTCOMES) if measured else None


def rate_table(rows: Sequence[ReportRow]) -> PageTable | None:
    """Return the fitted rates with the paper's beside them, or None where nothing was fitted.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    columns = ["measure", "economy", "rule", "sizes", "exponent", "error", "interval", "paper"]
    texts = []
    for line in rate_lines(rows):
        low, high = line.fitted.interval
        stated = "" if line.stated is None else f"{line.stated.order}: {line.stated.source}"
        rest = f"; 0 or less at {_listed(line.left_out)}" if line.left_out else ""
        names = MEASURES[line.measure][0], line.economy, line.label
        texts.append(
            [
                *(one_line(text, LONGEST) for text in names),
                f"{_listed(line.sizes)}{rest}",
                f"{line.fitted.exponent:.3f}",
                f"{line.fitted.standard_error:.1g}",
                f"{low:.3f} to {high:.3f}",
                stated,
            ]
        )
    note = (
        "Slopes of straight lines through logarithms, with standard errors and 95% Student "
        "intervals from the residuals: they summarise these sizes. The last column has the paper's "
        "order, if it states one."
    )
    meanings = explained(columns, RATES)
    return (
        PageTable("How measures change with N", note, columns, texts, meanings) if texts else None
    )


def _about_markets(
    title: str,
    note: str,
    names: Sequence[str],
    texts: list[list[str]],
    words: Mapping[str, str],
) -> PageTable:
    """Return a table whose rows begin with the market that they are about."""
    columns = [*NAMES, *(one_line(name, LONGEST) for name in names)]
    return PageTable(title, note, columns, texts, explained(columns, words))


def _listed(sizes: Iterable[int]) -> str:
    return ", ".join(map(str, sizes))


def _found(row: ReportRow, part: str) -> Mapping[str, Any]:
    """Return a part that rows of some questions have."""
    found: Any = row.get(part)
    return found or {}


def _market(row: ReportRow) -> list[str]:
    sigma = "" if row["sigma"] is None else f"{row['sigma']:.4g}"
    texts = [mechanism_of(row), economy_of(row), strategy_of(row), str(row["n_traders"]), sigma]
    return [one_line(text, LONGEST) for text in texts]


def _verdict(constraint: str, found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    share = found.get("share")
    size = "" if not share else f", {100 * share:.3g}%"
    return one_line(f"{answer_in_words(constraint, found)}{size}", LONGEST)


def _measure(found: Mapping[str, Any] | None) -> str:
    if not found or found.get("value") is None:
        return ""
    value, error = found["value"], found.get("error") or 0.0
    # Sums of a few amounts of order one are 0 up to here.
    if abs(value) < ROUNDING:
        return "0"
    return f"{value:.4g}" + (f" ±{error:.1g}" if error > ROUNDING else "")
