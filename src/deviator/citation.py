"""How to cite deviator, and the paper whose claims it tests; ``CITATION.cff`` says the same."""

AUTHORS = "The deviator developers"

TITLE = "deviator: can honest bidding in a market mechanism be profitably gamed?"

PAPER_TITLE = "Robust Mechanism Design of Exchange"

JOURNAL, YEAR = "The Review of Economic Studies", 2021

PAPER = f"P. Andreyanov and T. Sadzik, {PAPER_TITLE}, {JOURNAL}, {YEAR}"
"""The paper, as texts name it."""


def citation(version: str) -> str:
    """Return how to cite a version of deviator.

    Parameters
    ----------
    version : str

    Examples
    --------
    >>> citation("0.1.0")
    'The deviator developers, deviator: can honest bidding ... be profitably gamed? Version 0.1.0'
    """
    return f"{AUTHORS}, {TITLE} Version {version}"


def bibtex(version: str) -> str:
    """Return the entries of deviator and of the paper for BibTeX.

    Parameters
    ----------
    version : str
    """
    return f"""@software{{deviator,
  author = {{{{{AUTHORS}}}}},
  title = {{{TITLE}}},
  version = {{{version}}},
}}
@article{{andreyanov-sadzik-2021,
  author = {{Andreyanov, Pasha and Sadzik, Tomasz}},
  title = {{{PAPER_TITLE}}},
  journal = {{{JOURNAL}}},
  year = {{{YEAR}}},
}}"""
