"""The kits: the checks that apply to an object, run one by one in another process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any, Protocol, final

import cloudpickle

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.evidence.regret import RegretEstimator
from deviator.learners import Learner
from deviator.mechanisms import Claim, Mechanism, RoundsMechanism
from deviator.policies import Policy, Rung
from deviator.trust import is_ours

from ..guard import Guard, GuardError
from . import economies, estimators, importing, learners, payoffs, policies, rungs
from .check import (
    Check,
    CheckFunction,
    CheckResult,
    check_waivers_of,
    checks_in,
    judged,
    waivers_of,
)
from .claims import CLAIMS
from .comparing import start_elsewhere
from .draws import in_each_draw
from .mechanisms import (
    allowed,
    deviations,
    invariance,
    languages,
    lots,
    outcomes,
    purity,
    robustness,
    rounds,
)
from .trials import tried_in

LIMIT_S = 60.0
"""Seconds that one check may take."""

LOST_CHECKS = 2
"""Number of checks that hung or lost their process after which the others are not run."""

PICKLING = "check_pickling"
"""The check that compares an object with its copy in another process."""

Progress = Callable[[CheckResult], None]
"""Called with each result as soon as there is one."""

OF_MECHANISMS = (outcomes, languages, purity, invariance, allowed, deviations, robustness)

OF_OTHERS = checks_in(importing)
"""Checks of what is not deviator's own, of every kind."""

LOTS = checks_in(lots)
"""Checks of mechanisms that draw lots, beside all others."""

OF_THE_WHOLE = frozenset(
    {
        "check_settings",
        "check_honest_bids",
        "check_honest_bids_of_a_batch",
        "check_honest_markets_trade",
        "check_own_type_only",
        "check_relabelling",
        "check_claim_truthful",
        "check_claim_universally_truthful",
        "check_claim_anonymous",
    }
)
"""Checks that speak of a lottery as a whole; the others speak of each draw."""

KITS: tuple[tuple[str, type, tuple[CheckFunction, ...]], ...] = (
    ("mechanism", Mechanism, checks_in(*OF_MECHANISMS)),
    ("economy", Economy, checks_in(economies, payoffs)),
    ("policy", Policy, checks_in(policies)),
    ("learner", Learner, checks_in(learners)),
    ("rung", Rung, checks_in(rungs)),
    ("estimator", RegretEstimator, checks_in(estimators)),
)
"""Kind, base class and core checks of everything that has a kit."""

OF_SOME: tuple[tuple[str, type, tuple[CheckFunction, ...]], ...] = (
    ("mechanism", RoundsMechanism, checks_in(rounds)),
)
"""Further checks of those of a kind that are of a class."""


class Source(Protocol):
    """Yields an object to check, in the process that asks for it."""

    def subject(self) -> Any:
        """Return the object."""


@final
@dataclass(frozen=True)
class ObjectSource:
    """An object as bytes, which another process turns into the object."""

    data: bytes

    @classmethod
    def of(cls, subject: Any) -> "ObjectSource":
        """Return the source of an object, unless it cannot be sent to another process."""
        try:
            return cls(cloudpickle.dumps(subject))
        except Exception as error:
            raise AssertionError(
                f"{type(subject).__name__} must pickle to be checked in another process, got "
                f"{type(error).__name__}: {error}"
            ) from None

    def subject(self) -> Any:
        """Return the object."""
        return cloudpickle.loads(self.data)


def checks_for(subject: Any) -> Iterator[Check]:
    """Return the checks that apply to an object: the core of its kind, and one per claim.

    Parameters
    ----------
    subject : Mechanism, Economy, Policy, Learner, Rung or RegretEstimator

    Yields
    ------
    Check

    Raises
    ------
    InvalidInputError
        If the object is of a kind without a kit, or has no name.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> [check.name for check in checks_for(SigmaDCDA(0.2))][:3]
    ['check_settings', 'check_honest_bids', 'check_bids_survive_arrays']
    """
    if not __debug__:
        raise InvalidInputError(
            "checks assert what they find, which python -O leaves out; run python without -O"
        )
    kind, core = _kit_of(subject)
    claims: frozenset[Claim] = getattr(subject, "claims", frozenset())
    further = () if is_ours(type(subject)) else OF_OTHERS
    checks = [Check(kind, run) for run in (*further, *core)]
    lottery = isinstance(subject, Mechanism) and subject.draws
    checks += [Check("mechanism", run) for run in LOTS if lottery]
    for _, base, of_class in OF_SOME:
        checks += [Check(kind, run) for run in of_class if isinstance(subject, base)]
    checks += [Check("mechanism", run, claim) for claim, run in CLAIMS.items() if claim in claims]
    if lottery:
        checks = [_of_lotteries(check) for check in checks]
    yield from checks
    yield check_waivers_of(checks)


def _of_lotteries(check: Check) -> Check:
    """Return a check as it is run on rules with lots."""
    whole = check.run in LOTS or check.name in OF_THE_WHOLE
    return check if whole else replace(check, run=in_each_draw(check.run))


def all_checks() -> Iterator[Check]:
    """Return every check of every kit, those of claims included."""
    for kind, _, core in KITS:
        yield from (Check(kind, run) for run in (*OF_OTHERS, *core))
    for kind, _, core in OF_SOME:
        yield from (Check(kind, run) for run in core)
    yield from (Check("mechanism", run) for run in LOTS)
    yield from (Check("mechanism", run, claim) for claim, run in CLAIMS.items())


def run_checks(
    subject: Any,
    *,
    guarded: bool = True,
    limit_s: float = LIMIT_S,
    only: Sequence[str] = (),
    economy: Economy | None = None,
    progress: Progress | None = None,
) -> list[CheckResult]:
    """Run the checks of an object and return their results.

    Parameters
    ----------
    subject : Mechanism, Economy, Policy, Learner, Rung or RegretEstimator
    guarded : bool
        Whether each check runs in another process, so that a hang or crash harms nothing here.
    limit_s : float
        Seconds that one check may take, where guarded.
    only : sequence of str
        Names of the checks to run; all of them by default.
    economy : Economy, optional
        Where a mechanism is tried and its claims are tested; its example economies, or the kit's
        own, by default.
    progress : callable, optional
        Called with each result as soon as there is one.

    Raises
    ------
    InvalidInputError
        If the object has no kit, no check has a stated name, or something else than a mechanism
        is to be tried in an economy.
    RefusedError
        If the mechanism has no honest bids in the economy.

    Examples
    --------
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> results = run_checks(UniformDoubleAuction(), only=["check_market_clears"])
    >>> results[0].status
    'passed'
    """
    if economy is not None:
        subject = tried_in(subject, economy)
    plan = Plan.of(subject).limited_to(only)
    if not guarded:
        return plan.results(lambda check: check.run(subject), progress)
    with Guard(limit_s) as guard:
        return plan.results(lambda check: run_guarded(guard, check, subject), progress)


def run_checks_of_source(
    source: Source,
    title: str,
    guard: Guard,
    only: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[CheckResult]:
    """Run the checks of the object of a source, by title, without building it in this process.

    Raises whatever building it raises; `only` and `progress` are those of `run_checks`.
    """
    guard.run(start_elsewhere)
    kind, names, waivers = guard.run(_plan_of, source)
    checks = [each for each in all_checks() if each.kind == kind and each.name in names]
    plan = Plan(title, (*checks, check_waivers_of(checks)), waivers)
    return plan.limited_to(only).results(
        lambda check: guard.run(run_check, source, check.name), progress
    )


def parametrize_with_checks(
    subjects: Sequence[Any], *, guarded: bool = True, limit_s: float = LIMIT_S
) -> Callable[[Callable[..., None]], Any]:
    """Return a decorator that makes a test of (check, subject) one pytest item per check.

    Parameters
    ----------
    subjects : sequence of Mechanism, Economy, Policy, Learner, Rung or RegretEstimator
    guarded : bool
        Whether each check runs in another process, so that a hang or crash harms nothing here.
    limit_s : float
        Seconds that one check may take, where guarded.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> @parametrize_with_checks([SigmaDCDA(0.2)])
    ... def test_conforms(check, mechanism):
    ...     check(mechanism)
    """
    import pytest

    # One process serves all items; it ends by itself when idle.
    guard = Guard(limit_s) if guarded else None
    items = []
    for subject in subjects:
        waivers = waivers_of(subject)
        for check in checks_for(subject):
            # A crash is not excused, and a check that passes despite its waiver fails.
            marks = [
                pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)
                for name, reason in waivers.items()
                if name == check.name
            ]
            run = check.run if guard is None else partial(run_guarded, guard, check)
            items.append(pytest.param(run, subject, marks=marks, id=f"{check.name}-{subject.name}"))

    def decorate(test: Callable[..., None]) -> Any:
        return pytest.mark.parametrize(list(signature(test).parameters)[:2], items)(test)

    return decorate


def run_guarded(guard: Guard, check: Check, subject: Any) -> None:
    """Run a check on an object in another process."""
    if check.run in OF_OTHERS:
        guard.run(start_elsewhere)
    guard.run(run_check, ObjectSource.of(subject), check.name)
    if check.name == PICKLING:
        # The object checked there had been pickled on its way: the original is compared here.
        check.run(subject)


def run_check(source: Source, name: str) -> None:
    """Run the check of that name on the object of a source, in this process."""
    subject = source.subject()
    next(check for check in checks_for(subject) if check.name == name).run(subject)


@final
@dataclass(frozen=True)
class Plan:
    """The checks to run on an object, and the failures that are expected."""

    title: str
    checks: tuple[Check, ...]
    waivers: dict[str, str]

    @classmethod
    def of(cls, subject: Any) -> "Plan":
        """Return all checks of an object."""
        kind, _ = _kit_of(subject)
        checks = tuple(checks_for(subject))
        return cls(f"{kind} {subject.name!r}", checks, dict(waivers_of(subject)))

    def limited_to(self, only: Sequence[str]) -> "Plan":
        """Return the checks of those names, which must exist, or all where no name is given."""
        names = [check.name for check in self.checks]
        unknown = sorted(set(only) - set(names))
        if unknown:
            raise InvalidInputError(
                f"a check must be one that applies, got {', '.join(unknown)}; the checks are "
                f"{', '.join(names)}"
            )
        kept = tuple(check for check in self.checks if not only or check.name in only)
        return replace(self, checks=kept)

    def results(
        self, attempt: Callable[[Check], None], progress: Progress | None
    ) -> list[CheckResult]:
        """Return the result of each check."""
        lost: list[str] = []
        results = []
        for check in self.checks:
            error = _error_of(attempt, check, lost)
            if isinstance(error, GuardError):
                lost.append(check.name)
            results.append(judged(self.title, check, self.waivers, error))
            if progress is not None:
                progress(results[-1])
        return results


def _error_of(
    attempt: Callable[[Check], None], check: Check, lost: list[str]
) -> BaseException | None:
    if len(lost) >= LOST_CHECKS:
        return GuardError(
            f"not run, after {' and '.join(lost[:LOST_CHECKS])} did not come to an end"
        )
    try:
        attempt(check)
    except (Exception, SystemExit) as error:
        return error
    return None


def _plan_of(source: Source) -> tuple[str, list[str], dict[str, str]]:
    """Return kind, checks and waivers of the object of a source, as plain data."""
    plan = Plan.of(source.subject())
    return plan.checks[0].kind, [check.name for check in plan.checks], plan.waivers


def _kit_of(subject: Any) -> tuple[str, tuple[CheckFunction, ...]]:
    for kind, base, core in KITS:
        if isinstance(subject, base):
            if not hasattr(subject, "name"):
                raise InvalidInputError(
                    f"{kind} {type(subject).__name__} must have a name, by which reports and "
                    'checks call it; write name = "..." in the class'
                )
            return kind, core
    raise InvalidInputError(
        "checks are for a Mechanism, Economy, Policy, Learner, Rung or RegretEstimator, got "
        f"{type(subject).__name__}"
    )
