"""The page's controls and parts, made of marimo's elements and of what was computed."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import marimo as mo
import numpy as np

from deviator.errors import DeviatorError, PluginLoadError
from deviator.evidence import Market
from deviator.harmless import one_line
from deviator.validation import Floats

from . import drawn, html
from .choice import Choice, sigma_n_of
from .menu_view import menu_view
from .names import Setting
from .recordings import Recording, load, recordings
from .replay import Replay, deviating_bid, replay_training
from .sweep import Sweep, answers, has_exact_answers, states_along, sweep
from .traders_view import traders_view

__all__ = ["has_exact_answers", "replay_training"]

SWEPT = 41
"""Values of the setting at which curves are drawn."""

DECIDED = 9
"""Values at which the constraints are decided at every profile."""

STEPS = 100
"""Steps of a slider from end to end."""


def attempt(compute: Callable[[], Any]) -> tuple[Any, str]:
    """Return what a function returns and "", or None and why it cannot be shown, as HTML.

    What is not deviator's own may raise anything, and the page goes on.
    """
    try:
        return compute(), ""
    except DeviatorError as error:
        return None, html.refusal(error)
    except Exception as error:
        told = one_line(f"{type(error).__name__}: {error}", 300)
        return None, html.refusal(PluginLoadError(f"a part of this market failed ({told})"))


def part(compute: Callable[[], str]) -> Any:
    """Return a part of the page, or why it cannot be shown."""
    shown, why = attempt(compute)
    return mo.Html(why or shown)


def control(setting: Setting) -> Any:
    """Return the control of one setting."""
    label = setting.name.replace("_", " ")
    if setting.form == "switch":
        return mo.ui.checkbox(setting.start, label=label)
    if setting.form == "number":
        step = 1 if isinstance(setting.start, int) else None
        return mo.ui.number(value=setting.start, step=step, label=label)
    return mo.ui.text(setting.start, label=label)


def moving_setting(settings: Sequence[Setting]) -> Setting | None:
    """Return the setting whose effect is shown: sigma, or the first that is no whole number."""
    numbers = [each for each in settings if each.form == "number"]
    first = [each for each in numbers if each.name == "sigma"]
    return next(iter(first or [each for each in numbers if isinstance(each.start, float)]), None)


def slider(setting: Setting) -> Any:
    """Return the slider of the setting that moves; a number can be typed beside it."""
    most = max(1.0, 2 * setting.start)
    start = 0.25 if setting.name == "sigma" else setting.start
    return mo.ui.slider(
        0.0,
        most,
        step=most / STEPS,
        value=start,
        label=setting.name.replace("_", " "),
        include_input=True,
        full_width=False,
    )


def grid(setting: Setting, count: int) -> list[float]:
    """Return values of the setting from end to end of its slider."""
    return [float(value) for value in np.linspace(0.0, max(1.0, 2 * setting.start), count)]


def clearing(tested: Market, types: Floats) -> str:
    """Return bids, clearing and totals, as HTML."""
    view = traders_view(tested, types)
    figures = _drawn_part(
        lambda: drawn.bids_figure(tested, types),
        f"The bids of all traders, and the price {view.rows[tested.trader].price:.4g}.",
        "Bids, as the price that each trader names for each unit; dots: what they trade.",
    ) + _drawn_part(
        lambda: drawn.demand_figure(tested, types),
        f"The residual demand of trader {tested.trader}.",
        f"Residual demand of trader {tested.trader}: the price at each quantity bought or sold.",
    )
    table = html.traders_table(view, tested.trader)
    return f'{html.totals(view)}{table}<div class="figures">{figures}</div>'


def _drawn_part(draw: Callable[[], bytes], text: str, caption: str) -> str:
    """Return a figure, or why it cannot be drawn."""
    svg, why = attempt(draw)
    return why or html.figure(svg, text, caption)


def tax_note(tested: Market) -> str:
    """Return the paper's tax slope for the economy, as HTML; empty where it has none."""
    known, _ = attempt(lambda: sigma_n_of(tested))
    if known is None:
        return ""
    return f"<p>The paper's sigma_N of this economy is {html.number(known, 'sigma-n')}.</p>"


def menu(tested: Market, types: Floats) -> str:
    """Return the deviator's menu, as HTML; a figure that cannot be drawn says why."""
    view, trader = menu_view(tested, types), tested.trader
    sentence = html.menu_text(view, trader)
    first = _drawn_part(
        lambda: drawn.menu_figure(tested, types),
        f"Trader {trader} trades {view.honest[0]:.4g} units along the residual demand.",
        "Residual demand, with the payment shaded and the tax hatched.",
    )
    second = html.figure(
        drawn.payoff_figure(view),
        f"Honest payoff {view.honest[1]:.4g}, best payoff {view.best[1]:.4g}.",
        "What each point of the menu leaves the trader with.",
    )
    return f'{sentence}<div class="figures">{first}{second}</div>'


def constraints(tested: Market) -> str:
    """Return the answers on the five constraints, as HTML."""
    found = answers(tested)
    return html.answers_table(found)


def moved(base: Choice, setting: Setting, types: Floats) -> Sweep:
    """Return what moves with the setting at one profile."""
    return sweep(base, setting.name, grid(setting, SWEPT), types)


def decided(base: Choice, setting: Setting) -> str:
    """Return the constraints at every profile as the setting moves, as HTML."""
    values = grid(setting, DECIDED)
    return html.states_table(setting.name, values, states_along(base, setting.name, values))


def moving_figures(found: Sweep, now: float) -> str:
    """Return budget, welfare and gain against the setting, as HTML."""
    figures = [
        html.figure(svg, f"{title} against {found.setting}, now {now:.4g}.", title)
        for title, svg in drawn.sweep_figures(found, now)
    ]
    return f'<div class="figures">{"".join(figures)}</div>'


def recorded(path: str) -> list[Recording]:
    """Return the trainings of a path that a person wrote."""
    return recordings(Path(path).expanduser())


def loaded(recording: Recording, files: tuple[str, ...]) -> Replay:
    """Return a training that is on disk."""
    return load(recording, files)


def replayed(replay: Replay, place: int, types: Floats) -> str:
    """Return one point of a training, as HTML."""
    found = deviating_bid(replay, place, types)
    figures = []
    if replay.curve:
        end = replay.curve[-1][1]
        text = f"After {replay.points[place].steps} bids; the curve ends at {end:.3g}."
        curve = drawn.curve_figure(replay, place)
        figures.append(html.figure(curve, text, "Mean gain over the training."))
    bids = drawn.deviation_figure(found)
    text = f"The learned bid gains {found.gain:.4g}, the best one {found.best_gain:.4g}."
    figures.append(html.figure(bids, text, "Bids at this profile, minus the honest bid."))
    steps = html.number(float(replay.points[place].steps), "steps")
    return (
        f"<p>{escape(replay.title)}: the best deviator so far after {steps} bids.</p>"
        f'<div class="figures">{"".join(figures)}</div>{html.deviating_table(found)}'
    )
