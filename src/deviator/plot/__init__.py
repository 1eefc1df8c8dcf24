"""Figures for papers and notebooks: each function draws on Axes, and returns them.

Without ``ax`` a function makes a figure of its own, as wide as a journal's column, in the style of
the figures of studies. With ``ax`` it draws there, in the style that is set: `style` is this one.

Examples
--------
>>> import deviator
>>> from matplotlib.figure import Figure
>>> tested = deviator.market(
...     deviator.make("sigma-dcda", sigma=0.4), deviator.economies.two_groups(4, beta=0.4)
... )
>>> ax = deviator.plot.menu(tested, 0, [2.0, -1.0, 0.5, -0.7], ax=Figure().add_subplot())
>>> ax.get_xlabel(), ax.get_ylabel()
('units bought', 'money per unit')
"""

from deviator.studies.figures.style import figure_style as style

from .bids import bids
from .frontier import frontier
from .gain_against_n import gain_against_n
from .league import league
from .learning_curves import learning_curves
from .menu import menu
from .residual_demand import residual_demand
from .save import save

__all__ = [
    "bids",
    "frontier",
    "gain_against_n",
    "league",
    "learning_curves",
    "menu",
    "residual_demand",
    "save",
    "style",
]
