"""``deviator train`` and ``deviator evaluate``: one deviator in one market."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from deviator.errors import DeviatorError, ResultsError

from .console import PluginFiles, Settings, console, files_of
from .markets import (
    Described,
    EconomyName,
    MechanismName,
    Parameters,
    Rung,
    Sigma,
    StrategyName,
    learner_named,
    market_spec,
)


def train(
    mechanism: MechanismName,
    economy: EconomyName,
    set_: Settings = None,
    parameter: Parameters = None,
    sigma: Sigma = None,
    strategy: StrategyName = "honest",
    trader: Annotated[str, typer.Option(help="Index or role of the deviator.")] = "0",
    information: Rung = "profile",
    learner: Annotated[str, typer.Option(help="As `deviator list` names it.")] = "ppo",
    steps: Annotated[int, typer.Option(min=1, help="Bids submitted in training.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    out: Annotated[Path, typer.Option(help="Where to save the policy.")] = Path("runs/policy"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a policy that is already there.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Train one deviator on a market, show how it fares, and save its policy."""
    from deviator.policies import check_information

    files = files_of(plugin)
    described = Described(mechanism, economy, set_, parameter, sigma, strategy, trader)
    spec = market_spec(described, files)
    checked_information = check_information(information)
    if not force:
        _check_new(out)
    searcher = learner_named(learner, files)
    _train(console(), spec, searcher, steps, seed, information=checked_information, out=out)


def _check_new(out: Path) -> None:
    """Refuse to overwrite a policy, before anything is trained."""
    from deviator.policies.policy_files import policy_stem

    stem = policy_stem(out)
    for suffix in (".json", ".safetensors"):
        file = stem.with_name(stem.name + suffix)
        if file.exists():
            raise ResultsError(
                f"--out must not name a policy that is there, {file} is; name another, or "
                "overwrite it with --force"
            )


def evaluate(
    policy: Annotated[Path, typer.Argument(help="A saved policy, without suffix.")],
    plugin: PluginFiles = None,
) -> None:
    """Judge a saved policy on held-out profiles of its market."""
    from deviator.studies.training import evaluate as run

    _print_report(console(), run(policy, plugins=files_of(plugin)))


def _train(
    screen: Console, spec: Any, learner: Any, steps: int, seed: int, **settings: Any
) -> None:
    from deviator.studies.training import train as run

    for line in _market_lines(spec, settings["information"]):
        screen.print(line)
    end = "\r" if screen.is_terminal else "\n"
    started = time.perf_counter()

    def live(point: Any, best: Any) -> None:
        speed = point.steps / (time.perf_counter() - started)
        screen.print(_live_line(point.steps, steps, speed, point.gain, best), end=end)

    try:
        report = run(spec, learner, steps, seed, live=live, **settings)
    except DeviatorError:
        raise
    except Exception as error:
        raise _third_party_error(spec, learner, error) from error
    if screen.is_terminal:
        screen.print()
    _print_report(screen, report)


def _third_party_error(spec: Any, learner: Any, error: Exception) -> Exception:
    """Return an error as one sentence about the third-party plugins, if there are any."""
    from deviator.errors import PluginLoadError
    from deviator.plugins import provenance
    from deviator.trust import is_third_party

    plugins = [*spec.plugins(), provenance(learner)]
    third_party = [f"{p['name']} of {p['provider']}" for p in plugins if is_third_party(p)]
    if not third_party:
        return error
    return PluginLoadError(
        f"{' or '.join(third_party)} failed ({type(error).__name__}: {error}); run "
        "`deviator check` on it"
    )


def _market_lines(spec: Any, information: str) -> list[str]:
    """Return lines about the market, with a warning outside the paper's assumptions."""
    from deviator.economies import QuadraticEconomy, check_assumptions
    from deviator.studies.spec.market import plain_name

    economy = spec.economy.economy
    parameters = ", ".join(f"{name}={value}" for name, value in spec.economy.parameters.items())
    sigma = spec.rule.tax_slope
    lines = [
        f"{plain_name(spec.mechanism)} (tax slope {sigma:.4g}), {economy.name} ({parameters}), "
        f"trader {spec.trader} knows {information}, the others are {plain_name(spec.strategy)}"
    ]
    if isinstance(economy, QuadraticEconomy):
        a4n = check_assumptions(economy)["A4N"]
        if not a4n.holds:
            lines.append(f"note: outside the paper's assumption A4^N ({a4n.witness})")
    return lines


def _live_line(done: int, steps: int, speed: float, gain: float, best: Any) -> str:
    captured = best.share(gain)
    share = "    -" if captured is None else f"{100 * captured:5.1f}%"
    return (
        f"{min(done, steps):>7}/{steps} {speed:>6.0f} steps/s gain {gain:+.2e} "
        f"{best.kind} best {best.gain:.2e} share {share}"
    )


def _print_report(screen: Console, report: Any) -> None:
    share = "-" if report.share is None else f"{100 * report.share:.1f}%"
    kind = "searched" if report.exact_gain is None else "exact"
    screen.print(
        f"learned gain {report.learned_gain:+.3e}, {kind} best {report.best_gain:.2e}, "
        f"share {share} (means over held-out profiles)"
    )
    if report.path is not None:
        screen.print(f"policy: {report.path}.json and {report.path}.safetensors")
