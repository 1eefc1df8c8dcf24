"""Training one deviator in one market, and judging saved ones again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.evidence import BestDeviation, Evidence, Market, over_rounds
from deviator.files import write_atomically
from deviator.learners import Checkpoint, CurvePoint, Keep, Learner, Training, plays_rounds
from deviator.plugins import provenance
from deviator.policies import (
    Deviation,
    Information,
    LearnedDeviation,
    Policy,
    RoundsDeviation,
    Rung,
    load_policy,
    rung_name,
    save_policy,
)
from deviator.policies.policy_files import policy_stem, read_description, stated_information
from deviator.trust import is_third_party

from .checkpoints import FILE, CheckpointFolder, checkpoint_folder, read_checkpoint
from .gather import Actions, Search, Watch, gather
from .run.store import explained
from .saved_market import saved_market
from .spec.market import MarketSpec


@final
@dataclass(frozen=True, repr=False)
class TrainingReport:
    """How well one trained deviator does, in units of money per market.

    Attributes
    ----------
    evidence : Evidence
        What is known about the market; the deviator is the one that was learned.
    path : Path or None
        Where the policy was saved, without suffix.
    unsaved : str
        Why it could not be saved, if that was asked for.
    interrupted : bool
        Whether a person ended the training with Ctrl-C.
    changes : sequence of str
        How plugins differ from those that a loaded policy was trained with, a sentence each.
    """

    evidence: Evidence
    path: Path | None = None
    unsaved: str = ""
    interrupted: bool = False
    changes: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the gain that was learned, beside the best gain and as a share of it."""
        best = f"{'best' if self.exact_gain is None else 'exact'} {self.best_gain:.3g}"
        share = "" if self.share is None else f", share {self.share:.1%}"
        return f"mean gain: learned {self.learned_gain:.3g}, {best}{share}"

    def __repr__(self) -> str:
        return f"<TrainingReport: {self}>"

    @property
    def stopped(self) -> str | None:
        """Why training ended before its budget was spent, in a sentence; None if it did not."""
        return self.evidence.learned[0].stopped

    @property
    def learned_gain(self) -> float:
        """Mean gain over the held-out profiles."""
        return self.evidence.learned[0].gain

    @property
    def untrained_gain(self) -> float | None:
        """The same before learning; None for a policy that was loaded."""
        return self.evidence.learned[0].untrained_gain

    @property
    def exact_gain(self) -> float | None:
        """Gain of the best deviator; None where the mechanism has no exact answer."""
        return self.evidence.best.exact_gain

    @property
    def best_gain(self) -> float:
        """The exact gain, or where it is not known what a search gains, a lower bound."""
        return self.evidence.best.gain

    @property
    def share(self) -> float | None:
        """Learned over best gain; None where there is nothing to gain."""
        return self.evidence.share

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as ``deviator train --json`` prints it."""
        names = (
            "learned_gain", "untrained_gain", "exact_gain", "best_gain", "share", "stopped",
            "unsaved", "interrupted",
        )  # fmt: skip
        known = {name: getattr(self, name) for name in names}
        return known | {
            "best_gain_kind": self.evidence.best.kind,
            "policy": None if self.path is None else str(self.path),
            "changes": list(self.changes),
        }


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """What one training is to do, but for the market and the learner.

    Parameters
    ----------
    steps : int
        Budget in submitted bids.
    seed : int
    seconds : float, optional
        Budget in CPU seconds; whichever of the two is spent first ends the training.
    information : str or Rung
    actions : Actions
        How far actions move bids.
    control : MarketSpec, optional
        The matched control, which sets the range of the actions; by default the standing one.
    rounds : int
        How often the same traders meet with the same types; gains are means over the rounds.
    """

    steps: int
    seed: int
    seconds: float | None = None
    information: Information = "profile"
    actions: Actions = field(default_factory=Actions)
    control: MarketSpec | None = None
    rounds: int = 1


@final
@dataclass(frozen=True, eq=False)
class Keeping:
    """Where a training keeps what it learns; by default nowhere.

    Parameters
    ----------
    out : Path, optional
        Of the policy, without suffix.
    log_folder : Path, optional
        Of TensorBoard logs, a point at every evaluation.
    checkpoint : Path, optional
        Folder of the checkpoint, which is written at every evaluation.
    resume : Path, optional
        A checkpoint to resume; the budgets are those of the whole training. Checkpoints are written
        there unless `checkpoint` says where.
    classes : sequence of type
        Deviations of third parties that the checkpoint may be of.
    rungs : sequence of Rung
        Rungs of third parties on which the checkpoint's deviation may look.
    every : bool
        Whether the checkpoint keeps the best policy of every evaluation, and not of the last alone.
    """

    out: Path | None = None
    log_folder: Path | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    classes: Sequence[type[Deviation]] = ()
    rungs: Sequence[Rung] = ()
    every: bool = False


def train(
    spec: MarketSpec,
    learner: Learner,
    plan: Plan,
    keeping: Keeping | None = None,
    live: Callable[[CurvePoint, BestDeviation], None] = lambda point, best: None,
) -> TrainingReport:
    """Train one deviator on a market and save its policy.

    Ctrl-C ends the training early: the best so far is saved and measured.

    Parameters
    ----------
    spec : MarketSpec
    learner : Learner
    plan : Plan
    keeping : Keeping, optional
    live : callable, optional
        Called with each point of the learning curve and the best deviation known without learning.

    Raises
    ------
    DeviatorError
        If the market, the plan or a file breaks a rule; before anything is trained.
    """
    where = keeping or Keeping()
    tested = spec.build_market()
    control = None if plan.control is None else plan.control.build_market()
    search = Search(
        (learner,), (plan.seed,), plan.steps, plan.information,
        seconds=plan.seconds, actions=plan.actions, rounds=plan.rounds,
    )  # fmt: skip
    saver = _Saver(spec, learner, plan, where)
    resumed = saver.resumed(_followed(tested, in_turns=plays_rounds(learner)))
    saver.check_writable()
    logs = where.log_folder
    watch = Watch(saver.keep, live, lambda *_: logs, saver.checkpoint(), resumed, goes_on=True)
    try:
        evidence = gather(tested, search, control=control, certified=False, watch=watch)
    except KeyboardInterrupt:
        if saver.saved is None:
            raise
        raise KeyboardInterrupt(f"{saver.saved} is saved, and was not measured") from None
    if not evidence.learned:
        raise RefusedError(f"there is nothing to learn in {tested.mechanism.name}: nobody trades")
    return TrainingReport(evidence, saver.saved, saver.unsaved, saver.interrupted)


@final
class _Saver:
    """Writes what one training learns; it keeps what became of the policy."""

    def __init__(self, spec: MarketSpec, learner: Learner, plan: Plan, where: Keeping) -> None:
        self._spec, self._plan, self._where = spec, plan, where
        self._plugins = [*spec.plugins(), {"kind": "learner"} | provenance(learner)]
        if isinstance(plan.information, Rung):
            self._plugins.append({"kind": "rung"} | provenance(plan.information))
        self._market = spec.model_dump(mode="json")
        self._training = json.loads(json.dumps(_identity(spec, learner, plan)))
        self._training["plugins"] = [each for each in self._plugins if is_third_party(each)]
        self.saved: Path | None = None
        self.unsaved = ""
        self.interrupted = False

    def check_writable(self) -> None:
        """Fail before training, not after it, where something cannot be written."""
        out = self._where.out
        if out is not None:
            _check_writable(policy_stem(out))
        folder = self._where.checkpoint or self._where.resume
        if folder is not None:
            _check_writable(checkpoint_folder(folder) / FILE)

    def keep(self, _: Learner, seed: int, training: Training) -> None:
        """Save the policy, or say why it cannot be saved: what was learned is measured anyway."""
        self.interrupted = training.interrupted
        if self._where.out is None:
            return
        out = policy_stem(self._where.out)
        try:
            with explained(out):
                save_policy(
                    training.policy,
                    out,
                    market=self._market,
                    plugins=self._plugins,
                    information=self._plan.information,
                )
        except (InvalidInputError, RefusedError) as error:
            self.unsaved = str(error)
        else:
            self.saved = out

    def checkpoint(self) -> Keep | None:
        """Return what writes checkpoints, if they are asked for."""
        folder = self._where.checkpoint or self._where.resume
        if folder is None:
            return None
        where = checkpoint_folder(folder)
        return CheckpointFolder(where, self._training, self._plugins, self._where.every).keep

    def resumed(self, others: Policy) -> Checkpoint | None:
        """Return the checkpoint to go on from, if there is one."""
        path, kinds = self._where.resume, (self._where.classes, self._where.rungs)
        return None if path is None else read_checkpoint(path, self._training, others, *kinds)


def _identity(spec: MarketSpec, learner: Learner, plan: Plan) -> dict[str, Any]:
    """Return what makes a training the one that it is, but for its budget and its seed."""
    return {
        "market": spec.model_dump(mode="json"),
        "control": None if plan.control is None else plan.control.model_dump(mode="json"),
        "information": rung_name(plan.information),
        "actions": plan.actions.stated(),
        "rounds": plan.rounds,
        "learner": learner.name,
        "settings": learner.settings(),
    }


def evaluate(
    path: Path | str,
    plugins: Sequence[str] = (),
    classes: Sequence[type[Deviation]] = (),
    rungs: Sequence[Rung] = (),
) -> TrainingReport:
    """Judge a saved policy on held-out profiles of the market that it was trained in.

    Parameters
    ----------
    path : path
        Of the policy, without suffix.
    plugins : sequence of str
        Files that define what the market names. A file that only the policy names is not run.
    classes : sequence of type
        Classes of third parties that the policy may be of.
    rungs : sequence of Rung
        Rungs of third parties on which the policy may look.

    Raises
    ------
    ResultsError
        If the files are missing, damaged or not a saved policy, or a plugin file is not named.
    """
    path = policy_stem(path)
    description = read_description(path)
    spec, changes = saved_market(path, plugins)
    tested = spec.build_market()
    policy = load_policy(path, _followed(tested), classes=classes, rungs=rungs)
    if isinstance(policy, RoundsDeviation):
        policy = replace(policy, others=tested.strategy)
    information = _sees(path, policy, stated_information(description, rungs))
    _check_fit(path, policy, tested)
    rounds = policy.rounds if isinstance(policy, RoundsDeviation) else 1
    search = Search(information=information, rounds=rounds)
    return TrainingReport(
        gather(tested, search, certified=False, saved=(policy,)), path, changes=changes
    )


def _followed(tested: Market, *, in_turns: bool = False) -> Policy:
    """Return the strategy that a deviation builds on: one for all rounds where bids are plans."""
    return tested.strategy if in_turns else over_rounds(tested).strategy


def _check_fit(path: Path, policy: Deviation, tested: Market) -> None:
    """Refuse a policy that was learned in another market."""
    if not isinstance(policy, RoundsDeviation):
        tested = over_rounds(tested)
    wanted = (tested.economy.n_traders, tested.bid_size, tested.trader)
    if isinstance(policy, LearnedDeviation | RoundsDeviation):
        saved = (len(policy.observation.mean), policy.box.size, policy.observation.trader)
    else:
        types = tested.distribution.sample(np.random.default_rng(0), 2)
        shape = np.shape(policy.bid(types, tested.trader))
        saved = (tested.economy.n_traders, shape[-1] if shape[:1] == (2,) else 0, tested.trader)
    if saved != wanted:
        raise ResultsError(
            f"{path} must fit its market (traders, numbers in a bid, deviator) = {wanted}, "
            f"got {saved}; train anew"
        )


def _sees(path: Path, policy: Deviation, stated: Information) -> Information:
    """Return what a policy sees, or refuse one that sees something else than its file says."""
    if not isinstance(policy, LearnedDeviation | RoundsDeviation):
        return stated
    # The rung itself: statistics of other weights have the same name.
    sees = policy.observation.rung
    if sees.name != rung_name(stated):
        raise ResultsError(
            f"{path}.json must state what its policy sees, {sees.name}, and states "
            f"{rung_name(stated)}; train anew"
        )
    return sees


def _check_writable(out: Path) -> None:
    """Fail before training, not after it, where a policy cannot be saved."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        write_atomically(probe, "")
        probe.unlink()
