"""Errors."""

import pickle

from deviator.errors import InvalidInputError, ResultsError, UnknownNameError


def test_errors_cross_process_boundaries():
    for error in (
        UnknownNameError("learner", "pp", ["ppo"]),
        ResultsError("full"),
        InvalidInputError("x"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))
