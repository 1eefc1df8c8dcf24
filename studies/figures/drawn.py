"""A figure that was drawn: its files' name, its kind, what it shows."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class DrawnFigure:
    """A figure of a study, as its files hold it.

    Attributes
    ----------
    kind : str
        As ``learning-curves``; a kind may take several sheets.
    name : str
        Of its files, without their endings.
    caption : str
        What it shows, in a sentence or two.
    svg : bytes
    """

    kind: str
    name: str
    caption: str
    svg: bytes
