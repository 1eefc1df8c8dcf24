"""All statements on the paper, and how they are run."""

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from threadpoolctl import threadpool_limits

from deviator.errors import InvalidInputError, UnknownNameError
from deviator.plugins.guarded_pool import run_in_processes

from .statement import Finding, Row, Statement

ORDER = (
    "Section 1", "Example 1", "Example 2", "Example 3", "Section 2.2", "Lemma 1", "Proposition 1",
    "Equation (A.3)", "Definition 1", "Definition 2", "Figure 1", "Figure 2", "Proposition 2",
    "Equation (3.13)", "Equation (B.5)", "Equation (B.9)", "Section 3", "Example 4", "Example 5",
    "Figure 3", "Example 6", "Definition 3", "Example 7", "Proposition 3", "Lemma 2", "Lemma 3",
    "Lemma 4", "Section 5", "Section 6", "Example 8", "Example 9", "Proposition 4",
    "Proposition 5", "Footnote 28", "Lemma 5", "Section 7", "Appendix G", "Proposition 6",
    "Footnote 19", "Proposition 7", "Footnote 33",
)  # fmt: skip
"""The paper's results in their order, each followed by what belongs to it."""

WORKERS = 2
"""Number of processes that run statements."""

Progress = Callable[[int, int, Row], None]
"""Called with the number of finished rows, the number of all rows, and the last row."""


def statements(package: str = f"{__package__}.statements") -> tuple[Statement, ...]:
    """Return all statements, in the order of the paper.

    Parameters
    ----------
    package : str
        Its modules hold them.

    Raises
    ------
    InvalidInputError
        If two statements share a name.

    Examples
    --------
    >>> statements()[-1].name
    'Footnote 33'
    """
    by_name: dict[str, Statement] = {}
    for statement in _of_modules(package):
        if by_name.setdefault(statement.name, statement) is not statement:
            raise InvalidInputError(
                f"statements must have different names, got {statement.name!r} twice"
            )
    positions = {result: position for position, result in enumerate(ORDER)}
    return tuple(sorted(by_name.values(), key=lambda each: positions.get(each.result, len(ORDER))))


def _of_modules(package: str) -> Iterator[Statement]:
    for module in pkgutil.iter_modules(import_module(package).__path__):
        values = vars(import_module(f"{package}.{module.name}")).values()
        yield from (value for value in values if isinstance(value, Statement))


def select(names: Sequence[str]) -> tuple[Statement, ...]:
    """Return the statements of some names, in the order of the paper.

    Parameters
    ----------
    names : sequence of str
        Of statements ("Example 4: transfers"), or of results, which stand for all their
        statements ("Example 4"). Capital letters do not matter.

    Raises
    ------
    UnknownNameError
        If a name is neither of a statement nor of a result.

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
    names: Iterable[str] | None = None, progress: Progress | None = None, *, workers: int = WORKERS
) -> list[Row]:
    """Compute statements on the paper and say of each whether it holds.

    Parameters
    ----------
    names : iterable of str, optional
        As in `select`; all statements by default.
    progress : callable, optional
        Called with the number of finished rows, the number of all rows, and the last row.
    workers : int
        Processes; 1 runs everything in this one.

    Returns
    -------
    list of Row
        In the order of the paper. A statement that could not be computed fails and says why.

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
    rows: dict[str, Row] = {}
    for name, finding in _findings(list(by_name), workers):
        rows[name] = by_name[name].conclude(finding)
        if progress is not None:
            progress(len(rows), len(chosen), rows[name])
    return [rows[name] for name in by_name]


def _findings(names: list[str], workers: int) -> Iterator[tuple[str, Finding]]:
    if workers == 1 or len(names) <= 1:
        for name in names:
            yield name, compute(name)
        return
    tasks = [(compute, name) for name in names]
    for (_, name), finding, error in run_in_processes(_plain, tasks, workers):
        yield name, finding if error is None else _not_computed(error)


def _plain(compute: Callable[[str], Finding], name: str) -> Finding:
    """Return a finding in plain numbers, and leave the other cores to the other workers."""
    with threadpool_limits(1):
        found = compute(name)
    printed = None if found.printed is None else float(found.printed)
    return Finding(float(found.discrepancy), found.computed, printed)


def compute(name: str) -> Finding:
    """Return the finding on one statement; one that fails if it cannot be computed."""
    statement = next(each for each in statements() if each.name == name)
    try:
        return statement.check()
    except Exception as error:
        return _not_computed(error)


def _not_computed(error: BaseException) -> Finding:
    reason = str(error).split("\n")[0]
    return Finding(float("inf"), f"could not be computed: {type(error).__name__}: {reason}")
