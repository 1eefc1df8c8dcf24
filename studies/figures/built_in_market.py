"""The market that a row is about, rebuilt where all of it is deviator's own."""

from deviator.errors import DeviatorError
from deviator.evidence import Market
from deviator.trust import OWN, is_third_party

from ..report.row import ReportRow
from ..spec.economy import EconomySpec
from ..spec.market import MarketSpec

MOST_TRADERS = 30
"""Traders of a market up to which it is rebuilt for a picture."""


def built_in_market(row: ReportRow) -> Market | None:
    """Return a row's market, or None where a part is a third party's, or it is large.

    No code of anybody else runs: names are looked up among deviator's own.

    Parameters
    ----------
    row : ReportRow
    """
    settings = dict(row["economy_settings"])
    names = [row["mechanism"], row["strategy"], settings.get("family") or ""]
    stated = settings.get("parameters", {}).get("n_traders", row["n_traders"])
    if any(is_third_party(plugin) for plugin in row["plugins"]) or any(":" in n for n in names):
        return None
    if max(stated, row["n_traders"]) > MOST_TRADERS:
        return None
    if settings.get("family"):
        settings["family"] = f"{OWN}:{settings['family']}"
    sigma = None if "sigma" in row["parameters"] else row["sigma"]
    try:
        return MarketSpec(
            mechanism=f"{OWN}:{row['mechanism']}",
            sigma=sigma,
            parameters=row["parameters"],
            economy=EconomySpec.model_validate(settings),
            strategy=f"{OWN}:{row['strategy']}",
            strategy_parameters=row["strategy_parameters"],
            trader=row["trader"],
            epsilon=None,
        ).build_market()
    except (DeviatorError, ValueError):
        return None
