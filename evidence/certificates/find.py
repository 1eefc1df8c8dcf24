"""The certificates of a market: every trader at once, and a sentence where there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import RoundsMechanism, Unrolled
from deviator.policies import Information, check_information, rung_within
from deviator.validation import trader_index

from ..market import Market
from .bounded_search import certify_bounded_search
from .certificate import Certificate, Condition
from .exact import certify_traders
from .finite_menu import certify_finite_menu
from .single_crossing import certify_single_crossing
from .theorem import certify_traders_by_theorem

Certifier = Callable[[Market, Information], Certificate]
"""Certifies the market's own trader, or raises RefusedError with the reason."""

ManyCertifier = Callable[[Market, Information, Sequence[int]], dict[int, Certificate]]
"""Certifies several traders, whose certificates share what is expensive."""

SHARED_CERTIFIERS: tuple[ManyCertifier, ...] = (certify_traders, certify_traders_by_theorem)
"""Tried first, in this order."""

CERTIFIERS: tuple[Certifier, ...] = (
    certify_single_crossing,
    certify_finite_menu,
    certify_bounded_search,
)
"""Tried in this order for the traders who have no certificate yet."""

NOT_QUASILINEAR = (
    "certificates are about quasi-linear payoffs, utility minus transfer, and the economy {} "
    "states a payoff of its own"
)
OVER_ROUNDS = (
    "nothing is certified of a rule over rounds: bids that stay the same and plans of a bid for "
    "each round were searched"
)
"""What is said of rules over rounds, whose certificates nobody has written."""


@final
@dataclass(frozen=True, eq=False)
class Found:
    """Certificates by trader, and why others have none.

    Attributes
    ----------
    certificates : dict of int to Certificate
        For each trader the one that proves most. Where its cap is None, a condition fails.
    refusals : tuple of str
        One sentence each: why a certificate was not given, and what would give one. Empty where
        every trader has a cap.
    information : str
        The name of the rung on which the deviators look.
    """

    certificates: dict[int, Certificate]
    refusals: tuple[str, ...]
    information: str


def find_certificates(tested: Market, information: Information, traders: Sequence[int]) -> Found:
    """Return the certificates of several traders, each of whom deviates alone.

    Parameters
    ----------
    tested : Market
        The market's own trader does not matter.
    information : str or Rung
        What a deviator knows.
    traders : sequence of int
        Who deviates.

    Raises
    ------
    InvalidInputError
        If there is no such trader, or no such rung.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> found = find_certificates(market(SigmaDCDA(0.2), private_values(3)), "profile", (0, 2))
    >>> {trader: certificate.cap for trader, certificate in found.certificates.items()}
    {0: 0.0, 2: 0.0}
    """
    rung = rung_within(check_information(information), tested.mechanism, tested.economy)
    n = tested.economy.n_traders
    wanted = list(dict.fromkeys(trader_index(trader, n) for trader in traders))
    if not wanted:
        raise InvalidInputError("traders must name somebody who deviates, got none")
    if tested.mechanism.draws:
        why = f"certificates are of rules without lots, and {tested.mechanism.name} draws them"
        return Found({}, (why,), rung.name)
    if tested.strategy.mixes:
        why = f"certificates are of strategies that do not draw, and {tested.strategy.name} mixes"
        return Found({}, (why,), rung.name)
    if not tested.economy.quasilinear:
        return Found({}, (NOT_QUASILINEAR.format(tested.economy.name),), rung.name)
    if isinstance(tested.mechanism, Unrolled | RoundsMechanism):
        return Found({}, (OVER_ROUNDS,), rung.name)
    best: dict[int, Certificate] = {}
    refusals: list[str] = []
    for certifier in (*SHARED_CERTIFIERS, *(_each(one) for one in CERTIFIERS)):
        enough = _is_best if certifier in SHARED_CERTIFIERS else _is_capped
        left = [trader for trader in wanted if not enough(best.get(trader))]
        if not left:
            continue
        try:
            _keep_better(best, certifier(tested, rung, left), refusals)
        except RefusedError as error:
            refusals.append(str(error))
    capped = all(_is_capped(best.get(trader)) for trader in wanted)
    return Found(best, () if capped else tuple(dict.fromkeys(refusals)), rung.name)


def _each(certifier: Certifier) -> ManyCertifier:
    """Return a certifier of one trader as one that asks for each in turn.

    What is refused for one trader costs the others nothing; RefusedError where it is for all.
    """

    def certified(
        tested: Market, information: Information, traders: Sequence[int]
    ) -> dict[int, Certificate]:
        found, refused = {}, []
        for trader in traders:
            try:
                found[trader] = certifier(replace(tested, trader=trader), information)
            except RefusedError as error:
                refused.append(error)
        if refused and not found:
            raise refused[0]
        return found

    return certified


def _is_best(certificate: Certificate | None) -> bool:
    """Return whether no certificate says more: a cap of 0 at every profile, or no trade."""
    return certificate is not None and (certificate.every_profile or not certificate.trades)


def _is_capped(certificate: Certificate | None) -> bool:
    """Return whether there is a cap, or nothing to cap."""
    return certificate is not None and (certificate.cap is not None or not certificate.trades)


def _keep_better(
    best: dict[int, Certificate], found: dict[int, Certificate], refusals: list[str]
) -> None:
    """Keep what proves more than is known, and note which conditions fail."""
    for trader, certificate in found.items():
        better = certificate.every_profile or not _is_capped(best.get(trader))
        if trader not in best or (better and certificate.cap is not None):
            best[trader] = certificate
        if certificate.cap is None:
            refusals += [_failed(certificate, failure) for failure in certificate.failures]


def _failed(certificate: Certificate, failure: Condition) -> str:
    return (
        f"a certificate of the kind '{certificate.kind}' needs all its conditions, and one fails: "
        f"{failure.name} ({failure.detail})"
    )
