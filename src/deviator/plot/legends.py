"""Legends that stand below a panel, where they cover nothing."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMNS = 2


def legend_below(ax: Axes, columns: int = COLUMNS) -> None:
    """Name the lines of a panel below it, as far as they have labels.

    On a figure that keeps room for legends, with one panel, the legend is the figure's: it never
    lies over the panel's own labels.
    """
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure = ax.get_figure(root=True)
    if not named:
        return
    if isinstance(figure, Figure) and figure.get_constrained_layout() and len(figure.axes) == 1:
        figure.legend(
            list(named.values()), list(named), loc="outside lower center",
            ncols=columns, columnspacing=1.2,
        )  # fmt: skip
    else:
        ax.legend(
            list(named.values()), list(named), loc="upper center", bbox_to_anchor=(0.5, -0.22),
            ncols=columns, columnspacing=1.2,
        )  # fmt: skip
