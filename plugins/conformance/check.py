"""A check, and the result of one."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, final

from deviator.errors import DeviatorError

from ..place_of_error import with_place

CheckFunction = Callable[[Any], None]
"""Tests an object; raises AssertionError with the rule, the value and the market at fault."""

Status = Literal["passed", "failed", "waived", "unexpected pass"]
"""Waived: it failed, as its waiver says. Unexpected pass: it passed despite its waiver."""


@final
@dataclass(frozen=True)
class Check:
    """One promise that every plugin of a kind keeps, and the function that tests it.

    Attributes
    ----------
    kind : str
        Kind of plugins: mechanism, economy, policy, learner or estimator.
    run : callable
        Tests the promise; its name is the check's.
    claim : str
        The claim that switches the check on; empty for core checks, which are unconditional.
    """

    kind: str
    run: CheckFunction
    claim: str = ""

    @property
    def name(self) -> str:
        """Name of the check, part of the public interface: waivers use it."""
        return self.run.__name__

    @property
    def promise(self) -> str:
        """The promise in one line of English."""
        return (inspect.getdoc(self.run) or "").split("\n")[0].rstrip(".")


@final
@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes
    ----------
    subject, check, promise : str
        What was checked, by which check, and what the check promises.
    status : {"passed", "failed", "waived", "unexpected pass"}
    detail : str
        What is wrong, in one sentence; empty where the check passed.
    crashed : bool
        Whether an unexpected error ended it: the cause often breaks other checks too, and one of
        them may say which rule it breaks.
    """

    subject: str
    check: str
    promise: str
    status: Status
    detail: str = ""
    crashed: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing needs repair."""
        return self.status in ("passed", "waived")

    @property
    def sentence(self) -> str:
        """One sentence that names the subject, the check and the rule."""
        return f"{self.subject}: {self.check} {self.status}: {self.detail}".removesuffix(": ")


def checks_in(*modules: ModuleType) -> tuple[CheckFunction, ...]:
    """Return the functions check_... that modules define, in their order."""
    return tuple(
        value
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("check_") and value.__module__ == module.__name__
    )


def judged(
    subject: str, check: Check, waivers: Mapping[str, str], error: BaseException | None
) -> CheckResult:
    """Return the result of a check that raised `error`, or None.

    A waiver excuses a broken promise only: a crash fails, and so does a check that passes despite
    its waiver.
    """
    waived = waivers.get(check.name)
    if error is None:
        status: Status = "passed" if waived is None else "unexpected pass"
        detail = "" if waived is None else f"it is waived ({waived}); drop the waiver"
    elif waived is not None and isinstance(error, AssertionError):
        status, detail = "waived", waived
    else:
        status, detail = "failed", described(error)
    crashed = status == "failed" and not _is_sentence(error)
    return CheckResult(subject, check.name, check.promise, status, detail, crashed)


def described(error: BaseException) -> str:
    """Return an error as one line: a check's or deviator's as it is, else with class and place."""
    text = " ".join(str(error).split())
    return text if _is_sentence(error) else with_place(f"{type(error).__name__}: {text}", error)


def _is_sentence(error: BaseException | None) -> bool:
    return isinstance(error, AssertionError | DeviatorError) and bool(str(error).split())


def check_waivers_of(checks: Iterable[Check]) -> Check:
    """Return the check that an object's waivers name checks of its own, each with a reason."""
    waivable = list(checks)
    known = {check.name for check in waivable}
    kind = waivable[0].kind

    def check_waivers(subject: Any) -> None:
        """Waivers name checks that apply, each with a reason."""
        for name, reason in waivers_of(subject).items():
            assert name in known, (
                f"a waiver must name a check that applies, got {name!r}; "
                f"the checks are {', '.join(sorted(known))}"
            )
            assert isinstance(reason, str) and reason.strip(), (
                f"a waiver must give its reason, the one of {name} gives {reason!r}"
            )

    return Check(kind, check_waivers)


def waivers_of(subject: Any) -> Mapping[str, str]:
    """Return the checks that an object is known to fail, each with the reason."""
    waivers: Mapping[str, str] = getattr(subject, "waivers", {})
    return waivers
