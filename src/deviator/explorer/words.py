"""Answers in plain words."""

from deviator.evidence.constraints import ConstraintVerdict
from deviator.studies.card.words import words_of


def answer_in_words(answer: ConstraintVerdict) -> str:
    """Return the answer on one constraint in plain words."""
    return words_of(answer)
