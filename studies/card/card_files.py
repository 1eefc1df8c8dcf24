"""A report card as files: a page, its data, and one file for each witness."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from deviator.errors import ResultsError
from deviator.files import write_atomically

from .report_card import ReportCard
from .words import EACH_DRAW, TITLES, who_together, words_beyond, words_of, words_of_draws


def write_card(card: ReportCard, folder: Path) -> list[Path]:
    """Write a card into a folder, and return the paths of its files.

    ``report.html``, ``report.json``, ``witness-CONSTRAINT.json`` for each violation and
    ``certificate-CONSTRAINT.json`` for what was proved in exact numbers; `deviator recheck` takes
    the latter two. Witnesses and certificates of an earlier card in the folder are removed.

    Parameters
    ----------
    card : ReportCard
    folder : path
        Made where it is not there.

    Raises
    ------
    ResultsError
        If the folder cannot be written to.
    """
    contents = {"report.html": card_page(card), "report.json": _as_json(card.to_dict())}
    for constraint, witness in card.witnesses.items():
        contents[f"witness-{constraint}.json"] = _as_json(witness)
    for constraint, certificate in card.certificate_files.items():
        contents[f"certificate-{constraint}.json"] = _as_json(certificate)
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("witness", "certificate"):
            for stale in folder.glob(f"{kind}-*.json"):
                stale.unlink()
        for name, content in contents.items():
            write_atomically(folder / name, content)
    return [folder / name for name in contents]


def check_writable(folder: Path) -> None:
    """Check that a card can be written to a folder, before anything is computed.

    Raises
    ------
    ResultsError
        If it cannot.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".probe", "")
        (folder / ".probe").unlink()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"a report card needs a folder that can be written to, got {folder} "
            f"({error.strerror}); name another with --out"
        ) from None


def card_page(card: ReportCard) -> str:
    """Return a card as a page of HTML that needs no other file."""
    template = (
        files("deviator.studies.card").joinpath("card_template.html").read_text(encoding="utf-8")
    )
    answers = [(TITLES[name], card.constraints[name]) for name in TITLES]
    page = Environment(autoescape=True).from_string(template)
    words: dict[str, Any] = {
        "words_of": words_of,
        "who_together": who_together,
        "words_beyond": words_beyond,
    }
    words |= {"each_draw": EACH_DRAW, "words_of_draws": words_of_draws}
    return page.render(card=card, answers=answers, dumps=_as_json, **words)


def _as_json(content: Any) -> str:
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
