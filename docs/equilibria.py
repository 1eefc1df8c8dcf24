"""Write the table and the picture of learned equilibria: python docs/equilibria.py.

Fills the table of docs/equilibria.md between its marks, and draws docs/uniqueness.svg. About three
CPU minutes.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deviator import learn_equilibrium
from deviator.economies import (
    NormalInformation,
    QuadraticEconomy,
    UniformBox,
    UnitDemands,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    heterogeneous_information,
    interdependence_radius,
    private_values,
    sigma_n,
    two_groups,
    two_groups_information,
)
from deviator.errors import NoEquilibriumError, RefusedError
from deviator.evidence import market
from deviator.learners.equilibrium import Equilibrium
from deviator.learners.equilibrium.bid_form import BidForm
from deviator.learners.equilibrium.distance import distance
from deviator.mechanisms import KDoubleAuction, PayAsBid, SigmaDCDA, UniformDoubleAuction
from deviator.policies import AffineStrategy, BestResponse, LinearBayes, Revelation

PAGE = Path(__file__).with_name("equilibria.md")
PICTURE = Path(__file__).with_name("uniqueness.svg")
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
HEAD = """| market | compared with | found | regret, interim | ex post | CPU s |
|---|---|---|---|---|---|
"""
GAINS_OF_BARGAINING = 1 / 6
"""Mean of (v - c)+ for v and c uniform on [0, 1]."""


class Row(NamedTuple):
    """A line of the table."""

    market: str
    known: str
    found: str
    learned: Equilibrium

    @property
    def line(self) -> str:
        """The line itself; regrets as shares of the first-best gains from trade per trader."""
        each, cpu = self.learned, self.learned.cpu_seconds
        regret = f"{each.epsilon:.1e} | {each.ex_post_epsilon:.1e}"
        return f"| {self.market} | {self.known} | {self.found} | {regret} | {cpu:.0f} |\n"


def main() -> None:
    """Write both."""
    rows = [
        row for make in (uniform, beliefs, honest, bargaining, discriminating) for row in make()
    ]
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(START)[0], text.partition(END)[2]
    table = HEAD + "".join(row.line for row in rows)
    PAGE.write_text(f"{before}{START}{table}{END}{after}", encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


def said(row: Row) -> Row:
    """Print a row as soon as it is known."""
    print(row.line, end="", flush=True)
    return row


def uniform() -> list[Row]:
    """Private values in the uniform-price auction."""
    rows = []
    for n in (4, 10, 30):
        economy = private_values(n, slope=2.0)
        learned = learn_equilibrium("uniform-double-auction", economy, steps=300)
        known = (n - 2) / ((n - 1) * 2.0)
        off = _coefficients_off(learned, np.full(n, known), np.full(n, known))
        name = f"uniform price, private values, N = {n}"
        rows.append(said(Row(name, "a = b = (N - 2) / ((N - 1) mu)", off, learned)))
    return rows


def beliefs() -> list[Row]:
    """Normal beliefs in the uniform-price auction, with and without an equilibrium."""
    models: dict[str, NormalInformation] = {
        "Example 4, N = 6": fundamental_value_information(6, rho=0.4, noise=0.5),
        "Example 5, N = 6": two_groups_information(6, rho=0.4, noise=0.5),
        "Example 6, N = 6": heterogeneous_information(6, 0.4, 0.3, 0.5, 0.2),
        "Example 4, N = 4, rho = .9, zeta = 1": fundamental_value_information(4, 0.9, 1.0),
    }
    rows = []
    for name, model in models.items():
        learned = learn_equilibrium(
            UniformDoubleAuction(), model.economy(1.0), distribution=model.types(), steps=300
        )
        try:
            known = LinearBayes(model, 1.0)
            off = _coefficients_off(learned, known.intercept, known.slope)
            answer = "`LinearBayes`"
        except NoEquilibriumError:
            answer, off = "no equilibrium", f"**{learned.state}**, and no equilibrium"
        rows.append(said(Row(f"uniform price, {name}", answer, off, learned)))
    return rows


def _coefficients_off(learned: Equilibrium, on_type: np.ndarray, on_price: np.ndarray) -> str:
    strategy = _affine(learned)
    errors = (strategy.effect[:, 0] / on_type - 1, strategy.base[:, 1] / on_price - 1)
    return f"{learned.state}, coefficients off by {max(np.abs(each).max() for each in errors):.1e}"


def honest() -> list[Row]:
    """Honesty in the sigma-DCDA."""
    economies: dict[str, QuadraticEconomy] = {
        "Example 1, N = 4": fundamental_value(4),
        "Example 2, N = 4": two_groups(4),
        "Example 2, N = 10": two_groups(10),
        "Example 3, N = 4": heterogeneous(4),
    }
    rows = []
    for name, economy in economies.items():
        auction = SigmaDCDA(sigma_n(economy))
        learned = learn_equilibrium(auction, economy, steps=400)
        truth = Revelation(auction, economy)
        away = distance(
            _form(learned), _affine(learned), AffineStrategy.of(truth, auction.language)
        )
        types = economy.types().sample(np.random.default_rng(1), 2000)
        welfare = [
            economy.utility(auction.clear(policy.bids(types)).quantity, types).sum(axis=1).mean()
            for policy in (learned.policy, truth)
        ]
        found = (
            f"{learned.state}, {away:.1e} away, welfare off by {welfare[0] / welfare[1] - 1:.0e}"
        )
        rows.append(said(Row(f"sigma-DCDA at sigma_N, {name}", "honesty", found, learned)))
    return rows


def bargaining() -> list[Row]:
    """One buyer and one seller; a third trader is never worth trading with."""
    economy = UnitDemands(("buyer", "seller", "seller"))
    law = UniformBox(np.array([0.0, 0.0, 2.0]), np.array([1.0, 1.0, 3.0]))
    learned = learn_equilibrium(
        KDoubleAuction(buyers=1), economy, distribution=law, traders=(0, 1), steps=1200
    )
    strategy = _affine(learned)
    (a, b), (c, d) = strategy.effect[:2, 0], strategy.base[:2, 0]
    worst = max(each.interim for each in learned.regret) / GAINS_OF_BARGAINING
    found = (
        f"{learned.state}, {a:.3f} v + {c:.3f} and {b:.3f} c + {d:.3f}; interim regret "
        f"{worst:.1e} of the gains from trade"
    )
    known = "2/3 v + 1/12 and 2/3 c + 1/4 (Chatterjee and Samuelson)"
    return [said(Row("k-double auction, k = 1/2, a buyer and a seller", known, found, learned))]


def discriminating() -> list[Row]:
    """Pay-as-bid: affine bids by both learners, and networks."""
    tested = market(PayAsBid(floor=0.1), private_values(4, slope=2.0))
    affine = learn_equilibrium(tested, steps=300, shared=True)
    ppo = learn_equilibrium(tested, steps=500, starts=1, learner="ppo", shared=True)
    bent = learn_equilibrium(tested, steps=500, starts=1, shared=True, hidden=(16,))
    away = distance(_form(ppo), _affine(ppo), _affine(affine))
    name, none = "pay-as-bid, private values, N = 4", "none in closed form"
    return [
        said(Row(f"{name}, affine", none, f"{affine.state} among all bids", affine)),
        said(Row(f"{name}, affine, PPO", "the gradient's", f"{away:.1e} away", ppo)),
        said(Row(f"{name}, networks", none, bent.state, bent)),
    ]


def _affine(learned: Equilibrium) -> AffineStrategy:
    assert isinstance(learned.policy, AffineStrategy)
    return learned.policy


def _form(learned: Equilibrium) -> BidForm:
    return BidForm.of(learned.tested, tuple((i,) for i in range(learned.tested.economy.n_traders)))


class Side(NamedTuple):
    """Distances to honesty on one side of the condition."""

    radius: float
    replies: list[float]
    gradient: list[float]


def side(beta: float, rounds: int = 10) -> Side:
    """Follow simultaneous best replies, and simultaneous gradients, from near and far."""
    economy, auction = fundamental_value(4, alpha=1.0, beta=beta), SigmaDCDA(1.0)
    learned = learn_equilibrium(auction, economy, steps=300, starts=1)
    form = _form(learned)
    truth = AffineStrategy.of(Revelation(auction, economy), auction.language)
    shift = np.random.default_rng(0).standard_normal(form.unit.shape)
    near = truth.base + 0.01 * form.unit * shift
    bids, away = AffineStrategy(auction.language, near, truth.effect), []
    for _ in range(rounds):
        away.append(distance(form, bids, truth))
        try:
            rows = [_reply(auction, economy, bids, trader) for trader in range(4)]
        except RefusedError:
            break
        bids = AffineStrategy(auction.language, np.stack(rows), truth.effect)
    return Side(interdependence_radius(economy), away, [point.to_end for point in learned.curve])


def _reply(auction, economy, bids: AffineStrategy, trader: int) -> np.ndarray:
    """Return the best reply to all others' bids, which is a hyperplane for all types."""
    best = BestResponse(auction, economy, "own", economy.types(), others=bids)
    return best.bid(np.zeros((1, economy.n_traders)), trader)[0]


WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP = 820, 330, 60, 50, 330, 60
LOW, HIGH = -6.0, 0.0


def picture() -> str:
    """Draw distances to honesty, on both sides of the condition."""
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for place, beta in enumerate((1.0, 6.0)):
        parts += _panel(LEFT + place * (PANEL + GAP), side(beta))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    style = 'font-family="system-ui, sans-serif" font-size="13"'
    inside = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{inside}\n</svg>\n'


def _panel(left: float, drawn: Side) -> list[str]:
    ticks = [
        f'<text x="{left - 8}" y="{_height(power) + 4:.1f}" text-anchor="end" fill="#555">'
        f"1e{power:.0f}</text>"
        for power in np.arange(LOW, HIGH + 1, 2)
    ]
    return [
        f'<text x="{left}" y="20" fill="#222">spectral radius {drawn.radius:.2g}</text>',
        f'<text x="{left}" y="38" fill="#555">distance to honesty, share of the spread</text>',
        f'<path d="M{left},{TOP} V{HEIGHT - 40} H{left + PANEL}" fill="none" stroke="#999"/>',
        *ticks,
        _line(left, drawn.replies, 10, "#c1121f"),
        _line(left, drawn.gradient, len(drawn.gradient), "#1a7f37"),
        f'<text x="{left}" y="{HEIGHT - 20}" fill="#c1121f">best replies, 10 rounds</text>',
        f'<text x="{left + 160}" y="{HEIGHT - 20}" fill="#1a7f37">gradients, 300 steps</text>',
    ]


def _line(left: float, values: list[float], count: int, color: str) -> str:
    step = PANEL / max(count - 1, 1)
    heights = [_height(float(np.log10(max(value, 1e-300)))) for value in values]
    points = " ".join(
        f"{left + step * place:.1f},{height:.1f}" for place, height in enumerate(heights)
    )
    return f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{points}"/>'


def _height(power: float) -> float:
    inside = min(max(power, LOW), HIGH)
    return TOP + (HEIGHT - TOP - 40) * (HIGH - inside) / (HIGH - LOW)


if __name__ == "__main__":
    began = time.process_time()
    main()
    print(f"{time.process_time() - began:.0f} CPU seconds")
