"""The constants of Lemma 1 and of Propositions 1 to 7, as functions of an economy's bounds."""

from .continuous import (
    c_1,
    c_2,
    d_1,
    d_2,
    d_3,
    deficit_frontiers,
    proposition_1_deficit,
    proposition_1_inefficiency,
    proposition_2_deficit,
    proposition_2_inefficiency,
    proposition_5_inefficiency,
    utility_loss,
    welfare_loss,
)
from .discrete import proposition_6_deficit, proposition_7_deficit, proposition_7_inefficiency

__all__ = [
    "c_1",
    "c_2",
    "d_1",
    "d_2",
    "d_3",
    "deficit_frontiers",
    "proposition_1_deficit",
    "proposition_1_inefficiency",
    "proposition_2_deficit",
    "proposition_2_inefficiency",
    "proposition_5_inefficiency",
    "proposition_6_deficit",
    "proposition_7_deficit",
    "proposition_7_inefficiency",
    "utility_loss",
    "welfare_loss",
]
