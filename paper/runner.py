"""All statements on the paper, and running them."""

import pkgutil
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from importlib import import_module

from loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from deviator.errors import InvalidInputError, UnknownNameError

from .statement import Finding, Row, Statement

ORDER = (
    "Example 1",
    "Example 2",
    "Example 3",
    "Lemma 1",
    "Proposition 1",
    "Equation (A.3)",
    "Definition 1",
    "Definition 2",
    "Figure 1",
    "Figure 2",
    "Proposition 2",
    "Equation (3.13)",
    "Equation (B.5)",
    "Equation (B.9)",
    "Section 3",
    "Example 4",
    "Example 5",
    "Figure 3",
    "Example 6",
    "Definition 3",
    "Example 7",
    "Proposition 3",
    "Lemma 2",
    "Lemma 3",
    "Lemma 4",
    "Section 6",
    "Example 8",
    "Example 9",
    "Proposition 4",
    "Proposition 5",
    "Footnote 28",
    "Lemma 5",
    "Section 7",
    "Appendix G",
    "Proposition 6",
    "Footnote 19",
    "Proposition 7",
    "Footnote 33",
)
"""The paper's results as they follow each other, with what belongs to them."""

WORKERS = 2
"""Processes that statements run in."""

Progress = Callable[[int, int, Row], None]
"""Called as rows come in: how many are there, of how many, and the last one."""


def statements() -> tuple[Statement, ...]:
    """Return all statements, in the order of the paper.

    They are the ``STATEMENTS`` of the modules of `deviator.paper.statements`.

    Raises
    ------
    InvalidInputError
        If two statements have one name.

    Examples
    --------
    >>> statements()[0].name
    'Example 1'
    """
    found: dict[str, Statement] = {}
    for statement in _of_modules():
        if found.setdefault(statement.name, statement) is not statement:
            raise InvalidInputError(
                f"statements must have names of their own, got {statement.name!r} twice"
            )
    places = {result: place for place, result in enumerate(ORDER)}
    return tuple(sorted(found.values(), key=lambda each: places.get(each.result, len(ORDER))))


def _of_modules() -> Iterator[Statement]:
    package = import_module(f"{__package__}.statements")
    for module in pkgutil.iter_modules(package.__path__):
        yield from import_module(f"{package.__name__}.{module.name}").STATEMENTS


def select(names: Sequence[str]) -> tuple[Statement, ...]:
    """Return the statements of some names, in the order of the paper.

    Parameters
    ----------
    names : sequence of str
        Of statements ("Example 4: transfers"), or of results with all that is stated on them
        ("Example 4"). Capital letters do not matter.

    Raises
    ------
    UnknownNameError
        If a name is of neither.

    Examples
    --------
    >>> [statement.name for statement in select(["lemma 4"])]
    ['Lemma 4: (i)', 'Lemma 4: (ii)']
    """
    everything = statements()
    results = list(dict.fromkeys(statement.result for statement in everything))
    known = {name.casefold() for each in everything for name in (each.name, each.result)}
    wanted = [name.strip().casefold() for name in names]
    for name, folded in zip(names, wanted, strict=True):
        if folded not in known:
            raise UnknownNameError("result of the paper", name, results)
    return tuple(
        each
        for each in everything
        if each.name.casefold() in wanted or each.result.casefold() in wanted
    )


def replicate(
    names: Iterable[str] | None = None,
    progress: Progress | None = None,
    *,
    workers: int = WORKERS,
) -> list[Row]:
    """Compute statements on the paper and say of each whether it holds.

    Parameters
    ----------
    names : iterable of str, optional
        As `select` takes them; everything by default.
    progress : callable, optional
        Called with how many rows there are, of how many, and the last row.
    workers : int
        Processes; 1 runs everything in this one.

    Returns
    -------
    list of Row
        In the order of the paper. What could not be computed fails, and says why.

    Raises
    ------
    UnknownNameError
        If a name is unknown.

    Examples
    --------
    >>> [row.state for row in replicate(["Example 1", "Example 2"], workers=1)]
    ['holds', 'holds', 'erratum']
    """
    chosen = statements() if names is None else select(list(names))
    by_name = {statement.name: statement for statement in chosen}
    found: dict[str, Row] = {}
    for name, finding in _findings(list(by_name), workers):
        found[name] = by_name[name].conclude(finding)
        if progress is not None:
            progress(len(found), len(chosen), found[name])
    return [found[name] for name in by_name]


def _findings(names: list[str], workers: int) -> Iterator[tuple[str, Finding]]:
    if workers == 1 or len(names) <= 1:
        for name in names:
            yield name, compute(name)
        return
    executor = get_reusable_executor(
        max_workers=min(workers, len(names)), reuse=False, initializer=_prepare_worker
    )
    futures: dict[Future[Finding], str] = {executor.submit(compute, name): name for name in names}
    finished = False
    try:
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], future.result() if error is None else _not_computed(error)
        finished = True
    finally:
        executor.shutdown(wait=True, kill_workers=not finished)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and the other cores to the other workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)


def compute(name: str) -> Finding:
    """Return the finding on one statement; where it cannot be computed, one that fails."""
    statement = next(each for each in statements() if each.name == name)
    try:
        return statement.check()
    except Exception as error:
        return _not_computed(error)


def _not_computed(error: BaseException) -> Finding:
    reason = str(error).split("\n")[0]
    return Finding(float("inf"), f"could not be computed: {type(error).__name__}: {reason}")
