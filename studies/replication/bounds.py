"""Lemma 1, Propositions 1, 2 and 5, and Section 7: bounds on deficits and inefficiencies."""

from . import budget_claim, lemma_1, proposition_1, proposition_2, proposition_5, uniqueness

STATEMENTS = (
    *lemma_1.STATEMENTS,
    *proposition_1.STATEMENTS,
    *proposition_2.STATEMENTS,
    *budget_claim.STATEMENTS,
    *proposition_5.STATEMENTS,
    *uniqueness.STATEMENTS,
)
"""In the paper's order."""
