"""What the evidence on deviating in one market supports: lower bound, cap, power and state."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, final

from deviator.policies import OwnType, knows_profile
from deviator.policies.information import is_named
from deviator.validation import check_kind

from .certificates.exact import KIND as EXACT
from .constraints import Scope, State
from .evidence import Evidence
from .market import Unit
from .power import resolution, resolution_interval
from .words import verdict_in_words

CONTRADICTION = 1e-6
"""Share of the cap that a lower bound may exceed it by: both are sums in floating point."""

TRAINED = 1e-6
"""Multiple of the stakes above which one gain in training, of wild bids too, is no rounding."""

SUMMED = 1e-12
"""Multiple of the stakes by which rounding alone puts a sum of gains above their cap."""


@final
@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether the tested strategy can be profitably deviated from.

    Attributes
    ----------
    state : {"confirmed", "refuted", "undetermined", "vacuous"}
    lower : float
        The largest mean gain that anyone achieved and that was computed again, in units of money
        per market; honesty is among the candidates, so it is never negative.
    upper : float or None
        Certified cap on the mean gain of any deviation; None where there is no certificate.
    epsilon : float
        Gains up to here count as zero: a share of the deviator's own stakes.
    scale : float
        First-best surplus per trader.
    power : float or None
        Share of the exact best gain that the learners captured on the matched control with the
        same budget; None where nothing was trained there.
    resolution : float or None
        Smallest planted gain that the learners noticed; None where none was planted or noticed.
    certificate : dict or None
        Kind and conditions of the certificate.
    witness : dict or None
        A profitable deviation, with everything needed to check it.
    mechanism_economy : dict or None
        The economy that a direct mechanism holds where it is not the audited one.
    plugins : tuple of dict
        Name, provider and version of mechanism, economy, strategy and learners.
    scope : {"every profile", "in expectation", "sampled"}
        Of what the state speaks.
    reason : str
        Why the state is what it is, in plain words.
    worst : float
        The largest gain at one profile that rounding does not explain, in units of money.
    information : str
        What deviators know: the name of a rung.
    power_interval, resolution_interval : tuple of float or None
        95% Student interval over seeds; the planted gains between which the resolution lies.
    power_by_learner : dict of str to float
        The power of each learner; empty where `power` is None.
    stopped : tuple of str
        Why trainings ended before their budget was spent, a sentence each.
    each_draw : dict or None
        Whether deviating pays once the lots are known, as in `EachDraw`; None where the rule draws
        none. The state itself is about the mean over the lots.
    unit : {"money", "payoff"}
        What gains and stakes are measured in: payoff where it is not utility minus transfer.
    """

    state: State
    lower: float
    upper: float | None
    epsilon: float
    scale: float
    power: float | None = None
    resolution: float | None = None
    certificate: dict[str, Any] | None = None
    witness: dict[str, Any] | None = None
    mechanism_economy: dict[str, Any] | None = None
    plugins: tuple[dict[str, str], ...] = ()
    scope: Scope = "sampled"
    reason: str = ""
    worst: float = 0.0
    information: str = "profile"
    power_interval: tuple[float, float] | None = None
    resolution_interval: tuple[float, float] | None = None
    power_by_learner: dict[str, float] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    each_draw: dict[str, Any] | None = None
    unit: Unit = "money"

    def in_words(self) -> str:
        """Return the state and its scope in plain words."""
        return verdict_in_words(self.state, self.scope)

    def __str__(self) -> str:
        """Return the verdict, why, and what was measured, a line each."""
        cap = "none" if self.upper is None else f"{self.upper:.3g}"
        unit = ", in units of payoff" if self.unit == "payoff" else ""
        gains = f"mean gain{unit}: found {self.lower:.3g}, certified cap {cap}"
        lines = [self.in_words(), self.reason, f"{gains}; up to {self.epsilon:.2g} counts as 0"]
        if self.power is not None:
            lines.append(f"power: learners captured {self.power:.1%} of the control's gain")
        return "\n  ".join(line for line in lines if line)

    def __repr__(self) -> str:
        return f"<Verdict: {self.in_words()}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@final
@dataclass(frozen=True)
class Decision:
    """A state, of what it speaks, and why."""

    state: State
    scope: Scope
    reason: str


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict that the evidence on one market supports; a pure function.

    Parameters
    ----------
    evidence : Evidence
    """
    check_kind("evidence", evidence, Evidence, "have it from deviator.studies.gather")
    certificate, control = evidence.certificate, evidence.control
    decision = decide(evidence)
    planted = [(mutant.share, mutant.best.gain) for mutant in evidence.planted]
    return Verdict(
        decision.state,
        _rechecked(evidence),
        _cap(evidence),
        evidence.epsilon,
        evidence.scale,
        power=None if control is None else control.share,
        resolution=resolution(planted),
        certificate=None if certificate is None else certificate.to_dict(),
        witness=evidence.witness,
        mechanism_economy=evidence.mechanism_economy,
        plugins=evidence.plugins,
        scope=decision.scope,
        reason=decision.reason,
        worst=evidence.beyond_rounding,
        information=evidence.information,
        power_interval=None if control is None else control.share_interval,
        resolution_interval=resolution_interval(planted),
        power_by_learner={} if control is None else control.shares,
        stopped=tuple(_stopped(evidence)),
        each_draw=None if evidence.each_draw is None else evidence.each_draw.to_dict(),
        unit=evidence.unit,
    )


def _stopped(evidence: Evidence) -> Iterator[str]:
    """Yield why trainings ended early, on the control and in mutants too."""
    gathered = (evidence, evidence.control, *evidence.planted)
    for where in (each for each in gathered if each is not None):
        for one in where.learned:
            if one.stopped is not None:
                yield f"{one.learner}, seed {one.seed}: {one.stopped}"


def decide(evidence: Evidence) -> Decision:
    """Return the state that the evidence supports.

    No contradiction stands: where the two sides disagree, neither is believed.
    """
    contradiction = _contradiction(evidence)
    if contradiction is not None:
        return Decision("undetermined", "sampled", contradiction)
    if evidence.witness is not None:
        return _profitable(evidence)
    if evidence.trades or _claimed(evidence) > evidence.epsilon:
        return _unprofitable(evidence)
    reason = "nobody trades, neither under the strategy nor under any bid tried"
    return Decision("vacuous", "sampled", reason)


def _contradiction(evidence: Evidence) -> str | None:
    """Return how the evidence contradicts itself, or None where it does not."""
    cap, best, claimed = _cap(evidence), evidence.best, _claimed(evidence)
    if cap is not None and claimed > cap * (1 + CONTRADICTION) + evidence.epsilon + best.error:
        return f"a mean gain of {claimed:.3g} contradicts the certified cap of {cap:.3g}"
    beyond = max(evidence.beyond_rounding, _in_training(evidence))
    if _nothing_anywhere(evidence) and (beyond > 0 or evidence.witness is not None):
        return f"a gain of {beyond:.3g} at one profile contradicts the cap 0 at every profile"
    learned = max((one.gain for one in evidence.learned), default=0.0)
    allowed = best.gain * (1 + CONTRADICTION) + evidence.epsilon
    allowed += 0.0 if knows_profile(evidence.information) else best.error
    if best.kind == "exact" and learned > allowed:
        return (
            f"a learned gain of {learned:.3g} is above that of the best deviation, {best.gain:.3g}"
        )
    return None if evidence.control is None else _alarm(evidence.control)


def _in_training(evidence: Evidence) -> float:
    """Return the largest gain of a single bid in training, 0 where it may be rounding."""
    gain = max((one.training_gain or 0.0 for one in evidence.learned), default=0.0)
    return gain if gain > max(TRAINED * evidence.stakes, evidence.epsilon) else 0.0


def _alarm(control: Evidence) -> str | None:
    """Return what is wrong with a control in which more was learned than there is to gain."""
    if control.share is None or control.best.kind != "exact":
        return None
    exact = knows_profile(control.information)
    sampled = 0.0 if exact else control.best.error / control.best.gain
    interval = control.share_interval or (control.share, control.share)
    if interval[0] <= 1 + CONTRADICTION + sampled:
        return None
    return f"learners captured {control.share:.1%} of all there is to gain in the matched control"


def _profitable(evidence: Evidence) -> Decision:
    """Return the decision where a deviation was cleared again and pays."""
    of_payoff = " units of payoff" if evidence.unit == "payoff" else ""
    gain = f"a deviation gains {evidence.beyond_rounding:.3g}{of_payoff} at one profile"
    if evidence.witness is not None and "average_over" in evidence.witness:
        gain = _gain_on_average(evidence.witness)
    if knows_profile(evidence.information):
        mean = f"{_rechecked(evidence):.3g} on average"
        return Decision("refuted", "every profile", f"{gain}, and {mean}; its witness was cleared")
    cap = _cap(evidence)
    if cap is not None and cap > evidence.tolerated and _is_attained(evidence):
        reason = f"the best {_bid_of(evidence)} gains {cap:.3g} on average, exactly"
        return Decision("refuted", "in expectation", reason)
    claimed = f"a {_bid_of(evidence)} gains {_claimed(evidence):.3g} on average"
    within = f"give or take three standard errors, {evidence.best.error:.2g}"
    if evidence.rare_losses_known:
        return Decision("refuted", "in expectation", f"{claimed}, {within}, of sampled profiles")
    reason = (
        f"{claimed}, {within}, but losses at profiles too rare to be drawn are not excluded in a "
        "rule or strategy that cannot be read off"
    )
    return Decision("undetermined", "sampled", reason)


def _gain_on_average(witness: dict[str, Any]) -> str:
    """Return what a deviation gains over fresh draws of what chance decides."""
    over = witness["average_over"]
    error = f", standard error {over['standard_error']:.1g}" if over["standard_error"] > 0 else ""
    return (
        f"a deviation gains {over['gain']:.3g} at one profile on average over {over['draws']:,} "
        f"fresh draws{error}"
    )


def _unprofitable(evidence: Evidence) -> Decision:
    """Return the decision where no deviation was seen to pay."""
    cap = _cap(evidence)
    if _claimed(evidence) > evidence.epsilon:
        reason = f"a mean gain of {_claimed(evidence):.3g} was measured, and no witness held up"
        return Decision("undetermined", "sampled", reason)
    if _nothing_anywhere(evidence):
        return Decision("confirmed", "every profile", _proof(evidence))
    if cap is None:
        return Decision("undetermined", "sampled", _uncertified(evidence))
    if cap > evidence.tolerated:
        reason = (
            f"the certified bound on what deviating gains is {cap:.3g}, and no witness was found"
        )
        return Decision("undetermined", "sampled", reason)
    if not knows_profile(evidence.information):
        reason = (
            f"no {_bid_of(evidence)} gains more than {cap:.2g} on average under the law of types"
        )
        return Decision("confirmed", "in expectation", reason)
    reason = f"the cap of {cap:.2g} does not speak of every profile"
    return Decision("undetermined", "sampled", reason)


def _bid_of(evidence: Evidence) -> str:
    """Return what a bid of the deviator's is called: by what it can depend on."""
    own = evidence.information == OwnType.name
    return "bid of own types" if own else f"bid of what the rung {evidence.information} shows"


def _proof(evidence: Evidence) -> str:
    """Return what was proved, and of which profiles."""
    assert evidence.certificate is not None
    region = evidence.certificate.region
    where = "any profile" if region == "every profile" else region
    return f"no deviation gains at {where} ({evidence.certificate.kind})"


def _uncertified(evidence: Evidence) -> str:
    """Return why there is no cap."""
    failed = [] if evidence.certificate is None else evidence.certificate.failures
    why = [*evidence.refusals, *(f"{c.name} fails: {c.detail}" for c in failed)]
    return "no certificate: " + ("; ".join(why) or "none was requested")


def _cap(evidence: Evidence) -> float | None:
    return None if evidence.certificate is None else evidence.certificate.cap


def _is_attained(evidence: Evidence) -> bool:
    """Return whether the cap is the expected gain of the best deviation, and not a bound on it.

    On a rung that another defines it is that of who knows all types.
    """
    exact = evidence.certificate is not None and evidence.certificate.kind == EXACT
    return exact and is_named(evidence.information)


def _nothing_anywhere(evidence: Evidence) -> bool:
    """Return whether the certificate says that nothing is gained at any profile."""
    certificate = evidence.certificate
    return certificate is not None and certificate.every_profile and certificate.cap == 0


def _claimed(evidence: Evidence) -> float:
    """Return the largest mean gain that was measured, whether or not a witness held up."""
    return max(0.0, evidence.best.gain, *(learned.gain for learned in evidence.learned))


def _rechecked(evidence: Evidence) -> float:
    """Return the largest mean gain whose witness held up; not above its cap by rounding alone."""
    if evidence.witness is None:
        return 0.0
    lower, cap = _claimed(evidence), _cap(evidence)
    rounding = max(SUMMED * evidence.stakes, evidence.rounding)
    return cap if cap is not None and cap < lower <= cap + rounding else lower
