"""The content of a small report, made up: what tables are made of."""

from typing import Any


def row(**changes: Any) -> dict[str, Any]:
    """Return a row of a report with a refuted market, changed as stated."""
    return {
        "mechanism": "uniform-conditional",
        "parameters": {},
        "economy": "two groups",
        "economy_settings": {"family": "two-groups", "parameters": {"n_traders": 4, "alpha": 1.0}},
        "economy_label": "two groups",
        "strategy": "honest",
        "strategy_parameters": {},
        "trader": 0,
        "n_traders": 4,
        "sigma": None,
        "information": "profile",
        "question": "deviation",
        "constraint": None,
        "members": 1,
        "identities": 1,
        "transfers": True,
        "learner": "ppo",
        "learner_settings": {},
        "steps": 6000,
        "held_out": 1000,
        "plugins": [],
        "undeclared_reads": [],
        "key": "27871f2c415c",
        "seeds": [0, 1],
        "by_seed": [seed(0, 0.05), seed(1, 0.07)],
        "untrained_gain": -0.02,
        "learned_gain": 0.06,
        "learned_gain_interval": [0.03, 0.09],
        "learned_gain_max": 0.7,
        "training_gain_max": 0.9,
        "share": 0.9,
        "curves": [[[0, -0.02], [6000, 0.05]], [[0, -0.02], [6000, 0.07]]],
        "stopped": [],
        "power": 0.9,
        "cap": 0.0672,
        "certificate": {"kind": "exact linear-quadratic"},
        "lower": 0.0672,
        "epsilon": 5e-10,
        "scale": 0.6,
        "state": "refuted",
        "scope": "every profile",
        "reason": "a deviation gains 0.668 at one profile",
        "worst": 0.668,
        "stakes": 0.5,
        "power_interval": [0.8, 1.0],
        "share_interval": None,
        "witness": {"trader": 0, "gain": 0.668, "bid": [0.79, -0.21]},
        "each_draw": None,
        "unit": "money",
        "honest_utility": 0.6,
        "exact_gain": 0.0672,
        "best_gain": 0.0672,
        "best_gain_kind": "exact",
        "control": None,
        "constraints": None,
        "outcomes": None,
        "beyond": None,
        "equilibrium": None,
    } | changes


def seed(number: int, gain: float) -> dict[str, Any]:
    """Return what was learned from a seed."""
    return {
        "seed": number,
        "untrained_gain": -0.02,
        "learned_gain": gain,
        "learned_gain_max": 0.7,
        "training_gain_max": 0.9,
        "stopped": None,
    }


def content(*rows: dict[str, Any], **failures: str) -> dict[str, Any]:
    """Return the content of a report with these rows, by default a null market and its control."""
    null = row(
        mechanism="sigma-dcda", sigma=0.85, key="66d81fb5a2ef", state="confirmed", best_gain=0.0,
        share=None, witness=None, control={"key": "27871f2c415c"}, by_seed=[], seeds=[], curves=[],
    )  # fmt: skip
    return {"study": "made-up", "rows": [*rows] or [null, row()], "failures": failures}
