"""What a party gains together: beyond the paper's claim, which is about one trader alone.

A finding never changes a verdict. It says what a coalition, or one trader under several names, can
gain in a market whose constraints are judged for single traders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, final

import numpy as np
from threadpoolctl import threadpool_limits

from deviator.economies import Economy
from deviator.envs.coalition_core import CoalitionCore, coalition_core
from deviator.envs.coalition_search import search_joint_deviation
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import Market, held_out_profiles
from deviator.evidence.coalitions import (
    JointBest,
    Party,
    best_joint_deviation,
    coalition_of,
    find_joint_witness,
    names_of,
)
from deviator.learners import Learner
from deviator.policies import Deviation, Information, knows_profile, rung_name
from deviator.validation import Floats, given

from .card.words import who_together, words_beyond
from .search import Search
from .shown_types import shown_types

Reach = Literal["exact", "capped", "unbounded", "searched", "not searched"]

MOST_NUMBERS = 2**23
"""Numbers of bids that are held at once: in larger markets there are fewer profiles."""

FEWEST, SEARCHED, LEAST = 32, 200, 2000
"""Profiles: at least; where each is searched alone; where the least gain is maximised."""


@final
@dataclass(frozen=True)
class LearnedJointGain:
    """What a learner found for a party, in units of money per market.

    Attributes
    ----------
    learner : str
    seed : int
    gain : float
        Mean over held-out profiles of the joint gain, or of the least one without transfers.
    share : float or None
        Of the certified cap, which is the exact gain where that is known; None without a cap.
    """

    learner: str
    seed: int
    gain: float
    share: float | None


@final
@dataclass(frozen=True, repr=False)
class JointFinding:
    """What a party gains beyond the paper's claim.

    Attributes
    ----------
    kind : {"coalition", "identities"}
    people : tuple of int
        The traders who deviate.
    identities : int
        Under how many names each bids.
    transfers : bool
        Whether members may pay each other: the joint gain counts, else the least one.
    information : {"profile", "own"}
    reach : {"exact", "capped", "unbounded", "searched", "not searched"}
        How the gain is known: as the largest there is, between itself and the cap, without bound,
        as the best that was found, or not at all.
    gain : float
        Mean over profiles, in units of money; of bids that show it where there is no bound.
    cap : float or None
        Certified cap on the mean gain.
    each : tuple of float
        Mean gain of each of the people.
    same_shape : float or None
        Mean gain of the best bids that have the strategy's shapes, where others have no bound.
    stakes, epsilon : float
        What trading is worth to the people together; gains up to epsilon count as none.
    profiles : int
        Over how many the means are.
    reason : str
    learned : tuple of LearnedJointGain
    witness : dict or None
    """

    kind: str
    people: tuple[int, ...]
    identities: int
    transfers: bool
    information: str
    reach: Reach
    gain: float
    cap: float | None
    each: tuple[float, ...]
    same_shape: float | None
    stakes: float
    epsilon: float
    profiles: int
    reason: str
    learned: tuple[LearnedJointGain, ...] = ()
    witness: dict[str, Any] | None = None

    @property
    def lower(self) -> float:
        """The largest mean gain that was found, by whatever means; never negative."""
        return max([0.0, self.gain, *(each.gain for each in self.learned)])

    @property
    def pays(self) -> bool:
        """Whether a joint deviation gains more than counts as zero."""
        return self.lower > self.epsilon

    @property
    def share(self) -> float | None:
        """The gain found, as a share of what is at stake; None where nothing is."""
        return self.lower / self.stakes if self.stakes > 0 else None

    def __str__(self) -> str:
        """Return who deviates together, and what that gains."""
        return f"{who_together(self)}: {words_beyond(self)}"

    def __repr__(self) -> str:
        return f"<JointFinding {self}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as in ``report.json``."""
        return asdict(self) | {"lower": self.lower, "pays": self.pays, "share": self.share}


def party_of(
    tested: Market,
    coalition: Sequence[int] | None = None,
    identities: int | None = None,
    *,
    transfers: bool = True,
    enlarged: Economy | None = None,
) -> Party | None:
    """Return who deviates together; None where nobody is asked for.

    Parameters
    ----------
    tested : Market
        Its trader is the one who uses several names.
    coalition : sequence of int, optional
    identities : int, optional
    transfers : bool
    enlarged : Economy, optional
        As in `names_of`.

    Raises
    ------
    InvalidInputError
        If both are asked for, or a setting goes unused.
    """
    if coalition is not None and identities is not None:
        raise InvalidInputError(
            "an audit takes a coalition or identities, got both; ask for one at a time"
        )
    if not isinstance(transfers, bool):
        raise InvalidInputError(f"transfers must be True or False, got {given(transfers)}")
    if not transfers and coalition is None:
        raise InvalidInputError(
            "transfers=False is about members of a coalition, got none; pass coalition=(0, 1)"
        )
    if enlarged is not None and identities is None:
        raise InvalidInputError(
            "an enlarged economy is about several names of one trader, got none; pass identities=2"
        )
    if coalition is not None:
        return coalition_of(tested, coalition, transfers)
    return None if identities is None else names_of(tested, identities, enlarged)


class _Measured(NamedTuple):
    """What is known of a party's gains without learning, and bids that show it."""

    reach: Reach
    gain: Floats
    each: Floats
    cap: float | None
    reason: str
    types: Floats
    bids: Floats | None


def joint_finding(party: Party, search: Search) -> JointFinding:
    """Return what a party gains: exact where it is known, learned where learners are named.

    Parameters
    ----------
    party : Party
    search : Search
        Learners, seeds, steps, information and profiles.
    """
    with threadpool_limits(limits=1):
        types = _profiles(party, search.held_out)
        core = coalition_core(party, information=search.information)
        known = _known(party, core, types, search.information)
        learned, policies = _learned(party, core, types, search, known)
        return JointFinding(
            kind=party.kind,
            people=party.people,
            identities=len(party.places) // len(party.people),
            transfers=party.transfers,
            information=rung_name(search.information),
            reach=known.reach,
            gain=float(known.gain.mean()),
            cap=known.cap,
            each=tuple(known.each.mean(axis=0).tolist()),
            same_shape=_same_shape(party, types, known),
            stakes=party.stakes,
            epsilon=party.epsilon,
            profiles=len(known.types),
            reason=known.reason,
            learned=learned,
            witness=_witness(party, types, known, policies),
        )


def _profiles(party: Party, held_out: int) -> Floats:
    arena = party.arena
    affordable = MOST_NUMBERS // (arena.economy.n_traders * arena.bid_size)
    count = min(held_out, max(FEWEST, affordable))
    if not party.transfers and len(party.people) > 1:
        count = min(count, LEAST if len(party.people) == 2 else SEARCHED)
    return held_out_profiles(party.tested, count)


def _known(party: Party, core: CoalitionCore, types: Floats, information: Information) -> _Measured:
    """Return what is known without learning."""
    try:
        best = best_joint_deviation(party, types)
    except RefusedError as error:
        return _searched(party, core, types, information, str(error))
    if best.own_types or knows_profile(information):
        cap = None if best.reach == "unbounded" else float(best.cap.mean())
        if best.reach == "capped":
            return _improved(party, core, types, best)
        return _Measured(best.reach, best.gain, best.gains, cap, best.reason, types, best.bids)
    if best.reach == "unbounded":
        why = "gains have no bound for people who know all types"
        return _searched(party, core, types, information, why)
    nothing = np.zeros_like(best.gains)
    reason = "people who know their own types gain at most what they would if they knew all types"
    cap = float(best.cap.mean())
    return _Measured("capped", nothing.sum(axis=1), nothing, cap, reason, types, None)


def _improved(party: Party, core: CoalitionCore, types: Floats, best: JointBest) -> _Measured:
    """Return the best of a capped answer and a search that starts from it."""
    own = party.base_bids(types)[:, list(party.places)]
    start = core.box.to_action(own.reshape(len(types), -1), best.bids.reshape(len(types), -1))
    found = search_joint_deviation(core, types, np.random.default_rng(0), start=start)
    bids = core.bids(types, found.action)
    cap = float(best.cap.mean())
    return _Measured("capped", found.gain, party.gains(types, bids), cap, best.reason, types, bids)


def _searched(
    party: Party, core: CoalitionCore, types: Floats, information: Information, why: str
) -> _Measured:
    """Return what a search at each profile finds, where all types are known."""
    few = types[:SEARCHED]
    if not knows_profile(information):
        nothing = np.zeros((len(few), len(party.people)))
        why = f"{why}; of people who know their own types nothing is known without a learner"
        return _Measured("not searched", nothing.sum(axis=1), nothing, None, why, few, None)
    found = search_joint_deviation(core, few, np.random.default_rng(0))
    bids = core.bids(few, found.action)
    return _Measured("searched", found.gain, party.gains(few, bids), None, why, few, bids)


def _same_shape(party: Party, types: Floats, known: _Measured) -> float | None:
    if known.reach != "unbounded":
        return None
    try:
        best = best_joint_deviation(party, types, shapes=False)
    except RefusedError:
        return None
    return None if best.reach == "unbounded" else float(best.gain.mean())


Learned = tuple[tuple[LearnedJointGain, ...], list[Deviation]]


def _learned(
    party: Party, core: CoalitionCore, types: Floats, search: Search, known: _Measured
) -> Learned:
    """Train each learner for the party, and measure what it learned on held-out profiles."""
    gains, policies = [], []
    most = None if known.cap is None or known.cap <= party.epsilon else known.cap
    for learner in search.learners:
        for seed in search.seeds:
            policy = _trained(learner, core, search, seed)
            gain = float(party.value(party.gains(types, _bids(party, policy, types, core))).mean())
            share = None if most is None else gain / most
            gains.append(LearnedJointGain(learner.name, seed, gain, share))
            policies.append(policy)
    return tuple(gains), policies


def _trained(learner: Learner, core: CoalitionCore, search: Search, seed: int) -> Deviation:
    """Return what a learner learned for a party.

    Raises
    ------
    RefusedError
        If the learner takes no other problem than one deviator's.
    """
    budget: dict[str, Any] = {} if search.seconds is None else {"seconds": search.seconds}
    try:
        training = learner.train(core, search.steps, seed, **budget)
    except (AttributeError, TypeError) as error:
        raise RefusedError(
            "a party needs a learner that trains on any DecisionProblem, and the learner "
            f"{learner.name} does not ({error}); name another one"
        ) from error
    if training.interrupted:
        raise KeyboardInterrupt
    return training.policy


def _bids(party: Party, policy: Deviation, types: Floats, core: CoalitionCore) -> Floats:
    """Return a learned party's bids (B, M, K), of what its people may know."""
    shown = shown_types(types, party.people, core.information)
    # Whoever changes what they are shown deceives nobody else.
    return np.stack([policy.bid(shown.copy(), place) for place in party.places], axis=1)


def _witness(
    party: Party, types: Floats, known: _Measured, policies: Sequence[Deviation]
) -> dict[str, Any] | None:
    """Return the witness of what is known, else of the first learned deviation that has one."""
    for profiles, bids in _shown(party, types, known, policies):
        witness = find_joint_witness(party, profiles, bids)
        if witness is not None:
            return witness
    return None


def _shown(
    party: Party, types: Floats, known: _Measured, policies: Sequence[Deviation]
) -> Iterator[tuple[Floats, Floats]]:
    if known.bids is not None:
        yield known.types, known.bids
    for policy in policies:
        yield types, np.stack([policy.bid(types.copy(), place) for place in party.places], axis=1)
