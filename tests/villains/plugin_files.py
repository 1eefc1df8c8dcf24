"""Plugin files that harm whoever imports, builds or runs them: a mechanism named `villain` each."""

SOUND = """
import atexit, multiprocessing, os, sys, threading, time
from dataclasses import dataclass
from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction
{at_import}
@dataclass(frozen=True)
class Villain(Mechanism):
    name = "{name}"
    language = ScheduleLanguage()
    def __post_init__(self):
        {built}
    def clear(self, bids):
        {cleared}
        return UniformDoubleAuction().clear(bids)
"""

STAYS = "threading.Thread(target=time.sleep, args=(3600,)).start()"
"""A thread that keeps its process alive."""

LINGERS = "atexit.register(time.sleep, 3600)"
"""Waits where its process ends."""

MAIN_ENDS = "if multiprocessing.parent_process() is None: os._exit(0)"
"""Ends the process that a user started."""

SEGFAULTS = "import ctypes; ctypes.string_at(0)"

POISONS = (
    "UniformDoubleAuction.clear = lambda self, bids: 1 / 0\n"
    "UniformDoubleAuction.payment = lambda *_: 0.0"
)
"""Breaks a built-in rule, as it happens the control."""

HALVES = "UniformDoubleAuction.payment = lambda self, price, quantity, *_: price * quantity / 2"
"""Changes a built-in rule, so that rows in its name would be about another one."""

FORGES = (
    "import sys, deviator.studies\nsys.modules['deviator.studies.gather'].trades = lambda *_: True"
)
"""Changes how evidence is gathered."""


def villain(at_import="", built="pass", cleared="pass", name="villain"):
    """Return the text of a plugin file that does harm at its import, when built, or in use."""
    return SOUND.format(at_import=at_import, built=built, cleared=cleared, name=name)
