"""Draw the README's picture from a finished study.

python docs/figure.py [runs/proposition3] writes docs/learning.svg: mean gain of the trained
deviators against bids submitted, in the sigma-DCDA and in its matched control, as shares of the
best possible gain in the control.
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from deviator import plot
from deviator.studies import StudyReport, read_report

FILE = Path(__file__).with_name("learning.svg")

SIZE = 6.4, 2.9
"""In inches."""

LEAST = -1.5
"""Shares below are not drawn: untrained deviators may lose much."""


def main(source: str = "runs/proposition3", file: Path = FILE) -> None:
    """Write the picture."""
    report = read_report(source)
    auction = _row(report, "sigma-dcda", taxed=True)
    control = _row(report, "uniform-conditional", taxed=False)
    with plot.style():
        figure = Figure(figsize=SIZE, layout="constrained")
        ax = figure.add_subplot()
        labelled = {
            "trained, one price for all units; dashed: best possible gain": control,
            "trained, sigma-DCDA; dashed: certified cap": auction,
        }
        plot.learning_curves(
            {
                label: StudyReport(label, [row], {}, report.folder)
                for label, row in labelled.items()
            },
            per=control["best_gain"],
            ax=ax,
        )
        ax.set_ylabel("mean gain / best gain in the control")
        ax.set_ylim(bottom=max(LEAST, ax.get_ylim()[0]))
    plot.save(figure, file)


def _row(report, mechanism, taxed):
    """Return the row of the two-group economy with ten traders, whole profile known."""
    wanted = (mechanism, "two groups", 10, "profile")
    return next(
        row
        for row in report.rows
        if (row["mechanism"], row["economy"], row["n_traders"], row["information"]) == wanted
        and bool(row["sigma"]) == taxed
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
