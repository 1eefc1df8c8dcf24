"""The report card of one market: an answer to each of the five constraints, for every trader."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any, final

from deviator.errors import RefusedError
from deviator.evidence import Certificate, Market, Verdict, certificate_file, constraint_file
from deviator.evidence.constraints import Constraint, ConstraintVerdict, Scope, State

from ..beyond_claim import JointFinding
from .words import WIDTH, lines_of

MOST_TRADERS = 20
"""Certificates on honest outcomes of larger markets take minutes to write in short numbers."""

SEVERITY: tuple[State, ...] = ("vacuous", "confirmed", "undetermined", "refuted")
"""Which trader's verdict is the market's: the last of these that any trader has."""


@final
@dataclass(frozen=True)
class Audited:
    """What a report card speaks of.

    Attributes
    ----------
    mechanism : str
    settings : dict
        The mechanism's, as plain data.
    economy : dict
        As plain data.
    n_traders : int
    law, strategy : str
        Of the types, and what everybody follows.
    information : {"profile", "own"}
        What deviators know.
    classes : tuple of tuple of int
        Interchangeable traders; the first of each class deviated.
    all_traders : bool
        Whether the card speaks of everybody: of every class somebody was tried, or is proved to
        gain nothing.
    untried : int
        Classes of whom nobody was tried and nothing is proved.
    held_out, steps : int
        Profiles on which gains were measured; the learners' budget.
    seeds : tuple of int
    learners : tuple of str
    versions : dict of str to str
    rounds : int
        How many rounds the rule has; 1 for one-shot rules.
    """

    mechanism: str
    settings: dict[str, Any]
    economy: dict[str, Any]
    n_traders: int
    law: str
    strategy: str
    information: str
    classes: tuple[tuple[int, ...], ...]
    all_traders: bool
    untried: int
    held_out: int
    steps: int
    seeds: tuple[int, ...]
    learners: tuple[str, ...]
    versions: dict[str, str]
    rounds: int = 1


@final
@dataclass(frozen=True, repr=False)
class ReportCard:
    """Whether each of the five ex post constraints of Section 2.3 holds in a market.

    What is not about a single constraint speaks of incentive compatibility, for the trader who has
    most to gain: `state`, `lower`, `upper`, `power`, `resolution` and so on, as in `Verdict`.

    Attributes
    ----------
    audited : Audited
        The market, and the effort of the search.
    constraints : mapping of str to ConstraintVerdict
    verdicts : mapping of int to Verdict
        On incentive compatibility, for each trader who was tried.
    market : Market
        The market itself.
    upper : float or None
        Certified cap on anybody's mean gain; None unless there is one for every class of traders.
    beyond : tuple of JointFinding
        What coalitions, or one trader under several names, gain: beyond the paper's claim.
    """

    audited: Audited
    constraints: Mapping[Constraint, ConstraintVerdict]
    verdicts: Mapping[int, Verdict]
    market: Market
    upper: float | None = None
    beyond: tuple[JointFinding, ...] = ()

    @property
    def trader(self) -> int:
        """The trader who has most to gain, of those with the gravest verdict."""

        def gravity(trader: int) -> tuple[int, float]:
            verdict = self.verdicts[trader]
            return SEVERITY.index(verdict.state), verdict.lower

        return max(self.verdicts, key=gravity)

    @property
    def verdict(self) -> Verdict:
        """The verdict on that trader's deviations."""
        return self.verdicts[self.trader]

    @property
    def state(self) -> State:
        """Whether honesty can be profitably deviated from, by anybody."""
        return "undetermined" if self._is_partial else self.verdict.state

    @property
    def scope(self) -> Scope:
        """Of what the state speaks."""
        return "sampled" if self._is_partial else self.verdict.scope

    @property
    def reason(self) -> str:
        """Why the state is what it is."""
        if not self._is_partial:
            return self.verdict.reason
        classes = "class" if self.audited.untried == 1 else "classes"
        return f"{self.audited.untried} {classes} of traders not tried; {self.verdict.reason}"

    @property
    def _is_partial(self) -> bool:
        """Whether nothing speaks against honesty, but of some traders nothing is known."""
        return self.audited.untried > 0 and self.verdict.state in ("confirmed", "vacuous")

    @property
    def lower(self) -> float:
        """The largest mean gain of anybody that was computed again, in money per market."""
        return max(verdict.lower for verdict in self.verdicts.values())

    @property
    def epsilon(self) -> float:
        """Gains up to here count as zero."""
        return self.verdict.epsilon

    @property
    def scale(self) -> float:
        """First-best surplus per trader."""
        return self.verdict.scale

    @property
    def worst(self) -> float:
        """The largest gain of anybody at one profile, in money."""
        return max(verdict.worst for verdict in self.verdicts.values())

    @property
    def power(self) -> float | None:
        """Share of the exact best gain that learners captured on the matched control."""
        return self.verdict.power

    @property
    def resolution(self) -> float | None:
        """Smallest planted gain that the learners noticed."""
        return self.verdict.resolution

    @property
    def certificate(self) -> dict[str, Any] | None:
        """Kind and conditions of the certificate."""
        return self.verdict.certificate

    @property
    def witness(self) -> dict[str, Any] | None:
        """A profitable deviation, with everything needed to check it."""
        return self.verdict.witness

    @property
    def mechanism_economy(self) -> dict[str, Any] | None:
        """The economy that a direct mechanism holds where it is not the audited one."""
        return self.verdict.mechanism_economy

    @property
    def plugins(self) -> tuple[dict[str, str], ...]:
        """Name, provider and version of mechanism, economy, strategy and learners."""
        return self.verdict.plugins

    @property
    def each_draw(self) -> dict[str, Any] | None:
        """Whether anybody gains once the lots are known; None where the rule draws none.

        As in `EachDraw`, for the trader who gains most. The other answers on incentive
        compatibility are about the mean over the lots.
        """
        known = [each.each_draw for each in self.verdicts.values() if each.each_draw is not None]
        return max(known, key=lambda each: each["worst"], default=None)

    @property
    def witnesses(self) -> dict[str, dict[str, Any]]:
        """A witness of each constraint that is violated, and of each joint deviation that pays."""
        found: dict[str, Any] = {name: each.witness for name, each in self.constraints.items()}
        if self.each_draw is not None:
            found["each_draw"] = self.each_draw["witness"]
        found |= {finding.kind: finding.witness for finding in self.beyond}
        return {name: witness for name, witness in found.items() if witness is not None}

    @property
    def certificate_files(self) -> dict[str, dict[str, Any]]:
        """What was proved, with all that it takes to derive it again, where a script can."""
        found: dict[str, dict[str, Any]] = {}
        for name, answer in self.constraints.items():
            with suppress(RefusedError):
                found[name] = self._certificate_file(answer)
        return found

    def _certificate_file(self, answer: ConstraintVerdict) -> dict[str, Any]:
        if answer.constraint != "incentive_compatibility":
            if self.audited.n_traders > MOST_TRADERS:
                raise RefusedError(
                    f"certificate files are for at most {MOST_TRADERS} traders, got "
                    f"{self.audited.n_traders}"
                )
            return constraint_file(self.market, answer)
        if answer.certificate is None:
            raise RefusedError("there is no certificate to write")
        certificate = Certificate.from_dict(answer.certificate, trades=True)
        return certificate_file(
            replace(self.market, trader=self.trader),
            certificate,
            self.audited.information,
            all_traders=certificate.every_profile and self.audited.all_traders,
        )

    def summary(self, width: int = WIDTH) -> str:
        """Return the card in plain words, in lines of at most `width` characters."""
        return "\n".join(lines_of(self, width))

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        audited = self.audited
        return f"<ReportCard {audited.mechanism} in {audited.economy['name']}: {self.state}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as in ``report.json``."""
        return {
            "audited": asdict(self.audited),
            "state": self.state,
            "scope": self.scope,
            "reason": self.reason,
            "trader": self.trader,
            "lower": self.lower,
            "upper": self.upper,
            "worst": self.worst,
            "power": self.power,
            "resolution": self.resolution,
            "epsilon": self.epsilon,
            "scale": self.scale,
            "certificate": self.certificate,
            "witness": self.witness,
            "mechanism_economy": self.mechanism_economy,
            "plugins": list(self.plugins),
            "each_draw": self.each_draw,
            "constraints": {name: each.to_dict() for name, each in self.constraints.items()},
            "beyond_the_claim": [finding.to_dict() for finding in self.beyond],
            "verdicts": {str(who): verdict.to_dict() for who, verdict in self.verdicts.items()},
        }

    def to_frame(self) -> Any:
        """Return the answers as a pandas frame, a row for each constraint."""
        # Its import takes longer than an audit, and few callers need it.
        import pandas

        columns = ("state", "scope", "worst", "worst_share", "cap", "reason")
        rows = [{name: getattr(each, name) for name in columns} for each in self._answers]
        return pandas.DataFrame(rows, index=list(self.constraints))

    @property
    def _answers(self) -> list[ConstraintVerdict]:
        return list(self.constraints.values())
