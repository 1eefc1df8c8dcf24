"""Where all traders end who learn at once, as plain data."""

from pathlib import Path
from typing import Any

from deviator.errors import InvalidInputError
from deviator.evidence import Market, held_out_profiles
from deviator.learners.equilibrium import Equilibrium, everyone_learns
from deviator.policies import save_strategy
from deviator.policies.mixing import drawn_bids

from ...spec.cell import Cell
from ...spec.learner import LearnerSpec


def run(cell: Cell, folder: Path) -> dict[str, Any]:
    """Return where everybody ends, under ``equilibrium``; their strategy is kept in the folder.

    Parameters
    ----------
    cell : Cell
        It names the learner ``gradient`` or ``ppo``. There are as many random starts as it has
        seeds, all drawn from the first of these, of so many steps as it states.
    folder : Path
        Where the strategy goes.

    Raises
    ------
    InvalidInputError
        If everybody cannot learn as the cell states.
    RefusedError
        If the market's bids are not ones that can be learned.
    """
    tested = cell.market.build_market()
    found = everyone_learns(
        tested,
        learner=cell.learner.title,
        hidden=_hidden(cell.learner),
        starts=len(cell.seeds),
        steps=cell.steps,
        seed=cell.seeds[0],
    )
    if found.interrupted:
        raise KeyboardInterrupt
    save_strategy(found.policy, folder / "strategy")
    return {
        "scale": tested.scale,
        "unit": tested.unit,
        "equilibrium": plain_equilibrium(found) | _money(found.tested, cell.held_out),
    }


def plain_equilibrium(found: Equilibrium) -> dict[str, Any]:
    """Return an equilibrium as plain data, without what depends on the machine.

    ``epsilon`` and ``ex_post_epsilon`` are shares of the first-best gains from trade per trader,
    ``surplus`` is the share of these that is realised, and ``from_strategy`` the distance to the
    market's own strategy (honesty, or the one stated) as a share of the bids' spread.
    """
    return {
        "state": found.state,
        "reason": found.reason,
        "epsilon": found.epsilon,
        "ex_post_epsilon": found.ex_post_epsilon,
        "apart": found.apart,
        "moved": found.moved,
        "from_strategy": found.from_strategy,
        "surplus": found.surplus,
        "regret": [each._asdict() for each in found.regret],
        "curve": [each._asdict() for each in found.curve],
        "starts": len(found.ends),
        "learner": found.learner,
        "steps": found.steps,
        "seed": found.seed,
    }


def _hidden(learner: LearnerSpec) -> tuple[int, ...]:
    """Return the widths of hidden layers that a learner states, its one setting that counts here.

    Raises
    ------
    InvalidInputError
        If it states others, which everybody's learning does not have.
    """
    others = sorted(learner.settings.keys() - {"hidden"})
    if others:
        raise InvalidInputError(
            f"question: everyone takes the learner's setting hidden only, got {', '.join(others)}; "
            "leave the others out"
        )
    return tuple(learner.settings.get("hidden", ()))


def _money(tested: Market, held_out: int) -> dict[str, float]:
    """Return what the rule keeps on average, and at worst, where everybody follows a strategy.

    Both are shares of the mean first-best gains from trade; negative ones are deficits.
    """
    types = held_out_profiles(tested, held_out)
    outcome = tested.mechanism.clear(drawn_bids(tested.strategy, types))
    kept = outcome.transfer.sum(axis=1) / (tested.scale * tested.economy.n_traders)
    return {"budget": float(kept.mean()), "worst_budget": float(kept.min())}
