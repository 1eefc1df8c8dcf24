"""Installed distributions of plugins, written to a folder: metadata and modules."""

from textwrap import dedent

AUCTION = """
from dataclasses import dataclass
from deviator.mechanisms import Mechanism, Outcome, ScheduleLanguage, UniformDoubleAuction

@dataclass(frozen=True)
class Auction(Mechanism):
    \"\"\"One price for all.\"\"\"

    name = "sound-auction"
    language = ScheduleLanguage()

    def clear(self, bids):
        return UniformDoubleAuction().clear(bids)
"""


def install(folder, name, version, entry_points, modules, requires=()):
    """Write a distribution into a folder that is, or will be, on the path."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    required = "".join(f"Requires-Dist: {text}\n" for text in requires)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}"
    )
    (info / "entry_points.txt").write_text(dedent(entry_points))
    (info / "RECORD").write_text("")
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)


def install_broken_plugins(folder):
    """Write a sound plugin, and beside it one for everything that can be wrong."""
    install(
        folder,
        "acme",
        "1.2",
        """
        [deviator.mechanisms]
        sound-auction = acme_sound:Auction
        raises = acme_raises:Auction
        leaves = acme_leaves:Auction
        crashes = acme_crashes:Auction
        sleeps = acme_sleeps:Auction
        no-class = acme_sound:AUCTION
        wrong-base = acme_other:Other
        unfinished = acme_other:Unfinished
        speechless = acme_other:Speechless
        nowhere = acme_nowhere:Auction
        twice = acme_sound:Auction
        sigma-dcda = acme_sound:Auction
        """,
        {
            "acme_sound": AUCTION + "\nAUCTION = 7\n",
            "acme_raises": "raise ValueError('the auctioneer is ill')\n",
            "acme_leaves": "import sys\nsys.exit(0)\n",
            "acme_crashes": "import os\nos._exit(0)\n",
            "acme_sleeps": "import time\ntime.sleep(3600)\n",
            "acme_other": "from deviator.mechanisms import Mechanism, ScheduleLanguage\n"
            "class Other:\n    name = 'wrong-base'\n"
            "class Unfinished(Mechanism):\n"
            "    name = 'unfinished'\n    language = ScheduleLanguage()\n"
            "class Speechless(Mechanism):\n"
            "    name = 'speechless'\n    def clear(self, bids): return None\n",
        },
    )
    install(
        folder,
        "zeta",
        "0.1",
        "[deviator.mechanisms]\ntwice = zeta:Auction\n[deviator.colors]\nred = zeta:Red\n",
        {"zeta": AUCTION},
    )
    install(
        folder,
        "future",
        "9.0",
        "[deviator.mechanisms]\nfuturistic = future:Auction\n",
        {"future": AUCTION},
        ["deviator>=99"],
    )
