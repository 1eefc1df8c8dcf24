"""Rungs of information: what they show, and what deviators gain on them."""

import numpy as np
import pytest
from villains.rungs import Draws, LeakingSignal, Profile, ShowsMore, SoundRung

from deviator import audit
from deviator.economies import (
    NormalTypes,
    UniformBox,
    factored,
    linear_quadratic,
    private_values,
    public_statistics,
    two_groups_information,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import certificate_file, certify, find_certificates, market
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA, UniformDoubleAuction
from deviator.policies import (
    ActionBox,
    BestResponse,
    LearnedDeviation,
    LinearBayes,
    Network,
    NoisySignal,
    NumericSearch,
    Observation,
    OwnTypeAndStatistics,
    View,
    check_information,
    exact_gain,
    expected_exact_gain,
    knows_profile,
    load_policy,
    pseudo_normal,
    pseudo_uniform,
    rung_of,
    rung_within,
    save_policy,
)
from deviator.studies.shown_types import shown_view

N = 4
ECONOMY = private_values(N, alpha=1.0, slope=2.0)
LAW = NormalTypes.exchangeable(N, correlation=0.3)
UNEVEN = linear_quadratic(
    [[1.1, 0.2, 0.0, 0.1], [0.1, 0.9, 0.1, 0.0], [0.0, 0.1, 1.0, 0.1], [0.2, 0.0, 0.1, 1.2]],
    [1.0, 1.3, 0.8, 1.1],
)
MARKETS = [NaiveWalrasian(ECONOMY), UniformDoubleAuction()]
TYPES = LAW.sample(np.random.default_rng(0), 20_000)


def expected(mechanism, information, economy=ECONOMY):
    return expected_exact_gain(mechanism, economy, LAW, 0, information=information)


@pytest.mark.parametrize("mechanism", [*MARKETS, NaiveWalrasian(UNEVEN)])
def test_who_knows_more_gains_more(mechanism):
    economy = getattr(mechanism, "economy", ECONOMY)
    own, statistics, profile = (
        expected(mechanism, rung, economy) for rung in ("own", "statistics", "profile")
    )
    signals = [expected(mechanism, f"signal:{noise}", economy) for noise in (0.01, 0.5, 2.0)]
    slack = 1e-12
    assert own <= statistics + slack
    assert statistics <= profile + slack
    ladder = [profile, *signals, own]
    assert (np.diff(ladder) <= slack).all()


@pytest.mark.parametrize("mechanism", MARKETS)
def test_signals_without_noise_show_the_profile_and_drowned_ones_the_own_type(mechanism):
    for noise, rung in ((1e-5, "profile"), (1e5, "own")):
        signal = expected(mechanism, NoisySignal(noise))
        assert signal == pytest.approx(expected(mechanism, rung), rel=1e-6, abs=1e-15)


def test_prices_tell_some_of_it_and_signals_the_rest():
    """In the equilibrium of two groups nothing is gained on the own type, as the price is known."""
    beliefs = two_groups_information(6, rho=0.4, noise=0.5)
    economy, law, rule = beliefs.economy(1.0), beliefs.types(), UniformDoubleAuction()
    others = LinearBayes(beliefs, 1.0)
    rungs = ("own", "signal:1.0", "signal:0.1", "profile")
    gains = [
        expected_exact_gain(rule, economy, law, 0, others=others, information=rung)
        for rung in rungs
    ]
    assert gains[0] < 1e-12
    assert (np.diff(gains) > 1e-6).all()
    tested = market(rule, economy, distribution=law, strategy=others)
    types = law.matched_sample(np.random.default_rng(3), 20_000)
    bid = BestResponse(rule, economy, "signal:1.0", law, others).bid(types, 0)
    measured = tested.gains(types, bid)
    assert measured.mean() == pytest.approx(gains[1], abs=4 * measured.std() / 20_000**0.5)


def test_the_gain_on_a_signal_is_the_explained_share_of_the_profile_gain():
    """Shift = c (s_0 - mean of others): with independent types and noise of variance v, the signals
    explain 1 / (1 + v) of what the others' mean adds."""
    law, mechanism = NormalTypes.independent(N), NaiveWalrasian(ECONOMY)
    own, profile, signal = (
        expected_exact_gain(mechanism, ECONOMY, law, 0, information=rung)
        for rung in ("own", "profile", "signal:2.0")
    )
    assert signal - own == pytest.approx((profile - own) / (1 + 2.0**2), rel=1e-12)


@pytest.mark.parametrize("mechanism", MARKETS)
@pytest.mark.parametrize("rung", ["own", "statistics", "signal:0.7"])
def test_best_responses_gain_what_the_closed_form_says(mechanism, rung):
    tested = market(mechanism, ECONOMY, distribution=LAW)
    bid = BestResponse(mechanism, ECONOMY, rung, LAW).bid(TYPES, 0)
    gains = tested.gains(TYPES, bid)
    error = 4 * gains.std() / np.sqrt(len(gains))
    assert gains.mean() == pytest.approx(expected(mechanism, rung), abs=error)
    known = exact_gain(mechanism, ECONOMY, TYPES, information=rung, distribution=LAW, trader=0)
    assert known.mean() == pytest.approx(expected(mechanism, rung), abs=error)


@pytest.mark.parametrize("rung", ["statistics", "signal:1.0", SoundRung()])
def test_a_search_finds_most_of_it_and_never_more(rung):
    mechanism = NaiveWalrasian(ECONOMY)
    types = ECONOMY.types().matched_sample(np.random.default_rng(5), 4000)
    bid = NumericSearch(mechanism, ECONOMY, 0, rung).bid(types, 0)
    gain = market(mechanism, ECONOMY).gains(types, bid).mean()
    own, profile = (
        expected_exact_gain(mechanism, ECONOMY, ECONOMY.types(), 0, information=known)
        for known in ("own", "profile")
    )
    assert 0.99 * own < gain < 1.01 * profile
    if isinstance(rung, str):
        known = expected_exact_gain(mechanism, ECONOMY, ECONOMY.types(), 0, information=rung)
        assert gain > 0.97 * known


def test_statistics_are_those_that_the_market_names():
    weights = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0]])
    economy = factored(np.ones(N), 0.1 * np.ones((N, 2)), weights, 1.0)
    types = TYPES[:3]
    seen = rung_within("statistics", UniformDoubleAuction(), economy).seen(types, 2)
    np.testing.assert_allclose(seen, np.column_stack([types[:, 2], types @ weights.T]))
    rule = SigmaDCDA(0.4, public_statistics(economy, 0.4))
    named = rung_within("statistics", rule, ECONOMY).seen(types, 2)
    np.testing.assert_allclose(named[:, 1:], types @ public_statistics(economy, 0.4).T)
    plain = rung_within("statistics", UniformDoubleAuction(), ECONOMY).seen(types, 2)
    np.testing.assert_allclose(plain[:, 1], np.delete(types, 2, axis=1).mean(axis=1))


@pytest.mark.parametrize("rung", [NoisySignal(0.5), OwnTypeAndStatistics(np.ones((2, N)))])
def test_a_batch_shows_what_each_market_shows(rung):
    types = TYPES[:7]
    alone = np.concatenate([rung.seen(types[[market]], 1) for market in range(7)])
    np.testing.assert_array_equal(rung.seen(types, 1), alone)


def test_noise_is_normal_independent_and_of_its_own_for_each_trader_and_seed():
    noise = [pseudo_normal(TYPES, trader, seed) for trader, seed in ((0, 0), (1, 0), (0, 1))]
    together = np.concatenate([*noise, TYPES], axis=1)
    assert np.abs(noise[0].mean(axis=0)).max() < 0.03
    assert np.abs(np.corrcoef(together.T) - np.eye(4 * N))[: 3 * N, : 3 * N].max() < 0.04
    assert np.abs(np.corrcoef(together.T)[: 3 * N, 3 * N :]).max() < 0.04
    assert noise[0].std(axis=0) == pytest.approx(np.ones(N), abs=0.03)
    uniform = pseudo_uniform(-0.0 * TYPES[:1], 0, 0)
    np.testing.assert_array_equal(uniform, pseudo_uniform(np.zeros((1, N)), 0, 0))


@pytest.mark.parametrize("information", ["own", "statistics", "signal:1.0", "profile"])
def test_certified_caps_are_the_expected_gain_of_the_rung(information):
    for mechanism in (NaiveWalrasian(ECONOMY), UniformDoubleAuction()):
        tested = market(mechanism, ECONOMY, distribution=LAW)
        cap = certify(tested, information).cap
        assert cap == pytest.approx(expected(mechanism, information), rel=1e-9)


def test_statistics_that_repeat_the_own_type_are_certified_as_the_own_type():
    tested = market(NaiveWalrasian(ECONOMY), ECONOMY, distribution=LAW)
    repeated = OwnTypeAndStatistics(np.eye(N)[[0, 0]])
    assert certify(tested, repeated).cap == pytest.approx(certify(tested, "own").cap, rel=1e-12)
    assert certify(tested, repeated).cap < certify(tested, "statistics").cap


def test_who_knows_less_is_capped_by_who_knows_the_profile():
    tested = market(NaiveWalrasian(ECONOMY), ECONOMY)
    caps = [
        find_certificates(tested, rung, [0]).certificates[0].cap
        for rung in (SoundRung(), "profile", "own")
    ]
    assert caps[0] == caps[1] > caps[2]
    safe = market(SigmaDCDA(0.2), ECONOMY)
    assert find_certificates(safe, SoundRung(), [0]).certificates[0].cap == 0


def test_files_of_caps_on_means_are_of_the_rungs_that_the_script_derives():
    tested = market(NaiveWalrasian(ECONOMY), ECONOMY)
    with pytest.raises(RefusedError, match="needs the rung own or profile, got statistics"):
        certificate_file(tested, certify(tested, "statistics"), "statistics")


@pytest.mark.parametrize(
    ("information", "state", "words"),
    [
        (
            "statistics",
            "refuted",
            "what the rung statistics shows gains 0.0125 on average, exactly",
        ),
        ("signal:1", "refuted", "signal:1.0 shows gains 0.0109 on average, exactly"),
        (SoundRung(), "refuted", "three standard errors"),
    ],
)
def test_verdicts_say_what_deviators_see(information, state, words):
    card = audit(NaiveWalrasian(ECONOMY), ECONOMY, information=information, held_out=1000)
    assert card.state == state
    assert card.scope == "in expectation"
    assert words in card.verdict.reason
    assert card.to_dict()["audited"]["information"] == rung_of(information).name
    assert audit("sigma-dcda", ECONOMY, information=information, held_out=200).state == "confirmed"


def test_single_profiles_tell_nothing_below_the_profile():
    assert [knows_profile(rung) for rung in ("own", "statistics", "signal:1", "profile")] == [
        False,
        False,
        False,
        True,
    ]
    assert not knows_profile(SoundRung())


def test_rungs_that_draw_or_show_too_much_are_refused():
    with pytest.raises(InvalidInputError, match="must show the same of the same market"):
        audit("naive-walrasian", ECONOMY, information=Draws(), held_out=200)
    with pytest.raises(InvalidInputError, match="what rung sound shows must"):
        audit("naive-walrasian", ECONOMY, information=ShowsMore(), held_out=200)
    with pytest.raises(InvalidInputError, match="must not be called own, statistics, profile"):
        audit("naive-walrasian", ECONOMY, information=Profile(), held_out=200)
    with pytest.raises(InvalidInputError, match="must derive from Rung itself, and Leaking"):
        audit("naive-walrasian", ECONOMY, information=LeakingSignal(5.0), held_out=200)


@pytest.mark.parametrize(
    ("information", "message"),
    [
        ("all", "information must be one of own, statistics, profile, signal:DEVIATION, or a Rung"),
        (7, "got 7"),
        ("signal:", "must be stated as signal:DEVIATION"),
        ("signal:0.5:1:2", "must be stated as signal:DEVIATION"),
        ("signal:-1", "deviation must be positive"),
    ],
)
def test_malformed_rungs_are_refused(information, message):
    with pytest.raises(InvalidInputError, match=message):
        check_information(information)


def test_exact_answers_need_normal_types_and_a_rung_of_ours():
    box = UniformBox.common(N)
    for rung, law, message in (
        ("statistics", box, "needs Normal types, got UniformBox"),
        (SoundRung(), LAW, "needs a rung of deviator's own, got sound"),
    ):
        with pytest.raises(RefusedError, match=message):
            expected_exact_gain(NaiveWalrasian(ECONOMY), ECONOMY, law, 0, information=rung)


def learned(rung):
    observation = Observation.of(LAW, rung_within(rung, NaiveWalrasian(ECONOMY), ECONOMY), 1)
    weights = np.random.default_rng(0).normal(size=(1, observation.size))
    box = ActionBox("relative", np.zeros(1), np.array([0.5]))
    strategy = market(NaiveWalrasian(ECONOMY), ECONOMY).strategy
    return LearnedDeviation(Network((weights,), (np.zeros(1),)), observation, box, strategy)


@pytest.mark.parametrize("rung", ["own", "profile", "statistics", "signal:0.5", SoundRung()])
def test_policies_of_every_rung_survive_the_disk(tmp_path, rung):
    policy = learned(rung)
    save_policy(policy, tmp_path / "p")
    mine = [rung] if isinstance(rung, SoundRung) else []
    again = load_policy(tmp_path / "p", policy.others, rungs=mine)
    np.testing.assert_array_equal(again.bid(TYPES[:9], 1), policy.bid(TYPES[:9], 1))
    if mine:
        with pytest.raises(Exception, match="name the plugin that defines it"):
            load_policy(tmp_path / "p", policy.others)


@pytest.mark.parametrize("rung", ["statistics", "signal:0.5", SoundRung()])
def test_learned_bids_depend_on_what_is_shown_alone(rung):
    tested = market(NaiveWalrasian(ECONOMY), ECONOMY, distribution=LAW, trader=1)
    policy, types = learned(rung), TYPES[:50]
    view = shown_view(tested, types, rung)
    others = np.delete(view.types, 1, axis=1)
    assert (others != np.delete(types, 1, axis=1)).all()
    np.testing.assert_array_equal(view.types[:, 1], types[:, 1])
    np.testing.assert_array_equal(policy.bid(view, 1), policy.bid(types, 1))
    assert (policy.bid(View(view.types), 1) != policy.bid(types, 1)).any()
