"""One market in shards: a pass for what crosses traders, and one for their outcomes.

Whether a market is in autarky is known only after the second pass over its traders. So outcomes
follow afterwards: written by the second pass under names that are made final then, or computed once
more, shard by shard.
"""

import math
from collections.abc import Iterable, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deviator.errors import InvalidInputError, ResultsError
from deviator.validation import Floats, trader_count

from ..clearing.factored.outcomes import Extremes, Traded, trade
from ..clearing.factored.parts import Scratch, Solution, TraderRows
from ..clearing.factored.passes import TRADERS, Job, Join, chunks, settle_in_passes
from ..conditional_auction import ConditionalAuction
from .first_pass import (
    Basis,
    FirstPass,
    Look,
    closer_look,
    find_basis,
    first_pass,
    joined,
    reach_of_price,
    sums_in,
)
from .parquet import require_pyarrow, write_outcome
from .reading import Numbered, Shards, check_client, listed
from .shard import Shard, ShardedOutcome, ShardOutcome, ShardSource, rows_of

OUTCOMES = "outcome-*.parquet"
"""Files of outcomes, one for each shard."""

UNBALANCED, ROUNDING = 1e-3, 1e-9
"""What rounding does not leave of quantities that sum to zero: this share of the volume, and that
of how far the price moves them, for nobody may trade."""


class _Opened(NamedTuple):
    """What the first pass finds in a shard, and by which the others know it again."""

    digest: str
    sums: FirstPass


class _Totals(NamedTuple):
    """Totals of some traders' outcomes."""

    extremes: Extremes
    budget: float
    volume: float
    balance: float  # quantities, which sum to zero over all traders

    @classmethod
    def of(cls, parts: Sequence["_Totals"]) -> "_Totals":
        extremes = reduce(Extremes.joined, [part.extremes for part in parts])
        return cls(extremes, *map(math.fsum, list(zip(*parts, strict=True))[1:]))


def clear_sharded(
    mechanism: ConditionalAuction,
    shards: Iterable[ShardSource],
    *,
    client: Any = None,
    folder: str | Path | None = None,
) -> ShardedOutcome:
    """Clear one market of factored bids that need not fit into memory.

    Only sums and a small system of equations cross shards, so that memory is what one shard takes,
    for each process that works on one.

    Parameters
    ----------
    mechanism : ConditionalAuction
        States what traders pay. The statistics come with the shards, so that it has none.
    shards : iterable of Shard, path or callable
        Each a shard, a Parquet file of one (`write_shard`), or a function that makes it; read
        twice in most markets, and once more by `ShardedOutcome.outcomes`. With a client, files must
        be there for all workers, and functions must be such that they can be sent to them.
    client : distributed.Client, optional
        Dask workers that do the passes; tasks of a worker that dies are done again by others.
    folder : path, optional
        Where to write outcomes, as ``outcome-00000.parquet`` and so on, a file for each shard; they
        appear when the market is known to trade or not.

    Raises
    ------
    InvalidInputError
        If shards are malformed, differ in their number of statistics or can be read only once, or
        the folder holds outcomes already, or the client is not one; or if a shard cannot be made,
        is damaged, or holds other bids when it is read again.
    RefusedError
        If Parquet files are wanted and pyarrow is not installed.
    ResultsError
        If outcomes cannot be written, or do not balance.
    WorkersLostError
        If the scheduler of the client is lost, or all workers that read some shard end.

    Examples
    --------
    >>> import numpy as np
    >>> from deviator.mechanisms import Shard, SigmaDCDA, clear_sharded
    >>> def half(seed):
    ...     rng = np.random.default_rng(seed)
    ...     return Shard(rng.uniform(1, 2, 500), rng.normal(size=(500, 1)), np.ones(500),
    ...                  rng.normal(size=500), rng.uniform(0, 0.01, (1, 500)))
    >>> outcome = clear_sharded(SigmaDCDA(0.1), [half(0), half(1)])
    >>> outcome.n_traders, outcome.traded
    (1000, True)
    >>> quantities = np.concatenate([each.quantity for each in outcome.outcomes()])
    >>> bool(abs(quantities.sum()) < 1e-9)
    True
    """
    _check_mechanism(mechanism)
    check_client(client)
    unread = Shards(listed(shards), client)
    opened: list[_Opened] = unread.each(_first_pass)
    passes = [each.sums for each in opened]
    looks = [each.look for each in passes]
    _check_alike(looks)
    n_traders = trader_count(sum(look.n_traders for look in looks))
    known = unread.remembered([look.n_traders for look in looks], [each.digest for each in opened])
    whole = joined(passes)
    basis = find_basis(whole.look, lambda basis: sum(known.each(partial(_closer_look, basis))))
    target = None if folder is None else _made(Path(folder))
    totals = list[_Totals]()

    def trade_all(solution: Solution) -> Extremes:
        trade_one = partial(_trade, mechanism, basis, solution, target)
        totals.append(_Totals.of(known.each(trade_one)))
        return totals[-1].extremes

    def walk(job: Job, join: Join) -> Any:
        return join(known.each(partial(_visit, job, join, basis)))

    solution, traded = settle_in_passes(walk, trade_all, basis.reading, sums_in(basis, whole))
    if traded:
        moved = abs(float(solution.price[0])) * reach_of_price(whole)
        _check_balanced(totals[-1], ROUNDING * moved)
    outcome_of = partial(_outcome, mechanism, basis, solution if traded else None)
    if target is not None:
        known.each(partial(_finish, target, traded))
    return ShardedOutcome(
        float(solution.price[0]) if traded else math.nan,
        traded,
        n_traders,
        totals[-1].budget if traded else 0.0,
        totals[-1].volume if traded else 0.0,
        tuple(partial(outcome_of, read) for read in known.reads),
    )


def _check_mechanism(mechanism: ConditionalAuction) -> None:
    if not isinstance(mechanism, ConditionalAuction):
        raise InvalidInputError(
            f"clear_sharded needs an auction of conditional bids, got {type(mechanism).__name__}; "
            "give SigmaDCDA(sigma), say"
        )
    if mechanism.statistics is not None:
        raise InvalidInputError(
            "clear_sharded needs an auction without statistics, which come with the shards, got "
            f"{mechanism.name} with some; give {type(mechanism).__name__} without them"
        )


def _check_alike(looks: Sequence[Look]) -> None:
    for number, look in enumerate(looks):
        if len(look.mean) != len(looks[0].mean):
            raise InvalidInputError(
                f"shards must have the same number of statistics, got {len(looks[0].mean)} in "
                f"shard 0 and {len(look.mean)} in shard {number}"
            )


def _check_balanced(totals: _Totals, rounding: float) -> None:
    if abs(totals.balance) > UNBALANCED * totals.volume + rounding:
        raise ResultsError(
            f"the quantities of all shards must sum to 0, got {totals.balance:.6g} of a volume of "
            f"{totals.volume:.6g}; a worker returned a wrong result; clear the "
            "market again"
        )


def _made(folder: Path) -> Path:
    require_pyarrow()
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"folder must be a folder, got the file {folder}; name another")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob(OUTCOMES)):
        raise InvalidInputError(
            f"folder must hold no outcomes of another market, got some in {folder}; name another, "
            "or remove them"
        )
    return folder


def _first_pass(read: Numbered) -> _Opened:
    shard = read.opened()
    return _Opened(shard.digest, first_pass(shard.bids))


def _closer_look(basis: Basis, read: Numbered) -> Floats:
    return closer_look(read.shard(), basis)


def _rows(shard: Shard, basis: Basis) -> TraderRows:
    return rows_of(shard, *basis.columns(np.asarray(shard.statistics)))


def _visit(job: Job, join: Join, basis: Basis, read: Numbered) -> Any:
    """Do a job chunk by chunk of a shard's traders."""
    rows = _rows(read.shard(), basis)
    scratch = Scratch.of(basis.reading, min(TRADERS, len(rows.own)))
    return join(
        [job(part, read.start + start, scratch.first(n)) for start, n, part in chunks(rows)]
    )


def _trade(
    mechanism: ConditionalAuction,
    basis: Basis,
    solution: Solution,
    folder: Path | None,
    read: Numbered,
) -> _Totals:
    """Return totals of a shard's outcomes; write them down for the time being, if wanted."""
    outcome, extremes = _traded(mechanism, basis, solution, read)
    if folder is not None:
        write_outcome(outcome, _provisional(folder, read))
    quantity = outcome.quantity
    budget, volume = float(outcome.transfer.sum()), float(np.abs(quantity).sum()) / 2
    return _Totals(extremes, budget, volume, float(quantity.sum()))


def _outcome(
    mechanism: ConditionalAuction, basis: Basis, solution: Solution | None, read: Numbered
) -> ShardOutcome:
    """Compute a shard's outcomes; without a solution the market is in autarky."""
    if solution is None:
        return _autarky(read)
    return _traded(mechanism, basis, solution, read)[0]


def _traded(
    mechanism: ConditionalAuction, basis: Basis, solution: Solution, read: Numbered
) -> tuple[ShardOutcome, Extremes]:
    rows = _rows(read.shard(), basis)
    scratch = Scratch.of(basis.reading, min(TRADERS, len(rows.own)))
    quantity, slope = np.empty_like(rows.level), np.empty_like(rows.own)
    extremes = Extremes()
    for start, n, part in chunks(rows):
        these = slice(start, start + n)
        out = Traded(quantity[:, these], slope[these])
        here = trade(part, read.start + start, solution, out, scratch.first(n))
        extremes = extremes.joined(here)
    with np.errstate(invalid="ignore", over="ignore"):
        transfer = mechanism.payment(solution.price, quantity[0], slope, mechanism.tax_slope)
    return ShardOutcome(quantity[0], transfer, slope), extremes


def _autarky(read: Numbered) -> ShardOutcome:
    count = len(read.shard()) if read.count is None else read.count
    return ShardOutcome(np.zeros(count), np.zeros(count), np.full(count, np.nan))


def _finish(folder: Path, traded: bool, read: Numbered) -> None:
    """Give a shard's outcomes their final name; in autarky nobody trades.

    Dask repeats what a worker did who dies before all is gathered: a file may have its name.
    """
    provisional, final = _provisional(folder, read), folder / f"outcome-{read.number:05}.parquet"
    if not traded:
        write_outcome(_autarky(read), provisional)
    try:
        if provisional.exists() or not final.exists():
            provisional.replace(final)
    except OSError as error:
        raise ResultsError(
            f"the outcome of {read.name} cannot be named {final} ({error}); name another folder"
        ) from None


def _provisional(folder: Path, read: Numbered) -> Path:
    return folder / f"provisional-{read.number:05}.parquet"
