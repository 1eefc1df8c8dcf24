"""What a deviator does, sees and earns in a mechanism: spaces of the environment, with ranges."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from deviator.economies import private_values, two_groups
from deviator.envs import DeviationEnv, Market, deviation_core, market, standing_control
from deviator.errors import DeviatorError
from deviator.mechanisms import Mechanism, ResidualLineMechanism
from deviator.plugins import build, find_plugin, takes_economy

TRADERS = 10
"""How many traders meet in the examples, as by default on the command line."""

ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "exact": "exact, and certified in rational arithmetic in linear-quadratic economies",
        "menu": "exact, from the mechanism's menu",
        "searched": "searched: a lower bound, never certified",
    }
)


def example_market(name: str) -> Market:
    """Return a market of a mechanism with its default settings, in the first economy that fits."""
    held = takes_economy(find_plugin("mechanism", name).load())
    at_home = () if held else build("mechanism", name, {}).example_economies()
    for economy in (*at_home, two_groups(TRADERS), private_values(TRADERS)):
        try:
            tested = market(build("mechanism", name, {"economy": economy} if held else {}), economy)
            _ = deviation_core(tested)
        except DeviatorError as error:
            refusal = error
        else:
            return tested
    raise refusal


def space_rows(name: str) -> list[tuple[str, str]]:
    """Return the rows that tell the spaces, the reward and the answers of a mechanism."""
    tested = example_market(name)
    rule, economy = tested.mechanism, tested.economy
    core = deviation_core(tested)
    env = DeviationEnv(core=core)
    control = standing_control(tested)
    return [
        ("Bid", f"`{type(rule.language).__name__}`: {_sentence(rule.language)}"),
        ("Action space", f"`{env.action_space}`, a change to the honest bid as shares of a range"),
        ("Ranges", f"{_numbers(core.box.half_width)}, in units of the bid"),
        ("Observation space", f"`{env.observation_space}`, types in standard deviations"),
        ("Reward", f"gain over honesty in units of {core.reward_unit:.3g} of money"),
        ("Matched control", f"`{control.mechanism.name}`" if control else "none; name one"),
        ("Episode", "one step"),
        ("Claims", ", ".join(sorted(f"`{each}`" for each in rule.claims)) or "none"),
        ("Best deviations", ANSWERS[_answer(rule)]),
        ("Example", f"{economy.name}, N = {economy.n_traders}, whole profile seen"),
    ]


def _answer(rule: Mechanism) -> str:
    if isinstance(rule, ResidualLineMechanism):
        return "exact"
    return "searched" if type(rule).menu is Mechanism.menu else "menu"


def _sentence(thing: Any) -> str:
    return (type(thing).__doc__ or "").split("\n")[0]


def _numbers(values: Sequence[float]) -> str:
    """Return numbers of at most three digits; of equal ones in a row how often they come."""
    shown = [f"{value:.3g}" for value in values]
    runs: list[tuple[str, int]] = []
    for each in shown:
        if runs and runs[-1][0] == each:
            runs[-1] = (each, runs[-1][1] + 1)
        else:
            runs.append((each, 1))
    return ", ".join(text if times == 1 else f"{text} ({times} times)" for text, times in runs)
