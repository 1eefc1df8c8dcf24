"""The trainings of a run folder, replayed."""

from deviator.explorer import deviating_bid, load, recordings
from deviator.explorer.choice import drawn_types


def test_a_study_s_trainings_are_found_with_their_curves(finished):
    found = recordings(finished.folder)
    learned = [row for row in finished.rows if row["learned_gain"] is not None]
    assert len(found) == sum(len(row["seeds"]) for row in learned) > 2
    curves = [tuple(map(tuple, curve)) for row in learned for curve in row["curves"]]
    assert sorted(recording.curve for recording in found) == sorted(curves)
    uniform = next(each for each in found if each.title.startswith("uniform-conditional"))
    replay = load(uniform)
    bid = deviating_bid(replay, 0, drawn_types(replay.tested, 0))
    assert bid.best_gain > 0
    assert bid.gain <= bid.best_gain
