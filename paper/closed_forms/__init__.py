"""The closed forms of Examples 1 to 7, one module for each economy of the paper.

Each module has the same names where the paper solves for them: `price`, `quantity`, `sigma_n`,
`residual_slope`, `transfer` (Definitions 1 and 2), `inverse_demand` (Example 7), and the Bayesian
foundations with the double auction's linear equilibria. The printed formulas that do not hold are
corrected; the docstrings say where.
"""
