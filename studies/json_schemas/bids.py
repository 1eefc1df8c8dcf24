"""The JSON schema of bids."""

from deviator.mechanisms.languages.plain_bids import FORMAT

from .parts import NUMBER, TEXT, TRADERS, Schema, document, listed, named_file


def bids_schema() -> Schema:
    """Return the JSON schema of all traders' bids in some markets."""
    each_bid = listed(NUMBER, 1)
    stated = {"record": TEXT, "numbers": listed(listed(each_bid, TRADERS))}
    return document("bids", named_file("bids of all traders in B markets", FORMAT, stated))
