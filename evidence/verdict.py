"""What a study may claim about a market: lower bound, certified cap, power and state."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np

from deviator.economies import is_linear_quadratic
from deviator.policies import Information
from deviator.validation import Floats

from .market import Market

State = Literal["confirmed", "refuted", "undetermined", "vacuous"]
"""Confirmed: a certificate caps every gain at epsilon. Refuted: a profitable deviation was found
and re-checked. Undetermined: neither. Vacuous: nobody trades."""

EPSILON = 1e-9
"""Gains up to this multiple of the scale count as none, in linear-quadratic markets."""

EPSILON_ELSEWHERE = 1e-6
"""The same in other markets, where outcomes are solved for numerically."""


@final
@dataclass(frozen=True)
class Verdict:
    """Whether the tested strategy can be profitably deviated from.

    Attributes
    ----------
    state : {"confirmed", "refuted", "undetermined", "vacuous"}
    lower : float
        The largest mean gain that anyone found, in units of money per market; honesty is among
        the candidates, so it is never negative.
    upper : float or None
        Certified cap on the mean gain of any deviation; None where there is no certificate.
    epsilon : float
        Gains up to here count as none.
    scale : float
        First-best surplus per trader.
    power : float or None
        Share of the exact best gain that the learner captured on the matched control with the
        same budget; None where nothing was trained.
    resolution : float or None
        Smallest planted gain that the learner noticed; None where none was planted or noticed.
    certificate : dict or None
        Kind and conditions of the certificate.
    witness : dict or None
        A profitable deviation, with everything needed to check it.
    mechanism_economy : dict or None
        The economy that a direct mechanism holds where it is not the audited one.
    plugins : tuple of dict
        Name, provider and version of mechanism, economy, strategy and learner.
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


def epsilon_of(tested: Market) -> float:
    """Return the gain up to which gains in a market count as none, in units of money."""
    linear = is_linear_quadratic(tested.economy)
    return (EPSILON if linear else EPSILON_ELSEWHERE) * tested.scale()


def sampling_error(gains: Floats) -> float:
    """Return three standard errors of the mean gain, from the choice of profiles."""
    return 3 * float(gains.std()) / float(np.sqrt(len(gains)))


def pays(tested: Market, gains: Floats, information: Information) -> bool:
    """Return whether a deviation's gains at drawn profiles are worth a search for a witness.

    Who knows the profile deviates only where it pays: one gain refutes, however rare. Who knows
    his own type only may lose at profiles that were not drawn.
    """
    luck = sampling_error(gains) if information == "own" else 0.0
    return float(gains.mean()) > max(luck, epsilon_of(tested))


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
    if upper is not None and lower > upper * (1 + 1e-6) + epsilon + error:
        # The two sides contradict each other: something is broken, and neither is believed.
        return "undetermined"
    if lower > epsilon and rechecked:
        return "refuted"
    if upper is not None and upper <= epsilon:
        return "confirmed"
    return "undetermined"


def reach_verdict(
    *,
    gains: list[float],
    error: float,
    scale: float,
    epsilon: float,
    certificate: dict[str, Any] | None,
    witness: dict[str, Any] | None,
    trades: bool,
    **more: Any,
) -> Verdict:
    """Return the verdict that the evidence on one market supports.

    Parameters
    ----------
    gains : list of float
        Mean gains that were found, exact and learned; honesty's 0 is added.
    error : float
        Their sampling error.
    scale, epsilon, certificate, witness, **more
        As in `Verdict`.
    trades : bool
        Whether anybody trades; nothing was tried where nobody does.
    """
    upper = None if certificate is None else certificate["cap"]
    lower = _within_rounding(max(0.0, *gains), upper, scale)
    rechecked = witness is not None
    state: State = (
        "vacuous"
        if not trades
        else decide(lower=lower, upper=upper, epsilon=epsilon, rechecked=rechecked, error=error)
    )
    evidence = {"certificate": certificate, "witness": witness} | more
    return Verdict(state, lower, upper, epsilon, scale, **evidence)


def _within_rounding(lower: float, upper: float | None, scale: float) -> float:
    """Return a lower bound that rounding alone does not put above the upper one."""
    if upper is None or not upper < lower <= upper + 1e-12 * scale:
        return lower
    return upper
