"""What a study found, in a sentence for each mechanism, and what its budgets leave open."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from deviator.evidence.constraints import INCENTIVES
from deviator.harmless import one_line

from .row import ReportRow
from .shown_parts import mechanism_name, question_of
from .verdict_words import is_control

LONGEST = 400
"""Characters of a sentence, at most."""

WEAK = 0.5
"""Share of a control's gain below which a learner that found nothing elsewhere says little."""

QUICK = (
    "Quick budgets prove little: learners had little time, so gains that they did not find may "
    "still exist. Certificates do not depend on the budget."
)

IN_CAPITALS: Mapping[str, str] = MappingProxyType({"dcda": "DCDA", "vcg": "VCG"})
"""Abbreviations of the field in the names of mechanisms."""


class _Subject(NamedTuple):
    """What the rows of one sentence have in common."""

    mechanism: str
    strategy: str
    question: str
    constraint: str | None
    is_control: bool


def summary_sentences(rows: Sequence[ReportRow]) -> list[str]:
    """Return what was found, a sentence for each mechanism, strategy and question.

    Parameters
    ----------
    rows : sequence of ReportRow

    Returns
    -------
    list of str
        As "In all 14 sigma-DCDA markets no deviation pays; in the matched markets where one does,
        the learners found 95.6% to 99.9% of it."
    """
    groups: dict[_Subject, list[ReportRow]] = {}
    for row in rows:
        groups.setdefault(_subject(row), []).append(row)
    return [one_line(_sentence(*group), LONGEST) for group in groups.items()]


def budget_warnings(rows: Sequence[ReportRow], *, quick: bool, failed: int = 0) -> list[str]:
    """Return what a study leaves open: a sentence each, none where nothing is to be said.

    Parameters
    ----------
    rows : sequence of ReportRow
    quick : bool
        Whether the smaller budgets were used.
    failed : int
        How many cells could not be run.
    """
    return [*([QUICK] if quick else []), *_without_rows(failed), *_weak_controls(rows)]


def _without_rows(failed: int) -> list[str]:
    """Return that cells failed: what is said of all markets does not speak of theirs."""
    if not failed:
        return []
    cells = "1 cell" if failed == 1 else f"{failed} cells"
    return [f"{cells} could not be run and {'has' if failed == 1 else 'have'} no verdict."]


def _weak_controls(rows: Sequence[ReportRow]) -> list[str]:
    shares = [
        share
        for row in rows
        if (share := row["share"] if is_control(row) else row["power"]) is not None
    ]
    weak = [share for share in shares if share < WEAK]
    if not weak:
        return []
    low, high = f"{min(weak):.1%}", f"{max(weak):.1%}"
    shares_found = low if low == high else f"{low} to {high}"
    rows_of = "the one row" if len(shares) == 1 else f"{len(weak)} of the {len(shares)} rows"
    return [
        f"In {rows_of} with a trained control, learners found less than {WEAK:.0%} of what there "
        f"is to gain there ({shares_found}), so finding nothing elsewhere says little. Give "
        "them more steps."
    ]


def _subject(row: ReportRow) -> _Subject:
    return _Subject(
        mechanism_name(row),
        row["strategy"],
        question_of(row),
        row["constraint"],
        is_control(row),
    )


def _sentence(subject: _Subject, rows: Sequence[ReportRow]) -> str:
    if subject.question == "everyone":
        return f"In {_those(subject, rows)} all traders learned together."
    told = Counter(_outcome(subject, row) for row in rows)
    if len(told) == 1:
        (outcome,) = told
        found = f"In {_those(subject, rows)} {outcome}"
    else:
        parts = ", ".join(f"{outcome} in {count}" for outcome, count in told.items())
        found = f"Of {_counted(subject, rows)}: {parts}"
    return "; ".join([found, *_searches(subject, rows)]) + "."


def _those(subject: _Subject, rows: Sequence[ReportRow]) -> str:
    """Return rows as what is said of all of them, as "all 14 sigma-DCDA markets"."""
    if len(rows) == 1:
        return f"the {_markets(subject, 1)}"
    counted = _counted(subject, rows)
    return f"both {counted.removeprefix('2 ')}" if len(rows) == 2 else f"all {counted}"


def _counted(subject: _Subject, rows: Sequence[ReportRow]) -> str:
    """Return how many markets rows are about; of a market there are several where learners are."""
    different = len(set(map(_market_of, rows)))
    markets = _markets(subject, different)
    if different == len(rows):
        return f"{different} {markets}"
    return f"{len(rows)} rows of {'one' if different == 1 else different} {markets}"


def _market_of(row: ReportRow) -> str:
    """Return whom and what a row is about, with what the deviator sees, as a text."""
    rule = (row["parameters"], row["sigma"], row["strategy_parameters"])
    economy = (row["economy"], row["economy_settings"], row["economy_label"], row["n_traders"])
    return repr((rule, economy, row["trader"], row["information"]))


def _markets(subject: _Subject, count: int) -> str:
    """Return what the markets of a sentence are called."""
    name = "-".join(IN_CAPITALS.get(part, part) for part in subject.mechanism.split("-"))
    noun = "control" if subject.is_control else "market"
    audited = "audited " if subject.question.startswith("audit") else ""
    strategy = "" if subject.strategy == "honest" else f" with strategy {subject.strategy}"
    return f"{audited}{name} {noun}{'' if count == 1 else 's'}{strategy}"


def _outcome(subject: _Subject, row: ReportRow) -> str:
    """Return what holds in the market of a row."""
    average = " on average" if row["scope"] == "in expectation" else ""
    joint = f" by a {subject.question}" if subject.question.startswith("coalition") else ""
    meant = ", as it is meant to" if subject.is_control else ""
    openly = f"whether a deviation{joint} pays is open" if joint else "the answer is open"
    pays = {
        "confirmed": f"no deviation{joint} pays{average}{_once_drawn(row)}",
        "refuted": f"a deviation{joint} pays{average}{meant}",
        "undetermined": openly,
        "vacuous": "nobody trades",
    }
    holds = {"confirmed": "holds", "refuted": "is violated", "undetermined": "is open"}
    if subject.constraint not in (None, INCENTIVES) and row["state"] in holds:
        return f"{str(subject.constraint).replace('_', ' ')} {holds[row['state']]}"
    # Reports of strangers and of later versions may hold other states.
    return pays.get(row["state"], f"the verdict is {row['state']}")


def _once_drawn(row: ReportRow) -> str:
    """Return what a lottery, in which no deviation pays on average, leaves to gain."""
    drawn = row.get("each_draw")
    found = drawn is not None and drawn["state"] == "refuted"
    return " before the lots are drawn and one does once they are known" if found else ""


def _searches(subject: _Subject, rows: Sequence[ReportRow]) -> Iterable[str]:
    """Yield how much of what there is to gain the learners found, where learners were asked."""
    if subject.question != "deviation":
        return
    paying = [row for row in rows if row["state"] == "refuted"]
    others = [row for row in rows if row["state"] != "refuted" and not subject.is_control]
    shares = [row["share"] for row in paying if row["share"] is not None]
    powers = [row["power"] for row in others if row["power"] is not None]
    if powers:
        yield f"in the matched markets where one does, {_found(powers)} of it"
        if len(powers) < len(others):
            yield f"for {len(others) - len(powers)} of these rows no learner was tried there"
    elif others:
        yield "no learner was tried in a matched market where one does"
    if shares:
        yield f"{_found(shares)} of what there is to gain"


def _found(shares: Sequence[float]) -> str:
    """Return which shares learners found, as "the learners found 95.6% to 99.9%"."""
    low, high = f"{min(shares):.1%}", f"{max(shares):.1%}"
    if max(shares) <= 0:
        return "the learners found none"
    if min(shares) <= 0:
        return f"the learners found at most {high}"
    return f"the learners found {low if low == high else f'{low} to {high}'}"
