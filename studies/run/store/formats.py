"""Results of released versions, read as if they were today's."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...spec.cell import SCHEMA
from .plain_files import DamagedError

UNSEALED = 4
"""The last format whose result files have no checksum."""

FIELDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("key", "best_gain_kind", "information", "unit"), (str,)),
        **dict.fromkeys(("scale", "epsilon", "honest_utility", "best_gain"), (float, int)),
        **dict.fromkeys(("stakes", "rounding", "tolerated"), (float, int)),
        **dict.fromkeys(("best_gain_beyond_rounding", "best_gain_error"), (float, int)),
        **dict.fromkeys(("exact_gain", "sigma"), (float, int, type(None))),
        **dict.fromkeys(("trades", "rare_losses_known"), (bool,)),
        **dict.fromkeys(("plugins", "undeclared_reads", "refusals", "seeds"), (list,)),
        **dict.fromkeys(("certificate", "each_draw", "witness", "worst"), (dict, type(None))),
        "n_traders": (int,),
    }
)
"""What a result without a checksum must hold, by name and type."""

SINCE_QUESTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "question": "deviation",
        "constraint": None,
        "members": 1,
        "identities": 1,
        "transfers": True,
    }
)
"""What cells specify since they ask several questions."""


def upgraded(
    schema: int, key: str, spec: dict[str, Any], result: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a cell's specification and result in today's form.

    Raises
    ------
    DamagedError
        If a later version wrote them, or they are not what their version wrote.
    """
    if schema > SCHEMA:
        raise DamagedError(f"a later version of deviator wrote it (format {schema})")
    if schema < UNSEALED:
        raise DamagedError(f"no released version of deviator wrote it (format {schema})")
    if schema > UNSEALED:
        return spec, result
    _check_fields(key, result)
    return {**SINCE_QUESTIONS, **spec}, {"question": "deviation", **result}


def _check_fields(key: str, result: dict[str, Any]) -> None:
    wrong = [name for name, types in FIELDS.items() if type(result.get(name, ...)) not in types]
    if wrong:
        raise DamagedError(f"result.json lacks {' and '.join(wrong[:3])}, or holds something else")
    if result["key"] != key:
        raise DamagedError("its files belong to another cell")
