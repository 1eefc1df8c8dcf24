"""The explorer: a local page on which a person looks at one market.

What the page shows is computed by plain functions of this package, which know nothing of the page:
`Choice` becomes a market, `traders_view` what happens in it, `menu_view` what one trader can reach,
`sweep` what moves with a setting, `replay` what a deviator learned. `app.py` and `server.py` alone
need marimo.
"""

from .choice import Choice
from .menu_view import MenuView, menu_view
from .names import Setting, names_of, settings_of_economy, settings_of_mechanism
from .recordings import Recording, load, recordings
from .replay import Replay, deviating_bid, replay_training
from .sweep import Sweep, answers, sweep
from .traders_view import TradersView, traders_view

__all__ = [
    "Choice",
    "MenuView",
    "Recording",
    "Replay",
    "Setting",
    "Sweep",
    "TradersView",
    "answers",
    "deviating_bid",
    "load",
    "menu_view",
    "names_of",
    "recordings",
    "replay_training",
    "settings_of_economy",
    "settings_of_mechanism",
    "sweep",
    "traders_view",
]
