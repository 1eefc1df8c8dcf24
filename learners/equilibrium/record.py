"""What learning an equilibrium produced: a strategy with its epsilon, and whether it settled."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, final

from deviator.evidence import Market
from deviator.evidence.best_deviation import Kind
from deviator.policies import AffineStrategy, NetworkStrategy, Policy


class EquilibriumPoint(NamedTuple):
    """One point of a learning curve.

    Attributes
    ----------
    steps : int
        Steps of the start so far.
    start : int
        Which random start.
    moved : float
        How far bids have moved since the last point, as a share of their spread.
    to_end : float
        How far bids are from where this start ends, as a share of their spread.
    """

    steps: int
    start: int
    moved: float
    to_end: float


class Regret(NamedTuple):
    """What a trader gains by deviating from the strategy, on average over types, in money.

    Attributes
    ----------
    trader : int
        The first of a class of interchangeable traders.
    interim : float
        Knowing the own type.
    worst_type : float or None
        The largest interim regret of a type; None where only the mean is known.
    ex_post : float
        Knowing all types.
    interim_kind, ex_post_kind : {"exact", "searched", "bound"}
        A searched one is a lower bound up to sampling.
    stakes : float
        What trading is worth to the trader while all follow the strategy.
    """

    trader: int
    interim: float
    worst_type: float | None
    ex_post: float
    interim_kind: Literal["exact", "searched"]
    ex_post_kind: Kind
    stakes: float


State = Literal["equilibrium", "not settled", "starts disagree", "no trade"]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium:
    """Where traders end who all learn at once.

    Attributes
    ----------
    state : {"equilibrium", "not settled", "starts disagree", "no trade"}
        "equilibrium" where everybody's interim regret is at most `SETTLED` of their stakes from
        every start, and all starts end at one place; "starts disagree" where they end at several;
        "no trade" where bids shrink without end; "not settled" where regret remained.
    reason : str
        The state in a sentence.
    policy : AffineStrategy or NetworkStrategy
        Where the start of the least regret ended, an equilibrium or not; for `audit(strategy=)`.
    tested : Market
        The market in which all follow it.
    regret : tuple of Regret
        Its epsilon, for one trader of each class of interchangeable ones.
    ends : tuple of Policy
        Where each start ended.
    apart : float
        Largest distance between two ends, as a share of the bids' spread; 0 for one start.
    moved : float
        Largest distance moved in the last tenth of learning, as a share of the bids' spread.
    from_strategy : float or None
        How far the bids are from those of the market's own strategy (honesty, or the one stated),
        as a share of their spread; None where that has none, or none that are affine.
    surplus : float or None
        Share of the first-best gains from trade that is realised; None where these are no measure.
    curve : tuple of EquilibriumPoint
    learner : str
    steps, seed : int
    cpu_seconds : float
        Of all starts, regret not counted.
    interrupted : bool
        Whether a person ended learning, with Ctrl-C.
    """

    state: State
    reason: str
    policy: AffineStrategy | NetworkStrategy
    tested: Market
    regret: tuple[Regret, ...]
    ends: tuple[Policy, ...]
    apart: float
    moved: float
    from_strategy: float | None
    surplus: float | None
    curve: tuple[EquilibriumPoint, ...]
    learner: str
    steps: int
    seed: int
    cpu_seconds: float
    interrupted: bool = False

    def __repr__(self) -> str:
        return f"<Equilibrium: {self.state}, epsilon {self.epsilon:.3g}>"

    @property
    def converged(self) -> bool:
        """Whether every start ended at one and the same equilibrium."""
        return self.state == "equilibrium"

    @property
    def epsilon(self) -> float:
        """Largest interim regret, as a share of the first-best gains from trade per trader."""
        return max(each.interim for each in self.regret) / self.tested.scale

    @property
    def ex_post_epsilon(self) -> float:
        """Largest ex post regret, as a share of the first-best gains from trade per trader."""
        return max(each.ex_post for each in self.regret) / self.tested.scale

    def to_dict(self) -> dict[str, Any]:
        """Return plain data without the strategy itself, which is saved to a file of its own."""
        names = (
            "state", "reason", "epsilon", "ex_post_epsilon", "apart", "moved", "from_strategy",
            "surplus", "learner", "steps", "seed", "cpu_seconds", "interrupted",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {
            "mechanism": self.tested.mechanism.name,
            "economy": self.tested.economy.name,
            "n_traders": self.tested.economy.n_traders,
            "starts": len(self.ends),
            "regret": [each._asdict() for each in self.regret],
            "curve": [each._asdict() for each in self.curve],
        }

    def summary(self) -> str:
        """Return state and epsilon in a few lines."""
        tested = self.tested
        realised = "" if self.surplus is None else f"; {100 * self.surplus:.1f}% of them realised"
        lines = [
            f"{tested.mechanism.name} in {tested.economy.name}, {tested.economy.n_traders} "
            f"traders, all learn by {self.learner} from {len(self.ends)} random starts",
            f"{self.state}: {self.reason}",
            f"epsilon {self.epsilon:.2e} interim, {self.ex_post_epsilon:.2e} ex post, of the "
            f"first-best gains from trade per trader{realised}",
        ]
        lines.append(
            _regret_line(max(self.regret, key=lambda each: each.interim), len(self.regret))
        )
        lines.append(
            f"starts end {self.apart:.2e} apart and moved {self.moved:.2e} in the last tenth, as "
            f"shares of the bids' spread; {self.cpu_seconds:.1f} CPU seconds"
        )
        if self.from_strategy is not None:
            lines.append(f"the bids end {self.from_strategy:.2e} from the market's own strategy")
        return "\n".join(lines)

    __str__ = summary


def _regret_line(regret: Regret, classes: int) -> str:
    """Return the regret of the trader who regrets most."""
    whose = f"trader {regret.trader}, the largest of {classes}" if classes > 1 else "every trader"
    worst = "" if regret.worst_type is None else f", worst type {regret.worst_type:.2e}"
    return (
        f"  {whose}: interim regret {regret.interim:.2e} ({regret.interim_kind}"
        f"{worst}), ex post {regret.ex_post:.2e} ({regret.ex_post_kind}), of stakes "
        f"{regret.stakes:.3g}"
    )
