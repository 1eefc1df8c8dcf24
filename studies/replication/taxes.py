"""Taxes other than quadratic, and discrete units: Sections 6 and 7, Appendices E and G."""

from . import discrete_units, proposition_4, tax_examples

STATEMENTS = (*tax_examples.STATEMENTS, *proposition_4.STATEMENTS, *discrete_units.STATEMENTS)
"""Examples 8 and 9, Propositions 4, 6 and 7, footnotes 19 and 33."""
