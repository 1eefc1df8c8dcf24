"""Certificates as files, from which a script that knows nothing of deviator derives them again."""

import json
from fractions import Fraction
from typing import Any

import numpy as np

from deviator.economies import NormalTypes
from deviator.errors import RefusedError
from deviator.policies import Information, OwnType, WholeProfile, rung_name

from .certificates import Certificate
from .certificates.exact import KIND as EXACT
from .certificates.honest_markets import own_type_only, unit_profiles
from .constraints import ConstraintVerdict
from .market import Market
from .plain_data import fractions, market_as_data
from .recheck import recheck_constraints
from .witness import has_exact_forms

FORMAT, CONSTRAINT_FORMAT, VERSION = (
    "deviator incentive certificate",
    "deviator constraint certificate",
    1,
)

WRITTEN = (OwnType.name, WholeProfile.name)
"""Rungs on which the script that checks files derives what is gained on average."""


def certificate_file(
    tested: Market,
    certificate: Certificate,
    information: Information = "profile",
    *,
    all_traders: bool = False,
) -> dict[str, Any]:
    """Return an exact certificate as plain data, with all that it takes to derive it again.

    Parameters
    ----------
    tested : Market
        The market that was certified.
    certificate : Certificate
        That no deviation pays, or a cap on what it gains in expectation.
    information : {"profile", "own"}
        The deviator's rung, where the cap is in expectation.
    all_traders : bool
        Whether it speaks of every trader, and not of the market's only.

    Returns
    -------
    dict
        Plain data, described in ``docs/witnesses.md``.

    Raises
    ------
    RefusedError
        If the certificate is of another kind, has no cap, or its market has no exact form.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import certify, market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> tested = market(SigmaDCDA(0.5), private_values(3))
    >>> certificate_file(tested, certify(tested))["claim"]
    {'scope': 'every profile', 'cap': 0.0, 'information': 'profile', 'law': None}
    """
    rung = information if isinstance(information, str) else rung_name(information)
    if not certificate.every_profile and rung not in WRITTEN:
        raise RefusedError(
            f"a file with a cap on a mean needs the rung {' or '.join(WRITTEN)}, got {rung}"
        )
    if certificate.kind != EXACT or certificate.cap is None:
        raise RefusedError(
            f"a file needs an exact linear-quadratic certificate with a cap, got one of kind "
            f"{certificate.kind} with cap {certificate.cap}"
        )
    return {
        "format": FORMAT,
        "version": VERSION,
        **market_as_data(tested),
        "constraint": "incentive_compatibility",
        "trader": None if all_traders else tested.trader,
        "bids": strategy_as_bids(tested),
        "claim": _claim(tested, certificate, rung),
        "conditions": certificate.to_dict()["conditions"],
    }


def constraint_file(tested: Market, verdict: ConstraintVerdict) -> dict[str, Any]:
    """Return a certified answer about honest bidding as plain data, to be derived again.

    Parameters
    ----------
    tested : Market
    verdict : ConstraintVerdict
        On market clearing, budget surplus, individual rationality or efficiency, with a cap on the
        violation at every profile, relative to the gains from trade.

    Raises
    ------
    RefusedError
        If it is about deviations, has no cap at every profile, or its market has no exact form; or
        if the cap holds up to the rounding of a strategy only.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import SigmaDCDA
    >>> tested = market(SigmaDCDA(1.0), private_values(3))
    >>> kept = ConstraintVerdict(
    ...     "budget_surplus", "confirmed", "every profile", 0.0, 0.0, 0.0, "never negative"
    ... )
    >>> constraint_file(tested, kept)["claim"]
    {'scope': 'every profile', 'cap': 0.0}
    """
    honest = verdict.constraint != "incentive_compatibility"
    if not honest or verdict.cap is None or verdict.scope != "every profile":
        raise RefusedError(
            f"a file needs a cap at every profile on what honest bidding breaks, got "
            f"{verdict.constraint} with cap {verdict.cap}, {verdict.scope}"
        )
    data = {
        "format": CONSTRAINT_FORMAT,
        "version": VERSION,
        **market_as_data(tested),
        "constraint": verdict.constraint,
        "bids": strategy_as_bids(tested),
        "claim": {"scope": verdict.scope, "cap": verdict.cap},
        "conditions": (verdict.certificate or {}).get("conditions", []),
    }
    _check_derived(data)
    return data


def _check_derived(data: dict[str, Any]) -> None:
    """Refuse a cap that does not follow from what the file says, as its readers will see it."""
    read = {name: _as_read(value) for name, value in data.items()}
    try:
        recheck_constraints.check(read)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise RefusedError(
            f"a file needs a cap that holds to the last digit, and {error}; it holds up to rounding"
        ) from None


def _as_read(value: Any) -> Any:
    """Return plain data with its numbers as exact as scripts read them."""
    return json.loads(json.dumps(value), parse_float=_exactly, parse_int=_exactly)


def _exactly(text: str) -> Fraction:
    return Fraction(float(text))


def _claim(tested: Market, certificate: Certificate, rung: str) -> dict[str, Any]:
    law = tested.distribution
    described = {
        "normal": isinstance(law, NormalTypes),
        "mean": np.asarray(law.mean).tolist(),
        "covariance": np.asarray(law.covariance).tolist(),
    }
    return {
        "scope": "every profile" if certificate.every_profile else "in expectation",
        "cap": certificate.cap,
        "information": rung,
        "law": None if certificate.every_profile else described,
    }


def strategy_as_bids(tested: Market) -> dict[str, Any]:
    """Return exact bids: coefficients, and levels constant_i + own_i s_i.

    Raises
    ------
    RefusedError
        If the market has no exact form, or a bid uses more than the own type.
    """
    if not has_exact_forms(tested):
        raise RefusedError(
            f"a certificate file needs exact bids and an exact rule, which {tested.mechanism.name} "
            f"with the strategy {tested.strategy.name} lacks"
        )
    bids = tested.strategy.exact_bids(unit_profiles(tested.economy.n_traders))
    own_type = own_type_only(bids)
    if not own_type.holds:
        raise RefusedError(
            f"a certificate needs bids that use the own type only, and {own_type.detail} under "
            f"{tested.strategy.name}"
        )
    effects = bids.levels[1:] - bids.levels[0]
    return {
        "coefficients": fractions(bids.coefficients),
        "constant": fractions(bids.levels[0]),
        "own": fractions(effects.diagonal()),
    }
