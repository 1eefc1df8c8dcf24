"""How many refutations of a study rest on sampled means."""

from helpers.report_content import row

from deviator.studies.report.comparisons import comparisons

SAMPLED = {"information": "own", "state": "refuted", "cap": None, "certificate": None}


def test_violations_of_other_constraints_and_what_everybody_learns_are_no_tests_of_gains():
    gains = row(**SAMPLED)
    deficit = row(**SAMPLED, question="audit", constraint="budget_surplus", seeds=[])
    everybody = row(**SAMPLED | {"state": "undetermined"}, question="everyone", seeds=[])
    assert comparisons([gains, deficit, everybody]) == comparisons([gains])
    assert comparisons([gains])["refuted"] == 1
