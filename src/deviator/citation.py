"""How to cite deviator, and the paper whose claims it tests."""

PAPER = (
    "P. Andreyanov and T. Sadzik, Robust Mechanism Design of Exchange, "
    "Review of Economic Studies, 2021"
)
"""The paper."""


def citation(version: str) -> str:
    """Return how to cite a version of deviator.

    Parameters
    ----------
    version : str

    Examples
    --------
    >>> citation("0.1.0")
    'deviator 0.1.0: a testbed that shows whether honest bidding can be profitably gamed'
    """
    return (
        f"deviator {version}: a testbed that shows whether honest bidding can be profitably gamed"
    )


def bibtex(version: str) -> str:
    """Return the entries of deviator and of the paper for BibTeX.

    Parameters
    ----------
    version : str
    """
    return f"""@software{{deviator,
  title = {{deviator: can honest bidding in a market mechanism be profitably gamed?}},
  version = {{{version}}},
}}
@article{{andreyanov-sadzik-2021,
  author = {{Andreyanov, Pasha and Sadzik, Tomasz}},
  title = {{Robust Mechanism Design of Exchange}},
  journal = {{Review of Economic Studies}},
  year = {{2021}},
}}"""
