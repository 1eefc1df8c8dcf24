"""How measures change with N in a study: fitted slopes, and the paper's rates beside them."""

from collections.abc import Sequence
from typing import NamedTuple

from ..paper_rates import PaperRate, paper_rate
from ..rates import LEAST_SIZES, Rate, fit_rate
from .families import Family, families
from .measures import MEASURES
from .row import ReportRow

ROUNDING = 1e-12
"""Up to what a share or a relative gain is 0."""


class RateLine(NamedTuple):
    """A family's measure by size, its fitted rate, and what the paper says of it.

    Sizes at which it is 0 or negative, to which nothing can be fitted, are `left_out`.
    """

    measure: str
    economy: str
    label: str
    sizes: list[int]
    values: list[float]
    fitted: Rate
    stated: PaperRate | None
    left_out: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The fitted exponent with its interval, what it leaves out, and the paper's order."""
        low, high = self.fitted.interval
        fitted = f"N^{self.fitted.exponent:.2f} [{low:.2f}, {high:.2f}]"
        if self.left_out:
            fitted += f" where above 0, not at N = {', '.join(map(str, self.left_out))}"
        return fitted if self.stated is None else f"{fitted}, paper {self.stated.order}"


def rate_lines(rows: Sequence[ReportRow]) -> list[RateLine]:
    """Return each measure of each family that is positive at three sizes or more.

    Zeros have no place on a logarithmic axis, and no rate.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    found = families(rows)
    lines = (_line(family, measure) for measure in MEASURES for family in found)
    return [line for line in lines if line is not None]


def _line(family: Family, measure: str) -> RateLine | None:
    read = MEASURES[measure][1]
    points = [(row["n_traders"], read(row)) for row in family.rows]
    known = [(n, value) for n, value in points if value is not None and value > ROUNDING]
    if len({n for n, _ in known}) < LEAST_SIZES:
        return None
    sizes, values = [n for n, _ in known], [value for _, value in known]
    others = {n for n, value in points if value is not None} - set(sizes)
    return RateLine(
        measure,
        family.economy,
        family.label,
        sizes,
        values,
        fit_rate(sizes, values),
        _stated(family, measure),
        tuple(sorted(others)),
    )


def _stated(family: Family, measure: str) -> PaperRate | None:
    row = family.rows[0]
    if measure == "gain" and (row["question"] == "coalition" or row["information"] != "profile"):
        # What it says is about one trader who knows all types.
        return None
    taxes = {each.get("sigma_rule") or each["sigma"] for each in family.rows}
    tax = taxes.pop() if len(taxes) == 1 else None
    return paper_rate(row["mechanism"], row["economy"], row["strategy"], tax, measure)
