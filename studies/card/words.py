"""A report card in plain words."""

from collections.abc import Iterator, Mapping
from math import ceil
from textwrap import wrap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from deviator.evidence import verdict_in_words
from deviator.evidence.constraints import INCENTIVES, Constraint, ConstraintVerdict
from deviator.policies import knowledge

if TYPE_CHECKING:
    from ..beyond_claim import JointFinding, LearnedJointGain
    from .report_card import ReportCard

WIDTH = 100
"""Characters of a line, at most."""

LINES = 3
"""Of a text; longer reasons are cut, and stand in full in ``report.json``."""

TITLES: Mapping[Constraint, str] = MappingProxyType(
    {
        "incentive_compatibility": "incentive compatibility",
        "market_clearing": "market clearing",
        "budget_surplus": "budget surplus",
        "individual_rationality": "individual rationality",
        "efficiency": "efficiency",
    }
)
"""In the order in which they are shown."""

EACH_DRAW = "the same in each draw"
"""The title of what is gained in a lottery by who knows the lots."""

VIOLATED: Mapping[Constraint, str] = MappingProxyType(
    {
        "market_clearing": "violated: quantities do not sum to 0",
        "budget_surplus": "violated: there are deficits",
        "individual_rationality": "violated: a trader is worse off than without trade",
        "efficiency": "violated: some gains from trade are lost",
    }
)


def words_of(answer: ConstraintVerdict) -> str:
    """Return an answer in plain words.

    Examples
    --------
    >>> words_of(ConstraintVerdict("efficiency", "undetermined", "sampled", 0, 0, None, "?"))
    'open'
    """
    deviation = answer.constraint == INCENTIVES
    if answer.state == "refuted" and answer.reason.startswith("not implementable"):
        return "no transfers make it truthful"
    if answer.state == "refuted" and not deviation:
        return VIOLATED[answer.constraint]
    return verdict_in_words(answer.state, answer.scope, deviation=deviation)


def words_of_draws(answer: Mapping[str, Any]) -> str:
    """Return the answer on what is gained once the lots are known, in plain words."""
    return "profitable deviation found" if answer["state"] == "refuted" else "open"


def lines_of(card: "ReportCard", width: int) -> list[str]:
    """Return a card as lines, each of at most `width` characters."""
    width = min(width, WIDTH)
    return [line for text, indent in _texts(card) for line in _cut(text, indent, width)]


def _texts(card: "ReportCard") -> Iterator[tuple[str, int]]:
    """Yield what a card says, each with the spaces that it is moved in by."""
    yield _title(card), 0
    for name, title in TITLES.items():
        answer = card.constraints[name]
        yield f"{title:<24}{words_of(answer)}{_size(answer)}", 2
        yield answer.reason, 4
        if name == "incentive_compatibility" and card.each_draw is not None:
            yield f"{EACH_DRAW:<24}{words_of_draws(card.each_draw)}", 2
            yield card.each_draw["reason"], 4
    for line in _search_lines(card):
        yield line, 2
    for finding in card.beyond:
        yield f"beyond the claim: {who_together(finding)}: {words_beyond(finding)}", 2
        for each in finding.learned:
            yield _learned(each), 4


def _learned(each: "LearnedJointGain") -> str:
    share = "" if each.share is None else f", {100 * each.share:.2f}% of the largest possible gain"
    return f"learned by {each.learner}, seed {each.seed}: {each.gain:.3g}{share}"


def who_together(finding: "JointFinding") -> str:
    """Return who deviates together, in plain words."""
    people = ", ".join(str(person) for person in finding.people)
    if finding.kind == "identities":
        return f"trader {people} under {finding.identities} names"
    paying = "who may pay each other" if finding.transfers else "each of whom must gain"
    return f"coalition of {people}, {paying}"


def words_beyond(finding: "JointFinding") -> str:
    """Return what a joint deviation gains, in plain words."""
    if finding.reach == "unbounded":
        alike = finding.same_shape
        same = "" if alike is None else f"; with bids of the strategy's shapes {alike:.3g} a market"
        return f"gains without bound ({finding.reason}){same}"
    share = "" if finding.share is None else f", {100 * finding.share:.3g}% of the stakes"
    gained = f"mean gain {finding.lower:.3g}{share}" if finding.pays else "no gain found"
    known = {
        "exact": "exact",
        "capped": f"certified cap {0.0 if finding.cap is None else finding.cap:.3g}",
        "searched": "the best that a search found",
        "not searched": "no exact answer, and no learner named",
    }
    return f"{gained} ({known[finding.reach]})"


def _cut(text: str, indent: int, width: int) -> list[str]:
    """Return a text on as many lines as `LINES` full ones need."""
    margin = " " * indent
    return wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        max_lines=ceil(LINES * WIDTH / width),
        placeholder=" ...",
    )


def _title(card: "ReportCard") -> str:
    audited = card.audited
    short = {k: v for k, v in audited.settings.items() if isinstance(v, bool | int | float | str)}
    settings = ", ".join(f"{name}={value}" for name, value in short.items())
    return (
        f"{audited.mechanism} ({settings}) in {audited.economy['name']}, {audited.n_traders} "
        f"traders, {audited.law}, strategy {audited.strategy}"
    ).replace(" ()", "")


def _size(answer: ConstraintVerdict) -> str:
    """Return how large a violation is, or may be."""
    if answer.state != "refuted" or answer.worst_share == 0:
        return ""
    return f" ({100 * answer.worst_share:.3g}% of the gains from trade)"


def _search_lines(card: "ReportCard") -> list[str]:
    audited = card.audited
    tried = ", ".join(str(members[0]) for members in audited.classes[:8])
    more = "" if len(audited.classes) <= 8 else ", ..."
    each = "what holds for them holds for all" if audited.all_traders else "nobody else was tried"
    if len(audited.classes) == audited.n_traders:
        each = "everybody"
    cap = "none" if card.upper is None else f"{card.upper:.3g}"
    unit = ", in units of payoff" if card.verdict.unit == "payoff" else ""
    lines = [
        f"deviators: {tried}{more} ({each}), who know {knowledge(audited.information)}",
        f"mean gain{unit}: found {card.lower:.3g}, certified cap {cap}; up to {card.epsilon:.2g} "
        f"counts as 0; {audited.held_out} profiles",
    ]
    if audited.rounds > 1:
        lines.append(
            f"over {audited.rounds} rounds: the search tried constant bids and a bid per round; "
            "rules over rounds have no certificate"
        )
    if card.power is not None:
        interval = card.verdict.power_interval
        within = "" if interval is None else f" ({interval[0]:.1%} to {interval[1]:.1%})"
        lines.append(f"power: learners captured {card.power:.1%} of the control's gain{within}")
        lines += _powers(card.verdict.power_by_learner)
    lines += card.verdict.stopped
    if card.resolution is not None:
        lines.append(f"resolution: the smallest planted gain noticed is {card.resolution:.3g}")
    return lines


def _powers(shares: Mapping[str, float]) -> list[str]:
    """Return a line on what each of several learners captured."""
    if len(shares) < 2:
        return []
    each = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    return [f"power of each learner: {each}"]
