"""The JSON schema of witnesses: ``docs/witnesses.md`` and ``docs/coalitions.md`` describe them."""

from deviator.evidence.constraints import CONSTRAINTS, INCENTIVES

from .parts import (
    ARITHMETIC,
    BIDS,
    MARKET,
    NUMBER,
    PROFILE,
    WHOLE,
    Schema,
    document,
    fields,
    listed,
    named_file,
    one_of,
    or_none,
)

OUTCOME = fields(
    {"price": or_none(NUMBER), "quantity": NUMBER, "transfer": NUMBER, "utility": NUMBER}
)
"""What one trader has; no price where nobody trades."""

TOTALS = fields({name: listed(NUMBER, 1) for name in ("quantity", "transfer", "utility")})
"""What each of several people has in all."""

POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
EXACT = or_none({"type": "object"})


def witness_schema() -> Schema:
    """Return the JSON schema of a witness of any kind."""
    return document(
        "a witness of deviator", {"oneOf": [_deviation(), _profile(), _joint(), _falling()]}
    )


def _deviation() -> Schema:
    return named_file(
        "one bid pays",
        "deviator deviation witness",
        {
            **MARKET,
            "trader": WHOLE,
            "types": PROFILE,
            "honest_bids": or_none(BIDS),
            "bid": listed(NUMBER, 1),
            "honest_outcome": OUTCOME,
            "deviating_outcome": OUTCOME,
            "gain": POSITIVE,
            "arithmetic": ARITHMETIC,
            "exact": EXACT,
        },
        average_over=fields({"draws": WHOLE, "gain": NUMBER, "standard_error": NUMBER}),
    )


def _profile() -> Schema:
    each = listed(or_none(NUMBER), 3)
    return named_file(
        "honest bids break a constraint",
        "deviator profile witness",
        {
            **MARKET,
            "constraint": one_of(*(name for name in CONSTRAINTS if name != INCENTIVES)),
            "trader": or_none(WHOLE),
            "types": PROFILE,
            "honest_bids": or_none(BIDS),
            "prices": each,
            "quantities": PROFILE,
            "transfers": PROFILE,
            "utilities": PROFILE,
            "first_best": fields({"quantities": PROFILE, "total": NUMBER}),
            "violation": POSITIVE,
            "gains_from_trade": NUMBER,
            "share": or_none(NUMBER),
            "arithmetic": ARITHMETIC,
            "exact": EXACT,
        },
        outside=NUMBER,
    )


def _joint() -> Schema:
    people = listed(WHOLE, 1)
    return named_file(
        "bids of several, or of one under several names, pay",
        "deviator joint deviation witness",
        {
            **MARKET,
            "kind": one_of("coalition", "identities"),
            "enlarged": or_none(fields({})),
            "trader": WHOLE,
            "people": people,
            "places": people,
            "owners": people,
            "transfers": {"type": "boolean"},
            "types": PROFILE,
            "bids": listed(listed(NUMBER), 1),
            "honest_bids": BIDS,
            "arena_bids": BIDS,
            "honest_outcome": TOTALS,
            "deviating_outcome": TOTALS,
            "gains": listed(NUMBER, 1),
            "gain": POSITIVE,
            "arithmetic": ARITHMETIC,
            "exact": EXACT,
        },
    )


def _falling() -> Schema:
    """Return the schema of types at which no transfers make reports truthful."""
    return named_file(
        "a quantity falls as the own type rises",
        "deviator falling quantity",
        {
            "mechanism": MARKET["mechanism"],
            "settings": MARKET["settings"],
            "economy": MARKET["economy"],
            "trader": WHOLE,
            "types": PROFILE,
            "higher_type": NUMBER,
            "quantity": NUMBER,
            "quantity_at_the_higher_type": NUMBER,
        },
    )
