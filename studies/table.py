"""The verdict table for a terminal."""

from typing import Any

from rich.table import Table

STATE_STYLES = {"confirmed": "green", "refuted": "red", "undetermined": "yellow", "vacuous": "dim"}

COLUMNS = (
    "mechanism",
    "economy",
    "strategy",
    "who",
    "N",
    "sigma",
    "sees",
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


def verdict_table(rows: list[dict[str, Any]]) -> Table:
    """Return the table, a row per cell; gains are in units of money per market."""
    table = Table(title="Does anyone profit from deviating?", header_style="bold")
    for column in COLUMNS:
        text = column in ("mechanism", "economy", "strategy", "who", "sees", "verdict")
        table.add_column(column, justify="left" if text else "right", no_wrap=True)
    for row in rows:
        style = STATE_STYLES[row["state"]]
        *cells, state = table_cells(row)
        table.add_row(*cells, f"[{style}]{state}[/{style}]")
    return table


def table_cells(row: dict[str, Any]) -> list[str]:
    """Return a row's texts in the order of `COLUMNS`."""
    return [
        row["mechanism"],
        row["economy"],
        row["strategy"],
        str(row["trader"]),
        str(row["n_traders"]),
        "" if row["sigma"] is None else f"{row['sigma']:.4g}",
        row["information"],
        money(row["untrained_gain"]),
        money(row["learned_gain"]),
        _half_interval(row),
        money(row["learned_gain_max"]),
        money(row["exact_gain"]),
        percent(row["share"]),
        "itself" if row["control"] is None else percent(row["power"]),
        "none" if row["cap"] is None else money(row["cap"]),
        row["state"],
    ]


def money(value: float) -> str:
    """Return an amount with three significant digits."""
    return "0" if value == 0 else f"{value:.2e}"


def percent(value: float | None) -> str:
    """Return a share in percent, or a dash where there is none."""
    return "-" if value is None else f"{100 * value:.1f}%"


def _half_interval(row: dict[str, Any]) -> str:
    interval = row["learned_gain_interval"]
    return "" if interval is None else f"±{(interval[1] - interval[0]) / 2:.1e}"
