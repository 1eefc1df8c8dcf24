"""Wrong formulas and rules, one file per part of the paper: each makes its statement fail."""
