"""Learning curves against the exact optimum."""

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..report.curve_panels import panel_title
from ..report.row import ReportRow
from .style import BLUE, GRAY, RED, shown_text


def draw_learning_curves(ax: Axes, row: ReportRow) -> Axes:
    """Draw a row's mean gain against bids submitted, a line per seed, beside the best gain.

    Parameters
    ----------
    ax : Axes
    row : ReportRow

    Returns
    -------
    Axes
    """
    for curve in row["curves"]:
        if curve:
            steps, gains = zip(*curve, strict=True)
            ax.plot(steps, gains, color=BLUE)
    ax.axhline(0.0, color=GRAY, linewidth=0.4)
    ax.axhline(row["best_gain"], color=RED, linestyle="--")
    ax.set_title("\n".join(shown_text(line) for line in panel_title(row)), loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(2))
    ax.yaxis.set_major_locator(MaxNLocator(3))
    return ax
