"""The closed forms of Examples 1 to 7, a class for each economy or kind of beliefs.

The printed formulas that do not hold are corrected; the docstrings say where.
"""
