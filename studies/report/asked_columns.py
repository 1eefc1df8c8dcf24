"""Columns of a row whose cell asks something else than what one trader gains by deviating."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from deviator.evidence.constraints import Scope, State

Columns = dict[str, Any]

NOT_ASKED: Mapping[str, None] = MappingProxyType(
    dict.fromkeys(("constraints", "outcomes", "beyond", "equilibrium"))
)
"""What the rows of some questions have."""

NOT_TOLD: Mapping[str, None] = MappingProxyType(
    dict.fromkeys(("untrained_gain", "learned_gain_max", "training_gain_max", "stopped"))
)
"""What findings on parties do not tell of a training."""


def asked_columns(result: Columns) -> Columns:
    """Return the columns of a row that its question answers in its own way; few of a deviation.

    Parameters
    ----------
    result : dict
        Of `run_cell`.
    """
    question = result.get("question", "deviation")
    columns = {"question": question, **NOT_ASKED}
    if question == "deviation":
        return columns
    known = {name: result.get(name) for name in ("honest_utility", "stakes")}
    return columns | known | ANSWERS[question](result)


def _audit(result: Columns) -> Columns:
    answer = result["answer"]
    return {
        **answer,
        "trader": result["trader"],
        "epsilon": result["epsilon"],
        "best_gain": answer["lower"],
        "constraints": result["constraints"],
        "outcomes": result["outcomes"],
    }


def _coalition(result: Columns) -> Columns:
    found = result["beyond"]
    state, scope = _joint_answer(found)
    learned = found["learned"]
    gains = [one["gain"] for one in learned]
    return {
        "state": state,
        "scope": scope,
        "reason": found["reason"],
        "lower": found["lower"],
        "worst": 0.0 if found["witness"] is None else max(0.0, found["lower"]),
        "cap": found["cap"],
        "epsilon": found["epsilon"],
        "stakes": found["stakes"],
        "witness": found["witness"],
        "exact_gain": found["gain"] if found["reach"] == "exact" else None,
        "best_gain": found["gain"],
        "best_gain_kind": found["reach"],
        "seeds": [one["seed"] for one in learned],
        "by_seed": [
            {**NOT_TOLD, "seed": one["seed"], "learned_gain": one["gain"]} for one in learned
        ],
        # Trainings of parties keep no curves.
        "curves": [[] for _ in learned],
        "learned_gain": sum(gains) / len(gains) if gains else None,
        "beyond": found,
    }


def _joint_answer(found: Columns) -> tuple[State, Scope]:
    """Return whether a party gains by deviating together, on average over the types."""
    if found["pays"]:
        return "refuted", "in expectation"
    if found["cap"] is not None and found["cap"] <= found["epsilon"]:
        return "confirmed", "in expectation"
    return "undetermined", "sampled"


def _everyone(result: Columns) -> Columns:
    """Return that nothing is said of the strategy under test: everybody may leave it."""
    found = result["equilibrium"]
    return {"state": "undetermined", "scope": "sampled", "reason": found["reason"]} | {
        "equilibrium": found
    }


ANSWERS: Mapping[str, Callable[[Columns], Columns]] = MappingProxyType(
    {"audit": _audit, "coalition": _coalition, "everyone": _everyone}
)
"""Columns of each question but the usual one, from its result."""
