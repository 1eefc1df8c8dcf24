"""The verdict table for a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from deviator.harmless import one_line
from deviator.trust import is_third_party

from .measures import tells_of_gains
from .row import ReportRow
from .shown_parts import economy_of, learner_of, mechanism_of, question_of, sees_of, strategy_of
from .verdict_words import CONTROL, row_verdict, verdict_kind

STYLES: Mapping[str, str] = MappingProxyType(
    {
        "confirmed": "green",
        "refuted": "red",
        "undetermined": "yellow",
        "vacuous": "dim",
        CONTROL: "cyan",
    }
)

COLUMNS = (
    "mechanism",
    "economy",
    "strategy",
    "who",
    "N",
    "sigma",
    "sees",
    "asks",
    "learner",
    "untrained",
    "learned",
    "interval",
    "largest",
    "exact",
    "share",
    "control",
    "cap",
    "verdict",
)


FIRST_TO_GO = (
    "learner",
    "interval",
    "largest",
    "untrained",
    "strategy",
    "sigma",
    "sees",
    "asks",
    "who",
    "share",
    "exact",
)
"""Columns that give way, in this order, where a terminal is narrow."""

TELLING = ("strategy", "who", "sigma", "sees", "asks", "learner")
"""Columns that tell rows apart: where they gave way, what is unusual stands below the economy."""

LONGEST = 100
"""Characters of a cell of the table, at most."""

LONGEST_SENTENCE = 300
"""Characters of a sentence below the table, at most."""

LONGEST_LINE = 26
"""Characters of a line of a verdict: longer ones go on below."""

TEXT = ("mechanism", "economy", "strategy", "who", "sees", "asks", "learner", "verdict")


def verdict_table(rows: Sequence[ReportRow], width: int) -> Table:
    """Return the table, a row per cell; gains are in units of money per market.

    Parameters
    ----------
    rows : sequence of ReportRow
    width : int
        Characters per line; columns that do not fit are left out, which the caption says.
    """
    cells = [dict(zip(COLUMNS, table_cells(row), strict=True)) for row in rows]
    shown = _fitting(cells, width)
    table = Table(title="Does anyone profit from deviating?", header_style="bold", box=SIMPLE_HEAD)
    hidden = [column for column in _columns(cells) if column not in shown]
    usual = {column: _usual(cells, column) for column in TELLING if column in hidden}
    if hidden:
        table.caption = _caption(hidden, usual)
    for column in shown:
        text = column in TEXT
        table.add_column(
            column, justify="left" if text else "right", no_wrap=not text, overflow="fold"
        )
    for row, cell in zip(rows, cells, strict=True):
        texts = [
            _with_hidden(cell, usual) if column == "economy" else cell[column] for column in shown
        ]
        table.add_row(*texts[:-1], Text(texts[-1], STYLES[verdict_kind(row)]))
    return table


def _caption(hidden: list[str], usual: dict[str, str]) -> str:
    rule = ", ".join(f"{column} {text}" for column, text in usual.items() if text)
    below = f" Below an economy stands whatever differs from {rule}." if rule else ""
    return f"Hidden at this width: {', '.join(hidden)}; report.html shows everything.{below}"


def _usual(cells: list[dict[str, str]], column: str) -> str:
    """Return the text that most rows have in a column; a tax slope is always shown."""
    texts = Counter(cell[column] for cell in cells)
    return "" if column == "sigma" else texts.most_common(1)[0][0]


def _with_hidden(cell: dict[str, str], usual: dict[str, str]) -> str:
    """Return the economy, and below it what is unusual in columns that gave way."""
    unusual = [f"{column} {cell[column]}" for column, text in usual.items() if cell[column] != text]
    return "\n".join([cell["economy"], *unusual])


def _columns(cells: list[dict[str, str]]) -> list[str]:
    """Return the columns, without that of the questions where all cells ask the usual one."""
    usual = all(cell["asks"] == "deviation" for cell in cells)
    return [column for column in COLUMNS if not (usual and column == "asks")]


def _fitting(cells: list[dict[str, str]], width: int) -> list[str]:
    """Return the columns that fit into a line."""

    def needed(columns: list[str]) -> int:
        return sum(3 + max(len(c), *(_length(c, cell[c]) for cell in cells)) for c in columns)

    shown = _columns(cells)
    for column in FIRST_TO_GO:
        if cells and column in shown and needed(shown) > width:
            shown.remove(column)
    return shown


def _length(column: str, text: str) -> int:
    """Return the characters of a line that a text needs."""
    return min(len(text), LONGEST_LINE) if column == "verdict" else len(text)


def table_cells(row: ReportRow) -> list[str]:
    """Return a row's texts in the order of `COLUMNS`, each on one line."""
    return [one_line(text, LONGEST) for text in _texts(row)]


def _texts(row: ReportRow) -> list[str]:
    return [
        mechanism_of(row),
        economy_of(row),
        strategy_of(row),
        str(row["trader"]),
        str(row["n_traders"]),
        "" if row["sigma"] is None else f"{row['sigma']:.4g}",
        sees_of(row),
        question_of(row),
        learner_of(row),
        money(row["untrained_gain"]),
        money(row["learned_gain"]),
        _half_interval(row),
        money(row["learned_gain_max"]),
        _best(row),
        percent(row["share"]),
        "itself" if row["control"] is None else percent(row["power"]),
        "none" if row["cap"] is None else money(row["cap"]),
        row_verdict(row),
    ]


def third_party_plugins(rows: Sequence[ReportRow]) -> list[str]:
    """Return one line for each third-party plugin of the rows: what it is, and whose."""
    lines = {
        f"{plugin['kind']} {plugin['name']}: {plugin['provider']} {plugin['version']}"
        for row in rows
        for plugin in row["plugins"]
        if is_third_party(plugin)
    }
    return sorted(map(one_line, lines))


BELOW_ZERO = (
    "A share or control below 0% means that the learner ended worse off than honest and found none "
    "of the possible gain; with so few steps its failure elsewhere says nothing."
)

IN_PAYOFF = "Gains in {} are in units of payoff, which there is not utility minus transfer."


def explanations(rows: Sequence[ReportRow]) -> list[str]:
    """Return a sentence for each number that needs one, training cut short, and file not named."""
    shares = [share for row in rows for share in (row["share"], row["power"])]
    below = any(share is not None and share < 0 for share in shares)
    ended = [
        f"{mechanism_of(row)} in {economy_of(row)}, {learner_of(row)}, {reason}."
        for row in rows
        for reason in row["stopped"]
    ]
    of_payoff = dict.fromkeys(row["economy_label"] for row in rows if row["unit"] == "payoff")
    units = [IN_PAYOFF.format(", ".join(of_payoff))] if of_payoff else []
    audits = audits_in_words(rows)
    reads = dict.fromkeys(f"{each}." for row in rows for each in row["undeclared_reads"])
    return [*audits, *([BELOW_ZERO] if below else []), *map(one_line, [*units, *ended, *reads])]


def audits_in_words(rows: Sequence[ReportRow]) -> list[str]:
    """Return a sentence on the constraints that are violated, or nothing where none audits."""
    audits = [found for row in rows if (found := row["constraints"])]
    if not audits:
        return []
    violated = Counter(
        name for found in audits for name, one in found.items() if one["state"] == "refuted"
    )
    told = ", ".join(f"{name.replace('_', ' ')} in {count}" for name, count in violated.items())
    many = "1 audit" if len(audits) == 1 else f"{len(audits)} audits"
    sentence = f"{many} of all five constraints; violations: {told or 'none'}."
    return [one_line(sentence, LONGEST_SENTENCE)]


def _best(row: ReportRow) -> str:
    """Return the best gain: exact, or at least what a search gained."""
    if not tells_of_gains(row):
        return "-"
    amount = money(row["best_gain"])
    return amount if row["best_gain_kind"] == "exact" else f">={amount}"


def money(value: float | None) -> str:
    """Return an amount with three significant digits, or a dash for None."""
    if value is None:
        return "-"
    return "0" if value == 0 else f"{value:.2e}"


def percent(value: float | None) -> str:
    """Return a share in percent, or a dash for None."""
    return "-" if value is None else f"{100 * value:.1f}%"


def _half_interval(row: ReportRow) -> str:
    interval = row["learned_gain_interval"]
    return "" if interval is None else f"±{(interval[1] - interval[0]) / 2:.1e}"
