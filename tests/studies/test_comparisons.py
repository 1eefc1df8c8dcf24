"""How many refutations of a study rest on sampled means."""

from helpers.report_content import row

from deviator.studies.report.comparisons import comparisons
from deviator.studies.report.table import COLUMNS, table_cells

SAMPLED = {"information": "own", "state": "refuted", "cap": None, "certificate": None}


def test_violations_of_other_constraints_and_what_everybody_learns_are_no_tests_of_gains():
    gains = row(**SAMPLED)
    deficit = row(**SAMPLED, question="audit", constraint="budget_surplus", seeds=[])
    everybody = row(**SAMPLED | {"state": "undetermined"}, question="everyone", seeds=[])
    assert comparisons([gains, deficit, everybody]) == comparisons([gains])
    assert comparisons([gains])["refuted"] == 1


def test_a_violation_does_not_stand_where_gains_stand():
    place = COLUMNS.index("exact")
    deficit = row(question="audit", constraint="budget_surplus", best_gain=3.0)
    assert table_cells(row(best_gain=3.0))[place] == "3.00e+00"
    assert table_cells(deficit)[place] == "-"
