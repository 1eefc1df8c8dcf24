"""What several traders gain together, or one under several names, as plain data."""

from pathlib import Path
from typing import Any

from deviator.errors import InvalidInputError
from deviator.evidence import Market

from ...beyond_claim import joint_finding, party_of
from ...search import Search
from ...spec.cell import Cell


def run(cell: Cell, _: Path) -> dict[str, Any]:
    """Return what a cell's party gains beyond the claim, under ``beyond``.

    Parameters
    ----------
    cell : Cell
        Its members are the traders from the market's own on, round the table; its identities are
        names of the market's trader.

    Raises
    ------
    InvalidInputError
        If there are more members than traders.
    RefusedError
        If nothing is known of such parties in the market.
    """
    tested = cell.market.build_market()
    several_names = cell.identities > 1
    party = party_of(
        tested,
        coalition=None if several_names else members_of(tested, cell.members),
        identities=cell.identities if several_names else None,
        transfers=cell.transfers,
    )
    assert party is not None
    search = Search(cell.learner.build_learners(), cell.seeds, cell.steps, cell.rung, cell.held_out)
    found = joint_finding(party, search)
    return {"scale": tested.scale, "unit": tested.unit, "beyond": found.to_dict()}


def members_of(tested: Market, members: int) -> tuple[int, ...]:
    """Return who deviates together: so many traders from the market's own on, round the table."""
    n = tested.economy.n_traders
    if members > n:
        raise InvalidInputError(f"members must be at most the {n} traders, got {members}")
    return tuple(sorted((tested.trader + place) % n for place in range(members)))
