"""The best deviation that is known without learning, over one round or several."""

from dataclasses import replace

from deviator.evidence import BestDeviation, Market, best_deviation
from deviator.evidence.best_deviation import SEARCHED, Kind
from deviator.policies import Information, knows_profile
from deviator.validation import Floats


def best_known(
    tested: Market,
    types: Floats,
    information: Information,
    rounds: int = 1,
    searched: int = SEARCHED,
) -> BestDeviation:
    """Return the best deviation known without learning; over several rounds, what bounds it.

    Whatever the first round shows, those after it pay no more than to who knows all types.

    Parameters
    ----------
    tested, types, information, searched
        As in `best_deviation`.
    rounds : int
        How often the same traders meet with the same types; the gain is the mean over the rounds.
    """
    best = best_deviation(tested, types, information, searched)
    if rounds == 1 or knows_profile(information):
        return best
    informed = best_deviation(tested, types, "profile", searched)
    gain = (best.gain + (rounds - 1) * informed.gain) / rounds
    kind: Kind = "searched" if "searched" in (best.kind, informed.kind) else "bound"
    return replace(best, gain=gain, error=max(best.error, informed.error), kind=kind)
