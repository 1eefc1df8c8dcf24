"""What is wrong with the entries of a study as a whole, one sentence a mistake."""

from typing import TYPE_CHECKING

from .messages import listed

if TYPE_CHECKING:
    from .study import StudySpec


def stated_twice(study: "StudySpec") -> list[str]:
    """Return a sentence for each entry that is repeated word for word.

    Where lists of two entries only overlap, the cells that they share are meant once.
    """
    places: dict[str, list[int]] = {}
    for place, entry in enumerate(study.cells):
        places.setdefault(repr(entry.model_dump(exclude_unset=True)), []).append(place)
    return [
        f"entries of cells must differ, {study.cells[same[0]].title} appears twice, in "
        f"{listed([study.place_of(place) for place in same])}; leave one out"
        for same in places.values()
        if len(same) > 1
    ]
