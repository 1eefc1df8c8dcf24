"""Legends that stand below a panel, where they cover nothing."""

from matplotlib.axes import Axes

COLUMNS = 2


def legend_below(ax: Axes, columns: int = COLUMNS) -> None:
    """Name the lines of a panel below it, as far as they have labels."""
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    if named:
        ax.legend(
            named.values(), named.keys(), loc="upper center", bbox_to_anchor=(0.5, -0.22),
            ncols=columns, columnspacing=1.2,
        )  # fmt: skip
