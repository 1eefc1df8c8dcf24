"""Errors."""

import pickle

from deviator.errors import InvalidInputError, ResultsError, UnknownNameError


def test_errors_cross_process_boundaries():
    for error in (
        UnknownNameError("learner", "pp", ["ppo"]),
        UnknownNameError("learner", "mine", ["ppo"], "install its package"),
        ResultsError("full"),
        InvalidInputError("x"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))


def test_an_unknown_name_says_where_others_come_from_unless_one_is_near():
    far, near = (
        str(UnknownNameError("learner", name, ["ppo"], "install its package"))
        for name in ("mine", "pp0")
    )
    assert far == "no learner is named 'mine'. Known: ppo; install its package"
    assert near == "no learner is named 'pp0'; did you mean 'ppo'? Known: ppo"
