"""The report as one offline page: verdict table, learning curves, gain against N."""

from html import escape
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from deviator.harmless import one_line
from deviator.policies import knows_profile

from ..run.store import RunStore
from .comparisons import comparisons_in_words
from .row import ReportRow
from .shown_parts import economy_of, learner_of, mechanism_of, sees_of, strategy_of
from .table import COLUMNS, explanations, table_cells, third_party_plugins

PANELS_PER_ROW = 6
SEED_COLOR, EXACT_COLOR = "#2a6f97", "#c1121f"


def write_html(store: RunStore, content: dict[str, Any]) -> None:
    """Write ``report.html``.

    Parameters
    ----------
    store : RunStore
    content : dict
        The content of ``report.json``.
    """
    families = _by_family(content["rows"])
    template = files("deviator.studies.report").joinpath("page_template.html").read_text()
    page = (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            content=content,
            columns=COLUMNS,
            comparisons=comparisons_in_words(content["comparisons"]),
            explanations=explanations(content["rows"]),
            third_party=third_party_plugins(content["rows"]),
            cells=[table_cells(row) for row in content["rows"]],
            plotly=get_plotlyjs(),
            curves=_div(_curves_figure(content["rows"]), "curves"),
            sizes=_div(_size_figure(families), "sizes") if families else "",
        )
    )
    store.write("report.html", page)


def _div(figure: go.Figure, name: str) -> str:
    settings = {"displayModeBar": False}
    html: str = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=name, config=settings
    )
    return html


def _curves_figure(rows: list[ReportRow]) -> go.Figure:
    """Return small multiples: gain against steps for each seed, beside the exact optimum."""
    height = max(-(-len(rows) // PANELS_PER_ROW), 1)
    figure = make_subplots(
        height,
        PANELS_PER_ROW,
        subplot_titles=[_title(row) for row in rows],
        vertical_spacing=0.42 / height,
    )
    for place, row in enumerate(rows):
        where = {"row": place // PANELS_PER_ROW + 1, "col": place % PANELS_PER_ROW + 1}
        for seed, curve in zip(row["seeds"], row["curves"], strict=True):
            steps, gains = zip(*curve, strict=True)
            line = {"color": SEED_COLOR, "width": 1}
            trace = go.Scatter(x=steps, y=gains, mode="lines", line=line, name=f"seed {seed}")
            figure.add_trace(trace, **where)
        figure.add_hline(
            y=row["best_gain"], line_dash="dash", line_color=EXACT_COLOR, line_width=1, **where
        )
    figure.update_annotations(font_size=9)
    figure.update_layout(
        height=190 * height, showlegend=False, template="plotly_white", margin={"t": 40}
    )
    return figure


def _title(row: ReportRow) -> str:
    who = "" if row["trader"] == 0 else f", {row['trader']}"
    sigma = "" if row["sigma"] is None else f" {row['sigma']:.3g}"
    sees = f"{sees_of(row)}, {learner_of(row)}"
    size = f"N={row['n_traders']}"
    lines = f"{mechanism_of(row)}{sigma}", f"{economy_of(row)} {size}{who}, {sees}"
    return "<br>".join(escape(one_line(line)) for line in lines)


def _size_figure(families: dict[str, list[ReportRow]]) -> go.Figure:
    """Return exact and learned gains, as shares of honest utility, against the market's size."""
    figure = go.Figure()
    for name, group in families.items():
        sizes = [row["n_traders"] for row in group]
        exact = [row["best_gain"] / row["honest_utility"] for row in group]
        learned = [
            None if row["learned_gain"] is None else row["learned_gain"] / row["honest_utility"]
            for row in group
        ]
        figure.add_trace(go.Scatter(x=sizes, y=exact, mode="lines", name=f"{name}, exact"))
        figure.add_trace(go.Scatter(x=sizes, y=learned, mode="markers", name=f"{name}, learned"))
    ticks = sorted({row["n_traders"] for group in families.values() for row in group})
    figure.update_xaxes(title="traders N", type="log", tickvals=ticks)
    figure.update_yaxes(title="gain / honest utility", type="log", exponentformat="power")
    figure.update_layout(height=480, template="plotly_white", margin={"t": 30})
    return figure


def _by_family(rows: list[ReportRow]) -> dict[str, list[ReportRow]]:
    """Return the rows where deviating pays and that exist at several sizes, in order of N."""
    families: dict[str, list[ReportRow]] = {}
    for row in rows:
        if row["share"] is not None and knows_profile(row["information"]) and row["trader"] == 0:
            market = f"{mechanism_of(row)}, {economy_of(row)}, {strategy_of(row)}"
            name = f"{market}, {learner_of(row)}"
            families.setdefault(escape(one_line(name)), []).append(row)
    return {
        name: sorted(group, key=lambda row: int(row["n_traders"]))
        for name, group in families.items()
        if len({row["n_traders"] for row in group}) > 1
    }
