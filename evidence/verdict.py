"""What the evidence on a market supports: lower bound, certified cap, power and state."""

from dataclasses import asdict, dataclass
from typing import Any, final

from deviator.validation import check_kind

from .constraints import State
from .evidence import Evidence
from .power import resolution

CONTRADICTION = 1e-6
"""Share of the cap that a lower bound may exceed it by: both are sums in floating point."""

SUMMED = 1e-12
"""Multiple of the scale by which rounding alone puts a sum of gains above their cap."""


@final
@dataclass(frozen=True)
class Verdict:
    """Whether the tested strategy can be profitably deviated from.

    Attributes
    ----------
    state : {"confirmed", "refuted", "undetermined", "vacuous"}
    lower : float
        The largest mean gain that anyone achieved, in units of money per market; honesty is among
        the candidates, so it is never negative.
    upper : float or None
        Certified cap on the mean gain of any deviation; None where there is no certificate.
    epsilon : float
        Gains up to here count as zero.
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict that the evidence on one market supports; a pure function.

    Parameters
    ----------
    evidence : Evidence
    """
    check_kind("evidence", evidence, Evidence, "have it from deviator.studies.gather")
    certificate = evidence.certificate
    upper = None if certificate is None else certificate.cap
    gains = (evidence.best.gain, *(learned.gain for learned in evidence.learned))
    lower = _within_rounding(max(0.0, *gains), upper, evidence.scale)
    return Verdict(
        _state(evidence, lower, upper),
        lower,
        upper,
        evidence.epsilon,
        evidence.scale,
        power=None if evidence.control is None else evidence.control.share,
        resolution=resolution((mutant.share, mutant.best.gain) for mutant in evidence.planted),
        certificate=None if certificate is None else certificate.to_dict(),
        witness=evidence.witness,
        mechanism_economy=evidence.mechanism_economy,
        plugins=evidence.plugins,
    )


def _state(evidence: Evidence, lower: float, upper: float | None) -> State:
    if not evidence.trades:
        return "vacuous"
    return decide(
        lower=lower,
        upper=upper,
        epsilon=evidence.epsilon,
        rechecked=evidence.witness is not None,
        error=evidence.best.error,
    )


def decide(
    *,
    lower: float,
    upper: float | None,
    epsilon: float,
    rechecked: bool,
    error: float = 0.0,
) -> State:
    """Return the state that the evidence supports.

    Parameters
    ----------
    lower, upper, epsilon : float
        As in `Verdict`.
    rechecked : bool
        Whether a witness of the lower bound held when it was cleared again.
    error : float
        Sampling error of the lower bound, a mean over profiles, where the upper is an expectation.

    Examples
    --------
    >>> decide(lower=0.0, upper=None, epsilon=1e-9, rechecked=False)
    'undetermined'
    """
    if upper is not None and lower > upper * (1 + CONTRADICTION) + epsilon + error:
        # The two sides contradict each other: something is broken, and neither is believed.
        return "undetermined"
    if lower > epsilon and rechecked:
        return "refuted"
    if upper is not None and upper <= epsilon:
        return "confirmed"
    return "undetermined"


def _within_rounding(lower: float, upper: float | None, scale: float) -> float:
    """Return a lower bound that rounding alone does not put above the upper one."""
    if upper is None or not upper < lower <= upper + SUMMED * scale:
        return lower
    return upper
