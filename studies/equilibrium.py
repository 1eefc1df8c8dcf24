"""The front door of learning equilibria: markets by object or name."""

from collections.abc import Sequence
from typing import Any

from deviator.economies import Economy, TypeDistribution
from deviator.errors import InvalidInputError
from deviator.evidence import Market, market
from deviator.learners.equilibrium import Equilibrium, everyone_learns
from deviator.mechanisms import Mechanism
from deviator.policies import Policy

from .named_rule import named_rule


def learn_equilibrium(
    mechanism: Mechanism | str | Market,
    economy: Economy | None = None,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    learner: str = "gradient",
    hidden: Sequence[int] = (),
    shared: bool = False,
    starts: int = 3,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    information: str = "own",
    traders: Sequence[int] | None = None,
    **parameters: Any,
) -> Equilibrium:
    """Return where traders end who all learn at once, with the epsilon of that strategy.

    Parameters
    ----------
    mechanism : Mechanism, str or Market
        A mechanism, the name of one, built with `parameters`, or a market.
    economy : Economy, optional
        Needed unless a market is given.
    distribution : TypeDistribution, optional
        Law of the types, the economy's own by default.
    strategy : Policy, optional
        What traders follow who do not learn; honesty by default.
    learner, hidden, shared, starts, steps, seconds, seed, information, traders
        As in `deviator.learners.equilibrium.everyone_learns`.
    **parameters
        Settings of a mechanism called by name.

    Raises
    ------
    InvalidInputError
        If an argument is malformed.
    RefusedError
        If the market's bids or utilities are not ones in which bids can be learned.

    Examples
    --------
    The linear equilibrium of the uniform-price auction, a = b = (N - 2) / ((N - 1) mu) = 1/3:

    >>> from deviator.economies import private_values
    >>> economy = private_values(4, slope=2.0)
    >>> found = learn_equilibrium("uniform-double-auction", economy, steps=200, starts=2)
    >>> found.state, found.policy.effect[0].round(3), found.policy.base[0, 1].round(3)
    ('equilibrium', array([0.333, 0.   ]), np.float64(0.333))
    """
    return everyone_learns(
        _market(mechanism, economy, distribution, strategy, parameters),
        learner=learner,
        hidden=hidden,
        shared=shared,
        starts=starts,
        steps=steps,
        seconds=seconds,
        seed=seed,
        information=information,
        traders=traders,
    )


def _market(
    mechanism: Mechanism | str | Market,
    economy: Economy | None,
    distribution: TypeDistribution | None,
    strategy: Policy | None,
    parameters: dict[str, Any],
) -> Market:
    if isinstance(mechanism, Market):
        if parameters or any(each is not None for each in (economy, distribution, strategy)):
            raise InvalidInputError(
                "a market has an economy, law and strategy of its own, got others beside it; build "
                "the market with them"
            )
        return mechanism
    if economy is None:
        raise InvalidInputError(
            "economy must be an Economy, got None; name one unless you give a market"
        )
    rule = named_rule(mechanism, economy, parameters)
    return market(rule, economy, distribution=distribution, strategy=strategy)
