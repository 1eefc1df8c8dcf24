"""The JSON schema of certificates: ``docs/witnesses.md`` describes them."""

from deviator.evidence.constraints import CONSTRAINTS, INCENTIVES

from .parts import (
    FRACTION,
    MARKET,
    NUMBER,
    PROFILE,
    TRADERS,
    WHOLE,
    Schema,
    document,
    fields,
    listed,
    named_file,
    one_of,
    or_none,
)

LINES = fields(
    {
        "coefficients": listed(listed(FRACTION), TRADERS),
        "constant": listed(FRACTION, TRADERS),
        "own": listed(FRACTION, TRADERS),
    }
)
"""Bids of the strategy: coefficients, and levels constant_i + own_i s_i."""

CAP: Schema = {"type": "number", "minimum": 0}

LAW = fields(
    {"normal": {"type": "boolean"}, "mean": PROFILE, "covariance": listed(listed(NUMBER), TRADERS)}
)


def certificate_schema() -> Schema:
    """Return the JSON schema of a certificate of either kind."""
    return document("a certificate of deviator", {"oneOf": [_incentives(), _constraint()]})


def _incentives() -> Schema:
    claim = fields(
        {
            "scope": one_of("every profile", "in expectation"),
            "cap": CAP,
            "information": {"type": "string"},
            "law": or_none(LAW),
        }
    )
    return named_file(
        "no deviation gains more than the cap",
        "deviator incentive certificate",
        {
            **MARKET,
            "constraint": {"const": INCENTIVES},
            "trader": or_none(WHOLE),
            "bids": LINES,
            "claim": claim,
            "conditions": listed({}),
        },
    )


def _constraint() -> Schema:
    return named_file(
        "honest bids violate a constraint by no more than the cap, of the gains from trade",
        "deviator constraint certificate",
        {
            **MARKET,
            "constraint": one_of(*(name for name in CONSTRAINTS if name != INCENTIVES)),
            "bids": LINES,
            "claim": fields({"scope": {"const": "every profile"}, "cap": CAP}),
            "conditions": listed({}),
        },
    )
